/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a group symbolically, as plan/fuse.h says groups run, in buffers of exactly the planned
 * sizes, and looks at every pixel read whether it is the one wanted. */
#ifndef TH_TESTS_UNIT_FUSE_RUN_H
#define TH_TESTS_UNIT_FUSE_RUN_H

#include "plan/fuse.h"

struct fuse_run {
    const char *what;        /* what went wrong first; NULL: nothing */
    uint32_t tensor;
    int64_t *pixels;         /* [n_nodes] computed */
};
void fuse_execute(const struct th_fuse_net *net, const struct th_fuse_options *o,
                  const struct th_fuse_group *g, struct th_arena *arena, struct fuse_run *out);
#endif
