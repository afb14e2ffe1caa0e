/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the passes right of the bar decide, kept beside the graph: where values lie, which kernel a
 * node calls, what may share storage. Any change of the graph makes them stale; the pass manager
 * clears them then (th_program_clear_notes).
 */
#ifndef IR_NOTES_H
#define IR_NOTES_H

#include <thimble/backend.h>

/* Regions of the plan: 0 is state, 1.. are transient memory, one for each RAM region of the target
 * that is used. */
#define TH_REGION_STATE 0
#define TH_REGION_TRANSIENT 1

struct th_place {
    int32_t region;      /* -1: unplaced (constants, values nobody stores) */
    int64_t offset;      /* bytes from the region's start */
};

TH_API struct th_place th_value_place(const struct th_graph *g, th_value v);
TH_API void th_value_set_place(struct th_graph *g, th_value v, struct th_place p);

/* The call for pieces of so many columns of a node of a tile loop. */
struct th_piece_call {
    int64_t columns;
    struct th_call *call;
};
/* The kernel of a node. call is in the program's arena. */
struct th_kernel_note {
    const struct th_kernel *row;         /* NULL: structural node or not selected */
    const struct th_backend *owner;
    struct th_kernel_cost cost;
    struct th_call *call;                /* NULL until packed */
    int64_t scratch_bytes, scratch_align;
    struct th_place scratch;
    /* Nodes of tile loops that run on smaller tensors: a call for each width, most frequent first
     * (call is the first). pixels: there is one call for one pixel, made for each. */
    const struct th_piece_call *pieces;
    uint32_t n_pieces;
    bool pixels;
    int order;    /* enum th_write_order that patch-split wants of the row, 0: any; a wish, kept by
                     th_program_clear_notes */
};
TH_API struct th_kernel_note *th_node_note(struct th_graph *g, th_node n);
TH_API const struct th_kernel_note *th_node_note_const(const struct th_graph *g, th_node n);

/*
 * In-place proposal: if `in` is not wanted after the node that makes `out`, both may overlap as
 * long as `in` begins `distance` (>= 0) or more bytes behind the begin of `out`. exact: the same
 * bytes at the same place (views). same: only at the same place, element by element (a kernel that
 * runs plane by plane). state: `out` is what a state_write stores and may be computed
 * in that variable's storage; `in` is then 0. above > 0: `out` may also begin that many bytes or
 * more behind the begin of `in`, if the tile loop that makes it walks up.
 */
struct th_share {
    th_value out, in;
    int64_t distance, above;
    bool exact, same;
    th_state state;
};
TH_API uint32_t th_graph_share_count(const struct th_graph *g);
TH_API const struct th_share *th_graph_share(const struct th_graph *g, uint32_t i);
TH_API void th_graph_clear_shares(struct th_graph *g);
TH_API bool th_graph_add_share(struct th_graph *g, const struct th_share *s);

enum th_region_role {
    TH_ROLE_ARENA,
    TH_ROLE_INPUT,           /* an input in the caller's memory: only read */
    TH_ROLE_OUTPUT           /* an output there */
};
struct th_plan_region {
    const char *name;        /* the target's region, "state" for 0, "input 2" */
    int64_t bytes;           /* exact */
    int64_t align;
    int64_t lower_bound;     /* of the chosen order */
    enum th_region_role role;
    const char *memory;      /* of state: the target's region it lies in, NULL unknown */
};
/* A value or a node's scratch, and how often each of its bytes is read or written in a call; for
 * plans over several regions. */
struct th_plan_heat {
    const struct th_graph *graph;
    th_value value;          /* 0: scratch */
    th_node node;            /* of scratch */
    double reads;
};
/* With --io-buffers caller the last n_caller regions are the caller's: for each function in order
 * its inputs, then its outputs. They are no part of the arena. */
