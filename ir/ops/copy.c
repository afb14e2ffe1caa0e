/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

static enum th_status infer(struct th_inst *c)
{
    c->out[0] = *c->in[0];
    return TH_OK;
}

static enum th_status moves(const struct th_inst *c, struct th_moves *m)
{
    struct th_move *list = th_mv_new(c, m, 1);
    if (list == NULL)
        return TH_ERR_INTERNAL;
    th_mv_axes(list, c->in[0]);
    return TH_OK;
}

static uint32_t alias(const struct th_inst *c, struct th_alias *list, uint32_t max)
{
    (void)c;
    if (max)
        list[0] = (struct th_alias){.out = 0, .in = 0, .exact = true};
    return max ? 1 : 0;
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
    .alias = alias,
    .moves = moves,
};
