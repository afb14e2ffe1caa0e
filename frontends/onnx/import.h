/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the importer. A file is imported once (struct onx_import). Each ONNX graph, and each use
 * of a model-local function, is a scope that maps names to values; each operator in it is a node.
 * An operator's import function takes the values of its operands, adds IR nodes and binds the
 * results.
 *
 * Failures of single operators do not stop the import: the outputs become "bad", what depends on
 * them is passed over in silence, and the read fails at the end with every problem told.
 */
#ifndef ONX_IMPORT_H
#define ONX_IMPORT_H

#include <math.h>

#include <thimble/frontend.h>
#include <thimble/import.h>
#include <thimble/ir.h>
#include <thimble/op.h>

#include "names.h"
#include "wire.h"

/* Numbers of the messages (ir/base/diag.def). */
enum {
    ONX_MSG_UNKNOWN = 2001,       /* an operator, type or form that is not supported */
    ONX_MSG_DAMAGED = 2002,       /* the file does not hold together */
    ONX_MSG_OPEN = 2004,          /* a dimension is not known */
    ONX_MSG_LARGE = 2005
};
enum { ONX_OPSET_LEAST = 7, ONX_OPSET_MOST = 27 };

struct onx_import {
    const struct th_read_request *request;
    struct th_ctx *ctx;
    struct th_arena *arena;        /* freed at the end of the import */
    struct th_program *program;
    struct onx_file *file;
    const Onnx__ModelProto *model;
    struct onx_names functions;    /* "domain:name" to Onnx__FunctionProto */
    struct onx_names external;     /* location to struct th_blob: companion files in use */
    struct onx_names symbols;      /* symbolic dimension to int64_t */
    struct onx_names narrow;       /* values of uint4, int4, .., held in bytes, to int32_t */
    bool *dims_used;               /* one for each --input-dim */
    int64_t opset;                 /* of the default domain */
    unsigned errors;               /* told before this import began */
    size_t ops_left;               /* against files that multiply by functions */
    size_t bytes_left;             /* and by computed or copied constants */
};

/* A sequence: its elements are values, known while the file is read. */
struct onx_list {
    th_value *v;
    size_t n;
};

struct onx_slot {
    th_value value;                /* 0: not yet there */
    const Onnx__TensorProto *tensor;             /* an initializer that nobody has used yet */
    const Onnx__SparseTensorProto *sparse;
    const struct onx_list *list;                 /* a sequence in place of a value */
    bool bad;
};

struct onx_scope {
    struct onx_import *im;
    struct th_graph *graph;
    struct onx_scope *outer;       /* of a body: its names are seen, too */
    struct onx_names names;        /* to struct onx_slot */
    struct onx_names declared;     /* to Onnx__ValueInfoProto */
    const Onnx__NodeProto *call;   /* of a function: whose attributes it refers to */
    struct onx_scope *caller;      /* where that node stands */
    Onnx__NodeProto **nodes;
    size_t n_nodes;
    int64_t opset;
    unsigned depth;
};

struct onx_row;

struct onx_node {
    struct onx_scope *scope;
    const Onnx__NodeProto *proto;
    const struct onx_row *row;
    struct th_loc loc;
    int64_t opset;
};

/* One operator. Operators of other domains carry theirs: "com.microsoft:Gelu". `ir` is for
 * functions that serve several operators. */
struct onx_row {
    const char *name;
    enum th_status (*import)(struct onx_node *n);
    const char *ir;
};

/* Each family's rows, ended by a NULL name (listed once in graph.c). */
extern const struct onx_row onx_rows_elementwise[], onx_rows_conv[], onx_rows_pool[],
    onx_rows_gemm[], onx_rows_shape[], onx_rows_index[], onx_rows_reduce[], onx_rows_norm[],
    onx_rows_quant[], onx_rows_rnn[], onx_rows_control[], onx_rows_choose[], onx_rows_loss[],
    onx_rows_resize[], onx_rows_vision[], onx_rows_late[], onx_rows_einsum[], onx_rows_signal[],
    onx_rows_optim[], onx_rows_sets[], onx_rows_attention[], onx_rows_place[], onx_rows_pad[],
    onx_rows_position[], onx_rows_sequence[];           /* the only ones that take sequences */

