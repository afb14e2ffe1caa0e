/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static bool holds(const struct th_inst *c, double x)
{
    (void)c;
    return isnan(x);
}

TH_EW_QUESTION(is_nan, "whether x is not a number", "1 for every kind of NaN.", TH_EW_REAL, NULL);
