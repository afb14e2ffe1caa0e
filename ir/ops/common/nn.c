/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#include <math.h>
#include <string.h>

const char *const th_contracts_all[] = {"tflite", "tflite-single-rounding", "onnx", "float", NULL};
const char *const th_contracts_tflite[] = {"tflite", "tflite-single-rounding", "float", NULL};

enum th_rounding th_inst_rounding(const struct th_inst *c)
{
    if (c->contract && strcmp(c->contract, "onnx") == 0)
        return TH_ROUND_ONNX;
    return th_inst_single_rounding(c) ? TH_ROUND_SINGLE : TH_ROUND_DOUBLE;
}

enum th_status th_out_of_memory(const struct th_inst *c)
{
    th_error(c->ctx, c->loc, 0, "out of memory");
    return TH_ERR_INTERNAL;
}

/* ---- operands ------------------------------------------------------------------------------- */
/* Elements that lie between two steps of the quantized axis. */
static int64_t axis_stride(const struct th_type *t, int32_t axis)
{
    int64_t stride = 1;
    for (int32_t i = axis + 1; i < t->rank; i++)
        stride *= t->dims[i];
    return stride;
}

int32_t *th_ints_centred(struct th_arena *a, const struct th_tensor *t)
{
    const int64_t n = th_type_elems(&t->type);
    const struct th_quant *q = t->type.quant;
    int32_t *v = TH_NEW_ARRAY(a, int32_t, (size_t)n);
    if (!v)
        return NULL;
    const bool per_axis = q && q->n > 1 && q->axis >= 0 && q->axis < t->type.rank;
    const int64_t stride = per_axis ? axis_stride(&t->type, q->axis) : 1;
    const int64_t zero = th_quant_zero(q, 0);
    for (int64_t i = 0; i < n; i++) {
        const int64_t z = per_axis ? th_quant_zero(q, (uint32_t)(i / stride % q->n)) : zero;
        v[i] = (int32_t)(th_tensor_int(t, i) - z);
    }
    return v;
}

int64_t *th_ints_wide(struct th_arena *a, const struct th_tensor *t)
{
    const int64_t n = th_type_elems(&t->type);
    int64_t *v = TH_NEW_ARRAY(a, int64_t, (size_t)n);
    if (!v)
        return NULL;
    for (int64_t i = 0; i < n; i++)
        v[i] = th_tensor_int(t, i);
    return v;
}

const float *th_floats_wide(struct th_arena *a, const struct th_tensor *t)
{
    if (t->type.dtype == TH_DT_F32)
        return t->data;
    const int64_t n = th_type_elems(&t->type);
    float *v = TH_NEW_ARRAY(a, float, (size_t)n);
    for (int64_t i = 0; v && i < n; i++)
        v[i] = (float)th_tensor_real(t, i);
    return v;
}

void th_store_clamped(struct th_tensor *t, int64_t i, int64_t v, int32_t lo, int32_t hi)
{
    th_tensor_set_int(t, i, th_clamp_i64(v, lo, hi));
}

/* ---- rescaling ------------------------------------------------------------------------------ */
enum th_status th_rescale_init(const struct th_inst *c, struct th_arena *a,
                               const struct th_quant *in, const struct th_quant *w,
                               const struct th_type *out, enum th_scale_product product, bool wide,
                               struct th_rescale *r)
{
    const float in_scale = th_quant_scale(in, 0), out_scale = th_quant_scale(out->quant, 0);
    r->rounding = th_inst_rounding(c);
    r->wide = wide;
    r->n = w && w->n > 1 ? w->n : 1;
    r->q = TH_NEW_ARRAY(a, struct th_multiplier, r->n);
    r->factor = TH_NEW_ARRAY(a, float, r->n);
    if (!r->q || !r->factor)
        return th_out_of_memory(c);
    for (uint32_t i = 0; i < r->n; i++) {
        const float w_scale = th_quant_scale(w, i);
        const float both = in_scale * w_scale;
        const double real = product == TH_PRODUCT_FLOAT
                                ? (double)both / (double)out_scale
                                : (double)in_scale * (double)w_scale / (double)out_scale;
        r->q[i] = th_quantize_multiplier(real, r->rounding == TH_ROUND_SINGLE);
        r->factor[i] = both / out_scale;
    }
    r->zero = th_quant_zero(out->quant, 0);
    th_activation_bounds(out, th_inst_float(c, "act_min"), th_inst_float(c, "act_max"), &r->lo,
                         &r->hi);
    return TH_OK;
}

