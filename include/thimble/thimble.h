/* SPDX-License-Identifier: Apache-2.0 */
/* The context, and everything else of the installed API. */
#ifndef THIMBLE_H
#define THIMBLE_H

#include <thimble/base.h>
#include <thimble/diag.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A context owns the registry, interned strings, the arena of one compilation and the message
 * sink. There are no mutable globals: two contexts are independent. Programs must be freed
 * before their context.
 */
/* With the built-in operators and passes, no plugin loaded; NULL when memory is exhausted. */
TH_API struct th_ctx *th_ctx_new(void);
/* NULL is allowed. Plugins stay loaded until the process ends. */
TH_API void th_ctx_free(struct th_ctx *ctx);
/* Borrowed; what it holds lives as long as the context. */
TH_API struct th_arena *th_ctx_arena(struct th_ctx *ctx);
/* Equal strings give equal pointers; lives as long as the context. NULL on exhaustion. */
TH_API const char *th_intern(struct th_ctx *ctx, const char *s);
/* 0: errors and warnings only, 1 results, 2 what passes did too. */
TH_API int th_ctx_verbosity(const struct th_ctx *ctx);
TH_API void th_ctx_set_verbosity(struct th_ctx *ctx, int level);
/* The integer contract of nodes that name none: "tflite" unless set. The name is borrowed: static
 * or interned text. */
TH_API const char *th_ctx_contract(const struct th_ctx *ctx);
TH_API void th_ctx_set_contract(struct th_ctx *ctx, const char *name);
/* The compiler's version, "major.minor.patch". */
TH_API const char *th_version(void);

#ifdef __cplusplus
}
#endif

#include <thimble/backend.h>
#include <thimble/elementwise.h>
#include <thimble/emit.h>
#include <thimble/frontend.h>
#include <thimble/import.h>
#include <thimble/ir.h>
#include <thimble/match.h>
#include <thimble/numeric.h>
#include <thimble/op.h>
#include <thimble/pass.h>
#include <thimble/plugin.h>
#include <thimble/target.h>

#endif
