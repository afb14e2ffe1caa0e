/* SPDX-License-Identifier: Apache-2.0 */
/* From a path to a program: map, probe, read. */
#include "ir/base/files.h"

#include <thimble/thimble.h>

#define FILE_LIMIT ((size_t)4 << 30)

static enum th_status unknown_format(struct th_ctx *ctx, const struct th_loc *loc, size_t bytes)
{
    th_error(ctx, loc, 2003, "no frontend recognises this file of %zu bytes", bytes);
    struct th_str s;
    th_str_init(&s);
    for (uint32_t i = 0; i < th_frontend_count(ctx); i++)
        th_str_addf(&s, "%s%s", i ? ", " : "", th_frontend_at(ctx, i)->name);
    th_help(ctx, 2003, "formats that can be read: %s", s.len ? s.s : "none (no frontend is loaded)");
    th_str_release(&s);
    return TH_ERR_INPUT;
}

enum th_status th_read_model(struct th_ctx *ctx, const char *path,
                             const struct th_input_dim *dims, uint32_t n_dims,
                             struct th_program **out)
{
    struct th_blob *file = NULL;
    TH_TRY(th_file_map(ctx, path, FILE_LIMIT, &file));
    const char *base = th_base_name(path);
    struct th_loc loc = TH_LOC_NONE;
    loc.file = base;
    const struct th_frontend *f =
        th_frontend_probe(ctx, th_blob_data(file), th_blob_size(file));
    enum th_status s;
    if (!f) {
        s = unknown_format(ctx, &loc, th_blob_size(file));
    } else {
        const struct th_read_request r = {
            .struct_size = sizeof r, .ctx = ctx, .path = path, .base_name = base, .file = file,
            .dims = dims, .n_dims = n_dims};
        const unsigned before = th_error_count(ctx);
        struct th_program *p = NULL;
        s = f->read(&r, &p);
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
