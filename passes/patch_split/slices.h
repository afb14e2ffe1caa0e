/* SPDX-License-Identifier: Apache-2.0 */
/* Expansion, depthwise convolution and projection as one operator.
 * Private to passes/patch_split*. */
#ifndef TH_PASSES_PATCH_SPLIT_SLICES_H
#define TH_PASSES_PATCH_SPLIT_SLICES_H

#include "passes/patch_split/patch_split.h"

#include <thimble/op.h>

/* The instance that the operator of the three nodes ending with `last` would have. nodes[3] in
 * order; *why (static text) when it is NULL: they are no such nodes, or memory is exhausted. */
struct th_inst *th_split_slices_inst(struct th_graph *g, th_node last, struct th_arena *arena,
                                     th_node *nodes, const char **why);
/* Puts it in their place. */
enum th_status th_split_slices_form(struct th_graph *g, th_node last, struct th_arena *arena);

#endif
