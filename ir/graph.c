/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs: values, node order, uses, and reading them. Building nodes: ir/build.c. */
#include "ir/ctx.h"
#include "ir/graph.h"

#include <stdlib.h>
#include <string.h>

#include <thimble/thimble.h>

struct th_program *th_graph_program(const struct th_graph *g)
{
    return g->program;
}

const char *th_graph_name(const struct th_graph *g)
{
    return g->name;
}

bool th_graph_is_body(const struct th_graph *g)
{
    return g->body;
}

/* ---- values ---------------------------------------------------------------------------------- */
static th_value new_value(struct th_graph *g, const char *name, const struct th_type *type)
{
    struct th_value_rec *v = TH_NEW(g->program->arena, struct th_value_rec);
    if (!v || !th_grow(&g->values, g->n_values, &g->cap_values, sizeof *g->values))
        return 0;
    v->name = name && name[0] ? th_arena_strdup(g->program->arena, name) : "";
    if (!v->name)
        return 0;
    v->type = *type;
    v->place.region = -1;
    g->values[g->n_values] = v;
    return g->n_values++;
}

th_value th_graph_new_value(struct th_graph *g, const char *name, const struct th_type *type,
                            th_node def)
{
    const th_value v = new_value(g, name, type);
    if (v)
        g->values[v]->def = def;
    return v;
}

th_value th_graph_add_input(struct th_graph *g, const char *name, const struct th_type *type)
{
    if (!th_grow(&g->inputs, g->n_inputs, &g->cap_inputs, sizeof *g->inputs))
        return 0;
    const th_value v = new_value(g, name, type);
    if (!v)
        return 0;
    g->values[v]->input = true;
    g->inputs[g->n_inputs++] = v;
    return v;
}

uint32_t th_graph_input_count(const struct th_graph *g)
{
    return g->n_inputs;
}

th_value th_graph_input(const struct th_graph *g, uint32_t i)
{
    return i < g->n_inputs ? g->inputs[i] : 0;
}

const char *th_graph_input_name(const struct th_graph *g, uint32_t i)
{
    return i < g->n_inputs ? g->values[g->inputs[i]]->name : "";
}

th_value th_graph_replace_input(struct th_graph *g, uint32_t i, const struct th_type *type)
{
    const th_value old = g->inputs[i];
    const th_value v = new_value(g, g->values[old]->name, type);
    if (!v)
        return 0;
    g->values[old]->input = false;
    g->values[v]->input = true;
    g->inputs[i] = v;
    return v;
}

enum th_status th_graph_add_output(struct th_graph *g, const char *name, th_value v)
{
    uint32_t cap = g->cap_outputs;
    if (!th_grow(&g->outputs, g->n_outputs, &cap, sizeof *g->outputs))
        return TH_ERR_INTERNAL;
    if (!th_grow(&g->output_names, g->n_outputs, &g->cap_outputs, sizeof *g->output_names))
        return TH_ERR_INTERNAL;
    if (!v || v >= g->n_values) {
        th_error(g->program->ctx, NULL, 3001, "graph '%s': output %u has no value", g->name,
                 g->n_outputs);
        return TH_ERR_INPUT;
    }
    const char *copy = th_arena_strdup(g->program->arena, name ? name : "");
    if (!copy)
        return TH_ERR_INTERNAL;
    g->outputs[g->n_outputs] = v;
    g->output_names[g->n_outputs++] = copy;
    g->values[v]->n_out_uses++;
    return TH_OK;
}

uint32_t th_graph_output_count(const struct th_graph *g)
{
    return g->n_outputs;
}

th_value th_graph_output(const struct th_graph *g, uint32_t i)
{
    return i < g->n_outputs ? g->outputs[i] : 0;
}

const char *th_graph_output_name(const struct th_graph *g, uint32_t i)
{
    return i < g->n_outputs ? g->output_names[i] : "";
}

void th_graph_set_output(struct th_graph *g, uint32_t i, th_value v)
{
    g->values[g->outputs[i]]->n_out_uses--;
    g->outputs[i] = v;
    g->values[v]->n_out_uses++;
}

void th_graph_clear_outputs(struct th_graph *g)
{
    for (uint32_t i = 0; i < g->n_outputs; i++)
        g->values[g->outputs[i]]->n_out_uses--;
    g->n_outputs = 0;
}

th_value th_graph_add_const(struct th_graph *g, const char *name, const struct th_type *type,
                            struct th_blob *blob)
{
    int64_t bytes;
    if (!blob || !th_type_bytes(type, &bytes) || th_blob_size(blob) != (size_t)bytes) {
        th_error(g->program->ctx, NULL, 3002, "constant '%s': its data does not fit its type",
                 name ? name : "");
        th_blob_unref(blob);
        return 0;
    }
    const th_value v = new_value(g, name, type);
    if (!v) {
        th_blob_unref(blob);
        return 0;
    }
    struct th_value_rec *r = g->values[v];
    r->blob = blob;
    r->tensor.type = *type;
    r->tensor.data = (void *)(uintptr_t)th_blob_data(blob);
    return v;
}

