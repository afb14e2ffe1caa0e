/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "driver/image.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/image_glue.h"
#include "driver/image_memory.h"
#include "driver/link_map.h"
#include "driver/process.h"
#include "driver/stack_bound.h"

#ifndef TH_PKGDATADIR
#define TH_PKGDATADIR "/usr/local/share/thimble"
#endif

#define MEMORY_SCRIPT "memory.ld"
#define MAX_ARGUMENTS 512
#define COMPILE_SECONDS 300
#define MAX_OBJECT_BYTES ((size_t)256 * 1024 * 1024)
#define MAX_TEXT_BYTES ((size_t)16 * 1024 * 1024)

enum { CODE_TARGET = 4009, CODE_COMPILE = 5102, CODE_WARNED = 5105 };

/* A build in progress. */
struct build {
    struct th_ctx *ctx;
    struct th_arena *arena;
    const struct th_image_request *r;
    struct th_image *image;
    const struct th_compiler *model_cc, *link_cc;
    const char *model_command, *link_command;
    const char *folder;             /* absolute */
    const char *bench, *map;
    const char **objects;
    uint32_t n_objects;
    const char *argv[MAX_ARGUMENTS + 1];
    size_t argc;
    bool scripted;                  /* memory.ld places blocks */
    bool failed;                    /* out of memory or arguments while collecting them */
};

/* ---- arguments ------------------------------------------------------------------------------- */

static void argument(struct build *b, const char *word)
{
    if (!word || b->argc == MAX_ARGUMENTS) {
        b->failed = true;
        return;
    }
    b->argv[b->argc++] = word;
    b->argv[b->argc] = NULL;
}

static void arguments(struct build *b, const char *const *words)
{
    for (; words && *words; words++)
        argument(b, *words);
}

/* A command may bring flags along: "gcc -fsanitize=address". Tools run in another folder, so a
 * program with a path needs the whole one. */
static void command_words(struct build *b, const char *command)
{
    const size_t first = b->argc;

    for (command += strspn(command, " "); *command; command += strspn(command, " ")) {
        size_t length = strcspn(command, " ");

        argument(b, th_arena_strndup(b->arena, command, length));
        command += length;
    }
    if (b->argc > first && strchr(b->argv[first], '/')) {
        char *real = realpath(b->argv[first], NULL);

        if (real)
            b->argv[first] = th_arena_strdup(b->arena, real);
        free(real);
    }
    if (b->argc == 0)
        argument(b, "cc");
}

#define FORMAT(b, ...) th_arena_printf((b)->arena, __VA_ARGS__)

static const char *upper(struct build *b, const char *name)
{
    char *copy = th_arena_strdup(b->arena, name), *p;

    for (p = copy; p && *p; p++)
        *p = (char)toupper((unsigned char)*p);
    return copy;
}

/* ---- running the tools ----------------------------------------------------------------------- */

/* The first lines a tool printed, as notes. */
static void show(struct build *b, const char *text)
{
    unsigned lines = 0;

    while (*text && lines++ < 8) {
        size_t length = strcspn(text, "\n");

        th_note(b->ctx, NULL, "%.*s", (int)(length < 300 ? length : 300), text);
        text += length + (text[length] == '\n');
    }
}

/* Runs b->argv, whose output goes to a file of the work folder; *code: how it ended. */
static enum th_status run_into(struct build *b, const char *file, char **text, size_t *bytes,
                               int *code)
{
    struct th_process p = { .argv = b->argv, .folder = b->image->work, .seconds = COMPILE_SECONDS };

    p.out = p.err = FORMAT(b, "%s/%s", b->image->work, file);
    if (b->failed || !p.out) {
        th_error(b->ctx, NULL, 0, "memory exhausted, or too many arguments for '%s'", b->argv[0]);
        return TH_ERR_INTERNAL;
    }
    TH_TRY(th_process_run(b->ctx, &p, code));
    return th_read_small_file(b->ctx, p.out, MAX_OBJECT_BYTES, text, bytes);
}

/* Runs b->argv; messages of a successful compiler count as warnings when asked. */
static enum th_status run_tool(struct build *b, const char *what, bool count_warnings)
{
    char *text = NULL;
    size_t bytes;
    int code = 0;

