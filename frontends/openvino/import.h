/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the importer. A file is imported once (struct ov_import); each net (the model, bodies) is
 * a scope, each layer in it a node. A layer's import function takes the values of its operands,
 * adds IR nodes and binds the results to the layer's outputs.
 *
 * Failures of single layers do not stop the import: the outputs become "bad", what depends on them
 * is passed over in silence, and the read fails at the end with every problem told.
 */
#ifndef OV_IMPORT_H
#define OV_IMPORT_H

#include <thimble/frontend.h>
#include <thimble/ir.h>
#include <thimble/op.h>

#include "reader.h"

/* Quantization is meant as in ONNX: half to even, whole zero points. Floats are floats in any. */
#define OV_CONTRACT "onnx"

/* What constants may take for each byte of the files. */
enum { CONSTANT_BYTES_PER_BYTE = 16 };

struct ov_variable {
    const char *id;
    th_state state;
};
struct ov_import {
    const struct th_read_request *request;
    struct th_ctx *ctx;
    struct th_arena *arena;       /* freed at the end of the import */
    struct th_program *program;
    struct ov_reader reader;
    struct th_blob *weights;      /* NULL: not yet, or none */
    bool weights_missing;         /* as was told */
    bool *dims_used;              /* one for each --input-dim */
    struct ov_variable *variables;
    uint32_t n_variables;
    bool reshaped;                /* a dimension differs from the file: declared shapes are stale */
    bool told_half;               /* that half precision is computed in single precision */
    unsigned errors;              /* told before this import began */
    size_t nodes_left;            /* against files that multiply by bodies */
    size_t bytes_left;            /* and by computed or copied constants */
};

struct ov_slot {
    th_value value;               /* 0: not yet there */
    bool bad;
};
struct ov_scope {
    struct ov_import *im;
    struct th_graph *graph;
    const struct ov_net *net;
    struct ov_slot **slots;       /* [layer][output] */
    int depth;                    /* bodies around it */
};
struct ov_node {
    struct ov_scope *scope;
    const struct ov_layer *layer;
    const struct ov_row *row;
    struct th_loc loc;
};

/* One operator. `ir` is for functions that serve several operators. */
struct ov_row {
    const char *type;
    enum th_status (*import)(struct ov_node *n);
    const char *ir;
};
/* Each family's rows, ended by a NULL type. */
extern const struct ov_row ov_rows_conv[], ov_rows_pool[], ov_rows_math[], ov_rows_activation[],
    ov_rows_shape[], ov_rows_slice[], ov_rows_index[], ov_rows_norm[], ov_rows_quant[],
    ov_rows_resize[], ov_rows_recurrent[], ov_rows_state[], ov_rows_prior[],
    ov_rows_detection[], ov_rows_sampling[];
const struct ov_row *ov_row_find(const char *type);

/* ---- nets (model.c) */

/* Imports all layers of a net whose parameters have their values already. */
enum th_status ov_import_net(struct ov_scope *s);

/* ---- types and values (value.c) */

/* Element type of a name as layers write it ("f32") or ports do ("FP32"); half precision is
 * computed in single. TH_DT_NONE: none of ours. */
enum th_dtype ov_dtype(const char *name);
/* Counts constant data that is not the file's own; false (reported) when it is too much. */
bool ov_charge(struct ov_import *im, const struct th_loc *loc, uint64_t bytes);
/* Value of operand i: 0 if absent, or if it cannot be had (then reported or bad). */
th_value ov_in(const struct ov_node *n, uint32_t i);
const struct th_type *ov_type(const struct ov_node *n, th_value v);
/* Operands 0 to count - 1, all of them present; fails (reported) if one is not. */
enum th_status ov_operands(const struct ov_node *n, th_value *in, uint32_t count);
enum th_status ov_need_rank(const struct ov_node *n, th_value v, int32_t least, int32_t most);
/* Makes v the value of output i after comparing it with what the file declares. */
enum th_status ov_bind(struct ov_node *n, uint32_t i, th_value v);
th_value ov_import_const(struct ov_node *n);
/* An operand that must be constant; false (reported as `what`) if it is not, or of more than max
 * entries. */
bool ov_in_ints(const struct ov_node *n, uint32_t i, const char *what, int64_t *out, size_t max,
                size_t *count);
bool ov_in_int(const struct ov_node *n, uint32_t i, const char *what, int64_t *out);
bool ov_in_float(const struct ov_node *n, uint32_t i, const char *what, double *out);
/* Constant axes, each once, counted from the front, in ascending order. */
bool ov_in_axes(const struct ov_node *n, uint32_t i, int32_t rank, int64_t *axes, size_t *count);

