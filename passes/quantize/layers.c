/* SPDX-License-Identifier: Apache-2.0 */
/* Which layers have integer forms, which kinds were asked for, which values share parameters. */
#include "passes/quantize/quantize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <thimble/numeric.h>

#include "ir/ctx.h"

static const struct {
    const char *name;
    enum th_dtype act, weight;
} kinds[TH_Q_KINDS] = {
    [TH_Q_INT4] = {"int4", TH_DT_S8, TH_DT_S4},
    [TH_Q_INT8] = {"int8", TH_DT_S8, TH_DT_S8},
    [TH_Q_INT16] = {"int16", TH_DT_S16, TH_DT_S8},
    [TH_Q_FLOAT16] = {"float16", TH_DT_F32, TH_DT_F16},
    [TH_Q_FLOAT] = {"float", TH_DT_F32, TH_DT_F32},
};

const char *th_qkind_name(enum th_qkind k)
{
    return k < TH_Q_KINDS ? kinds[k].name : "";
}

enum th_qkind th_qkind_by_name(const char *name, size_t len)
{
    int k = 0;
    while (k < TH_Q_KINDS && (strlen(kinds[k].name) != len || strncmp(kinds[k].name, name, len)))
        k++;
    return (enum th_qkind)k;
}

enum th_dtype th_qkind_act(enum th_qkind k)
{
    return kinds[k].act;
}

enum th_dtype th_qkind_weight(enum th_qkind k)
{
    return kinds[k].weight;
}

/* ---- what an operator can do ----------------------------------------------------------------- */

/* Port i of a table whose last may repeat. */
static const struct th_port *port_of(const struct th_port *ports, uint32_t i)
{
    uint32_t n = 0;
    while (ports[n].name)
        n++;
    if (i < n)
        return &ports[i];
    return n && ports[n - 1].flags & TH_PORT_VARIADIC ? &ports[n - 1] : NULL;
}

static bool tables_allow(const struct th_inst *c)
{
    for (uint32_t i = 0; i < c->n_in; i++) {
        const struct th_port *p = port_of(c->op->inputs, i);
        if (c->in[i] && (!p || (p->dtypes && !(p->dtypes & TH_DT_BIT(c->in[i]->dtype)))))
            return false;
    }
    for (uint32_t i = 0; i < c->n_out; i++) {
        const struct th_port *p = port_of(c->op->outputs, i);
        if (!p || (p->dtypes && !(p->dtypes & TH_DT_BIT(c->out[i].dtype))))
            return false;
    }
    return true;
}

static void silence(void *user, const struct th_message *m)
{
    (void)user;
    (void)m;
}

bool th_q_accepts(struct th_inst *c)
{
    struct th_ctx *ctx = c->ctx;
    th_sink_fn *sink = ctx->sink;
    void *user = ctx->sink_user;
    const unsigned errors = ctx->errors;
    bool known = false;
    for (const char *const *k = c->op->contracts; k && *k; k++)
        known |= strcmp(*k, c->contract) == 0;
    if (!known || !tables_allow(c))
        return false;
    th_ctx_set_sink(ctx, silence, NULL);
    bool ok = c->op->infer(c) == TH_OK && (!c->op->verify || c->op->verify(c) == TH_OK);
    ok = ok && tables_allow(c);
    th_ctx_set_sink(ctx, sink, user);
    ctx->errors = errors;
    return ok;
}

static bool is_real(const struct th_type *t)
{
    return t && t->dtype == TH_DT_F32 && !t->quant;
}

const struct th_quant_fixed *th_q_fixed(const struct th_quant_rule *r, bool result, uint32_t port)
{
    for (uint32_t i = 0; i < r->n_fixed; i++)
        if (r->fixed[i].result == result && r->fixed[i].port == port)
            return &r->fixed[i];
    return NULL;
}

static bool is_weight(const struct th_quant_rule *r, uint32_t port)
{
    return (int32_t)port == r->weight_port ||
           (r->weight_port2 > 0 && (int32_t)port == r->weight_port2);
}

