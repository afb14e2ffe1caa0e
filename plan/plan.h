/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The planner: pure functions on a light description of buffers and steps. No graph is seen here;
 * passes translate. Everything returned lives in the arena given. All results are deterministic.
 */
#ifndef TH_PLAN_PLAN_H
#define TH_PLAN_PLAN_H

#include <thimble/base.h>

/* ---- placing buffers ----------------------------------------------------------------------- */
#define TH_PLAN_FREE (-1)

struct th_plan_buffer {
    int64_t bytes;        /* >= 0; empty buffers are in nobody's way */
    int64_t slack;        /* bytes behind the end that must still lie in the region */
    int64_t align;        /* power of two, >= 1 */
    int32_t first, last;  /* steps in which it is alive, both included */
    uint32_t regions;     /* bit r: may lie in region r; 0: in any */
    int64_t fixed;        /* TH_PLAN_FREE, or its offset in region `region` */
    int32_t region;       /* meaningful only when fixed */
};
/*
 * While both are alive, `above` needs only to start `distance` bytes or more after `below` starts
 * (instead of after its end): the dying input lies above the output that grows into it.
 */
struct th_plan_overlap {
    uint32_t below, above;
    int64_t distance;     /* >= 0 */
};
struct th_plan_problem {
    const struct th_plan_buffer *buffers;
    uint32_t n_buffers;
    const struct th_plan_overlap *overlaps;
    uint32_t n_overlaps;
    const int64_t *region_bytes;   /* [n_regions] capacity, 0: unbounded; in order of preference */
    uint32_t n_regions;            /* >= 1 */
};
struct th_plan_result {
    int64_t *offset;      /* [n_buffers] */
    int32_t *region;      /* [n_buffers] */
    int64_t *size;        /* [n_regions] bytes used */
    int64_t total;        /* sum of size */
    int64_t bound;        /* no plan needs less in total (for these steps and overlaps); total
                             itself when that was proved least */
    bool optimal;         /* total was proved least */
    bool fits;            /* every region holds its part */
};
/* Upper bounds of the search in elementary visits; 0: a default. Equal effort, equal plan. */
struct th_plan_effort {
    uint64_t visits;
    uint64_t seed;
};
/* Places all buffers. Fails with TH_ERR_INTERNAL on exhausted memory or a malformed problem;
 * a plan that does not fit is a result, not a failure. */
TH_API enum th_status th_plan_place(const struct th_plan_problem *p, const struct th_plan_effort *e,
                             struct th_arena *arena, struct th_plan_result *out);

/* Bytes alive in each step (overlaps taken into account as far as they can save): the profile
 * whose maximum is the lower bound. live[n_steps] may be NULL. */
struct th_plan_profile {
    int64_t bound;        /* the largest entry */
    int32_t step;         /* first step that reaches it */
    int64_t saved;        /* bytes that overlaps save in that step */
};
TH_API enum th_status th_plan_bound(const struct th_plan_problem *p, struct th_arena *arena,
                             int64_t *live, int32_t n_steps, struct th_plan_profile *out);

/* ---- ordering operations ------------------------------------------------------------------- */
struct th_plan_op {
    const uint32_t *buffers;   /* every buffer the operation reads or writes, each once */
    uint32_t n_buffers;
    const uint32_t *after;     /* operations that must come before it */
    uint32_t n_after;
    int64_t scratch;           /* bytes only it needs */
    int64_t saves;             /* bytes saved if `dying` is not wanted afterwards */
    uint32_t dying;            /* buffer, meaningful when saves > 0 */
};
struct th_plan_store {
    int64_t bytes;
    bool live_in, live_out;    /* holds data before the first, after the last operation */
};
struct th_plan_dag {
    const struct th_plan_op *ops;      /* given in an order that respects `after` */
    uint32_t n_ops;
    const struct th_plan_store *stores;
    uint32_t n_stores;
};
struct th_plan_order {
    uint32_t *order;      /* [n_ops] */
    int64_t peak;         /* bytes at the worst operation */
    int64_t given;        /* peak of the order as given */
    bool optimal;         /* no order has a lower peak */
};
/* An order of least peak: exact search over what has been done, segment by segment, as long as
 * states stay below a limit (0: default), a beam beyond. Never worse than the given order. */
TH_API enum th_status th_plan_order(const struct th_plan_dag *d, uint32_t max_states,
                             struct th_arena *arena, struct th_plan_order *out);

/* ---- overlap of an output with a dying input ----------------------------------------------- */
/*
 * A kernel runs in n steps. After step i it has written the output up to byte written[i], and the
 * oldest input byte it still reads in step i is oldest[i]. Returns the least distance by which
 * the input must start after the output so that no byte is overwritten before its last read.
 * Both arrays need not be monotone. Never negative.
 */
TH_API int64_t th_plan_distance(uint32_t n, const int64_t *written, const int64_t *oldest);

#endif
