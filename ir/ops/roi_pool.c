/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#include <math.h>

static const struct th_port inputs[] = {
    {"x", TH_DT_FLOATS, 0, "maps [n, height, width, channels]"},
    {"rois", TH_DT_FLOATS, 0, "regions [regions, 5]: map, x1, y1, x2, y2"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_FLOATS, 0, "maps [regions, out height, out width, channels]"},
    {NULL, 0, 0, NULL},
};
static const struct th_attr_spec attrs[] = {
    {.name = "size", .kind = TH_ATTR_INTS, .required = true, .min_len = 2, .max_len = 2, .min = 1,
     .max = 1 << 20, .doc = "rows and columns of the result"},
    {.name = "scale", .kind = TH_ATTR_FLOAT, .min = 0, .max = 1e9, .def_f = 1,
     .doc = "from regions to places of the map"},
    {.name = NULL},
};

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0], *r = c->in[1];
    TH_TRY(th_need_rank(c, 0, 4));
    TH_TRY(th_need_rank(c, 1, 2));
    if (r->dims[1] != 5)
        return th_inst_error(c, "regions of %lld numbers, needed are 5", (long long)r->dims[1]);
    if (th_type_elems(x) < 1)
        return th_inst_error(c, "nothing to take from maps without elements");
    const int64_t dims[4] = {r->dims[0], th_inst_ints(c, "size", 0), th_inst_ints(c, "size", 1),
                             x->dims[3]};
    return th_set_shape(c, 0, 4, dims);
}

/* A region on one axis: its first element and the width of a bin. */
struct side {
    int64_t first;
    float bin;
};

/* Whole places that f32 holds exactly; a NaN is the lower bound. */
static int64_t whole(float v)
{
    const float most = 1 << 24;
    return (int64_t)(v > -most ? v < most ? roundf(v) : most : -most);
}

static struct side side_of(float from, float to, int64_t bins)
{
    const int64_t first = whole(from), size = whole(to) - first + 1;
    return (struct side){first, (float)(size > 1 ? size : 1) / (float)bins};
}

/* Elements [lo, hi) of bin i. */
static void bin_of(const struct side *s, int64_t i, int64_t size, int64_t *lo, int64_t *hi)
{
    *lo = th_clamp_i64((int64_t)floorf((float)i * s->bin) + s->first, 0, size);
    *hi = th_clamp_i64((int64_t)ceilf((float)(i + 1) * s->bin) + s->first, 0, size);
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_type *x = c->in[0], *y = &c->out[0];
    const float scale = (float)th_inst_float(c, "scale");
    const int64_t h = x->dims[1], w = x->dims[2], channels = x->dims[3];
    float *out = e->out[0]->data;
    for (int64_t r = 0; r < y->dims[0]; r++) {
        const float *roi = th_floats(e->in[1]) + 5 * r;
        const int64_t n = th_clamp_i64((int64_t)(roi[0] >= 0 ? fminf(roi[0], 1 << 24) : 0), 0,
                                       x->dims[0] - 1);
        const float *map = th_floats(e->in[0]) + n * h * w * channels;
        const struct side across = side_of(roi[1] * scale, roi[3] * scale, y->dims[2]);
        const struct side down = side_of(roi[2] * scale, roi[4] * scale, y->dims[1]);
        for (int64_t b = 0; b < y->dims[1] * y->dims[2]; b++) {
            int64_t top, bottom, left, right;
            bin_of(&down, b / y->dims[2], h, &top, &bottom);
            bin_of(&across, b % y->dims[2], w, &left, &right);
            for (int64_t k = 0; k < channels; k++) {
                float most = bottom > top && right > left ? -INFINITY : 0;
                for (int64_t i = top; i < bottom; i++)
                    for (int64_t j = left; j < right; j++) {
                        const float v = map[(i * w + j) * channels + k];
                        most = v > most ? v : most;
                    }
                *out++ = most;
            }
        }
    }
    return TH_OK;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    k->macs = 0;
    k->ops = th_type_elems(&c->out[0]) * 8;
    th_cost_bytes(c, k);
}

extern const struct th_op th_op_roi_pool;
const struct th_op th_op_roi_pool = {
    .struct_size = sizeof(struct th_op),
    .name = "roi_pool",
    .summary = "the largest elements of the bins of regions of maps",
    .doc = "Corners of a region are rounded (halves away from zero), both belong to it, and it is "
           "cut into bins of equal width in float32, which reach from the whole place below to "
           "the one above and may overlap; a bin without elements of the map gives 0.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .eval = eval,
    .cost = cost,
};
