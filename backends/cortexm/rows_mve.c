/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows for Helium (Cortex-M55, M85): int8 conv2d, depthwise_conv2d, fully_connected, avg_pool2d,
 * add and sub.
 */
#include "backends/cortexm/families.h"
#include "backends/rows/channels.h"

static int64_t round_up(int64_t v, int64_t to)
{
    return (v + to - 1) / to * to;
}

static const char *refuse_window(const struct th_query *q)
{
    struct th_row_window w;
    struct th_row_channels h;
    const char *why = th_row_channels_window(q, &w, &h);
    return why ? why : th_row_channels_check(&h);
}

/* ---- convolution ----------------------------------------------------------------------------- */
static int8_t *put_pair(const struct th_row_channels *h, int64_t c, int8_t *to)
{
    for (int64_t t = 0; t < h->taps; t += 16)
        for (int64_t j = 0; j < 2; j++)
            for (int64_t i = 0; i < 16; i++)
                *to++ = th_row_channel_weight(h, c + j, t + i);
    for (int64_t j = 0; j < 2; j++) {
        to = th_row_put_word(to, th_row_channel_bias(h, c + j));
        to = th_row_put_word(to, th_row_channel_factor(h, c + j));
        to = th_row_put_word(to, -th_row_channel_shift(h, c + j));
    }
    return to;
}

static enum th_status bind_conv(const struct th_query *q, struct th_call *c)
{
    struct th_row_window w;
    struct th_row_channels h;
    th_row_channels_window(q, &w, &h);
    th_row_flatten(q, &w);
    const int64_t fill = round_up(h.taps, 16), channels = round_up(h.n, 4);
    const int64_t bytes = channels * (fill + 12);
    int8_t *stream = th_arena_alloc(th_call_arena(c), (size_t)bytes), *to = stream;
    if (!stream)
        return TH_ERR_INTERNAL;
    for (int64_t k = 0; k < channels; k += 2)
        to = put_pair(&h, k, to);
    th_row_call_window(c, &w);
    th_call_input(c, 0, "const int8_t");
    th_call_data(c, "weights", TH_DT_S8, stream, (size_t)bytes, 4);
    th_call_output(c, 0, "int8_t");
    th_call_scratch(c, (size_t)(4 * fill), 4, "int8_t");
    th_row_call_batch(c, &w);
    return TH_OK;
}

static void cost_conv(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    th_row_flatten(q, &w);
    const double taps = (double)(w.kernel_h * w.kernel_w * w.in_c);
    const double tiles = (double)(w.batch * w.box_h) * (double)((w.box_w + 3) / 4);
    const double copy = w.kernel_h * w.kernel_w == 1
                            ? 20
                            : 4 * (double)w.kernel_h * (12 + (double)(w.kernel_w * w.in_c) / 3);
    k->cycles = tiles * (copy + (double)((w.out_c + 3) / 4) * (66 + 32 * ((taps + 15) / 16)));
    k->code_bytes = 2000;
    k->stack_bytes = 300;
}

/* ---- depthwise ------------------------------------------------------------------------------- */
static const char *refuse_depthwise(const struct th_query *q)
{
    struct th_row_window w;
    struct th_row_channels h;
    const char *why = th_row_channels_window(q, &w, &h);
    if (!why)
        why = th_row_channels_check(&h);
    return why ? why : th_row_channels_pairs(&h);
}

static const char *refuse_3x3(const struct th_query *q)
{
    struct th_row_window w;
    const char *why = refuse_depthwise(q);
    if (why)
        return why;
    th_row_window(q, &w);
    if (w.kernel_h != 3 || w.kernel_w != 3 || w.dilation_h != 1 || w.dilation_w != 1)
        return "the window is not a plain 3x3";
    return NULL;
}

/* Lanes of the four sums, see the kernel. */
static int8_t *put_sums(const struct th_row_channels *h, int64_t c, int8_t *to)
{
    static const int first[4] = {0, 2, 1, 3};
    for (int s = 0; s < 4; s++) {
        for (int64_t i = 0; i < 4; i++)
            to = th_row_put_word(to, th_row_channel_bias(h, c + first[s] + 4 * i));
        for (int64_t i = 0; i < 4; i++)
            to = th_row_put_word(to, th_row_channel_factor(h, c + first[s] + 4 * i));
        for (int64_t i = 0; i < 4; i++)
            to = th_row_put_word(to, -th_row_channel_shift(h, c + first[s] + 4 * i));
    }
    return to;
}

