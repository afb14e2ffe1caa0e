/* SPDX-License-Identifier: 0BSD */
#include <stdint.h>

#include "signal/thk_signal_bits.h"

/* Parabolas over the 10 bits behind the leading one, a row of t for each length of x. */
static inline int16_t thk_signal_gain(uint32_t x, const int16_t *t)
{
    if (x <= 2)
        return t[x];
    const int32_t bits = thk_signal_bits(x);
    const int32_t f = (int32_t)((bits < 11 ? x << (11 - bits) : x >> (bits - 11)) & 0x3ff);
    t += 4 * bits - 6;
    const uint32_t slope = (uint32_t)((t[2] * f) >> 5) + ((uint32_t)t[1] << 5);
    const int32_t v = (int32_t)(slope * (uint32_t)f + 16384);
    return (int16_t)((v >> 15) + t[0]);
}

static void thk_signal_pcan_u32__c99(int32_t n, int32_t shift, const uint32_t *x,
                                     const uint32_t *noise, const int16_t *gain, uint32_t *y)
{
    for (int32_t i = 0; i < n; i++) {
        const uint32_t g = (uint32_t)thk_signal_gain(noise[i], gain);
        const uint32_t s = (uint32_t)(((uint64_t)x[i] * g) >> shift);
        y[i] = s < 8192 ? (s * s) >> 20 : (s >> 6) - 64;
    }
}
