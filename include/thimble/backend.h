/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Backends: kernel rows, embedded kernel sources, and how firmware is built.
 *
 * A backend names its base; a kernel query is resolved along that chain, so every backend starts
 * with all portable kernels. Selecting, packing and costing happen on the host; the emitted C calls
 * the exact kernel with literal arguments.
 */
#ifndef THIMBLE_BACKEND_H
#define THIMBLE_BACKEND_H

#include <thimble/op.h>
#include <thimble/pass.h>
#include <thimble/target.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a tensor (or a part of it) lies in memory, in elements of its type. Axis order is NHWC for
 * rank 4; lower ranks leave h and w at 1. */
struct th_view {
    int64_t pixel_pitch;     /* elements between neighbouring pixels; dense: channels */
    int64_t row_pitch;       /* between rows; dense: w * channels */
    int64_t ring_rows;       /* 0 linear, else row y lies at base + (y mod ring_rows)*row_pitch */
    int64_t y0, x0;          /* coordinates in the whole tensor of the pixel at base */
    bool tail;               /* row tail_y lies at base + tail_at + x * pixel_pitch instead; a query
                                says that there will be such a row, the emitted code which one */
    int64_t tail_y, tail_at;
};

/* The question put to rows: an instance, a box of its output, views of operands, an objective. */
struct th_query {
    const struct th_inst *inst;
    const struct th_target *target;
    enum th_objective objective;
    struct th_box box;                /* of output 0; select-kernels asks for the whole output */
    bool whole;                       /* box is the whole output */
    const struct th_view *in_views;   /* [n_in], NULL: all dense */
    const struct th_view *out_views;  /* [n_out], NULL: all dense */
    int order;                        /* an enum th_write_order that the row must have; 0: any */
    bool accumulate;                  /* operand 0 comes in pieces (TH_VIEW_ACCUMULATE) */
};

/* ---- the call a kernel row makes ------------------------------------------------------------- */
/*
 * bind() describes the call of the kernel in C terms. Arguments are appended in the order of the
 * kernel's C parameters. Structs become `static const struct NAME x = { .field = ... };` of the
 * emitted file, passed by address; data become arrays in the data file.
 */
struct th_call;
/* Pointer to operand i (its first byte in the arena, in the caller's buffer or in the data
 * file), cast to `ctype *` ("const int8_t"). An absent operand gives NULL. */
TH_API void th_call_input(struct th_call *c, uint32_t i, const char *ctype);
/* The same for output i. */
TH_API void th_call_output(struct th_call *c, uint32_t i, const char *ctype);
/* Pointer to `bytes` of scratch that nobody else uses during the call, aligned. bytes 0 gives
 * NULL. At most one per call. */
TH_API void th_call_scratch(struct th_call *c, size_t bytes, size_t align, const char *ctype);
/* Literal arguments: a number, a float that reads back exactly, C text as it is. */
TH_API void th_call_int(struct th_call *c, int64_t v);
TH_API void th_call_float(struct th_call *c, float v);
TH_API void th_call_text(struct th_call *c, const char *c_expression);
/* Rows that accumulate: the struct thk_box of the call is the box of operand 0; the accumulator,
 * as large as the record says (op.h, reduce); and the phase, an int: bit 0 in the first call, bit 1
 * in the last one, which writes the output. */
TH_API void th_call_accumulator(struct th_call *c, const char *ctype);
TH_API void th_call_phase(struct th_call *c);
/* Packed constant data: copied; element dtype decides how it is written. `what` names it
 * ("weights", "requant", "table"); counted as weights in the report. Equal data of one model is
 * stored once. */
TH_API void th_call_data(struct th_call *c, const char *what, enum th_dtype dt, const void *data,
                         size_t count, size_t align);
/* A parameter struct: begin, fields in order, end. */
TH_API void th_call_struct_begin(struct th_call *c, const char *struct_name);
TH_API void th_call_field_int(struct th_call *c, const char *field, int64_t v);
TH_API void th_call_field_float(struct th_call *c, const char *field, float v);
/* Nested struct or array written as C initialiser text: "{1, 2}". */
TH_API void th_call_field_text(struct th_call *c, const char *field, const char *text);
TH_API void th_call_struct_end(struct th_call *c);
/* The call is made n times; every input whose bit is set in in_mask and every output advance by
 * 1/n of their size each time (batches). */
TH_API void th_call_batch(struct th_call *c, int64_t n, uint32_t in_mask);
/* Scratch for bind, gone when the row is bound. */
TH_API struct th_arena *th_call_arena(struct th_call *c);
/* The kernel's own source text for a generated kernel (row.source NULL): C99, defining one static
 * function; `symbol` is used as the call's function name. Equal texts are emitted once. */
TH_API void th_call_generated(struct th_call *c, const char *symbol, const char *text);

