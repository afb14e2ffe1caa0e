/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "driver/stack_bound.h"

#include <stdlib.h>
#include <string.h>

#include "driver/listing.h"

enum visit { VISIT_NEW, VISIT_OPEN, VISIT_DONE };

#define MAX_NAMES 3              /* of unknown functions */

enum { FRAME_UNKNOWN = -1, FRAME_DYNAMIC = -2 };

/* What a compiler says about a function of that name. */
struct unit_function {
    const char *name;
    int64_t frame;
    bool calls_pointer;
    bool listed;             /* the instructions tell: the compiler left some out */
};

struct function {
    int64_t frame;
    int64_t below;           /* with callees, once visited */
    enum visit visit;
    bool calls_pointer;
    bool jumps_pointer;
    bool compiled;           /* in a unit: compilers end functions */
};

struct th_stack_graph {
    struct th_arena *arena;
    uint32_t vlen;
    struct unit_function *units;
    uint32_t n, cap;
    struct th_listing listing;
    struct function *functions;  /* of the listing */
    bool *pointed;               /* its address is taken */
};

struct th_stack_graph *th_stack_graph_new(struct th_ctx *ctx, uint32_t vlen)
{
    struct th_stack_graph *g = TH_NEW(th_ctx_arena(ctx), struct th_stack_graph);

    if (g) {
        g->arena = th_ctx_arena(ctx);
        g->vlen = vlen;
    }
    return g;
}

/* ---- the units' graphs ------------------------------------------------------------------------ */

/* A static function's title is "file:name". Units may have functions of the same name: one entry,
 * with the greatest frame. Made when new; NULL when memory is exhausted. */
static struct unit_function *unit_function(struct th_stack_graph *g, const char *title,
                                           size_t length)
{
    const char *colon = memrchr(title, ':', length);
    uint32_t i;

    if (colon) {
        length -= (size_t)(colon + 1 - title);
        title = colon + 1;
    }
    for (i = 0; i < g->n; i++)
        if (strlen(g->units[i].name) == length && memcmp(g->units[i].name, title, length) == 0)
            return &g->units[i];
    if (g->n == g->cap) {
        uint32_t cap = g->cap ? g->cap * 2 : 64;
        struct unit_function *grown = TH_NEW_ARRAY(g->arena, struct unit_function, cap);

        if (!grown)
            return NULL;
        if (g->n)
            memcpy(grown, g->units, g->n * sizeof *grown);
        g->units = grown;
        g->cap = cap;
    }
    g->units[g->n].name = th_arena_strndup(g->arena, title, length);
    g->units[g->n].frame = FRAME_UNKNOWN;
    return g->units[g->n].name ? &g->units[g->n++] : NULL;
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
        return FRAME_DYNAMIC;
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
    struct unit_function *f;
    int64_t frame;

    if (!title || !label)
        return true;
    f = unit_function(g, title, title_length);
    if (!f)
        return false;
    /* A unit that only calls it also lists it, without a frame. */
    frame = frame_of(g, label, label_length);
    if (frame == FRAME_DYNAMIC || (f->frame != FRAME_DYNAMIC && frame > f->frame))
        f->frame = frame;
    return true;
}

static bool add_edge(struct th_stack_graph *g, const char *line, size_t length)
{
    static const char pointer[] = "__indirect_call";
    size_t from_length, to_length;
    const char *from = quoted(line, length, "sourcename: \"", &from_length);
    const char *to = quoted(line, length, "targetname: \"", &to_length);
    struct unit_function *f;

    if (!from || !to || to_length != strlen(pointer) || memcmp(to, pointer, to_length) != 0)
        return true;
    f = unit_function(g, from, from_length);
    if (f)
        f->calls_pointer = true;
    return f != NULL;
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

/* "m.c:70:invoke<tab>56<tab>static". */
bool th_stack_graph_add_usage(struct th_stack_graph *g, const char *text)
{
    while (*text) {
        const size_t length = strcspn(text, "\n"), title = strcspn(text, "\t\n");
        char *how = NULL;
        const int64_t frame = title < length ? strtoll(text + title + 1, &how, 10) : 0;

        if (how && *how == '\t') {
            struct unit_function *f = unit_function(g, text, title);

            if (!f)
                return false;
            f->listed = true;
            if (strncmp(how, "\tdynamic", 8) == 0)
                f->frame = FRAME_DYNAMIC;
            else if (f->frame != FRAME_DYNAMIC && frame > f->frame)
                f->frame = frame;
        }
        text += length + (text[length] == '\n');
    }
    return true;
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
            if (strlen(g->units[i].name) == length &&
                memcmp(g->units[i].name, name, length) == 0 && g->units[i].frame < bytes)
                g->units[i].frame = bytes;
    }
}

/* ---- the linked file --------------------------------------------------------------------------- */

/* A function in a unit. Clang leaves vector registers out: no less than it says, and all that the
 * instructions take. */
