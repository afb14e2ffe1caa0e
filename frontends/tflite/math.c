/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise arithmetic. Operands broadcast as in numpy. */
#include <inttypes.h>
#include <math.h>

#include "import.h"

static enum th_status operands(struct tfl_node *n, th_value *in, size_t count)
{
    if (n->op->ninputs != count || n->op->noutputs != 1)
        return tfl_reject(n, NULL, "%zu operands and %zu results instead of %zu and 1",
                          n->op->ninputs, n->op->noutputs, count);
    for (size_t i = 0; i < count; i++) {
        in[i] = tfl_in(n, i);
        if (in[i] == 0)
            return tfl_reject(n, NULL, "operand %zu is absent", i);
    }
    return TH_OK;
}

static enum th_status import_unary(struct tfl_node *n)
{
    th_value x;

    TH_TRY(operands(n, &x, 1));
    return tfl_finish(n, n->row->ir, &x, 1, NULL);
}

static enum th_status import_binary(struct tfl_node *n)
{
    th_value in[2];

    TH_TRY(operands(n, in, 2));
    return tfl_finish(n, n->row->ir, in, 2, NULL);
}

static enum th_status import_arithmetic(struct tfl_node *n)
{
    th_value in[2];
    struct th_attr_list a = {.n = 0};

    TH_TRY(operands(n, in, 2));
    if (!tfl_activation(n, &a))
        return TH_ERR_INPUT;
    return tfl_finish(n, n->row->ir, in, 2, &a);
}

/* A sum of many. Integers would be rounded at every step, which the operator does not do. */
static enum th_status import_add_n(struct tfl_node *n)
{
    th_value sum = tfl_in(n, 0);

    if (sum == 0 || n->op->noutputs != 1)
        return tfl_reject(n, NULL, "operand 0 is absent");
    if (n->op->ninputs == 1)
        return tfl_finish(n, "copy", &sum, 1, NULL);
    if (n->op->ninputs > 2 && tfl_type_of(n, sum)->quant != NULL)
        return tfl_reject(n, "ADD of two operands", "a quantized sum of %zu operands",
                          n->op->ninputs);
    for (size_t i = 1; i < n->op->ninputs; i++) {
        th_value in[2] = {sum, tfl_in(n, i)};
        if (in[1] == 0)
            return tfl_reject(n, NULL, "operand %zu is absent", i);
        if (i + 1 == n->op->ninputs)
            return tfl_finish(n, "add", in, 2, NULL);
        TH_TRY(tfl_add_typed(n, "add", in, 2, NULL, tfl_type_of(n, sum), &sum));
    }
    return TH_OK;
}

static enum th_status import_clamp(struct tfl_node *n, double least, double most)
{
    th_value x;
    struct th_attr_list a = {.n = 0};

    TH_TRY(operands(n, &x, 1));
    th_attr_list_float(&a, "act_min", least);
    th_attr_list_float(&a, "act_max", most);
    return tfl_finish(n, "clamp", &x, 1, &a);
}

static enum th_status import_relu(struct tfl_node *n)
{
    return import_clamp(n, 0, INFINITY);
}

static enum th_status import_relu6(struct tfl_node *n)
{
    return import_clamp(n, 0, 6);
}

static enum th_status import_relu_n1_to_1(struct tfl_node *n)
{
    return import_clamp(n, -1, 1);
}

static enum th_status import_relu_0_to_1(struct tfl_node *n)
{
    return import_clamp(n, 0, 1);
}

static enum th_status import_leaky_relu(struct tfl_node *n)
{
    th_value x;
    struct th_attr_list a = {.n = 0};
    float alpha = tfl_option_float(n->op, "alpha", 0.0f);

    TH_TRY(operands(n, &x, 1));
    if (!isfinite(alpha))
        return tfl_reject(n, NULL, "alpha is no number");
    th_attr_list_float(&a, "alpha", (double)alpha);
    return tfl_finish(n, "leaky_relu", &x, 1, &a);
}

static enum th_status import_gelu(struct tfl_node *n)
{
    th_value x;
    struct th_attr_list a = {.n = 0};

    TH_TRY(operands(n, &x, 1));
    th_attr_list_bool(&a, "approximate", tfl_option_int(n->op, "approximate", 0) != 0);
    return tfl_finish(n, "gelu", &x, 1, &a);
}

