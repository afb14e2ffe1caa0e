/* SPDX-License-Identifier: Apache-2.0 */
/* Reads target descriptions (schema: targets/targets.rng).
 *
 * The XML reader gets no network, no entities and no DTD; a description is refused as a whole or
 * becomes a complete struct th_target in the context's arena. */
#define _POSIX_C_SOURCE 200809L
#include <thimble/target.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <thimble/thimble.h>

#ifndef TH_PKGDATADIR
#define TH_PKGDATADIR "/usr/local/share/thimble"
#endif
#define TARGETS_DIR TH_PKGDATADIR "/targets"

#define MAX_FILE_BYTES ((size_t)256 * 1024)
#define MAX_WORDS 256
#define MAX_CHILDREN 64
#define SEPARATORS " \t\r\n"

enum { CODE_UNKNOWN = 4001, CODE_BROKEN = 4002 };

/* One description being read. */
struct reader {
    struct th_ctx *ctx;
    struct th_arena *arena;
    const char *file;           /* as the user may open it */
    struct th_target *target;
    xmlNode *options[MAX_CHILDREN];
    uint32_t n_options;
};

static enum th_status load_file(struct th_ctx *ctx, const char *path, const char *wanted,
                                bool core_only, const char *const *extras,
                                struct th_target **out);
static enum th_status find_path(struct th_ctx *ctx, const char *name, const char **path);

static enum th_status exhausted(struct th_ctx *ctx)
{
    th_error(ctx, NULL, 0, "memory exhausted while reading a target");
    return TH_ERR_INTERNAL;
}

static enum th_status broken(struct reader *r, const xmlNode *at, const char *fmt, ...)
    TH_PRINTF(3, 4);
static enum th_status broken(struct reader *r, const xmlNode *at, const char *fmt, ...)
{
    struct th_loc loc = TH_LOC_NONE;
    va_list ap;

    loc.file = r->file;
    loc.line = at ? (int32_t)xmlGetLineNo((xmlNode *)(uintptr_t)at) : 0;
    va_start(ap, fmt);
    th_report(r->ctx, TH_SEV_ERROR, &loc, CODE_BROKEN, fmt, ap);
    va_end(ap);
    return TH_ERR_INPUT;
}

/* ---- words ----------------------------------------------------------------------------------- */

