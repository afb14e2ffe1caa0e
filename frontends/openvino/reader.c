/* SPDX-License-Identifier: Apache-2.0 */
/* From bytes to layers and edges. */
#include "reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- messages -------------------------------------------------------------------------------- */

void ov_damaged(struct ov_reader *r, const xmlNode *at, const char *fmt, ...)
{
    struct th_loc loc = TH_LOC_NONE;
    struct th_str text;
    va_list args;

    if (r->told++ >= OV_MAX_TOLD) {
        if (r->told == OV_MAX_TOLD + 1)
            th_error(r->ctx, NULL, OV_MSG_DAMAGED,
                     "there are more problems; the first %d are shown", OV_MAX_TOLD);
        return;
    }
    loc.file = r->file;
    loc.line = at != NULL ? (int32_t)xmlGetLineNo((xmlNode *)(uintptr_t)at) : 0;
    th_str_init(&text);
    va_start(args, fmt);
    th_str_vaddf(&text, fmt, args);
    va_end(args);
    /* what the file says is quoted: no control character may reach the terminal */
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.s[i] < 0x20 || text.s[i] == 0x7f)
            text.s[i] = '?';
    }
    th_error(r->ctx, &loc, OV_MSG_DAMAGED, "%s", text.s);
    th_str_release(&text);
}

/* ---- elements -------------------------------------------------------------------------------- */

static const xmlNode *named(const xmlNode *n, const char *name)
{
    while (n != NULL && (n->type != XML_ELEMENT_NODE || strcmp((const char *)n->name, name) != 0))
        n = n->next;
    return n;
}

const xmlNode *ov_child(const xmlNode *parent, const char *name)
{
    return parent != NULL ? named(parent->children, name) : NULL;
}

const xmlNode *ov_next(const xmlNode *n, const char *name)
{
    return named(n->next, name);
}

/* Without entities an attribute is one piece of text, or nothing. */
const char *ov_text(const xmlNode *n, const char *attr)
{
    for (const xmlAttr *a = n != NULL ? n->properties : NULL; a != NULL; a = a->next) {
        if (strcmp((const char *)a->name, attr) != 0)
            continue;
        if (a->children == NULL)
            return "";
        return a->children->next == NULL && a->children->content != NULL
                   ? (const char *)a->children->content : NULL;
    }
    return NULL;
}

static const char *text_or_empty(const xmlNode *n, const char *attr)
{
    const char *s = ov_text(n, attr);
    return s != NULL ? s : "";
}

/* ---- numbers --------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* One whole number; *s then stands behind it. Out of range is no number. */
static bool scan_int(const char **s, int64_t *v)
{
    const char *p = *s;
    bool negative = *p == '-';
    int64_t n = 0;

    p += *p == '-' || *p == '+';
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (!th_mul_i64(n, 10, &n) || !th_add_i64(n, negative ? '0' - *p : *p - '0', &n))
            return false;
    }
    *s = p;
    *v = n;
    return true;
}

static const char *skip_blanks(const char *s)
{
    while (is_blank(*s))
        s++;
    return s;
}

bool ov_scan_int(const char *text, int64_t *v)
{
    const char *s = skip_blanks(text);
    return scan_int(&s, v) && *skip_blanks(s) == '\0';
}

/* Behind a comma, or blanks, that separate two entries. */
static const char *skip_separator(const char *s)
{
    s = skip_blanks(s);
    if (*s == ',')
        s = skip_blanks(s + 1);
    return s;
}

bool ov_scan_ints(const char *text, int64_t *v, size_t max, size_t *n)
{
    const char *s = skip_blanks(text);

    for (*n = 0; *s != '\0'; s = skip_separator(s)) {
        if (*n == max || !scan_int(&s, &v[*n]))
            return false;
        /* some writers give whole numbers a fraction of zeros */
        if (*s == '.') {
            s++;
            while (*s == '0')
                s++;
        }
        ++*n;
    }
    return true;
}

bool ov_scan_floats(const char *text, double *v, size_t max, size_t *n)
{
    const char *s = skip_blanks(text);

    for (*n = 0; *s != '\0'; s = skip_separator(s)) {
        char *end;
        if (*n == max)
            return false;
        v[*n] = strtod(s, &end);
        if (end == s)
            return false;
        s = end;
        ++*n;
    }
    return true;
}

/* "1,3,?,1..8,..": what is not one number is open. A rank that is open ("...") is refused. */
bool ov_scan_shape(const char *text, int64_t dims[TH_MAX_RANK], int32_t *rank)
{
    const char *s = skip_blanks(text);

    for (*rank = 0; *s != '\0'; s = skip_separator(s)) {
        int64_t v = -1, last;
        if (*rank == TH_MAX_RANK || strncmp(s, "...", 3) == 0)
            return false;
        if (*s == '?')
            s++;
        else if (strncmp(s, "..", 2) != 0 && !scan_int(&s, &v))
            return false;
        if (strncmp(s, "..", 2) == 0) {
            s += 2;
            v = -1;
            if (*s >= '0' && *s <= '9' && !scan_int(&s, &last))
                return false;
        }
        if (v < -1)
            return false;
        dims[(*rank)++] = v;
    }
    return true;
}

