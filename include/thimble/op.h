/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The op record: one operator described once. Passes, planner, evaluator and backends ask the
 * record and never the op's identity. A slot that is NULL has the meaning given beside it.
 *
 * All functions of a record are pure: they see a th_inst, which is an operator applied to typed
 * operands, not a graph. The same th_inst is what kernel rows are asked about (backend.h), so a
 * question can be put for a hypothetical tile.
 */
#ifndef THIMBLE_OP_H
#define THIMBLE_OP_H

#include <thimble/ir.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TH_MAX_OUTPUTS 32    /* loops carry many values */

struct th_inst {
    struct th_ctx *ctx;                      /* for messages */
    struct th_arena *arena;                  /* scratch; gone after the call chain */
    const struct th_loc *loc;
    const struct th_op *op;
    const char *contract;                    /* "tflite", "tflite-single-rounding", "float", ... */
    const struct th_attrs *attrs;
    uint32_t n_in, n_out, n_bodies;
    const struct th_type *const *in;         /* NULL entry: optional operand absent */
    const struct th_tensor *const *in_const; /* data of constant operands, else NULL entries */
    struct th_type *out;                     /* infer writes; all others only read */
    struct th_graph *const *bodies;
};
/* Reports an error at the instance's location and returns TH_ERR_INPUT. */
TH_API enum th_status th_inst_error(const struct th_inst *c, const char *fmt, ...) TH_PRINTF(2, 3);
/* Attribute value with the default of the op's own table. Lists: entry i, and the number of
 * entries. */
TH_API int64_t th_inst_int(const struct th_inst *c, const char *attr);
TH_API double th_inst_float(const struct th_inst *c, const char *attr);
TH_API int64_t th_inst_ints(const struct th_inst *c, const char *attr, uint32_t i);
TH_API uint32_t th_inst_ints_len(const struct th_inst *c, const char *attr);
TH_API const char *th_inst_string(const struct th_inst *c, const char *attr);
/* True when the contract is the single-rounding one. */
TH_API bool th_inst_single_rounding(const struct th_inst *c);

/* ---- tables ---------------------------------------------------------------------------------- */
enum th_port_flags {
    TH_PORT_OPTIONAL = 1,
    TH_PORT_CONST = 2,       /* must be a constant (weights, axes) */
    TH_PORT_VARIADIC = 4,    /* last port only: this one repeated, at least once */
    TH_PORT_DECLARED = 8,    /* output: dtype and quantization come from the importer or pass that
                                makes the node; infer only fills the shape */
    TH_PORT_STATE = 16       /* carries a state variable's value */
};
struct th_port {
    const char *name;
    uint32_t dtypes;         /* bit mask of TH_DT_BIT(), 0: any */
    uint32_t flags;
    const char *doc;
};
#define TH_DT_BIT(t) (1u << (t))
#define TH_DT_INT8S (TH_DT_BIT(TH_DT_S8) | TH_DT_BIT(TH_DT_U8))
#define TH_DT_QUANTS (TH_DT_INT8S | TH_DT_BIT(TH_DT_S16))
#define TH_DT_FLOATS TH_DT_BIT(TH_DT_F32)
#define TH_DT_INDEX (TH_DT_BIT(TH_DT_S32) | TH_DT_BIT(TH_DT_S64))

struct th_attr_spec {
    const char *name;
    enum th_attr_kind kind;
    bool required;
    uint32_t min_len, max_len;       /* INTS, FLOATS: allowed lengths; 0,0: any */
    double min, max;                 /* range of each number; min > max: unbounded */
    int64_t def_i;                   /* default of INT BOOL ENUM DTYPE and of each entry of INTS */
    double def_f;
    const char *def_s;
    const char *const *names;        /* ENUM: NULL-terminated */
    const char *doc;
};

