/* SPDX-License-Identifier: 0BSD */
/* Body of the plain integer average pools: the sum over the taps inside the input, divided by
 * their number, halves away from zero, or as THK_MEAN(sum, n, zero) does. THK_NAME and THK_X are
 * set by the including file. */
#ifndef THK_MEAN
#define THK_MEAN(sum, n, zero) (((sum) > 0 ? (sum) + (n) / 2 : (sum) - (n) / 2) / (n))
#endif
static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, const THK_X *x,
                     THK_X *y)
{
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            THK_X *out = y + thk_view_at(&p->out, oy, ox);
            const int32_t y0 = oy * p->stride_h - p->pad_top, x0 = ox * p->stride_w - p->pad_left;
            for (int32_t c = b->c; c < b->c + b->n; c++) {
                int32_t sum = 0, n = 0;
                for (int32_t iy = y0; iy < y0 + p->kernel_h; iy++) {
                    for (int32_t ix = x0; ix < x0 + p->kernel_w; ix++) {
                        if (iy < 0 || iy >= p->in_h || ix < 0 || ix >= p->in_w)
                            continue;
                        sum += x[thk_view_at(&p->in, iy, ix) + c];
                        n++;
                    }
                }
                if (n == 0)
                    n = 1;
                out[c] = (THK_X)thk_clamp(THK_MEAN(sum, n, p->in_zero), p->lo, p->hi);
            }
        }
    }
}
#undef THK_NAME
#undef THK_X
#undef THK_MEAN
