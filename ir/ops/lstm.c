/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/lstm.h"

#include <math.h>
#include <string.h>

#define ACTS (TH_DT_BIT(TH_DT_S8) | TH_DT_BIT(TH_DT_S16) | TH_DT_FLOATS)
#define WEIGHTS (TH_DT_BIT(TH_DT_S8) | TH_DT_FLOATS)
#define NORMS (TH_DT_BIT(TH_DT_S16) | TH_DT_FLOATS)
#define OPT TH_PORT_OPTIONAL

static const struct th_port inputs[] = {
    {"x", ACTS, 0, "input [batch, steps, I], or [steps, batch, I] when time_major"},
    {"wi_i", WEIGHTS, OPT, "input weights of the input gate [cells, I]; absent: coupled gates"},
    {"wi_f", WEIGHTS, 0, "input weights of the forget gate"},
    {"wi_c", WEIGHTS, 0, "input weights of the cell"},
    {"wi_o", WEIGHTS, 0, "input weights of the output gate"},
    {"wr_i", WEIGHTS, OPT, "recurrent weights of the input gate [cells, outputs]"},
    {"wr_f", WEIGHTS, 0, "recurrent weights of the forget gate"},
    {"wr_c", WEIGHTS, 0, "recurrent weights of the cell"},
    {"wr_o", WEIGHTS, 0, "recurrent weights of the output gate"},
    {"peep_i", WEIGHTS | NORMS, OPT, "peephole of the input gate [cells]"},
    {"peep_f", WEIGHTS | NORMS, OPT, "peephole of the forget gate [cells]"},
    {"peep_o", WEIGHTS | NORMS, OPT, "peephole of the output gate [cells]"},
    {"b_i", TH_DT_BIASES, OPT, "bias of the input gate [cells]"},
    {"b_f", TH_DT_BIASES, OPT, "bias of the forget gate [cells]"},
    {"b_c", TH_DT_BIASES, OPT, "bias of the cell [cells]"},
    {"b_o", TH_DT_BIASES, OPT, "bias of the output gate [cells]"},
    {"proj_w", WEIGHTS, OPT, "projection [outputs, cells]"},
    {"proj_b", TH_DT_BIASES, OPT, "bias of the projection [outputs]"},
    {"h", ACTS, TH_PORT_STATE, "hidden state [batch, outputs]"},
    {"c", NORMS, TH_PORT_STATE, "cell state [batch, cells]"},
    {"ln_i", NORMS, OPT, "layer normalization of the input gate [cells]"},
    {"ln_f", NORMS, OPT, "layer normalization of the forget gate [cells]"},
    {"ln_c", NORMS, OPT, "layer normalization of the cell [cells]"},
    {"ln_o", NORMS, OPT, "layer normalization of the output gate [cells]"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", ACTS, TH_PORT_DECLARED, "the hidden state after each step"},
    {"h_out", ACTS, TH_PORT_STATE, "hidden state after the last step"},
    {"c_out", NORMS, TH_PORT_STATE, "cell state after the last step"},
    {NULL, 0, 0, NULL},
};
static const char *const activations[] = {"tanh", "sigmoid", "relu", "relu6", "none", NULL};
static const struct th_attr_spec attrs[] = {
    {"cell_clip", TH_ATTR_FLOAT, false, 0, 0, 0, INFINITY, 0, 0, NULL, NULL,
     "bound of the cell state, 0: none"},
    {"proj_clip", TH_ATTR_FLOAT, false, 0, 0, 0, INFINITY, 0, 0, NULL, NULL,
     "bound of the projection, 0: none"},
    {"time_major", TH_ATTR_BOOL, false, 0, 0, 0, 1, 0, 0, NULL, NULL,
     "the first axis of x and y is time"},
    {"activation", TH_ATTR_ENUM, false, 0, 0, 1, 0, TH_LSTM_TANH, 0, NULL, activations,
     "squashing of the cell"},
    TH_ATTR_ROW_ASYMMETRIC,
    {"intermediate_scales", TH_ATTR_FLOATS, false, 0, 0, 1, 0, 0, 0, NULL, NULL,
     "integer form: scales of the four gates before layer normalization and of the hidden value "
     "before the projection; 0: unknown"},
    {"intermediate_zeros", TH_ATTR_INTS, false, 0, 0, 1, 0, 0, 0, NULL, NULL,
     "their zero points"},
    TH_ATTR_END,
};

static enum th_status need_dims(const struct th_inst *c, uint32_t port, int32_t rank, int64_t d0,
                                int64_t d1)
{
    const struct th_type *t = th_operand_type(c, port);
    if (!t)
        return TH_OK;
    const bool fits = rank == 2 ? t->rank == 2 && t->dims[0] == d0 && t->dims[1] == d1
                                : th_type_elems(t) == d0;
    if (fits)
        return TH_OK;
    struct th_str s;
    th_str_init(&s);
    th_type_print(&s, t);
    const enum th_status status =
        rank == 2 ? th_inst_error(c, "operand '%s' is %s, expected [%lld,%lld]", inputs[port].name,
                                  s.s, (long long)d0, (long long)d1)
                  : th_inst_error(c, "operand '%s' is %s, expected %lld elements",
                                  inputs[port].name, s.s, (long long)d0);
    th_str_release(&s);
    return status;
}

static enum th_status check_dims(const struct th_inst *c, const struct th_lstm *s)
{
    for (uint32_t g = 0; g < 4; g++) {
        TH_TRY(need_dims(c, TH_LSTM_WI + g, 2, s->cells, s->in));
        TH_TRY(need_dims(c, TH_LSTM_WR + g, 2, s->cells, s->out));
        TH_TRY(need_dims(c, TH_LSTM_B + g, 1, s->cells, 0));
        TH_TRY(need_dims(c, TH_LSTM_LN + g, 1, s->cells, 0));
    }
    for (uint32_t p = TH_LSTM_PEEP_I; p <= TH_LSTM_PEEP_O; p++)
        TH_TRY(need_dims(c, p, 1, s->cells, 0));
    TH_TRY(need_dims(c, TH_LSTM_PROJ_W, 2, s->out, s->cells));
    TH_TRY(need_dims(c, TH_LSTM_PROJ_B, 1, s->out, 0));
    TH_TRY(need_dims(c, TH_LSTM_H, 1, s->batch * s->out, 0));
    TH_TRY(need_dims(c, TH_LSTM_C, 1, s->batch * s->cells, 0));
    if (!th_operand_type(c, TH_LSTM_PROJ_W) && s->out != s->cells)
        return th_inst_error(c, "%lld outputs of %lld cells need a projection",
                             (long long)s->out, (long long)s->cells);
    return TH_OK;
}

static enum th_status shape_of(const struct th_inst *c, struct th_lstm *s)
{
    TH_TRY(th_need_rank(c, TH_LSTM_X, 3));
    TH_TRY(th_need_rank(c, TH_LSTM_WI + TH_GATE_O, 2));
    TH_TRY(th_need_rank(c, TH_LSTM_WR + TH_GATE_O, 2));
    const int64_t *x = c->in[TH_LSTM_X]->dims;
    s->time_major = th_inst_int(c, "time_major");
    s->steps = x[s->time_major ? 0 : 1];
    s->batch = x[s->time_major ? 1 : 0];
    s->in = x[2];
    s->cells = c->in[TH_LSTM_WI + TH_GATE_O]->dims[0];
    s->out = c->in[TH_LSTM_WR + TH_GATE_O]->dims[1];
    s->coupled = !th_operand_type(c, TH_LSTM_WI + TH_GATE_I);
    if (s->coupled != !th_operand_type(c, TH_LSTM_WR + TH_GATE_I))
        return th_inst_error(c, "input and recurrent weights of the input gate must both be "
                                "present or both be absent");
    if (s->cells < 1 || s->out < 1)
        return th_inst_error(c, "%lld cells and %lld outputs, at least 1 of each is needed",
                             (long long)s->cells, (long long)s->out);
    return check_dims(c, s);
}

static enum th_status infer(struct th_inst *c)
{
    struct th_lstm s;
    TH_TRY(shape_of(c, &s));
    const int64_t *x = c->in[TH_LSTM_X]->dims;
    TH_TRY(th_set_shape(c, 0, 3, (const int64_t[]){x[0], x[1], s.out}));
    if (c->n_out > 1)
        TH_TRY(th_copy_type(c, 1, c->in[TH_LSTM_H]));
    return c->n_out > 2 ? th_copy_type(c, 2, c->in[TH_LSTM_C]) : TH_OK;
}

/* All present operands of a range have this dtype. */
static enum th_status need_dtype(const struct th_inst *c, uint32_t from, uint32_t to,
                                 enum th_dtype dtype)
{
    for (uint32_t i = from; i <= to; i++) {
        const struct th_type *t = th_operand_type(c, i);
        if (t && t->dtype != dtype)
            return th_inst_error(c, "operand '%s' is %s, expected %s with input %s",
                                 inputs[i].name, th_dtype_name(t->dtype), th_dtype_name(dtype),
                                 th_dtype_name(c->in[TH_LSTM_X]->dtype));
    }
    return TH_OK;
}

/* Beyond the plain form: the rule is another one then. */
static bool is_full(const struct th_inst *c)
{
    for (uint32_t i = TH_LSTM_PEEP_I; i < c->n_in; i++)
        if (c->in[i] && (i <= TH_LSTM_PEEP_O || i >= TH_LSTM_LN || i == TH_LSTM_PROJ_W))
            return true;
    return !th_operand_type(c, TH_LSTM_WI);
}

/* Scales of the gates before layer normalization, and of the hidden value before projection. */
static enum th_status check_intermediates(const struct th_inst *c)
{
    const struct th_attr *a = th_attr_find(c->attrs, "intermediate_scales");
    for (uint32_t i = 0; i < 5; i++) {
        const bool used = i < 4 ? th_operand_type(c, TH_LSTM_LN + i) != NULL
                                : th_operand_type(c, TH_LSTM_PROJ_W) != NULL;
        if (used && !(a && i < a->n && a->v.floats[i] > 0))
            return th_inst_error(c, "intermediate scale %u is missing", (unsigned)i);
    }
    return TH_OK;
}

static enum th_status verify_int(const struct th_inst *c)
{
    const enum th_dtype x = c->in[TH_LSTM_X]->dtype;
    TH_TRY(th_check_contract(c, false));
    TH_TRY(need_dtype(c, TH_LSTM_WI, TH_LSTM_WR + 3, TH_DT_S8));
    TH_TRY(need_dtype(c, TH_LSTM_B, TH_LSTM_B + 3, x == TH_DT_S16 ? TH_DT_S64 : TH_DT_S32));
    TH_TRY(need_dtype(c, TH_LSTM_H, TH_LSTM_H, x));
    TH_TRY(need_dtype(c, TH_LSTM_C, TH_LSTM_C, TH_DT_S16));
    const bool full = is_full(c);
    if (full) {
        if (x != TH_DT_S8)
            return th_inst_error(c, "peepholes, projection, layer normalization and coupled gates "
                                    "go with s8 or float activations, the input is %s",
                                 th_dtype_name(x));
        TH_TRY(need_dtype(c, TH_LSTM_PEEP_I, TH_LSTM_PEEP_O, TH_DT_S16));
        TH_TRY(need_dtype(c, TH_LSTM_PROJ_W, TH_LSTM_PROJ_W, TH_DT_S8));
        TH_TRY(need_dtype(c, TH_LSTM_PROJ_B, TH_LSTM_PROJ_B, TH_DT_S32));
        TH_TRY(need_dtype(c, TH_LSTM_LN, TH_LSTM_LN + 3, TH_DT_S16));
        TH_TRY(check_intermediates(c));
    }
    for (uint32_t i = 0; i < c->n_in; i++)
        if (c->in[i])
            TH_TRY(th_need_quant(c, c->in[i], inputs[i].name));
    const int64_t act = th_inst_int(c, "activation");
    if (act != TH_LSTM_TANH && (full || act != TH_LSTM_SIGMOID))
        return th_inst_error(c, "activation '%s' is only supported with float activations",
                             activations[act]);
    const double power = log2((double)th_quant_scale(c->in[TH_LSTM_C]->quant, 0));
    const int least = full ? -15 : -27, most = full ? -9 : 3;
    if (fabs(power - round(power)) > 1e-3 || power < least - 0.1 || power > most + 0.1)
        return th_inst_error(c, "the cell state has scale %g, expected a power of two from 2^%d "
                                "to 2^%d",
                             (double)th_quant_scale(c->in[TH_LSTM_C]->quant, 0), least, most);
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    const enum th_dtype x = c->in[TH_LSTM_X]->dtype;
    if (c->out[0].dtype != x)
        return th_inst_error(c, "output is %s, input is %s", th_dtype_name(c->out[0].dtype),
                             th_dtype_name(x));
    if (x != TH_DT_F32)
        return verify_int(c);
    const enum th_dtype w = c->in[TH_LSTM_WI + TH_GATE_F]->dtype;
    TH_TRY(need_dtype(c, TH_LSTM_WI, TH_LSTM_PEEP_O, w));
    TH_TRY(need_dtype(c, TH_LSTM_PROJ_W, TH_LSTM_PROJ_W, w));
    TH_TRY(need_dtype(c, TH_LSTM_B, TH_LSTM_B + 3, TH_DT_F32));
    TH_TRY(need_dtype(c, TH_LSTM_PROJ_B, TH_LSTM_LN + 3, TH_DT_F32));
    for (uint32_t i = TH_LSTM_WI; w != TH_DT_F32 && i <= TH_LSTM_PROJ_W; i++)
        if (th_operand_type(c, i))
            TH_TRY(th_need_quant(c, c->in[i], inputs[i].name));
    return TH_OK;
}

static struct th_tensor *state_copy(const struct th_inst *c, struct th_eval *e, uint32_t out,
                                    uint32_t in)
{
    struct th_tensor *t = out < c->n_out ? e->out[out] : th_tensor_new(e->arena, c->in[in]);
    if (t)
        memcpy(t->data, e->in[in]->data, (size_t)th_type_size(c->in[in]));
    return t;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    struct th_lstm s;
    TH_TRY(shape_of(c, &s));
    struct th_tensor *h = state_copy(c, e, 1, TH_LSTM_H), *cell = state_copy(c, e, 2, TH_LSTM_C);
    if (!h || !cell)
        return th_out_of_memory(c);
    if (c->in[TH_LSTM_X]->dtype == TH_DT_F32)
        return th_lstm_eval_float(c, e, &s, h, cell);
    return is_full(c) ? th_lstm_eval_full(c, e, &s, h, cell)
                      : th_lstm_eval_int(c, e, &s, h, cell);
}

static uint32_t alias(const struct th_inst *c, struct th_alias *list, uint32_t max)
{
    uint32_t n = 0;
    if (c->n_out > 1 && n < max)
        list[n++] = (struct th_alias){1, TH_LSTM_H, false};
    if (c->n_out > 2 && n < max)
        list[n++] = (struct th_alias){2, TH_LSTM_C, false};
    return n;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    struct th_lstm s;
    if (shape_of(c, &s) != TH_OK)
        return;
    const int64_t gates = s.coupled ? 3 : 4, rows = s.steps * s.batch;
    k->macs = rows * gates * s.cells * (s.in + s.out);
    if (th_operand_type(c, TH_LSTM_PROJ_W))
        k->macs += rows * s.cells * s.out;
    k->ops = rows * s.cells * 20;   /* squashing and products of one step */
    th_cost_bytes(c, k);
}

const struct th_op th_op_lstm = {
    .struct_size = sizeof(struct th_op),
    .name = "lstm",
    .summary = "long short-term memory over a sequence",
    .doc =
        "For each step: i, f, o = sigmoid and g = tanh of (wi * x + b + wr * h); c = f*c + i*g, "
        "clipped; h = o * tanh(c), projected and clipped if there is a projection. Peepholes add "
        "w*c (the new c for the output gate); layer normalization replaces the bias by "
        "normalize(v) * ln + b; without an input gate i = 1 - f.\n\n"
        "Hybrid form (f32 activations, s8 weights): x, h and the projection's input are quantized "
        "for each batch and step.\n\n"
        "Integer form: both dense products of a gate are rescaled to Q3.12 on their own (product "
        "of scales in float) and added with saturation; sigmoid and tanh come from one "
        "interpolated 16-bit table; f*c and i*g are rescaled to the cell's scale, a power of two, "
        "with saturation after each step; h = o * tanh(c) is rescaled to the hidden state's scale. "
        "With peepholes, projection, layer normalization or coupled gates (s8 only) the products "
        "of a gate accumulate in 16 bits, squashing is 16-bit fixed point and products of gates "
        "are shifted.",
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
