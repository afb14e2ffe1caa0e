/* SPDX-License-Identifier: Apache-2.0 */
/* What a node is in a tile loop, and the loop's attributes read and checked. */
#include "ir/tile.h"

#include <thimble/thimble.h>

bool th_tile_shape(const struct th_type *t, int64_t *h, int64_t *w, int64_t *pixel_bytes)
{
    if (t->rank > 4 || th_dtype_bits(t->dtype) < 8 || (t->rank > 1 && t->dims[0] != 1))
        return false;
    *h = t->rank == 4 ? t->dims[1] : 1;
    *w = t->rank >= 3 ? t->dims[t->rank - 2] : 1;
    *pixel_bytes = (t->rank ? t->dims[t->rank - 1] : 1) * (int64_t)(th_dtype_bits(t->dtype) / 8);
    return *h >= 1 && *w >= 1 && *pixel_bytes >= 1;
}

/* ---- what a node wants ----------------------------------------------------------------------- */
struct describing {
    const struct th_inst *c;
    struct th_arena *arena;
    struct th_tile_node *out;
};

static void whole_box(const struct th_type *t, struct th_box *b)
{
    for (int32_t a = 0; a < t->rank; a++) {
        b->lo[a] = 0;
        b->hi[a] = t->dims[a];
    }
}

/* Asks the window for every index of one spatial axis (back: 2 rows, 1 columns, from the end). */
static bool probe(const struct describing *k, uint32_t port, int32_t back,
                  struct th_tile_axis *axis)
{
    const struct th_type *y = &k->c->out[0], *x = k->c->in[port];
    const int32_t a = y->rank - 1 - back, b = x->rank - 1 - back;
    const int64_t n = a > 0 ? y->dims[a] : 1;
    int64_t *lo = TH_NEW_ARRAY(k->arena, int64_t, (size_t)n);
    int64_t *hi = TH_NEW_ARRAY(k->arena, int64_t, (size_t)n);
    if (!lo || !hi)
        return false;
    for (int64_t i = 0; i < n; i++) {
        struct th_box box = {{0}, {0}};
        struct th_window w = {0};
        whole_box(y, &box);
        if (a > 0) {
            box.lo[a] = i;
            box.hi[a] = i + 1;
        }
        if (!k->c->op->window(k->c, &box, port, &w))
            return false;
        lo[i] = b > 0 ? w.box.lo[b] : 0;
        hi[i] = b > 0 ? w.box.hi[b] : 1;
        if (hi[i] < lo[i])
            hi[i] = lo[i];
    }
    *axis = (struct th_tile_axis){n, lo, hi};
    return true;
}

static bool identity(const struct th_tile_axis *a, int64_t extent)
{
    if (a->n != extent)
        return false;
    for (int64_t i = 0; i < a->n; i++)
        if (a->lo[i] != i || a->hi[i] != i + 1)
            return false;
    return true;
}

static bool identity_axis(struct th_arena *arena, int64_t n, struct th_tile_axis *axis)
{
    int64_t *lo = TH_NEW_ARRAY(arena, int64_t, (size_t)n);
    int64_t *hi = TH_NEW_ARRAY(arena, int64_t, (size_t)n);
    if (!lo || !hi)
        return false;
    for (int64_t i = 0; i < n; i++) {
        lo[i] = i;
        hi[i] = i + 1;
    }
    *axis = (struct th_tile_axis){n, lo, hi};
    return true;
}

static bool describe_operand(struct describing *k, uint32_t port, const char **why)
{
    struct th_tile_operand *o = &k->out->in[port];
    const struct th_type *x = k->c->in[port];
    int64_t bytes;
    o->maker = -1;
    o->whole = true;
    if (!x || k->c->in_const[port])
        return true;
    if (!th_tile_shape(x, &o->h, &o->w, &bytes)) {
        *why = "an operand is no single map of bytes";
        return false;
    }
    if (k->out->form == TH_TILE_REDUCE) {
        o->whole = port != 0;
        return o->whole || (identity_axis(k->arena, o->h, &o->rows) &&
                            identity_axis(k->arena, o->w, &o->cols));
    }
    if ((o->h == 1 && o->w == 1 && (k->out->h > 1 || k->out->w > 1)))
        return true;             /* a vector for all pixels */
    if (!probe(k, port, 2, &o->rows) || !probe(k, port, 1, &o->cols)) {
        *why = "the operator cannot say which part of an operand it wants";
        return false;
    }
    o->whole = false;
    if (!identity(&o->rows, o->h) || !identity(&o->cols, o->w) || o->h != k->out->h ||
        o->w != k->out->w || x->rank != k->c->out[0].rank)
        k->out->form = TH_TILE_WINDOW;
    return true;
}

