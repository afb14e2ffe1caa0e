/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a program as XML and a side file of weights. */
#include <inttypes.h>
#include <string.h>

#include <libxml/parserInternals.h>
#include <libxml/xmlwriter.h>

#include <thimble/op.h>
#include <thimble/thimble.h>

#include "ir/base/files.h"
#include "ir/checksum.h"
#include "ir/notes.h"
#include "ir/xml.h"

struct place {
    const void *data;
    size_t bytes, offset;
};

struct writer {
    xmlTextWriter *w;
    struct th_arena *arena;
    struct th_str side;          /* the weights */
    struct place *places;
    uint32_t n_places, cap_places;
    const struct th_plan_totals *plan;
    bool failed;
};

/* ---- small parts ----------------------------------------------------------------------------- */

static void begin(struct writer *w, const char *element)
{
    if (xmlTextWriterStartElement(w->w, (const xmlChar *)element) < 0)
        w->failed = true;
}

static void end(struct writer *w)
{
    if (xmlTextWriterEndElement(w->w) < 0)
        w->failed = true;
}

static void put(struct writer *w, const char *name, const char *value)
{
    if (!value || xmlTextWriterWriteAttribute(w->w, (const xmlChar *)name,
                                              (const xmlChar *)value) < 0)
        w->failed = true;
}

static void put_int(struct writer *w, const char *name, int64_t v)
{
    put(w, name, th_arena_printf(w->arena, "%" PRId64, v));
}

static void put_float(struct writer *w, const char *name, double v)
{
    put(w, name, th_arena_printf(w->arena, "%a", v));
}

/* Whether all of s may stand in XML as it is. */
static bool plain_text(const char *s)
{
    for (const unsigned char *p = (const unsigned char *)s; *p;) {
        int len = 4;
        int c = xmlGetUTF8Char(p, &len);
        if (c < 0x20 || !IS_CHAR(c))
            return false;
        p += len;
    }
    return true;
}

/* A name that may hold anything. */
static void put_name(struct writer *w, const char *attr, const char *s)
{
    struct th_str b;
    bool plain = plain_text(s);
    th_str_init(&b);
    for (const unsigned char *p = (const unsigned char *)s; *p; p++) {
        if (*p == '\\')
            th_str_add(&b, "\\\\");
        else if (plain || (*p >= 0x20 && *p < 0x7f))
            th_str_addc(&b, (char)*p);
        else
            th_str_addf(&b, "\\x%02x", *p);
    }
    if (b.failed)
        w->failed = true;
    put(w, attr, b.s);
    th_str_release(&b);
}

static void put_ints(struct writer *w, const char *name, const int64_t *v, uint32_t n)
{
    struct th_str b;
    th_str_init(&b);
    for (uint32_t i = 0; i < n; i++)
        th_str_addf(&b, "%s%" PRId64, i ? " " : "", v[i]);
    if (b.failed)
        w->failed = true;
    put(w, name, b.s);
    th_str_release(&b);
}

static void put_floats(struct writer *w, const char *name, const float *f, const double *d,
                       uint32_t n)
{
    struct th_str b;
    th_str_init(&b);
    for (uint32_t i = 0; i < n; i++)
        th_str_addf(&b, "%s%a", i ? " " : "", f ? (double)f[i] : d[i]);
    if (b.failed)
        w->failed = true;
    put(w, name, b.s);
    th_str_release(&b);
}

static void put_type(struct writer *w, const struct th_type *t)
{
    begin(w, "type");
    put(w, "dtype", th_dtype_name(t->dtype));
    put_ints(w, "dims", t->dims, (uint32_t)t->rank);
    if (t->quant) {
        begin(w, "quant");
        put_int(w, "axis", t->quant->axis);
        put_floats(w, "scales", t->quant->scales, NULL, t->quant->n);
        if (t->quant->zero_points)
            put_ints(w, "zeros", t->quant->zero_points, t->quant->n);
        end(w);
    }
    end(w);
}

/* ---- data ------------------------------------------------------------------------------------ */

