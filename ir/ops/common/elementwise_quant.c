/* SPDX-License-Identifier: Apache-2.0 */
/* The constants of quantized elementwise arithmetic. The precision of each step (float or double)
 * is part of the numeric contract. */
#include "ir/ops/common/elementwise.h"

#include <math.h>
#include <string.h>

static void common(const struct th_inst *c, struct th_binary_quant *q)
{
    memset(q, 0, sizeof(*q));
    q->single = th_inst_single_rounding(c);
    q->za = (int32_t)th_quant_zero(c->in[0]->quant, 0);
    q->zb = (int32_t)th_quant_zero(c->in[1]->quant, 0);
    q->zo = (int32_t)th_quant_zero(c->out[0].quant, 0);
    q->lo = (int32_t)th_dtype_min(c->out[0].dtype);
    q->hi = (int32_t)th_dtype_max(c->out[0].dtype);
}

static void activation(const struct th_inst *c, struct th_binary_quant *q)
{
    th_activation_bounds(&c->out[0], th_inst_float(c, "act_min"), th_inst_float(c, "act_max"),
                         &q->lo, &q->hi);
}

static float scale_of(const struct th_type *t)
{
    return th_quant_scale(t->quant, 0);
}

/* log2 of a scale, rounded; the legacy 16-bit form is only chosen for exact powers. */
static int log2_of(float scale)
{
    int e;
    const float f = frexpf(scale, &e);
    return f > 0.70710678f ? e : e - 1;
}

static void power_of_two(const struct th_inst *c, struct th_binary_quant *q)
{
    const int o = log2_of(scale_of(&c->out[0]));
    q->pot = true;
    q->pot_a = o - log2_of(scale_of(c->in[0]));
    q->pot_b = o - log2_of(scale_of(c->in[1]));
}

static bool wants_pot(const struct th_inst *c)
{
    return c->out[0].dtype == TH_DT_S16 && th_inst_int(c, "pot_scale") != 0;
}

/* The larger ratio gets 21 bits, so that the sum of two products of 9-bit distances stays below
 * 2^30: nearly the precision of the float rule, in integers and the same everywhere. */
static void even_sum(const struct th_inst *c, struct th_binary_quant *q, double sign)
{
    const double so = scale_of(&c->out[0]);
    const double ra = (double)scale_of(c->in[0]) / so, rb = (double)scale_of(c->in[1]) / so;
    int e;
    frexp(ra > rb ? ra : rb, &e);
    q->even = true;
    q->shift = (int32_t)th_clamp_i64(21 - e, 1, 30);
    const double most = (1 << 21) - 1;
    q->a.m = (int32_t)fmin(nearbyint(ldexp(ra, q->shift)), most);
    q->b.m = (int32_t)(sign * fmin(nearbyint(ldexp(rb, q->shift)), most));
}

int64_t th_ew_even_sum(const struct th_binary_quant *q, int64_t a, int64_t b)
{
    const int32_t sum = (int32_t)((a - q->za) * q->a.m + (b - q->zb) * q->b.m);
    return th_clamp_i64((int64_t)th_shift_even(sum, q->shift) + q->zo, q->lo, q->hi);
}

static bool even_rule(const struct th_inst *c)
{
    return c->contract && strcmp(c->contract, "onnx") == 0;
}

void th_quant_add(const struct th_inst *c, struct th_binary_quant *q)
{
    common(c, q);
    activation(c, q);
    if (even_rule(c)) {
        even_sum(c, q, 1);
        return;
    }
    if (wants_pot(c)) {
        power_of_two(c, q);
        return;
    }
    const double sa = scale_of(c->in[0]), sb = scale_of(c->in[1]), so = scale_of(&c->out[0]);
    const double twice = 2 * (sa > sb ? sa : sb);
    q->shift = c->out[0].dtype == TH_DT_S16 ? 15 : 20;
    q->a = th_quantize_multiplier(sa / twice, q->single);
    q->b = th_quantize_multiplier(sb / twice, q->single);
    q->out = th_quantize_multiplier(twice / ((double)(1 << q->shift) * so), q->single);
}

