/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows for the DSP extension (Cortex-M4, M7, M33): int8 conv2d, depthwise_conv2d,
 * fully_connected, with weights of 8 or 4 bits. A kernel reads one stream of words holding, for
 * each group of channels, folded biases, weights in the order of its loop, and requantization
 * constants.
 */
#include "backends/cortexm/families.h"

#include <math.h>

#include "backends/rows/channels.h"

/* ---- the weights' order ---------------------------------------------------------------------- */

/* Which two products of a run a step multiplies; -1: nothing. */
static void step_of_run(int64_t run, int64_t i, int64_t *a, int64_t *b)
{
    const int64_t whole = run / 4 * 2;
    *b = -1;
    if (i < whole) {
        *a = i / 2 * 4 + i % 2;
        *b = *a + 2;
        return;
    }
    const int64_t tail = run % 4, first = run / 4 * 4;
    *a = first + (i - whole);
    if (tail == 2)
        *b = first + 1;
    else if (tail == 3 && i == whole)
        *b = first + 2;
}

static int64_t steps_of_run(int64_t run)
{
    return run / 4 * 2 + (run % 4 + 1) / 2;
}

/* ---- convolution ----------------------------------------------------------------------------- */

struct conv {
    struct th_row_window w;
    int64_t run, runs, steps, taps;      /* taps: products of an output */
    const struct th_tensor *weights, *bias;
    bool depthwise;                      /* weights [1,kh,kw,O] */
    bool even;                           /* contract "onnx": float factors, nothing is doubled */
    const struct th_multiplier *m;       /* of each channel */
    bool *fixed;                         /* channels that do not depend on the input, */
    int32_t *value;                      /* and what they give */
    struct th_row_step *step;            /* of each channel; its sums are not doubled */
};

static struct th_row_fold conv_fold(const struct conv *v, int64_t o);

/* The channels' factors, and those that are constant. */
static const char *describe_channels(const struct th_query *q, struct conv *v, bool per_channel)
{
    struct th_arena *a = q->inst->arena;
    const int64_t n = v->w.out_c;
    v->even = strcmp(q->inst->contract, "onnx") == 0;
    struct th_multiplier *m = th_row_multipliers(q, a, 0, 1, per_channel ? n : 1,
                                                 th_row_float_product(q, 1));
    struct th_multiplier *all = TH_NEW_ARRAY(a, struct th_multiplier, (size_t)n);
    v->fixed = TH_NEW_ARRAY(a, bool, (size_t)n);
    v->value = TH_NEW_ARRAY(a, int32_t, (size_t)n);
    v->step = TH_NEW_ARRAY(a, struct th_row_step, (size_t)n);
    if (!m || !all || !v->fixed || !v->value || !v->step)
        return "memory is exhausted";
    const bool single = th_inst_single_rounding(q->inst);
    for (int64_t o = 0; o < n; o++) {
        const struct th_row_fold f = conv_fold(v, o);
        all[o] = m[per_channel ? o : 0];
        v->fixed[o] = v->even ? th_row_fixed_even(&f, all[o], &v->value[o])
                              : th_row_fixed_channel(&f, all[o], single, &v->value[o]);
        if (!v->fixed[o])
            v->value[o] = 0;
        if (!v->even && !v->fixed[o])
            th_row_find_step(&f, all[o], single, v->w.out_zero, &v->step[o]);
    }
    v->m = all;
    return NULL;
}

/* Words of a group of four channels beside its weights. */
static int64_t group_words(const struct conv *v)
{
    return v->even ? 9 : 16;
}

/* {m, c, e}. */
static void channel_words(const struct conv *v, int64_t o, int32_t *to)
{
    if (o >= v->w.out_c)
        th_row_triple((struct th_multiplier){0, 0}, true, 0, 0, to);
    else if (v->step[o].is)
        memcpy(to, v->step[o].words, sizeof v->step[o].words);
    else
        th_row_triple(v->m[o], v->fixed[o], v->value[o], v->w.out_zero, to);
}

/* What stands behind a group's weights: {m, c, e} of each channel; or four factors as bits, and
 * the zero point. A fixed channel's factor is 1, its sum the value. Returns the end. */
