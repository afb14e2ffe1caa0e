/* SPDX-License-Identifier: Apache-2.0 */
/* A group as the tile loop that would run it: what that keeps, by the loop's own replay. */
#include "tests/unit/fuse_tile.h"

#include "ir/tile.h"
#include "passes/tile_life.h"

#include <stdlib.h>

static void *need(struct th_arena *arena, size_t n, size_t size)
{
    void *p = th_arena_calloc(arena, n + 1, size);
    if (!p)
        abort();
    return p;
}

static struct th_tile_axis axis(struct th_arena *arena, const struct th_fuse_span *s, int32_t n)
{
    int64_t *lo = need(arena, (size_t)n, sizeof *lo), *hi = need(arena, (size_t)n, sizeof *hi);
    for (int32_t i = 0; i < n; i++) {
        lo[i] = s ? s[i].lo : i;
        hi[i] = s ? s[i].hi : i + 1;
    }
    return (struct th_tile_axis){n, lo, hi};
}

static void describe(const struct th_fuse_net *net, const struct th_fuse_group *g, uint32_t i,
                     struct th_arena *arena, struct th_tile_node *x)
{
    const struct th_fuse_node *f = &net->nodes[g->first + i];
    bool reduce = f->kind == TH_FUSE_REDUCE;
    const struct th_fuse_tensor *shape = &net->tensors[reduce ? f->operands[0].tensor : f->out];
    x->form = reduce ? TH_TILE_REDUCE : TH_TILE_WINDOW;
    x->out = f->out + 1;
    x->h = shape->h;
    x->w = shape->w;
    x->pixel_bytes = net->tensors[f->out].pixel_bytes;
    x->n_in = f->n_operands;
    x->in = need(arena, f->n_operands, sizeof *x->in);
    x->run = g->run && g->run < x->w ? g->run : x->w;
    for (uint32_t k = 0; k < f->n_operands; k++) {
        const struct th_fuse_operand *o = &f->operands[k];
        struct th_tile_operand *y = &x->in[k];
        y->value = o->tensor + 1;
        y->maker = -1;
        y->whole = o->whole;
        y->h = net->tensors[o->tensor].h;
        y->w = net->tensors[o->tensor].w;
        for (uint32_t j = 0; j < i; j++)
            if (net->nodes[g->first + j].out == o->tensor)
                y->maker = (int32_t)j;
        if (o->whole)
            continue;
        y->rows = axis(arena, reduce ? NULL : o->rows, shape->h);
        y->cols = axis(arena, reduce ? NULL : o->cols, shape->w);
    }
}

static bool wanted_behind(const struct th_fuse_net *net, uint32_t t, uint32_t last)
{
    bool wanted = net->tensors[t].is_output;
    for (uint32_t j = last; j < net->n_nodes; j++)
        for (uint32_t k = 0; k < net->nodes[j].n_operands; k++)
            wanted |= net->nodes[j].operands[k].tensor == t;
    return wanted;
}

static void make_stages(const struct th_fuse_group *g, struct th_arena *arena, struct th_tile *t)
{
    t->n_stages = g->how == TH_FUSE_STRIPS ? g->n_stages : 1;
    t->stages = need(arena, t->n_stages, sizeof *t->stages);
    t->stages[0] = (struct th_tile_stage){0, t->n_nodes - 1, 0, 0, 0};
    for (uint32_t s = 0; s < t->n_stages && g->how == TH_FUSE_STRIPS; s++) {
        const struct th_fuse_stage *z = &g->stages[s];
        t->stages[s] = (struct th_tile_stage){z->first - g->first, z->last - g->first - 1, z->rows,
                                              z->cols, z->less};
        for (uint32_t i = z->first - g->first; i < z->last - g->first; i++) {
            t->nodes[i].stage = s;
            if (z->cols)
                t->nodes[i].run = 1;
        }
        if (s + 1 < t->n_stages)
            t->nodes[z->last - g->first - 1].store = TH_TILE_RING;
    }
}

int64_t fuse_tile_bytes(const struct th_fuse_net *net, const struct th_fuse_group *g,
                        struct th_arena *arena)
{
    struct th_tile t = {.mode = g->how == TH_FUSE_STRIPS ? TH_TILE_STRIPS : TH_TILE_STREAM,
                        .n_nodes = g->last - g->first};
    struct th_tile_life *life = need(arena, t.n_nodes, sizeof *life);
    int64_t always = 0, most = 0;
    t.nodes = need(arena, t.n_nodes, sizeof *t.nodes);
    for (uint32_t i = 0; i < t.n_nodes; i++) {
        describe(net, g, i, arena, &t.nodes[i]);
        t.nodes[i].store = t.nodes[i].form == TH_TILE_REDUCE ? TH_TILE_ACCUMULATOR
                           : wanted_behind(net, (uint32_t)t.nodes[i].out - 1, g->last)
                               ? TH_TILE_WHOLE
                           : t.mode == TH_TILE_STREAM ? TH_TILE_LINE
                                                      : TH_TILE_STRIP;
    }
    make_stages(g, arena, &t);
    if (th_tile_fit(&t, arena) != TH_OK || th_tile_lives(&t, arena, life) != TH_OK)
        return -1;
    for (uint32_t i = 0; i < t.n_nodes; i++) {
        int64_t now = 0;
        for (uint32_t k = 0; k < t.n_nodes; k++)
            if (!life[k].always && life[k].first <= i && i <= life[k].last)
                now += t.nodes[k].bytes;
        most = now > most ? now : most;
        if (life[i].always && t.nodes[i].store != TH_TILE_ACCUMULATOR)
            always += t.nodes[i].bytes;
    }
    return always + most;
}
