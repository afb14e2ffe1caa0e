/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes that shall run together, piece by piece, become the body of a tile loop. Results stay what
 * they were: the same operators compute the same elements from the same operands, only the order of
 * elements changes. Which nodes, in which pieces, is given, or searched for the objective.
 */
#include "passes/caller_io.h"
#include "passes/patch_split/choose.h"
#include "passes/patch_split/every.h"
#include "passes/patch_split/twice.h"
#include "passes/regions.h"

#include "ir/notes.h"

#include <string.h>

/* ---- groups given ---------------------------------------------------------------------------- */
static enum th_status form_all(struct th_pass_ctx *pc, struct th_program *p,
                               const struct th_split_list *list, bool given)
{
    enum th_status s = TH_OK;
    for (uint32_t f = 0; f < th_program_function_count(p); f++)
        TH_TRY(th_split_twice(pc, th_program_function(p, f), list, f));
    for (uint32_t f = 0; f < th_program_function_count(p); f++) {
        const enum th_status now = th_split_form(pc, th_program_function(p, f), list, f, given);
        s = s == TH_OK ? now : s;
    }
    if (list->n || list->n_twice)
        th_pass_changed(pc);
    return s;
}

static enum th_status split_forced(struct th_pass_ctx *pc, struct th_program *p,
                                   const char *groups, const char *twice)
{
    const uint32_t functions = th_program_function_count(p);
    struct th_split_list list;
    TH_TRY(th_split_parse(pc, groups, twice, &list));
    uint32_t most = 0;
    for (uint32_t i = 0; i < list.n; i++)
        most = list.groups[i].function > most ? list.groups[i].function : most;
    for (uint32_t i = 0; i < list.n_twice; i++)
        most = list.twice[i].function > most ? list.twice[i].function : most;
    if (most >= functions) {
        th_error(th_pass_ctx(pc), NULL, 4010, "patch-split: no function %u, the program has %u",
                 most, functions);
        return TH_ERR_USAGE;
    }
    return form_all(pc, p, &list, true);
}

