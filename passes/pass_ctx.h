/* SPDX-License-Identifier: Apache-2.0 */
/* What the manager keeps for a running pass, and a pipeline as parsed. Private to passes/. */
#ifndef TH_PASSES_PASS_CTX_H
#define TH_PASSES_PASS_CTX_H

#include <thimble/pass.h>
#include <thimble/thimble.h>

struct th_pass_option_value {
    const char *name, *value;
};

/* One pass of a pipeline with the options given to it. */
struct th_step {
    const struct th_pass *pass;
    struct th_pass_option_value *options;
    uint32_t n_options;
};

struct th_steps {
    struct th_step *list;
    uint32_t n, cap;
};

struct th_pass_ctx {
    struct th_program *program;
    struct th_arena *arena;             /* cleared after each pass */
    const struct th_pipeline_run *run;
    const struct th_step *step;
    bool changed;
};


/* passes/options.c: parses "{a=1,b=x}" at *text (which may point elsewhere: no options) into the
 * step and checks names, kinds and ranges. Reports; false on failure. */
bool th_step_parse_options(struct th_ctx *ctx, struct th_arena *a, struct th_step *s,
                           const char **text);

/* passes/pipeline.c: the steps of a named pipeline with plugins' passes and the user's text
 * applied. Reports everything wrong with the text. */
enum th_status th_pipeline_parse(struct th_ctx *ctx, struct th_arena *a,
                                 const struct th_pipeline_run *r, struct th_steps *out);
/* Checks required properties along the steps, from those that hold now. Reports. */
enum th_status th_pipeline_check(struct th_ctx *ctx, const struct th_steps *s, uint32_t have);

/* What planning decides and any change of the graph makes stale. */
#define TH_PLAN_PROPS \
    (TH_PROP_SELECTED | TH_PROP_PACKED | TH_PROP_ALIASED | TH_PROP_SCHEDULED | TH_PROP_PLANNED)
/* Appends "canonicalize,fuse{a=1}". */
void th_pipeline_text(const struct th_steps *s, struct th_str *out);

#endif
