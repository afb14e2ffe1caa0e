/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/xml_parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>

#include <thimble/thimble.h>

#define MAX_ATTRIBUTES 32       /* of an element; the parser compares each with each */

void th_xml_bad(struct th_xml *x, const xmlNode *at, const char *fmt, ...)
{
    struct th_loc loc = TH_LOC_NONE;
    struct th_str text;
    va_list ap;
    x->failed = true;
    if (x->problems++ >= TH_XML_MAX_PROBLEMS) {
        if (x->problems == TH_XML_MAX_PROBLEMS + 1)
            th_note(x->ctx, NULL, "there are more problems; the first %d are shown",
                    TH_XML_MAX_PROBLEMS);
        return;
    }
    loc.file = x->file;
    loc.line = at ? (int32_t)xmlGetLineNo((xmlNode *)(uintptr_t)at) : 0;
    th_str_init(&text);
    va_start(ap, fmt);
    th_str_vaddf(&text, fmt, ap);
    va_end(ap);
    /* what the file says is quoted: nothing in it may reach the terminal as a control character */
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.s[i] < 0x20 || text.s[i] == 0x7f)
            text.s[i] = '?';
    th_error(x->ctx, &loc, 3201, "%s", text.s);
    th_str_release(&text);
}

static bool blank(const xmlChar *s)
{
    for (; s && *s; s++)
        if (*s != ' ' && *s != '\t' && *s != '\r' && *s != '\n')
            return false;
    return true;
}

const xmlNode *th_xml_element(struct th_xml *x, const xmlNode *n)
{
    for (; n; n = n->next) {
        if (n->type == XML_ELEMENT_NODE) {
            if (!n->ns)
                return n;
            th_xml_bad(x, n, "element '%s' is in a name space", (const char *)n->name);
        } else if (n->type != XML_COMMENT_NODE &&
                   !(n->type == XML_TEXT_NODE && blank(n->content))) {
            th_xml_bad(x, n, "text or an entity stands where only elements may");
        }
    }
    return NULL;
}

bool th_xml_is(const xmlNode *n, const char *name)
{
    return strcmp((const char *)n->name, name) == 0;
}

static bool word_in(const char *words, const char *w)
{
    size_t len = strlen(w);
    for (const char *p = words; *p;) {
        size_t n = strcspn(p, " ");
        if (n == len && memcmp(p, w, n) == 0)
            return true;
        p += n + (p[n] == ' ');
    }
    return false;
}

void th_xml_allow(struct th_xml *x, const xmlNode *n, const char *names)
{
    for (const xmlAttr *a = n->properties; a; a = a->next)
        if (a->ns || !word_in(names, (const char *)a->name))
            th_xml_bad(x, n, "element '%s' has no attribute '%s'", (const char *)n->name,
                       (const char *)a->name);
}

const char *th_xml_raw(const xmlNode *n, const char *attr)
{
    for (const xmlAttr *a = n->properties; a; a = a->next) {
        if (a->ns || strcmp((const char *)a->name, attr) != 0)
            continue;
        if (!a->children)
            return "";
        /* an entity reference would be a child of another type */
        if (a->children->next || a->children->type != XML_TEXT_NODE || !a->children->content)
            return NULL;
        return (const char *)a->children->content;
    }
    return NULL;
}

