/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/arg.h"

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    return th_arg_eval(c, e, false);
}

extern const struct th_op th_op_arg_min;
const struct th_op th_op_arg_min = {
    .struct_size = sizeof(struct th_op),
    .name = "arg_min",
    .summary = "index of the smallest element along an axis",
    .doc = "The first (or last) of equal ones; stored values are compared.",
    .inputs = th_arg_in,
    .outputs = th_arg_out,
    .attrs = th_arg_attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_mv_contracts,
    .infer = th_arg_infer,
    .eval = eval,
    .quant = th_plain_quant,
};
