/* SPDX-License-Identifier: Apache-2.0 */
/* Register-tiled float kernels in plain C, for processors with a floating-point unit. */
#include "backends/c99/families.h"
#include "backends/rows/floats.h"

static const char *refuse_window(const struct th_query *q)
{
    struct th_row_window w;
    return th_row_floats_window(q, 4, &w);
}

static const char *refuse_dense(const struct th_query *q)
{
    struct th_row_dense d;
    return th_row_floats_dense(q, &d);
}

/* Tiles of four at the edges of a row, and three pixels that are left, read zeros from scratch. The
 * box of a piece stands for others. */
static int64_t zeros(const struct th_query *q, const struct th_row_window *w)
{
    const int64_t first = w->box_x * w->stride_w - w->pad_left;
    const int64_t tiled = w->box_w % 4 == 3 ? w->box_w : w->box_w / 4 * 4;
    const int64_t last = first + (tiled - 1) * w->stride_w + (w->kernel_w - 1) * w->dilation_w;
    const bool needed = tiled > 0 && (w->box_w % 4 == 3 || first < 0 || last >= w->in_w);
    return needed || !q->whole ? w->in_c : 0;
}

static enum th_status bind_conv(const struct th_query *q, struct th_call *c)
{
    struct th_row_window w;
    th_row_window(q, &w);
    th_row_flatten(q, &w);
    return th_row_floats_call(q, c, &w, 4, zeros(q, &w));
}

static enum th_status bind_depthwise(const struct th_query *q, struct th_call *c)
{
    struct th_row_window w;
    th_row_window(q, &w);
    th_row_call_window_f32(c, &w);
    th_call_input(c, 0, "const float");
    TH_TRY(th_row_floats_packed(q, c, 4, w.out_c, w.kernel_h * w.kernel_w, 1, w.out_c, true));
    th_call_output(c, 0, "float");
    th_row_call_batch(c, &w);
    return TH_OK;
}

static enum th_status bind_rows(const struct th_query *q, struct th_call *c)
{
    struct th_row_dense d;
    th_row_dense(q, &d);
    const struct th_row_window w = th_row_floats_pixels(&d);
    return th_row_floats_call(q, c, &w, 4, zeros(q, &w));
}

static enum th_status bind_dense(const struct th_query *q, struct th_call *c)
{
    struct th_row_dense d;
    th_row_dense(q, &d);
    th_row_call_dense(c, &d);
    th_call_float(c, d.act_lo);
    th_call_float(c, d.act_hi);
    th_call_input(c, 0, "const float");
    TH_TRY(th_row_floats_packed(q, c, 4, d.out, d.in, d.in, 1, false));
    th_call_output(c, 0, "float");
    return TH_OK;
}

/* ---- matrix products ------------------------------------------------------------------------- */

struct products {
    int64_t count, rows, columns, depth, a_next, a_row, a_depth, b_next, b_depth, b_column;
};

/* Whether t's leading axes are those of the result, or all 1; *next: elements between products. */
static bool leading(const struct th_type *t, const struct th_type *y, int64_t count, int64_t *next)
{
    const int64_t own = th_row_dims(t, 0, t->rank - 2);
    *next = own == 1 ? 0 : t->dims[t->rank - 2] * t->dims[t->rank - 1];
    if (own == 1)
        return true;
    if (own != count || t->rank != y->rank)
        return false;
    for (int32_t i = 0; i < t->rank - 2; i++)
        if (t->dims[i] != y->dims[i])
            return false;
    return true;
}

static const char *describe(const struct th_query *q, struct products *p)
{
    const struct th_inst *c = q->inst;
    const struct th_type *a = c->in[0], *b = c->in[1], *y = &c->out[0];
    const bool adj_a = th_inst_int(c, "adj_a"), adj_b = th_inst_int(c, "adj_b");
    memset(p, 0, sizeof *p);
    if (!q->whole)
        return "only whole outputs";
    if (a->rank < 2 || b->rank < 2 || y->rank < 2)
        return "an operand is no matrix";
    const int64_t a_columns = a->dims[a->rank - 1], b_columns = b->dims[b->rank - 1];
    p->count = th_row_dims(y, 0, y->rank - 2);
    p->rows = y->dims[y->rank - 2], p->columns = y->dims[y->rank - 1];
    p->depth = a->dims[a->rank - (adj_a ? 2 : 1)];
    p->a_row = adj_a ? 1 : a_columns, p->a_depth = adj_a ? a_columns : 1;
    p->b_depth = adj_b ? 1 : b_columns, p->b_column = adj_b ? b_columns : 1;
    if (!leading(a, y, p->count, &p->a_next) || !leading(b, y, p->count, &p->b_next))
        return "an operand is repeated along some axes only";
    if (th_type_elems(a) > 1 << 26 || th_type_elems(b) > 1 << 26 || th_type_elems(y) > 1 << 26)
        return "an operand is too large";
    return th_type_elems(y) < 1 || p->depth < 1 ? "an empty operand" : NULL;
}

static const char *refuse_products(const struct th_query *q)
{
    struct products p;
    return describe(q, &p);
}

