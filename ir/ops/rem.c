/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float a, float b)
{
    (void)c;
    return fmodf(a, b);
}

static int64_t integer(const struct th_inst *c, int64_t a, int64_t b)
{
    (void)c;
    return b == 0 || b == -1 ? 0 : a % b;
}

TH_EW_REAL64_BINARY(fmod(a, b))
TH_EW_NATURAL(b == 0 ? 0 : a % b)

static const struct th_binary_rule rule = {
    .real = real, .integer = integer, .real64 = real64, .natural = natural};

TH_EW_BINARY(rem, "the rest of a by b, with a's sign",
             "a - b trunc(a/b). A divisor of integer zero gives zero.",
             TH_EW_REAL | TH_EW_ANY_INT, NULL, 0);
