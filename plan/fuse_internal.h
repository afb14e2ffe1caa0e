/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the search for fused groups share. */
#ifndef TH_PLAN_FUSE_INTERNAL_H
#define TH_PLAN_FUSE_INTERNAL_H

#include "plan/fuse.h"

#define FUSE_NONE UINT32_MAX
#define FUSE_GRAINS 4u                 /* whole rows, runs of 4, 2, 1 columns */
extern const int32_t th_fuse_runs[FUSE_GRAINS];

/* Rows one operand is wanted in, by row of the node's shape. */
struct fuse_rows {
    int32_t *first, *last;   /* wanted [first, last] */
    int32_t *newest;         /* largest `last` up to this row */
    int32_t *oldest;         /* smallest `first` from this row on; one more entry: none */
};
/* Columns one operand is wanted in, by run of the node's shape; counts are rounded to runs. */
struct fuse_cols {
    int32_t n_runs;
    int32_t *made;           /* columns made when the run has what it wants (running maximum) */
    int32_t *first;          /* first column the run wants */
    int32_t *oldest;         /* smallest `first` from this run on */
    int32_t *end;            /* columns the run wants end before this one, not rounded */
};
struct fuse_map {
    uint32_t tensor;
    struct fuse_rows rows;
    struct fuse_cols cols[FUSE_GRAINS];
};
struct fuse_node {
    uint32_t shape;          /* tensor whose pixels are the steps: out, or what REDUCE reads */
    struct fuse_map *maps;   /* [n_operands] */
    uint32_t n_maps;
};
/* How a tensor made and read inside a stream is kept. */
struct fuse_lines {
    bool ok;
    bool held;               /* one run, read at once by one node */
    int32_t rows, cols;      /* as in th_fuse_buffer */
    int32_t box_cols;        /* columns alive when a strip slides */
    bool box_held;
    uint32_t covers, box_covers;   /* held: bit k: advancing it advances operand k of its reader
                                      as far as that is wanted, so that nothing runs in between */
    uint32_t join;           /* the group must contain this node */
    int64_t bytes;
};
struct fuse {
    const struct th_fuse_net *net;
    struct th_fuse_options o;
    struct th_arena *arena;
    struct fuse_node *nodes;
    uint32_t *prod;          /* [n_tensors], FUSE_NONE for inputs */
    uint32_t *last_use;      /* alive at cut p: prod < p <= last_use */
    uint32_t *cons_start, *cons;
    uint32_t *live_start, *live;          /* [n_nodes + 2] */
    struct fuse_lines *lines[FUSE_GRAINS];  /* [n_tensors] each */
    struct fuse_lines *fed;               /* [n_tensors] lines of pushed inputs */
    int64_t *held_bytes, *alive;          /* work, zero between uses: [n_tensors], [n_nodes + 1] */
    uint32_t max_group;
    int64_t base_macs;
};

static inline int64_t fuse_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}
static inline int64_t fuse_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}
static inline int64_t fuse_round(const struct fuse *f, int64_t bytes)
{
    int64_t a = f->o.align > 1 ? f->o.align : 1;
    return (bytes + a - 1) / a * a;
}
static inline int64_t fuse_pixels(const struct th_fuse_tensor *t)
{
    return (int64_t)t->h * t->w;
}
static inline int64_t fuse_size(const struct fuse *f, uint32_t t)
{
    return fuse_round(f, fuse_pixels(&f->net->tensors[t]) * f->net->tensors[t].pixel_bytes);
}
/* Columns of a run of this grain in a row of w. */
static inline int32_t fuse_run(uint32_t grain, int32_t w)
{
    int32_t u = th_fuse_runs[grain];
    return u && u < w ? u : w;
}
static inline bool fuse_alive(const struct fuse *f, uint32_t t, uint32_t cut)
{
    return f->last_use[t] >= cut && (f->prod[t] == FUSE_NONE || f->prod[t] < cut);
}
static inline bool fuse_made_in(const struct fuse *f, uint32_t t, uint32_t p, uint32_t q)
{
    return f->prod[t] != FUSE_NONE && f->prod[t] >= p && f->prod[t] < q;
}
/* Is the tensor one of the ends that are not counted? */
static inline bool fuse_free(const struct fuse *f, uint32_t t)
{
    const struct th_fuse_tensor *x = &f->net->tensors[t];
    return f->o.free_ends && (x->is_input || x->is_output);
}
/* Is it pushed row by row, so that a group from the first node on keeps lines of it? */
static inline bool fuse_pushed(const struct fuse *f, uint32_t t, uint32_t p, uint32_t q)
{
    return f->o.feed && p == 0 && f->net->tensors[t].is_input && f->last_use[t] < q;
}

