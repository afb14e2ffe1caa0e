/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions and normalisations. */
#include <inttypes.h>
#include <string.h>

#include "import.h"

/* ---- reductions ------------------------------------------------------------------------------ */

static enum th_status import_reduce(struct ov_node *n)
{
    bool keep = ov_attr_bool(n, "keep_dims", false);
    int64_t axes[TH_MAX_RANK];
    size_t count;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    if (!ov_in_axes(n, 1, ov_type(n, x)->rank, axes, &count))
        return TH_ERR_INPUT;
    if (strcmp(n->row->type, "ReduceL1") == 0)
        TH_TRY(ov_unary(n, "abs", x, &x));
    if (strcmp(n->row->type, "ReduceL2") == 0)
        TH_TRY(ov_unary(n, "square", x, &x));
    TH_TRY(ov_reduce(n, n->row->ir, x, axes, count, keep, &y));
    if (strcmp(n->row->type, "ReduceL2") == 0)
        TH_TRY(ov_unary(n, "sqrt", y, &y));
    return ov_bind(n, 0, y);
}

/* ---- normalisations -------------------------------------------------------------------------- */

/* One number a channel as [channels, 1, ...]: it then lies on axis 1 of rank dimensions. */
static enum th_status along_channels(const struct ov_node *n, th_value v, int32_t rank,
                                     th_value *out)
{
    int64_t dims[TH_MAX_RANK];

    for (int32_t i = 0; i < rank; i++)
        dims[i] = i == 1 ? th_type_elems(ov_type(n, v)) : 1;
    return ov_reshape(n, v, rank, dims, out);
}

/* y = x * s + t with s = gamma / sqrt(variance + eps), t = beta - mean * s, both constant as a
 * rule. */
static enum th_status import_batch_norm(struct ov_node *n)
{
    bool first = strcmp(n->layer->version, "opset1") == 0;
    double eps;
    th_value in[5], s, t, y;

    TH_TRY(ov_operands(n, in, 5));
    th_value x = first ? in[2] : in[0], gamma = first ? in[0] : in[1];
    th_value beta = first ? in[1] : in[2];
    if (!ov_attr_float(n, "epsilon", 0, &eps) ||
        (ov_attr_text(n, "epsilon") == NULL && !ov_attr_float(n, "eps", 0, &eps)))
        return TH_ERR_INPUT;
    TH_TRY(ov_need_rank(n, x, 2, TH_MAX_RANK));
    TH_TRY(ov_with_number(n, "add", in[4], eps, &s));
    TH_TRY(ov_unary(n, "sqrt", s, &s));
    TH_TRY(ov_binary(n, "div", gamma, s, &s));
    TH_TRY(ov_binary(n, "mul", in[3], s, &t));
    TH_TRY(ov_binary(n, "sub", beta, t, &t));
    TH_TRY(along_channels(n, s, ov_type(n, x)->rank, &s));
    TH_TRY(along_channels(n, t, ov_type(n, x)->rank, &t));
    TH_TRY(ov_binary(n, "mul", x, s, &y));
    TH_TRY(ov_binary(n, "add", y, t, &y));
    return ov_bind(n, 0, y);
}

/* (x - mean) / sqrt(variance + eps), over axes. */
static enum th_status normalise(const struct ov_node *n, th_value x, const int64_t *axes,
                                size_t count, bool variance, double eps, bool inside, th_value *y)
{
    th_value m, v;

    TH_TRY(ov_reduce(n, "mean", x, axes, count, true, &m));
    TH_TRY(ov_binary(n, "sub", x, m, y));
    if (!variance)
        return TH_OK;
    TH_TRY(ov_unary(n, "square", *y, &v));
    TH_TRY(ov_reduce(n, "mean", v, axes, count, true, &v));
    if (inside)
        TH_TRY(ov_with_number(n, "add", v, eps, &v));
    TH_TRY(ov_unary(n, "sqrt", v, &v));
    if (!inside)
        TH_TRY(ov_with_number(n, "add", v, eps, &v));
    return ov_binary(n, "div", *y, v, y);
}

