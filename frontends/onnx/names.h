/* SPDX-License-Identifier: Apache-2.0 */
/* A map from names to anything, in an arena. Names are borrowed. */
#ifndef ONX_NAMES_H
#define ONX_NAMES_H

#include <thimble/base.h>

struct onx_names {
    struct th_arena *arena;
    struct onx_name *slots;
    size_t cap, n;
};
void onx_names_init(struct onx_names *m, struct th_arena *arena);
void *onx_names_get(const struct onx_names *m, const char *name);
/* Replaces what was there; false when memory is exhausted. */
bool onx_names_set(struct onx_names *m, const char *name, void *value);
/* Entry i of 0..cap-1: its value, or NULL for an empty slot. */
void *onx_names_at(const struct onx_names *m, size_t i);

#endif
