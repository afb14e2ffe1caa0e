/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/conv.h"

/* First input element of tap (ky, kx) for an output, or -1 outside of the input. */
static int64_t tap_index(const struct th_conv_layout *l, int64_t n, int64_t oc, int64_t oy,
                         int64_t ox, int64_t ky, int64_t kx)
{
    const struct th_geom *g = &l->g;
    const int64_t y = oy * g->s_h - g->top + ky * g->d_h;
    const int64_t x = ox * g->s_w - g->left + kx * g->d_w;
    if (y < 0 || y >= g->in_h || x < 0 || x >= g->in_w)
        return -1;
    return ((n * g->in_h + y) * g->in_w + x) * g->in_c + oc / l->group_out * l->group_in;
}

static int64_t dot_int(const struct th_conv_layout *l, const int32_t *x, const int32_t *w,
                       int64_t n, int64_t oc, int64_t oy, int64_t ox)
{
    int64_t acc = 0;
    for (int64_t ky = 0; ky < l->g.k_h; ky++)
        for (int64_t kx = 0; kx < l->g.k_w; kx++) {
            const int64_t at = tap_index(l, n, oc, oy, ox, ky, kx);
            if (at < 0)
                continue;
            const int32_t *tap = w + oc * l->w_o + ky * l->w_y + kx * l->w_x;
            for (int64_t i = 0; i < l->group_in; i++)
                acc += (int64_t)x[at + i] * tap[i * l->w_i];
        }
    return acc;
}

static float dot_float(const struct th_conv_layout *l, const float *x, const float *w, int64_t n,
                       int64_t oc, int64_t oy, int64_t ox)
{
    float acc = 0;
    for (int64_t ky = 0; ky < l->g.k_h; ky++)
        for (int64_t kx = 0; kx < l->g.k_w; kx++) {
            const int64_t at = tap_index(l, n, oc, oy, ox, ky, kx);
            if (at < 0)
                continue;
            const float *tap = w + oc * l->w_o + ky * l->w_y + kx * l->w_x;
            for (int64_t i = 0; i < l->group_in; i++) {
                const float product = x[at + i] * tap[i * l->w_i];
                acc += product;
            }
        }
    return acc;
}

struct job {
    const struct th_conv_layout *l;
    const struct th_inst *c;
    const struct th_tensor *bias;
    struct th_tensor *out;
    /* float */
    const float *xf, *wf;
    float lo, hi;
    /* integer */
    int32_t *xi, *wi;
    int64_t *bi;
    struct th_rescale rescale;
    /* hybrid */
    float *scales;         /* of each batch */
    bool scale_once;       /* one product of weight and input scale */
};

typedef void point_fn(struct job *j, int64_t at, int64_t n, int64_t oc, int64_t oy, int64_t ox);

static void for_each_output(struct job *j, point_fn *fn)
{
    const struct th_geom *g = &j->l->g;
    int64_t at = 0;
    for (int64_t n = 0; n < g->n; n++)
        for (int64_t oy = 0; oy < g->out_h; oy++)
            for (int64_t ox = 0; ox < g->out_w; ox++)
                for (int64_t oc = 0; oc < g->out_c; oc++)
                    fn(j, at++, n, oc, oy, ox);
}

static void point_float(struct job *j, int64_t at, int64_t n, int64_t oc, int64_t oy, int64_t ox)
{
    const float *b = th_floats(j->bias);
    const float acc = dot_float(j->l, j->xf, j->wf, n, oc, oy, ox);
    ((float *)j->out->data)[at] = th_clampf(b ? acc + b[oc] : acc, j->lo, j->hi);
}

static void point_int(struct job *j, int64_t at, int64_t n, int64_t oc, int64_t oy, int64_t ox)
{
    const uint64_t acc = (uint64_t)dot_int(j->l, j->xi, j->wi, n, oc, oy, ox);
    const uint64_t sum = acc + (j->bi ? (uint64_t)j->bi[oc] : 0);
    th_tensor_set_int(j->out, at, th_rescale_apply(&j->rescale, (int64_t)sum, (uint32_t)oc));
}

