/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float a, float b)
{
    (void)c;
    return (float)floor((double)a / (double)b);
}

/* A quotient by zero is zero, and the one that overflows wraps. */
static int64_t integer(const struct th_inst *c, int64_t a, int64_t b)
{
    (void)c;
    if (b == 0)
        return 0;
    if (b == -1)
        return (int64_t)(0 - (uint64_t)a);
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

TH_EW_NATURAL(b == 0 ? 0 : a / b)

static const struct th_binary_rule rule = {.real = real, .integer = integer, .natural = natural};

TH_EW_BINARY(floor_div, "the largest whole number not above a/b",
             "Floats divide in double. A divisor of integer zero gives zero.",
             TH_EW_FLOAT | TH_EW_ANY_INT, NULL, 0);
