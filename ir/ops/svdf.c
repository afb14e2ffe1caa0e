/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#include <math.h>
#include <string.h>

#define FEATURES (TH_DT_BIT(TH_DT_S8) | TH_DT_FLOATS)
#define STATES (TH_DT_BIT(TH_DT_S8) | TH_DT_BIT(TH_DT_S16) | TH_DT_FLOATS)

enum { X, WF, WT, BIAS, STATE };

static const struct th_port inputs[] = {
    {"x", FEATURES, 0, "input [batch, I]"},
    {"wf", FEATURES, 0, "feature weights [filters, I]"},
    {"wt", STATES, 0, "time weights [filters, memory]"},
    {"b", TH_DT_BIT(TH_DT_S32) | TH_DT_FLOATS, TH_PORT_OPTIONAL, "bias [filters / rank]"},
    {"state", STATES, TH_PORT_STATE, "past feature activations [batch, filters * memory]"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", FEATURES, TH_PORT_DECLARED, "output [batch, filters / rank]"},
    {"state_out", STATES, TH_PORT_STATE, "the state after this step"},
    {NULL, 0, 0, NULL},
};
static const struct th_attr_spec attrs[] = {
    {"rank", TH_ATTR_INT, false, 0, 0, 1, 1 << 20, 1, 0, NULL, NULL,
     "filters that are added into one output"},
    TH_ATTR_ROW_ACT,
    TH_ATTR_ROW_ASYMMETRIC,
    TH_ATTR_END,
};

struct shape {
    int64_t batch, in, filters, memory, rank, units;
};

static enum th_status shape_of(const struct th_inst *c, struct shape *s)
{
    TH_TRY(th_need_rank(c, X, 2));
    TH_TRY(th_need_rank(c, WF, 2));
    TH_TRY(th_need_rank(c, WT, 2));
    const int64_t *x = c->in[X]->dims, *wf = c->in[WF]->dims, *wt = c->in[WT]->dims;
    *s = (struct shape){.batch = x[0], .in = x[1], .filters = wf[0], .memory = wt[1],
                        .rank = th_inst_int(c, "rank")};
    if (wf[1] != s->in)
        return th_inst_error(c, "feature weights have %lld columns, the input has %lld",
                             (long long)wf[1], (long long)s->in);
    if (wt[0] != s->filters)
        return th_inst_error(c, "time weights have %lld rows, feature weights %lld",
                             (long long)wt[0], (long long)s->filters);
    if (s->filters < 1 || s->memory < 1 || s->rank < 1 || s->filters % s->rank != 0)
        return th_inst_error(c, "%lld filters do not divide into ranks of %lld",
                             (long long)s->filters, (long long)s->rank);
    s->units = s->filters / s->rank;
    int64_t state;
    if (!th_mul_i64(s->filters, s->memory, &state) || !th_mul_i64(state, s->batch, &state) ||
        th_type_elems(c->in[STATE]) != state)
        return th_inst_error(c, "the state has %lld elements, expected %lld x %lld x %lld",
                             (long long)th_type_elems(c->in[STATE]), (long long)s->batch,
                             (long long)s->filters, (long long)s->memory);
    return TH_OK;
}

static enum th_status infer(struct th_inst *c)
{
    struct shape s;
    TH_TRY(shape_of(c, &s));
    TH_TRY(th_set_shape(c, 0, 2, (const int64_t[]){s.batch, s.units}));
    return c->n_out > 1 ? th_copy_type(c, 1, c->in[STATE]) : TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    const enum th_dtype x = c->in[X]->dtype, wf = c->in[WF]->dtype, wt = c->in[WT]->dtype;
    const enum th_dtype state = c->in[STATE]->dtype, y = c->out[0].dtype;
    const struct th_type *b = th_operand_type(c, BIAS);
    bool known;
    if (x == TH_DT_F32)
        known = y == TH_DT_F32 && state == TH_DT_F32 &&
                ((wf == TH_DT_F32 && wt == TH_DT_F32) || (wf == TH_DT_S8 && wt == TH_DT_S8)) &&
                (!b || b->dtype == TH_DT_F32);
    else
        known = y == TH_DT_S8 && wf == TH_DT_S8 && wt == state && state != TH_DT_F32 &&
                (!b || b->dtype == TH_DT_S32);
    if (!known)
        return th_inst_error(c, "input %s, weights %s and %s, state %s and output %s do not go "
                                "together", th_dtype_name(x), th_dtype_name(wf),
                             th_dtype_name(wt), th_dtype_name(state), th_dtype_name(y));
    if (b && th_type_elems(b) != c->in[WF]->dims[0] / th_inst_int(c, "rank"))
        return th_inst_error(c, "bias has %lld entries, output has %lld units",
                             (long long)th_type_elems(b),
                             (long long)(c->in[WF]->dims[0] / th_inst_int(c, "rank")));
    TH_TRY(th_need_quant(c, c->in[WF], "feature weight"));
    TH_TRY(th_need_quant(c, c->in[WT], "time weight"));
    if (x == TH_DT_F32)
        return TH_OK;
    TH_TRY(th_check_contract(c, false));
    TH_TRY(th_need_quant(c, c->in[X], "input"));
    TH_TRY(th_need_quant(c, c->in[STATE], "state"));
    return th_need_quant(c, &c->out[0], "output");
}

/* The state moves down by one element; the last of each filter's memory is rewritten next. */
static void shift_state(struct th_eval *e, struct th_tensor *to)
{
    const size_t bytes = (size_t)th_type_size(&to->type);
    const size_t step = th_dtype_bits(to->type.dtype) / 8;
    memcpy(to->data, (const char *)e->in[STATE]->data + step, bytes - step);
}

/* The feature activation of each batch and filter, f[batch * filters]. */
static void features_float(const struct shape *s, const float *x, const float *w, float *f)
{
    for (int64_t b = 0; b < s->batch; b++)
        for (int64_t r = 0; r < s->filters; r++) {
            float dot = 0;
            for (int64_t i = 0; i < s->in; i++) {
                const float product = w[r * s->in + i] * x[b * s->in + i];
                dot += product;
            }
            f[b * s->filters + r] = dot;
        }
}

static enum th_status features_hybrid(const struct th_inst *c, struct th_eval *e,
                                      const struct shape *s, float *f)
{
    const bool asymmetric = th_inst_int(c, "asymmetric_inputs");
    const float w_scale = th_quant_scale(c->in[WF]->quant, 0);
    const int32_t *w = th_ints_centred(e->arena, e->in[WF]);
    int32_t *q = TH_NEW_ARRAY(e->arena, int32_t, (size_t)s->in);
    if (!w || !q)
        return th_out_of_memory(c);
    for (int64_t b = 0; b < s->batch; b++) {
        const float *x = th_floats(e->in[X]) + b * s->in;
        float scale;
        int32_t zero = 0;
        if (asymmetric)
            th_quantize_asymmetric(x, s->in, q, &scale, &zero);
        else
            th_quantize_symmetric(x, s->in, q, &scale);
        scale *= w_scale;
        for (int64_t r = 0; r < s->filters; r++) {
            int32_t dot = 0;
            for (int64_t i = 0; i < s->in; i++)
                dot += w[r * s->in + i] * (q[i] - zero);
            f[b * s->filters + r] = (float)dot * scale;
        }
    }
    return TH_OK;
}

static enum th_status eval_float(const struct th_inst *c, struct th_eval *e,
                                 const struct shape *s, struct th_tensor *state)
{
    float *f = TH_NEW_ARRAY(e->arena, float, (size_t)(s->batch * s->filters));
    float *wt = TH_NEW_ARRAY(e->arena, float, (size_t)(s->filters * s->memory));
    if (!f || !wt)
        return th_out_of_memory(c);
    const bool hybrid = c->in[WF]->dtype != TH_DT_F32;
    if (hybrid)
        TH_TRY(features_hybrid(c, e, s, f));
    else
        features_float(s, th_floats(e->in[X]), th_floats(e->in[WF]), f);
    const float wt_scale = th_quant_scale(c->in[WT]->quant, 0);
    for (int64_t i = 0; i < s->filters * s->memory; i++)
        wt[i] = hybrid ? (float)th_tensor_int(e->in[WT], i) * wt_scale : th_floats(e->in[WT])[i];
    float *st = state->data, *y = e->out[0]->data;
    for (int64_t i = 0; i < s->batch * s->filters; i++)
        st[i * s->memory + s->memory - 1] = f[i];
    const float *bias = th_floats(th_operand(c, e, BIAS));
    const float lo = (float)th_inst_float(c, "act_min"), hi = (float)th_inst_float(c, "act_max");
    for (int64_t b = 0; b < s->batch; b++)
        for (int64_t u = 0; u < s->units; u++) {
            float sum = bias ? bias[u] : 0;
            for (int64_t r = u * s->rank; r < (u + 1) * s->rank; r++) {
                float dot = 0;
                for (int64_t m = 0; m < s->memory; m++) {
                    const float product =
                        wt[r * s->memory + m] * st[(b * s->filters + r) * s->memory + m];
                    dot += product;
                }
                sum += dot;
            }
            y[b * s->units + u] = th_clampf(sum, lo, hi);
        }
    return TH_OK;
}

/* Products of scales are float ones here. */
static struct th_multiplier float_ratio(const struct th_inst *c, const struct th_quant *a,
                                        const struct th_quant *b, const struct th_quant *out)
{
    const float both = th_quant_scale(a, 0) * th_quant_scale(b, 0);
    const float ratio = both / th_quant_scale(out, 0);
    return th_quantize_multiplier((double)ratio, th_inst_single_rounding(c));
}

static enum th_status eval_int(const struct th_inst *c, struct th_eval *e, const struct shape *s,
                               struct th_tensor *state)
{
    const bool single = th_inst_single_rounding(c);
    const struct th_quant *qs = c->in[STATE]->quant;
    const struct th_multiplier m1 = float_ratio(c, c->in[X]->quant, c->in[WF]->quant, qs);
    const struct th_multiplier m2 = float_ratio(c, qs, c->in[WT]->quant, c->out[0].quant);
    const int32_t *x = th_ints_centred(e->arena, e->in[X]);
    const int32_t *wf = th_ints_centred(e->arena, e->in[WF]);
    const int32_t *wt = th_ints_centred(e->arena, e->in[WT]);
    const struct th_tensor *bias = th_operand(c, e, BIAS);
    if (!x || !wf || !wt)
        return th_out_of_memory(c);
    const int64_t lo = th_dtype_min(state->type.dtype), hi = th_dtype_max(state->type.dtype);
    const int64_t zs = th_quant_zero(qs, 0);
    for (int64_t b = 0; b < s->batch; b++)
        for (int64_t r = 0; r < s->filters; r++) {
            int64_t dot = 0;
            for (int64_t i = 0; i < s->in; i++)
                dot += (int64_t)wf[r * s->in + i] * x[b * s->in + i];
            const int64_t v = th_clamp_i64(th_mbqm((int32_t)dot, m1, single), lo, hi);
            th_tensor_set_int(state, (b * s->filters + r + 1) * s->memory - 1, v + zs);
        }
    int32_t y_lo, y_hi;
    th_activation_bounds(&c->out[0], th_inst_float(c, "act_min"), th_inst_float(c, "act_max"),
                         &y_lo, &y_hi);
    for (int64_t b = 0; b < s->batch; b++)
        for (int64_t u = 0; u < s->units; u++) {
            int64_t sum = bias ? th_tensor_int(bias, u) : 0;
            for (int64_t i = u * s->rank * s->memory; i < (u + 1) * s->rank * s->memory; i++) {
                const int64_t at = b * s->filters * s->memory + i;
                sum += (int64_t)wt[i] * (th_tensor_int(state, at) - zs);
            }
            const int64_t v =
                th_mbqm((int32_t)sum, m2, single) + th_quant_zero(c->out[0].quant, 0);
            th_store_clamped(e->out[0], b * s->units + u, v, y_lo, y_hi);
        }
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    struct shape s;
    TH_TRY(shape_of(c, &s));
    struct th_tensor *state =
        c->n_out > 1 ? e->out[1] : th_tensor_new(e->arena, c->in[STATE]);
    if (!state)
        return th_out_of_memory(c);
    shift_state(e, state);
    return c->in[X]->dtype == TH_DT_F32 ? eval_float(c, e, &s, state)
                                        : eval_int(c, e, &s, state);
}

static uint32_t alias(const struct th_inst *c, struct th_alias *list, uint32_t max)
{
    if (c->n_out < 2 || max < 1)
        return 0;
    list[0] = (struct th_alias){1, STATE, false};
    return 1;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    const int64_t batch = c->in[X]->dims[0];
    k->macs = batch * (th_type_elems(c->in[WF]) + th_type_elems(c->in[WT]));
    k->ops = th_type_elems(c->in[STATE]) + th_type_elems(&c->out[0]);
    th_cost_bytes(c, k);
}

const struct th_op th_op_svdf = {
    .struct_size = sizeof(struct th_op),
    .name = "svdf",
    .summary = "dense layer over time of low rank: feature filters, then filters along the past",
    .doc =
        "The state moves down by one element, wf * x becomes the newest element of each filter, "
        "and y is the sum over rank of wt times the state, plus bias.\n\n"
        "Integer form: the feature product is rescaled by s_x*s_wf/s_state and clamped to the "
        "state's type before its zero point is added; the output by s_state*s_wt/s_y (both ratios "
        "in float). Hybrid form: each batch of x is quantized to s8.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .verify = verify,
    .eval = eval,
    .alias = alias,
    .cost = cost,
};
