/* SPDX-License-Identifier: Apache-2.0 */
/* How long what a tile loop keeps is wanted inside one turn of it. Private to passes/. */
#ifndef TH_PASSES_TILE_LIFE_H
#define TH_PASSES_TILE_LIFE_H

#include "ir/tile.h"

/*
 * A value that is always read right behind the run that made it, and only what that run made, is
 * wanted from that run to the reader's: nothing else runs between the two. All else is kept as long
 * as the loop turns, or as long as its stage makes a strip.
 */
struct th_tile_life {
    bool always;               /* as long as the loop runs */
    uint32_t first, last;      /* else from node to node */
};
/* life: [n_nodes] */
TH_API enum th_status th_tile_lives(const struct th_tile *t, struct th_arena *arena,
                                    struct th_tile_life *life);
/* Bytes alive at worst beside operands and results: what is kept, and scratch of kernels. */
enum th_status th_tile_inner_bytes(const struct th_tile *t, struct th_arena *arena, int64_t *bytes);

#endif
