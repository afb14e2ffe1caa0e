/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/lut16.h"
#include "ir/ops/common/rows.h"

#include <float.h>
#include <math.h>

static const struct th_port inputs[] = {
    {"x", TH_DT_ACTS, 0, "logits; rows lie along the last axis"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_ACTS, TH_PORT_DECLARED, "probabilities"},
    {NULL, 0, 0, NULL},
};
static const struct th_attr_spec attrs[] = {
    {"beta", TH_ATTR_FLOAT, false, 0, 0, 1, 0, 0, 1.0, NULL, NULL,
     "factor of the logits"},
    TH_ATTR_END,
};

/* Output scale within a thousandth of 1/steps. */
static bool near(const struct th_quant *q, double steps)
{
    return fabs((double)th_quant_scale(q, 0) * steps - 1) <= 0.001;
}

static enum th_status verify(const struct th_inst *c)
{
    const enum th_dtype x = c->in[0]->dtype, y = c->out[0].dtype;
    const struct th_quant *q = c->out[0].quant;
    if (x == TH_DT_F32)
        return y == TH_DT_F32 ? TH_OK : th_inst_error(c, "input is f32, output is %s",
                                                      th_dtype_name(y));
    const bool even = th_inst_rounding(c) == TH_ROUND_ONNX;
    TH_TRY(th_check_contract(c, th_dtype_bits(x) == 8));
    TH_TRY(th_need_quant(c, c->in[0], "input"));
    TH_TRY(th_need_quant(c, &c->out[0], "output"));
    if (even && !(th_inst_float(c, "beta") >= 0))
        return th_inst_error(c, "beta is %g, contract 'onnx' needs 0 or more",
                             th_inst_float(c, "beta"));
    if (even)
        return x == y ? TH_OK : th_inst_error(c, "input is %s, output is %s", th_dtype_name(x),
                                              th_dtype_name(y));
    struct th_softmax_scale s;
    if (x != TH_DT_S16 && !th_softmax_scale(th_inst_float(c, "beta"),
                                            (double)th_quant_scale(c->in[0]->quant, 0),
                                            th_inst_single_rounding(c), &s))
        return th_inst_error(c, "input scale %g is too small for the fixed-point rule",
                             (double)th_quant_scale(c->in[0]->quant, 0));
    const int64_t zero = th_quant_zero(q, 0);
    bool fits = false;
    if (x == TH_DT_S8 && y == TH_DT_S8)
        fits = near(q, 256) && zero == -128;
    else if (x == TH_DT_S8 && y == TH_DT_S16)
        fits = near(q, 65536) && zero == -32768;
    else if (x == TH_DT_U8 && y == TH_DT_U8)
        fits = near(q, 256) && zero == 0;
    else if (x == TH_DT_S16 && y == TH_DT_S16)
        fits = near(q, 32768) && zero == 0 && th_quant_zero(c->in[0]->quant, 0) == 0;
    if (!fits)
        return th_inst_error(c, "softmax from %s to %s with output scale %g and zero point %lld is "
                                "not a known form (s8: 1/256 and -128, u8: 1/256 and 0, "
                                "s8 to s16: 1/65536 and -32768, s16: 1/32768 and 0)",
                             th_dtype_name(x), th_dtype_name(y), (double)th_quant_scale(q, 0),
                             (long long)zero);
    return TH_OK;
}

static void eval_float(const float *x, float *y, int64_t rows, int64_t depth, float beta)
{
    for (int64_t r = 0; r < rows; r++, x += depth, y += depth) {
        float max = -FLT_MAX, sum = 0;
        for (int64_t i = 0; i < depth; i++)
            max = max < x[i] ? x[i] : max;
        for (int64_t i = 0; i < depth; i++) {
            const float scaled = (x[i] - max) * beta;
            y[i] = expf(scaled);
            sum += y[i];
        }
        for (int64_t i = 0; i < depth; i++)
            y[i] /= sum;
    }
}

