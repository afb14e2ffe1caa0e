/* SPDX-License-Identifier: 0BSD */
#include <math.h>

#include <stdint.h>

/* y = exp((x - max) * beta) / sum, over the last axis. */
static void thk_softmax_f32__c99(int32_t rows, int32_t depth, float beta, const float *x,
                                 float *y)
{
    for (int32_t r = 0; r < rows; r++, x += depth, y += depth) {
        float best = x[0], sum = 0.0f;
        for (int32_t i = 1; i < depth; i++)
            best = x[i] > best ? x[i] : best;
        for (int32_t i = 0; i < depth; i++) {
            y[i] = expf((x[i] - best) * beta);
            sum += y[i];
        }
        for (int32_t i = 0; i < depth; i++)
            y[i] /= sum;
    }
}
