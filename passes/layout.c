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

/* The transpose that defines v, if nothing else uses v. */
static th_node own_transpose(const struct th_graph *g, th_value v)
{
    th_node d = v ? th_value_def(g, v) : 0;
    return d && th_node_is(g, d, "transpose") && th_value_use_count(g, v) == 1 ? d : 0;
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

/* What stays as it is on the other side of a transpose, or (a constant that varies) can be turned
 * now: the builder computes it at once as long as it is small. */
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
    return th_value_is_const(g, v) && t->rank == y->rank && th_type_elems(t) <= TURN_ELEMENTS
               ? OPERAND_TURN
               : OPERAND_STUCK;
}

/* The constants among the operands as they read before the transpose. */
static enum th_status turn_constants(struct th_graph *g, th_node n, const struct perm *p,
                                     th_value *in, uint32_t n_in)
{
    const struct th_type *y = th_value_type(g, th_node_output(g, n, 0));
    int64_t inverse[TH_MAX_RANK];
    for (int32_t i = 0; i < p->rank; i++)
        inverse[p->to[i]] = i;
    struct th_attr perm = th_attr_of_ints("perm", inverse, (uint32_t)p->rank);
    for (uint32_t i = 0; i < n_in; i++)
        if (in[i] && th_value_is_const(g, in[i]) && judge(g, in[i], y) == OPERAND_TURN)
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
    if (!in)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n_in; i++) {
        th_value v = th_node_input(g, n, i);
        th_node t = own_transpose(g, v);
        in[i] = v;
        if (t) {
            struct perm q = read_perm(g, t);
            if ((found && !same_perm(&p, &q)) || !th_type_same_shape(th_value_type(g, v), y))
                return TH_OK;
            p = q;
            found = true;
            in[i] = th_node_input(g, t, 0);
        } else if (judge(g, v, y) == OPERAND_STUCK) {
            return TH_OK;
        }
    }
    if (!found)
        return TH_OK;
    TH_TRY(turn_constants(g, n, &p, in, n_in));
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
        th_node t = own_transpose(g, th_node_input(g, n, i));
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

/* Reductions that keep their axes: the summed set is the same, its order is not, so integers only
 * (their sums are exact). */
static enum th_status sink_reduce(struct th_graph *g, const struct th_match *m, bool *done,
                                  void *user)
{
    th_node n = m->node[0];
    struct perm p = read_perm(g, m->node[1]);
    const struct th_attrs *as = th_node_attrs(g, n);
    uint32_t count = th_attr_len(as, "axes");
    int64_t axes[TH_MAX_RANK];
    (void)user;
    if (!th_attr_int(as, "keep_dims", 0) || count == 0 || count > TH_MAX_RANK ||
        th_dtype_is_float(th_value_type(g, m->value[0])->dtype))
        return TH_OK;
    for (uint32_t i = 0; i < count; i++) {
        int64_t axis = th_attr_ints(as, "axes", i, 0);
        axis += axis < 0 ? p.rank : 0;
        if (axis < 0 || axis >= p.rank)
            return TH_OK;
        axes[i] = p.to[axis];
    }
    struct th_attr moved = th_attr_of_ints("axes", axes, count);
    th_value x = m->value[0];
    return rebuild(g, n, &x, 1, &moved, &p, done);
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
    {"sink-concat", "concat(transpose(x))", sink_concat},
    {"sink-pad", "pad|mirror_pad(transpose(x))", sink_pad},
    {"sink-slice", "slice(transpose(x))", sink_slice},
    {"sink-reduce", "mean|sum|reduce_max|reduce_min(transpose(x))", sink_reduce},
};

/* Sinking feeds merging and the other way round; each round moves a transpose down or removes one,
 * so a graph of n nodes needs at most n rounds. */
static enum th_status run(struct th_pass_ctx *pc, struct th_graph *g)
{
    uint32_t total = 0, moved, rounds = th_graph_node_count(g) + 1;
    do {
        moved = 0;
        TH_TRY(elementwise(pc, g, &moved));
        total += moved;
        TH_TRY(th_run_rewrites(pc, g, rows, TH_ARRAY_LEN(rows)));
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
