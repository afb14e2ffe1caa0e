/* SPDX-License-Identifier: Apache-2.0 */
/* The text dump of a program with one of everything, kept in tests/golden/sample.txt; a new one is
 * printed when it differs. */
#include "tests/unit/sample_program.h"

#include <stdio.h>

static void test_sample(void)
{
    char path[1024], *want = NULL;
    const char *top = getenv("srcdir");
    struct th_ctx *ctx = th_ctx_new();
    struct th_program *p = sample_program(ctx);
    struct th_str text;
    th_str_init(&text);
    th_program_print(p, &text);
    snprintf(path, sizeof path, "%s/tests/golden/sample.txt", top ? top : ".");
    FILE *f = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL(f);
    size_t n = 0;
    if (f) {
        want = calloc(1, text.len + 4096);
        n = want ? fread(want, 1, text.len + 4095, f) : 0;
        fclose(f);
    }
    bool same = n == text.len && want && memcmp(want, text.s, n) == 0;
    CU_ASSERT_TRUE(same);
    if (!same)
        fputs(text.s, stdout);
    free(want);
    th_str_release(&text);
    th_program_free(p);
    th_ctx_free(ctx);
}

/* Removing and adding nodes leaves holes in the ids; the text does not show them. */
static void test_stable_numbers(void)
{
    struct th_ctx *ctx = th_ctx_new();
    struct th_str a, b;
    th_str_init(&a);
    th_str_init(&b);
    for (int holes = 0; holes < 2; holes++) {
        struct th_program *p = th_program_new(ctx);
        struct th_graph *g = th_program_add_function(p, "run");
        struct th_type t = test_type(g, TH_DT_F32, 0, 0, 1, 3);
        th_value x = th_graph_add_input(g, "x", &t);
        if (holes) {
            test_const(g, &t, 1);
            test_node(g, "exp", NULL, NULL, 1, x);
        }
        th_value y = test_node(g, "neg", NULL, NULL, 1, x);
        th_graph_add_output(g, "y", y);
        th_graph_sweep(g);
        th_graph_print(g, holes ? &b : &a);
        th_program_free(p);
    }
    CU_ASSERT_STRING_EQUAL(a.s, b.s);
    CU_ASSERT_STRING_EQUAL(a.s, "function \"run\" {\n  input %1 \"x\" f32[3]\n"
                                "  %2 f32[3] = neg(%1)\n  output %2 \"y\"\n}\n");
    th_str_release(&a);
    th_str_release(&b);
    th_ctx_free(ctx);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"sample", test_sample}, {"stable numbers", test_stable_numbers}, {NULL, NULL}};
    return test_main("text", tests);
}
