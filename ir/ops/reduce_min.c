/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/reduce.h"

#include <math.h>

#define TYPES (TH_DT_ACTS | TH_REDUCE_PLAIN | TH_DT_BIT(TH_DT_BOOL))

static const struct th_port inputs[] = {
    {"x", TYPES, 0, "operand"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TYPES, TH_PORT_DECLARED, "smallest values; type and quantization of x"},
    {NULL, 0, 0, NULL},
};

static float pick_real(float acc, float v)
{
    return acc > v ? v : acc;
}

static double pick_real64(double acc, double v)
{
    return acc > v ? v : acc;
}

static int64_t pick_int(int64_t acc, int64_t v)
{
    return acc > v ? v : acc;
}

static const struct th_fold fold = {INFINITY, pick_real, INFINITY, pick_real64, INT64_MAX, pick_int};

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    return th_reduce_fold(c, e, &fold);
}

const struct th_op th_op_reduce_min = {
    .struct_size = sizeof(struct th_op),
    .name = "reduce_min",
    .summary = "smallest value over axes",
    .doc = "The smallest stored value; input and output share scale and zero point.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = th_reduce_attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = th_reduce_infer,
    .verify = th_reduce_verify_same,
    .eval = eval,
    .quant = th_same_quant,
    .window = th_reduce_window,
    .reduce = th_reduce_same_state,
    .cost = th_reduce_cost,
};
