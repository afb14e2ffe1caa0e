/* SPDX-License-Identifier: 0BSD */
/* Steps that LSTM kernels with float states share. */
#ifndef THK_LSTM_REAL_H
#define THK_LSTM_REAL_H

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "thk_lstm.h"

static inline float thk_lstm_squash(int32_t kind, float x)
{
    if (kind == 0)
        return tanhf(x);
    if (kind == 1)
        return x < -9.0f ? expf(x) : 1.0f / (1.0f + expf(-x));
    if (kind == 4)
        return x;
    x = x < 0.0f ? 0.0f : x;
    return kind == 3 && x > 6.0f ? 6.0f : x;
}

static inline float thk_lstm_bound(float v, float limit)
{
    if (!(limit > 0.0f))
        return v;
    v = limit < v ? limit : v;
    return v < -limit ? -limit : v;
}

/* Mean zero, variance one; then weights and bias. */
static inline void thk_lstm_normalize(float *v, const float *ln, const float *bias, int32_t n)
{
    float sum = 0.0f, squares = 0.0f;
    for (int32_t i = 0; i < n; i++)
        sum += v[i];
    const float mean = sum / (float)n;
    for (int32_t i = 0; i < n; i++)
        squares += (v[i] - mean) * (v[i] - mean);
    const float inverse = 1.0f / sqrtf(squares / (float)n + 1e-8f);
    for (int32_t i = 0; i < n; i++)
        v[i] = (v[i] - mean) * inverse * ln[i] + (bias ? bias[i] : 0.0f);
}

#endif
