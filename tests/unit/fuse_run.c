/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/fuse_run.h"

#include <stdlib.h>
#include <string.h>

#define NO_NODE UINT32_MAX

enum where { NOWHERE, STORED, KEPT, PUSHED };

struct place {
    enum where where;
    const struct th_fuse_buffer *b;   /* KEPT, PUSHED */
    uint32_t prod, last_use;
    int32_t y, n;                     /* newest row begun, columns made of it; -1: none */
    bool emptied;
    int32_t *slot, *tail;             /* pixel numbers */
    int32_t from;                     /* held: first column of the run */
    bool lost;
    int32_t made;                     /* strips: rows complete */
    int32_t lo, hi;                   /* strips: rows of the strip in work */
    uint32_t stage;
};
struct sim {
    const struct th_fuse_net *net;
    const struct th_fuse_options *o;
    const struct th_fuse_group *g;
    struct th_arena *arena;
    struct place *t;
    int64_t *pair;                    /* bytes of the overlapping pair */
    int32_t *strip;                   /* [n_stages] next strip */
    struct fuse_run *out;
};
struct rect {
    int32_t r0, r1, c0, c1;           /* half-open */
};

static void *need(struct sim *s, size_t n, size_t size)
{
    void *p = th_arena_calloc(s->arena, n + 1, size);
    if (!p)
        abort();
    return p;
}

static void fail(struct sim *s, uint32_t t, const char *what)
{
    if (!s->out->what) {
        s->out->what = what;
        s->out->tensor = t;
    }
}

static int64_t tag(uint32_t t, int64_t pixel)
{
    return ((int64_t)t + 1) << 32 | pixel;
}

static int32_t run_of(const struct sim *s, uint32_t t)
{
    int32_t w = s->net->tensors[t].w;
    if (s->g->how == TH_FUSE_SINGLE)
        return 1;
    return s->g->run && s->g->run < w ? s->g->run : w;
}

static uint32_t shape_of(const struct sim *s, uint32_t j)
{
    const struct th_fuse_node *n = &s->net->nodes[j];
    return n->kind == TH_FUSE_REDUCE ? n->operands[0].tensor : n->out;
}

/* What pixels [r0, r1) x [c0, c1) of a node's shape want of an operand. */
static struct rect wanted(const struct sim *s, uint32_t j, uint32_t k, struct rect of)
{
    const struct th_fuse_node *n = &s->net->nodes[j];
    const struct th_fuse_operand *x = &n->operands[k];
    const struct th_fuse_tensor *t = &s->net->tensors[x->tensor];
    if (n->kind == TH_FUSE_REDUCE && !k)
        return of;
    if (n->kind == TH_FUSE_OPAQUE || n->kind == TH_FUSE_REDUCE || x->whole)
        return (struct rect){0, t->h, 0, t->w};
    struct rect w = {t->h, 0, t->w, 0};
    for (int32_t r = of.r0; r < of.r1; r++) {
        int32_t lo = x->rows ? x->rows[r].lo : r, hi = x->rows ? x->rows[r].hi : r + 1;
        w.r0 = lo < w.r0 ? lo : w.r0;
        w.r1 = hi > w.r1 ? hi : w.r1;
    }
    for (int32_t c = of.c0; c < of.c1; c++) {
        int32_t lo = x->cols ? x->cols[c].lo : c, hi = x->cols ? x->cols[c].hi : c + 1;
        w.c0 = lo < w.c0 ? lo : w.c0;
        w.c1 = hi > w.c1 ? hi : w.c1;
    }
    return w;
}

/* ---- places -------------------------------------------------------------------------------- */
static int64_t *pair_bytes(struct sim *s, uint32_t t)
{
    if (!s->pair || (t != s->g->below && t != s->g->above))
        return NULL;
    return t == s->g->below ? s->pair : s->pair + s->g->distance;
}

static void put_bytes(int64_t *at, uint32_t t, int64_t pixel, int64_t bytes)
{
    for (int64_t i = 0; i < bytes; i++)
        at[i] = tag(t, pixel);
}

static bool has_bytes(const int64_t *at, uint32_t t, int64_t pixel, int64_t bytes)
{
    for (int64_t i = 0; i < bytes; i++)
        if (at[i] != tag(t, pixel))
            return false;
    return true;
}

static bool held(const struct place *p)
{
    return p->where == KEPT && p->b->store == TH_FUSE_HELD;
}

