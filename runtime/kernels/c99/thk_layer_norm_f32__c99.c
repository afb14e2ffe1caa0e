/* SPDX-License-Identifier: 0BSD */
#include <math.h>
#include <stdint.h>

/* Groups of n elements to mean 0 (or, with rms, as it is) and variance 1; scale and bias may be
 * NULL. y may be x. */
static void thk_layer_norm_f32__c99(int32_t groups, int32_t n, float epsilon, int32_t rms,
                                    const float *x, const float *scale, const float *bias,
                                    float *y)
{
    for (int32_t g = 0; g < groups; g++, x += n, y += n) {
        float sum = 0.0f, squares = 0.0f;
        for (int32_t i = 0; i < n && !rms; i++)
            sum += x[i];
        const float mean = sum / (float)n;
        for (int32_t i = 0; i < n; i++)
            squares += (x[i] - mean) * (x[i] - mean);
        const float inverse = 1.0f / sqrtf(squares / (float)n + epsilon);
        for (int32_t i = 0; i < n; i++) {
            const float v = (x[i] - mean) * inverse * (scale ? scale[i] : 1.0f);
            y[i] = v + (bias ? bias[i] : 0.0f);
        }
    }
}
