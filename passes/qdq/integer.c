/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators between a dequantize and a quantize, as tools for ONNX write quantized networks, become
 * integer operators. In contract "onnx" that is what the pattern stands for: the exact sum, times a
 * float factor, half to even. (Computed as written, in floats, the result may differ by a step
 * where a sum of floats was rounded.)
 */
#include "passes/qdq/qdq.h"

#include <math.h>
#include <string.h>

static bool onnx(const struct th_graph *g, th_node n)
{
    return strcmp(th_node_contract(g, n), "onnx") == 0;
}

static bool eight_bits(const struct th_type *t)
{
    return (t->dtype == TH_DT_S8 || t->dtype == TH_DT_U8) && t->quant;
}

/* What v was before it was dequantized, or 0. */
static th_value stored(const struct th_graph *g, th_value v)
{
    th_node d = v ? th_value_def(g, v) : 0;
    return d && th_node_is(g, d, "dequantize") ? th_node_input(g, d, 0) : 0;
}

/* A quantize may stand behind a clamp, which then bounds the integers. */
struct pattern {
    th_node quant, op;
    double lo, hi;
    struct th_quant_rule rule;
};

static bool single_result(const struct th_graph *g, th_value v, th_node *def)
{
    *def = th_value_def(g, v);
    return *def && th_value_use_count(g, v) == 1 && th_node_output_count(g, *def) == 1;
}

static bool find(struct th_graph *g, th_node quant, struct th_arena *a, struct pattern *p)
{
    th_value v = th_node_input(g, quant, 0);
    *p = (struct pattern){.quant = quant, .lo = -INFINITY, .hi = INFINITY};
    if (!onnx(g, quant) || !single_result(g, v, &p->op))
        return false;
    if (th_node_is(g, p->op, "clamp")) {
        p->lo = th_attr_float(th_node_attrs(g, p->op), "act_min", -INFINITY);
        p->hi = th_attr_float(th_node_attrs(g, p->op), "act_max", INFINITY);
        if (!single_result(g, th_node_input(g, p->op, 0), &p->op))
            return false;
    }
    const struct th_op *op = th_node_op(g, p->op);
    if (!op->quant || !onnx(g, p->op) || op->traits & TH_TRAIT_REGION || !th_can_eval(g, p->op))
        return false;
    struct th_inst *c = th_node_inst(g, p->op, a);
    if (!c || !op->quant(c, &p->rule))
        return false;
    return (!(p->lo > -INFINITY) && !(p->hi < INFINITY)) ||
           (th_op_has_attr(op, "act_min") && th_op_has_attr(op, "act_max"));
}

/* Activations have one type, per tensor; the result's may be any of 8 bits if the weights allow. */
static bool activations_fit(const struct th_graph *g, const struct pattern *p)
{
    const struct th_type *y = th_value_type(g, th_node_output(g, p->quant, 0));
    const struct th_type *first = NULL;
    uint32_t allowed = p->rule.dtypes ? p->rule.dtypes
                                      : TH_DT_BIT(TH_DT_S8) | TH_DT_BIT(TH_DT_U8);
    for (uint32_t i = 0; i < th_node_input_count(g, p->op); i++) {
        th_value v = th_node_input(g, p->op, i);
        if (!v || (int32_t)i == p->rule.weight_port || (int32_t)i == p->rule.bias_port)
            continue;
        if (th_value_type(g, v)->dtype != TH_DT_F32)
            continue;
        th_value q = stored(g, v);
        const struct th_type *t = q ? th_value_type(g, q) : NULL;
        if (!t || !eight_bits(t) || t->quant->n != 1 || !(allowed & TH_DT_BIT(t->dtype)))
            return false;
        first = first ? first : t;
        if (t->dtype != first->dtype ||
            (p->rule.same_quant && !th_quant_equal(t->quant, y->quant)))
            return false;
    }
    return first && eight_bits(y) && y->quant->n == 1 && y->dtype == first->dtype &&
           !p->rule.stored_attr && (p->rule.onnx_any || !(p->rule.out8.scale > 0));
}

