/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that several arenas share: what is read from an untrusted file. */
#ifndef IR_BASE_BUDGET_H
#define IR_BASE_BUDGET_H

#include <thimble/base.h>

struct th_budget {
    size_t left;     /* sinks with every block an arena takes, rises when it gives one back */
    bool refused;    /* an allocation found too little left */
};

/* An empty arena that takes its blocks from the budget, or NULL when memory is exhausted. */
struct th_arena *th_arena_within(struct th_budget *b);
/* Takes from the budget, which may be NULL; false: too little is left. */
bool th_budget_take(struct th_budget *b, size_t bytes);
/* What the arena has, and what it will take, is its own from now on. */
void th_arena_leave_budget(struct th_arena *a);

#endif
