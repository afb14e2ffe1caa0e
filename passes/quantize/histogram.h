/* SPDX-License-Identifier: Apache-2.0 */
/* Distributions of values and the choice of a range for them. */
#ifndef PASSES_QUANTIZE_HISTOGRAM_H
#define PASSES_QUANTIZE_HISTOGRAM_H

#include <thimble/base.h>

#define TH_HIST_BINS 2048

/* Counts of equal bins over [lo, hi]. */
struct th_histogram {
    double lo, hi;
    uint64_t counts[TH_HIST_BINS];
    uint64_t total;
};
enum th_calibrator { TH_CAL_MINMAX, TH_CAL_PERCENTILE, TH_CAL_MSE, TH_CAL_ENTROPY, TH_CAL_COUNT };
/* TH_CAL_COUNT when unknown. */
enum th_calibrator th_calibrator_by_name(const char *name);
const char *th_calibrator_name(enum th_calibrator c);

void th_histogram_init(struct th_histogram *h, double lo, double hi);
void th_histogram_add(struct th_histogram *h, double x);
void th_histogram_merge(struct th_histogram *to, const struct th_histogram *from);
/* A range inside of [lo, hi] that holds 0, for `levels` equal steps. symmetric: of equal reach on
 * both sides. percentile: how many of 100 values lie inside. */
void th_histogram_range(const struct th_histogram *h, enum th_calibrator c, unsigned levels,
                        bool symmetric, double percentile, float *lo, float *hi);
/* Mean squared error of rounding to `levels` steps over [lo, hi], values outside at its ends. */
double th_histogram_error(const struct th_histogram *h, double lo, double hi, unsigned levels);

#endif