/* ---- ports ----------------------------------------------------------------------------------- */

static bool read_dims(struct ov_reader *r, const xmlNode *e, struct ov_port *port)
{
    for (const xmlNode *d = ov_child(e, "dim"); d != NULL; d = ov_next(d, "dim")) {
        const char *text = d->children != NULL && d->children->next == NULL
                               ? (const char *)d->children->content : NULL;
        int64_t v;
        if (port->rank == TH_MAX_RANK) {
            ov_damaged(r, d, "a port has more than %d dimensions", TH_MAX_RANK);
            return false;
        }
        if (text == NULL || !ov_scan_int(text, &v) || v < -1) {
            ov_damaged(r, d, "a dimension of a port is '%.20s'", text != NULL ? text : "");
            return false;
        }
        port->dims[port->rank++] = v;
    }
    return true;
}

static bool read_ports(struct ov_reader *r, const xmlNode *list, struct ov_port **out, uint32_t *n)
{
    uint32_t count = 0;

    *n = 0;
    for (const xmlNode *p = ov_child(list, "port"); p != NULL; p = ov_next(p, "port"))
        count++;
    if (count > OV_MAX_PORTS) {
        ov_damaged(r, list, "%u ports on one side of a layer, at most %d are possible", count,
                   OV_MAX_PORTS);
        return false;
    }
    *out = TH_NEW_ARRAY(r->arena, struct ov_port, count);
    if (*out == NULL)
        return false;
    for (const xmlNode *p = ov_child(list, "port"); p != NULL; p = ov_next(p, "port")) {
        struct ov_port *port = &(*out)[*n];
        if (!ov_scan_int(text_or_empty(p, "id"), &port->id)) {
            ov_damaged(r, p, "a port has no number");
            return false;
        }
        for (uint32_t i = 0; i < *n; i++) {
            if ((*out)[i].id == port->id) {
                ov_damaged(r, p, "two ports of a layer have number %" PRId64, port->id);
                return false;
            }
        }
        port->precision = text_or_empty(p, "precision");
        port->names = text_or_empty(p, "names");
        if (!read_dims(r, p, port))
            return false;
        ++*n;
    }
    return true;
}

static struct ov_port *find_port(struct ov_port *ports, uint32_t n, int64_t id)
{
    for (uint32_t i = 0; i < n; i++) {
        if (ports[i].id == id)
            return &ports[i];
    }
    return NULL;
}

/* ---- layers and edges ------------------------------------------------------------------------ */

static bool read_layer(struct ov_reader *r, const xmlNode *e, struct ov_layer *l)
{
    l->element = e;
    l->line = (int32_t)xmlGetLineNo((xmlNode *)(uintptr_t)e);
    l->name = text_or_empty(e, "name");
    l->type = text_or_empty(e, "type");
    l->version = text_or_empty(e, "version");
    l->data = ov_child(e, "data");
    if (!ov_scan_int(text_or_empty(e, "id"), &l->id)) {
        ov_damaged(r, e, "a layer has no number");
        return false;
    }
    if (*l->type == '\0') {
        ov_damaged(r, e, "layer %" PRId64 " has no type", l->id);
        return false;
    }
    return read_ports(r, ov_child(e, "input"), &l->inputs, &l->n_inputs) &&
           read_ports(r, ov_child(e, "output"), &l->outputs, &l->n_outputs);
}

