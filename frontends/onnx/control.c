/* SPDX-License-Identifier: Apache-2.0 */
/* If, Loop, Scan: graphs inside of operators. */
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
        if (v != 0 && !onx_narrow_copy(s->im, n->scope->graph, c->values[i], s->graph, v))
            return TH_ERR_INTERNAL;
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
    for (uint32_t i = 0; i < d.n_out; i++) {
        const th_value a = th_graph_output(bodies[0], i), b = th_graph_output(bodies[1], i);
        if (!onx_narrow_same(n->scope->im, bodies[0], a, bodies[1], b))
            return onx_reject(n, NULL, "result %u has two types", (unsigned)i);
        if (!onx_narrow_copy(n->scope->im, bodies[0], a, n->scope->graph, out[i]))
            return TH_ERR_INTERNAL;
        TH_TRY(onx_bind(n, i, out[i]));
    }
    return TH_OK;
}

/* ---- loops ----------------------------------------------------------------------------------- */

enum { MOST_CARRIED = TH_MAX_OUTPUTS };

/* A loop of the IR in the making. What goes round: the number of the round, whether to go on (only
 * where that is computed), the operator's own variables, what the body sees of outside, and a
 * buffer for each result that collects an element a round. */
struct rounds {
    struct onx_node *n;
    struct onx_node at;                /* the operator, inside of the body */
    struct onx_scope s;
    const Onnx__GraphProto *body;
    struct captured captured;
    struct th_graph *graph;
    th_value in[MOST_CARRIED], next[MOST_CARRIED];   /* outside; at the body's end */
    uint32_t count;
    int64_t trips;                     /* -1: known only when the network runs */
    bool tested;                       /* slot 1 says whether to go on */
    uint32_t first_own, n_own;
};

static enum th_status carry(struct rounds *r, th_value outside, const char *name, th_value *inside)
{
    if (r->count == MOST_CARRIED)
        return onx_reject(r->n, NULL, "it carries more than %d values", MOST_CARRIED);
    r->in[r->count] = outside;
    *inside = th_graph_add_input(r->graph, name, onx_type(r->n, outside));
    r->next[r->count++] = *inside;
    return *inside != 0 && onx_narrow_copy(r->n->scope->im, r->n->scope->graph, outside, r->graph,
                                           *inside) ? TH_OK : TH_ERR_INTERNAL;
}

static enum th_status begin(struct rounds *r, struct onx_node *n, const Onnx__GraphProto *body,
                            int64_t trips, th_value go_on)
{
    th_value zero, inside;

    *r = (struct rounds){.n = n, .at = *n, .body = body, .trips = trips, .tested = go_on != 0};
    TH_TRY(capture(n, &body, 1, &r->captured));
    r->graph = th_program_add_body(n->scope->im->program, onx_str(body->name));
    if (r->graph == NULL)
        return TH_ERR_INTERNAL;
    TH_TRY(onx_scope_init(&r->s, n->scope->im, r->graph, n->scope, body));
    r->at.scope = &r->s;
    TH_TRY(onx_scalar(n, TH_DT_S64, 0, &zero));
    TH_TRY(carry(r, zero, "round", &inside));
    return r->tested ? carry(r, go_on, "go_on", &inside) : TH_OK;
}

/* One of the operator's variables as the body's input i. */
static enum th_status carry_own(struct rounds *r, th_value v, size_t i)
{
    const char *name = onx_str(r->body->input[i]->name);
    th_value inside;

    if (r->n_own++ == 0)
        r->first_own = r->count;
    TH_TRY(carry(r, v, name, &inside));
    return onx_define(&r->s, &r->n->loc, name, inside);
}

static enum th_status run_body(struct rounds *r)
{
    for (size_t i = 0; i < r->captured.n; i++) {
        th_value inside;
        TH_TRY(carry(r, r->captured.values[i], r->captured.names[i], &inside));
        TH_TRY(onx_define(&r->s, &r->n->loc, r->captured.names[i], inside));
    }
    return onx_import_nodes(&r->s);
}

static enum th_status result(struct rounds *r, size_t i, th_value *v)
{
    *v = onx_resolve(&r->s, &r->n->loc, onx_str(r->body->output[i]->name));
    return *v != 0 ? TH_OK : TH_ERR_INPUT;
}

/* Own variable k becomes the body's result i. */
static enum th_status set_own(struct rounds *r, uint32_t k, size_t i)
{
    const struct th_type *have, *want = onx_type(r->n, r->in[r->first_own + k]);
    th_value v;

