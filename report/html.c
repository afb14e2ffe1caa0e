/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report as one page: tables, and the arena drawn as time against address. libxml2's writer
 * escapes every name. No script, nothing from outside.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <libxml/xmlwriter.h>

#include "report/report.h"

#define DRAW_WIDTH 960
#define DRAW_HEIGHT 320
#define MOST_BLOCKS 4000     /* a drawing of more is not readable */

static const char style[] =
    "body{font:14px/1.4 system-ui,sans-serif;margin:2em auto;max-width:1100px;color:#222}"
    "table{border-collapse:collapse;margin:1em 0}"
    "td,th{border-bottom:1px solid #ddd;padding:2px 8px;text-align:left;white-space:nowrap}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}"
    "tr.peak td{background:#fff0e0}tr.sum td{font-weight:600}"
    ".wide{overflow-x:auto}svg{border:1px solid #ccc;background:#fafafa}"
    "svg text{font:11px system-ui,sans-serif;fill:#555}"
    "rect.v{fill:#6aa3d8;stroke:#fff;stroke-width:.5}"
    "rect.s{fill:#e0a050;stroke:#fff;stroke-width:.5}"
    "rect.k{fill:#86b86a;stroke:#fff;stroke-width:.5}code{font-size:12px}";

struct page {
    xmlTextWriter *w;
    bool failed;
};

static void check(struct page *p, int result)
{
    p->failed |= result < 0;
}

static void open_tag(struct page *p, const char *tag)
{
    check(p, xmlTextWriterStartElement(p->w, (const xmlChar *)tag));
}

/* HTML reads "<code/>" as "<code>": only void elements may be written so. */
static void close_tag(struct page *p)
{
    check(p, xmlTextWriterFullEndElement(p->w));
}

static void close_void(struct page *p)
{
    check(p, xmlTextWriterEndElement(p->w));
}

static void attr(struct page *p, const char *name, const char *value)
{
    check(p, xmlTextWriterWriteAttribute(p->w, (const xmlChar *)name, (const xmlChar *)value));
}

static void attr_real(struct page *p, const char *name, double v)
{
    check(p, xmlTextWriterWriteFormatAttribute(p->w, (const xmlChar *)name, "%.2f", v));
}

/* Text of any origin: bytes that XML or UTF-8 forbid are escaped first. */
static void text(struct page *p, const char *s)
{
    bool plain = true;
    for (const unsigned char *c = (const unsigned char *)s; *c; c++)
        plain &= (*c >= 0x20 && *c < 0x7f) || *c == '\n';
    struct th_str safe;
    th_str_init(&safe);
    if (!plain)
        th_str_add_escaped(&safe, s);
    check(p, xmlTextWriterWriteString(p->w, (const xmlChar *)(plain ? s : safe.s)));
    th_str_release(&safe);
}

static void element(struct page *p, const char *tag, const char *class, const char *s)
{
    open_tag(p, tag);
    if (class)
        attr(p, "class", class);
    text(p, s);
    close_tag(p);
}

static void number(struct page *p, const char *tag, int64_t v)
{
    char s[24];
    snprintf(s, sizeof s, "%" PRId64, v);
    element(p, tag, "n", s);
}

static void fact(struct page *p, const char *name, int64_t bytes, const char *note)
{
    open_tag(p, "tr");
    element(p, "th", NULL, name);
    number(p, "td", bytes);
    element(p, "td", NULL, note);
    close_tag(p);
}

/* ---- sums ------------------------------------------------------------------------------------- */

static void write_regions(struct page *p, const struct th_report *r)
{
    for (uint32_t i = 0; i < r->n_regions; i++) {
        const struct th_mem_region *m = r->region_of[i];
        struct th_str s;
        if (!r->regions[i].bytes)
            continue;
        th_str_init(&s);
        th_str_addf(&s, "bytes of region '%s'", r->regions[i].name);
        if (m && m->bytes)
            th_str_addf(&s, ", which has %" PRIu64, m->bytes);
        fact(p, "region", r->regions[i].bytes, s.s);
        th_str_release(&s);
    }
}

