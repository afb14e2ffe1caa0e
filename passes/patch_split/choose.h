/* SPDX-License-Identifier: Apache-2.0 */
/* Which point of a front is taken, and how points are spelled. Private to passes/patch_split*. */
#ifndef TH_PASSES_PATCH_SPLIT_CHOOSE_H
#define TH_PASSES_PATCH_SPLIT_CHOOSE_H

#include "passes/patch_split/net.h"

struct th_split_wish {
    enum th_objective objective;
    int64_t largest, together;     /* bytes for values and scratch: in the largest region, in all;
                                      0: no limit */
};
/* Index of the point; fits: whether its peak is within the limit. nets: by variant, the first one
 * the function as it is. */
TH_API uint32_t th_split_choose(const struct th_split_net *nets,
                                const struct th_fuse_front *front,
                                const struct th_split_wish *wish, bool *fits);
/* Estimated cycles of a point in thousandths of the layer-by-layer form. */
TH_API int64_t th_split_estimate(const struct th_split_net *nets,
                                 const struct th_fuse_point *p);
/* Adds the groups of a point of this net as groups of a function, and what the net has twice.
 * False: memory is exhausted. */
bool th_split_groups(const struct th_split_net *net, const struct th_fuse_point *p,
                     uint32_t function, struct th_arena *arena, struct th_split_list *list);
/* Pushed rows want a tile loop: a first group of one node becomes a stream. */
bool th_split_first_stream(const struct th_split_net *net, const struct th_fuse_point *p,
                           struct th_arena *arena, struct th_split_list *list);
/* "patch-split{groups=...}", "patch-split{twice=...,groups=...}", "patch-split{off}" */
void th_split_spell(const struct th_split_list *list, struct th_str *out);

#endif