static int32_t *requant_words(const struct conv *v, int64_t first, int32_t *to)
{
    for (int64_t o = first; o < first + 4; o++) {
        if (v->even) {
            const float one = 1.0f;
            memcpy(to, &one, sizeof one);
            if (o < v->w.out_c && !v->fixed[o])
                *to = v->m[o].m;
            to++;
        } else {
            channel_words(v, o, to);
            to += 3;
        }
    }
    if (v->even)
        *to++ = v->w.out_zero;
    return to;
}

static const char *describe_conv(const struct th_query *q, struct conv *v)
{
    const char *why = th_row_window(q, &v->w);
    if (why)
        return why;
    struct th_row_window *w = &v->w;
    v->depthwise = strcmp(q->inst->op->name, "depthwise_conv2d") == 0;
    v->weights = th_row_const(q, 1);
    v->bias = th_row_const(q, 2);
    if (!v->weights || (th_row_has(q, 2) && !v->bias))
        return "the weights are not constant";
    if (v->depthwise ? w->in_c != 1 : w->groups != 1)
        return "the channels are grouped";
    if (w->weight_zero != 0)
        return "the weights have a zero point";
    if (w->box_c != 0 || w->box_n != w->out_c)
        return "only all channels at once";
    if (w->in_c < 1 || w->out_c < 1 || w->kernel_h < 1 || w->kernel_w < 1)
        return "an empty operand";
    th_row_flatten(q, w);
    const bool together = w->dilation_w == 1 && w->in.pixel_pitch == w->in_c;
    v->run = together ? w->kernel_w * w->in_c : w->in_c;
    v->runs = together ? w->kernel_h : w->kernel_h * w->kernel_w;
    v->steps = v->runs * steps_of_run(v->run);
    v->taps = v->run * v->runs;
    if (v->steps > 100000 || w->out_c > 100000)
        return "the layer is too large";
    return describe_channels(q, v, true);
}

/* Weight of channel o, product t; 0 beyond the ends (padding of groups and steps). */
static int32_t conv_weight(const struct conv *v, int64_t o, int64_t t)
{
    if (o >= v->w.out_c || t < 0 || v->fixed[o])
        return 0;
    const int64_t i = v->depthwise ? t * v->w.out_c + o : o * v->taps + t;
    if (v->weights->type.dtype == TH_DT_S4)
        return (int32_t)th_tensor_int(v->weights, i);
    return ((const int8_t *)v->weights->data)[i];      /* the rows' types say s8 or s4 */
}

static struct th_row_fold conv_fold(const struct conv *v, int64_t o)
{
    struct th_row_fold f = {0};
    if (o < v->w.out_c && v->fixed[o] && v->even)
        f.bias = f.lo = f.hi =
            th_clamp_i64((int64_t)v->value[o] + v->w.out_zero, -128, 127) - v->w.out_zero;
    if (o >= v->w.out_c || v->fixed[o])
        return f;
    if (v->depthwise)
        th_row_fold_channel(v->weights, v->bias, o, o, v->w.out_c, v->taps, v->w.in_zero, -128,
                            127, &f);
    else
        th_row_fold_channel(v->weights, v->bias, o, o * v->taps, 1, v->taps, v->w.in_zero, -128,
                            127, &f);
    return f;
}

/* Channel pairs: the first channel's weights must be above -128 where the second's are negative
 * and its sum must fit 24 bits. */
static const char *check_pair(const struct conv *v, int64_t o)
{
    const struct th_row_fold f = conv_fold(v, o);
    if (f.lo <= -(1 << 23) || f.hi >= 1 << 23)
        return "a sum may exceed 24 bits";
    for (int64_t t = 0; t < v->taps; t++)
        if (conv_weight(v, o, t) == -128 && conv_weight(v, o + 1, t) < 0)
            return "a weight is -128";
    return NULL;
}

static const char *check_factor(const struct conv *v, int64_t o, const struct th_row_fold *f)
{
    float factor;
    if (v->step[o].is)
        return NULL;
    if (!v->even)
        return th_row_triple_check(f, v->m[o], v->w.out_zero);
    memcpy(&factor, &v->m[o].m, sizeof factor);
    if (!isfinite(factor))
        return "a channel's factor is not finite";
    return f->lo < INT32_MIN || f->hi > INT32_MAX || f->bias < INT32_MIN || f->bias > INT32_MAX
               ? "a sum may exceed 32 bits" : NULL;
}