/* Node j runs: held values that share bytes and are not wanted at this node are lost. */
static void lose_held(struct sim *s, uint32_t j)
{
    for (uint32_t t = 0; t < s->net->n_tensors; t++)
        if (held(&s->t[t]) && !s->t[t].b->own && (j < s->t[t].prod || j > s->t[t].last_use))
            s->t[t].lost = true;
}

static void empty_tail(struct sim *s, uint32_t t)
{
    struct place *p = &s->t[t];
    int32_t w = s->net->tensors[t].w, cols = p->b->cols, t0 = p->n > cols ? p->n - cols : 0;
    for (int32_t c = t0; c < p->n && p->b->rows; c++)
        p->slot[p->y % p->b->rows * w + c] = p->tail[c - t0];
    p->emptied = true;
}

/* Appends columns [c, c + n) of row y to lines. */
static void put_lines(struct sim *s, uint32_t t, int32_t y, int32_t n)
{
    struct place *p = &s->t[t];
    int32_t w = s->net->tensors[t].w, rows = p->b->rows, cols = p->b->cols;
    if (y > p->y) {
        if (p->y >= 0 && cols && !p->emptied)
            empty_tail(s, t);
        p->y = y;
        p->n = 0;
        p->emptied = false;
    }
    if (cols && n > cols)
        fail(s, t, "a run longer than its tail");
    for (int32_t i = 0; i < n && !s->out->what; i++) {
        int32_t c = p->n;
        if (!cols) {
            p->slot[y % rows * w + c] = y * w + c;
        } else if (c < cols) {
            p->tail[c] = y * w + c;
        } else {
            if (rows)
                p->slot[y % rows * w + c - cols] = p->tail[0];
            memmove(p->tail, p->tail + 1, (size_t)(cols - 1) * sizeof *p->tail);
            p->tail[cols - 1] = y * w + c;
        }
        p->n++;
    }
}

static bool get_lines(struct sim *s, uint32_t t, int32_t r, int32_t c)
{
    const struct place *p = &s->t[t];
    int32_t w = s->net->tensors[t].w, rows = p->b->rows, cols = p->b->cols;
    int32_t t0 = p->n > cols ? p->n - cols : 0, at = r * w + c;
    if (cols && r == p->y && !p->emptied)
        return c >= t0 && c < p->n && p->tail[c - t0] == at;
    return rows && p->slot[r % rows * w + c] == at;
}

/* Is every pixel there? */
static void check_read(struct sim *s, uint32_t t, struct rect w)
{
    struct place *p = &s->t[t];
    const struct th_fuse_tensor *x = &s->net->tensors[t];
    int64_t *pair = p->where == STORED ? pair_bytes(s, t) : NULL;
    for (int32_t r = w.r0; r < w.r1 && !s->out->what; r++) {
        for (int32_t c = w.c0; c < w.c1 && !s->out->what; c++) {
            int64_t at = (int64_t)r * x->w + c;
            bool good = true;
            if (p->where == STORED) {
                good = !pair || has_bytes(pair + at * x->pixel_bytes, t, at, x->pixel_bytes);
            } else if (p->b->store == TH_FUSE_HELD) {
                good = !p->lost && c >= p->from && c < p->n &&
                       (s->g->how == TH_FUSE_STRIPS ? r >= p->lo && r < p->hi : r == p->y);
            } else if (p->b->store == TH_FUSE_RING) {
                good = p->slot[r % p->b->rows * x->w + c] == at;
            } else if (s->g->how == TH_FUSE_STRIPS) {
                good = r >= p->lo && r < p->hi && c < p->n &&
                       c >= (p->n > p->b->cols ? p->n - p->b->cols : 0);
            } else {
                good = get_lines(s, t, r, c);
            }
            if (!good)
                fail(s, t, "a pixel read is not there");
        }
    }
}

static void check_write(struct sim *s, uint32_t t, struct rect w)
{
    struct place *p = &s->t[t];
    const struct th_fuse_tensor *x = &s->net->tensors[t];
    int64_t *pair = p->where == STORED ? pair_bytes(s, t) : NULL;
    bool strips = s->g->how == TH_FUSE_STRIPS;
    if (p->where == KEPT && !strips && p->b->store == TH_FUSE_LINES) {
        put_lines(s, t, w.r0, w.c1 - w.c0);
        return;
    }
    if (p->where == KEPT && strips && p->b->store != TH_FUSE_RING &&
        (w.r1 - w.r0 > p->b->rows || w.c1 - w.c0 > p->b->cols))
        fail(s, t, "a box too small");
    for (int32_t r = w.r0; r < w.r1 && !s->out->what; r++) {
        for (int32_t c = w.c0; c < w.c1; c++) {
            int64_t at = (int64_t)r * x->w + c;
            if (pair)
                put_bytes(pair + at * x->pixel_bytes, t, at, x->pixel_bytes);
            else if (p->where == KEPT && p->b->store == TH_FUSE_RING)
                p->slot[r % p->b->rows * x->w + c] = (int32_t)at;
        }
    }
    p->lost = false;
    p->from = w.c0;
    p->y = w.r0;
    p->n = w.c1;
}

