/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/patch_split/net.h"

#include <string.h>

#include "ir/call.h"
#include "passes/in_place.h"
#include "passes/patch_split/slices.h"
#include "passes/tile_query.h"

struct describing {
    struct th_pass_ctx *pc;
    struct th_arena *arena;
    struct th_graph *g;
    struct th_fuse_tensor *tensors;
    struct th_fuse_node *nodes;
    uint32_t n_tensors, n_nodes;
    uint32_t *place;
    struct th_split_price *price;
    uint32_t *of_value;          /* 1 + tensor; 0: none yet */
};

static th_value behind_views(const struct th_graph *g, th_value v)
{
    for (;;) {
        const th_node n = th_value_def(g, v);
        if (!n || !(th_node_op(g, n)->traits & TH_TRAIT_VIEW))
            return v;
        v = th_node_input(g, n, 0);
    }
}

/* ---- tensors --------------------------------------------------------------------------------- */
/* A value seen through views is one tensor, with the shape of the value that is computed; an input
 * has the shape of whoever sees it first. */
static bool tensor_of(struct describing *k, th_value v, uint32_t *tensor)
{
    const th_value root = behind_views(k->g, v);
    if (!k->of_value[root]) {
        const th_value shown = th_value_def(k->g, root) ? root : v;
        const struct th_type *t = th_value_type(k->g, shown);
        struct th_fuse_tensor *x = &k->tensors[k->n_tensors];
        int64_t h, w, pixel;
        if (!th_tile_shape(t, &h, &w, &pixel) || h > INT32_MAX || w > INT32_MAX) {
            h = w = 1;
            pixel = th_type_size(t);
        }
        *x = (struct th_fuse_tensor){(int32_t)h, (int32_t)w, pixel,
                                     th_value_is_input(k->g, root), false};
        k->of_value[root] = ++k->n_tensors;
    }
    *tensor = k->of_value[root] - 1;
    return true;
}

static bool same_shape(const struct describing *k, uint32_t tensor, const struct th_type *t)
{
    const struct th_fuse_tensor *x = &k->tensors[tensor];
    int64_t h, w, pixel;
    return th_tile_shape(t, &h, &w, &pixel) && h == x->h && w == x->w && pixel == x->pixel_bytes;
}

/* ---- kernels --------------------------------------------------------------------------------- */
/* The kernel for a piece of the node, its operands in lines (rings), its result too; or NULL. */
static const struct th_kernel *piece_row(const struct describing *k,
                                         const struct th_tile_node *about, bool rings,
                                         int64_t columns)
{
    struct th_tile_node nodes[2] = {{.store = rings ? TH_TILE_RING : TH_TILE_LINE, .slots = 2,
                                     .tail_cols = rings ? 0 : 2}, *about};
    const struct th_tile t = {.owner = k->g, .body = k->g, .nodes = nodes, .n_nodes = 2};
    const struct th_tile_pieces p = {.n = 1, .columns = {columns}, .rows = {1}, .most_rows = 1,
                                     .most_columns = columns};
    struct th_query q = {.target = th_pass_target(k->pc), .objective = th_pass_objective(k->pc)};
    struct th_selection s = {.row = NULL};
    const char *why;
    nodes[1].in = th_arena_memdup(k->arena, about->in, about->n_in * sizeof *about->in);
    nodes[1].store = rings ? TH_TILE_RING : TH_TILE_LINE;
    nodes[1].slots = 2;
    for (uint32_t i = 0; i < about->n_in && nodes[1].in; i++)
        if (about->in[i].value && !about->in[i].whole)
            nodes[1].in[i].maker = 0;
    if (!nodes[1].in || th_tile_query(&t, 1, &p, columns, k->arena, &q, &why) != TH_OK ||
        !th_kernel_select(th_pass_ctx(k->pc), th_pass_backend(k->pc), &q, NULL, &s, NULL))
        return NULL;
    return s.row;
}

