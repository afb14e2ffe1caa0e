/* SPDX-License-Identifier: Apache-2.0 */
/* What quantization costs: classes and noise of the outputs, layer by layer and altogether. */
#include "passes/quantize/quantize.h"

#include <math.h>
#include <string.h>

#include <thimble/numeric.h>

/* Index of the largest element of a result, in stored units. */
static int32_t top_class(const struct th_tensor *t)
{
    const int64_t n = th_type_elems(&t->type);
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (th_tensor_real(t, i) > th_tensor_real(t, best))
            best = i;
    return (int32_t)best;
}

static double real_at(const struct th_tensor *t, int64_t i)
{
    if (th_dtype_is_float(t->type.dtype) || !t->type.quant)
        return th_tensor_real(t, i);
    return (double)th_quant_scale(t->type.quant, 0) *
           (double)(th_tensor_int(t, i) - th_quant_zero(t->type.quant, 0));
}

/* Power and error of each sample, kept apart so that sums do not depend on threads. */
struct outcomes {
    const struct th_quantizer *q;
    float *want;             /* [sample][element] of the float function's output 0 */
    int64_t elements;
    int32_t *classes;
    double *power, *error;
    bool reference;          /* these are the float results */
};

static void compare(void *user, unsigned thread, int64_t sample, struct th_tensor *const *out)
{
    struct outcomes *o = user;
    float *want = o->want + sample * o->elements;
    (void)thread;
    o->classes[sample] = top_class(out[0]);
    double power = 0, error = 0;
    for (int64_t i = 0; i < o->elements; i++) {
        const double y = real_at(out[0], i);
        if (o->reference)
            want[i] = (float)y;
        const double w = (double)want[i];
        power += w * w;
        error += (y - w) * (y - w);
    }
    o->power[sample] = power;
    o->error[sample] = error;
}

static bool make_outcomes(struct th_quantizer *q, int64_t n, struct outcomes *o)
{
    if (!th_graph_output_count(q->f))
        return false;
    const struct th_type *y = th_value_type(q->f, th_graph_output(q->f, 0));
    *o = (struct outcomes){.q = q, .elements = th_type_elems(y)};
    o->want = TH_NEW_ARRAY(q->arena, float, (size_t)(n * o->elements) + 1);
    o->classes = TH_NEW_ARRAY(q->arena, int32_t, (size_t)n + 1);
    o->power = TH_NEW_ARRAY(q->arena, double, (size_t)n + 1);
    o->error = TH_NEW_ARRAY(q->arena, double, (size_t)n + 1);
    return o->want && o->classes && o->power && o->error;
}

static double ratio_db(const struct outcomes *o, int64_t n)
{
    double power = 0, error = 0;
    for (int64_t i = 0; i < n; i++) {
        power += o->power[i];
        error += o->error[i];
    }
    if (!(error > 0))
        return 200;
    return power > 0 ? 10 * log10(power / error) : 0;
}

static enum th_status no_memory(struct th_quantizer *q)
{
    th_error(th_pass_ctx(q->pc), NULL, 0, "memory exhausted while measuring");
    return TH_ERR_INTERNAL;
}

/* ---- one layer at a time --------------------------------------------------------------------- */

/* A copy of the float function in which one layer's weights and results are rounded. */
struct trial {
    struct outcomes o;
    th_value rounded[TH_MAX_OUTPUTS];
    struct th_quant_param param[TH_MAX_OUTPUTS];
    uint32_t n_rounded;
    int64_t lo, hi;
};

static void round_result(void *user, unsigned thread, int64_t sample, th_value v,
                         const struct th_tensor *t)
{
    const struct trial *r = user;
    (void)thread;
    (void)sample;
    for (uint32_t k = 0; k < r->n_rounded; k++) {
        if (r->rounded[k] != v)
            continue;
        const double s = (double)r->param[k].scale;
        const int64_t z = r->param[k].zero_point;
        float *x = t->data;
        for (int64_t i = 0; i < th_type_elems(&t->type); i++) {
            const int64_t q = th_clamp_i64(th_round_away((double)x[i] / s, -100000, 100000) + z,
                                           r->lo, r->hi);
            x[i] = (float)(s * (double)(q - z));
        }
    }
}

