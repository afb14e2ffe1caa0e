/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_model FILE... : reads models through the modules of THIMBLE_MODULE and prints the program
 * or the messages of each to stdout. With -q only one line a file; @NAME=N fixes a dimension.
 * -b TIMES+MB bounds what reading a file may take on the heap: TIMES its size, MB megabytes more.
 * Ends with 1 if one was refused; 4 is added if one took more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <thimble/plugin.h>
#include <thimble/thimble.h>

#include "tests/fuzz/heap.h"

/* The bound, and the file that came nearest to it. */
struct bound {
    long long times, mb;
    double most;
    char worst[4096];
};

struct given {
    struct th_input_dim dims[8];
    uint32_t n_dims;
    struct bound *bound;
};

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

/* What reading takes: the program counts, its text does not. */
static int bounded(struct bound *b, const char *path, size_t before)
{
    struct stat file;
    if (!b->mb || !heap_is_counted() || stat(path, &file) != 0)
        return 0;
    const double took = (double)(heap_peak() - before);
    const double allowed = (double)b->times * (double)file.st_size + (double)b->mb * (1 << 20);
    if (took / allowed >= b->most) {
        b->most = took / allowed;
        snprintf(b->worst, sizeof b->worst, "%s: %.0f of %.0f bytes, file %lld", path, took,
                 allowed, (long long)file.st_size);
    }
    if (took <= allowed)
        return 0;
    printf("%s: reading took %.0f bytes, allowed are %.0f: %lld times the file and %lld MB\n", path,
           took, allowed, b->times, b->mb);
    return 4;
}

static int read_one(struct th_ctx *ctx, const char *path, bool quiet, const struct given *given)
{
    struct th_program *program = NULL;
    struct th_str text;
    const size_t before = heap_used();

    heap_mark();
    const enum th_status read = th_read_model(ctx, path, given->dims, given->n_dims, &program);
    const int status = bounded(given->bound, path, before);
    if (read != TH_OK) {
        printf("%s: refused\n", path);
        return status | 1;
    }
    th_str_init(&text);
    th_program_print(program, &text);
    if (!quiet)
        fputs(text.s, stdout);
    th_str_release(&text);
    printf("%s: imported\n", path);
    th_program_free(program);
    return status;
}

/* Modules are separated by colons. */
static bool load_all(struct th_ctx *ctx, const char *modules)
{
    char path[4096];

    while (*modules) {
        const size_t n = strcspn(modules, ":");
        snprintf(path, sizeof path, "%.*s", (int)n, modules);
        if (th_plugin_load(ctx, path) != TH_OK)
            return false;
        modules += n + (modules[n] == ':');
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct bound bound;
    struct given given = {.bound = &bound};
    struct th_ctx *ctx = th_ctx_new();
    const char *module = getenv("THIMBLE_MODULE");
    bool quiet = false;
    int status = 0;

    if (ctx == NULL || module == NULL) {
        fputs("THIMBLE_MODULE must name the frontend\n", stderr);
        return 2;
    }
    th_ctx_set_sink(ctx, print_message, NULL);
    if (!load_all(ctx, module) || th_plugin_register(ctx, &plugin, "linked") != TH_OK)
        return 2;
    for (int i = 1; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (strcmp(argv[i], "-q") == 0)
            quiet = true;
        else if (strcmp(argv[i], "-b") == 0 && i + 1 < argc &&
                 sscanf(argv[i + 1], "%lld+%lld", &bound.times, &bound.mb) == 2)
            i++;
        else if (argv[i][0] == '@' && value != NULL && given.n_dims < TH_ARRAY_LEN(given.dims)) {
            *value = '\0';
            given.dims[given.n_dims++] =
                (struct th_input_dim){argv[i] + 1, strtoll(value + 1, NULL, 10)};
        } else {
            status |= read_one(ctx, argv[i], quiet, &given);
        }
    }
    if (bound.worst[0])
        printf("nearest to the bound is %s\n", bound.worst);
    th_ctx_free(ctx);
    return status;
}
