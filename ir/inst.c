/* SPDX-License-Identifier: Apache-2.0 */
/* Instances: an op applied to typed operands, and the checks its tables allow. */
#include "ir/graph.h"

#include <math.h>
#include <string.h>

#include <thimble/thimble.h>

enum th_status th_inst_error(const struct th_inst *c, const char *fmt, ...)
{
    struct th_loc loc = c->loc ? *c->loc : TH_LOC_NONE;
    if (!loc.op)
        loc.op = c->op->name;
    va_list ap;
    va_start(ap, fmt);
    th_report(c->ctx, TH_SEV_ERROR, &loc, 3002, fmt, ap);
    va_end(ap);
    return TH_ERR_INPUT;
}

static const struct th_attr_spec *find_spec(const struct th_op *op, const char *name)
{
    for (const struct th_attr_spec *s = op->attrs; s && s->name; s++)
        if (!strcmp(s->name, name))
            return s;
    return NULL;
}

int64_t th_inst_int(const struct th_inst *c, const char *attr)
{
    const struct th_attr_spec *s = find_spec(c->op, attr);
    return th_attr_int(c->attrs, attr, s ? s->def_i : 0);
}

double th_inst_float(const struct th_inst *c, const char *attr)
{
    const struct th_attr_spec *s = find_spec(c->op, attr);
    return th_attr_float(c->attrs, attr, s ? s->def_f : 0);
}

int64_t th_inst_ints(const struct th_inst *c, const char *attr, uint32_t i)
{
    const struct th_attr_spec *s = find_spec(c->op, attr);
    return th_attr_ints(c->attrs, attr, i, s ? s->def_i : 0);
}

uint32_t th_inst_ints_len(const struct th_inst *c, const char *attr)
{
    return th_attr_len(c->attrs, attr);
}

const char *th_inst_string(const struct th_inst *c, const char *attr)
{
    const struct th_attr_spec *s = find_spec(c->op, attr);
    return th_attr_string(c->attrs, attr, s ? s->def_s : NULL);
}

bool th_inst_single_rounding(const struct th_inst *c)
{
    return !strcmp(c->contract, "tflite-single-rounding");
}

void th_inst_cost(const struct th_inst *c, struct th_cost *cost)
{
    *cost = (struct th_cost){0};
    if (c->op->cost) {
        c->op->cost(c, cost);
        return;
    }
    for (uint32_t i = 0; i < c->n_out; i++) {
        cost->ops += th_type_elems(&c->out[i]);
        cost->bytes_written += th_type_size(&c->out[i]);
    }
    for (uint32_t i = 0; i < c->n_in; i++)
        if (c->in[i])
            cost->bytes_read += th_type_size(c->in[i]);
    if (c->op->traits & TH_TRAIT_VIEW)
        *cost = (struct th_cost){0};
}

struct th_inst *th_make_inst(const struct th_graph *g, const struct th_op *op,
                             const char *contract, const struct th_attrs *attrs,
                             const th_value *in, uint32_t n_in, struct th_type *out,
                             uint32_t n_out, struct th_graph *const *bodies, uint32_t n_bodies,
                             const struct th_loc *loc, struct th_arena *arena)
{
    struct th_inst *c = TH_NEW(arena, struct th_inst);
    const struct th_type **types = TH_NEW_ARRAY(arena, const struct th_type *, n_in + 1);
    const struct th_tensor **consts = TH_NEW_ARRAY(arena, const struct th_tensor *, n_in + 1);
    if (!c || !types || !consts)
        return NULL;
    for (uint32_t i = 0; i < n_in; i++)
        if (in[i]) {
            types[i] = &g->values[in[i]]->type;
            consts[i] = th_value_const(g, in[i]);
        }
    *c = (struct th_inst){.ctx = g->program->ctx, .arena = arena, .loc = loc, .op = op,
                          .contract = contract, .attrs = attrs, .n_in = n_in, .n_out = n_out,
                          .n_bodies = n_bodies, .in = types, .in_const = consts, .out = out,
                          .bodies = bodies};
    return c;
}

