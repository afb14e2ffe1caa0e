/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/conv.h"

#include <math.h>

#define STAGES 3

static const struct th_port inputs[] = {
    {"x", TH_DT_BIT(TH_DT_S8), 0, "input map [n, height, width, channels]"},
    {"expand", TH_DT_BIT(TH_DT_S8), 0, "weights [inner channels, 1, 1, channels]"},
    {"expand_b", TH_DT_BIT(TH_DT_S32), TH_PORT_OPTIONAL, "bias [inner channels]"},
    {"depth", TH_DT_BIT(TH_DT_S8), 0, "weights [1, rows, columns, inner channels]"},
    {"depth_b", TH_DT_BIT(TH_DT_S32), TH_PORT_OPTIONAL, "bias [inner channels]"},
    {"project", TH_DT_BIT(TH_DT_S8), 0, "weights [out channels, 1, 1, inner channels]"},
    {"project_b", TH_DT_BIT(TH_DT_S32), TH_PORT_OPTIONAL, "bias [out channels]"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_BIT(TH_DT_S8), TH_PORT_DECLARED, "output map"},
    {NULL, 0, 0, NULL},
};
static const struct th_attr_spec attrs[] = {
    TH_ATTR_ROW_STRIDE,
    TH_ATTR_ROW_DILATION,
    TH_ATTR_ROW_PAD,
    {"inner_scale", TH_ATTR_FLOATS, true, 2, 2, 1, 0, 0, 0, NULL, NULL,
     "scales of the expanded map and of the depthwise result"},
    {"inner_zero", TH_ATTR_INTS, true, 2, 2, -128, 127, 0, 0, NULL, NULL,
     "zero points of these"},
    {"act_min", TH_ATTR_FLOATS, false, STAGES, STAGES, 1, 0, 0, -INFINITY, NULL, NULL,
     "lower bounds of the three fused activations, as real values"},
    {"act_max", TH_ATTR_FLOATS, false, STAGES, STAGES, 1, 0, 0, INFINITY, NULL, NULL,
     "upper bounds of the three fused activations, as real values"},
    TH_ATTR_END,
};

/* ---- the three operators --------------------------------------------------------------------- */
static double bound_of(const struct th_inst *c, const char *name, uint32_t stage, double none)
{
    const struct th_attr *a = th_attr_find(c->attrs, name);
    return a && stage < a->n ? a->v.floats[stage] : none;
}

/* Bounds for all of them, the window for the depthwise one. */
static bool stage_attrs(const struct th_inst *c, uint32_t stage, struct th_attrs *out)
{
    static const char *const window[] = {"stride", "dilation", "pad"};
    struct th_attr *list = TH_NEW_ARRAY(c->arena, struct th_attr, 2 + TH_ARRAY_LEN(window));
    if (!list)
        return false;
    list[0] = (struct th_attr){.name = "act_min", .kind = TH_ATTR_FLOAT,
                               .v.f = bound_of(c, "act_min", stage, -INFINITY)};
    list[1] = (struct th_attr){.name = "act_max", .kind = TH_ATTR_FLOAT,
                               .v.f = bound_of(c, "act_max", stage, INFINITY)};
    *out = (struct th_attrs){list, 2};
    for (uint32_t i = 0; i < TH_ARRAY_LEN(window) && stage == 1; i++) {
        const struct th_attr *a = th_attr_find(c->attrs, window[i]);
        if (a)
            list[out->n++] = *a;
    }
    return true;
}

static const struct th_quant *inner_quant(const struct th_inst *c, uint32_t i)
{
    const struct th_attr *scales = th_attr_find(c->attrs, "inner_scale");
    const float scale = scales && i < scales->n ? (float)scales->v.floats[i] : 0;
    const int64_t zero = th_inst_ints(c, "inner_zero", i);
    return scale > 0 ? th_quant_new(c->arena, 1, &scale, &zero, -1) : NULL;
}

