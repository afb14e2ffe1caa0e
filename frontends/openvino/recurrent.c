/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrent layers: cells are sequences of one step. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "import.h"

/* What a kind of layer has, and the order in which the record wants the gates' rows. */
struct kind {
    const char *op;
    int gates, activations;
    const char *acts[3];          /* without an attribute */
    int order[4];                 /* row block i of the record is block order[i] of the file */
};
static const struct kind lstm = {"lstm_sequence", 4, 3, {"sigmoid", "tanh", "tanh"}, {1, 3, 0, 2}};
static const struct kind gru = {"gru_sequence", 3, 2, {"sigmoid", "tanh"}, {0, 1, 2}};
static const struct kind rnn = {"rnn_sequence", 1, 1, {"tanh"}, {0}};

/* One direction: x [batch, steps, inputs], states [batch, hidden], weights of all gates. */
struct pass {
    th_value x, h, c, w, r, b, lengths;
    bool reverse;
};

static const struct kind *kind_of(const struct ov_node *n)
{
    return *n->row->type == 'L' ? &lstm : *n->row->type == 'G' ? &gru : &rnn;
}

/* ---- attributes ------------------------------------------------------------------------------ */

/* The format knows the first three of the record's activations; none has parameters. */
static int activation(const char *s, size_t len)
{
    static const char *const names[] = {"sigmoid", "tanh", "relu"};

    for (size_t i = 0; i < TH_ARRAY_LEN(names); i++) {
        size_t k = 0;
        while (k < len && tolower((unsigned char)s[k]) == names[i][k])
            k++;
        if (k == len && names[i][k] == '\0')
            return (int)i;
    }
    return -1;
}

static bool set_activations(const struct ov_node *n, const struct kind *k, int acts[3],
                            struct th_attr_list *a)
{
    static const char *const slots[] = {"f", "g", "h"};
    const char *text = ov_attr_text(n, "activations");

    if (text != NULL && *text == '\0')
        text = NULL;
    for (int i = 0; i < k->activations; i++) {
        size_t len = text != NULL ? strcspn(text, ", ") : strlen(k->acts[i]);
        acts[i] = activation(text != NULL ? text : k->acts[i], len);
        if (acts[i] < 0) {
            ov_reject(n, "activation %d, '%.60s', is not supported; possible are sigmoid, tanh, "
                      "relu", i, text != NULL ? text : "");
            return false;
        }
        th_attr_list_enum(a, slots[i], acts[i]);
        if (text != NULL)
            text += len + strspn(text + len, ", ");
    }
    return true;
}

static bool set_attrs(const struct ov_node *n, const struct kind *k, bool reverse,
                      struct th_attr_list *a)
{
    int acts[3];
    double clip;

    if (!ov_attr_float(n, "clip", 0, &clip) || !set_activations(n, k, acts, a))
        return false;
    /* the format does not hold the cell itself, the record does: from 10 on tanh cannot tell */
    if (k == &lstm && clip > 0 && clip < 1e30 && (clip < 10 || acts[2] != 1)) {
        ov_reject(n, "clip %g; nearest supported form: none, or at least 10 with tanh for the cell",
                  clip);
        return false;
    }
    if (clip > 0 && clip < 1e30)
        th_attr_list_float(a, "clip", clip);
    if (reverse)
        th_attr_list_bool(a, "reverse", true);
    if (k == &gru && ov_attr_bool(n, "linear_before_reset", false))
        th_attr_list_bool(a, "linear_before_reset", true);
    return true;
}

/* What the first versions of LSTM layers had besides. p: the operand with peepholes. */
static enum th_status check_first(const struct ov_node *n, uint32_t p)
{
    static const char *const formats[] = {"fico", NULL};
    int format;

    if (!ov_attr_choice(n, "weights_format", formats, 0, &format))
        return TH_ERR_INPUT;
    if (ov_attr_bool(n, "input_forget", false))
        return ov_reject(n, "input_forget is not supported");
    if (n->layer->n_inputs <= p)
        return TH_OK;
    const struct th_tensor *c = th_value_const(n->scope->graph, ov_in(n, p));
    bool zero = c != NULL;
    for (int64_t i = 0; zero && i < th_type_elems(&c->type); i++)
        zero = th_tensor_real(c, i) == 0;
    return zero ? TH_OK : ov_reject(n, "peepholes are not supported");
}

/* ---- weights --------------------------------------------------------------------------------- */

static enum th_status join(const struct ov_node *n, const th_value *in, uint32_t count,
                           int64_t axis, th_value *out)
{
    struct th_attr_list a = {.n = 0};

    *out = in[0];
    if (count == 1)
        return TH_OK;
    th_attr_list_int(&a, "axis", axis);
    return ov_add(n, "concat", in, count, &a, out);
}

/* Blocks of `hidden` rows in the record's order. */
static enum th_status reorder(const struct ov_node *n, const struct kind *k, int64_t hidden,
                              th_value *v)
{
    th_value parts[4];

    for (int i = 0; i < k->gates; i++)
        TH_TRY(ov_slice_axis(n, *v, 0, k->order[i] * hidden, hidden, &parts[i]));
    return join(n, parts, (uint32_t)k->gates, 0, v);
}