static void take_unit(struct function *f, const struct unit_function *u, const struct th_listed *l)
{
    f->compiled = true;
    f->frame = u->frame < 0 ? u->frame : u->frame + l->aligning;
    f->calls_pointer = u->calls_pointer;
    if (!u->listed)
        return;
    if (u->frame >= 0)
        f->frame = l->frame < 0 ? FRAME_UNKNOWN : l->frame + l->aligning;
    if (f->frame >= 0 && f->frame < u->frame)
        f->frame = u->frame;
    f->calls_pointer = l->calls_pointer;
    f->jumps_pointer = l->jumps_pointer;
}

bool th_stack_graph_link(struct th_stack_graph *g, const char *listing, const char *relocations)
{
    uint32_t i, k;

    if (!th_listing_read(g->arena, listing, g->vlen, &g->listing))
        return false;
    g->functions = TH_NEW_ARRAY(g->arena, struct function, g->listing.n + 1);
    g->pointed = TH_NEW_ARRAY(g->arena, bool, g->listing.n + 1);
    if (!g->functions || !g->pointed)
        return false;
    th_listing_pointed(relocations, &g->listing, g->pointed);
    for (i = 0; i < g->listing.n; i++) {
        const struct th_listed *l = &g->listing.functions[i];
        const struct th_listed_call *c;
        struct function *f = &g->functions[i];

        f->frame = l->elsewhere || l->frame < 0 ? FRAME_UNKNOWN : l->frame + l->aligning;
        f->calls_pointer = l->calls_pointer && !l->elsewhere;
        for (k = 0; k < g->n && !l->elsewhere; k++) {
            const struct unit_function *u = &g->units[k];

            if (u->frame != FRAME_UNKNOWN && strcmp(u->name, l->name) == 0)
                take_unit(f, u, l);
        }
        for (c = l->names; c && f->compiled; c = c->next)
            g->pointed[c->callee] = true;
    }
    return true;
}

static void note_unknown(struct th_stack_graph *g, uint32_t index, struct th_stack_bound *b)
{
    const char *name = g->listing.functions[index].name;

    if (b->unknown++ >= MAX_NAMES)
        return;
    b->names = b->names ? th_arena_printf(g->arena, "%s, '%s'", b->names, name)
                        : th_arena_printf(g->arena, "'%s'", name);
}

static int64_t deepest(struct th_stack_graph *g, uint32_t index, struct th_stack_bound *b);

/* Adds a callee to what is below; false when that has no bound. */
static bool go_below(struct th_stack_graph *g, uint32_t callee, int64_t shared, int64_t *most,
                     struct th_stack_bound *b)
{
    const int64_t below = deepest(g, callee, b);

    if (below - shared > *most)
        *most = below - shared;
    return below >= 0;
}

/* Bytes at and below f; -1 when unbounded. Depth is at most the number of functions. */
static int64_t deepest(struct th_stack_graph *g, uint32_t index, struct th_stack_bound *b)
{
    struct function *f = &g->functions[index];
    const struct th_listed *l = &g->listing.functions[index];
    const struct th_listed_call *c;
    const bool alone = l->elsewhere || th_listing_saves(l);
    bool unknown = f->frame == FRAME_UNKNOWN, bounded = f->frame != FRAME_DYNAMIC;
    int64_t most = 0, kept = 0;
    uint32_t i, n = 0;

    if (f->visit == VISIT_OPEN)
        return -1;
    if (f->visit == VISIT_DONE)
        return f->below;
    f->visit = VISIT_OPEN;
    for (c = alone ? NULL : l->calls; c && bounded; c = c->next)
        bounded = go_below(g, c->callee, c->shared,
                           th_listing_saves(&g->listing.functions[c->callee]) ? &kept : &most, b);
    if (bounded && !f->compiled && !alone && l->next != UINT32_MAX)
        bounded = go_below(g, l->next, 0, &most, b);
    for (i = 0; (f->calls_pointer || f->jumps_pointer) && i < g->listing.n && bounded; i++)
        if (g->pointed[i]) {
            bounded = go_below(g, i, 0, &most, b);
            n++;
        }
    /* It calls what none of the units points to. */
    unknown = unknown || (f->calls_pointer && n == 0);
    if (unknown)
        note_unknown(g, index, b);
    f->visit = VISIT_DONE;
    f->below = !bounded ? -1 : most + kept + (f->frame > 0 ? f->frame : 0);
    return f->below;
}

bool th_stack_graph_bound(struct th_stack_graph *g, const char *function,
                          struct th_stack_bound *out)
{
    uint32_t i, at = UINT32_MAX;

    for (i = 0; i < g->listing.n; i++) {
        g->functions[i].visit = VISIT_NEW;
        if (strcmp(g->listing.functions[i].name, function) == 0)
            at = i;
    }
    *out = (struct th_stack_bound){ 0, 0, NULL };
    if (at == UINT32_MAX)
        return false;
    out->bytes = deepest(g, at, out);
    if (out->bytes >= 0)
        out->bytes += g->listing.red_zone;
    return true;
}
