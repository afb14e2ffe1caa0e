/* SPDX-License-Identifier: Apache-2.0 */
/* The straight line from bytes to files. */
#include "driver/compile.h"

#include <string.h>

#include "driver/target_sizes.h"
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
        th_error(c->ctx, NULL, CODE_USAGE, "--name: '%s' is no name that C accepts", given);
        th_help(c->ctx, CODE_USAGE, "try --name %s", c->name);
        return TH_ERR_USAGE;
    }
    return TH_OK;
}

static enum th_status choose_target(struct th_compiled *c)
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

/* Makes the tensor --cut-output names the only output of the function that computes it. */
static enum th_status cut_output(const struct th_compiled *c)
{
    const char *wanted = c->options->cut_output;
    for (uint32_t i = 0; wanted && i < th_program_function_count(c->program); i++) {
        struct th_graph *f = th_program_function(c->program, i);
        for (th_value v = 1; v < th_graph_value_limit(f); v++) {
            if (strcmp(th_value_name(f, v), wanted) || !th_value_def(f, v))
                continue;
            th_graph_clear_outputs(f);
            return th_graph_add_output(f, wanted, v);
        }
    }
    if (!wanted)
        return TH_OK;
    th_error(c->ctx, NULL, CODE_USAGE, "--cut-output: no node computes a tensor '%s'", wanted);
    th_help(c->ctx, CODE_USAGE, "'thimble analyze %s -v 2' lists the tensors", c->options->model);
    return TH_ERR_USAGE;
}

enum th_status th_compile_read(struct th_compiled *c)
{
    const struct th_options *o = c->options;
    TH_TRY(th_options_need_model(o));
    TH_TRY(choose_name(c));
    TH_TRY(choose_target(c));
    TH_TRY(th_read_model(c->ctx, o->model, o->dims, o->n_dims, &c->program));
    TH_TRY(cut_output(c));
    th_options_canonical(o, &c->option_text);
    return TH_OK;
}

enum th_status th_compile_passes(struct th_compiled *c)
{
    const struct th_options *o = c->options;
    const struct th_pipeline_run run = {
        .pipeline = "inference", .passes = o->passes, .stop_after = o->stop_after,
        .print_after = o->print_after, .time_passes = o->time_passes, .verify = true,
        .target = c->target, .backend = c->backend, .objective = o->objective,
        .global = th_options_global, .user = (void *)(uintptr_t)o,
        .remarks = &c->remarks, .canonical = &c->passes};
    return th_pipeline_run(c->program, &run);
}

enum th_status th_compile_emit(const struct th_compiled *c, const char *folder)
{
    const struct th_options *o = c->options;
    const struct th_emit_request r = {
        .program = c->program, .backend = c->backend, .target = c->target, .name = c->name,
        .folder = folder, .options = c->option_text.s, .passes = c->passes.s,
        .caller_io = !strcmp(o->io_buffers, "caller"), .weights_bin = !strcmp(o->weights, "bin"),
        .testbench = o->testbench};
    return th_emit_folder(c->ctx, &r);
}