/* For kernels that double the sums themselves. */
static const char *refuse_steps(const struct conv *v)
{
    for (int64_t o = 0; o < v->w.out_c; o++)
        if (v->step[o].is)
            return "a sum may wrap";
    return NULL;
}

static const char *refuse_requant(const struct conv *v)
{
    for (int64_t o = 0; o < v->w.out_c; o++) {
        const struct th_row_fold f = conv_fold(v, o);
        const char *why = v->fixed[o] ? NULL : check_factor(v, o, &f);
        if (why)
            return why;
    }
    return NULL;
}

static const char *refuse_conv(const struct th_query *q)
{
    struct conv v;
    const char *why = describe_conv(q, &v);
    why = why ? why : refuse_steps(&v);
    for (int64_t o = 0; !why && o < v.w.out_c; o += 2)
        why = check_pair(&v, o);
    return why ? why : refuse_requant(&v);
}

static uint32_t pair_word(const struct conv *v, int64_t o, int64_t run, int64_t a, int64_t b)
{
    const int64_t base = run * v->run;
    const int64_t ta = base + a, tb = b < 0 ? -1 : base + b;
    const int32_t lo = 256 * conv_weight(v, o, ta) + conv_weight(v, o + 1, ta);
    const int32_t hi = 256 * conv_weight(v, o, tb) + conv_weight(v, o + 1, tb);
    return (uint32_t)(uint16_t)lo | (uint32_t)hi << 16;
}

static const char *refuse_conv_words(const struct th_query *q)
{
    struct conv v;
    const char *why = describe_conv(q, &v);
    return why ? why : refuse_requant(&v);
}

/* Sums are twice what they are called, unless the contract multiplies by floats or they wrap. */
static int32_t twice(const struct conv *v, int64_t o, int64_t x)
{
    const bool once = v->even || (o < v->w.out_c && v->step[o].is);
    return (int32_t)(uint32_t)(uint64_t)(once ? x : 2 * x);
}

/* Two weights: product t0 of channel c0, t1 of c1. */
static uint32_t word_of(const struct conv *v, int64_t c0, int64_t t0, int64_t c1, int64_t t1)
{
    const uint32_t a = (uint32_t)twice(v, c0, conv_weight(v, c0, t0));
    const uint32_t b = (uint32_t)twice(v, c1, conv_weight(v, c1, t1));
    return (a & 0xffffu) | b << 16;
}

/* Weights of four bits: the first two of four sums are told apart modulo 2^32 / 16. */
static const char *check_nibbles(const struct conv *v)
{
    for (int64_t o = 0; o < v->w.out_c; o++) {
        const struct th_row_fold f = conv_fold(v, o);
        if (f.lo <= -(1 << 27) || f.hi >= 1 << 27)
            return "a sum may exceed 28 bits";
    }
    return refuse_requant(v);
}

static const char *refuse_conv_nibbles(const struct th_query *q)
{
    struct conv v;
    const char *why = describe_conv(q, &v);
    return why ? why : check_nibbles(&v);
}

/* Weights of two products and four channels; the second and the fourth count from 8. */
static uint32_t nibble_word(const struct conv *v, int64_t o, int64_t a, int64_t b)
{
    uint32_t word = 0;
    for (int64_t j = 0; j < 4; j++) {
        const uint32_t lo = (uint32_t)(conv_weight(v, o + j, a) + 8 * (j & 1)) & 15;
        const uint32_t hi = (uint32_t)(conv_weight(v, o + j, b) + 8 * (j & 1)) & 15;
        word |= (lo | hi << 16) << (12 - 4 * j);
    }
    return word;
}

static int32_t *nibble_biases(const struct conv *v, int64_t o, int32_t *to)
{
    for (int64_t j = 0; j < 4; j += 2) {
        const struct th_row_fold a = conv_fold(v, o + j), b = conv_fold(v, o + j + 1);
        *to++ = (int32_t)(uint32_t)(16 * a.bias + b.bias);
        *to++ = (int32_t)b.bias;
    }
    return to;
}

