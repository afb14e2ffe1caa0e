/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

static enum th_status infer(struct th_inst *c)
{
    c->out[0].dtype = c->in[1]->dtype;
    c->out[0].quant = c->in[1]->quant;
    return th_ew_infer(c);
}

static enum th_status verify(const struct th_inst *c)
{
    if (c->in[1]->dtype != c->in[2]->dtype)
        return th_inst_error(c, "chooses between %s and %s", th_dtype_name(c->in[1]->dtype),
                             th_dtype_name(c->in[2]->dtype));
    return TH_OK;
}

static void visit(void *user, int64_t o, const int64_t *in)
{
    struct th_eval *e = user;
    if (th_tensor_int(e->in[0], in[0]) != 0)
        th_mv_copy(e->out[0], o, e->in[1], in[1]);
    else
        th_mv_copy(e->out[0], o, e->in[2], in[2]);
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    th_ew_walk(c, visit, e);
    return TH_OK;
}

static const struct th_port inputs[] = {{"c", TH_EW_BOOL, 0, "condition"},
                                        {"a", 0, 0, "taken where it holds"},
                                        {"b", 0, 0, "taken elsewhere"},
                                        {NULL, 0, 0, NULL}};

extern const struct th_op th_op_select;
const struct th_op th_op_select = {
    .struct_size = sizeof(struct th_op),
    .name = "select",
    .summary = "a where the condition holds, b elsewhere",
    .doc = "All three broadcast.",
    .inputs = inputs,
    .outputs = th_mv_out,
    .traits = TH_TRAIT_PURE | TH_TRAIT_ELEMENTWISE,
    .contracts = th_mv_contracts,
    .infer = infer,
    .verify = verify,
    .eval = eval,
    .quant = th_same_quant,
    .window = th_ew_window,
    .alias = th_ew_alias,
};