static void write_sums(struct page *p, const struct th_report *r)
{
    element(p, "h2", NULL, "Sums");
    open_tag(p, "table");
    if (r->n_regions) {
        fact(p, "arena", r->arena_bytes, "bytes, exact");
        fact(p, "state", r->state_bytes, "bytes of it kept between calls");
        fact(p, "transient", r->transient_bytes, "bytes of it that may be shared between calls");
        fact(p, "lower bound", r->lower_bound, "bytes that this order needs at least");
        write_regions(p, r);
        fact(p, "inputs", r->input_bytes, r->caller_io ? "bytes in the caller's memory"
                                                       : "bytes inside the arena");
        fact(p, "outputs", r->output_bytes, r->caller_io ? "bytes in the caller's memory"
                                                         : "bytes inside the arena");
    }
    fact(p, "data", r->data_bytes, r->packed ? "bytes of weights, tables and constants, exact"
                                             : "bytes of constants in the model");
    if (r->n_kernels) {
        fact(p, "code", r->code_bound, r->n_unmeasured ? "bytes: bound of the measured kernels"
                                                       : "bytes: bound of the kernels");
        fact(p, "stack", r->stack_bound, "bytes: bound of the deepest kernel");
    }
    fact(p, "work", r->macs, "multiply-accumulates");
    if (r->peak)
        fact(p, "peak", r->peak_live, r->peak->name);
    close_tag(p);
}

/* ---- the arena -------------------------------------------------------------------------------- */

struct drawing {
    double per_step, per_byte;
    uint32_t first;          /* step at the left edge */
};

static void write_block(struct page *p, const struct drawing *d, const struct th_report_block *b,
                        int64_t start)
{
    struct th_str s;
    open_tag(p, "rect");
    attr(p, "class", b->scratch ? "k" : b->region == TH_REGION_STATE ? "s" : "v");
    attr_real(p, "x", (b->first - d->first) * d->per_step);
    attr_real(p, "y", (double)(start + b->offset) * d->per_byte);
    attr_real(p, "width", (b->last - b->first + 1) * d->per_step);
    attr_real(p, "height", (double)b->bytes * d->per_byte);
    th_str_init(&s);
    th_str_addf(&s, "%s%s: %" PRId64 " bytes at %" PRId64 ", steps %u to %u",
                b->scratch ? "scratch of " : "", b->name, b->bytes, b->offset, b->first, b->last);
    element(p, "title", NULL, s.s);
    th_str_release(&s);
    close_tag(p);
}

static void write_function(struct page *p, const struct th_report *r, uint32_t f)
{
    const struct th_report_function *fn = &r->functions[f];
    struct th_plan_totals t = {.regions = r->regions, .n_regions = r->n_regions};
    struct drawing d = {.first = fn->first_step};
    if (!fn->n_steps || !r->arena_bytes)
        return;
    d.per_step = (double)DRAW_WIDTH / fn->n_steps;
    d.per_byte = (double)DRAW_HEIGHT / (double)r->arena_bytes;
    element(p, "h3", NULL, fn->name);
    open_tag(p, "svg");
    attr(p, "xmlns", "http://www.w3.org/2000/svg");
    attr(p, "width", "960");
    attr(p, "height", "320");
    attr(p, "viewBox", "0 0 960 320");
    for (uint32_t i = 0; i < r->n_blocks; i++) {
        struct th_report_block b = r->blocks[i];
        if (b.region == TH_REGION_STATE && b.function == 0) {
            b.first = fn->first_step;
            b.last = fn->first_step + fn->n_steps - 1;
        } else if (b.function != f) {
            continue;
        }
        write_block(p, &d, &b, th_plan_region_start(&t, (uint32_t)b.region));
    }
    close_tag(p);
}

static void write_arena(struct page *p, const struct th_report *r)
{
    if (!r->n_regions)
        return;
    element(p, "h2", NULL, "Arena");
    element(p, "p", NULL, "Steps from left to right, addresses downwards. Blue: values, green: "
            "scratch, orange: state. Values that overlap in the drawing share memory in place.");
    if (r->n_blocks > MOST_BLOCKS) {
        element(p, "p", NULL, "There are too many values for a drawing.");
        return;
    }
    for (uint32_t f = 0; f < r->n_functions; f++)
        write_function(p, r, f);
}

/* ---- layers ----------------------------------------------------------------------------------- */

