/* SPDX-License-Identifier: Apache-2.0 */
/* Portable rows: inverted_bottleneck, one inner channel after another. */
#include "backends/c99/families.h"

struct bottleneck {
    struct th_query query[3];            /* the operators it is made of */
    struct th_row_window window[3];
    int64_t taps, results;               /* of the depthwise window; elements of the result */
};

static const char *read_stages(const struct th_query *q, struct bottleneck *b)
{
    struct th_stage list[TH_MAX_STAGES];
    if (!q->whole)
        return "only whole outputs";
    if (!q->inst->op->stages || q->inst->op->stages(q->inst, list) != 3)
        return "the operator is not made of three";
    for (uint32_t i = 0; i < 3; i++) {
        const struct th_inst *s = list[i].inst;
        b->query[i] = (struct th_query){.inst = s, .target = q->target, .objective = q->objective,
                                        .whole = true};
        const char *why = th_row_window(&b->query[i], &b->window[i]);
        if (why)
            return why;
        if (!s->in_const[1] || (s->in[2] && !s->in_const[2]))
            return "weights are computed when the model runs";
        for (uint32_t k = 0; s->in[1]->quant && k < s->in[1]->quant->n; k++)
            if (th_quant_zero(s->in[1]->quant, k))
                return "weights have a zero point";
    }
    b->taps = b->window[1].kernel_h * b->window[1].kernel_w;
    b->results = b->window[2].out_h * b->window[2].out_w * b->window[2].out_c;
    return NULL;
}

/* Sums of so many products, 128 * 255 each, fit 32 bits. */
#define MOST_PRODUCTS (1 << 16)

static const char *refuse(const struct th_query *q)
{
    struct bottleneck b;
    const char *why = read_stages(q, &b);
    if (why)
        return why;
    if (b.window[0].batch != 1)
        return "there is a batch";
    if (b.window[0].in_c > MOST_PRODUCTS || b.window[2].in_c > MOST_PRODUCTS ||
        b.taps > MOST_PRODUCTS)
        return "sums do not fit 32 bits";
    if (b.results > INT32_MAX / 8 || b.window[0].in_h * b.window[0].in_w > INT32_MAX / 8)
        return "a size does not fit 32 bits";
    return NULL;
}

/* ---- constants ------------------------------------------------------------------------------- */
static int32_t wrapped(int64_t v)
{
    return (int32_t)(uint32_t)(uint64_t)v;
}

/* Folded bias, factor and shift of each channel, `step` numbers apart. per: element step from
 * channel to channel and from tap to tap of the weights, taps. zero: of the operand; 0 where the
 * kernel takes it off itself. */
struct weights_layout {
    int64_t channel, tap, taps;
};
static bool fill_channels(const struct th_query *q, int64_t n, struct weights_layout w,
                          int32_t zero, struct th_arena *a, int32_t *out, size_t step)
{
    const struct th_multiplier *m = th_row_multipliers(q, a, 0, 1, n,
                                                       th_row_float_product(q, 1));
    struct th_row_fold fold;
    if (!m)
        return false;
    for (int64_t c = 0; c < n; c++, out += step) {
        th_row_fold_channel(q->inst->in_const[1], q->inst->in_const[2], c, c * w.channel, w.tap,
                            w.taps, zero, 0, 0, &fold);
        out[0] = wrapped(fold.bias);
        out[1] = m[c].m;
        out[2] = m[c].s;
    }
    return true;
}

/* Weights in the order in which they are read: by inner channel. */
static enum th_status pack_weights(const struct bottleneck *b, struct th_call *c)
{
    const int64_t in = b->window[0].in_c, inner = b->window[1].out_c, out = b->window[2].out_c;
    const int8_t *expand = b->query[0].inst->in_const[1]->data;
    const int8_t *depth = b->query[1].inst->in_const[1]->data;
    const int8_t *project = b->query[2].inst->in_const[1]->data;
    const size_t n = (size_t)(inner * (in + b->taps + out));
    int8_t *w = TH_NEW_ARRAY(th_call_arena(c), int8_t, n + 1), *to = w;
    if (!w)
        return TH_ERR_INTERNAL;
    for (int64_t k = 0; k < inner; k++) {
        for (int64_t i = 0; i < in; i++)
            *to++ = expand[k * in + i];
        for (int64_t i = 0; i < b->taps; i++)
            *to++ = depth[i * inner + k];
        for (int64_t o = 0; o < out; o++)
            *to++ = project[o * inner + k];
    }
    th_call_data(c, "weights", TH_DT_S8, w, n, 1);
    return TH_OK;
}

