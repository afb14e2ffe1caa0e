/* SPDX-License-Identifier: Apache-2.0 */
/* Random layers of every network op. */
#include "tests/kernels/kop.h"

#include <math.h>
#include <string.h>

int kop_below(struct kop *k, int n)
{
    k->rng ^= k->rng << 13;
    k->rng ^= k->rng >> 7;
    k->rng ^= k->rng << 17;
    return n > 0 ? (int)(k->rng % (uint64_t)n) : 0;
}

int kop_between(struct kop *k, int lo, int hi)
{
    return lo + kop_below(k, hi - lo + 1);
}

static float scale(struct kop *k, double about)
{
    return (float)(about * (0.5 + kop_below(k, 1 << 20) / (double)(1 << 20)));
}

static bool is(const struct kop *k, const char *op)
{
    return strcmp(k->op->name, op) == 0;
}

static void set_quant(struct kop *k, struct th_type *t, double about)
{
    if (t->dtype == TH_DT_F32 || t->dtype == TH_DT_BOOL)
        return;
    const float s = scale(k, about);
    int64_t zero = 0;
    if (t->dtype == TH_DT_S8)
        zero = kop_between(k, -128, 127);
    if (t->dtype == TH_DT_U8)
        zero = kop_between(k, 0, 255);
    t->quant = th_quant_new(k->arena, 1, &s, &zero, -1);
}

static struct th_type *operand(struct kop *k, enum th_dtype dt, int32_t rank, const int64_t *dims)
{
    struct th_type *t = &k->in[k->n_in];
    *t = th_type_make(dt, rank, dims);
    k->present[k->n_in++] = true;
    return t;
}

static void absent(struct kop *k)
{
    k->present[k->n_in++] = false;
}

static void attr_ints(struct kop *k, const char *name, uint32_t n, const int64_t *v)
{
    k->attr[k->attrs.n++] = (struct th_attr){
        .name = name, .kind = TH_ATTR_INTS, .n = n,
        .v.ints = th_arena_memdup(k->arena, v, n * sizeof *v)};
}

static void attr_int(struct kop *k, const char *name, int64_t v)
{
    k->attr[k->attrs.n++] = (struct th_attr){.name = name, .kind = TH_ATTR_INT, .v.i = v};
}

static void attr_float(struct kop *k, const char *name, double v)
{
    k->attr[k->attrs.n++] = (struct th_attr){.name = name, .kind = TH_ATTR_FLOAT, .v.f = v};
}

static void activation(struct kop *k)
{
    const int kind = kop_below(k, 4);
    attr_float(k, "act_min", kind < 2 ? -INFINITY : kind == 2 ? 0 : -1);
    attr_float(k, "act_max", kind < 2 ? INFINITY : kind == 2 ? 6 : 1);
}

static void output(struct kop *k, enum th_dtype dt, double about)
{
    k->out[k->n_out] = th_type_make(dt, 0, NULL);
    set_quant(k, &k->out[k->n_out++], about);
}

/* Weights and bias of n channels along `axis`. Returns the scale of a product. */
static double weights(struct kop *k, int32_t rank, const int64_t *dims, int32_t axis)
{
    const bool quantized = k->dt != TH_DT_F32 || k->hybrid;
    const enum th_dtype dt = !quantized ? TH_DT_F32 : k->dt == TH_DT_U8 ? TH_DT_U8 : TH_DT_S8;
    const uint32_t n = (uint32_t)dims[axis];
    const int w = (int)k->n_in;
    struct th_type *t = operand(k, dt, rank, dims);
    k->constant[w] = true;
    if (quantized && (dt == TH_DT_U8 || kop_below(k, 3) == 0)) {
        const float s = scale(k, 0.01);
        const int64_t zero = dt == TH_DT_U8 ? kop_between(k, 0, 255) : 0;
        t->quant = th_quant_new(k->arena, 1, &s, &zero, -1);
    } else if (quantized) {
        float *s = TH_NEW_ARRAY(k->arena, float, n);
        for (uint32_t i = 0; i < n; i++)
            s[i] = scale(k, 0.01);
        t->quant = th_quant_new(k->arena, n, s, NULL, axis);
    }
    if (kop_below(k, 4) == 0 && !k->b32) {
        absent(k);
    } else {
        const bool real = k->dt == TH_DT_F32;
        const enum th_dtype b = real                                ? TH_DT_F32
                                : k->dt == TH_DT_S16 && !k->b32 ? TH_DT_S64
                                                                    : TH_DT_S32;
        k->constant[k->n_in] = true;
        operand(k, b, 1, &dims[axis]);
    }
    return 0.01;
}

