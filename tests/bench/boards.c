/* SPDX-License-Identifier: Apache-2.0 */
/* Builds and runs a hand-written model on every board: counts of loops of known length, outputs,
 * state, guard zones, stack paint, faults. Arguments: targets to try, by default all cores. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <thimble/thimble.h>

#include "driver/image.h"
#include "driver/stack_bound.h"
#include "tests/bench/toy/toy.h"

#define MAX_CASES 8

struct bench_test {
    struct th_ctx *ctx;
    struct th_str heard;                 /* messages of the library */
    struct th_image image;
    struct th_image_request request;
    struct th_image_result result;
    struct th_image_case cases[MAX_CASES];
    uint32_t words[MAX_CASES][5];
    unsigned char bytes[MAX_CASES][TOY_INPUT_1_BYTES];
    uint32_t out_words[MAX_CASES][2];
    unsigned char out_bytes[MAX_CASES][TOY_OUTPUT_1_BYTES];
    const void *inputs[MAX_CASES][2];
    void *outputs[MAX_CASES][2];
    const char *label;
    unsigned failures;
};

static const uint64_t input_bytes[] = { TOY_INPUT_0_BYTES, TOY_INPUT_1_BYTES };
static const uint64_t output_bytes[] = { TOY_OUTPUT_0_BYTES, TOY_OUTPUT_1_BYTES };
static const uint64_t peek_bytes[] = { 4 };
static const uint64_t wrong_bytes[] = { TOY_INPUT_0_BYTES, TOY_INPUT_1_BYTES - 1 };
static const struct th_image_memory memories[] = {
    { .bytes = 24, .state_bytes = 8 }, { .bytes = TOY_ARENA_BYTES }
};
static const struct th_image_region regions[] = { { 0, 0, 24 }, { 1, 0, TOY_ARENA_BYTES } };
static const struct th_image_entry entries[] = {
    { "run", "toy_invoke", "toy_input", "toy_output", input_bytes, output_bytes, 2, 2,
      "TOY", false, 0, 0, 0 },
    { "peek", "toy_invoke_peek", "toy_input", "toy_peek_output", NULL, peek_bytes, 0, 1,
      NULL, false, 0, 0, 0 },
};

static void hear(void *user, const struct th_message *msg)
{
    th_message_format(msg, user);
}

static void check(struct bench_test *t, bool ok, const char *what)
{
    if (ok)
        return;
    printf("FAIL: %s: %s\n", t->label, what);
    t->failures++;
}

static void set_case(struct bench_test *t, uint32_t i, uint32_t loops)
{
    memset(t->words[i], 0, sizeof t->words[i]);
    t->words[i][TOY_LOOPS] = loops;
    memcpy(t->bytes[i], "abc", 3);
    t->inputs[i][0] = t->words[i];
    t->inputs[i][1] = t->bytes[i];
    t->outputs[i][0] = t->out_words[i];
    t->outputs[i][1] = t->out_bytes[i];
    memset(t->out_words[i], 0xEE, sizeof t->out_words[i]);
    memset(t->out_bytes[i], 0xEE, sizeof t->out_bytes[i]);
    t->cases[i] = (struct th_image_case){ .inputs = t->inputs[i], .outputs = t->outputs[i] };
}

static enum th_status run(struct bench_test *t, uint32_t n, bool reset)
{
    uint32_t i;

    for (i = 0; i < n; i++)
        t->cases[i].reset = reset;
    th_str_clear(&t->heard);
    return th_image_run(t->ctx, &t->image, &t->request, t->cases, n, &t->result);
}

static bool counts_instructions(const struct bench_test *t)
{
    return t->result.unit && strcmp(t->result.unit, "instructions") == 0;
}

static void test_counts(struct bench_test *t)
{
    static const uint32_t loops[] = { 1, 2, 11, 101, 1001, 100001, 3000001 };
    const uint32_t n = TH_ARRAY_LEN(loops);
    uint32_t i;

    for (i = 0; i < n; i++)
        set_case(t, i, loops[i]);
    check(t, run(t, n, false) == TH_OK, "a run of seven cases");
    for (i = 0; i < n; i++) {
        /* The host's processor may be interrupted; an emulated one counts to the instruction. */
        if (t->image.target->board.command)
            check(t, t->cases[i].count - t->cases[0].count == 3u * (uint64_t)(loops[i] - 1),
                  "the count of a loop of known length");
        check(t, t->out_words[i][0] == 3 * loops[i], "output 0");
        check(t, t->out_words[i][1] == i + 1, "state carried from case to case");
        check(t, memcmp(t->out_bytes[i], "bcd", 3) == 0, "output 1");
    }
    if (t->image.target->board.command)
        check(t, counts_instructions(t), "the unit is instructions");
    check(t, t->cases[0].steps && t->cases[6].n_steps == 2, "two steps noted");
    if (t->cases[6].n_steps == 2 && t->image.target->board.command)
        check(t, t->cases[6].steps[1] - t->cases[6].steps[0] >= 3u * 3000001u &&
                 t->cases[6].steps[1] - t->cases[6].steps[0] < 3u * 3000001u + 200,
              "the count between two steps");
}

