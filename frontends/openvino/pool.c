/* SPDX-License-Identifier: Apache-2.0 */
/* Pools. */
#include <inttypes.h>
#include <math.h>

#include "window.h"

/* Outputs along one axis; with "ceil" the last window may begin inside but end outside. */
static int64_t pooled(const struct ov_window *w, int axis, int64_t in, bool ceil, bool inside)
{
    int64_t reach = (w->size[axis] - 1) * w->dilation[axis] + 1;
    int64_t room = in + w->begin[axis] + w->end[axis] - reach;
    int64_t out;

    if (room < 0)
        return 0;
    out = room / w->stride[axis] + 1;
    if (ceil && room % w->stride[axis] != 0)
        out++;
    /* a window that would begin in the padding at the end sees nothing */
    if (inside && ceil && (out - 1) * w->stride[axis] >= in + w->begin[axis])
        out--;
    return out;
}

/* Reads the window of a pool over x (maps) and makes its padding give exactly the outputs that the
 * rounding asks for. explicit_end: the padding that the layer itself has. */
static enum th_status read_pool(const struct ov_node *n, th_value x, int32_t spatial,
                                struct ov_window *w, int64_t explicit_end[2])
{
    int64_t kernel[2] = {0, 0};
    const int64_t *in = ov_type(n, x)->dims + 1;
    static const char *const roundings[] = {"floor", "ceil", "ceil_torch", NULL};
    int rounding;

    if (!ov_attr_choice(n, "rounding_type", roundings, 0, &rounding))
        return TH_ERR_INPUT;
    if (!ov_attr_ints(n, "kernel", 0, kernel, (size_t)spatial))
        return TH_ERR_INPUT;
    TH_TRY(ov_window_read(n, spatial, kernel, w));
    TH_TRY(ov_window_auto(n, w, in));
    for (int i = 0; i < 2; i++) {
        explicit_end[i] = w->end[i];
        int64_t out = pooled(w, i, in[i], rounding != 0, rounding == 2);
        int64_t extent = (w->size[i] - 1) * w->dilation[i] + 1;
        if (out < 1)
            return ov_reject(n, "window %" PRId64 " does not fit an extent of %" PRId64, extent,
                             in[i]);
        int64_t end = (out - 1) * w->stride[i] + extent - in[i] - w->begin[i];
        w->end[i] = end > w->end[i] ? end : w->end[i];
    }
    return TH_OK;
}

static bool is_dilated(const struct ov_window *w)
{
    return w->dilation[0] != 1 || w->dilation[1] != 1;
}

/* Adds the pool; padding beyond the window (which the record refuses) becomes a layer. */
static enum th_status add_pool(const struct ov_node *n, const char *op, th_value x,
                               struct ov_window *w, double fill, th_value *y)
{
    struct th_attr_list a = {.n = 0}, p = {.n = 0};
    int64_t pad[4];

    if (w->begin[0] >= w->size[0] || w->end[0] >= w->size[0] || w->begin[1] >= w->size[1] ||
        w->end[1] >= w->size[1]) {
        const int64_t before[4] = {0, w->begin[0], w->begin[1], 0};
        const int64_t after[4] = {0, w->end[0], w->end[1], 0};
        th_attr_list_ints(&p, "before", before, 4);
        th_attr_list_ints(&p, "after", after, 4);
        th_attr_list_float(&p, "value", fill);
        TH_TRY(ov_add(n, "pad", &x, 1, &p, &x));
        w->begin[0] = w->begin[1] = w->end[0] = w->end[1] = 0;
    }
    ov_window_attrs(w, &a, pad);
    th_attr_list_ints(&a, "filter", w->size, 2);
    return ov_add(n, op, &x, 1, &a, y);
}

/* What is never a maximum. */
static double lowest(const struct th_type *t)
{
    return th_dtype_is_float(t->dtype) ? -INFINITY : (double)th_dtype_min(t->dtype);
}

/* The maximum of the taps, each a strided slice of the padded maps. */
static enum th_status dilated_max(const struct ov_node *n, th_value x, struct ov_window *w,
                                  th_value *y)
{
    const struct th_type t = *ov_type(n, x);
    const int64_t before[4] = {0, w->begin[0], w->begin[1], 0};
    const int64_t after[4] = {0, w->end[0], w->end[1], 0};
    const int64_t stride[4] = {1, w->stride[0], w->stride[1], 1};
    struct th_attr_list p = {.n = 0};
    int64_t size[4] = {t.dims[0], 0, 0, t.dims[3]};

    if (w->size[0] * w->size[1] > 256)
        return ov_reject(n, "a dilated window of %" PRId64 "x%" PRId64 " is not supported",
                         w->size[0], w->size[1]);
    for (int i = 0; i < 2; i++)
        size[i + 1] = (t.dims[i + 1] + w->begin[i] + w->end[i] -
                       ((w->size[i] - 1) * w->dilation[i] + 1)) / w->stride[i] + 1;
    th_attr_list_ints(&p, "before", before, 4);
    th_attr_list_ints(&p, "after", after, 4);
    th_attr_list_float(&p, "value", lowest(&t));
    TH_TRY(ov_add(n, "pad", &x, 1, &p, &x));
    *y = 0;
    for (int64_t i = 0; i < w->size[0] * w->size[1]; i++) {
        const int64_t begin[4] = {0, i / w->size[1] * w->dilation[0],
                                  i % w->size[1] * w->dilation[1], 0};
        struct th_attr_list a = {.n = 0};
        th_value tap;
        th_attr_list_ints(&a, "begin", begin, 4);
        th_attr_list_ints(&a, "size", size, 4);
        th_attr_list_ints(&a, "stride", stride, 4);
        TH_TRY(ov_add(n, "slice", &x, 1, &a, &tap));
        if (*y == 0)
            *y = tap;
        else
            TH_TRY(ov_binary(n, "maximum", *y, tap, y));
    }
    return TH_OK;
}

