/* SPDX-License-Identifier: 0BSD */
/* Inverse square roots in fixed point. */
#ifndef THK_ROOT_H
#define THK_ROOT_H

#include "thk_fixed.h"

/* Inverse root of v > 1: the fraction, Q0.31; *s becomes the exponent of two. */
static inline int32_t thk_inverse_root(int32_t v, int32_t *s)
{
    int32_t shift = 11;
    while (v >= 1 << 29) {
        v /= 4;
        shift++;
    }
    const int32_t pairs = (thk_clz((uint32_t)v) - 1) / 2 - 1;
    shift -= pairs;
    v = (int32_t)((uint32_t)v << (2 * pairs));
    const int32_t half = thk_rdivp2(v >> 1, 1);
    int32_t x = 1 << 28;
    for (int32_t i = 0; i < 5; i++) {
        const int32_t cube = thk_sat_shl(thk_srdhm(thk_srdhm(x, x), x), 6);
        x = thk_sat_shl(thk_srdhm((1 << 28) + (1 << 27), x) - thk_srdhm(half, cube), 3);
    }
    x = thk_srdhm(x, 1518500250);
    if (shift < 0) {
        x = thk_sat_shl(x, -shift);
        shift = 0;
    }
    *s = -shift;
    return x;
}

#endif
