/* SPDX-License-Identifier: Apache-2.0 */
/* Normalisations. */
#include <inttypes.h>
#include <string.h>

#include "import.h"

/* One value a channel, as [1, C, 1, ...] beside an operand [N, C, ...]. */
static enum th_status per_channel(struct onx_node *n, th_value v, const struct th_type *x,
                                  th_value *out)
{
    int64_t dims[TH_MAX_RANK];

    for (int32_t i = 0; i < x->rank; i++)
        dims[i] = 1;
    dims[x->rank > 1 ? 1 : 0] = x->rank > 1 ? x->dims[1] : x->dims[0];
    if (th_type_elems(onx_type(n, v)) != dims[x->rank > 1 ? 1 : 0])
        return onx_reject(n, NULL, "%" PRId64 " values for %" PRId64 " channels",
                          th_type_elems(onx_type(n, v)), dims[x->rank > 1 ? 1 : 0]);
    return onx_reshape(n, v, x->rank, dims, out);
}

static enum th_status plus_scalar(struct onx_node *n, th_value v, double k, th_value *out)
{
    th_value c;

    TH_TRY(onx_scalar(n, onx_type(n, v)->dtype, k, &c));
    return onx_binary(n, "add", v, c, out);
}

/* x * (scale / sqrt(var + eps)) + (bias - mean * scale / sqrt(var + eps)): with constants, one
 * product and one sum. */
/* old * momentum + new * (1 - momentum), as result i. */
static enum th_status running(struct onx_node *n, size_t i, th_value old, th_value new)
{
    const double momentum = onx_attr_f(n, "momentum", (double)0.9f);
    th_value a, b;

    if (!onx_has_out(n, i))
        return TH_OK;
    TH_TRY(onx_scalar(n, onx_type(n, old)->dtype, momentum, &a));
    TH_TRY(onx_binary(n, "mul", old, a, &old));
    TH_TRY(onx_scalar(n, onx_type(n, new)->dtype, 1 - momentum, &b));
    TH_TRY(onx_binary(n, "mul", new, b, &new));
    TH_TRY(onx_binary(n, "add", old, new, &new));
    return onx_bind(n, i, new);
}

/* Statistics of the operand itself take the place of those given: mean and variance [C]. */
static enum th_status own_statistics(struct onx_node *n, th_value in[5])
{
    const struct th_type x = *onx_type(n, in[0]);
    int64_t axes[TH_MAX_RANK];
    th_value mean, wide, spread;

    for (int32_t i = 0; i + 1 < x.rank; i++)
        axes[i] = i == 0 ? 0 : i + 1;
    if (x.rank < 2)
        return onx_reject(n, "a batch and channels", "an operand of %d axes", (int)x.rank);
    TH_TRY(onx_reduce(n, "mean", in[0], axes, (size_t)x.rank - 1, false, &mean));
    TH_TRY(per_channel(n, mean, &x, &wide));
    TH_TRY(onx_binary(n, "sub", in[0], wide, &spread));
    TH_TRY(onx_unary(n, "square", spread, &spread));
    TH_TRY(onx_reduce(n, "mean", spread, axes, (size_t)x.rank - 1, false, &spread));
    TH_TRY(running(n, 1, in[3], mean));
    TH_TRY(running(n, 2, in[4], spread));
    if (n->opset < 14) {
        TH_TRY(onx_bind(n, 3, mean));
        TH_TRY(onx_bind(n, 4, spread));
    }
    in[3] = mean, in[4] = spread;
    return TH_OK;
}

static enum th_status import_batch_norm(struct onx_node *n)
{
    th_value in[5], factor, offset, y;
    struct th_type x;

