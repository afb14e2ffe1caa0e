/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout: transposes sink towards the outputs through everything that does not care about the
 * order of axes, so that a change of layout and the change back meet and cancel. Elements are only
 * moved: each rewrite computes every element from the same operands as before. What is left at the
 * edges is layout/edges.c's.
 */
#include "passes/layout/layout.h"

#include <string.h>

struct perm {
    int32_t rank;
    int64_t to[TH_MAX_RANK];      /* output axis i is input axis to[i] */
};

static struct perm read_perm(const struct th_graph *g, th_node transpose)
{
    const struct th_type *x = th_operand_type(g, transpose, 0);
    struct perm p = {x->rank, {0}};
    for (int32_t i = 0; i < p.rank; i++)
        p.to[i] = th_attr_ints(th_node_attrs(g, transpose), "perm", (uint32_t)i, i);
    return p;
}

static bool same_perm(const struct perm *a, const struct perm *b)
{
    return a->rank == b->rank && !memcmp(a->to, b->to, (size_t)a->rank * sizeof a->to[0]);
}

/* The transpose that defines v. Others may use v, too: where they sink as well (both sides of a
 * residual block do) it goes, and where not one more transpose is the price. */
static th_node transpose_of(const struct th_graph *g, th_value v)
{
    th_node d = v ? th_value_def(g, v) : 0;
    return d && th_node_is(g, d, "transpose") ? d : 0;
}

static bool per_axis(const struct th_type *t)
{
    return t->quant && t->quant->n > 1;
}

/* The type before the transpose of what comes out after it. */
static struct th_type before(const struct th_type *t, const struct perm *p)
{
    struct th_type b = *t;
    for (int32_t i = 0; i < p->rank; i++)
        b.dims[p->to[i]] = t->dims[i];
    return b;
}

/* n (any op) becomes `op' over `in`, then the transpose. */
static enum th_status rebuild(struct th_graph *g, th_node n, const th_value *in, uint32_t n_in,
                              const struct th_attr *attr, const struct perm *p, bool *done)
{
    const struct th_type *y = th_value_type(g, th_node_output(g, n, 0));
    struct th_type type = before(y, p);
    th_value inner, outer;
    /* changed attributes are set on the old node first: it is about to go */
    if (attr)
        TH_TRY(th_node_set_attr(g, n, attr));
    TH_TRY(th_insert_like(g, n, n, in, n_in, &type, &inner));
    struct th_attr perm = th_attr_of_ints("perm", p->to, (uint32_t)p->rank);
    TH_TRY(th_insert_node(g, n, "transpose", &inner, 1, &perm, 1, NULL, &outer));
    th_supersede(g, n, outer);
    *done = true;
    return TH_OK;
}

/* ---- elementwise, whatever the op ------------------------------------------------------------ */

/* What stays as it is on the other side of a transpose, or can be turned: a constant that varies
 * (the builder computes it at once as long as it is small), or the few elements of a gate that are
 * spread over the map. */
#define TURN_ELEMENTS 4096
enum operand { OPERAND_KEEP, OPERAND_TURN, OPERAND_STUCK };

static enum operand judge(const struct th_graph *g, th_value v, const struct th_type *y)
{
    const struct th_type *t = v ? th_value_type(g, v) : NULL;
    if (!t)
        return OPERAND_KEEP;
    if (t->rank > y->rank || per_axis(t))
        return OPERAND_STUCK;
    if (th_type_elems(t) == 1)
        return OPERAND_KEEP;
    return t->rank == y->rank && th_type_elems(t) <= TURN_ELEMENTS &&
                   (th_value_is_const(g, v) || th_type_elems(t) < th_type_elems(y))
               ? OPERAND_TURN
               : OPERAND_STUCK;
}

/* The small operands as they read before the transpose; those marked stand there already. */
static enum th_status turn_operands(struct th_graph *g, th_node n, const struct perm *p,
                                    th_value *in, uint32_t n_in, const bool *there)
{
    const struct th_type *y = th_value_type(g, th_node_output(g, n, 0));
    int64_t inverse[TH_MAX_RANK];
    for (int32_t i = 0; i < p->rank; i++)
        inverse[p->to[i]] = i;
    struct th_attr perm = th_attr_of_ints("perm", inverse, (uint32_t)p->rank);
    for (uint32_t i = 0; i < n_in; i++)
        if (in[i] && !there[i] && judge(g, in[i], y) == OPERAND_TURN)
            TH_TRY(th_insert_node(g, n, "transpose", &in[i], 1, &perm, 1, NULL, &in[i]));
    return TH_OK;
}

