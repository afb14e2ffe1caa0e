/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float a, float b)
{
    (void)c;
    return atan2f(a, b);
}

TH_EW_REAL64_BINARY(atan2(a, b))

static const struct th_binary_rule rule = {.real = real, .real64 = real64};

TH_EW_BINARY(atan2, "the angle of the point (b, a)", "Radians from -pi to pi.", TH_EW_REAL, NULL,
             0);