    TH_TRY(onx_need(n, in, 5));
    /* before the attribute came, further results said so */
    if (onx_attr_i(n, "training_mode", 0) != 0 || (n->opset < 14 && onx_has_out(n, 1)))
        TH_TRY(own_statistics(n, in));
    else if (onx_has_out(n, 1))
        return onx_reject(n, "training_mode 1", "results of the training mode");
    x = *onx_type(n, in[0]);
    TH_TRY(plus_scalar(n, in[4], onx_attr_f(n, "epsilon", (double)1e-5f), &factor));
    TH_TRY(onx_unary(n, "sqrt", factor, &factor));
    TH_TRY(onx_binary(n, "div", in[1], factor, &factor));
    TH_TRY(onx_binary(n, "mul", in[3], factor, &offset));
    TH_TRY(onx_binary(n, "sub", in[2], offset, &offset));
    TH_TRY(per_channel(n, factor, &x, &factor));
    TH_TRY(per_channel(n, offset, &x, &offset));
    TH_TRY(onx_binary(n, "mul", in[0], factor, &y));
    TH_TRY(onx_binary(n, "add", y, offset, &y));
    return onx_bind(n, 0, y);
}

/* (x - mean) / sqrt(variance + eps) over axes. mean and scale factor may be wanted. */
static enum th_status normalized(struct onx_node *n, th_value x, const int64_t *axes, size_t count,
                                 double eps, th_value *out, th_value *mean, th_value *inverse)
{
    th_value d, s, one;

    TH_TRY(onx_reduce(n, "mean", x, axes, count, true, mean));
    TH_TRY(onx_binary(n, "sub", x, *mean, &d));
    TH_TRY(onx_unary(n, "square", d, &s));
    TH_TRY(onx_reduce(n, "mean", s, axes, count, true, &s));
    TH_TRY(plus_scalar(n, s, eps, &s));
    TH_TRY(onx_unary(n, "sqrt", s, &s));
    TH_TRY(onx_scalar(n, onx_type(n, s)->dtype, 1, &one));
    TH_TRY(onx_binary(n, "div", one, s, inverse));
    return onx_binary(n, "mul", d, *inverse, out);
}

/* Groups from an axis on, by the operator of its own; scale and bias may be 0. */
static enum th_status by_group(struct onx_node *n, th_value x, th_value scale, th_value bias,
                               int64_t axis, bool rms, th_value *out)
{
    struct th_attr_list a = {.n = 0};
    th_value in[3] = {x, scale, bias};

    th_attr_list_int(&a, "axis", axis);
    th_attr_list_float(&a, "epsilon", onx_attr_f(n, "epsilon", (double)1e-5f));
    th_attr_list_bool(&a, "rms", rms);
    return onx_add(n, "layer_norm", in, 3, &a, out);
}

/* Whether the statistics stay inside and scale and bias are those of a whole group. */
static bool has_operator(struct onx_node *n, const struct th_type *x, int64_t axis)
{
    int64_t group = 1;

    for (int64_t i = axis; i < x->rank; i++)
        group *= x->dims[i];
    for (size_t i = 1; i < 3; i++)
        if (onx_has_in(n, i) && th_type_elems(onx_type(n, onx_in(n, i))) != group)
            return false;
    return x->dtype == TH_DT_F32 && group > 0 && !onx_has_out(n, 1) && !onx_has_out(n, 2);
}

/* The mean counts as zero. */
static enum th_status import_rms_norm(struct onx_node *n)
{
    int64_t axis;
    th_value in[2], y;

    TH_TRY(onx_need(n, in, 2));
    const struct th_type x = *onx_type(n, in[0]);
    if (!onx_axis(n, onx_attr_i(n, "axis", -1), x.rank, &axis))
        return TH_ERR_INPUT;
    if (!has_operator(n, &x, axis))
        return onx_reject(n, "a scale for every element of a group of floats", "its operands");
    TH_TRY(by_group(n, in[0], in[1], 0, axis, true, &y));
    return onx_bind(n, 0, y);
}

/* Channels in groups; up to version 20 scale and bias are given for each group. */
static enum th_status import_group_norm(struct onx_node *n)
{
    const int64_t groups = onx_attr_i(n, "num_groups", 0);
    th_value in[3], y;

