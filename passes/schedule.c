/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders the nodes of each graph for the least peak of memory alive. Accesses to one state
 * variable keep their order, and what was read before a variable's new value is computed stays
 * before it, so that the value may be computed in the variable itself.
 */
#include "ir/notes.h"
#include "passes/caller_io.h"
#include "passes/tile_life.h"
#include "passes/util.h"
#include "plan/plan.h"

#include <string.h>

struct ordering {
    struct th_pass_ctx *pc;
    struct th_arena *arena;
    struct th_graph *g;
    th_node *nodes;             /* in the given order */
    uint32_t n;
    uint32_t *index;            /* of each node */
    uint32_t *root;             /* storage class of each value: views share */
    struct th_plan_store *stores;   /* by class root value */
    struct th_plan_op *ops;
    uint32_t n_edges, cap_edges;
    uint32_t (*edges)[2];       /* first before second */
};

static uint32_t root_of(const struct ordering *o, uint32_t v)
{
    while (o->root[v] != v)
        v = o->root[v];
    return v;
}

static bool add_edge(struct ordering *o, uint32_t before, uint32_t after)
{
    if (before >= after)        /* only what the given order already keeps */
        return true;
    if (o->n_edges == o->cap_edges) {
        uint32_t cap = o->cap_edges ? o->cap_edges * 2 : 64;
        uint32_t (*more)[2] = th_arena_calloc(o->arena, cap, sizeof *more);
        if (!more)
            return false;
        if (o->n_edges)
            memcpy(more, o->edges, o->n_edges * sizeof *more);
        o->edges = more;
        o->cap_edges = cap;
    }
    o->edges[o->n_edges][0] = before;
    o->edges[o->n_edges++][1] = after;
    return true;
}

/* Does node n, or a body below it, touch variable s? */
static bool touches(const struct th_graph *g, th_node n, th_state s)
{
    if (th_node_op(g, n)->traits & (TH_TRAIT_STATE_READ | TH_TRAIT_STATE_WRITE) &&
        (th_state)th_attr_int(th_node_attrs(g, n), "state", 0) == s)
        return true;
    for (uint32_t b = 0; b < th_node_body_count(g, n); b++) {
        const struct th_graph *body = th_node_body(g, n, b);
        for (th_node i = th_graph_first(body); i; i = th_graph_next(body, i))
            if (touches(body, i, s))
                return true;
    }
    return false;
}

static bool state_edges(struct ordering *o, th_state s)
{
    uint32_t last = UINT32_MAX;
    th_value written = 0;
    for (uint32_t k = 0; k < th_graph_share_count(o->g); k++)
        if (th_graph_share(o->g, k)->state == s)
            written = th_graph_share(o->g, k)->out;
    th_node made = written ? th_value_def(o->g, written) : 0;
    for (uint32_t i = 0; i < o->n; i++) {
        if (!touches(o->g, o->nodes[i], s))
            continue;
        if (last != UINT32_MAX && !add_edge(o, last, i))
            return false;
        last = i;
        if (!made || !(th_node_op(o->g, o->nodes[i])->traits & TH_TRAIT_STATE_READ))
            continue;
        uint32_t class = root_of(o, th_node_output(o->g, o->nodes[i], 0));
        if (!add_edge(o, i, o->index[made]))
            return false;
        for (uint32_t u = 0; u < o->n; u++)
            for (uint32_t k = 0; k < th_node_input_count(o->g, o->nodes[u]); k++) {
                th_value v = th_node_input(o->g, o->nodes[u], k);
                if (v && root_of(o, v) == class && !add_edge(o, u, o->index[made]))
                    return false;
            }
    }
    return true;
}

static bool data_edges(struct ordering *o)
{
    for (uint32_t i = 0; i < o->n; i++)
        for (uint32_t k = 0; k < th_node_input_count(o->g, o->nodes[i]); k++) {
            th_value v = th_node_input(o->g, o->nodes[i], k);
            th_node def = v ? th_value_def(o->g, v) : 0;
            if (def && !add_edge(o, o->index[def], i))
                return false;
        }
    for (th_state s = 1; s <= th_program_state_count(th_graph_program(o->g)); s++)
        if (!state_edges(o, s))
            return false;
    return true;
}

