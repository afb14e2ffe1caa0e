/* SPDX-License-Identifier: Apache-2.0 */
/* Maps that gate themselves, computed twice. Private to passes/patch_split*. */
#ifndef TH_PASSES_PATCH_SPLIT_TWICE_H
#define TH_PASSES_PATCH_SPLIT_TWICE_H

#include "passes/patch_split/net.h"

/*
 * A map is reduced, what comes of that is wanted whole by an operator that reads the map again, so
 * that all of it lies in memory in between: the excitation of a squeeze-excite block. Unless the
 * nodes that make it are run once for the reduction and once more for what follows.
 */
struct th_split_block {
    uint32_t *chain;        /* nodes of the net that run twice; the last one makes the map */
    uint32_t n_chain;
    uint32_t gate;          /* first node that reads the map when its reduction is known: the second
                               run stands in front of it, for it and all behind it */
    int64_t stored;         /* bytes in between when the map is computed once */
};
struct th_split_blocks {
    struct th_split_block *list;    /* the most bytes first */
    uint32_t n;
};
enum th_status th_split_find_blocks(const struct th_split_net *net, struct th_arena *arena,
                                    struct th_split_blocks *out);
/* The net with the first n of the blocks computed twice; its places are those of the function when
 * that is done there too. */
enum th_status th_split_net_twice(const struct th_split_net *net,
                                  const struct th_split_blocks *blocks, uint32_t n,
                                  struct th_arena *arena, struct th_split_net *out);
/* Whether a block that is not among the first n lies where the smallest point of the front, of the
 * net with these twice, needs the most. */
bool th_split_twice_helps(const struct th_split_blocks *blocks, uint32_t n,
                          const struct th_fuse_front *front);
/* Does it in the function, for the nodes that the list names. Reports those that it cannot. */
enum th_status th_split_twice(struct th_pass_ctx *pc, struct th_graph *g,
                              const struct th_split_list *list, uint32_t function);

#endif
