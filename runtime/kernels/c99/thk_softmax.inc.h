/* SPDX-License-Identifier: 0BSD */
/* Body of the 8-bit softmax kernels. THK_NAME, THK_X, THK_Y, THK_LOWEST (of the input), THK_BITS,
 * THK_OFFSET, THK_MIN, THK_MAX (of the output) and THK_SCALE(x, m, s) are set by the including
 * file. */
static void THK_NAME(const struct thk_softmax *p, const THK_X *x, THK_Y *y)
{
    for (int32_t r = 0; r < p->rows; r++, x += p->depth, y += p->depth) {
        int32_t best = THK_LOWEST, sum = 0;
        for (int32_t i = 0; i < p->depth; i++)
            best = x[i] > best ? x[i] : best;
        for (int32_t i = 0; i < p->depth; i++)
            if (x[i] - best >= p->diff_min)
                sum += thk_rdivp2(thk_exp_q5(THK_SCALE(x[i] - best, p->scale_m, p->scale_s)), 12);
        const int32_t headroom = thk_clz((uint32_t)sum);
        const int32_t mantissa = (int32_t)(((uint32_t)sum << headroom) - 0x80000000u);
        const int32_t inverse = thk_one_over_one_plus(mantissa);
        const int32_t shift = 12 - headroom + 31 - THK_BITS;
        for (int32_t i = 0; i < p->depth; i++) {
            int32_t v = 0;
            if (x[i] - best >= p->diff_min) {
                const int32_t e = thk_exp_q5(THK_SCALE(x[i] - best, p->scale_m, p->scale_s));
                v = shift > 31 ? 0 : thk_rdivp2(thk_srdhm(inverse, e), shift);
            }
            y[i] = (THK_Y)thk_clamp(v + THK_OFFSET, THK_MIN, THK_MAX);
        }
    }
}
#undef THK_NAME
#undef THK_X
#undef THK_Y
#undef THK_LOWEST
#undef THK_BITS
#undef THK_OFFSET
#undef THK_MIN
#undef THK_MAX
#undef THK_SCALE
