/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

static int64_t integer(const struct th_inst *c, int64_t x)
{
    (void)c;
    return ~x;
}

static const struct th_unary_rule rule = {.integer = integer};

TH_EW_UNARY(bitwise_not, "bits not set in x", "Complement of the stored bits.",
            TH_EW_ANY_INT & ~TH_DT_BIT(TH_DT_U64), NULL, 0);
