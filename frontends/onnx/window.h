/* SPDX-License-Identifier: Apache-2.0 */
/* Windows that slide over the axes of space: strides, dilations, padding. */
#ifndef ONX_WINDOW_H
#define ONX_WINDOW_H

#include "import.h"

enum { ONX_MAX_SPACE = 3 };

struct onx_window {
    int32_t space;                            /* axes of space */
    int64_t in[ONX_MAX_SPACE];                /* extent of the operand */
    int64_t kernel[ONX_MAX_SPACE], stride[ONX_MAX_SPACE], dilation[ONX_MAX_SPACE];
    int64_t before[ONX_MAX_SPACE], after[ONX_MAX_SPACE];
    int64_t out[ONX_MAX_SPACE];
};

/* Geometry from the attributes over an operand [N, C, space...]. kernel: the default of
 * kernel_shape, or NULL if that must be given. ceil: extents round up (pooling). */
enum th_status onx_window_read(struct onx_node *n, const struct th_type *x, const int64_t *kernel,
                               bool ceil, struct onx_window *w);
/* As the IR's attributes for two axes of space; one axis becomes rows of one. */
void onx_window_attrs(const struct onx_window *w, int64_t stride[2], int64_t dilation[2],
                      int64_t pad[4], int64_t kernel[2]);
/* [N, C, space...] to channels last with two axes of space ([N, L, C] as [N, 1, L, C]), and
 * back. */
enum th_status onx_to_map(struct onx_node *n, th_value v, th_value *out);
enum th_status onx_from_map(struct onx_node *n, th_value v, int32_t space, th_value *out);

#endif
