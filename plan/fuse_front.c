/* SPDX-License-Identifier: Apache-2.0 */
/* Plans that nothing beats: labels (peak, MACs) over the cuts, for each granularity. */
#include "plan/fuse_internal.h"

#include <stdlib.h>
#include <string.h>

#define MOST_LABELS 256u    /* at one cut */

struct label {
    int64_t peak, macs;
};
struct labels {
    struct label *l;
    uint32_t n;
};
struct heap {
    struct label *l;
    size_t n, room;
};
/* One plan worth showing. */
struct found {
    int64_t peak, macs;
    uint32_t level;
};

static int by_peak(const void *a, const void *b)
{
    const struct label *x = a, *y = b;
    if (x->peak != y->peak)
        return x->peak < y->peak ? -1 : 1;
    return x->macs < y->macs ? -1 : x->macs > y->macs;
}

static bool push(struct heap *h, struct label l)
{
    if (h->n == h->room) {
        size_t room = h->room ? 2 * h->room : 4096;
        struct label *more = realloc(h->l, room * sizeof *more);
        if (!more)
            return false;
        h->l = more;
        h->room = room;
    }
    h->l[h->n++] = l;
    return true;
}

/* Sorts, keeps what nothing beats, thins what is too much (both ends stay). */
static enum th_status settle(struct heap *h, struct th_arena *arena, struct labels *out)
{
    size_t n = 0;
    qsort(h->l, h->n, sizeof *h->l, by_peak);
    for (size_t i = 0; i < h->n; i++)
        if (!n || h->l[i].macs < h->l[n - 1].macs)
            h->l[n++] = h->l[i];
    for (uint32_t i = 0; n > MOST_LABELS && i < MOST_LABELS; i++)
        h->l[i] = h->l[(uint64_t)i * (n - 1) / (MOST_LABELS - 1)];
    out->n = (uint32_t)(n > MOST_LABELS ? MOST_LABELS : n);
    out->l = th_arena_memdup(arena, h->l, out->n * sizeof *out->l);
    return out->l ? TH_OK : TH_ERR_INTERNAL;
}

static enum th_status solve(const struct fuse_edges *s, uint32_t level, int64_t most_macs,
                            struct heap *h, struct th_arena *tmp, struct labels *out)
{
    uint32_t n = s->f->net->n_nodes, i = 0;
    struct labels *at = th_arena_calloc(tmp, (size_t)n + 1, sizeof *at);
    struct label zero = {0, 0};
    if (!at)
        return TH_ERR_INTERNAL;
    at[0] = (struct labels){th_arena_memdup(tmp, &zero, sizeof zero), 1};
    if (!at[0].l)
        return TH_ERR_INTERNAL;
    for (uint32_t q = 1; q <= n; q++) {
        h->n = 0;
        for (; i < s->n && s->list[i].q == q; i++) {
            const struct fuse_edge *e = &s->list[i];
            if (th_fuse_edge_level(e) > level)
                continue;
            for (uint32_t k = 0; k < at[e->p].n; k++) {
                struct label l = {fuse_max(at[e->p].l[k].peak, e->bytes),
                                  at[e->p].l[k].macs + e->macs};
                if (l.macs <= most_macs && !push(h, l))
                    return TH_ERR_INTERNAL;
            }
        }
        if (h->n)
            TH_TRY(settle(h, tmp, &at[q]));
    }
    *out = at[n];
    return TH_OK;
}

