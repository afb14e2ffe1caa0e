/* SPDX-License-Identifier: Apache-2.0 */
/* Regions, grids, boxes, neighbourhoods of channels. */
#include <inttypes.h>
#include <string.h>

#include "window.h"

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* Number of the word that an attribute has; of words that mean the same, either. */
static enum th_status word(struct onx_node *n, const char *name, const char *const *words,
                           size_t count, int64_t *out)
{
    const char *given = onx_attr_s(n, name, words[0]);

    for (size_t i = 0; i < count; i++)
        if (is(given, words[i])) {
            *out = (int64_t)i;
            return TH_OK;
        }
    return onx_reject(n, NULL, "'%s' is '%s'", name, given);
}

/* A second coordinate that is zero, before (or behind) each one: places on a line as places on a
 * map of height 1. `axis` is the one of coordinates. */
static enum th_status with_zeros(struct onx_node *n, th_value v, int64_t axis, bool before,
                                 th_value *out)
{
    struct th_type t = *onx_type(n, v);
    th_value in[2];

    t.quant = NULL;
    in[before] = v;
    TH_TRY(onx_filled(n, &t, 0, &in[!before]));
    return onx_concat(n, in, 2, axis, out);
}

static enum th_status import_grid_sample(struct onx_node *n)
{
    static const char *const modes[] = {"bilinear", "nearest", "bicubic", "linear", "cubic"};
    static const char *const paddings[] = {"zeros", "border", "reflection"};
    int64_t mode = 0, padding = 0;
    struct th_attr_list a = {.n = 0};
    th_value in[2], y;

    TH_TRY(onx_need(n, in, 2));
    const struct th_type x = *onx_type(n, in[0]), g = *onx_type(n, in[1]);
    if (x.rank < 3 || x.rank > 5 || g.rank != x.rank || g.dims[g.rank - 1] != x.rank - 2)
        return onx_reject(n, "one to three axes of space", "an operand of %d axes and places of "
                          "%d", (int)x.rank, (int)g.rank);
    TH_TRY(word(n, "mode", modes, TH_ARRAY_LEN(modes), &mode));
    TH_TRY(word(n, "padding_mode", paddings, TH_ARRAY_LEN(paddings), &padding));
    if (x.rank == 3) {
        TH_TRY(onx_reshape(n, in[0], 4, (int64_t[]){x.dims[0], x.dims[1], 1, x.dims[2]}, &in[0]));
        TH_TRY(onx_reshape(n, in[1], 4, (int64_t[]){g.dims[0], 1, g.dims[1], 1}, &in[1]));
        TH_TRY(with_zeros(n, in[1], 3, false, &in[1]));
    }
    th_attr_list_enum(&a, "mode", mode < 3 ? mode : mode == 3 ? 0 : 2);
    th_attr_list_enum(&a, "padding", padding);
    th_attr_list_bool(&a, "align_corners", onx_attr_i(n, "align_corners", 0) != 0);
    TH_TRY(onx_to_last(n, in[0], &in[0]));
    TH_TRY(onx_add(n, "grid_sample", in, 2, &a, &y));
    TH_TRY(onx_to_first(n, y, &y));
    if (x.rank == 3)
        TH_TRY(onx_reshape(n, y, 3, (int64_t[]){x.dims[0], x.dims[1], g.dims[1]}, &y));
    return onx_bind(n, 0, y);
}

/* ---- deformable convolution ------------------------------------------------------------------ */

/* Operands that agree with each other; the rest is the record's to check. */
static enum th_status deform_window(struct onx_node *n, const th_value in[3],
                                    struct onx_window *win)
{
    const struct th_type *x = onx_type(n, in[0]), *w = onx_type(n, in[1]);
    const struct th_type *offset = onx_type(n, in[2]);
    const int64_t groups = onx_attr_i(n, "group", 1);

