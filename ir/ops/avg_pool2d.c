/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/pool.h"

struct job {
    const struct th_tensor *x;
    struct th_tensor *y;
    float lo, hi;
    int32_t qlo, qhi;
    bool even;
};

static void point_float(void *user, int64_t at, const struct th_pool_taps *t)
{
    const struct job *j = user;
    const float *x = th_floats(j->x);
    float total = 0, count = 0;
    for (int64_t iy = t->y0; iy < t->y1; iy++)
        for (int64_t ix = t->x0; ix < t->x1; ix++) {
            total += x[t->base + iy * t->row + ix * t->pixel];
            count++;
        }
    ((float *)j->y->data)[at] = th_clampf(total / count, j->lo, j->hi);
}

static void point_int(void *user, int64_t at, const struct th_pool_taps *t)
{
    const struct job *j = user;
    int64_t sum = 0;
    for (int64_t iy = t->y0; iy < t->y1; iy++)
        for (int64_t ix = t->x0; ix < t->x1; ix++)
            sum += th_tensor_int(j->x, t->base + iy * t->row + ix * t->pixel);
    const int64_t n = (t->y1 - t->y0) * (t->x1 - t->x0);
    const int64_t mean = j->even ? th_mean_even(sum, n, th_quant_zero(j->x->type.quant, 0))
                                 : (sum > 0 ? sum + n / 2 : sum - n / 2) / n;
    th_store_clamped(j->y, at, mean, j->qlo, j->qhi);
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    struct th_geom g;
    TH_TRY(th_pool_geom(c, &g));
    const double lo = th_inst_float(c, "act_min"), hi = th_inst_float(c, "act_max");
    struct job j = {.x = e->in[0], .y = e->out[0], .lo = (float)lo, .hi = (float)hi,
                    .even = th_inst_rounding(c) == TH_ROUND_ONNX};
    if (c->in[0]->dtype == TH_DT_F32) {
        th_pool_each(&g, point_float, &j);
        return TH_OK;
    }
    th_activation_bounds(&c->out[0], lo, hi, &j.qlo, &j.qhi);
    th_pool_each(&g, point_int, &j);
    return TH_OK;
}

/* A window over the whole map may be summed in pieces. */
static bool reduce(const struct th_inst *c, struct th_type *accumulator)
{
    *accumulator = c->out[0];
    accumulator->quant = NULL;
    accumulator->dtype = c->in[0]->dtype == TH_DT_F32 ? TH_DT_F32 : TH_DT_S32;
    return true;
}

const struct th_op th_op_avg_pool2d = {
    .struct_size = sizeof(struct th_op),
    .name = "avg_pool2d",
    .summary = "mean over windows, counting only taps inside of the input",
    .doc =
        "Float: sum in float32 divided by the number of taps inside of the input. Integer: the "
        "mean of the stored values, (sum + n/2) / n for positive sums and (sum - n/2) / n for "
        "others with a division that truncates; no rescaling, input and output share scale and "
        "zero point. Contract onnx: halves to the value at an even distance from the zero point.",
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
