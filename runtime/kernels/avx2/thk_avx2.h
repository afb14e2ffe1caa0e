/* SPDX-License-Identifier: 0BSD */
/* Requantization, widening and stores of the AVX2 kernels. */
#ifndef THK_AVX2_H
#define THK_AVX2_H

#include <immintrin.h>
#include <string.h>

#include "thk_types.h"

/* Inlined whatever its size: the number of pixels and channels is constant where it is called. */
#define THK_AVX2_INLINE static inline __attribute__((always_inline))

static inline __m256i thk_avx2_load(const void *from)
{
    return _mm256_loadu_si256(from);
}

/* 16 bytes as 16-bit numbers. */
static inline __m256i thk_avx2_load_wide(const int8_t *from)
{
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)from));
}

/* High half of the doubled product, rounded, ties up; m >= 0, so nothing saturates. */
static inline __m256i thk_avx2_srdhm(__m256i x, __m256i m)
{
    const __m256i half = _mm256_set1_epi64x(1 << 30);
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, m), half);
    const __m256i odd = _mm256_add_epi64(
        _mm256_mul_epi32(_mm256_srli_epi64(x, 32), _mm256_srli_epi64(m, 32)), half);
    return _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xaa);
}

/* Shift right by e >= 1, ties away from zero; less holds e - 1. Less one for negatives turns ties
 * up into ties away from zero; v - (v >> 1) is (v + 1) >> 1 without its overflow. */
static inline __m256i thk_avx2_shift(__m256i t, __m256i less)
{
    t = _mm256_srav_epi32(_mm256_add_epi32(t, _mm256_srai_epi32(t, 31)), less);
    return _mm256_sub_epi32(t, _mm256_srai_epi32(t, 1));
}

static inline __m256i thk_avx2_requant(__m256i acc, __m256i m, __m256i less)
{
    return thk_avx2_shift(thk_avx2_srdhm(acc, m), less);
}

/* What follows the biases in a stream, for the rescaling of eight channels, and that rescaling:
 * thk_avx2_..._twice for contract "tflite", thk_avx2_..._even for "onnx". Streams begin with the
 * biases of 16 channels and these constants, `head` bytes in all. */
enum { thk_avx2_head_twice = 192, thk_avx2_head_even = 128 };

/* Multipliers, and behind those of 16 channels the shifts less one. */
struct thk_avx2_scale_twice {
    __m256i m, less;
};

static inline struct thk_avx2_scale_twice thk_avx2_scale_twice(const int8_t *from)
{
    return (struct thk_avx2_scale_twice){thk_avx2_load(from), thk_avx2_load(from + 64)};
}

static inline __m256i thk_avx2_rescale_twice(__m256i acc, struct thk_avx2_scale_twice s)
{
    return thk_avx2_requant(acc, s.m, s.less);
}

/* Factors. */
struct thk_avx2_scale_even {
    __m256 factor;
};

static inline struct thk_avx2_scale_even thk_avx2_scale_even(const int8_t *from)
{
    return (struct thk_avx2_scale_even){_mm256_castsi256_ps(thk_avx2_load(from))};
}

/* Conversions round halves to even, and give the least integer for what is too small, too large or
 * not a number: only what is too large must be held. */
static inline __m256i thk_avx2_rescale_even(__m256i acc, struct thk_avx2_scale_even s)
{
    const __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(acc), s.factor);
    return _mm256_cvtps_epi32(_mm256_min_ps(_mm256_set1_ps(65536.0f), product));
}

/* The output's zero point and clamp. */
struct thk_avx2_range {
    __m256i zero;
    __m128i lo, hi;
};

static inline struct thk_avx2_range thk_avx2_range(int32_t zero, int32_t lo, int32_t hi)
{
    return (struct thk_avx2_range){_mm256_set1_epi16((short)zero), _mm_set1_epi8((char)lo),
                                   _mm_set1_epi8((char)hi)};
}

/* 16-bit lanes in order to bytes: saturation changes nothing that the clamp would keep. */
static inline __m128i thk_avx2_narrow(__m256i v, const struct thk_avx2_range *r)
{
    v = _mm256_adds_epi16(v, r->zero);
    const __m128i b = _mm_packs_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    return _mm_min_epi8(_mm_max_epi8(b, r->lo), r->hi);
}

/* The first n of 16 bytes. */
static inline void thk_avx2_store(int8_t *to, __m128i v, int32_t n)
{
    if (n >= 16) {
        _mm_storeu_si128((void *)to, v);
        return;
    }
    if (n & 8) {
        _mm_storel_epi64((void *)to, v);
        v = _mm_srli_si128(v, 8);
        to += 8;
    }
    if (n & 4) {
        const int32_t four = _mm_cvtsi128_si32(v);
        memcpy(to, &four, 4);
        v = _mm_srli_si128(v, 4);
        to += 4;
    }
    const uint32_t rest = (uint32_t)_mm_cvtsi128_si32(v);
    if (n & 2) {
        to[0] = (int8_t)(uint8_t)rest;
        to[1] = (int8_t)(uint8_t)(rest >> 8);
    }
    if (n & 1)
        to[n & 2] = (int8_t)(uint8_t)(rest >> (n & 2 ? 16 : 0));
}

/* n bytes as 16-bit numbers; reads up to 15 bytes and writes up to 15 numbers more. */
static inline void thk_avx2_widen(int16_t *to, const int8_t *from, int32_t n)
{
    for (int32_t i = 0; i < n; i += 16)
        _mm256_storeu_si256((void *)(to + i), thk_avx2_load_wide(from + i));
}

/* Two neighbouring 16-bit numbers in all lanes. */
static inline __m256i thk_avx2_pair(const int16_t *from)
{
    int32_t v;
    memcpy(&v, from, 4);
    return _mm256_set1_epi32(v);
}

#endif
