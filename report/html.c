/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report as one page: sums, pictures, tables. No script, nothing from outside; readable on a
 * narrow screen, where tables scroll by themselves and pictures shrink.
 */
#include "report/html.h"

#include <inttypes.h>
#include <string.h>

static const char style[] =
    "*{box-sizing:border-box}"
    "body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;padding:1em 16px 3em;"
    "max-width:1100px;color:#222;overflow-wrap:anywhere}"
    "h1{font-size:1.6em}h2{margin-top:1.6em}"
    "table{border-collapse:collapse;margin:.6em 0}"
    "td,th{border-bottom:1px solid #ddd;padding:3px 8px;text-align:left;vertical-align:top}"
    ".wide{overflow-x:auto}.wide td,.wide th{white-space:nowrap}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "tr.peak td{background:#fff0e0}tr.sum td{font-weight:600}"
    "tr.in td:nth-child(3){padding-left:2em}"
    "th{white-space:nowrap}svg{display:block;width:100%;min-width:640px;height:auto;"
    "background:#fafafa;border:1px solid #ddd}"
    "svg text{font:11px system-ui,sans-serif;fill:#444}svg text.in{fill:#123;font-size:10.5px;"
    "pointer-events:none}"
    "line.grid{stroke:#e4e4e4}line.bound{stroke:#c22;stroke-dasharray:6 4;stroke-width:1.5}"
    "rect.v{fill:#6aa3d8}rect.s{fill:#e0a050}rect.k{fill:#86b86a}rect.m,circle.m{fill:#6aa3d8}"
    "rect.w,circle.w{fill:#d9703a}rect.v,rect.s,rect.k{fill-opacity:.6;stroke:#fff;"
    "stroke-width:.8}rect.peak{fill:#fff0e0}"
    ".key{padding:0 .5em;margin-right:.4em;border-radius:3px}.key.v{background:#a6c8e8}"
    ".key.s{background:#ecc696}.key.k{background:#b6d4a6}"
    "details{margin:.4em 0}summary{cursor:pointer}code{font-size:12px}";

static void fact(struct th_page *p, const char *name, int64_t bytes, const char *note)
{
    th_page_open(p, "tr");
    th_page_element(p, "th", NULL, name);
    th_page_number(p, "td", bytes);
    th_page_element(p, "td", NULL, note);
    th_page_close(p);
}

/* ---- sums ------------------------------------------------------------------------------------ */

static void write_regions(struct th_page *p, const struct th_report *r)
{
    for (uint32_t i = 0; i < r->n_regions; i++) {
        const struct th_mem_region *m = r->region_of[i];
        struct th_str s;
        double least, most;
        if (!r->regions[i].bytes)
            continue;
        th_str_init(&s);
        th_str_addf(&s, "bytes of region '%s'", r->regions[i].name);
        if (r->regions[i].memory)
            th_str_addf(&s, " in '%s'", r->regions[i].memory);
        if (m && m->bytes)
            th_str_addf(&s, ", which has %" PRIu64, m->bytes);
        if (i != TH_REGION_STATE && th_report_heat(r, i, &least, &most))
            th_str_addf(&s, "; each byte read or written %.0f to %.0f times", least, most);
        fact(p, "region", r->regions[i].bytes, s.s);
        th_str_release(&s);
    }
    if (r->spread)
        th_page_element(p, "p", NULL, th_report_placement(r));
}

static void write_sums(struct th_page *p, const struct th_report *r)
{
    th_page_element(p, "h2", NULL, "Sums");
    th_page_open(p, "table");
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
        if (r->caller_io)
            fact(p, "together", r->arena_bytes + r->input_bytes + r->output_bytes,
                 "bytes of arena, inputs and outputs");
    }
    fact(p, "data", r->data_bytes, r->packed ? "bytes of weights, tables and constants, exact"
                                             : "bytes of constants in the model");
    if (r->foot.kernels) {
        fact(p, "code", r->foot.code, "bytes at most: kernels, calls, interface; the C library's "
                                      "functions are not in it");
        fact(p, "stack", r->foot.stack, "bytes at most, from a call of the model on");
    }
    fact(p, "work", r->macs, "multiply-accumulates");
    if (r->peak)
        fact(p, "peak", r->peak_live, r->peak->name);
    th_page_close(p);
}

/* ---- layers ---------------------------------------------------------------------------------- */

