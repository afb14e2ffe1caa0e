/* SPDX-License-Identifier: 0BSD */
/* Float activations quantized while running, for integer weights. */
#ifndef THK_HYBRID_H
#define THK_HYBRID_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline int8_t thk_hybrid_round(float v, float lo)
{
    const float r = roundf(v);
    return (int8_t)(!(r > lo) ? lo : r > 127.0f ? 127.0f : r);
}

/* n values to q; returns the scale. The zero point is 0 (*zero) unless asymmetric. */
static inline float thk_hybrid_quantize(const float *x, int32_t n, int32_t asymmetric, int8_t *q,
                                        int32_t *zero)
{
    float lo = n > 0 ? x[0] : 0.0f, hi = lo;
    *zero = 0;
    for (int32_t i = 1; i < n; i++) {
        lo = x[i] < lo ? x[i] : lo;
        hi = x[i] > hi ? x[i] : hi;
    }
    if (!asymmetric) {
        const float range = fabsf(lo) > fabsf(hi) ? fabsf(lo) : fabsf(hi);
        if (!(range > 0.0f) || !(range <= 3.4028235e38f)) {
            memset(q, 0, (size_t)n);
            return 1.0f;
        }
        for (int32_t i = 0; i < n; i++)
            q[i] = thk_hybrid_round(x[i] * (127.0f / range), -127.0f);
        return range / 127.0f;
    }
    const double least = lo < 0.0f ? (double)lo : 0.0, most = hi > 0.0f ? (double)hi : 0.0;
    if (least == most || !(most - least <= 1.7976931348623157e308)) {
        memset(q, 0, (size_t)n);
        return 1.0f;
    }
    const double step = (most - least) / 255.0;
    const double from_min = -128.0 - least / step, from_max = 127.0 - most / step;
    const int at_min = 128.0 + fabs(least / step) < 127.0 + fabs(most / step);
    const double z = round(at_min ? from_min : from_max);
    const float scale = (float)step;
    *zero = (int32_t)(z < -128.0 ? -128.0 : z > 127.0 ? 127.0 : z);
    for (int32_t i = 0; i < n; i++) {
        const float product = x[i] * (1.0f / scale);
        q[i] = thk_hybrid_round((float)*zero + product, -128.0f);
    }
    return scale;
}

#endif
