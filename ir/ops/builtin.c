/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in operators, from the generated ops.def. */
#include "ir/ctx.h"

#define TH_OP(name) extern const struct th_op th_op_##name;
#include "ir/ops/ops.def"
#undef TH_OP

void th_builtin_ops(const struct th_op *const **list, size_t *n)
{
    static const struct th_op *const ops[] = {
#define TH_OP(name) &th_op_##name,
#include "ir/ops/ops.def"
#undef TH_OP
    };
    *list = ops;
    *n = TH_ARRAY_LEN(ops);
}