const struct onx_row *onx_row_find(const char *name);
static inline const char *onx_str(const char *s)
{
    return s != NULL ? s : "";
}

/* ---- scopes (graph.c) */

/* The slot of a name, made on demand from outer scopes; NULL (reported) if nobody defines it. */
struct onx_slot *onx_lookup(struct onx_scope *s, const struct th_loc *loc, const char *name);
/* Its value: 0 if bad (reported where it became so). */
th_value onx_resolve(struct onx_scope *s, const struct th_loc *loc, const char *name);
enum th_status onx_define(struct onx_scope *s, const struct th_loc *loc, const char *name,
                          th_value v);
/* A fresh scope; the graph's initializers and declarations are known in it, inputs are not. */
enum th_status onx_scope_init(struct onx_scope *s, struct onx_import *im, struct th_graph *g,
                              struct onx_scope *outer, const Onnx__GraphProto *graph);
/* Imports the nodes of the scope in an order that the names allow. */
enum th_status onx_import_nodes(struct onx_scope *s);
/* Names that the graph uses and does not define, each once, in the arena. */
const char **onx_free_names(struct onx_import *im, const Onnx__GraphProto *g, size_t *count);
/* Reports every operator of the model that cannot be imported at all. */
void onx_check_support(struct onx_import *im);
/* "Op" or "domain:Op". */
const char *onx_full_name(struct onx_import *im, const Onnx__NodeProto *node);
enum th_status onx_import_function(struct onx_node *n, const Onnx__FunctionProto *f);
enum th_status onx_import_custom(struct onx_node *n, const struct th_importer *row);

/* ---- types and tensors (tensor.c) */

enum th_dtype onx_dtype(int32_t type);
/* Bits of an element of a type of which a byte of the file holds several, else 0. */
unsigned onx_type_bits(int32_t type);
/* Remembers that v is of such a type (and does nothing for others), and says of which; 0: none. */
bool onx_narrow_add(struct onx_import *im, const struct th_graph *g, th_value v, int32_t type);
int32_t onx_narrow_type(const struct onx_node *n, th_value v);
/* Forgets it of a value of the node's own. */
bool onx_narrow_drop(struct onx_node *n, th_value v);
/* Remembers of w in graph `to` what is known of v in `from`; and whether both are alike. */
bool onx_narrow_copy(struct onx_import *im, const struct th_graph *from, th_value v,
                     const struct th_graph *to, th_value w);
bool onx_narrow_same(struct onx_import *im, const struct th_graph *a, th_value v,
                     const struct th_graph *b, th_value w);
/* Result 0 of the IR's operator, just added, is of such a type if the operands were and the
 * operator only moves them; another operator with a result held alike is refused. */
enum th_status onx_narrow_keep(struct onx_node *n, const char *op, const th_value *in, size_t n_in,
                               th_value out);
/* The name that the format has for it: "float16", "string". */
const char *onx_type_name(int32_t type);
/* A constant in g from a tensor of the file; 0 (reported) if it cannot be had. */
th_value onx_constant(struct onx_import *im, struct th_graph *g, const struct th_loc *loc,
                      const char *name, const Onnx__TensorProto *t);
th_value onx_sparse_constant(struct onx_import *im, struct th_graph *g, const struct th_loc *loc,
                             const char *name, const Onnx__SparseTensorProto *t);
/* Counts constant data that is not the file's own; false (reported) when it is too much. */
bool onx_charge(struct onx_import *im, const struct th_loc *loc, uint64_t bytes);
/* Type of a declared value. -1: none or not a tensor of numbers (dtype NONE then), 0: dims open,
 * 1: complete. */
int onx_declared_type(struct onx_import *im, const Onnx__ValueInfoProto *v, struct th_type *out);

/* ---- operands, results, attributes of a node (node.c) */

/* Reports that this form is not supported; nearest (may be NULL) says what would be. */
enum th_status onx_reject(const struct onx_node *n, const char *nearest, const char *format, ...)
    TH_PRINTF(3, 4);