bool th_tile_describe(const struct th_graph *g, th_node n, struct th_arena *arena,
                      struct th_tile_node *out, const char **why)
{
    const struct th_inst *c = th_node_inst(g, n, arena);
    struct describing k = {c, arena, out};
    int64_t h, w, bytes;
    *out = (struct th_tile_node){.node = n, .form = TH_TILE_POINT};
    *why = "memory is exhausted";
    if (!c)
        return false;
    *why = "the operator is not splittable";
    if (c->n_out != 1 || c->n_in < 1 || (c->op->traits & ~(unsigned)(
            TH_TRAIT_PURE | TH_TRAIT_ELEMENTWISE | TH_TRAIT_COMMUTATIVE | TH_TRAIT_UNARY_TABLE)))
        return false;
    out->out = th_node_output(g, n, 0);
    out->n_in = c->n_in;
    out->in = TH_NEW_ARRAY(arena, struct th_tile_operand, c->n_in);
    if (!out->in || !th_tile_shape(&c->out[0], &out->h, &out->w, &out->pixel_bytes)) {
        *why = "the result is no single map of bytes";
        return false;
    }
    struct th_type accumulator;
    if (c->op->reduce && c->in[0] && out->h == 1 && out->w == 1 &&
        th_tile_shape(c->in[0], &h, &w, &bytes) && h * w > 1 && c->op->reduce(c, &accumulator)) {
        out->form = TH_TILE_REDUCE;
        out->h = h;
        out->w = w;
        out->bytes = th_type_size(&accumulator);
    } else if (!c->op->window) {
        return false;
    }
    for (uint32_t i = 0; i < c->n_in; i++) {
        out->in[i].value = th_node_input(g, n, i);
        if (!describe_operand(&k, i, why))
            return false;
    }
    for (uint32_t i = 0; i < c->n_in; i++)
        if (!out->in[i].whole)
            return true;
    *why = "no operand is a map";
    return false;
}

/* ---- direction ------------------------------------------------------------------------------- */
static bool turn_axis(struct th_arena *arena, struct th_tile_axis *axis, int64_t extent)
{
    int64_t *lo = TH_NEW_ARRAY(arena, int64_t, (size_t)axis->n + 1);
    int64_t *hi = TH_NEW_ARRAY(arena, int64_t, (size_t)axis->n + 1);
    for (int64_t i = 0; lo && hi && i < axis->n; i++) {
        lo[i] = extent - axis->hi[axis->n - 1 - i];
        hi[i] = extent - axis->lo[axis->n - 1 - i];
    }
    *axis = (struct th_tile_axis){axis->n, lo, hi};
    return lo && hi;
}

static bool turn_rows(struct th_tile *t, struct th_arena *arena)
{
    for (uint32_t i = 0; i < t->n_nodes; i++) {
        struct th_tile_operand *in = th_arena_memdup(arena, t->nodes[i].in,
                                                     t->nodes[i].n_in * sizeof *in);
        for (uint32_t p = 0; in && p < t->nodes[i].n_in; p++)
            if (!in[p].whole && !turn_axis(arena, &in[p].rows, in[p].h))
                return false;
        t->nodes[i].in = in;
        if (!in)
            return false;
    }
    t->up = !t->up;
    return true;
}

enum th_status th_tile_set_walk(struct th_graph *owner, th_node loop, bool up)
{
    const struct th_attr a = {.name = "walk", .kind = TH_ATTR_ENUM, .v.i = up};
    if (th_attr_int(th_node_attrs(owner, loop), "walk", 0) == up)
        return TH_OK;
    return th_node_set_attr(owner, loop, &a);
}

enum th_status th_tile_turn(const struct th_tile *t, struct th_arena *arena, struct th_tile *out)
{
    *out = *t;
    out->nodes = th_arena_memdup(arena, t->nodes, t->n_nodes * sizeof *t->nodes);
    return out->nodes && turn_rows(out, arena) ? TH_OK : TH_ERR_INTERNAL;
}

/* ---- the loop -------------------------------------------------------------------------------- */
struct reading {
    struct th_tile *t;
    const struct th_attrs *attrs;
    const struct th_loc *loc;
    enum th_status status;
};

static void wrong(struct reading *k, uint32_t i, const char *what)
{
    th_error(th_program_ctx(th_graph_program(k->t->owner)), k->loc, 4010,
             "node %u of the tile loop's body (%s): %s", i,
             th_node_op_name(k->t->body, k->t->nodes[i].node), what);
    k->status = TH_ERR_INPUT;
}

