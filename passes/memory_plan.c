/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exact offsets of everything that lives in RAM: state variables first, then each entry point's
 * values and scratch. Entry points never run at the same time, so they share the same bytes.
 */
#include "passes/caller_io.h"
#include "passes/regions.h"
#include "passes/spread.h"
#include "passes/storage.h"
#include "passes/util.h"
#include "plan/plan.h"

/* One function as the planner sees it. */
struct problem {
    struct th_layout layout;
    struct th_plan_problem plan;
    struct th_plan_buffer *buffers;
    uint32_t *klass;              /* of each buffer; scratch: UINT32_MAX */
    uint32_t *of_class;           /* 1 + buffer, 0: none */
    struct th_layout_graph **graph;
    th_node *node;                /* of scratch buffers */
    struct th_plan_result result;
    double *heat;                 /* of each buffer, accesses to a byte; NULL: not spread */
    struct th_layout_overlap *shares;
    uint32_t n_shares;
};
struct planning {
    struct th_pass_ctx *pc;
    struct th_program *program;
    struct th_arena *arena;
    struct problem *functions;
    uint32_t n;
    int64_t state_bytes, align;
    uint32_t n_caller;           /* regions in the caller's memory; 0 without --io-buffers caller */
};

static int64_t max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- state --------------------------------------------------------------------------------- */
/* Widest alignment first leaves no gaps but those at the end of odd sizes. A kernel may read beyond
 * a variable, so the region ends after the last byte that one reads. */
static void place_state(struct planning *k)
{
    uint32_t n = th_program_state_count(k->program);
    int64_t at = 0, end = 0;
    for (int64_t align = 64; align >= 1; align /= 2) {
        for (th_state s = 1; s <= n; s++) {
            int64_t want = 1, slack = 0;
            for (uint32_t f = 0; f < k->n; f++) {
                const struct th_layout *l = &k->functions[f].layout;
                const struct th_layout_class *c =
                    &l->classes[th_layout_class(l, l->state_base + s - 1)];
                want = max64(want, c->align);
                slack = max64(slack, c->slack);
            }
            if ((want > 64 ? 64 : want) != align)
                continue;
            at = (at + want - 1) & -want;
            th_state_set_offset(k->program, s, at);
            at += th_type_size(th_state_type(k->program, s));
            end = max64(end, at + slack);
            k->align = max64(k->align, want);
        }
    }
    k->state_bytes = end;
}

/* ---- one function -------------------------------------------------------------------------- */
/* What may lie over what: inputs that die, scratch that becomes the result. */
static enum th_status describe_overlaps(struct problem *p, struct th_arena *arena)
{
    struct th_layout *l = &p->layout;
    uint32_t n = 0;
    TH_TRY(th_layout_overlaps(l, &p->shares, &p->n_shares));
    struct th_plan_overlap *list = TH_NEW_ARRAY(arena, struct th_plan_overlap,
                                                2 * (size_t)p->n_shares + p->plan.n_buffers + 1);
    if (!list)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < p->n_shares; i++) {
        const struct th_layout_overlap *s = &p->shares[i];
        const uint32_t in = p->of_class[s->in] - 1, out = p->of_class[s->out] - 1;
        if (s->distance < l->classes[s->out].bytes)
            list[n++] = (struct th_plan_overlap){out, in, s->distance};
        if (s->above)
            list[n++] = (struct th_plan_overlap){in, out, s->above};
    }
    for (uint32_t i = 0; i < p->plan.n_buffers; i++) {
        uint32_t out;
        if (p->klass[i] == UINT32_MAX &&
            th_layout_over_scratch(l, p->graph[i], p->node[i], &out) && p->of_class[out])
            list[n++] = (struct th_plan_overlap){p->of_class[out] - 1, i, 0};
    }
    p->plan.overlaps = list;
    p->plan.n_overlaps = n;
    return TH_OK;
}