/* The file has one bias a gate, the record one of each product; with linear_before_reset the file
 * has a fourth block, the candidate's of the recurrent product. */
static enum th_status biases(const struct ov_node *n, const struct kind *k, int64_t hidden,
                             bool linear, th_value *b)
{
    th_value parts[3] = {*b, 0, 0};
    int64_t rest = k->gates * hidden, count = linear ? 3 : 2;
    float *zeros = TH_NEW_ARRAY(n->scope->im->arena, float, (size_t)rest);

    if (zeros == NULL)
        return TH_ERR_INTERNAL;
    if (linear) {
        TH_TRY(ov_slice_axis(n, *b, 0, 3 * hidden, hidden, &parts[2]));
        TH_TRY(ov_slice_axis(n, *b, 0, 0, 3 * hidden, &parts[0]));
        rest = 2 * hidden;
    } else {
        TH_TRY(reorder(n, k, hidden, &parts[0]));
    }
    parts[1] = ov_const_f32(n, 1, &rest, zeros);
    return parts[1] != 0 ? join(n, parts, (uint32_t)count, 0, b) : TH_ERR_INTERNAL;
}

static enum th_status check_sizes(const struct ov_node *n, const struct kind *k,
                                  const struct pass *p, int64_t hidden, bool linear)
{
    int64_t rows, biased;

    if (hidden < 1 || !th_mul_i64(hidden, k->gates, &rows) ||
        !th_mul_i64(hidden, k->gates + linear, &biased))
        return ov_reject(n, "a state of %" PRId64 " numbers", hidden);
    if (ov_type(n, p->w)->dims[0] != rows || ov_type(n, p->r)->dims[0] != rows ||
        ov_type(n, p->b)->dims[0] != biased)
        return ov_reject(n, "weights of %" PRId64 ", %" PRId64 " and %" PRId64
                         " rows for a state of %" PRId64, ov_type(n, p->w)->dims[0],
                         ov_type(n, p->r)->dims[0],
                         ov_type(n, p->b)->dims[0], hidden);
    return TH_OK;
}

/* out: [steps, batch, hidden], then the states after the last step. */
static enum th_status add_pass(const struct ov_node *n, const struct kind *k, struct pass *p,
                               th_value out[3])
{
    bool linear = k == &gru && ov_attr_bool(n, "linear_before_reset", false);
    int64_t hidden = ov_type(n, p->h)->dims[1];
    struct th_attr_list a = {.n = 0};
    struct th_type like = th_type_make(TH_DT_F32, -1, NULL);
    const struct th_type types[3] = {like, like, like};

    TH_TRY(check_sizes(n, k, p, hidden, linear));
    if (!set_attrs(n, k, p->reverse, &a))
        return TH_ERR_INPUT;
    TH_TRY(reorder(n, k, hidden, &p->w));
    TH_TRY(reorder(n, k, hidden, &p->r));
    TH_TRY(biases(n, k, hidden, linear, &p->b));
    TH_TRY(ov_move_axis(n, p->x, 1, 0, &p->x));
    const th_value in[7] = {p->x, p->w, p->r, p->b, p->lengths, p->h, p->c};
    const struct th_node_desc d = {
        .op = k->op, .contract = OV_CONTRACT, .in = in, .n_in = k == &lstm ? 7 : 6,
        .attrs = a.at, .n_attrs = a.n, .out = types, .n_out = k == &lstm ? 3 : 2, .loc = n->loc};
    return th_graph_add_node(n->scope->graph, &d, NULL, out);
}

/* ---- layers ---------------------------------------------------------------------------------- */

/* The last operand, which may be absent: zeros. */
static enum th_status cell_bias(const struct ov_node *n, const struct kind *k, uint32_t i,
                                int64_t hidden, th_value *b)
{
    int64_t blocks = k->gates + (k == &gru && ov_attr_bool(n, "linear_before_reset", false)), rows;

    *b = ov_in(n, i);
    if (*b != 0)
        return ov_need_rank(n, *b, 1, 1);
    if (!th_mul_i64(blocks, hidden, &rows) || rows < 1 ||
        !ov_charge(n->scope->im, &n->loc, (uint64_t)rows))
        return ov_reject(n, "a state of %" PRId64 " numbers", hidden);
    float *zeros = TH_NEW_ARRAY(n->scope->im->arena, float, (size_t)rows);
    *b = zeros != NULL ? ov_const_f32(n, 1, &rows, zeros) : 0;
    return *b != 0 ? TH_OK : TH_ERR_INTERNAL;
}

/* Operands: x [batch, inputs], h (and c) [batch, hidden], w, r, b. */
static enum th_status import_cell(struct ov_node *n)
{
    const struct kind *k = kind_of(n);
    uint32_t states = k == &lstm ? 2 : 1;
    th_value in[6], out[3] = {0, 0, 0};

