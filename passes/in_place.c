/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proposes which outputs may lie over which inputs: what the op's record allows, at the distance
 * that the chosen kernel's write order needs. Whether a proposal is taken depends on lifetimes and
 * is the planner's business.
 */
#include "passes/in_place.h"

#include <string.h>

#include "ir/call.h"
#include "ir/tile.h"
#include "passes/caller_io.h"
#include "passes/util.h"
#include "plan/plan.h"

#define MAX_STEPS (1 << 20)
#define MAX_ALIASES 32

struct proposing {
    struct th_pass_ctx *pc;
    uint32_t exact, overlapping;
    bool down, up;             /* directions that tile loops may walk in */
};

static enum th_status propose(struct proposing *k, struct th_graph *g, struct th_share s)
{
    if (!th_graph_add_share(g, &s))
        return TH_ERR_INTERNAL;
    if (s.exact || s.state)
        k->exact++;
    else
        k->overlapping++;
    return TH_OK;
}

/* Element i is written after element i of the input was read. */
static int64_t element_distance(const struct th_type *in, const struct th_type *out)
{
    int64_t n = th_type_elems(out), grow;
    grow = (int64_t)th_dtype_bits(out->dtype) / 8 - (int64_t)th_dtype_bits(in->dtype) / 8;
    return n < 2 || grow <= 0 ? 0 : (n - 1) * grow;
}

static int64_t byte_of(const struct th_type *t, const int64_t *index)
{
    int64_t flat = 0;
    for (int32_t a = 0; a < t->rank; a++)
        flat = flat * t->dims[a] + index[a];
    return flat * (int64_t)(th_dtype_bits(t->dtype) / 8);
}

/* First input byte read for one output pixel, INT64_MAX when none; false: no window. */
static bool oldest_byte(const struct th_inst *c, uint32_t in, const struct th_box *box,
                        int64_t *oldest)
{
    struct th_window w = {0};
    const struct th_type *t = c->in[in];
    if (!c->op->window(c, box, in, &w))
        return false;
    *oldest = byte_of(t, w.box.lo);
    for (int32_t a = 0; a < t->rank; a++)
        if (w.box.hi[a] <= w.box.lo[a])
            *oldest = INT64_MAX;
    return true;
}

/* Pixel by pixel in raster order; group as struct th_kernel says. -1: cannot overlap. */
static int64_t rows_distance(const struct th_inst *c, uint32_t in, int32_t group,
                             struct th_arena *arena)
{
    const struct th_type *out = &c->out[0];
    int64_t n = 1, pixel = 0;
    if (!c->op->window || out->rank < 1 || group == 0)
        return -1;
    for (int32_t a = 0; a < out->rank - 1; a++)
        n *= out->dims[a];
    pixel = out->dims[out->rank - 1] * (int64_t)(th_dtype_bits(out->dtype) / 8);
    if (n < 1 || n > MAX_STEPS)
        return -1;
    int64_t *written = TH_NEW_ARRAY(arena, int64_t, (size_t)n + 1);
    int64_t *oldest = TH_NEW_ARRAY(arena, int64_t, (size_t)n + 1);
    if (!written || !oldest)
        return -1;
    /* Reads that go on while a pixel is written count as reads of the step after. */
    int64_t late = group < 0, ahead = group < 0 ? -(int64_t)group : 1;
    struct th_box box = {{0}, {0}};
    oldest[0] = INT64_MAX;
    written[n] = n * pixel;
    for (int64_t p = 0; p < n; p++) {
        int64_t rest = p;
        for (int32_t a = out->rank - 2; a >= 0; a--) {
            box.lo[a] = rest % out->dims[a];
            box.hi[a] = box.lo[a] + 1;
            rest /= out->dims[a];
        }
        box.hi[out->rank - 1] = out->dims[out->rank - 1];
        written[p] = (p + ahead < n ? p + ahead : n) * pixel;
        if (!oldest_byte(c, in, &box, &oldest[p + late]))
            return -1;
    }
    return th_plan_distance((uint32_t)(n + late), written, oldest);
}

