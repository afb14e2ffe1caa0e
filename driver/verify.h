/* SPDX-License-Identifier: Apache-2.0 */
/* Verification of what was emitted: built, run on the target, compared, measured. */
#ifndef TH_DRIVER_VERIFY_H
#define TH_DRIVER_VERIFY_H

#include <thimble/thimble.h>

#include "driver/compare.h"
#include "driver/image.h"

/* One call of one function. */
struct th_verify_case {
    uint32_t function;                    /* index in the program */
    bool reset;                           /* the state first; else it is carried on */
    const struct th_tensor *const *in;    /* of the function's types */
    const struct th_tensor *const *want;  /* NULL: what the reference evaluator gives */
    bool computed;                        /* `want` is what the evaluator gave, of another form */
    bool warming;                         /* --feed frames: outputs are not ready, nor compared */
};

struct th_verify_request {
    struct th_program *program;           /* what the folder was emitted from */
    const struct th_target *target;
    const char *folder, *name;
    const char *compiler, *command, *optimise;   /* as in struct th_image_request */
    struct th_verify_case *cases;         /* in the order they are run */
    uint32_t n_cases;
    struct th_tolerance tolerance;        /* not for what the evaluator gives: that is exact
                                             for integers */
};

struct th_verify_output {
    const char *function, *name;
    uint32_t n_compared;                  /* times over all cases */
    uint32_t n_different;                 /* cases beyond the tolerance */
    struct th_comparison worst;           /* of the case with the largest difference */
};

struct th_verify_result {
    struct th_image image;
    struct th_image_result run;
    uint64_t least_count, median_count, most_count;      /* over all cases */
    struct th_verify_output *outputs;
    uint32_t n_outputs, n_different;      /* outputs that differ somewhere */
    uint32_t n_cases;
};

/* Of an even number the lower one of the two in the middle; 0 of none. Sorts. */
uint64_t th_verify_median(uint64_t *counts, uint32_t n);
/* TH_OK: all outputs equal; TH_ERR_DIFFER: they do not, result is complete; else reported and the
 * result is of no use. */
enum th_status th_verify(struct th_ctx *ctx, const struct th_verify_request *r,
                         struct th_verify_result *result);
/* Figures and comparisons for people, or as JSON. */
void th_verify_print(const struct th_verify_request *r, const struct th_verify_result *result,
                     struct th_str *out);
void th_verify_print_json(const struct th_verify_request *r,
                          const struct th_verify_result *result, struct th_str *out);

/* ---- cases ----------------------------------------------------------------------------------- */
enum th_case_order {
    TH_CASES_FRESH,      /* the state is reset before each case */
    TH_CASES_CARRY,      /* state is carried from case to case */
    TH_CASES_SEQUENCE    /* files have a leading time axis: each step is a call that carries state
                            to the next one; files of the next case start afresh */
};
/* Reads .npy files: n_in and n_want are multiples of the function's numbers of inputs and outputs
 * (n_want may be 0), in model order, case after case. Reports. */
enum th_status th_verify_cases_read(struct th_ctx *ctx, struct th_program *program,
                                    uint32_t function, const char *const *in, uint32_t n_in,
                                    const char *const *want, uint32_t n_want,
                                    enum th_case_order order, struct th_verify_case **cases,
                                    uint32_t *n_cases);
/* A .npy file as `type` with any extent of `axis`, in front of which all extents are 1. Reports. */
enum th_status th_verify_series_read(struct th_ctx *ctx, const char *path,
                                     const struct th_type *type, int32_t axis,
                                     struct th_tensor **series);
/* One of expected outputs, as the file has it; of the model's type it must have the elements. */
enum th_status th_verify_want_read(struct th_ctx *ctx, const char *path,
                                   const struct th_type *model, const struct th_tensor **want);
/* Numbers drawn from *state, which moves on, the same everywhere. */
void th_verify_draw(struct th_tensor *t, uint64_t *state);
/* Inputs drawn from a seed, the same everywhere, state reset before each case; the evaluator gives
 * the outputs. */
enum th_status th_verify_cases_draw(struct th_ctx *ctx, struct th_program *program,
                                    uint32_t function, uint64_t seed, uint32_t n_cases,
                                    struct th_verify_case **cases);

#endif
