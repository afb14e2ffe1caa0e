/* SPDX-License-Identifier: Apache-2.0 */
/* What kernels take, from the figures that backends bring along. */
#include <string.h>

#include "ir/ctx.h"

#define MAX_CHAIN 16

static bool lists(const char *cores, const char *core)
{
    const size_t n = strlen(core);
    for (const char *p = cores; (p = strstr(p, core)) != NULL; p += n)
        if ((p == cores || p[-1] == ' ') && (!p[n] || p[n] == ' '))
            return true;
    return false;
}

static const int32_t *figures_of(const struct th_kernel_sizes *s, const char *symbol)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct th_kernel_size *k = (const void *)((const char *)s->rows + i * s->row_size);
        if (!strcmp(k->symbol, symbol))
            return k->figures;
    }
    return NULL;
}

/* Of the target's core, or the most of all when that is not listed. */
static bool take(const struct th_kernel_sizes *s, const int32_t *figures,
                 const struct th_target *t, int64_t *code, int64_t *stack)
{
    int64_t most[2] = {0, 0};
    for (size_t i = 0; s->cores[i]; i++, figures += 2) {
        const bool own = t && t->core && lists(s->cores[i], t->core);
        for (int k = 0; k < 2; k++)
            most[k] = own || figures[k] > most[k] ? figures[k] : most[k];
        if (own)
            break;
    }
    if (most[0] <= 0 && most[1] <= 0)
        return false;
    *code = most[0];
    *stack = most[1];
    return true;
}

bool th_kernel_measured(const struct th_ctx *ctx, const struct th_backend *b, const char *symbol,
                        const struct th_target *t, int64_t *code, int64_t *stack)
{
    for (uint32_t depth = 0; b && depth < MAX_CHAIN; depth++) {
        for (uint32_t i = 0; i < ctx->reg.kernel_sizes.n; i++) {
            const struct th_kernel_sizes *s = ctx->reg.kernel_sizes.at[i];
            const int32_t *figures = strcmp(s->backend, b->name) ? NULL : figures_of(s, symbol);
            if (figures)
                return take(s, figures, t, code, stack);
        }
        b = b->base ? th_backend_find(ctx, b->base) : NULL;
    }
    return false;
}
