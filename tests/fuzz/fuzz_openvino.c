/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer harness of the OpenVINO frontend, linked with the module's own objects. The weights
 * beside the file are always the same: what the file says about them is what is tried. What can be
 * read must be valid, print, and stay valid under the rewriting passes.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <thimble/plugin.h>
#include <thimble/thimble.h>

#define PASSES "canonicalize,fold{max_work=100000,max_bytes=100000},layout,qdq,canonicalize,fuse,dce"

const struct th_plugin *openvino_LTX_th_plugin_entry(void);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char weights[64], model[64];

static void ignore(void *user, const struct th_message *msg)
{
    (void)user;
    (void)msg;
}

static void remove_weights(void)
{
    unlink(weights);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static float numbers[1024];
    (void)argc;
    (void)argv;
    snprintf(weights, sizeof weights, "/tmp/fuzz-openvino-%ld.bin", (long)getpid());
    snprintf(model, sizeof model, "/tmp/fuzz-openvino-%ld.xml", (long)getpid());
    for (int i = 0; i < 1024; i++)
        numbers[i] = (float)(i % 7) - 3;
    FILE *f = fopen(weights, "wb");
    if (f == NULL || fwrite(numbers, sizeof numbers, 1, f) != 1 || fclose(f) != 0)
        return 1;
    return atexit(remove_weights);
}

static void read_bytes(struct th_ctx *ctx, struct th_blob *file)
{
    const struct th_frontend *f = th_frontend_find(ctx, "openvino");
    struct th_read_request r = {
        .struct_size = sizeof r, .ctx = ctx, .path = model,
        .base_name = strrchr(model, '/') + 1, .file = file,
    };
    const struct th_pipeline_run run = {.pipeline = "inference", .passes = PASSES};
    struct th_program *program = NULL;
    struct th_str text;

    if (f == NULL)
        return;
    f->probe(th_blob_data(file), th_blob_size(file));
    if (f->read(&r, &program) != TH_OK)
        return;
    if (th_program_verify(program) == TH_OK) {
        th_str_init(&text);
        th_program_print(program, &text);
        th_str_release(&text);
        if (th_pipeline_run(program, &run) != TH_OK || th_program_verify(program) != TH_OK)
            abort();
    }
    th_program_free(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct th_ctx *ctx = th_ctx_new();
    struct th_blob *file = th_blob_copy(data, size);

    if (ctx != NULL && file != NULL) {
        th_ctx_set_sink(ctx, ignore, NULL);
        if (th_plugin_register(ctx, openvino_LTX_th_plugin_entry(), "linked") == TH_OK)
            read_bytes(ctx, file);
    }
    th_blob_unref(file);
    th_ctx_free(ctx);
    return 0;
}
