/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float x)
{
    (void)c;
    return sqrtf(x);
}

TH_EW_REAL64_UNARY(sqrt(x))

static const struct th_unary_rule rule = {.real = real, .real64 = real64};

TH_EW_UNARY(sqrt, "square root",
            "y = x^(1/2). "
            "8-bit values go through a table of float results, rounded half away from zero.",
            TH_EW_REAL | TH_DT_INT8S, NULL, 0);
