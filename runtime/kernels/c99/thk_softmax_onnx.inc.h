/* SPDX-License-Identifier: 0BSD */
/* Softmax of 8-bit rows, contract "onnx". exps: exp of 0 to 255 steps below the row's maximum.
 * THK_NAME and the type THK_X are set by the file that includes this one. */
static void THK_NAME(int32_t rows, int32_t depth, float scale, int32_t zero, int32_t lo, int32_t hi,
                     const THK_X *x, const float *exps, THK_X *y)
{
    for (int32_t r = 0; r < rows; r++, x += depth, y += depth) {
        int32_t best = x[0];
        float sum = 0.0f;
        for (int32_t i = 1; i < depth; i++)
            best = x[i] > best ? x[i] : best;
        for (int32_t i = 0; i < depth; i++)
            sum += exps[best - x[i]];
        for (int32_t i = 0; i < depth; i++)
            y[i] = (THK_X)thk_quantize_even(exps[best - x[i]] / sum / scale, zero, lo, hi);
    }
}
#undef THK_NAME
#undef THK_X
