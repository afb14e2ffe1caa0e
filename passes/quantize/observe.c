/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running samples through a function on several threads, and what is collected on the way. All
 * sums are of whole numbers or kept apart by sample, so results do not depend on the threads.
 */
#define _POSIX_C_SOURCE 200809L
#include "passes/quantize/quantize.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- threads --------------------------------------------------------------------------------- */

struct work {
    const struct th_qsweep *s;
    struct th_pass_ctx *pc;
    pthread_mutex_t lock;
    int64_t next, done;
    enum th_status status;
};

struct worker {
    struct work *work;
    unsigned index;
    int64_t sample;
    struct th_eval_session *session;
    struct th_arena *arena;
};

static void observe(void *user, const struct th_graph *g, th_value v, const struct th_tensor *t)
{
    const struct worker *w = user;
    const struct th_qsweep *s = w->work->s;
    if (g == s->f)
        s->value(s->user, w->index, w->sample, v, t);
}

static enum th_status run_sample(struct worker *w)
{
    const struct th_qsweep *s = w->work->s;
    const uint32_t n_in = th_graph_input_count(s->f), n_out = th_graph_output_count(s->f);
    const struct th_tensor **in = TH_NEW_ARRAY(w->arena, const struct th_tensor *, n_in + 1);
    struct th_tensor **out = TH_NEW_ARRAY(w->arena, struct th_tensor *, n_out + 1);
    if (!in || !out)
        return TH_ERR_INTERNAL;
    TH_TRY(s->samples->get(s->samples, w->sample, w->arena, in));
    for (uint32_t i = 0; s->value && i < n_in; i++)
        s->value(s->user, w->index, w->sample, th_graph_input(s->f, i), in[i]);
    th_eval_session_reset(w->session);
    TH_TRY(th_eval_run(w->session, s->f, in, w->arena, out));
    if (s->out)
        s->out(s->user, w->index, w->sample, out);
    return TH_OK;
}

/* Takes the next sample; false: none is left or something failed. */
static bool take(struct worker *w, enum th_status last)
{
    struct work *k = w->work;
    pthread_mutex_lock(&k->lock);
    if (last != TH_OK && k->status == TH_OK)
        k->status = last;
    const bool more = k->status == TH_OK && k->next < k->s->n;
    if (more)
        w->sample = k->next++;
    const int64_t done = k->next;
    pthread_mutex_unlock(&k->lock);
    if (more && w->index == 0 && k->s->what)
        th_pass_progress(k->pc, k->s->what, done, k->s->n + 1);
    return more;
}

static void *run_worker(void *user)
{
    struct worker *w = user;
    w->arena = th_arena_new(0);
    w->session = th_eval_session_new(w->work->s->program);
    enum th_status st = w->arena && w->session ? TH_OK : TH_ERR_INTERNAL;
    if (st == TH_OK && w->work->s->value)
        th_eval_observe(w->session, observe, w);
    while (take(w, st)) {
        st = run_sample(w);
        th_arena_clear(w->arena);
    }
    th_eval_session_free(w->session);
    th_arena_free(w->arena);
    return NULL;
}

enum th_status th_q_sweep(struct th_quantizer *q, const struct th_qsweep *s)
{
    struct work k = {.s = s, .pc = q->pc, .status = TH_OK};
    struct worker workers[TH_Q_THREADS];
    pthread_t threads[TH_Q_THREADS];
    unsigned started = 0;
    const unsigned n = s->n < (int64_t)q->threads ? (unsigned)(s->n > 0 ? s->n : 1) : q->threads;
    pthread_mutex_init(&k.lock, NULL);
    for (unsigned i = 0; i < n; i++)
        workers[i] = (struct worker){.work = &k, .index = i};
    for (unsigned i = 1; i < n; i++, started++)
        if (pthread_create(&threads[i], NULL, run_worker, &workers[i]) != 0)
            break;
    run_worker(&workers[0]);
    for (unsigned i = 1; i <= started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&k.lock);
    if (s->what)
        th_pass_progress(q->pc, s->what, 1, 1);
    if (k.status == TH_ERR_INTERNAL)
        th_error(th_pass_ctx(q->pc), NULL, 0, "memory exhausted while running samples");
    return k.status;
}

/* ---- ranges ---------------------------------------------------------------------------------- */

struct range {
    double lo, hi;
    bool seen;
};

struct collect {
    struct th_quantizer *q;
    struct range *ranges[TH_Q_THREADS];          /* [value] */
    struct th_histogram **hists[TH_Q_THREADS];   /* [value] */
    int64_t **sums[TH_Q_THREADS];                /* [value][element] */
};

static bool relevant(const struct th_quantizer *q, th_value v)
{
    return v < q->n_values && q->values[v].real;
}

static void collect_range(void *user, unsigned thread, int64_t sample, th_value v,
                          const struct th_tensor *t)
{
    struct collect *c = user;
    (void)sample;
    if (!relevant(c->q, v))
        return;
    struct range *r = &c->ranges[thread][v];
    const float *x = t->data;
    const int64_t n = th_type_elems(&t->type);
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            continue;
        const double d = (double)x[i];
        r->lo = !r->seen || d < r->lo ? d : r->lo;
        r->hi = !r->seen || d > r->hi ? d : r->hi;
        r->seen = true;
    }
}

