/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From float layers to integer ones. Each converted node stands before the one it replaces; behind
 * it a dequantize gives the reals to whoever still wants them. Operands are looked for under what
 * stands for them now: a dequantize tells where its integers are.
 */
#include "passes/quantize/quantize.h"

#include <math.h>
#include <string.h>

#include <thimble/numeric.h>

/* An integer form of a real value. */
struct form {
    struct form *next;
    enum th_dtype dtype;
    struct th_quant_param param;
    th_value value;
};

struct converter {
    struct th_quantizer *q;
    struct th_graph *g;
    const struct th_clone_map *map;   /* NULL: g is the float function itself */
    struct th_arena *a;
    struct form **forms;              /* [value of g] */
    uint32_t n_forms;
    th_value *origin;                 /* [value of g] its id in the float function, 0: none */
};

static enum th_status no_memory(struct converter *c)
{
    th_error(th_pass_ctx(c->q->pc), NULL, 0, "memory exhausted while quantizing");
    return TH_ERR_INTERNAL;
}

/* What types point at lives as long as the graph. */
static const struct th_quant *quant_of(struct converter *c, struct th_quant_param p)
{
    const int64_t zero = p.zero_point;
    return th_quant_new(th_program_arena(th_graph_program(c->g)), 1, &p.scale, &zero, -1);
}

static enum th_status add_const(struct converter *c, const char *name, const struct th_tensor *t,
                                th_value *out)
{
    struct th_type type = t->type;
    const struct th_quant *q = t->type.quant;
    *out = 0;
    if (q)
        type.quant = th_quant_new(th_program_arena(th_graph_program(c->g)), q->n, q->scales,
                                  q->zero_points, q->axis);
    if (!q || type.quant)
        *out = th_graph_const_copy(c->g, name, &type, t->data);
    return *out ? TH_OK : no_memory(c);
}

static bool same_param(struct th_quant_param a, struct th_quant_param b)
{
    return a.scale == b.scale && a.zero_point == b.zero_point;
}

/* Arrays by value id grow with the graph. */
static bool reserve(struct converter *c, th_value v)
{
    if (v < c->n_forms)
        return true;
    const uint32_t n = 2 * v + 64;
    struct form **forms = TH_NEW_ARRAY(c->a, struct form *, n);
    th_value *origin = TH_NEW_ARRAY(c->a, th_value, n);
    if (!forms || !origin)
        return false;
    if (c->n_forms) {
        memcpy(forms, c->forms, c->n_forms * sizeof(*forms));
        memcpy(origin, c->origin, c->n_forms * sizeof(*origin));
    }
    c->forms = forms;
    c->origin = origin;
    c->n_forms = n;
    return true;
}

static enum th_status remember(struct converter *c, th_value real, th_value integer)
{
    const struct th_type *t = th_value_type(c->g, integer);
    struct form *f = TH_NEW(c->a, struct form);
    if (!f || !reserve(c, real))
        return no_memory(c);
    *f = (struct form){NULL, t->dtype,
                       {th_quant_scale(t->quant, 0), (int32_t)th_quant_zero(t->quant, 0)},
                       integer};
    /* the first one is the value's own, of which others are made */
    struct form **at = &c->forms[real];
    while (*at)
        at = &(*at)->next;
    *at = f;
    return TH_OK;
}

/* ---- operands -------------------------------------------------------------------------------- */

static enum th_status quantized_const(struct converter *c, th_value v, enum th_dtype t,
                                      struct th_quant_param p, th_value *out)
{
    const struct th_tensor *k = th_value_const(c->g, v);
    struct th_type type = k->type;
    type.dtype = t;
    type.quant = quant_of(c, p);
    struct th_tensor *q = type.quant ? th_tensor_new(c->a, &type) : NULL;
    if (!q)
        return no_memory(c);
    const int64_t most = t == TH_DT_S32 ? 1 << 30 : 65536;
    for (int64_t i = 0; i < th_type_elems(&type); i++) {
        const double x = th_tensor_real(k, i) / (double)p.scale;
        th_tensor_set_int(q, i, th_round_away(x, -most, most) + p.zero_point);
    }
    return add_const(c, th_value_name(c->g, v), q, out);
}

