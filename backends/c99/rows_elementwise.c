/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated rows: elementwise ops over broadcast operands. The kernel is a loop nest with literal
 * extents and steps around one expression; all constants are literals.
 */
#include "backends/c99/families.h"

#include <thimble/elementwise.h>
#include <thimble/emit.h>

#include <math.h>
#include <stdio.h>

#include "backends/c99/generate.h"

/* Expressions of the operands a, b, c. real: floats. integer: int64_t values, the result is
 * converted to the type. quant: appends statements that define int32_t v from int32_t a and b. */
struct rule {
    const char *op, *real, *integer;
    void (*quant)(const struct th_inst *c, struct th_str *s);
};

/* ---- quantized bodies ------------------------------------------------------------------------ */
static void scaled(struct th_str *s, bool single, const char *x, struct th_multiplier m)
{
    th_str_addf(s, "thk_mbqm%s(%s, %ld, %ld)", single ? "_single" : "", x, (long)m.m, (long)m.s);
}

static void finish(struct th_str *s, const struct th_binary_quant *q)
{
    th_str_addf(s, " + %ld;\n", (long)q->zo);
    th_str_addf(s, "@v = thk_clamp(v, %ld, %ld);\n", (long)q->lo, (long)q->hi);
}

/* Defines p and r: both operands at the common scale. */
static void common_scale(struct th_str *s, const struct th_binary_quant *q)
{
    char x[64];
    snprintf(x, sizeof x, "(a - (%ld)) * %ld", (long)q->za, 1L << q->shift);
    th_str_add(s, "@const int32_t p = ");
    scaled(s, q->single, x, q->a);
    snprintf(x, sizeof x, "(b - (%ld)) * %ld", (long)q->zb, 1L << q->shift);
    th_str_add(s, ";\n@const int32_t r = ");
    scaled(s, q->single, x, q->b);
    th_str_add(s, ";\n");
}

static void add_or_sub(struct th_str *s, const struct th_binary_quant *q, char sign)
{
    char x[16];
    snprintf(x, sizeof x, "p %c r", sign);
    if (q->pot) {
        th_str_addf(s, "@const int32_t p = thk_rdivp2(a, %ld);\n", (long)q->pot_a);
        th_str_addf(s, "@const int32_t r = thk_rdivp2(b, %ld);\n", (long)q->pot_b);
        th_str_addf(s, "@int32_t v = thk_clamp(%s, -32768, 32767);\n", x);
        th_str_addf(s, "@v = thk_clamp(v, %ld, %ld);\n", (long)q->lo, (long)q->hi);
        return;
    }
    common_scale(s, q);
    th_str_add(s, "@int32_t v = ");
    scaled(s, q->single, x, q->out);
    finish(s, q);
}

static void quant_add(const struct th_inst *c, struct th_str *s)
{
    struct th_binary_quant q;
    th_quant_add(c, &q);
    add_or_sub(s, &q, '+');
}

static void quant_sub(const struct th_inst *c, struct th_str *s)
{
    struct th_binary_quant q;
    th_quant_sub(c, &q);
    add_or_sub(s, &q, '-');
}

static void quant_mul(const struct th_inst *c, struct th_str *s)
{
    struct th_binary_quant q;
    char x[80];
    th_quant_mul(c, &q);
    snprintf(x, sizeof x, "(a - (%ld)) * (b - (%ld))", (long)q.za, (long)q.zb);
    th_str_add(s, "@int32_t v = ");
    scaled(s, q.single, x, q.out);
    finish(s, &q);
}

static void quant_div(const struct th_inst *c, struct th_str *s)
{
    struct th_binary_quant q;
    th_quant_div(c, &q);
    th_str_addf(s, "@const int32_t p = a - (%ld), r = b - (%ld);\n", (long)q.za, (long)q.zb);
    th_str_addf(s, "@int32_t v = p > 0 ? %ld : p < 0 ? %ld : %ld;\n", (long)q.hi, (long)q.lo,
                (long)q.zo);
    th_str_addf(s, "@if (r != 0)\n@    v = thk_quotient(p, r, %ld, %ld, %d)", (long)q.out.m,
                (long)q.out.s, q.single);
    finish(s, &q);
}

static void quant_squared_difference(const struct th_inst *c, struct th_str *s)
{
    struct th_binary_quant q;
    th_quant_squared_difference(c, &q);
    common_scale(s, &q);
    th_str_add(s, "@int32_t v = ");
    scaled(s, q.single, "(p - r) * (p - r)", q.out);
    finish(s, &q);
}

