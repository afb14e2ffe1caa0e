/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise arithmetic. Operands broadcast as in numpy. */
#include <string.h>

#include "import.h"

/* Constants of fewer axes get the missing ones in front, so that a change of layout can turn
 * them. */
static enum th_status same_rank(struct onx_node *n, th_value *in, size_t count)
{
    int32_t rank = 0;

    for (size_t i = 0; i < count; i++)
        if (onx_type(n, in[i])->rank > rank)
            rank = onx_type(n, in[i])->rank;
    for (size_t i = 0; i < count; i++) {
        struct th_type t = *onx_type(n, in[i]);
        int64_t dims[TH_MAX_RANK];
        if (t.rank == rank || onx_const(n, in[i]) == NULL || th_type_elems(&t) == 1)
            continue;
        for (int32_t k = 0; k < rank; k++)
            dims[k] = k < rank - t.rank ? 1 : t.dims[k - (rank - t.rank)];
        TH_TRY(onx_reshape(n, in[i], rank, dims, &in[i]));
    }
    return TH_OK;
}

static enum th_status import_unary(struct onx_node *n)
{
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    return onx_finish(n, n->row->ir, &x, 1, NULL);
}

static enum th_status import_binary(struct onx_node *n)
{
    th_value in[2];

    TH_TRY(onx_need(n, in, 2));
    TH_TRY(same_rank(n, in, 2));
    return onx_finish(n, n->row->ir, in, 2, NULL);
}

/* Sum, Max, Min of any number of operands. */
static enum th_status import_variadic(struct onx_node *n)
{
    th_value y = onx_in(n, 0);

    if (y == 0)
        return onx_reject(n, NULL, "operand 0 is absent");
    for (size_t i = 1; i < onx_n_in(n); i++) {
        th_value in[2] = {y, onx_in(n, i)};
        if (in[1] == 0)
            return onx_reject(n, NULL, "operand %zu is absent", i);
        TH_TRY(same_rank(n, in, 2));
        TH_TRY(onx_add(n, n->row->ir, in, 2, NULL, &y));
    }
    return onx_bind(n, 0, y);
}

static enum th_status import_mean(struct onx_node *n)
{
    th_value y = onx_in(n, 0), k;

    if (y == 0)
        return onx_reject(n, NULL, "operand 0 is absent");
    for (size_t i = 1; i < onx_n_in(n); i++) {
        th_value x = onx_in(n, i);
        if (x == 0)
            return onx_reject(n, NULL, "operand %zu is absent", i);
        TH_TRY(onx_binary(n, "add", y, x, &y));
    }
    if (onx_n_in(n) > 1) {
        TH_TRY(onx_scalar(n, onx_type(n, y)->dtype, (double)onx_n_in(n), &k));
        TH_TRY(onx_binary(n, "div", y, k, &y));
    }
    return onx_bind(n, 0, y);
}

/* ---- activations ----------------------------------------------------------------------------- */

static enum th_status import_relu(struct onx_node *n)
{
    th_value x, y, zero;

    TH_TRY(onx_need(n, &x, 1));
    if (onx_type(n, x)->dtype == TH_DT_F32 || onx_type(n, x)->quant != NULL) {
        TH_TRY(onx_clamp(n, x, 0, INFINITY, &y));
    } else {
        TH_TRY(onx_scalar(n, onx_type(n, x)->dtype, 0, &zero));
        TH_TRY(onx_binary(n, "maximum", x, zero, &y));
    }
    return onx_bind(n, 0, y);
}