/* Reports that this form is not supported, or not what the format demands. */
enum th_status ov_reject(const struct ov_node *n, const char *format, ...) TH_PRINTF(2, 3);

/* ---- attributes of layers (value.c): false, reported, if they are there but malformed */
const char *ov_attr_text(const struct ov_node *n, const char *name);      /* NULL: absent */
bool ov_attr_is(const struct ov_node *n, const char *name, const char *value, bool absent);
bool ov_attr_bool(const struct ov_node *n, const char *name, bool absent);
/* Which of the words, ended by NULL; any other is reported. absent: that of a file without the
 * attribute, -1 if it must be there. */
bool ov_attr_choice(const struct ov_node *n, const char *name, const char *const *choices,
                    int absent, int *choice);
bool ov_attr_int(const struct ov_node *n, const char *name, int64_t absent, int64_t *v);
bool ov_attr_float(const struct ov_node *n, const char *name, double absent, double *v);
/* Exactly count entries; absent: all of them `absent`. */
bool ov_attr_ints(const struct ov_node *n, const char *name, int64_t absent, int64_t *v,
                  size_t count);
/* Axes as above from an attribute. */
bool ov_attr_axes(const struct ov_node *n, const char *name, int32_t rank, int64_t *axes,
                  size_t *count);

/* Whether the layer states every attribute that the format demands of it; each that is missing is
 * reported (required.c). */
bool ov_check_required(const struct ov_node *n);

/* ---- quantized weights (quant.c) */

/* Stored integers times constant scales, as compressed weights stand in the file, become a
 * dequantize; *done says whether it was that. */
enum th_status ov_scaled_weights(struct ov_node *n, bool *done);
/* An addition of one number a channel behind a layer with integer weights becomes its bias. */
enum th_status ov_layer_bias(struct ov_node *n, bool *done);

/* ---- nodes (build.c) */

/* Adds a node with one output of which the operands tell the type. Where the record wants it
 * declared it is that of operand 0. */
enum th_status ov_add(const struct ov_node *n, const char *op, const th_value *in, uint32_t n_in,
                      const struct th_attr_list *a, th_value *out);
/* The same where dtype and quantization of the output are given. */
enum th_status ov_add_typed(const struct ov_node *n, const char *op, const th_value *in,
                            uint32_t n_in, const struct th_attr_list *a, const struct th_type *type,
                            th_value *out);
/* Adds the node that computes the only output of n, and binds it. */
enum th_status ov_finish(struct ov_node *n, const char *op, const th_value *in, uint32_t n_in,
                         const struct th_attr_list *a);

enum th_status ov_unary(const struct ov_node *n, const char *op, th_value x, th_value *out);
enum th_status ov_binary(const struct ov_node *n, const char *op, th_value a, th_value b,
                         th_value *out);
/* The same with one number of the other operand's type on the right. */
enum th_status ov_with_number(const struct ov_node *n, const char *op, th_value a, double b,
                              th_value *out);
enum th_status ov_reshape(const struct ov_node *n, th_value v, int32_t rank, const int64_t *dims,
                          th_value *out);
enum th_status ov_transpose(const struct ov_node *n, th_value v, const int64_t *perm,
                            th_value *out);
/* Axis `from` becomes axis `to`; the others keep their order. */
enum th_status ov_move_axis(const struct ov_node *n, th_value v, int32_t from, int32_t to,
                            th_value *out);
enum th_status ov_cast(const struct ov_node *n, th_value v, enum th_dtype dt, th_value *out);
enum th_status ov_slice_axis(const struct ov_node *n, th_value v, int32_t axis, int64_t begin,
                             int64_t size, th_value *out);
enum th_status ov_reduce(const struct ov_node *n, const char *op, th_value v, const int64_t *axes,
                         size_t count, bool keep, th_value *out);
enum th_status ov_clamp(const struct ov_node *n, th_value v, double lo, double hi, th_value *out);
/* Integers with scales as reals. A constant stays what it is: it may become the weights of an
 * integer operator; else the fold pass computes it. */
enum th_status ov_dequantize(const struct ov_node *n, th_value x, th_value *out);
/* The integers that v was made of by that, or 0. */
th_value ov_stored(const struct ov_node *n, th_value v);
th_value ov_const_f32(const struct ov_node *n, int32_t rank, const int64_t *dims,
                      const float *data);
/* The axis counted from the front; false (reported) if out of range. */
bool ov_axis(const struct ov_node *n, int64_t axis, int32_t rank, int32_t *out);

#endif
