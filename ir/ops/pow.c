/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

#include <math.h>

static float real(const struct th_inst *c, float a, float b)
{
    (void)c;
    return powf(a, b);
}

/* By squaring, wrapping. Negative exponents truncate towards zero; 0 to one of them gives 0. */
static int64_t integer(const struct th_inst *c, int64_t a, int64_t b)
{
    (void)c;
    if (b < 0)
        return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
    uint64_t base = (uint64_t)a, result = 1;
    for (; b != 0; b >>= 1) {
        if (b & 1)
            result *= base;
        base *= base;
    }
    return (int64_t)result;
}

static uint64_t natural(const struct th_inst *c, uint64_t a, uint64_t b)
{
    uint64_t result = 1;
    (void)c;
    for (; b != 0; b >>= 1) {
        if (b & 1)
            result *= a;
        a *= a;
    }
    return result;
}

TH_EW_REAL64_BINARY(pow(a, b))

static const struct th_binary_rule rule = {
    .real = real, .integer = integer, .real64 = real64, .natural = natural};

TH_EW_BINARY(pow, "a to the power of b", "Integers wrap; a negative exponent truncates.",
             TH_EW_REAL | (TH_EW_ANY_INT & ~TH_DT_QUANTS), NULL, 0);
