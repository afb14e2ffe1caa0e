/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier: order, uses, tables, records, and the signatures of bodies. */
#include "ir/graph.h"

#include <string.h>

#include <thimble/thimble.h>

static bool same_kind(const struct th_type *a, const struct th_type *b)
{
    return a->dtype == b->dtype && th_type_same_shape(a, b);
}

/* Inputs of body b against operands [from, n_in). */
static enum th_status check_params(const struct th_inst *c, uint32_t b, uint32_t from,
                                   uint32_t extra)
{
    const struct th_graph *g = c->bodies[b];
    const uint32_t n = c->n_in - from;
    if (g->n_inputs != n + extra)
        return th_inst_error(c, "body %u takes %u values, %u are given", b, g->n_inputs,
                             n + extra);
    for (uint32_t i = 0; i < n; i++) {
        const struct th_type *want = &g->values[g->inputs[i + extra]]->type;
        if (!c->in[from + i] || !same_kind(want, c->in[from + i]))
            return th_inst_error(c, "body %u: value %u has another type than its operand", b, i);
    }
    return TH_OK;
}

static enum th_status check_results(const struct th_inst *c, uint32_t b)
{
    const struct th_graph *g = c->bodies[b];
    if (g->n_outputs != c->n_out)
        return th_inst_error(c, "body %u gives %u values, %u are wanted", b, g->n_outputs,
                             c->n_out);
    for (uint32_t i = 0; i < c->n_out; i++)
        if (!same_kind(&g->values[g->outputs[i]]->type, &c->out[i]))
            return th_inst_error(c, "body %u: result %u has another type than the output", b, i);
    return TH_OK;
}

static enum th_status check_condition(const struct th_inst *c, uint32_t b)
{
    const struct th_graph *g = c->bodies[b];
    if (g->n_outputs != 1)
        return th_inst_error(c, "the condition gives %u values, not one", g->n_outputs);
    const struct th_type *t = &g->values[g->outputs[0]]->type;
    if (t->dtype != TH_DT_BOOL || th_type_elems(t) != 1)
        return th_inst_error(c, "the condition gives no single boolean");
    return check_params(c, b, 0, 0);
}

static enum th_status check_loop(const struct th_inst *c)
{
    const bool counted = th_inst_int(c, "count") >= 0;
    if (c->n_bodies != (counted ? 1u : 2u))
        return th_inst_error(c, "a %s loop has %d bodies, not %u",
                             counted ? "counted" : "conditional", counted ? 1 : 2, c->n_bodies);
    if (!counted)
        TH_TRY(check_condition(c, 0));
    TH_TRY(check_params(c, c->n_bodies - 1, 0, 0));
    return check_results(c, c->n_bodies - 1);
}

enum th_status th_check_region(const struct th_inst *c)
{
    for (uint32_t b = 0; b < c->n_bodies; b++)
        if (!c->bodies[b] || !c->bodies[b]->body)
            return th_inst_error(c, "body %u is missing", b);
    switch (c->op->region) {
    case TH_REGION_LOOP:
        return check_loop(c);
    case TH_REGION_IF:
        if (c->n_bodies != 2)
            return th_inst_error(c, "'if' has two bodies, not %u", c->n_bodies);
        for (uint32_t b = 0; b < 2; b++) {
            TH_TRY(check_params(c, b, 1, 0));
            TH_TRY(check_results(c, b));
        }
        return TH_OK;
    case TH_REGION_TILE_LOOP:
        if (c->n_bodies != 1)
            return th_inst_error(c, "a tile loop has one body, not %u", c->n_bodies);
        TH_TRY(check_params(c, 0, 0, 0));
        return check_results(c, 0);
    default:
        return TH_OK;
    }
}

struct check {
    struct th_arena *arena;
    bool failed;
};

static void problem(struct check *k, const struct th_graph *g, th_node n, const char *fmt, ...)
    TH_PRINTF(4, 5);