    TH_TRY(ov_operands(n, in, states + 3));
    for (uint32_t i = 0; i < states + 3; i++)
        TH_TRY(ov_need_rank(n, in[i], 2, 2));
    if (k == &lstm)
        TH_TRY(check_first(n, 6));
    TH_TRY(cell_bias(n, k, states + 3, ov_type(n, in[1])->dims[1], &in[states + 3]));
    const struct th_type *x = ov_type(n, in[0]);
    const int64_t one[3] = {x->dims[0], 1, x->dims[1]};
    struct pass p = {.h = in[1], .c = states == 2 ? in[2] : 0, .w = in[states + 1],
                     .r = in[states + 2], .b = in[states + 3]};
    TH_TRY(ov_reshape(n, in[0], 3, one, &p.x));
    TH_TRY(add_pass(n, k, &p, out));
    for (uint32_t i = 0; i < states && i < n->layer->n_outputs; i++)
        TH_TRY(ov_bind(n, i, out[1 + i]));
    return TH_OK;
}

/* 0 in *out if every sequence has the full length. */
static enum th_status lengths_of(const struct ov_node *n, th_value v, int64_t steps, th_value *out)
{
    const struct th_tensor *c = th_value_const(n->scope->graph, v);
    bool full = c != NULL;

    for (int64_t i = 0; full && i < th_type_elems(&c->type); i++)
        full = th_tensor_int(c, i) == steps;
    *out = 0;
    return full ? TH_OK : ov_cast(n, v, TH_DT_S32, out);
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

/* An axis of one direction in front of axis 1. */
static enum th_status with_direction(const struct ov_node *n, th_value v, th_value *out)
{
    const struct th_type t = *ov_type(n, v);
    int64_t dims[TH_MAX_RANK];

    for (int32_t i = 0; i <= t.rank; i++)
        dims[i] = i == 0 ? t.dims[0] : i == 1 ? 1 : t.dims[i - 1];
    return ov_reshape(n, v, t.rank + 1, dims, out);
}

/* Operands: x [batch, steps, inputs], h (and c) [batch, directions, hidden], lengths [batch],
 * w and r [directions, ...], b [directions, ...]. */
static enum th_status import_sequence(struct ov_node *n)
{
    static const char *const ways[] = {"forward", "reverse", "bidirectional", NULL};
    const struct kind *k = kind_of(n);
    const uint32_t states = k == &lstm ? 2 : 1, at = states + 2;
    th_value in[7], lengths, out[2][3] = {{0}};
    int way;

    TH_TRY(ov_operands(n, in, states + 5));
    if (!ov_attr_choice(n, "direction", ways, -1, &way))
        return TH_ERR_INPUT;
    if (k == &lstm)
        TH_TRY(check_first(n, 7));
    const bool back = way == 1, both = way == 2;
    const int64_t directions = both ? 2 : 1;
    for (uint32_t i = 0; i < states + 5; i++) {
        int32_t rank = i == states + 1 ? 1 : i == states + 4 ? 2 : 3;
        TH_TRY(ov_need_rank(n, in[i], rank, rank));
        if (i != 0 && i != states + 1 &&
            ov_type(n, in[i])->dims[i <= states ? 1 : 0] != directions)
            return ov_reject(n, "operand %u does not have %" PRId64 " directions", i, directions);
    }
    TH_TRY(lengths_of(n, in[states + 1], ov_type(n, in[0])->dims[1], &lengths));
    for (int64_t d = 0; d < directions; d++) {
        struct pass p = {.x = in[0], .lengths = lengths, .reverse = back || d == 1};
        TH_TRY(direction(n, in[1], 1, d, &p.h));
        if (states == 2)
            TH_TRY(direction(n, in[2], 1, d, &p.c));
        TH_TRY(direction(n, in[at], 0, d, &p.w));
        TH_TRY(direction(n, in[at + 1], 0, d, &p.r));
        TH_TRY(direction(n, in[at + 2], 0, d, &p.b));
        TH_TRY(add_pass(n, k, &p, out[d]));
        TH_TRY(ov_move_axis(n, out[d][0], 0, 1, &out[d][0]));
        for (uint32_t i = 0; i <= states; i++)
            TH_TRY(with_direction(n, out[d][i], &out[d][i]));
    }
    for (uint32_t i = 0; i <= states && i < n->layer->n_outputs; i++) {
        const th_value parts[2] = {out[0][i], out[1][i]};
        th_value y;
        TH_TRY(join(n, parts, both ? 2 : 1, 1, &y));
        TH_TRY(ov_bind(n, i, y));
    }
    return TH_OK;
}

const struct ov_row ov_rows_recurrent[] = {
    {"LSTMCell", import_cell, NULL},
    {"GRUCell", import_cell, NULL},
    {"RNNCell", import_cell, NULL},
    {"LSTMSequence", import_sequence, NULL},
    {"GRUSequence", import_sequence, NULL},
    {"RNNSequence", import_sequence, NULL},
    {NULL, NULL, NULL},
};
