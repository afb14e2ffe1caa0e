/* SPDX-License-Identifier: 0BSD */
#include "bench.h"
#include "toy.h"

static struct toy ctx;
THB_REGION(region_0, TOY_ARENA_BYTES);

static int init(void)
{
    return toy_init(&ctx, THB_REGION_BASE(region_0), TOY_ARENA_BYTES);
}

static int reset(void)
{
    return toy_reset(&ctx);
}

static int run(void)
{
    return toy_invoke(&ctx);
}

static int peek(void)
{
    return toy_invoke_peek(&ctx);
}

static void *input(int i)
{
    return toy_input(&ctx, i);
}

static const void *output(int i)
{
    return toy_output(&ctx, i);
}

static const void *peek_output(int i)
{
    return toy_output(&ctx, i + 1);
}

static const size_t input_bytes[] = { TOY_INPUT_0_BYTES, TOY_INPUT_1_BYTES };
static const size_t output_bytes[] = { TOY_OUTPUT_0_BYTES, TOY_OUTPUT_1_BYTES };
static const struct thb_region regions[] = { { region_0, TOY_ARENA_BYTES, TOY_STATE_BYTES } };
static const struct thb_entry entries[] = {
    { "run", run, input, output, 2, 2, input_bytes, output_bytes },
    { "peek", peek, input, peek_output, 0, 1, 0, output_bytes + 1 },
};
const struct thb_model thb_model = { "toy", init, reset, 1, 2, regions, entries };
