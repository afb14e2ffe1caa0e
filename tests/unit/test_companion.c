/* SPDX-License-Identifier: Apache-2.0 */
/* Companion files: found beside the model, however it is named; nothing outside of its folder. */
#define _GNU_SOURCE
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thimble/frontend.h>
#include <thimble/thimble.h>

static char folder[] = "/tmp/thimble-companion-XXXXXX";
static unsigned told;

static void count(void *user, const struct th_message *msg)
{
    (void)user;
    told += msg->severity == TH_SEV_ERROR;
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    if (f) {
        fputs(text, f);
        fclose(f);
    }
}

static bool reads(const char *model, const char *name, const char *text)
{
    struct th_ctx *ctx = th_ctx_new();
    const struct th_read_request r = {
        .struct_size = sizeof r, .ctx = ctx, .path = model, .base_name = "model"};
    struct th_blob *b = NULL;
    told = 0;
    th_ctx_set_sink(ctx, count, NULL);
    const enum th_status s = th_read_companion(&r, name, &b);
    const bool same = s == TH_OK && th_blob_size(b) == strlen(text) &&
                      memcmp(th_blob_data(b), text, strlen(text)) == 0;
    /* a refusal is told, once */
    CU_ASSERT_EQUAL(told, s != TH_OK);
    th_blob_unref(b);
    th_ctx_free(ctx);
    return same;
}

static void test_inside(void)
{
    CU_ASSERT(reads("in/model.xml", "weights.bin", "weights"));
    CU_ASSERT(reads("in/model.xml", "data/w0", "deep"));
    CU_ASSERT(reads("in/model.xml", "data/../weights.bin", "weights"));
    CU_ASSERT(reads("in/link", "weights.bin", "weights"));
    CU_ASSERT_EQUAL(chdir("in"), 0);
    CU_ASSERT(reads("model.xml", "weights.bin", "weights"));
    CU_ASSERT_EQUAL(chdir(".."), 0);
}

static void test_outside(void)
{
    char absolute[128];
    CU_ASSERT_FALSE(reads("in/model.xml", "../secret", "secret"));
    CU_ASSERT_FALSE(reads("in/model.xml", "link", "secret"));
    CU_ASSERT_FALSE(reads("in/model.xml", "linked/secret2", "secret"));
    snprintf(absolute, sizeof absolute, "%s/secret", folder);
    CU_ASSERT_FALSE(reads("in/model.xml", absolute, "secret"));
    CU_ASSERT_FALSE(reads("in/model.xml", "", ""));
    CU_ASSERT_FALSE(reads("in/model.xml", "data", ""));
    CU_ASSERT_FALSE(reads("in/model.xml", "absent", ""));
    CU_ASSERT_FALSE(reads("in/model.xml", "a\nb", ""));
    /* a folder that only begins like the model's */
    CU_ASSERT_FALSE(reads("in/model.xml", "../in2/secret2", "secret"));
}

static bool make_files(void)
{
    if (!mkdtemp(folder) || chdir(folder) || mkdir("in", 0700) || mkdir("in/data", 0700) ||
        mkdir("in2", 0700))
        return false;
    put("in/model.xml", "");
    put("in/weights.bin", "weights");
    put("in/data/w0", "deep");
    put("secret", "secret");
    put("in2/secret2", "secret");
    return !symlink("../secret", "in/link") && !symlink("../in2", "in/linked");
}

static void remove_files(void)
{
    static const char *const names[] = {"in/linked", "in/link", "in2/secret2", "secret",
                                        "in/data/w0", "in/weights.bin", "in/model.xml", NULL};
    for (int i = 0; names[i]; i++)
        unlink(names[i]);
    rmdir("in/data");
    rmdir("in");
    rmdir("in2");
    if (!chdir("/"))
        rmdir(folder);
}

int main(void)
{
    unsigned failed = 1;
    if (make_files() && CU_initialize_registry() == CUE_SUCCESS) {
        CU_pSuite s = CU_add_suite("companion files", NULL, NULL);
        CU_add_test(s, "inside the folder", test_inside);
        CU_add_test(s, "outside", test_outside);
        CU_basic_set_mode(CU_BRM_VERBOSE);
        CU_basic_run_tests();
        failed = CU_get_number_of_failures();
        CU_cleanup_registry();
    }
    remove_files();
    return failed != 0;
}
