/* SPDX-License-Identifier: Apache-2.0 */
/* Strips: one function for each stage, which makes the next strip of its last node. */
#include "backends/emit/tiles.h"

static bool same_stage(const struct th_emit_tiles *k, uint32_t i, const struct th_tile_operand *o)
{
    return !o->whole && o->maker >= 0 &&
           k->t.nodes[o->maker].stage == k->t.nodes[i].stage;
}

static uint32_t span(const struct th_emit_tiles *k, uint32_t i)
{
    return i - k->t.stages[k->t.nodes[i].stage].first;
}

static const char *text(struct th_emit_tiles *k, const char *fmt, uint32_t i)
{
    const char *s = th_arena_printf(k->e->arena, fmt, i);
    k->e->failed = k->e->failed || !s;
    return s ? s : "0";
}

/* ---- columns that slide ---------------------------------------------------------------------- */
static void slide_function(struct th_emit_tiles *k, uint32_t i)
{
    const struct th_tile_node *n = &k->t.nodes[i];
    th_str_addf(k->s, "static void %s_slide%u(unsigned char *const *r, struct thk_span *s, "
                      "int32_t x)\n{\n    struct thk_span *const m = s + %u;\n\n"
                      "    while (m->x <= x) {\n"
                      "        const int32_t n = thk_least(%lld, %lld - m->x);\n\n",
                k->name, i, span(k, i), (long long)n->run, (long long)n->w);
    for (uint32_t p = 0; p < n->n_in; p++) {
        if (!same_stage(k, i, &n->in[p]))
            continue;
        th_str_add(k->s, "        ");
        if (k->forms[i][p].cols.may_be_empty) {
            th_str_add(k->s, "if (");
            th_axis_lo(k, i, p, false, "m->x");
            th_str_add(k->s, " < ");
            th_axis_hi(k, i, p, false, "(m->x + n - 1)");
            th_str_add(k->s, ")\n            ");
        }
        th_str_addf(k->s, "%s_slide%d(r, s, ", k->name, n->in[p].maker);
        th_axis_hi(k, i, p, false, "m->x + n - 1");
        th_str_add(k->s, " - 1);\n");
    }
    th_str_addf(k->s, "        if (m->lo < m->hi)\n            %s_run%u(r, s, m->x, n);\n"
                      "        m->x += n;\n    }\n}\n\n", k->name, i);
}

/* ---- one strip ------------------------------------------------------------------------------- */
/* What the nodes behind node i want of it: rows (lo, hi) or columns (t0, x). */
static void union_of_wants(struct th_emit_tiles *k, uint32_t i, bool rows, const char *indent)
{
    const struct th_tile_stage *st = &k->t.stages[k->t.nodes[i].stage];
    const char *first = rows ? "lo" : "t0", *end = rows ? "hi" : "x";
    const uint32_t a = span(k, i);
    th_str_addf(k->s, "%ss[%u].%s = INT32_MAX;\n%ss[%u].%s = 0;\n", indent, a, first, indent, a,
                end);
    for (uint32_t j = i + 1; j <= st->last; j++)
        for (uint32_t p = 0; p < k->t.nodes[j].n_in; p++) {
            const struct th_tile_operand *o = &k->t.nodes[j].in[p];
            const uint32_t b = span(k, j);
            if (o->whole || o->maker != (int32_t)i || !k->reached[j])
                continue;
            th_str_addf(k->s, "%sif (s[%u].%s < s[%u].%s) {\n%s    const int32_t lo = ", indent, b,
                        first, b, end, indent);
            th_axis_lo(k, j, p, rows, text(k, rows ? "s[%u].lo" : "s[%u].t0", b));
            th_str_add(k->s, ", hi = ");
            th_axis_hi(k, j, p, rows, text(k, rows ? "s[%u].hi - 1" : "s[%u].x - 1", b));
            th_str_addf(k->s, ";\n%s    if (lo < hi) {\n"
                              "%s        s[%u].%s = thk_least(s[%u].%s, lo);\n"
                              "%s        s[%u].%s = thk_most(s[%u].%s, hi);\n%s    }\n%s}\n",
                        indent, indent, a, first, a, first, indent, a, end, a, end, indent, indent);
        }
}

/* Where the next strip of a stage begins; in front of the first one, not behind the first row. */
static void strips_end(struct th_emit_tiles *k, uint32_t stage)
{
    const struct th_tile_stage *st = &k->t.stages[stage];
    th_str_addf(k->s, "c[%u].y * %lld", stage, (long long)st->rows);
    if (st->less)
        th_str_addf(k->s, " - %lld", (long long)st->less);
}

