/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of the page: libxml2's writer escapes every name. */
#include "report/html.h"

#include <inttypes.h>
#include <stdio.h>

static void check(struct th_page *p, int result)
{
    p->failed |= result < 0;
}

void th_page_open(struct th_page *p, const char *tag)
{
    check(p, xmlTextWriterStartElement(p->w, (const xmlChar *)tag));
}

void th_page_close(struct th_page *p)
{
    check(p, xmlTextWriterFullEndElement(p->w));
}

void th_page_close_void(struct th_page *p)
{
    check(p, xmlTextWriterEndElement(p->w));
}

void th_page_attr(struct th_page *p, const char *name, const char *value)
{
    check(p, xmlTextWriterWriteAttribute(p->w, (const xmlChar *)name, (const xmlChar *)value));
}

void th_page_attr_real(struct th_page *p, const char *name, double v)
{
    check(p, xmlTextWriterWriteFormatAttribute(p->w, (const xmlChar *)name, "%.2f", v));
}

void th_page_text(struct th_page *p, const char *s)
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

void th_page_element(struct th_page *p, const char *tag, const char *klass, const char *s)
{
    th_page_open(p, tag);
    if (klass)
        th_page_attr(p, "class", klass);
    th_page_text(p, s);
    th_page_close(p);
}

void th_page_number(struct th_page *p, const char *tag, int64_t v)
{
    char s[24];
    snprintf(s, sizeof s, "%" PRId64, v);
    th_page_element(p, tag, "n", s);
}

void th_page_table(struct th_page *p, const char *klass, const char *const *titles)
{
    th_page_open(p, "div");
    th_page_attr(p, "class", "wide");
    th_page_open(p, "table");
    if (klass)
        th_page_attr(p, "class", klass);
    th_page_open(p, "tr");
    for (; *titles; titles++)
        th_page_element(p, "th", **titles == '#' ? "n" : NULL, *titles + (**titles == '#'));
    th_page_close(p);
}

void th_page_table_end(struct th_page *p)
{
    th_page_close(p);
    th_page_close(p);
}
