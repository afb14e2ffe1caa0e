/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains of stages that run strip by strip. Rows compose as intervals, and what two strips both
 * want of an inner tensor is made twice; between stages a ring of whole rows makes it once.
 */
#include "plan/fuse_internal.h"

#include <string.h>

#define MOST_NODES 24u       /* of one stage */

/* Rows of one tensor that the nodes from `node` on want, strip by strip. */
struct wants {
    uint32_t tensor, node;
    int32_t *lo, *hi;
};
/* What a stage wants from outside of it. */
struct needs {
    const struct wants **list, *front;     /* front: of the node before, which may feed it */
    uint32_t n;
    int32_t less[FUSE_RING_ROWS + 1];      /* by strip height in front: 1 more than the best */
};
/* All stages that end before cut q in strips of th rows of the last node's shape, the first one
 * `less` rows shorter. */
struct fuse_ending {
    int32_t th, less, strips;
    uint32_t low;            /* stages [p, q) with low <= p can run */
    int32_t *b;              /* rows made after each strip */
    struct wants *wants;
    uint32_t n_wants;
    int64_t *macs;           /* [q - p] */
    int64_t *bytes[FUSE_GRAINS], *held[FUSE_GRAINS];
    struct needs *needs;     /* [q - p] */
    struct fuse_ending *next;
};
struct fuse_strips {
    const struct fuse *f;
    struct th_arena *arena;
    struct fuse_ending **ends;    /* by q */
    int64_t *bytes;          /* [n_tensors] scratch: where held */
};

enum th_status th_fuse_strips_new(struct fuse_strips **out, const struct fuse *f,
                                  struct th_arena *arena)
{
    struct fuse_strips *s = TH_NEW(arena, struct fuse_strips);
    if (!s)
        return TH_ERR_INTERNAL;
    s->f = f;
    s->arena = arena;
    s->ends = TH_NEW_ARRAY(arena, struct fuse_ending *, (size_t)f->net->n_nodes + 1);
    s->bytes = TH_NEW_ARRAY(arena, int64_t, (size_t)f->net->n_tensors + 1);
    *out = s;
    return s->ends && s->bytes ? TH_OK : TH_ERR_INTERNAL;
}

/* The rows wanted of t by nodes of [p, q); NULL: none. */
static const struct wants *find(const struct fuse_ending *e, uint32_t t, uint32_t p)
{
    for (uint32_t i = e->n_wants; i-- > 0;)
        if (e->wants[i].tensor == t && e->wants[i].node >= p)
            return &e->wants[i];
    return NULL;
}

static bool add_wants(struct fuse_strips *s, struct fuse_ending *e, const struct wants *made,
                      const struct fuse_map *m, uint32_t node)
{
    const struct wants *old = find(e, m->tensor, node);
    struct wants *w = &e->wants[e->n_wants];
    w->tensor = m->tensor;
    w->node = node;
    w->lo = TH_NEW_ARRAY(s->arena, int32_t, (size_t)e->strips);
    w->hi = TH_NEW_ARRAY(s->arena, int32_t, (size_t)e->strips);
    if (!w->lo || !w->hi)
        return false;
    for (int32_t i = 0; i < e->strips; i++) {
        int32_t lo = m->rows.first[made->lo[i]], hi = m->rows.last[made->lo[i]] + 1;
        for (int32_t r = made->lo[i] + 1; r < made->hi[i]; r++) {
            lo = m->rows.first[r] < lo ? m->rows.first[r] : lo;
            hi = m->rows.last[r] >= hi ? m->rows.last[r] + 1 : hi;
        }
        w->lo[i] = old ? (int32_t)fuse_min(lo, old->lo[i]) : lo;
        w->hi[i] = old ? (int32_t)fuse_max(hi, old->hi[i]) : hi;
    }
    e->n_wants++;
    return true;
}

static int32_t height(const struct fuse_ending *e, const struct wants *w)
{
    int32_t most = 0;
    for (int32_t i = 0; i < e->strips; i++)
        most = w->hi[i] - w->lo[i] > most ? w->hi[i] - w->lo[i] : most;
    return most;
}

