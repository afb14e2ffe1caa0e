/* SPDX-License-Identifier: 0BSD */
/*
 * Convolution in tiles of six pixels by 32 channels. The rows of the input that six neighbouring
 * outputs see are copied to scratch as unsigned bytes x + 128, padding as in_zero; VPDPBUSD takes
 * four neighbouring bytes of one pixel and their weights of 16 channels.
 *
 * The weights are a stream: for each 16 channels, bias, multiplier, right shift less one [16 words
 * each], then for each run of bytes that lie side by side (a row of the window; a pixel when the
 * window is dilated) and each four of the run 16 times four weights. Runs are filled up to four
 * bytes with weights of 0, channels up to 16. Biases hold bias - (in_zero + 128) * sum(weights).
 * Scratch: kernel_h strips, see thk_conv2d_pitch__avx512vnni.
 */
#include <immintrin.h>
#include <string.h>

#include "thk_types.h"

#define THK_INLINE static inline __attribute__((always_inline))

/* A strip holds what six pixels see of a row, and what is read and written too much. */
static inline int32_t thk_conv2d_pitch__avx512vnni(const struct thk_window2d *p)
{
    return (5 * p->stride_w + (p->kernel_w - 1) * p->dilation_w + 1) * p->in_c + 64;
}

/* n bytes plus 128; writes up to 64 more. */
static inline void thk_conv2d_copy__avx512vnni(uint8_t *to, const int8_t *from, int32_t n)
{
    for (int32_t i = 0; i < n; i += 64) {
        const __mmask64 some = n - i >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (n - i)) - 1;
        _mm512_storeu_si512(to + i, _mm512_xor_si512(_mm512_maskz_loadu_epi8(some, from + i),
                                                     _mm512_set1_epi8(-128)));
    }
}

static inline void thk_conv2d_fill__avx512vnni(uint8_t *to, int32_t v, int32_t n)
{
    for (int32_t i = 0; i < n; i += 64)
        _mm512_storeu_si512(to + i, _mm512_set1_epi8((char)(v ^ -128)));
}

/* Columns from x0 on of input row iy. */
static inline void thk_conv2d_strip__avx512vnni(const struct thk_window2d *p, const int8_t *x,
                                                int32_t iy, int32_t x0, int32_t columns,
                                                uint8_t *to)
{
    const int32_t depth = p->in_c, end = x0 + columns < p->in_w ? x0 + columns : p->in_w;
    const int32_t first = x0 > 0 ? x0 : 0;
    int32_t before = columns, inside = 0;
    if (iy >= 0 && iy < p->in_h && first < end) {
        before = first - x0;
        inside = end - first;
    }
    thk_conv2d_fill__avx512vnni(to, p->in_zero, before * depth);
    to += before * depth;
    if (inside > 0) {
        const int8_t *from = x + thk_view_at(&p->in, iy, first);
        if (p->in.pixel == depth) {
            thk_conv2d_copy__avx512vnni(to, from, inside * depth);
        } else {
            for (int32_t i = 0; i < inside; i++, from += p->in.pixel)
                thk_conv2d_copy__avx512vnni(to + i * depth, from, depth);
        }
        to += inside * depth;
    }
    const int32_t after = (columns - before - inside) * depth;
    thk_conv2d_fill__avx512vnni(to, p->in_zero, after);
    memset(to + after, 0, 4);
}

/* Rounding doubling multiply, then a shift by e >= 1 with ties away from zero; q: bias[16], m[16],
 * e - 1 [16]. v - (v >> 1) is (v + 1) >> 1 without its overflow. */
static inline __m512i thk_requant__avx512vnni(__m512i x, const int8_t *q)
{
    const __m512i m = _mm512_loadu_si512(q + 64), less = _mm512_loadu_si512(q + 128);
    const __m512i half = _mm512_set1_epi64(1 << 30);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(x, m), half);
    const __m512i odd = _mm512_add_epi64(
        _mm512_mul_epi32(_mm512_srli_epi64(x, 32), _mm512_srli_epi64(m, 32)), half);
    __m512i t = _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 31),
                                        _mm512_slli_epi64(odd, 1));
    t = _mm512_srav_epi32(_mm512_add_epi32(t, _mm512_srai_epi32(t, 31)), less);
    return _mm512_sub_epi32(t, _mm512_srai_epi32(t, 1));
}

/* The first n of 16 channels. */
static inline void thk_put__avx512vnni(const struct thk_window2d *p, __m512i acc, const int8_t *q,
                                       int8_t *to, int32_t n)
{
    const __m512i v = _mm512_add_epi32(thk_requant__avx512vnni(acc, q),
                                       _mm512_set1_epi32(p->out_zero));
    const __m128i b = _mm_min_epi8(_mm_max_epi8(_mm512_cvtsepi32_epi8(v),
                                                _mm_set1_epi8((char)p->lo)),
                                   _mm_set1_epi8((char)p->hi));
    if (n >= 16)
        _mm_storeu_si128((void *)to, b);
    else
        _mm_mask_storeu_epi8(to, (__mmask16)((1 << n) - 1), b);
}

static inline __m512i thk_four__avx512vnni(const uint8_t *from)
{
    int32_t v;
    memcpy(&v, from, 4);
    return _mm512_set1_epi32(v);
}

