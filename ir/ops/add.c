/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float a, float b)
{
    (void)c;
    return a + b;
}

static int64_t integer(const struct th_inst *c, int64_t a, int64_t b)
{
    (void)c;
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t quant(const struct th_binary_quant *q, int64_t a, int64_t b)
{
    if (q->even)
        return th_ew_even_sum(q, a, b);
    if (q->pot)
        return th_clamp_i64(th_clamp_i64((int64_t)th_rdivp2((int32_t)a, q->pot_a) +
                                         th_rdivp2((int32_t)b, q->pot_b), INT16_MIN, INT16_MAX),
                            q->lo, q->hi);
    const int64_t x = (a - q->za) * (1 << q->shift), y = (b - q->zb) * (1 << q->shift);
    const int32_t sum = (int32_t)((int64_t)th_mbqm((int32_t)x, q->a, q->single) +
                                  th_mbqm((int32_t)y, q->b, q->single));
    return th_clamp_i64((int64_t)th_mbqm(sum, q->out, q->single) + q->zo, q->lo, q->hi);
}

TH_EW_REAL64_BINARY(a + b)

static const struct th_binary_rule rule = {
    .real = real, .integer = integer, .quant = quant, .prepare = th_quant_add, .clamp = true,
    .onnx = true,
    .real64 = real64};
static const struct th_attr_spec attrs[] = {
    TH_EW_ACT_ATTRS,
    {.name = "pot_scale", .kind = TH_ATTR_BOOL, .min = 1,
     .doc = "16-bit, legacy: all scales are powers of two and operands are only shifted"},
    TH_EW_END};

TH_EW_BINARY(add, "a plus b",
             "Quantized: both operands are brought to a common scale with 20 (16-bit: 15) extra "
             "bits, added, rescaled. Integers without scales wrap.",
             TH_EW_NUMBER, attrs, TH_TRAIT_COMMUTATIVE);
