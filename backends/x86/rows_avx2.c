/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows for AVX2: int8 conv2d, depthwise_conv2d, fully_connected, avg_pool2d, add and sub.
 */
#include "backends/x86/families.h"
#include "backends/rows/channels.h"

static int64_t round_up(int64_t v, int64_t to)
{
    return (v + to - 1) / to * to;
}

/* ---- convolution, fully connected ---------------------------------------------------------- */
static const char *refuse_window(const struct th_query *q)
{
    struct th_row_window w;
    struct th_row_channels h;
    const char *why = th_row_channels_window(q, &w, &h);
    if (why)
        return why;
    if ((5 * w.stride_w + (w.kernel_w - 1) * w.dilation_w + 1) * w.in_c > 1 << 20)
        return "a row of the window is too large";
    return th_row_channels_factors(&h);
}

/* Bias and multiplier, shift less one where it is no float, of 16 channels; order[i] is the channel
 * of lane i. */
static int8_t *put_constants(const struct th_row_channels *h, int64_t first, const uint8_t *order,
                             int8_t *to)
{
    for (int i = 0; i < 16; i++)
        to = th_row_put_word(to, th_row_channel_bias(h, first + order[i]));
    for (int i = 0; i < 16; i++)
        to = th_row_put_word(to, th_row_channel_factor(h, first + order[i]));
    for (int i = 0; !h->even && i < 16; i++)
        to = th_row_put_word(to, th_row_channel_shift(h, first + order[i]) - 1);
    return to;
}

/* Bytes of these constants for one channel. */
static int64_t constant_bytes(const struct th_row_channels *h)
{
    return h->even ? 8 : 12;
}