/* Rows of the shortest and the longest run, if there are any. */
static bool runs_in_pieces(const struct describing *k, const struct th_tile_node *about,
                           const struct th_kernel *rows[2])
{
    rows[0] = rows[1] = NULL;
    if (!th_pass_target(k->pc) || !th_pass_backend(k->pc))
        return true;
    rows[0] = piece_row(k, about, false, 1);
    rows[1] = piece_row(k, about, false, about->w);
    return rows[0] && rows[1] &&
           (about->form != TH_TILE_WINDOW || piece_row(k, about, true, 1));
}

/* Scratch and cycles of the kernel for the whole tensor, and the call; order: 0, or one to be
 * asked for first. */
static int64_t scratch_of(const struct describing *k, struct th_inst *c, int order,
                          double *cycles, const struct th_kernel **row, struct th_call **bound)
{
    struct th_query q = {.inst = c, .target = th_pass_target(k->pc),
                         .objective = th_pass_objective(k->pc), .whole = true, .order = order};
    struct th_selection s;
    struct th_call *call;
    for (int32_t a = 0; c->n_out && a < c->out[0].rank; a++)
        q.box.hi[a] = c->out[0].dims[a];
    if (!q.target || !th_pass_backend(k->pc))
        return 0;
    bool found = th_kernel_select(th_pass_ctx(k->pc), th_pass_backend(k->pc), &q, NULL, &s, NULL);
    if (!found && order) {
        q.order = 0;
        found = th_kernel_select(th_pass_ctx(k->pc), th_pass_backend(k->pc), &q, NULL, &s, NULL);
    }
    if (!found || th_call_bind(th_graph_program(k->g), s.row, &q, &call) != TH_OK)
        return 0;
    *cycles = s.cost.cycles;
    *row = s.row;
    *bound = call;
    return (int64_t)call->scratch_bytes;
}

/* A kernel that runs plane by plane, so that the result may take its operand's place. */
static bool has_planes(const struct describing *k, struct th_inst *c, int64_t *scratch,
                       double *cycles)
{
    struct th_query q = {.inst = c, .target = th_pass_target(k->pc), .order = TH_ORDER_PLANES,
                         .objective = th_pass_objective(k->pc), .whole = true};
    struct th_selection s;
    struct th_call *call;
    for (int32_t a = 0; c->n_out && a < c->out[0].rank; a++)
        q.box.hi[a] = c->out[0].dims[a];
    if (!q.target || !th_pass_backend(k->pc) || !c->op->channels ||
        !th_type_same_shape(c->in[0], &c->out[0]) ||
        !th_kernel_select(th_pass_ctx(k->pc), th_pass_backend(k->pc), &q, NULL, &s, NULL) ||
        s.row->order != TH_ORDER_PLANES ||
        th_call_bind(th_graph_program(k->g), s.row, &q, &call) != TH_OK)
        return false;
    *scratch = (int64_t)call->scratch_bytes;
    *cycles = s.cost.cycles;
    return true;
}

/* ---- nodes ----------------------------------------------------------------------------------- */
/* NULL both for the identity; false on exhaustion. */
static bool spans_of(struct describing *k, const struct th_tile_axis *a, int64_t extent,
                     const struct th_fuse_span **out)
{
    bool identity = a->n == extent;
    struct th_fuse_span *s = TH_NEW_ARRAY(k->arena, struct th_fuse_span, (size_t)a->n + 1);
    if (!s)
        return false;
    for (int64_t i = 0; i < a->n; i++) {
        s[i] = (struct th_fuse_span){(int32_t)a->lo[i], (int32_t)a->hi[i]};
        identity &= a->lo[i] == i && a->hi[i] == i + 1;
    }
    *out = identity ? NULL : s;
    return true;
}

static bool same_spans(const struct th_fuse_span *a, const struct th_fuse_span *b, int64_t n)
{
    return a == b || (a && b && !memcmp(a, b, (size_t)n * sizeof *a));
}

