/* SPDX-License-Identifier: Apache-2.0 */
/* Geometry, multipliers and parameter structs shared by kernel rows. */
#include "backends/rows/rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum th_status th_rows_register(struct th_reg *reg, const struct th_backend *backend,
                                const struct th_row_sources *sources,
                                const struct th_row_family *const *families)
{
    TH_TRY(th_reg_backend(reg, backend));
    if (sources)
        TH_TRY(th_reg_kernel_rows(reg, backend->name, NULL, 0, sizeof(struct th_kernel),
                                  sources->files, sources->n));
    for (; *families; families++)
        TH_TRY(th_reg_kernel_rows(reg, backend->name, (*families)->rows, (*families)->n,
                                  sizeof(struct th_kernel), NULL, 0));
    return TH_OK;
}

bool th_row_has(const struct th_query *q, uint32_t i)
{
    return i < q->inst->n_in && q->inst->in[i];
}

const struct th_type *th_row_in(const struct th_query *q, uint32_t i)
{
    return th_row_has(q, i) ? q->inst->in[i] : NULL;
}

const struct th_tensor *th_row_const(const struct th_query *q, uint32_t i)
{
    return th_row_has(q, i) && q->inst->in_const ? q->inst->in_const[i] : NULL;
}

int32_t th_row_zero(const struct th_type *t)
{
    return t && t->quant ? (int32_t)th_quant_zero(t->quant, 0) : 0;
}

int64_t th_row_dims(const struct th_type *t, int32_t from, int32_t to)
{
    int64_t n = 1;
    for (int32_t i = from; i < to; i++)
        n *= t->dims[i];
    return n;
}

/* ---- windowed ops ---------------------------------------------------------------------------- */

static struct th_view dense_view(int64_t w, int64_t c)
{
    return (struct th_view){.pixel_pitch = c, .row_pitch = w * c};
}

static bool is_dense(const struct th_view *v, int64_t w, int64_t c)
{
    return v->pixel_pitch == c && v->row_pitch == w * c && v->ring_rows == 0 &&
           !v->tail;
}

static bool fits(int64_t v)
{
    return v >= INT32_MIN && v <= INT32_MAX;
}

/* The window's own numbers: convolutions read them from the weights, pools from `filter`. */
static void window_shape(const struct th_inst *c, struct th_row_window *w)
{
    const char *op = c->op->name;
    if (strstr(op, "_pool2d")) {
        w->kernel_h = th_inst_ints(c, "filter", 0);
        w->kernel_w = th_inst_ints(c, "filter", 1);
    } else {
        w->kernel_h = c->in[1]->dims[1];
        w->kernel_w = c->in[1]->dims[2];
        if (strcmp(op, "conv2d") == 0 && c->in[1]->dims[3] > 0)
            w->groups = w->in_c / c->in[1]->dims[3];
    }
    w->stride_h = th_inst_ints(c, "stride", 0);
    w->stride_w = th_inst_ints(c, "stride", 1);
    w->dilation_h = w->dilation_w = 1;
    if (strcmp(op, "conv2d") == 0 || strcmp(op, "depthwise_conv2d") == 0) {
        w->dilation_h = th_inst_ints(c, "dilation", 0);
        w->dilation_w = th_inst_ints(c, "dilation", 1);
    }
    w->pad_top = th_inst_ints(c, "pad", 0);
    w->pad_left = th_inst_ints(c, "pad", 1);
}

static const char *check_window(const struct th_row_window *w)
{
    const int64_t all[] = {
        w->batch, w->in_h, w->in_w, w->in_c, w->out_h, w->out_w, w->out_c, w->kernel_h,
        w->kernel_w, w->stride_h, w->stride_w, w->dilation_h, w->dilation_w, w->pad_top,
        w->pad_left, w->in.pixel_pitch, w->in.row_pitch, w->in.ring_rows, w->in.y0, w->in.x0,
        w->in.tail_y, w->in.tail_at,
        w->out.pixel_pitch, w->out.row_pitch, w->out.ring_rows, w->out.y0, w->out.x0,
        w->box_y, w->box_x, w->box_c, w->box_h, w->box_w, w->box_n,
    };
    int64_t in, out;
    for (size_t i = 0; i < TH_ARRAY_LEN(all); i++)
        if (!fits(all[i]))
            return "a size does not fit 32 bits";
    if (!th_mul_i64(w->in_h, w->in.row_pitch, &in) || !fits(in) ||
        !th_mul_i64(w->out_h, w->out.row_pitch, &out) || !fits(out))
        return "a tensor does not fit 31 bits of address";
    if (w->in_h + w->kernel_h * w->dilation_h > INT32_MAX / 4 ||
        w->in_w + w->kernel_w * w->dilation_w > INT32_MAX / 4)
        return "the window reaches too far";
    return NULL;
}