/* Type of an operand or a result that the rule prescribes; false: it does not. */
static bool fixed_type(struct th_quantizer *q, const struct th_quant_rule *r, bool result,
                       uint32_t port, enum th_dtype act, struct th_type *t)
{
    const struct th_quant_fixed *f = th_q_fixed(r, result, port);
    if (f == NULL)
        return false;
    const struct th_quant_param p = act == TH_DT_S16 ? f->q16 : f->q8;
    const int64_t zero = p.zero_point;
    t->dtype = f->dtype != TH_DT_NONE ? f->dtype : act;
    t->quant = th_quant_new(q->arena, 1, &p.scale, &zero, -1);
    return true;
}

/* The instance with every real operand and result turned into an activation of kind k. */
static bool try_kind(struct th_quantizer *q, const struct th_qlayer *l, enum th_qkind k)
{
    struct th_inst *c = th_node_inst(q->f, l->node, q->arena);
    const struct th_quant_rule *r = &l->rule;
    const enum th_dtype act = th_qkind_act(k);
    const struct th_quant_param fixed = act == TH_DT_S16 ? r->out16 : r->out8;
    const float scale = 0.05f, out_scale = fixed.scale > 0 ? fixed.scale : scale;
    const int64_t out_zero = fixed.zero_point;
    const struct th_quant *in_q = th_quant_new(q->arena, 1, &scale, NULL, -1);
    const struct th_quant *out_q = th_quant_new(q->arena, 1, &out_scale, &out_zero, -1);
    struct th_type *types = c ? TH_NEW_ARRAY(q->arena, struct th_type, c->n_in + 1) : NULL;
    if (!types || !in_q || !out_q)
        return false;
    const struct th_type **in = (const struct th_type **)(uintptr_t)c->in;
    const struct th_tensor **consts = (const struct th_tensor **)(uintptr_t)c->in_const;
    c->contract = th_ctx_contract(c->ctx);
    for (uint32_t i = 0; i < c->n_in; i++) {
        if (!is_real(c->in[i]))
            continue;
        types[i] = *c->in[i];
        in[i] = &types[i];
        if (act != TH_DT_F32 && fixed_type(q, r, false, i, act, &types[i])) {
            consts[i] = NULL;
            continue;
        }
        if (is_weight(r, i))
            types[i].dtype = th_qkind_weight(k);
        else if ((int32_t)i == r->bias_port)
            types[i].dtype = act == TH_DT_F32 ? TH_DT_F32
                             : act == TH_DT_S16 ? TH_DT_S64 : TH_DT_S32;
        else
            types[i].dtype = act;
        if (th_dtype_is_int(types[i].dtype))
            types[i].quant = in_q;
        if (types[i].dtype != TH_DT_F32)
            consts[i] = NULL;
    }
    for (uint32_t i = 0; i < c->n_out && act != TH_DT_F32; i++)
        if (is_real(&c->out[i]) && !fixed_type(q, r, true, i, act, &c->out[i])) {
            c->out[i].dtype = act;
            c->out[i].quant = r->same_quant ? in_q : out_q;
        }
    return th_q_accepts(c);
}

static bool touches_reals(const struct th_inst *c)
{
    for (uint32_t i = 0; i < c->n_in; i++)
        if (is_real(c->in[i]) && !c->in_const[i])
            return true;
    for (uint32_t i = 0; i < c->n_out; i++)
        if (is_real(&c->out[i]))
            return true;
    return false;
}

/* Not so where integers with scales are on the other side: that is a way in or out. */
static bool computes_in_reals(const struct th_inst *c)
{
    bool stored = false;
    for (uint32_t i = 0; i < c->n_in; i++)
        stored |= c->in[i] != NULL && !c->in_const[i] && c->in[i]->quant != NULL;
    for (uint32_t i = 0; i < c->n_out; i++)
        stored |= c->out[i].quant != NULL;
    return !stored && touches_reals(c);
}

/* Larger numbers would become infinite. */
static bool fits_half(const struct th_tensor *t)
{
    for (int64_t i = 0; i < th_type_elems(&t->type); i++)
        if (!(fabs(th_tensor_real(t, i)) < 65504))
            return false;
    return true;
}

