/* SPDX-License-Identifier: Apache-2.0 */
/* One way to run for every node that can run in pieces: for trying out, not for saving memory. */
#include "passes/patch_split/every.h"

#include <stdio.h>
#include <string.h>

#define LONGEST_STRIPS 6     /* halos grow with every window */

struct forms {
    enum th_tile_mode mode;
    int64_t run, rows, cols;
    bool slices;
};

static bool scan(const char *text, struct forms *f)
{
    char rest;
    long long a = 0, b = 0;
    *f = (struct forms){.mode = TH_TILE_STREAM, .slices = !strcmp(text, "slices")};
    if (sscanf(text, "stream:%9lld%c", &a, &rest) == 1 && a >= 0) {
        f->run = a;
        return true;
    }
    if (sscanf(text, "strips:%9lldx%9lld%c", &a, &b, &rest) == 2 && a > 0 && b >= 0) {
        *f = (struct forms){TH_TILE_STRIPS, 1, a, b, false};
        return true;
    }
    return f->slices;
}

/* The longest group from node i of the net on; 0: none. */
static enum th_status grow(struct th_pass_ctx *pc, struct th_graph *g,
                           const struct th_split_net *net, uint32_t i, const struct forms *f,
                           struct th_split_group *out, uint32_t *n)
{
    struct th_split_stage *stage = TH_NEW(th_pass_arena(pc), struct th_split_stage);
    struct th_split_group next = *out;
    if (!stage)
        return TH_ERR_INTERNAL;
    *n = 0;
    if (f->slices) {
        *n = net->net.nodes[i].slice_bytes > 0 ? 3 : 0;
        out->first = net->place[i];
        out->last = net->place[*n ? i + 2 : i];
        out->slices = true;
        return TH_OK;
    }
    next.first = net->place[i];
    next.mode = f->mode;
    next.run = f->run;
    for (uint32_t k = i; k < net->net.n_nodes && (f->mode == TH_TILE_STREAM ||
                                                  k - i < LONGEST_STRIPS); k++) {
        if (net->net.nodes[k].kind == TH_FUSE_OPAQUE ||
            (k > i && net->place[k] != net->place[k - 1] + 1))
            break;
        next.last = net->place[k];
        *stage = (struct th_split_stage){next.last, f->rows, f->cols, 0};
        next.stages = f->mode == TH_TILE_STRIPS ? stage : NULL;
        next.n_stages = f->mode == TH_TILE_STRIPS;
        if (!th_split_possible(pc, g, &next))
            continue;
        *out = next;
        *n = k - i + 1;
    }
    if (*n && f->mode == TH_TILE_STRIPS)
        stage->last = out->last;
    return TH_OK;
}

enum th_status th_split_every(struct th_pass_ctx *pc, struct th_graph *g, uint32_t function,
                              const char *text, struct th_split_list *list)
{
    struct th_split_net net;
    struct forms f;
    if (!scan(text, &f)) {
        th_error(th_pass_ctx(pc), NULL, 3101, "patch-split: '%s' in 'every' is no form", text);
        th_help(th_pass_ctx(pc), 0, "write stream:COLUMNS, strips:ROWSxCOLUMNS or slices");
        return TH_ERR_USAGE;
    }
    TH_TRY(th_split_describe(pc, g, &net));
    for (uint32_t i = 0; i < net.net.n_nodes;) {
        struct th_split_group group = {.function = function};
        uint32_t n = 0;
        if (f.slices || net.net.nodes[i].kind != TH_FUSE_OPAQUE)
            TH_TRY(grow(pc, g, &net, i, &f, &group, &n));
        if (n && !th_split_add(list, th_pass_arena(pc), &group))
            return TH_ERR_INTERNAL;
        i += n ? n : 1;
    }
    return TH_OK;
}
