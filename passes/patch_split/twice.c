/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/patch_split/twice.h"

#include <stdlib.h>
#include <string.h>

#include <thimble/op.h>

/* ---- which maps ---------------------------------------------------------------------------- */
struct finding {
    const struct th_fuse_net *net;
    struct th_arena *arena;
    uint32_t *maker;         /* by tensor: its node, or none */
    uint8_t *from;           /* by node: depends on the map in question */
};

#define NONE UINT32_MAX

static int64_t size_of(const struct th_fuse_net *net, uint32_t t)
{
    const struct th_fuse_tensor *x = &net->tensors[t];
    return x->pixel_bytes * x->h * x->w;
}

static const struct th_fuse_operand *reads(const struct th_fuse_node *n, uint32_t t)
{
    for (uint32_t k = 0; k < n->n_operands; k++)
        if (n->operands[k].tensor == t)
            return &n->operands[k];
    return NULL;
}

static uint32_t readers(const struct th_fuse_net *net, uint32_t t, uint32_t begin)
{
    uint32_t n = 0;
    for (uint32_t j = begin; j < net->n_nodes; j++)
        n += reads(&net->nodes[j], t) != NULL;
    return n;
}

/* The first node that reads tensor t pixel by pixel, and whole what was made of all of t. */
static uint32_t find_gate(struct finding *f, uint32_t j)
{
    const struct th_fuse_net *net = f->net;
    const uint32_t t = net->nodes[j].out;
    memset(f->from, 0, net->n_nodes);
    f->from[j] = 1;
    for (uint32_t i = j + 1; i < net->n_nodes; i++) {
        const struct th_fuse_node *n = &net->nodes[i];
        const struct th_fuse_operand *map = reads(n, t);
        bool gated = false;
        for (uint32_t k = 0; k < n->n_operands; k++) {
            const uint32_t m = f->maker[n->operands[k].tensor];
            const bool depends = m != NONE && f->from[m];
            f->from[i] |= depends;
            gated |= depends && n->operands[k].whole && n->operands[k].tensor != t;
        }
        if (gated && map && !map->whole && n->kind == TH_FUSE_POINT)
            return i;
    }
    return NONE;
}

/* It runs in pieces and reads one tensor: where it can be made again from less than itself, only
 * its own operand must be kept. */
static bool runs_again(const struct finding *f, uint32_t j)
{
    const struct th_fuse_node *n = &f->net->nodes[j];
    return (n->kind == TH_FUSE_WINDOW || n->kind == TH_FUSE_POINT) && n->n_operands == 1 &&
           !n->operands[0].whole;
}

/* From the last map on that is smaller, or kept anyway. */
static bool find_chain(const struct finding *f, uint32_t j, struct th_split_block *b)
{
    const struct th_fuse_net *net = f->net;
    const int64_t size = size_of(net, net->nodes[j].out);
    uint32_t n = 0, at = j, t;
    for (;;) {
        if (!runs_again(f, at))
            return false;
        b->chain[n++] = at;
        t = net->nodes[at].operands[0].tensor;
        if (size_of(net, t) < size || readers(net, t, 0) > 1 || net->tensors[t].is_output ||
            f->maker[t] == NONE)
            break;
        at = f->maker[t];
    }
    const bool kept = net->tensors[t].is_output || readers(net, t, b->gate) > 0;
    for (uint32_t a = 0, z = n; a + 1 < z; a++) {
        const uint32_t node = b->chain[a];
        b->chain[a] = b->chain[--z];
        b->chain[z] = node;
    }
    b->n_chain = n;
    b->stored = size + (kept ? size_of(net, t) : 0);
    return kept || size_of(net, t) < size;
}

static int by_stored(const void *a, const void *b)
{
    const struct th_split_block *x = a, *y = b;
    if (x->stored != y->stored)
        return x->stored > y->stored ? -1 : 1;
    return x->gate < y->gate ? -1 : x->gate > y->gate;
}