static struct th_quant_param const_param(const struct th_tensor *k, enum th_dtype t)
{
    double lo = 0, hi = 0;
    for (int64_t i = 0; i < th_type_elems(&k->type); i++) {
        const double x = th_tensor_real(k, i);
        lo = x < lo ? x : lo;
        hi = x > hi ? x : hi;
    }
    return th_q_param_of(lo, hi, t);
}

static struct th_quant_param own_param(struct converter *c, th_value v, enum th_dtype t)
{
    const struct th_tensor *k = th_value_const(c->g, v);
    if (k)
        return const_param(k, t);
    const th_value old = v < c->n_forms ? c->origin[v] : 0;
    return old ? th_q_param(c->q, old, t) : th_q_param_of(-1, 1, t);
}

/* v as integers of type t before node `at`; want: with these parameters, else as they come. */
static enum th_status as_integer(struct converter *c, th_node at, th_value v, enum th_dtype t,
                                 const struct th_quant_param *want, th_value *out)
{
    if (!reserve(c, v))
        return no_memory(c);
    for (const struct form *f = c->forms[v]; f; f = f->next)
        if (f->dtype == t && (!want || same_param(f->param, *want))) {
            *out = f->value;
            return TH_OK;
        }
    const struct th_quant_param p = want ? *want : own_param(c, v, t);
    if (th_value_is_const(c->g, v)) {
        TH_TRY(quantized_const(c, v, t, p, out));
        return remember(c, v, *out);
    }
    struct th_type type = *th_value_type(c->g, v);
    type.dtype = t;
    type.quant = quant_of(c, p);
    if (!type.quant)
        return no_memory(c);
    const th_value from = c->forms[v] ? c->forms[v]->value : v;
    const struct th_node_desc d = {.op = c->forms[v] ? "requantize" : "quantize", .in = &from,
                                   .n_in = 1, .out = &type, .n_out = 1, .before = at,
                                   .loc = *th_node_loc(c->g, at)};
    TH_TRY(th_graph_add_node(c->g, &d, NULL, out));
    return remember(c, v, *out);
}

/* ---- weights and bias ------------------------------------------------------------------------ */

/* What rounding of the weights adds to each channel on average: the layer itself, with the weights'
 * errors for weights, applied to the mean input. Linear, so the mean may be taken first. */
static enum th_status bias_error(struct converter *c, const struct th_qlayer *l, th_node n,
                                 const struct th_tensor *w, const struct th_tensor *rounded,
                                 int64_t channels, double **out)
{
    struct th_quantizer *q = c->q;
    const th_value here = th_node_input(c->g, n, 0);
    const th_value x = here && here < c->n_forms ? c->origin[here] : 0;
    const struct th_qvalue *v = x ? &q->values[x] : NULL;
    *out = NULL;
    if (!q->correct_bias || !v || !v->sums || !(v->mean_unit > 0) || q->samples.n < 1)
        return TH_OK;
    struct th_inst *i = th_node_inst(c->g, n, c->a);
    struct th_tensor *mean = th_tensor_new(c->a, th_value_type(c->g, here));
    struct th_tensor *delta = th_tensor_new(c->a, &w->type);
    struct th_tensor *y = i ? th_tensor_new(c->a, &i->out[0]) : NULL;
    const struct th_tensor **in = i ? TH_NEW_ARRAY(c->a, const struct th_tensor *, i->n_in + 1)
                                    : NULL;
    struct th_attr *list = i ? TH_NEW_ARRAY(c->a, struct th_attr, i->attrs->n + 1) : NULL;
    struct th_attrs attrs = {list, 0};
    double *error = TH_NEW_ARRAY(c->a, double, (size_t)channels + 1);
    if (!mean || !delta || !y || !in || !list || !error)
        return no_memory(c);
    for (int64_t k = 0; k < th_type_elems(&mean->type); k++)
        th_tensor_set_real(mean, k, (double)v->sums[k] / v->mean_unit / (double)q->samples.n);
    for (int64_t k = 0; k < th_type_elems(&w->type); k++)
        th_tensor_set_real(delta, k, th_tensor_real(rounded, k) - th_tensor_real(w, k));
    for (uint32_t k = 0; k < i->attrs->n; k++)
        if (strncmp(i->attrs->list[k].name, "act_", 4) != 0)
            list[attrs.n++] = i->attrs->list[k];
    i->attrs = &attrs;
    for (uint32_t k = 0; k < i->n_in; k++)
        in[k] = i->in_const[k];
    in[0] = mean;
    in[l->rule.weight_port] = delta;
    if (l->rule.bias_port >= 0 && (uint32_t)l->rule.bias_port < i->n_in) {
        in[l->rule.bias_port] = NULL;
        ((const struct th_type **)(uintptr_t)i->in)[l->rule.bias_port] = NULL;
    }
    struct th_eval e = {.arena = c->a, .in = in, .out = &y};
    TH_TRY(i->op->eval(i, &e));
    const int64_t total = th_type_elems(&y->type), pixels = channels ? total / channels : 0;
    for (int64_t k = 0; k < total; k++)
        error[k % channels] -= th_tensor_real(y, k) / (double)(pixels ? pixels : 1);
    *out = error;
    return TH_OK;
}