static enum th_status bind_depthwise_of(const struct th_query *q, struct th_call *c, bool rows)
{
    struct th_row_window w;
    struct th_row_channels h;
    th_row_channels_window(q, &w, &h);
    const int64_t blocks = round_up(h.n, 16) / 16, bytes = blocks * (16 * h.taps + 192);
    int8_t *stream = th_arena_alloc(th_call_arena(c), (size_t)bytes), *to = stream;
    if (!stream)
        return TH_ERR_INTERNAL;
    for (int64_t b = 0; b < blocks; b++) {
        for (int64_t t = 0; t < h.taps; t++)
            for (int64_t i = 0; i < 16; i++)
                *to++ = th_row_channel_weight(&h, 16 * b + i, t);
        to = put_sums(&h, 16 * b, to);
    }
    th_row_call_window(c, &w);
    th_call_input(c, 0, "const int8_t");
    th_call_data(c, "weights", TH_DT_S8, stream, (size_t)bytes, 4);
    th_call_output(c, 0, "int8_t");
    if (rows) {
        const int64_t columns = (w.box_w - 1) * w.stride_w + 3;
        th_call_scratch(c, (size_t)(48 * columns + (h.n % 16 ? 16 * w.box_w : 0)), 4, "int8_t");
    } else {
        th_call_scratch(c, (size_t)(16 + 4 * h.taps), 4, "const int8_t *");
    }
    th_row_call_batch(c, &w);
    return TH_OK;
}

static enum th_status bind_depthwise(const struct th_query *q, struct th_call *c)
{
    return bind_depthwise_of(q, c, false);
}

static enum th_status bind_3x3(const struct th_query *q, struct th_call *c)
{
    return bind_depthwise_of(q, c, true);
}

static void cost_depthwise_of(const struct th_query *q, struct th_kernel_cost *k, double pixel)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    const double pixels = (double)(w.batch * w.box_h * w.box_w);
    k->cycles = pixels * (double)((w.out_c + 15) / 16) * pixel;
    k->code_bytes = 1200;
    k->stack_bytes = 240;
}

static void cost_depthwise(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w) == NULL)
        cost_depthwise_of(q, k, 90 + 21 * (double)(w.kernel_h * w.kernel_w));
}

static void cost_3x3(const struct th_query *q, struct th_kernel_cost *k)
{
    cost_depthwise_of(q, k, 170);
    k->code_bytes = 2300;
}

/* ---- fully connected ------------------------------------------------------------------------- */
static const char *refuse_dense(const struct th_query *q)
{
    struct th_row_dense d;
    struct th_row_channels h;
    const char *why = th_row_channels_dense(q, &d, &h);
    return why ? why : th_row_channels_check(&h);
}

static enum th_status bind_dense(const struct th_query *q, struct th_call *c)
{
    struct th_row_dense d;
    struct th_row_channels h;
    th_row_channels_dense(q, &d, &h);
    const int64_t blocks = round_up(h.n, 4) / 4, bytes = blocks * (4 * round_up(h.taps, 16) + 48);
    int8_t *stream = th_arena_alloc(th_call_arena(c), (size_t)bytes), *to = stream;
    if (!stream)
        return TH_ERR_INTERNAL;
    for (int64_t k = 0; k < 4 * blocks; k += 4) {
        for (int64_t t = 0; t < h.taps; t += 16)
            for (int64_t i = 0; i < 64; i++)
                *to++ = th_row_channel_weight(&h, k + i / 16, t + i % 16);
        for (int64_t i = 0; i < 4; i++)
            to = th_row_put_word(to, th_row_channel_bias(&h, k + i));
        for (int64_t i = 0; i < 4; i++)
            to = th_row_put_word(to, th_row_channel_factor(&h, k + i));
        for (int64_t i = 0; i < 4; i++)
            to = th_row_put_word(to, -th_row_channel_shift(&h, k + i));
    }
    th_row_call_dense(c, &d);
    th_call_input(c, 0, "const int8_t");
    th_call_data(c, "weights", TH_DT_S8, stream, (size_t)bytes, 4);
    th_call_output(c, 0, "int8_t");
    return TH_OK;
}

