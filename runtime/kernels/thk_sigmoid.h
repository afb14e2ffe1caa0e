/* SPDX-License-Identifier: 0BSD */
/* 16-bit sigmoid and tanh interpolated in a table: t[i] is sigmoid(i / 24) in 0.16. */
#ifndef THK_SIGMOID_H
#define THK_SIGMOID_H

#include <stdint.h>

/* v: the argument in steps of 1 / (24 * 512). */
static inline int16_t thk_sigmoid16(const uint16_t *t, int32_t v)
{
    const uint32_t u = (uint32_t)(v < 0 ? -v : v), k = u >> 9;
    uint32_t r = (uint32_t)0x7FFF << 10;
    if (k < 255)
        r = ((uint32_t)t[k] << 9) + (u & 511) * (uint32_t)(t[k + 1] - t[k]);
    r = v >= 0 ? r + (1u << 9) : (1u << 25) - r + (1u << 9) - 1;
    return (int16_t)(r >> 10);
}

/* v: twice the argument in steps of 1 / (24 * 256). */
static inline int16_t thk_tanh16(const uint16_t *t, int32_t v)
{
    const uint32_t u = (uint32_t)(v < 0 ? -v : v), k = u >> 8;
    int32_t r = 0xFFFF << 8;
    if (k < 255)
        r = t[k] * 256 + (int32_t)(u & 255) * (t[k + 1] - t[k]);
    r = v >= 0 ? r - (1 << 23) + (1 << 7) : -r + (1 << 23) + (1 << 7) - 1;
    return (int16_t)(r >> 8);
}

#endif
