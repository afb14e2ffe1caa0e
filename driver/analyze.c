/* SPDX-License-Identifier: Apache-2.0 */
/* thimble analyze: what is in a model and what it will cost. */
#include <stdio.h>

#include "driver/compile.h"
#include "driver/verbs.h"

/* Without a target: the model as it was read. */
static enum th_status show_model(const struct th_compiled *c)
{
    struct th_str s;
    enum th_status st = TH_ERR_INTERNAL;
    const struct th_report *r = th_compile_report(c);
    if (!r)
        return st;
    th_str_init(&s);
    if (c->options->json)
        st = th_report_json(r, &s);
    else {
        th_report_model(r, &s);
        if (th_ctx_verbosity(c->ctx) >= 2)
            th_report_text(r, &s);
        if (!c->target)
            th_advice_text(&r->advice, &s);
        st = s.failed ? TH_ERR_INTERNAL : TH_OK;
    }
    fputs(s.s, stdout);
    th_str_release(&s);
    return st;
}

/* From the way that costs least to the one that needs least memory. */
static enum th_status show_front(const struct th_report *r)
{
    struct th_str s;
    int64_t base = 0;
    th_str_init(&s);
    for (uint32_t i = 0; i < r->n_front; i++)
        base = base && base < r->front[i].macs ? base : r->front[i].macs;
    th_str_add(&s, r->n_front ? "     bytes             MACs  factor  cycles\n"
                              : "no operators of this model can run together in pieces\n");
    for (uint32_t i = 0; i < r->n_front; i++)
        th_str_addf(&s, "%10lld %16lld  %6.3f  %6.3f %c %s\n", (long long)r->front[i].bytes,
                    (long long)r->front[i].macs,
                    base > 0 ? (double)r->front[i].macs / (double)base : 1.0,
                    (double)r->front[i].cycles / 1000, r->front[i].chosen ? '*' : ' ',
                    r->front[i].spelling);
    fputs(s.s, stdout);
    const bool failed = s.failed;
    th_str_release(&s);
    return failed ? TH_ERR_INTERNAL : TH_OK;
}

/* With one: passes too, so that kernels and memory are those of `compile`. */
static enum th_status show_cost(struct th_compiled *c)
{
    struct th_str s;
    TH_TRY(th_compile_passes(c));
    const struct th_report *r = th_compile_report(c);
    if (!r)
        return TH_ERR_INTERNAL;
    if (c->options->pareto && !c->options->json)
        return show_front(r);
    th_str_init(&s);
    enum th_status st = TH_OK;
    if (c->options->json) {
        st = th_report_json(r, &s);
    } else {
        th_str_addf(&s, "\ncompiled for %s:\n", c->target->name);
        if (th_ctx_verbosity(c->ctx) >= 2)
            th_report_text(r, &s);
        else
            th_report_summary(r, &s);
        th_advice_text(&r->advice, &s);
    }
    fputs(s.s, stdout);
    th_str_release(&s);
    return st == TH_OK ? th_compile_check(c) : st;
}

static enum th_status run(struct th_ctx *ctx, const struct th_options *o)
{
    struct th_compiled c;
    th_compiled_init(ctx, o, &c);
    enum th_status s = o->target ? th_compile_target(&c) : TH_OK;
    if (s == TH_OK)
        s = th_compile_read(&c);
    if (s == TH_OK && o->pareto && !o->target) {
        th_error(ctx, NULL, 9001, "--pareto needs a target, whose kernels do the work");
        th_help(ctx, 9001, "add --target NAME; 'thimble targets' lists them");
        s = TH_ERR_USAGE;
    }
    if (s == TH_OK && (!o->target || !o->json) && !o->pareto)
        s = show_model(&c);
    if (s == TH_OK && o->target)
        s = show_cost(&c);
    th_compiled_release(&c);
    return s;
}

const struct th_verb th_verb_analyze = {
    .name = "analyze",
    .summary = "tell what is in a model and what it will cost",
    .args = "MODEL [--target NAME]",
    .doc = "Lists a model's inputs, outputs, operators, multiply-accumulates, weights and "
           "activations; everything in it that is not supported is listed at once.\v"
           "With --target the kernels, the exact arena and the data of that target are told, as "
           "compile would emit them; -v 2 adds a line for each node. --pareto tells instead with "
           "how much memory the model runs at which work; the parameter in the last column forces "
           "a line: --passes=+PARAMETER@replace:patch-split.",
    .groups = TH_OPTS_MODEL | TH_OPTS_TARGET | TH_OPTS_PASSES | TH_OPTS_STOP | TH_OPTS_QUANT |
              TH_OPTS_PARETO,
    .run = run,
};
