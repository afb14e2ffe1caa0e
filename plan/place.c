/* SPDX-License-Identifier: Apache-2.0 */
/* Offsets: several good orders, each buffer as low as it goes; search only where a gap is left. */
#include "plan/internal.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_VISITS 4000000u

static int compare_span(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return x[0] < y[0] ? -1 : x[0] > y[0];
}

static void sort_spans(int64_t (*v)[2], uint32_t n)
{
    if (n > 48) {
        qsort(v, n, sizeof *v, compare_span);
        return;
    }
    for (uint32_t i = 1; i < n; i++) {
        int64_t lo = v[i][0], hi = v[i][1];
        uint32_t k = i;
        for (; k > 0 && v[k - 1][0] > lo; k--) {
            v[k][0] = v[k - 1][0];
            v[k][1] = v[k - 1][1];
        }
        v[k][0] = lo;
        v[k][1] = hi;
    }
}

/* Lowest free offset of buffer x in a region among those placed. */
static int64_t lowest(struct th_plan_search *s, uint32_t x, int32_t region)
{
    const struct th_plan_conflicts *c = s->c;
    uint32_t n = 0;
    for (uint32_t k = c->start[x]; k < c->start[x + 1]; k++) {
        const struct th_plan_edge *e = &c->edges[k];
        int64_t at = s->offset[e->other];
        if (at < 0 || s->region[e->other] != region)
            continue;
        s->spans[n][0] = at - e->above;     /* forbidden: strictly between the two */
        s->spans[n][1] = at + e->below;
        n++;
    }
    s->visits += c->start[x + 1] - c->start[x] + 1;
    sort_spans(s->spans, n);
    int64_t o = 0, align = s->p->buffers[x].align;
    for (uint32_t k = 0; k < n && s->spans[k][0] < o + 1; k++) {
        if (s->spans[k][1] <= o || s->spans[k][0] >= o)
            continue;
        o = (s->spans[k][1] + align - 1) & -align;
    }
    return o;
}

static int64_t end_of(const struct th_plan_buffer *b, int64_t offset)
{
    return b->bytes > 0 ? offset + b->bytes + b->slack : 0;
}

int64_t th_plan_put(struct th_plan_search *s, uint32_t x)
{
    const struct th_plan_buffer *b = &s->p->buffers[x];
    int64_t least = INT64_MAX;
    for (uint32_t r = 0; r < s->p->n_regions; r++) {
        if (b->regions && !(b->regions >> r & 1u))
            continue;
        int64_t o = lowest(s, x, (int32_t)r), cap = s->p->region_bytes[r];
        int64_t over = cap ? end_of(b, o) - cap : 0;
        if (over < 0)
            over = 0;
        if (over < least) {
            least = over;
            s->offset[x] = o;
            s->region[x] = (int32_t)r;
        }
        if (over == 0)
            break;
    }
    return end_of(b, s->offset[x]);
}

int64_t th_plan_key(const struct th_plan_search *s, int64_t *size)
{
    const struct th_plan_problem *p = s->p;
    int64_t total = 0, over = 0;
    for (uint32_t r = 0; r < p->n_regions; r++)
        size[r] = 0;
    for (uint32_t i = 0; i < p->n_buffers; i++) {
        int64_t end = end_of(&p->buffers[i], s->offset[i]);
        if (end > size[s->region[i]])
            size[s->region[i]] = end;
    }
    for (uint32_t r = 0; r < p->n_regions; r++) {
        total += size[r];
        if (p->region_bytes[r] && size[r] > p->region_bytes[r])
            over += size[r] - p->region_bytes[r];
    }
    return over > 0 ? TH_PLAN_OVERFULL + over : total;
}

int64_t th_plan_run(struct th_plan_search *s, const uint32_t *order, int64_t cutoff)
{
    int64_t size[32];
    bool single = s->p->n_regions == 1;
    for (uint32_t i = 0; i < s->n; i++)
        s->offset[s->movable[i]] = -1;
    for (uint32_t i = 0; i < s->n; i++) {
        int64_t end = th_plan_put(s, order[i]);
        if (single && end > cutoff)
            return INT64_MAX;
    }
    return th_plan_key(s, size);
}