const char *th_row_window(const struct th_query *q, struct th_row_window *w)
{
    const struct th_inst *c = q->inst;
    const struct th_type *x = c->in[0], *y = &c->out[0];
    memset(w, 0, sizeof *w);
    if (x->rank != 4 || y->rank != 4)
        return "the operands are not of rank 4";
    w->batch = x->dims[0], w->in_h = x->dims[1], w->in_w = x->dims[2], w->in_c = x->dims[3];
    w->out_h = y->dims[1], w->out_w = y->dims[2], w->out_c = y->dims[3];
    w->groups = 1;
    window_shape(c, w);
    w->in = q->in_views ? q->in_views[0] : dense_view(w->in_w, w->in_c);
    w->out = q->out_views ? q->out_views[0] : dense_view(w->out_w, w->out_c);
    w->dense_in = is_dense(&w->in, w->in_w, w->in_c);
    w->dense_out = is_dense(&w->out, w->out_w, w->out_c);
    w->box_y = 0, w->box_x = 0, w->box_c = 0;
    w->box_h = w->out_h, w->box_w = w->out_w, w->box_n = w->out_c;
    if (!q->whole) {
        w->batch = q->box.hi[0] - q->box.lo[0];
        if (w->batch != x->dims[0] && x->dims[0] != 1)
            return "a box cannot split the batch";
        w->box_y = q->box.lo[1], w->box_h = q->box.hi[1] - q->box.lo[1];
        w->box_x = q->box.lo[2], w->box_w = q->box.hi[2] - q->box.lo[2];
        w->box_c = q->box.lo[3], w->box_n = q->box.hi[3] - q->box.lo[3];
    }
    w->in_zero = th_row_zero(x);
    w->weight_zero = c->n_in > 1 ? th_row_zero(c->in[1]) : 0;
    w->out_zero = th_row_zero(y);
    const bool has_act = strcmp(c->op->name, "prelu") != 0;
    const double lo = has_act ? th_inst_float(c, "act_min") : -INFINITY;
    const double hi = has_act ? th_inst_float(c, "act_max") : INFINITY;
    if (th_dtype_is_int(y->dtype))
        th_activation_bounds(y, lo, hi, &w->lo, &w->hi);
    w->act_lo = (float)lo, w->act_hi = (float)hi;
    return check_window(w);
}

void th_row_flatten(const struct th_query *q, struct th_row_window *w)
{
    if (!q->whole || w->kernel_h != 1 || w->kernel_w != 1 || w->stride_h != 1 ||
        w->stride_w != 1 || w->pad_top || w->pad_left || !w->dense_in || !w->dense_out ||
        w->in_h != w->out_h || w->in_w != w->out_w)
        return;
    w->in_w = w->out_w = w->box_w = w->in_h * w->in_w;
    w->in_h = w->out_h = w->box_h = 1;
    w->in.row_pitch = w->in_w * w->in_c;
    w->out.row_pitch = w->out_w * w->out_c;
}

void th_row_field_view(struct th_call *c, const char *name, const struct th_view *v)
{
    char text[160];
    snprintf(text, sizeof text, "{%ld, %ld, %ld, %ld, %ld, %ld, %ld}", (long)v->pixel_pitch,
             (long)v->row_pitch, (long)v->ring_rows, (long)v->y0, (long)v->x0,
             (long)(v->tail ? v->tail_y : -1), (long)(v->tail ? v->tail_at : 0));
    th_call_field_text(c, name, text);
}

void th_row_call_window(struct th_call *c, const struct th_row_window *w)
{
    th_call_struct_begin(c, "thk_window2d");
    th_row_field_view(c, "in", &w->in);
    th_row_field_view(c, "out", &w->out);
    const struct {
        const char *name;
        int64_t v;
    } f[] = {
        {"in_h", w->in_h}, {"in_w", w->in_w}, {"in_c", w->in_c}, {"out_c", w->out_c},
        {"kernel_h", w->kernel_h}, {"kernel_w", w->kernel_w}, {"stride_h", w->stride_h},
        {"stride_w", w->stride_w}, {"dilation_h", w->dilation_h},
        {"dilation_w", w->dilation_w}, {"pad_top", w->pad_top}, {"pad_left", w->pad_left},
        {"in_zero", w->in_zero}, {"weight_zero", w->weight_zero}, {"out_zero", w->out_zero},
        {"lo", w->lo}, {"hi", w->hi}, {"groups", w->groups},
    };
    for (size_t i = 0; i < TH_ARRAY_LEN(f); i++)
        th_call_field_int(c, f[i].name, f[i].v);
    th_call_struct_end(c);
    th_call_struct_begin(c, "thk_box");
    th_call_field_int(c, "y", w->box_y);
    th_call_field_int(c, "x", w->box_x);
    th_call_field_int(c, "c", w->box_c);
    th_call_field_int(c, "h", w->box_h);
    th_call_field_int(c, "w", w->box_w);
    th_call_field_int(c, "n", w->box_n);
    th_call_struct_end(c);
}

