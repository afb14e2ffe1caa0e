/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of operations with the least peak. What is alive depends only on the set of
 * operations done, so the search runs over such sets, best peak first; operations that are
 * comparable with all others cut the graph into segments that are searched one by one.
 */
#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_STATES 20000u
#define MAX_OPS 8192u           /* more are left in the given order */
#define BEAM 48u
#define BEAM_STATES 120000u

/* The graph as the search wants it. */
struct view {
    const struct th_plan_dag *d;
    uint32_t *succ_start, *succ;       /* successors of each operation */
    uint32_t *user_start, *user;       /* operations that touch each store */
};

/* Counts done towards each operation and store while walking one order or segment. */
struct walk {
    const struct view *v;
    bool *done;             /* [n_ops] */
    int64_t live;
};

static bool users_done(const struct walk *w, uint32_t store, uint32_t except)
{
    for (uint32_t k = w->v->user_start[store]; k < w->v->user_start[store + 1]; k++)
        if (w->v->user[k] != except && !w->done[w->v->user[k]])
            return false;
    return true;
}

static bool touched(const struct walk *w, uint32_t store)
{
    if (w->v->d->stores[store].live_in)
        return true;
    for (uint32_t k = w->v->user_start[store]; k < w->v->user_start[store + 1]; k++)
        if (w->done[w->v->user[k]])
            return true;
    return false;
}

static bool ready(const struct walk *w, uint32_t op)
{
    const struct th_plan_op *o = &w->v->d->ops[op];
    for (uint32_t i = 0; i < o->n_after; i++)
        if (!w->done[o->after[i]])
            return false;
    return true;
}

/* Bytes alive while op runs; *after: what stays alive when it is done. */
static int64_t footprint(const struct walk *w, uint32_t op, int64_t *after)
{
    const struct th_plan_dag *d = w->v->d;
    const struct th_plan_op *o = &d->ops[op];
    int64_t during = w->live, freed = 0;
    bool dies = false;
    for (uint32_t i = 0; i < o->n_buffers; i++) {
        uint32_t b = o->buffers[i];
        if (!touched(w, b))
            during += d->stores[b].bytes;
        if (!d->stores[b].live_out && users_done(w, b, op)) {
            freed += d->stores[b].bytes;
            dies |= o->saves > 0 && b == o->dying;
        }
    }
    *after = during - freed;
    during += o->scratch;
    return dies ? during - o->saves : during;
}

static enum th_status make_view(const struct th_plan_dag *d, struct th_arena *a, struct view *v)
{
    uint32_t n = d->n_ops, m = d->n_stores;
    size_t after = 0, touches = 0;
    for (uint32_t i = 0; i < n; i++) {
        after += d->ops[i].n_after;
        touches += d->ops[i].n_buffers;
        for (uint32_t k = 0; k < d->ops[i].n_after; k++)
            if (d->ops[i].after[k] >= i)
                return TH_ERR_INTERNAL;
        for (uint32_t k = 0; k < d->ops[i].n_buffers; k++)
            if (d->ops[i].buffers[k] >= m)
                return TH_ERR_INTERNAL;
    }
    *v = (struct view){
        d, TH_NEW_ARRAY(a, uint32_t, (size_t)n + 2), TH_NEW_ARRAY(a, uint32_t, after + 1),
        TH_NEW_ARRAY(a, uint32_t, (size_t)m + 2), TH_NEW_ARRAY(a, uint32_t, touches + 1)};
    if (!v->succ_start || !v->succ || !v->user_start || !v->user)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < d->ops[i].n_after; k++)
            v->succ_start[d->ops[i].after[k] + 2]++;
        for (uint32_t k = 0; k < d->ops[i].n_buffers; k++)
            v->user_start[d->ops[i].buffers[k] + 2]++;
    }
    for (uint32_t i = 2; i < n + 2; i++)
        v->succ_start[i] += v->succ_start[i - 1];
    for (uint32_t i = 2; i < m + 2; i++)
        v->user_start[i] += v->user_start[i - 1];
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < d->ops[i].n_after; k++)
            v->succ[v->succ_start[d->ops[i].after[k] + 1]++] = i;
        for (uint32_t k = 0; k < d->ops[i].n_buffers; k++)
            v->user[v->user_start[d->ops[i].buffers[k] + 1]++] = i;
    }
    return TH_OK;
}

static int64_t live_at_start(const struct th_plan_dag *d)
{
    int64_t live = 0;
    for (uint32_t i = 0; i < d->n_stores; i++)
        if (d->stores[i].live_in)
            live += d->stores[i].bytes;
    return live;
}

