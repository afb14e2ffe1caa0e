/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer harness of the ONNX frontend, linked with the module's own objects: a module that is
 * loaded late would hide its coverage.
 */
#include <string.h>

#include <thimble/plugin.h>
#include <thimble/thimble.h>

const struct th_plugin *onnx_LTX_th_plugin_entry(void);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *user, const struct th_message *msg)
{
    (void)user;
    (void)msg;
}

static void read_bytes(struct th_ctx *ctx, struct th_blob *file)
{
    const struct th_frontend *f = th_frontend_find(ctx, "onnx");
    struct th_read_request r = {
        .struct_size = sizeof r, .ctx = ctx, .path = "fuzz.onnx", .base_name = "fuzz.onnx",
        .file = file,
    };
    struct th_program *program = NULL;
    struct th_str text;

    if (f == NULL || f->read(&r, &program) != TH_OK)
        return;
    if (th_program_verify(program) == TH_OK) {
        th_str_init(&text);
        th_program_print(program, &text);
        th_str_release(&text);
    }
    th_program_free(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct th_ctx *ctx = th_ctx_new();
    struct th_blob *file = th_blob_copy(data, size);

    if (ctx != NULL && file != NULL) {
        th_ctx_set_sink(ctx, ignore, NULL);
        if (th_plugin_register(ctx, onnx_LTX_th_plugin_entry(), "linked") == TH_OK)
            read_bytes(ctx, file);
    }
    th_blob_unref(file);
    th_ctx_free(ctx);
    return 0;
}
