/* SPDX-License-Identifier: 0BSD */
/* A hand-written model that copies its input, in the form of an emitted one. */
#ifndef ECHO_H
#define ECHO_H

#include <stddef.h>
#include <stdint.h>

#define ECHO_INPUT_COUNT 1
#define ECHO_INPUT_0_BYTES 6
#define ECHO_OUTPUT_COUNT 1
#define ECHO_OUTPUT_0_BYTES 6
#define ECHO_STATE_BYTES 0
#define ECHO_TRANSIENT_BYTES 12
#define ECHO_ARENA_BYTES 12

struct echo {
    int8_t *arena;
};

int echo_init(struct echo *ctx, void *arena, size_t arena_bytes);
int echo_reset(struct echo *ctx);
int echo_invoke(struct echo *ctx);
void *echo_input(struct echo *ctx, int i);
const void *echo_output(const struct echo *ctx, int i);

#endif