size_t onx_n_in(const struct onx_node *n);
size_t onx_n_out(const struct onx_node *n);
bool onx_has_in(const struct onx_node *n, size_t i);
bool onx_has_out(const struct onx_node *n, size_t i);
/* Value of operand i, 0 if absent. */
th_value onx_in(struct onx_node *n, size_t i);
/* The first `count` operands; fails (reported) if one is absent. */
enum th_status onx_need(struct onx_node *n, th_value *in, size_t count);
const struct th_type *onx_type(const struct onx_node *n, th_value v);
const struct th_tensor *onx_const(const struct onx_node *n, th_value v);
/* Makes v the value of output i. */
enum th_status onx_bind(struct onx_node *n, size_t i, th_value v);
/* Makes a sequence output 0. */
enum th_status onx_bind_list(struct onx_node *n, const struct onx_list *list);
/* Makes a sequence the value of a name. */
enum th_status onx_define_list(struct onx_scope *s, const struct th_loc *loc, const char *name,
                               const struct onx_list *list);
/* What the file declares for output i; false unless it is complete. */
bool onx_declared(struct onx_node *n, size_t i, struct th_type *out);

bool onx_has(const struct onx_node *n, const char *name);
int64_t onx_attr_i(const struct onx_node *n, const char *name, int64_t fallback);
double onx_attr_f(const struct onx_node *n, const char *name, double fallback);
/* A copy with a NUL at the end, in the arena. */
const char *onx_attr_s(const struct onx_node *n, const char *name, const char *fallback);
const int64_t *onx_attr_ints(const struct onx_node *n, const char *name, size_t *count);
const float *onx_attr_floats(const struct onx_node *n, const char *name, size_t *count);
const char *onx_attr_string(const struct onx_node *n, const char *name, size_t i,
                            const char *fallback);
const Onnx__AttributeProto *onx_attr(const struct onx_node *n, const char *name);
const Onnx__GraphProto *onx_attr_graph(const struct onx_node *n, const char *name);

/* Integer constant operand i, any integer type; false (reported as `what`) if not constant or of
 * more than max entries. */
bool onx_in_ints(struct onx_node *n, size_t i, const char *what, int64_t *out, size_t max,
                 size_t *count);
/* Whether operand i is there and constant. */
bool onx_in_is_const(struct onx_node *n, size_t i);
/* One number: attribute in older, operand in newer versions of an operator. Absent: *out stays. */
bool onx_in_real(struct onx_node *n, size_t i, const char *what, double *out);
/* The axes of operand i or, if it has none, of attribute `name`; counted from the front,
 * checked. */
bool onx_axes(struct onx_node *n, size_t i, const char *name, int32_t rank, int64_t *out,
              size_t *count);
bool onx_axis(const struct onx_node *n, int64_t axis, int32_t rank, int64_t *out);

/* ---- adding IR nodes (node.c) */

/* Adds a node with one output. Where the op's record leaves dtype and quantization to its maker,
 * they are those of the first operand. */
enum th_status onx_add(struct onx_node *n, const char *op, const th_value *in, size_t n_in,
                       const struct th_attr_list *a, th_value *out);
/* The same with dtype and quantization given. */
enum th_status onx_add_typed(struct onx_node *n, const char *op, const th_value *in, size_t n_in,
                             const struct th_attr_list *a, enum th_dtype dt,
                             const struct th_quant *q, th_value *out);
/* The only output of n. */
enum th_status onx_finish(struct onx_node *n, const char *op, const th_value *in, size_t n_in,
                          const struct th_attr_list *a);
enum th_status onx_unary(struct onx_node *n, const char *op, th_value x, th_value *out);
enum th_status onx_binary(struct onx_node *n, const char *op, th_value a, th_value b,
                          th_value *out);
enum th_status onx_reshape(struct onx_node *n, th_value v, int32_t rank, const int64_t *dims,
                           th_value *out);
