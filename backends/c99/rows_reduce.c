/* SPDX-License-Identifier: Apache-2.0 */
/* Generated rows: mean, sum and the reduce_* ops. A loop nest over the kept axes around one over
 * the reduced ones, with literal extents and steps. */
#include "backends/c99/families.h"

#include <math.h>
#include <stdio.h>

#include "backends/c99/generate.h"

struct reduce {
    int64_t n, outputs;
    int64_t dims[TH_MAX_RANK], step[TH_MAX_RANK];
    bool reduced[TH_MAX_RANK];
    int32_t rank;
};

static void describe(const struct th_inst *c, struct reduce *r)
{
    const struct th_type *x = c->in[0];
    const bool all = !th_attr_find(c->attrs, "axes");
    memset(r, 0, sizeof *r);
    r->rank = x->rank;
    r->n = r->outputs = 1;
    for (uint32_t i = 0; i < th_inst_ints_len(c, "axes"); i++) {
        const int64_t axis = th_inst_ints(c, "axes", i);
        r->reduced[axis < 0 ? axis + x->rank : axis] = true;
    }
    int64_t step = 1;
    for (int32_t i = x->rank - 1; i >= 0; i--) {
        r->reduced[i] = r->reduced[i] || all;
        r->dims[i] = x->dims[i];
        r->step[i] = step;
        step *= x->dims[i];
        *(r->reduced[i] ? &r->n : &r->outputs) *= x->dims[i];
    }
}

static bool quantized_sum(const struct th_inst *c)
{
    const char *op = c->op->name;
    return (!strcmp(op, "mean") || !strcmp(op, "sum")) && !th_dtype_is_float(c->in[0]->dtype) &&
           c->in[0]->quant;
}

static bool quantized_prod(const struct th_inst *c)
{
    return !strcmp(c->op->name, "reduce_prod") && !th_dtype_is_float(c->in[0]->dtype) &&
           c->in[0]->quant;
}

static bool even_rule(const struct th_inst *c)
{
    return !strcmp(c->contract, "onnx");
}

/* The accumulator's type, its start and what an element v does to it. */
struct rule {
    const char *op, *real_start, *real, *int_start, *integer;
};
static const struct rule rules[] = {
    {"mean", "0.0f", "acc += v", "0", "acc += v"},
    {"sum", "0.0f", "acc += v", "0", "acc += v"},
    {"reduce_max", "-INFINITY", "acc = acc < v ? v : acc", NULL, "acc = acc < v ? v : acc"},
    {"reduce_min", "INFINITY", "acc = acc > v ? v : acc", NULL, "acc = acc > v ? v : acc"},
    {"reduce_prod", "1.0f", "acc *= v", "1", "acc = (int64_t)((uint64_t)acc * (uint64_t)v)"},
    {"reduce_any", NULL, NULL, "0", "acc |= v != 0"},
    {"reduce_all", NULL, NULL, "1", "acc &= v != 0"},
};

static const struct rule *rule_of(const struct th_inst *c)
{
    for (size_t i = 0; i < TH_ARRAY_LEN(rules); i++)
        if (!strcmp(rules[i].op, c->op->name))
            return &rules[i];
    return NULL;
}

/* Whether nothing at all has a result: the rule's start. */
static bool has_start(const struct th_inst *c)
{
    const struct rule *r = rule_of(c);
    if (!strcmp(c->op->name, "mean") || quantized_sum(c) || quantized_prod(c))
        return false;
    return (th_dtype_is_float(c->in[0]->dtype) ? r->real_start : r->int_start) != NULL;
}

static const char *refuse(const struct th_query *q)
{
    struct reduce r;
    if (!q->whole)
        return "only whole outputs";
    if (th_dtype_bits(q->inst->in[0]->dtype) < 8)
        return "elements narrower than a byte";
    describe(q->inst, &r);
    if (quantized_sum(q->inst) && even_rule(q->inst))
        return r.n < 1 ? "nothing to reduce" : th_gen_too_large(q);
    if ((quantized_sum(q->inst) || quantized_prod(q->inst)) &&
        strcmp(q->inst->contract, "tflite") &&
        strcmp(q->inst->contract, "tflite-single-rounding"))
        return "the contract has another rule";
    if (r.n < 1 && !has_start(q->inst))
        return "nothing to reduce";
    return th_gen_too_large(q);
}

/* The division by n inside the multiplier, as many bits of it as fit. */
static struct th_multiplier divided(struct th_multiplier m, int64_t n)
{
    int shift = 63 - __builtin_clzll((unsigned long long)n);
    if (shift > 32)
        shift = 32;
    if (shift > 31 + m.s)
        shift = 31 + m.s;
    if (shift < 0)
        shift = 0;
    m.m = (int32_t)(((int64_t)m.m << shift) / n);
    m.s -= shift;
    return m;
}

