/* SPDX-License-Identifier: Apache-2.0 */
/* The analytic patch model of MCUNetV2, applied to any chain of windows. */
#include "report/advice.h"

#include <inttypes.h>

#include "ir/tile.h"

#define MOST_PATCHES 4       /* per axis, as in the paper */
#define EXPENSIVE 0.05

struct map {
    int64_t size[2], pixel_bytes;
    uint32_t last_use;           /* node, UINT32_MAX: an output */
    bool made;                   /* by a node seen already, or an input */
};
struct source {                  /* a map that a node reads */
    uint32_t map;
    int64_t kernel[2], stride[2];
};
struct layer {
    const struct th_graph *graph;
    th_node node;
    uint32_t out;
    struct source *in;
    uint32_t n_in;
    bool splits, in_place;
    int64_t macs, raster[2];     /* MACs of the whole raster */
};
struct net {
    struct th_arena *arena;
    struct layer *layers;
    struct map *maps;
    uint32_t n_layers, n_maps;
    bool exhausted;
};

/* ---- the network as a list ------------------------------------------------------------------- */
/* Kernel and stride of an axis from what is wanted inside the map, where nothing is clipped. */
static bool affine(const struct th_tile_axis *a, int64_t *kernel, int64_t *stride)
{
    *kernel = 1;
    *stride = a->n > 1 ? a->hi[a->n - 1] - a->lo[0] : 1;
    for (int64_t i = 0; i < a->n; i++)
        if (a->hi[i] - a->lo[i] > *kernel)
            *kernel = a->hi[i] - a->lo[i];
    const int64_t m = a->n / 2;
    if (a->n > 1)
        *stride = a->hi[m] - a->hi[m - 1] > 0 ? a->hi[m] - a->hi[m - 1] : 1;
    return a->n < 2 || a->hi[m] > a->hi[m - 1];
}

static void add_sources(struct net *net, struct layer *l, const struct th_tile_node *t,
                        const uint32_t *ids, bool known)
{
    l->in = TH_NEW_ARRAY(net->arena, struct source, (size_t)t->n_in + 1);
    if (!l->in) {
        net->exhausted = true;
        return;
    }
    for (uint32_t i = 0; i < t->n_in && known; i++) {
        const struct th_tile_operand *o = &t->in[i];
        if (!o->value || !ids[o->value])
            continue;
        struct source *s = &l->in[l->n_in];
        *s = (struct source){ids[o->value], {1, 1}, {1, 1}};
        if (!o->whole)
            l->splits &= affine(&o->rows, &s->kernel[0], &s->stride[0]) &&
                         affine(&o->cols, &s->kernel[1], &s->stride[1]);
        l->n_in++;
    }
}

static uint32_t new_map(struct net *net, const struct th_graph *g, th_value v)
{
    struct map *m = &net->maps[net->n_maps];
    if (!th_tile_shape(th_value_type(g, v), &m->size[0], &m->size[1], &m->pixel_bytes))
        *m = (struct map){{1, 1}, th_type_size(th_value_type(g, v)), 0, false};
    m->made = true;
    return net->n_maps++;
}

static void add_node(struct net *net, struct th_graph *g, th_node n, uint32_t *ids);

/* The body of a tile loop in the place of the loop. */
static void add_body(struct net *net, struct th_graph *g, th_node n, uint32_t *ids)
{
    struct th_graph *b = th_node_body(g, n, 0);
    uint32_t *inner = TH_NEW_ARRAY(net->arena, uint32_t, (size_t)th_graph_value_limit(b) + 1);
    if (!inner) {
        net->exhausted = true;
        return;
    }
    for (uint32_t i = 0; i < th_graph_input_count(b); i++)
        inner[th_graph_input(b, i)] = ids[th_node_input(g, n, i)];
    for (th_node k = th_graph_first(b); k; k = th_graph_next(b, k))
        add_node(net, b, k, inner);
    for (uint32_t i = 0; i < th_node_output_count(g, n); i++)
        ids[th_node_output(g, n, i)] = inner[th_graph_output(b, i)];
}

