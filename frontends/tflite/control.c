/* SPDX-License-Identifier: Apache-2.0 */
/* WHILE, IF, composites, and the variables that operators share by name. */
#include <string.h>

#include "import.h"

/* ---- variables */

static struct tfl_resource *operand_resource(struct tfl_node *n)
{
    struct tfl_resource *r = NULL;

    if (tfl_has_in(n, 0))
        r = n->scope->slots[n->op->inputs[0]].resource;
    if (r == NULL)
        tfl_reject(n, NULL, "operand 0 is no variable");
    return r;
}

static enum th_status import_var_handle(struct tfl_node *n)
{
    struct tfl_import *im = n->scope->im;
    const char *container = tfl_option_string(n->op, "container");
    const char *name = tfl_option_string(n->op, "shared_name");

    if (n->op->noutputs != 1)
        return tfl_reject(n, NULL, "%zu outputs instead of 1", n->op->noutputs);
    for (size_t i = 0; i < im->nresources; i++) {
        struct tfl_resource *r = &im->resources[i];
        if (strcmp(r->container, container) == 0 && strcmp(r->name, name) == 0)
            n->scope->slots[n->op->outputs[0]].resource = r;
    }
    return TH_OK;
}

/* The state of a resource, made when the first access tells its type. */
static enum th_status resource_state(struct tfl_node *n, struct tfl_resource *r,
                                     const struct th_type *type)
{
    struct tfl_import *im = n->scope->im;
    const struct th_type *have;

    if (r->state == 0) {
        struct th_blob *initial = r->has_initial ? th_blob_ref(r->initial) : NULL;
        r->state = th_program_add_state(im->program, r->name,
                                        r->has_initial ? &r->initial_type : type,
                                        TH_STATE_MODEL, initial);
        if (r->state == 0)
            return TH_ERR_INTERNAL;
    }
    have = th_state_type(im->program, r->state);
    if (have->dtype == type->dtype && (type->rank < 0 || th_type_same_shape(have, type)))
        return TH_OK;
    return tfl_reject(n, NULL, "variable '%s' is used with two different types", r->name);
}

static enum th_status import_read_variable(struct tfl_node *n)
{
    struct tfl_import *im = n->scope->im;
    struct tfl_resource *r = operand_resource(n);
    struct th_attr_list a = {.n = 0};
    struct th_type type;
    const struct tfl_tensor *t;
    th_value v;

    if (r == NULL || n->op->noutputs != 1)
        return TH_ERR_INPUT;
    if (im->initialising) {
        if (!r->has_initial)
            return tfl_reject(n, NULL, "reads variable '%s' before it is set", r->name);
        v = th_graph_add_const(n->scope->graph, "", &r->initial_type, th_blob_ref(r->initial));
        return v != 0 ? tfl_bind(n, 0, v) : TH_ERR_INTERNAL;
    }
    t = &n->scope->sg->tensors[n->op->outputs[0]];
    if (!tfl_tensor_type(im, t, &type))
        return TH_ERR_INPUT;
    if (type.rank == 0 && r->has_initial)
        type = r->initial_type;         /* a rank that the file leaves out */
    if (type.rank < 0 && !r->has_initial && r->state == 0)
        return tfl_reject(n, NULL, "variable '%s' has no known shape", r->name);
    TH_TRY(resource_state(n, r, &type));
    th_attr_list_state(&a, "state", r->state);
    TH_TRY(tfl_add_exact(n, "state_read", NULL, 0, &a, th_state_type(im->program, r->state), &v));
    return tfl_bind(n, 0, v);
}

/* Keeps what an initialiser assigns; the scratch program that computed it goes away. */
static enum th_status set_initial(struct tfl_node *n, struct tfl_resource *r, th_value v)
{
    const struct th_type *type = tfl_type_of(n, v);
    struct th_blob *blob = th_value_blob(n->scope->graph, v);
    const struct th_quant *q = type->quant;

    if (blob == NULL)
        return tfl_reject(n, "an initialiser that assigns constants",
                          "the initial value of variable '%s' is not constant", r->name);
    if (r->has_initial)
        th_blob_unref(r->initial);
    r->initial = th_blob_ref(blob);
    r->initial_type = *type;
    r->has_initial = true;
    if (q != NULL)
        r->initial_type.quant = th_quant_new(n->scope->im->arena, q->n, q->scales,
                                             q->zero_points, q->axis);
    return TH_OK;
}

