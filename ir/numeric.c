/* SPDX-License-Identifier: Apache-2.0 */
#include "thimble/numeric.h"

#include "thimble/ir.h"

#include <math.h>

struct th_multiplier th_quantize_multiplier(double real, bool single_rounding)
{
    struct th_multiplier q = {0, 0};
    int exponent;
    if (!(real > 0) || !isfinite(real))
        return q;
    const double fraction = frexp(real, &exponent);
    int64_t m = (int64_t)round(fraction * 2147483648.0);
    if (m == (int64_t)1 << 31) {
        m /= 2;
        exponent++;
    }
    if (exponent < -31)
        return q;
    if (single_rounding && exponent > 30) {
        exponent = 30;
        m = INT32_MAX;
    }
    q.m = (int32_t)m;
    q.s = exponent;
    return q;
}

int32_t th_srdhm(int32_t a, int32_t b)
{
    if (a == INT32_MIN && b == INT32_MIN)
        return INT32_MAX;
    const int64_t p = (int64_t)a * b;
    return (int32_t)((p + ((int64_t)1 << 30)) >> 31);
}

int16_t th_srdhm16(int16_t a, int16_t b)
{
    if (a == INT16_MIN && b == INT16_MIN)
        return INT16_MAX;
    /* Written as the division it is defined by: a tie of a negative product goes up only because
     * the nudge is asymmetric. */
    const int32_t p = (int32_t)a * b;
    const int32_t nudge = p >= 0 ? 1 << 14 : 1 - (1 << 14);
    return (int16_t)((p + nudge) / (1 << 15));
}

int32_t th_rdivp2(int32_t x, int e)
{
    if (e <= 0)
        return x;
    if (e > 31)
        return 0;
    const int64_t mask = ((int64_t)1 << e) - 1;
    const int64_t rest = (int64_t)x & mask;
    const int64_t limit = (mask >> 1) + (x < 0);
    return (int32_t)(((int64_t)x >> e) + (rest > limit));
}

int32_t th_sat_shl(int32_t x, int e)
{
    if (e <= 0 || x == 0)
        return x;
    if (e > 31)
        e = 31;
    return (int32_t)th_clamp_i64((int64_t)x * ((int64_t)1 << e), INT32_MIN, INT32_MAX);
}

/* x * 2^e modulo 2^32, as two's complement hardware does it. */
static int32_t wrapping_shl(int32_t x, int e)
{
    if (e >= 32)
        return 0;
    return (int32_t)((uint32_t)x << e);
}

int32_t th_mbqm(int32_t x, struct th_multiplier q, bool single_rounding)
{
    if (single_rounding) {
        int shift = 31 - q.s;
        if (shift < 1)
            shift = 1;
        if (shift > 62)
            return 0;
        return (int32_t)(((int64_t)x * q.m + ((int64_t)1 << (shift - 1))) >> shift);
    }
    const int left = q.s > 0 ? q.s : 0, right = q.s > 0 ? 0 : -q.s;
    return th_rdivp2(th_srdhm(wrapping_shl(x, left), q.m), right);
}

struct th_multiplier16 th_multiplier16_make(struct th_multiplier q)
{
    const int shift = 15 - q.s;
    if (shift > 62)
        return (struct th_multiplier16){0, 1};
    return (struct th_multiplier16){
        .m = (int16_t)(q.m < 0x7FFF0000 ? (q.m + (1 << 15)) >> 16 : 0x7FFF),
        .shift = (uint8_t)(shift < 1 ? 1 : shift)};
}

int32_t th_mbqm64(int64_t x, struct th_multiplier q)
{
    const struct th_multiplier16 k = th_multiplier16_make(q);
    /* Unsigned: beyond |x| < 2^47 the product wraps instead of being undefined. */
    const uint64_t p = (uint64_t)x * (uint64_t)(int64_t)k.m + ((uint64_t)1 << (k.shift - 1));
    return (int32_t)((int64_t)p >> k.shift);
}

/* exp(a) for a in (-1/4, 0], Q0.31: Taylor series around -1/8. */
static int32_t exp_small(int32_t a)
{
    const int32_t exp_eighth = 1895147668, third = 715827883;
    const int32_t x = a + (1 << 28);
    const int32_t x2 = th_srdhm(x, x), x3 = th_srdhm(x2, x), x4 = th_srdhm(x2, x2);
    const int32_t tail = th_rdivp2(th_srdhm(th_rdivp2(x4, 2) + x3, third) + x2, 1);
    return exp_eighth + th_srdhm(exp_eighth, x + tail);
}

