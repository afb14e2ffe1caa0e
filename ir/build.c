/* SPDX-License-Identifier: Apache-2.0 */
/* Adding nodes: attributes copied, types inferred, record asked, small constants folded. */
#include "ir/ctx.h"
#include "ir/graph.h"

#include <string.h>

#include <thimble/thimble.h>

/* What the builder folds at once; larger results wait for the fold pass, which has a budget. */
#define FOLD_ELEMENTS 4096
/* And the work it takes on: a small result can be a sum of very much, in thousands of nodes. */
#define FOLD_OPERATIONS (1 << 17)

static enum th_status copy_attr(struct th_program *p, const struct th_attr *a, struct th_attr *out)
{
    *out = *a;
    out->name = th_intern(p->ctx, a->name);
    bool ok = out->name != NULL;
    if (a->kind == TH_ATTR_STRING) {
        out->v.s = th_arena_strdup(p->arena, a->v.s);
        ok = ok && out->v.s;
    } else if (a->kind == TH_ATTR_INTS) {
        out->v.ints = th_arena_memdup(p->arena, a->v.ints, a->n * sizeof *a->v.ints);
        ok = ok && out->v.ints;
    } else if (a->kind == TH_ATTR_FLOATS) {
        out->v.floats = th_arena_memdup(p->arena, a->v.floats, a->n * sizeof *a->v.floats);
        ok = ok && out->v.floats;
    }
    return ok ? TH_OK : TH_ERR_INTERNAL;
}

static const char *dup_or_null(struct th_program *p, const char *s)
{
    return s ? th_arena_strdup(p->arena, s) : NULL;
}

static uint32_t output_count(const struct th_op *op, uint32_t wanted)
{
    uint32_t n = 0;
    while (op->outputs[n].name)
        n++;
    return wanted ? wanted : n;
}

/* Runs infer and verify; d->out gives declared types and shapes to compare with. */
static enum th_status infer(struct th_inst *c, const struct th_node_desc *d)
{
    struct th_type want[TH_MAX_OUTPUTS];
    for (uint32_t i = 0; i < c->n_out && d->out; i++) {
        want[i] = d->out[i];
        c->out[i] = want[i];
    }
    TH_TRY(c->op->infer(c));
    TH_TRY(th_check_tables(c, true));
    for (uint32_t i = 0; i < c->n_out && d->out; i++)
        if (want[i].rank >= 0 && !th_type_same_shape(&want[i], &c->out[i])) {
            struct th_str s;
            th_str_init(&s);
            th_type_print(&s, &want[i]);
            th_str_add(&s, ", but its operands give ");
            th_type_print(&s, &c->out[i]);
            th_inst_error(c, "output %u is declared %s", i, s.s);
            th_str_release(&s);
            return TH_ERR_INPUT;
        }
    if (c->op->traits & TH_TRAIT_REGION)
        TH_TRY(th_check_region(c));
    return c->op->verify ? c->op->verify(c) : TH_OK;
}

static bool cheap(const struct th_inst *c)
{
    struct th_cost cost;
    int64_t work = 0;
    th_inst_cost(c, &cost);
    for (uint32_t i = 0; i < c->n_in; i++)
        if (c->in[i] && !th_add_i64(work, th_type_elems(c->in[i]), &work))
            return false;
    return cost.macs >= 0 && cost.macs <= FOLD_OPERATIONS && cost.ops >= 0 &&
           cost.ops <= FOLD_OPERATIONS && work <= FOLD_OPERATIONS;
}

static bool can_fold(const struct th_inst *c)
{
    if (!(c->op->traits & TH_TRAIT_PURE) || c->op->traits & TH_TRAIT_REGION || c->n_in == 0)
        return false;
    for (uint32_t i = 0; i < c->n_in; i++)
        if (c->in[i] && !c->in_const[i])
            return false;
    for (uint32_t i = 0; i < c->n_out; i++)
        if (th_type_elems(&c->out[i]) > FOLD_ELEMENTS)
            return false;
    for (const char *const *k = c->op->contracts; k && *k; k++)
        if (!strcmp(*k, c->contract))
            return cheap(c);
    return false;
}