static void read_forms(struct th_quantizer *q, struct th_qlayer *l)
{
    struct th_inst *c = th_node_inst(q->f, l->node, q->arena);
    struct th_cost cost;
    l->fits[TH_Q_FLOAT] = true;
    if (!c)
        return;
    th_inst_cost(c, &cost);
    l->macs = cost.macs;
    l->reals = computes_in_reals(c);
    l->rule = (struct th_quant_rule){.weight_port = -1, .weight_axis = -1, .bias_port = -1};
    l->has_rule = touches_reals(c) && c->op->quant && c->op->quant(c, &l->rule);
    if (!l->has_rule)
        return;
    const int32_t w = l->rule.weight_port;
    const bool has_weights = w >= 0 && (uint32_t)w < c->n_in && c->in[w];
    l->weights = has_weights && c->in_const[w] && is_real(c->in[w]) && l->rule.weight_axis >= 0 &&
                 l->rule.weight_axis < c->in[w]->rank;
    const int32_t w2 = l->rule.weight_port2;
    l->weights = l->weights && (w2 <= 0 || (c->in_const[w2] && is_real(c->in[w2])));
    const int32_t b = l->rule.bias_port;
    const bool free_bias = b >= 0 && (uint32_t)b < c->n_in && c->in[b] && !c->in_const[b];
    if (has_weights && (!l->weights || free_bias)) {
        l->weights = false;
        return;
    }
    const uint32_t allowed = l->rule.dtypes ? l->rule.dtypes : TH_DT_QUANTS;
    for (int k = TH_Q_INT4; k < TH_Q_FLOAT; k++) {
        const bool narrow_weights = k == TH_Q_INT4 || k == TH_Q_FLOAT16;
        if (narrow_weights && !l->weights)
            continue;
        if (th_qkind_is_int((enum th_qkind)k) &&
            !(allowed & TH_DT_BIT(th_qkind_act((enum th_qkind)k))))
            continue;
        l->fits[k] = try_kind(q, l, (enum th_qkind)k);
        if (k == TH_Q_FLOAT16)
            l->fits[k] = l->fits[k] && fits_half(c->in_const[w]);
    }
}

/* ---- which kind ------------------------------------------------------------------------------ */

/* Asked for everywhere: what the layer cannot do in 4 bits it does in 8; else it stays float. */
static enum th_qkind nearest(const struct th_qlayer *l, enum th_qkind k)
{
    if (k == TH_Q_INT4 && !l->fits[k])
        k = TH_Q_INT8;
    return l->fits[k] ? k : TH_Q_FLOAT;
}

static bool names_layer(const struct th_qlayer *l, const char *name, size_t len)
{
    char *end;
    const long long index = strtoll(name, &end, 10);
    if (end == name + len && len)
        return index == l->model_node;
    return (strlen(l->name) == len && !strncmp(l->name, name, len)) ||
           (strlen(l->op) == len && !strncmp(l->op, name, len));
}

/* One NODE=KIND. */
static enum th_status apply(struct th_quantizer *q, const char *text, size_t len)
{
    struct th_ctx *ctx = th_pass_ctx(q->pc);
    const char *eq = NULL;
    for (size_t i = 0; i < len; i++)
        eq = text[i] == '=' ? text + i : eq;
    const enum th_qkind k = eq ? th_qkind_by_name(eq + 1, (size_t)(text + len - eq - 1))
                               : TH_Q_KINDS;
    if (k == TH_Q_KINDS) {
        th_error(ctx, NULL, 9001, "precision: '%.*s' is not NODE=KIND with int4, int8, int16, "
                 "float16 or float", (int)len, text);
        return TH_ERR_USAGE;
    }
    bool found = false;
    for (uint32_t i = 0; i < q->n_layers; i++) {
        struct th_qlayer *l = &q->layers[i];
        if (!names_layer(l, text, (size_t)(eq - text)))
            continue;
        found = true;
        l->kind = nearest(l, k);
    }
    if (found)
        return TH_OK;
    th_error(ctx, NULL, 9001, "precision: no node is called '%.*s'", (int)(eq - text), text);
    th_help(ctx, 9001, "give an index in the model, a node's name or an operator");
    return TH_ERR_USAGE;
}

static void widen_edges(struct th_quantizer *q);

