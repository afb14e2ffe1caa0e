/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows the bytes of a planned program: every write makes its place the property of new
 * contents, every read asks whether its contents still own their place. Bodies of loops are
 * followed twice, both branches of a condition from the same memory.
 */
#include "passes/check_plan.h"

#include <string.h>

#include "passes/caller_io.h"
#include "passes/check_tiles.h"

#define MAX_PROBLEMS 20

/* What was written somewhere at one moment: a value, or what a state variable keeps. */
struct contents {
    int32_t region;
    int64_t lo, hi;
    const struct th_graph *graph;     /* for messages */
    th_value value;
    th_state state;
};
struct checking {
    struct th_pass_ctx *pc;
    struct th_program *program;
    struct th_arena *arena;
    const struct th_plan_totals *plan;
    struct th_ownership *regions;
    struct contents *list;    /* [0] unused */
    uint32_t n, cap;
    uint32_t *variables;      /* contents of each state variable now */
    uint32_t first_caller;    /* region of the function's input 0, when the caller keeps it */
    bool filling;             /* the caller writes the inputs */
    unsigned problems;
    bool exhausted;
};
struct frame {                /* one graph being followed */
    struct checking *k;
    struct th_graph *g;
    uint32_t *holds;          /* contents of each value, 0: none */
};

static void follow_graph(struct frame *f);

/* ---- messages ------------------------------------------------------------------------------ */
static void problem(struct frame *f, th_node n, const char *fmt, ...) TH_PRINTF(3, 4);
static void problem(struct frame *f, th_node n, const char *fmt, ...)
{
    if (f->k->problems++ >= MAX_PROBLEMS)
        return;
    struct th_loc loc = n ? *th_node_loc(f->g, n) : TH_LOC_NONE;
    va_list ap;
    if (n && !loc.op)
        loc.op = th_node_op_name(f->g, n);
    va_start(ap, fmt);
    th_report(th_program_ctx(f->k->program), TH_SEV_ERROR, n ? &loc : NULL, 4008, fmt, ap);
    va_end(ap);
}

/* "'name'" or "value 12" */
static const char *name_of(struct checking *k, const struct th_graph *g, th_value v)
{
    struct th_str s;
    if (!th_value_name(g, v)[0])
        return th_arena_printf(k->arena, "value %u", v);
    th_str_init(&s);
    th_str_addc(&s, '\'');
    th_str_add_escaped(&s, th_value_name(g, v));
    th_str_addc(&s, '\'');
    const char *text = th_arena_strdup(k->arena, s.s);
    th_str_release(&s);
    return text ? text : "?";
}

static const char *state_name(struct checking *k, th_state s)
{
    return th_arena_printf(k->arena, "state variable '%s'", th_state_name(k->program, s));
}

static const char *contents_name(struct checking *k, uint32_t contents)
{
    const struct contents *c = &k->list[contents];
    if (contents && c->state)
        return state_name(k, c->state);
    return contents ? name_of(k, c->graph, c->value) : "scratch memory";
}

/* ---- places -------------------------------------------------------------------------------- */
static bool inside(struct frame *f, th_node n, const char *what, struct th_place at, int64_t bytes,
                   int64_t align)
{
    const struct th_plan_totals *t = f->k->plan;
    if (at.region < 0 || (uint32_t)at.region >= t->n_regions) {
        problem(f, n, "%s has no place", what);
        return false;
    }
    const struct th_plan_region *r = &t->regions[at.region];
    if (at.offset < 0 || bytes > r->bytes || at.offset > r->bytes - bytes) {
        problem(f, n, "%s lies at [%lld, %lld) of region %d, which has %lld bytes", what,
                (long long)at.offset, (long long)(at.offset + bytes), at.region,
                (long long)r->bytes);
        return false;
    }
    if (align > 1 && (at.offset % align || r->align % align)) {
        problem(f, n, "%s lies at offset %lld, which is not aligned to %lld", what,
                (long long)at.offset, (long long)align);
        return false;
    }
    return true;
}

