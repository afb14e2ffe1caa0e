/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the importer. A file is imported once (struct tfl_import); each subgraph that becomes a
 * graph is a scope, each operator in it a node. An operator's import function takes the values of
 * its operands, adds IR nodes and binds the results to the output tensors.
 *
 * Failures of single operators do not stop the import: the outputs become "bad", what depends on
 * them is passed over in silence, and the read fails at the end with every problem told.
 */
#ifndef TFL_IMPORT_H
#define TFL_IMPORT_H

#include <thimble/frontend.h>
#include <thimble/import.h>
#include <thimble/ir.h>
#include <thimble/op.h>

#include "reader.h"

/* Numbers of the messages (ir/base/diag.def). */
enum {
    TFL_MSG_DAMAGED = 2002,       /* the file does not hold together */
    TFL_MSG_UNKNOWN = 2001,       /* an operator, type or form that is not supported */
    TFL_MSG_OPEN = 2004           /* a dimension is not known */
};

/* A variable shared by name between subgraphs (VAR_HANDLE). */
struct tfl_resource {
    const char *container, *name;
    th_state state;               /* 0 until its type is known */
    struct th_blob *initial;      /* set by CALL_ONCE, NULL: zero */
    struct th_type initial_type;
    bool has_initial;
};

struct tfl_import {
    const struct th_read_request *request;
    struct th_ctx *ctx;
    struct th_arena *arena;       /* freed at the end of the import */
    struct th_program *program;
    const struct tfl_model *model;
    struct tfl_resource *resources;
    size_t nresources;
    th_state **variables;         /* [subgraph][tensor]: state of variable tensors */
    bool initialising;            /* in a CALL_ONCE body: assignments set initial values */
    bool reshaped;                /* a dimension differs from the file: declared shapes are stale */
    unsigned errors;              /* told before this import began */
    size_t ops_left;              /* against files that multiply by shared subgraphs */
    size_t bytes_left;            /* and by computed or copied constants */
};

struct tfl_slot {
    th_value value;               /* 0: not yet there */
    struct tfl_resource *resource;
    bool bad;
};

struct tfl_scope {
    struct tfl_import *im;
    struct th_graph *graph;
    const struct tfl_subgraph *sg;
    size_t index;
    struct tfl_slot *slots;       /* one a tensor */
};

struct tfl_row;

struct tfl_node {
    struct tfl_scope *scope;
    const struct tfl_op *op;
    const struct tfl_row *row;
    struct th_loc loc;
};

/* One builtin operator. `ir` is for functions that serve several operators. */
struct tfl_row {
    const char *name;
    enum th_status (*import)(struct tfl_node *n);
    const char *ir;
};

/* Each family's rows, ended by a NULL name. */
extern const struct tfl_row tfl_rows_nn[], tfl_rows_math[], tfl_rows_shape[], tfl_rows_index[],
    tfl_rows_fill[], tfl_rows_quant[], tfl_rows_recurrent[], tfl_rows_control[];

const struct tfl_row *tfl_row_find(const char *name);
/* What a user could use instead of an operator that has no row, or NULL. */
const char *tfl_nearest_form(const char *name);

/* ---- subgraphs (subgraph.c) */

/* Imports a subgraph into g. args: one slot for each of its inputs; results: one for each output,
 * allocated by the caller. Bad results are not an error here. */
enum th_status tfl_import_subgraph(struct tfl_import *im, struct th_graph *g, size_t index,
                                   const struct tfl_slot *args, struct tfl_slot *results);
/* Reports every operator and type of the model that cannot be imported at all. */
void tfl_check_support(struct tfl_import *im);
enum th_status tfl_import_custom(struct tfl_node *n);

/* ---- types and values (value.c) */

/* IR type of a tensor; false (reported) if the IR has none. rank is -1 where dims are open. */
bool tfl_tensor_type(struct tfl_import *im, const struct tfl_tensor *t, struct th_type *out);
enum th_dtype tfl_dtype(int type);
/* The state behind a variable tensor of a subgraph. */
th_state tfl_variable(struct tfl_scope *s, int32_t tensor);
/* Counts constant data that is not the file's own; false (reported) when it is too much. */
bool tfl_charge(struct tfl_import *im, const struct th_loc *loc, uint64_t bytes);
/* Value of operand i: 0 if absent, or if it cannot be had (then reported or bad). */
th_value tfl_in(struct tfl_node *n, size_t i);
bool tfl_has_in(const struct tfl_node *n, size_t i);
const struct tfl_tensor *tfl_in_tensor(const struct tfl_node *n, size_t i);
const struct th_type *tfl_type_of(const struct tfl_node *n, th_value v);
/* dtype and quantization of output i; rank -1. */
struct th_type tfl_out_type(struct tfl_node *n, size_t i);
/* Makes v the value of output i after comparing it with what the file declares. */
enum th_status tfl_bind(struct tfl_node *n, size_t i, th_value v);

/* Integer constant operand i, any integer type; false (reported as `what`) if not constant or of
 * more than max entries. */
bool tfl_in_ints(struct tfl_node *n, size_t i, const char *what, int64_t *out, size_t max,
                 size_t *count);
bool tfl_in_int(struct tfl_node *n, size_t i, const char *what, int64_t *out);

/* Reports that this form is not supported; nearest (may be NULL) says what would be. */
enum th_status tfl_reject(const struct tfl_node *n, const char *nearest, const char *format, ...)
    TH_PRINTF(3, 4);

/* Custom operators of its own (detection.c). */
extern const struct th_importer tfl_detection;

/* ---- nodes (value.c) */

/* Adds a node with one output whose type follows from its operands. */
enum th_status tfl_add(struct tfl_node *n, const char *op, const th_value *in, size_t n_in,
                       const struct th_attr_list *a, th_value *out);
/* The same where dtype and quantization of the output are given. */
enum th_status tfl_add_typed(struct tfl_node *n, const char *op, const th_value *in, size_t n_in,
                             const struct th_attr_list *a, const struct th_type *type,
                             th_value *out);
/* The same where the shape is given, too. */
enum th_status tfl_add_exact(struct tfl_node *n, const char *op, const th_value *in, size_t n_in,
                             const struct th_attr_list *a, const struct th_type *type,
                             th_value *out);
/* Adds the node that computes the only output of n, and binds it. */
enum th_status tfl_finish(struct tfl_node *n, const char *op, const th_value *in, size_t n_in,
                          const struct th_attr_list *a);

enum th_status tfl_reshape(struct tfl_node *n, th_value v, size_t rank, const int64_t *dims,
                           th_value *out);
/* The fused activation of the operator as act_min and act_max; false (reported) if it has none. */
bool tfl_activation(struct tfl_node *n, struct th_attr_list *a);
/* Kernels take these operands as symmetric; fails (reported) if one has a zero point. */
enum th_status tfl_symmetric(struct tfl_node *n, const size_t *operands, size_t count);
/* The axis counted from the front; false (reported) if out of range. */
bool tfl_axis(struct tfl_node *n, int64_t axis, size_t rank, size_t *out);
/* Constant tensors of small shape data. */
th_value tfl_const(struct tfl_node *n, const struct th_type *type, const void *data);

#endif
