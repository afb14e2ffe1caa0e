/* SPDX-License-Identifier: Apache-2.0 */
/* Reads target descriptions (schema: targets/targets.rng).
 *
 * The XML reader gets no network, no entities and no DTD; a description is refused as a whole or
 * becomes a complete struct th_target in the context's arena. */
#define _POSIX_C_SOURCE 200809L
#include "plugins/target_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <thimble/thimble.h>

#define MAX_FILE_BYTES ((size_t)256 * 1024)
#define MAX_WORDS 256
#define MAX_CHILDREN 64
#define SEPARATORS " \t\r\n"

/* One description being read. */
struct reader {
    struct th_ctx *ctx;
    struct th_arena *arena;
    const char *file;           /* as the user may open it */
    struct th_target *target;
    xmlNode *options[MAX_CHILDREN];
    uint32_t n_options;
};

enum th_status th_target_exhausted(struct th_ctx *ctx)
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

bool th_target_is_word(const char *s)
{
    const char *p;

    if (!s || !*s || strlen(s) > 64 || strchr("_.-", *s))
        return false;
    for (p = s; *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-", *p))
            return false;
    return true;
}

const char *const *th_target_words(struct th_arena *arena, const char *const *before,
                                   const char *text)
{
    const char **list = TH_NEW_ARRAY(arena, const char *, MAX_WORDS + 1);
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
            list[n] = th_arena_strndup(arena, text + gap, length);
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
    const char *const *words = th_target_words(r->arena, *list, (const char *)text);

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
    if (!th_target_is_word(*out))
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
    const char *links;

    TH_TRY(only(r, node, "compile link"));
    TH_TRY(need_word(r, node, "name", &c->name));
    TH_TRY(need(r, node, "command", &c->command));
    c->link_with = attribute(r, node, "link-with");
    links = attribute(r, node, "only-links");
    if (links && strcmp(links, "yes") != 0)
        return broken(r, node, "'only-links' can only be 'yes'");
    c->only_links = links != NULL;
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
        return th_target_exhausted(r->ctx);
    if (n == 0)
        return broken(r, root, "a core needs at least one <compiler>");
    for (i = 0; i < n; i++)
        TH_TRY(read_compiler(r, nodes[i], &list[i]));
    if (list[0].only_links)
        return broken(r, nodes[0], "the first compiler must be one that compiles");
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
        return th_target_exhausted(r->ctx);
    memcpy(all, words, (n - 1) * sizeof *all);
    all[n - 1] = "-icount";
    all[n] = th_arena_printf(r->arena, "shift=%u", (unsigned)b->icount_shift);
    all[n + 1] = words[n - 1];
    if (!all[n])
        return th_target_exhausted(r->ctx);
    b->command = all;
    return TH_OK;
}

static enum th_status read_memories(struct reader *r, xmlNode *board)
{
    xmlNode *nodes[MAX_CHILDREN];
    const uint32_t n = children(board, "memory", nodes);
    struct th_mem_region *list = TH_NEW_ARRAY(r->arena, struct th_mem_region, n);
    uint32_t i;

    if (!list)
        return th_target_exhausted(r->ctx);
    for (i = 0; i < n; i++) {
        TH_TRY(need_word(r, nodes[i], "name", &list[i].name));
        TH_TRY(number(r, nodes[i], "base", true, UINT64_MAX / 2, &list[i].base));
        TH_TRY(number(r, nodes[i], "bytes", true, (uint64_t)1 << 40, &list[i].bytes));
    }
    r->target->board.memories = list;
    r->target->board.n_memories = n;
    return TH_OK;
}

static enum th_status read_board(struct reader *r, xmlNode *node)
{
    struct th_board *b = &r->target->board;
    xmlNode *command = child(node, "command");

    TH_TRY(only(r, node, "command memory"));
    TH_TRY(read_memories(r, node));
    TH_TRY(need_word(r, node, "name", &b->name));
    TH_TRY(need_word(r, node, "start", &b->start));
    TH_TRY(need_word(r, node, "counter", &b->counter));
    TH_TRY(number32(r, node, "icount-shift", true, 10, &b->icount_shift));
    b->linker_script = attribute(r, node, "script");
    if (b->linker_script && !th_target_is_word(b->linker_script))
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
        return th_target_exhausted(r->ctx);
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
        return th_target_exhausted(r->ctx);
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
    TH_TRY(th_target_path(r->ctx, core, &path));
    if (!path)
        return broken(r, device, "device '%s' has an unknown core '%s'", name, core);
    TH_TRY(th_target_load(r->ctx, path, core, true, extras, &core_target));
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
        return th_target_exhausted(ctx);
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

enum th_status th_target_load(struct th_ctx *ctx, const char *path, const char *wanted,
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
        return th_target_exhausted(ctx);
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
