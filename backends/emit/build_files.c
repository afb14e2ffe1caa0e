/* SPDX-License-Identifier: Apache-2.0 */
/* Build fragments: a Makefile to include and a CMake file to include. */
#include "backends/emit/emit.h"

#include <string.h>

static void target_flags(struct th_emit *e, struct th_str *s)
{
    const struct th_target *t = e->request->target;
    if (!t || !t->n_compilers)
        return;
    for (const char *const *f = t->compilers[0].cflags; f && *f; f++)
        th_str_addf(s, " %s", *f);
}

/* make has a CC and an AR of its own, so "?=" would never choose the target's. */
static void tools(struct th_emit *e, struct th_str *s)
{
    const struct th_target *t = e->request->target;
    const char *cc = t && t->n_compilers ? t->compilers[0].command : "cc";
    const size_t n = strlen(cc);
    th_str_addf(s, "ifeq ($(origin CC),default)\nCC := %s\nendif\n", cc);
    if (n > 4 && strcmp(cc + n - 4, "-gcc") == 0)
        th_str_addf(s, "ifeq ($(origin AR),default)\nAR := %.*s-ar\nendif\n", (int)n - 4, cc);
}

enum th_status th_emit_build(struct th_emit *e)
{
    struct th_str *s = th_emit_text(e, "Makefile");
    th_str_addf(s,
                "# SPDX-License-Identifier: 0BSD\n"
                "# Builds lib%s.a; or include this file and use %s_SOURCES.\n"
                "%s_DIR := $(dir $(lastword $(MAKEFILE_LIST)))\n"
                "%s_SOURCES := $(filter-out %%_testbench.c,$(wildcard $(%s_DIR)%s*.c))\n",
                e->name, e->upper, e->upper, e->upper, e->upper, e->name);
    tools(e, s);
    th_str_addf(s, "%s_CFLAGS ?=", e->upper);
    target_flags(e, s);
    th_str_addf(s,
                " -std=c99 -O2 -ffunction-sections -fdata-sections\n\n"
                "lib%s.a: $(%s_SOURCES:.c=.o)\n"
                "\t$(AR) rcs $@ $^\n"
                "$(%s_DIR)%%.o: $(%s_DIR)%%.c\n"
                "\t$(CC) $(%s_CFLAGS) $(CFLAGS) -c -o $@ $<\n",
                e->name, e->upper, e->upper, e->upper, e->upper);
    char *cmake = th_arena_printf(e->arena, "%s.cmake", e->name);
    if (!cmake)
        return TH_ERR_INTERNAL;
    s = th_emit_text(e, cmake);
    th_str_addf(s,
                "# SPDX-License-Identifier: 0BSD\n"
                "# include(%s.cmake), then target_link_libraries(your_firmware PRIVATE %s)\n"
                "file(GLOB %s_SOURCES \"${CMAKE_CURRENT_LIST_DIR}/%s*.c\")\n"
                "list(FILTER %s_SOURCES EXCLUDE REGEX \"_testbench\\\\.c$\")\n"
                "add_library(%s STATIC ${%s_SOURCES})\n"
                "target_include_directories(%s PUBLIC \"${CMAKE_CURRENT_LIST_DIR}\")\n"
                "set_target_properties(%s PROPERTIES C_STANDARD 99)\n",
                e->name, e->name, e->upper, e->name, e->upper, e->name, e->upper, e->name,
                e->name);
    return TH_OK;
}