enum th_status th_split_find_blocks(const struct th_split_net *net, struct th_arena *arena,
                                    struct th_split_blocks *out)
{
    const struct th_fuse_net *x = &net->net;
    struct finding f = {.net = x, .arena = arena,
                        .maker = TH_NEW_ARRAY(arena, uint32_t, (size_t)x->n_tensors + 1),
                        .from = TH_NEW_ARRAY(arena, uint8_t, (size_t)x->n_nodes + 1)};
    uint32_t *chain = TH_NEW_ARRAY(arena, uint32_t, (size_t)x->n_nodes + 1);
    *out = (struct th_split_blocks){TH_NEW_ARRAY(arena, struct th_split_block,
                                                 (size_t)x->n_nodes + 1), 0};
    if (!f.maker || !f.from || !chain || !out->list)
        return TH_ERR_INTERNAL;
    for (uint32_t t = 0; t < x->n_tensors; t++)
        f.maker[t] = NONE;
    for (uint32_t j = 0; j < x->n_nodes; j++)
        f.maker[x->nodes[j].out] = j;
    for (uint32_t j = 0; j < x->n_nodes; j++) {
        struct th_split_block b = {.chain = chain};
        const uint32_t t = x->nodes[j].out;
        if (x->tensors[t].is_output || !runs_again(&f, j) || readers(x, t, 0) < 2)
            continue;
        b.gate = find_gate(&f, j);
        if (b.gate == NONE || !find_chain(&f, j, &b))
            continue;
        b.chain = th_arena_memdup(arena, chain, b.n_chain * sizeof *chain);
        if (!b.chain)
            return TH_ERR_INTERNAL;
        out->list[out->n++] = b;
    }
    qsort(out->list, out->n, sizeof *out->list, by_stored);
    return TH_OK;
}

/* ---- the net ------------------------------------------------------------------------------- */
/* Insertions are made from the end, so that what is in front of them keeps its number. */
static int by_gate(const void *a, const void *b)
{
    const struct th_split_block *x = a, *y = b;
    if (x->gate != y->gate)
        return x->gate > y->gate ? -1 : 1;
    return x->chain[x->n_chain - 1] > y->chain[y->n_chain - 1] ? -1 : 1;
}

static struct th_split_block *from_the_end(const struct th_split_blocks *blocks, uint32_t n,
                                           struct th_arena *arena)
{
    struct th_split_block *list = TH_NEW_ARRAY(arena, struct th_split_block, (size_t)n + 1);
    if (list && n) {
        memcpy(list, blocks->list, n * sizeof *list);
        qsort(list, n, sizeof *list, by_gate);
    }
    return list;
}

struct growing {
    struct th_arena *arena;
    struct th_fuse_tensor *tensors;
    struct th_fuse_node *nodes;
    uint32_t *place;
    struct th_split_price *price;
    uint32_t n_tensors, n_nodes;
};

static bool read_instead(struct growing *w, struct th_fuse_node *n, uint32_t old, uint32_t fresh)
{
    if (!reads(n, old))
        return true;
    struct th_fuse_operand *list = th_arena_memdup(w->arena, n->operands,
                                                   n->n_operands * sizeof *list);
    for (uint32_t k = 0; list && k < n->n_operands; k++)
        if (list[k].tensor == old)
            list[k].tensor = fresh;
    n->operands = list;
    return list != NULL;
}

static bool add_second_run(struct growing *w, const struct th_split_block *b)
{
    const uint32_t at = b->gate, place = w->place[at], n = b->n_chain;
    uint32_t old = NONE, fresh = NONE;
    const size_t behind = w->n_nodes - at;
    memmove(w->nodes + at + n, w->nodes + at, behind * sizeof *w->nodes);
    memmove(w->place + at + n, w->place + at, behind * sizeof *w->place);
    memmove(w->price + at + n, w->price + at, behind * sizeof *w->price);
    w->n_nodes += n;
    for (uint32_t k = 0; k < n; k++) {
        struct th_fuse_node *c = &w->nodes[at + k];
        *c = w->nodes[b->chain[k]];
        if (k && !read_instead(w, c, old, fresh))
            return false;
        old = c->out;
        fresh = w->n_tensors++;
        w->tensors[fresh] = w->tensors[old];
        c->out = fresh;
        w->place[at + k] = place + k;
        w->price[at + k] = w->price[b->chain[k]];
    }
    for (uint32_t j = at + n; j < w->n_nodes; j++) {
        w->place[j] += n;
        if (!read_instead(w, &w->nodes[j], old, fresh))
            return false;
    }
    return true;
}

