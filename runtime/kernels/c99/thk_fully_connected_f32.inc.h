/* SPDX-License-Identifier: 0BSD */
/* Plain float dense layer. */
/* THK_NAME, the weights' type THK_W and THK_AT(w, i), a weight as float, are set by the file that
 * includes this one. */
static void THK_NAME(const struct thk_dense *p, float lo, float hi, const float *x, const THK_W *w,
                     const float *bias, float *y)
{
    for (int32_t r = 0; r < p->rows; r++, x += p->in, y += p->out) {
        ptrdiff_t at = 0;
        for (int32_t c = 0; c < p->out; c++, at += p->in) {
            float acc = 0.0f;
            for (int32_t i = 0; i < p->in; i++)
                acc += x[i] * THK_AT(w, at + i);
            acc += bias ? bias[c] : 0.0f;
            y[c] = acc < lo ? lo : acc > hi ? hi : acc;
        }
    }
}
#undef THK_NAME
#undef THK_W
#undef THK_AT
