/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arithmetic of the transforms: a real transform of n samples is a complex one of n/2, whose
 * bins are combined in pairs. Stages have radix 4, the innermost radix 2 where n/2 is no power of
 * 4. Integers: each stage first divides by its radix (multiplying by max/radix), products are
 * rounded half up, and every stored number wraps to its type.
 */
#include "plugins/signal/fft.h"

#include <math.h>
#include <string.h>

struct cpx {
    int64_t re, im;
};
struct fixed {
    int frac;          /* fraction bits */
    int64_t max;
};
struct fft {
    struct fixed q;
    bool inverse;
    int64_t n;         /* complex length */
    struct cpx *tw;    /* [n] */
};

static const double pi = 3.14159265358979323846264338327;

enum th_status signal_fft_length(const struct th_inst *c, int64_t n)
{
    if (n < 4 || (n & (n - 1)) != 0)
        return th_inst_error(c, "transforms of %lld samples are not supported, only powers of two "
                                "from 4", (long long)n);
    return TH_OK;
}

static struct fixed fixed_of(enum th_dtype dt)
{
    const struct fixed q = {dt == TH_DT_S16 ? 15 : 31, th_dtype_max(dt)};
    return q;
}

static struct cpx unit(struct fixed q, double phase)
{
    const struct cpx v = {(int64_t)floor(.5 + (double)q.max * cos(phase)),
                          (int64_t)floor(.5 + (double)q.max * sin(phase))};
    return v;
}

/* Angle i of the n complex roots of unity, and of the pairs' combination. */
static double root(bool inverse, int64_t n, int64_t i)
{
    const double phase = -2 * pi * (double)i / (double)n;
    return inverse ? -phase : phase;
}

static double pair(bool inverse, int64_t n, int64_t i)
{
    const double phase = -pi * ((double)(i + 1) / (double)n + .5);
    return inverse ? -phase : phase;
}

static int64_t wrap(struct fixed q, int64_t v)
{
    return q.frac == 15 ? (int16_t)v : (int32_t)v;
}

static int64_t rounded(struct fixed q, int64_t v)
{
    return wrap(q, (v + ((int64_t)1 << (q.frac - 1))) >> q.frac);
}

static struct cpx add(struct fixed q, struct cpx a, struct cpx b)
{
    return (struct cpx){wrap(q, a.re + b.re), wrap(q, a.im + b.im)};
}

static struct cpx sub(struct fixed q, struct cpx a, struct cpx b)
{
    return (struct cpx){wrap(q, a.re - b.re), wrap(q, a.im - b.im)};
}

static struct cpx mul(struct fixed q, struct cpx a, struct cpx b)
{
    return (struct cpx){rounded(q, a.re * b.re - a.im * b.im),
                        rounded(q, a.re * b.im + a.im * b.re)};
}

static struct cpx shrink(struct fixed q, struct cpx a, int by)
{
    return (struct cpx){rounded(q, a.re * (q.max / by)), rounded(q, a.im * (q.max / by))};
}

/* a times -i (forward) or i */
static struct cpx turn(const struct fft *f, struct cpx a)
{
    const struct cpx v = f->inverse ? (struct cpx){wrap(f->q, -a.im), a.re}
                                    : (struct cpx){a.im, wrap(f->q, -a.re)};
    return v;
}

/* to[n] becomes the transform of from[0], from[stride], ... */
static void transform(const struct fft *f, int64_t n, int64_t stride, const struct cpx *from,
                      struct cpx *to)
{
    if (n == 1) {
        *to = *from;
        return;
    }
    const int radix = n % 4 == 0 ? 4 : 2;
    const int64_t m = n / radix;
    for (int r = 0; r < radix; r++)
        transform(f, m, stride * radix, from + r * stride, to + r * m);
    for (int64_t k = 0; k < m; k++) {
        struct cpx v[4];
        for (int r = 0; r < radix; r++) {
            v[r] = shrink(f->q, to[k + r * m], radix);
            if (r)
                v[r] = mul(f->q, v[r], f->tw[r * k * stride]);
        }
        if (radix == 2) {
            to[k + m] = sub(f->q, v[0], v[1]);
            to[k] = add(f->q, v[0], v[1]);
            continue;
        }
        const struct cpx even = add(f->q, v[0], v[2]), odd = sub(f->q, v[0], v[2]);
        const struct cpx sum = add(f->q, v[1], v[3]), diff = sub(f->q, v[1], v[3]);
        const struct cpx t = turn(f, diff);
        to[k] = add(f->q, even, sum);
        to[k + m] = add(f->q, odd, t);
        to[k + 2 * m] = sub(f->q, even, sum);
        to[k + 3 * m] = sub(f->q, odd, t);
    }
}

