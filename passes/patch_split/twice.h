/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maps that are gated by a value made from all of them (squeeze-excite): computed twice, once for
 * the gate and once for the product, neither is ever stored. Private to passes/patch_split*.
 */
#ifndef TH_PASSES_PATCH_SPLIT_TWICE_H
#define TH_PASSES_PATCH_SPLIT_TWICE_H

#include "ir/tile.h"

struct th_split_twice {
    uint32_t place;            /* of the node that makes the map, in the function's order */
    int64_t bytes;             /* of the map */
    th_node made, before;      /* that node; the one whose only reader it is, or 0 */
    th_node summed, product;   /* the two readers of the map */
    th_node copies[2];         /* of before, made; once applied */
};
/* Largest map first. False: memory is exhausted. */
bool th_split_find_twice(struct th_graph *g, struct th_arena *arena, struct th_split_twice **list,
                         uint32_t *n);
/* Copies take the place of the nodes, which move behind the gate. */
enum th_status th_split_make_twice(struct th_graph *g, struct th_split_twice *t);
/* The last one made is taken back. */
void th_split_make_once(struct th_graph *g, struct th_split_twice *t);

#endif
