/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

/* Shift counts outside of the type's width are held at its edges. */
static int64_t integer(const struct th_inst *c, int64_t a, int64_t b)
{
    const int64_t last = (int64_t)th_dtype_bits(c->in[0]->dtype) - 1;
    const int64_t n = th_clamp_i64(b, 0, last);
    return a < 0 ? ~(~a >> n) : a >> n;
}

TH_EW_NATURAL(a >> (b > 63 ? 63 : b))

static const struct th_binary_rule rule = {.integer = integer, .natural = natural};

TH_EW_BINARY(right_shift, "a shifted right by b bits",
             "Signed types repeat the sign. Counts are held in 0 .. width - 1.",
             TH_EW_ANY_INT, NULL, 0);
