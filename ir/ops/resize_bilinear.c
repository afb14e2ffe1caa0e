/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/resize.h"

#include <math.h>

static const struct th_port inputs[] = {
    {"x", TH_DT_ACTS, 0, "map [n, height, width, channels]"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_ACTS, TH_PORT_DECLARED, "resized map; type and quantization of x"},
    {NULL, 0, 0, NULL},
};

/* Where output i lies between two inputs: real for f32 and u8, in 1/1024 for s8 and s16. */
struct place {
    int64_t lo, hi;
    float part;       /* of hi, real */
    int64_t part10;   /* of hi, in 1/1024 */
};

static struct place place_real(int64_t i, int64_t in, int64_t out, bool align, bool half_pixel)
{
    const float scale = align && out > 1 ? (float)(in - 1) / (float)(out - 1)
                                         : (float)in / (float)out;
    float at;
    if (half_pixel) {
        const float centre = ((float)i + 0.5f) * scale;
        at = centre - 0.5f;
    } else {
        at = (float)i * scale;
    }
    struct place p = {0};
    p.lo = th_clamp_i64((int64_t)floorf(at), 0, in - 1);
    p.hi = th_clamp_i64((int64_t)ceilf(at), 0, in - 1);
    p.part = at - (float)p.lo;
    return p;
}

static struct place place_fixed(int64_t i, int64_t in, int64_t out, bool align, bool half_pixel)
{
    const int64_t scale = align && out > 1 ? (1024 * (in - 1) + (out - 1) / 2) / (out - 1)
                                           : (1024 * in + out / 2) / out;
    const int64_t at = half_pixel ? i * scale + scale / 2 - 512 : i * scale;
    struct place p = {0};
    p.lo = th_clamp_i64(at / 1024, 0, in - 1);
    p.hi = th_clamp_i64((at + 1023) / 1024, 0, in - 1);
    p.part10 = at - 1024 * p.lo;
    return p;
}

static bool is_real(enum th_dtype t)
{
    return t == TH_DT_F32 || t == TH_DT_U8;
}

static struct place place_of(const struct th_inst *c, int64_t i, int64_t in, int64_t out)
{
    const bool align = th_inst_int(c, "align_corners"), half = th_inst_int(c, "half_pixel");
    return is_real(c->in[0]->dtype) ? place_real(i, in, out, align, half)
                                    : place_fixed(i, in, out, align, half);
}

static void span(const struct th_inst *c, int64_t i, int64_t in, int64_t out, int64_t *first,
                 int64_t *last)
{
    const struct place p = place_of(c, i, in, out);
    *first = p.lo < p.hi ? p.lo : p.hi;
    *last = p.lo < p.hi ? p.hi : p.lo;
}

static float mix_real(const float v[4], float dy, float dx)
{
    const float a = v[0] * (1 - dy) * (1 - dx), b = v[1] * dy * (1 - dx);
    const float c = v[2] * (1 - dy) * dx, d = v[3] * dy * dx;
    return a + b + c + d;
}

static int64_t mix_fixed(const int64_t v[4], int64_t dy, int64_t dx, bool single)
{
    const int64_t sum = v[0] * (1024 - dy) * (1024 - dx) + v[1] * dy * (1024 - dx) +
                        v[2] * (1024 - dy) * dx + v[3] * dy * dx;
    const int64_t half = (int64_t)1 << 19;
    if (single)
        return (sum + half) >> 20;
    return (sum + (sum > 0 ? half : -half)) / ((int64_t)1 << 20);
}

static void pixel(const struct th_inst *c, struct th_eval *e, const struct th_resize *r,
                  const int64_t corner[4], struct place y, struct place x, int64_t *at)
{
    const enum th_dtype t = c->in[0]->dtype;
    for (int64_t ch = 0; ch < r->channels; ch++, (*at)++) {
        float vf[4];
        int64_t vi[4];
        for (int k = 0; k < 4; k++) {
            if (t == TH_DT_F32)
                vf[k] = th_floats(e->in[0])[corner[k] + ch];
            else
                vf[k] = (float)(vi[k] = th_tensor_int(e->in[0], corner[k] + ch));
        }
        if (t == TH_DT_F32)
            ((float *)e->out[0]->data)[*at] = mix_real(vf, y.part, x.part);
        else if (t == TH_DT_U8)
            th_tensor_set_int(e->out[0], *at, (int64_t)(mix_real(vf, y.part, x.part) + 0.5f));
        else
            th_tensor_set_int(e->out[0], *at,
                              mix_fixed(vi, y.part10, x.part10, th_inst_single_rounding(c)));
    }
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    struct th_resize r;
    th_resize_of(c, &r);
    int64_t at = 0;
    for (int64_t n = 0; n < r.n; n++)
        for (int64_t oy = 0; oy < r.out_h; oy++) {
            const struct place y = place_of(c, oy, r.in_h, r.out_h);
            const int64_t top = (n * r.in_h + y.lo) * r.in_w;
            const int64_t bottom = (n * r.in_h + y.hi) * r.in_w;
            for (int64_t ox = 0; ox < r.out_w; ox++) {
                const struct place x = place_of(c, ox, r.in_w, r.out_w);
                const int64_t corner[4] = {
                    (top + x.lo) * r.channels, (bottom + x.lo) * r.channels,
                    (top + x.hi) * r.channels, (bottom + x.hi) * r.channels};
                pixel(c, e, &r, corner, y, x, &at);
            }
        }
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    TH_TRY(th_resize_verify(c));
    if (th_inst_int(c, "align_corners") && th_inst_int(c, "half_pixel"))
        return th_inst_error(c, "align_corners and half_pixel exclude each other");
    return c->in[0]->dtype == TH_DT_F32 ? TH_OK : th_check_contract(c, false);
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                   struct th_window *w)
{
    return th_resize_window(c, out, i, w, span);
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    k->macs = th_type_elems(&c->out[0]) * 4;
    k->ops = th_type_elems(&c->out[0]);
    th_cost_bytes(c, k);
}

/* Contract "onnx" has no rule. */
static bool quant(const struct th_inst *c, struct th_quant_rule *q)
{
    return th_inst_rounding(c) != TH_ROUND_ONNX && th_same_quant(c, q);
}

const struct th_op th_op_resize_bilinear = {
    .struct_size = sizeof(struct th_op),
    .name = "resize_bilinear",
    .summary = "another height and width by linear interpolation of four pixels",
    .doc = "f32 and u8: positions and weights in float32 (u8: plus one half, truncated). s8 and "
           "s16: positions in 1/1024, a 64-bit sum of four products, rounded half away from zero "
           "(single rounding: half up).",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = th_resize_attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = th_resize_infer,
    .verify = verify,
    .eval = eval,
    .quant = quant,
    .window = window,
    .channels = th_same_channels,
    .cost = cost,
};
