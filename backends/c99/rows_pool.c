/* SPDX-License-Identifier: Apache-2.0 */
/* Portable rows: avg_pool2d, max_pool2d, l2_pool2d. */
#include "backends/c99/families.h"

static const char *refuse(const struct th_query *q)
{
    struct th_row_window w;
    return th_row_window(q, &w);
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    struct th_row_window w;
    th_row_window(q, &w);
    switch (q->inst->in[0]->dtype) {
    case TH_DT_F32:
        th_row_call_window_f32(c, &w);
        th_call_input(c, 0, "const float");
        th_call_output(c, 0, "float");
        break;
    case TH_DT_U8:
        th_row_call_window(c, &w);
        th_call_input(c, 0, "const uint8_t");
        th_call_output(c, 0, "uint8_t");
        break;
    case TH_DT_S16:
        th_row_call_window(c, &w);
        th_call_input(c, 0, "const int16_t");
        th_call_output(c, 0, "int16_t");
        break;
    default:
        th_row_call_window(c, &w);
        th_call_input(c, 0, "const int8_t");
        th_call_output(c, 0, "int8_t");
        break;
    }
    th_row_call_batch(c, &w);
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    k->cycles = 16.0 * th_row_window_macs(q, &w) +
                40.0 * (double)w.batch * (double)w.box_h * (double)w.box_w * (double)w.box_n;
    k->code_bytes = 490;
    k->stack_bytes = 120;
    if (q->inst->in[0]->dtype == TH_DT_F32) {
        k->cycles *= 0.3;
        k->code_bytes = 900;
        k->stack_bytes = 180;
    }
}

#define VIEWS                                                                                  \
    (TH_VIEW_PITCHED_IN | TH_VIEW_PITCHED_OUT | TH_VIEW_RING_IN | TH_VIEW_RING_OUT |           \
     TH_VIEW_ANY_BOX | TH_VIEW_TAIL_IN)
#define ROW(op_, types_, contract_, name_)                                                     \
    {.op = op_, .types = types_, .contract = contract_, .symbol = "thk_" name_ "__c99",        \
     .source = "c99/thk_" name_ "__c99.c", .order = TH_ORDER_ROWS, .group = -1, .views = VIEWS, \
     .refuse = refuse, .bind = bind, .cost = cost}

#define DOUBLE "tflite"
#define SINGLE "tflite-single-rounding"

static const struct th_kernel rows[] = {
    ROW("avg_pool2d", "s8>s8", DOUBLE, "avg_pool2d_s8"),
    ROW("avg_pool2d", "s8>s8", SINGLE, "avg_pool2d_s8"),
    ROW("avg_pool2d", "s8>s8", "onnx", "avg_pool2d_s8_onnx"),
    ROW("avg_pool2d", "u8>u8", DOUBLE, "avg_pool2d_u8"),
    ROW("avg_pool2d", "u8>u8", SINGLE, "avg_pool2d_u8"),
    ROW("avg_pool2d", "u8>u8", "onnx", "avg_pool2d_u8_onnx"),
    ROW("avg_pool2d", "s16>s16", DOUBLE, "avg_pool2d_s16"),
    ROW("avg_pool2d", "s16>s16", SINGLE, "avg_pool2d_s16"),
    ROW("avg_pool2d", "f32>f32", NULL, "avg_pool2d_f32"),
    ROW("max_pool2d", "s8>s8", NULL, "max_pool2d_s8"),
    ROW("max_pool2d", "u8>u8", NULL, "max_pool2d_u8"),
    ROW("max_pool2d", "s16>s16", NULL, "max_pool2d_s16"),
    ROW("max_pool2d", "f32>f32", NULL, "max_pool2d_f32"),
    ROW("l2_pool2d", "f32>f32", NULL, "l2_pool2d_f32"),
};
const struct th_row_family th_c99_pool = {rows, TH_ARRAY_LEN(rows)};
