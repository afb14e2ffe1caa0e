/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases of the conformance test: one operator on random operands, written as one line.
 *
 * op[/contract] OPERAND... > RESULT... ; attr=value ...
 * OPERAND  [#]dtype[dims][*scale][+zero][@lo..hi]   '#': a constant; '-': absent
 * RESULT   '_' (inferred) or dtype[*scale][+zero]
 */
#ifndef TESTS_OPS_CASE_H
#define TESTS_OPS_CASE_H

#include <thimble/thimble.h>

#define CASE_MAX 26

struct op_case {
    struct th_graph *graph;
    th_node node;
    struct th_tensor *in[CASE_MAX];        /* NULL: absent */
    uint32_t n_in;
};

/* Reads the line into a new function of p; false after a complaint. */
bool case_read(struct th_program *p, struct th_arena *a, const char *line, int number,
               struct op_case *out);

#endif
