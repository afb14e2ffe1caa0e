/* SPDX-License-Identifier: Apache-2.0 */
/* The text dump: one node a line, stable for equal programs, for people and tests. */
#include <inttypes.h>
#include <string.h>

#include <thimble/op.h>
#include <thimble/thimble.h>

#include "ir/checksum.h"
#include "ir/notes.h"

#define FEW 16   /* longer lists and constants are abbreviated */

struct printer {
    struct th_str *out;
    const struct th_graph *g;
    uint32_t *number;      /* by value id: dense numbers in order of appearance */
    uint32_t next;
    int indent;
};

static void pad(struct printer *p)
{
    for (int i = 0; i < p->indent; i++)
        th_str_add(p->out, "  ");
}

static void add_name(struct th_str *out, const char *name)
{
    th_str_addc(out, '"');
    for (const unsigned char *p = (const unsigned char *)(name ? name : ""); *p; p++)
        if (*p == '"' || *p == '\\')
            th_str_addf(out, "\\%c", *p);
        else if (*p < 0x20 || *p >= 0x7f)
            th_str_addf(out, "\\x%02x", *p);
        else
            th_str_addc(out, (char)*p);
    th_str_addc(out, '"');
}

/* ---- types ----------------------------------------------------------------------------------- */

static void add_quant(struct th_str *out, const struct th_quant *q)
{
    if (!q)
        return;
    if (q->n == 1 && q->axis < 0) {
        th_str_addf(out, " q(%a, %" PRId64 ")", (double)q->scales[0], th_quant_zero(q, 0));
        return;
    }
    th_str_addf(out, " q(axis %d: ", q->axis);
    if (q->n <= FEW) {
        for (uint32_t i = 0; i < q->n; i++)
            th_str_addf(out, "%s%a", i ? " " : "", (double)q->scales[i]);
        for (uint32_t i = 0; i < q->n && q->zero_points; i++)
            th_str_addf(out, "%s%" PRId64, i ? " " : "; ", q->zero_points[i]);
    } else {
        th_str_addf(out, "%u scales #%016" PRIx64, q->n,
                    th_checksum(q->scales, q->n * sizeof *q->scales));
        bool zero = true;
        for (uint32_t i = 0; i < q->n; i++)
            zero &= th_quant_zero(q, i) == 0;
        if (!zero)
            th_str_addf(out, ", zeros #%016" PRIx64,
                        th_checksum(q->zero_points, q->n * sizeof *q->zero_points));
    }
    th_str_addc(out, ')');
}

static void add_type(struct th_str *out, const struct th_type *t)
{
    th_type_print(out, t);
    add_quant(out, t->quant);
}

static void add_data(struct th_str *out, const struct th_type *t, const struct th_blob *b)
{
    struct th_tensor view = {*t, NULL};
    int64_t n = th_type_elems(t);
    memcpy(&view.data, &(const void *){th_blob_data(b)}, sizeof view.data);
    if (n > FEW) {
        th_str_addf(out, "%zu bytes #%016" PRIx64, th_blob_size(b),
                    th_checksum(th_blob_data(b), th_blob_size(b)));
        return;
    }
    th_str_addc(out, '{');
    for (int64_t i = 0; i < n; i++) {
        th_str_add(out, i ? " " : "");
        if (th_dtype_is_float(t->dtype))
            th_str_addf(out, "%a", th_tensor_real(&view, i));
        else
            th_str_addf(out, "%" PRId64, th_tensor_int(&view, i));
    }
    th_str_addc(out, '}');
}

/* ---- values ---------------------------------------------------------------------------------- */

static uint32_t number(struct printer *p, th_value v)
{
    if (!p->number[v])
        p->number[v] = ++p->next;
    return p->number[v];
}

static void add_ref(struct printer *p, th_value v)
{
    if (v)
        th_str_addf(p->out, "%%%u", number(p, v));
    else
        th_str_addc(p->out, '_');
}

