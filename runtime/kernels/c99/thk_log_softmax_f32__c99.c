/* SPDX-License-Identifier: 0BSD */
#include <math.h>
#include <stdint.h>

/* y = x - max - log(sum of exp(x - max)), over the last axis. */
static void thk_log_softmax_f32__c99(int32_t rows, int32_t depth, const float *x, float *y)
{
    for (int32_t r = 0; r < rows; r++, x += depth, y += depth) {
        float best = x[0], sum = 0.0f;
        for (int32_t i = 1; i < depth; i++)
            best = x[i] > best ? x[i] : best;
        for (int32_t i = 0; i < depth; i++)
            sum += expf(x[i] - best);
        const float log_sum = logf(sum);
        for (int32_t i = 0; i < depth; i++)
            y[i] = x[i] - best - log_sum;
    }
}
