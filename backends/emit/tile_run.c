/* SPDX-License-Identifier: Apache-2.0 */
/* The function that computes one piece of a node: room for it, where operands lie, the call. */
#include "backends/emit/tiles.h"

#include <string.h>

struct run {
    struct th_emit_tiles *k;
    struct th_str *s;
    uint32_t i;
    const struct th_tile_node *n;
    bool strips;
};

bool th_emit_tile_has_tail(const struct th_tile_node *n)
{
    return n->store == TH_TILE_LINE && n->tail_cols > 0;
}

/* Literal numbers reach further into kernels than arguments. */
bool th_emit_tile_equal_runs(const struct th_emit_tiles *k, const struct th_tile_node *n)
{
    return k->t.mode == TH_TILE_STREAM && n->w % n->run == 0;
}

bool th_emit_tile_by_rows(const struct th_emit_tiles *k, const struct th_tile_node *n)
{
    return k->t.mode == TH_TILE_STREAM && n->run == n->w && !th_emit_tile_has_tail(n);
}

void th_emit_tile_address(struct th_emit_tiles *k, th_value v)
{
    for (uint32_t i = 0; i < th_graph_output_count(k->t.body); i++)
        if (th_graph_output(k->t.body, i) == v) {
            th_emit_address(k->e, k->s, k->owner, th_node_output(k->owner, k->t.loop, i));
            return;
        }
    th_emit_address(k->e, k->s, k->t.body, v);
}

static int64_t element_bytes(const struct run *r, th_value v)
{
    return (int64_t)(th_dtype_bits(th_value_type(r->k->t.body, v)->dtype) / 8);
}

static int64_t pixel_bytes(const struct run *r, th_value v)
{
    int64_t h, w, bytes = 1;
    th_tile_shape(th_value_type(r->k->t.body, v), &h, &w, &bytes);
    return bytes;
}

static uint32_t span(const struct run *r, uint32_t node)
{
    return node - r->k->t.stages[r->n->stage].first;
}

/* Text for rows of the map: the first one of the strip of a node, and one behind the last. */
static const char *first_row(const struct run *r, uint32_t node)
{
    const struct th_tile_node *n = &r->k->t.nodes[node];
    const char *s = r->k->t.up ? th_arena_printf(r->k->e->arena, "(%lld - s[%u].hi)",
                                                 (long long)n->h, span(r, node))
                               : th_arena_printf(r->k->e->arena, "s[%u].lo", span(r, node));
    r->k->e->failed = r->k->e->failed || !s;
    return s ? s : "0";
}

static const char *row_end(const struct run *r)
{
    const char *s = r->k->t.up ? th_arena_printf(r->k->e->arena, "%lld - m->lo",
                                                 (long long)r->n->h) : "m->hi";
    r->k->e->failed = r->k->e->failed || !s;
    return s ? s : "0";
}

/* The newest row of a line. */
static const char *newest(const struct run *r, uint32_t node)
{
    const char *s = th_arena_printf(r->k->e->arena, "c[%u].y", node);
    return th_emit_tile_row(r->k, r->k->t.nodes[node].h, s ? s : "0");
}

/* ---- the result ------------------------------------------------------------------------------ */
/* `out` is where pixel (y, x) goes; rows that a kernel finds itself (a box) begin at the first. */
static void place_out(const struct run *r, bool box)
{
    const struct th_tile_node *n = r->n;
    const long long pixel = n->pixel_bytes, row = n->w * n->pixel_bytes;
    const bool base = box && n->store != TH_TILE_STRIP && !th_emit_tile_has_tail(n);
    th_str_add(r->s, "    unsigned char *const kept = ");
    th_emit_tile_address(r->k, n->out);
    th_str_add(r->s, ";\n");
    if (base)
        th_str_add(r->s, "    unsigned char *const out = kept;\n");
    else if (th_emit_tile_has_tail(n))
        th_str_addf(r->s, "    unsigned char *const out = kept + %lld + (size_t)(x - "
                          "thk_line_first(x + n, %lld)) * %lld;\n",
                    (long long)n->slots * row, (long long)n->tail_cols, pixel);
}