static void write_start(struct th_str *s, const struct th_inst *c, const struct rule *r)
{
    const enum th_dtype t = c->in[0]->dtype;
    if (th_dtype_is_float(t))
        th_str_addf(s, "%s acc = %s;\n", th_dtype_ctype(t), r->real_start);
    else if (quantized_sum(c))
        th_str_add(s, "int32_t acc = 0;\n");
    else if (quantized_prod(c))
        th_str_add(s, "int64_t acc = 0;\n@int32_t first = 1;\n");
    else if (r->int_start)
        th_str_addf(s, "int64_t acc = %s;\n", r->int_start);
    else
        th_str_addf(s, "int64_t acc = %s;\n",
                    strcmp(r->op, "reduce_max") ? "INT64_MAX" : "INT64_MIN");
}

/* Product by product at the n-th root of the output's scale. */
static struct th_multiplier prod_multiplier(const struct th_inst *c, int64_t n)
{
    const double root = pow((double)th_quant_scale(c->out[0].quant, 0), 1.0 / (double)n);
    return th_quantize_multiplier((double)th_quant_scale(c->in[0]->quant, 0) / root,
                                  th_inst_single_rounding(c));
}

static void write_take(struct th_str *s, const struct th_inst *c, const struct rule *rule,
                       int64_t n)
{
    if (!quantized_prod(c)) {
        th_str_addf(s, "%s;\n", th_dtype_is_float(c->in[0]->dtype) ? rule->real : rule->integer);
        return;
    }
    const struct th_multiplier m = prod_multiplier(c, n);
    const long zero = (long)th_quant_zero(c->in[0]->quant, 0);
    th_str_addf(s, "acc = first ? v - (%ld) : thk_mbqm64(acc * (v - (%ld)), %ld, %ld);\n"
                   "@first = 0;\n", zero, zero, (long)m.m, (long)m.s);
}

static void write_finish(struct th_str *s, const struct th_inst *c, const struct reduce *r)
{
    const struct th_type *x = c->in[0], *y = &c->out[0];
    const bool mean = !strcmp(c->op->name, "mean"), single = th_inst_single_rounding(c);
    if (quantized_sum(c) && even_rule(c)) {
        const float divisor = th_quant_scale(y->quant, 0) * (mean ? (float)r->n : 1.0f);
        th_str_addf(s, "const float v = (float)(acc - (%lld)) * ",
                    (long long)(th_quant_zero(x->quant, 0) * r->n));
        th_emit_float(s, th_quant_scale(x->quant, 0) / divisor);
        th_str_addf(s, ";\n@*y++ = (%s)thk_quantize_even(v, %ld, %ld, %ld);\n",
                    th_dtype_ctype(y->dtype), (long)th_quant_zero(y->quant, 0),
                    (long)th_dtype_min(y->dtype), (long)th_dtype_max(y->dtype));
    } else if (quantized_sum(c)) {
        const double real = (double)th_quant_scale(x->quant, 0) /
                            (double)th_quant_scale(y->quant, 0);
        struct th_multiplier m = th_quantize_multiplier(real, single);
        if (mean)
            m = divided(m, r->n);
        th_str_addf(s, "const int32_t v = thk_mbqm%s((int32_t)((uint32_t)acc - %luu), %ld, %ld);\n",
                    single ? "_single" : "",
                    (unsigned long)(uint32_t)(th_quant_zero(x->quant, 0) * r->n), (long)m.m,
                    (long)m.s);
        th_str_addf(s, "@*y++ = (%s)thk_clamp(v + (%ld), %ld, %ld);\n", th_dtype_ctype(y->dtype),
                    (long)th_quant_zero(y->quant, 0), (long)th_dtype_min(y->dtype),
                    (long)th_dtype_max(y->dtype));
    } else if (quantized_prod(c)) {
        const struct th_multiplier m = prod_multiplier(c, r->n);
        th_str_addf(s, "const int32_t v = thk_mbqm64(acc, %ld, %ld);\n", (long)m.m, (long)m.s);
        th_str_addf(s, "@*y++ = (%s)thk_clamp(v + (%ld), %ld, %ld);\n", th_dtype_ctype(y->dtype),
                    (long)th_quant_zero(y->quant, 0), (long)th_dtype_min(y->dtype),
                    (long)th_dtype_max(y->dtype));
    } else if (mean) {
        th_str_addf(s, "*y++ = (%s)(acc / %lld);\n", th_dtype_ctype(y->dtype), (long long)r->n);
    } else if (th_dtype_is_int(y->dtype) && th_dtype_bits(y->dtype) < 64) {
        th_str_addf(s, "*y++ = (%s)(acc < %lld ? %lld : acc > %lld ? %lld : acc);\n",
                    th_dtype_ctype(y->dtype), (long long)th_dtype_min(y->dtype),
                    (long long)th_dtype_min(y->dtype), (long long)th_dtype_max(y->dtype),
                    (long long)th_dtype_max(y->dtype));
    } else {
        th_str_addf(s, "*y++ = (%s)acc;\n", th_dtype_ctype(y->dtype));
    }
}