static double range_of(const struct kop *k, double product, int64_t taps)
{
    const double levels = k->dt == TH_DT_S16 ? 0.1 : 60.0;
    return product * sqrt((double)taps) * levels;
}

static void make_conv(struct kop *k)
{
    const bool dw = is(k, "depthwise_conv2d"), back = is(k, "transpose_conv2d");
    const int64_t c = kop_between(k, 1, 9), groups = !dw && !back && kop_below(k, 4) == 0 ? 2 : 1;
    const int64_t kh = kop_between(k, 1, 4), kw = kop_between(k, 1, 4);
    const int64_t out = dw ? c * kop_between(k, 1, 3) : groups * kop_between(k, 1, 6);
    const int64_t x[4] = {kop_between(k, 1, 2), kop_between(k, 4, 8), kop_between(k, 4, 8),
                          c * groups};
    const int64_t w[4] = {dw ? 1 : out, kh, kw, dw ? out : c};
    const int64_t stride[2] = {kop_between(k, 1, 3), kop_between(k, 1, 3)};
    const int64_t pad[4] = {kop_below(k, (int)kh), kop_below(k, (int)kw), kop_below(k, (int)kh),
                            kop_below(k, (int)kw)};
    set_quant(k, operand(k, k->dt, 4, x), k->dt == TH_DT_S16 ? 0.001 : 0.05);
    const double product = weights(k, 4, w, dw ? 3 : 0) * (k->dt == TH_DT_S16 ? 0.001 : 0.05);
    attr_ints(k, "stride", 2, stride);
    attr_ints(k, "pad", 4, back ? (const int64_t[]){0, 0, 0, 0} : pad);
    if (!back)
        attr_ints(k, "dilation", 2, (const int64_t[]){1, kop_below(k, 3) ? 1 : 2});
    if (dw)
        attr_int(k, "multiplier", out / c);
    activation(k);
    output(k, k->dt, range_of(k, product, kh * kw * (dw ? 1 : c)));
}

static void make_dense(struct kop *k)
{
    const int64_t in = kop_between(k, 1, 40), out = kop_between(k, 1, 12);
    const int64_t x[2] = {kop_between(k, 1, 3), in}, w[2] = {out, in};
    set_quant(k, operand(k, k->dt, 2, x), k->dt == TH_DT_S16 ? 0.001 : 0.05);
    const double product = weights(k, 2, w, 0) * (k->dt == TH_DT_S16 ? 0.001 : 0.05);
    activation(k);
    attr_int(k, "asymmetric_inputs", kop_below(k, 2));
    output(k, k->dt, range_of(k, product, in));
}

static void make_matmul(struct kop *k)
{
    const int64_t m = kop_between(k, 1, 5), n = kop_between(k, 1, 5), d = kop_between(k, 1, 9);
    const bool ta = kop_below(k, 2), tb = kop_below(k, 2);
    const int64_t ba = kop_below(k, 2) ? 1 : 3, bb = kop_below(k, 2) ? 1 : 3;
    const int64_t a[3] = {ba, ta ? d : m, ta ? m : d}, b[3] = {bb, tb ? n : d, tb ? d : n};
    const int first = kop_below(k, 2);
    const double s = k->dt == TH_DT_S16 ? 0.001 : 0.05;
    set_quant(k, operand(k, k->dt, 3, a), s);
    struct th_type *right = operand(k, k->hybrid ? TH_DT_S8 : k->dt, bb == 1 && first ? 2 : 3,
                                    b + (bb == 1 && first));
    set_quant(k, right, s);
    if (right->dtype == TH_DT_S8 && kop_below(k, 2)) {
        float scales[5];
        for (int64_t i = 0; i < n; i++)
            scales[i] = scale(k, s);
        right->quant = th_quant_new(k->arena, (uint32_t)n, scales, NULL,
                                    right->rank - (tb ? 2 : 1));
    }
    attr_int(k, "adj_a", ta);
    attr_int(k, "adj_b", tb);
    attr_int(k, "asymmetric_inputs", kop_below(k, 2));
    activation(k);
    output(k, k->dt, range_of(k, s * s, d) * (k->dt == TH_DT_S16 ? 20 : 1));
}

