/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The intermediate representation: types, tensors, attributes, programs, graphs, nodes, values.
 *
 * A program owns graphs (functions and the bodies of region nodes), state variables and all
 * memory behind them. Nodes and values are 32-bit ids into their graph; 0 is "none". Pointers
 * obtained from accessors are borrowed and stay valid until the program is freed unless the
 * accessor says otherwise. Every function that can fail by its arguments reports to the context.
 */
#ifndef THIMBLE_IR_H
#define THIMBLE_IR_H

#include <thimble/diag.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- element types --------------------------------------------------------------------------- */
enum th_dtype {
    TH_DT_NONE,
    TH_DT_F32, TH_DT_F64, TH_DT_F16,
    TH_DT_S8, TH_DT_S16, TH_DT_S32, TH_DT_S64,
    TH_DT_U8, TH_DT_U16, TH_DT_U32, TH_DT_U64,
    TH_DT_BOOL,              /* one byte, 0 or 1 */
    TH_DT_S4,                /* two to a byte, first element in the low bits */
    TH_DT_B1,                /* eight to a byte, first element in the low bit */
    TH_DT_BF16,              /* the upper half of an f32 */
    TH_DT_COUNT
};
TH_API const char *th_dtype_name(enum th_dtype t);      /* "s8", "f32", ... */
TH_API enum th_dtype th_dtype_by_name(const char *s);   /* TH_DT_NONE when unknown */
TH_API unsigned th_dtype_bits(enum th_dtype t);         /* of an element; 0 for TH_DT_NONE */
TH_API bool th_dtype_is_float(enum th_dtype t);
TH_API bool th_dtype_is_int(enum th_dtype t);           /* signed or unsigned, not bool */
TH_API bool th_dtype_is_signed(enum th_dtype t);
/* Smallest and largest value of an integer type. */
TH_API int64_t th_dtype_min(enum th_dtype t);
TH_API int64_t th_dtype_max(enum th_dtype t);
/* The C99 type emitted for it: "int8_t", "float". */
TH_API const char *th_dtype_ctype(enum th_dtype t);

/* ---- quantization parameters -------------------------------------------------------------------
 * real = (q - zero_point) * scale. n == 1: per tensor; else one entry for each index of `axis`.
 * A zero_points pointer of NULL means all zero. Scales are finite and > 0. Immutable. */
struct th_quant {
    uint32_t n;
    int32_t axis;                /* -1 per tensor */
    const float *scales;         /* [n] */
    const int64_t *zero_points;  /* [n] or NULL */
};
/* Zero point i (or the only one). q may be NULL: 0. */
TH_API int64_t th_quant_zero(const struct th_quant *q, uint32_t i);
/* Scale i (or the only one). q may be NULL: 1. */
TH_API float th_quant_scale(const struct th_quant *q, uint32_t i);
/* Same axis and numbers; a missing zero_points equals zeros. Both may be NULL. */
TH_API bool th_quant_equal(const struct th_quant *a, const struct th_quant *b);
/* A copy in the arena; axis -1 makes n 1. NULL when exhausted. */
TH_API const struct th_quant *th_quant_new(struct th_arena *a, uint32_t n, const float *scales,
                                           const int64_t *zero_points, int32_t axis);

/* ---- tensor types ---------------------------------------------------------------------------- */
#define TH_MAX_RANK 8

/* dims are >= 0 (0: empty tensor) and always known. rank 0: scalar. Channels are last. */
struct th_type {
    enum th_dtype dtype;
    int32_t rank;
    int64_t dims[TH_MAX_RANK];
    const struct th_quant *quant;    /* NULL: none */
};
/* dims: [rank], copied; NULL for a scalar. Without quantization. */
TH_API struct th_type th_type_make(enum th_dtype dt, int32_t rank, const int64_t *dims);
/* Elements and bytes; false on overflow or above the 2^40 limit (of an empty tensor: when its other
 * axes have more than 2^31 places together). The only place that turns
 * element counts into bytes (types may be narrower than a byte). */
TH_API bool th_type_count(const struct th_type *t, int64_t *out);
TH_API bool th_type_bytes(const struct th_type *t, int64_t *out);
/* The same for a type already known to be valid: never fails. */
TH_API int64_t th_type_elems(const struct th_type *t);
TH_API int64_t th_type_size(const struct th_type *t);
TH_API bool th_type_same_shape(const struct th_type *a, const struct th_type *b);
TH_API bool th_type_equal(const struct th_type *a, const struct th_type *b);  /* quant included */
/* "s8[1,49,10,1]" appended. */
TH_API void th_type_print(struct th_str *b, const struct th_type *t);

