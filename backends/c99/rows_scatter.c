/* SPDX-License-Identifier: Apache-2.0 */
/* Generated rows: an index for each element or slice. */
#include "backends/c99/families.h"

#include <stdio.h>

#include <thimble/elementwise.h>

#include "backends/c99/generate.h"

static const char *refuse(const struct th_query *q)
{
    for (uint32_t i = 0; i < q->inst->n_in; i++)
        if (th_dtype_bits(q->inst->in[i]->dtype) < 8)
            return "elements narrower than a byte";
    return th_gen_too_large(q);
}

static int32_t axis_of(const struct th_inst *c, int32_t rank)
{
    const int64_t a = th_inst_int(c, "axis");
    return (int32_t)(a < 0 ? a + rank : a);
}

static const char *index_type(const struct th_type *i)
{
    return i->dtype == TH_DT_S64 ? "int64_t" : "int32_t";
}

/* Loops over all indices, which the body walks with `k`; `at` is the place in t without the
 * indexed axis. Returns the depth of indentation. */
static int element_loops(struct th_gen *g, const struct th_type *i, const struct th_type *t,
                         int32_t axis)
{
    struct th_str *s = &g->body;
    th_str_add(s, "    int32_t k = 0;\n");
    for (int32_t a = 0; a < i->rank; a++) {
        th_gen_indent(s, a + 1);
        th_str_addf(s, "for (int32_t i%d = 0; i%d < %lld; i%d++)%s\n", a, a,
                    (long long)i->dims[a], a, a + 1 == i->rank ? " {" : "");
    }
    th_gen_indent(s, i->rank + 1);
    th_str_add(s, "int32_t at = 0");
    for (int32_t a = 0; a < i->rank; a++)
        if (a != axis)
            th_gen_index(s, th_row_dims(t, a + 1, t->rank), "i", a);
    th_str_add(s, ";\n");
    return i->rank + 1;
}

static enum th_status bind_gather_elements(const struct th_query *q, struct th_call *call)
{
    const struct th_type *x = q->inst->in[0], *i = q->inst->in[1];
    const int32_t axis = axis_of(q->inst, x->rank);
    const long long n = (long long)x->dims[axis];
    const long long step = (long long)th_row_dims(x, axis + 1, x->rank);
    struct th_gen g;
    th_gen_begin(&g, q, call);
    th_gen_operand(&g, 0, "x");
    th_gen_operand(&g, 1, "i");
    th_gen_result(&g, 0, "y");
    const int depth = element_loops(&g, i, x, axis);
    struct th_str *s = &g.body;
    th_gen_indent(s, depth);
    th_str_addf(s, "%s v = i[k];\n", index_type(i));
    th_gen_indent(s, depth);
    th_str_addf(s, "v += v < 0 ? %lld : 0;\n", n);
    th_gen_indent(s, depth);
    th_str_addf(s, "at += (v < 0 ? 0 : v > %lld ? %lld : (int32_t)v) * %lld;\n", n - 1, n - 1,
                step);
    th_gen_indent(s, depth);
    th_str_add(s, "y[k++] = x[at];\n");
    th_gen_indent(s, depth - 1);
    th_str_add(s, "}\n");
    return th_gen_end(&g);
}

/* "y[at + j] = ..." of an update `from`. */
static void meet(struct th_str *s, const struct th_inst *c, const char *to, const char *from)
{
    const enum th_dtype dt = c->out[0].dtype;
    const char *type = th_dtype_ctype(dt);
    const bool real = th_dtype_is_float(dt);
    switch (th_inst_int(c, "mode")) {
    case 0: th_str_addf(s, "%s = %s;\n", to, from); break;
    case 1:
        if (real)
            th_str_addf(s, "%s += %s;\n", to, from);
        else
            th_str_addf(s, "%s = (%s)((uint64_t)%s + (uint64_t)%s);\n", to, type, to, from);
        break;
    case 2:
        if (real)
            th_str_addf(s, "%s *= %s;\n", to, from);
        else
            th_str_addf(s, "%s = (%s)((uint64_t)%s * (uint64_t)%s);\n", to, type, to, from);
        break;
    case 3: th_str_addf(s, "%s = %s < %s ? %s : %s;\n", to, from, to, from, to); break;
    default: th_str_addf(s, "%s = %s > %s ? %s : %s;\n", to, from, to, from, to); break;
    }
}

