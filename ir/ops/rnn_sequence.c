/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/sequence_int.h"

static void step(struct th_sequence *s)
{
    for (int64_t i = 0; i < s->hidden; i++)
        s->h[i] = th_sequence_act(s->c, 0, s->xs[i] + s->hs[i]);
}

static void step_int(struct th_sequence_int *s)
{
    for (int64_t i = 0; i < s->hidden; i++)
        s->side[i] = th_sequence_seen(s, s->h[i]);
    for (int64_t i = 0; i < s->hidden; i++)
        s->h[i] = th_sequence_tanh(s, s->now[i] + th_sequence_past(s, i, s->side));
}

static enum th_status infer(struct th_inst *c)
{
    return th_sequence_infer(c, 1, 1);
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    return th_dtype_is_int(c->in[TH_SEQUENCE_X]->dtype)
               ? th_sequence_eval_int(c, e, 1, step_int)
               : th_sequence_eval(c, e, 1, step);
}

static const struct th_port inputs[] = {
    TH_SEQUENCE_PORTS,
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    TH_SEQUENCE_RESULTS,
    {NULL, 0, 0, NULL},
};
static const struct th_attr_spec attrs[] = {
    TH_SEQUENCE_ATTRS,
    {.name = NULL},
};

extern const struct th_op th_op_rnn_sequence;
const struct th_op th_op_rnn_sequence = {
    .struct_size = sizeof(struct th_op),
    .name = "rnn_sequence",
    .summary = "plain recurrent layer over sequences",
    .doc = "h = f(w x + r h + b). " TH_SEQUENCE_INTEGERS,
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .verify = th_sequence_verify,
    .eval = eval,
    .quant = th_sequence_quant,
    .cost = th_sequence_cost,
};
