/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows for RISC-V vectors (Zve32x with registers of 128 bits or more): int8 conv2d,
 * depthwise_conv2d, fully_connected. Lanes run over output channels. Counts of instructions do not
 * depend on the register's length, because vector lengths are those of 128 bits. Contract "onnx"
 * rescales in floats and so wants the whole extension V.
 */
#include "backends/riscv/families.h"
#include "backends/rows/channels.h"

/* ---- the stream ------------------------------------------------------------------------------ */
/* Bias, multiplier, shift (none behind a float) of `block` channels each, then the block's weights
 * for each product. */
static int8_t *put_block(const struct th_row_channels *h, int64_t first, int64_t block, int8_t *to)
{
    for (int64_t c = first; c < first + block; c++)
        to = th_row_put_word(to, th_row_channel_bias(h, c));
    for (int64_t c = first; c < first + block; c++)
        to = th_row_put_word(to, th_row_channel_factor(h, c));
    for (int64_t c = first; !h->even && c < first + block; c++)
        to = th_row_put_word(to, th_row_channel_shift(h, c));
    for (int64_t t = 0; t < h->taps; t++)
        for (int64_t c = first; c < first + block; c++)
            *to++ = th_row_channel_weight(h, c, t);
    return to;
}

static enum th_status call_stream(struct th_call *c, const struct th_row_channels *h,
                                  int64_t block)
{
    const int64_t blocks = (h->n + block - 1) / block;
    const int64_t bytes = blocks * block * ((h->even ? 8 : 12) + h->taps);
    int8_t *stream = th_arena_alloc(th_call_arena(c), (size_t)bytes), *to = stream;
    if (!stream)
        return TH_ERR_INTERNAL;
    for (int64_t b = 0; b < blocks; b++)
        to = put_block(h, b * block, block, to);
    th_call_data(c, "weights", TH_DT_S8, stream, (size_t)bytes, 4);
    return TH_OK;
}

/* ---- convolution ----------------------------------------------------------------------------- */
static const char *refuse_conv(const struct th_query *q)
{
    struct th_row_window w;
    struct th_row_channels h;
    const char *why = th_row_channels_window(q, &w, &h);
    return why ? why : th_row_channels_factors(&h);
}

static enum th_status bind_conv(const struct th_query *q, struct th_call *c, int64_t block,
                                int64_t pixels)
{
    struct th_row_window w;
    struct th_row_channels h;
    th_row_channels_window(q, &w, &h);
    th_row_flatten(q, &w);
    th_row_call_window(c, &w);
    th_call_input(c, 0, "const int8_t");
    TH_TRY(call_stream(c, &h, block));
    int8_t *zeros = th_arena_alloc(th_call_arena(c), (size_t)w.in_c);
    if (!zeros)
        return TH_ERR_INTERNAL;
    memset(zeros, (int)w.in_zero, (size_t)w.in_c);
    th_call_data(c, "padding", TH_DT_S8, zeros, (size_t)w.in_c, 1);
    th_call_output(c, 0, "int8_t");
    const size_t pointer = q->target && q->target->pointer_bits == 32 ? 4 : 8;
    th_call_scratch(c, (size_t)(w.kernel_h * w.kernel_w * pixels) * pointer, pointer,
                    "const int8_t *");
    th_row_call_batch(c, &w);
    return TH_OK;
}

static enum th_status bind_conv_m8(const struct th_query *q, struct th_call *c)
{
    return bind_conv(q, c, 32, 3);
}

static enum th_status bind_conv_m4(const struct th_query *q, struct th_call *c)
{
    return bind_conv(q, c, 16, 6);
}

static enum th_status bind_conv_m2(const struct th_query *q, struct th_call *c)
{
    return bind_conv(q, c, 8, 6);
}

static double blocks_of(double n, double block)
{
    const double whole = (double)(int64_t)(n / block);
    return whole + (whole * block < n ? 1 : 0);
}

/* Register operations: an instruction of multiplier m works on m registers. */
static void cost_conv(const struct th_query *q, struct th_kernel_cost *k, double block,
                      double pixels)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    th_row_flatten(q, &w);
    const double taps = (double)(w.kernel_h * w.kernel_w * w.in_c);
    const double fields = (double)(w.batch * w.box_h) * blocks_of((double)w.box_w, pixels);
    const double runs = (double)(w.kernel_h * (w.in_c < 4 ? w.kernel_w : 1));
    const double loops = blocks_of((double)w.out_c, block);
    k->cycles = fields * (loops * (taps * (3.5 + 2 * pixels) + runs * (pixels + 4) +
                                   14 * pixels + 20) + runs * pixels * 8 + 40);
    k->code_bytes = 2300;
    k->stack_bytes = 160;
}

