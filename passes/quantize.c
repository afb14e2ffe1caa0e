/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Post-training quantization. Ranges are measured by running samples through the float program;
 * then every layer whose operator's record has an integer form takes it, in the contract of the
 * context. The parts are in quantize/.
 */
#define _POSIX_C_SOURCE 200809L
#include "passes/quantize/quantize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ir/notes.h"

#define DEFAULT_TEST 256        /* samples for agreement when no accuracy was asked for */
#define CLEARLY 1.0             /* dB; less may be chance */
#define JUDGED 128              /* samples that decide about corrections */

static const char *setting(const struct th_pass_ctx *pc, const char *option, const char *global)
{
    const char *s = th_pass_option(pc, option);
    return s ? s : th_pass_global(pc, global);
}

/* ---- settings -------------------------------------------------------------------------------- */

static unsigned thread_count(const struct th_pass_ctx *pc)
{
    int64_t n = th_pass_option_int(pc, "threads");
    if (n < 1)
        n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > TH_Q_THREADS ? TH_Q_THREADS : (unsigned)n;
}

static enum th_status read_settings(struct th_quantizer *q)
{
    struct th_ctx *ctx = th_pass_ctx(q->pc);
    const char *kind = setting(q->pc, "kind", "quantize");
    const char *calibrator = setting(q->pc, "calibrator", "calibrator");
    q->kind = kind ? th_qkind_by_name(kind, strlen(kind)) : TH_Q_INT8;
    q->any_calibrator = !calibrator || !strcmp(calibrator, "auto");
    q->calibrator = q->any_calibrator ? TH_CAL_MSE : th_calibrator_by_name(calibrator);
    q->percentile = th_pass_option_float(q->pc, "percentile");
    q->correct_bias = strcmp(th_pass_option(q->pc, "bias-correction"), "no") != 0;
    q->threads = thread_count(q->pc);
    if (q->kind >= TH_Q_FLOAT) {
        th_error(ctx, NULL, 9001, "pass 'quantize': kind is int8, int16, int4 or float16, not '%s'",
                 kind);
        return TH_ERR_USAGE;
    }
    if (q->calibrator == TH_CAL_COUNT) {
        th_error(ctx, NULL, 9001, "pass 'quantize': calibrator is auto, minmax, percentile, mse "
                 "or entropy, not '%s'", calibrator);
        return TH_ERR_USAGE;
    }
    return TH_OK;
}

/* Samples to judge by: those that are labelled, else some of the calibration's. */
static enum th_status open_test(struct th_quantizer *q, const char *calib)
{
    const char *labels = setting(q->pc, "labels", "accuracy");
    const char *data = setting(q->pc, "data", "accuracy-data");
    int64_t n = 0;
    q->test = q->samples;
    if (data && strcmp(data, calib))
        TH_TRY(th_pass_samples(q->pc, q->f, data, &q->test));
    if (labels) {
        TH_TRY(th_pass_labels(q->pc, labels, &n, &q->labels));
        q->labelled = true;
        if (n != q->test.n) {
            th_error(th_pass_ctx(q->pc), NULL, 9001, "%lld labels for %lld samples",
                     (long long)n, (long long)q->test.n);
            return TH_ERR_USAGE;
        }
    } else if (!data && q->test.n > DEFAULT_TEST) {
        q->test.n = DEFAULT_TEST;
    }
    return TH_OK;
}

/* ---- what is told ---------------------------------------------------------------------------- */

static int64_t const_bytes(const struct th_graph *f)
{
    int64_t sum = 0;
    for (th_value v = 1; v < th_graph_value_limit(f); v++)
        if (th_value_is_const(f, v) && th_value_use_count(f, v))
            sum += th_type_size(th_value_type(f, v));
    return sum;
}

static void remark_scores(struct th_quantizer *q, const struct th_qscore *before,
                          const struct th_qscore *after)
{
    if (q->labelled)
        th_pass_remark(q->pc, "accuracy on %lld samples: %.2f %% float, %.2f %% quantized",
                       (long long)after->n, before->right, after->right);
    th_pass_remark(q->pc, "the same top class as float in %.2f %% of %lld samples, output %.1f dB "
                   "above its error", after->agree, (long long)after->n, after->snr_db);
}

