/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "driver/image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/process.h"

#define RUN_SECONDS 1800
#define MAX_LINES_BYTES ((size_t)64 * 1024 * 1024)
#define MAX_OUTPUT_BYTES ((size_t)1 << 31)
#define CASE_MAGIC 0x32424854u       /* THB_CASE_MAGIC of runtime/bench/thb_bench.h */
#define CASE_RESET 1u

enum { CODE_TOOL = 5101, CODE_RUN = 5104 };

struct run {
    struct th_ctx *ctx;
    const struct th_image *image;
    const struct th_image_request *r;
    struct th_image_case *cases;
    uint32_t n_cases;
    struct th_image_result *result;
    const char *in, *out, *lines, *noise;
};

static enum th_status no_memory(struct run *u)
{
    th_error(u->ctx, NULL, 0, "memory exhausted while running firmware");
    return TH_ERR_INTERNAL;
}

static bool put_word(FILE *f, uint32_t v)
{
    unsigned char b[4];

    b[0] = (unsigned char)v;
    b[1] = (unsigned char)(v >> 8);
    b[2] = (unsigned char)(v >> 16);
    b[3] = (unsigned char)(v >> 24);
    return fwrite(b, 1, 4, f) == 4;
}

static bool put_case(FILE *f, const struct th_image_entry *e, const struct th_image_case *c)
{
    uint64_t sum = 0;
    uint32_t i;

    for (i = 0; i < e->n_inputs; i++)
        sum += e->input_bytes[i];
    if (sum > UINT32_MAX || !put_word(f, c->entry) ||
        !put_word(f, c->reset ? CASE_RESET : 0) || !put_word(f, (uint32_t)sum))
        return false;
    for (i = 0; i < e->n_inputs; i++)
        if (fwrite(c->inputs[i], 1, (size_t)e->input_bytes[i], f) != e->input_bytes[i])
            return false;
    return true;
}

static enum th_status save_cases(struct run *u)
{
    FILE *f = fopen(u->in, "wb");
    bool ok = f && put_word(f, CASE_MAGIC) && put_word(f, u->n_cases);
    uint32_t i;

    for (i = 0; ok && i < u->n_cases; i++)
        ok = put_case(f, &u->r->entries[u->cases[i].entry], &u->cases[i]);
    if (f)
        ok = fclose(f) == 0 && ok;
    if (!ok)
        th_error(u->ctx, NULL, CODE_RUN, "cannot write '%s': %s", u->in, strerror(errno));
    return ok ? TH_OK : TH_ERR_IO;
}

/* The board's command with the firmware's name, or the program itself. */
static const char *const *command_of(struct run *u)
{
    const char *const *words = u->image->target->board.command;
    const char **argv;
    size_t n = 0;

    while (words && words[n])
        n++;
    argv = TH_NEW_ARRAY(th_ctx_arena(u->ctx), const char *, n + 2);
    if (!argv)
        return NULL;
    if (n)
        memcpy(argv, words, n * sizeof *argv);
    argv[n] = u->image->program;
    return argv;
}

/* Programs for x86 use what their target has, without asking the processor. */
const char *th_image_missing_feature(const struct th_target *t)
{
    if (t->board.command || strcmp(t->backend, "x86") != 0)
        return NULL;
#if defined(__x86_64__)
    if (th_target_has(t, "sse4") && !__builtin_cpu_supports("sse4.2"))
        return "sse4";
    if (th_target_has(t, "avx2") && !__builtin_cpu_supports("avx2"))
        return "avx2";
    if (th_target_has(t, "fma") && !__builtin_cpu_supports("fma"))
        return "fma";
    if (th_target_has(t, "avx512") && !__builtin_cpu_supports("avx512bw"))
        return "avx512";
    if (th_target_has(t, "avx512vnni") && !__builtin_cpu_supports("avx512vnni"))
        return "avx512vnni";
    return NULL;
#else
    return "x86-64";
#endif
}

/* ---- what the firmware printed --------------------------------------------------------------- */

/* The number after key on this line. */
static bool field(const char *line, const char *key, uint64_t *out)
{
    const char *at = strstr(line, key);
    char *end;
    unsigned long long v;

    if (!at)
        return false;
    at += strlen(key);
    if (*at < '0' || *at > '9')
        return false;
    errno = 0;
    v = strtoull(at, &end, 10);
    if (errno || (*end && *end != ' '))
        return false;
    *out = v;
    return true;
}

static bool take_case(struct run *u, const char *line, uint32_t expected)
{
    struct th_image_case *c = &u->cases[expected];
    uint64_t number;

    if (!field(line, "case=", &number) || number != expected ||
        !field(line, " count=", &c->count) || !field(line, " stack=", &c->stack))
        return false;
    if (c->stack > u->result->most_stack)
        u->result->most_stack = c->stack;
    if (!strstr(line, " guards=ok"))
        return false;
    u->result->guarded++;
    return true;
}

static bool take_step(struct run *u, const char *line, uint32_t at)
{
    uint64_t count, *steps = (uint64_t *)(uintptr_t)u->cases[at].steps;

    if (!field(line, " count=", &count) || !steps)
        return false;
    if (u->cases[at].n_steps < u->r->max_steps)
        steps[u->cases[at].n_steps++] = count;
    return true;
}

static bool take_unit(struct run *u, const char *line)
{
    if (strstr(line, " unit=instructions "))
        u->result->unit = "instructions";
    else if (strstr(line, " unit=ns "))
        u->result->unit = "ns";
    return u->result->unit && field(line, " arena=", &u->result->arena) &&
           field(line, " state=", &u->result->state);
}