static void cost_dense(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_dense d;
    if (th_row_dense(q, &d))
        return;
    k->cycles = (double)d.rows * (double)((d.out + 3) / 4) *
                (36 + 12 * (double)((d.in + 15) / 16));
    k->code_bytes = 320;
    k->stack_bytes = 72;
}

/* ---- average pool, add ----------------------------------------------------------------------- */
static void cost_pool(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    const double outputs = (double)(w.batch * w.box_h * w.box_w * w.box_n);
    k->cycles = outputs / 8 * (110 + 4 * (double)(w.kernel_h * w.kernel_w));
    k->code_bytes = 600;
    k->stack_bytes = 120;
}

static enum th_status bind_add(const struct th_query *q, struct th_call *c)
{
    return th_row_bind_add(q, c, "thk_add_mve");
}

static enum th_status bind_add_even(const struct th_query *q, struct th_call *c)
{
    return th_row_bind_add_even(q, c, "thk_add_onnx_mve");
}

static void cost_add(const struct th_query *q, struct th_kernel_cost *k)
{
    k->cycles = 7.5 * (double)th_type_elems(&q->inst->out[0]) + 40;
    k->code_bytes = 260;
    k->stack_bytes = 48;
}

#define VIEWS                                                                                  \
    (TH_VIEW_PITCHED_IN | TH_VIEW_PITCHED_OUT | TH_VIEW_RING_IN | TH_VIEW_RING_OUT |           \
     TH_VIEW_ANY_BOX | TH_VIEW_TAIL_IN)
#define ROW(op_, types_, contract_, feature_, name_, order_, over_, views_, refuse_, bind_, cost_) \
    {.op = op_, .types = types_, .contract = contract_, .feature = feature_,                   \
     .symbol = "thk_" name_ "__mve", .source = "mve/thk_" name_ "__mve.c", .order = order_,    \
     .over_read = over_, .views = views_, .refuse = refuse_, .bind = bind_, .cost = cost_}
#define WINDOW(op_, contract_, feature_, name_, refuse_, bind_, cost_)                         \
    ROW(op_, "s8,s8,s32?>s8", contract_, feature_, name_, TH_ORDER_ANY, 15, VIEWS, refuse_,    \
        bind_, cost_)
/* add and sub: four elements are read before they are written */
#define ADD(op_, contract_, name_, bind_)                                                      \
    ROW(op_, "s8,s8>s8", contract_, "mve", name_, TH_ORDER_ELEMENT, 0, 0, th_row_refuse_add,   \
        bind_, cost_add)
#define ROWS(contract_, feature_, v_, bind_add_)                                               \
    WINDOW("conv2d", contract_, feature_, "conv2d_s8" v_, refuse_window, bind_conv, cost_conv), \
    WINDOW("depthwise_conv2d", contract_, feature_, "depthwise_conv2d_s8" v_,                  \
           refuse_depthwise, bind_depthwise, cost_depthwise),                                  \
    WINDOW("depthwise_conv2d", contract_, feature_, "depthwise_conv2d_s8" v_ "_3x3",           \
           refuse_3x3, bind_3x3, cost_3x3),                                                    \
    ROW("fully_connected", "s8,s8,s32?>s8", contract_, feature_, "fully_connected_s8" v_,      \
        TH_ORDER_ANY, 15, 0, refuse_dense, bind_dense, cost_dense),                            \
    ROW("avg_pool2d", "s8>s8", contract_, "mve", "avg_pool2d_s8" v_, TH_ORDER_ANY, 0, VIEWS,   \
        th_row_refuse_pool, th_row_bind_pool, cost_pool),                                      \
    ADD("add", contract_, "add_s8" v_, bind_add_), ADD("sub", contract_, "add_s8" v_, bind_add_)

static const struct th_kernel rows[] = {
    ROWS("tflite", "mve", "", bind_add),
    ROWS("onnx", "mve,mve-fp", "_onnx", bind_add_even),
};
const struct th_row_family th_cortexm_mve = {rows, TH_ARRAY_LEN(rows)};
