/* SPDX-License-Identifier: Apache-2.0 */
/* Removing what nothing needs. */
#include <stdlib.h>

#include <thimble/match.h>

#include "ir/graph.h"

/* Whether running the node leaves a trace beside its outputs. A region is as pure as its bodies. */
static bool has_effect(const struct th_graph *g, th_node n)
{
    uint32_t traits = th_node_op(g, n)->traits;
    if (traits & TH_TRAIT_REGION) {
        uint32_t bodies = th_node_body_count(g, n);
        for (uint32_t b = 0; b < bodies; b++) {
            const struct th_graph *body = th_node_body(g, n, b);
            if (!body)
                continue;
            for (th_node m = th_graph_first(body); m; m = th_graph_next(body, m))
                if (has_effect(body, m))
                    return true;
        }
        return false;
    }
    return !(traits & (TH_TRAIT_PURE | TH_TRAIT_STATE_READ));
}

static bool unused(const struct th_graph *g, th_node n)
{
    uint32_t outs = th_node_output_count(g, n);
    for (uint32_t i = 0; i < outs; i++)
        if (th_value_use_count(g, th_node_output(g, n, i)))
            return false;
    return true;
}

uint32_t th_graph_sweep(struct th_graph *g)
{
    uint32_t removed = 0;
    th_node prev;
    /* users stand behind their operands, so one walk backwards sees all uses go */
    for (th_node n = th_graph_last(g); n; n = prev) {
        prev = th_graph_prev(g, n);
        if (unused(g, n) && !has_effect(g, n)) {
            th_graph_remove(g, n);
            removed++;
        }
    }
    return removed;
}

/* The nodes to look at live in a heap list; when it cannot grow, what is left waits for a full
 * sweep. */
uint32_t th_graph_sweep_node(struct th_graph *g, th_node n)
{
    uint32_t removed = 0, waiting = 0, cap = 0;
    th_node *list = NULL;
    for (;;) {
        const struct th_node_rec *r = g->nodes[n];
        if (r->live && unused(g, n) && !has_effect(g, n)) {
            for (uint32_t i = 0; i < r->n_in; i++) {
                th_node d = r->in[i] ? th_value_def(g, r->in[i]) : 0;
                if (d && th_grow(&list, waiting, &cap, sizeof *list))
                    list[waiting++] = d;
            }
            th_graph_remove(g, n);
            removed++;
        }
        if (!waiting)
            break;
        n = list[--waiting];
    }
    free(list);
    return removed;
}
