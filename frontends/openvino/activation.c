/* SPDX-License-Identifier: Apache-2.0 */
/* Activations; those without an operator of their own become the arithmetic that defines them. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "import.h"

static enum th_status import_plain(struct ov_node *n)
{
    th_value x;

    TH_TRY(ov_operands(n, &x, 1));
    return ov_finish(n, n->row->ir, &x, 1, NULL);
}

static enum th_status import_relu(struct ov_node *n)
{
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    TH_TRY(ov_clamp(n, x, 0, INFINITY, &y));
    return ov_bind(n, 0, y);
}

static enum th_status import_clamp(struct ov_node *n)
{
    double lo, hi;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    if (!ov_attr_float(n, "min", -INFINITY, &lo) || !ov_attr_float(n, "max", INFINITY, &hi))
        return TH_ERR_INPUT;
    /* whole numbers: the bounds are those within */
    if (!th_dtype_is_float(ov_type(n, x)->dtype)) {
        lo = ceil(lo);
        hi = floor(hi);
    }
    if (!(lo <= hi))
        return ov_reject(n, "the bounds %g and %g are no interval", lo, hi);
    TH_TRY(ov_clamp(n, x, lo, hi, &y));
    return ov_bind(n, 0, y);
}

/* A slope of one dimension belongs to the channels, which stand second, if it has one entry for
 * each; else it is broadcast like any operand. */
static enum th_status import_prelu(struct ov_node *n)
{
    th_value in[2], y;

    TH_TRY(ov_operands(n, in, 2));
    const struct th_type *x = ov_type(n, in[0]), *slope = ov_type(n, in[1]);
    if (slope->rank == 1 && x->rank > 1 && slope->dims[0] == x->dims[1]) {
        int64_t dims[TH_MAX_RANK];
        for (int32_t i = 0; i < x->rank; i++)
            dims[i] = i == 1 ? slope->dims[0] : 1;
        TH_TRY(ov_reshape(n, in[1], x->rank, dims, &in[1]));
    }
    const struct th_tensor *c = th_value_const(n->scope->graph, in[1]);
    if (c != NULL && th_type_elems(&c->type) == 1) {
        struct th_attr_list a = {.n = 0};
        th_attr_list_float(&a, "alpha", th_tensor_real(c, 0));
        TH_TRY(ov_add(n, "leaky_relu", in, 1, &a, &y));
    } else {
        TH_TRY(ov_add(n, "prelu", in, 2, NULL, &y));
    }
    return ov_bind(n, 0, y);
}

/* factor * (x > 0 ? x : alpha * (exp(x) - 1)) */
static enum th_status add_elu(const struct ov_node *n, th_value x, double alpha, double factor,
                              th_value *y)
{
    th_value low, high;

    if (alpha == 1 && factor == 1)
        return ov_unary(n, "elu", x, y);
    TH_TRY(ov_clamp(n, x, 0, INFINITY, &high));
    TH_TRY(ov_clamp(n, x, -INFINITY, 0, &low));
    TH_TRY(ov_unary(n, "elu", low, &low));
    TH_TRY(ov_with_number(n, "mul", low, alpha * factor, &low));
    if (factor != 1)
        TH_TRY(ov_with_number(n, "mul", high, factor, &high));
    return ov_binary(n, "add", high, low, y);
}

static enum th_status import_elu(struct ov_node *n)
{
    double alpha;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    if (!ov_attr_float(n, "alpha", 1, &alpha))
        return TH_ERR_INPUT;
    TH_TRY(add_elu(n, x, alpha, 1, &y));
    return ov_bind(n, 0, y);
}

static enum th_status import_selu(struct ov_node *n)
{
    double alpha, lambda;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    if (!ov_in_float(n, 1, "alpha", &alpha) || !ov_in_float(n, 2, "lambda", &lambda))
        return TH_ERR_INPUT;
    TH_TRY(add_elu(n, x, alpha, lambda, &y));
    return ov_bind(n, 0, y);
}

