/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/stack_bound.h"

#include <stdlib.h>
#include <string.h>

enum visit { VISIT_NEW, VISIT_OPEN, VISIT_DONE };

struct edge {
    uint32_t callee;
    struct edge *next;
};

struct function {
    const char *title;
    int64_t frame;           /* -1 unknown, -2 of dynamic size */
    int64_t below;           /* with callees, once visited */
    enum visit visit;
    bool counted;            /* among the unknown ones of this query */
    struct edge *calls;
};

struct th_stack_graph {
    struct th_arena *arena;
    struct function *functions;
    uint32_t n, cap;
};

struct th_stack_graph *th_stack_graph_new(struct th_ctx *ctx)
{
    struct th_stack_graph *g = TH_NEW(th_ctx_arena(ctx), struct th_stack_graph);

    if (g)
        g->arena = th_ctx_arena(ctx);
    return g;
}

/* Index of the function of that title, made when new; UINT32_MAX when memory is exhausted. */
static uint32_t intern(struct th_stack_graph *g, const char *title, size_t length)
{
    uint32_t i;

    for (i = 0; i < g->n; i++)
        if (strlen(g->functions[i].title) == length &&
            memcmp(g->functions[i].title, title, length) == 0)
            return i;
    if (g->n == g->cap) {
        uint32_t cap = g->cap ? g->cap * 2 : 64;
        struct function *grown = TH_NEW_ARRAY(g->arena, struct function, cap);

        if (!grown)
            return UINT32_MAX;
        if (g->n)
            memcpy(grown, g->functions, g->n * sizeof *grown);
        g->functions = grown;
        g->cap = cap;
    }
    g->functions[g->n].title = th_arena_strndup(g->arena, title, length);
    g->functions[g->n].frame = -1;
    return g->functions[g->n].title ? g->n++ : UINT32_MAX;
}

/* The quoted text after key on this line; NULL when there is none. */
static const char *quoted(const char *line, size_t length, const char *key, size_t *out_length)
{
    const char *end = line + length, *at = strstr(line, key), *close;

    if (!at || at >= end)
        return NULL;
    at += strlen(key);
    close = at < end ? memchr(at, '"', (size_t)(end - at)) : NULL;
    if (!close)
        return NULL;
    *out_length = (size_t)(close - at);
    return at;
}

/* The frame in a label such as "invoke\nmodel.c:70:5\n56 bytes (static)", \n being two letters. */
static int64_t frame_of(struct th_stack_graph *g, const char *label, size_t length)
{
    char *text = th_arena_strndup(g->arena, label, length), *at, *bytes = NULL;

    if (!text)
        return -1;
    for (at = text; (at = strstr(at, " bytes (")) != NULL; at++)
        bytes = at;
    if (!bytes)
        return -1;
    if (strstr(bytes, "dynamic") && !strstr(bytes, "bounded"))
        return -2;
    at = bytes;
    while (at > text && at[-1] >= '0' && at[-1] <= '9')
        at--;
    return at == bytes ? -1 : (int64_t)strtoll(at, NULL, 10);
}

static bool add_node(struct th_stack_graph *g, const char *line, size_t length)
{
    size_t title_length, label_length;
    const char *title = quoted(line, length, "title: \"", &title_length);
    const char *label = quoted(line, length, "label: \"", &label_length);
    uint32_t f;

    if (!title || !label)
        return true;
    f = intern(g, title, title_length);
    if (f == UINT32_MAX)
        return false;
    /* A unit that only calls it also lists it, without a frame. */
    if (g->functions[f].frame == -1)
        g->functions[f].frame = frame_of(g, label, label_length);
    return true;
}

static bool add_edge(struct th_stack_graph *g, const char *line, size_t length)
{
    size_t from_length, to_length;
    const char *from = quoted(line, length, "sourcename: \"", &from_length);
    const char *to = quoted(line, length, "targetname: \"", &to_length);
    struct edge *e;
    uint32_t caller, callee;

    if (!from || !to)
        return true;
    caller = intern(g, from, from_length);
    callee = intern(g, to, to_length);
    e = TH_NEW(g->arena, struct edge);
    if (caller == UINT32_MAX || callee == UINT32_MAX || !e)
        return false;
    e->callee = callee;
    e->next = g->functions[caller].calls;
    g->functions[caller].calls = e;
    return true;
}

bool th_stack_graph_add(struct th_stack_graph *g, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        bool ok = true;

        if (strncmp(text, "node:", 5) == 0)
            ok = add_node(g, text, length);
        else if (strncmp(text, "edge:", 5) == 0)
            ok = add_edge(g, text, length);
        if (!ok)
            return false;
        text += length + (text[length] == '\n');
    }
    return true;
}

/* A static function's title is "file:name". */
static bool title_is(const char *title, const char *name, size_t length)
{
    const char *colon = strrchr(title, ':');

    title = colon ? colon + 1 : title;
    return strlen(title) == length && memcmp(title, name, length) == 0;
}

void th_stack_graph_note(struct th_stack_graph *g, const char *source)
{
    static const char mark[] = "stack of ";

    while ((source = strstr(source, mark)) != NULL) {
        const char *name = source + sizeof mark - 1;
        size_t length = strcspn(name, ": \n");
        char *end;
        long long bytes;
        uint32_t i;

        source = name;
        if (strncmp(name + length, ": ", 2) != 0)
            continue;
        bytes = strtoll(name + length + 2, &end, 10);
        if (strncmp(end, " bytes", 6) != 0 || bytes < 0 || bytes > INT32_MAX)
            continue;
        for (i = 0; i < g->n; i++)
            if (title_is(g->functions[i].title, name, length) && g->functions[i].frame < bytes)
                g->functions[i].frame = bytes;
    }
}

/* Bytes at and below f; -1 when unbounded. Depth is at most the number of functions. */
static int64_t deepest(struct th_stack_graph *g, uint32_t index, struct th_stack_bound *b)
{
    struct function *f = &g->functions[index];
    int64_t most = 0;
    struct edge *e;

    if (f->visit == VISIT_OPEN)
        return -1;
    if (f->visit == VISIT_DONE)
        return f->below;
    f->visit = VISIT_OPEN;
    if (f->frame == -1 && !f->counted) {
        f->counted = true;
        b->unknown++;
        if (!b->first_unknown)
            b->first_unknown = f->title;
    }
    for (e = f->calls; e && most >= 0; e = e->next) {
        int64_t below = deepest(g, e->callee, b);

        if (below < 0)
            most = -1;
        else if (below > most)
            most = below;
    }
    f->visit = VISIT_DONE;
    f->below = most < 0 || f->frame == -2 ? -1 : most + (f->frame > 0 ? f->frame : 0);
    return f->below;
}

bool th_stack_graph_bound(struct th_stack_graph *g, const char *function,
                          struct th_stack_bound *out)
{
    uint32_t i, at = UINT32_MAX;

    for (i = 0; i < g->n; i++) {
        g->functions[i].visit = VISIT_NEW;
        g->functions[i].counted = false;
        if (strcmp(g->functions[i].title, function) == 0 && g->functions[i].frame != -1)
            at = i;
    }
    *out = (struct th_stack_bound){ 0, 0, NULL };
    if (at == UINT32_MAX)
        return false;
    out->bytes = deepest(g, at, out);
    return true;
}
