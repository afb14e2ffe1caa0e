/* SPDX-License-Identifier: Apache-2.0 */
/* signal_delay: samples appear later; those on the way are a variable. */
#include "plugins/signal/signal.h"

enum { X, STATE };

static enum th_status infer(struct th_inst *c)
{
    signal_set_inner(c, 0, TH_DT_S16, signal_inner(c->in[X]));
    signal_set(c, 1, TH_DT_S16, c->in[STATE]->rank, c->in[STATE]->dims);
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    const struct th_type *s = c->in[STATE];
    if (c->in[X]->rank < 1 || signal_inner(c->in[X]) < 1)
        return th_inst_error(c, "the input has no samples");
    if (s->rank != 2 || s->dims[0] != signal_outer(c->in[X]) || s->dims[1] < 1)
        return th_inst_error(c, "the variable does not hold a delay of %lld rows",
                             (long long)signal_outer(c->in[X]));
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t n = signal_inner(c->in[X]), d = c->in[STATE]->dims[1];
    const int16_t *x = e->in[X]->data, *old = e->in[STATE]->data;
    int16_t *y = e->out[0]->data, *kept = e->out[1]->data;
    for (int64_t r = 0; r < c->in[STATE]->dims[0]; r++)
        for (int64_t i = 0; i < n + d; i++) {
            const int16_t v = i < d ? old[r * d + i] : x[r * n + i - d];
            if (i < n)
                y[r * n + i] = v;
            else
                kept[r * d + i - n] = v;
        }
    return TH_OK;
}

static const struct th_port inputs[] = {
    {"x", TH_DT_BIT(TH_DT_S16), 0, "samples along the innermost axis"},
    {"delayed", TH_DT_BIT(TH_DT_S16), TH_PORT_STATE, "[rows, delay]: samples on the way"},
    SIGNAL_PORT_END};
static const struct th_port outputs[] = {
    {"y", TH_DT_BIT(TH_DT_S16), 0, "the delayed samples"},
    {"delayed", TH_DT_BIT(TH_DT_S16), TH_PORT_STATE, "samples on the way now"}, SIGNAL_PORT_END};

static const struct th_op op = {
    .struct_size = sizeof op,
    .name = "signal_delay",
    .summary = "samples delayed by a fixed number",
    .doc = "Of delayed followed by x, the first samples are y and the others delayed'.",
    .inputs = inputs,
    .outputs = outputs,
    .traits = TH_TRAIT_PURE,
    .contracts = signal_contracts,
    .infer = infer,
    .verify = verify,
    .eval = eval,
};

static enum th_status import(struct th_import *im)
{
    int64_t d;
    TH_TRY(signal_need_ports(im, 1, 1));
    TH_TRY(signal_option(im, "delay_length", &d));
    if (d < 0 || d > 1 << 24)
        return th_import_error(im, "a delay of %lld samples", (long long)d);
    if (d == 0) {
        im->out[0] = im->in[0];
        return TH_OK;
    }
    const struct th_type *x = th_value_type(im->graph, im->in[0]);
    const struct th_type type = th_type_make(TH_DT_S16, 2, (int64_t[]){signal_outer(x), d});
    th_value in[2] = {im->in[0], 0}, out[2];
    th_state state;
    TH_TRY(signal_read_state(im, "delayed", &type, &state, &in[STATE]));
    TH_TRY(signal_node(im, op.name, in, 2, NULL, 0, out, 2));
    im->out[0] = out[0];
    return signal_write_state(im, state, out[1]);
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    th_call_int(c, q->inst->in[STATE]->dims[0]);
    th_call_int(c, signal_inner(q->inst->in[X]));
    th_call_int(c, q->inst->in[STATE]->dims[1]);
    th_call_input(c, X, "const int16_t");
    th_call_input(c, STATE, "const int16_t");
    th_call_output(c, 0, "int16_t");
    th_call_output(c, 1, "int16_t");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    signal_cost(q, 4, k);
}

static const struct th_importer importer = {"tflite", "SignalDelay", import};
static const struct th_kernel rows[] = {
    {.op = "signal_delay", .types = "s16,s16>s16,s16", .symbol = "thk_signal_delay_s16__c99",
     .source = "signal/thk_signal_delay_s16__c99.c", .refuse = signal_whole, .bind = bind,
     .cost = cost},
};
const struct signal_op signal_delay = {&op, &importer, rows, TH_ARRAY_LEN(rows)};
