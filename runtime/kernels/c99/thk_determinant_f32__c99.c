/* SPDX-License-Identifier: 0BSD */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Elimination with the largest pivot of each column; m: scratch of one matrix. */
static void thk_determinant_f32__c99(int32_t matrices, int32_t n, const float *x, float *y,
                                     float *m)
{
    for (int32_t r = 0; r < matrices; r++, x += (ptrdiff_t)n * n) {
        float d = 1.0f;
        memcpy(m, x, (size_t)n * (size_t)n * sizeof(float));
        for (int32_t k = 0; k < n && d != 0.0f; k++) {
            int32_t pivot = k;
            for (int32_t i = k + 1; i < n; i++)
                if (fabsf(m[i * n + k]) > fabsf(m[pivot * n + k]))
                    pivot = i;
            for (int32_t j = k; j < n && pivot != k; j++) {
                const float v = m[k * n + j];
                m[k * n + j] = m[pivot * n + j];
                m[pivot * n + j] = v;
            }
            d *= pivot != k ? -m[k * n + k] : m[k * n + k];
            for (int32_t i = k + 1; i < n && d != 0.0f; i++) {
                const float f = m[i * n + k] / m[k * n + k];
                for (int32_t j = k; j < n; j++)
                    m[i * n + j] -= f * m[k * n + j];
            }
        }
        y[r] = d;
    }
}