/* Bounds are attributes up to version 6 and operands later. */
static enum th_status import_clip(struct onx_node *n)
{
    double lo = onx_attr_f(n, "min", -INFINITY), hi = onx_attr_f(n, "max", INFINITY);
    bool fixed = (!onx_has_in(n, 1) || onx_in_is_const(n, 1)) &&
                 (!onx_has_in(n, 2) || onx_in_is_const(n, 2));
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    y = x;
    if (fixed && onx_type(n, x)->dtype == TH_DT_F32) {
        if (!onx_in_real(n, 1, "min", &lo) || !onx_in_real(n, 2, "max", &hi))
            return TH_ERR_INPUT;
        if (!(lo <= hi))
            lo = hi;        /* the upper bound is applied last */
        TH_TRY(onx_clamp(n, x, lo, hi, &y));
        return onx_bind(n, 0, y);
    }
    if (onx_has_in(n, 1))
        TH_TRY(onx_binary(n, "maximum", y, onx_in(n, 1), &y));
    if (onx_has_in(n, 2))
        TH_TRY(onx_binary(n, "minimum", y, onx_in(n, 2), &y));
    return onx_bind(n, 0, y);
}

static enum th_status import_leaky_relu(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    th_attr_list_float(&a, "alpha", onx_attr_f(n, "alpha", (double)0.01f));
    return onx_finish(n, "leaky_relu", &x, 1, &a);
}

/* below (exp(rate x) - 1) for x < 0, else above x */
static enum th_status elu_like(struct onx_node *n, double rate, double below, double above)
{
    struct th_attr_list a = {.n = 0};
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    if (rate != 1)
        th_attr_list_float(&a, "rate", rate);
    if (below != 1)
        th_attr_list_float(&a, "below", below);
    if (above != 1)
        th_attr_list_float(&a, "above", above);
    return onx_finish(n, "elu", &x, 1, &a);
}

static enum th_status import_elu(struct onx_node *n)
{
    return elu_like(n, 1, onx_attr_f(n, "alpha", 1), 1);
}

static enum th_status import_celu(struct onx_node *n)
{
    double alpha = onx_attr_f(n, "alpha", 1);

    return alpha == 0 ? onx_reject(n, NULL, "alpha is 0") : elu_like(n, 1 / alpha, alpha, 1);
}

static enum th_status import_selu(struct onx_node *n)
{
    double gamma = onx_attr_f(n, "gamma", (double)1.05070102214813232421875f);

    return elu_like(n, 1, gamma * onx_attr_f(n, "alpha", (double)1.67326319217681884765625f),
                    gamma);
}

static enum th_status import_hard_sigmoid(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    th_attr_list_float(&a, "alpha", onx_attr_f(n, "alpha", (double)0.2f));
    th_attr_list_float(&a, "beta", onx_attr_f(n, "beta", 0.5));
    return onx_finish(n, "hard_sigmoid", &x, 1, &a);
}

static enum th_status import_thresholded_relu(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    th_attr_list_float(&a, "alpha", onx_attr_f(n, "alpha", 1));
    return onx_finish(n, "thresholded_relu", &x, 1, &a);
}

static enum th_status import_shrink(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    th_attr_list_float(&a, "lambda", onx_attr_f(n, "lambd", 0.5));
    th_attr_list_float(&a, "bias", onx_attr_f(n, "bias", 0));
    return onx_finish(n, "shrink", &x, 1, &a);
}

/* Up to version 6 a slope of one dimension goes along the channels. */
static enum th_status import_prelu(struct onx_node *n)
{
    th_value in[2];

    TH_TRY(onx_need(n, in, 2));
    const struct th_type x = *onx_type(n, in[0]);
    if (n->opset < 7 && x.rank > 1 && onx_type(n, in[1])->rank == 1) {
        int64_t dims[TH_MAX_RANK] = {1, onx_type(n, in[1])->dims[0]};
        for (int32_t i = 2; i < x.rank; i++)
            dims[i] = 1;
        TH_TRY(onx_reshape(n, in[1], x.rank, dims, &in[1]));
    }
    TH_TRY(same_rank(n, in, 2));
    return onx_finish(n, "prelu", in, 2, NULL);
}

static enum th_status import_gelu(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    th_attr_list_bool(&a, "approximate", strcmp(onx_attr_s(n, "approximate", "none"), "tanh") == 0);
    return onx_finish(n, "gelu", &x, 1, &a);
}

/* x * sigmoid(alpha x) */
static enum th_status import_silu(struct onx_node *n)
{
    const double alpha = onx_attr_f(n, "alpha", n->row->ir != NULL ? 1 : (double)1.702f);
    th_value x, y, k;

