/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/rows.h"

#include <float.h>
#include <math.h>

static const struct th_port inputs[] = {
    {"x", TH_DT_FLOATS | TH_DT_INT8S, 0, "logits; rows lie along the last axis"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_FLOATS | TH_DT_INT8S, TH_PORT_DECLARED, "logarithms of the probabilities"},
    {NULL, 0, 0, NULL},
};

static enum th_status verify(const struct th_inst *c)
{
    const enum th_dtype x = c->in[0]->dtype;
    TH_TRY(th_rows_verify_fixed(c, 1.0f / 16, th_dtype_max(x)));
    if (x == TH_DT_F32)
        return TH_OK;
    struct th_softmax_scale s;
    if (!th_softmax_scale(1, (double)th_quant_scale(c->in[0]->quant, 0),
                          th_inst_single_rounding(c), &s))
        return th_inst_error(c, "input scale %g is too small for the fixed-point rule",
                             (double)th_quant_scale(c->in[0]->quant, 0));
    return TH_OK;
}

static void eval_float(const float *x, float *y, int64_t rows, int64_t depth)
{
    for (int64_t r = 0; r < rows; r++, x += depth, y += depth) {
        float max = -FLT_MAX, sum = 0;
        for (int64_t i = 0; i < depth; i++)
            max = max < x[i] ? x[i] : max;
        for (int64_t i = 0; i < depth; i++)
            sum += expf(x[i] - max);
        const float log_sum = logf(sum);
        for (int64_t i = 0; i < depth; i++)
            y[i] = x[i] - max - log_sum;
    }
}

static int32_t wrap_add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static int headroom_of(int32_t v)
{
    return v > 0 ? __builtin_clz((uint32_t)v) : v == 0 ? 32 : 0;
}

/* Binary exponent `e` as Qk.(31-k). */
static int32_t exponent_raw(int e, int integer_bits)
{
    return th_sat_shl(e, 31 - integer_bits);
}

/*
 * Natural logarithm of z >= 1 in Q12.19, result Q5.26. z = r * 2^n in two ways, with r in
 * [1/sqrt 2, ...) around 2^(-1/4); then a rational approximation of log r, all in the order of the
 * reference: products are saturating rounding doubling high ones.
 */
static int32_t log_q12_to_q5(int32_t z)
{
    const int32_t log_2 = 1488522236, root4_half = 1805811301, root_half = 1518500250;
    const int32_t alpha_n = 117049297, alpha_d = 127690142, alpha_i = 1057819769;
    const int32_t alpha_f = 638450708;
    const int acc_bits = 6;
    const int32_t quarter = th_rdivp2(536870912, acc_bits);
    const int headroom_a = headroom_of(z);
    const int32_t r_a_tmp = th_sat_shl(z, headroom_a - 1);
    const int32_t r_a = th_sat_shl(th_srdhm(r_a_tmp, root_half), 1);
    const int32_t n_a = (int32_t)th_clamp_i64(
        (int64_t)exponent_raw(12 - headroom_a, acc_bits) + quarter, INT32_MIN, INT32_MAX);
    const int32_t z_b = th_srdhm(z, root_half);
    const int headroom_b = headroom_of(z_b) - 1;
    const int32_t r_b = th_sat_shl(z, headroom_b);
    const int32_t n_b = (int32_t)th_clamp_i64(
        (int64_t)exponent_raw(12 - headroom_b, acc_bits) - quarter, INT32_MIN, INT32_MAX);
    const int32_t r = r_a < r_b ? r_a : r_b, n = n_a > n_b ? n_a : n_b;
    const int64_t half_sum = (int64_t)r + root4_half;
    const int32_t p = (int32_t)((half_sum + (half_sum >= 0 ? 1 : -1)) / 2);
    int32_t q = wrap_add(r, -root4_half);
    q = wrap_add(q, q);
    const int32_t square = th_srdhm(q, q);
    const int32_t num = wrap_add(th_srdhm(q, r), th_srdhm(th_srdhm(q, square), alpha_n));
    const int32_t inner = wrap_add(wrap_add(alpha_i, q), th_srdhm(alpha_d, square));
    const int32_t denominator = wrap_add(th_srdhm(p, inner), th_srdhm(alpha_f, q));
    const int32_t inverse = th_one_over_one_plus(denominator);
    const int32_t scaled = th_rdivp2(num, acc_bits);
    const int32_t sum = wrap_add(th_srdhm(n, log_2), th_srdhm(scaled, inverse));
    return th_sat_shl(sum, acc_bits - 5);
}

