/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

static float real(const struct th_inst *c, float a, float b)
{
    (void)c;
    return a > b;
}

static int64_t integer(const struct th_inst *c, int64_t a, int64_t b)
{
    (void)c;
    return a > b;
}

static int64_t quant(const struct th_binary_quant *q, int64_t a, int64_t b)
{
    return th_ew_scaled_difference(q, a, b) > 0;
}

TH_EW_REAL64_BINARY(a > b)
TH_EW_NATURAL(a > b)

static const struct th_binary_rule rule = {
    .real = real, .integer = integer, .quant = quant, .prepare = th_quant_compare,
    .real64 = real64, .natural = natural};

TH_EW_PREDICATE(greater, "whether a is above b",
                "Quantized operands are compared as reals, with 8 extra bits.",
                TH_EW_NUMBER, 0);
