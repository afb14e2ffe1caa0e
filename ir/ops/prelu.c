/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

static const struct th_port inputs[] = {
    {"x", TH_DT_ACTS, 0, "operand"},
    {"alpha", TH_DT_ACTS, 0, "slope of negative values, broadcast to the shape of x"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_ACTS, TH_PORT_DECLARED, "result, of the shape of x"},
    {NULL, 0, 0, NULL},
};

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0], *a = c->in[1];
    for (int32_t i = 0; i < a->rank; i++) {
        const int32_t k = i + x->rank - a->rank;
        if (k < 0 ? a->dims[i] != 1 : a->dims[i] != 1 && a->dims[i] != x->dims[k])
            return th_inst_error(c, "slope dimension %d is %lld, which does not broadcast to the "
                                    "input", (int)i, (long long)a->dims[i]);
    }
    return th_same_infer(c);
}

static enum th_status verify(const struct th_inst *c)
{
    const enum th_dtype x = c->in[0]->dtype, a = c->in[1]->dtype;
    const bool fits = x == TH_DT_S16 ? a == TH_DT_S8 || a == TH_DT_S16 : a == x;
    if (!fits || c->out[0].dtype != x)
        return th_inst_error(c, "input %s, slopes %s and output %s do not go together",
                             th_dtype_name(x), th_dtype_name(a), th_dtype_name(c->out[0].dtype));
    if (x == TH_DT_F32)
        return TH_OK;
    TH_TRY(th_check_contract(c, false));
    TH_TRY(th_need_quant(c, c->in[0], "input"));
    TH_TRY(th_need_quant(c, c->in[1], "slope"));
    return th_need_quant(c, &c->out[0], "output");
}

/* Element of alpha that belongs to element i of x. */
static int64_t alpha_index(const struct th_type *x, const struct th_type *a, int64_t i)
{
    int64_t at = 0, step = 1;
    for (int32_t k = x->rank - 1; k >= 0; k--) {
        const int64_t here = i % x->dims[k];
        const int32_t ka = k - (x->rank - a->rank);
        i /= x->dims[k];
        if (ka < 0)
            continue;
        at += a->dims[ka] == 1 ? 0 : here * step;
        step *= a->dims[ka];
    }
    return at;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_type *x = c->in[0], *a = c->in[1], *y = &c->out[0];
    const int64_t n = th_type_elems(x);
    if (x->dtype == TH_DT_F32) {
        const float *xf = th_floats(e->in[0]), *af = th_floats(e->in[1]);
        float *yf = e->out[0]->data;
        for (int64_t i = 0; i < n; i++)
            yf[i] = xf[i] >= 0 ? xf[i] : xf[i] * af[alpha_index(x, a, i)];
        return TH_OK;
    }
    const bool single = th_inst_single_rounding(c);
    const double sx = (double)th_quant_scale(x->quant, 0), sy = (double)th_quant_scale(y->quant, 0);
    const double sa = (double)th_quant_scale(a->quant, 0);
    const struct th_multiplier up = th_quantize_multiplier(sx / sy, single);
    const struct th_multiplier down = th_quantize_multiplier(sx * sa / sy, single);
    const int32_t *xi = th_ints_centred(e->arena, e->in[0]);
    const int32_t *ai = th_ints_centred(e->arena, e->in[1]);
    if (!xi || !ai)
        return th_out_of_memory(c);
    const int64_t lo = th_dtype_min(y->dtype), hi = th_dtype_max(y->dtype);
    for (int64_t i = 0; i < n; i++) {
        int64_t v;
        if (xi[i] >= 0) {
            v = th_mbqm(xi[i], up, single);
        } else {
            const int64_t product = (int64_t)xi[i] * ai[alpha_index(x, a, i)];
            v = th_mbqm((int32_t)product, down, single);
        }
        v += th_quant_zero(y->quant, 0);
        th_tensor_set_int(e->out[0], i, th_clamp_i64(v, lo, hi));
    }
    return TH_OK;
}

/* Contract "onnx" has no rule. */
static bool quant(const struct th_inst *c, struct th_quant_rule *q)
{
    return th_inst_rounding(c) != TH_ROUND_ONNX && th_plain_quant(c, q);
}

const struct th_op th_op_prelu = {
    .struct_size = sizeof(struct th_op),
    .name = "prelu",
    .summary = "x where it is not negative, alpha*x elsewhere",
    .doc = "Integer: values at or above the zero point are rescaled by s_x/s_y, others are "
           "multiplied by (alpha - zero_alpha) and rescaled by s_x*s_alpha/s_y.",
    .inputs = inputs,
    .outputs = outputs,
    .traits = TH_TRAIT_PURE | TH_TRAIT_ELEMENTWISE,
    .contracts = th_contracts_all,
    .infer = infer,
    .verify = verify,
    .eval = eval,
    .quant = quant,
    .window = th_same_window,
    .alias = th_alias_first,
    .channels = th_same_channels,
};
