/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated rows: data movement. Each strided copy of the record becomes a loop nest; runs that
 * are contiguous on both sides become memcpy. Many copies of one operand become a table of
 * numbers and one loop nest.
 */
#include "backends/c99/families.h"

#include <stdio.h>

#include "backends/c99/generate.h"

#define UNROLLED 4      /* moves that get code of their own */

static enum th_status moves_of(const struct th_query *q, struct th_moves *m)
{
    return q->inst->op->moves(q->inst, m);
}

static bool one_operand(const struct th_moves *m)
{
    for (uint32_t i = 1; i < m->n; i++)
        if (m->list[i].in != m->list[0].in || m->list[i].rank != m->list[0].rank)
            return false;
    return true;
}

static const char *refuse(const struct th_query *q)
{
    if (!q->inst->op->moves)
        return "not pure data movement";
    if (th_dtype_bits(q->inst->out[0].dtype) < 8)
        return "elements narrower than a byte";
    return th_gen_too_large(q);
}

static void loop_head(struct th_str *s, int depth, int32_t i, const char *limit)
{
    th_gen_indent(s, depth);
    th_str_addf(s, "for (int32_t i%d = 0; i%d < %s; i%d++)\n", i, i, limit, i);
}

static void element(struct th_str *s, const char *base, int64_t at, const int64_t *stride,
                    int32_t axes)
{
    th_str_addf(s, "%s[", base);
    for (int32_t i = 0; i < axes; i++)
        th_gen_index(s, stride[i], "i", i);
    if (at != 0 || s->s[s->len - 1] == '[')
        th_str_addf(s, "%s%lld", s->s[s->len - 1] == '[' ? "" : at < 0 ? " - " : " + ",
                    (long long)(at < 0 && s->s[s->len - 1] != '[' ? -at : at));
    th_str_addc(s, ']');
}

void th_gen_move(struct th_str *s, const struct th_move *given, const char *type, bool shared)
{
    struct th_move m = *given;
    char name[24], limit[24];
    for (int32_t i = 0; i < m.rank; i++)
        if (m.dims[i] == 0)
            return;
    th_move_simplify(&m);
    const int32_t last = m.rank - 1;
    const bool run = m.in_stride[last] == 1 && m.out_stride[last] == 1;
    const int32_t loops = run ? last : m.rank;
    for (int32_t i = 0; i < loops; i++) {
        snprintf(limit, sizeof limit, "%lld", (long long)m.dims[i]);
        loop_head(s, i + 1, i, limit);
    }
    th_gen_indent(s, loops + 1);
    snprintf(name, sizeof name, "x%u", m.in);
    if (!run) {
        element(s, "y", m.out_base, m.out_stride, loops);
        th_str_add(s, " = ");
        element(s, name, m.in_base, m.in_stride, loops);
        th_str_add(s, ";\n");
        return;
    }
    /* A plain copy may have been given its operand's own storage. */
    shared = shared || (loops == 0 && m.in_base == m.out_base);
    th_str_add(s, shared ? "memmove(&" : "memcpy(&");
    element(s, "y", m.out_base, m.out_stride, loops);
    th_str_add(s, ", &");
    element(s, name, m.in_base, m.in_stride, loops);
    th_str_addf(s, ", %lld * sizeof(%s));\n", (long long)m.dims[last], type);
}

/* Rows of the table: both bases, extents, steps of the operand, steps of the result. */
static void write_table(struct th_str *s, const struct th_moves *m, const char *type)
{
    const int32_t r = m->list[0].rank;
    th_str_addf(s, "    static const int32_t t[%u][%d] = {\n", m->n, 2 + 3 * r);
    bool run = true;
    for (uint32_t k = 0; k < m->n; k++) {
        const struct th_move *v = &m->list[k];
        run = run && v->in_stride[r - 1] == 1 && v->out_stride[r - 1] == 1;
        th_str_addf(s, "        {%lld, %lld", (long long)v->in_base, (long long)v->out_base);
        for (int32_t i = 0; i < r; i++)
            th_str_addf(s, ", %lld", (long long)v->dims[i]);
        for (int32_t i = 0; i < r; i++)
            th_str_addf(s, ", %lld", (long long)v->in_stride[i]);
        for (int32_t i = 0; i < r; i++)
            th_str_addf(s, ", %lld", (long long)v->out_stride[i]);
        th_str_addf(s, "}%s\n", k + 1 < m->n ? "," : "};");
    }
    const int32_t loops = run ? r - 1 : r;
    th_str_addf(s, "    for (int32_t k = 0; k < %u; k++)\n", m->n);
    for (int32_t i = 0; i < loops; i++) {
        char limit[24];
        snprintf(limit, sizeof limit, "t[k][%d]", 2 + i);
        loop_head(s, i + 2, i, limit);
    }
    th_gen_indent(s, loops + 2);
    struct th_str in, out;
    th_str_init(&in);
    th_str_init(&out);
    th_str_addf(&in, "x%u[t[k][0]", m->list[0].in);
    th_str_add(&out, "y[t[k][1]");
    for (int32_t i = 0; i < loops; i++) {
        th_str_addf(&in, " + i%d * t[k][%d]", i, 2 + r + i);
        th_str_addf(&out, " + i%d * t[k][%d]", i, 2 + 2 * r + i);
    }
    if (run)
        th_str_addf(s, "memcpy(&%s], &%s], (size_t)t[k][%d] * sizeof(%s));\n", out.s, in.s,
                    1 + r, type);
    else
        th_str_addf(s, "%s] = %s];\n", out.s, in.s);
    s->failed = s->failed || in.failed || out.failed;
    th_str_release(&in);
    th_str_release(&out);
}

