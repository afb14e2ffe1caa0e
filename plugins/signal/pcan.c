/* SPDX-License-Identifier: Apache-2.0 */
/* signal_pcan: per-channel automatic gain, then compression. */
#include "plugins/signal/signal.h"

enum { X, NOISE, GAIN };
#define GAIN_ENTRIES 125    /* three for 0..2 and three of every four for lengths to 32 bits */

static enum th_status infer(struct th_inst *c)
{
    TH_TRY(signal_need_vector(c, X, -1));
    signal_set(c, 0, TH_DT_U32, 1, c->in[X]->dims);
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    TH_TRY(signal_need_vector(c, NOISE, c->in[X]->dims[0]));
    TH_TRY(signal_need_vector(c, GAIN, -1));
    if (c->in[GAIN]->dims[0] < GAIN_ENTRIES)
        return th_inst_error(c, "the gain table has %lld entries, expected at least %d",
                             (long long)c->in[GAIN]->dims[0], GAIN_ENTRIES);
    return TH_OK;
}

/* A parabola for each length of x in bits: t[0] + (t[1] + t[2] * f) * f, f the next 10 bits. */
static int16_t gain_of(uint64_t x, const struct th_tensor *gain)
{
    if (x <= 2)
        return (int16_t)th_tensor_int(gain, (int64_t)x);
    const int bits = signal_bits(x);
    const int64_t at = 4 * bits - 6;
    const int64_t f = (int64_t)(bits < 11 ? x << (11 - bits) : x >> (bits - 11)) & 0x3ff;
    int64_t v = (th_tensor_int(gain, at + 2) * f) >> 5;
    v = (int32_t)(v + th_tensor_int(gain, at + 1) * 32);
    v = (int32_t)(v * f + (1 << 14));
    return (int16_t)((v >> 15) + th_tensor_int(gain, at));
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t shift = th_inst_int(c, "snr_shift");
    uint32_t *y = e->out[0]->data;
    for (int64_t i = 0; i < c->in[X]->dims[0]; i++) {
        const uint32_t gain = (uint32_t)gain_of((uint64_t)th_tensor_int(e->in[NOISE], i),
                                                e->in[GAIN]);
        const uint64_t product = (uint64_t)th_tensor_int(e->in[X], i) * gain;
        const uint32_t snr = (uint32_t)(product >> shift);
        y[i] = snr < 8192 ? (snr * snr) >> 20 : (snr >> 6) - 64;
    }
    return TH_OK;
}

static uint32_t alias(const struct th_inst *c, struct th_alias *list, uint32_t max)
{
    (void)c;
    if (max)
        list[0] = (struct th_alias){.out = 0, .in = X};
    return max ? 1 : 0;
}

static const struct th_port inputs[] = {
    {"x", TH_DT_BIT(TH_DT_U32), 0, "channels"},
    {"noise", TH_DT_BIT(TH_DT_U32), 0, "their noise estimates"},
    {"gain", TH_DT_BIT(TH_DT_S16), 0, "parabolas of the gain over the length in bits"},
    SIGNAL_PORT_END};
static const struct th_port outputs[] = {
    {"y", TH_DT_BIT(TH_DT_U32), 0, "channels with 6 fraction bits"}, SIGNAL_PORT_END};
static const struct th_attr_spec attrs[] = {
    SIGNAL_INT("snr_shift", 0, 63, "brings x * gain to 12 fraction bits"), SIGNAL_ATTR_END};

static const struct th_op op = {
    .struct_size = sizeof op,
    .name = "signal_pcan",
    .summary = "per-channel gain by the noise, then compression",
    .doc = "s = x * gain(noise) >> snr_shift with 12 fraction bits; y = s^2/4 below 2, else s - 1, "
           "with 6 fraction bits. gain is piecewise quadratic.",
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
    static const char *const options[] = {"snr_shift", NULL};
    TH_TRY(signal_need_ports(im, 3, 1));
    return signal_import(im, op.name, options);
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    th_call_int(c, signal_elems(q, X));
    th_call_int(c, signal_attr(q, "snr_shift"));
    th_call_input(c, X, "const uint32_t");
    th_call_input(c, NOISE, "const uint32_t");
    th_call_input(c, GAIN, "const int16_t");
    th_call_output(c, 0, "uint32_t");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    signal_cost(q, 50, k);
}

static const struct th_importer importer = {"tflite", "SignalPCAN", import};
static const struct th_kernel rows[] = {
    {.op = "signal_pcan", .types = "u32,u32,s16>u32", .symbol = "thk_signal_pcan_u32__c99",
     .source = "signal/thk_signal_pcan_u32__c99.c", .order = TH_ORDER_ELEMENT,
     .refuse = signal_whole, .bind = bind, .cost = cost},
};
const struct signal_op signal_pcan = {&op, &importer, rows, TH_ARRAY_LEN(rows)};