static void test_reset_and_entries(struct bench_test *t)
{
    set_case(t, 0, 1);
    set_case(t, 1, 1);
    check(t, run(t, 2, true) == TH_OK, "a run with resets");
    check(t, t->out_words[0][1] == 1 && t->out_words[1][1] == 1, "reset between cases");

    set_case(t, 1, 1);
    t->cases[1].entry = 1;
    check(t, run(t, 2, false) == TH_OK, "a run of two entries");
    check(t, t->out_words[1][0] == 1, "the second entry sees the first one's state");
}

static void test_memory(struct bench_test *t)
{
    uint64_t shallow, deep;

    set_case(t, 0, 1);
    t->words[0][TOY_STACK] = 16;
    set_case(t, 1, 1);
    t->words[1][TOY_STACK] = 160;
    set_case(t, 2, 1);
    t->words[2][TOY_POKE] = TOY_POKE_LAST;
    check(t, run(t, 3, false) == TH_OK, "a run with deep stack");
    shallow = t->cases[0].stack;
    deep = t->cases[1].stack;
    check(t, deep >= shallow + 9 * 64, "nine more frames of 64 bytes and more");
    check(t, deep < shallow + 9 * 256, "nine more frames below 256 bytes");
    check(t, t->result.most_stack == deep, "the deepest stack");

    set_case(t, 0, 1);
    t->words[0][TOY_POKE] = TOY_POKE_BEFORE;
    check(t, run(t, 1, false) == TH_ERR_INTERNAL && strstr(t->heard.s, "guard zone"),
          "a write before the arena is caught");
    t->words[0][TOY_POKE] = TOY_POKE_AFTER;
    check(t, run(t, 1, false) == TH_ERR_INTERNAL && strstr(t->heard.s, "guard zone"),
          "a write after the arena is caught");
}

static void test_faults(struct bench_test *t)
{
    const struct th_image_entry wrong = { "run", "toy_invoke", "toy_input", "toy_output",
                                          wrong_bytes, output_bytes, 2, 2, NULL, false, 0, 0, 0 };

    set_case(t, 0, 1);
    set_case(t, 1, 1);
    t->words[1][TOY_FAULT] = TOY_FAULT_MEMORY;
    check(t, run(t, 2, false) == TH_ERR_INTERNAL, "a fault is a failure");
    if (t->image.target->board.command)
        check(t, strstr(t->heard.s, "fault pc=") || strstr(t->heard.s, "trap cause="),
              "a fault is told");
    set_case(t, 1, 1);
    t->words[1][TOY_FAULT] = TOY_FAULT_UNALIGNED;
    if (strcmp(t->image.target->name, "cortex-m0plus") == 0)
        check(t, run(t, 2, false) == TH_ERR_INTERNAL && strstr(t->heard.s, "fault pc="),
              "an unaligned access traps");
    set_case(t, 1, 1);
    t->words[1][TOY_STATUS] = 5;
    check(t, run(t, 2, false) == TH_ERR_INTERNAL && strstr(t->heard.s, "invoke failed"),
          "a failing invoke is told");

    set_case(t, 0, 1);
    t->request.entries = &wrong;
    check(t, run(t, 1, false) == TH_ERR_INTERNAL && strstr(t->heard.s, "wrong number of input"),
          "a case of another size is refused");
    t->request.entries = entries;
}

static void test_figures(struct bench_test *t)
{
    const struct th_image *i = &t->image;

    check(t, i->model.text > 0 && i->model.text < i->image.text, "text of model and image");
    check(t, i->model.rodata >= TOY_WEIGHTS_BYTES && i->model.rodata < TOY_WEIGHTS_BYTES + 200 &&
          i->model.rodata <= i->image.rodata, "constants of the model");
    check(t, i->model.data == 0 && i->model.bss == 0, "the model has no static data");
    check(t, i->image.bss > 0 && i->image.bss < 65536, "static data of the image");
    check(t, i->warnings == 0, "no warnings");
    check(t, i->stack_bound == -1, "recursion has no bound");
    check(t, t->result.arena == TOY_ARENA_BYTES && t->result.state == TOY_STATE_BYTES,
          "arena and state");
}

/* True when it could be built. */
static bool build(struct bench_test *t, const char *compiler)
{
    enum th_status status;

    th_str_clear(&t->heard);
    t->request.compiler = compiler;
    status = th_image_build(t->ctx, &t->request, &t->image);
    if (status == TH_ERR_TOOL)
        printf("SKIP: %s: %s", t->label, t->heard.s);
    else
        check(t, status == TH_OK, t->heard.s);
    return status == TH_OK;
}

