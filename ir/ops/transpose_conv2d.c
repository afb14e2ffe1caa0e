/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#include <math.h>
#include <string.h>

static const struct th_port inputs[] = {
    {"x", TH_DT_ACTS, 0, "input map [n, height, width, channels]"},
    {"w", TH_DT_WEIGHTS, 0, "weights [out channels, rows, columns, in channels]"},
    {"b", TH_DT_BIASES, TH_PORT_OPTIONAL, "bias [out channels]"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_ACTS, TH_PORT_DECLARED, "output map"},
    {NULL, 0, 0, NULL},
};
static const struct th_attr_spec attrs[] = {
    TH_ATTR_ROW_STRIDE,
    {"pad", TH_ATTR_INTS, false, 4, 4, 0, 1 << 20, 0, 0, NULL, NULL,
     "what is cut from the full output: top, left, bottom, right"},
    {"out_size", TH_ATTR_INTS, false, 2, 2, 1, 1 << 24, 1, 0, NULL, NULL,
     "height and width of the output; default: what stride, weights and padding give"},
    TH_ATTR_ROW_ACT,
    TH_ATTR_ROW_ASYMMETRIC,
    TH_ATTR_END,
};

/* Full output size of one axis, less the padding. */
static bool natural_size(int64_t in, int64_t stride, int64_t kernel, int64_t before,
                         int64_t after, int64_t *out)
{
    int64_t v;
    if (in < 1 || !th_mul_i64(in - 1, stride, &v) || !th_add_i64(v, kernel - before - after, &v))
        return false;
    *out = v;
    return v >= 1;
}

static enum th_status geometry(const struct th_inst *c, struct th_geom *g)
{
    TH_TRY(th_need_rank(c, 0, 4));
    TH_TRY(th_need_rank(c, 1, 4));
    const int64_t *x = c->in[0]->dims, *w = c->in[1]->dims;
    *g = (struct th_geom){
        .n = x[0], .in_h = x[1], .in_w = x[2], .in_c = x[3], .out_c = w[0],
        .k_h = w[1], .k_w = w[2], .d_h = 1, .d_w = 1,
        .s_h = th_inst_ints(c, "stride", 0), .s_w = th_inst_ints(c, "stride", 1),
        .top = th_inst_ints(c, "pad", 0), .left = th_inst_ints(c, "pad", 1),
        .bottom = th_inst_ints(c, "pad", 2), .right = th_inst_ints(c, "pad", 3),
    };
    if (w[3] != g->in_c)
        return th_inst_error(c, "weights have %lld input channels, the input has %lld",
                             (long long)w[3], (long long)g->in_c);
    if (th_inst_ints_len(c, "out_size") == 2) {
        g->out_h = th_inst_ints(c, "out_size", 0);
        g->out_w = th_inst_ints(c, "out_size", 1);
        return TH_OK;
    }
    if (!natural_size(g->in_h, g->s_h, g->k_h, g->top, g->bottom, &g->out_h) ||
        !natural_size(g->in_w, g->s_w, g->k_w, g->left, g->right, &g->out_w))
        return th_inst_error(c, "padding %lld,%lld,%lld,%lld leaves nothing of the output",
                             (long long)g->top, (long long)g->left, (long long)g->bottom,
                             (long long)g->right);
    return TH_OK;
}

static enum th_status infer(struct th_inst *c)
{
    struct th_geom g;
    TH_TRY(geometry(c, &g));
    return th_geom_set_out(c, &g);
}

static enum th_status verify(const struct th_inst *c)
{
    TH_TRY(th_check_forms(c, 0));
    return th_check_bias(c, 2, c->in[1]->dims[0]);
}

/* Calls fn for every product, in the reference's order: input pixel, input channel, tap, output
 * channel. */
struct product {
    int64_t x, w, y, n, oc;   /* elements of the operands and the output, batch, channel */
};
typedef void product_fn(void *user, const struct product *p);

