/* SPDX-License-Identifier: Apache-2.0 */
/* Stack bounds from call graphs, sizes from section headers, child processes. */
#define _POSIX_C_SOURCE 200809L
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <CUnit/Basic.h>
#include <thimble/thimble.h>

#include "driver/elf_sizes.h"
#include "driver/link_map.h"
#include "driver/process.h"
#include "driver/stack_bound.h"

static void hear(void *user, const struct th_message *msg)
{
    th_message_format(msg, user);
}

static struct th_ctx *quiet_ctx(struct th_str *heard)
{
    struct th_ctx *ctx = th_ctx_new();

    th_str_init(heard);
    th_ctx_set_sink(ctx, hear, heard);
    return ctx;
}

/* ---- stack ----------------------------------------------------------------------------------- */

#define NODE(f, label) "node: { title: \"" f "\" label: \"" f label "\" }\n"
#define FRAME(n, how) "\\nm.c:1:2\\n" n " bytes (" how ")"
#define EDGE(a, b) "edge: { sourcename: \"" a "\" targetname: \"" b "\" label: \"m.c:3:4\" }\n"

static void test_stack_bound(void)
{
    struct th_str heard;
    struct th_ctx *ctx = quiet_ctx(&heard);
    struct th_stack_graph *g = th_stack_graph_new(ctx);
    struct th_stack_bound b;

    CU_ASSERT(th_stack_graph_add(g,
        "graph: { title: \"m.c\"\n"
        NODE("invoke", FRAME("16", "static")) NODE("big", FRAME("100", "static"))
        NODE("small", FRAME("8", "dynamic,bounded")) NODE("leaf", FRAME("40", "static"))
        NODE("memcpy", "\\n<built-in>") NODE("loop_a", FRAME("8", "static"))
        NODE("grows", FRAME("8", "dynamic"))
        EDGE("invoke", "big") EDGE("invoke", "small") EDGE("small", "leaf") EDGE("leaf", "other")
        EDGE("big", "memcpy") EDGE("loop_a", "loop_b") EDGE("calls_grows", "grows")
        "junk\nnode: { title: \"cut\n}\n"));
    CU_ASSERT(th_stack_graph_add(g, NODE("other", FRAME("64", "static"))
                                 NODE("loop_b", FRAME("8", "static")) EDGE("loop_b", "loop_a")
                                 NODE("calls_grows", FRAME("8", "static"))));
    CU_ASSERT(th_stack_graph_bound(g, "invoke", &b));
    CU_ASSERT_EQUAL(b.bytes, 16 + 8 + 40 + 64);
    CU_ASSERT_EQUAL(b.unknown, 1);
    CU_ASSERT_STRING_EQUAL(b.first_unknown, "memcpy");
    CU_ASSERT(th_stack_graph_bound(g, "big", &b) && b.bytes == 100);
    CU_ASSERT(th_stack_graph_bound(g, "loop_a", &b) && b.bytes == -1);
    CU_ASSERT(th_stack_graph_bound(g, "calls_grows", &b) && b.bytes == -1);
    CU_ASSERT(!th_stack_graph_bound(g, "nobody", &b));
    th_stack_graph_note(g, "/* stack of leaf: 50 bytes */ stack of stack of big: many bytes\n"
                        "stack of small: 9999999999999 bytes stack of other: 1 bytes stack of");
    CU_ASSERT(th_stack_graph_bound(g, "invoke", &b) && b.bytes == 16 + 8 + 50 + 64);
    CU_ASSERT(!th_stack_graph_bound(g, "memcpy", &b));
    th_ctx_free(ctx);
    th_str_release(&heard);
}

/* ---- sizes ----------------------------------------------------------------------------------- */

struct small_elf {
    Elf32_Ehdr header;
    Elf32_Shdr sections[7];
    char names[64];
};

static void make_elf(struct small_elf *e)
{
    static const struct { uint32_t name, type, flags, size; } rows[] = {
        { 0, SHT_NULL, 0, 0 },
        { 1, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 1000 },
        { 7, SHT_PROGBITS, SHF_ALLOC, 200 },
        { 15, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 30 },
        { 21, SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 4 },
        { 26, SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 50000 },
        { 33, SHT_STRTAB, 0, sizeof e->names },
    };
    size_t i;

    memset(e, 0, sizeof *e);
    memcpy(e->header.e_ident, ELFMAG, SELFMAG);
    e->header.e_ident[EI_CLASS] = ELFCLASS32;
    e->header.e_ident[EI_DATA] = ELFDATA2LSB;
    e->header.e_shoff = sizeof e->header;
    e->header.e_shentsize = sizeof e->sections[0];
    e->header.e_shnum = TH_ARRAY_LEN(rows);
    e->header.e_shstrndx = TH_ARRAY_LEN(rows) - 1;
    memcpy(e->names, "\0.text\0.rodata\0.data\0.bss\0.arena\0.names", 40);
    for (i = 0; i < TH_ARRAY_LEN(rows); i++) {
        e->sections[i].sh_name = rows[i].name;
        e->sections[i].sh_type = rows[i].type;
        e->sections[i].sh_flags = rows[i].flags;
        e->sections[i].sh_size = rows[i].size;
    }
    e->sections[6].sh_offset = (Elf32_Off)((char *)e->names - (char *)e);
}

