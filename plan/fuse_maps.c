/* SPDX-License-Identifier: Apache-2.0 */
/* The network as the search wants it: who reads what, per axis; what is alive at each cut. */
#include "plan/fuse_internal.h"

#define MOST_PIXELS ((int64_t)1 << 30)
#define MOST_BYTES ((int64_t)1 << 40)

const int32_t th_fuse_runs[FUSE_GRAINS] = {0, 4, 2, 1};

void th_fuse_fill_spans(struct th_fuse_span *s, int32_t n, int32_t extent)
{
    int32_t pixel = 0;
    for (int32_t i = 0; i < n; i++) {
        if (s[i].lo < s[i].hi) {
            pixel = s[i].lo;
            break;
        }
    }
    if (pixel >= extent)
        pixel = extent - 1;
    for (int32_t i = 0; i < n; i++) {
        if (s[i].lo >= s[i].hi)
            s[i] = (struct th_fuse_span){pixel, pixel + 1};
        else if (s[i].hi - 1 > pixel)
            pixel = s[i].hi - 1;
    }
}

static bool good_spans(const struct th_fuse_span *s, int32_t n, int32_t extent, int32_t same)
{
    if (!s)
        return n == same;
    for (int32_t i = 0; i < n; i++)
        if (s[i].lo < 0 || s[i].lo >= s[i].hi || s[i].hi > extent)
            return false;
    return true;
}

static bool good_node(const struct fuse *f, uint32_t j)
{
    const struct th_fuse_net *net = f->net;
    const struct th_fuse_node *n = &net->nodes[j];
    if (n->out >= net->n_tensors || net->tensors[n->out].is_input || n->macs < 0 ||
        n->acc_bytes < 0 || n->acc_alone < 0 || n->scratch < 0 || n->plane_scratch < 0 ||
        n->slice_bytes < 0 || n->macs > MOST_BYTES || (n->kind == TH_FUSE_REDUCE && !n->n_operands))
        return false;
    for (uint32_t k = 0; k < n->n_operands; k++) {
        const struct th_fuse_operand *x = &n->operands[k];
        if (x->tensor >= net->n_tensors || x->tensor == n->out)
            return false;
        const struct th_fuse_tensor *t = &net->tensors[x->tensor], *o = &net->tensors[n->out];
        if (f->prod[x->tensor] == FUSE_NONE ? !t->is_input : f->prod[x->tensor] >= j)
            return false;
        if (n->kind == TH_FUSE_OPAQUE || n->kind == TH_FUSE_REDUCE || x->whole)
            continue;
        if (!good_spans(x->rows, o->h, t->h, t->h) || !good_spans(x->cols, o->w, t->w, t->w))
            return false;
    }
    return true;
}

static enum th_status find_users(struct fuse *f)
{
    const struct th_fuse_net *net = f->net;
    uint32_t nt = net->n_tensors, n = net->n_nodes;
    size_t uses = 0;
    f->prod = TH_NEW_ARRAY(f->arena, uint32_t, (size_t)nt + 1);
    f->last_use = TH_NEW_ARRAY(f->arena, uint32_t, (size_t)nt + 1);
    f->cons_start = TH_NEW_ARRAY(f->arena, uint32_t, (size_t)nt + 2);
    if (!f->prod || !f->last_use || !f->cons_start)
        return TH_ERR_INTERNAL;
    for (uint32_t t = 0; t < nt; t++)
        f->prod[t] = FUSE_NONE;
    for (uint32_t j = 0; j < n; j++) {
        uint32_t out = net->nodes[j].out;
        if (out >= nt || f->prod[out] != FUSE_NONE || !good_node(f, j))
            return TH_ERR_INTERNAL;
        f->prod[out] = j;
        f->last_use[out] = j + 1;
        for (uint32_t k = 0; k < net->nodes[j].n_operands; k++) {
            uint32_t t = net->nodes[j].operands[k].tensor;
            f->last_use[t] = j > f->last_use[t] ? j : f->last_use[t];
            f->cons_start[t + 2]++;
            uses++;
        }
    }
    f->cons = TH_NEW_ARRAY(f->arena, uint32_t, uses + 1);
    if (!f->cons)
        return TH_ERR_INTERNAL;
    for (uint32_t t = 2; t < nt + 2; t++)
        f->cons_start[t] += f->cons_start[t - 1];
    for (uint32_t j = 0; j < n; j++)
        for (uint32_t k = 0; k < net->nodes[j].n_operands; k++)
            f->cons[f->cons_start[net->nodes[j].operands[k].tensor + 1]++] = j;
    for (uint32_t t = 0; t < nt; t++)
        if (net->tensors[t].is_output)
            f->last_use[t] = n;
    return TH_OK;
}

