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

/* Lines of objdump, as it prints for Arm. */
#define AT(address, f) "\n000000" address " <" f ">:\n"
#define INSN(address, op, args) "  " address ":\t" op "\t" args "\n"

static const char listing[] =
    "\nm.elf:     file format elf32-littlearm\n\n\nDisassembly of section .text:\n"
    AT("00", "invoke") INSN("00", "bl", "20 <big>") INSN("04", "bl", "30 <small>")
    INSN("08", "bgt.n", "00 <invoke>") INSN("0c", "bx", "lr")
    AT("20", "big") INSN("20", "bl", "80 <memcpy>") INSN("24", "b.w", "80 <memcpy>")
    AT("30", "small") INSN("30", "bl", "40 <leaf>") INSN("34", "movs", "r0, r0\t@ <big>")
    AT("40", "leaf") INSN("40", "bl", "58 <other+0x8>") INSN("44", "pop", "{r4, pc}")
    AT("50", "other") INSN("50", "b.n", "52 <other+0x2>")
    AT("60", "loop_a") INSN("60", "bl", "68 <loop_b>")
    AT("68", "loop_b") INSN("68", "beq.n", "60 <loop_a>")
    AT("70", "calls_grows") INSN("70", "bl", "78 <grows>")
    AT("78", "grows") INSN("78", "bx", "lr")
    AT("80", "memcpy") INSN("80", "push", "{r4-r7, lr}") INSN("82", "vpush", "{d8, d9}")
    INSN("84", "sub.w", "sp, sp, #1024\t@ 0x400") INSN("88", "strd", "r4, r5, [sp, #-16]!")
    INSN("8c", "add", "sp, #72") INSN("8e", "stmdb", "sp!, {r4, r5, lr}") INSN("90", "nop", "")
    AT("98", "memcpy_tail") INSN("98", "push", "{lr}") INSN("9a", "bx", "lr")
    AT("a0", "alloca") INSN("a0", "sub", "sp, r3") INSN("a4", "blx", "r3")
    AT("a8", "library") INSN("a8", "bl", "a0 <alloca>")
    AT("b0", "pointer") INSN("b0", "blx", "r3") INSN("b4", "bx", "lr")
    AT("b8", "far") INSN("b8", "bl", "c0 <away@plt>")
    AT("c0", "away@plt") INSN("c0", "bx", "ip")
    AT("c8", "maybe_itself") INSN("c8", "blcs", "c8 <maybe_itself>") INSN("cc", "pop", "{r7, pc}")
    AT("d0", "until_less") INSN("d0", "blt", "d0 <until_less>") INSN("d2", "bx", "lr");

static void test_stack_bound(void)
{
    struct th_str heard;
    struct th_ctx *ctx = quiet_ctx(&heard);
    struct th_stack_graph *g = th_stack_graph_new(ctx, 0);
    struct th_stack_bound b;

    CU_ASSERT(th_stack_graph_add(g,
        "graph: { title: \"m.c\"\n"
        NODE("invoke", FRAME("16", "static")) NODE("big", FRAME("100", "static"))
        NODE("m.c:small", FRAME("8", "dynamic,bounded")) NODE("leaf", FRAME("40", "static"))
        NODE("memcpy", "\\n<built-in>") NODE("loop_a", FRAME("8", "static"))
        NODE("pointer", FRAME("24", "static")) EDGE("m.c:pointer", "__indirect_call")
        NODE("grows", FRAME("8", "dynamic")) EDGE("invoke", "big")
        "junk\nnode: { title: \"cut\n}\n"));
    CU_ASSERT(th_stack_graph_add(g, NODE("other", FRAME("64", "static"))
                                 NODE("loop_b", FRAME("8", "static"))
                                 NODE("maybe_itself", FRAME("72", "static"))
                         NODE("until_less", FRAME("12", "static"))
                         NODE("calls_grows", FRAME("8", "static"))));
    th_stack_graph_note(g, "/* stack of leaf: 50 bytes */ stack of stack of big: many bytes\n"
                        "stack of small: 9999999999999 bytes stack of other: 1 bytes stack of");
    CU_ASSERT(th_stack_graph_link(g, listing,
        "RELOCATION RECORDS FOR [.text.pointer]:\n00000000 R_ARM_THM_CALL    big\n"
        "00000008 R_ARM_ABS32       leaf\nRELOCATION RECORDS FOR [.debug_info]:\n"
        "00000008 R_ARM_ABS32       big\n"));
    CU_ASSERT(th_stack_graph_bound(g, "invoke", &b));
    /* what memcpy pushes on any path, and the part behind it */
    CU_ASSERT_EQUAL(b.bytes, 16 + 100 + (20 + 16 + 1024 + 16 + 12 + 4));
    CU_ASSERT(b.unknown == 0 && !b.names);
    CU_ASSERT(th_stack_graph_bound(g, "small", &b) && b.bytes == 8 + 50 + 64 && !b.unknown);
    CU_ASSERT(th_stack_graph_bound(g, "loop_a", &b) && b.bytes == -1);
    CU_ASSERT(th_stack_graph_bound(g, "calls_grows", &b) && b.bytes == -1);
    CU_ASSERT(th_stack_graph_bound(g, "maybe_itself", &b) && b.bytes == -1);
    CU_ASSERT(th_stack_graph_bound(g, "until_less", &b) && b.bytes == 12);
    CU_ASSERT(!th_stack_graph_bound(g, "nobody", &b));
    /* through a pointer to whatever has its address taken */
    CU_ASSERT(th_stack_graph_bound(g, "pointer", &b) && b.bytes == 24 + 50 + 64 && !b.unknown);
    CU_ASSERT(th_stack_graph_bound(g, "library", &b) && b.unknown == 1);
    CU_ASSERT_STRING_EQUAL(b.names, "'alloca'");
    CU_ASSERT(th_stack_graph_bound(g, "far", &b) && b.unknown == 1);
    CU_ASSERT_STRING_EQUAL(b.names, "'away'");
    th_ctx_free(ctx);
    th_str_release(&heard);
}