/* Recurrent weights: those of the state. */
static enum th_status more_weights(struct converter *c, const struct th_qlayer *l, th_node n,
                                   th_value *out)
{
    const th_value v = th_node_input(c->g, n, (uint32_t)l->rule.weight_port2);
    struct th_qweights w;
    if (!th_q_weights(th_value_const(c->g, v), l->rule.weight_axis, th_qkind_weight(l->kind), NULL,
                      1, c->a, &w))
        return no_memory(c);
    return add_const(c, th_value_name(c->g, v), w.q, out);
}

/* The operands that the rule calls weights and bias. */
static enum th_status convert_weights(struct converter *c, const struct th_qlayer *l, th_node n,
                                      const th_value *acts, th_value *in)
{
    const struct th_quant_rule *r = &l->rule;
    const struct th_tensor *w = th_value_const(c->g, th_node_input(c->g, n,
                                                                   (uint32_t)r->weight_port));
    const uint32_t n_in = th_node_input_count(c->g, n);
    const bool has_bias = r->bias_port >= 0 && (uint32_t)r->bias_port < n_in &&
                          th_node_input(c->g, n, (uint32_t)r->bias_port);
    const struct th_tensor *b =
        has_bias ? th_value_const(c->g, th_node_input(c->g, n, (uint32_t)r->bias_port)) : NULL;
    const enum th_dtype act = th_qkind_act(l->kind);
    const double in_scale = (double)th_quant_scale(th_value_type(c->g, acts[0])->quant, 0);
    struct th_qweights qw;
    double *error = NULL;
    if (!th_q_weights(w, r->weight_axis, th_qkind_weight(l->kind), b, in_scale, c->a, &qw))
        return no_memory(c);
    if (l->kind == TH_Q_INT4 && l->moments && !th_q_round(l->moments, w, &qw, c->a))
        return no_memory(c);
    const int64_t channels = w->type.dims[r->weight_axis];
    if (r->bias_port >= 0)
        TH_TRY(bias_error(c, l, n, w, qw.real, channels, &error));
    TH_TRY(add_const(c, th_value_name(c->g, th_node_input(c->g, n, (uint32_t)r->weight_port)),
                     qw.q, &in[r->weight_port]));
    if (r->weight_port2 > 0)
        TH_TRY(more_weights(c, l, n, &in[r->weight_port2]));
    if (!b && !error)
        return TH_OK;
    const struct th_tensor *qb = th_q_bias(b, error, channels, in_scale, qw.q->type.quant,
                                           act == TH_DT_S16 ? TH_DT_S64 : TH_DT_S32, c->a);
    if (!qb)
        return no_memory(c);
    return add_const(c, has_bias ? th_value_name(c->g, th_node_input(c->g, n,
                                                                     (uint32_t)r->bias_port))
                                 : NULL, qb, &in[r->bias_port]);
}

/* ---- one node -------------------------------------------------------------------------------- */