static void write_layer(struct th_page *p, const struct th_report *r,
                        const struct th_report_layer *l)
{
    struct th_str s;
    th_page_open(p, "tr");
    if (l == r->peak || l->depth)
        th_page_attr(p, "class", l == r->peak ? l->depth ? "peak in" : "peak" : "in");
    th_page_number(p, "td", l->step);
    if (l->model_node >= 0)
        th_page_number(p, "td", l->model_node);
    else
        th_page_element(p, "td", "n", "");
    th_page_element(p, "td", NULL, l->op);
    th_str_init(&s);
    if (l->out)
        th_type_print(&s, l->out);
    th_page_element(p, "td", NULL, s.s);
    th_page_number(p, "td", l->macs);
    th_page_number(p, "td", l->weight_bytes);
    th_page_number(p, "td", l->in_bytes);
    th_page_number(p, "td", l->out_bytes);
    th_page_number(p, "td", l->scratch_bytes);
    th_str_clear(&s);
    if (l->place.region >= 0 && (uint32_t)l->place.region < r->n_places)
        th_str_addf(&s, "%s+%" PRId64, r->regions[l->place.region].name, l->place.offset);
    th_page_element(p, "td", NULL, s.s);
    th_str_release(&s);
    th_page_open(p, "td");
    th_page_element(p, "code", NULL, l->kernel ? l->kernel : "");
    th_page_close(p);
    th_page_element(p, "td", NULL, l->name);
    th_page_close(p);
}

static void write_layers(struct th_page *p, const struct th_report *r)
{
    static const char *const titles[] = {
        "#step", "#node", "operator", "output", "#MACs", "#weights", "#in", "#out", "#scratch",
        "place", "kernel", "name", NULL};
    th_page_element(p, "h2", NULL, "Steps");
    th_page_table(p, "layers", titles);
    for (uint32_t i = 0; i < r->n_layers; i++)
        write_layer(p, r, &r->layers[i]);
    th_page_open(p, "tr");
    th_page_attr(p, "class", "sum");
    for (size_t i = 0; titles[i]; i++)
        if (i == 4)
            th_page_number(p, "td", r->macs);
        else if (i == 5)
            th_page_number(p, "td", r->data_bytes);
        else
            th_page_element(p, "td", NULL, i == 2 ? "sum" : "");
    th_page_close(p);
    th_page_table_end(p);
}

static void write_advice(struct th_page *p, const struct th_report *r)
{
    struct th_str s;
    th_str_init(&s);
    th_advice_text(&r->advice, &s);
    if (s.len) {
        th_page_element(p, "h2", NULL, "Patch by patch");
        th_page_open(p, "div");
        th_page_attr(p, "class", "wide");
        th_page_element(p, "pre", NULL, s.s);
        th_page_close(p);
    }
    th_str_release(&s);
}

static void write_head(struct th_page *p, const struct th_report *r)
{
    struct th_str s;
    th_str_init(&s);
    th_str_addf(&s, "%s: memory and work", r->name);
    th_page_open(p, "head");
    th_page_open(p, "meta");
    th_page_attr(p, "charset", "utf-8");
    th_page_close_void(p);
    th_page_open(p, "meta");
    th_page_attr(p, "name", "viewport");
    th_page_attr(p, "content", "width=device-width, initial-scale=1");
    th_page_close_void(p);
    th_page_element(p, "title", NULL, s.s);
    th_page_element(p, "style", NULL, style);
    th_page_close(p);
    th_page_open(p, "body");
    th_page_element(p, "h1", NULL, s.s);
    th_str_clear(&s);
    th_str_addf(&s, "thimble %s, target %s", th_version(), r->target ? r->target : "none");
    th_page_element(p, "p", NULL, s.s);
    th_str_clear(&s);
    th_str_add(&s, "Model ");
    th_str_add_escaped(&s, r->source);
    th_str_addf(&s, " (%s), SHA-256 %s", r->format, r->sha256);
    th_page_element(p, "p", NULL, s.s);
    th_str_release(&s);
    th_page_element(p, "p", NULL, r->options[0] ? r->options : "default options");
}

enum th_status th_report_html(const struct th_report *r, struct th_str *out)
{
    xmlBuffer *buffer = xmlBufferCreate();
    struct th_page p = {buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL, false};
    if (!p.w) {
        xmlBufferFree(buffer);
        return TH_ERR_INTERNAL;
    }
    xmlTextWriterSetIndent(p.w, 1);
    xmlTextWriterSetIndentString(p.w, (const xmlChar *)"");
    p.failed |= xmlTextWriterWriteRaw(p.w, (const xmlChar *)"<!DOCTYPE html>\n") < 0;
    th_page_open(&p, "html");
    th_page_attr(&p, "xmlns", "http://www.w3.org/1999/xhtml");
    th_page_attr(&p, "lang", "en");
    write_head(&p, r);
    write_sums(&p, r);
    th_page_front(&p, r);
    th_page_arena(&p, r);
    th_page_bars(&p, r);
    write_advice(&p, r);
    write_layers(&p, r);
    th_page_close(&p);
    th_page_close(&p);
    p.failed |= xmlTextWriterFlush(p.w) < 0;
    xmlFreeTextWriter(p.w);
    if (!p.failed) {
        th_str_addn(out, (const char *)xmlBufferContent(buffer), (size_t)xmlBufferLength(buffer));
        th_str_addc(out, '\n');
    }
    xmlBufferFree(buffer);
    return p.failed || out->failed ? TH_ERR_INTERNAL : TH_OK;
}
