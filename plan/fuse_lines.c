/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of a tensor must be kept between the node that makes it and those that read it, when all
 * of them run as one stream. With one reader that follows from its windows; with several from the
 * first node they all feed, since their branches lag differently.
 */
#include "plan/fuse_internal.h"

#include <string.h>

uint32_t th_fuse_join(const struct fuse *f, uint32_t t, uint32_t end, struct th_arena *tmp)
{
    uint32_t a = f->cons_start[t], b = f->cons_start[t + 1], last = f->cons[b - 1];
    uint32_t from = f->prod[t] == FUSE_NONE ? 0 : f->prod[t] + 1;
    if (b - a == 1)
        return last;
    uint8_t *mark = th_arena_alloc(tmp, (size_t)(end > from ? end - from : 0) + 1);
    if (!mark)
        return FUSE_NONE;
    for (uint32_t j = last; j < end; j++) {
        uint32_t met = 0;
        if (f->net->nodes[j].kind == TH_FUSE_REDUCE)
            continue;
        memset(mark, 0, end - from);
        mark[j - from] = 1;
        for (uint32_t i = j + 1; i-- > from;) {
            /* What a REDUCE reads does not reach what is behind it in one stream. */
            if (!mark[i - from] || f->net->nodes[i].kind == TH_FUSE_REDUCE)
                continue;
            for (uint32_t k = 0; k < f->nodes[i].n_maps; k++) {
                uint32_t x = f->nodes[i].maps[k].tensor, m = f->prod[x];
                met += x == t;
                if (m != FUSE_NONE && m >= from)
                    mark[m - from] = 1;
            }
        }
        if (met == b - a)
            return j;
    }
    return FUSE_NONE;
}

static const struct fuse_map *map_of(const struct fuse *f, uint32_t j, uint32_t t)
{
    for (uint32_t k = 0; k < f->nodes[j].n_maps; k++)
        if (f->nodes[j].maps[k].tensor == t)
            return &f->nodes[j].maps[k];
    return NULL;
}

/* What has been made of t and of a reader's shape, step by step. */
struct view {
    const struct fuse *f;
    const struct fuse_drive *d;
    const struct fuse_state *made, *done;
    const struct fuse_map *m;
    const struct th_fuse_tensor *t, *shape;
    uint32_t grain, c;       /* c: the reader, one of f->cons */
    const uint32_t *turn;    /* by reader; NULL: they take turns run by run */
};

/* Marks the nodes behind `from` that tensor x comes of. */
static void mark_makers(const struct fuse *f, uint32_t x, uint32_t from, uint8_t *mark)
{
    if (f->prod[x] == FUSE_NONE || f->prod[x] < from)
        return;
    uint32_t top = f->prod[x];
    mark[top - from] = 1;
    for (uint32_t i = top + 1; i-- > from;)
        for (uint32_t k = 0; mark[i - from] && k < f->nodes[i].n_maps; k++) {
            uint32_t m = f->prod[f->nodes[i].maps[k].tensor];
            if (m != FUSE_NONE && m >= from)
                mark[m - from] = 1;
        }
}

#define AFTER_ALL UINT32_MAX

/* When in a step of the join each reader of t runs: with the operand of the join, by its place,
 * that alone comes of it. NULL: exhausted. */
static uint32_t *turns(const struct fuse *f, uint32_t t, uint32_t join, struct th_arena *tmp)
{
    const struct fuse_node *v = &f->nodes[join];
    uint32_t from = f->prod[t] == FUSE_NONE ? 0 : f->prod[t] + 1, a = f->cons_start[t];
    uint32_t *turn = TH_NEW_ARRAY(tmp, uint32_t, (size_t)f->cons_start[t + 1] - a + 1);
    uint8_t *mark = th_arena_alloc(tmp, (size_t)join - from + 1);
    if (!turn || !mark)
        return NULL;
    for (uint32_t k = 0; k <= v->n_maps; k++) {
        memset(mark, 0, (size_t)join - from + 1);
        if (k < v->n_maps)
            mark_makers(f, v->maps[k].tensor, from, mark);
        for (uint32_t c = a; c < f->cons_start[t + 1]; c++)
            if (f->cons[c] == join)
                turn[c - a] = AFTER_ALL;
            else if (mark[f->cons[c] - from])
                turn[c - a] = turn[c - a] ? AFTER_ALL : k + 1;
    }
    return turn;
}