/* Two expanded pixels; and three runs where windows leave the map. */
static size_t conv_scratch(const struct conv *v)
{
    const struct th_row_window *w = &v->w;
    const bool inside =
        w->pad_top == 0 && w->pad_left == 0 &&
        (w->out_h - 1) * w->stride_h + (w->kernel_h - 1) * w->dilation_h < w->in_h &&
        (w->out_w - 1) * w->stride_w + (w->kernel_w - 1) * w->dilation_w < w->in_w;
    return (size_t)(8 * v->steps + (inside ? 0 : 3 * v->run));
}

static enum th_status call_conv(const struct conv *v, struct th_call *c, const int32_t *stream,
                                size_t words)
{
    th_row_call_window(c, &v->w);
    th_call_input(c, 0, "const int8_t");
    th_call_data(c, "weights", TH_DT_U32, stream, words, 4);
    th_call_output(c, 0, "int8_t");
    th_call_scratch(c, conv_scratch(v), 4, "uint32_t");
    th_row_call_batch(c, &v->w);
    return TH_OK;
}

static enum th_status bind_conv_words(const struct th_query *q, struct th_call *c)
{
    struct conv v;
    describe_conv(q, &v);
    const int64_t groups = (v.w.out_c + 3) / 4, per_group = group_words(&v) + 4 * v.steps;
    int32_t *stream = TH_NEW_ARRAY(th_call_arena(c), int32_t, (size_t)(groups * per_group));
    if (!stream)
        return TH_ERR_INTERNAL;
    int32_t *to = stream;
    for (int64_t o = 0; o < 4 * groups; o += 4) {
        for (int64_t j = 0; j < 4; j++)
            *to++ = twice(&v, o + j, conv_fold(&v, o + j).bias);
        for (int64_t r = 0; r < v.runs; r++) {
            for (int64_t i = 0; i < steps_of_run(v.run); i++) {
                int64_t a, b;
                step_of_run(v.run, i, &a, &b);
                for (int64_t j = 0; j < 4; j++)
                    *to++ = (int32_t)word_of(&v, o + j, r * v.run + a, o + j,
                                             b < 0 ? -1 : r * v.run + b);
            }
        }
        to = requant_words(&v, o, to);
    }
    return call_conv(&v, c, stream, (size_t)(groups * per_group));
}

static enum th_status bind_conv(const struct th_query *q, struct th_call *c)
{
    struct conv v;
    struct th_arena *arena = th_call_arena(c);
    describe_conv(q, &v);
    const int64_t groups = (v.w.out_c + 3) / 4, per_group = group_words(&v) + 2 * v.steps;
    int32_t *stream = TH_NEW_ARRAY(arena, int32_t, (size_t)(groups * per_group));
    if (!stream)
        return TH_ERR_INTERNAL;
    int32_t *to = stream;
    for (int64_t o = 0; o < 4 * groups; o += 4) {
        for (int64_t j = 0; j < 4; j += 2) {
            const struct th_row_fold a = conv_fold(&v, o + j), b = conv_fold(&v, o + j + 1);
            *to++ = (int32_t)(uint32_t)(256 * a.bias + b.bias);
            *to++ = (int32_t)b.bias;
        }
        for (int64_t r = 0; r < v.runs; r++) {
            for (int64_t i = 0; i < steps_of_run(v.run); i++) {
                int64_t ta, tb;
                step_of_run(v.run, i, &ta, &tb);
                *to++ = (int32_t)pair_word(&v, o, r, ta, tb);
                *to++ = (int32_t)pair_word(&v, o + 2, r, ta, tb);
            }
        }
        to = requant_words(&v, o, to);
    }
    return call_conv(&v, c, stream, (size_t)(groups * per_group));
}

static enum th_status bind_conv_nibbles(const struct th_query *q, struct th_call *c)
{
    struct conv v;
    describe_conv(q, &v);
    const int64_t groups = (v.w.out_c + 3) / 4, per_group = 16 + v.steps;
    int32_t *stream = TH_NEW_ARRAY(th_call_arena(c), int32_t, (size_t)(groups * per_group));
    if (!stream)
        return TH_ERR_INTERNAL;
    int32_t *to = stream;
    for (int64_t o = 0; o < 4 * groups; o += 4) {
        to = nibble_biases(&v, o, to);
        for (int64_t r = 0; r < v.runs; r++) {
            for (int64_t i = 0; i < steps_of_run(v.run); i++) {
                int64_t a, b;
                step_of_run(v.run, i, &a, &b);
                *to++ = (int32_t)nibble_word(&v, o, r * v.run + a, b < 0 ? -1 : r * v.run + b);
            }
        }
        to = requant_words(&v, o, to);
    }
    return call_conv(&v, c, stream, (size_t)(groups * per_group));
}

