/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

static float real(const struct th_inst *c, float x)
{
    (void)c;
    return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x;
}

static int64_t integer(const struct th_inst *c, int64_t x)
{
    (void)c;
    return (x > 0) - (x < 0);
}

TH_EW_REAL64_UNARY(x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x)

static const struct th_unary_rule rule = {.real = real, .integer = integer, .real64 = real64};

TH_EW_UNARY(sign, "-1, 0 or 1", "The sign of x; a zero and a NaN stay what they are. "
            "8-bit values go through a table of float results, rounded half away from zero.",
            TH_EW_NUMBER & ~TH_DT_BIT(TH_DT_U64), NULL, 0);