static enum th_status fold(struct th_graph *g, struct th_inst *c, const struct th_node_desc *d,
                           th_value *out_values)
{
    struct th_tensor *out[TH_MAX_OUTPUTS];
    struct th_eval e = {.arena = c->arena, .in = c->in_const, .out = out};
    for (uint32_t i = 0; i < c->n_out; i++) {
        out[i] = th_tensor_new(c->arena, &c->out[i]);
        if (!out[i])
            return TH_ERR_INTERNAL;
    }
    TH_TRY(c->op->eval(c, &e));
    for (uint32_t i = 0; i < c->n_out; i++) {
        const char *name = d->out_names ? d->out_names[i] : NULL;
        const th_value v = th_graph_const_copy(g, name, &c->out[i], out[i]->data);
        if (!v)
            return TH_ERR_INTERNAL;
        if (out_values)
            out_values[i] = v;
    }
    return TH_OK;
}

static enum th_status new_node(struct th_graph *g, const struct th_inst *c,
                               const struct th_node_desc *d, th_node *node, th_value *out_values)
{
    struct th_program *p = g->program;
    struct th_node_rec *r = TH_NEW(p->arena, struct th_node_rec);
    if (!r || !th_grow(&g->nodes, g->n_nodes, &g->cap_nodes, sizeof *g->nodes))
        return TH_ERR_INTERNAL;
    *r = (struct th_node_rec){.op = c->op, .contract = c->contract, .n_in = d->n_in,
                              .n_out = c->n_out, .n_bodies = d->n_bodies, .attrs = *c->attrs,
                              .loc = d->loc, .live = true};
    r->note.scratch.region = -1;
    r->in = th_arena_memdup(p->arena, d->in, d->n_in * sizeof *d->in);
    r->bodies = th_arena_memdup(p->arena, d->bodies, d->n_bodies * sizeof *d->bodies);
    r->out = TH_NEW_ARRAY(p->arena, th_value, c->n_out);
    r->loc.file = dup_or_null(p, d->loc.file);
    r->loc.name = dup_or_null(p, d->loc.name);
    r->loc.op = dup_or_null(p, d->loc.op);
    if (!r->in || !r->out || !r->bodies)
        return TH_ERR_INTERNAL;
    const th_node n = g->n_nodes;
    for (uint32_t i = 0; i < c->n_out; i++) {
        r->out[i] = th_graph_new_value(g, d->out_names ? d->out_names[i] : NULL, &c->out[i], n);
        if (!r->out[i])
            return TH_ERR_INTERNAL;
        if (out_values)
            out_values[i] = r->out[i];
    }
    g->nodes[g->n_nodes++] = r;
    g->n_live++;
    th_graph_link(g, n, d->before);
    for (uint32_t i = 0; i < d->n_in; i++)
        if (d->in[i] && !th_value_add_user(g, d->in[i], n))
            return TH_ERR_INTERNAL;
    if (node)
        *node = n;
    return TH_OK;
}

/* Parameters that infer made up (scales of an axis that has moved) lie in the scratch arena: the
 * values get copies that live as long as the program. */
static enum th_status keep_quant(struct th_program *p, const struct th_inst *c,
                                 const struct th_node_desc *d)
{
    for (uint32_t i = 0; i < c->n_out; i++) {
        const struct th_quant *q = c->out[i].quant;
        bool known = !q || (d->out && d->out[i].quant == q);
        for (uint32_t k = 0; k < c->n_in && !known; k++)
            known = c->in[k] && c->in[k]->quant == q;
        if (known)
            continue;
        c->out[i].quant = th_quant_new(p->arena, q->n, q->scales, q->zero_points, q->axis);
        if (!c->out[i].quant)
            return TH_ERR_INTERNAL;
    }
    return TH_OK;
}

