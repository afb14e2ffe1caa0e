/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows and columns of an operand a piece wants: as arithmetic where that is exact. */
#include "backends/emit/tiles.h"

#include <thimble/thimble.h>

/*
 * Outputs that want nothing (padding) take the intervals between their neighbours', so that the
 * union of a run is [lo of its first, hi of its last). False when windows do not advance.
 */
static bool fill(struct th_arena *arena, const struct th_tile_axis *axis, int64_t extent,
                 struct th_axis_form *f)
{
    int64_t *lo = TH_NEW_ARRAY(arena, int64_t, (size_t)axis->n + 1);
    int64_t *hi = TH_NEW_ARRAY(arena, int64_t, (size_t)axis->n + 1);
    int64_t next = extent, last = 0;
    if (!lo || !hi)
        return false;
    for (int64_t i = axis->n; i-- > 0;) {
        if (axis->lo[i] < axis->hi[i]) {
            if (axis->lo[i] > next)
                return false;
            next = axis->lo[i];
        }
        lo[i] = next;
    }
    for (int64_t i = 0; i < axis->n; i++) {
        const bool empty = axis->lo[i] >= axis->hi[i];
        if (!empty) {
            if (axis->hi[i] < last)
                return false;
            last = axis->hi[i];
        }
        hi[i] = last;
        f->may_be_empty = f->may_be_empty || empty;
        if (empty && lo[i] < hi[i])
            return false;
    }
    f->lo = lo;
    f->hi = hi;
    f->n = axis->n;
    f->extent = extent;
    return true;
}

static bool fit_lo(struct th_axis_form *f)
{
    f->lo_a = f->n > 1 ? f->lo[f->n - 1] - f->lo[f->n - 2] : 0;
    f->lo_b = f->lo[f->n - 1] - f->lo_a * (f->n - 1);
    for (int64_t i = 0; i < f->n; i++) {
        const int64_t v = f->lo_a * i + f->lo_b;
        f->lo_clips = f->lo_clips || v < 0;
        if (f->lo[i] != (v < 0 ? 0 : v))
            return false;
    }
    return true;
}

static bool fit_hi(struct th_axis_form *f)
{
    f->hi_a = f->n > 1 ? f->hi[1] - f->hi[0] : 0;
    f->hi_b = f->hi[0];
    for (int64_t i = 0; i < f->n; i++) {
        const int64_t v = f->hi_a * i + f->hi_b;
        f->hi_clips = f->hi_clips || v > f->extent;
        if (f->hi[i] != (v > f->extent ? f->extent : v))
            return false;
    }
    return true;
}

static bool make_form(struct th_arena *arena, const struct th_tile_axis *axis, int64_t extent,
                      struct th_axis_form *f)
{
    *f = (struct th_axis_form){0};
    if (axis->n < 1 || !fill(arena, axis, extent, f))
        return false;
    const bool lo = fit_lo(f), hi = fit_hi(f);
    f->table = !lo || !hi;
    return true;
}

/* ---- tails that must be emptied before a read ------------------------------------------------ */
struct emptying {
    struct th_emit_tiles *k;
    int64_t *y, *x;              /* newest pixel of each node is (y, x - 1); x 0: none of row y */
};

static enum th_status follow(void *user, const struct th_tile_run *r)
{
    struct emptying *m = user;
    const struct th_tile *t = &m->k->t;
    const struct th_tile_node *n = &t->nodes[r->node];
    for (uint32_t p = 0; p < n->n_in; p++) {
        const int32_t j = n->in[p].maker;
        if (j < 0 || n->in[p].whole || !th_emit_tile_has_tail(&t->nodes[j]))
            continue;
        struct th_operand_form *f = &m->k->forms[r->node][p];
        const struct th_tile_node *maker = &t->nodes[j];
        if (m->x[j] != maker->w || f->rows.hi[r->y1 - 1] - 1 != m->y[j] ||
            f->rows.lo[r->y0] >= f->rows.hi[r->y1 - 1] ||
            f->cols.lo[r->x0] >= maker->w - maker->tail_cols)
            continue;
        f->empties = true;
        m->y[j]++;
        m->x[j] = 0;
    }
    m->y[r->node] = r->y0;
    m->x[r->node] = r->x1;
    return TH_OK;
}

static enum th_status find_emptying(struct th_emit_tiles *k)
{
    const size_t n = (size_t)k->t.n_nodes + 1;
    struct emptying m = {k, TH_NEW_ARRAY(k->e->arena, int64_t, n),
                         TH_NEW_ARRAY(k->e->arena, int64_t, n)};
    if (!m.y || !m.x)
        return TH_ERR_INTERNAL;
    return k->t.mode == TH_TILE_STREAM ? th_tile_replay(&k->t, k->e->arena, follow, &m) : TH_OK;
}

