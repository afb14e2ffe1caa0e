/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions over axes, and positions of extremes. */
#include <float.h>
#include <string.h>

#include "import.h"

/* Axes to reduce: operand 1 in newer versions, all when none are given. */
static enum th_status reduced_axes(struct onx_node *n, int32_t rank, int64_t *axes, size_t *count)
{
    if (!onx_axes(n, 1, "axes", rank, axes, count))
        return TH_ERR_INPUT;
    if (*count == 0 && onx_attr_i(n, "noop_with_empty_axes", 0) == 0) {
        *count = (size_t)rank;
        for (int32_t i = 0; i < rank; i++)
            axes[i] = i;
    }
    return TH_OK;
}

/* Whether the axes are known only when the network runs. */
static bool late_axes(struct onx_node *n)
{
    return onx_has_in(n, 1) && !onx_in_is_const(n, 1) &&
           th_type_elems(onx_type(n, onx_in(n, 1))) > 0;
}

static enum th_status reduced(struct onx_node *n, const char *op, th_value x, bool keep,
                              th_value *out)
{
    int64_t axes[TH_MAX_RANK];
    size_t count;

    if (late_axes(n))
        return onx_late_reduce(n, op, x, keep, out);
    TH_TRY(reduced_axes(n, onx_type(n, x)->rank, axes, &count));
    return onx_reduce(n, op, x, axes, count, keep, out);
}

/* Before: what is done to each element; after: to each sum. Both are done where nothing is
 * reduced, too. */
static enum th_status reduce(struct onx_node *n, const char *before, const char *op,
                             const char *after)
{
    bool keep = onx_attr_i(n, "keepdims", 1) != 0;
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    if (before != NULL)
        TH_TRY(onx_unary(n, before, x, &x));
    TH_TRY(reduced(n, op, x, keep, &y));
    if (after != NULL)
        TH_TRY(onx_unary(n, after, y, &y));
    return onx_bind(n, 0, y);
}

static enum th_status import_reduce(struct onx_node *n)
{
    return reduce(n, NULL, n->row->ir, NULL);
}

static enum th_status import_l1(struct onx_node *n)
{
    return reduce(n, "abs", "sum", NULL);
}

static enum th_status import_l2(struct onx_node *n)
{
    return reduce(n, "square", "sum", "sqrt");
}

static enum th_status import_sum_square(struct onx_node *n)
{
    return reduce(n, "square", "sum", NULL);
}

static enum th_status import_log_sum(struct onx_node *n)
{
    return reduce(n, NULL, "sum", "log");
}

/* An infinite largest element would be taken from itself: the largest finite number is instead. */
static enum th_status finite(struct onx_node *n, th_value v, th_value *out)
{
    const enum th_dtype dt = onx_type(n, v)->dtype;
    const double most = dt == TH_DT_F64    ? DBL_MAX
                        : dt == TH_DT_F16  ? 65504
                        : dt == TH_DT_BF16 ? 0x1.FEp127
                                           : FLT_MAX;

    return onx_clamp(n, v, -most, most, out);
}

/* max + log(sum(exp(x - max))) */
static enum th_status import_log_sum_exp(struct onx_node *n)
{
    bool keep = onx_attr_i(n, "keepdims", 1) != 0;
    th_value x, most, y;

    TH_TRY(onx_need(n, &x, 1));
    if (late_axes(n) && !keep)
        return onx_reject(n, "constant axes, or keepdims 1",
                          "axes that are known only when the network runs");
    TH_TRY(reduced(n, "reduce_max", x, true, &most));
    TH_TRY(finite(n, most, &most));
    TH_TRY(onx_binary(n, "sub", x, most, &y));
    TH_TRY(onx_unary(n, "exp", y, &y));
    TH_TRY(reduced(n, "sum", y, keep, &y));
    TH_TRY(onx_unary(n, "log", y, &y));
    TH_TRY(onx_reshape(n, most, onx_type(n, y)->rank, onx_type(n, y)->dims, &most));
    TH_TRY(onx_binary(n, "add", y, most, &y));
    return onx_bind(n, 0, y);
}

/* The last of equal ones is the first of the reversed list. */
static enum th_status import_arg(struct onx_node *n)
{
    bool last = onx_attr_i(n, "select_last_index", 0) != 0;
    struct th_attr_list a = {.n = 0}, r = {.n = 0};
    int64_t axis, dims[TH_MAX_RANK];
    int32_t rank;
    th_value x, y, most;

    TH_TRY(onx_need(n, &x, 1));
    rank = onx_type(n, x)->rank;
    if (!onx_axis(n, onx_attr_i(n, "axis", 0), rank, &axis))
        return TH_ERR_INPUT;
    memcpy(dims, onx_type(n, x)->dims, sizeof dims);
    if (last) {
        th_attr_list_ints(&r, "axes", &axis, 1);
        TH_TRY(onx_add(n, "reverse", &x, 1, &r, &x));
    }
    th_attr_list_int(&a, "axis", axis);
    TH_TRY(onx_add_typed(n, n->row->ir, &x, 1, &a, TH_DT_S64, NULL, &y));
    if (last) {
        TH_TRY(onx_scalar(n, TH_DT_S64, (double)(dims[axis] - 1), &most));
        TH_TRY(onx_binary(n, "sub", most, y, &y));
    }
    if (onx_attr_i(n, "keepdims", 1) != 0) {
        dims[axis] = 1;
        TH_TRY(onx_reshape(n, y, rank, dims, &y));
    }
    return onx_bind(n, 0, y);
}

const struct onx_row onx_rows_reduce[] = {
    {"ReduceSum", import_reduce, "sum"},
    {"ReduceMean", import_reduce, "mean"},
    {"ReduceMax", import_reduce, "reduce_max"},
    {"ReduceMin", import_reduce, "reduce_min"},
    {"ReduceProd", import_reduce, "reduce_prod"},
    {"ReduceL1", import_l1, NULL},
    {"ReduceL2", import_l2, NULL},
    {"ReduceSumSquare", import_sum_square, NULL},
    {"ReduceLogSum", import_log_sum, NULL},
    {"ReduceLogSumExp", import_log_sum_exp, NULL},
    {"ArgMax", import_arg, "arg_max"},
    {"ArgMin", import_arg, "arg_min"},
    {NULL, NULL, NULL},
};
