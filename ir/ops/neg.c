/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

static float real(const struct th_inst *c, float x)
{
    (void)c;
    return -x;
}

static int64_t integer(const struct th_inst *c, int64_t x)
{
    const uint64_t u = 0 - (uint64_t)x;
    return c->out[0].dtype == TH_DT_S32 ? (int32_t)(uint32_t)u : (int64_t)u;
}

TH_EW_REAL64_UNARY(-x)

static const struct th_unary_rule rule = {.real = real, .integer = integer, .real64 = real64};

TH_EW_UNARY(neg, "minus x", "y = -x; integers without scales wrap. "
            "8-bit values go through a table of float results, rounded half away from zero.",
            TH_EW_NUMBER & ~TH_DT_BIT(TH_DT_U64), NULL, 0);