static void test_elf_sizes(void)
{
    struct small_elf e;
    struct th_sizes s = { 0, 0, 0, 0 };
    unsigned char copy[sizeof e];
    size_t i;

    make_elf(&e);
    CU_ASSERT(th_elf_sizes(&e, sizeof e, ".arena", &s));
    CU_ASSERT(s.text == 1000 && s.rodata == 200 && s.data == 30 && s.bss == 4);
    CU_ASSERT(th_elf_sizes(&e, sizeof e, NULL, &s));
    CU_ASSERT(s.text == 2000 && s.bss == 50008);
    CU_ASSERT(!th_elf_sizes("nothing", 7, NULL, &s));
    for (i = 0; i < sizeof e - sizeof e.names; i++)
        CU_ASSERT(!th_elf_sizes(&e, i, NULL, &s));
    /* Any damaged byte may be refused or change the sums, but must not be read beyond the end. */
    for (i = 0; i < sizeof e; i++) {
        memcpy(copy, &e, sizeof e);
        copy[i] ^= 0xFF;
        th_elf_sizes(copy, sizeof copy, ".arena", &s);
    }
}

static void test_map_sizes(void)
{
    static const char map[] =
        "Discarded input sections\n"
        " .text.a        0x00000000       0x99 /w/net.c.o\n"
        "Linker script and memory map\n"
        ".text           0x00000000     0x1000\n"
        " .text.a        0x00000000       0x10 /w/net.c.o\n"
        " .text.startup.with_a_long_name\n"
        "                0x00000010        0x4 /w/net.c.o\n"
        " .text.b        0x00000014      0x100 /w/other.c.o\n"
        "                0x00000014                b\n"
        " .rodata.w      0x00000114      0x200 /w/data.c.o\n"
        " .rodata.str1.1\n"
        "                0x00000314        0x3 /w/net.c.o\n"
        "                                  0x5 (size before relaxing)\n"
        " *fill*         0x00000317        0x1 \n"
        " .data.x        0x20000000        0x8 /w/data.c.o\n"
        " .bss.y         0x20000008       0x20 /w/net.c.o\n"
        " COMMON         0x20000028        0x2 /w/net.c.o\n"
        " .debug_info    0x00000000     0x7777 /w/net.c.o\n"
        " .text.last     0x00000000        0x1 /w/net.c.o";
    const char *const objects[] = { "/w/net.c.o", "/w/data.c.o" };
    struct th_sizes s = { 0, 0, 0, 0 };

    CU_ASSERT(th_link_map_sizes(map, objects, 2, &s));
    CU_ASSERT_EQUAL(s.text, 0x15);
    CU_ASSERT_EQUAL(s.rodata, 0x203);
    CU_ASSERT_EQUAL(s.data, 8);
    CU_ASSERT_EQUAL(s.bss, 0x22);
    CU_ASSERT(!th_link_map_sizes("nothing", objects, 2, &s));
}

/* ---- processes ------------------------------------------------------------------------------- */

static void test_process(void)
{
    const char *const fails[] = { "sh", "-c", "echo out; echo err >&2; exit 3", NULL };
    const char *const missing[] = { "no-such-compiler-anywhere", NULL };
    const char *const hangs[] = { "sleep", "60", NULL };
    struct th_process p = { .seconds = 20 };
    struct th_str heard;
    struct th_ctx *ctx = quiet_ctx(&heard);
    char out[300], err[300], *text;
    struct stat info;
    size_t n;
    int code = 0;

    CU_ASSERT_EQUAL_FATAL(th_work_folder(ctx, &p.folder), TH_OK);
    snprintf(out, sizeof out, "%s/out", p.folder);
    snprintf(err, sizeof err, "%s/err", p.folder);
    p.out = out;
    p.err = err;
    p.argv = fails;
    CU_ASSERT_EQUAL(th_process_run(ctx, &p, &code), TH_OK);
    CU_ASSERT_EQUAL(code, 3);
    CU_ASSERT(th_read_small_file(ctx, out, 100, &text, &n) == TH_OK && strcmp(text, "out\n") == 0);
    CU_ASSERT(th_read_small_file(ctx, err, 100, &text, &n) == TH_OK && strcmp(text, "err\n") == 0);
    CU_ASSERT_EQUAL(th_read_small_file(ctx, err, 3, &text, &n), TH_ERR_IO);

    th_str_clear(&heard);
    p.argv = missing;
    CU_ASSERT_EQUAL(th_process_run(ctx, &p, &code), TH_ERR_TOOL);
    CU_ASSERT_PTR_NOT_NULL(strstr(heard.s, "no-such-compiler-anywhere"));

    th_str_clear(&heard);
    p.argv = hangs;
    p.seconds = 0;
    CU_ASSERT_EQUAL(th_process_run(ctx, &p, &code), TH_ERR_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(heard.s, "did not end"));

    th_work_folder_remove(p.folder);
    CU_ASSERT(stat(p.folder, &info) != 0);
    th_ctx_free(ctx);
    th_str_release(&heard);
}

int main(void)
{
    CU_pSuite s;
    unsigned failed;

    if (CU_initialize_registry() != CUE_SUCCESS || !(s = CU_add_suite("image", NULL, NULL)))
        return 1;
    CU_ADD_TEST(s, test_stack_bound);
    CU_ADD_TEST(s, test_elf_sizes);
    CU_ADD_TEST(s, test_map_sizes);
    CU_ADD_TEST(s, test_process);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
