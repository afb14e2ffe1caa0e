/* SPDX-License-Identifier: 0BSD */
/* Weights of four bits: two to a byte, the first in the low bits, two's complement. */
#ifndef THK_S4_H
#define THK_S4_H

#include <stddef.h>
#include <stdint.h>

static inline int32_t thk_s4_at(const uint8_t *w, ptrdiff_t i)
{
    const int32_t nibble = (w[i >> 1] >> ((i & 1) * 4)) & 15;
    return (nibble ^ 8) - 8;
}

#endif
