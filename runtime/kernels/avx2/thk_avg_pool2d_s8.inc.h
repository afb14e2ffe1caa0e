/* SPDX-License-Identifier: 0BSD */
/* Average pooling, 16 channels at a time; windows of at most 255 taps, so 16-bit sums are exact.
 * THK_NAME: the kernel, THK_MEAN(sums, n, zero): eight sums divided by n, rounded as the contract
 * does. */

static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, const int8_t *x,
                     int8_t *y)
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
                const __m256i l = THK_MEAN(_mm256_castsi256_si128(sum), n, p->in_zero);
                const __m256i h = THK_MEAN(_mm256_extracti128_si256(sum, 1), n, p->in_zero);
                thk_avx2_store(out + c,
                               thk_avx2_narrow(_mm256_permute4x64_epi64(
                                                   _mm256_packs_epi32(l, h), 0xd8), &range),
                               b->c + b->n - c < 16 ? b->c + b->n - c : 16);
            }
        }
}
#undef THK_NAME
#undef THK_MEAN
