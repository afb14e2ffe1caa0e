/* SPDX-License-Identifier: Apache-2.0 */
/* The deepest stack below a function: who calls whom from the listing of the linked file, libraries
 * included; frames from the call graphs GCC writes (-fcallgraph-info=su), of other functions from
 * their instructions. Clang (-fstack-usage) does not count vector registers of RISC-V. */
#ifndef TH_DRIVER_STACK_BOUND_H
#define TH_DRIVER_STACK_BOUND_H

#include <thimble/thimble.h>

struct th_stack_graph;

struct th_stack_bound {
    int64_t bytes;           /* -1: unbounded (recursion, or a frame of dynamic size) */
    uint32_t unknown;        /* functions whose frames nothing tells, counted as 0 bytes */
    const char *names;       /* the first of them: "'memcpy', 'expf'" */
};

/* In the context's arena; NULL when memory is exhausted. vlen: of the target, 0 when not known. */
struct th_stack_graph *th_stack_graph_new(struct th_ctx *ctx, uint32_t vlen);
/* Adds one unit's graph; unknown lines are skipped. False when memory is exhausted. */
bool th_stack_graph_add(struct th_stack_graph *g, const char *text);
/* The same of a unit that Clang compiled: the lines of its .su file. */
bool th_stack_graph_add_usage(struct th_stack_graph *g, const char *text);
/* Takes frames that no compiler knows (naked functions) from comments of the source:
 * "stack of FUNCTION: N bytes". */
void th_stack_graph_note(struct th_stack_graph *g, const char *source);
/* The linked file (objdump -d --no-show-raw-insn), and the relocations of the units (objdump -r),
 * which say where calls through pointers can go. After the units and notes, once. */
bool th_stack_graph_link(struct th_stack_graph *g, const char *listing, const char *relocations);
/* False: the function is not in the linked file. */
bool th_stack_graph_bound(struct th_stack_graph *g, const char *function,
                          struct th_stack_bound *out);

#endif
