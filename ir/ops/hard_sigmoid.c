/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float x)
{
    const float y = x * (float)th_inst_float(c, "alpha") + (float)th_inst_float(c, "beta");
    return y < 0.0f ? 0.0f : y > 1.0f ? 1.0f : y;
}

static const struct th_unary_rule rule = {.real = real};
static const struct th_attr_spec attrs[] = {
    {.name = "alpha", .kind = TH_ATTR_FLOAT, .min = 1, .def_f = 0.2, .doc = "slope"},
    {.name = "beta", .kind = TH_ATTR_FLOAT, .min = 1, .def_f = 0.5, .doc = "result for zero"},
    TH_EW_END};

TH_EW_UNARY(hard_sigmoid, "a line between 0 and 1",
            "y = alpha x + beta, held in [0, 1]. "
            "8-bit values go through a table of float results, rounded half away from zero.",
            TH_EW_FLOAT | TH_DT_INT8S, attrs, 0);
