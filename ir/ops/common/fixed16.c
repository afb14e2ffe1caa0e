/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/fixed16.h"

#include <thimble/numeric.h>

static int16_t saturate(int32_t v)
{
    return (int16_t)th_clamp_i64(v, INT16_MIN, INT16_MAX);
}

static int16_t shl(int16_t v, int e)
{
    return saturate(th_sat_shl(v, e));
}

/* A constant given in 32 bits, rounded to 16. */
static int16_t narrow(int32_t v)
{
    return (int16_t)th_rdivp2(v, 16);
}

/* exp(a) for a in (-1/4, 0], Q0.15. */
static int16_t exp_small(int16_t a)
{
    const int16_t exp_eighth = narrow(1895147668), third = narrow(715827883);
    const int16_t x = (int16_t)(a + (1 << 12));
    const int16_t x2 = th_srdhm16(x, x), x3 = th_srdhm16(x2, x), x4 = th_srdhm16(x2, x2);
    const int16_t sum = (int16_t)(th_rdivp2(x4, 2) + x3);
    const int16_t tail = (int16_t)th_rdivp2((int16_t)(th_srdhm16(sum, third) + x2), 1);
    return saturate(exp_eighth + th_srdhm16(exp_eighth, (int16_t)(x + tail)));
}

static int16_t exp_on_negative(int16_t a, int integer_bits)
{
    /* exp(-2^k), k = -2 .. 4, Q0.31 */
    static const int32_t factors[] = {1672461947, 1302514674, 790015084, 290630308,
                                      39332535,   720401,     242};
    const int fraction_bits = 15 - integer_bits;
    if (a == 0)
        return INT16_MAX;
    if (integer_bits > 5 && a < -(1 << (fraction_bits + 5)))
        return 0;
    const int32_t quarter = 1 << (fraction_bits - 2);
    const int32_t rest = (int32_t)((uint32_t)(int32_t)a & (uint32_t)(quarter - 1)) - quarter;
    const uint32_t steps = (uint32_t)rest - (uint32_t)(int32_t)a;
    int16_t result = exp_small(shl((int16_t)rest, integer_bits));
    for (int k = -2; k <= 4; k++)
        if (integer_bits > k && (steps >> (fraction_bits + k) & 1))
            result = th_srdhm16(result, narrow(factors[k + 2]));
    return result;
}

/* 1 / (1/2 + x/2) in Q2.13 by three Newton steps, x in [0, 1) Q0.15. */
static int16_t reciprocal_of_half_sum(int16_t x)
{
    const int16_t d = (int16_t)((x + INT16_MAX + 1) / 2);
    int16_t y = (int16_t)(narrow(1515870810) + th_srdhm16(d, narrow(-1010580540)));
    for (int i = 0; i < 3; i++) {
        const int16_t error = (int16_t)((1 << 13) - th_srdhm16(d, y));
        y = (int16_t)(y + shl(th_srdhm16(y, error), 2));
    }
    return y;
}

int16_t th_fixed16_logistic(int16_t a, int integer_bits)
{
    if (a == 0)
        return 1 << 14;
    const int16_t negative = a > 0 ? (int16_t)-a : a;
    const int16_t e = exp_on_negative(negative, integer_bits);
    const int16_t positive = shl(reciprocal_of_half_sum(e), 1);
    return a > 0 ? positive : (int16_t)(INT16_MAX - positive);
}

int16_t th_fixed16_tanh(int16_t a, int integer_bits)
{
    if (a == 0)
        return 0;
    const int16_t negative = a > 0 ? (int16_t)-a : a;
    /* Twice the argument: the same bits with one more integer bit. */
    const int16_t e = exp_on_negative(negative, integer_bits + 1);
    const int16_t t = shl((int16_t)(reciprocal_of_half_sum(e) - (1 << 13)), 2);
    return a > 0 ? t : (int16_t)-t;
}
