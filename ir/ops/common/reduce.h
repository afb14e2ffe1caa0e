/* SPDX-License-Identifier: Apache-2.0 */
/* What the reductions share: axes, shapes, and the walk over the elements of each output. */
#ifndef TH_OPS_REDUCE_H
#define TH_OPS_REDUCE_H

#include "ir/ops/common/nn.h"

extern const struct th_attr_spec th_reduce_attrs[];

enum th_status th_reduce_infer(struct th_inst *c);
/* Bit k is set when axis k is reduced. */
enum th_status th_reduce_mask(const struct th_inst *c, uint32_t *mask);
/* Input elements behind one output. */
int64_t th_reduce_count(const struct th_inst *c);
/* The input elements of output `at` in row-major order: index[0 .. th_reduce_count). */
struct th_reduce_walk {
    int64_t n, outputs;          /* elements of each output, outputs */
    int64_t *offsets;            /* [n] from the base of an output */
    int64_t *bases;              /* [outputs] */
};
enum th_status th_reduce_walk_init(const struct th_inst *c, struct th_arena *a,
                                   struct th_reduce_walk *w);
bool th_reduce_window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                      struct th_window *w);
void th_reduce_cost(const struct th_inst *c, struct th_cost *k);
/* Output of the input's type and quantization. */
enum th_status th_reduce_verify_same(const struct th_inst *c);
/* The same, or quantized input and output of one dtype with scales of their own; `onnx`: whether
 * that contract has a rule, too. */
enum th_status th_reduce_verify_scaled(const struct th_inst *c, bool onnx);
/* Accumulator like the output, wide enough for sums. */
bool th_reduce_sum_state(const struct th_inst *c, struct th_type *accumulator);
bool th_reduce_same_state(const struct th_inst *c, struct th_type *accumulator);
/* Sum or mean of a quantized input by the integer rule. */
enum th_status th_reduce_quantized(const struct th_inst *c, struct th_eval *e, bool mean);

/* Folds with a function over reals or integers. */
typedef float th_fold_real(float acc, float v);
typedef double th_fold_real64(double acc, double v);
typedef int64_t th_fold_int(int64_t acc, int64_t v);
struct th_fold {
    float real_start;
    th_fold_real *real;
    double real64_start;
    th_fold_real64 *real64;
    int64_t int_start;
    th_fold_int *integer;
};
enum th_status th_reduce_fold(const struct th_inst *c, struct th_eval *e, const struct th_fold *f);
/* Numbers that fold without scales, beside the activation types. */
#define TH_REDUCE_PLAIN                                                                        \
    (TH_DT_INDEX | TH_DT_BIT(TH_DT_F64) | TH_DT_BIT(TH_DT_U16) | TH_DT_BIT(TH_DT_U32))

#endif
