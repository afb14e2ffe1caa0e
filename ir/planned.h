/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A planned program run inside byte arrays at the planned places: node by node in schedule, tile
 * loops piece by piece, results byte by byte in the order their kernels promise. Values come from
 * the operators' eval; what is tried is the plan. When a node reads, its operands' bytes must be
 * what was written, whatever else has been written since; around each region lie guard bytes.
 */
#ifndef IR_PLANNED_H
#define IR_PLANNED_H

#include "ir/notes.h"

struct th_planned;
/* The program must be planned; it is not changed. NULL when memory is exhausted. */
TH_API struct th_planned *th_planned_new(struct th_program *p);
TH_API void th_planned_free(struct th_planned *r);
/* Initial values into all state variables (th_planned_new does it too). */
TH_API void th_planned_reset(struct th_planned *r);
/* Junk into all transient memory, then the inputs, then every node. out[i] are copies in the arena.
 * TH_ERR_DIFFER: bytes were overwritten that were still wanted, or guard bytes; reported. */
TH_API enum th_status th_planned_run(struct th_planned *r, struct th_graph *f,
                                     const struct th_tensor *const *in, struct th_arena *arena,
                                     struct th_tensor **out);

#endif
