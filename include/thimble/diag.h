/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostics: where, what is wrong with the numbers, how to mend, code.
 *
 * A message goes to the context's sink at once; nothing is thrown away. A function either
 * reports and returns a failure, or returns a bare failure for its caller to report; which one
 * is said where it is declared (functions that take a context report).
 */
#ifndef THIMBLE_DIAG_H
#define THIMBLE_DIAG_H

#include <thimble/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct th_ctx;

enum th_severity { TH_SEV_ERROR, TH_SEV_WARNING, TH_SEV_NOTE, TH_SEV_HELP };

/* Where something stands. Unknown parts are NULL or -1. Strings are borrowed. */
struct th_loc {
    const char *file;   /* model file, base name */
    int64_t node;       /* index in the model file */
    const char *name;   /* original node or tensor name; hostile, escaped when printed */
    const char *op;     /* operator name */
    int64_t offset;     /* byte offset in the file */
    int32_t line, col;  /* for text files, 1-based; 0 unknown */
};
#define TH_LOC_NONE ((struct th_loc){NULL, -1, NULL, NULL, -1, 0, 0})

struct th_message {
    enum th_severity severity;
    int code;           /* 0, or a number of diag.def, printed as [TH1234] */
    struct th_loc loc;
    const char *text;   /* valid during the call only */
};

/* Receives every message, one at a time even when threads report. The default sink prints to
 * stderr as
 * "thimble: error: person.tflite: node #17 'dw' (depthwise_conv2d): text [TH2103]". */
typedef void th_sink_fn(void *user, const struct th_message *msg);
/* `user` is handed to the sink as it is. */
TH_API void th_ctx_set_sink(struct th_ctx *ctx, th_sink_fn *sink, void *user);
/* Appends msg to out as the default sink prints it, with a newline at the end. */
TH_API void th_message_format(const struct th_message *msg, struct th_str *out);

/* Format text as printf does and hand it to the sink. loc may be NULL. code is 0 or a number of
 * ir/base/diag.def: 1xxx plugins, 2xxx readers, 3xxx IR and passes, 4xxx target and memory, 5xxx
 * emission and verification, 9xxx command line. Strings that come from a file are hostile: those in
 * loc are escaped when printed, those in the text are the caller's to escape. */
TH_API void th_error(struct th_ctx *ctx, const struct th_loc *loc, int code, const char *fmt, ...)
    TH_PRINTF(4, 5);
TH_API void th_warning(struct th_ctx *ctx, const struct th_loc *loc, int code, const char *fmt,
                       ...) TH_PRINTF(4, 5);
TH_API void th_note(struct th_ctx *ctx, const struct th_loc *loc, const char *fmt, ...)
    TH_PRINTF(3, 4);
TH_API void th_help(struct th_ctx *ctx, int code, const char *fmt, ...) TH_PRINTF(3, 4);
/* The common function behind these. */
TH_API void th_report(struct th_ctx *ctx, enum th_severity sev, const struct th_loc *loc,
                      int code, const char *fmt, va_list ap) TH_PRINTF(5, 0);
/* Errors reported so far: a stage compares before and after to know whether it may go on. */
TH_API unsigned th_error_count(const struct th_ctx *ctx);

#ifdef __cplusplus
}
#endif
#endif
