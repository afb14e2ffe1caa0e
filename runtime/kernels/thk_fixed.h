/* SPDX-License-Identifier: 0BSD */
/* Fixed-point functions on Q numbers, exact to the contracts of softmax, logistic and tanh. */
#ifndef THK_FIXED_H
#define THK_FIXED_H

#include "thk_requant.h"

/* x * 2^e, saturated. */
static inline int32_t thk_sat_shl(int32_t x, int32_t e)
{
    const int32_t max = (int32_t)(((int64_t)1 << (31 - e)) - 1);
    if (x > max)
        return INT32_MAX;
    if (x < -max)
        return INT32_MIN;
    return (int32_t)((uint32_t)x << e);
}

/* exp(a) for a <= 0 in Q5.26; the result is Q0.31. */
static inline int32_t thk_exp_q5(int32_t a)
{
    static const int32_t factor[7] = {1672461947, 1302514674, 790015084, 290630308,
                                      39332535,   720401,     242};
    const int32_t quarter = 1 << 24;
    const int32_t rest = (a & (quarter - 1)) - quarter;
    const int32_t steps = rest - a;
    const int32_t x = (int32_t)((uint32_t)rest << 5) + (1 << 28);
    const int32_t x2 = thk_srdhm(x, x), x3 = thk_srdhm(x2, x), x4 = thk_srdhm(x2, x2);
    const int32_t t = thk_rdivp2(thk_srdhm(thk_rdivp2(x4, 2) + x3, 715827883) + x2, 1);
    int32_t y = 1895147668 + thk_srdhm(1895147668, x + t);
    for (int32_t i = 0; i < 7; i++)
        if (steps & (int32_t)((uint32_t)quarter << i))
            y = thk_srdhm(y, factor[i]);
    return a == 0 ? INT32_MAX : y;
}

/* 1 / (1 + x) for x in [0, 1); both Q0.31. */
static inline int32_t thk_one_over_one_plus(int32_t x)
{
    const int64_t sum = (int64_t)x + INT32_MAX;
    const int32_t half = (int32_t)((sum + (sum >= 0 ? 1 : -1)) / 2);
    int32_t y = 1515870810 + thk_srdhm(half, -1010580540);
    for (int32_t i = 0; i < 3; i++)
        y += thk_sat_shl(thk_srdhm(y, (1 << 29) - thk_srdhm(half, y)), 2);
    return thk_sat_shl(y, 1);
}

/* Zero bits above the highest set bit of v > 0. */
static inline int32_t thk_clz(uint32_t v)
{
    int32_t n = 0;
    for (uint32_t bit = 0x80000000u; bit && !(v & bit); bit >>= 1)
        n++;
    return n;
}

#endif
