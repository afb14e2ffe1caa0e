/* SPDX-License-Identifier: Apache-2.0 */
/* Layers that look at maps in places which operands give. */
#include <inttypes.h>

#include "window.h"

static enum th_status to_last(const struct ov_node *n, th_value v, th_value *out)
{
    return ov_move_axis(n, v, 1, 3, out);
}

/* Binds the result, which has its channels last. */
static enum th_status bind_maps(struct ov_node *n, th_value v)
{
    TH_TRY(ov_move_axis(n, v, 3, 1, &v));
    return ov_bind(n, 0, v);
}

static enum th_status import_grid_sample(struct ov_node *n)
{
    static const char *const modes[] = {"bilinear", "nearest", "bicubic", NULL};
    static const char *const paddings[] = {"zeros", "border", "reflection", NULL};
    struct th_attr_list a = {.n = 0};
    int mode, padding;
    th_value in[2], y;

    TH_TRY(ov_operands(n, in, 2));
    TH_TRY(ov_need_rank(n, in[0], 4, 4));
    if (!ov_attr_choice(n, "mode", modes, 0, &mode) ||
        !ov_attr_choice(n, "padding_mode", paddings, 0, &padding))
        return TH_ERR_INPUT;
    th_attr_list_enum(&a, "mode", mode);
    th_attr_list_enum(&a, "padding", padding);
    th_attr_list_bool(&a, "align_corners", ov_attr_bool(n, "align_corners", false));
    TH_TRY(to_last(n, in[0], &in[0]));
    TH_TRY(ov_add(n, "grid_sample", in, 2, &a, &y));
    return bind_maps(n, y);
}

/* ---- deformable convolution ------------------------------------------------------------------ */

/* The window, and the record's attributes from it. pad: room for them. */
static enum th_status deform_attrs(const struct ov_node *n, const th_value in[3],
                                   struct ov_window *w, int64_t pad[4], struct th_attr_list *a)
{
    const struct th_type *x = ov_type(n, in[0]), *k = ov_type(n, in[2]);
    int64_t group, offset_groups;
    bool fades;

    if (!ov_attr_int(n, "group", 1, &group) ||
        !ov_attr_int(n, "deformable_group", 1, &offset_groups))
        return TH_ERR_INPUT;
    if (group < 1 || x->dims[1] % group != 0 || x->dims[1] / group != k->dims[1])
        return ov_reject(n, "%" PRId64 " input channels in %" PRId64 " groups, weights take "
                         "%" PRId64, x->dims[1], group, k->dims[1]);
    if (offset_groups < 1 || offset_groups > 1 << 20)
        return ov_reject(n, "%" PRId64 " groups of offsets", offset_groups);
    TH_TRY(ov_window_read(n, 2, k->dims + 2, w));
    TH_TRY(ov_window_auto(n, w, x->dims + 2));
    fades = ov_attr_bool(n, "bilinear_interpolation_pad", false) ||
            ov_attr_bool(n, "use_bilinear_interpolation_padding", false);
    ov_window_attrs(w, a, pad);
    th_attr_list_ints(a, "dilation", w->dilation, 2);
    th_attr_list_int(a, "offset_groups", offset_groups);
    th_attr_list_enum(a, "edge", !fades);
    return TH_OK;
}

/* Operands: maps, offsets, weights, factors of the taps. */
static enum th_status import_deformable(struct ov_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value in[3], ops[5] = {0}, y;
    struct ov_window w;
    int64_t pad[4];

    TH_TRY(ov_operands(n, in, 3));
    for (int i = 0; i < 3; i++)
        TH_TRY(ov_need_rank(n, in[i], 4, 4));
    TH_TRY(deform_attrs(n, in, &w, pad, &a));
    TH_TRY(to_last(n, in[0], &ops[0]));
    TH_TRY(to_last(n, in[2], &ops[1]));
    TH_TRY(to_last(n, in[1], &ops[2]));
    if (n->layer->n_inputs > 3) {
        if ((ops[4] = ov_in(n, 3)) == 0)
            return TH_ERR_INPUT;
        TH_TRY(ov_need_rank(n, ops[4], 4, 4));
        TH_TRY(to_last(n, ops[4], &ops[4]));
    }
    TH_TRY(ov_add(n, "deform_conv", ops, ops[4] != 0 ? 5 : 3, &a, &y));
    return bind_maps(n, y);
}

