/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLUGINS_KERNELS_H
#define PLUGINS_KERNELS_H

#include <thimble/backend.h>

/* Does an operand type pattern of a row ("s8,s8,s32?>s8") take the instance? */
TH_API bool th_kernel_types_match(const char *pattern, const struct th_inst *c);

/* Calls fn for every kernel row of an operator, backends in name order, plugins' rows included. */
typedef void th_kernel_fn(void *user, const struct th_backend *owner, const struct th_kernel *row);
TH_API void th_kernels_of_op(const struct th_ctx *ctx, const char *op, th_kernel_fn *fn,
                             void *user);

#endif
