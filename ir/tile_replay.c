/* SPDX-License-Identifier: Apache-2.0 */
/* A tile loop run on paper: the order of its pieces, and what follows from it. */
#include "ir/tile.h"

struct made {
    int64_t y, x;          /* stream: next pixel; strips: x next column of the strip, y rows made */
    int64_t strip;         /* strips: strip the node's stage is in, rows [lo, hi) of it */
    int64_t lo, hi;
};
struct replay {
    const struct th_tile *t;
    struct made *made;
    int64_t *strips;       /* strips done of each stage */
    th_tile_visit *visit;
    void *user;
};

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Interval of an operand wanted for indices [a, b) of the output. Empty when lo >= hi. */
static void wanted(const struct th_tile_axis *axis, int64_t a, int64_t b, int64_t *lo, int64_t *hi)
{
    *lo = INT64_MAX;
    *hi = 0;
    for (int64_t i = a; i < b; i++)
        if (axis->lo[i] < axis->hi[i]) {
            *lo = min64(*lo, axis->lo[i]);
            *hi = max64(*hi, axis->hi[i]);
        }
}

/* ---- stream ---------------------------------------------------------------------------------- */
/* Makes node i up to and including pixel (y, x). */
static enum th_status pull(struct replay *r, uint32_t i, int64_t y, int64_t x)
{
    const struct th_tile_node *n = &r->t->nodes[i];
    struct made *m = &r->made[i];
    while (m->y < y || (m->y == y && m->x <= x)) {
        const int64_t x1 = min64(m->x + n->run, n->w);
        for (uint32_t p = 0; p < n->n_in; p++) {
            const struct th_tile_operand *o = &n->in[p];
            int64_t r0, r1, c0, c1;
            if (o->maker < 0 || o->whole)
                continue;
            wanted(&o->rows, m->y, m->y + 1, &r0, &r1);
            wanted(&o->cols, m->x, x1, &c0, &c1);
            if (r0 < r1 && c0 < c1)
                TH_TRY(pull(r, (uint32_t)o->maker, r1 - 1, c1 - 1));
        }
        const struct th_tile_run run = {i, m->y, m->y + 1, m->x, x1, 0};
        TH_TRY(r->visit(r->user, &run));
        m->x = x1 == n->w ? 0 : x1;
        m->y += x1 == n->w;
    }
    return TH_OK;
}

static enum th_status stream(struct replay *r)
{
    const struct th_tile *t = r->t;
    for (uint32_t i = t->n_nodes; i-- > 0;)
        if (i + 1 == t->n_nodes || t->nodes[i].store == TH_TILE_WHOLE)
            TH_TRY(pull(r, i, t->nodes[i].h - 1, t->nodes[i].w - 1));
    return TH_OK;
}

/* ---- strips ---------------------------------------------------------------------------------- */
int64_t th_tile_strip_count(const struct th_tile *t, uint32_t stage)
{
    const struct th_tile_stage *s = &t->stages[stage];
    return (t->nodes[s->last].h + s->less + s->rows - 1) / s->rows;
}

int64_t th_tile_strips_end(const struct th_tile *t, uint32_t stage, int64_t k)
{
    const struct th_tile_stage *s = &t->stages[stage];
    return k > 0 ? min64(k * s->rows - s->less, t->nodes[s->last].h) : 0;
}

void th_tile_strip_rows(const struct th_tile *t, uint32_t i, int64_t k, int64_t *lo, int64_t *hi)
{
    const struct th_tile_stage *s = &t->stages[t->nodes[i].stage];
    *lo = INT64_MAX;
    *hi = 0;
    if (i == s->last) {
        *lo = th_tile_strips_end(t, t->nodes[i].stage, k);
        *hi = th_tile_strips_end(t, t->nodes[i].stage, k + 1);
        return;
    }
    for (uint32_t j = i + 1; j <= s->last; j++)
        for (uint32_t p = 0; p < t->nodes[j].n_in; p++) {
            const struct th_tile_operand *o = &t->nodes[j].in[p];
            int64_t a, b, l, h;
            if (o->maker != (int32_t)i || o->whole)
                continue;
            th_tile_strip_rows(t, j, k, &a, &b);
            wanted(&o->rows, a, b, &l, &h);
            *lo = min64(*lo, l);
            *hi = max64(*hi, h);
        }
}