/* ---- one node, one piece ------------------------------------------------------------------- */
static void advance(struct sim *s, uint32_t t, int32_t r, int32_t c);

/* Reads, then writes (and reads again what must outlast a kernel that writes as it reads). */
static void piece(struct sim *s, uint32_t j, struct rect of)
{
    const struct th_fuse_node *n = &s->net->nodes[j];
    bool reduce = n->kind == TH_FUSE_REDUCE;
    for (uint32_t k = 0; k < n->n_operands; k++) {
        struct rect w = wanted(s, j, k, of);
        advance(s, n->operands[k].tensor, w.r1 - 1, w.c1);
    }
    lose_held(s, j);
    for (uint32_t k = 0; k < n->n_operands; k++) {
        uint32_t x = n->operands[k].tensor;
        struct place *p = &s->t[x];
        struct rect w = wanted(s, j, k, of);
        int32_t t0 = p->b && p->n > p->b->cols ? p->n - p->b->cols : 0;
        if (s->g->how != TH_FUSE_STRIPS && p->where == KEPT && p->b->store == TH_FUSE_LINES &&
            p->b->cols && !p->emptied && w.r1 - 1 >= p->y && w.c0 < t0) {
            if (p->n < s->net->tensors[x].w)
                fail(s, x, "left of the tail of an incomplete row");
            empty_tail(s, x);
        }
        check_read(s, x, w);
    }
    if (!reduce)
        check_write(s, n->out, of);
    for (uint32_t k = 0; k < n->n_operands && !reduce; k++) {
        uint32_t x = n->operands[k].tensor;
        bool stays = n->direct || s->g->how == TH_FUSE_STRIPS;
        if (held(&s->t[x]) || (s->t[x].where == STORED && stays))
            check_read(s, x, wanted(s, j, k, of));
    }
    s->out->pixels[j] += (int64_t)(of.r1 - of.r0) * (of.c1 - of.c0);
}

/* Makes the next run of a tensor in raster order. */
static void next_run(struct sim *s, uint32_t t)
{
    struct place *p = &s->t[t];
    const struct th_fuse_tensor *x = &s->net->tensors[t];
    int32_t u = p->where == PUSHED ? x->w : run_of(s, t);
    int32_t y = p->y < 0 ? 0 : p->n == x->w ? p->y + 1 : p->y;
    int32_t c = p->y < 0 || p->n == x->w ? 0 : p->n;
    int32_t end = c + u < x->w ? c + u : x->w;
    if (p->where == PUSHED)
        put_lines(s, t, y, end - c);
    else
        piece(s, p->prod, (struct rect){y, y + 1, c, end});
}

static void advance(struct sim *s, uint32_t t, int32_t r, int32_t c)
{
    struct place *p = &s->t[t];
    bool inside = p->prod != NO_NODE && p->prod >= s->g->first && p->prod < s->g->last;
    if (p->where == NOWHERE || (!inside && p->where != PUSHED))
        return;
    if (s->g->how == TH_FUSE_STRIPS) {
        int32_t u = run_of(s, t), w = s->net->tensors[t].w;
        /* Rings and stored values are made stage by stage, not from inside a strip. */
        if (p->where != KEPT || p->b->store == TH_FUSE_RING)
            return;
        while (p->n < c && !s->out->what) {
            int32_t from = p->n, end = from + u < w ? from + u : w;
            piece(s, p->prod, (struct rect){p->lo, p->hi, from, end});
            p->n = end;
        }
        return;
    }
    while ((p->y < r || (p->y == r && p->n < c)) && !s->out->what)
        next_run(s, t);
}

/* ---- strips -------------------------------------------------------------------------------- */
static void run_strip(struct sim *s, uint32_t stage);

