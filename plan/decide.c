/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deciding, pair by pair, which of two buffers alive together lies below. Given how large the plan
 * may be, every buffer has a range of offsets; where the ranges leave a pair one way round, that
 * narrows them. Everything at its least offset is a plan as soon as no pair collides there; else
 * a pair that does is decided one way, and if that comes to nothing, the other way. So it finds
 * plans in which long chains of overlapping buffers lean on each other, which no order of placing
 * finds by chance, or comes to know that there is none.
 */
#include "plan/internal.h"

#include <string.h>

#define EFFORT 10u           /* times the visits that placing in orders may take */

enum way { OPEN, ABOVE, BELOW };         /* where the list's owner lies of the other buffer */

/* What was before a change. */
struct undo {
    enum { OLD_LO, OLD_HI, OLD_WAY } what;
    uint32_t at;
    int64_t value;
};
/* A pair decided by choice, and how much was changed before. */
struct choice {
    uint32_t edge;
    enum way first;
    bool second;              /* the other way is tried already */
    size_t n_undo;
};
struct decide {
    struct th_plan_search *s;
    int64_t *lo, *hi;
    uint8_t *way;             /* [edges], kept for the pair as both lists have it */
    uint32_t *mirror, *owner; /* [edges] the same pair in the other's list; whose list it is in */
    struct undo *undo;
    size_t n_undo, room;
    struct choice *stack;     /* no more than there are pairs */
    uint32_t depth;
    uint32_t *queue, n_queue;
    bool *queued;
    uint64_t limit;
};

static bool spent(const struct decide *d)
{
    return d->s->visits >= d->limit;
}

/* What does not fit ends the search: nothing could be taken back any more. */
static void remember(struct decide *d, int what, uint32_t at, int64_t value)
{
    if (d->n_undo == d->room)
        d->limit = 0;
    else
        d->undo[d->n_undo++] = (struct undo){what, at, value};
}

static void set_way(struct decide *d, uint32_t edge, enum way way)
{
    d->way[edge] = (uint8_t)way;
    d->way[d->mirror[edge]] = (uint8_t)(way == ABOVE ? BELOW : way == BELOW ? ABOVE : OPEN);
}

static void take_back(struct decide *d, size_t to)
{
    while (d->n_undo > to) {
        const struct undo *u = &d->undo[--d->n_undo];
        if (u->what == OLD_LO)
            d->lo[u->at] = u->value;
        else if (u->what == OLD_HI)
            d->hi[u->at] = u->value;
        else
            set_way(d, u->at, OPEN);
    }
    while (d->n_queue)
        d->queued[d->queue[--d->n_queue]] = false;
}

static void enqueue(struct decide *d, uint32_t x)
{
    if (!d->queued[x])
        d->queue[d->n_queue++] = x;
    d->queued[x] = true;
}

/* x lies at least `gap` above y; false: it cannot. */
static bool force(struct decide *d, uint32_t x, uint32_t y, int64_t gap)
{
    const struct th_plan_buffer *b = d->s->p->buffers;
    const int64_t lo = (d->lo[y] + gap + b[x].align - 1) & -b[x].align;
    const int64_t hi = (d->hi[x] - gap) & -b[y].align;
    if (lo > d->lo[x]) {
        remember(d, OLD_LO, x, d->lo[x]);
        d->lo[x] = lo;
        enqueue(d, x);
    }
    if (hi < d->hi[y]) {
        remember(d, OLD_HI, y, d->hi[y]);
        d->hi[y] = hi;
        enqueue(d, y);
    }
    return d->lo[x] <= d->hi[x] && d->lo[y] <= d->hi[y];
}

/* Narrows ranges until nothing follows any more; false: there is no such plan. */
static bool propagate(struct decide *d)
{
    const struct th_plan_conflicts *c = d->s->c;
    while (d->n_queue && !spent(d)) {
        const uint32_t x = d->queue[--d->n_queue];
        d->queued[x] = false;
        d->s->visits += c->start[x + 1] - c->start[x] + 1;
        for (uint32_t k = c->start[x]; k < c->start[x + 1]; k++) {
            const struct th_plan_edge *e = &c->edges[k];
            const uint32_t y = e->other;
            const bool above = d->way[k] != BELOW && d->lo[y] + e->below <= d->hi[x];
            const bool below = d->way[k] != ABOVE && d->lo[x] + e->above <= d->hi[y];
            if (!above && !below)
                return false;
            if ((!below && !force(d, x, y, e->below)) || (!above && !force(d, y, x, e->above)))
                return false;
        }
    }
    return true;
}

/* The pair that collides with everything at its least offset and has the least room for either
 * way; false: none does. */
static bool collision(struct decide *d, struct choice *out)
{
    const struct th_plan_conflicts *c = d->s->c;
    int64_t least = INT64_MAX;
    for (uint32_t x = 0; x < c->n; x++) {
        d->s->visits += c->start[x + 1] - c->start[x];
        for (uint32_t k = c->start[x]; k < c->start[x + 1]; k++) {
            const struct th_plan_edge *e = &c->edges[k];
            const uint32_t y = e->other;
            if (y < x || d->lo[x] >= d->lo[y] + e->below || d->lo[y] >= d->lo[x] + e->above)
                continue;
            const int64_t above = d->hi[x] - d->lo[y] - e->below;
            const int64_t below = d->hi[y] - d->lo[x] - e->above;
            if (above + below >= least)
                continue;
            least = above + below;
            *out = (struct choice){k, above >= below ? ABOVE : BELOW, false, 0};
        }
    }
    return least < INT64_MAX;
}

