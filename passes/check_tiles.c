/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of a tile loop in their order, asked of the operators' windows. */
#include "passes/check_tiles.h"

#include <string.h>

#define MAX_ALIASES 32

struct operand {
    uint32_t port;
    struct th_kept_value *value;
    bool whole;
};
struct node {
    th_node id;
    struct th_inst *c;
    const struct th_kernel_note *note;
    struct th_kept_value *out;
    bool sums;                   /* takes operand 0 in pieces */
    int64_t h, w, run;           /* raster it runs over */
    int64_t y, x;                /* stream: next pixel; strips: next column */
    int64_t lo, hi;              /* strips: rows of the strip */
    int64_t tile_lo, tile_hi;    /* columns of the tile */
    struct operand *in;
    uint32_t n_in, stage;
};
struct stage {
    uint32_t first, last;
    int64_t rows, cols, less;    /* less: of the first strip */
    int64_t done;                /* strips made */
};
struct tiles {
    struct th_tiles_check *k;
    const struct th_graph *g;    /* the body */
    const struct th_attrs *attrs;
    bool strips, up;
    struct node *nodes;
    uint32_t n;
    struct stage *stages;
    uint32_t n_stages;
    struct th_kept_value *values;    /* by value id */
    struct th_tile_bytes *bytes;
};

/* ---- messages -------------------------------------------------------------------------------- */
static bool wrong(struct tiles *t, const struct node *n, const char *fmt, ...) TH_PRINTF(3, 4);
static bool wrong(struct tiles *t, const struct node *n, const char *fmt, ...)
{
    struct th_str s;
    va_list ap;
    th_str_init(&s);
    va_start(ap, fmt);
    th_str_vaddf(&s, fmt, ap);
    va_end(ap);
    if (!t->k->failed)
        t->k->problem(t->k->user, n ? t->g : t->k->owner, n ? n->id : t->k->loop, s.s);
    t->k->failed = true;
    th_str_release(&s);
    return false;
}

static bool exhausted(struct tiles *t)
{
    return wrong(t, NULL, "memory is exhausted");
}

/* ---- reading --------------------------------------------------------------------------------- */
static bool map_of(const struct th_type *t, int64_t *h, int64_t *w, int64_t *pixel)
{
    const int64_t bytes = (int64_t)th_dtype_bits(t->dtype) / 8;
    *h = t->rank == 4 ? t->dims[1] : 1;
    *w = t->rank == 4 ? t->dims[2] : t->rank == 3 ? t->dims[1] : 1;
    *pixel = t->rank ? t->dims[t->rank - 1] * bytes : bytes;
    if (t->rank >= 2 && t->dims[0] != 1)
        return false;
    return t->rank <= 4 && bytes >= 1 && *h > 0 && *w > 0 && *pixel > 0;
}

static int64_t entry(const struct tiles *t, const char *name, uint32_t i)
{
    return th_attr_ints(t->attrs, name, i, -1);
}

static bool value_of(struct tiles *t, const struct node *n, th_value v, int32_t maker)
{
    struct th_kept_value *x = &t->values[v];
    *x = (struct th_kept_value){.value = v, .maker = maker, .how = TH_KEPT_WHOLE, .up = t->up,
                                .place = th_value_place(t->g, v)};
    if (!map_of(th_value_type(t->g, v), &x->h, &x->w, &x->pixel))
        return wrong(t, n, "value %u is no map of pixels", v);
    x->bytes = th_type_size(th_value_type(t->g, v));
    return true;
}

