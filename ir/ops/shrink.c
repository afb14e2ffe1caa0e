/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float x)
{
    const float lambda = (float)th_inst_float(c, "lambda"), bias = (float)th_inst_float(c, "bias");
    return x < -lambda ? x + bias : x > lambda ? x - bias : 0.0f;
}

static const struct th_unary_rule rule = {.real = real};
static const struct th_attr_spec attrs[] = {
    {.name = "lambda", .kind = TH_ATTR_FLOAT, .min = 1, .def_f = 0.5,
     .doc = "half the width of the gap"},
    {.name = "bias", .kind = TH_ATTR_FLOAT, .min = 1, .def_f = 0,
     .doc = "how far the rest moves towards zero"},
    TH_EW_END};

TH_EW_UNARY(shrink, "values near zero become zero",
            "y = x + bias below -lambda, x - bias above lambda, 0 between. "
            "8-bit values go through a table of float results, rounded half away from zero.",
            TH_EW_FLOAT | TH_DT_INT8S, attrs, 0);
