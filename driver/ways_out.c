/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/ways_out.h"

#include <inttypes.h>
#include <string.h>

#include "ir/ctx.h"
#include "ir/notes.h"

#define CODE_RAM 4007

static const struct way {
    const char *option, *value, *shown;
} ways[] = {
    {"objective", "ram", "-O ram"},
    {"io", "quantized", "--io quantized"},
    {"feed", "rows", "--feed rows"},
};

/* What is tried may fail: that is no news. */
static void hear_nothing(void *user, const struct th_message *m)
{
    (void)user;
    (void)m;
}

static bool has_limit(const struct th_target *t)
{
    for (uint32_t i = 0; t && i < t->n_regions; i++)
        if (t->regions[i].use & TH_REGION_USE_RAM && t->regions[i].bytes)
            return true;
    return false;
}

/* The arena with these ways (bits) taken; 0: it does not fit, or a way is taken already. *over: the
 * least flash of those that fit but for it. */
static int64_t arena_with(const struct th_compiled *c, unsigned chosen, int64_t *over)
{
    const char *where;
    struct th_options o = *c->options;
    int64_t bytes = 0, flash;
    o.verbosity = 0;
    for (size_t i = 0; i < TH_ARRAY_LEN(ways); i++)
        if (chosen >> i & 1 && !th_options_take(&o, ways[i].option, ways[i].value))
            return 0;
    if (th_compile_again(c, &o, &bytes, &flash) != TH_OK)
        return 0;
    if (!th_compile_flash(c, &where) || (uint64_t)flash <= th_compile_flash(c, &where))
        return bytes;
    if (!*over || flash < *over)
        *over = flash;
    return 0;
}

static void name_ways(struct th_str *s, unsigned chosen)
{
    for (size_t i = 0, n = 0; i < TH_ARRAY_LEN(ways); i++)
        if (chosen >> i & 1)
            th_str_addf(s, "%s%s", n++ ? " " : "", ways[i].shown);
}

static void add_way(struct th_str *s, unsigned chosen, int64_t bytes)
{
    th_str_add(s, s->len ? ", or with " : "it fits with ");
    name_ways(s, chosen);
    th_str_addf(s, ": %" PRId64 " bytes of arena", bytes);
}

void th_say_ways_out(const struct th_compiled *c)
{
    struct th_ctx *ctx = c->ctx;
    struct th_str s, tried;
    const char *where;
    const uint64_t flash = th_compile_flash(c, &where);
    int64_t over = 0;
    unsigned open = 0;
    th_sink_fn *const sink = ctx->sink;
    void *const user = ctx->sink_user;
    if (!has_limit(c->target))
        return;
    th_str_init(&s);
    th_str_init(&tried);
    th_ctx_set_sink(ctx, hear_nothing, NULL);
    for (size_t i = 0; i < TH_ARRAY_LEN(ways); i++) {
        const char *given = th_options_global((void *)(uintptr_t)c->options, ways[i].option);
        if (!given || !strcmp(given, ways[i].value) || !strcmp(given, "frames"))
            continue;
        const int64_t bytes = arena_with(c, 1u << i, &over);
        open |= 1u << i;
        th_str_addf(&tried, "%s%s", tried.len ? ", " : "", ways[i].shown);
        if (bytes)
            add_way(&s, 1u << i, bytes);
    }
    /* several together, when none alone is enough */
    const int64_t all = !s.len && open & (open - 1) ? arena_with(c, open, &over) : 0;
    if (all)
        add_way(&s, open, all);
    th_ctx_set_sink(ctx, sink, user);
    if (s.len)
        th_help(ctx, CODE_RAM, "%s", s.s);
    else if (over)
        th_note(ctx, NULL, "other options make the arena fit, but constants and code need up to "
                "%" PRId64 " bytes of flash, region '%s' has %" PRIu64, over, where, flash);
    else if (tried.len)
        th_note(ctx, NULL, "tried: it does not fit with %s either", tried.s);
    th_str_release(&s);
    th_str_release(&tried);
}

void th_say_flash_way_out(const struct th_compiled *c, int64_t flash)
{
    struct th_options o = *c->options;
    int64_t arena = 0, bytes = 0;
    th_sink_fn *const sink = c->ctx->sink;
    void *const user = c->ctx->sink_user;
    if (o.objective == TH_OPT_SIZE)
        return;
    th_ctx_set_sink(c->ctx, hear_nothing, NULL);
    o.verbosity = 0;
    const bool fits = th_options_take(&o, "objective", "size") &&
                      th_compile_again(c, &o, &arena, &bytes) == TH_OK && bytes <= flash;
    th_ctx_set_sink(c->ctx, sink, user);
    if (fits)
        th_help(c->ctx, 4007, "it fits with -O size: at most %" PRId64 " bytes of flash, %" PRId64
                " of arena", bytes, arena);
}
