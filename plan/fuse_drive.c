/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pull order, per axis: driving one node run by run, how far has every tensor before it come? The
 * rows made depend on the driver's row alone; the columns made depend on the run in it, in one of
 * few ways (classes): as the windows compose, or not at all where the row was complete before.
 */
#include "plan/fuse_internal.h"

#include <string.h>

enum th_status th_fuse_drive_new(struct fuse_drive *d, const struct fuse *f,
                                 struct th_arena *arena, struct th_arena *tmp, uint32_t grain)
{
    *d = (struct fuse_drive){.f = f, .arena = tmp, .grain = grain};
    d->states = TH_NEW_ARRAY(arena, struct fuse_state, (size_t)f->net->n_tensors + 1);
    d->touched = TH_NEW_ARRAY(arena, uint32_t, (size_t)f->net->n_tensors + 1);
    return d->states && d->touched ? TH_OK : TH_ERR_INTERNAL;
}

/* Class of these counts; `counts` is kept when it is new. */
static enum th_status intern(struct fuse_drive *d, struct fuse_state *s, int32_t *counts,
                             uint32_t *out)
{
    for (uint32_t c = 0; c < s->n_cls; c++) {
        if (!memcmp(s->table[c], counts, (size_t)d->n_runs * sizeof *counts)) {
            *out = c;
            return TH_OK;
        }
    }
    if (s->n_cls == s->room) {
        uint32_t room = s->room ? 2 * s->room : 4;
        int32_t **table = TH_NEW_ARRAY(d->arena, int32_t *, room);
        if (!table)
            return TH_ERR_INTERNAL;
        if (s->n_cls)
            memcpy(table, s->table, s->n_cls * sizeof *table);
        s->table = table;
        s->room = room;
    }
    s->table[s->n_cls] = counts;
    *out = s->n_cls++;
    return TH_OK;
}

static int32_t *new_counts(struct fuse_drive *d)
{
    return TH_NEW_ARRAY(d->arena, int32_t, (size_t)d->n_runs);
}

static enum th_status touch(struct fuse_drive *d, uint32_t t)
{
    struct fuse_state *s = &d->states[t];
    s->row = TH_NEW_ARRAY(d->arena, int32_t, (size_t)d->n_rows);
    s->cls = TH_NEW_ARRAY(d->arena, uint32_t, (size_t)d->n_rows);
    if (!s->row || !s->cls)
        return TH_ERR_INTERNAL;
    s->set = true;
    d->touched[d->n_touched++] = t;
    return TH_OK;
}

enum th_status th_fuse_drive_begin(struct fuse_drive *d, uint32_t node)
{
    for (uint32_t i = 0; i < d->n_touched; i++)
        d->states[d->touched[i]] = (struct fuse_state){.set = false};
    d->n_touched = 0;
    th_arena_clear(d->arena);
    d->tensor = d->f->nodes[node].shape;
    const struct th_fuse_tensor *x = &d->f->net->tensors[d->tensor];
    int32_t u = fuse_run(d->grain, x->w);
    d->n_rows = x->h;
    d->n_runs = (x->w + u - 1) / u;
    TH_TRY(touch(d, d->tensor));
    struct fuse_state *s = &d->states[d->tensor];
    int32_t *counts = new_counts(d);
    uint32_t c;
    if (!counts)
        return TH_ERR_INTERNAL;
    for (int32_t k = 0; k < d->n_runs; k++)
        counts[k] = (int32_t)fuse_min((int64_t)(k + 1) * u, x->w);
    TH_TRY(intern(d, s, counts, &c));
    for (int32_t r = 0; r < d->n_rows; r++)
        s->row[r] = r;
    return TH_OK;
}

