/* SPDX-License-Identifier: 0BSD */
#include <stdint.h>

/* re^2 + im^2 of bins [first, end), 0 for the others of n. */
static void thk_signal_energy_s16__c99(int32_t n, int32_t first, int32_t end, const int16_t *x,
                                       uint32_t *y)
{
    for (int32_t i = 0; i < first; i++)
        y[i] = 0;
    for (int32_t i = first; i < end; i++) {
        const int32_t re = x[2 * i], im = x[2 * i + 1];
        y[i] = (uint32_t)(re * re) + (uint32_t)(im * im);
    }
    for (int32_t i = end; i < n; i++)
        y[i] = 0;
}