static void make_pool(struct kop *k)
{
    const int64_t x[4] = {kop_between(k, 1, 2), kop_between(k, 4, 8), kop_between(k, 4, 8),
                          kop_between(k, 1, 9)};
    const int64_t f[2] = {kop_between(k, 1, 4), kop_between(k, 1, 4)};
    const int64_t pad[4] = {kop_below(k, (int)f[0]), kop_below(k, (int)f[1]),
                            kop_below(k, (int)f[0]), kop_below(k, (int)f[1])};
    set_quant(k, operand(k, k->dt, 4, x), 0.05);
    attr_ints(k, "filter", 2, f);
    attr_ints(k, "stride", 2, (const int64_t[]){kop_between(k, 1, 3), kop_between(k, 1, 3)});
    attr_ints(k, "pad", 4, pad);
    activation(k);
    output(k, k->dt, 1);
    k->out[0].quant = k->in[0].quant;
}

static void fixed_out(struct kop *k, enum th_dtype dt, float s, int64_t zero)
{
    output(k, dt, 1);
    if (dt != TH_DT_F32)
        k->out[0].quant = th_quant_new(k->arena, 1, &s, &zero, -1);
}

static void make_rows(struct kop *k)
{
    const int64_t x[3] = {kop_between(k, 1, 3), kop_between(k, 1, 4), kop_between(k, 1, 30)};
    set_quant(k, operand(k, k->dt, 3, x), k->dt == TH_DT_S16 ? 0.001 : 0.1);
    const enum th_dtype dt = k->dt;
    const bool u = dt == TH_DT_U8;
    if (is(k, "softmax")) {
        attr_float(k, "beta", kop_below(k, 2) ? 1.0 : 0.5);
        if (dt == TH_DT_S8 && kop_below(k, 3) == 0)
            fixed_out(k, TH_DT_S16, 1.0f / 65536, -32768);
        else
            fixed_out(k, dt, dt == TH_DT_S16 ? 1.0f / 32768 : 1.0f / 256,
                      dt == TH_DT_S8 ? -128 : 0);
    } else if (is(k, "log_softmax")) {
        fixed_out(k, dt, 0.0625f, u ? 255 : 127);
    } else {
        fixed_out(k, dt, 0.0078125f, u ? 128 : 0);
    }
}

/* Two maps of one shape; often with one scale, where both factors are one half. */
static void make_add(struct kop *k)
{
    const int64_t x[2] = {kop_between(k, 1, 4), kop_between(k, 1, 60)};
    set_quant(k, operand(k, k->dt, 2, x), 0.05);
    set_quant(k, operand(k, k->dt, 2, x), kop_below(k, 2) ? 0.05 : 0.002);
    if (kop_below(k, 3) == 0)
        k->in[1].quant = k->in[0].quant;
    activation(k);
    output(k, k->dt, 0.08);
}

static void make_prelu(struct kop *k)
{
    const int64_t x[4] = {1, kop_between(k, 1, 4), kop_between(k, 1, 4), kop_between(k, 1, 8)};
    const int64_t a[3] = {1, kop_below(k, 2) ? 1 : x[2], x[3]};
    set_quant(k, operand(k, k->dt, 4, x), 0.05);
    set_quant(k, operand(k, k->dt, 3, a), 0.02);
    output(k, k->dt, 0.06);
}

static void make_resize(struct kop *k)
{
    const int64_t x[4] = {kop_between(k, 1, 2), kop_between(k, 1, 6), kop_between(k, 1, 6),
                          kop_between(k, 1, 4)};
    const int mode = kop_below(k, 3);
    set_quant(k, operand(k, k->dt, 4, x), 0.05);
    attr_ints(k, "size", 2, (const int64_t[]){kop_between(k, 1, 13), kop_between(k, 1, 13)});
    attr_int(k, "align_corners", mode == 1);
    attr_int(k, "half_pixel", mode == 2);
    output(k, k->dt, 1);
    k->out[0].quant = k->in[0].quant;
}