static enum th_status choose_kinds(struct th_quantizer *q, const char *precision)
{
    enum th_status status = TH_OK;
    for (uint32_t i = 0; i < q->n_layers; i++) {
        struct th_qlayer *l = &q->layers[i];
        l->kind = nearest(l, q->kind);
        if (l->kind == TH_Q_FLOAT && th_qkind_is_int(q->kind) && l->reals)
            l->why = l->has_rule ? "it has no form of that type" : "it has no integer form";
    }
    widen_edges(q);
    for (const char *p = precision; p && *p;) {
        const size_t len = strcspn(p, ",;");
        const enum th_status s = apply(q, p, len);
        status = status == TH_OK ? s : status;
        p += len + (p[len] != 0);
    }
    return status;
}

/* ---- layers and values ----------------------------------------------------------------------- */

static void take_layer(struct th_quantizer *q, th_node n)
{
    struct th_qlayer *l = &q->layers[q->n_layers];
    const struct th_loc *loc = th_node_loc(q->f, n);
    *l = (struct th_qlayer){.node = n, .op = th_node_op_name(q->f, n),
                            .model_node = loc->node, .name = loc->name ? loc->name : ""};
    if (!*l->name && th_node_output_count(q->f, n))
        l->name = th_value_name(q->f, th_node_output(q->f, n, 0));
    q->layer_of[n] = q->n_layers++;
    read_forms(q, l);
}

enum th_status th_q_layers(struct th_quantizer *q, const char *precision)
{
    const uint32_t n_nodes = th_graph_node_limit(q->f);
    q->n_values = th_graph_value_limit(q->f);
    q->layers = TH_NEW_ARRAY(q->arena, struct th_qlayer, th_graph_node_count(q->f) + 1);
    q->layer_of = TH_NEW_ARRAY(q->arena, uint32_t, n_nodes + 1);
    q->values = TH_NEW_ARRAY(q->arena, struct th_qvalue, q->n_values + 1);
    if (!q->layers || !q->layer_of || !q->values)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i <= n_nodes; i++)
        q->layer_of[i] = UINT32_MAX;
    for (th_node n = th_graph_first(q->f); n; n = th_graph_next(q->f, n))
        take_layer(q, n);
    for (th_value v = 1; v < q->n_values; v++) {
        const bool used = th_value_def(q->f, v) || th_value_is_input(q->f, v);
        q->values[v].real = used && is_real(th_value_type(q->f, v));
        q->values[v].group = v;
    }
    for (uint32_t i = 0; i < q->n_layers; i++) {
        const struct th_qlayer *l = &q->layers[i];
        if (l->weights && th_node_input(q->f, l->node, 0))
            q->values[th_node_input(q->f, l->node, 0)].wants_mean = true;
    }
    return choose_kinds(q, precision);
}

/* ---- shared parameters ----------------------------------------------------------------------- */

static th_value find(struct th_quantizer *q, th_value v)
{
    while (q->values[v].group != v)
        v = q->values[v].group = q->values[q->values[v].group].group;
    return v;
}

static bool is_fixed(const struct th_qvalue *v)
{
    return v->fixed8.scale > 0 || v->fixed16.scale > 0;
}

static void join(struct th_quantizer *q, th_value a, th_value b)
{
    a = find(q, a);
    b = find(q, b);
    struct th_qvalue *x = &q->values[a], *y = &q->values[b];
    if (a == b || (is_fixed(x) && is_fixed(y)))
        return;
    if (is_fixed(y)) {
        x->fixed8 = y->fixed8;
        x->fixed16 = y->fixed16;
    }
    y->group = a;
    x->range_lo = fminf(x->range_lo, y->range_lo);
    x->range_hi = fmaxf(x->range_hi, y->range_hi);
}

static float reach(const struct th_qvalue *x)
{
    return fmaxf(x->range_hi, 0) - fminf(x->range_lo, 0);
}

/* v, or a value that it is only moved from, is read elsewhere, too. */
static bool read_elsewhere(const struct th_quantizer *q, th_value v)
{
    for (;;) {
        if (th_value_use_count(q->f, v) > 1)
            return true;
        const th_node d = th_value_def(q->f, v);
        const uint32_t i = d ? q->layer_of[d] : UINT32_MAX;
        if (i >= q->n_layers || !q->layers[i].rule.same_quant ||
            !th_qkind_is_int(q->layers[i].kind) || th_node_input_count(q->f, d) == 0 ||
            !q->values[th_node_input(q->f, d, 0)].real)
            return false;
        v = th_node_input(q->f, d, 0);
    }
}

