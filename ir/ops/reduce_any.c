/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/reduce.h"

#define TYPES TH_DT_BIT(TH_DT_BOOL)

static const struct th_port inputs[] = {
    {"x", TYPES, 0, "operand"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TYPES, TH_PORT_DECLARED, "0 or 1"},
    {NULL, 0, 0, NULL},
};

static int64_t combine(int64_t acc, int64_t v)
{
    return acc | (v != 0);
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    static const struct th_fold fold = {.int_start = 0, .integer = combine};
    return th_reduce_fold(c, e, &fold);
}

const struct th_op th_op_reduce_any = {
    .struct_size = sizeof(struct th_op),
    .name = "reduce_any",
    .summary = "whether any element is true, over axes",
    .doc = "Logical or of the elements; of none, false.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = th_reduce_attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = th_reduce_infer,
    .verify = th_reduce_verify_same,
    .eval = eval,
    .window = th_reduce_window,
    .reduce = th_reduce_same_state,
    .cost = th_reduce_cost,
};
