/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rounding of few-bit weights by what it does to the layer's sums instead of to the weights. The
 * covariance C of the products' inputs says how errors add up: e'Ce is the variance that the errors
 * e of one channel's weights give its sums (their mean goes into the bias). Starting from the
 * nearest steps, weights move by single steps as long as that falls. The quantity is that of
 * Hassibi and Stork's optimal brain surgeon and its descendants; the descent is plain.
 */
#include "passes/quantize/quantize.h"

#include <math.h>
#include <string.h>

#define MOST_INPUTS 1024
#define SAMPLES 256          /* looked at */
#define SUMS 64              /* of one sample */
#define LEAST 4              /* sums seen for each input, or the covariance says little */

struct th_qmoments {
    int64_t n;               /* inputs of one sum */
    float *c;                /* [n][n] of products, then the covariance */
    double *mean;            /* [n] */
    int64_t count;
};

/* ---- collecting ------------------------------------------------------------------------------ */

/* Weights of one sum, if the layer is a plain one: each output channel reads all inputs. */
static int64_t inputs_of(const struct th_quantizer *q, const struct th_qlayer *l)
{
    const struct th_quant_rule *r = &l->rule;
    if (!l->weights || r->weight_axis != 0 || r->weight_in_axis <= 0)
        return 0;
    const struct th_type *w =
        th_value_type(q->f, th_node_input(q->f, l->node, (uint32_t)r->weight_port));
    const th_value x = th_node_input(q->f, l->node, 0);
    const struct th_type *t = x ? th_value_type(q->f, x) : NULL;
    if (!t || !t->rank || w->dims[0] < 1 || r->weight_in_axis >= w->rank)
        return 0;
    const int64_t n = th_type_elems(w) / w->dims[0];
    const bool flat = w->rank == 2;
    const bool whole = flat || w->dims[r->weight_in_axis] == t->dims[t->rank - 1];
    return whole && n <= MOST_INPUTS ? n : 0;
}

/* The inputs of every sum: the layer itself with the identity for weights gives them. */
static struct th_tensor *unfold(const struct th_quantizer *q, const struct th_qlayer *l,
                                const struct th_tensor *x, int64_t n, struct th_arena *a)
{
    struct th_inst *c = th_node_inst(q->f, l->node, a);
    const uint32_t port = (uint32_t)l->rule.weight_port;
    struct th_type *type = TH_NEW(a, struct th_type);
    const struct th_tensor **in = c ? TH_NEW_ARRAY(a, const struct th_tensor *, c->n_in + 1) : NULL;
    struct th_attr *list = c ? TH_NEW_ARRAY(a, struct th_attr, c->attrs->n + 1) : NULL;
    struct th_attrs attrs = {list, 0};
    if (!type || !in || !list)
        return NULL;
    *type = *c->in[port];
    type->dims[0] = n;
    struct th_tensor *unit = th_tensor_new(a, type);
    if (!unit)
        return NULL;
    for (int64_t i = 0; i < n; i++)
        th_tensor_set_real(unit, i * n + i, 1);
    const struct th_type **types = (const struct th_type **)(uintptr_t)c->in;
    types[port] = type;
    for (uint32_t i = 0; i < c->n_in; i++)
        in[i] = c->in_const[i];
    in[0] = x;
    in[port] = unit;
    if (l->rule.bias_port >= 0 && (uint32_t)l->rule.bias_port < c->n_in) {
        in[l->rule.bias_port] = NULL;
        types[l->rule.bias_port] = NULL;
    }
    for (uint32_t i = 0; i < c->attrs->n; i++)
        if (strncmp(c->attrs->list[i].name, "act_", 4) != 0)
            list[attrs.n++] = c->attrs->list[i];
    c->attrs = &attrs;
    if (c->op->infer(c) != TH_OK)
        return NULL;
    struct th_tensor *y = th_tensor_new(a, &c->out[0]);
    struct th_eval e = {.arena = a, .in = in, .out = &y};
    return y && c->op->eval(c, &e) == TH_OK ? y : NULL;
}

static void add_vector(struct th_qmoments *m, const float *v)
{
    for (int64_t i = 0; i < m->n; i++) {
        const float x = v[i];
        float *row = m->c + i * m->n;
        if (x == 0.0f)
            continue;
        m->mean[i] += (double)x;
        for (int64_t j = 0; j <= i; j++)
            row[j] += x * v[j];
    }
    m->count++;
}

struct gather {
    struct th_quantizer *q;
    bool failed;
};

static void gather_value(void *user, unsigned thread, int64_t sample, th_value v,
                         const struct th_tensor *t)
{
    struct gather *g = user;
    struct th_quantizer *q = g->q;
    (void)thread;
    for (uint32_t i = 0; i < q->n_layers; i++) {
        struct th_qlayer *l = &q->layers[i];
        if (!l->moments || th_node_input(q->f, l->node, 0) != v)
            continue;
        struct th_arena *a = th_arena_new(0);
        const struct th_tensor *y = a ? unfold(q, l, t, l->moments->n, a) : NULL;
        const int64_t rows = y ? th_type_elems(&y->type) / l->moments->n : 0;
        /* spread over the map, another part of it each time */
        const int64_t step = rows > SUMS ? rows / SUMS : 1;
        for (int64_t r = step > 1 ? sample % step : 0; r < rows; r += step)
            add_vector(l->moments, (const float *)y->data + r * l->moments->n);
        g->failed |= !y;
        th_arena_free(a);
    }
}

