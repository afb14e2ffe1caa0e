/* SPDX-License-Identifier: Apache-2.0 */
/* Portable rows: lstm in floats, in integers, and in integers with all extras. */
#include "backends/c99/families.h"

#include <thimble/elementwise.h>
#include <thimble/emit.h>

#include <math.h>
#include <stdio.h>

#include "backends/c99/generate.h"

/* Operands; gates in the order input, forget, cell, output. */
enum {
    X, WI, WR = 5, PEEP_I = 9, PEEP_F, PEEP_O, BIAS, PROJ_W = 16, PROJ_B, HIDDEN, CELL, LN,
    OPERANDS = 24
};

static bool has(const struct th_inst *c, uint32_t i)
{
    return i < c->n_in && c->in[i];
}

static float scale_of(const struct th_inst *c, uint32_t i)
{
    return has(c, i) ? th_quant_scale(c->in[i]->quant, 0) : 1.0f;
}

static bool is_full(const struct th_inst *c)
{
    for (uint32_t i = PEEP_I; i < OPERANDS; i++)
        if (has(c, i) && (i <= PEEP_O || i == PROJ_W || i >= LN))
            return true;
    return !has(c, WI);
}

static const char *refuse_common(const struct th_query *q)
{
    if (q->inst->n_out != 3)
        return "the states are not wanted";
    return th_gen_too_large(q);
}

static const char *refuse_float(const struct th_query *q)
{
    if (q->inst->in[X]->dtype != TH_DT_F32 || q->inst->in[WI + 1]->dtype != TH_DT_F32)
        return "not all values are floats";
    return refuse_common(q);
}

static const char *weights_centred(const struct th_inst *c)
{
    for (uint32_t i = WI; i <= PROJ_W; i++)
        if (has(c, i) && c->in[i]->dtype == TH_DT_S8 && th_row_zero(c->in[i]) != 0)
            return "weights have a zero point";
    return NULL;
}

static const char *refuse_hybrid(const struct th_query *q)
{
    if (q->inst->in[X]->dtype != TH_DT_F32 || q->inst->in[WI + 1]->dtype != TH_DT_S8)
        return "not floats with 8-bit weights";
    const char *why = weights_centred(q->inst);
    return why ? why : refuse_common(q);
}

static const char *refuse_int(const struct th_query *q, enum th_dtype dt, bool full)
{
    if (q->inst->in[X]->dtype != dt)
        return "the activations have another type";
    if (is_full(q->inst) != full)
        return full ? "a plain cell" : "peepholes, projection, normalization or coupled gates";
    const char *why = weights_centred(q->inst);
    return why ? why : refuse_common(q);
}

static const char *refuse_s8(const struct th_query *q)
{
    return refuse_int(q, TH_DT_S8, false);
}

static const char *refuse_s16(const struct th_query *q)
{
    return refuse_int(q, TH_DT_S16, false);
}

static const char *refuse_full(const struct th_query *q)
{
    return refuse_int(q, TH_DT_S8, true);
}

/* ---- parameters ------------------------------------------------------------------------- */
static void shape(const struct th_inst *c, struct th_call *call)
{
    const bool time_major = th_inst_int(c, "time_major") != 0;
    const int64_t *x = c->in[X]->dims;
    th_call_struct_begin(call, "thk_lstm");
    th_call_field_int(call, "steps", x[time_major ? 0 : 1]);
    th_call_field_int(call, "batch", x[time_major ? 1 : 0]);
    th_call_field_int(call, "in", x[2]);
    th_call_field_int(call, "cells", c->in[WI + 3]->dims[0]);
    th_call_field_int(call, "out", c->in[WR + 3]->dims[1]);
    th_call_field_int(call, "time_major", time_major);
    th_call_struct_end(call);
}

static int64_t cells_of(const struct th_inst *c)
{
    return c->in[WI + 3]->dims[0];
}

static void operands(struct th_call *call, const struct th_inst *c, uint32_t from, uint32_t to,
                     const char *type)
{
    for (uint32_t i = from; i <= to; i++)
        th_call_input(call, has(c, i) ? i : c->n_in, type);
}

static void field_pairs(struct th_call *call, const char *name, const struct th_multiplier *m,
                        int n)
{
    char text[160];
    int at = 0;
    if (n > 1)
        at += snprintf(text, sizeof text, "{");
    for (int i = 0; i < n; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "%s{%ld, %ld}", i ? ", " : "",
                       (long)m[i].m, (long)m[i].s);
    if (n > 1)
        snprintf(text + at, sizeof text - (size_t)at, "}");
    th_call_field_text(call, name, text);
}

