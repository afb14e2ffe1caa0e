/* SPDX-License-Identifier: Apache-2.0 */
/* All groups worth a thought: for pairs of cuts, what running in between costs. */
#include "plan/fuse_internal.h"

#include <stdlib.h>
#include <string.h>

#define LABELS 32           /* chains kept per position and strip height */
static const int32_t heights[] = {1, 2, 3, 4, 6, 8};

static int64_t macs_of(const struct fuse *f, uint32_t p, uint32_t q)
{
    int64_t sum = 0;
    for (uint32_t j = p; j < q; j++)
        sum += f->net->nodes[j].macs;
    return sum;
}

/* On the scale below, where 12 stands for about half as much time again. */
static int64_t slices_weight(const struct th_fuse_node *first)
{
    const int64_t more = fuse_min(first->slice_permille, 100000) - 1000;
    return more > 0 ? 2 + more * 21 / 1000 : 2;
}

/* Rough extra time against single operations: finer pieces, more calls. */
static int64_t penalty(const struct fuse *f, const struct fuse_edge *e)
{
    static const int64_t weight[FUSE_GRAINS] = {2, 5, 8, 12};
    int64_t w = e->how == TH_FUSE_SINGLE ? 0 : e->how == TH_FUSE_PLANES ? 1
                : e->how == TH_FUSE_SLICES ? slices_weight(&f->net->nodes[e->p])
                                           : weight[e->grain];
    if (e->how == TH_FUSE_STRIPS)
        w++;
    return w * (e->macs / 1024 + 64 * (int64_t)(e->q - e->p));
}

enum th_status th_fuse_edge_add(struct fuse_edges *s, const struct fuse_edge *e)
{
    if (s->n == s->room) {
        uint32_t room = s->room ? 2 * s->room : 1024;
        struct fuse_edge *list = TH_NEW_ARRAY(s->f->arena, struct fuse_edge, room);
        if (!list)
            return TH_ERR_INTERNAL;
        if (s->n)
            memcpy(list, s->list, s->n * sizeof *list);
        s->list = list;
        s->room = room;
    }
    s->list[s->n] = *e;
    s->list[s->n].penalty = penalty(s->f, e);
    s->n++;
    return TH_OK;
}

uint32_t th_fuse_edge_level(const struct fuse_edge *e)
{
    /* slices cost the most time, so what does without them comes before */
    if (e->how == TH_FUSE_SLICES)
        return FUSE_GRAINS;
    return e->how == TH_FUSE_STREAM || e->how == TH_FUSE_STRIPS ? e->grain + 1u : 0;
}

static int by_end(const void *a, const void *b)
{
    const struct fuse_edge *x = a, *y = b;
    if (x->q != y->q)
        return x->q < y->q ? -1 : 1;
    if (x->p != y->p)
        return x->p < y->p ? -1 : 1;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? -1 : 1;
    if (x->macs != y->macs)
        return x->macs < y->macs ? -1 : 1;
    return x->penalty < y->penalty ? -1 : x->penalty > y->penalty;
}

void th_fuse_edges_sort(struct fuse_edges *s)
{
    qsort(s->list, s->n, sizeof *s->list, by_end);
}

/* Least peak over edges up to a level, values made once. */
static int64_t least_peak(const struct fuse_edges *s, uint32_t level, int64_t *best)
{
    uint32_t n = s->f->net->n_nodes;
    for (uint32_t q = 0; q <= n; q++)
        best[q] = q ? INT64_MAX : 0;
    for (uint32_t i = 0; i < s->n; i++) {
        const struct fuse_edge *e = &s->list[i];
        if (th_fuse_edge_level(e) > level || e->how == TH_FUSE_STRIPS || best[e->p] == INT64_MAX)
            continue;
        best[e->q] = fuse_min(best[e->q], fuse_max(best[e->p], e->bytes));
    }
    return best[n];
}