/* Of a pixel and four channels: a step, what comes behind the last; of a pixel: a step. */
struct conv_price {
    double step, finish, expand;
};

/* Weights are loaded once for two pixels, or for the one that is left. */
static void conv_cycles(const struct th_query *q, struct th_kernel_cost *k, struct conv_price pair,
                        struct conv_price one)
{
    struct conv v;
    if (describe_conv(q, &v))
        return;
    const int64_t of_call = v.w.box_h * v.w.box_w, odd = of_call % 2;
    const double groups = (double)((v.w.out_c + 3) / 4), steps = (double)v.steps;
    const double pixel = 50.0 + (double)v.runs * 30.0 + pair.expand * steps;
    k->cycles = 60.0 + (double)v.w.batch *
                ((double)(of_call - odd) * (pixel + groups * (pair.step * steps + pair.finish)) +
                 (double)odd * (pixel + groups * (one.step * steps + one.finish)));
    k->code_bytes = 3900;
    k->stack_bytes = 300;
}

static void cost_conv(const struct th_query *q, struct th_kernel_cost *k)
{
    conv_cycles(q, k, (struct conv_price){6.5, 38.0, 2.6}, (struct conv_price){7.3, 38.0, 2.6});
}

/* Fewer instructions, but more words are fetched for each product: worth it for a pixel that is
 * alone where products are few, as its sums need not be split behind them. */
static void cost_conv_words(const struct th_query *q, struct th_kernel_cost *k)
{
    conv_cycles(q, k, (struct conv_price){6.9, 40.0, 2.6}, (struct conv_price){7.5, 32.0, 2.6});
}

static void cost_conv_nibbles(const struct th_query *q, struct th_kernel_cost *k)
{
    conv_cycles(q, k, (struct conv_price){7.5, 41.0, 4.6}, (struct conv_price){9.3, 43.0, 4.6});
    k->code_bytes = 4300;
}

/* ---- depthwise convolution ------------------------------------------------------------------- */

/* First channel of group g: the last group ends with the last channel. */
static int64_t group_start(int64_t channels, int64_t g)
{
    return 4 * g + 4 <= channels ? 4 * g : channels - 4;
}

static const char *describe_depthwise(const struct th_query *q, struct conv *v)
{
    memset(v, 0, sizeof *v);
    const char *why = th_row_window(q, &v->w);
    if (why)
        return why;
    v->weights = th_row_const(q, 1);
    v->bias = th_row_const(q, 2);
    v->depthwise = true;
    v->taps = v->w.kernel_h * v->w.kernel_w;
    if (!v->weights || (th_row_has(q, 2) && !v->bias))
        return "the weights are not constant";
    if (v->w.in_c != v->w.out_c)
        return "the channel multiplier is not 1";
    if (v->w.weight_zero != 0)
        return "the weights have a zero point";
    if (v->w.box_c != 0 || v->w.box_n != v->w.out_c)
        return "only all channels at once";
    if (v->w.in_c < 4 || v->taps < 1)
        return "fewer than four channels";
    if (v->taps > 4096 || v->w.in_c > 100000)
        return "the layer is too large";
    return describe_channels(q, v, true);
}

static const char *refuse_depthwise(const struct th_query *q)
{
    struct conv v;
    const char *why = describe_depthwise(q, &v);
    return why ? why : refuse_requant(&v);
}

static enum th_status call_depthwise(const struct conv *v, struct th_call *c,
                                     const void *stream, size_t words)
{
    const int64_t n = v->w.in_c;
    th_row_call_window(c, &v->w);
    th_call_input(c, 0, "const int8_t");
    th_call_data(c, "weights", TH_DT_U32, stream, words, 4);
    th_call_output(c, 0, "int8_t");
    th_call_scratch(c, (size_t)(8 * (v->taps | 1) + 2 * ((n + 3) / 4 * 4)), 4, "uint32_t");
    th_row_call_batch(c, &v->w);
    return TH_OK;
}

