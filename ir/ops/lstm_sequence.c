/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/sequence_int.h"

/* Rows of w and r: input, output, forget, cell; peepholes: input, output, forget. */
static void step(struct th_sequence *s)
{
    const int64_t n = s->hidden;
    const bool coupled = th_inst_int(s->c, "input_forget");
    for (int64_t i = 0; i < n; i++) {
        float in = s->xs[i] + s->hs[i], out = s->xs[n + i] + s->hs[n + i];
        float forget = s->xs[2 * n + i] + s->hs[2 * n + i];
        in += s->p ? s->p[i] * s->cell[i] : 0;
        forget += s->p ? s->p[2 * n + i] * s->cell[i] : 0;
        in = th_sequence_act(s->c, 0, in);
        forget = coupled ? 1 - in : th_sequence_act(s->c, 0, forget);
        const float new = th_sequence_act(s->c, 1, s->xs[3 * n + i] + s->hs[3 * n + i]);
        s->cell[i] = forget * s->cell[i] + in * new;
        out += s->p ? s->p[n + i] * s->cell[i] : 0;
        s->h[i] = th_sequence_act(s->c, 0, out) * th_sequence_act(s->c, 2, s->cell[i]);
    }
}

/* Six times the cell, Q4.11, is a place in the table of tanh, as three times a number in Q3.12. */
static void step_int(struct th_sequence_int *s)
{
    const int64_t n = s->hidden;
    const bool coupled = th_inst_int(s->c, "input_forget");
    const int64_t most = s->clip / 2 < 32767 ? s->clip / 2 : 32767;
    int32_t *seen = s->side;
    for (int64_t i = 0; i < n; i++)
        seen[i] = th_sequence_seen(s, s->h[i]);
    for (int64_t i = 0; i < 4 * n; i++)
        s->now[i] += th_sequence_past(s, i, seen);
    for (int64_t i = 0; i < n; i++) {
        const int64_t in = th_sequence_sigmoid(s, s->now[i]);
        const int64_t out = th_sequence_sigmoid(s, s->now[n + i]);
        const int64_t forget = coupled ? 32767 - in : th_sequence_sigmoid(s, s->now[2 * n + i]);
        const int64_t new = th_sequence_tanh(s, s->now[3 * n + i]);
        const int64_t cell = (int64_t)th_sequence_round(forget * s->cell[i], 15) +
                             th_sequence_round(in * new, 19);
        s->cell[i] = (int32_t)th_clamp_i64(cell, -32768, 32767);
        s->h[i] = th_sequence_round(
            out * th_tanh_s16(&s->table, (int16_t)th_clamp_i64(s->cell[i], -most, most), 6, 0), 15);
    }
}

static enum th_status infer(struct th_inst *c)
{
    return th_sequence_infer(c, 4, 2);
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    return th_dtype_is_int(c->in[TH_SEQUENCE_X]->dtype)
               ? th_sequence_eval_int(c, e, 4, step_int)
               : th_sequence_eval(c, e, 4, step);
}

static const struct th_port inputs[] = {
    TH_SEQUENCE_PORTS,
    {"c", TH_SEQUENCE_WIDE, TH_PORT_OPTIONAL, "cell before [batch, hidden]; absent: zero"},
    {"p", TH_DT_FLOATS, TH_PORT_OPTIONAL, "peepholes [3 * hidden]: input, output, forget"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    TH_SEQUENCE_RESULTS,
    {"c", TH_SEQUENCE_WIDE, TH_PORT_DECLARED, "cell after the last step [batch, hidden]"},
    {NULL, 0, 0, NULL},
};
static const struct th_attr_spec attrs[] = {
    TH_SEQUENCE_ATTRS,
    {.name = "input_forget", .kind = TH_ATTR_BOOL, .max = 1,
     .doc = "the forget gate is 1 - the input gate"},
    {.name = NULL},
};

extern const struct th_op th_op_lstm_sequence;
const struct th_op th_op_lstm_sequence = {
    .struct_size = sizeof(struct th_op),
    .name = "lstm_sequence",
    .summary = "long short-term memory over sequences",
    .doc = "i = f(w_i x + r_i h + p_i c + b), forget likewise, new = g(w_c x + r_c h + b), "
           "c = forget c + i new, o = f(w_o x + r_o h + p_o c + b), h = o h(c). Rows of the "
           "weights: i, o, f, c. " TH_SEQUENCE_INTEGERS ", cell s16 in steps of 1/2048.",
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