/* Rows that are pushed into a tile loop are stored by nobody else. */
static bool is_fed(const struct th_graph *g, th_value v)
{
    const th_node n = th_value_user_count(g, v) == 1 ? th_value_user(g, v, 0) : 0;
    const bool tiles = n && th_node_op(g, n)->region == TH_REGION_TILE_LOOP;
    const int64_t feed = tiles ? th_attr_int(th_node_attrs(g, n), "feed", -1) : -1;
    return feed >= 0 && !th_value_is_output(g, v) && th_node_input(g, n, (uint32_t)feed) == v;
}

static int64_t value_bytes(const struct th_graph *g, th_value v)
{
    if (is_fed(g, v))
        return 0;
    return th_type_size(th_value_type(g, v));
}

static enum th_region_role role_of(const struct checking *k, struct th_place at)
{
    return at.region >= 0 && (uint32_t)at.region < k->plan->n_regions
               ? k->plan->regions[at.region].role : TH_ROLE_ARENA;
}

/* The target's own alignment is promised of the arena only, words of the caller's memory too. */
static int64_t value_align(const struct frame *f, th_value v)
{
    const struct th_target *t = th_pass_target(f->k->pc);
    int64_t bits = th_dtype_bits(th_value_type(f->g, v)->dtype), want = t ? t->align : 1;
    if (want > 4 && role_of(f->k, th_value_place(f->g, v)) != TH_ROLE_ARENA)
        want = 4;
    return bits / 8 > want ? bits / 8 : want;
}

static bool value_inside(struct frame *f, th_node n, th_value v, int64_t align, int64_t slack)
{
    int64_t own = value_align(f, v);
    if (th_value_is_const(f->g, v))
        return true;
    return inside(f, n, name_of(f->k, f->g, v), th_value_place(f->g, v),
                  value_bytes(f->g, v) + slack, align > own ? align : own);
}

static bool overlap(struct th_place a, int64_t a_bytes, struct th_place b, int64_t b_bytes)
{
    return a.region == b.region && a_bytes > 0 && b_bytes > 0 && a.offset < b.offset + b_bytes &&
           b.offset < a.offset + a_bytes;
}

static bool same_place(struct th_place a, struct th_place b)
{
    return a.region == b.region && a.offset == b.offset;
}

/* ---- contents ------------------------------------------------------------------------------ */
static uint32_t add_contents(struct frame *f, struct th_place at, int64_t bytes, th_value v)
{
    struct checking *k = f->k;
    if (k->n == k->cap) {
        uint32_t cap = k->cap * 2;
        struct contents *list = TH_NEW_ARRAY(k->arena, struct contents, cap);
        if (!list) {
            k->exhausted = true;
            return 0;
        }
        memcpy(list, k->list, k->n * sizeof *list);
        k->list = list;
        k->cap = cap;
    }
    k->list[k->n] = (struct contents){at.region, at.offset, at.offset + bytes, f->g, v, 0};
    return k->n++;
}

static void take(struct frame *f, struct th_place at, int64_t bytes, uint32_t owner)
{
    if (role_of(f->k, at) == TH_ROLE_INPUT && !f->k->filling)
        problem(f, 0, "%s is written over the caller's '%s'", contents_name(f->k, owner),
                f->k->plan->regions[at.region].name);
    if (!th_ownership_take(&f->k->regions[at.region], f->k->arena, at.offset, at.offset + bytes,
                           owner))
        f->k->exhausted = true;
}

/* The value is written: its place holds new contents. */
static void write_value(struct frame *f, th_value v)
{
    struct th_place at = th_value_place(f->g, v);
    uint32_t c;
    if (!value_inside(f, th_value_def(f->g, v), v, 1, 0) ||
        !(c = add_contents(f, at, value_bytes(f->g, v), v)))
        return;
    take(f, at, value_bytes(f->g, v), c);
    f->holds[v] = c;
}

static bool intact(struct frame *f, th_node n, uint32_t contents, const char *who)
{
    struct checking *k = f->k;
    const struct contents *c = &k->list[contents];
    uint32_t thief = 0;
    int64_t at = 0;
    if (!contents)
        return true;              /* its place was wrong: reported already */
    if (th_ownership_holds(&k->regions[c->region], c->lo, c->hi, contents, &thief, &at))
        return true;
    problem(f, n, "%s at [%lld, %lld) of region %d is wanted here, but %s was written at %lld", who,
            (long long)c->lo, (long long)c->hi, c->region, contents_name(k, thief),
            (long long)at);
    return false;
}

