/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/ways_out.h"

#include <inttypes.h>
#include <string.h>

#include "ir/ctx.h"
#include "ir/notes.h"

#define CODE_RAM 4007

static const struct way {
    const char *option, *value, *shown;
    bool joins;          /* not tried alone, but with one that is refused without it */
} ways[] = {
    {"objective", "ram", "-O ram", false},
    {"io", "quantized", "--io quantized", false},
    {"feed", "rows", "--feed rows", false},
    {"input-layout", "channels-last", "--input-layout channels-last", true},
};
#define JOINS (1u << 3)

/* What is tried may fail: that is no news, unless it failed for another reason than its size. */
static void hear_reason(void *user, const struct th_message *m)
{
    struct th_str *reason = user;
    if (reason && !reason->len && m->severity == TH_SEV_ERROR && m->code && m->code != CODE_RAM)
        th_str_add(reason, m->text);
}

/* Ways of which only the flash was too small. */
struct over {
    unsigned chosen;
    int64_t arena, flash;
};

static bool has_limit(const struct th_target *t)
{
    for (uint32_t i = 0; t && i < t->n_regions; i++)
        if (t->regions[i].use & TH_REGION_USE_RAM && t->regions[i].bytes)
            return true;
    return false;
}

/* The arena with these ways (bits) taken; 0: it does not fit, or a way is taken already. *over:
 * those with the least flash that fit but for it. */
static int64_t arena_with(const struct th_compiled *c, unsigned chosen, struct over *over)
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
    if (!over->chosen || flash < over->flash)
        *over = (struct over){chosen, bytes, flash};
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

static void say_over(const struct th_compiled *c, const struct over *over, const char *where,
                     uint64_t flash)
{
    struct th_str s;
    th_str_init(&s);
    name_ways(&s, over->chosen);
    th_note(c->ctx, NULL, "with %s the arena takes %" PRId64 " bytes, but constants and code need "
            "up to %" PRId64 " bytes of flash, region '%s' has %" PRIu64, s.s, over->arena,
            over->flash, where, flash);
    th_help(c->ctx, CODE_RAM, "add --weights bin if constants are to lie elsewhere, or --flash %"
            PRId64 "k if the device has it", (over->flash + 1023) / 1024);
    th_str_release(&s);
}

void th_say_ways_out(const struct th_compiled *c)
{
    struct th_ctx *ctx = c->ctx;
    struct th_str s, tried, reason, second;
    const char *where;
    const uint64_t flash = th_compile_flash(c, &where);
    struct over over = {0};
    unsigned open = 0;
    th_sink_fn *const sink = ctx->sink;
    void *const user = ctx->sink_user;
    if (!has_limit(c->target))
        return;
    th_str_init(&s);
    th_str_init(&tried);
    th_str_init(&reason);
    th_str_init(&second);
    if (c->options->calibs.n)
        th_note(ctx, NULL, "looking for options with which it fits; each is quantized for anew "
                "(--stop-after=quantize -o FILE.xml keeps the quantized network)");
    for (size_t i = 0; i < TH_ARRAY_LEN(ways); i++) {
        const char *given = th_options_global((void *)(uintptr_t)c->options, ways[i].option);
        if (ways[i].joins || !given || !strcmp(given, ways[i].value) ||
            !strcmp(given, "frames"))
            continue;
        unsigned chosen = 1u << i;
        th_str_clear(&reason);
        th_ctx_set_sink(ctx, hear_reason, &reason);
        int64_t bytes = arena_with(c, chosen, &over);
        if (reason.len) {
            th_ctx_set_sink(ctx, hear_reason, &second);
            th_str_clear(&second);
            chosen |= JOINS;
            bytes = arena_with(c, chosen, &over);
        }
        th_ctx_set_sink(ctx, sink, user);
        if (reason.len && (second.len || !bytes)) {
            th_note(ctx, NULL, "no way out: %s", reason.s);
            continue;
        }
        open |= chosen;
        th_str_add(&tried, tried.len ? ", " : "");
        name_ways(&tried, chosen);
        if (bytes)
            add_way(&s, chosen, bytes);
    }
    /* several together, when none alone is enough */
    th_ctx_set_sink(ctx, hear_reason, NULL);
    const int64_t all = !s.len && open & (open - 1) ? arena_with(c, open, &over) : 0;
    if (all)
        add_way(&s, open, all);
    th_ctx_set_sink(ctx, sink, user);
    if (s.len)
        th_help(ctx, CODE_RAM, "%s", s.s);
    else if (over.chosen)
        say_over(c, &over, where, flash);
    else if (tried.len)
        th_note(ctx, NULL, "tried: it does not fit with %s either", tried.s);
    th_str_release(&s);
    th_str_release(&tried);
    th_str_release(&reason);
    th_str_release(&second);
}

/* Bytes of constants that are floats, of those that are used. */
static int64_t float_constants(const struct th_program *p)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < th_program_function_count(p); i++) {
        const struct th_graph *g = th_program_function(p, i);
        for (th_value v = 1; v < th_graph_value_limit(g); v++)
            if (th_value_is_const(g, v) && th_value_use_count(g, v) &&
                th_value_type(g, v)->dtype == TH_DT_F32)
                sum += th_type_size(th_value_type(g, v));
    }
    return sum;
}

void th_say_flash_way_out(const struct th_compiled *c, int64_t flash)
{
    struct th_options o = *c->options;
    int64_t arena = 0, bytes = 0;
    th_sink_fn *const sink = c->ctx->sink;
    void *const user = c->ctx->sink_user;
    const int64_t floats = float_constants(c->program);
    if (floats > flash / 4 && !o.calibs.n)
        th_help(c->ctx, CODE_RAM, "its constants are floats, %" PRId64 " bytes of them: --calib "
                "SAMPLES makes integers of a quarter of that size", floats);
    if (o.objective == TH_OPT_SIZE)
        return;
    th_ctx_set_sink(c->ctx, hear_reason, NULL);
    o.verbosity = 0;
    const bool fits = th_options_take(&o, "objective", "size") &&
                      th_compile_again(c, &o, &arena, &bytes) == TH_OK && bytes <= flash;
    th_ctx_set_sink(c->ctx, sink, user);
    if (fits)
        th_help(c->ctx, CODE_RAM, "it fits with -O size: at most %" PRId64 " bytes of flash, %"
                PRId64 " of arena", bytes, arena);
}