int64_t th_in_place_distance(const struct th_inst *c, const struct th_kernel *row, uint32_t in,
                             struct th_arena *arena)
{
    if (row->order == TH_ORDER_ROWS)
        return rows_distance(c, in, row->group, arena);
    if (row->order == TH_ORDER_ELEMENT && th_type_elems(c->in[in]) == th_type_elems(&c->out[0]))
        return element_distance(c->in[in], &c->out[0]);
    if (row->order == TH_ORDER_PLANES && in == 0 && c->op->channels &&
        th_type_size(c->in[in]) == th_type_size(&c->out[0]) &&
        c->in[in]->dims[c->in[in]->rank - 1] == c->out[0].dims[c->out[0].rank - 1])
        return 0;
    if (row->order == TH_ORDER_IN_PLACE && in == 0 &&
        th_type_size(c->in[in]) == th_type_size(&c->out[0]))
        return 0;
    return -1;
}

bool th_in_place_wanted(const struct th_pass_ctx *pc, const struct th_graph *g, th_node n)
{
    const th_value x = th_node_input_count(g, n) ? th_node_input(g, n, 0) : 0;
    const enum th_objective o = th_pass_objective(pc);
    return x && o != TH_OPT_TIME && o != TH_OPT_SIZE && !th_value_is_const(g, x) &&
           th_value_use_count(g, x) == 1 && !(th_value_is_input(g, x) && th_caller_io(pc));
}

/* May input `in` be overwritten by this call at all? */
static bool may_share(const struct th_inst *c, const struct th_call *call, uint32_t in,
                      uint32_t out)
{
    if (in >= c->n_in || out >= c->n_out || !c->in[in] || c->in_const[in])
        return false;
    if (th_dtype_bits(c->in[in]->dtype) < 8 || th_dtype_bits(c->out[out].dtype) < 8)
        return false;
    return !call || call->batch <= 1 || (in < 32 && call->batch_in >> in & 1);
}

/* The record allows output 0 to overwrite `in` element by element. */
static bool aliased(const struct th_inst *c, uint32_t in)
{
    struct th_alias list[MAX_ALIASES];
    const uint32_t found = c->op->alias ? c->op->alias(c, list, MAX_ALIASES) : 0;
    for (uint32_t i = 0; i < found && i < MAX_ALIASES; i++)
        if (list[i].in == in && list[i].out == 0)
            return th_type_elems(c->in[in]) == th_type_elems(&c->out[0]);
    return false;
}

bool th_in_place_elementwise(const struct th_inst *c, uint32_t in)
{
    return aliased(c, in) && th_dtype_bits(c->in[in]->dtype) == th_dtype_bits(c->out[0].dtype);
}

int64_t th_in_place_alone(const struct th_inst *c, const struct th_kernel *row,
                          const struct th_call *call, uint32_t in, struct th_arena *arena)
{
    if (!may_share(c, call, in, 0) || (row->order == TH_ORDER_ELEMENT && !aliased(c, in)))
        return -1;
    const int64_t d = th_in_place_distance(c, row, in, arena);
    return d < th_type_size(&c->out[0]) ? d : -1;
}

static enum th_status propose_by_element(struct proposing *k, struct th_graph *g, th_node n,
                                         const struct th_inst *c, const struct th_call *call)
{
    struct th_alias list[MAX_ALIASES];
    uint32_t found = c->op->alias ? c->op->alias(c, list, MAX_ALIASES) : 0;
    for (uint32_t i = 0; i < found && i < MAX_ALIASES; i++) {
        uint32_t in = list[i].in, out = list[i].out;
        if (!may_share(c, call, in, out) ||
            th_type_elems(c->in[in]) != th_type_elems(&c->out[out]))
            continue;
        struct th_share s = {.out = th_node_output(g, n, out), .in = th_node_input(g, n, in),
                             .distance = element_distance(c->in[in], &c->out[out])};
        TH_TRY(propose(k, g, s));
    }
    return TH_OK;
}

static enum th_status propose_by_rows(struct proposing *k, struct th_graph *g, th_node n,
                                      const struct th_inst *c, const struct th_kernel_note *note)
{
    for (uint32_t in = 0; in < c->n_in; in++) {
        const int64_t d = th_in_place_alone(c, note->row, note->call, in, c->arena);
        if (d < 0)
            continue;
        struct th_share s = {.out = th_node_output(g, n, 0), .in = th_node_input(g, n, in),
                             .distance = d};
        TH_TRY(propose(k, g, s));
    }
    return TH_OK;
}

