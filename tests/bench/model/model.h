/* SPDX-License-Identifier: 0BSD */
/* A hand-written model that copies its input, in the form of an emitted one. */
#ifndef MODEL_H
#define MODEL_H

#include <stddef.h>
#include <stdint.h>

#define MODEL_INPUT_COUNT 1
#define MODEL_INPUT_0_BYTES 6
#define MODEL_OUTPUT_COUNT 1
#define MODEL_OUTPUT_0_BYTES 6
#define MODEL_STATE_BYTES 0
#define MODEL_TRANSIENT_BYTES 12
#define MODEL_ARENA_BYTES 12

struct model {
    int8_t *arena;
};

int model_init(struct model *ctx, void *arena, size_t arena_bytes);
int model_reset(struct model *ctx);
int model_invoke(struct model *ctx);
void *model_input(struct model *ctx, int i);
const void *model_output(const struct model *ctx, int i);

#endif