static enum th_status note_result(struct th_quantizer *q, const struct th_qscore *before,
                                  const struct th_qscore *after, int64_t bytes)
{
    struct th_arena *a = th_program_arena(q->program);
    struct th_quantized *n = TH_NEW(a, struct th_quantized);
    struct th_quantized_layer *list = TH_NEW_ARRAY(a, struct th_quantized_layer, q->n_layers + 1);
    if (!n || !list)
        return TH_ERR_INTERNAL;
    *n = (struct th_quantized){
        .kind = th_qkind_name(q->kind), .calibrator = th_calibrator_name(q->calibrator),
        .samples = q->samples.n, .judged = after->n, .labelled = q->labelled,
        .right_before = before->right, .right_after = after->right, .agree = after->agree,
        .snr_db = after->snr_db, .layers = list, .weights_before = bytes};
    for (uint32_t i = 0; i < q->n_layers; i++) {
        const struct th_qlayer *l = &q->layers[i];
        list[n->n_layers++] = (struct th_quantized_layer){
            .name = th_arena_strdup(a, l->name), .op = l->op, .kind = th_qkind_name(l->kind),
            .model_node = l->model_node, .why = l->kind == TH_Q_FLOAT ? l->why : NULL,
            .measured = l->measured, .snr_db = l->snr_db, .flips = l->flips};
    }
    n->weights_after = const_bytes(q->f);
    th_program_set_quantized(q->program, n);
    return TH_OK;
}

static void remark_kinds(struct th_quantizer *q)
{
    uint32_t count[TH_Q_KINDS] = {0};
    for (uint32_t i = 0; i < q->n_layers; i++) {
        const struct th_qlayer *l = &q->layers[i];
        count[l->kind]++;
        if (l->kind == TH_Q_FLOAT && l->why)
            th_pass_remark(q->pc, "node #%lld '%s' (%s) stays float: %s",
                           (long long)l->model_node, l->name, l->op, l->why);
    }
    for (int k = 0; k < TH_Q_KINDS; k++)
        if (count[k])
            th_pass_remark(q->pc, "%u layers %s", count[k], th_qkind_name((enum th_qkind)k));
}

/* Whether some layer could compute in a kind that was not chosen in the file. */
static bool something_left(const struct th_quantizer *q)
{
    for (uint32_t i = 0; i < q->n_layers; i++)
        for (int k = TH_Q_INT4; k < TH_Q_FLOAT; k++)
            if (q->layers[i].fits[k])
                return true;
    return false;
}

/* A network that was quantized before, or one of operators without an integer form. */
static void warn_nothing_left(struct th_quantizer *q)
{
    struct th_ctx *ctx = th_pass_ctx(q->pc);
    uint32_t n = 0;
    for (uint32_t i = 0; i < q->n_layers; i++)
        n += q->layers[i].reals;
    if (n != 0)
        th_warning(ctx, NULL, 3106, "nothing is left to quantize: none of the %u layers that "
                   "compute in floats has an integer form", n);
    else
        th_warning(ctx, NULL, 3106, "nothing is left to quantize: the layers of this network "
                   "compute in integers already");
    th_help(ctx, 3106, "leave --calib away, or give the float network that this one was made of");
    if (n != 0)
        remark_kinds(q);
}

/* ---- the work -------------------------------------------------------------------------------- */

static enum th_status prepare(struct th_quantizer *q)
{
    uint32_t pairs = 0;
    if (th_pass_option_bool(q->pc, "equalize")) {
        TH_TRY(th_q_equalize(q, &pairs));
        th_pass_remark(q->pc, "equalized %u pairs of layers", pairs);
    }
    TH_TRY(th_q_calibrate(q));
    th_q_hold(q);
    if (th_pass_option_bool(q->pc, "rounding"))
        TH_TRY(th_q_moments(q));
    return TH_OK;
}

/* Each way to choose ranges, judged by the outputs it gives. */
static enum th_status choose_calibrator(struct th_quantizer *q)
{
    enum th_calibrator best = q->calibrator;
    double most = -INFINITY;
    for (int c = 0; c < TH_CAL_COUNT; c++) {
        struct th_qscore s;
        q->calibrator = (enum th_calibrator)c;
        th_q_ranges(q);
        TH_TRY(th_q_measure(q, &s));
        th_pass_remark(q->pc, "calibrator %s: output %.1f dB above its error",
                       th_calibrator_name(q->calibrator), s.snr_db);
        if (s.snr_db > most) {
            most = s.snr_db;
            best = q->calibrator;
        }
    }
    q->calibrator = best;
    th_q_ranges(q);
    return TH_OK;
}

/* Where samples differ much in size, their mean stands for few of them. Whether correcting it
 * hurts is seen on the samples themselves. */
static enum th_status choose_correction(struct th_quantizer *q)
{
    struct th_qscore with, without;
    TH_TRY(th_q_measure(q, &with));
    q->correct_bias = false;
    TH_TRY(th_q_measure(q, &without));
    q->correct_bias = without.snr_db < with.snr_db + CLEARLY;
    th_pass_remark(q->pc, "bias correction: %.1f dB with, %.1f dB without", with.snr_db,
                   without.snr_db);
    return TH_OK;
}