    TH_TRY(onx_need(n, &x, 1));
    if (alpha == 1)
        return onx_finish(n, "silu", &x, 1, NULL);
    TH_TRY(onx_scalar(n, onx_type(n, x)->dtype, alpha, &k));
    TH_TRY(onx_binary(n, "mul", x, k, &y));
    TH_TRY(onx_unary(n, "logistic", y, &y));
    TH_TRY(onx_binary(n, "mul", x, y, &y));
    return onx_bind(n, 0, y);
}

static enum th_status import_swiglu(struct onx_node *n)
{
    const double alpha = onx_attr_f(n, "alpha", 1);
    th_value in[2], y, k;

    TH_TRY(onx_need(n, in, 2));
    if (!th_type_same_shape(onx_type(n, in[0]), onx_type(n, in[1])))
        return onx_reject(n, NULL, "operands of two shapes");
    if (alpha == 1) {
        TH_TRY(onx_unary(n, "silu", in[0], &y));
    } else {
        TH_TRY(onx_scalar(n, onx_type(n, in[0])->dtype, alpha, &k));
        TH_TRY(onx_binary(n, "mul", in[0], k, &y));
        TH_TRY(onx_unary(n, "logistic", y, &y));
        TH_TRY(onx_binary(n, "mul", in[0], y, &y));
    }
    TH_TRY(onx_binary(n, "mul", y, in[1], &y));
    return onx_bind(n, 0, y);
}

/* ---- functions of one number ----------------------------------------------------------------- */

static enum th_status import_reciprocal(struct onx_node *n)
{
    th_value in[2];

    TH_TRY(onx_need(n, &in[1], 1));
    TH_TRY(onx_scalar(n, onx_type(n, in[1])->dtype, 1, &in[0]));
    /* the constant takes no part in the result's shape */
    return onx_finish(n, "div", in, 2, NULL);
}

static enum th_status import_is_inf(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    th_attr_list_bool(&a, "positive", onx_attr_i(n, "detect_positive", 1) != 0);
    th_attr_list_bool(&a, "negative", onx_attr_i(n, "detect_negative", 1) != 0);
    return onx_finish(n, "is_inf", &x, 1, &a);
}

/* ---- two operands ---------------------------------------------------------------------------- */

/* The base's type is that of the result; a real exponent of an integer is applied in reals. */
static enum th_status import_pow(struct onx_node *n)
{
    th_value in[2], y;
    enum th_dtype base, exponent, work;

    TH_TRY(onx_need(n, in, 2));
    base = onx_type(n, in[0])->dtype;
    exponent = onx_type(n, in[1])->dtype;
    work = th_dtype_is_float(base) ? base : th_dtype_is_float(exponent) ? exponent : base;
    TH_TRY(onx_cast(n, in[0], work, &in[0]));
    TH_TRY(onx_cast(n, in[1], work, &in[1]));
    TH_TRY(same_rank(n, in, 2));
    TH_TRY(onx_add(n, "pow", in, 2, NULL, &y));
    TH_TRY(onx_cast(n, y, base, &y));
    return onx_bind(n, 0, y);
}

static enum th_status import_mod(struct onx_node *n)
{
    th_value in[2];

    TH_TRY(onx_need(n, in, 2));
    TH_TRY(same_rank(n, in, 2));
    return onx_finish(n, onx_attr_i(n, "fmod", 0) == 0 ? "floor_mod" : "rem", in, 2, NULL);
}

static enum th_status import_bit_shift(struct onx_node *n)
{
    bool right = strcmp(onx_attr_s(n, "direction", ""), "RIGHT") == 0;
    th_value in[2];

    TH_TRY(onx_need(n, in, 2));
    TH_TRY(same_rank(n, in, 2));
    return onx_finish(n, right ? "right_shift" : "left_shift", in, 2, NULL);
}

static enum th_status import_where(struct onx_node *n)
{
    th_value in[3], y;