    TH_TRY(result(r, i, &v));
    have = th_value_type(r->graph, v);
    if (have->dtype != want->dtype || !th_type_same_shape(have, want) ||
        !onx_narrow_same(r->n->scope->im, r->graph, v, r->graph, r->next[r->first_own + k]))
        return onx_reject(r->n, "variables that keep their type",
                          "variable %u has another type after a round", (unsigned)k);
    r->next[r->first_own + k] = v;
    return TH_OK;
}

/* The body's result i is element `round` (or counted from the end) of a buffer; *slot is where the
 * buffer goes round. */
static enum th_status collect(struct rounds *r, size_t i, int64_t length, bool backwards,
                              uint32_t *slot)
{
    struct onx_node *at = &r->at;
    struct th_type type;
    int64_t dims[TH_MAX_RANK] = {1}, zeros[TH_MAX_RANK] = {0}, one = 1, rest;
    th_value element, buffer, inside, place[2], in[3];

    TH_TRY(result(r, i, &element));
    type = *th_value_type(r->graph, element);
    if (type.rank == TH_MAX_RANK || length < 0)
        return onx_reject(r->n, NULL, length < 0
                              ? "how many rounds there are is not known, and the shape of its "
                                "result is not declared"
                              : "a result has too many axes");
    memcpy(dims + 1, type.dims, (size_t)type.rank * sizeof *dims);
    rest = type.rank;
    type.rank++;
    TH_TRY(onx_reshape(at, element, type.rank, dims, &element));
    memcpy(type.dims, dims, sizeof type.dims);
    type.dims[0] = length;
    type.quant = NULL;
    TH_TRY(onx_filled(r->n, &type, 0, &buffer));
    if (!onx_narrow_copy(r->n->scope->im, r->graph, element, r->n->scope->graph, buffer))
        return TH_ERR_INTERNAL;
    *slot = r->count;
    TH_TRY(carry(r, buffer, "collected", &inside));
    place[0] = th_graph_input(r->graph, 0);
    if (backwards) {
        TH_TRY(onx_scalar(at, TH_DT_S64, (double)(length - 1), &place[1]));
        TH_TRY(onx_binary(at, "sub", place[1], place[0], &place[0]));
    }
    TH_TRY(onx_reshape(at, place[0], 1, &one, &place[0]));
    if (rest > 0) {
        TH_TRY(onx_ints(at, TH_DT_S64, 1, &rest, zeros, &place[1]));
        TH_TRY(onx_concat(at, place, 2, 0, &place[0]));
    }
    in[0] = inside;
    in[1] = element;
    in[2] = place[0];
    return onx_add(at, "dynamic_update_slice", in, 3, NULL, &r->next[*slot]);
}

/* While less rounds are done than `most` (0: any number) and slot 1 says so. */
static enum th_status condition(struct rounds *r, th_value most, struct th_graph **out)
{
    struct onx_node at = *r->n;
    struct onx_scope s;
    th_value v = 0, limit = 0, less;

    *out = th_program_add_body(r->n->scope->im->program, "condition");
    if (*out == NULL)
        return TH_ERR_INTERNAL;
    TH_TRY(onx_scope_init(&s, r->n->scope->im, *out, NULL, NULL));
    at.scope = &s;
    for (uint32_t i = 0; i < r->count; i++) {
        th_value x = th_graph_add_input(*out, "", onx_type(r->n, r->in[i]));
        if (x == 0)
            return TH_ERR_INTERNAL;
        if (most != 0 && r->in[i] == most)
            limit = x;
    }
    if (r->tested)
        v = th_graph_input(*out, 1);
    if (limit != 0) {
        TH_TRY(onx_binary(&at, "less", th_graph_input(*out, 0), limit, &less));
        v = v != 0 ? v : less;
        if (r->tested)
            TH_TRY(onx_binary(&at, "logical_and", v, less, &v));
    }
    return th_graph_add_output(*out, "more", v);
}

/* The loop's node; results in r->next. */
static enum th_status finish_loop(struct rounds *r, th_value most)
{
    struct th_graph *bodies[2];
    struct th_attr_list a = {.n = 0};
    struct th_node_desc d = {.op = "loop", .contract = "onnx", .in = r->in, .bodies = bodies,
                             .loc = r->n->loc};
    th_value one;