/* Does a node of [p, q) want all of t for every pixel? Then t must be there before the group. */
static inline bool fuse_wanted_whole(const struct fuse *f, uint32_t t, uint32_t p, uint32_t q)
{
    for (uint32_t c = f->cons_start[t]; c < f->cons_start[t + 1]; c++) {
        const struct th_fuse_node *n = &f->net->nodes[f->cons[c]];
        for (uint32_t k = 0; f->cons[c] >= p && f->cons[c] < q && k < n->n_operands; k++)
            if (n->operands[k].tensor == t &&
                (n->operands[k].whole || (n->kind == TH_FUSE_REDUCE && k)))
                return true;
    }
    return false;
}

/* Checks the net and fills everything but lines. */
enum th_status th_fuse_prepare(struct fuse *f, const struct th_fuse_net *net,
                               const struct th_fuse_options *o, struct th_arena *arena);
enum th_status th_fuse_lines(struct fuse *f);
/* First node that all readers of t feed, or are; FUSE_NONE when there is none before `end`. */
uint32_t th_fuse_join(const struct fuse *f, uint32_t t, uint32_t end, struct th_arena *tmp);

/* ---- driving ------------------------------------------------------------------------------- */
/* After each step (row r, run k) of a driver: the newest row of a tensor, and through a class the
 * columns made of it. Rows behave alike but for a few, so classes are few. */
struct fuse_state {
    int32_t *row;            /* [n_rows] */
    uint32_t *cls;           /* [n_rows] */
    int32_t **table;         /* [n_cls][n_runs] */
    uint32_t n_cls, room;
    bool set;
};
struct fuse_drive {
    const struct fuse *f;
    struct th_arena *arena;  /* cleared by begin */
    uint32_t grain;
    int32_t n_rows, n_runs;
    uint32_t tensor;         /* what is driven */
    struct fuse_state *states;   /* [n_tensors] */
    uint32_t *touched;
    uint32_t n_touched;
};
enum th_status th_fuse_drive_new(struct fuse_drive *d, const struct fuse *f,
                                 struct th_arena *arena, struct th_arena *tmp, uint32_t grain);
enum th_status th_fuse_drive_begin(struct fuse_drive *d, uint32_t node);
/* What node j, whose output is driven already (or that is the driver), pulls. */
enum th_status th_fuse_drive_node(struct fuse_drive *d, uint32_t j);
/* Least distance by which stored input i must start behind stored output o; -1: none helps. */
int64_t th_fuse_drive_distance(const struct fuse_drive *d, uint32_t first, uint32_t last,
                               uint32_t i, uint32_t o);

/* ---- groups -------------------------------------------------------------------------------- */
struct fuse_cost {
    struct th_fuse_bytes b;
    bool overlap;
    uint32_t below, above;
    int64_t distance;
};
/* Cost of [p, q) as one stream, or of one node by itself; d has been driven down to p. False: it
 * cannot run so. */
bool th_fuse_stream(const struct fuse *f, const struct fuse_drive *d, uint32_t p, uint32_t q,
                    bool single, struct fuse_cost *out);
/* Can no group [p.., q) with this node at its front be a stream? */
bool th_fuse_stream_stop(const struct fuse *f, const struct fuse_drive *d, uint32_t p,
                         uint32_t q);
bool th_fuse_planes(const struct fuse *f, uint32_t p, struct fuse_cost *out);
bool th_fuse_slices(const struct fuse *f, uint32_t p, struct fuse_cost *out);
/*
 * Bytes of held values. One that its reader reads right behind the run that makes it is wanted from
 * node to node only; one whose reader advances something else first needs a place of its own.
 * bytes[t] > 0 where t is held. mark (or NULL): [n_tensors] 1 where shared, 2 where own.
 */
struct fuse_share {
    int64_t held, scratch;   /* at the node where they are most together */
    int64_t own;
};
void th_fuse_held(const struct fuse *f, uint32_t p, uint32_t q, uint32_t grain, bool box,
                  const int64_t *bytes, uint8_t *mark, struct fuse_share *out);

