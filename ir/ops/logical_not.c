/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

static int64_t integer(const struct th_inst *c, int64_t x)
{
    (void)c;
    return !x;
}

static const struct th_unary_rule rule = {.integer = integer};

TH_EW_UNARY(logical_not, "whether x is false", "Of booleans.", TH_EW_BOOL, NULL, 0);