static int64_t peak_of(const struct view *v, const uint32_t *order, bool *done)
{
    struct walk w = {v, done, live_at_start(v->d)};
    int64_t peak = w.live;
    memset(done, 0, v->d->n_ops * sizeof *done);
    for (uint32_t i = 0; i < v->d->n_ops; i++) {
        int64_t after, during = footprint(&w, order[i], &after);
        if (during > peak)
            peak = during;
        done[order[i]] = true;
        w.live = after;
    }
    return peak;
}

/* No order can do with less than the largest operation taken alone. */
static int64_t floor_of(const struct view *v)
{
    int64_t most = live_at_start(v->d);
    for (uint32_t i = 0; i < v->d->n_ops; i++) {
        const struct th_plan_op *o = &v->d->ops[i];
        int64_t sum = o->scratch - o->saves;
        for (uint32_t k = 0; k < o->n_buffers; k++)
            sum += v->d->stores[o->buffers[k]].bytes;
        if (sum > most)
            most = sum;
    }
    return most;
}

/* ---- cutting into segments ----------------------------------------------------------------- */
/* cut[i]: operation i is comparable with all others, so everything before it comes first. */
static enum th_status find_cuts(const struct view *v, struct th_arena *a, bool *cut)
{
    uint32_t n = v->d->n_ops, words = (n + 63) / 64;
    uint64_t *bits = TH_NEW_ARRAY(a, uint64_t, (size_t)n * words + 1);
    uint32_t *below = TH_NEW_ARRAY(a, uint32_t, (size_t)n + 1);
    if (!bits || !below)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t *mine = bits + (size_t)i * words;
        for (uint32_t k = 0; k < v->d->ops[i].n_after; k++) {
            uint32_t p = v->d->ops[i].after[k];
            const uint64_t *other = bits + (size_t)p * words;
            for (uint32_t j = 0; j <= p / 64; j++)
                mine[j] |= other[j];
            mine[p / 64] |= (uint64_t)1 << (p % 64);
        }
        uint32_t before = 0;
        for (uint32_t j = 0; j <= i / 64; j++) {
            before += (uint32_t)__builtin_popcountll(mine[j]);
            for (uint64_t m = mine[j]; m; m &= m - 1)
                below[j * 64 + (uint32_t)__builtin_ctzll(m)]++;
        }
        cut[i] = before == i;     /* all earlier ones are ancestors; descendants checked below */
    }
    for (uint32_t i = 0; i < n; i++)
        cut[i] = cut[i] && below[i] == n - 1 - i;
    return TH_OK;
}

/* ---- one segment --------------------------------------------------------------------------- */
struct state {
    uint64_t *set;          /* operations of the segment that are done */
    int64_t live, peak;
    uint32_t depth, parent, op;
    bool closed;
};
struct segment {
    struct walk w;          /* done: everything before the segment, then the state looked at */
    const uint32_t *ops;    /* members */
    uint32_t n, words;
    int64_t floor;          /* peaks below do not matter */
    struct state *states;
    uint32_t n_states, max_states;
    uint32_t *table, mask;  /* hash of sets: state index + 1 */
    uint32_t *heap, n_heap, max_heap;
    struct th_arena *arena;
};

static bool better(const struct segment *g, uint32_t a, uint32_t b)
{
    const struct state *x = &g->states[a], *y = &g->states[b];
    if (x->peak != y->peak)
        return x->peak < y->peak;
    if (x->depth != y->depth)
        return x->depth > y->depth;
    if (x->live != y->live)
        return x->live < y->live;
    return a < b;
}

static bool push(struct segment *g, uint32_t s)
{
    if (g->n_heap == g->max_heap)
        return false;
    uint32_t i = g->n_heap++;
    for (; i > 0 && better(g, s, g->heap[(i - 1) / 2]); i = (i - 1) / 2)
        g->heap[i] = g->heap[(i - 1) / 2];
    g->heap[i] = s;
    return true;
}

static uint32_t pop(struct segment *g)
{
    uint32_t top = g->heap[0], last = g->heap[--g->n_heap], i = 0;
    for (;;) {
        uint32_t c = 2 * i + 1;
        if (c >= g->n_heap)
            break;
        if (c + 1 < g->n_heap && better(g, g->heap[c + 1], g->heap[c]))
            c++;
        if (!better(g, g->heap[c], last))
            break;
        g->heap[i] = g->heap[c];
        i = c;
    }
    g->heap[i] = last;
    return top;
}

