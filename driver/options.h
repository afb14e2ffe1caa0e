/* SPDX-License-Identifier: Apache-2.0 */
/* The options of all verbs: one table, of which each verb takes some rows. */
#ifndef TH_DRIVER_OPTIONS_H
#define TH_DRIVER_OPTIONS_H

#include <thimble/thimble.h>

#include "driver/compare.h"
#include "driver/dataset.h"

/* Groups of rows; a verb is a mask of them. */
enum th_option_group {
    TH_OPTS_MODEL = 1,      /* -m, --input-dim, --contract */
    TH_OPTS_TARGET = 2,     /* --target, --sram, --flash, --region */
    TH_OPTS_PASSES = 4,     /* -O, --passes, --io, --io-buffers, --force, printing, timing */
    TH_OPTS_OUTPUT = 8,     /* -o, -n */
    TH_OPTS_CASES = 16,     /* --input, --expect, --tolerance, --signature, --reset, --sequence */
    TH_OPTS_DUMP = 32,      /* --output-dir, --dump-all, --planned */
    TH_OPTS_BUILD = 64,     /* --cc, --layers */
    TH_OPTS_COMMON = 128,   /* --plugin, --no-plugins, --verbosity, --json: always taken */
    TH_OPTS_FILES = 256,    /* --weights, --emit-testbench */
    TH_OPTS_STOP = 512,     /* --stop-after */
    TH_OPTS_QUANT = 1024,   /* --calib and what belongs to it */
    TH_OPTS_PARETO = 2048   /* --pareto */
};

struct th_words {
    const char **list;
    uint32_t n;
};

struct th_options {
    struct th_ctx *ctx;
    struct th_arena *arena;
    const char *model;              /* -m or the first plain argument */
    const char *output, *name;
    const char *target;
    enum th_objective objective;
    uint64_t sram, flash;           /* 0: as the target says */
    struct th_words regions;        /* "name=bytes", checked */
    const char *passes, *stop_after, *print_after;
    bool time_passes;
    struct th_words plugins;
    bool no_plugins;
    struct th_input_dim *dims;
    uint32_t n_dims;
    const char *cut_output, *io, *input_layout, *output_layout, *io_buffers, *feed, *weights, *contract;
    struct th_words force;
    uint64_t seed, hop;
    int verbosity;
    bool json, testbench, layers, reset, sequence, planned, pareto;
    struct th_words inputs, expects;
    struct th_tolerance tolerance;
    struct th_words calibs, precisions, accuracy_data;
    const char *quantize, *calibrator, *image_order, *image_fit, *accuracy, *max_drop;
    struct th_preprocess preprocess;
    const char *signature, *output_dir, *dump_dir, *cc;
    const char **text;              /* of every option by row, as given; NULL: not given */
};

/* One verb. */
struct th_verb {
    const char *name;
    const char *summary;            /* one line, lower case */
    const char *args;               /* "MODEL -o FOLDER" */
    const char *doc;                /* paragraphs for -h */
    uint32_t groups;                /* enum th_option_group bits */
    enum th_status (*run)(struct th_ctx *ctx, const struct th_options *o);
};

/* Parses the arguments after the verb (argv[0] is the verb). -h prints help and ends the program.
 * Reports; nothing is loaded yet. */
enum th_status th_options_parse(struct th_ctx *ctx, const struct th_verb *verb, int argc,
                                char **argv, struct th_options *o);
/* A global option by its long name, for passes (user: a const struct th_options). Repeated ones
 * are joined by ','; NULL when neither given nor with a default, and for memory sizes, which are in
 * the target. */
const char *th_options_global(void *user, const char *name);
/* As if the option were given (again). `o` may be a copy of other options: those stay as they are.
 * False: the value is refused, or memory exhausted. */
bool th_options_take(struct th_options *o, const char *name, const char *value);
/* The options that shape what is emitted, given ones only, in canonical order. Appended. */
void th_options_canonical(const struct th_options *o, struct th_str *out);
/* "1024", "64k", "2M" (k and M are powers of two; a final 'B' or "iB" is allowed). */
bool th_parse_size(const char *text, uint64_t *out);
/* The model must have been named. Reports. */
enum th_status th_options_need_model(const struct th_options *o);

#endif