/* Steps of the result that are so much wider would spoil what else reads the operand (the scores of
 * a detector beside its boxes, and the logistics that both come from). */
#define TOO_WIDE 4.0f
static bool keeps_own(struct th_quantizer *q, th_value v, th_value y)
{
    const struct th_qvalue *x = &q->values[find(q, v)];
    return is_fixed(x) ||
           (reach(&q->values[find(q, y)]) > TOO_WIDE * reach(x) && read_elsewhere(q, v));
}

/* Operands that are joined with the result: all, but those of several that have prescribed
 * parameters or need finer ones keep their own and are rescaled. */
static void join_layer(struct th_quantizer *q, const struct th_qlayer *l)
{
    const uint32_t n_in = th_node_input_count(q->f, l->node);
    const th_value y = th_node_output_count(q->f, l->node) ? th_node_output(q->f, l->node, 0) : 0;
    uint32_t reals = 0;
    for (uint32_t i = 0; i < n_in; i++) {
        const th_value v = th_node_input(q->f, l->node, i);
        reals += v && q->values[v].real;
    }
    for (uint32_t i = 0; i < n_in && y && q->values[y].real; i++) {
        const th_value v = th_node_input(q->f, l->node, i);
        if (v && q->values[v].real && (reals == 1 || !keeps_own(q, v, y)))
            join(q, y, v);
    }
}

/* The value of a prescribed operand or result; 0: absent or constant. */
static th_value fixed_value(const struct th_quantizer *q, const struct th_qlayer *l,
                            const struct th_quant_fixed *x)
{
    const uint32_t n = x->result ? th_node_output_count(q->f, l->node)
                                 : th_node_input_count(q->f, l->node);
    if (x->port >= n)
        return 0;
    return x->result ? th_node_output(q->f, l->node, x->port)
                     : th_node_input(q->f, l->node, x->port);
}

/* What others read, too, keeps its own parameters. */
static void group_fixed(struct th_quantizer *q, const struct th_qlayer *l)
{
    for (uint32_t i = 0; i < l->rule.n_fixed; i++) {
        const struct th_quant_fixed *x = &l->rule.fixed[i];
        const th_value v = fixed_value(q, l, x);
        if (!v || !q->values[v].real || is_fixed(&q->values[v]) ||
            (!x->result && th_value_use_count(q->f, v) > 1))
            continue;
        if (x->dtype == TH_DT_NONE)
            q->values[v].fixed8 = x->q8;
        if (x->dtype == TH_DT_NONE || x->dtype == TH_DT_S16)
            q->values[v].fixed16 = x->q16;
    }
}

/* Largest magnitude of a constant, or of what calibration saw. */
static double magnitude(const struct th_quantizer *q, th_value v)
{
    const struct th_tensor *k = th_value_const(q->f, v);
    double most = 0;
    if (k == NULL)
        return q->values[v].real ? fmax(-q->values[v].lo, q->values[v].hi) : 0;
    for (int64_t i = 0; i < th_type_elems(&k->type); i++)
        most = fmax(most, fabs(th_tensor_real(k, i)));
    return most;
}

static bool holds_fixed(const struct th_quantizer *q, const struct th_qlayer *l)
{
    const enum th_dtype act = th_qkind_act(l->kind);
    for (uint32_t i = 0; i < l->rule.n_fixed; i++) {
        const struct th_quant_fixed *x = &l->rule.fixed[i];
        const struct th_quant_param p = act == TH_DT_S16 ? x->q16 : x->q8;
        const enum th_dtype t = x->dtype != TH_DT_NONE ? x->dtype : act;
        const th_value v = fixed_value(q, l, x);
        const double most = (double)p.scale * ((double)th_dtype_max(t) + 1);
        if (v && magnitude(q, v) > most)
            return false;
    }
    return true;
}

void th_q_hold(struct th_quantizer *q)
{
    for (uint32_t i = 0; i < q->n_layers; i++) {
        struct th_qlayer *l = &q->layers[i];
        if (!th_qkind_is_int(l->kind) || holds_fixed(q, l))
            continue;
        for (int k = TH_Q_INT4; k < TH_Q_FLOAT; k++)
            l->fits[k] = false;
        l->kind = TH_Q_FLOAT;
        l->why = "a state leaves the range that its integer form has";
    }
}

