/* SPDX-License-Identifier: Apache-2.0 */
/* A tile loop in planned memory: lines that slide, strips, rings, pieces in their order. */
#include "ir/planned_run.h"
#include "ir/tile.h"

#include <string.h>

struct kept {
    unsigned char *at;
    /* line: (y, x) is the next pixel, x == w: row y is complete and in the tail; strip: first row
     * (of the map) and column held */
    int64_t y, x, t0;
};
struct tiles {
    struct th_planned *r;
    struct th_tile t;
    struct th_tensor **values;         /* of the body, whole: what every byte must be */
    struct kept *kept;                 /* of each node */
    const unsigned char **outside;     /* memory of parameters, by value */
    unsigned char *own, *own_was;      /* what the loop itself keeps, and a copy */
    size_t own_bytes;
};

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool wanted(const struct th_tile_axis *x, int64_t a, int64_t b, int64_t *lo, int64_t *hi)
{
    *lo = INT64_MAX;
    *hi = 0;
    for (int64_t i = a; i < b; i++)
        if (x->lo[i] < x->hi[i]) {
            *lo = x->lo[i] < *lo ? x->lo[i] : *lo;
            *hi = most(*hi, x->hi[i]);
        }
    return *lo < *hi;
}

/* Rows and columns of an operand that a piece wants; false: nothing. */
static bool wants(const struct th_tile_operand *o, const struct th_tile_run *run, int64_t at[4])
{
    at[0] = at[2] = 0;
    at[1] = o->h;
    at[3] = o->w;
    if (!o->value)
        return false;
    return o->whole || (wanted(&o->rows, run->y0, run->y1, &at[0], &at[1]) &&
                        wanted(&o->cols, run->x0, run->x1, &at[2], &at[3]));
}

static const unsigned char *true_pixel(const struct tiles *k, th_value v, int64_t w, int64_t pixel,
                                       int64_t y, int64_t x)
{
    return (const unsigned char *)k->values[v]->data + (y * w + x) * pixel;
}

/* Row of node n's map that row y of the walk is. */
static int64_t row_of(const struct tiles *k, const struct th_tile_node *n, int64_t y)
{
    return th_tile_row(&k->t, n->h, y);
}

/* ---- what is kept ---------------------------------------------------------------------------- */
/* Byte of pixel (y, x) in what is kept of node n; -1 when it lies outside. */
static int64_t pixel_at(const struct tiles *t, const struct th_tile_node *n, const struct kept *k,
                        int64_t y, int64_t x)
{
    const int64_t map_y = row_of(t, n, y);
    const int64_t row = n->w * n->pixel_bytes, slot = n->slots > 0 ? map_y % n->slots : 0;
    const int64_t first = most(k->x - n->tail_cols, 0);
    int64_t at = map_y * row + x * n->pixel_bytes, bytes = n->bytes;
    if (n->store == TH_TILE_LINE && (n->slots == 0 || (n->tail_cols && y == k->y && k->x > 0)))
        at = n->slots * row + (x - first) * n->pixel_bytes;
    else if (n->store == TH_TILE_LINE || n->store == TH_TILE_RING)
        at = slot * row + x * n->pixel_bytes;
    else if (n->store == TH_TILE_STRIP)
        at = ((map_y - k->y) * n->tail_cols + x - k->t0) * n->pixel_bytes;
    else
        bytes = n->h * row;
    return at >= 0 && at + n->pixel_bytes <= bytes ? at : -1;
}

/* The complete row y leaves the tail. */
static void empty(const struct tiles *t, const struct th_tile_node *n, struct kept *k)
{
    const int64_t row = n->w * n->pixel_bytes, from = most(n->w - n->tail_cols, 0);
    if (n->slots > 0)
        memmove(k->at + row_of(t, n, k->y) % n->slots * row + from * n->pixel_bytes,
                k->at + n->slots * row,
                (size_t)((n->w - from) * n->pixel_bytes));
    k->y++;
    k->x = 0;
}

