/* SPDX-License-Identifier: Apache-2.0 */
/* The command: picks a verb, loads plugins, turns a status into the exit code. */
#define _GNU_SOURCE
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/verbs.h"
#ifdef TH_PRELOADED
#include <ltdl.h>
#endif

static const struct th_verb *const verbs[] = {
#define TH_VERB(name) &th_verb_##name,
#include "driver/verbs.def"
#undef TH_VERB
};

struct dispatch {
    const char *verb;
    int at;             /* its place in argv */
};

static error_t parse_one(int key, char *arg, struct argp_state *state)
{
    struct dispatch *d = state->input;
    switch (key) {
    case 'h':
        argp_state_help(state, state->out_stream, ARGP_HELP_STD_HELP);
        return 0;
    case ARGP_KEY_ARG:
        d->verb = arg;
        d->at = state->next - 1;
        state->next = state->argc;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_version(FILE *out, struct argp_state *state)
{
    (void)state;
    fprintf(out, "thimble %s\n", th_version());
}

static const struct th_verb *find_verb(struct th_ctx *ctx, const char *name)
{
    const char *names[TH_ARRAY_LEN(verbs)];
    for (size_t i = 0; i < TH_ARRAY_LEN(verbs); i++) {
        if (!strcmp(verbs[i]->name, name))
            return verbs[i];
        names[i] = verbs[i]->name;
    }
    struct th_str shown;
    th_str_init(&shown);
    th_str_add_escaped(&shown, name);
    th_error(ctx, NULL, 9001, "unknown verb '%s'", shown.s);
    th_str_release(&shown);
    const char *near = th_nearest_name(name, names, TH_ARRAY_LEN(names));
    if (near)
        th_help(ctx, 9001, "did you mean '%s'?", near);
    else
        th_help(ctx, 9001, "'thimble -h' lists the verbs");
    return NULL;
}

/* What the user named must load, and comes before what is merely found, whose failures the loader
 * reports. */
static enum th_status load_plugins(struct th_ctx *ctx, const struct th_options *o)
{
    enum th_status s = TH_OK;
    for (uint32_t i = 0; i < o->plugins.n; i++)
        if (th_plugin_load(ctx, o->plugins.list[i]) != TH_OK)
            s = TH_ERR_PLUGIN;
    return s == TH_OK && !o->no_plugins ? th_plugin_load_all(ctx) : s;
}

static enum th_status run_verb(struct th_ctx *ctx, int argc, char **argv)
{
    struct dispatch d = {NULL, 0};
    struct th_str doc;
    th_str_init(&doc);
    th_str_add(&doc, "Compiles neural networks to C for microcontrollers.\v");
    for (size_t i = 0; i < TH_ARRAY_LEN(verbs); i++)
        th_str_addf(&doc, "  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
    th_str_add(&doc, "\n'thimble VERB -h' explains a verb. Exit codes: 0 done, 1 input rejected, "
               "2 usage, 3 the target cannot hold or run the model, 4 a plugin asked for failed, "
               "5 reading or writing failed, 6 outputs differ, 7 a tool is missing, 70 internal.");
    static const struct argp_option options[] = {
        {.key = 'h', .flags = OPTION_HIDDEN}, {0}};
    const struct argp argp = {.options = options, .parser = parse_one,
                              .args_doc = "VERB [OPTION...]", .doc = doc.s};
    const error_t e = argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &d);
    th_str_release(&doc);
    if (e)
        return TH_ERR_USAGE;
    if (!d.verb) {
        th_error(ctx, NULL, 9001, "no verb was given");
        th_help(ctx, 9001, "'thimble -h' lists the verbs");
        return TH_ERR_USAGE;
    }
    const struct th_verb *verb = find_verb(ctx, d.verb);
    if (!verb)
        return TH_ERR_USAGE;
    struct th_options o;
    TH_TRY(th_options_parse(ctx, verb, argc - d.at, argv + d.at, &o));
    TH_TRY(load_plugins(ctx, &o));
    return verb->run(ctx, &o);
}

int main(int argc, char **argv)
{
#ifdef TH_PRELOADED
    LTDL_SET_PRELOADED_SYMBOLS();
#endif
    argp_err_exit_status = TH_ERR_USAGE;
    argp_program_version_hook = print_version;
    struct th_ctx *ctx = th_ctx_new();
    if (!ctx) {
        fputs("thimble: error: memory exhausted\n", stderr);
        return TH_ERR_INTERNAL;
    }
    enum th_status s = run_verb(ctx, argc, argv);
    if (fflush(stdout) || ferror(stdout)) {
        th_error(ctx, NULL, 5002, "standard output could not be written");
        if (s == TH_OK)
            s = TH_ERR_IO;
    }
    th_ctx_free(ctx);
    return s;
}
