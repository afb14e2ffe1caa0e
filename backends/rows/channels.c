/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/rows/channels.h"

#include <math.h>
#include <string.h>

#include <thimble/elementwise.h>

static bool is_even(const struct th_query *q)
{
    return q->inst->contract && strcmp(q->inst->contract, "onnx") == 0;
}

const char *th_row_channels_window(const struct th_query *q, struct th_row_window *w,
                                   struct th_row_channels *h)
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
    h->even = is_even(q);
    h->taps = w->kernel_h * w->kernel_w * (depthwise ? 1 : w->in_c);
    h->first_step = depthwise ? 1 : h->taps;
    h->tap_step = depthwise ? w->out_c : 1;
    h->m = th_row_multipliers(q, q->inst->arena, 0, 1, w->out_c, th_row_float_product(q, 1));
    return h->m ? NULL : "memory is exhausted";
}

const char *th_row_channels_dense(const struct th_query *q, struct th_row_dense *d,
                                  struct th_row_channels *h)
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
    *h = (struct th_row_channels){.m = all, .n = d->out, .taps = d->in, .zi = d->in_zero,
                                  .w = h->w, .bias = h->bias, .first_step = d->in,
                                  .tap_step = 1, .even = is_even(q)};
    return NULL;
}

static struct th_row_fold fold(const struct th_row_channels *h, int64_t c)
{
    struct th_row_fold f;
    th_row_fold_channel(h->w, h->bias, c, c * h->first_step, h->tap_step, h->taps, h->zi, -128,
                        127, &f);
    return f;
}

const char *th_row_channels_factors(const struct th_row_channels *h)
{
    for (int64_t c = 0; c < h->n; c++) {
        float factor;
        memcpy(&factor, &h->m[c].m, sizeof factor);
        if (h->even && !isfinite(factor))
            return "a channel's factor is not finite";
        if (!h->even && h->m[c].m != 0 && (h->m[c].s > -1 || h->m[c].s < -31))
            return "a channel's factor is not below one half";
    }
    return NULL;
}

const char *th_row_channels_pairs(const struct th_row_channels *h)
{
    for (int64_t i = 0; i < h->n * h->taps; i++)
        if (((const int8_t *)h->w->data)[i] == INT8_MIN)
            return "a weight is -128";
    return NULL;
}

const char *th_row_channels_check(const struct th_row_channels *h)
{
    const char *why = th_row_channels_factors(h);
    if (why)
        return why;
    for (int64_t c = 0; c < h->n; c++) {
        const struct th_row_fold f = fold(h, c);
        if (f.lo < INT32_MIN || f.hi > INT32_MAX || f.bias < INT32_MIN || f.bias > INT32_MAX)
            return "a sum may exceed 32 bits";
    }
    return NULL;
}

int32_t th_row_channel_bias(const struct th_row_channels *h, int64_t c)
{
    return c < h->n ? (int32_t)(uint32_t)(uint64_t)fold(h, c).bias : 0;
}

int32_t th_row_channel_factor(const struct th_row_channels *h, int64_t c)
{
    return c < h->n ? h->m[c].m : 0;
}

int32_t th_row_channel_shift(const struct th_row_channels *h, int64_t c)
{
    return c < h->n && h->m[c].m != 0 ? -h->m[c].s : 1;
}

int8_t th_row_channel_weight(const struct th_row_channels *h, int64_t c, int64_t t)
{
    if (c >= h->n || t >= h->taps)
        return 0;
    return ((const int8_t *)h->w->data)[c * h->first_step + t * h->tap_step];
}

int8_t *th_row_put_word(int8_t *at, int32_t v)
{
    const uint32_t u = (uint32_t)v;
    for (int i = 0; i < 4; i++)
        at[i] = (int8_t)(uint8_t)(u >> (8 * i));
    return at + 4;
}

