/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling: windows over the axes of space. */
#include <inttypes.h>
#include <string.h>

#include "window.h"

static enum th_status pool(struct onx_node *n, const char *op, th_value x,
                           const struct onx_window *w, th_value *out)
{
    int64_t stride[2], dilation[2], pad[4], kernel[2];
    struct th_attr_list a = {.n = 0};

    onx_window_attrs(w, stride, dilation, pad, kernel);
    TH_TRY(onx_to_map(n, x, &x));
    th_attr_list_ints(&a, "filter", kernel, 2);
    th_attr_list_ints(&a, "stride", stride, 2);
    th_attr_list_ints(&a, "pad", pad, 4);
    TH_TRY(onx_add(n, op, &x, 1, &a, out));
    return onx_from_map(n, *out, w->space, out);
}

/* When extents round up, the last windows reach further than the padding says. */
static void pad_to_extent(struct onx_window *w)
{
    for (int32_t i = 0; i < w->space; i++) {
        int64_t reach = (w->kernel[i] - 1) * w->dilation[i] + 1;
        int64_t need = (w->out[i] - 1) * w->stride[i] + reach - w->in[i] - w->before[i];
        if (need > w->after[i])
            w->after[i] = need;
    }
}

static enum th_status read_window(struct onx_node *n, th_value x, struct onx_window *w)
{
    return onx_window_read(n, onx_type(n, x), NULL, onx_attr_i(n, "ceil_mode", 0) != 0, w);
}

static bool dilated(const struct onx_window *w)
{
    for (int32_t i = 0; i < w->space; i++)
        if (w->dilation[i] != 1)
            return true;
    return false;
}

/* The operators pool maps of numbers that have kernels; other forms go axis by axis. */
static bool has_operator(const struct onx_node *n, th_value x, const struct onx_window *w)
{
    const struct th_type *t = onx_type(n, x);

    return w->space <= 2 && !dilated(w) && (t->dtype == TH_DT_F32 || t->quant != NULL);
}

static enum th_status pad_axes(struct onx_node *n, th_value x, const struct onx_window *w,
                               double value, th_value *out)
{
    int64_t before[TH_MAX_RANK] = {0}, after[TH_MAX_RANK] = {0};
    struct th_attr_list a = {.n = 0};

    for (int32_t i = 0; i < w->space; i++) {
        before[2 + i] = w->before[i];
        after[2 + i] = w->after[i];
    }
    th_attr_list_ints(&a, "before", before, (size_t)w->space + 2);
    th_attr_list_ints(&a, "after", after, (size_t)w->space + 2);
    th_attr_list_float(&a, "value", value);
    return onx_add(n, "pad", &x, 1, &a, out);
}

/* ---- means and sums -------------------------------------------------------------------------- */

/* Weighted sums of each window along an axis of space. divide: by the elements that lie inside, or
 * with padding also by those in it. */
static enum th_status sum_axis(struct onx_node *n, const struct onx_window *w, int32_t i,
                               bool divide, bool padding, th_value *x)
{
    const int64_t dims[2] = {w->out[i], w->kernel[i]};
    const struct th_type ints = th_type_make(TH_DT_S32, 2, dims);
    const struct th_type reals = th_type_make(TH_DT_F32, 2, dims);
    struct th_tensor *index = th_tensor_new(n->scope->im->arena, &ints);
    struct th_tensor *weight = th_tensor_new(n->scope->im->arena, &reals);
    struct th_attr_list a = {.n = 0};
    th_value in[3] = {*x, 0, 0};

    if (index == NULL || weight == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t o = 0; o < w->out[i]; o++) {
        int64_t inside = 0, counted = 0;
        for (int pass = 0; pass < 2; pass++)
            for (int64_t k = 0; k < w->kernel[i]; k++) {
                const int64_t at = o * w->stride[i] - w->before[i] + k * w->dilation[i];
                const bool in_x = at >= 0 && at < w->in[i];
                if (pass == 0) {
                    inside += in_x;
                    counted += at < w->in[i] + w->after[i];
                    continue;
                }
                const int64_t by = !divide ? 1 : padding ? counted : inside;
                th_tensor_set_int(index, o * w->kernel[i] + k, in_x ? at : 0);
                th_tensor_set_real(weight, o * w->kernel[i] + k,
                                   in_x ? 1.0 / (double)by : 0);
            }
    }
    in[1] = th_graph_const_copy(n->scope->graph, "", &ints, index->data);
    in[2] = th_graph_const_copy(n->scope->graph, "", &reals, weight->data);
    if (in[1] == 0 || in[2] == 0)
        return TH_ERR_INTERNAL;
    th_attr_list_int(&a, "axis", 2 + i);
    return onx_add(n, "resample", in, 3, &a, x);
}

enum th_status onx_average_pool(struct onx_node *n, th_value x, th_value *out)
{
    const bool padding = onx_attr_i(n, "count_include_pad", 0) != 0;
    struct onx_window w;

