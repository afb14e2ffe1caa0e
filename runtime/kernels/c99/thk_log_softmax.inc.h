/* SPDX-License-Identifier: 0BSD */
/* Body of the 8-bit log-softmax kernels. THK_NAME, THK_X, THK_MIN, THK_MAX and
 * THK_SCALE(x, m, s) are set by the including file; back_m, back_s undo the input's scale. */
static void THK_NAME(const struct thk_softmax *p, int32_t back_m, int32_t back_s, const THK_X *x,
                     THK_X *y)
{
    for (int32_t r = 0; r < p->rows; r++, x += p->depth, y += p->depth) {
        int32_t best = THK_MIN;
        uint32_t sum = 0;
        for (int32_t i = 0; i < p->depth; i++)
            best = x[i] > best ? x[i] : best;
        for (int32_t i = 0; i < p->depth; i++)
            if (x[i] - best >= p->diff_min)
                sum += (uint32_t)thk_rdivp2(
                    thk_exp_q5(THK_SCALE(x[i] - best, p->scale_m, p->scale_s)), 12);
        const int32_t log_sum = thk_log_q12((int32_t)sum);
        const int32_t least = THK_SCALE(thk_wrap_add(log_sum, INT32_MIN), back_m, back_s);
        const int32_t floor = p->diff_min - 1 > least ? p->diff_min - 1 : least;
        for (int32_t i = 0; i < p->depth; i++) {
            const int32_t d = x[i] - best;
            int32_t v = THK_MIN;
            if (d > floor)
                v = THK_MAX + thk_rdivp2(thk_wrap_add(THK_SCALE(d, p->scale_m, p->scale_s),
                                                      -log_sum), 22);
            y[i] = (THK_X)thk_clamp(v, THK_MIN, THK_MAX);
        }
    }
}
#undef THK_NAME
#undef THK_X
#undef THK_MIN
#undef THK_MAX
#undef THK_SCALE
