/* SPDX-License-Identifier: Apache-2.0 */
/* Generated rows: batch_matmul with integers, floats, and floats by integers. */
#include "backends/c99/families.h"

#include <stdio.h>

#include <thimble/emit.h>

#include "backends/c99/generate.h"

struct matmul {
    int64_t rows, columns, depth;
    int64_t a_row, a_depth, b_depth, b_column;
    int32_t batch_rank;
    int64_t batch[TH_MAX_RANK], a_step[TH_MAX_RANK], b_step[TH_MAX_RANK];
};

static void steps_of(const struct th_type *t, int32_t batch_rank, int64_t *steps)
{
    const int32_t shift = batch_rank - (t->rank - 2);
    int64_t step = t->dims[t->rank - 2] * t->dims[t->rank - 1];
    for (int32_t i = t->rank - 3; i >= 0; i--) {
        steps[i + shift] = t->dims[i] == 1 ? 0 : step;
        step *= t->dims[i];
    }
}

static void describe(const struct th_inst *c, struct matmul *m)
{
    const struct th_type *a = c->in[0], *b = c->in[1], *y = &c->out[0];
    const bool adj_a = th_inst_int(c, "adj_a"), adj_b = th_inst_int(c, "adj_b");
    const int64_t a_cols = a->dims[a->rank - 1], b_cols = b->dims[b->rank - 1];
    memset(m, 0, sizeof *m);
    m->batch_rank = y->rank - 2;
    m->rows = y->dims[y->rank - 2];
    m->columns = y->dims[y->rank - 1];
    m->depth = a->dims[a->rank - (adj_a ? 2 : 1)];
    m->a_row = adj_a ? 1 : a_cols;
    m->a_depth = adj_a ? a_cols : 1;
    m->b_depth = adj_b ? 1 : b_cols;
    m->b_column = adj_b ? b_cols : 1;
    for (int32_t i = 0; i < m->batch_rank; i++)
        m->batch[i] = y->dims[i];
    steps_of(a, m->batch_rank, m->a_step);
    steps_of(b, m->batch_rank, m->b_step);
}

static bool even_rule(const struct th_inst *c)
{
    return !strcmp(c->contract, "onnx");
}

static const char *refuse(const struct th_query *q)
{
    const struct th_inst *c = q->inst;
    const struct th_type *a = c->in[0], *b = c->in[1];
    if (!q->whole)
        return "only whole outputs";
    if (a->dtype != TH_DT_F32 && b->dtype == TH_DT_F32)
        return "no generator for these types";
    if (a->dtype == TH_DT_S16 && even_rule(c))
        return "the contract has another rule";
    return th_gen_too_large(q);
}

/* Doubles and integers without scales. */
static bool plain(const struct th_inst *c)
{
    const enum th_dtype t = c->in[0]->dtype;
    return t == TH_DT_F64 || t == TH_DT_S32 || t == TH_DT_S64;
}

static bool hybrid(const struct th_inst *c)
{
    return c->in[0]->dtype == TH_DT_F32 && c->in[1]->dtype != TH_DT_F32;
}

/* The right operand's scale differs from column to column: factors come as a table. */
static bool per_column(const struct th_inst *c)
{
    return c->in[1]->dtype != TH_DT_F32 && c->in[1]->quant && c->in[1]->quant->n > 1 &&
           c->out[0].dtype != TH_DT_S32;
}

static struct th_multiplier factor(const struct th_inst *c, uint32_t column)
{
    const float sa = th_quant_scale(c->in[0]->quant, 0);
    const float sb = th_quant_scale(c->in[1]->quant, column);
    const double sy = (double)th_quant_scale(c->out[0].quant, 0);
    const float both = sa * sb;
    if (even_rule(c)) {         /* the factor itself, as bits */
        const float f = both / th_quant_scale(c->out[0].quant, 0);
        struct th_multiplier bits = {0, 0};
        memcpy(&bits.m, &f, sizeof f);
        return bits;
    }
    return th_quantize_multiplier(
        (per_column(c) ? (double)sa * (double)sb : (double)both) / sy,
        th_inst_single_rounding(c));
}

static void write_loop(struct th_str *s, int depth, const char *var, int i, int64_t n)
{
    th_gen_indent(s, depth);
    th_str_addf(s, "for (int32_t %s%d = 0; %s%d < %lld; %s%d++)\n", var, i, var, i, (long long)n,
                var, i);
}

