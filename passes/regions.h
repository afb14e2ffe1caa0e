/* SPDX-License-Identifier: Apache-2.0 */
/* RAM regions of the target. Private to passes/. */
#ifndef TH_PASSES_REGIONS_H
#define TH_PASSES_REGIONS_H

#include "ir/notes.h"

#include <thimble/thimble.h>

#define TH_RAM_MAX 16

struct th_ram_region {
    const char *name;
    int64_t bytes;           /* 0: unlimited */
};
struct th_ram {
    const struct th_ram_region *list;   /* fastest first */
    uint32_t n;              /* >= 1 */
};
enum th_status th_ram_find(struct th_pass_ctx *pc, struct th_ram *out);
/* The first region that holds `bytes` alone, or NULL. */
const struct th_ram_region *th_ram_holding(const struct th_ram *ram, int64_t bytes);
/* Capacities left after the state took its part of the first region with room; false: none. */
bool th_ram_caps(const struct th_ram *ram, int64_t state, int64_t *caps, uint32_t *holds_state);
/* Says what does not fit, where the peak is, and a way out. Returns TH_ERR_TARGET. */
enum th_status th_ram_refuse(struct th_pass_ctx *pc, const struct th_ram *ram, int64_t need,
                             const struct th_plan_totals *t);

#endif