enum th_trait {
    TH_TRAIT_PURE = 1,          /* no state, no side effect: may be folded and removed */
    TH_TRAIT_ELEMENTWISE = 2,   /* output element i needs element i of each (broadcast) input */
    TH_TRAIT_VIEW = 4,          /* output is input 0 with another shape: no data moves */
    TH_TRAIT_STATE_READ = 8,
    TH_TRAIT_STATE_WRITE = 16,
    TH_TRAIT_REGION = 32,       /* owns bodies */
    TH_TRAIT_COMMUTATIVE = 64,
    TH_TRAIT_UNARY_TABLE = 128  /* elementwise, one non-constant operand: an 8-bit one is a table of
                                   256 entries that eval can fill */
};
enum th_region_kind { TH_REGION_NONE, TH_REGION_LOOP, TH_REGION_IF, TH_REGION_TILE_LOOP };

/* ---- slots ----------------------------------------------------------------------------------- */
struct th_eval {
    struct th_arena *arena;                    /* scratch */
    const struct th_tensor *const *in;         /* NULL entry: absent */
    struct th_tensor *const *out;              /* allocated, zeroed, typed */
    /* Region ops: run body i. State ops: storage of a variable. Both provided by the caller. */
    enum th_status (*run_body)(void *user, uint32_t body, const struct th_tensor *const *in,
                               struct th_tensor **out);
    struct th_tensor *(*state)(void *user, th_state s);
    void *user;
};

/* Half-open interval box over up to TH_MAX_RANK axes. */
struct th_box {
    int64_t lo[TH_MAX_RANK], hi[TH_MAX_RANK];
};
/* What of input i is read for a box of output 0: `box` clipped to the input, and how far the
 * window reached beyond each side (padding), >= 0. */
struct th_window {
    struct th_box box;
    int64_t clip_lo[TH_MAX_RANK], clip_hi[TH_MAX_RANK];
};
struct th_cost {
    int64_t macs;            /* multiply-accumulates (0 for data movement) */
    int64_t ops;             /* other elementary operations */
    int64_t bytes_read, bytes_written;
};
/* Which output may share storage with which input, as far as the mathematics goes. */
struct th_alias {
    uint32_t out, in;
    bool exact;              /* same bytes, nothing moves (views); else element order decides */
};
/* Scale and zero point that an operator prescribes; scale 0: it prescribes none. */
struct th_quant_param {
    float scale;
    int32_t zero_point;
};
/* The integer form of an operator whose f32 operands and results (weights and bias apart) all
 * become activations of one integer type. */
/* An operand or a result of one type only in the integer form. */
struct th_quant_fixed {
    bool result;
    uint32_t port;
    enum th_dtype dtype;                /* TH_DT_NONE: that of activations */
    struct th_quant_param q8, q16;      /* with 8- and with 16-bit activations */
};
struct th_quant_rule {
    int32_t weight_port, weight_axis;   /* -1: none */
    int32_t weight_port2;               /* more weights, with the same axis; 0: none */
    int32_t bias_port;                  /* -1: none; scale = in scale * weight scale */
    bool same_quant;                    /* output has the input's parameters */
    /* Axis of the weights that runs along the input's last axis; weight_axis itself where input
     * and output channels are one. 0: not stated. */
    int32_t weight_in_axis;
    uint32_t dtypes;                    /* activation types it exists for; 0: s8 and s16 */
    struct th_quant_param out8, out16;  /* what output 0 must have */
    const char *stored_attr;            /* attribute given in stored units ("value"), or NULL */
    const struct th_quant_fixed *fixed; /* beside out8 and out16 */
    uint32_t n_fixed;
    bool onnx_any;                      /* in contract "onnx" out8 need not hold */
};
struct th_grad_builder;

/* One of the simpler operators that an operator is made of. Operand 0 is the result of the stage
 * before, of the first stage operand 0 of the whole; its other operands are those of the whole from
 * `first` on. */
struct th_stage {
    const struct th_inst *inst;      /* in the whole one's arena; types complete */
    uint32_t first;
};
#define TH_MAX_STAGES 4

/*
 * Pure data movement as strided copies: for every index of dims, element in_base + index.in_stride
 * of operand `in` goes to element out_base + index.out_stride of output 0 (strides in elements,
 * negative or 0 allowed). Moves of one op write disjoint elements; with `fill` all that none of
 * them writes is fill_value (in stored units).
 */