static uint64_t hash_set(const uint64_t *set, uint32_t words)
{
    uint64_t h = 0x9e3779b97f4a7c15u;
    for (uint32_t i = 0; i < words; i++) {
        h = (h ^ set[i]) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    return h;
}

/* The state of parent's set plus local operation `local`. Keeps the better peak of two ways to
 * one set. False when the limit is reached. */
static bool reach(struct segment *g, uint32_t parent, uint32_t local, int64_t peak, int64_t live)
{
    uint64_t set[MAX_OPS / 64];
    if (parent != UINT32_MAX)
        memcpy(set, g->states[parent].set, g->words * sizeof *set);
    else
        memset(set, 0, g->words * sizeof *set);
    if (parent != UINT32_MAX)
        set[local / 64] |= (uint64_t)1 << (local % 64);
    uint32_t depth = parent == UINT32_MAX ? 0 : g->states[parent].depth + 1;
    uint32_t at = (uint32_t)hash_set(set, g->words) & g->mask;
    for (; g->table[at]; at = (at + 1) & g->mask) {
        struct state *s = &g->states[g->table[at] - 1];
        if (memcmp(s->set, set, g->words * sizeof *set) != 0)
            continue;
        if (peak >= s->peak)
            return true;
        s->peak = peak;           /* queued again; the older entry is passed over when popped */
        s->parent = parent;
        s->op = local;
        return push(g, g->table[at] - 1);
    }
    if (g->n_states == g->max_states)
        return false;
    struct state *s = &g->states[g->n_states];
    s->set = th_arena_memdup(g->arena, set, g->words * sizeof *set);
    if (!s->set)
        return false;
    s->live = live;
    s->peak = peak;
    s->depth = depth;
    s->parent = parent;
    s->op = local;
    s->closed = false;
    g->table[at] = ++g->n_states;
    return push(g, g->n_states - 1);
}

static void load_state(struct segment *g, const struct state *s)
{
    for (uint32_t i = 0; i < g->n; i++)
        g->w.done[g->ops[i]] = s->set[i / 64] >> (i % 64) & 1;
    g->w.live = s->live;
}

/* An operation that needs no more than the floor and frees at least what it takes can only help
 * by coming first; then it alone is followed. */
static bool expand(struct segment *g, uint32_t index)
{
    struct state s = g->states[index];
    int64_t floor = s.peak > g->floor ? s.peak : g->floor;
    load_state(g, &s);
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < g->n; i++) {
            if ((s.set[i / 64] >> (i % 64) & 1) || !ready(&g->w, g->ops[i]))
                continue;
            int64_t after, during = footprint(&g->w, g->ops[i], &after);
            bool free_move = during <= floor && after <= s.live;
            if (pass == 0 && !free_move)
                continue;
            if (!reach(g, index, i, during > s.peak ? during : s.peak, after))
                return false;
            if (pass == 0)
                return true;
        }
    }
    return true;
}

static void trace(const struct segment *g, uint32_t goal, uint32_t *order)
{
    for (uint32_t s = goal, k = g->n; k > 0; s = g->states[s].parent)
        order[--k] = g->ops[g->states[s].op];
}

/* Exact: true and the order when the states sufficed. */
static bool search(struct segment *g, uint32_t *order)
{
    if (!reach(g, UINT32_MAX, 0, g->floor, g->w.live))
        return false;
    while (g->n_heap) {
        uint32_t s = pop(g);
        if (g->states[s].closed)
            continue;
        g->states[s].closed = true;
        if (g->states[s].depth == g->n) {
            trace(g, s, order);
            return true;
        }
        if (!expand(g, s))
            return false;
    }
    return false;
}

static int compare_u64(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return x[0] != y[0] ? (x[0] < y[0] ? -1 : 1) : x[1] != y[1] ? (x[1] < y[1] ? -1 : 1)
                        : x[2] < y[2] ? -1 : x[2] > y[2];
}

static void reset(struct segment *g)
{
    memset(g->table, 0, ((size_t)g->mask + 1) * sizeof *g->table);
    g->n_states = g->n_heap = 0;
}

/* The best states of each depth are kept; reaches the end, though not always the best one. */
static bool beam(struct segment *g, uint32_t *order)
{
    uint32_t kept[BEAM], n_kept = 1, width = g->max_states / (4 * g->n + 1);
    width = width < 1 ? 1 : width > BEAM ? BEAM : width;
    reset(g);
    if (!reach(g, UINT32_MAX, 0, g->floor, g->w.live))
        return false;
    kept[0] = 0;
    for (uint32_t depth = 0; depth < g->n; depth++) {
        uint32_t first = g->n_states;
        for (uint32_t i = 0; i < n_kept; i++) {
            g->n_heap = 0;
            if (!expand(g, kept[i]))
                break;
        }
        uint32_t made = g->n_states - first;
        uint64_t (*rank)[3] = th_arena_calloc(g->arena, (size_t)made + 1, sizeof *rank);
        if (!rank || made == 0)
            return false;
        for (uint32_t i = 0; i < made; i++) {
            rank[i][0] = (uint64_t)g->states[first + i].peak;
            rank[i][1] = (uint64_t)g->states[first + i].live;
            rank[i][2] = first + i;
        }
        qsort(rank, made, sizeof *rank, compare_u64);
        n_kept = made < width ? made : width;
        for (uint32_t i = 0; i < n_kept; i++)
            kept[i] = (uint32_t)rank[i][2];
    }
    trace(g, kept[0], order);
    return true;
}

