/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/clone.h"

#include "ir/graph.h"

struct cloner {
    const struct th_program *from;
    struct th_program *to;
    struct th_arena *arena;
};

static enum th_status clone_graph(struct cloner *k, const struct th_graph *g, struct th_graph *to,
                                  struct th_clone_map *map);

static enum th_status clone_bodies(struct cloner *k, const struct th_graph *g, th_node n,
                                   struct th_graph **bodies)
{
    for (uint32_t i = 0; i < th_node_body_count(g, n); i++) {
        const struct th_graph *b = th_node_body(g, n, i);
        struct th_clone_map inner;
        bodies[i] = th_program_add_body(k->to, th_graph_name(b));
        if (!bodies[i])
            return TH_ERR_INTERNAL;
        TH_TRY(clone_graph(k, b, bodies[i], &inner));
    }
    return TH_OK;
}

static enum th_status clone_node(struct cloner *k, const struct th_graph *g, th_node n,
                                 struct th_graph *to, struct th_clone_map *map)
{
    const uint32_t n_in = th_node_input_count(g, n), n_out = th_node_output_count(g, n);
    const uint32_t n_bodies = th_node_body_count(g, n);
    th_value *in = TH_NEW_ARRAY(k->arena, th_value, n_in + 1), out[TH_MAX_OUTPUTS];
    struct th_type *types = TH_NEW_ARRAY(k->arena, struct th_type, n_out + 1);
    const char **names = TH_NEW_ARRAY(k->arena, const char *, n_out + 1);
    struct th_graph **bodies = TH_NEW_ARRAY(k->arena, struct th_graph *, n_bodies + 1);
    if (!in || !types || !names || !bodies || n_out > TH_MAX_OUTPUTS)
        return TH_ERR_INTERNAL;
    TH_TRY(clone_bodies(k, g, n, bodies));
    for (uint32_t i = 0; i < n_in; i++)
        in[i] = map->values[th_node_input(g, n, i)];
    for (uint32_t i = 0; i < n_out; i++) {
        types[i] = *th_value_type(g, th_node_output(g, n, i));
        names[i] = th_value_name(g, th_node_output(g, n, i));
    }
    const struct th_attrs *as = th_node_attrs(g, n);
    const struct th_node_desc d = {
        .op = th_node_op_name(g, n), .contract = th_node_contract(g, n), .in = in, .n_in = n_in,
        .attrs = as->list, .n_attrs = as->n, .bodies = bodies, .n_bodies = n_bodies,
        .out = types, .out_names = names, .n_out = n_out, .loc = *th_node_loc(g, n)};
    TH_TRY(th_graph_add_node_nofold(to, &d, &map->nodes[n], out));
    for (uint32_t i = 0; i < n_out; i++) {
        float lo, hi;
        map->values[th_node_output(g, n, i)] = out[i];
        if (th_value_range(g, th_node_output(g, n, i), &lo, &hi))
            th_value_set_range(to, out[i], lo, hi);
    }
    return TH_OK;
}

static enum th_status clone_graph(struct cloner *k, const struct th_graph *g, struct th_graph *to,
                                  struct th_clone_map *map)
{
    const uint32_t n_values = th_graph_value_limit(g);
    map->values = TH_NEW_ARRAY(k->arena, th_value, n_values + 1);
    map->nodes = TH_NEW_ARRAY(k->arena, th_node, th_graph_node_limit(g) + 1);
    if (!map->values || !map->nodes)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < th_graph_input_count(g); i++) {
        const th_value v = th_graph_input(g, i);
        map->values[v] = th_graph_add_input(to, th_graph_input_name(g, i), th_value_type(g, v));
        if (!map->values[v])
            return TH_ERR_INTERNAL;
    }
    for (th_value v = 1; v < n_values; v++)
        if (th_value_is_const(g, v) && th_value_use_count(g, v)) {
            map->values[v] = th_graph_add_const(to, th_value_name(g, v), th_value_type(g, v),
                                                th_blob_ref(th_value_blob(g, v)));
            if (!map->values[v])
                return TH_ERR_INTERNAL;
        }
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n))
        TH_TRY(clone_node(k, g, n, to, map));
    for (uint32_t i = 0; i < th_graph_output_count(g); i++)
        TH_TRY(th_graph_add_output(to, th_graph_output_name(g, i),
                                   map->values[th_graph_output(g, i)]));
    return TH_OK;
}

static enum th_status clone_all(struct cloner *k, uint32_t index, struct th_clone_map *map)
{
    const struct th_program *p = k->from;
    for (th_state s = 1; s <= th_program_state_count(p); s++) {
        struct th_blob *b = p->states[s - 1]->initial;
        if (th_program_add_state(k->to, th_state_name(p, s), th_state_type(p, s),
                                 th_state_kind(p, s), b ? th_blob_ref(b) : NULL) != s)
            return TH_ERR_INTERNAL;
    }
    for (uint32_t i = 0; i < th_program_function_count(p); i++) {
        const struct th_graph *g = th_program_function(p, i);
        struct th_graph *to = th_program_add_function(k->to, th_graph_name(g));
        struct th_clone_map own;
        if (!to)
            return TH_ERR_INTERNAL;
        TH_TRY(clone_graph(k, g, to, map && i == index ? map : &own));
    }
    return TH_OK;
}

struct th_program *th_program_clone(const struct th_program *p, uint32_t index,
                                    struct th_clone_map *map, struct th_arena *arena)
{
    struct cloner k = {p, th_program_new(th_program_ctx(p)), arena};
    if (k.to && clone_all(&k, index, map) == TH_OK)
        return k.to;
    th_program_free(k.to);
    th_error(th_program_ctx(p), NULL, 0, "memory exhausted while copying a program");
    return NULL;
}