/* Bytes of inner boxes of [p, q), columns sliding. */
static void inner_bytes(struct fuse_strips *s, struct fuse_ending *e, uint32_t p, uint32_t q,
                        uint32_t grain)
{
    const struct fuse *f = s->f;
    int64_t sum = 0;
    for (uint32_t j = p; j < q; j++) {
        uint32_t t = f->net->nodes[j].out;
        s->bytes[t] = 0;
        if (j + 1 == q)
            continue;
        const struct fuse_lines *l = &f->lines[grain][t];
        const struct th_fuse_tensor *x = &f->net->tensors[t];
        int64_t bytes = fuse_round(f, (int64_t)height(e, find(e, t, p)) * l->box_cols *
                                          x->pixel_bytes);
        if (l->box_held)
            s->bytes[t] = bytes;
        else
            sum += bytes;
    }
    struct fuse_share share;
    th_fuse_held(f, p, q, grain, true, s->bytes, NULL, &share);
    e->held[grain][q - p] = share.held;
    e->bytes[grain][q - p] = sum + share.own + share.held + share.scratch;
}

static int64_t part(int64_t macs, int64_t n, int64_t of)
{
    return macs / of * n + macs % of * n / of;
}

static bool first_wants(struct fuse_strips *s, struct fuse_ending *e, uint32_t shape, uint32_t q)
{
    struct wants *w = &e->wants[e->n_wants++];
    int32_t h = s->f->net->tensors[shape].h;
    *w = (struct wants){shape, q - 1, TH_NEW_ARRAY(s->arena, int32_t, (size_t)e->strips),
                        TH_NEW_ARRAY(s->arena, int32_t, (size_t)e->strips)};
    e->b = w->hi;
    if (!w->lo || !w->hi)
        return false;
    for (int32_t i = 0; i < e->strips; i++) {
        w->lo[i] = i ? i * e->th - e->less : 0;
        w->hi[i] = (int32_t)fuse_min((int64_t)(i + 1) * e->th - e->less, h);
    }
    return true;
}

/* May node j stand in front of what follows it up to q? */
static bool may_lead(const struct fuse *f, const struct fuse_ending *e, uint32_t j, uint32_t q)
{
    const struct th_fuse_node *n = &f->net->nodes[j];
    if (n->kind == TH_FUSE_OPAQUE)
        return false;
    if (j + 1 == q)
        return true;
    const struct fuse_lines *l = &f->lines[0][n->out];
    return n->kind != TH_FUSE_REDUCE && !fuse_wanted_whole(f, n->out, j, q) &&
           find(e, n->out, j + 1) && !fuse_alive(f, n->out, q) &&
           l->join < q;
}

/* Of the stage [p, q): everything wanted by its nodes is in the list by now. */
static bool make_needs(struct fuse_strips *s, struct fuse_ending *e, uint32_t p, uint32_t q)
{
    struct needs *n = &e->needs[q - p];
    n->list = th_arena_calloc(s->arena, (size_t)e->n_wants + 1, sizeof *n->list);
    if (!n->list)
        return false;
    for (uint32_t k = 0; k < e->n_wants; k++) {
        const struct wants *w = &e->wants[k];
        if (!fuse_made_in(s->f, w->tensor, p, q) && find(e, w->tensor, p) == w)
            n->list[n->n++] = w;
    }
    n->front = p ? find(e, s->f->net->nodes[p - 1].out, p) : NULL;
    return true;
}