/* Each tensor once; *fusable ends when two uses of one differ. */
static bool add_operand(struct describing *k, struct th_fuse_node *f,
                        struct th_fuse_operand *list, const struct th_fuse_operand *o,
                        const struct th_tile_node *about, bool *fusable)
{
    for (uint32_t i = 0; i < f->n_operands; i++) {
        if (list[i].tensor != o->tensor)
            continue;
        if (list[i].whole != o->whole || !same_spans(list[i].rows, o->rows, about->h) ||
            !same_spans(list[i].cols, o->cols, about->w))
            *fusable = false;
        return true;
    }
    (void)k;
    list[f->n_operands++] = *o;
    return true;
}

/* A view in between: both sides stay outside of groups, unless it is of an input. */
static bool seen_through_view(const struct th_graph *g, th_value v)
{
    const th_value root = behind_views(g, v);
    return root != v && th_value_def(g, root);
}

/* Rows or columns that read nothing (inside of a pad) are no part of a stream. */
static bool reads_something(const struct th_tile_axis *a)
{
    for (int64_t i = 0; i < a->n; i++)
        if (a->lo[i] >= a->hi[i])
            return false;
    return true;
}

static bool take_operands(struct describing *k, th_node n, const struct th_tile_node *about,
                          struct th_fuse_node *f, bool *fusable)
{
    const uint32_t n_in = th_node_input_count(k->g, n);
    struct th_fuse_operand *list = TH_NEW_ARRAY(k->arena, struct th_fuse_operand,
                                                (size_t)n_in + 1);
    if (!list)
        return false;
    f->operands = list;
    for (uint32_t i = 0; i < n_in; i++) {
        const th_value v = th_node_input(k->g, n, i);
        struct th_fuse_operand o = {.whole = true};
        if (!v || th_value_is_const(k->g, behind_views(k->g, v)))
            continue;
        if (!tensor_of(k, v, &o.tensor))
            return false;
        *fusable &= same_shape(k, o.tensor, th_value_type(k->g, v)) &&
                    !seen_through_view(k->g, v);
        if (*fusable && !about->in[i].whole)
            *fusable = reads_something(&about->in[i].rows) && reads_something(&about->in[i].cols);
        if (*fusable && !about->in[i].whole) {
            o.whole = false;
            if (!spans_of(k, &about->in[i].rows, about->in[i].h, &o.rows) ||
                !spans_of(k, &about->in[i].cols, about->in[i].w, &o.cols))
                return false;
        }
        if (!add_operand(k, f, list, &o, about, fusable))
            return false;
    }
    return true;
}

/* The largest distance of all uses of a tensor; negative where one must not be overwritten. */
static void keep_worse(int64_t *list, uint32_t i, int64_t distance)
{
    if (list[i] == INT64_MAX || distance < 0)
        list[i] = distance;
    else if (list[i] >= 0 && distance > list[i])
        list[i] = distance;
}

/* How the kernel of a piece lets the node overwrite its own operand. */
static int64_t piece_distance(const struct describing *k, const struct th_inst *c,
                              const struct th_tile_node *about, const struct th_kernel *row,
                              uint32_t in)
{
    if (!row || about->in[in].whole)
        return -1;
    if (row->order == TH_ORDER_ELEMENT && about->form == TH_TILE_POINT)
        return th_in_place_elementwise(c, in) ? 0 : -1;
    return row->order == TH_ORDER_ROWS ? th_in_place_distance(c, row, in, k->arena) : -1;
}