    if (x->rank < 3 || w->rank != x->rank || offset->rank != x->rank)
        return onx_reject(n, "one to three axes of space",
                          "an operand of %d axes, weights of %d and offsets of %d", (int)x->rank,
                          (int)w->rank, (int)offset->rank);
    if (groups < 1 || x->dims[1] < 1 || x->dims[1] % groups != 0 ||
        x->dims[1] / groups != w->dims[1])
        return onx_reject(n, NULL, "%" PRId64 " input channels in %" PRId64 " groups, weights "
                          "%" PRId64 " by %" PRId64, x->dims[1], groups, w->dims[0], w->dims[1]);
    TH_TRY(onx_window_read(n, x, w->dims + 2, false, win));
    for (int32_t i = 0; i < win->space; i++) {
        if (win->kernel[i] != w->dims[2 + i])
            return onx_reject(n, NULL, "'kernel_shape' differs from the weights");
        if (win->out[i] != offset->dims[2 + i])
            return onx_reject(n, NULL, "offsets for %" PRId64 " places on axis %d of %" PRId64,
                              offset->dims[2 + i], (int)i, win->out[i]);
    }
    return TH_OK;
}

static enum th_status import_deform_conv(struct onx_node *n)
{
    const int64_t groups = onx_attr_i(n, "offset_group", 1);
    int64_t stride[3], dilation[3], pad[6], kernel[2];
    struct th_attr_list a = {.n = 0};
    struct onx_window win;
    th_value in[5], y;

    TH_TRY(onx_need(n, in, 3));
    in[3] = onx_in(n, 3);
    in[4] = onx_in(n, 4);
    TH_TRY(deform_window(n, in, &win));
    if (win.space == 1) {
        const struct th_type t = *onx_type(n, in[2]);
        TH_TRY(onx_reshape(n, in[2], 4, (int64_t[]){t.dims[0], t.dims[1], 1, t.dims[2]}, &in[2]));
        TH_TRY(with_zeros(n, in[2], 2, true, &in[2]));
        TH_TRY(onx_reshape(n, in[2], 3, (int64_t[]){t.dims[0], 2 * t.dims[1], t.dims[2]}, &in[2]));
    }
    if (win.space < 3)
        onx_window_attrs(&win, stride, dilation, pad, kernel);
    for (int32_t i = 0; i < win.space && win.space == 3; i++) {
        stride[i] = win.stride[i];
        dilation[i] = win.dilation[i];
        pad[i] = win.before[i];
        pad[3 + i] = win.after[i];
    }
    for (size_t i = 0; i < 5; i++)
        if (i != 3 && in[i] != 0)
            TH_TRY(onx_to_map(n, in[i], &in[i]));
    const size_t axes = win.space == 3 ? 3 : 2;
    th_attr_list_ints(&a, "stride", stride, axes);
    th_attr_list_ints(&a, "dilation", dilation, axes);
    th_attr_list_ints(&a, "pad", pad, 2 * axes);
    th_attr_list_int(&a, "offset_groups", groups);
    TH_TRY(onx_add(n, "deform_conv", in, in[4] != 0 ? 5 : in[3] != 0 ? 4 : 3, &a, &y));
    TH_TRY(onx_from_map(n, y, win.space, &y));
    return onx_bind(n, 0, y);
}

/* ---- regions --------------------------------------------------------------------------------- */

static enum th_status import_max_roi_pool(struct onx_node *n)
{
    size_t count;
    const int64_t *size = onx_attr_ints(n, "pooled_shape", &count);
    struct th_attr_list a = {.n = 0};
    th_value in[2], y;

    TH_TRY(onx_need(n, in, 2));
    if (count != 2)
        return onx_reject(n, NULL, "'pooled_shape' has %zu entries, needed are 2", count);
    if (onx_type(n, in[0])->rank != 4)
        return onx_reject(n, "maps with two axes of space", "an operand of %d axes",
                          (int)onx_type(n, in[0])->rank);
    th_attr_list_ints(&a, "size", size, 2);
    th_attr_list_float(&a, "scale", onx_attr_f(n, "spatial_scale", 1));
    TH_TRY(onx_to_last(n, in[0], &in[0]));
    TH_TRY(onx_add(n, "roi_pool", in, 2, &a, &y));
    TH_TRY(onx_to_first(n, y, &y));
    return onx_bind(n, 0, y);
}

static enum th_status import_roi_align(struct onx_node *n)
{
    int64_t size[2] = {onx_attr_i(n, "output_height", 1), onx_attr_i(n, "output_width", 1)};
    const char *places = onx_attr_s(n, "coordinate_transformation_mode",
                                    n->opset < 16 ? "output_half_pixel" : "half_pixel");
    struct th_attr_list a = {.n = 0};
    th_value in[3], y;

