/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/patch_split/twice.h"

#include <stdlib.h>

#include <thimble/op.h>
#include <thimble/thimble.h>

#define MAX_DEPTH 32

/* Is the value computed from what node n makes? */
static bool comes_from(const struct th_graph *g, th_value v, th_node n, int depth)
{
    const th_node d = v ? th_value_def(g, v) : 0;
    if (!d || depth == 0)
        return false;
    if (d == n)
        return true;
    for (uint32_t i = 0; i < th_node_input_count(g, d); i++)
        if (comes_from(g, th_node_input(g, d, i), n, depth - 1))
            return true;
    return false;
}

/* A node that may be computed again, piece by piece. */
static bool repeatable(const struct th_graph *g, th_node n, struct th_arena *arena)
{
    struct th_tile_node about;
    const char *why;
    return n && th_node_output_count(g, n) == 1 && th_tile_describe(g, n, arena, &about, &why) &&
           about.form != TH_TILE_REDUCE;
}

/* The product of a map and a gate that is made from that map: what there is to compute twice. */
static bool gated(const struct th_graph *g, th_node product, struct th_arena *arena,
                  struct th_split_twice *t)
{
    struct th_tile_node about;
    const char *why;
    th_value map = 0, gate = 0;
    if (!th_tile_describe(g, product, arena, &about, &why))
        return false;
    for (uint32_t i = 0; i < about.n_in; i++) {
        const th_value v = about.in[i].value;
        if (v && !th_value_is_const(g, v))
            *(about.in[i].whole ? &gate : &map) = v;
    }
    const th_node made = map ? th_value_def(g, map) : 0;
    if (!gate || !repeatable(g, made, arena) || th_value_is_output(g, map) ||
        th_value_user_count(g, map) != 2)
        return false;
    const th_node a = th_value_user(g, map, 0), b = th_value_user(g, map, 1);
    *t = (struct th_split_twice){.bytes = th_type_size(th_value_type(g, map)), .made = made,
                                 .summed = a == product ? b : a, .product = product};
    if (a == b || !comes_from(g, gate, t->summed, MAX_DEPTH))
        return false;
    const th_value operand = th_node_input(g, made, 0);
    const th_node before = operand ? th_value_def(g, operand) : 0;
    if (repeatable(g, before, arena) && th_value_single_user(g, operand) == made)
        t->before = before;
    return true;
}

static int larger(const void *a, const void *b)
{
    const struct th_split_twice *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

bool th_split_find_twice(struct th_graph *g, struct th_arena *arena, struct th_split_twice **list,
                         uint32_t *n)
{
    uint32_t *place = TH_NEW_ARRAY(arena, uint32_t, (size_t)th_graph_node_limit(g) + 1);
    uint32_t at = 0;
    *n = 0;
    *list = TH_NEW_ARRAY(arena, struct th_split_twice, (size_t)th_graph_node_count(g) + 1);
    if (!place || !*list)
        return false;
    for (th_node i = th_graph_first(g); i; i = th_graph_next(g, i))
        place[i] = at++;
    for (th_node i = th_graph_first(g); i; i = th_graph_next(g, i)) {
        struct th_split_twice *t = &(*list)[*n];
        if (!gated(g, i, arena, t))
            continue;
        t->place = place[t->made];
        ++*n;
    }
    qsort(*list, *n, sizeof **list, larger);
    return true;
}

static enum th_status copy_node(struct th_graph *g, th_node n, th_node before, th_value replaced,
                                th_value by, th_node *copy, th_value *out)
{
    const uint32_t n_in = th_node_input_count(g, n);
    const struct th_attrs *attrs = th_node_attrs(g, n);
    const struct th_type type = *th_value_type(g, th_node_output(g, n, 0));
    th_value *in = calloc((size_t)n_in + 1, sizeof *in);
    if (!in)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n_in; i++) {
        in[i] = th_node_input(g, n, i);
        in[i] = replaced && in[i] == replaced ? by : in[i];
    }
    const struct th_node_desc d = {
        .op = th_node_op_name(g, n), .contract = th_node_contract(g, n), .in = in, .n_in = n_in,
        .attrs = attrs->list, .n_attrs = attrs->n, .out = &type, .n_out = 1,
        .loc = *th_node_loc(g, n), .before = before};
    const enum th_status s = th_graph_add_node_nofold(g, &d, copy, out);
    free(in);
    return s;
}

enum th_status th_split_make_twice(struct th_graph *g, struct th_split_twice *t)
{
    const th_node first = t->before ? t->before : t->made;
    th_value inner = 0, map = 0;
    const th_value old = t->before ? th_node_output(g, t->before, 0) : 0;
    t->copies[0] = 0;
    if (t->before)
        TH_TRY(copy_node(g, t->before, first, 0, 0, &t->copies[0], &inner));
    TH_TRY(copy_node(g, t->made, first, old, inner, &t->copies[1], &map));
    for (uint32_t i = 0; i < th_node_input_count(g, t->summed); i++)
        if (th_node_input(g, t->summed, i) == th_node_output(g, t->made, 0))
            th_node_set_input(g, t->summed, i, map);
    if (t->before)
        th_graph_move(g, t->before, t->product);
    th_graph_move(g, t->made, t->product);
    return TH_OK;
}

void th_split_make_once(struct th_graph *g, struct th_split_twice *t)
{
    if (t->before)
        th_graph_move(g, t->before, t->copies[0]);
    th_graph_move(g, t->made, t->copies[1]);
    th_value_replace(g, th_node_output(g, t->copies[1], 0), th_node_output(g, t->made, 0));
    th_graph_remove(g, t->copies[1]);
    if (t->before)
        th_graph_remove(g, t->copies[0]);
}
