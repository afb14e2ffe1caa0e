/* SPDX-License-Identifier: 0BSD */
#include "thk_root.h"

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
