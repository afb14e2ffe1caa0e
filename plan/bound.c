/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes alive step by step, and the bound that follows. */
#include "plan/plan.h"

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Bytes the pair can share at most in this direction. */
static int64_t one_way(const struct th_plan_problem *p, const struct th_plan_overlap *o)
{
    int64_t left = p->buffers[o->below].bytes - o->distance;
    return left <= 0 ? 0 : min64(left, p->buffers[o->above].bytes);
}

/* The more of both directions; it counts with the one that saves it, the first of equal ones. */
static int64_t pair_saving(const struct th_plan_problem *p, uint32_t i)
{
    const struct th_plan_overlap *o = &p->overlaps[i];
    const int64_t mine = one_way(p, o);
    for (uint32_t k = 0; k < p->n_overlaps; k++) {
        const struct th_plan_overlap *q = &p->overlaps[k];
        const bool pair = (q->below == o->above && q->above == o->below) ||
                          (q->below == o->below && q->above == o->above);
        const int64_t other = pair && k != i ? one_way(p, q) : 0;
        if (other > mine || (other == mine && pair && k < i))
            return 0;
    }
    return mine;
}

/*
 * The later-born buffer of a pair is charged only for what it cannot share; the sum of charges
 * is then below the size of the union, since a union is at least as large as the parts that are
 * certainly new, taken in order of birth.
 */
static enum th_status add_savings(const struct th_plan_problem *p, struct th_arena *arena,
                                  int64_t *saved, int32_t n_steps)
{
    int64_t *sum = TH_NEW_ARRAY(arena, int64_t, (size_t)n_steps + 1);
    uint32_t *next = TH_NEW_ARRAY(arena, uint32_t, (size_t)p->n_overlaps + 1);
    uint32_t *head = TH_NEW_ARRAY(arena, uint32_t, (size_t)p->n_buffers + 1);
    if (!sum || !next || !head)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < p->n_overlaps; i++) {
        const struct th_plan_overlap *o = &p->overlaps[i];
        const struct th_plan_buffer *a = &p->buffers[o->below], *b = &p->buffers[o->above];
        uint32_t young = a->first > b->first || (a->first == b->first && o->below > o->above)
                             ? o->below : o->above;
        next[i] = head[young];
        head[young] = i + 1;
    }
    for (uint32_t y = 0; y < p->n_buffers; y++) {
        const struct th_plan_buffer *b = &p->buffers[y];
        if (!head[y] || b->bytes <= 0)
            continue;
        for (uint32_t k = head[y]; k; k = next[k - 1]) {
            const struct th_plan_overlap *o = &p->overlaps[k - 1];
            const struct th_plan_buffer *z = &p->buffers[o->below == y ? o->above : o->below];
            const int64_t saving = pair_saving(p, k - 1);
            int32_t lo = z->first > b->first ? z->first : b->first;
            int32_t hi = z->last < b->last ? z->last : b->last;
            for (int32_t s = lo; s <= hi && s < n_steps; s++)
                sum[s] += saving;
        }
        for (int32_t s = b->first; s <= b->last && s < n_steps; s++) {
            saved[s] += min64(sum[s], b->bytes);
            sum[s] = 0;
        }
    }
    return TH_OK;
}

enum th_status th_plan_bound(const struct th_plan_problem *p, struct th_arena *arena,
                             int64_t *live, int32_t n_steps, struct th_plan_profile *out)
{
    *out = (struct th_plan_profile){0, 0, 0};
    for (uint32_t i = 0; i < p->n_buffers; i++) {
        if (p->buffers[i].last < n_steps)
            continue;
        if (live)
            return TH_ERR_INTERNAL;
        n_steps = p->buffers[i].last + 1;
    }
    int64_t *own = live ? live : TH_NEW_ARRAY(arena, int64_t, (size_t)n_steps + 1);
    int64_t *change = TH_NEW_ARRAY(arena, int64_t, (size_t)n_steps + 1);
    int64_t *saved = TH_NEW_ARRAY(arena, int64_t, (size_t)n_steps + 1);
    if (!own || !change || !saved)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < p->n_buffers; i++) {
        const struct th_plan_buffer *b = &p->buffers[i];
        if (b->first < 0 || b->last < b->first || b->bytes < 0)
            return TH_ERR_INTERNAL;
        change[b->first] += b->bytes;
        change[b->last + 1] -= b->bytes;
    }
    if (p->n_overlaps)
        TH_TRY(add_savings(p, arena, saved, n_steps));
    int64_t now = 0;
    for (int32_t s = 0; s < n_steps; s++) {
        now += change[s];
        own[s] = now - saved[s];
        if (own[s] > out->bound)
            *out = (struct th_plan_profile){own[s], s, saved[s]};
    }
    return TH_OK;
}
