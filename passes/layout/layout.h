/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of the layout pass. Private to passes/. */
#ifndef TH_PASSES_LAYOUT_LAYOUT_H
#define TH_PASSES_LAYOUT_LAYOUT_H

#include "passes/util.h"

/* reshape(transpose(x)): the transpose behind the reshape. A row's function. */
enum th_status th_layout_sink_reshape(struct th_graph *g, const struct th_match *m, bool *done,
                                      void *user);

/* Transposes at the edges, after all others have sunk: a pad stands behind the transpose, where a
 * window can take it in; and inputs and outputs become channels-last where the options say so. */
enum th_status th_layout_edges(struct th_pass_ctx *pc, struct th_graph *g);

#endif
