/* SPDX-License-Identifier: Apache-2.0 */
/* Portable rows over the last axis: softmax, log_softmax, l2_norm. */
#include "backends/c99/families.h"

#include <math.h>

struct softmax {
    int64_t rows, depth;
    struct th_multiplier scale;
    int32_t diff_min;
};

static bool is(const struct th_query *q, const char *op)
{
    return strcmp(q->inst->op->name, op) == 0;
}

static bool is_even(const struct th_query *q)
{
    return q->inst->contract && strcmp(q->inst->contract, "onnx") == 0;
}

static double beta_of(const struct th_query *q)
{
    return is(q, "softmax") ? (double)(float)th_inst_float(q->inst, "beta") : 1.0;
}

static const char *describe(const struct th_query *q, struct softmax *s)
{
    const struct th_type *x = q->inst->in[0];
    const bool single = th_inst_single_rounding(q->inst);
    memset(s, 0, sizeof *s);
    if (!q->whole)
        return "only whole outputs";
    if (x->rank < 1 || x->dims[x->rank - 1] < 1)
        return "there is no last axis";
    if (th_type_elems(x) > INT32_MAX)
        return "a size does not fit 32 bits";
    s->depth = x->dims[x->rank - 1];
    s->rows = th_type_elems(x) / s->depth;
    if (x->dtype == TH_DT_F32 || is(q, "l2_norm"))
        return NULL;
    if (is_even(q))
        return NULL;
    const double scale = (double)th_quant_scale(x->quant, 0);
    if (x->dtype == TH_DT_S16) {
        s->scale = th_quantize_multiplier(scale * beta_of(q) / (10.0 / 65535.0), single);
        return NULL;
    }
    if (s->depth > 4095)
        return "the sum of exponentials would not fit";
    /* Q5.26 input of the exponential: scale * beta * 2^26, at most the largest multiplier. */
    const double limit = single ? 1073741823.0 : 2147483647.0;
    double real = beta_of(q) * scale * (double)(1 << 26);
    if (real > limit)
        real = limit;
    if (!(real > 1.0))
        return "the input scale is too small for fixed point";
    s->scale = th_quantize_multiplier(real, single);
    const double radius = 31.0 * (1 << 26) / (double)((int64_t)1 << s->scale.s);
    s->diff_min = -(int32_t)floor(radius);
    return NULL;
}

static const char *refuse(const struct th_query *q)
{
    struct softmax s;
    return describe(q, &s);
}

static const char *ctype(enum th_dtype t, bool constant)
{
    switch (t) {
    case TH_DT_U8: return constant ? "const uint8_t" : "uint8_t";
    case TH_DT_S16: return constant ? "const int16_t" : "int16_t";
    case TH_DT_F32: return constant ? "const float" : "float";
    default: return constant ? "const int8_t" : "int8_t";
    }
}

static void call_struct(struct th_call *c, const struct softmax *s)
{
    th_call_struct_begin(c, "thk_softmax");
    th_call_field_int(c, "rows", s->rows);
    th_call_field_int(c, "depth", s->depth);
    th_call_field_int(c, "scale_m", s->scale.m);
    th_call_field_int(c, "scale_s", s->scale.s);
    th_call_field_int(c, "diff_min", s->diff_min);
    th_call_struct_end(c);
}

static void call_operands(const struct th_query *q, struct th_call *c)
{
    th_call_input(c, 0, ctype(q->inst->in[0]->dtype, true));
    th_call_output(c, 0, ctype(q->inst->out[0].dtype, false));
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    struct softmax s;
    describe(q, &s);
    call_struct(c, &s);
    call_operands(q, c);
    return TH_OK;
}

static enum th_status bind_log(const struct th_query *q, struct th_call *c)
{
    struct softmax s;
    describe(q, &s);
    call_struct(c, &s);
    const double reverse = (double)((int64_t)1 << (31 - s.scale.s)) / (double)s.scale.m;
    const struct th_multiplier back =
        th_quantize_multiplier(reverse, th_inst_single_rounding(q->inst));
    th_call_int(c, back.m);
    th_call_int(c, back.s);
    call_operands(q, c);
    return TH_OK;
}

/* Rows, depth, what the op needs beside them, operands. */
static enum th_status bind_rows(const struct th_query *q, struct th_call *c)
{
    struct softmax s;
    describe(q, &s);
    th_call_int(c, s.rows);
    th_call_int(c, s.depth);
    if (is(q, "softmax"))
        th_call_float(c, (float)th_inst_float(q->inst, "beta"));
    if (is(q, "l2_norm") && q->inst->in[0]->dtype != TH_DT_F32)
        th_call_int(c, th_row_zero(q->inst->in[0]));
    call_operands(q, c);
    return TH_OK;
}

