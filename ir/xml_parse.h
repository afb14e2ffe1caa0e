/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading XML attributes strictly: every number, list and name is checked, every problem is
 * reported with its line. Private to ir/.
 */
#ifndef IR_XML_PARSE_H
#define IR_XML_PARSE_H

#include <libxml/tree.h>

#include <thimble/ir.h>

#define TH_XML_MAX_PROBLEMS 100

struct th_xml {
    struct th_ctx *ctx;
    const char *file;            /* base name, for messages */
    struct th_arena *arena;      /* scratch of the reading */
    bool failed;                 /* something was reported */
    unsigned problems;           /* how often; the first TH_XML_MAX_PROBLEMS are shown */
};

/* The document, parsed without network, document types and entities; NULL: reported. */
xmlDoc *th_xml_load(struct th_xml *x, const struct th_blob *file);

void th_xml_bad(struct th_xml *x, const xmlNode *at, const char *fmt, ...) TH_PRINTF(3, 4);

/* The next element from n on (n included); text between elements must be blank. */
const xmlNode *th_xml_element(struct th_xml *x, const xmlNode *n);
static inline const xmlNode *th_xml_first(struct th_xml *x, const xmlNode *parent)
{
    return th_xml_element(x, parent->children);
}
static inline const xmlNode *th_xml_next(struct th_xml *x, const xmlNode *n)
{
    return th_xml_element(x, n->next);
}
bool th_xml_is(const xmlNode *n, const char *name);
/* Reports attributes not in the list (names separated by blanks). */
void th_xml_allow(struct th_xml *x, const xmlNode *n, const char *names);

/* Raw text of an attribute, or NULL. */
const char *th_xml_raw(const xmlNode *n, const char *attr);
/* The rest report what is missing or wrong and then give false (NULL). */
const char *th_xml_text(struct th_xml *x, const xmlNode *n, const char *attr);
/* A name as written by the writer: unescaped. */
const char *th_xml_name(struct th_xml *x, const xmlNode *n, const char *attr);
bool th_xml_int(struct th_xml *x, const xmlNode *n, const char *attr, int64_t min, int64_t max,
                int64_t *v);
bool th_xml_float(struct th_xml *x, const xmlNode *n, const char *attr, double *v);
/* Index of the attribute's text among n_names names, or -1. */
int th_xml_choice(struct th_xml *x, const xmlNode *n, const char *attr, const char *const *names,
                  int n_names);
/* Lists in the arena; at most max entries. */
bool th_xml_ints(struct th_xml *x, const xmlNode *n, const char *attr, uint32_t max, int64_t **v,
                 uint32_t *count);
bool th_xml_floats(struct th_xml *x, const xmlNode *n, const char *attr, uint32_t max, double **v,
                   uint32_t *count);

#endif
