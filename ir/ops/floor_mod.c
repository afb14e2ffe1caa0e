/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float a, float b)
{
    (void)c;
    const float r = fmodf(a, b);
    return r != 0.0f && (b < 0.0f) != (r < 0.0f) ? r + b : r;
}

static int64_t integer(const struct th_inst *c, int64_t a, int64_t b)
{
    (void)c;
    if (b == 0 || b == -1)
        return 0;
    const int64_t r = a % b;
    return r != 0 && (b < 0) != (r < 0) ? r + b : r;
}

TH_EW_NATURAL(b == 0 ? 0 : a % b)

static const struct th_binary_rule rule = {.real = real, .integer = integer, .natural = natural};

TH_EW_BINARY(floor_mod, "the rest of a by b, with b's sign",
             "a - b floor(a/b). A divisor of integer zero gives zero.",
             TH_EW_FLOAT | TH_EW_ANY_INT, NULL, 0);
