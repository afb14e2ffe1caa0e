/* SPDX-License-Identifier: Apache-2.0 */
/* What the two resize records share. */
#ifndef TH_OPS_RESIZE_H
#define TH_OPS_RESIZE_H

#include "ir/ops/common/nn.h"

extern const struct th_attr_spec th_resize_attrs[];
struct th_resize {
    int64_t n, in_h, in_w, channels, out_h, out_w;
    bool align_corners, half_pixel;
};
void th_resize_of(const struct th_inst *c, struct th_resize *r);
enum th_status th_resize_infer(struct th_inst *c);
enum th_status th_resize_verify(const struct th_inst *c);

/* First and last input of output i along one axis; must not decrease with i. */
typedef void th_resize_span(const struct th_inst *c, int64_t i, int64_t in, int64_t out,
                            int64_t *first, int64_t *last);
bool th_resize_window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                      struct th_window *w, th_resize_span *span);

#endif