/* What was left open is decided on some of the calibration's samples, never on those that judge. */
static enum th_status choose(struct th_quantizer *q)
{
    const struct th_samples test = q->test;
    const bool labelled = q->labelled;
    const bool correction = !strcmp(th_pass_option(q->pc, "bias-correction"), "auto");
    struct th_qscore real;
    th_q_ranges(q);
    if (!q->any_calibrator && !correction)
        return TH_OK;
    q->test = q->samples;
    q->labelled = false;
    q->test.n = q->test.n > JUDGED ? JUDGED : q->test.n;
    TH_TRY(th_q_measure_float(q, &real));
    if (q->any_calibrator)
        TH_TRY(choose_calibrator(q));
    if (correction)
        TH_TRY(choose_correction(q));
    q->test = test;
    q->labelled = labelled;
    return TH_OK;
}

static enum th_status quantize(struct th_quantizer *q, const char *calib)
{
    struct th_qscore before = {0}, after = {0};
    const char *drop = setting(q->pc, "max-drop", "max-drop");
    const int64_t bytes = const_bytes(q->f);
    TH_TRY(th_q_layers(q, setting(q->pc, "precision", "precision")));
    if (calib && !something_left(q)) {
        warn_nothing_left(q);
        if (!q->labelled)       /* how often it is right is still worth to know */
            return TH_OK;
    }
    if (calib)
        TH_TRY(prepare(q));
    if (calib)
        TH_TRY(choose(q));
    if (calib && (drop || th_pass_option_bool(q->pc, "sensitivity")))
        TH_TRY(th_q_sensitivity(q));
    if (q->test.n > 0) {
        TH_TRY(th_q_measure_float(q, &before));
        TH_TRY(th_q_measure(q, &after));
        if (drop)
            TH_TRY(th_q_search(q, &before, strtod(drop, NULL), &after));
        remark_scores(q, &before, &after);
    }
    TH_TRY(th_q_convert(q, q->f, NULL));
    th_pass_changed(q->pc);
    if (calib)
        th_pass_remark(q->pc, "ranges from %lld samples, calibrator %s", (long long)q->samples.n,
                       th_calibrator_name(q->calibrator));
    remark_kinds(q);
    return note_result(q, &before, &after, bytes);
}

static enum th_status run(struct th_pass_ctx *pc, struct th_program *p)
{
    struct th_quantizer q = {.pc = pc, .program = p, .arena = th_pass_arena(pc)};
    const char *calib = setting(pc, "calib", "calib");
    TH_TRY(read_settings(&q));
    const bool halves = q.kind == TH_Q_FLOAT16;
    if ((!calib && !halves) || !th_program_function_count(p))
        return TH_OK;
    q.f = th_program_function(p, 0);
    if (th_program_function_count(p) > 1)
        th_pass_remark(pc, "only entry point '%s' is quantized", th_graph_name(q.f));
    if (calib) {
        TH_TRY(th_pass_samples(pc, q.f, calib, &q.samples));
        TH_TRY(open_test(&q, calib));
    }
    return quantize(&q, calib);
}

static const struct th_option_spec options[] = {
    {"calib", TH_OPTION_STRING, NULL, 1, 0, "samples (default: --calib; none: nothing is done)"},
    {"kind", TH_OPTION_STRING, NULL, 1, 0, "int8, int16, int4 or float16 (default: --quantize)"},
    {"precision", TH_OPTION_STRING, NULL, 1, 0, "NODE=KIND;... (default: --precision)"},
    {"calibrator", TH_OPTION_STRING, NULL, 1, 0,
     "auto, minmax, percentile, mse or entropy (default: --calibrator)"},
    {"percentile", TH_OPTION_FLOAT, "99.99", 50, 100, "values of 100 that lie inside"},
    {"equalize", TH_OPTION_BOOL, "no", 1, 0, "even out channels of neighbouring layers first"},
    {"bias-correction", TH_OPTION_STRING, "auto", 1, 0,
     "take what rounded weights add on average off the biases: yes, no, auto (if it helps)"},
    {"rounding", TH_OPTION_BOOL, "yes", 1, 0,
     "round 4-bit weights by what that does to the layer's sums"},
    {"sensitivity", TH_OPTION_BOOL, "yes", 1, 0, "measure what each layer alone costs"},
    {"labels", TH_OPTION_STRING, NULL, 1, 0, "classes (default: --accuracy)"},
    {"data", TH_OPTION_STRING, NULL, 1, 0, "samples with labels (default: --accuracy-data)"},
    {"max-drop", TH_OPTION_FLOAT, NULL, 0, 100, "points that may be lost (default: --max-drop)"},
    {"threads", TH_OPTION_INT, "0", 0, TH_Q_THREADS, "0: as many as processors"},
    {NULL, TH_OPTION_INT, NULL, 0, 0, NULL},
};

const struct th_pass th_pass_quantize = {
    .struct_size = sizeof(struct th_pass),
    .name = "quantize",
    .summary = "integers for floats, with ranges measured on samples (--calib)",
    .requires_props = TH_PROP_TYPED | TH_PROP_CANON,
    .invalidates_props = TH_PROP_QUANTIZED | TH_PROP_FUSED,
    .options = options,
    .run = run,
};