/* Each operand is a transpose by the same permutation, one element or a small constant. */
static enum th_status sink_elementwise(struct th_graph *g, th_node n, struct th_arena *a,
                                       bool *done)
{
    const struct th_op *op = th_node_op(g, n);
    uint32_t n_in = th_node_input_count(g, n);
    struct perm p = {0, {0}};
    bool found = false;
    if (!(op->traits & TH_TRAIT_ELEMENTWISE) || !(op->traits & TH_TRAIT_PURE) ||
        op->traits & TH_TRAIT_REGION || th_node_output_count(g, n) != 1)
        return TH_OK;
    const struct th_type *y = th_value_type(g, th_node_output(g, n, 0));
    if (per_axis(y))
        return TH_OK;
    th_value *in = TH_NEW_ARRAY(a, th_value, n_in + 1);
    bool *there = TH_NEW_ARRAY(a, bool, n_in + 1);
    if (!in || !there)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n_in; i++) {
        th_value v = th_node_input(g, n, i);
        th_node t = transpose_of(g, v);
        in[i] = v;
        if (t && th_type_same_shape(th_value_type(g, v), y)) {
            struct perm q = read_perm(g, t);
            if (found && !same_perm(&p, &q))
                return TH_OK;
            there[i] = true;
            p = q;
            found = true;
            in[i] = th_node_input(g, t, 0);
        } else if (judge(g, v, y) == OPERAND_STUCK) {
            return TH_OK;
        }
    }
    if (!found)
        return TH_OK;
    TH_TRY(turn_operands(g, n, &p, in, n_in, there));
    return rebuild(g, n, in, n_in, NULL, &p, done);
}

static enum th_status elementwise(struct th_pass_ctx *pc, struct th_graph *g, uint32_t *count)
{
    th_node next;
    for (th_node n = th_graph_first(g); n; n = next) {
        bool done = false;
        TH_TRY(sink_elementwise(g, n, th_pass_arena(pc), &done));
        next = th_graph_next(g, n);
        *count += done;
    }
    th_graph_sweep(g);
    return TH_OK;
}

/* ---- ops with axes --------------------------------------------------------------------------- */

static enum th_status sink_concat(struct th_graph *g, const struct th_match *m, bool *done,
                                  void *user)
{
    th_node n = m->node[0];
    uint32_t n_in = th_node_input_count(g, n);
    th_value *in = TH_NEW_ARRAY(th_pass_arena(user), th_value, n_in);
    struct perm p = {0, {0}};
    if (!in)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n_in; i++) {
        th_node t = transpose_of(g, th_node_input(g, n, i));
        if (!t)
            return TH_OK;
        struct perm q = read_perm(g, t);
        if (i && !same_perm(&p, &q))
            return TH_OK;
        p = q;
        in[i] = th_node_input(g, t, 0);
    }
    int64_t axis = th_attr_int(th_node_attrs(g, n), "axis", 0);
    axis += axis < 0 ? p.rank : 0;
    if (axis < 0 || axis >= p.rank)
        return TH_OK;
    struct th_attr moved = th_attr_of_int("axis", p.to[axis]);
    return rebuild(g, n, in, n_in, &moved, &p, done);
}

/* An INTS attribute with one entry an axis, as it reads before the transpose. */
static enum th_status move_entries(struct th_graph *g, th_node n, const char *name,
                                   int64_t fallback, const struct perm *p)
{
    int64_t v[TH_MAX_RANK];
    for (int32_t i = 0; i < p->rank; i++)
        v[p->to[i]] = th_attr_ints(th_node_attrs(g, n), name, (uint32_t)i, fallback);
    return th_node_set_attr_ints(g, n, name, (uint32_t)p->rank, v);
}

static enum th_status sink_axes(struct th_graph *g, const struct th_match *m, bool *done,
                                const char *const *names, int64_t fallback)
{
    th_node n = m->node[0], t = m->node[1];
    struct perm p = read_perm(g, t);
    if (per_axis(th_value_type(g, th_node_output(g, n, 0))))
        return TH_OK;
    for (; *names; names++)
        if (th_attr_find(th_node_attrs(g, n), *names))
            TH_TRY(move_entries(g, n, *names, fallback, &p));
    th_value x = m->value[0];
    return rebuild(g, n, &x, 1, NULL, &p, done);
}

static enum th_status sink_pad(struct th_graph *g, const struct th_match *m, bool *done,
                               void *user)
{
    static const char *const names[] = {"before", "after", NULL};
    (void)user;
    return sink_axes(g, m, done, names, 0);
}

