/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calibrators. minmax: all that was seen. percentile: all but the outermost values. mse: least
 * squared error of rounding and clipping together. entropy: least Kullback-Leibler divergence of
 * the rounded distribution from the seen one (the method of Migacz, 8-bit Inference with TensorRT,
 * 2017), here for ranges of two sides.
 */
#include "passes/quantize/histogram.h"

#include <math.h>
#include <string.h>

static const char *const names[TH_CAL_COUNT] = {"minmax", "percentile", "mse", "entropy"};

enum th_calibrator th_calibrator_by_name(const char *name)
{
    int c = 0;
    while (c < TH_CAL_COUNT && strcmp(names[c], name) != 0)
        c++;
    return (enum th_calibrator)c;
}

const char *th_calibrator_name(enum th_calibrator c)
{
    return c < TH_CAL_COUNT ? names[c] : "";
}

void th_histogram_init(struct th_histogram *h, double lo, double hi)
{
    memset(h, 0, sizeof *h);
    h->lo = lo < 0 ? lo : 0;
    h->hi = hi > 0 ? hi : 0;
}

void th_histogram_add(struct th_histogram *h, double x)
{
    const double width = h->hi - h->lo;
    if (isnan(x))
        return;
    double at = width > 0 ? (x - h->lo) / width * TH_HIST_BINS : 0;
    at = at < 0 ? 0 : at > TH_HIST_BINS - 1 ? TH_HIST_BINS - 1 : at;
    h->counts[(size_t)at]++;
    h->total++;
}

void th_histogram_merge(struct th_histogram *to, const struct th_histogram *from)
{
    for (size_t i = 0; i < TH_HIST_BINS; i++)
        to->counts[i] += from->counts[i];
    to->total += from->total;
}

static double center(const struct th_histogram *h, size_t i)
{
    return h->lo + (h->hi - h->lo) * ((double)i + 0.5) / TH_HIST_BINS;
}

double th_histogram_error(const struct th_histogram *h, double lo, double hi, unsigned levels)
{
    const double step = (hi - lo) / (levels - 1);
    /* within a bin values are spread evenly: rounding them costs what the step says even where
     * the bin's center lies on a level */
    const double width = (h->hi - h->lo) / TH_HIST_BINS;
    const double inside = fmin(step, width) * fmin(step, width) / 12;
    double sum = 0;
    if (!(step > 0) || !h->total)
        return 0;
    for (size_t i = 0; i < TH_HIST_BINS; i++) {
        if (!h->counts[i])
            continue;
        const double x = center(h, i);
        const double held = x < lo ? lo : x > hi ? hi : x;
        const double q = lo + step * floor((held - lo) / step + 0.5);
        sum += (double)h->counts[i] * ((x - q) * (x - q) + inside);
    }
    return sum / (double)h->total;
}

/* ---- percentile ------------------------------------------------------------------------------ */

static void percentile_range(const struct th_histogram *h, double percentile, double *lo,
                             double *hi)
{
    const double outside = (double)h->total * (100 - percentile) / 200;
    const double width = (h->hi - h->lo) / TH_HIST_BINS;
    uint64_t below = 0, above = 0;
    size_t first = 0, last = TH_HIST_BINS;
    while (first < TH_HIST_BINS && (double)(below + h->counts[first]) <= outside)
        below += h->counts[first++];
    while (last > first && (double)(above + h->counts[last - 1]) <= outside)
        above += h->counts[--last];
    *lo = h->lo + width * (double)first;
    *hi = h->lo + width * (double)last;
}

/* ---- least squares --------------------------------------------------------------------------- */

/* Tries parts of the reach seen on one side or both, largest first; keeps the best. */
static double improve(const struct th_histogram *h, double *lo, double *hi, bool low, bool high,
                      double error, unsigned levels)
{
    const double a = *lo, b = *hi, reach = fmax(-h->lo, h->hi);
    double part = 1;
    for (int i = 0; i <= 128; i++, part *= 0.97) {
        const double x = !low ? a : high ? -reach * part : h->lo * part;
        const double y = !high ? b : low ? reach * part : h->hi * part;
        const double e = th_histogram_error(h, x, y, levels);
        if (e < error) {
            error = e;
            *lo = x;
            *hi = y;
        }
    }
    return error;
}

static void mse_range(const struct th_histogram *h, unsigned levels, bool symmetric, double *lo,
                      double *hi)
{
    double error = th_histogram_error(h, *lo, *hi, levels);
    if (symmetric)
        improve(h, lo, hi, true, true, error, levels);
    for (int round = 0; round < 3 && !symmetric; round++) {
        error = improve(h, lo, hi, false, true, error, levels);
        error = improve(h, lo, hi, true, false, error, levels);
    }
}