static int64_t row_max(const struct th_tensor *x, int64_t at, int64_t depth)
{
    int64_t max = th_dtype_min(x->type.dtype);
    for (int64_t i = 0; i < depth; i++) {
        const int64_t v = th_tensor_int(x, at + i);
        max = v > max ? v : max;
    }
    return max;
}

static int leading_zeros(uint32_t v)
{
    return v ? __builtin_clz(v) : 32;
}

/* exp of a difference in steps, Q0.31. */
static int32_t exp_of(int32_t diff, const struct th_softmax_scale *s, bool single)
{
    return th_exp_on_negative(th_mbqm(diff, s->q, single), 5);
}

static void row_8bit(const struct th_tensor *x, struct th_tensor *y, int64_t at, int64_t depth,
                     const struct th_softmax_scale *s, bool single)
{
    const int64_t max = row_max(x, at, depth);
    const int32_t lo = (int32_t)th_dtype_min(y->type.dtype);
    const int32_t hi = (int32_t)th_dtype_max(y->type.dtype);
    uint32_t sum = 0;   /* Q12.19; more than 4096 elements near the maximum wrap as in the rule */
    for (int64_t i = 0; i < depth; i++) {
        const int32_t diff = (int32_t)(th_tensor_int(x, at + i) - max);
        if (diff >= s->diff_min)
            sum += (uint32_t)th_rdivp2(exp_of(diff, s, single), 12);
    }
    const int headroom = leading_zeros(sum);
    const uint32_t fraction = (headroom < 32 ? sum << headroom : 0) - ((uint32_t)1 << 31);
    const int32_t scale = th_one_over_one_plus((int32_t)fraction);
    const int exponent = 12 - headroom + 31 - (int)th_dtype_bits(y->type.dtype);
    for (int64_t i = 0; i < depth; i++) {
        const int32_t diff = (int32_t)(th_tensor_int(x, at + i) - max);
        int64_t v = lo;
        if (diff >= s->diff_min)
            v += th_rdivp2(th_srdhm(scale, exp_of(diff, s, single)), exponent);
        th_store_clamped(y, at + i, v, lo, hi);
    }
}

/* Contract "onnx": the exponential of each difference is the nearest float, all else is float. */
static void row_even(const struct th_tensor *x, struct th_tensor *y, int64_t at, int64_t depth,
                     double step)
{
    const int64_t max = row_max(x, at, depth), zero = th_quant_zero(y->type.quant, 0);
    const float scale = th_quant_scale(y->type.quant, 0);
    float sum = 0;
    for (int64_t i = 0; i < depth; i++)
        sum += (float)exp((double)(th_tensor_int(x, at + i) - max) * step);
    for (int64_t i = 0; i < depth; i++) {
        const float e = (float)exp((double)(th_tensor_int(x, at + i) - max) * step);
        const float p = e / sum / scale;
        const int64_t v = th_round_even((double)p, INT32_MIN, INT32_MAX) + zero;
        th_store_clamped(y, at + i, v, th_dtype_min(y->type.dtype), th_dtype_max(y->type.dtype));
    }
}

static float reciprocal(float x)
{
    return 1.0f / (1.0f + x);
}

