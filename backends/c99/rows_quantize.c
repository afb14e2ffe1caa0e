/* SPDX-License-Identifier: Apache-2.0 */
/* Generated rows: quantize, dequantize, requantize, prelu. */
#include "backends/c99/families.h"

#include <stdio.h>

#include <thimble/emit.h>

#include "backends/c99/generate.h"

static bool is(const struct th_inst *c, const char *op)
{
    return strcmp(c->op->name, op) == 0;
}

static bool per_axis(const struct th_type *t)
{
    return t->quant && t->quant->n > 1;
}

static bool plain_integer(enum th_dtype t)
{
    return th_dtype_is_int(t) && th_dtype_bits(t) >= 8 && th_dtype_bits(t) <= 32;
}

static const char *refuse(const struct th_query *q)
{
    const struct th_inst *c = q->inst;
    const struct th_type *x = c->in[0], *y = &c->out[0];
    const bool onnx = !strcmp(c->contract, "onnx");
    if (!q->whole)
        return "only whole outputs";
    if (per_axis(x) || per_axis(y))
        return "the scale differs along an axis";
    if (is(c, "quantize") ? !plain_integer(y->dtype)
                          : !(is(c, "prelu") && x->dtype == TH_DT_F32) &&
                                !plain_integer(x->dtype))
        return "no generator for these types";
    if (is(c, "requantize") && !plain_integer(y->dtype))
        return "no generator for these types";
    if (is(c, "prelu") && onnx && x->dtype != TH_DT_F32)
        return "the contract has another rule";
    return th_gen_too_large(q);
}

static void clamped(struct th_str *s, const char *value, const struct th_type *y)
{
    th_str_addf(s, "%s + (%ld), %ld, %ld);\n", value, (long)th_row_zero(y),
                (long)th_dtype_min(y->dtype), (long)th_dtype_max(y->dtype));
}

static void mbqm(struct th_str *s, const struct th_inst *c, const char *x, double real)
{
    const bool single = th_inst_single_rounding(c);
    const struct th_multiplier m = th_quantize_multiplier(real, single);
    th_str_addf(s, "thk_mbqm%s(%s, %ld, %ld)", single ? "_single" : "", x, (long)m.m, (long)m.s);
}

static void body_quantize(struct th_str *s, const struct th_inst *c)
{
    const struct th_type *y = &c->out[0];
    const char *rule = strcmp(c->contract, "onnx") ? "away" : "even";
    th_str_addf(s, "@const int32_t v = thk_quantize_%s(a / ", rule);
    th_emit_float(s, th_quant_scale(y->quant, 0));
    th_str_addf(s, ", %ld, %ld, %ld);\n", (long)th_row_zero(y), (long)th_dtype_min(y->dtype),
                (long)th_dtype_max(y->dtype));
}

/* A difference of up to 17 bits times a float rounds once, like the product in double. */
static void body_dequantize(struct th_str *s, const struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    const bool wide = th_dtype_bits(x->dtype) > 16;
    th_str_addf(s, "@const float v = (float)((%s)(%sa - (%ld)) * ", wide ? "double" : "float",
                wide ? "(int64_t)" : "", (long)th_row_zero(x));
    th_emit_float(s, th_quant_scale(x->quant, 0));
    th_str_add(s, ");\n");
}

static void body_requantize(struct th_str *s, const struct th_inst *c)
{
    const struct th_type *x = c->in[0], *y = &c->out[0];
    const float sx = th_quant_scale(x->quant, 0), sy = th_quant_scale(y->quant, 0);
    th_str_addf(s, "@const int32_t d = a - (%ld);\n", (long)th_row_zero(x));
    if (!strcmp(c->contract, "onnx")) {
        th_str_add(s, "@const float r = (float)d * ");
        th_emit_float(s, sx);
        th_str_add(s, ";\n@const int32_t v = thk_quantize_even(r / ");
        th_emit_float(s, sy);
        th_str_addf(s, ", %ld, %ld, %ld);\n", (long)th_row_zero(y), (long)th_dtype_min(y->dtype),
                    (long)th_dtype_max(y->dtype));
        return;
    }
    th_str_add(s, "@const int32_t v = thk_clamp(");
    mbqm(s, c, "d", (double)sx / (double)sy);
    clamped(s, "", y);
}

static void body_prelu(struct th_str *s, const struct th_inst *c)
{
    const struct th_type *x = c->in[0], *a = c->in[1], *y = &c->out[0];
    if (x->dtype == TH_DT_F32) {
        th_str_add(s, "@const float v = a >= 0.0f ? a : a * b;\n");
        return;
    }
    const double sx = (double)th_quant_scale(x->quant, 0), sy = (double)th_quant_scale(y->quant, 0);
    th_str_addf(s, "@const int32_t d = a - (%ld);\n@int32_t v = d >= 0 ? ", (long)th_row_zero(x));
    mbqm(s, c, "d", sx / sy);
    th_str_addf(s, "\n@                   : ");
    char product[48];
    snprintf(product, sizeof product, "d * (b - (%ld))", (long)th_row_zero(a));
    mbqm(s, c, product, sx * (double)th_quant_scale(a->quant, 0) / sy);
    th_str_add(s, ";\n@v = thk_clamp(");
    clamped(s, "v", y);
}

static enum th_status bind(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    struct th_str body;
    th_str_init(&body);
    if (is(c, "quantize"))
        body_quantize(&body, c);
    else if (is(c, "dequantize"))
        body_dequantize(&body, c);
    else if (is(c, "requantize"))
        body_requantize(&body, c);
    else
        body_prelu(&body, c);
    const char *local = c->in[0]->dtype == TH_DT_F32 ? "float" : "int32_t";
    const enum th_status s = th_gen_elementwise(q, call, local, &body);
    th_str_release(&body);
    return s;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    k->cycles = 40.0 * (double)th_type_elems(&q->inst->out[0]);
    k->code_bytes = 160;
    k->stack_bytes = 64;
}

#define ROW(op_)                                                                               \
    {.op = op_, .symbol = "thk_" op_ "__c99", .source = "thk_quantize.h",                      \
     .order = TH_ORDER_ELEMENT, .refuse = refuse, .bind = bind, .cost = cost}

static const struct th_kernel rows[] = {ROW("quantize"), ROW("dequantize"), ROW("requantize"),
                                        ROW("prelu")};
const struct th_row_family th_c99_quantize = {rows, TH_ARRAY_LEN(rows)};
