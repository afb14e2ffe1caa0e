/* SPDX-License-Identifier: Apache-2.0 */
/* What a group costs that makes each value once: streams, single nodes, planes, slices. */
#include "plan/fuse_internal.h"

/* Is held operand k of node j still there when the node runs? Nothing may run in between. */
static bool at_once(const struct fuse *f, uint32_t p, uint32_t q, uint32_t j, uint32_t k,
                    uint32_t covers)
{
    const struct fuse_node *v = &f->nodes[j];
    for (uint32_t i = k + 1; i < v->n_maps; i++)
        if (fuse_made_in(f, v->maps[i].tensor, p, q) && (i >= 32 || !(covers >> i & 1)))
            return false;
    return true;
}

void th_fuse_held(const struct fuse *f, uint32_t p, uint32_t q, uint32_t grain, bool box,
                  const int64_t *bytes, uint8_t *mark, struct fuse_share *out)
{
    int64_t now = 0;
    *out = (struct fuse_share){0, 0, 0};
    for (uint32_t j = p; j < q; j++)
        for (uint32_t k = 0; k < f->nodes[j].n_maps; k++) {
            uint32_t t = f->nodes[j].maps[k].tensor;
            const struct fuse_lines *l = &f->lines[grain][t];
            if (!fuse_made_in(f, t, p, q) || !bytes[t])
                continue;
            bool shared = at_once(f, p, q, j, k, box ? l->box_covers : l->covers);
            if (mark)
                mark[t] = shared ? 1 : 2;
            if (shared) {
                f->alive[f->prod[t]] += bytes[t];
                f->alive[j + 1] -= bytes[t];
            } else {
                out->own += bytes[t];
            }
        }
    for (uint32_t j = p; j < q; j++) {
        int64_t scratch = fuse_round(f, f->net->nodes[j].scratch);
        now += f->alive[j];
        f->alive[j] = 0;
        if (now + scratch > out->held + out->scratch) {
            out->held = now;
            out->scratch = scratch;
        }
    }
    f->alive[q] = 0;
}

/* A tensor kept as lines (or held) by the group; NULL when it is stored or not of the group. */
static const struct fuse_lines *kept(const struct fuse *f, uint32_t grain, uint32_t t, uint32_t p,
                                     uint32_t q)
{
    if (f->prod[t] == FUSE_NONE ? !fuse_pushed(f, t, p, q)
                                : !fuse_made_in(f, t, p, q) || fuse_alive(f, t, q))
        return NULL;
    return &f->lines[grain][t];
}

bool th_fuse_stream_stop(const struct fuse *f, const struct fuse_drive *d, uint32_t p,
                         uint32_t q)
{
    const struct th_fuse_node *n = &f->net->nodes[p];
    if (q - p == 1)
        return false;
    if (n->kind == TH_FUSE_OPAQUE || n->kind == TH_FUSE_REDUCE ||
        f->net->nodes[q - 1].kind == TH_FUSE_OPAQUE || q - p > f->max_group)
        return true;
    if (!d->states[n->out].set || fuse_wanted_whole(f, n->out, p, q))
        return true;
    const struct fuse_lines *l = kept(f, d->grain, n->out, p, q);
    return l && (!l->ok || l->join >= q);
}

/* How far input i of a node that runs by itself must begin behind its result; -1: not over it. */
static int64_t alone(const struct fuse *f, uint32_t p, uint32_t i)
{
    const struct th_fuse_node *n = &f->net->nodes[p];
    for (uint32_t k = 0; k < n->n_operands; k++)
        if (n->operands[k].tensor == i)
            return n->alone[k];
    return -1;
}

/* Stored inputs that die and outputs that are born: one pair may overlap. */
static void in_out(const struct fuse *f, const struct fuse_drive *d, uint32_t p, uint32_t q,
                   bool single, struct fuse_cost *out)
{
    const uint32_t *lp = f->live + f->live_start[p], *lq = f->live + f->live_start[q];
    uint32_t np = f->live_start[p + 1] - f->live_start[p];
    uint32_t nq = f->live_start[q + 1] - f->live_start[q];
    int64_t sum = 0, best = 0;
    for (uint32_t a = 0; a < np; a++) {
        uint32_t t = lp[a];
        if (fuse_alive(f, t, q)) {
            if (!fuse_free(f, t))
                out->b.through += fuse_size(f, t);
        } else if (!fuse_free(f, t) && !fuse_pushed(f, t, p, q)) {
            sum += fuse_size(f, t);
        }
    }
    for (uint32_t b = 0; b < nq; b++) {
        uint32_t t = lq[b];
        if (!fuse_made_in(f, t, p, q) || fuse_free(f, t))
            continue;
        if (f->net->nodes[f->prod[t]].kind == TH_FUSE_REDUCE)
            out->b.vectors += fuse_size(f, t);
        else
            sum += fuse_size(f, t);
    }
    for (uint32_t a = 0; a < np; a++) {
        uint32_t i = lp[a];
        if (fuse_alive(f, i, q) || fuse_free(f, i) || fuse_pushed(f, i, p, q))
            continue;
        for (uint32_t b = 0; b < nq; b++) {
            uint32_t o = lq[b];
            if (!fuse_made_in(f, o, p, q) || fuse_free(f, o) ||
                f->net->nodes[f->prod[o]].kind == TH_FUSE_REDUCE)
                continue;
            int64_t distance = single && f->net->nodes[p].alone
                                   ? alone(f, p, i) : th_fuse_drive_distance(d, p, q, i, o);
            int64_t si = fuse_size(f, i), so = fuse_size(f, o);
            if (distance < 0)
                continue;
            distance = fuse_round(f, distance);
            int64_t saved = si + so - fuse_max(so, distance + si);
            if (saved > best) {
                best = saved;
                out->overlap = true;
                out->below = o;
                out->above = i;
                out->distance = distance;
            }
        }
    }
    out->b.inout = sum - best;
}

