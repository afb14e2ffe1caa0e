/* SPDX-License-Identifier: Apache-2.0 */
/* Register-tiled int8 kernels in plain C, for processors without vector or DSP instructions. */
#include "backends/c99/families.h"
#include "backends/rows/channels.h"

struct tile {
    struct th_row_window w;          /* conv2d, depthwise_conv2d */
    struct th_row_dense d;           /* fully_connected */
    struct th_row_channels h;
    struct th_row_triples t;
    int64_t products;                /* filled up */
};

static bool is(const struct th_query *q, const char *op)
{
    return strcmp(q->inst->op->name, op) == 0;
}

static const char *describe(const struct th_query *q, struct tile *k)
{
    memset(k, 0, sizeof *k);
    const bool dense = is(q, "fully_connected");
    const char *why = dense ? th_row_channels_dense(q, &k->d, &k->h)
                            : th_row_channels_window(q, &k->w, &k->h);
    if (why)
        return why;
    if (k->h.n < 1 || k->h.taps < 1)
        return "an empty operand";
    if (is(q, "depthwise_conv2d") && k->h.n < 4)
        return "fewer than four channels";
    k->products = is(q, "conv2d") ? (k->h.taps + 3) / 4 * 4 : k->h.taps;
    if (k->products > 1 << 20 || k->h.n > 1 << 20 || k->products * k->h.n > 1 << 26)
        return "the layer is too large";
    return th_row_triples(q, &k->h, dense ? k->d.out_zero : k->w.out_zero, &k->t);
}

static const char *refuse(const struct th_query *q)
{
    struct tile k;
    return describe(q, &k);
}

static int8_t weight(const struct tile *k, int64_t c, int64_t t)
{
    return c < k->h.n && !k->t.fixed[c] ? th_row_channel_weight(&k->h, c, t) : 0;
}

/* Weights and constants of all groups. overlap: the last group ends with the last channel. */
static enum th_status call_packed(struct th_call *call, const struct tile *k, bool overlap)
{
    const int64_t n = k->h.n, groups = (n + 3) / 4;
    const size_t bytes = (size_t)(groups * k->products * 4), words = (size_t)groups * 16;
    int8_t *w = th_arena_alloc(th_call_arena(call), bytes), *to = w;
    int32_t *q = TH_NEW_ARRAY(th_call_arena(call), int32_t, words);
    if (!w || !q)
        return TH_ERR_INTERNAL;
    for (int64_t g = 0; g < groups; g++) {
        const int64_t first = overlap && 4 * g + 4 > n ? n - 4 : 4 * g;
        for (int64_t t = 0; t < k->products; t++)
            for (int64_t j = 0; j < 4; j++)
                *to++ = weight(k, first + j, t);
        for (int64_t j = 0; j < 4 && first + j < n; j++) {
            q[16 * g + j] = k->t.bias[first + j];
            memcpy(q + 16 * g + 4 + 3 * j, k->t.words + 3 * (first + j), 3 * sizeof *q);
        }
    }
    th_call_data(call, "weights", TH_DT_S8, w, bytes, 1);
    th_call_data(call, "requant", TH_DT_S32, q, words, 4);
    return TH_OK;
}

static enum th_status bind_conv(const struct th_query *q, struct th_call *c)
{
    struct tile k;
    describe(q, &k);
    th_row_call_window(c, &k.w);
    th_call_input(c, 0, "const int8_t");
    TH_TRY(call_packed(c, &k, false));
    th_call_output(c, 0, "int8_t");
    th_call_scratch(c, (size_t)(2 * k.products + 2 * ((k.h.n + 3) / 4 * 4)), 1, "int8_t");
    th_row_call_batch(c, &k.w);
    return TH_OK;
}

static enum th_status bind_depthwise(const struct th_query *q, struct th_call *c)
{
    struct tile k;
    const size_t pointer = q->target && q->target->pointer_bits == 32 ? 4 : 8;
    describe(q, &k);
    th_row_call_window(c, &k.w);
    th_call_input(c, 0, "const int8_t");
    TH_TRY(call_packed(c, &k, true));
    th_call_output(c, 0, "int8_t");
    th_call_scratch(c, pointer * (size_t)k.products + 2 * (size_t)k.h.n, pointer,
                    "const int8_t *");
    th_row_call_batch(c, &k.w);
    return TH_OK;
}

/* ---- depthwise_conv2d, in place -------------------------------------------------------------- */
static int64_t padded(int64_t out, int64_t stride, int64_t kernel, int64_t dilation)
{
    return (out - 1) * stride + (kernel - 1) * dilation + 1;
}

static int64_t plane_bytes(const struct th_row_window *w)
{
    return padded(w->box_h, w->stride_h, w->kernel_h, w->dilation_h) *
           padded(w->box_w, w->stride_w, w->kernel_w, w->dilation_w);
}