static void test_stack_of_riscv(void)
{
    struct th_str heard;
    struct th_ctx *ctx = quiet_ctx(&heard);
    struct th_stack_graph *g = th_stack_graph_new(ctx, 0);
    struct th_stack_bound b;

    CU_ASSERT(th_stack_graph_link(g,
        "\nm.elf:     file format elf32-littleriscv\n"
        AT("10", "expf") INSN("10", "jal", "t0,40 <__riscv_save_4>")
        INSN("14", "addi", "sp,sp,-32") INSN("18", "jalr", "-8(ra) # 30 <deep>")
        INSN("1c", "addi", "sp,sp,32") INSN("1e", "bnez", "a0,10 <expf>") INSN("20", "ret", "")
        AT("30", "deep") INSN("30", "add", "sp,sp,-16") INSN("34", "addi", "sp,s0,-16")
        INSN("38", "jr", "a5")
        AT("40", "__riscv_save_4") INSN("40", "add", "sp,sp,-64") INSN("44", "sub", "sp,sp,t1")
        INSN("48", "jr", "t0")
        AT("50", "pointer") INSN("50", "jalr", "a5")
        AT("60", "grows") INSN("60", "sub", "sp,sp,a0") INSN("64", "ret", ""), ""));
    CU_ASSERT(th_stack_graph_bound(g, "expf", &b) && b.bytes == 64 + 32 + 16 && !b.unknown);
    CU_ASSERT(th_stack_graph_bound(g, "pointer", &b) && b.unknown == 2);
    CU_ASSERT(th_stack_graph_bound(g, "grows", &b) && b.unknown == 1);
    th_ctx_free(ctx);
    th_str_release(&heard);
}