/* ---- tensors: a type with data --------------------------------------------------------------- */
struct th_tensor {
    struct th_type type;
    void *data;      /* dense, row major; const when it comes from a blob */
};
/* Element i of any type as int64 or double (integers are not dequantized). */
TH_API int64_t th_tensor_int(const struct th_tensor *t, int64_t i);
TH_API double th_tensor_real(const struct th_tensor *t, int64_t i);
/* Stores with saturation (integers) or conversion. */
TH_API void th_tensor_set_int(struct th_tensor *t, int64_t i, int64_t v);
TH_API void th_tensor_set_real(struct th_tensor *t, int64_t i, double v);
/* A zeroed tensor in the arena (data aligned to 16); NULL when exhausted or too large. The type is
 * copied, its quant borrowed. */
TH_API struct th_tensor *th_tensor_new(struct th_arena *a, const struct th_type *type);

/* ---- blobs: immutable, reference counted bytes ----------------------------------------------- */
struct th_blob;
/* All three return a reference of the caller's, or NULL when memory is exhausted. */
/* A copy of the bytes. */
TH_API struct th_blob *th_blob_copy(const void *data, size_t bytes);
/* Borrows a range that release(user) gives back when the last reference goes; on failure it is
 * still the caller's. */
TH_API struct th_blob *th_blob_wrap(const void *data, size_t bytes, void (*release)(void *user),
                                    void *user);
/* A part of parent (which stays alive as long as the part); NULL too if it does not lie inside. */
TH_API struct th_blob *th_blob_slice(struct th_blob *parent, size_t offset, size_t bytes);
/* One more reference: returns b. References are counted without locks: one thread. */
TH_API struct th_blob *th_blob_ref(struct th_blob *b);
TH_API void th_blob_unref(struct th_blob *b);      /* NULL allowed */
TH_API const void *th_blob_data(const struct th_blob *b);
TH_API size_t th_blob_size(const struct th_blob *b);

/* ---- attributes ------------------------------------------------------------------------------ */
enum th_attr_kind {
    TH_ATTR_INT, TH_ATTR_BOOL, TH_ATTR_FLOAT, TH_ATTR_STRING,
    TH_ATTR_INTS, TH_ATTR_FLOATS, TH_ATTR_DTYPE,
    TH_ATTR_ENUM,    /* stored as the index into the spec's names */
    TH_ATTR_STATE    /* id of a state variable of the program */
};
struct th_attr {
    const char *name;            /* interned or static */
    enum th_attr_kind kind;
    uint32_t n;                  /* INTS, FLOATS: entries */
    union {
        int64_t i;               /* INT BOOL DTYPE ENUM STATE */
        double f;
        const char *s;
        const int64_t *ints;
        const double *floats;
    } v;
};
struct th_attrs {
    const struct th_attr *list;
    uint32_t n;
};
/* The attribute, or NULL. */
TH_API const struct th_attr *th_attr_find(const struct th_attrs *as, const char *name);
/* Value of an attribute that may be absent: the fallback is then returned. int: of the kinds that
 * are stored in v.i. */
TH_API int64_t th_attr_int(const struct th_attrs *as, const char *name, int64_t fallback);
TH_API double th_attr_float(const struct th_attrs *as, const char *name, double fallback);
TH_API const char *th_attr_string(const struct th_attrs *as, const char *name,
                                  const char *fallback);
/* Entry i of an INTS attribute, or the fallback if there is none. */
TH_API int64_t th_attr_ints(const struct th_attrs *as, const char *name, uint32_t i,
                            int64_t fallback);
/* Entries of a list; 0 if absent. */
TH_API uint32_t th_attr_len(const struct th_attrs *as, const char *name);
/* Attributes collected one by one for a node to be added, from {.n = 0}. Names, lists and strings
 * are borrowed until then. An op has fewer attributes than the list has places. */
enum { TH_ATTR_LIST_MAX = 24 };
struct th_attr_list {
    struct th_attr at[TH_ATTR_LIST_MAX];
    uint32_t n;
};
TH_API void th_attr_list_int(struct th_attr_list *a, const char *name, int64_t v);
TH_API void th_attr_list_bool(struct th_attr_list *a, const char *name, bool v);
/* v: index into the spec's names. */
TH_API void th_attr_list_enum(struct th_attr_list *a, const char *name, int64_t v);
/* v: a th_state of the program. */
TH_API void th_attr_list_state(struct th_attr_list *a, const char *name, uint32_t v);
TH_API void th_attr_list_float(struct th_attr_list *a, const char *name, double v);
TH_API void th_attr_list_ints(struct th_attr_list *a, const char *name, const int64_t *v, size_t n);
TH_API void th_attr_list_floats(struct th_attr_list *a, const char *name, const double *v,
                                size_t n);

