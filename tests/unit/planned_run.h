/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a planned program inside byte arrays at the planned places, as emitted code would. */
#ifndef TH_TESTS_UNIT_PLANNED_RUN_H
#define TH_TESTS_UNIT_PLANNED_RUN_H

#include "ir/notes.h"

#include <thimble/thimble.h>

struct planned {
    struct th_program *program;
    unsigned char *region[16];
    bool failed;
};
/* Memory is junk but for the state variables, which get their initial values. */
bool planned_open(struct planned *p, struct th_program *program);
void planned_close(struct planned *p);
/* Junk into all transient memory, then the inputs, then every node. out[i]: a copy in `a`. */
bool planned_invoke(struct planned *p, struct th_graph *f, const struct th_tensor *const *in,
                    struct th_arena *a, struct th_tensor **out);

#endif
