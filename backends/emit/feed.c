/* SPDX-License-Identifier: Apache-2.0 */
/* --feed rows, frames: push_rows or push_frames in place of an input and invoke, and what is free
 * between two pushes. */
#include "backends/emit/emit.h"

#include <stdlib.h>

#include "ir/tile.h"

struct th_emit_feed th_emit_feed(const struct th_emit *e, uint32_t entry)
{
    struct th_emit_feed f = {.input = -1};
    const struct th_graph *g = th_program_function(e->program, entry);
    const th_value v = th_tile_fed_input(g, NULL);
    const struct th_frames *frames = th_program_frames(e->program);
    int64_t w, pixel;
    if (frames->hop && entry == 0) {
        const struct th_type *t = th_value_type(g, th_graph_input(g, 0));
        return (struct th_emit_feed){.input = 0, .rows = frames->hop, .frames = frames,
                                     .row_bytes = th_type_size(t) / frames->hop,
                                     .ctype = th_dtype_ctype(t->dtype)};
    }
    for (uint32_t i = 0; v && i < th_graph_input_count(g); i++)
        if (th_graph_input(g, i) == v)
            f.input = (int32_t)i;
    if (f.input < 0 || !th_tile_shape(th_value_type(g, v), &f.rows, &w, &pixel))
        return (struct th_emit_feed){.input = -1};
    f.row_bytes = w * pixel;
    f.ctype = th_dtype_ctype(th_value_type(g, v)->dtype);
    return f;
}

/* ---- what a frame keeps ---------------------------------------------------------------------- */
struct range {
    int64_t lo, hi;
};
struct keeping {
    struct range *list;
    uint32_t n, cap;
    int32_t region;
    bool failed;
};

static void keep(struct keeping *k, struct th_place p, int64_t bytes)
{
    if (p.region != k->region || bytes <= 0)
        return;
    if (k->n == k->cap) {
        const uint32_t cap = k->cap ? 2 * k->cap : 64;
        struct range *more = realloc(k->list, cap * sizeof *more);
        if (!more) {
            k->failed = true;
            return;
        }
        k->list = more;
        k->cap = cap;
    }
    k->list[k->n++] = (struct range){p.offset, p.offset + bytes};
}

static void keep_value(struct keeping *k, const struct th_graph *g, th_value v)
{
    keep(k, th_value_place(g, v), th_type_size(th_value_type(g, v)));
}

/* Lines, rings, places and results of the loop; what was there before it. Boxes of strips are empty
 * between two strips, and so between two pushes. */
static void keep_frame(struct th_emit *e, struct keeping *k)
{
    struct th_graph *g = th_program_function(e->program, 0);
    const struct th_emit_feed f = th_emit_feed(e, 0);
    struct th_tile t;
    th_node loop = 0;
    if (f.frames) {
        /* of a step that is not complete; all else between two steps is state */
        if (f.rows > 1)
            keep_value(k, g, th_graph_input(g, 0));
        return;
    }
    const th_value fed = th_tile_fed_input(g, &loop);
    if (th_tile_read(g, loop, e->arena, &t) != TH_OK) {
        k->failed = true;
        return;
    }
    for (uint32_t i = 0; i < t.n_nodes; i++)
        if (t.nodes[i].store == TH_TILE_LINE || t.nodes[i].store == TH_TILE_RING)
            keep(k, th_value_place(t.body, t.nodes[i].out), t.nodes[i].bytes);
    const struct th_kernel_note *note = th_node_note_const(g, loop);
    keep(k, note->scratch, note->scratch_bytes);
    for (uint32_t i = 0; i < th_graph_input_count(g); i++)
        if (th_graph_input(g, i) != fed)
            keep_value(k, g, th_graph_input(g, i));
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n)) {
        for (uint32_t i = 0; i < th_node_output_count(g, n); i++)
            keep_value(k, g, th_node_output(g, n, i));
        if (n == loop)
            break;
    }
}

static int by_begin(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return x->lo < y->lo ? -1 : x->lo > y->lo;
}

static uint32_t free_ranges(struct th_emit *e, struct th_str *s, uint32_t region)
{
    const int64_t bytes = e->plan->regions[region].bytes;
    struct keeping k = {.region = (int32_t)region};
    uint32_t n = 0;
    int64_t at = 0;
    keep_frame(e, &k);
    if (k.n)
        qsort(k.list, k.n, sizeof *k.list, by_begin);
    for (uint32_t i = 0; i <= k.n; i++) {
        const int64_t lo = i < k.n ? k.list[i].lo : bytes;
        if (lo > at) {
            th_str_addf(s, "%s{%u, %lld, %lld}", s->len ? ", " : "", region, (long long)at,
                        (long long)lo);
            n++;
        }
        if (i < k.n && k.list[i].hi > at)
            at = k.list[i].hi;
    }
    free(k.list);
    e->failed = e->failed || k.failed;
    return n;
}