/* What one operand has come to, given its reader; merged with what other readers pulled. */
static enum th_status pull(struct fuse_drive *d, const struct fuse_map *m, uint32_t reader)
{
    const struct fuse_state *from = &d->states[reader];
    struct fuse_state *s = &d->states[m->tensor], own = {.set = false};
    const struct fuse_cols *cols = &m->cols[d->grain];
    int32_t u = fuse_run(d->grain, d->f->net->tensors[reader].w);
    bool merge = s->set;
    uint32_t *derived = TH_NEW_ARRAY(d->arena, uint32_t, (size_t)from->n_cls);
    int32_t *full = new_counts(d);
    uint32_t stuck, pair[3] = {FUSE_NONE, FUSE_NONE, 0};
    if (!derived || !full)
        return TH_ERR_INTERNAL;
    if (!merge)
        TH_TRY(touch(d, m->tensor));
    own = *s;
    s = &own;
    if (merge) {
        s->row = TH_NEW_ARRAY(d->arena, int32_t, (size_t)d->n_rows);
        s->cls = TH_NEW_ARRAY(d->arena, uint32_t, (size_t)d->n_rows);
        if (!s->row || !s->cls)
            return TH_ERR_INTERNAL;
    }
    for (uint32_t c = 0; c < from->n_cls; c++) {
        int32_t *counts = new_counts(d);
        if (!counts)
            return TH_ERR_INTERNAL;
        for (int32_t k = 0; k < d->n_runs; k++)
            counts[k] = cols->made[(from->table[c][k] - 1) / u];
        TH_TRY(intern(d, s, counts, &derived[c]));
    }
    for (int32_t k = 0; k < d->n_runs; k++)
        full[k] = cols->made[cols->n_runs - 1];
    TH_TRY(intern(d, s, full, &stuck));
    const struct fuse_state *other = &d->states[m->tensor];
    for (int32_t r = 0; r < d->n_rows; r++) {
        int32_t a = from->row[r], y = m->rows.newest[a];
        uint32_t c = !a || y > m->rows.newest[a - 1] ? derived[from->cls[r]] : stuck;
        if (merge && other->row[r] > y) {
            y = other->row[r];
            c = other->cls[r];
        } else if (merge && other->row[r] == y && other->cls[r] != c) {
            /* Inner rows merge alike. */
            if (c != pair[0] || other->cls[r] != pair[1]) {
                int32_t *counts = new_counts(d);
                if (!counts)
                    return TH_ERR_INTERNAL;
                pair[0] = c;
                pair[1] = other->cls[r];
                for (int32_t k = 0; k < d->n_runs; k++)
                    counts[k] = (int32_t)fuse_max(s->table[c][k], s->table[pair[1]][k]);
                TH_TRY(intern(d, s, counts, &pair[2]));
            }
            c = pair[2];
        }
        s->row[r] = y;
        s->cls[r] = c;
    }
    d->states[m->tensor] = own;
    return TH_OK;
}

enum th_status th_fuse_drive_node(struct fuse_drive *d, uint32_t j)
{
    const struct fuse_node *v = &d->f->nodes[j];
    if (!d->states[v->shape].set)
        return TH_OK;
    for (uint32_t k = 0; k < v->n_maps; k++)
        if (v->maps[k].tensor != v->shape)
            TH_TRY(pull(d, &v->maps[k], v->shape));
    return TH_OK;
}

/* ---- distance ------------------------------------------------------------------------------ */
#define NOTHING ((int64_t)1 << 60)    /* wanted: no byte can be in its way */

/* What the reader with these maps still wants of stored input x once it has come to row a, count
 * m of its own shape (exclusive): byte offset of the oldest pixel. */
static int64_t wanted_from(const struct fuse_map *m, const struct fuse_cols *cols,
                           const struct th_fuse_tensor *x, const struct th_fuse_tensor *shape,
                           int32_t u, int32_t a, int32_t count)
{
    int32_t run = (count + u - 1) / u;
    if (run >= cols->n_runs) {
        a++;
        run = 0;
    }
    if (a >= shape->h)
        return NOTHING;
    int64_t here = (int64_t)m->rows.first[a] * x->w + cols->oldest[run];
    if (a + 1 < shape->h)
        here = fuse_min(here, (int64_t)m->rows.oldest[a + 1] * x->w + cols->oldest[0]);
    return here * x->pixel_bytes;
}

/* Steps of one row: the largest of written minus wanted. lag: what the reader had before the step
 * counts (1), after it (0). */
static int64_t row_distance(const struct fuse_drive *d, const struct fuse_map *m, uint32_t shape,
                            uint32_t i, uint32_t o, int32_t r, bool lag)
{
    const struct th_fuse_tensor *x = &d->f->net->tensors[i], *y = &d->f->net->tensors[o];
    const struct th_fuse_tensor *z = &d->f->net->tensors[shape];
    const struct fuse_state *so = &d->states[o], *sz = &d->states[shape];
    const struct fuse_cols *cols = &m->cols[d->grain];
    int32_t u = fuse_run(d->grain, z->w);
    const int32_t *written = so->table[so->cls[r]], *done = sz->table[sz->cls[r]];
    int64_t most = -NOTHING;
    for (int32_t k = 0; k < d->n_runs; k++) {
        int32_t a = sz->row[r], n = done[k];
        if (lag && k)
            n = done[k - 1];
        else if (lag && r) {
            a = sz->row[r - 1];
            n = sz->table[sz->cls[r - 1]][d->n_runs - 1];
        } else if (lag) {
            a = 0;
            n = 0;
        }
        int64_t w = ((int64_t)so->row[r] * y->w + written[k]) * y->pixel_bytes;
        most = fuse_max(most, w - wanted_from(m, cols, x, z, u, a, n));
    }
    return most;
}

