/* SPDX-License-Identifier: Apache-2.0 */
/* The pass manager: runs a pipeline and verifies between its steps. */
#define _POSIX_C_SOURCE 200809L

#include "passes/pass_ctx.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ir/notes.h"

/* ---- what a pass is given -------------------------------------------------------------------- */

struct th_ctx *th_pass_ctx(const struct th_pass_ctx *pc)
{
    return th_program_ctx(pc->program);
}

struct th_program *th_pass_program(const struct th_pass_ctx *pc)
{
    return pc->program;
}

struct th_arena *th_pass_arena(const struct th_pass_ctx *pc)
{
    return pc->arena;
}

const struct th_target *th_pass_target(const struct th_pass_ctx *pc)
{
    return pc->run->target;
}

const struct th_backend *th_pass_backend(const struct th_pass_ctx *pc)
{
    return pc->run->backend;
}

enum th_objective th_pass_objective(const struct th_pass_ctx *pc)
{
    return pc->run->objective;
}

void th_pass_changed(struct th_pass_ctx *pc)
{
    pc->changed = true;
}

void th_pass_remark(struct th_pass_ctx *pc, const char *fmt, ...)
{
    struct th_str line;
    va_list ap;
    th_str_init(&line);
    th_str_addf(&line, "%s: ", pc->step->pass->name);
    va_start(ap, fmt);
    th_str_vaddf(&line, fmt, ap);
    va_end(ap);
    if (th_ctx_verbosity(th_pass_ctx(pc)) >= 2)
        th_note(th_pass_ctx(pc), NULL, "%s", line.s);
    if (pc->run->remarks)
        th_str_addf(pc->run->remarks, "%s\n", line.s);
    th_str_release(&line);
}

/* ---- data ------------------------------------------------------------------------------------ */

static enum th_status no_data(struct th_pass_ctx *pc, const char *where)
{
    th_error(th_pass_ctx(pc), NULL, 3101, "pass '%s' asks for '%s', but nothing here reads data",
             pc->step->pass->name, where);
    return TH_ERR_USAGE;
}

enum th_status th_pass_samples(struct th_pass_ctx *pc, const struct th_graph *f,
                               const char *where, struct th_samples *out)
{
    *out = (struct th_samples){0, NULL, NULL};
    return pc->run->samples ? pc->run->samples(pc->run->user, f, where, out) : no_data(pc, where);
}

enum th_status th_pass_labels(struct th_pass_ctx *pc, const char *where, int64_t *n,
                              const int32_t **labels)
{
    return pc->run->labels ? pc->run->labels(pc->run->user, where, n, labels)
                           : no_data(pc, where);
}

void th_pass_progress(struct th_pass_ctx *pc, const char *what, int64_t done, int64_t total)
{
    if (pc->run->progress)
        pc->run->progress(pc->run->user, what, done, total);
}

/* ---- running one ----------------------------------------------------------------------------- */

struct graph_list {
    struct th_graph **list;
    uint32_t n, cap;
    bool skip_bodies;
    struct th_arena *arena;
};

static enum th_status count_graph(struct th_graph *g, void *user)
{
    struct graph_list *l = user;
    (void)g;
    l->cap++;
    return TH_OK;
}

static enum th_status take_graph(struct th_graph *g, void *user)
{
    struct graph_list *l = user;
    if (!(l->skip_bodies && th_graph_is_body(g)))
        l->list[l->n++] = g;
    return TH_OK;
}

/* The list is taken first: a pass may remove region nodes while it runs. Bodies come before what
 * owns them, so that a change inside is seen outside. */
static enum th_status run_on_graphs(struct th_pass_ctx *pc)
{
    const struct th_pass *p = pc->step->pass;
    struct graph_list l = {NULL, 0, 0, p->skip_bodies, pc->arena};
    TH_TRY(th_program_walk(pc->program, count_graph, &l));
    l.list = TH_NEW_ARRAY(pc->arena, struct th_graph *, l.cap);
    if (!l.list)
        return TH_ERR_INTERNAL;
    TH_TRY(th_program_walk(pc->program, take_graph, &l));
    for (uint32_t i = l.n; i > 0; i--)
        TH_TRY(p->run_graph(pc, l.list[i - 1]));
    return TH_OK;
}

static bool listed(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = list; p && *p;) {
        size_t item = strcspn(p, ",");
        if ((item == len && strncmp(p, name, len) == 0) || (item == 3 && !strncmp(p, "all", 3)))
            return true;
        p += item + (p[item] == ',');
    }
    return false;
}

static void print_after(const struct th_program *p, const char *pass)
{
    struct th_str text;
    th_str_init(&text);
    th_program_print(p, &text);
    fprintf(stderr, "; after %s\n%s", pass, text.s);
    th_str_release(&text);
}