static bool fresh(const struct fuse_state *s, int32_t r)
{
    return r == 0 || s->row[r] > s->row[r - 1];
}

/* First row of the reader that is still to make when row r of the driver begins; *count: columns
 * of it that are made already. */
static int32_t next_row(const struct view *v, int32_t r, int32_t *count)
{
    *count = 0;
    if (r == 0)
        return 0;
    int32_t a = v->done->row[r - 1];
    *count = v->done->table[v->done->cls[r - 1]][v->d->n_runs - 1];
    if (*count < v->shape->w)
        return a;
    *count = 0;
    return a + 1;
}

/* The newest row of t when the reader begins with what it makes in step r. */
static int32_t newest_before(const struct view *v, int32_t r)
{
    const struct fuse *f = v->f;
    uint32_t t = (uint32_t)(v->t - f->net->tensors), a = f->cons_start[t];
    int32_t y = r ? v->made->row[r - 1] : -1;
    for (uint32_t c = a; c < f->cons_start[t + 1]; c++) {
        if (c == v->c || (v->turn[c - a] > v->turn[v->c - a] && v->turn[c - a] != AFTER_ALL))
            continue;
        const struct fuse_state *s = &v->d->states[f->nodes[f->cons[c]].shape];
        if (s->set)
            y = (int32_t)fuse_max(y, map_of(f, f->cons[c], t)->rows.newest[s->row[r]]);
    }
    return y;
}

/* Rows between the newest and the oldest wanted; `emptied`: a complete newest row counts as if the
 * next were begun. */
static int32_t row_lag(const struct view *v, bool emptied)
{
    const struct fuse_rows *rows = &v->m->rows;
    const uint32_t first = v->f->cons_start[v->t - v->f->net->tensors];
    const bool ordered = v->turn && v->turn[v->c - first] != AFTER_ALL;
    int32_t most = 0, count;
    for (int32_t r = 0; r < v->d->n_rows; r++) {
        int32_t a = next_row(v, r, &count), last = a, y = v->made->row[r];
        bool begun = fresh(v->made, r);
        if (a >= v->shape->h)
            break;
        if (ordered) {
            y = newest_before(v, r);
            last = v->done->row[r];
        }
        for (; a <= last; a++) {
            if (ordered) {
                begun = rows->newest[a] > y;
                y = (int32_t)fuse_max(y, rows->newest[a]);
            }
            most = (int32_t)fuse_max(most, y - rows->oldest[a] + (emptied && !begun));
        }
    }
    return most;
}

/* Columns of the newest row that must be at hand: newest made minus oldest wanted, where the
 * newest row or the one whose slot it takes is wanted. */
static int32_t tail(const struct view *v, int32_t rows)
{
    const struct fuse_cols *c = &v->m->cols[v->grain];
    int32_t u = fuse_run(v->grain, v->shape->w), most = 0;
    uint32_t seen[2] = {FUSE_NONE, FUSE_NONE};
    for (int32_t r = 0; r < v->d->n_rows; r++) {
        if (!fresh(v->made, r))
            continue;
        int32_t y = v->made->row[r], last = v->done->row[r], count;
        const int32_t *n = v->made->table[v->made->cls[r]];
        const int32_t *m = v->done->table[v->done->cls[r]];
        for (int32_t a = next_row(v, r, &count); a <= last && a < v->shape->h; a++, count = 0) {
            if (v->m->rows.last[a] != y && v->m->rows.first[a] > y - rows)
                continue;
            int32_t run = count / u;
            most = (int32_t)fuse_max(most, n[0] - c->oldest[run]);
            if (a < last || (!count && v->made->cls[r] == seen[0] && v->done->cls[r] == seen[1]))
                continue;
            for (int32_t k = 1; k < v->d->n_runs; k++) {
                run = (m[k - 1] + u - 1) / u;
                if (run < c->n_runs)
                    most = (int32_t)fuse_max(most, n[k] - c->oldest[run]);
            }
            if (!count) {
                seen[0] = v->made->cls[r];
                seen[1] = v->done->cls[r];
            }
        }
    }
    return most;
}

/* Does every run want columns of one run of the operand (v columns) only, each its own? */
static bool run_by_run(const struct fuse_cols *c, int32_t v)
{
    for (int32_t k = 0; k < c->n_runs; k++)
        if (c->first[k] / v != (c->made[k] - 1) / v || (k && c->made[k] <= c->made[k - 1]))
            return false;
    return true;
}