static struct fuse_ending *make_ending(struct fuse_strips *s, uint32_t q, int32_t th, int32_t less)
{
    const struct fuse *f = s->f;
    uint32_t shape = f->nodes[q - 1].shape, most = q < MOST_NODES ? q : MOST_NODES, wants = 1;
    struct fuse_ending *e = TH_NEW(s->arena, struct fuse_ending);
    for (uint32_t j = q - most; j < q; j++)
        wants += f->nodes[j].n_maps;
    if (!e)
        return NULL;
    e->th = th;
    e->less = less;
    e->strips = (int32_t)(((int64_t)f->net->tensors[shape].h + less + th - 1) / th);
    e->wants = TH_NEW_ARRAY(s->arena, struct wants, wants);
    e->macs = TH_NEW_ARRAY(s->arena, int64_t, (size_t)most + 1);
    e->needs = TH_NEW_ARRAY(s->arena, struct needs, (size_t)most + 1);
    if (!e->wants || !e->macs || !e->needs || !first_wants(s, e, shape, q))
        return NULL;
    for (uint32_t g = 0; g < FUSE_GRAINS; g++) {
        e->bytes[g] = TH_NEW_ARRAY(s->arena, int64_t, (size_t)most + 1);
        e->held[g] = TH_NEW_ARRAY(s->arena, int64_t, (size_t)most + 1);
        if (!e->bytes[g] || !e->held[g])
            return NULL;
    }
    e->low = q;
    for (uint32_t j = q; j-- > q - most && may_lead(f, e, j, q);) {
        const struct wants *made = find(e, f->nodes[j].shape, j);
        int64_t rows = 0;
        for (int32_t i = 0; i < e->strips; i++)
            rows += made->hi[i] - made->lo[i];
        e->macs[q - j] = e->macs[q - j - 1] +
                         part(f->net->nodes[j].macs, rows, f->net->tensors[f->nodes[j].shape].h);
        for (uint32_t k = 0; k < f->nodes[j].n_maps; k++)
            if (f->nodes[j].maps[k].tensor != f->nodes[j].shape &&
                !add_wants(s, e, find(e, f->nodes[j].shape, j), &f->nodes[j].maps[k], j))
                return NULL;
        if (!make_needs(s, e, j, q))
            return NULL;
        e->low = j;
        for (uint32_t g = 0; g < FUSE_GRAINS; g++)
            inner_bytes(s, e, j, q, g);
    }
    return e;
}

static struct fuse_ending *ending_of(struct fuse_strips *s, uint32_t q, int32_t th, int32_t less)
{
    for (struct fuse_ending *e = s->ends[q]; e; e = e->next)
        if (e->th == th && e->less == less)
            return e;
    struct fuse_ending *e = make_ending(s, q, th, less);
    if (e) {
        e->next = s->ends[q];
        s->ends[q] = e;
    }
    return e;
}

/* ---- stages behind each other -------------------------------------------------------------- */
/* Strips of the stage in front that are through when `want` rows of its result are wanted. */
static int32_t strips_for(const struct fuse_label *from, int32_t want)
{
    return (int32_t)fuse_min(((int64_t)want + from->less + from->th - 1) / from->th, from->strips);
}

/* Charges a ring for rows [lo, made) of t in every strip; *bytes is what is charged already. */
static void charge(const struct fuse *f, struct fuse_label *l, uint32_t t, int32_t rows,
                   int64_t *bytes, int32_t *kept)
{
    const struct th_fuse_tensor *x = &f->net->tensors[t];
    rows = (int32_t)fuse_min(rows, x->h);
    if (rows <= *kept)
        return;
    int64_t now = fuse_round(f, (int64_t)rows * x->w * x->pixel_bytes);
    l->ring += now - *bytes;
    *bytes = now;
    *kept = rows;
}

static bool keep_open(struct fuse_label *l, uint32_t t, uint32_t *at)
{
    for (*at = 0; *at < l->n_open; ++*at)
        if (l->open[*at].tensor == t)
            return true;
    if (l->n_open == FUSE_OPEN)
        return false;
    l->open[*at].tensor = t;
    l->open[*at].made = NULL;
    l->open[*at].bytes = 0;
    l->open[*at].rows = 0;
    l->n_open++;
    return true;
}

/* What the strips of a stage find made of an open tensor. */
static int32_t made_of(const struct fuse_label *from, uint32_t at, const struct wants *front,
                       int32_t strip)
{
    const int32_t last = strips_for(from, front->hi[strip]) - 1;
    return from->open[at].tensor == from->out ? from->b[last] : from->open[at].made[last];
}

