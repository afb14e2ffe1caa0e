/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TH_PASSES_IN_PLACE_H
#define TH_PASSES_IN_PLACE_H

#include <thimble/backend.h>

/* The distance that the row's write order needs between output 0 and input `in`: the input may
 * begin that many bytes behind the output. -1: the two must not overlap. */
TH_API int64_t th_in_place_distance(const struct th_inst *c, const struct th_kernel *row,
                                    uint32_t in, struct th_arena *arena);

#endif
