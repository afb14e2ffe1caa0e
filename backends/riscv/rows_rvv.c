/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows for RISC-V vectors (Zve32x with registers of 128 bits or more): int8 conv2d,
 * depthwise_conv2d, fully_connected. Lanes run over output channels. Counts of instructions do not
 * depend on the register's length, because vector lengths are those of 128 bits.
 */
#include "backends/riscv/families.h"

/* ---- what all of them need ------------------------------------------------------------------ */
/* The rounding shift wants a shift right; sums must fit 32 bits. */
static const char *check_channel(const struct th_row_fold *f, struct th_multiplier m)
{
    if (m.m != 0 && (m.s > -1 || m.s < -31))
        return "a channel's factor is not below one half";
    if (f->lo < INT32_MIN || f->hi > INT32_MAX || f->bias < INT32_MIN || f->bias > INT32_MAX)
        return "a sum may exceed 32 bits";
    return NULL;
}

static uint32_t right_shift(struct th_multiplier m)
{
    return m.m == 0 ? 1u : (uint32_t)-m.s;
}

static void put_word(int8_t *at, int64_t i, uint32_t v)
{
    memcpy(at + 4 * i, &v, 4);     /* hosts and targets are little endian */
}

/* Bias, multiplier, shift of channels [first, first + block) for the stream's head. */
struct head {
    const struct th_multiplier *m;
    int64_t n, zi;                  /* channels there are; input zero point */
    const struct th_tensor *w, *bias;
    int64_t first_step, tap_step, taps;   /* weights of a channel: c * first_step + t * tap_step */
};

static struct th_row_fold fold(const struct head *h, int64_t c)
{
    struct th_row_fold f;
    th_row_fold_channel(h->w, h->bias, c, c * h->first_step, h->tap_step, h->taps,
                        (int32_t)h->zi, -128, 127, &f);
    return f;
}

static const char *check_channels(const struct head *h)
{
    for (int64_t c = 0; c < h->n; c++) {
        const struct th_row_fold f = fold(h, c);
        const char *why = check_channel(&f, h->m[c]);
        if (why)
            return why;
    }
    return NULL;
}

static int8_t *put_head(const struct head *h, int64_t first, int64_t block, int8_t *to)
{
    for (int64_t i = 0; i < block; i++) {
        const int64_t c = first + i;
        const bool there = c < h->n;
        put_word(to, i, there ? (uint32_t)(int32_t)fold(h, c).bias : 0);
        put_word(to, block + i, there ? (uint32_t)h->m[c].m : 0);
        put_word(to, 2 * block + i, there ? right_shift(h->m[c]) : 1);
    }
    return to + 12 * block;
}

/* Head, then the block's weights for each product in turn. */
static int8_t *put_block(const struct head *h, int64_t first, int64_t block, int8_t *to)
{
    to = put_head(h, first, block, to);
    for (int64_t t = 0; t < h->taps; t++)
        for (int64_t i = 0; i < block; i++, to++)
            if (first + i < h->n)
                *to = (int8_t)th_tensor_int(h->w, (first + i) * h->first_step + t * h->tap_step);
    return to;
}

static enum th_status call_stream(struct th_call *c, const struct head *h, int64_t block)
{
    const int64_t blocks = (h->n + block - 1) / block;
    const int64_t bytes = blocks * block * (12 + h->taps);
    int8_t *stream = th_arena_alloc(th_call_arena(c), (size_t)bytes), *to = stream;
    if (!stream)
        return TH_ERR_INTERNAL;
    for (int64_t b = 0; b < blocks; b++)
        to = put_block(h, b * block, block, to);
    th_call_data(c, "weights", TH_DT_S8, stream, (size_t)bytes, 4);
    return TH_OK;
}

static const char *describe(const struct th_query *q, struct th_row_window *w, struct head *h)
{
    const char *why = th_row_window(q, w);
    if (why)
        return why;
    const bool depthwise = strcmp(q->inst->op->name, "depthwise_conv2d") == 0;
    h->w = th_row_const(q, 1);
    h->bias = th_row_const(q, 2);
    if (!h->w || (th_row_has(q, 2) && !h->bias))
        return "the weights are not constant";
    if (w->weight_zero != 0)
        return "the weights have a zero point";
    if (depthwise ? w->in_c != w->out_c : w->groups != 1)
        return "the channels are grouped";
    if (w->box_c != 0 || w->box_n != w->out_c)
        return "only all channels at once";
    if (w->kernel_h * w->kernel_w * w->in_c > 1 << 20)
        return "the window is too large";
    h->n = w->out_c;
    h->zi = w->in_zero;
    h->taps = w->kernel_h * w->kernel_w * (depthwise ? 1 : w->in_c);
    h->first_step = depthwise ? 1 : h->taps;
    h->tap_step = depthwise ? w->out_c : 1;
    h->m = th_row_multipliers(q, q->inst->arena, 0, 1, w->out_c, th_row_float_product(q, 1));
    return h->m ? NULL : "memory is exhausted";
}

