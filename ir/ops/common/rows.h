/* SPDX-License-Identifier: Apache-2.0 */
/* Records whose output row (the last axis) depends on the same input row: softmax and kin. */
#ifndef TH_OPS_ROWS_H
#define TH_OPS_ROWS_H

#include "ir/ops/common/nn.h"

/* Shape of x; dtype and quantization as declared. */
enum th_status th_rows_infer(struct th_inst *c);
/* One dtype; an 8-bit output has this scale and zero point. */
enum th_status th_rows_verify_fixed(const struct th_inst *c, float scale, int64_t zero);
bool th_rows_window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                    struct th_window *w);
void th_rows_size(const struct th_inst *c, int64_t *rows, int64_t *depth);

/* Fixed-point scaling of differences for softmax and log-softmax: Q5.26 with a shift left. */
struct th_softmax_scale {
    struct th_multiplier q;
    int32_t diff_min;      /* smaller differences count as nothing */
};
bool th_softmax_scale(double beta, double in_scale, bool single_rounding,
                      struct th_softmax_scale *s);

#endif