/* s16: exponentials and the reciprocal of their sum by tables of 512 intervals. */
static void row_16bit(const struct th_tensor *x, struct th_tensor *y, int64_t at, int64_t depth,
                      struct th_multiplier q, bool single, const struct th_lut16 *exps,
                      const struct th_lut16 *inverse)
{
    const int64_t max = row_max(x, at, depth);
    int32_t sum = 0;
    for (int64_t i = 0; i < depth; i++) {
        const int32_t diff = th_mbqm((int32_t)(th_tensor_int(x, at + i) - max), q, single);
        const int64_t centred = th_clamp_i64((int64_t)diff + 32767, INT16_MIN, INT16_MAX);
        const int16_t v = th_lut16_at(exps, (int16_t)centred);
        th_tensor_set_int(y, at + i, v);
        sum = (int32_t)((uint32_t)sum + (uint32_t)v);
    }
    const int headroom = leading_zeros((uint32_t)sum);
    const int up = headroom > 0 ? headroom - 1 : 0;
    const int64_t shifted = (((int64_t)sum << up) + (1 << 13)) >> 14;
    const int64_t centred = shifted - ((1 << 15) + (1 << 16));
    const int16_t scale =
        th_lut16_at(inverse, (int16_t)th_clamp_i64(centred, INT16_MIN, INT16_MAX));
    const int down = 31 - headroom < 1 ? 1 : 31 - headroom;
    for (int64_t i = 0; i < depth; i++) {
        const int64_t product = th_tensor_int(y, at + i) * scale + ((int64_t)1 << (down - 1));
        th_store_clamped(y, at + i, product >> down, 0, INT16_MAX);
    }
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    int64_t rows, depth;
    th_rows_size(c, &rows, &depth);
    const double beta = th_inst_float(c, "beta");
    if (c->in[0]->dtype == TH_DT_F32) {
        eval_float(th_floats(e->in[0]), e->out[0]->data, rows, depth, (float)beta);
        return TH_OK;
    }
    const bool single = th_inst_single_rounding(c);
    const double in_scale = (double)th_quant_scale(c->in[0]->quant, 0);
    if (th_inst_rounding(c) == TH_ROUND_ONNX) {
        for (int64_t r = 0; r < rows; r++)
            row_even(e->in[0], e->out[0], r * depth, depth, in_scale * (double)(float)beta);
        return TH_OK;
    }
    if (c->in[0]->dtype == TH_DT_S16) {
        struct th_lut16 *t = TH_NEW_ARRAY(e->arena, struct th_lut16, 2);
        if (!t)
            return th_out_of_memory(c);
        const float range = 65535;
        th_lut16_fill(&t[0], 10.0f / range, INT16_MAX, 2.0f / range, 0, expf);
        th_lut16_fill(&t[1], 1.0f / range, INT16_MIN, 2.0f / range, 0, reciprocal);
        const struct th_multiplier q =
            th_quantize_multiplier(in_scale * (double)(float)beta / (10.0 / 65535.0), single);
        for (int64_t r = 0; r < rows; r++)
            row_16bit(e->in[0], e->out[0], r * depth, depth, q, single, &t[0], &t[1]);
        return TH_OK;
    }
    struct th_softmax_scale s;
    if (!th_softmax_scale((double)(float)beta, in_scale, single, &s))
        return th_inst_error(c, "input scale %g is too small for the fixed-point rule", in_scale);
    for (int64_t r = 0; r < rows; r++)
        row_8bit(e->in[0], e->out[0], r * depth, depth, &s, single);
    return TH_OK;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    k->macs = 0;
    k->ops = th_type_elems(&c->out[0]) * 8;   /* maximum, exponential, sum, product */
    th_cost_bytes(c, k);
}

static bool quant(const struct th_inst *c, struct th_quant_rule *q)
{
    (void)c;
    *q = (struct th_quant_rule){.weight_port = -1, .weight_axis = -1, .bias_port = -1,
                                   .out8 = {1.0f / 256, -128},
                                   .out16 = {1.0f / 32768, 0}, .onnx_any = true};
    return true;
}

const struct th_op th_op_softmax = {
    .struct_size = sizeof(struct th_op),
    .name = "softmax",
    .summary = "exp(beta*x) of each row, divided by its sum",
    .doc =
        "Float: exp((x - max) * beta) / sum, in float32. 8-bit: differences to the row's maximum "
        "are scaled to Q5.26, exponentials taken in fixed point, summed in Q12.19, and multiplied "
        "by the reciprocal of the sum from three Newton steps; differences below the range of "
        "Q5.26 give the smallest output. Contract onnx: float32 with exponentials from a table of "
        "the 256 differences, halves to even. s16: exponential and reciprocal come from tables of "
        "512 interpolated intervals.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = th_rows_infer,
    .verify = verify,
    .eval = eval,
    .quant = quant,
    .window = th_rows_window,
    .alias = th_alias_first,
    .cost = cost,
};