static enum th_status describe(struct problem *p, struct th_arena *arena)
{
    struct th_layout *l = &p->layout;
    size_t room = (size_t)l->n_values + 1;
    for (uint32_t k = 0; k < l->n_graphs; k++)
        room += th_graph_node_count(l->graphs[k].graph);
    uint32_t n = 0;
    p->buffers = TH_NEW_ARRAY(arena, struct th_plan_buffer, room);
    p->klass = TH_NEW_ARRAY(arena, uint32_t, room);
    p->graph = TH_NEW_ARRAY(arena, struct th_layout_graph *, room);
    p->node = TH_NEW_ARRAY(arena, th_node, room);
    if (!p->buffers || !p->klass || !p->graph || !p->node)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < l->state_base; i++) {
        const struct th_layout_class *c = &l->classes[i];
        if (th_layout_class(l, i) != i || c->first < 0 || c->state || c->caller)
            continue;
        p->buffers[n] = (struct th_plan_buffer){c->bytes, c->slack, c->align, c->first, c->last,
                                                0, TH_PLAN_FREE, 0};
        p->klass[n++] = i;
    }
    for (uint32_t k = 0; k < l->n_graphs; k++) {
        struct th_layout_graph *r = &l->graphs[k];
        for (th_node i = th_graph_first(r->graph); i; i = th_graph_next(r->graph, i)) {
            const struct th_kernel_note *note = th_node_note_const(r->graph, i);
            if (note->scratch_bytes <= 0)
                continue;
            int64_t align = max64(note->scratch_align, (int64_t)l->align);
            p->buffers[n] = (struct th_plan_buffer){note->scratch_bytes, 0, align,
                                                    r->spans[i].enter, r->spans[i].exit, 0,
                                                    TH_PLAN_FREE, 0};
            p->graph[n] = r;
            p->node[n] = i;
            p->klass[n++] = UINT32_MAX;
        }
    }
    p->of_class = TH_NEW_ARRAY(arena, uint32_t, (size_t)l->n_values + 1);
    for (uint32_t i = 0; i < n && p->of_class; i++)
        if (p->klass[i] != UINT32_MAX)
            p->of_class[p->klass[i]] = i + 1;
    if (!p->of_class)
        return TH_ERR_INTERNAL;
    p->plan = (struct th_plan_problem){p->buffers, n, NULL, 0, NULL, 1};
    return describe_overlaps(p, arena);
}

/* Loops whose result was placed so that it must grow downwards walk up. */
static enum th_status set_walks(const struct problem *p)
{
    for (uint32_t i = 0; i < p->n_shares; i++) {
        const struct th_layout_overlap *s = &p->shares[i];
        const struct th_layout_class *c = p->layout.classes;
        if (!s->above || s->distance >= c[s->out].bytes)      /* no choice */
            continue;
        const uint32_t a = p->of_class[s->in] - 1, b = p->of_class[s->out] - 1;
        const int64_t in = p->result.offset[a], out = p->result.offset[b];
        const bool up = p->result.region[a] == p->result.region[b] && out < in + c[s->in].bytes &&
                        in < out + s->distance;
        TH_TRY(th_tile_set_walk(s->graph, s->made, up));
    }
    return TH_OK;
}

/* first_caller: region of the function's input 0 when it is the caller's. */
static enum th_status set_places(struct problem *p, const int32_t *region_index,
                                 uint32_t first_caller)
{
    struct th_layout *l = &p->layout;
    uint32_t *of_class = TH_NEW_ARRAY(l->arena, uint32_t, (size_t)l->n_values + 1);
    if (!of_class)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < p->plan.n_buffers; i++) {
        struct th_place at = {region_index[p->result.region[i]], p->result.offset[i]};
        if (p->klass[i] == UINT32_MAX)
            th_node_note(p->graph[i]->graph, p->node[i])->scratch = at;
        else
            of_class[p->klass[i]] = i + 1;
    }
    for (uint32_t i = 0; i < l->state_base; i++) {
        const struct th_layout_value *v = &l->values[i];
        uint32_t c = th_layout_class(l, i);
        if (v->first < 0)
            continue;
        struct th_place at = {TH_REGION_STATE, 0};
        if (l->classes[c].state) {
            at.offset = th_state_offset(l->program, l->classes[c].state);
        } else if (l->classes[c].caller) {
            at.region = (int32_t)(first_caller + l->classes[c].caller - 1);
        } else {
            at.region = region_index[p->result.region[of_class[c] - 1]];
            at.offset = p->result.offset[of_class[c] - 1];
        }
        th_value_set_place(v->in->graph, v->value, at);
    }
    return TH_OK;
}

