/* SPDX-License-Identifier: Apache-2.0 */
/* Finding passes by name: the built-in ones of the generated passes.def, then those of plugins. */
#include "ir/ctx.h"

#include <string.h>

#define TH_PASS(name) extern const struct th_pass th_pass_##name;
#include "passes/passes.def"
#undef TH_PASS

static const struct th_pass *const builtin[] = {
#define TH_PASS(name) &th_pass_##name,
#include "passes/passes.def"
#undef TH_PASS
    NULL
};
#define N_BUILTIN ((uint32_t)TH_ARRAY_LEN(builtin) - 1)

uint32_t th_pass_count(const struct th_ctx *ctx)
{
    return N_BUILTIN + ctx->reg.passes.n;
}

const struct th_pass *th_pass_at(const struct th_ctx *ctx, uint32_t i)
{
    const uint32_t own = N_BUILTIN;
    if (i < own)
        return builtin[i];
    i -= own;
    return i < ctx->reg.passes.n ? ((const struct th_placed_pass *)ctx->reg.passes.at[i])->pass
                                 : NULL;
}

const struct th_pass *th_pass_find(const struct th_ctx *ctx, const char *name)
{
    for (uint32_t i = 0; i < th_pass_count(ctx); i++)
        if (!strcmp(th_pass_at(ctx, i)->name, name))
            return th_pass_at(ctx, i);
    return NULL;
}
