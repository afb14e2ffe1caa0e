/* SPDX-License-Identifier: Apache-2.0 */
/* signal_energy: squared magnitudes of a spectrum. */
#include "plugins/signal/signal.h"

static enum th_status infer(struct th_inst *c)
{
    TH_TRY(signal_need_vector(c, 0, -1));
    signal_set(c, 0, TH_DT_U32, 1, (const int64_t[]){c->in[0]->dims[0] / 2});
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    const int64_t start = th_inst_int(c, "start_index"), end = th_inst_int(c, "end_index");
    if (c->in[0]->dims[0] % 2 != 0)
        return th_inst_error(c, "%lld numbers are no complex ones", (long long)c->in[0]->dims[0]);
    if (start > end || end > c->in[0]->dims[0] / 2)
        return th_inst_error(c, "range %lld to %lld lies outside %lld bins", (long long)start,
                             (long long)end, (long long)c->in[0]->dims[0] / 2);
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t end = th_inst_int(c, "end_index");
    for (int64_t i = th_inst_int(c, "start_index"); i < end; i++) {
        const int64_t re = th_tensor_int(e->in[0], 2 * i), im = th_tensor_int(e->in[0], 2 * i + 1);
        th_tensor_set_int(e->out[0], i, re * re + im * im);
    }
    return TH_OK;
}

static const struct th_port inputs[] = {
    {"x", TH_DT_BIT(TH_DT_S16), 0, "complex bins: real, imaginary, real, ..."}, SIGNAL_PORT_END};
static const struct th_port outputs[] = {
    {"y", TH_DT_BIT(TH_DT_U32), 0, "one number for each bin"}, SIGNAL_PORT_END};
static const struct th_attr_spec attrs[] = {
    SIGNAL_INT("start_index", 0, INT32_MAX, "first bin"),
    SIGNAL_INT("end_index", 0, INT32_MAX, "behind the last bin"), SIGNAL_ATTR_END};

static const struct th_op op = {
    .struct_size = sizeof op,
    .name = "signal_energy",
    .summary = "squared magnitudes of a spectrum",
    .doc = "y = re^2 + im^2 for bins from start_index to end_index - 1; 0 elsewhere.",
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
    static const char *const options[] = {"start_index", "end_index", NULL};
    TH_TRY(signal_need_ports(im, 1, 1));
    return signal_import(im, op.name, options);
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    th_call_int(c, signal_elems(q, 0) / 2);
    th_call_int(c, signal_attr(q, "start_index"));
    th_call_int(c, signal_attr(q, "end_index"));
    th_call_input(c, 0, "const int16_t");
    th_call_output(c, 0, "uint32_t");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    signal_cost(q, 8, k);
}

static const struct th_importer importer = {"tflite", "SignalEnergy", import};
static const struct th_kernel rows[] = {
    {.op = "signal_energy", .types = "s16>u32", .symbol = "thk_signal_energy_s16__c99",
     .source = "signal/thk_signal_energy_s16__c99.c", .refuse = signal_whole, .bind = bind,
     .cost = cost},
};
const struct signal_op signal_energy = {&op, &importer, rows, TH_ARRAY_LEN(rows)};
