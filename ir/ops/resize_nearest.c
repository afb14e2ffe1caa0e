/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/resize.h"

#include <math.h>
#include <string.h>

#define TYPES                                                                                     \
    (TH_DT_ACTS | TH_DT_BIT(TH_DT_S32) | TH_DT_BIT(TH_DT_S64) | TH_DT_BIT(TH_DT_BOOL))

static const struct th_port inputs[] = {
    {"x", TYPES, 0, "map [n, height, width, channels]"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TYPES, TH_PORT_DECLARED, "resized map; type and quantization of x"},
    {NULL, 0, 0, NULL},
};

static int64_t nearest(int64_t i, int64_t in, int64_t out, bool align, bool half_pixel)
{
    const float scale = align && out > 1 ? (float)(in - 1) / (float)(out - 1)
                                         : (float)in / (float)out;
    const float at = ((float)i + (half_pixel ? 0.5f : 0.0f)) * scale;
    const int64_t k = (int64_t)(align ? roundf(at) : floorf(at));
    return th_clamp_i64(k, 0, in - 1);
}

static void span(const struct th_inst *c, int64_t i, int64_t in, int64_t out, int64_t *first,
                 int64_t *last)
{
    *first = *last = nearest(i, in, out, th_inst_int(c, "align_corners"),
                             th_inst_int(c, "half_pixel"));
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    struct th_resize r;
    th_resize_of(c, &r);
    const size_t pixel = (size_t)(th_dtype_bits(c->in[0]->dtype) / 8) * (size_t)r.channels;
    const char *x = e->in[0]->data;
    char *y = e->out[0]->data;
    for (int64_t n = 0; n < r.n; n++)
        for (int64_t oy = 0; oy < r.out_h; oy++) {
            const int64_t iy = nearest(oy, r.in_h, r.out_h, r.align_corners, r.half_pixel);
            for (int64_t ox = 0; ox < r.out_w; ox++, y += pixel) {
                const int64_t ix = nearest(ox, r.in_w, r.out_w, r.align_corners, r.half_pixel);
                memcpy(y, x + (size_t)((n * r.in_h + iy) * r.in_w + ix) * pixel, pixel);
            }
        }
    return TH_OK;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                   struct th_window *w)
{
    return th_resize_window(c, out, i, w, span);
}

const struct th_op th_op_resize_nearest = {
    .struct_size = sizeof(struct th_op),
    .name = "resize_nearest",
    .summary = "another height and width by repeating or dropping pixels",
    .doc = "Input index floor((i + (half_pixel ? 0.5 : 0)) * in/out) in float32; with "
           "align_corners the scale is (in-1)/(out-1) and the index is rounded half away from "
           "zero.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = th_resize_attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = th_resize_infer,
    .verify = th_resize_verify,
    .eval = eval,
    .quant = th_same_quant,
    .window = window,
    .channels = th_same_channels,
};
