/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling: windows over the axes of space. */
#include <inttypes.h>
#include <string.h>

#include "window.h"

static enum th_status pool(struct onx_node *n, const char *op, th_value x,
                           const struct onx_window *w, th_value *out)
{
    int64_t stride[2], dilation[2], pad[4], kernel[2];
    struct onx_attrs a = {.n = 0};

    onx_window_attrs(w, stride, dilation, pad, kernel);
    TH_TRY(onx_to_map(n, x, &x));
    onx_set_ints(&a, "filter", kernel, 2);
    onx_set_ints(&a, "stride", stride, 2);
    onx_set_ints(&a, "pad", pad, 4);
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
    TH_TRY(onx_window_read(n, onx_type(n, x), NULL, onx_attr_i(n, "ceil_mode", 0) != 0, w));
    if (w->space > 2)
        return onx_reject(n, "pooling over one or two axes", "three axes of space");
    return TH_OK;
}

static enum th_status pad_axes(struct onx_node *n, th_value x, const struct onx_window *w,
                               double value, th_value *out)
{
    int64_t before[TH_MAX_RANK] = {0}, after[TH_MAX_RANK] = {0};
    struct onx_attrs a = {.n = 0};

    for (int32_t i = 0; i < w->space; i++) {
        before[2 + i] = w->before[i];
        after[2 + i] = w->after[i];
    }
    onx_set_ints(&a, "before", before, (size_t)w->space + 2);
    onx_set_ints(&a, "after", after, (size_t)w->space + 2);
    onx_set_float(&a, "value", value);
    return onx_add(n, "pad", &x, 1, &a, out);
}

static enum th_status import_average_pool(struct onx_node *n)
{
    struct onx_window w;
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(read_window(n, x, &w));
    for (int32_t i = 0; i < w.space; i++)
        if (w.dilation[i] != 1)
            return onx_reject(n, "dilation 1", "dilation %" PRId64, w.dilation[i]);
    if (onx_attr_i(n, "count_include_pad", 0) != 0) {
        TH_TRY(pad_axes(n, x, &w, 0, &x));
        for (int32_t i = 0; i < w.space; i++) {
            w.in[i] += w.before[i] + w.after[i];
            w.before[i] = w.after[i] = 0;
        }
    }
    pad_to_extent(&w);
    TH_TRY(pool(n, "avg_pool2d", x, &w, &y));
    return onx_bind(n, 0, y);
}

/* Dilated windows: the maximum over shifted slices, one a tap. */
static enum th_status dilated_max(struct onx_node *n, th_value x, const struct onx_window *w,
                                  th_value *out)
{
    const struct th_type *t;
    int64_t taps = 1;
    th_value y = 0;

    for (int32_t i = 0; i < w->space; i++)
        taps *= w->kernel[i];
    if (taps > 64)
        return onx_reject(n, "dilation 1", "a dilated window of %" PRId64 " elements", taps);
    TH_TRY(pad_axes(n, x, w, -INFINITY, &x));
    t = onx_type(n, x);
    for (int64_t k = 0; k < taps; k++) {
        int64_t begin[TH_MAX_RANK] = {0}, size[TH_MAX_RANK], step[TH_MAX_RANK], rest = k;
        struct onx_attrs a = {.n = 0};
        th_value part;
        t = onx_type(n, x);
        for (int32_t i = 0; i < t->rank; i++) {
            size[i] = t->dims[i];
            step[i] = 1;
        }
        for (int32_t i = 0; i < w->space; i++) {
            begin[2 + i] = rest % w->kernel[i] * w->dilation[i];
            rest /= w->kernel[i];
            size[2 + i] = w->out[i];
            step[2 + i] = w->stride[i];
        }
        onx_set_ints(&a, "begin", begin, (size_t)t->rank);
        onx_set_ints(&a, "size", size, (size_t)t->rank);
        onx_set_ints(&a, "stride", step, (size_t)t->rank);
        TH_TRY(onx_add(n, "slice", &x, 1, &a, &part));
        if (y != 0)
            TH_TRY(onx_binary(n, "maximum", y, part, &part));
        y = part;
    }
    *out = y;
    return TH_OK;
}

static enum th_status import_max_pool(struct onx_node *n)
{
    struct onx_window w;
    th_value x, y;
    bool dilated = false;

    TH_TRY(onx_need(n, &x, 1));
    if (onx_has_out(n, 1))
        return onx_reject(n, "one result", "positions of the maxima are asked for");
    TH_TRY(read_window(n, x, &w));
    pad_to_extent(&w);
    for (int32_t i = 0; i < w.space; i++)
        dilated = dilated || w.dilation[i] != 1;
    TH_TRY(dilated ? dilated_max(n, x, &w, &y) : pool(n, "max_pool2d", x, &w, &y));
    return onx_bind(n, 0, y);
}

/* Over all of space: a reduction that keeps its axes, channels last. */
static enum th_status import_global(struct onx_node *n)
{
    int64_t axes[TH_MAX_RANK];
    int32_t rank;
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    rank = onx_type(n, x)->rank;
    if (rank < 3)
        return onx_reject(n, NULL, "an operand of %d axes", (int)rank);
    TH_TRY(onx_to_last(n, x, &x));
    for (int32_t i = 1; i + 1 < rank; i++)
        axes[i - 1] = i;
    TH_TRY(onx_reduce(n, n->row->ir, x, axes, (size_t)rank - 2, true, &y));
    TH_TRY(onx_to_first(n, y, &y));
    return onx_bind(n, 0, y);
}

const struct onx_row onx_rows_pool[] = {
    {"AveragePool", import_average_pool, NULL},
    {"MaxPool", import_max_pool, NULL},
    {"GlobalAveragePool", import_global, "mean"},
    {"GlobalMaxPool", import_global, "reduce_max"},
    {NULL, NULL, NULL},
};
