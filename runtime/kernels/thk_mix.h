/* SPDX-License-Identifier: 0BSD */
/* Weighted sums of four pixels. */
#ifndef THK_MIX_H
#define THK_MIX_H

#include <stddef.h>
#include <stdint.h>

/* Shares in 1/1024; halves away from zero. */
static inline int32_t thk_mix(int32_t a, int32_t b, int32_t c, int32_t d, int32_t dy, int32_t dx)
{
    const int64_t sum = (int64_t)a * (1024 - dy) * (1024 - dx) + (int64_t)b * dy * (1024 - dx) +
                        (int64_t)c * (1024 - dy) * dx + (int64_t)d * dy * dx;
    return (int32_t)((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
}

/* Halves up. */
static inline int32_t thk_mix_single(int32_t a, int32_t b, int32_t c, int32_t d, int32_t dy,
                                     int32_t dx)
{
    const int64_t sum = (int64_t)a * (1024 - dy) * (1024 - dx) + (int64_t)b * dy * (1024 - dx) +
                        (int64_t)c * (1024 - dy) * dx + (int64_t)d * dy * dx;
    return (int32_t)((sum + (1 << 19)) >> 20);
}

static inline float thk_mix_real(float a, float b, float c, float d, float dy, float dx)
{
    const float p = a * (1.0f - dy) * (1.0f - dx), q = b * dy * (1.0f - dx);
    const float r = c * (1.0f - dy) * dx, s = d * dy * dx;
    return p + q + r + s;
}

#endif
