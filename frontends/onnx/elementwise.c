/* SPDX-License-Identifier: Apache-2.0 */
/* Elementwise arithmetic. Operands broadcast as in numpy. */
#include <string.h>

#include "import.h"

/* Constants of fewer axes get the missing ones in front, so that a change of layout can turn them. */
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

static enum th_status import_identity(struct onx_node *n)
{
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    return onx_bind(n, 0, x);
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
    struct onx_attrs a = {.n = 0};
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    onx_set_float(&a, "alpha", onx_attr_f(n, "alpha", (double)0.01f));
    return onx_finish(n, "leaky_relu", &x, 1, &a);
}

static enum th_status times(struct onx_node *n, th_value x, double k, th_value *out)
{
    th_value c;

    if (k == 1) {
        *out = x;
        return TH_OK;
    }
    TH_TRY(onx_scalar(n, onx_type(n, x)->dtype, k, &c));
    return onx_binary(n, "mul", x, c, out);
}

static enum th_status plus(struct onx_node *n, th_value x, double k, th_value *out)
{
    th_value c;

    TH_TRY(onx_scalar(n, onx_type(n, x)->dtype, k, &c));
    return onx_binary(n, "add", x, c, out);
}

/* gamma * (max(x, 0) + alpha * (exp(min(x, 0) / inner) - 1)) */
static enum th_status elu_like(struct onx_node *n, double gamma, double alpha, double inner)
{
    th_value x, low, high, y;

    TH_TRY(onx_need(n, &x, 1));
    if (gamma == 1 && alpha == 1 && inner == 1)
        return onx_finish(n, "elu", &x, 1, NULL);
    TH_TRY(onx_clamp(n, x, -INFINITY, 0, &low));
    TH_TRY(onx_clamp(n, x, 0, INFINITY, &high));
    TH_TRY(times(n, low, 1 / inner, &low));
    TH_TRY(onx_unary(n, "elu", low, &low));
    TH_TRY(times(n, low, alpha, &low));
    TH_TRY(onx_binary(n, "add", high, low, &y));
    TH_TRY(times(n, y, gamma, &y));
    return onx_bind(n, 0, y);
}

static enum th_status import_elu(struct onx_node *n)
{
    return elu_like(n, 1, onx_attr_f(n, "alpha", 1), 1);
}

static enum th_status import_celu(struct onx_node *n)
{
    double alpha = onx_attr_f(n, "alpha", 1);

    return alpha == 0 ? onx_reject(n, NULL, "alpha is 0") : elu_like(n, 1, alpha, alpha);
}

static enum th_status import_selu(struct onx_node *n)
{
    return elu_like(n, onx_attr_f(n, "gamma", (double)1.05070102214813232421875f),
                    onx_attr_f(n, "alpha", (double)1.67326319217681884765625f), 1);
}

static enum th_status import_hard_sigmoid(struct onx_node *n)
{
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(times(n, x, onx_attr_f(n, "alpha", (double)0.2f), &y));
    TH_TRY(plus(n, y, onx_attr_f(n, "beta", 0.5), &y));
    TH_TRY(onx_clamp(n, y, 0, 1, &y));
    return onx_bind(n, 0, y);
}

/* log(1 + exp(x)) without overflow: max(x, 0) + log(1 + exp(-|x|)) */
static enum th_status softplus(struct onx_node *n, th_value x, th_value *out)
{
    th_value high, e;

    TH_TRY(onx_clamp(n, x, 0, INFINITY, &high));
    TH_TRY(onx_unary(n, "abs", x, &e));
    TH_TRY(onx_unary(n, "neg", e, &e));
    TH_TRY(onx_unary(n, "exp", e, &e));
    TH_TRY(plus(n, e, 1, &e));
    TH_TRY(onx_unary(n, "log", e, &e));
    return onx_binary(n, "add", high, e, out);
}

static enum th_status import_softplus(struct onx_node *n)
{
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(softplus(n, x, &y));
    return onx_bind(n, 0, y);
}