/* Contract "onnx": exponentials of all differences there can be. */
static enum th_status bind_even(const struct th_query *q, struct th_call *c)
{
    struct softmax s;
    float exps[256];
    const struct th_type *x = q->inst->in[0], *y = &q->inst->out[0];
    const double step = (double)th_quant_scale(x->quant, 0) * beta_of(q);
    describe(q, &s);
    for (int i = 0; i < 256; i++)
        exps[i] = (float)exp(-i * step);
    th_call_int(c, s.rows);
    th_call_int(c, s.depth);
    th_call_float(c, th_quant_scale(y->quant, 0));
    th_call_int(c, th_quant_zero(y->quant, 0));
    th_call_int(c, th_dtype_min(y->dtype));
    th_call_int(c, th_dtype_max(y->dtype));
    th_call_input(c, 0, ctype(x->dtype, true));
    th_call_data(c, "exps", TH_DT_F32, exps, TH_ARRAY_LEN(exps), 4);
    th_call_output(c, 0, ctype(y->dtype, false));
    return TH_OK;
}

/* ---- 16-bit softmax: tables of 512 interpolated intervals ------------------------------------ */

static float clamp16(float v)
{
    return v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v;
}

static float reciprocal(float x)
{
    return 1.0f / (1.0f + x);
}

/* fn over [lo, hi], outputs in 1/32767.5; half of each interval's error is taken off its start. */
static void fill_table(int16_t *t, float lo, float hi, float (*fn)(float))
{
    const float unit = 2.0f / 65535.0f;
    const float out_min = unit * (float)INT16_MIN, out_max = unit * (float)INT16_MAX;
    const float step = (hi - lo) / 512, half = step / 2, to_out = 65536.0f / (out_max - out_min);
    for (int i = 0; i < 512; i++) {
        const float offset = (float)i * step, next_offset = (float)(i + 1) * step;
        const float x = lo + offset;
        const float here = fn(x) * to_out, middle = fn(x + half) * to_out;
        const float next = fn(lo + next_offset) * to_out;
        const float sample = roundf(here);
        const float line = roundf((next + sample) / 2);
        const float bias = roundf((line - roundf(middle)) / 2);
        t[i] = (int16_t)clamp16(sample - bias);
    }
    const float last = fn(hi) * to_out;
    t[512] = (int16_t)clamp16(roundf(last));
}

static enum th_status bind_16bit(const struct th_query *q, struct th_call *c)
{
    struct softmax s;
    int16_t tables[2 * 513];
    const float exp_unit = 10.0f / 65535.0f, one_unit = 1.0f / 65535.0f;
    describe(q, &s);
    fill_table(tables, exp_unit * (float)(INT16_MIN - INT16_MAX), 0.0f, expf);
    fill_table(tables + 513, 0.0f, one_unit * (float)(INT16_MAX - INT16_MIN), reciprocal);
    call_struct(c, &s);
    th_call_int(c, th_inst_single_rounding(q->inst));
    th_call_input(c, 0, "const int16_t");
    th_call_data(c, "tables", TH_DT_S16, tables, TH_ARRAY_LEN(tables), 2);
    th_call_output(c, 0, "int16_t");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    const bool simple = is(q, "l2_norm");
    k->cycles = (simple ? 50.0 : 500.0) * (double)th_type_elems(q->inst->in[0]);
    k->code_bytes = simple ? 500 : 900;
    k->stack_bytes = 120;
}

#define ROW(op_, types_, contract_, name_, bind_)                                              \
    {.op = op_, .types = types_, .contract = contract_, .symbol = "thk_" name_ "__c99",        \
     .source = "c99/thk_" name_ "__c99.c", .order = TH_ORDER_ANY, .refuse = refuse,            \
     .bind = bind_, .cost = cost}
#define DOUBLE "tflite"
#define SINGLE "tflite-single-rounding"
#define BOTH(op_, types_, name_, bind_)                                                        \
    ROW(op_, types_, DOUBLE, name_, bind_), ROW(op_, types_, SINGLE, name_ "_single", bind_)

static const struct th_kernel rows[] = {
    BOTH("softmax", "s8>s8", "softmax_s8", bind),
    BOTH("softmax", "u8>u8", "softmax_u8", bind),
    BOTH("softmax", "s8>s16", "softmax_s8s16", bind),
    ROW("softmax", "s16>s16", DOUBLE, "softmax_s16", bind_16bit),
    ROW("softmax", "s16>s16", SINGLE, "softmax_s16", bind_16bit),
    ROW("softmax", "s8>s8", "onnx", "softmax_s8_onnx", bind_even),
    ROW("softmax", "u8>u8", "onnx", "softmax_u8_onnx", bind_even),
    ROW("softmax", "f32>f32", NULL, "softmax_f32", bind_rows),
    BOTH("log_softmax", "s8>s8", "log_softmax_s8", bind_log),
    BOTH("log_softmax", "u8>u8", "log_softmax_u8", bind_log),
    ROW("log_softmax", "f32>f32", NULL, "log_softmax_f32", bind_rows),
    BOTH("l2_norm", "s8>s8", "l2_norm_s8", bind_rows),
    BOTH("l2_norm", "u8>u8", "l2_norm_u8", bind_rows),
    ROW("l2_norm", "f32>f32", NULL, "l2_norm_f32", bind_rows),
};
const struct th_row_family th_c99_softmax = {rows, TH_ARRAY_LEN(rows)};