static void row_8bit(const struct th_tensor *x, struct th_tensor *y, int64_t at, int64_t depth,
                     const struct th_softmax_scale *s, struct th_multiplier back, bool single)
{
    const int32_t lo = (int32_t)th_dtype_min(y->type.dtype);
    const int32_t hi = (int32_t)th_dtype_max(y->type.dtype);
    int64_t max = lo;
    uint32_t sum = 0;
    for (int64_t i = 0; i < depth; i++) {
        const int64_t v = th_tensor_int(x, at + i);
        max = v > max ? v : max;
    }
    for (int64_t i = 0; i < depth; i++) {
        const int32_t diff = (int32_t)(th_tensor_int(x, at + i) - max);
        if (diff >= s->diff_min)
            sum += (uint32_t)th_rdivp2(th_exp_on_negative(th_mbqm(diff, s->q, single), 5), 12);
    }
    const int32_t log_sum = log_q12_to_q5((int32_t)sum);
    const int32_t least = th_mbqm(wrap_add(log_sum, INT32_MIN), back, single);
    const int32_t diff_min = s->diff_min - 1 > least ? s->diff_min - 1 : least;
    for (int64_t i = 0; i < depth; i++) {
        const int32_t diff = (int32_t)(th_tensor_int(x, at + i) - max);
        int64_t v = lo;
        if (diff > diff_min)
            v = (int64_t)hi + th_rdivp2(wrap_add(th_mbqm(diff, s->q, single), -log_sum), 22);
        th_store_clamped(y, at + i, v, lo, hi);
    }
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    int64_t rows, depth;
    th_rows_size(c, &rows, &depth);
    if (c->in[0]->dtype == TH_DT_F32) {
        eval_float(th_floats(e->in[0]), e->out[0]->data, rows, depth);
        return TH_OK;
    }
    const bool single = th_inst_single_rounding(c);
    struct th_softmax_scale s;
    if (!th_softmax_scale(1, (double)th_quant_scale(c->in[0]->quant, 0), single, &s))
        return th_inst_error(c, "the input scale is too small for the fixed-point rule");
    const double reverse = (double)((int64_t)1 << (31 - s.q.s)) / (double)s.q.m;
    const struct th_multiplier back = th_quantize_multiplier(reverse, single);
    for (int64_t r = 0; r < rows; r++)
        row_8bit(e->in[0], e->out[0], r * depth, depth, &s, back, single);
    return TH_OK;
}

static bool quant(const struct th_inst *c, struct th_quant_rule *q)
{
    (void)c;
    *q = (struct th_quant_rule){.weight_port = -1, .weight_axis = -1, .bias_port = -1,
                                   .dtypes = TH_DT_BIT(TH_DT_S8),
                                   .out8 = {1.0f / 16, 127}};
    return true;
}

const struct th_op th_op_log_softmax = {
    .struct_size = sizeof(struct th_op),
    .name = "log_softmax",
    .summary = "x minus the logarithm of the row's sum of exponentials",
    .doc = "Float: x - max - log(sum of exp(x - max)), in float32. 8-bit: differences in Q5.26, "
           "exponentials summed in Q12.19, their logarithm by a rational approximation in fixed "
           "point; the output has scale 1/16 and the type's largest value as zero point.",
    .inputs = inputs,
    .outputs = outputs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = th_rows_infer,
    .verify = verify,
    .eval = eval,
    .quant = quant,
    .window = th_rows_window,
    .alias = th_alias_first,
};