/* What is kept of node i's result. */
static bool read_kept(struct tiles *t, uint32_t i)
{
    const struct node *n = &t->nodes[i];
    struct th_kept_value *v = n->out;
    const bool last = i == t->stages[n->stage].last;
    if (n->sums || th_value_is_output(t->g, v->value)) {
        v->how = n->sums ? TH_KEPT_SUM : TH_KEPT_WHOLE;
        return true;
    }
    v->how = !t->strips ? TH_KEPT_LINE : last ? TH_KEPT_RING : TH_KEPT_STRIP;
    v->slots = entry(t, "slots", i);
    v->rows = entry(t, "tail_rows", i);
    v->cols = entry(t, "tail_cols", i);
    if (v->slots < 0 || v->slots > v->h || v->rows < 0 || v->rows > v->h || v->cols < 0 ||
        v->cols > v->w)
        return wrong(t, n, "%lld rows and %lld x %lld pixels cannot be kept of %lld x %lld",
                     (long long)v->slots, (long long)v->rows, (long long)v->cols, (long long)v->h,
                     (long long)v->w);
    if (v->how == TH_KEPT_STRIP)
        v->bytes = v->rows * v->cols * v->pixel;
    else
        v->bytes = (v->slots * v->w + (v->how == TH_KEPT_LINE ? v->cols : 0)) * v->pixel;
    if (v->how == TH_KEPT_LINE && (v->cols ? v->cols < n->run : n->run != v->w || !v->slots))
        return wrong(t, n, "%lld columns do not hold a run of %lld", (long long)v->cols,
                     (long long)n->run);
    return true;
}

static bool read_operand(struct tiles *t, struct node *n, uint32_t port, int32_t index)
{
    const th_value v = th_node_input(t->g, n->id, port);
    if (!v || th_value_is_const(t->g, v))
        return true;
    struct operand *o = &n->in[n->n_in++];
    *o = (struct operand){port, &t->values[v], n->sums && port > 0};
    if (!o->value->value)
        return wrong(t, n, "operand %u comes from nowhere", port);
    if (!n->sums && (n->c->op->window == NULL ||
                     (o->value->h == 1 && o->value->w == 1 && (n->h > 1 || n->w > 1))))
        o->whole = true;
    if (o->value->maker < 0)
        return true;
    const struct node *m = &t->nodes[o->value->maker];
    if (o->whole || m->sums || o->value->maker >= index)
        return wrong(t, n, "operand %u is not made before it is wanted", port);
    if (t->strips && m->stage != n->stage && m->out->how != TH_KEPT_RING &&
        m->out->how != TH_KEPT_WHOLE)
        return wrong(t, n, "operand %u lies inside another stage", port);
    return true;
}

static bool read_node(struct tiles *t, uint32_t i, th_node id)
{
    struct node *n = &t->nodes[i];
    struct th_type sum;
    *n = (struct node){.id = id, .c = th_node_inst(t->g, id, t->k->arena),
                       .note = th_node_note_const(t->g, id),
                       .stage = (uint32_t)entry(t, "stage", i), .run = entry(t, "run", i)};
    if (!n->c)
        return exhausted(t);
    n->in = TH_NEW_ARRAY(t->k->arena, struct operand, (size_t)n->c->n_in + 1);
    if (!n->in)
        return exhausted(t);
    if (n->c->n_out != 1 || !value_of(t, n, th_node_output(t->g, id, 0), (int32_t)i))
        return wrong(t, n, "the node has no single result");
    n->out = &t->values[th_node_output(t->g, id, 0)];
    n->h = n->out->h;
    n->w = n->out->w;
    int64_t pixel;
    if (n->c->op->reduce && n->c->in[0] && n->h * n->w == 1 &&
        map_of(n->c->in[0], &n->h, &n->w, &pixel)) {
        n->sums = n->h * n->w > 1 && n->c->op->reduce(n->c, &sum);
        if (!n->sums)
            n->h = n->w = 1;
    }
    if (n->run < 1 || n->run > n->w || n->stage >= t->n_stages || (n->sums && i + 1 != t->n))
        return wrong(t, n, "its place in the tile loop is not possible");
    if (t->stages[n->stage].first > i)
        t->stages[n->stage].first = i;
    t->stages[n->stage].last = i;
    return true;
}

