/* SPDX-License-Identifier: Apache-2.0 */
/* signal_fft_auto_scale: shifts samples left as far as their range allows. */
#include "plugins/signal/signal.h"

static enum th_status infer(struct th_inst *c)
{
    signal_set_inner(c, 0, TH_DT_S16, signal_inner(c->in[0]));
    signal_set(c, 1, TH_DT_S32, 0, NULL);
    return TH_OK;
}

/* The running maximum is a 16-bit number: -32768 enters it as itself and any later value
 * replaces it. */
static int shift_of(const struct th_tensor *x, int64_t n)
{
    int64_t max = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t v = th_tensor_int(x, i);
        if (v > max)
            max = v;
        else if (-v > max)
            max = v == INT16_MIN ? INT16_MIN : -v;
    }
    return max <= 0 ? 0 : 15 - signal_bits((uint64_t)max);
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t n = th_type_elems(c->in[0]);
    const int shift = shift_of(e->in[0], n);
    int16_t *y = e->out[0]->data;
    for (int64_t i = 0; i < n; i++)
        y[i] = (int16_t)(th_tensor_int(e->in[0], i) * (1 << shift));
    th_tensor_set_int(e->out[1], 0, shift);
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
    {"x", TH_DT_BIT(TH_DT_S16), 0, "samples"}, SIGNAL_PORT_END};
static const struct th_port outputs[] = {
    {"y", TH_DT_BIT(TH_DT_S16), 0, "x << bits"},
    {"bits", TH_DT_BIT(TH_DT_S32), 0, "the shift"}, SIGNAL_PORT_END};

static const struct th_op op = {
    .struct_size = sizeof op,
    .name = "signal_fft_auto_scale",
    .summary = "samples shifted left as far as their range allows",
    .doc = "bits = 15 - bits(max |x|), 0 for silence; y = x << bits. The running maximum is kept "
           "in 16 bits: -32768 does not count when a sample follows it, and products wrap then.",
    .inputs = inputs,
    .outputs = outputs,
    .traits = TH_TRAIT_PURE,
    .contracts = signal_contracts,
    .infer = infer,
    .eval = eval,
    .alias = alias,
};

static enum th_status import(struct th_import *im)
{
    static const char *const options[] = {NULL};
    TH_TRY(signal_need_ports(im, 1, 2));
    return signal_import(im, op.name, options);
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    th_call_int(c, signal_elems(q, 0));
    th_call_input(c, 0, "const int16_t");
    th_call_output(c, 0, "int16_t");
    th_call_output(c, 1, "int32_t");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    signal_cost(q, 10, k);
}

static const struct th_importer importer = {"tflite", "SignalFftAutoScale", import};
static const struct th_kernel rows[] = {
    {.op = "signal_fft_auto_scale", .types = "s16>s16,s32",
     .symbol = "thk_signal_fft_auto_scale_s16__c99",
     .source = "signal/thk_signal_fft_auto_scale_s16__c99.c", .order = TH_ORDER_ELEMENT,
     .refuse = signal_whole, .bind = bind, .cost = cost},
};
const struct signal_op signal_fft_auto_scale = {&op, &importer, rows, TH_ARRAY_LEN(rows)};
