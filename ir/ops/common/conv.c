/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/conv.h"

#include <string.h>

const struct th_port th_conv_outputs[] = {
    {"y", TH_DT_ACTS, TH_PORT_DECLARED, "output map"},
    {NULL, 0, 0, NULL},
};

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

static void pixel_float(void *user, int64_t at, int64_t n, const void *sums)
{
    const struct job *j = user;
    const float *b = th_floats(j->bias), *acc = sums;
    float *y = (float *)j->out->data + at;
    (void)n;
    for (int64_t c = 0; c < j->l->g.out_c; c++)
        y[c] = th_clampf(b ? acc[c] + b[c] : acc[c], j->lo, j->hi);
}

static void pixel_int(void *user, int64_t at, int64_t n, const void *sums)
{
    const struct job *j = user;
    const int64_t *acc = sums;
    (void)n;
    for (int64_t c = 0; c < j->l->g.out_c; c++) {
        const uint64_t sum = (uint64_t)acc[c] + (j->bi ? (uint64_t)j->bi[c] : 0);
        th_tensor_set_int(j->out, at + c, th_rescale_apply(&j->rescale, (int64_t)sum,
                                                           (uint32_t)c));
    }
}

static void pixel_hybrid(void *user, int64_t at, int64_t n, const void *sums)
{
    const struct job *j = user;
    const struct th_quant *q = j->c->in[1]->quant;
    const float *b = th_floats(j->bias);
    const int64_t *acc = sums;
    for (int64_t c = 0; c < j->l->g.out_c; c++) {
        const float w_scale = th_quant_scale(q, (uint32_t)c), x_scale = j->scales[n];
        float v = (float)(int32_t)acc[c];
        if (j->scale_once) {
            const float both = w_scale * x_scale;
            v *= both;
        } else {
            v *= w_scale;
            v *= x_scale;
        }
        ((float *)j->out->data)[at + c] = th_clampf(b ? v + b[c] : v, j->lo, j->hi);
    }
}

static enum th_status sums(struct job *j, struct th_eval *e, th_conv_pixel_fn *fn)
{
    const bool is_float = j->xf != NULL;
    return th_conv_sums(j->l, e->arena, is_float, is_float ? (const void *)j->xf : j->xi,
                        is_float ? (const void *)j->wf : j->wi, fn, j)
               ? TH_OK : th_out_of_memory(j->c);
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
    if (th_dtype_is_float(c->in[1]->dtype)) {
        j.xf = th_floats(e->in[0]);
        j.wf = th_floats_wide(e->arena, e->in[1]);
        return j.wf ? sums(&j, e, pixel_float) : th_out_of_memory(c);
    }
    j.wi = th_ints_centred(e->arena, e->in[1]);
    if (!j.wi)
        return th_out_of_memory(c);
    if (th_is_hybrid(c)) {
        TH_TRY(quantize_input(&j, e));
        return sums(&j, e, pixel_hybrid);
    }
    j.xi = th_ints_centred(e->arena, e->in[0]);
    j.bi = j.bias ? th_ints_wide(e->arena, j.bias) : NULL;
    if (!j.xi || (j.bias && !j.bi))
        return th_out_of_memory(c);
    const enum th_scale_product product =
        c->in[0]->dtype == TH_DT_U8 ? TH_PRODUCT_FLOAT : TH_PRODUCT_DOUBLE;
    TH_TRY(th_rescale_init(c, e->arena, c->in[0]->quant, c->in[1]->quant, &c->out[0], product,
                           th_is_wide(c, 2), &j.rescale));
    return sums(&j, e, pixel_int);
}

bool th_conv_window(const struct th_inst *c, const struct th_conv_layout *l, int w_axis,
                    const struct th_box *out, uint32_t i, struct th_window *w)
{
    const int64_t lo = out->lo[3], hi = out->hi[3], last = hi > lo ? hi - 1 : lo;

    if (i == 0) {
        if (th_is_hybrid(c))
            return false;   /* the scale depends on the whole input */
        th_window_geom(&l->g, out, w);
        th_window_same(w, 3, lo / l->group_out * l->group_in,
                       (last / l->group_out + 1) * l->group_in);
    } else if (i == 2) {
        th_window_bias(c, i, lo, hi, w);
    } else {
        memset(w, 0, sizeof(*w));
        for (int a = 0; a < 4; a++)
            th_window_full(w, a, c->in[1]->dims[a]);
        th_window_same(w, w_axis, lo, hi);
    }
    return true;
}
