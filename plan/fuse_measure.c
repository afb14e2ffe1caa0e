/* SPDX-License-Identifier: Apache-2.0 */
/* One group in full: bytes, MACs, buffers, distance. */
#include "plan/fuse_internal.h"

#include <string.h>

struct fuse_measure {
    const struct fuse *f;
    struct th_arena *work, *tmp, *keep;
    struct fuse_drive drives[FUSE_GRAINS];
    struct fuse_strips *strips;
};

enum th_status th_fuse_measure_new(struct fuse_measure **out, const struct fuse *f)
{
    struct fuse_measure *m = TH_NEW(f->arena, struct fuse_measure);
    enum th_status st = m ? TH_OK : TH_ERR_INTERNAL;
    *out = m;
    if (!m)
        return st;
    m->f = f;
    m->tmp = th_arena_new(0);
    m->work = th_arena_new(0);
    m->keep = th_arena_new(0);
    if (!m->tmp || !m->work || !m->keep)
        return TH_ERR_INTERNAL;
    for (uint32_t g = 0; g < FUSE_GRAINS && st == TH_OK; g++)
        st = th_fuse_drive_new(&m->drives[g], f, f->arena, m->tmp, g);
    return st == TH_OK ? th_fuse_strips_new(&m->strips, f, m->keep) : st;
}

void th_fuse_measure_free(struct fuse_measure *m)
{
    th_arena_free(m->tmp);
    th_arena_free(m->work);
    th_arena_free(m->keep);
}

static bool refuse(const char **why, const char *text)
{
    *why = text;
    return false;
}

static void take(struct th_fuse_group *g, const struct fuse_cost *c)
{
    g->bytes = c->b;
    g->overlap = c->overlap;
    g->below = c->below;
    g->above = c->above;
    g->distance = c->distance;
}

/* A group keeps what it has: room for every tensor in each of many groups would be a square. */
static bool keep_buffers(struct th_fuse_group *g, const struct th_fuse_buffer *list, uint32_t n,
                         struct th_arena *arena)
{
    g->buffers = n != FUSE_NONE ? th_arena_memdup(arena, list, n * sizeof *list) : NULL;
    g->n_buffers = g->buffers ? n : 0;
    return g->buffers != NULL;
}

static bool stream_buffers(struct fuse_measure *m, uint32_t grain, struct th_fuse_group *g,
                           struct th_arena *arena)
{
    const struct fuse *f = m->f;
    size_t nt = f->net->n_tensors;
    int64_t *bytes = TH_NEW_ARRAY(m->work, int64_t, nt + 1);
    uint8_t *mark = TH_NEW_ARRAY(m->work, uint8_t, nt + 1);
    struct fuse_share share;
    struct th_fuse_buffer *list = TH_NEW_ARRAY(m->work, struct th_fuse_buffer, nt + 1);
    uint32_t n = 0;
    if (!bytes || !mark || !list)
        return false;
    for (uint32_t t = 0; t < nt; t++)
        if (fuse_made_in(f, t, g->first, g->last) && !fuse_alive(f, t, g->last) &&
            f->lines[grain][t].held)
            bytes[t] = f->lines[grain][t].bytes;
    th_fuse_held(f, g->first, g->last, grain, false, bytes, mark, &share);
    for (uint32_t t = 0; t < nt; t++) {
        const struct fuse_lines *l = &f->lines[grain][t];
        bool pushed =
            fuse_pushed(f, t, g->first, g->last) && f->cons_start[t] < f->cons_start[t + 1];
        if (pushed ? false : !fuse_made_in(f, t, g->first, g->last) || fuse_alive(f, t, g->last))
            continue;
        list[n++] = (struct th_fuse_buffer){
            .store = l->held ? TH_FUSE_HELD : TH_FUSE_LINES, .tensor = t,
            .stage = pushed ? -1 : 0, .rows = l->rows, .cols = l->cols,
            .own = mark[t] == 2, .bytes = l->bytes};
    }
    return keep_buffers(g, list, n, arena);
}

static bool measure_stream(struct fuse_measure *m, struct th_fuse_group *g,
                           struct th_arena *arena, const char **why)
{
    const struct fuse *f = m->f;
    struct fuse_cost c;
    uint32_t grain = FUSE_GRAINS - 1;
    bool single = g->how == TH_FUSE_SINGLE;
    if (single && g->last - g->first != 1)
        return refuse(why, "a single operation is one node");
    for (uint32_t i = 0; !single && i < FUSE_GRAINS; i++)
        if (th_fuse_runs[i] == g->run)
            grain = i;
    if (!single && th_fuse_runs[grain] != g->run)
        return refuse(why, "a run has 1, 2 or 4 columns, or is a whole row");
    struct fuse_drive *d = &m->drives[grain];
    if (th_fuse_drive_begin(d, g->last - 1) != TH_OK)
        return refuse(why, "memory exhausted");
    g->macs = 0;
    for (uint32_t p = g->last; p-- > g->first;) {
        if (th_fuse_stream_stop(f, d, p, g->last))
            return refuse(why, "the nodes do not form one stream");
        if (th_fuse_drive_node(d, p) != TH_OK)
            return refuse(why, "memory exhausted");
        g->macs += f->net->nodes[p].macs;
    }
    if (!th_fuse_stream(f, d, g->first, g->last, single, &c))
        return refuse(why, "the branches of the stream do not meet inside it");
    take(g, &c);
    return stream_buffers(m, grain, g, arena) || refuse(why, "memory exhausted");
}

