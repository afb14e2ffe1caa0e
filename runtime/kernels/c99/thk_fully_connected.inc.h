/* SPDX-License-Identifier: 0BSD */
/* Body of the plain integer fully connected kernels. THK_NAME and the types THK_X THK_W THK_BIAS
 * THK_ACC THK_Y, and THK_SCALE(acc, m, s) are set by the file that includes this one. */
#ifndef THK_AT
#define THK_AT(w, i) ((int32_t)(w)[i])
#endif
static void THK_NAME(const struct thk_dense *p, const THK_X *x, const THK_W *w,
                     const THK_BIAS *bias, const int32_t *requant, THK_Y *y)
{
    for (int32_t r = 0; r < p->rows; r++, x += p->in, y += p->out) {
        ptrdiff_t at = 0;
        for (int32_t c = 0; c < p->out; c++, at += p->in) {
            const int32_t *q = requant + (p->per_channel ? 2 * c : 0);
            THK_ACC acc = 0;
            for (int32_t i = 0; i < p->in; i++)
                acc = THK_WRAP(THK_ACC, acc, ((int32_t)x[i] - p->in_zero) *
                                                 (THK_AT(w, at + i) - p->weight_zero));
            if (bias)
                acc = THK_WRAP(THK_ACC, acc, bias[c]);
            const int32_t v = THK_SCALE(acc, q[0], q[1]);
            y[c] = (THK_Y)thk_clamp_zero(v, p->out_zero, p->lo, p->hi);
        }
    }
}
#undef THK_NAME
#undef THK_X
#undef THK_W
#undef THK_BIAS
#undef THK_ACC
#undef THK_Y
#undef THK_SCALE
#undef THK_AT