static bool value_intact(struct frame *f, th_node n, th_value v)
{
    if (th_value_is_const(f->g, v))
        return true;
    return intact(f, n, f->holds[v], name_of(f->k, f->g, v));
}

/* A plain copy of one value (of graph `from`) into another: no bytes move when the places are the
 * same. */
static void copy_value(struct frame *from, th_node n, th_value v, struct frame *to, th_value w)
{
    struct th_place a = th_value_place(from->g, v), b = th_value_place(to->g, w);
    (void)value_intact(from, n, v);
    if (!th_value_is_const(from->g, v) && same_place(a, b)) {
        (void)value_inside(to, 0, w, 1, 0);
        to->holds[w] = from->holds[v];
        return;
    }
    if (!th_value_is_const(from->g, v) &&
        overlap(a, value_bytes(from->g, v), b, value_bytes(to->g, w)))
        problem(from, n, "%s is copied onto itself, %lld bytes further",
                name_of(from->k, from->g, v), (long long)(b.offset - a.offset));
    write_value(to, w);
}

/* ---- state --------------------------------------------------------------------------------- */
static struct th_place state_place(const struct checking *k, th_state s)
{
    return (struct th_place){TH_REGION_STATE, th_state_offset(k->program, s)};
}

static int64_t state_bytes(const struct checking *k, th_state s)
{
    return th_type_size(th_state_type(k->program, s));
}

static void renew_state(struct frame *f, th_state s)
{
    struct checking *k = f->k;
    uint32_t c = add_contents(f, state_place(k, s), state_bytes(k, s), 0);
    if (!c)
        return;
    k->list[c].state = s;
    k->variables[s] = c;
    take(f, state_place(k, s), state_bytes(k, s), c);
}

/* The variable's storage gets contents of its own, or (place the same) those of the value. */
static void follow_state(struct frame *f, th_node n, bool write)
{
    struct checking *k = f->k;
    th_state s = (th_state)th_attr_int(th_node_attrs(f->g, n), "state", 0);
    th_value v = write ? th_node_input(f->g, n, 0) : th_node_output(f->g, n, 0);
    struct th_place at = th_value_place(f->g, v), var = state_place(k, s);
    bool stored = !th_value_is_const(f->g, v), here = stored && same_place(at, var);
    if (stored && !here && overlap(at, value_bytes(f->g, v), var, state_bytes(k, s)))
        problem(f, n, "%s lies across its variable", name_of(k, f->g, v));
    if (write)
        (void)value_intact(f, n, v);
    else
        (void)intact(f, n, k->variables[s], state_name(k, s));
    if (!write && here)
        f->holds[v] = k->variables[s];
    else if (!write)
        write_value(f, v);
    else if (here)
        k->variables[s] = f->holds[v];
    else
        renew_state(f, s);
}

/* ---- one call ------------------------------------------------------------------------------ */
static void check_pair(struct frame *f, th_node n, const struct th_inst *c, uint32_t out,
                       uint32_t in)
{
    th_value o = th_node_output(f->g, n, out), i = th_node_input(f->g, n, in);
    if (!i || th_value_is_const(f->g, i))
        return;
    struct th_place a = th_value_place(f->g, o), b = th_value_place(f->g, i);
    if (!overlap(a, value_bytes(f->g, o), b, value_bytes(f->g, i)))
        return;
    const char *why = th_overlap_refused(c, th_node_note_const(f->g, n), out, a.offset, in,
                                         b.offset);
    if (why)
        problem(f, n, "output %s at %lld overlaps input %s at %lld: %s",
                name_of(f->k, f->g, o), (long long)a.offset, name_of(f->k, f->g, i),
                (long long)b.offset, why);
}