static void each_tap(const struct th_geom *g, int64_t oy0, int64_t ox0, int64_t ic,
                     struct product p, product_fn *fn, void *user)
{
    for (int64_t ky = 0; ky < g->k_h; ky++)
        for (int64_t kx = 0; kx < g->k_w; kx++) {
            const int64_t oy = oy0 + ky, ox = ox0 + kx;
            if (oy < 0 || oy >= g->out_h || ox < 0 || ox >= g->out_w)
                continue;
            for (p.oc = 0; p.oc < g->out_c; p.oc++) {
                p.w = ((p.oc * g->k_h + ky) * g->k_w + kx) * g->in_c + ic;
                p.y = ((p.n * g->out_h + oy) * g->out_w + ox) * g->out_c + p.oc;
                fn(user, &p);
            }
        }
}

static void each_product(const struct th_geom *g, product_fn *fn, void *user)
{
    struct product p = {0};
    for (p.n = 0; p.n < g->n; p.n++)
        for (int64_t iy = 0; iy < g->in_h; iy++)
            for (int64_t ix = 0; ix < g->in_w; ix++)
                for (int64_t ic = 0; ic < g->in_c; ic++) {
                    p.x = ((p.n * g->in_h + iy) * g->in_w + ix) * g->in_c + ic;
                    each_tap(g, iy * g->s_h - g->top, ix * g->s_w - g->left, ic, p, fn, user);
                }
}

struct job {
    const float *xf, *wf;
    const int32_t *xi, *wi;
    const float *scales;         /* hybrid: of each batch */
    const struct th_quant *wq;
    float *yf;
    int64_t *acc;
};

static void add_float(void *user, const struct product *p)
{
    struct job *j = user;
    const float v = j->xf[p->x] * j->wf[p->w];
    j->yf[p->y] += v;
}

static void add_int(void *user, const struct product *p)
{
    struct job *j = user;
    j->acc[p->y] += (int64_t)j->xi[p->x] * j->wi[p->w];
}

/* Every product is scaled on its own, as the reference does. */
static void add_hybrid(void *user, const struct product *p)
{
    struct job *j = user;
    float v = (float)(j->xi[p->x] * j->wi[p->w]);
    v *= th_quant_scale(j->wq, (uint32_t)p->oc);
    v *= j->scales[p->n];
    j->yf[p->y] += v;
}

static void finish_float(const struct th_inst *c, const struct th_geom *g, float *y,
                         const float *bias)
{
    const float lo = (float)th_inst_float(c, "act_min"), hi = (float)th_inst_float(c, "act_max");
    const int64_t n = g->n * g->out_h * g->out_w * g->out_c;
    for (int64_t i = 0; i < n; i++)
        y[i] = th_clampf(bias ? y[i] + bias[i % g->out_c] : y[i], lo, hi);
}

static enum th_status eval_hybrid(const struct th_inst *c, struct th_eval *e,
                                  const struct th_geom *g, struct job *j)
{
    const int64_t size = g->in_h * g->in_w * g->in_c;
    int32_t *q = TH_NEW_ARRAY(e->arena, int32_t, (size_t)(size * g->n));
    float *scales = TH_NEW_ARRAY(e->arena, float, (size_t)g->n);
    if (!q || !scales)
        return th_out_of_memory(c);
    for (int64_t n = 0; n < g->n; n++) {
        int32_t zero;
        th_quantize_asymmetric(j->xf + n * size, size, q + n * size, &scales[n], &zero);
        for (int64_t i = 0; i < size; i++)
            q[n * size + i] -= zero;
    }
    j->xi = q;
    j->scales = scales;
    each_product(g, add_hybrid, j);
    finish_float(c, g, j->yf, th_floats(th_operand(c, e, 2)));
    return TH_OK;
}

