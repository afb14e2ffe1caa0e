/* SPDX-License-Identifier: 0BSD */
/* Means rounded half away from zero. Truncated quotients of floats are exact for sums of 16 bits
 * and at most 255 taps: none lies closer to the next integer than 1/255. */
#include "avx2/thk_avx2.h"

/* Eight sums, half of n added away from zero, divided by n. */
static inline __m256i thk_avg_pool2d_quotient__avx2(__m128i sums, int32_t n)
{
    const __m256i s = _mm256_cvtepi16_epi32(sums), sign = _mm256_srai_epi32(s, 31);
    const __m256i half = _mm256_sub_epi32(_mm256_xor_si256(_mm256_set1_epi32(n / 2), sign), sign);
    return _mm256_cvttps_epi32(_mm256_div_ps(_mm256_cvtepi32_ps(_mm256_add_epi32(s, half)),
                                             _mm256_set1_ps((float)n)));
}

#define THK_NAME thk_avg_pool2d_s8__avx2
#define THK_MEAN(sums, n, zero) thk_avg_pool2d_quotient__avx2(sums, n)
#include "avx2/thk_avg_pool2d_s8.inc.h"
