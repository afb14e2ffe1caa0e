/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of ir/planned*.c. */
#ifndef IR_PLANNED_RUN_H
#define IR_PLANNED_RUN_H

#include "ir/planned.h"

#include <thimble/thimble.h>

struct th_planned {
    struct th_program *program;
    unsigned char **region;        /* first byte; guards on both sides */
    uint32_t n_regions;
    bool failed;
    const unsigned char *pushed;   /* the input whose rows the application pushes */
};

size_t th_planned_bytes(const struct th_graph *g, th_value v);
/* Reports a problem of node n once and remembers it. */
void th_planned_wrong(struct th_planned *r, const struct th_graph *g, th_node n, const char *fmt,
                      ...) TH_PRINTF(4, 5);
/* Memory at a place of so many bytes; a place outside is reported and answered by NULL. */
unsigned char *th_planned_at(struct th_planned *r, const struct th_graph *g, th_node n,
                             struct th_place at, int64_t bytes);
/* A constant's data, or the bytes at a value's place. */
const unsigned char *th_planned_read(struct th_planned *r, const struct th_graph *g, th_node n,
                                     th_value v);
void th_planned_junk(struct th_planned *r, const struct th_graph *g, th_node n);
/* Evaluates a node on tensors. */
enum th_status th_planned_eval(const struct th_graph *g, th_node n, struct th_arena *arena,
                               const struct th_tensor *const *in, struct th_tensor **out);

/* ir/planned_tile.c */
enum th_status th_planned_tiles(struct th_planned *r, struct th_graph *g, th_node n);

#endif