static void quant_compare(const struct th_inst *c, struct th_str *s)
{
    static const struct {
        const char *op, *sign;
    } signs[] = {{"equal", "=="}, {"not_equal", "!="}, {"less", "<"}, {"less_equal", "<="},
                 {"greater", ">"}, {"greater_equal", ">="}};
    struct th_binary_quant q;
    th_quant_compare(c, &q);
    common_scale(s, &q);
    for (size_t i = 0; i < TH_ARRAY_LEN(signs); i++)
        if (!strcmp(signs[i].op, c->op->name))
            th_str_addf(s, "@const int32_t v = p %s r;\n", signs[i].sign);
}

static void quant_abs(const struct th_inst *c, struct th_str *s)
{
    const struct th_quant *qx = c->in[0]->quant, *qy = c->out[0].quant;
    const float sx = th_quant_scale(qx, 0), sy = th_quant_scale(qy, 0);
    const enum th_dtype dt = c->out[0].dtype;
    const bool single = th_inst_single_rounding(c);
    th_str_addf(s, "@int32_t v = a - (%ld);\n", (long)th_quant_zero(qx, 0));
    th_str_add(s, "@v = v < 0 ? -v : v;\n");
    if (sx != sy) {
        th_str_add(s, "@v = ");
        scaled(s, single, "v", th_quantize_multiplier(sx / sy, single));
        th_str_add(s, ";\n");
    }
    th_str_addf(s, "@v = thk_clamp(v + (%ld), %ld, %ld);\n", (long)th_quant_zero(qy, 0),
                (long)th_dtype_min(dt), (long)th_dtype_max(dt));
}

static void quant_clamp(const struct th_inst *c, struct th_str *s)
{
    const struct th_quant *qx = c->in[0]->quant, *qy = c->out[0].quant;
    const bool single = th_inst_single_rounding(c);
    const float ratio = th_quant_scale(qx, 0) / th_quant_scale(qy, 0);
    int32_t lo, hi;
    char x[64];
    th_activation_bounds(&c->out[0], th_inst_float(c, "act_min"), th_inst_float(c, "act_max"),
                         &lo, &hi);
    if (th_quant_equal(qx, qy)) {
        th_str_addf(s, "@const int32_t v = thk_clamp(a, %ld, %ld);\n", (long)lo, (long)hi);
        return;
    }
    snprintf(x, sizeof x, "a - (%ld)", (long)th_quant_zero(qx, 0));
    th_str_add(s, "@int32_t v = ");
    scaled(s, single, x, th_quantize_multiplier(ratio, single));
    th_str_addf(s, " + %ld;\n@v = thk_clamp(v, %ld, %ld);\n", (long)th_quant_zero(qy, 0),
                (long)lo, (long)hi);
}

static void quant_leaky_relu(const struct th_inst *c, struct th_str *s)
{
    const struct th_quant *qx = c->in[0]->quant, *qy = c->out[0].quant;
    const float sx = th_quant_scale(qx, 0), sy = th_quant_scale(qy, 0);
    const enum th_dtype dt = c->out[0].dtype;
    const bool single = th_inst_single_rounding(c);
    const float slope = sx * (float)th_inst_float(c, "alpha");
    const float ratio = slope / sy;
    th_str_addf(s, "@const int32_t p = a - (%ld);\n", (long)th_quant_zero(qx, 0));
    th_str_add(s, "@int32_t v = p >= 0 ? ");
    scaled(s, single, "p", th_quantize_multiplier(sx / sy, single));
    th_str_addf(s, "\n@                   : %s", ratio < 0.0f ? "-" : "");
    scaled(s, single, "p", th_quantize_multiplier(fabsf(ratio), single));
    th_str_addf(s, ";\n@v = thk_clamp(v + (%ld), %ld, %ld);\n", (long)th_quant_zero(qy, 0),
                (long)th_dtype_min(dt), (long)th_dtype_max(dt));
}

