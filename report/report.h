/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program costs: collected once, written as text, JSON and HTML. Before the plan the
 * numbers of memory are absent (n_regions 0), before kernel selection those of kernels.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <thimble/thimble.h>

#include "ir/notes.h"
#include "report/advice.h"
#include "report/footprint.h"

struct th_report_request {
    const struct th_program *program;
    const struct th_target *target;      /* NULL: none chosen */
    const char *name;                    /* prefix of emitted names, or NULL */
    const char *options, *passes, *remarks;   /* texts, may be NULL */
};

/* One node, in the order of execution; nodes of bodies follow their owner. */
struct th_report_layer {
    const struct th_graph *graph;
    th_node node;
    uint32_t step, depth;                /* depth 0: of an entry point */
    int64_t model_node;                  /* index in the model file, -1 unknown */
    const char *name, *op;
    const struct th_type *out;           /* of output 0, NULL: none */
    int64_t macs, ops;
    int64_t weight_bytes;                /* constant data counted here: what earlier layers share is
                                            theirs */
    int64_t in_bytes, out_bytes;         /* activations */
    const char *kernel;                  /* NULL: calls none */
    double cycles;                       /* estimate */
    int64_t code_bytes, stack_bytes, scratch_bytes;   /* code, stack: bounds; 0 not measured */
    struct th_place place;               /* of output 0 */
};

/* A value or scratch in memory, for the drawing. */
struct th_report_block {
    const char *name;
    uint32_t function;                   /* index of the entry point */
    int32_t region;
    int64_t offset, bytes;
    uint32_t first, last;                /* steps during which it is needed */
    bool scratch;
    double heat;                         /* how often each byte is read or written in a call */
};

struct th_report_tensor {
    const char *name;
    const struct th_type *type;
    int64_t bytes;
};
struct th_report_function {
    const char *name;
    const struct th_report_tensor *in, *out;
    uint32_t n_in, n_out;
    uint32_t first_step, n_steps;
};
struct th_report_op {                    /* all nodes of one operator */
    const char *op;
    uint32_t count;
    int64_t macs, weight_bytes;
};

struct th_report {
    const char *source, *format, *sha256;
    const char *name, *target, *options, *passes, *remarks;
    const struct th_report_function *functions;
    uint32_t n_functions;
    const struct th_report_layer *layers;
    uint32_t n_layers;
    const struct th_report_block *blocks;
    uint32_t n_blocks;
    const struct th_report_op *ops;      /* in name order */
    uint32_t n_ops;
    const struct th_type *const *states;
    const char *const *state_names;
    uint32_t n_states;
    int64_t macs, elementary;            /* of one pass over all nodes */
    double cycles;
    int64_t data_bytes;                  /* constants: as emitted if packed, else as in the model */
    uint32_t n_data;
    int64_t copied_bytes;                /* part of it that no layer has: initial states, constant
                                            outputs */
    bool packed;
    int64_t largest_pair;                /* most activation bytes that one node reads and writes */
    int64_t input_bytes, output_bytes, state_values;
    int64_t pushed_bytes;                /* of inputs that come by rows and are not stored */
    bool caller_io;
    /* the plan */
    const struct th_plan_region *regions;
    const struct th_mem_region *const *region_of;   /* the target's, NULL entries: none */
    uint32_t n_regions;                  /* of the arena */
    uint32_t n_places;                   /* the caller's, which follow, included */
    bool spread, by_heat;                /* over several memories; the hottest in the fastest */
    int64_t arena_bytes, state_bytes, transient_bytes, lower_bound, align;
    const struct th_report_layer *peak;  /* NULL unknown */
    int64_t peak_live;
    const struct th_front_point *front;  /* of patch-split */
    uint32_t n_front;
    struct th_footprint foot;            /* code and stack */
    struct th_advice advice;             /* about patches */
    const struct th_quantized *quantized;    /* NULL: nothing was */
    const struct th_frames *frames;          /* NULL: a call takes whole inputs */
};

/* Everything lives in the arena or is borrowed from the program. NULL: memory exhausted. */
TH_API const struct th_report *th_report_collect(const struct th_report_request *r,
                                                 struct th_arena *arena);
/* How often the bytes of a region's values and scratch are read or written: least and most of them.
 * False: nothing lies there, or it is not known. */
TH_API bool th_report_heat(const struct th_report *r, uint32_t region, double *least, double *most);
/* Why values lie where they lie, for a report whose plan is spread. */
TH_API const char *th_report_placement(const struct th_report *r);
/* Sums only: what `compile` prints. */
TH_API void th_report_summary(const struct th_report *r, struct th_str *out);
/* Sums, regions, the table of layers. */
TH_API void th_report_text(const struct th_report *r, struct th_str *out);
/* What is in a model: functions, operators, sizes. */
TH_API void th_report_model(const struct th_report *r, struct th_str *out);
TH_API enum th_status th_report_json(const struct th_report *r, struct th_str *out);
/* One page without references to anything outside. */
TH_API enum th_status th_report_html(const struct th_report *r, struct th_str *out);

#endif
