/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/c99/generate.h"

#include <stdio.h>
#include <string.h>

#include <thimble/elementwise.h>

const char *th_gen_too_large(const struct th_query *q)
{
    const struct th_inst *c = q->inst;
    for (uint32_t i = 0; i < c->n_in; i++)
        if (c->in[i] && th_type_elems(c->in[i]) > INT32_MAX)
            return "an operand has more than 2^31 - 1 elements";
    for (uint32_t i = 0; i < c->n_out; i++)
        if (th_type_elems(&c->out[i]) > INT32_MAX)
            return "the result has more than 2^31 - 1 elements";
    return NULL;
}

static uint32_t digest(const char *s, uint32_t h)
{
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 16777619u;
    return h;
}

enum th_status th_gen_function(const struct th_query *q, struct th_call *c, const char *params,
                               const char *body)
{
    const struct th_inst *in = q->inst;
    struct th_str name, text;
    th_str_init(&name);
    th_str_init(&text);
    th_str_addf(&name, "thk_%s_", in->op->name);
    for (uint32_t i = 0; i < in->n_in && i < 3; i++)
        if (in->in[i] && (i == 0 || in->in[i]->dtype != in->in[i - 1]->dtype))
            th_str_add(&name, th_dtype_name(in->in[i]->dtype));
    th_str_addf(&name, "_%08lx%08lx__c99", (unsigned long)digest(body, 2166136261u),
                (unsigned long)digest(params, digest(body, 84696351u)));
    th_str_addf(&text, "static void %s(%s)\n{\n%s}\n", name.s, params, body);
    const bool failed = name.failed || text.failed;
    if (!failed)
        th_call_generated(c, name.s, text.s);
    th_str_release(&name);
    th_str_release(&text);
    return failed ? TH_ERR_INTERNAL : TH_OK;
}

void th_gen_indent(struct th_str *s, int indent)
{
    for (int i = 0; i < indent; i++)
        th_str_add(s, "    ");
}

void th_gen_index(struct th_str *s, int64_t step, const char *var, int32_t i)
{
    if (step == 0)
        return;
    if (s->len && s->s[s->len - 1] != '[')
        th_str_add(s, step < 0 ? " - " : " + ");
    else if (step < 0)
        th_str_add(s, "-");
    const long long size = step < 0 ? -(long long)step : (long long)step;
    if (size == 1)
        th_str_addf(s, "%s%d", var, i);
    else
        th_str_addf(s, "%s%d * %lld", var, i, size);
}

/* Element `at` of the innermost axis beyond the loop's variable. */
static void load(struct th_str *s, const struct th_broadcast *b, uint32_t k, const char *local,
                 int64_t at, int indent)
{
    static const char names[] = "abc";
    const int64_t offset = at * b->stride[k][b->rank - 1];
    th_gen_indent(s, indent);
    th_str_addf(s, "const %s %c = x%u[", local, names[k], k);
    for (int32_t i = 0; i < b->rank; i++)
        th_gen_index(s, b->stride[k][i], "i", i);
    if (s->s[s->len - 1] == '[')
        th_str_addf(s, "%lld", (long long)offset);
    else if (offset != 0)
        th_str_addf(s, " + %lld", (long long)offset);
    th_str_add(s, "];\n");
}

static void parameters(struct th_str *params, const struct th_inst *in, struct th_call *c,
                       const struct th_gen_table *tables, uint32_t n_tables)
{
    for (uint32_t k = 0; k < in->n_in; k++) {
        char type[32];
        snprintf(type, sizeof type, "const %s", th_dtype_ctype(in->in[k]->dtype));
        th_str_addf(params, "%s *x%u, ", type, k);
        th_call_input(c, k, type);
    }
    for (uint32_t k = 0; k < n_tables; k++) {
        th_str_addf(params, "const %s *t%u, ", th_dtype_ctype(tables[k].dtype), k);
        th_call_data(c, tables[k].what, tables[k].dtype, tables[k].data, tables[k].count, 0);
    }
    const char *out = th_dtype_ctype(in->out[0].dtype);
    th_str_addf(params, "%s *y", out);
    th_call_output(c, 0, out);
}