/* ---- programs -------------------------------------------------------------------------------- */
struct th_program;
struct th_graph;
struct th_op;
struct th_kernel;
typedef uint32_t th_node;     /* node id of a graph, 0 none */
typedef uint32_t th_value;    /* value id of a graph, 0 none */
typedef uint32_t th_state;    /* state variable id of a program, 0 none */

/* Empty; NULL when memory is exhausted. Must be freed before its context. */
TH_API struct th_program *th_program_new(struct th_ctx *ctx);
/* With its graphs, states and references to blobs; NULL is allowed. */
TH_API void th_program_free(struct th_program *p);
TH_API struct th_ctx *th_program_ctx(const struct th_program *p);
/* What it holds lives as long as the program. */
TH_API struct th_arena *th_program_arena(const struct th_program *p);
/* Where it was read from (base name only), its format and SHA-256 as hex; "" when unknown. */
TH_API void th_program_set_source(struct th_program *p, const char *file, const char *format,
                                  const char *sha256);
TH_API const char *th_program_source(const struct th_program *p);
TH_API const char *th_program_sha256(const struct th_program *p);
TH_API const char *th_program_format(const struct th_program *p);

/* Graphs are functions (entry points, by name) or bodies (owned by a node). A new one is empty and
 * belongs to the program; its name is copied. NULL when memory is exhausted. */
TH_API struct th_graph *th_program_add_function(struct th_program *p, const char *name);
TH_API struct th_graph *th_program_add_body(struct th_program *p, const char *name);
TH_API uint32_t th_program_function_count(const struct th_program *p);
TH_API struct th_graph *th_program_function(const struct th_program *p, uint32_t i);
TH_API struct th_graph *th_program_function_by_name(const struct th_program *p, const char *name);

enum th_state_kind {
    TH_STATE_MODEL,   /* lives until reset */
    TH_STATE_FRAME,   /* until the frame is complete */
    TH_STATE_TRAINED  /* also saved and loaded */
};
/* Takes one reference of initial, also on failure (NULL: the real value zero, i.e. the zero point);
 * its size must be the type's. Returns 0, reported, if it is not. */
TH_API th_state th_program_add_state(struct th_program *p, const char *name,
                                     const struct th_type *type, enum th_state_kind kind,
                                     struct th_blob *initial);
TH_API uint32_t th_program_state_count(const struct th_program *p);   /* ids are 1..count */
TH_API const char *th_state_name(const struct th_program *p, th_state s);
TH_API const struct th_type *th_state_type(const struct th_program *p, th_state s);
TH_API enum th_state_kind th_state_kind(const struct th_program *p, th_state s);
TH_API const struct th_blob *th_state_initial(const struct th_program *p, th_state s);

/* ---- graphs: building and reading ------------------------------------------------------------ */
TH_API struct th_program *th_graph_program(const struct th_graph *g);
TH_API const char *th_graph_name(const struct th_graph *g);
TH_API bool th_graph_is_body(const struct th_graph *g);

/* A new input value at the end of the input list; 0 when memory is exhausted. Here and below
 * a name is copied and may be NULL; a type is copied, but its quant must live as long as the
 * program (th_quant_new in the program's arena). */
TH_API th_value th_graph_add_input(struct th_graph *g, const char *name,
                                   const struct th_type *type);
TH_API uint32_t th_graph_input_count(const struct th_graph *g);
TH_API th_value th_graph_input(const struct th_graph *g, uint32_t i);
/* One more output, which is v: an input, a constant or any node's output. */
TH_API enum th_status th_graph_add_output(struct th_graph *g, const char *name, th_value v);
TH_API uint32_t th_graph_output_count(const struct th_graph *g);
TH_API th_value th_graph_output(const struct th_graph *g, uint32_t i);
TH_API const char *th_graph_output_name(const struct th_graph *g, uint32_t i);
/* Makes v output i, under the same name. */
TH_API void th_graph_set_output(struct th_graph *g, uint32_t i, th_value v);
/* Removes all outputs; new ones are added then. */
TH_API void th_graph_clear_outputs(struct th_graph *g);
TH_API const char *th_graph_input_name(const struct th_graph *g, uint32_t i);
/* Replaces an input by another type under the same place and name; the old value must be
 * without uses. Returns the new value, 0 when memory is exhausted. */
