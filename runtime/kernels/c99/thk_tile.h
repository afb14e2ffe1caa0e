/* SPDX-License-Identifier: 0BSD */
/* Pieces of the register-tiled int8 kernels in plain C. */
#ifndef THK_TILE_H
#define THK_TILE_H

#include "thk_requant.h"
#include "thk_types.h"

/* Keeps the compiler from hoisting the loads of several steps, which makes it spill the sums. */
#if defined(__GNUC__)
#define THK_TILE_STEP_END __asm__ volatile("" : : : "memory")
#else
#define THK_TILE_STEP_END ((void)0)
#endif

/* q: m, c = 2^(e-1) + (zero point << e), e >= 1; |acc| < 2^29. The high word of twice the sum
 * times m, rounded; adding the sign turns halves up into halves away from zero. */
static inline int32_t thk_tile_requant(int32_t acc, const int32_t *q)
{
    const int32_t twice = acc * 2;
    const int32_t t = (int32_t)(((int64_t)twice * q[0] + ((int64_t)1 << 31)) >> 32);
    return (t + (twice >> 31) + q[1]) >> q[2];
}

/* The same words under single rounding: it adds to the product only bits from 2^31 on, so the high
 * word may be cut off first. */
static inline int32_t thk_tile_requant_single(int32_t acc, const int32_t *q)
{
    return ((int32_t)((int64_t)(acc * 2) * q[0] >> 32) + q[1]) >> q[2];
}

#endif