void th_row_call_window_f32(struct th_call *c, const struct th_row_window *w)
{
    th_row_call_window(c, w);
    th_call_float(c, w->act_lo);
    th_call_float(c, w->act_hi);
}

void th_row_call_batch(struct th_call *c, const struct th_row_window *w)
{
    if (w->batch != 1)
        th_call_batch(c, w->batch, 1);
}

double th_row_window_macs(const struct th_query *q, const struct th_row_window *w)
{
    double per = (double)w->kernel_h * (double)w->kernel_w;
    if (strcmp(q->inst->op->name, "conv2d") == 0 && w->groups > 0)
        per *= (double)w->in_c / (double)w->groups;
    return per * (double)w->batch * (double)w->box_h * (double)w->box_w * (double)w->box_n;
}

/* ---- fully connected ------------------------------------------------------------------------- */

const char *th_row_dense(const struct th_query *q, struct th_row_dense *d)
{
    const struct th_inst *c = q->inst;
    const struct th_type *w = c->in[1], *y = &c->out[0];
    memset(d, 0, sizeof *d);
    if (!q->whole)
        return "only whole outputs";
    if (w->rank != 2)
        return "the weights are not of rank 2";
    d->out = w->dims[0], d->in = w->dims[1];
    const int64_t elems = th_type_elems(y);
    d->rows = d->out > 0 ? elems / d->out : 0;
    if (!fits(d->rows) || !fits(d->in) || !fits(d->out) || !fits(elems) ||
        !fits(th_type_elems(c->in[0])) || !fits(th_type_elems(w)))
        return "a size does not fit 32 bits";
    d->per_channel = w->quant && w->quant->n > 1;
    d->in_zero = th_row_zero(c->in[0]);
    d->weight_zero = th_row_zero(w);
    d->out_zero = th_row_zero(y);
    const double lo = th_inst_float(c, "act_min"), hi = th_inst_float(c, "act_max");
    if (th_dtype_is_int(y->dtype))
        th_activation_bounds(y, lo, hi, &d->lo, &d->hi);
    d->act_lo = (float)lo, d->act_hi = (float)hi;
    return NULL;
}

void th_row_call_dense(struct th_call *c, const struct th_row_dense *d)
{
    th_call_struct_begin(c, "thk_dense");
    th_call_field_int(c, "rows", d->rows);
    th_call_field_int(c, "in", d->in);
    th_call_field_int(c, "out", d->out);
    th_call_field_int(c, "in_zero", d->in_zero);
    th_call_field_int(c, "weight_zero", d->weight_zero);
    th_call_field_int(c, "out_zero", d->out_zero);
    th_call_field_int(c, "lo", d->lo);
    th_call_field_int(c, "hi", d->hi);
    th_call_field_int(c, "per_channel", d->per_channel);
    th_call_struct_end(c);
}

/* ---- requantization -------------------------------------------------------------------------- */

bool th_row_float_product(const struct th_query *q, uint32_t weight)
{
    const struct th_type *x = th_row_in(q, 0), *w = th_row_in(q, weight);
    if (w && w->quant && w->quant->n > 1)
        return false;
    return strcmp(q->inst->op->name, "fully_connected") == 0 || x->dtype == TH_DT_U8;
}

struct th_multiplier *th_row_multipliers(const struct th_query *q, struct th_arena *a,
                                         uint32_t in, uint32_t weight, int64_t n,
                                         bool float_product)
{
    const struct th_inst *c = q->inst;
    struct th_multiplier *m = TH_NEW_ARRAY(a, struct th_multiplier, (size_t)n + 1);
    const struct th_quant *wq = c->in[weight]->quant;
    const float si = th_quant_scale(c->in[in]->quant, 0);
    const float so = th_quant_scale(c->out[0].quant, 0);
    if (!m)
        return NULL;
    for (int64_t i = 0; i < n; i++) {
        const float sw = th_quant_scale(wq, wq && wq->n > 1 ? (uint32_t)i : 0);
        const float rounded = si * sw;
        if (strcmp(c->contract, "onnx") == 0) {     /* the factor itself, as bits */
            const float factor = rounded / so;
            memcpy(&m[i].m, &factor, sizeof factor);
            continue;
        }
        const double product = float_product ? (double)rounded : (double)si * (double)sw;
        m[i] = th_quantize_multiplier(product / (double)so, th_inst_single_rounding(c));
    }
    return m;
}