/* ---- the whole program --------------------------------------------------------------------- */
static enum th_status describe_all(struct planning *k)
{
    uint32_t align = th_pass_target(k->pc) ? th_pass_target(k->pc)->align : 1;
    const bool caller_io = th_caller_io(k->pc);
    k->n = th_program_function_count(k->program);
    k->functions = TH_NEW_ARRAY(k->arena, struct problem, (size_t)k->n + 1);
    if (!k->functions)
        return TH_ERR_INTERNAL;
    k->align = 1;
    for (uint32_t f = 0; f < k->n; f++) {
        const struct th_graph *g = th_program_function(k->program, f);
        TH_TRY(th_layout_build(k->program, th_program_function(k->program, f), align, caller_io,
                               k->arena, &k->functions[f].layout));
        k->n_caller += caller_io ? th_graph_input_count(g) + th_graph_output_count(g) : 0;
        TH_TRY(describe(&k->functions[f], k->arena));
        for (uint32_t i = 0; i < k->functions[f].plan.n_buffers; i++)
            k->align = max64(k->align, k->functions[f].buffers[i].align);
    }
    place_state(k);
    return TH_OK;
}

static enum th_status place_all(struct planning *k, const int64_t *caps, uint32_t n_caps)
{
    for (uint32_t f = 0; f < k->n; f++) {
        struct problem *p = &k->functions[f];
        p->plan.region_bytes = caps;
        p->plan.n_regions = n_caps;
        TH_TRY(th_plan_place(&p->plan, NULL, k->arena, &p->result));
    }
    return TH_OK;
}

/* Hot buffers into fast regions. False: something does not fit. */
static enum th_status spread_all(struct planning *k, const struct th_ram *ram, const int64_t *caps,
                                 bool *fits)
{
    *fits = true;
    for (uint32_t f = 0; f < k->n; f++) {
        struct problem *p = &k->functions[f];
        double *reads = TH_NEW_ARRAY(k->arena, double, ram->n + 1u);
        p->heat = TH_NEW_ARRAY(k->arena, double, (size_t)p->plan.n_buffers + 1);
        if (!reads || !p->heat)
            return TH_ERR_INTERNAL;
        p->plan.region_bytes = caps;
        p->plan.n_regions = ram->n;
        TH_TRY(th_spread(&p->layout, &p->plan, p->buffers, p->of_class, p->graph, p->node, reads,
                         p->heat));
        TH_TRY(th_plan_place(&p->plan, NULL, k->arena, &p->result));
        *fits &= p->result.fits;
        for (uint32_t r = 0; r + 1 < ram->n && p->result.fits; r++)
            if (p->result.size[r])
                th_pass_remark(k->pc, "'%s' holds what is read most: %.0f times a byte or more",
                               ram->list[r].name, reads[r]);
    }
    for (uint32_t f = 0; f < k->n && !*fits; f++)
        for (uint32_t i = 0; i < k->functions[f].plan.n_buffers; i++)
            k->functions[f].buffers[i].regions = 0;
    return TH_OK;
}

/* The largest of all entry points. */
static int64_t most_bytes(const struct planning *k, uint32_t region)
{
    int64_t most = 0;
    for (uint32_t f = 0; f < k->n; f++)
        most = max64(most, k->functions[f].result.size[region]);
    return most;
}

