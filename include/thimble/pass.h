/* SPDX-License-Identifier: Apache-2.0 */
/* Passes: one record each; pipelines are data. */
#ifndef THIMBLE_PASS_H
#define THIMBLE_PASS_H

#include <thimble/ir.h>

#ifdef __cplusplus
extern "C" {
#endif

struct th_target;
struct th_backend;

/* What holds of a program. A pass requires some, provides some and invalidates some; an order
 * that does not fit is refused. Any pass that changes the program clears TH_PROP_PLANNED. */
enum th_prop {
    TH_PROP_TYPED = 1, TH_PROP_CANON = 2, TH_PROP_LAYOUT = 4, TH_PROP_QUANTIZED = 8,
    TH_PROP_FUSED = 16, TH_PROP_BACKWARD = 32, TH_PROP_TILED = 64, TH_PROP_SELECTED = 128,
    TH_PROP_PACKED = 256, TH_PROP_ALIASED = 512, TH_PROP_SCHEDULED = 1024,
    TH_PROP_PLANNED = 2048
};

enum th_objective { TH_OPT_BALANCED, TH_OPT_TIME, TH_OPT_RAM, TH_OPT_SIZE };

enum th_option_kind { TH_OPTION_INT, TH_OPTION_FLOAT, TH_OPTION_BOOL, TH_OPTION_STRING };
struct th_option_spec {          /* terminated by a NULL name */
    const char *name;
    enum th_option_kind kind;
    const char *def;             /* default as text, NULL: unset */
    double min, max;             /* numbers; min > max: unbounded */
    const char *help;
};

struct th_pass_ctx;              /* what a pass is given; all that these return is borrowed */
TH_API struct th_ctx *th_pass_ctx(const struct th_pass_ctx *pc);
TH_API struct th_program *th_pass_program(const struct th_pass_ctx *pc);
/* Scratch, cleared after each pass. */
TH_API struct th_arena *th_pass_arena(const struct th_pass_ctx *pc);
/* NULL before a target was chosen. */
TH_API const struct th_target *th_pass_target(const struct th_pass_ctx *pc);
TH_API const struct th_backend *th_pass_backend(const struct th_pass_ctx *pc);
TH_API enum th_objective th_pass_objective(const struct th_pass_ctx *pc);
/* Option of this pass (given in braces) with its default; NULL only if unset without default. */
TH_API const char *th_pass_option(const struct th_pass_ctx *pc, const char *name);
/* The same as a number or flag, checked against the table already; 0 or false if unset. */
TH_API int64_t th_pass_option_int(const struct th_pass_ctx *pc, const char *name);
TH_API double th_pass_option_float(const struct th_pass_ctx *pc, const char *name);
TH_API bool th_pass_option_bool(const struct th_pass_ctx *pc, const char *name);
/* A global option of the compilation by its long name ("io", "sram", ...), or NULL. */
TH_API const char *th_pass_global(const struct th_pass_ctx *pc, const char *name);
/* Tells the manager that something changed. */
TH_API void th_pass_changed(struct th_pass_ctx *pc);
/* A line for --verbosity 2 and the report ("fused 12 activations"). */
TH_API void th_pass_remark(struct th_pass_ctx *pc, const char *fmt, ...) TH_PRINTF(2, 3);

/* ---- data for passes that measure ------------------------------------------------------------ */
/* Samples of a function's inputs. */
struct th_samples {
    int64_t n;
    /* Fills in[] with sample i, one tensor for each input in order, made in the arena or living as
     * long as the samples. Called from several threads at once. Reports. */
    enum th_status (*get)(const struct th_samples *s, int64_t i, struct th_arena *a,
                          const struct th_tensor **in);
    void *user;
};
/* Opens what an option names (".npy", ".npz", a folder of images; several inputs with ',') for
 * function f. Valid until the pipeline ends. Reports. */
TH_API enum th_status th_pass_samples(struct th_pass_ctx *pc, const struct th_graph *f,
                                      const char *where, struct th_samples *out);
/* Whole numbers, such as classes. Reports. */
TH_API enum th_status th_pass_labels(struct th_pass_ctx *pc, const char *where, int64_t *n,
                                     const int32_t **labels);
/* Tells the user how far long work is (done == total: finished); from the pass's own thread. */
TH_API void th_pass_progress(struct th_pass_ctx *pc, const char *what, int64_t done,
                             int64_t total);

struct th_pass {
    uint32_t struct_size;
    const char *name;
    const char *summary;
    uint32_t requires_props, provides_props, invalidates_props;
    const struct th_option_spec *options;      /* NULL: none */
    /* Exactly one of the two. run_graph is called for every graph, bodies included unless
     * skip_bodies is set. */
    enum th_status (*run)(struct th_pass_ctx *pc, struct th_program *p);
    enum th_status (*run_graph)(struct th_pass_ctx *pc, struct th_graph *g);
    bool skip_bodies;
};

/* Where a plugin's pass goes in a named pipeline ("inference"; NULL: all). */
enum th_anchor_place { TH_ANCHOR_NONE, TH_ANCHOR_BEFORE, TH_ANCHOR_AFTER, TH_ANCHOR_REPLACE };
struct th_anchor {
    enum th_anchor_place place;
    const char *pass;
    const char *pipeline;
};

/* By name, or NULL; and all of them, built-in ones first. */
TH_API const struct th_pass *th_pass_find(const struct th_ctx *ctx, const char *name);
TH_API uint32_t th_pass_count(const struct th_ctx *ctx);
TH_API const struct th_pass *th_pass_at(const struct th_ctx *ctx, uint32_t i);

/* ---- running --------------------------------------------------------------------------------- */
struct th_pipeline_run {
    const char *pipeline;            /* "inference" */
    const char *passes;              /* --passes text, or NULL */
    const char *stop_after;          /* pass name, or NULL: all */
    const char *print_after;         /* comma-separated pass names or "all", or NULL; to stderr */
    bool time_passes, verify;        /* verify: run the verifier between passes */
    const struct th_target *target;
    const struct th_backend *backend;
    enum th_objective objective;
    const char *(*global)(void *user, const char *name);   /* global options; may be NULL */
    void *user;
    struct th_str *remarks;          /* filled, or NULL */
    struct th_str *canonical;        /* the pass list that ran, as text; or NULL */
    /* Data that passes ask for, and progress of long work; each may be NULL. */
    enum th_status (*samples)(void *user, const struct th_graph *f, const char *where,
                              struct th_samples *out);
    enum th_status (*labels)(void *user, const char *where, int64_t *n, const int32_t **labels);
    void (*progress)(void *user, const char *what, int64_t done, int64_t total);
};
/* Runs the pipeline; reports all that is wrong with its text before any pass runs. */
TH_API enum th_status th_pipeline_run(struct th_program *p, const struct th_pipeline_run *r);

#ifdef __cplusplus
}
#endif
#endif