/* "%3 "name" s8[1,2] q(...)", then what is known beside it. */
static void add_value(struct printer *p, th_value v)
{
    float lo, hi;
    const char *name = th_value_name(p->g, v);
    struct th_place place = th_value_place(p->g, v);
    add_ref(p, v);
    th_str_addc(p->out, ' ');
    if (name && *name) {
        add_name(p->out, name);
        th_str_addc(p->out, ' ');
    }
    add_type(p->out, th_value_type(p->g, v));
    if (th_value_range(p->g, v, &lo, &hi))
        th_str_addf(p->out, " range(%a, %a)", (double)lo, (double)hi);
    if (place.region >= 0)
        th_str_addf(p->out, " @%d+%" PRId64, place.region, place.offset);
}

static void print_const(struct printer *p, th_value v)
{
    if (!v || p->number[v] || !th_value_is_const(p->g, v))
        return;
    pad(p);
    th_str_add(p->out, "const ");
    add_value(p, v);
    th_str_add(p->out, " = ");
    add_data(p->out, th_value_type(p->g, v), th_value_blob(p->g, v));
    th_str_addc(p->out, '\n');
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static const char *enum_name(const struct th_op *op, const struct th_attr *a)
{
    for (const struct th_attr_spec *s = op->attrs; s && s->name; s++)
        if (strcmp(s->name, a->name) == 0)
            for (int64_t i = 0; s->names && s->names[i]; i++)
                if (i == a->v.i)
                    return s->names[i];
    return "?";
}

static void add_attr(struct th_str *out, const struct th_op *op, const struct th_attr *a)
{
    th_str_addf(out, "%s=", a->name);
    switch (a->kind) {
    case TH_ATTR_INT:
        th_str_addf(out, "%" PRId64, a->v.i);
        break;
    case TH_ATTR_BOOL:
        th_str_add(out, a->v.i ? "true" : "false");
        break;
    case TH_ATTR_FLOAT:
        th_str_addf(out, "%a", a->v.f);
        break;
    case TH_ATTR_STRING:
        add_name(out, a->v.s);
        break;
    case TH_ATTR_INTS:
    case TH_ATTR_FLOATS:
        th_str_addc(out, '[');
        for (uint32_t i = 0; i < a->n; i++) {
            th_str_add(out, i ? " " : "");
            if (a->kind == TH_ATTR_INTS)
                th_str_addf(out, "%" PRId64, a->v.ints[i]);
            else
                th_str_addf(out, "%a", a->v.floats[i]);
        }
        th_str_addc(out, ']');
        break;
    case TH_ATTR_DTYPE:
        th_str_add(out, th_dtype_name((enum th_dtype)a->v.i));
        break;
    case TH_ATTR_ENUM:
        th_str_add(out, enum_name(op, a));
        break;
    case TH_ATTR_STATE:
        th_str_addf(out, "$%" PRId64, a->v.i);
        break;
    }
}

static void add_note(struct printer *p, th_node n)
{
    const struct th_kernel_note *k = th_node_note_const(p->g, n);
    if (!k || !k->row)
        return;
    th_str_addf(p->out, " kernel %s", k->row->symbol);
    if (k->scratch_bytes > 0)
        th_str_addf(p->out, " scratch %" PRId64 "@%d+%" PRId64, k->scratch_bytes,
                    k->scratch.region, k->scratch.offset);
}

static void add_loc(struct printer *p, th_node n)
{
    const struct th_loc *l = th_node_loc(p->g, n);
    if (!l || (l->node < 0 && !(l->name && *l->name)))
        return;
    th_str_add(p->out, " ;");
    if (l->node >= 0)
        th_str_addf(p->out, " #%" PRId64, l->node);
    if (l->name && *l->name) {
        th_str_addc(p->out, ' ');
        add_name(p->out, l->name);
    }
}

static void print_graph(struct th_str *out, const struct th_graph *g, int indent);

static void print_node(struct printer *p, th_node n)
{
    const struct th_op *op = th_node_op(p->g, n);
    const struct th_attrs *as = th_node_attrs(p->g, n);
    uint32_t n_in = th_node_input_count(p->g, n), n_out = th_node_output_count(p->g, n);
    for (uint32_t i = 0; i < n_in; i++)
        print_const(p, th_node_input(p->g, n, i));
    pad(p);
    for (uint32_t i = 0; i < n_out; i++) {
        th_str_add(p->out, i ? ", " : "");
        add_value(p, th_node_output(p->g, n, i));
    }
    th_str_addf(p->out, "%s%s(", n_out ? " = " : "", op->name);
    for (uint32_t i = 0; i < n_in; i++) {
        th_str_add(p->out, i ? ", " : "");
        add_ref(p, th_node_input(p->g, n, i));
    }
    th_str_addc(p->out, ')');
    for (uint32_t i = 0; i < as->n; i++) {
        th_str_add(p->out, i ? ", " : " {");
        add_attr(p->out, op, &as->list[i]);
    }
    th_str_add(p->out, as->n ? "}" : "");
    if (strcmp(th_node_contract(p->g, n), "tflite") != 0)
        th_str_addf(p->out, " contract %s", th_node_contract(p->g, n));
    add_note(p, n);
    add_loc(p, n);
    th_str_addc(p->out, '\n');
    for (uint32_t b = 0; b < th_node_body_count(p->g, n); b++)
        print_graph(p->out, th_node_body(p->g, n, b), p->indent + 1);
}

static void print_signature(struct printer *p)
{
    const struct th_graph *g = p->g;
    pad(p);
    th_str_add(p->out, th_graph_is_body(g) ? "body " : "function ");
    add_name(p->out, th_graph_name(g));
    th_str_add(p->out, " {\n");
    p->indent++;
    for (uint32_t i = 0; i < th_graph_input_count(g); i++) {
        th_value v = th_graph_input(g, i);
        pad(p);
        th_str_add(p->out, "input ");
        add_value(p, v);
        th_str_addc(p->out, '\n');
    }
}

static void print_graph(struct th_str *out, const struct th_graph *g, int indent)
{
    struct th_arena *a = th_arena_new(0);
    struct printer p = {out, g, NULL, 0, indent};
    if (a)
        p.number = TH_NEW_ARRAY(a, uint32_t, th_graph_value_limit(g) + 1);
    if (!p.number) {
        out->failed = true;
        th_arena_free(a);
        return;
    }
    print_signature(&p);
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n))
        print_node(&p, n);
    for (uint32_t i = 0; i < th_graph_output_count(g); i++) {
        th_value v = th_graph_output(g, i);
        print_const(&p, v);
        pad(&p);
        th_str_add(out, "output ");
        add_ref(&p, v);
        th_str_addc(out, ' ');
        add_name(out, th_graph_output_name(g, i));
        th_str_addc(out, '\n');
    }
    p.indent--;
    pad(&p);
    th_str_add(out, "}\n");
    th_arena_free(a);
}