/* Parameters of the result, of which same_quant layers ask the same from their operands. */
static struct th_quant_param result_param(struct converter *c, const struct th_qlayer *l,
                                          uint32_t k)
{
    const enum th_dtype act = th_qkind_act(l->kind);
    const struct th_quant_param first = act == TH_DT_S16 ? l->rule.out16 : l->rule.out8;
    const struct th_quant_fixed *fixed = th_q_fixed(&l->rule, true, k);
    if (k == 0 && first.scale > 0)
        return first;
    if (fixed != NULL)
        return act == TH_DT_S16 ? fixed->q16 : fixed->q8;
    return th_q_param(c->q, th_node_output(c->q->f, l->node, k), act);
}

/* Attributes, with the one that is in stored units brought to the new ones. */
static const struct th_attr *new_attrs(struct converter *c, const struct th_qlayer *l, th_node n)
{
    const struct th_attrs *as = th_node_attrs(c->g, n);
    struct th_attr *list = TH_NEW_ARRAY(c->a, struct th_attr, as->n + 1);
    for (uint32_t i = 0; list && i < as->n; i++) {
        list[i] = as->list[i];
        if (!l->rule.stored_attr || strcmp(list[i].name, l->rule.stored_attr) ||
            list[i].kind != TH_ATTR_FLOAT || isnan(list[i].v.f))
            continue;
        const struct th_quant_param p = result_param(c, l, 0);
        const enum th_dtype t = th_qkind_act(l->kind);
        const double x = fmax(-1e6, fmin(1e6, list[i].v.f / (double)p.scale));
        list[i].v.f = (double)th_clamp_i64(th_round_away(x, -1000000, 1000000) + p.zero_point,
                                           th_dtype_min(t), th_dtype_max(t));
    }
    return list;
}

static bool is_real(const struct th_type *t)
{
    return t->dtype == TH_DT_F32 && !t->quant;
}

static enum th_status operands(struct converter *c, const struct th_qlayer *l, th_node n,
                               th_value *in)
{
    const enum th_dtype act = th_qkind_act(l->kind);
    const struct th_quant_param same = l->rule.same_quant ? result_param(c, l, 0)
                                                          : (struct th_quant_param){0, 0};
    for (uint32_t i = 0; i < th_node_input_count(c->g, n); i++) {
        const th_value v = th_node_input(c->g, n, i);
        in[i] = v;
        if (!v || !is_real(th_value_type(c->g, v)) || (int32_t)i == l->rule.weight_port ||
            (int32_t)i == l->rule.bias_port ||
            (l->rule.weight_port2 > 0 && (int32_t)i == l->rule.weight_port2))
            continue;
        const struct th_quant_fixed *fixed = th_q_fixed(&l->rule, false, i);
        const struct th_quant_param *want = l->rule.same_quant ? &same : NULL;
        if (fixed != NULL)
            want = act == TH_DT_S16 ? &fixed->q16 : &fixed->q8;
        TH_TRY(as_integer(c, n, v, fixed && fixed->dtype != TH_DT_NONE ? fixed->dtype : act, want,
                          &in[i]));
    }
    return l->rule.weight_port >= 0 ? convert_weights(c, l, n, in, in) : TH_OK;
}

/* Results as reals again, for float users and outputs; unused ones are swept later. */
static enum th_status hand_over(struct converter *c, const struct th_qlayer *l, th_node n,
                                const th_value *made)
{
    for (uint32_t k = 0; k < th_node_output_count(c->g, n); k++) {
        const th_value old = th_node_output(c->g, n, k);
        th_value real = made[k];
        if (is_real(th_value_type(c->g, old))) {
            const struct th_type type = *th_value_type(c->g, old);
            const struct th_node_desc d = {.op = "dequantize", .in = &made[k], .n_in = 1,
                                           .out = &type, .n_out = 1, .before = n,
                                           .loc = *th_node_loc(c->g, n)};
            TH_TRY(th_graph_add_node(c->g, &d, NULL, &real));
            TH_TRY(remember(c, real, made[k]));
            c->origin[real] = th_node_output(c->q->f, l->node, k);
        }
        th_value_set_name(c->g, made[k], th_value_name(c->g, old));
        th_value_replace(c->g, old, real);
    }
    return TH_OK;
}

