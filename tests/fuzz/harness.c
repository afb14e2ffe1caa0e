/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "tests/fuzz/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <thimble/thimble.h>

#define PASSES \
    "canonicalize,fold{max_work=100000,max_bytes=100000},layout,qdq{io=quantized}," \
    "canonicalize,fuse,dce"

static char model[64], beside[80];

static void quiet(void *user, const struct th_message *msg)
{
    (void)user;
    (void)msg;
}

static void remove_files(void)
{
    unlink(model);
    if (*beside)
        unlink(beside);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *folder = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    (void)argc;
    (void)argv;
    const int n = snprintf(model, sizeof model, "%s/fuzz-%ld", folder, (long)getpid());
    if (n < 0 || (size_t)n + 16 > sizeof model)
        return 1;
    if (harness.write_beside) {
        snprintf(beside, sizeof beside, "%s%s", model, harness.beside);
        if (!harness.write_beside(beside))
            return 1;
    }
    snprintf(model + n, sizeof model - (size_t)n, "%s", harness.ending);
    return atexit(remove_files);
}

/* What can be read is valid, prints, and stays valid under the rewriting passes. */
static void go_on(struct th_program *p)
{
    const struct th_pipeline_run run = {.pipeline = "inference", .passes = PASSES};
    struct th_str text;

    th_str_init(&text);
    th_program_print(p, &text);
    th_str_release(&text);
    if (th_pipeline_run(p, &run) != TH_OK || th_program_verify(p) != TH_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct th_ctx *ctx = th_ctx_new();
    struct th_program *p = NULL;
    FILE *f = fopen(model, "wb");
    bool ready = ctx != NULL && f != NULL && fwrite(data, 1, size, f) == size;

    ready = (!f || fclose(f) == 0) && ready;
    if (ready) {
        th_ctx_set_sink(ctx, quiet, NULL);
        if (th_plugin_register(ctx, harness.entry(), "linked") == TH_OK &&
            th_read_model(ctx, model, NULL, 0, &p) == TH_OK) {
            go_on(p);
            th_program_free(p);
        }
    }
    th_ctx_free(ctx);
    return 0;
}
