/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions and their transposes. */
#include <inttypes.h>

#include "window.h"

/* A group axis stands in front of the weights'. */
static enum th_status operands(const struct ov_node *n, bool grouped, int32_t most, th_value in[2])
{
    TH_TRY(ov_operands(n, in, 2));
    TH_TRY(ov_need_rank(n, in[0], 3, most));
    int32_t rank = ov_type(n, in[0])->rank + grouped;
    return ov_need_rank(n, in[1], rank, rank);
}

/* Weights [a, b, (rows,) columns] to [first, rows, columns, last]; depthwise ones to [1, rows,
 * columns, first]. */
static enum th_status move_weights(const struct ov_node *n, th_value w, bool swap, bool depthwise,
                                   th_value *out)
{
    const struct th_type *t = ov_type(n, w);
    const int64_t four[4] = {t->dims[0], t->dims[1], t->rank == 3 ? 1 : t->dims[2],
                             t->dims[t->rank - 1]};
    static const int64_t perms[2][4] = {{0, 2, 3, 1}, {1, 2, 3, 0}};

    TH_TRY(ov_reshape(n, w, 4, four, out));
    TH_TRY(ov_transpose(n, *out, perms[swap], out));
    if (!depthwise)
        return TH_OK;
    t = ov_type(n, *out);
    const int64_t flat[4] = {1, t->dims[0], t->dims[1], t->dims[2]};
    TH_TRY(ov_reshape(n, *out, 4, flat, out));
    return ov_move_axis(n, *out, 1, 3, out);
}

/* Integers are moved as integers. */
static enum th_status turn_weights(const struct ov_node *n, th_value w, bool swap, bool depthwise,
                                   th_value *out)
{
    th_value kept = ov_stored(n, w);

    if (kept == 0)
        return move_weights(n, w, swap, depthwise, out);
    TH_TRY(move_weights(n, kept, swap, depthwise, &kept));
    return ov_dequantize(n, kept, out);
}

/* Groups join the output channels. */
static enum th_status join_groups(const struct ov_node *n, th_value w, int32_t rank,
                                  const int64_t *dims, th_value *out)
{
    th_value kept = ov_stored(n, w);

    if (kept == 0)
        return ov_reshape(n, w, rank, dims, out);
    TH_TRY(ov_reshape(n, kept, rank, dims, &kept));
    return ov_dequantize(n, kept, out);
}

/* ---- volumes --------------------------------------------------------------------------------- */

/* Stride, dilation and padding of three axes. */
static enum th_status volume_window(const struct ov_node *n, const int64_t *in,
                                    const int64_t *size, struct th_attr_list *a, int64_t at[12])
{
    int64_t *stride = at, *dilation = at + 3, *pad = at + 6;
    enum ov_auto_pad mode;

    if (!ov_attr_ints(n, "strides", 1, stride, 3) ||
        !ov_attr_ints(n, "dilations", 1, dilation, 3) ||
        !ov_attr_ints(n, "pads_begin", 0, pad, 3) ||
        !ov_attr_ints(n, "pads_end", 0, pad + 3, 3) || !ov_auto_pad(n, &mode))
        return TH_ERR_INPUT;
    for (int i = 0; i < 3; i++) {
        if (stride[i] < 1 || stride[i] > INT32_MAX || dilation[i] < 1 || dilation[i] > INT32_MAX ||
            in[i] > INT32_MAX || size[i] > INT32_MAX)
            return ov_reject(n, "stride %" PRId64 ", dilation %" PRId64 ": both must be positive",
                             stride[i], dilation[i]);
        if (mode > OV_PAD_NOTSET)
            ov_pad_axis(mode, in[i], size[i], stride[i], dilation[i], &pad[i], &pad[3 + i]);
    }
    th_attr_list_ints(a, "stride", stride, 3);
    th_attr_list_ints(a, "dilation", dilation, 3);
    th_attr_list_ints(a, "pad", pad, 6);
    return TH_OK;
}

/* The record tells groups from the channels that the weights take: they must be all of them. */
static enum th_status check_channels(const struct ov_node *n, int64_t groups, int64_t each,
                                     int64_t have)
{
    int64_t all;

    if (th_mul_i64(groups, each, &all) && all == have)
        return TH_OK;
    return ov_reject(n, "weights with %" PRId64 " groups of %" PRId64 " input channels, but the "
                     "input has %" PRId64, groups, each, have);
}

/* Weights [out, in, ...] or [groups, out, in, ...] of three spatial dimensions. */
static enum th_status import_volume(struct ov_node *n, const th_value *in, bool grouped)
{
    static const int64_t last[5] = {0, 2, 3, 4, 1};
    const struct th_type wt = *ov_type(n, in[1]);
    int64_t dims[TH_MAX_RANK], at[12];
    struct th_attr_list a = {.n = 0};
    th_value x, w = in[1], y;

