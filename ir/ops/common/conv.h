/* SPDX-License-Identifier: Apache-2.0 */
/* What convolution and depthwise convolution share: evaluation in all type forms, and which part
 * of an operand a part of the output needs. */
#ifndef TH_OPS_CONV_H
#define TH_OPS_CONV_H

#include "ir/ops/common/nn.h"

/* One map. */
extern const struct th_port th_conv_outputs[];

/* How output channels see inputs and where weights lie. */
struct th_conv_layout {
    struct th_geom g;
    int64_t group_in;             /* input channels that one output channel reads */
    int64_t group_out;            /* output channels that read the same inputs */
    int64_t w_o, w_y, w_x, w_i;   /* element steps of the weights */
    bool grouped_scale_first;     /* hybrid: weight and input scale are multiplied first */
};
/* Called for each output pixel with the sums of all its channels, float or int64_t; `at` is the
 * pixel's first output element, n its batch. */
typedef void th_conv_pixel_fn(void *user, int64_t at, int64_t n, const void *sums);
/* Sums of products over the taps inside of the input. x and w: float, or int32_t with zero points
 * taken off. False when memory is exhausted. */
bool th_conv_sums(const struct th_conv_layout *l, struct th_arena *a, bool is_float,
                  const void *x, const void *w, th_conv_pixel_fn *fn, void *user);
/* Operands x, w, b? and one output in the forms th_check_forms accepts. */
enum th_status th_conv_eval(const struct th_inst *c, struct th_eval *e,
                            const struct th_conv_layout *l);
/* Slot `window` of such a record; w_axis: the weights' axis of output channels. */
bool th_conv_window(const struct th_inst *c, const struct th_conv_layout *l, int w_axis,
                    const struct th_box *out, uint32_t i, struct th_window *w);

#endif
