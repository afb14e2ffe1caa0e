/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float a, float b)
{
    (void)c;
    return a / b;
}

/* Truncated; a quotient by zero is zero, and the one that overflows wraps. */
static int64_t integer(const struct th_inst *c, int64_t a, int64_t b)
{
    (void)c;
    if (b == 0)
        return 0;
    return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

/* By a fixed-point reciprocal of the divisor, brought to [1/2, 1) first. */
static int64_t quant(const struct th_binary_quant *q, int64_t a, int64_t b)
{
    int32_t x = (int32_t)(a - q->za), y = (int32_t)(b - q->zb);
    if (y == 0)
        return x > 0 ? q->hi : x < 0 ? q->lo : th_clamp_i64(q->zo, q->lo, q->hi);
    if (y < 0) {
        x = -x;
        y = -y;
    }
    const int zeros = __builtin_clz((unsigned)y);
    const int32_t fraction = (int32_t)(((uint32_t)y << zeros) - ((uint32_t)1 << 31));
    const int headroom = x == 0 || x == -1 ? 31 : __builtin_clz((unsigned)(x < 0 ? ~x : x)) - 1;
    const struct th_multiplier inverse = {th_one_over_one_plus(fraction), headroom};
    const int32_t quotient = th_mbqm(x, inverse, q->single);
    struct th_multiplier out = q->out;
    out.s -= 31 - zeros + headroom;
    return th_clamp_i64((int64_t)th_mbqm(quotient, out, q->single) + q->zo, q->lo, q->hi);
}

TH_EW_REAL64_BINARY(a / b)
TH_EW_NATURAL(b == 0 ? 0 : a / b)

static const struct th_binary_rule rule = {
    .real = real, .integer = integer, .quant = quant, .prepare = th_quant_div, .clamp = true,
    .real64 = real64, .natural = natural};
static const struct th_attr_spec attrs[] = {TH_EW_ACT_ATTRS, TH_EW_END};

TH_EW_BINARY(div, "a divided by b",
             "Quantized: times a fixed-point reciprocal; a divisor of zero gives the bound of the "
             "dividend's sign. Integers without scales are truncated, and zero when the divisor "
             "is.",
             TH_EW_NUMBER, attrs, 0);
