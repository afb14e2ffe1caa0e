/* SPDX-License-Identifier: 0BSD */
/* Parameter structs of the network kernels that have no window. */
#ifndef THK_NN_H
#define THK_NN_H

#include <stddef.h>
#include <stdint.h>

/* y[rows][out] = x[rows][in] * w[out][in] + bias. per_channel: requant has one pair per output,
 * else one pair for all. */
struct thk_dense {
    int32_t rows, in, out;
    int32_t in_zero, weight_zero, out_zero, lo, hi, per_channel;
};

/* Softmax over the last axis of a [rows][depth] map: difference to the row's maximum times
 * scale_m * 2^(scale_s - 31), in Q5.26; smaller differences than diff_min give probability 0. */
struct thk_softmax {
    int32_t rows, depth, scale_m, scale_s, diff_min;
};

/* Float activations quantized for each batch (convolutions) or row (dense). asymmetric: with a
 * zero point. once: weight and input scale are multiplied first. */
struct thk_hybrid {
    int32_t asymmetric, once;
    float lo, hi;
};

#endif