    TH_TRY(check_channels(n, grouped ? wt.dims[0] : 1, wt.dims[grouped ? 2 : 1],
                          ov_type(n, in[0])->dims[1]));
    if (grouped) {
        if (!th_mul_i64(wt.dims[0], wt.dims[1], &dims[0]))
            return ov_reject(n, "the weights are too large");
        for (int32_t i = 1; i < 5; i++)
            dims[i] = wt.dims[i + 1];
        TH_TRY(ov_reshape(n, w, 5, dims, &w));
    }
    TH_TRY(volume_window(n, ov_type(n, in[0])->dims + 2, ov_type(n, w)->dims + 2, &a, at));
    TH_TRY(ov_transpose(n, w, last, &w));
    TH_TRY(ov_transpose(n, in[0], last, &x));
    const th_value ops[2] = {x, w};
    TH_TRY(ov_add(n, "conv3d", ops, 2, &a, &y));
    TH_TRY(ov_move_axis(n, y, 4, 1, &y));
    return ov_bind(n, 0, y);
}

/* ---- images ---------------------------------------------------------------------------------- */

static enum th_status import_convolution(struct ov_node *n)
{
    bool grouped = n->row->ir != NULL;
    th_value in[2], x, w, y;
    int64_t pad[4], dims[TH_MAX_RANK], multiplier = 0;
    struct ov_window win;
    struct th_attr_list a = {.n = 0};

    TH_TRY(operands(n, grouped, 5, in));
    if (ov_type(n, in[0])->rank == 5)
        return import_volume(n, in, grouped);
    x = in[0];
    w = in[1];
    int32_t spatial = ov_type(n, x)->rank - 2;
    if (grouped) {
        const struct th_type *t = ov_type(n, w);
        int32_t rank = t->rank - 1;
        if (!th_mul_i64(t->dims[0], t->dims[1], &dims[0]))
            return ov_reject(n, "the weights are too large");
        TH_TRY(check_channels(n, t->dims[0], t->dims[2], ov_type(n, x)->dims[1]));
        multiplier = t->dims[2] == 1 ? t->dims[1] : 0;
        for (int32_t i = 1; i < rank; i++)
            dims[i] = t->dims[i + 1];
        TH_TRY(join_groups(n, w, rank, dims, &w));
    } else {
        TH_TRY(check_channels(n, 1, ov_type(n, w)->dims[1], ov_type(n, x)->dims[1]));
    }
    TH_TRY(ov_window_read(n, spatial, ov_type(n, w)->dims + 2, &win));
    TH_TRY(ov_to_maps(n, x, &x));
    TH_TRY(ov_window_auto(n, &win, ov_type(n, x)->dims + 1));
    ov_window_attrs(&win, &a, pad);
    th_attr_list_ints(&a, "dilation", win.dilation, 2);
    TH_TRY(turn_weights(n, w, false, multiplier != 0, &w));
    if (multiplier != 0)
        th_attr_list_int(&a, "multiplier", multiplier);
    const th_value ops[3] = {x, w, 0};
    TH_TRY(ov_add(n, multiplier != 0 ? "depthwise_conv2d" : "conv2d", ops, 3, &a, &y));
    TH_TRY(ov_from_maps(n, y, spatial, &y));
    return ov_bind(n, 0, y);
}

/* ---- transposed ------------------------------------------------------------------------------ */

/* What of one axis is cut off in front where the file gives the output's extent. The halves are
 * those of a convolution turned round: the larger one stands at the end, but for same_upper. */
static enum th_status cut_for_shape(const struct ov_node *n, enum ov_auto_pad mode, int64_t total,
                                    int64_t given, int64_t *begin)
{
    int64_t half = total < 0 ? 0 : total / 2;

    if (mode == OV_PAD_SAME_UPPER)
        *begin = total < 0 ? 0 : total - half;
    else if (mode == OV_PAD_SAME_LOWER || *begin == half)
        *begin = half;
    else        /* the format's description overrides the stated padding, its runtime does not */
        return ov_reject(n, "an output shape with %" PRId64 " beside explicit padding of %" PRId64
                         "; nearest supported form: padding of %" PRId64 ", or auto_pad "
                         "same_lower", given, *begin, half);
    return TH_OK;
}