const char *th_row_refuse_add(const struct th_query *q)
{
    const struct th_inst *c = q->inst;
    struct th_binary_quant b;
    if (!th_type_same_shape(c->in[0], &c->out[0]) || !th_type_same_shape(c->in[1], &c->out[0]))
        return "an operand is broadcast";
    if (!q->whole || q->in_views || q->out_views)
        return "only whole dense maps";
    if (!th_type_quantized(c->in[0]) || !th_type_quantized(c->in[1]))
        return "the values have no scale";
    th_quant_add(c, &b);
    if (b.even)
        return NULL;
    if (b.a.s > 0 || b.b.s > 0 || b.out.s > -1 || b.out.s < -31 || b.a.s < -31 || b.b.s < -31)
        return "a factor is too large";
    return NULL;
}

struct field {
    const char *name;
    int64_t v;
};

static enum th_status call_sum(struct th_call *c, const char *struct_name, const struct field *f,
                               size_t n)
{
    th_call_struct_begin(c, struct_name);
    for (size_t i = 0; i < n; i++)
        th_call_field_int(c, f[i].name, f[i].v);
    th_call_struct_end(c);
    th_call_input(c, 0, "const int8_t");
    th_call_input(c, 1, "const int8_t");
    th_call_output(c, 0, "int8_t");
    return TH_OK;
}

/* Whether it is a difference. */
static bool sum_constants(const struct th_query *q, struct th_binary_quant *b)
{
    const bool minus = strcmp(q->inst->op->name, "sub") == 0;
    if (minus)
        th_quant_sub(q->inst, b);
    else
        th_quant_add(q->inst, b);
    return minus;
}

enum th_status th_row_bind_add(const struct th_query *q, struct th_call *c,
                               const char *struct_name)
{
    struct th_binary_quant b;
    const bool minus = sum_constants(q, &b);
    const struct field f[] = {{"n", th_type_elems(&q->inst->out[0])}, {"a_zero", b.za},
                              {"b_zero", b.zb}, {"a_m", b.a.m}, {"a_e", -b.a.s}, {"b_m", b.b.m},
                              {"b_e", -b.b.s}, {"out_m", b.out.m}, {"out_e", -b.out.s},
                              {"out_zero", b.zo}, {"lo", b.lo}, {"hi", b.hi}, {"minus", minus}};
    return call_sum(c, struct_name, f, TH_ARRAY_LEN(f));
}

enum th_status th_row_bind_add_even(const struct th_query *q, struct th_call *c,
                                    const char *struct_name)
{
    struct th_binary_quant b;
    sum_constants(q, &b);
    const int64_t rest = -((int64_t)b.za * b.a.m + (int64_t)b.zb * b.b.m);
    const struct field f[] = {{"n", th_type_elems(&q->inst->out[0])}, {"a_m", b.a.m},
                              {"b_m", b.b.m}, {"rest", rest}, {"shift", b.shift},
                              {"out_zero", b.zo}, {"lo", b.lo}, {"hi", b.hi}};
    return call_sum(c, struct_name, f, TH_ARRAY_LEN(f));
}

const char *th_row_refuse_pool(const struct th_query *q)
{
    struct th_row_window w;
    const char *why = th_row_window(q, &w);
    if (why)
        return why;
    return w.kernel_h * w.kernel_w > 255 ? "the window has more than 255 taps" : NULL;
}

enum th_status th_row_bind_pool(const struct th_query *q, struct th_call *c)
{
    struct th_row_window w;
    th_row_window(q, &w);
    th_row_call_window(c, &w);
    th_call_input(c, 0, "const int8_t");
    th_call_output(c, 0, "int8_t");
    th_row_call_batch(c, &w);
    return TH_OK;
}

/* ---- the three-word form --------------------------------------------------------------------- */

const char *th_row_triple_check(const struct th_row_fold *f, struct th_multiplier m,
                                int32_t out_zero)
{
    const int64_t limit = (int64_t)1 << 29;
    if (m.s >= 0)
        return "a channel's factor is not below one half";
    if (m.s < -22)
        return "a channel's factor is too small";
    if (f->lo <= -limit || f->hi >= limit)
        return "a sum may exceed 30 bits";
    if (out_zero < -128 || out_zero > 127)
        return "the output's zero point is no byte";
    return NULL;
}

