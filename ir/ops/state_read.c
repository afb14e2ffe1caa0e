/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

#include <string.h>

/* The type comes with the node: it is the variable's. */
static enum th_status infer(struct th_inst *c)
{
    if (c->out[0].dtype == TH_DT_NONE)
        return th_inst_error(c, "the type of the variable must be given");
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_tensor *s = e->state(e->user, (th_state)th_inst_int(c, "state"));
    if (s == NULL || th_type_size(&s->type) != th_type_size(&c->out[0]))
        return th_inst_error(c, "the variable does not have the result's type");
    memcpy(e->out[0]->data, s->data, (size_t)th_type_size(&s->type));
    return TH_OK;
}

static const struct th_port inputs[] = {{NULL, 0, 0, NULL}};
static const struct th_port outputs[] = {
    {"y", 0, TH_PORT_DECLARED | TH_PORT_STATE, "the variable's value"}, {NULL, 0, 0, NULL}};
static const struct th_attr_spec attrs[] = {{.name = "state", .kind = TH_ATTR_STATE,
                                             .required = true, .min = 1, .doc = "the variable"},
                                            TH_MV_END};

extern const struct th_op th_op_state_read;
const struct th_op th_op_state_read = {
    .struct_size = sizeof(struct th_op),
    .name = "state_read",
    .summary = "value of a state variable",
    .doc = "Reads and writes of one variable keep their order.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_STATE_READ,
    .contracts = th_mv_contracts,
    .infer = infer,
    .eval = eval,
};