    TH_TRY(onx_scalar(&r->at, TH_DT_S64, 1, &one));
    TH_TRY(onx_binary(&r->at, "add", th_graph_input(r->graph, 0), one, &r->next[0]));
    for (uint32_t i = 0; i < r->count; i++)
        TH_TRY(th_graph_add_output(r->graph, "", r->next[i]));
    if (r->trips >= 0)
        th_attr_list_int(&a, "count", r->trips);
    else
        TH_TRY(condition(r, most, &bodies[d.n_bodies++]));
    bodies[d.n_bodies++] = r->graph;
    d.attrs = a.at;
    d.n_attrs = a.n;
    d.n_in = d.n_out = r->count;
    TH_TRY(th_graph_add_node(r->n->scope->graph, &d, NULL, r->next));
    for (uint32_t i = 0; i < r->count; i++)
        if (!onx_narrow_copy(r->n->scope->im, r->n->scope->graph, r->in[i], r->n->scope->graph,
                             r->next[i]))
            return TH_ERR_INTERNAL;
    return TH_OK;
}

/* ---- Loop ------------------------------------------------------------------------------------ */

static bool always(const struct onx_node *n, th_value v)
{
    const struct th_tensor *c = onx_const(n, v);

    return v == 0 || (c != NULL && th_type_elems(&c->type) == 1 && th_tensor_int(c, 0) != 0);
}

static bool to_truth(const Onnx__NodeProto *cast)
{
    for (size_t i = 0; i < cast->n_attribute; i++)
        if (strcmp(onx_str(cast->attribute[i]->name), "to") == 0)
            return cast->attribute[i]->i == ONNX__TENSOR_PROTO__DATA_TYPE__BOOL;
    return false;
}

/* The body hands its condition on, or a constant of outside that says yes. On the way, truth
 * values can take any type, but other numbers only become truth values: 256 as a byte is 0. */
static bool goes_on(struct onx_node *n, const Onnx__GraphProto *body)
{
    const char *in = onx_str(body->input[1]->name), *out = onx_str(body->output[0]->name);
    bool truth = true;
    size_t count = 0;
    const char **outer;

    for (size_t hops = 0; hops < body->n_node && strcmp(in, out) != 0; hops++) {
        const Onnx__NodeProto *maker = NULL;
        for (size_t i = 0; i < body->n_node; i++)
            if (body->node[i]->n_output == 1 && strcmp(onx_str(body->node[i]->output[0]), out) == 0)
                maker = body->node[i];
        if (maker == NULL)
            break;
        const char *op = onx_full_name(n->scope->im, maker);
        if ((strcmp(op, "Identity") != 0 && strcmp(op, "Cast") != 0) || maker->n_input != 1)
            return false;
        if (strcmp(op, "Cast") == 0)
            truth = to_truth(maker);
        out = onx_str(maker->input[0]);
    }
    if (strcmp(in, out) == 0)
        return true;
    outer = onx_free_names(n->scope->im, body, &count);
    for (size_t i = 0; outer != NULL && i < count; i++)
        if (strcmp(outer[i], out) == 0) {
            th_value v = onx_resolve(n->scope, &n->loc, out);
            return v != 0 && (truth || onx_type(n, v)->dtype == TH_DT_BOOL) && always(n, v);
        }
    return false;
}

/* The trip count as a constant, or as a value that goes round. */
static enum th_status trip_count(struct onx_node *n, bool counted, int64_t *trips, th_value *most)
{
    size_t count = 0;

    *trips = -1;
    *most = onx_in(n, 0);
    if (*most == 0)
        return TH_OK;
    if (th_type_elems(onx_type(n, *most)) != 1)
        return onx_reject(n, NULL, "the number of rounds is no single number");
    TH_TRY(onx_reshape(n, *most, 0, NULL, most));
    if (!counted || onx_const(n, *most) == NULL)
        return TH_OK;
    if (!onx_in_ints(n, 0, "M", trips, 1, &count))
        return TH_ERR_INPUT;
    *trips = *trips < 0 ? 0 : *trips;
    *most = 0;
    return TH_OK;
}

/* The number of collected elements: the rounds, or what the file says of the result. */
static int64_t collected(struct onx_node *n, const struct rounds *r, size_t i)
{
    struct th_type want;

    if (r->trips >= 0)
        return r->trips;
    return onx_declared(n, i, &want) && want.rank > 0 ? want.dims[0] : -1;
}