int32_t th_rescale_apply(const struct th_rescale *r, int64_t acc, uint32_t channel)
{
    const uint32_t i = r->n > 1 ? channel : 0;
    int64_t v;
    if (r->rounding == TH_ROUND_ONNX) {
        const int64_t sum = r->wide ? acc : (int32_t)acc;    /* sums of 32 bits wrap */
        const float product = (float)sum * r->factor[i];
        v = th_round_even(product, INT32_MIN, INT32_MAX);
    } else if (r->wide) {
        v = th_mbqm64(acc, r->q[i]);
    } else {
        v = th_mbqm((int32_t)acc, r->q[i], r->rounding == TH_ROUND_SINGLE);
    }
    return (int32_t)th_clamp_i64(v + r->zero, r->lo, r->hi);
}

/* ---- hybrid forms --------------------------------------------------------------------------- */
bool th_all_zero(const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (x[i] != 0)
            return false;
    return true;
}

static void min_max(const float *x, int64_t n, float *lo, float *hi)
{
    *lo = *hi = n > 0 ? x[0] : 0;
    for (int64_t i = 1; i < n; i++) {
        if (x[i] < *lo)
            *lo = x[i];
        if (x[i] > *hi)
            *hi = x[i];
    }
}

void th_quantize_symmetric(const float *x, int64_t n, int32_t *q, float *scale)
{
    float lo, hi;
    min_max(x, n, &lo, &hi);
    const float range = fabsf(lo) > fabsf(hi) ? fabsf(lo) : fabsf(hi);
    if (!(range > 0) || !isfinite(range)) {
        memset(q, 0, (size_t)n * sizeof(*q));
        *scale = 1;
        return;
    }
    *scale = range / 127;
    const float inverse = 127 / range;
    for (int64_t i = 0; i < n; i++)
        q[i] = (int32_t)th_round_away(x[i] * inverse, -127, 127);
}

void th_quantize_asymmetric(const float *x, int64_t n, int32_t *q, float *scale, int32_t *zero)
{
    float lo, hi;
    min_max(x, n, &lo, &hi);
    const double rmin = lo < 0 ? (double)lo : 0, rmax = hi > 0 ? (double)hi : 0;
    *zero = 0;
    if (rmin == rmax || !isfinite(rmax - rmin)) {
        memset(q, 0, (size_t)n * sizeof(*q));
        *scale = 1;
        return;
    }
    const double step = (rmax - rmin) / 255.0;
    const double from_min = -128.0 - rmin / step, from_max = 127.0 - rmax / step;
    const double min_error = 128.0 + fabs(rmin / step), max_error = 127.0 + fabs(rmax / step);
    *zero = (int32_t)th_round_away(min_error < max_error ? from_min : from_max, -128, 127);
    *scale = (float)step;
    const float inverse = 1.0f / *scale;
    for (int64_t i = 0; i < n; i++) {
        const float product = x[i] * inverse;
        const float sum = (float)*zero + product;
        q[i] = (int32_t)th_round_away(sum, -128, 127);
    }
}

/* ---- geometry ------------------------------------------------------------------------------- */
/* Output size of one axis: (in + before + after - effective kernel) / stride + 1. */
static bool axis_size(int64_t in, int64_t before, int64_t after, int64_t kernel, int64_t dilation,
                      int64_t stride, int64_t *out)
{
    int64_t padded, span;
    if (!th_add_i64(in, before, &padded) || !th_add_i64(padded, after, &padded) ||
        !th_mul_i64(kernel - 1, dilation, &span) || !th_add_i64(span, 1, &span))
        return false;
    if (kernel < 1 || stride < 1 || span > padded)
        return false;
    *out = (padded - span) / stride + 1;
    return true;
}

