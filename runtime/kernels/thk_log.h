/* SPDX-License-Identifier: 0BSD */
/* The natural logarithm in fixed point, exact to the contract of log-softmax. */
#ifndef THK_LOG_H
#define THK_LOG_H

#include "thk_fixed.h"

static inline int32_t thk_wrap_add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t thk_sat_add(int32_t a, int32_t b)
{
    const int64_t v = (int64_t)a + b;
    return v < INT32_MIN ? INT32_MIN : v > INT32_MAX ? INT32_MAX : (int32_t)v;
}

/* x * 2^e saturated, also for e <= 0 (x itself). */
static inline int32_t thk_shl(int32_t x, int32_t e)
{
    return e <= 0 ? x : thk_sat_shl(x, e > 31 ? 31 : e);
}

/* log z of z >= 1 in Q12.19, result Q5.26: z is r * 2^n in two ways, the smaller r is taken, and
 * a rational approximation gives log r. */
static inline int32_t thk_log_q12(int32_t z)
{
    const int32_t root4_half = 1805811301, root_half = 1518500250;
    const int32_t quarter = thk_rdivp2(536870912, 6);
    const int32_t above_a = z > 0 ? thk_clz((uint32_t)z) : z == 0 ? 32 : 0;
    const int32_t r_a = thk_sat_shl(thk_srdhm(thk_shl(z, above_a - 1), root_half), 1);
    const int32_t n_a = thk_sat_add(thk_shl(12 - above_a, 25), quarter);
    const int32_t z_b = thk_srdhm(z, root_half);
    const int32_t above_b = (z_b > 0 ? thk_clz((uint32_t)z_b) : z_b == 0 ? 32 : 0) - 1;
    const int32_t r_b = thk_shl(z, above_b);
    const int32_t n_b = thk_sat_add(thk_shl(12 - above_b, 25), -quarter);
    const int32_t r = r_a < r_b ? r_a : r_b, n = n_a > n_b ? n_a : n_b;
    const int64_t sum = (int64_t)r + root4_half;
    const int32_t p = (int32_t)((sum + (sum >= 0 ? 1 : -1)) / 2);
    int32_t q = thk_wrap_add(r, -root4_half);
    q = thk_wrap_add(q, q);
    const int32_t square = thk_srdhm(q, q);
    const int32_t num =
        thk_wrap_add(thk_srdhm(q, r), thk_srdhm(thk_srdhm(q, square), 117049297));
    const int32_t inner =
        thk_wrap_add(thk_wrap_add(1057819769, q), thk_srdhm(127690142, square));
    const int32_t denominator = thk_wrap_add(thk_srdhm(p, inner), thk_srdhm(638450708, q));
    const int32_t quotient = thk_srdhm(thk_rdivp2(num, 6), thk_one_over_one_plus(denominator));
    return thk_shl(thk_wrap_add(thk_srdhm(n, 1488522236), quotient), 1);
}

#endif
