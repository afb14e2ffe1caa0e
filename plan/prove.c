/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proving that no plan is smaller than the best one found. Suppose one were: every buffer then
 * has a range of possible offsets. Of two buffers alive together one lies below the other; where
 * the ranges leave only one choice, it narrows them. An empty range is the contradiction. (This
 * is what settles chains of overlapping outputs, whose drift the bytes alive do not show.)
 */
#include "plan/internal.h"

struct range {
    int64_t lo, hi;
};

static int64_t align_up(int64_t v, int64_t align)
{
    return (v + align - 1) & -align;
}

/* x lies at least `gap` above y. True when something moved. */
static bool force(const struct th_plan_problem *p, struct range *r, uint32_t x, uint32_t y,
                  int64_t gap)
{
    int64_t lo = align_up(r[y].lo + gap, p->buffers[x].align), hi = r[x].hi - gap;
    bool moved = lo > r[x].lo || hi < r[y].hi;
    if (lo > r[x].lo)
        r[x].lo = lo;
    if (hi < r[y].hi)
        r[y].hi = hi;
    return moved;
}

bool th_plan_prove(struct th_plan_search *s, struct th_arena *arena)
{
    const struct th_plan_problem *p = s->p;
    struct range *r = TH_NEW_ARRAY(arena, struct range, (size_t)p->n_buffers + 1);
    if (!r || p->n_regions != 1)
        return false;
    for (uint32_t i = 0; i < p->n_buffers; i++) {
        const struct th_plan_buffer *b = &p->buffers[i];
        r[i] = (struct range){0, s->best - 1 - b->bytes - b->slack};
        if (b->fixed != TH_PLAN_FREE)
            r[i].lo = r[i].hi = b->fixed;
    }
    bool moved = true;
    for (uint32_t round = 0; moved && round < 2 * s->n + 4 && s->visits < s->limit; round++) {
        moved = false;
        for (uint32_t k = 0; k < s->n; k++) {
            uint32_t x = s->movable[k];
            s->visits += s->c->start[x + 1] - s->c->start[x];
            for (uint32_t i = s->c->start[x]; i < s->c->start[x + 1]; i++) {
                const struct th_plan_edge *e = &s->c->edges[i];
                uint32_t y = e->other;
                bool x_above = r[y].lo + e->below <= r[x].hi;
                bool y_above = r[x].lo + e->above <= r[y].hi;
                if (!x_above && !y_above)
                    return true;
                if (!y_above)
                    moved |= force(p, r, x, y, e->below);
                else if (!x_above)
                    moved |= force(p, r, y, x, e->above);
                if (r[x].lo > r[x].hi || r[y].lo > r[y].hi)
                    return true;
            }
        }
    }
    return false;
}
