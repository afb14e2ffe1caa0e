/* SPDX-License-Identifier: 0BSD */
/* Body of the float pools: a pixel's taps that lie inside are found once, then four channels at a
 * time are taken. THK_NAME, THK_START, THK_TAKE(acc, v) and THK_FINISH(acc, n) are set by the
 * including file, which includes thk_tile_f32.h. */
static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, float lo, float hi,
                     const float *x, float *y)
{
    const int32_t end = b->c + b->n, fours = end - b->n % 4;
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            float *out = y + thk_view_at(&p->out, oy, ox);
            const int32_t y0 = oy * p->stride_h - p->pad_top, x0 = ox * p->stride_w - p->pad_left;
            int32_t ky, ky_end, kx, kx_end, c = b->c;
            thk_taps_inside(y0, p->kernel_h, 1, p->in_h, &ky, &ky_end);
            thk_taps_inside(x0, p->kernel_w, 1, p->in_w, &kx, &kx_end);
            const int32_t taps = (ky_end - ky) * (kx_end - kx), n = taps > 0 ? taps : 1;
            for (; c < fours; c += 4) {
                float s0 = THK_START, s1 = THK_START, s2 = THK_START, s3 = THK_START;
                for (int32_t i = ky; i < ky_end; i++) {
                    const float *a = x + thk_view_at(&p->in, y0 + i, x0 + kx) + c;
                    for (int32_t j = kx; j < kx_end; j++, a += p->in.pixel) {
                        s0 = THK_TAKE(s0, a[0]), s1 = THK_TAKE(s1, a[1]);
                        s2 = THK_TAKE(s2, a[2]), s3 = THK_TAKE(s3, a[3]);
                    }
                }
                out[c] = thk_bound_f32(THK_FINISH(s0, n), lo, hi);
                out[c + 1] = thk_bound_f32(THK_FINISH(s1, n), lo, hi);
                out[c + 2] = thk_bound_f32(THK_FINISH(s2, n), lo, hi);
                out[c + 3] = thk_bound_f32(THK_FINISH(s3, n), lo, hi);
            }
            for (; c < end; c++) {
                float sum = THK_START;
                for (int32_t i = ky; i < ky_end; i++) {
                    const float *a = x + thk_view_at(&p->in, y0 + i, x0 + kx) + c;
                    for (int32_t j = kx; j < kx_end; j++, a += p->in.pixel)
                        sum = THK_TAKE(sum, *a);
                }
                out[c] = thk_bound_f32(THK_FINISH(sum, n), lo, hi);
            }
        }
    }
}
#undef THK_NAME
#undef THK_START
#undef THK_TAKE
#undef THK_FINISH