void th_plan_keep(struct th_plan_search *s, int64_t key)
{
    s->best = key;
    memcpy(s->best_offset, s->offset, s->p->n_buffers * sizeof *s->offset);
    memcpy(s->best_region, s->region, s->p->n_buffers * sizeof *s->region);
}

/* ---- orders worth trying ------------------------------------------------------------------- */
struct rank {
    int64_t a, b, c;
    uint32_t index;
};

static int compare_rank(const void *x, const void *y)
{
    const struct rank *p = x, *q = y;
    if (p->a != q->a)
        return p->a > q->a ? -1 : 1;
    if (p->b != q->b)
        return p->b > q->b ? -1 : 1;
    if (p->c != q->c)
        return p->c > q->c ? -1 : 1;
    return p->index < q->index ? -1 : p->index > q->index;
}

#define N_ORDERS 6

static void make_order(const struct th_plan_search *s, uint32_t which, int32_t peak_step,
                       struct rank *ranks, uint32_t *order)
{
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t x = s->movable[i];
        const struct th_plan_buffer *b = &s->p->buffers[x];
        int64_t span = (int64_t)b->last - b->first + 1, bytes = b->bytes;
        bool at_peak = b->first <= peak_step && peak_step <= b->last;
        struct rank r = {0, 0, 0, x};
        switch (which) {
        case 0: r.a = bytes; r.b = span; r.c = -b->first; break;
        case 1: r.a = at_peak; r.b = bytes; r.c = span; break;
        case 2: r.a = span > 1 << 20 ? INT64_MAX : bytes > (int64_t)1 << 42 ? INT64_MAX
                                                                            : span * bytes;
                r.b = bytes; break;
        case 3: r.a = -b->first; r.b = bytes; r.c = span; break;
        case 4: r.a = b->last; r.b = bytes; r.c = span; break;
        default: r.a = at_peak; r.b = span; r.c = bytes; break;
        }
        ranks[i] = r;
    }
    qsort(ranks, s->n, sizeof *ranks, compare_rank);
    for (uint32_t i = 0; i < s->n; i++)
        order[i] = ranks[i].index;
}

/* ---- entry --------------------------------------------------------------------------------- */
static bool well_formed(const struct th_plan_problem *p)
{
    if (p->n_regions < 1 || p->n_regions > 32)
        return false;
    for (uint32_t i = 0; i < p->n_buffers; i++) {
        const struct th_plan_buffer *b = &p->buffers[i];
        bool placed = b->fixed != TH_PLAN_FREE;
        if (b->bytes < 0 || b->bytes > (int64_t)1 << 48 || b->slack < 0 ||
            b->slack > (int64_t)1 << 32 || b->align < 1 || (b->align & (b->align - 1)) ||
            b->first < 0 || b->last < b->first || b->last == INT32_MAX || b->fixed < TH_PLAN_FREE)
            return false;
        if (placed && (b->region < 0 || (uint32_t)b->region >= p->n_regions))
            return false;
        const uint32_t known = p->n_regions < 32 ? (1u << p->n_regions) - 1 : UINT32_MAX;
        if (!placed && b->regions && !(b->regions & known))
            return false;
    }
    for (uint32_t i = 0; i < p->n_overlaps; i++)
        if (p->overlaps[i].below >= p->n_buffers || p->overlaps[i].above >= p->n_buffers ||
            p->overlaps[i].distance < 0)
            return false;
    return true;
}

