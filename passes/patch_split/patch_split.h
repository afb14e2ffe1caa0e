/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of nodes that shall run piece by piece. Private to passes/. */
#ifndef TH_PASSES_PATCH_SPLIT_H
#define TH_PASSES_PATCH_SPLIT_H

#include "ir/tile.h"

#include <thimble/pass.h>
#include <thimble/thimble.h>

struct th_split_stage {
    uint32_t last;             /* its last node */
    int64_t rows, cols;        /* of a strip; of a tile, 0: columns slide */
    int64_t less;              /* rows that the first strip has less */
};
/* Nodes are counted in the order of their function. */
struct th_split_group {
    uint32_t function, first, last;
    bool planes;               /* one node, with a kernel that runs plane by plane; no tile loop */
    bool slices;               /* three nodes that become one operator, see slices.h; likewise */
    enum th_tile_mode mode;
    int64_t run;               /* columns; 0: whole rows */
    struct th_split_stage *stages;      /* strips */
    uint32_t n_stages;
};
/* A node whose result is computed again, see twice.h; counted before any of that is done. */
struct th_split_again {
    uint32_t function, node;
};
/* Groups count nodes with those that run twice in their places. */
struct th_split_list {
    struct th_split_group *groups;
    uint32_t n, cap;
    struct th_split_again *twice;
    uint32_t n_twice, cap_twice;
};

/*
 * Groups: "0-7:stream:1+8-12:strips:4x0@10:2x0@12": nodes, how they run. stream:RUN, RUN columns at
 * a time, 0 being whole rows; strips[:RUN]:ROWSxCOLS@NODE..., a stage for each, ending with NODE.
 * "5:planes": node 5 shall run plane by plane, over its operand. "5-7:slices": nodes 5 to 7 become
 * one operator that runs inner channel by inner channel.
 * Twice: "9+19+1/4", nodes.
 * "1/" in front: the second function. Reports what it does not understand (TH_ERR_USAGE). Either
 * text may be NULL.
 */
enum th_status th_split_parse(struct th_pass_ctx *pc, const char *groups, const char *twice,
                              struct th_split_list *out);
void th_split_print(const struct th_split_group *g, struct th_str *out);
bool th_split_add(struct th_split_list *l, struct th_arena *arena, const struct th_split_group *g);
bool th_split_add_twice(struct th_split_list *l, struct th_arena *arena, uint32_t function,
                        uint32_t node);

/* Whether the group could be formed; nothing is said. Nodes within the function. */
bool th_split_possible(struct th_pass_ctx *pc, struct th_graph *g,
                       const struct th_split_group *group);

/*
 * Moves the nodes of each group of one function into the body of a tile loop of its own and gives
 * it the least storage. A group that cannot be formed is reported, before anything is changed, when
 * groups were given by the user, else left alone with a remark.
 */
enum th_status th_split_form(struct th_pass_ctx *pc, struct th_graph *g,
                             const struct th_split_list *l, uint32_t function, bool given);

#endif
