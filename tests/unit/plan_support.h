/* SPDX-License-Identifier: Apache-2.0 */
/* A backend of empty kernels with all kinds of write orders, programs to plan, and the passes. */
#ifndef TH_TESTS_UNIT_PLAN_SUPPORT_H
#define TH_TESTS_UNIT_PLAN_SUPPORT_H

#include "ir/notes.h"
#include "passes/pass_ctx.h"

#include <thimble/thimble.h>

struct lab {
    struct th_ctx *ctx;
    struct th_program *program;
    struct th_graph *g;          /* function "run" */
    struct th_mem_region ram[3];
    struct th_target target;
    struct th_str messages;      /* all that was reported */
    struct th_str remarks;
    uint64_t rng;
    enum th_objective objective;
    const char *force;           /* global option, or NULL */
    bool feed;                   /* rows of the input are pushed */
    bool caller_io;              /* inputs and outputs in the caller's memory */
};
void lab_open(struct lab *l);
void lab_close(struct lab *l);
/* Runs these passes (--passes text). */
enum th_status lab_run(struct lab *l, const char *passes);
#define LAB_PLAN "select-kernels,pack,in-place,schedule,memory-plan"
/* Runs check-plan alone on the notes as they are. */
enum th_status lab_check(struct lab *l);

th_value lab_input(struct lab *l, struct th_graph *g, const char *name, int64_t h, int64_t w,
                   int64_t c);
/* f32 constant of a shape, counting up. */
th_value lab_const(struct th_graph *g, int32_t rank, const int64_t *dims);
/* A node with one output, inferred; attrs may be NULL. */
th_value lab_node(struct th_graph *g, const char *op, uint32_t n_in, const th_value *in,
                  uint32_t n_attrs, const struct th_attr *attrs);
th_value lab_unary(struct th_graph *g, const char *op, th_value x);
th_value lab_add(struct th_graph *g, th_value a, th_value b);
th_value lab_conv(struct th_graph *g, th_value x, int64_t channels, int64_t kernel,
                  int64_t stride);
th_value lab_concat(struct th_graph *g, th_value a, th_value b, int64_t axis);
th_value lab_slice(struct th_graph *g, th_value x, const int64_t *begin, const int64_t *size);
th_value lab_reshape(struct th_graph *g, th_value x, int32_t rank, const int64_t *dims);
th_state lab_state(struct lab *l, const char *name, int64_t h, int64_t w, int64_t c);
th_value lab_read(struct th_graph *g, th_state s);
void lab_write(struct th_graph *g, th_state s, th_value v);
uint32_t lab_random(struct lab *l, uint32_t n);
int64_t lab_transient(const struct lab *l);

#endif
