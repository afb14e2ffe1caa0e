/* SPDX-License-Identifier: Apache-2.0 */
/* From bytes to a document, without network, document types and entities. */
#include "reader.h"

#include <string.h>

#include <libxml/parser.h>

/* Attributes of one element (the parser compares each with each), depth, size. */
enum { MAX_ATTRIBUTES = 64, MAX_DEPTH = 64 };
#define MAX_BYTES ((size_t)64 << 20)

static void refuse_doctype(void *user, const xmlChar *name, const xmlChar *external,
                           const xmlChar *system)
{
    xmlParserCtxt *p = user;
    bool *seen = p->_private;
    (void)name;
    (void)external;
    (void)system;
    *seen = true;
    xmlStopParser(p);
}

/* Behind the end of a comment or the like that starts at i; i: none starts there. */
static size_t behind_markup(const char *s, size_t n, size_t i)
{
    static const char *const kinds[][2] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};
    for (size_t k = 0; k < TH_ARRAY_LEN(kinds); k++) {
        size_t open = strlen(kinds[k][0]), close = strlen(kinds[k][1]);
        if (n - i < open || memcmp(s + i, kinds[k][0], open) != 0)
            continue;
        for (i += open; i + close <= n; i++) {
            if (memcmp(s + i, kinds[k][1], close) == 0)
                return i + close;
        }
        return n;
    }
    return i;
}

struct extent {
    size_t elements, attributes, depth;    /* of all, most of one element, deepest */
};

/* What the document will ask of the parser, as far as bytes tell; the parser finds what is wrong
 * with them. */
static struct extent measure(const char *s, size_t n)
{
    struct extent e = {0, 0, 0};
    size_t depth = 0, count = 0;
    bool in_tag = false;
    char quote = 0;

    for (size_t i = 0; i < n;) {
        size_t behind = !in_tag && s[i] == '<' ? behind_markup(s, n, i) : i;
        if (behind != i) {
            i = behind;
            continue;
        }
        char c = s[i++];
        if (!in_tag && c == '<') {
            bool end = i < n && s[i] == '/';
            in_tag = true;
            count = 0;
            e.elements += !end;
            depth += !end;
            depth -= end && depth != 0;
            e.depth = depth > e.depth ? depth : e.depth;
        } else if (!in_tag) {
            continue;
        } else if (quote != 0) {
            quote = c == quote ? 0 : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
            e.attributes = ++count > e.attributes ? count : e.attributes;
        } else if (c == '>') {
            in_tag = false;
            depth -= i >= 2 && s[i - 2] == '/' && depth != 0;
        }
    }
    return e;
}

static bool within_limits(struct ov_reader *r, const struct th_blob *file)
{
    struct extent e;

    if (th_blob_size(file) > MAX_BYTES) {
        th_error(r->ctx, NULL, OV_MSG_LARGE, "'%s' has %zu bytes of XML, the limit is %zu", r->file,
                 th_blob_size(file), MAX_BYTES);
        return false;
    }
    e = measure(th_blob_data(file), th_blob_size(file));
    if (e.attributes > MAX_ATTRIBUTES)
        ov_damaged(r, NULL, "an element has more than %d attributes", MAX_ATTRIBUTES);
    if (e.depth > MAX_DEPTH)
        ov_damaged(r, NULL, "elements are nested %zu deep, at most %d are possible", e.depth,
                   MAX_DEPTH);
    if (e.elements > (size_t)OV_MAX_ELEMENTS * 16)
        ov_damaged(r, NULL, "there are %zu elements, at most %d are possible", e.elements,
                   OV_MAX_ELEMENTS * 16);
    return r->told == 0;
}

xmlDoc *ov_load(struct ov_reader *r, const struct th_blob *file)
{
    bool doctype = false;
    xmlDoc *doc;

    if (!within_limits(r, file))
        return NULL;
    xmlParserCtxt *p = xmlNewParserCtxt();
    if (p == NULL)
        return NULL;
    p->_private = &doctype;
    p->sax->internalSubset = refuse_doctype;
    doc = xmlCtxtReadMemory(p, th_blob_data(file), (int)th_blob_size(file), NULL, NULL,
                            XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                XML_PARSE_NOCDATA | XML_PARSE_BIG_LINES);
    if (doctype) {
        ov_damaged(r, NULL, "document types and entities are not accepted");
    } else if (doc == NULL || xmlDocGetRootElement(doc) == NULL) {
        const xmlError *e = xmlCtxtGetLastError(p);
        const char *why = e != NULL && e->message != NULL ? e->message : "no text";
        ov_damaged(r, NULL, "not well-formed XML: %.*s", (int)strcspn(why, "\n"), why);
    }
    if (doc != NULL && r->told != 0) {
        xmlFreeDoc(doc);
        doc = NULL;
    }
    xmlFreeParserCtxt(p);
    return doc;
}
