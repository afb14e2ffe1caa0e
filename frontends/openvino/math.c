/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise arithmetic, comparisons, matrix products, attention. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "import.h"

/* ---- two operands ---------------------------------------------------------------------------- */

enum broadcast { NUMPY, NONE, PDPD };

static bool broadcast_of(const struct ov_node *n, enum broadcast *b)
{
    static const char *const modes[] = {"numpy", "none", "pdpd", "explicit", NULL};
    int mode;

    if (!ov_attr_choice(n, "auto_broadcast", modes, NUMPY, &mode))
        return false;
    *b = mode == 3 ? NONE : (enum broadcast)mode;
    return true;
}

static bool same_shape(const struct th_type *a, const struct th_type *b)
{
    bool same = a->rank == b->rank;

    for (int32_t i = 0; same && i < a->rank; i++)
        same = a->dims[i] == b->dims[i];
    return same;
}

/* The second operand's axes lie on the first's from `axis` on; those of 1 at its end count for
 * nothing. */
static enum th_status align_pdpd(const struct ov_node *n, th_value in[2])
{
    const char *const name = ov_attr_text(n, "auto_broadcast_axis") != NULL
                                 ? "auto_broadcast_axis" : "axis";
    const struct th_type *a = ov_type(n, in[0]), *b = ov_type(n, in[1]);
    int64_t dims[TH_MAX_RANK], axis;
    int32_t rank = b->rank;

    if (!ov_attr_int(n, name, -1, &axis))
        return TH_ERR_INPUT;
    if (axis == -1)
        axis = a->rank - b->rank;
    while (rank > 0 && b->dims[rank - 1] == 1)
        rank--;
    if (axis < 0 || axis > a->rank - rank)
        return ov_reject(n, "axis %" PRId64 " for a second operand of %d dimensions", axis,
                         (int)b->rank);
    for (int32_t i = 0; i < a->rank; i++) {
        dims[i] = i >= axis && i < axis + rank ? b->dims[i - axis] : 1;
        if (dims[i] != 1 && dims[i] != a->dims[i])
            return ov_reject(n, "auto_broadcast pdpd puts %" PRId64 " elements on %" PRId64
                             " of axis %d", dims[i], a->dims[i], (int)i);
    }
    return ov_reshape(n, in[1], a->rank, dims, &in[1]);
}

static enum th_status align(const struct ov_node *n, th_value in[2])
{
    enum broadcast mode;

    if (!broadcast_of(n, &mode))
        return TH_ERR_INPUT;
    if (mode == NUMPY || same_shape(ov_type(n, in[0]), ov_type(n, in[1])))
        return TH_OK;
    return mode == PDPD ? align_pdpd(n, in)
                        : ov_reject(n, "operands of unlike shapes with auto_broadcast none");
}

static enum th_status import_binary(struct ov_node *n)
{
    th_value in[2];

    TH_TRY(ov_operands(n, in, 2));
    TH_TRY(align(n, in));
    return ov_finish(n, n->row->ir, in, 2, NULL);
}

/* On truths the bits are the truth. */
static enum th_status import_bitwise(struct ov_node *n)
{
    static const char *const pairs[][2] = {
        {"bitwise_and", "logical_and"}, {"bitwise_or", "logical_or"},
        {"bitwise_xor", "logical_xor"}, {"bitwise_not", "logical_not"},
    };
    uint32_t count = strcmp(n->row->ir, "bitwise_not") == 0 ? 1 : 2;
    const char *op = n->row->ir;
    th_value in[2];

    TH_TRY(ov_operands(n, in, count));
    if (count == 2)
        TH_TRY(align(n, in));
    for (size_t i = 0; ov_type(n, in[0])->dtype == TH_DT_BOOL && i < TH_ARRAY_LEN(pairs); i++) {
        if (strcmp(n->row->ir, pairs[i][0]) == 0)
            op = pairs[i][1];
    }
    return ov_finish(n, op, in, count, NULL);
}

static enum th_status import_multiply(struct ov_node *n)
{
    bool done;

    TH_TRY(ov_scaled_weights(n, &done));
    return done ? TH_OK : import_binary(n);
}

static enum th_status import_add(struct ov_node *n)
{
    enum broadcast mode;
    bool done = false;

    if (!broadcast_of(n, &mode))
        return TH_ERR_INPUT;
    if (mode == NUMPY)
        TH_TRY(ov_layer_bias(n, &done));
    return done ? TH_OK : import_binary(n);
}

/* Whole numbers divide towards minus infinity, unless m_pythondiv says otherwise. */
static enum th_status import_divide(struct ov_node *n)
{
    th_value in[2];