/* The node whose step carries the peak, in the entry point with the largest plan. */
static enum th_status find_peak(struct planning *k, struct th_plan_totals *t)
{
    struct problem *p = NULL;
    struct th_plan_profile profile;
    for (uint32_t f = 0; f < k->n; f++)
        if (!p || k->functions[f].result.total > p->result.total)
            p = &k->functions[f];
    if (!p)
        return TH_OK;
    TH_TRY(th_plan_bound(&p->plan, k->arena, NULL, 0, &profile));
    t->peak_live = profile.bound;
    for (uint32_t i = 0; i < p->layout.n_graphs; i++) {
        struct th_layout_graph *r = &p->layout.graphs[i];
        if (r->tile)              /* its nodes run in turns: the loop carries the peak */
            continue;
        for (th_node n = th_graph_first(r->graph); n; n = th_graph_next(r->graph, n))
            if (r->spans[n].enter <= profile.step && profile.step <= r->spans[n].exit) {
                t->peak_graph = r->graph;     /* the innermost one stays */
                t->peak_node = n;
            }
    }
    return TH_OK;
}

/* Kernels are tried with operands at words, whatever the target's own alignment is. */
#define CALLER_ALIGN 4

/* A region for each input and output of function f. */
static enum th_status add_caller(const struct planning *k, uint32_t f, struct th_plan_region *list,
                                 uint32_t *n)
{
    struct th_arena *keep = th_program_arena(k->program);
    const struct th_layout *l = &k->functions[f].layout;
    const struct th_graph *g = l->graphs[0].graph;
    const uint32_t n_in = th_graph_input_count(g), n_out = th_graph_output_count(g);
    for (uint32_t i = 0; i < n_in + n_out; i++) {
        th_value v = i < n_in ? th_graph_input(g, i) : th_graph_output(g, i - n_in);
        const struct th_layout_class *c =
            &l->classes[th_layout_class(l, l->graphs[0].base + v)];
        const char *what = i < n_in ? "input" : "output";
        const uint32_t at = i < n_in ? i : i - n_in;
        const char *name = f ? th_arena_printf(keep, "%s %u of entry %u", what, at, f)
                             : th_arena_printf(keep, "%s %u", what, at);
        if (!name)
            return TH_ERR_INTERNAL;
        list[(*n)++] = (struct th_plan_region){
            .name = name, .bytes = th_type_size(th_value_type(g, v)),
            .align = max64(c->need, l->align < CALLER_ALIGN ? l->align : CALLER_ALIGN),
            .role = i < n_in ? TH_ROLE_INPUT : TH_ROLE_OUTPUT};
    }
    return TH_OK;
}

/* Keeps the heat of every value and scratch for the report. */
static enum th_status record_heat(const struct planning *k, struct th_plan_totals *t)
{
    size_t room = 1;
    for (uint32_t f = 0; f < k->n; f++)
        room += k->functions[f].plan.n_buffers + k->functions[f].layout.state_base;
    struct th_plan_heat *list = TH_NEW_ARRAY(th_program_arena(k->program), struct th_plan_heat,
                                             room);
    if (!list)
        return TH_ERR_INTERNAL;
    for (uint32_t f = 0; f < k->n; f++) {
        const struct problem *p = &k->functions[f];
        const struct th_layout *l = &p->layout;
        for (uint32_t i = 0; i < l->state_base; i++) {
            const struct th_layout_value *v = &l->values[i];
            const uint32_t b = v->first < 0 ? 0 : p->of_class[th_layout_class(l, i)];
            if (b)
                list[t->n_heat++] = (struct th_plan_heat){v->in->graph, v->value, 0,
                                                          p->heat[b - 1]};
        }
        for (uint32_t i = 0; i < p->plan.n_buffers; i++)
            if (p->klass[i] == UINT32_MAX)
                list[t->n_heat++] = (struct th_plan_heat){p->graph[i]->graph, 0, p->node[i],
                                                          p->heat[i]};
    }
    t->heat = list;
    return TH_OK;
}

