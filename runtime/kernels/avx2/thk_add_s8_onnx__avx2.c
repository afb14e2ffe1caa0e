/* SPDX-License-Identifier: 0BSD */
/* Elementwise sum or difference of two maps of one shape: each operand times its factor, together
 * with `rest` (what the zero points come to) below 2^30, shifted right, halves to even. */
#include "avx2/thk_avx2.h"

struct thk_add_onnx_avx2 {
    int32_t n, a_m, b_m, rest, shift, out_zero, lo, hi;
};

static inline __m256i thk_add_eight_onnx__avx2(const struct thk_add_onnx_avx2 *p, __m128i a,
                                               __m128i b)
{
    const __m128i by = _mm_cvtsi32_si128(p->shift);
    const __m256i u = _mm256_mullo_epi32(_mm256_cvtepi8_epi32(a), _mm256_set1_epi32(p->a_m));
    const __m256i v = _mm256_mullo_epi32(_mm256_cvtepi8_epi32(b), _mm256_set1_epi32(p->b_m));
    const __m256i sum = _mm256_add_epi32(_mm256_add_epi32(u, v), _mm256_set1_epi32(p->rest));
    const __m256i odd = _mm256_and_si256(_mm256_sra_epi32(sum, by), _mm256_set1_epi32(1));
    const __m256i half = _mm256_set1_epi32((1 << (p->shift - 1)) - 1);
    return _mm256_sra_epi32(_mm256_add_epi32(sum, _mm256_add_epi32(half, odd)), by);
}

#define THK_NAME thk_add_s8_onnx__avx2
#define THK_PART(part) thk_add_##part##_onnx__avx2
#define THK_SUM thk_add_onnx_avx2
#include "avx2/thk_add_s8.inc.h"
