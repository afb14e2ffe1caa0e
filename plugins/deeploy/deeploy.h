/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the importers of this module share. Tensors are floats that hold whole numbers, or integers;
 * computed is in 64-bit integers, as products leave the range in which floats count exactly.
 * Written as an outside plugin would be: installed headers only.
 */
#ifndef TH_PLUGINS_DEEPLOY_H
#define TH_PLUGINS_DEEPLOY_H

#include <thimble/import.h>
#include <thimble/op.h>
#include <thimble/plugin.h>

/* ---- nodes (common.c) ------------------------------------------------------------------------ */

/* One node with one result; dt NONE: as the operator infers it. */
enum th_status deeploy_add(const struct th_import *im, const char *op, const th_value *in,
                           uint32_t n_in, const struct th_attr *attrs, uint32_t n_attrs,
                           enum th_dtype dt, th_value *out);
enum th_status deeploy_cast(const struct th_import *im, th_value x, enum th_dtype dt,
                            th_value *out);
enum th_status deeploy_unary(const struct th_import *im, const char *op, th_value x,
                             enum th_dtype dt, th_value *out);
/* a op b in 64-bit integers; out may be an operand. */
enum th_status deeploy_whole(const struct th_import *im, const char *op, th_value a, th_value b,
                             th_value *out);
enum th_status deeploy_with(const struct th_import *im, const char *op, th_value a, int64_t b,
                            th_value *out);
/* Held in least .. most. */
enum th_status deeploy_clip(const struct th_import *im, th_value x, int64_t least, int64_t most,
                            th_value *out);
/* Over the last axis, which stays with one element. */
enum th_status deeploy_reduce(const struct th_import *im, const char *op, th_value x,
                              th_value *out);

/* ---- operands, attributes and the result (common.c) ------------------------------------------ */

/* That there are so many operands, the first no scalar, and one result. */
enum th_status deeploy_operands(const struct th_import *im, uint32_t count);
/* Operand 0 as 64-bit integers, and the extent of its last axis. */
enum th_status deeploy_first(const struct th_import *im, th_value *x, int64_t *row);
/* Operand i as 64-bit integers with the axes of operand 0: missing ones in front have one element.
 * Where it does not fit so and channels is set, it may be one number for each channel (axis 1). */
enum th_status deeploy_factor(const struct th_import *im, uint32_t i, bool channels,
                              th_value *out);
/* A whole number: an attribute that is one, or a tensor of one. */
enum th_status deeploy_number(const struct th_import *im, const char *name, int64_t least,
                              int64_t most, int64_t *out);
/* Whether there is such an attribute. */
bool deeploy_has(const struct th_import *im, const char *name);
/* That the operator's axis, if it names one, is the last. */
enum th_status deeploy_last_axis(const struct th_import *im);
/* x, which lies in least .. most, in the type that the file declares, else in operand 0's. */
enum th_status deeploy_result(struct th_import *im, th_value x, int64_t least, int64_t most);
/* The same where the operator bounds nothing: a float, or 32 bits and more. */
enum th_status deeploy_open_result(struct th_import *im, th_value x);

/* ---- the operators --------------------------------------------------------------------------- */

enum th_status deeploy_requant_shift(struct th_import *im);      /* pointwise.c */
enum th_status deeploy_true_integer_div(struct th_import *im);
enum th_status deeploy_gelu(struct th_import *im);
enum th_status deeploy_hardswish(struct th_import *im);
enum th_status deeploy_layer_norm(struct th_import *im);         /* norm.c */
enum th_status deeploy_rms_norm(struct th_import *im);
enum th_status deeploy_no_norm(struct th_import *im);
enum th_status deeploy_float_rms_norm(struct th_import *im);
enum th_status deeploy_softmax(struct th_import *im);            /* softmax.c */
enum th_status deeploy_ita_max(struct th_import *im);
enum th_status deeploy_integer_mean(struct th_import *im);       /* mean.c */

#endif