static void add_node(struct net *net, struct th_graph *g, th_node n, uint32_t *ids)
{
    if (th_node_op(g, n)->region == TH_REGION_TILE_LOOP) {
        add_body(net, g, n, ids);
        return;
    }
    struct layer *l = &net->layers[net->n_layers];
    struct th_tile_node t;
    struct th_cost cost;
    const char *why;
    const struct th_inst *c = th_node_inst(g, n, net->arena);
    *l = (struct layer){.graph = g, .node = n, .raster = {1, 1}};
    l->splits = c && th_tile_describe(g, n, net->arena, &t, &why) && t.form != TH_TILE_REDUCE;
    net->exhausted |= !c;
    if (!c || !th_node_output_count(g, n))
        return;
    th_inst_cost(c, &cost);
    l->macs = cost.macs;
    if (l->splits) {
        l->raster[0] = t.h;
        l->raster[1] = t.w;
        add_sources(net, l, &t, ids, true);
    } else {
        l->in = TH_NEW_ARRAY(net->arena, struct source, (size_t)th_node_input_count(g, n) + 1);
        for (uint32_t i = 0; l->in && i < th_node_input_count(g, n); i++)
            if (th_node_input(g, n, i) && ids[th_node_input(g, n, i)])
                l->in[l->n_in++] = (struct source){ids[th_node_input(g, n, i)], {1, 1}, {1, 1}};
    }
    /* plane by plane or element by element the result may replace the operand */
    l->in_place = l->splits && c->op->channels && l->n_in > 0;
    for (uint32_t i = 0; i < th_node_output_count(g, n); i++)
        ids[th_node_output(g, n, i)] = new_map(net, g, th_node_output(g, n, i));
    l->out = ids[th_node_output(g, n, 0)];
    for (uint32_t i = 0; i < l->n_in; i++)
        net->maps[l->in[i].map].last_use = net->n_layers;
    net->n_layers++;
}

static enum th_status count(struct th_graph *g, void *user)
{
    struct net *net = user;
    net->n_layers += th_graph_node_count(g);
    net->n_maps += th_graph_value_limit(g);
    return TH_OK;
}

static bool take_network(struct net *net, const struct th_program *p)
{
    struct th_graph *f = th_program_function(p, 0);
    th_program_walk(p, count, net);
    net->layers = TH_NEW_ARRAY(net->arena, struct layer, (size_t)net->n_layers + 1);
    net->maps = TH_NEW_ARRAY(net->arena, struct map, (size_t)net->n_maps + 1);
    uint32_t *ids = TH_NEW_ARRAY(net->arena, uint32_t, (size_t)th_graph_value_limit(f) + 1);
    if (!net->layers || !net->maps || !ids)
        return false;
    net->n_layers = 0;
    net->n_maps = 1;
    for (uint32_t i = 0; i < th_graph_input_count(f); i++)
        ids[th_graph_input(f, i)] = new_map(net, f, th_graph_input(f, i));
    for (th_node n = th_graph_first(f); n; n = th_graph_next(f, n))
        add_node(net, f, n, ids);
    for (uint32_t i = 0; i < th_graph_output_count(f); i++)
        net->maps[ids[th_graph_output(f, i)]].last_use = UINT32_MAX;
    return !net->exhausted;
}

/* ---- the patch model ------------------------------------------------------------------------- */
static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

struct stage {
    const struct net *net;
    uint32_t first, n;           /* nodes [first, n): what changes the layout of the input first is
                                    not split */
    int64_t p;
    const bool *one;             /* layers whose window counts as one pixel, or NULL */
    int64_t (*side)[2];          /* of each map for one patch */
};

/* Sides of all maps, from the stage's output to its input; MACs of all patches to those of the
 * layers: what is added. */
static double run_stage(const struct stage *s)
{
    const struct net *net = s->net;
    double patches = 0, layers = 0;
    for (uint32_t m = 0; m < net->n_maps; m++)
        s->side[m][0] = s->side[m][1] = 0;
    const struct map *end = &net->maps[net->layers[s->n - 1].out];
    for (int a = 0; a < 2; a++)
        s->side[net->layers[s->n - 1].out][a] = (end->size[a] + s->p - 1) / s->p;
    for (uint32_t i = s->n; i-- > s->first;) {
        const struct layer *l = &net->layers[i];
        const int64_t *side = s->side[l->out];
        for (uint32_t k = 0; k < l->n_in; k++)
            for (int a = 0; a < 2; a++) {
                const struct source *in = &l->in[k];
                const int64_t kernel = s->one && s->one[i] ? 1 : in->kernel[a];
                const int64_t want = (side[a] - 1) * in->stride[a] + kernel;
                s->side[in->map][a] = min64(max64(s->side[in->map][a], want),
                                            net->maps[in->map].size[a]);
            }
        const double per_pixel = (double)l->macs / (double)(l->raster[0] * l->raster[1]);
        const double shrunk = s->one && s->one[i]
                                  ? per_pixel / (double)(l->in[0].kernel[0] * l->in[0].kernel[1])
                                  : per_pixel;
        patches += (double)(s->p * s->p * side[0] * side[1]) * shrunk;
        layers += (double)(l->raster[0] * l->raster[1]) * shrunk;
    }
    return layers > 0 ? patches / layers - 1 : 0;
}

