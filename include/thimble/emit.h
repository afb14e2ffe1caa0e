/* SPDX-License-Identifier: Apache-2.0 */
/* Emission: from a planned program to a folder of C99. */
#ifndef THIMBLE_EMIT_H
#define THIMBLE_EMIT_H

#include <thimble/backend.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A file that goes into the folder beside the code (reports). */
struct th_emit_extra {
    const char *name, *text;
    size_t len;
};
struct th_emit_request {
    struct th_program *program;          /* planned */
    const struct th_backend *backend;
    const struct th_target *target;
    const char *name;                    /* C identifier, prefix of everything external */
    const char *folder;
    const char *options;                 /* canonical order, for the header comment */
    const char *passes;                  /* pass list, for the header comment */
    bool weights_bin;                    /* --weights bin */
    bool testbench;
    const struct th_emit_extra *extra;
    uint32_t n_extra;
};
/* Writes the folder: everything into a temporary sibling first, then renamed; a failure leaves
 * nothing behind. A non-empty folder that Thimble did not write is refused. Reports. */
TH_API enum th_status th_emit_folder(struct th_ctx *ctx, const struct th_emit_request *r);

/* For a backend's emit slot: adds (or replaces) a file of the folder; text is copied. Fails
 * only when memory is exhausted. */
TH_API enum th_status th_emit_file(struct th_emit *e, const char *name, const char *text,
                                   size_t len);
/* What is being emitted; borrowed. */
TH_API const struct th_emit_request *th_emit_request(const struct th_emit *e);

/* A C identifier made from a hostile name; never empty. Appended. */
TH_API void th_emit_identifier(struct th_str *b, const char *name);
/* What stands between the prefix and "_invoke" in the names of entry point i: nothing for the
 * first, "_" and its own name, made safe and unique, for others. */
TH_API void th_emit_entry_name(struct th_str *b, const struct th_program *p, uint32_t i);
/* The name made safe for a C comment. Appended. */
TH_API void th_emit_comment(struct th_str *b, const char *name);
/* A C literal that reads back exactly, e.g. "0x1.8p+1f". Appended. */
TH_API void th_emit_float(struct th_str *b, float v);

#ifdef __cplusplus
}
#endif
#endif
