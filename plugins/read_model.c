/* SPDX-License-Identifier: Apache-2.0 */
/* From a path to a program: map, probe, read. */
#define _GNU_SOURCE
#include "ir/base/files.h"
#include "ir/ctx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thimble/thimble.h>

#include "plugins/unknown_format.h"

#define FILE_LIMIT ((size_t)4 << 30)
/* What a program and a frontend's own structures may take beside constants, so that a file of few
 * bytes cannot ask for much: so many bytes, and so many more for each of the file. */
#define READ_BYTES ((size_t)32 << 20)
#define READ_BYTES_PER_BYTE 16

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Whether a folder has what TensorFlow's saving writes. */
static bool has_saved_model(const char *folder)
{
    char *inside = NULL;
    if (asprintf(&inside, "%s/saved_model.pb", folder) < 0)
        return false;
    const bool has = access(inside, F_OK) == 0;
    free(inside);
    return has;
}

enum th_status th_reject_form(struct th_ctx *ctx, const struct th_loc *loc, const char *nearest,
                              const char *fmt, va_list ap)
{
    struct th_str text;
    th_str_init(&text);
    th_str_vaddf(&text, fmt, ap);
    if (nearest)
        th_str_addf(&text, "; nearest supported form: %s", nearest);
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.s[i] < 0x20 || text.s[i] == 0x7f)
            text.s[i] = '?';
    th_error(ctx, loc, 2001, "%s", text.s);
    th_str_release(&text);
    return TH_ERR_INPUT;
}

struct th_arena *th_read_arena(const struct th_read_request *r)
{
    return th_ctx_read_arena(r->ctx);
}

/* The frontend's reader, within a budget. */
static enum th_status read_bounded(const struct th_frontend *f, const struct th_read_request *r,
                                   struct th_program **p)
{
    struct th_loc loc = TH_LOC_NONE;
    const size_t bytes = th_blob_size(r->file);
    loc.file = r->base_name;
    const size_t allowed = READ_BYTES + bytes * READ_BYTES_PER_BYTE;
    r->ctx->reading = true;
    r->ctx->budget = (struct th_budget){.left = allowed};
    const enum th_status s = f->read(r, p);
    r->ctx->reading = false;
    if (*p)
        th_arena_leave_budget(th_program_arena(*p));
    if (s == TH_OK || !r->ctx->budget.refused)
        return s;
    th_error(r->ctx, &loc, 2005, "the file of %zu bytes becomes a program of more than %zu MB",
             bytes, allowed >> 20);
    th_help(r->ctx, 2005, "beside constants, %zu MB and %d times the file's size are possible",
            READ_BYTES >> 20, READ_BYTES_PER_BYTE);
    return TH_ERR_INPUT;
}

enum th_status th_read_model(struct th_ctx *ctx, const char *path,
                             const struct th_input_dim *dims, uint32_t n_dims,
                             struct th_program **out)
{
    struct th_blob *file = NULL;
    if (is_folder(path))
        return th_model_is_folder(ctx, path, has_saved_model(path));
    TH_TRY(th_file_map(ctx, path, FILE_LIMIT, &file));
    const char *base = th_base_name(path);
    struct th_loc loc = TH_LOC_NONE;
    loc.file = base;
    const struct th_frontend *f =
        th_frontend_probe(ctx, th_blob_data(file), th_blob_size(file));
    enum th_status s;
    if (!f) {
        s = th_unknown_format(ctx, &loc, base, th_blob_data(file), th_blob_size(file));
    } else {
        const struct th_read_request r = {
            .struct_size = sizeof r, .ctx = ctx, .path = path, .base_name = base, .file = file,
            .dims = dims, .n_dims = n_dims};
        const unsigned before = th_error_count(ctx);
        struct th_program *p = NULL;
        s = read_bounded(f, &r, &p);
        if (s == TH_OK && p && th_error_count(ctx) == before)
            s = th_program_verify(p);
        if (s == TH_OK && (!p || th_error_count(ctx) != before))
            s = TH_ERR_INPUT;
        if (s != TH_OK) {
            th_program_free(p);
            if (th_error_count(ctx) == before)
                th_error(ctx, &loc, 2002, "frontend '%s' could not read the file", f->name);
        } else {
            char sha[65];
            th_sha256_hex(th_blob_data(file), th_blob_size(file), sha);
            /* a program that was written out keeps naming the model that it came from */
            if (!*th_program_source(p))
                th_program_set_source(p, base, f->name, sha);
            *out = p;
        }
    }
    th_blob_unref(file);
    return s;
}

/* ---- companion files ------------------------------------------------------------------------- */

/* The real folder of the model, ending in a slash; the caller frees. */
static char *model_folder(const char *path)
{
    const char *base = th_base_name(path);
    char *folder = NULL, *real, *out = NULL;
    if (asprintf(&folder, "%.*s.", (int)(base - path), path) < 0)
        return NULL;
    real = realpath(folder, NULL);
    if (real && asprintf(&out, "%s%s", real, strcmp(real, "/") ? "/" : "") < 0)
        out = NULL;
    free(real);
    free(folder);
    return out;
}

static enum th_status map_inside(struct th_ctx *ctx, const struct th_loc *loc, const char *folder,
                                 const char *name, struct th_blob **out)
{
    char *path = NULL, *real;
    enum th_status s;
    if (asprintf(&path, "%s%s", folder, name) < 0)
        return TH_ERR_INTERNAL;
    real = realpath(path, NULL);
    free(path);
    if (!real) {
        th_error(ctx, loc, 2006, "the model's folder has no file '%s', which the model needs",
                 name);
        return TH_ERR_INPUT;
    }
    if (strncmp(real, folder, strlen(folder)) != 0) {
        th_error(ctx, loc, 2002, "'%s' leads out of the model's folder", name);
        s = TH_ERR_INPUT;
    } else {
        s = th_file_map(ctx, real, FILE_LIMIT, out);
    }
    free(real);
    return s;
}

/* A relative path without control characters, which messages would show. */
static bool plain_name(const char *name)
{
    if (!*name || *name == '/' || strlen(name) > 4000)
        return false;
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    return true;
}

enum th_status th_read_companion(const struct th_read_request *r, const char *name,
                                 struct th_blob **out)
{
    struct th_loc loc = TH_LOC_NONE;
    char *folder = model_folder(r->path);
    enum th_status s;
    struct th_str shown;
    loc.file = r->base_name;
    th_str_init(&shown);
    th_str_add_escaped(&shown, name);
    if (!folder) {
        th_error(r->ctx, &loc, 2006, "the folder of the model cannot be found");
        s = TH_ERR_IO;
    } else if (!plain_name(name)) {
        th_error(r->ctx, &loc, 2002, "'%s' is no name of a file in the model's folder", shown.s);
        s = TH_ERR_INPUT;
    } else {
        s = map_inside(r->ctx, &loc, folder, name, out);
    }
    th_str_release(&shown);
    free(folder);
    return s;
}
