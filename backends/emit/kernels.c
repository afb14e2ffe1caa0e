/* SPDX-License-Identifier: Apache-2.0 */
/* kernels/: the sources of the kernels that are called, with what they include, and no more. */
#include "backends/emit/emit.h"

#include <string.h>

#include "ir/base/files.h"

/* Calls of a program in walking order, first use of each symbol only. */
struct called {
    const struct th_kernel *row;
    const struct th_call *call;
};
struct used {
    struct th_emit *e;
    struct called *list;
    uint32_t n, cap;
    bool tiles;              /* there are tile loops */
};

static enum th_status add_used(struct used *u, const struct th_kernel *row,
                               const struct th_call *call)
{
    for (uint32_t i = 0; i < u->n; i++)
        if (!strcmp(u->list[i].call->symbol, call->symbol))
            return TH_OK;
    if (u->n == u->cap) {
        const uint32_t cap = u->cap ? u->cap * 2 : 32;
        struct called *list = TH_NEW_ARRAY(u->e->arena, struct called, cap);
        if (!list)
            return TH_ERR_INTERNAL;
        if (u->n)
            memcpy(list, u->list, u->n * sizeof *list);
        u->list = list;
        u->cap = cap;
    }
    u->list[u->n++] = (struct called){row, call};
    return TH_OK;
}

static enum th_status collect(struct th_graph *g, void *user)
{
    struct used *u = user;
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n)) {
        const struct th_kernel_note *k = th_node_note_const(g, n);
        u->tiles = u->tiles || th_node_op(g, n)->region == TH_REGION_TILE_LOOP;
        if (!k->row || !k->call)
            continue;
        TH_TRY(add_used(u, k->row, k->call));
        for (uint32_t i = 0; i < k->n_pieces; i++)
            TH_TRY(add_used(u, k->row, k->pieces[i].call));
    }
    return TH_OK;
}

/* The name after #include " in a line, or NULL. */
static const char *quoted_include(const char *line, const char *end, size_t *len)
{
    while (line < end && (*line == ' ' || *line == '\t'))
        line++;
    if (line >= end || *line++ != '#')
        return NULL;
    while (line < end && (*line == ' ' || *line == '\t'))
        line++;
    if (end - line < 8 || strncmp(line, "include", 7))
        return NULL;
    const char *open = memchr(line, '"', (size_t)(end - line));
    const char *close = open ? memchr(open + 1, '"', (size_t)(end - open - 1)) : NULL;
    if (!close)
        return NULL;
    *len = (size_t)(close - open - 1);
    return open + 1;
}

static enum th_status add_source(struct th_emit *e, const struct th_backend *b, const char *name);

/* Copies a source with its includes flattened: all files of kernels/ lie side by side. */
static enum th_status copy_source(struct th_emit *e, const struct th_backend *b,
                                  const struct th_source *src, const char *file)
{
    struct th_str text;
    th_str_init(&text);
    const char *p = (const char *)src->bytes, *end = p + src->len;
    enum th_status s = TH_OK;
    while (p < end && s == TH_OK) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        const char *stop = nl ? nl : end;
        size_t len = 0;
        const char *inc = quoted_include(p, stop, &len);
        if (inc) {
            char *wanted = th_arena_strndup(e->arena, inc, len);
            s = wanted ? add_source(e, b, wanted) : TH_ERR_INTERNAL;
            if (wanted)
                th_str_addf(&text, "#include \"%s\"\n", th_base_name(wanted));
        } else {
            th_str_addn(&text, p, (size_t)(stop - p));
            th_str_addc(&text, '\n');
        }
        p = stop + 1;
    }
    if (s == TH_OK)
        s = th_emit_file(e, file, text.s, text.len);
    th_str_release(&text);
    return s;
}

static enum th_status add_source(struct th_emit *e, const struct th_backend *b, const char *name)
{
    char *file = th_arena_printf(e->arena, "kernels/%s", th_base_name(name));
    if (!file)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < e->n_files; i++)
        if (!strcmp(e->files[i]->name, file))
            return TH_OK;
    const struct th_source *src = th_source_find(e->ctx, b, name);
    if (!src) {
        th_error(e->ctx, NULL, 4003, "backend '%s' does not carry the kernel source '%s'", b->name,
                 name);
        return TH_ERR_PLUGIN;
    }
    th_emit_text(e, file);     /* taken before its includes are followed: cycles end */
    return copy_source(e, b, src, file);
}

enum th_status th_emit_kernels(struct th_emit *e)
{
    struct used u = {.e = e};
    TH_TRY(th_program_walk(e->program, collect, &u));
    for (uint32_t i = 0; i < u.n; i++)
        if (u.list[i].row->source)
            TH_TRY(add_source(e, e->request->backend, u.list[i].row->source));
    if (u.tiles)
        TH_TRY(add_source(e, e->request->backend, "thk_stream.h"));
    return add_source(e, e->request->backend, "thk_types.h");
}

void th_emit_kernel_includes(struct th_emit *e, struct th_str *s)
{
    struct used u = {.e = e};
    if (th_program_walk(e->program, collect, &u) != TH_OK) {
        e->failed = true;
        return;
    }
    th_str_add(s, "#include \"kernels/thk_types.h\"\n");
    if (u.tiles)
        th_str_add(s, "#include \"kernels/thk_stream.h\"\n");
    for (uint32_t i = 0; i < u.n; i++) {
        bool again = false;      /* one file may define several symbols */
        for (uint32_t k = 0; k < i && u.list[i].row->source && !again; k++)
            again = u.list[k].row->source &&
                    !strcmp(u.list[k].row->source, u.list[i].row->source);
        if (u.list[i].row->source && !again)
            th_str_addf(s, "#include \"kernels/%s\"\n", th_base_name(u.list[i].row->source));
    }
    for (uint32_t i = 0; i < u.n; i++)
        if (u.list[i].call->generated)
            th_str_addf(s, "\n%s", u.list[i].call->generated);
    th_str_addc(s, '\n');
}