static enum th_status sink_slice(struct th_graph *g, const struct th_match *m, bool *done,
                                 void *user)
{
    static const char *const names[] = {"begin", "size", "stride", NULL};
    (void)user;
    return sink_axes(g, m, done, names, 1);
}

/* Reduced axes in the order in which the transposed operand has them; false unless they follow each
 * other so in the operand, too: then every sum adds the same elements in the same order. */
static bool reduced_axes(const struct th_graph *g, th_node n, const struct perm *p, int64_t *axes,
                         bool *reduced)
{
    const struct th_attrs *as = th_node_attrs(g, n);
    uint32_t count = th_attr_len(as, "axes"), k = 0;
    bool ordered = true;
    memset(reduced, 0, TH_MAX_RANK * sizeof *reduced);
    for (uint32_t i = 0; i < count; i++) {
        int64_t axis = th_attr_ints(as, "axes", i, 0);
        axis += axis < 0 ? p->rank : 0;
        if (axis < 0 || axis >= p->rank)
            return false;
        reduced[axis] = true;
    }
    for (int32_t i = 0; i < p->rank; i++)
        if (reduced[i]) {
            axes[k] = p->to[i];
            ordered = ordered && (k == 0 || axes[k] > axes[k - 1]);
            k++;
        }
    return k == count && count > 0 &&
           (ordered || !th_dtype_is_float(th_operand_type(g, n, 0)->dtype));
}

/* What stays of the permutation when axes vanish. */
static struct perm rest_of(const struct perm *p, const bool *reduced)
{
    struct perm rest = {0, {0}};
    bool gone[TH_MAX_RANK] = {false};
    for (int32_t i = 0; i < p->rank; i++)
        gone[p->to[i]] = reduced[i];
    for (int32_t i = 0; i < p->rank; i++) {
        if (reduced[i])
            continue;
        rest.to[rest.rank] = 0;
        for (int32_t k = 0; k < p->to[i]; k++)
            rest.to[rest.rank] += !gone[k];
        rest.rank++;
    }
    return rest;
}

static enum th_status sink_reduce(struct th_graph *g, const struct th_match *m, bool *done,
                                  void *user)
{
    th_node n = m->node[0];
    struct perm p = read_perm(g, m->node[1]);
    bool reduced[TH_MAX_RANK];
    int64_t axes[TH_MAX_RANK];
    (void)user;
    if (!reduced_axes(g, n, &p, axes, reduced))
        return TH_OK;
    struct th_attr moved = th_attr_of_ints("axes", axes, th_attr_len(th_node_attrs(g, n), "axes"));
    th_value x = m->value[0];
    if (th_attr_int(th_node_attrs(g, n), "keep_dims", 0))
        return rebuild(g, n, &x, 1, &moved, &p, done);
    struct perm rest = rest_of(&p, reduced);
    return rebuild(g, n, &x, 1, &moved, &rest, done);
}

/* ---- dense layers ---------------------------------------------------------------------------- */

/* The columns of the weights go where the elements of x are before the transpose. Sums of floats
 * are added in another order. */
static enum th_status turn_columns(struct th_graph *g, th_node at, th_value w,
                                   const struct th_type *t, const struct perm *p, th_value *out)
{
    const struct th_type *wt = th_value_type(g, w);
    int64_t split[TH_MAX_RANK], flat[2] = {wt->dims[0], wt->dims[1]}, inverse[TH_MAX_RANK] = {0};
    split[0] = wt->dims[0];
    for (int32_t i = 1; i < p->rank; i++) {
        split[i] = t->dims[i];
        inverse[p->to[i]] = i;
    }
    struct th_attr a = th_attr_of_ints("shape", split, (uint32_t)p->rank);
    th_value boxes, turned;
    TH_TRY(th_insert_node(g, at, "reshape", &w, 1, &a, 1, NULL, &boxes));
    a = th_attr_of_ints("perm", inverse, (uint32_t)p->rank);
    TH_TRY(th_insert_node(g, at, "transpose", &boxes, 1, &a, 1, NULL, &turned));
    a = th_attr_of_ints("shape", flat, 2);
    return th_insert_node(g, at, "reshape", &turned, 1, &a, 1, NULL, out);
}

static bool fixed_weights(const struct th_graph *g, th_value w)
{
    th_node d;
    while ((d = th_value_def(g, w)) != 0 && th_value_use_count(g, w) == 1 &&
           (th_node_is(g, d, "dequantize") || th_node_is(g, d, "transpose") ||
            th_node_is(g, d, "reshape")))
        w = th_node_input(g, d, 0);
    return th_value_is_const(g, w) && th_value_use_count(g, w) == 1;
}