static enum th_status import_hard_sigmoid(struct ov_node *n)
{
    struct th_attr_list a = {.n = 0};
    double alpha, beta;
    th_value x;

    TH_TRY(ov_operands(n, &x, 1));
    if (!ov_in_float(n, 1, "alpha", &alpha) || !ov_in_float(n, 2, "beta", &beta))
        return TH_ERR_INPUT;
    th_attr_list_float(&a, "alpha", alpha);
    th_attr_list_float(&a, "beta", beta);
    return ov_finish(n, "hard_sigmoid", &x, 1, &a);
}

static enum th_status import_hsigmoid(struct ov_node *n)
{
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    TH_TRY(ov_with_number(n, "add", x, 3, &y));
    TH_TRY(ov_clamp(n, y, 0, 6, &y));
    TH_TRY(ov_with_number(n, "mul", y, 1.0 / 6, &y));
    return ov_bind(n, 0, y);
}

/* x * sigmoid(beta * x) */
static enum th_status import_swish(struct ov_node *n)
{
    double beta = 1;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    if (n->layer->n_inputs > 1 && !ov_in_float(n, 1, "beta", &beta))
        return TH_ERR_INPUT;
    if (beta == 1)
        return ov_finish(n, "silu", &x, 1, NULL);
    TH_TRY(ov_with_number(n, "mul", x, beta, &y));
    TH_TRY(ov_unary(n, "logistic", y, &y));
    TH_TRY(ov_binary(n, "mul", x, y, &y));
    return ov_bind(n, 0, y);
}

static enum th_status import_gelu(struct ov_node *n)
{
    static const char *const modes[] = {"erf", "tanh", NULL};
    struct th_attr_list a = {.n = 0};
    int mode;
    th_value x;

    TH_TRY(ov_operands(n, &x, 1));
    if (!ov_attr_choice(n, "approximation_mode", modes, 0, &mode))
        return TH_ERR_INPUT;
    th_attr_list_bool(&a, "approximate", mode == 1);
    return ov_finish(n, "gelu", &x, 1, &a);
}

/* The operators work along the last axis. */
static enum th_status import_softmax(struct ov_node *n)
{
    struct th_attr_list a = {.n = 0};
    int64_t given;
    int32_t axis;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    TH_TRY(ov_need_rank(n, x, 1, TH_MAX_RANK));
    if (strcmp(n->row->ir, "softmax") == 0)
        th_attr_list_float(&a, "beta", 1);
    int32_t rank = ov_type(n, x)->rank;
    if (!ov_attr_int(n, "axis", 1, &given) || !ov_axis(n, given, rank, &axis))
        return TH_ERR_INPUT;
    TH_TRY(ov_move_axis(n, x, axis, rank - 1, &x));
    TH_TRY(ov_add(n, n->row->ir, &x, 1, &a, &y));
    TH_TRY(ov_move_axis(n, y, rank - 1, axis, &y));
    return ov_bind(n, 0, y);
}

const struct ov_row ov_rows_activation[] = {
    {"ReLU", import_relu, NULL},
    {"Relu", import_relu, NULL},
    {"Clamp", import_clamp, NULL},
    {"PReLU", import_prelu, NULL},
    {"PRelu", import_prelu, NULL},
    {"Elu", import_elu, NULL},
    {"Selu", import_selu, NULL},
    {"Sigmoid", import_plain, "logistic"},
    {"Tanh", import_plain, "tanh"},
    {"HSwish", import_plain, "hard_swish"},
    {"HSigmoid", import_hsigmoid, NULL},
    {"HardSigmoid", import_hard_sigmoid, NULL},
    {"SoftPlus", import_plain, "softplus"},
    {"Softplus", import_plain, "softplus"},
    {"SoftSign", import_plain, "softsign"},
    {"Mish", import_plain, "mish"},
    {"Swish", import_swish, NULL},
    {"Gelu", import_gelu, NULL},
    {"SoftMax", import_softmax, "softmax"},
    {"Softmax", import_softmax, "softmax"},
    {"LogSoftmax", import_softmax, "log_softmax"},
    {NULL, NULL, NULL},
};
