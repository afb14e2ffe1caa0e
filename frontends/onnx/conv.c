/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions: channels first in the file, channels last in the IR. */
#include <inttypes.h>
#include <string.h>

#include "window.h"

/* Weights [O, I, space...] as [O, rows, columns, I]. */
static enum th_status weights(struct onx_node *n, th_value w, th_value *out)
{
    return onx_to_map(n, w, out);
}

static enum th_status conv(struct onx_node *n, th_value x, th_value w, th_value b,
                           const struct onx_window *win, int64_t groups, th_value *out)
{
    const struct th_type *wt = onx_type(n, w);
    int64_t stride[2], dilation[2], pad[4], kernel[2], in_c = onx_type(n, x)->dims[1];
    struct th_attr_list a = {.n = 0};
    th_value in[3] = {0, 0, b};
    bool depthwise = groups == in_c && groups > 1 && wt->dims[1] == 1;
    int64_t multiplier = groups != 0 ? wt->dims[0] / groups : 0;

    onx_window_attrs(win, stride, dilation, pad, kernel);
    TH_TRY(onx_to_map(n, x, &in[0]));
    TH_TRY(weights(n, w, &in[1]));
    if (depthwise) {            /* [O, rows, columns, 1] to [1, rows, columns, O] */
        TH_TRY(onx_transpose(n, in[1], (int64_t[]){3, 1, 2, 0}, &in[1]));
        th_attr_list_int(&a, "multiplier", multiplier);
    }
    th_attr_list_ints(&a, "stride", stride, 2);
    th_attr_list_ints(&a, "dilation", dilation, 2);
    th_attr_list_ints(&a, "pad", pad, 4);
    TH_TRY(onx_add(n, depthwise ? "depthwise_conv2d" : "conv2d", in, b != 0 ? 3 : 2, &a, out));
    return onx_from_map(n, *out, win->space, out);
}

/* Channels last with three axes of space; those that are missing have extent 1. */
static enum th_status to_volume(struct onx_node *n, th_value v, th_value *out)
{
    int64_t dims[5];

    TH_TRY(onx_to_last(n, v, &v));
    const struct th_type t = *onx_type(n, v);
    for (int32_t i = 0; i < 5; i++) {
        const int32_t axis = i == 0 ? 0 : i - (5 - t.rank);
        dims[i] = i > 0 && axis < 1 ? 1 : t.dims[axis];
    }
    return onx_reshape(n, v, 5, dims, out);
}

/* Three axes of space, or whole numbers. */
static enum th_status conv_volume(struct onx_node *n, th_value x, th_value w, th_value b,
                                  const struct onx_window *win, th_value *out)
{
    int64_t pad[6] = {0}, stride[3] = {1, 1, 1}, dilation[3] = {1, 1, 1}, dims[5];
    const int missing = 3 - win->space;
    struct th_attr_list a = {.n = 0};
    th_value in[3] = {0, 0, b};

    for (int i = 0; i < win->space; i++) {
        stride[missing + i] = win->stride[i];
        dilation[missing + i] = win->dilation[i];
        pad[missing + i] = win->before[i];
        pad[3 + missing + i] = win->after[i];
    }
    TH_TRY(to_volume(n, x, &in[0]));
    TH_TRY(to_volume(n, w, &in[1]));
    th_attr_list_ints(&a, "stride", stride, 3);
    th_attr_list_ints(&a, "dilation", dilation, 3);
    th_attr_list_ints(&a, "pad", pad, 6);
    TH_TRY(onx_add(n, "conv3d", in, b != 0 ? 3 : 2, &a, out));
    const struct th_type t = *onx_type(n, *out);
    dims[0] = t.dims[0];
    for (int i = missing + 1; i < 5; i++)
        dims[i - missing] = t.dims[i];
    TH_TRY(onx_reshape(n, *out, 5 - missing, dims, out));
    return onx_to_first(n, *out, out);
}

static enum th_status conv_groups(struct onx_node *n, th_value x, th_value w, th_value b,
                                  int64_t groups, th_value *out)
{
    const struct th_type *xt = onx_type(n, x), *wt = onx_type(n, w);
    struct onx_window win;

    if (xt->rank != wt->rank || xt->rank < 3)
        return onx_reject(n, NULL, "an operand of %d axes and weights of %d", (int)xt->rank,
                          (int)wt->rank);
    if (groups < 1 || xt->dims[1] < 1 || xt->dims[1] % groups != 0 ||
        xt->dims[1] / groups != wt->dims[1] || wt->dims[0] % groups != 0)
        return onx_reject(n, NULL, "%" PRId64 " input channels in %" PRId64 " groups, weights "
                          "%" PRId64 " by %" PRId64, xt->dims[1], groups, wt->dims[0],
                          wt->dims[1]);
    TH_TRY(onx_window_read(n, xt, wt->dims + 2, false, &win));
    for (int32_t i = 0; i < win.space; i++)
        if (win.kernel[i] != wt->dims[2 + i])
            return onx_reject(n, NULL, "'kernel_shape' differs from the weights");
    return win.space == 3 || xt->dtype == TH_DT_S32
               ? conv_volume(n, x, w, b, &win, out)
               : conv(n, x, w, b, &win, groups, out);
}