const char *th_xml_text(struct th_xml *x, const xmlNode *n, const char *attr)
{
    const char *s = th_xml_raw(n, attr);
    if (!s)
        th_xml_bad(x, n, "element '%s' lacks attribute '%s'", (const char *)n->name, attr);
    return s;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

const char *th_xml_name(struct th_xml *x, const xmlNode *n, const char *attr)
{
    const char *s = th_xml_text(x, n, attr);
    char *out = s ? th_arena_alloc(x->arena, strlen(s) + 1) : NULL, *o = out;
    if (!out)
        return NULL;
    while (*s) {
        if (*s != '\\') {
            *o++ = *s++;
        } else if (s[1] == '\\') {
            *o++ = '\\';
            s += 2;
        } else if (s[1] == 'x' && hex_digit(s[2]) >= 0 && hex_digit(s[3]) >= 0 &&
                   (s[2] != '0' || s[3] != '0')) {
            *o++ = (char)(hex_digit(s[2]) * 16 + hex_digit(s[3]));
            s += 4;
        } else {
            th_xml_bad(x, n, "attribute '%s' has a wrong escape after '\\'", attr);
            return NULL;
        }
    }
    *o = '\0';
    return out;
}

/* One decimal number at *s, which moves behind it. */
static bool scan_int(const char **s, int64_t *v)
{
    char *stop;
    if (**s != '-' && !(**s >= '0' && **s <= '9'))
        return false;
    errno = 0;
    *v = strtoll(*s, &stop, 10);
    if (errno || stop == *s)
        return false;
    *s = stop;
    return true;
}

/* One float as %a writes it. Decimal forms are accepted too, for people who edit. */
static bool scan_float(const char **s, double *v)
{
    char *stop;
    if (**s == ' ' || **s == '\t' || **s == '\n' || !**s)
        return false;
    *v = strtod(*s, &stop);
    if (stop == *s)
        return false;
    *s = stop;
    return true;
}

bool th_xml_int(struct th_xml *x, const xmlNode *n, const char *attr, int64_t min, int64_t max,
                int64_t *v)
{
    const char *s = th_xml_text(x, n, attr), *p = s;
    if (!s)
        return false;
    if (!scan_int(&p, v) || *p) {
        th_xml_bad(x, n, "attribute '%s' of '%s' is no whole number", attr, (const char *)n->name);
        return false;
    }
    if (*v < min || *v > max) {
        th_xml_bad(x, n, "attribute '%s' of '%s' is %" PRId64 ", allowed %" PRId64 " to %" PRId64,
                   attr, (const char *)n->name, *v, min, max);
        return false;
    }
    return true;
}

bool th_xml_float(struct th_xml *x, const xmlNode *n, const char *attr, double *v)
{
    const char *s = th_xml_text(x, n, attr);
    if (!s)
        return false;
    if (!scan_float(&s, v) || *s) {
        th_xml_bad(x, n, "attribute '%s' of '%s' is no number", attr, (const char *)n->name);
        return false;
    }
    return true;
}

int th_xml_choice(struct th_xml *x, const xmlNode *n, const char *attr, const char *const *names,
                  int n_names)
{
    const char *s = th_xml_text(x, n, attr);
    if (!s)
        return -1;
    for (int i = 0; i < n_names; i++)
        if (strcmp(names[i], s) == 0)
            return i;
    th_xml_bad(x, n, "attribute '%s' of '%s' may not be '%.40s'", attr, (const char *)n->name, s);
    return -1;
}

/* Numbers are separated by single blanks, so blanks tell how many there can be. */
static bool list_room(struct th_xml *x, const xmlNode *n, const char *attr, const char *s,
                      uint32_t max, size_t *room)
{
    *room = *s ? 1 : 0;
    for (const char *p = s; *p; p++)
        *room += *p == ' ';
    if (*room <= max)
        return true;
    th_xml_bad(x, n, "attribute '%s' of '%s' has %zu entries, at most %u are possible", attr,
               (const char *)n->name, *room, max);
    return false;
}

bool th_xml_ints(struct th_xml *x, const xmlNode *n, const char *attr, uint32_t max, int64_t **v,
                 uint32_t *count)
{
    const char *s = th_xml_text(x, n, attr);
    size_t room;
    *count = 0;
    if (!s || !list_room(x, n, attr, s, max, &room))
        return false;
    *v = TH_NEW_ARRAY(x->arena, int64_t, room);
    bool ok = *v != NULL;
    while (ok && *count < room) {
        ok = scan_int(&s, &(*v)[(*count)++]) && (*s == ' ' || !*s);
        s += ok && *s == ' ';
    }
    if (!ok)
        th_xml_bad(x, n, "attribute '%s' of '%s' is no list of whole numbers", attr,
                   (const char *)n->name);
    return ok;
}

bool th_xml_floats(struct th_xml *x, const xmlNode *n, const char *attr, uint32_t max, double **v,
                   uint32_t *count)
{
    const char *s = th_xml_text(x, n, attr);
    size_t room;
    *count = 0;
    if (!s || !list_room(x, n, attr, s, max, &room))
        return false;
    *v = TH_NEW_ARRAY(x->arena, double, room);
    bool ok = *v != NULL;
    while (ok && *count < room) {
        ok = scan_float(&s, &(*v)[(*count)++]) && (*s == ' ' || !*s);
        s += ok && *s == ' ';
    }
    if (!ok)
        th_xml_bad(x, n, "attribute '%s' of '%s' is no list of numbers", attr,
                   (const char *)n->name);
    return ok;
}

/* ---- the parser ------------------------------------------------------------------------------ */

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

/* Behind the end of a comment or the like that starts at *i; false: none starts there. */
static bool skip_markup(const char *s, size_t n, size_t *i)
{
    static const struct {
        const char *open, *close;
    } kinds[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};
    for (size_t k = 0; k < TH_ARRAY_LEN(kinds); k++) {
        size_t len = strlen(kinds[k].open), end = strlen(kinds[k].close);
        if (n - *i < len || memcmp(s + *i, kinds[k].open, len) != 0)
            continue;
        for (*i += len; *i + end <= n && memcmp(s + *i, kinds[k].close, end) != 0;)
            ++*i;
        *i = *i + end <= n ? *i + end : n;
        return true;
    }
    return false;
}

/* The most attributes that any element has, as far as bytes tell; the parser finds what is wrong
 * with them. */
static size_t most_attributes(const struct th_blob *file)
{
    const char *s = th_blob_data(file);
    size_t n = th_blob_size(file), most = 0, count = 0;
    bool in_tag = false;
    char quote = 0;
    for (size_t i = 0; i < n;) {
        if (!in_tag && s[i] == '<' && skip_markup(s, n, &i))
            continue;
        char c = s[i++];
        if (!in_tag) {
            in_tag = c == '<';
            count = 0;
        } else if (quote) {
            quote = c == quote ? 0 : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '=') {
            most = ++count > most ? count : most;
        } else if (c == '>') {
            in_tag = false;
        }
    }
    return most;
}

xmlDoc *th_xml_load(struct th_xml *x, const struct th_blob *file)
{
    if (most_attributes(file) > MAX_ATTRIBUTES) {
        th_xml_bad(x, NULL, "an element has more than %d attributes", MAX_ATTRIBUTES);
        return NULL;
    }
    bool doctype = false;
    xmlParserCtxt *p = xmlNewParserCtxt();
    if (!p)
        return NULL;
    p->_private = &doctype;
    p->sax->internalSubset = refuse_doctype;
    xmlDoc *doc = xmlCtxtReadMemory(p, th_blob_data(file), (int)th_blob_size(file), NULL, "UTF-8",
                                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                        XML_PARSE_BIG_LINES);
    if (doctype) {
        th_xml_bad(x, NULL, "document types and entities are not accepted");
        xmlFreeDoc(doc);
        doc = NULL;
    } else if (!doc || !xmlDocGetRootElement(doc)) {
        const xmlError *e = xmlCtxtGetLastError(p);
        struct th_loc loc = TH_LOC_NONE;
        loc.file = x->file;
        loc.line = e ? e->line : 0;
        th_error(x->ctx, &loc, 3201, "not well-formed XML: %.*s",
                 e && e->message ? (int)strcspn(e->message, "\n") : 7,
                 e && e->message ? e->message : "no text");
        x->failed = true;
        xmlFreeDoc(doc);
        doc = NULL;
    }
    xmlFreeParserCtxt(p);
    return doc;
}
