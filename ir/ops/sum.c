/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/reduce.h"

#define TYPES (TH_DT_ACTS | TH_REDUCE_PLAIN)

static const struct th_port inputs[] = {
    {"x", TYPES, 0, "operand"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TYPES, TH_PORT_DECLARED, "sums"},
    {NULL, 0, 0, NULL},
};

static enum th_status verify(const struct th_inst *c)
{
    return th_reduce_verify_scaled(c, true);
}

static float add_real(float acc, float v)
{
    return acc + v;
}

static double add_real64(double acc, double v)
{
    return acc + v;
}

static int64_t add_int(int64_t acc, int64_t v)
{
    return (int64_t)((uint64_t)acc + (uint64_t)v);
}

static const struct th_fold fold = {0, add_real, 0, add_real64, 0, add_int};

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    if (th_is_quantized(c->in[0]))
        return th_reduce_quantized(c, e, false);
    return th_reduce_fold(c, e, &fold);
}

const struct th_op th_op_sum = {
    .struct_size = sizeof(struct th_op),
    .name = "sum",
    .summary = "sum over axes",
    .doc = "Float: added in row-major order in float32. Quantized: sum of (x - zero_x), rescaled "
           "by s_x/s_y. Plain integers wrap.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = th_reduce_attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = th_reduce_infer,
    .verify = verify,
    .eval = eval,
    .quant = th_plain_quant,
    .window = th_reduce_window,
    .reduce = th_reduce_sum_state,
    .cost = th_reduce_cost,
};