static void frame_macros(struct th_emit *e, struct th_str *s, const struct th_emit_feed *f)
{
    const struct th_frames *r = f->frames;
    const char *u = e->upper;
    th_str_addf(s, "\n/* Input 0 comes by frames: each step takes %lld new ones of a window of "
                   "%lld, and computes\n"
                   " * what is new. Outputs are ready after %lld frames, then after each "
                   "step. */\n#define %s_FRAME_BYTES %lld\n#define %s_HOP_FRAMES %lld\n"
                   "#define %s_WINDOW_FRAMES %lld\n#define %s_WARM_UP_FRAMES %lld\n",
                (long long)r->hop, (long long)r->window, (long long)r->warm_up, u,
                (long long)f->row_bytes, u, (long long)r->hop, u, (long long)r->window, u,
                (long long)r->warm_up);
}

void th_emit_feed_macros(struct th_emit *e, struct th_str *s)
{
    const struct th_emit_feed f = th_emit_feed(e, 0);
    const char *u = e->upper;
    struct th_str list;
    uint32_t n = 0;
    if (f.input < 0)
        return;
    th_str_init(&list);
    for (uint32_t r = 1; r < e->plan->n_regions; r++)
        n += free_ranges(e, &list, r);
    if (f.frames)
        frame_macros(e, s, &f);
    else
        th_str_addf(s, "\n/* Input %d comes by rows and is not stored. */\n"
                       "#define %s_FRAME_ROWS %lld\n#define %s_ROW_BYTES %lld\n", f.input, u,
                    (long long)f.rows, u, (long long)f.row_bytes);
    th_str_addf(s, "/* {region, from, to}: bytes that the application may use between two "
                   "pushes%s. */\n#define %s_FREE_COUNT %u\n",
                f.frames ? ", once it has\n * read the outputs" : " of a\n * frame", u, n);
    if (n)
        th_str_addf(s, "#define %s_FREE {%s}\n", u, list.s);
    th_str_release(&list);
}

/* ---- functions ------------------------------------------------------------------------------- */
void th_emit_feed_api(struct th_emit *e, struct th_str *s)
{
    const struct th_emit_feed f = th_emit_feed(e, 0);
    const char *n = e->name, *u = e->upper;
    if (f.frames) {
        th_str_addf(s,
                    "/* The next n >= 1 frames of input 0, in order.\n"
                    " * %s_OK: the outputs are those of the model on its last %s_WINDOW_FRAMES "
                    "frames,\n"
                    " *   and are there until the next push.\n"
                    " * %s_MORE: ctx->missing frames are missing until they are ready:\n"
                    " *   %s_WARM_UP_FRAMES at first, %s_HOP_FRAMES from one time to the next.\n"
                    " * %s_ERR_FRAMES: n is more than ctx->missing; none was taken. */\n"
                    "int %s_push_frames(struct %s *ctx, const %s *frames, size_t n);\n",
                    u, u, u, u, u, u, n, n, f.ctype);
        return;
    }
    th_str_addf(s,
                "/* The next n >= 1 rows of input %d, from the top. %s_MORE: rows of the frame are "
                "missing;\n * %s_OK: the outputs are ready, and the next push begins a frame; "
                "%s_ERR_ROWS: the frame has\n * fewer rows left (ctx->rows were pushed), none was "
                "taken. reset abandons a frame. Other inputs\n"
                " * must be there before the last row. */\n"
                "int %s_push_rows(struct %s *ctx, const %s *rows, size_t n);\n", f.input, u, u,
                u, n, n, f.ctype);
}

void th_emit_feed_codes(struct th_emit *e, struct th_str *s)
{
    const bool frames = th_emit_feed(e, 0).frames != NULL;
    const char *u = e->upper;
    if (frames)
        th_str_addf(s, "    %s_MORE = 4,      /* frames are missing until outputs are ready */\n"
                       "    %s_ERR_FRAMES = 5 /* more frames than are missing */\n", u, u);
    else
        th_str_addf(s, "    %s_MORE = 4,      /* rows of the frame are missing */\n"
                       "    %s_ERR_ROWS = 5   /* more rows than the frame has left */\n", u, u);
}

