/* SPDX-License-Identifier: Apache-2.0 */
/* A tile loop's functions: places, the nodes of a stream, the loop itself. */
#include "backends/emit/tiles.h"

#include <thimble/thimble.h>

const char *th_emit_tile_row(struct th_emit_tiles *k, int64_t h, const char *row)
{
    const char *s = k->t.up ? th_arena_printf(k->e->arena, "%lld - %s", (long long)(h - 1), row)
                            : row;
    k->e->failed = k->e->failed || !s;
    return s ? s : "0";
}

/* ---- one node of a stream -------------------------------------------------------------------- */
/* The last pixel wanted of operand p for columns up to m->x + n - 1 of row m->y. */
static void pull(struct th_emit_tiles *k, uint32_t i, uint32_t p)
{
    const struct th_tile_node *n = &k->t.nodes[i];
    const struct th_operand_form *f = &k->forms[i][p];
    const char *first = n->run < n->w ? "m->x" : NULL;
    const char *last = n->run < n->w ? "m->x + n - 1" : NULL;
    th_str_add(k->s, "        if (");
    if (f->rows.may_be_empty) {
        th_axis_lo(k, i, p, true, "m->y");
        th_str_add(k->s, " < ");
        th_axis_hi(k, i, p, true, "m->y");
        th_str_add(k->s, " && ");
    }
    if (f->cols.may_be_empty) {
        th_axis_lo(k, i, p, false, first);
        th_str_add(k->s, " < ");
        th_axis_hi(k, i, p, false, last);
        th_str_add(k->s, " && ");
    }
    th_str_addf(k->s, "!%s_make%d(r, ", k->name, n->in[p].maker);
    th_axis_hi(k, i, p, true, "m->y");
    th_str_add(k->s, " - 1, ");
    th_axis_hi(k, i, p, false, last);
    th_str_add(k->s, " - 1))\n            return 0;\n");
}

/* A complete row leaves the tail when columns before it are wanted. */
static void empty_before(struct th_emit_tiles *k, uint32_t i, uint32_t p)
{
    const struct th_tile_node *n = &k->t.nodes[i], *m;
    if (!k->forms[i][p].empties)
        return;
    const int32_t j = n->in[p].maker;
    m = &k->t.nodes[j];
    th_str_addf(k->s, "        if (c[%d].x == %lld && c[%d].y == ", j, (long long)m->w, j);
    th_axis_hi(k, i, p, true, "m->y");
    th_str_add(k->s, " - 1 && ");
    th_axis_lo(k, i, p, false, n->run < n->w ? "m->x" : NULL);
    th_str_addf(k->s, " < %lld) {\n            thk_line_empty(", (long long)(m->w - m->tail_cols));
    th_emit_tile_address(k, m->out);
    const char *row = th_arena_printf(k->e->arena, "c[%d].y", j);
    th_str_addf(k->s, ", %lld, %lld, %lld, %lld, %lld, %s);\n            c[%d].y++;\n"
                      "            c[%d].x = 0;\n        }\n",
                (long long)(m->w * m->pixel_bytes), (long long)m->slots, (long long)m->pixel_bytes,
                (long long)m->tail_cols, (long long)m->w,
                th_emit_tile_row(k, m->h, row ? row : ""), j, j);
}

static void begin_row(struct th_emit_tiles *k, const struct th_tile_node *n)
{
    if (!th_emit_tile_has_tail(n))
        return;
    th_str_addf(k->s, "        if (m->x == %lld) {\n", (long long)n->w);
    if (n->slots > 0) {
        th_str_add(k->s, "            thk_line_empty(");
        th_emit_tile_address(k, n->out);
        th_str_addf(k->s, ", %lld, %lld, %lld, %lld, %lld, %s);\n",
                    (long long)(n->w * n->pixel_bytes), (long long)n->slots,
                    (long long)n->pixel_bytes, (long long)n->tail_cols, (long long)n->w,
                    th_emit_tile_row(k, n->h, "m->y"));
    }
    th_str_add(k->s, "            m->y++;\n            m->x = 0;\n        }\n");
}

