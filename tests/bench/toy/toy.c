/* SPDX-License-Identifier: 0BSD */
#include "toy.h"

#include <string.h>

#ifndef TOY_STEP_HOOK
#define TOY_STEP_HOOK(i) ((void)0)
#endif

/* State: calls so far, twice. Transient: input 0, input 1, then output 0, output 1. */
#define AT_INPUT_0 8
#define AT_INPUT_1 28
#define AT_OUTPUT_0 32
#define AT_OUTPUT_1 40

const unsigned char toy_weights[TOY_WEIGHTS_BYTES] = { 1 };
static const uint32_t initial_state[2] = { 0, 0 };

/* Three instructions a turn on every target. */
static void turn(uint32_t n)
{
    if (n == 0)
        return;
#if defined(__thumb__)
    __asm__ volatile(".syntax unified\n .balign 4\n1: nop\n subs %0, #1\n bne 1b"
                     : "+l"(n) : : "cc");
#elif defined(__riscv)
    __asm__ volatile("1: nop\n addi %0, %0, -1\n bnez %0, 1b" : "+r"(n));
#elif defined(__x86_64__)
    __asm__ volatile("1: nop\n decl %0\n jne 1b" : "+r"(n) : : "cc");
#else
    while (n--)
        __asm__ volatile("");
#endif
}

static __attribute__((noinline)) uint32_t deep(uint32_t words)
{
    volatile uint32_t room[16];
    uint32_t i, sum = 0;

    for (i = 0; i < 16; i++)
        room[i] = words + i;
    if (words > 16)
        sum = deep(words - 16);
    for (i = 0; i < 16; i++)
        sum += room[i];
    return sum;
}

int toy_init(struct toy *ctx, void *arena, size_t arena_bytes)
{
    if (arena_bytes < TOY_ARENA_BYTES)
        return -3;
    ctx->arena = arena;
    return toy_reset(ctx);
}

/* Region 0 of this toy is only there to be given. */
int toy_init_regions(struct toy *ctx, void *const mem[], const size_t bytes[], size_t n)
{
    if (n != 2 || bytes[0] < 24)
        return -3;
    return toy_init(ctx, mem[1], bytes[1]);
}

int toy_reset(struct toy *ctx)
{
    memcpy(ctx->arena, initial_state, sizeof initial_state);
    return 0;
}

int toy_invoke_peek(struct toy *ctx)
{
    memcpy(ctx->arena + AT_OUTPUT_0, ctx->arena, 4);
    return 0;
}

int toy_invoke(struct toy *ctx)
{
    uint32_t in[5], state[2], result[2];
    unsigned char *arena = ctx->arena;

    TOY_STEP_HOOK(0);
    memcpy(in, arena + AT_INPUT_0, sizeof in);
    memcpy(state, arena, sizeof state);
    turn(in[TOY_LOOPS]);
    TOY_STEP_HOOK(1);
    if (in[TOY_STACK])
        state[1] += deep(in[TOY_STACK]) & 1u;
    if (in[TOY_POKE] == TOY_POKE_BEFORE)
        arena[-1] = 1;
    if (in[TOY_POKE] == TOY_POKE_AFTER)
        arena[TOY_ARENA_BYTES] = 1;
    if (in[TOY_POKE] == TOY_POKE_LAST)
        arena[TOY_ARENA_BYTES - 1] = 1;
    if (in[TOY_FAULT] == TOY_FAULT_MEMORY)
        *(volatile uint32_t *)(uintptr_t)0xFFFF0000u = 1;
    if (in[TOY_FAULT] == TOY_FAULT_UNALIGNED)
        *(volatile uint32_t *)(uintptr_t)(arena + AT_INPUT_0 + 1) = 1;
    state[0]++;
    result[0] = in[TOY_LOOPS] * 3u;
    result[1] = state[0] - toy_weights[state[0] % (TOY_WEIGHTS_BYTES - 1) + 1];
    memcpy(arena, state, sizeof state);
    memcpy(arena + AT_OUTPUT_0, result, sizeof result);
    arena[AT_OUTPUT_1] = (unsigned char)(arena[AT_INPUT_1] + 1);
    arena[AT_OUTPUT_1 + 1] = (unsigned char)(arena[AT_INPUT_1 + 1] + 1);
    arena[AT_OUTPUT_1 + 2] = (unsigned char)(arena[AT_INPUT_1 + 2] + 1);
    return (int)in[TOY_STATUS];
}

void *toy_input(struct toy *ctx, int i)
{
    return ctx->arena + (i == 0 ? AT_INPUT_0 : AT_INPUT_1);
}

const void *toy_output(const struct toy *ctx, int i)
{
    return ctx->arena + (i == 0 ? AT_OUTPUT_0 : AT_OUTPUT_1);
}

const void *toy_peek_output(const struct toy *ctx, int i)
{
    return ctx->arena + AT_OUTPUT_0 + 4 * i;
}
