/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search for the least memory by fusion: which operations run interleaved, in which pieces,
 * and what that costs. Pure functions on a light description of a network of maps; no graph is
 * seen here, passes translate. Everything returned lives in the arena given. Deterministic.
 *
 * A map is h rows of w pixels in raster order, a pixel is pixel_bytes contiguous bytes. Nodes are
 * listed in an order that runs; a cut p lies in front of node p. Groups [first, last) follow each
 * other; what is alive at a cut between two groups is stored whole.
 */
#ifndef TH_PLAN_FUSE_H
#define TH_PLAN_FUSE_H

#include <thimble/base.h>

/* ---- the network --------------------------------------------------------------------------- */
struct th_fuse_tensor {
    int32_t h, w;              /* rows, columns of pixels; >= 1 */
    int64_t pixel_bytes;       /* >= 0 */
    bool is_input, is_output;  /* alive before the first, behind the last node */
};
/* Half-open range of operand rows (columns), clipped to the operand, never empty. */
struct th_fuse_span {
    int32_t lo, hi;
};
/* Where a pixel wants nothing (in a pad), the plan lets it want one pixel all the same, and so must
 * who runs it: replaces empty ranges by the last one wanted before, or the first ever wanted. */
TH_API void th_fuse_fill_spans(struct th_fuse_span *s, int32_t n, int32_t extent);
struct th_fuse_operand {
    uint32_t tensor;
    bool whole;                        /* all of it is wanted for every pixel (a gate vector); is
                                          never made in the group that reads it so */
    const struct th_fuse_span *rows;   /* [out.h] wanted for each row; NULL: row r for row r */
    const struct th_fuse_span *cols;   /* [out.w] likewise */
};
enum th_fuse_kind {
    TH_FUSE_WINDOW,   /* a pixel from a rectangle of each operand */
    TH_FUSE_POINT,    /* pixel by pixel */
    TH_FUSE_REDUCE,   /* accumulates its first operand in any order: mean, dense over a map; its
                         rows and cols are ignored; only the last node of a group */
    TH_FUSE_OPAQUE    /* wants whole operands, is never fused */
};
struct th_fuse_node {
    enum th_fuse_kind kind;
    const struct th_fuse_operand *operands;   /* each tensor once, constants left out */
    uint32_t n_operands;
    uint32_t out;              /* tensor; made by this node alone */
    int64_t macs;              /* of the whole operation */
    int64_t acc_bytes;         /* accumulators while it runs in a group */
    int64_t acc_alone;         /* accumulators when it runs alone on a stored map */
    int64_t scratch;           /* kernel scratch (same for all pieces) */
    bool direct;               /* reads its operands while it writes the pixel: with in and out
                                  overlapping, inputs of the piece in work must stay */
    /* NULL, or for each operand: how many bytes behind the result's begin it may begin, as the
     * kernel writes; negative: they must not overlap. */
    const int64_t *alone;      /* on whole tensors; NULL: as pixel after pixel is made */
    const int64_t *pieces;     /* in a group, because of what the node itself reads; negative: a
                                  piece is read before it is written, NULL: see `direct` */
    bool planes;               /* depthwise, may run plane by plane in place */
    int64_t plane_scratch;     /* bytes for that */
    int64_t slice_bytes;       /* > 0: first of three nodes [1x1, depthwise, 1x1] that may run
                                  channel by channel with this many bytes beside the operand
                                  (output included) */
    int64_t slice_permille;    /* time of that against the three by themselves; 0: not known */
};
struct th_fuse_net {
    const struct th_fuse_tensor *tensors;
    uint32_t n_tensors;
    const struct th_fuse_node *nodes;   /* topological order */
    uint32_t n_nodes;
};

