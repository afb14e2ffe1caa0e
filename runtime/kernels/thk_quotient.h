/* SPDX-License-Identifier: 0BSD */
/* Quantized quotients by a fixed-point reciprocal. */
#ifndef THK_QUOTIENT_H
#define THK_QUOTIENT_H

#include "thk_elementwise.h"
#include "thk_fixed.h"

static inline int32_t thk_scaled(int32_t x, int32_t m, int32_t s, int32_t single)
{
    if (single)
        return s < -31 ? 0 : thk_mbqm_single(x, m, s > 30 ? 30 : s);
    return s < -31 ? 0 : thk_mbqm(x, m, s);
}

/* x / y times m * 2^(s - 31), y not 0. */
static inline int32_t thk_quotient(int32_t x, int32_t y, int32_t m, int32_t s, int32_t single)
{
    if (y < 0) {
        x = -x;
        y = -y;
    }
    const int32_t zeros = thk_clz((uint32_t)y);
    const int32_t rest = (int32_t)(((uint32_t)y << zeros) - 0x80000000u);
    const uint32_t size = (uint32_t)(x < 0 ? ~x : x);
    const int32_t room = size == 0 ? 31 : thk_clz(size) - 1;
    const int32_t q = thk_scaled(x, thk_one_over_one_plus(rest), room, single);
    return thk_scaled(q, m, s - (31 - zeros) - room, single);
}

#endif