/* Gives each operation the list of those before it. */
static bool distribute_edges(struct ordering *o)
{
    uint32_t *count = TH_NEW_ARRAY(o->arena, uint32_t, (size_t)o->n + 1);
    uint32_t *all = TH_NEW_ARRAY(o->arena, uint32_t, (size_t)o->n_edges + 1);
    uint32_t at = 0;
    if (!count || !all)
        return false;
    for (uint32_t e = 0; e < o->n_edges; e++)
        count[o->edges[e][1]]++;
    for (uint32_t i = 0; i < o->n; i++) {
        o->ops[i].after = all + at;
        at += count[i];
    }
    for (uint32_t e = 0; e < o->n_edges; e++) {
        struct th_plan_op *op = &o->ops[o->edges[e][1]];
        all[(uint32_t)(op->after - all) + op->n_after++] = o->edges[e][0];
    }
    return true;
}

/* ---- stores -------------------------------------------------------------------------------- */
static bool make_stores(struct ordering *o)
{
    uint32_t limit = th_graph_value_limit(o->g);
    for (uint32_t v = 0; v < limit; v++)
        o->root[v] = v;
    for (uint32_t k = 0; k < th_graph_share_count(o->g); k++) {
        const struct th_share *s = th_graph_share(o->g, k);
        uint32_t a = s->exact ? root_of(o, s->in) : 0, b = s->exact ? root_of(o, s->out) : 0;
        if (a != b)
            o->root[b] = a;
    }
    for (uint32_t v = 1; v < limit; v++) {
        struct th_plan_store *s = &o->stores[root_of(o, v)];
        if (!th_value_is_const(o->g, v) && root_of(o, v) == v)
            s->bytes = th_type_size(th_value_type(o->g, v));
        s->live_in |= th_value_is_input(o->g, v);
        s->live_out |= th_value_is_output(o->g, v) ||
                       (th_value_is_input(o->g, v) && th_graph_is_body(o->g));
    }
    /* what lies in a state variable takes no transient memory */
    for (uint32_t i = 0; i < o->n; i++)
        if (th_node_op(o->g, o->nodes[i])->traits & TH_TRAIT_STATE_READ)
            o->stores[root_of(o, th_node_output(o->g, o->nodes[i], 0))].bytes = 0;
    for (uint32_t k = 0; k < th_graph_share_count(o->g); k++)
        if (th_graph_share(o->g, k)->state)
            o->stores[root_of(o, th_graph_share(o->g, k)->out)].bytes = 0;
    /* nor does what lies in the caller's */
    for (uint32_t v = 1; v < limit && th_caller_io(o->pc) && !th_graph_is_body(o->g); v++)
        if (th_value_is_input(o->g, v) || th_value_is_output(o->g, v))
            o->stores[root_of(o, v)].bytes = 0;
    return true;
}

