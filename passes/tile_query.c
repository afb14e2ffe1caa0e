/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/tile_query.h"

#include <string.h>

#include <thimble/thimble.h>

#include "passes/util.h"

/* ---- pieces ---------------------------------------------------------------------------------- */
struct survey {
    const struct th_tile *t;
    struct th_tile_pieces *list;
};

static enum th_status count_piece(void *user, const struct th_tile_run *r)
{
    const struct survey *s = user;
    struct th_tile_pieces *p = &s->list[r->node];
    const int64_t columns = r->x1 - r->x0, rows = r->y1 - r->y0;
    uint32_t k = 0;
    p->most_rows = rows > p->most_rows ? rows : p->most_rows;
    p->most_columns = columns > p->most_columns ? columns : p->most_columns;
    while (k < p->n && p->columns[k] != columns)
        k++;
    if (k == TH_TILE_WIDTHS) {
        p->single = true;
        return TH_OK;
    }
    p->n += k == p->n;
    p->columns[k] = columns;
    p->rows[k] += rows;
    return TH_OK;
}

/* Few widths, so the plainest of sorts. */
static void sort_widths(struct th_tile_pieces *p)
{
    for (uint32_t a = 0; a < p->n; a++)
        for (uint32_t b = a + 1; b < p->n; b++)
            if (p->rows[b] > p->rows[a]) {
                const int64_t columns = p->columns[a], rows = p->rows[a];
                p->columns[a] = p->columns[b], p->rows[a] = p->rows[b];
                p->columns[b] = columns, p->rows[b] = rows;
            }
}

enum th_status th_tile_survey(const struct th_tile *t, struct th_arena *arena,
                              struct th_tile_pieces **out)
{
    struct survey s = {t, TH_NEW_ARRAY(arena, struct th_tile_pieces, (size_t)t->n_nodes + 1)};
    *out = s.list;
    if (!s.list)
        return TH_ERR_INTERNAL;
    TH_TRY(th_tile_replay(t, arena, count_piece, &s));
    for (uint32_t i = 0; i < t->n_nodes; i++) {
        struct th_tile_pieces *p = &s.list[i];
        sort_widths(p);
        if (t->nodes[i].form != TH_TILE_POINT)
            p->single = false;
        if (p->single) {
            p->n = 1;
            p->columns[0] = 1;
            p->rows[0] = t->nodes[i].h * t->nodes[i].w;
        }
    }
    return TH_OK;
}

/* ---- queries --------------------------------------------------------------------------------- */
static void narrow(struct th_type *t, int64_t columns)
{
    if (t->rank >= 3)
        t->dims[t->rank - 2] = columns;
    if (t->rank == 4)
        t->dims[1] = 1;
}

static bool same_dims(const struct th_type *a, const struct th_type *b)
{
    return a->rank == b->rank && !memcmp(a->dims, b->dims, (size_t)a->rank * sizeof a->dims[0]);
}

/* The node on a row of `columns` pixels. */
static enum th_status narrow_inst(const struct th_tile_node *n, struct th_inst *c, int64_t columns,
                                  struct th_arena *arena, const char **why)
{
    const struct th_type **in = TH_NEW_ARRAY(arena, const struct th_type *, (size_t)c->n_in + 1);
    struct th_type *out = TH_NEW_ARRAY(arena, struct th_type, 1);
    if (!in || !out)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < c->n_in; i++) {
        struct th_type *t;
        in[i] = c->in[i];
        if (n->in[i].whole)
            continue;
        if (!(t = th_arena_memdup(arena, c->in[i], sizeof *t)))
            return TH_ERR_INTERNAL;
        narrow(t, columns);
        in[i] = t;
    }
    *out = c->out[0];
    narrow(out, columns);
    const struct th_type wanted = *out;
    c->in = in;
    c->out = out;
    *why = "it is not the same operator on a part of a row";
    return th_infers(c) && same_dims(out, &wanted) ? TH_OK : TH_ERR_TARGET;
}

static struct th_view dense_view(int64_t w, int64_t channels)
{
    return (struct th_view){.pixel_pitch = channels, .row_pitch = w * channels};
}

static int64_t channels_of(const struct th_type *t)
{
    return t->rank ? t->dims[t->rank - 1] : 1;
}

