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

/* Expressions of the operands a, b, c. real: floats; doubles have the same text without the f of
 * functions and literals. integer: int64_t values, the result is converted to the type. quant:
 * appends statements that define int32_t v from int32_t a and b. natural: uint64_t values where
 * the integer form would give something else. '$' is the type's highest bit, "${name}" an
 * attribute. */
struct rule {
    const char *op, *real, *integer;
    void (*quant)(const struct th_inst *c, struct th_str *s);
    const char *natural;
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

static void even_sum(struct th_str *s, const struct th_binary_quant *q)
{
    th_str_addf(s, "@const int32_t p = (a - (%ld)) * %ld, r = (b - (%ld)) * (%ld);\n", (long)q->za,
                (long)q->a.m, (long)q->zb, (long)q->b.m);
    th_str_addf(s, "@int32_t v = thk_shift_even(p + r, %ld)", (long)q->shift);
    finish(s, q);
}

static void add_or_sub(struct th_str *s, const struct th_binary_quant *q, char sign)
{
    char x[16];
    if (q->even) {
        even_sum(s, q);
        return;
    }
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
    if (q.even) {
        th_str_addf(s, "@const int32_t p = %s;\n@const int32_t v = thk_quantize_even((float)p * ",
                    x);
        th_emit_float(s, q.factor);
        th_str_addf(s, ", %ld, %ld, %ld);\n", (long)q.zo, (long)q.lo, (long)q.hi);
        return;
    }
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
    {"abs", "fabsf(a)", "a < 0 ? 0 - (uint64_t)a : (uint64_t)a", quant_abs, NULL},
    {"acos", "acosf(a)", NULL, NULL, NULL},
    {"acosh", "acoshf(a)", NULL, NULL, NULL},
    {"add", "a + b", "(uint64_t)a + (uint64_t)b", quant_add, NULL},
    {"asin", "asinf(a)", NULL, NULL, NULL},
    {"asinh", "asinhf(a)", NULL, NULL, NULL},
    {"atan", "atanf(a)", NULL, NULL, NULL},
    {"atan2", "atan2f(a, b)", NULL, NULL, NULL},
    {"atanh", "atanhf(a)", NULL, NULL, NULL},
    {"bitwise_and", NULL, "a & b", NULL, NULL},
    {"bitwise_not", NULL, "~a", NULL, NULL},
    {"bitwise_or", NULL, "a | b", NULL, NULL},
    {"bitwise_xor", NULL, "a ^ b", NULL, NULL},
    {"ceil", "ceilf(a)", NULL, NULL, NULL},
    {"clamp", "a", "a", quant_clamp, NULL},
    {"cos", "cosf(a)", NULL, NULL, NULL},
    {"cosh", "coshf(a)", NULL, NULL, NULL},
    {"div", "a / b", "thk_idiv(a, b)", quant_div, "b == 0 ? 0 : a / b"},
    {"elu", "a < 0.0f ? (expf(a * ${rate}) - 1.0f) * ${below} : a * ${above}", NULL, NULL, NULL},
    {"equal", "a == b", "a == b", quant_compare, NULL},
    {"erf", "erff(a)", NULL, NULL, NULL},
    {"exp", "expf(a)", NULL, NULL, NULL},
    {"floor", "floorf(a)", NULL, NULL, NULL},
    {"floor_div", "(float)floor((double)a / (double)b)", "thk_ifloor_div(a, b)", NULL,
     "b == 0 ? 0 : a / b"},
    {"floor_mod", "thk_floor_mod(a, b)", "thk_ifloor_mod(a, b)", NULL, "b == 0 ? 0 : a % b"},
    {"gelu", "0.5f * a * (1.0f + erff(a * 0.70710678f))", NULL, NULL, NULL},
    {"greater", "a > b", "a > b", quant_compare, "a > b"},
    {"greater_equal", "a >= b", "a >= b", quant_compare, "a >= b"},
    {"hard_sigmoid", "thk_clampf(a * ${alpha} + ${beta}, 0.0f, 1.0f)", NULL, NULL, NULL},
    {"hard_swish", "a * thk_clampf(a + 3.0f, 0.0f, 6.0f) / 6.0f", NULL, NULL, NULL},
    {"is_inf", "(a > ${top}) * ${positive} + (a < -${top}) * ${negative} > 0", NULL, NULL, NULL},
    {"is_nan", "a != a", NULL, NULL, NULL},
    {"leaky_relu", "a > 0.0f ? a : a * ${alpha}", NULL, quant_leaky_relu, NULL},
    {"left_shift", NULL, "thk_ileft(a, b)", NULL, NULL},
    {"less", "a < b", "a < b", quant_compare, "a < b"},
    {"less_equal", "a <= b", "a <= b", quant_compare, "a <= b"},
    {"log", "logf(a)", NULL, NULL, NULL},
    {"logical_and", NULL, "a && b", NULL, NULL},
    {"logical_not", NULL, "!a", NULL, NULL},
    {"logical_or", NULL, "a || b", NULL, NULL},
    {"logical_xor", NULL, "!a != !b", NULL, NULL},
    {"logistic", "1.0f / (1.0f + expf(-a))", NULL, NULL, NULL},
    {"maximum", "a > b ? a : b", "a > b ? a : b", NULL, "a > b ? a : b"},
    {"minimum", "a < b ? a : b", "a < b ? a : b", NULL, "a < b ? a : b"},
    {"mish", "a * tanhf(thk_softplus(a))", NULL, NULL, NULL},
    {"mul", "a * b", "(uint64_t)a * (uint64_t)b", quant_mul, NULL},
    {"neg", "-a", "0 - (uint64_t)a", NULL, NULL},
    {"not_equal", "a != b", "a != b", quant_compare, NULL},
    {"pow", "powf(a, b)", "thk_ipow(a, b)", NULL, "thk_upow(a, b)"},
    {"rem", "fmodf(a, b)", "thk_irem(a, b)", NULL, "b == 0 ? 0 : a % b"},
    {"right_shift", NULL, "thk_ishift(a, b, $)", NULL, "a >> (b > 63 ? 63 : b)"},
    {"round", "thk_round_even(a)", NULL, NULL, NULL},
    {"rsqrt", "1.0f / sqrtf(a)", NULL, NULL, NULL},
    {"shrink", "a < 0.0f - ${lambda} ? a + ${bias} : a > ${lambda} ? a - ${bias} : 0.0f", NULL,
     NULL, NULL},
    {"sign", "a > 0.0f ? 1.0f : a < 0.0f ? -1.0f : a", "(a > 0) - (a < 0)", NULL, NULL},
    {"silu", "a / (1.0f + expf(-a))", NULL, NULL, NULL},
    {"sin", "sinf(a)", NULL, NULL, NULL},
    {"sinh", "sinhf(a)", NULL, NULL, NULL},
    {"softplus", "thk_softplus(a)", NULL, NULL, NULL},
    {"softsign", "a / (1.0f + fabsf(a))", NULL, NULL, NULL},
    {"sqrt", "sqrtf(a)", NULL, NULL, NULL},
    {"square", "a * a", "(uint64_t)a * (uint64_t)a", NULL, NULL},
    {"squared_difference", "(a - b) * (a - b)",
     "((uint64_t)a - (uint64_t)b) * ((uint64_t)a - (uint64_t)b)", quant_squared_difference, NULL},
    {"sub", "a - b", "(uint64_t)a - (uint64_t)b", quant_sub, NULL},
    {"tan", "tanf(a)", NULL, NULL, NULL},
    {"tanh", "tanhf(a)", NULL, NULL, NULL},
    {"thresholded_relu", "a > ${alpha} ? a : 0.0f", NULL, NULL, NULL},
};

static const struct rule *rule_of(const struct th_inst *c)
{
    for (size_t i = 0; i < TH_ARRAY_LEN(rules); i++)
        if (!strcmp(rules[i].op, c->op->name))
            return &rules[i];
    return NULL;
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

enum kind { NONE, REAL, REAL64, INTEGER, NATURAL, QUANT };

/* Which form serves the operand type. maximum and minimum compare stored values. */
static enum kind kind_of(const struct th_inst *c)
{
    const struct rule *r = rule_of(c);
    const bool stored = !strcmp(c->op->name, "maximum") || !strcmp(c->op->name, "minimum");
    double lo, hi;
    if (!r)
        return NONE;
    if (c->in[0]->dtype == TH_DT_F32)
        return r->real ? REAL : NONE;
    if (c->in[0]->dtype == TH_DT_F64)
        return r->real && !strstr(r->real, "thk_") ? REAL64 : NONE;
    if (c->in[0]->dtype == TH_DT_U64 && r->natural)
        return has_bounds(c, &lo, &hi) ? NONE : NATURAL;
    if (th_type_quantized(c->in[0]) && !stored)
        return r->quant ? QUANT : NONE;
    return r->integer && th_dtype_bits(c->in[0]->dtype) >= 8 &&
                   !th_dtype_is_float(c->in[0]->dtype)
               ? INTEGER : NONE;
}

/* A real number in the operand's type. */
static void literal(struct th_str *s, bool wide, double v)
{
    if (!wide) {
        th_emit_float(s, (float)v);
        return;
    }
    const size_t start = s->len;
    th_str_addf(s, "%.17g", v);
    if (!s->failed && !strpbrk(s->s + start, ".en"))
        th_str_add(s, ".0");
}

/* An attribute by the name between braces, or the largest finite number ("top"); returns what
 * follows. */
static const char *attribute(const struct th_inst *c, const char *text, struct th_str *s)
{
    const bool wide = c->in[0]->dtype == TH_DT_F64;
    for (const struct th_attr_spec *a = c->op->attrs; a && a->name; a++) {
        const size_t n = strlen(a->name);
        if (strncmp(text, a->name, n) || text[n] != '}')
            continue;
        if (a->kind == TH_ATTR_FLOAT)
            literal(s, wide, wide ? th_inst_float(c, a->name) : (float)th_inst_float(c, a->name));
        else
            th_str_addf(s, "%lld", (long long)th_inst_int(c, a->name));
        return text + n + 1;
    }
    th_str_add(s, wide ? "DBL_MAX" : "FLT_MAX");
    return strchr(text, '}') + 1;
}

/* The f that ends a function's name or a literal, which doubles go without. */
static bool is_suffix(const char *text, const char *at)
{
    if (*at != 'f' || at == text)
        return false;
    return (at[1] == '(' && at[-1] != ' ') || (at[-1] >= '0' && at[-1] <= '9');
}

static void expression(const struct th_inst *c, const char *text, struct th_str *s)
{
    const bool wide = c->in[0]->dtype == TH_DT_F64;
    if (!strcmp(c->op->name, "gelu") && th_inst_int(c, "approximate"))
        text = "0.5f * a * (1.0f + tanhf(0.79788456f * (a + 0.044715f * a * a * a)))";
    for (const char *p = text; *p; p++) {
        if (wide && is_suffix(text, p))
            continue;
        if (*p != '$')
            th_str_addc(s, *p);
        else if (p[1] == '{')
            p = attribute(c, p + 2, s) - 1;
        else
            th_str_addf(s, "%u", th_dtype_bits(c->in[0]->dtype) - 1);
    }
}

static void body_real(const struct th_inst *c, const struct rule *r, struct th_str *s)
{
    double lo, hi;
    const bool wide = c->in[0]->dtype == TH_DT_F64;
    const bool bounds = has_bounds(c, &lo, &hi);
    th_str_add(s, wide ? "@double v = " : bounds ? "@float v = " : "@const float v = ");
    expression(c, r->real, s);
    th_str_add(s, ";\n");
    if (bounds && isfinite(lo)) {
        th_str_add(s, "@v = v < ");
        literal(s, wide, lo);
        th_str_add(s, " ? ");
        literal(s, wide, lo);
        th_str_add(s, " : v;\n");
    }
    if (bounds && isfinite(hi)) {
        th_str_add(s, "@v = v > ");
        literal(s, wide, hi);
        th_str_add(s, " ? ");
        literal(s, wide, hi);
        th_str_add(s, " : v;\n");
    }
}

static void body_integer(const struct th_inst *c, const struct rule *r, struct th_str *s)
{
    const enum th_dtype dt = c->out[0].dtype;
    double lo, hi;
    th_str_addf(s, "@%s%s v = (%s)(", has_bounds(c, &lo, &hi) ? "" : "const ",
                th_dtype_ctype(dt), th_dtype_ctype(dt));
    const bool natural = c->in[0]->dtype == TH_DT_U64 && r->natural;
    expression(c, natural ? r->natural : r->integer, s);
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
    if (kind == REAL || kind == REAL64)
        body_real(c, r, &body);
    else if (kind == INTEGER || kind == NATURAL)
        body_integer(c, r, &body);
    else
        r->quant(c, &body);
    static const char *const locals[] = {[REAL] = "float", [REAL64] = "double",
                                         [INTEGER] = "int64_t", [NATURAL] = "uint64_t",
                                         [QUANT] = "int32_t"};
    const enum th_status s = th_gen_elementwise(q, call, locals[kind], &body);
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
    PLAIN("abs"), PLAIN("acos"), PLAIN("acosh"), PLAIN("add"), PLAIN("asin"), PLAIN("asinh"),
    PLAIN("atan"), PLAIN("atan2"), PLAIN("atanh"), PLAIN("bitwise_and"), PLAIN("bitwise_not"),
    PLAIN("bitwise_or"), PLAIN("bitwise_xor"), PLAIN("ceil"), PLAIN("clamp"), PLAIN("cos"),
    PLAIN("cosh"), ROW("div", "thk_quotient.h"), PLAIN("elu"), PLAIN("equal"), PLAIN("erf"),
    PLAIN("exp"), PLAIN("floor"), PLAIN("floor_div"), PLAIN("floor_mod"), PLAIN("gelu"),
    PLAIN("greater"), PLAIN("greater_equal"), PLAIN("hard_sigmoid"), PLAIN("hard_swish"),
    PLAIN("is_inf"), PLAIN("is_nan"), PLAIN("leaky_relu"), PLAIN("left_shift"), PLAIN("less"),
    PLAIN("less_equal"), PLAIN("log"), PLAIN("logical_and"), PLAIN("logical_not"),
    PLAIN("logical_or"), PLAIN("logical_xor"), PLAIN("logistic"), PLAIN("maximum"),
    PLAIN("minimum"), PLAIN("mish"), PLAIN("mul"), PLAIN("neg"), PLAIN("not_equal"), PLAIN("pow"),
    PLAIN("rem"), PLAIN("right_shift"), PLAIN("round"), PLAIN("rsqrt"), PLAIN("shrink"),
    PLAIN("sign"), PLAIN("silu"), PLAIN("sin"), PLAIN("sinh"), PLAIN("softplus"),
    PLAIN("softsign"), PLAIN("sqrt"), PLAIN("square"), PLAIN("squared_difference"), PLAIN("sub"),
    PLAIN("tan"), PLAIN("tanh"), PLAIN("thresholded_relu"),
};
const struct th_row_family th_c99_elementwise = {rows, TH_ARRAY_LEN(rows)};
