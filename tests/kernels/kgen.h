/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel tests: random layers, their expected outputs, and the C that runs a row's kernel on
 * them. */
#ifndef KGEN_H
#define KGEN_H

#include "ir/call.h"

#include <thimble/thimble.h>

enum kgen_op { KGEN_CONV, KGEN_DEPTHWISE, KGEN_DENSE, KGEN_AVG_POOL, KGEN_MAX_POOL };

struct kgen_case {
    enum kgen_op op;
    int in_h, in_w, in_c, out_h, out_w, out_c, kh, kw, sh, sw, dh, dw, pt, pl, batch;
    int zi, zo, lo, hi;               /* clamp as integers, reached through act_min/act_max */
    bool bias, per_channel;
    bool real;                        /* the same whole numbers as floats: sums are exact */
    bool nibbles;                     /* weights of 4 bits, packed when they are handed over */
    bool single;                      /* contract tflite-single-rounding */
    bool even;                        /* contract onnx */
    float scale_in, scale_out;
    float *scale_w;
    int8_t *x, *w;                    /* dense */
    int32_t *b;
    /* box and views; whole: neither */
    bool whole;
    int by, bx, bh, bw;
    struct th_view in, out;
    char name[160];
};

int kgen_below(uint64_t *rng, int n);
/* Fills a case: shape 0 random, else number of a fixed layer that is measured. */
void kgen_make(struct kgen_case *k, enum kgen_op op, uint64_t *rng, int shape,
               struct th_arena *a);
/* The dense int8 output by the obvious loops. */
void kgen_expected(const struct kgen_case *k, int8_t *y);
/* Contract onnx: gives some layers factors and biases far from the usual ones. */
void kgen_far_factors(struct kgen_case *k, uint64_t *rng);
/* Makes a float case of one just made: numbers so small that no order of the sums rounds. */
void kgen_make_real(struct kgen_case *k);
/* Makes a case with weights of 4 bits of one just made. */
void kgen_make_nibbles(struct kgen_case *k);
void kgen_expected_real(const struct kgen_case *k, float *y);

#endif
