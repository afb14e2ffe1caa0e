/* SPDX-License-Identifier: Apache-2.0 */
/* The target loader: what ships, features added by '+', devices, and what it must refuse. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/Basic.h>
#include <thimble/thimble.h>

struct fixture {
    struct th_ctx *ctx;
    struct th_str heard;
};

static void hear(void *user, const struct th_message *msg)
{
    th_message_format(msg, user);
}

static void open_fixture(struct fixture *f)
{
    f->ctx = th_ctx_new();
    th_str_init(&f->heard);
    th_ctx_set_sink(f->ctx, hear, &f->heard);
}

static void close_fixture(struct fixture *f)
{
    th_str_release(&f->heard);
    th_ctx_free(f->ctx);
}

static bool list_has(const char *const *list, const char *word)
{
    for (; list && *list; list++)
        if (strcmp(*list, word) == 0)
            return true;
    return false;
}

static void test_core(void)
{
    struct fixture f;
    const struct th_target *t;
    size_t n = 0;

    open_fixture(&f);
    t = th_target_find(f.ctx, "cortex-m4");
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT_STRING_EQUAL(t->core, "cortex-m4");
    CU_ASSERT_STRING_EQUAL(t->backend, "cortexm");
    CU_ASSERT_EQUAL(t->pointer_bits, 32);
    CU_ASSERT(th_target_has(t, "dsp") && !th_target_has(t, "mve") && !th_target_has(t, "ds"));
    CU_ASSERT_EQUAL(t->n_compilers, 2);
    CU_ASSERT_STRING_EQUAL(t->compilers[0].command, "arm-none-eabi-gcc");
    CU_ASSERT(list_has(t->compilers[0].cflags, "-mcpu=cortex-m4"));
    CU_ASSERT(list_has(t->compilers[0].ldflags, "-nostartfiles"));
    CU_ASSERT_STRING_EQUAL(t->compilers[1].link_with, "gcc");
    CU_ASSERT_STRING_EQUAL(t->board.name, "an386");
    while (t->board.command[n])
        n++;
    CU_ASSERT_STRING_EQUAL(t->board.command[0], "qemu-system-arm");
    CU_ASSERT_STRING_EQUAL(t->board.command[n - 3], "-icount");
    CU_ASSERT_STRING_EQUAL(t->board.command[n - 2], "shift=7");
    CU_ASSERT_STRING_EQUAL(t->board.command[n - 1], "-kernel");
    CU_ASSERT_EQUAL(f.heard.len, 0);
    close_fixture(&f);
}

static void test_device(void)
{
    struct fixture f;
    const struct th_target *t;

    open_fixture(&f);
    t = th_target_find(f.ctx, "nucleo-h743zi");
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT_STRING_EQUAL(t->name, "nucleo-h743zi");
    CU_ASSERT_STRING_EQUAL(t->core, "cortex-m7");
    CU_ASSERT_EQUAL(t->clock_hz, 480000000);
    CU_ASSERT(th_target_has(t, "dsp") && th_target_has(t, "fpu64"));
    CU_ASSERT(list_has(t->compilers[1].cflags, "-mfpu=fpv5-d16"));
    CU_ASSERT_STRING_EQUAL(t->regions[0].name, "sram");
    CU_ASSERT_EQUAL(t->regions[0].bytes, 512 * 1024);
    CU_ASSERT_EQUAL(t->regions[0].base, 0x24000000);
    CU_ASSERT_EQUAL(t->regions[0].use, TH_REGION_USE_RAM);
    CU_ASSERT_STRING_EQUAL(t->board.name, "an500");
    close_fixture(&f);
}

static void test_added_features(void)
{
    struct fixture f;
    const struct th_target *t;

    open_fixture(&f);
    t = th_target_find(f.ctx, "x86-64-v3+avx512vnni");
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT_STRING_EQUAL(t->name, "x86-64-v3+avx512vnni");
    CU_ASSERT_STRING_EQUAL(t->core, "x86-64-v3");
    CU_ASSERT(th_target_has(t, "avx2") && th_target_has(t, "avx512vnni"));
    CU_ASSERT(list_has(t->compilers[0].cflags, "-mavx512vnni"));
    CU_ASSERT_PTR_NULL(t->board.command);

    CU_ASSERT_PTR_NULL(th_target_find(f.ctx, "x86-64-v3+avx512vni"));
    CU_ASSERT_PTR_NOT_NULL(strstr(f.heard.s, "no feature 'avx512vni'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(f.heard.s, "x86-64-v3+avx512vnni"));
    close_fixture(&f);
}

static void test_unknown(void)
{
    static const char *const names[] = { "cortex-m44", "", "+", "../cortex-m4x", "a\nb",
                                         "/nowhere/x.xml", "x.xml" };
    struct fixture f;
    size_t i;

    open_fixture(&f);
    CU_ASSERT_PTR_NULL(th_target_find(f.ctx, names[0]));
    CU_ASSERT_PTR_NOT_NULL(strstr(f.heard.s, "did you mean 'cortex-m4"));
    for (i = 1; i < TH_ARRAY_LEN(names); i++) {
        th_str_clear(&f.heard);
        CU_ASSERT_PTR_NULL(th_target_find(f.ctx, names[i]));
        CU_ASSERT(f.heard.len > 0);
    }
    close_fixture(&f);
}

static void test_list(void)
{
    struct fixture f;
    const struct th_target *const *list;
    uint32_t n, i, devices = 0;

    open_fixture(&f);
    CU_ASSERT_EQUAL(th_target_list(f.ctx, &list, &n), TH_OK);
    CU_ASSERT(n >= 28);
    for (i = 0; i < n; i++) {
        CU_ASSERT(i == 0 || strcmp(list[i - 1]->name, list[i]->name) < 0);
        devices += strcmp(list[i]->name, list[i]->core) != 0;
    }
    CU_ASSERT(devices >= 10);
    CU_ASSERT_EQUAL(f.heard.len, 0);
    close_fixture(&f);
}

/* ---- descriptions made on the spot ----------------------------------------------------------- */

