/* SPDX-License-Identifier: 0BSD */
#include <stdint.h>

#include "signal/thk_signal_bits.h"

/* y = x << bits, bits the redundant sign bits of the largest magnitude (kept in 16 bits). */
static void thk_signal_fft_auto_scale_s16__c99(int32_t n, const int16_t *x, int16_t *y,
                                               int32_t *bits)
{
    int16_t max = 0;
    for (int32_t i = 0; i < n; i++) {
        if (x[i] > max)
            max = x[i];
        else if (-x[i] > max)
            max = (int16_t)-x[i];
    }
    const int32_t shift = max <= 0 ? 0 : 15 - thk_signal_bits((uint32_t)max);
    for (int32_t i = 0; i < n; i++)
        y[i] = (int16_t)(x[i] * (1 << shift));
    *bits = shift;
}
