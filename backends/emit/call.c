/* SPDX-License-Identifier: Apache-2.0 */
/* One kernel call with its literal arguments. */
#include "backends/emit/emit.h"

#include <string.h>

static void int_literal(struct th_str *s, int64_t v)
{
    if (v == INT32_MIN)
        th_str_add(s, "INT32_MIN");
    else if (v == INT64_MIN)
        th_str_add(s, "INT64_MIN");
    else if (v > INT32_MAX || v < INT32_MIN)
        th_str_addf(s, "INT64_C(%lld)", (long long)v);
    else
        th_str_addf(s, "%lld", (long long)v);
}

struct calling {
    struct th_emit *e;
    struct th_str *s;
    const struct th_graph *g;
    th_node n;
    const struct th_call *call;
    const struct th_emit_operands *o;    /* NULL: as planned */
};

static void operand(const struct calling *k, const struct th_arg *a, th_value v, const char *name,
                    bool advances)
{
    th_str_addf(k->s, "(%s *)", a->ctype);
    if (name) {
        th_str_addf(k->s, "(void *)%s", name);
    } else if (advances && k->call->batch > 1) {
        th_str_add(k->s, "(");
        th_emit_address(k->e, k->s, k->g, v);
        th_str_addf(k->s, " + b * %lld)",
                    (long long)(th_type_size(th_value_type(k->g, v)) / k->call->batch));
    } else {
        th_emit_address(k->e, k->s, k->g, v);
    }
}

static void struct_argument(const struct calling *k, const struct th_arg *a, uint32_t i)
{
    const bool box = k->o && k->o->box && !strcmp(a->ctype, "thk_box");
    if (box && k->o->column)
        th_str_addf(k->s, "&%s, y, %s", k->o->box, k->o->column);
    else if (box)
        th_str_addf(k->s, "&%s", k->o->box);
    else if (k->o && k->o->window && (int64_t)i == th_emit_window_argument(k->call))
        th_str_addf(k->s, "&%s", k->o->window);
    else
        th_str_addf(k->s, "&p%u", i);
}

static void argument(const struct calling *k, uint32_t i)
{
    const struct th_emit_operands *o = k->o;
    const struct th_kernel_note *note = th_node_note_const(k->g, k->n);
    const struct th_arg *a = &k->call->args[i];
    struct th_str *s = k->s;
    switch (a->kind) {
    case TH_ARG_INPUT:
        operand(k, a, th_node_input(k->g, k->n, a->index), o ? o->in[a->index] : NULL,
                a->index < 32 && k->call->batch_in >> a->index & 1);
        break;
    case TH_ARG_OUTPUT:
        operand(k, a, th_node_output(k->g, k->n, a->index), o ? o->out : NULL, true);
        break;
    case TH_ARG_SCRATCH:
        th_str_addf(s, "(%s *)(r[%d] + %lld)", a->ctype, note->scratch.region,
                    (long long)note->scratch.offset);
        break;
    case TH_ARG_INT:
        int_literal(s, a->i);
        break;
    case TH_ARG_FLOAT:
        th_emit_float(s, a->f);
        break;
    case TH_ARG_TEXT:
        th_str_add(s, a->text);
        break;
    case TH_ARG_DATA:
        if (a->ctype)
            th_str_addf(s, "(%s *)", a->ctype);
        th_str_addf(s, "%s_data%u", k->e->name, a->index);
        break;
    case TH_ARG_STRUCT:
        struct_argument(k, a, i);
        break;
    case TH_ARG_NULL:
        th_str_add(s, "NULL");
        break;
    case TH_ARG_ACCUMULATOR:
        th_str_addf(s, "(%s *)(void *)%s", a->ctype, o ? o->accumulator : "NULL");
        break;
    case TH_ARG_PHASE:
        th_str_add(s, o ? o->phase : "3");
        break;
    }
}

int64_t th_emit_window_argument(const struct th_call *c)
{
    for (uint32_t i = 0; i < c->n_args; i++)
        if (c->args[i].kind == TH_ARG_STRUCT && strcmp(c->args[i].ctype, "thk_box"))
            return i;
    return -1;
}

void th_emit_call_structs(struct th_str *s, const char *indent, const struct th_call *c,
                          const struct th_emit_operands *o)
{
    for (uint32_t i = 0; i < c->n_args; i++)
        if (c->args[i].kind == TH_ARG_STRUCT &&
            !(o && o->box && !strcmp(c->args[i].ctype, "thk_box")))
            th_str_addf(s, "%sstatic const struct %s p%u = {%s};\n", indent, c->args[i].ctype, i,
                        c->args[i].text);
}

void th_emit_call(struct th_emit *e, struct th_str *s, const char *indent,
                  const struct th_graph *g, th_node n, const struct th_call *c,
                  const struct th_emit_operands *o)
{
    const struct calling k = {e, s, g, n, c, o};
    const char *isa = o && o->column ? strstr(c->symbol, "__") : NULL;
    if (isa)
        th_str_addf(s, "%s%.*s_pixel%s(", indent, (int)(isa - c->symbol), c->symbol, isa);
    else
        th_str_addf(s, "%s%s(", indent, c->symbol);
    for (uint32_t i = 0; i < c->n_args; i++) {
        if (i)
            th_str_add(s, ", ");
        argument(&k, i);
    }
    th_str_add(s, ");\n");
}

void th_emit_kernel_call(struct th_emit *e, struct th_str *s, const struct th_graph *g, th_node n)
{
    const struct th_call *c = th_node_note_const(g, n)->call;
    th_emit_call_structs(s, "    ", c, NULL);
    if (c->batch > 1)
        th_str_addf(s, "    int32_t b;\n\n    for (b = 0; b < %lld; b++)\n", (long long)c->batch);
    th_emit_call(e, s, c->batch > 1 ? "        " : "    ", g, n, c, NULL);
}