static enum th_status convert_integer(struct converter *c, const struct th_qlayer *l, th_node n)
{
    const uint32_t n_in = th_node_input_count(c->g, n), n_out = th_node_output_count(c->g, n);
    const uint32_t ports = l->rule.bias_port + 1 > (int32_t)n_in ? (uint32_t)l->rule.bias_port + 1
                                                                 : n_in;
    th_value *in = TH_NEW_ARRAY(c->a, th_value, ports + 1), made[TH_MAX_OUTPUTS];
    struct th_type *types = TH_NEW_ARRAY(c->a, struct th_type, n_out + 1);
    const struct th_attr *attrs = new_attrs(c, l, n);
    if (!in || !types || !attrs || n_out > TH_MAX_OUTPUTS)
        return no_memory(c);
    TH_TRY(operands(c, l, n, in));
    for (uint32_t k = 0; k < n_out; k++) {
        types[k] = *th_value_type(c->g, th_node_output(c->g, n, k));
        if (!is_real(&types[k]))
            continue;
        const struct th_quant_fixed *fixed = th_q_fixed(&l->rule, true, k);
        types[k].dtype = fixed && fixed->dtype != TH_DT_NONE ? fixed->dtype
                                                             : th_qkind_act(l->kind);
        types[k].quant = quant_of(c, result_param(c, l, k));
        if (!types[k].quant)
            return no_memory(c);
    }
    const struct th_node_desc d = {
        .op = th_node_op_name(c->g, n), .in = in, .n_in = ports > n_in && in[ports - 1] ? ports
                                                                                        : n_in,
        .attrs = attrs, .n_attrs = th_node_attrs(c->g, n)->n, .out = types, .n_out = n_out,
        .before = n, .loc = *th_node_loc(c->g, n)};
    TH_TRY(th_graph_add_node_nofold(c->g, &d, NULL, made));
    return hand_over(c, l, n, made);
}

/* Only the weights change: the layer reads halves. */
static enum th_status convert_half(struct converter *c, const struct th_qlayer *l, th_node n)
{
    const th_value v = th_node_input(c->g, n, (uint32_t)l->rule.weight_port);
    const struct th_tensor *h = th_q_half(th_value_const(c->g, v), c->a);
    th_value half = 0;
    if (!h)
        return no_memory(c);
    TH_TRY(add_const(c, th_value_name(c->g, v), h, &half));
    th_node_set_input(c->g, n, (uint32_t)l->rule.weight_port, half);
    return TH_OK;
}

/* Values that an existing dequantize made have an integer form already. */
static enum th_status known_forms(struct converter *c)
{
    for (th_node n = th_graph_first(c->g); n; n = th_graph_next(c->g, n)) {
        if (!th_node_is(c->g, n, "dequantize"))
            continue;
        const th_value x = th_node_input(c->g, n, 0);
        const struct th_type *t = th_value_type(c->g, x);
        if ((t->dtype == TH_DT_S8 || t->dtype == TH_DT_S16) && t->quant && t->quant->n == 1)
            TH_TRY(remember(c, th_node_output(c->g, n, 0), x));
    }
    return TH_OK;
}

static enum th_status convert_all(struct converter *c)
{
    struct th_quantizer *q = c->q;
    if (!reserve(c, th_graph_value_limit(c->g)))
        return no_memory(c);
    for (th_value v = 1; v < q->n_values; v++) {
        const th_value here = c->map ? c->map->values[v] : v;
        if (here && q->values[v].real)
            c->origin[here] = v;
    }
    TH_TRY(known_forms(c));
    for (uint32_t i = 0; i < q->n_layers; i++) {
        const struct th_qlayer *l = &q->layers[i];
        const th_node n = c->map ? c->map->nodes[l->node] : l->node;
        if (l->kind == TH_Q_FLOAT16)
            TH_TRY(convert_half(c, l, n));
        else if (l->kind != TH_Q_FLOAT)
            TH_TRY(convert_integer(c, l, n));
    }
    return TH_OK;
}

enum th_status th_q_convert(struct th_quantizer *q, struct th_graph *f,
                            const struct th_clone_map *map)
{
    struct converter c = {.q = q, .g = f, .map = map, .a = th_arena_new(0)};
    th_q_group(q);
    enum th_status s = c.a ? convert_all(&c) : no_memory(&c);
    th_arena_free(c.a);
    if (s == TH_OK)
        th_graph_sweep(f);
    return s;
}