void th_graph_print(const struct th_graph *g, struct th_str *out)
{
    print_graph(out, g, 0);
}

/* ---- programs -------------------------------------------------------------------------------- */

static void print_states(const struct th_program *p, struct th_str *out)
{
    static const char *const kinds[] = {"model", "frame", "trained"};
    for (th_state s = 1; s <= th_program_state_count(p); s++) {
        const struct th_blob *initial = th_state_initial(p, s);
        th_str_addf(out, "state $%u ", s);
        add_name(out, th_state_name(p, s));
        th_str_addc(out, ' ');
        add_type(out, th_state_type(p, s));
        th_str_addf(out, " %s", kinds[th_state_kind(p, s)]);
        if (th_program_plan(p)->n_regions)
            th_str_addf(out, " @%d+%" PRId64, TH_REGION_STATE, th_state_offset(p, s));
        if (initial) {
            th_str_add(out, " = ");
            add_data(out, th_state_type(p, s), initial);
        }
        th_str_addc(out, '\n');
    }
}

void th_program_print(const struct th_program *p, struct th_str *out)
{
    const struct th_plan_totals *plan = th_program_plan(p);
    th_str_add(out, "program ");
    add_name(out, th_program_source(p));
    if (*th_program_format(p))
        th_str_addf(out, " format %s", th_program_format(p));
    if (*th_program_sha256(p))
        th_str_addf(out, " sha256 %s", th_program_sha256(p));
    th_str_addc(out, '\n');
    for (uint32_t i = 0; i < plan->n_regions; i++)
        th_str_addf(out, "region %u %s %" PRId64 " bytes align %" PRId64 "%s\n", i,
                    plan->regions[i].name, plan->regions[i].bytes, plan->regions[i].align,
                    plan->regions[i].role == TH_ROLE_ARENA ? "" : " of the caller");
    print_states(p, out);
    for (uint32_t i = 0; i < th_program_function_count(p); i++)
        print_graph(out, th_program_function(p, i), 0);
}