static const char *refuse_planes(const struct th_query *q)
{
    struct tile k;
    const char *why = describe(q, &k);
    if (why)
        return why;
    if (!q->whole)
        return "only whole outputs";
    if (k.w.batch != 1 || k.w.in_c != k.w.out_c || !k.w.dense_in || !k.w.dense_out)
        return "more than one map, or not one output for a channel";
    if (k.w.box_h * k.w.box_w > k.w.in_h * k.w.in_w)
        return "the output does not fit where the input lies";
    return plane_bytes(&k.w) > 1 << 24 ? "the plane is too large" : NULL;
}

static enum th_status bind_planes(const struct th_query *q, struct th_call *c)
{
    struct tile k;
    describe(q, &k);
    int8_t *w = th_arena_alloc(th_call_arena(c), (size_t)(k.h.n * k.products));
    int32_t *words = TH_NEW_ARRAY(th_call_arena(c), int32_t, (size_t)k.h.n * 4);
    if (!w || !words)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < k.h.n; i++) {
        for (int64_t t = 0; t < k.products; t++)
            w[i * k.products + t] = weight(&k, i, t);
        words[4 * i] = k.t.bias[i];
        memcpy(words + 4 * i + 1, k.t.words + 3 * i, 3 * sizeof *words);
    }
    th_row_call_window(c, &k.w);
    th_call_input(c, 0, "const int8_t");
    th_call_data(c, "weights", TH_DT_S8, w, (size_t)(k.h.n * k.products), 1);
    th_call_data(c, "requant", TH_DT_S32, words, (size_t)k.h.n * 4, 4);
    th_call_output(c, 0, "int8_t");
    th_call_scratch(c, (size_t)plane_bytes(&k.w), 1, "int8_t");
    return TH_OK;
}

static void cost_planes(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    k->cycles = (double)w.in_c * (9.0 * (double)plane_bytes(&w) +
                                  30.0 * (double)w.box_h * (double)w.box_w) +
                7.0 * th_row_window_macs(q, &w);
    k->code_bytes = 420;
    k->stack_bytes = 120;
}

static enum th_status bind_dense(const struct th_query *q, struct th_call *c)
{
    struct tile k;
    describe(q, &k);
    th_row_call_dense(c, &k.d);
    th_call_input(c, 0, "const int8_t");
    TH_TRY(call_packed(c, &k, false));
    th_call_output(c, 0, "int8_t");
    return TH_OK;
}

static void cost_window(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    const bool depthwise = is(q, "depthwise_conv2d");
    const double pixels = (double)w.batch * (double)w.box_h * (double)w.box_w;
    const double taps = (double)w.kernel_h * (double)w.kernel_w;
    const double field = taps * (depthwise ? 10.0 : 6.0 * (double)w.in_c);
    k->cycles = pixels * (40.0 + field + 25.0 * (double)w.box_n) +
                (depthwise ? 5.5 : 3.2) * th_row_window_macs(q, &w);
    k->code_bytes = depthwise ? 860 : 1270;
    k->stack_bytes = 220;
}

static void cost_dense(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_dense d;
    if (th_row_dense(q, &d))
        return;
    k->cycles = (double)d.rows * (double)d.out * (25.0 + 3.6 * (double)d.in);
    k->code_bytes = 500;
    k->stack_bytes = 120;
}

#define VIEWS                                                                                  \
    (TH_VIEW_PITCHED_IN | TH_VIEW_PITCHED_OUT | TH_VIEW_RING_IN | TH_VIEW_RING_OUT |           \
     TH_VIEW_ANY_BOX | TH_VIEW_TAIL_IN)
#define ROW(op_, contract_, name_)                                                             \
    .op = op_, .types = "s8,s8,s32?>s8", .contract = contract_,                                \
    .symbol = "thk_" op_ "_s8" name_ "_tile__c99",                                             \
    .source = "c99/thk_" op_ "_s8" name_ "_tile__c99.c", .refuse = refuse
#define ROWS(contract_, name_)                                                                 \
    {ROW("conv2d", contract_, name_), .order = TH_ORDER_ROWS, .group = 2, .views = VIEWS,      \
     .bind = bind_conv, .cost = cost_window},                                                  \
    {ROW("depthwise_conv2d", contract_, name_), .order = TH_ORDER_ROWS, .group = 1,            \
     .views = VIEWS, .bind = bind_depthwise, .cost = cost_window},                             \
    {ROW("fully_connected", contract_, name_), .order = TH_ORDER_ANY, .bind = bind_dense,      \
     .cost = cost_dense}

static const struct th_kernel rows[] = {
    ROWS("tflite", ""),
    {.op = "depthwise_conv2d", .types = "s8,s8,s32?>s8", .contract = "tflite",
     .symbol = "thk_depthwise_conv2d_s8_planes__c99",
     .source = "c99/thk_depthwise_conv2d_s8_planes__c99.c", .order = TH_ORDER_PLANES, .group = 1,
     .refuse = refuse_planes, .bind = bind_planes, .cost = cost_planes},
    ROWS("tflite-single-rounding", "_single"),
    ROWS("onnx", "_onnx"),
};
const struct th_row_family th_c99_tile = {rows, TH_ARRAY_LEN(rows)};