/* Does all that is wanted from row a on lie the same number of rows behind that from row b? */
static bool shifted(const struct fuse_map *m, int32_t h, int32_t a, int32_t b, int32_t *by)
{
    if (a + 2 >= h || b + 2 >= h)
        return false;
    *by = m->rows.first[a] - m->rows.first[b];
    for (int32_t i = 1; i <= 2; i++)
        if (m->rows.first[a + i] - m->rows.first[b + i] != *by ||
            m->rows.oldest[a + i] - m->rows.oldest[b + i] != *by)
            return false;
    return true;
}

static int64_t reader_distance(const struct fuse_drive *d, uint32_t j, const struct fuse_map *m,
                               uint32_t i, uint32_t o)
{
    const struct fuse *f = d->f;
    uint32_t shape = f->nodes[j].shape;
    const struct th_fuse_tensor *x = &f->net->tensors[i], *y = &f->net->tensors[o];
    const struct th_fuse_tensor *z = &f->net->tensors[shape];
    const struct fuse_state *so = &d->states[o], *sz = &d->states[shape];
    bool lag = o != d->tensor || (f->net->nodes[j].out == o && f->net->nodes[j].direct);
    int64_t most = 0, last = 0;
    const int64_t *pieces = f->net->nodes[j].out == o ? f->net->nodes[j].pieces : NULL;
    if (pieces && pieces[m - f->nodes[j].maps] >= 0)
        return pieces[m - f->nodes[j].maps];
    lag |= pieces != NULL;
    for (int32_t r = 0; r < d->n_rows; r++) {
        int32_t a = sz->row[r];
        /* Inner rows differ from the row before by whole rows only. */
        int32_t step = 0;
        bool like = r > 1 && so->cls[r] == so->cls[r - 1] && sz->cls[r] == sz->cls[r - 1] &&
                    shifted(m, z->h, a, sz->row[r - 1], &step);
        if (like && lag) {
            int32_t before = 0;
            like = sz->cls[r] == sz->cls[r - 2] &&
                   shifted(m, z->h, sz->row[r - 1], sz->row[r - 2], &before) && before == step;
        }
        if (like)
            last += (int64_t)(so->row[r] - so->row[r - 1]) * y->w * y->pixel_bytes -
                    (int64_t)step * x->w * x->pixel_bytes;
        else
            last = row_distance(d, m, shape, i, o, r, lag);
        most = fuse_max(most, last);
    }
    /* A stored output that the driver does not finish is completed behind it. */
    if (o != d->tensor) {
        int32_t r = d->n_rows - 1;
        most = fuse_max(most, fuse_pixels(y) * y->pixel_bytes -
                                  wanted_from(m, &m->cols[d->grain], x, z,
                                              fuse_run(d->grain, z->w), sz->row[r],
                                              sz->table[sz->cls[r]][d->n_runs - 1]));
    }
    return most;
}

int64_t th_fuse_drive_distance(const struct fuse_drive *d, uint32_t first, uint32_t last,
                               uint32_t i, uint32_t o)
{
    const struct fuse *f = d->f;
    int64_t most = 0;
    if (!d->states[o].set ||
        fuse_pixels(&f->net->tensors[o]) * fuse_pixels(&f->net->tensors[i]) == 1)
        return -1;
    for (uint32_t c = f->cons_start[i]; c < f->cons_start[i + 1]; c++) {
        uint32_t j = f->cons[c];
        if (j < first)
            continue;
        if (j >= last || !d->states[f->nodes[j].shape].set)
            return -1;
        for (uint32_t k = 0; k < f->nodes[j].n_maps; k++)
            if (f->nodes[j].maps[k].tensor == i)
                most = fuse_max(most, reader_distance(d, j, &f->nodes[j].maps[k], i, o));
    }
    return most;
}