    TH_TRY(read_window(n, x, &w));
    if (!has_operator(n, x, &w)) {
        for (int32_t i = 0; i < w.space; i++)
            TH_TRY(sum_axis(n, &w, i, true, padding, &x));
        *out = x;
        return TH_OK;
    }
    if (padding) {
        TH_TRY(pad_axes(n, x, &w, 0, &x));
        for (int32_t i = 0; i < w.space; i++) {
            w.in[i] += w.before[i] + w.after[i];
            w.before[i] = w.after[i] = 0;
        }
    }
    pad_to_extent(&w);
    return pool(n, "avg_pool2d", x, &w, out);
}

static enum th_status import_average_pool(struct onx_node *n)
{
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(onx_average_pool(n, x, &y));
    return onx_bind(n, 0, y);
}

static enum th_status power(struct onx_node *n, th_value x, double p, th_value *out)
{
    th_value k;

    if (p == 1 || p == 2 || p == 0.5)
        return p == 1 ? (*out = x, TH_OK) : onx_unary(n, p == 2 ? "square" : "sqrt", x, out);
    TH_TRY(onx_scalar(n, onx_type(n, x)->dtype, p, &k));
    return onx_binary(n, "pow", x, k, out);
}

/* (sum of |x|^p)^(1/p) over windows, or over all of space. */
static enum th_status import_lp_pool(struct onx_node *n)
{
    const double p = onx_has(n, "p") ? (double)onx_attr_i(n, "p", 2) : 2;
    const bool global = n->row->ir != NULL;
    int64_t axes[TH_MAX_RANK];
    struct onx_window w;
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    const int32_t rank = onx_type(n, x)->rank;
    if (!(p >= 1) || rank < 3)
        return onx_reject(n, NULL, "p %g over an operand of %d axes", p, (int)rank);
    if (p != 2)
        TH_TRY(onx_unary(n, "abs", x, &x));
    TH_TRY(power(n, x, p, &x));
    if (global) {
        for (int32_t i = 2; i < rank; i++)
            axes[i - 2] = i;
        TH_TRY(onx_reduce(n, "sum", x, axes, (size_t)rank - 2, true, &x));
    } else {
        TH_TRY(read_window(n, x, &w));
        for (int32_t i = 0; i < w.space; i++)
            TH_TRY(sum_axis(n, &w, i, false, false, &x));
    }
    TH_TRY(power(n, x, 1 / p, &x));
    return onx_bind(n, 0, x);
}

/* ---- maxima ---------------------------------------------------------------------------------- */

/* What is never a maximum. */
static double lowest(const struct th_type *t)
{
    return th_dtype_is_float(t->dtype) ? -INFINITY : (double)th_dtype_min(t->dtype);
}

/* Tap k of the windows over the axes [from, to) of space: a slice of the padded operand. */
static enum th_status tap(struct onx_node *n, th_value x, const struct onx_window *w,
                          int32_t from, int32_t to, int64_t k, th_value *out)
{
    int64_t begin[TH_MAX_RANK] = {0}, size[TH_MAX_RANK], step[TH_MAX_RANK];
    const struct th_type *t = onx_type(n, x);
    struct th_attr_list a = {.n = 0};

    for (int32_t i = 0; i < t->rank; i++) {
        size[i] = t->dims[i];
        step[i] = 1;
    }
    for (int32_t i = to - 1; i >= from; i--) {
        begin[2 + i] = k % w->kernel[i] * w->dilation[i];
        k /= w->kernel[i];
        size[2 + i] = w->out[i];
        step[2 + i] = w->stride[i];
    }
    th_attr_list_ints(&a, "begin", begin, (size_t)t->rank);
    th_attr_list_ints(&a, "size", size, (size_t)t->rank);
    th_attr_list_ints(&a, "stride", step, (size_t)t->rank);
    return onx_add(n, "slice", &x, 1, &a, out);
}

/* Axis after axis: the maximum over shifted slices, one a tap. */
static enum th_status max_by_axis(struct onx_node *n, th_value x, const struct onx_window *w,
                                  th_value *out)
{
    th_value y = 0, part;

    TH_TRY(pad_axes(n, x, w, lowest(onx_type(n, x)), &x));
    for (int32_t i = 0; i < w->space; i++) {
        if (w->kernel[i] > 256)
            return onx_reject(n, NULL, "a window of %" PRId64, w->kernel[i]);
        for (int64_t k = 0; k < w->kernel[i]; k++) {
            TH_TRY(tap(n, x, w, i, i + 1, k, &part));
            if (k > 0)
                TH_TRY(onx_binary(n, "maximum", y, part, &part));
            y = part;
        }
        x = y;
    }
    *out = x;
    return TH_OK;
}

