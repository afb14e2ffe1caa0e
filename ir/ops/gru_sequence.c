/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/sequence_int.h"

/* Rows of w and r: update z, reset r, candidate. */
static void step(struct th_sequence *s)
{
    const int64_t n = s->hidden;
    const bool before = th_inst_int(s->c, "linear_before_reset");
    for (int64_t i = 0; i < n; i++) {
        s->xs[i] = th_sequence_act(s->c, 0, s->xs[i] + s->hs[i]);
        s->xs[n + i] = th_sequence_act(s->c, 0, s->xs[n + i] + s->hs[n + i]);
    }
    for (int64_t i = 0; i < n; i++) {
        float sum = s->rb && !before ? s->rb[2 * n + i] : 0;
        for (int64_t k = 0; k < n && !before; k++)
            sum += s->r[(2 * n + i) * n + k] * (s->xs[n + k] * s->h[k]);
        if (before)
            sum = s->xs[n + i] * s->hs[2 * n + i];
        s->xs[2 * n + i] = th_sequence_act(s->c, 1, s->xs[2 * n + i] + sum);
    }
    for (int64_t i = 0; i < n; i++) {
        const float z = s->xs[i];
        s->h[i] = (1 - z) * s->xs[2 * n + i] + z * s->h[i];
    }
}

static void step_int(struct th_sequence_int *s)
{
    const int64_t n = s->hidden;
    const bool before = th_inst_int(s->c, "linear_before_reset");
    int32_t *seen = s->side, *new = s->side + n, *reset = s->now + n;
    for (int64_t i = 0; i < n; i++)
        seen[i] = th_sequence_seen(s, s->h[i]);
    for (int64_t i = 0; i < 2 * n; i++)
        s->now[i] = th_sequence_sigmoid(s, s->now[i] + th_sequence_past(s, i, seen));
    for (int64_t i = 0; i < n && before; i++) {
        const int64_t past = th_sequence_past(s, 2 * n + i, seen);
        new[i] = th_sequence_round(reset[i] * past, 15);
    }
    for (int64_t i = 0; i < n && !before; i++)
        seen[i] = th_sequence_seen(s, th_sequence_round((int64_t)reset[i] * s->h[i], 15));
    for (int64_t i = 0; i < n && !before; i++)
        new[i] = th_sequence_past(s, 2 * n + i, seen);
    for (int64_t i = 0; i < n; i++) {
        const int64_t z = s->now[i], c = th_sequence_tanh(s, s->now[2 * n + i] + new[i]);
        s->h[i] = th_sequence_round((32768 - z) * c + z * s->h[i], 15);
    }
}

static enum th_status infer(struct th_inst *c)
{
    return th_sequence_infer(c, 3, 1);
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    return th_dtype_is_int(c->in[TH_SEQUENCE_X]->dtype)
               ? th_sequence_eval_int(c, e, 3, step_int)
               : th_sequence_eval(c, e, 3, step);
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
    {.name = "linear_before_reset", .kind = TH_ATTR_BOOL, .max = 1,
     .doc = "the reset gate multiplies r h + b, not h"},
    {.name = NULL},
};

extern const struct th_op th_op_gru_sequence;
const struct th_op th_op_gru_sequence = {
    .struct_size = sizeof(struct th_op),
    .name = "gru_sequence",
    .summary = "gated recurrent layer over sequences",
    .doc = "z = f(w_z x + r_z h + b), r likewise, candidate c = g(w_c x + r_c (r h) + b), or with "
           "linear_before_reset g(w_c x + r (r_c h + b)); h = (1 - z) c + z h. Rows of the "
           "weights: z, r, c. " TH_SEQUENCE_INTEGERS,
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