static enum th_status pack_channels(const struct bottleneck *b, struct th_call *c)
{
    const int64_t in = b->window[0].in_c, inner = b->window[1].out_c, out = b->window[2].out_c;
    struct th_arena *a = th_call_arena(c);
    int32_t *k = TH_NEW_ARRAY(a, int32_t, (size_t)inner * 6 + 1);
    int32_t *o = TH_NEW_ARRAY(a, int32_t, (size_t)out * 3 + 1);
    if (!k || !o ||
        !fill_channels(&b->query[0], inner, (struct weights_layout){in, 1, in},
                       b->window[0].in_zero, a, k, 6) ||
        !fill_channels(&b->query[1], inner, (struct weights_layout){1, inner, b->taps}, 0, a,
                       k + 3, 6) ||
        !fill_channels(&b->query[2], out, (struct weights_layout){inner, 1, inner},
                       b->window[2].in_zero, a, o, 3))
        return TH_ERR_INTERNAL;
    th_call_data(c, "requant", TH_DT_S32, k, (size_t)inner * 6, 4);
    th_call_data(c, "requant", TH_DT_S32, o, (size_t)out * 3, 4);
    return TH_OK;
}

static void call_struct(const struct bottleneck *b, struct th_call *c)
{
    const struct th_row_window *e = &b->window[0], *d = &b->window[1], *p = &b->window[2];
    const struct {
        const char *name;
        int64_t v;
    } f[] = {
        {"in_h", e->in_h}, {"in_w", e->in_w}, {"in_c", e->in_c}, {"inner_c", d->out_c},
        {"out_h", p->out_h}, {"out_w", p->out_w}, {"out_c", p->out_c}, {"kernel_h", d->kernel_h},
        {"kernel_w", d->kernel_w}, {"stride_h", d->stride_h}, {"stride_w", d->stride_w},
        {"dilation_h", d->dilation_h}, {"dilation_w", d->dilation_w}, {"pad_top", d->pad_top},
        {"pad_left", d->pad_left}, {"expand_zero", e->out_zero}, {"expand_lo", e->lo},
        {"expand_hi", e->hi}, {"depth_zero", d->out_zero}, {"depth_lo", d->lo},
        {"depth_hi", d->hi}, {"out_zero", p->out_zero}, {"lo", p->lo}, {"hi", p->hi},
    };
    th_call_struct_begin(c, "thk_bottleneck");
    for (size_t i = 0; i < TH_ARRAY_LEN(f); i++)
        th_call_field_int(c, f[i].name, f[i].v);
    th_call_struct_end(c);
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    struct bottleneck b;
    if (read_stages(q, &b))
        return TH_ERR_INTERNAL;
    call_struct(&b, c);
    th_call_input(c, 0, "const int8_t");
    TH_TRY(pack_weights(&b, c));
    TH_TRY(pack_channels(&b, c));
    th_call_output(c, 0, "int8_t");
    th_call_scratch(c, (size_t)(4 * b.results + b.window[0].in_h * b.window[0].in_w), 4,
                    "int32_t");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    struct bottleneck b;
    if (read_stages(q, &b))
        return;
    const double plane = (double)b.window[0].in_h * (double)b.window[0].in_w;
    const double inner = (double)b.window[1].out_c;
    const double pixels = (double)b.window[2].out_h * (double)b.window[2].out_w;
    /* as counted on Cortex-M4, within a sixth */
    k->cycles = 5.0 * th_row_window_macs(&b.query[0], &b.window[0]) + 35.0 * plane * inner +
                8.5 * th_row_window_macs(&b.query[1], &b.window[1]) + 110.0 * pixels * inner +
                8.5 * th_row_window_macs(&b.query[2], &b.window[2]) + 40.0 * (double)b.results;
    k->code_bytes = 900;
    k->stack_bytes = 200;
}

#define ROW(contract_, name_)                                                                  \
    {.op = "inverted_bottleneck", .types = "s8,s8,s32?,s8,s32?,s8,s32?>s8",                    \
     .contract = contract_, .symbol = "thk_inverted_bottleneck_" name_ "__c99",                \
     .source = "c99/thk_inverted_bottleneck_" name_ "__c99.c", .refuse = refuse, .bind = bind, \
     .cost = cost, .over_scratch = true}
static const struct th_kernel rows[] = {
    ROW("tflite", "s8"),
    ROW("tflite-single-rounding", "s8_single"),
    ROW("onnx", "s8_onnx"),
};
const struct th_row_family th_c99_bottleneck = {rows, TH_ARRAY_LEN(rows)};