/* Where a single pixel goes that is not in a tail. */
static void point_out(const struct run *r, const char *indent)
{
    const struct th_tile_node *n = r->n;
    const long long pixel = n->pixel_bytes, row = n->w * n->pixel_bytes;
    if (th_emit_tile_has_tail(n))
        return;
    th_str_addf(r->s, "%sunsigned char *const out = kept", indent);
    if (n->store == TH_TILE_STRIP)
        th_str_addf(r->s, " + (size_t)(y - %s) * %lld + (size_t)(x - m->t0) * %lld",
                    first_row(r, r->i), (long long)n->tail_cols * pixel, pixel);
    else if (n->store == TH_TILE_WHOLE)
        th_str_addf(r->s, " + (size_t)y * %lld + (size_t)x * %lld", row, pixel);
    else if (n->slots > 1)
        th_str_addf(r->s, " + (size_t)(y %% %lld) * %lld + (size_t)x * %lld", (long long)n->slots,
                    row, pixel);
    else
        th_str_addf(r->s, " + (size_t)x * %lld", pixel);
    th_str_add(r->s, ";\n");
}

static void make_room(const struct run *r)
{
    const struct th_tile_node *n = r->n;
    const long long pixel = n->pixel_bytes;
    const bool fresh = n->slots == 0 && n->tail_cols == n->run && n->w % n->run == 0;
    if (th_emit_tile_has_tail(n) && !fresh)
        th_str_addf(r->s, "    thk_line_slide(kept, %lld, %lld, %lld, %lld, y, x, n);\n",
                    (long long)n->w * pixel, (long long)n->slots, pixel, (long long)n->tail_cols);
    if (n->store == TH_TILE_STRIP && !r->k->t.stages[n->stage].cols)
        th_str_addf(r->s, "    if (thk_line_first(x + n, %lld) > m->t0) {\n"
                          "        const int32_t first = thk_line_first(x + n, %lld);\n"
                          "        thk_strip_slide(kept, %lld, %lld, m->hi - m->lo, x - first, "
                          "first - m->t0);\n        m->t0 = first;\n    }\n",
                    (long long)n->tail_cols, (long long)n->tail_cols,
                    (long long)n->tail_cols * pixel, pixel);
}

/* ---- boxes ----------------------------------------------------------------------------------- */
/* The operand that views describe. */
static uint32_t viewed(const struct run *r)
{
    for (uint32_t p = 0; p < r->n->n_in; p++)
        if (!r->n->in[p].whole)
            return p;
    return 0;
}

static const struct th_tile_node *maker_of(const struct run *r, uint32_t p)
{
    const int32_t j = r->n->in[p].maker;
    return j < 0 ? NULL : &r->k->t.nodes[j];
}

static bool in_moves(const struct run *r)
{
    const struct th_tile_node *m = maker_of(r, viewed(r));
    return m && (th_emit_tile_has_tail(m) || m->store == TH_TILE_STRIP);
}

static bool out_moves(const struct run *r)
{
    return r->n->form == TH_TILE_WINDOW &&
           (r->n->store == TH_TILE_STRIP || th_emit_tile_has_tail(r->n));
}

/* `view`: what the rows of the operand are told by. */
static void patch_in(const struct run *r, const char *view)
{
    const uint32_t p = viewed(r);
    const int32_t j = r->n->in[p].maker;
    const struct th_tile_node *m = maker_of(r, p);
    if (!in_moves(r))
        return;
    const int64_t channels = m->pixel_bytes / element_bytes(r, m->out);
    if (m->store == TH_TILE_STRIP)
        th_str_addf(r->s, "    %s.y0 = %s;\n    %s.x0 = s[%u].t0;\n", view,
                    first_row(r, (uint32_t)j), view, span(r, (uint32_t)j));
    else
        th_str_addf(r->s, "    %s.tail_y = c[%d].x > 0 ? %s : -1;\n"
                          "    %s.tail = %lld - thk_line_first(c[%d].x, %lld) * %lld;\n",
                    view, j, newest(r, (uint32_t)j), view,
                    (long long)(m->slots * m->w * channels), j,
                    (long long)m->tail_cols, (long long)channels);
}

static void patch_out(const struct run *r)
{
    if (out_moves(r))
        th_str_addf(r->s, "    w.out.y0 = %s;\n    w.out.x0 = x;\n",
                    r->strips ? first_row(r, r->i) : "y");
}