enum th_status th_geom_init(const struct th_inst *c, int64_t k_h, int64_t k_w, int64_t out_c,
                            struct th_geom *g)
{
    TH_TRY(th_need_rank(c, 0, 4));
    const int64_t *d = c->in[0]->dims;
    const bool dilated = th_attr_find(c->attrs, "dilation") != NULL;
    *g = (struct th_geom){
        .n = d[0], .in_h = d[1], .in_w = d[2], .in_c = d[3], .out_c = out_c,
        .k_h = k_h, .k_w = k_w,
        .s_h = th_inst_ints(c, "stride", 0), .s_w = th_inst_ints(c, "stride", 1),
        .d_h = dilated ? th_inst_ints(c, "dilation", 0) : 1,
        .d_w = dilated ? th_inst_ints(c, "dilation", 1) : 1,
        .top = th_inst_ints(c, "pad", 0), .left = th_inst_ints(c, "pad", 1),
        .bottom = th_inst_ints(c, "pad", 2), .right = th_inst_ints(c, "pad", 3),
    };
    if (!axis_size(g->in_h, g->top, g->bottom, k_h, g->d_h, g->s_h, &g->out_h) ||
        !axis_size(g->in_w, g->left, g->right, k_w, g->d_w, g->s_w, &g->out_w))
        return th_inst_error(c, "a window of %lldx%lld (dilation %lldx%lld) does not fit into an "
                                "input of %lldx%lld with padding %lld+%lld, %lld+%lld",
                             (long long)k_h, (long long)k_w, (long long)g->d_h, (long long)g->d_w,
                             (long long)g->in_h, (long long)g->in_w, (long long)g->top,
                             (long long)g->bottom, (long long)g->left, (long long)g->right);
    return TH_OK;
}

enum th_status th_geom_set_out(struct th_inst *c, const struct th_geom *g)
{
    const int64_t dims[4] = {g->n, g->out_h, g->out_w, g->out_c};
    return th_set_shape(c, 0, 4, dims);
}

void th_window_axis(struct th_window *w, int axis, int64_t lo, int64_t hi, int64_t stride,
                    int64_t dilation, int64_t kernel, int64_t pad, int64_t size)
{
    if (hi <= lo) {
        const int64_t at = th_clamp_i64(lo * stride - pad, 0, size);
        w->box.lo[axis] = w->box.hi[axis] = at;
        w->clip_lo[axis] = w->clip_hi[axis] = 0;
        return;
    }
    const int64_t first = lo * stride - pad;
    const int64_t end = (hi - 1) * stride - pad + (kernel - 1) * dilation + 1;
    w->box.lo[axis] = th_clamp_i64(first, 0, size);
    w->box.hi[axis] = th_clamp_i64(end, 0, size);
    w->clip_lo[axis] = th_clamp_i64(-first, 0, end - first);
    w->clip_hi[axis] = th_clamp_i64(end - size, 0, end - first);
}

void th_window_same(struct th_window *w, int axis, int64_t lo, int64_t hi)
{
    w->box.lo[axis] = lo;
    w->box.hi[axis] = hi;
    w->clip_lo[axis] = w->clip_hi[axis] = 0;
}

void th_window_full(struct th_window *w, int axis, int64_t size)
{
    th_window_same(w, axis, 0, size);
}

void th_window_bias(const struct th_inst *c, uint32_t port, int64_t lo, int64_t hi,
                    struct th_window *w)
{
    const struct th_type *b = c->in[port];
    memset(w, 0, sizeof(*w));
    for (int a = 0; a < b->rank; a++)
        th_window_full(w, a, b->dims[a]);
    if (b->rank == 1)
        th_window_same(w, 0, lo, hi);
}

void th_window_geom(const struct th_geom *g, const struct th_box *out, struct th_window *w)
{
    memset(w, 0, sizeof(*w));
    th_window_same(w, 0, out->lo[0], out->hi[0]);
    th_window_axis(w, 1, out->lo[1], out->hi[1], g->s_h, g->d_h, g->k_h, g->top, g->in_h);
    th_window_axis(w, 2, out->lo[2], out->hi[2], g->s_w, g->d_w, g->k_w, g->left, g->in_w);
}

uint32_t th_part_geom(const struct th_inst *c, const struct th_box *out, int32_t axis,
                      struct th_attr *list)
{
    struct th_window w;
    int64_t *pad = TH_NEW_ARRAY(c->arena, int64_t, 4);
    if (!pad || !c->op->window(c, out, 0, &w))
        return 0;
    for (uint32_t i = 0; i < 4; i++)
        pad[i] = 1 + (int32_t)i % 2 != axis ? th_inst_ints(c, "pad", i)
                 : i < 2                    ? w.clip_lo[axis]
                                            : w.clip_hi[axis];
    list[0] = (struct th_attr){.name = "pad", .kind = TH_ATTR_INTS, .n = 4, .v.ints = pad};
    return 1;
}