static bool read_stages(struct tiles *t)
{
    t->n_stages = th_attr_len(t->attrs, "strip_rows");
    t->stages = TH_NEW_ARRAY(t->k->arena, struct stage, (size_t)t->n_stages + 1);
    if (!t->stages)
        return exhausted(t);
    for (uint32_t s = 0; s < t->n_stages; s++)
        t->stages[s] = (struct stage){UINT32_MAX, 0, entry(t, "strip_rows", s),
                                      entry(t, "strip_cols", s),
                                      th_attr_ints(t->attrs, "strip_less", s, 0), 0};
    return true;
}

static bool read_tiles(struct tiles *t)
{
    const int64_t feed = th_attr_int(t->attrs, "feed", -1);
    uint32_t i = 0;
    t->strips = th_attr_int(t->attrs, "mode", 0) == 1;
    t->up = th_attr_int(t->attrs, "walk", 0) == 1;
    if (t->up && feed >= 0)
        return wrong(t, NULL, "rows are pushed from the first to the last");
    t->n = th_graph_node_count(t->g);
    t->nodes = TH_NEW_ARRAY(t->k->arena, struct node, (size_t)t->n + 1);
    t->values = TH_NEW_ARRAY(t->k->arena, struct th_kept_value,
                             (size_t)th_graph_value_limit(t->g) + 1);
    if (!t->nodes || !t->values)
        return exhausted(t);
    for (uint32_t p = 0; p < th_graph_input_count(t->g); p++)
        if (!value_of(t, NULL, th_graph_input(t->g, p), -1))
            return false;
    if (feed >= 0)
        t->values[th_graph_input(t->g, (uint32_t)feed)].bytes = 0;
    if (!read_stages(t))
        return false;
    for (th_node id = th_graph_first(t->g); id; id = th_graph_next(t->g, id))
        if (!read_node(t, i++, id))
            return false;
    for (uint32_t s = 0; s < t->n_stages; s++)
        if (t->stages[s].first == UINT32_MAX ||
            (t->strips && (t->stages[s].rows < 1 || t->stages[s].less < 0 ||
                           t->stages[s].less >= t->stages[s].rows)))
            return wrong(t, NULL, "stage %u makes nothing", s);
    for (i = 0; i < t->n; i++) {
        if (!read_kept(t, i))
            return false;
        for (uint32_t p = 0; p < t->nodes[i].c->n_in; p++)
            if (!read_operand(t, &t->nodes[i], p, (int32_t)i))
                return false;
    }
    return t->n > 0 || wrong(t, NULL, "the tile loop is empty");
}

/* ---- places ---------------------------------------------------------------------------------- */
static bool same(struct th_place a, struct th_place b)
{
    return a.region == b.region && a.offset == b.offset;
}

static bool check_place(struct tiles *t, const struct th_kept_value *v)
{
    const struct node *n = v->maker < 0 ? NULL : &t->nodes[v->maker];
    int64_t slack = 0;
    for (uint32_t u = 0; u < th_value_user_count(t->g, v->value); u++) {
        const struct th_kernel *row =
            th_node_note_const(t->g, th_value_user(t->g, v->value, u))->row;
        slack = row && row->over_read > slack ? row->over_read : slack;
    }
    if (!th_tile_bytes_inside(t->bytes, v->place, v->bytes + slack))
        return wrong(t, n, "value %u: %lld bytes at %lld do not lie inside region %d", v->value,
                     (long long)(v->bytes + slack), (long long)v->place.offset, v->place.region);
    if (t->k->plan->regions[v->place.region].role == TH_ROLE_ARENA && t->k->align > 1 &&
        v->place.offset % t->k->align)
        return wrong(t, n, "value %u lies at offset %lld, which is not aligned to %u", v->value,
                     (long long)v->place.offset, t->k->align);
    return true;
}

