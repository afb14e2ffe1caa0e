/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of all that can run in pieces. Private to passes/patch_split*. */
#ifndef TH_PASSES_PATCH_SPLIT_EVERY_H
#define TH_PASSES_PATCH_SPLIT_EVERY_H

#include "passes/patch_split/net.h"

/* Adds the longest groups, from the first node on, all of one form:
 * "stream:COLUMNS" or "strips:ROWSxCOLUMNS", or "slices". Reports a text it does not understand. */
enum th_status th_split_every(struct th_pass_ctx *pc, struct th_graph *g, uint32_t function,
                              const char *text, struct th_split_list *list);

#endif
