/* SPDX-License-Identifier: 0BSD */
#include "model.h"

#include <string.h>

int model_init(struct model *ctx, void *arena, size_t arena_bytes)
{
    ctx->arena = arena;
    return arena_bytes < MODEL_ARENA_BYTES ? -3 : 0;
}

int model_reset(struct model *ctx)
{
    (void)ctx;
    return 0;
}

int model_invoke(struct model *ctx)
{
    memcpy(ctx->arena + 6, ctx->arena, 6);
    return 0;
}

void *model_input(struct model *ctx, int i)
{
    (void)i;
    return ctx->arena;
}

const void *model_output(const struct model *ctx, int i)
{
    (void)i;
    return ctx->arena + 6;
}