/* ---- kernel rows ----------------------------------------------------------------------------- */
enum th_write_order {
    TH_ORDER_ANY,         /* says nothing: output must not overlap inputs */
    TH_ORDER_ELEMENT,     /* element i of the output is written after element i of every input was
                             read, and inputs after it are still needed */
    TH_ORDER_ROWS,        /* rows down, pixels right, all channels of a group of `group` pixels are
                             written after all their inputs were read. group < 0: the inputs of
                             the -group pixels in work may still be read while they are written
                             (the plain loop y, x, channel is -1) */
    TH_ORDER_PLANES,      /* channel groups of `group` outermost; within one, rows down */
    TH_ORDER_IN_PLACE     /* any, and output 0 may lie exactly where operand 0 of its size lies */
};
enum th_view_ability {
    TH_VIEW_DENSE = 0, TH_VIEW_PITCHED_IN = 1, TH_VIEW_PITCHED_OUT = 2, TH_VIEW_RING_IN = 4,
    TH_VIEW_RING_OUT = 8, TH_VIEW_ANY_BOX = 16, TH_VIEW_WHOLE_ROWS = 32,
    TH_VIEW_TAIL_IN = 64, /* asks for every input row where it lies (thk_view_at) */
    /* Takes boxes of operand 0 one after the other and keeps the sum (maximum, ...) in an
     * accumulator between calls; such rows are asked only then. */
    TH_VIEW_ACCUMULATE = 128,
    /* Its source defines a second function, for a piece of one pixel: `_pixel` stands before the
     * last "__" of its name; in place of the box come a view of operand 0 (that of the window is
     * not read), y and x of the pixel, and the output is where the pixel lies. */
    TH_VIEW_PIXEL = 256
};
struct th_kernel_cost {
    double cycles;        /* estimate for the query, the unit used to compare rows */
    int64_t code_bytes;   /* of the kernel, once */
    int64_t stack_bytes;  /* bound, callees included */
};
struct th_kernel {
    const char *op;               /* "conv2d" */
    /* Operand types in order, inputs then '>' then outputs: "s8,s8,s32?>s8". Alternatives with
     * '|', '?' optional, '*' any type, trailing "..." repeats the last. NULL: any. */
    const char *types;
    const char *contract;         /* NULL: every contract */
    const char *symbol;           /* "thk_conv2d_s8__c99" */
    const char *source;           /* embedded file that defines it: "c99/thk_conv2d_s8__c99.c";
                                     NULL: generated by bind */
    const char *feature;          /* target feature it needs ("dsp"), several with ','; NULL none */
    enum th_write_order order;
    int32_t group;
    uint32_t views;               /* enum th_view_ability bits */
    int32_t align_in, align_out;  /* bytes, 0: element alignment */
    int32_t over_read;            /* bytes it may read beyond the last of an input */
    /* NULL: accepts all that the types say. Otherwise NULL when it accepts, or why not (static
     * text). */
    const char *(*refuse)(const struct th_query *q);
    /* required: arguments, packed constants, scratch */
    enum th_status (*bind)(const struct th_query *q, struct th_call *c);
    /* NULL: ten cycles per elementary operation */
    void (*cost)(const struct th_query *q, struct th_kernel_cost *cost);
    /* Output 0 may begin at the first byte of the scratch or before it: it is written in the end,
     * element i after all of the scratch but bytes from i + 1 on was read for the last time. */
    bool over_scratch;
};

struct th_source {               /* one embedded file; `name` as used in #include "name" */
    const char *name;
    const unsigned char *bytes;
    size_t len;
};

struct th_emit;                  /* emission in progress, emit.h */
struct th_backend {
    uint32_t struct_size;
    const char *name;            /* "cortexm" */
    const char *base;            /* "c99"; NULL only for c99 itself */
    const char *summary;
    const struct th_kernel *kernels;
    size_t n_kernels, kernel_size;       /* kernel_size = sizeof(struct th_kernel) */
    const struct th_source *sources;
    size_t n_sources;
    const struct th_option_spec *options;
    /* NULL: the common emission. May add files or replace the build fragments. */
    enum th_status (*emit)(struct th_emit *e);
};
/* By name, or NULL; and all of them, in the order of registration (i beyond the last: NULL). */
TH_API const struct th_backend *th_backend_find(const struct th_ctx *ctx, const char *name);
TH_API uint32_t th_backend_count(const struct th_ctx *ctx);
TH_API const struct th_backend *th_backend_at(const struct th_ctx *ctx, uint32_t i);

struct th_selection {
    const struct th_kernel *row;
    const struct th_backend *owner;      /* whose row (and sources) it is */
    struct th_kernel_cost cost;
};
/* The best row for the query along the backend's base chain, rows added by plugins included.
 * Returns false when none accepts; why[] (may be NULL) then says what the nearest row refused.
 * force: a symbol that must be taken, or NULL. */
TH_API bool th_kernel_select(const struct th_ctx *ctx, const struct th_backend *b,
                             const struct th_query *q, const char *force,
                             struct th_selection *out, struct th_str *why);
/* The row of a symbol along the chain, or NULL. */
TH_API const struct th_kernel *th_kernel_find(const struct th_ctx *ctx, const struct th_backend *b,
                                              const char *symbol);
/* Symbols of all rows along the chain, for "did you mean". NULL when memory is exhausted. */
TH_API const char **th_kernel_symbols(const struct th_ctx *ctx, const struct th_backend *b,
                                      struct th_arena *a, size_t *n);
/* What kernels take as a compiler made them: bytes of code with its constants, and of stack. */
struct th_kernel_size {
    const char *symbol;
    const int32_t *figures;       /* code, stack, code, stack, ...: a pair for each of `cores` */
};
struct th_kernel_sizes {          /* of one backend's kernels */
    const char *backend;
    const char *const *cores;     /* NULL-terminated; names of cores with one figure, by spaces */
    const struct th_kernel_size *rows;
    size_t n, row_size;           /* row_size = sizeof(struct th_kernel_size) */
};
/* What a symbol takes on the target's core, else the most it takes on any; along the base chain.
 * Such figures replace those of the row's cost. False: none is known. */
TH_API bool th_kernel_measured(const struct th_ctx *ctx, const struct th_backend *b,
                               const char *symbol, const struct th_target *t, int64_t *code,
                               int64_t *stack);
/* An embedded source by name along the base chain (plugins' included), or NULL. */
TH_API const struct th_source *th_source_find(const struct th_ctx *ctx,
                                              const struct th_backend *b, const char *name);

#ifdef __cplusplus
}
#endif
#endif
