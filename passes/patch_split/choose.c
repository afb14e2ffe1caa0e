/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/patch_split/choose.h"

/*
 * Instructions in thousandths of the layer-by-layer form: pieces are calls, and short ones fill a
 * kernel's inner loops badly. Measured on Cortex-M4 with the kernels of its DSP extension, for runs
 * of so many columns (docs/tile-cost.md); whole rows cost less, the wider they are. A single pixel
 * is dear where no kernel has a function for it.
 */
static int64_t per_run(int64_t run, int64_t width, bool pixel)
{
    static const int64_t measured[] = {0, 1130, 1110, 1090, 1065, 1045, 1035, 1030};
    if (run < 1 || run >= width)
        return 1002 + 230 / (width > 0 ? width : 1);
    if (run <= 2 && !pixel)
        return run == 1 ? 1500 : 1180;
    return run < (int64_t)TH_ARRAY_LEN(measured) ? measured[run] : 1020;
}

/* Of node n in group g. */
static int64_t node_cost(const struct th_split_net *net, const struct th_fuse_group *g, uint32_t n)
{
    const struct th_fuse_node *f = &net->net.nodes[n];
    const uint32_t map = f->kind == TH_FUSE_REDUCE && f->n_operands ? f->operands[0].tensor
                                                                    : f->out;
    const int64_t width = net->net.tensors[map].w;
    if (g->how == TH_FUSE_SINGLE)
        return 1000;
    if (g->how == TH_FUSE_PLANES)
        return net->price[n].cycles > 0
                   ? (int64_t)(1000 * net->price[n].planes / net->price[n].cycles) : 1000;
    if (g->how == TH_FUSE_SLICES && net->price[g->first].cycles > 0)   /* stands for all three */
        return n == g->first ? (int64_t)(1000 * net->price[n].slices / net->price[n].cycles) : 0;
    for (uint32_t i = 0; i < g->n_stages; i++)
        if (n >= g->stages[i].first && n < g->stages[i].last && g->stages[i].cols)
            return per_run(g->stages[i].cols, width, net->price[n].pixel);
    return per_run(g->run, width, net->price[n].pixel);
}

int64_t th_split_estimate(const struct th_split_net *nets, const struct th_fuse_point *p)
{
    const struct th_split_net *net = &nets[p->variant];
    double base = 0, sum = 0;
    for (uint32_t n = 0; n < nets[0].net.n_nodes; n++)
        base += nets[0].price[n].cycles;
    for (uint32_t i = 0; i < p->n_groups; i++) {
        const struct th_fuse_group *g = &p->groups[i];
        double dear = 0, macs = 0;
        for (uint32_t n = g->first; n < g->last; n++) {
            dear += net->price[n].cycles * (double)node_cost(net, g, n);
            macs += (double)net->net.nodes[n].macs;
        }
        sum += dear * (macs > 0 ? (double)g->macs / macs : 1.0);
    }
    return base > 0 ? (int64_t)(sum / base + 0.5) : 1000;
}

struct choosing {
    const struct th_split_net *nets;
    const struct th_fuse_front *front;
};

static bool better(const struct choosing *k, uint32_t a, uint32_t b, bool fastest)
{
    const struct th_fuse_point *x = &k->front->points[a], *y = &k->front->points[b];
    const int64_t cx = th_split_estimate(k->nets, x), cy = th_split_estimate(k->nets, y);
    if (fastest)
        return cx != cy ? cx < cy : x->peak < y->peak;
    return x->peak != y->peak ? x->peak < y->peak : cx < cy;
}

/* The best of the points within the limits given; front->n_points: none is. */
static uint32_t best(const struct choosing *k, int64_t most_bytes, int64_t most_macs,
                     int64_t most_cycles, bool fastest)
{
    const struct th_fuse_front *front = k->front;
    uint32_t found = front->n_points;
    for (uint32_t i = 0; i < front->n_points; i++) {
        const struct th_fuse_point *p = &front->points[i];
        if ((most_bytes && p->peak > most_bytes) ||
            (most_macs && p->macs * 1000 > front->base_macs * most_macs) ||
            (most_cycles && th_split_estimate(k->nets, p) > most_cycles))
            continue;
        if (found == front->n_points || better(k, i, found, fastest))
            found = i;
    }
    return found;
}

