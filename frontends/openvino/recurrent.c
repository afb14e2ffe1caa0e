/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent layers. */
#include <inttypes.h>
#include <string.h>

#include "import.h"

/* Gates of the weights lie one behind the other: forget, input, cell, output. */
enum gate { FORGET, INPUT, CELL, OUTPUT, GATES };

struct lstm {
    th_value x;                       /* [batch, steps, inputs] */
    th_value h, c;                    /* [batch, cells] */
    th_value w, r, b;                 /* [4 cells, inputs], [4 cells, cells], [4 cells] */
};

static bool plain_lstm(const struct ov_node *n)
{
    const char *acts = ov_attr_text(n, "activations");
    double clip;

    if (!ov_attr_float(n, "clip", 0, &clip))
        return false;
    if (clip != 0) {
        ov_reject(n, "gates clipped at %g; nearest supported form: none", clip);
        return false;
    }
    if (acts != NULL && *acts != '\0' && strcmp(acts, "sigmoid,tanh,tanh") != 0 &&
        strcmp(acts, "sigmoid, tanh, tanh") != 0) {
        ov_reject(n, "activations '%.60s'; nearest supported form: sigmoid,tanh,tanh", acts);
        return false;
    }
    return true;
}

/* Outputs [batch, steps, cells], and both states after the last step. */
static enum th_status add_lstm(const struct ov_node *n, const struct lstm *l, th_value out[3])
{
    th_value in[24] = {l->x};
    static const int order[GATES] = {INPUT, FORGET, CELL, OUTPUT};   /* as the record has them */
    int64_t cells = ov_type(n, l->h)->dims[1];

    if (ov_type(n, l->w)->dims[0] != 4 * cells || ov_type(n, l->r)->dims[0] != 4 * cells ||
        ov_type(n, l->b)->dims[0] != 4 * cells)
        return ov_reject(n, "weights of %" PRId64 ", %" PRId64 " and %" PRId64 " rows for %" PRId64
                         " cells", ov_type(n, l->w)->dims[0], ov_type(n, l->r)->dims[0],
                         ov_type(n, l->b)->dims[0], cells);
    for (int i = 0; i < GATES; i++) {
        int64_t at = order[i] * cells;
        TH_TRY(ov_slice_axis(n, l->w, 0, at, cells, &in[1 + i]));
        TH_TRY(ov_slice_axis(n, l->r, 0, at, cells, &in[5 + i]));
        TH_TRY(ov_slice_axis(n, l->b, 0, at, cells, &in[12 + i]));
    }
    in[18] = l->h;
    in[19] = l->c;
    const struct th_type like = th_type_make(TH_DT_F32, -1, NULL);
    const struct th_type types[3] = {like, like, like};
    const struct th_node_desc d = {.op = "lstm", .in = in, .n_in = 24, .out = types, .n_out = 3,
                                   .loc = n->loc};
    return th_graph_add_node(n->scope->graph, &d, NULL, out);
}

static enum th_status import_lstm_cell(struct ov_node *n)
{
    th_value in[6], out[3];

    TH_TRY(ov_operands(n, in, 6));
    for (uint32_t i = 0; i < 5; i++)
        TH_TRY(ov_need_rank(n, in[i], 2, 2));
    TH_TRY(ov_need_rank(n, in[5], 1, 1));
    const struct th_type *x = ov_type(n, in[0]);
    const int64_t one[3] = {x->dims[0], 1, x->dims[1]};
    struct lstm l = {.h = in[1], .c = in[2], .w = in[3], .r = in[4], .b = in[5]};
    if (!plain_lstm(n))
        return TH_ERR_INPUT;
    TH_TRY(ov_reshape(n, in[0], 3, one, &l.x));
    TH_TRY(add_lstm(n, &l, out));
    TH_TRY(ov_bind(n, 0, out[1]));
    return n->layer->n_outputs > 1 ? ov_bind(n, 1, out[2]) : TH_OK;
}

/* Every sequence has the full length. */
static enum th_status full_length(const struct ov_node *n, uint32_t operand, int64_t steps)
{
    th_value v = ov_in(n, operand);
    const struct th_tensor *c = v != 0 ? th_value_const(n->scope->graph, v) : NULL;

    if (c == NULL)
        return ov_reject(n, "lengths of sequences must be constant");
    for (int64_t i = 0; i < th_type_elems(&c->type); i++) {
        if (th_tensor_int(c, i) != steps)
            return ov_reject(n, "a sequence of %" PRId64 " of %" PRId64 " steps",
                             th_tensor_int(c, i), steps);
    }
    return TH_OK;
}

