/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recurrent layers in integers: activations and the state that a layer hands out of 8 or 16 bits,
 * weights of 8 bits with a scale for each row.
 *
 * Sums of products become Q3.12 with one multiplier of 16 bits for each row, and the biases, which
 * have that scale, too, are added, each held to 25 bits; sigmoid and tanh see 16 bits. Sigmoid and tanh are TensorFlow Lite's of 16 bits
 * (thimble/elementwise.h). Between steps the state is Q0.15 and a cell Q4.11; with 8-bit
 * activations the recurrent weights meet the state's upper 8 bits.
 */
#ifndef TH_OPS_SEQUENCE_INT_H
#define TH_OPS_SEQUENCE_INT_H

#include "ir/ops/common/lut16.h"
#include "ir/ops/common/sequence.h"

#define TH_SEQUENCE_MOST ((1 << 24) - 1)

/* One sequence at one step. */
struct th_sequence_int {
    const struct th_inst *c;
    int64_t hidden;
    bool narrow;                  /* activations of 8 bits */
    const int32_t *r;             /* recurrent weights */
    const struct th_multiplier16 *scale;   /* of their sums, for each row */
    const int64_t *rb;            /* their biases; NULL: none */
    int32_t *now;                 /* w x and its bias [gates * hidden] */
    int32_t *side;                /* room for the step [gates * hidden] */
    int32_t *h, *cell;            /* state, changed by the step [hidden] */
    int32_t clip;                 /* in Q3.12 */
    struct th_sigmoid_table table;
};
typedef void th_sequence_int_step(struct th_sequence_int *s);

/* x / 2^s, halves up. */
int32_t th_sequence_round(int64_t x, int s);
/* The state (or what stands for it, Q0.15) as the recurrent weights see it. */
int32_t th_sequence_seen(const struct th_sequence_int *s, int32_t v);
/* r v and its bias for one row; v [hidden] as seen. */
int32_t th_sequence_past(const struct th_sequence_int *s, int64_t row, const int32_t *v);
/* Of a sum in Q3.12, Q0.15. */
int32_t th_sequence_sigmoid(const struct th_sequence_int *s, int64_t sum);
int32_t th_sequence_tanh(const struct th_sequence_int *s, int64_t sum);

enum th_status th_sequence_eval_int(const struct th_inst *c, struct th_eval *e, int64_t gates,
                                    th_sequence_int_step *step);
/* Slots `verify` and `quant`. */
enum th_status th_sequence_verify(const struct th_inst *c);
bool th_sequence_quant(const struct th_inst *c, struct th_quant_rule *q);
/* Types of results that were not declared. */
enum th_status th_sequence_types(struct th_inst *c);

#endif
