/* SPDX-License-Identifier: Apache-2.0 */
/* Steps and lifetimes of a function and the bodies below it. */
#include "passes/storage.h"

#include <string.h>

/* ---- collecting graphs --------------------------------------------------------------------- */
static uint32_t count_graphs(const struct th_graph *g)
{
    uint32_t n = 1;
    for (th_node i = th_graph_first(g); i; i = th_graph_next(g, i))
        for (uint32_t b = 0; b < th_node_body_count(g, i); b++)
            n += count_graphs(th_node_body(g, i, b));
    return n;
}

static enum th_status add_graph(struct th_layout *l, struct th_graph *g, th_node owner,
                                int32_t parent)
{
    uint32_t me = l->n_graphs++;
    struct th_layout_graph *r = &l->graphs[me];
    *r = (struct th_layout_graph){.graph = g, .base = l->n_values, .owner = owner,
                                  .parent = parent};
    r->spans = TH_NEW_ARRAY(l->arena, struct th_span, (size_t)th_graph_node_limit(g) + 1);
    if (!r->spans)
        return TH_ERR_INTERNAL;
    if (parent >= 0) {
        struct th_graph *outer = l->graphs[parent].graph;
        if (th_node_op(outer, owner)->region == TH_REGION_TILE_LOOP) {
            r->tile = TH_NEW(l->arena, struct th_tile);
            if (!r->tile)
                return TH_ERR_INTERNAL;
            TH_TRY(th_tile_read(outer, owner, l->arena, r->tile));
        }
    }
    l->n_values += th_graph_value_limit(g);
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n))
        for (uint32_t b = 0; b < th_node_body_count(g, n); b++)
            TH_TRY(add_graph(l, th_node_body(g, n, b), n, (int32_t)me));
    return TH_OK;
}

struct th_layout_graph *th_layout_body(const struct th_layout *l, const struct th_graph *body)
{
    for (uint32_t i = 0; i < l->n_graphs; i++)
        if (l->graphs[i].graph == body)
            return &l->graphs[i];
    return NULL;
}

uint32_t th_layout_class(const struct th_layout *l, uint32_t value)
{
    while (l->values[value].klass != value)
        value = l->values[value].klass;
    return value;
}

/* ---- steps --------------------------------------------------------------------------------- */
static void number_steps(struct th_layout *l, struct th_layout_graph *r)
{
    r->first = l->n_steps;
    for (th_node n = th_graph_first(r->graph); n; n = th_graph_next(r->graph, n)) {
        r->spans[n].enter = l->n_steps++;
        for (uint32_t b = 0; b < th_node_body_count(r->graph, n); b++)
            number_steps(l, th_layout_body(l, th_node_body(r->graph, n, b)));
        if (th_node_body_count(r->graph, n))
            l->n_steps++;
        r->spans[n].exit = l->n_steps - 1;
    }
    r->last = l->n_steps++;      /* results are taken: the end of a function, a body's copies */
}

/* ---- lifetimes ----------------------------------------------------------------------------- */
static bool is_stored(const struct th_graph *g, th_value v)
{
    return v && !th_value_is_const(g, v);
}

static void born(struct th_layout *l, struct th_layout_graph *r, th_value v, int32_t step)
{
    struct th_layout_value *x = &l->values[r->base + v];
    if (!is_stored(r->graph, v))
        return;
    if (x->first < 0 || step < x->first)
        x->first = step;
    if (step > x->last)
        x->last = step;
}

static void used(struct th_layout *l, struct th_layout_graph *r, th_value v, int32_t step)
{
    struct th_layout_value *x = &l->values[r->base + v];
    if (is_stored(r->graph, v) && step > x->last)
        x->last = step;
}

/* Parameters of a body: while a loop turns they keep what the next turn reads. */
static void live_params(struct th_layout *l, const struct th_layout_graph *owner, th_node n,
                        enum th_region_kind kind)
{
    struct th_span s = owner->spans[n];
    for (uint32_t b = 0; b < th_node_body_count(owner->graph, n); b++) {
        struct th_layout_graph *body = th_layout_body(l, th_node_body(owner->graph, n, b));
        for (uint32_t i = 0; i < th_graph_input_count(body->graph); i++) {
            th_value v = th_graph_input(body->graph, i);
            born(l, body, v, s.enter);
            if (kind != TH_REGION_IF)
                used(l, body, v, s.exit);
        }
    }
}