enum th_status onx_transpose(struct onx_node *n, th_value v, const int64_t *perm, th_value *out);
enum th_status onx_cast(struct onx_node *n, th_value v, enum th_dtype dt, th_value *out);
/* The low bits of v as an element of a narrow type of the file; other types: a cast. */
enum th_status onx_cast_narrow(struct onx_node *n, th_value v, int32_t type, th_value *out);
enum th_status onx_clamp(struct onx_node *n, th_value v, double lo, double hi, th_value *out);
enum th_status onx_slice(struct onx_node *n, th_value v, int64_t axis, int64_t begin, int64_t size,
                         th_value *out);
enum th_status onx_concat(struct onx_node *n, const th_value *in, size_t n_in, int64_t axis,
                          th_value *out);
/* The elements of v along the axis that an index names. */
enum th_status onx_gather(struct onx_node *n, th_value v, th_value index, int64_t axis,
                          th_value *out);
enum th_status onx_broadcast(struct onx_node *n, th_value v, int32_t rank, const int64_t *dims,
                             th_value *out);
/* Reduction op ("mean", "sum", ...) over axes. */
enum th_status onx_reduce(struct onx_node *n, const char *op, th_value v, const int64_t *axes,
                          size_t count, bool keep, th_value *out);
/* Constants: a scalar of the type of `like`, and a vector of integers. */
enum th_status onx_scalar(struct onx_node *n, enum th_dtype dt, double v, th_value *out);
enum th_status onx_ints(struct onx_node *n, enum th_dtype dt, int32_t rank, const int64_t *dims,
                        const int64_t *v, th_value *out);
/* A constant of `count` copies of v, of any rank. */
enum th_status onx_filled(struct onx_node *n, const struct th_type *type, double v, th_value *out);
/* Refuses constant indices outside of their axis: entry k is one of axis + k % count. */
enum th_status onx_check_indices(struct onx_node *n, th_value i, const struct th_type *x,
                                 int64_t axis, int64_t count);
/* Indices along an axis of dim elements that may count from the end, counted from the front. */
enum th_status onx_from_front(struct onx_node *n, th_value i, int64_t dim, th_value *out);
/* 0, 1, .. count - 1 */
enum th_status onx_iota(struct onx_node *n, enum th_dtype dt, int64_t count, th_value *out);

/* ---- loops that are written out (rounds.c) */

/* Whether a loop of `trips` rounds with `own` variables has to be. */
bool onx_rounds_differ(struct onx_node *n, const Onnx__GraphProto *body, size_t own, int64_t trips);
enum th_status onx_write_out(struct onx_node *n, const Onnx__GraphProto *body, size_t own,
                             int64_t trips);

/* ---- operands that are known only when the network runs (late.c) */

/* Whether `axis` is among the (maybe negative) axes of a list: a scalar. */
enum th_status onx_late_named(struct onx_node *n, th_value axes, int32_t rank, int32_t axis,
                              th_value *out);
enum th_status onx_late_slice(struct onx_node *n);
enum th_status onx_late_pad(struct onx_node *n);
enum th_status onx_late_reduce(struct onx_node *n, const char *op, th_value x, bool keep,
                               th_value *out);
/* The result of something along the axis that operand 1 names. */
enum th_status onx_late_along(struct onx_node *n, th_value x,
                              enum th_status (*along)(struct onx_node *n, th_value x, int64_t axis,
                                                      th_value *out));
enum th_status onx_late_range(struct onx_node *n);
/* v holds what the file fixes: a constant, or one with a scale that was not turned into reals. */
bool onx_is_fixed(const struct onx_node *n, th_value v);
/* Operators over given values, with the attributes of n. */
enum th_status onx_conv(struct onx_node *n, th_value x, th_value w, th_value b, th_value *out);
enum th_status onx_matmul(struct onx_node *n, th_value a, th_value b, th_value *out);
enum th_status onx_average_pool(struct onx_node *n, th_value x, th_value *out);
enum th_status onx_global_pool(struct onx_node *n, const char *op, th_value x, th_value *out);
enum th_status onx_softmax(struct onx_node *n, const char *op, th_value x, int64_t opset,
                           th_value *out);
/* Channels first to channels last, and back. */
enum th_status onx_to_last(struct onx_node *n, th_value v, th_value *out);
enum th_status onx_to_first(struct onx_node *n, th_value v, th_value *out);

#endif