static enum th_status visit_strip(struct replay *r, uint32_t i, int64_t x0, int64_t x1)
{
    const struct made *m = &r->made[i];
    const struct th_tile_run run = {i, m->lo, m->hi, x0, x1, m->lo};
    return m->lo < m->hi && x0 < x1 ? r->visit(r->user, &run) : TH_OK;
}

/* Makes node i of the strip up to and including column x. */
static enum th_status slide(struct replay *r, uint32_t i, int64_t x)
{
    const struct th_tile_node *n = &r->t->nodes[i];
    struct made *m = &r->made[i];
    while (m->x <= x) {
        const int64_t x1 = min64(m->x + n->run, n->w);
        for (uint32_t p = 0; p < n->n_in; p++) {
            const struct th_tile_operand *o = &n->in[p];
            int64_t c0, c1;
            if (o->maker < 0 || o->whole || r->t->nodes[o->maker].stage != n->stage ||
                m->lo >= m->hi)
                continue;
            wanted(&o->cols, m->x, x1, &c0, &c1);
            if (c0 < c1)
                TH_TRY(slide(r, (uint32_t)o->maker, c1 - 1));
        }
        TH_TRY(visit_strip(r, i, m->x, x1));
        m->x = x1;
    }
    return TH_OK;
}

/* Columns [x0, x1) of the stage's last node, halos computed again. */
static enum th_status tile(struct replay *r, const struct th_tile_stage *s, int64_t x0, int64_t x1)
{
    const struct th_tile *t = r->t;
    int64_t lo[2] = {x0, x1};
    for (uint32_t i = s->first; i <= s->last; i++) {
        r->made[i].x = i == s->last ? lo[0] : INT64_MAX;   /* first and, kept in y, last column */
        r->made[i].y = i == s->last ? lo[1] : 0;
    }
    for (uint32_t i = s->last + 1; i-- > s->first;)
        for (uint32_t p = 0; p < t->nodes[i].n_in; p++) {
            const struct th_tile_operand *o = &t->nodes[i].in[p];
            int64_t a, b;
            if (o->maker < 0 || o->whole || t->nodes[o->maker].stage != t->nodes[i].stage ||
                r->made[i].lo >= r->made[i].hi)
                continue;
            wanted(&o->cols, r->made[i].x, r->made[i].y, &a, &b);
            r->made[o->maker].x = min64(r->made[o->maker].x, a);
            r->made[o->maker].y = max64(r->made[o->maker].y, b);
        }
    for (uint32_t i = s->first; i <= s->last; i++)
        TH_TRY(visit_strip(r, i, r->made[i].x, r->made[i].y));
    return TH_OK;
}

static enum th_status strip(struct replay *r, uint32_t stage)
{
    const struct th_tile *t = r->t;
    const struct th_tile_stage *s = &t->stages[stage];
    const int64_t k = r->strips[stage], w = t->nodes[s->last].w;
    for (uint32_t i = s->first; i <= s->last; i++) {
        struct made *m = &r->made[i];
        *m = (struct made){0, 0, k, 0, 0};
        th_tile_strip_rows(t, i, k, &m->lo, &m->hi);
    }
    for (uint32_t i = s->first; i <= s->last; i++)
        for (uint32_t p = 0; p < t->nodes[i].n_in; p++) {
            const struct th_tile_operand *o = &t->nodes[i].in[p];
            int64_t a, b;
            if (o->maker < 0 || o->whole || t->nodes[o->maker].stage == stage)
                continue;
            const uint32_t from = t->nodes[o->maker].stage;
            wanted(&o->rows, r->made[i].lo, r->made[i].hi, &a, &b);
            while (th_tile_strips_end(t, from, r->strips[from]) < b)
                TH_TRY(strip(r, from));
        }
    if (!s->cols)
        TH_TRY(slide(r, s->last, w - 1));
    for (int64_t x = 0; s->cols && x < w; x += s->cols)
        TH_TRY(tile(r, s, x, min64(x + s->cols, w)));
    r->strips[stage]++;
    return TH_OK;
}

enum th_status th_tile_replay(const struct th_tile *t, struct th_arena *arena,
                              th_tile_visit *visit, void *user)
{
    struct replay r = {t, TH_NEW_ARRAY(arena, struct made, (size_t)t->n_nodes + 1),
                       TH_NEW_ARRAY(arena, int64_t, (size_t)t->n_stages + 1), visit, user};
    if (!r.made || !r.strips)
        return TH_ERR_INTERNAL;
    if (t->mode == TH_TILE_STREAM)
        return stream(&r);
    const uint32_t last = t->n_stages - 1;
    for (int64_t k = 0; k < th_tile_strip_count(t, last); k++)
        TH_TRY(strip(&r, last));
    return TH_OK;
}