/* Plane by plane, or in place: the output may take that of an operand of its own size. */
static enum th_status propose_exact(struct proposing *k, struct th_graph *g, th_node n,
                                    const struct th_inst *c, const struct th_call *call)
{
    if (!may_share(c, call, 0, 0) || th_in_place_distance(c, th_node_note_const(g, n)->row, 0,
                                                           c->arena) != 0)
        return TH_OK;
    return propose(k, g, (struct th_share){.out = th_node_output(g, n, 0),
                                           .in = th_node_input(g, n, 0), .same = true});
}

static enum th_status propose_node(struct proposing *k, struct th_graph *g, th_node n,
                                   struct th_arena *arena)
{
    const struct th_op *op = th_node_op(g, n);
    const struct th_kernel_note *note = th_node_note_const(g, n);
    th_value in = th_node_input_count(g, n) ? th_node_input(g, n, 0) : 0;
    if (op->traits & TH_TRAIT_VIEW) {
        if (!in || th_value_is_const(g, in))
            return TH_OK;
        return propose(k, g, (struct th_share){.out = th_node_output(g, n, 0), .in = in,
                                               .exact = true});
    }
    if (op->traits & TH_TRAIT_STATE_WRITE) {
        if (!in || th_value_is_const(g, in) || th_value_is_input(g, in))
            return TH_OK;
        th_state s = (th_state)th_attr_int(th_node_attrs(g, n), "state", 0);
        return propose(k, g, (struct th_share){.out = in, .state = s});
    }
    if (!note->row || note->row->order == TH_ORDER_ANY)
        return TH_OK;
    struct th_inst *c = th_node_inst(g, n, arena);
    if (!c)
        return TH_ERR_INTERNAL;
    if (note->row->order == TH_ORDER_PLANES || note->row->order == TH_ORDER_IN_PLACE)
        return propose_exact(k, g, n, c, note->call);
    return note->row->order == TH_ORDER_ELEMENT ? propose_by_element(k, g, n, c, note->call)
                                                : propose_by_rows(k, g, n, c, note);
}

/* ---- tile loops ------------------------------------------------------------------------------ */
/* How node i writes while it reads value `in` itself. */
static struct th_tile_order piece_order(const struct th_tile *t, uint32_t i, th_value in,
                                        struct th_arena *arena)
{
    const struct th_tile_node *n = &t->nodes[i];
    const struct th_kernel *row = th_node_note_const(t->body, n->node)->row;
    struct th_tile_order order = {false, 0};
    if (row && row->order == TH_ORDER_ROWS && row->group != 0)
        order = (struct th_tile_order){true, row->group};
    const struct th_inst *c = row && row->order == TH_ORDER_ELEMENT
                                  ? th_node_inst(t->body, n->node, arena) : NULL;
    order.pixels |= c != NULL && n->form == TH_TILE_POINT;
    for (uint32_t p = 0; p < n->n_in && c; p++)
        if (n->in[p].value == in && (n->in[p].whole || !th_in_place_elementwise(c, p)))
            order.pixels = false;
    return order;
}

/* Its sums depend on the order of the pieces. */
static bool rounds(const struct th_tile *t, uint32_t i)
{
    const struct th_type *type = th_value_type(t->body, t->nodes[i].out);
    return t->nodes[i].form == TH_TILE_REDUCE && th_dtype_is_float(type->dtype);
}

/* The loop turned, when what is kept of every value suffices then. */
static enum th_status turned(const struct th_tile *t, struct th_arena *arena, struct th_tile *up,
                             bool *possible)
{
    *possible = false;
    if (t->feed >= 0)
        return TH_OK;
    TH_TRY(th_tile_turn(t, arena, up));
    TH_TRY(th_tile_fit(up, arena));
    *possible = true;
    for (uint32_t i = 0; i < t->n_nodes; i++) {
        struct th_tile_node *n = &up->nodes[i];
        const struct th_tile_node *kept = &t->nodes[i];
        *possible &= n->slots <= kept->slots && n->tail_cols <= kept->tail_cols &&
                     n->tail_rows <= kept->tail_rows && !rounds(t, i);
        n->slots = kept->slots;
        n->tail_cols = kept->tail_cols;
        n->tail_rows = kept->tail_rows;
        n->bytes = kept->bytes;
    }
    return TH_OK;
}

/* How far `out` may begin behind `in` when the loop walks up; 0: not over it. */
static int64_t above(const struct th_tile *up, th_value out, th_value in, struct th_arena *arena)
{
    const int64_t size = th_type_size(th_value_type(up->body, in));
    const int64_t grown = th_type_size(th_value_type(up->body, out));
    const int64_t d = th_tile_distance(up, out, in, (struct th_tile_order){false, 0}, arena);
    if (d < 0 || d >= grown)
        return 0;
    return size + d > grown ? size + d - grown : 1;
}