/* The output's extents and what of the full result is cut off on both sides. */
static enum th_status backprop_size(const struct ov_node *n, struct ov_window *w,
                                    const int64_t in[2], int64_t out[2])
{
    int64_t given[2] = {1, 1}, more[2] = {0, 0};
    enum ov_auto_pad mode;
    size_t count = 0;

    if (!ov_auto_pad(n, &mode) ||
        !ov_attr_ints(n, "output_padding", 0, more + 2 - w->spatial, (size_t)w->spatial))
        return TH_ERR_INPUT;
    if (n->layer->n_inputs > 2 &&
        (!ov_in_ints(n, 2, "output shape", given + 2 - w->spatial, (size_t)w->spatial, &count) ||
         count != (size_t)w->spatial))
        return ov_reject(n, "the output shape must have %d entries", (int)w->spatial);
    for (int i = 0; i < 2; i++) {
        if (in[i] > INT32_MAX || given[i] < 1 || given[i] > INT32_MAX || more[i] < 0 ||
            more[i] > INT32_MAX)
            return ov_reject(n, "an extent of %" PRId64 ", of %" PRId64 " with %" PRId64
                             " more, is too large", in[i], given[i], more[i]);
        int64_t full = (in[i] - 1) * w->stride[i] + (w->size[i] - 1) * w->dilation[i] + 1 + more[i];
        if (mode > OV_PAD_NOTSET)
            w->begin[i] = w->end[i] = 0;
        if (count != 0) {
            TH_TRY(cut_for_shape(n, mode, full - given[i], given[i], &w->begin[i]));
            w->end[i] = full - given[i] > w->begin[i] ? full - given[i] - w->begin[i] : 0;
        }
        out[i] = count != 0 ? given[i] : full - w->begin[i] - w->end[i];
        if (out[i] < 1 || out[i] > INT32_MAX)
            return ov_reject(n, "the output would have an extent of %" PRId64, out[i]);
    }
    return TH_OK;
}

/* x is in maps, w [in, out, ...]. */
static enum th_status add_backprop(const struct ov_node *n, th_value x, th_value w, th_value *y)
{
    struct th_attr_list a = {.n = 0};
    struct ov_window win;
    int64_t pad[4], out[2];

    TH_TRY(ov_window_read(n, ov_type(n, w)->rank - 2, ov_type(n, w)->dims + 2, &win));
    if (win.dilation[0] != 1 || win.dilation[1] != 1)
        return ov_reject(n, "dilation %" PRId64 ",%" PRId64 "; nearest supported form: 1,1",
                         win.dilation[0], win.dilation[1]);
    TH_TRY(backprop_size(n, &win, ov_type(n, x)->dims + 1, out));
    ov_window_attrs(&win, &a, pad);
    th_attr_list_ints(&a, "out_size", out, 2);
    TH_TRY(turn_weights(n, w, true, false, &w));
    const th_value ops[2] = {x, w};
    return ov_add(n, "transpose_conv2d", ops, 2, &a, y);
}

static enum th_status import_backprop(struct ov_node *n)
{
    th_value in[2], x, y;

    TH_TRY(operands(n, false, 4, in));
    TH_TRY(ov_to_maps(n, in[0], &x));
    TH_TRY(add_backprop(n, x, in[1], &y));
    TH_TRY(ov_from_maps(n, y, ov_type(n, in[0])->rank - 2, &y));
    return ov_bind(n, 0, y);
}

/* Each group on its own; weights [groups, in, out, ...]. */
static enum th_status import_group_backprop(struct ov_node *n)
{
    th_value in[2], x, y;

    TH_TRY(operands(n, true, 4, in));
    TH_TRY(ov_to_maps(n, in[0], &x));
    const struct th_type wt = *ov_type(n, in[1]);
    int64_t groups = wt.dims[0], each = wt.dims[1], all;
    if (!th_mul_i64(groups, each, &all) || all != ov_type(n, x)->dims[3] || groups < 1 ||
        groups > 4096)
        return ov_reject(n, "%" PRId64 " groups of %" PRId64 " channels, but the input has %"
                         PRId64,
                         groups, each, ov_type(n, x)->dims[3]);
    th_value *parts = TH_NEW_ARRAY(n->scope->im->arena, th_value, (size_t)groups);
    if (parts == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t g = 0; g < groups; g++) {
        th_value xg, wg;
        TH_TRY(ov_slice_axis(n, x, 3, g * each, each, &xg));
        TH_TRY(ov_slice_axis(n, in[1], 0, g, 1, &wg));
        TH_TRY(ov_reshape(n, wg, wt.rank - 1, wt.dims + 1, &wg));
        TH_TRY(add_backprop(n, xg, wg, &parts[g]));
    }
    struct th_attr_list a = {.n = 0};
    th_attr_list_int(&a, "axis", 3);
    TH_TRY(ov_add(n, "concat", parts, (uint32_t)groups, &a, &y));
    TH_TRY(ov_from_maps(n, y, ov_type(n, in[0])->rank - 2, &y));
    return ov_bind(n, 0, y);
}

const struct ov_row ov_rows_conv[] = {
    {"Convolution", import_convolution, NULL},
    {"GroupConvolution", import_convolution, "groups"},
    {"ConvolutionBackpropData", import_backprop, NULL},
    {"GroupConvolutionBackpropData", import_group_backprop, NULL},
    {NULL, NULL, NULL},
};
