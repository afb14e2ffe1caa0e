/* SPDX-License-Identifier: Apache-2.0 */
/* One step of an optimizer: plain arithmetic on a rate, a count of steps and tensors. */
#include <string.h>

#include "import.h"

static enum th_status with(struct onx_node *n, const char *op, th_value v, double k, th_value *out)
{
    th_value c;

    TH_TRY(onx_scalar(n, onx_type(n, v)->dtype, k, &c));
    return onx_binary(n, op, v, c, out);
}

struct step {
    th_value rate, count;        /* scalars: learning rate, steps made before */
    size_t tensors;              /* that are optimised */
};

/* groups: how many operands there are of each tensor. */
static enum th_status read_step(struct onx_node *n, size_t groups, struct step *s)
{
    th_value in[2];

    TH_TRY(onx_need(n, in, 2));
    if (onx_n_in(n) < 2 + groups || (onx_n_in(n) - 2) % groups != 0)
        return onx_reject(n, NULL, "%zu operands", onx_n_in(n));
    s->tensors = (onx_n_in(n) - 2) / groups;
    TH_TRY(onx_reshape(n, in[0], 0, NULL, &s->rate));
    TH_TRY(onx_reshape(n, in[1], 0, NULL, &s->count));
    return onx_cast(n, s->count, onx_type(n, s->rate)->dtype, &s->count);
}

/* Operands of tensor i: itself, its gradient with the decay towards zero added, its state. */
static enum th_status operands(struct onx_node *n, const struct step *s, size_t i, size_t groups,
                               th_value *v)
{
    th_value decay;

    for (size_t k = 0; k < groups; k++) {
        v[k] = onx_in(n, 2 + k * s->tensors + i);
        if (v[k] == 0)
            return onx_reject(n, NULL, "operand %zu is absent", 2 + k * s->tensors + i);
    }
    TH_TRY(with(n, "mul", v[0], onx_attr_f(n, "norm_coefficient", 0), &decay));
    return onx_binary(n, "add", decay, v[1], &v[1]);
}

/* a * x + b * y */
static enum th_status mix(struct onx_node *n, double a, th_value x, double b, th_value y,
                          th_value *out)
{
    TH_TRY(with(n, "mul", x, a, &x));
    TH_TRY(with(n, "mul", y, b, &y));
    return onx_binary(n, "add", x, y, out);
}

/* x - rate * v / (sqrt(h) + epsilon) */
static enum th_status adapt(struct onx_node *n, th_value x, th_value rate, th_value v, th_value h,
                            th_value *out)
{
    TH_TRY(onx_unary(n, "sqrt", h, &h));
    TH_TRY(with(n, "add", h, onx_attr_f(n, "epsilon", 1e-6), &h));
    TH_TRY(onx_binary(n, "mul", v, rate, &v));
    TH_TRY(onx_binary(n, "div", v, h, &v));
    return onx_binary(n, "sub", x, v, out);
}

static enum th_status import_adagrad(struct onx_node *n)
{
    th_value v[3], h, rate;
    struct step s;

    TH_TRY(read_step(n, 3, &s));
    TH_TRY(with(n, "mul", s.count, onx_attr_f(n, "decay_factor", 0), &rate));
    TH_TRY(with(n, "add", rate, 1, &rate));
    TH_TRY(onx_binary(n, "div", s.rate, rate, &rate));
    for (size_t i = 0; i < s.tensors; i++) {
        TH_TRY(operands(n, &s, i, 3, v));
        TH_TRY(onx_unary(n, "square", v[1], &h));
        TH_TRY(onx_binary(n, "add", v[2], h, &h));
        TH_TRY(adapt(n, v[0], rate, v[1], h, &v[0]));
        TH_TRY(onx_bind(n, i, v[0]));
        TH_TRY(onx_bind(n, s.tensors + i, h));
    }
    return TH_OK;
}