    TH_TRY(ov_operands(n, in, 2));
    TH_TRY(align(n, in));
    bool whole = th_dtype_is_int(ov_type(n, in[0])->dtype);
    bool floors = ov_attr_bool(n, "m_pythondiv", true);
    return ov_finish(n, whole && floors ? "floor_div" : "div", in, 2, NULL);
}

static enum th_status import_select(struct ov_node *n)
{
    enum broadcast mode;
    th_value in[3];

    TH_TRY(ov_operands(n, in, 3));
    if (!broadcast_of(n, &mode))
        return TH_ERR_INPUT;
    bool same = same_shape(ov_type(n, in[0]), ov_type(n, in[1])) &&
                same_shape(ov_type(n, in[1]), ov_type(n, in[2]));
    if (mode != NUMPY && !same)
        return ov_reject(n, "operands of unlike shapes with auto_broadcast none or pdpd; nearest "
                         "supported form: numpy");
    return ov_finish(n, "select", in, 3, NULL);
}

/* ---- one operand ----------------------------------------------------------------------------- */

static enum th_status import_unary(struct ov_node *n)
{
    th_value x;

    TH_TRY(ov_operands(n, &x, 1));
    return ov_finish(n, n->row->ir, &x, 1, NULL);
}

/* Whole numbers are rounded already. */
static enum th_status import_floor(struct ov_node *n)
{
    th_value x;

    TH_TRY(ov_operands(n, &x, 1));
    return th_dtype_is_float(ov_type(n, x)->dtype) ? import_unary(n) : ov_bind(n, 0, x);
}

/* The next whole number from one half on, counted from what lies below: adding the half to the
 * number itself would round. */
static enum th_status round_away(struct ov_node *n, th_value x)
{
    th_value sign, size, whole, up, y;

    TH_TRY(ov_unary(n, "sign", x, &sign));
    TH_TRY(ov_unary(n, "abs", x, &size));
    TH_TRY(ov_unary(n, "floor", size, &whole));
    TH_TRY(ov_binary(n, "sub", size, whole, &up));
    TH_TRY(ov_with_number(n, "greater_equal", up, 0.5, &up));
    TH_TRY(ov_cast(n, up, ov_type(n, x)->dtype, &up));
    TH_TRY(ov_binary(n, "add", whole, up, &y));
    TH_TRY(ov_binary(n, "mul", y, sign, &y));
    return ov_bind(n, 0, y);
}

static enum th_status import_round(struct ov_node *n)
{
    static const char *const modes[] = {"half_to_even", "half_away_from_zero", NULL};
    int mode;
    th_value x;

    TH_TRY(ov_operands(n, &x, 1));
    if (!ov_attr_choice(n, "mode", modes, 0, &mode))
        return TH_ERR_INPUT;
    if (!th_dtype_is_float(ov_type(n, x)->dtype))
        return ov_bind(n, 0, x);
    return mode == 0 ? ov_finish(n, n->row->ir, &x, 1, NULL) : round_away(n, x);
}

static enum th_status import_is_inf(struct ov_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value x;

    TH_TRY(ov_operands(n, &x, 1));
    th_attr_list_bool(&a, "positive", ov_attr_bool(n, "detect_positive", true));
    th_attr_list_bool(&a, "negative", ov_attr_bool(n, "detect_negative", true));
    return ov_finish(n, "is_inf", &x, 1, &a);
}

/* ---- matrix products ------------------------------------------------------------------------- */

static bool adjoint(const struct ov_node *n, int side)
{
    return ov_attr_bool(n, side == 0 ? "transpose_a" : "transpose_b", false);
}

/* A vector is a row on the left, a column on the right. */
static enum th_status as_matrix(const struct ov_node *n, th_value v, int side, th_value *out)
{
    const struct th_type *t = ov_type(n, v);
    const int64_t row[2] = {1, t->dims[0]}, column[2] = {t->dims[0], 1};

    *out = v;
    return t->rank == 1 ? ov_reshape(n, v, 2, side == 0 ? row : column, out) : TH_OK;
}

static enum th_status swap_last(const struct ov_node *n, th_value v, th_value *out)
{
    int32_t rank = ov_type(n, v)->rank;

    return ov_move_axis(n, v, rank - 1, rank - 2, out);
}

