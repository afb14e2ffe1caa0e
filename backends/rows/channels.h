/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels of an int8 layer with constant weights, as vector kernels see them: folded biases,
 * multipliers and weights by (channel, product), for rows that write streams of them.
 */
#ifndef TH_BACKENDS_ROWS_CHANNELS_H
#define TH_BACKENDS_ROWS_CHANNELS_H

#include "backends/rows/rows.h"

struct th_row_channels {
    const struct th_multiplier *m;        /* [n] */
    int64_t n, taps;                      /* output channels; products of one */
    int32_t zi;
    bool even;                            /* contract "onnx": m holds the bits of floats */
    const struct th_tensor *w, *bias;     /* bias may be NULL */
    int64_t first_step, tap_step;         /* weight (c, t) is w[c * first_step + t * tap_step] */
};
/* conv2d (not grouped) or depthwise_conv2d (multiplier 1) over all channels. NULL, or why not. */
const char *th_row_channels_window(const struct th_query *q, struct th_row_window *w,
                                   struct th_row_channels *h);
const char *th_row_channels_dense(const struct th_query *q, struct th_row_dense *d,
                                  struct th_row_channels *h);
/* Every factor is 0 or in [2^-31, 1/2): what a rounding shift right by -s >= 1 needs. Enough for
 * kernels whose sums wrap as the contract's do, and which multiply any 32 bits exactly. Contract
 * "onnx" has finite factors of any size. NULL, or why not. */
const char *th_row_channels_factors(const struct th_row_channels *h);
/* Any two products fit 16 bits together: no weight is -128. NULL, or why not. */
const char *th_row_channels_pairs(const struct th_row_channels *h);
/* Factors as above, and sums fit 32 bits. */
const char *th_row_channels_check(const struct th_row_channels *h);

/* 0, 0, and a shift of 1 for channels beyond n (padding); the bias as sums are, modulo 2^32. */
int32_t th_row_channel_bias(const struct th_row_channels *h, int64_t c);
int32_t th_row_channel_factor(const struct th_row_channels *h, int64_t c);
int32_t th_row_channel_shift(const struct th_row_channels *h, int64_t c);    /* right, >= 1 */
/* 0 beyond the channels or products there are. */
int8_t th_row_channel_weight(const struct th_row_channels *h, int64_t c, int64_t t);

/* ---- the three-word form: high word of twice the sum times m, plus c and the sign, then >> e - */
/* NULL when it is exact for a channel, else why not. */
const char *th_row_triple_check(const struct th_row_fold *f, struct th_multiplier m,
                                int32_t out_zero);
/* Writes m, c, e. fixed: the channel's output is v (before the zero point) for every sum. */
void th_row_triple(struct th_multiplier m, bool fixed, int32_t v, int32_t out_zero, int32_t *to);

/*
 * A channel whose sum leaves 32 bits on one side and wraps, while its factor is so small that the
 * output only tells which side: networks with biases clamped to 32 bits have such. Its sums lie
 * around +-2^31; the same form over the sum itself instead of twice the sum makes two values of
 * them.
 */
struct th_row_step {
    bool is;
    int32_t words[3];       /* m, c, e */
};
void th_row_find_step(const struct th_row_fold *f, struct th_multiplier m, bool single,
                      int32_t out_zero, struct th_row_step *s);

struct th_row_triples {
    int32_t *bias;          /* [n] folded; 0 for fixed channels */
    int32_t *words;         /* [3n] m, c, e; contract "onnx": bits of the factor, zero point, 0 */
    bool *fixed;            /* [n] weights do not matter and are to be taken as 0 */
};
/* All channels of h in that form. NULL, or why not. */
const char *th_row_triples(const struct th_query *q, const struct th_row_channels *h,
                           int32_t out_zero, struct th_row_triples *t);

/* int8 add and sub of whole dense maps of one shape; but in contract "onnx" the factors are all at
 * most one and the output's below one half. NULL, or why not. */
const char *th_row_refuse_add(const struct th_query *q);
/* Their call by vector kernels: a struct of n, a_zero, b_zero, a_m, a_e, b_m, b_e, out_m, out_e,
 * out_zero, lo, hi, minus (shifts to the right), both inputs, the output. */
enum th_status th_row_bind_add(const struct th_query *q, struct th_call *c,
                               const char *struct_name);

/* Likewise in contract "onnx": n, a_m, b_m, rest (of the zero points), shift, out_zero, lo, hi. */
enum th_status th_row_bind_add_even(const struct th_query *q, struct th_call *c,
                                    const char *struct_name);

/* int8 avg_pool2d whose sums fit 16 bits: at most 255 taps. */
const char *th_row_refuse_pool(const struct th_query *q);
/* Window, box, input, output. */
enum th_status th_row_bind_pool(const struct th_query *q, struct th_call *c);

/* A little-endian word at `at`; returns the byte behind it. */
int8_t *th_row_put_word(int8_t *at, int32_t v);

#endif