void th_emit_feed_reset(struct th_emit *e, struct th_str *s)
{
    const struct th_emit_feed f = th_emit_feed(e, 0);
    if (f.frames)
        th_str_addf(s, "    ctx->missing = %s_WARM_UP_FRAMES;\n", e->upper);
    else if (f.input >= 0)
        th_str_add(s, "    ctx->rows = 0;\n");
}

/* Frames of a step gather in the input's place; a step of one comes straight there too. The warm-up
 * is whole steps, so what is missing tells how many are there. */
static void frames_function(struct th_emit *e, struct th_str *s, const struct th_emit_feed *f)
{
    const struct th_graph *g = th_program_function(e->program, 0);
    const char *n = e->name, *u = e->upper;
    struct th_str input, main;
    th_str_init(&input);
    th_str_init(&main);
    th_emit_address(e, &input, g, th_graph_input(g, 0));
    th_emit_graph_name(e, &main, g);
    th_str_addf(s,
                "int %s_push_frames(struct %s *ctx, const %s *frames, size_t n)\n{\n"
                "    const unsigned char *frame = (const unsigned char *)frames;\n"
                "    unsigned char *const *r;\n\n"
                "    if (!ctx || (n > 0 && !frames))\n        return %s_ERR_NULL;\n"
                "    if (n > ctx->missing)\n        return %s_ERR_FRAMES;\n"
                "    r = ctx->region;\n"
                "    for (; n > 0; n--, frame += %s_FRAME_BYTES) {\n", n, n, f->ctype, u, u, u);
    if (f->rows > 1)
        th_str_addf(s,
                    "        const size_t left = (ctx->missing - 1) %% %s_HOP_FRAMES;\n\n"
                    "        memcpy(%s + (%s_HOP_FRAMES - 1 - left) * %s_FRAME_BYTES, frame,\n"
                    "               %s_FRAME_BYTES);\n        ctx->missing--;\n"
                    "        if (left == 0)\n            %s(r);\n    }\n", u, input.s, u, u, u,
                    main.s);
    else
        th_str_addf(s, "        memcpy(%s, frame, %s_FRAME_BYTES);\n        ctx->missing--;\n"
                       "        %s(r);\n    }\n", input.s, u, main.s);
    th_str_addf(s,
                "    if (ctx->missing > 0)\n        return %s_MORE;\n"
                "    ctx->missing = %s_HOP_FRAMES;\n    return %s_OK;\n}\n\n", u, u, u);
    e->failed = e->failed || input.failed || main.failed;
    th_str_release(&input);
    th_str_release(&main);
}

void th_emit_feed_function(struct th_emit *e, struct th_str *s)
{
    const struct th_emit_feed f = th_emit_feed(e, 0);
    if (f.frames) {
        frames_function(e, s, &f);
        return;
    }
    const struct th_graph *g = th_program_function(e->program, 0);
    const char *n = e->name, *u = e->upper;
    struct th_str main, loop;
    th_node node = 0;
    th_tile_fed_input(g, &node);
    th_str_init(&main);
    th_str_init(&loop);
    th_emit_graph_name(e, &main, g);
    th_emit_graph_name(e, &loop, th_node_body(g, node, 0));
    th_str_addf(s,
                "int %s_push_rows(struct %s *ctx, const %s *rows, size_t n)\n{\n"
                "    const unsigned char *row = (const unsigned char *)rows;\n\n"
                "    if (!ctx || (n > 0 && !rows))\n        return %s_ERR_NULL;\n"
                "    if (n > %s_FRAME_ROWS - ctx->rows)\n        return %s_ERR_ROWS;\n",
                n, n, f.ctype, u, u, u);
    th_str_addf(s,
                "    if (ctx->rows == 0) {\n        %s_begin(ctx->region);\n"
                "        %s_begin(ctx->region);\n    }\n"
                "    for (; n > 0; n--, ctx->rows++, row += %s_ROW_BYTES)\n"
                "        %s_push(ctx->region, row);\n", main.s, loop.s, u, loop.s);
    th_str_addf(s,
                "    if (ctx->rows < %s_FRAME_ROWS)\n        return %s_MORE;\n"
                "    %s(ctx->region);\n    ctx->rows = 0;\n    return %s_OK;\n}\n\n", u, u, main.s,
                u);
    e->failed = e->failed || main.failed || loop.failed;
    th_str_release(&main);
    th_str_release(&loop);
}