/* Room for columns up to x1 behind those made. */
static void slide_line(const struct tiles *t, const struct th_tile_node *n, struct kept *k,
                       int64_t x1)
{
    const int64_t row = n->w * n->pixel_bytes, from = most(k->x - n->tail_cols, 0);
    const int64_t to = most(x1 - n->tail_cols, 0), end = to < k->x ? to : k->x;
    const int64_t leave = (end - from) * n->pixel_bytes;
    unsigned char *tail = k->at + n->slots * row;
    if (leave <= 0)
        return;
    if (n->slots > 0)
        memcpy(k->at + row_of(t, n, k->y) % n->slots * row + from * n->pixel_bytes, tail,
               (size_t)leave);
    memmove(tail, tail + leave, (size_t)(most(k->x - to, 0) * n->pixel_bytes));
}

static void slide_strip(const struct th_tile_node *n, struct kept *k, const struct th_tile_run *run)
{
    const int64_t first = most(run->x1 - n->tail_cols, k->t0), gone = first - k->t0;
    const int64_t row = n->tail_cols * n->pixel_bytes;
    for (int64_t r = 0; r < run->y1 - run->y0 && gone > 0 && gone < n->tail_cols; r++)
        memmove(k->at + r * row, k->at + r * row + gone * n->pixel_bytes,
                (size_t)(row - gone * n->pixel_bytes));
    k->t0 = first;
}

/* Before a piece is written. */
static void make_room(const struct tiles *k, const struct th_tile_run *run)
{
    const struct th_tile_node *n = &k->t.nodes[run->node];
    struct kept *m = &k->kept[run->node];
    const bool tiles = k->t.mode == TH_TILE_STRIPS && k->t.stages[n->stage].cols;
    if (n->store == TH_TILE_LINE && n->tail_cols) {
        if (m->x == n->w && run->x0 == 0)
            empty(k, n, m);
        slide_line(k, n, m, run->x1);
        m->x = run->x1;
    } else if (n->store == TH_TILE_LINE) {
        m->y = run->y0;
        m->x = run->x1;
    } else if (n->store == TH_TILE_STRIP) {
        m->y = row_of(k, n, k->t.up ? run->y1 - 1 : run->strip_row);
        if (tiles || run->x0 == 0)
            m->t0 = run->x0;
        if (!tiles)
            slide_strip(n, m, run);
    }
}

/* ---- one piece ------------------------------------------------------------------------------- */
static void expect(struct tiles *k, uint32_t node, uint32_t port, const int64_t at[4])
{
    const struct th_tile_node *n = &k->t.nodes[node];
    const struct th_tile_operand *o = &n->in[port];
    const struct th_tile_node *m = o->maker >= 0 ? &k->t.nodes[o->maker] : NULL;
    const int64_t all = th_type_size(th_value_type(k->t.body, o->value));
    const int64_t pixel = m ? m->pixel_bytes : all / most(o->h * o->w, 1);
    for (int64_t y = at[0]; y < at[1]; y++)
        for (int64_t x = at[2]; x < at[3]; x++) {
            const unsigned char *base = m ? k->kept[o->maker].at : k->outside[o->value];
            const int64_t p = m ? pixel_at(k, m, &k->kept[o->maker], y, x)
                                : (th_tile_row(&k->t, o->h, y) * o->w + x) * pixel;
            if (!base || p < 0 ||
                memcmp(base + p, true_pixel(k, o->value, o->w, pixel,
                                            th_tile_row(&k->t, o->h, y), x), (size_t)pixel)) {
                th_planned_wrong(k->r, k->t.body, n->node, "pixel (%lld, %lld) of operand %u is "
                                 "wanted here, but its bytes were given away", (long long)y,
                                 (long long)x, port);
                return;
            }
        }
}

static void expect_operands(struct tiles *k, const struct th_tile_run *run, bool outside_only)
{
    const struct th_tile_node *n = &k->t.nodes[run->node];
    int64_t at[4];
    for (uint32_t p = 0; p < n->n_in; p++)
        if (k->outside[n->in[p].value] || (n->in[p].maker >= 0 && !outside_only))
            if (wants(&n->in[p], run, at))
                expect(k, run->node, p, at);
}

