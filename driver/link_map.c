/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/link_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAP_START "Linker script and memory map\n"

static bool begins(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

static void add(const char *section, uint64_t bytes, struct th_sizes *sum)
{
    if (begins(section, ".text"))
        sum->text += bytes;
    else if (begins(section, ".rodata") || begins(section, ".srodata"))
        sum->rodata += bytes;
    else if (begins(section, ".data") || begins(section, ".sdata"))
        sum->data += bytes;
    else if (begins(section, ".bss") || begins(section, ".sbss") || begins(section, "COMMON"))
        sum->bss += bytes;
}

static bool ours(const char *path, size_t length, const char *const *objects, uint32_t n)
{
    uint32_t i;

    for (i = 0; i < n; i++)
        if (strlen(objects[i]) == length && memcmp(objects[i], path, length) == 0)
            return true;
    return false;
}

/* " 0xADDRESS 0xSIZE path" up to the end of the line. */
static bool place(const char *at, size_t length, uint64_t *bytes, const char **path)
{
    const char *end = at + length;
    char *after;

    at += strspn(at, " ");
    if (!begins(at, "0x"))
        return false;
    strtoull(at, &after, 16);
    if (!begins(after + strspn(after, " "), "0x"))
        return false;
    errno = 0;
    *bytes = strtoull(after, &after, 16);
    if (errno || after >= end || *after != ' ')
        return false;
    *path = after + 1;
    return true;
}

bool th_link_map_sizes(const char *map, const char *const *objects, uint32_t n,
                       struct th_sizes *sum)
{
    const char *line = strstr(map, MAP_START), *section = NULL, *path;
    uint64_t bytes;

    if (!line)
        return false;
    for (line += strlen(MAP_START); *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const size_t length = strcspn(line, "\n");
        const char *rest = line;

        /* An input section: its name after one space; long ones have the place on the next line. */
        if (line[0] == ' ' && (line[1] == '.' || begins(line + 1, "COMMON"))) {
            section = line + 1;
            rest = section + strcspn(section, " \n");
        }
        if (section && place(rest, length - (size_t)(rest - line), &bytes, &path)) {
            if (ours(path, (size_t)(line + length - path), objects, n))
                add(section, bytes, sum);
            section = NULL;
        } else if (rest == line) {
            section = NULL;
        }
    }
    return true;
}