enum th_status th_split_net_twice(const struct th_split_net *net,
                                  const struct th_split_blocks *blocks, uint32_t n,
                                  struct th_arena *arena, struct th_split_net *out)
{
    const struct th_fuse_net *x = &net->net;
    size_t more = 1;
    for (uint32_t i = 0; i < n; i++)
        more += blocks->list[i].n_chain;
    struct growing w = {.arena = arena,
                        .tensors = TH_NEW_ARRAY(arena, struct th_fuse_tensor, x->n_tensors + more),
                        .nodes = TH_NEW_ARRAY(arena, struct th_fuse_node, x->n_nodes + more),
                        .place = TH_NEW_ARRAY(arena, uint32_t, x->n_nodes + more),
                        .price = TH_NEW_ARRAY(arena, struct th_split_price, x->n_nodes + more),
                        .n_tensors = x->n_tensors, .n_nodes = x->n_nodes};
    const struct th_split_block *list = from_the_end(blocks, n, arena);
    *out = *net;
    out->twice = TH_NEW_ARRAY(arena, uint32_t, (size_t)n + 1);
    if (!w.tensors || !w.nodes || !w.place || !w.price || !list || !out->twice)
        return TH_ERR_INTERNAL;
    memcpy(w.tensors, x->tensors, x->n_tensors * sizeof *w.tensors);
    memcpy(w.nodes, x->nodes, x->n_nodes * sizeof *w.nodes);
    memcpy(w.place, net->place, x->n_nodes * sizeof *w.place);
    memcpy(w.price, net->price, x->n_nodes * sizeof *w.price);
    for (uint32_t i = 0; i < n; i++) {
        if (!add_second_run(&w, &list[i]))
            return TH_ERR_INTERNAL;
        out->twice[n - 1 - i] = net->place[list[i].chain[list[i].n_chain - 1]];
    }
    out->n_twice = n;
    out->net = (struct th_fuse_net){w.tensors, w.n_tensors, w.nodes, w.n_nodes};
    out->place = w.place;
    out->price = w.price;
    return TH_OK;
}

bool th_split_twice_helps(const struct th_split_blocks *blocks, uint32_t n,
                          const struct th_fuse_front *front)
{
    const struct th_fuse_point *least = NULL;
    for (uint32_t i = 0; i < front->n_points; i++)
        if (!least || front->points[i].peak < least->peak)
            least = &front->points[i];
    for (uint32_t i = 0; least && i < least->n_groups; i++) {
        const struct th_fuse_group *g = &least->groups[i];
        if (g->bytes.total < least->peak)
            continue;
        for (uint32_t k = n; k < blocks->n; k++) {
            /* from the chain's first node to the gate, moved by what is twice in front of them */
            const struct th_split_block *b = &blocks->list[k];
            uint32_t first = b->chain[0], last = b->gate;
            for (uint32_t m = 0; m < n; m++) {
                first += blocks->list[m].gate <= b->chain[0] ? blocks->list[m].n_chain : 0;
                last += blocks->list[m].gate <= b->gate ? blocks->list[m].n_chain : 0;
            }
            if (g->first <= last && g->last > first)
                return true;
        }
    }
    return false;
}

