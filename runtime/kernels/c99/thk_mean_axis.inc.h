/* SPDX-License-Identifier: 0BSD */
/*
 * Body of the means (sums) over rows or over columns, whose results are boxes of a map again.
 * THK_NAME, THK_X, THK_ACC and THK_FINISH(acc) are set by the including file.
 */
#define THK_MEAN_LANES 8
static void THK_NAME(const struct thk_reduce *p, const struct thk_box *b, const THK_X *x, THK_X *y)
{
    for (int32_t oy = b->y; oy < b->y + b->h; oy++) {
        for (int32_t ox = b->x; ox < b->x + b->w; ox++) {
            const int32_t y0 = p->y1 ? p->y0 : oy, y1 = p->y1 ? p->y1 : oy + 1;
            const int32_t x0 = p->x1 ? p->x0 : ox, x1 = p->x1 ? p->x1 : ox + 1;
            THK_X *out = y + thk_view_at(&p->out, oy, ox);
            for (int32_t c = 0; c < p->channels; c += THK_MEAN_LANES) {
                const int32_t rest = p->channels - c;
                const int32_t n = rest < THK_MEAN_LANES ? rest : THK_MEAN_LANES;
                THK_ACC acc[THK_MEAN_LANES] = {0};
                for (int32_t iy = y0; iy < y1; iy++) {
                    const THK_X *in = x + thk_view_at(&p->in, iy, x0) + c;
                    for (int32_t ix = x0; ix < x1; ix++, in += p->in.pixel)
                        for (int32_t i = 0; i < n; i++)
                            acc[i] += in[i];
                }
                for (int32_t i = 0; i < n; i++)
                    out[c + i] = THK_FINISH(acc[i]);
            }
        }
    }
}
#undef THK_MEAN_LANES
#undef THK_NAME
#undef THK_X
#undef THK_ACC
#undef THK_FINISH
