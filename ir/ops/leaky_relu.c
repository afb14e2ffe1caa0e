/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float x)
{
    return x > 0.0f ? x : x * (float)th_inst_float(c, "alpha");
}

static int64_t quant(const struct th_inst *c, int64_t x)
{
    const struct th_quant *qx = c->in[0]->quant, *qy = c->out[0].quant;
    const float sx = th_quant_scale(qx, 0), sy = th_quant_scale(qy, 0);
    const bool single = th_inst_single_rounding(c);
    const int32_t v = (int32_t)(x - th_quant_zero(qx, 0));
    if (v >= 0)
        return th_mbqm(v, th_quantize_multiplier(sx / sy, single), single) +
               th_quant_zero(qy, 0);
    const float slope = sx * (float)th_inst_float(c, "alpha");
    const float ratio = slope / sy;
    const int32_t y = th_mbqm(v, th_quantize_multiplier(fabsf(ratio), single), single);
    return (ratio < 0.0f ? -(int64_t)y : y) + th_quant_zero(qy, 0);
}

static const struct th_unary_rule rule = {.real = real, .quant = quant};
static const struct th_attr_spec attrs[] = {{.name = "alpha", .kind = TH_ATTR_FLOAT,
                                             .required = true, .min = 1,
                                             .doc = "slope below zero"},
                                            TH_EW_END};

TH_EW_UNARY(leaky_relu, "x, with another slope below zero",
            "y = x above zero, alpha x below. Quantized: each side is rescaled with its own "
            "multiplier.",
            TH_EW_FLOAT | TH_DT_QUANTS, attrs, 0);
