/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

static int64_t integer(const struct th_inst *c, int64_t a, int64_t b)
{
    (void)c;
    return b < 0 || b > 63 ? 0 : (int64_t)((uint64_t)a << b);
}

static const struct th_binary_rule rule = {.integer = integer};

TH_EW_BINARY(left_shift, "a shifted left by b bits",
             "Bits beyond the type are lost; a count that is negative or beyond the width gives 0.",
             TH_EW_ANY_INT, NULL, 0);