static enum th_status bind_depthwise(const struct th_query *q, struct th_call *c)
{
    struct conv v;
    struct th_arena *arena = th_call_arena(c);
    describe_depthwise(q, &v);
    const int64_t n = v.w.in_c, groups = (n + 3) / 4, pairs = v.taps / 2;
    const int64_t words = group_words(&v) + 2 + 4 * pairs;
    int32_t *stream = TH_NEW_ARRAY(arena, int32_t, (size_t)(groups * words));
    if (!stream)
        return TH_ERR_INTERNAL;
    int32_t *to = stream;
    for (int64_t g = 0; g < groups; g++) {
        const int64_t o = group_start(n, g), odd = v.taps % 2;
        for (int64_t j = 0; j < 4; j++)
            *to++ = twice(&v, o + j, conv_fold(&v, o + j).bias);
        *to++ = odd ? (int32_t)word_of(&v, o, 0, o + 2, 0) : 0;
        *to++ = odd ? (int32_t)word_of(&v, o + 1, 0, o + 3, 0) : 0;
        for (int64_t t = odd; t < v.taps; t += 2)
            for (int64_t j = 0; j < 4; j++)
                *to++ = (int32_t)word_of(&v, o + j, t, o + j, t + 1);
        to = requant_words(&v, o, to);
    }
    return call_depthwise(&v, c, stream, (size_t)(groups * words));
}

static const char *refuse_depthwise_nibbles(const struct th_query *q)
{
    struct conv v;
    const char *why = describe_depthwise(q, &v);
    if (!why && v.taps > 511)
        why = "4096 times a sum may exceed 32 bits";
    why = why ? why : refuse_steps(&v);
    return why ? why : refuse_requant(&v);
}

static enum th_status bind_depthwise_nibbles(const struct th_query *q, struct th_call *c)
{
    struct conv v;
    describe_depthwise(q, &v);
    const int64_t n = v.w.in_c, groups = (n + 3) / 4, words = 17 + v.taps / 2;
    uint32_t *stream = TH_NEW_ARRAY(th_call_arena(c), uint32_t, (size_t)(groups * words));
    if (!stream)
        return TH_ERR_INTERNAL;
    uint32_t *to = stream;
    for (int64_t g = 0; g < groups; g++) {
        const int64_t o = group_start(n, g), first = v.taps % 2 ? 0 : -1;
        uint32_t w[4];
        for (int64_t j = 0; j < 4; j++)
            w[j] = (uint32_t)conv_weight(&v, o + j, first) & 15;
        *to++ = w[0] << 12 | w[1] << 8 | w[2] << 28 | w[3] << 24;
        for (int64_t t = first + 1; t < v.taps; t += 2, to++) {
            *to = 0;
            for (int64_t j = 0; j < 4; j++)
                *to |= (((uint32_t)conv_weight(&v, o + j, t) & 15) |
                        ((uint32_t)conv_weight(&v, o + j, t + 1) & 15) << 16) << (12 - 4 * j);
        }
        for (int64_t j = 0; j < 4; j++, to += 4) {
            int32_t bmce[4] = {(int32_t)(2 * conv_fold(&v, o + j).bias)};
            channel_words(&v, o + j, bmce + 1);
            memcpy(to, bmce, sizeof bmce);
        }
    }
    return call_depthwise(&v, c, stream, (size_t)(groups * words));
}

/* Prices of four channels of a pixel: all but the taps, a tap. */
static void depthwise_cycles(const struct th_query *q, struct th_kernel_cost *k, double group,
                             double tap)
{
    struct th_row_window w;
    if (th_row_window(q, &w))
        return;
    const double taps = (double)w.kernel_h * (double)w.kernel_w;
    const double pixels = (double)w.batch * (double)w.box_h * (double)w.box_w;
    k->cycles = 80.0 + pixels * (60.0 + 5.0 * taps +
                                 (double)((w.in_c + 3) / 4) * (group + tap * taps));
    k->code_bytes = 1270;
    k->stack_bytes = 200;
}

static void cost_depthwise(const struct th_query *q, struct th_kernel_cost *k)
{
    depthwise_cycles(q, k, 60.0, 11.0);
}

static void cost_depthwise_nibbles(const struct th_query *q, struct th_kernel_cost *k)
{
    depthwise_cycles(q, k, 64.0, 12.0);
    k->code_bytes = 1370;
}