/* Constant weights on the right: a dense layer with leading dimensions. */
static enum th_status dense(const struct ov_node *n, th_value a, th_value b, bool turn_b,
                            th_value *y)
{
    struct th_attr_list attrs = {.n = 0};

    th_value kept = ov_stored(n, b);
    if (turn_b && kept != 0) {
        TH_TRY(swap_last(n, kept, &kept));
        TH_TRY(ov_dequantize(n, kept, &b));
    } else if (turn_b) {
        TH_TRY(swap_last(n, b, &b));
    }
    const th_value in[3] = {a, b, 0};
    th_attr_list_bool(&attrs, "keep_dims", true);
    return ov_add(n, "fully_connected", in, 3, &attrs, y);
}

static bool is_weights(const struct ov_node *n, th_value b)
{
    th_value v = b;

    /* through what makes weights of stored ones: conversion, scale */
    for (int i = 0; i < 8 && !th_value_is_const(n->scope->graph, v); i++) {
        th_node d = th_value_def(n->scope->graph, v);
        if (d == 0 || th_node_input_count(n->scope->graph, d) == 0)
            return false;
        v = th_node_input(n->scope->graph, d, 0);
        if (v == 0)
            return false;
    }
    return th_value_is_const(n->scope->graph, v) && ov_type(n, b)->rank == 2;
}

static enum th_status import_matmul(struct ov_node *n)
{
    th_value in[2], a, b, y;
    bool left_vector, right_vector;

    TH_TRY(ov_operands(n, in, 2));
    TH_TRY(ov_need_rank(n, in[0], 1, TH_MAX_RANK));
    TH_TRY(ov_need_rank(n, in[1], 1, TH_MAX_RANK));
    left_vector = ov_type(n, in[0])->rank == 1;
    right_vector = ov_type(n, in[1])->rank == 1;
    bool turn_a = adjoint(n, 0) && !left_vector, turn_b = adjoint(n, 1) && !right_vector;
    TH_TRY(as_matrix(n, in[0], 0, &a));
    TH_TRY(as_matrix(n, in[1], 1, &b));
    if (ov_type(n, a)->dtype == TH_DT_F32 && is_weights(n, b) && !is_weights(n, a)) {
        if (turn_a)
            TH_TRY(swap_last(n, a, &a));
        TH_TRY(dense(n, a, b, !turn_b, &y));
    } else {
        struct th_attr_list attrs = {.n = 0};
        const th_value ops[2] = {a, b};
        th_attr_list_bool(&attrs, "adj_a", turn_a);
        th_attr_list_bool(&attrs, "adj_b", turn_b);
        TH_TRY(ov_add(n, "batch_matmul", ops, 2, &attrs, &y));
    }
    struct th_type t = *ov_type(n, y);
    if (left_vector && t.rank >= 2) {
        t.dims[t.rank - 2] = t.dims[t.rank - 1];
        t.rank--;
    }
    t.rank -= right_vector;
    TH_TRY(ov_reshape(n, y, t.rank, t.dims, &y));
    return ov_bind(n, 0, y);
}

/* ---- attention ------------------------------------------------------------------------------- */

/* Added to the scores: 0 where a query may look, a large negative number elsewhere. */
static enum th_status causal_mask(const struct ov_node *n, int64_t queries, int64_t keys,
                                  th_value *out)
{
    const int64_t dims[2] = {queries, keys};
    int64_t count;

    if (!th_mul_i64(queries, keys, &count) ||
        !ov_charge(n->scope->im, &n->loc, (uint64_t)count * sizeof(float)))
        return TH_ERR_INPUT;
    float *mask = TH_NEW_ARRAY(n->scope->im->arena, float, (size_t)count);
    if (mask == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < count; i++)
        mask[i] = i % keys > i / keys ? -INFINITY : 0.0f;
    *out = ov_const_f32(n, 2, dims, mask);
    return *out != 0 ? TH_OK : TH_ERR_INTERNAL;
}

/* A mask of truths becomes numbers to add. */
static enum th_status additive(const struct ov_node *n, th_value mask, th_value *out)
{
    static const float numbers[2] = {0.0f, -INFINITY};
    th_value in[3] = {mask, ov_const_f32(n, 0, NULL, &numbers[0]),
                      ov_const_f32(n, 0, NULL, &numbers[1])};

    *out = mask;
    if (ov_type(n, mask)->dtype != TH_DT_BOOL)
        return TH_OK;
    return in[1] != 0 && in[2] != 0 ? ov_add(n, "select", in, 3, NULL, out) : TH_ERR_INTERNAL;
}

/* softmax(q * k' * scale + mask) * v */
static enum th_status import_attention(struct ov_node *n)
{
    struct th_attr_list turn = {.n = 0}, beta = {.n = 0};
    bool causal = ov_attr_bool(n, "causal", false);
    th_value in[3], scores, mask = 0, y;
    double scale;