/* The same over the last axes from `axis` on; scale may be 0. */
static enum th_status layer_norm(const struct ov_node *n, th_value x, th_value scale, int64_t axis,
                                 double eps, bool rms, th_value *y)
{
    const th_value in[2] = {x, scale};
    struct th_attr_list a = {.n = 0};

    th_attr_list_int(&a, "axis", axis);
    th_attr_list_float(&a, "epsilon", eps);
    th_attr_list_bool(&a, "rms", rms);
    return ov_add(n, "layer_norm", in, scale != 0 ? 2 : 1, &a, y);
}

static enum th_status import_mvn(struct ov_node *n)
{
    bool across = ov_attr_bool(n, "across_channels", false);
    bool inside = ov_attr_is(n, "eps_mode", "inside_sqrt", true) ||
                  ov_attr_is(n, "eps_mode", "INSIDE_SQRT", false);
    int64_t axes[TH_MAX_RANK];
    size_t count = 0;
    double eps;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    int32_t rank = ov_type(n, x)->rank;
    if (!ov_attr_float(n, "eps", 0, &eps))
        return TH_ERR_INPUT;
    if (n->layer->n_inputs > 1) {
        if (!ov_in_axes(n, 1, rank, axes, &count))
            return TH_ERR_INPUT;
    } else {
        for (int32_t i = across ? 1 : 2; i < rank; i++)
            axes[count++] = i;
        inside = true;
    }
    bool variance = ov_attr_bool(n, "normalize_variance", true);
    /* the last axes, which is what layer normalisation means */
    if (variance && inside && count != 0 && axes[0] == rank - (int64_t)count)
        TH_TRY(layer_norm(n, x, 0, axes[0], eps, false, &y));
    else
        TH_TRY(normalise(n, x, axes, count, variance, eps, inside, &y));
    return ov_bind(n, 0, y);
}

/* x / sqrt(sum of squares, which eps is added to or bounds from below) */
static enum th_status import_normalize_l2(struct ov_node *n)
{
    bool most = ov_attr_is(n, "eps_mode", "max", false);
    int64_t axes[TH_MAX_RANK];
    size_t count;
    double eps;
    th_value x, s, y;

    TH_TRY(ov_operands(n, &x, 1));
    if (!ov_in_axes(n, 1, ov_type(n, x)->rank, axes, &count) ||
        !ov_attr_float(n, "eps", 0, &eps))
        return TH_ERR_INPUT;
    TH_TRY(ov_unary(n, "square", x, &s));
    TH_TRY(ov_reduce(n, "sum", s, axes, count, true, &s));
    TH_TRY(ov_with_number(n, most ? "maximum" : "add", s, eps, &s));
    TH_TRY(ov_unary(n, "sqrt", s, &s));
    TH_TRY(ov_binary(n, "div", x, s, &y));
    return ov_bind(n, 0, y);
}

/* The channels in groups, each normalised with all of its elements. */
static enum th_status import_group_norm(struct ov_node *n)
{
    int64_t groups, split[3];
    double eps;
    th_value in[3], s, t, y;

    TH_TRY(ov_operands(n, in, 3));
    TH_TRY(ov_need_rank(n, in[0], 2, TH_MAX_RANK));
    const struct th_type x = *ov_type(n, in[0]);
    if (!ov_attr_int(n, "num_groups", 1, &groups) || !ov_attr_float(n, "epsilon", 0, &eps))
        return TH_ERR_INPUT;
    if (groups < 1 || x.dims[1] % groups != 0 || th_type_elems(&x) == 0)
        return ov_reject(n, "%" PRId64 " channels in %" PRId64 " groups", x.dims[1], groups);
    split[0] = x.dims[0];
    split[1] = groups;
    split[2] = th_type_elems(&x) / (x.dims[0] * groups);
    TH_TRY(ov_reshape(n, in[0], 3, split, &y));
    TH_TRY(layer_norm(n, y, 0, 2, eps, false, &y));
    TH_TRY(ov_reshape(n, y, x.rank, x.dims, &y));
    TH_TRY(along_channels(n, in[1], x.rank, &s));
    TH_TRY(along_channels(n, in[2], x.rank, &t));
    TH_TRY(ov_binary(n, "mul", y, s, &y));
    TH_TRY(ov_binary(n, "add", y, t, &y));
    return ov_bind(n, 0, y);
}