static bool check_places(struct tiles *t)
{
    const struct th_graph *owner = t->k->owner;
    const struct th_kernel_note *loop = th_node_note_const(owner, t->k->loop);
    for (th_value v = 1; v < th_graph_value_limit(t->g); v++)
        if (t->values[v].value && !check_place(t, &t->values[v]))
            return false;
    for (uint32_t i = 0; i < th_graph_input_count(t->g); i++) {
        const th_value v = th_node_input(owner, t->k->loop, i);
        if (!v || th_value_is_const(owner, v) ||
            !same(th_value_place(owner, v), th_value_place(t->g, th_graph_input(t->g, i))))
            return wrong(t, NULL, "operand %u is not read where it lies", i);
    }
    for (uint32_t i = 0; i < th_graph_output_count(t->g); i++) {
        const struct th_kept_value *v = &t->values[th_graph_output(t->g, i)];
        if (!v->value || v->maker < 0 ||
            !same(v->place, th_value_place(owner, th_node_output(owner, t->k->loop, i))))
            return wrong(t, NULL, "result %u is not made where it lies", i);
    }
    if (loop->scratch_bytes > 0) {
        if (!th_tile_bytes_inside(t->bytes, loop->scratch, loop->scratch_bytes) ||
            (loop->scratch_align > 1 && loop->scratch.offset % loop->scratch_align))
            return wrong(t, NULL, "what the loop itself keeps does not lie inside its region");
        th_tile_bytes_reserve(t->bytes, loop->scratch, loop->scratch_bytes);
    }
    return true;
}

/* ---- one piece ------------------------------------------------------------------------------- */
static void full_box(const struct th_type *y, struct th_box *b)
{
    memset(b, 0, sizeof *b);
    for (int32_t a = 0; a < y->rank; a++)
        b->hi[a] = y->dims[a];
}

/* Part of operand o that rows and columns `at` of the node's raster want; false: nothing. */
static bool wanted(const struct node *n, const struct operand *o, struct th_tile_range at,
                   struct th_tile_range *want)
{
    const struct th_type *y = &n->c->out[0], *x = n->c->in[o->port];
    struct th_window w;
    struct th_box box;
    *want = (struct th_tile_range){0, o->value->h, 0, o->value->w};
    if (n->sums && !o->whole)
        *want = at;
    if (n->sums || o->whole)
        return true;
    full_box(y, &box);
    if (y->rank == 4) {
        box.lo[1] = n->out->up ? y->dims[1] - at.y1 : at.y0;
        box.hi[1] = n->out->up ? y->dims[1] - at.y0 : at.y1;
    }
    if (y->rank >= 3) {
        box.lo[y->rank - 2] = at.x0;
        box.hi[y->rank - 2] = at.x1;
    }
    memset(&w, 0, sizeof w);
    if (!n->c->op->window(n->c, &box, o->port, &w))
        return true;
    if (x->rank == 4) {
        want->y0 = n->out->up ? x->dims[1] - w.box.hi[1] : w.box.lo[1];
        want->y1 = n->out->up ? x->dims[1] - w.box.lo[1] : w.box.hi[1];
    }
    if (x->rank >= 3) {
        want->x0 = w.box.lo[x->rank - 2];
        want->x1 = w.box.hi[x->rank - 2];
    }
    return want->y0 < want->y1 && want->x0 < want->x1;
}

/* Bytes [lo, hi) that a range of a value spans. */
static void span_of(const struct th_kept_value *v, struct th_tile_range at, int64_t *lo,
                    int64_t *hi)
{
    if (v->how != TH_KEPT_WHOLE) {       /* rows do not follow each other: all of it */
        *lo = v->place.offset;
        *hi = *lo + v->bytes;
        return;
    }
    *lo = th_tile_pixel_at(v, v->up ? at.y1 - 1 : at.y0, at.x0);
    *hi = th_tile_pixel_at(v, v->up ? at.y0 : at.y1 - 1, at.x1 - 1) + v->pixel;
}

