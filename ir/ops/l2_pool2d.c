/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/pool.h"

#include <math.h>

static const struct th_port inputs[] = {
    {"x", TH_DT_FLOATS, 0, "input map [n, height, width, channels]"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_FLOATS, TH_PORT_DECLARED, "output map"},
    {NULL, 0, 0, NULL},
};

struct job {
    const float *x;
    float *y;
    float lo, hi;
};

static void point(void *user, int64_t at, const struct th_pool_taps *t)
{
    const struct job *j = user;
    float sum = 0;
    int count = 0;
    for (int64_t iy = t->y0; iy < t->y1; iy++)
        for (int64_t ix = t->x0; ix < t->x1; ix++) {
            const float v = j->x[t->base + iy * t->row + ix * t->pixel];
            const float square = v * v;
            sum += square;
            count++;
        }
    j->y[at] = th_clampf(sqrtf(sum / (float)count), j->lo, j->hi);
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    struct th_geom g;
    TH_TRY(th_pool_geom(c, &g));
    struct job j = {th_floats(e->in[0]), e->out[0]->data, (float)th_inst_float(c, "act_min"),
                    (float)th_inst_float(c, "act_max")};
    th_pool_each(&g, point, &j);
    return TH_OK;
}

const struct th_op th_op_l2_pool2d = {
    .struct_size = sizeof(struct th_op),
    .name = "l2_pool2d",
    .summary = "root of the mean square of each window (float)",
    .doc = "sqrt(sum of x*x / n) over the n taps inside of the input, in float32.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = th_pool_attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = th_pool_infer,
    .verify = th_pool_verify,
    .eval = eval,
    .window = th_pool_window,
    .part = th_part_geom,
    .alias = th_alias_first,
    .channels = th_same_channels,
    .cost = th_pool_cost,
};