static void check_scratch(struct frame *f, th_node n)
{
    const struct th_kernel_note *note = th_node_note_const(f->g, n);
    int64_t bytes = note->call ? (int64_t)note->call->scratch_bytes : note->scratch_bytes;
    int64_t align = note->call ? (int64_t)note->call->scratch_align : note->scratch_align;
    if (bytes <= 0 || !inside(f, n, "scratch", note->scratch, bytes, align))
        return;
    if (role_of(f->k, note->scratch) != TH_ROLE_ARENA)
        problem(f, n, "scratch lies in the caller's memory");
    for (uint32_t i = 0; i < th_node_input_count(f->g, n); i++) {
        th_value v = th_node_input(f->g, n, i);
        if (v && !th_value_is_const(f->g, v) &&
            overlap(note->scratch, bytes, th_value_place(f->g, v), value_bytes(f->g, v)))
            problem(f, n, "scratch at %lld overlaps input %s", (long long)note->scratch.offset,
                    name_of(f->k, f->g, v));
    }
    take(f, note->scratch, bytes, 0);
}

static void follow_call(struct frame *f, th_node n)
{
    const struct th_kernel *row = th_node_note_const(f->g, n)->row;
    struct th_inst *c = th_node_inst(f->g, n, f->k->arena);
    if (!c) {
        f->k->exhausted = true;
        return;
    }
    for (uint32_t i = 0; i < c->n_in; i++) {
        th_value v = th_node_input(f->g, n, i);
        if (v && value_inside(f, n, v, row ? row->align_in : 1, row ? row->over_read : 0))
            (void)value_intact(f, n, v);
    }
    check_scratch(f, n);
    for (uint32_t o = 0; o < c->n_out; o++) {
        th_value v = th_node_output(f->g, n, o);
        if (!value_inside(f, n, v, row ? row->align_out : 1, 0))
            continue;
        for (uint32_t i = 0; i < c->n_in; i++)
            check_pair(f, n, c, o, i);
        write_value(f, v);
    }
    const struct th_kernel_note *note = th_node_note_const(f->g, n);
    for (uint32_t o = 0; o < c->n_out; o++) {
        th_value v = th_node_output(f->g, n, o);
        const struct th_place at = th_value_place(f->g, v);
        const bool over = row && row->over_scratch && o == 0 && at.offset <= note->scratch.offset;
        if (note->scratch_bytes > 0 && !over &&
            overlap(note->scratch, note->scratch_bytes, at, value_bytes(f->g, v)))
            problem(f, n, "scratch at %lld overlaps output %s", (long long)note->scratch.offset,
                    name_of(f->k, f->g, v));
        (void)value_intact(f, n, v);     /* outputs do not overlap each other */
    }
}

/* ---- regions ------------------------------------------------------------------------------- */
static bool open_frame(struct frame *f, struct checking *k, struct th_graph *g)
{
    *f = (struct frame){k, g, TH_NEW_ARRAY(k->arena, uint32_t, th_graph_value_limit(g) + 1)};
    if (!f->holds)
        k->exhausted = true;
    return f->holds != NULL;
}

static void check_condition(struct frame *cond, struct frame *body)
{
    for (uint32_t i = 0; i < th_graph_input_count(cond->g); i++) {
        th_value v = th_graph_input(body->g, i), w = th_graph_input(cond->g, i);
        if (!same_place(th_value_place(body->g, v), th_value_place(cond->g, w)))
            problem(body, 0, "condition and body of a loop keep value %u at different places", i);
        cond->holds[w] = body->holds[v];
    }
    follow_graph(cond);
    (void)value_intact(cond, 0, th_graph_output(cond->g, 0));
}

static void follow_loop(struct frame *f, th_node n)
{
    uint32_t bodies = th_node_body_count(f->g, n);
    struct frame body, cond;
    if (!open_frame(&body, f->k, th_node_body(f->g, n, bodies - 1)))
        return;
    if (bodies > 1 && !open_frame(&cond, f->k, th_node_body(f->g, n, 0)))
        return;
    for (uint32_t i = 0; i < th_graph_input_count(body.g); i++)
        copy_value(f, n, th_node_input(f->g, n, i), &body, th_graph_input(body.g, i));
    for (int turn = 0; turn < 2; turn++) {
        if (bodies > 1)
            check_condition(&cond, &body);
        follow_graph(&body);
        for (uint32_t i = 0; i < th_graph_output_count(body.g); i++)
            copy_value(&body, 0, th_graph_output(body.g, i), &body, th_graph_input(body.g, i));
    }
    if (bodies > 1)
        check_condition(&cond, &body);
    for (uint32_t i = 0; i < th_node_output_count(f->g, n); i++)
        copy_value(&body, 0, th_graph_input(body.g, i), f, th_node_output(f->g, n, i));
    for (uint32_t i = 0; i < th_node_output_count(f->g, n); i++)
        (void)value_intact(f, n, th_node_output(f->g, n, i));
}

