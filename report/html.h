/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the page of the report; private to the files that do. */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <libxml/xmlwriter.h>

#include "report/report.h"

struct th_page {
    xmlTextWriter *w;
    bool failed;
};
void th_page_open(struct th_page *p, const char *tag);
/* HTML reads "<code/>" as "<code>": only void elements may be closed as such. */
void th_page_close(struct th_page *p);
void th_page_close_void(struct th_page *p);
void th_page_attr(struct th_page *p, const char *name, const char *value);
void th_page_attr_real(struct th_page *p, const char *name, double v);
/* Text of any origin: bytes that XML or UTF-8 forbid are escaped first. */
void th_page_text(struct th_page *p, const char *s);
void th_page_element(struct th_page *p, const char *tag, const char *klass, const char *s);
void th_page_number(struct th_page *p, const char *tag, int64_t v);
/* A table that scrolls by itself; titles end with NULL, those that begin with '#' are numbers.
 * klass may be NULL. */
void th_page_table(struct th_page *p, const char *klass, const char *const *titles);
void th_page_table_end(struct th_page *p);

/* Pictures, each with the table behind it. */
void th_page_arena(struct th_page *p, const struct th_report *r);
void th_page_bars(struct th_page *p, const struct th_report *r);
void th_page_front(struct th_page *p, const struct th_report *r);

#endif
