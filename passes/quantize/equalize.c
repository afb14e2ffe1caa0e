/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cross-layer equalization (Nagel and others, Data-Free Quantization, 2019): between two layers
 * with nothing or a rectifier between them, channel c of the first may be divided by s and the
 * second's weights for it multiplied by s. s = sqrt(r1 / r2) makes both reaches equal.
 */
#include "passes/quantize/quantize.h"

#include <math.h>
#include <string.h>

struct layer_view {
    const struct th_qlayer *l;
    const struct th_tensor *w, *b;
    int32_t axis;              /* of the weights along the shared channels */
};

static bool scale_passes(const struct th_graph *g, th_node n)
{
    const struct th_attrs *as = th_node_attrs(g, n);
    const double lo = th_attr_float(as, "act_min", -INFINITY);
    const double hi = th_attr_float(as, "act_max", INFINITY);
    return isinf(hi) && (isinf(lo) || lo == 0);
}

static const struct th_tensor *operand(const struct th_quantizer *q, const struct th_qlayer *l,
                                       int32_t port)
{
    if (port < 0 || (uint32_t)port >= th_node_input_count(q->f, l->node))
        return NULL;
    const th_value v = th_node_input(q->f, l->node, (uint32_t)port);
    return v ? th_value_const(q->f, v) : NULL;
}

static struct layer_view view(const struct th_quantizer *q, const struct th_qlayer *l,
                              int32_t axis)
{
    return (struct layer_view){l, operand(q, l, l->rule.weight_port),
                               operand(q, l, l->rule.bias_port), axis};
}

/* The only user of a layer's result, if both are such layers and channels meet one to one. */
static bool pair_of(const struct th_quantizer *q, const struct th_qlayer *l,
                    struct layer_view *first, struct layer_view *second)
{
    const th_value y = th_node_output(q->f, l->node, 0);
    const th_node user = th_value_single_user(q->f, y);
    if (!l->weights || !user || !scale_passes(q->f, l->node))
        return false;
    const uint32_t at = q->layer_of[user];
    if (at >= q->n_layers)
        return false;
    const struct th_qlayer *m = &q->layers[at];
    if (!m->weights || m->rule.weight_in_axis <= 0 || th_node_input(q->f, user, 0) != y)
        return false;
    *first = view(q, l, l->rule.weight_axis);
    *second = view(q, m, m->rule.weight_in_axis);
    const bool has_bias = l->rule.bias_port >= 0 &&
                          (uint32_t)l->rule.bias_port < th_node_input_count(q->f, l->node) &&
                          th_node_input(q->f, l->node, (uint32_t)l->rule.bias_port);
    const struct th_type *t = th_value_type(q->f, y);
    const int64_t channels = t->rank ? t->dims[t->rank - 1] : 0;
    return (!has_bias || first->b) && second->axis < second->w->type.rank &&
           first->w->type.dims[first->axis] == channels &&
           second->w->type.dims[second->axis] == channels;
}

static int64_t inner_of(const struct layer_view *v)
{
    int64_t inner = 1;
    for (int32_t i = v->axis + 1; i < v->w->type.rank; i++)
        inner *= v->w->type.dims[i];
    return inner;
}

static double reach(const struct layer_view *v, int64_t channel)
{
    const int64_t inner = inner_of(v), n = v->w->type.dims[v->axis];
    double r = 0;
    for (int64_t base = channel * inner; base < th_type_elems(&v->w->type); base += n * inner)
        for (int64_t i = base; i < base + inner; i++)
            r = fmax(r, fabs(th_tensor_real(v->w, i)));
    return r;
}

/* A constant times factor[channel], or divided by it. */
static th_value scaled(struct th_quantizer *q, const struct th_tensor *t, int64_t inner,
                       int64_t channels, const double *factor, bool divide)
{
    struct th_arena *a = th_arena_new(0);
    struct th_tensor *s = a ? th_tensor_new(a, &t->type) : NULL;
    for (int64_t i = 0; s && i < th_type_elems(&t->type); i++) {
        const double f = factor[i / inner % channels], x = th_tensor_real(t, i);
        th_tensor_set_real(s, i, divide ? x / f : x * f);
    }
    const th_value v = s ? th_graph_const_copy(q->f, NULL, &s->type, s->data) : 0;
    th_arena_free(a);
    return v;
}

static enum th_status equalize(struct th_quantizer *q, const struct layer_view *a,
                               const struct layer_view *b, bool *changed)
{
    const int64_t n = a->w->type.dims[a->axis];
    double *s = TH_NEW_ARRAY(q->arena, double, (size_t)n + 1);
    if (!s)
        return TH_ERR_INTERNAL;
    *changed = false;
    for (int64_t c = 0; c < n; c++) {
        const double r1 = reach(a, c), r2 = reach(b, c);
        s[c] = r1 > 1e-12 && r2 > 1e-12 ? sqrt(r1 / r2) : 1;
        s[c] = fmin(1e4, fmax(1e-4, s[c]));
        *changed |= fabs(s[c] - 1) > 1e-3;
    }
    if (!*changed)
        return TH_OK;
    const th_value w1 = scaled(q, a->w, inner_of(a), n, s, true);
    const th_value b1 = a->b ? scaled(q, a->b, 1, n, s, true) : 0;
    const th_value w2 = scaled(q, b->w, inner_of(b), n, s, false);
    if (!w1 || !w2 || (a->b && !b1))
        return TH_ERR_INTERNAL;
    th_node_set_input(q->f, a->l->node, (uint32_t)a->l->rule.weight_port, w1);
    if (b1)
        th_node_set_input(q->f, a->l->node, (uint32_t)a->l->rule.bias_port, b1);
    th_node_set_input(q->f, b->l->node, (uint32_t)b->l->rule.weight_port, w2);
    return TH_OK;
}

enum th_status th_q_equalize(struct th_quantizer *q, uint32_t *pairs)
{
    *pairs = 0;
    for (int round = 0; round < 8; round++) {
        bool any = false;
        uint32_t found = 0;
        for (uint32_t i = 0; i < q->n_layers; i++) {
            struct layer_view a, b;
            bool changed = false;
            if (!pair_of(q, &q->layers[i], &a, &b))
                continue;
            found++;
            if (equalize(q, &a, &b, &changed) != TH_OK) {
                th_error(th_pass_ctx(q->pc), NULL, 0, "memory exhausted while equalizing");
                return TH_ERR_INTERNAL;
            }
            any |= changed;
        }
        *pairs = found;
        if (!any)
            break;
    }
    return TH_OK;
}