static int64_t map_bytes(const struct map *m)
{
    return m->size[0] * m->size[1] * m->pixel_bytes;
}

/* Bytes that layer i holds: what passes by, its operands, its result. */
static int64_t layer_bytes(const struct net *net, uint32_t i)
{
    const struct layer *l = &net->layers[i];
    int64_t sum = map_bytes(&net->maps[l->out]), through = 0;
    for (uint32_t k = 0; k < l->n_in; k++)
        sum += map_bytes(&net->maps[l->in[k].map]);
    if (l->in_place)
        sum = max64(map_bytes(&net->maps[l->out]), map_bytes(&net->maps[l->in[0].map]));
    for (uint32_t j = 0; j < i; j++) {
        const struct map *m = &net->maps[net->layers[j].out];
        bool read = false;
        for (uint32_t k = 0; k < l->n_in; k++)
            read |= l->in[k].map == net->layers[j].out;
        if (!read && m->last_use > i)
            through += map_bytes(m);
    }
    return sum + through;
}

static int64_t stage_bytes(const struct stage *s)
{
    const struct net *net = s->net;
    int64_t most = 0;
    for (uint32_t i = s->first; i < s->n; i++) {
        const struct layer *l = &net->layers[i];
        int64_t sum = 0, out = s->side[l->out][0] * s->side[l->out][1] *
                               net->maps[l->out].pixel_bytes;
        for (uint32_t k = 0; k < l->n_in; k++)
            sum += s->side[l->in[k].map][0] * s->side[l->in[k].map][1] *
                   net->maps[l->in[k].map].pixel_bytes;
        most = max64(most, l->in_place ? max64(sum, out) : sum + out);
    }
    return most + map_bytes(&net->maps[net->layers[s->n - 1].out]);
}

/* A stage ends where one map alone goes on and everything before can be cut into patches. */
static bool ends_stage(const struct net *net, uint32_t first, uint32_t n)
{
    for (uint32_t i = first; i < n; i++)
        if (!net->layers[i].splits ||
            (i + 1 < n && net->maps[net->layers[i].out].last_use >= n))
            return false;
    return true;
}

static bool reaches(const struct layer *l)
{
    for (uint32_t k = 0; k < l->n_in; k++)
        if (l->in[k].kernel[0] > l->in[k].stride[0] || l->in[k].kernel[1] > l->in[k].stride[1])
            return true;
    return false;
}

/* ---- the advice ------------------------------------------------------------------------------ */
static const char *layer_name(const struct layer *l)
{
    const struct th_loc *loc = th_node_loc(l->graph, l->node);
    if (loc->name && loc->name[0])
        return loc->name;
    return th_value_name(l->graph, th_node_output(l->graph, l->node, 0));
}

static void input_patch(const struct stage *s, int64_t patch[2])
{
    const struct layer *first = &s->net->layers[s->first];
    for (int a = 0; a < 2; a++)
        patch[a] = first->n_in ? s->side[first->in[0].map][a] : 0;
}

static bool name_layers(struct net *net, struct stage s, struct th_advice *out)
{
    bool *one = TH_NEW_ARRAY(net->arena, bool, (size_t)s.n + 1);
    struct th_advice_layer *list = TH_NEW_ARRAY(net->arena, struct th_advice_layer,
                                                (size_t)s.n + 1);
    if (!one || !list)
        return false;
    s.one = one;
    for (uint32_t i = s.first; i < s.n; i++) {
        const struct layer *l = &net->layers[i];
        if (!reaches(l))
            continue;
        struct th_advice_layer *a = &list[out->n_layers++];
        *a = (struct th_advice_layer){.name = layer_name(l),
                                      .op = th_node_op_name(l->graph, l->node),
                                      .model_node = th_node_loc(l->graph, l->node)->node};
        for (int k = 0; k < 2; k++) {
            a->kernel[k] = l->in[0].kernel[k];
            a->stride[k] = l->in[0].stride[k];
        }
        one[i] = true;
        a->overhead = run_stage(&s);
        input_patch(&s, a->patch);
        one[i] = false;
    }
    for (uint32_t i = s.first; i < s.n; i++) {
        const struct layer *l = &net->layers[i];
        one[i] = reaches(l) && l->in[0].stride[0] == 1 && l->in[0].stride[1] == 1;
        out->n_redistributed += one[i];
    }
    out->overhead_redistributed = run_stage(&s);
    input_patch(&s, out->patch_redistributed);
    for (uint32_t i = s.first; i < s.n; i++)
        one[i] = true;
    (void)run_stage(&s);
    input_patch(&s, out->least);
    out->layers = list;
    return true;
}