/* ---- the least storage ----------------------------------------------------------------------- */
struct extent {
    int64_t y, x;              /* newest pixel is (y, x - 1) */
    int64_t rows;              /* ring: rows made */
    int64_t again;             /* most columns back that were wanted since row y was complete */
    int64_t far, far_cols, near_cols;
};
struct fitting {
    struct th_tile *t;
    struct extent *e;
};

/*
 * A read of rows from r0 on and columns from c0 on, the newest row y among them or not. It is
 * possible with fewer columns than slots reach back, or with as many and a tail that still holds
 * c0. A complete row need not stay in the tail: it is emptied when columns before the tail are
 * wanted, and the slots then reach back one row less, for all later reads too.
 */
static void read_line(struct extent *e, int64_t w, int64_t r0, int64_t r1, int64_t c0)
{
    const int64_t back = e->y - r0;
    int64_t cols = e->x - c0;
    if (e->x == w && r1 - 1 == e->y)
        e->again = max64(e->again, cols);
    else if (r1 - 1 == e->y)
        e->near_cols = max64(e->near_cols, cols);
    if (e->x == w)
        cols = max64(cols, e->again);
    if (back > e->far) {
        e->far = back;
        e->far_cols = 0;
    }
    if (back == e->far)
        e->far_cols = max64(e->far_cols, cols);
}

static enum th_status fit_run(void *user, const struct th_tile_run *run)
{
    struct fitting *f = user;
    struct th_tile *t = f->t;
    struct th_tile_node *n = &t->nodes[run->node];
    struct extent *own = &f->e[run->node];
    for (uint32_t p = 0; p < n->n_in; p++) {
        const struct th_tile_operand *o = &n->in[p];
        int64_t r0, r1, c0, c1;
        if (o->maker < 0 || o->whole)
            continue;
        struct extent *e = &f->e[o->maker];
        wanted(&o->rows, run->y0, run->y1, &r0, &r1);
        wanted(&o->cols, run->x0, run->x1, &c0, &c1);
        if (r0 >= r1 || c0 >= c1)
            continue;
        if (t->nodes[o->maker].store == TH_TILE_LINE)
            read_line(e, t->nodes[o->maker].w, r0, r1, c0);
        else if (t->nodes[o->maker].store == TH_TILE_RING)
            e->far = max64(e->far, e->rows - r0);
        else
            e->near_cols = max64(e->near_cols, e->x - c0);
    }
    const bool slides = t->mode == TH_TILE_STREAM || !t->stages[n->stage].cols;
    own->y = run->y0;
    own->x = run->x1;
    own->again = 0;
    own->rows = max64(own->rows, run->y1);
    if (n->store == TH_TILE_STRIP) {
        n->tail_rows = max64(n->tail_rows, run->y1 - run->y0);
        if (!slides)
            own->near_cols = max64(own->near_cols, run->x1 - run->x0);
    }
    return TH_OK;
}

static void choose(struct th_tile_node *n, const struct extent *e)
{
    n->slots = n->tail_cols = 0;
    switch (n->store) {
    case TH_TILE_LINE:
        if (n->run == n->w) {
            n->slots = min64(e->far + 1, n->h);
            break;
        }
        n->slots = e->far;
        n->tail_cols = max64(n->run, max64(e->near_cols, e->far_cols));
        if (max64(n->run, e->near_cols) + n->w < n->tail_cols) {
            n->slots++;
            n->tail_cols = max64(n->run, e->near_cols);
        }
        n->tail_cols = min64(n->tail_cols, n->w);
        n->tail_rows = 1;
        break;
    case TH_TILE_RING:
        n->slots = min64(max64(e->far, 1), n->h);
        n->tail_rows = 0;
        break;
    case TH_TILE_STRIP:
        n->tail_cols = min64(max64(n->run, e->near_cols), n->w);
        break;
    case TH_TILE_WHOLE:
    case TH_TILE_ACCUMULATOR:
        n->tail_rows = 0;
        break;
    }
    if (n->store == TH_TILE_LINE || n->store == TH_TILE_RING)
        n->bytes = (n->slots * n->w + n->tail_cols) * n->pixel_bytes;
    else if (n->store == TH_TILE_STRIP)
        n->bytes = n->tail_rows * n->tail_cols * n->pixel_bytes;
}

