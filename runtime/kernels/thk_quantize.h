/* SPDX-License-Identifier: 0BSD */
/* Real values to stored integers: x is already divided by the scale. NaN gives the least. */
#ifndef THK_QUANTIZE_H
#define THK_QUANTIZE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "thk_requant.h"

static inline int32_t thk_saturate(float r, int32_t zero, int32_t lo, int32_t hi)
{
    if (!(r > -2147483648.0f))
        return lo;
    if (r >= 2147483648.0f)
        return hi;
    const int64_t v = (int64_t)r + zero;
    return v < lo ? lo : v > hi ? hi : (int32_t)v;
}

/* Halves away from zero. */
static inline int32_t thk_quantize_away(float x, int32_t zero, int32_t lo, int32_t hi)
{
    return thk_saturate(roundf(x), zero, lo, hi);
}

/* Halves to even. Nothing is taken from x: often it is a product, and where there is a multiply-add
 * compilers would do both in one step, without rounding the product. */
static inline int32_t thk_quantize_even(float x, int32_t zero, int32_t lo, int32_t hi)
{
    const float below = floorf(x), half = below + 0.5f;
    float r = below;
    if (x > half || (x == half && fmodf(below, 2.0f) != 0.0f))
        r += 1.0f;
    return thk_saturate(r, zero, lo, hi);
}

/* An accumulator times a factor given by its bits, halves to even (contract "onnx"). */
static inline int32_t thk_scale_even(int32_t acc, int32_t bits)
{
    float factor;
    memcpy(&factor, &bits, sizeof factor);
    return thk_quantize_even((float)acc * factor, 0, INT32_MIN, INT32_MAX);
}

#endif