static void test_bound(struct bench_test *t, const char *compiler)
{
    t->request.entries = &entries[1];
    t->request.n_entries = 1;
    t->request.max_steps = 0;
    t->request.memories = memories;
    t->request.n_memories = 2;
    t->request.regions = regions;
    t->request.n_regions = 2;
    if (build(t, compiler)) {
        set_case(t, 0, 0);
        check(t, run(t, 1, false) == TH_OK, "a run of the only entry");
        check(t, t->image.stack_bound >= 0 && t->image.stack_unknown == 0 &&
              t->result.most_stack <= (uint64_t)t->image.stack_bound, "a stack bound");
        check(t, t->cases[0].n_steps == 0, "no steps unless asked for");
        check(t, t->result.arena == TOY_ARENA_BYTES + 24 && t->result.state == 8, "two regions");
    }
    th_image_remove(&t->image);
}

/* The boards' 32-bit timers wrap; with the slowest clock they do so after 168 million
 * instructions (134 million on the M33). */
static void test_wrap(struct bench_test *t)
{
    static const uint32_t loops[] = { 1, 100000001, 200000001 };
    const char *command[64];
    struct th_target slow = *t->request.target;
    const struct th_target *fast = t->request.target;
    uint32_t n, i;

    for (n = 0; fast->board.command[n] && n < 63; n++)
        command[n] = strncmp(fast->board.command[n], "shift=", 6) ? fast->board.command[n]
                                                                  : "shift=10";
    command[n] = NULL;
    slow.board.command = command;
    slow.board.icount_shift = 10;
    t->request.target = &slow;
    t->request.max_steps = 0;
    if (build(t, "gcc")) {
        for (i = 0; i < 3; i++)
            set_case(t, i, loops[i]);
        check(t, run(t, 3, false) == TH_OK, "a run of long loops");
        for (i = 1; i < 3; i++)
            check(t, t->cases[i].count - t->cases[0].count == 3u * (uint64_t)(loops[i] - 1),
                  "the count of a loop during which the timer wraps");
    }
    th_image_remove(&t->image);
    t->request.target = fast;
}

/* 0: ran; 77: a tool is missing; 1: failed. */
static int test_target(const char *name, const char *compiler, const char *folder)
{
    struct bench_test t = { .request = { .folder = folder, .name = "toy", .entries = entries,
                                         .n_entries = 2, .max_steps = 8 } };
    char label[128];
    bool built;

    snprintf(label, sizeof label, "%s with %s", name, compiler);
    t.label = label;
    t.ctx = th_ctx_new();
    th_str_init(&t.heard);
    th_ctx_set_sink(t.ctx, hear, &t.heard);
    t.request.target = th_target_find(t.ctx, name);
    check(&t, t.request.target != NULL, t.heard.s);
    built = t.request.target && build(&t, compiler);
    if (built) {
        set_case(&t, 0, 1);
        if (run(&t, 1, false) == TH_ERR_TOOL) {
            printf("SKIP: %s: %s", t.label, t.heard.s);
            built = false;
        }
    }
    if (built) {
        test_counts(&t);
        test_figures(&t);
        test_reset_and_entries(&t);
        test_memory(&t);
        test_faults(&t);
    }
    th_image_remove(&t.image);
    if (built && (strcmp(name, "cortex-m4") == 0 || strcmp(name, "cortex-m33") == 0))
        test_wrap(&t);
    if (built && (strcmp(name, "cortex-m4") == 0 || strcmp(name, "rv32gcv") == 0))
        test_bound(&t, compiler);
    printf("%s: %s\n", t.label, t.failures ? "failed" : built ? "ok" : "not run");
    fflush(stdout);
    th_str_release(&t.heard);
    th_ctx_free(t.ctx);
    return t.failures ? 1 : built ? 0 : 77;
}

int main(int argc, char **argv)
{
    const char *source = getenv("srcdir");
    char folder[4096];
    struct th_ctx *ctx = th_ctx_new();
    const struct th_target *const *list;
    uint32_t n, i, k, ran = 0, failed = 0;

    snprintf(folder, sizeof folder, "%s/tests/bench/toy", source ? source : ".");
    if (!ctx || th_target_list(ctx, &list, &n) != TH_OK || n == 0) {
        printf("FAIL: no target descriptions, or a broken one\n");
        return 1;
    }
    for (i = 0; i < n; i++) {
        bool wanted = argc < 2 && strcmp(list[i]->core, list[i]->name) == 0;
        int a;

        for (a = 1; a < argc; a++)
            wanted = wanted || strcmp(argv[a], list[i]->name) == 0;
        for (k = 0; wanted && k < list[i]->n_compilers; k++) {
            int outcome;

            if (list[i]->compilers[k].only_links)
                continue;
            outcome = test_target(list[i]->name, list[i]->compilers[k].name, folder);
            ran += outcome == 0;
            failed += outcome == 1;
        }
    }
    th_ctx_free(ctx);
    return failed ? 1 : ran ? 0 : 77;
}