/* From sums of products to the covariance, with a little on the diagonal so that inputs that never
 * vary do not let their weights drift. */
static void finish(struct th_qmoments *m)
{
    const double count = m->count ? (double)m->count : 1;
    double trace = 0;
    for (int64_t i = 0; i < m->n; i++)
        m->mean[i] /= count;
    for (int64_t i = 0; i < m->n; i++)
        for (int64_t j = 0; j <= i; j++) {
            const double c = (double)m->c[i * m->n + j] / count - m->mean[i] * m->mean[j];
            m->c[i * m->n + j] = m->c[j * m->n + i] = (float)c;
            trace += i == j ? c : 0;
        }
    for (int64_t i = 0; i < m->n; i++)
        m->c[i * m->n + i] += (float)(0.01 * trace / (double)m->n + 1e-12);
}

enum th_status th_q_moments(struct th_quantizer *q)
{
    struct gather g = {q, false};
    const unsigned threads = q->threads;
    uint32_t found = 0;
    for (uint32_t i = 0; i < q->n_layers; i++) {
        struct th_qlayer *l = &q->layers[i];
        const int64_t n = l->kind == TH_Q_INT4 ? inputs_of(q, l) : 0;
        if (!n)
            continue;
        l->moments = TH_NEW(q->arena, struct th_qmoments);
        if (l->moments)
            *l->moments = (struct th_qmoments){
                .n = n, .c = TH_NEW_ARRAY(q->arena, float, (size_t)(n * n)),
                .mean = TH_NEW_ARRAY(q->arena, double, (size_t)n)};
        if (!l->moments || !l->moments->c || !l->moments->mean)
            g.failed = true;
        found++;
    }
    /* sums of floats: the order of samples is kept */
    q->threads = 1;
    const enum th_status s = !found || g.failed ? TH_OK : th_q_sweep(q, &(struct th_qsweep){
        .program = q->program, .f = q->f, .samples = &q->samples,
        .n = q->samples.n < SAMPLES ? q->samples.n : SAMPLES, .what = "covariances",
        .value = gather_value, .user = &g});
    q->threads = threads;
    if (g.failed) {
        th_error(th_pass_ctx(q->pc), NULL, 0, "memory exhausted by covariances");
        return TH_ERR_INTERNAL;
    }
    for (uint32_t i = 0; i < q->n_layers; i++) {
        struct th_qlayer *l = &q->layers[i];
        if (l->moments && l->moments->count < LEAST * l->moments->n)
            l->moments = NULL;
        if (l->moments)
            finish(l->moments);
    }
    return s;
}

/* ---- descending ------------------------------------------------------------------------------ */

/* One channel: q whole numbers, w reals in steps. slope is C e. */
static void descend(const struct th_qmoments *m, const double *w, int32_t *steps, int32_t limit,
                    double *slope)
{
    for (int64_t i = 0; i < m->n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < m->n; j++)
            sum += (double)m->c[i * m->n + j] * (steps[j] - w[j]);
        slope[i] = sum;
    }
    for (int round = 0; round < 20; round++) {
        bool moved = false;
        for (int64_t i = 0; i < m->n; i++) {
            const double curve = (double)m->c[i * m->n + i];
            const int32_t d = slope[i] > 0 ? -1 : 1;
            const double change = 2 * d * slope[i] + curve;
            if (change >= -1e-12 || steps[i] + d > limit || steps[i] + d < -limit)
                continue;
            steps[i] += d;
            moved = true;
            const float *row = m->c + i * m->n;
            for (int64_t j = 0; j < m->n; j++)
                slope[j] += d * (double)row[j];
        }
        if (!moved)
            break;
    }
}

bool th_q_round(const struct th_qmoments *m, const struct th_tensor *w, struct th_qweights *q,
                struct th_arena *a)
{
    const int64_t channels = w->type.dims[0];
    const int32_t limit = (int32_t)th_dtype_max(q->q->type.dtype);
    double *real = TH_NEW_ARRAY(a, double, (size_t)m->n);
    double *slope = TH_NEW_ARRAY(a, double, (size_t)m->n);
    int32_t *steps = TH_NEW_ARRAY(a, int32_t, (size_t)m->n);
    if (!real || !slope || !steps)
        return false;
    for (int64_t c = 0; c < channels; c++) {
        const double s = (double)th_quant_scale(q->q->type.quant, (uint32_t)c);
        for (int64_t i = 0; i < m->n; i++) {
            real[i] = th_tensor_real(w, c * m->n + i) / s;
            steps[i] = (int32_t)th_tensor_int(q->q, c * m->n + i);
        }
        descend(m, real, steps, limit, slope);
        for (int64_t i = 0; i < m->n; i++) {
            th_tensor_set_int(q->q, c * m->n + i, steps[i]);
            th_tensor_set_real(q->real, c * m->n + i, s * steps[i]);
        }
    }
    return true;
}