static void compare_trial(void *user, unsigned thread, int64_t sample,
                          struct th_tensor *const *out)
{
    struct trial *r = user;
    compare(&r->o, thread, sample, out);
}

/* The layer's weights as they will be, in the copy; the old value comes back. */
static enum th_status round_weights(struct th_quantizer *q, const struct th_qlayer *l,
                                    struct th_graph *g, th_node n, int32_t at, th_value *old)
{
    const uint32_t port = (uint32_t)at;
    *old = 0;
    if (!l->weights || at < 0)
        return TH_OK;
    struct th_arena *a = th_arena_new(0);
    struct th_qweights w;
    *old = th_node_input(g, n, port);
    bool ok = a && th_q_weights(th_value_const(g, *old), l->rule.weight_axis,
                                      th_qkind_weight(l->kind), NULL, 1, a, &w);
    if (ok && l->kind == TH_Q_INT4 && l->moments && at == l->rule.weight_port)
        ok = th_q_round(l->moments, th_value_const(g, *old), &w, a);
    const th_value v = ok ? th_graph_const_copy(g, NULL, &w.real->type, w.real->data) : 0;
    th_arena_free(a);
    if (!v)
        return no_memory(q);
    th_node_set_input(g, n, port, v);
    return TH_OK;
}

static enum th_status try_layer(struct th_quantizer *q, struct th_qlayer *l, struct trial *r,
                                const int32_t *classes, struct th_program *p,
                                const struct th_clone_map *map, int64_t n)
{
    struct th_graph *g = th_program_function(p, 0);
    const th_node node = map->nodes[l->node];
    const enum th_dtype act = th_qkind_act(l->kind);
    const int32_t ports[2] = {l->rule.weight_port,
                              l->rule.weight_port2 > 0 ? l->rule.weight_port2 : -1};
    th_value old[2];
    for (int i = 0; i < 2; i++)
        TH_TRY(round_weights(q, l, g, node, ports[i], &old[i]));
    r->n_rounded = 0;
    r->lo = th_dtype_min(act);
    r->hi = th_dtype_max(act);
    for (uint32_t k = 0; k < th_node_output_count(q->f, l->node); k++) {
        const th_value v = th_node_output(q->f, l->node, k);
        if (!q->values[v].real)
            continue;
        r->rounded[r->n_rounded] = map->values[v];
        r->param[r->n_rounded++] = th_q_param(q, v, act);
    }
    TH_TRY(th_q_sweep(q, &(struct th_qsweep){.program = p, .f = g, .samples = &q->samples, .n = n,
                                             .value = round_result, .out = compare_trial,
                                             .user = r}));
    int64_t flips = 0;
    for (int64_t i = 0; i < n; i++)
        flips += r->o.classes[i] != classes[i];
    l->snr_db = ratio_db(&r->o, n);
    l->flips = 100.0 * (double)flips / (double)(n ? n : 1);
    l->measured = true;
    for (int i = 0; i < 2; i++)
        if (old[i])
            th_node_set_input(g, node, (uint32_t)ports[i], old[i]);
    return TH_OK;
}

/* As many samples as some ten billion multiply-accumulates allow. */
static int64_t affordable(const struct th_quantizer *q)
{
    double macs = 1000;
    uint32_t tried = 1;
    for (uint32_t i = 0; i < q->n_layers; i++) {
        macs += (double)q->layers[i].macs;
        tried += th_qkind_is_int(q->layers[i].kind);
    }
    const double n = 1e10 / (macs * tried);
    const int64_t least = q->samples.n < 4 ? q->samples.n : 4;
    return n < (double)least ? least : n > (double)q->samples.n ? q->samples.n : (int64_t)n;
}