/* dense(reshape(transpose(x)), w), where each row of the reshape is one element of the batch. */
static enum th_status sink_dense(struct th_graph *g, const struct th_match *m, bool *done,
                                 void *user)
{
    th_node n = m->node[0], flat = m->node[1], turn = m->node[2];
    struct perm p = read_perm(g, turn);
    const struct th_type *t = th_value_type(g, th_node_output(g, turn, 0));
    const struct th_type *r = th_value_type(g, th_node_output(g, flat, 0));
    th_value w = th_node_input(g, n, 1), turned, x;
    (void)user;
    if (p.rank < 2 || p.to[0] != 0 || r->rank != 2 || r->dims[0] != t->dims[0] || per_axis(t) ||
        th_value_type(g, w)->rank != 2 || th_value_type(g, w)->dims[1] != r->dims[1] ||
        !fixed_weights(g, w))
        return TH_OK;
    TH_TRY(turn_columns(g, n, w, t, &p, &turned));
    struct th_attr a = th_attr_of_ints("shape", r->dims, 2);
    TH_TRY(th_insert_node(g, n, "reshape", &m->value[0], 1, &a, 1, NULL, &x));
    th_node_set_input(g, n, 0, x);
    th_node_set_input(g, n, 1, turned);
    *done = true;
    return TH_OK;
}

static enum th_status merge(struct th_graph *g, const struct th_match *m, bool *done, void *user)
{
    struct perm outer = read_perm(g, m->node[0]), inner = read_perm(g, m->node[1]);
    int64_t to[TH_MAX_RANK];
    bool identity = true;
    (void)user;
    for (int32_t i = 0; i < outer.rank; i++) {
        to[i] = inner.to[outer.to[i]];
        identity &= to[i] == i;
    }
    if (identity) {
        TH_TRY(th_forward(g, th_node_output(g, m->node[0], 0), m->value[0], done));
        if (*done)
            return TH_OK;
    }
    th_node_set_input(g, m->node[0], 0, m->value[0]);
    TH_TRY(th_node_set_attr_ints(g, m->node[0], "perm", (uint32_t)outer.rank, to));
    *done = true;
    return TH_OK;
}

static const struct th_rewrite rows[] = {
    {"merge-transposes", "transpose(*transpose(x))", merge},
    {"sink-concat", "concat(*transpose(x))", sink_concat},
    {"sink-pad", "pad|mirror_pad(*transpose(x))", sink_pad},
    {"sink-slice", "slice(*transpose(x))", sink_slice},
    {"sink-reduce", "mean|sum|reduce_max|reduce_min|reduce_prod(*transpose(x))", sink_reduce},
    {"sink-reshape", "reshape(transpose(x))", th_layout_sink_reshape},
    {"sink-dense", "fully_connected(reshape(transpose(x)), ?)", sink_dense},
};

/* Sinking feeds merging and the other way round; each round moves a transpose down or removes one,
 * so a graph of n nodes needs at most n rounds. */
static enum th_status run(struct th_pass_ctx *pc, struct th_graph *g)
{
    uint32_t total = 0, moved, rounds = th_graph_node_count(g) + 1;
    do {
        uint32_t before = th_graph_node_limit(g);
        moved = 0;
        TH_TRY(elementwise(pc, g, &moved));
        total += moved;
        TH_TRY(th_run_rewrites(pc, g, rows, TH_ARRAY_LEN(rows)));
        moved += th_graph_node_limit(g) != before;     /* rows made nodes: there is more to see */
    } while (moved && rounds--);
    TH_TRY(th_layout_edges(pc, g));
    if (total) {
        th_pass_changed(pc);
        th_pass_remark(pc, "graph '%s': transposes moved %u times", th_graph_name(g), total);
    }
    return TH_OK;
}

static const struct th_option_spec options[] = {
    {"input-layout", TH_OPTION_STRING, NULL, 1, 0,
     "model: as they are; channels-last: without a transpose (default: --input-layout)"},
    {"output-layout", TH_OPTION_STRING, NULL, 1, 0,
     "the same for outputs (default: --output-layout)"},
    {NULL, TH_OPTION_INT, NULL, 0, 0, NULL},
};

const struct th_pass th_pass_layout = {
    .struct_size = sizeof(struct th_pass),
    .name = "layout",
    .summary = "move transposes down until they cancel",
    .requires_props = TH_PROP_TYPED | TH_PROP_CANON,
    .provides_props = TH_PROP_LAYOUT,
    .invalidates_props = TH_PROP_FUSED,
    .options = options,
    .run_graph = run,
};