static void write_fill(struct th_str *s, const struct th_type *y, double value)
{
    const long long n = (long long)th_type_elems(y);
    if (th_dtype_bits(y->dtype) == 8) {
        th_str_addf(s, "    memset(y, %d, %lld);\n", (int)value, n);
        return;
    }
    th_str_addf(s, "    for (int32_t i = 0; i < %lld; i++)\n        y[i] = ", n);
    if (th_dtype_is_float(y->dtype))
        th_emit_float(s, (float)value);
    else
        th_str_addf(s, "%lld", (long long)value);
    th_str_add(s, ";\n");
}

/* The result may lie over this operand at another distance than an element's own place. */
static bool may_shift(const struct th_inst *c, uint32_t k)
{
    struct th_alias list[4];
    const uint32_t n = c->op->alias ? c->op->alias(c, list, TH_ARRAY_LEN(list)) : 0;
    for (uint32_t i = 0; i < n && i < TH_ARRAY_LEN(list); i++)
        if (list[i].in == k && !list[i].exact)
            return true;
    return false;
}

/* An operand of which nothing is read. */
static bool unread(const struct th_inst *c, const struct th_moves *m, uint32_t k)
{
    if (m->n == 0 || th_type_elems(&c->out[0]) == 0)
        return k == 0 && th_type_elems(c->in[0]) > 0;
    for (uint32_t i = 0; i < m->n; i++) {
        bool empty = false;
        for (int32_t a = 0; a < m->list[i].rank; a++)
            empty = empty || m->list[i].dims[a] == 0;
        if (m->list[i].in == k && !empty)
            return false;
    }
    return th_type_elems(c->in[k]) > 0;
}

static enum th_status bind(const struct th_query *q, struct th_call *call)
{
    const struct th_inst *c = q->inst;
    const char *type = th_dtype_ctype(c->out[0].dtype);
    struct th_moves m;
    struct th_str params, s;
    char in[40];
    TH_TRY(moves_of(q, &m));
    th_str_init(&params);
    th_str_init(&s);
    snprintf(in, sizeof in, "const %s", type);
    for (uint32_t k = 0; k < c->n_in; k++) {
        th_str_addf(&params, "%s *x%u, ", in, k);
        th_call_input(call, k, in);
        if (th_type_elems(c->in[k]) == 0)
            th_str_addf(&s, "    (void)x%u;\n", k);
    }
    th_str_addf(&params, "%s *y", type);
    th_call_output(call, 0, type);
    if (th_type_elems(&c->out[0]) == 0)
        th_str_add(&s, "    (void)y;\n");
    else if (m.fill)
        write_fill(&s, &c->out[0], m.fill_value);
    if (m.n > UNROLLED && one_operand(&m))
        write_table(&s, &m, type);
    else
        for (uint32_t k = 0; k < m.n; k++)
            th_gen_move(&s, &m.list[k], type, may_shift(c, m.list[k].in));
    for (uint32_t k = 0; k < c->n_in; k++)
        if (unread(c, &m, k))
            th_str_addf(&s, "    (void)x%u;\n", k);
    const bool failed = params.failed || s.failed;
    const enum th_status st = failed ? TH_ERR_INTERNAL : th_gen_function(q, call, params.s, s.s);
    th_str_release(&params);
    th_str_release(&s);
    return st;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    struct th_moves m;
    double cycles = 0;
    k->code_bytes = 60;
    k->stack_bytes = 64;
    if (moves_of(q, &m) != TH_OK)
        return;
    for (uint32_t i = 0; i < m.n; i++) {
        struct th_move v = m.list[i];
        th_move_simplify(&v);
        double n = 1;
        for (int32_t a = 0; a < v.rank; a++)
            n *= (double)v.dims[a];
        const bool run = v.in_stride[v.rank - 1] == 1 && v.out_stride[v.rank - 1] == 1;
        const double length = (double)v.dims[v.rank - 1];
        cycles += run && length > 0 ? n + 20.0 * n / length : 6.0 * n;
        k->code_bytes += m.n <= UNROLLED ? 40 : 10;
    }
    k->cycles = cycles + (m.fill ? (double)th_type_elems(&q->inst->out[0]) : 0);
}

/* reshape moves nothing; its row copies where a view would not do. */
#define ROW_IN(op_, order_)                                                                    \
    {.op = op_, .types = NULL, .symbol = "thk_" op_ "__c99", .source = "thk_elementwise.h",    \
     .order = (order_), .refuse = refuse, .bind = bind, .cost = cost}
#define ROW(op_) ROW_IN(op_, TH_ORDER_ANY)

static const struct th_kernel rows[] = {
    ROW("batch_to_space"), ROW("broadcast_to"),
    ROW("concat"),         ROW("copy"),
    ROW("depth_to_space"), ROW("mirror_pad"),
    ROW("pad"),            ROW("reshape"),
    ROW("reverse"),        ROW("slice"),
    ROW("space_to_batch"), ROW("space_to_depth"),
    ROW("tile"),           ROW("transpose"),
    /* every element comes from its own place or one behind it, and is written in order */
    ROW_IN("slide", TH_ORDER_ELEMENT),
};
const struct th_row_family th_c99_move = {rows, TH_ARRAY_LEN(rows)};
