/* SPDX-License-Identifier: Apache-2.0 */
/* Networks for the search for fused groups, from layer lists. */
#ifndef TH_TESTS_UNIT_FUSE_NETS_H
#define TH_TESTS_UNIT_FUSE_NETS_H

#include "plan/fuse.h"

struct fuse_builder {
    struct th_fuse_net net;
    struct th_fuse_tensor *tensors;
    struct th_fuse_node *nodes;
    uint32_t room;
    struct th_arena *arena;
};
/* One axis of a window. */
struct fuse_axis {
    int32_t k, stride, dilation, pad;
};
void fuse_open_net(struct fuse_builder *b, struct th_arena *arena, uint32_t room);
uint32_t fuse_tensor(struct fuse_builder *b, int32_t h, int32_t w, int64_t c);
uint32_t fuse_input(struct fuse_builder *b, int32_t h, int32_t w, int64_t c);
/* A windowed node into a tensor that is there already. */
struct th_fuse_node *fuse_window(struct fuse_builder *b, uint32_t x, uint32_t out,
                                 struct fuse_axis rows, struct fuse_axis cols);
/* Convolution (depthwise when dwise) with equal axes; returns its output. */
uint32_t fuse_conv(struct fuse_builder *b, uint32_t x, int64_t c, int32_t k, int32_t stride,
                   int32_t pad, bool dwise);
uint32_t fuse_add(struct fuse_builder *b, uint32_t x, uint32_t y);
/* x times a vector. */
uint32_t fuse_gate(struct fuse_builder *b, uint32_t x, uint32_t vector);
uint32_t fuse_mean(struct fuse_builder *b, uint32_t x, int64_t acc);
uint32_t fuse_dense(struct fuse_builder *b, uint32_t x, int64_t c);
void fuse_output(struct fuse_builder *b, uint32_t t);

/* Published layer lists: "mbv2_035" (144x144), "mcunet_vww" (80x80), "mcunet_320k" (176x176), plain
 * chains as msf-CNN takes them; with residual additions, and with mean and classifier. */
void fuse_network(struct fuse_builder *b, struct th_arena *arena, const char *name, bool residual,
                  bool tail);
/* Bottleneck blocks on one map size: 4 nodes each. */
void fuse_chain(struct fuse_builder *b, struct th_arena *arena, int32_t blocks, int32_t size,
                int64_t c);
#endif