struct th_inst *th_node_inst(const struct th_graph *g, th_node n, struct th_arena *arena)
{
    const struct th_node_rec *r = g->nodes[n];
    struct th_type *out = TH_NEW_ARRAY(arena, struct th_type, r->n_out + 1);
    if (!out)
        return NULL;
    for (uint32_t i = 0; i < r->n_out; i++)
        out[i] = g->values[r->out[i]]->type;
    return th_make_inst(g, r->op, r->contract, &r->attrs, r->in, r->n_in, out, r->n_out,
                        r->bodies, r->n_bodies, &r->loc, arena);
}

/* ---- tables --------------------------------------------------------------------------------- */
static uint32_t port_count(const struct th_port *ports)
{
    uint32_t n = 0;
    while (ports[n].name)
        n++;
    return n;
}

/* The port of operand i: the last one repeats when it is variadic. */
static const struct th_port *port_at(const struct th_port *ports, uint32_t n, uint32_t i)
{
    if (i < n)
        return &ports[i];
    return n && ports[n - 1].flags & TH_PORT_VARIADIC ? &ports[n - 1] : NULL;
}

static enum th_status check_type(const struct th_inst *c, const struct th_port *p,
                                 const struct th_type *t, const char *side)
{
    int64_t bytes;
    if (t->dtype == TH_DT_NONE || t->rank < 0 || t->rank > TH_MAX_RANK ||
        !th_type_bytes(t, &bytes))
        return th_inst_error(c, "%s '%s' has no valid type", side, p->name);
    if (p->dtypes && !(p->dtypes & TH_DT_BIT(t->dtype))) {
        struct th_str s;
        th_str_init(&s);
        for (int i = 1; i < TH_DT_COUNT; i++)
            if (p->dtypes & TH_DT_BIT(i))
                th_str_addf(&s, "%s%s", s.len ? ", " : "", th_dtype_name((enum th_dtype)i));
        th_inst_error(c, "%s '%s' is %s; supported: %s", side, p->name, th_dtype_name(t->dtype),
                      s.s);
        th_str_release(&s);
        return TH_ERR_INPUT;
    }
    const struct th_quant *q = t->quant;
    if (q && q->n > 1 && (q->axis < 0 || q->axis >= t->rank || t->dims[q->axis] != q->n))
        return th_inst_error(c, "%s '%s': %u scales on axis %d do not fit the shape", side,
                             p->name, q->n, q->axis);
    return TH_OK;
}

static enum th_status check_inputs(const struct th_inst *c)
{
    const struct th_port *ports = c->op->inputs;
    const uint32_t n = port_count(ports);
    enum th_status status = TH_OK;
    for (uint32_t i = 0; i < (c->n_in > n ? c->n_in : n); i++) {
        const struct th_port *p = port_at(ports, n, i);
        if (!p)
            return th_inst_error(c, "%u operands given, at most %u taken", c->n_in, n);
        const struct th_type *t = i < c->n_in ? c->in[i] : NULL;
        if (!t) {
            /* a variadic port may be left out altogether (unless nothing else says what the op
             * works on), but has no gaps */
            const bool left_out = p->flags & TH_PORT_VARIADIC && i >= c->n_in &&
                                  (n > 1 || c->op->traits & TH_TRAIT_REGION);
            if (!(p->flags & TH_PORT_OPTIONAL) && !left_out)
                status = th_inst_error(c, "operand '%s' is missing", p->name);
            continue;
        }
        if (check_type(c, p, t, "operand") != TH_OK)
            status = TH_ERR_INPUT;
        if (p->flags & TH_PORT_CONST && !c->in_const[i])
            status = th_inst_error(c, "operand '%s' must be a constant", p->name);
    }
    return status;
}

static enum th_status check_number(const struct th_inst *c, const struct th_attr_spec *s, double v)
{
    if (s->min <= s->max && !(v >= s->min && v <= s->max))
        return th_inst_error(c, "attribute '%s' is %g, allowed %g to %g", s->name, v, s->min,
                             s->max);
    return TH_OK;
}

