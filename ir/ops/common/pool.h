/* SPDX-License-Identifier: Apache-2.0 */
/* What the pooling records share. */
#ifndef TH_OPS_POOL_H
#define TH_OPS_POOL_H

#include "ir/ops/common/nn.h"

extern const struct th_port th_pool_inputs[], th_pool_outputs[];
extern const struct th_attr_spec th_pool_attrs[];

enum th_status th_pool_geom(const struct th_inst *c, struct th_geom *g);
enum th_status th_pool_infer(struct th_inst *c);
enum th_status th_pool_verify(const struct th_inst *c);
bool th_pool_window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                    struct th_window *w);
void th_pool_cost(const struct th_inst *c, struct th_cost *k);

/* The taps of one output that lie inside of the input. */
struct th_pool_taps {
    int64_t base;                       /* first element of the batch, channel added */
    int64_t y0, y1, x0, x1;             /* half-open ranges of input rows and columns */
    int64_t row, pixel;                 /* element steps */
};
/* Calls fn once for every output element, in order. */
typedef void th_pool_point(void *user, int64_t at, const struct th_pool_taps *t);
void th_pool_each(const struct th_geom *g, th_pool_point *fn, void *user);

#endif
