/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/conv.h"

#include <math.h>
#include <string.h>

static const struct th_port inputs[] = {
    {"x", TH_DT_ACTS, 0, "input map [n, height, width, channels]"},
    {"w", TH_DT_WEIGHTS, 0, "weights [out channels, rows, columns, in channels / groups]"},
    {"b", TH_DT_BIASES, TH_PORT_OPTIONAL, "bias [out channels]"},
    {NULL, 0, 0, NULL},
};
static const struct th_attr_spec attrs[] = {
    TH_ATTR_ROW_STRIDE,
    TH_ATTR_ROW_DILATION,
    TH_ATTR_ROW_PAD,
    TH_ATTR_ROW_ACT,
    TH_ATTR_ROW_ASYMMETRIC,
    TH_ATTR_END,
};

static enum th_status layout(const struct th_inst *c, struct th_conv_layout *l)
{
    TH_TRY(th_need_rank(c, 1, 4));
    const int64_t *w = c->in[1]->dims;
    memset(l, 0, sizeof(*l));
    TH_TRY(th_geom_init(c, w[1], w[2], w[0], &l->g));
    if (w[3] < 1 || l->g.in_c % w[3] != 0)
        return th_inst_error(c, "%lld input channels are no multiple of the weights' %lld",
                             (long long)l->g.in_c, (long long)w[3]);
    const int64_t groups = l->g.in_c / w[3];
    if (groups < 1 || w[0] < 1 || w[0] % groups != 0)
        return th_inst_error(c, "%lld output channels do not divide into %lld groups",
                             (long long)w[0], (long long)groups);
    l->group_in = w[3];
    l->group_out = w[0] / groups;
    l->w_i = 1;
    l->w_x = w[3];
    l->w_y = w[2] * w[3];
    l->w_o = w[1] * w[2] * w[3];
    return TH_OK;
}

static enum th_status infer(struct th_inst *c)
{
    struct th_conv_layout l;
    TH_TRY(layout(c, &l));
    return th_geom_set_out(c, &l.g);
}

static enum th_status verify(const struct th_inst *c)
{
    TH_TRY(th_check_forms(c, 0));
    return th_check_bias(c, 2, c->in[1]->dims[0]);
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    struct th_conv_layout l;
    TH_TRY(layout(c, &l));
    return th_conv_eval(c, e, &l);
}

static bool quant(const struct th_inst *c, struct th_quant_rule *rule)
{
    (void)c;
    *rule = (struct th_quant_rule){.weight_port = 1, .weight_axis = 0, .bias_port = 2,
                                   .weight_in_axis = 3};
    return true;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                   struct th_window *w)
{
    struct th_conv_layout l;
    return layout(c, &l) == TH_OK && th_conv_window(c, &l, 0, out, i, w);
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    const int64_t *w = c->in[1]->dims;
    k->macs = th_type_elems(&c->out[0]) * w[1] * w[2] * w[3];
    k->ops = th_type_elems(&c->out[0]);
    th_cost_bytes(c, k);
}

const struct th_op th_op_conv2d = {
    .struct_size = sizeof(struct th_op),
    .name = "conv2d",
    .summary = "two-dimensional convolution with optional groups, bias and fused activation",
    .doc =
        "y[n,oy,ox,o] = act(b[o] + sum of w[o,ky,kx,i] * x[n, oy*stride - pad + ky*dilation, ...]) "
        "over the taps inside of the input; groups = input channels / weight input channels.\n\n"
        "Integer forms: the accumulator of (q - zero) products plus bias is rescaled by "
        "s_x*s_w[o]/s_y (product in double; in float for u8), the output zero point is added and "
        "the result is clamped. s16 activations accumulate in 64 bits and use the 16-bit "
        "multiplier, unless the bias is s32. Contract onnx rescales in float and rounds half to "
        "even.\n\n"
        "Hybrid form (f32 input, integer weights): each batch of the input is quantized to s8 "
        "first, symmetrically if all weight scales are equal and there is one group, else with a "
        "zero point.\n\n"
        "Weights of f16 are widened to f32 first.",
    .inputs = inputs,
    .outputs = th_conv_outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .verify = verify,
    .eval = eval,
    .quant = quant,
    .window = window,
    .part = th_part_geom,
    .alias = th_alias_first,
    .cost = cost,
};