static void point_hybrid(struct job *j, int64_t at, int64_t n, int64_t oc, int64_t oy, int64_t ox)
{
    const struct th_quant *q = j->c->in[1]->quant;
    const float *b = th_floats(j->bias);
    const float w_scale = th_quant_scale(q, (uint32_t)oc), x_scale = j->scales[n];
    float v = (float)(int32_t)dot_int(j->l, j->xi, j->wi, n, oc, oy, ox);
    if (j->scale_once) {
        const float both = w_scale * x_scale;
        v *= both;
    } else {
        v *= w_scale;
        v *= x_scale;
    }
    ((float *)j->out->data)[at] = th_clampf(b ? v + b[oc] : v, j->lo, j->hi);
}

static bool scales_differ(const struct th_quant *q)
{
    for (uint32_t i = 1; q && i < q->n; i++)
        if (q->scales[i] != q->scales[0])
            return true;
    return false;
}

/* Each batch of the input becomes int8 with a scale of its own. Weights that differ per channel,
 * and all grouped ones, go with an input zero point. */
static enum th_status quantize_input(struct job *j, struct th_eval *e)
{
    const struct th_geom *g = &j->l->g;
    const int64_t size = g->in_h * g->in_w * g->in_c;
    const bool grouped = j->l->group_in != g->in_c || j->l->grouped_scale_first;
    const bool per_channel = scales_differ(j->c->in[1]->quant) || grouped;
    const bool asymmetric = per_channel || th_inst_int(j->c, "asymmetric_inputs");
    j->xi = TH_NEW_ARRAY(e->arena, int32_t, (size_t)(size * g->n));
    j->scales = TH_NEW_ARRAY(e->arena, float, (size_t)g->n);
    if (!j->xi || !j->scales)
        return th_out_of_memory(j->c);
    j->scale_once = !per_channel || j->l->grouped_scale_first;
    for (int64_t n = 0; n < g->n; n++) {
        int32_t zero = 0, *q = j->xi + n * size;
        const float *x = th_floats(e->in[0]) + n * size;
        if (asymmetric)
            th_quantize_asymmetric(x, size, q, &j->scales[n], &zero);
        else
            th_quantize_symmetric(x, size, q, &j->scales[n]);
        for (int64_t i = 0; i < size; i++)
            q[i] -= zero;
    }
    return TH_OK;
}

enum th_status th_conv_eval(const struct th_inst *c, struct th_eval *e,
                            const struct th_conv_layout *l)
{
    struct job j = {.l = l, .c = c, .out = e->out[0]};
    j.bias = th_operand(c, e, 2);
    j.lo = (float)th_inst_float(c, "act_min");
    j.hi = (float)th_inst_float(c, "act_max");
    if (c->in[1]->dtype == TH_DT_F32) {
        j.xf = th_floats(e->in[0]);
        j.wf = th_floats(e->in[1]);
        for_each_output(&j, point_float);
        return TH_OK;
    }
    j.wi = th_ints_centred(e->arena, e->in[1]);
    if (!j.wi)
        return th_out_of_memory(c);
    if (th_is_hybrid(c)) {
        TH_TRY(quantize_input(&j, e));
        for_each_output(&j, point_hybrid);
        return TH_OK;
    }
    j.xi = th_ints_centred(e->arena, e->in[0]);
    j.bi = j.bias ? th_ints_wide(e->arena, j.bias) : NULL;
    if (!j.xi || (j.bias && !j.bi))
        return th_out_of_memory(c);
    const enum th_scale_product product =
        c->in[0]->dtype == TH_DT_U8 ? TH_PRODUCT_FLOAT : TH_PRODUCT_DOUBLE;
    TH_TRY(th_rescale_init(c, e->arena, c->in[0]->quant, c->in[1]->quant, &c->out[0], product,
                           th_is_wide(c, 2), &j.rescale));
    for_each_output(&j, point_int);
    return TH_OK;
}
