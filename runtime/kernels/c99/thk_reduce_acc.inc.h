/* SPDX-License-Identifier: 0BSD */
/*
 * Body of the reductions that take their map in pieces: the box is a part of the input, the
 * accumulators live between the calls. phase: bit 0 in the first call, bit 1 in the last one, which
 * writes the result. THK_NAME, THK_X, THK_ACC, THK_START, THK_TAKE(acc, v) and THK_FINISH(acc) are
 * set by the including file.
 */
static void THK_NAME(const struct thk_reduce *p, const struct thk_box *b, const THK_X *x,
                     THK_ACC *acc, THK_X *y, int phase)
{
    const int32_t y0 = b->y > p->y0 ? b->y : p->y0, x0 = b->x > p->x0 ? b->x : p->x0;
    const int32_t y1 = b->y + b->h < p->y1 ? b->y + b->h : p->y1;
    const int32_t x1 = b->x + b->w < p->x1 ? b->x + b->w : p->x1;
    const int32_t n = p->channels;
    if (phase & 1)
        for (int32_t c = 0; c < n; c++)
            acc[c] = THK_START;
    for (int32_t iy = y0; iy < y1; iy++)
        for (int32_t ix = x0; ix < x1; ix++) {
            const THK_X *in = x + thk_view_at(&p->in, iy, ix);
            for (int32_t c = 0; c < n; c++)
                acc[c] = THK_TAKE(acc[c], in[c]);
        }
    if (phase & 2)
        for (int32_t c = 0; c < n; c++)
            y[c] = THK_FINISH(acc[c]);
}
#undef THK_NAME
#undef THK_X
#undef THK_ACC
#undef THK_START
#undef THK_TAKE
#undef THK_FINISH
