/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float x)
{
    (void)c;
    const float below = floorf(x), rest = x - below;
    const bool even = fmodf(below, 2.0f) == 0.0f;
    return rest < 0.5f || (rest == 0.5f && even) ? below : below + 1.0f;
}

static const struct th_unary_rule rule = {.real = real};

TH_EW_UNARY(round, "nearest whole number",
            "Halves go to the even neighbour. "
            "8-bit values go through a table of float results, rounded half away from zero.",
            TH_EW_FLOAT | TH_DT_INT8S, NULL, 0);
