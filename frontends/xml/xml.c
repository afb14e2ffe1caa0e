/* SPDX-License-Identifier: Apache-2.0 */
/* Our own IR as a model file: what --stop-after wrote can be read and compiled further. */
#include <string.h>

#include <thimble/plugin.h>

static bool begins(const char *s, size_t len, const char *with)
{
    size_t n = strlen(with);
    return len >= n && memcmp(s, with, n) == 0;
}

/* Behind blanks, the declaration and comments; they end well inside the window. */
static size_t root_at(const char *s, size_t len)
{
    size_t i = 0;
    while (i < len) {
        const char *end = begins(s + i, len - i, "<!--") ? "-->" : "?>";
        if (s[i] == ' ' || s[i] == '\t' || s[i] == '\r' || s[i] == '\n') {
            i++;
            continue;
        }
        if (*end != '-' && !begins(s + i, len - i, "<?"))
            return i;
        while (i < len && !begins(s + i, len - i, end))
            i++;
        i += i < len ? strlen(end) : 0;
    }
    return len;
}

static int probe(const unsigned char *bytes, size_t len)
{
    const char *s = (const char *)bytes;
    size_t window = len < 4096 ? len : 4096, at = root_at(s, window);
    return begins(s, len, "<?xml") && begins(s + at, window - at, "<thimble-program") ? 100 : 0;
}

static enum th_status read_program(const struct th_read_request *r, struct th_program **out)
{
    return th_program_read_xml(r->ctx, r->path, out);
}

static const char *const extensions[] = {".xml", NULL};
static const struct th_frontend frontend = {
    .struct_size = sizeof(struct th_frontend),
    .name = "xml",
    .summary = "the compiler's own intermediate form",
    .extensions = extensions,
    .probe = probe,
    .read = read_program,
};

static enum th_status init(struct th_reg *reg)
{
    return th_reg_frontend(reg, &frontend);
}

static const struct th_plugin plugin = {
    TH_PLUGIN_HEADER, .name = "xml", .version = "1.0", .license = "Apache-2.0",
    .summary = "reads programs that were written as XML", .init = init,
};
TH_PLUGIN_ENTRY(xml)
{
    return &plugin;
}
