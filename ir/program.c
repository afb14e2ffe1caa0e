/* SPDX-License-Identifier: Apache-2.0 */
/* Programs, state variables, and their life. */
#include "ir/ctx.h"
#include "ir/graph.h"

#include <stdlib.h>
#include <string.h>

#include <thimble/thimble.h>

bool th_grow(void *array_pointer, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap)
        return true;
    void **array = array_pointer;
    const uint32_t wanted = *cap ? *cap * 2 : 16;
    void *p = wanted > *cap ? realloc(*array, wanted * size) : NULL;
    if (!p)
        return false;
    *array = p;
    *cap = wanted;
    return true;
}

struct th_program *th_program_new(struct th_ctx *ctx)
{
    struct th_program *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->ctx = ctx;
    p->arena = th_ctx_read_arena(ctx);
    p->source = p->format = p->sha256 = "";
    if (!p->arena) {
        free(p);
        return NULL;
    }
    return p;
}

static void free_graph(struct th_graph *g)
{
    for (uint32_t i = 1; i < g->n_values; i++) {
        th_blob_unref(g->values[i]->blob);
        free(g->values[i]->users);
    }
    free(g->nodes);
    free(g->values);
    free(g->inputs);
    free(g->outputs);
    free(g->output_names);
    free(g->shares);
    free(g);
}

void th_program_free(struct th_program *p)
{
    if (!p)
        return;
    for (uint32_t i = 0; i < p->n_functions; i++)
        free_graph(p->functions[i]);
    for (uint32_t i = 0; i < p->n_bodies; i++)
        free_graph(p->bodies[i]);
    for (uint32_t i = 0; i < p->n_states; i++)
        th_blob_unref(p->states[i]->initial);
    free(p->functions);
    free(p->bodies);
    free(p->states);
    free(p->data);
    free(p->data_hash);
    th_arena_free(p->arena);
    free(p);
}

struct th_ctx *th_program_ctx(const struct th_program *p)
{
    return p->ctx;
}

struct th_arena *th_program_arena(const struct th_program *p)
{
    return p->arena;
}

void th_program_set_source(struct th_program *p, const char *file, const char *format,
                           const char *sha256)
{
    const char *f = th_arena_strdup(p->arena, file), *m = th_arena_strdup(p->arena, format);
    const char *s = th_arena_strdup(p->arena, sha256);
    if (f && m && s) {
        p->source = f;
        p->format = m;
        p->sha256 = s;
    }
}

const char *th_program_source(const struct th_program *p)
{
    return p->source;
}

const char *th_program_sha256(const struct th_program *p)
{
    return p->sha256;
}

const char *th_program_format(const struct th_program *p)
{
    return p->format;
}

static struct th_graph *new_graph(struct th_program *p, const char *name, bool body)
{
    struct th_graph *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->program = p;
    g->body = body;
    g->name = th_arena_strdup(p->arena, name ? name : "");
    g->n_nodes = g->n_values = 1;
    if (!g->name || !th_grow(&g->nodes, 1, &g->cap_nodes, sizeof *g->nodes) ||
        !th_grow(&g->values, 1, &g->cap_values, sizeof *g->values)) {
        free_graph(g);
        return NULL;
    }
    g->nodes[0] = NULL;
    g->values[0] = NULL;
    return g;
}

static struct th_graph *add_graph(struct th_program *p, const char *name, bool body,
                                  struct th_graph ***list, uint32_t *n, uint32_t *cap)
{
    struct th_graph *g = new_graph(p, name, body);
    if (!g || !th_grow(list, *n, cap, sizeof **list)) {
        th_error(p->ctx, NULL, 0, "out of memory");
        if (g)
            free_graph(g);
        return NULL;
    }
    return (*list)[(*n)++] = g;
}

struct th_graph *th_program_add_function(struct th_program *p, const char *name)
{
    return add_graph(p, name, false, &p->functions, &p->n_functions, &p->cap_functions);
}

struct th_graph *th_program_add_body(struct th_program *p, const char *name)
{
    return add_graph(p, name, true, &p->bodies, &p->n_bodies, &p->cap_bodies);
}

uint32_t th_program_function_count(const struct th_program *p)
{
    return p->n_functions;
}

struct th_graph *th_program_function(const struct th_program *p, uint32_t i)
{
    return i < p->n_functions ? p->functions[i] : NULL;
}

struct th_graph *th_program_function_by_name(const struct th_program *p, const char *name)
{
    for (uint32_t i = 0; i < p->n_functions; i++)
        if (!strcmp(p->functions[i]->name, name))
            return p->functions[i];
    return NULL;
}