static void live_node(struct th_layout *l, struct th_layout_graph *r, th_node n)
{
    const struct th_op *op = th_node_op(r->graph, n);
    struct th_span s = r->spans[n];
    int32_t made = s.exit;
    if (op->region == TH_REGION_TILE_LOOP)
        made = s.enter;
    else if (op->region == TH_REGION_IF)
        made = th_layout_body(l, th_node_body(r->graph, n, 0))->last;
    for (uint32_t i = 0; i < th_node_input_count(r->graph, n); i++)
        used(l, r, th_node_input(r->graph, n, i), s.enter);
    for (uint32_t i = 0; i < th_node_output_count(r->graph, n); i++) {
        born(l, r, th_node_output(r->graph, n, i), made);
        used(l, r, th_node_output(r->graph, n, i), s.exit);
    }
    live_params(l, r, n, op->region);
}

static void live_graph(struct th_layout *l, struct th_layout_graph *r)
{
    if (r->parent < 0)
        for (uint32_t i = 0; i < th_graph_input_count(r->graph); i++)
            born(l, r, th_graph_input(r->graph, i), 0);
    for (th_node n = th_graph_first(r->graph); n; n = th_graph_next(r->graph, n))
        live_node(l, r, n);
    for (uint32_t i = 0; i < th_graph_output_count(r->graph); i++)
        used(l, r, th_graph_output(r->graph, i), r->last);
}

/* What the nodes of a tile loop make, in pieces. */
static enum th_status live_tile(struct th_layout *l, struct th_layout_graph *r)
{
    const struct th_tile *t = r->tile;
    const struct th_span loop = l->graphs[r->parent].spans[r->owner];
    struct th_tile_life *life = TH_NEW_ARRAY(l->arena, struct th_tile_life,
                                             (size_t)t->n_nodes + 1);
    if (!life)
        return TH_ERR_INTERNAL;
    TH_TRY(th_tile_lives(t, l->arena, life));
    for (uint32_t i = 0; i < t->n_nodes; i++) {
        struct th_layout_value *x = &l->values[r->base + t->nodes[i].out];
        x->first = life[i].always ? loop.enter : r->spans[t->nodes[life[i].first].node].enter;
        x->last = life[i].always ? loop.exit : r->spans[t->nodes[life[i].last].node].exit;
    }
    return TH_OK;
}

/* ---- classes ------------------------------------------------------------------------------- */
static void want(struct th_layout *l, const struct th_layout_graph *r, th_value v, int64_t align,
                 int64_t slack)
{
    struct th_layout_class *c = &l->classes[r->base + v];
    if (align > c->align)
        c->align = align;
    if (align > c->need)
        c->need = align;
    if (slack > c->slack)
        c->slack = slack;
}

/* What kernels ask of their operands. */
static void want_node(struct th_layout *l, const struct th_layout_graph *r, th_node n)
{
    const struct th_kernel *row = th_node_note_const(r->graph, n)->row;
    if (!row)
        return;
    for (uint32_t i = 0; i < th_node_input_count(r->graph, n); i++)
        want(l, r, th_node_input(r->graph, n, i), row->align_in, row->over_read);
    for (uint32_t i = 0; i < th_node_output_count(r->graph, n); i++)
        want(l, r, th_node_output(r->graph, n, i), row->align_out, 0);
}

static int64_t element_bytes(const struct th_type *t)
{
    unsigned bits = th_dtype_bits(t->dtype);
    return bits < 8 ? 1 : bits / 8;
}

static void init_class(struct th_layout *l, uint32_t i, const struct th_type *t)
{
    int64_t element = element_bytes(t);
    l->classes[i].bytes = th_type_size(t);
    l->classes[i].align = element > (int64_t)l->align ? element : (int64_t)l->align;
    l->classes[i].need = element;
    l->classes[i].first = l->values[i].first;
    l->classes[i].last = l->values[i].last;
}

/* Lines, strips and rings are smaller than what they hold parts of. */
static void init_tile_classes(struct th_layout *l, const struct th_layout_graph *r)
{
    for (uint32_t i = 0; i < r->tile->n_nodes; i++) {
        const struct th_tile_node *n = &r->tile->nodes[i];
        if (n->store != TH_TILE_WHOLE && n->store != TH_TILE_ACCUMULATOR)
            l->classes[r->base + n->out].bytes = n->bytes;
    }
}