static enum th_status import_mish(struct onx_node *n)
{
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(softplus(n, x, &y));
    TH_TRY(onx_unary(n, "tanh", y, &y));
    TH_TRY(onx_binary(n, "mul", x, y, &y));
    return onx_bind(n, 0, y);
}

static enum th_status import_softsign(struct onx_node *n)
{
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(onx_unary(n, "abs", x, &y));
    TH_TRY(plus(n, y, 1, &y));
    return onx_binary(n, "div", x, y, &y) == TH_OK ? onx_bind(n, 0, y) : TH_ERR_INPUT;
}

static enum th_status import_thresholded_relu(struct onx_node *n)
{
    th_value in[3], alpha;

    TH_TRY(onx_need(n, &in[1], 1));
    TH_TRY(onx_scalar(n, onx_type(n, in[1])->dtype, onx_attr_f(n, "alpha", 1), &alpha));
    TH_TRY(onx_scalar(n, onx_type(n, in[1])->dtype, 0, &in[2]));
    TH_TRY(onx_binary(n, "greater", in[1], alpha, &in[0]));
    return onx_finish(n, "select", in, 3, NULL);
}

/* x < -lambd: x + bias; x > lambd: x - bias; else 0. */
static enum th_status import_shrink(struct onx_node *n)
{
    double lambd = onx_attr_f(n, "lambd", 0.5), bias = onx_attr_f(n, "bias", 0);
    th_value x, limit, test, in[3], y;
    enum th_dtype dt;

    TH_TRY(onx_need(n, &x, 1));
    dt = onx_type(n, x)->dtype;
    TH_TRY(onx_scalar(n, dt, 0, &y));
    for (int side = 0; side < 2; side++) {
        TH_TRY(onx_scalar(n, dt, side ? lambd : -lambd, &limit));
        TH_TRY(onx_binary(n, side ? "greater" : "less", x, limit, &test));
        in[0] = test;
        TH_TRY(plus(n, x, side ? -bias : bias, &in[1]));
        in[2] = y;
        TH_TRY(onx_add_typed(n, "select", in, 3, NULL, dt, NULL, &y));
    }
    return onx_bind(n, 0, y);
}

static enum th_status import_prelu(struct onx_node *n)
{
    th_value in[2];

    TH_TRY(onx_need(n, in, 2));
    TH_TRY(same_rank(n, in, 2));
    return onx_finish(n, "prelu", in, 2, NULL);
}

static enum th_status import_gelu(struct onx_node *n)
{
    struct onx_attrs a = {.n = 0};
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    onx_set_bool(&a, "approximate", strcmp(onx_attr_s(n, "approximate", "none"), "tanh") == 0);
    return onx_finish(n, "gelu", &x, 1, &a);
}

/* x * sigmoid(x) */
static enum th_status import_silu(struct onx_node *n)
{
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(times(n, x, onx_attr_f(n, "alpha", 1), &y));
    TH_TRY(onx_unary(n, "logistic", y, &y));
    TH_TRY(onx_binary(n, "mul", x, y, &y));
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

static enum th_status import_tan(struct onx_node *n)
{
    th_value x, s, c;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(onx_unary(n, "sin", x, &s));
    TH_TRY(onx_unary(n, "cos", x, &c));
    TH_TRY(onx_binary(n, "div", s, c, &s));
    return onx_bind(n, 0, s);
}

/* (exp(x) +- exp(-x)) / 2 */
static enum th_status import_hyperbolic(struct onx_node *n)
{
    th_value x, a, b;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(onx_unary(n, "exp", x, &a));
    TH_TRY(onx_unary(n, "neg", x, &b));
    TH_TRY(onx_unary(n, "exp", b, &b));
    TH_TRY(onx_binary(n, n->row->ir, a, b, &a));
    TH_TRY(times(n, a, 0.5, &a));
    return onx_bind(n, 0, a);
}

/* sqrt(1 - x^2), as (1 - x) (1 + x) */
static enum th_status leg(struct onx_node *n, th_value x, th_value *out)
{
    th_value a, b;

