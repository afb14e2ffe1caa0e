/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes that shall run together, piece by piece, become the body of a tile loop. Results stay what
 * they were: the same operators compute the same elements from the same operands, only the order of
 * elements changes. Which nodes, in which pieces, is given, or searched for the objective.
 */
#include "passes/patch_split/choose.h"
#include "passes/patch_split/every.h"
#include "passes/patch_split/twice.h"
#include "passes/regions.h"

#include "ir/notes.h"

#include <stdlib.h>

#include <string.h>

/* ---- groups given ---------------------------------------------------------------------------- */
static enum th_status form_all(struct th_pass_ctx *pc, struct th_program *p,
                               const struct th_split_list *list, bool given)
{
    enum th_status s = TH_OK;
    for (uint32_t f = 0; f < th_program_function_count(p); f++) {
        const enum th_status now = th_split_form(pc, th_program_function(p, f), list, f, given);
        s = s == TH_OK ? now : s;
    }
    if (list->n)
        th_pass_changed(pc);
    return s;
}

static enum th_status split_forced(struct th_pass_ctx *pc, struct th_program *p, const char *text)
{
    const uint32_t functions = th_program_function_count(p);
    struct th_split_list list;
    TH_TRY(th_split_parse(pc, text, &list));
    for (uint32_t i = 0; i < list.n; i++)
        if (list.groups[i].function >= functions) {
            th_error(th_pass_ctx(pc), NULL, 4010, "patch-split: no function %u, the program has %u",
                     list.groups[i].function, functions);
            return TH_ERR_USAGE;
        }
    return form_all(pc, p, &list, true);
}

static enum th_status split_every(struct th_pass_ctx *pc, struct th_program *p, const char *text)
{
    struct th_split_list list = {0};
    for (uint32_t f = 0; f < th_program_function_count(p); f++)
        TH_TRY(th_split_every(pc, th_program_function(p, f), f, text, &list));
    return form_all(pc, p, &list, false);
}

/* ---- groups searched ------------------------------------------------------------------------- */
struct searching {
    struct th_pass_ctx *pc;
    struct th_program *program;
    struct th_arena *arena;
    struct th_fuse_options options;
    struct th_split_wish wish;
    struct th_split_list list;      /* of all functions */
    int64_t largest;                /* peak of the function that the front is kept of */
    const char *twice;              /* places of what is computed twice, or NULL */
};
/* What was found for one form of a function. */
struct found {
    struct th_split_net net;
    struct th_fuse_front front;
    uint32_t point;
    bool fits;
    const char *twice;
};

/* What is left in the target's RAM beside state variables; 0: no limit. */
static enum th_status find_room(struct searching *k)
{
    struct th_ram ram;
    int64_t state = 0;
    TH_TRY(th_ram_find(k->pc, &ram));
    for (th_state s = 1; s <= th_program_state_count(k->program); s++)
        state += th_type_size(th_state_type(k->program, s));
    for (uint32_t i = 0; i < ram.n; i++) {
        if (ram.list[i].bytes == 0) {
            k->wish.largest = k->wish.together = 0;
            return TH_OK;
        }
        if (ram.list[i].bytes > k->wish.largest)
            k->wish.largest = ram.list[i].bytes;
        k->wish.together += ram.list[i].bytes;
    }
    k->wish.largest = k->wish.largest > state ? k->wish.largest - state : 1;
    k->wish.together = k->wish.together > state ? k->wish.together - state : 1;
    return TH_OK;
}

static void say_what_blocks(struct searching *k, const struct th_fuse_front *front, uint32_t point)
{
    static const char *const why[] = {
        [TH_FUSE_BY_NOTHING] = "",
        [TH_FUSE_BY_INPUT] = ": inputs lie whole in memory when it starts",
        [TH_FUSE_BY_OUTPUT] = ": outputs lie whole in memory when it ends",
        [TH_FUSE_BY_OPERANDS] = ": an operator that cannot run in pieces wants so much at once",
        [TH_FUSE_BY_GATE] = ": a map is gated by a value that all of it is needed for"};
    th_note(th_pass_ctx(k->pc), NULL, "the smallest way found to run the model in pieces needs "
            "%lld bytes, and no way less than %lld%s", (long long)front->points[point].peak,
            (long long)front->any.bytes, why[front->any.reason]);
}