static enum th_status import_assign_variable(struct tfl_node *n)
{
    struct tfl_resource *r = operand_resource(n);
    struct th_attr_list a = {.n = 0};
    struct th_node_desc d = {.op = "state_write", .n_in = 1, .loc = n->loc};
    th_value v = tfl_in(n, 1);

    if (r == NULL)
        return TH_ERR_INPUT;
    if (v == 0)
        return tfl_reject(n, NULL, "operand 1 (value) is absent");
    if (n->scope->im->initialising)
        return set_initial(n, r, v);
    TH_TRY(resource_state(n, r, tfl_type_of(n, v)));
    th_attr_list_state(&a, "state", r->state);
    d.in = &v;
    d.attrs = a.at;
    d.n_attrs = a.n;
    return th_graph_add_node(n->scope->graph, &d, NULL, NULL);
}

/* All initialisers were run before the import (model.c): their results are the initial values. */
static enum th_status import_call_once(struct tfl_node *n)
{
    if (n->op->noutputs != 0)
        return tfl_reject(n, NULL, "%zu outputs instead of none", n->op->noutputs);
    return TH_OK;
}

/* ---- bodies */

/* Variables are no values: a body refers to the same state, so they are not carried. */
struct carried {
    size_t n;
    th_value *values;           /* operands of the region node */
    struct tfl_slot *slots;     /* one for each operand of the operator from `first` on */
    size_t n_slots;
};

static enum th_status gather_carried(struct tfl_node *n, size_t first, struct carried *c)
{
    struct th_arena *arena = n->scope->im->arena;

    c->n_slots = n->op->ninputs - first;
    c->slots = TH_NEW_ARRAY(arena, struct tfl_slot, c->n_slots);
    c->values = TH_NEW_ARRAY(arena, th_value, c->n_slots + 1);
    if (c->slots == NULL || c->values == NULL)
        return TH_ERR_INTERNAL;
    for (size_t i = 0; i < c->n_slots; i++) {
        if (!tfl_has_in(n, first + i))
            return tfl_reject(n, NULL, "operand %zu is absent", first + i);
        c->slots[i].resource = n->scope->slots[n->op->inputs[first + i]].resource;
        if (c->slots[i].resource != NULL)
            continue;
        c->slots[i].value = tfl_in(n, first + i);
        if (c->slots[i].value == 0)
            return TH_ERR_INPUT;
        c->values[c->n++] = c->slots[i].value;
    }
    return TH_OK;
}

/* A body function made of a subgraph; *g has as outputs those results that are values. */
static enum th_status make_body(struct tfl_node *n, size_t subgraph, const struct carried *c,
                                struct tfl_slot *results, struct th_graph **g)
{
    struct tfl_import *im = n->scope->im;
    const struct tfl_subgraph *sg = &im->model->subgraphs[subgraph];
    struct tfl_slot *args = TH_NEW_ARRAY(im->arena, struct tfl_slot, sg->ninputs);

    *g = th_program_add_body(im->program, sg->name);
    if (*g == NULL || args == NULL)
        return TH_ERR_INTERNAL;
    for (size_t i = 0; i < sg->ninputs; i++) {
        args[i].resource = c->slots[i].resource;
        if (args[i].resource == NULL)
            args[i].value = th_graph_add_input(*g, sg->tensors[sg->inputs[i]].name,
                                               tfl_type_of(n, c->slots[i].value));
    }
    TH_TRY(tfl_import_subgraph(im, *g, subgraph, args, results));
    for (size_t i = 0; i < sg->noutputs; i++) {
        if (results[i].bad)
            return TH_ERR_INPUT;
        if (results[i].resource == NULL)
            TH_TRY(th_graph_add_output(*g, sg->tensors[sg->outputs[i]].name, results[i].value));
    }
    return TH_OK;
}