/* How operand p lies when a piece is computed. */
static struct th_view in_view(const struct th_tile *t, const struct th_tile_operand *o,
                              int64_t channels)
{
    struct th_view v = dense_view(o->w, channels);
    const struct th_tile_node *m = o->maker >= 0 ? &t->nodes[o->maker] : NULL;
    if (!m || o->whole)
        return v;
    if (m->store == TH_TILE_LINE) {
        v.ring_rows = m->slots;
        v.tail = m->tail_cols > 0;
        v.tail_at = m->slots * v.row_pitch;
    } else if (m->store == TH_TILE_RING) {
        v.ring_rows = m->slots;
    } else if (m->store == TH_TILE_STRIP) {
        v.row_pitch = m->tail_cols * channels;
    }
    return v;
}

static struct th_view out_view(const struct th_tile_node *n, int64_t channels)
{
    struct th_view v = dense_view(n->w, channels);
    if (n->store == TH_TILE_RING || (n->store == TH_TILE_LINE && n->tail_cols == 0))
        v.ring_rows = n->slots;
    else if (n->store == TH_TILE_STRIP)
        v.row_pitch = n->tail_cols * channels;
    return v;
}

/* A box in the middle, where nothing is cut off. */
static void typical_box(const struct th_tile_node *n, const struct th_type *t, int64_t rows,
                        int64_t columns, struct th_box *b)
{
    for (int32_t a = 0; a < t->rank; a++) {
        b->lo[a] = 0;
        b->hi[a] = t->dims[a];
    }
    if (t->rank == 4) {
        b->lo[1] = (n->h - rows) / 2;
        b->hi[1] = b->lo[1] + rows;
    }
    if (t->rank >= 3) {
        b->lo[t->rank - 2] = (n->w - columns) / 2;
        b->hi[t->rank - 2] = b->lo[t->rank - 2] + columns;
    }
}

static enum th_status view_query(const struct th_tile *t, const struct th_tile_node *n,
                                 const struct th_inst *c, struct th_arena *arena,
                                 struct th_query *q)
{
    struct th_view *in = TH_NEW_ARRAY(arena, struct th_view, (size_t)c->n_in + 1);
    struct th_view *out = TH_NEW_ARRAY(arena, struct th_view, 1);
    if (!in || !out)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < c->n_in; i++)
        if (c->in[i] && !n->in[i].whole)
            in[i] = in_view(t, &n->in[i], channels_of(c->in[i]));
        else if (c->in[i])
            in[i] = dense_view(c->in[i]->rank >= 3 ? c->in[i]->dims[c->in[i]->rank - 2] : 1,
                               channels_of(c->in[i]));
    *out = n->form == TH_TILE_REDUCE ? dense_view(1, channels_of(&c->out[0]))
                                     : out_view(n, channels_of(&c->out[0]));
    q->in_views = in;
    q->out_views = out;
    return TH_OK;
}

enum th_status th_tile_query(const struct th_tile *t, uint32_t i, const struct th_tile_pieces *p,
                             int64_t columns, struct th_arena *arena, struct th_query *q,
                             const char **why)
{
    const struct th_tile_node *n = &t->nodes[i];
    struct th_inst *c = th_node_inst(t->body, n->node, arena);
    *why = "memory is exhausted";
    if (!c)
        return TH_ERR_INTERNAL;
    q->inst = c;
    q->whole = n->form == TH_TILE_POINT;
    q->accumulate = n->form == TH_TILE_REDUCE;
    q->in_views = q->out_views = NULL;
    memset(&q->box, 0, sizeof q->box);
    if (n->form == TH_TILE_POINT) {
        TH_TRY(narrow_inst(n, c, columns, arena, why));
        for (int32_t a = 0; a < c->out[0].rank; a++)
            q->box.hi[a] = c->out[0].dims[a];
        return TH_OK;
    }
    TH_TRY(view_query(t, n, c, arena, q));
    if (n->form == TH_TILE_WINDOW)
        typical_box(n, &c->out[0], p->most_rows, columns, &q->box);
    else
        typical_box(n, &c->out[0], 1, 1, &q->box);
    return TH_OK;
}