th_value th_graph_const_copy(struct th_graph *g, const char *name, const struct th_type *type,
                             const void *data)
{
    int64_t bytes;
    if (!th_type_bytes(type, &bytes))
        return 0;
    return th_graph_add_const(g, name, type, th_blob_copy(data, (size_t)bytes));
}

th_value th_graph_const_ints(struct th_graph *g, enum th_dtype dt, int32_t rank,
                             const int64_t *dims, const int64_t *values)
{
    struct th_arena *scratch = th_arena_new(0);
    const struct th_type type = th_type_make(dt, rank, dims);
    struct th_tensor *t = scratch ? th_tensor_new(scratch, &type) : NULL;
    th_value v = 0;
    if (t) {
        for (int64_t i = 0; i < th_type_elems(&type); i++)
            th_tensor_set_int(t, i, values[i]);
        v = th_graph_const_copy(g, NULL, &type, t->data);
    }
    th_arena_free(scratch);
    return v;
}

const char *th_value_name(const struct th_graph *g, th_value v)
{
    return g->values[v]->name;
}

void th_value_set_name(struct th_graph *g, th_value v, const char *name)
{
    const char *copy = th_arena_strdup(g->program->arena, name);
    if (copy)
        g->values[v]->name = copy;
}

const struct th_type *th_value_type(const struct th_graph *g, th_value v)
{
    return &g->values[v]->type;
}

void th_value_set_type(struct th_graph *g, th_value v, const struct th_type *t)
{
    g->values[v]->type = *t;
    if (g->values[v]->blob)
        g->values[v]->tensor.type = *t;
}

th_node th_value_def(const struct th_graph *g, th_value v)
{
    return g->values[v]->def;
}

bool th_value_is_const(const struct th_graph *g, th_value v)
{
    return v && g->values[v]->blob != NULL;
}

bool th_value_is_input(const struct th_graph *g, th_value v)
{
    return g->values[v]->input;
}

bool th_value_is_output(const struct th_graph *g, th_value v)
{
    return g->values[v]->n_out_uses > 0;
}

const struct th_tensor *th_value_const(const struct th_graph *g, th_value v)
{
    return th_value_is_const(g, v) ? &g->values[v]->tensor : NULL;
}

struct th_blob *th_value_blob(const struct th_graph *g, th_value v)
{
    return g->values[v]->blob;
}

bool th_value_range(const struct th_graph *g, th_value v, float *lo, float *hi)
{
    *lo = g->values[v]->lo;
    *hi = g->values[v]->hi;
    return g->values[v]->has_range;
}

void th_value_set_range(struct th_graph *g, th_value v, float lo, float hi)
{
    g->values[v]->has_range = true;
    g->values[v]->lo = lo;
    g->values[v]->hi = hi;
}

/* ---- uses ------------------------------------------------------------------------------------ */
bool th_value_add_user(struct th_graph *g, th_value v, th_node n)
{
    struct th_value_rec *r = g->values[v];
    if (r->n_users == r->cap_users &&
        !th_budget_take(th_ctx_budget(g->program->ctx), (r->n_users + 1) * 2 * sizeof *r->users))
        return false;
    if (!th_grow(&r->users, r->n_users, &r->cap_users, sizeof *r->users))
        return false;
    r->users[r->n_users++] = n;
    return true;
}

static void drop_user(struct th_graph *g, th_value v, th_node n)
{
    struct th_value_rec *r = g->values[v];
    for (uint32_t i = 0; i < r->n_users; i++)
        if (r->users[i] == n) {
            memmove(r->users + i, r->users + i + 1, (r->n_users - i - 1) * sizeof *r->users);
            r->n_users--;
            return;
        }
}

uint32_t th_value_use_count(const struct th_graph *g, th_value v)
{
    return g->values[v]->n_users + g->values[v]->n_out_uses;
}

uint32_t th_value_user_count(const struct th_graph *g, th_value v)
{
    return g->values[v]->n_users;
}

th_node th_value_user(const struct th_graph *g, th_value v, uint32_t i)
{
    return i < g->values[v]->n_users ? g->values[v]->users[i] : 0;
}

th_node th_value_single_user(const struct th_graph *g, th_value v)
{
    const struct th_value_rec *r = g->values[v];
    return r->n_users == 1 && r->n_out_uses == 0 ? r->users[0] : 0;
}

void th_value_replace(struct th_graph *g, th_value from, th_value to)
{
    if (from == to)
        return;
    struct th_value_rec *f = g->values[from];
    while (f->n_users) {
        const th_node n = f->users[f->n_users - 1];
        struct th_node_rec *r = g->nodes[n];
        for (uint32_t i = 0; i < r->n_in; i++)
            if (r->in[i] == from) {
                th_node_set_input(g, n, i, to);
                break;
            }
    }
    for (uint32_t i = 0; f->n_out_uses && i < g->n_outputs; i++)
        if (g->outputs[i] == from)
            th_graph_set_output(g, i, to);
}

/* ---- nodes ----------------------------------------------------------------------------------- */
th_node th_graph_first(const struct th_graph *g)
{
    return g->first;
}

