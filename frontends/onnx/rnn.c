/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent layers: each direction becomes one operator over the whole sequence. */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "import.h"

enum { DIRECTIONS = 2, ACTIVATIONS = 3 };

struct layer {
    const char *op;
    int64_t gates, states;       /* of w and r; h, or h and c */
    int32_t activations;         /* of a direction */
    int64_t steps, batch, inputs, hidden, directions;
    bool batch_first;
    th_value x, w, r, b, lengths, h, c, p;
};

/* An activation by its name, with the parameters it has when none are given. */
static const struct {
    const char *name;
    double alpha, beta;
    int parameters;
} activations[] = {
    {"Sigmoid", 0, 0, 0},         {"Tanh", 0, 0, 0},
    {"Relu", 0, 0, 0},            {"Affine", 1, 0, 2},
    {"LeakyRelu", 0.01, 0, 1},    {"ThresholdedRelu", 1, 0, 1},
    {"ScaledTanh", 1, 1, 2},      {"HardSigmoid", 0.2, 0.5, 2},
    {"Elu", 1, 0, 1},             {"Softsign", 0, 0, 0},
    {"Softplus", 0, 0, 0},
};

static enum th_status operands(struct onx_node *n, struct layer *l)
{
    const char *direction = onx_attr_s(n, "direction", "forward");
    const struct th_type *x, *r;
    th_value in[3];

    TH_TRY(onx_need(n, in, 3));
    l->x = in[0], l->w = in[1], l->r = in[2];
    l->b = onx_in(n, 3), l->lengths = onx_in(n, 4), l->h = onx_in(n, 5);
    l->c = l->states > 1 ? onx_in(n, 6) : 0;
    l->p = l->states > 1 ? onx_in(n, 7) : 0;
    l->batch_first = onx_attr_i(n, "layout", 0) != 0;
    x = onx_type(n, l->x);
    r = onx_type(n, l->r);
    l->directions = strcmp(direction, "bidirectional") == 0 ? 2 : 1;
    if (x->rank != 3 || r->rank != 3 || onx_type(n, l->w)->rank != 3 ||
        r->dims[0] != l->directions || onx_type(n, l->w)->dims[0] != l->directions)
        return onx_reject(n, NULL, "weights and operand do not fit direction '%s'", direction);
    l->steps = x->dims[l->batch_first];
    l->batch = x->dims[!l->batch_first];
    l->inputs = x->dims[2];
    l->hidden = r->dims[2];
    return TH_OK;
}

/* ---- attributes ------------------------------------------------------------------------------ */

