/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#include <math.h>
#include <string.h>

static const char *const modes[] = {"bilinear", "nearest", "bicubic", NULL};
static const char *const paddings[] = {"zeros", "border", "reflection", NULL};

enum { SPACE = 3 };    /* axes of space: depth, which a map has one of, rows, columns */

static const struct th_port inputs[] = {
    {"x", TH_DT_FLOATS, 0, "map or volume [n, space.., channels]"},
    {"grid", TH_DT_FLOATS, 0,
     "places [n, out space.., axes of space]: from -1 to 1, the last axis first"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_FLOATS, 0, "map or volume [n, out space.., channels]"},
    {NULL, 0, 0, NULL},
};
static const struct th_attr_spec attrs[] = {
    {.name = "mode", .kind = TH_ATTR_ENUM, .names = modes, .doc = "interpolation"},
    {.name = "padding", .kind = TH_ATTR_ENUM, .names = paddings,
     .doc = "what lies beyond the map: zeros, its border, its reflection"},
    {.name = "align_corners", .kind = TH_ATTR_BOOL, .max = 1,
     .doc = "-1 and 1 are centres of the outer elements, not their edges"},
    {.name = NULL},
};

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0], *g = c->in[1];
    int64_t dims[TH_MAX_RANK];
    if (x->rank < 4 || x->rank > SPACE + 2 || g->rank != x->rank)
        return th_inst_error(c, "operand of %d axes and places of %d, needed are 4 or 5", x->rank,
                             g->rank);
    const int32_t last = x->rank - 1;
    if (g->dims[last] != x->rank - 2 || g->dims[0] != x->dims[0])
        return th_inst_error(c, "places [%lld, .., %lld] for a batch of %lld on %d axes",
                             (long long)g->dims[0], (long long)g->dims[last],
                             (long long)x->dims[0], x->rank - 2);
    for (int32_t a = 1; a < last; a++)
        if (x->dims[a] < 1)
            return th_inst_error(c, "nothing to take from a map without elements");
    memcpy(dims, g->dims, sizeof dims);
    dims[last] = x->dims[last];
    return th_set_shape(c, 0, x->rank, dims);
}

struct look {
    const float *x;            /* one map */
    int64_t size[SPACE], channels;
    int64_t mode, padding;
    bool align;
};

/* What counts along one axis: elements, -1 beyond the map, and how much. */
struct line {
    int taps;
    int64_t at[4];
    float weight[4];
};

static float reflect(float v, float lo, float hi)
{
    const float span = hi - lo;
    if (span <= 0)
        return lo;
    const float d = fabsf(v - lo), turns = floorf(d / span), rest = d - turns * span;
    return fmodf(turns, 2.0f) == 0.0f ? lo + rest : hi - rest;
}

/* A place as the padding sees it. */
static float held(const struct look *l, float v, int axis)
{
    const float last = (float)(l->size[axis] - 1);
    if (l->padding == 2)
        v = l->align ? reflect(v, 0, last) : reflect(v, -0.5f, last + 0.5f);
    return l->padding == 0 ? v : th_clampf(v, 0, last);
}

static float near_weight(float d)
{
    return ((-0.75f + 2) * d - (-0.75f + 3)) * d * d + 1;
}

static float far_weight(float d)
{
    return ((-0.75f * d + 5 * 0.75f) * d - 8 * 0.75f) * d + 4 * 0.75f;
}

static void line_of(const struct look *l, float v, int axis, struct line *to)
{
    const bool cubic = l->mode == 2;
    const float size = (float)l->size[axis];
    v = cubic ? v : held(l, v, axis);
    const float f = l->mode == 1 ? rintf(v) : floorf(v), t = v - f;
    *to = cubic ? (struct line){4, {0}, {far_weight(t + 1), near_weight(t), near_weight(1 - t),
                                         far_weight(2 - t)}}
          : l->mode == 1 ? (struct line){1, {0}, {1}}
                         : (struct line){2, {0}, {1 - t, t}};
    for (int i = 0; i < to->taps; i++) {
        const float at = cubic ? held(l, f + (float)(i - 1), axis) : f + (float)i;
        to->at[i] = at >= 0 && at < size ? (int64_t)at : -1;
    }
}

/* What lies beyond the map counts nothing, however much. */
static float sample(const struct look *l, const struct line on[SPACE], int64_t channel)
{
    float sum = 0;
    for (int i = 0; i < on[0].taps; i++) {
        float plane = 0;
        for (int j = 0; on[0].at[i] >= 0 && j < on[1].taps; j++) {
            const int64_t from = (on[0].at[i] * l->size[1] + on[1].at[j]) * l->size[2];
            float row = 0;
            for (int k = 0; k < on[2].taps; k++)
                if (on[1].at[j] >= 0 && on[2].at[k] >= 0)
                    row += on[2].weight[k] * l->x[(from + on[2].at[k]) * l->channels + channel];
            plane += on[1].at[j] < 0 ? 0 : on[1].weight[j] * row;
        }
        sum += on[0].at[i] < 0 ? 0 : on[0].weight[i] * plane;
    }
    return sum;
}

static float unscaled(float v, int64_t size, bool align)
{
    return align ? (v + 1) / 2 * (float)(size - 1) : ((v + 1) * (float)size - 1) / 2;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_type *x = c->in[0], *y = &c->out[0];
    const int32_t axes = x->rank - 2, missing = SPACE - axes;
    struct look l = {.channels = x->dims[axes + 1], .mode = th_inst_int(c, "mode"),
                     .padding = th_inst_int(c, "padding"),
                     .align = th_inst_int(c, "align_corners")};
    struct line on[SPACE] = {{1, {0}, {1}}};
    const float *grid = th_floats(e->in[1]);
    int64_t places = 1, volume = l.channels;
    float *out = e->out[0]->data;
    for (int32_t a = 0; a < SPACE; a++) {
        l.size[a] = a < missing ? 1 : x->dims[a - missing + 1];
        places *= a < missing ? 1 : y->dims[a - missing + 1];
        volume *= l.size[a];
    }
    for (int64_t p = 0; p < y->dims[0] * places; p++, grid += axes) {
        l.x = th_floats(e->in[0]) + p / places * volume;
        for (int32_t a = missing; a < SPACE; a++)
            line_of(&l, unscaled(grid[SPACE - 1 - a], l.size[a], l.align), a, &on[a]);
        for (int64_t k = 0; k < l.channels; k++)
            *out++ = sample(&l, on, k);
    }
    return TH_OK;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    const int64_t taps = th_inst_int(c, "mode") == 2 ? 4 : 2;
    k->macs = th_type_elems(&c->out[0]) * taps * taps * (c->in[0]->rank > 4 ? taps : 1);
    k->ops = th_type_elems(c->in[1]) * 20;
    th_cost_bytes(c, k);
}

extern const struct th_op th_op_grid_sample;
const struct th_op th_op_grid_sample = {
    .struct_size = sizeof(struct th_op),
    .name = "grid_sample",
    .summary = "a map or volume looked at in given places",
    .doc = "Places are (x, y), in volumes (x, y, z), with -1 and 1 at the outer edges (or centres) "
           "of the map; between elements the map is interpolated: linear, nearest (halves to "
           "even), or cubic with a = -0.75.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .eval = eval,
    .cost = cost,
};
