/* SPDX-License-Identifier: 0BSD */
/*
 * Depthwise convolution of any window, 16 channels of a pixel at a time, two taps to a
 * multiply-add. The taps of a pixel are pointers in scratch; within the input the pixels to the
 * right use the same ones with an offset. Taps outside the input read `zeros`, as many bytes of
 * in_zero as there are channels, filled up to 16.
 *
 * Stream of 16 channels, in the order 0-3, 8-11, 4-7, 12-15 of the lanes after interleaving: bias
 * with in_zero folded in [16 words], the contract's constants (thk_avx2.h), then 16 pairs of 16-bit
 * weights for each pair of taps; the last tap of an odd number pairs with weights of 0.
 *
 * THK_NAME: the kernel, THK_PART: names of its parts, THK_CONTRACT: the contract's rescaling.
 */
#include "avx2/thk_depthwise_taps.h"

/* n <= 16 channels of a pixel; taps: pointers to its taps less `at`. */
static inline void THK_PART(pixel)(const int8_t *const *taps, ptrdiff_t at, int32_t pairs,
                                   const int8_t *w, const struct thk_avx2_range *range,
                                   int8_t *out, int32_t n)
{
    const int8_t *const q = w;
    __m256i a = thk_avx2_load(q), d = thk_avx2_load(q + 32);
    w += THK_CONTRACT(head);
    for (int32_t i = 0; i < pairs; i++, taps += 2, w += 64) {
        const __m256i u = thk_avx2_load_wide(taps[0] + at), v = thk_avx2_load_wide(taps[1] + at);
        a = _mm256_add_epi32(a, _mm256_madd_epi16(_mm256_unpacklo_epi16(u, v), thk_avx2_load(w)));
        d = _mm256_add_epi32(
            d, _mm256_madd_epi16(_mm256_unpackhi_epi16(u, v), thk_avx2_load(w + 32)));
    }
    a = THK_CONTRACT(rescale)(a, THK_CONTRACT(scale)(q + 64));
    d = THK_CONTRACT(rescale)(d, THK_CONTRACT(scale)(q + 96));
    thk_avx2_store(out, thk_avx2_narrow(_mm256_packs_epi32(a, d), range), n);
}

static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, const int8_t *x,
                     const int8_t *stream, const int8_t *zeros, int8_t *y, const int8_t **taps)
{
    const struct thk_avx2_range range = thk_avx2_range(p->out_zero, p->lo, p->hi);
    const int32_t pairs = (p->kernel_h * p->kernel_w + 1) / 2;
    const int32_t high = (p->kernel_h - 1) * p->dilation_h;
    const int32_t wide = (p->kernel_w - 1) * p->dilation_w;
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        const int32_t y0 = oy * p->stride_h - p->pad_top;
        const int rows = y0 >= 0 && y0 + high < p->in_h;
        int32_t first = -1;
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            const int32_t x0 = ox * p->stride_w - p->pad_left;
            const int inside = rows && x0 >= 0 && x0 + wide < p->in_w;
            ptrdiff_t at = 0;
            if (inside && first >= 0) {
                at = (ptrdiff_t)(x0 - first) * p->in.pixel;
            } else {
                thk_depthwise_taps__avx2(p, x, zeros, y0, x0, taps);
                first = inside ? x0 : -1;
                if (inside)
                    taps[p->kernel_h * p->kernel_w] = taps[0];
            }
            int8_t *const out = y + thk_view_at(&p->out, oy, ox);
            const int8_t *w = stream;
            for (int32_t c = 0; c < p->out_c; c += 16, w += THK_CONTRACT(head) + 64 * pairs)
                THK_PART(pixel)(taps, at + c, pairs, w, &range, out + c,
                                p->out_c - c < 16 ? p->out_c - c : 16);
        }
    }
}
#undef THK_NAME
#undef THK_PART
#undef THK_CONTRACT
