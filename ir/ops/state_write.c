/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

#include <string.h>

static enum th_status infer(struct th_inst *c)
{
    (void)c;
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    struct th_tensor *s = e->state(e->user, (th_state)th_inst_int(c, "state"));
    if (s == NULL || th_type_size(&s->type) != th_type_size(c->in[0]))
        return th_inst_error(c, "the variable does not have the operand's type");
    memcpy(s->data, e->in[0]->data, (size_t)th_type_size(&s->type));
    return TH_OK;
}

static const struct th_port inputs[] = {{"x", 0, TH_PORT_STATE, "the new value"},
                                        {NULL, 0, 0, NULL}};
static const struct th_port outputs[] = {{NULL, 0, 0, NULL}};
static const struct th_attr_spec attrs[] = {{.name = "state", .kind = TH_ATTR_STATE,
                                             .required = true, .min = 1, .doc = "the variable"},
                                            TH_MV_END};

extern const struct th_op th_op_state_write;
const struct th_op th_op_state_write = {
    .struct_size = sizeof(struct th_op),
    .name = "state_write",
    .summary = "stores a new value of a state variable",
    .doc = "Without a result; reads and writes of one variable keep their order.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_STATE_WRITE,
    .contracts = th_mv_contracts,
    .infer = infer,
    .eval = eval,
};
