/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Post-training quantization: what the parts of the pass share. Layers are the nodes of one
 * function, values its values; both keep the ids of the float graph throughout, copies are reached
 * through maps.
 */
#ifndef PASSES_QUANTIZE_H
#define PASSES_QUANTIZE_H

#include "ir/clone.h"
#include "passes/quantize/histogram.h"
#include "passes/util.h"

/* From coarse to exact; raising the precision of a layer goes down this list. */
enum th_qkind { TH_Q_INT4, TH_Q_INT8, TH_Q_INT16, TH_Q_FLOAT16, TH_Q_FLOAT, TH_Q_KINDS };
const char *th_qkind_name(enum th_qkind k);
/* TH_Q_KINDS when unknown. */
enum th_qkind th_qkind_by_name(const char *name, size_t len);
static inline bool th_qkind_is_int(enum th_qkind k)
{
    return k <= TH_Q_INT16;
}
/* Of activations and weights. */
enum th_dtype th_qkind_act(enum th_qkind k);
enum th_dtype th_qkind_weight(enum th_qkind k);

struct th_qmoments;

struct th_qlayer {
    th_node node;
    const char *name, *op;
    int64_t model_node;
    struct th_quant_rule rule;
    bool has_rule;
    bool fits[TH_Q_KINDS];       /* the operator has that form */
    bool reals;                  /* it computes in floats as the file has it */
    bool weights;                /* constant float weights that its rule names */
    enum th_qkind kind;
    const char *why;             /* it stays float although something else was wanted */
    int64_t macs;
    double snr_db;               /* of the outputs when this layer alone is quantized */
    double flips;                /* samples of 100 whose top class changes then */
    bool measured;
    struct th_qmoments *moments; /* of the inputs of its sums, for few-bit weights; or NULL */
    double gain;                 /* noise that more precision takes away, for each byte */
};

/* What calibration knows of a value. */
struct th_qvalue {
    bool real;                   /* f32 and not constant */
    double lo, hi;               /* seen */
    float range_lo, range_hi;    /* chosen */
    struct th_histogram *hist;
    bool wants_mean;
    int64_t *sums;               /* [elements] of x * mean_unit, over samples */
    double mean_unit;            /* sums are whole numbers: their order does not matter */
    th_value group;              /* representative of values that share their parameters */
    struct th_quant_param fixed8, fixed16;   /* of the representative; scale 0: none */
};

struct th_quantizer {
    struct th_pass_ctx *pc;
    struct th_program *program;
    struct th_graph *f;
    struct th_arena *arena;
    struct th_samples samples;
    struct th_qlayer *layers;    /* in order */
    uint32_t n_layers;
    uint32_t *layer_of;          /* [node id], n_layers: none */
    struct th_qvalue *values;    /* [value id] */
    uint32_t n_values;
    enum th_qkind kind;
    enum th_calibrator calibrator;
    bool any_calibrator;         /* the best of them is to be found */
    double percentile;
    unsigned threads;
    bool correct_bias;
    /* accuracy */
    struct th_samples test;
    int32_t *float_class;
    const int32_t *labels;
    float *float_out;            /* [sample][element] of output 0 */
    bool labelled;
};

/* ---- layers.c -------------------------------------------------------------------------------- */
/* Layers, values, what forms there are, the kinds asked for by `kind` and `precision` (a list of
 * NODE=KIND, may be NULL). Reports. */
enum th_status th_q_layers(struct th_quantizer *q, const char *precision);
/* Groups of values that share parameters, for the kinds chosen now. */
void th_q_group(struct th_quantizer *q);
/* Parameters of value v in activation type t. */
struct th_quant_param th_q_param(const struct th_quantizer *q, th_value v, enum th_dtype t);
/* Parameters for [lo, hi]. */
struct th_quant_param th_q_param_of(double lo, double hi, enum th_dtype t);
/* After calibration: layers whose prescribed operands or results do not hold their values stay
 * float. */
