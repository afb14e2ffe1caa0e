/* SPDX-License-Identifier: Apache-2.0 */
/* The one walker that descends into bodies. */
#include "ir/graph.h"

static enum th_status walk(struct th_graph *g, th_graph_fn *fn, void *user)
{
    TH_TRY(fn(g, user));
    for (th_node n = g->first; n; n = g->nodes[n]->next)
        for (uint32_t b = 0; b < g->nodes[n]->n_bodies; b++)
            TH_TRY(walk(g->nodes[n]->bodies[b], fn, user));
    return TH_OK;
}

enum th_status th_program_walk(const struct th_program *p, th_graph_fn *fn, void *user)
{
    for (uint32_t i = 0; i < p->n_functions; i++)
        TH_TRY(walk(p->functions[i], fn, user));
    return TH_OK;
}
