/* SPDX-License-Identifier: 0BSD */
/* Pieces of the register-tiled float kernels. */
#ifndef THK_TILE_F32_H
#define THK_TILE_F32_H

#include <math.h>

#include "thk_types.h"

/* One instruction where there is one; sums then differ in the last bit from a * b + c. */
#if defined(FP_FAST_FMAF) || defined(__FP_FAST_FMAF)
#define THK_MULADD(a, b, c) fmaf(a, b, c)
#else
#define THK_MULADD(a, b, c) ((a) * (b) + (c))
#endif

static inline float thk_bound_f32(float v, float lo, float hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* Taps [from, to) of a window of `kernel` at `start` that lie inside of `extent`. */
static inline void thk_taps_inside(int32_t start, int32_t kernel, int32_t dilation, int32_t extent,
                                   int32_t *from, int32_t *to)
{
    int32_t a = 0, b = kernel;
    while (a < b && start + a * dilation < 0)
        a++;
    while (b > a && start + (b - 1) * dilation >= extent)
        b--;
    *from = a;
    *to = b;
}

#endif