static void copy_operand(struct th_gen *g)
{
    th_str_addf(&g->body, "    memmove(y, x, %lld * sizeof(%s));\n",
                (long long)th_type_elems(g->q->inst->in[0]), th_gen_in_type(g, 0));
}

static enum th_status bind_scatter_elements(const struct th_query *q, struct th_call *call)
{
    const struct th_type *x = q->inst->in[0], *i = q->inst->in[1];
    const int32_t axis = axis_of(q->inst, x->rank);
    const long long n = (long long)x->dims[axis];
    struct th_gen g;
    th_gen_begin(&g, q, call);
    th_gen_operand(&g, 0, "x");
    th_gen_operand(&g, 1, "i");
    th_gen_operand(&g, 2, "u");
    th_gen_result(&g, 0, "y");
    copy_operand(&g);
    const int depth = element_loops(&g, i, x, axis);
    struct th_str *s = &g.body;
    th_gen_indent(s, depth);
    th_str_addf(s, "%s v = i[k++];\n", index_type(i));
    th_gen_indent(s, depth);
    th_str_addf(s, "v += v < 0 ? %lld : 0;\n", n);
    th_gen_indent(s, depth);
    th_str_addf(s, "if (v < 0 || v >= %lld)\n", n);
    th_gen_indent(s, depth + 1);
    th_str_add(s, "continue;\n");
    th_gen_indent(s, depth);
    th_str_addf(s, "at += (int32_t)v * %lld;\n", (long long)th_row_dims(x, axis + 1, x->rank));
    th_gen_indent(s, depth);
    meet(s, q->inst, "y[at]", "u[k - 1]");
    th_gen_indent(s, depth - 1);
    th_str_add(s, "}\n");
    return th_gen_end(&g);
}

static enum th_status bind_scatter_update(const struct th_query *q, struct th_call *call)
{
    const struct th_type *x = q->inst->in[0], *i = q->inst->in[1];
    const int32_t depth = (int32_t)i->dims[i->rank - 1];
    const long long inner = (long long)th_row_dims(x, depth, x->rank);
    struct th_gen g;
    char from[64];
    th_gen_begin(&g, q, call);
    th_gen_operand(&g, 0, "x");
    th_gen_operand(&g, 1, "i");
    th_gen_operand(&g, 2, "u");
    th_gen_result(&g, 0, "y");
    struct th_str *s = &g.body;
    if (depth == 0)
        th_str_add(s, "    (void)i;\n");
    copy_operand(&g);
    th_str_addf(s, "    for (int32_t k = 0; k < %lld; k++) {\n        int32_t at = 0;\n",
                (long long)th_row_dims(i, 0, i->rank - 1));
    for (int32_t d = 0; d < depth; d++) {
        const long long n = (long long)x->dims[d];
        th_str_addf(s,
                    "        %s i%d = i[k * %d + %d];\n"
                    "        i%d += i%d < 0 ? %lld : 0;\n"
                    "        if (i%d < 0 || i%d >= %lld)\n"
                    "            continue;\n"
                    "        at += (int32_t)i%d * %lld;\n",
                    index_type(i), d, (int)depth, d, d, d, n, d, d, n, d,
                    (long long)th_row_dims(x, d + 1, x->rank));
    }
    th_str_addf(s, "        for (int32_t j = 0; j < %lld; j++)\n            ", inner);
    snprintf(from, sizeof from, "u[k * %lld + j]", inner);
    meet(s, q->inst, "y[at + j]", from);
    th_str_add(s, "    }\n");
    return th_gen_end(&g);
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    const struct th_inst *c = q->inst;
    const bool copies = c->n_in > 2;
    k->cycles = 16.0 * (double)th_type_elems(c->in[copies ? 2 : 1]) +
                (copies ? (double)th_type_size(c->in[0]) : 0.0);
    k->code_bytes = 160;
    k->stack_bytes = 72;
}

#define ROW(op_, order_, bind_)                                                                \
    {.op = op_, .types = NULL, .symbol = "thk_" op_ "__c99", .source = "thk_elementwise.h",    \
     .order = order_, .refuse = refuse, .bind = bind_, .cost = cost}

static const struct th_kernel rows[] = {
    ROW("gather_elements", TH_ORDER_ANY, bind_gather_elements),
    ROW("scatter_elements", TH_ORDER_ELEMENT, bind_scatter_elements),
    ROW("scatter_update", TH_ORDER_ELEMENT, bind_scatter_update),
};
const struct th_row_family th_c99_scatter = {rows, TH_ARRAY_LEN(rows)};