/* Frames of vector registers, large ones, and aligned ones; what Clang says is the least. */
static void test_stack_of_vectors(void)
{
    struct th_str heard;
    struct th_ctx *ctx = quiet_ctx(&heard);
    struct th_stack_graph *g[2] = {th_stack_graph_new(ctx, 128), th_stack_graph_new(ctx, 0)};
    struct th_stack_bound b;

    for (int i = 0; i < 2; i++) {
        CU_ASSERT(th_stack_graph_add_usage(g[i],
            "m.c:1:spills\t2832\tstatic\nm.c:2:aligned\t128\tstatic\nm.c:3:more\t64\tstatic\n"
            "m.c:4:grows\t16\tdynamic\nm.c:5:sums\t0\tstatic\nm.c:6:turns\t0\tstatic\n"
            "m.c:7:large\t400016\tstatic\nm.c:8:lost\t16\tstatic\njunk\nm.c:9:cut\t12"));
        CU_ASSERT(th_stack_graph_link(g[i],
            "\nm.elf:     file format elf64-littleriscv\n"
            AT("10", "spills") INSN("10", "add", "sp,sp,-2032") INSN("12", "sd", "ra,2024(sp)")
            INSN("14", "add", "sp,sp,-816") INSN("18", "csrr", "a4,vlenb") INSN("1a", "li", "a5,24")
            INSN("1c", "mul", "a4,a4,a5") INSN("1e", "sub", "sp,sp,a4")
            AT("20", ".LBB0_1") INSN("20", "jal", "50 <sums>") INSN("22", "csrr", "a0,vlenb")
            INSN("24", "sll", "a0,a0,0x4") INSN("26", "add", "sp,sp,a0")
            INSN("28", "add", "sp,sp,816") INSN("2a", "ret", "")
            AT("30", "aligned") INSN("30", "addi", "sp,sp,-128") INSN("32", "addi", "s0,sp,128")
            INSN("34", "csrr", "t0,vlenb") INSN("36", "slli", "a4,t0,0x2")
            INSN("38", "sh1add", "a4,t0,a4") INSN("3a", "sub", "sp,sp,a4")
            INSN("3c", "andi", "sp,sp,-64") INSN("3e", "addi", "sp,s0,-128") INSN("3f", "ret", "")
            AT("40", "more") INSN("40", "addi", "sp,sp,-32") INSN("42", "ret", "")
            AT("44", "grows") INSN("44", "addi", "sp,sp,-16") INSN("46", "mv", "sp,a0")
            INSN("48", "ret", "")
            AT("50", "sums") INSN("50", "addi", "sp,sp,-16") INSN("52", "jr", "a5")
            AT("58", "turns") INSN("58", "jr", "a5")
            AT("60", "large") INSN("60", "addi", "sp,sp,-2032") INSN("62", "lui", "a0,0x61")
            INSN("64", "addiw", "a0,a0,672 # 612a0 <junk>") INSN("66", "sub", "sp,sp,a0")
            INSN("68", "ret", "")
            AT("70", "lost") INSN("70", "li", "a0,16") INSN("72", "j", "76 <lost+0x6>")
            INSN("76", "sub", "sp,sp,a0") INSN("78", "ret", ""),
            i ? "" : "RELOCATION RECORDS FOR [.rodata.sums]:\n00000000 R_RISCV_32 .LBB0_1\n"
                     "00000004 R_RISCV_64 more\n"));
    }
    /* 24 registers of 16 bytes; jumps go to a switch, or to what a pointer names */
    CU_ASSERT(th_stack_graph_bound(g[0], "spills", &b) && !b.unknown);
    CU_ASSERT_EQUAL(b.bytes, 2848 + 24 * 16 + 16 + 64);
    CU_ASSERT(th_stack_graph_bound(g[0], "aligned", &b) && !b.unknown);
    CU_ASSERT_EQUAL(b.bytes, 128 + 6 * 16 + 64 - 16);
    CU_ASSERT(th_stack_graph_bound(g[0], "more", &b) && b.bytes == 64 && !b.unknown);
    CU_ASSERT(th_stack_graph_bound(g[0], "grows", &b) && b.bytes == -1);
    CU_ASSERT(th_stack_graph_bound(g[0], "large", &b) && b.bytes == 400016 && !b.unknown);
    CU_ASSERT(th_stack_graph_bound(g[0], "lost", &b) && b.unknown == 1);
    /* nothing is pointed to, and the registers' size is not known */
    CU_ASSERT(th_stack_graph_bound(g[1], "turns", &b) && b.bytes == 0 && !b.unknown);
    CU_ASSERT(th_stack_graph_bound(g[1], "spills", &b) && b.unknown == 1);
    CU_ASSERT_STRING_EQUAL(b.names, "'spills'");
    th_ctx_free(ctx);
    th_str_release(&heard);
}

static void test_stack_of_x86(void)
{
    struct th_str heard;
    struct th_ctx *ctx = quiet_ctx(&heard);
    struct th_stack_graph *g = th_stack_graph_new(ctx, 0);
    struct th_stack_bound b;
    const int64_t red_zone = 128;        /* of the last function */

    CU_ASSERT(th_stack_graph_add(g, NODE("run", FRAME("48", "static"))
                                 EDGE("run", "__indirect_call") NODE("a", FRAME("8", "static"))
                                 NODE("vector", FRAME("80", "static"))));
    CU_ASSERT(th_stack_graph_link(g,
        "m:     file format elf64-x86-64\n"
        AT("10", "run") INSN("10", "lea", "0x10(%rip),%rax        # 30 <a>")
        INSN("14", "call", "*%rax") INSN("18", "jmp", "60 <run.cold>") INSN("1c", "ret", "")
        INSN("1d", "xchg", "%ax,%ax")
        AT("30", "a") INSN("30", "jmp", "40 <helper>")  /* whose return address is a's */
        AT("40", "helper") INSN("40", "push", "%rbx") INSN("41", "sub", "$0x20,%rsp")
        INSN("44", "jmp", "*0x10(%rax)")
        AT("50", "vector") INSN("50", "and", "$0xffffffffffffffe0,%rsp") INSN("58", "ret", "")
        AT("60", "run.cold") INSN("60", "call", "50 <vector>") INSN("64", "jmp", "18 <run+0x8>"),
        "RELOCATION RECORDS FOR [.text.run]:\n0000000000000003 R_X86_64_PC32     .text.a-0x04\n"));
    CU_ASSERT(th_stack_graph_bound(g, "helper", &b) && b.bytes == 8 + 8 + 32 + red_zone &&
              !b.unknown);
    CU_ASSERT(th_stack_graph_bound(g, "a", &b) && b.bytes == 8 + 8 + 32 + red_zone &&
              !b.unknown);
    CU_ASSERT(th_stack_graph_bound(g, "run", &b) && b.bytes == 48 + 80 + 32 + 16 + red_zone &&
              !b.unknown);
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
    CU_ADD_TEST(s, test_stack_of_vectors);
    CU_ADD_TEST(s, test_stack_of_riscv);
    CU_ADD_TEST(s, test_stack_of_x86);
    CU_ADD_TEST(s, test_elf_sizes);
    CU_ADD_TEST(s, test_map_sizes);
    CU_ADD_TEST(s, test_process);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
