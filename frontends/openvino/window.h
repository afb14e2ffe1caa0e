/* SPDX-License-Identifier: Apache-2.0 */
/* Things that slide over images: convolutions and pools, in one or two dimensions. */
#ifndef OV_WINDOW_H
#define OV_WINDOW_H

#include "import.h"

/* One spatial axis stands as width; the height is then 1. */
struct ov_window {
    int32_t spatial;              /* 1 or 2 */
    int64_t size[2], stride[2], dilation[2], begin[2], end[2];
};
/* Strides, dilations and explicit padding from the layer's attributes; size is the caller's. */
enum th_status ov_window_read(const struct ov_node *n, int32_t spatial, const int64_t *size,
                              struct ov_window *w);
enum ov_auto_pad { OV_PAD_EXPLICIT, OV_PAD_NOTSET, OV_PAD_SAME_UPPER, OV_PAD_SAME_LOWER,
                   OV_PAD_VALID };
/* The attribute; false, reported, if it is none of these. */
bool ov_auto_pad(const struct ov_node *n, enum ov_auto_pad *mode);
/* Padding of one axis by a mode that is not explicit. */
void ov_pad_axis(enum ov_auto_pad mode, int64_t in, int64_t size, int64_t stride, int64_t dilation,
                 int64_t *begin, int64_t *end);
/* Padding by auto_pad for maps of this height and width; nothing is done if it is explicit. */
enum th_status ov_window_auto(const struct ov_node *n, struct ov_window *w, const int64_t in[2]);
void ov_window_attrs(const struct ov_window *w, struct th_attr_list *a, int64_t pad[4]);

/* [n, channels, width] or [n, channels, height, width] as [n, height, width, channels], and back.
 * The transposes stand outside of reshapes, so that they meet those of the next layer. */
enum th_status ov_to_maps(const struct ov_node *n, th_value v, th_value *out);
enum th_status ov_from_maps(const struct ov_node *n, th_value v, int32_t spatial, th_value *out);

#endif
