/* SPDX-License-Identifier: Apache-2.0 */
/* The quantized rule is TensorFlow Lite's: an inverse square root by Newton steps in fixed point,
 * rescaled twice. */
#include "ir/ops/common/elementwise.h"
#include "ir/ops/common/invroot.h"

#include <math.h>

static float real(const struct th_inst *c, float x)
{
    (void)c;
    return 1.0f / sqrtf(x);
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
    struct th_multiplier inv = th_inverse_root(v);
    inv.s += 20;
    const int32_t data = th_mbqm(1, inv, single);
    const float product = sqrtf(th_quant_scale(qx, 0)) * th_quant_scale(qy, 0);
    struct th_multiplier out = th_quantize_multiplier(1.0 / (double)product, single);
    out.s -= 20;
    return (int64_t)th_mbqm(data, out, single) + th_quant_zero(qy, 0);
}

TH_EW_REAL64_UNARY(1.0 / sqrt(x))

static const struct th_unary_rule rule = {.real = real, .quant = quant, .real64 = real64};

TH_EW_UNARY(rsqrt, "one over the square root",
            "y = x^(-1/2). Quantized: Newton steps in fixed point; values at or below zero give "
            "the largest result.",
            TH_EW_REAL | TH_DT_QUANTS, NULL, 0);