static void make_convert(struct kop *k)
{
    static const enum th_dtype ints[] = {TH_DT_S8, TH_DT_U8, TH_DT_S16, TH_DT_S32};
    const int64_t x[2] = {kop_between(k, 1, 5), kop_between(k, 1, 40)};
    const enum th_dtype other = ints[kop_below(k, 4)];
    const double s = k->dt == TH_DT_S32 ? 1e-8 : k->dt == TH_DT_S16 ? 0.0005 : 0.05;
    set_quant(k, operand(k, is(k, "quantize") ? TH_DT_F32 : k->dt, 2, x), s);
    if (is(k, "requantize"))
        output(k, other, other == TH_DT_S32 ? 1e-3 : other == TH_DT_S16 ? 0.0005 : 0.05);
    else if (is(k, "quantize"))
        output(k, k->dt, s);
    else
        output(k, TH_DT_F32, 1);
}

static void make_reduce(struct kop *k)
{
    const int64_t x[4] = {kop_between(k, 1, 3), kop_between(k, 1, 5), kop_between(k, 1, 5),
                          kop_between(k, 1, 6)};
    int64_t axes[3];
    uint32_t n = 0;
    for (int i = 0; i < 4; i++)
        if (kop_below(k, 2) && n < 3)
            axes[n++] = kop_below(k, 2) ? i : i - 4;
    const enum th_dtype dt = is(k, "reduce_any") || is(k, "reduce_all") ? TH_DT_BOOL : k->dt;
    struct th_type *t = operand(k, dt, 4, x);
    if (dt != TH_DT_S32)
        set_quant(k, t, 0.05);
    if (n)
        attr_ints(k, "axes", n, axes);
    attr_int(k, "keep_dims", kop_below(k, 2));
    output(k, dt, 0.05);
    if (is(k, "reduce_max") || is(k, "reduce_min") || dt == TH_DT_S32)
        k->out[0].quant = k->in[0].quant;
}

/* A plain operand with one scale; constant unless it is a state. */
static void lstm_operand(struct kop *k, enum th_dtype dt, int32_t rank, int64_t d0, int64_t d1,
                         float s, int64_t zero, bool constant)
{
    k->constant[k->n_in] = constant;
    struct th_type *t = operand(k, dt, rank, (const int64_t[]){d0, d1});
    if (dt != TH_DT_F32)
        t->quant = th_quant_new(k->arena, 1, &s, &zero, -1);
}