static bool weights_fit(const struct th_graph *g, const struct pattern *p)
{
    if (p->rule.weight_port < 0)
        return true;
    th_value q = stored(g, th_node_input(g, p->op, (uint32_t)p->rule.weight_port));
    const struct th_type *w = q ? th_value_type(g, q) : NULL;
    if (!w || !eight_bits(w))
        return false;
    const struct th_type *x = th_value_type(g, stored(g, th_node_input(g, p->op, 0)));
    for (uint32_t i = 0; i < w->quant->n; i++)
        if (w->quant->n > 1 && th_quant_zero(w->quant, i) != 0)
            return false;
    if (w->quant->n > 1 && (w->quant->axis != p->rule.weight_axis ||
                            w->dims[w->quant->axis] != (int64_t)w->quant->n))
        return false;
    return x->dtype == TH_DT_U8 || w->dtype == TH_DT_S8;
}

/* Between which values a bias lies so that no sum of a channel wraps: what its products can come to
 * is known from the weights. Dead channels, whose weights have next to no scale, come with biases
 * at the very end of the range. */
struct room {
    int64_t lo, hi;
};

static struct room *rooms(const struct th_tensor *w, int64_t axis, int64_t n,
                          const struct th_type *x, struct th_arena *a)
{
    struct room *r = TH_NEW_ARRAY(a, struct room, (size_t)n + 1);
    const int64_t zx = th_quant_zero(x->quant, 0);
    const int64_t least = th_dtype_min(x->dtype) - zx, most = th_dtype_max(x->dtype) - zx;
    int64_t inner = 1;
    if (!r || axis < 0 || axis >= w->type.rank || w->type.dims[axis] != n)
        return NULL;
    for (int32_t d = (int32_t)axis + 1; d < w->type.rank; d++)
        inner *= w->type.dims[d];
    for (int64_t i = 0; i < n; i++)
        r[i] = (struct room){INT32_MIN, INT32_MAX};
    for (int64_t i = 0; i < th_type_elems(&w->type); i++) {
        const int64_t c = i / inner % n;
        const int64_t v = th_tensor_int(w, i) -
                          th_quant_zero(w->type.quant, w->type.quant->n > 1 ? (uint32_t)c : 0);
        /* padding adds nothing, so the least is at most zero */
        const int64_t p = v * least, q = v * most;
        r[c].lo -= p < q ? (p < 0 ? p : 0) : (q < 0 ? q : 0);
        r[c].hi -= p > q ? (p > 0 ? p : 0) : (q > 0 ? q : 0);
    }
    return r;
}

/* A bias of this scale counts steps of the product of the other scales, of which a file holds the
 * nearest float. */
static bool product_scale(float scale, double product)
{
    return fabs((double)scale - product) <= product * (1.0 / (1 << 23));
}

static bool fill_bias(const struct th_tensor *t, const struct th_quant *x,
                      const struct th_tensor *w, const struct room *r, struct th_tensor *out)
{
    const struct th_quant *wq = w->type.quant, *bq = t->type.quant;
    for (int64_t i = 0; i < th_type_elems(&t->type); i++) {
        const double scale = (double)th_quant_scale(x, 0) *
                             (double)th_quant_scale(wq, wq->n > 1 ? (uint32_t)i : 0);
        const uint32_t k = bq && bq->n > 1 ? (uint32_t)i : 0;
        double steps;
        if (t->type.dtype == TH_DT_F32)
            steps = nearbyint(th_tensor_real(t, i) / scale);
        else
            steps = (double)(th_tensor_int(t, i) - th_quant_zero(bq, k));
        if (t->type.dtype != TH_DT_F32 && !product_scale(th_quant_scale(bq, k), scale))
            steps = nearbyint(steps * (double)th_quant_scale(bq, k) / scale);
        if (!isfinite(steps) || r[i].lo > r[i].hi)
            return false;
        th_tensor_set_int(out, i, (int64_t)fmax((double)r[i].lo, fmin(steps, (double)r[i].hi)));
    }
    return true;
}

/* A constant, or one that is turned or reshaped on its way, which fold has not seen yet. */
static const struct th_tensor *held(struct th_graph *g, th_value v, struct th_arena *a, int depth)
{
    const th_node d = v ? th_value_def(g, v) : 0;
    if (v && th_value_is_const(g, v))
        return th_value_const(g, v);
    if (!d || depth == 0 || (!th_node_is(g, d, "reshape") && !th_node_is(g, d, "transpose")))
        return NULL;
    const struct th_tensor *in = held(g, th_node_input(g, d, 0), a, depth - 1);
    struct th_inst *c = in ? th_node_inst(g, d, a) : NULL;
    struct th_tensor *out = c ? th_tensor_new(a, &c->out[0]) : NULL;
    struct th_eval e = {.arena = a, .in = &in, .out = &out};
    return out && c->op->eval(c, &e) == TH_OK ? out : NULL;
}