TH_API th_value th_graph_replace_input(struct th_graph *g, uint32_t i,
                                       const struct th_type *type);

/* A constant. Takes one reference of blob, also on failure; its size must equal the type's. 0,
 * reported, if it does not. */
TH_API th_value th_graph_add_const(struct th_graph *g, const char *name,
                                   const struct th_type *type, struct th_blob *blob);
/* A constant from a copy of data; the usual way for small ones. */
TH_API th_value th_graph_const_copy(struct th_graph *g, const char *name,
                                    const struct th_type *type, const void *data);
/* A small constant of any integer type from values[product of dims], saturated. */
TH_API th_value th_graph_const_ints(struct th_graph *g, enum th_dtype dt, int32_t rank,
                                    const int64_t *dims, const int64_t *values);

/* What a new node is made of. Unset fields are zero. */
struct th_node_desc {
    const char *op;              /* name of a registered op */
    const char *contract;        /* numeric contract; NULL: the context's */
    const th_value *in;          /* 0 entries: optional operand absent */
    uint32_t n_in;
    const struct th_attr *attrs; /* copied */
    uint32_t n_attrs;
    struct th_graph *const *bodies;
    uint32_t n_bodies;
    const struct th_type *out;   /* wanted output types: dtype and quantization must be given where
                                    the op's record says so; shapes are inferred and, when a rank
                                    or dims are given here (rank >= 0), compared. NULL: infer all */
    const char *const *out_names;
    uint32_t n_out;              /* number of outputs; 0: the op's own number */
    struct th_loc loc;           /* strings are copied */
    th_node before;              /* insert before this node; 0: at the end */
};
/* Adds a node, infers its output types and verifies it. A pure node whose operands are all
 * constant and small is evaluated at once and becomes constants (the returned id is then 0 and
 * out_values hold constants). Reports and returns a failure. out_values[n_out] may be NULL. */
TH_API enum th_status th_graph_add_node(struct th_graph *g, const struct th_node_desc *d,
                                        th_node *node, th_value *out_values);
/* The same without folding: passes that must keep a node. */
TH_API enum th_status th_graph_add_node_nofold(struct th_graph *g, const struct th_node_desc *d,
                                               th_node *node, th_value *out_values);

/* Nodes in order (always topological): first/next/prev walk the list. */
TH_API th_node th_graph_first(const struct th_graph *g);
TH_API th_node th_graph_last(const struct th_graph *g);
TH_API th_node th_graph_next(const struct th_graph *g, th_node n);
TH_API th_node th_graph_prev(const struct th_graph *g, th_node n);
TH_API uint32_t th_graph_node_count(const struct th_graph *g);     /* live nodes */
TH_API uint32_t th_graph_node_limit(const struct th_graph *g);     /* ids are below this */
TH_API uint32_t th_graph_value_limit(const struct th_graph *g);
/* Puts n directly before `before` (0: at the end). The caller keeps the order topological. */
TH_API void th_graph_move(struct th_graph *g, th_node n, th_node before);
/* Removes a node whose outputs have no uses; its id is not used again. */
TH_API void th_graph_remove(struct th_graph *g, th_node n);

/* What a node is made of; everything is borrowed. */
TH_API const struct th_op *th_node_op(const struct th_graph *g, th_node n);
TH_API const char *th_node_op_name(const struct th_graph *g, th_node n);
TH_API bool th_node_is(const struct th_graph *g, th_node n, const char *op);
TH_API const char *th_node_contract(const struct th_graph *g, th_node n);
TH_API uint32_t th_node_input_count(const struct th_graph *g, th_node n);
TH_API th_value th_node_input(const struct th_graph *g, th_node n, uint32_t i);  /* 0 if absent */
TH_API uint32_t th_node_output_count(const struct th_graph *g, th_node n);
TH_API th_value th_node_output(const struct th_graph *g, th_node n, uint32_t i);
TH_API uint32_t th_node_body_count(const struct th_graph *g, th_node n);
TH_API struct th_graph *th_node_body(const struct th_graph *g, th_node n, uint32_t i);
TH_API const struct th_attrs *th_node_attrs(const struct th_graph *g, th_node n);
TH_API const struct th_loc *th_node_loc(const struct th_graph *g, th_node n);
/* Changes operand i; uses are kept exact. */
TH_API void th_node_set_input(struct th_graph *g, th_node n, uint32_t i, th_value v);
/* Sets an attribute, or replaces it; the value is copied. Nothing is checked: the verifier does. */
TH_API enum th_status th_node_set_attr(struct th_graph *g, th_node n, const struct th_attr *a);
TH_API enum th_status th_node_set_attr_int(struct th_graph *g, th_node n, const char *name,
                                           int64_t v);
