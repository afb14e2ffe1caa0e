/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers of records that only move elements: the op's file lists strided copies. */
#ifndef IR_OPS_COMMON_MOVEMENT_H
#define IR_OPS_COMMON_MOVEMENT_H

#include <thimble/op.h>

#include "ir/ops/common/elementwise.h"
#include "ir/ops/common/nn.h"

extern const struct th_port th_mv_in[], th_mv_out[];   /* "x" and "y" of any type */
extern const char *const th_mv_contracts[];

/* Row-major strides in elements. */
void th_mv_strides(const struct th_type *t, int64_t stride[TH_MAX_RANK]);
/* Output 0 becomes operand 0's type with another shape, without reporting. */
void th_mv_like(struct th_inst *c, int32_t rank, const int64_t *dims);
/* Runs the record's moves. */
enum th_status th_mv_eval(const struct th_inst *c, struct th_eval *e);
/* Element i of `from` becomes element o of `to`, of the same dtype. */
void th_mv_copy(struct th_tensor *to, int64_t o, const struct th_tensor *from, int64_t i);
/* n new moves in the arena, or NULL. */
struct th_move *th_mv_new(const struct th_inst *c, struct th_moves *m, uint32_t n);
/* Zeroed numbers for an attribute of a part, one for each axis of output 0, or NULL. */
int64_t *th_mv_part_list(const struct th_inst *c, struct th_attr *a, const char *name);
/* Slot `moves` of an operator that changes no element's place in memory. */
enum th_status th_mv_all(const struct th_inst *c, struct th_moves *m);
/* Slot `alias` of such an operator. */
uint32_t th_mv_alias_exact(const struct th_inst *c, struct th_alias *list, uint32_t max);
/* A move over the axes of t with dense strides on both sides. */
void th_mv_axes(struct th_move *m, const struct th_type *t);
/* Blocks of `block` by `block` pixels of the wide map (the input, or else the output) lie as
 * channels of the deep one. */
enum th_status th_mv_blocks(const struct th_inst *c, struct th_moves *m, bool wide_in);
/* An axis attribute with negative values counted from the end; false when outside. */
bool th_mv_axis(int64_t axis, int32_t rank, int32_t *out);
/* The attribute "axis" of an operator whose infer has accepted it. */
int32_t th_mv_axis_of(const struct th_inst *c);
/* Reports an axis that lies outside. */
enum th_status th_mv_bad_axis(const struct th_inst *c, int64_t axis, int32_t rank);
/* The whole operand. */
void th_mv_whole(const struct th_type *t, struct th_window *w);
/* The output's box moved by `by` along an axis of which the operand has `size` indices, as far as
 * they go; nothing is padding. */
void th_mv_shifted(const struct th_box *out, int32_t axis, int64_t by, int64_t size,
                   struct th_window *w);
/* Clips a wanted interval of an axis to [0, dim), noting how far it reached beyond. */
void th_mv_clip(struct th_window *w, int32_t axis, int64_t lo, int64_t hi, int64_t dim);

#define TH_MV_END {.name = NULL}

/* A record of one operand and one output, once `attrs`, infer, moves and window are in scope. */
#define TH_MV_OP(op, text, details, more_traits)                                               \
    TH_MV_OP_PART(op, text, details, more_traits, th_same_quant, NULL)
/* The same with the slots quant and part. */
#define TH_MV_OP_PART(op, text, details, more_traits, quant_slot, part_slot)                   \
    extern const struct th_op th_op_##op;                                                      \
    const struct th_op th_op_##op = {                                                          \
        .struct_size = sizeof(struct th_op), .name = #op, .summary = text, .doc = details,     \
        .inputs = th_mv_in, .outputs = th_mv_out, .attrs = attrs,                              \
        .traits = TH_TRAIT_PURE | (more_traits), .contracts = th_mv_contracts,                 \
        .infer = infer, .eval = th_mv_eval, .quant = (quant_slot), .window = window,           \
        .moves = moves, .part = (part_slot)}

#endif