/* Rows that are pushed lie nowhere but in the line that keeps them. */
static void init_fed_classes(struct th_layout *l, const struct th_layout_graph *body)
{
    const struct th_layout_graph *outer = &l->graphs[body->parent];
    const uint32_t feed = (uint32_t)body->tile->feed;
    l->classes[body->base + th_graph_input(body->graph, feed)].bytes = 0;
    l->classes[outer->base + th_node_input(outer->graph, body->owner, feed)].bytes = 0;
}

/* A tile loop's operands are read where they lie, so they have the room that its body wants. */
static void want_operands(struct th_layout *l, const struct th_layout_graph *body)
{
    const struct th_layout_graph *outer = &l->graphs[body->parent];
    for (uint32_t i = 0; i < th_graph_input_count(body->graph); i++) {
        const uint32_t param = body->base + th_graph_input(body->graph, i);
        want(l, outer, th_node_input(outer->graph, body->owner, i), 0, l->classes[param].slack);
    }
}

static void init_classes(struct th_layout *l)
{
    for (uint32_t k = 0; k < l->n_graphs; k++) {
        struct th_layout_graph *r = &l->graphs[k];
        l->classes[r->base].first = -1;      /* value 0 is none */
        for (th_value v = 1; v < th_graph_value_limit(r->graph); v++)
            init_class(l, r->base + v, th_value_type(r->graph, v));
        if (r->tile)
            init_tile_classes(l, r);
        if (r->tile && r->tile->feed >= 0)
            init_fed_classes(l, r);
        for (th_node n = th_graph_first(r->graph); n; n = th_graph_next(r->graph, n))
            want_node(l, r, n);
        for (uint32_t i = 0; i < th_graph_input_count(r->graph); i++)
            l->classes[r->base + th_graph_input(r->graph, i)].outside = true;
        if (r->tile)
            want_operands(l, r);
    }
    for (th_state s = 1; s <= th_program_state_count(l->program); s++) {
        uint32_t i = l->state_base + s - 1;
        l->values[i].first = 0;
        l->values[i].last = l->n_steps - 1;
        init_class(l, i, th_state_type(l->program, s));
        l->classes[i].state = s;
    }
}

/* What the caller keeps takes no part in the plan. select-kernels saw to it that outputs are
 * different computed values. */
static void init_caller(struct th_layout *l)
{
    const struct th_layout_graph *r = &l->graphs[0];
    uint32_t n = 0;
    for (uint32_t i = 0; i < th_graph_input_count(r->graph); i++) {
        struct th_layout_class *c = &l->classes[r->base + th_graph_input(r->graph, i)];
        c->caller = ++n;
        c->given = true;
    }
    for (uint32_t i = 0; i < th_graph_output_count(r->graph); i++)
        l->classes[r->base + th_graph_output(r->graph, i)].caller = ++n;
}

enum th_status th_layout_build(struct th_program *p, struct th_graph *function, uint32_t align,
                               bool caller_io, struct th_arena *arena, struct th_layout *out)
{
    *out = (struct th_layout){.program = p, .arena = arena, .align = align ? align : 1,
                              .n_steps = 1, .cap_graphs = count_graphs(function)};
    out->graphs = TH_NEW_ARRAY(arena, struct th_layout_graph, out->cap_graphs);
    if (!out->graphs)
        return TH_ERR_INTERNAL;
    TH_TRY(add_graph(out, function, 0, -1));
    out->state_base = out->n_values;
    out->n_values += th_program_state_count(p);
    out->values = TH_NEW_ARRAY(arena, struct th_layout_value, (size_t)out->n_values + 1);
    out->classes = TH_NEW_ARRAY(arena, struct th_layout_class, (size_t)out->n_values + 1);
    if (!out->values || !out->classes)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < out->n_values; i++)
        out->values[i] = (struct th_layout_value){.klass = i, .first = -1, .last = -1};
    for (uint32_t k = 0; k < out->n_graphs; k++)
        for (th_value v = 0; v < th_graph_value_limit(out->graphs[k].graph); v++) {
            out->values[out->graphs[k].base + v].in = &out->graphs[k];
            out->values[out->graphs[k].base + v].value = v;
        }
    number_steps(out, &out->graphs[0]);
    for (uint32_t k = 0; k < out->n_graphs; k++)
        live_graph(out, &out->graphs[k]);
    for (uint32_t k = 0; k < out->n_graphs; k++)
        if (out->graphs[k].tile)
            TH_TRY(live_tile(out, &out->graphs[k]));
    init_classes(out);
    if (caller_io)
        init_caller(out);
    return th_layout_merge(out);
}