static bool take_need(const struct fuse *f, uint32_t g, const struct fuse_label *from,
                      const struct fuse_ending *e, const struct wants *w, struct fuse_label *out,
                      const struct wants *front)
{
    uint32_t t = w->tensor, at;
    int32_t rows = 0;
    if (fuse_alive(f, t, g) && !(f->o.feed && g == 0 && f->net->tensors[t].is_input))
        return true;
    if (!from) {
        int64_t bytes = 0;
        int32_t kept = 0;
        if (!(f->o.feed && g == 0 && f->net->tensors[t].is_input))
            return false;
        charge(f, out, t, height(e, w), &bytes, &kept);
        return true;
    }
    for (at = 0; at < from->n_open && from->open[at].tensor != t; at++)
        continue;
    if (at == from->n_open || fuse_wanted_whole(f, t, out->p, out->q))
        return false;
    for (int32_t i = 0; i < e->strips; i++)
        rows = (int32_t)fuse_max(rows, made_of(from, at, front, i) - w->lo[i]);
    charge(f, out, t, rows, &out->open[at].bytes, &out->open[at].rows);
    return true;
}

/* Oldest row wanted of a stored input of the group in each strip; NULL when it cannot be told. */
static bool make_low(const struct fuse *f, uint32_t g, struct th_arena *arena,
                     struct fuse_label *out)
{
    const struct fuse_ending *e = out->end;
    const struct fuse_label *from = out->parent;
    const struct needs *n = &e->needs[out->q - out->p];
    int32_t *low = NULL;
    out->low = NULL;
    if (from && !from->low)
        return true;
    low = TH_NEW_ARRAY(arena, int32_t, (size_t)e->strips);
    if (!low)
        return false;
    for (int32_t i = 0; i < e->strips; i++)
        low[i] = from ? from->low[strips_for(from, n->front->hi[i]) - 1] : INT32_MAX;
    bool any = from != NULL;
    for (uint32_t k = 0; k < n->n; k++) {
        if (!fuse_alive(f, n->list[k]->tensor, g))
            continue;
        any = true;
        for (int32_t i = 0; i < e->strips; i++)
            low[i] = n->list[k]->lo[i] < low[i] ? n->list[k]->lo[i] : low[i];
    }
    out->low = any ? low : NULL;
    return true;
}

bool th_fuse_strips_settle(struct fuse_strips *s, uint32_t g, struct th_arena *arena,
                           struct fuse_label *l)
{
    const struct fuse_label *from = l->parent;
    const struct wants *front = l->end->needs[l->q - l->p].front;
    if (l->reduce)
        return true;
    for (uint32_t k = 0; k < l->n_open; k++) {
        uint32_t at = 0;
        if (l->open[k].tensor == l->out)
            continue;
        int32_t *made = TH_NEW_ARRAY(arena, int32_t, (size_t)l->strips);
        while (from->open[at].tensor != l->open[k].tensor)
            at++;
        for (int32_t i = 0; made && i < l->strips; i++)
            made[i] = made_of(from, at, front, i);
        l->open[k].made = made;
        if (!made)
            return false;
    }
    return make_low(s->f, g, arena, l);
}

/* Columns of each tensor that tiles of a stage want; of the node that makes it, the sum of all. */
struct tile {
    int32_t lo, hi, widest;
    int64_t sum;
};

static struct tile *tile_widths(const struct fuse *f, uint32_t p, uint32_t q, int32_t cols,
                                struct th_arena *arena)
{
    uint32_t shape = f->nodes[q - 1].shape;
    int32_t w = f->net->tensors[shape].w;
    struct tile *t = TH_NEW_ARRAY(arena, struct tile, (size_t)f->net->n_tensors);
    for (int32_t c = 0; t && c < w; c += cols) {
        for (uint32_t i = 0; i < f->net->n_tensors; i++)
            t[i].lo = t[i].hi = 0;
        t[shape].lo = c;
        t[shape].hi = (int32_t)fuse_min((int64_t)c + cols, w);
        for (uint32_t j = q; j-- > p;) {
            struct tile *made = &t[f->nodes[j].shape];
            t[f->net->nodes[j].out].sum += made->hi - made->lo;
            made->widest = (int32_t)fuse_max(made->widest, made->hi - made->lo);
            for (uint32_t k = 0; k < f->nodes[j].n_maps; k++) {
                const struct fuse_map *m = &f->nodes[j].maps[k];
                struct tile *x = &t[m->tensor];
                if (x == made)
                    continue;
                for (int32_t i = made->lo; i < made->hi; i++) {
                    const struct fuse_cols *cm = &m->cols[FUSE_GRAINS - 1];
                    x->lo = x->hi ? (int32_t)fuse_min(x->lo, cm->first[i]) : cm->first[i];
                    x->hi = (int32_t)fuse_max(x->hi, cm->end[i]);
                }
            }
        }
    }
    return t;
}