#define TH_MOVE_RANK (2 * TH_MAX_RANK)
struct th_move {
    uint32_t in;
    int32_t rank;
    int64_t dims[TH_MOVE_RANK];
    int64_t in_base, out_base;
    int64_t in_stride[TH_MOVE_RANK], out_stride[TH_MOVE_RANK];
};
struct th_moves {
    const struct th_move *list;      /* in the instance's arena */
    uint32_t n;
    bool fill;
    double fill_value;
};

struct th_op {
    uint32_t struct_size;
    const char *name;
    const char *summary;                /* one line */
    const char *doc;                    /* Markdown: semantics and source of the formulas */
    const struct th_port *inputs;       /* terminated by a NULL name */
    const struct th_port *outputs;
    const struct th_attr_spec *attrs;   /* terminated by a NULL name; NULL: none */
    uint32_t traits;
    enum th_region_kind region;
    const char *const *contracts;       /* NULL-terminated; those that eval implements */
    /* required: shape (and dtype where the port is not DECLARED) of every output */
    enum th_status (*infer)(struct th_inst *c);
    /* NULL: the tables say all */
    enum th_status (*verify)(const struct th_inst *c);
    /* required: slow, obvious, exact */
    enum th_status (*eval)(const struct th_inst *c, struct th_eval *e);
    /* NULL: no quantization rule */
    bool (*quant)(const struct th_inst *c, struct th_quant_rule *rule);
    /* NULL: not splittable. Input i's part for a box of output 0; false: the whole input */
    bool (*window)(const struct th_inst *c, const struct th_box *out, uint32_t i,
                   struct th_window *w);
    /* NULL: the input must be complete. Element type and count of the accumulator */
    bool (*reduce)(const struct th_inst *c, struct th_type *accumulator);
    /* NULL: shares with none. Fills list[max], returns the number */
    uint32_t (*alias)(const struct th_inst *c, struct th_alias *list, uint32_t max);
    /* NULL: channels do not map */
    bool (*channels)(const struct th_inst *c, uint32_t in, int64_t channel, int64_t *out_channel);
    /* NULL: not differentiable */
    enum th_status (*grad)(const struct th_inst *c, struct th_grad_builder *b);
    /* NULL: one elementary operation per output element */
    void (*cost)(const struct th_inst *c, struct th_cost *cost);
    /* NULL: not pure data movement. Fails only when memory is exhausted */
    enum th_status (*moves)(const struct th_inst *c, struct th_moves *m);
    /* NULL: the same attributes. Those with which the operator computes this box of output 0, which
     * is whole but for one axis, alone; operands are then cut to their windows along it. Lists live
     * in the arena. Fills list[TH_PART_ATTRS], returns the number */
    uint32_t (*part)(const struct th_inst *c, const struct th_box *out, int32_t axis,
                     struct th_attr *list);
    /* NULL: no chain of simpler operators. Fills list[TH_MAX_STAGES], returns the number; 0: the
     * operands do not go together, or memory is exhausted */
    uint32_t (*stages)(const struct th_inst *c, struct th_stage *list);
};
#define TH_PART_ATTRS 4
/* Drops axes of extent 1 and joins those that run as one; order (the last axis innermost) kept.
 * rank stays >= 1. */
TH_API void th_move_simplify(struct th_move *m);

/* Slot `cost` with its default. */
TH_API void th_inst_cost(const struct th_inst *c, struct th_cost *cost);

/* An instance of node n in g (arrays in the arena). out points at copies of the types. NULL when
 * memory is exhausted. */
TH_API struct th_inst *th_node_inst(const struct th_graph *g, th_node n, struct th_arena *arena);

/* Ops of a context, built-in and from plugins: by name, or NULL; and all of them in name order. */
TH_API const struct th_op *th_op_find(const struct th_ctx *ctx, const char *name);
TH_API uint32_t th_op_count(const struct th_ctx *ctx);
TH_API const struct th_op *th_op_at(const struct th_ctx *ctx, uint32_t i);

#ifdef __cplusplus
}
#endif
#endif
