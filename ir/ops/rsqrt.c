/* SPDX-License-Identifier: Apache-2.0 */
/* The quantized rule is TensorFlow Lite's: an inverse square root by Newton steps in fixed point,
 * rescaled twice. */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float x)
{
    (void)c;
    return 1.0f / sqrtf(x);
}

/* Product of Q(a) and Q(b) fixed-point numbers is Q(a+b) by srdhm; this brings Q(from) raw values
 * to Q3, saturating. */
static int32_t to_q3(int32_t raw, int from)
{
    return th_sat_shl(raw, from - 3);
}

/* 1/sqrt(v) = m * 2^(-shift - 31) for v > 1. */
static struct th_multiplier inverse_root(int32_t v)
{
    if (v <= 1)
        return (struct th_multiplier){INT32_MAX, 0};
    int shift = 11;
    while (v >= 1 << 29) {
        v /= 4;
        shift++;
    }
    const int pairs = (__builtin_clz((unsigned)v) - 1) / 2 - 1;
    shift -= pairs;
    v <<= 2 * pairs;
    const int32_t in = v >> 1, half = th_rdivp2(in, 1), three_halves = (1 << 28) + (1 << 27);
    int32_t x = 1 << 28;
    for (int i = 0; i < 5; i++) {
        const int32_t cube = to_q3(th_srdhm(th_srdhm(x, x), x), 9);
        x = to_q3(th_srdhm(three_halves, x) - th_srdhm(half, cube), 6);
    }
    const int32_t half_root_two = 1518500250;
    x = th_srdhm(x, half_root_two);
    if (shift < 0) {
        x = th_sat_shl(x, -shift);
        shift = 0;
    }
    return (struct th_multiplier){x, -shift};
}

static int64_t quant(const struct th_inst *c, int64_t x)
{
    const struct th_quant *qx = c->in[0]->quant, *qy = c->out[0].quant;
    const int64_t hi = th_dtype_max(c->out[0].dtype);
    const bool single = th_inst_single_rounding(c);
    const int32_t v = (int32_t)(x - th_quant_zero(qx, 0));
    /* Below zero there is no root: the largest value stands for it, as for zero. */
    if (v <= 0)
        return hi;
    struct th_multiplier inv = inverse_root(v);
    inv.s += 20;
    const int32_t data = th_mbqm(1, inv, single);
    const float product = sqrtf(th_quant_scale(qx, 0)) * th_quant_scale(qy, 0);
    struct th_multiplier out = th_quantize_multiplier(1.0 / (double)product, single);
    out.s -= 20;
    return (int64_t)th_mbqm(data, out, single) + th_quant_zero(qy, 0);
}

static const struct th_unary_rule rule = {.real = real, .quant = quant};

TH_EW_UNARY(rsqrt, "one over the square root",
            "y = x^(-1/2). Quantized: Newton steps in fixed point; values at or below zero give "
            "the largest result.",
            TH_EW_FLOAT | TH_DT_QUANTS, NULL, 0);