static enum th_status check_counts(struct tfl_node *n, const char *what, size_t subgraph,
                                   size_t inputs, size_t outputs)
{
    const struct tfl_subgraph *sg = &n->scope->im->model->subgraphs[subgraph];

    if (sg->ninputs == inputs && sg->noutputs == outputs)
        return TH_OK;
    return tfl_reject(n, NULL, "its %s has %zu inputs and %zu outputs, needed are %zu and %zu",
                      what, sg->ninputs, sg->noutputs, inputs, outputs);
}

/* Some converters make the condition a tensor of one element. */
static enum th_status scalar_condition(struct tfl_node *n, struct th_graph *g)
{
    th_value v = th_graph_output(g, 0);
    const struct th_type *t = th_value_type(g, v);
    struct tfl_scope inner = *n->scope;
    struct tfl_node at = *n;

    if (t->dtype != TH_DT_BOOL || th_type_elems(t) != 1)
        return tfl_reject(n, NULL, "its condition is no single boolean");
    if (t->rank == 0)
        return TH_OK;
    inner.graph = g;
    at.scope = &inner;
    TH_TRY(tfl_reshape(&at, v, 0, NULL, &v));
    th_graph_set_output(g, 0, v);
    return TH_OK;
}

/* Hands the outputs of a region node, or of an inlined branch, to the operator's tensors. */
static enum th_status bind_results(struct tfl_node *n, const struct tfl_slot *results,
                                   const th_value *values)
{
    size_t k = 0;

    for (size_t i = 0; i < n->op->noutputs; i++) {
        if (results[i].resource != NULL)
            n->scope->slots[n->op->outputs[i]].resource = results[i].resource;
        else
            TH_TRY(tfl_bind(n, i, values[k++]));
    }
    return TH_OK;
}

static enum th_status import_while(struct tfl_node *n)
{
    struct tfl_import *im = n->scope->im;
    size_t cond = (size_t)tfl_option_int(n->op, "cond_subgraph_index", 0);
    size_t body = (size_t)tfl_option_int(n->op, "body_subgraph_index", 0);
    struct tfl_slot test, *results = TH_NEW_ARRAY(im->arena, struct tfl_slot, n->op->noutputs);
    th_value *values = TH_NEW_ARRAY(im->arena, th_value, n->op->noutputs);
    struct th_graph *bodies[2];
    struct th_node_desc d = {.op = "loop", .bodies = bodies, .n_bodies = 2, .loc = n->loc};
    struct carried c = {.n = 0};

    if (results == NULL || values == NULL)
        return TH_ERR_INTERNAL;
    if (n->op->noutputs != n->op->ninputs || n->op->options == NULL)
        return tfl_reject(n, NULL, "%zu operands and %zu results", n->op->ninputs,
                          n->op->noutputs);
    TH_TRY(check_counts(n, "condition", cond, n->op->ninputs, 1));
    TH_TRY(check_counts(n, "body", body, n->op->ninputs, n->op->noutputs));
    TH_TRY(gather_carried(n, 0, &c));
    TH_TRY(make_body(n, cond, &c, &test, &bodies[0]));
    if (test.resource != NULL)
        return tfl_reject(n, NULL, "its condition is a variable");
    TH_TRY(scalar_condition(n, bodies[0]));
    TH_TRY(make_body(n, body, &c, results, &bodies[1]));
    for (size_t i = 0; i < n->op->noutputs; i++) {
        if (results[i].resource != c.slots[i].resource)
            return tfl_reject(n, NULL, "result %zu exchanges variables", i);
    }
    d.in = c.values;
    d.n_in = d.n_out = (uint32_t)c.n;
    TH_TRY(th_graph_add_node(n->scope->graph, &d, NULL, values));
    return bind_results(n, results, values);
}

/* A subgraph that is certain to run: its operators go where the operator stands. */
static enum th_status inline_body(struct tfl_node *n, size_t subgraph, const struct carried *c,
                                  struct tfl_slot *results, th_value *values)
{
    size_t k = 0;

    TH_TRY(tfl_import_subgraph(n->scope->im, n->scope->graph, subgraph, c->slots, results));
    for (size_t i = 0; i < n->op->noutputs; i++) {
        if (results[i].bad)
            return TH_ERR_INPUT;
        if (results[i].resource == NULL)
            values[k++] = results[i].value;
    }
    return bind_results(n, results, values);
}

