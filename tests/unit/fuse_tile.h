/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TH_TESTS_UNIT_FUSE_TILE_H
#define TH_TESTS_UNIT_FUSE_TILE_H

#include "plan/fuse.h"

/* Bytes that the tile loop of this group keeps between its pieces; -1: it cannot be told. */
int64_t fuse_tile_bytes(const struct th_fuse_net *net, const struct th_fuse_group *g,
                        struct th_arena *arena);
#endif
