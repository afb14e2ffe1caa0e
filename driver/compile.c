/* SPDX-License-Identifier: Apache-2.0 */
/* The straight line from bytes to files. */
#define _POSIX_C_SOURCE 200809L
#include "driver/compile.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "driver/target_sizes.h"
#include "driver/ways_out.h"
#include "ir/base/files.h"
#include "ir/notes.h"

#define CODE_USAGE 9001
#define DEFAULT_TARGET "c99"

void th_compiled_init(struct th_ctx *ctx, const struct th_options *o, struct th_compiled *c)
{
    *c = (struct th_compiled){.ctx = ctx, .options = o};
    th_str_init(&c->passes);
    th_str_init(&c->remarks);
    th_str_init(&c->option_text);
}

void th_compiled_release(struct th_compiled *c)
{
    th_program_free(c->program);
    c->program = NULL;
    th_str_release(&c->passes);
    th_str_release(&c->remarks);
    th_str_release(&c->option_text);
}

static enum th_status no_memory(struct th_ctx *ctx)
{
    th_error(ctx, NULL, 0, "memory exhausted");
    return TH_ERR_INTERNAL;
}

/* --name, which must be a C identifier already, or the model's file name made one. */
static enum th_status choose_name(struct th_compiled *c)
{
    const char *given = c->options->name;
    char *wanted = th_arena_strdup(c->options->arena, given ? given
                                                            : th_base_name(c->options->model));
    if (!wanted)
        return no_memory(c->ctx);
    char *dot = given ? NULL : strrchr(wanted, '.');
    if (dot && dot != wanted)
        *dot = 0;
    struct th_str s;
    th_str_init(&s);
    th_emit_identifier(&s, wanted);
    c->name = th_arena_strdup(c->options->arena, s.s);
    th_str_release(&s);
    if (!c->name)
        return no_memory(c->ctx);
    if (given && strcmp(given, c->name)) {
        th_error(c->ctx, NULL, CODE_USAGE, "--name: '%s' is no name that C accepts, or one of a "
                 "header", given);
        th_help(c->ctx, CODE_USAGE, "try --name %s", c->name);
        return TH_ERR_USAGE;
    }
    return TH_OK;
}

enum th_status th_compile_target(struct th_compiled *c)
{
    const char *name = c->options->target ? c->options->target : DEFAULT_TARGET;
    const struct th_target *t = th_target_find(c->ctx, name);
    if (!t)
        return TH_ERR_USAGE;
    TH_TRY(th_target_with_sizes(c->options, t, &c->target));
    c->backend = th_backend_find(c->ctx, t->backend);
    if (c->backend)
        return TH_OK;
    th_error(c->ctx, NULL, 4003, "target '%s' needs backend '%s', which is not loaded", t->name,
             t->backend);
    th_help(c->ctx, 4003, "'thimble plugins' tells what was loaded and what failed");
    return TH_ERR_TARGET;
}

static enum th_status no_such_tensor(struct th_ctx *ctx, const struct th_options *o,
                                     const struct th_program *p)
{
    const char *wanted = o->cut_output;
    const struct th_graph *f = th_program_function(p, 0);
    const uint32_t n = f ? th_graph_value_limit(f) : 0;
    const char **names = TH_NEW_ARRAY(o->arena, const char *, n);
    uint32_t count = 0;
    for (th_value v = 1; names && v < n; v++)
        if (th_value_def(f, v))
            names[count++] = th_value_name(f, v);
    th_error(ctx, NULL, CODE_USAGE, "--cut-output: no node computes a tensor '%s'", wanted);
    const char *near = names ? th_nearest_name(wanted, names, count) : NULL;
    struct th_str s;
    th_str_init(&s);
    th_str_add_escaped(&s, near ? near : "");
    if (near)
        th_help(ctx, CODE_USAGE, "did you mean '%s'?", s.s);
    else
        th_help(ctx, CODE_USAGE, "'thimble analyze -v 2' lists them");
    th_str_release(&s);
    return TH_ERR_USAGE;
}

/* Makes the tensor --cut-output names the only output of the function that computes it. */
static enum th_status cut_output(struct th_ctx *ctx, const struct th_options *o,
                                 struct th_program *p)
{
    const char *wanted = o->cut_output;
    for (uint32_t i = 0; wanted && i < th_program_function_count(p); i++) {
        struct th_graph *f = th_program_function(p, i);
        for (th_value v = 1; v < th_graph_value_limit(f); v++) {
            if (strcmp(th_value_name(f, v), wanted) || !th_value_def(f, v))
                continue;
            th_graph_clear_outputs(f);
            return th_graph_add_output(f, wanted, v);
        }
    }
    return wanted ? no_such_tensor(ctx, o, p) : TH_OK;
}