/* Of the plans within a peak and a level, the one with the fewest MACs; of these the cheapest. */
static enum th_status rebuild(const struct fuse_edges *s, const struct found *want,
                              struct th_arena *tmp, const struct fuse_edge ***plan,
                              uint32_t *n_plan)
{
    uint32_t n = s->f->net->n_nodes;
    struct step {
        int64_t macs, penalty;
        const struct fuse_edge *by;
    } *at = th_arena_calloc(tmp, (size_t)n + 1, sizeof *at);
    *plan = th_arena_calloc(tmp, (size_t)n + 1, sizeof **plan);
    *n_plan = 0;
    if (!at || !*plan)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < s->n; i++) {
        const struct fuse_edge *e = &s->list[i];
        if (e->bytes > want->peak || th_fuse_edge_level(e) > want->level || (e->p && !at[e->p].by))
            continue;
        struct step x = {at[e->p].macs + e->macs, at[e->p].penalty + e->penalty, e}, *o = &at[e->q];
        if (!o->by || x.macs < o->macs || (x.macs == o->macs && x.penalty < o->penalty))
            *o = x;
    }
    for (uint32_t q = n; q;) {
        if (!at[q].by)
            return TH_ERR_INTERNAL;
        (*plan)[(*n_plan)++] = at[q].by;
        q = at[q].by->p;
    }
    for (uint32_t a = 0, b = *n_plan; a + 1 < b; a++) {
        const struct fuse_edge *e = (*plan)[a];
        (*plan)[a] = (*plan)[--b];
        (*plan)[b] = e;
    }
    return TH_OK;
}

static enum th_status make_point(const struct fuse_edges *s, struct fuse_measure *m,
                                 const struct found *want, struct th_arena *arena,
                                 struct th_fuse_point *out)
{
    const struct fuse_edge **plan;
    enum th_status st;
    struct th_arena *tmp = th_arena_new(0);
    if (!tmp)
        return TH_ERR_INTERNAL;
    *out = (struct th_fuse_point){.peak = 0};
    st = rebuild(s, want, tmp, &plan, &out->n_groups);
    if (st == TH_OK)
        out->groups = TH_NEW_ARRAY(arena, struct th_fuse_group, (size_t)out->n_groups + 1);
    if (st == TH_OK && !out->groups)
        st = TH_ERR_INTERNAL;
    for (uint32_t i = 0; st == TH_OK && i < out->n_groups; i++) {
        const struct fuse_edge *e = plan[i];
        struct th_fuse_group *g = &out->groups[i];
        const char *why = NULL;
        bool runs = e->how == TH_FUSE_STREAM || e->how == TH_FUSE_STRIPS;
        *g = (struct th_fuse_group){.how = e->how, .first = e->p, .last = e->q,
                                    .run = runs ? th_fuse_runs[e->grain] : 0,
                                    .n_stages = e->n_stages};
        g->stages = th_arena_memdup(arena, e->stages, e->n_stages * sizeof *g->stages);
        if (!g->stages || !th_fuse_measure_group(m, g, arena, &why) || g->bytes.total != e->bytes ||
            g->macs != e->macs)
            st = TH_ERR_INTERNAL;
        out->peak = fuse_max(out->peak, g->bytes.total);
        out->macs += g->macs;
        uint32_t level = th_fuse_edge_level(e);
        if (level == 1 && out->grain == TH_FUSE_GRAIN_SINGLE)
            out->grain = TH_FUSE_GRAIN_ROWS;
        if (level > 1) {
            out->grain = TH_FUSE_GRAIN_RUNS;
            const int32_t run = e->how == TH_FUSE_SLICES ? 1 : g->run;
            if (!out->run || run < out->run)
                out->run = run;
        }
    }
    th_arena_free(tmp);
    return st;
}

static uint32_t level_of(const struct th_fuse_point *p)
{
    if (p->grain != TH_FUSE_GRAIN_RUNS)
        return p->grain;
    return p->run >= 4 ? 2 : p->run >= 2 ? 3 : 4;
}

/* Is b of no use beside a? Of equals the first stays. */
static bool beats(const struct th_fuse_point *a, const struct th_fuse_point *b, bool before)
{
    if (a->peak > b->peak || a->macs > b->macs || level_of(a) > level_of(b))
        return false;
    return before || a->peak < b->peak || a->macs < b->macs || level_of(a) < level_of(b);
}

static int by_macs(const void *a, const void *b)
{
    const struct th_fuse_point *x = a, *y = b;
    if (x->macs != y->macs)
        return x->macs < y->macs ? -1 : 1;
    if (x->peak != y->peak)
        return x->peak > y->peak ? -1 : 1;
    return level_of(x) < level_of(y) ? -1 : level_of(x) > level_of(y);
}