/* ---- regions --------------------------------------------------------------------------------- */

/* Size and scale of the result. */
static enum th_status pooled(const struct ov_node *n, int64_t size[2], struct th_attr_list *a)
{
    double scale;

    if (!ov_attr_int(n, "pooled_h", 0, &size[0]) || !ov_attr_int(n, "pooled_w", 0, &size[1]) ||
        !ov_attr_float(n, "spatial_scale", 1, &scale))
        return TH_ERR_INPUT;
    if (size[0] < 1 || size[1] < 1 || size[0] > 1 << 20 || size[1] > 1 << 20)
        return ov_reject(n, "a result of %" PRId64 " by %" PRId64, size[0], size[1]);
    if (!(scale > 0 && scale < 1e9))
        return ov_reject(n, "a scale of %g", scale);
    th_attr_list_ints(a, "size", size, 2);
    th_attr_list_float(a, "scale", scale);
    return TH_OK;
}

static enum th_status import_roi_pooling(struct ov_node *n)
{
    static const char *const methods[] = {"max", "bilinear", NULL};
    struct th_attr_list a = {.n = 0};
    int64_t size[2];
    th_value in[2], y;
    int method;

    TH_TRY(ov_operands(n, in, 2));
    TH_TRY(ov_need_rank(n, in[0], 4, 4));
    if (!ov_attr_choice(n, "method", methods, 0, &method))
        return TH_ERR_INPUT;
    if (method != 0)
        return ov_reject(n, "method 'bilinear' is not supported, 'max' is");
    TH_TRY(pooled(n, size, &a));
    TH_TRY(to_last(n, in[0], &in[0]));
    TH_TRY(ov_add(n, "roi_pool", in, 2, &a, &y));
    return bind_maps(n, y);
}

static enum th_status import_roi_align(struct ov_node *n)
{
    static const char *const modes[] = {"avg", "max", NULL};
    static const char *const places[] = {"asymmetric", "half_pixel_for_nn", "half_pixel", NULL};
    struct th_attr_list a = {.n = 0};
    int64_t size[2], samples;
    th_value in[3], y;
    int mode, place;

    TH_TRY(ov_operands(n, in, 3));
    TH_TRY(ov_need_rank(n, in[0], 4, 4));
    if (!ov_attr_choice(n, "mode", modes, -1, &mode) ||
        !ov_attr_choice(n, "aligned_mode", places, 0, &place) ||
        !ov_attr_int(n, "sampling_ratio", 0, &samples))
        return TH_ERR_INPUT;
    if (mode != 0)
        return ov_reject(n, "mode 'max' is not supported, 'avg' is");
    if (samples < 0 || samples > 1 << 10)
        return ov_reject(n, "a sampling ratio of %" PRId64, samples);
    TH_TRY(pooled(n, size, &a));
    th_attr_list_int(&a, "samples", samples);
    th_attr_list_bool(&a, "half_pixel", place != 0);
    if (place == 2)             /* centres are scaled; the record moves back what was scaled */
        TH_TRY(ov_with_number(n, "add", in[1], 0.5, &in[1]));
    TH_TRY(to_last(n, in[0], &in[0]));
    TH_TRY(ov_add(n, "roi_align", in, 3, &a, &y));
    return bind_maps(n, y);
}

const struct ov_row ov_rows_sampling[] = {
    {"GridSample", import_grid_sample, NULL},
    {"DeformableConvolution", import_deformable, NULL},
    {"ROIPooling", import_roi_pooling, NULL},
    {"ROIAlign", import_roi_align, NULL},
    {NULL, NULL, NULL},
};