/* Inside a tile nodes run one after another on boxes that live from the node that makes them to
 * the last that reads them. */
static bool tiled_bytes(struct fuse_strips *s, const struct fuse_ending *e, uint32_t p, uint32_t q,
                        int32_t cols, struct th_arena *arena, struct fuse_label *out)
{
    const struct fuse *f = s->f;
    int64_t most = 0;
    const struct tile *t = tile_widths(f, p, q, cols, arena);
    if (!t)
        return false;
    out->macs = out->parent ? out->parent->macs : 0;
    for (uint32_t j = p; j < q; j++) {
        const struct th_fuse_tensor *y = &f->net->tensors[f->nodes[j].shape];
        int64_t alive = 0, rows = e->macs[q - j] - e->macs[q - j - 1];
        out->macs += part(rows, t[f->net->nodes[j].out].sum, y->w);
        for (uint32_t i = p; i <= j && i + 1 < q; i++) {
            uint32_t b = f->net->nodes[i].out;
            if (f->last_use[b] >= j)
                alive += fuse_round(f, (int64_t)height(e, find(e, b, p)) * t[b].widest *
                                           f->net->tensors[b].pixel_bytes);
        }
        most = fuse_max(most, alive + fuse_round(f, f->net->nodes[j].scratch));
    }
    out->stage_bytes = most;
    out->stage_held = 0;
    return true;
}

bool th_fuse_strips_extend(struct fuse_strips *s, uint32_t g, const struct fuse_label *from,
                           const struct th_fuse_stage *st, uint32_t grain, int64_t limit,
                           struct th_arena *arena, struct fuse_label *out)
{
    const struct fuse *f = s->f;
    const uint32_t p = st->first, q = st->last;
    if (q - p > MOST_NODES || st->rows < 1 || st->less < 0 || st->less >= st->rows ||
        st->rows > f->net->tensors[f->nodes[q - 1].shape].h ||
        (from ? from->reduce || from->q != p : p != g))
        return false;
    struct fuse_ending *e = ending_of(s, q, st->rows, st->less);
    if (!e || p < e->low)
        return false;
    const struct needs *needs = &e->needs[q - p];
    const struct wants *front = from ? needs->front : NULL;
    if (from && !front)
        return false;
    if (!st->cols && (from ? from->ring : 0) + e->bytes[grain][q - p] > limit)
        return false;
    if (from)
        *out = *from;
    else
        *out = (struct fuse_label){.ring = 0};
    out->end = e;
    out->parent = from;
    out->p = p;
    out->q = q;
    out->th = st->rows;
    out->less = st->less;
    out->cols = st->cols;
    out->strips = e->strips;
    out->b = e->b;
    out->reduce = f->net->nodes[q - 1].kind == TH_FUSE_REDUCE;
    out->out = f->net->nodes[q - 1].out;
    for (uint32_t k = 0; k < needs->n; k++)
        if (!take_need(f, g, from, e, needs->list[k], out, front))
            return false;
    if (st->cols > 0) {
        if (!tiled_bytes(s, e, p, q, st->cols, arena, out))
            return false;
    } else {
        out->macs = (from ? from->macs : 0) + e->macs[q - p];
        out->stage_bytes = e->bytes[grain][q - p];
        out->stage_held = e->held[grain][q - p];
    }
    out->inner = fuse_max(from ? from->inner : 0, out->stage_bytes);
    /* Sums outlast the strips of all stages. */
    for (uint32_t j = p; j < q; j++)
        out->acc += fuse_round(f, f->net->nodes[j].acc_bytes);
    if (out->ring + out->inner + out->acc > limit)
        return false;
    /* Rings still read further down. */
    uint32_t kept = 0, at;
    memcpy(out->charged, out->open, sizeof out->open);
    out->n_charged = out->n_open;
    for (uint32_t k = 0; k < out->n_open && !out->reduce; k++)
        if (fuse_alive(f, out->open[k].tensor, q))
            out->open[kept++] = out->open[k];
    out->n_open = kept;
    out->low = NULL;
    return out->reduce || keep_open(out, out->out, &at);
}

