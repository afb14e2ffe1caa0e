/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#include <math.h>

static const char *const modes[] = {"bilinear", "nearest", "bicubic", NULL};
static const char *const paddings[] = {"zeros", "border", "reflection", NULL};

static const struct th_port inputs[] = {
    {"x", TH_DT_FLOATS, 0, "map [n, height, width, channels]"},
    {"grid", TH_DT_FLOATS, 0, "places [n, out height, out width, 2]: x, y from -1 to 1"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_FLOATS, 0, "map [n, out height, out width, channels]"},
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
    TH_TRY(th_need_rank(c, 0, 4));
    TH_TRY(th_need_rank(c, 1, 4));
    if (g->dims[3] != 2 || g->dims[0] != x->dims[0])
        return th_inst_error(c, "places [%lld, .., %lld] for a batch of %lld",
                             (long long)g->dims[0], (long long)g->dims[3],
                             (long long)x->dims[0]);
    if (x->dims[1] < 1 || x->dims[2] < 1)
        return th_inst_error(c, "nothing to take from a map without elements");
    const int64_t dims[4] = {g->dims[0], g->dims[1], g->dims[2], x->dims[3]};
    return th_set_shape(c, 0, 4, dims);
}

struct look {
    const float *x;            /* one map */
    int64_t size[2], channels; /* height, width */
    int64_t padding;
    bool align;
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

static float element(const struct look *l, float fy, float fx, int64_t channel)
{
    if (!(fy >= 0 && fy < (float)l->size[0] && fx >= 0 && fx < (float)l->size[1]))
        return 0;
    return l->x[((int64_t)fy * l->size[1] + (int64_t)fx) * l->channels + channel];
}

static float near_weight(float d)
{
    return ((-0.75f + 2) * d - (-0.75f + 3)) * d * d + 1;
}

static float far_weight(float d)
{
    return ((-0.75f * d + 5 * 0.75f) * d - 8 * 0.75f) * d + 4 * 0.75f;
}

static float bicubic(const struct look *l, float y, float x, int64_t channel)
{
    const float fy = floorf(y), fx = floorf(x), ty = y - fy, tx = x - fx;
    const float wy[4] = {far_weight(ty + 1), near_weight(ty), near_weight(1 - ty),
                         far_weight(2 - ty)};
    const float wx[4] = {far_weight(tx + 1), near_weight(tx), near_weight(1 - tx),
                         far_weight(2 - tx)};
    float sum = 0;
    for (int i = 0; i < 4; i++) {
        float row = 0;
        for (int k = 0; k < 4; k++)
            row += wx[k] * element(l, held(l, fy + (float)(i - 1), 0),
                                   held(l, fx + (float)(k - 1), 1), channel);
        sum += wy[i] * row;
    }
    return sum;
}

static float sample(const struct look *l, int64_t mode, float y, float x, int64_t channel)
{
    if (mode == 2)
        return bicubic(l, y, x, channel);
    y = held(l, y, 0);
    x = held(l, x, 1);
    if (mode == 1)
        return element(l, rintf(y), rintf(x), channel);
    const float fy = floorf(y), fx = floorf(x), ty = y - fy, tx = x - fx;
    const float top = element(l, fy, fx, channel) * (1 - tx) +
                      element(l, fy, fx + 1, channel) * tx;
    const float bottom = element(l, fy + 1, fx, channel) * (1 - tx) +
                         element(l, fy + 1, fx + 1, channel) * tx;
    return top * (1 - ty) + bottom * ty;
}

static float unscaled(float v, int64_t size, bool align)
{
    return align ? (v + 1) / 2 * (float)(size - 1) : ((v + 1) * (float)size - 1) / 2;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_type *x = c->in[0], *y = &c->out[0];
    struct look l = {.size = {x->dims[1], x->dims[2]}, .channels = x->dims[3],
                     .padding = th_inst_int(c, "padding"),
                     .align = th_inst_int(c, "align_corners")};
    const int64_t mode = th_inst_int(c, "mode"), places = y->dims[1] * y->dims[2];
    const float *grid = th_floats(e->in[1]);
    float *out = e->out[0]->data;
    for (int64_t p = 0; p < y->dims[0] * places; p++, grid += 2) {
        l.x = th_floats(e->in[0]) + p / places * l.size[0] * l.size[1] * l.channels;
        const float fx = unscaled(grid[0], l.size[1], l.align);
        const float fy = unscaled(grid[1], l.size[0], l.align);
        for (int64_t k = 0; k < l.channels; k++)
            *out++ = sample(&l, mode, fy, fx, k);
    }
    return TH_OK;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    k->macs = th_type_elems(&c->out[0]) * (th_inst_int(c, "mode") == 2 ? 20 : 4);
    k->ops = th_type_elems(c->in[1]) * 20;
    th_cost_bytes(c, k);
}

extern const struct th_op th_op_grid_sample;
const struct th_op th_op_grid_sample = {
    .struct_size = sizeof(struct th_op),
    .name = "grid_sample",
    .summary = "a map looked at in given places",
    .doc = "Places are (x, y) with -1 and 1 at the outer edges (or centres) of the map; between "
           "elements the map is interpolated: linear, nearest (halves to even), or cubic with "
           "a = -0.75.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .eval = eval,
    .cost = cost,
};
