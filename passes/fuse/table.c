/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables. When an 8-bit value depends, element by element, on one 8-bit value and on constants of
 * one element, it has only 256 possible inputs: all of them are computed here by the ops' own
 * eval, so the table gives the same bits as the nodes it replaces, whatever lies between (floats
 * included).
 *
 * The search starts at a node with an 8-bit result and grows a cone upwards: the value computed
 * last among those the cone still needs is replaced by its operands. Whenever a single 8-bit value
 * is left, the cone above it can be a table; the largest such cone wins.
 */
#include "passes/fuse/fuse.h"

#include <string.h>

#define MAX_CONE 24
#define ENTRIES 256

struct cone {
    struct th_graph *g;
    const uint32_t *pos;                 /* order of nodes, by id */
    th_node nodes[MAX_CONE];             /* in the order found: users first */
    uint32_t n;
    th_value open[MAX_CONE * 2];         /* values still needed */
    uint32_t n_open;
    uint32_t best_n;                     /* nodes of the best cone; 0: none */
    th_value source;                     /* its input */
};

static bool is_8bit(const struct th_type *t)
{
    return t->dtype == TH_DT_S8 || t->dtype == TH_DT_U8;
}

static bool is_scalar_const(const struct th_graph *g, th_value v, int32_t rank)
{
    return th_value_is_const(g, v) && th_type_elems(th_value_type(g, v)) == 1 &&
           th_value_type(g, v)->rank <= rank;
}

/* Element i of the only output depends on element i of the operands and on nothing else. */
static bool mappable(const struct th_graph *g, th_node n)
{
    const struct th_op *op = th_node_op(g, n);
    if (!(op->traits & (TH_TRAIT_ELEMENTWISE | TH_TRAIT_UNARY_TABLE)) ||
        !(op->traits & TH_TRAIT_PURE) || op->traits & TH_TRAIT_REGION ||
        th_node_output_count(g, n) != 1 || !th_can_eval(g, n))
        return false;
    const struct th_type *y = th_value_type(g, th_node_output(g, n, 0));
    uint32_t n_in = th_node_input_count(g, n), variable = 0;
    if (y->rank < 1 || (y->quant && y->quant->n > 1))
        return false;
    for (uint32_t i = 0; i < n_in; i++) {
        th_value v = th_node_input(g, n, i);
        if (!v || is_scalar_const(g, v, y->rank) ||
            (i && th_value_is_const(g, v) && op->traits & TH_TRAIT_UNARY_TABLE))
            continue;
        const struct th_type *t = th_value_type(g, v);
        if (th_value_is_const(g, v) || !th_type_same_shape(t, y) ||
            (t->quant && t->quant->n > 1))
            return false;
        variable++;
    }
    return variable > 0;
}

static bool add_open(struct cone *c, th_value v)
{
    for (uint32_t i = 0; i < c->n_open; i++)
        if (c->open[i] == v)
            return true;
    if (c->n_open == TH_ARRAY_LEN(c->open))
        return false;
    c->open[c->n_open++] = v;
    return true;
}

static bool take(struct cone *c, th_node n)
{
    if (c->n == MAX_CONE)
        return false;
    c->nodes[c->n++] = n;
    for (uint32_t i = 0; i < th_node_input_count(c->g, n); i++) {
        th_value v = th_node_input(c->g, n, i);
        if (v && !th_value_is_const(c->g, v) && !add_open(c, v))
            return false;
    }
    return true;
}

static bool in_cone(const struct cone *c, th_node n)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (c->nodes[i] == n)
            return true;
    return false;
}

/* A value with a use outside must be computed anyway: the cone ends there. */
static bool only_used_inside(const struct cone *c, th_value v)
{
    uint32_t users = th_value_user_count(c->g, v);
    if (users != th_value_use_count(c->g, v))
        return false;
    for (uint32_t i = 0; i < users; i++)
        if (!in_cone(c, th_value_user(c->g, v, i)))
            return false;
    return true;
}

/* Replaces the open value computed last by its operands; false when the cone cannot grow. */
static bool grow(struct cone *c)
{
    uint32_t last = 0;
    for (uint32_t i = 0; i < c->n_open; i++) {
        th_node d = th_value_def(c->g, c->open[i]);
        th_node l = th_value_def(c->g, c->open[last]);
        if (d && (!l || c->pos[d] > c->pos[l]))
            last = i;
    }
    th_value v = c->open[last];
    th_node d = th_value_def(c->g, v);
    if (!d || !mappable(c->g, d) || !only_used_inside(c, v))
        return false;
    c->open[last] = c->open[--c->n_open];
    return take(c, d);
}

static void search(struct cone *c, th_node root)
{
    c->n = c->n_open = c->best_n = 0;
    if (!take(c, root))
        return;
    do {
        if (c->n_open == 1 && is_8bit(th_value_type(c->g, c->open[0]))) {
            c->best_n = c->n;
            c->source = c->open[0];
        }
    } while (grow(c));
}

/* A clamp or copy alone is cheaper than a look-up. */
static bool worth(const struct cone *c)
{
    if (c->best_n > 1)
        return true;
    const struct th_type *x = th_value_type(c->g, c->source);
    const struct th_type *y = th_value_type(c->g, th_node_output(c->g, c->nodes[0], 0));
    bool plain = th_node_is(c->g, c->nodes[0], "clamp") || th_node_is(c->g, c->nodes[0], "copy");
    return !th_node_is(c->g, c->nodes[0], "table") && !(plain && th_type_equal(x, y));
}

/* ---- evaluation ------------------------------------------------------------------------------ */