    TH_TRY(onx_need(n, in, 3));
    TH_TRY(same_rank(n, in, 3));
    TH_TRY(onx_add_typed(n, "select", in, 3, NULL, onx_type(n, in[1])->dtype, NULL, &y));
    return onx_bind(n, 0, y);
}

/* The standard does not say how a cast to bfloat16 rounds. Its own cases of this version and before
 * drop the lower half. */
enum { CUT_BRAIN = 18 };

static enum th_status import_cast(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    int64_t to = onx_attr_i(n, "to", 0);
    enum th_dtype dt = to > 0 && to < 64 ? onx_dtype((int32_t)to) : TH_DT_NONE;
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    if (onx_n_in(n) == 2 && onx_in(n, 1) != 0) {        /* CastLike */
        dt = onx_type(n, onx_in(n, 1))->dtype;
        to = onx_narrow_type(n, onx_in(n, 1));
    }
    if (to > 0 && to < 64 && onx_type_bits((int32_t)to) != 0) {
        TH_TRY(onx_cast_narrow(n, x, (int32_t)to, &y));
        return onx_bind(n, 0, y);
    }
    if (dt == TH_DT_NONE)
        return onx_reject(n, NULL, "elements of type %s",
                          onx_type_name(to > 0 && to < 64 ? (int32_t)to : 0));
    if (dt == TH_DT_BF16 && n->opset <= CUT_BRAIN && onx_type(n, x)->dtype != dt) {
        th_attr_list_bool(&a, "truncate", true);
        TH_TRY(onx_add_typed(n, "cast", &x, 1, &a, dt, NULL, &y));
        return onx_bind(n, 0, y);
    }
    if (onx_narrow_type(n, x) != 0 && onx_type(n, x)->dtype == dt) {
        TH_TRY(onx_add_typed(n, "cast", &x, 1, NULL, dt, NULL, &y));   /* the bytes as such */
        return y != x && onx_narrow_drop(n, y) ? onx_bind(n, 0, y) : TH_ERR_INTERNAL;
    }
    TH_TRY(onx_cast(n, x, dt, &y));
    return onx_bind(n, 0, y);
}

/* Integers of one width are cast; other constants are the same bytes. */
static enum th_status import_bit_cast(struct onx_node *n)
{
    const int64_t to = onx_attr_i(n, "to", 0);
    const int32_t type = to > 0 && to < 64 ? (int32_t)to : 0;
    const enum th_dtype dt = onx_dtype(type);
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    struct th_type t = *onx_type(n, x);
    if (dt == TH_DT_NONE)
        return onx_reject(n, NULL, "elements of type %s", onx_type_name(type));
    if (th_dtype_bits(dt) != th_dtype_bits(t.dtype) ||
        onx_type_bits(type) != onx_type_bits(onx_narrow_type(n, x)))
        return onx_reject(n, NULL, "elements of another width");
    if (onx_type_bits(type) != 0) {
        TH_TRY(onx_cast_narrow(n, x, type, &y));
        return onx_bind(n, 0, y);
    }
    if (dt == t.dtype)
        return onx_bind(n, 0, x);
    if (onx_const(n, x) != NULL && dt != TH_DT_BOOL) {
        const struct th_tensor *from = onx_const(n, x);
        t.dtype = dt;
        t.quant = NULL;
        y = th_graph_const_copy(n->scope->graph, "", &t, from->data);
        return y != 0 ? onx_bind(n, 0, y) : TH_ERR_INTERNAL;
    }
    if (th_dtype_is_float(dt) || th_dtype_is_float(t.dtype) || dt == TH_DT_BOOL)
        return onx_reject(n, "integers of one width, or a constant",
                          "the bits of floats or booleans that are computed");
    TH_TRY(onx_cast(n, x, dt, &y));
    return onx_bind(n, 0, y);
}

/* Nothing is dropped when a network is used; the mask says so. */
static enum th_status import_dropout(struct onx_node *n)
{
    th_value x, mask;
    struct th_type type;

