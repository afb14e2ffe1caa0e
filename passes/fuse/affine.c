/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scale and offset of a float layer. y = (conv(x, w) + b) * s + t becomes conv(x, w * s) + (b * s +
 * t), one channel at a time. Only for floats, where the reference promises a tolerance and not
 * bits; products are formed in double so that each new weight is rounded once.
 */
#include "passes/fuse/fuse.h"

#include <math.h>

struct affine {
    struct th_graph *g;
    th_node layer, op;
    struct th_quant_rule rule;
    const struct th_tensor *w, *b, *c;    /* b may be NULL */
    int64_t channels;
};

static bool is_f32(const struct th_type *t)
{
    return t && t->dtype == TH_DT_F32 && !t->quant;
}

/* The layer says by its record where weights and bias are. */
static bool read_layer(struct affine *f, struct th_arena *a)
{
    struct th_inst *c = th_node_inst(f->g, f->layer, a);
    if (!c || !c->op->quant || !c->op->quant(c, &f->rule) || f->rule.weight_port < 0 ||
        f->rule.weight_axis < 0 || f->rule.bias_port < 0 ||
        (uint32_t)f->rule.weight_port >= c->n_in || !th_act_is_none(f->g, f->layer))
        return false;
    for (uint32_t i = 0; i < c->n_in; i++)
        if (c->in[i] && !is_f32(c->in[i]))
            return false;
    f->w = c->in_const[f->rule.weight_port];
    uint32_t bias = (uint32_t)f->rule.bias_port;
    bool has_bias = bias < c->n_in && c->in[bias];
    f->b = has_bias ? c->in_const[bias] : NULL;
    if (!f->w || (has_bias && !f->b) || f->rule.weight_axis >= f->w->type.rank)
        return false;
    f->channels = f->w->type.dims[f->rule.weight_axis];
    const struct th_type *y = th_value_type(f->g, th_node_output(f->g, f->layer, 0));
    return is_f32(y) && y->rank > 0 && y->dims[y->rank - 1] == f->channels;
}

/* The constant varies along the last axis only, and does not widen the result. */
static bool read_constant(struct affine *f, th_value c)
{
    const struct th_type *y = th_value_type(f->g, th_node_output(f->g, f->op, 0));
    f->c = th_value_const(f->g, c);
    if (!f->c || !is_f32(&f->c->type) || !is_f32(y) ||
        !th_type_same_shape(y, th_value_type(f->g, th_node_output(f->g, f->layer, 0))))
        return false;
    int64_t n = th_type_elems(&f->c->type);
    if (n == 1)
        return true;
    return n == f->channels && f->c->type.dims[f->c->type.rank - 1] == n;
}

static double constant(const struct affine *f, int64_t channel)
{
    return th_tensor_real(f->c, th_type_elems(&f->c->type) == 1 ? 0 : channel);
}

/* Factor and offset of one channel. */
static void coefficients(const struct affine *f, int64_t channel, double *s, double *t)
{
    double c = constant(f, channel);
    *s = 1;
    *t = 0;
    if (th_node_is(f->g, f->op, "mul"))
        *s = c;
    else if (th_node_is(f->g, f->op, "div"))
        *s = 1 / c;
    else
        *t = th_node_is(f->g, f->op, "sub") ? -c : c;
}

static bool all_finite(const struct affine *f)
{
    for (int64_t i = 0; i < f->channels; i++) {
        double s, t;
        coefficients(f, i, &s, &t);
        if (!isfinite(s) || !isfinite(t))
            return false;
    }
    return true;
}

static th_value scaled_weights(const struct affine *f, struct th_arena *a)
{
    struct th_tensor *w = th_tensor_new(a, &f->w->type);
    if (!w)
        return 0;
    int64_t inner = 1, n = th_type_elems(&w->type);
    for (int32_t i = f->rule.weight_axis + 1; i < w->type.rank; i++)
        inner *= w->type.dims[i];
    for (int64_t i = 0; i < n; i++) {
        double s, t;
        coefficients(f, i / inner % f->channels, &s, &t);
        th_tensor_set_real(w, i, th_tensor_real(f->w, i) * s);
    }
    return th_graph_const_copy(f->g, NULL, &w->type, w->data);
}

static th_value shifted_bias(const struct affine *f, struct th_arena *a)
{
    struct th_type type = th_type_make(TH_DT_F32, 1, &f->channels);
    struct th_tensor *b = th_tensor_new(a, &type);
    if (!b)
        return 0;
    for (int64_t i = 0; i < f->channels; i++) {
        double s, t;
        coefficients(f, i, &s, &t);
        th_tensor_set_real(b, i, (f->b ? th_tensor_real(f->b, i) : 0) * s + t);
    }
    return th_graph_const_copy(f->g, NULL, &b->type, b->data);
}

/* The new layer takes the outer node's activation. */
static enum th_status replace(const struct affine *f, struct th_arena *a)
{
    struct th_graph *g = f->g;
    uint32_t n_in = th_node_input_count(g, f->layer), bias = (uint32_t)f->rule.bias_port;
    uint32_t n = n_in > bias + 1 ? n_in : bias + 1;
    th_value *in = TH_NEW_ARRAY(a, th_value, n);
    if (!in)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n_in; i++)
        in[i] = th_node_input(g, f->layer, i);
    if (th_node_is(g, f->op, "mul") || th_node_is(g, f->op, "div"))
        in[f->rule.weight_port] = scaled_weights(f, a);
    in[bias] = shifted_bias(f, a);
    if (!in[f->rule.weight_port] || !in[bias])
        return TH_ERR_INTERNAL;
    th_value y;
    TH_TRY(th_insert_like(g, f->op, f->layer, in, n,
                          th_value_type(g, th_node_output(g, f->op, 0)), &y));
    const struct th_attrs *as = th_node_attrs(g, f->op);
    th_node made = th_value_def(g, y);
    const struct th_attr *lo = th_attr_find(as, "act_min"), *hi = th_attr_find(as, "act_max");
    TH_TRY(lo ? th_node_set_attr(g, made, lo) : TH_OK);
    TH_TRY(hi ? th_node_set_attr(g, made, hi) : TH_OK);
    th_supersede(g, f->op, y);
    return TH_OK;
}

enum th_status th_fuse_affine(struct th_graph *g, const struct th_match *m, bool *done, void *user)
{
    struct affine f = {.g = g, .op = m->node[0]};
    th_value layer = m->value[0];
    (void)user;
    f.layer = th_value_def(g, layer);
    if (!f.layer || th_value_use_count(g, layer) != 1 ||
        !th_op_has_attr(th_node_op(g, f.layer), "act_min"))
        return TH_OK;
    struct th_arena *a = th_arena_new(0);
    if (!a)
        return TH_ERR_INTERNAL;
    enum th_status st = TH_OK;
    if (read_layer(&f, a) && read_constant(&f, m->value[1]) && all_finite(&f)) {
        st = replace(&f, a);
        *done = st == TH_OK;
    }
    th_arena_free(a);
    return st;
}