static enum th_status split_every(struct th_pass_ctx *pc, struct th_program *p, const char *text,
                                  const char *twice)
{
    struct th_split_list list;
    TH_TRY(th_split_parse(pc, NULL, twice, &list));
    for (uint32_t f = 0; f < th_program_function_count(p); f++)
        TH_TRY(th_split_twice(pc, th_program_function(p, f), &list, f));
    list.n_twice = 0;
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

static enum th_status keep_front(struct searching *k, const struct th_split_net *nets,
                                 const struct th_fuse_front *front, uint32_t function,
                                 uint32_t chosen)
{
    struct th_front_point *list = TH_NEW_ARRAY(k->arena, struct th_front_point,
                                               (size_t)front->n_points + 1);
    if (!list)
        return TH_ERR_INTERNAL;
    if (front->points[0].peak <= k->largest)
        return TH_OK;
    k->largest = front->points[0].peak;
    for (uint32_t i = 0; i < front->n_points; i++) {
        struct th_split_list groups = {0};
        struct th_str s;
        if (!th_split_groups(&nets[front->points[i].variant], &front->points[i], function, k->arena,
                             &groups))
            return TH_ERR_INTERNAL;
        th_str_init(&s);
        th_split_spell(&groups, &s);
        list[i] = (struct th_front_point){
            .bytes = front->points[i].peak, .macs = front->points[i].macs,
            .cycles = th_split_estimate(nets, &front->points[i]),
            .spelling = th_arena_strdup(k->arena, s.s), .chosen = i == chosen};
        th_str_release(&s);
    }
    return th_program_set_front(k->program, list, front->n_points);
}

static int64_t least_peak(const struct th_fuse_front *front)
{
    int64_t least = INT64_MAX;
    for (uint32_t i = 0; i < front->n_points; i++)
        least = front->points[i].peak < least ? front->points[i].peak : least;
    return least;
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

/*
 * The function as it is, and with maps that gate themselves computed twice: for any limit of bytes
 * it must be those that are too large, so one more at a time, the largest first, while that can
 * help.
 * nets: room for all of these.
 */
static enum th_status search_variants(struct searching *k, struct th_split_net *nets,
                                      const struct th_split_blocks *blocks,
                                      struct th_fuse_front *out)
{
    const struct th_fuse_front **fronts = TH_NEW_ARRAY(k->arena, const struct th_fuse_front *,
                                                       (size_t)blocks->n + 1);
    struct th_fuse_front *all = TH_NEW_ARRAY(k->arena, struct th_fuse_front,
                                             (size_t)blocks->n + 1);
    uint32_t n = 0;
    if (!fronts || !all)
        return TH_ERR_INTERNAL;
    for (;;) {
        fronts[n] = &all[n];
        TH_TRY(search(k, &nets[n].net, &all[n]));
        k->options.base_macs = all[0].base_macs;
        if (k->options.no_recompute || n == blocks->n || least_peak(&all[n]) <= all[0].any.bytes ||
            !th_split_twice_helps(blocks, n, &all[n]))
            break;
        n++;
        TH_TRY(th_split_net_twice(&nets[0], blocks, n, k->arena, &nets[n]));
    }
    k->options.base_macs = 0;
    return th_fuse_merge(fronts, n + 1, k->arena, out);
}

static bool rows_are_pushed(const struct th_pass_ctx *pc)
{
    const char *feed = th_pass_global(pc, "feed");
    return feed && !strcmp(feed, "rows");
}

/* Planes and slices cost many cycles, and would hide points that need a little more memory without
 * them: they are for the least memory, and for what does not fit otherwise. */
static enum th_status search_and_choose(struct searching *k, struct th_split_net *nets,
                                        const struct th_split_blocks *blocks,
                                        struct th_fuse_front *front, uint32_t *point, bool *fits)
{
    struct th_split_wish wish = k->wish;
    /* the plan adds alignment and the loops' own places to what the search counts */
    wish.largest -= wish.largest / 100;
    wish.together -= wish.together / 100;
    *fits = true;
    for (int turn = 0; turn < 2; turn++) {
        k->options.planes = k->options.slices = turn || wish.objective == TH_OPT_RAM;
        TH_TRY(search_variants(k, nets, blocks, front));
        if (!front->n_points)
            return TH_OK;
        *point = th_split_choose(nets, front, &wish, fits);
        if (*fits || k->options.planes)
            break;
    }
    return TH_OK;
}

static enum th_status search_function(struct searching *k, uint32_t function)
{
    struct th_graph *g = th_program_function(k->program, function);
    struct th_split_net net, *nets;
    struct th_split_blocks blocks;
    struct th_fuse_front front;
    struct th_split_list groups = {0};
    bool fits;
    /* rows are pushed into the first entry point */
    k->options.feed = function == 0 && rows_are_pushed(k->pc);
    k->options.free_ends = th_caller_io(k->pc);
    TH_TRY(th_split_describe(k->pc, g, &net));
    if (net.n_fusable < 2)
        return TH_OK;
    uint32_t p = 0;
    TH_TRY(th_split_find_blocks(&net, k->arena, &blocks));
    nets = TH_NEW_ARRAY(k->arena, struct th_split_net, (size_t)blocks.n + 1);
    if (!nets)
        return TH_ERR_INTERNAL;
    nets[0] = net;
    TH_TRY(search_and_choose(k, nets, &blocks, &front, &p, &fits));
    if (!front.n_points)
        return TH_OK;
    net = nets[front.points[p].variant];
    if (!fits && front.points[p].peak > k->wish.largest)
        say_what_blocks(k, &front, p);
    TH_TRY(keep_front(k, nets, &front, function, p));
    if (k->options.feed && !th_split_first_stream(&net, &front.points[p], k->arena, &groups))
        return TH_ERR_INTERNAL;
    if (!th_split_groups(&net, &front.points[p], function, k->arena, &groups))
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < groups.n; i++)
        if (!th_split_add(&k->list, k->arena, &groups.groups[i]))
            return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < groups.n_twice; i++)
        if (!th_split_add_twice(&k->list, k->arena, function, groups.twice[i].node))
            return TH_ERR_INTERNAL;
    const int64_t base = front.base_macs > 0 ? front.base_macs : 1;
    th_pass_remark(k->pc, "function '%s': %lld bytes instead of %lld at %lld.%03lld times the "
                   "multiply-accumulates, point %u of %u; bounds %lld (once), %lld",
                   th_graph_name(g), (long long)front.points[p].peak,
                   (long long)front.points[0].peak, (long long)(front.points[p].macs / base),
                   (long long)(front.points[p].macs % base * 1000 / base), p, front.n_points,
                   (long long)front.once.bytes, (long long)front.any.bytes);
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
    th_split_spell(&k.list, &text);
    th_pass_remark(pc, "%s", text.s);
    th_str_release(&text);
    return form_all(pc, p, &k.list, false);
}

static enum th_status run(struct th_pass_ctx *pc, struct th_program *p)
{
    const char *groups = th_pass_option(pc, "groups"), *twice = th_pass_option(pc, "twice");
    if (th_pass_option_bool(pc, "off"))
        return TH_OK;
    const char *every = th_pass_option(pc, "every");
    if (every && *every && !(groups && *groups))
        return split_every(pc, p, every, twice);
    if ((groups && *groups) || (twice && *twice))
        return split_forced(pc, p, groups, twice);
    return th_pass_target(pc) ? split_searched(pc, p) : TH_OK;
}

static const struct th_option_spec options[] = {
    {.name = "groups", .kind = TH_OPTION_STRING,
     .help = "FIRST-LAST:stream:COLUMNS, FIRST-LAST:strips:ROWS[-LESS]xCOLUMNS@LAST, NODE:planes "
             "or FIRST-LAST:slices, joined by '+': these groups of nodes and no others"},
    {.name = "every", .kind = TH_OPTION_STRING,
     .help = "stream:COLUMNS, strips:ROWSxCOLUMNS or slices: all that can run so, in this form"},
    {.name = "twice", .kind = TH_OPTION_STRING,
     .help = "NODE+NODE...: results that are computed again for what is gated by what they were "
             "reduced to; 'groups' counts nodes with these"},
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
