/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float x)
{
    if (th_inst_int(c, "approximate"))
        return 0.5f * x * (1.0f + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
    return 0.5f * x * (1.0f + erff(x * 0.70710678f));
}

static const struct th_unary_rule rule = {.real = real};
static const struct th_attr_spec attrs[] = {
    {.name = "approximate", .kind = TH_ATTR_BOOL, .min = 1, .doc = "the tanh formula"}, TH_EW_END};

TH_EW_UNARY(gelu, "Gaussian error linear unit",
            "y = x/2 (1 + erf(x / sqrt 2)), or with approximate "
            "x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). "
            "8-bit values go through a table of float results, rounded half away from zero.",
            TH_EW_FLOAT | TH_DT_INT8S, attrs, 0);
