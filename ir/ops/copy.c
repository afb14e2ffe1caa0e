/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

static enum th_status infer(struct th_inst *c)
{
    c->out[0] = *c->in[0];
    return TH_OK;
}

extern const struct th_op th_op_copy;
const struct th_op th_op_copy = {
    .struct_size = sizeof(struct th_op),
    .name = "copy",
    .summary = "the operand, in storage of its own",
    .doc = "y = x. Used where a value must not share storage.",
    .inputs = th_mv_in,
    .outputs = th_mv_out,
    .traits = TH_TRAIT_PURE | TH_TRAIT_ELEMENTWISE,
    .contracts = th_mv_contracts,
    .infer = infer,
    .eval = th_mv_eval,
    .quant = th_same_quant,
    .window = th_ew_window,
    .alias = th_mv_alias_exact,
    .moves = th_mv_all,
};
