/* SPDX-License-Identifier: Apache-2.0 */
/* Portable rows: fully_connected. */
#include "backends/c99/families.h"

static const char *refuse(const struct th_query *q)
{
    struct th_row_dense d;
    return th_row_dense(q, &d);
}

static enum th_status bind_int(const struct th_query *q, struct th_call *c)
{
    struct th_row_dense d;
    th_row_dense(q, &d);
    const struct th_inst *i = q->inst;
    const enum th_dtype x = i->in[0]->dtype, y = i->out[0].dtype;
    const int64_t n = d.per_channel ? d.out : 1;
    const bool wide = th_row_has(q, 2) && i->in[2]->dtype == TH_DT_S64;
    struct th_multiplier *m = th_row_multipliers(q, th_call_arena(c), 0, 1, n,
                                                 th_row_float_product(q, 1));
    if (!m)
        return TH_ERR_INTERNAL;
    th_row_call_dense(c, &d);
    th_call_input(c, 0, x == TH_DT_U8    ? "const uint8_t"
                        : x == TH_DT_S16 ? "const int16_t"
                                         : "const int8_t");
    const enum th_dtype w = i->in[1]->dtype;
    th_call_input(c, 1, w == TH_DT_U8 || w == TH_DT_S4 ? "const uint8_t" : "const int8_t");
    th_call_input(c, 2, wide ? "const int64_t" : "const int32_t");
    TH_TRY(th_row_call_requant(c, m, n));
    th_call_output(c, 0, y == TH_DT_U8 ? "uint8_t" : y == TH_DT_S16 ? "int16_t" : "int8_t");
    return TH_OK;
}

static enum th_status bind_f32(const struct th_query *q, struct th_call *c)
{
    struct th_row_dense d;
    th_row_dense(q, &d);
    th_row_call_dense(c, &d);
    th_call_float(c, d.act_lo);
    th_call_float(c, d.act_hi);
    th_call_input(c, 0, "const float");
    th_call_input(c, 1, q->inst->in[1]->dtype == TH_DT_F16 ? "const uint16_t" : "const float");
    th_call_input(c, 2, "const float");
    th_call_output(c, 0, "float");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_dense d;
    if (th_row_dense(q, &d))
        return;
    const double outputs = (double)d.rows * (double)d.out;
    k->cycles = 8.0 * outputs * (double)d.in + 50.0 * outputs;
    k->code_bytes = 330;
    k->stack_bytes = 80;
}

#define ROW(types_, contract_, name_, bind_)                                                   \
    {.op = "fully_connected", .types = types_, .contract = contract_,                          \
     .symbol = "thk_" name_ "__c99", .source = "c99/thk_" name_ "__c99.c",                     \
     .order = TH_ORDER_ANY, .refuse = refuse, .bind = bind_, .cost = cost}
#define DOUBLE "tflite"
#define SINGLE "tflite-single-rounding"
#define EVEN "onnx"

static const struct th_kernel rows[] = {
    ROW("s8,s8,s32?>s8", DOUBLE, "fully_connected_s8", bind_int),
    ROW("s8,s8,s32?>s8", SINGLE, "fully_connected_s8_single", bind_int),
    ROW("u8,u8,s32?>u8", DOUBLE, "fully_connected_u8", bind_int),
    ROW("u8,u8,s32?>u8", SINGLE, "fully_connected_u8_single", bind_int),
    ROW("s8,s4,s32?>s8", DOUBLE, "fully_connected_s8s4", bind_int),
    ROW("s8,s4,s32?>s8", SINGLE, "fully_connected_s8s4_single", bind_int),
    ROW("s16,s4,s64?>s16", DOUBLE, "fully_connected_s16s4", bind_int),
    ROW("s16,s4,s64?>s16", SINGLE, "fully_connected_s16s4", bind_int),
    ROW("s16,s8,s64?>s16", DOUBLE, "fully_connected_s16s8", bind_int),
    ROW("s16,s8,s64?>s16", SINGLE, "fully_connected_s16s8", bind_int),
    ROW("s16,s8,s32>s16", DOUBLE, "fully_connected_s16s8s32", bind_int),
    ROW("s16,s8,s32>s16", SINGLE, "fully_connected_s16s8s32_single", bind_int),
    ROW("s8,s8,s32?>s8", EVEN, "fully_connected_s8_onnx", bind_int),
    ROW("u8,u8,s32?>u8", EVEN, "fully_connected_u8_onnx", bind_int),
    ROW("u8,s8,s32?>u8", EVEN, "fully_connected_u8s8_onnx", bind_int),
    ROW("f32,f16,f32?>f32", NULL, "fully_connected_f32f16", bind_f32),
    ROW("f32,f32,f32?>f32", NULL, "fully_connected_f32", bind_f32),
};
const struct th_row_family th_c99_dense = {rows, TH_ARRAY_LEN(rows)};