static bool by_element(const struct node *n, uint32_t port)
{
    struct th_alias list[MAX_ALIASES];
    const uint32_t found = n->c->op->alias ? n->c->op->alias(n->c, list, MAX_ALIASES) : 0;
    for (uint32_t i = 0; i < found && i < MAX_ALIASES; i++)
        if (list[i].in == port && list[i].out == 0)
            return th_dtype_bits(n->c->in[port]->dtype) == th_dtype_bits(n->c->out[0].dtype) &&
                   th_type_same_shape(n->c->in[port], &n->c->out[0]);
    return false;
}

/* Row in which a kernel makes pixel p of a piece w columns wide: down in the map. */
static int64_t row_of(const struct node *n, struct th_tile_range at, int64_t w, int64_t p)
{
    return n->out->up ? at.y1 - 1 - p / w : at.y0 + p / w;
}

/* The result is written into bytes that the same call still reads: pixel by pixel. */
static bool overlap_allowed(const struct node *n, const struct operand *o, struct th_tile_range at)
{
    const struct th_kernel *row = n->note->row;
    const int64_t w = at.x1 - at.x0, pixels = w * (at.y1 - at.y0);
    const bool element = row && row->order == TH_ORDER_ELEMENT && by_element(n, o->port);
    if (!element && !(row && row->order == TH_ORDER_ROWS && row->group != 0))
        return false;
    if (n->out->how != TH_KEPT_WHOLE || o->value->how != TH_KEPT_WHOLE || o->whole)
        return false;
    for (int64_t p = 0; p < pixels; p++) {
        const int64_t y = row_of(n, at, w, p);
        const struct th_tile_range one = {y, y + 1, at.x0 + p % w, at.x0 + p % w + 1};
        struct th_tile_range want;
        int64_t before = !element && row->group < 0 ? p - row->group : p;   /* pixels written */
        if (!wanted(n, o, one, &want))
            continue;
        const int64_t read = th_tile_pixel_at(o->value, o->value->up ? want.y1 - 1 : want.y0,
                                              want.x0);
        before = before < pixels ? before : pixels;
        if (before < 1)
            continue;
        if (read < th_tile_pixel_at(n->out, row_of(n, at, w, before - 1),
                                    at.x0 + (before - 1) % w) + n->out->pixel)
            return false;
    }
    /* elements of one pixel: the operand's must not lie before the result's */
    return !element || o->value->place.offset >= n->out->place.offset;
}

static bool meets(struct th_place a, int64_t a_bytes, int32_t region, int64_t lo, int64_t hi)
{
    return a.region == region && a.offset < hi && lo < a.offset + a_bytes;
}

static bool check_overlap(struct tiles *t, const struct node *n, const struct operand *o,
                          struct th_tile_range want, struct th_tile_range at)
{
    const struct th_kernel_note *note = n->note;
    int64_t lo, hi, out_lo, out_hi;
    span_of(o->value, want, &lo, &hi);
    if (note->scratch_bytes > 0 &&
        meets(note->scratch, note->scratch_bytes, o->value->place.region, lo, hi))
        return wrong(t, n, "scratch at %lld overlaps operand %u", (long long)note->scratch.offset,
                     o->port);
    if (n->sums)
        return true;
    span_of(n->out, at, &out_lo, &out_hi);
    if (n->out->place.region == o->value->place.region && lo < out_hi && out_lo < hi &&
        !overlap_allowed(n, o, at))
        return wrong(t, n, "result at %lld overlaps operand %u at %lld while it is read",
                     (long long)out_lo, o->port, (long long)lo);
    return true;
}

static bool check_scratch(struct tiles *t, const struct node *n)
{
    const struct th_kernel_note *note = n->note;
    if (note->scratch_bytes <= 0)
        return true;
    if (!th_tile_bytes_inside(t->bytes, note->scratch, note->scratch_bytes) ||
        (note->scratch_align > 1 && note->scratch.offset % note->scratch_align))
        return wrong(t, n, "scratch does not lie inside its region");
    if (meets(note->scratch, note->scratch_bytes, n->out->place.region, n->out->place.offset,
              n->out->place.offset + n->out->bytes))
        return wrong(t, n, "scratch at %lld overlaps the result",
                     (long long)note->scratch.offset);
    const char *why = th_tile_bytes_junk(t->bytes, note->scratch, note->scratch_bytes);
    return why ? wrong(t, n, "scratch: %s", why) : true;
}

