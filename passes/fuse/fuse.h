/* SPDX-License-Identifier: Apache-2.0 */
/* The families of fusing rewrites. Private to passes/. */
#ifndef TH_PASSES_FUSE_FUSE_H
#define TH_PASSES_FUSE_FUSE_H

#include "passes/util.h"

/* mul, add, sub or div of a float layer by constants goes into its weights and bias. */
enum th_status th_fuse_affine(struct th_graph *g, const struct th_match *m, bool *done,
                              void *user);

/* space_to_batch, convolution, batch_to_space: one dilated convolution. */
enum th_status th_fuse_dilated(struct th_graph *g, const struct th_match *m, bool *done,
                               void *user);

/* Makes tables of 8-bit computations with one 8-bit source; *made counts them. */
enum th_status th_fuse_tables(struct th_pass_ctx *pc, struct th_graph *g, uint32_t *made);

#endif
