/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/pool.h"

#include <math.h>

const struct th_port th_pool_inputs[] = {
    {"x", TH_DT_ACTS, 0, "input map [n, height, width, channels]"},
    {NULL, 0, 0, NULL},
};
const struct th_port th_pool_outputs[] = {
    {"y", TH_DT_ACTS, TH_PORT_DECLARED, "output map; type and quantization of x"},
    {NULL, 0, 0, NULL},
};
const struct th_attr_spec th_pool_attrs[] = {
    {"filter", TH_ATTR_INTS, true, 2, 2, 1, 1 << 20, 1, 0, NULL, NULL,
     "size of the window: rows, columns"},
    TH_ATTR_ROW_STRIDE,
    TH_ATTR_ROW_PAD,
    TH_ATTR_ROW_ACT,
    TH_ATTR_END,
};

enum th_status th_pool_geom(const struct th_inst *c, struct th_geom *g)
{
    TH_TRY(th_need_rank(c, 0, 4));
    return th_geom_init(c, th_inst_ints(c, "filter", 0), th_inst_ints(c, "filter", 1),
                        c->in[0]->dims[3], g);
}

enum th_status th_pool_infer(struct th_inst *c)
{
    struct th_geom g;
    TH_TRY(th_pool_geom(c, &g));
    if (g.in_h < 1 || g.in_w < 1)
        return th_inst_error(c, "an input of %lldx%lld cannot be pooled", (long long)g.in_h,
                             (long long)g.in_w);
    if (g.top >= g.k_h || g.bottom >= g.k_h || g.left >= g.k_w || g.right >= g.k_w)
        return th_inst_error(c, "padding %lld,%lld,%lld,%lld is not smaller than the window "
                                "%lldx%lld: some outputs would see no input",
                             (long long)g.top, (long long)g.left, (long long)g.bottom,
                             (long long)g.right, (long long)g.k_h, (long long)g.k_w);
    return th_geom_set_out(c, &g);
}

enum th_status th_pool_verify(const struct th_inst *c)
{
    if (c->out[0].dtype != c->in[0]->dtype)
        return th_inst_error(c, "output is %s, input is %s", th_dtype_name(c->out[0].dtype),
                             th_dtype_name(c->in[0]->dtype));
    if (c->in[0]->dtype == TH_DT_F32)
        return TH_OK;
    TH_TRY(th_need_quant(c, c->in[0], "input"));
    TH_TRY(th_need_quant(c, &c->out[0], "output"));
    if (!th_quant_equal(c->in[0]->quant, c->out[0].quant))
        return th_inst_error(c, "input and output of a pooling must have the same scale and zero "
                                "point, they have %g and %lld, %g and %lld",
                             (double)th_quant_scale(c->in[0]->quant, 0),
                             (long long)th_quant_zero(c->in[0]->quant, 0),
                             (double)th_quant_scale(c->out[0].quant, 0),
                             (long long)th_quant_zero(c->out[0].quant, 0));
    return TH_OK;
}

bool th_pool_window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                    struct th_window *w)
{
    struct th_geom g;
    if (i != 0 || th_pool_geom(c, &g) != TH_OK)
        return false;
    th_window_geom(&g, out, w);
    th_window_same(w, 3, out->lo[3], out->hi[3]);
    return true;
}

void th_pool_cost(const struct th_inst *c, struct th_cost *k)
{
    k->macs = 0;
    k->ops = th_type_elems(&c->out[0]) * th_inst_ints(c, "filter", 0) *
             th_inst_ints(c, "filter", 1);
    th_cost_bytes(c, k);
}

static void clip(int64_t origin, int64_t kernel, int64_t size, int64_t *from, int64_t *to)
{
    *from = origin < 0 ? 0 : origin;
    *to = origin + kernel > size ? size : origin + kernel;
}

void th_pool_each(const struct th_geom *g, th_pool_point *fn, void *user)
{
    struct th_pool_taps t = {.row = g->in_w * g->in_c, .pixel = g->in_c};
    int64_t at = 0;
    for (int64_t n = 0; n < g->n; n++)
        for (int64_t y = 0; y < g->out_h; y++) {
            clip(y * g->s_h - g->top, g->k_h, g->in_h, &t.y0, &t.y1);
            for (int64_t x = 0; x < g->out_w; x++) {
                clip(x * g->s_w - g->left, g->k_w, g->in_w, &t.x0, &t.x1);
                for (int64_t ch = 0; ch < g->out_c; ch++) {
                    t.base = n * g->in_h * t.row + ch;
                    fn(user, at++, &t);
                }
            }
        }
}