void th_q_hold(struct th_quantizer *q);
/* What the rule prescribes for an operand or a result; NULL: nothing. */
const struct th_quant_fixed *th_q_fixed(const struct th_quant_rule *r, bool result, uint32_t port);
/* Whether the instance passes its operator's tables and checks, silently. */
bool th_q_accepts(struct th_inst *c);

/* ---- observe.c ------------------------------------------------------------------------------- */
/* Runs samples [0, n) through a function on several threads. value: each computed one and inputs,
 * which it may change in place; out: the results. Either may be NULL. Calls for one sample come
 * from one thread; thread < TH_Q_THREADS. */
#define TH_Q_THREADS 64
struct th_qsweep {
    struct th_program *program;
    struct th_graph *f;
    const struct th_samples *samples;
    int64_t n;
    const char *what;
    void (*value)(void *user, unsigned thread, int64_t sample, th_value v,
                  const struct th_tensor *t);
    void (*out)(void *user, unsigned thread, int64_t sample, struct th_tensor *const *out);
    void *user;
};
enum th_status th_q_sweep(struct th_quantizer *q, const struct th_qsweep *s);
/* Extremes, histograms, means of all values. */
enum th_status th_q_calibrate(struct th_quantizer *q);
/* Ranges as q's calibrator chooses them. */
void th_q_ranges(struct th_quantizer *q);

/* ---- weights.c ------------------------------------------------------------------------------- */
/* Scales [n] along an axis for symmetric weights, whole numbers by them. bias (may be NULL): no
 * scale may be so small that bias / (in_scale * scale) leaves 32 bits. */
struct th_qweights {
    struct th_tensor *q;         /* s8 or s4, quantization in its type */
    struct th_tensor *real;      /* what the integers mean */
};
bool th_q_weights(const struct th_tensor *w, int32_t axis, enum th_dtype dtype,
                  const struct th_tensor *bias, double in_scale, struct th_arena *a,
                  struct th_qweights *out);
/* ---- rounding.c ------------------------------------------------------------------------------ */
/* Covariances for the layers of few-bit weights. */
enum th_status th_q_moments(struct th_quantizer *q);
/* Rounds anew so that the variance of the sums' errors is small. False: memory exhausted. */
bool th_q_round(const struct th_qmoments *m, const struct th_tensor *w, struct th_qweights *q,
                struct th_arena *a);

/* ---- weights.c ------------------------------------------------------------------------------- */
/* Bias for the product of scales. dtype s32 or s64; correction (may be NULL) is added first. */
struct th_tensor *th_q_bias(const struct th_tensor *bias, const double *correction, int64_t n,
                            double in_scale, const struct th_quant *w, enum th_dtype dtype,
                            struct th_arena *a);
/* f32 to f16, nearest. */
struct th_tensor *th_q_half(const struct th_tensor *t, struct th_arena *a);

/* ---- convert.c ------------------------------------------------------------------------------- */
/* Makes the layers of f (the float function, or its copy through map) what their kinds say. */
enum th_status th_q_convert(struct th_quantizer *q, struct th_graph *f,
                            const struct th_clone_map *map);

/* ---- equalize.c ------------------------------------------------------------------------------ */
/* Moves scale between channels of neighbouring layers; the function stays what it computes. */
enum th_status th_q_equalize(struct th_quantizer *q, uint32_t *pairs);

/* ---- measure.c ------------------------------------------------------------------------------- */
/* Each layer quantized alone. */
enum th_status th_q_sensitivity(struct th_quantizer *q);
struct th_qscore {
    int64_t n;
    double right, agree;         /* of 100 samples: right class, float's class */
    double snr_db;               /* of output 0 */
};
/* Classes of the float function over the test samples. */
enum th_status th_q_measure_float(struct th_quantizer *q, struct th_qscore *score);
/* A converted copy over the test samples. */
enum th_status th_q_measure(struct th_quantizer *q, struct th_qscore *score);
/* Raises kinds until no more than `drop` points are lost. */
enum th_status th_q_search(struct th_quantizer *q, const struct th_qscore *base, double drop,
                           struct th_qscore *score);

#endif