uint32_t th_split_choose(const struct th_split_net *nets, const struct th_fuse_front *front,
                         const struct th_split_wish *wish, bool *fits)
{
    const struct choosing k = {nets, front};
    const uint32_t none = front->n_points;
    uint32_t p = 0;
    *fits = true;
    if (wish->objective == TH_OPT_RAM)
        p = best(&k, 0, 0, 0, false);
    else if (wish->objective == TH_OPT_BALANCED)
        p = best(&k, 0, 1100, 1050, false);
    const int64_t room = wish->objective == TH_OPT_RAM || wish->objective == TH_OPT_BALANCED
                             ? wish->largest : wish->together;
    if (p == none)
        p = 0;
    if (!room || front->points[p].peak <= room)
        return p;
    p = best(&k, room, 0, 0, true);
    *fits = p != none;
    return *fits ? p : best(&k, 0, 0, 0, false);
}

bool th_split_groups(const struct th_split_net *net, const struct th_fuse_point *p,
                     uint32_t function, struct th_arena *arena, struct th_split_list *list)
{
    for (uint32_t i = 0; i < net->n_twice; i++)
        if (!th_split_add_twice(list, arena, function, net->twice[i]))
            return false;
    for (uint32_t i = 0; i < p->n_groups; i++) {
        const struct th_fuse_group *g = &p->groups[i];
        struct th_split_group s = {.function = function, .first = net->place[g->first],
                                   .last = net->place[g->last - 1], .run = g->run};
        s.planes = g->how == TH_FUSE_PLANES;
        s.slices = g->how == TH_FUSE_SLICES;
        const bool taken = list->n && list->groups[list->n - 1].function == function &&
                           list->groups[list->n - 1].last >= s.first;
        if (taken || g->how == TH_FUSE_SINGLE)
            continue;
        if (g->how == TH_FUSE_STRIPS) {
            s.mode = TH_TILE_STRIPS;
            s.n_stages = g->n_stages;
            s.stages = TH_NEW_ARRAY(arena, struct th_split_stage, (size_t)g->n_stages + 1);
            if (!s.stages)
                return false;
            for (uint32_t k = 0; k < g->n_stages; k++)
                s.stages[k] = (struct th_split_stage){net->place[g->stages[k].last - 1],
                                                      g->stages[k].rows, g->stages[k].cols,
                                                      g->stages[k].less};
        }
        if (!th_split_add(list, arena, &s))
            return false;
    }
    return true;
}

bool th_split_first_stream(const struct th_split_net *net, const struct th_fuse_point *p,
                           struct th_arena *arena, struct th_split_list *list)
{
    const struct th_fuse_group *g = &p->groups[0];
    const struct th_split_group s = {.first = net->place[g->first],
                                     .last = net->place[g->last - 1]};
    if (!p->n_groups || net->net.nodes[g->first].kind == TH_FUSE_OPAQUE ||
        ((g->how == TH_FUSE_STREAM || g->how == TH_FUSE_STRIPS) && g->last - g->first >= 2))
        return true;
    return th_split_add(list, arena, &s);
}

void th_split_spell(const struct th_split_list *list, struct th_str *out)
{
    if (!list->n && !list->n_twice) {
        th_str_add(out, "patch-split{off}");
        return;
    }
    th_str_add(out, "patch-split{");
    for (uint32_t i = 0; i < list->n_twice; i++) {
        th_str_add(out, i ? "+" : "twice=");
        if (list->twice[i].function)
            th_str_addf(out, "%u/", list->twice[i].function);
        th_str_addf(out, "%u", list->twice[i].node);
    }
    if (list->n_twice && list->n)
        th_str_addc(out, ',');
    for (uint32_t i = 0; i < list->n; i++) {
        th_str_add(out, i ? "+" : "groups=");
        th_split_print(&list->groups[i], out);
    }
    th_str_addc(out, '}');
}
