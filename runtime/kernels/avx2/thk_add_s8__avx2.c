/* SPDX-License-Identifier: 0BSD */
/* Elementwise sum (or difference: `minus`) of two maps of one shape: both are rescaled to a common
 * scale, added, and rescaled to the output's. */
#include "avx2/thk_avx2.h"

struct thk_add_avx2 {
    int32_t n, a_zero, b_zero, a_m, a_e, b_m, b_e, out_m, out_e, out_zero, lo, hi, minus;
};

/* Eight elements; e >= 0. */
static inline __m256i thk_add_term__avx2(__m128i x, int32_t zero, int32_t m, int32_t e)
{
    const __m256i t = _mm256_sub_epi32(_mm256_cvtepi8_epi32(x), _mm256_set1_epi32(zero));
    const __m256i high = thk_avx2_srdhm(_mm256_slli_epi32(t, 20), _mm256_set1_epi32(m));
    return e == 0 ? high : thk_avx2_shift(high, _mm256_set1_epi32(e - 1));
}

static inline __m256i thk_add_eight__avx2(const struct thk_add_avx2 *p, __m128i a, __m128i b)
{
    const __m256i s = thk_add_term__avx2(a, p->a_zero, p->a_m, p->a_e);
    const __m256i t = thk_add_term__avx2(b, p->b_zero, p->b_m, p->b_e);
    return thk_avx2_requant(p->minus ? _mm256_sub_epi32(s, t) : _mm256_add_epi32(s, t),
                            _mm256_set1_epi32(p->out_m), _mm256_set1_epi32(p->out_e - 1));
}

#define THK_NAME thk_add_s8__avx2
#define THK_PART(part) thk_add_##part##__avx2
#define THK_SUM thk_add_avx2
#include "avx2/thk_add_s8.inc.h"