static enum th_status find_live(struct fuse *f)
{
    uint32_t nt = f->net->n_tensors, n = f->net->n_nodes, used = 0;
    size_t sum = 0;
    for (uint32_t t = 0; t < nt; t++) {
        if (f->prod[t] == FUSE_NONE && !f->net->tensors[t].is_input)
            continue;
        sum += f->last_use[t] + 1 - (f->prod[t] == FUSE_NONE ? 0 : f->prod[t] + 1);
    }
    f->live = TH_NEW_ARRAY(f->arena, uint32_t, sum + 1);
    f->live_start = TH_NEW_ARRAY(f->arena, uint32_t, (size_t)n + 2);
    if (!f->live || !f->live_start || sum > UINT32_MAX)
        return TH_ERR_INTERNAL;
    for (uint32_t p = 0; p <= n; p++) {
        f->live_start[p] = used;
        for (uint32_t t = 0; t < nt; t++)
            if ((f->prod[t] != FUSE_NONE || f->net->tensors[t].is_input) && fuse_alive(f, t, p))
                f->live[used++] = t;
    }
    f->live_start[n + 1] = used;
    return TH_OK;
}

static enum th_status make_rows(struct fuse *f, struct fuse_rows *m, int32_t n, int32_t extent,
                                const struct th_fuse_span *s, bool whole)
{
    m->first = TH_NEW_ARRAY(f->arena, int32_t, (size_t)n);
    m->last = TH_NEW_ARRAY(f->arena, int32_t, (size_t)n);
    m->newest = TH_NEW_ARRAY(f->arena, int32_t, (size_t)n);
    m->oldest = TH_NEW_ARRAY(f->arena, int32_t, (size_t)n + 1);
    if (!m->first || !m->last || !m->newest || !m->oldest)
        return TH_ERR_INTERNAL;
    for (int32_t i = 0, most = 0; i < n; i++) {
        m->first[i] = whole ? 0 : s ? s[i].lo : i;
        m->last[i] = whole ? extent - 1 : s ? s[i].hi - 1 : i;
        most = m->last[i] > most ? m->last[i] : most;
        m->newest[i] = most;
    }
    m->oldest[n] = extent;
    for (int32_t i = n; i-- > 0;)
        m->oldest[i] = (int32_t)fuse_min(m->first[i], m->oldest[i + 1]);
    return TH_OK;
}

/* pushed: whole rows of the operand come at once, whatever the run. */
static enum th_status make_cols(struct fuse *f, struct fuse_cols *m, uint32_t grain, int32_t n,
                                int32_t extent, const struct th_fuse_span *s, bool whole,
                                bool pushed)
{
    int32_t u = fuse_run(grain, n), v = pushed ? extent : fuse_run(grain, extent), made = 0;
    m->n_runs = (n + u - 1) / u;
    m->made = TH_NEW_ARRAY(f->arena, int32_t, (size_t)m->n_runs);
    m->first = TH_NEW_ARRAY(f->arena, int32_t, (size_t)m->n_runs);
    m->oldest = TH_NEW_ARRAY(f->arena, int32_t, (size_t)m->n_runs + 1);
    m->end = TH_NEW_ARRAY(f->arena, int32_t, (size_t)m->n_runs);
    if (!m->made || !m->first || !m->oldest || !m->end)
        return TH_ERR_INTERNAL;
    for (int32_t k = 0; k < m->n_runs; k++) {
        int32_t lo = extent, hi = 0;
        for (int32_t c = k * u; c < n && c < (k + 1) * u; c++) {
            lo = (int32_t)fuse_min(lo, whole ? 0 : s ? s[c].lo : c);
            hi = (int32_t)fuse_max(hi, whole ? extent : s ? s[c].hi : c + 1);
        }
        m->end[k] = hi;
        hi = (int32_t)fuse_min((hi + v - 1) / v * v, extent);
        made = hi > made ? hi : made;
        m->made[k] = made;
        m->first[k] = lo;
    }
    m->oldest[m->n_runs] = extent;
    for (int32_t k = m->n_runs; k-- > 0;)
        m->oldest[k] = (int32_t)fuse_min(m->first[k], m->oldest[k + 1]);
    return TH_OK;
}