/* One pixel, or a few where the kernel works on one at a time in any case: only the view of the
 * operand changes from piece to piece, all else is literal. */
static bool by_pixel(const struct run *r)
{
    const struct th_kernel *row = th_node_note_const(r->k->t.body, r->n->node)->row;
    const bool at_a_time = row && row->order == TH_ORDER_ROWS && row->group == 1;
    return r->n->form == TH_TILE_WINDOW && r->n->run <= (at_a_time ? 4 : 1) &&
           th_emit_tile_equal_runs(r->k, r->n) && row && row->views & TH_VIEW_PIXEL;
}

static void pixel_call(const struct run *r)
{
    const struct th_tile_node *n = r->n;
    const struct th_call *c = th_node_note_const(r->k->t.body, n->node)->call;
    const int64_t at = th_emit_window_argument(c);
    const uint32_t p = viewed(r);
    const char **in = TH_NEW_ARRAY(r->k->e->arena, const char *, (size_t)n->n_in + 1);
    if (!in || at < 0) {
        r->k->e->failed = true;
        return;
    }
    in[p] = "a";
    const bool one = n->run == 1;
    const struct th_emit_operands o = {.in = in, .out = one ? "out" : "place", .box = "v",
                                       .column = one ? "x" : "x + i"};
    make_room(r);
    point_out(r, "    ");
    th_emit_call_structs(r->s, "    ", c, &o);
    th_str_addf(r->s, "    struct thk_view v = p%lld.in;\n"
                      "    const unsigned char *const a = (const unsigned char *)", (long long)at);
    th_emit_tile_address(r->k, n->in[p].value);
    th_str_add(r->s, ";\n\n");
    patch_in(r, "v");
    if (!one)
        th_str_addf(r->s, "    for (int32_t i = 0; i < n; i++) {\n"
                          "        unsigned char *const place = out + (size_t)i * %lld;\n",
                    (long long)n->pixel_bytes);
    th_emit_call(r->k->e, r->s, one ? "    " : "        ", r->k->t.body, n->node, c, &o);
    if (!one)
        th_str_add(r->s, "    }\n");
}

static void box_call(const struct run *r)
{
    const struct th_tile_node *n = r->n;
    const struct th_call *c = th_node_note_const(r->k->t.body, n->node)->call;
    const int64_t at = th_emit_window_argument(c);
    const bool reduce = n->form == TH_TILE_REDUCE, moves = in_moves(r) || out_moves(r);
    const uint32_t p = viewed(r);
    const char **in = TH_NEW_ARRAY(r->k->e->arena, const char *, (size_t)n->n_in + 1);
    const th_value boxed = reduce ? n->in[p].value : n->out;
    if (!in || at < 0) {
        r->k->e->failed = true;
        return;
    }
    in[p] = "a";
    struct th_emit_operands o = {.in = in, .out = "out", .box = "b",
                                 .window = moves ? "w" : NULL, .accumulator = "sums",
                                 .phase = "phase"};
    th_emit_call_structs(r->s, "    ", c, &o);
    if (moves)
        th_str_addf(r->s, "    struct %s w;\n", c->args[at].ctype);
    th_str_addf(r->s, "    const struct thk_box b = {%s, x, 0, %s, n, %lld};\n",
                r->strips ? first_row(r, r->i) : "y", r->strips ? "m->hi - m->lo" : "1",
                (long long)(pixel_bytes(r, boxed) / element_bytes(r, boxed)));
    th_str_add(r->s, "    const unsigned char *const a = (const unsigned char *)");
    th_emit_tile_address(r->k, n->in[p].value);
    th_str_add(r->s, ";\n");
    if (reduce) {
        const struct th_place q = th_node_note_const(r->k->owner, r->k->t.loop)->scratch;
        const int64_t places = th_tile_cursor_bytes(&r->k->t) *
                               (r->strips ? r->k->t.n_stages : r->k->t.n_nodes);
        const char *walked = r->strips ? "m->lo" : th_emit_tile_row(r->k, n->h, "y");
        th_str_addf(r->s, "    unsigned char *const sums = r[%d] + %lld;\n"
                          "    const int phase = (%s == 0 && x == 0) | "
                          "(%s%s == %lld && x + n == %lld) << 1;\n",
                    q.region, (long long)(q.offset + ((places + 7) & -8)), walked,
                    r->strips ? "m->hi" : walked, r->strips ? "" : " + 1", (long long)n->h,
                    (long long)n->w);
    }
    th_str_addc(r->s, '\n');
    if (moves)
        th_str_addf(r->s, "    thk_stream_words(&w, &p%lld, sizeof w);\n",
                    (long long)at);
    patch_in(r, "w.in");
    patch_out(r);
    make_room(r);
    if (n->store == TH_TILE_STRIP)
        th_str_addf(r->s, "    unsigned char *const out = kept + (size_t)(x - m->t0) * %lld;\n",
                    (long long)n->pixel_bytes);
    th_emit_call(r->k->e, r->s, "    ", r->k->t.body, n->node, c, &o);
}