static enum th_status import_loop(struct onx_node *n)
{
    const Onnx__GraphProto *body = onx_attr_graph(n, "body");
    size_t own = onx_n_in(n) > 2 ? onx_n_in(n) - 2 : 0;
    uint32_t slots[MOST_CARRIED];
    th_value go_on = onx_in(n, 1), most, inside;
    struct rounds r;
    int64_t trips;
    bool counted;

    if (body == NULL || body->n_input != own + 2 || body->n_output < own + 1 ||
        onx_n_out(n) > body->n_output - 1 || onx_n_out(n) > MOST_CARRIED)
        return onx_reject(n, NULL, "its body is absent or has other numbers of inputs and results");
    counted = always(n, go_on) && goes_on(n, body);
    if (always(n, go_on) && onx_in_is_const(n, 0)) {
        TH_TRY(trip_count(n, true, &trips, &most));
        if (onx_rounds_differ(n, body, own, trips))
            return onx_write_out(n, body, own, trips);
    }
    TH_TRY(trip_count(n, counted, &trips, &most));
    if (!counted && go_on == 0)
        TH_TRY(onx_scalar(n, TH_DT_BOOL, 1, &go_on));
    if (!counted)
        TH_TRY(onx_reshape(n, go_on, 0, NULL, &go_on));
    TH_TRY(begin(&r, n, body, trips, counted ? 0 : go_on));
    TH_TRY(onx_define(&r.s, &n->loc, onx_str(body->input[0]->name), th_graph_input(r.graph, 0)));
    if (r.tested)
        inside = th_graph_input(r.graph, 1);
    else
        TH_TRY(onx_scalar(&r.at, TH_DT_BOOL, 1, &inside));
    TH_TRY(onx_define(&r.s, &n->loc, onx_str(body->input[1]->name), inside));
    for (size_t i = 0; i < own; i++)
        TH_TRY(onx_in(n, 2 + i) != 0 ? carry_own(&r, onx_in(n, 2 + i), 2 + i) : TH_ERR_INPUT);
    if (most != 0)
        TH_TRY(carry(&r, most, "rounds", &inside));
    TH_TRY(run_body(&r));
    if (r.tested) {
        TH_TRY(result(&r, 0, &r.next[1]));
        TH_TRY(onx_reshape(&r.at, r.next[1], 0, NULL, &r.next[1]));
    }
    for (size_t i = 0; i < own; i++) {
        slots[i] = r.first_own + (uint32_t)i;
        TH_TRY(set_own(&r, (uint32_t)i, 1 + i));
    }
    for (size_t i = own; i + 1 < body->n_output; i++)
        if (i < onx_n_out(n))
            TH_TRY(collect(&r, 1 + i, collected(n, &r, i), false, &slots[i]));
    TH_TRY(finish_loop(&r, most));
    for (size_t i = 0; i < onx_n_out(n); i++)
        TH_TRY(onx_bind(n, i, r.next[slots[i]]));
    return TH_OK;
}

/* ---- Scan ------------------------------------------------------------------------------------ */

/* Element `round` of v along an axis, or counted from the end. */
static enum th_status element(struct rounds *r, th_value v, int64_t axis, bool backwards,
                              th_value *out)
{
    th_value at = th_graph_input(r->graph, 0), last;
    int64_t length = th_value_type(r->graph, v)->dims[axis];

    if (backwards) {
        TH_TRY(onx_scalar(&r->at, TH_DT_S64, (double)(length - 1), &last));
        TH_TRY(onx_binary(&r->at, "sub", last, at, &at));
    }
    return onx_gather(&r->at, v, at, axis, out);
}

/* Entry i of a list of axes or directions, 0 if it is absent. */
static int64_t entry_of(const struct onx_node *n, const char *name, size_t i)
{
    size_t count;
    const int64_t *list = onx_attr_ints(n, name, &count);

    return i < count ? list[i] : 0;
}

/* Up to version 8 the first operand was a list of lengths, and axis 0 of all others the batch. */
static enum th_status scan_operand(struct onx_node *n, size_t i, th_value *v)
{
    const struct th_type *t;

    *v = onx_in(n, n->opset < 9 ? i + 1 : i);
    if (*v == 0)
        return onx_reject(n, NULL, "operand %zu is absent", i);
    if (n->opset >= 9)
        return TH_OK;
    t = onx_type(n, *v);
    if (t->rank < 1 || t->dims[0] != 1)
        return onx_reject(n, "a batch of one", "a batch");
    return onx_reshape(n, *v, t->rank - 1, t->dims + 1, v);
}