/* Kernels that ask for alignment get it for each piece. */
static bool check_align(struct tiles *t, const struct node *n, const struct th_kept_value *v,
                        struct th_tile_range at, int32_t align)
{
    const int64_t a = align > 1 && (align & (align - 1)) == 0 ? align : 1;
    const int64_t first = th_tile_pixel_at(v, v->up ? at.y1 - 1 : at.y0, at.x0);
    if (a > 1 && first % a)
        return wrong(t, n, "a piece of value %u lies at %lld, which is not aligned to %lld",
                     v->value, (long long)first, (long long)a);
    return true;
}

/* A complete row leaves the tail when columns in front of it are wanted. */
static bool make_readable(struct tiles *t, const struct node *n, struct th_kept_value *v,
                          struct th_tile_range want)
{
    if (v->how != TH_KEPT_LINE || v->cols == 0 || v->x != v->w || want.y1 - 1 != v->y ||
        want.x0 >= v->w - v->cols)
        return true;
    const char *why = th_tile_bytes_empty(t->bytes, v);
    return why ? wrong(t, n, "%s", why) : true;
}

static bool make_piece(struct tiles *t, uint32_t i, struct th_tile_range at)
{
    struct node *n = &t->nodes[i];
    const bool end = at.y1 == n->h && at.x1 == n->w;
    const char *why;
    struct th_tile_range want;
    for (uint32_t p = 0; p < n->n_in; p++)
        if (wanted(n, &n->in[p], at, &want) && !make_readable(t, n, n->in[p].value, want))
            return false;
    if (!check_scratch(t, n))
        return false;
    for (uint32_t p = 0; p < n->n_in; p++) {
        if (!wanted(n, &n->in[p], at, &want))
            continue;
        if (n->in[p].value->bytes == 0)      /* pushed */
            continue;
        const struct th_piece_read read = {n->in[p].value, n->in[p].port, want};
        if ((why = th_tile_bytes_read(t->bytes, &read)) != NULL)
            return wrong(t, n, "operand %u: %s", n->in[p].port, why);
        if (!check_overlap(t, n, &n->in[p], want, at) ||
            !check_align(t, n, n->in[p].value, want, n->note->row ? n->note->row->align_in : 1))
            return false;
    }
    if (n->sums && !end)
        return true;
    why = th_tile_bytes_write(t->bytes, n->out, n->sums ? (struct th_tile_range){0, 1, 0, 1} : at);
    if (why)
        return wrong(t, n, "result: %s", why);
    return n->sums || check_align(t, n, n->out, at, n->note->row ? n->note->row->align_out : 1);
}

/* ---- stream ---------------------------------------------------------------------------------- */
static bool pull(struct tiles *t, uint32_t i, int64_t y, int64_t x)
{
    struct node *n = &t->nodes[i];
    while (n->y < y || (n->y == y && n->x <= x)) {
        const int64_t end = n->x + n->run < n->w ? n->x + n->run : n->w;
        const struct th_tile_range at = {n->y, n->y + 1, n->x, end};
        struct th_tile_range want;
        for (uint32_t p = 0; p < n->n_in; p++)
            if (n->in[p].value->maker >= 0 && wanted(n, &n->in[p], at, &want) &&
                !pull(t, (uint32_t)n->in[p].value->maker, want.y1 - 1, want.x1 - 1))
                return false;
        if (!make_piece(t, i, at))
            return false;
        n->x = end < n->w ? end : 0;
        n->y += end == n->w;
    }
    return true;
}

static bool run_stream(struct tiles *t)
{
    for (uint32_t i = t->n; i-- > 0;)
        if ((i + 1 == t->n || t->nodes[i].out->how == TH_KEPT_WHOLE) &&
            !pull(t, i, t->nodes[i].h - 1, t->nodes[i].w - 1))
            return false;
    return true;
}