int32_t th_fuse_strips_less(struct fuse_strips *s, int32_t th, const struct th_fuse_stage *st)
{
    const struct fuse_ending *e = th > 1 ? ending_of(s, st->last, st->rows, st->less) : NULL;
    if (!e || st->last - st->first > MOST_NODES || st->first < e->low)
        return 0;
    struct needs *n = &e->needs[st->last - st->first];
    const int32_t h = s->f->net->tensors[s->f->net->nodes[st->first - 1].out].h;
    int32_t least = INT32_MAX, best = 0;
    for (int32_t less = 0; n->front && !n->less[th] && less < th; less++) {
        int32_t rows = 0;
        for (int32_t i = 0; i < e->strips; i++) {
            const int32_t made = (n->front->hi[i] + less + th - 1) / th * th - less;
            rows = (int32_t)fuse_max(rows, fuse_min(made, h) - n->front->lo[i]);
        }
        if (rows < least) {
            least = rows;
            best = less;
        }
    }
    if (!n->less[th])
        n->less[th] = best + 1;
    return n->less[th] - 1;
}

int64_t th_fuse_strips_least(const struct fuse_strips *s, uint32_t g, const struct fuse_label *l)
{
    const struct fuse *f = s->f;
    int64_t stored = fuse_free(f, l->out) ? 0 : fuse_size(f, l->out), in = 0;
    for (uint32_t a = f->live_start[g]; a < f->live_start[g + 1]; a++) {
        const uint32_t t = f->live[a];
        if (!fuse_free(f, t) && !fuse_pushed(f, t, g, l->q))
            in += fuse_size(f, t);
    }
    return l->ring + l->inner + l->acc + fuse_max(stored, in);
}

void th_fuse_strips_close(struct fuse_strips *s, uint32_t g, const struct fuse_label *l,
                          struct fuse_cost *out)
{
    const struct fuse *f = s->f;
    uint32_t dying = FUSE_NONE, n_dying = 0;
    int64_t in = 0, made = fuse_free(f, l->out) ? 0 : fuse_size(f, l->out);
    *out = (struct fuse_cost){.overlap = false};
    for (uint32_t a = f->live_start[g]; a < f->live_start[g + 1]; a++) {
        uint32_t t = f->live[a];
        if (fuse_free(f, t) || fuse_pushed(f, t, g, l->q))
            continue;
        if (fuse_alive(f, t, l->q)) {
            out->b.through += fuse_size(f, t);
            continue;
        }
        in += fuse_size(f, t);
        dying = t;
        n_dying++;
    }
    out->b.lines = l->ring;
    out->b.held = l->inner;
    out->b.acc = l->acc;
    out->b.inout = in + (l->reduce ? 0 : made);
    out->b.vectors = l->reduce ? made : 0;
    if (n_dying == 1 && l->low && made && !l->reduce && fuse_pixels(&f->net->tensors[l->out]) > 1) {
        const struct th_fuse_tensor *x = &f->net->tensors[dying], *o = &f->net->tensors[l->out];
        int64_t distance = 0;
        int32_t low = x->h;
        for (int32_t i = l->strips; i-- > 0;) {
            low = l->low[i] < low ? l->low[i] : low;
            distance = fuse_max(distance, (int64_t)l->b[i] * o->w * o->pixel_bytes -
                                              (int64_t)low * x->w * x->pixel_bytes);
        }
        distance = fuse_round(f, distance);
        if (fuse_max(made, distance + in) < out->b.inout) {
            out->b.inout = fuse_max(made, distance + in);
            out->overlap = true;
            out->below = l->out;
            out->above = dying;
            out->distance = distance;
        }
    }
    out->b.total = out->b.through + out->b.lines + out->b.held + out->b.acc + out->b.vectors +
                   out->b.inout;
}

