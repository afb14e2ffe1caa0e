/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searching the order in which buffers are placed: everything when they are few, else by moving
 * what carries the peak. Placing each buffer as low as it goes, in order of the offsets of a best
 * plan, gives a best plan again; so orders are all there is to search.
 */
#include "plan/internal.h"

#include <string.h>

static uint32_t pick(struct th_plan_search *s, uint32_t n)
{
    uint64_t x = s->rng;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    s->rng = x;
    return n ? (uint32_t)((x >> 16) % n) : 0;
}

/* ---- everything ---------------------------------------------------------------------------- */
struct walk {
    struct th_plan_search *s;
    bool *used;
    bool *near;           /* [n * n] neighbours among the movable */
    bool cut;             /* the effort ran out */
};

/* Two buffers that do not meet commute when placed one after the other: one order is enough. */
static void descend(struct walk *w, uint32_t depth, uint32_t previous)
{
    struct th_plan_search *s = w->s;
    if (depth == s->n) {
        int64_t size[32], key = th_plan_key(s, size);
        if (key < s->best)
            th_plan_keep(s, key);
        return;
    }
    for (uint32_t i = 0; i < s->n && s->best > s->bound; i++) {
        uint32_t x = s->movable[i];
        if (w->used[i] || (depth && i < previous && !w->near[i * s->n + previous]))
            continue;
        if (s->visits > s->limit) {
            w->cut = true;
            return;
        }
        if (th_plan_put(s, x) < s->best) {
            w->used[i] = true;
            descend(w, depth + 1, i);
            w->used[i] = false;
        }
        s->offset[x] = -1;
    }
}

bool th_plan_exhaust(struct th_plan_search *s, struct th_arena *arena)
{
    struct walk w = {s, TH_NEW_ARRAY(arena, bool, s->n), TH_NEW_ARRAY(arena, bool, s->n * s->n),
                     false};
    if (!w.used || !w.near)
        return false;
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t x = s->movable[i];
        s->offset[x] = -1;
        for (uint32_t k = s->c->start[x]; k < s->c->start[x + 1]; k++)
            for (uint32_t j = 0; j < s->n; j++)
                if (s->movable[j] == s->c->edges[k].other)
                    w.near[i * s->n + j] = true;
    }
    descend(&w, 0, 0);
    return !w.cut;
}

/* ---- improvement --------------------------------------------------------------------------- */
/* A buffer directly below x that keeps it from going lower, or x itself. One of several is
 * chosen at random: over many rounds all chains under the peak are visited. */
static uint32_t carrier(struct th_plan_search *s, uint32_t x)
{
    uint32_t found = x, seen = 0;
    int64_t align = s->p->buffers[x].align;
    for (uint32_t k = s->c->start[x]; k < s->c->start[x + 1]; k++) {
        const struct th_plan_edge *e = &s->c->edges[k];
        if (s->region[e->other] != s->region[x])
            continue;
        int64_t under = s->offset[x] - (s->offset[e->other] + e->below);
        if (under >= 0 && under < align && pick(s, ++seen) == 0)
            found = e->other;
    }
    return found;
}

static uint32_t highest(struct th_plan_search *s)
{
    uint32_t top = s->movable[0];
    int64_t end = -1;
    for (uint32_t i = 0; i < s->n; i++) {
        const struct th_plan_buffer *b = &s->p->buffers[s->movable[i]];
        int64_t e = s->offset[s->movable[i]] + b->bytes + b->slack;
        if (e > end) {
            end = e;
            top = s->movable[i];
        }
    }
    return top;
}

static void move(uint32_t *order, uint32_t from, uint32_t to)
{
    uint32_t x = order[from];
    if (to < from)
        memmove(order + to + 1, order + to, (from - to) * sizeof *order);
    else
        memmove(order + from, order + from + 1, (to - from) * sizeof *order);
    order[to] = x;
}

/* Takes one of the chain of buffers that ends at the peak and places it earlier, or swaps it
 * with another one of all. */
static void perturb(struct th_plan_search *s, uint32_t *order)
{
    uint32_t x = highest(s), hops = pick(s, 8);
    for (uint32_t i = 0; i < hops; i++)
        x = carrier(s, x);
    uint32_t at = 0;
    while (at + 1 < s->n && order[at] != x)
        at++;
    if (pick(s, 4) != 0 && at > 0) {
        move(order, at, pick(s, at));
    } else {
        uint32_t other = pick(s, s->n), t = order[at];
        order[at] = order[other];
        order[other] = t;
    }
}

enum th_status th_plan_improve(struct th_plan_search *s, const uint32_t *start,
                               struct th_arena *arena)
{
    uint32_t n = s->n, idle = 0;
    uint32_t *order = TH_NEW_ARRAY(arena, uint32_t, n);
    uint32_t *trial = TH_NEW_ARRAY(arena, uint32_t, n);
    uint32_t *best = TH_NEW_ARRAY(arena, uint32_t, n);
    if (!order || !trial || !best)
        return TH_ERR_INTERNAL;
    memcpy(order, start, n * sizeof *order);
    memcpy(best, start, n * sizeof *best);
    int64_t current = th_plan_run(s, order, INT64_MAX);
    while (s->best > s->bound && s->visits < s->limit) {
        memcpy(trial, order, n * sizeof *order);
        perturb(s, trial);
        if (pick(s, 3) == 0)
            perturb(s, trial);
        /* Sideways moves are kept. perturb looks at the offsets of the last run, whichever order
         * that was: it only needs some chain under some peak. */
        int64_t key = th_plan_run(s, trial, INT64_MAX);
        if (key <= current) {
            memcpy(order, trial, n * sizeof *order);
            idle = key < current ? 0 : idle + 1;
            current = key;
            if (key < s->best) {
                th_plan_keep(s, key);
                memcpy(best, trial, n * sizeof *best);
                if (th_plan_prove(s, arena))
                    break;
            }
            continue;
        }
        if (++idle > 64 + 4 * n) {     /* from the best again, shaken */
            idle = 0;
            memcpy(order, best, n * sizeof *order);
            for (uint32_t k = 0; k < 3 + n / 64; k++)
                move(order, pick(s, n), pick(s, n));
            current = th_plan_run(s, order, INT64_MAX);
            if (current < s->best) {
                th_plan_keep(s, current);
                memcpy(best, order, n * sizeof *best);
            }
        }
    }
    return TH_OK;
}
