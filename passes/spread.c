/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/spread.h"

#include <stdlib.h>

#include <thimble/op.h>

struct warm {
    uint32_t buffer;
    double reads;              /* for each byte */
};

static int hottest(const void *a, const void *b)
{
    const struct warm *x = a, *y = b;
    if (x->reads != y->reads)
        return x->reads > y->reads ? -1 : 1;
    return x->buffer < y->buffer ? -1 : x->buffer > y->buffer;
}

/* Accesses to each buffer: a multiply-accumulate reads its operands, what is made is written. */
static enum th_status count_reads(const struct th_layout *l, const uint32_t *of_class,
                                  double *reads)
{
    struct th_arena *a = th_arena_new(0);
    if (!a)
        return TH_ERR_INTERNAL;
    for (uint32_t k = 0; k < l->n_graphs; k++) {
        const struct th_layout_graph *r = &l->graphs[k];
        for (th_node n = th_graph_first(r->graph); n; n = th_graph_next(r->graph, n)) {
            struct th_inst *c = th_node_inst(r->graph, n, a);
            struct th_cost cost = {0};
            if (!c) {
                th_arena_free(a);
                return TH_ERR_INTERNAL;
            }
            if (c->op->region == TH_REGION_NONE)
                th_inst_cost(c, &cost);
            for (uint32_t i = 0; i < c->n_in + c->n_out; i++) {
                const th_value v = i < c->n_in ? th_node_input(r->graph, n, i)
                                               : th_node_output(r->graph, n, i - c->n_in);
                const uint32_t b =
                    v && !th_value_is_const(r->graph, v)
                        ? of_class[th_layout_class(l, r->base + v)] : 0;
                if (b)
                    reads[b - 1] += (i < c->n_in ? (double)cost.macs : 0.0) +
                                    (double)th_type_size(th_value_type(r->graph, v));
            }
            th_arena_clear(a);
        }
    }
    th_arena_free(a);
    return TH_OK;
}

/* Bytes alive in each step, were buffer b there too, stay below the region's size. */
static bool has_room(const int64_t *live, const struct th_plan_buffer *b, int64_t cap)
{
    for (int32_t s = b->first; s <= b->last; s++)
        if (cap && live[s] + b->bytes + b->slack > cap)
            return false;
    return true;
}

/* Do the buffers of region r fit there? The plan of them alone says it. */
static enum th_status fits_alone(const struct th_plan_problem *p, uint32_t r,
                                 struct th_arena *arena, bool *fits)
{
    struct th_plan_buffer *some = TH_NEW_ARRAY(arena, struct th_plan_buffer,
                                               (size_t)p->n_buffers + 1);
    struct th_plan_problem q = *p;
    struct th_plan_result result;
    if (!some)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < p->n_buffers; i++) {
        some[i] = p->buffers[i];
        some[i].regions = 0;
        if (p->buffers[i].regions != 1u << r)
            some[i].bytes = some[i].slack = 0;
    }
    q.buffers = some;
    q.n_overlaps = 0;
    q.n_regions = 1;
    q.region_bytes = &p->region_bytes[r];
    TH_TRY(th_plan_place(&q, NULL, arena, &result));
    *fits = result.fits;
    return TH_OK;
}

/* The hottest buffers that are in no region yet go into region r; the coldest leave it again until
 * the rest can be placed. */
static enum th_status fill_region(const struct th_layout *l, struct th_plan_problem *p,
                                  struct th_plan_buffer *buffers, const struct warm *list,
                                  uint32_t r, double *reads)
{
    int64_t *live = TH_NEW_ARRAY(l->arena, int64_t, (size_t)l->n_steps + 1);
    const int64_t cap = p->region_bytes[r];
    bool fits = true;
    if (!live)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < p->n_buffers; i++) {
        struct th_plan_buffer *b = &buffers[list[i].buffer];
        if (b->regions || !has_room(live, b, cap))
            continue;
        b->regions = 1u << r;
        for (int32_t s = b->first; s <= b->last; s++)
            live[s] += b->bytes + b->slack;
    }
    TH_TRY(fits_alone(p, r, l->arena, &fits));
    for (uint32_t i = p->n_buffers; i-- > 0 && !fits;) {
        if (buffers[list[i].buffer].regions != 1u << r)
            continue;
        buffers[list[i].buffer].regions = 0;
        TH_TRY(fits_alone(p, r, l->arena, &fits));
    }
    for (uint32_t i = 0; i < p->n_buffers; i++)
        if (buffers[list[i].buffer].regions == 1u << r)
            reads[r] = list[i].reads;
    return TH_OK;
}

enum th_status th_spread(const struct th_layout *l, struct th_plan_problem *p,
                         struct th_plan_buffer *buffers, const uint32_t *of_class,
                         struct th_layout_graph *const *graph, const th_node *node, double *reads,
                         double *heat)
{
    struct warm *list = TH_NEW_ARRAY(l->arena, struct warm, (size_t)p->n_buffers + 1);
    double *all = TH_NEW_ARRAY(l->arena, double, (size_t)p->n_buffers + 1);
    if (!list || !all)
        return TH_ERR_INTERNAL;
    TH_TRY(count_reads(l, of_class, all));
    for (uint32_t i = 0; i < p->n_buffers; i++) {
        if (graph[i] && node[i])
            all[i] = th_node_note_const(graph[i]->graph, node[i])->cost.cycles;
        heat[i] = all[i] / (double)(buffers[i].bytes > 0 ? buffers[i].bytes : 1);
        list[i] = (struct warm){i, heat[i]};
        buffers[i].regions = 0;
    }
    qsort(list, p->n_buffers, sizeof *list, hottest);
    for (uint32_t r = 0; r + 1 < p->n_regions; r++)
        TH_TRY(fill_region(l, p, buffers, list, r, reads));
    for (uint32_t i = 0; i < p->n_buffers; i++)
        if (!buffers[i].regions)
            buffers[i].regions = 1u << (p->n_regions - 1);
    return TH_OK;
}
