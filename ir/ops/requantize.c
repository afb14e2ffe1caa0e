/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#define TYPES (TH_DT_QUANTS | TH_DT_BIT(TH_DT_S32))

static const struct th_port inputs[] = {
    {"x", TYPES, 0, "stored integers"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TYPES, TH_PORT_DECLARED, "the same reals in another scale, zero point or type"},
    {NULL, 0, 0, NULL},
};

static enum th_status verify(const struct th_inst *c)
{
    TH_TRY(th_check_contract(c, true));
    if (!c->in[0]->quant || !c->out[0].quant)
        return th_inst_error(c, "%s has no scale", c->in[0]->quant ? "output" : "input");
    if (c->in[0]->quant->n != 1 || c->out[0].quant->n != 1)
        return th_inst_error(c, "only per-tensor scales can be changed");
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_quant *qx = c->in[0]->quant, *qy = c->out[0].quant;
    const enum th_rounding rounding = th_inst_rounding(c);
    const bool single = rounding == TH_ROUND_SINGLE;
    const float sx = th_quant_scale(qx, 0), sy = th_quant_scale(qy, 0);
    const struct th_multiplier m = th_quantize_multiplier((double)sx / (double)sy, single);
    const int64_t n = th_type_elems(&c->out[0]), zx = th_quant_zero(qx, 0);
    const int64_t lo = th_dtype_min(c->out[0].dtype), hi = th_dtype_max(c->out[0].dtype);
    for (int64_t i = 0; i < n; i++) {
        const int64_t steps = th_tensor_int(e->in[0], i) - zx;
        int64_t v;
        if (rounding == TH_ROUND_ONNX) {
            const float real = (float)steps * sx;
            const float scaled = real / sy;
            v = th_round_even(scaled, INT32_MIN, INT32_MAX);
        } else {
            v = th_mbqm((int32_t)steps, m, single);
        }
        v += th_quant_zero(qy, 0);
        th_tensor_set_int(e->out[0], i, th_clamp_i64(v, lo, hi));
    }
    return TH_OK;
}

const struct th_op th_op_requantize = {
    .struct_size = sizeof(struct th_op),
    .name = "requantize",
    .summary = "stored integers to another scale, zero point or width",
    .doc = "(x - zero_x) times the fixed-point multiplier of s_x/s_y, plus zero_y, clamped. "
           "Contract onnx: through float32, half to even.",
    .inputs = inputs,
    .outputs = outputs,
    .traits = TH_TRAIT_PURE | TH_TRAIT_ELEMENTWISE | TH_TRAIT_UNARY_TABLE,
    .contracts = th_contracts_all,
    .infer = th_same_infer,
    .verify = verify,
    .eval = eval,
    .window = th_same_window,
    .alias = th_alias_first,
    .channels = th_same_channels,
};
