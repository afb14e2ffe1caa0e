/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TH_PASSES_IN_PLACE_H
#define TH_PASSES_IN_PLACE_H

#include <thimble/backend.h>
#include <thimble/pass.h>

/* The distance that the row's write order needs between output 0 and input `in`: the input may
 * begin that many bytes behind the output. -1: the two must not overlap. */
TH_API int64_t th_in_place_distance(const struct th_inst *c, const struct th_kernel *row,
                                    uint32_t in, struct th_arena *arena);
/* The same for all orders, in a call that was bound for whole tensors: what the pass proposes. -1
 * also where nothing would be saved. */
TH_API int64_t th_in_place_alone(const struct th_inst *c, const struct th_kernel *row,
                                 const struct th_call *call, uint32_t in, struct th_arena *arena);
/* A row that may write its result where operand 0 lies is to be asked first: memory counts, and
 * the operand is wanted by nobody else. */
TH_API bool th_in_place_wanted(const struct th_pass_ctx *pc, const struct th_graph *g, th_node n);
/* The record allows output 0 to overwrite `in` element by element, both of one size. */
TH_API bool th_in_place_elementwise(const struct th_inst *c, uint32_t in);

#endif