    TH_TRY(onx_need(n, &x, 1));
    if (onx_has_in(n, 2)) {
        const struct th_tensor *training = onx_const(n, onx_in(n, 2));
        double ratio = 0.5;
        if (!onx_in_real(n, 1, "ratio", &ratio))
            return TH_ERR_INPUT;
        if (ratio != 0 && (training == NULL || th_tensor_int(training, 0) != 0))
            return onx_reject(n, "training_mode false", "it drops elements at random");
    }
    TH_TRY(onx_bind(n, 0, x));
    if (!onx_has_out(n, 1))
        return TH_OK;
    type = *onx_type(n, x);
    type.dtype = n->opset < 10 ? type.dtype : TH_DT_BOOL;
    type.quant = NULL;
    TH_TRY(onx_filled(n, &type, 1, &mask));
    return onx_bind(n, 1, mask);
}

const struct onx_row onx_rows_elementwise[] = {
    {"Add", import_binary, "add"},
    {"Sub", import_binary, "sub"},
    {"Mul", import_binary, "mul"},
    {"Div", import_binary, "div"},
    {"Sum", import_variadic, "add"},
    {"Max", import_variadic, "maximum"},
    {"Min", import_variadic, "minimum"},
    {"Mean", import_mean, NULL},
    {"Pow", import_pow, NULL},
    {"Mod", import_mod, NULL},
    {"BitShift", import_bit_shift, NULL},
    {"BitwiseAnd", import_binary, "bitwise_and"},
    {"BitwiseOr", import_binary, "bitwise_or"},
    {"BitwiseXor", import_binary, "bitwise_xor"},
    {"BitwiseNot", import_unary, "bitwise_not"},
    {"Equal", import_binary, "equal"},
    {"Less", import_binary, "less"},
    {"LessOrEqual", import_binary, "less_equal"},
    {"Greater", import_binary, "greater"},
    {"GreaterOrEqual", import_binary, "greater_equal"},
    {"And", import_binary, "logical_and"},
    {"Or", import_binary, "logical_or"},
    {"Xor", import_binary, "logical_xor"},
    {"Not", import_unary, "logical_not"},
    {"Where", import_where, NULL},
    {"Abs", import_unary, "abs"},
    {"Neg", import_unary, "neg"},
    {"Exp", import_unary, "exp"},
    {"Log", import_unary, "log"},
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
    {"Sqrt", import_unary, "sqrt"},
    {"Reciprocal", import_reciprocal, NULL},
    {"Ceil", import_unary, "ceil"},
    {"Floor", import_unary, "floor"},
    {"Round", import_unary, "round"},
    {"Sign", import_unary, "sign"},
    {"IsNaN", import_unary, "is_nan"},
    {"IsInf", import_is_inf, NULL},
    {"Sigmoid", import_unary, "logistic"},
    {"Tanh", import_unary, "tanh"},
    {"Relu", import_relu, NULL},
    {"Clip", import_clip, NULL},
    {"LeakyRelu", import_leaky_relu, NULL},
    {"PRelu", import_prelu, NULL},
    {"Elu", import_elu, NULL},
    {"Celu", import_celu, NULL},
    {"Selu", import_selu, NULL},
    {"HardSigmoid", import_hard_sigmoid, NULL},
    {"HardSwish", import_unary, "hard_swish"},
    {"Softplus", import_unary, "softplus"},
    {"Softsign", import_unary, "softsign"},
    {"Mish", import_unary, "mish"},
    {"ThresholdedRelu", import_thresholded_relu, NULL},
    {"Shrink", import_shrink, NULL},
    {"Gelu", import_gelu, NULL},
    {"com.microsoft:Gelu", import_gelu, NULL},
    {"Swish", import_silu, "silu"},
    {"com.microsoft:QuickGelu", import_silu, NULL},
    {"SwiGLU", import_swiglu, NULL},
    {"Cast", import_cast, NULL},
    {"CastLike", import_cast, NULL},
    {"BitCast", import_bit_cast, NULL},
    {"Dropout", import_dropout, NULL},
    {NULL, NULL, NULL},
};