static enum th_status single_edges(struct fuse_edges *s, struct fuse_drive *d)
{
    const struct fuse *f = s->f;
    struct fuse_cost c;
    for (uint32_t p = 0; p < f->net->n_nodes; p++) {
        TH_TRY(th_fuse_drive_begin(d, p));
        TH_TRY(th_fuse_drive_node(d, p));
        struct fuse_edge e = {p, p + 1, TH_FUSE_SINGLE, FUSE_GRAINS - 1, 0,
                              f->net->nodes[p].macs, 0, NULL, 0};
        if (!th_fuse_stream(f, d, p, p + 1, true, &c))
            return TH_ERR_INTERNAL;
        e.bytes = c.b.total;
        TH_TRY(th_fuse_edge_add(s, &e));
        if (f->o.planes && th_fuse_planes(f, p, &c) && c.b.total < e.bytes) {
            e.how = TH_FUSE_PLANES;
            e.bytes = c.b.total;
            TH_TRY(th_fuse_edge_add(s, &e));
        }
        if (f->o.slices && th_fuse_slices(f, p, &c)) {
            struct fuse_edge z = {p, p + 3, TH_FUSE_SLICES, 0, c.b.total, macs_of(f, p, p + 3),
                                  0, NULL, 0};
            TH_TRY(th_fuse_edge_add(s, &z));
        }
    }
    return TH_OK;
}

/* One node in pieces: its result may lie nearer to its operand than its kernel allows that runs on
 * whole tensors. */
static bool gains_by_pieces(const struct fuse *f, const struct fuse_drive *d, uint32_t p)
{
    const struct th_fuse_node *n = &f->net->nodes[p];
    struct fuse_cost whole, pieces;
    return n->alone && (n->kind == TH_FUSE_WINDOW || n->kind == TH_FUSE_POINT) &&
           th_fuse_stream(f, d, p, p + 1, true, &whole) &&
           th_fuse_stream(f, d, p, p + 1, false, &pieces) && pieces.b.total < whole.b.total;
}

static enum th_status stream_edges(struct fuse_edges *s, struct fuse_drive *d, int64_t limit)
{
    const struct fuse *f = s->f;
    for (uint32_t q = 1; q <= f->net->n_nodes; q++) {
        struct fuse_cost c;
        int64_t macs = 0;
        TH_TRY(th_fuse_drive_begin(d, q - 1));
        for (uint32_t p = q; p-- > 0;) {
            if (th_fuse_stream_stop(f, d, p, q))
                break;
            TH_TRY(th_fuse_drive_node(d, p));
            macs += f->net->nodes[p].macs;
            if (q - p == 1 && !gains_by_pieces(f, d, p))
                continue;
            if (!th_fuse_stream(f, d, p, q, false, &c))
                continue;
            if (c.b.lines + c.b.held + c.b.vectors > limit)
                break;
            if (c.b.total > limit)
                continue;
            struct fuse_edge e = {p, q, TH_FUSE_STREAM, (uint8_t)d->grain, c.b.total, macs,
                                  0, NULL, 0};
            TH_TRY(th_fuse_edge_add(s, &e));
        }
    }
    return TH_OK;
}

/* ---- chains of stages ---------------------------------------------------------------------- */
/* Chains that nothing beats, by rising bytes and falling MACs. */
struct best {
    struct candidate {
        int64_t bytes, macs;
        const struct fuse_label *l, *shifted[FUSE_RING_ROWS];
    } *list;
    uint32_t n, room;
};
/* What ends at a cut: to go on with a ring there, by rows of the last strips; and whole groups. */
struct at_cut {
    struct best open[FUSE_RING_ROWS], closed;
};
struct grow {
    struct fuse_edges *s;
    struct fuse_strips *strips;
    struct th_arena *work;
    struct at_cut *at;                 /* [n_nodes + 1] */
    bool *ring, *close;                /* may a ring, a group's end lie at this cut? */
    uint32_t grain, span, stage;
    int64_t limit;
};