    TH_TRY(run_into(b, "tool.txt", &text, &bytes, &code));
    if (code != 0) {
        th_error(b->ctx, NULL, CODE_COMPILE, "'%s' fails on %s with exit code %d", b->argv[0],
                 what, code);
        if (bytes > 0)
            show(b, text);
        else
            th_note(b->ctx, NULL, "it printed nothing");
        return TH_ERR_INTERNAL;
    }
    if (count_warnings && bytes > 0) {
        th_warning(b->ctx, NULL, CODE_WARNED, "'%s' warns about %s", b->argv[0], what);
        show(b, text);
        b->image->warnings++;
    }
    return TH_OK;
}

/* ---- the glue between model and bench -------------------------------------------------------- */

/* A text of the work folder. */
static enum th_status save(struct build *b, const char *name, struct th_str *s)
{
    const char *path = FORMAT(b, "%s/%s", b->image->work, name);
    FILE *f = path && !s->failed ? fopen(path, "wb") : NULL;
    bool ok = f && fwrite(s->s, 1, s->len, f) == s->len;

    if (f)
        ok = fclose(f) == 0 && ok;
    th_str_release(s);
    if (!ok)
        th_error(b->ctx, NULL, CODE_COMPILE, "cannot write '%s/%s'", b->image->work, name);
    return ok ? TH_OK : TH_ERR_IO;
}

/* Memories get their places first. */
static enum th_status save_glue(struct build *b)
{
    struct th_image_request r = *b->r;
    struct th_image_memory *list = TH_NEW_ARRAY(b->arena, struct th_image_memory,
                                                (size_t)r.n_memories + 1);
    const char *macros = upper(b, r.name);
    struct th_str s;

    if (!macros || !list) {
        th_error(b->ctx, NULL, 0, "memory exhausted");
        return TH_ERR_INTERNAL;
    }
    if (r.n_memories)
        memcpy(list, r.memories, r.n_memories * sizeof *list);
    th_image_place(r.target, list, r.n_memories);
    r.memories = b->image->memories = list;
    b->image->n_memories = r.n_memories;
    th_str_init(&s);
    th_image_glue(&s, &r, macros);
    TH_TRY(save(b, "glue.c", &s));
    th_str_init(&s);
    b->scripted = th_image_memory_script(&s, list, r.n_memories);
    return save(b, MEMORY_SCRIPT, &s);
}

/* ---- the emitted folder's own files ---------------------------------------------------------- */

static void common_flags(struct build *b, const struct th_compiler *cc)
{
    arguments(b, cc->cflags);
    argument(b, b->r->optimise ? b->r->optimise : "-O2");
    argument(b, "-ffunction-sections");
    argument(b, "-fdata-sections");
}

static bool is_gcc(const struct th_compiler *cc)
{
    return strcmp(cc->name, "gcc") == 0;
}

static bool is_clang(const struct th_compiler *cc)
{
    return strcmp(cc->name, "clang") == 0;
}

static enum th_status compile_file(struct build *b, const char *file)
{
    const char *object = FORMAT(b, "%s/%s.o", b->image->work, file);

    b->argc = 0;
    command_words(b, b->model_command);
    common_flags(b, b->model_cc);
    argument(b, "-std=c99");
    argument(b, "-Wall");
    argument(b, "-Wextra");
    argument(b, "-Wpedantic");
    arguments(b, b->r->flags);
    if (is_gcc(b->model_cc))
        argument(b, "-fcallgraph-info=su");
    else if (is_clang(b->model_cc))
        argument(b, "-fstack-usage");
    if (b->r->max_steps) {
        argument(b, FORMAT(b, "-D%s_STEP_HOOK(i)=thb_step(i)", upper(b, b->r->name)));
        argument(b, "-include");
        argument(b, FORMAT(b, "%s/thb_bench.h", b->bench));
    }
    argument(b, "-c");
    argument(b, FORMAT(b, "%s/%s", b->folder, file));
    argument(b, "-o");
    argument(b, object);
    b->objects[b->n_objects++] = object;
    return run_tool(b, file, true);
}

