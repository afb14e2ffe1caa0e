/* SPDX-License-Identifier: Apache-2.0 */
/* Rows for RISC-V vectors: int8 add and sub of maps of one shape, avg_pool2d. */
#include "backends/riscv/families.h"
#include "backends/rows/channels.h"

/* ---- add, sub -------------------------------------------------------------------------------- */
static enum th_status bind_add(const struct th_query *q, struct th_call *c)
{
    return th_row_bind_add(q, c, "thk_add_rvv");
}

static enum th_status bind_add_even(const struct th_query *q, struct th_call *c)
{
    return th_row_bind_add_even(q, c, "thk_add_onnx_rvv");
}

static void cost_add(const struct th_query *q, struct th_kernel_cost *k)
{
    k->cycles = 1.2 * (double)th_type_elems(&q->inst->out[0]) + 40;
    k->code_bytes = 470;
    k->stack_bytes = 32;
}

/* ---- average pool ---------------------------------------------------------------------------- */
static void cost_pool(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    const double outputs = (double)(w.batch * w.box_h * w.box_w * w.box_n);
    k->cycles = outputs / 16 * ((double)(w.kernel_h * w.kernel_w) * 4 + 40);
    k->code_bytes = 560;
    k->stack_bytes = 96;
}

#define ROW(op_, types_, contract_, feature_, symbol_, order_, refuse_, bind_, cost_)          \
    {.op = op_, .types = types_, .contract = contract_, .feature = feature_,                   \
     .symbol = "thk_" symbol_ "__rvv", .source = "rvv/thk_" symbol_ "__rvv.c",                 \
     .order = order_, .refuse = refuse_, .bind = bind_, .cost = cost_}

static const struct th_kernel rows[] = {
    /* a vector is read whole before it is written */
    ROW("add", "s8,s8>s8", "tflite", "zve32x", "add_s8", TH_ORDER_ELEMENT, th_row_refuse_add,
        bind_add, cost_add),
    ROW("sub", "s8,s8>s8", "tflite", "zve32x", "add_s8", TH_ORDER_ELEMENT, th_row_refuse_add,
        bind_add, cost_add),
    ROW("add", "s8,s8>s8", "onnx", "zve32x", "add_s8_onnx", TH_ORDER_ELEMENT, th_row_refuse_add,
        bind_add_even, cost_add),
    ROW("sub", "s8,s8>s8", "onnx", "zve32x", "add_s8_onnx", TH_ORDER_ELEMENT, th_row_refuse_add,
        bind_add_even, cost_add),
    ROW("avg_pool2d", "s8>s8", "tflite", "zve32x", "avg_pool2d_s8", TH_ORDER_ANY,
        th_row_refuse_pool, th_row_bind_pool, cost_pool),
    ROW("avg_pool2d", "s8>s8", "onnx", "v", "avg_pool2d_s8_onnx", TH_ORDER_ANY,
        th_row_refuse_pool, th_row_bind_pool, cost_pool),
};
const struct th_row_family th_riscv_rvv_maps = {rows, TH_ARRAY_LEN(rows)};