/* Does every run of the one reader want a run not made before, and nothing older? */
static bool at_once(const struct view *v, int32_t rows, int32_t cols)
{
    int32_t u = fuse_run(v->grain, v->t->w);
    if (rows > 0 || cols > u || !run_by_run(&v->m->cols[v->grain], u))
        return false;
    for (int32_t r = 0; r < v->d->n_rows; r++)
        if (!fresh(v->made, r))
            return false;
    return true;
}

static bool stuck_incomplete(const struct view *v)
{
    for (int32_t r = 1; r < v->d->n_rows; r++)
        if (!fresh(v->made, r) &&
            v->made->table[v->made->cls[r - 1]][v->d->n_runs - 1] < v->t->w)
            return true;
    return false;
}

/* Drives node j and all between it and t. */
static enum th_status drive(struct fuse_drive *d, const struct fuse *f, uint32_t j, uint32_t t)
{
    uint32_t from = f->prod[t] == FUSE_NONE ? 0 : f->prod[t] + 1;
    TH_TRY(th_fuse_drive_begin(d, j));
    for (uint32_t i = j + 1; i-- > from;)
        TH_TRY(th_fuse_drive_node(d, i));
    return TH_OK;
}

static enum th_status lines_of(struct fuse *f, struct fuse_drive *d, uint32_t t, bool pushed,
                               struct th_arena *tmp, struct fuse_lines *out)
{
    const struct th_fuse_tensor *x = &f->net->tensors[t];
    uint32_t a = f->cons_start[t], b = f->cons_start[t + 1], grain = d->grain;
    int32_t lag = 0, lag_tail = 0, cols = 0;
    bool incomplete = pushed;
    struct view v = {f, d, &d->states[t], NULL, NULL, x, NULL, grain, a, NULL};
    TH_TRY(drive(d, f, out->join, t));
    if (b - a > 1 && d->n_runs == 1 && !pushed && !(v.turn = turns(f, t, out->join, tmp)))
        return TH_ERR_INTERNAL;
    for (uint32_t c = a; c < b; c++) {
        uint32_t s = f->nodes[f->cons[c]].shape;
        v.done = &d->states[s];
        v.shape = &f->net->tensors[s];
        v.m = map_of(f, f->cons[c], t);
        v.c = c;
        if (!v.done->set || !v.made->set)
            return TH_OK;
        lag = (int32_t)fuse_max(lag, row_lag(&v, false));
        lag_tail = (int32_t)fuse_max(lag_tail, row_lag(&v, true));
        incomplete |= stuck_incomplete(&v);
    }
    for (uint32_t c = a; c < b && !incomplete; c++) {
        uint32_t s = f->nodes[f->cons[c]].shape;
        v.done = &d->states[s];
        v.shape = &f->net->tensors[s];
        v.m = map_of(f, f->cons[c], t);
        cols = (int32_t)fuse_max(cols, tail(&v, lag_tail));
    }
    cols = (int32_t)fuse_max(cols, fuse_run(grain, x->w));
    out->ok = true;
    out->rows = lag + 1;
    out->cols = 0;
    if (!incomplete && (int64_t)lag_tail * x->w + cols < (int64_t)out->rows * x->w) {
        out->rows = lag_tail;
        out->cols = cols;
    }
    out->held = !incomplete && b - a == 1 && at_once(&v, lag_tail, cols);
    if ((int64_t)out->rows * x->w + out->cols >= fuse_pixels(x)) {
        out->rows = x->h;
        out->cols = 0;
    }
    if (!out->cols && !pushed && fuse_run(grain, x->w) < x->w) {
        out->rows--;           /* runs go through a tail, of the whole row if need be */
        out->cols = x->w;
    }
    if (out->held) {
        out->rows = 0;
        out->cols = fuse_run(grain, x->w);
    }
    out->bytes = fuse_round(f, ((int64_t)out->rows * x->w + out->cols) * x->pixel_bytes);
    return TH_OK;
}

