/* SPDX-License-Identifier: Apache-2.0 */
/* A function as the search sees it. Private to passes/patch_split*. */
#ifndef TH_PASSES_PATCH_SPLIT_NET_H
#define TH_PASSES_PATCH_SPLIT_NET_H

#include "passes/patch_split/patch_split.h"
#include "plan/fuse.h"

/* Estimated cycles on the whole tensor, and of the kernel that runs plane by plane. */
struct th_split_price {
    double cycles, planes;
    double slices;           /* of the three nodes from here on */
    bool pixel;              /* the kernel of a run of one column has a function for that */
};
struct th_split_net {
    struct th_fuse_net net;
    uint32_t *place;         /* of each node of the net: its place in the function's order */
    struct th_split_price *price;    /* of each node of the net */
    uint32_t n_fusable;
    uint32_t *twice;         /* places, in the function as it is, of nodes that run twice here */
    uint32_t n_twice;
};
/* Views vanish, whatever cannot run in pieces (no window, no kernel for it) is OPAQUE. */
enum th_status th_split_describe(struct th_pass_ctx *pc, struct th_graph *g,
                                 struct th_split_net *out);

#endif
