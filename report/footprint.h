/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much flash the emitted code takes at most, and how much stack: the kernels' figures and what
 * stands around their calls. All of it is measured for the target's core, compiled with -O2 by the
 * first compiler of its description; functions of the C library are not in it.
 */
#ifndef REPORT_FOOTPRINT_H
#define REPORT_FOOTPRINT_H

#include <thimble/thimble.h>

struct th_footprint {
    int64_t code;                /* with constants that are not the model's */
    int64_t stack;               /* from an entry point on */
    uint32_t kernels, unmeasured;
};
/* Of a packed program; code 0 where kernels are not chosen yet. */
TH_API enum th_status th_footprint_collect(const struct th_program *p, const struct th_target *t,
                                           struct th_arena *arena, struct th_footprint *out);

#endif
