/* SPDX-License-Identifier: 0BSD */
/* A hand-written model in the form of an emitted one, with faults on demand. */
#ifndef TOY_H
#define TOY_H

#include <stddef.h>
#include <stdint.h>

#define TOY_INPUT_COUNT 2
#define TOY_INPUT_0_BYTES 20
#define TOY_INPUT_1_BYTES 3
#define TOY_OUTPUT_COUNT 2
#define TOY_OUTPUT_0_BYTES 8
#define TOY_OUTPUT_1_BYTES 3
#define TOY_STATE_BYTES 8
#define TOY_TRANSIENT_BYTES 43
#define TOY_ARENA_BYTES 51
#define TOY_WEIGHTS_BYTES 1000

/* The words of input 0. */
enum toy_word { TOY_LOOPS, TOY_STACK, TOY_POKE, TOY_FAULT, TOY_STATUS };
enum toy_poke { TOY_POKE_NONE, TOY_POKE_BEFORE, TOY_POKE_AFTER, TOY_POKE_LAST };
enum toy_fault { TOY_FAULT_NONE, TOY_FAULT_MEMORY, TOY_FAULT_UNALIGNED };

extern const unsigned char toy_weights[TOY_WEIGHTS_BYTES];

struct toy {
    unsigned char *arena;
};

int toy_init(struct toy *ctx, void *arena, size_t arena_bytes);
int toy_init_regions(struct toy *ctx, void *const mem[], const size_t bytes[], size_t n);
int toy_reset(struct toy *ctx);
int toy_invoke(struct toy *ctx);
int toy_invoke_peek(struct toy *ctx);
void *toy_input(struct toy *ctx, int i);
const void *toy_output(const struct toy *ctx, int i);
const void *toy_peek_output(const struct toy *ctx, int i);

#endif