/* Layers that only move what is 16 bits wide at its end are so, too: `v` is such an end, towards
 * the inputs. */
static void widen_before(struct th_quantizer *q, th_value v)
{
    while (v && th_value_use_count(q->f, v) == 1 && th_value_def(q->f, v)) {
        struct th_qlayer *l = &q->layers[q->layer_of[th_value_def(q->f, v)]];
        if (!l->rule.same_quant || l->kind != TH_Q_INT8 || !l->fits[TH_Q_INT16] ||
            th_node_input_count(q->f, l->node) != 1)
            return;
        l->kind = TH_Q_INT16;
        v = th_node_input(q->f, l->node, 0);
    }
}

/* The same towards the outputs, in the order of the nodes. */
static void widen_after(struct th_quantizer *q, th_value v)
{
    for (uint32_t i = 0; i < q->n_layers; i++) {
        struct th_qlayer *l = &q->layers[i];
        if (!l->rule.same_quant || l->kind != TH_Q_INT8 || !l->fits[TH_Q_INT16] ||
            th_node_input_count(q->f, l->node) != 1 || th_node_input(q->f, l->node, 0) != v)
            continue;
        l->kind = TH_Q_INT16;
        v = th_node_output(q->f, l->node, 0);
    }
}

static void widen_edges(struct th_quantizer *q)
{
    for (uint32_t i = 0; i < q->n_layers; i++) {
        const struct th_qlayer *l = &q->layers[i];
        for (uint32_t k = 0; k < l->rule.n_fixed && l->kind == TH_Q_INT8; k++) {
            const struct th_quant_fixed *x = &l->rule.fixed[k];
            if (x->dtype != TH_DT_S16)
                continue;
            if (x->result)
                widen_after(q, fixed_value(q, l, x));
            else
                widen_before(q, fixed_value(q, l, x));
        }
    }
}

void th_q_group(struct th_quantizer *q)
{
    for (th_value v = 1; v < q->n_values; v++) {
        struct th_qvalue *x = &q->values[v];
        float lo, hi;
        x->group = v;
        x->fixed8 = x->fixed16 = (struct th_quant_param){0, 0};
        if (th_value_range(q->f, v, &lo, &hi)) {
            x->range_lo = lo;
            x->range_hi = hi;
        }
    }
    for (uint32_t i = 0; i < q->n_layers; i++) {
        const struct th_qlayer *l = &q->layers[i];
        if (!th_qkind_is_int(l->kind))
            continue;
        const th_value y = th_node_output_count(q->f, l->node)
                               ? th_node_output(q->f, l->node, 0) : 0;
        if (y && (l->rule.out8.scale > 0 || l->rule.out16.scale > 0)) {
            q->values[y].fixed8 = l->rule.out8;
            q->values[y].fixed16 = l->rule.out16;
        }
        group_fixed(q, l);
        if (l->rule.same_quant)
            join_layer(q, l);
    }
}

struct th_quant_param th_q_param_of(double lo, double hi, enum th_dtype t)
{
    lo = isfinite(lo) && lo < 0 ? lo : 0;
    hi = isfinite(hi) && hi > 0 ? hi : 0;
    const double tiny = 1e-9;
    if (t == TH_DT_S16) {
        const double reach = fmax(fmax(-lo, hi), tiny);
        return (struct th_quant_param){(float)(reach / 32767), 0};
    }
    const double width = fmax(hi - lo, tiny);
    const float scale = (float)(width / 255);
    return (struct th_quant_param){
        scale, (int32_t)th_round_away(-128 - lo / (double)scale, -128, 127)};
}

struct th_quant_param th_q_param(const struct th_quantizer *q, th_value v, enum th_dtype t)
{
    const struct th_qvalue *x = &q->values[v];
    while (q->values[x->group].group != x->group)
        x = &q->values[x->group];
    x = &q->values[x->group];
    const struct th_quant_param fixed = t == TH_DT_S16 ? x->fixed16 : x->fixed8;
    return fixed.scale > 0 ? fixed : th_q_param_of((double)x->range_lo, (double)x->range_hi, t);
}
