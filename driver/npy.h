/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors in NumPy's .npy files: C order, little endian. */
#ifndef TH_DRIVER_NPY_H
#define TH_DRIVER_NPY_H

#include <thimble/thimble.h>

/* Reads a C-ordered little-endian array; the data are copied into the arena. The file is not
 * trusted. Reports. */
enum th_status th_npy_read(struct th_ctx *ctx, const char *path, struct th_arena *arena,
                           struct th_tensor **out);
/* The same from memory; name is for messages. */
enum th_status th_npy_parse(struct th_ctx *ctx, const char *name, const void *bytes, size_t len,
                            struct th_arena *arena, struct th_tensor **out);
/* Types narrower than a byte become one byte an element. Reports. */
enum th_status th_npy_write(struct th_ctx *ctx, const char *path, const struct th_tensor *t);

#endif
