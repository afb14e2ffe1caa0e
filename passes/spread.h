/* SPDX-License-Identifier: Apache-2.0 */
/* Several RAM regions: what lies in the fast ones. Private to passes/. */
#ifndef TH_PASSES_SPREAD_H
#define TH_PASSES_SPREAD_H

#include "passes/storage.h"
#include "plan/plan.h"

/*
 * Gives every buffer of the plan one region: those read most for each of their bytes go to the
 * fastest region as long as they fit there together, the next ones to the next region, the rest to
 * the last. of_class: 1 + buffer of each class, 0: none; graph, node: of scratch, else NULL.
 * reads[n_regions]: least reads a byte of what was put there. heat: reads a byte of each buffer.
 */
enum th_status th_spread(const struct th_layout *l, struct th_plan_problem *p,
                         struct th_plan_buffer *buffers, const uint32_t *of_class,
                         struct th_layout_graph *const *graph, const th_node *node, double *reads,
                         double *heat);

#endif