    TH_TRY(onx_need(n, in, 3));
    const struct th_type x = *onx_type(n, in[0]);
    if (x.rank < 2 || groups < 1 || x.dims[1] % groups != 0 || x.dtype != TH_DT_F32 ||
        th_type_elems(&x) == 0)
        return onx_reject(n, NULL, "%" PRId64 " groups of %" PRId64 " channels", groups,
                          x.rank < 2 ? 0 : x.dims[1]);
    const int64_t rest = th_type_elems(&x) / x.dims[0] / groups, each = x.dims[1] / groups;
    for (int i = 1; i < 3; i++)
        if (onx_type(n, in[i])->rank == 1 && onx_type(n, in[i])->dims[0] == groups && each > 1) {
            TH_TRY(onx_reshape(n, in[i], 2, (int64_t[]){groups, 1}, &in[i]));
            TH_TRY(onx_broadcast(n, in[i], 2, (int64_t[]){groups, each}, &in[i]));
            TH_TRY(onx_reshape(n, in[i], 1, &x.dims[1], &in[i]));
        }
    TH_TRY(onx_reshape(n, in[0], 3, (int64_t[]){x.dims[0], groups, rest}, &y));
    TH_TRY(by_group(n, y, 0, 0, 2, false, &y));
    TH_TRY(onx_reshape(n, y, x.rank, x.dims, &y));
    for (int i = 1; i < 3; i++) {
        TH_TRY(per_channel(n, in[i], &x, &in[i]));
        TH_TRY(onx_binary(n, i == 1 ? "mul" : "add", y, in[i], &y));
    }
    return onx_bind(n, 0, y);
}

static enum th_status import_layer_norm(struct onx_node *n)
{
    int64_t axes[TH_MAX_RANK], axis;
    size_t count = 0;
    int32_t rank;
    th_value in[2], y, mean, inverse;

    TH_TRY(onx_need(n, in, 2));
    rank = onx_type(n, in[0])->rank;
    if (!onx_axis(n, onx_attr_i(n, "axis", -1), rank, &axis))
        return TH_ERR_INPUT;
    if (has_operator(n, onx_type(n, in[0]), axis)) {
        TH_TRY(by_group(n, in[0], in[1], onx_in(n, 2), axis, false, &y));
        return onx_bind(n, 0, y);
    }
    for (int64_t i = axis; i < rank; i++)
        axes[count++] = i;
    TH_TRY(normalized(n, in[0], axes, count, onx_attr_f(n, "epsilon", (double)1e-5f), &y, &mean,
                      &inverse));
    TH_TRY(onx_binary(n, "mul", y, in[1], &y));
    if (onx_has_in(n, 2))
        TH_TRY(onx_binary(n, "add", y, onx_in(n, 2), &y));
    TH_TRY(onx_bind(n, 0, y));
    TH_TRY(onx_bind(n, 1, mean));
    return onx_bind(n, 2, inverse);
}

static enum th_status import_instance_norm(struct onx_node *n)
{
    int64_t axes[TH_MAX_RANK];
    th_value in[3], y, mean, inverse;
    struct th_type x;

    TH_TRY(onx_need(n, in, 3));
    x = *onx_type(n, in[0]);
    for (int32_t i = 2; i < x.rank; i++)
        axes[i - 2] = i;
    if (x.rank < 3)
        return onx_reject(n, NULL, "an operand of %d axes", (int)x.rank);
    TH_TRY(normalized(n, in[0], axes, (size_t)x.rank - 2,
                      onx_attr_f(n, "epsilon", (double)1e-5f), &y, &mean, &inverse));
    TH_TRY(per_channel(n, in[1], &x, &in[1]));
    TH_TRY(per_channel(n, in[2], &x, &in[2]));
    TH_TRY(onx_binary(n, "mul", y, in[1], &y));
    TH_TRY(onx_binary(n, "add", y, in[2], &y));
    return onx_bind(n, 0, y);
}

static enum th_status import_mvn(struct onx_node *n)
{
    static const int64_t usual[] = {0, 2, 3};
    size_t count;
    const int64_t *given = onx_attr_ints(n, "axes", &count);
    int64_t axes[TH_MAX_RANK];
    th_value x, y, mean, inverse;

    TH_TRY(onx_need(n, &x, 1));
    given = count != 0 ? given : usual;
    count = count != 0 ? count : TH_ARRAY_LEN(usual);
    if (count > TH_MAX_RANK)
        return onx_reject(n, NULL, "%zu axes", count);
    for (size_t i = 0; i < count; i++)
        if (!onx_axis(n, given[i], onx_type(n, x)->rank, &axes[i]))
            return TH_ERR_INPUT;
    TH_TRY(normalized(n, x, axes, count, 1e-9, &y, &mean, &inverse));
    return onx_bind(n, 0, y);
}