static struct th_inst *new_stage(const struct th_inst *c, uint32_t stage, const struct th_type *x)
{
    struct th_inst *s = TH_NEW(c->arena, struct th_inst);
    const struct th_type **in = TH_NEW_ARRAY(c->arena, const struct th_type *, 3);
    const struct th_tensor **consts = TH_NEW_ARRAY(c->arena, const struct th_tensor *, 3);
    struct th_type *out = TH_NEW(c->arena, struct th_type);
    struct th_attrs *as = TH_NEW(c->arena, struct th_attrs);
    if (!s || !in || !consts || !out || !as || !stage_attrs(c, stage, as))
        return NULL;
    in[0] = x;
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t port = 1 + 2 * stage + i;
        in[1 + i] = port < c->n_in ? c->in[port] : NULL;
        consts[1 + i] = port < c->n_in ? c->in_const[port] : NULL;
    }
    *out = c->out[0];
    if (stage + 1 < STAGES) {
        out->dtype = TH_DT_S8;
        out->quant = inner_quant(c, stage);
    }
    *s = (struct th_inst){.ctx = c->ctx, .arena = c->arena, .loc = c->loc,
                          .contract = c->contract, .attrs = as, .n_in = 3, .n_out = 1, .in = in,
                          .in_const = consts, .out = out};
    s->op = th_op_find(c->ctx, stage == 1 ? "depthwise_conv2d" : "conv2d");
    return s->op && s->op->infer(s) == TH_OK ? s : NULL;
}

static uint32_t stages(const struct th_inst *c, struct th_stage *list)
{
    const struct th_type *x = c->in[0];
    for (uint32_t i = 0; i < STAGES; i++) {
        const struct th_inst *s = new_stage(c, i, x);
        if (!s)
            return 0;
        list[i] = (struct th_stage){s, 1 + 2 * i};
        x = &s->out[0];
    }
    return STAGES;
}

/* ---- slots ----------------------------------------------------------------------------------- */
static enum th_status no_stages(const struct th_inst *c)
{
    return th_inst_error(c, "the operands do not go together");
}

static enum th_status infer(struct th_inst *c)
{
    struct th_stage list[TH_MAX_STAGES];
    if (!stages(c, list))
        return no_stages(c);
    const struct th_type *y = &list[STAGES - 1].inst->out[0];
    c->out[0].rank = y->rank;
    for (int32_t a = 0; a < y->rank; a++)
        c->out[0].dims[a] = y->dims[a];
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    struct th_stage list[TH_MAX_STAGES];
    if (!stages(c, list))
        return no_stages(c);
    for (uint32_t i = 0; i < STAGES; i++) {
        const struct th_inst *s = list[i].inst;
        const struct th_type *x = s->in[0], *w = s->in[1];
        TH_TRY(s->op->verify(s));
        if (i != 1 && (w->dims[1] != 1 || w->dims[2] != 1 || w->dims[3] != x->dims[3]))
            return th_inst_error(c, "%s weights are %lldx%lld over %lld channels, expected 1x1 "
                                 "over %lld", i ? "projecting" : "expanding",
                                 (long long)w->dims[1], (long long)w->dims[2],
                                 (long long)w->dims[3], (long long)x->dims[3]);
    }
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    struct th_stage list[TH_MAX_STAGES];
    const struct th_tensor *x = e->in[0];
    if (!stages(c, list))
        return no_stages(c);
    for (uint32_t i = 0; i < STAGES; i++) {
        const struct th_inst *s = list[i].inst;
        struct th_tensor *y = i + 1 < STAGES ? th_tensor_new(e->arena, &s->out[0]) : e->out[0];
        const struct th_tensor *in[3] = {x};
        if (!y)
            return th_out_of_memory(c);
        for (uint32_t k = 0; k < 2 && list[i].first + k < c->n_in; k++)
            in[1 + k] = e->in[list[i].first + k];
        struct th_eval own = {.arena = e->arena, .in = in, .out = &y};
        TH_TRY(s->op->eval(s, &own));
        x = y;
    }
    return TH_OK;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    struct th_stage list[TH_MAX_STAGES];
    const uint32_t n = stages(c, list);
    th_cost_bytes(c, k);
    for (uint32_t i = 0; i < n; i++) {
        struct th_cost one = {0};
        th_inst_cost(list[i].inst, &one);
        k->macs += one.macs;
        k->ops += one.ops;
    }
}

const struct th_op th_op_inverted_bottleneck = {
    .struct_size = sizeof(struct th_op),
    .name = "inverted_bottleneck",
    .summary = "1x1 convolution, depthwise convolution and 1x1 convolution as one operator",
    .doc =
        "The three operators conv2d, depthwise_conv2d (multiplier 1) and conv2d one after another, "
        "each rounded as by itself; stride, dilation and padding are the depthwise one's. Made by "
        "patch-split from three nodes, so that a kernel need not keep the maps between them.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .verify = verify,
    .eval = eval,
    .cost = cost,
    .stages = stages,
};
