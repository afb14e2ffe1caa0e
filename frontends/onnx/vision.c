/* SPDX-License-Identifier: Apache-2.0 */
/* Regions, grids, boxes, neighbourhoods of channels. */
#include <inttypes.h>
#include <string.h>

#include "window.h"

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static enum th_status import_grid_sample(struct onx_node *n)
{
    const char *mode = onx_attr_s(n, "mode", "bilinear");
    const char *padding = onx_attr_s(n, "padding_mode", "zeros");
    struct th_attr_list a = {.n = 0};
    th_value in[2], y;

    TH_TRY(onx_need(n, in, 2));
    if (onx_type(n, in[0])->rank != 4 || onx_type(n, in[1])->rank != 4)
        return onx_reject(n, "maps with two axes of space", "an operand of %d axes",
                          (int)onx_type(n, in[0])->rank);
    th_attr_list_enum(&a, "mode", is(mode, "nearest")                         ? 1
                                  : is(mode, "bicubic") || is(mode, "cubic") ? 2
                                                                              : 0);
    th_attr_list_enum(&a, "padding", is(padding, "border") ? 1 : is(padding, "reflection") ? 2 : 0);
    th_attr_list_bool(&a, "align_corners", onx_attr_i(n, "align_corners", 0) != 0);
    TH_TRY(onx_to_last(n, in[0], &in[0]));
    TH_TRY(onx_add(n, "grid_sample", in, 2, &a, &y));
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
    {"Det", import_det, NULL},
    {"GridSample", import_grid_sample, NULL},
    {"LRN", import_lrn, NULL},
    {"MaxUnpool", import_max_unpool, NULL},
    {"NonMaxSuppression", import_nms, NULL},
    {"RoiAlign", import_roi_align, NULL},
    {NULL, NULL, NULL},
};
