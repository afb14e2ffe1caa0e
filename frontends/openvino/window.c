/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include <inttypes.h>

/* Entries of an attribute with one number an axis, as height and width. */
static bool read_pair(const struct ov_node *n, const char *name, int32_t spatial, int64_t absent,
                      int64_t v[2])
{
    v[0] = absent;
    return ov_attr_ints(n, name, absent, v + 2 - spatial, (size_t)spatial);
}

enum th_status ov_window_read(const struct ov_node *n, int32_t spatial, const int64_t *size,
                              struct ov_window *w)
{
    *w = (struct ov_window){.spatial = spatial, .size = {1, 1}};
    for (int32_t i = 0; i < spatial; i++)
        w->size[2 - spatial + i] = size[i];
    if (!read_pair(n, "strides", spatial, 1, w->stride) ||
        !read_pair(n, "dilations", spatial, 1, w->dilation) ||
        !read_pair(n, "pads_begin", spatial, 0, w->begin) ||
        !read_pair(n, "pads_end", spatial, 0, w->end))
        return TH_ERR_INPUT;
    if (spatial == 1)
        w->stride[0] = w->dilation[0] = 1;
    for (int i = 0; i < 2; i++) {
        if (w->stride[i] < 1 || w->dilation[i] < 1 || w->size[i] < 1 ||
            w->stride[i] > INT32_MAX || w->dilation[i] > INT32_MAX || w->size[i] > INT32_MAX)
            return ov_reject(n, "stride %" PRId64 ", dilation %" PRId64 ", window %" PRId64
                             ": all must be positive", w->stride[i], w->dilation[i], w->size[i]);
        if (w->begin[i] < 0 || w->end[i] < 0 || w->begin[i] > INT32_MAX || w->end[i] > INT32_MAX)
            return ov_reject(n, "padding %" PRId64 " and %" PRId64 " must not be negative",
                             w->begin[i], w->end[i]);
    }
    return TH_OK;
}

bool ov_auto_pad(const struct ov_node *n, enum ov_auto_pad *mode)
{
    static const char *const modes[] = {"explicit", "notset", "same_upper", "same_lower", "valid",
                                        NULL};
    int choice;

    if (!ov_attr_choice(n, "auto_pad", modes, OV_PAD_EXPLICIT, &choice))
        return false;
    *mode = (enum ov_auto_pad)choice;
    return true;
}

void ov_pad_axis(enum ov_auto_pad mode, int64_t in, int64_t size, int64_t stride, int64_t dilation,
                 int64_t *begin, int64_t *end)
{
    int64_t extent = (size - 1) * dilation + 1, out = in / stride + (in % stride != 0);
    int64_t total = mode == OV_PAD_VALID ? 0 : (out - 1) * stride + extent - in;

    total = total < 0 ? 0 : total;
    /* what is odd goes to the end, or to the begin */
    *begin = total / 2 + (mode == OV_PAD_SAME_LOWER ? total % 2 : 0);
    *end = total - *begin;
}

enum th_status ov_window_auto(const struct ov_node *n, struct ov_window *w, const int64_t in[2])
{
    enum ov_auto_pad mode;

    if (!ov_auto_pad(n, &mode))
        return TH_ERR_INPUT;
    for (int i = 0; mode > OV_PAD_NOTSET && i < 2; i++)
        ov_pad_axis(mode, in[i], w->size[i], w->stride[i], w->dilation[i], &w->begin[i],
                    &w->end[i]);
    return TH_OK;
}

void ov_window_attrs(const struct ov_window *w, struct th_attr_list *a, int64_t pad[4])
{
    pad[0] = w->begin[0];
    pad[1] = w->begin[1];
    pad[2] = w->end[0];
    pad[3] = w->end[1];
    th_attr_list_ints(a, "stride", w->stride, 2);
    th_attr_list_ints(a, "pad", pad, 4);
}

enum th_status ov_to_maps(const struct ov_node *n, th_value v, th_value *out)
{
    const struct th_type *t = ov_type(n, v);

    TH_TRY(ov_move_axis(n, v, 1, t->rank - 1, out));
    t = ov_type(n, *out);
    const int64_t maps[4] = {t->dims[0], 1, t->dims[1], t->dims[2]};
    return t->rank == 3 ? ov_reshape(n, *out, 4, maps, out) : TH_OK;
}

enum th_status ov_from_maps(const struct ov_node *n, th_value v, int32_t spatial, th_value *out)
{
    const struct th_type *t = ov_type(n, v);
    const int64_t rows[3] = {t->dims[0], t->dims[2], t->dims[3]};

    *out = v;
    if (spatial == 1)
        TH_TRY(ov_reshape(n, v, 3, rows, out));
    return ov_move_axis(n, *out, spatial + 1, 1, out);
}