enum th_status th_row_call_requant(struct th_call *c, const struct th_multiplier *m, int64_t n)
{
    int32_t *pairs = TH_NEW_ARRAY(th_call_arena(c), int32_t, (size_t)n * 2 + 1);
    if (!pairs)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < n; i++) {
        pairs[2 * i] = m[i].m;
        pairs[2 * i + 1] = m[i].s;
    }
    th_call_data(c, "requant", TH_DT_S32, pairs, (size_t)n * 2, 4);
    return TH_OK;
}

void th_row_fold_channel(const struct th_tensor *w, const struct th_tensor *bias, int64_t channel,
                         int64_t first, int64_t t_step, int64_t taps, int32_t zi,
                         int64_t in_lo, int64_t in_hi, struct th_row_fold *out)
{
    int64_t sum = 0, neg = 0;
    if (w->type.dtype == TH_DT_S8) {
        const int8_t *at = (const int8_t *)w->data + first;
        for (int64_t t = 0; t < taps; t++, at += t_step) {
            sum += *at;
            neg += *at < 0 ? *at : 0;
        }
    } else {
        for (int64_t t = 0; t < taps; t++) {
            const int64_t v = th_tensor_int(w, first + t * t_step);
            sum += v;
            neg += v < 0 ? v : 0;
        }
    }
    const int64_t pos = sum - neg;
    out->bias = (bias ? th_tensor_int(bias, channel) : 0) - zi * sum;
    out->lo = out->bias + pos * in_lo + neg * in_hi;
    out->hi = out->bias + pos * in_hi + neg * in_lo;
}

bool th_row_fixed_channel(const struct th_row_fold *f, struct th_multiplier m, bool single,
                          int32_t *v)
{
    if (m.m == 0) {
        *v = 0;
        return true;
    }
    if (!fits(f->lo) || !fits(f->hi) || m.s > 0)
        return false;
    *v = th_mbqm((int32_t)f->lo, m, single);
    return *v == th_mbqm((int32_t)f->hi, m, single);
}

bool th_row_fixed_even(const struct th_row_fold *f, struct th_multiplier m, int32_t *v)
{
    float factor;
    memcpy(&factor, &m.m, sizeof factor);
    if (!fits(f->lo) || !fits(f->hi) || !isfinite(factor))
        return false;
    const float lo = (float)f->lo * factor, hi = (float)f->hi * factor;
    *v = (int32_t)th_round_even(lo, INT32_MIN, INT32_MAX);
    return *v == (int32_t)th_round_even(hi, INT32_MIN, INT32_MAX);
}

/* ---- other operators on maps ----------------------------------------------------------------- */
static bool view_fits(const struct th_view *v, int64_t h)
{
    int64_t last;
    return fits(v->pixel_pitch) && fits(v->row_pitch) && fits(v->ring_rows) && fits(v->y0) &&
           fits(v->x0) && fits(v->tail_at) && th_mul_i64(h, v->row_pitch, &last) &&
           last <= INT32_MAX / 8;
}

bool th_row_views(const struct th_query *q, struct th_view *in, struct th_view *out)
{
    const struct th_type *x = q->inst->in[0], *y = &q->inst->out[0];
    if (x->rank != 4 || y->rank != 4)
        return false;
    *in = q->in_views ? q->in_views[0] : dense_view(x->dims[2], x->dims[3]);
    *out = q->out_views ? q->out_views[0] : dense_view(y->dims[2], y->dims[3]);
    if (!q->whole && (x->dims[0] != 1 || q->box.lo[3] != 0 || q->box.hi[3] != y->dims[3]))
        return false;
    return view_fits(in, x->dims[1]) && view_fits(out, y->dims[1]);
}

void th_row_call_box(struct th_call *c, const struct th_query *q)
{
    const struct th_type *y = &q->inst->out[0];
    const int64_t y0 = q->whole ? 0 : q->box.lo[1], x0 = q->whole ? 0 : q->box.lo[2];
    th_call_struct_begin(c, "thk_box");
    th_call_field_int(c, "y", y0);
    th_call_field_int(c, "x", x0);
    th_call_field_int(c, "c", 0);
    th_call_field_int(c, "h", (q->whole ? y->dims[1] : q->box.hi[1]) - y0);
    th_call_field_int(c, "w", (q->whole ? y->dims[2] : q->box.hi[2]) - x0);
    th_call_field_int(c, "n", y->dims[3]);
    th_call_struct_end(c);
}