enum th_status onx_conv(struct onx_node *n, th_value x, th_value w, th_value b, th_value *out)
{
    return conv_groups(n, x, w, b, onx_attr_i(n, "group", 1), out);
}

/* A depthwise convolution over what was before and the operand; its end is what comes before the
 * next. */
static enum th_status import_causal_conv(struct onx_node *n)
{
    const char *activation = onx_attr_s(n, "activation", "none");
    th_value in[2], past = onx_in(n, 3), all, y;

    TH_TRY(onx_need(n, in, 2));
    const struct th_type x = *onx_type(n, in[0]), w = *onx_type(n, in[1]);
    if (x.rank != 3 || w.rank != 3 || w.dims[2] < 1)
        return onx_reject(n, NULL, "an operand of %d axes and weights of %d", (int)x.rank,
                          (int)w.rank);
    const int64_t before = w.dims[2] - 1;
    if (past == 0) {
        struct th_attr_list a = {.n = 0};
        th_attr_list_ints(&a, "before", (int64_t[]){0, 0, before}, 3);
        th_attr_list_ints(&a, "after", (int64_t[]){0, 0, 0}, 3);
        TH_TRY(onx_add(n, "pad", in, 1, &a, &all));
    } else {
        if (onx_type(n, past)->rank != 3 || onx_type(n, past)->dims[2] != before)
            return onx_reject(n, NULL, "a past_state that is not %" PRId64 " elements long",
                              before);
        TH_TRY(onx_concat(n, (th_value[]){past, in[0]}, 2, 2, &all));
    }
    TH_TRY(conv_groups(n, all, in[1], onx_in(n, 2), x.dims[1], &y));
    if (strcmp(activation, "silu") == 0 || strcmp(activation, "swish") == 0)
        TH_TRY(onx_unary(n, "silu", y, &y));
    else if (strcmp(activation, "none") != 0)
        return onx_reject(n, "silu, swish or none", "activation '%s'", activation);
    TH_TRY(onx_bind(n, 0, y));
    if (!onx_has_out(n, 1))
        return TH_OK;
    TH_TRY(onx_slice(n, all, 2, x.dims[2], before, &all));
    return onx_bind(n, 1, all);
}

static enum th_status import_conv(struct onx_node *n)
{
    th_value in[2], y;

    TH_TRY(onx_need(n, in, 2));
    TH_TRY(onx_conv(n, in[0], in[1], onx_in(n, 2), &y));
    return onx_bind(n, 0, y);
}

/* ---- transposed ------------------------------------------------------------------------------ */

/* Extent without padding: every input element begins a window. */
static int64_t full_extent(const struct onx_window *w, int32_t i, int64_t extra)
{
    return (w->in[i] - 1) * w->stride[i] + extra + (w->kernel[i] - 1) * w->dilation[i] + 1;
}

static enum th_status out_extents(struct onx_node *n, struct onx_window *w)
{
    const char *pad = onx_attr_s(n, "auto_pad", "NOTSET");
    size_t n_shape, n_extra;
    const int64_t *shape = onx_attr_ints(n, "output_shape", &n_shape);
    const int64_t *extra = onx_attr_ints(n, "output_padding", &n_extra);

    if ((n_shape != 0 && n_shape != (size_t)w->space && n_shape != (size_t)w->space + 2) ||
        (n_extra != 0 && n_extra != (size_t)w->space))
        return onx_reject(n, NULL, "output_shape or output_padding has a wrong length");
    if (n_shape == (size_t)w->space + 2)
        shape += 2;
    for (int32_t i = 0; i < w->space; i++) {
        int64_t more = n_extra != 0 ? extra[i] : 0, full, all;
        if (more < 0 || more > 1 << 20)
            return onx_reject(n, NULL, "output_padding %" PRId64, more);
        full = full_extent(w, i, more);
        if (n_shape != 0 || strncmp(pad, "SAME_", 5) == 0) {
            int64_t want = n_shape != 0 ? shape[i] : w->in[i] * w->stride[i];
            if (want < 1 || want > 1 << 24)
                return onx_reject(n, NULL, "output_shape %" PRId64, want);
            all = full - want;
            /* more than there is lies behind */
            w->before[i] = all < 0                           ? 0
                           : strcmp(pad, "SAME_UPPER") == 0 ? all / 2
                                                            : all - all / 2;
            w->after[i] = all - w->before[i];
        }
        w->out[i] = full - w->before[i] - w->after[i];
        if (w->out[i] < 1)
            return onx_reject(n, NULL, "padding leaves nothing of axis %d", (int)i);
    }
    return TH_OK;
}

