/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses a kernel row for every node that computes; all nodes without one are listed. */
#include <stdio.h>
#include <string.h>

#include "ir/notes.h"
#include "passes/caller_io.h"
#include "passes/in_place.h"
#include "passes/tile_query.h"
#include "passes/util.h"

#define STRUCTURAL \
    (TH_TRAIT_VIEW | TH_TRAIT_STATE_READ | TH_TRAIT_STATE_WRITE | TH_TRAIT_REGION)

static void print_types(struct th_str *s, const struct th_inst *c)
{
    for (uint32_t i = 0; i < c->n_in; i++) {
        th_str_add(s, i ? "," : "");
        if (!c->in[i])
            th_str_add(s, "-");
        else
            th_type_print(s, c->in[i]);
    }
    th_str_add(s, ">");
    for (uint32_t i = 0; i < c->n_out; i++) {
        th_str_add(s, i ? "," : "");
        th_type_print(s, &c->out[i]);
    }
}

static void no_kernel(struct th_pass_ctx *pc, const struct th_inst *c, const char *why)
{
    struct th_str types;
    struct th_loc loc = c->loc ? *c->loc : TH_LOC_NONE;
    if (!loc.op)
        loc.op = c->op->name;
    th_str_init(&types);
    print_types(&types, c);
    th_error(th_pass_ctx(pc), &loc, 4003, "target '%s' has no kernel for %s, contract '%s': %s",
             th_pass_target(pc)->name, types.s, c->contract, why);
    th_str_release(&types);
}

/* The result a value shows, seen through views. */
static th_value behind_views(const struct th_graph *g, th_value v)
{
    for (;;) {
        th_node n = th_value_def(g, v);
        if (!n || !(th_node_op(g, n)->traits & TH_TRAIT_VIEW))
            return v;
        v = th_node_input(g, n, 0);
    }
}

/*
 * Results of a loop body become the next round's values one after the other. A result that is
 * another value's storage would be overwritten before it is taken, so it gets its own.
 */
static enum th_status separate_results(struct th_graph *body)
{
    for (uint32_t i = 0; i < th_graph_output_count(body); i++) {
        th_value v = th_graph_output(body, i), from = behind_views(body, v), copy;
        if (!th_value_is_input(body, from) || from == th_graph_input(body, i))
            continue;
        struct th_node_desc d = {.op = "copy", .in = &v, .n_in = 1, .loc = TH_LOC_NONE};
        if (v == from)
            d.before = th_graph_first(body);
        TH_TRY(th_graph_add_node_nofold(body, &d, NULL, &copy));
        th_graph_set_output(body, i, copy);
    }
    return TH_OK;
}

/* ---- --force=NODE=SYMBOL,... --------------------------------------------------------------- */
#define MAX_FORCED 64

struct forced {
    const char *node, *symbol;   /* node index in the model, its name, or an operator */
    bool found;
};
struct selecting {
    struct th_pass_ctx *pc;
    struct forced forced[MAX_FORCED];
    uint32_t n_forced;
};

static bool check_symbol(struct selecting *k, const char *symbol)
{
    struct th_ctx *ctx = th_pass_ctx(k->pc);
    const struct th_backend *b = th_pass_backend(k->pc);
    size_t n = 0;
    if (th_kernel_find(ctx, b, symbol))
        return true;
    th_error(ctx, NULL, 9001, "--force: target '%s' has no kernel '%s'",
             th_pass_target(k->pc)->name, symbol);
    const char **names = th_kernel_symbols(ctx, b, th_pass_arena(k->pc), &n);
    const char *near = names ? th_nearest_name(symbol, names, n) : NULL;
    if (near)
        th_help(ctx, 9001, "did you mean '%s'?", near);
    else
        th_help(ctx, 9001, "the report of a compiled model names its kernels");
    return false;
}

