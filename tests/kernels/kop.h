/* SPDX-License-Identifier: Apache-2.0 */
/* Random instances of network ops, for comparing kernels with the evaluation of the records. */
#ifndef KOP_H
#define KOP_H

#include "ir/call.h"

#include <thimble/thimble.h>

#define KOP_MAX_IN 24

struct kop {
    struct th_ctx *ctx;
    struct th_arena *arena;
    uint64_t rng;
    enum th_dtype dt;                  /* of the activations */
    bool b32, hybrid;                  /* s16 with 32-bit bias; f32 with s8 weights */
    const struct th_op *op;
    const char *contract;
    uint32_t n_in, n_out;
    struct th_type in[KOP_MAX_IN], out[3];
    bool present[KOP_MAX_IN], constant[KOP_MAX_IN];
    struct th_tensor *data[KOP_MAX_IN];
    struct th_attr attr[12];
    struct th_attrs attrs;
};

int kop_below(struct kop *k, int n);
int kop_between(struct kop *k, int lo, int hi);
/* Sets operands, attributes and declared outputs of a random layer. */
void kop_make(struct kop *k, const char *op);
/* Fills every present operand with random values. */
void kop_fill(struct kop *k);

#endif