static void make_function(struct th_emit_tiles *k, uint32_t i)
{
    const struct th_tile_node *n = &k->t.nodes[i];
    const bool rows = th_emit_tile_by_rows(k, n), rest = !th_emit_tile_equal_runs(k, n);
    const char *number = k->t.nodes[0].h > 0 && th_tile_cursor_bytes(&k->t) == 8 ? "int32_t"
                                                                                  : "uint16_t";
    th_str_addf(k->s, "static int %s_make%u(unsigned char *const *r, int32_t y, int32_t x)\n{\n"
                      "    struct %s *const c = %s_at(r), *const m = c + %u;\n\n",
                k->name, i, k->cursor, k->name, i);
    if (rows)
        th_str_add(k->s, "    (void)x;\n    while (m->y <= y) {\n");
    else
        th_str_add(k->s, "    while (m->y < y || (m->y == y && m->x <= x)) {\n");
    if (rest)
        th_str_add(k->s, "        int32_t n;\n\n");
    else if (!rows)
        th_str_addf(k->s, "        const int32_t n = %lld;\n\n", (long long)n->run);
    begin_row(k, n);
    if (rest)
        th_str_addf(k->s, "        n = thk_least(%lld, %lld - m->x);\n", (long long)n->run,
                    (long long)n->w);
    for (uint32_t p = 0; p < n->n_in; p++)
        if (!n->in[p].whole && n->in[p].maker >= 0)
            pull(k, i, p);
    for (uint32_t p = 0; p < n->n_in; p++)
        empty_before(k, i, p);
    if (rows) {
        th_str_addf(k->s, "        %s_run%u(r, %s);\n        m->y++;\n", k->name, i,
                    th_emit_tile_row(k, n->h, "m->y"));
    } else {
        th_str_addf(k->s, "        %s_run%u(r, %s, m->x%s);\n        m->x = (%s)(m->x + n);\n",
                    k->name, i, th_emit_tile_row(k, n->h, "m->y"), rest ? ", n" : "", number);
        if (!th_emit_tile_has_tail(n))
            th_str_addf(k->s, "        if (m->x == %lld) {\n            m->x = 0;\n"
                              "            m->y++;\n        }\n", (long long)n->w);
    }
    th_str_add(k->s, "    }\n    return 1;\n}\n\n");
}

/* The node that keeps pushed rows: it has those that were pushed. */
static void fed_function(struct th_emit_tiles *k)
{
    th_emit_node_comment(k->s, k->t.body, k->t.nodes[0].node);
    th_str_addf(k->s, "static int %s_make0(unsigned char *const *r, int32_t y, int32_t x)\n{\n"
                      "    (void)x;\n    return y < %s_at(r)->y;\n}\n\n", k->name, k->name);
}

static void stream(struct th_emit_tiles *k)
{
    const struct th_tile *t = &k->t;
    for (uint32_t i = 0; i < t->n_nodes; i++) {
        if (!k->reached[i])
            continue;
        if (t->nodes[i].fed) {
            fed_function(k);
            continue;
        }
        th_emit_tile_run(k, i);
        make_function(k, i);
    }
}

/* ---- the loop -------------------------------------------------------------------------------- */
/* Nodes that nothing needs get no function. */
static enum th_status find_reached(struct th_emit_tiles *k)
{
    const struct th_tile *t = &k->t;
    k->reached = TH_NEW_ARRAY(k->e->arena, bool, (size_t)t->n_nodes + 1);
    if (!k->reached)
        return TH_ERR_INTERNAL;
    for (uint32_t i = t->n_nodes; i-- > 0;) {
        const struct th_tile_node *n = &t->nodes[i];
        k->reached[i] = k->reached[i] || i + 1 == t->n_nodes || n->store == TH_TILE_WHOLE;
        for (uint32_t p = 0; p < n->n_in && k->reached[i]; p++)
            if (n->in[p].maker >= 0)
                k->reached[n->in[p].maker] = true;
    }
    return TH_OK;
}

static void places(struct th_emit_tiles *k)
{
    const struct th_place p = th_node_note_const(k->owner, k->t.loop)->scratch;
    th_str_addf(k->s, "static struct %s *%s_at(unsigned char *const *r)\n{\n"
                      "    return (struct %s *)(void *)(r[%d] + %lld);\n}\n\n",
                k->cursor, k->name, k->cursor, p.region, (long long)p.offset);
}

/* An output that is the same value as an earlier one. */
static void repeat_outputs(struct th_emit_tiles *k)
{
    const struct th_graph *b = k->t.body;
    for (uint32_t i = 0; i < th_graph_output_count(b); i++)
        for (uint32_t j = 0; j < i; j++) {
            if (th_graph_output(b, j) != th_graph_output(b, i))
                continue;
            th_str_add(k->s, "    memmove(");
            th_emit_address(k->e, k->s, k->owner, th_node_output(k->owner, k->t.loop, i));
            th_str_add(k->s, ", ");
            th_emit_address(k->e, k->s, k->owner, th_node_output(k->owner, k->t.loop, j));
            th_str_addf(k->s, ", %lld);\n",
                        (long long)th_type_size(th_value_type(b, th_graph_output(b, i))));
            break;
        }
}

