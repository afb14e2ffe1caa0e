/* SPDX-License-Identifier: 0BSD */
/* The rows of the input that a tile of pixels sees, as unsigned bytes, and the contracts' rescaling
 * of 16 channels: thk_..._twice for "tflite", thk_..._even for "onnx". Streams begin with biases
 * and the constants of that, `head` bytes in all. */
#ifndef THK_AVX512VNNI_H
#define THK_AVX512VNNI_H

#include <immintrin.h>
#include <string.h>

#include "thk_types.h"

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

/* Contract "tflite": a rounding doubling multiply, then a shift by e >= 1 with ties away from zero;
 * q: bias[16], m[16], e - 1 [16]. v - (v >> 1) is (v + 1) >> 1 without its overflow. */
enum { thk_head_twice__avx512vnni = 192 };

static inline __m512i thk_rescale_twice__avx512vnni(__m512i x, const int8_t *q)
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

/* Contract "onnx": a factor for each channel; q: bias[16], factor[16]. Conversions round halves to
 * even, and give the least integer for what is too small, too large or not a number. */
enum { thk_head_even__avx512vnni = 128 };

static inline __m512i thk_rescale_even__avx512vnni(__m512i x, const int8_t *q)
{
    const __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(x), _mm512_loadu_ps(q + 64));
    const __m512 held = _mm512_min_ps(_mm512_set1_ps(65536.0f), product);
    return _mm512_max_epi32(_mm512_cvtps_epi32(held), _mm512_set1_epi32(-65536));
}

/* The first n of 16 rescaled channels. */
static inline void thk_put__avx512vnni(const struct thk_window2d *p, __m512i rescaled, int8_t *to,
                                       int32_t n)
{
    const __m512i v = _mm512_add_epi32(rescaled, _mm512_set1_epi32(p->out_zero));
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

#endif