static bool remember(struct writer *w, const struct place *p)
{
    if (w->n_places == w->cap_places) {
        uint32_t cap = w->cap_places ? 2 * w->cap_places : 64;
        struct place *list = TH_NEW_ARRAY(w->arena, struct place, cap);
        if (!list)
            return false;
        if (w->n_places)
            memcpy(list, w->places, w->n_places * sizeof *list);
        w->places = list;
        w->cap_places = cap;
    }
    w->places[w->n_places++] = *p;
    return true;
}

/* Offset and length of the bytes in the side file; the same memory is written once. */
static void put_data(struct writer *w, const struct th_blob *b)
{
    struct place p = {th_blob_data(b), th_blob_size(b), 0};
    uint32_t i;
    for (i = 0; i < w->n_places; i++)
        if (w->places[i].data == p.data && w->places[i].bytes == p.bytes)
            break;
    if (i == w->n_places) {
        while (w->side.len % TH_XML_ALIGN && !w->side.failed)
            th_str_addc(&w->side, '\0');
        p.offset = w->side.len;
        th_str_addn(&w->side, p.data, p.bytes);
        if (!remember(w, &p) || w->side.failed)
            w->failed = true;
    } else {
        p.offset = w->places[i].offset;
    }
    put_int(w, "offset", (int64_t)p.offset);
    put_int(w, "bytes", (int64_t)p.bytes);
}

/* ---- graphs ---------------------------------------------------------------------------------- */

struct numbers {
    const struct th_graph *g;
    uint32_t *of;                /* by value id */
    uint32_t next;
};

static void put_value(struct writer *w, struct numbers *k, const char *element, th_value v)
{
    float lo, hi;
    struct th_place place = th_value_place(k->g, v);
    k->of[v] = ++k->next;
    begin(w, element);
    put_int(w, "id", k->of[v]);
    put_name(w, "name", th_value_name(k->g, v));
    if (th_value_is_const(k->g, v))
        put_data(w, th_value_blob(k->g, v));
    put_type(w, th_value_type(k->g, v));
    if (th_value_range(k->g, v, &lo, &hi)) {
        begin(w, "range");
        put_float(w, "lo", (double)lo);
        put_float(w, "hi", (double)hi);
        end(w);
    }
    if (place.region >= 0) {
        begin(w, "place");
        put_int(w, "region", place.region);
        put_int(w, "offset", place.offset);
        end(w);
    }
    end(w);
}

static void put_const(struct writer *w, struct numbers *k, th_value v)
{
    if (v && !k->of[v] && th_value_is_const(k->g, v))
        put_value(w, k, "const", v);
}

static const char *enum_choice(const struct th_op *op, const struct th_attr *a)
{
    for (const struct th_attr_spec *s = op->attrs; s && s->name; s++)
        for (int64_t i = 0; !strcmp(s->name, a->name) && s->names && s->names[i]; i++)
            if (i == a->v.i)
                return s->names[i];
    return NULL;
}

static void put_attr(struct writer *w, const struct th_op *op, const struct th_attr *a)
{
    static const char *const kinds[] = TH_XML_ATTR_KINDS;
    begin(w, "attr");
    put(w, "name", a->name);
    put(w, "type", kinds[a->kind]);
    switch (a->kind) {
    case TH_ATTR_INT:
    case TH_ATTR_BOOL:
    case TH_ATTR_STATE:
        put_int(w, "value", a->v.i);
        break;
    case TH_ATTR_FLOAT:
        put_float(w, "value", a->v.f);
        break;
    case TH_ATTR_STRING:
        put_name(w, "value", a->v.s);
        break;
    case TH_ATTR_INTS:
        put_ints(w, "value", a->v.ints, a->n);
        break;
    case TH_ATTR_FLOATS:
        put_floats(w, "value", NULL, a->v.floats, a->n);
        break;
    case TH_ATTR_DTYPE:
        put(w, "value", th_dtype_name((enum th_dtype)a->v.i));
        break;
    case TH_ATTR_ENUM:
        put(w, "value", enum_choice(op, a));
        break;
    }
    end(w);
}