static enum th_status read_forced(struct selecting *k)
{
    bool known = true;
    struct th_arena *a = th_pass_arena(k->pc);
    const char *p = th_pass_global(k->pc, "force");
    while (p && *p) {
        size_t len = strcspn(p, ",");
        char *word = th_arena_strndup(a, p, len), *eq = word ? strrchr(word, '=') : NULL;
        if (!word)
            return TH_ERR_INTERNAL;
        if (!eq || k->n_forced == MAX_FORCED) {
            th_error(th_pass_ctx(k->pc), NULL, 9001, eq ? "--force: at most 64 kernels"
                                                        : "--force: '%s' is no NODE=SYMBOL", word);
            return TH_ERR_USAGE;
        }
        *eq = '\0';
        known &= check_symbol(k, eq + 1);
        k->forced[k->n_forced++] = (struct forced){word, eq + 1, false};
        p += len + (p[len] == ',');
    }
    return known ? TH_OK : TH_ERR_USAGE;
}

static const char *forced_symbol(struct selecting *k, const struct th_inst *c)
{
    const char *symbol = NULL;
    char index[24];
    snprintf(index, sizeof index, "%lld", (long long)(c->loc ? c->loc->node : -1));
    for (uint32_t i = 0; i < k->n_forced; i++) {
        struct forced *f = &k->forced[i];
        if (strcmp(f->node, index) && strcmp(f->node, c->op->name) &&
            (!c->loc || !c->loc->name || strcmp(f->node, c->loc->name)))
            continue;
        f->found = true;
        symbol = f->symbol;
    }
    return symbol;
}

static void report_unused(struct selecting *k)
{
    for (uint32_t i = 0; i < k->n_forced; i++)
        if (!k->forced[i].found)
            th_error(th_pass_ctx(k->pc), NULL, 9001, "--force: no node, name or operator '%s'",
                     k->forced[i].node);
}

/* ---- one node ------------------------------------------------------------------------------ */
static bool choose(struct selecting *k, const struct th_query *q, struct th_kernel_note *note)
{
    struct th_selection s;
    struct th_str why;
    th_str_init(&why);
    const bool found = th_kernel_select(th_pass_ctx(k->pc), th_pass_backend(k->pc), q,
                                        forced_symbol(k, q->inst), &s, &why);
    if (found)
        *note = (struct th_kernel_note){.row = s.row, .owner = s.owner, .cost = s.cost,
                                        .scratch = {-1, 0}, .order = note->order};
    else
        no_kernel(k->pc, q->inst, why.s);
    th_str_release(&why);
    return found;
}

static enum th_status select_node(struct selecting *k, struct th_graph *g, th_node n)
{
    struct th_pass_ctx *pc = k->pc;
    const struct th_op *op = th_node_op(g, n);
    struct th_inst *c = th_node_inst(g, n, th_pass_arena(pc));
    if (!c)
        return TH_ERR_INTERNAL;
    if (op->region == TH_REGION_LOOP)
        TH_TRY(separate_results(th_node_body(g, n, th_node_body_count(g, n) - 1)));
    if (op->traits & STRUCTURAL)
        return TH_OK;
    struct th_query q = {.inst = c, .target = th_pass_target(pc),
                         .objective = th_pass_objective(pc), .whole = true};
    for (int32_t a = 0; c->n_out && a < c->out[0].rank; a++)
        q.box.hi[a] = c->out[0].dims[a];
    struct th_kernel_note *note = th_node_note(g, n);
    struct th_selection s;
    q.order = note->order;
    if (!q.order && th_in_place_wanted(pc, g, n))
        q.order = TH_ORDER_IN_PLACE;
    if (q.order && !th_kernel_select(th_pass_ctx(pc), th_pass_backend(pc), &q, NULL, &s, NULL))
        q.order = 0;
    choose(k, &q, note);
    return TH_OK;
}