/* ---- rules --------------------------------------------------------------------------- */
static const struct rule rules[] = {
    {"abs", "fabsf(a)", "a < 0 ? 0 - (uint64_t)a : (uint64_t)a", quant_abs},
    {"add", "a + b", "(uint64_t)a + (uint64_t)b", quant_add},
    {"atan2", "atan2f(a, b)", NULL, NULL},
    {"bitwise_xor", NULL, "a ^ b", NULL},
    {"ceil", "ceilf(a)", NULL, NULL},
    {"clamp", "a", "a", quant_clamp},
    {"cos", "cosf(a)", NULL, NULL},
    {"div", "a / b", "thk_idiv(a, b)", quant_div},
    {"elu", "a < 0.0f ? expf(a) - 1.0f : a", NULL, NULL},
    {"equal", "a == b", "a == b", quant_compare},
    {"exp", "expf(a)", NULL, NULL},
    {"floor", "floorf(a)", NULL, NULL},
    {"floor_div", "(float)floor((double)a / (double)b)", "thk_ifloor_div(a, b)", NULL},
    {"floor_mod", "thk_floor_mod(a, b)", "thk_ifloor_mod(a, b)", NULL},
    {"gelu", "0.5f * a * (1.0f + erff(a * 0.70710678f))", NULL, NULL},
    {"greater", "a > b", "a > b", quant_compare},
    {"greater_equal", "a >= b", "a >= b", quant_compare},
    {"hard_swish", "a * thk_clampf(a + 3.0f, 0.0f, 6.0f) / 6.0f", NULL, NULL},
    {"leaky_relu", "a > 0.0f ? a : a * $", NULL, quant_leaky_relu},
    {"less", "a < b", "a < b", quant_compare},
    {"less_equal", "a <= b", "a <= b", quant_compare},
    {"log", "logf(a)", NULL, NULL},
    {"logical_and", NULL, "a && b", NULL},
    {"logical_not", NULL, "!a", NULL},
    {"logical_or", NULL, "a || b", NULL},
    {"logical_xor", NULL, "!a != !b", NULL},
    {"logistic", "1.0f / (1.0f + expf(-a))", NULL, NULL},
    {"maximum", "a > b ? a : b", "a > b ? a : b", NULL},
    {"minimum", "a < b ? a : b", "a < b ? a : b", NULL},
    {"mul", "a * b", "(uint64_t)a * (uint64_t)b", quant_mul},
    {"neg", "-a", "0 - (uint64_t)a", NULL},
    {"not_equal", "a != b", "a != b", quant_compare},
    {"pow", "powf(a, b)", "thk_ipow(a, b)", NULL},
    {"right_shift", NULL, "thk_ishift(a, b, $)", NULL},
    {"round", "thk_round_even(a)", NULL, NULL},
    {"rsqrt", "1.0f / sqrtf(a)", NULL, NULL},
    {"sign", "a > 0.0f ? 1.0f : a < 0.0f ? -1.0f : a", "(a > 0) - (a < 0)", NULL},
    {"sin", "sinf(a)", NULL, NULL},
    {"sqrt", "sqrtf(a)", NULL, NULL},
    {"square", "a * a", "(uint64_t)a * (uint64_t)a", NULL},
    {"squared_difference", "(a - b) * (a - b)",
     "((uint64_t)a - (uint64_t)b) * ((uint64_t)a - (uint64_t)b)", quant_squared_difference},
    {"sub", "a - b", "(uint64_t)a - (uint64_t)b", quant_sub},
    {"tanh", "tanhf(a)", NULL, NULL},
};

static const struct rule *rule_of(const struct th_inst *c)
{
    for (size_t i = 0; i < TH_ARRAY_LEN(rules); i++)
        if (!strcmp(rules[i].op, c->op->name))
            return &rules[i];
    return NULL;
}

enum kind { NONE, REAL, INTEGER, QUANT };

/* Which form serves the operand type. maximum and minimum compare stored values. */
static enum kind kind_of(const struct th_inst *c)
{
    const struct rule *r = rule_of(c);
    const bool stored = !strcmp(c->op->name, "maximum") || !strcmp(c->op->name, "minimum");
    if (!r)
        return NONE;
    if (c->in[0]->dtype == TH_DT_F32)
        return r->real ? REAL : NONE;
    if (th_type_quantized(c->in[0]) && !stored)
        return r->quant ? QUANT : NONE;
    return r->integer && th_dtype_bits(c->in[0]->dtype) >= 8 &&
                   !th_dtype_is_float(c->in[0]->dtype)
               ? INTEGER : NONE;
}

static bool has_bounds(const struct th_inst *c, double *lo, double *hi)
{
    for (const struct th_attr_spec *s = c->op->attrs; s && s->name; s++)
        if (!strcmp(s->name, "act_min")) {
            *lo = th_inst_float(c, "act_min");
            *hi = th_inst_float(c, "act_max");
            return isfinite(*lo) || isfinite(*hi);
        }
    return false;
}

/* The expression with the op's own attribute in place of '$'. */
static void expression(const struct th_inst *c, const char *text, struct th_str *s)
{
    if (!strcmp(c->op->name, "gelu") && th_inst_int(c, "approximate"))
        text = "0.5f * a * (1.0f + tanhf(0.79788456f * (a + 0.044715f * a * a * a)))";
    for (; *text; text++) {
        if (*text != '$')
            th_str_addc(s, *text);
        else if (!strcmp(c->op->name, "leaky_relu"))
            th_emit_float(s, (float)th_inst_float(c, "alpha"));
        else
            th_str_addf(s, "%u", th_dtype_bits(c->in[0]->dtype) - 1);
    }
}