static int by_id(const void *a, const void *b)
{
    const struct ov_layer *const *x = a, *const *y = b;
    return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

/* sorted: the layers by number. */
static struct ov_layer *find_layer(struct ov_layer *const *sorted, uint32_t n, int64_t id)
{
    uint32_t lo = 0, hi = n;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (sorted[mid]->id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && sorted[lo]->id == id ? sorted[lo] : NULL;
}

static bool read_edge(struct ov_reader *r, const xmlNode *e, struct ov_layer *const *sorted,
                      uint32_t n)
{
    static const char *const names[] = {"from-layer", "from-port", "to-layer", "to-port"};
    int64_t v[4];

    for (int i = 0; i < 4; i++) {
        if (!ov_scan_int(text_or_empty(e, names[i]), &v[i])) {
            ov_damaged(r, e, "an edge has no '%s'", names[i]);
            return false;
        }
    }
    struct ov_layer *from = find_layer(sorted, n, v[0]), *to = find_layer(sorted, n, v[2]);
    if (from == NULL || to == NULL) {
        ov_damaged(r, e, "an edge names layer %" PRId64 ", which does not exist",
                   from == NULL ? v[0] : v[2]);
        return false;
    }
    struct ov_port *source = find_port(from->outputs, from->n_outputs, v[1]);
    struct ov_port *sink = find_port(to->inputs, to->n_inputs, v[3]);
    if (source == NULL || sink == NULL) {
        ov_damaged(r, e, "an edge names port %" PRId64 " of layer %" PRId64 ", which has none such",
                   source == NULL ? v[1] : v[3], source == NULL ? v[0] : v[2]);
        return false;
    }
    if (sink->layer != NULL) {
        ov_damaged(r, e, "input %" PRId64 " of layer %" PRId64 " has two sources", v[3], v[2]);
        return false;
    }
    source->users++;
    sink->layer = from;
    sink->output = (uint32_t)(source - from->outputs);
    return true;
}

static bool read_edges(struct ov_reader *r, const xmlNode *e, struct ov_net *net)
{
    struct ov_layer **sorted = TH_NEW_ARRAY(r->arena, struct ov_layer *, net->n);
    bool ok = sorted != NULL;

    for (uint32_t i = 0; ok && i < net->n; i++)
        sorted[i] = &net->layers[i];
    if (ok && net->n != 0)
        qsort(sorted, net->n, sizeof *sorted, by_id);
    for (uint32_t i = 1; ok && i < net->n; i++) {
        if (sorted[i]->id == sorted[i - 1]->id) {
            ov_damaged(r, sorted[i]->element, "two layers have number %" PRId64, sorted[i]->id);
            return false;
        }
    }
    const xmlNode *list = ov_child(e, "edges");
    for (const xmlNode *x = ov_child(list, "edge"); ok && x != NULL; x = ov_next(x, "edge"))
        ok = read_edge(r, x, sorted, net->n);
    for (uint32_t i = 0; ok && i < net->n; i++) {
        const struct ov_layer *l = &net->layers[i];
        for (uint32_t k = 0; k < l->n_inputs; k++) {
            if (l->inputs[k].layer != NULL)
                continue;
            ov_damaged(r, l->element, "input %" PRId64 " of layer %" PRId64 " comes from nowhere",
                       l->inputs[k].id, l->id);
            ok = false;
        }
    }
    return ok;
}

/* ---- order ----------------------------------------------------------------------------------- */

/* Files keep operands first, mostly. Layers become ready as their last operand does; those that
 * never do stand in a cycle. */
static bool sort_layers(struct ov_reader *r, struct ov_net *net)
{
    uint32_t *heads = TH_NEW_ARRAY(r->arena, uint32_t, (size_t)net->n + 1);
    uint32_t n_edges = 0, filled = 0;

    for (uint32_t i = 0; i < net->n; i++)
        n_edges += net->layers[i].n_inputs;
    uint32_t *users = TH_NEW_ARRAY(r->arena, uint32_t, n_edges);
    net->order = TH_NEW_ARRAY(r->arena, struct ov_layer *, net->n);
    if (heads == NULL || users == NULL || net->order == NULL)
        return false;
    for (uint32_t i = 0; i < net->n; i++) {
        for (uint32_t k = 0; k < net->layers[i].n_inputs; k++)
            heads[net->layers[i].inputs[k].layer->index]++;
        net->layers[i].waiting = net->layers[i].n_inputs;
    }
    for (uint32_t i = 0, at = 0; i <= net->n; i++) {
        uint32_t count = heads[i];
        heads[i] = at += count;       /* end of i's users; filling moves it to their begin */
    }
    for (uint32_t i = net->n; i-- > 0;) {
        for (uint32_t k = 0; k < net->layers[i].n_inputs; k++)
            users[--heads[net->layers[i].inputs[k].layer->index]] = i;
    }
    for (uint32_t i = 0; i < net->n; i++) {
        if (net->layers[i].waiting == 0)
            net->order[filled++] = &net->layers[i];
    }
    for (uint32_t i = 0; i < filled; i++) {
        uint32_t at = net->order[i]->index;
        for (uint32_t k = heads[at]; k < heads[at + 1]; k++) {
            if (--net->layers[users[k]].waiting == 0)
                net->order[filled++] = &net->layers[users[k]];
        }
    }
    for (uint32_t i = 0; filled < net->n && i < net->n; i++) {
        if (net->layers[i].waiting == 0)
            continue;
        ov_damaged(r, net->layers[i].element, "layer %" PRId64 " is an operand of itself",
                   net->layers[i].id);
        return false;
    }
    return true;
}

bool ov_read_net(struct ov_reader *r, const xmlNode *e, struct ov_net *net)
{
    const xmlNode *list = ov_child(e, "layers");
    uint32_t count = 0;

    for (const xmlNode *x = ov_child(list, "layer"); x != NULL; x = ov_next(x, "layer"))
        count++;
    if (count == 0) {
        ov_damaged(r, e, "there are no layers");
        return false;
    }
    net->layers = TH_NEW_ARRAY(r->arena, struct ov_layer, count);
    if (net->layers == NULL)
        return false;
    for (const xmlNode *x = ov_child(list, "layer"); x != NULL; x = ov_next(x, "layer")) {
        net->layers[net->n].index = net->n;
        if (!read_layer(r, x, &net->layers[net->n]))
            return false;
        net->n++;
    }
    return read_edges(r, e, net) && sort_layers(r, net);
}
