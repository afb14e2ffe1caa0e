/* SPDX-License-Identifier: 0BSD */
#include "thk_sigmoid.h"

/* t: the sigmoid table; x * mult / 2^shift is a position in it. */
static void thk_logistic_s16__c99(const int16_t *x, const uint16_t *t, int16_t *y, int32_t n,
                                  int32_t mult, int32_t shift)
{
    const int32_t half = shift > 0 ? 1 << (shift - 1) : 0;
    for (int32_t i = 0; i < n; i++)
        y[i] = thk_sigmoid16(t, (x[i] * mult + half) >> shift);
}