/* The branch's results at the places of the node's outputs. Contents of the outputs are the same
 * in both branches, so that memory can be compared afterwards. */
static void take_results(struct frame *f, th_node n, struct frame *branch, const uint32_t *made)
{
    uint32_t outs = th_node_output_count(f->g, n);
    for (uint32_t i = 0; i < outs; i++) {
        th_value v = th_graph_output(branch->g, i), o = th_node_output(f->g, n, i);
        copy_value(branch, 0, v, f, o);
    }
    for (uint32_t i = 0; i < outs; i++) {
        th_value o = th_node_output(f->g, n, i);
        (void)value_intact(f, n, o);
        if (made[i])
            take(f, th_value_place(f->g, o), value_bytes(f->g, o), made[i]);
        f->holds[o] = made[i];
    }
}

/* Memory and variables at one moment. */
struct moment {
    struct th_ownership *regions;
    uint32_t *variables;
};

static bool save(struct checking *k, struct moment *m)
{
    size_t n = (size_t)th_program_state_count(k->program) + 1;
    m->regions = TH_NEW_ARRAY(k->arena, struct th_ownership, k->plan->n_regions);
    m->variables = th_arena_memdup(k->arena, k->variables, n * sizeof *k->variables);
    bool ok = m->regions && m->variables;
    for (uint32_t r = 0; ok && r < k->plan->n_regions; r++)
        ok = th_ownership_copy(&m->regions[r], k->arena, &k->regions[r]);
    k->exhausted |= !ok;
    return ok;
}

static void restore(struct checking *k, const struct moment *m)
{
    k->regions = m->regions;
    k->variables = m->variables;
}

/* Goes on with what holds after either branch. A variable that one of them changed is whole in
 * both, but what shared its storage cannot be told any more. */
static void meet(struct frame *f, th_node n, const struct moment *other)
{
    struct checking *k = f->k;
    struct th_ownership *mine = k->regions;
    for (th_state s = 1; s <= th_program_state_count(k->program); s++) {
        uint32_t here = k->variables[s], there = other->variables[s];
        if (here == there)
            continue;
        (void)intact(f, n, here, state_name(k, s));
        k->regions = other->regions;
        (void)intact(f, n, there, state_name(k, s));
        renew_state(f, s);
        k->regions = mine;
        take(f, state_place(k, s), state_bytes(k, s), k->variables[s]);
    }
    for (uint32_t r = 0; r < k->plan->n_regions; r++)
        k->exhausted |= !th_ownership_meet(&k->regions[r], k->arena, &other->regions[r]);
}

static void follow_if(struct frame *f, th_node n)
{
    struct checking *k = f->k;
    struct moment before, after = {NULL, NULL};
    uint32_t outs = th_node_output_count(f->g, n);
    uint32_t *made = TH_NEW_ARRAY(k->arena, uint32_t, outs + 1u);
    if (!made || !save(k, &before)) {
        k->exhausted = true;
        return;
    }
    (void)value_intact(f, n, th_node_input(f->g, n, 0));
    for (uint32_t i = 0; i < outs; i++) {
        th_value o = th_node_output(f->g, n, i);
        if (value_inside(f, n, o, 1, 0))
            made[i] = add_contents(f, th_value_place(f->g, o), value_bytes(f->g, o), o);
    }
    for (uint32_t b = 0; b < 2; b++) {
        struct frame branch;
        if (!open_frame(&branch, k, th_node_body(f->g, n, b)))
            return;
        for (uint32_t i = 0; i < th_graph_input_count(branch.g); i++)
            copy_value(f, n, th_node_input(f->g, n, i + 1), &branch, th_graph_input(branch.g, i));
        follow_graph(&branch);
        take_results(f, n, &branch, made);
        if (b == 0) {
            after = (struct moment){k->regions, k->variables};
            restore(k, &before);
        }
    }
    meet(f, n, &after);
}

