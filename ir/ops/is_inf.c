/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static bool holds(const struct th_inst *c, double x)
{
    return isinf(x) && th_inst_int(c, x > 0 ? "positive" : "negative");
}

static const struct th_attr_spec attrs[] = {
    {.name = "positive", .kind = TH_ATTR_BOOL, .max = 1, .def_i = 1,
     .doc = "plus infinity counts"},
    {.name = "negative", .kind = TH_ATTR_BOOL, .max = 1, .def_i = 1,
     .doc = "minus infinity counts"},
    TH_EW_END};

TH_EW_QUESTION(is_inf, "whether x is infinite", "Of the signs asked for.", TH_EW_REAL, attrs);