static enum th_status import_select(struct tfl_node *n)
{
    th_value in[3];
    const struct th_type *c, *x;

    TH_TRY(operands(n, in, 3));
    c = tfl_type_of(n, in[0]);
    x = tfl_type_of(n, in[1]);
    /* The first version of the operator lets a vector of conditions choose whole rows. */
    if (n->row->ir != NULL && c->rank == 1 && x->rank > 1) {
        int64_t dims[TH_MAX_RANK] = {c->dims[0], 1, 1, 1, 1, 1, 1, 1};
        TH_TRY(tfl_reshape(n, in[0], (size_t)x->rank, dims, &in[0]));
    }
    return tfl_finish(n, "select", in, 3, NULL);
}

static enum th_status import_cumsum(struct tfl_node *n)
{
    th_value x = tfl_in(n, 0);
    struct th_attr_list a = {.n = 0};
    int64_t given;
    size_t axis;

    if (x == 0 || !tfl_in_int(n, 1, "axis", &given) ||
        !tfl_axis(n, given, (size_t)tfl_type_of(n, x)->rank, &axis))
        return TH_ERR_INPUT;
    th_attr_list_int(&a, "axis", (int64_t)axis);
    th_attr_list_bool(&a, "exclusive", tfl_option_int(n->op, "exclusive", 0) != 0);
    th_attr_list_bool(&a, "reverse", tfl_option_int(n->op, "reverse", 0) != 0);
    return tfl_finish(n, "cumsum", &x, 1, &a);
}

const struct tfl_row tfl_rows_math[] = {
    {"ADD", import_arithmetic, "add"},
    {"SUB", import_arithmetic, "sub"},
    {"MUL", import_arithmetic, "mul"},
    {"DIV", import_arithmetic, "div"},
    {"ADD_N", import_add_n, NULL},
    {"MAXIMUM", import_binary, "maximum"},
    {"MINIMUM", import_binary, "minimum"},
    {"POW", import_binary, "pow"},
    {"FLOOR_DIV", import_binary, "floor_div"},
    {"FLOOR_MOD", import_binary, "floor_mod"},
    {"SQUARED_DIFFERENCE", import_binary, "squared_difference"},
    {"ATAN2", import_binary, "atan2"},
    {"EQUAL", import_binary, "equal"},
    {"NOT_EQUAL", import_binary, "not_equal"},
    {"LESS", import_binary, "less"},
    {"LESS_EQUAL", import_binary, "less_equal"},
    {"GREATER", import_binary, "greater"},
    {"GREATER_EQUAL", import_binary, "greater_equal"},
    {"LOGICAL_AND", import_binary, "logical_and"},
    {"LOGICAL_OR", import_binary, "logical_or"},
    {"BITWISE_XOR", import_binary, "bitwise_xor"},
    {"RIGHT_SHIFT", import_binary, "right_shift"},
    {"LOGICAL_NOT", import_unary, "logical_not"},
    {"ABS", import_unary, "abs"},
    {"NEG", import_unary, "neg"},
    {"EXP", import_unary, "exp"},
    {"LOG", import_unary, "log"},
    {"SIN", import_unary, "sin"},
    {"COS", import_unary, "cos"},
    {"SQRT", import_unary, "sqrt"},
    {"RSQRT", import_unary, "rsqrt"},
    {"SQUARE", import_unary, "square"},
    {"CEIL", import_unary, "ceil"},
    {"FLOOR", import_unary, "floor"},
    {"ROUND", import_unary, "round"},
    {"SIGN", import_unary, "sign"},
    {"ELU", import_unary, "elu"},
    {"LOGISTIC", import_unary, "logistic"},
    {"TANH", import_unary, "tanh"},
    {"HARD_SWISH", import_unary, "hard_swish"},
    {"GELU", import_gelu, NULL},
    {"RELU", import_relu, NULL},
    {"RELU6", import_relu6, NULL},
    {"RELU_N1_TO_1", import_relu_n1_to_1, NULL},
    {"RELU_0_TO_1", import_relu_0_to_1, NULL},
    {"LEAKY_RELU", import_leaky_relu, NULL},
    {"SELECT", import_select, "rows"},
    {"SELECT_V2", import_select, NULL},
    {"CUMSUM", import_cumsum, NULL},
    {NULL, NULL, NULL},
};