/* ---- convolution -------------------------------------------------------------------------------- */
static const char *refuse_conv(const struct th_query *q)
{
    struct th_row_window w;
    struct head h;
    const char *why = describe(q, &w, &h);
    return why ? why : check_channels(&h);
}

static enum th_status bind_conv(const struct th_query *q, struct th_call *c, int64_t block,
                                int64_t pixels)
{
    struct th_row_window w;
    struct head h;
    describe(q, &w, &h);
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

/* ---- depthwise ---------------------------------------------------------------------------------- */
static const char *refuse_depthwise_3x3(const struct th_query *q)
{
    struct th_row_window w;
    const char *why = refuse_conv(q);
    if (why)
        return why;
    th_row_window(q, &w);
    if (w.kernel_h != 3 || w.kernel_w != 3 || w.dilation_h != 1 || w.dilation_w != 1)
        return "the window is not a plain 3x3";
    return NULL;
}

static enum th_status bind_depthwise(const struct th_query *q, struct th_call *c)
{
    struct th_row_window w;
    struct head h;
    describe(q, &w, &h);
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

/* ---- fully connected ------------------------------------------------------------------------------ */
static const char *describe_dense(const struct th_query *q, struct th_row_dense *d,
                                  struct head *h)
{
    const char *why = th_row_dense(q, d);
    if (why)
        return why;
    h->w = th_row_const(q, 1);
    h->bias = th_row_const(q, 2);
    if (!h->w || (th_row_has(q, 2) && !h->bias))
        return "the weights are not constant";
    if (d->weight_zero != 0)
        return "the weights have a zero point";
    const struct th_multiplier *m = th_row_multipliers(
        q, q->inst->arena, 0, 1, d->per_channel ? d->out : 1, th_row_float_product(q, 1));
    struct th_multiplier *all = TH_NEW_ARRAY(q->inst->arena, struct th_multiplier, (size_t)d->out);
    if (!m || !all)
        return "memory is exhausted";
    for (int64_t c = 0; c < d->out; c++)
        all[c] = m[d->per_channel ? c : 0];
    h->m = all;
    h->n = d->out;
    h->zi = d->in_zero;
    h->taps = d->in;
    h->first_step = d->in;
    h->tap_step = 1;
    return NULL;
}

static const char *refuse_dense(const struct th_query *q)
{
    struct th_row_dense d;
    struct head h;
    const char *why = describe_dense(q, &d, &h);
    return why ? why : check_channels(&h);
}

static enum th_status bind_dense(const struct th_query *q, struct th_call *c)
{
    struct th_row_dense d;
    struct head h;
    describe_dense(q, &d, &h);
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
     TH_VIEW_ANY_BOX)
#define ROW(op_, name_, refuse_, bind_, cost_)                                                 \
    {.op = op_, .types = "s8,s8,s32?>s8", .contract = "tflite", .feature = "zve32x",           \
     .symbol = "thk_" name_ "__rvv", .source = "rvv/thk_" name_ "__rvv.c",                     \
     .order = TH_ORDER_ANY, .views = VIEWS, .refuse = refuse_, .bind = bind_, .cost = cost_}

static const struct th_kernel rows[] = {
    ROW("conv2d", "conv2d_s8_m8", refuse_conv, bind_conv_m8, cost_conv_m8),
    ROW("conv2d", "conv2d_s8_m4", refuse_conv, bind_conv_m4, cost_conv_m4),
    ROW("conv2d", "conv2d_s8_m2", refuse_conv, bind_conv_m2, cost_conv_m2),
    ROW("depthwise_conv2d", "depthwise_conv2d_s8", refuse_conv, bind_depthwise, cost_depthwise),
    ROW("depthwise_conv2d", "depthwise_conv2d_s8_3x3", refuse_depthwise_3x3, bind_depthwise,
        cost_depthwise_3x3),
    ROW("fully_connected", "fully_connected_s8", refuse_dense, bind_dense, cost_dense),
};
const struct th_row_family th_riscv_rvv = {rows, TH_ARRAY_LEN(rows)};