/* Where tap k of each window lies in one map, [out...]: rows first, or columns. */
static enum th_status tap_places(struct onx_node *n, const struct onx_window *w, int64_t k,
                                 bool columns, th_value *out)
{
    int64_t count = 1, *v;

    for (int32_t i = 0; i < w->space; i++)
        count *= w->out[i];
    v = TH_NEW_ARRAY(n->scope->im->arena, int64_t, (size_t)count + 1);
    if (v == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t o = 0; o < count; o++) {
        int64_t at[ONX_MAX_SPACE], rest = o, taps = k, place = 0;
        for (int32_t i = w->space - 1; i >= 0; i--) {
            at[i] = rest % w->out[i] * w->stride[i] - w->before[i] +
                    taps % w->kernel[i] * w->dilation[i];
            rest /= w->out[i];
            taps /= w->kernel[i];
        }
        for (int32_t i = 0; i < w->space; i++) {
            const int32_t axis = columns ? w->space - 1 - i : i;
            place = place * w->in[axis] + at[axis];
        }
        v[o] = place;
    }
    return onx_ints(n, TH_DT_S64, w->space, w->out, v, out);
}

/* First index of each map: [N, C, 1...]. */
static enum th_status map_starts(struct onx_node *n, const struct th_type *x, th_value *out)
{
    int64_t dims[TH_MAX_RANK] = {x->dims[0], x->dims[1]}, size = 1, *v;
    const int64_t maps = x->dims[0] * x->dims[1];

    for (int32_t i = 2; i < x->rank; i++) {
        dims[i] = 1;
        size *= x->dims[i];
    }
    v = TH_NEW_ARRAY(n->scope->im->arena, int64_t, (size_t)maps + 1);
    if (v == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < maps; i++)
        v[i] = i * size;
    return onx_ints(n, TH_DT_S64, x->rank, dims, v, out);
}

/* Maxima and the first place of each. */
static enum th_status max_and_places(struct onx_node *n, th_value x, const struct onx_window *w)
{
    const bool columns = onx_attr_i(n, "storage_order", 0) != 0;
    const struct th_type t = *onx_type(n, x);
    int64_t taps = 1;
    th_value y = 0, place = 0, part, here, in[3];

    for (int32_t i = 0; i < w->space; i++)
        taps *= w->kernel[i];
    if (taps > 1024)
        return onx_reject(n, NULL, "positions in windows of %" PRId64 " elements", taps);
    TH_TRY(pad_axes(n, x, w, lowest(&t), &x));
    for (int64_t k = 0; k < taps; k++) {
        TH_TRY(tap(n, x, w, 0, w->space, k, &part));
        TH_TRY(tap_places(n, w, k, columns, &here));
        if (k > 0) {
            TH_TRY(onx_binary(n, "greater", part, y, &in[0]));
            in[1] = here, in[2] = place;
            TH_TRY(onx_add_typed(n, "select", in, 3, NULL, TH_DT_S64, NULL, &here));
            TH_TRY(onx_binary(n, "maximum", y, part, &part));
        }
        y = part, place = here;
    }
    TH_TRY(map_starts(n, &t, &here));
    TH_TRY(onx_binary(n, "add", place, here, &place));
    TH_TRY(onx_bind(n, 0, y));
    return onx_bind(n, 1, place);
}

static enum th_status import_max_pool(struct onx_node *n)
{
    struct onx_window w;
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(read_window(n, x, &w));
    pad_to_extent(&w);
    if (onx_has_out(n, 1))
        return max_and_places(n, x, &w);
    TH_TRY(has_operator(n, x, &w) ? pool(n, "max_pool2d", x, &w, &y)
                                  : max_by_axis(n, x, &w, &y));
    return onx_bind(n, 0, y);
}

/* Over all of space: a reduction that keeps its axes, channels last. */
enum th_status onx_global_pool(struct onx_node *n, const char *op, th_value x, th_value *out)
{
    int64_t axes[TH_MAX_RANK];
    int32_t rank = onx_type(n, x)->rank;

    if (rank < 3)
        return onx_reject(n, NULL, "an operand of %d axes", (int)rank);
    TH_TRY(onx_to_last(n, x, &x));
    for (int32_t i = 1; i + 1 < rank; i++)
        axes[i - 1] = i;
    TH_TRY(onx_reduce(n, op, x, axes, (size_t)rank - 2, true, &x));
    return onx_to_first(n, x, out);
}

static enum th_status import_global(struct onx_node *n)
{
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(onx_global_pool(n, n->row->ir, x, &y));
    return onx_bind(n, 0, y);
}

const struct onx_row onx_rows_pool[] = {
    {"AveragePool", import_average_pool, NULL},
    {"MaxPool", import_max_pool, NULL},
    {"LpPool", import_lp_pool, NULL},
    {"GlobalLpPool", import_lp_pool, "sum"},
    {"GlobalAveragePool", import_global, "mean"},
    {"GlobalMaxPool", import_global, "reduce_max"},
    {NULL, NULL, NULL},
};