/* ---- options ------------------------------------------------------------------------------- */
struct th_fuse_options {
    bool feed;             /* inputs are pushed row by row: lines of them, not the whole map */
    bool free_ends;        /* inputs and outputs are not counted (the caller's; msf-CNN's count) */
    bool single_only;      /* no fusion */
    bool no_recompute;     /* only groups that make each value once */
    bool rows_only;        /* streams make whole rows */
    bool planes, slices;   /* allow these */
    int32_t finest;        /* least columns in a run: 1, 2, 4; 0 means 1 */
    int64_t base_macs;     /* MACs at F = 1.00; 0: sum over the nodes */
    int32_t max_permille;  /* largest F in thousandths; 0: 3000 */
    uint32_t max_group;    /* nodes in a group at most; 0: a default by the size of the net */
    int32_t align;         /* every buffer's size is rounded up to it; 0 means 1 */
};

/* ---- a group ------------------------------------------------------------------------------- */
enum th_fuse_how {
    TH_FUSE_SINGLE,   /* one node by itself */
    TH_FUSE_STREAM,   /* one pass in raster order, each value made once */
    TH_FUSE_STRIPS,   /* chain of stages, strip by strip, rows at borders of strips made again */
    TH_FUSE_PLANES,   /* one depthwise node in place, plane by plane */
    TH_FUSE_SLICES    /* 1x1, depthwise, 1x1, channel by channel */
};
/*
 * STREAM: pull order. The last node is driven run by run; before a node makes a run of `run`
 * columns of one row (the last run of a row may be shorter; run 0: whole rows), it has its operands
 * advanced, in their order, each until the newest pixel that this run wants is made (for that, an
 * operand advances in whole runs, in raster order). Other tensors stored at the group's end are
 * completed after the driven one. A REDUCE at the end drives its operand instead.
 *
 * STRIPS: stage by stage. The last stage is driven strip by strip; before a strip, the ring in
 * front of the stage is advanced, by whole strips of the stage before, until the last row wanted
 * is made. Inside a strip, cols == 0: columns slide, all nodes make all their rows of the strip
 * in runs of `run` columns, pulled as in a stream of one row; each inner tensor is a box of
 * columns. cols > 0: the strip is cut into tiles of that many columns of the stage's last node,
 * and inside a tile the nodes run one after another on whole boxes (columns recomputed too).
 */
enum th_fuse_store {
    TH_FUSE_LINES,   /* stream: `rows` slots of w pixels, and a tail of `cols` pixels */
    TH_FUSE_HELD,    /* one run of one row (stream) or of all rows of the strip */
    TH_FUSE_RING,    /* strips: `rows` whole rows between stages, row r in slot r mod rows */
    TH_FUSE_BOX      /* strips: at most `rows` rows x `cols` columns of the strip in work */
};
/*
 * LINES: let row y be the newest row begun, n its columns made so far.
 *   cols == 0 (runs are whole rows): row r lies in slot r mod rows; readable are rows
 *     y - rows < r <= y.
 *   cols > 0:  the tail holds columns [t0, n) of row y, t0 = max(0, n - cols). A column that
 *     leaves the tail goes into slot y mod rows (rows 0: it is dropped). Readable are rows
 *     y - rows < r < y; of row y - rows the columns >= t0; of row y the columns >= t0.
 *     Before row y + 1 is begun the tail is emptied into the slot; and a run that wants columns
 *     < t0 of a complete row y has it emptied first, as if row y + 1 were begun (n = 0).
 * HELD values are read by one node only, each run of it right behind the run that made them and
 * nothing else. Those with `own` must outlast runs of other nodes and have a place of their own;
 * the others are wanted from the node that makes them to the one that reads them (by number), so
 * held values apart share bytes: group->bytes.held is the most at one node.
 */