/* One element: its operands, the body, its result. */
static void element(struct th_str *s, const struct th_inst *in, const struct th_broadcast *b,
                    const char *local, const struct th_str *body, int64_t at, int unroll)
{
    const int indent = b->rank + 1 + (unroll > 1);
    if (unroll > 1) {
        th_gen_indent(s, indent - 1);
        th_str_add(s, "{\n");
    }
    for (uint32_t k = 0; k < in->n_in; k++)
        load(s, b, k, local ? local : th_dtype_ctype(in->in[k]->dtype), at, indent);
    for (const char *p = body->s; *p; p++) {
        if (*p == '@')
            th_gen_indent(s, indent);
        else
            th_str_addc(s, *p);
    }
    const char *out = th_dtype_ctype(in->out[0].dtype);
    th_gen_indent(s, indent);
    if (unroll > 1) {
        th_str_addf(s, "y[%lld] = (%s)v;\n", (long long)at, out);
        th_gen_indent(s, indent - 1);
        th_str_add(s, "}\n");
    } else {
        th_str_addf(s, "*y++ = (%s)v;\n", out);
    }
}

enum th_status th_gen_with_tables(const struct th_query *q, struct th_call *c, const char *local,
                                  const struct th_str *body, const struct th_gen_table *tables,
                                  uint32_t n_tables, int unroll)
{
    const struct th_inst *in = q->inst;
    struct th_broadcast b;
    struct th_str params, s;
    th_broadcast_plan(in, &b);
    th_str_init(&params);
    th_str_init(&s);
    parameters(&params, in, c, tables, n_tables);
    if (b.dims[b.rank - 1] % unroll != 0)
        unroll = 1;
    for (int32_t i = 0; i < b.rank; i++) {
        char step[24] = "++";
        if (i + 1 == b.rank && unroll > 1)
            snprintf(step, sizeof step, " += %d", unroll);
        th_gen_indent(&s, i + 1);
        th_str_addf(&s, "for (int32_t i%d = 0; i%d < %lld; i%d%s)%s\n", i, i,
                    (long long)b.dims[i], i, step, i + 1 == b.rank ? " {" : "");
    }
    for (int at = 0; at < unroll; at++)
        element(&s, in, &b, local, body, at, unroll);
    if (unroll > 1) {
        th_gen_indent(&s, b.rank + 1);
        th_str_addf(&s, "y += %d;\n", unroll);
    }
    th_gen_indent(&s, b.rank);
    th_str_add(&s, "}\n");
    const bool failed = params.failed || s.failed || body->failed;
    const enum th_status st = failed ? TH_ERR_INTERNAL : th_gen_function(q, c, params.s, s.s);
    th_str_release(&params);
    th_str_release(&s);
    return st;
}

enum th_status th_gen_elementwise(const struct th_query *q, struct th_call *c, const char *local,
                                  const struct th_str *body)
{
    return th_gen_with_tables(q, c, local, body, NULL, 0, 1);
}

/* ---- kernels with parameters of their own ------------------------------------------------- */
void th_gen_begin(struct th_gen *g, const struct th_query *q, struct th_call *call)
{
    g->q = q;
    g->call = call;
    th_str_init(&g->params);
    th_str_init(&g->body);
}

const char *th_gen_in_type(const struct th_gen *g, uint32_t i)
{
    return th_dtype_ctype(g->q->inst->in[i]->dtype);
}

static const char *comma(const struct th_gen *g)
{
    return g->params.len ? ", " : "";
}

void th_gen_operand(struct th_gen *g, uint32_t i, const char *name)
{
    char type[32];
    snprintf(type, sizeof type, "const %s", th_gen_in_type(g, i));
    th_str_addf(&g->params, "%s%s *%s", comma(g), type, name);
    th_call_input(g->call, i, type);
}

void th_gen_result(struct th_gen *g, uint32_t i, const char *name)
{
    const char *type = th_dtype_ctype(g->q->inst->out[i].dtype);
    th_str_addf(&g->params, "%s%s *%s", comma(g), type, name);
    th_call_output(g->call, i, type);
}

void th_gen_data(struct th_gen *g, const char *name, const char *what, enum th_dtype dt,
                 const void *data, size_t count)
{
    th_str_addf(&g->params, "%sconst %s *%s", comma(g), th_dtype_ctype(dt), name);
    th_call_data(g->call, what, dt, data, count, 0);
}

void th_gen_scratch(struct th_gen *g, const char *name, enum th_dtype dt, size_t count)
{
    const size_t bytes = th_dtype_bits(dt) / 8;
    th_str_addf(&g->params, "%s%s *%s", comma(g), th_dtype_ctype(dt), name);
    th_call_scratch(g->call, count * bytes, bytes, th_dtype_ctype(dt));
}

enum th_status th_gen_end(struct th_gen *g)
{
    const bool failed = g->params.failed || g->body.failed;
    const enum th_status s = failed ? TH_ERR_INTERNAL
                                    : th_gen_function(g->q, g->call, g->params.s, g->body.s);
    th_str_release(&g->params);
    th_str_release(&g->body);
    return s;
}