static void put(struct tiles *k, const struct th_tile_node *n, int64_t y, int64_t x)
{
    const struct kept *m = &k->kept[n - k->t.nodes];
    const int64_t p = pixel_at(k, n, m, y, x);
    if (!m->at || p < 0)
        th_planned_wrong(k->r, k->t.body, n->node, "pixel (%lld, %lld) of the result has no place",
                         (long long)y, (long long)x);
    else
        memcpy(m->at + p, true_pixel(k, n->out, n->w, n->pixel_bytes, row_of(k, n, y), x),
               (size_t)n->pixel_bytes);
}

/* Row of the walk in which the kernel makes pixel p of a piece: it goes down in the map. */
static int64_t piece_row(const struct tiles *k, const struct th_tile_run *run, int64_t p)
{
    const int64_t y = p / (run->x1 - run->x0);
    return k->t.up ? run->y1 - 1 - y : run->y0 + y;
}

/* Pixel by pixel, as far ahead of the last read as the kernel may write. */
static void write_piece(struct tiles *k, const struct th_tile_run *run)
{
    const struct th_tile_node *n = &k->t.nodes[run->node];
    const struct th_kernel *row = th_node_note_const(k->t.body, n->node)->row;
    const int64_t w = run->x1 - run->x0, pixels = w * (run->y1 - run->y0);
    int64_t ahead = pixels, done = 0;
    if (row && row->order == TH_ORDER_ROWS && row->group)
        ahead = row->group < 0 ? -(int64_t)row->group : 0;
    else if (row && row->order == TH_ORDER_ELEMENT)
        ahead = 0;
    for (int64_t p = 0; p < pixels; p++) {
        const int64_t y = piece_row(k, run, p), x = run->x0 + p % w;
        const struct th_tile_run one = {run->node, y, y + 1, x, x + 1, run->strip_row};
        for (; done < p + ahead && done < pixels; done++)
            put(k, n, piece_row(k, run, done), run->x0 + done % w);
        expect_operands(k, &one, n->store == TH_TILE_WHOLE);
        if (ahead == 0)
            put(k, n, y, x);
    }
}

static enum th_status piece(void *user, const struct th_tile_run *run)
{
    struct tiles *k = user;
    const struct th_tile_node *n = &k->t.nodes[run->node];
    int64_t at[4];
    for (uint32_t p = 0; p < n->n_in; p++) {
        const struct th_tile_node *m = n->in[p].maker >= 0 ? &k->t.nodes[n->in[p].maker] : NULL;
        struct kept *line = m ? &k->kept[n->in[p].maker] : NULL;
        if (m && m->store == TH_TILE_LINE && m->tail_cols && line->x == m->w && line->at &&
            wants(&n->in[p], run, at) && at[1] - 1 == line->y && at[2] < m->w - m->tail_cols)
            empty(k, m, line);
    }
    make_room(k, run);
    th_planned_junk(k->r, k->t.body, n->node);
    expect_operands(k, run, false);
    if (k->own_bytes && memcmp(k->own, k->own_was, k->own_bytes))
        th_planned_wrong(k->r, k->t.body, n->node, "what the loop itself keeps was overwritten");
    if (n->form != TH_TILE_REDUCE)
        write_piece(k, run);
    else if (run->y1 == n->h && run->x1 == n->w && k->kept[run->node].at)
        memcpy(k->kept[run->node].at, k->values[n->out]->data,
               th_planned_bytes(k->t.body, n->out));
    return k->r->failed ? TH_ERR_DIFFER : TH_OK;
}

