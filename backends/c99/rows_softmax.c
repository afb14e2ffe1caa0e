/* SPDX-License-Identifier: Apache-2.0 */
/* Portable rows: softmax over the last axis. */
#include "backends/c99/families.h"

#include <math.h>

struct softmax {
    int64_t rows, depth;
    struct th_multiplier scale;
    int32_t diff_min;
};

static const char *describe(const struct th_query *q, struct softmax *s)
{
    const struct th_type *x = q->inst->in[0];
    if (!q->whole)
        return "only whole outputs";
    if (x->rank < 1 || x->dims[x->rank - 1] < 1)
        return "there is no last axis";
    if (th_type_elems(x) > INT32_MAX)
        return "a size does not fit 32 bits";
    s->depth = x->dims[x->rank - 1];
    s->rows = th_type_elems(x) / s->depth;
    if (x->dtype == TH_DT_F32)
        return NULL;
    if (s->depth > 4095)
        return "the sum of exponentials would not fit";
    /* Q5.26 input of the exponential: scale * beta * 2^26, at most the largest int32. */
    const double beta = (double)(float)th_inst_float(q->inst, "beta");
    double real = beta * (double)th_quant_scale(x->quant, 0) * (double)(1 << 26);
    if (real > 2147483647.0)
        real = 2147483647.0;
    if (!(real > 1.0))
        return "the input scale is too small for fixed point";
    s->scale = th_quantize_multiplier(real, false);
    s->diff_min = (int32_t)-floor(31.0 * ldexp(1.0, 26) / ldexp(1.0, s->scale.s));
    return NULL;
}

static const char *refuse(const struct th_query *q)
{
    struct softmax s;
    return describe(q, &s);
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    struct softmax s;
    describe(q, &s);
    const enum th_dtype x = q->inst->in[0]->dtype, y = q->inst->out[0].dtype;
    if (x == TH_DT_F32) {
        th_call_int(c, s.rows);
        th_call_int(c, s.depth);
        th_call_float(c, (float)th_inst_float(q->inst, "beta"));
        th_call_input(c, 0, "const float");
        th_call_output(c, 0, "float");
        return TH_OK;
    }
    th_call_struct_begin(c, "thk_softmax");
    th_call_field_int(c, "rows", s.rows);
    th_call_field_int(c, "depth", s.depth);
    th_call_field_int(c, "scale_m", s.scale.m);
    th_call_field_int(c, "scale_s", s.scale.s);
    th_call_field_int(c, "diff_min", s.diff_min);
    th_call_struct_end(c);
    th_call_input(c, 0, x == TH_DT_U8 ? "const uint8_t" : "const int8_t");
    th_call_output(c, 0, y == TH_DT_U8 ? "uint8_t" : y == TH_DT_S16 ? "int16_t" : "int8_t");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    k->cycles = 500.0 * (double)th_type_elems(q->inst->in[0]);
    k->code_bytes = 900;
    k->stack_bytes = 120;
}

#define ROW(types_, contract_, name_)                                                          \
    {.op = "softmax", .types = types_, .contract = contract_, .symbol = "thk_" name_ "__c99",  \
     .source = "c99/thk_" name_ "__c99.c", .order = TH_ORDER_ANY, .refuse = refuse,            \
     .bind = bind, .cost = cost}
#define DOUBLE "tflite"
#define SINGLE "tflite-single-rounding"

static const struct th_kernel rows[] = {
    ROW("s8>s8", DOUBLE, "softmax_s8"),
    ROW("u8>u8", DOUBLE, "softmax_u8"),
    ROW("s8>s16", DOUBLE, "softmax_s8s16"),
    ROW("f32>f32", NULL, "softmax_f32"),
};
const struct th_row_family th_c99_softmax = {rows, TH_ARRAY_LEN(rows)};
