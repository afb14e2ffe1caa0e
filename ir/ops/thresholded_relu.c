/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float x)
{
    return x > (float)th_inst_float(c, "alpha") ? x : 0.0f;
}

static const struct th_unary_rule rule = {.real = real};
static const struct th_attr_spec attrs[] = {
    {.name = "alpha", .kind = TH_ATTR_FLOAT, .min = 1, .def_f = 1, .doc = "threshold"},
    TH_EW_END};

TH_EW_UNARY(thresholded_relu, "x above a threshold, else 0",
            "y = x where x > alpha, 0 elsewhere. "
            "8-bit values go through a table of float results, rounded half away from zero.",
            TH_EW_FLOAT | TH_DT_INT8S, attrs, 0);
