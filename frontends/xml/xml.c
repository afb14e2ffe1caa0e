/* SPDX-License-Identifier: Apache-2.0 */
/* Our own IR as a model file: what --stop-after wrote can be read and compiled further. */
#include <string.h>

#include <thimble/plugin.h>

/* The root element, behind the declaration and comments; well inside what anyone writes there. */
static int probe(const unsigned char *bytes, size_t len)
{
    static const char declaration[] = "<?xml", root[] = "<thimble-program";
    size_t window = len < 4096 ? len : 4096;
    if (len < sizeof declaration - 1 || memcmp(bytes, declaration, sizeof declaration - 1) != 0)
        return 0;
    for (size_t i = 0; i + sizeof root - 1 <= window; i++)
        if (bytes[i] == '<' && memcmp(bytes + i, root, sizeof root - 1) == 0)
            return 100;
    return 0;
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