static void write_layer(struct page *p, const struct th_report *r, const struct th_report_layer *l)
{
    struct th_str s;
    open_tag(p, "tr");
    if (l == r->peak)
        attr(p, "class", "peak");
    number(p, "td", l->step);
    if (l->model_node >= 0)
        number(p, "td", l->model_node);
    else
        element(p, "td", "n", "");
    element(p, "td", NULL, l->op);
    th_str_init(&s);
    if (l->out)
        th_type_print(&s, l->out);
    element(p, "td", NULL, s.s);
    number(p, "td", l->macs);
    number(p, "td", l->weight_bytes);
    number(p, "td", l->in_bytes);
    number(p, "td", l->out_bytes);
    number(p, "td", l->scratch_bytes);
    th_str_clear(&s);
    if (l->place.region >= 0 && (uint32_t)l->place.region < r->n_regions)
        th_str_addf(&s, "%s+%" PRId64, r->regions[l->place.region].name, l->place.offset);
    element(p, "td", NULL, s.s);
    th_str_release(&s);
    open_tag(p, "td");
    element(p, "code", NULL, l->kernel ? l->kernel : "");
    close_tag(p);
    element(p, "td", NULL, l->name);
    close_tag(p);
}

static void write_layers(struct page *p, const struct th_report *r)
{
    static const struct { const char *title, *class; } columns[] = {
        {"step", "n"}, {"node", "n"}, {"operator", NULL}, {"output", NULL}, {"MACs", "n"},
        {"weights", "n"}, {"in", "n"}, {"out", "n"}, {"scratch", "n"}, {"place", NULL},
        {"kernel", NULL}, {"name", NULL}};
    element(p, "h2", NULL, "Steps");
    open_tag(p, "div");
    attr(p, "class", "wide");
    open_tag(p, "table");
    attr(p, "class", "layers");
    open_tag(p, "tr");
    for (size_t i = 0; i < TH_ARRAY_LEN(columns); i++)
        element(p, "th", columns[i].class, columns[i].title);
    close_tag(p);
    for (uint32_t i = 0; i < r->n_layers; i++)
        write_layer(p, r, &r->layers[i]);
    open_tag(p, "tr");
    attr(p, "class", "sum");
    for (size_t i = 0; i < TH_ARRAY_LEN(columns); i++)
        if (i == 4)
            number(p, "td", r->macs);
        else if (i == 5)
            number(p, "td", r->data_bytes);
        else
            element(p, "td", NULL, i == 2 ? "sum" : "");
    close_tag(p);
    close_tag(p);
    close_tag(p);
}

static void write_head(struct page *p, const struct th_report *r)
{
    struct th_str s;
    th_str_init(&s);
    th_str_addf(&s, "%s: memory and work", r->name);
    open_tag(p, "head");
    open_tag(p, "meta");
    attr(p, "charset", "utf-8");
    close_void(p);
    element(p, "title", NULL, s.s);
    element(p, "style", NULL, style);
    close_tag(p);
    open_tag(p, "body");
    element(p, "h1", NULL, s.s);
    th_str_clear(&s);
    th_str_addf(&s, "thimble %s, target %s", th_version(), r->target ? r->target : "none");
    element(p, "p", NULL, s.s);
    th_str_clear(&s);
    th_str_add(&s, "Model ");
    th_str_add_escaped(&s, r->source);
    th_str_addf(&s, " (%s), SHA-256 %s", r->format, r->sha256);
    element(p, "p", NULL, s.s);
    th_str_release(&s);
    element(p, "p", NULL, r->options[0] ? r->options : "default options");
}

enum th_status th_report_html(const struct th_report *r, struct th_str *out)
{
    xmlBuffer *buffer = xmlBufferCreate();
    struct page p = {buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL, false};
    if (!p.w) {
        xmlBufferFree(buffer);
        return TH_ERR_INTERNAL;
    }
    xmlTextWriterSetIndent(p.w, 1);
    xmlTextWriterSetIndentString(p.w, (const xmlChar *)"");
    check(&p, xmlTextWriterWriteRaw(p.w, (const xmlChar *)"<!DOCTYPE html>\n"));
    open_tag(&p, "html");
    attr(&p, "xmlns", "http://www.w3.org/1999/xhtml");
    attr(&p, "lang", "en");
    write_head(&p, r);
    write_sums(&p, r);
    write_arena(&p, r);
    write_layers(&p, r);
    close_tag(&p);
    close_tag(&p);
    check(&p, xmlTextWriterFlush(p.w));
    xmlFreeTextWriter(p.w);
    if (!p.failed) {
        th_str_addn(out, (const char *)xmlBufferContent(buffer), (size_t)xmlBufferLength(buffer));
        th_str_addc(out, '\n');
    }
    xmlBufferFree(buffer);
    return p.failed || out->failed ? TH_ERR_INTERNAL : TH_OK;
}