static enum th_status transposed(struct onx_node *n, th_value x, th_value w, th_value b,
                                 const struct onx_window *win, th_value *out)
{
    int64_t stride[2], dilation[2], pad[4], kernel[2], size[2];
    struct th_attr_list a = {.n = 0};
    th_value in[3] = {0, 0, b};

    onx_window_attrs(win, stride, dilation, pad, kernel);
    size[0] = win->space == 1 ? 1 : win->out[0];
    size[1] = win->out[win->space - 1];
    TH_TRY(onx_to_map(n, x, &in[0]));
    /* [I, O, rows, columns] to [O, rows, columns, I] */
    TH_TRY(onx_to_map(n, w, &in[1]));
    TH_TRY(onx_transpose(n, in[1], (int64_t[]){3, 1, 2, 0}, &in[1]));
    th_attr_list_ints(&a, "stride", stride, 2);
    th_attr_list_ints(&a, "pad", pad, 4);
    th_attr_list_ints(&a, "out_size", size, 2);
    TH_TRY(onx_add(n, "transpose_conv2d", in, b != 0 ? 3 : 2, &a, out));
    return onx_from_map(n, *out, win->space, out);
}

/* d - 1 zeros behind every element of an axis but the last. */
static enum th_status spread_axis(struct onx_node *n, th_value v, int32_t axis, int64_t d,
                                  th_value *out)
{
    int64_t before[TH_MAX_RANK] = {0}, after[TH_MAX_RANK] = {0}, dims[TH_MAX_RANK];
    const struct th_type t = *onx_type(n, v);
    struct th_attr_list a = {.n = 0};

    *out = v;
    if (d == 1 || t.dims[axis] == 1)
        return TH_OK;
    /* each element becomes a row of its own, is padded to d and joined again */
    for (int32_t i = 0; i <= t.rank; i++)
        dims[i] = i <= axis ? t.dims[i] : i == axis + 1 ? 1 : t.dims[i - 1];
    TH_TRY(onx_reshape(n, v, t.rank + 1, dims, &v));
    after[axis + 1] = d - 1;
    th_attr_list_ints(&a, "before", before, (size_t)t.rank + 1);
    th_attr_list_ints(&a, "after", after, (size_t)t.rank + 1);
    TH_TRY(onx_add(n, "pad", &v, 1, &a, &v));
    memcpy(dims, t.dims, sizeof dims);
    dims[axis] = t.dims[axis] * d;
    TH_TRY(onx_reshape(n, v, t.rank, dims, &v));
    return onx_slice(n, v, axis, 0, (t.dims[axis] - 1) * d + 1, out);
}

/* Weights with zeros between the taps. */
static enum th_status spread(struct onx_node *n, th_value w, struct onx_window *win, th_value *out)
{
    for (int32_t i = 0; i < win->space; i++) {
        TH_TRY(spread_axis(n, w, 2 + i, win->dilation[i], &w));
        win->kernel[i] = (win->kernel[i] - 1) * win->dilation[i] + 1;
        win->dilation[i] = 1;
    }
    *out = w;
    return TH_OK;
}

/* Three axes of space: zeros between the elements, then a convolution with turned weights. */
static enum th_status transposed_volume(struct onx_node *n, th_value x, th_value w, th_value b,
                                        const struct onx_window *win, th_value *out)
{
    struct onx_window plain = {.space = 3};
    struct th_attr_list turn = {.n = 0};

    for (int32_t i = 0; i < 3; i++) {
        TH_TRY(spread_axis(n, x, 2 + i, win->stride[i], &x));
        plain.stride[i] = plain.dilation[i] = 1;
        plain.before[i] = win->kernel[i] - 1 - win->before[i];
        plain.after[i] = win->out[i] - 1 - (onx_type(n, x)->dims[2 + i] - 1) + win->before[i];
        if (plain.before[i] < 0 || plain.after[i] < 0)
            return onx_reject(n, "padding smaller than the window", "padding %" PRId64
                              " of a window of %" PRId64, win->before[i], win->kernel[i]);
    }
    th_attr_list_ints(&turn, "axes", (int64_t[]){2, 3, 4}, 3);
    TH_TRY(onx_add(n, "reverse", &w, 1, &turn, &w));
    TH_TRY(onx_transpose(n, w, (int64_t[]){1, 0, 2, 3, 4}, &w));
    return conv_volume(n, x, w, b, &plain, out);
}

