/* SPDX-License-Identifier: 0BSD */
#include <math.h>
#include <stdint.h>

static void thk_l2_norm_f32__c99(int32_t rows, int32_t depth, const float *x, float *y)
{
    for (int32_t r = 0; r < rows; r++, x += depth, y += depth) {
        float sum = 0.0f;
        for (int32_t i = 0; i < depth; i++)
            sum += x[i] * x[i];
        const float length = sqrtf(sum);
        for (int32_t i = 0; i < depth; i++)
            y[i] = x[i] / (length < 1e-6f ? 1e-6f : length);
    }
}