static enum th_status record(struct planning *k, const struct th_ram *ram, const char *state_in,
                             struct th_plan_totals *t)
{
    struct th_arena *keep = th_program_arena(k->program);
    struct th_plan_region *list = TH_NEW_ARRAY(keep, struct th_plan_region,
                                               (size_t)ram->n + k->n_caller + 2);
    int32_t *index = TH_NEW_ARRAY(k->arena, int32_t, ram->n + 1u);
    if (!list || !index)
        return TH_ERR_INTERNAL;
    int64_t bound = 0;
    for (uint32_t f = 0; f < k->n; f++)
        bound = max64(bound, k->functions[f].result.bound);
    list[0] = (struct th_plan_region){"state", k->state_bytes, k->align, k->state_bytes,
                                      TH_ROLE_ARENA, state_in};
    t->n_regions = 1;
    for (uint32_t r = 0; r < ram->n; r++) {
        int64_t bytes = most_bytes(k, r);
        if (bytes == 0 && !(ram->n == 1 || (r + 1 == ram->n && t->n_regions == 1)))
            continue;
        index[r] = (int32_t)t->n_regions;
        list[t->n_regions++] = (struct th_plan_region){
            ram->list[r].name, bytes, k->align, ram->n == 1 ? bound : bytes, TH_ROLE_ARENA, NULL};
    }
    /* transient memory follows state in one block: it must begin aligned */
    if (list[1].bytes > 0)
        list[0].bytes = (k->state_bytes + k->align - 1) & -k->align;
    t->regions = list;
    t->n_caller = k->n_caller;
    for (uint32_t f = 0; f < k->n; f++) {
        const uint32_t first_caller = t->n_regions;
        if (k->n_caller)
            TH_TRY(add_caller(k, f, list, &t->n_regions));
        TH_TRY(set_places(&k->functions[f], index, first_caller));
        TH_TRY(set_walks(&k->functions[f]));
    }
    return ram->n > 1 ? record_heat(k, t) : TH_OK;
}

static enum th_status run(struct th_pass_ctx *pc, struct th_program *p)
{
    struct planning k = {.pc = pc, .program = p, .arena = th_pass_arena(pc)};
    struct th_plan_totals totals = {0};
    struct th_ram ram;
    const int64_t unlimited = 0;
    TH_TRY(th_ram_find(pc, &ram));
    TH_TRY(describe_all(&k));
    TH_TRY(place_all(&k, &unlimited, 1));
    TH_TRY(find_peak(&k, &totals));
    int64_t align = k.align, transient = most_bytes(&k, 0);
    int64_t state = (k.state_bytes + align - 1) & -align;
    struct th_ram one = {th_ram_holding(&ram, state + transient), 1};
    const bool slow = one.list && one.list != ram.list && th_pass_objective(pc) == TH_OPT_TIME;
    const char *state_in = one.list ? one.list->name : NULL;
    if (!one.list || slow) {
        /* no region alone holds it, or none as fast as there is: spread it, state in the first one
         * that has room for it */
        int64_t caps[TH_RAM_MAX];
        uint32_t holds_state;
        bool fits = ram.n > 1 && th_ram_caps(&ram, state, caps, &holds_state);
        const bool room = fits;
        if (room)
            TH_TRY(spread_all(&k, &ram, caps, &fits));
        totals.by_heat = fits;
        if (slow && !fits) {
            TH_TRY(place_all(&k, &unlimited, 1));
        } else if (room && !fits) {
            fits = true;
            TH_TRY(place_all(&k, caps, ram.n));
            for (uint32_t f = 0; f < k.n; f++)
                fits &= k.functions[f].result.fits;
        }
        if (!fits && !slow)
            return th_ram_refuse(pc, &ram, state + transient, &totals);
        if (fits) {
            one = ram;
            state_in = ram.list[holds_state].name;
        }
    }
    TH_TRY(record(&k, &one, k.state_bytes ? state_in : NULL, &totals));
    th_program_set_plan(p, &totals);
    for (uint32_t i = 0; i < totals.n_regions; i++)
        th_pass_remark(pc, "region %u '%s': %lld bytes, lower bound %lld", i,
                       totals.regions[i].name, (long long)totals.regions[i].bytes,
                       (long long)totals.regions[i].lower_bound);
    return TH_OK;
}

const struct th_pass th_pass_memory_plan = {
    .struct_size = sizeof(struct th_pass),
    .name = "memory-plan",
    .summary = "give every value, state variable and scratch its exact place in RAM",
    .requires_props = TH_PROP_PACKED,
    .provides_props = TH_PROP_PLANNED,
    .run = run,
};