static int by_name(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

static enum th_status compile_model(struct build *b)
{
    DIR *d = opendir(b->folder);
    const char **files = TH_NEW_ARRAY(b->arena, const char *, MAX_ARGUMENTS);
    struct dirent *e;
    uint32_t n = 0, i;

    b->objects = TH_NEW_ARRAY(b->arena, const char *, MAX_ARGUMENTS);
    if (!d) {
        th_error(b->ctx, NULL, CODE_COMPILE, "cannot open folder '%s': %s", b->folder,
                 strerror(errno));
        return TH_ERR_IO;
    }
    while (files && b->objects && (e = readdir(d)) != NULL) {
        size_t length = strlen(e->d_name);

        if (length < 3 || strcmp(e->d_name + length - 2, ".c") != 0 || n == MAX_ARGUMENTS / 2)
            continue;
        files[n] = th_arena_strdup(b->arena, e->d_name);
        if (!files[n++])
            files = NULL;
    }
    closedir(d);
    if (!files || !b->objects) {
        th_error(b->ctx, NULL, 0, "memory exhausted");
        return TH_ERR_INTERNAL;
    }
    if (n == 0) {
        th_error(b->ctx, NULL, CODE_COMPILE, "folder '%s' holds no .c file", b->folder);
        return TH_ERR_IO;
    }
    qsort(files, n, sizeof *files, by_name);
    for (i = 0; i < n; i++)
        TH_TRY(compile_file(b, files[i]));
    return TH_OK;
}

/* ---- start-up, glue, link -------------------------------------------------------------------- */

static enum th_status start_files(struct build *b)
{
    static const struct { const char *start, *files[4]; } families[] = {
        { "cm", { "startup_cm.c", "io_semihost.c", NULL } },
        { "riscv", { "crt0_riscv.S", "start_riscv.c", "io_semihost.c", NULL } },
        { "host", { "io_host.c", NULL } },
    };
    size_t i, k;

    for (i = 0; i < TH_ARRAY_LEN(families); i++) {
        if (strcmp(families[i].start, b->r->target->board.start) != 0)
            continue;
        for (k = 0; families[i].files[k]; k++)
            argument(b, FORMAT(b, "%s/%s", b->bench, families[i].files[k]));
        return TH_OK;
    }
    th_error(b->ctx, NULL, CODE_TARGET, "target '%s' names an unknown start-up '%s'",
             b->r->target->name, b->r->target->board.start);
    return TH_ERR_TARGET;
}

static enum th_status link_image(struct build *b)
{
    const struct th_board *board = &b->r->target->board;
    uint32_t i;

    b->argc = 0;
    command_words(b, b->link_command);
    common_flags(b, b->link_cc);
    argument(b, FORMAT(b, "-DTHB_BOARD_%s", upper(b, board->name)));
    argument(b, FORMAT(b, "-DTHB_ICOUNT_SHIFT=%" PRIu32, board->icount_shift));
    if (b->r->max_steps)
        argument(b, FORMAT(b, "-DTHB_STEP_MAX=%" PRIu32, b->r->max_steps));
    argument(b, FORMAT(b, "-I%s", b->bench));
    argument(b, FORMAT(b, "-I%s", b->folder));
    TH_TRY(start_files(b));
    argument(b, FORMAT(b, "%s/bench_main.c", b->bench));
    argument(b, "glue.c");
    for (i = 0; i < b->n_objects; i++)
        argument(b, b->objects[i]);
    arguments(b, b->link_cc->ldflags);
    argument(b, "-Wl,--gc-sections");
    argument(b, FORMAT(b, "-Wl,-Map=%s", b->map));
    argument(b, "-Wl,-z,noexecstack");
    if (b->scripted) {           /* before the script that it augments */
        argument(b, "-T");
        argument(b, MEMORY_SCRIPT);
    }
    if (board->linker_script) {
        argument(b, FORMAT(b, "-L%s", b->bench));
        argument(b, "-T");
        argument(b, board->linker_script);
    }
    argument(b, "-lm");
    argument(b, "-o");
    argument(b, b->image->program);
    return run_tool(b, "the link", false);
}

/* ---- figures --------------------------------------------------------------------------------- */

static enum th_status measure_files(struct build *b)
{
    const struct th_image_memory *wrong;
    char *bytes = NULL;
    size_t n;

    TH_TRY(th_read_small_file(b->ctx, b->image->program, MAX_OBJECT_BYTES, &bytes, &n));
    if (!th_elf_sizes(bytes, n, ".thb_arena", &b->image->image)) {
        th_error(b->ctx, NULL, CODE_COMPILE, "the linked file is not an ELF file");
        return TH_ERR_INTERNAL;
    }
    if (!th_image_memory_linked(bytes, n, b->image->memories, b->image->n_memories, &wrong)) {
        th_error(b->ctx, NULL, CODE_COMPILE, "'%s' does not lie at 0x%" PRIx64 " in the linked file",
                 wrong->name, wrong->base);
        return TH_ERR_INTERNAL;
    }
    TH_TRY(th_read_small_file(b->ctx, b->map, MAX_TEXT_BYTES, &bytes, &n));
    if (!th_link_map_sizes(bytes, b->objects, b->n_objects, &b->image->model)) {
        th_error(b->ctx, NULL, CODE_COMPILE, "'%s' wrote no map of the link", b->link_command);
        return TH_ERR_INTERNAL;
    }
    return TH_OK;
}

/* Kernels written in assembler say in a comment what they take. */
static enum th_status note_kernels(struct build *b, struct th_stack_graph *g)
{
    const char *folder = FORMAT(b, "%s/kernels", b->folder);
    DIR *d = folder ? opendir(folder) : NULL;
    enum th_status status = TH_OK;
    struct dirent *e;

    while (d && status == TH_OK && (e = readdir(d)) != NULL) {
        const char *path = FORMAT(b, "%s/%s", folder, e->d_name);
        char *text = NULL;
        size_t n;

        if (e->d_name[0] == '.')
            continue;
        status = path ? th_read_small_file(b->ctx, path, MAX_TEXT_BYTES, &text, &n)
                      : TH_ERR_INTERNAL;
        if (status == TH_OK)
            th_stack_graph_note(g, text);
    }
    if (d)
        closedir(d);
    return status;
}

/* Adds what the compiler and the kernels say about frames. */
static enum th_status read_frames(struct build *b, struct th_stack_graph *g)
{
    const bool gcc = is_gcc(b->model_cc);
    char *text = NULL;
    size_t n;
    uint32_t i;

    for (i = 0; i < b->n_objects; i++) {
        size_t length = strlen(b->objects[i]);
        const char *path = FORMAT(b, "%.*s.%s", (int)(length - 2), b->objects[i],
                                  gcc ? "ci" : "su");

        /* Clang says nothing of a unit without functions, and a compiler cache may lose what is not
         * the object: functions are counted like those of libraries then. */
        if (path && access(path, F_OK) != 0)
            continue;
        if (path)
            TH_TRY(th_read_small_file(b->ctx, path, MAX_TEXT_BYTES, &text, &n));
        if (!path || !(gcc ? th_stack_graph_add(g, text) : th_stack_graph_add_usage(g, text))) {
            th_error(b->ctx, NULL, 0, "memory exhausted while reading call graphs");
            return TH_ERR_INTERNAL;
        }
    }
    return note_kernels(b, g);
}

/* The linker's objdump. */
static enum th_status find_objdump(struct build *b, const char **program)
{
    char *text = NULL;
    size_t n;
    int code;

    b->argc = 0;
    command_words(b, b->link_command);
    argument(b, "-print-prog-name=objdump");
    TH_TRY(run_into(b, "objdump.txt", &text, &n, &code));
    text[strcspn(text, "\r\n")] = 0;
    *program = code == 0 && *text ? text : "objdump";
    return TH_OK;
}

/* Listings of the linked file and of the model's relocations; NULL when the tool fails. */
static enum th_status list_code(struct build *b, char **listing, char **relocations)
{
    const char *objdump = NULL;
    size_t n;
    uint32_t i;
    int code;

    TH_TRY(find_objdump(b, &objdump));
    b->argc = 0;
    argument(b, objdump);
    argument(b, "-d");
    argument(b, "--no-show-raw-insn");
    argument(b, b->image->program);
    TH_TRY(run_into(b, "listing.txt", listing, &n, &code));
    if (code != 0)
        *listing = NULL;
    b->argc = 0;
    argument(b, objdump);
    argument(b, "-r");
    for (i = 0; i < b->n_objects; i++)
        argument(b, b->objects[i]);
    TH_TRY(run_into(b, "relocations.txt", relocations, &n, &code));
    if (code != 0)
        *relocations = NULL;
    return TH_OK;
}

/* GCC and Clang say what the frames of the model take; with another compiler the bound stays
 * unknown. It begins where the bench begins to measure: at the glue's function. */
static enum th_status bound_stack(struct build *b)
{
    struct th_stack_graph *g = th_stack_graph_new(b->ctx, b->r->target->vlen);
    struct th_stack_bound bound;
    char *listing = NULL, *relocations = NULL;
    uint32_t i;

    b->image->stack_bound = -1;
    if ((!is_gcc(b->model_cc) && !is_clang(b->model_cc)) || !g)
        return TH_OK;
    TH_TRY(read_frames(b, g));
    TH_TRY(list_code(b, &listing, &relocations));
    if (!listing || !relocations || !th_stack_graph_link(g, listing, relocations))
        return TH_OK;
    for (i = 0; i < b->r->n_entries; i++) {
        const char *from = FORMAT(b, "thg_%" PRIu32 "_invoke", i);

        if (!from || !th_stack_graph_bound(g, from, &bound) || bound.bytes < 0) {
            b->image->stack_bound = -1;
            b->image->stack_unknown = 0;
            return TH_OK;
        }
        if (bound.bytes > b->image->stack_bound)
            b->image->stack_bound = bound.bytes;
        if (bound.unknown > b->image->stack_unknown) {
            b->image->stack_unknown = bound.unknown;
            b->image->stack_names = bound.names;
        }
    }
    return TH_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static const struct th_compiler *compiler_named(const struct th_target *t, const char *name)
{
    uint32_t i;

    for (i = 0; i < t->n_compilers; i++)
        if (!name || strcmp(t->compilers[i].name, name) == 0)
            return &t->compilers[i];
    return NULL;
}

static enum th_status choose_compilers(struct build *b)
{
    const struct th_target *t = b->r->target;

    if (!t->board.start) {
        th_error(b->ctx, NULL, CODE_TARGET, "nothing here can run firmware of target '%s'",
                 t->name);
        return TH_ERR_TARGET;
    }
    b->model_cc = compiler_named(t, b->r->compiler);
    if (!b->model_cc) {
        th_error(b->ctx, NULL, CODE_TARGET, "target '%s' knows no compiler '%s'", t->name,
                 b->r->compiler ? b->r->compiler : "");
        return TH_ERR_USAGE;
    }
    if (b->model_cc->only_links && !b->r->command) {
        th_error(b->ctx, NULL, CODE_TARGET, "compiler '%s' of target '%s' only links: it cannot "
                 "compile all kernels", b->model_cc->name, t->name);
        th_help(b->ctx, CODE_TARGET, "use '%s'", t->compilers[0].name);
        return TH_ERR_USAGE;
    }
    b->link_cc = b->model_cc->link_with ? compiler_named(t, b->model_cc->link_with) : b->model_cc;
    if (!b->link_cc) {
        th_error(b->ctx, NULL, CODE_TARGET, "target '%s' has no compiler to link with", t->name);
        return TH_ERR_TARGET;
    }
    b->model_command = b->r->command ? b->r->command : b->model_cc->command;
    b->link_command = b->link_cc == b->model_cc ? b->model_command : b->link_cc->command;
    b->image->compiler = b->model_cc;
    return TH_OK;
}

static const char *absolute(struct build *b, const char *path)
{
    char *real = realpath(path, NULL);
    const char *copy = real ? th_arena_strdup(b->arena, real) : NULL;

    if (!copy)
        th_error(b->ctx, NULL, CODE_COMPILE, "cannot open folder '%s': %s", path, strerror(errno));
    free(real);
    return copy;
}

enum th_status th_image_build(struct th_ctx *ctx, const struct th_image_request *r,
                              struct th_image *image)
{
    struct build b = { .ctx = ctx, .arena = th_ctx_arena(ctx), .r = r, .image = image };
    const char *bench = getenv("THIMBLE_BENCH_PATH");

    *image = (struct th_image){ .target = r->target, .stack_bound = -1 };
    TH_TRY(choose_compilers(&b));
    b.folder = absolute(&b, r->folder);
    b.bench = absolute(&b, bench && *bench ? bench : TH_PKGDATADIR "/bench");
    if (!b.folder || !b.bench)
        return TH_ERR_IO;
    TH_TRY(th_work_folder(ctx, &image->work));
    image->program = th_arena_printf(b.arena, "%s/firmware.elf", image->work);
    b.map = th_arena_printf(b.arena, "%s/firmware.map", image->work);
    if (!image->program || !b.map)
        return TH_ERR_INTERNAL;
    TH_TRY(save_glue(&b));
    TH_TRY(compile_model(&b));
    TH_TRY(link_image(&b));
    TH_TRY(measure_files(&b));
    return bound_stack(&b);
}

void th_image_remove(struct th_image *image)
{
    th_work_folder_remove(image->work);
    image->work = NULL;
}
