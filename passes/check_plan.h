/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proving a memory plan without the planner: who owns each byte is followed through the program.
 * Nothing of plan/ or of the planning passes is used here. Private to passes/.
 */
#ifndef TH_PASSES_CHECK_PLAN_H
#define TH_PASSES_CHECK_PLAN_H

#include "ir/call.h"
#include "ir/notes.h"

#include <thimble/thimble.h>

/* ---- ownership of bytes, passes/check_memory.c --------------------------------------------- */
struct th_owned {            /* [lo, hi) belongs to contents `owner`; 0: nobody's */
    int64_t lo, hi;
    uint32_t owner;
};
struct th_ownership {        /* of one region: sorted, gapless from 0 to its size */
    struct th_owned *list;
    uint32_t n, cap;
};
bool th_ownership_init(struct th_ownership *m, struct th_arena *a, int64_t bytes);
/* The bytes must lie inside the region. False when memory is exhausted. */
bool th_ownership_take(struct th_ownership *m, struct th_arena *a, int64_t lo, int64_t hi,
                       uint32_t owner);
/* True when all bytes belong to owner; else *thief and *at say who has the first that does not. */
bool th_ownership_holds(const struct th_ownership *m, int64_t lo, int64_t hi, uint32_t owner,
                        uint32_t *thief, int64_t *at);
bool th_ownership_copy(struct th_ownership *to, struct th_arena *a, const struct th_ownership *m);
/* Bytes whose owners differ in the two become nobody's. */
bool th_ownership_meet(struct th_ownership *to, struct th_arena *a, const struct th_ownership *m);

/* ---- overlap inside one call, passes/check_overlap.c --------------------------------------- */
/* NULL when output `out` at byte out_at may overlap input `in` at in_at, else why not. */
const char *th_overlap_refused(const struct th_inst *c, const struct th_kernel_note *note,
                               uint32_t out, int64_t out_at, uint32_t in, int64_t in_at);

#endif
