/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --feed frames: what a program looks like along time. Private to passes/frames*.
 *
 * A step moves the window of the input on by `hop` frames. A value whose rows depend on the input
 * only through windows along time moves with it, by hop / rate rows: only its last rows are new.
 */
#ifndef TH_PASSES_FRAMES_H
#define TH_PASSES_FRAMES_H

#include "ir/notes.h"
#include "passes/util.h"

/* Row y of the result reads rows [from + y step, from + y step + span) of the operand. */
struct fr_operand {
    bool timed;
    int64_t from, step, span;
};

struct fr_node {
    struct th_inst *inst;        /* as the whole window has it; types are copies */
    struct fr_operand *in;
    bool timed;                  /* reads a value that has a time axis */
    bool uniform;                /* all of its rows are made the same way */
    bool entire;                 /* but it is no such operator on a part of them */
    bool streamed;               /* only new rows are computed */
    bool fed;                    /* all rows of its operands are new: time has ended before it */
    const char *why;             /* it is not streamed though an operand is */
};

struct fr_value {
    struct th_type type;
    int32_t axis;                /* of time, -1: none */
    int64_t rate;                /* frames between two rows */
    bool depends;                /* on the input */
    int64_t lo, hi;              /* rows that the outputs depend on; lo == hi: none */
    bool streamed;
    int64_t fresh, keep;         /* streamed: new rows [hi - fresh, hi); kept ones begin here */
    /* after the rewrite: rows from made_lo (streamed: the new ones); the kept window */
    th_value made, window;
    int64_t made_lo;
};

struct frames {
    struct th_pass_ctx *pc;
    struct th_graph *g;
    struct th_arena *arena;
    int32_t axis;
    int64_t hop, window;         /* frames of a step, of the model's input */
    th_value input;
    struct fr_node *nodes;       /* by id */
    struct fr_value *values;     /* by id */
    uint32_t n_timed, n_streamed;
};

/* Time axes, windows, needed rows, what is streamed and why the rest is not. */
enum th_status th_frames_survey(struct frames *f);
/* Rows [*lo, *hi) of operand i for rows [from, to) of the result; they may reach into padding. */
void th_frames_rows(const struct fr_node *n, uint32_t i, int64_t from, int64_t to, int64_t *lo,
                    int64_t *hi);
/* The rows of its result that a node computes. */
void th_frames_computed(const struct fr_node *n, const struct fr_value *out, int64_t *from,
                        int64_t *to);
/* The node on rows [from, to) of its result alone, with attributes to match; NULL: it is not the
 * same operator then. */
struct th_inst *th_frames_part(const struct frames *f, th_node node, int64_t from, int64_t to);
enum th_status th_frames_rewrite(struct frames *f);

#endif