enum th_status th_read_cut(struct th_ctx *ctx, const struct th_options *o, struct th_program **out)
{
    struct th_program *p = NULL;
    TH_TRY(th_options_need_model(o));
    TH_TRY(th_read_model(ctx, o->model, o->dims, o->n_dims, &p));
    const enum th_status s = cut_output(ctx, o, p);
    if (s == TH_OK)
        *out = p;
    else
        th_program_free(p);
    return s;
}

enum th_status th_compile_read(struct th_compiled *c)
{
    const struct th_options *o = c->options;
    TH_TRY(th_options_need_model(o));
    TH_TRY(choose_name(c));
    TH_TRY(th_read_cut(c->ctx, o, &c->program));
    th_options_canonical(o, &c->option_text);
    return TH_OK;
}

/* ---- what passes ask for --------------------------------------------------------------------- */

static enum th_status open_samples(void *user, const struct th_graph *f, const char *where,
                                      struct th_samples *out)
{
    const struct th_options *o = user;
    return th_dataset_open(o->ctx, f, where, &o->preprocess, out);
}

static enum th_status open_labels(void *user, const char *where, int64_t *n,
                                     const int32_t **labels)
{
    const struct th_options *o = user;
    return th_dataset_labels(o->ctx, where, n, labels);
}