/* While node j is driven, has operand x come as far as reader `by` of j's output wants it? */
static bool covered(const struct fuse *f, const struct fuse_drive *d, const struct fuse_map *out,
                    const struct fuse_map *x, uint32_t by)
{
    const struct fuse_state *s = &d->states[x->tensor];
    const struct fuse_cols *c = &x->cols[d->grain];
    int32_t u = fuse_run(d->grain, f->net->tensors[out->tensor].w);
    uint32_t seen = FUSE_NONE;
    for (int32_t r = 0; s->set && r < f->net->tensors[f->nodes[by].shape].h; r++) {
        int32_t y = out->rows.newest[r];
        if (s->row[y] < x->rows.last[r])
            return false;
        if (s->row[y] > x->rows.last[r] || s->cls[y] == seen)
            continue;
        seen = s->cls[y];
        for (int32_t k = 0; k < c->n_runs; k++)
            if (s->table[seen][(out->cols[d->grain].made[k] - 1) / u] < c->made[k])
                return false;
    }
    return s->set;
}

/* Which later operands of its reader a held value advances by itself. */
static enum th_status find_covers(struct fuse *f, struct fuse_drive *d, uint32_t t,
                                  struct fuse_lines *l)
{
    uint32_t j = f->cons[f->cons_start[t]], i;
    const struct fuse_node *v = &f->nodes[j];
    for (i = 0; v->maps[i].tensor != t; i++)
        continue;
    const struct fuse_map *own = &v->maps[i];
    for (uint32_t k = i + 1; l->held && k < v->n_maps && k < 32; k++) {
        uint32_t x = v->maps[k].tensor;
        if (f->prod[x] == FUSE_NONE || f->prod[x] >= f->prod[t])
            continue;
        TH_TRY(drive(d, f, f->prod[t], x));
        if (covered(f, d, own, &v->maps[k], j))
            l->covers |= (uint32_t)1 << k;
    }
    return TH_OK;
}

/* Columns made of all that node j pulls, back to node `from`, while its runs slide over a strip. */
static enum th_status slide(const struct fuse *f, uint32_t grain, uint32_t j, uint32_t from,
                            struct th_arena *tmp, int32_t **made)
{
    const struct th_fuse_tensor *s = &f->net->tensors[f->nodes[j].shape];
    int32_t u = fuse_run(grain, s->w), runs = (s->w + u - 1) / u;
    int32_t *own = TH_NEW_ARRAY(tmp, int32_t, (size_t)runs);
    if (!own)
        return TH_ERR_INTERNAL;
    for (int32_t k = 0; k < runs; k++)
        own[k] = (int32_t)fuse_min((int64_t)(k + 1) * u, s->w);
    made[f->nodes[j].shape] = own;
    for (uint32_t i = j + 1; i-- > from;) {
        const int32_t *done = made[f->nodes[i].shape];
        int32_t v = fuse_run(grain, f->net->tensors[f->nodes[i].shape].w);
        for (uint32_t k = 0; done && k < f->nodes[i].n_maps; k++) {
            const struct fuse_map *m = &f->nodes[i].maps[k];
            if (m->tensor == f->nodes[i].shape)
                continue;
            int32_t *n = made[m->tensor];
            if (!n)
                n = TH_NEW_ARRAY(tmp, int32_t, (size_t)runs);
            if (!n)
                return TH_ERR_INTERNAL;
            for (int32_t r = 0; r < runs; r++)
                n[r] = (int32_t)fuse_max(n[r], m->cols[grain].made[(done[r] - 1) / v]);
            made[m->tensor] = n;
        }
    }
    return TH_OK;
}

static void forget(const struct fuse *f, uint32_t j, uint32_t from, int32_t **made)
{
    for (uint32_t i = j + 1; i-- > from;) {
        made[f->nodes[i].shape] = NULL;
        for (uint32_t k = 0; k < f->nodes[i].n_maps; k++)
            made[f->nodes[i].maps[k].tensor] = NULL;
    }
}

/* As find_covers, while columns slide. */
static enum th_status find_box_covers(struct fuse *f, uint32_t grain, uint32_t t,
                                      struct th_arena *tmp, int32_t **made, struct fuse_lines *l)
{
    uint32_t j = f->cons[f->cons_start[t]], i, m = f->prod[t];
    const struct fuse_node *v = &f->nodes[j];
    int32_t u = fuse_run(grain, f->net->tensors[t].w);
    for (i = 0; v->maps[i].tensor != t; i++)
        continue;
    for (uint32_t k = i + 1; l->box_held && k < v->n_maps && k < 32; k++) {
        uint32_t x = v->maps[k].tensor;
        if (f->prod[x] == FUSE_NONE || f->prod[x] >= m)
            continue;
        TH_TRY(slide(f, grain, m, f->prod[x] + 1, tmp, made));
        const struct fuse_cols *own = &v->maps[i].cols[grain], *c = &v->maps[k].cols[grain];
        bool all = made[x] != NULL;
        for (int32_t r = 0; all && r < c->n_runs; r++)
            all = made[x][(own->made[r] - 1) / u] >= c->made[r];
        if (all)
            l->box_covers |= (uint32_t)1 << k;
        forget(f, m, f->prod[x] + 1, made);
    }
    return TH_OK;
}