static void tile_problem(void *user, const struct th_graph *g, th_node n, const char *text)
{
    struct frame f = *(struct frame *)user;
    const unsigned before = f.k->problems;
    f.g = (struct th_graph *)g;
    problem(&f, n, "%s", text);
    ((struct frame *)user)->k->problems = before + 1;
}

/* What the loop wrote is nobody's any more, then its results are. */
static void follow_tiles(struct frame *f, th_node n)
{
    const struct th_target *target = th_pass_target(f->k->pc);
    struct th_tiles_check k = {.owner = f->g, .loop = n, .arena = f->k->arena, .plan = f->k->plan,
                               .align = target ? target->align : 1, .problem = tile_problem,
                               .user = f};
    for (uint32_t i = 0; i < th_node_input_count(f->g, n); i++) {
        const th_value v = th_node_input(f->g, n, i);
        if (v && value_inside(f, n, v, 1, 0))
            (void)value_intact(f, n, v);
    }
    if (th_check_tiles(&k) != TH_OK) {
        f->k->exhausted = true;
        return;
    }
    for (uint32_t i = 0; i < k.n_written; i++)
        take(f, (struct th_place){k.written[i].region, k.written[i].lo},
             k.written[i].hi - k.written[i].lo, 0);
    for (uint32_t i = 0; i < th_node_output_count(f->g, n); i++)
        write_value(f, th_node_output(f->g, n, i));
    for (uint32_t i = 0; i < th_node_output_count(f->g, n); i++)
        (void)value_intact(f, n, th_node_output(f->g, n, i));
}

static void follow_graph(struct frame *f)
{
    for (th_node n = th_graph_first(f->g); n && !f->k->exhausted; n = th_graph_next(f->g, n)) {
        const struct th_op *op = th_node_op(f->g, n);
        if (op->region == TH_REGION_LOOP)
            follow_loop(f, n);
        else if (op->region == TH_REGION_IF)
            follow_if(f, n);
        else if (op->region == TH_REGION_TILE_LOOP)
            follow_tiles(f, n);
        else if (op->traits & (TH_TRAIT_STATE_READ | TH_TRAIT_STATE_WRITE))
            follow_state(f, n, op->traits & TH_TRAIT_STATE_WRITE);
        else if (op->traits & TH_TRAIT_VIEW)
            copy_value(f, n, th_node_input(f->g, n, 0), f, th_node_output(f->g, n, 0));
        else
            follow_call(f, n);
    }
}

/* ---- the caller's memory ------------------------------------------------------------------- */
static void check_caller_value(struct frame *f, th_value v, uint32_t index,
                               enum th_region_role role)
{
    const struct th_plan_totals *t = f->k->plan;
    const struct th_place at = th_value_place(f->g, v);
    const uint32_t wanted = f->k->first_caller + index;
    if (th_value_is_const(f->g, v))
        problem(f, 0, "%s is a constant, which is not in the caller's memory",
                name_of(f->k, f->g, v));
    else if (wanted >= t->n_regions || at.region != (int32_t)wanted || at.offset)
        problem(f, 0, "%s does not lie in the caller's memory", name_of(f->k, f->g, v));
    else if (t->regions[wanted].role != role || t->regions[wanted].bytes != value_bytes(f->g, v))
        problem(f, 0, "region '%s' is not made for %s of %lld bytes", t->regions[wanted].name,
                name_of(f->k, f->g, v), (long long)value_bytes(f->g, v));
}

/* Every input and output has a region of the caller's for itself, or none has. */
static void check_caller(struct frame *f)
{
    const uint32_t n_in = th_graph_input_count(f->g), n_out = th_graph_output_count(f->g);
    if (!th_caller_io(f->k->pc) && !f->k->plan->n_caller)
        return;
    for (uint32_t i = 0; i < n_in; i++)
        check_caller_value(f, th_graph_input(f->g, i), i, TH_ROLE_INPUT);
    for (uint32_t i = 0; i < n_out; i++)
        check_caller_value(f, th_graph_output(f->g, i), n_in + i, TH_ROLE_OUTPUT);
    f->k->first_caller += n_in + n_out;
}