static enum th_status import_if(struct tfl_node *n)
{
    struct tfl_import *im = n->scope->im;
    size_t branch[2] = {(size_t)tfl_option_int(n->op, "then_subgraph_index", 0),
                        (size_t)tfl_option_int(n->op, "else_subgraph_index", 0)};
    struct tfl_slot *results[2] = {TH_NEW_ARRAY(im->arena, struct tfl_slot, n->op->noutputs),
                                   TH_NEW_ARRAY(im->arena, struct tfl_slot, n->op->noutputs)};
    th_value *values = TH_NEW_ARRAY(im->arena, th_value, n->op->noutputs);
    struct th_graph *bodies[2];
    struct th_node_desc d = {.op = "if", .bodies = bodies, .n_bodies = 2, .loc = n->loc};
    struct carried c = {.n = 0};
    th_value test = tfl_in(n, 0), *in;
    const struct th_type *type;

    if (results[0] == NULL || results[1] == NULL || values == NULL)
        return TH_ERR_INTERNAL;
    if (test == 0 || n->op->options == NULL)
        return tfl_reject(n, NULL, "it has no condition or no branches");
    type = tfl_type_of(n, test);
    if (type->dtype != TH_DT_BOOL || th_type_elems(type) != 1)
        return tfl_reject(n, NULL, "its condition is no single boolean");
    for (int b = 0; b < 2; b++)
        TH_TRY(check_counts(n, b == 0 ? "then branch" : "else branch", branch[b],
                            n->op->ninputs - 1, n->op->noutputs));
    TH_TRY(gather_carried(n, 1, &c));
    if (th_value_const(n->scope->graph, test) != NULL) {
        bool taken = th_tensor_int(th_value_const(n->scope->graph, test), 0) != 0;
        return inline_body(n, branch[taken ? 0 : 1], &c, results[0], values);
    }
    if (type->rank != 0)
        TH_TRY(tfl_reshape(n, test, 0, NULL, &test));
    for (int b = 0; b < 2; b++)
        TH_TRY(make_body(n, branch[b], &c, results[b], &bodies[b]));
    for (size_t i = 0; i < n->op->noutputs; i++) {
        if (results[0][i].resource != results[1][i].resource)
            return tfl_reject(n, NULL, "result %zu is one of two variables", i);
        d.n_out += results[0][i].resource == NULL;
    }
    in = TH_NEW_ARRAY(im->arena, th_value, c.n + 1);
    if (in == NULL)
        return TH_ERR_INTERNAL;
    in[0] = test;
    memcpy(in + 1, c.values, c.n * sizeof *in);
    d.in = in;
    d.n_in = (uint32_t)c.n + 1;
    TH_TRY(th_graph_add_node(n->scope->graph, &d, NULL, values));
    return bind_results(n, results[0], values);
}

/* What a composite computes stands in the file, as a subgraph of plain operators. */
static enum th_status import_composite(struct tfl_node *n)
{
    struct tfl_import *im = n->scope->im;
    size_t body = (size_t)tfl_option_int(n->op, "decomposition_subgraph_index", 0);
    struct tfl_slot *results = TH_NEW_ARRAY(im->arena, struct tfl_slot, n->op->noutputs);
    th_value *values = TH_NEW_ARRAY(im->arena, th_value, n->op->noutputs);
    struct carried c = {.n = 0};

    if (results == NULL || values == NULL)
        return TH_ERR_INTERNAL;
    if (n->op->options == NULL)
        return tfl_reject(n, NULL, "it has no decomposition");
    TH_TRY(check_counts(n, "decomposition", body, n->op->ninputs, n->op->noutputs));
    TH_TRY(gather_carried(n, 0, &c));
    return inline_body(n, body, &c, results, values);
}

const struct tfl_row tfl_rows_control[] = {
    {"VAR_HANDLE", import_var_handle, NULL},
    {"READ_VARIABLE", import_read_variable, NULL},
    {"ASSIGN_VARIABLE", import_assign_variable, NULL},
    {"CALL_ONCE", import_call_once, NULL},
    {"WHILE", import_while, NULL},
    {"IF", import_if, NULL},
    {"STABLEHLO_COMPOSITE", import_composite, NULL},
    {NULL, NULL, NULL},
};