struct th_plan_totals {
    const struct th_plan_region *regions;
    uint32_t n_regions;      /* the caller's included; 0: not planned */
    uint32_t n_caller;
    struct th_graph *peak_graph;
    th_node peak_node;       /* where the transient peak is */
    int64_t peak_live;       /* live bytes there */
    const struct th_plan_heat *heat;
    uint32_t n_heat;         /* 0: one region holds all */
    bool by_heat;            /* the hottest lie in the fastest region; else as they fit */
};
TH_API const struct th_plan_totals *th_program_plan(const struct th_program *p);
TH_API void th_program_set_plan(struct th_program *p, const struct th_plan_totals *t);
/* The one block that holds all regions in order, each aligned; state is padded so that what
 * follows is aligned. */
struct th_plan_arena {
    int64_t state, transient, align;
};
TH_API void th_plan_arena(const struct th_plan_totals *t, struct th_plan_arena *a);
/* Regions of the arena. */
TH_API uint32_t th_plan_arena_regions(const struct th_plan_totals *t);
TH_API int64_t th_plan_region_start(const struct th_plan_totals *t, uint32_t region);
/* Whether the arena lies in several of the target's regions. */
TH_API bool th_plan_spread(const struct th_plan_totals *t);
/* Offset of a state variable in region 0. */
TH_API int64_t th_state_offset(const struct th_program *p, th_state s);
TH_API void th_state_set_offset(struct th_program *p, th_state s, int64_t offset);

/*
 * The Pareto front that patch-split found: least arena for the work, fewest multiply-accumulates
 * last. `spelling` is the parameter of patch-split that forces the point. Kept over
 * th_program_clear_notes: it is about the model, not about the present plan.
 */
struct th_front_point {
    int64_t bytes, macs;
    int64_t cycles;             /* estimated, in thousandths of those node by node */
    const char *spelling;
    bool chosen;
};
/* The list is copied into the program's arena. */
TH_API enum th_status th_program_set_front(struct th_program *p, const struct th_front_point *list,
                                           uint32_t n);
TH_API const struct th_front_point *th_program_front(const struct th_program *p, uint32_t *n);

TH_API void th_program_clear_notes(struct th_program *p);

/*
 * --feed frames: function 0 computes one step, which takes `hop` new frames (rows along `axis`) of
 * its only input. Outputs are those of the model on its last `window` frames once `warm_up` frames
 * came. Not made stale by later passes.
 */
struct th_frames_end {           /* a node that takes whole windows of what is streamed */
    const char *name, *op, *why;
    int64_t model_node;
};
struct th_frames {
    int32_t axis;
    int64_t hop, window, warm_up;
    int64_t macs_window, macs_step;
    uint32_t timed, streamed;    /* nodes that have a time axis; those that compute new rows only */
    const struct th_frames_end *ends;    /* in the program's arena */
    uint32_t n_ends;
};
TH_API void th_program_set_frames(struct th_program *p, const struct th_frames *f);
/* hop 0: function 0 is a whole window's. */
TH_API const struct th_frames *th_program_frames(const struct th_program *p);

/* What quantization did; not made stale by later passes. */
struct th_quantized_layer {
    const char *name, *op, *kind;
    int64_t model_node;
    const char *why;             /* it stayed float; or NULL */
    bool measured;
    double snr_db;               /* of the outputs when this layer alone is quantized */
    double flips;                /* samples of 100 whose top class changes then */
};
struct th_quantized {
    const char *kind, *calibrator;
    int64_t samples, judged;     /* calibration; accuracy or agreement */
    bool labelled;
    double right_before, right_after;    /* of 100 samples */
    double agree, snr_db;                /* float's class; output 0 */
    const struct th_quantized_layer *layers;
    uint32_t n_layers;
    int64_t weights_before, weights_after;    /* bytes of constants */
};
TH_API void th_program_set_quantized(struct th_program *p, const struct th_quantized *q);
/* NULL: the pass did nothing. */
TH_API const struct th_quantized *th_program_quantized(const struct th_program *p);

#endif