static enum th_status make_maps(struct fuse *f, uint32_t j)
{
    const struct th_fuse_node *n = &f->net->nodes[j];
    struct fuse_node *v = &f->nodes[j];
    bool reduce = n->kind == TH_FUSE_REDUCE;
    v->shape = reduce ? n->operands[0].tensor : n->out;
    v->n_maps = n->n_operands;
    v->maps = TH_NEW_ARRAY(f->arena, struct fuse_map, (size_t)n->n_operands + 1);
    if (!v->maps)
        return TH_ERR_INTERNAL;
    const struct th_fuse_tensor *o = &f->net->tensors[v->shape];
    for (uint32_t k = 0; k < n->n_operands; k++) {
        const struct th_fuse_operand *x = &n->operands[k];
        const struct th_fuse_tensor *t = &f->net->tensors[x->tensor];
        bool whole = x->whole || n->kind == TH_FUSE_OPAQUE || (reduce && k);
        bool plain = reduce && !k;
        v->maps[k].tensor = x->tensor;
        TH_TRY(make_rows(f, &v->maps[k].rows, o->h, t->h, plain ? NULL : x->rows,
                         whole && !plain));
        for (uint32_t g = 0; g < FUSE_GRAINS; g++)
            TH_TRY(make_cols(f, &v->maps[k].cols[g], g, o->w, t->w, plain ? NULL : x->cols,
                             whole && !plain, f->o.feed && t->is_input));
    }
    return TH_OK;
}

enum th_status th_fuse_prepare(struct fuse *f, const struct th_fuse_net *net,
                               const struct th_fuse_options *o, struct th_arena *arena)
{
    *f = (struct fuse){.net = net, .arena = arena};
    if (o)
        f->o = *o;
    int64_t macs = 0, bytes = 0;
    for (uint32_t t = 0; t < net->n_tensors; t++) {
        const struct th_fuse_tensor *x = &net->tensors[t];
        if (x->h < 1 || x->w < 1 || x->pixel_bytes < 0 || fuse_pixels(x) > MOST_PIXELS ||
            (x->pixel_bytes && fuse_pixels(x) > MOST_BYTES / x->pixel_bytes))
            return TH_ERR_INTERNAL;
        if (!th_add_i64(bytes, fuse_size(f, t), &bytes))
            return TH_ERR_INTERNAL;
    }
    TH_TRY(find_users(f));
    TH_TRY(find_live(f));
    f->nodes = TH_NEW_ARRAY(arena, struct fuse_node, (size_t)net->n_nodes + 1);
    f->held_bytes = TH_NEW_ARRAY(arena, int64_t, (size_t)net->n_tensors + 1);
    f->alive = TH_NEW_ARRAY(arena, int64_t, (size_t)net->n_nodes + 2);
    if (!f->nodes || !f->held_bytes || !f->alive)
        return TH_ERR_INTERNAL;
    for (uint32_t j = 0; j < net->n_nodes; j++) {
        TH_TRY(make_maps(f, j));
        if (!th_add_i64(macs, net->nodes[j].macs, &macs))
            return TH_ERR_INTERNAL;
    }
    f->base_macs = f->o.base_macs > 0 ? f->o.base_macs : macs;
    f->max_group = f->o.max_group ? f->o.max_group : net->n_nodes > 300 ? 32 : net->n_nodes;
    return TH_OK;
}