/* Is it better than what is there? Then makes room for it and gives its place. */
static bool enter(struct best *b, int64_t bytes, int64_t macs, struct th_arena *arena,
                  struct candidate **out)
{
    uint32_t lo = 0, hi = b->n, end;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (b->list[mid].bytes <= bytes)
            lo = mid + 1;
        else
            hi = mid;
    }
    *out = NULL;
    if (lo > 0 && b->list[lo - 1].macs <= macs)
        return true;
    if (lo > 0 && b->list[lo - 1].bytes == bytes)
        lo--;
    for (end = lo; end < b->n && b->list[end].macs >= macs; end++)
        continue;
    if (b->n == b->room) {
        uint32_t room = b->room ? 2 * b->room : 16;
        struct candidate *more = TH_NEW_ARRAY(arena, struct candidate, room);
        if (!more)
            return false;
        if (b->n)
            memcpy(more, b->list, b->n * sizeof *more);
        b->list = more;
        b->room = room;
    }
    memmove(&b->list[lo + 1], &b->list[end], (b->n - end) * sizeof *b->list);
    b->n = b->n - (end - lo) + 1;
    *out = &b->list[lo];
    **out = (struct candidate){.bytes = bytes, .macs = macs};
    return true;
}

static bool windowed(const struct fuse *f, uint32_t t)
{
    for (uint32_t c = f->cons_start[t]; c < f->cons_start[t + 1]; c++)
        for (uint32_t k = 0; k < f->net->nodes[f->cons[c]].n_operands; k++) {
            const struct th_fuse_operand *x = &f->net->nodes[f->cons[c]].operands[k];
            if (x->tensor != t || !x->rows)
                continue;
            for (int32_t r = 0; r < f->net->tensors[f->net->nodes[f->cons[c]].out].h; r++)
                if (x->rows[r].hi - x->rows[r].lo > 1)
                    return true;
        }
    return false;
}

static void find_cuts(struct grow *w)
{
    const struct fuse *f = w->s->f;
    uint32_t n = f->net->n_nodes;
    for (uint32_t q = 1; q < n; q++) {
        uint32_t alive = f->live_start[q + 1] - f->live_start[q], out = f->net->nodes[q - 1].out;
        bool reduce = f->net->nodes[q - 1].kind == TH_FUSE_REDUCE;
        w->ring[q] = !reduce && fuse_alive(f, out, q) && (alive == 1 || windowed(f, out));
        w->close[q] = alive == 1 || reduce;
    }
    w->close[0] = w->close[n] = true;
}

/* Everything alive at the end must be stored: the last output, or what came in stored. */
static bool may_close(const struct fuse *f, uint32_t g, const struct fuse_label *l)
{
    for (uint32_t a = f->live_start[l->q]; a < f->live_start[l->q + 1]; a++)
        if (f->live[a] != l->out && !fuse_alive(f, f->live[a], g))
            return false;
    return true;
}

/* Does nothing that is kept beat it? */
static bool wanted(const struct best *b, int64_t bytes, int64_t macs)
{
    uint32_t i = 0;
    while (i < b->n && b->list[i].bytes <= bytes && b->list[i].macs > macs)
        i++;
    return i == b->n || b->list[i].bytes > bytes;
}

/* A copy of the label in both lists where it is better; false: memory is exhausted. */
static bool keep(struct grow *w, uint32_t g, struct fuse_label *l)
{
    const struct fuse *f = w->s->f;
    struct at_cut *at = &w->at[l->q];
    struct candidate *open = NULL, *closed = NULL;
    struct fuse_cost c;
    const int64_t least = th_fuse_strips_least(w->strips, g, l);
    const bool go_on = l->q < f->net->n_nodes && w->ring[l->q] && !l->reduce &&
                       l->th <= FUSE_RING_ROWS &&
                       wanted(&at->open[l->th - 1], l->ring + l->inner, l->macs);
    const bool close = w->close[l->q] && least <= w->limit &&
                       wanted(&at->closed, least, l->macs) && may_close(f, g, l);
    if (!go_on && !close)
        return true;
    if (!th_fuse_strips_settle(w->strips, g, w->work, l) ||
        (go_on && !enter(&at->open[l->th - 1], l->ring + l->inner, l->macs, w->work, &open)))
        return false;
    if (close) {
        th_fuse_strips_close(w->strips, g, l, &c);
        if (c.b.total <= w->limit &&
            !enter(&at->closed, c.b.total, l->macs, w->work, &closed))
            return false;
    }
    if (!open && !closed)
        return true;
    const struct fuse_label *copy = th_arena_memdup(w->work, l, sizeof *l);
    if (open)
        open->l = copy;
    if (closed)
        closed->l = copy;
    return copy != NULL;
}