static enum th_status import_max_pool(struct ov_node *n)
{
    th_value x, y;
    struct ov_window w;
    int64_t end[2];

    TH_TRY(ov_operands(n, &x, 1));
    TH_TRY(ov_need_rank(n, x, 3, 4));
    int32_t spatial = ov_type(n, x)->rank - 2;
    TH_TRY(ov_to_maps(n, x, &x));
    TH_TRY(read_pool(n, x, spatial, &w, end));
    if (is_dilated(&w))
        TH_TRY(dilated_max(n, x, &w, &y));
    else
        TH_TRY(add_pool(n, "max_pool2d", x, &w, lowest(ov_type(n, x)), &y));
    TH_TRY(ov_from_maps(n, y, spatial, &y));
    /* the second output, where each maximum lies, stays without a value */
    return ov_bind(n, 0, y);
}

/* With the padding counted it becomes a layer of zeros, and what the rounding added counts like it;
 * without any padding what the rounding added does not count. */
static enum th_status import_avg_pool(struct ov_node *n)
{
    bool exclude = ov_attr_bool(n, "exclude-pad", ov_attr_bool(n, "exclude_pad", false));
    struct th_attr_list p = {.n = 0};
    struct ov_window w;
    th_value x, y;
    int64_t end[2];

    TH_TRY(ov_operands(n, &x, 1));
    TH_TRY(ov_need_rank(n, x, 3, 4));
    int32_t spatial = ov_type(n, x)->rank - 2;
    TH_TRY(ov_to_maps(n, x, &x));
    TH_TRY(read_pool(n, x, spatial, &w, end));
    if (is_dilated(&w))
        return ov_reject(n, "a dilated average is not supported");
    const int64_t before[4] = {0, w.begin[0], w.begin[1], 0};
    const int64_t after[4] = {0, w.end[0], w.end[1], 0};
    if (!exclude && (before[1] || before[2] || end[0] || end[1])) {
        th_attr_list_ints(&p, "before", before, 4);
        th_attr_list_ints(&p, "after", after, 4);
        th_attr_list_float(&p, "value", 0);
        TH_TRY(ov_add(n, "pad", &x, 1, &p, &x));
        w.begin[0] = w.begin[1] = w.end[0] = w.end[1] = 0;
    }
    if (w.begin[0] >= w.size[0] || w.end[0] >= w.size[0] || w.begin[1] >= w.size[1] ||
        w.end[1] >= w.size[1])
        return ov_reject(n, "some windows would see no input");
    TH_TRY(add_pool(n, "avg_pool2d", x, &w, 0, &y));
    TH_TRY(ov_from_maps(n, y, spatial, &y));
    return ov_bind(n, 0, y);
}

/* Cells of equal size only: then it is a pool like any other. */
static enum th_status import_adaptive(struct ov_node *n)
{
    int64_t out[2] = {1, 1};
    struct ov_window w;
    th_value x, y;
    size_t count;

    TH_TRY(ov_operands(n, &x, 1));
    TH_TRY(ov_need_rank(n, x, 3, 4));
    int32_t spatial = ov_type(n, x)->rank - 2;
    if (!ov_in_ints(n, 1, "output size", out + 2 - spatial, (size_t)spatial, &count))
        return TH_ERR_INPUT;
    TH_TRY(ov_to_maps(n, x, &x));
    w = (struct ov_window){.spatial = spatial, .dilation = {1, 1}};
    for (int i = 0; i < 2; i++) {
        int64_t in = ov_type(n, x)->dims[i + 1];
        if (out[i] < 1 || in < 1 || in % out[i] != 0)
            return ov_reject(n, "an extent of %" PRId64 " in %" PRId64 " unequal parts", in,
                             out[i]);
        w.size[i] = w.stride[i] = in / out[i];
    }
    TH_TRY(add_pool(n, n->row->ir, x, &w, 0, &y));
    TH_TRY(ov_from_maps(n, y, spatial, &y));
    return ov_bind(n, 0, y);
}

const struct ov_row ov_rows_pool[] = {
    {"MaxPool", import_max_pool, NULL},
    {"AvgPool", import_avg_pool, NULL},
    {"AdaptiveAvgPool", import_adaptive, "avg_pool2d"},
    {"AdaptiveMaxPool", import_adaptive, "max_pool2d"},
    {NULL, NULL, NULL},
};
