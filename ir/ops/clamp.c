/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float x)
{
    const float lo = (float)th_inst_float(c, "act_min"), hi = (float)th_inst_float(c, "act_max");
    return x < lo ? lo : x > hi ? hi : x;
}

static double real64(const struct th_inst *c, double x)
{
    const double lo = th_inst_float(c, "act_min"), hi = th_inst_float(c, "act_max");
    return x < lo ? lo : x > hi ? hi : x;
}

static int64_t integer(const struct th_inst *c, int64_t x)
{
    const enum th_dtype dt = c->out[0].dtype;
    const int64_t lo = th_round_away(th_inst_float(c, "act_min"), th_dtype_min(dt),
                                     th_dtype_max(dt));
    const int64_t hi = th_round_away(th_inst_float(c, "act_max"), th_dtype_min(dt),
                                     th_dtype_max(dt));
    return th_clamp_i64(x, lo, hi);
}

static int64_t quant(const struct th_inst *c, int64_t x)
{
    const struct th_quant *qx = c->in[0]->quant, *qy = c->out[0].quant;
    const bool single = th_inst_single_rounding(c);
    const float ratio = th_quant_scale(qx, 0) / th_quant_scale(qy, 0);
    int32_t lo, hi;
    th_activation_bounds(&c->out[0], th_inst_float(c, "act_min"), th_inst_float(c, "act_max"),
                         &lo, &hi);
    const int64_t y = th_mbqm((int32_t)(x - th_quant_zero(qx, 0)),
                              th_quantize_multiplier(ratio, single), single);
    return th_clamp_i64(y + th_quant_zero(qy, 0), lo, hi);
}

static const struct th_unary_rule rule = {
    .real = real, .real64 = real64, .integer = integer, .quant = quant};
static const struct th_attr_spec attrs[] = {TH_EW_ACT_ATTRS, TH_EW_END};

TH_EW_UNARY(clamp, "x held between two bounds",
            "The rectifiers: [0, inf), [0, 6], [-1, 1], [0, 1]. Quantized: rescaled, then held "
            "between the integer images of the bounds.",
            TH_EW_NUMBER & ~TH_DT_BIT(TH_DT_U64), attrs, 0);