int32_t th_exp_on_negative(int32_t a, int integer_bits)
{
    /* exp(-2^k), k = -2 .. 4, Q0.31 */
    static const int32_t factors[] = {1672461947, 1302514674, 790015084, 290630308,
                                      39332535,   720401,     242};
    const int fraction_bits = 31 - integer_bits;
    if (a == 0)
        return INT32_MAX;
    if (integer_bits > 5 && a < -((int32_t)1 << (fraction_bits + 5)))
        return 0;
    const int32_t quarter = (int32_t)1 << (fraction_bits - 2);
    const int32_t rest = (int32_t)((uint32_t)a & (uint32_t)(quarter - 1)) - quarter;
    const uint32_t steps = (uint32_t)rest - (uint32_t)a;
    int32_t result = exp_small(th_sat_shl(rest, integer_bits));
    for (int k = -2; k <= 4; k++)
        if (integer_bits > k && (steps >> (fraction_bits + k) & 1))
            result = th_srdhm(result, factors[k + 2]);
    return result;
}

/* 1 / (1/2 + x/2) in Q2.29 by three Newton steps, x in [0, 1) Q0.31. */
static int32_t reciprocal_of_half_sum(int32_t x)
{
    const int32_t d = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
    int32_t y = 1515870810 + th_srdhm(d, -1010580540);
    for (int i = 0; i < 3; i++) {
        const int32_t error = (1 << 29) - th_srdhm(d, y);
        y = (int32_t)((uint32_t)y + (uint32_t)th_sat_shl(th_srdhm(y, error), 2));
    }
    return y;
}

int32_t th_one_over_one_plus(int32_t x)
{
    return th_sat_shl(reciprocal_of_half_sum(x), 1);
}

int32_t th_one_minus_over_one_plus(int32_t x)
{
    return th_sat_shl(reciprocal_of_half_sum(x) - (1 << 29), 2);
}

int64_t th_round_away(double x, int64_t lo, int64_t hi)
{
    if (isnan(x))
        return lo;
    const double r = round(x);
    if (r <= (double)lo)
        return lo;
    return r >= (double)hi ? hi : (int64_t)r;
}

int64_t th_round_even(double x, int64_t lo, int64_t hi)
{
    if (isnan(x))
        return lo;
    const double floor_x = floor(x), rest = x - floor_x;
    double r = floor_x;
    if (rest > 0.5 || (rest == 0.5 && fmod(floor_x, 2.0) != 0.0))
        r += 1;
    if (r <= (double)lo)
        return lo;
    return r >= (double)hi ? hi : (int64_t)r;
}

/* Quantized form of one activation bound: the division is a float one, as the contract says. */
static int64_t quantized_bound(const struct th_type *out, double bound)
{
    const float q = roundf((float)bound / th_quant_scale(out->quant, 0));
    const double limit = 2147483647.0;
    const int64_t steps = q >= limit ? INT32_MAX : q <= -limit ? -INT32_MAX : (int64_t)q;
    return th_quant_zero(out->quant, 0) + steps;
}

void th_activation_bounds(const struct th_type *out, double act_min, double act_max, int32_t *lo,
                          int32_t *hi)
{
    const int64_t type_lo = th_clamp_i64(th_dtype_min(out->dtype), INT32_MIN, INT32_MAX);
    const int64_t type_hi = th_clamp_i64(th_dtype_max(out->dtype), INT32_MIN, INT32_MAX);
    int64_t a = type_lo, b = type_hi;
    if (isfinite(act_min))
        a = th_clamp_i64(quantized_bound(out, act_min), type_lo, type_hi);
    if (isfinite(act_max))
        b = th_clamp_i64(quantized_bound(out, act_max), type_lo, type_hi);
    *lo = (int32_t)a;
    *hi = (int32_t)(b < a ? a : b);
}

uint32_t th_half_widen(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = (half >> 10) & 31u, mantissa = half & 0x3ffu;

    if (exponent == 31)
        return sign | 0x7f800000u | mantissa << 13;
    if (exponent == 0) {
        if (mantissa == 0)
            return sign;
        exponent = 1;
        while ((mantissa & 0x400u) == 0) {
            mantissa <<= 1;
            exponent--;             /* wraps below zero; the bias below brings it back */
        }
        mantissa &= 0x3ffu;
    }
    return sign | (exponent + 112u) << 23 | mantissa << 13;
}
