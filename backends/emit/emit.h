/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Emission in progress. Each file of the folder has its own source file here; all of them only
 * read the planned program. Strings in `files` are owned by the emission.
 */
#ifndef BACKENDS_EMIT_EMIT_H
#define BACKENDS_EMIT_EMIT_H

#include <thimble/emit.h>

#include "ir/call.h"
#include "ir/notes.h"

struct th_out_file {
    const char *name;
    struct th_str text;
};

struct th_emit {
    struct th_ctx *ctx;
    const struct th_emit_request *request;
    struct th_program *program;
    const struct th_plan_totals *plan;
    struct th_arena *arena;          /* scratch of this emission */
    const char *name, *upper;        /* prefixes: "kws", "KWS" */
    struct th_out_file **files;
    uint32_t n_files, cap_files;
    bool failed;                     /* memory was exhausted */
};

/* The text of a file of the folder, made when first asked for. Never NULL. */
struct th_str *th_emit_text(struct th_emit *e, const char *file);

/* SPDX line, what made this file, from which model. */
void th_emit_banner(struct th_emit *e, struct th_str *s, const char *what);

enum th_status th_emit_header(struct th_emit *e);    /* <name>.h */
enum th_status th_emit_source(struct th_emit *e);    /* <name>.c */
enum th_status th_emit_data(struct th_emit *e);      /* <name>_data.c or <name>_weights.bin */
enum th_status th_emit_testbench(struct th_emit *e); /* <name>_testbench.c, if asked for */
enum th_status th_emit_kernels(struct th_emit *e);   /* kernels/ */
enum th_status th_emit_build(struct th_emit *e);     /* Makefile, CMake fragment */

/* Includes of the kernels that the program calls, and texts of generated ones; for <name>.c. */
void th_emit_kernel_includes(struct th_emit *e, struct th_str *s);
/* `extern` lines of the data file, for <name>.c. */
void th_emit_data_decls(struct th_emit *e, struct th_str *s);
/* Size and alignment of <name>_weights.bin, once the steps are written. */
void th_emit_weights_size(struct th_emit *e, size_t *bytes, size_t *align);
/* All steps of all graphs as static functions, bodies before the nodes that own them. */
enum th_status th_emit_steps(struct th_emit *e, struct th_str *s);
/* Address of a value: "(r[1] + 12)", or a data array's name. */
void th_emit_address(struct th_emit *e, struct th_str *s, const struct th_graph *g, th_value v);
/* C variables that stand for operands of a call instead of planned addresses; NULL entries of `in`
 * are as planned. box, window: local structs instead of the constant ones. */
struct th_emit_operands {
    const char *const *in;
    const char *out, *box, *window, *accumulator, *phase;
    const char *column;          /* the function for one pixel, of row y and this column: box names
                                    a view of operand 0; else NULL */
};
/* Index of the argument that is the parameter struct with the views, or -1. */
int64_t th_emit_window_argument(const struct th_call *c);
/* The constant structs of a call, p0, p1, ... */
void th_emit_call_structs(struct th_str *s, const char *indent, const struct th_call *c,
                          const struct th_emit_operands *o);
void th_emit_call(struct th_emit *e, struct th_str *s, const char *indent,
                  const struct th_graph *g, th_node n, const struct th_call *c,
                  const struct th_emit_operands *o);
/* Structs, the loop over batches, the call. */
void th_emit_kernel_call(struct th_emit *e, struct th_str *s, const struct th_graph *g, th_node n);
/* Functions of a tile_loop; the one without arguments but r is named as the body's graph. */
enum th_status th_emit_tile_loop(struct th_emit *e, struct th_str *s, const struct th_graph *g,
                                 th_node n);
/* Function part of the names of entry point i: "" for the only (or first) one. */
const char *th_emit_entry_suffix(struct th_emit *e, uint32_t i);
/* C name of a graph's function. */
void th_emit_graph_name(struct th_emit *e, struct th_str *s, const struct th_graph *g);
/* `int kws_run(const int8_t *input0, ...)` without the semicolon. */
void th_emit_run_prototype(struct th_emit *e, struct th_str *s, uint32_t i);
/* Regions of the arena that the plan uses, state first; the same numbers in ctx->region[]. */
uint32_t th_emit_region_count(const struct th_emit *e);
/* The macro that names the section of a block when the arena lies in several memories. */
const char *th_emit_section(struct th_emit *e, uint32_t region);
/* --io-buffers caller: the place in ctx->region[] of an entry point's input or output i. */
bool th_emit_caller_io(const struct th_emit *e);
uint32_t th_emit_caller_region(const struct th_emit *e, uint32_t entry, bool input, uint32_t i);

/* --feed, backends/emit/feed.c: what is pushed into entry point 0 (input < 0: nothing). */
struct th_emit_feed {
    int32_t input;               /* index of the input whose rows or frames are pushed */
    int64_t rows, row_bytes;
    const char *ctype;
    const struct th_frames *frames;    /* --feed frames: rows are frames of a step; else NULL */
};
struct th_emit_feed th_emit_feed(const struct th_emit *e, uint32_t entry);
void th_emit_feed_macros(struct th_emit *e, struct th_str *s);   /* for the header */
void th_emit_feed_api(struct th_emit *e, struct th_str *s);
void th_emit_feed_function(struct th_emit *e, struct th_str *s);
/* Entries of the enum of codes, and the field of the context; for the header. */
void th_emit_feed_codes(struct th_emit *e, struct th_str *s);
/* In reset: nothing was pushed. */
void th_emit_feed_reset(struct th_emit *e, struct th_str *s);

#endif
