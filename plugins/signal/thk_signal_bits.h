/* SPDX-License-Identifier: 0BSD */
#ifndef THK_SIGNAL_BITS_H
#define THK_SIGNAL_BITS_H

#include <stdint.h>

/* Significant bits of x: 0 has none. */
static inline int32_t thk_signal_bits(uint32_t x)
{
    int32_t n = 0;
    for (int32_t s = 16; s > 0; s /= 2)
        if (x >> s) {
            x >>= s;
            n += s;
        }
    return n + (int32_t)x;
}

#endif