static enum th_status try_layers(struct th_quantizer *q, struct th_program *p,
                                 const struct th_clone_map *map, int64_t n)
{
    struct trial r;
    int32_t *classes = TH_NEW_ARRAY(q->arena, int32_t, (size_t)n + 1);
    if (!classes || !make_outcomes(q, n, &r.o))
        return no_memory(q);
    r.o.reference = true;
    r.n_rounded = 0;
    TH_TRY(th_q_sweep(q, &(struct th_qsweep){.program = p, .f = th_program_function(p, 0),
                                             .samples = &q->samples, .n = n,
                                             .out = compare_trial, .user = &r}));
    memcpy(classes, r.o.classes, (size_t)n * sizeof(*classes));
    r.o.reference = false;
    for (uint32_t i = 0; i < q->n_layers; i++) {
        th_pass_progress(q->pc, "sensitivity of layer", i + 1, q->n_layers + 1);
        if (th_qkind_is_int(q->layers[i].kind))
            TH_TRY(try_layer(q, &q->layers[i], &r, classes, p, map, n));
    }
    th_pass_progress(q->pc, "sensitivity of layer", 1, 1);
    return TH_OK;
}

enum th_status th_q_sensitivity(struct th_quantizer *q)
{
    struct th_clone_map map;
    struct th_program *p = th_program_clone(q->program, 0, &map, q->arena);
    if (!p)
        return TH_ERR_INTERNAL;
    th_q_group(q);
    const enum th_status s = try_layers(q, p, &map, affordable(q));
    th_program_free(p);
    return s;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void fill_score(const struct th_quantizer *q, const struct outcomes *o, int64_t n,
                       struct th_qscore *s)
{
    int64_t right = 0, agree = 0;
    for (int64_t i = 0; i < n; i++) {
        right += q->labelled && o->classes[i] == q->labels[i];
        agree += o->classes[i] == q->float_class[i];
    }
    *s = (struct th_qscore){n, 100.0 * (double)right / (double)(n ? n : 1),
                            100.0 * (double)agree / (double)(n ? n : 1), ratio_db(o, n)};
}

enum th_status th_q_measure_float(struct th_quantizer *q, struct th_qscore *score)
{
    struct outcomes o;
    const int64_t n = q->test.n;
    if (!make_outcomes(q, n, &o))
        return no_memory(q);
    o.reference = true;
    TH_TRY(th_q_sweep(q, &(struct th_qsweep){.program = q->program, .f = q->f, .samples = &q->test,
                                             .n = n, .what = "float accuracy", .out = compare,
                                             .user = &o}));
    q->float_class = o.classes;
    q->float_out = o.want;
    fill_score(q, &o, n, score);
    return TH_OK;
}

static enum th_status measure_copy(struct th_quantizer *q, struct th_program *p,
                                   const struct th_clone_map *map, struct th_qscore *score)
{
    struct outcomes o;
    const int64_t n = q->test.n;
    struct th_graph *g = th_program_function(p, 0);
    TH_TRY(th_q_convert(q, g, map));
    if (!make_outcomes(q, n, &o))
        return no_memory(q);
    o.want = q->float_out;
    TH_TRY(th_q_sweep(q, &(struct th_qsweep){.program = p, .f = g, .samples = &q->test, .n = n,
                                             .what = "quantized accuracy", .out = compare,
                                             .user = &o}));
    fill_score(q, &o, n, score);
    return TH_OK;
}

enum th_status th_q_measure(struct th_quantizer *q, struct th_qscore *score)
{
    struct th_clone_map map;
    struct th_program *p = th_program_clone(q->program, 0, &map, q->arena);
    if (!p)
        return TH_ERR_INTERNAL;
    const enum th_status s = measure_copy(q, p, &map, score);
    th_program_free(p);
    return s;
}