static void write_finish(struct th_str *s, const struct th_inst *c, int indent)
{
    const struct th_type *a = c->in[0], *y = &c->out[0];
    const double lo = th_inst_float(c, "act_min"), hi = th_inst_float(c, "act_max");
    th_gen_indent(s, indent);
    if (y->dtype == TH_DT_F32) {
        th_str_add(s, "*y++ = thk_clampf(");
        if (!hybrid(c)) {
            th_str_add(s, "acc, ");
        } else if (per_column(c)) {
            th_str_add(s, "scale * t[j0] * (float)acc, ");
        } else {
            th_str_add(s, "scale * ");
            th_emit_float(s, th_quant_scale(c->in[1]->quant, 0));
            th_str_add(s, " * (float)acc, ");
        }
        th_emit_float(s, (float)lo);
        th_str_add(s, ", ");
        th_emit_float(s, (float)hi);
        th_str_add(s, ");\n");
        return;
    }
    if (y->dtype == TH_DT_S32 || plain(c)) {
        th_str_addf(s, "*y++ = (%s)acc;\n", th_dtype_ctype(y->dtype));
        return;
    }
    const bool single = th_inst_single_rounding(c), wide = a->dtype == TH_DT_S16;
    const struct th_multiplier m = factor(c, 0);
    int32_t least, most;
    th_activation_bounds(y, lo, hi, &least, &most);
    if (even_rule(c)) {
        th_str_addf(s, "*y++ = (%s)thk_clamp_zero(thk_scale_even(acc, ", th_dtype_ctype(y->dtype));
        if (per_column(c))
            th_str_add(s, "t[2 * j0]");
        else
            th_str_addf(s, "%ld", (long)m.m);
        th_str_addf(s, "), %ld, %ld, %ld);\n", (long)th_row_zero(y), (long)least, (long)most);
        return;
    }
    th_str_addf(s, "*y++ = (%s)thk_clamp(thk_mbqm%s(acc, ", th_dtype_ctype(y->dtype),
                wide ? "64" : single ? "_single" : "");
    if (per_column(c))
        th_str_add(s, "t[2 * j0], t[2 * j0 + 1]");
    else
        th_str_addf(s, "%ld, %ld", (long)m.m, (long)m.s);
    th_str_addf(s, ") + (%ld), %ld, %ld);\n", (long)th_row_zero(y), (long)least, (long)most);
}

static void write_element(struct th_str *s, const char *name, const int64_t *batch,
                          int32_t batch_rank, int64_t outer, const char *outer_var,
                          int64_t inner)
{
    th_str_addf(s, "%s[", name);
    for (int32_t i = 0; i < batch_rank; i++)
        th_gen_index(s, batch[i], "n", i);
    th_gen_index(s, outer, outer_var, 0);
    th_gen_index(s, inner, "k", 0);
    th_str_add(s, s->s[s->len - 1] == '[' ? "0]" : "]");
}

/* The row of a that the i loop has reached becomes int8 in q. */
static void write_quantized_row(struct th_str *s, const struct th_inst *c,
                                const struct matmul *m, int indent)
{
    write_loop(s, indent, "k", 0, m->depth);
    th_gen_indent(s, indent + 1);
    th_str_add(s, "row[k0] = ");
    write_element(s, "x0", m->a_step, m->batch_rank, m->a_row, "i", m->a_depth);
    th_str_add(s, ";\n");
    th_gen_indent(s, indent);
    th_str_add(s, "int32_t zero;\n");
    th_gen_indent(s, indent);
    th_str_addf(s, "const float scale = thk_hybrid_quantize(row, %lld, %d, q, &zero);\n",
                (long long)m->depth, th_inst_int(c, "asymmetric_inputs") != 0);
}

static void write_dot(struct th_str *s, const struct th_inst *c, const struct matmul *m,
                      int indent)
{
    const bool real = c->in[1]->dtype == TH_DT_F32 || plain(c);
    const bool wide = c->in[0]->dtype == TH_DT_S16;
    const bool whole = plain(c) && c->in[0]->dtype != TH_DT_F64;
    th_gen_indent(s, indent);
    th_str_addf(s, "%s acc = 0;\n", whole   ? "uint64_t"
                                    : real ? th_dtype_ctype(c->out[0].dtype)
                                    : wide ? "int64_t"
                                           : "int32_t");
    write_loop(s, indent, "k", 0, m->depth);
    th_gen_indent(s, indent + 1);
    th_str_addf(s, "acc += %s(", whole ? "(uint64_t)" : !real && wide ? "(int64_t)" : "");
    if (hybrid(c)) {
        th_str_add(s, "q[k0] - zero");
    } else {
        write_element(s, "x0", m->a_step, m->batch_rank, m->a_row, "i", m->a_depth);
        if (!real)
            th_str_addf(s, " - (%ld)", (long)th_row_zero(c->in[0]));
    }
    th_str_add(s, whole ? ") * (uint64_t)(" : ") * (");
    write_element(s, "x1", m->b_step, m->batch_rank, m->b_column, "j", m->b_depth);
    if (!real)
        th_str_addf(s, " - (%ld)", (long)th_row_zero(c->in[1]));
    th_str_add(s, ");\n");
}