static bool is_word(const char *s)
{
    const char *p;

    if (!s || !*s || strlen(s) > 64 || strchr("_.-", *s))
        return false;
    for (p = s; *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-", *p))
            return false;
    return true;
}

/* The words of `text` after those of `before` (NULL-terminated or NULL), as a new list. */
static const char *const *split(struct reader *r, const char *const *before, const char *text)
{
    const char **list = TH_NEW_ARRAY(r->arena, const char *, MAX_WORDS + 1);
    size_t n = 0;

    if (!list)
        return NULL;
    for (; before && before[n] && n < MAX_WORDS; n++)
        list[n] = before[n];
    while (text && *text) {
        size_t gap = strspn(text, SEPARATORS), length = strcspn(text + gap, SEPARATORS);

        if (length) {
            if (n == MAX_WORDS)
                return NULL;
            list[n] = th_arena_strndup(r->arena, text + gap, length);
            if (!list[n++])
                return NULL;
        }
        text += gap + length;
    }
    list[n] = NULL;
    return list;
}

static enum th_status add_words(struct reader *r, const xmlNode *node, const char *const **list)
{
    xmlChar *text = node ? xmlNodeGetContent(node) : NULL;
    const char *const *words = split(r, *list, (const char *)text);

    xmlFree(text);
    if (!words)
        return broken(r, node, "memory exhausted, or a list of more than %d words", MAX_WORDS);
    *list = words;
    return TH_OK;
}

/* ---- attributes and children ----------------------------------------------------------------- */

static const char *attribute(struct reader *r, xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(node, (const xmlChar *)name);
    const char *copy = value ? th_arena_strdup(r->arena, (const char *)value) : NULL;

    xmlFree(value);
    return copy;
}

static enum th_status need(struct reader *r, xmlNode *node, const char *name, const char **out)
{
    *out = attribute(r, node, name);
    if (!*out)
        return broken(r, node, "<%s> lacks the attribute '%s'", (const char *)node->name, name);
    return TH_OK;
}

static enum th_status need_word(struct reader *r, xmlNode *node, const char *name,
                                const char **out)
{
    TH_TRY(need(r, node, name, out));
    if (!is_word(*out))
        return broken(r, node, "'%s' of <%s> is not a plain word: '%s'", name,
                      (const char *)node->name, *out);
    return TH_OK;
}

static enum th_status number(struct reader *r, xmlNode *node, const char *name, bool required,
                             uint64_t max, uint64_t *out)
{
    const char *text = attribute(r, node, name);
    char *end = NULL;
    unsigned long long value;

    if (!text && !required)
        return TH_OK;
    TH_TRY(need(r, node, name, &text));
    errno = 0;
    value = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
    if (errno || end == text || *end || *text < '0' || *text > '9' || value > max)
        return broken(r, node, "'%s' of <%s> is '%s', not a number up to %llu", name,
                      (const char *)node->name, text, (unsigned long long)max);
    *out = value;
    return TH_OK;
}

static enum th_status number32(struct reader *r, xmlNode *node, const char *name, bool required,
                               uint32_t max, uint32_t *out)
{
    uint64_t wide = *out;

    TH_TRY(number(r, node, name, required, max, &wide));
    *out = (uint32_t)wide;
    return TH_OK;
}

static bool named(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static xmlNode *child(xmlNode *node, const char *name)
{
    xmlNode *c;

    for (c = node->children; c; c = c->next)
        if (named(c, name))
            return c;
    return NULL;
}

/* Elements of that name below node, at most MAX_CHILDREN; the count. */
static uint32_t children(xmlNode *node, const char *name, xmlNode **out)
{
    xmlNode *c;
    uint32_t n = 0;

    for (c = node->children; c; c = c->next)
        if (named(c, name) && n < MAX_CHILDREN)
            out[n++] = c;
    return n;
}

/* Refuses an element that the schema does not know: a misspelt one must not be ignored. */
static enum th_status only(struct reader *r, xmlNode *node, const char *allowed)
{
    xmlNode *c;

    for (c = node->children; c; c = c->next) {
        if (c->type == XML_ELEMENT_NODE) {
            const char *hit = strstr(allowed, (const char *)c->name);
            size_t length = strlen((const char *)c->name);

            if (!hit || (hit != allowed && hit[-1] != ' ') || (hit[length] && hit[length] != ' '))
                return broken(r, c, "<%s> does not belong in <%s>; allowed: %s",
                              (const char *)c->name, (const char *)node->name, allowed);
        } else if (c->type == XML_ENTITY_REF_NODE) {
            return broken(r, c, "entities are not allowed");
        }
    }
    return TH_OK;
}

/* ---- a core ---------------------------------------------------------------------------------- */

static enum th_status read_compiler(struct reader *r, xmlNode *node, struct th_compiler *c)
{
    xmlNode *compile = child(node, "compile");

    TH_TRY(only(r, node, "compile link"));
    TH_TRY(need_word(r, node, "name", &c->name));
    TH_TRY(need(r, node, "command", &c->command));
    c->link_with = attribute(r, node, "link-with");
    if (!compile)
        return broken(r, node, "compiler '%s' lacks <compile>", c->name);
    TH_TRY(add_words(r, compile, &c->cflags));
    return add_words(r, child(node, "link"), &c->ldflags);
}

static enum th_status read_compilers(struct reader *r, xmlNode *root)
{
    xmlNode *nodes[MAX_CHILDREN];
    uint32_t n = children(root, "compiler", nodes), i, k;
    struct th_compiler *list = TH_NEW_ARRAY(r->arena, struct th_compiler, n);

    if (!list)
        return exhausted(r->ctx);
    if (n == 0)
        return broken(r, root, "a core needs at least one <compiler>");
    for (i = 0; i < n; i++)
        TH_TRY(read_compiler(r, nodes[i], &list[i]));
    for (i = 0; i < n; i++) {
        for (k = 0; k < n && list[i].link_with; k++)
            if (strcmp(list[k].name, list[i].link_with) == 0 && !list[k].link_with)
                break;
        if (k == n)
            return broken(r, nodes[i], "compiler '%s' links with '%s', which is not a compiler "
                          "here that links", list[i].name, list[i].link_with);
    }
    r->target->compilers = list;
    r->target->n_compilers = n;
    return TH_OK;
}

/* The emulator's command, with the instruction clock before its last word (-kernel). */
static enum th_status read_command(struct reader *r, xmlNode *node, struct th_board *b)
{
    const char *const *words = NULL;
    const char **all;
    size_t n = 0;

    TH_TRY(add_words(r, node, &words));
    while (words[n])
        n++;
    if (n < 2)
        return broken(r, node, "<command> needs a program and arguments");
    all = TH_NEW_ARRAY(r->arena, const char *, n + 3);
    if (!all)
        return exhausted(r->ctx);
    memcpy(all, words, (n - 1) * sizeof *all);
    all[n - 1] = "-icount";
    all[n] = th_arena_printf(r->arena, "shift=%u", (unsigned)b->icount_shift);
    all[n + 1] = words[n - 1];
    if (!all[n])
        return exhausted(r->ctx);
    b->command = all;
    return TH_OK;
}

static enum th_status read_board(struct reader *r, xmlNode *node)
{
    struct th_board *b = &r->target->board;
    xmlNode *command = child(node, "command");

    TH_TRY(only(r, node, "command"));
    TH_TRY(need_word(r, node, "name", &b->name));
    TH_TRY(need_word(r, node, "start", &b->start));
    TH_TRY(need_word(r, node, "counter", &b->counter));
    TH_TRY(number32(r, node, "icount-shift", true, 10, &b->icount_shift));
    b->linker_script = attribute(r, node, "script");
    if (b->linker_script && !is_word(b->linker_script))
        return broken(r, node, "'script' is a file name without folders, not '%s'",
                      b->linker_script);
    return command ? read_command(r, command, b) : TH_OK;
}

static enum th_status read_core(struct reader *r, xmlNode *root, xmlNode *core)
{
    struct th_target *t = r->target;
    xmlNode *board = child(root, "board");

    TH_TRY(only(r, root, "core features option compiler board"));
    TH_TRY(need_word(r, core, "backend", &t->backend));
    TH_TRY(number32(r, core, "pointer-bits", true, 64, &t->pointer_bits));
    TH_TRY(number32(r, core, "align", true, 64, &t->align));
    TH_TRY(number32(r, core, "vlen", false, 65536, &t->vlen));
    if (t->pointer_bits != 32 && t->pointer_bits != 64)
        return broken(r, core, "pointer-bits is %u, not 32 or 64", (unsigned)t->pointer_bits);
    if (t->align == 0 || (t->align & (t->align - 1)))
        return broken(r, core, "align is %u, not a power of two", (unsigned)t->align);
    t->core = t->name;
    TH_TRY(add_words(r, child(root, "features"), &t->features));
    TH_TRY(read_compilers(r, root));
    r->n_options = children(root, "option", r->options);
    return board ? read_board(r, board) : TH_OK;
}

/* ---- options and devices --------------------------------------------------------------------- */

static enum th_status add_flags(struct reader *r, xmlNode *compile)
{
    struct th_target *t = r->target;
    struct th_compiler *list;
    uint32_t i;

    if (!compile)
        return TH_OK;
    list = th_arena_memdup(r->arena, t->compilers, t->n_compilers * sizeof *list);
    if (!list)
        return exhausted(r->ctx);
    for (i = 0; i < t->n_compilers; i++)
        TH_TRY(add_words(r, compile, &list[i].cflags));
    t->compilers = list;
    return TH_OK;
}

static enum th_status apply_option(struct reader *r, const char *word)
{
    const char *names[MAX_CHILDREN], *near;
    uint32_t i;

    for (i = 0; i < r->n_options; i++) {
        TH_TRY(need_word(r, r->options[i], "name", &names[i]));
        if (strcmp(names[i], word) == 0)
            break;
    }
    if (i == r->n_options) {
        th_error(r->ctx, NULL, CODE_UNKNOWN, "target '%s' has no feature '%s' to add",
                 r->target->name, word);
        near = th_nearest_name(word, names, r->n_options);
        if (near)
            th_help(r->ctx, CODE_UNKNOWN, "did you mean '%s+%s'?", r->target->name, near);
        return TH_ERR_USAGE;
    }
    TH_TRY(only(r, r->options[i], "features compile"));
    TH_TRY(add_words(r, child(r->options[i], "features"), &r->target->features));
    return add_flags(r, child(r->options[i], "compile"));
}

static enum th_status read_region(struct reader *r, xmlNode *node, struct th_mem_region *m)
{
    const char *use;

    TH_TRY(need_word(r, node, "name", &m->name));
    TH_TRY(need(r, node, "use", &use));
    TH_TRY(number(r, node, "base", true, UINT64_MAX, &m->base));
    TH_TRY(number(r, node, "bytes", true, (uint64_t)1 << 40, &m->bytes));
    TH_TRY(number32(r, node, "speed", true, 255, &m->speed));
    if (m->bytes == 0)
        return broken(r, node, "region '%s' has no bytes", m->name);
    if (strcmp(use, "ram") == 0)
        m->use = TH_REGION_USE_RAM;
    else if (strcmp(use, "code") == 0)
        m->use = TH_REGION_USE_CODE;
    else if (strcmp(use, "ram code") == 0)
        m->use = TH_REGION_USE_RAM | TH_REGION_USE_CODE;
    else
        return broken(r, node, "'use' of region '%s' is '%s', not 'ram', 'code' or 'ram code'",
                      m->name, use);
    return TH_OK;
}

static enum th_status read_regions(struct reader *r, xmlNode *root)
{
    xmlNode *nodes[MAX_CHILDREN];
    uint32_t n = children(root, "region", nodes), i, k;
    struct th_mem_region *list = TH_NEW_ARRAY(r->arena, struct th_mem_region, n);

    if (!list)
        return exhausted(r->ctx);
    for (i = 0; i < n; i++) {
        TH_TRY(read_region(r, nodes[i], &list[i]));
        for (k = 0; k < i; k++) {
            if (strcmp(list[k].name, list[i].name) == 0)
                return broken(r, nodes[i], "region '%s' is there twice", list[i].name);
            if (list[i].base - list[k].base < list[k].bytes ||
                list[k].base - list[i].base < list[i].bytes)
                return broken(r, nodes[i], "regions '%s' and '%s' overlap", list[k].name,
                              list[i].name);
        }
    }
    r->target->regions = list;
    r->target->n_regions = n;
    return TH_OK;
}

static enum th_status read_device(struct reader *r, xmlNode *root, xmlNode *device,
                                  const char *const *extras)
{
    struct th_target *t = r->target, *core_target = NULL;
    const char *name = t->name, *title = t->title, *core, *path = NULL;

    TH_TRY(only(r, root, "device features compile region"));
    TH_TRY(need_word(r, device, "core", &core));
    TH_TRY(find_path(r->ctx, core, &path));
    if (!path)
        return broken(r, device, "device '%s' has an unknown core '%s'", name, core);
    TH_TRY(load_file(r->ctx, path, core, true, extras, &core_target));
    *t = *core_target;
    t->name = name;
    t->title = title;
    t->clock_hz = 0;
    TH_TRY(number(r, device, "clock-hz", false, UINT64_MAX, &t->clock_hz));
    TH_TRY(add_words(r, child(root, "features"), &t->features));
    TH_TRY(add_flags(r, child(root, "compile")));
    return read_regions(r, root);
}

/* ---- files ----------------------------------------------------------------------------------- */

static enum th_status read_bytes(struct th_ctx *ctx, const char *path, char **bytes, size_t *n)
{
    FILE *f = fopen(path, "rb");
    char *buffer;
    bool failed;

    if (!f) {
        th_error(ctx, NULL, CODE_BROKEN, "cannot open target description '%s': %s", path,
                 strerror(errno));
        return TH_ERR_IO;
    }
    buffer = th_arena_alloc(th_ctx_arena(ctx), MAX_FILE_BYTES + 1);
    if (!buffer) {
        fclose(f);
        return exhausted(ctx);
    }
    *n = fread(buffer, 1, MAX_FILE_BYTES + 1, f);
    failed = ferror(f) != 0;
    fclose(f);
    if (failed || *n > MAX_FILE_BYTES) {
        th_error(ctx, NULL, CODE_BROKEN, failed ? "cannot read target description '%s'" :
                 "target description '%s' is larger than 256 KiB", path);
        return failed ? TH_ERR_IO : TH_ERR_INPUT;
    }
    *bytes = buffer;
    return TH_OK;
}

static enum th_status read_root(struct reader *r, xmlDoc *doc, const char *wanted, bool core_only,
                                const char *const *extras)
{
    xmlNode *root = xmlDocGetRootElement(doc), *core, *device;
    size_t i;

    if (doc->intSubset || doc->extSubset)
        return broken(r, NULL, "a document type definition is not allowed");
    if (!root || !named(root, "target"))
        return broken(r, root, "the outermost element is not <target>");
    TH_TRY(need_word(r, root, "name", &r->target->name));
    TH_TRY(need(r, root, "title", &r->target->title));
    if (wanted && strcmp(wanted, r->target->name) != 0)
        return broken(r, root, "the target's name is '%s', but the file's is '%s'",
                      r->target->name, wanted);
    core = child(root, "core");
    device = child(root, "device");
    if (!core == !device)
        return broken(r, root, "<target> needs either <core> or <device>");
    if (device && core_only)
        return broken(r, device, "a device cannot be the core of another one");
    if (device)
        return read_device(r, root, device, extras);
    TH_TRY(read_core(r, root, core));
    for (i = 0; extras && extras[i]; i++)
        TH_TRY(apply_option(r, extras[i]));
    return TH_OK;
}

/* wanted: the name the file must give itself, NULL any. extras: options asked for by "+name". */
static enum th_status load_file(struct th_ctx *ctx, const char *path, const char *wanted,
                                bool core_only, const char *const *extras, struct th_target **out)
{
    struct reader r = { .ctx = ctx, .arena = th_ctx_arena(ctx), .file = path };
    enum th_status status;
    xmlParserCtxt *parser;
    xmlDoc *doc;
    char *bytes = NULL;
    size_t n = 0;

    TH_TRY(read_bytes(ctx, path, &bytes, &n));
    r.target = TH_NEW(r.arena, struct th_target);
    parser = xmlNewParserCtxt();
    if (!r.target || !parser) {
        xmlFreeParserCtxt(parser);
        return exhausted(ctx);
    }
    doc = xmlCtxtReadMemory(parser, bytes, (int)n, NULL, NULL,
                            XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (doc) {
        status = read_root(&r, doc, wanted, core_only, extras);
    } else {
        const xmlError *e = xmlCtxtGetLastError(parser);
        const char *text = e && e->message ? e->message : "unknown reason";

        status = broken(&r, NULL, "not well-formed XML: line %d: %.*s", e ? e->line : 0,
                        (int)strcspn(text, "\n"), text);
    }
    xmlFreeDoc(doc);
    xmlFreeParserCtxt(parser);
    if (status == TH_OK)
        *out = r.target;
    return status;
}

/* ---- search ---------------------------------------------------------------------------------- */

/* The folders to look in, one by one: THIMBLE_TARGET_PATH, then the installed one. */
static const char *folder_at(struct th_ctx *ctx, size_t index)
{
    const char *path = getenv("THIMBLE_TARGET_PATH");

    while (path && *path) {
        size_t length = strcspn(path, ":");

        if (length && index-- == 0)
            return th_arena_strndup(th_ctx_arena(ctx), path, length);
        path += length + (path[length] == ':');
    }
    return index == 0 ? TARGETS_DIR : NULL;
}

static bool readable(const char *path)
{
    FILE *f = fopen(path, "rb");

    if (f)
        fclose(f);
    return f != NULL;
}

/* *path stays NULL when there is no such description. */
static enum th_status find_path(struct th_ctx *ctx, const char *name, const char **path)
{
    const char *folder;
    size_t i;

    *path = NULL;
    for (i = 0; (folder = folder_at(ctx, i)) != NULL; i++) {
        const char *file = th_arena_printf(th_ctx_arena(ctx), "%s/%s.xml", folder, name);

        if (!file)
            return exhausted(ctx);
        if (readable(file)) {
            *path = file;
            return TH_OK;
        }
    }
    return TH_OK;
}

struct name_list {
    const char **names;
    size_t n, cap;
};

static enum th_status add_name(struct th_ctx *ctx, struct name_list *l, const char *name)
{
    struct th_arena *arena = th_ctx_arena(ctx);
    size_t at, length = strlen(name);
    char *copy;

    if (length < 5 || strcmp(name + length - 4, ".xml") != 0)
        return TH_OK;
    copy = th_arena_strndup(arena, name, length - 4);
    if (!copy)
        return exhausted(ctx);
    if (!is_word(copy))
        return TH_OK;
    for (at = 0; at < l->n && strcmp(l->names[at], copy) < 0; at++)
        ;
    if (at < l->n && strcmp(l->names[at], copy) == 0)
        return TH_OK;
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 64;
        const char **grown = TH_NEW_ARRAY(arena, const char *, cap);

        if (!grown)
            return exhausted(ctx);
        if (l->n)
            memcpy(grown, l->names, l->n * sizeof *grown);
        l->names = grown;
        l->cap = cap;
    }
    memmove(l->names + at + 1, l->names + at, (l->n - at) * sizeof *l->names);
    l->names[at] = copy;
    l->n++;
    return TH_OK;
}

/* Sorted names of all descriptions. A folder that is not there counts as empty. */
static enum th_status list_names(struct th_ctx *ctx, struct name_list *l)
{
    enum th_status status = TH_OK;
    const char *folder;
    size_t i;

    for (i = 0; status == TH_OK && (folder = folder_at(ctx, i)) != NULL; i++) {
        DIR *d = opendir(folder);
        struct dirent *e;

        while (d && status == TH_OK && (e = readdir(d)) != NULL)
            status = add_name(ctx, l, e->d_name);
        if (d)
            closedir(d);
    }
    return status;
}

static void report_unknown(struct th_ctx *ctx, const char *name)
{
    struct name_list l = { NULL, 0, 0 };
    const char *near;

    th_error(ctx, NULL, CODE_UNKNOWN, "unknown target '%s'", name);
    if (list_names(ctx, &l) != TH_OK)
        return;
    if (l.n == 0) {
        th_help(ctx, CODE_UNKNOWN, "no target descriptions in '%s'; set THIMBLE_TARGET_PATH",
                TARGETS_DIR);
        return;
    }
    near = th_nearest_name(name, l.names, l.n);
    if (near)
        th_help(ctx, CODE_UNKNOWN, "did you mean '%s'? 'thimble targets' lists all", near);
    else
        th_help(ctx, CODE_UNKNOWN, "'thimble targets' lists all; a path names a description file");
}

const struct th_target *th_target_find(struct th_ctx *ctx, const char *name)
{
    struct th_arena *arena = th_ctx_arena(ctx);
    struct th_target *t = NULL;
    struct reader words = { .ctx = ctx, .arena = arena };
    size_t length = strlen(name), base = strcspn(name, "+");
    const char *path = name, *wanted = NULL;
    const char *const *extras = NULL;
    char *plus, *p;

    if (!strchr(name, '/') && (length < 4 || strcmp(name + length - 4, ".xml") != 0)) {
        wanted = th_arena_strndup(arena, name, base);
        plus = th_arena_strdup(arena, name + base);
        for (p = plus; p && *p; p++)
            if (*p == '+')
                *p = ' ';
        extras = plus ? split(&words, NULL, plus) : NULL;
        if (!wanted || !extras) {
            exhausted(ctx);
            return NULL;
        }
        path = NULL;
        if (is_word(wanted) && find_path(ctx, wanted, &path) != TH_OK)
            return NULL;
        if (!path) {
            report_unknown(ctx, wanted);
            return NULL;
        }
    }
    if (load_file(ctx, path, wanted, false, extras, &t) != TH_OK)
        return NULL;
    if (extras && extras[0])
        t->name = th_arena_strdup(arena, name);
    return t->name ? t : NULL;
}

enum th_status th_target_list(struct th_ctx *ctx, const struct th_target *const **list, uint32_t *n)
{
    struct name_list names = { NULL, 0, 0 };
    const struct th_target **all;
    enum th_status status = TH_OK;
    size_t i;

    TH_TRY(list_names(ctx, &names));
    all = TH_NEW_ARRAY(th_ctx_arena(ctx), const struct th_target *, names.n);
    if (!all)
        return exhausted(ctx);
    *n = 0;
    for (i = 0; i < names.n; i++) {
        const struct th_target *t = th_target_find(ctx, names.names[i]);

        if (t)
            all[(*n)++] = t;
        else
            status = TH_ERR_INPUT;
    }
    *list = all;
    return status;
}

bool th_target_has(const struct th_target *t, const char *feature)
{
    size_t i;

    for (i = 0; t->features && t->features[i]; i++)
        if (strcmp(t->features[i], feature) == 0)
            return true;
    return false;
}