static void find_strip_rows(struct sim *s, const struct th_fuse_stage *st, int32_t lo, int32_t hi)
{
    for (uint32_t t = 0; t < s->net->n_tensors; t++)
        s->t[t].lo = s->t[t].hi = -1;
    s->t[shape_of(s, st->last - 1)].lo = lo;
    s->t[shape_of(s, st->last - 1)].hi = hi;
    for (uint32_t j = st->last; j-- > st->first;) {
        const struct th_fuse_node *n = &s->net->nodes[j];
        const struct place *made = &s->t[shape_of(s, j)];
        for (uint32_t k = 0; k < n->n_operands; k++) {
            struct rect w = wanted(s, j, k, (struct rect){made->lo, made->hi, 0, 1});
            struct place *p = &s->t[n->operands[k].tensor];
            p->lo = p->lo < 0 || w.r0 < p->lo ? w.r0 : p->lo;
            p->hi = w.r1 > p->hi ? w.r1 : p->hi;
        }
    }
}

static void run_tiles(struct sim *s, const struct th_fuse_stage *st, struct rect of)
{
    for (int32_t c = 0; c < s->net->tensors[shape_of(s, st->last - 1)].w; c += st->cols) {
        struct rect *r = need(s, s->net->n_tensors, sizeof *r);
        uint32_t top = shape_of(s, st->last - 1);
        int32_t w = s->net->tensors[top].w;
        r[top] = (struct rect){of.r0, of.r1, c, w};
        if (c + st->cols < w)
            r[top].c1 = c + st->cols;
        for (uint32_t j = st->last; j-- > st->first;)
            for (uint32_t k = 0; k < s->net->nodes[j].n_operands; k++) {
                struct rect x = wanted(s, j, k, r[shape_of(s, j)]);
                struct rect *o = &r[s->net->nodes[j].operands[k].tensor];
                if (o->c1)
                    x.c0 = x.c0 < o->c0 ? x.c0 : o->c0;
                x.c1 = x.c1 > o->c1 ? x.c1 : o->c1;
                *o = x;
            }
        for (uint32_t j = st->first; j < st->last; j++) {
            uint32_t x = shape_of(s, j);
            struct rect now = {s->t[x].lo, s->t[x].hi, r[x].c0, r[x].c1};
            if (s->net->nodes[j].kind != TH_FUSE_REDUCE)
                check_write(s, x, now);
            for (uint32_t k = 0; k < s->net->nodes[j].n_operands; k++) {
                uint32_t in = s->net->nodes[j].operands[k].tensor;
                bool box = s->t[in].where == KEPT && s->t[in].b->store == TH_FUSE_BOX;
                if (!box)
                    check_read(s, in, wanted(s, j, k, now));
            }
            s->out->pixels[j] += (int64_t)(now.r1 - now.r0) * (now.c1 - now.c0);
        }
    }
}

static void run_strip(struct sim *s, uint32_t stage)
{
    const struct th_fuse_stage *st = &s->g->stages[stage];
    uint32_t top = shape_of(s, st->last - 1), out = s->net->nodes[st->last - 1].out;
    int32_t h = s->net->tensors[top].h, w = s->net->tensors[top].w;
    int32_t begin = s->strip[stage] * st->rows - st->less, a = begin > 0 ? begin : 0;
    int32_t b = begin + st->rows < h ? begin + st->rows : h;
    find_strip_rows(s, st, a, b);
    if (stage) {
        uint32_t front = s->net->nodes[s->g->stages[stage - 1].last - 1].out;
        int32_t rows = s->t[front].hi;
        while (s->t[front].made < rows && !s->out->what)
            run_strip(s, stage - 1);
        find_strip_rows(s, st, a, b);
    }
    for (uint32_t t = 0; t < s->net->n_tensors; t++) {
        struct place *p = &s->t[t];
        for (; p->where == PUSHED && p->made < p->hi; p->made++)
            for (int32_t c = 0; c < s->net->tensors[t].w; c++)
                p->slot[p->made % p->b->rows * s->net->tensors[t].w + c] =
                    p->made * s->net->tensors[t].w + c;
        if (p->where == KEPT && p->b->stage == (int32_t)stage && p->b->store != TH_FUSE_RING)
            p->n = 0;
    }
    if (st->cols) {
        run_tiles(s, st, (struct rect){a, b, 0, w});
    } else {
        int32_t u = run_of(s, top);
        for (int32_t c = 0; c < w; c += u)
            piece(s, st->last - 1, (struct rect){a, b, c, c + u < w ? c + u : w});
    }
    s->strip[stage]++;
    s->t[out].made = b;
}