/* ---- smaller tensors ------------------------------------------------------------------------- */
/* Where pixel (y, x) of operand p lies. */
static void point_in(const struct run *r, uint32_t p)
{
    const struct th_tile_operand *o = &r->n->in[p];
    const struct th_tile_node *m = maker_of(r, p);
    const long long pixel = pixel_bytes(r, o->value), row = o->w * pixel;
    if (m && th_emit_tile_has_tail(m)) {
        th_str_add(r->s, "thk_line_at(");
        th_emit_tile_address(r->k, o->value);
        th_str_addf(r->s, ", %lld, %lld, %lld, %lld, %s, c[%d].x, y, x)", row,
                    (long long)m->slots, pixel, (long long)m->tail_cols,
                    newest(r, (uint32_t)o->maker), o->maker);
        return;
    }
    th_str_add(r->s, "(const unsigned char *)");
    th_emit_tile_address(r->k, o->value);
    if (m && m->store == TH_TILE_STRIP)
        th_str_addf(r->s, " + (size_t)(y - %s) * %lld + (size_t)(x - s[%u].t0) * %lld",
                    first_row(r, (uint32_t)o->maker), (long long)m->tail_cols * pixel,
                    span(r, (uint32_t)o->maker), pixel);
    else if (m && m->store != TH_TILE_WHOLE)
        th_str_addf(r->s, " + (size_t)(y %% %lld) * %lld + (size_t)x * %lld", (long long)m->slots,
                    row, pixel);
    else
        th_str_addf(r->s, " + (size_t)y * %lld + (size_t)x * %lld", row, pixel);
}

static void one_call(const struct run *r, const char *indent, const struct th_call *c,
                     const struct th_emit_operands *o)
{
    th_emit_call_structs(r->s, indent, c, o);
    th_emit_call(r->k->e, r->s, indent, r->k->t.body, r->n->node, c, o);
    if (c->batch != 1) {
        th_error(r->k->e->ctx, th_node_loc(r->k->t.body, r->n->node), 4003,
                 "'%s' wants several calls for a piece of one map", c->symbol);
        r->k->e->failed = true;
    }
}

static void calls_by_width(const struct run *r, const char *indent, const char *const *in)
{
    const struct th_kernel_note *note = th_node_note_const(r->k->t.body, r->n->node);
    const struct th_emit_operands o = {.in = in, .out = "out"};
    const char *deeper = th_arena_printf(r->k->e->arena, "%s    ", indent);
    if (!deeper) {
        r->k->e->failed = true;
        return;
    }
    if (note->n_pieces == 1) {
        one_call(r, indent, note->call, &o);
        return;
    }
    for (uint32_t w = 0; w < note->n_pieces; w++) {
        th_str_addf(r->s, w ? " else " : "%s", indent);
        if (w + 1 < note->n_pieces)
            th_str_addf(r->s, "if (n == %lld) {\n", (long long)note->pieces[w].columns);
        else
            th_str_add(r->s, "{\n");
        one_call(r, deeper, note->pieces[w].call, &o);
        th_str_addf(r->s, "%s}", indent);
    }
    th_str_addc(r->s, '\n');
}