/* ---- floats ----------------------------------------------------------------------------- */
static void real_fields(const struct th_inst *c, struct th_call *call, const char *prefix)
{
    char name[3][32];
    snprintf(name[0], sizeof name[0], "%sactivation", prefix);
    snprintf(name[1], sizeof name[1], "%scell_clip", prefix);
    snprintf(name[2], sizeof name[2], "%sproj_clip", prefix);
    th_call_field_int(call, name[0], th_inst_int(c, "activation"));
    th_call_field_float(call, name[1], (float)th_inst_float(c, "cell_clip"));
    th_call_field_float(call, name[2], (float)th_inst_float(c, "proj_clip"));
}

static void field_scales(struct th_call *call, const char *field, const struct th_inst *c,
                         const uint32_t *ports)
{
    struct th_str s;
    th_str_init(&s);
    for (int g = 0; g < 4; g++) {
        th_str_add(&s, g ? ", " : "{");
        th_emit_float(&s, has(c, ports[g]) ? scale_of(c, ports[g]) : 0.0f);
    }
    th_str_add(&s, "}");
    th_call_field_text(call, field, s.s);
    th_str_release(&s);
}

static enum th_status bind_hybrid(const struct th_query *q, struct th_call *call)
{
    static const uint32_t wi[4] = {WI, WI + 1, WI + 2, WI + 3};
    static const uint32_t wr[4] = {WR, WR + 1, WR + 2, WR + 3};
    static const uint32_t peep[4] = {PEEP_I, PEEP_F, OPERANDS, PEEP_O};
    const struct th_inst *c = q->inst;
    const size_t bytes = (size_t)cells_of(c) * 4 * sizeof(float) + (size_t)cells_of(c) +
                         (size_t)c->in[X]->dims[2] + (size_t)c->in[WR + 3]->dims[1];
    shape(c, call);
    th_call_struct_begin(call, "thk_lstm_f32s8");
    real_fields(c, call, "f.");
    th_call_field_int(call, "asymmetric", th_inst_int(c, "asymmetric_inputs") != 0);
    field_scales(call, "wi", c, wi);
    field_scales(call, "wr", c, wr);
    field_scales(call, "peep", c, peep);
    th_call_field_float(call, "proj", scale_of(c, PROJ_W));
    th_call_struct_end(call);
    operands(call, c, X, X, "const float");
    operands(call, c, WI, PEEP_O, "const int8_t");
    operands(call, c, BIAS, BIAS + 3, "const float");
    operands(call, c, PROJ_W, PROJ_W, "const int8_t");
    operands(call, c, PROJ_B, OPERANDS - 1, "const float");
    for (uint32_t i = 0; i < 3; i++)
        th_call_output(call, i, "float");
    th_call_scratch(call, bytes, 4, "float");
    return TH_OK;
}

static enum th_status bind_float(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    shape(c, call);
    th_call_struct_begin(call, "thk_lstm_f32");
    real_fields(c, call, "");
    th_call_struct_end(call);
    operands(call, c, X, OPERANDS - 1, "const float");
    for (uint32_t i = 0; i < 3; i++)
        th_call_output(call, i, "float");
    th_call_scratch(call, (size_t)cells_of(c) * 4 * sizeof(float), 4, "float");
    return TH_OK;
}

/* ---- plain integers --------------------------------------------------------------------- */
static const float gate_scale = 0.000244140625f;     /* 2^-12: gates are Q3.12 */

static void plain_gates(const struct th_inst *c, struct th_call *call)
{
    const bool single = th_inst_single_rounding(c);
    struct th_multiplier x[4], h[4];
    for (uint32_t g = 0; g < 4; g++) {
        const float in = scale_of(c, X) * scale_of(c, WI + g);
        const float past = scale_of(c, HIDDEN) * scale_of(c, WR + g);
        x[g] = th_quantize_multiplier((double)in / (double)gate_scale, single);
        h[g] = th_quantize_multiplier((double)past / (double)gate_scale, single);
    }
    field_pairs(call, "gate_x", x, 4);
    field_pairs(call, "gate_h", h, 4);
}

