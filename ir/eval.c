/* SPDX-License-Identifier: Apache-2.0 */
/* The reference evaluator: every node by its own record, in order. */
#include "ir/graph.h"

#include <stdlib.h>
#include <string.h>

#include <thimble/thimble.h>

struct th_eval_session {
    struct th_program *program;
    struct th_arena *arena;          /* state */
    struct th_tensor **states;
    th_eval_observer *observer;
    void *user;
};

struct th_eval_session *th_eval_session_new(struct th_program *p)
{
    struct th_eval_session *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->program = p;
    s->arena = th_arena_new(0);
    s->states = s->arena ? TH_NEW_ARRAY(s->arena, struct th_tensor *, p->n_states) : NULL;
    for (uint32_t i = 0; s->states && i < p->n_states; i++)
        if (!(s->states[i] = th_tensor_new(s->arena, &p->states[i]->type)))
            s->states = NULL;
    if (!s->states) {
        th_eval_session_free(s);
        return NULL;
    }
    th_eval_session_reset(s);
    return s;
}

void th_eval_session_free(struct th_eval_session *s)
{
    if (!s)
        return;
    th_arena_free(s->arena);
    free(s);
}

void th_eval_session_reset(struct th_eval_session *s)
{
    for (uint32_t i = 0; i < s->program->n_states; i++) {
        const struct th_state_rec *r = s->program->states[i];
        struct th_tensor *t = s->states[i];
        if (r->initial) {
            memcpy(t->data, th_blob_data(r->initial), th_blob_size(r->initial));
            continue;
        }
        for (int64_t k = 0; k < th_type_elems(&r->type); k++)
            th_tensor_set_int(t, k, th_quant_zero(r->type.quant, 0));
    }
}

void th_eval_observe(struct th_eval_session *s, th_eval_observer *fn, void *user)
{
    s->observer = fn;
    s->user = user;
}

struct frame {
    struct th_eval_session *session;
    struct th_arena *arena;
    struct th_graph *const *bodies;
};

static enum th_status run_graph(struct th_eval_session *s, struct th_graph *g,
                                const struct th_tensor *const *in, struct th_arena *arena,
                                struct th_tensor **out);

static enum th_status run_body(void *user, uint32_t body, const struct th_tensor *const *in,
                               struct th_tensor **out)
{
    struct frame *f = user;
    struct th_graph *g = f->bodies[body];
    /* A body may run many times: what it computes goes when it ends, its results stay. */
    struct th_arena *inner = th_arena_new(0);
    if (!inner)
        return TH_ERR_INTERNAL;
    enum th_status s = run_graph(f->session, g, in, inner, out);
    for (uint32_t i = 0; s == TH_OK && i < g->n_outputs; i++) {
        struct th_tensor *copy = th_tensor_new(f->arena, &out[i]->type);
        if (!copy) {
            s = TH_ERR_INTERNAL;
            break;
        }
        memcpy(copy->data, out[i]->data, (size_t)th_type_size(&copy->type));
        out[i] = copy;
    }
    th_arena_free(inner);
    return s;
}

static struct th_tensor *get_state(void *user, th_state id)
{
    struct frame *f = user;
    return id >= 1 && id <= f->session->program->n_states ? f->session->states[id - 1] : NULL;
}

static enum th_status run_node(struct th_eval_session *s, struct th_graph *g, th_node n,
                               struct th_tensor **values, struct th_arena *arena)
{
    const struct th_node_rec *r = g->nodes[n];
    struct th_inst *c = th_node_inst(g, n, arena);
    struct th_tensor **in = TH_NEW_ARRAY(arena, struct th_tensor *, r->n_in + 1);
    struct th_tensor *out[TH_MAX_OUTPUTS];
    if (!c || !in)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < r->n_in; i++)
        in[i] = r->in[i] ? values[r->in[i]] : NULL;
    for (uint32_t i = 0; i < r->n_out; i++)
        if (!(out[i] = values[r->out[i]] = th_tensor_new(arena, &c->out[i])))
            return TH_ERR_INTERNAL;
    struct frame f = {s, arena, r->bodies};
    struct th_eval e = {.arena = arena, .in = (const struct th_tensor *const *)in, .out = out,
                        .run_body = run_body, .state = get_state, .user = &f};
    TH_TRY(r->op->eval(c, &e));
    for (uint32_t i = 0; s->observer && i < r->n_out; i++)
        s->observer(s->user, g, r->out[i], out[i]);
    return TH_OK;
}

static enum th_status run_graph(struct th_eval_session *s, struct th_graph *g,
                                const struct th_tensor *const *in, struct th_arena *arena,
                                struct th_tensor **out)
{
    struct th_tensor **values = TH_NEW_ARRAY(arena, struct th_tensor *, g->n_values);
    if (!values)
        return TH_ERR_INTERNAL;
    for (th_value v = 1; v < g->n_values; v++)
        if (g->values[v]->blob)
            values[v] = &g->values[v]->tensor;
    for (uint32_t i = 0; i < g->n_inputs; i++)
        values[g->inputs[i]] = (struct th_tensor *)(uintptr_t)in[i];
    for (th_node n = g->first; n; n = g->nodes[n]->next)
        TH_TRY(run_node(s, g, n, values, arena));
    for (uint32_t i = 0; i < g->n_outputs; i++)
        out[i] = values[g->outputs[i]];
    return TH_OK;
}

enum th_status th_eval_run(struct th_eval_session *s, struct th_graph *f,
                           const struct th_tensor *const *in, struct th_arena *arena,
                           struct th_tensor **out)
{
    for (uint32_t i = 0; i < f->n_inputs; i++) {
        const struct th_type *t = &f->values[f->inputs[i]]->type;
        if (in[i]->type.dtype != t->dtype || !th_type_same_shape(&in[i]->type, t)) {
            struct th_str b;
            th_str_init(&b);
            th_type_print(&b, t);
            th_str_add(&b, ", given is ");
            th_type_print(&b, &in[i]->type);
            th_error(s->program->ctx, NULL, 3002, "input %u is %s", i, b.s);
            th_str_release(&b);
            return TH_ERR_INPUT;
        }
    }
    const enum th_status st = run_graph(s, f, in, arena, out);
    if (st == TH_ERR_INTERNAL)
        th_error(s->program->ctx, NULL, 0, "out of memory while evaluating");
    return st;
}
