/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of XML programs: any bytes beside a side file of the sample's weights. At start the
 * sample itself is written as fuzz_xml.seed.xml for the corpus. What can be read must
 * be valid, print, and stay valid under the rewriting passes.
 */
#define _GNU_SOURCE
#define TEST_WITHOUT_CUNIT
#include "tests/unit/sample_program.h"

#include <stdio.h>
#include <unistd.h>

static char file[64], side[80];

static void quiet(void *user, const struct th_message *msg)
{
    (void)user;
    (void)msg;
}

static void remove_files(void)
{
    unlink(file);
    unlink(side);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    struct th_ctx *ctx = th_ctx_new();
    struct th_program *p = sample_program(ctx);
    th_program_write_xml(p, "fuzz_xml.seed.xml");
    snprintf(file, sizeof file, "/tmp/fuzz-xml-%ld.xml", (long)getpid());
    snprintf(side, sizeof side, "%s.weights", file);
    th_program_write_xml(p, file);
    th_program_free(p);
    th_ctx_free(ctx);
    atexit(remove_files);
    return 0;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct th_ctx *ctx = th_ctx_new();
    struct th_program *p = NULL;
    FILE *f = fopen(file, "wb");
    if (f) {
        fwrite(data, 1, size, f);
        fclose(f);
    }
    th_ctx_set_sink(ctx, quiet, NULL);
    if (f && th_program_read_xml(ctx, file, &p) == TH_OK) {
        struct th_str text;
        th_str_init(&text);
        th_program_print(p, &text);
        th_str_release(&text);
        const struct th_pipeline_run r = {
            .pipeline = "inference",
            .passes = "canonicalize,fold{max_work=100000,max_bytes=100000},layout,"
                      "qdq{io=quantized},canonicalize,fuse,dce"};
        if (th_program_verify(p) != TH_OK || th_pipeline_run(p, &r) != TH_OK ||
            th_program_verify(p) != TH_OK)
            abort();
        th_program_free(p);
    }
    th_ctx_free(ctx);
    return 0;
}
