/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an input is reshaped into a map behind elementwise nodes, the reshape moves up to the
 * input: these nodes then run row by row with those that read the map. With --feed rows the input
 * itself takes the shape of the map, whose rows are pushed. A reshape moves no bytes.
 */
#include "passes/util.h"

#include "ir/tile.h"

#include <string.h>

static bool has_rows(const struct th_type *t)
{
    int64_t h, w, pixel;
    return th_tile_shape(t, &h, &w, &pixel) && h > 1;
}

static bool per_axis(const struct th_type *t)
{
    return t->quant && t->quant->n > 1;
}

/* Elementwise in v, and what else it reads is one constant element each. */
static bool passes_through(const struct th_graph *g, th_node n, th_value v)
{
    const unsigned traits = th_node_op(g, n)->traits;
    uint32_t uses = 0;
    if (!(traits & TH_TRAIT_ELEMENTWISE) || !(traits & TH_TRAIT_PURE) ||
        traits & TH_TRAIT_REGION || th_node_output_count(g, n) != 1)
        return false;
    for (uint32_t i = 0; i < th_node_input_count(g, n); i++) {
        const th_value x = th_node_input(g, n, i);
        uses += x == v;
        if (x && x != v && !(th_value_is_const(g, x) && th_type_elems(th_value_type(g, x)) == 1))
            return false;
    }
    const struct th_type *y = th_value_type(g, th_node_output(g, n, 0));
    return uses == 1 && !per_axis(y) && th_type_same_shape(y, th_value_type(g, v));
}

/* The view that alone reads v, with nothing but such nodes between; 0: none. */
static th_node find_view(const struct th_graph *g, th_value v)
{
    while (!per_axis(th_value_type(g, v)) && !th_value_is_output(g, v) &&
           th_value_user_count(g, v) == 1) {
        const th_node n = th_value_user(g, v, 0);
        if (th_node_op(g, n)->traits & TH_TRAIT_VIEW)
            return n;
        if (!passes_through(g, n, v))
            return 0;
        v = th_node_output(g, n, 0);
    }
    return 0;
}

/* view(n(x)) becomes n(reshape(x)). */
static enum th_status raise(struct th_graph *g, th_node view, struct th_arena *a, th_node *raised)
{
    const th_node n = th_value_def(g, th_node_input(g, view, 0));
    const struct th_type type = *th_value_type(g, th_node_output(g, view, 0));
    const struct th_attr shape = th_attr_of_ints("shape", type.dims, (uint32_t)type.rank);
    const uint32_t n_in = th_node_input_count(g, n);
    th_value *in = TH_NEW_ARRAY(a, th_value, (size_t)n_in + 1), out;
    if (!in)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n_in; i++) {
        in[i] = th_node_input(g, n, i);
        if (!in[i] || th_value_is_const(g, in[i]))
            continue;
        TH_TRY(th_insert_node(g, n, "reshape", &in[i], 1, &shape, 1, NULL, &in[i]));
        *raised = th_value_def(g, in[i]);
    }
    TH_TRY(th_insert_like(g, n, n, in, n_in, &type, &out));
    th_supersede(g, view, out);
    th_graph_remove(g, view);
    th_graph_remove(g, n);
    return TH_OK;
}

static enum th_status shape_input(struct th_pass_ctx *pc, struct th_graph *g, uint32_t i, bool rows)
{
    const th_value v = th_graph_input(g, i);
    th_node view = find_view(g, v);
    if (!view || has_rows(th_value_type(g, v)) ||
        !has_rows(th_value_type(g, th_node_output(g, view, 0))))
        return TH_OK;
    while (th_node_input(g, view, 0) != v) {
        TH_TRY(raise(g, view, th_pass_arena(pc), &view));
        th_pass_changed(pc);
    }
    if (!rows)
        return TH_OK;
    TH_TRY(th_input_past_users(g, i, th_value_type(g, th_node_output(g, view, 0)),
                               th_pass_arena(pc)));
    th_pass_changed(pc);
    th_pass_remark(pc, "input '%s' has the rows of the map that it is reshaped into",
                   th_graph_input_name(g, i));
    return TH_OK;
}

static enum th_status run(struct th_pass_ctx *pc, struct th_program *p)
{
    const char *what = th_pass_global(pc, "feed");
    const bool pushed = what && !strcmp(what, "rows");
    for (uint32_t f = 0; f < th_program_function_count(p); f++) {
        struct th_graph *g = th_program_function(p, f);
        for (uint32_t i = 0; i < th_graph_input_count(g); i++)
            TH_TRY(shape_input(pc, g, i, pushed && f == 0));
    }
    return TH_OK;
}

const struct th_pass th_pass_input_shape = {
    .struct_size = sizeof(struct th_pass),
    .name = "input-shape",
    .summary = "reshape inputs into maps before anything else reads them",
    .requires_props = TH_PROP_TYPED,
    .run = run,
};
