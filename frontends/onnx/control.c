/* SPDX-License-Identifier: Apache-2.0 */
/* If: graphs inside of operators. */
#include <string.h>

#include "import.h"

/* Values of this scope that its bodies use: they enter as operands. Constants are seen as they
 * are. */
struct captured {
    const char **names;
    th_value *values;
    size_t n;
};

static enum th_status capture(struct onx_node *n, const Onnx__GraphProto *const *graphs,
                              size_t n_graphs, struct captured *c)
{
    struct onx_import *im = n->scope->im;
    size_t total = 0;

    *c = (struct captured){.n = 0};
    for (size_t i = 0; i < n_graphs; i++) {
        size_t count = 0;
        if (onx_free_names(im, graphs[i], &count) == NULL)
            return TH_ERR_INTERNAL;
        total += count;
    }
    c->names = TH_NEW_ARRAY(im->arena, const char *, total);
    c->values = TH_NEW_ARRAY(im->arena, th_value, total);
    if (c->names == NULL || c->values == NULL)
        return TH_ERR_INTERNAL;
    for (size_t i = 0; i < n_graphs; i++) {
        size_t count = 0;
        const char **names = onx_free_names(im, graphs[i], &count);
        if (names == NULL)
            return TH_ERR_INTERNAL;
        for (size_t k = 0; k < count; k++) {
            th_value v = onx_resolve(n->scope, &n->loc, names[k]);
            bool have = false;
            if (v == 0)
                return TH_ERR_INPUT;
            for (size_t j = 0; j < c->n; j++)
                have = have || strcmp(c->names[j], names[k]) == 0;
            if (have || th_value_is_const(n->scope->graph, v))
                continue;
            c->names[c->n] = names[k];
            c->values[c->n++] = v;
        }
    }
    return TH_OK;
}

/* A body with the captured values as inputs behind those that are there already. */
static enum th_status fill_body(struct onx_node *n, const Onnx__GraphProto *graph,
                                const struct captured *c, struct onx_scope *s)
{
    for (size_t i = 0; i < c->n; i++) {
        th_value v = th_graph_add_input(s->graph, c->names[i], onx_type(n, c->values[i]));
        TH_TRY(v != 0 ? onx_define(s, &n->loc, c->names[i], v) : TH_ERR_INTERNAL);
    }
    TH_TRY(onx_import_nodes(s));
    for (size_t i = 0; i < graph->n_output; i++) {
        const char *name = onx_str(graph->output[i]->name);
        th_value v = onx_resolve(s, &n->loc, name);
        TH_TRY(v != 0 ? th_graph_add_output(s->graph, name, v) : TH_ERR_INPUT);
    }
    return TH_OK;
}

/* The condition is known: the branch's operators go where the If stands. */
static enum th_status inline_branch(struct onx_node *n, const Onnx__GraphProto *graph)
{
    struct onx_scope s;

    TH_TRY(onx_scope_init(&s, n->scope->im, n->scope->graph, n->scope, graph));
    TH_TRY(onx_import_nodes(&s));
    for (size_t i = 0; i < onx_n_out(n); i++) {
        th_value v = onx_resolve(&s, &n->loc, onx_str(graph->output[i]->name));
        TH_TRY(v != 0 ? onx_bind(n, i, v) : TH_ERR_INPUT);
    }
    return TH_OK;
}

static enum th_status import_if(struct onx_node *n)
{
    const Onnx__GraphProto *branch[2] = {onx_attr_graph(n, "then_branch"),
                                         onx_attr_graph(n, "else_branch")};
    struct th_arena *arena = n->scope->im->arena;
    struct th_graph *bodies[2];
    struct th_node_desc d = {.op = "if", .contract = "onnx", .bodies = bodies, .n_bodies = 2,
                             .n_out = (uint32_t)onx_n_out(n), .loc = n->loc};
    th_value test, *in, *out = TH_NEW_ARRAY(arena, th_value, onx_n_out(n));
    struct captured c;

    TH_TRY(onx_need(n, &test, 1));
    for (int b = 0; b < 2; b++)
        if (branch[b] == NULL || branch[b]->n_output != onx_n_out(n))
            return onx_reject(n, NULL, "a branch is absent or has another number of results");
    if (onx_type(n, test)->dtype != TH_DT_BOOL || th_type_elems(onx_type(n, test)) != 1)
        return onx_reject(n, NULL, "its condition is no single boolean");
    if (onx_const(n, test) != NULL)
        return inline_branch(n, branch[th_tensor_int(onx_const(n, test), 0) != 0 ? 0 : 1]);
    TH_TRY(onx_reshape(n, test, 0, NULL, &test));
    TH_TRY(capture(n, branch, 2, &c));
    in = TH_NEW_ARRAY(arena, th_value, c.n + 1);
    if (in == NULL || out == NULL)
        return TH_ERR_INTERNAL;
    in[0] = test;
    memcpy(in + 1, c.values, c.n * sizeof *in);
    for (int b = 0; b < 2; b++) {
        struct onx_scope s;
        bodies[b] = th_program_add_body(n->scope->im->program, onx_str(branch[b]->name));
        if (bodies[b] == NULL)
            return TH_ERR_INTERNAL;
        TH_TRY(onx_scope_init(&s, n->scope->im, bodies[b], n->scope, branch[b]));
        TH_TRY(fill_body(n, branch[b], &c, &s));
    }
    d.in = in;
    d.n_in = (uint32_t)c.n + 1;
    TH_TRY(th_graph_add_node(n->scope->graph, &d, NULL, out));
    for (size_t i = 0; i < onx_n_out(n); i++)
        TH_TRY(onx_bind(n, i, out[i]));
    return TH_OK;
}

const struct onx_row onx_rows_control[] = {
    {"If", import_if, NULL},
    {NULL, NULL, NULL},
};
