/* SPDX-License-Identifier: 0BSD */
#include <stdint.h>

/* Band b feeds channel b - 1 with its rising and channel b with its falling side. */
static void thk_signal_filter_bank_u32__c99(int32_t channels, const uint32_t *x, const int16_t *up,
                                            const int16_t *down, const int16_t *bins,
                                            const int16_t *first, const int16_t *widths,
                                            uint64_t *y)
{
    uint64_t left = 0;
    for (int32_t b = 0; b <= channels; b++) {
        const uint32_t *const e = x + bins[b];
        uint64_t sum = left;
        left = 0;
        for (int32_t j = 0; j < widths[b]; j++) {
            sum += (uint64_t)up[first[b] + j] * e[j];
            left += (uint64_t)down[first[b] + j] * e[j];
        }
        if (b > 0)
            y[b - 1] = sum;
    }
}
