/* SPDX-License-Identifier: Apache-2.0 */
/* thimble verify: compile, build, run on the target, compare, measure. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "driver/compile.h"
#include "driver/entry.h"
#include "driver/frames_cases.h"
#include "driver/process.h"
#include "driver/verbs.h"
#include "driver/verify.h"
#include "driver/verify_layers.h"
#include "ir/notes.h"

#define CODE_USAGE 9001
#define DRAWN_CASES 3

/* --cc: the name of one of the target's compilers, or a command in place of one like it. */
static void choose_compiler(const struct th_options *o, struct th_verify_request *r)
{
    uint32_t i;

    for (i = 0; o->cc && i < r->target->n_compilers; i++)
        if (strcmp(r->target->compilers[i].name, o->cc) == 0)
            r->compiler = o->cc;
    if (!o->cc || r->compiler)
        return;
    r->command = o->cc;
    for (i = 0; i < r->target->n_compilers; i++)
        if (strstr(o->cc, r->target->compilers[i].name))
            r->compiler = r->target->compilers[i].name;
}

static enum th_status get_cases(const struct th_options *o, struct th_compiled *c,
                                struct th_verify_request *r)
{
    uint32_t entry = 0;

    TH_TRY(th_entry_find(o, c->program, &entry));
    if (th_program_frames(c->program)->hop)
        return th_frames_cases(c, true, &r->cases, &r->n_cases);
    if (o->inputs.n || o->expects.n)
        return th_entry_cases(o, c->program, entry, &r->cases, &r->n_cases);
    r->n_cases = DRAWN_CASES;
    return th_verify_cases_draw(c->ctx, c->program, entry, o->seed, DRAWN_CASES, &r->cases);
}

static enum th_status check_options(const struct th_options *o, struct th_ctx *ctx)
{
    const bool frames = !strcmp(o->feed, "frames");

    if (!o->layers || (!o->json && !frames))
        return TH_OK;
    th_error(ctx, NULL, CODE_USAGE, "verify cannot do --layers with %s",
             frames ? "--feed frames" : "--json");
    return TH_ERR_USAGE;
}

static enum th_status report(const struct th_options *o, const struct th_verify_request *r,
                             const struct th_verify_result *result, enum th_status status)
{
    struct th_str text;

    if (status != TH_OK && status != TH_ERR_DIFFER)
        return status;
    th_str_init(&text);
    if (o->json)
        th_verify_print_json(r, result, &text);
    else if (o->verbosity > 0)
        th_verify_print(r, result, &text);
    fputs(text.s, stdout);
    th_str_release(&text);
    if (status == TH_ERR_DIFFER)
        th_error(o->ctx, NULL, 5103, "%" PRIu32 " of %" PRIu32 " outputs differ from what was "
                 "expected", result->n_different, result->n_outputs);
    return status;
}

/* work: where to emit when no folder was named. */
static enum th_status verify(struct th_compiled *c, const char *work)
{
    const struct th_options *o = c->options;
    struct th_verify_request r = { .tolerance = o->tolerance };
    struct th_verify_result result;
    enum th_status status, layers;

    TH_TRY(check_options(o, c->ctx));
    TH_TRY(th_compile_target(c));
    TH_TRY(th_compile_read(c));
    TH_TRY(th_compile_passes(c));
    TH_TRY(th_compile_check(c));
    r.folder = o->output ? o->output : th_arena_printf(o->arena, "%s/emitted", work);
    if (!r.folder)
        return TH_ERR_INTERNAL;
    TH_TRY(th_compile_emit(c, r.folder));
    r.program = c->program;
    r.target = c->target;
    r.name = c->name;
    choose_compiler(o, &r);
    TH_TRY(get_cases(o, c, &r));
    status = report(o, &r, &result, th_verify(c->ctx, &r, &result));
    if (!o->layers || (status != TH_OK && status != TH_ERR_DIFFER))
        return status;
    layers = th_verify_layers(c, &r, work);
    return layers == TH_OK ? status : layers;
}

static enum th_status run(struct th_ctx *ctx, const struct th_options *o)
{
    struct th_compiled c;
    const char *work = NULL;
    enum th_status status;

    th_compiled_init(ctx, o, &c);
    status = th_work_folder(ctx, &work);
    if (status == TH_OK)
        status = verify(&c, work);
    th_work_folder_remove(work);
    th_compiled_release(&c);
    return status;
}

const struct th_verb th_verb_verify = {
    .name = "verify",
    .summary = "build what compile emits, run it on its target, compare and measure",
    .args = "MODEL [--target NAME] [--input FILE... --expect FILE...]",
    .doc = "Compiles a model, builds it with the target's compiler, runs it on this machine or "
           "under QEMU, and compares the outputs: with the files of --expect, else with what the "
           "reference evaluator computes. Prints instructions per inference, memory, stack and "
           "code as built.\v"
           "Inputs are .npy files in the model's own order; more files than the model has inputs "
           "are further cases, run in order, with state kept between them unless --reset is given. "
           "Without --input a few inputs are drawn from --seed. --cc takes the name of one of the "
           "target's compilers or a command. With --feed frames each file of --input is a time "
           "series of any length, from a fresh state; after every step the outputs are compared "
           "with those of the model on the window that ends there, the last ones with the files of "
           "--expect if there are any. Exit code 6: outputs differ; 7: a tool is missing.",
    .groups = TH_OPTS_MODEL | TH_OPTS_TARGET | TH_OPTS_PASSES | TH_OPTS_QUANT |
              TH_OPTS_OUTPUT | TH_OPTS_CASES |
              TH_OPTS_BUILD,
    .run = run,
};