    TH_TRY(plus(n, x, 1, &a));
    TH_TRY(onx_unary(n, "neg", x, &b));
    TH_TRY(plus(n, b, 1, &b));
    TH_TRY(onx_binary(n, "mul", a, b, &a));
    return onx_unary(n, "sqrt", a, out);
}

static enum th_status import_asin(struct onx_node *n)
{
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(leg(n, x, &y));
    TH_TRY(onx_binary(n, "atan2", x, y, &y));
    return onx_bind(n, 0, y);
}

static enum th_status import_acos(struct onx_node *n)
{
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(leg(n, x, &y));
    TH_TRY(onx_binary(n, "atan2", y, x, &y));
    return onx_bind(n, 0, y);
}

static enum th_status import_atan(struct onx_node *n)
{
    th_value x, one;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(onx_scalar(n, onx_type(n, x)->dtype, 1, &one));
    TH_TRY(onx_binary(n, "atan2", x, one, &x));
    return onx_bind(n, 0, x);
}

/* sign(x) * log(|x| + sqrt(x^2 + 1)) */
static enum th_status import_asinh(struct onx_node *n)
{
    th_value x, m, y;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(onx_unary(n, "square", x, &y));
    TH_TRY(plus(n, y, 1, &y));
    TH_TRY(onx_unary(n, "sqrt", y, &y));
    TH_TRY(onx_unary(n, "abs", x, &m));
    TH_TRY(onx_binary(n, "add", m, y, &y));
    TH_TRY(onx_unary(n, "log", y, &y));
    TH_TRY(onx_unary(n, "sign", x, &m));
    TH_TRY(onx_binary(n, "mul", m, y, &y));
    return onx_bind(n, 0, y);
}

/* log(x + sqrt(x^2 - 1)) */
static enum th_status import_acosh(struct onx_node *n)
{
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(onx_unary(n, "square", x, &y));
    TH_TRY(plus(n, y, -1, &y));
    TH_TRY(onx_unary(n, "sqrt", y, &y));
    TH_TRY(onx_binary(n, "add", x, y, &y));
    TH_TRY(onx_unary(n, "log", y, &y));
    return onx_bind(n, 0, y);
}

/* log((1 + x) / (1 - x)) / 2 */
static enum th_status import_atanh(struct onx_node *n)
{
    th_value x, a, b;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(plus(n, x, 1, &a));
    TH_TRY(onx_unary(n, "neg", x, &b));
    TH_TRY(plus(n, b, 1, &b));
    TH_TRY(onx_binary(n, "div", a, b, &a));
    TH_TRY(onx_unary(n, "log", a, &a));
    TH_TRY(times(n, a, 0.5, &a));
    return onx_bind(n, 0, a);
}

static enum th_status import_isnan(struct onx_node *n)
{
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(onx_binary(n, "not_equal", x, x, &x));
    return onx_bind(n, 0, x);
}

static enum th_status import_isinf(struct onx_node *n)
{
    bool low = onx_attr_i(n, "detect_negative", 1) != 0;
    bool high = onx_attr_i(n, "detect_positive", 1) != 0;
    th_value x, limit, y;

    TH_TRY(onx_need(n, &x, 1));
    if (low && high)
        TH_TRY(onx_unary(n, "abs", x, &x));
    TH_TRY(onx_scalar(n, onx_type(n, x)->dtype, high ? INFINITY : -INFINITY, &limit));
    TH_TRY(onx_binary(n, "equal", x, limit, &y));
    if (!low && !high) {
        TH_TRY(onx_unary(n, "logical_not", y, &limit));
        TH_TRY(onx_binary(n, "logical_and", y, limit, &y));
    }
    return onx_bind(n, 0, y);
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
    th_value in[2], q;

