/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a program, for trying out a change. Plan and kernel notes are not copied. */
#ifndef IR_CLONE_H
#define IR_CLONE_H

#include <thimble/ir.h>

/* Ids of one function's nodes and values in the copy, by their ids in the original (0: gone). */
struct th_clone_map {
    th_node *nodes;
    th_value *values;
};
/* Constants share their blobs. map (may be NULL) is for function `index` and lies in the arena.
 * NULL: memory exhausted, reported. */
struct th_program *th_program_clone(const struct th_program *p, uint32_t index,
                                    struct th_clone_map *map, struct th_arena *arena);

#endif
