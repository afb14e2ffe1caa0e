/* SPDX-License-Identifier: 0BSD */
/* Body of the 8-bit L2 normalizations; the output's scale is 1/128. THK_NAME, THK_X, THK_UP (the
 * inputs are multiplied by 2^THK_UP before, the exponent is raised by 7 - THK_UP), THK_ZERO,
 * THK_MIN, THK_MAX and THK_SCALE(x, m, s) are set by the including file. */
static void THK_NAME(int32_t rows, int32_t depth, int32_t zero, const THK_X *x, THK_X *y)
{
    for (int32_t r = 0; r < rows; r++, x += depth, y += depth) {
        uint32_t sum = 0;
        for (int32_t i = 0; i < depth; i++) {
            const int32_t v = x[i] - zero;
            sum += (uint32_t)(v * v);
        }
        int32_t m = INT32_MAX, s = 0;
        if ((int32_t)sum > 1)
            m = thk_inverse_root((int32_t)sum, &s);
        for (int32_t i = 0; i < depth; i++) {
            const int32_t v = THK_SCALE((x[i] - zero) * (1 << THK_UP), m, s + 7 - THK_UP);
            y[i] = (THK_X)thk_clamp(v + THK_ZERO, THK_MIN, THK_MAX);
        }
    }
}
#undef THK_NAME
#undef THK_X
#undef THK_UP
#undef THK_ZERO
#undef THK_MIN
#undef THK_MAX
#undef THK_SCALE
