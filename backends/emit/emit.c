/* SPDX-License-Identifier: Apache-2.0 */
/* From a planned program to a folder: every file in memory first, then all written or none. */
#include "backends/emit/emit.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <thimble/thimble.h>

#include "ir/base/files.h"

struct th_str *th_emit_text(struct th_emit *e, const char *file)
{
    for (uint32_t i = 0; i < e->n_files; i++)
        if (!strcmp(e->files[i]->name, file))
            return &e->files[i]->text;
    if (e->n_files == e->cap_files) {
        const uint32_t cap = e->cap_files ? e->cap_files * 2 : 32;
        struct th_out_file **files = TH_NEW_ARRAY(e->arena, struct th_out_file *, cap);
        if (files && e->n_files)
            memcpy(files, e->files, e->n_files * sizeof *files);
        if (!files) {
            e->failed = true;
            return &e->files[0]->text;
        }
        e->files = files;
        e->cap_files = cap;
    }
    struct th_out_file *f = TH_NEW(e->arena, struct th_out_file);
    char *name = th_arena_strdup(e->arena, file);
    if (!f || !name) {
        e->failed = true;
        return &e->files[0]->text;
    }
    f->name = name;
    th_str_init(&f->text);
    e->files[e->n_files++] = f;
    return &f->text;
}

enum th_status th_emit_file(struct th_emit *e, const char *name, const char *text, size_t len)
{
    struct th_str *s = th_emit_text(e, name);
    th_str_clear(s);
    th_str_addn(s, text, len);
    return s->failed ? TH_ERR_INTERNAL : TH_OK;
}

const struct th_emit_request *th_emit_request(const struct th_emit *e)
{
    return e->request;
}

uint32_t th_emit_region_count(const struct th_emit *e)
{
    const uint32_t n = th_plan_arena_regions(e->plan);
    return n > 1 ? n : 2;
}

bool th_emit_caller_io(const struct th_emit *e)
{
    return e->plan->n_caller > 0;
}

uint32_t th_emit_caller_region(const struct th_emit *e, uint32_t entry, bool input, uint32_t i)
{
    uint32_t at = th_emit_region_count(e) + i;
    for (uint32_t f = 0; f < entry; f++) {
        const struct th_graph *g = th_program_function(e->program, f);
        at += th_graph_input_count(g) + th_graph_output_count(g);
    }
    return input ? at : at + th_graph_input_count(th_program_function(e->program, entry));
}

void th_emit_banner(struct th_emit *e, struct th_str *s, const char *what)
{
    const struct th_emit_request *r = e->request;
    th_str_add(s, "/* SPDX-License-Identifier: 0BSD */\n/*\n * ");
    th_str_add(s, what);
    th_str_add(s, "\n * Model: ");
    th_emit_comment(s, th_program_source(e->program));
    th_str_addf(s, "\n * SHA-256: %s\n * Made by thimble %s", th_program_sha256(e->program),
                th_version());
    th_str_add(s, "\n * Options: ");
    th_emit_comment(s, r->options ? r->options : "");
    if (r->passes) {
        th_str_add(s, "\n * Passes:");
        /* the list may be long: one pass a word, wrapped */
        size_t column = 100;
        for (const char *p = r->passes; *p;) {
            size_t n = 0;
            int depth = 0;
            for (; p[n] && (depth > 0 || (p[n] != ',' && p[n] != ' ')); n++)
                depth += (p[n] == '{') - (p[n] == '}');
            if (n) {
                if (column + n > 90) {
                    th_str_add(s, "\n *  ");
                    column = 4;
                }
                char *word = th_arena_strndup(e->arena, p, n);
                th_str_addc(s, ' ');
                th_emit_comment(s, word ? word : "");
                column += n + 1;
            }
            p += n;
            while (*p == ',' || *p == ' ')
                p++;
        }
    }
    th_str_add(s, "\n */\n");
}

static enum th_status check_planned(struct th_emit *e)
{
    if (e->plan->n_regions)
        return TH_OK;
    th_error(e->ctx, NULL, 5002, "the program has no memory plan, so it cannot be emitted");
    th_help(e->ctx, 5002, "let the pipeline run to its end (memory-plan, check-plan)");
    return TH_ERR_USAGE;
}

static enum th_status make_files(struct th_emit *e)
{
    TH_TRY(check_planned(e));
    TH_TRY(th_emit_source(e));
    TH_TRY(th_emit_header(e));
    TH_TRY(th_emit_data(e));
    TH_TRY(th_emit_testbench(e));
    TH_TRY(th_emit_kernels(e));
    for (uint32_t i = 0; i < e->request->n_extra; i++) {
        const struct th_emit_extra *x = &e->request->extra[i];
        TH_TRY(th_emit_file(e, x->name, x->text, x->len));
    }
    TH_TRY(th_emit_build(e));
    if (e->request->backend->emit)
        TH_TRY(e->request->backend->emit(e));
    for (uint32_t i = 0; i < e->n_files; i++)
        e->failed = e->failed || e->files[i]->text.failed;
    return e->failed ? TH_ERR_INTERNAL : TH_OK;
}

/* Tells what in a folder is ours, whatever the model's name was. */
#define MARK ".thimble"

static enum th_status write_files(struct th_emit *e)
{
    struct th_folder *folder = NULL;
    TH_TRY(th_folder_begin(e->ctx, e->request->folder, MARK, &folder));
    enum th_status s = TH_OK;
    for (uint32_t i = 0; i < e->n_files && s == TH_OK; i++)
        s = th_folder_add(folder, e->files[i]->name, e->files[i]->text.s,
                          e->files[i]->text.len);
    if (s != TH_OK) {
        th_folder_abandon(folder);
        return s;
    }
    return th_folder_commit(folder);
}

enum th_status th_emit_folder(struct th_ctx *ctx, const struct th_emit_request *r)
{
    struct th_emit e = {.ctx = ctx, .request = r, .program = r->program,
                        .plan = th_program_plan(r->program), .name = r->name,
                        .arena = th_arena_new(0)};
    char *upper = e.arena ? th_arena_strdup(e.arena, r->name) : NULL;
    enum th_status s = TH_ERR_INTERNAL;
    if (upper) {
        for (char *p = upper; *p; p++)
            *p = (char)toupper((unsigned char)*p);
        e.upper = upper;
        s = make_files(&e);
        if (s == TH_OK)
            s = write_files(&e);
    }
    if (s == TH_ERR_INTERNAL)
        th_error(ctx, NULL, 5002, "out of memory while writing '%s'", r->folder);
    for (uint32_t i = 0; i < e.n_files; i++)
        th_str_release(&e.files[i]->text);
    th_arena_free(e.arena);
    return s;
}