/* Blocks of 16 channels of which each has `runs` runs of h->taps / runs products. */
static enum th_status call_stream(struct th_call *c, const struct th_row_channels *h, int64_t runs)
{
    static const uint8_t order[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const int64_t run = h->taps / runs, channels = round_up(h->n, 16);
    const int64_t bytes = channels * (constant_bytes(h) + runs * round_up(run, 2));
    int8_t *stream = th_arena_alloc(th_call_arena(c), (size_t)bytes), *to = stream;
    if (!stream)
        return TH_ERR_INTERNAL;
    for (int64_t k = 0; k < channels; k += 16) {
        to = put_constants(h, k, order, to);
        for (int64_t r = 0; r < runs; r++)
            for (int64_t t = 0; t < run; t += 2)
                for (int64_t i = 0; i < 16; i++) {
                    *to++ = th_row_channel_weight(h, k + i, r * run + t);
                    *to++ = t + 1 < run ? th_row_channel_weight(h, k + i, r * run + t + 1) : 0;
                }
    }
    th_call_data(c, "weights", TH_DT_S8, stream, (size_t)bytes, 16);
    return TH_OK;
}

static enum th_status bind_conv(const struct th_query *q, struct th_call *c)
{
    struct th_row_window w;
    struct th_row_channels h;
    th_row_channels_window(q, &w, &h);
    th_row_flatten(q, &w);
    const int64_t columns = 5 * w.stride_w + (w.kernel_w - 1) * w.dilation_w + 1;
    th_row_call_window(c, &w);
    th_call_input(c, 0, "const int8_t");
    TH_TRY(call_stream(c, &h, w.dilation_w == 1 ? w.kernel_h : w.kernel_h * w.kernel_w));
    th_call_output(c, 0, "int8_t");
    th_call_scratch(c, (size_t)(w.kernel_h * (columns * w.in_c + 16)) * 2, 2, "int16_t");
    th_row_call_batch(c, &w);
    return TH_OK;
}

static void cost_conv(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    th_row_flatten(q, &w);
    const double pairs = (double)(w.kernel_h * ((w.kernel_w * w.in_c + 1) / 2));
    const double tiles = (double)(w.batch * w.box_h) * (double)((w.box_w + 5) / 6);
    const double columns = (double)(5 * w.stride_w + (w.kernel_w - 1) * w.dilation_w + 1);
    k->cycles = tiles * ((double)w.kernel_h * (10 + columns * (double)w.in_c / 12) +
                         (double)((w.out_c + 15) / 16) * (pairs * 8 + 70));
    k->code_bytes = 6000;
    k->stack_bytes = 400;
}

static const char *refuse_dense(const struct th_query *q)
{
    struct th_row_dense d;
    struct th_row_channels h;
    const char *why = th_row_channels_dense(q, &d, &h);
    return why ? why : th_row_channels_factors(&h);
}

static enum th_status bind_dense(const struct th_query *q, struct th_call *c)
{
    struct th_row_dense d;
    struct th_row_channels h;
    th_row_channels_dense(q, &d, &h);
    th_row_call_dense(c, &d);
    th_call_input(c, 0, "const int8_t");
    TH_TRY(call_stream(c, &h, 1));
    th_call_output(c, 0, "int8_t");
    th_call_scratch(c, (size_t)(d.in + 16) * 2, 2, "int16_t");
    return TH_OK;
}

static void cost_dense(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_dense d;
    if (th_row_dense(q, &d))
        return;
    k->cycles = (double)d.rows * ((double)((d.out + 15) / 16) * ((double)d.in + 20) + 20);
    k->code_bytes = 700;
    k->stack_bytes = 100;
}

/* ---- depthwise ----------------------------------------------------------------------------- */
static enum th_status bind_depthwise(const struct th_query *q, struct th_call *c)
{
    static const uint8_t order[16] = {0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15};
    struct th_row_window w;
    struct th_row_channels h;
    th_row_channels_window(q, &w, &h);
    const int64_t channels = round_up(h.n, 16), taps = round_up(h.taps, 2);
    const int64_t bytes = channels * (constant_bytes(&h) + 2 * taps);
    int8_t *stream = th_arena_alloc(th_call_arena(c), (size_t)bytes), *to = stream;
    int8_t *zeros = th_arena_alloc(th_call_arena(c), (size_t)channels);
    if (!stream || !zeros)
        return TH_ERR_INTERNAL;
    for (int64_t k = 0; k < channels; k += 16) {
        to = put_constants(&h, k, order, to);
        for (int64_t t = 0; t < taps; t += 2)
            for (int i = 0; i < 16; i++)
                for (int64_t j = t; j < t + 2; j++) {
                    const int8_t v = th_row_channel_weight(&h, k + order[i], j);
                    *to++ = v;
                    *to++ = v < 0 ? -1 : 0;
                }
    }
    memset(zeros, (int)w.in_zero, (size_t)channels);
    th_row_call_window(c, &w);
    th_call_input(c, 0, "const int8_t");
    th_call_data(c, "weights", TH_DT_S8, stream, (size_t)bytes, 16);
    th_call_data(c, "padding", TH_DT_S8, zeros, (size_t)channels, 1);
    th_call_output(c, 0, "int8_t");
    th_call_scratch(c, (size_t)(h.taps + 1) * 8, 8, "const int8_t *");
    th_row_call_batch(c, &w);
    return TH_OK;
}

static void cost_depthwise(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    const double pixels = (double)(w.batch * w.box_h * w.box_w);
    k->cycles = pixels * (10 + (double)((w.out_c + 15) / 16) *
                                   (12 + 2.2 * (double)(w.kernel_h * w.kernel_w)));
    k->code_bytes = 1300;
    k->stack_bytes = 200;
}

/* ---- average pool, add --------------------------------------------------------------------- */
static void cost_pool(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    const double blocks = (double)(w.batch * w.box_h * w.box_w) * (double)((w.box_n + 15) / 16);
    k->cycles = blocks * (20 + (double)(w.kernel_h * w.kernel_w));
    k->code_bytes = 700;
    k->stack_bytes = 100;
}

static enum th_status bind_add(const struct th_query *q, struct th_call *c)
{
    return th_row_bind_add(q, c, "thk_add_avx2");
}

static enum th_status bind_add_even(const struct th_query *q, struct th_call *c)
{
    return th_row_bind_add_even(q, c, "thk_add_onnx_avx2");
}

static void cost_add(const struct th_query *q, struct th_kernel_cost *k)
{
    k->cycles = 1.5 * (double)th_type_elems(&q->inst->out[0]) + 30;
    k->code_bytes = 900;
    k->stack_bytes = 150;
}

#define VIEWS                                                                                  \
    (TH_VIEW_PITCHED_IN | TH_VIEW_PITCHED_OUT | TH_VIEW_RING_IN | TH_VIEW_RING_OUT |           \
     TH_VIEW_ANY_BOX | TH_VIEW_TAIL_IN)
#define ROW(op_, types_, contract_, name_, order_, over_, views_, refuse_, bind_, cost_)       \
    {.op = op_, .types = types_, .contract = contract_, .feature = "avx2",                     \
     .symbol = "thk_" name_ "__avx2", .source = "avx2/thk_" name_ "__avx2.c",                  \
     .order = order_, .over_read = over_, .views = views_, .refuse = refuse_, .bind = bind_,   \
     .cost = cost_}
/* of sums, sixteen elements are read before they are written */
#define ROWS(contract_, suffix_, bind_add_)                                                    \
    ROW("conv2d", "s8,s8,s32?>s8", contract_, "conv2d_s8" suffix_, TH_ORDER_ANY, 15, VIEWS,    \
        refuse_window, bind_conv, cost_conv),                                                  \
    ROW("depthwise_conv2d", "s8,s8,s32?>s8", contract_, "depthwise_conv2d_s8" suffix_,         \
        TH_ORDER_ANY, 15, VIEWS, refuse_window, bind_depthwise, cost_depthwise),               \
    ROW("fully_connected", "s8,s8,s32?>s8", contract_, "fully_connected_s8" suffix_,           \
        TH_ORDER_ANY, 15, 0, refuse_dense, bind_dense, cost_dense),                            \
    ROW("avg_pool2d", "s8>s8", contract_, "avg_pool2d_s8" suffix_, TH_ORDER_ANY, 15, VIEWS,    \
        th_row_refuse_pool, th_row_bind_pool, cost_pool),                                      \
    ROW("add", "s8,s8>s8", contract_, "add_s8" suffix_, TH_ORDER_ELEMENT, 0, 0,                \
        th_row_refuse_add, bind_add_, cost_add),                                               \
    ROW("sub", "s8,s8>s8", contract_, "add_s8" suffix_, TH_ORDER_ELEMENT, 0, 0,                \
        th_row_refuse_add, bind_add_, cost_add)

static const struct th_kernel rows[] = {
    ROWS("tflite", "", bind_add),
    ROWS("onnx", "_onnx", bind_add_even),
};
const struct th_row_family th_x86_avx2 = {rows, TH_ARRAY_LEN(rows)};