static enum th_status build(struct th_graph *g, const struct th_node_desc *d, bool may_fold,
                            struct th_arena *scratch, th_node *node, th_value *out_values)
{
    struct th_program *p = g->program;
    const struct th_op *op = th_op_find(p->ctx, d->op);
    if (!op) {
        th_error(p->ctx, &d->loc, 3003, "unknown operator '%s'", d->op);
        return TH_ERR_INPUT;
    }
    const uint32_t n_out = output_count(op, d->n_out);
    if (n_out > TH_MAX_OUTPUTS) {
        th_error(p->ctx, &d->loc, 3001, "%u outputs, at most %u are possible", n_out,
                 TH_MAX_OUTPUTS);
        return TH_ERR_INPUT;
    }
    for (uint32_t i = 0; i < d->n_in; i++)
        if (d->in[i] >= g->n_values) {
            th_error(p->ctx, &d->loc, 3001, "operand %u is no value of this graph", i);
            return TH_ERR_INPUT;
        }
    struct th_attr *list = TH_NEW_ARRAY(p->arena, struct th_attr, d->n_attrs);
    struct th_type *out = TH_NEW_ARRAY(scratch, struct th_type, n_out);
    if (!list || !out)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < d->n_attrs; i++)
        TH_TRY(copy_attr(p, &d->attrs[i], &list[i]));
    const struct th_attrs attrs = {list, d->n_attrs};
    const char *contract = th_intern(p->ctx, d->contract ? d->contract : th_ctx_contract(p->ctx));
    struct th_inst *c = contract ? th_make_inst(g, op, contract, &attrs, d->in, d->n_in, out, n_out,
                                                d->bodies, d->n_bodies, &d->loc, scratch)
                                 : NULL;
    if (!c)
        return TH_ERR_INTERNAL;
    TH_TRY(th_check_tables(c, false));
    TH_TRY(infer(c, d));
    TH_TRY(keep_quant(p, c, d));
    if (may_fold && can_fold(c)) {
        if (node)
            *node = 0;
        return fold(g, c, d, out_values);
    }
    return new_node(g, c, d, node, out_values);
}

static enum th_status build_scratch(struct th_graph *g, const struct th_node_desc *d,
                                    bool may_fold, th_node *node, th_value *out_values)
{
    struct th_arena *scratch = th_arena_new(0);
    struct th_node_desc own = *d;
    enum th_status s = TH_ERR_INTERNAL;
    /* results may take the place of operands */
    own.in = scratch && d->n_in ? th_arena_memdup(scratch, d->in, d->n_in * sizeof *d->in) : d->in;
    if (scratch && (own.in || !d->n_in))
        s = build(g, &own, may_fold, scratch, node, out_values);
    const struct th_budget *b = th_ctx_budget(g->program->ctx);
    if (s == TH_ERR_INTERNAL && !(b && b->refused))     /* else the reader of the file tells */
        th_error(g->program->ctx, &d->loc, 0, "out of memory while adding '%s'", d->op);
    th_arena_free(scratch);
    return s;
}

enum th_status th_graph_add_node(struct th_graph *g, const struct th_node_desc *d, th_node *node,
                                 th_value *out_values)
{
    return build_scratch(g, d, true, node, out_values);
}

enum th_status th_graph_add_node_nofold(struct th_graph *g, const struct th_node_desc *d,
                                        th_node *node, th_value *out_values)
{
    return build_scratch(g, d, false, node, out_values);
}

/* ---- changing attributes -------------------------------------------------------------------- */
enum th_status th_node_set_attr(struct th_graph *g, th_node n, const struct th_attr *a)
{
    struct th_program *p = g->program;
    struct th_attrs *as = &g->nodes[n]->attrs;
    struct th_attr copy;
    TH_TRY(copy_attr(p, a, &copy));
    struct th_attr *list = TH_NEW_ARRAY(p->arena, struct th_attr, as->n + 1);
    if (!list)
        return TH_ERR_INTERNAL;
    uint32_t at = as->n;
    for (uint32_t i = 0; i < as->n; i++) {
        list[i] = as->list[i];
        if (list[i].name == copy.name)
            at = i;
    }
    list[at] = copy;
    *as = (struct th_attrs){list, at == as->n ? as->n + 1 : as->n};
    return TH_OK;
}

enum th_status th_node_set_attr_int(struct th_graph *g, th_node n, const char *name, int64_t v)
{
    const struct th_attr a = {.name = name, .kind = TH_ATTR_INT, .v.i = v};
    return th_node_set_attr(g, n, &a);
}

enum th_status th_node_set_attr_float(struct th_graph *g, th_node n, const char *name, double v)
{
    const struct th_attr a = {.name = name, .kind = TH_ATTR_FLOAT, .v.f = v};
    return th_node_set_attr(g, n, &a);
}

enum th_status th_node_set_attr_ints(struct th_graph *g, th_node n, const char *name,
                                     uint32_t count, const int64_t *v)
{
    const struct th_attr a = {.name = name, .kind = TH_ATTR_INTS, .n = count, .v.ints = v};
    return th_node_set_attr(g, n, &a);
}