    TH_TRY(onx_need(n, in, 3));
    th_attr_list_ints(&a, "size", size, 2);
    th_attr_list_enum(&a, "mode", is(onx_attr_s(n, "mode", "avg"), "max"));
    th_attr_list_float(&a, "scale", onx_attr_f(n, "spatial_scale", 1));
    th_attr_list_int(&a, "samples", onx_attr_i(n, "sampling_ratio", 0));
    th_attr_list_bool(&a, "half_pixel", is(places, "half_pixel"));
    TH_TRY(onx_to_last(n, in[0], &in[0]));
    TH_TRY(onx_add(n, "roi_align", in, 3, &a, &y));
    TH_TRY(onx_to_first(n, y, &y));
    return onx_bind(n, 0, y);
}

/* The result has as many rows as the file declares, else as constants allow. */
static enum th_status selected_rows(struct onx_node *n, const struct th_type *scores,
                                    int64_t *rows)
{
    const struct th_tensor *most = onx_const(n, onx_in(n, 2));
    struct th_type declared;
    int64_t each = scores->dims[2];

    if (onx_declared(n, 0, &declared) && declared.rank == 2) {
        *rows = declared.dims[0];
        return TH_OK;
    }
    if (onx_has_in(n, 2) && most == NULL)
        return onx_reject(n, "a result of declared shape or a constant bound",
                          "a number of boxes that depends on data");
    if (most != NULL && th_type_elems(&most->type) == 1 && th_tensor_int(most, 0) < each)
        each = th_tensor_int(most, 0);
    *rows = (each < 0 || !onx_has_in(n, 2) ? 0 : each) * scores->dims[0] * scores->dims[1];
    return TH_OK;
}

static enum th_status import_nms(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value in[5], y;
    int64_t rows = 0;

    TH_TRY(onx_need(n, in, 2));
    if (onx_type(n, in[1])->rank != 3)
        return onx_reject(n, NULL, "scores of %d axes", (int)onx_type(n, in[1])->rank);
    for (size_t i = 2; i < 5; i++)
        in[i] = onx_in(n, i);
    if (in[2] == 0)         /* without a bound nothing is selected */
        TH_TRY(onx_scalar(n, TH_DT_S64, 0, &in[2]));
    TH_TRY(selected_rows(n, onx_type(n, in[1]), &rows));
    th_attr_list_int(&a, "rows", rows);
    th_attr_list_bool(&a, "center", onx_attr_i(n, "center_point_box", 0) != 0);
    TH_TRY(onx_add(n, "non_max_suppression", in, 5, &a, &y));
    TH_TRY(onx_cast(n, y, TH_DT_S64, &y));
    return onx_bind(n, 0, y);
}

static enum th_status import_det(struct onx_node *n)
{
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    return onx_finish(n, "determinant", &x, 1, NULL);
}

/* ---- local response normalisation ------------------------------------------------------------ */

/* Taps of a sum over `size` channels around each one; those beyond weigh nothing. */
static enum th_status channel_taps(struct onx_node *n, int64_t channels, int64_t size, float each,
                                   th_value *index, th_value *weight)
{
    const int64_t dims[2] = {channels, size};
    const struct th_type ints = th_type_make(TH_DT_S32, 2, dims);
    const struct th_type reals = th_type_make(TH_DT_F32, 2, dims);
    struct th_tensor *i = th_tensor_new(n->scope->im->arena, &ints);
    struct th_tensor *w = th_tensor_new(n->scope->im->arena, &reals);

    if (i == NULL || w == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t k = 0; k < channels * size; k++) {
        const int64_t at = k / size - (size - 1) / 2 + k % size;
        const bool in = at >= 0 && at < channels;
        th_tensor_set_int(i, k, in ? at : 0);
        th_tensor_set_real(w, k, in ? (double)each : 0);
    }
    *index = th_graph_const_copy(n->scope->graph, "", &ints, i->data);
    *weight = th_graph_const_copy(n->scope->graph, "", &reals, w->data);
    return *index != 0 && *weight != 0 ? TH_OK : TH_ERR_INTERNAL;
}

/* x / (bias + alpha / size * sum of squares)^beta */
static enum th_status import_lrn(struct onx_node *n)
{
    const int64_t size = onx_attr_i(n, "size", 0);
    const double alpha = onx_attr_f(n, "alpha", 1e-4);
    struct th_attr_list a = {.n = 0};
    const struct th_type *t;
    th_value x, in[3], k, y;