static struct cpx get(const int64_t *x, int64_t i)
{
    return (struct cpx){x[2 * i], x[2 * i + 1]};
}

static void put(int64_t *x, int64_t i, int64_t re, int64_t im)
{
    x[2 * i] = re;
    x[2 * i + 1] = im;
}

/* Bins of the real transform out of those of the half-length complex one. */
static void split(const struct fft *f, const struct cpx *z, int64_t *out)
{
    const struct fixed q = f->q;
    const struct cpx dc = shrink(q, z[0], 2);
    put(out, 0, wrap(q, dc.re + dc.im), 0);
    put(out, f->n, wrap(q, dc.re - dc.im), 0);
    for (int64_t k = 1; k <= f->n / 2; k++) {
        const struct cpx mirror = {z[f->n - k].re, wrap(q, -z[f->n - k].im)};
        const struct cpx a = shrink(q, z[k], 2), b = shrink(q, mirror, 2);
        const struct cpx f1 = add(q, a, b);
        const struct cpx w = mul(q, sub(q, a, b), unit(q, pair(false, f->n, k - 1)));
        /* 16-bit sums are halved before they are stored, 32-bit ones wrap first */
        const struct fixed s = {31, 0};
        put(out, k, wrap(q, wrap(s, f1.re + w.re) >> 1), wrap(q, wrap(s, f1.im + w.im) >> 1));
        put(out, f->n - k, wrap(q, wrap(s, f1.re - w.re) >> 1),
            wrap(q, wrap(s, w.im - f1.im) >> 1));
    }
}

/* The other way. */
static void join(const struct fft *f, const int64_t *in, struct cpx *z)
{
    const struct fixed q = f->q;
    const struct cpx first = get(in, 0), last = get(in, f->n);
    z[0] = shrink(q, (struct cpx){wrap(q, first.re + last.re), wrap(q, first.re - last.re)}, 2);
    for (int64_t k = 1; k <= f->n / 2; k++) {
        const struct cpx other = get(in, f->n - k);
        const struct cpx a = shrink(q, get(in, k), 2);
        const struct cpx b = shrink(q, (struct cpx){other.re, wrap(q, -other.im)}, 2);
        const struct cpx even = add(q, a, b);
        const struct cpx odd = mul(q, sub(q, a, b), unit(q, pair(true, f->n, k - 1)));
        z[k] = add(q, even, odd);
        const struct cpx d = sub(q, even, odd);
        z[f->n - k] = (struct cpx){d.re, wrap(q, -d.im)};
    }
}

static enum th_status fft_int(const struct th_inst *c, struct th_arena *a, enum th_dtype dt,
                              int64_t n, bool inverse, const int64_t *in, int64_t *out)
{
    struct fft f = {.q = fixed_of(dt), .inverse = inverse, .n = n / 2,
                    .tw = TH_NEW_ARRAY(a, struct cpx, (size_t)(n / 2))};
    struct cpx *x = TH_NEW_ARRAY(a, struct cpx, (size_t)(n / 2));
    struct cpx *y = TH_NEW_ARRAY(a, struct cpx, (size_t)(n / 2));
    if (!f.tw || !x || !y)
        return signal_no_memory(c);
    for (int64_t i = 0; i < f.n; i++) {
        f.tw[i] = unit(f.q, root(inverse, f.n, i));
        x[i] = get(in, i);
    }
    if (inverse)
        join(&f, in, x);
    transform(&f, f.n, 1, x, y);
    if (!inverse) {
        split(&f, y, out);
        return TH_OK;
    }
    for (int64_t i = 0; i < f.n; i++)
        put(out, i, y[i].re, y[i].im);
    return TH_OK;
}