/* From the second step on the rate is corrected: rate sqrt(1 - beta^t) / (1 - alpha^t). */
static enum th_status corrected(struct onx_node *n, const struct step *s, double alpha,
                                double beta, th_value *out)
{
    th_value in[3], up, down;
    const enum th_dtype dt = onx_type(n, s->rate)->dtype;

    TH_TRY(onx_scalar(n, dt, beta, &up));
    TH_TRY(onx_binary(n, "pow", up, s->count, &up));
    TH_TRY(onx_unary(n, "neg", up, &up));
    TH_TRY(with(n, "add", up, 1, &up));
    TH_TRY(onx_unary(n, "sqrt", up, &up));
    TH_TRY(onx_scalar(n, dt, alpha, &down));
    TH_TRY(onx_binary(n, "pow", down, s->count, &down));
    TH_TRY(onx_unary(n, "neg", down, &down));
    TH_TRY(with(n, "add", down, 1, &down));
    TH_TRY(onx_binary(n, "mul", s->rate, up, &in[1]));
    TH_TRY(onx_binary(n, "div", in[1], down, &in[1]));
    TH_TRY(with(n, "greater", s->count, 0, &in[0]));
    in[2] = s->rate;
    return onx_add_typed(n, "select", in, 3, NULL, dt, NULL, out);
}

static enum th_status import_adam(struct onx_node *n)
{
    const double alpha = onx_attr_f(n, "alpha", (double)0.9f);
    const double beta = onx_attr_f(n, "beta", (double)0.999f);
    const double post = onx_attr_f(n, "norm_coefficient_post", 0);
    th_value v[4], rate, h;
    struct step s;

    /* The standard says 1e-6 then, and its own example without it was computed with 1e-2. */
    if (!onx_has(n, "epsilon"))
        return onx_reject(n, "epsilon given", "no epsilon");
    TH_TRY(read_step(n, 4, &s));
    TH_TRY(corrected(n, &s, alpha, beta, &rate));
    for (size_t i = 0; i < s.tensors; i++) {
        TH_TRY(operands(n, &s, i, 4, v));
        TH_TRY(mix(n, alpha, v[2], 1 - alpha, v[1], &v[2]));
        TH_TRY(onx_unary(n, "square", v[1], &h));
        TH_TRY(mix(n, beta, v[3], 1 - beta, h, &h));
        TH_TRY(adapt(n, v[0], rate, v[2], h, &v[0]));
        if (post != 0)
            TH_TRY(with(n, "mul", v[0], 1 - post, &v[0]));
        TH_TRY(onx_bind(n, i, v[0]));
        TH_TRY(onx_bind(n, s.tensors + i, v[2]));
        TH_TRY(onx_bind(n, 2 * s.tensors + i, h));
    }
    return TH_OK;
}

static enum th_status import_momentum(struct onx_node *n)
{
    const double alpha = onx_attr_f(n, "alpha", 0), beta = onx_attr_f(n, "beta", 0);
    const bool nesterov = strcmp(onx_attr_s(n, "mode", "standard"), "nesterov") == 0;
    th_value v[3], in[3], gain, g;
    struct step s;

    TH_TRY(read_step(n, 3, &s));
    const enum th_dtype dt = onx_type(n, s.rate)->dtype;
    TH_TRY(with(n, "greater", s.count, 0, &in[0]));
    TH_TRY(onx_scalar(n, dt, beta, &in[1]));
    TH_TRY(onx_scalar(n, dt, 1, &in[2]));
    TH_TRY(onx_add_typed(n, "select", in, 3, NULL, dt, NULL, &gain));
    for (size_t i = 0; i < s.tensors; i++) {
        TH_TRY(operands(n, &s, i, 3, v));
        TH_TRY(onx_binary(n, "mul", v[1], gain, &g));
        TH_TRY(with(n, "mul", v[2], alpha, &v[2]));
        TH_TRY(onx_binary(n, "add", v[2], g, &v[2]));
        g = v[2];
        if (nesterov) {
            TH_TRY(with(n, "mul", g, alpha, &g));
            TH_TRY(onx_binary(n, "add", v[1], g, &g));
        }
        TH_TRY(onx_binary(n, "mul", g, s.rate, &g));
        TH_TRY(onx_binary(n, "sub", v[0], g, &v[0]));
        TH_TRY(onx_bind(n, i, v[0]));
        TH_TRY(onx_bind(n, s.tensors + i, v[2]));
    }
    return TH_OK;
}

const struct onx_row onx_rows_optim[] = {
    {"ai.onnx.preview.training:Adagrad", import_adagrad, NULL},
    {"ai.onnx.preview.training:Adam", import_adam, NULL},
    {"ai.onnx.preview.training:Momentum", import_momentum, NULL},
    {NULL, NULL, NULL},
};