/* The type with 256 elements: the last axis has them all. */
static struct th_type flat(const struct th_type *t)
{
    struct th_type f = *t;
    for (int32_t i = 0; i < f.rank; i++)
        f.dims[i] = i == f.rank - 1 ? ENTRIES : 1;
    return f;
}

struct run {
    const struct cone *c;
    struct th_arena *arena;
    th_value values[MAX_CONE + 1];
    struct th_tensor *tensors[MAX_CONE + 1];
    uint32_t n;
};

static const struct th_tensor *lookup(const struct run *r, th_value v)
{
    for (uint32_t i = 0; i < r->n; i++)
        if (r->values[i] == v)
            return r->tensors[i];
    return th_value_const(r->c->g, v);
}

static enum th_status run_node(struct run *r, th_node n)
{
    const struct th_graph *g = r->c->g;
    struct th_inst *c = th_node_inst(g, n, r->arena);
    uint32_t n_in = th_node_input_count(g, n);
    const struct th_tensor **in = TH_NEW_ARRAY(r->arena, const struct th_tensor *, n_in + 1);
    const struct th_type **types = TH_NEW_ARRAY(r->arena, const struct th_type *, n_in + 1);
    if (!c || !in || !types)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n_in; i++) {
        th_value v = th_node_input(g, n, i);
        in[i] = v ? lookup(r, v) : NULL;
        types[i] = in[i] ? &in[i]->type : NULL;
    }
    c->in = types;
    c->out[0] = flat(&c->out[0]);
    struct th_tensor *out = th_tensor_new(r->arena, &c->out[0]);
    if (!out)
        return TH_ERR_INTERNAL;
    struct th_eval e = {.arena = r->arena, .in = in, .out = &out};
    TH_TRY(c->op->eval(c, &e));
    r->values[r->n] = th_node_output(g, n, 0);
    r->tensors[r->n++] = out;
    return TH_OK;
}

/* All inputs in order of value: the table's index is x for u8 and x + 128 for s8. */
static enum th_status fill(struct run *r, struct th_tensor **table)
{
    const struct th_type *x = th_value_type(r->c->g, r->c->source);
    struct th_type type = flat(x);
    struct th_tensor *all = th_tensor_new(r->arena, &type);
    if (!all)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < ENTRIES; i++)
        th_tensor_set_int(all, i, th_dtype_min(x->dtype) + i);
    r->values[r->n] = r->c->source;
    r->tensors[r->n++] = all;
    /* users were found before what they use */
    uint32_t n = r->c->best_n;
    th_node order[MAX_CONE];
    memcpy(order, r->c->nodes, n * sizeof *order);
    for (uint32_t i = 1; i < n; i++)
        for (uint32_t k = i; k > 0 && r->c->pos[order[k]] < r->c->pos[order[k - 1]]; k--) {
            th_node t = order[k];
            order[k] = order[k - 1];
            order[k - 1] = t;
        }
    for (uint32_t i = 0; i < n; i++)
        TH_TRY(run_node(r, order[i]));
    *table = r->tensors[r->n - 1];
    return TH_OK;
}

/* *at becomes the table's node. */
static enum th_status make_table(const struct cone *c, th_node *at)
{
    struct th_graph *g = c->g;
    struct run r = {.c = c, .arena = th_arena_new(0)};
    struct th_tensor *t = NULL;
    enum th_status st = r.arena ? fill(&r, &t) : TH_ERR_INTERNAL;
    if (st == TH_OK) {
        th_node root = c->nodes[0];
        int64_t n = ENTRIES;
        const struct th_type *y = th_value_type(g, th_node_output(g, root, 0));
        struct th_type type = th_type_make(y->dtype, 1, &n);
        th_value in[2] = {c->source, th_graph_const_copy(g, NULL, &type, t->data)}, v;
        st = in[1] ? th_insert_node(g, root, "table", in, 2, NULL, 0, y, &v) : TH_ERR_INTERNAL;
        if (st == TH_OK) {
            th_supersede(g, root, v);
            th_graph_sweep_node(g, root);
            *at = th_value_def(g, v);
        }
    }
    th_arena_free(r.arena);
    return st;
}

/* ---- the walk -------------------------------------------------------------------------------- */

static uint32_t *positions(const struct th_graph *g, struct th_arena *a)
{
    uint32_t *pos = TH_NEW_ARRAY(a, uint32_t, th_graph_node_limit(g) + 1), k = 0;
    for (th_node n = pos ? th_graph_first(g) : 0; n; n = th_graph_next(g, n))
        pos[n] = ++k;
    return pos;
}

/* From the last node upwards, so that each table reaches as far as it can. New nodes stand behind
 * all that is still looked at: positions stay true. */
static enum th_status make_all(struct th_graph *g, struct cone *c, uint32_t *made)
{
    for (th_node n = th_graph_last(g); n; n = th_graph_prev(g, n)) {
        if (!mappable(g, n) || !is_8bit(th_value_type(g, th_node_output(g, n, 0))))
            continue;
        search(c, n);
        if (!c->best_n || !worth(c))
            continue;
        TH_TRY(make_table(c, &n));
        ++*made;
    }
    return TH_OK;
}

enum th_status th_fuse_tables(struct th_pass_ctx *pc, struct th_graph *g, uint32_t *made)
{
    struct th_arena *a = th_pass_arena(pc);
    struct cone *c = TH_NEW(a, struct cone);
    if (!c)
        return TH_ERR_INTERNAL;
    c->g = g;
    c->pos = positions(g, a);
    return c->pos ? make_all(g, c, made) : TH_ERR_INTERNAL;
}