static void find_makers(struct reading *k, uint32_t i)
{
    struct th_tile_node *n = &k->t->nodes[i];
    for (uint32_t p = 0; p < n->n_in; p++) {
        struct th_tile_operand *o = &n->in[p];
        for (uint32_t j = 0; j < i && o->value; j++)
            if (k->t->nodes[j].out == o->value)
                o->maker = (int32_t)j;
        if (o->maker < 0)
            continue;
        if (o->whole)
            wrong(k, i, "wants a whole value that the loop makes");
        if (k->t->nodes[o->maker].form == TH_TILE_REDUCE)
            wrong(k, i, "reads what is complete only at the end");
    }
}

/* Where the node's result lies; sizes that the attributes leave impossible. */
static void read_store(struct reading *k, uint32_t i)
{
    struct th_tile *t = k->t;
    struct th_tile_node *n = &t->nodes[i];
    const bool last = i == t->stages[n->stage].last;
    n->run = th_attr_ints(k->attrs, "run", i, 0);
    n->slots = th_attr_ints(k->attrs, "slots", i, 0);
    n->tail_rows = th_attr_ints(k->attrs, "tail_rows", i, 0);
    n->tail_cols = th_attr_ints(k->attrs, "tail_cols", i, 0);
    if (n->run < 1 || n->run > n->w)
        wrong(k, i, "a run has 1 to all columns of a row");
    if (n->form == TH_TILE_REDUCE) {
        n->store = TH_TILE_ACCUMULATOR;
        if (i + 1 != t->n_nodes)
            wrong(k, i, "accumulates, but is not the last node");
        return;
    }
    if (th_value_is_output(t->body, n->out)) {
        n->store = TH_TILE_WHOLE;
        if (t->mode == TH_TILE_STRIPS && i + 1 != t->n_nodes)
            wrong(k, i, "strips have one result, the last node's");
        return;
    }
    n->store = t->mode == TH_TILE_STREAM ? TH_TILE_LINE : last ? TH_TILE_RING : TH_TILE_STRIP;
    if (n->slots > n->h || n->tail_cols > n->w || n->tail_rows > n->h)
        wrong(k, i, "more is kept than the result has");
    else if (n->store == TH_TILE_LINE)
        n->bytes = (n->slots * n->w + n->tail_cols) * n->pixel_bytes;
    else if (n->store == TH_TILE_RING)
        n->bytes = n->slots * n->w * n->pixel_bytes;
    else
        n->bytes = n->tail_rows * n->tail_cols * n->pixel_bytes;
    if (n->store == TH_TILE_LINE && n->tail_cols == 0 && n->run != n->w)
        wrong(k, i, "runs that are no whole rows need a tail");
}

static enum th_status read_stages(struct reading *k, struct th_arena *arena)
{
    struct th_tile *t = k->t;
    t->n_stages = th_attr_len(k->attrs, "strip_rows");
    t->stages = TH_NEW_ARRAY(arena, struct th_tile_stage, (size_t)t->n_stages + 1);
    if (!t->stages)
        return TH_ERR_INTERNAL;
    for (uint32_t s = 0; s < t->n_stages; s++)
        t->stages[s] = (struct th_tile_stage){
            UINT32_MAX, 0, th_attr_ints(k->attrs, "strip_rows", s, 0),
            th_attr_ints(k->attrs, "strip_cols", s, 0),
            th_attr_ints(k->attrs, "strip_less", s, 0)};
    for (uint32_t i = 0; i < t->n_nodes; i++) {
        const int64_t s = th_attr_ints(k->attrs, "stage", i, 0);
        t->nodes[i].stage = (uint32_t)s;
        if (t->stages[s].first == UINT32_MAX)
            t->stages[s].first = i;
        t->stages[s].last = i;
    }
    for (uint32_t s = 0; s < t->n_stages; s++)
        if (t->stages[s].first == UINT32_MAX ||
            (t->mode == TH_TILE_STRIPS &&
             (t->stages[s].rows < 1 || t->stages[s].less >= t->stages[s].rows))) {
            th_error(th_program_ctx(th_graph_program(t->owner)), k->loc, 4010,
                     "stage %u of the tile loop has no nodes or no rows, or its first strip has "
                     "none", s);
            k->status = TH_ERR_INPUT;
        }
    if (t->n_stages < 1 || (t->mode == TH_TILE_STREAM && t->n_stages != 1)) {
        th_error(th_program_ctx(th_graph_program(t->owner)), k->loc, 4010,
                 "a tile loop has %u stages", t->n_stages);
        k->status = TH_ERR_INPUT;
    }
    return k->status;
}

