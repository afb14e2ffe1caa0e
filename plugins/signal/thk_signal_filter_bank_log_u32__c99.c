/* SPDX-License-Identifier: 0BSD */
#include <stdint.h>

#include "signal/thk_signal_bits.h"

/* scale * ln(x << shift) / 2^16; t[129]: log2(1 + i/128) - i/128 in 1/65536. */
static void thk_signal_filter_bank_log_u32__c99(int32_t n, int32_t shift, int32_t scale,
                                                const uint16_t *t, const uint32_t *x, int16_t *y)
{
    for (int32_t i = 0; i < n; i++) {
        const uint32_t v = x[i] << shift;
        if (v <= 1) {
            y[i] = 0;
            continue;
        }
        const int32_t whole = thk_signal_bits(v) - 1;
        const uint32_t below = v - ((uint32_t)1 << whole);
        const int32_t f = (int32_t)(whole < 16 ? below << (16 - whole) : below >> (whole - 16));
        const int32_t at = f >> 9;
        const int32_t rest = ((t[at + 1] - t[at]) * (f - (at << 9))) >> 16;
        const uint32_t log2x = ((uint32_t)whole << 16) + (uint32_t)(f + t[at] + rest);
        const uint32_t ln = (uint32_t)(((uint64_t)45426 * log2x + 32768) >> 16);
        const uint32_t scaled = ((uint32_t)scale * ln + 32768) >> 16;
        y[i] = (int16_t)(scaled < INT16_MAX ? scaled : INT16_MAX);
    }
}