/* Unlike add, all ratios are formed in float. */
void th_quant_sub(const struct th_inst *c, struct th_binary_quant *q)
{
    common(c, q);
    activation(c, q);
    if (even_rule(c)) {
        even_sum(c, q, -1);
        return;
    }
    if (wants_pot(c)) {
        power_of_two(c, q);
        return;
    }
    const float sa = scale_of(c->in[0]), sb = scale_of(c->in[1]), so = scale_of(&c->out[0]);
    const float twice = 2 * (sa > sb ? sa : sb);
    q->shift = c->out[0].dtype == TH_DT_S16 ? 15 : 20;
    const float ra = sa / twice, rb = sb / twice, ro = twice / ((float)(1 << q->shift) * so);
    q->a = th_quantize_multiplier(ra, q->single);
    q->b = th_quantize_multiplier(rb, q->single);
    q->out = th_quantize_multiplier(ro, q->single);
}

void th_quant_mul(const struct th_inst *c, struct th_binary_quant *q)
{
    common(c, q);
    activation(c, q);
    const double sa = scale_of(c->in[0]), sb = scale_of(c->in[1]), so = scale_of(&c->out[0]);
    q->out = th_quantize_multiplier(sa * sb / so, q->single);
    q->even = even_rule(c);
    if (q->even) {
        const float both = scale_of(c->in[0]) * scale_of(c->in[1]);
        q->factor = both / scale_of(&c->out[0]);
    }
}

void th_quant_div(const struct th_inst *c, struct th_binary_quant *q)
{
    common(c, q);
    activation(c, q);
    const float sa = scale_of(c->in[0]), sb = scale_of(c->in[1]), so = scale_of(&c->out[0]);
    const float below = sb * so;
    const float ratio = sa / below;
    q->out = th_quantize_multiplier(ratio, q->single);
}

void th_quant_squared_difference(const struct th_inst *c, struct th_binary_quant *q)
{
    common(c, q);
    const double sa = scale_of(c->in[0]), sb = scale_of(c->in[1]), so = scale_of(&c->out[0]);
    const double twice = 2 * (sa > sb ? sa : sb);
    q->shift = c->out[0].dtype == TH_DT_S16 ? 0 : 7;
    q->a = th_quantize_multiplier(sa / twice, q->single);
    q->b = th_quantize_multiplier(sb / twice, q->single);
    q->out = th_quantize_multiplier(twice * twice / ((double)(1 << (2 * q->shift)) * so),
                                    q->single);
}

void th_quant_compare(const struct th_inst *c, struct th_binary_quant *q)
{
    common(c, q);
    q->shift = 8;
    q->a = th_quantize_multiplier(scale_of(c->in[0]), q->single);
    q->b = th_quantize_multiplier(scale_of(c->in[1]), q->single);
}

int64_t th_ew_scaled_difference(const struct th_binary_quant *q, int64_t a, int64_t b)
{
    const int64_t x = (a - q->za) * ((int64_t)1 << q->shift);
    const int64_t y = (b - q->zb) * ((int64_t)1 << q->shift);
    return (int64_t)th_mbqm((int32_t)x, q->a, q->single) -
           th_mbqm((int32_t)y, q->b, q->single);
}

/* ---- 16-bit sigmoid ------------------------------------------------------------ */
static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* Half of the interpolation error of the interval that follows is added to each entry. */
uint16_t th_sigmoid_entry(int i)
{
    if (i >= 255)
        return UINT16_MAX;
    const double here = sigmoid(i / 24.0), next = sigmoid((i + 1) / 24.0);
    const double error = sigmoid((i + 0.5) / 24.0) - (here + next) / 2;
    return (uint16_t)floor(65536 * (here + error / 2) + 0.5);
}

struct th_sigmoid16 th_sigmoid16_make(const struct th_inst *c, bool is_tanh)
{
    const float scale = scale_of(c->in[0]);
    const float log2 = logf(scale) * (1.0f / logf(2.0f));
    const float rounded = roundf(log2);
    const int left = 12 + (int)rounded;
    if (fabsf(log2 - rounded) < 1e-3f && (left == 0 || (is_tanh && left == 1)))
        return (struct th_sigmoid16){.mult = 3 << left, .shift = 0};
    double m = (double)scale * 4096.0 * 3.0;
    struct th_sigmoid16 s = {0, 0};
    while (m <= 32767.0 / 2.0 && s.shift <= 30) {
        s.shift++;
        m *= 2.0;
    }
    s.mult = (int32_t)m;
    return s;
}
