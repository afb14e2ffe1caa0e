/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/ops/case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct th_program *p;
    struct th_arena *arena;
    struct th_graph *g;
    int number;
    uint64_t rng;
};

static bool complain(const struct reader *r, const char *what, const char *text)
{
    fprintf(stderr, "case line %d: %s: '%s'\n", r->number, what, text);
    return false;
}

static uint64_t next(struct reader *r)
{
    r->rng ^= r->rng << 13;
    r->rng ^= r->rng >> 7;
    r->rng ^= r->rng << 17;
    return r->rng;
}

/* ---- types and operands ----------------------------------------------------------------- */
/* Parses dtype[dims]*scale+zero; *rest is what follows. */
static bool read_type(struct reader *r, const char *s, struct th_type *t, const char **rest)
{
    char name[8] = "";
    size_t n = strcspn(s, "[*+@");
    if (n >= sizeof name)
        return complain(r, "no type", s);
    memcpy(name, s, n);
    memset(t, 0, sizeof *t);
    t->dtype = th_dtype_by_name(name);
    t->rank = -1;
    if (t->dtype == TH_DT_NONE)
        return complain(r, "unknown type", s);
    s += n;
    if (*s == '[') {
        t->rank = 0;
        for (s++; *s && *s != ']' && t->rank < TH_MAX_RANK;) {
            char *end;
            t->dims[t->rank++] = strtoll(s, &end, 10);
            s = *end == ',' ? end + 1 : end;
        }
        s += *s == ']';
    }
    if (*s == '*') {
        char *end;
        float scale = strtof(s + 1, &end);
        int64_t zero = 0;
        if (*end == '+')
            zero = strtoll(end + 1, &end, 10);
        t->quant = th_quant_new(th_program_arena(r->p), 1, &scale, &zero, -1);
        s = end;
    }
    *rest = s;
    return true;
}

static void fill(struct reader *r, struct th_tensor *t, const char *range)
{
    const enum th_dtype dt = t->type.dtype;
    const int64_t n = th_type_elems(&t->type);
    double lo = -4, hi = 4;
    if (!th_dtype_is_float(dt)) {
        lo = th_dtype_bits(dt) > 16 ? -1000 : (double)th_dtype_min(dt);
        hi = th_dtype_bits(dt) > 16 ? 1000 : (double)th_dtype_max(dt);
    }
    if (*range == '@') {
        char *end;
        lo = strtod(range + 1, &end);
        hi = strtod(end + 2, NULL);
    }
    for (int64_t i = 0; i < n; i++) {
        const double u = (double)(next(r) >> 11) / 9007199254740992.0;
        if (th_dtype_is_float(dt))
            th_tensor_set_real(t, i, lo + u * (hi - lo));
        else
            th_tensor_set_int(t, i, i == 0 && n > 2   ? (int64_t)lo
                                    : i == 1 && n > 2 ? (int64_t)hi
                                                      : (int64_t)lo + (int64_t)(u * (hi - lo + 1)));
    }
}

static bool read_operand(struct reader *r, const char *s, struct op_case *k, th_value *v)
{
    struct th_type t;
    const char *rest;
    const bool constant = *s == '#';
    k->in[k->n_in] = NULL;
    *v = 0;
    if (strcmp(s, "-")) {
        if (!read_type(r, s + constant, &t, &rest))
            return false;
        struct th_tensor *x = th_tensor_new(r->arena, &t);
        fill(r, x, rest);
        k->in[k->n_in] = x;
        *v = constant ? th_graph_const_copy(r->g, NULL, &t, x->data)
                      : th_graph_add_input(r->g, "x", &t);
    }
    k->n_in++;
    return true;
}

/* ---- attributes ------------------------------------------------------------------------- */
static const struct th_attr_spec *spec_of(const struct th_op *op, const char *name)
{
    for (const struct th_attr_spec *s = op->attrs; s && s->name; s++)
        if (!strcmp(s->name, name))
            return s;
    return NULL;
}