static void body_real(const struct th_inst *c, const struct rule *r, struct th_str *s)
{
    double lo, hi;
    const bool bounds = has_bounds(c, &lo, &hi);
    th_str_add(s, "@const float v = ");
    th_str_add(s, bounds ? "thk_clampf(" : "");
    expression(c, r->real, s);
    if (bounds) {
        th_str_add(s, ", ");
        th_emit_float(s, (float)lo);
        th_str_add(s, ", ");
        th_emit_float(s, (float)hi);
        th_str_add(s, ")");
    }
    th_str_add(s, ";\n");
}

static void body_integer(const struct th_inst *c, const struct rule *r, struct th_str *s)
{
    const enum th_dtype dt = c->out[0].dtype;
    double lo, hi;
    th_str_addf(s, "@%s%s v = (%s)(", has_bounds(c, &lo, &hi) ? "" : "const ",
                th_dtype_ctype(dt), th_dtype_ctype(dt));
    expression(c, r->integer, s);
    th_str_add(s, ");\n");
    if (!has_bounds(c, &lo, &hi))
        return;
    const int64_t a = th_round_away(lo, th_dtype_min(dt), th_dtype_max(dt));
    const int64_t b = th_round_away(hi, th_dtype_min(dt), th_dtype_max(dt));
    if (a > th_dtype_min(dt))
        th_str_addf(s, "@v = v < %lld ? %lld : v;\n", (long long)a, (long long)a);
    if (b < th_dtype_max(dt))
        th_str_addf(s, "@v = v > %lld ? %lld : v;\n", (long long)b, (long long)b);
}

static const char *refuse(const struct th_query *q)
{
    if (kind_of(q->inst) == NONE)
        return "no generator for these types";
    return th_gen_too_large(q);
}

static enum th_status bind(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    const struct rule *r = rule_of(c);
    const enum kind kind = kind_of(c);
    struct th_str body;
    th_str_init(&body);
    if (kind == REAL)
        body_real(c, r, &body);
    else if (kind == INTEGER)
        body_integer(c, r, &body);
    else
        r->quant(c, &body);
    const char *local = kind == REAL ? "float" : kind == INTEGER ? "int64_t" : "int32_t";
    const enum th_status s = th_gen_elementwise(q, call, local, &body);
    th_str_release(&body);
    return s;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    const double n = (double)th_type_elems(&q->inst->out[0]);
    k->cycles = n * (kind_of(q->inst) == QUANT ? 30.0 : 15.0);
    if (!strcmp(q->inst->op->name, "clamp") &&
        th_quant_equal(q->inst->in[0]->quant, q->inst->out[0].quant))
        k->cycles = n * 5.0;
    k->code_bytes = kind_of(q->inst) == QUANT ? 220 : 80;
    k->stack_bytes = 64;
}

#define ROW(op_, source_)                                                                      \
    {.op = op_, .types = NULL, .symbol = "thk_" op_ "__c99", .source = source_,                \
     .order = TH_ORDER_ELEMENT, .refuse = refuse, .bind = bind, .cost = cost}
#define PLAIN(op_) ROW(op_, "thk_elementwise.h")

static const struct th_kernel rows[] = {
    PLAIN("abs"), PLAIN("add"), PLAIN("atan2"), PLAIN("bitwise_xor"), PLAIN("ceil"),
    PLAIN("clamp"), PLAIN("cos"), ROW("div", "thk_quotient.h"), PLAIN("elu"), PLAIN("equal"),
    PLAIN("exp"), PLAIN("floor"), PLAIN("floor_div"), PLAIN("floor_mod"), PLAIN("gelu"),
    PLAIN("greater"), PLAIN("greater_equal"), PLAIN("hard_swish"), PLAIN("leaky_relu"),
    PLAIN("less"), PLAIN("less_equal"), PLAIN("log"), PLAIN("logical_and"), PLAIN("logical_not"),
    PLAIN("logical_or"), PLAIN("logical_xor"), PLAIN("logistic"), PLAIN("maximum"),
    PLAIN("minimum"), PLAIN("mul"), PLAIN("neg"), PLAIN("not_equal"), PLAIN("pow"),
    PLAIN("right_shift"), PLAIN("round"), PLAIN("rsqrt"), PLAIN("sign"), PLAIN("sin"),
    PLAIN("sqrt"), PLAIN("square"), PLAIN("squared_difference"), PLAIN("sub"), PLAIN("tanh"),
};
const struct th_row_family th_c99_elementwise = {rows, TH_ARRAY_LEN(rows)};