/* ---- strips ---------------------------------------------------------------------------------- */
static bool same_stage(const struct tiles *t, const struct node *n, const struct operand *o)
{
    return o->value->maker >= 0 && t->nodes[o->value->maker].stage == n->stage;
}

/* Where the next strip of a stage begins, before the last row. */
static int64_t begins(const struct stage *s)
{
    return s->done ? s->done * s->rows - s->less : 0;
}

/* Rows of the strip of all nodes of a stage, from its last one back. */
static void strip_rows(struct tiles *t, const struct stage *s)
{
    for (uint32_t i = s->first; i < s->last; i++) {
        t->nodes[i].lo = INT64_MAX;
        t->nodes[i].hi = 0;
    }
    struct node *last = &t->nodes[s->last];
    const int64_t rows = s->done ? s->rows : s->rows - s->less;
    last->lo = begins(s);
    last->hi = last->lo + rows < last->h ? last->lo + rows : last->h;
    for (uint32_t i = s->last + 1; i-- > s->first;) {
        struct node *n = &t->nodes[i];
        for (uint32_t p = 0; p < n->n_in && n->lo < n->hi; p++) {
            struct th_tile_range want;
            if (!same_stage(t, n, &n->in[p]) ||
                !wanted(n, &n->in[p], (struct th_tile_range){n->lo, n->hi, 0, n->w}, &want))
                continue;
            struct node *m = &t->nodes[n->in[p].value->maker];
            m->lo = want.y0 < m->lo ? want.y0 : m->lo;
            m->hi = want.y1 > m->hi ? want.y1 : m->hi;
        }
    }
}

/* Room in the box of a strip for columns up to x1. */
static bool make_room(struct tiles *t, struct node *n, int64_t x1)
{
    struct th_kept_value *v = n->out;
    if (v->how != TH_KEPT_STRIP || x1 - v->t0 <= v->cols)
        return true;
    const char *why = th_tile_bytes_slide(t->bytes, v, x1 - v->cols);
    return why ? wrong(t, n, "%s", why) : true;
}

static bool slide(struct tiles *t, uint32_t i, int64_t x)
{
    struct node *n = &t->nodes[i];
    while (n->x <= x) {
        const int64_t end = n->x + n->run < n->w ? n->x + n->run : n->w;
        const struct th_tile_range at = {n->lo, n->hi, n->x, end};
        struct th_tile_range want;
        for (uint32_t p = 0; p < n->n_in && at.y0 < at.y1; p++)
            if (same_stage(t, n, &n->in[p]) && wanted(n, &n->in[p], at, &want) &&
                !slide(t, (uint32_t)n->in[p].value->maker, want.x1 - 1))
                return false;
        if (at.y0 < at.y1 && (!make_room(t, n, end) || !make_piece(t, i, at)))
            return false;
        n->x = end;
    }
    return true;
}

static bool make_tile(struct tiles *t, const struct stage *s, int64_t x0, int64_t x1)
{
    for (uint32_t i = s->first; i < s->last; i++) {
        t->nodes[i].tile_lo = INT64_MAX;
        t->nodes[i].tile_hi = 0;
    }
    t->nodes[s->last].tile_lo = x0;
    t->nodes[s->last].tile_hi = x1;
    for (uint32_t i = s->last + 1; i-- > s->first;) {
        struct node *n = &t->nodes[i];
        for (uint32_t p = 0; p < n->n_in && n->tile_lo < n->tile_hi && n->lo < n->hi; p++) {
            const struct th_tile_range at = {n->lo, n->hi, n->tile_lo, n->tile_hi};
            struct th_tile_range want;
            if (!same_stage(t, n, &n->in[p]) || !wanted(n, &n->in[p], at, &want))
                continue;
            struct node *m = &t->nodes[n->in[p].value->maker];
            m->tile_lo = want.x0 < m->tile_lo ? want.x0 : m->tile_lo;
            m->tile_hi = want.x1 > m->tile_hi ? want.x1 : m->tile_hi;
        }
    }
    for (uint32_t i = s->first; i <= s->last; i++) {
        struct node *n = &t->nodes[i];
        if (n->tile_lo >= n->tile_hi || n->lo >= n->hi)
            continue;
        n->out->t0 = n->tile_lo;
        if (!make_piece(t, i, (struct th_tile_range){n->lo, n->hi, n->tile_lo, n->tile_hi}))
            return false;
    }
    return true;
}

