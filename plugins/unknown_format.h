/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLUGINS_UNKNOWN_FORMAT_H
#define PLUGINS_UNKNOWN_FORMAT_H

#include <thimble/thimble.h>

/* Report what cannot be read, and return what is then wrong. */
enum th_status th_unknown_format(struct th_ctx *ctx, const struct th_loc *loc, const char *name,
                                 const void *bytes, size_t n);
enum th_status th_model_is_folder(struct th_ctx *ctx, const char *path, bool saved_model);

#endif