#define CORE_HEAD "<target name='t' title='T'><core backend='c99' pointer-bits='32' align='4'/>"
#define CORE_CC "<compiler name='gcc' command='gcc'><compile>-O1</compile></compiler>"
#define DEVICE "<target name='t' title='T'><device core='cortex-m3'/>"

static const struct th_target *load_text(struct fixture *f, const char *text)
{
    char path[] = "/tmp/target-XXXXXX";
    int fd = mkstemp(path);
    char link[64];
    const struct th_target *t;

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    snprintf(link, sizeof link, "%s.xml", path);
    CU_ASSERT_EQUAL(rename(path, link), 0);
    th_str_clear(&f->heard);
    t = th_target_find(f->ctx, link);
    unlink(link);
    return t;
}

static void test_accepted_text(void)
{
    struct fixture f;

    open_fixture(&f);
    CU_ASSERT_PTR_NOT_NULL(load_text(&f, CORE_HEAD CORE_CC "</target>"));
    CU_ASSERT_PTR_NOT_NULL(load_text(&f, DEVICE "</target>"));
    CU_ASSERT_PTR_NOT_NULL(load_text(&f, DEVICE
        "<region name='a' use='ram' base='0x0' bytes='16' speed='0'/>"
        "<region name='b' use='ram code' base='0x10' bytes='16' speed='0'/></target>"));
    CU_ASSERT_EQUAL(f.heard.len, 0);
    close_fixture(&f);
}

static void test_refused_text(void)
{
    static const struct { const char *text, *why; } cases[] = {
        { "", "not well-formed" },
        { "<target", "not well-formed" },
        { "<other/>", "outermost" },
        { "<!DOCTYPE target [<!ENTITY a 'b'>]>" CORE_HEAD CORE_CC "</target>", "document type" },
        { "<target title='T'/>", "lacks the attribute 'name'" },
        { "<target name='a b' title='T'/>", "plain word" },
        { "<target name='t' title='T'/>", "either <core> or <device>" },
        { CORE_HEAD "</target>", "at least one <compiler>" },
        { CORE_HEAD CORE_CC "<regions/></target>", "<regions> does not belong" },
        { CORE_HEAD CORE_CC "<re/></target>", "<re> does not belong" },
        { "<target name='t' title='T'><core backend='c99' pointer-bits='33' align='4'/>" CORE_CC
          "</target>", "not 32 or 64" },
        { "<target name='t' title='T'><core backend='c99' pointer-bits='32' align='3'/>" CORE_CC
          "</target>", "power of two" },
        { "<target name='t' title='T'><core backend='c99' pointer-bits='-1' align='4'/>" CORE_CC
          "</target>", "not a number" },
        { CORE_HEAD "<compiler name='gcc' command='gcc' link-with='x'><compile/></compiler>"
          "</target>", "links with 'x'" },
        { CORE_HEAD "<compiler name='gcc' command='gcc' only-links='yes'><compile/></compiler>"
          "</target>", "must be one that compiles" },
        { CORE_HEAD "<compiler name='gcc' command='gcc' only-links='no'><compile/></compiler>"
          "</target>", "can only be 'yes'" },
        { CORE_HEAD CORE_CC "<board name='b' start='cm' script='../x.ld' counter='none'"
          " icount-shift='0'/></target>", "without folders" },
        { CORE_HEAD CORE_CC "<board name='b' start='cm' counter='none' icount-shift='11'/>"
          "</target>", "up to 10" },
        { "<target name='t' title='T'><device core='nothing'/></target>", "unknown core" },
        { "<target name='t' title='T'><device core='esp32-c3'/></target>", "cannot be the core" },
        { DEVICE "<region name='a' use='ram' base='0x0' bytes='16' speed='0'/>"
          "<region name='b' use='ram' base='0xf' bytes='16' speed='0'/></target>", "overlap" },
        { DEVICE "<region name='a' use='ram' base='0x0' bytes='0' speed='0'/></target>",
          "no bytes" },
        { DEVICE "<region name='a' use='rom' base='0x0' bytes='1' speed='0'/></target>",
          "not 'ram'" },
        { DEVICE "<region name='a' use='ram' base='0' bytes='99999999999999999999' speed='0'/>"
          "</target>", "not a number" },
    };
    struct fixture f;
    size_t i;

    open_fixture(&f);
    for (i = 0; i < TH_ARRAY_LEN(cases); i++) {
        CU_ASSERT_PTR_NULL(load_text(&f, cases[i].text));
        if (!strstr(f.heard.s, cases[i].why))
            printf("\ncase %zu: '%s' not in: %s", i, cases[i].why, f.heard.s);
        CU_ASSERT_PTR_NOT_NULL(strstr(f.heard.s, cases[i].why));
    }
    close_fixture(&f);
}

int main(void)
{
    CU_pSuite s;
    unsigned failed;

    if (CU_initialize_registry() != CUE_SUCCESS || !(s = CU_add_suite("target", NULL, NULL)))
        return 1;
    CU_ADD_TEST(s, test_core);
    CU_ADD_TEST(s, test_device);
    CU_ADD_TEST(s, test_added_features);
    CU_ADD_TEST(s, test_unknown);
    CU_ADD_TEST(s, test_list);
    CU_ADD_TEST(s, test_accepted_text);
    CU_ADD_TEST(s, test_refused_text);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
