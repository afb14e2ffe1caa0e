/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float x)
{
    (void)c;
    return tanhf(x);
}

static int64_t quant8(const struct th_inst *c, int64_t x)
{
    const struct th_type *tx = c->in[0], *ty = &c->out[0];
    const bool single = th_inst_single_rounding(c);
    const struct th_multiplier m =
        th_quantize_multiplier((double)th_quant_scale(tx->quant, 0) * (1 << 27), single);
    const int64_t radius = (int64_t)floor(ldexp(15.0 * (1 << 27), -m.s));
    const int64_t lo = th_dtype_min(ty->dtype), hi = th_dtype_max(ty->dtype);
    const int64_t middle = lo + 128;
    const int64_t v = x - th_quant_zero(tx->quant, 0);
    if (v <= -radius)
        return lo;
    if (v >= radius)
        return hi;
    /* The same bits read as Q5.26 are twice the number. */
    const int32_t a = th_mbqm((int32_t)v, m, single);
    const int32_t t = th_one_minus_over_one_plus(th_exp_on_negative(a < 0 ? a : -a, 5));
    const int32_t y = a == 0 ? 0 : a < 0 ? -t : t;
    return th_clamp_i64(th_rdivp2(y, 24) + middle, lo, hi);
}

static int64_t quant16(const struct th_inst *c, int64_t x)
{
    const struct th_sigmoid16 s = th_sigmoid16_make(c, true);
    const int32_t half = s.shift > 0 ? 1 << (s.shift - 1) : 0;
    const int32_t v = (int32_t)((x * s.mult + half) >> s.shift);
    const uint32_t u = (uint32_t)(v < 0 ? -(int64_t)v : v), i = u >> 8;
    int32_t y = 0xFFFF << 8;
    if (i < 255) {
        const int32_t a = th_sigmoid_entry((int)i), b = th_sigmoid_entry((int)i + 1);
        y = a * 256 + (int32_t)(u & 255) * (b - a);
    }
    y = v >= 0 ? y - (1 << 23) + (1 << 7) : -y + (1 << 23) + (1 << 7) - 1;
    return y >> 8;
}

static int64_t quant(const struct th_inst *c, int64_t x)
{
    return c->in[0]->dtype == TH_DT_S16 ? quant16(c, x) : quant8(c, x);
}

TH_EW_REAL64_UNARY(tanh(x))

static const struct th_unary_rule rule = {.real = real, .quant = quant,
                                          .real64 = real64,
                                          .out8 = {1.0f / 128, 0},
                                          .out16 = {1.0f / 32768, 0},
                                          .in16_most = TH_SIGMOID16_SCALE};

TH_EW_UNARY(tanh, "hyperbolic tangent",
            "y = tanh x. 8-bit: Q4.27 exponential and quotient in fixed point, result in steps of "
            "1/128. 16-bit: from the sigmoid's table of 256 entries, interpolated.",
            TH_EW_REAL | TH_DT_QUANTS, NULL, 0);