/* ---- the loop -------------------------------------------------------------------------------- */
static enum th_status compute(struct tiles *k, struct th_graph *g, th_node loop,
                              struct th_arena *a)
{
    struct th_graph *body = k->t.body;
    for (uint32_t i = 0; i < th_graph_input_count(body); i++) {
        const th_value v = th_graph_input(body, i);
        const unsigned char *now = (int32_t)i == k->t.feed
                                       ? k->r->pushed
                                       : th_planned_read(k->r, g, loop, th_node_input(g, loop, i));
        if (!(k->values[v] = th_tensor_new(a, th_value_type(body, v))))
            return TH_ERR_INTERNAL;
        k->outside[v] = now;
        if (now)
            memcpy(k->values[v]->data, now, th_planned_bytes(body, v));
    }
    for (uint32_t i = 0; i < k->t.n_nodes; i++) {
        const th_node n = k->t.nodes[i].node;
        const uint32_t n_in = th_node_input_count(body, n);
        const struct th_tensor **in = TH_NEW_ARRAY(a, const struct th_tensor *, n_in + 1u);
        if (!in)
            return TH_ERR_INTERNAL;
        for (uint32_t p = 0; p < n_in; p++) {
            const th_value v = th_node_input(body, n, p);
            in[p] = v && th_value_is_const(body, v) ? th_value_const(body, v) : k->values[v];
        }
        TH_TRY(th_planned_eval(body, n, a, in, &k->values[k->t.nodes[i].out]));
    }
    return TH_OK;
}

static enum th_status open_tiles(struct tiles *k, struct th_graph *g, th_node loop,
                                 struct th_arena *a)
{
    const struct th_kernel_note *note = th_node_note_const(g, loop);
    TH_TRY(th_tile_read(g, loop, a, &k->t));
    const size_t values = (size_t)th_graph_value_limit(k->t.body) + 1;
    k->values = TH_NEW_ARRAY(a, struct th_tensor *, values);
    k->outside = TH_NEW_ARRAY(a, const unsigned char *, values);
    k->kept = TH_NEW_ARRAY(a, struct kept, (size_t)k->t.n_nodes + 1);
    k->own_was = th_arena_calloc(a, (size_t)note->scratch_bytes + 1, 1);
    if (!k->values || !k->outside || !k->kept || !k->own_was)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < k->t.n_nodes; i++) {
        const struct th_tile_node *n = &k->t.nodes[i];
        const bool part = n->store != TH_TILE_WHOLE && n->store != TH_TILE_ACCUMULATOR;
        const int64_t bytes = part ? n->bytes : (int64_t)th_planned_bytes(k->t.body, n->out);
        k->kept[i].at = th_planned_at(k->r, k->t.body, n->node, th_value_place(k->t.body, n->out),
                                      bytes);
    }
    k->own_bytes = (size_t)note->scratch_bytes;
    if (k->own_bytes)
        k->own = th_planned_at(k->r, g, loop, note->scratch, note->scratch_bytes);
    if (!k->own)
        k->own_bytes = 0;
    return TH_OK;
}

enum th_status th_planned_tiles(struct th_planned *r, struct th_graph *g, th_node n)
{
    struct th_arena *a = th_arena_new(0);
    struct tiles k = {.r = r};
    enum th_status s = a ? open_tiles(&k, g, n, a) : TH_ERR_INTERNAL;
    if (s == TH_OK)
        s = compute(&k, g, n, a);
    for (size_t i = 0; s == TH_OK && i < k.own_bytes; i++)
        k.own[i] = k.own_was[i] = (unsigned char)(0x31 + 7 * i);
    if (s == TH_OK)
        s = th_tile_replay(&k.t, a, piece, &k);
    for (uint32_t i = 0; s == TH_OK && i < th_graph_output_count(k.t.body); i++) {
        const th_value v = th_graph_output(k.t.body, i), o = th_node_output(g, n, i);
        const unsigned char *now = th_planned_read(r, g, n, o);
        if (now && memcmp(now, k.values[v]->data, th_planned_bytes(g, o)))
            th_planned_wrong(r, g, n, "result %u is not whole when the loop ends", i);
    }
    th_arena_free(a);
    return s == TH_ERR_DIFFER ? TH_OK : s;
}