static bool make_strip(struct tiles *t, uint32_t stage);

/* Strips of the stages before, until all rows that this one wants are there. */
static bool pull_stages(struct tiles *t, uint32_t stage, const struct node *n)
{
    for (uint32_t p = 0; p < n->n_in && n->lo < n->hi; p++) {
        struct th_tile_range want;
        if (n->in[p].value->maker < 0 || same_stage(t, n, &n->in[p]) ||
            !wanted(n, &n->in[p], (struct th_tile_range){n->lo, n->hi, 0, n->w}, &want))
            continue;
        const struct node *m = &t->nodes[n->in[p].value->maker];
        const struct stage *from = &t->stages[m->stage];
        while (begins(from) < m->h && begins(from) < want.y1)
            if (m->stage >= stage || !make_strip(t, m->stage))
                return false;
    }
    return true;
}

static bool make_strip(struct tiles *t, uint32_t stage)
{
    struct stage *s = &t->stages[stage];
    strip_rows(t, s);
    for (uint32_t i = s->first; i <= s->last; i++)
        if (!pull_stages(t, stage, &t->nodes[i]))
            return false;
    for (uint32_t i = s->first; i <= s->last; i++) {
        t->nodes[i].x = 0;
        if (t->nodes[i].out->how == TH_KEPT_STRIP) {
            t->nodes[i].out->y = t->up ? t->nodes[i].h - t->nodes[i].hi : t->nodes[i].lo;
            t->nodes[i].out->t0 = 0;
        }
    }
    const int64_t w = t->nodes[s->last].w;
    if (s->cols == 0 && !slide(t, s->last, w - 1))
        return false;
    for (int64_t x = 0; s->cols > 0 && x < w; x += s->cols)
        if (!make_tile(t, s, x, x + s->cols < w ? x + s->cols : w))
            return false;
    s->done++;
    return true;
}

static bool run_strips(struct tiles *t)
{
    const uint32_t last = t->n_stages - 1;
    while (begins(&t->stages[last]) < t->nodes[t->n - 1].h)
        if (!make_strip(t, last))
            return false;
    return true;
}

/* ---- the loop -------------------------------------------------------------------------------- */
/* All of every result is there at the end. */
static bool check_results(struct tiles *t)
{
    for (uint32_t i = 0; i < th_graph_output_count(t->g); i++) {
        struct th_kept_value *v = &t->values[th_graph_output(t->g, i)];
        const struct th_piece_read all = {v, 0, {0, v->h, 0, v->w}};
        const char *why = th_tile_bytes_read(t->bytes, &all);
        if (why)
            return wrong(t, &t->nodes[v->maker], "at the end of the loop, result %u: %s", i, why);
    }
    return true;
}

enum th_status th_check_tiles(struct th_tiles_check *k)
{
    struct tiles t = {.k = k, .g = th_node_body(k->owner, k->loop, 0),
                      .attrs = th_node_attrs(k->owner, k->loop)};
    enum th_status s = TH_OK;
    k->failed = false;
    t.bytes = th_tile_bytes_new(k->arena, k->plan);
    if (!t.bytes)
        return TH_ERR_INTERNAL;
    if (read_tiles(&t) && check_places(&t) && (t.strips ? run_strips(&t) : run_stream(&t)) &&
        check_results(&t))
        s = th_tile_bytes_written(t.bytes, k);
    th_tile_bytes_free(t.bytes);
    return s;
}
