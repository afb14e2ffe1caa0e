/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ctx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <thimble/thimble.h>

#include "config.h"

bool th_list_add(struct th_list *l, const void *p)
{
    if (l->n == l->cap) {
        const uint32_t cap = l->cap ? l->cap * 2 : 32;
        const void **at = realloc(l->at, cap * sizeof *at);
        if (!at)
            return false;
        l->at = at;
        l->cap = cap;
    }
    l->at[l->n++] = p;
    return true;
}

void th_list_release(struct th_list *l)
{
    free(l->at);
    *l = (struct th_list){0};
}

static void stderr_sink(void *user, const struct th_message *msg)
{
    (void)user;
    struct th_str s;
    th_str_init(&s);
    th_message_format(msg, &s);
    fputs(s.s, stderr);
    th_str_release(&s);
}

struct th_ctx *th_ctx_new(void)
{
    struct th_ctx *ctx = calloc(1, sizeof *ctx);
    if (!ctx)
        return NULL;
    ctx->arena = th_arena_new(0);
    ctx->sink = stderr_sink;
    pthread_mutex_init(&ctx->report_lock, NULL);
    const struct th_op *const *ops;
    size_t n;
    th_builtin_ops(&ops, &n);
    bool ok = ctx->arena != NULL;
    for (size_t i = 0; ok && i < n; i++)
        ok = th_list_add(&ctx->reg.ops, ops[i]);
    if (!ok) {
        th_ctx_free(ctx);
        return NULL;
    }
    return ctx;
}

void th_registry_release(struct th_registry *r)
{
    struct th_list *lists[] = {&r->ops, &r->passes, &r->frontends, &r->backends, &r->kernel_rows,
                               &r->kernel_sizes, &r->importers, &r->rewrite_rows, &r->contracts,
                               &r->plugins};
    for (size_t i = 0; i < TH_ARRAY_LEN(lists); i++)
        th_list_release(lists[i]);
}

void th_ctx_free(struct th_ctx *ctx)
{
    if (!ctx)
        return;
    th_registry_release(&ctx->reg);
    free(ctx->interned);
    th_arena_free(ctx->arena);
    pthread_mutex_destroy(&ctx->report_lock);
    free(ctx);
}

struct th_budget *th_ctx_budget(struct th_ctx *ctx)
{
    return ctx->reading ? &ctx->budget : NULL;
}

struct th_arena *th_ctx_read_arena(struct th_ctx *ctx)
{
    return th_arena_within(th_ctx_budget(ctx));
}

struct th_arena *th_ctx_arena(struct th_ctx *ctx)
{
    return ctx->arena;
}

int th_ctx_verbosity(const struct th_ctx *ctx)
{
    return ctx->verbosity;
}

const char *th_ctx_contract(const struct th_ctx *ctx)
{
    return ctx->contract ? ctx->contract : "tflite";
}

void th_ctx_set_contract(struct th_ctx *ctx, const char *name)
{
    ctx->contract = name;
}

void th_ctx_set_verbosity(struct th_ctx *ctx, int level)
{
    ctx->verbosity = level;
}

const char *th_version(void)
{
    return PACKAGE_VERSION;
}

static uint32_t hash(const char *s)
{
    uint32_t h = 2166136261u;
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 16777619u;
    return h;
}

static bool grow_interned(struct th_ctx *ctx)
{
    const uint32_t cap = ctx->intern_cap ? ctx->intern_cap * 2 : 256;
    const char **t = calloc(cap, sizeof *t);
    if (!t)
        return false;
    for (uint32_t i = 0; i < ctx->intern_cap; i++) {
        const char *s = ctx->interned[i];
        if (!s)
            continue;
        uint32_t h = hash(s) & (cap - 1);
        while (t[h])
            h = (h + 1) & (cap - 1);
        t[h] = s;
    }
    free(ctx->interned);
    ctx->interned = t;
    ctx->intern_cap = cap;
    return true;
}

const char *th_intern(struct th_ctx *ctx, const char *s)
{
    if (ctx->intern_n * 2 >= ctx->intern_cap && !grow_interned(ctx))
        return NULL;
    uint32_t h = hash(s) & (ctx->intern_cap - 1);
    for (; ctx->interned[h]; h = (h + 1) & (ctx->intern_cap - 1))
        if (!strcmp(ctx->interned[h], s))
            return ctx->interned[h];
    char *copy = th_arena_strdup(ctx->arena, s);
    if (copy) {
        ctx->interned[h] = copy;
        ctx->intern_n++;
    }
    return copy;
}

/* Ops are few; a linear search over names is not on any hot path. */
const struct th_op *th_op_find(const struct th_ctx *ctx, const char *name)
{
    for (uint32_t i = 0; i < ctx->reg.ops.n; i++) {
        const struct th_op *op = ctx->reg.ops.at[i];
        if (!strcmp(op->name, name))
            return op;
    }
    return NULL;
}

uint32_t th_op_count(const struct th_ctx *ctx)
{
    return ctx->reg.ops.n;
}

const struct th_op *th_op_at(const struct th_ctx *ctx, uint32_t i)
{
    return i < ctx->reg.ops.n ? ctx->reg.ops.at[i] : NULL;
}
