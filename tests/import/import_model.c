/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_model FILE... : reads models through the module of THIMBLE_MODULE and prints the program
 * or the messages of each to stdout. With -q only one line a file; @NAME=N fixes a dimension.
 * Ends with 1 if one was refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <thimble/plugin.h>
#include <thimble/thimble.h>

/* A custom operator: TestScale is x * factor, plus bias if that is given. */
static enum th_status add_scalar(struct th_import *im, const char *op, double number, th_value *v)
{
    const struct th_type scalar = th_type_make(TH_DT_F32, 0, NULL);
    const float value = (float)number;
    th_value in[2] = {*v, th_graph_const_copy(im->graph, "", &scalar, &value)};
    const struct th_node_desc d = {.op = op, .in = in, .n_in = 2, .loc = im->loc};

    return th_graph_add_node(im->graph, &d, NULL, v);
}

static enum th_status import_scale(struct th_import *im)
{
    int64_t factor = 2;
    double bias;
    th_value v = im->in[0];

    im->option_int(im, "factor", &factor);
    TH_TRY(add_scalar(im, "mul", (double)factor, &v));
    if (im->option_float(im, "bias", &bias))
        TH_TRY(add_scalar(im, "add", bias, &v));
    im->out[0] = v;
    return TH_OK;
}

static enum th_status init(struct th_reg *reg)
{
    static const struct th_importer rows[] = {{"tflite", "TestScale", import_scale}};

    return th_reg_importers(reg, rows, 1);
}

static const struct th_plugin plugin = {
    TH_PLUGIN_HEADER, .name = "test-scale", .version = "1", .license = "Apache-2.0",
    .summary = "a custom operator for tests", .init = init,
};

static void print_message(void *user, const struct th_message *msg)
{
    struct th_str line;

    (void)user;
    th_str_init(&line);
    th_message_format(msg, &line);
    fputs(line.s, stdout);
    th_str_release(&line);
}

static int read_one(struct th_ctx *ctx, const char *path, bool quiet,
                    const struct th_input_dim *dims, uint32_t n_dims)
{
    struct th_program *program = NULL;
    struct th_str text;

    if (th_read_model(ctx, path, dims, n_dims, &program) != TH_OK) {
        printf("%s: refused\n", path);
        return 1;
    }
    th_str_init(&text);
    th_program_print(program, &text);
    if (!quiet)
        fputs(text.s, stdout);
    printf("%s: imported\n", path);
    th_str_release(&text);
    th_program_free(program);
    return 0;
}

int main(int argc, char **argv)
{
    struct th_ctx *ctx = th_ctx_new();
    const char *module = getenv("THIMBLE_MODULE");
    struct th_input_dim dims[8];
    uint32_t n_dims = 0;
    bool quiet = false;
    int status = 0;

    if (ctx == NULL || module == NULL) {
        fputs("THIMBLE_MODULE must name the frontend\n", stderr);
        return 2;
    }
    th_ctx_set_sink(ctx, print_message, NULL);
    if (th_plugin_load(ctx, module) != TH_OK ||
        th_plugin_register(ctx, &plugin, "linked") != TH_OK)
        return 2;
    for (int i = 1; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (strcmp(argv[i], "-q") == 0)
            quiet = true;
        else if (argv[i][0] == '@' && value != NULL && n_dims < TH_ARRAY_LEN(dims)) {
            *value = '\0';
            dims[n_dims++] = (struct th_input_dim){argv[i] + 1, strtoll(value + 1, NULL, 10)};
        } else {
            status |= read_one(ctx, argv[i], quiet, dims, n_dims);
        }
    }
    th_ctx_free(ctx);
    return status;
}