static void put_loc(struct writer *w, const struct th_loc *l)
{
    begin(w, "loc");
    if (l->file)
        put_name(w, "file", l->file);
    if (l->node >= 0)
        put_int(w, "node", l->node);
    if (l->name)
        put_name(w, "name", l->name);
    if (l->op)
        put_name(w, "op", l->op);
    if (l->offset >= 0)
        put_int(w, "offset", l->offset);
    if (l->line)
        put_int(w, "line", l->line);
    if (l->col)
        put_int(w, "col", l->col);
    end(w);
}

static void put_note(struct writer *w, const struct th_graph *g, th_node n)
{
    const struct th_kernel_note *k = th_node_note_const(g, n);
    if (k && k->row) {
        begin(w, "kernel");
        put(w, "symbol", k->row->symbol);
        put(w, "backend", k->owner->name);
        put_float(w, "cycles", k->cost.cycles);
        put_int(w, "code", k->cost.code_bytes);
        put_int(w, "stack", k->cost.stack_bytes);
        put_int(w, "scratch", k->scratch_bytes);
        put_int(w, "align", k->scratch_align);
        put_int(w, "region", k->scratch.region);
        put_int(w, "offset", k->scratch.offset);
        end(w);
    }
    if (w->plan->n_regions && w->plan->peak_graph == g && w->plan->peak_node == n) {
        begin(w, "peak");
        put_int(w, "live", w->plan->peak_live);
        end(w);
    }
}

static void put_graph(struct writer *w, const struct th_graph *g, const char *element);

static void put_node(struct writer *w, struct numbers *k, th_node n)
{
    const struct th_op *op = th_node_op(k->g, n);
    const struct th_attrs *as = th_node_attrs(k->g, n);
    uint32_t n_in = th_node_input_count(k->g, n);
    for (uint32_t i = 0; i < n_in; i++)
        put_const(w, k, th_node_input(k->g, n, i));
    begin(w, "node");
    put(w, "op", op->name);
    put(w, "contract", th_node_contract(k->g, n));
    for (uint32_t i = 0; i < n_in; i++) {
        th_value v = th_node_input(k->g, n, i);
        begin(w, "in");
        put_int(w, "value", v ? k->of[v] : 0);
        end(w);
    }
    for (uint32_t i = 0; i < as->n; i++)
        put_attr(w, op, &as->list[i]);
    for (uint32_t i = 0; i < th_node_body_count(k->g, n); i++)
        put_graph(w, th_node_body(k->g, n, i), "body");
    for (uint32_t i = 0; i < th_node_output_count(k->g, n); i++)
        put_value(w, k, "out", th_node_output(k->g, n, i));
    put_loc(w, th_node_loc(k->g, n));
    put_note(w, k->g, n);
    end(w);
}

static void put_shares(struct writer *w, const struct numbers *k)
{
    for (uint32_t i = 0; i < th_graph_share_count(k->g); i++) {
        const struct th_share *s = th_graph_share(k->g, i);
        begin(w, "share");
        put_int(w, "out", k->of[s->out]);
        put_int(w, "in", s->in ? k->of[s->in] : 0);
        put_int(w, "state", s->state);
        put_int(w, "distance", s->distance);
        put_int(w, "above", s->above);
        put_int(w, "exact", s->exact);
        end(w);
    }
}

static void put_graph(struct writer *w, const struct th_graph *g, const char *element)
{
    struct numbers k = {g, TH_NEW_ARRAY(w->arena, uint32_t, th_graph_value_limit(g) + 1), 0};
    if (!k.of) {
        w->failed = true;
        return;
    }
    begin(w, element);
    put_name(w, "name", th_graph_name(g));
    for (uint32_t i = 0; i < th_graph_input_count(g); i++)
        put_value(w, &k, "input", th_graph_input(g, i));
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n))
        put_node(w, &k, n);
    for (uint32_t i = 0; i < th_graph_output_count(g); i++)
        put_const(w, &k, th_graph_output(g, i));
    for (uint32_t i = 0; i < th_graph_output_count(g); i++) {
        begin(w, "output");
        put_name(w, "name", th_graph_output_name(g, i));
        put_int(w, "value", k.of[th_graph_output(g, i)]);
        end(w);
    }
    put_shares(w, &k);
    end(w);
}

