/* SPDX-License-Identifier: Apache-2.0 */
/* Rows for AVX2 with fused multiply-add: float conv2d, depthwise_conv2d, fully_connected. */
#include "backends/x86/families.h"
#include "backends/rows/floats.h"

static const char *refuse_window(const struct th_query *q)
{
    struct th_row_window w;
    return th_row_floats_window(q, 8, &w);
}

static const char *refuse_dense(const struct th_query *q)
{
    struct th_row_dense d;
    return th_row_floats_dense(q, &d);
}

/* Any tile may meet the padding, and the box of a piece stands for others. */
static int64_t zeros(const struct th_query *q, const struct th_row_window *w)
{
    const int64_t first = w->box_x * w->stride_w - w->pad_left;
    const int64_t last = first + (w->box_w - 1) * w->stride_w + (w->kernel_w - 1) * w->dilation_w;
    return first < 0 || last >= w->in_w || !q->whole ? w->in_c : 0;
}

static enum th_status bind_conv(const struct th_query *q, struct th_call *c)
{
    struct th_row_window w;
    th_row_window(q, &w);
    th_row_flatten(q, &w);
    return th_row_floats_call(q, c, &w, 16, zeros(q, &w));
}

static enum th_status bind_dense(const struct th_query *q, struct th_call *c)
{
    struct th_row_dense d;
    th_row_dense(q, &d);
    const struct th_row_window w = th_row_floats_pixels(&d);
    return th_row_floats_call(q, c, &w, 16, 0);
}

static enum th_status bind_depthwise(const struct th_query *q, struct th_call *c)
{
    struct th_row_window w;
    th_row_window(q, &w);
    th_row_call_window_f32(c, &w);
    th_call_input(c, 0, "const float");
    TH_TRY(th_row_floats_packed(q, c, 8, w.out_c, w.kernel_h * w.kernel_w, 1, w.out_c, true));
    th_call_output(c, 0, "float");
    th_row_call_batch(c, &w);
    return TH_OK;
}

static void cost_pixels(const struct th_row_window *w, struct th_kernel_cost *k)
{
    const double tiles = (double)(w->batch * w->box_h) * (double)((w->box_w + 5) / 6);
    const double runs = (double)(w->kernel_h * w->kernel_w);
    k->cycles = tiles * (20.0 + (double)((w->out_c + 15) / 16) *
                                    (40.0 + runs * (4.0 + 6.5 * (double)w->in_c)));
    k->code_bytes = 5600;
    k->stack_bytes = 900;
}

static void cost_conv(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    th_row_flatten(q, &w);
    cost_pixels(&w, k);
}

static void cost_dense(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_dense d;
    if (th_row_dense(q, &d))
        return;
    const struct th_row_window w = th_row_floats_pixels(&d);
    cost_pixels(&w, k);
}

static void cost_depthwise(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    const double pixels = (double)(w.batch * w.box_h * w.box_w);
    k->cycles = pixels * (10 + (double)((w.out_c + 7) / 8) *
                                   (6 + 1.5 * (double)(w.kernel_h * w.kernel_w)));
    k->code_bytes = 1800;
    k->stack_bytes = 300;
}

#define VIEWS                                                                                  \
    (TH_VIEW_PITCHED_IN | TH_VIEW_PITCHED_OUT | TH_VIEW_RING_IN | TH_VIEW_RING_OUT |           \
     TH_VIEW_ANY_BOX | TH_VIEW_TAIL_IN)
#define ROW(op_, name_, refuse_, bind_, cost_)                                                 \
    .op = op_, .types = "f32,f32,f32?>f32", .feature = "avx2,fma",                             \
    .symbol = "thk_" name_ "_f32__avx2", .source = "avx2/thk_" name_ "_f32__avx2.c",           \
    .refuse = refuse_, .bind = bind_, .cost = cost_

static const struct th_kernel rows[] = {
    {ROW("conv2d", "conv2d", refuse_window, bind_conv, cost_conv), .order = TH_ORDER_ROWS,
     .group = -6, .views = VIEWS},
    {ROW("depthwise_conv2d", "depthwise_conv2d", refuse_window, bind_depthwise, cost_depthwise),
     .order = TH_ORDER_ROWS, .group = -4, .views = VIEWS},
    {ROW("fully_connected", "conv2d", refuse_dense, bind_dense, cost_dense),
     .order = TH_ORDER_ANY},
};
const struct th_row_family th_x86_avx2_f32 = {rows, TH_ARRAY_LEN(rows)};
