/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#include <math.h>

static const char *const modes[] = {"avg", "max", NULL};

static const struct th_port inputs[] = {
    {"x", TH_DT_FLOATS, 0, "maps [n, height, width, channels]"},
    {"rois", TH_DT_FLOATS, 0, "regions [regions, 4]: x1, y1, x2, y2"},
    {"batch", TH_DT_INDEX, 0, "map of each region [regions]"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_FLOATS, 0, "maps [regions, out height, out width, channels]"},
    {NULL, 0, 0, NULL},
};
static const struct th_attr_spec attrs[] = {
    {.name = "size", .kind = TH_ATTR_INTS, .required = true, .min_len = 2, .max_len = 2, .min = 1,
     .max = 1 << 20, .doc = "rows and columns of the result"},
    {.name = "mode", .kind = TH_ATTR_ENUM, .names = modes,
     .doc = "mean of the samples of a bin, or their largest weighted corner"},
    {.name = "scale", .kind = TH_ATTR_FLOAT, .min = 0, .max = 1e9, .def_f = 1,
     .doc = "from regions to places of the map"},
    {.name = "samples", .kind = TH_ATTR_INT, .min = 0, .max = 1 << 10,
     .doc = "samples of a bin on each axis; 0: as many as the bin has elements"},
    {.name = "half_pixel", .kind = TH_ATTR_BOOL, .max = 1,
     .doc = "regions are moved by half an element, and may be smaller than one"},
    {.name = NULL},
};

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0], *r = c->in[1];
    TH_TRY(th_need_rank(c, 0, 4));
    TH_TRY(th_need_rank(c, 1, 2));
    if (r->dims[1] != 4 || th_type_elems(c->in[2]) != r->dims[0])
        return th_inst_error(c, "regions [%lld, %lld] and %lld map numbers",
                             (long long)r->dims[0], (long long)r->dims[1],
                             (long long)th_type_elems(c->in[2]));
    if (th_type_elems(x) < 1)
        return th_inst_error(c, "nothing to take from maps without elements");
    const int64_t dims[4] = {r->dims[0], th_inst_ints(c, "size", 0), th_inst_ints(c, "size", 1),
                             x->dims[3]};
    return th_set_shape(c, 0, 4, dims);
}

/* The four elements around a place and their weights; none beyond the map. */
struct corners {
    int64_t at[4];
    float weight[4];
};

static bool corners_of(const struct th_type *x, float fy, float fx, struct corners *k)
{
    const int64_t h = x->dims[1], w = x->dims[2];
    if (!(fy >= -1 && fy <= (float)h && fx >= -1 && fx <= (float)w))
        return false;
    fy = fy < 0 ? 0 : fy;
    fx = fx < 0 ? 0 : fx;
    int64_t y0 = (int64_t)fy, x0 = (int64_t)fx, y1 = y0 + 1, x1 = x0 + 1;
    if (y0 >= h - 1) {
        y0 = y1 = h - 1;
        fy = (float)y0;
    }
    if (x0 >= w - 1) {
        x0 = x1 = w - 1;
        fx = (float)x0;
    }
    const float ty = fy - (float)y0, tx = fx - (float)x0;
    *k = (struct corners){{y0 * w + x0, y0 * w + x1, y1 * w + x0, y1 * w + x1},
                          {(1 - ty) * (1 - tx), (1 - ty) * tx, ty * (1 - tx), ty * tx}};
    return true;
}

struct region {
    float y, x, bin_h, bin_w;
    int64_t grid_h, grid_w;
    const float *map;
};

static float bin(const struct th_inst *c, const struct region *r, int64_t py, int64_t px,
                 int64_t channel)
{
    const bool largest = th_inst_int(c, "mode") == 1;
    float sum = 0, most = -INFINITY;
    for (int64_t i = 0; i < r->grid_h; i++)
        for (int64_t j = 0; j < r->grid_w; j++) {
            const float fy = r->y + (float)py * r->bin_h +
                             ((float)i + 0.5f) * r->bin_h / (float)r->grid_h;
            const float fx = r->x + (float)px * r->bin_w +
                             ((float)j + 0.5f) * r->bin_w / (float)r->grid_w;
            struct corners k;
            const bool inside = corners_of(c->in[0], fy, fx, &k);
            for (int n = 0; n < 4; n++) {
                const float v = inside ? k.weight[n] * r->map[k.at[n] * c->in[0]->dims[3] +
                                                              channel] : 0;
                sum += v;
                most = v > most ? v : most;
            }
        }
    const float count = (float)(r->grid_h * r->grid_w);
    return largest ? (count > 0 ? most : 0) : sum / (count > 1 ? count : 1);
}

static void region_of(const struct th_inst *c, struct th_eval *e, int64_t k, struct region *r)
{
    const struct th_type *x = c->in[0], *y = &c->out[0];
    const float *roi = th_floats(e->in[1]) + 4 * k;
    const bool half = th_inst_int(c, "half_pixel");
    const float scale = (float)th_inst_float(c, "scale"), shift = half ? 0.5f : 0;
    const int64_t samples = th_inst_int(c, "samples");
    const int64_t map = th_clamp_i64(th_tensor_int(e->in[2], k), 0, x->dims[0] - 1);
    r->x = roi[0] * scale - shift;
    r->y = roi[1] * scale - shift;
    float w = roi[2] * scale - shift - r->x, h = roi[3] * scale - shift - r->y;
    if (!half) {
        w = w < 1 ? 1 : w;
        h = h < 1 ? 1 : h;
    }
    r->bin_h = h / (float)y->dims[1];
    r->bin_w = w / (float)y->dims[2];
    r->grid_h = samples ? samples : (int64_t)th_clampf(ceilf(r->bin_h), 0, (float)(1 << 20));
    r->grid_w = samples ? samples : (int64_t)th_clampf(ceilf(r->bin_w), 0, (float)(1 << 20));
    r->map = th_floats(e->in[0]) + map * x->dims[1] * x->dims[2] * x->dims[3];
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_type *y = &c->out[0];
    float *out = e->out[0]->data;
    for (int64_t k = 0; k < y->dims[0]; k++) {
        struct region r;
        region_of(c, e, k, &r);
        for (int64_t py = 0; py < y->dims[1]; py++)
            for (int64_t px = 0; px < y->dims[2]; px++)
                for (int64_t n = 0; n < y->dims[3]; n++)
                    *out++ = bin(c, &r, py, px, n);
    }
    return TH_OK;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    const int64_t samples = th_inst_int(c, "samples");
    k->macs = th_type_elems(&c->out[0]) * 4 * (samples ? samples * samples : 4);
    k->ops = th_type_elems(&c->out[0]) * 8;
    th_cost_bytes(c, k);
}

extern const struct th_op th_op_roi_align;
const struct th_op th_op_roi_align = {
    .struct_size = sizeof(struct th_op),
    .name = "roi_align",
    .summary = "regions of maps brought to one size",
    .doc = "A region is cut into bins, a bin into samples; a sample is interpolated linearly "
           "between four elements. Samples more than one element beyond the map count as zero.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .eval = eval,
    .cost = cost,
};
