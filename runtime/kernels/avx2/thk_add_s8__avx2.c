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

static inline __m128i thk_add_sixteen__avx2(const struct thk_add_avx2 *p,
                                            const struct thk_avx2_range *range, const int8_t *a,
                                            const int8_t *b)
{
    const __m128i u = _mm_loadu_si128((const void *)a), v = _mm_loadu_si128((const void *)b);
    const __m256i l = thk_add_eight__avx2(p, u, v);
    const __m256i h = thk_add_eight__avx2(p, _mm_srli_si128(u, 8), _mm_srli_si128(v, 8));
    return thk_avx2_narrow(_mm256_permute4x64_epi64(_mm256_packs_epi32(l, h), 0xd8), range);
}

static void thk_add_s8__avx2(const struct thk_add_avx2 *p, const int8_t *a, const int8_t *b,
                             int8_t *y)
{
    const struct thk_avx2_range range = thk_avx2_range(p->out_zero, p->lo, p->hi);
    const int32_t whole = p->n & ~15, rest = p->n & 15;
    for (int32_t i = 0; i < whole; i += 16)
        _mm_storeu_si128((void *)(y + i), thk_add_sixteen__avx2(p, &range, a + i, b + i));
    if (rest) {
        int8_t u[16] = {0}, v[16] = {0};
        memcpy(u, a + whole, (size_t)rest);
        memcpy(v, b + whole, (size_t)rest);
        thk_avx2_store(y + whole, thk_add_sixteen__avx2(p, &range, u, v), rest);
    }
}
