/* SPDX-License-Identifier: Apache-2.0 */
/* Portable rows: conv2d, depthwise_conv2d, transpose_conv2d. */
#include "backends/c99/families.h"

static const char *refuse(const struct th_query *q)
{
    struct th_row_window w;
    const char *why = th_row_window(q, &w);
    if (why)
        return why;
    if (strcmp(q->inst->op->name, "conv2d") == 0) {
        if (w.groups < 1 || w.out_c % w.groups != 0)
            return "the groups do not divide the channels";
    } else if (strcmp(q->inst->op->name, "transpose_conv2d") == 0) {
        if (w.out_h > INT32_MAX / 4 || w.stride_h < 1 || w.stride_w < 1)
            return "the window reaches too far";
    } else if (w.in_c < 1 || w.out_c % w.in_c != 0) {
        return "the channels are no multiple of the input's";
    }
    return NULL;
}

static enum th_status bind_int(const struct th_query *q, struct th_call *c)
{
    struct th_row_window w;
    th_row_window(q, &w);
    const struct th_type *x = q->inst->in[0], *y = &q->inst->out[0];
    const char *in = x->dtype == TH_DT_U8    ? "const uint8_t"
                     : x->dtype == TH_DT_S16 ? "const int16_t"
                                             : "const int8_t";
    const char *out = y->dtype == TH_DT_U8    ? "uint8_t"
                      : y->dtype == TH_DT_S16 ? "int16_t"
                                              : "int8_t";
    const bool wide = th_row_has(q, 2) && q->inst->in[2]->dtype == TH_DT_S64;
    struct th_multiplier *m = th_row_multipliers(q, th_call_arena(c), 0, 1, w.out_c,
                                                 th_row_float_product(q, 1));
    if (!m)
        return TH_ERR_INTERNAL;
    th_row_call_window(c, &w);
    th_call_input(c, 0, in);
    const enum th_dtype wt = q->inst->in[1]->dtype;
    th_call_input(c, 1, wt == TH_DT_U8 || wt == TH_DT_S4 ? "const uint8_t" : "const int8_t");
    th_call_input(c, 2, wide ? "const int64_t" : "const int32_t");
    TH_TRY(th_row_call_requant(c, m, w.out_c));
    th_call_output(c, 0, out);
    th_row_call_batch(c, &w);
    return TH_OK;
}

static enum th_status bind_f32(const struct th_query *q, struct th_call *c)
{
    struct th_row_window w;
    th_row_window(q, &w);
    th_row_call_window_f32(c, &w);
    th_call_input(c, 0, "const float");
    th_call_input(c, 1, q->inst->in[1]->dtype == TH_DT_F16 ? "const uint16_t" : "const float");
    th_call_input(c, 2, "const float");
    th_call_output(c, 0, "float");
    th_row_call_batch(c, &w);
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    const double outputs = (double)w.batch * (double)w.box_h * (double)w.box_w * (double)w.box_n;
    k->cycles = 9.0 * th_row_window_macs(q, &w) + outputs * (60.0 + 20.0 * (double)w.kernel_h);
    k->code_bytes = 720;
    k->stack_bytes = 160;
}

#define VIEWS                                                                                  \
    (TH_VIEW_PITCHED_IN | TH_VIEW_PITCHED_OUT | TH_VIEW_RING_IN | TH_VIEW_RING_OUT |           \
     TH_VIEW_ANY_BOX | TH_VIEW_TAIL_IN)
#define ROW(op_, types_, contract_, name_, bind_)                                              \
    {.op = op_, .types = types_, .contract = contract_, .symbol = "thk_" name_ "__c99",        \
     .source = "c99/thk_" name_ "__c99.c", .order = TH_ORDER_ROWS, .group = -1, .views = VIEWS, \
     .refuse = refuse, .bind = bind_, .cost = cost}
#define DOUBLE "tflite"
#define SINGLE "tflite-single-rounding"
#define EVEN "onnx"
#define ROWS(op)                                                                               \
    ROW(op, "s8,s8,s32?>s8", DOUBLE, op "_s8", bind_int),                                      \
    ROW(op, "s8,s8,s32?>s8", SINGLE, op "_s8_single", bind_int),                               \
    ROW(op, "u8,u8,s32?>u8", DOUBLE, op "_u8", bind_int),                                      \
    ROW(op, "u8,u8,s32?>u8", SINGLE, op "_u8_single", bind_int),                               \
    ROW(op, "s8,s4,s32?>s8", DOUBLE, op "_s8s4", bind_int),                                    \
    ROW(op, "s8,s4,s32?>s8", SINGLE, op "_s8s4_single", bind_int),                             \
    ROW(op, "s16,s4,s64?>s16", DOUBLE, op "_s16s4", bind_int),                                 \
    ROW(op, "s16,s4,s64?>s16", SINGLE, op "_s16s4", bind_int),                                 \
    ROW(op, "s16,s8,s64?>s16", DOUBLE, op "_s16s8", bind_int),                                 \
    ROW(op, "s16,s8,s64?>s16", SINGLE, op "_s16s8", bind_int),                                 \
    ROW(op, "s16,s8,s32>s16", DOUBLE, op "_s16s8s32", bind_int),                               \
    ROW(op, "s16,s8,s32>s16", SINGLE, op "_s16s8s32_single", bind_int),                        \
    ROW(op, "s8,s8,s32?>s8", EVEN, op "_s8_onnx", bind_int),                                   \
    ROW(op, "u8,u8,s32?>u8", EVEN, op "_u8_onnx", bind_int),                                   \
    ROW(op, "u8,s8,s32?>u8", EVEN, op "_u8s8_onnx", bind_int),                                 \
    ROW(op, "f32,f16,f32?>f32", NULL, op "_f32f16", bind_f32),                                 \
    ROW(op, "f32,f32,f32?>f32", NULL, op "_f32", bind_f32)

static const struct th_kernel rows[] = {ROWS("conv2d"), ROWS("depthwise_conv2d"),
                                        ROWS("transpose_conv2d")};
const struct th_row_family th_c99_conv = {rows, TH_ARRAY_LEN(rows)};
