/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

static int64_t integer(const struct th_inst *c, int64_t a, int64_t b)
{
    (void)c;
    return a | b;
}

static const struct th_binary_rule rule = {.integer = integer};

TH_EW_BINARY(bitwise_or, "bits set in a or b",
             "Or of the stored bits.",
             TH_EW_ANY_INT, NULL, TH_TRAIT_COMMUTATIVE);
