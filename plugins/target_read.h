/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the reader of target descriptions and the search for them. */
#ifndef TH_PLUGINS_TARGET_READ_H
#define TH_PLUGINS_TARGET_READ_H

#include <thimble/thimble.h>

enum { CODE_UNKNOWN = 4001, CODE_BROKEN = 4002 };

/* wanted: the name the file must give itself, NULL any. extras: options asked for by "+name",
 * NULL-terminated, or NULL. Reports. */
enum th_status th_target_load(struct th_ctx *ctx, const char *path, const char *wanted,
                              bool core_only, const char *const *extras, struct th_target **out);
/* The file of a description in the search path; NULL when there is none. */
enum th_status th_target_path(struct th_ctx *ctx, const char *name, const char **path);
/* Letters, digits, '_', '-', '.'; what a target, a region or a feature may be called. */
bool th_target_is_word(const char *s);
/* The words of text after those of before (NULL-terminated or NULL), as a new list; NULL when
 * memory is exhausted or there are too many. */
const char *const *th_target_words(struct th_arena *arena, const char *const *before,
                                   const char *text);
/* Reports it. */
enum th_status th_target_exhausted(struct th_ctx *ctx);

#endif