/* The bias as it is stored, if its scale is the product of the others', or rounded to that. */
static bool integer_bias(struct th_graph *g, const struct pattern *p, struct th_arena *a,
                         th_value *out)
{
    th_value b = (uint32_t)p->rule.bias_port < th_node_input_count(g, p->op)
                     ? th_node_input(g, p->op, (uint32_t)p->rule.bias_port) : 0;
    *out = 0;
    if (!b)
        return true;
    th_value kept = stored(g, b);
    const struct th_tensor *t = th_value_const(g, kept ? kept : b);
    const struct th_type *x = th_value_type(g, stored(g, th_node_input(g, p->op, 0)));
    const struct th_tensor *w = held(
        g, stored(g, th_node_input(g, p->op, (uint32_t)p->rule.weight_port)), a, 8);
    if (!t || !w || (t->type.dtype != TH_DT_S32 && t->type.dtype != TH_DT_F32))
        return false;
    struct th_type type = t->type;
    const int64_t n = th_type_elems(&type);
    const struct room *r = rooms(w, p->rule.weight_axis, n, x, a);
    type.dtype = TH_DT_S32;
    type.quant = NULL;
    struct th_tensor *fresh = th_tensor_new(a, &type);
    if (!r || !fresh || !fill_bias(t, x->quant, w, r, fresh))
        return false;
    *out = th_graph_const_copy(g, th_value_name(g, b), &type, fresh->data);
    return *out != 0;
}

static enum th_status bound(struct th_graph *g, th_value v, const struct pattern *p)
{
    th_node n = th_value_def(g, v);
    if (!n || (!(p->lo > -INFINITY) && !(p->hi < INFINITY)))
        return TH_OK;
    const struct th_attrs *as = th_node_attrs(g, n);
    TH_TRY(th_node_set_attr_float(g, n, "act_min",
                                  fmax(p->lo, th_attr_float(as, "act_min", -INFINITY))));
    return th_node_set_attr_float(g, n, "act_max",
                                  fmin(p->hi, th_attr_float(as, "act_max", INFINITY)));
}

static enum th_status rebuild(struct th_graph *g, const struct pattern *p, struct th_arena *a,
                              bool *done)
{
    uint32_t n_in = th_node_input_count(g, p->op);
    th_value *in = TH_NEW_ARRAY(a, th_value, n_in + 1), y;
    if (!in)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n_in; i++) {
        th_value v = th_node_input(g, p->op, i), q = stored(g, v);
        in[i] = q ? q : v;
        if ((int32_t)i == p->rule.bias_port && !integer_bias(g, p, a, &in[i]))
            return TH_OK;
    }
    TH_TRY(th_insert_like(g, p->quant, p->op, in, n_in,
                          th_value_type(g, th_node_output(g, p->quant, 0)), &y));
    TH_TRY(bound(g, y, p));
    th_supersede(g, p->quant, y);
    *done = true;
    return TH_OK;
}

enum th_status th_qdq_integer_form(struct th_graph *g, const struct th_match *m, bool *done,
                                   void *user)
{
    struct th_arena *a = th_arena_new(0);
    struct pattern p;
    enum th_status st = TH_OK;
    (void)user;
    if (!a)
        return TH_ERR_INTERNAL;
    if (find(g, m->node[0], a, &p) && activations_fit(g, &p) && weights_fit(g, &p))
        st = rebuild(g, &p, a, done);
    th_arena_free(a);
    return st;
}

enum th_status th_qdq_requantize(struct th_graph *g, const struct th_match *m, bool *done,
                                 void *user)
{
    const struct th_type *x = th_value_type(g, m->value[0]);
    const struct th_type *y = th_value_type(g, th_node_output(g, m->node[0], 0));
    th_value v;
    (void)user;
    if (!onnx(g, m->node[0]) || !onnx(g, m->node[1]) || !eight_bits(x) || !eight_bits(y) ||
        x->quant->n != 1 || y->quant->n != 1)
        return TH_OK;
    TH_TRY(th_insert_node(g, m->node[0], "requantize", &m->value[0], 1, NULL, 0, y, &v));
    th_supersede(g, m->node[0], v);
    *done = true;
    return TH_OK;
}