/* ---- whole groups -------------------------------------------------------------------------- */
static void find_places(struct sim *s)
{
    uint32_t nt = s->net->n_tensors;
    for (uint32_t t = 0; t < nt; t++) {
        struct place *p = &s->t[t];
        p->prod = NO_NODE;
        p->y = -1;
        p->last_use = s->net->tensors[t].is_output ? s->net->n_nodes : 0;
    }
    for (uint32_t j = 0; j < s->net->n_nodes; j++) {
        s->t[s->net->nodes[j].out].prod = j;
        for (uint32_t k = 0; k < s->net->nodes[j].n_operands; k++)
            if (s->t[s->net->nodes[j].operands[k].tensor].last_use < j)
                s->t[s->net->nodes[j].operands[k].tensor].last_use = j;
    }
    for (uint32_t t = 0; t < nt; t++)
        s->t[t].where = STORED;
    for (uint32_t i = 0; i < s->g->n_buffers; i++) {
        const struct th_fuse_buffer *b = &s->g->buffers[i];
        struct place *p = &s->t[b->tensor];
        const struct th_fuse_tensor *x = &s->net->tensors[b->tensor];
        p->where = b->stage < 0 ? PUSHED : KEPT;
        p->b = b;
        if (b->store == TH_FUSE_HELD)
            continue;
        p->slot = need(s, (size_t)b->rows * (size_t)x->w, sizeof *p->slot);
        p->tail = need(s, (size_t)b->cols, sizeof *p->tail);
        for (int32_t k = 0; k < b->rows * x->w; k++)
            p->slot[k] = -1;
    }
    if (s->g->overlap) {
        const struct th_fuse_tensor *x = &s->net->tensors[s->g->above];
        const struct th_fuse_tensor *o = &s->net->tensors[s->g->below];
        int64_t in = (int64_t)x->h * x->w * x->pixel_bytes;
        int64_t out = (int64_t)o->h * o->w * o->pixel_bytes;
        s->pair = need(s, (size_t)(s->g->distance + in + out), sizeof *s->pair);
        for (int64_t i = 0; i < (int64_t)x->h * x->w; i++)
            put_bytes(s->pair + s->g->distance + i * x->pixel_bytes, s->g->above, i,
                      x->pixel_bytes);
    }
}

static void run_stream(struct sim *s)
{
    const struct th_fuse_node *last = &s->net->nodes[s->g->last - 1];
    uint32_t t = shape_of(s, s->g->last - 1);
    const struct th_fuse_tensor *x = &s->net->tensors[t];
    int32_t u = run_of(s, t);
    for (int32_t r = 0; r < x->h; r++)
        for (int32_t c = 0; c < x->w && !s->out->what; c += u) {
            struct rect of = {r, r + 1, c, c + u < x->w ? c + u : x->w};
            if (last->kind == TH_FUSE_REDUCE)
                piece(s, s->g->last - 1, of);
            else
                next_run(s, t);
        }
    for (uint32_t i = 0; i < s->net->n_tensors; i++)
        if (s->t[i].where == STORED && s->t[i].prod != NO_NODE && s->t[i].prod >= s->g->first &&
            s->t[i].prod < s->g->last && s->net->nodes[s->t[i].prod].kind != TH_FUSE_REDUCE)
            advance(s, i, s->net->tensors[i].h - 1, s->net->tensors[i].w);
}

void fuse_execute(const struct th_fuse_net *net, const struct th_fuse_options *o,
                  const struct th_fuse_group *g, struct th_arena *arena, struct fuse_run *out)
{
    struct sim s = {.net = net, .o = o, .g = g, .arena = arena, .out = out};
    *out = (struct fuse_run){.what = NULL};
    out->pixels = need(&s, net->n_nodes, sizeof *out->pixels);
    s.t = need(&s, net->n_tensors, sizeof *s.t);
    s.strip = need(&s, g->n_stages, sizeof *s.strip);
    find_places(&s);
    if (g->how == TH_FUSE_STRIPS) {
        const struct th_fuse_stage *st = &g->stages[g->n_stages - 1];
        int32_t h = net->tensors[shape_of(&s, st->last - 1)].h;
        for (int32_t i = 0; i < (h + st->less + st->rows - 1) / st->rows && !out->what; i++)
            run_strip(&s, g->n_stages - 1);
    } else {
        run_stream(&s);
    }
    if (g->overlap && !out->what) {
        const struct th_fuse_tensor *x = &net->tensors[g->below];
        for (int64_t i = 0; i < (int64_t)x->h * x->w; i++)
            if (!has_bytes(s.pair + i * x->pixel_bytes, g->below, i, x->pixel_bytes))
                fail(&s, g->below, "the output is not complete");
    }
}