/* ---- programs -------------------------------------------------------------------------------- */

static void put_plan(struct writer *w)
{
    static const char *const roles[] = TH_XML_CALLER_ROLES;
    if (!w->plan->n_regions)
        return;
    begin(w, "plan");
    for (uint32_t i = 0; i < w->plan->n_regions; i++) {
        const struct th_plan_region *r = &w->plan->regions[i];
        begin(w, "region");
        put_name(w, "name", r->name);
        put_int(w, "bytes", r->bytes);
        put_int(w, "align", r->align);
        put_int(w, "bound", r->lower_bound);
        if (r->memory)
            put_name(w, "memory", r->memory);
        if (r->role != TH_ROLE_ARENA)
            put_name(w, "caller", roles[r->role - TH_ROLE_INPUT]);
        end(w);
    }
    end(w);
}

static void put_states(struct writer *w, const struct th_program *p)
{
    static const char *const kinds[] = TH_XML_STATE_KINDS;
    for (th_state s = 1; s <= th_program_state_count(p); s++) {
        begin(w, "state");
        put_int(w, "id", s);
        put_name(w, "name", th_state_name(p, s));
        put(w, "kind", kinds[th_state_kind(p, s)]);
        if (th_state_offset(p, s) >= 0)
            put_int(w, "place", th_state_offset(p, s));
        if (th_state_initial(p, s))
            put_data(w, th_state_initial(p, s));
        put_type(w, th_state_type(p, s));
        end(w);
    }
}

static void put_program(struct writer *w, const struct th_program *p)
{
    if (xmlTextWriterSetIndent(w->w, 1) < 0 ||
        xmlTextWriterStartDocument(w->w, NULL, "UTF-8", NULL) < 0)
        w->failed = true;
    begin(w, TH_XML_ROOT);
    put(w, "version", TH_XML_VERSION);
    put_name(w, "source", th_program_source(p));
    put_name(w, "format", th_program_format(p));
    put_name(w, "sha256", th_program_sha256(p));
    put_plan(w);
    put_states(w, p);
    for (uint32_t i = 0; i < th_program_function_count(p); i++)
        put_graph(w, th_program_function(p, i), "function");
    /* last, when everything is known */
    begin(w, "weights");
    put_int(w, "bytes", (int64_t)w->side.len);
    put(w, "check", th_arena_printf(w->arena, "%016" PRIx64,
                                    th_checksum(w->side.s, w->side.len)));
    end(w);
    end(w);
    if (xmlTextWriterEndDocument(w->w) < 0)
        w->failed = true;
}

/* The side file first: an XML file never stands without its weights. */
static enum th_status save(struct th_ctx *ctx, const char *path, const xmlBuffer *xml,
                           const struct th_str *side)
{
    struct th_str name;
    th_str_init(&name);
    th_str_addf(&name, "%s" TH_XML_SIDE, path);
    enum th_status st = name.failed ? TH_ERR_INTERNAL
                                    : th_file_write(ctx, name.s, side->s, side->len);
    if (st == TH_OK)
        st = th_file_write(ctx, path, xmlBufferContent(xml), (size_t)xmlBufferLength(xml));
    th_str_release(&name);
    return st;
}

enum th_status th_program_write_xml(const struct th_program *p, const char *path)
{
    struct th_ctx *ctx = th_program_ctx(p);
    xmlBuffer *xml = xmlBufferCreate();
    struct writer w = {.w = xml ? xmlNewTextWriterMemory(xml, 0) : NULL,
                       .arena = th_arena_new(0), .plan = th_program_plan(p)};
    th_str_init(&w.side);
    w.failed = !w.w || !w.arena;
    if (!w.failed)
        put_program(&w, p);
    if (w.w)
        xmlFreeTextWriter(w.w);
    enum th_status st = w.failed ? TH_ERR_INTERNAL : save(ctx, path, xml, &w.side);
    if (w.failed)
        th_error(ctx, NULL, 0, "out of memory while writing '%s'", path);
    if (xml)
        xmlBufferFree(xml);
    th_str_release(&w.side);
    th_arena_free(w.arena);
    return st;
}