static enum th_status add_points(struct searching *k, const struct found *f, uint32_t function,
                                 int64_t below, const struct found *chosen,
                                 struct th_front_point *list, uint32_t *n)
{
    for (uint32_t i = 0; i < f->front.n_points; i++) {
        const struct th_fuse_point *p = &f->front.points[i];
        struct th_split_list groups = {0};
        struct th_str s;
        if (p->peak >= below)
            continue;
        if (!th_split_groups(&f->net, p, function, k->arena, &groups))
            return TH_ERR_INTERNAL;
        th_str_init(&s);
        th_split_spell(&groups, f->twice, &s);
        list[(*n)++] = (struct th_front_point){p->peak, p->macs, th_arena_strdup(k->arena, s.s),
                                               f == chosen && i == f->point};
        th_str_release(&s);
    }
    return TH_OK;
}

static int64_t least_peak(const struct th_fuse_front *front)
{
    int64_t least = INT64_MAX;
    for (uint32_t i = 0; i < front->n_points; i++)
        least = front->points[i].peak < least ? front->points[i].peak : least;
    return least;
}

/* Points of the function as it is, then smaller ones of the form that computes maps twice. */
static enum th_status keep_front(struct searching *k, const struct found *once,
                                 const struct found *best, uint32_t function)
{
    uint32_t n = 0;
    struct th_front_point *list =
        TH_NEW_ARRAY(k->arena, struct th_front_point,
                     (size_t)once->front.n_points + best->front.n_points + 1);
    if (!list)
        return TH_ERR_INTERNAL;
    if (once->front.points[0].peak <= k->largest)
        return TH_OK;
    k->largest = once->front.points[0].peak;
    TH_TRY(add_points(k, once, function, INT64_MAX, best, list, &n));
    if (best != once)
        TH_TRY(add_points(k, best, function, least_peak(&once->front), best, list, &n));
    return th_program_set_front(k->program, list, n);
}

/* Computing twice saves nothing where computing once already needs no more than any way must. */
static enum th_status search(struct searching *k, const struct th_fuse_net *net,
                             struct th_fuse_front *front)
{
    struct th_fuse_options once = k->options;
    once.no_recompute = true;
    TH_TRY(th_fuse_search(net, &once, k->arena, front));
    if (k->options.no_recompute || least_peak(front) <= front->any.bytes)
        return TH_OK;
    return th_fuse_search(net, &k->options, k->arena, front);
}

static bool rows_are_pushed(const struct th_pass_ctx *pc)
{
    const char *feed = th_pass_global(pc, "feed");
    return feed && !strcmp(feed, "rows");
}

/* Planes cost many cycles, and would hide points that need a little more memory without them: they
 * are for the least memory, and for what does not fit otherwise. */
static enum th_status search_and_choose(struct searching *k, const struct th_split_net *net,
                                        struct th_fuse_front *front, uint32_t *point, bool *fits)
{
    struct th_split_wish wish = k->wish;
    /* the plan adds alignment and the loops' own places to what the search counts */
    wish.largest -= wish.largest / 100;
    wish.together -= wish.together / 100;
    *fits = true;
    for (int turn = 0; turn < 2; turn++) {
        k->options.planes = turn || wish.objective == TH_OPT_RAM;
        TH_TRY(search(k, &net->net, front));
        if (!front->n_points)
            return TH_OK;
        *point = th_split_choose(net, front, &wish, fits);
        if (*fits || k->options.planes)
            break;
    }
    return TH_OK;
}