static bool choose(struct decide *d, const struct choice *k, enum way way)
{
    remember(d, OLD_WAY, k->edge, OPEN);
    set_way(d, k->edge, way);
    enqueue(d, d->owner[k->edge]);
    return propagate(d);
}

/* Takes the last choice the other way that was not tried so; false: there is none. */
static bool back(struct decide *d)
{
    while (d->depth) {
        struct choice *k = &d->stack[d->depth - 1];
        take_back(d, k->n_undo);
        if (!k->second) {
            k->second = true;
            if (choose(d, k, k->first == ABOVE ? BELOW : ABOVE))
                return true;
        } else {
            d->depth--;
        }
    }
    return false;
}

/* A plan of at most `most` bytes: TH_PLAN_FOUND (kept), TH_PLAN_NONE, or TH_PLAN_OPEN when the
 * effort ran out. */
static enum th_plan_verdict within(struct decide *d, int64_t most)
{
    struct th_plan_search *s = d->s;
    int64_t size[32];
    d->depth = 0;
    d->n_undo = 0;
    take_back(d, 0);
    memset(d->way, OPEN, s->c->start[s->c->n]);
    for (uint32_t i = 0; i < s->p->n_buffers; i++) {
        const struct th_plan_buffer *b = &s->p->buffers[i];
        d->lo[i] = 0;
        d->hi[i] = (most - b->bytes - b->slack) & -b->align;
        if (b->fixed != TH_PLAN_FREE)
            d->lo[i] = d->hi[i] = b->fixed;
        else if (b->bytes > 0 && d->hi[i] < 0)
            return TH_PLAN_NONE;
        if (b->bytes > 0)
            enqueue(d, i);
    }
    bool ok = propagate(d);
    for (;;) {
        struct choice next;
        if (!ok && !back(d))
            return spent(d) ? TH_PLAN_OPEN : TH_PLAN_NONE;
        if (spent(d))
            return TH_PLAN_OPEN;
        if (!collision(d, &next))
            break;
        next.n_undo = d->n_undo;
        d->stack[d->depth++] = next;
        ok = choose(d, &next, next.first);
    }
    for (uint32_t i = 0; i < s->n; i++)
        s->offset[s->movable[i]] = d->lo[s->movable[i]];
    th_plan_keep(s, th_plan_key(s, size));
    return TH_PLAN_FOUND;
}

static bool prepare(struct decide *d, struct th_arena *arena)
{
    const struct th_plan_conflicts *c = d->s->c;
    const size_t n = c->n, edges = c->start[c->n];
    d->room = 64 * (n + 64);
    d->lo = TH_NEW_ARRAY(arena, int64_t, n + 1);
    d->hi = TH_NEW_ARRAY(arena, int64_t, n + 1);
    d->way = TH_NEW_ARRAY(arena, uint8_t, edges + 1);
    d->mirror = TH_NEW_ARRAY(arena, uint32_t, edges + 1);
    d->owner = TH_NEW_ARRAY(arena, uint32_t, edges + 1);
    d->undo = TH_NEW_ARRAY(arena, struct undo, d->room);
    d->stack = TH_NEW_ARRAY(arena, struct choice, edges / 2 + 1);
    d->queue = TH_NEW_ARRAY(arena, uint32_t, n + 1);
    d->queued = TH_NEW_ARRAY(arena, bool, n + 1);
    if (!d->lo || !d->hi || !d->way || !d->mirror || !d->owner || !d->undo || !d->stack ||
        !d->queue || !d->queued)
        return false;
    for (uint32_t x = 0; x < n; x++)
        for (uint32_t k = c->start[x]; k < c->start[x + 1]; k++) {
            const uint32_t y = c->edges[k].other;
            d->owner[k] = x;
            for (uint32_t i = c->start[y]; x < y && i < c->start[y + 1]; i++)
                if (c->edges[i].other == x) {
                    d->mirror[k] = i;
                    d->mirror[i] = k;
                }
        }
    return true;
}

enum th_status th_plan_decide(struct th_plan_search *s, struct th_arena *arena, bool *proved)
{
    struct decide d = {.s = s, .limit = s->visits + EFFORT * s->limit};
    enum th_plan_verdict v = TH_PLAN_FOUND;
    *proved = false;
    if (!prepare(&d, arena))
        return TH_ERR_INTERNAL;
    /* The bound itself narrows most; where it cannot be had, step by step below what is known. */
    v = within(&d, s->bound);
    if (v == TH_PLAN_OPEN)
        d.limit += EFFORT * s->limit;
    for (v = s->best > s->bound ? TH_PLAN_FOUND : TH_PLAN_NONE; v == TH_PLAN_FOUND;)
        v = within(&d, s->best - 1);
    *proved = v == TH_PLAN_NONE;
    return TH_OK;
}