static enum th_status scan_result(struct onx_node *n, size_t i, th_value v, int64_t axis)
{
    const struct th_type *t = onx_type(n, v);
    int64_t perm[TH_MAX_RANK], dims[TH_MAX_RANK] = {1};

    if (axis != 0) {
        if (!onx_axis(n, axis, t->rank, &axis))
            return TH_ERR_INPUT;
        for (int32_t k = 0; k < t->rank; k++)
            perm[k] = k < axis ? k + 1 : k == axis ? 0 : k;
        TH_TRY(onx_transpose(n, v, perm, &v));
    }
    t = onx_type(n, v);
    if (n->opset < 9 && t->rank < TH_MAX_RANK) {
        memcpy(dims + 1, t->dims, (size_t)t->rank * sizeof *dims);
        TH_TRY(onx_reshape(n, v, t->rank + 1, dims, &v));
    }
    return onx_bind(n, i, v);
}

/* The operands that are gone through: how many elements, and which axis. */
static enum th_status scan_extent(struct onx_node *n, size_t own, size_t scanned, th_value *values,
                                  int64_t *axes, int64_t *trips)
{
    *trips = -1;
    for (size_t i = 0; i < scanned; i++) {
        const struct th_type *t;
        TH_TRY(scan_operand(n, own + i, &values[i]));
        t = onx_type(n, values[i]);
        if (!onx_axis(n, entry_of(n, "scan_input_axes", i), t->rank, &axes[i]))
            return TH_ERR_INPUT;
        if (*trips >= 0 && t->dims[axes[i]] != *trips)
            return onx_reject(n, NULL, "operands have %lld and %lld elements to go through",
                              (long long)*trips, (long long)t->dims[axes[i]]);
        *trips = t->dims[axes[i]];
    }
    return TH_OK;
}

static enum th_status import_scan(struct onx_node *n)
{
    const Onnx__GraphProto *body = onx_attr_graph(n, "body");
    const char *ways = n->opset < 9 ? "directions" : "scan_input_directions";
    int64_t given = onx_attr_i(n, "num_scan_inputs", 0), axes[MOST_CARRIED], trips;
    size_t operands = onx_n_in(n) - (n->opset < 9 && onx_n_in(n) != 0), own, scanned;
    th_value values[MOST_CARRIED], inside, v;
    uint32_t slots[MOST_CARRIED];
    struct rounds r;

    if (body == NULL || given < 1 || (uint64_t)given > operands || operands > MOST_CARRIED ||
        body->n_input != operands || onx_n_out(n) > body->n_output || onx_n_out(n) > MOST_CARRIED ||
        body->n_output < operands - (size_t)given)
        return onx_reject(n, NULL, "its body is absent or has other numbers of inputs and results");
    if (n->opset < 9 && onx_has_in(n, 0))
        return onx_reject(n, "sequences of one length", "a list of lengths");
    scanned = (size_t)given;
    own = operands - scanned;
    TH_TRY(scan_extent(n, own, scanned, values, axes, &trips));
    TH_TRY(begin(&r, n, body, trips, 0));
    for (size_t i = 0; i < own; i++) {
        TH_TRY(scan_operand(n, i, &v));
        TH_TRY(carry_own(&r, v, i));
        slots[i] = r.first_own + (uint32_t)i;
    }
    for (size_t i = 0; i < scanned; i++) {
        TH_TRY(carry(&r, values[i], "scanned", &inside));
        TH_TRY(element(&r, inside, axes[i], entry_of(n, ways, i) != 0, &v));
        TH_TRY(onx_define(&r.s, &n->loc, onx_str(body->input[own + i]->name), v));
    }
    TH_TRY(run_body(&r));
    for (size_t i = 0; i < own; i++)
        TH_TRY(set_own(&r, (uint32_t)i, i));
    for (size_t i = own; i < onx_n_out(n); i++)
        TH_TRY(collect(&r, i, trips, entry_of(n, "scan_output_directions", i - own) != 0,
                       &slots[i]));
    TH_TRY(finish_loop(&r, 0));
    for (size_t i = 0; i < onx_n_out(n); i++)
        TH_TRY(scan_result(n, i, r.next[slots[i]],
                           i < own ? 0 : entry_of(n, "scan_output_axes", i - own)));
    return TH_OK;
}

const struct onx_row onx_rows_control[] = {
    {"If", import_if, NULL},
    {"Loop", import_loop, NULL},
    {"Scan", import_scan, NULL},
    {NULL, NULL, NULL},
};