static bool read_numbers(struct reader *r, const char *s, struct th_attr *a)
{
    int64_t *ints = TH_NEW_ARRAY(r->arena, int64_t, 64);
    double *reals = TH_NEW_ARRAY(r->arena, double, 64);
    for (a->n = 0; *s && a->n < 64; a->n++) {
        char *end;
        ints[a->n] = strtoll(s, NULL, 10);
        reals[a->n] = strtod(s, &end);
        if (end == s)
            return complain(r, "no number", s);
        s = *end == ',' ? end + 1 : end;
    }
    if (a->kind == TH_ATTR_INTS)
        a->v.ints = ints;
    else
        a->v.floats = reals;
    return true;
}

static bool read_attr(struct reader *r, const struct th_op *op, char *s, struct th_attr *a)
{
    char *value = strchr(s, '=');
    if (!value)
        return complain(r, "no attribute", s);
    *value++ = '\0';
    const struct th_attr_spec *spec = spec_of(op, s);
    if (!spec)
        return complain(r, "unknown attribute", s);
    *a = (struct th_attr){.name = spec->name, .kind = spec->kind};
    switch (spec->kind) {
    case TH_ATTR_FLOAT:
        a->v.f = strtod(value, NULL);
        return true;
    case TH_ATTR_INTS:
    case TH_ATTR_FLOATS:
        return read_numbers(r, value, a);
    case TH_ATTR_ENUM:
        for (int64_t i = 0; spec->names[i]; i++)
            if (!strcmp(spec->names[i], value)) {
                a->v.i = i;
                return true;
            }
        return complain(r, "unknown choice", value);
    default:
        a->v.i = strtoll(value, NULL, 10);
        return true;
    }
}

/* ---- lines ------------------------------------------------------------------------------ */
bool case_read(struct th_program *p, struct th_arena *arena, const char *line, int number,
               struct op_case *out)
{
    struct reader r = {.p = p, .arena = arena, .number = number,
                       .rng = 88172645463325252u + (uint64_t)number * 2654435761u};
    char *text = th_arena_strdup(arena, line);
    char name[32];
    snprintf(name, sizeof name, "case%d", number);
    memset(out, 0, sizeof *out);
    r.g = out->graph = th_program_add_function(p, name);
    char *op_name = strtok(text, " \n"), *contract = strchr(op_name, '/');
    if (contract)
        *contract++ = '\0';
    const struct th_op *op = th_op_find(th_program_ctx(p), op_name);
    if (!op)
        return complain(&r, "unknown operator", op_name);
    th_value in[CASE_MAX];
    struct th_type results[TH_MAX_OUTPUTS];
    struct th_attr attrs[CASE_MAX];
    struct th_node_desc d = {.op = op_name, .contract = contract, .in = in, .attrs = attrs,
                             .loc = {.file = "cases", .node = number, .offset = -1}};
    enum { OPERANDS, RESULTS, ATTRS } part = OPERANDS;
    bool ok = true;
    for (char *w; ok && (w = strtok(NULL, " \n"));) {
        const char *rest;
        if (!strcmp(w, ">")) {
            part = RESULTS;
        } else if (!strcmp(w, ";")) {
            part = ATTRS;
        } else if (part == OPERANDS) {
            ok = out->n_in < CASE_MAX && read_operand(&r, w, out, &in[out->n_in]);
        } else if (part == ATTRS) {
            ok = d.n_attrs < CASE_MAX && read_attr(&r, op, w, &attrs[d.n_attrs++]);
        } else if (strcmp(w, "_")) {
            ok = d.n_out < TH_MAX_OUTPUTS && read_type(&r, w, &results[d.n_out++], &rest);
            d.out = results;
        }
    }
    d.n_in = out->n_in;
    th_value values[TH_MAX_OUTPUTS];
    ok = ok && th_graph_add_node_nofold(r.g, &d, &out->node, values) == TH_OK;
    for (uint32_t i = 0; ok && i < th_node_output_count(r.g, out->node); i++)
        ok = th_graph_add_output(r.g, "y", values[i]) == TH_OK;
    return ok;
}