static enum th_status find(struct searching *k, struct th_graph *g, struct found *f)
{
    *f = (struct found){.fits = true, .twice = k->twice};
    TH_TRY(th_split_describe(k->pc, g, &f->net));
    if (f->net.n_fusable < 2)
        return TH_OK;
    return search_and_choose(k, &f->net, &f->front, &f->point, &f->fits);
}

static int64_t peak_of(const struct found *f)
{
    return f->front.points[f->point].peak;
}

/* Gated maps one after the other, the largest first, as long as a map may be what decides; the
 * function is left in the best form. */
static enum th_status try_twice(struct searching *k, struct th_graph *g, struct found *best)
{
    struct th_split_twice *list;
    uint32_t n, made = 0, kept = 0;
    const char *all = NULL;
    if (!th_split_find_twice(g, k->arena, &list, &n))
        return TH_ERR_INTERNAL;
    k->options.base_macs = best->front.base_macs;
    for (; made < n && list[made].bytes > peak_of(best) / 2; made++) {
        struct found f;
        all = all ? th_arena_printf(k->arena, "%s+%u", all, list[made].place)
                  : th_arena_printf(k->arena, "%u", list[made].place);
        k->twice = all;
        if (!all)
            return TH_ERR_INTERNAL;
        TH_TRY(th_split_make_twice(g, &list[made]));
        TH_TRY(find(k, g, &f));
        if (f.front.n_points && peak_of(&f) < peak_of(best)) {
            *best = f;
            kept = made + 1;
        }
    }
    for (uint32_t i = made; i-- > kept;)
        th_split_make_once(g, &list[i]);
    k->twice = best->twice;
    k->options.base_macs = 0;
    if (kept)
        th_pass_changed(k->pc);
    return TH_OK;
}

static enum th_status search_function(struct searching *k, uint32_t function)
{
    struct th_graph *g = th_program_function(k->program, function);
    struct found once, best;
    struct th_split_list groups = {0};
    /* rows are pushed into the first entry point */
    k->options.feed = k->options.feed_streams = function == 0 && rows_are_pushed(k->pc);
    TH_TRY(find(k, g, &once));
    if (!once.front.n_points)
        return TH_OK;
    best = once;
    if (function == 0 && !k->options.no_recompute &&
        (k->wish.objective == TH_OPT_RAM || !once.fits))
        TH_TRY(try_twice(k, g, &best));
    const struct th_fuse_point *p = &best.front.points[best.point];
    const struct th_fuse_front *front = &once.front;
    if (!best.fits && p->peak > k->wish.largest)
        say_what_blocks(k, &best.front, best.point);
    TH_TRY(keep_front(k, &once, best.twice ? &best : &once, function));
    if (k->options.feed && !th_split_first_stream(&best.net, p, k->arena, &groups))
        return TH_ERR_INTERNAL;
    if (!th_split_groups(&best.net, p, function, k->arena, &groups))
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < groups.n; i++)
        if (!th_split_add(&k->list, k->arena, &groups.groups[i]))
            return TH_ERR_INTERNAL;
    const int64_t base = front->base_macs > 0 ? front->base_macs : 1;
    th_pass_remark(k->pc, "function '%s': %lld bytes instead of %lld at %lld.%03lld times the "
                   "multiply-accumulates, point %u of %u; bounds %lld (once), %lld",
                   th_graph_name(g), (long long)p->peak, (long long)front->points[0].peak,
                   (long long)(p->macs / base), (long long)(p->macs % base * 1000 / base),
                   best.point, best.front.n_points, (long long)front->once.bytes,
                   (long long)front->any.bytes);
    return TH_OK;
}