    TH_TRY(ov_operands(n, in, 3));
    for (int i = 0; i < 3; i++)
        TH_TRY(ov_need_rank(n, in[i], 2, TH_MAX_RANK));
    const struct th_type *q = ov_type(n, in[0]), *k = ov_type(n, in[1]);
    scale = 1 / sqrt((double)q->dims[q->rank - 1]);
    if (n->layer->n_inputs > 4 && !ov_in_float(n, 4, "scale", &scale))
        return TH_ERR_INPUT;
    if (n->layer->n_inputs > 5)
        return ov_reject(n, "a sink is not supported");
    int64_t queries = q->dims[q->rank - 2], keys = k->dims[k->rank - 2];
    th_attr_list_bool(&turn, "adj_b", true);
    TH_TRY(ov_with_number(n, "mul", in[0], scale, &in[0]));
    TH_TRY(ov_add(n, "batch_matmul", in, 2, &turn, &scores));
    if (causal)
        TH_TRY(causal_mask(n, queries, keys, &mask));
    else if (n->layer->n_inputs > 3)
        TH_TRY(additive(n, ov_in(n, 3), &mask));
    if (mask != 0 && !(ov_type(n, mask)->rank == 0 && !causal))
        TH_TRY(ov_binary(n, "add", scores, mask, &scores));
    th_attr_list_float(&beta, "beta", 1);
    TH_TRY(ov_add(n, "softmax", &scores, 1, &beta, &scores));
    const th_value last[2] = {scores, in[2]};
    TH_TRY(ov_add(n, "batch_matmul", last, 2, NULL, &y));
    return ov_bind(n, 0, y);
}

const struct ov_row ov_rows_math[] = {
    {"Add", import_add, "add"},
    {"Subtract", import_binary, "sub"},
    {"Multiply", import_multiply, "mul"},
    {"Divide", import_divide, NULL},
    {"Maximum", import_binary, "maximum"},
    {"Minimum", import_binary, "minimum"},
    {"Power", import_binary, "pow"},
    {"FloorMod", import_binary, "floor_mod"},
    {"Mod", import_binary, "rem"},
    {"SquaredDifference", import_binary, "squared_difference"},
    {"Equal", import_binary, "equal"},
    {"NotEqual", import_binary, "not_equal"},
    {"Less", import_binary, "less"},
    {"LessEqual", import_binary, "less_equal"},
    {"Greater", import_binary, "greater"},
    {"GreaterEqual", import_binary, "greater_equal"},
    {"LogicalAnd", import_binary, "logical_and"},
    {"LogicalOr", import_binary, "logical_or"},
    {"LogicalXor", import_binary, "logical_xor"},
    {"Xor", import_binary, "logical_xor"},
    {"LogicalNot", import_unary, "logical_not"},
    {"BitwiseXor", import_bitwise, "bitwise_xor"},
    {"BitwiseAnd", import_bitwise, "bitwise_and"},
    {"BitwiseOr", import_bitwise, "bitwise_or"},
    {"BitwiseNot", import_bitwise, "bitwise_not"},
    {"BitwiseLeftShift", import_binary, "left_shift"},
    {"BitwiseRightShift", import_binary, "right_shift"},
    {"Select", import_select, NULL},
    {"Abs", import_unary, "abs"},
    {"Negative", import_unary, "neg"},
    {"Exp", import_unary, "exp"},
    {"Log", import_unary, "log"},
    {"Sqrt", import_unary, "sqrt"},
    {"Sin", import_unary, "sin"},
    {"Cos", import_unary, "cos"},
    {"Tan", import_unary, "tan"},
    {"Asin", import_unary, "asin"},
    {"Acos", import_unary, "acos"},
    {"Atan", import_unary, "atan"},
    {"Sinh", import_unary, "sinh"},
    {"Cosh", import_unary, "cosh"},
    {"Asinh", import_unary, "asinh"},
    {"Acosh", import_unary, "acosh"},
    {"Atanh", import_unary, "atanh"},
    {"Erf", import_unary, "erf"},
    {"IsNaN", import_unary, "is_nan"},
    {"IsInf", import_is_inf, NULL},
    {"Ceiling", import_floor, "ceil"},
    {"Floor", import_floor, "floor"},
    {"Sign", import_unary, "sign"},
    {"Round", import_round, "round"},
    {"MatMul", import_matmul, NULL},
    {"ScaledDotProductAttention", import_attention, NULL},
    {NULL, NULL, NULL},
};