/* ---- strips -------------------------------------------------------------------------------- */
#define FUSE_OPEN 6
#define FUSE_RING_ROWS 4     /* strips of a stage that feeds a ring are no higher */
/* A ring that is still to be read: rows of it made by the strips of the last stage (NULL: it is
 * that stage's output), and what it is charged so far. */
struct fuse_open {
    uint32_t tensor;
    const int32_t *made;
    int64_t bytes;
    int32_t rows;
};
/* A chain of stages so far. */
struct fuse_ending;
struct fuse_label {
    const struct fuse_ending *end;
    int64_t ring, inner, acc, macs;
    const struct fuse_label *parent;
    uint32_t p, q;
    int32_t th, less, cols;
    uint32_t out;            /* tensor of the last stage */
    bool reduce;
    int64_t stage_bytes, stage_held;   /* with kernel scratch */
    const int32_t *b;        /* [strips] rows of the output made after each strip */
    const int32_t *low;      /* [strips] oldest row wanted of the one dying input; NULL: unknown */
    int32_t strips;
    struct fuse_open open[FUSE_OPEN], charged[FUSE_OPEN];   /* behind this stage; in it */
    uint32_t n_open, n_charged;
};
struct fuse_strips;
enum th_status th_fuse_strips_new(struct fuse_strips **out, const struct fuse *f,
                                  struct th_arena *arena);
/* Adds a stage (first, last, rows, less, cols) to a chain that begins at node g (from NULL: the
 * first stage). False: it cannot follow, or rings and boxes exceed the limit. What it costs is
 * known then; before it is closed or gone on with, it must be settled. */
bool th_fuse_strips_extend(struct fuse_strips *s, uint32_t g, const struct fuse_label *from,
                           const struct th_fuse_stage *st, uint32_t grain, int64_t limit,
                           struct th_arena *arena, struct fuse_label *out);
/* By how much shorter the first strip of a stage in strips of th rows had better be, for the least
 * rows in the ring between it and stage st; 0: that is as good as any. */
int32_t th_fuse_strips_less(struct fuse_strips *s, int32_t th, const struct th_fuse_stage *st);
/* Finds what a chain has made and still wants in each strip; false: memory is exhausted. */
bool th_fuse_strips_settle(struct fuse_strips *s, uint32_t g, struct th_arena *arena,
                           struct fuse_label *l);
/* No more than the bytes of the chain, closed; needs not be settled. */
int64_t th_fuse_strips_least(const struct fuse_strips *s, uint32_t g, const struct fuse_label *l);
void th_fuse_strips_close(struct fuse_strips *s, uint32_t g, const struct fuse_label *l,
                          struct fuse_cost *out);
/* Buffers of a finished chain into a list with room for one per tensor and stage; their number,
 * FUSE_NONE when memory is exhausted. */
uint32_t th_fuse_strips_buffers(struct fuse_strips *s, uint32_t g,
                                const struct fuse_label *const *chain, uint32_t n_chain,
                                uint32_t grain, struct th_arena *arena,
                                struct th_fuse_buffer *out);

/* ---- edges --------------------------------------------------------------------------------- */
struct fuse_edge {
    uint32_t p, q;
    uint8_t how, grain;
    int64_t bytes, macs, penalty;
    struct th_fuse_stage *stages;
    uint32_t n_stages;
};
/* Levels: single operations, streams of whole rows, runs of 4, of 2, of 1. */
struct fuse_edges {
    const struct fuse *f;
    struct fuse_edge *list;        /* by q, then p */
    uint32_t n, room, levels;
    int64_t peak[FUSE_GRAINS + 1]; /* least peak of each level, values made once */
};
enum th_status th_fuse_edges_find(struct fuse_edges *s, const struct fuse *f);
enum th_status th_fuse_edge_add(struct fuse_edges *s, const struct fuse_edge *e);
uint32_t th_fuse_edge_level(const struct fuse_edge *e);
void th_fuse_edges_sort(struct fuse_edges *s);

struct fuse_measure;
enum th_status th_fuse_measure_new(struct fuse_measure **out, const struct fuse *f);
void th_fuse_measure_free(struct fuse_measure *m);
bool th_fuse_measure_group(struct fuse_measure *m, struct th_fuse_group *g,
                           struct th_arena *arena, const char **why);

void th_fuse_bounds(const struct fuse *f, struct th_fuse_bound *once, struct th_fuse_bound *any,
                    struct th_arena *tmp);

#endif