TH_API enum th_status th_node_set_attr_float(struct th_graph *g, th_node n, const char *name,
                                             double v);
TH_API enum th_status th_node_set_attr_ints(struct th_graph *g, th_node n, const char *name,
                                            uint32_t count, const int64_t *v);

TH_API const char *th_value_name(const struct th_graph *g, th_value v);   /* "" when unnamed */
TH_API void th_value_set_name(struct th_graph *g, th_value v, const char *name);
TH_API const struct th_type *th_value_type(const struct th_graph *g, th_value v);
/* Replaces a value's type (a pass that changed dtype or quantization); the blob of a constant
 * must keep its size. */
TH_API void th_value_set_type(struct th_graph *g, th_value v, const struct th_type *t);
TH_API th_node th_value_def(const struct th_graph *g, th_value v);   /* 0: input or constant */
TH_API bool th_value_is_const(const struct th_graph *g, th_value v);
TH_API bool th_value_is_input(const struct th_graph *g, th_value v);
TH_API bool th_value_is_output(const struct th_graph *g, th_value v);
/* The constant's tensor, or NULL. Data is read-only. */
TH_API const struct th_tensor *th_value_const(const struct th_graph *g, th_value v);
TH_API struct th_blob *th_value_blob(const struct th_graph *g, th_value v);   /* borrowed */
/* Uses: operands of nodes (one entry a use) and graph outputs (counted by use_count only). */
TH_API uint32_t th_value_use_count(const struct th_graph *g, th_value v);
TH_API uint32_t th_value_user_count(const struct th_graph *g, th_value v);    /* nodes' uses */
TH_API th_node th_value_user(const struct th_graph *g, th_value v, uint32_t i);
/* The only node that uses v and v is no graph output, or 0. */
TH_API th_node th_value_single_user(const struct th_graph *g, th_value v);
/* All uses of `from`, graph outputs included, become uses of `to`. */
TH_API void th_value_replace(struct th_graph *g, th_value from, th_value to);
/* Calibrated range in real units, lo <= hi; false when not known. */
TH_API bool th_value_range(const struct th_graph *g, th_value v, float *lo, float *hi);
TH_API void th_value_set_range(struct th_graph *g, th_value v, float lo, float hi);

/* ---- whole-program services ------------------------------------------------------------------ */
/* Calls fn for every graph: functions in order, each followed by the bodies below it. Stops at
 * the first failure. The one walker for everything that must descend. */
typedef enum th_status th_graph_fn(struct th_graph *g, void *user);
TH_API enum th_status th_program_walk(const struct th_program *p, th_graph_fn *fn, void *user);
/* Checks everything the tables and records can say; reports all problems. */
TH_API enum th_status th_program_verify(const struct th_program *p);
/* Stable text form, for people and tests. Large constants are abbreviated with a checksum. */
TH_API void th_program_print(const struct th_program *p, struct th_str *out);
TH_API void th_graph_print(const struct th_graph *g, struct th_str *out);
/* The exact form: XML plus one side file of weights (`path` with ".weights" appended). Both report;
 * *out is the caller's. */
TH_API enum th_status th_program_write_xml(const struct th_program *p, const char *path);
TH_API enum th_status th_program_read_xml(struct th_ctx *ctx, const char *path,
                                          struct th_program **out);

/* Reference evaluation of one function. in[] and out[] are in function order, of the types that the
 * function declares; out tensors are allocated in the arena given. State variables live in the
 * session, from run to run; reset gives them their initial values. Reports. */
struct th_eval_session;
TH_API struct th_eval_session *th_eval_session_new(struct th_program *p);
TH_API void th_eval_session_free(struct th_eval_session *s);
TH_API void th_eval_session_reset(struct th_eval_session *s);
TH_API enum th_status th_eval_run(struct th_eval_session *s, struct th_graph *f,
                                  const struct th_tensor *const *in, struct th_arena *arena,
                                  struct th_tensor **out);
/* Called for every value computed by th_eval_run (calibration, --layers); t is valid during the
 * call. fn NULL: nobody is called any more. */
typedef void th_eval_observer(void *user, const struct th_graph *g, th_value v,
                              const struct th_tensor *t);
TH_API void th_eval_observe(struct th_eval_session *s, th_eval_observer *fn, void *user);

#ifdef __cplusplus
}
#endif
#endif