/* ---- entropy --------------------------------------------------------------------------------- */

/* Divergence when bins [first, last) are kept, what lies outside goes to the outermost of them, and
 * `levels` groups share their counts among their non-empty bins. Each empty bin that the groups
 * cannot explain costs nothing; a non-empty one always gets a share. */
static double divergence(const struct th_histogram *h, size_t first, size_t last, unsigned levels)
{
    const size_t n = last - first;
    double p[TH_HIST_BINS], q[TH_HIST_BINS] = {0}, sum_q = 0, d = 0;
    for (size_t i = 0; i < n; i++)
        p[i] = (double)h->counts[first + i];
    for (unsigned l = 0; l < levels; l++) {
        const size_t from = n * l / levels, to = n * (l + 1) / levels;
        double total = 0;
        size_t used = 0;
        for (size_t i = from; i < to; i++) {
            total += p[i];
            used += p[i] > 0;
        }
        for (size_t i = from; i < to; i++)
            q[i] = p[i] > 0 ? total / (double)used : 0;
    }
    for (size_t i = 0; i < first; i++)
        p[0] += (double)h->counts[i];
    for (size_t i = last; i < TH_HIST_BINS; i++)
        p[n - 1] += (double)h->counts[i];
    for (size_t i = 0; i < n; i++)
        sum_q += q[i];
    for (size_t i = 0; i < n; i++) {
        if (p[i] <= 0)
            continue;
        const double share = p[i] / (double)h->total;
        /* values that only arrived by clipping: the rounded distribution has none of them */
        const double model = q[i] > 0 ? q[i] / sum_q : 1e-9;
        d += share * log(share / model);
    }
    return d;
}

/* Fewer values than this many to a bin do not show a distribution; their noise would ask for the
 * narrowest range there is. */
#define ENTROPY_LEAST 16u

/* Exact zeros, which a rectifier makes by the million, are exact in every range: they would only
 * hide what the others do, so their bin counts as its neighbours do. */
static void without_zeros(const struct th_histogram *h, struct th_histogram *out)
{
    const double width = (h->hi - h->lo) / TH_HIST_BINS;
    size_t zero = width > 0 ? (size_t)(-h->lo / width) : 0;
    zero = zero < TH_HIST_BINS ? zero : TH_HIST_BINS - 1;
    *out = *h;
    const uint64_t left = zero > 0 ? h->counts[zero - 1] : h->counts[zero + 1];
    const uint64_t right = zero + 1 < TH_HIST_BINS ? h->counts[zero + 1] : left;
    out->counts[zero] = (left + right) / 2;
    out->total = h->total - h->counts[zero] + out->counts[zero];
}

static void entropy_range(const struct th_histogram *seen, unsigned levels, double *lo,
                          double *hi)
{
    struct th_histogram without, *h = &without;
    without_zeros(seen, h);
    if (h->total < ENTROPY_LEAST * TH_HIST_BINS)
        return;
    const double width = (h->hi - h->lo) / TH_HIST_BINS;
    const double zero = width > 0 ? -h->lo / width : 0;
    double best = INFINITY;
    for (int i = 0; i <= 96; i++) {
        const double part = 1 - i / 100.0;
        const size_t first = (size_t)floor(zero - zero * part);
        const size_t last = (size_t)ceil(zero + (TH_HIST_BINS - zero) * part);
        if (last - first < levels)
            break;
        const double d = divergence(h, first, last, levels);
        if (d < best) {
            best = d;
            *lo = h->lo + width * (double)first;
            *hi = h->lo + width * (double)last;
        }
    }
}

void th_histogram_range(const struct th_histogram *h, enum th_calibrator c, unsigned levels,
                        bool symmetric, double percentile, float *lo, float *hi)
{
    double a = h->lo, b = h->hi;
    if (symmetric)
        b = fmax(-a, b), a = -b;
    if (h->total && h->hi > h->lo) {
        if (c == TH_CAL_PERCENTILE)
            percentile_range(h, percentile, &a, &b);
        else if (c == TH_CAL_MSE)
            mse_range(h, levels, symmetric, &a, &b);
        else if (c == TH_CAL_ENTROPY && levels < TH_HIST_BINS)
            entropy_range(h, levels, &a, &b);
    }
    a = a < 0 ? a : 0;
    b = b > 0 ? b : 0;
    if (symmetric)
        b = fmax(-a, b), a = -b;
    *lo = (float)a;
    *hi = (float)b;
}
