/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float x)
{
    (void)c;
    const float softplus = (x > 0.0f ? x : 0.0f) + log1pf(expf(-fabsf(x)));
    return x * tanhf(softplus);
}

static const struct th_unary_rule rule = {.real = real};

TH_EW_UNARY(mish, "x times the tangent of its softplus",
            "y = x tanh(ln(1 + e^x)). "
            "8-bit values go through a table of float results, rounded half away from zero.",
            TH_EW_FLOAT | TH_DT_INT8S, NULL, 0);
