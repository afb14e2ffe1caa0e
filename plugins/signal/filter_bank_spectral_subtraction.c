/* SPDX-License-Identifier: Apache-2.0 */
/* signal_filter_bank_spectral_subtraction: subtracts a running estimate of the noise. */
#include "plugins/signal/signal.h"

enum { X, NOISE };

static enum th_status infer(struct th_inst *c)
{
    const int64_t n = th_inst_int(c, "num_channels");
    TH_TRY(signal_need_vector(c, X, n));
    TH_TRY(signal_need_vector(c, NOISE, n));
    signal_set(c, 0, TH_DT_U32, 1, &n);
    signal_set(c, 1, TH_DT_U32, 1, &n);
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t bits = th_inst_int(c, "spectral_subtraction_bits");
    const int64_t up = th_inst_int(c, "smoothing_bits");
    const bool clamping = th_inst_int(c, "clamping") != 0;
    const uint64_t floor_factor = (uint32_t)th_inst_int(c, "min_signal_remaining");
    uint32_t *y = e->out[0]->data, *noise = e->out[1]->data;
    for (int64_t i = 0; i < c->in[X]->dims[0]; i++) {
        const uint64_t keep = (uint32_t)th_inst_int(
            c, i % 2 ? "alternate_one_minus_smoothing" : "one_minus_smoothing");
        const uint64_t take =
            (uint32_t)th_inst_int(c, i % 2 ? "alternate_smoothing" : "smoothing");
        const uint32_t x = (uint32_t)th_tensor_int(e->in[X], i);
        const uint64_t old = (uint64_t)th_tensor_int(e->in[NOISE], i);
        const uint32_t scaled = (uint32_t)((uint64_t)x << up);
        uint32_t estimate = (uint32_t)((scaled * take + old * keep) >> bits);
        noise[i] = estimate;
        if (estimate > scaled) {
            estimate = scaled;
            if (clamping)
                noise[i] = estimate;
        }
        const uint32_t least = (uint32_t)((x * floor_factor) >> bits);
        const uint32_t rest = (scaled - estimate) >> up;
        y[i] = rest > least ? rest : least;
    }
    return TH_OK;
}

static uint32_t alias(const struct th_inst *c, struct th_alias *list, uint32_t max)
{
    (void)c;
    uint32_t n = 0;
    if (n < max)
        list[n++] = (struct th_alias){.out = 0, .in = X};
    if (n < max)
        list[n++] = (struct th_alias){.out = 1, .in = NOISE};
    return n;
}

static const struct th_port inputs[] = {
    {"x", TH_DT_BIT(TH_DT_U32), 0, "channels"},
    {"noise", TH_DT_BIT(TH_DT_U32), TH_PORT_STATE, "the estimate so far"}, SIGNAL_PORT_END};
static const struct th_port outputs[] = {
    {"y", TH_DT_BIT(TH_DT_U32), 0, "channels without noise"},
    {"noise_estimate", TH_DT_BIT(TH_DT_U32), TH_PORT_STATE, "the new estimate"}, SIGNAL_PORT_END};
#define FACTOR(name, text) SIGNAL_INT(name, INT32_MIN, INT32_MAX, text)
static const struct th_attr_spec attrs[] = {
    SIGNAL_INT("num_channels", 1, 1 << 20, "channels"),
    FACTOR("smoothing", "weight of the signal, even channels"),
    FACTOR("one_minus_smoothing", "weight of the old estimate"),
    FACTOR("alternate_smoothing", "weight of the signal, odd channels"),
    FACTOR("alternate_one_minus_smoothing", "weight of the old estimate"),
    FACTOR("min_signal_remaining", "part of the signal that always stays"),
    SIGNAL_INT("smoothing_bits", 0, 31, "extra fraction bits of the estimate"),
    SIGNAL_INT("spectral_subtraction_bits", 0, 63, "fraction bits of the weights"),
    SIGNAL_INT("clamping", 0, 1, "the estimate never exceeds the signal"),
    SIGNAL_ATTR_END};

static const struct th_op op = {
    .struct_size = sizeof op,
    .name = "signal_filter_bank_spectral_subtraction",
    .summary = "channels minus a running estimate of their noise",
    .doc = "s = x << smoothing_bits; noise' = (s * smoothing + noise * one_minus_smoothing) >> "
           "spectral_subtraction_bits; y = max((s - min(noise', s)) >> smoothing_bits, "
           "x * min_signal_remaining >> spectral_subtraction_bits). 32-bit numbers wrap, products "
           "have 64 bits.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = signal_contracts,
    .infer = infer,
    .eval = eval,
    .alias = alias,
};

static enum th_status import(struct th_import *im)
{
    struct th_attr a[TH_ARRAY_LEN(attrs) - 1];
    TH_TRY(signal_need_ports(im, 1, 2));
    for (uint32_t i = 0; i < TH_ARRAY_LEN(a); i++) {
        a[i] = (struct th_attr){.name = attrs[i].name, .kind = TH_ATTR_INT};
        TH_TRY(signal_option(im, attrs[i].name, &a[i].v.i));
    }
    const struct th_type type = th_type_make(TH_DT_U32, 1, &a[0].v.i);
    th_state state;
    th_value in[2] = {im->in[0], 0};
    if (a[0].v.i < 1 || a[0].v.i > 1 << 20)
        return th_import_error(im, "%lld channels", (long long)a[0].v.i);
    TH_TRY(signal_read_state(im, "noise", &type, &state, &in[NOISE]));
    TH_TRY(signal_node(im, op.name, in, 2, a, TH_ARRAY_LEN(a), im->out, 2));
    return signal_write_state(im, state, im->out[1]);
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    th_call_struct_begin(c, "thk_signal_subtraction");
    th_call_field_int(c, "channels", signal_elems(q, X));
    for (uint32_t i = 1; attrs[i].name; i++)
        th_call_field_int(c, attrs[i].name, attrs[i].min < 0
                                                ? (uint32_t)signal_attr(q, attrs[i].name)
                                                : signal_attr(q, attrs[i].name));
    th_call_struct_end(c);
    th_call_input(c, X, "const uint32_t");
    th_call_input(c, NOISE, "const uint32_t");
    th_call_output(c, 0, "uint32_t");
    th_call_output(c, 1, "uint32_t");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    signal_cost(q, 40, k);
}

static const struct th_importer importer = {"tflite", "SignalFilterBankSpectralSubtraction",
                                            import};
static const struct th_kernel rows[] = {
    {.op = "signal_filter_bank_spectral_subtraction", .types = "u32,u32>u32,u32",
     .symbol = "thk_signal_filter_bank_spectral_subtraction_u32__c99",
     .source = "signal/thk_signal_filter_bank_spectral_subtraction_u32__c99.c",
     .order = TH_ORDER_ELEMENT, .refuse = signal_whole, .bind = bind, .cost = cost},
};
const struct signal_op signal_filter_bank_spectral_subtraction = {&op, &importer, rows,
                                                                  TH_ARRAY_LEN(rows)};