/* Regions of the arena come first; as many of the caller's follow as the plan says. */
static bool check_roles(struct checking *k)
{
    const struct th_plan_totals *t = k->plan;
    for (uint32_t r = 0; r < t->n_regions; r++)
        if ((t->regions[r].role != TH_ROLE_ARENA) != (r >= t->n_regions - t->n_caller)) {
            th_error(th_program_ctx(k->program), NULL, 4008, "region %u '%s' of the plan is out "
                     "of place", r, t->regions[r].name);
            return false;
        }
    k->first_caller = t->n_regions - t->n_caller;
    return true;
}

/* ---- the program --------------------------------------------------------------------------- */
static void check_function(struct checking *k, struct th_graph *g)
{
    struct frame f;
    uint32_t states = th_program_state_count(k->program);
    k->n = 1;                    /* contents of other functions are forgotten */
    for (uint32_t r = 0; r < k->plan->n_regions; r++)
        k->exhausted |= !th_ownership_init(&k->regions[r], k->arena, k->plan->regions[r].bytes);
    if (k->exhausted || !open_frame(&f, k, g))
        return;
    for (th_state s = 1; s <= states; s++) {
        int64_t align = th_dtype_bits(th_state_type(k->program, s)->dtype) / 8;
        if (!inside(&f, 0, state_name(k, s), state_place(k, s), state_bytes(k, s), align))
            return;
        renew_state(&f, s);
    }
    check_caller(&f);
    k->filling = true;
    for (uint32_t i = 0; i < th_graph_input_count(g); i++)
        write_value(&f, th_graph_input(g, i));
    k->filling = false;
    for (uint32_t i = 0; i < th_graph_input_count(g); i++)
        (void)value_intact(&f, 0, th_graph_input(g, i));
    for (th_state s = 1; s <= states; s++)
        (void)intact(&f, 0, k->variables[s], state_name(k, s));
    follow_graph(&f);
    for (uint32_t i = 0; i < th_graph_output_count(g); i++)
        (void)value_intact(&f, 0, th_graph_output(g, i));
    for (th_state s = 1; s <= states; s++)
        (void)intact(&f, 0, k->variables[s], state_name(k, s));
}

static enum th_status run(struct th_pass_ctx *pc, struct th_program *p)
{
    struct checking k = {.pc = pc, .program = p, .arena = th_pass_arena(pc),
                         .plan = th_program_plan(p)};
    struct th_ctx *ctx = th_program_ctx(p);
    if (k.plan->n_regions < 2 || k.plan->n_caller > k.plan->n_regions - 2) {
        th_error(ctx, NULL, 4008, "the program has no memory plan");
        return TH_ERR_INTERNAL;
    }
    if (!check_roles(&k))
        return TH_ERR_INTERNAL;
    k.cap = th_program_state_count(p) + 256;
    k.variables = TH_NEW_ARRAY(k.arena, uint32_t, th_program_state_count(p) + 1u);
    k.list = TH_NEW_ARRAY(k.arena, struct contents, k.cap);
    k.regions = TH_NEW_ARRAY(k.arena, struct th_ownership, k.plan->n_regions);
    if (!k.list || !k.regions || !k.variables)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < th_program_function_count(p) && !k.exhausted; i++)
        check_function(&k, th_program_function(p, i));
    if (k.problems > MAX_PROBLEMS)
        th_note(ctx, NULL, "%u more problems of the memory plan", k.problems - MAX_PROBLEMS);
    return k.problems || k.exhausted ? TH_ERR_INTERNAL : TH_OK;
}

const struct th_pass th_pass_check_plan = {
    .struct_size = sizeof(struct th_pass),
    .name = "check-plan",
    .summary = "prove the memory plan by following every byte, without the planner",
    .requires_props = TH_PROP_PLANNED,
    .run = run,
};