static enum th_status bind_products(const struct th_query *q, struct th_call *c)
{
    struct products p;
    describe(q, &p);
    th_call_struct_begin(c, "thk_products_f32");
    th_call_field_int(c, "count", p.count);
    th_call_field_int(c, "rows", p.rows);
    th_call_field_int(c, "columns", p.columns);
    th_call_field_int(c, "depth", p.depth);
    th_call_field_int(c, "a_next", p.a_next);
    th_call_field_int(c, "a_row", p.a_row);
    th_call_field_int(c, "a_depth", p.a_depth);
    th_call_field_int(c, "b_next", p.b_next);
    th_call_field_int(c, "b_depth", p.b_depth);
    th_call_field_int(c, "b_column", p.b_column);
    th_call_struct_end(c);
    th_call_float(c, (float)th_inst_float(q->inst, "act_min"));
    th_call_float(c, (float)th_inst_float(q->inst, "act_max"));
    th_call_input(c, 0, "const float");
    th_call_input(c, 1, "const float");
    th_call_output(c, 0, "float");
    return TH_OK;
}

static void cost_products(const struct th_query *q, struct th_kernel_cost *k)
{
    struct products p;
    if (describe(q, &p))
        return;
    k->cycles = (double)p.count * (double)((p.rows + 3) / 4) * (double)((p.columns + 3) / 4) *
                (180.0 + 34.0 * (double)p.depth);
    k->code_bytes = 900;
    k->stack_bytes = 300;
}

/* ---- costs ----------------------------------------------------------------------------------- */

/* Tiles of four pixels, and one or two single ones at the end of a row. */
static void cost_pixels(const struct th_row_window *w, double taps, struct th_kernel_cost *k)
{
    const int64_t rest = w->box_w % 4, single = rest == 3 ? 0 : rest;
    const double tiles = (double)((w->box_w - single + 3) / 4);
    const double rows = (double)w->batch * (double)w->box_h;
    const double groups = (double)((w->out_c + 3) / 4);
    k->cycles = rows * groups * (tiles * (200.0 + taps * 26.5) +
                                 (double)single * (90.0 + taps * 9.6));
    k->code_bytes = 3150;
    k->stack_bytes = 420;
}

static void cost_conv(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    th_row_flatten(q, &w);
    cost_pixels(&w, (double)(w.kernel_h * w.kernel_w * w.in_c), k);
}

static void cost_rows(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_dense d;
    if (th_row_dense(q, &d))
        return;
    const struct th_row_window w = th_row_floats_pixels(&d);
    cost_pixels(&w, (double)d.in, k);
}

static void cost_depthwise(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    const double pixels = (double)w.batch * (double)w.box_h * (double)w.box_w;
    k->cycles = pixels * (20.0 + (double)((w.out_c + 3) / 4) *
                                     (60.0 + 14.0 * (double)(w.kernel_h * w.kernel_w)));
    k->code_bytes = 1100;
    k->stack_bytes = 400;
}

static void cost_dense(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_dense d;
    if (th_row_dense(q, &d))
        return;
    k->cycles = (double)d.rows * (double)((d.out + 3) / 4) * (45.0 + 9.7 * (double)d.in);
    k->code_bytes = 600;
    k->stack_bytes = 100;
}

#define VIEWS                                                                                  \
    (TH_VIEW_PITCHED_IN | TH_VIEW_PITCHED_OUT | TH_VIEW_RING_IN | TH_VIEW_RING_OUT |           \
     TH_VIEW_ANY_BOX | TH_VIEW_TAIL_IN)
#define ROW(op_, name_, refuse_, bind_, cost_)                                                 \
    .op = op_, .types = "f32,f32,f32?>f32", .symbol = "thk_" name_ "_f32_tile__c99",           \
    .source = "c99/thk_" name_ "_f32_tile__c99.c", .feature = "fpu", .refuse = refuse_,        \
    .bind = bind_, .cost = cost_

static const struct th_kernel rows[] = {
    {ROW("conv2d", "conv2d", refuse_window, bind_conv, cost_conv), .order = TH_ORDER_ROWS,
     .group = -4, .views = VIEWS},
    {ROW("depthwise_conv2d", "depthwise_conv2d", refuse_window, bind_depthwise, cost_depthwise),
     .order = TH_ORDER_ROWS, .group = -2, .views = VIEWS},
    {ROW("fully_connected", "fully_connected", refuse_dense, bind_dense, cost_dense),
     .order = TH_ORDER_ANY},
    {.op = "batch_matmul", .types = "f32,f32>f32", .feature = "fpu",
     .symbol = "thk_batch_matmul_f32_tile__c99", .source = "c99/thk_batch_matmul_f32_tile__c99.c",
     .order = TH_ORDER_ANY, .refuse = refuse_products, .bind = bind_products,
     .cost = cost_products},
    {ROW("fully_connected", "conv2d", refuse_dense, bind_rows, cost_rows), .order = TH_ORDER_ANY},
};
const struct th_row_family th_c99_tile_f32 = {rows, TH_ARRAY_LEN(rows)};