static void settle_points(struct th_fuse_front *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < out->n_points; i++) {
        bool useless = false;
        for (uint32_t k = 0; k < out->n_points && !useless; k++)
            useless = k != i && beats(&out->points[k], &out->points[i], k < i);
        out->points[i].variant = useless ? UINT32_MAX : out->points[i].variant;
    }
    for (uint32_t i = 0; i < out->n_points; i++)
        if (out->points[i].variant != UINT32_MAX)
            out->points[n++] = out->points[i];
    out->n_points = n;
    qsort(out->points, n, sizeof *out->points, by_macs);
}

static enum th_status front_of(const struct fuse_edges *s, struct th_arena *arena,
                               struct th_fuse_front *out)
{
    const struct fuse *f = s->f;
    struct heap h = {NULL, 0, 0};
    struct found *list = TH_NEW_ARRAY(f->arena, struct found, 8 * MOST_LABELS);
    struct fuse_measure *m = NULL;
    int64_t permille = f->o.max_permille > 0 ? f->o.max_permille : 3000;
    uint32_t n = 0;
    enum th_status st = list ? th_fuse_measure_new(&m, f) : TH_ERR_INTERNAL;
    for (uint32_t level = 0; level < s->levels && st == TH_OK; level++) {
        struct th_arena *tmp = th_arena_new(0);
        struct labels l = {NULL, 0};
        st = tmp ? solve(s, level, fuse_max(f->base_macs / 1000 * permille +
                                                f->base_macs % 1000 * permille / 1000,
                                            f->base_macs), &h, tmp, &l)
                 : TH_ERR_INTERNAL;
        for (uint32_t i = 0; i < l.n && st == TH_OK; i++) {
            struct found p = {l.l[i].peak, l.l[i].macs, level};
            bool useless = false;
            for (uint32_t k = 0; k < n; k++)
                useless |= list[k].peak <= p.peak && list[k].macs <= p.macs;
            if (!useless)
                list[n++] = p;
        }
        th_arena_free(tmp);
    }
    free(h.l);
    out->points = st == TH_OK ? TH_NEW_ARRAY(arena, struct th_fuse_point, (size_t)n + 1) : NULL;
    if (!out->points)
        st = TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n && st == TH_OK; i++)
        st = make_point(s, m, &list[i], arena, &out->points[out->n_points++]);
    if (st == TH_OK)
        settle_points(out);
    if (m)
        th_fuse_measure_free(m);
    return st;
}

enum th_status th_fuse_search(const struct th_fuse_net *net, const struct th_fuse_options *o,
                              struct th_arena *arena, struct th_fuse_front *out)
{
    struct th_arena *work = th_arena_new(0), *tmp = th_arena_new(0);
    struct fuse f;
    struct fuse_edges edges;
    *out = (struct th_fuse_front){.points = NULL};
    enum th_status st = work && tmp ? th_fuse_prepare(&f, net, o, work) : TH_ERR_INTERNAL;
    if (st == TH_OK && net->n_nodes == 0)
        st = TH_ERR_INTERNAL;
    if (st == TH_OK)
        st = th_fuse_lines(&f);
    if (st == TH_OK)
        st = th_fuse_edges_find(&edges, &f);
    if (st == TH_OK) {
        out->base_macs = f.base_macs;
        st = front_of(&edges, arena, out);
    }
    if (st == TH_OK)
        th_fuse_bounds(&f, &out->once, &out->any, tmp);
    th_arena_free(work);
    th_arena_free(tmp);
    return st;
}

enum th_status th_fuse_merge(const struct th_fuse_front *const *fronts, uint32_t n,
                             struct th_arena *arena, struct th_fuse_front *out)
{
    size_t all = 0;
    *out = (struct th_fuse_front){.points = NULL};
    for (uint32_t i = 0; i < n; i++)
        all += fronts[i]->n_points;
    out->points = TH_NEW_ARRAY(arena, struct th_fuse_point, all + 1);
    if (!out->points || !n)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < fronts[i]->n_points; k++) {
            struct th_fuse_point *p = &out->points[out->n_points++];
            *p = fronts[i]->points[k];
            p->variant = i;
        }
    }
    settle_points(out);
    out->base_macs = fronts[0]->base_macs;
    out->once = fronts[0]->once;
    out->any = fronts[0]->any;
    return TH_OK;
}
