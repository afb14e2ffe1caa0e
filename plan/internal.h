/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the planner share: who is alive together with whom. */
#ifndef TH_PLAN_INTERNAL_H
#define TH_PLAN_INTERNAL_H

#include "plan/plan.h"

/* A neighbour alive at the same time. If it lies below, I start at its offset + below or later;
 * if it lies above, it starts at my offset + above or later. */
struct th_plan_edge {
    uint32_t other;
    int64_t below, above;
};
/* Neighbours of buffer i: edges[start[i]] .. edges[start[i + 1]). Empty buffers have none. */
struct th_plan_conflicts {
    uint32_t *start;
    struct th_plan_edge *edges;
    uint32_t n;
};
enum th_status th_plan_conflicts_find(const struct th_plan_problem *p, struct th_arena *arena,
                                      struct th_plan_conflicts *out);

/* Search in progress: offsets of placed buffers, and what is left of the effort. */
struct th_plan_search {
    const struct th_plan_problem *p;
    const struct th_plan_conflicts *c;
    uint32_t n;               /* movable buffers */
    uint32_t *movable;        /* their indices */
    int64_t *offset;          /* [n_buffers], -1 unplaced */
    int32_t *region;
    int64_t (*spans)[2];      /* scratch of one placement */
    int64_t bound;
    uint64_t visits, limit;
    int64_t best;             /* key of the best plan, see th_plan_key */
    int64_t *best_offset;
    int32_t *best_region;
    uint64_t rng;
};
/* Puts x as low as it goes among what is placed, into the first region that still holds it, else
 * the one least over; returns its end. */
int64_t th_plan_put(struct th_plan_search *s, uint32_t x);
/* Bytes used over all regions (size[r] each); a plan that bursts a region has the key
 * TH_PLAN_OVERFULL plus the excess. */
#define TH_PLAN_OVERFULL (INT64_MAX / 4)
int64_t th_plan_key(const struct th_plan_search *s, int64_t *size);
/* Places all movable buffers in this order at the lowest place each; returns the key. Stops early
 * (INT64_MAX) when it cannot beat `cutoff`. */
int64_t th_plan_run(struct th_plan_search *s, const uint32_t *order, int64_t cutoff);
void th_plan_keep(struct th_plan_search *s, int64_t key);
/* True when no plan can be smaller than the best so far. Of one region only. */
bool th_plan_prove(struct th_plan_search *s, struct th_arena *arena);
/* Tries everything; true when it came to its end within the effort. */
bool th_plan_exhaust(struct th_plan_search *s, struct th_arena *arena);
/* Improves by moving what carries the peak; stops at the bound or at the end of the effort. */
enum th_status th_plan_improve(struct th_plan_search *s, const uint32_t *start,
                               struct th_arena *arena);

/* Decides pairs until a plan of the bound's size is found, or none smaller than the best can be;
 * within an effort of its own. Of one region only. */
enum th_plan_verdict { TH_PLAN_FOUND, TH_PLAN_NONE, TH_PLAN_OPEN };
enum th_status th_plan_decide(struct th_plan_search *s, struct th_arena *arena, bool *proved);

#endif
