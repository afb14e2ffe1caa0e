/* SPDX-License-Identifier: Apache-2.0 */
/* Operators with a memory: its old value is read, its new value written, around a pure node. */
#include <inttypes.h>

#include "import.h"

static enum th_status write_state(struct tfl_node *n, size_t operand, th_value v)
{
    struct th_attr_list a = {.n = 0};
    struct th_node_desc d = {.op = "state_write", .in = &v, .n_in = 1, .loc = n->loc};

    th_attr_list_state(&a, "state", tfl_variable(n->scope, n->op->inputs[operand]));
    d.attrs = a.at;
    d.n_attrs = a.n;
    return th_graph_add_node(n->scope->graph, &d, NULL, NULL);
}

static enum th_status need_variable(struct tfl_node *n, size_t operand)
{
    if (!tfl_has_in(n, operand) || !tfl_in_tensor(n, operand)->variable)
        return tfl_reject(n, NULL, "operand %zu (state) must be a variable tensor", operand);
    return TH_OK;
}

static bool is_hybrid(struct tfl_node *n, th_value x, th_value w)
{
    return tfl_type_of(n, x)->dtype == TH_DT_F32 && th_dtype_is_int(tfl_type_of(n, w)->dtype);
}

static enum th_status import_svdf(struct tfl_node *n)
{
    enum { INPUT, FEATURES, TIME, BIAS, STATE, COUNT };
    th_value in[COUNT], out[2];
    struct th_attr_list a = {.n = 0};
    struct th_type types[2];
    struct th_node_desc d = {.op = "svdf", .in = in, .n_in = COUNT, .out = types, .n_out = 2,
                             .loc = n->loc};

    TH_TRY(need_variable(n, STATE));
    TH_TRY(tfl_symmetric(n, (const size_t[]){FEATURES, TIME, BIAS}, 3));
    for (size_t i = 0; i < COUNT; i++)
        in[i] = tfl_in(n, i);
    if (in[INPUT] == 0 || in[FEATURES] == 0 || in[TIME] == 0 || in[STATE] == 0)
        return tfl_reject(n, NULL, "an operand is absent");
    th_attr_list_int(&a, "rank", tfl_option_int(n->op, "rank", 0));
    if (!tfl_activation(n, &a))
        return TH_ERR_INPUT;
    if (is_hybrid(n, in[INPUT], in[FEATURES]))
        th_attr_list_bool(&a, "asymmetric_inputs",
                          tfl_option_int(n->op, "asymmetric_quantize_inputs", 0) != 0);
    types[0] = tfl_out_type(n, 0);
    types[1] = *tfl_type_of(n, in[STATE]);
    if (types[0].dtype == TH_DT_NONE)
        return TH_ERR_INPUT;
    d.attrs = a.at;
    d.n_attrs = a.n;
    TH_TRY(th_graph_add_node(n->scope->graph, &d, NULL, out));
    TH_TRY(write_state(n, STATE, out[1]));
    return tfl_bind(n, 0, out[0]);
}

/* Operands of both LSTM forms, in the order of the file, which the IR keeps. */
enum {
    LSTM_INPUT = 0, LSTM_W_FORGET = 2, LSTM_R_FORGET = 6, LSTM_H = 18, LSTM_C = 19,
    LSTM_SHORT = 20, LSTM_COUNT = 24, LSTM_INTERMEDIATES = 5
};

/* Scales of the values between the matrix products of an integer LSTM. */
static void intermediate_attrs(struct tfl_node *n, struct th_attr_list *a, double *scales,
                               int64_t *zeros)
{
    size_t count = n->op->nintermediates;

    if (count > LSTM_INTERMEDIATES)
        count = LSTM_INTERMEDIATES;
    for (size_t i = 0; i < count; i++) {
        int32_t index = n->op->intermediates[i];
        const struct tfl_quant *q = index >= 0 ? &n->scope->sg->tensors[index].quant : NULL;
        bool given = q != NULL && q->count != 0;
        scales[i] = given ? (double)q->scale[0] : 0.0;
        zeros[i] = given ? q->zero_point[0] : 0;
    }
    if (count != 0) {
        th_attr_list_floats(a, "intermediate_scales", scales, count);
        th_attr_list_ints(a, "intermediate_zeros", zeros, count);
    }
}

static enum th_status lstm_operands(struct tfl_node *n, th_value *in)
{
    static const size_t weights[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};
    static const int needed[] = {LSTM_INPUT, 2, 3, 4, 6, 7, 8, 13, 14, 15, LSTM_H, LSTM_C};

