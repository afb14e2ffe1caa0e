/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/conv.h"

#include <math.h>
#include <string.h>

static const struct th_port inputs[] = {
    {"x", TH_DT_ACTS, 0, "input map [n, height, width, channels]"},
    {"w", TH_DT_WEIGHTS, 0, "weights [1, rows, columns, out channels]"},
    {"b", TH_DT_BIASES, TH_PORT_OPTIONAL, "bias [out channels]"},
    {NULL, 0, 0, NULL},
};
static const struct th_attr_spec attrs[] = {
    TH_ATTR_ROW_STRIDE,
    TH_ATTR_ROW_DILATION,
    TH_ATTR_ROW_PAD,
    {"multiplier", TH_ATTR_INT, false, 0, 0, 1, 1 << 20, 1, 0, NULL, NULL,
     "output channels made of each input channel"},
    TH_ATTR_ROW_ACT,
    TH_ATTR_ROW_ASYMMETRIC,
    TH_ATTR_END,
};

static enum th_status layout(const struct th_inst *c, struct th_conv_layout *l)
{
    TH_TRY(th_need_rank(c, 1, 4));
    const int64_t *w = c->in[1]->dims, multiplier = th_inst_int(c, "multiplier");
    int64_t channels;
    memset(l, 0, sizeof(*l));
    TH_TRY(th_geom_init(c, w[1], w[2], w[3], &l->g));
    if (w[0] != 1)
        return th_inst_error(c, "weights have first dimension %lld, expected 1", (long long)w[0]);
    if (!th_mul_i64(l->g.in_c, multiplier, &channels) || channels != w[3] || w[3] < 1)
        return th_inst_error(c, "%lld weight channels, but %lld input channels x multiplier %lld",
                             (long long)w[3], (long long)l->g.in_c, (long long)multiplier);
    l->group_in = 1;
    l->group_out = multiplier;
    l->w_i = l->w_o = 1;
    l->w_x = w[3];
    l->w_y = w[2] * w[3];
    l->grouped_scale_first = true;
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
    TH_TRY(th_check_forms(c, 3));
    return th_check_bias(c, 2, c->in[1]->dims[3]);
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
    *rule = (struct th_quant_rule){.weight_port = 1, .weight_axis = 3, .bias_port = 2,
                                   .weight_in_axis = 3};
    return true;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                   struct th_window *w)
{
    struct th_conv_layout l;
    return layout(c, &l) == TH_OK && th_conv_window(c, &l, 3, out, i, w);
}

static bool channels(const struct th_inst *c, uint32_t in, int64_t channel, int64_t *out_channel)
{
    if (in != 0 || th_inst_int(c, "multiplier") != 1)
        return false;
    *out_channel = channel;
    return true;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    const int64_t *w = c->in[1]->dims;
    k->macs = th_type_elems(&c->out[0]) * w[1] * w[2];
    k->ops = th_type_elems(&c->out[0]);
    th_cost_bytes(c, k);
}

const struct th_op th_op_depthwise_conv2d = {
    .struct_size = sizeof(struct th_op),
    .name = "depthwise_conv2d",
    .summary = "convolution of each channel on its own, with a channel multiplier",
    .doc =
        "Output channel i*multiplier + k is the convolution of input channel i with column "
        "i*multiplier + k of the weights. Type forms and arithmetic are those of conv2d; weight "
        "scales lie along the last axis. The hybrid form always quantizes the input with a zero "
        "point and multiplies the two scales before the accumulator.",
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
    .channels = channels,
    .cost = cost,
};
