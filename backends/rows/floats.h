/* SPDX-License-Identifier: Apache-2.0 */
/* What rows of float layers with packed weights share. */
#ifndef TH_BACKENDS_FLOATS_H
#define TH_BACKENDS_FLOATS_H

#include "backends/rows/rows.h"

/* A window over all channels with constant weights: conv2d without groups, depthwise_conv2d with
 * one output for each of at least `lanes` channels. NULL, or why not. */
const char *th_row_floats_window(const struct th_query *q, int64_t lanes, struct th_row_window *w);
const char *th_row_floats_dense(const struct th_query *q, struct th_row_dense *d);
/* Several rows of a dense layer are the pixels of a 1x1 convolution. */
struct th_row_window th_row_floats_pixels(const struct th_row_dense *d);

/* Appends "weights": for each group of `lanes` channels (of n) the biases, then for each product
 * `lanes` weights; weight (c, t) is w[c * c_step + t * t_step]. overlap: the last group ends with
 * the last channel, else it is filled up with zeros. */
enum th_status th_row_floats_packed(const struct th_query *q, struct th_call *call, int64_t lanes,
                                    int64_t n, int64_t taps, int64_t c_step, int64_t t_step,
                                    bool overlap);
/* The whole call of a convolution: window, bounds, input, weights, output; then `zeros` floats of
 * scratch. */
enum th_status th_row_floats_call(const struct th_query *q, struct th_call *c,
                                  const struct th_row_window *w, int64_t lanes, int64_t zeros);

#endif
