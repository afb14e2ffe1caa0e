/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a program from XML and its side file. The file is not trusted: no network, no document
 * types, no entities, sizes bounded by the parser, every reference and offset checked. All
 * problems are reported; values of a node that could not be built are poisoned, so that one
 * mistake is reported once.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <thimble/op.h>
#include <thimble/thimble.h>

#include "ir/base/files.h"
#include "ir/checksum.h"
#include "ir/ctx.h"
#include "ir/notes.h"
#include "ir/xml.h"
#include "ir/xml_parse.h"

#define MAX_XML_BYTES ((size_t)32 << 20)
#define MAX_SIDE_BYTES ((size_t)4 << 30)
#define MAX_BODY_DEPTH 32
#define MAX_FUNCTIONS 4096
#define POISON UINT32_MAX

struct reader {
    struct th_xml x;
    struct th_program *program;
    struct th_blob *side;
    int depth;
    bool planned;
    struct th_plan_totals plan;
};

/* Values of the graph being read, by the number they have in the file. */
struct scope {
    struct th_graph *g;
    th_value *of;
    uint32_t n, cap;
};

/* ---- types and data -------------------------------------------------------------------------- */

static bool read_quant(struct reader *r, const xmlNode *e, struct th_type *t)
{
    int64_t axis, *zeros = NULL;
    double *scales;
    uint32_t n, n_zeros;
    th_xml_allow(&r->x, e, "axis scales zeros");
    if (!th_xml_int(&r->x, e, "axis", -1, TH_MAX_RANK - 1, &axis) ||
        !th_xml_floats(&r->x, e, "scales", UINT32_MAX, &scales, &n))
        return false;
    if (th_xml_raw(e, "zeros") &&
        !th_xml_ints(&r->x, e, "zeros", UINT32_MAX, &zeros, &n_zeros))
        return false;
    uint64_t want = axis < 0 ? 1 : axis < t->rank ? (uint64_t)t->dims[axis] : 0;
    if (n != want || n == 0 || (zeros && n_zeros != n)) {
        th_xml_bad(&r->x, e, "%u scales and %u zero points on axis %" PRId64 ", the type wants %"
                   PRIu64, n, zeros ? n_zeros : 0, axis, want);
        return false;
    }
    float *f = TH_NEW_ARRAY(r->x.arena, float, n);
    if (!f)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        f[i] = (float)scales[i];
        if (!isfinite(f[i]) || !(f[i] > 0)) {
            th_xml_bad(&r->x, e, "scale %u is %a; scales are finite and positive", i, scales[i]);
            return false;
        }
    }
    t->quant = th_quant_new(th_program_arena(r->program), n, f, zeros, (int32_t)axis);
    return t->quant != NULL;
}

static bool read_type(struct reader *r, const xmlNode *parent, struct th_type *t)
{
    const xmlNode *e = th_xml_first(&r->x, parent);
    while (e && !th_xml_is(e, "type"))
        e = th_xml_next(&r->x, e);
    if (!e) {
        th_xml_bad(&r->x, parent, "element '%s' lacks a 'type'", (const char *)parent->name);
        return false;
    }
    const char *dtype = th_xml_text(&r->x, e, "dtype");
    int64_t *dims, bytes;
    uint32_t rank;
    th_xml_allow(&r->x, e, "dtype dims");
    if (!dtype || !th_xml_ints(&r->x, e, "dims", TH_MAX_RANK, &dims, &rank))
        return false;
    enum th_dtype dt = th_dtype_by_name(dtype);
    if (dt == TH_DT_NONE) {
        th_xml_bad(&r->x, e, "there is no element type '%.20s'", dtype);
        return false;
    }
    *t = th_type_make(dt, (int32_t)rank, dims);
    for (uint32_t i = 0; i < rank; i++)
        if (dims[i] < 0) {
            th_xml_bad(&r->x, e, "dimension %u is %" PRId64, i, dims[i]);
            return false;
        }
    if (!th_type_bytes(t, &bytes)) {
        th_xml_bad(&r->x, e, "the tensor is too large");
        return false;
    }
    const xmlNode *q = th_xml_first(&r->x, e);
    if (!q)
        return true;
    if (!th_xml_is(q, "quant") || th_xml_next(&r->x, q)) {
        th_xml_bad(&r->x, q, "a 'type' holds one 'quant' and nothing else");
        return false;
    }
    return read_quant(r, q, t);
}

