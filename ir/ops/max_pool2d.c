/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/pool.h"

#include <math.h>

struct job {
    const struct th_tensor *x;
    struct th_tensor *y;
    float lo, hi;
    int32_t qlo, qhi;
};

static void point_float(void *user, int64_t at, const struct th_pool_taps *t)
{
    const struct job *j = user;
    const float *x = th_floats(j->x);
    float max = -INFINITY;
    for (int64_t iy = t->y0; iy < t->y1; iy++)
        for (int64_t ix = t->x0; ix < t->x1; ix++) {
            const float v = x[t->base + iy * t->row + ix * t->pixel];
            max = max < v ? v : max;
        }
    ((float *)j->y->data)[at] = th_clampf(max, j->lo, j->hi);
}

static void point_int(void *user, int64_t at, const struct th_pool_taps *t)
{
    const struct job *j = user;
    int64_t max = th_dtype_min(j->x->type.dtype);
    for (int64_t iy = t->y0; iy < t->y1; iy++)
        for (int64_t ix = t->x0; ix < t->x1; ix++) {
            const int64_t v = th_tensor_int(j->x, t->base + iy * t->row + ix * t->pixel);
            max = v > max ? v : max;
        }
    th_store_clamped(j->y, at, max, j->qlo, j->qhi);
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    struct th_geom g;
    TH_TRY(th_pool_geom(c, &g));
    const double lo = th_inst_float(c, "act_min"), hi = th_inst_float(c, "act_max");
    struct job j = {.x = e->in[0], .y = e->out[0], .lo = (float)lo, .hi = (float)hi};
    if (c->in[0]->dtype == TH_DT_F32) {
        th_pool_each(&g, point_float, &j);
        return TH_OK;
    }
    th_activation_bounds(&c->out[0], lo, hi, &j.qlo, &j.qhi);
    th_pool_each(&g, point_int, &j);
    return TH_OK;
}

static bool reduce(const struct th_inst *c, struct th_type *accumulator)
{
    *accumulator = c->out[0];
    return true;
}

const struct th_op th_op_max_pool2d = {
    .struct_size = sizeof(struct th_op),
    .name = "max_pool2d",
    .summary = "largest value of each window",
    .doc = "The largest stored value among the taps inside of the input, clamped. Input and output "
           "share scale and zero point.",
    .inputs = th_pool_inputs,
    .outputs = th_pool_outputs,
    .attrs = th_pool_attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = th_pool_infer,
    .verify = th_pool_verify,
    .eval = eval,
    .quant = th_same_quant,
    .window = th_pool_window,
    .part = th_part_geom,
    .reduce = reduce,
    .alias = th_alias_first,
    .channels = th_same_channels,
    .cost = th_pool_cost,
};