static enum th_status check_attr(const struct th_inst *c, const struct th_attr_spec *s,
                                 const struct th_attr *a)
{
    if (a->kind != s->kind)
        return th_inst_error(c, "attribute '%s' is of the wrong kind", s->name);
    const bool list = a->kind == TH_ATTR_INTS || a->kind == TH_ATTR_FLOATS;
    if (list && (s->min_len || s->max_len) && (a->n < s->min_len || a->n > s->max_len))
        return th_inst_error(c, "attribute '%s' has %u entries, allowed %u to %u", s->name, a->n,
                             s->min_len, s->max_len);
    switch (a->kind) {
    case TH_ATTR_INT:
        return check_number(c, s, (double)a->v.i);
    case TH_ATTR_FLOAT:
        return check_number(c, s, a->v.f);
    case TH_ATTR_INTS:
        for (uint32_t i = 0; i < a->n; i++)
            TH_TRY(check_number(c, s, (double)a->v.ints[i]));
        return TH_OK;
    case TH_ATTR_FLOATS:
        for (uint32_t i = 0; i < a->n; i++)
            TH_TRY(check_number(c, s, a->v.floats[i]));
        return TH_OK;
    case TH_ATTR_BOOL:
        return a->v.i == 0 || a->v.i == 1
                   ? TH_OK
                   : th_inst_error(c, "attribute '%s' is neither 0 nor 1", s->name);
    case TH_ATTR_ENUM: {
        int64_t n = 0;
        while (s->names && s->names[n])
            n++;
        return a->v.i >= 0 && a->v.i < n
                   ? TH_OK
                   : th_inst_error(c, "attribute '%s' has no such choice", s->name);
    }
    case TH_ATTR_DTYPE:
        return a->v.i > 0 && a->v.i < TH_DT_COUNT
                   ? TH_OK
                   : th_inst_error(c, "attribute '%s' is no type", s->name);
    default:
        return TH_OK;
    }
}

static enum th_status check_attrs(const struct th_inst *c)
{
    enum th_status status = TH_OK;
    for (uint32_t i = 0; i < c->attrs->n; i++) {
        const struct th_attr *a = &c->attrs->list[i];
        const struct th_attr_spec *s = find_spec(c->op, a->name);
        if (!s)
            status = th_inst_error(c, "unknown attribute '%s'", a->name);
        else if (check_attr(c, s, a) != TH_OK)
            status = TH_ERR_INPUT;
    }
    for (const struct th_attr_spec *s = c->op->attrs; s && s->name; s++)
        if (s->required && !th_attr_find(c->attrs, s->name))
            status = th_inst_error(c, "attribute '%s' is missing", s->name);
    return status;
}

/* Before infer, which fills one output for each port of the table. */
static enum th_status check_output_count(const struct th_inst *c)
{
    uint32_t n = 0, least = 0;
    bool open = false;
    for (; c->op->outputs[n].name; n++) {
        const uint32_t flags = c->op->outputs[n].flags;
        open |= (flags & TH_PORT_VARIADIC) != 0;
        if (!(flags & (TH_PORT_VARIADIC | TH_PORT_OPTIONAL)))
            least = n + 1;
    }
    if (c->n_out < least || (c->n_out > n && !open))
        return th_inst_error(c, "%u outputs wanted, the operator has %u", c->n_out,
                             c->n_out < least ? least : n);
    return TH_OK;
}

enum th_status th_check_tables(const struct th_inst *c, bool outputs)
{
    if (!outputs) {
        const enum th_status attrs = check_attrs(c), in = check_inputs(c);
        TH_TRY(check_output_count(c));
        return attrs != TH_OK ? attrs : in;
    }
    const uint32_t n = port_count(c->op->outputs);
    enum th_status status = TH_OK;
    for (uint32_t i = 0; i < c->n_out; i++) {
        const struct th_port *p = port_at(c->op->outputs, n, i);
        if (!p)
            return th_inst_error(c, "%u outputs wanted, at most %u given", c->n_out, n);
        if (check_type(c, p, &c->out[i], "output") != TH_OK)
            status = TH_ERR_INPUT;
    }
    return status;
}