/* x / sqrt(mean of squares + eps) * scale, over the last axis */
static enum th_status import_rms(struct ov_node *n)
{
    double eps;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    TH_TRY(ov_need_rank(n, x, 1, TH_MAX_RANK));
    const struct th_type t = *ov_type(n, x);
    const struct th_type *scale = ov_in(n, 1) != 0 ? ov_type(n, ov_in(n, 1)) : NULL;
    bool whole = scale != NULL && scale->rank == 1 && scale->dims[0] == t.dims[t.rank - 1];
    if (!ov_attr_float(n, "epsilon", 0, &eps))
        return TH_ERR_INPUT;
    TH_TRY(layer_norm(n, x, whole ? ov_in(n, 1) : 0, t.rank - 1, eps, true, &y));
    if (scale != NULL && !whole)
        TH_TRY(ov_binary(n, "mul", y, ov_in(n, 1), &y));
    return ov_bind(n, 0, y);
}

/* x / (bias + alpha * mean of squares of the neighbouring channels) ^ beta. The mean counts what
 * lies outside as zeros. */
static enum th_status import_lrn(struct ov_node *n)
{
    static const int64_t ones[2] = {1, 1};
    double alpha, beta, bias;
    int64_t size, axes[TH_MAX_RANK];
    size_t count;
    th_value x, s, y;

    TH_TRY(ov_operands(n, &x, 1));
    TH_TRY(ov_need_rank(n, x, 2, TH_MAX_RANK));
    const struct th_type t = *ov_type(n, x);
    if (!ov_attr_float(n, "alpha", 1, &alpha) || !ov_attr_float(n, "beta", 0.5, &beta) ||
        !ov_attr_float(n, "bias", 1, &bias) || !ov_attr_int(n, "size", 1, &size) ||
        !ov_in_axes(n, 1, t.rank, axes, &count))
        return TH_ERR_INPUT;
    if (count != 1 || axes[0] != 1 || size < 1 || size > INT32_MAX || th_type_elems(&t) == 0)
        return ov_reject(n, "nearest supported form: across channels, which are axis 1");
    const int64_t rows[4] = {t.dims[0], t.dims[1], 1,
                             th_type_elems(&t) / (t.dims[0] * t.dims[1])};
    const int64_t before[4] = {0, (size - 1) / 2, 0, 0}, after[4] = {0, size / 2, 0, 0};
    const int64_t filter[2] = {size, 1};
    struct th_attr_list p = {.n = 0}, a = {.n = 0};
    th_attr_list_ints(&p, "before", before, 4);
    th_attr_list_ints(&p, "after", after, 4);
    th_attr_list_float(&p, "value", 0);
    th_attr_list_ints(&a, "filter", filter, 2);
    th_attr_list_ints(&a, "stride", ones, 2);
    TH_TRY(ov_unary(n, "square", x, &s));
    TH_TRY(ov_reshape(n, s, 4, rows, &s));
    TH_TRY(ov_add(n, "pad", &s, 1, &p, &s));
    TH_TRY(ov_add(n, "avg_pool2d", &s, 1, &a, &s));
    TH_TRY(ov_reshape(n, s, t.rank, t.dims, &s));
    TH_TRY(ov_with_number(n, "mul", s, alpha, &s));
    TH_TRY(ov_with_number(n, "add", s, bias, &s));
    TH_TRY(ov_with_number(n, "pow", s, beta, &s));
    TH_TRY(ov_binary(n, "div", x, s, &y));
    return ov_bind(n, 0, y);
}

const struct ov_row ov_rows_norm[] = {
    {"ReduceSum", import_reduce, "sum"},
    {"ReduceMean", import_reduce, "mean"},
    {"ReduceMax", import_reduce, "reduce_max"},
    {"ReduceMin", import_reduce, "reduce_min"},
    {"ReduceProd", import_reduce, "reduce_prod"},
    {"ReduceL1", import_reduce, "sum"},
    {"ReduceL2", import_reduce, "sum"},
    {"ReduceLogicalAnd", import_reduce, "reduce_all"},
    {"ReduceLogicalOr", import_reduce, "reduce_any"},
    {"BatchNormInference", import_batch_norm, NULL},
    {"MVN", import_mvn, NULL},
    {"NormalizeL2", import_normalize_l2, NULL},
    {"GroupNormalization", import_group_norm, NULL},
    {"RMS", import_rms, NULL},
    {"LRN", import_lrn, NULL},
    {NULL, NULL, NULL},
};