static void problem(struct check *k, const struct th_graph *g, th_node n, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    th_report(g->program->ctx, TH_SEV_ERROR, n ? &g->nodes[n]->loc : NULL, 3001, fmt, ap);
    va_end(ap);
    k->failed = true;
}

static void check_node(struct check *k, struct th_graph *g, th_node n, const bool *defined)
{
    struct th_node_rec *r = g->nodes[n];
    for (uint32_t i = 0; i < r->n_in; i++)
        if (r->in[i] && !defined[r->in[i]])
            problem(k, g, n, "graph '%s': node %u (%s) uses value %u before it is computed",
                    g->name, n, r->op->name, r->in[i]);
    struct th_inst *c = th_node_inst(g, n, k->arena);
    if (!c) {
        problem(k, g, n, "out of memory");
        return;
    }
    if (th_check_tables(c, false) != TH_OK || th_check_tables(c, true) != TH_OK) {
        k->failed = true;
        return;
    }
    struct th_type had[TH_MAX_OUTPUTS];
    for (uint32_t i = 0; i < c->n_out; i++)
        had[i] = c->out[i];
    if (r->op->infer(c) != TH_OK) {
        k->failed = true;
        return;
    }
    for (uint32_t i = 0; i < c->n_out; i++)
        if (!same_kind(&had[i], &c->out[i]))
            problem(k, g, n, "graph '%s': node %u (%s): output %u does not have the type its "
                    "operands give", g->name, n, r->op->name, i);
    for (uint32_t i = 0; i < c->n_out; i++)
        c->out[i] = had[i];
    if ((r->op->traits & TH_TRAIT_REGION && th_check_region(c) != TH_OK) ||
        (r->op->verify && r->op->verify(c) != TH_OK))
        k->failed = true;
    if (r->op->traits & (TH_TRAIT_STATE_READ | TH_TRAIT_STATE_WRITE)) {
        const int64_t s = th_attr_int(&r->attrs, "state", 0);
        if (s < 1 || s > g->program->n_states)
            problem(k, g, n, "state variable %lld does not exist", (long long)s);
    }
}

static void check_uses(struct check *k, struct th_graph *g)
{
    uint32_t *count = TH_NEW_ARRAY(k->arena, uint32_t, g->n_values);
    if (!count)
        return;
    for (th_node n = g->first; n; n = g->nodes[n]->next)
        for (uint32_t i = 0; i < g->nodes[n]->n_in; i++)
            count[g->nodes[n]->in[i]]++;
    for (th_value v = 1; v < g->n_values; v++)
        if (count[v] != g->values[v]->n_users)
            problem(k, g, 0, "graph '%s': value %u has %u uses, %u are recorded", g->name, v,
                    count[v], g->values[v]->n_users);
}

static enum th_status check_graph(struct th_graph *g, void *user)
{
    struct check *k = user;
    bool *defined = TH_NEW_ARRAY(k->arena, bool, g->n_values);
    if (!defined)
        return TH_ERR_INTERNAL;
    for (th_value v = 1; v < g->n_values; v++)
        defined[v] = g->values[v]->input || g->values[v]->blob;
    for (th_node n = g->first; n; n = g->nodes[n]->next) {
        check_node(k, g, n, defined);
        for (uint32_t i = 0; i < g->nodes[n]->n_out; i++)
            defined[g->nodes[n]->out[i]] = true;
    }
    for (uint32_t i = 0; i < g->n_outputs; i++)
        if (!defined[g->outputs[i]])
            problem(k, g, 0, "graph '%s': output %u is never computed", g->name, i);
    check_uses(k, g);
    return TH_OK;
}

enum th_status th_program_verify(const struct th_program *p)
{
    struct check k = {th_arena_new(0), false};
    if (!k.arena)
        return TH_ERR_INTERNAL;
    enum th_status s = th_program_walk(p, check_graph, &k);
    th_arena_free(k.arena);
    return s != TH_OK ? s : k.failed ? TH_ERR_INPUT : TH_OK;
}
