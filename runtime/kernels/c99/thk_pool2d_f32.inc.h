/* SPDX-License-Identifier: 0BSD */
/* Body of the float pools. THK_NAME, THK_START, THK_TAKE(acc, v) and THK_FINISH(acc, n) are set by
 * the including file. */
static void THK_NAME(const struct thk_window2d *p, const struct thk_box *b, float lo, float hi,
                     const float *x, float *y)
{
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            float *out = y + thk_view_at(&p->out, oy, ox);
            const int32_t y0 = oy * p->stride_h - p->pad_top, x0 = ox * p->stride_w - p->pad_left;
            for (int32_t c = b->c; c < b->c + b->n; c++) {
                float acc = THK_START;
                int32_t n = 0;
                for (int32_t iy = y0; iy < y0 + p->kernel_h; iy++) {
                    for (int32_t ix = x0; ix < x0 + p->kernel_w; ix++) {
                        if (iy < 0 || iy >= p->in_h || ix < 0 || ix >= p->in_w)
                            continue;
                        const float v = x[thk_view_at(&p->in, iy, ix) + c];
                        acc = THK_TAKE(acc, v);
                        n++;
                    }
                }
                if (n == 0)
                    n = 1;
                acc = THK_FINISH(acc, n);
                out[c] = acc < lo ? lo : acc > hi ? hi : acc;
            }
        }
    }
}
#undef THK_NAME
#undef THK_START
#undef THK_TAKE
#undef THK_FINISH