/* What the kernels' write orders allow, operand by operand as take_operands has listed them. */
static bool take_distances(struct describing *k, th_node n, struct th_inst *c,
                           const struct th_tile_node *about, const struct th_kernel *alone,
                           const struct th_call *call, const struct th_kernel *const piece[2],
                           struct th_fuse_node *f)
{
    int64_t *a = TH_NEW_ARRAY(k->arena, int64_t, (size_t)f->n_operands + 1);
    int64_t *b = TH_NEW_ARRAY(k->arena, int64_t, (size_t)f->n_operands + 1);
    if (!a || !b)
        return false;
    for (uint32_t i = 0; i < f->n_operands; i++)
        a[i] = b[i] = INT64_MAX;
    for (uint32_t i = 0; i < th_node_input_count(k->g, n); i++) {
        const th_value v = th_node_input(k->g, n, i);
        uint32_t at = 0, tensor;
        if (!v || th_value_is_const(k->g, behind_views(k->g, v)))
            continue;
        if (!tensor_of(k, v, &tensor))
            return false;
        while (at < f->n_operands && f->operands[at].tensor != tensor)
            at++;
        keep_worse(a, at, alone ? th_in_place_alone(c, alone, call, i, k->arena) : -1);
        for (int w = 0; w < 2 && f->kind != TH_FUSE_OPAQUE; w++)
            keep_worse(b, at, piece_distance(k, c, about, piece[w], i));
    }
    f->alone = a;
    f->pieces = f->kind == TH_FUSE_OPAQUE ? NULL : b;
    return true;
}

static enum th_fuse_kind kind_of(const struct th_tile_node *about)
{
    return about->form == TH_TILE_POINT    ? TH_FUSE_POINT
           : about->form == TH_TILE_WINDOW ? TH_FUSE_WINDOW
                                           : TH_FUSE_REDUCE;
}

static void make_opaque(struct th_fuse_node *f)
{
    struct th_fuse_operand *list = (struct th_fuse_operand *)(uintptr_t)f->operands;
    f->kind = TH_FUSE_OPAQUE;
    for (uint32_t i = 0; i < f->n_operands; i++)
        list[i] = (struct th_fuse_operand){.tensor = list[i].tensor, .whole = true};
}

/* Further results, or none: nodes that make one tensor each. */
static bool add_results(struct describing *k, th_node n, uint32_t place)
{
    const uint32_t outs = th_node_output_count(k->g, n);
    for (uint32_t o = 0; o < outs || o < 1; o++) {
        struct th_fuse_node *f = &k->nodes[k->n_nodes];
        if (o)
            *f = (struct th_fuse_node){.kind = TH_FUSE_OPAQUE};
        if (outs) {
            if (!tensor_of(k, th_node_output(k->g, n, o), &f->out))
                return false;
        } else {
            k->tensors[k->n_tensors] = (struct th_fuse_tensor){1, 1, 0, false, false};
            f->out = k->n_tensors++;
        }
        k->place[k->n_nodes++] = place;
    }
    return true;
}

/* The three nodes that end with the last one added, when they are three of the net too. */
static void find_slices(struct describing *k, th_node n, uint32_t place)
{
    th_node nodes[3];
    const char *why;
    if (k->n_nodes < 3 || k->place[k->n_nodes - 3] + 2 != place)
        return;
    struct th_inst *c = th_split_slices_inst(k->g, n, k->arena, nodes, &why);
    struct th_fuse_node *first = &k->nodes[k->n_nodes - 3];
    const struct th_kernel *row;
    struct th_call *call;
    if (!c || th_graph_next(k->g, nodes[0]) != nodes[1] || th_graph_next(k->g, nodes[1]) != n)
        return;
    const uint32_t at = k->n_nodes - 3;
    const double by_themselves = k->price[at].cycles + k->price[at + 1].cycles +
                                 k->price[at + 2].cycles;
    first->slice_bytes = scratch_of(k, c, 0, &k->price[at].slices, &row, &call);
    const double ratio = by_themselves > 0 ? k->price[at].slices / by_themselves : 0;
    first->slice_permille = (int64_t)(1000 * (ratio < 100 ? ratio : 100));
}