static int find_activation(const char *name)
{
    for (size_t i = 0; i < TH_ARRAY_LEN(activations); i++)
        if (strcasecmp(activations[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* The lists give parameters to those activations that have some, in order. */
static enum th_status set_activations(struct onx_node *n, const struct layer *l, int64_t direction,
                                      struct th_attr_list *a, double values[2][ACTIVATIONS])
{
    static const char *const names[] = {"f", "g", "h"}, *const lists[] = {"alpha", "beta"};
    size_t count[2], used[2] = {0, 0};
    const float *given[2] = {onx_attr_floats(n, "activation_alpha", &count[0]),
                             onx_attr_floats(n, "activation_beta", &count[1])};

    memset(values, 0, 2 * sizeof *values);
    for (int64_t d = 0; d <= direction; d++)
        for (int32_t i = 0; i < l->activations; i++) {
            const bool gate = i == 0 && l->gates > 1;
            const char *name = onx_attr_string(n, "activations", (size_t)(d * l->activations + i),
                                               gate ? "Sigmoid" : "Tanh");
            const int k = find_activation(name);
            if (k < 0)
                return onx_reject(n, NULL, "activation '%s'", name);
            const double usual[2] = {activations[k].alpha, activations[k].beta};
            for (int p = 0; p < 2; p++) {
                const bool has = p < activations[k].parameters && used[p] < count[p];
                values[p][i] = has ? (double)given[p][used[p]] : usual[p];
                used[p] += has;
            }
            if (d == direction)
                th_attr_list_enum(a, names[i], k);
        }
    for (int p = 0; p < 2; p++)
        a->at[a->n++] = (struct th_attr){.name = lists[p], .kind = TH_ATTR_FLOATS,
                                           .n = ACTIVATIONS, .v.floats = values[p]};
    return TH_OK;
}

static enum th_status set_attrs(struct onx_node *n, const struct layer *l, int64_t direction,
                                struct th_attr_list *a, double values[2][ACTIVATIONS])
{
    const char *way = onx_attr_s(n, "direction", "forward");

    th_attr_list_bool(a, "reverse", direction == 1 || strcmp(way, "reverse") == 0);
    if (onx_has(n, "clip"))
        th_attr_list_float(a, "clip", onx_attr_f(n, "clip", 0));
    if (l->gates == 3)
        th_attr_list_bool(a, "linear_before_reset", onx_attr_i(n, "linear_before_reset", 0) != 0);
    if (l->gates == 4)
        th_attr_list_bool(a, "input_forget", onx_attr_i(n, "input_forget", 0) != 0);
    return set_activations(n, l, direction, a, values);
}

/* ---- one direction --------------------------------------------------------------------------- */

/* Entry d of axis `axis`, without that axis; 0 stays 0. */
static enum th_status part(struct onx_node *n, th_value v, int64_t axis, int64_t d, th_value *out)
{
    int64_t dims[TH_MAX_RANK];
    int32_t rank = 0;

    *out = 0;
    if (v == 0)
        return TH_OK;
    const struct th_type t = *onx_type(n, v);
    if (axis >= t.rank || d >= t.dims[axis])
        return onx_reject(n, NULL, "an operand without an entry for each direction");
    for (int32_t i = 0; i < t.rank; i++)
        if (i != axis)
            dims[rank++] = t.dims[i];
    if (t.dims[axis] > 1)
        TH_TRY(onx_slice(n, v, axis, d, 1, &v));
    return onx_reshape(n, v, rank, dims, out);
}

static enum th_status direction(struct onx_node *n, const struct layer *l, int64_t d,
                                th_value out[3])
{
    double values[2][ACTIVATIONS];
    struct th_attr_list a = {.n = 0};
    struct th_type types[3];
    th_value in[8] = {l->x};

    TH_TRY(part(n, l->w, 0, d, &in[1]));
    TH_TRY(part(n, l->r, 0, d, &in[2]));
    TH_TRY(part(n, l->b, 0, d, &in[3]));
    if (l->lengths != 0)
        TH_TRY(onx_cast(n, l->lengths, TH_DT_S32, &in[4]));
    TH_TRY(part(n, l->h, l->batch_first, d, &in[5]));
    TH_TRY(part(n, l->c, l->batch_first, d, &in[6]));
    TH_TRY(part(n, l->p, 0, d, &in[7]));
    TH_TRY(set_attrs(n, l, d, &a, values));
    for (int i = 0; i < 3; i++)
        types[i] = (struct th_type){.dtype = TH_DT_NONE, .rank = -1};
    struct th_node_desc desc = {.op = l->op, .contract = "onnx", .in = in,
                                .n_in = l->states > 1 ? 8 : 6, .attrs = a.at, .n_attrs = a.n,
                                .out = types, .n_out = (uint32_t)l->states + 1, .loc = n->loc};
    return th_graph_add_node(n->scope->graph, &desc, NULL, out);
}

static enum th_status layer(struct onx_node *n, struct layer *l)
{
    const int64_t t = l->steps, b = l->batch, h = l->hidden, d = l->directions;
    th_value list[3][DIRECTIONS], y;

    if (l->batch_first)
        TH_TRY(onx_transpose(n, l->x, (int64_t[]){1, 0, 2}, &l->x));
    for (int64_t i = 0; i < d; i++) {
        th_value out[3];
        TH_TRY(direction(n, l, i, out));
        /* [T, 1, B, H] or [B, T, 1, H]; [1, B, H] or [B, 1, H] */
        if (l->batch_first)
            TH_TRY(onx_transpose(n, out[0], (int64_t[]){1, 0, 2}, &out[0]));
        TH_TRY(onx_reshape(n, out[0], 4, l->batch_first ? (int64_t[]){b, t, 1, h}
                                                        : (int64_t[]){t, 1, b, h}, &list[0][i]));
        for (int64_t k = 1; k <= l->states; k++)
            TH_TRY(onx_reshape(n, out[k], 3, l->batch_first ? (int64_t[]){b, 1, h}
                                                            : (int64_t[]){1, b, h},
                               &list[k][i]));
    }
    for (int64_t k = 0; k <= l->states; k++) {
        if (!onx_has_out(n, (size_t)k))
            continue;
        TH_TRY(onx_concat(n, list[k], (size_t)d, k == 0 ? 1 + l->batch_first : l->batch_first,
                          &y));
        TH_TRY(onx_bind(n, (size_t)k, y));
    }
    return TH_OK;
}

static enum th_status import_rnn(struct onx_node *n)
{
    struct layer l = {.op = "rnn_sequence", .gates = 1, .states = 1, .activations = 1};

    TH_TRY(operands(n, &l));
    return layer(n, &l);
}

static enum th_status import_gru(struct onx_node *n)
{
    struct layer l = {.op = "gru_sequence", .gates = 3, .states = 1, .activations = 2};

    TH_TRY(operands(n, &l));
    return layer(n, &l);
}

static enum th_status import_lstm(struct onx_node *n)
{
    struct layer l = {.op = "lstm_sequence", .gates = 4, .states = 2, .activations = 3};

    TH_TRY(operands(n, &l));
    return layer(n, &l);
}

const struct onx_row onx_rows_rnn[] = {
    {"GRU", import_gru, NULL},
    {"LSTM", import_lstm, NULL},
    {"RNN", import_rnn, NULL},
    {NULL, NULL, NULL},
};