static enum th_status eval_int(const struct th_inst *c, struct th_eval *e,
                               const struct th_geom *g, struct job *j)
{
    const int64_t n = th_type_elems(&c->out[0]);
    const struct th_tensor *bias = th_operand(c, e, 2);
    const int64_t *b = bias ? th_ints_wide(e->arena, bias) : NULL;
    j->xi = th_ints_centred(e->arena, e->in[0]);
    j->acc = TH_NEW_ARRAY(e->arena, int64_t, (size_t)n);
    if (!j->xi || !j->acc || (bias && !b))
        return th_out_of_memory(c);
    struct th_rescale r;
    TH_TRY(th_rescale_init(c, e->arena, c->in[0]->quant, j->wq, &c->out[0],
                           c->in[0]->dtype == TH_DT_U8 ? TH_PRODUCT_FLOAT : TH_PRODUCT_DOUBLE,
                           th_is_wide(c, 2), &r));
    each_product(g, add_int, j);
    for (int64_t i = 0; i < n; i++) {
        const int64_t oc = i % g->out_c;
        const int64_t sum = (int64_t)((uint64_t)j->acc[i] + (b ? (uint64_t)b[oc] : 0));
        th_tensor_set_int(e->out[0], i, th_rescale_apply(&r, sum, (uint32_t)oc));
    }
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    struct th_geom g;
    TH_TRY(geometry(c, &g));
    struct job j = {.xf = th_floats(e->in[0]), .wq = c->in[1]->quant, .yf = e->out[0]->data};
    if (th_dtype_is_float(c->in[1]->dtype)) {
        j.wf = th_floats_wide(e->arena, e->in[1]);
        if (!j.wf)
            return th_out_of_memory(c);
        each_product(&g, add_float, &j);
        finish_float(c, &g, j.yf, th_floats(th_operand(c, e, 2)));
        return TH_OK;
    }
    j.wi = th_ints_centred(e->arena, e->in[1]);
    if (!j.wi)
        return th_out_of_memory(c);
    return th_is_hybrid(c) ? eval_hybrid(c, e, &g, &j) : eval_int(c, e, &g, &j);
}

static bool quant(const struct th_inst *c, struct th_quant_rule *rule)
{
    (void)c;
    *rule = (struct th_quant_rule){.weight_port = 1, .weight_axis = 0, .bias_port = 2,
                                   .weight_in_axis = 3};
    return true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

/* Inputs i with i*stride - pad + k in [lo, hi) for some tap k. */
static void scatter_axis(struct th_window *w, int axis, int64_t lo, int64_t hi, int64_t stride,
                         int64_t kernel, int64_t pad, int64_t size)
{
    const int64_t first = floor_div(lo + pad - (kernel - 1) + stride - 1, stride);
    int64_t end = floor_div(hi - 1 + pad, stride) + 1;
    if (hi <= lo || end < first)
        end = first;
    w->box.lo[axis] = th_clamp_i64(first, 0, size);
    w->box.hi[axis] = th_clamp_i64(end, 0, size);
    w->clip_lo[axis] = th_clamp_i64(-first, 0, end - first);
    w->clip_hi[axis] = th_clamp_i64(end - size, 0, end - first);
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                   struct th_window *w)
{
    struct th_geom g;
    if (geometry(c, &g) != TH_OK)
        return false;
    if (i == 2) {
        th_window_bias(c, i, out->lo[3], out->hi[3], w);
        return true;
    }
    memset(w, 0, sizeof(*w));
    if (i == 1) {
        th_window_same(w, 0, out->lo[3], out->hi[3]);
        for (int a = 1; a < 4; a++)
            th_window_full(w, a, c->in[1]->dims[a]);
        return true;
    }
    if (th_is_hybrid(c))
        return false;   /* the scale depends on the whole input */
    th_window_same(w, 0, out->lo[0], out->hi[0]);
    scatter_axis(w, 1, out->lo[1], out->hi[1], g.s_h, g.k_h, g.top, g.in_h);
    scatter_axis(w, 2, out->lo[2], out->hi[2], g.s_w, g.k_w, g.left, g.in_w);
    th_window_full(w, 3, g.in_c);
    return true;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    const int64_t *w = c->in[1]->dims;
    k->macs = th_type_elems(c->in[0]) * w[0] * w[1] * w[2];
    k->ops = th_type_elems(&c->out[0]);
    th_cost_bytes(c, k);
}

const struct th_op th_op_transpose_conv2d = {
    .struct_size = sizeof(struct th_op),
    .name = "transpose_conv2d",
    .summary = "transposed two-dimensional convolution",
    .doc =
        "Every input pixel adds x * w[o,ky,kx,i] to output (y*stride - top + ky, x*stride - left + "
        "kx); products that fall outside of the output are dropped. Bias, rescaling (weight scale "
        "per output channel) and clamping follow when all products are added. The hybrid form "
        "quantizes each batch with a zero point and scales every product in float.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .verify = verify,
    .eval = eval,
    .quant = quant,
    .window = window,
    .cost = cost,
};
