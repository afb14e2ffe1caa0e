/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float x)
{
    (void)c;
    return fabsf(x);
}

static int64_t integer(const struct th_inst *c, int64_t x)
{
    const uint64_t u = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
    return c->out[0].dtype == TH_DT_S64 ? (int64_t)u : (int32_t)(uint32_t)u;
}

static int64_t quant(const struct th_inst *c, int64_t x)
{
    const struct th_quant *qx = c->in[0]->quant, *qy = c->out[0].quant;
    const float sx = th_quant_scale(qx, 0), sy = th_quant_scale(qy, 0);
    int64_t v = x - th_quant_zero(qx, 0);
    v = v < 0 ? -v : v;
    if (sx != sy) {
        const bool single = th_inst_single_rounding(c);
        v = th_mbqm((int32_t)v, th_quantize_multiplier(sx / sy, single), single);
    }
    return v + th_quant_zero(qy, 0);
}

TH_EW_REAL64_UNARY(fabs(x))

static const struct th_unary_rule rule = {
    .real = real, .integer = integer, .quant = quant, .real64 = real64};

TH_EW_UNARY(abs, "absolute value",
            "y = |x|. Quantized: the distance from the zero point, rescaled when the scales "
            "differ.",
            TH_EW_NUMBER & ~TH_DT_BIT(TH_DT_U64), NULL, 0);