/* ---- fully connected ------------------------------------------------------------------------- */

static const char *describe_dense(const struct th_query *q, struct th_row_dense *d,
                                  struct conv *v)
{
    const char *why = th_row_dense(q, d);
    if (why)
        return why;
    memset(v, 0, sizeof *v);
    v->weights = th_row_const(q, 1);
    v->bias = th_row_const(q, 2);
    v->taps = d->in;
    v->w.out_c = d->out;
    v->w.in_zero = d->in_zero;
    v->w.out_zero = d->out_zero;
    if (!v->weights || (th_row_has(q, 2) && !v->bias))
        return "the weights are not constant";
    if (d->weight_zero != 0)
        return "the weights have a zero point";
    if (d->in < 1 || d->out < 1)
        return "an empty operand";
    if (d->in > 100000 || d->out > 100000)
        return "the layer is too large";
    return describe_channels(q, v, d->per_channel);
}

static const char *refuse_dense(const struct th_query *q)
{
    struct th_row_dense d;
    struct conv v;
    const char *why = describe_dense(q, &d, &v);
    why = why ? why : refuse_steps(&v);
    for (int64_t o = 0; !why && o < d.out; o += 2)
        why = check_pair(&v, o);
    return why ? why : refuse_requant(&v);
}

static enum th_status call_dense(const struct th_row_dense *d, struct th_call *c,
                                 const int32_t *stream, size_t words)
{
    th_row_call_dense(c, d);
    th_call_input(c, 0, "const int8_t");
    th_call_data(c, "weights", TH_DT_U32, stream, words, 4);
    th_call_output(c, 0, "int8_t");
    th_call_scratch(c, d->in % 8 ? (size_t)((d->in + 7) / 8 * 8) : 0, 1, "int8_t");
    return TH_OK;
}

static enum th_status bind_dense(const struct th_query *q, struct th_call *c)
{
    struct th_row_dense d;
    struct conv v;
    struct th_arena *arena = th_call_arena(c);
    describe_dense(q, &d, &v);
    /* blocks of eight products: two words of two channels for each step of two */
    const int64_t groups = (d.out + 3) / 4, blocks = (d.in + 7) / 8;
    const int64_t words = group_words(&v) + 8 * blocks;
    int32_t *stream = TH_NEW_ARRAY(arena, int32_t, (size_t)(groups * words));
    if (!stream)
        return TH_ERR_INTERNAL;
    int32_t *to = stream;
    for (int64_t o = 0; o < 4 * groups; o += 4) {
        for (int64_t j = 0; j < 4; j += 2) {
            const struct th_row_fold a = conv_fold(&v, o + j), b = conv_fold(&v, o + j + 1);
            *to++ = (int32_t)(uint32_t)(256 * a.bias + b.bias);
            *to++ = (int32_t)b.bias;
        }
        for (int64_t t = 0; t < 8 * blocks; t += 4)
            for (int64_t i = 0; i < 2; i++)
                for (int64_t j = 0; j < 4; j += 2) {
                    const int64_t a = t + i < d.in ? t + i : -1;
                    const int64_t b = t + i + 2 < d.in ? t + i + 2 : -1;
                    *to++ = (int32_t)pair_word(&v, o + j, 0, a, b);
                }
        to = requant_words(&v, o, to);
    }
    return call_dense(&d, c, stream, (size_t)(groups * words));
}

static const char *refuse_dense_nibbles(const struct th_query *q)
{
    struct th_row_dense d;
    struct conv v;
    const char *why = describe_dense(q, &d, &v);
    return why ? why : check_nibbles(&v);
}

static enum th_status bind_dense_nibbles(const struct th_query *q, struct th_call *c)
{
    struct th_row_dense d;
    struct conv v;
    describe_dense(q, &d, &v);
    const int64_t groups = (d.out + 3) / 4, blocks = (d.in + 7) / 8, words = 16 + 4 * blocks;
    int32_t *stream = TH_NEW_ARRAY(th_call_arena(c), int32_t, (size_t)(groups * words));
    if (!stream)
        return TH_ERR_INTERNAL;
    int32_t *to = stream;
    for (int64_t o = 0; o < 4 * groups; o += 4) {
        to = nibble_biases(&v, o, to);
        for (int64_t t = 0; t < 8 * blocks; t += 4)
            for (int64_t a = t; a < t + 2; a++)
                *to++ = (int32_t)nibble_word(&v, o, a < d.in ? a : -1, a + 2 < d.in ? a + 2 : -1);
        to = requant_words(&v, o, to);
    }
    return call_dense(&d, c, stream, (size_t)(groups * words));
}