static void plain_cell(const struct th_inst *c, struct th_call *call)
{
    const bool single = th_inst_single_rounding(c);
    const double unit = 1.0 / 32768, s_c = (double)scale_of(c, CELL);
    const struct th_multiplier forget = th_quantize_multiplier(unit * s_c / s_c, single);
    const struct th_multiplier input = th_quantize_multiplier(unit * unit / s_c, single);
    const struct th_multiplier output =
        th_quantize_multiplier(unit * unit / (double)scale_of(c, HIDDEN), single);
    const double clip = (double)(float)th_inst_float(c, "cell_clip");
    const double steps = clip > 0 ? clip / s_c : 0;
    const int shift = 12 + (int)lround(log2(s_c));
    field_pairs(call, "forget", &forget, 1);
    field_pairs(call, "input", &input, 1);
    field_pairs(call, "output", &output, 1);
    th_call_field_int(call, "clip", steps < 32767 ? (int64_t)steps : 32767);
    th_call_field_int(call, "tanh_mult", shift < 0 ? 3 : (int64_t)3 << shift);
    th_call_field_int(call, "tanh_shift", shift < 0 ? -shift : 0);
    th_call_field_int(call, "sigmoid_cell", th_inst_int(c, "activation") != 0);
}

static enum th_status bind_int(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    const bool wide = c->in[X]->dtype == TH_DT_S16;
    const char *in = wide ? "const int16_t" : "const int8_t";
    const char *out = wide ? "int16_t" : "int8_t";
    uint16_t table[256];
    for (int i = 0; i < 256; i++)
        table[i] = th_sigmoid_entry(i);
    shape(c, call);
    th_call_struct_begin(call, "thk_lstm_int");
    th_call_field_int(call, "x_zero", th_row_zero(c->in[X]));
    th_call_field_int(call, "h_zero", th_row_zero(c->in[HIDDEN]));
    plain_gates(c, call);
    plain_cell(c, call);
    th_call_struct_end(call);
    operands(call, c, X, X, in);
    operands(call, c, WI, WR + 3, "const int8_t");
    operands(call, c, BIAS, BIAS + 3, wide ? "const int64_t" : "const int32_t");
    operands(call, c, HIDDEN, HIDDEN, in);
    operands(call, c, CELL, CELL, "const int16_t");
    th_call_data(call, "sigmoid", TH_DT_U16, table, 256, 2);
    th_call_output(call, 0, out);
    th_call_output(call, 1, out);
    th_call_output(call, 2, "int16_t");
    th_call_scratch(call, (size_t)cells_of(c) * 4 * sizeof(int16_t), 2, "int16_t");
    return TH_OK;
}

/* ---- integers with all extras ----------------------------------------------------------- */
/* Every product of scales is a float one here. */
static struct th_multiplier ratio(float a, float b, float out, bool single)
{
    const float both = a * b, real = both / out;
    return th_quantize_multiplier((double)real, single);
}

static float intermediate(const struct th_inst *c, uint32_t i, float otherwise)
{
    const struct th_attr *a = th_attr_find(c->attrs, "intermediate_scales");
    return a && i < a->n && a->v.floats[i] > 0 ? (float)a->v.floats[i] : otherwise;
}

static int cell_power(const struct th_inst *c)
{
    return (int)lround(log2((double)scale_of(c, CELL)));
}

static void full_gates(const struct th_inst *c, struct th_call *call)
{
    static const uint32_t peep[4] = {PEEP_I, PEEP_F, OPERANDS, PEEP_O};
    const bool single = th_inst_single_rounding(c);
    struct th_multiplier x[4], h[4], p[4], n[4];
    char guards[64];
    int at = snprintf(guards, sizeof guards, "{");
    for (uint32_t g = 0; g < 4; g++) {
        const float out = has(c, LN + g) ? intermediate(c, g, gate_scale) : gate_scale;
        const double real = ldexp(1, cell_power(c)) * (double)scale_of(c, peep[g]) / (double)out;
        const double guard = 10000.0 * (double)scale_of(c, LN + g);
        x[g] = ratio(scale_of(c, WI + g), scale_of(c, X), out, single);
        h[g] = ratio(scale_of(c, WR + g), scale_of(c, HIDDEN), out, single);
        p[g] = th_quantize_multiplier((double)(float)real, single);
        n[g] = th_quantize_multiplier((double)scale_of(c, LN + g), single);
        at += snprintf(guards + at, sizeof guards - (size_t)at, "%s%ld", g ? ", " : "",
                       guard > 1 ? (long)th_clamp_i64((int64_t)guard, 1, 1 << 28) : 1L);
    }
    snprintf(guards + at, sizeof guards - (size_t)at, "}");
    field_pairs(call, "gate_x", x, 4);
    field_pairs(call, "gate_h", h, 4);
    field_pairs(call, "peep", p, 4);
    field_pairs(call, "norm", n, 4);
    th_call_field_text(call, "guard", guards);
}

