/* SPDX-License-Identifier: Apache-2.0 */
/* Rows for RISC-V vectors: int8 add and sub of maps of one shape, avg_pool2d. */
#include "backends/riscv/families.h"

#include <thimble/elementwise.h>

/* ---- add, sub ----------------------------------------------------------------------------------- */
static const char *refuse_add(const struct th_query *q)
{
    const struct th_inst *c = q->inst;
    struct th_binary_quant b;
    if (!th_type_same_shape(c->in[0], &c->out[0]) || !th_type_same_shape(c->in[1], &c->out[0]))
        return "an operand is broadcast";
    if (!q->whole || q->in_views || q->out_views)
        return "only whole dense maps";
    th_quant_add(c, &b);
    if (b.pot || b.single)
        return "only double rounding";
    if (b.a.s > 0 || b.b.s > 0 || b.out.s > -1 || b.out.s < -31 || b.a.s < -31 || b.b.s < -31)
        return "a factor is too large";
    return NULL;
}

static enum th_status bind_add(const struct th_query *q, struct th_call *c)
{
    struct th_binary_quant b;
    const bool minus = strcmp(q->inst->op->name, "sub") == 0;
    if (minus)
        th_quant_sub(q->inst, &b);
    else
        th_quant_add(q->inst, &b);
    th_call_struct_begin(c, "thk_add_rvv");
    const struct {
        const char *name;
        int64_t v;
    } f[] = {{"n", th_type_elems(&q->inst->out[0])}, {"a_zero", b.za}, {"b_zero", b.zb},
             {"a_m", b.a.m}, {"a_e", -b.a.s}, {"b_m", b.b.m}, {"b_e", -b.b.s},
             {"out_m", b.out.m}, {"out_e", -b.out.s}, {"out_zero", b.zo}, {"lo", b.lo},
             {"hi", b.hi}, {"minus", minus}};
    for (size_t i = 0; i < TH_ARRAY_LEN(f); i++)
        th_call_field_int(c, f[i].name, f[i].v);
    th_call_struct_end(c);
    th_call_input(c, 0, "const int8_t");
    th_call_input(c, 1, "const int8_t");
    th_call_output(c, 0, "int8_t");
    return TH_OK;
}

static void cost_add(const struct th_query *q, struct th_kernel_cost *k)
{
    k->cycles = 1.2 * (double)th_type_elems(&q->inst->out[0]) + 40;
    k->code_bytes = 470;
    k->stack_bytes = 32;
}

/* ---- average pool --------------------------------------------------------------------------------- */
static const char *refuse_pool(const struct th_query *q)
{
    struct th_row_window w;
    const char *why = th_row_window(q, &w);
    if (why)
        return why;
    if (w.kernel_h * w.kernel_w > 255)
        return "the window has more than 255 taps";
    return NULL;
}

static enum th_status bind_pool(const struct th_query *q, struct th_call *c)
{
    struct th_row_window w;
    th_row_window(q, &w);
    th_row_call_window(c, &w);
    th_call_input(c, 0, "const int8_t");
    th_call_output(c, 0, "int8_t");
    th_row_call_batch(c, &w);
    return TH_OK;
}

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

#define ROW(op_, types_, symbol_, order_, refuse_, bind_, cost_)                               \
    {.op = op_, .types = types_, .contract = "tflite", .feature = "zve32x",                    \
     .symbol = "thk_" symbol_ "__rvv", .source = "rvv/thk_" symbol_ "__rvv.c",                 \
     .order = order_, .refuse = refuse_, .bind = bind_, .cost = cost_}

static const struct th_kernel rows[] = {
    /* a vector is read whole before it is written */
    ROW("add", "s8,s8>s8", "add_s8", TH_ORDER_ELEMENT, refuse_add, bind_add, cost_add),
    ROW("sub", "s8,s8>s8", "add_s8", TH_ORDER_ELEMENT, refuse_add, bind_add, cost_add),
    ROW("avg_pool2d", "s8>s8", "avg_pool2d_s8", TH_ORDER_ANY, refuse_pool, bind_pool, cost_pool),
};
const struct th_row_family th_riscv_rvv_maps = {rows, TH_ARRAY_LEN(rows)};