    TH_TRY(onx_need(n, &x, 1));
    t = onx_type(n, x);
    if (t->rank < 2 || size < 1 || size > 1 << 16 || t->dtype != TH_DT_F32)
        return onx_reject(n, NULL, "size %" PRId64 " over an operand of %d axes", size,
                          (int)t->rank);
    TH_TRY(channel_taps(n, t->dims[1], size, (float)(alpha / (double)size), &in[1], &in[2]));
    TH_TRY(onx_unary(n, "square", x, &in[0]));
    th_attr_list_int(&a, "axis", 1);
    TH_TRY(onx_add(n, "resample", in, 3, &a, &y));
    TH_TRY(onx_scalar(n, TH_DT_F32, onx_attr_f(n, "bias", 1), &k));
    TH_TRY(onx_binary(n, "add", y, k, &y));
    TH_TRY(onx_scalar(n, TH_DT_F32, onx_attr_f(n, "beta", 0.75), &k));
    TH_TRY(onx_binary(n, "pow", y, k, &y));
    TH_TRY(onx_binary(n, "div", x, y, &y));
    return onx_bind(n, 0, y);
}

/* ---- unpooling ------------------------------------------------------------------------------- */

/* Indices count through the whole result of the plain extents; a larger shape adds zeros behind. */
static enum th_status import_max_unpool(struct onx_node *n)
{
    int64_t dims[TH_MAX_RANK], flat, before[TH_MAX_RANK] = {0}, after[TH_MAX_RANK] = {0};
    struct th_attr_list a = {.n = 0}, p = {.n = 0};
    struct th_type wide, declared;
    struct onx_window w;
    th_value in[3], given[2], y;
    bool more = false;

    TH_TRY(onx_need(n, given, 2));
    const struct th_type t = *onx_type(n, given[0]);
    wide = t;
    for (int32_t i = 2; i < wide.rank; i++)
        wide.dims[i] += 1 << 24;
    TH_TRY(onx_window_read(n, &wide, NULL, false, &w));
    memcpy(dims, t.dims, sizeof dims);
    for (int32_t i = 0; i < w.space; i++)
        dims[2 + i] = (t.dims[2 + i] - 1) * w.stride[i] + w.kernel[i] - w.before[i] - w.after[i];
    struct th_type full = th_type_make(t.dtype, t.rank, dims);
    flat = th_type_elems(&full);
    const int64_t count = th_type_elems(&t);
    TH_TRY(onx_filled(n, &full, 0, &in[0]));
    TH_TRY(onx_reshape(n, in[0], 1, &flat, &in[0]));
    TH_TRY(onx_reshape(n, given[1], 1, &count, &in[1]));
    TH_TRY(onx_reshape(n, given[0], 1, &count, &in[2]));
    th_attr_list_int(&a, "axis", 0);
    th_attr_list_enum(&a, "mode", 0);
    TH_TRY(onx_add(n, "scatter_elements", in, 3, &a, &y));
    TH_TRY(onx_reshape(n, y, t.rank, dims, &y));
    if (onx_has_in(n, 2)) {
        if (!onx_declared(n, 0, &declared) || declared.rank != t.rank)
            return onx_reject(n, "a result of declared shape", "a shape that is an operand");
        for (int32_t i = 0; i < t.rank; i++) {
            after[i] = declared.dims[i] - dims[i];
            if (after[i] < 0)
                return onx_reject(n, NULL, "a smaller result than the window's");
            more = more || after[i] > 0;
        }
    }
    if (more) {
        th_attr_list_ints(&p, "before", before, (size_t)t.rank);
        th_attr_list_ints(&p, "after", after, (size_t)t.rank);
        th_attr_list_float(&p, "value", 0);
        TH_TRY(onx_add(n, "pad", &y, 1, &p, &y));
    }
    return onx_bind(n, 0, y);
}

const struct onx_row onx_rows_vision[] = {
    {"DeformConv", import_deform_conv, NULL},
    {"Det", import_det, NULL},
    {"GridSample", import_grid_sample, NULL},
    {"LRN", import_lrn, NULL},
    {"MaxRoiPool", import_max_roi_pool, NULL},
    {"MaxUnpool", import_max_unpool, NULL},
    {"NonMaxSuppression", import_nms, NULL},
    {"RoiAlign", import_roi_align, NULL},
    {NULL, NULL, NULL},
};