/* Inside a stage of strips only its own nodes may be read, or the last ones of stages before. */
static void check_stages(struct reading *k, uint32_t i)
{
    const struct th_tile *t = k->t;
    const struct th_tile_node *n = &t->nodes[i];
    for (uint32_t p = 0; p < n->n_in && t->mode == TH_TILE_STRIPS; p++) {
        const int32_t m = n->in[p].maker;
        if (m >= 0 && t->nodes[m].stage != n->stage &&
            (uint32_t)m != t->stages[t->nodes[m].stage].last)
            wrong(k, i, "reads what lies inside another stage");
    }
}

/* Whether the first node can keep pushed rows: in a line of whole rows, or as a stage of its own
 * whose strips are the rows. */
static bool keeps_rows(const struct th_tile *t)
{
    const struct th_tile_node *n = &t->nodes[0];
    if (t->mode == TH_TILE_STREAM)
        return n->store == TH_TILE_LINE && n->tail_cols == 0;
    return n->store == TH_TILE_RING && t->stages[0].last == 0 && t->stages[0].rows == 1 &&
           t->stages[0].cols == 0 && n->stage == 0;
}

/* Pushed rows go into the first node, which copies whole rows, and nowhere else. */
static void check_feed(struct reading *k)
{
    struct th_tile *t = k->t;
    if (t->feed < 0)
        return;
    const th_value v = th_graph_input(t->body, (uint32_t)t->feed);
    struct th_tile_node *n = &t->nodes[0];
    if (!t->n_nodes || n->n_in != 1 || n->in[0].value != v || n->form != TH_TILE_POINT ||
        n->run != n->w || !keeps_rows(t) ||
        !th_type_equal(th_value_type(t->body, v), th_value_type(t->body, n->out))) {
        wrong(k, 0, "pushed rows need a first node that copies them, in strips a stage of its own");
        return;
    }
    n->fed = true;
    for (uint32_t i = 1; i < t->n_nodes; i++)
        for (uint32_t p = 0; p < t->nodes[i].n_in; p++)
            if (t->nodes[i].in[p].value == v)
                wrong(k, i, "reads an operand whose rows are pushed");
}

enum th_status th_tile_read(struct th_graph *owner, th_node loop, struct th_arena *arena,
                            struct th_tile *out)
{
    struct reading k = {out, th_node_attrs(owner, loop), th_node_loc(owner, loop), TH_OK};
    uint32_t i = 0;
    *out = (struct th_tile){.owner = owner, .loop = loop, .body = th_node_body(owner, loop, 0)};
    out->mode = (enum th_tile_mode)th_attr_int(k.attrs, "mode", 0);
    out->feed = (int32_t)th_attr_int(k.attrs, "feed", -1);
    out->n_nodes = th_graph_node_count(out->body);
    out->nodes = TH_NEW_ARRAY(arena, struct th_tile_node, (size_t)out->n_nodes + 1);
    if (!out->nodes)
        return TH_ERR_INTERNAL;
    for (th_node n = th_graph_first(out->body); n; n = th_graph_next(out->body, n), i++) {
        const char *why;
        if (!th_tile_describe(out->body, n, arena, &out->nodes[i], &why)) {
            out->nodes[i].node = n;
            wrong(&k, i, why);
        }
    }
    if (k.status != TH_OK || read_stages(&k, arena) != TH_OK)
        return k.status == TH_OK ? TH_ERR_INTERNAL : k.status;
    for (i = 0; i < out->n_nodes; i++) {
        find_makers(&k, i);
        check_stages(&k, i);
        read_store(&k, i);
    }
    check_feed(&k);
    if (k.status == TH_OK && th_attr_int(k.attrs, "walk", 0) == 1) {
        if (out->feed >= 0)
            wrong(&k, 0, "rows are pushed from the first to the last");
        else if (!turn_rows(out, arena))
            return TH_ERR_INTERNAL;
    }
    return k.status;
}

th_value th_tile_fed_input(const struct th_graph *function, th_node *loop)
{
    for (th_node n = th_graph_first(function); n; n = th_graph_next(function, n)) {
        const bool tiles = th_node_op(function, n)->region == TH_REGION_TILE_LOOP;
        const int64_t i = tiles ? th_attr_int(th_node_attrs(function, n), "feed", -1) : -1;
        if (i < 0)
            continue;
        if (loop)
            *loop = n;
        return th_node_input(function, n, (uint32_t)i);
    }
    return 0;
}

int64_t th_tile_cursor_bytes(const struct th_tile *t)
{
    for (uint32_t i = 0; i < t->n_nodes; i++)
        if (t->nodes[i].h > UINT16_MAX || t->nodes[i].w > UINT16_MAX)
            return 8;
    return 4;
}