th_node th_graph_last(const struct th_graph *g)
{
    return g->last;
}

th_node th_graph_next(const struct th_graph *g, th_node n)
{
    return g->nodes[n]->next;
}

th_node th_graph_prev(const struct th_graph *g, th_node n)
{
    return g->nodes[n]->prev;
}

uint32_t th_graph_node_count(const struct th_graph *g)
{
    return g->n_live;
}

uint32_t th_graph_node_limit(const struct th_graph *g)
{
    return g->n_nodes;
}

uint32_t th_graph_value_limit(const struct th_graph *g)
{
    return g->n_values;
}

void th_graph_link(struct th_graph *g, th_node n, th_node before)
{
    struct th_node_rec *r = g->nodes[n];
    r->next = before;
    r->prev = before ? g->nodes[before]->prev : g->last;
    if (r->prev)
        g->nodes[r->prev]->next = n;
    else
        g->first = n;
    if (before)
        g->nodes[before]->prev = n;
    else
        g->last = n;
}

static void unlink_node(struct th_graph *g, th_node n)
{
    struct th_node_rec *r = g->nodes[n];
    if (r->prev)
        g->nodes[r->prev]->next = r->next;
    else
        g->first = r->next;
    if (r->next)
        g->nodes[r->next]->prev = r->prev;
    else
        g->last = r->prev;
}

void th_graph_move(struct th_graph *g, th_node n, th_node before)
{
    if (n == before)
        return;
    unlink_node(g, n);
    th_graph_link(g, n, before);
}

void th_graph_remove(struct th_graph *g, th_node n)
{
    struct th_node_rec *r = g->nodes[n];
    for (uint32_t i = 0; i < r->n_in; i++)
        if (r->in[i])
            drop_user(g, r->in[i], n);
    unlink_node(g, n);
    r->live = false;
    r->n_in = 0;
    g->n_live--;
}

const struct th_op *th_node_op(const struct th_graph *g, th_node n)
{
    return g->nodes[n]->op;
}

const char *th_node_op_name(const struct th_graph *g, th_node n)
{
    return g->nodes[n]->op->name;
}

bool th_node_is(const struct th_graph *g, th_node n, const char *op)
{
    return n && !strcmp(g->nodes[n]->op->name, op);
}

const char *th_node_contract(const struct th_graph *g, th_node n)
{
    return g->nodes[n]->contract;
}

uint32_t th_node_input_count(const struct th_graph *g, th_node n)
{
    return g->nodes[n]->n_in;
}

th_value th_node_input(const struct th_graph *g, th_node n, uint32_t i)
{
    return i < g->nodes[n]->n_in ? g->nodes[n]->in[i] : 0;
}

uint32_t th_node_output_count(const struct th_graph *g, th_node n)
{
    return g->nodes[n]->n_out;
}

th_value th_node_output(const struct th_graph *g, th_node n, uint32_t i)
{
    return i < g->nodes[n]->n_out ? g->nodes[n]->out[i] : 0;
}

uint32_t th_node_body_count(const struct th_graph *g, th_node n)
{
    return g->nodes[n]->n_bodies;
}

struct th_graph *th_node_body(const struct th_graph *g, th_node n, uint32_t i)
{
    return i < g->nodes[n]->n_bodies ? g->nodes[n]->bodies[i] : NULL;
}

const struct th_attrs *th_node_attrs(const struct th_graph *g, th_node n)
{
    return &g->nodes[n]->attrs;
}

const struct th_loc *th_node_loc(const struct th_graph *g, th_node n)
{
    return &g->nodes[n]->loc;
}

void th_node_set_input(struct th_graph *g, th_node n, uint32_t i, th_value v)
{
    struct th_node_rec *r = g->nodes[n];
    if (r->in[i])
        drop_user(g, r->in[i], n);
    r->in[i] = v;
    if (v && !th_value_add_user(g, v, n))
        th_error(g->program->ctx, NULL, 0, "out of memory");
}

/* ---- notes ----------------------------------------------------------------------------------- */
struct th_place th_value_place(const struct th_graph *g, th_value v)
{
    return g->values[v]->place;
}

void th_value_set_place(struct th_graph *g, th_value v, struct th_place p)
{
    g->values[v]->place = p;
}

struct th_kernel_note *th_node_note(struct th_graph *g, th_node n)
{
    return &g->nodes[n]->note;
}

const struct th_kernel_note *th_node_note_const(const struct th_graph *g, th_node n)
{
    return &g->nodes[n]->note;
}

uint32_t th_graph_share_count(const struct th_graph *g)
{
    return g->n_shares;
}

void th_graph_clear_shares(struct th_graph *g)
{
    g->n_shares = 0;
}

const struct th_share *th_graph_share(const struct th_graph *g, uint32_t i)
{
    return &g->shares[i];
}

bool th_graph_add_share(struct th_graph *g, const struct th_share *s)
{
    if (!th_grow(&g->shares, g->n_shares, &g->cap_shares, sizeof *g->shares))
        return false;
    g->shares[g->n_shares++] = *s;
    return true;
}
