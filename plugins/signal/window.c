/* SPDX-License-Identifier: Apache-2.0 */
/* signal_window: frames times a window function. */
#include "plugins/signal/signal.h"

static enum th_status infer(struct th_inst *c)
{
    signal_set_inner(c, 0, TH_DT_S16, signal_inner(c->in[0]));
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    TH_TRY(signal_need_vector(c, 1, -1));
    if (th_type_elems(c->in[0]) % c->in[1]->dims[0] != 0)
        return th_inst_error(c, "%lld samples do not divide into windows of %lld",
                             (long long)th_type_elems(c->in[0]), (long long)c->in[1]->dims[0]);
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t n = th_type_elems(c->in[0]), length = c->in[1]->dims[0];
    const int64_t shift = th_inst_int(c, "shift");
    for (int64_t i = 0; i < n; i++) {
        const int64_t v = th_tensor_int(e->in[0], i) * th_tensor_int(e->in[1], i % length);
        th_tensor_set_int(e->out[0], i, v >> shift);
    }
    return TH_OK;
}

static uint32_t alias(const struct th_inst *c, struct th_alias *list, uint32_t max)
{
    (void)c;
    if (max)
        list[0] = (struct th_alias){.out = 0, .in = 0};
    return max ? 1 : 0;
}

static const struct th_port inputs[] = {
    {"x", TH_DT_BIT(TH_DT_S16), 0, "whole frames"},
    {"window", TH_DT_BIT(TH_DT_S16), 0, "factors of one frame"},
    SIGNAL_PORT_END};
static const struct th_port outputs[] = {
    {"y", TH_DT_BIT(TH_DT_S16), 0, "the same shape as x"}, SIGNAL_PORT_END};
static const struct th_attr_spec attrs[] = {
    SIGNAL_INT("shift", 0, 31, "fraction bits of the window"), SIGNAL_ATTR_END};

static const struct th_op op = {
    .struct_size = sizeof op,
    .name = "signal_window",
    .summary = "frames times a window function",
    .doc = "y = saturate((x * window) >> shift), the window repeated over all frames.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = signal_contracts,
    .infer = infer,
    .verify = verify,
    .eval = eval,
    .alias = alias,
};

static enum th_status import(struct th_import *im)
{
    static const char *const options[] = {"shift", NULL};
    TH_TRY(signal_need_ports(im, 2, 1));
    return signal_import(im, op.name, options);
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    th_call_int(c, signal_elems(q, 0) / signal_elems(q, 1));
    th_call_int(c, signal_elems(q, 1));
    th_call_int(c, signal_attr(q, "shift"));
    th_call_input(c, 0, "const int16_t");
    th_call_input(c, 1, "const int16_t");
    th_call_output(c, 0, "int16_t");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    signal_cost(q, 8, k);
}

static const struct th_importer importer = {"tflite", "SignalWindow", import};
static const struct th_kernel rows[] = {
    {.op = "signal_window", .types = "s16,s16>s16", .symbol = "thk_signal_window_s16__c99",
     .source = "signal/thk_signal_window_s16__c99.c", .order = TH_ORDER_ELEMENT,
     .refuse = signal_whole, .bind = bind, .cost = cost},
};
const struct signal_op signal_window = {&op, &importer, rows, TH_ARRAY_LEN(rows)};