static void touch(struct ordering *o, struct th_plan_op *op, uint32_t *list, th_value v)
{
    if (!v || th_value_is_const(o->g, v))
        return;
    uint32_t class = root_of(o, v);
    for (uint32_t i = 0; i < op->n_buffers; i++)
        if (list[i] == class)
            return;
    list[op->n_buffers++] = class;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static enum th_status order_graph(struct th_pass_ctx *pc, struct th_arena *arena,
                                  struct th_graph *g, int64_t *peak);

/* Bytes of one body at worst. The order of a tile loop's nodes is part of what it keeps. */
static enum th_status body_peak(struct ordering *o, struct th_arena *arena, th_node n,
                                uint32_t body, int64_t *peak)
{
    struct th_tile t;
    if (th_node_op(o->g, n)->region != TH_REGION_TILE_LOOP)
        return order_graph(o->pc, arena, th_node_body(o->g, n, body), peak);
    TH_TRY(th_tile_read(o->g, n, arena, &t));
    return th_tile_inner_bytes(&t, arena, peak);
}

static bool make_op(struct ordering *o, uint32_t i)
{
    th_node n = o->nodes[i];
    uint32_t in = th_node_input_count(o->g, n), out = th_node_output_count(o->g, n);
    uint32_t *list = TH_NEW_ARRAY(o->arena, uint32_t, in + out + 1u);
    struct th_plan_op *op = &o->ops[i];
    if (!list)
        return false;
    op->buffers = list;
    for (uint32_t k = 0; k < out; k++)
        touch(o, op, list, th_node_output(o->g, n, k));
    for (uint32_t k = 0; k < in; k++)
        touch(o, op, list, th_node_input(o->g, n, k));
    const struct th_kernel_note *note = th_node_note_const(o->g, n);
    op->scratch = note->scratch_bytes;
    if (out && note->row && note->row->over_scratch) {
        const struct th_type *y = th_value_type(o->g, th_node_output(o->g, n, 0));
        op->scratch -= least(op->scratch, th_type_size(y));
    }
    for (uint32_t b = 0; b < th_node_body_count(o->g, n); b++) {
        struct th_arena *inner = th_arena_new(0);
        int64_t peak = 0;
        bool ok = inner && body_peak(o, inner, n, b, &peak) == TH_OK;
        th_arena_free(inner);
        if (!ok)
            return false;
        op->scratch = peak > op->scratch ? peak : op->scratch;
    }
    for (uint32_t k = 0; k < th_graph_share_count(o->g); k++) {
        const struct th_share *s = th_graph_share(o->g, k);
        if (s->exact || s->state || th_value_def(o->g, s->out) != n)
            continue;
        uint32_t a = root_of(o, s->in), b = root_of(o, s->out);
        int64_t saves = least(o->stores[b].bytes - s->distance, o->stores[a].bytes);
        int64_t mirrored = least(o->stores[a].bytes - s->above, o->stores[b].bytes);
        saves = s->above && mirrored > saves ? mirrored : saves;
        if (a != b && saves > op->saves) {
            op->saves = saves;
            op->dying = a;
        }
    }
    return true;
}

/* ---- one graph ----------------------------------------------------------------------------- */
/* peak: bytes alive at worst, without what the body's parameters take. */
static enum th_status order_graph(struct th_pass_ctx *pc, struct th_arena *arena,
                                  struct th_graph *g, int64_t *peak)
{
    uint32_t n = th_graph_node_count(g), values = th_graph_value_limit(g), i = 0;
    struct ordering o = {.pc = pc, .arena = arena, .g = g, .n = n};
    struct th_plan_order result;
    o.nodes = TH_NEW_ARRAY(arena, th_node, (size_t)n + 1);
    o.index = TH_NEW_ARRAY(arena, uint32_t, (size_t)th_graph_node_limit(g) + 1);
    o.root = TH_NEW_ARRAY(arena, uint32_t, (size_t)values + 1);
    o.stores = TH_NEW_ARRAY(arena, struct th_plan_store, (size_t)values + 1);
    o.ops = TH_NEW_ARRAY(arena, struct th_plan_op, (size_t)n + 1);
    if (!o.nodes || !o.index || !o.root || !o.stores || !o.ops)
        return TH_ERR_INTERNAL;
    for (th_node k = th_graph_first(g); k; k = th_graph_next(g, k)) {
        o.nodes[i] = k;
        o.index[k] = i++;
    }
    if (!make_stores(&o))
        return TH_ERR_INTERNAL;
    for (i = 0; i < n; i++)
        if (!make_op(&o, i))
            return TH_ERR_INTERNAL;
    if (!data_edges(&o) || !distribute_edges(&o))
        return TH_ERR_INTERNAL;
    struct th_plan_dag dag = {o.ops, n, o.stores, values};
    TH_TRY(th_plan_order(&dag, 0, arena, &result));
    if (result.peak < result.given) {
        for (i = 0; i < n; i++)
            th_graph_move(g, o.nodes[result.order[i]], 0);
        th_pass_remark(pc, "graph '%s': peak %lld instead of %lld bytes%s", th_graph_name(g),
                       (long long)result.peak, (long long)result.given,
                       result.optimal ? ", no order is better" : "");
    }
    *peak = result.peak;
    for (i = 0; i < th_graph_input_count(g) && th_graph_is_body(g); i++)
        *peak -= th_type_size(th_value_type(g, th_graph_input(g, i)));
    if (*peak < 0)
        *peak = 0;
    return TH_OK;
}

static enum th_status run(struct th_pass_ctx *pc, struct th_program *p)
{
    for (uint32_t i = 0; i < th_program_function_count(p); i++) {
        int64_t peak;
        TH_TRY(order_graph(pc, th_pass_arena(pc), th_program_function(p, i), &peak));
    }
    return TH_OK;
}

const struct th_pass th_pass_schedule = {
    .struct_size = sizeof(struct th_pass),
    .name = "schedule",
    .summary = "order nodes for the least peak of memory",
    .requires_props = TH_PROP_ALIASED,
    .provides_props = TH_PROP_SCHEDULED,
    .invalidates_props = TH_PROP_PLANNED,
    .run = run,
};