/* Strips of the stages before, until they have the rows that this one reads. */
static void stages_before(struct th_emit_tiles *k, uint32_t stage)
{
    const struct th_tile_stage *st = &k->t.stages[stage];
    for (uint32_t i = st->first; i <= st->last; i++)
        for (uint32_t p = 0; p < k->t.nodes[i].n_in; p++) {
            const struct th_tile_operand *o = &k->t.nodes[i].in[p];
            if (!k->reached[i] || o->whole || o->maker < 0 || same_stage(k, i, o))
                continue;
            const struct th_tile_node *m = &k->t.nodes[o->maker];
            const uint32_t a = span(k, i);
            th_str_addf(k->s, "    if (s[%u].lo < s[%u].hi) {\n        const int32_t lo = ", a, a);
            th_axis_lo(k, i, p, true, text(k, "s[%u].lo", a));
            th_str_add(k->s, ", hi = ");
            th_axis_hi(k, i, p, true, text(k, "s[%u].hi - 1", a));
            if (m->fed) {
                th_str_add(k->s, ";\n        if (lo < hi && c[0].y < hi)\n"
                                 "            return 0;\n    }\n");
                continue;
            }
            th_str_add(k->s, ";\n        while (lo < hi && thk_least(");
            strips_end(k, m->stage);
            th_str_addf(k->s, ", %lld) < hi)\n            ", (long long)m->h);
            th_str_addf(k->s, k->t.feed < 0 ? "%s_strip%u(r);\n    }\n"
                                            : "if (!%s_strip%u(r))\n                return 0;\n"
                                              "    }\n", k->name, m->stage);
        }
}

static void sliding(struct th_emit_tiles *k, const struct th_tile_stage *st)
{
    for (uint32_t i = st->first; i <= st->last; i++)
        th_str_addf(k->s, "    s[%u].x = s[%u].t0 = 0;\n", span(k, i), span(k, i));
    th_str_addf(k->s, "    %s_slide%u(r, s, %lld);\n", k->name, st->last,
                (long long)(k->t.nodes[st->last].w - 1));
}

static void tiling(struct th_emit_tiles *k, const struct th_tile_stage *st)
{
    const long long w = k->t.nodes[st->last].w;
    const uint32_t last = span(k, st->last);
    th_str_addf(k->s, "    for (x = 0; x < %lld; x += %lld) {\n        s[%u].t0 = x;\n"
                      "        s[%u].x = thk_least(x + %lld, %lld);\n", w, (long long)st->cols,
                      last, last, (long long)st->cols, w);
    for (uint32_t i = st->last; i-- > st->first;)
        if (k->reached[i])
            union_of_wants(k, i, false, "        ");
    for (uint32_t i = st->first; i <= st->last; i++) {
        const uint32_t a = span(k, i);
        if (k->reached[i])
            th_str_addf(k->s, "        if (s[%u].lo < s[%u].hi && s[%u].t0 < s[%u].x)\n"
                              "            %s_run%u(r, s, s[%u].t0, s[%u].x - s[%u].t0);\n", a, a,
                              a, a, k->name, i, a, a, a);
    }
    th_str_add(k->s, "    }\n");
}

/* With pushed rows it returns 0, and makes nothing, while rows are missing. */
static void strip_function(struct th_emit_tiles *k, uint32_t stage)
{
    const struct th_tile_stage *st = &k->t.stages[stage];
    const uint32_t last = span(k, st->last);
    th_str_addf(k->s, "/* The next %lld rows of stage %u. */\n"
                      "static %s %s_strip%u(unsigned char *const *r)\n{\n"
                      "    struct %s *const c = %s_at(r);\n    struct thk_span s[%u];\n%s\n",
                (long long)st->rows, stage, k->t.feed < 0 ? "void" : "int", k->name, stage,
                k->cursor, k->name, st->last - st->first + 1, st->cols ? "    int32_t x;\n" : "");
    th_str_addf(k->s, "    s[%u].lo = ", last);
    strips_end(k, stage);
    th_str_addf(k->s, ";\n    s[%u].hi = thk_least(s[%u].lo + %lld, %lld);\n", last, last,
                (long long)st->rows, (long long)k->t.nodes[st->last].h);
    if (st->less)
        th_str_addf(k->s, "    s[%u].lo = thk_most(s[%u].lo, 0);\n", last, last);
    for (uint32_t i = st->last; i-- > st->first;)
        if (k->reached[i])
            union_of_wants(k, i, true, "    ");
    stages_before(k, stage);
    if (st->cols)
        tiling(k, st);
    else
        sliding(k, st);
    th_str_addf(k->s, "    c[%u].y++;\n%s}\n\n", stage, k->t.feed < 0 ? "" : "    return 1;\n");
}

void th_emit_tile_strips(struct th_emit_tiles *k)
{
    for (uint32_t g = k->t.feed >= 0; g < k->t.n_stages; g++) {     /* stage 0 is what is pushed */
        const struct th_tile_stage *st = &k->t.stages[g];
        for (uint32_t i = st->first; i <= st->last; i++) {
            if (!k->reached[i])
                continue;
            th_emit_tile_run(k, i);
            if (!st->cols)
                slide_function(k, i);
        }
        strip_function(k, g);
    }
}
