/* SPDX-License-Identifier: 0BSD */
/* Means whose halves go to the value at an even distance from the zero point. Quotients of floats
 * are exact where they are halves, and no other one of at most 255 taps lies closer to a half than
 * 1/510, so rounding them again, as the conversion does, changes nothing. */
#include "avx2/thk_avx2.h"

/* Eight means; sums less n times the zero point have 17 bits. */
static inline __m256i thk_avg_pool2d_even__avx2(__m128i sums, int32_t n, int32_t zero)
{
    const __m256i d = _mm256_sub_epi32(_mm256_cvtepi16_epi32(sums), _mm256_set1_epi32(n * zero));
    const __m256 q = _mm256_div_ps(_mm256_cvtepi32_ps(d), _mm256_set1_ps((float)n));
    return _mm256_add_epi32(_mm256_cvtps_epi32(q), _mm256_set1_epi32(zero));
}

#define THK_NAME thk_avg_pool2d_s8_onnx__avx2
#define THK_MEAN(sums, n, zero) thk_avg_pool2d_even__avx2(sums, n, zero)
#include "avx2/thk_avg_pool2d_s8.inc.h"