enum th_status th_axis_forms(struct th_emit_tiles *k)
{
    struct th_arena *a = k->e->arena;
    const struct th_tile *t = &k->t;
    k->forms = TH_NEW_ARRAY(a, struct th_operand_form *, (size_t)t->n_nodes + 1);
    if (!k->forms)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < t->n_nodes; i++) {
        const struct th_tile_node *n = &t->nodes[i];
        k->forms[i] = TH_NEW_ARRAY(a, struct th_operand_form, (size_t)n->n_in + 1);
        if (!k->forms[i])
            return TH_ERR_INTERNAL;
        for (uint32_t p = 0; p < n->n_in; p++) {
            const struct th_tile_operand *o = &n->in[p];
            if (o->whole || (make_form(a, &o->rows, o->h, &k->forms[i][p].rows) &&
                             make_form(a, &o->cols, o->w, &k->forms[i][p].cols)))
                continue;
            th_error(k->e->ctx, th_node_loc(t->body, n->node), 4010,
                     "the windows of '%s' do not advance along the map, so it cannot run in pieces",
                     th_node_op_name(t->body, n->node));
            return TH_ERR_TARGET;
        }
    }
    return find_emptying(k);
}

/* ---- text ------------------------------------------------------------------------------------ */
static void table(struct th_emit_tiles *k, uint32_t i, uint32_t p, const char *which,
                  const struct th_axis_form *f)
{
    if (!f->table)
        return;
    th_str_addf(k->s, "static const %s %s_%s%u_%u[%lld][2] = {",
                f->extent > UINT16_MAX ? "int32_t" : "uint16_t", k->name, which, i, p,
                (long long)f->n);
    for (int64_t j = 0; j < f->n; j++)
        th_str_addf(k->s, "%s{%lld, %lld}", j == 0 ? "\n    " : j % 8 ? ", " : ",\n    ",
                    (long long)f->lo[j], (long long)f->hi[j]);
    th_str_add(k->s, "\n};\n");
}

/* Columns that are asked for one run after another; between the stages of strips rows alone are. */
static bool asks_columns(const struct th_tile *t, const struct th_tile_node *n,
                         const struct th_tile_operand *o)
{
    return t->mode == TH_TILE_STRIPS ? t->nodes[o->maker].stage == n->stage : n->run < n->w;
}

void th_axis_tables(struct th_emit_tiles *k)
{
    for (uint32_t i = 0; i < k->t.n_nodes; i++)
        for (uint32_t p = 0; p < k->t.nodes[i].n_in; p++) {
            const struct th_tile_operand *o = &k->t.nodes[i].in[p];
            if (o->whole || o->maker < 0 || !k->reached[i])
                continue;
            table(k, i, p, "rows", &k->forms[i][p].rows);
            if (asks_columns(&k->t, &k->t.nodes[i], o))
                table(k, i, p, "cols", &k->forms[i][p].cols);
        }
}

/* a * index + b */
static void line(struct th_str *s, int64_t a, int64_t b, const char *index)
{
    if (a == 0) {
        th_str_addf(s, "%lld", (long long)b);
        return;
    }
    if (a == 1)
        th_str_add(s, index);
    else
        th_str_addf(s, "%lld * (%s)", (long long)a, index);
    if (b)
        th_str_addf(s, " %c %lld", b < 0 ? '-' : '+', (long long)(b < 0 ? -b : b));
}

void th_axis_lo(struct th_emit_tiles *k, uint32_t i, uint32_t p, bool rows, const char *index)
{
    const struct th_axis_form *f = rows ? &k->forms[i][p].rows : &k->forms[i][p].cols;
    if (!index) {
        th_str_addf(k->s, "%lld", (long long)f->lo[0]);
        return;
    }
    if (f->table) {
        th_str_addf(k->s, "%s_%s%u_%u[%s][0]", k->name, rows ? "rows" : "cols", i, p, index);
        return;
    }
    th_str_add(k->s, f->lo_clips ? "thk_most(0, " : "");
    line(k->s, f->lo_a, f->lo_b, index);
    th_str_add(k->s, f->lo_clips ? ")" : "");
}

void th_axis_hi(struct th_emit_tiles *k, uint32_t i, uint32_t p, bool rows, const char *index)
{
    const struct th_axis_form *f = rows ? &k->forms[i][p].rows : &k->forms[i][p].cols;
    if (!index) {
        th_str_addf(k->s, "%lld", (long long)f->hi[f->n - 1]);
        return;
    }
    if (f->table) {
        th_str_addf(k->s, "%s_%s%u_%u[%s][1]", k->name, rows ? "rows" : "cols", i, p, index);
        return;
    }
    if (f->hi_clips)
        th_str_addf(k->s, "thk_least(%lld, ", (long long)f->extent);
    line(k->s, f->hi_a, f->hi_b, index);
    th_str_add(k->s, f->hi_clips ? ")" : "");
}
