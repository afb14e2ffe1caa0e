/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/reduce.h"

#define TYPES (TH_DT_ACTS | TH_REDUCE_PLAIN)

static const struct th_port inputs[] = {
    {"x", TYPES, 0, "operand"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TYPES, TH_PORT_DECLARED, "means"},
    {NULL, 0, 0, NULL},
};

static enum th_status verify(const struct th_inst *c)
{
    return th_reduce_verify_scaled(c, true);
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    if (th_is_quantized(c->in[0]))
        return th_reduce_quantized(c, e, true);
    struct th_reduce_walk w;
    TH_TRY(th_reduce_walk_init(c, e->arena, &w));
    const float *x = th_floats(e->in[0]);
    for (int64_t o = 0; o < w.outputs; o++) {
        float sum = 0;
        double sum64 = 0;
        uint64_t sum_int = 0;
        for (int64_t i = 0; i < w.n; i++) {
            const int64_t at = w.bases[o] + w.offsets[i];
            if (c->in[0]->dtype == TH_DT_F32)
                sum += x[at];
            else if (c->in[0]->dtype == TH_DT_F64)
                sum64 += th_tensor_real(e->in[0], at);
            else
                sum_int += (uint64_t)th_tensor_int(e->in[0], at);
        }
        if (c->in[0]->dtype == TH_DT_F32)
            ((float *)e->out[0]->data)[o] = w.n ? sum / (float)w.n : 0;
        else if (c->in[0]->dtype == TH_DT_F64)
            th_tensor_set_real(e->out[0], o, w.n ? sum64 / (double)w.n : 0);
        else
            th_tensor_set_int(e->out[0], o, w.n ? (int64_t)sum_int / w.n : 0);
    }
    return TH_OK;
}

const struct th_op th_op_mean = {
    .struct_size = sizeof(struct th_op),
    .name = "mean",
    .summary = "mean over axes",
    .doc = "Float: sum in row-major order in float32, divided by the count. Quantized: with n "
           "elements and h = min(floor(log2 n), 32, 31 + shift) the multiplier of s_x/s_y becomes "
           "(m << h) / n with its shift lowered by h, and is applied to the sum of (x - zero_x). "
           "Contract onnx: the sum times s_x / (s_y * n) in float, half to even. Plain integers: "
           "the sum divided by n, truncated.",
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