/* Columns alive of a box while columns slide through a strip, all rows of it at once. */
static enum th_status box_of(struct fuse *f, uint32_t grain, uint32_t t, struct th_arena *tmp,
                             int32_t **made, struct fuse_lines *out)
{
    uint32_t from = f->prod[t] == FUSE_NONE ? 0 : f->prod[t] + 1, j = out->join;
    const struct th_fuse_tensor *s = &f->net->tensors[f->nodes[j].shape];
    int32_t u = fuse_run(grain, s->w), runs = (s->w + u - 1) / u, most = 0;
    int32_t mine = fuse_run(grain, f->net->tensors[t].w);
    bool once = f->cons_start[t + 1] - f->cons_start[t] == 1;
    TH_TRY(slide(f, grain, j, from, tmp, made));
    for (uint32_t c = f->cons_start[t]; c < f->cons_start[t + 1]; c++) {
        const struct fuse_cols *m = &map_of(f, f->cons[c], t)->cols[grain];
        uint32_t shape = f->nodes[f->cons[c]].shape;
        int32_t v = fuse_run(grain, f->net->tensors[shape].w);
        for (int32_t r = 0; r < runs; r++) {
            int32_t run = r ? (made[shape][r - 1] + v - 1) / v : 0;
            if (run < m->n_runs)
                most = (int32_t)fuse_max(most, made[t][r] - m->oldest[run]);
        }
        once = once && run_by_run(m, mine);
    }
    out->box_cols = (int32_t)fuse_min(fuse_max(most, mine), f->net->tensors[t].w);
    out->box_held = once && out->box_cols == mine;
    forget(f, j, from, made);
    return f->prod[t] == FUSE_NONE ? TH_OK : find_box_covers(f, grain, t, tmp, made, out);
}

static enum th_status grain_lines(struct fuse *f, uint32_t grain, struct th_arena *tmp,
                                  struct th_arena *work, int32_t **made)
{
    struct fuse_drive d;
    uint32_t n = f->net->n_nodes;
    th_arena_clear(work);
    TH_TRY(th_fuse_drive_new(&d, f, work, tmp, grain));
    f->lines[grain] = TH_NEW_ARRAY(f->arena, struct fuse_lines, (size_t)f->net->n_tensors + 1);
    if (!f->lines[grain])
        return TH_ERR_INTERNAL;
    for (uint32_t t = 0; t < f->net->n_tensors; t++) {
        bool input = f->prod[t] == FUSE_NONE;
        struct fuse_lines *l = &f->lines[grain][t];
        l->join = FUSE_NONE;
        if (f->cons_start[t] == f->cons_start[t + 1] || (input && !f->o.feed) ||
            f->net->tensors[t].is_output)
            continue;
        uint64_t far = input ? f->max_group : (uint64_t)f->prod[t] + f->max_group + 1;
        th_arena_clear(tmp);
        l->join = th_fuse_join(f, t, (uint32_t)fuse_min((int64_t)far, n), tmp);
        if (l->join == FUSE_NONE)
            continue;
        th_arena_clear(tmp);
        TH_TRY(box_of(f, grain, t, tmp, made, l));
        TH_TRY(lines_of(f, &d, t, input, tmp, l));
        if (l->held && !input)
            TH_TRY(find_covers(f, &d, t, l));
    }
    return TH_OK;
}

enum th_status th_fuse_lines(struct fuse *f)
{
    struct th_arena *tmp = th_arena_new(0), *work = th_arena_new(0);
    int32_t **made = TH_NEW_ARRAY(f->arena, int32_t *, (size_t)f->net->n_tensors + 1);
    enum th_status st = tmp && work && made ? TH_OK : TH_ERR_INTERNAL;
    for (uint32_t g = 0; g < FUSE_GRAINS && st == TH_OK; g++)
        st = grain_lines(f, g, tmp, work, made);
    th_arena_free(tmp);
    th_arena_free(work);
    return st;
}