/* ---- buffers of a finished chain ----------------------------------------------------------- */
static uint32_t stage_buffers(struct fuse_strips *s, const struct fuse_label *l, int32_t stage,
                              uint32_t grain, struct th_arena *arena, struct th_fuse_buffer *out)
{
    const struct fuse *f = s->f;
    struct fuse_ending *e = ending_of(s, l->q, l->th, l->less);
    uint8_t *mark = TH_NEW_ARRAY(arena, uint8_t, (size_t)f->net->n_tensors + 1);
    const struct tile *tiles = l->cols ? tile_widths(f, l->p, l->q, l->cols, arena) : NULL;
    struct fuse_share share;
    uint32_t n = 0;
    if (!e || !mark || (l->cols && !tiles))
        return FUSE_NONE;
    if (!l->cols) {
        inner_bytes(s, e, l->p, l->q, grain);
        th_fuse_held(f, l->p, l->q, grain, true, s->bytes, mark, &share);
    }
    for (uint32_t j = l->p; j + 1 < l->q; j++) {
        uint32_t t = f->net->nodes[j].out;
        struct th_fuse_buffer *b = &out[n++];
        *b = (struct th_fuse_buffer){.store = mark[t] ? TH_FUSE_HELD : TH_FUSE_BOX, .tensor = t,
                                     .stage = stage, .rows = height(e, find(e, t, l->p)),
                                     .cols = tiles ? tiles[t].widest
                                                   : f->lines[grain][t].box_cols,
                                     .own = mark[t] == 2};
        b->bytes = fuse_round(f, (int64_t)b->rows * b->cols * f->net->tensors[t].pixel_bytes);
    }
    return n;
}

/* The pushed input's rows, if the first stage reads it. */
static uint32_t pushed_buffer(struct fuse_strips *s, uint32_t g, const struct fuse_label *l,
                              struct th_fuse_buffer *out)
{
    const struct fuse *f = s->f;
    struct fuse_ending *e = ending_of(s, l->q, l->th, l->less);
    uint32_t n = 0;
    for (uint32_t k = 0; e && f->o.feed && g == 0 && k < e->n_wants; k++) {
        const struct wants *w = &e->wants[k];
        const struct th_fuse_tensor *x = &f->net->tensors[w->tensor];
        if (w->node < l->p || !x->is_input || find(e, w->tensor, l->p) != w)
            continue;
        int32_t rows = (int32_t)fuse_min(height(e, w), x->h);
        out[n++] = (struct th_fuse_buffer){
            .store = TH_FUSE_RING, .tensor = w->tensor, .stage = -1, .rows = rows,
            .bytes = fuse_round(f, (int64_t)rows * x->w * x->pixel_bytes)};
    }
    return n;
}

uint32_t th_fuse_strips_buffers(struct fuse_strips *s, uint32_t g,
                                const struct fuse_label *const *chain, uint32_t n_chain,
                                uint32_t grain, struct th_arena *arena,
                                struct th_fuse_buffer *out)
{
    uint32_t n = pushed_buffer(s, g, chain[0], out);
    for (uint32_t i = 0; i < n_chain; i++) {
        uint32_t more = stage_buffers(s, chain[i], (int32_t)i, grain, arena, out + n);
        if (more == FUSE_NONE)
            return FUSE_NONE;
        n += more;
        if (i + 1 == n_chain)
            break;
        /* The ring behind stage i: what the last stage that reads it charged. */
        out[n] = (struct th_fuse_buffer){.store = TH_FUSE_RING, .tensor = chain[i]->out,
                                         .stage = (int32_t)i};
        for (uint32_t j = i + 1; j < n_chain; j++) {
            for (uint32_t k = 0; k < chain[j]->n_charged; k++) {
                if (chain[j]->charged[k].tensor != chain[i]->out)
                    continue;
                out[n].rows = chain[j]->charged[k].rows;
                out[n].bytes = chain[j]->charged[k].bytes;
            }
        }
        n++;
    }
    return n;
}