static bool add_node(struct describing *k, th_node n, uint32_t place, uint32_t *n_fusable)
{
    struct th_fuse_node *f = &k->nodes[k->n_nodes];
    struct th_split_price *price = &k->price[k->n_nodes];
    struct th_inst *c = th_node_inst(k->g, n, k->arena);
    struct th_tile_node about;
    struct th_cost cost = {0};
    const char *why;
    if (!c)
        return false;
    const struct th_kernel *piece[2] = {NULL, NULL}, *row = NULL;
    struct th_call *call = NULL;
    bool fusable = th_tile_describe(k->g, n, k->arena, &about, &why) &&
                   runs_in_pieces(k, &about, piece);
    th_inst_cost(c, &cost);
    *f = (struct th_fuse_node){.macs = cost.macs};
    if (!take_operands(k, n, &about, f, &fusable))
        return false;
    if (!(c->op->traits & (TH_TRAIT_REGION | TH_TRAIT_STATE_READ | TH_TRAIT_STATE_WRITE)))
        f->scratch = scratch_of(k, c, th_in_place_wanted(k->pc, k->g, n) ? TH_ORDER_IN_PLACE : 0,
                                &price->cycles, &row, &call);
    if (fusable) {
        f->kind = kind_of(&about);
        f->acc_bytes = f->kind == TH_FUSE_REDUCE ? about.bytes : 0;
        f->direct = !(c->op->traits & TH_TRAIT_ELEMENTWISE);
        f->planes = f->kind == TH_FUSE_WINDOW &&
                    has_planes(k, c, &f->plane_scratch, &price->planes);
        price->pixel = piece[0] && piece[0]->views & TH_VIEW_PIXEL;
        (*n_fusable)++;
    } else {
        make_opaque(f);
    }
    if (th_pass_target(k->pc) && th_pass_backend(k->pc) &&
        !take_distances(k, n, c, &about, row, call, piece, f))
        return false;
    return add_results(k, n, place);
}

enum th_status th_split_describe(struct th_pass_ctx *pc, struct th_graph *g,
                                 struct th_split_net *out)
{
    struct th_arena *arena = th_pass_arena(pc);
    struct describing k = {.pc = pc, .arena = arena, .g = g};
    const size_t values = (size_t)th_graph_value_limit(g) + th_graph_node_count(g) + 1;
    uint32_t place = 0;
    *out = (struct th_split_net){0};
    k.tensors = TH_NEW_ARRAY(arena, struct th_fuse_tensor, values);
    k.nodes = TH_NEW_ARRAY(arena, struct th_fuse_node, values);
    k.place = TH_NEW_ARRAY(arena, uint32_t, values);
    k.of_value = TH_NEW_ARRAY(arena, uint32_t, values);
    k.price = TH_NEW_ARRAY(arena, struct th_split_price, values);
    if (!k.tensors || !k.nodes || !k.place || !k.of_value || !k.price)
        return TH_ERR_INTERNAL;
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n), place++) {
        if (th_node_op(g, n)->traits & TH_TRAIT_VIEW)
            continue;
        if (!add_node(&k, n, place, &out->n_fusable))
            return TH_ERR_INTERNAL;
        find_slices(&k, n, place);
    }
    for (uint32_t i = 0; i < th_graph_input_count(g); i++) {
        uint32_t t;
        if (!tensor_of(&k, th_graph_input(g, i), &t))
            return TH_ERR_INTERNAL;
    }
    for (uint32_t i = 0; i < th_graph_output_count(g); i++) {
        uint32_t t;
        if (th_value_is_const(g, th_graph_output(g, i)))
            continue;
        if (!tensor_of(&k, th_graph_output(g, i), &t))
            return TH_ERR_INTERNAL;
        k.tensors[t].is_output = true;
    }
    out->net = (struct th_fuse_net){k.tensors, k.n_tensors, k.nodes, k.n_nodes};
    out->place = k.place;
    out->price = k.price;
    return TH_OK;
}
