/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float a, float b)
{
    (void)c;
    return a * b;
}

static int64_t integer(const struct th_inst *c, int64_t a, int64_t b)
{
    (void)c;
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

static int64_t quant(const struct th_binary_quant *q, int64_t a, int64_t b)
{
    const int32_t product = (int32_t)((a - q->za) * (b - q->zb));
    if (q->even) {
        const float scaled = (float)product * q->factor;
        return th_clamp_i64(th_round_even(scaled, INT32_MIN, INT32_MAX) + q->zo, q->lo, q->hi);
    }
    return th_clamp_i64((int64_t)th_mbqm(product, q->out, q->single) + q->zo, q->lo, q->hi);
}

TH_EW_REAL64_BINARY(a * b)

static const struct th_binary_rule rule = {
    .real = real, .integer = integer, .quant = quant, .prepare = th_quant_mul, .clamp = true,
    .onnx = true,
    .real64 = real64};
static const struct th_attr_spec attrs[] = {TH_EW_ACT_ATTRS, TH_EW_END};

TH_EW_BINARY(mul, "a times b",
             "Quantized: the product of the distances from the zero points, rescaled. Integers "
             "without scales wrap.",
             TH_EW_NUMBER, attrs, TH_TRAIT_COMMUTATIVE);