static enum th_status prepare(struct th_plan_search *s, struct th_arena *arena)
{
    uint32_t n = s->p->n_buffers;
    s->movable = TH_NEW_ARRAY(arena, uint32_t, (size_t)n + 1);
    s->offset = TH_NEW_ARRAY(arena, int64_t, (size_t)n + 1);
    s->region = TH_NEW_ARRAY(arena, int32_t, (size_t)n + 1);
    s->best_offset = TH_NEW_ARRAY(arena, int64_t, (size_t)n + 1);
    s->best_region = TH_NEW_ARRAY(arena, int32_t, (size_t)n + 1);
    s->spans = th_arena_calloc(arena, (size_t)n + 1, sizeof *s->spans);
    if (!s->movable || !s->offset || !s->region || !s->best_offset || !s->best_region || !s->spans)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n; i++) {
        const struct th_plan_buffer *b = &s->p->buffers[i];
        if (b->fixed != TH_PLAN_FREE) {
            s->offset[i] = b->fixed;
            s->region[i] = b->region;
        } else if (b->bytes > 0) {
            s->movable[s->n++] = i;
        } else if (b->regions) {
            s->region[i] = __builtin_ctz(b->regions);
        }
    }
    return TH_OK;
}

static enum th_status search(struct th_plan_search *s, int32_t peak_step, struct th_arena *arena,
                             bool *proved)
{
    uint32_t n = s->n;
    uint32_t *order = TH_NEW_ARRAY(arena, uint32_t, (size_t)n + 1);
    uint32_t *start = TH_NEW_ARRAY(arena, uint32_t, (size_t)n + 1);
    struct rank *ranks = TH_NEW_ARRAY(arena, struct rank, (size_t)n + 1);
    if (!order || !start || !ranks)
        return TH_ERR_INTERNAL;
    s->best = INT64_MAX;
    for (uint32_t k = 0; k < N_ORDERS && s->best > s->bound; k++) {
        make_order(s, k, peak_step, ranks, order);
        int64_t key = th_plan_run(s, order, s->best == INT64_MAX ? INT64_MAX : s->best - 1);
        if (key < s->best) {
            th_plan_keep(s, key);
            memcpy(start, order, n * sizeof *order);
        }
    }
    *proved = s->best <= s->bound || th_plan_prove(s, arena);
    if (*proved || n < 2)
        return TH_OK;
    if (s->p->n_regions == 1 && n <= 9 && th_plan_exhaust(s, arena)) {
        *proved = true;
        return TH_OK;
    }
    TH_TRY(th_plan_improve(s, start, arena));
    *proved = s->best <= s->bound || th_plan_prove(s, arena);
    if (!*proved && s->p->n_regions == 1)
        TH_TRY(th_plan_decide(s, arena, proved));
    return TH_OK;
}

enum th_status th_plan_place(const struct th_plan_problem *p, const struct th_plan_effort *e,
                             struct th_arena *arena, struct th_plan_result *out)
{
    struct th_plan_conflicts conflicts;
    struct th_plan_profile profile;
    struct th_plan_search s = {.p = p, .c = &conflicts};
    *out = (struct th_plan_result){0};
    if (!well_formed(p))
        return TH_ERR_INTERNAL;
    TH_TRY(th_plan_conflicts_find(p, arena, &conflicts));
    TH_TRY(th_plan_bound(p, arena, NULL, 0, &profile));
    TH_TRY(prepare(&s, arena));
    s.bound = profile.bound;
    s.limit = e && e->visits ? e->visits : DEFAULT_VISITS;
    s.rng = (e ? e->seed : 0) * 2654435769u + 0x9e3779b97f4a7c15u;
    TH_TRY(search(&s, profile.step, arena, &out->optimal));
    out->size = TH_NEW_ARRAY(arena, int64_t, p->n_regions);
    if (!out->size)
        return TH_ERR_INTERNAL;
    s.offset = s.best_offset;
    s.region = s.best_region;
    out->fits = th_plan_key(&s, out->size) < TH_PLAN_OVERFULL;
    for (uint32_t r = 0; r < p->n_regions; r++)
        out->total += out->size[r];
    out->offset = s.best_offset;
    out->region = s.best_region;
    out->bound = out->optimal && out->fits ? out->total : profile.bound;
    return TH_OK;
}