static bool measure_strips(struct fuse_measure *m, struct th_fuse_group *g,
                           struct th_arena *arena, const char **why)
{
    const struct fuse *f = m->f;
    uint32_t grain = FUSE_GRAINS;
    struct fuse_label *l = TH_NEW_ARRAY(m->work, struct fuse_label, (size_t)g->n_stages + 1);
    const struct fuse_label **chain =
        th_arena_calloc(m->work, (size_t)g->n_stages + 1, sizeof *chain);
    struct fuse_cost c;
    for (uint32_t i = 0; i < FUSE_GRAINS; i++)
        if (th_fuse_runs[i] == g->run)
            grain = i;
    if (grain == FUSE_GRAINS)
        return refuse(why, "a run has 1, 2 or 4 columns, or is a whole row");
    if (!l || !chain)
        return refuse(why, "memory exhausted");
    if (!g->n_stages || g->stages[0].first != g->first ||
        g->stages[g->n_stages - 1].last != g->last)
        return refuse(why, "the stages do not cover the group");
    for (uint32_t i = 0; i < g->n_stages; i++) {
        struct th_fuse_stage *s = &g->stages[i];
        if (s->first >= s->last || s->cols < 0 || (i && s->first != s[-1].last))
            return refuse(why, "the stages do not follow each other");
        if (!th_fuse_strips_extend(m->strips, g->first, i ? &l[i - 1] : NULL, s, grain,
                                   INT64_MAX, m->work, &l[i]) ||
            !th_fuse_strips_settle(m->strips, g->first, m->work, &l[i]))
            return refuse(why, "a stage cannot run in such strips behind the one before");
        chain[i] = &l[i];
        s->bytes = l[i].stage_bytes;
        s->held = l[i].stage_held;
    }
    const struct fuse_label *last = &l[g->n_stages - 1];
    for (uint32_t a = f->live_start[g->last]; a < f->live_start[g->last + 1]; a++)
        if (f->live[a] != last->out && !fuse_alive(f, f->live[a], g->first))
            return refuse(why, "more than one value of the group is wanted behind it");
    th_fuse_strips_close(m->strips, g->first, last, &c);
    take(g, &c);
    g->macs = last->macs;
    struct th_fuse_buffer *list =
        TH_NEW_ARRAY(m->work, struct th_fuse_buffer,
                     (size_t)(g->last - g->first) + f->net->n_tensors + 1);
    if (!list)
        return refuse(why, "memory exhausted");
    const uint32_t n = th_fuse_strips_buffers(m->strips, g->first, chain, g->n_stages, grain,
                                              m->work, list);
    return keep_buffers(g, list, n, arena) || refuse(why, "memory exhausted");
}

bool th_fuse_measure_group(struct fuse_measure *m, struct th_fuse_group *g,
                           struct th_arena *arena, const char **why)
{
    const struct fuse *f = m->f;
    struct fuse_cost c;
    *why = NULL;
    th_arena_clear(m->work);
    if (g->first >= g->last || g->last > f->net->n_nodes)
        return refuse(why, "no such nodes");
    switch (g->how) {
    case TH_FUSE_SINGLE:
    case TH_FUSE_STREAM:
        return measure_stream(m, g, arena, why);
    case TH_FUSE_STRIPS:
        return measure_strips(m, g, arena, why);
    case TH_FUSE_PLANES:
        if (g->last - g->first != 1 || !th_fuse_planes(f, g->first, &c))
            return refuse(why, "not a depthwise node that may run in place");
        break;
    case TH_FUSE_SLICES:
        if (g->last - g->first != 3 || !th_fuse_slices(f, g->first, &c))
            return refuse(why, "not three nodes that may run channel by channel");
        break;
    default:
        return refuse(why, "no such kind of group");
    }
    take(g, &c);
    g->macs = 0;
    for (uint32_t j = g->first; j < g->last; j++)
        g->macs += f->net->nodes[j].macs;
    return true;
}

bool th_fuse_measure(const struct th_fuse_net *net, const struct th_fuse_options *o,
                     struct th_arena *arena, struct th_fuse_group *g, const char **why)
{
    struct th_arena *work = th_arena_new(0);
    struct fuse f;
    struct fuse_measure *m = NULL;
    bool ok = false;
    *why = "memory exhausted or a malformed net";
    if (work && th_fuse_prepare(&f, net, o, work) == TH_OK && th_fuse_lines(&f) == TH_OK &&
        th_fuse_measure_new(&m, &f) == TH_OK)
        ok = th_fuse_measure_group(m, g, arena, why);
    if (m)
        th_fuse_measure_free(m);
    th_arena_free(work);
    return ok;
}
