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
           !p->rule.stored_attr && !(p->rule.out8.scale > 0);
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

/* How large a bias may be so that no accumulator wraps. Dead channels, whose weights have next to
 * no scale, come with biases at the very end of the range. */
static double bias_limit(const struct th_type *w, int64_t channels)
{
    double most = 2147483647.0 - (double)th_type_elems(w) / (double)channels * 255.0 * 255.0;
    return most > 1 << 30 ? most : 2147483647.0;
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
    const struct th_quant *x = th_value_type(g, stored(g, th_node_input(g, p->op, 0)))->quant;
    const struct th_quant *w =
        th_value_type(g, stored(g, th_node_input(g, p->op, (uint32_t)p->rule.weight_port)))->quant;
    if (!t || (t->type.dtype != TH_DT_S32 && t->type.dtype != TH_DT_F32))
        return false;
    struct th_type type = t->type;
    int64_t n = th_type_elems(&type);
    const double limit = bias_limit(
        th_operand_type(g, p->op, (uint32_t)p->rule.weight_port), n > 0 ? n : 1);
    type.dtype = TH_DT_S32;
    type.quant = NULL;
    struct th_tensor *fresh = th_tensor_new(a, &type);
    if (!fresh || (w->n > 1 && n != (int64_t)w->n))
        return false;
    for (int64_t i = 0; i < n; i++) {
        double scale = (double)th_quant_scale(x, 0) *
                       (double)th_quant_scale(w, w->n > 1 ? (uint32_t)i : 0);
        double real = t->type.dtype == TH_DT_F32
                          ? th_tensor_real(t, i)
                          : (double)(th_tensor_int(t, i) - th_quant_zero(t->type.quant, 0)) *
                                (double)th_quant_scale(t->type.quant,
                                                       t->type.quant && t->type.quant->n > 1
                                                           ? (uint32_t)i : 0);
        double steps = nearbyint(real / scale);
        if (!isfinite(steps))
            return false;
        th_tensor_set_int(fresh, i, (int64_t)fmax(-limit, fmin(steps, limit)));
    }
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