/* A result of the loop grows into an operand that dies in it. */
static enum th_status propose_tile(struct proposing *k, struct th_graph *g, th_node loop,
                                   struct th_arena *arena)
{
    struct th_tile t, up;
    bool turns = false;
    TH_TRY(th_tile_set_walk(g, loop, false));
    TH_TRY(th_tile_read(g, loop, arena, &t));
    if (k->up)
        TH_TRY(turned(&t, arena, &up, &turns));
    if (turns && !k->down)
        TH_TRY(th_tile_set_walk(g, loop, true));
    for (uint32_t o = 0; o < th_graph_output_count(t.body); o++) {
        const th_value out = th_graph_output(t.body, o);
        uint32_t maker = 0;
        while (maker + 1 < t.n_nodes && t.nodes[maker].out != out)
            maker++;
        for (uint32_t i = 0; i < th_graph_input_count(t.body); i++) {
            const th_value in = th_graph_input(t.body, i);
            const struct th_tile_order order = piece_order(&t, maker, in, arena);
            struct th_share s = {.out = th_node_output(g, loop, o),
                                 .in = th_node_input(g, loop, i)};
            if (!s.in || th_value_is_const(g, s.in) || (int32_t)i == t.feed)
                continue;
            const int64_t grown = th_type_size(th_value_type(t.body, out));
            s.distance = k->down || !turns ? th_tile_distance(&t, out, in, order, arena) : grown;
            if (s.distance < 0)
                continue;
            if (turns)
                s.above = above(&up, out, in, arena);
            if (s.distance < grown || s.above)
                TH_TRY(propose(k, g, s));
        }
    }
    return TH_OK;
}

/* Inside a tile loop values are no whole tensors: what they share, the loop shares. */
static enum th_status propose_graph(struct proposing *k, struct th_graph *g)
{
    struct th_arena *arena = th_arena_new(0);
    enum th_status s = arena ? TH_OK : TH_ERR_INTERNAL;
    for (th_node n = th_graph_first(g); n && s == TH_OK; n = th_graph_next(g, n)) {
        const bool tiles = th_node_op(g, n)->region == TH_REGION_TILE_LOOP;
        s = tiles ? propose_tile(k, g, n, arena) : propose_node(k, g, n, arena);
        for (uint32_t b = 0; b < th_node_body_count(g, n) && !tiles && s == TH_OK; b++)
            s = propose_graph(k, th_node_body(g, n, b));
        th_arena_clear(arena);
    }
    th_arena_free(arena);
    return s;
}

static enum th_status clear_shares(struct th_graph *g, void *user)
{
    (void)user;
    th_graph_clear_shares(g);
    return TH_OK;
}

static enum th_status run(struct th_pass_ctx *pc, struct th_program *p)
{
    const char *walk = th_pass_option(pc, "walk");
    struct proposing k = {pc, 0, 0, !walk || strcmp(walk, "up") != 0,
                          !walk || strcmp(walk, "down") != 0};
    if (walk && *walk && k.down && k.up) {
        th_error(th_pass_ctx(pc), NULL, 3101, "in-place: '%s' is no direction", walk);
        th_help(th_pass_ctx(pc), 0, "write walk=down or walk=up");
        return TH_ERR_USAGE;
    }
    TH_TRY(th_program_walk(p, clear_shares, NULL));
    for (uint32_t i = 0; i < th_program_function_count(p); i++)
        TH_TRY(propose_graph(&k, th_program_function(p, i)));
    th_pass_remark(pc, "%u values may share storage, %u may overlap", k.exact, k.overlapping);
    return TH_OK;
}

static const struct th_option_spec options[] = {
    {.name = "walk", .kind = TH_OPTION_STRING,
     .help = "down or up: direction of all tile loops that can; else as memory wants it"},
    {.name = NULL}};

const struct th_pass th_pass_in_place = {
    .struct_size = sizeof(struct th_pass),
    .name = "in-place",
    .summary = "propose outputs that may lie over their inputs",
    .requires_props = TH_PROP_PACKED,
    .provides_props = TH_PROP_ALIASED,
    .invalidates_props = TH_PROP_SCHEDULED | TH_PROP_PLANNED,
    .options = options,
    .run = run,
};