static bool open_segment(struct segment *g, uint32_t max_states, struct th_arena *a)
{
    uint32_t slots = 16;
    g->arena = a;
    g->words = (g->n + 63) / 64;
    g->max_states = g->n < 16 && (1u << g->n) < max_states ? (1u << g->n) + 2 : max_states;
    while (slots < g->max_states * 2)
        slots *= 2;
    g->mask = slots - 1;
    g->max_heap = g->max_states * 2 + 16;
    g->states = TH_NEW_ARRAY(a, struct state, (size_t)g->max_states + 1);
    g->table = TH_NEW_ARRAY(a, uint32_t, slots);
    g->heap = TH_NEW_ARRAY(a, uint32_t, g->max_heap);
    g->n_states = g->n_heap = 0;
    return g->states && g->table && g->heap;
}

/* Orders one segment: exactly, else by a beam; false when both gave up (the given order stays). */
static bool order_segment(struct segment *g, uint32_t max_states, struct th_arena *a,
                          uint32_t *order, bool *exact)
{
    th_arena_clear(a);
    *exact = open_segment(g, max_states, a) && search(g, order);
    if (*exact)
        return true;
    for (uint32_t i = 0; i < g->n; i++)
        g->w.done[g->ops[i]] = false;
    th_arena_clear(a);
    uint32_t room = g->n * BEAM * 4 > BEAM_STATES ? BEAM_STATES : g->n * BEAM * 4;
    return open_segment(g, room > max_states ? room : max_states, a) && beam(g, order);
}

static enum th_status order_segments(const struct view *v, uint32_t max_states,
                                     struct th_arena *arena, const bool *cut, uint32_t *order,
                                     bool *exact)
{
    uint32_t n = v->d->n_ops;
    struct segment g = {.w = {v, TH_NEW_ARRAY(arena, bool, (size_t)n + 1), live_at_start(v->d)},
                        .floor = floor_of(v)};
    uint32_t *given = TH_NEW_ARRAY(arena, uint32_t, (size_t)n + 1);
    struct th_arena *scratch = th_arena_new(0);
    if (!g.w.done || !given || !scratch) {
        th_arena_free(scratch);
        return TH_ERR_INTERNAL;
    }
    *exact = true;
    for (uint32_t i = 0, start = 0; i < n; i++) {
        given[i] = order[i] = i;
        if (!cut[i] && i + 1 < n)
            continue;
        bool sure = true;
        int64_t live = g.w.live;
        g.ops = given + start;
        g.n = i + 1 - start;
        if (g.n > 1 && !order_segment(&g, max_states, scratch, order + start, &sure))
            memcpy(order + start, g.ops, g.n * sizeof *order);
        *exact &= sure;
        for (uint32_t k = start; k <= i; k++)
            g.w.done[k] = false;
        g.w.live = live;
        for (uint32_t k = start; k <= i; k++) {
            int64_t after;
            (void)footprint(&g.w, order[k], &after);
            g.w.live = after;
            g.w.done[order[k]] = true;
        }
        start = i + 1;
    }
    th_arena_free(scratch);
    return TH_OK;
}

enum th_status th_plan_order(const struct th_plan_dag *d, uint32_t max_states,
                             struct th_arena *arena, struct th_plan_order *out)
{
    struct view v;
    uint32_t n = d->n_ops;
    *out = (struct th_plan_order){TH_NEW_ARRAY(arena, uint32_t, (size_t)n + 1), 0, 0, false};
    uint32_t *given = TH_NEW_ARRAY(arena, uint32_t, (size_t)n + 1);
    bool *flags = TH_NEW_ARRAY(arena, bool, (size_t)n + 1);
    if (!out->order || !given || !flags)
        return TH_ERR_INTERNAL;
    TH_TRY(make_view(d, arena, &v));
    for (uint32_t i = 0; i < n; i++)
        given[i] = out->order[i] = i;
    out->given = out->peak = peak_of(&v, given, flags);
    out->optimal = out->given == floor_of(&v);
    if (out->optimal || n > MAX_OPS)
        return TH_OK;
    TH_TRY(find_cuts(&v, arena, flags));
    bool exact;
    TH_TRY(order_segments(&v, max_states ? max_states : DEFAULT_STATES, arena, flags, out->order,
                          &exact));
    out->peak = peak_of(&v, out->order, flags);
    if (out->peak >= out->given) {
        memcpy(out->order, given, n * sizeof *given);
        out->peak = out->given;
    }
    out->optimal = exact || out->peak == floor_of(&v);
    return TH_OK;
}