static void cost_conv_m8(const struct th_query *q, struct th_kernel_cost *k)
{
    cost_conv(q, k, 32, 3);
}

static void cost_conv_m4(const struct th_query *q, struct th_kernel_cost *k)
{
    cost_conv(q, k, 16, 6);
}

static void cost_conv_m2(const struct th_query *q, struct th_kernel_cost *k)
{
    cost_conv(q, k, 8, 6);
}

/* ---- depthwise ------------------------------------------------------------------------------- */
static const char *refuse_depthwise_3x3(const struct th_query *q)
{
    struct th_row_window w;
    struct th_row_channels h;
    const char *why = refuse_conv(q);
    if (why)
        return why;
    th_row_channels_window(q, &w, &h);
    if (w.kernel_h != 3 || w.kernel_w != 3 || w.dilation_h != 1 || w.dilation_w != 1)
        return "the window is not a plain 3x3";
    return th_row_channels_pairs(&h);
}

static enum th_status bind_depthwise(const struct th_query *q, struct th_call *c)
{
    struct th_row_window w;
    struct th_row_channels h;
    th_row_channels_window(q, &w, &h);
    th_row_call_window(c, &w);
    th_call_input(c, 0, "const int8_t");
    TH_TRY(call_stream(c, &h, 16));
    th_call_output(c, 0, "int8_t");
    th_row_call_batch(c, &w);
    return TH_OK;
}

static void cost_depthwise(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    const double pixels = (double)(w.batch * w.box_h * w.box_w);
    k->cycles = pixels * blocks_of((double)w.out_c, 16) *
                ((double)(w.kernel_h * w.kernel_w) * 10 + 30);
    k->code_bytes = 560;
    k->stack_bytes = 96;
}

static void cost_depthwise_3x3(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    const double pixels = (double)(w.batch * w.box_h * w.box_w);
    k->cycles = pixels * blocks_of((double)w.out_c, 16) * 70;
    k->code_bytes = 1000;
    k->stack_bytes = 128;
}

/* ---- fully connected ------------------------------------------------------------------------- */
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
    TH_TRY(call_stream(c, &h, 32));
    th_call_output(c, 0, "int8_t");
    return TH_OK;
}

static void cost_dense(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_row_dense d;
    if (th_row_dense(q, &d))
        return;
    k->cycles = (double)d.rows * blocks_of((double)d.out, 32) * ((double)d.in * 7 + 30);
    k->code_bytes = 300;
    k->stack_bytes = 48;
}

#define VIEWS                                                                                  \
    (TH_VIEW_PITCHED_IN | TH_VIEW_PITCHED_OUT | TH_VIEW_RING_IN | TH_VIEW_RING_OUT |           \
     TH_VIEW_ANY_BOX | TH_VIEW_TAIL_IN)
#define ROW(op_, contract_, feature_, name_, refuse_, bind_, cost_)                            \
    {.op = op_, .types = "s8,s8,s32?>s8", .contract = contract_, .feature = feature_,          \
     .symbol = "thk_" name_ "__rvv", .source = "rvv/thk_" name_ "__rvv.c",                     \
     .order = TH_ORDER_ANY, .views = VIEWS, .refuse = refuse_, .bind = bind_, .cost = cost_}
#define ROWS(contract_, feature_, suffix_)                                                     \
    ROW("conv2d", contract_, feature_, "conv2d_s8" suffix_ "_m8", refuse_conv, bind_conv_m8,   \
        cost_conv_m8),                                                                         \
    ROW("conv2d", contract_, feature_, "conv2d_s8" suffix_ "_m4", refuse_conv, bind_conv_m4,   \
        cost_conv_m4),                                                                         \
    ROW("conv2d", contract_, feature_, "conv2d_s8" suffix_ "_m2", refuse_conv, bind_conv_m2,   \
        cost_conv_m2),                                                                         \
    ROW("depthwise_conv2d", contract_, feature_, "depthwise_conv2d_s8" suffix_, refuse_conv,   \
        bind_depthwise, cost_depthwise),                                                       \
    ROW("depthwise_conv2d", contract_, feature_, "depthwise_conv2d_s8" suffix_ "_3x3",         \
        refuse_depthwise_3x3, bind_depthwise, cost_depthwise_3x3),                             \
    ROW("fully_connected", contract_, feature_, "fully_connected_s8" suffix_, refuse_dense,    \
        bind_dense, cost_dense)

static const struct th_kernel rows[] = {
    ROWS("tflite", "zve32x", ""),
    ROWS("onnx", "v", "_onnx"),
};
const struct th_row_family th_riscv_rvv = {rows, TH_ARRAY_LEN(rows)};
