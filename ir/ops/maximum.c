/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

static float real(const struct th_inst *c, float a, float b)
{
    (void)c;
    return a > b ? a : b;
}

static int64_t integer(const struct th_inst *c, int64_t a, int64_t b)
{
    (void)c;
    return a > b ? a : b;
}

/* As the reference does, stored values are compared whatever the scales are. */
static int64_t quant(const struct th_binary_quant *q, int64_t a, int64_t b)
{
    (void)q;
    return a > b ? a : b;
}

TH_EW_REAL64_BINARY(a > b ? a : b)
TH_EW_NATURAL(a > b ? a : b)

static const struct th_binary_rule rule = {
    .real = real, .integer = integer, .quant = quant, .prepare = th_quant_compare,
    .same_quant = true, .real64 = real64, .natural = natural};

TH_EW_BINARY(maximum, "the larger of a and b",
             "Quantized: stored values are compared, so scales should agree.",
             TH_EW_NUMBER, NULL, TH_TRAIT_COMMUTATIVE);