static void pixel_calls(const struct run *r, const char *indent, const char **in)
{
    struct th_arena *a = r->k->e->arena;
    const struct th_kernel_note *note = th_node_note_const(r->k->t.body, r->n->node);
    for (uint32_t p = 0; p < r->n->n_in; p++)
        if (in[p])
            in[p] = th_arena_printf(a, "(%s + (size_t)i * %lld)", in[p],
                                    (long long)pixel_bytes(r, r->n->in[p].value));
    const struct th_emit_operands o = {
        .in = in, .out = th_arena_printf(a, "(out + (size_t)i * %lld)",
                                         (long long)r->n->pixel_bytes)};
    const char *deeper = th_arena_printf(a, "%s    ", indent);
    th_str_addf(r->s, "%sfor (i = 0; i < n; i++) {\n", indent);
    one_call(r, deeper ? deeper : "", note->call, &o);
    th_str_addf(r->s, "%s}\n", indent);
}

static void point_calls(const struct run *r)
{
    struct th_arena *arena = r->k->e->arena;
    const bool pixels = th_node_note_const(r->k->t.body, r->n->node)->pixels;
    const char **in = TH_NEW_ARRAY(arena, const char *, (size_t)r->n->n_in + 1);
    const char *indent = r->strips ? "        " : "    ";
    if (!in) {
        r->k->e->failed = true;
        return;
    }
    if (r->strips)
        th_str_add(r->s, "    int32_t y;\n");
    if (pixels)
        th_str_add(r->s, "    int32_t i;\n");
    if (r->strips) {
        th_str_addc(r->s, '\n');
        make_room(r);
        th_str_addf(r->s, "    for (y = %s; y < %s; y++) {\n", first_row(r, r->i), row_end(r));
    }
    point_out(r, indent);
    for (uint32_t p = 0; p < r->n->n_in; p++) {
        if (r->n->in[p].whole)
            continue;
        in[p] = th_arena_printf(arena, "a%u", p);
        th_str_addf(r->s, "%sconst unsigned char *const a%u = ", indent, p);
        point_in(r, p);
        th_str_add(r->s, ";\n");
    }
    th_str_addc(r->s, '\n');
    if (!r->strips)
        make_room(r);
    if (pixels)
        pixel_calls(r, indent, in);
    else
        calls_by_width(r, indent, in);
    if (r->strips)
        th_str_add(r->s, "    }\n");
}

/* ---- the function ---------------------------------------------------------------------------- */
static bool wants_cursors(const struct run *r)
{
    for (uint32_t p = 0; p < r->n->n_in && !r->strips; p++) {
        const struct th_tile_node *m = maker_of(r, p);
        if (m && !r->n->in[p].whole && th_emit_tile_has_tail(m))
            return true;
    }
    return false;
}

void th_emit_tile_run(struct th_emit_tiles *k, uint32_t i)
{
    const struct run r = {k, k->s, i, &k->t.nodes[i], k->t.mode == TH_TILE_STRIPS};
    th_emit_node_comment(k->s, k->t.body, r.n->node);
    th_str_addf(k->s, "static THK_APART void %s_run%u(unsigned char *const *r, %s%s%s)\n{\n",
                k->name, i, r.strips ? "struct thk_span *s" : "int32_t y",
                th_emit_tile_by_rows(k, r.n) ? "" : ", int32_t x",
                th_emit_tile_equal_runs(k, r.n) ? "" : ", int32_t n");
    if (th_emit_tile_by_rows(k, r.n))
        th_str_addf(k->s, "    const int32_t x = 0, n = %lld;\n", (long long)r.n->run);
    else if (th_emit_tile_equal_runs(k, r.n))
        th_str_addf(k->s, "    const int32_t n = %lld;\n", (long long)r.n->run);
    if (r.strips)
        th_str_addf(k->s, "    struct thk_span *const m = s + %u;\n", span(&r, i));
    if (wants_cursors(&r))
        th_str_addf(k->s, "    const struct %s *const c = %s_at(r);\n", k->cursor, k->name);
    place_out(&r, r.n->form != TH_TILE_POINT && !by_pixel(&r));
    if (r.n->form == TH_TILE_POINT)
        point_calls(&r);
    else if (by_pixel(&r))
        pixel_call(&r);
    else
        box_call(&r);
    th_str_addf(k->s, "%s    (void)x;\n    (void)n;\n}\n\n", r.strips ? "" : "    (void)y;\n");
}
