/* SPDX-License-Identifier: Apache-2.0 */
/* Rows for the DSP extension (Cortex-M4, M7, M33) without weights: int8 avg_pool2d, add, sub. */
#include "backends/cortexm/families.h"
#include "backends/rows/channels.h"

#include <thimble/elementwise.h>

/* ---- average pooling, addition --------------------------------------------------------------- */

static const char *refuse_average(const struct th_query *q)
{
    struct th_row_window w;
    const char *why = th_row_window(q, &w);
    if (why)
        return why;
    if (w.kernel_h * w.kernel_w > 255)
        return "more than 255 pixels to add";
    return w.box_n < 4 ? "fewer than four channels" : NULL;
}

static enum th_status bind_average(const struct th_query *q, struct th_call *c)
{
    struct th_row_window w;
    th_row_window(q, &w);
    th_row_call_window(c, &w);
    th_call_input(c, 0, "const int8_t");
    th_call_output(c, 0, "int8_t");
    th_row_call_batch(c, &w);
    return TH_OK;
}

static void cost_average(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    k->cycles = 2.0 * th_row_window_macs(q, &w) +
                30.0 * (double)w.batch * (double)w.box_h * (double)w.box_w * (double)w.box_n;
    k->code_bytes = 630;
    k->stack_bytes = 120;
}

static void addition(const struct th_query *q, struct th_binary_quant *b)
{
    if (strcmp(q->inst->op->name, "sub") == 0)
        th_quant_sub(q->inst, b);
    else
        th_quant_add(q->inst, b);
}

/* An operand's factor is exactly one half, or smaller. */
static bool addend_fits(struct th_multiplier m)
{
    return m.m == 0 || (m.s == 0 && m.m == 1 << 30) || (m.s < 0 && m.s >= -22);
}

static const char *refuse_add(const struct th_query *q)
{
    struct th_binary_quant b;
    const char *why = th_row_refuse_add(q);
    if (why)
        return why;
    addition(q, &b);
    if (b.pot)
        return "powers of two have another rule";
    if (!addend_fits(b.a) || !addend_fits(b.b) || b.out.s >= 0 || b.out.s < -22)
        return "a factor is out of range";
    return NULL;
}

static void field_addend(struct th_call *c, char side, struct th_multiplier m, int32_t zero)
{
    const bool half = m.m != 0 && m.s == 0;
    const int32_t up = half ? 22 : 21, e = m.m == 0 || half ? 1 : -m.s;
    const struct {
        const char *name;
        int32_t v;
    } f[] = {{"_up", up}, {"_zero", zero * (1 << up)}, {"_m", m.m},
             {"_c", 1 << (e - 1)}, {"_e", e}};
    for (size_t i = 0; i < TH_ARRAY_LEN(f); i++) {
        char name[8] = {side};
        memcpy(name + 1, f[i].name, strlen(f[i].name) + 1);
        th_call_field_int(c, th_arena_strdup(th_call_arena(c), name), f[i].v);
    }
}

static enum th_status bind_add(const struct th_query *q, struct th_call *c)
{
    struct th_binary_quant b;
    addition(q, &b);
    th_call_struct_begin(c, "thk_add_dsp");
    th_call_field_int(c, "n", th_type_elems(&q->inst->out[0]));
    th_call_field_int(c, "minus", strcmp(q->inst->op->name, "sub") == 0);
    field_addend(c, 'a', b.a, b.za);
    field_addend(c, 'b', b.b, b.zb);
    th_call_field_int(c, "m", b.out.m);
    th_call_field_int(c, "c", (1 << (-b.out.s - 1)) + b.zo * (1 << -b.out.s));
    th_call_field_int(c, "e", -b.out.s);
    th_call_field_int(c, "lo", b.lo);
    th_call_field_int(c, "hi", b.hi);
    th_call_struct_end(c);
    th_call_input(c, 0, "const int8_t");
    th_call_input(c, 1, "const int8_t");
    th_call_output(c, 0, "int8_t");
    return TH_OK;
}

static void cost_add(const struct th_query *q, struct th_kernel_cost *k)
{
    k->cycles = 20.0 * (double)th_type_elems(&q->inst->out[0]);
    k->code_bytes = 350;
    k->stack_bytes = 110;
}

#define VIEWS                                                                                  \
    (TH_VIEW_PITCHED_IN | TH_VIEW_PITCHED_OUT | TH_VIEW_RING_IN | TH_VIEW_RING_OUT |           \
     TH_VIEW_ANY_BOX | TH_VIEW_TAIL_IN)
#define ROW(op_, contract_, name_, types_)                                                     \
    .op = op_, .types = types_, .contract = contract_,                                         \
    .symbol = "thk_" name_ "__armv7em", .source = "armv7em/thk_" name_ "__armv7em.c",          \
    .feature = "dsp"

#define AVERAGE(contract_, v_)                                                                 \
    {ROW("avg_pool2d", contract_, "avg_pool2d_s8" v_, "s8>s8"), .order = TH_ORDER_ANY,         \
     .views = VIEWS, .refuse = refuse_average, .bind = bind_average, .cost = cost_average}
#define ADD(op_)                                                                               \
    {ROW(op_, "tflite", "add_s8", "s8,s8>s8"), .order = TH_ORDER_ELEMENT, .refuse = refuse_add, \
     .bind = bind_add, .cost = cost_add}

static const struct th_kernel rows[] = {
    AVERAGE("tflite", ""),
    AVERAGE("onnx", "_onnx"),
    ADD("add"),
    ADD("sub"),
};
const struct th_row_family th_cortexm_dsp_maps = {rows, TH_ARRAY_LEN(rows)};
