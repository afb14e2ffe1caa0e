/* SPDX-License-Identifier: Apache-2.0 */
/* signal_filter_bank: energies of overlapping triangular bands. */
#include "plugins/signal/signal.h"

enum { X, WEIGHTS, UNWEIGHTS, FREQ_STARTS, WEIGHT_STARTS, WIDTHS };

static enum th_status infer(struct th_inst *c)
{
    signal_set(c, 0, TH_DT_U64, 1, (const int64_t[]){th_inst_int(c, "num_channels")});
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    const int64_t channels = th_inst_int(c, "num_channels");
    TH_TRY(signal_need_vector(c, X, -1));
    TH_TRY(signal_need_vector(c, WEIGHTS, -1));
    TH_TRY(signal_need_vector(c, UNWEIGHTS, c->in[WEIGHTS]->dims[0]));
    for (uint32_t i = FREQ_STARTS; i <= WIDTHS; i++) {
        TH_TRY(signal_need_vector(c, i, channels + 1));
        if (!c->in_const[i])
            return th_inst_error(c, "operand '%s' is not constant", c->op->inputs[i].name);
    }
    for (int64_t i = 0; i <= channels; i++) {
        const int64_t f = th_tensor_int(c->in_const[FREQ_STARTS], i);
        const int64_t w = th_tensor_int(c->in_const[WEIGHT_STARTS], i);
        const int64_t n = th_tensor_int(c->in_const[WIDTHS], i);
        if (n > 0 && (f < 0 || w < 0 || f + n > c->in[X]->dims[0] ||
                      w + n > c->in[WEIGHTS]->dims[0]))
            return th_inst_error(c, "band %lld reads %lld bins from %lld and weights from %lld; "
                                    "there are %lld and %lld", (long long)i, (long long)n,
                                 (long long)f, (long long)w, (long long)c->in[X]->dims[0],
                                 (long long)c->in[WEIGHTS]->dims[0]);
    }
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t channels = th_inst_int(c, "num_channels");
    uint64_t *y = e->out[0]->data;
    uint64_t rising = 0, falling = 0;
    for (int64_t i = 0; i <= channels; i++) {
        const int64_t f = th_tensor_int(e->in[FREQ_STARTS], i);
        const int64_t w = th_tensor_int(e->in[WEIGHT_STARTS], i);
        for (int64_t j = 0; j < th_tensor_int(e->in[WIDTHS], i); j++) {
            const uint64_t x = (uint64_t)th_tensor_int(e->in[X], f + j);
            rising += (uint64_t)th_tensor_int(e->in[WEIGHTS], w + j) * x;
            falling += (uint64_t)th_tensor_int(e->in[UNWEIGHTS], w + j) * x;
        }
        if (i > 0)
            y[i - 1] = rising;
        rising = falling;
        falling = 0;
    }
    return TH_OK;
}

static const struct th_port inputs[] = {
    {"x", TH_DT_BIT(TH_DT_U32), 0, "energies of bins"},
    {"weights", TH_DT_BIT(TH_DT_S16), 0, "rising sides of all bands"},
    {"unweights", TH_DT_BIT(TH_DT_S16), 0, "falling sides"},
    {"frequency_starts", TH_DT_BIT(TH_DT_S16), TH_PORT_CONST, "first bin of each band"},
    {"weight_starts", TH_DT_BIT(TH_DT_S16), TH_PORT_CONST, "its first weight"},
    {"widths", TH_DT_BIT(TH_DT_S16), TH_PORT_CONST, "its bins"},
    SIGNAL_PORT_END};
static const struct th_port outputs[] = {
    {"y", TH_DT_BIT(TH_DT_U64), 0, "energy of each channel"}, SIGNAL_PORT_END};
static const struct th_attr_spec attrs[] = {
    SIGNAL_INT("num_channels", 1, 32766, "channels; there is one band more"), SIGNAL_ATTR_END};

static const struct th_op op = {
    .struct_size = sizeof op,
    .name = "signal_filter_bank",
    .summary = "energies of overlapping triangular bands",
    .doc = "Band i adds weight * energy to channel i - 1 and unweight * energy to channel i, in "
           "64 bits; the falling side of the last band is not used.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = signal_contracts,
    .infer = infer,
    .verify = verify,
    .eval = eval,
};

static enum th_status import(struct th_import *im)
{
    static const char *const options[] = {"num_channels", NULL};
    TH_TRY(signal_need_ports(im, 6, 1));
    return signal_import(im, op.name, options);
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    th_call_int(c, signal_attr(q, "num_channels"));
    th_call_input(c, X, "const uint32_t");
    for (uint32_t i = WEIGHTS; i <= WIDTHS; i++)
        th_call_input(c, i, "const int16_t");
    th_call_output(c, 0, "uint64_t");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    signal_cost(q, 20, k);
    k->cycles += 12.0 * (double)signal_elems(q, WEIGHTS);
}

static const struct th_importer importer = {"tflite", "SignalFilterBank", import};
static const struct th_kernel rows[] = {
    {.op = "signal_filter_bank", .types = "u32,s16,s16,s16,s16,s16>u64",
     .symbol = "thk_signal_filter_bank_u32__c99",
     .source = "signal/thk_signal_filter_bank_u32__c99.c", .refuse = signal_whole, .bind = bind,
     .cost = cost},
};
const struct signal_op signal_filter_bank = {&op, &importer, rows, TH_ARRAY_LEN(rows)};
