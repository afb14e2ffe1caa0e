/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float x)
{
    (void)c;
    return 1.0f / (1.0f + expf(-x));
}

static int64_t quant8(const struct th_inst *c, int64_t x)
{
    const struct th_type *tx = c->in[0], *ty = &c->out[0];
    const bool single = th_inst_single_rounding(c);
    const struct th_multiplier m =
        th_quantize_multiplier((double)th_quant_scale(tx->quant, 0) * (1 << 27), single);
    const int64_t radius = (int64_t)floor(ldexp(15.0 * (1 << 27), -m.s));
    const int64_t lo = th_dtype_min(ty->dtype), hi = th_dtype_max(ty->dtype);
    const int64_t v = x - th_quant_zero(tx->quant, 0);
    if (v <= -radius)
        return lo;
    if (v >= radius)
        return hi;
    const int32_t a = th_mbqm((int32_t)v, m, single);
    const int32_t p = th_one_over_one_plus(th_exp_on_negative(a < 0 ? a : -a, 4));
    const int32_t y = a == 0 ? 1 << 30 : a < 0 ? INT32_MAX - p : p;
    return th_clamp_i64(th_rdivp2(y, 23) + lo, lo, hi);
}

static int64_t quant16(const struct th_inst *c, int64_t x)
{
    const struct th_sigmoid16 s = th_sigmoid16_make(c, false);
    const int32_t half = s.shift > 0 ? 1 << (s.shift - 1) : 0;
    const int32_t v = (int32_t)((x * s.mult + half) >> s.shift);
    const uint32_t u = (uint32_t)(v < 0 ? -(int64_t)v : v), i = u >> 9;
    uint32_t y = (uint32_t)0x7FFF << 10;
    if (i < 255) {
        const uint32_t a = th_sigmoid_entry((int)i), b = th_sigmoid_entry((int)i + 1);
        y = (a << 9) + (u & 511) * (b - a);
    }
    y = v >= 0 ? y + (1 << 9) : ((uint32_t)1 << 25) - y + (1 << 9) - 1;
    return (int64_t)(y >> 10);
}

static int64_t quant(const struct th_inst *c, int64_t x)
{
    return c->in[0]->dtype == TH_DT_S16 ? quant16(c, x) : quant8(c, x);
}

TH_EW_REAL64_UNARY(1.0 / (1.0 + exp(-x)))

static const struct th_unary_rule rule = {.real = real, .quant = quant,
                                          .real64 = real64,
                                          .out8 = {1.0f / 256, -128},
                                          .out16 = {1.0f / 32768, 0},
                                          .in16_most = TH_SIGMOID16_SCALE};

TH_EW_UNARY(logistic, "logistic sigmoid",
            "y = 1 / (1 + e^-x). 8-bit: Q4.27 exponential and reciprocal in fixed point, result "
            "in steps of 1/256 from the type's minimum. 16-bit: a table of 256 entries, "
            "interpolated.",
            TH_EW_REAL | TH_DT_QUANTS, NULL, 0);