static enum th_status fft_real(const struct th_inst *c, struct th_arena *a, int64_t n,
                               bool inverse, const double *in, double *out)
{
    double *cosine = TH_NEW_ARRAY(a, double, (size_t)n), *sine = TH_NEW_ARRAY(a, double, (size_t)n);
    if (!cosine || !sine)
        return signal_no_memory(c);
    for (int64_t i = 0; i < n; i++) {
        cosine[i] = cos(2 * pi * (double)i / (double)n);
        sine[i] = sin(2 * pi * (double)i / (double)n);
    }
    for (int64_t k = 0; k < (inverse ? n : n / 2 + 1); k++) {
        double re = 0, im = 0;
        if (inverse) {
            const double nyquist = k % 2 ? -in[n] : in[n];
            re = in[0] + nyquist;
            for (int64_t i = 1; i < n / 2; i++)
                re += 2 * (in[2 * i] * cosine[i * k % n] - in[2 * i + 1] * sine[i * k % n]);
            out[k] = re / (double)n;
            continue;
        }
        for (int64_t i = 0; i < n; i++) {
            re += in[i] * cosine[i * k % n];
            im -= in[i] * sine[i * k % n];
        }
        out[2 * k] = re;
        out[2 * k + 1] = im;
    }
    return TH_OK;
}

enum th_status signal_fft_eval(const struct th_inst *c, struct th_eval *e, bool inverse)
{
    const int64_t n = th_inst_int(c, "fft_length");
    const int64_t given = signal_inner(c->in[0]), made = signal_inner(&c->out[0]);
    const bool real = c->in[0]->dtype == TH_DT_F32;
    int64_t *x = TH_NEW_ARRAY(e->arena, int64_t, (size_t)n + 2);
    int64_t *y = TH_NEW_ARRAY(e->arena, int64_t, (size_t)n + 2);
    double *xr = TH_NEW_ARRAY(e->arena, double, (size_t)n + 2);
    double *yr = TH_NEW_ARRAY(e->arena, double, (size_t)n + 2);
    if (!x || !y || !xr || !yr)
        return signal_no_memory(c);
    for (int64_t r = 0; r < signal_outer(c->in[0]); r++) {
        for (int64_t i = 0; i < given; i++) {
            x[i] = real ? 0 : th_tensor_int(e->in[0], r * given + i);
            xr[i] = real ? th_tensor_real(e->in[0], r * given + i) : 0;
        }
        TH_TRY(real ? fft_real(c, e->arena, n, inverse, xr, yr)
                    : fft_int(c, e->arena, c->in[0]->dtype, n, inverse, x, y));
        for (int64_t i = 0; i < made; i++)
            if (real)
                th_tensor_set_real(e->out[0], r * made + i, yr[i]);
            else
                th_tensor_set_int(e->out[0], r * made + i, y[i]);
    }
    return TH_OK;
}

/* ---- the kernels' side --------------------------------------------------------------------- */
/* n units at angles of `angle`, as pairs of dt. */
static enum th_status table(struct th_call *c, const char *what, enum th_dtype dt, int64_t n,
                            double (*angle)(bool, int64_t, int64_t), bool inverse, int64_t length)
{
    const struct th_type type = th_type_make(dt, 1, (const int64_t[]){2 * n});
    struct th_tensor *t = th_tensor_new(th_call_arena(c), &type);
    if (!t)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < n; i++) {
        const double phase = angle(inverse, length, i);
        if (dt == TH_DT_F32) {
            th_tensor_set_real(t, 2 * i, cos(phase));
            th_tensor_set_real(t, 2 * i + 1, sin(phase));
        } else {
            const struct cpx v = unit(fixed_of(dt), phase);
            th_tensor_set_int(t, 2 * i, v.re);
            th_tensor_set_int(t, 2 * i + 1, v.im);
        }
    }
    th_call_data(c, what, dt, t->data, (size_t)(2 * n), th_dtype_bits(dt) / 8);
    return TH_OK;
}

enum th_status signal_fft_bind(const struct th_query *q, struct th_call *c, bool inverse)
{
    const struct th_type *x = q->inst->in[0];
    const enum th_dtype dt = x->dtype;
    const int64_t n = signal_attr(q, "fft_length") / 2;
    char in_type[24] = "const ";
    strcat(in_type, th_dtype_ctype(dt));
    th_call_int(c, signal_bits((uint64_t)n) - 1);
    th_call_int(c, signal_outer(x));
    th_call_int(c, signal_inner(x));
    th_call_input(c, 0, in_type);
    TH_TRY(table(c, "roots", dt, n, root, inverse, n));
    TH_TRY(table(c, "pairs", dt, n / 2, pair, inverse, n));
    th_call_output(c, 0, th_dtype_ctype(dt));
    return TH_OK;
}

void signal_fft_cost(const struct th_query *q, struct th_kernel_cost *k)
{
    const int64_t n = signal_attr(q, "fft_length");
    signal_cost(q, 12.0 * signal_bits((uint64_t)n), k);
    k->code_bytes = 900;
    k->stack_bytes = 160;
}
