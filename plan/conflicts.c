/* SPDX-License-Identifier: Apache-2.0 */
/* Which buffers are alive together, and how far apart they must start. */
#include "plan/internal.h"

#include <stdlib.h>

struct by_first {
    int32_t first, last;
    uint32_t index;
};

static int compare_first(const void *a, const void *b)
{
    const struct by_first *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int compare_overlap(const void *a, const void *b)
{
    const struct th_plan_overlap *x = a, *y = b;
    if (x->below != y->below)
        return x->below < y->below ? -1 : 1;
    if (x->above != y->above)
        return x->above < y->above ? -1 : 1;
    return x->distance < y->distance ? -1 : x->distance > y->distance;
}

/* Least start of `above` behind the start of `below`. */
static int64_t gap(const struct th_plan_problem *p, const struct th_plan_overlap *sorted,
                   uint32_t below, uint32_t above)
{
    int64_t whole = p->buffers[below].bytes;
    uint32_t lo = 0, hi = p->n_overlaps;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        const struct th_plan_overlap *o = &sorted[mid];
        if (o->below < below || (o->below == below && o->above < above))
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo < p->n_overlaps && sorted[lo].below == below && sorted[lo].above == above &&
        sorted[lo].distance < whole)
        return sorted[lo].distance;
    return whole;
}

/* Calls nothing for pairs: counts (edges NULL) or fills, in one sweep over the steps. */
static void sweep(const struct th_plan_problem *p, const struct by_first *list, uint32_t n,
                  const struct th_plan_overlap *sorted, uint32_t *active, uint32_t *at,
                  struct th_plan_edge *edges)
{
    uint32_t n_active = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t b = list[i].index, kept = 0;
        for (uint32_t k = 0; k < n_active; k++) {
            uint32_t a = active[k];
            if (p->buffers[a].last < list[i].first)
                continue;
            active[kept++] = a;
            if (edges) {
                int64_t ab = gap(p, sorted, a, b), ba = gap(p, sorted, b, a);
                edges[at[b]] = (struct th_plan_edge){a, ab, ba};
                edges[at[a]] = (struct th_plan_edge){b, ba, ab};
            }
            at[a]++;
            at[b]++;
        }
        active[kept++] = b;
        n_active = kept;
    }
}

enum th_status th_plan_conflicts_find(const struct th_plan_problem *p, struct th_arena *arena,
                                      struct th_plan_conflicts *out)
{
    uint32_t n = p->n_buffers, used = 0;
    struct by_first *list = TH_NEW_ARRAY(arena, struct by_first, (size_t)n + 1);
    uint32_t *active = TH_NEW_ARRAY(arena, uint32_t, (size_t)n + 1);
    uint32_t *at = TH_NEW_ARRAY(arena, uint32_t, (size_t)n + 1);
    struct th_plan_overlap *sorted =
        TH_NEW_ARRAY(arena, struct th_plan_overlap, (size_t)p->n_overlaps + 1);
    out->start = TH_NEW_ARRAY(arena, uint32_t, (size_t)n + 1);
    out->n = n;
    if (!list || !active || !at || !sorted || !out->start)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n; i++)
        if (p->buffers[i].bytes > 0)
            list[used++] = (struct by_first){p->buffers[i].first, p->buffers[i].last, i};
    qsort(list, used, sizeof *list, compare_first);
    for (uint32_t i = 0; i < p->n_overlaps; i++)
        sorted[i] = p->overlaps[i];
    qsort(sorted, p->n_overlaps, sizeof *sorted, compare_overlap);

    sweep(p, list, used, sorted, active, at, NULL);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t mine = at[i];
        out->start[i] = (uint32_t)sum;
        at[i] = (uint32_t)sum;
        sum += mine;
        if (sum > UINT32_MAX)
            return TH_ERR_INTERNAL;
    }
    out->start[n] = (uint32_t)sum;
    out->edges = TH_NEW_ARRAY(arena, struct th_plan_edge, (size_t)sum + 1);
    if (!out->edges)
        return TH_ERR_INTERNAL;
    sweep(p, list, used, sorted, active, at, out->edges);
    return TH_OK;
}
