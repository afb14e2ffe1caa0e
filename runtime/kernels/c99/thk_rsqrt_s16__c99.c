/* SPDX-License-Identifier: 0BSD */
#include "thk_fixed.h"

/* Inverse root of v > 1: the fraction, Q0.31; *s becomes the exponent of two. */
static int32_t thk_inverse_root(int32_t v, int32_t *s)
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

/* y = m 2^(s-31) / sqrt(x); values at or below zero give the largest result. */
static void thk_rsqrt_s16__c99(const int16_t *x, int16_t *y, int32_t n, int32_t m, int32_t s,
                               int32_t single)
{
    for (int32_t i = 0; i < n; i++) {
        int32_t e = 0, r = INT16_MAX;
        if (x[i] > 0) {
            const int32_t f = x[i] == 1 ? INT32_MAX : thk_inverse_root(x[i], &e);
            const int32_t v = single ? thk_mbqm_single(1, f, e + 20) : thk_mbqm(1, f, e + 20);
            r = single ? thk_mbqm_single(v, m, s - 20) : thk_mbqm(v, m, s - 20);
            r = thk_clamp(r, INT16_MIN, INT16_MAX);
        }
        y[i] = (int16_t)r;
    }
}
