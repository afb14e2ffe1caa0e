/* SPDX-License-Identifier: Apache-2.0 */
/* Weights and biases as integers: symmetric, a scale for each channel. */
#include "passes/quantize/quantize.h"

#include <math.h>
#include <string.h>

#include <thimble/numeric.h>

struct channels {
    int64_t n, inner;        /* channel of element i: i / inner % n */
};

static struct channels channels_of(const struct th_type *t, int32_t axis)
{
    struct channels c = {t->dims[axis], 1};
    for (int32_t i = axis + 1; i < t->rank; i++)
        c.inner *= t->dims[i];
    return c;
}

/* Squared error of one channel at a scale. */
static double channel_error(const struct th_tensor *w, struct channels k, int64_t channel,
                            double scale, int64_t limit)
{
    const int64_t n = th_type_elems(&w->type), block = k.n * k.inner;
    double sum = 0;
    for (int64_t base = channel * k.inner; base < n; base += block)
        for (int64_t i = base; i < base + k.inner; i++) {
            const double x = th_tensor_real(w, i);
            const double e = x - scale * (double)th_round_away(x / scale, -limit, limit);
            sum += e * e;
        }
    return sum;
}

static double channel_reach(const struct th_tensor *w, struct channels k, int64_t channel)
{
    const int64_t n = th_type_elems(&w->type), block = k.n * k.inner;
    double reach = 0;
    for (int64_t base = channel * k.inner; base < n; base += block)
        for (int64_t i = base; i < base + k.inner; i++) {
            const double x = fabs(th_tensor_real(w, i));
            reach = isfinite(x) && x > reach ? x : reach;
        }
    return reach;
}

/* Few bits: cutting the largest weights off may cost less than coarser steps do. */
static double best_scale(const struct th_tensor *w, struct channels k, int64_t channel,
                         double scale, int64_t limit)
{
    double best = scale, least = channel_error(w, k, channel, scale, limit);
    for (int i = 1; i <= 60; i++) {
        const double s = scale * (1 - i / 100.0);
        const double e = channel_error(w, k, channel, s, limit);
        if (e < least) {
            least = e;
            best = s;
        }
    }
    return best;
}

static float choose_scale(const struct th_tensor *w, struct channels k, int64_t channel,
                          enum th_dtype dtype, const struct th_tensor *bias, double in_scale)
{
    const int64_t limit = th_dtype_max(dtype);
    double scale = channel_reach(w, k, channel) / (double)limit;
    if (dtype == TH_DT_S4 && scale > 0)
        scale = best_scale(w, k, channel, scale, limit);
    const double b = bias ? fabs(th_tensor_real(bias, channel)) : 0;
    const double least = fmax(isfinite(b) ? b / (in_scale * 1073741824.0) : 0, 1e-12);
    return (float)fmax(scale, least);
}

bool th_q_weights(const struct th_tensor *w, int32_t axis, enum th_dtype dtype,
                  const struct th_tensor *bias, double in_scale, struct th_arena *a,
                  struct th_qweights *out)
{
    const struct channels k = channels_of(&w->type, axis);
    const int64_t n = th_type_elems(&w->type), limit = th_dtype_max(dtype);
    float *scales = TH_NEW_ARRAY(a, float, (size_t)k.n + 1);
    struct th_type type = w->type;
    if (!scales || k.n > UINT32_MAX || k.n < 1)
        return false;
    for (int64_t c = 0; c < k.n; c++)
        scales[c] = choose_scale(w, k, c, dtype, bias, in_scale);
    type.dtype = dtype;
    type.quant = th_quant_new(a, (uint32_t)k.n, scales, NULL, k.n > 1 ? axis : -1);
    out->real = th_tensor_new(a, &w->type);
    out->q = type.quant ? th_tensor_new(a, &type) : NULL;
    if (!out->q || !out->real)
        return false;
    for (int64_t i = 0; i < n; i++) {
        const double s = (double)scales[i / k.inner % k.n];
        const int64_t v = th_round_away(th_tensor_real(w, i) / s, -limit, limit);
        th_tensor_set_int(out->q, i, v);
        th_tensor_set_real(out->real, i, s * (double)v);
    }
    return true;
}

struct th_tensor *th_q_bias(const struct th_tensor *bias, const double *correction, int64_t n,
                            double in_scale, const struct th_quant *w, enum th_dtype dtype,
                            struct th_arena *a)
{
    struct th_type type = th_type_make(dtype, 1, &n);
    float *scales = TH_NEW_ARRAY(a, float, (size_t)n + 1);
    if (!scales)
        return NULL;
    for (int64_t c = 0; c < n; c++)
        scales[c] = (float)(in_scale * (double)th_quant_scale(w, (uint32_t)c));
    type.quant = th_quant_new(a, (uint32_t)n, scales, NULL, n > 1 ? 0 : -1);
    struct th_tensor *t = type.quant ? th_tensor_new(a, &type) : NULL;
    const int64_t limit = dtype == TH_DT_S32 ? INT32_MAX : (int64_t)1 << 40;
    for (int64_t c = 0; t && c < n; c++) {
        const double real = (bias ? th_tensor_real(bias, c) : 0) + (correction ? correction[c] : 0);
        const double step = in_scale * (double)th_quant_scale(w, (uint32_t)c);
        th_tensor_set_int(t, c, th_round_away(real / step, -limit, limit));
    }
    return t;
}

struct th_tensor *th_q_half(const struct th_tensor *t, struct th_arena *a)
{
    struct th_type type = t->type;
    type.dtype = TH_DT_F16;
    struct th_tensor *h = th_tensor_new(a, &type);
    for (int64_t i = 0; h && i < th_type_elems(&type); i++)
        th_tensor_set_real(h, i, th_tensor_real(t, i));
    return h;
}