    TH_TRY(onx_need(n, in, 2));
    if (onx_attr_i(n, "fmod", 0) == 0)
        return onx_finish(n, "floor_mod", in, 2, NULL);
    if (th_dtype_is_float(onx_type(n, in[0])->dtype)) {
        /* sign(a) * (|a| mod |b|) is exact where the quotient is */
        TH_TRY(onx_unary(n, "sign", in[0], &q));
        TH_TRY(onx_unary(n, "abs", in[0], &in[0]));
        TH_TRY(onx_unary(n, "abs", in[1], &in[1]));
        TH_TRY(onx_binary(n, "floor_mod", in[0], in[1], &in[0]));
        TH_TRY(onx_binary(n, "mul", q, in[0], &q));
        return onx_bind(n, 0, q);
    }
    TH_TRY(onx_binary(n, "div", in[0], in[1], &q));
    TH_TRY(onx_binary(n, "mul", q, in[1], &q));
    TH_TRY(onx_binary(n, "sub", in[0], q, &q));
    return onx_bind(n, 0, q);
}

static enum th_status import_bit_shift(struct onx_node *n)
{
    th_value in[2];

    TH_TRY(onx_need(n, in, 2));
    if (strcmp(onx_attr_s(n, "direction", ""), "RIGHT") == 0)
        return onx_finish(n, "right_shift", in, 2, NULL);
    return onx_reject(n, "a shift to the right", "a shift to the left");
}

static enum th_status import_where(struct onx_node *n)
{
    th_value in[3], y;

    TH_TRY(onx_need(n, in, 3));
    TH_TRY(same_rank(n, in, 3));
    TH_TRY(onx_add_typed(n, "select", in, 3, NULL, onx_type(n, in[1])->dtype, NULL, &y));
    return onx_bind(n, 0, y);
}

static enum th_status import_cast(struct onx_node *n)
{
    int64_t to = onx_attr_i(n, "to", 0);
    enum th_dtype dt = to > 0 && to < 64 ? onx_dtype((int32_t)to) : TH_DT_NONE;
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    if (onx_n_in(n) == 2 && onx_in(n, 1) != 0)
        dt = onx_type(n, onx_in(n, 1))->dtype;          /* CastLike */
    if (dt == TH_DT_NONE)
        return onx_reject(n, NULL, "elements of type %s",
                          onx_type_name(to > 0 && to < 64 ? (int32_t)to : 0));
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
    {"BitwiseXor", import_binary, "bitwise_xor"},
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
    {"Tan", import_tan, NULL},
    {"Asin", import_asin, NULL},
    {"Acos", import_acos, NULL},
    {"Atan", import_atan, NULL},
    {"Sinh", import_hyperbolic, "sub"},
    {"Cosh", import_hyperbolic, "add"},
    {"Asinh", import_asinh, NULL},
    {"Acosh", import_acosh, NULL},
    {"Atanh", import_atanh, NULL},
    {"Sqrt", import_unary, "sqrt"},
    {"Reciprocal", import_reciprocal, NULL},
    {"Ceil", import_unary, "ceil"},
    {"Floor", import_unary, "floor"},
    {"Round", import_unary, "round"},
    {"Sign", import_unary, "sign"},
    {"IsNaN", import_isnan, NULL},
    {"IsInf", import_isinf, NULL},
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
    {"Softplus", import_softplus, NULL},
    {"Softsign", import_softsign, NULL},
    {"Mish", import_mish, NULL},
    {"ThresholdedRelu", import_thresholded_relu, NULL},
    {"Shrink", import_shrink, NULL},
    {"Gelu", import_gelu, NULL},
    {"com.microsoft:Gelu", import_gelu, NULL},
    {"com.microsoft:QuickGelu", import_silu, NULL},
    {"Identity", import_identity, NULL},
    {"Cast", import_cast, NULL},
    {"CastLike", import_cast, NULL},
    {"Dropout", import_dropout, NULL},
    {NULL, NULL, NULL},
};
