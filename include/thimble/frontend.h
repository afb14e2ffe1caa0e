/* SPDX-License-Identifier: Apache-2.0 */
/* Frontends: from the bytes of a file to a program. */
#ifndef THIMBLE_FRONTEND_H
#define THIMBLE_FRONTEND_H

#include <thimble/ir.h>
#include <thimble/pass.h>

#ifdef __cplusplus
extern "C" {
#endif

struct th_input_dim {      /* --input-dim name=N */
    const char *name;
    int64_t value;
};
struct th_read_request {
    uint32_t struct_size;
    struct th_ctx *ctx;
    const char *path;              /* companion files: see th_read_companion */
    const char *base_name;         /* for messages and headers */
    struct th_blob *file;          /* the whole file (mapped); constants should be slices of it */
    const struct th_input_dim *dims;
    uint32_t n_dims;
    const char *(*option)(void *user, const char *name);  /* frontend options */
    void *user;
};
/* Maps a companion file. `name` is relative to the model's folder ("model.bin", "data/w.0") and may
 * come from the model: what leads out of that folder (an absolute path, "..", a symbolic link) is
 * refused. Reports. *out is a reference of the caller's (th_blob_unref). */
TH_API enum th_status th_read_companion(const struct th_read_request *r, const char *name,
                                        struct th_blob **out);
/* An arena for what a frontend needs while it reads, or NULL when memory is exhausted. It shares
 * with the program what the size of the file allows; th_read_model tells if that is too little.
 * Free it before read returns. */
TH_API struct th_arena *th_read_arena(const struct th_read_request *r);
/* Reports at loc that a form of an operator is not supported [TH2001]; returns TH_ERR_INPUT. The
 * text may quote the file: control characters are shown as '?'. nearest (NULL: none) is added as
 * "; nearest supported form: NEAREST". */
TH_API enum th_status th_reject_form(struct th_ctx *ctx, const struct th_loc *loc,
                                     const char *nearest, const char *fmt, va_list ap)
    TH_PRINTF(4, 0);
struct th_frontend {
    uint32_t struct_size;
    const char *name;              /* "tflite" */
    const char *summary;
    const char *const *extensions; /* ".tflite", NULL-terminated */
    const struct th_option_spec *options;
    /* 0..100: how sure it is that the bytes are its format. Must be cheap and safe. */
    int (*probe)(const unsigned char *bytes, size_t len);
    /* Reports all problems of the file, then fails; never partly succeeds. On success *out is the
     * caller's. */
    enum th_status (*read)(const struct th_read_request *r, struct th_program **out);
};
/* The frontend with the highest probe score (ties by name), or NULL. */
TH_API const struct th_frontend *th_frontend_probe(const struct th_ctx *ctx,
                                                   const unsigned char *bytes, size_t len);
/* By name, or NULL; and all of them, in the order of registration (i beyond the last: NULL). */
TH_API const struct th_frontend *th_frontend_find(const struct th_ctx *ctx, const char *name);
TH_API uint32_t th_frontend_count(const struct th_ctx *ctx);
TH_API const struct th_frontend *th_frontend_at(const struct th_ctx *ctx, uint32_t i);
/* Maps the file (at most 4 GiB), probes, reads, verifies, sets the program's source. Reports. *out
 * is the caller's (th_program_free). */
TH_API enum th_status th_read_model(struct th_ctx *ctx, const char *path,
                                    const struct th_input_dim *dims, uint32_t n_dims,
                                    struct th_program **out);

#ifdef __cplusplus
}
#endif
#endif