static void make_lstm(struct kop *k)
{
    const bool real = k->dt == TH_DT_F32, extras = real && kop_below(k, 2);
    const bool project = extras && kop_below(k, 2), norm = extras && kop_below(k, 2);
    const bool coupled = real && kop_below(k, 4) == 0;
    const int64_t in = kop_between(k, 1, 6), cells = kop_between(k, 1, 6);
    const int64_t out = project ? kop_between(k, 1, 5) : cells, batch = kop_between(k, 1, 2);
    const int64_t steps = kop_between(k, 1, 4);
    const bool time_major = kop_below(k, 2);
    const enum th_dtype w = real && !k->hybrid ? TH_DT_F32 : TH_DT_S8;
    const enum th_dtype b = real ? TH_DT_F32 : k->dt == TH_DT_S16 ? TH_DT_S64 : TH_DT_S32;
    const float act = k->dt == TH_DT_S16 ? 0.0001f : 0.02f;
    const int64_t zero = k->dt == TH_DT_S8 ? 3 : 0;
    const int64_t x[3] = {time_major ? steps : batch, time_major ? batch : steps, in};
    struct th_type *t = operand(k, k->dt, 3, x);
    if (!real)
        t->quant = th_quant_new(k->arena, 1, &act, &zero, -1);
    for (int side = 0; side < 2; side++)
        for (int g = 0; g < 4; g++) {
            if (g == 0 && coupled)
                absent(k);
            else
                lstm_operand(k, w, 2, cells, side ? out : in, 0.01f, 0, true);
        }
    for (int i = 0; i < 3; i++) {
        if (extras && !(coupled && i == 0))
            lstm_operand(k, w, 1, cells, 0, 0.005f, 0, true);
        else
            absent(k);
    }
    for (int g = 0; g < 4; g++) {
        if (g == 0 && coupled)
            absent(k);
        else
            lstm_operand(k, b, 1, cells, 0, act * 0.01f, 0, true);
    }
    if (project)
        lstm_operand(k, w, 2, out, cells, 0.01f, 0, true);
    else
        absent(k);
    if (project && kop_below(k, 2))
        lstm_operand(k, TH_DT_F32, 1, out, 0, 1, 0, true);
    else
        absent(k);
    lstm_operand(k, k->dt, 2, batch, out, k->dt == TH_DT_S16 ? 0.0001f : 0.008f, zero, false);
    lstm_operand(k, real ? TH_DT_F32 : TH_DT_S16, 2, batch, cells, 1.0f / 2048, 0, false);
    for (int g = 0; g < 4; g++) {
        if (norm && !(coupled && g == 0))
            lstm_operand(k, TH_DT_F32, 1, cells, 0, 1, 0, true);
        else
            absent(k);
    }
    attr_int(k, "time_major", time_major);
    attr_int(k, "asymmetric_inputs", kop_below(k, 2));
    attr_float(k, "cell_clip", kop_below(k, 2) ? 0 : 3);
    attr_float(k, "proj_clip", kop_below(k, 2) ? 0 : 1);
    for (int i = 0; i < 3; i++)
        output(k, i == 2 && !real ? TH_DT_S16 : k->dt, 1);
    k->out[0].quant = k->in[18].quant;
    k->out[1].quant = k->in[18].quant;
    k->out[2].quant = k->in[19].quant;
}

void kop_make(struct kop *k, const char *op)
{
    k->op = th_op_find(k->ctx, op);
    k->attrs = (struct th_attrs){k->attr, 0};
    k->n_in = k->n_out = 0;
    memset(k->constant, 0, sizeof k->constant);
    if (!k->op)
        return;
    if (strstr(op, "conv2d"))
        make_conv(k);
    else if (!strcmp(op, "fully_connected"))
        make_dense(k);
    else if (!strcmp(op, "batch_matmul"))
        make_matmul(k);
    else if (!strcmp(op, "lstm"))
        make_lstm(k);
    else if (strstr(op, "_pool2d"))
        make_pool(k);
    else if (strstr(op, "softmax") || !strcmp(op, "l2_norm"))
        make_rows(k);
    else if (!strcmp(op, "add") || !strcmp(op, "sub"))
        make_add(k);
    else if (!strcmp(op, "prelu"))
        make_prelu(k);
    else if (!strncmp(op, "resize_", 7))
        make_resize(k);
    else if (strstr(op, "quantize"))
        make_convert(k);
    else
        make_reduce(k);
}

void kop_fill(struct kop *k)
{
    for (uint32_t i = 0; i < k->n_in; i++) {
        if (!k->present[i])
            continue;
        struct th_tensor *t = k->data[i] = th_tensor_new(k->arena, &k->in[i]);
        const int64_t n = th_type_elems(&k->in[i]);
        for (int64_t j = 0; j < n; j++) {
            switch (t->type.dtype) {
            case TH_DT_F32:
                th_tensor_set_real(t, j, (kop_below(k, 1 << 20) - (1 << 19)) / (double)(1 << 18));
                break;
            case TH_DT_S32:
            case TH_DT_S64: th_tensor_set_int(t, j, kop_between(k, -3000, 3000)); break;
            case TH_DT_BOOL: th_tensor_set_int(t, j, kop_below(k, 2)); break;
            case TH_DT_S16: th_tensor_set_int(t, j, kop_between(k, -32768, 32767)); break;
            case TH_DT_U8: th_tensor_set_int(t, j, kop_below(k, 256)); break;
            default:
                th_tensor_set_int(t, j, kop_between(k, k->constant[i] ? -127 : -128, 127));
                break;
            }
        }
    }
}