/* What lies beyond all windows gets the bias only: zeros behind and before a smaller result. */
static enum th_status widened(struct onx_node *n, th_value y, const int64_t *before,
                              const int64_t *after, th_value bias, th_value *out)
{
    const int32_t rank = onx_type(n, y)->rank;
    int64_t dims[TH_MAX_RANK] = {1, 0};
    struct th_attr_list a = {.n = 0};
    bool wider = false;

    for (int32_t i = 2; i < rank; i++) {
        wider = wider || before[i] != 0 || after[i] != 0;
        dims[i] = 1;
    }
    *out = y;
    if (!wider)
        return TH_OK;
    th_attr_list_ints(&a, "before", before, (size_t)rank);
    th_attr_list_ints(&a, "after", after, (size_t)rank);
    TH_TRY(onx_add(n, "pad", &y, 1, &a, out));
    if (bias == 0)
        return TH_OK;
    dims[1] = onx_type(n, y)->dims[1];
    TH_TRY(onx_reshape(n, bias, rank, dims, &bias));
    return onx_binary(n, "add", *out, bias, out);
}

static enum th_status import_conv_transpose(struct onx_node *n)
{
    int64_t groups = onx_attr_i(n, "group", 1), per_in, per_out;
    const struct th_type *xt, *wt;
    struct onx_window win;
    int64_t before[TH_MAX_RANK] = {0}, after[TH_MAX_RANK] = {0};
    th_value in[2], b, late = 0, parts[64];

    TH_TRY(onx_need(n, in, 2));
    b = onx_in(n, 2);
    xt = onx_type(n, in[0]);
    wt = onx_type(n, in[1]);
    if (xt->rank != wt->rank || xt->rank < 3 || xt->rank > 5)
        return onx_reject(n, "transposed convolutions over one to three axes",
                          "an operand of %d axes and weights of %d", (int)xt->rank, (int)wt->rank);
    if (groups < 1 || groups > 64 || xt->dims[1] != wt->dims[0] || xt->dims[1] % groups != 0)
        return onx_reject(n, NULL, "%" PRId64 " input channels in %" PRId64 " groups, weights for "
                          "%" PRId64, xt->dims[1], groups, wt->dims[0]);
    /* the extent of windows does not apply: padding cuts the result */
    struct th_type wide = *xt;
    for (int32_t i = 2; i < wide.rank; i++)
        wide.dims[i] += 1 << 24;
    TH_TRY(onx_window_read(n, &wide, wt->dims + 2, false, &win));
    for (int32_t i = 0; i < win.space; i++) {
        win.in[i] = xt->dims[2 + i];
        if (win.kernel[i] != wt->dims[2 + i])
            return onx_reject(n, NULL, "'kernel_shape' differs from the weights");
    }
    TH_TRY(out_extents(n, &win));
    TH_TRY(spread(n, in[1], &win, &in[1]));
    for (int32_t i = 0; i < win.space; i++) {       /* negative padding widens the result */
        before[2 + i] = win.before[i] < 0 ? -win.before[i] : 0;
        after[2 + i] = win.after[i] < 0 ? -win.after[i] : 0;
        win.out[i] -= before[2 + i] + after[2 + i];
        win.before[i] += before[2 + i];
        win.after[i] += after[2 + i];
        if (before[2 + i] != 0 || after[2 + i] != 0) {
            late = late != 0 ? late : b;
            b = 0;
        }
    }
    per_in = onx_type(n, in[0])->dims[1] / groups;
    per_out = onx_type(n, in[1])->dims[1];
    for (int64_t k = 0; k < groups; k++) {
        th_value x = in[0], w = in[1], bias = b;
        if (groups > 1) {
            TH_TRY(onx_slice(n, x, 1, k * per_in, per_in, &x));
            TH_TRY(onx_slice(n, w, 0, k * per_in, per_in, &w));
            if (b != 0)
                TH_TRY(onx_slice(n, b, 0, k * per_out, per_out, &bias));
        }
        TH_TRY(win.space == 3 ? transposed_volume(n, x, w, bias, &win, &parts[k])
                              : transposed(n, x, w, bias, &win, &parts[k]));
    }
    TH_TRY(onx_concat(n, parts, (size_t)groups, 1, &parts[0]));
    TH_TRY(widened(n, parts[0], before, after, late, &parts[0]));
    return onx_bind(n, 0, parts[0]);
}

const struct onx_row onx_rows_conv[] = {
    {"Conv", import_conv, NULL},
    {"CausalConvWithState", import_causal_conv, NULL},
    {"ConvTranspose", import_conv_transpose, NULL},
    {NULL, NULL, NULL},
};
