/* SPDX-License-Identifier: 0BSD */
/* Squashing functions in 16-bit fixed point. */
#ifndef THK_FIXED16_H
#define THK_FIXED16_H

#include "thk_requant.h"

static inline int16_t thk_srdhm16(int16_t a, int16_t b)
{
    const int32_t p = (int32_t)a * b;
    if (a == INT16_MIN && b == INT16_MIN)
        return INT16_MAX;
    return (int16_t)((p + (p >= 0 ? 1 << 14 : 1 - (1 << 14))) / (1 << 15));
}

static inline int16_t thk_shl16(int16_t v, int32_t e)
{
    return (int16_t)thk_clamp((int32_t)v * (1 << e), INT16_MIN, INT16_MAX);
}

/* exp(a) for a <= 0 in Q(bits).(15-bits), bits <= 6; the result is Q0.15. */
static inline int16_t thk_exp16(int16_t a, int32_t bits)
{
    /* exp(-2^k), k = -2 .. 4, Q0.15 */
    static const int16_t factor[7] = {25520, 19875, 12055, 4435, 600, 11, 0};
    const int32_t fraction = 15 - bits, quarter = 1 << (fraction - 2);
    if (a == 0)
        return INT16_MAX;
    if (bits > 5 && a < -(1 << (fraction + 5)))
        return 0;
    const int32_t rest = (a & (quarter - 1)) - quarter, steps = rest - a;
    const int16_t x = (int16_t)(thk_shl16((int16_t)rest, bits) + (1 << 12));
    const int16_t x2 = thk_srdhm16(x, x), x3 = thk_srdhm16(x2, x), x4 = thk_srdhm16(x2, x2);
    const int16_t sum = (int16_t)(thk_rdivp2(x4, 2) + x3);
    const int16_t tail = (int16_t)thk_rdivp2((int16_t)(thk_srdhm16(sum, 10923) + x2), 1);
    int32_t y = 28918 + thk_srdhm16(28918, (int16_t)(x + tail));
    y = y > INT16_MAX ? INT16_MAX : y;
    for (int32_t k = 0; k < 7; k++)
        if (bits > k - 2 && (steps >> (fraction + k - 2) & 1))
            y = thk_srdhm16((int16_t)y, factor[k]);
    return (int16_t)y;
}

/* 1 / (1/2 + x/2) in Q2.13, x in [0, 1) Q0.15. */
static inline int16_t thk_reciprocal16(int16_t x)
{
    const int16_t d = (int16_t)((x + 32768) / 2);
    int16_t y = (int16_t)(23130 + thk_srdhm16(d, -15420));
    for (int32_t i = 0; i < 3; i++) {
        const int16_t error = (int16_t)((1 << 13) - thk_srdhm16(d, y));
        y = (int16_t)(y + thk_shl16(thk_srdhm16(y, error), 2));
    }
    return y;
}

static inline int16_t thk_logistic_fixed16(int16_t a, int32_t bits)
{
    if (a == 0)
        return 1 << 14;
    const int16_t e = thk_exp16(a > 0 ? (int16_t)-a : a, bits);
    const int16_t y = thk_shl16(thk_reciprocal16(e), 1);
    return a > 0 ? y : (int16_t)(INT16_MAX - y);
}

static inline int16_t thk_tanh_fixed16(int16_t a, int32_t bits)
{
    if (a == 0)
        return 0;
    /* Twice the argument: the same bits with one more integer bit. */
    const int16_t e = thk_exp16(a > 0 ? (int16_t)-a : a, bits + 1);
    const int16_t y = thk_shl16((int16_t)(thk_reciprocal16(e) - (1 << 13)), 2);
    return a > 0 ? y : (int16_t)-y;
}

#endif