static enum th_status add_group(struct grow *w, uint32_t g, const struct candidate *c)
{
    const struct fuse_label *x;
    struct fuse_edge e = {g, c->l->q, TH_FUSE_STRIPS, (uint8_t)w->grain, c->bytes, c->macs, 0,
                          NULL, 0};
    for (x = c->l; x; x = x->parent)
        e.n_stages++;
    e.stages = TH_NEW_ARRAY(w->s->f->arena, struct th_fuse_stage, e.n_stages);
    if (!e.stages)
        return TH_ERR_INTERNAL;
    uint32_t i = e.n_stages;
    for (x = c->l; x; x = x->parent)
        e.stages[--i] = (struct th_fuse_stage){x->p, x->q, x->th, x->cols, x->less, 0, 0};
    return th_fuse_edge_add(w->s, &e);
}

/* Goes on from a chain (NULL: begins one at g) with a stage. */
static enum th_status extend(struct grow *w, uint32_t g, const struct fuse_label *from,
                             const struct th_fuse_stage *st)
{
    struct fuse_label l;
    if (th_fuse_strips_extend(w->strips, g, from, st, w->grain, w->limit, w->work, &l) &&
        !keep(w, g, &l))
        return TH_ERR_INTERNAL;
    return TH_OK;
}

/* The same chain, but that the first strip of its last stage is shorter, so that the ends of its
 * strips fall on rows that stage st waits for, and the ring in between is shorter. */
static enum th_status extend_shifted(struct grow *w, uint32_t g, struct candidate *from,
                                     const struct th_fuse_stage *st, int32_t less)
{
    if (!from->shifted[less]) {
        const struct fuse_label *x = from->l;
        const struct th_fuse_stage same = {.first = x->p, .last = x->q, .rows = x->th,
                                           .cols = x->cols, .less = less};
        struct fuse_label l;
        if (!th_fuse_strips_extend(w->strips, g, x->parent, &same, w->grain, w->limit, w->work,
                                   &l))
            return TH_OK;
        if (!th_fuse_strips_settle(w->strips, g, w->work, &l))
            return TH_ERR_INTERNAL;
        from->shifted[less] = th_arena_memdup(w->work, &l, sizeof l);
        if (!from->shifted[less])
            return TH_ERR_INTERNAL;
    }
    return extend(w, g, from->shifted[less], st);
}

/* Goes on from all that is kept where the stage begins. */
static enum th_status extend_all(struct grow *w, uint32_t g, const struct th_fuse_stage *st)
{
    if (st->first == g)
        return extend(w, g, NULL, st);
    for (uint32_t k = 0; k < FUSE_RING_ROWS; k++) {
        const struct best *b = &w->at[st->first].open[k];
        uint32_t n = b->n > LABELS ? LABELS : b->n;
        int32_t less = n ? th_fuse_strips_less(w->strips, (int32_t)k + 1, st) : 0;
        for (uint32_t i = 0; i < n; i++) {
            struct candidate *from = &b->list[b->n > LABELS ? (uint64_t)i * (b->n - 1) /
                                                              (LABELS - 1) : i];
            TH_TRY(extend(w, g, from->l, st));
            if (less)
                TH_TRY(extend_shifted(w, g, from, st, less));
        }
    }
    return TH_OK;
}