static void collect_counts(void *user, unsigned thread, int64_t sample, th_value v,
                           const struct th_tensor *t)
{
    struct collect *c = user;
    (void)sample;
    if (!relevant(c->q, v))
        return;
    const float *x = t->data;
    const int64_t n = th_type_elems(&t->type);
    struct th_histogram *h = c->hists[thread][v];
    int64_t *sums = c->sums[thread][v];
    const double unit = c->q->values[v].mean_unit;
    for (int64_t i = 0; h && i < n; i++)
        th_histogram_add(h, (double)x[i]);
    for (int64_t i = 0; sums && i < n; i++)
        if (isfinite(x[i]))
            sums[i] += (int64_t)llrint((double)x[i] * unit);
}

static enum th_status find_ranges(struct collect *c)
{
    struct th_quantizer *q = c->q;
    for (unsigned t = 0; t < q->threads; t++)
        if (!(c->ranges[t] = TH_NEW_ARRAY(q->arena, struct range, q->n_values)))
            return TH_ERR_INTERNAL;
    TH_TRY(th_q_sweep(q, &(struct th_qsweep){
        .program = q->program, .f = q->f, .samples = &q->samples, .n = q->samples.n,
        .what = "ranges", .value = collect_range, .user = c}));
    for (th_value v = 1; v < q->n_values; v++) {
        struct range all = {0, 0, false};
        for (unsigned t = 0; t < q->threads; t++) {
            const struct range *r = &c->ranges[t][v];
            if (!r->seen)
                continue;
            all.lo = !all.seen || r->lo < all.lo ? r->lo : all.lo;
            all.hi = !all.seen || r->hi > all.hi ? r->hi : all.hi;
            all.seen = true;
        }
        q->values[v].lo = all.lo;
        q->values[v].hi = all.hi;
    }
    return TH_OK;
}

/* Histograms of each value, and sums of those that weights meet, one set for each thread. */
static bool make_counters(struct collect *c, unsigned thread)
{
    struct th_quantizer *q = c->q;
    c->hists[thread] = TH_NEW_ARRAY(q->arena, struct th_histogram *, q->n_values);
    c->sums[thread] = TH_NEW_ARRAY(q->arena, int64_t *, q->n_values);
    if (!c->hists[thread] || !c->sums[thread])
        return false;
    for (th_value v = 1; v < q->n_values; v++) {
        struct th_qvalue *x = &q->values[v];
        if (!x->real)
            continue;
        struct th_histogram *h = TH_NEW(q->arena, struct th_histogram);
        if (!h)
            return false;
        th_histogram_init(h, x->lo, x->hi);
        c->hists[thread][v] = h;
        const double reach = fmax(fabs(x->lo), fabs(x->hi));
        x->mean_unit = reach > 0 ? ldexp(1, 30) / reach : 0;
        if (x->wants_mean && q->correct_bias &&
            !(c->sums[thread][v] =
                  TH_NEW_ARRAY(q->arena, int64_t,
                               (size_t)th_type_elems(th_value_type(q->f, v)))))
            return false;
    }
    return true;
}

static void merge_counters(struct collect *c)
{
    struct th_quantizer *q = c->q;
    for (th_value v = 1; v < q->n_values; v++) {
        struct th_qvalue *x = &q->values[v];
        if (!x->real)
            continue;
        const int64_t n = th_type_elems(th_value_type(q->f, v));
        x->hist = c->hists[0][v];
        x->sums = c->sums[0][v];
        for (unsigned t = 1; t < q->threads; t++) {
            th_histogram_merge(x->hist, c->hists[t][v]);
            for (int64_t i = 0; x->sums && i < n; i++)
                x->sums[i] += c->sums[t][v][i];
        }
    }
}

enum th_status th_q_calibrate(struct th_quantizer *q)
{
    struct collect c = {.q = q};
    TH_TRY(find_ranges(&c));
    for (unsigned t = 0; t < q->threads; t++)
        if (!make_counters(&c, t)) {
            th_error(th_pass_ctx(q->pc), NULL, 0, "memory exhausted by histograms");
            return TH_ERR_INTERNAL;
        }
    TH_TRY(th_q_sweep(q, &(struct th_qsweep){
        .program = q->program, .f = q->f, .samples = &q->samples, .n = q->samples.n,
        .what = "distributions", .value = collect_counts, .user = &c}));
    merge_counters(&c);
    return TH_OK;
}

void th_q_ranges(struct th_quantizer *q)
{
    const bool wide = th_qkind_act(q->kind) == TH_DT_S16;
    for (th_value v = 1; v < q->n_values; v++) {
        struct th_qvalue *x = &q->values[v];
        if (!x->real)
            continue;
        th_histogram_range(x->hist, q->calibrator, wide ? 65535 : 256, wide, q->percentile,
                           &x->range_lo, &x->range_hi);
        th_value_set_range(q->f, v, x->range_lo, x->range_hi);
    }
}