static enum th_status split_searched(struct th_pass_ctx *pc, struct th_program *p)
{
    const struct th_target *target = th_pass_target(pc);
    struct searching k = {.pc = pc, .program = p, .arena = th_pass_arena(pc),
                          .options = {.align = target ? (int32_t)target->align : 1, .planes = true,
                                      .max_permille = (int32_t)th_pass_option_int(pc, "macs")},
                          .wish = {.objective = th_pass_objective(pc)}};
    struct th_str text;
    k.options.no_recompute = k.options.max_permille == 1000;
    TH_TRY(find_room(&k));
    for (uint32_t f = 0; f < th_program_function_count(p); f++)
        TH_TRY(search_function(&k, f));
    th_str_init(&text);
    th_split_spell(&k.list, k.twice, &text);
    th_pass_remark(pc, "%s", text.s);
    th_str_release(&text);
    return form_all(pc, p, &k.list, false);
}

/* "9+19": places of nodes whose maps are gated. */
static enum th_status twice_forced(struct th_pass_ctx *pc, struct th_graph *g, const char *text)
{
    struct th_split_twice *list;
    uint32_t n;
    if (!th_split_find_twice(g, th_pass_arena(pc), &list, &n))
        return TH_ERR_INTERNAL;
    for (const char *at = text; *at;) {
        char *end;
        const long place = strtol(at, &end, 10);
        uint32_t i = 0;
        while (i < n && (long)list[i].place != place)
            i++;
        if (i == n || end == at || (*end && *end != '+') || list[i].copies[1]) {
            th_error(th_pass_ctx(pc), NULL, 4010, "patch-split: 'twice=%s': a number is missing, "
                     "or no node of that number makes a map that is gated by a value made of it",
                     text);
            return TH_ERR_USAGE;
        }
        TH_TRY(th_split_make_twice(g, &list[i]));
        at = *end && end[1] ? end + 1 : end;
        if (*at == '+') {
            th_error(th_pass_ctx(pc), NULL, 3101, "patch-split: 'twice=%s' ends with '+'",
                     text);
            return TH_ERR_USAGE;
        }
    }
    th_pass_changed(pc);
    return TH_OK;
}

static enum th_status run(struct th_pass_ctx *pc, struct th_program *p)
{
    const char *groups = th_pass_option(pc, "groups"), *every = th_pass_option(pc, "every");
    const char *twice = th_pass_option(pc, "twice");
    if (th_pass_option_bool(pc, "off"))
        return TH_OK;
    if (twice && *twice)
        TH_TRY(twice_forced(pc, th_program_function(p, 0), twice));
    if (groups && *groups)
        return split_forced(pc, p, groups);
    if (every && *every)
        return split_every(pc, p, every);
    if (twice && *twice)
        return TH_OK;
    return th_pass_target(pc) ? split_searched(pc, p) : TH_OK;
}

static const struct th_option_spec options[] = {
    {.name = "groups", .kind = TH_OPTION_STRING,
     .help = "FIRST-LAST:stream:COLUMNS, FIRST-LAST:strips:ROWSxCOLUMNS@LAST or NODE:planes, joined "
             "by '+': these groups of nodes and no others"},
    {.name = "every", .kind = TH_OPTION_STRING,
     .help = "stream:COLUMNS or strips:ROWSxCOLUMNS: all that can run in pieces, in this form"},
    {.name = "twice", .kind = TH_OPTION_STRING,
     .help = "nodes of the first function, joined by '+', whose maps are gated by a value made of "
             "them: computed once for the gate, again for the product; 'groups' counts after that"},
    {.name = "macs", .kind = TH_OPTION_INT, .def = "3000", .min = 1000, .max = 100000,
     .help = "most multiply-accumulates in thousandths of what the model has"},
    {.name = "off", .kind = TH_OPTION_BOOL, .def = "no", .help = "leave everything as it is"},
    {.name = NULL}};

const struct th_pass th_pass_patch_split = {
    .struct_size = sizeof(struct th_pass),
    .name = "patch-split",
    .summary = "run groups of operators together, piece by piece",
    .requires_props = TH_PROP_TYPED,
    .provides_props = TH_PROP_TILED,
    .options = options,
    .run = run,
};
