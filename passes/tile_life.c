/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/tile_life.h"

#include <thimble/thimble.h>

struct watching {
    const struct th_tile *t;
    struct th_tile_life *life;
    struct th_tile_run before;     /* the run before this one */
    bool any;
};

/* Interval of an operand that indices [a, b) want. */
static bool wanted(const struct th_tile_axis *x, int64_t a, int64_t b, int64_t *lo, int64_t *hi)
{
    *lo = INT64_MAX;
    *hi = 0;
    for (int64_t i = a; i < b; i++)
        if (x->lo[i] < x->hi[i]) {
            *lo = x->lo[i] < *lo ? x->lo[i] : *lo;
            *hi = x->hi[i] > *hi ? x->hi[i] : *hi;
        }
    return *lo < *hi;
}

static enum th_status watch(void *user, const struct th_tile_run *r)
{
    struct watching *w = user;
    const struct th_tile_node *n = &w->t->nodes[r->node];
    for (uint32_t p = 0; p < n->n_in; p++) {
        const struct th_tile_operand *o = &n->in[p];
        int64_t y0, y1, x0, x1;
        if (o->maker < 0 || o->whole || !wanted(&o->rows, r->y0, r->y1, &y0, &y1) ||
            !wanted(&o->cols, r->x0, r->x1, &x0, &x1))
            continue;
        if (!w->any || w->before.node != (uint32_t)o->maker || y0 < w->before.y0 ||
            y1 > w->before.y1 || x0 < w->before.x0 || x1 > w->before.x1)
            w->life[o->maker].always = true;
    }
    w->before = *r;
    w->any = true;
    return TH_OK;
}

static uint32_t last_reader(const struct th_tile *t, uint32_t i)
{
    uint32_t last = i;
    for (uint32_t j = i + 1; j < t->n_nodes; j++)
        for (uint32_t p = 0; p < t->nodes[j].n_in; p++)
            if (t->nodes[j].in[p].maker == (int32_t)i)
                last = j;
    return last;
}

enum th_status th_tile_lives(const struct th_tile *t, struct th_arena *arena,
                             struct th_tile_life *life)
{
    struct watching w = {.t = t, .life = life};
    for (uint32_t i = 0; i < t->n_nodes; i++)
        life[i] = (struct th_tile_life){false, i, last_reader(t, i)};
    TH_TRY(th_tile_replay(t, arena, watch, &w));
    for (uint32_t i = 0; i < t->n_nodes; i++) {
        const struct th_tile_stage *s = &t->stages[t->nodes[i].stage];
        if (t->nodes[i].store != TH_TILE_LINE && t->nodes[i].store != TH_TILE_STRIP) {
            life[i].always = true;
        } else if (t->nodes[i].store == TH_TILE_STRIP && s->cols) {
            life[i].always = false;       /* node after node: wanted until the last reader ran */
        } else if (t->nodes[i].store == TH_TILE_STRIP && life[i].always) {
            life[i] = (struct th_tile_life){false, s->first, s->last};
        }
    }
    return TH_OK;
}

enum th_status th_tile_inner_bytes(const struct th_tile *t, struct th_arena *arena, int64_t *bytes)
{
    struct th_tile_life *life = TH_NEW_ARRAY(arena, struct th_tile_life, (size_t)t->n_nodes + 1);
    int64_t always = 0, most = 0;
    if (!life)
        return TH_ERR_INTERNAL;
    TH_TRY(th_tile_lives(t, arena, life));
    for (uint32_t i = 0; i < t->n_nodes; i++) {
        int64_t now = th_node_note_const(t->body, t->nodes[i].node)->scratch_bytes;
        for (uint32_t k = 0; k < t->n_nodes; k++)
            if (!life[k].always && life[k].first <= i && i <= life[k].last)
                now += t->nodes[k].bytes;
        most = now > most ? now : most;
        /* accumulators are part of the loop's own scratch */
        if (life[i].always && t->nodes[i].store != TH_TILE_ACCUMULATOR)
            always += t->nodes[i].bytes;
    }
    *bytes = always + most + th_node_note_const(t->owner, t->loop)->scratch_bytes;
    return TH_OK;
}
