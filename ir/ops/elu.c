/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float x)
{
    const float rate = (float)th_inst_float(c, "rate");
    if (x < 0.0f)
        return (expf(x * rate) - 1.0f) * (float)th_inst_float(c, "below");
    return x * (float)th_inst_float(c, "above");
}

static const struct th_unary_rule rule = {.real = real};
static const struct th_attr_spec attrs[] = {
    {.name = "rate", .kind = TH_ATTR_FLOAT, .min = 1, .def_f = 1,
     .doc = "factor of x in the exponential"},
    {.name = "below", .kind = TH_ATTR_FLOAT, .min = 1, .def_f = 1,
     .doc = "factor of the exponential part"},
    {.name = "above", .kind = TH_ATTR_FLOAT, .min = 1, .def_f = 1, .doc = "slope above zero"},
    TH_EW_END};

TH_EW_UNARY(elu, "exponential linear unit",
            "y = above x for x >= 0, below (e^(rate x) - 1) for x < 0: the exponential unit, the "
            "scaled and the continuously differentiable one. "
            "8-bit values go through a table of float results, rounded half away from zero.",
            TH_EW_FLOAT | TH_DT_INT8S, attrs, 0);
