/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLUGINS_KERNELS_H
#define PLUGINS_KERNELS_H

#include <thimble/backend.h>

/* Does an operand type pattern of a row ("s8,s8,s32?>s8") take the instance? */
TH_API bool th_kernel_types_match(const char *pattern, const struct th_inst *c);

#endif