struct th_fuse_buffer {
    enum th_fuse_store store;
    uint32_t tensor;
    int32_t stage;          /* strips: that makes it (box, held, ring); -1: the pushed input */
    int32_t rows, cols;
    bool own;               /* held */
    int64_t bytes;
};
struct th_fuse_stage {
    uint32_t first, last;   /* nodes [first, last) */
    int32_t rows;           /* rows of the last node's output (REDUCE: of its operand) per strip */
    int32_t cols;           /* columns per tile; 0: columns slide */
    int32_t less;           /* rows that the first strip has less; < rows */
    int64_t bytes;          /* boxes, held values, scratch of the stage */
    int64_t held;           /* of these, shared by held values */
};
/* What makes up the bytes of a group. */
struct th_fuse_bytes {
    int64_t through;    /* stored, alive, not touched */
    int64_t lines;      /* lines, rings and held values with a place of their own */
    int64_t held;       /* shared place of held values; strips: the largest stage's bytes */
    int64_t acc;        /* accumulators */
    int64_t vectors;    /* results of REDUCE at the end */
    int64_t inout;      /* stored inputs that die and stored outputs, overlapped */
    int64_t scratch;    /* of kernels, where it is most together with held values */
    int64_t total;
};
struct th_fuse_group {
    enum th_fuse_how how;
    uint32_t first, last;              /* nodes [first, last) */
    int32_t run;                       /* columns; 0: whole rows */
    struct th_fuse_stage *stages;      /* STRIPS */
    uint32_t n_stages;
    /* filled by th_fuse_measure and in fronts */
    int64_t macs;
    struct th_fuse_bytes bytes;
    struct th_fuse_buffer *buffers;
    uint32_t n_buffers;
    bool overlap;                      /* `above` dies, lies `distance` bytes or more behind
                                          the start of `below`, which is made here */
    uint32_t below, above;
    int64_t distance;
};

/* ---- results ------------------------------------------------------------------------------- */
/* How fine the finest group of a point is, from cheap to dear. */
enum th_fuse_grain {
    TH_FUSE_GRAIN_SINGLE,
    TH_FUSE_GRAIN_ROWS,    /* whole rows, strips */
    TH_FUSE_GRAIN_RUNS     /* runs of less than a row; th_fuse_point.run tells the shortest */
};
struct th_fuse_point {
    int64_t peak, macs;
    enum th_fuse_grain grain;
    int32_t run;                       /* shortest run of less than a row; 0: none.
                                          Slices count as 1 */
    uint32_t variant;                  /* set by th_fuse_merge */
    struct th_fuse_group *groups;      /* cover all nodes, in order */
    uint32_t n_groups;
};
enum th_fuse_reason {
    TH_FUSE_BY_NOTHING,
    TH_FUSE_BY_INPUT,     /* inputs lie whole in memory at the start */
    TH_FUSE_BY_OUTPUT,    /* outputs lie whole in memory at the end */
    TH_FUSE_BY_OPERANDS,  /* an OPAQUE node (or `whole` operand) wants these at once */
    TH_FUSE_BY_GATE       /* made before a REDUCE result is known, used after it; F = 1.00 only */
};
struct th_fuse_bound {
    int64_t bytes;
    enum th_fuse_reason reason;
    uint32_t node;        /* the REDUCE or OPAQUE node */
};
/*
 * Points not dominated in (peak, macs, grain, run): by falling peak among equal macs, macs rising.
 * The first point is the one a compiler without fusion would make (single operations).
 */
struct th_fuse_front {
    struct th_fuse_point *points;
    uint32_t n_points;
    struct th_fuse_bound once;   /* no schedule that makes each value once needs less */
    struct th_fuse_bound any;    /* no schedule needs less */
    int64_t base_macs;
};

/* Searches. TH_ERR_INTERNAL on exhausted memory or a malformed net. */
TH_API enum th_status th_fuse_search(const struct th_fuse_net *net,
                                     const struct th_fuse_options *o, struct th_arena *arena,
                                     struct th_fuse_front *out);
/*
 * Cost and buffers of one group as given (how, first, last, run, stages with first, last, rows,
 * cols): fills the rest. False with *why (a short phrase) when it cannot run that way.
 */
TH_API bool th_fuse_measure(const struct th_fuse_net *net, const struct th_fuse_options *o,
                            struct th_arena *arena, struct th_fuse_group *g, const char **why);
/* Front of several variants of one network (say, parts computed twice) with equal base_macs:
 * points keep their groups, `variant` is the index. Bounds are those of variant 0. */
TH_API enum th_status th_fuse_merge(const struct th_fuse_front *const *fronts, uint32_t n,
                                    struct th_arena *arena, struct th_fuse_front *out);

#endif
