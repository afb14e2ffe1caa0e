/* SPDX-License-Identifier: 0BSD */
/* Numbers of sixteen bits (IEEE 754 binary16), widened. Exact. */
#ifndef THK_HALF_H
#define THK_HALF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline float thk_half_at(const uint16_t *w, ptrdiff_t i)
{
    const uint32_t rest = w[i] & 0x7FFFu, sign = (uint32_t)(w[i] & 0x8000u) << 16;
    uint32_t bits = (rest << 13) + 0x38000000u;
    float f;
    if (rest < 0x0400u) {
        f = (float)(int32_t)rest * 0x1p-24f;
        return sign ? -f : f;
    }
    if (rest >= 0x7C00u)
        bits += 0x38000000u;
    bits |= sign;
    memcpy(&f, &bits, sizeof f);
    return f;
}

#endif