/* Part d of an axis of directions, without the axis. */
static enum th_status direction(const struct ov_node *n, th_value v, int32_t axis, int64_t d,
                                th_value *out)
{
    TH_TRY(ov_slice_axis(n, v, axis, d, 1, out));
    struct th_type t = *ov_type(n, *out);
    for (int32_t i = axis; i + 1 < t.rank; i++)
        t.dims[i] = t.dims[i + 1];
    return ov_reshape(n, *out, t.rank - 1, t.dims, out);
}

static enum th_status reverse_steps(const struct ov_node *n, th_value v, th_value *out)
{
    static const int64_t steps[1] = {1};
    struct ov_attrs a = {.n = 0};

    ov_set_ints(&a, "axes", steps, 1);
    return ov_add(n, "reverse", &v, 1, &a, out);
}

/* An axis of one direction in front of axis 1. */
static enum th_status with_direction(const struct ov_node *n, th_value v, th_value *out)
{
    const struct th_type t = *ov_type(n, v);
    int64_t dims[TH_MAX_RANK];

    for (int32_t i = 0; i <= t.rank; i++)
        dims[i] = i == 0 ? t.dims[0] : i == 1 ? 1 : t.dims[i - 1];
    return ov_reshape(n, v, t.rank + 1, dims, out);
}

/* Operands: x [batch, steps, inputs], h and c [batch, directions, cells], lengths, weights
 * [directions, 4 cells, ...] twice, biases. */
static enum th_status import_lstm_sequence(struct ov_node *n)
{
    bool both = ov_attr_is(n, "direction", "bidirectional", false) ||
                ov_attr_is(n, "direction", "BIDIRECTIONAL", false);
    bool back = ov_attr_is(n, "direction", "reverse", false) ||
                ov_attr_is(n, "direction", "REVERSE", false);
    static const int32_t ranks[7] = {3, 3, 3, 1, 3, 3, 2};
    th_value in[7], out[2][3];
    struct ov_attrs a = {.n = 0};
    int64_t directions = both ? 2 : 1;

    TH_TRY(ov_operands(n, in, 7));
    for (uint32_t i = 0; i < 7; i++)
        TH_TRY(ov_need_rank(n, in[i], ranks[i], ranks[i]));
    if (!plain_lstm(n))
        return TH_ERR_INPUT;
    TH_TRY(full_length(n, 3, ov_type(n, in[0])->dims[1]));
    if (ov_type(n, in[1])->dims[1] != directions || ov_type(n, in[2])->dims[1] != directions ||
        ov_type(n, in[4])->dims[0] != directions || ov_type(n, in[5])->dims[0] != directions ||
        ov_type(n, in[6])->dims[0] != directions)
        return ov_reject(n, "operands do not have %" PRId64 " directions", directions);
    for (int64_t d = 0; d < directions; d++) {
        bool turned = back || d == 1;
        struct lstm l = {.x = in[0]};
        TH_TRY(direction(n, in[1], 1, d, &l.h));
        TH_TRY(direction(n, in[2], 1, d, &l.c));
        TH_TRY(direction(n, in[4], 0, d, &l.w));
        TH_TRY(direction(n, in[5], 0, d, &l.r));
        TH_TRY(direction(n, in[6], 0, d, &l.b));
        if (turned)
            TH_TRY(reverse_steps(n, l.x, &l.x));
        TH_TRY(add_lstm(n, &l, out[d]));
        if (turned)
            TH_TRY(reverse_steps(n, out[d][0], &out[d][0]));
        for (int i = 0; i < 3; i++)
            TH_TRY(with_direction(n, out[d][i], &out[d][i]));
    }
    ov_set_int(&a, "axis", 1);
    for (uint32_t i = 0; i < 3 && i < n->layer->n_outputs; i++) {
        const th_value parts[2] = {out[0][i], both ? out[1][i] : 0};
        th_value y = parts[0];
        if (both)
            TH_TRY(ov_add(n, "concat", parts, 2, &a, &y));
        TH_TRY(ov_bind(n, i, y));
    }
    return TH_OK;
}

const struct ov_row ov_rows_recurrent[] = {
    {"LSTMCell", import_lstm_cell, NULL},
    {"LSTMSequence", import_lstm_sequence, NULL},
    {NULL, NULL, NULL},
};