th_state th_program_add_state(struct th_program *p, const char *name, const struct th_type *type,
                              enum th_state_kind kind, struct th_blob *initial)
{
    struct th_state_rec *s = TH_NEW(p->arena, struct th_state_rec);
    int64_t bytes;
    if (!th_type_bytes(type, &bytes) ||
        (initial && th_blob_size(initial) != (size_t)bytes)) {
        th_error(p->ctx, NULL, 3002, "state '%s': initial value does not fit its type", name);
        th_blob_unref(initial);
        return 0;
    }
    if (!s || !th_grow(&p->states, p->n_states, &p->cap_states, sizeof *p->states)) {
        th_blob_unref(initial);
        return 0;
    }
    s->name = th_arena_strdup(p->arena, name);
    s->type = *type;
    s->kind = kind;
    s->initial = initial;
    s->offset = -1;
    p->states[p->n_states++] = s;
    return p->n_states;
}

uint32_t th_program_state_count(const struct th_program *p)
{
    return p->n_states;
}

const char *th_state_name(const struct th_program *p, th_state s)
{
    return p->states[s - 1]->name;
}

const struct th_type *th_state_type(const struct th_program *p, th_state s)
{
    return &p->states[s - 1]->type;
}

enum th_state_kind th_state_kind(const struct th_program *p, th_state s)
{
    return p->states[s - 1]->kind;
}

const struct th_blob *th_state_initial(const struct th_program *p, th_state s)
{
    return p->states[s - 1]->initial;
}

int64_t th_state_offset(const struct th_program *p, th_state s)
{
    return p->states[s - 1]->offset;
}

void th_state_set_offset(struct th_program *p, th_state s, int64_t offset)
{
    p->states[s - 1]->offset = offset;
}

const struct th_plan_totals *th_program_plan(const struct th_program *p)
{
    return &p->plan;
}

void th_program_set_quantized(struct th_program *p, const struct th_quantized *q)
{
    p->quantized = q;
}

const struct th_quantized *th_program_quantized(const struct th_program *p)
{
    return p->quantized;
}

void th_program_set_frames(struct th_program *p, const struct th_frames *f)
{
    p->frames = *f;
}

const struct th_frames *th_program_frames(const struct th_program *p)
{
    return &p->frames;
}

void th_program_set_plan(struct th_program *p, const struct th_plan_totals *t)
{
    p->plan = *t;
}

enum th_status th_program_set_front(struct th_program *p, const struct th_front_point *list,
                                    uint32_t n)
{
    struct th_front_point *copy = TH_NEW_ARRAY(p->arena, struct th_front_point, (size_t)n + 1);
    if (!copy)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n; i++) {
        copy[i] = list[i];
        if (list[i].spelling && !(copy[i].spelling = th_arena_strdup(p->arena, list[i].spelling)))
            return TH_ERR_INTERNAL;
    }
    p->front = copy;
    p->n_front = n;
    return TH_OK;
}

const struct th_front_point *th_program_front(const struct th_program *p, uint32_t *n)
{
    *n = p->n_front;
    return p->front;
}

static enum th_status clear_graph(struct th_graph *g, void *user)
{
    (void)user;
    for (uint32_t i = 1; i < g->n_values; i++)
        g->values[i]->place = (struct th_place){-1, 0};
    for (uint32_t i = 1; i < g->n_nodes; i++) {
        g->nodes[i]->note = (struct th_kernel_note){.order = g->nodes[i]->note.order};
        g->nodes[i]->note.scratch.region = -1;
    }
    g->n_shares = 0;
    return TH_OK;
}

void th_program_clear_notes(struct th_program *p)
{
    p->plan = (struct th_plan_totals){0};
    th_program_clear_data(p);
    th_program_walk(p, clear_graph, NULL);
}

/* ---- totals ---------------------------------------------------------------------------------- */
uint32_t th_plan_arena_regions(const struct th_plan_totals *t)
{
    return t->n_regions - t->n_caller;
}

static int64_t plan_align(const struct th_plan_totals *t)
{
    int64_t align = 1;
    for (uint32_t i = 0; i < th_plan_arena_regions(t); i++)
        if (t->regions[i].bytes && t->regions[i].align > align)
            align = t->regions[i].align;
    return align;
}

bool th_plan_spread(const struct th_plan_totals *t)
{
    const uint32_t n = th_plan_arena_regions(t);
    return n > 2 || (n == 2 && t->regions[0].memory && t->regions[1].bytes &&
                     strcmp(t->regions[0].memory, t->regions[1].name) != 0);
}

int64_t th_plan_region_start(const struct th_plan_totals *t, uint32_t region)
{
    const int64_t align = plan_align(t);
    int64_t at = 0;
    for (uint32_t i = 0; i < region && i < th_plan_arena_regions(t); i++)
        at += (t->regions[i].bytes + align - 1) / align * align;
    return at;
}

void th_plan_arena(const struct th_plan_totals *t, struct th_plan_arena *a)
{
    *a = (struct th_plan_arena){.align = plan_align(t)};
    if (!th_plan_arena_regions(t))
        return;
    a->state = th_plan_region_start(t, 1);
    const uint32_t last = th_plan_arena_regions(t) - 1;
    a->transient = th_plan_region_start(t, last) + (last ? t->regions[last].bytes : 0) - a->state;
    if (last == 0)
        a->transient = 0;
}
