/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

static float real(const struct th_inst *c, float a, float b)
{
    (void)c;
    const float d = a - b;
    return d * d;
}

static int64_t integer(const struct th_inst *c, int64_t a, int64_t b)
{
    (void)c;
    const uint64_t d = (uint64_t)a - (uint64_t)b;
    return (int64_t)(d * d);
}

static int64_t quant(const struct th_binary_quant *q, int64_t a, int64_t b)
{
    const int32_t d = (int32_t)th_ew_scaled_difference(q, a, b);
    const int32_t square = (int32_t)((int64_t)d * d);
    return th_clamp_i64((int64_t)th_mbqm(square, q->out, q->single) + q->zo, q->lo, q->hi);
}

TH_EW_REAL64_BINARY((a - b) * (a - b))

static const struct th_binary_rule rule = {
    .real = real, .integer = integer, .quant = quant, .prepare = th_quant_squared_difference,
    .real64 = real64};

TH_EW_BINARY(squared_difference, "the square of a minus b",
             "Quantized: the difference at a common scale with 7 (16-bit: 0) extra bits, squared, "
             "rescaled. Integers without scales wrap.",
             TH_EW_NUMBER, NULL, TH_TRAIT_COMMUTATIVE);