/* One line of the terminal, written anew. */
static void show_progress(void *user, const char *what, int64_t done, int64_t total)
{
    const struct th_options *o = user;
    if (o->verbosity < 1 || !isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[K");
    if (done < total)
        fprintf(stderr, "%s %" PRId64 "/%" PRId64, what, done, total);
    fflush(stderr);
}

static struct th_pipeline_run passes_of(struct th_compiled *c)
{
    const struct th_options *o = c->options;
    return (struct th_pipeline_run){
        .pipeline = "inference", .passes = o->passes, .stop_after = o->stop_after,
        .print_after = o->print_after, .time_passes = o->time_passes, .verify = true,
        .target = c->target, .backend = c->backend, .objective = o->objective,
        .global = th_options_global, .user = (void *)(uintptr_t)o,
        .remarks = &c->remarks, .canonical = &c->passes, .samples = open_samples,
        .labels = open_labels, .progress = show_progress};
}

enum th_status th_compile_passes(struct th_compiled *c)
{
    const struct th_options *o = c->options;
    const struct th_pipeline_run run = passes_of(c);
    if (o->hop != 1 && strcmp(o->feed, "frames")) {
        th_error(c->ctx, NULL, CODE_USAGE, "--hop says how many frames a step of --feed frames "
                 "has, and this is --feed %s", o->feed);
        return TH_ERR_USAGE;
    }
    const enum th_status s = th_pipeline_run(c->program, &run);
    if (s == TH_ERR_TARGET)
        th_say_ways_out(c);
    return s;
}

enum th_status th_compile_again(const struct th_compiled *c, const struct th_options *o,
                                int64_t *arena, int64_t *flash)
{
    struct th_compiled w;
    struct th_plan_arena a;
    th_compiled_init(c->ctx, o, &w);
    w.target = c->target;
    w.backend = c->backend;
    enum th_status s = th_compile_read(&w);
    struct th_pipeline_run run = passes_of(&w);
    run.print_after = NULL;
    run.time_passes = false;
    if (s == TH_OK)
        s = th_pipeline_run(w.program, &run);
    if (s == TH_OK) {
        const struct th_report *r = th_compile_report(&w);
        th_plan_arena(th_program_plan(w.program), &a);
        *arena = a.state + a.transient;
        *flash = r ? r->data_bytes + r->foot.code : 0;
        s = r ? TH_OK : TH_ERR_INTERNAL;
    }
    th_compiled_release(&w);
    return s;
}

static const char *whole_windows(void *user, const char *name)
{
    return !strcmp(name, "feed") ? "whole" : th_options_global(user, name);
}

enum th_status th_compile_windows(const struct th_compiled *c, struct th_program **whole)
{
    struct th_compiled w;
    th_compiled_init(c->ctx, c->options, &w);
    w.target = c->target;
    w.backend = c->backend;
    enum th_status s = th_compile_read(&w);
    struct th_pipeline_run run = passes_of(&w);
    run.global = whole_windows;
    run.print_after = NULL;
    run.time_passes = false;
    if (!run.passes)
        run.stop_after = "dce";          /* nothing behind it changes what is computed */
    if (s == TH_OK)
        s = th_pipeline_run(w.program, &run);
    *whole = s == TH_OK ? w.program : NULL;
    if (s == TH_OK)
        w.program = NULL;
    th_compiled_release(&w);
    return s;
}

const struct th_report *th_compile_report(const struct th_compiled *c)
{
    const bool planned = th_program_plan(c->program)->n_regions > 0;
    const struct th_report_request q = {
        .program = c->program, .target = planned ? c->target : NULL,
        .name = c->name, .options = c->option_text.s, .passes = c->passes.s,
        .remarks = c->remarks.s};
    const struct th_report *r = th_report_collect(&q, th_program_arena(c->program));
    if (!r)
        no_memory(c->ctx);
    return r;
}

uint64_t th_compile_flash(const struct th_compiled *c, const char **where)
{
    uint64_t flash = 0;
    *where = NULL;
    /* a file of weights is placed by the user */
    for (uint32_t i = 0; i < c->target->n_regions && strcmp(c->options->weights, "bin"); i++) {
        const struct th_mem_region *m = &c->target->regions[i];
        if (m->use & TH_REGION_USE_CODE && !(m->use & TH_REGION_USE_RAM) && m->bytes > flash) {
            flash = m->bytes;
            *where = m->name;
        }
    }
    return flash;
}

enum th_status th_compile_check(const struct th_compiled *c)
{
    const struct th_report *r = th_compile_report(c);
    const char *where = NULL;
    const uint64_t flash = th_compile_flash(c, &where);
    if (!r)
        return TH_ERR_INTERNAL;
    const uint64_t data = (uint64_t)r->data_bytes, code = (uint64_t)r->foot.code;
    if (!where || data + code <= flash)
        return TH_OK;
    th_error(c->ctx, NULL, 0, "model needs %s%" PRIu64 " bytes of flash, region '%s' has %" PRIu64,
             data > flash ? "" : "up to ", data + code, where, flash);
    th_note(c->ctx, NULL, "constant data %" PRIu64 ", code at most %" PRIu64, data, code);
    th_help(c->ctx, 4007, "try a larger target, --weights bin if they are to lie elsewhere, or "
            "--flash %" PRIu64 "k if the device has it", (data + code + 1023) / 1024);
    th_say_flash_way_out(c, (int64_t)flash);
    return TH_ERR_TARGET;
}

/* The three forms of the report, as files of the folder. */
struct extras {
    struct th_str text[3];
    struct th_emit_extra files[3];
};

static enum th_status write_reports(const struct th_compiled *c, struct extras *x)
{
    static const char *const suffix[] = {"_report.txt", "_info.json", "_report.html"};
    const struct th_report *r = th_compile_report(c);
    if (!r)
        return TH_ERR_INTERNAL;
    th_report_text(r, &x->text[0]);
    TH_TRY(th_report_json(r, &x->text[1]));
    TH_TRY(th_report_html(r, &x->text[2]));
    for (int i = 0; i < 3; i++) {
        const char *name = th_arena_printf(c->options->arena, "%s%s", c->name, suffix[i]);
        if (!name || x->text[i].failed)
            return no_memory(c->ctx);
        x->files[i] = (struct th_emit_extra){name, x->text[i].s, x->text[i].len};
    }
    return TH_OK;
}

static enum th_status emit_with(const struct th_compiled *c, const char *folder,
                                const struct extras *x)
{
    const struct th_options *o = c->options;
    const struct th_emit_request r = {
        .program = c->program, .backend = c->backend, .target = c->target, .name = c->name,
        .folder = folder, .options = c->option_text.s, .passes = c->passes.s,
        .weights_bin = !strcmp(o->weights, "bin"),
        .testbench = o->testbench, .extra = x->files, .n_extra = TH_ARRAY_LEN(x->files)};
    return th_emit_folder(c->ctx, &r);
}

enum th_status th_compile_emit(const struct th_compiled *c, const char *folder)
{
    struct extras x;
    for (int i = 0; i < 3; i++)
        th_str_init(&x.text[i]);
    enum th_status s = write_reports(c, &x);
    if (s == TH_OK)
        s = emit_with(c, folder, &x);
    for (int i = 0; i < 3; i++)
        th_str_release(&x.text[i]);
    return s;
}