    if (n->op->ninputs != LSTM_SHORT && n->op->ninputs != LSTM_COUNT)
        return tfl_reject(n, "UNIDIRECTIONAL_SEQUENCE_LSTM, or LSTM of the full kernel type",
                          "%zu operands instead of %d or %d", n->op->ninputs, LSTM_SHORT,
                          LSTM_COUNT);
    if (n->op->noutputs != 1)
        return tfl_reject(n, NULL, "%zu results instead of 1", n->op->noutputs);
    TH_TRY(tfl_symmetric(n, weights, TH_ARRAY_LEN(weights)));
    TH_TRY(need_variable(n, LSTM_H));
    TH_TRY(need_variable(n, LSTM_C));
    for (size_t i = 0; i < LSTM_COUNT; i++)
        in[i] = tfl_in(n, i);
    for (size_t i = 0; i < TH_ARRAY_LEN(needed); i++) {
        if (in[needed[i]] == 0)
            return tfl_reject(n, NULL, "operand %d is absent", needed[i]);
    }
    return TH_OK;
}

/* x is [time, batch, in] or, batch first, [batch, time, in]. */
static enum th_status add_lstm(struct tfl_node *n, th_value *in, bool time_major, th_value *y)
{
    struct th_attr_list a = {.n = 0};
    struct th_type types[3];
    struct th_node_desc d = {.op = "lstm", .in = in, .n_in = LSTM_COUNT, .out = types, .n_out = 3,
                             .loc = n->loc};
    double scales[LSTM_INTERMEDIATES];
    int64_t zeros[LSTM_INTERMEDIATES];
    th_value out[3];
    float cell_clip = tfl_option_float(n->op, "cell_clip", 0.0f);
    float proj_clip = tfl_option_float(n->op, "proj_clip", 0.0f);

    if (tfl_option_int(n->op, "fused_activation_function", 0) != 4 /* TANH */)
        return tfl_reject(n, "TANH", "cell activation %" PRId64 " is not supported",
                          tfl_option_int(n->op, "fused_activation_function", 0));
    if (!(cell_clip >= 0.0f) || !(proj_clip >= 0.0f))
        return tfl_reject(n, NULL, "clip limits must not be negative");
    th_attr_list_float(&a, "cell_clip", (double)cell_clip);
    th_attr_list_float(&a, "proj_clip", (double)proj_clip);
    th_attr_list_bool(&a, "time_major", time_major);
    if (is_hybrid(n, in[LSTM_INPUT], in[LSTM_W_FORGET]))
        th_attr_list_bool(&a, "asymmetric_inputs",
                          tfl_option_int(n->op, "asymmetric_quantize_inputs", 0) != 0);
    if (th_dtype_is_int(tfl_type_of(n, in[LSTM_INPUT])->dtype))
        intermediate_attrs(n, &a, scales, zeros);
    types[0] = tfl_out_type(n, 0);
    types[1] = *tfl_type_of(n, in[LSTM_H]);
    types[2] = *tfl_type_of(n, in[LSTM_C]);
    if (types[0].dtype == TH_DT_NONE)
        return TH_ERR_INPUT;
    d.attrs = a.at;
    d.n_attrs = a.n;
    TH_TRY(th_graph_add_node(n->scope->graph, &d, NULL, out));
    TH_TRY(write_state(n, LSTM_H, out[1]));
    TH_TRY(write_state(n, LSTM_C, out[2]));
    *y = out[0];
    return TH_OK;
}

static enum th_status import_sequence_lstm(struct tfl_node *n)
{
    th_value in[LSTM_COUNT], y;

    if (tfl_option_int(n->op, "diagonal_recurrent_tensors", 0) != 0)
        return tfl_reject(n, "full recurrent weights", "recurrent weights are diagonal");
    TH_TRY(lstm_operands(n, in));
    TH_TRY(add_lstm(n, in, tfl_option_int(n->op, "time_major", 0) != 0, &y));
    return tfl_bind(n, 0, y);
}

/* One step: a sequence of length one. */
static enum th_status import_lstm(struct tfl_node *n)
{
    th_value in[LSTM_COUNT], y;
    const struct th_type *x;
    int64_t dims[3] = {1, 0, 0};

    if (tfl_option_int(n->op, "kernel_type", 0) != 0)
        return tfl_reject(n, "the full kernel type", "the basic kernel type is not supported");
    TH_TRY(lstm_operands(n, in));
    x = tfl_type_of(n, in[LSTM_INPUT]);
    if (x->rank != 2)
        return tfl_reject(n, NULL, "its input has %d dimensions instead of 2", (int)x->rank);
    dims[1] = x->dims[0];
    dims[2] = x->dims[1];
    TH_TRY(tfl_reshape(n, in[LSTM_INPUT], 3, dims, &in[LSTM_INPUT]));
    TH_TRY(add_lstm(n, in, true, &y));
    if (tfl_type_of(n, y)->rank != 3)
        return tfl_reject(n, NULL, "its result is no sequence");
    dims[0] = tfl_type_of(n, y)->dims[1];
    dims[1] = tfl_type_of(n, y)->dims[2];
    TH_TRY(tfl_reshape(n, y, 2, dims, &y));
    return tfl_bind(n, 0, y);
}

const struct tfl_row tfl_rows_recurrent[] = {
    {"SVDF", import_svdf, NULL},
    {"UNIDIRECTIONAL_SEQUENCE_LSTM", import_sequence_lstm, NULL},
    {"LSTM", import_lstm, NULL},
    {NULL, NULL, NULL},
};