static enum th_status grow_from(struct grow *w, uint32_t g)
{
    const struct fuse *f = w->s->f;
    uint32_t end = (uint32_t)fuse_min(f->net->n_nodes, (int64_t)g + w->span);
    th_arena_clear(w->work);
    memset(&w->at[g], 0, (end - g + 1) * sizeof *w->at);
    for (uint32_t p = g; p < end; p++) {
        for (uint32_t q = p + 1; q <= end && q <= p + w->stage; q++) {
            if (!w->close[q] && !w->ring[q])
                continue;
            int32_t h = f->net->tensors[f->nodes[q - 1].shape].h;
            for (uint32_t t = 0; t <= TH_ARRAY_LEN(heights); t++) {
                int32_t th = t < TH_ARRAY_LEN(heights) ? heights[t] : h;
                if (th > h || (t < TH_ARRAY_LEN(heights) && th == h) ||
                    (!w->close[q] && th > FUSE_RING_ROWS))
                    continue;
                const struct th_fuse_stage st = {.first = p, .last = q, .rows = th};
                TH_TRY(extend_all(w, g, &st));
            }
        }
    }
    for (uint32_t q = g + 1; q <= end; q++)
        for (uint32_t i = 0; i < w->at[q].closed.n; i++)
            TH_TRY(add_group(w, g, &w->at[q].closed.list[i]));
    return TH_OK;
}

static enum th_status strip_edges(struct fuse_edges *s, uint32_t grain, int64_t limit,
                                  struct th_arena *keep_arena, struct th_arena *work)
{
    const struct fuse *f = s->f;
    size_t n = (size_t)f->net->n_nodes + 1;
    struct grow w = {.s = s, .work = work, .grain = grain, .limit = limit};
    w.span = n > 300 ? 16 : 30;
    w.stage = n > 300 ? 10 : 16;
    w.at = TH_NEW_ARRAY(f->arena, struct at_cut, n);
    w.ring = TH_NEW_ARRAY(f->arena, bool, n);
    w.close = TH_NEW_ARRAY(f->arena, bool, n);
    if (!w.at || !w.ring || !w.close)
        return TH_ERR_INTERNAL;
    find_cuts(&w);
    TH_TRY(th_fuse_strips_new(&w.strips, f, keep_arena));
    for (uint32_t g = 0; g < f->net->n_nodes; g++)
        if (w.close[g])
            TH_TRY(grow_from(&w, g));
    return TH_OK;
}

static enum th_status all_edges(struct fuse_edges *s, struct th_arena *keep_arena,
                                struct th_arena *tmp)
{
    const struct fuse *f = s->f;
    struct fuse_drive d;
    int64_t *best = TH_NEW_ARRAY(f->arena, int64_t, (size_t)f->net->n_nodes + 1);
    if (!best)
        return TH_ERR_INTERNAL;
    TH_TRY(th_fuse_drive_new(&d, f, f->arena, tmp, FUSE_GRAINS - 1));
    TH_TRY(single_edges(s, &d));
    s->peak[0] = least_peak(s, 0, best);
    for (uint32_t g = 0; g + 1 < s->levels; g++) {
        TH_TRY(th_fuse_drive_begin(&d, 0));
        d.grain = g;
        TH_TRY(stream_edges(s, &d, s->peak[g]));
        th_fuse_edges_sort(s);
        s->peak[g + 1] = least_peak(s, g + 1, best);
        if (f->o.no_recompute)
            continue;
        TH_TRY(strip_edges(s, g, s->peak[g + 1], keep_arena, tmp));
        th_arena_clear(keep_arena);
    }
    th_fuse_edges_sort(s);
    return TH_OK;
}

enum th_status th_fuse_edges_find(struct fuse_edges *s, const struct fuse *f)
{
    struct th_arena *keep_arena = th_arena_new(0), *tmp = th_arena_new(0);
    int32_t finest = f->o.finest > 0 ? f->o.finest : 1;
    *s = (struct fuse_edges){.f = f, .levels = 1};
    if (!f->o.single_only)
        s->levels = f->o.rows_only || finest > 4 ? 2 : finest > 2 ? 3 : finest > 1 ? 4 : 5;
    enum th_status st = keep_arena && tmp ? all_edges(s, keep_arena, tmp) : TH_ERR_INTERNAL;
    th_arena_free(keep_arena);
    th_arena_free(tmp);
    return st;
}
