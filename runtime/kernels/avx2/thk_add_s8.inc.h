/* SPDX-License-Identifier: 0BSD */
/* Elementwise sum of two maps of one shape, 16 elements at a time. THK_NAME: the kernel, THK_SUM:
 * its parameters (n, out_zero, lo, hi and others), THK_PART(eight): the sums of eight elements
 * less the output's zero point, and the names of other parts. */

static inline __m128i THK_PART(sixteen)(const struct THK_SUM *p,
                                        const struct thk_avx2_range *range, const int8_t *a,
                                        const int8_t *b)
{
    const __m128i u = _mm_loadu_si128((const void *)a), v = _mm_loadu_si128((const void *)b);
    const __m256i l = THK_PART(eight)(p, u, v);
    const __m256i h = THK_PART(eight)(p, _mm_srli_si128(u, 8), _mm_srli_si128(v, 8));
    return thk_avx2_narrow(_mm256_permute4x64_epi64(_mm256_packs_epi32(l, h), 0xd8), range);
}

static void THK_NAME(const struct THK_SUM *p, const int8_t *a, const int8_t *b, int8_t *y)
{
    const struct thk_avx2_range range = thk_avx2_range(p->out_zero, p->lo, p->hi);
    const int32_t whole = p->n & ~15, rest = p->n & 15;
    for (int32_t i = 0; i < whole; i += 16)
        _mm_storeu_si128((void *)(y + i), THK_PART(sixteen)(p, &range, a + i, b + i));
    if (rest) {
        int8_t u[16] = {0}, v[16] = {0};
        memcpy(u, a + whole, (size_t)rest);
        memcpy(v, b + whole, (size_t)rest);
        thk_avx2_store(y + whole, THK_PART(sixteen)(p, &range, u, v), rest);
    }
}
#undef THK_NAME
#undef THK_PART
#undef THK_SUM