void th_row_triple(struct th_multiplier m, bool fixed, int32_t v, int32_t out_zero, int32_t *to)
{
    /* With factor 0 every sum gives the constant: 1 + 2 * v, less one for its sign, halved. */
    const int64_t value = th_clamp_i64((int64_t)v + out_zero, -128, 127);
    const int32_t e = fixed ? 1 : -m.s;
    to[0] = fixed ? 0 : m.m;
    to[1] = (1 << (e - 1)) + (fixed ? (int32_t)value : out_zero) * (1 << e);
    to[2] = e;
}

/* m, c and e over a sum, as kernels apply them. */
static int64_t requantized(int64_t acc, const int32_t *mce, bool single)
{
    const int64_t half = single ? 0 : (int64_t)1 << 31;
    const int64_t t = ((acc * mce[0] + half) >> 32) + mce[1] - (acc < 0 && !single);
    return th_clamp_i64(t >> mce[2], -128, 127);
}

/* Both rules are monotonous on each side of the edge, so four sums tell for all. */
void th_row_find_step(const struct th_row_fold *f, struct th_multiplier m, bool single,
                      int32_t out_zero, struct th_row_step *s)
{
    const int64_t far = 3 * ((int64_t)1 << 30), over = (int64_t)INT32_MAX + 1;
    const int64_t edge = f->lo < -over ? -over : over;      /* first sum of the upper side */
    s->is = false;
    if (m.s > 0 || f->lo <= -far || f->hi >= far || f->hi - f->lo >= 1 << 30 ||
        (f->lo >= -over && f->hi < over))
        return;
    const int64_t sums[4] = {f->lo, th_clamp_i64(edge - 1, f->lo, f->hi),
                             th_clamp_i64(edge, f->lo, f->hi), f->hi};
    int64_t acc[4], want[4], level[2];
    for (int i = 0; i < 4; i++) {
        acc[i] = (int32_t)(uint32_t)(uint64_t)sums[i];
        want[i] = (int64_t)th_mbqm((int32_t)acc[i], m, single) + out_zero;
        want[i] = th_clamp_i64(want[i], -128, 127);
    }
    level[0] = level[1] = want[0];
    level[acc[3] < 0] = want[3];
    s->words[0] = (int32_t)(256 * (level[0] - level[1]));
    s->words[1] = (int32_t)(128 * (level[0] + level[1] + 1));
    s->words[2] = 8;
    s->is = true;
    for (int i = 0; i < 4; i++)
        s->is = s->is && requantized(acc[i], s->words, single) == want[i];
}

/* Contract "onnx": the bits of the factor, the zero point, 0; exact for every sum of 32 bits. */
static const char *even_words(const struct th_row_channels *h, int32_t out_zero,
                              struct th_row_triples *t)
{
    for (int64_t c = 0; c < h->n; c++) {
        const struct th_row_fold f = fold(h, c);
        if (f.lo < INT32_MIN || f.hi > INT32_MAX || f.bias < INT32_MIN || f.bias > INT32_MAX)
            return "a sum may exceed 32 bits";
        t->bias[c] = (int32_t)f.bias;
        t->words[3 * c] = h->m[c].m;
        t->words[3 * c + 1] = out_zero;
    }
    return NULL;
}

const char *th_row_triples(const struct th_query *q, const struct th_row_channels *h,
                           int32_t out_zero, struct th_row_triples *t)
{
    struct th_arena *a = q->inst->arena;
    t->bias = TH_NEW_ARRAY(a, int32_t, (size_t)h->n);
    t->words = TH_NEW_ARRAY(a, int32_t, (size_t)h->n * 3);
    t->fixed = TH_NEW_ARRAY(a, bool, (size_t)h->n);
    if (!t->bias || !t->words || !t->fixed)
        return "memory is exhausted";
    if (h->even)
        return even_words(h, out_zero, t);
    for (int64_t c = 0; c < h->n; c++) {
        const struct th_row_fold f = fold(h, c);
        int32_t v = 0;
        t->fixed[c] = th_row_fixed_channel(&f, h->m[c], th_inst_single_rounding(q->inst), &v);
        const char *why = t->fixed[c] ? NULL : th_row_triple_check(&f, h->m[c], out_zero);
        if (why)
            return why;
        th_row_triple(h->m[c], t->fixed[c], v, out_zero, t->words + 3 * c);
        t->bias[c] = t->fixed[c] ? 0 : (int32_t)f.bias;
    }
    return NULL;
}