static void write_body(struct th_str *s, const struct th_inst *c)
{
    struct matmul m;
    int depth = 0;
    describe(c, &m);
    if (hybrid(c))
        th_str_addf(s, "    int8_t *const q = (int8_t *)(row + %lld);\n", (long long)m.depth);
    for (int32_t i = 0; i < m.batch_rank; i++)
        write_loop(s, ++depth, "n", i, m.batch[i]);
    write_loop(s, ++depth, "i", 0, m.rows);
    th_gen_indent(s, depth);
    th_str_add(s, "{\n");
    if (hybrid(c))
        write_quantized_row(s, c, &m, depth + 1);
    write_loop(s, ++depth, "j", 0, m.columns);
    th_gen_indent(s, depth);
    th_str_add(s, "{\n");
    write_dot(s, c, &m, depth + 1);
    write_finish(s, c, depth + 1);
    th_gen_indent(s, depth);
    th_str_add(s, "}\n");
    th_gen_indent(s, depth - 1);
    th_str_add(s, "}\n");
}

/* Factors of the columns: {m, s} pairs, or scales where the left operand is real. */
static enum th_status call_factors(const struct th_query *q, struct th_call *call,
                                   const struct matmul *m)
{
    const struct th_inst *c = q->inst;
    const size_t n = (size_t)m->columns;
    float *scales = TH_NEW_ARRAY(th_call_arena(call), float, n + 1);
    struct th_multiplier *pairs = TH_NEW_ARRAY(th_call_arena(call), struct th_multiplier, n + 1);
    if (!scales || !pairs)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n; i++) {
        scales[i] = th_quant_scale(c->in[1]->quant, i);
        if (!hybrid(c))
            pairs[i] = factor(c, i);
    }
    if (!hybrid(c))
        return th_row_call_requant(call, pairs, m->columns);
    th_call_data(call, "scales", TH_DT_F32, scales, n, 4);
    return TH_OK;
}

static enum th_status bind(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    char a[32], b[32], params[200];
    struct matmul m;
    struct th_str s;
    describe(c, &m);
    th_str_init(&s);
    write_body(&s, c);
    snprintf(a, sizeof a, "const %s", th_dtype_ctype(c->in[0]->dtype));
    snprintf(b, sizeof b, "const %s", th_dtype_ctype(c->in[1]->dtype));
    snprintf(params, sizeof params, "%s *x0, %s *x1, %s%s *y%s", a, b,
             !per_column(c) ? "" : hybrid(c) ? "const float *t, " : "const int32_t *t, ",
             th_dtype_ctype(c->out[0].dtype), hybrid(c) ? ", float *row" : "");
    th_call_input(call, 0, a);
    th_call_input(call, 1, b);
    enum th_status st = per_column(c) ? call_factors(q, call, &m) : TH_OK;
    th_call_output(call, 0, th_dtype_ctype(c->out[0].dtype));
    if (hybrid(c))
        th_call_scratch(call, (size_t)m.depth * 5, 4, "float");
    if (st == TH_OK)
        st = s.failed ? TH_ERR_INTERNAL : th_gen_function(q, call, params, s.s);
    th_str_release(&s);
    return st;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    struct matmul m;
    describe(q->inst, &m);
    const double outputs = (double)th_type_elems(&q->inst->out[0]);
    k->cycles = outputs * (40.0 + 9.0 * (double)m.depth);
    k->code_bytes = 260;
    k->stack_bytes = 80;
}

static const struct th_kernel rows[] = {
    {.op = "batch_matmul", .symbol = "thk_batch_matmul__c99", .source = "thk_matmul.h",
     .order = TH_ORDER_ANY, .refuse = refuse, .bind = bind, .cost = cost},
};
const struct th_row_family th_c99_matmul = {rows, TH_ARRAY_LEN(rows)};
