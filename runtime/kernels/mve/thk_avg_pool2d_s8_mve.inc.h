/* SPDX-License-Identifier: 0BSD */
/* int8 average pooling, 8 channels at a time; windows of at most 255 taps, so that 16-bit sums
 * are exact. THK_NAME: the kernel, THK_MEAN(sum, n, zero): the quotient by the taps inside the
 * input, rounded as the contract does. */
#include "mve/thk_mve.h"
#include "thk_requant.h"

static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, const int8_t *x,
                     int8_t *y)
{
    for (int32_t oy = b->y; oy < b->y + b->h; oy++)
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            const int32_t top = oy * p->stride_h - p->pad_top;
            const int32_t left = ox * p->stride_w - p->pad_left;
            const int32_t y0 = top > 0 ? top : 0, x0 = left > 0 ? left : 0;
            const int32_t y1 = top + p->kernel_h < p->in_h ? top + p->kernel_h : p->in_h;
            const int32_t x1 = left + p->kernel_w < p->in_w ? left + p->kernel_w : p->in_w;
            const int32_t n = (y1 - y0) * (x1 - x0);
            int8_t *out = y + thk_view_at(&p->out, oy, ox);
            for (int32_t c = b->c; c < b->c + b->n; c += 8) {
                const mve_pred16_t some = vctp16q((uint32_t)(b->c + b->n - c));
                int16_t sums[8];
                int16x8_t sum = vdupq_n_s16(0);
                for (int32_t iy = y0; iy < y1; iy++) {
                    const int8_t *in = x + c + thk_view_at(&p->in, iy, x0);
                    for (int32_t ix = x0; ix < x1; ix++, in += p->in.pixel)
                        sum = vaddq_s16(sum, vldrbq_z_s16(in, some));
                }
                vstrhq_s16(sums, sum);
                for (int32_t i = 0; i < 8 && c + i < b->c + b->n; i++) {
                    const int32_t v = THK_MEAN(sums[i], n, p->in_zero);
                    out[c + i] = (int8_t)thk_clamp(v, p->lo, p->hi);
                }
            }
        }
}
#undef THK_NAME
#undef THK_MEAN
