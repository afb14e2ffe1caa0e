/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#include <math.h>

static const struct th_port inputs[] = {
    {"x", TH_DT_FLOATS, 0, "real values"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_QUANTS | TH_DT_BIT(TH_DT_S32) | TH_DT_BIT(TH_DT_S4), TH_PORT_DECLARED,
     "stored integers; scales and zero points as declared"},
    {NULL, 0, 0, NULL},
};

static enum th_status verify(const struct th_inst *c)
{
    if (!c->out[0].quant)
        return th_inst_error(c, "the output has no scale");
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_type *t = &c->out[0];
    const struct th_quant *q = t->quant;
    const int64_t n = th_type_elems(t), lo = th_dtype_min(t->dtype), hi = th_dtype_max(t->dtype);
    const bool even = th_inst_rounding(c) == TH_ROUND_ONNX;
    const float *x = th_floats(e->in[0]);
    int64_t stride = 1;
    for (int32_t a = q->n > 1 ? q->axis + 1 : t->rank; a < t->rank; a++)
        stride *= t->dims[a];
    for (int64_t i = 0; i < n; i++) {
        const uint32_t k = q->n > 1 ? (uint32_t)(i / stride % q->n) : 0;
        const float scaled = x[i] / th_quant_scale(q, k);
        const int64_t steps = even ? th_round_even(scaled, INT32_MIN, INT32_MAX)
                                   : th_round_away(scaled, INT32_MIN, INT32_MAX);
        const int64_t v = steps + th_quant_zero(q, k);
        th_tensor_set_int(e->out[0], i, th_clamp_i64(v, lo, hi));
    }
    return TH_OK;
}

const struct th_op th_op_quantize = {
    .struct_size = sizeof(struct th_op),
    .name = "quantize",
    .summary = "real values to stored integers",
    .doc = "round(x / scale) + zero, clamped to the type; the division is a float32 one. Ties go "
           "away from zero, in contract onnx to even.",
    .inputs = inputs,
    .outputs = outputs,
    .traits = TH_TRAIT_PURE | TH_TRAIT_ELEMENTWISE,
    .contracts = th_contracts_all,
    .infer = th_same_infer,
    .verify = verify,
    .eval = eval,
    .window = th_same_window,
    .alias = th_alias_first,
    .channels = th_same_channels,
};
