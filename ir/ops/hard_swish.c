/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"

static float real(const struct th_inst *c, float x)
{
    (void)c;
    const float r = x + 3.0f < 0.0f ? 0.0f : x + 3.0f > 6.0f ? 6.0f : x + 3.0f;
    return x * r / 6.0f;
}

static int16_t high_half(int32_t m)
{
    return m >= INT32_MAX - (1 << 15) ? INT16_MAX : (int16_t)((m + (1 << 15)) >> 16);
}

static int16_t shl16(int16_t v, int e)
{
    return (int16_t)th_clamp_i64((int64_t)v * ((int64_t)1 << e), INT16_MIN, INT16_MAX);
}

/* (x + 3) / 6 as a Q0.15 number in [0, 1), x at 128 times the input's resolution. */
static int16_t gate(int16_t x, struct th_multiplier m)
{
    int16_t r = x;
    if (m.s > 0)
        r = shl16(r, m.s - 1);
    r = th_srdhm16(r, high_half(m.m));
    if (m.s > 0)
        r = shl16(r, 1);
    else
        r = (int16_t)th_rdivp2(r, -m.s);
    return (int16_t)((r + (1 << 15)) >> 1);
}

static int64_t quant(const struct th_inst *c, int64_t x)
{
    const struct th_quant *qx = c->in[0]->quant, *qy = c->out[0].quant;
    const bool single = th_inst_single_rounding(c);
    const float fine = (1.0f / 128.0f) * th_quant_scale(qx, 0);
    const float to_out = fine / th_quant_scale(qy, 0), to_gate = fine / (3.0f / 32768.0f);
    const struct th_multiplier mo = th_quantize_multiplier(to_out, single);
    const struct th_multiplier mg = th_quantize_multiplier(to_gate, single);
    const int16_t h = (int16_t)((x - th_quant_zero(qx, 0)) * 128);
    const int16_t p = th_srdhm16(h, high_half(mo.m)), r = gate(h, mg);
    /* Truncated, not rounded. */
    const int32_t product = (int32_t)r * p / (1 << 15);
    return th_rdivp2(product, -mo.s) + th_quant_zero(qy, 0);
}

static const struct th_unary_rule rule = {.real = real, .quant = quant};

static enum th_status verify(const struct th_inst *c)
{
    TH_TRY(th_ew_verify_unary(c, &rule));
    if (!th_type_quantized(c->in[0]))
        return TH_OK;
    const float fine = (1.0f / 128.0f) * th_quant_scale(c->in[0]->quant, 0);
    if (fine / th_quant_scale(c->out[0].quant, 0) > 1.0f)
        return th_inst_error(c, "the result's scale %g is below 1/128 of the operand's %g",
                             (double)th_quant_scale(c->out[0].quant, 0),
                             (double)th_quant_scale(c->in[0]->quant, 0));
    return TH_OK;
}

static const struct th_port inputs[] = {{"x", TH_EW_FLOAT | TH_DT_INT8S, 0, "operand"},
                                        {NULL, 0, 0, NULL}};
static const struct th_port outputs[] = {
    {"y", TH_EW_FLOAT | TH_DT_INT8S, TH_PORT_DECLARED, "result, of the operand's shape"},
    {NULL, 0, 0, NULL}};

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    return th_ew_eval_unary(c, e, &rule);
}

static bool quant_rule(const struct th_inst *c, struct th_quant_rule *q)
{
    (void)c;
    *q = (struct th_quant_rule){.weight_port = -1, .weight_axis = -1, .bias_port = -1,
                                   .dtypes = TH_DT_BIT(TH_DT_S8)};
    return true;
}

extern const struct th_op th_op_hard_swish;
const struct th_op th_op_hard_swish = {
    .struct_size = sizeof(struct th_op),
    .name = "hard_swish",
    .summary = "x times a clipped ramp",
    .doc = "y = x min(max(x + 3, 0), 6) / 6. 8-bit: 16-bit fixed point at 128 times the "
           "operand's resolution; the final product is truncated.",
    .inputs = inputs,
    .outputs = outputs,
    .traits = TH_TRAIT_PURE | TH_TRAIT_ELEMENTWISE | TH_TRAIT_UNARY_TABLE,
    .contracts = th_ew_contracts,
    .infer = th_ew_infer,
    .verify = verify,
    .eval = eval,
    .quant = quant_rule,
    .window = th_ew_window,
    .alias = th_ew_alias,
};