/* ---- over one axis --------------------------------------------------------------------------- */

static void swap_perm(int64_t *perm, int32_t rank, int64_t axis)
{
    for (int32_t i = 0; i < rank; i++)
        perm[i] = i;
    perm[axis] = rank - 1;
    perm[rank - 1] = axis;
}

/* The IR's softmax runs over the last axis. Up to version 12 all axes from the given one on were
 * one. */
enum th_status onx_softmax(struct onx_node *n, const char *op, th_value v, int64_t opset,
                           th_value *out)
{
    int64_t axis, perm[TH_MAX_RANK], rows = 1, columns = 1;
    struct th_type x = *onx_type(n, v);
    struct th_attr_list a = {.n = 0};
    bool channels;

    if (!onx_axis(n, onx_attr_i(n, "axis", opset < 13 ? 1 : -1), x.rank, &axis))
        return TH_ERR_INPUT;
    if (strcmp(op, "softmax") == 0)
        th_attr_list_float(&a, "beta", 1);
    if (opset < 13) {
        for (int32_t i = 0; i < x.rank; i++)
            *(i < axis ? &rows : &columns) *= x.dims[i];
        TH_TRY(onx_reshape(n, v, 2, (int64_t[]){rows, columns}, &v));
        TH_TRY(onx_add(n, op, &v, 1, &a, &v));
        return onx_reshape(n, v, x.rank, x.dims, out);
    }
    channels = x.rank == 4 && axis == 1;
    swap_perm(perm, x.rank, axis);
    TH_TRY(channels ? onx_to_last(n, v, &v) : onx_transpose(n, v, perm, &v));
    TH_TRY(onx_add(n, op, &v, 1, &a, &v));
    return channels ? onx_to_first(n, v, out) : onx_transpose(n, v, perm, out);
}

static enum th_status import_softmax(struct onx_node *n)
{
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(onx_softmax(n, n->row->ir, x, n->opset, &y));
    return onx_bind(n, 0, y);
}

/* x over its norm; where that is zero the result is, too. */
static enum th_status import_lp_norm(struct onx_node *n)
{
    int64_t axis, p = onx_attr_i(n, "p", 2);
    enum th_dtype t;
    th_value x, s, zero, pick[3];

    TH_TRY(onx_need(n, &x, 1));
    if (!onx_axis(n, onx_attr_i(n, "axis", -1), onx_type(n, x)->rank, &axis))
        return TH_ERR_INPUT;
    if (p != 1 && p != 2)
        return onx_reject(n, "p 1 or 2", "p %" PRId64, p);
    TH_TRY(onx_unary(n, p == 2 ? "square" : "abs", x, &s));
    TH_TRY(onx_reduce(n, "sum", s, &axis, 1, true, &s));
    if (p == 2)
        TH_TRY(onx_unary(n, "sqrt", s, &s));
    t = onx_type(n, s)->dtype;
    TH_TRY(onx_scalar(n, t, 0, &zero));
    TH_TRY(onx_scalar(n, t, 1, &pick[1]));
    TH_TRY(onx_binary(n, "equal", s, zero, &pick[0]));
    pick[2] = s;
    TH_TRY(onx_add_typed(n, "select", pick, 3, NULL, t, NULL, &s));
    TH_TRY(onx_binary(n, "div", x, s, &s));
    return onx_bind(n, 0, s);
}

const struct onx_row onx_rows_norm[] = {
    {"BatchNormalization", import_batch_norm, NULL},
    {"LayerNormalization", import_layer_norm, NULL},
    {"GroupNormalization", import_group_norm, NULL},
    {"RMSNormalization", import_rms_norm, NULL},
    {"SimplifiedLayerNormalization", import_rms_norm, NULL},
    {"InstanceNormalization", import_instance_norm, NULL},
    {"MeanVarianceNormalization", import_mvn, NULL},
    {"Softmax", import_softmax, "softmax"},
    {"LogSoftmax", import_softmax, "log_softmax"},
    {"LpNormalization", import_lp_norm, NULL},
    {NULL, NULL, NULL},
};
