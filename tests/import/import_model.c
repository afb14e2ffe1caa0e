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
    if (th_plugin_load(ctx, module) != TH_OK)
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