/* Every line must be understood and every case reported: silence is not success. */
static enum th_status take_lines(struct run *u, char *text)
{
    uint32_t done = 0;
    bool ended = false, ok = true;
    char *line, *rest = text;

    while (ok && (line = strsep(&rest, "\n")) != NULL) {
        if (strncmp(line, "thb ", 4) != 0)
            ok = *line == 0;
        else if (strncmp(line, "thb error: ", 11) == 0) {
            th_error(u->ctx, NULL, CODE_RUN, "firmware on '%s': %s", u->image->target->board.name,
                     line + 11);
            return TH_ERR_INTERNAL;
        } else if (strncmp(line, "thb model=", 10) == 0)
            ok = take_unit(u, line);
        else if (strncmp(line, "thb init ", 9) == 0)
            ok = field(line, " count=", &u->result->init_count) &&
                 field(line, " stack=", &u->result->init_stack);
        else if (strncmp(line, "thb step=", 9) == 0)
            ok = done < u->n_cases && take_step(u, line, done);
        else if (strncmp(line, "thb case=", 9) == 0) {
            ok = done < u->n_cases && (take_case(u, line, done) || strstr(line, "guards=damaged") ||
                                       !strstr(line, " status=0 "));
            done++;
        } else
            ended = ok = strncmp(line, "thb end ", 8) == 0;
    }
    if (!ok || !ended || done != u->n_cases || !u->result->unit) {
        th_error(u->ctx, NULL, CODE_RUN, "firmware on '%s' stopped after %" PRIu32 " of %" PRIu32
                 " cases", u->image->target->board.name, done, u->n_cases);
        return TH_ERR_INTERNAL;
    }
    return TH_OK;
}

static enum th_status take_outputs(struct run *u)
{
    char *bytes = NULL;
    size_t n, at = 0;
    uint32_t i, k;

    TH_TRY(th_read_small_file(u->ctx, u->out, MAX_OUTPUT_BYTES, &bytes, &n));
    for (i = 0; i < u->n_cases; i++) {
        const struct th_image_entry *e = &u->r->entries[u->cases[i].entry];

        for (k = 0; k < e->n_outputs; k++) {
            size_t size = (size_t)e->output_bytes[k];

            if (size > n - at) {
                th_error(u->ctx, NULL, CODE_RUN, "firmware wrote %zu bytes of outputs, too few", n);
                return TH_ERR_INTERNAL;
            }
            memcpy(u->cases[i].outputs[k], bytes + at, size);
            at += size;
        }
    }
    if (at != n) {
        th_error(u->ctx, NULL, CODE_RUN, "firmware wrote %zu bytes of outputs, expected %zu", n,
                 at);
        return TH_ERR_INTERNAL;
    }
    return TH_OK;
}

static enum th_status run_firmware(struct run *u)
{
    struct th_process p = { .folder = u->image->work, .seconds = RUN_SECONDS };
    char *text = NULL, *noise = NULL;
    size_t n, k;
    int code = 0;

    p.argv = command_of(u);
    p.out = u->lines;
    p.err = u->noise;
    if (!p.argv)
        return no_memory(u);
    TH_TRY(th_process_run(u->ctx, &p, &code));
    TH_TRY(th_read_small_file(u->ctx, u->lines, MAX_LINES_BYTES, &text, &n));
    TH_TRY(th_read_small_file(u->ctx, u->noise, MAX_LINES_BYTES, &noise, &k));
    if (code != 0 && !strstr(text, "thb error: ")) {
        th_error(u->ctx, NULL, CODE_RUN, "'%s' ended with %d", p.argv[0], code);
        if (k)
            th_note(u->ctx, NULL, "%.*s", (int)strcspn(noise, "\n"), noise);
        return TH_ERR_INTERNAL;
    }
    TH_TRY(take_lines(u, text));
    return take_outputs(u);
}

enum th_status th_image_run(struct th_ctx *ctx, const struct th_image *image,
                            const struct th_image_request *r, struct th_image_case *cases,
                            uint32_t n_cases, struct th_image_result *result)
{
    struct th_arena *arena = th_ctx_arena(ctx);
    struct run u = { .ctx = ctx, .image = image, .r = r, .cases = cases, .n_cases = n_cases,
                     .result = result };
    uint32_t i;

    *result = (struct th_image_result){ .unit = NULL };
    if (th_image_missing_feature(r->target)) {
        th_error(ctx, NULL, CODE_TOOL, "this machine has no '%s', which target '%s' needs",
                 th_image_missing_feature(r->target), r->target->name);
        return TH_ERR_TOOL;
    }
    u.in = th_arena_printf(arena, "%s/bench.in", image->work);
    u.out = th_arena_printf(arena, "%s/bench.out", image->work);
    u.lines = th_arena_printf(arena, "%s/lines.txt", image->work);
    u.noise = th_arena_printf(arena, "%s/noise.txt", image->work);
    if (!u.in || !u.out || !u.lines || !u.noise)
        return no_memory(&u);
    for (i = 0; i < n_cases; i++) {
        cases[i].n_steps = 0;
        cases[i].steps = r->max_steps ? TH_NEW_ARRAY(arena, uint64_t, r->max_steps) : NULL;
        if (r->max_steps && !cases[i].steps)
            return no_memory(&u);
    }
    TH_TRY(save_cases(&u));
    return run_firmware(&u);
}
