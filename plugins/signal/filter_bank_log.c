/* SPDX-License-Identifier: Apache-2.0 */
/* signal_filter_bank_log: scaled natural logarithms in integers. */
#include "plugins/signal/signal.h"

#include <math.h>

#define SEGMENTS 128

static enum th_status infer(struct th_inst *c)
{
    TH_TRY(signal_need_vector(c, 0, -1));
    signal_set(c, 0, TH_DT_S16, 1, c->in[0]->dims);
    return TH_OK;
}

/* log2(1 + f) - f in 1/65536 at f = i/128 */
static int64_t entry(int64_t i)
{
    const double f = (double)i / SEGMENTS;
    return (int64_t)floor(65536.0 * (log2(1 + f) - f) + 0.5);
}

/* out_scale * ln(x): the fraction of log2 comes from the table. Between its entries only 1/65536
 * of the distance is added, not 1/512. */
static int64_t log_of(uint32_t x, uint32_t out_scale)
{
    const int whole = signal_bits(x) - 1;
    int64_t f = (int64_t)x - ((int64_t)1 << whole);
    f = whole < 16 ? f << (16 - whole) : f >> (whole - 16);
    const int64_t segment = f / 512, here = entry(segment);
    const int64_t rest = ((entry(segment + 1) - here) * (f - 512 * segment)) >> 16;
    const uint64_t log2x = ((uint64_t)whole << 16) + (uint64_t)(f + here + rest);
    const uint32_t ln = (uint32_t)((45426 * log2x + 32768) >> 16);
    return (out_scale * ln + 32768u) >> 16;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t bits = th_inst_int(c, "input_correction_bits");
    const uint32_t scale = (uint32_t)th_inst_int(c, "output_scale");
    for (int64_t i = 0; i < c->in[0]->dims[0]; i++) {
        const uint32_t x = (uint32_t)((uint64_t)th_tensor_int(e->in[0], i) << bits);
        th_tensor_set_int(e->out[0], i, x > 1 ? log_of(x, scale) : 0);
    }
    return TH_OK;
}

static const struct th_port inputs[] = {
    {"x", TH_DT_BIT(TH_DT_U32), 0, "channels"}, SIGNAL_PORT_END};
static const struct th_port outputs[] = {
    {"y", TH_DT_BIT(TH_DT_S16), 0, "output_scale * ln(x << input_correction_bits)"},
    SIGNAL_PORT_END};
static const struct th_attr_spec attrs[] = {
    SIGNAL_INT("output_scale", INT32_MIN, INT32_MAX, "factor of the result"),
    SIGNAL_INT("input_correction_bits", 0, 31, "shift of x"), SIGNAL_ATTR_END};

static const struct th_op op = {
    .struct_size = sizeof op,
    .name = "signal_filter_bank_log",
    .summary = "scaled natural logarithms in integers",
    .doc = "log2 with 16 fraction bits from a table of 128 segments, times ln 2 = 45426/65536, "
           "times output_scale/65536, each rounded; 0 for x <= 1, at most 32767.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = signal_contracts,
    .infer = infer,
    .eval = eval,
};

static enum th_status import(struct th_import *im)
{
    static const char *const options[] = {"output_scale", "input_correction_bits", NULL};
    TH_TRY(signal_need_ports(im, 1, 1));
    return signal_import(im, op.name, options);
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    uint16_t table[SEGMENTS + 1];
    for (int64_t i = 0; i <= SEGMENTS; i++)
        table[i] = (uint16_t)entry(i);
    th_call_int(c, signal_elems(q, 0));
    th_call_int(c, signal_attr(q, "input_correction_bits"));
    th_call_int(c, signal_attr(q, "output_scale"));
    th_call_data(c, "log2", TH_DT_U16, table, TH_ARRAY_LEN(table), 2);
    th_call_input(c, 0, "const uint32_t");
    th_call_output(c, 0, "int16_t");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    signal_cost(q, 60, k);
}

static const struct th_importer importer = {"tflite", "SignalFilterBankLog", import};
static const struct th_kernel rows[] = {
    {.op = "signal_filter_bank_log", .types = "u32>s16",
     .symbol = "thk_signal_filter_bank_log_u32__c99",
     .source = "signal/thk_signal_filter_bank_log_u32__c99.c", .refuse = signal_whole,
     .bind = bind, .cost = cost},
};
const struct signal_op signal_filter_bank_log = {&op, &importer, rows, TH_ARRAY_LEN(rows)};