enum th_status th_advice_collect(const struct th_program *p, struct th_arena *arena,
                                 struct th_advice *out)
{
    struct net net = {.arena = arena};
    *out = (struct th_advice){0};
    if (!th_program_function_count(p) || !take_network(&net, p))
        return net.exhausted ? TH_ERR_INTERNAL : TH_OK;
    int64_t *rest = TH_NEW_ARRAY(arena, int64_t, (size_t)net.n_layers + 1);   /* peak from i on */
    struct stage s = {.net = &net,
                      .side = th_arena_alloc(arena, ((size_t)net.n_maps + 1) * sizeof *s.side)};
    if (!rest || !s.side)
        return TH_ERR_INTERNAL;
    double macs = 0;
    for (uint32_t i = net.n_layers; i-- > 0;) {
        rest[i] = max64(layer_bytes(&net, i), rest[i + 1]);
        macs += (double)net.layers[i].macs;
    }
    struct stage best = {0};
    out->peak = out->layer_peak = rest[0];
    while (s.first + 2 < net.n_layers && !net.layers[s.first].splits)
        s.first++;
    for (s.n = s.first + 2; s.n < net.n_layers && net.layers[s.n - 1].splits; s.n++) {
        if (!ends_stage(&net, s.first, s.n))
            continue;
        const struct map *end = &net.maps[net.layers[s.n - 1].out];
        for (s.p = 2; s.p <= MOST_PATCHES && s.p <= min64(end->size[0], end->size[1]); s.p++) {
            (void)run_stage(&s);
            const int64_t peak = max64(stage_bytes(&s), rest[s.n]);
            if (peak < out->peak) {
                out->peak = peak;
                best = s;
            }
        }
    }
    if (!best.n)
        return TH_OK;
    const struct layer *last = &net.layers[best.n - 1];
    out->n_nodes = best.n - best.first;
    out->last = layer_name(last);
    out->patches = best.p;
    out->overhead = run_stage(&best);
    input_patch(&best, out->patch);
    double stage = 0;
    for (uint32_t i = best.first; i < best.n; i++)
        stage += (double)net.layers[i].macs;
    out->overall = macs > 0 ? out->overhead * stage / macs : 0;
    for (int a = 0; a < 2; a++)
        out->map[a] = net.maps[last->out].size[a];
    return name_layers(&net, best, out) ? TH_OK : TH_ERR_INTERNAL;
}

void th_advice_text(const struct th_advice *a, struct th_str *out)
{
    if (!a->n_nodes || a->overhead < EXPENSIVE)
        return;
    th_str_addf(out, "patches        %" PRId64 " x %" PRId64 " of the first %u nodes' map %" PRId64
                     " x %" PRId64 ": %" PRId64 " bytes instead of %" PRId64 " by layers\n",
                a->patches, a->patches, a->n_nodes, a->map[0], a->map[1], a->peak, a->layer_peak);
    th_str_addf(out, "  halo         a patch reads %" PRId64 " x %" PRId64 " of the input, %" PRId64
                     " x %" PRId64 " without halos: %+.0f %% MACs in the stage, %+.0f %% overall\n",
                a->patch[0], a->patch[1], a->least[0], a->least[1], 100 * a->overhead,
                100 * a->overall);
    for (uint32_t i = 0; i < a->n_layers; i++) {
        const struct th_advice_layer *l = &a->layers[i];
        th_str_addf(out, "  %-12s %" PRId64 "x%" PRId64 " stride %" PRId64 "x%" PRId64 " '",
                    "caused by", l->kernel[0], l->kernel[1], l->stride[0], l->stride[1]);
        th_str_add_escaped(out, l->name);
        th_str_addf(out, "' (%s): with 1x1 a patch reads %" PRId64 " x %" PRId64 ", %+.0f %%\n",
                    l->op, l->patch[0], l->patch[1], 100 * l->overhead);
    }
    if (a->n_redistributed)
        th_str_addf(out, "  moved later  the %u windows of stride 1 as 1x1 here: a patch reads %"
                         PRId64 " x %" PRId64 ", %+.0f %% MACs in the stage; give their reach to "
                         "layers behind it\n",
                    a->n_redistributed, a->patch_redistributed[0], a->patch_redistributed[1],
                    100 * a->overhead_redistributed);
}
