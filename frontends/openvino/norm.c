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
    /* the description says that these leave x as it is then, the runtime takes its size */
    if (count == 0 && strncmp(n->row->type, "ReduceL1", 7) == 0)
        return ov_reject(n, "an empty list of axes is not supported");
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
 * rule. The first version was written with x behind gamma and beta and described with x in front:
 * its dimensions tell. */
static enum th_status import_batch_norm(struct ov_node *n)
{
    double eps;
    th_value in[5], s, t, y;

    TH_TRY(ov_operands(n, in, 5));
    bool behind = ov_type(n, in[0])->rank == 1;
    th_value x = behind ? in[2] : in[0], gamma = behind ? in[0] : in[1];
    th_value beta = behind ? in[1] : in[2];
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

/* Axes of the first version: its attribute, or all behind the batch, or behind the channels. */
static bool mvn_axes(const struct ov_node *n, int32_t rank, int64_t *axes, size_t *count)
{
    const char *text = ov_attr_text(n, "reduction_axes");
    bool across = ov_attr_bool(n, "across_channels", false);

    *count = 0;
    if (text != NULL && *text != '\0')
        return ov_attr_axes(n, "reduction_axes", rank, axes, count);
    if (ov_attr_text(n, "across_channels") == NULL) {
        ov_reject(n, "it has neither across_channels nor reduction_axes");
        return false;
    }
    for (int32_t i = across ? 1 : 2; i < rank; i++)
        axes[(*count)++] = i;
    return true;
}

static enum th_status import_mvn(struct ov_node *n)
{
    static const char *const modes[] = {"inside_sqrt", "outside_sqrt", NULL};
    int64_t axes[TH_MAX_RANK];
    size_t count = 0;
    double eps;
    int outside = 0;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    int32_t rank = ov_type(n, x)->rank;
    if (!ov_attr_float(n, "eps", 0, &eps))
        return TH_ERR_INPUT;
    if (n->layer->n_inputs > 1 ? !ov_in_axes(n, 1, rank, axes, &count) ||
                                     !ov_attr_choice(n, "eps_mode", modes, 0, &outside)
                               : !mvn_axes(n, rank, axes, &count))
        return TH_ERR_INPUT;
    bool variance = ov_attr_bool(n, "normalize_variance", true);
    /* the last axes, which is what layer normalisation means */
    if (variance && !outside && count != 0 && axes[0] == rank - (int64_t)count)
        TH_TRY(layer_norm(n, x, 0, axes[0], eps, false, &y));
    else
        TH_TRY(normalise(n, x, axes, count, variance, eps, !outside, &y));
    return ov_bind(n, 0, y);
}

/* x / sqrt(sum of squares, which eps is added to or bounds from below) */
static enum th_status import_normalize_l2(struct ov_node *n)
{
    static const char *const modes[] = {"add", "max", NULL};
    int64_t axes[TH_MAX_RANK];
    size_t count;
    double eps;
    int most;
    th_value x, s, y;

    TH_TRY(ov_operands(n, &x, 1));
    if (!ov_attr_choice(n, "eps_mode", modes, -1, &most) ||
        !ov_in_axes(n, 1, ov_type(n, x)->rank, axes, &count) ||
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

/* x / sqrt(mean of squares + eps) * scale: over the last axis, or over those that a second operand
 * of whole numbers gives. */
static enum th_status import_rms(struct ov_node *n)
{
    int64_t axes[TH_MAX_RANK];
    size_t count = 1;
    double eps;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    TH_TRY(ov_need_rank(n, x, 1, TH_MAX_RANK));
    const struct th_type t = *ov_type(n, x);
    th_value scale = ov_in(n, 1);
    axes[0] = t.rank - 1;
    if (scale != 0 && th_dtype_is_int(ov_type(n, scale)->dtype)) {
        scale = ov_in(n, 2);
        if (!ov_in_axes(n, 1, t.rank, axes, &count))
            return TH_ERR_INPUT;
    }
    if (!ov_attr_float(n, "epsilon", 0, &eps))
        return TH_ERR_INPUT;
    if (count != 0 && axes[0] == t.rank - (int64_t)count) {
        const struct th_type *s = scale != 0 ? ov_type(n, scale) : NULL;
        bool whole = count == 1 && s != NULL && s->rank == 1 && s->dims[0] == t.dims[t.rank - 1];
        TH_TRY(layer_norm(n, x, whole ? scale : 0, axes[0], eps, true, &y));
        scale = whole ? 0 : scale;
    } else {
        th_value m;
        TH_TRY(ov_unary(n, "square", x, &m));
        TH_TRY(ov_reduce(n, "mean", m, axes, count, true, &m));
        TH_TRY(ov_with_number(n, "add", m, eps, &m));
        TH_TRY(ov_unary(n, "sqrt", m, &m));
        TH_TRY(ov_binary(n, "div", x, m, &y));
    }
    if (scale != 0)
        TH_TRY(ov_binary(n, "mul", y, scale, &y));
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
    if (size % 2 == 0)      /* where its middle lies is told in two ways */
        return ov_reject(n, "size %" PRId64 "; nearest supported form: an odd size", size);
    const int64_t rows[4] = {t.dims[0], t.dims[1], 1,
                             th_type_elems(&t) / (t.dims[0] * t.dims[1])};
    const int64_t around[4] = {0, size / 2, 0, 0};
    const int64_t filter[2] = {size, 1};
    struct th_attr_list p = {.n = 0}, a = {.n = 0};
    th_attr_list_ints(&p, "before", around, 4);
    th_attr_list_ints(&p, "after", around, 4);
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
