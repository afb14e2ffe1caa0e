/* SPDX-License-Identifier: 0BSD */
/*
 * Fully connected, 16 outputs at a time. The input is widened to 16 bits in scratch; a multiply-add
 * takes two neighbouring inputs and their weights of eight outputs. Stream of 16 outputs: bias with
 * in_zero folded in [16 words], the contract's constants (thk_avx2.h), then 16 pairs of weights for
 * each pair of inputs; the last of an odd number pairs with weights of 0.
 *
 * THK_NAME: the kernel, THK_CONTRACT: the contract's rescaling.
 */
#include "thk_nn.h"
#include "avx2/thk_avx2.h"

static void THK_NAME(const struct thk_dense *p, const int8_t *x, const int8_t *stream, int8_t *y,
                     int16_t *wide)
{
    const struct thk_avx2_range range = thk_avx2_range(p->out_zero, p->lo, p->hi);
    for (int32_t r = 0; r < p->rows; r++, x += p->in, y += p->out) {
        const int8_t *w = stream;
        thk_avx2_widen(wide, x, p->in);
        wide[p->in] = 0;
        for (int32_t c = 0; c < p->out; c += 16) {
            const int8_t *const q = w;
            __m256i a = thk_avx2_load(q), b = thk_avx2_load(q + 32);
            w += THK_CONTRACT(head);
            for (int32_t k = 0; k < p->in; k += 2, w += 32) {
                const __m256i v = thk_avx2_pair(wide + k);
                a = _mm256_add_epi32(a, _mm256_madd_epi16(v, thk_avx2_load_wide(w)));
                b = _mm256_add_epi32(b, _mm256_madd_epi16(v, thk_avx2_load_wide(w + 16)));
            }
            a = THK_CONTRACT(rescale)(a, THK_CONTRACT(scale)(q + 64));
            b = THK_CONTRACT(rescale)(b, THK_CONTRACT(scale)(q + 96));
            thk_avx2_store(y + c,
                           thk_avx2_narrow(
                               _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8), &range),
                           p->out - c < 16 ? p->out - c : 16);
        }
    }
}
#undef THK_NAME
#undef THK_CONTRACT