/* Text with '@' standing for the indentation of a new line. */
static void add_indented(struct th_str *s, const struct th_str *text, int indent)
{
    for (const char *p = text->s; *p; p++) {
        if (*p == '@')
            th_gen_indent(s, indent);
        else
            th_str_addc(s, *p);
    }
}

static void loops(struct th_str *s, const struct reduce *r, bool reduced, int *depth)
{
    for (int32_t i = 0; i < r->rank; i++)
        if (r->reduced[i] == reduced && r->dims[i] != 1) {
            th_gen_indent(s, ++*depth);
            th_str_addf(s, "for (int32_t i%d = 0; i%d < %lld; i%d++)\n", (int)i, (int)i,
                        (long long)r->dims[i], (int)i);
        }
}

static enum th_status bind(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    const struct rule *rule = rule_of(c);
    const char *in = th_dtype_ctype(c->in[0]->dtype), *out = th_dtype_ctype(c->out[0].dtype);
    char type[32], params[96];
    struct reduce r;
    struct th_str s, t;
    int depth = 0;
    describe(c, &r);
    th_str_init(&s);
    th_str_init(&t);
    loops(&s, &r, false, &depth);
    th_gen_indent(&s, depth + !depth);
    th_str_add(&s, "{\n");
    const int inner = depth + !depth + 1;
    th_gen_indent(&s, inner);
    write_start(&t, c, rule);
    add_indented(&s, &t, inner);
    depth = inner - 1;
    loops(&s, &r, true, &depth);
    th_gen_indent(&s, depth + 1);
    th_str_addf(&s, "{\n");
    th_gen_indent(&s, depth + 2);
    th_str_addf(&s, "const %s v = x[", th_dtype_is_float(c->in[0]->dtype) ? in
                                       : quantized_sum(c)               ? "int32_t"
                                                                        : "int64_t");
    for (int32_t i = 0; i < r.rank; i++)
        if (r.dims[i] != 1)
            th_gen_index(&s, r.step[i], "i", i);
    th_str_add(&s, s.s[s.len - 1] == '[' ? "0];\n" : "];\n");
    th_gen_indent(&s, depth + 2);
    th_str_clear(&t);
    write_take(&t, c, rule, r.n);
    add_indented(&s, &t, depth + 2);
    th_gen_indent(&s, depth + 1);
    th_str_add(&s, "}\n");
    th_gen_indent(&s, inner);
    th_str_clear(&t);
    write_finish(&t, c, &r);
    add_indented(&s, &t, inner);
    th_gen_indent(&s, inner - 1);
    th_str_add(&s, "}\n");
    snprintf(type, sizeof type, "const %s", in);
    snprintf(params, sizeof params, "const %s *x, %s *y", in, out);
    th_call_input(call, 0, type);
    th_call_output(call, 0, out);
    const bool failed = s.failed || t.failed;
    const enum th_status st = failed ? TH_ERR_INTERNAL : th_gen_function(q, call, params, s.s);
    th_str_release(&s);
    th_str_release(&t);
    return st;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    k->cycles = 6.0 * (double)th_type_elems(q->inst->in[0]) +
                40.0 * (double)th_type_elems(&q->inst->out[0]);
    k->code_bytes = 160;
    k->stack_bytes = 48;
}

#define ROW(op_)                                                                               \
    {.op = op_, .symbol = "thk_" op_ "__c99", .source = "thk_elementwise.h",                   \
     .order = TH_ORDER_ANY, .refuse = refuse, .bind = bind, .cost = cost}

static const struct th_kernel rows[] = {
    ROW("mean"),       ROW("sum"),         ROW("reduce_max"), ROW("reduce_min"),
    ROW("reduce_prod"), ROW("reduce_any"), ROW("reduce_all"),
};
const struct th_row_family th_c99_reduce = {rows, TH_ARRAY_LEN(rows)};