/* ---- tile loops ---------------------------------------------------------------------------- */
/* Chosen for the width that occurs most; the estimate is that of all pieces. */
static enum th_status select_piece(struct selecting *k, const struct th_tile *t, uint32_t i,
                                   const struct th_tile_pieces *p)
{
    struct th_arena *arena = th_pass_arena(k->pc);
    struct th_kernel_note *note = th_node_note(t->body, t->nodes[i].node);
    struct th_query q = {.target = th_pass_target(k->pc), .objective = th_pass_objective(k->pc)};
    const char *why = NULL;
    double cycles = 0;
    for (uint32_t w = 0; w < p->n; w++) {
        const enum th_status s = th_tile_query(t, i, p, p->columns[w], arena, &q, &why);
        if (s == TH_ERR_INTERNAL)
            return s;
        if (s != TH_OK) {
            no_kernel(k->pc, q.inst, why);
            return TH_OK;
        }
        if (w == 0 && !choose(k, &q, note))
            return TH_OK;
        if (w > 0 && note->row->refuse && (why = note->row->refuse(&q)) != NULL) {
            no_kernel(k->pc, q.inst, why);
            return TH_OK;
        }
        struct th_kernel_cost one = note->cost;
        if (note->row->cost)
            note->row->cost(&q, &one);
        const double times = q.whole ? 1.0 : (double)p->most_rows;
        cycles += one.cycles / times * (double)p->rows[w];
    }
    note->cost.cycles = cycles;
    return TH_OK;
}

static enum th_status select_tile(struct selecting *k, struct th_graph *g, th_node n)
{
    struct th_tile t;
    struct th_tile_pieces *pieces;
    TH_TRY(th_tile_read(g, n, th_pass_arena(k->pc), &t));
    TH_TRY(th_tile_survey(&t, th_pass_arena(k->pc), &pieces));
    for (uint32_t i = t.feed >= 0; i < t.n_nodes; i++)     /* the first one keeps what is pushed */
        TH_TRY(select_piece(k, &t, i, &pieces[i]));
    return TH_OK;
}

/* Owners before their bodies: a loop adds copies to its body, which then get kernels too. */
static enum th_status select_graph(struct selecting *k, struct th_graph *g)
{
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n)) {
        if (th_node_op(g, n)->region == TH_REGION_TILE_LOOP) {
            TH_TRY(select_tile(k, g, n));
            continue;
        }
        TH_TRY(select_node(k, g, n));
        for (uint32_t b = 0; b < th_node_body_count(g, n); b++)
            TH_TRY(select_graph(k, th_node_body(g, n, b)));
    }
    return TH_OK;
}

static enum th_status select_added(void *user, struct th_graph *g, th_node n)
{
    return select_node(user, g, n);
}

static enum th_status run(struct th_pass_ctx *pc, struct th_program *p)
{
    struct th_ctx *ctx = th_pass_ctx(pc);
    struct selecting k = {.pc = pc};
    unsigned errors = th_error_count(ctx);
    if (!th_pass_target(pc) || !th_pass_backend(pc)) {
        th_error(ctx, NULL, 4001, "no target was chosen: kernels cannot be selected");
        return TH_ERR_USAGE;
    }
    TH_TRY(read_forced(&k));
    th_program_clear_notes(p);
    for (uint32_t i = 0; i < th_program_function_count(p); i++)
        TH_TRY(select_graph(&k, th_program_function(p, i)));
    const struct th_caller_select select = {select_added, &k};
    for (uint32_t i = 0; i < th_program_function_count(p) && th_caller_io(pc); i++)
        TH_TRY(th_caller_io_copies(th_program_function(p, i), &select));
    if (th_error_count(ctx) != errors)
        return TH_ERR_TARGET;
    report_unused(&k);
    return th_error_count(ctx) == errors ? TH_OK : TH_ERR_USAGE;
}

const struct th_pass th_pass_select_kernels = {
    .struct_size = sizeof(struct th_pass),
    .name = "select-kernels",
    .summary = "choose the kernel of every node for the target",
    .requires_props = TH_PROP_TYPED,
    .provides_props = TH_PROP_SELECTED,
    .invalidates_props = TH_PROP_PACKED | TH_PROP_ALIASED | TH_PROP_SCHEDULED | TH_PROP_PLANNED,
    .run = run,
};
