/* SPDX-License-Identifier: 0BSD */
/* Average pooling, 16 channels at a time; windows of at most 255 taps, so 16-bit sums are exact,
 * and so are the truncated quotients of floats: none lies closer to the next integer than 1/255.
 * The quotient of the sum by the taps inside the input is rounded half away from zero. */
#include "avx2/thk_avx2.h"

/* Eight sums, half of n added away from zero, divided by n. */
static inline __m256i thk_avg_pool2d_quotient__avx2(__m128i sums, int32_t n)
{
    const __m256i s = _mm256_cvtepi16_epi32(sums), sign = _mm256_srai_epi32(s, 31);
    const __m256i half = _mm256_sub_epi32(_mm256_xor_si256(_mm256_set1_epi32(n / 2), sign), sign);
    return _mm256_cvttps_epi32(_mm256_div_ps(_mm256_cvtepi32_ps(_mm256_add_epi32(s, half)),
                                             _mm256_set1_ps((float)n)));
}

static void thk_avg_pool2d_s8__avx2(const struct thk_window2d *p, const struct thk_box *b,
                                    const int8_t *x, int8_t *y)
{
    const struct thk_avx2_range range = thk_avx2_range(0, p->lo, p->hi);
    for (int32_t oy = b->y; oy < b->y + b->h; oy++)
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            const int32_t top = oy * p->stride_h - p->pad_top;
            const int32_t left = ox * p->stride_w - p->pad_left;
            const int32_t y0 = top > 0 ? top : 0, x0 = left > 0 ? left : 0;
            const int32_t y1 = top + p->kernel_h < p->in_h ? top + p->kernel_h : p->in_h;
            const int32_t x1 = left + p->kernel_w < p->in_w ? left + p->kernel_w : p->in_w;
            const int32_t n = (y1 - y0) * (x1 - x0);
            int8_t *const out = y + thk_view_at(&p->out, oy, ox);
            for (int32_t c = b->c; c < b->c + b->n; c += 16) {
                __m256i sum = _mm256_setzero_si256();
                for (int32_t iy = y0; iy < y1; iy++) {
                    const int8_t *in = x + c + thk_view_at(&p->in, iy, x0);
                    for (int32_t ix = x0; ix < x1; ix++, in += p->in.pixel)
                        sum = _mm256_add_epi16(sum, thk_avx2_load_wide(in));
                }
                const __m256i l =
                    thk_avg_pool2d_quotient__avx2(_mm256_castsi256_si128(sum), n);
                const __m256i h =
                    thk_avg_pool2d_quotient__avx2(_mm256_extracti128_si256(sum, 1), n);
                thk_avx2_store(out + c,
                               thk_avx2_narrow(_mm256_permute4x64_epi64(
                                                   _mm256_packs_epi32(l, h), 0xd8), &range),
                               b->c + b->n - c < 16 ? b->c + b->n - c : 16);
            }
        }
}