static int64_t clip_steps(float clip, float scale, float limit)
{
    const float steps = clip / scale;
    return clip > 0 ? (int64_t)(steps < limit ? steps : limit) : 0;
}

static void full_hidden(const struct th_inst *c, struct th_call *call)
{
    const bool single = th_inst_single_rounding(c);
    const float h_scale = scale_of(c, HIDDEN), hidden_scale = intermediate(c, 4, h_scale);
    const double unit = 1.0 / 32768, real = unit / (double)hidden_scale * unit;
    const struct th_multiplier hidden = th_quantize_multiplier((double)(float)real, single);
    const struct th_multiplier projection =
        ratio(scale_of(c, PROJ_W), hidden_scale, h_scale, single);
    const int32_t h_zero = th_row_zero(c->in[HIDDEN]);
    field_pairs(call, "hidden", &hidden, 1);
    field_pairs(call, "projection", &projection, 1);
    th_call_field_int(call, "h_zero", h_zero);
    th_call_field_int(call, "hidden_zero", th_inst_ints_len(c, "intermediate_zeros") > 4
                                               ? th_inst_ints(c, "intermediate_zeros", 4)
                                               : h_zero);
    th_call_field_int(call, "cell_clip", clip_steps((float)th_inst_float(c, "cell_clip"),
                                                    scale_of(c, CELL), 32767));
    th_call_field_int(call, "proj_clip", clip_steps((float)th_inst_float(c, "proj_clip"),
                                                    h_scale, 127));
}

static enum th_status bind_full(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    shape(c, call);
    th_call_struct_begin(call, "thk_lstm_full");
    th_call_field_int(call, "x_zero", th_row_zero(c->in[X]));
    th_call_field_int(call, "cell_power", cell_power(c));
    full_gates(c, call);
    full_hidden(c, call);
    th_call_struct_end(call);
    operands(call, c, X, WR + 3, "const int8_t");
    operands(call, c, PEEP_I, PEEP_O, "const int16_t");
    operands(call, c, BIAS, BIAS + 3, "const int32_t");
    operands(call, c, PROJ_W, PROJ_W, "const int8_t");
    operands(call, c, PROJ_B, PROJ_B, "const int32_t");
    operands(call, c, HIDDEN, HIDDEN, "const int8_t");
    operands(call, c, CELL, LN + 3, "const int16_t");
    th_call_output(call, 0, "int8_t");
    th_call_output(call, 1, "int8_t");
    th_call_output(call, 2, "int16_t");
    th_call_scratch(call, (size_t)cells_of(c) * 5 * sizeof(int16_t), 2, "int16_t");
    return TH_OK;
}

/* ---- rows ------------------------------------------------------------------------------- */
static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_cost c;
    th_inst_cost(q->inst, &c);
    k->cycles = 6.0 * (double)c.macs + 8.0 * (double)c.ops;
    k->code_bytes = 1600;
    k->stack_bytes = 280;
}

#define ROW(name_, contract_, refuse_, bind_)                                                  \
    {.op = "lstm", .contract = contract_, .symbol = "thk_" name_ "__c99",                      \
     .source = "c99/thk_" name_ "__c99.c", .order = TH_ORDER_ELEMENT, .refuse = refuse_,       \
     .bind = bind_, .cost = cost}
#define DOUBLE "tflite"
#define SINGLE "tflite-single-rounding"

static const struct th_kernel rows[] = {
    ROW("lstm_f32", NULL, refuse_float, bind_float),
    ROW("lstm_f32s8", NULL, refuse_hybrid, bind_hybrid),
    ROW("lstm_s8", DOUBLE, refuse_s8, bind_int),
    ROW("lstm_s8_single", SINGLE, refuse_s8, bind_int),
    ROW("lstm_s16", DOUBLE, refuse_s16, bind_int),
    ROW("lstm_s16_single", SINGLE, refuse_s16, bind_int),
    ROW("lstm_full_s8", DOUBLE, refuse_full, bind_full),
    ROW("lstm_full_s8_single", SINGLE, refuse_full, bind_full),
};
const struct th_row_family th_c99_lstm = {rows, TH_ARRAY_LEN(rows)};