/* ---- the function -------------------------------------------------------------------------- */
static enum th_status copy_node(struct th_graph *g, th_node n, th_node before, th_value old,
                                th_value instead, struct th_arena *arena, th_value *fresh)
{
    const uint32_t n_in = th_node_input_count(g, n);
    const struct th_attrs *attrs = th_node_attrs(g, n);
    const th_value y = th_node_output(g, n, 0);
    const struct th_type type = *th_value_type(g, y);
    const char *name = th_value_name(g, y);
    th_value *in = TH_NEW_ARRAY(arena, th_value, (size_t)n_in + 1);
    float lo, hi;
    if (!in)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n_in; i++) {
        in[i] = th_node_input(g, n, i);
        if (in[i] && in[i] == old)
            in[i] = instead;
    }
    const struct th_node_desc d = {
        .op = th_node_op_name(g, n), .contract = th_node_contract(g, n), .in = in, .n_in = n_in,
        .attrs = attrs->list, .n_attrs = attrs->n, .out = &type, .out_names = &name, .n_out = 1,
        .loc = *th_node_loc(g, n), .before = before};
    TH_TRY(th_graph_add_node_nofold(g, &d, NULL, fresh));
    if (th_value_range(g, y, &lo, &hi))
        th_value_set_range(g, *fresh, lo, hi);
    return TH_OK;
}

static enum th_status run_twice(struct th_graph *g, const struct th_split_net *net,
                                const struct th_split_block *b, struct th_arena *arena)
{
    th_node *nodes = TH_NEW_ARRAY(arena, th_node, (size_t)th_graph_node_count(g) + 1);
    th_value old = 0, fresh = 0;
    uint32_t n = 0;
    if (!nodes)
        return TH_ERR_INTERNAL;
    for (th_node i = th_graph_first(g); i; i = th_graph_next(g, i))
        nodes[n++] = i;
    const uint32_t gate = net->place[b->gate];
    for (uint32_t k = 0; k < b->n_chain; k++) {
        const th_node from = nodes[net->place[b->chain[k]]];
        const th_value before = old;
        old = th_node_output(g, from, 0);
        TH_TRY(copy_node(g, from, nodes[gate], before, fresh, arena, &fresh));
    }
    for (uint32_t i = gate; i < n; i++)
        for (uint32_t p = 0; p < th_node_input_count(g, nodes[i]); p++)
            if (th_node_input(g, nodes[i], p) == old)
                th_node_set_input(g, nodes[i], p, fresh);
    return TH_OK;
}

/* The block whose map the node at that place makes, moved to position `to`. */
static bool take(const struct th_split_net *net, struct th_split_blocks *blocks, uint32_t place,
                 uint32_t to)
{
    for (uint32_t i = to; i < blocks->n; i++) {
        const struct th_split_block b = blocks->list[i];
        if (net->place[b.chain[b.n_chain - 1]] != place)
            continue;
        blocks->list[i] = blocks->list[to];
        blocks->list[to] = b;
        return true;
    }
    return false;
}

enum th_status th_split_twice(struct th_pass_ctx *pc, struct th_graph *g,
                              const struct th_split_list *l, uint32_t function)
{
    struct th_arena *arena = th_pass_arena(pc);
    struct th_split_blocks blocks;
    struct th_split_net net;
    uint32_t n = 0;
    bool wanted = false, ok = true;
    for (uint32_t i = 0; i < l->n_twice; i++)
        wanted |= l->twice[i].function == function;
    if (!wanted)
        return TH_OK;
    TH_TRY(th_split_describe(pc, g, &net));
    TH_TRY(th_split_find_blocks(&net, arena, &blocks));
    for (uint32_t i = 0; i < l->n_twice; i++) {
        if (l->twice[i].function != function)
            continue;
        if (take(&net, &blocks, l->twice[i].node, n)) {
            n++;
            continue;
        }
        th_error(th_pass_ctx(pc), NULL, 4010, "patch-split: node %u of function '%s' cannot run "
                 "twice: it makes no map, from a smaller one, that is reduced and then gated by "
                 "what comes of that", l->twice[i].node, th_graph_name(g));
        ok = false;
    }
    const struct th_split_block *list = from_the_end(&blocks, n, arena);
    if (!list)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; ok && i < n; i++)
        TH_TRY(run_twice(g, &net, &list[i], arena));
    return ok ? TH_OK : TH_ERR_TARGET;
}
