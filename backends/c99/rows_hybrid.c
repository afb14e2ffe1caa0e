/* SPDX-License-Identifier: Apache-2.0 */
/* Portable rows: float activations with int8 weights, quantized while running. */
#include "backends/c99/families.h"


static bool is(const struct th_query *q, const char *op)
{
    return strcmp(q->inst->op->name, op) == 0;
}

static bool scales_differ(const struct th_quant *q)
{
    for (uint32_t i = 1; q && i < q->n; i++)
        if (q->scales[i] != q->scales[0])
            return true;
    return false;
}

static const char *refuse(const struct th_query *q)
{
    struct th_row_window w;
    struct th_row_dense d;
    if (is(q, "fully_connected"))
        return th_row_dense(q, &d);
    const char *why = th_row_window(q, &w);
    if (why)
        return why;
    if (!q->whole || !w.dense_in)
        return "the whole input decides the scale";
    if (is(q, "conv2d") && (w.groups < 1 || w.out_c % w.groups != 0))
        return "the groups do not divide the channels";
    if (is(q, "depthwise_conv2d") && (w.in_c < 1 || w.out_c % w.in_c != 0))
        return "the channels are no multiple of the input's";
    return NULL;
}

static void call_hybrid(struct th_call *c, bool asymmetric, bool once, float lo, float hi)
{
    th_call_struct_begin(c, "thk_hybrid");
    th_call_field_int(c, "asymmetric", asymmetric);
    th_call_field_int(c, "once", once);
    th_call_field_float(c, "lo", lo);
    th_call_field_float(c, "hi", hi);
    th_call_struct_end(c);
}

static enum th_status call_scales(const struct th_query *q, struct th_call *c, int64_t n)
{
    float *s = TH_NEW_ARRAY(th_call_arena(c), float, (size_t)n + 1);
    const struct th_quant *w = q->inst->in[1]->quant;
    if (!s)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < n; i++)
        s[i] = th_quant_scale(w, w && w->n > 1 ? (uint32_t)i : 0);
    th_call_data(c, "scales", TH_DT_F32, s, (size_t)n, 4);
    return TH_OK;
}

/* Weights whose scales differ, and all grouped ones, go with an input zero point. */
static enum th_status bind_conv(const struct th_query *q, struct th_call *c)
{
    struct th_row_window w;
    th_row_window(q, &w);
    const bool depthwise = is(q, "depthwise_conv2d");
    const bool per_channel =
        scales_differ(q->inst->in[1]->quant) || depthwise || w.groups != 1;
    th_row_call_window(c, &w);
    call_hybrid(c, per_channel || th_inst_int(q->inst, "asymmetric_inputs"),
                !per_channel || depthwise, w.act_lo, w.act_hi);
    th_call_input(c, 0, "const float");
    th_call_input(c, 1, "const int8_t");
    TH_TRY(call_scales(q, c, w.out_c));
    th_call_input(c, 2, "const float");
    th_call_output(c, 0, "float");
    th_call_scratch(c, (size_t)(w.in_h * w.in_w * w.in_c), 1, "int8_t");
    th_row_call_batch(c, &w);
    return TH_OK;
}

static enum th_status bind_dense(const struct th_query *q, struct th_call *c)
{
    struct th_row_dense d;
    th_row_dense(q, &d);
    th_row_call_dense(c, &d);
    call_hybrid(c, th_inst_int(q->inst, "asymmetric_inputs"), true, d.act_lo, d.act_hi);
    th_call_input(c, 0, "const float");
    th_call_input(c, 1, "const int8_t");
    TH_TRY(call_scales(q, c, d.per_channel ? d.out : 1));
    th_call_input(c, 2, "const float");
    th_call_output(c, 0, "float");
    th_call_scratch(c, (size_t)d.in, 1, "int8_t");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_cost c;
    th_inst_cost(q->inst, &c);
    k->cycles = 10.0 * (double)c.macs + 100.0 * (double)th_type_elems(&q->inst->out[0]) +
                100.0 * (double)th_type_elems(q->inst->in[0]);
    k->code_bytes = 900;
    k->stack_bytes = 200;
}

#define ROW(op_, bind_)                                                                        \
    {.op = op_, .types = "f32,s8,f32?>f32", .symbol = "thk_" op_ "_f32s8__c99",                \
     .source = "c99/thk_" op_ "_f32s8__c99.c", .order = TH_ORDER_ANY, .refuse = refuse,        \
     .bind = bind_, .cost = cost}

static const struct th_kernel rows[] = {
    ROW("conv2d", bind_conv),
    ROW("depthwise_conv2d", bind_conv),
    ROW("transpose_conv2d", bind_conv),
    ROW("fully_connected", bind_dense),
};
const struct th_row_family th_c99_hybrid = {rows, TH_ARRAY_LEN(rows)};
