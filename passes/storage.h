/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A function laid out in time: every node gets a step, bodies are nested inside their owner's
 * steps, and values that share storage are one class with one lifetime. Private to passes/;
 * everything lives in the arena given.
 *
 * Steps: 0 all inputs are filled; then each plain node takes one step. A region node takes an
 * `enter` step (operands are copied to the body's values), its bodies' steps, each followed by a
 * `copy` step (results are taken), and an `exit` step. In the body of a tile_loop a node's step
 * stands for all its pieces; what is kept between them lives from enter to exit.
 */
#ifndef TH_PASSES_STORAGE_H
#define TH_PASSES_STORAGE_H

#include "passes/tile_life.h"

#include <thimble/thimble.h>

struct th_span {             /* of a node */
    int32_t enter, exit;     /* equal for plain nodes */
};
/* One graph of the function: the function itself or a body below it. */
struct th_layout_graph {
    struct th_graph *graph;
    uint32_t base;           /* index of its value 0 */
    int32_t first, last;     /* steps of its nodes; `last` is the copy step of a body */
    struct th_span *spans;   /* by node */
    th_node owner;           /* of a body */
    int32_t parent;          /* index of the owner's graph, -1 */
    struct th_tile *tile;    /* of the body of a tile_loop, else NULL */
};
struct th_layout_value {
    struct th_layout_graph *in;
    th_value value;
    uint32_t klass;          /* union-find parent; th_layout_class resolves */
    int32_t first, last;     /* of this value alone; first -1: needs no storage */
};
struct th_layout_class {
    int64_t bytes, align, slack;
    int64_t need;            /* the part of align that element type and kernels ask for */
    int32_t first, last;
    th_state state;          /* lies in this variable's storage, or 0 */
    uint32_t caller;         /* 1 + input, or 1 + inputs + output, in the caller's memory, or 0 */
    bool given;              /* there, and an input: never written */
    bool outside;            /* holds a function input or a body parameter */
};
struct th_layout {
    struct th_program *program;
    struct th_arena *arena;
    struct th_layout_graph *graphs;
    uint32_t n_graphs, cap_graphs;
    struct th_layout_value *values;      /* all graphs' values, then one for each state variable */
    struct th_layout_class *classes;     /* by root value */
    uint32_t n_values, state_base;
    int32_t n_steps;
    uint32_t align;                      /* least alignment of every buffer */
};
/* caller_io: inputs and outputs of the function lie in the caller's memory. */
enum th_status th_layout_build(struct th_program *p, struct th_graph *function, uint32_t align,
                               bool caller_io, struct th_arena *arena, struct th_layout *out);
uint32_t th_layout_class(const struct th_layout *l, uint32_t value);
/* The layout record of a body; never NULL for bodies of the function. */
struct th_layout_graph *th_layout_body(const struct th_layout *l, const struct th_graph *body);

/* passes/storage_merge.c: makes one class of values that shall share storage. */
enum th_status th_layout_merge(struct th_layout *l);
bool th_layout_join(struct th_layout *l, uint32_t a, uint32_t b);

/* A proposal that lifetimes allow: class `in` dies where class `out` is born. */
struct th_layout_overlap {
    uint32_t out, in;        /* classes */
    int64_t distance;        /* as many bytes as `out` has: only above */
    int64_t above;           /* > 0: `out` may begin so far behind `in` if the loop walks up */
    struct th_graph *graph;
    th_node made;            /* makes `out` */
};
enum th_status th_layout_overlaps(const struct th_layout *l, struct th_layout_overlap **list,
                                  uint32_t *n);
/* Whether output 0 of the node, whose class it gives, may lie over the node's scratch: it is born
 * there, and the kernel promises it. */
bool th_layout_over_scratch(const struct th_layout *l, const struct th_layout_graph *r, th_node n,
                            uint32_t *klass);

#endif
