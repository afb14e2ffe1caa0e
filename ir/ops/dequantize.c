/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

static const struct th_port inputs[] = {
    {"x",
     TH_DT_QUANTS | TH_DT_BIT(TH_DT_S32) | TH_DT_BIT(TH_DT_S4) | TH_DT_BIT(TH_DT_F16), 0,
     "stored integers with scales, or half precision"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_FLOATS, 0, "real values"},
    {NULL, 0, 0, NULL},
};

static enum th_status infer(struct th_inst *c)
{
    c->out[0].dtype = TH_DT_F32;
    c->out[0].quant = NULL;
    return th_set_shape(c, 0, c->in[0]->rank, c->in[0]->dims);
}

static enum th_status verify(const struct th_inst *c)
{
    if (c->in[0]->dtype != TH_DT_F16 && !c->in[0]->quant)
        return th_inst_error(c, "the input has no scale");
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_type *t = c->in[0];
    const struct th_quant *q = t->quant;
    const int64_t n = th_type_elems(t);
    float *y = e->out[0]->data;
    int64_t stride = 1;
    const bool per_axis = q && q->n > 1;
    for (int32_t a = per_axis ? q->axis + 1 : t->rank; a < t->rank; a++)
        stride *= t->dims[a];
    for (int64_t i = 0; i < n; i++) {
        if (t->dtype == TH_DT_F16) {
            y[i] = (float)th_tensor_real(e->in[0], i);
            continue;
        }
        const uint32_t k = per_axis ? (uint32_t)(i / stride % q->n) : 0;
        const int64_t steps = th_tensor_int(e->in[0], i) - th_quant_zero(q, k);
        y[i] = (float)((double)th_quant_scale(q, k) * (double)steps);
    }
    return TH_OK;
}

const struct th_op th_op_dequantize = {
    .struct_size = sizeof(struct th_op),
    .name = "dequantize",
    .summary = "stored integers to real values",
    .doc = "(x - zero) * scale, the product rounded once to float32. Half precision is widened.",
    .inputs = inputs,
    .outputs = outputs,
    .traits = TH_TRAIT_PURE | TH_TRAIT_ELEMENTWISE,
    .contracts = th_contracts_all,
    .infer = infer,
    .verify = verify,
    .eval = eval,
    .window = th_same_window,
    .alias = th_alias_first,
    .channels = th_same_channels,
};