static void add_up(struct fuse_cost *c)
{
    c->b.total = c->b.through + c->b.lines + c->b.held + c->b.acc + c->b.vectors + c->b.inout +
                 c->b.scratch;
}

bool th_fuse_stream(const struct fuse *f, const struct fuse_drive *d, uint32_t p, uint32_t q,
                    bool single, struct fuse_cost *out)
{
    struct fuse_share share;
    *out = (struct fuse_cost){.overlap = false};
    for (uint32_t j = p; j < q; j++) {
        const struct fuse_node *v = &f->nodes[j];
        for (uint32_t k = 0; k < v->n_maps; k++) {
            uint32_t t = v->maps[k].tensor;
            const struct fuse_lines *l = kept(f, d->grain, t, p, q);
            if (!l)
                continue;
            if (!l->ok || l->join >= q)
                return false;
            /* Counted with the last node that reads it. */
            if (!l->held && f->last_use[t] == j)
                out->b.lines += l->bytes;
        }
        out->b.acc += f->net->nodes[j].acc_bytes;
    }
    for (uint32_t j = p; j < q; j++) {
        const struct fuse_lines *l = kept(f, d->grain, f->net->nodes[j].out, p, q);
        f->held_bytes[f->net->nodes[j].out] = l && l->held ? l->bytes : 0;
    }
    th_fuse_held(f, p, q, d->grain, false, f->held_bytes, NULL, &share);
    for (uint32_t j = p; j < q; j++)
        f->held_bytes[f->net->nodes[j].out] = 0;
    if (single)
        out->b.acc = f->net->nodes[p].acc_alone;
    out->b.acc = fuse_round(f, out->b.acc);
    out->b.lines += share.own;
    out->b.held = share.held;
    out->b.scratch = share.scratch;
    in_out(f, d, p, q, single, out);
    add_up(out);
    return true;
}

static void stored_through(const struct fuse *f, uint32_t p, uint32_t q, uint32_t but,
                           struct fuse_cost *out)
{
    *out = (struct fuse_cost){.overlap = false};
    for (uint32_t a = f->live_start[p]; a < f->live_start[p + 1]; a++) {
        uint32_t t = f->live[a];
        if (t != but && !fuse_free(f, t))
            *(fuse_alive(f, t, q) ? &out->b.through : &out->b.inout) += fuse_size(f, t);
    }
}

bool th_fuse_planes(const struct fuse *f, uint32_t p, struct fuse_cost *out)
{
    const struct th_fuse_node *n = &f->net->nodes[p];
    if (!n->planes || !n->n_operands)
        return false;
    uint32_t i = n->operands[0].tensor;
    const struct th_fuse_tensor *x = &f->net->tensors[i], *o = &f->net->tensors[n->out];
    if (fuse_alive(f, i, p + 1) || fuse_free(f, i) || fuse_free(f, n->out) ||
        fuse_pushed(f, i, p, p + 1) || fuse_pixels(o) > fuse_pixels(x) ||
        o->pixel_bytes > x->pixel_bytes)
        return false;
    stored_through(f, p, p + 1, i, out);
    out->overlap = true;
    out->below = n->out;
    out->above = i;
    out->b.inout += fuse_size(f, i);
    out->b.lines = fuse_round(f, n->plane_scratch);
    add_up(out);
    return true;
}

bool th_fuse_slices(const struct fuse *f, uint32_t p, struct fuse_cost *out)
{
    uint32_t n = f->net->n_nodes;
    if (p + 3 > n || !f->net->nodes[p].slice_bytes)
        return false;
    for (uint32_t j = p; j < p + 2; j++) {
        uint32_t t = f->net->nodes[j].out;
        if (f->cons_start[t + 1] - f->cons_start[t] != 1 || f->cons[f->cons_start[t]] != j + 1 ||
            fuse_alive(f, t, p + 3))
            return false;
    }
    if (fuse_pushed(f, f->net->nodes[p].operands[0].tensor, p, p + 3) ||
        f->net->tensors[f->net->nodes[p].operands[0].tensor].is_input)
        return false;
    stored_through(f, p, p + 3, FUSE_NONE, out);
    out->b.lines = fuse_round(f, f->net->nodes[p].slice_bytes);
    add_up(out);
    return true;
}
