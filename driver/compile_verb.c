/* SPDX-License-Identifier: Apache-2.0 */
/* thimble compile. */
#include <stdio.h>

#include "driver/compile.h"
#include "driver/verbs.h"
#include "ir/notes.h"

static enum th_status show(const struct th_compiled *c)
{
    struct th_str s;
    const struct th_report *r = th_compile_report(c);
    if (!r)
        return TH_ERR_INTERNAL;
    enum th_status st = TH_OK;
    th_str_init(&s);
    if (c->options->json)
        st = th_report_json(r, &s);
    else if (th_ctx_verbosity(c->ctx) > 0)
        th_report_summary(r, &s);
    fputs(s.s, stdout);
    th_str_release(&s);
    return st;
}

static enum th_status compile(struct th_compiled *c)
{
    const struct th_options *o = c->options;
    enum th_status given = th_options_need_model(o);
    if (!o->output && !o->stop_after) {
        th_error(c->ctx, NULL, 9001, "no output folder was given");
        th_help(c->ctx, 9001, "name it with -o FOLDER");
        given = TH_ERR_USAGE;
    }
    TH_TRY(given);
    TH_TRY(th_compile_target(c));
    TH_TRY(th_compile_read(c));
    if (!o->target && !o->stop_after && o->verbosity > 0)
        th_note(c->ctx, NULL, "no --target was given, so this is for '%s' (%s); 'thimble targets' "
                "lists all", c->target->name, c->target->title);
    TH_TRY(th_compile_passes(c));
    /* a part of the road ends in the program itself, which can be read back as a model */
    if (o->stop_after)
        return o->output ? th_program_write_xml(c->program, o->output) : TH_OK;
    if (!th_program_plan(c->program)->n_regions) {
        th_error(c->ctx, NULL, 3101, "the pass list ends without a memory plan, so nothing can be "
                 "emitted");
        th_help(c->ctx, 3101, "end it with memory-plan, or use --stop-after to look only");
        return TH_ERR_USAGE;
    }
    TH_TRY(th_compile_check(c));
    if (o->output)
        TH_TRY(th_compile_emit(c, o->output));
    return show(c);
}

static enum th_status run(struct th_ctx *ctx, const struct th_options *o)
{
    struct th_compiled c;
    th_compiled_init(ctx, o, &c);
    const enum th_status s = compile(&c);
    th_compiled_release(&c);
    return s;
}

const struct th_verb th_verb_compile = {
    .name = "compile",
    .summary = "compile a model to a folder of C",
    .args = "MODEL -o FOLDER [--target NAME]",
    .doc = "Compiles a model to C99 for one target: code, weights, kernels, a report.\v"
           "A folder that is not empty is replaced only if thimble wrote it. A model that needs "
           "more memory than the target has is refused with the numbers (exit code 3). With "
           "--stop-after, -o names an XML file instead, and the program as it then is goes there; "
           "such a file is a model like any other.",
    .groups = TH_OPTS_MODEL | TH_OPTS_TARGET | TH_OPTS_PASSES | TH_OPTS_STOP |
              TH_OPTS_OUTPUT | TH_OPTS_FILES | TH_OPTS_QUANT,
    .run = run,
};