enum th_status th_tile_fit(struct th_tile *t, struct th_arena *arena)
{
    struct fitting f = {t, TH_NEW_ARRAY(arena, struct extent, (size_t)t->n_nodes + 1)};
    if (!f.e)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < t->n_nodes; i++)
        t->nodes[i].tail_rows = 0;
    TH_TRY(th_tile_replay(t, arena, fit_run, &f));
    for (uint32_t i = 0; i < t->n_nodes; i++)
        choose(&t->nodes[i], &f.e[i]);
    return TH_OK;
}

/* ---- overlap of a result with a dying operand ------------------------------------------------ */
struct distance {
    const struct th_tile *t;
    th_value out, in;
    struct th_tile_order order;
    int64_t in_pixel, written, least;
};

/* Walking down, places are counted from the begin of a value, else from its end. */
/* First byte of operand o that rows [y0, y1) and columns [x0, x1) of the result want. */
static int64_t lowest(const struct distance *d, const struct th_tile_operand *o, int64_t y0,
                      int64_t y1, int64_t x0, int64_t x1)
{
    int64_t r0 = 0, r1, c0 = 0, c1;
    if (!o->whole) {
        wanted(&o->rows, y0, y1, &r0, &r1);
        wanted(&o->cols, x0, x1, &c0, &c1);
        if (r0 >= r1 || c0 >= c1)
            return INT64_MAX;
    }
    if (d->t->up && !o->whole)
        return ((r0 + 1) * o->w - c1) * d->in_pixel;
    return (r0 * o->w + c0) * d->in_pixel;
}

static void apart(struct distance *d, int64_t written, int64_t low)
{
    if (low != INT64_MAX)
        d->least = max64(d->least, written - low);
}

/* A piece whose kernel reads `in` itself and writes the result: pixel by pixel, in rows. */
static void distance_pixels(struct distance *d, const struct th_tile_node *n,
                            const struct th_tile_operand *o, const struct th_tile_run *run)
{
    const int64_t w = run->x1 - run->x0, pixels = w * (run->y1 - run->y0);
    for (int64_t p = 0; p < pixels; p++) {
        const int64_t y = run->y0 + p / w, x = run->x0 + p % w;
        /* last pixel that may be written before the operand of pixel p was read for good */
        const int64_t last = min64(d->order.group < 0 ? p - d->order.group - 1 : p - 1,
                                   pixels - 1);
        int64_t written = d->written;
        if (last >= 0)
            written = max64(written, ((run->y0 + last / w) * n->w + run->x0 + last % w + 1) *
                                         n->pixel_bytes);
        apart(d, written, lowest(d, o, y, y + 1, x, x + 1));
    }
}

static enum th_status distance_run(void *user, const struct th_tile_run *run)
{
    struct distance *d = user;
    const struct th_tile_node *n = &d->t->nodes[run->node];
    const bool writes = n->out == d->out, pixels = writes && d->order.pixels && !d->t->up;
    const int64_t end = (d->t->up ? run->y1 * n->w - run->x0 : (run->y1 - 1) * n->w + run->x1) *
                        n->pixel_bytes;
    for (uint32_t p = 0; p < n->n_in && pixels; p++)
        if (n->in[p].value == d->in)
            distance_pixels(d, n, &n->in[p], run);
    if (writes)
        d->written = max64(d->written, end);
    for (uint32_t p = 0; p < n->n_in && !pixels; p++)
        if (n->in[p].value == d->in)
            apart(d, d->written, lowest(d, &n->in[p], run->y0, run->y1, run->x0, run->x1));
    return TH_OK;
}

int64_t th_tile_distance(const struct th_tile *t, th_value out, th_value in,
                         struct th_tile_order order, struct th_arena *arena)
{
    struct distance d = {t, out, in, order, 0, 0, 0};
    int64_t h, w;
    if (!th_tile_shape(th_value_type(t->body, in), &h, &w, &d.in_pixel))
        return -1;
    for (uint32_t i = 0; i < t->n_nodes; i++)
        if (t->nodes[i].out == out && t->nodes[i].store == TH_TILE_WHOLE)
            return th_tile_replay(t, arena, distance_run, &d) == TH_OK ? d.least : -1;
    return -1;
}