/* The part of the side file that offset and bytes name; its size must be the type's. */
static struct th_blob *read_data(struct reader *r, const xmlNode *e, const struct th_type *t)
{
    int64_t offset, bytes, want, size = r->side ? (int64_t)th_blob_size(r->side) : 0;
    if (!th_xml_int(&r->x, e, "offset", 0, size, &offset) ||
        !th_xml_int(&r->x, e, "bytes", 0, size, &bytes) || !th_type_bytes(t, &want))
        return NULL;
    if (offset % TH_XML_ALIGN || bytes > size - offset || bytes != want) {
        th_xml_bad(&r->x, e, "%" PRId64 " bytes at %" PRId64 " of %" PRId64
                   " in the side file, the type wants %" PRId64 " at a multiple of %d", bytes,
                   offset, size, want, TH_XML_ALIGN);
        return NULL;
    }
    const unsigned char *p = th_blob_data(r->side);
    for (int64_t i = 0; t->dtype == TH_DT_BOOL && i < bytes; i++)
        if (p[offset + i] > 1) {
            th_xml_bad(&r->x, e, "element %" PRId64 " of a bool is %d", i, p[offset + i]);
            return NULL;
        }
    return th_blob_slice(r->side, (size_t)offset, (size_t)bytes);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Numbers must follow each other, so a table as long as the element list is enough. */
static bool define(struct reader *r, struct scope *s, const xmlNode *e, th_value v)
{
    int64_t id;
    bool ok = th_xml_int(&r->x, e, "id", 1, UINT32_MAX, &id);
    if (ok && (uint64_t)id != (uint64_t)s->n + 1) {
        th_xml_bad(&r->x, e, "value number %" PRId64 ", expected %u", id, s->n + 1);
        ok = false;
    }
    if (s->n < s->cap)
        s->of[++s->n] = ok && v ? v : POISON;
    return ok;
}

static bool lookup(struct reader *r, const struct scope *s, const xmlNode *e, const char *attr,
                   int64_t min, th_value *v)
{
    int64_t id;
    if (!th_xml_int(&r->x, e, attr, min, UINT32_MAX, &id))
        return false;
    if (id > s->n) {
        th_xml_bad(&r->x, e, "value %" PRId64 " does not exist (yet); the last is %u", id, s->n);
        return false;
    }
    *v = id ? s->of[id] : 0;
    return true;
}

/* What may stand beside the type: a range and a place. */
static void read_value_notes(struct reader *r, struct scope *s, const xmlNode *e, th_value v)
{
    for (const xmlNode *c = th_xml_first(&r->x, e); c; c = th_xml_next(&r->x, c)) {
        if (th_xml_is(c, "type"))
            continue;
        if (th_xml_is(c, "range")) {
            double lo, hi;
            th_xml_allow(&r->x, c, "lo hi");
            if (!th_xml_float(&r->x, c, "lo", &lo) || !th_xml_float(&r->x, c, "hi", &hi))
                continue;
            if (!(lo <= hi))
                th_xml_bad(&r->x, c, "range from %a to %a is empty", lo, hi);
            else if (v && v != POISON)
                th_value_set_range(s->g, v, (float)lo, (float)hi);
        } else if (th_xml_is(c, "place")) {
            int64_t region, offset;
            th_xml_allow(&r->x, c, "region offset");
            if (th_xml_int(&r->x, c, "region", 0, (int64_t)r->plan.n_regions - 1, &region) &&
                th_xml_int(&r->x, c, "offset", 0, INT64_MAX, &offset) && v && v != POISON)
                th_value_set_place(s->g, v, (struct th_place){(int32_t)region, offset});
        } else {
            th_xml_bad(&r->x, c, "element '%s' is not expected in '%s'", (const char *)c->name,
                       (const char *)e->name);
        }
    }
}

static void read_input(struct reader *r, struct scope *s, const xmlNode *e)
{
    struct th_type t;
    const char *name = th_xml_name(&r->x, e, "name");
    th_value v = 0;
    th_xml_allow(&r->x, e, "id name");
    if (read_type(r, e, &t) && name)
        v = th_graph_add_input(s->g, name, &t);
    define(r, s, e, v);
    read_value_notes(r, s, e, v);
}

static void read_const(struct reader *r, struct scope *s, const xmlNode *e)
{
    struct th_type t;
    const char *name = th_xml_name(&r->x, e, "name");
    th_value v = 0;
    th_xml_allow(&r->x, e, "id name offset bytes");
    if (read_type(r, e, &t) && name) {
        struct th_blob *b = read_data(r, e, &t);
        if (b)
            v = th_graph_add_const(s->g, name, &t, b);
    }
    define(r, s, e, v);
    read_value_notes(r, s, e, v);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static const struct th_attr_spec *find_spec(const struct th_op *op, const char *name)
{
    for (const struct th_attr_spec *s = op->attrs; s && s->name; s++)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

static bool read_enum(struct reader *r, const xmlNode *e, const struct th_op *op,
                      struct th_attr *a)
{
    const struct th_attr_spec *s = find_spec(op, a->name);
    int n = 0;
    while (s && s->names && s->names[n])
        n++;
    a->v.i = th_xml_choice(&r->x, e, "value", s ? s->names : NULL, n);
    return a->v.i >= 0;
}

static bool read_attr(struct reader *r, const xmlNode *e, const struct th_op *op,
                      struct th_attr *a)
{
    static const char *const kinds[] = TH_XML_ATTR_KINDS;
    const char *name = th_xml_text(&r->x, e, "name");
    int kind = th_xml_choice(&r->x, e, "type", kinds, TH_ARRAY_LEN(kinds));
    int64_t *ints;
    double *floats;
    th_xml_allow(&r->x, e, "name type value");
    if (!name || kind < 0)
        return false;
    *a = (struct th_attr){.name = name, .kind = (enum th_attr_kind)kind};
    switch (a->kind) {
    case TH_ATTR_INT:
        return th_xml_int(&r->x, e, "value", INT64_MIN, INT64_MAX, &a->v.i);
    case TH_ATTR_BOOL:
        return th_xml_int(&r->x, e, "value", 0, 1, &a->v.i);
    case TH_ATTR_STATE:
        return th_xml_int(&r->x, e, "value", 1, th_program_state_count(r->program), &a->v.i);
    case TH_ATTR_FLOAT:
        return th_xml_float(&r->x, e, "value", &a->v.f);
    case TH_ATTR_STRING:
        a->v.s = th_xml_name(&r->x, e, "value");
        return a->v.s != NULL;
    case TH_ATTR_INTS:
        if (!th_xml_ints(&r->x, e, "value", UINT32_MAX, &ints, &a->n))
            return false;
        a->v.ints = ints;
        return true;
    case TH_ATTR_FLOATS:
        if (!th_xml_floats(&r->x, e, "value", UINT32_MAX, &floats, &a->n))
            return false;
        a->v.floats = floats;
        return true;
    case TH_ATTR_DTYPE: {
        const char *s = th_xml_text(&r->x, e, "value");
        a->v.i = s ? th_dtype_by_name(s) : TH_DT_NONE;
        if (s && a->v.i == TH_DT_NONE)
            th_xml_bad(&r->x, e, "there is no element type '%.20s'", s);
        return a->v.i != TH_DT_NONE;
    }
    case TH_ATTR_ENUM:
        return read_enum(r, e, op, a);
    }
    return false;
}

static void read_loc(struct reader *r, const xmlNode *e, struct th_loc *l)
{
    int64_t line = 0, col = 0;
    th_xml_allow(&r->x, e, "file node name op offset line col");
    if (th_xml_raw(e, "file"))
        l->file = th_xml_name(&r->x, e, "file");
    if (th_xml_raw(e, "name"))
        l->name = th_xml_name(&r->x, e, "name");
    if (th_xml_raw(e, "op"))
        l->op = th_xml_name(&r->x, e, "op");
    if (th_xml_raw(e, "node") && !th_xml_int(&r->x, e, "node", 0, INT64_MAX, &l->node))
        l->node = -1;
    if (th_xml_raw(e, "offset") && !th_xml_int(&r->x, e, "offset", 0, INT64_MAX, &l->offset))
        l->offset = -1;
    if (th_xml_raw(e, "line") && th_xml_int(&r->x, e, "line", 0, INT32_MAX, &line))
        l->line = (int32_t)line;
    if (th_xml_raw(e, "col") && th_xml_int(&r->x, e, "col", 0, INT32_MAX, &col))
        l->col = (int32_t)col;
}

static bool row_of(const struct th_kernel *rows, size_t n, size_t size, const char *symbol,
                   const struct th_kernel **row)
{
    for (size_t i = 0; i < n; i++) {
        *row = (const void *)((const char *)rows + i * size);
        if (strcmp((*row)->symbol, symbol) == 0)
            return true;
    }
    return false;
}

/* The row of a backend (or added to it) by symbol. */
static bool find_row(const struct th_ctx *ctx, const char *backend, const char *symbol,
                     const struct th_kernel **row, const struct th_backend **owner)
{
    *owner = th_backend_find(ctx, backend);
    if (!*owner)
        return false;
    if (row_of((*owner)->kernels, (*owner)->n_kernels, (*owner)->kernel_size, symbol, row))
        return true;
    for (uint32_t i = 0; i < ctx->reg.kernel_rows.n; i++) {
        const struct th_kernel_rows *k = ctx->reg.kernel_rows.at[i];
        if (!strcmp(k->backend, backend) && row_of(k->rows, k->n, k->row_size, symbol, row))
            return true;
    }
    return false;
}

static void read_kernel(struct reader *r, const struct scope *s, const xmlNode *e, th_node n)
{
    const char *symbol = th_xml_text(&r->x, e, "symbol");
    const char *backend = th_xml_text(&r->x, e, "backend");
    struct th_kernel_note k = {0};
    int64_t region;
    th_xml_allow(&r->x, e, "symbol backend cycles code stack scratch align region offset");
    if (!symbol || !backend || !th_xml_float(&r->x, e, "cycles", &k.cost.cycles) ||
        !th_xml_int(&r->x, e, "code", 0, INT64_MAX, &k.cost.code_bytes) ||
        !th_xml_int(&r->x, e, "stack", 0, INT64_MAX, &k.cost.stack_bytes) ||
        !th_xml_int(&r->x, e, "scratch", 0, INT64_MAX, &k.scratch_bytes) ||
        !th_xml_int(&r->x, e, "align", 0, 65536, &k.scratch_align) ||
        !th_xml_int(&r->x, e, "region", -1, (int64_t)r->plan.n_regions - 1, &region) ||
        !th_xml_int(&r->x, e, "offset", 0, INT64_MAX, &k.scratch.offset))
        return;
    k.scratch.region = (int32_t)region;
    if (!find_row(r->x.ctx, backend, symbol, &k.row, &k.owner))
        th_xml_bad(&r->x, e, "backend '%.40s' with kernel '%.80s' is not there; is a plugin "
                   "missing?", backend, symbol);
    else if (n)
        *th_node_note(s->g, n) = k;
}

static struct th_graph *read_graph(struct reader *r, const xmlNode *e, bool body);

struct node_parts {
    th_value *in;
    struct th_attr *attrs;
    struct th_graph **bodies;
    struct th_type *out;
    const char **names;
    const xmlNode **outs;
    uint32_t n_in, n_attrs, n_bodies, n_out;
    struct th_loc loc;
    bool poisoned, wrong;
};

static size_t count_children(const xmlNode *e, const char *name)
{
    size_t n = 0;
    for (const xmlNode *c = e->children; c; c = c->next)
        n += c->type == XML_ELEMENT_NODE && th_xml_is(c, name);
    return n;
}

static bool make_room(struct reader *r, const xmlNode *e, struct node_parts *p)
{
    struct th_arena *a = r->x.arena;
    size_t n_out = count_children(e, "out");
    *p = (struct node_parts){.in = TH_NEW_ARRAY(a, th_value, count_children(e, "in")),
                             .attrs = TH_NEW_ARRAY(a, struct th_attr, count_children(e, "attr")),
                             .bodies = TH_NEW_ARRAY(a, struct th_graph *,
                                                    count_children(e, "body")),
                             .out = TH_NEW_ARRAY(a, struct th_type, n_out),
                             .names = TH_NEW_ARRAY(a, const char *, n_out),
                             .outs = TH_NEW_ARRAY(a, const xmlNode *, n_out),
                             .loc = TH_LOC_NONE};
    return p->in && p->attrs && p->bodies && p->out && p->names && p->outs;
}

static void read_part(struct reader *r, const struct scope *s, const xmlNode *c,
                      const struct th_op *op, struct node_parts *p)
{
    if (th_xml_is(c, "in")) {
        th_value v = POISON;
        th_xml_allow(&r->x, c, "value");
        p->wrong |= !lookup(r, s, c, "value", 0, &v);
        p->poisoned |= v == POISON;
        p->in[p->n_in++] = v;
    } else if (th_xml_is(c, "attr")) {
        if (op && read_attr(r, c, op, &p->attrs[p->n_attrs]))
            p->n_attrs++;
        else
            p->wrong = true;
    } else if (th_xml_is(c, "body")) {
        p->bodies[p->n_bodies] = read_graph(r, c, true);
        p->wrong |= !p->bodies[p->n_bodies++];
    } else if (th_xml_is(c, "out")) {
        th_xml_allow(&r->x, c, "id name");
        p->names[p->n_out] = th_xml_name(&r->x, c, "name");
        p->wrong |= !p->names[p->n_out] || !read_type(r, c, &p->out[p->n_out]);
        p->outs[p->n_out++] = c;
    } else if (th_xml_is(c, "loc")) {
        read_loc(r, c, &p->loc);
    } else if (!th_xml_is(c, "kernel") && !th_xml_is(c, "peak")) {
        th_xml_bad(&r->x, c, "element '%s' is not expected in 'node'", (const char *)c->name);
    }
}

/* Infer gave the shapes; what it does not know (quantization) is taken from the file. */
static void set_types(struct reader *r, struct scope *s, const struct node_parts *p,
                      const th_value *v)
{
    for (uint32_t i = 0; i < p->n_out; i++) {
        const struct th_type *have = th_value_type(s->g, v[i]);
        if (have->dtype != p->out[i].dtype || !th_type_same_shape(have, &p->out[i]))
            th_xml_bad(&r->x, p->outs[i], "output %u does not have the type its operands give", i);
        else if (!th_type_equal(have, &p->out[i]))
            th_value_set_type(s->g, v[i], &p->out[i]);
    }
}

static th_node build(struct reader *r, struct scope *s, const xmlNode *e, const struct th_op *op,
                     const char *contract, const struct node_parts *p, th_value *v)
{
    struct th_node_desc d = {.op = op->name, .contract = contract, .in = p->in, .n_in = p->n_in,
                             .attrs = p->attrs, .n_attrs = p->n_attrs, .bodies = p->bodies,
                             .n_bodies = p->n_bodies, .out = p->out, .out_names = p->names,
                             .n_out = p->n_out, .loc = p->loc};
    th_node n = 0;
    if (p->n_out > TH_MAX_OUTPUTS) {
        th_xml_bad(&r->x, e, "%u outputs, at most %d are possible", p->n_out, TH_MAX_OUTPUTS);
        return 0;
    }
    if (th_graph_add_node_nofold(s->g, &d, &n, v) != TH_OK) {
        th_xml_bad(&r->x, e, "this '%s' cannot be built", op->name);
        return 0;
    }
    set_types(r, s, p, v);
    return n;
}

static void read_node_notes(struct reader *r, const struct scope *s, const xmlNode *e, th_node n)
{
    for (const xmlNode *c = th_xml_first(&r->x, e); c; c = th_xml_next(&r->x, c)) {
        if (th_xml_is(c, "kernel"))
            read_kernel(r, s, c, n);
        if (th_xml_is(c, "peak") &&
            th_xml_int(&r->x, c, "live", 0, INT64_MAX, &r->plan.peak_live)) {
            r->plan.peak_graph = s->g;
            r->plan.peak_node = n;
        }
    }
}

static void read_node(struct reader *r, struct scope *s, const xmlNode *e)
{
    const char *name = th_xml_text(&r->x, e, "op");
    const char *contract = th_xml_text(&r->x, e, "contract");
    const struct th_op *op = name ? th_op_find(r->x.ctx, name) : NULL;
    th_value v[TH_MAX_OUTPUTS] = {0};
    struct node_parts p;
    th_xml_allow(&r->x, e, "op contract");
    if (!make_room(r, e, &p))
        return;
    if (name && !op)
        th_xml_bad(&r->x, e, "no operator is named '%.40s'; is a plugin missing?", name);
    for (const xmlNode *c = th_xml_first(&r->x, e); c; c = th_xml_next(&r->x, c))
        read_part(r, s, c, op, &p);
    th_node n = 0;
    if (op && contract && !p.wrong && !p.poisoned && r->x.problems < TH_XML_MAX_PROBLEMS)
        n = build(r, s, e, op, contract, &p, v);
    for (uint32_t i = 0; i < p.n_out; i++) {
        th_value out = n && i < TH_MAX_OUTPUTS ? v[i] : 0;
        define(r, s, p.outs[i], out);
        read_value_notes(r, s, p.outs[i], out);
    }
    read_node_notes(r, s, e, n);
}

/* ---- graphs ---------------------------------------------------------------------------------- */

static void read_output(struct reader *r, struct scope *s, const xmlNode *e)
{
    th_value v;
    const char *name = th_xml_name(&r->x, e, "name");
    th_xml_allow(&r->x, e, "name value");
    if (lookup(r, s, e, "value", 1, &v) && name && v != POISON &&
        th_graph_add_output(s->g, name, v) != TH_OK)
        th_xml_bad(&r->x, e, "this output cannot be added");
}

static void read_share(struct reader *r, struct scope *s, const xmlNode *e)
{
    struct th_share sh;
    int64_t exact, state;
    th_xml_allow(&r->x, e, "out in state distance above exact");
    if (!lookup(r, s, e, "out", 1, &sh.out) || !lookup(r, s, e, "in", 0, &sh.in) ||
        !th_xml_int(&r->x, e, "state", sh.in ? 0 : 1,
                    sh.in ? 0 : th_program_state_count(r->program), &state) ||
        !th_xml_int(&r->x, e, "distance", -INT64_MAX, INT64_MAX, &sh.distance) ||
        !th_xml_int(&r->x, e, "above", 0, INT64_MAX, &sh.above) ||
        !th_xml_int(&r->x, e, "exact", 0, 1, &exact))
        return;
    sh.exact = exact;
    sh.state = (th_state)state;
    if (sh.out != POISON && sh.in != POISON)
        th_graph_add_share(s->g, &sh);
}

/* Room for every value that the graph's own elements can define. */
static uint32_t count_values(const xmlNode *e)
{
    size_t n = count_children(e, "input") + count_children(e, "const");
    for (const xmlNode *c = e->children; c; c = c->next)
        if (c->type == XML_ELEMENT_NODE && th_xml_is(c, "node"))
            n += count_children(c, "out");
    return (uint32_t)n;
}

static struct th_graph *read_graph(struct reader *r, const xmlNode *e, bool body)
{
    const char *name = th_xml_name(&r->x, e, "name");
    uint32_t cap = count_values(e);
    struct scope s = {NULL, TH_NEW_ARRAY(r->x.arena, th_value, cap + 1), 0, cap};
    th_xml_allow(&r->x, e, "name");
    if (!name || !s.of)
        return NULL;
    if (r->depth == MAX_BODY_DEPTH) {
        th_xml_bad(&r->x, e, "bodies are nested more than %d deep", MAX_BODY_DEPTH);
        return NULL;
    }
    if (!body && th_program_function_count(r->program) == MAX_FUNCTIONS) {
        th_xml_bad(&r->x, e, "more than %d functions", MAX_FUNCTIONS);
        return NULL;
    }
    if (!body && th_program_function_by_name(r->program, name)) {
        th_xml_bad(&r->x, e, "two functions have the same name");
        return NULL;
    }
    s.g = body ? th_program_add_body(r->program, name) : th_program_add_function(r->program, name);
    if (!s.g)
        return NULL;
    r->depth++;
    for (const xmlNode *c = th_xml_first(&r->x, e); c; c = th_xml_next(&r->x, c)) {
        if (th_xml_is(c, "input"))
            read_input(r, &s, c);
        else if (th_xml_is(c, "const"))
            read_const(r, &s, c);
        else if (th_xml_is(c, "node"))
            read_node(r, &s, c);
        else if (th_xml_is(c, "output"))
            read_output(r, &s, c);
        else if (th_xml_is(c, "share"))
            read_share(r, &s, c);
        else
            th_xml_bad(&r->x, c, "element '%s' is not expected in '%s'", (const char *)c->name,
                       (const char *)e->name);
    }
    r->depth--;
    return s.g;
}

/* ---- programs -------------------------------------------------------------------------------- */

static void read_plan(struct reader *r, const xmlNode *e)
{
    uint32_t n = 0;
    for (const xmlNode *c = e->children; c; c = c->next)
        n++;
    struct th_plan_region *list = TH_NEW_ARRAY(th_program_arena(r->program),
                                               struct th_plan_region, n + 1);
    th_xml_allow(&r->x, e, "");
    if (!list)
        return;
    n = 0;
    for (const xmlNode *c = th_xml_first(&r->x, e); c; c = th_xml_next(&r->x, c)) {
        struct th_plan_region *p = &list[n];
        const char *name = th_xml_name(&r->x, c, "name");
        static const char *const roles[] = TH_XML_CALLER_ROLES;
        const int role = th_xml_raw(c, "caller")
                             ? th_xml_choice(&r->x, c, "caller", roles, TH_ARRAY_LEN(roles)) : -1;
        const char *memory = th_xml_raw(c, "memory") ? th_xml_name(&r->x, c, "memory") : NULL;
        th_xml_allow(&r->x, c, "name bytes align bound memory caller");
        if (!th_xml_is(c, "region"))
            th_xml_bad(&r->x, c, "a plan holds regions only");
        else if (name && th_xml_int(&r->x, c, "bytes", 0, INT64_MAX, &p->bytes) &&
                 th_xml_int(&r->x, c, "align", 0, 65536, &p->align) &&
                 th_xml_int(&r->x, c, "bound", 0, INT64_MAX, &p->lower_bound)) {
            p->name = th_arena_strdup(th_program_arena(r->program), name);
            p->memory = memory ? th_arena_strdup(th_program_arena(r->program), memory) : NULL;
            p->role = (enum th_region_role)(role + 1);
            r->plan.n_caller += role >= 0;
            n++;
        }
    }
    r->plan.regions = list;
    r->plan.n_regions = n;
}

static void read_state(struct reader *r, const xmlNode *e)
{
    static const char *const kinds[] = TH_XML_STATE_KINDS;
    int64_t id, place = 0, next = (int64_t)th_program_state_count(r->program) + 1;
    const char *name = th_xml_name(&r->x, e, "name");
    int kind = th_xml_choice(&r->x, e, "kind", kinds, TH_ARRAY_LEN(kinds));
    struct th_blob *initial = NULL;
    struct th_type t;
    th_xml_allow(&r->x, e, "id name kind place offset bytes");
    if (!th_xml_int(&r->x, e, "id", next, next, &id) || !name || kind < 0 || !read_type(r, e, &t))
        return;
    if (th_xml_raw(e, "offset")) {
        initial = read_data(r, e, &t);
        if (!initial)
            return;
    }
    th_state s = th_program_add_state(r->program, name, &t, (enum th_state_kind)kind, initial);
    if (s && th_xml_raw(e, "place") &&
        th_xml_int(&r->x, e, "place", 0, INT64_MAX, &place))
        th_state_set_offset(r->program, s, place);
}

/* The side file, checked against size and checksum that the XML names. */
static void read_side(struct reader *r, const xmlNode *root, const char *path)
{
    const xmlNode *e = th_xml_first(&r->x, root);
    while (e && !th_xml_is(e, "weights"))
        e = th_xml_next(&r->x, e);
    int64_t bytes;
    const char *check = e ? th_xml_text(&r->x, e, "check") : NULL;
    if (!e)
        th_xml_bad(&r->x, root, "element 'weights' is missing");
    if (!check || !th_xml_int(&r->x, e, "bytes", 0, INT64_MAX, &bytes))
        return;
    th_xml_allow(&r->x, e, "bytes check");
    const char *name = th_arena_printf(r->x.arena, "%s" TH_XML_SIDE, path);
    if (!name || th_file_map(r->x.ctx, name, MAX_SIDE_BYTES, &r->side) != TH_OK) {
        r->x.failed = true;
        return;
    }
    char sum[17];
    size_t have = th_blob_size(r->side);
    const char *s = th_arena_printf(r->x.arena, "%016" PRIx64,
                                    th_checksum(th_blob_data(r->side), have));
    memcpy(sum, s ? s : "", s ? sizeof sum : 1);
    if ((uint64_t)bytes != have || strcmp(sum, check) != 0) {
        th_xml_bad(&r->x, e, "the side file has %zu bytes and checksum %s, but %" PRId64
                   " and %.16s are expected: it belongs to another file", have, sum, bytes, check);
        th_blob_unref(r->side);
        r->side = NULL;
    }
}

static void read_root(struct reader *r, const xmlNode *root, const char *path)
{
    const char *version = th_xml_text(&r->x, root, "version");
    if (!th_xml_is(root, TH_XML_ROOT) || !version || strcmp(version, TH_XML_VERSION) != 0) {
        th_xml_bad(&r->x, root, "not a '" TH_XML_ROOT "' of version " TH_XML_VERSION);
        return;
    }
    th_xml_allow(&r->x, root, "version source format sha256");
    const char *source = th_xml_name(&r->x, root, "source");
    const char *format = th_xml_name(&r->x, root, "format");
    const char *sha256 = th_xml_name(&r->x, root, "sha256");
    if (source && format && sha256)
        th_program_set_source(r->program, source, format, sha256);
    read_side(r, root, path);
    for (const xmlNode *c = th_xml_first(&r->x, root); c; c = th_xml_next(&r->x, c)) {
        if (th_xml_is(c, "plan"))
            read_plan(r, c);
        else if (th_xml_is(c, "state"))
            read_state(r, c);
        else if (th_xml_is(c, "function"))
            read_graph(r, c, false);
        else if (!th_xml_is(c, "weights"))
            th_xml_bad(&r->x, c, "element '%s' is not expected here", (const char *)c->name);
    }
    if (r->plan.n_regions)
        th_program_set_plan(r->program, &r->plan);
    if (!r->x.failed && !th_program_function_count(r->program))
        th_xml_bad(&r->x, root, "there is no function");
}

enum th_status th_program_read_xml(struct th_ctx *ctx, const char *path, struct th_program **out)
{
    struct th_blob *file = NULL;
    TH_TRY(th_file_map(ctx, path, MAX_XML_BYTES, &file));
    struct reader r = {.x = {ctx, th_base_name(path), th_ctx_read_arena(ctx), false, 0},
                       .program = th_program_new(ctx)};
    xmlDoc *doc = r.x.arena && r.program ? th_xml_load(&r.x, file) : NULL;
    if (doc)
        read_root(&r, xmlDocGetRootElement(doc), path);
    bool ok = doc && !r.x.failed;
    enum th_status st = !ok ? TH_ERR_INPUT : th_program_verify(r.program);
    xmlFreeDoc(doc);
    th_blob_unref(file);
    th_blob_unref(r.side);
    th_arena_free(r.x.arena);
    if (st == TH_OK)
        *out = r.program;
    else
        th_program_free(r.program);
    return st;
}