/* product: of four channels; each: of the input, once. */
static void dense_cycles(const struct th_query *q, struct th_kernel_cost *k, double product,
                         double each)
{
    struct th_row_dense d;
    if (th_row_dense(q, &d))
        return;
    const double groups = (double)((d.out + 3) / 4);
    k->cycles = (double)d.rows * (60.0 + each * (double)d.in +
                                  groups * (60.0 + product * (double)d.in));
    k->code_bytes = 1130;
    k->stack_bytes = 144;
}

static void cost_dense(const struct th_query *q, struct th_kernel_cost *k)
{
    dense_cycles(q, k, 4.0, 2.0);
}

static void cost_dense_nibbles(const struct th_query *q, struct th_kernel_cost *k)
{
    dense_cycles(q, k, 5.0, 3.5);
    k->code_bytes = 1330;
}

#define VIEWS                                                                                  \
    (TH_VIEW_PITCHED_IN | TH_VIEW_PITCHED_OUT | TH_VIEW_RING_IN | TH_VIEW_RING_OUT |           \
     TH_VIEW_ANY_BOX | TH_VIEW_TAIL_IN | TH_VIEW_PIXEL)
#define ROW(op_, w_, contract_, name_, feature_)                                               \
    .op = op_, .types = "s8," w_ ",s32?>s8", .contract = contract_,                            \
    .symbol = "thk_" name_ "__armv7em", .source = "armv7em/thk_" name_ "__armv7em.c",          \
    .feature = feature_
#define MAP(op_, w_, contract_, name_, feature_, group_, f_)                                   \
    {ROW(op_, w_, contract_, name_, feature_), .order = TH_ORDER_ROWS, .group = group_,        \
     .views = VIEWS, .refuse = refuse_##f_, .bind = bind_##f_, .cost = cost_##f_}
#define DENSE(w_, contract_, name_, feature_, f_)                                              \
    {ROW("fully_connected", w_, contract_, name_, feature_), .order = TH_ORDER_ANY,            \
     .refuse = refuse_##f_, .bind = bind_##f_, .cost = cost_##f_}
/* depthwise_conv2d of one input channel is the same as a convolution with one */
#define ROWS(contract_, v_, feature_)                                                          \
    MAP("conv2d", "s8", contract_, "conv2d_s8" v_, feature_, 2, conv),                         \
    MAP("conv2d", "s8", contract_, "conv2d_s8" v_ "_w16", feature_, 2, conv_words),            \
    MAP("depthwise_conv2d", "s8", contract_, "conv2d_s8" v_, feature_, 2, conv),               \
    MAP("depthwise_conv2d", "s8", contract_, "depthwise_conv2d_s8" v_, feature_, 1, depthwise), \
    DENSE("s8", contract_, "fully_connected_s8" v_, feature_, dense)
#define ROWS_NIBBLES(contract_, v_)                                                            \
    MAP("conv2d", "s4", contract_, "conv2d_s8s4" v_, "dsp", 2, conv_nibbles),                  \
    MAP("depthwise_conv2d", "s4", contract_, "conv2d_s8s4" v_, "dsp", 2, conv_nibbles),        \
    MAP("depthwise_conv2d", "s4", contract_, "depthwise_conv2d_s8s4" v_, "dsp", 1,             \
        depthwise_nibbles),                                                                    \
    DENSE("s4", contract_, "fully_connected_s8s4" v_, "dsp", dense_nibbles)

static const struct th_kernel rows[] = {
    ROWS("tflite", "", "dsp"),
    ROWS("tflite-single-rounding", "_single", "dsp"),
    ROWS_NIBBLES("tflite", ""),
    ROWS_NIBBLES("tflite-single-rounding", "_single"),
    ROWS("onnx", "_onnx", "dsp,fpu"),
};
const struct th_row_family th_cortexm_dsp = {rows, TH_ARRAY_LEN(rows)};