/* As far as the rows go that were pushed; the last node first, as in the loop. */
static void push_stream(struct th_emit_tiles *k)
{
    const struct th_tile *t = &k->t;
    bool first = true;
    for (uint32_t i = t->n_nodes; i-- > 0;) {
        if (i + 1 != t->n_nodes && t->nodes[i].store != TH_TILE_WHOLE)
            continue;
        th_str_add(k->s, first ? "    if (!" : "        || !");
        th_str_addf(k->s, "%s_make%u(r, %lld, %lld)", k->name, i,
                    (long long)(t->nodes[i].h - 1), (long long)(t->nodes[i].w - 1));
        th_str_addc(k->s, '\n');
        first = false;
    }
    k->s->len--;             /* the last line end */
    th_str_add(k->s, ")\n        return;\n");
}

/* All strips whose rows are there. */
static void push_strips(struct th_emit_tiles *k)
{
    const uint32_t last = k->t.n_stages - 1;
    th_str_addf(k->s, "    while (c[%u].y < %lld)\n        if (!%s_strip%u(r))\n"
                      "            return;\n", last, (long long)th_tile_strip_count(&k->t, last),
                k->name, last);
}

static void push_functions(struct th_emit_tiles *k)
{
    const struct th_tile *t = &k->t;
    const struct th_tile_node *n = &t->nodes[0];
    const bool strips = t->mode == TH_TILE_STRIPS;
    const long long row = n->w * n->pixel_bytes;
    th_str_addf(k->s, "static void %s_begin(unsigned char *const *r)\n{\n"
                      "    memset(%s_at(r), 0, %lld);\n}\n\n", k->name, k->name,
                (long long)((strips ? t->n_stages : t->n_nodes) * th_tile_cursor_bytes(t)));
    th_str_addf(k->s, "static void %s_push(unsigned char *const *r, const unsigned char *row)\n{\n"
                      "    struct %s *const c = %s_at(r);\n\n    memcpy(", k->name, k->cursor,
                k->name);
    th_emit_tile_address(k, n->out);
    th_str_addf(k->s, " + (size_t)(c->y %% %lld) * %lld, row, %lld);\n    c->y++;\n",
                (long long)n->slots, row, row);
    if (strips)
        push_strips(k);
    else
        push_stream(k);
    repeat_outputs(k);
    th_str_add(k->s, "}\n\n");
}

static void loop_function(struct th_emit_tiles *k)
{
    const struct th_tile *t = &k->t;
    const bool strips = t->mode == TH_TILE_STRIPS;
    const uint32_t n = strips ? t->n_stages : t->n_nodes;
    th_str_addf(k->s, "static void %s(unsigned char *const *r)\n{\n", k->name);
    if (strips)
        th_str_add(k->s, "    int32_t k;\n\n");
    th_str_addf(k->s, "    memset(%s_at(r), 0, %lld);\n", k->name,
                (long long)(n * th_tile_cursor_bytes(t)));
    if (strips)
        th_str_addf(k->s, "    for (k = 0; k < %lld; k++)\n        %s_strip%u(r);\n",
                    (long long)th_tile_strip_count(t, t->n_stages - 1), k->name, t->n_stages - 1);
    for (uint32_t i = t->n_nodes; i-- > 0 && !strips;)
        if (i + 1 == t->n_nodes || t->nodes[i].store == TH_TILE_WHOLE)
            th_str_addf(k->s, "    (void)%s_make%u(r, %lld, %lld);\n", k->name, i,
                        (long long)(t->nodes[i].h - 1), (long long)(t->nodes[i].w - 1));
    repeat_outputs(k);
    th_str_add(k->s, "}\n\n");
}

enum th_status th_emit_tile_loop(struct th_emit *e, struct th_str *s, const struct th_graph *g,
                                 th_node n)
{
    struct th_emit_tiles k = {.e = e, .s = s, .owner = g};
    struct th_str name;
    TH_TRY(th_tile_read((struct th_graph *)(uintptr_t)g, n, e->arena, &k.t));
    th_str_init(&name);
    th_emit_graph_name(e, &name, k.t.body);
    k.name = name.failed ? NULL : th_arena_strdup(e->arena, name.s);
    th_str_release(&name);
    if (!k.name)
        return TH_ERR_INTERNAL;
    k.cursor = th_tile_cursor_bytes(&k.t) == 8 ? "thk_cursor32" : "thk_cursor";
    TH_TRY(find_reached(&k));
    TH_TRY(th_axis_forms(&k));
    th_axis_tables(&k);
    places(&k);
    if (k.t.mode == TH_TILE_STREAM)
        stream(&k);
    else
        th_emit_tile_strips(&k);
    if (k.t.feed >= 0)
        push_functions(&k);
    else
        loop_function(&k);
    return TH_OK;
}