static double seconds(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

static enum th_status verify_after(struct th_pass_ctx *pc, const char *pass)
{
    if (th_program_verify(pc->program) == TH_OK)
        return TH_OK;
    th_error(th_pass_ctx(pc), NULL, 3105, "the program is not valid %s '%s'",
             pass ? "after pass" : "before pipeline", pass ? pass : pc->run->pipeline);
    return pass ? TH_ERR_INTERNAL : TH_ERR_INPUT;
}

static enum th_status run_step(struct th_pass_ctx *pc)
{
    const struct th_pass *p = pc->step->pass;
    struct th_ctx *ctx = th_pass_ctx(pc);
    unsigned errors = th_error_count(ctx);
    double start = seconds();
    pc->changed = false;
    enum th_status st = p->run ? p->run(pc, pc->program) : run_on_graphs(pc);
    th_arena_clear(pc->arena);
    if (st != TH_OK && th_error_count(ctx) == errors)
        th_error(ctx, NULL, 3105, "pass '%s' failed without saying why", p->name);
    TH_TRY(st);
    if (pc->run->time_passes)
        th_note(ctx, NULL, "%-16s %9.3f ms%s", p->name, 1e3 * (seconds() - start),
                pc->changed ? ", changed" : "");
    if (pc->run->verify)
        TH_TRY(verify_after(pc, p->name));
    if (listed(pc->run->print_after, p->name))
        print_after(pc->program, p->name);
    return TH_OK;
}

/* Every name in a list of the user's must be a pass of this pipeline. */
static bool check_names(struct th_ctx *ctx, struct th_arena *a, const struct th_steps *s,
                        const char *option, const char *list)
{
    bool ok = true;
    const char **names = TH_NEW_ARRAY(a, const char *, s->n + 1);
    if (!names)
        return false;
    for (uint32_t i = 0; i < s->n; i++)
        names[i] = s->list[i].pass->name;
    for (const char *p = list; p && *p;) {
        size_t len = strcspn(p, ",");
        const char *name = th_arena_strndup(a, p, len);
        bool found = name && strcmp(name, "all") == 0;
        for (uint32_t i = 0; name && i < s->n; i++)
            found |= strcmp(names[i], name) == 0;
        if (!found && name) {
            th_error(ctx, NULL, 3101, "--%s: no pass '%s' in this pipeline", option, name);
            const char *near = th_nearest_name(name, names, s->n);
            if (near)
                th_help(ctx, 0, "did you mean '%s'?", near);
            ok = false;
        }
        p += len + (p[len] == ',');
    }
    return ok;
}

/* A planned program that was read back keeps its plan for a list that begins by relying on it
 * (check-plan alone); any other list starts anew. Packed constants are not written, so they are
 * never there. */
static uint32_t first_props(struct th_program *p, const struct th_steps *s)
{
    uint32_t props = TH_PROP_TYPED;
    bool relies = s->n && s->list[0].pass->requires_props & TH_PLAN_PROPS;
    if (relies && th_program_plan(p)->n_regions)
        props |= TH_PLAN_PROPS & ~(uint32_t)TH_PROP_PACKED;
    else
        th_program_clear_notes(p);
    return props;
}

/* A pass that changes the program and does not belong to planning makes all notes stale. One that
 * does keeps its predecessors' notes, but never an earlier plan. */
static uint32_t props_after(struct th_program *program, uint32_t props, const struct th_pass *p,
                            bool changed)
{
    if (changed && !(p->provides_props & TH_PLAN_PROPS)) {
        props &= ~(uint32_t)TH_PLAN_PROPS;
        th_program_clear_notes(program);
    } else if (changed) {
        props &= ~(uint32_t)TH_PROP_PLANNED;
    }
    return (props & ~p->invalidates_props) | p->provides_props;
}

static enum th_status run_steps(struct th_pass_ctx *pc, const struct th_steps *s, uint32_t props)
{
    const struct th_pipeline_run *r = pc->run;
    if (r->verify)
        TH_TRY(verify_after(pc, NULL));
    for (uint32_t i = 0; i < s->n; i++) {
        const struct th_pass *p = s->list[i].pass;
        pc->step = &s->list[i];
        if (p->requires_props & ~props) {
            th_error(th_pass_ctx(pc), NULL, 3102, "pass '%s' relies on notes that an earlier pass "
                     "made stale by changing the program", p->name);
            return TH_ERR_USAGE;
        }
        TH_TRY(run_step(pc));
        props = props_after(pc->program, props, p, pc->changed);
        if (r->stop_after && strcmp(r->stop_after, p->name) == 0)
            break;
    }
    return TH_OK;
}

enum th_status th_pipeline_run(struct th_program *p, const struct th_pipeline_run *r)
{
    struct th_ctx *ctx = th_program_ctx(p);
    struct th_arena *plan = th_arena_new(0), *scratch = th_arena_new(0);
    struct th_steps steps;
    uint32_t props = 0;
    enum th_status st = plan && scratch ? th_pipeline_parse(ctx, plan, r, &steps)
                                        : TH_ERR_INTERNAL;
    if (st == TH_OK) {
        bool named = check_names(ctx, plan, &steps, "stop-after", r->stop_after);
        named &= check_names(ctx, plan, &steps, "print-ir-after", r->print_after);
        props = first_props(p, &steps);
        st = th_pipeline_check(ctx, &steps, props);
        if (!named)
            st = TH_ERR_USAGE;
    }
    if (st == TH_OK) {
        struct th_pass_ctx pc = {p, scratch, r, NULL, false};
        if (r->canonical)
            th_pipeline_text(&steps, r->canonical);
        st = run_steps(&pc, &steps, props);
    }
    th_arena_free(scratch);
    th_arena_free(plan);
    return st;
}