#define THK_STEP(i, x)                                                                            \
    {                                                                                             \
        const __m512i v = thk_four__avx512vnni(x);                                                \
        a##i = _mm512_dpbusd_epi32(a##i, v, w0);                                                  \
        if (wide)                                                                                 \
            b##i = _mm512_dpbusd_epi32(b##i, v, w1);                                              \
    }
#define THK_PUT(i)                                                                                \
    if (i < left) {                                                                               \
        thk_put__avx512vnni(p, a##i, q, out + (ptrdiff_t)(i) * p->out.pixel, n);                  \
        if (wide)                                                                                 \
            thk_put__avx512vnni(p, b##i, r, out + (ptrdiff_t)(i) * p->out.pixel + 16, n - 16);    \
    }

/* n channels of `left` pixels, of a tile of 6 or 3 pixels; wide: 16 < n <= 32. size: bytes of the
 * stream for 16 channels. */
THK_INLINE void thk_conv2d_block__avx512vnni(const struct thk_window2d *p, const uint8_t *strips,
                                             const int8_t *q, int32_t size, int8_t *out,
                                             int32_t n, int32_t left, const int six,
                                             const int wide)
{
    const int32_t pitch = thk_conv2d_pitch__avx512vnni(p);
    const int32_t runs = p->dilation_w == 1 ? 1 : p->kernel_w;
    const int32_t run = p->dilation_w == 1 ? p->kernel_w * p->in_c : p->in_c;
    const ptrdiff_t step = (ptrdiff_t)p->stride_w * p->in_c;
    const int8_t *const r = wide ? q + size : q;
    const int8_t *w = q + 192;
    __m512i a0 = _mm512_loadu_si512(q), b0 = _mm512_loadu_si512(r);
    __m512i a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
    __m512i b1 = b0, b2 = b0, b3 = b0, b4 = b0, b5 = b0;
    for (int32_t ky = 0; ky < p->kernel_h; ky++)
        for (int32_t kx = 0; kx < runs; kx++) {
            const uint8_t *x = strips + ky * pitch + kx * p->dilation_w * p->in_c;
            const uint8_t *y = x + 3 * step;
            for (int32_t k = 0; k < run; k += 4, x += 4, y += 4, w += 64) {
                const __m512i w0 = _mm512_loadu_si512(w);
                const __m512i w1 = wide ? _mm512_loadu_si512(w + size) : w0;
                THK_STEP(0, x)
                THK_STEP(1, x + step)
                THK_STEP(2, x + 2 * step)
                if (six) {
                    THK_STEP(3, y)
                    THK_STEP(4, y + step)
                    THK_STEP(5, y + 2 * step)
                }
            }
        }
    THK_PUT(0)
    THK_PUT(1)
    THK_PUT(2)
    if (six) {
        THK_PUT(3)
        THK_PUT(4)
        THK_PUT(5)
    }
}
#undef THK_STEP
#undef THK_PUT

/* All channels of a tile. */
THK_INLINE void thk_conv2d_tile__avx512vnni(const struct thk_window2d *p, const uint8_t *strips,
                                            const int8_t *w, int32_t size, int8_t *out,
                                            int32_t left, const int six)
{
    int32_t c = 0;
    for (; p->out_c - c > 16; c += 32, w += 2 * (ptrdiff_t)size)
        thk_conv2d_block__avx512vnni(p, strips, w, size, out + c,
                                     p->out_c - c < 32 ? p->out_c - c : 32, left, six, 1);
    if (c < p->out_c)
        thk_conv2d_block__avx512vnni(p, strips, w, size, out + c, p->out_c - c, left, six, 0);
}
#undef THK_INLINE

static void thk_conv2d_s8__avx512vnni(const struct thk_window2d *p, const struct thk_box *b,
                                      const int8_t *x, const int8_t *stream, int8_t *y,
                                      uint8_t *strips)
{
    const int32_t pitch = thk_conv2d_pitch__avx512vnni(p);
    const int32_t four = p->dilation_w == 1 ? (p->kernel_w * p->in_c + 3) / 4
                                            : (p->in_c + 3) / 4 * p->kernel_w;
    const int32_t size = 192 + 64 * four * p->kernel_h;
    for (int32_t oy = b->y; oy < b->y + b->h; oy++)
        for (int32_t ox = b->x; ox < b->x + b->w; ox += 6) {
            const int32_t left = b->x + b->w - ox < 6 ? b->x + b->w - ox : 6;
            const int32_t columns =
                (left - 1) * p->stride_w + (p->kernel_w - 1) * p->dilation_w + 1;
            for (int32_t ky = 0; ky < p->kernel_h; ky++)
                thk_conv2d_strip__avx512vnni(
                    p, x, oy * p->stride_h - p->pad_top + ky * p->dilation_h,
                    ox * p->stride_w - p->pad_left, columns, strips + ky * pitch);
            int8_t *const out = y + thk_view_at(&p->out, oy, ox);
            if (left > 3)
                thk_conv2d_tile__avx512vnni(p, strips, stream, size, out, left, 1);
            else
                thk_conv2d_tile__avx512vnni(p, strips, stream, size, out, left, 0);
        }
}
