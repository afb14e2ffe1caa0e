/* SPDX-License-Identifier: 0BSD */
/*
 * Convolution in tiles of six pixels by 32 channels. The rows of the input that six neighbouring
 * outputs see are copied to scratch as unsigned bytes x + 128, padding as in_zero; VPDPBUSD takes
 * four neighbouring bytes of one pixel and their weights of 16 channels.
 *
 * The weights are a stream: for each 16 channels, bias [16 words], the contract's constants, then
 * for each run of bytes that lie side by side (a row of the window; a pixel when the window is
 * dilated) and each four of the run 16 times four weights. Runs are filled up to four bytes with
 * weights of 0, channels up to 16. Biases hold bias - (in_zero + 128) * sum(weights).
 * Scratch: kernel_h strips, see thk_conv2d_pitch__avx512vnni.
 *
 * THK_NAME: the kernel, THK_PART: names of its parts, THK_CONTRACT: the contract's rescaling.
 */
#include "avx512vnni/thk_avx512vnni.h"

#define THK_INLINE static inline __attribute__((always_inline))
#define THK_STEP(i, x)                                                                            \
    {                                                                                             \
        const __m512i v = thk_four__avx512vnni(x);                                                \
        a##i = _mm512_dpbusd_epi32(a##i, v, w0);                                                  \
        if (wide)                                                                                 \
            b##i = _mm512_dpbusd_epi32(b##i, v, w1);                                              \
    }
#define THK_PUT(i)                                                                                \
    if (i < left) {                                                                               \
        int8_t *const at = out + (ptrdiff_t)(i) * p->out.pixel;                                   \
        thk_put__avx512vnni(p, THK_CONTRACT(rescale)(a##i, q), at, n);                            \
        if (wide)                                                                                 \
            thk_put__avx512vnni(p, THK_CONTRACT(rescale)(b##i, r), at + 16, n - 16);              \
    }

/* n channels of `left` pixels, of a tile of 6 or 3 pixels; wide: 16 < n <= 32. size: bytes of the
 * stream for 16 channels. */
THK_INLINE void THK_PART(block)(const struct thk_window2d *p, const uint8_t *strips,
                                const int8_t *q, int32_t size, int8_t *out, int32_t n,
                                int32_t left, const int six, const int wide)
{
    const int32_t pitch = thk_conv2d_pitch__avx512vnni(p);
    const int32_t runs = p->dilation_w == 1 ? 1 : p->kernel_w;
    const int32_t run = p->dilation_w == 1 ? p->kernel_w * p->in_c : p->in_c;
    const ptrdiff_t step = (ptrdiff_t)p->stride_w * p->in_c;
    const int8_t *const r = wide ? q + size : q;
    const int8_t *w = q + THK_CONTRACT(head);
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
THK_INLINE void THK_PART(tile)(const struct thk_window2d *p, const uint8_t *strips,
                               const int8_t *w, int32_t size, int8_t *out, int32_t left,
                               const int six)
{
    int32_t c = 0;
    for (; p->out_c - c > 16; c += 32, w += 2 * (ptrdiff_t)size)
        THK_PART(block)(p, strips, w, size, out + c, p->out_c - c < 32 ? p->out_c - c : 32, left,
                        six, 1);
    if (c < p->out_c)
        THK_PART(block)(p, strips, w, size, out + c, p->out_c - c, left, six, 0);
}
#undef THK_INLINE

static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, const int8_t *x,
                     const int8_t *stream, int8_t *y, uint8_t *strips)
{
    const int32_t pitch = thk_conv2d_pitch__avx512vnni(p);
    const int32_t four = p->dilation_w == 1 ? (p->kernel_w * p->in_c + 3) / 4
                                            : (p->in_c + 3) / 4 * p->kernel_w;
    const int32_t size = THK_CONTRACT(head) + 64 * four * p->kernel_h;
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
                THK_PART(tile)(p, strips, stream, size, out, left, 1);
            else
                THK_PART(tile)(p, strips, stream, size, out, left, 0);
        }
}
#undef THK_NAME
#undef THK_PART
#undef THK_CONTRACT
