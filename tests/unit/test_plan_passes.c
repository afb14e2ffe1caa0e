/* SPDX-License-Identifier: Apache-2.0 */
/* What each planning pass changes, before and after. */
#include "ir/call.h"
#include "tests/unit/plan_support.h"

#include <CUnit/Basic.h>
#include <string.h>

#define PLAN_AND_CHECK LAB_PLAN ",check-plan"
#define RUN(l, passes, status)                             \
    do {                                                   \
        const enum th_status ran_ = lab_run(&(l), passes); \
        if (ran_ != (status))                              \
            show(&(l));                                    \
        CU_ASSERT_EQUAL_FATAL(ran_, (status));             \
    } while (0)

static void show(struct lab *l)
{
    if (l->messages.len)
        fprintf(stderr, "%s", l->messages.s);
}

static struct th_place place(struct lab *l, th_value v)
{
    return th_value_place(l->g, v);
}

static bool same(struct th_place a, struct th_place b)
{
    return a.region == b.region && a.offset == b.offset;
}

/* Elementwise kernels that say so run in one buffer, the input's; others need two. */
static void test_in_place(void)
{
    struct lab l;
    lab_open(&l);
    th_value x = lab_input(&l, l.g, "x", 4, 4, 10), a = lab_unary(l.g, "neg", x);
    th_value b = lab_unary(l.g, "neg", a), c = lab_unary(l.g, "abs", b);
    th_graph_add_output(l.g, "y", c);
    RUN(l, PLAN_AND_CHECK, TH_OK);
    CU_ASSERT(same(place(&l, x), place(&l, a)));
    CU_ASSERT(same(place(&l, a), place(&l, b)));
    CU_ASSERT(!same(place(&l, b), place(&l, c)));
    CU_ASSERT_EQUAL(lab_transient(&l), 2 * 640);
    CU_ASSERT_EQUAL(th_program_plan(l.program)->regions[1].lower_bound, 2 * 640);
    CU_ASSERT_EQUAL(th_program_plan(l.program)->peak_node, th_value_def(l.g, c));
    lab_close(&l);
}

/* A value that is wanted later is not written over. */
static void test_residual(void)
{
    struct lab l;
    lab_open(&l);
    th_value x = lab_input(&l, l.g, "x", 4, 4, 10), a = lab_unary(l.g, "neg", x);
    th_value b = lab_unary(l.g, "neg", a), y = lab_add(l.g, b, a);
    th_graph_add_output(l.g, "y", y);
    RUN(l, PLAN_AND_CHECK, TH_OK);
    CU_ASSERT(!same(place(&l, a), place(&l, b)));
    CU_ASSERT(same(place(&l, y), place(&l, a)) || same(place(&l, y), place(&l, b)));
    CU_ASSERT_EQUAL(lab_transient(&l), 2 * 640);
    lab_close(&l);
}

static void test_view(void)
{
    struct lab l;
    lab_open(&l);
    th_value x = lab_input(&l, l.g, "x", 4, 4, 10);
    th_value v = lab_reshape(l.g, x, 2, (int64_t[]){16, 10});
    th_value w = lab_unary(l.g, "neg", v);
    th_graph_add_output(l.g, "y", w);
    th_graph_add_output(l.g, "z", x);
    RUN(l, PLAN_AND_CHECK, TH_OK);
    CU_ASSERT(same(place(&l, x), place(&l, v)));
    CU_ASSERT(!same(place(&l, v), place(&l, w)));
    lab_close(&l);
}

/* A 3x3 convolution in raster order: the output may trail its input by one row and a pixel. */
static void test_windows(void)
{
    struct lab l;
    lab_open(&l);
    th_value x = lab_input(&l, l.g, "x", 8, 8, 4), y = lab_conv(l.g, x, 4, 3, 1);
    th_graph_add_output(l.g, "y", y);
    RUN(l, PLAN_AND_CHECK, TH_OK);
    CU_ASSERT_EQUAL(th_graph_share_count(l.g), 1);
    /* pixel p reads from p - 9 on while it is being written: 10 pixels of 16 bytes */
    CU_ASSERT_EQUAL(th_graph_share(l.g, 0)->distance, 160);
    CU_ASSERT_EQUAL(place(&l, x).offset - place(&l, y).offset, 160);
    CU_ASSERT_EQUAL(lab_transient(&l), 8 * 8 * 16 + 160);
    lab_close(&l);
}

static void test_scratch(void)
{
    struct lab l;
    lab_open(&l);
    th_value x = lab_input(&l, l.g, "x", 1, 1, 9), y = lab_unary(l.g, "softmax", x);
    th_graph_add_output(l.g, "y", y);
    RUN(l, PLAN_AND_CHECK, TH_OK);
    const struct th_kernel_note *n = th_node_note_const(l.g, th_value_def(l.g, y));
    CU_ASSERT_EQUAL(n->scratch.region, TH_REGION_TRANSIENT);
    CU_ASSERT_EQUAL(n->scratch.offset % 8, 0);
    CU_ASSERT_EQUAL(lab_transient(&l), 132 + 36 + 36 + 4 * (n->scratch.offset % 8 != 0));
    lab_close(&l);
}

/* A line buffer: the new value is assembled in the variable's own storage. */
static void test_state_in_place(void)
{
    struct lab l;
    lab_open(&l);
    th_state s = lab_state(&l, "line", 3, 4, 2);
    th_value x = lab_input(&l, l.g, "x", 1, 4, 2), old = lab_read(l.g, s);
    th_value tail = lab_slice(l.g, old, (int64_t[]){0, 1, 0, 0}, (int64_t[]){1, 2, 4, 2});
    th_value now = lab_concat(l.g, tail, x, 1);
    lab_write(l.g, s, now);
    th_graph_add_output(l.g, "y", lab_unary(l.g, "abs", now));
    RUN(l, PLAN_AND_CHECK, TH_OK);
    CU_ASSERT_EQUAL(place(&l, old).region, TH_REGION_STATE);
    CU_ASSERT_EQUAL(place(&l, now).region, TH_REGION_STATE);
    CU_ASSERT_EQUAL(place(&l, now).offset, th_state_offset(l.program, s));
    CU_ASSERT_EQUAL(th_program_plan(l.program)->regions[0].bytes, 96);
    CU_ASSERT_EQUAL(lab_transient(&l), 96);      /* tail 64 + x 32, then y 96 over both */
    lab_close(&l);
}

/* The old value is an output too: what is stored needs a place of its own. */
static void test_state_kept(void)
{
    struct lab l;
    lab_open(&l);
    th_state s = lab_state(&l, "h", 1, 1, 8);
    th_value x = lab_input(&l, l.g, "x", 1, 1, 8), old = lab_read(l.g, s);
    th_value now = lab_add(l.g, old, x);
    lab_write(l.g, s, now);
    th_graph_add_output(l.g, "y", old);
    RUN(l, PLAN_AND_CHECK, TH_OK);
    CU_ASSERT_EQUAL(place(&l, old).region, TH_REGION_TRANSIENT);
    lab_close(&l);
}

/* h' = h + x in the variable itself: the kernel's order allows it. */
static void test_state_update(void)
{
    struct lab l;
    lab_open(&l);
    th_state s = lab_state(&l, "h", 1, 1, 8);
    th_value x = lab_input(&l, l.g, "x", 1, 1, 8), old = lab_read(l.g, s);
    th_value now = lab_add(l.g, old, x);
    lab_write(l.g, s, now);
    th_graph_add_output(l.g, "y", lab_unary(l.g, "neg", now));
    RUN(l, PLAN_AND_CHECK, TH_OK);
    CU_ASSERT_EQUAL(place(&l, old).region, TH_REGION_STATE);
    CU_ASSERT_EQUAL(place(&l, now).region, TH_REGION_STATE);
    lab_close(&l);
}

/* ---- bodies -------------------------------------------------------------------------------- */
static struct th_graph *body_of(struct lab *l, const char *name, uint32_t n, th_value *params)
{
    struct th_graph *b = th_program_add_body(l->program, name);
    for (uint32_t i = 0; i < n; i++)
        params[i] = lab_input(l, b, "p", 2, 2, 4);
    return b;
}

static th_node region(struct lab *l, const char *op, uint32_t n, const th_value *in,
                      struct th_graph **bodies, uint32_t n_bodies, const struct th_attr *attr,
                      uint32_t n_out, th_value *out)
{
    th_node node = 0;
    struct th_node_desc d = {.op = op, .in = in, .n_in = n, .bodies = bodies,
                             .n_bodies = n_bodies, .attrs = attr, .n_attrs = attr != NULL,
                             .n_out = n_out, .loc = TH_LOC_NONE};
    CU_ASSERT_EQUAL_FATAL(th_graph_add_node_nofold(l->g, &d, &node, out), TH_OK);
    return node;
}

/* A counted loop that swaps two values and negates one: the swap needs a copy, the rest none. */
static void test_loop(void)
{
    struct lab l;
    lab_open(&l);
    th_value p[2], out[2];
    struct th_graph *b = body_of(&l, "body", 2, p);
    th_graph_add_output(b, "", p[1]);
    th_graph_add_output(b, "", lab_unary(b, "neg", p[0]));
    th_value in[2] = {lab_input(&l, l.g, "x", 2, 2, 4), lab_input(&l, l.g, "z", 2, 2, 4)};
    struct th_attr count = {.name = "count", .kind = TH_ATTR_INT, .v.i = 5};
    region(&l, "loop", 2, in, &b, 1, &count, 2, out);
    th_graph_add_output(l.g, "a", out[0]);
    th_graph_add_output(l.g, "b", out[1]);
    RUN(l, PLAN_AND_CHECK, TH_OK);
    CU_ASSERT(same(place(&l, in[0]), th_value_place(b, p[0])));
    CU_ASSERT(same(place(&l, out[1]), th_value_place(b, p[1])));
    CU_ASSERT_NOT_EQUAL(th_graph_output(b, 0), p[1]);
    /* two values and the copy; the negation is made where the copied one was */
    CU_ASSERT_EQUAL(lab_transient(&l), 3 * 64);
    lab_close(&l);
}

/* What is wanted after the loop is not the loop's to change. */
static void test_loop_operand_kept(void)
{
    struct lab l;
    lab_open(&l);
    th_value p[1], out[1], x = lab_input(&l, l.g, "x", 2, 2, 4);
    struct th_graph *b = body_of(&l, "body", 1, p);
    th_graph_add_output(b, "", lab_unary(b, "neg", p[0]));
    struct th_attr count = {.name = "count", .kind = TH_ATTR_INT, .v.i = 2};
    region(&l, "loop", 1, &x, &b, 1, &count, 1, out);
    th_graph_add_output(l.g, "a", lab_add(l.g, out[0], x));
    RUN(l, PLAN_AND_CHECK, TH_OK);
    CU_ASSERT(!same(place(&l, x), th_value_place(b, p[0])));
    CU_ASSERT(same(th_value_place(b, th_graph_output(b, 0)), th_value_place(b, p[0])));
    CU_ASSERT_EQUAL(lab_transient(&l), 2 * 64);
    lab_close(&l);
}

static void test_if(void)
{
    struct lab l;
    lab_open(&l);
    th_value p[1], q[1], out[1];
    struct th_graph *b[2] = {body_of(&l, "then", 1, p), body_of(&l, "else", 1, q)};
    th_graph_add_output(b[0], "", lab_unary(b[0], "abs", p[0]));
    th_graph_add_output(b[1], "", q[0]);
    struct th_type t = th_type_make(TH_DT_BOOL, 0, NULL);
    th_value x = lab_input(&l, l.g, "x", 2, 2, 4);
    th_value in[2] = {th_graph_add_input(l.g, "c", &t), x};
    region(&l, "if", 2, in, b, 2, NULL, 1, out);
    th_graph_add_output(l.g, "y", lab_add(l.g, out[0], x));
    RUN(l, PLAN_AND_CHECK, TH_OK);
    CU_ASSERT(same(place(&l, x), th_value_place(b[0], p[0])));
    CU_ASSERT(same(place(&l, out[0]), th_value_place(b[0], th_graph_output(b[0], 0))));
    CU_ASSERT(!same(place(&l, out[0]), place(&l, x)));
    lab_close(&l);
}

/* ---- order, refusals ----------------------------------------------------------------------- */
/* Two branches that each grow and shrink: one after the other, not side by side. */
static void test_schedule(void)
{
    struct lab l;
    lab_open(&l);
    th_value x = lab_input(&l, l.g, "x", 4, 4, 2);
    th_value a = lab_conv(l.g, x, 64, 1, 1), b = lab_conv(l.g, x, 64, 1, 1);
    th_value c = lab_conv(l.g, a, 2, 1, 1), d = lab_conv(l.g, b, 2, 1, 1);
    th_graph_add_output(l.g, "y", lab_add(l.g, c, d));
    RUN(l, "select-kernels,pack,in-place,memory-plan,check-plan", TH_OK);
    int64_t given = lab_transient(&l);
    RUN(l, PLAN_AND_CHECK, TH_OK);
    CU_ASSERT(given >= 2 * 4096);
    CU_ASSERT(lab_transient(&l) < 4096 + 3 * 128);
    CU_ASSERT_PTR_NOT_NULL(strstr(l.remarks.s, "no order is better"));
    lab_close(&l);
}

static void test_too_large(void)
{
    struct lab l;
    lab_open(&l);
    th_value x = lab_input(&l, l.g, "x", 8, 8, 4), y = lab_unary(l.g, "abs", x);
    th_graph_add_output(l.g, "y", y);
    l.ram[0].bytes = 2047;
    RUN(l, LAB_PLAN, TH_ERR_TARGET);
    CU_ASSERT_PTR_NOT_NULL(strstr(l.messages.s, "error: model needs 2048 bytes of arena, region "
                                                "'sram' has 2047\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(l.messages.s, "note: peak at node (abs): in 1024 + "
                                                "out 1024\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(l.messages.s, "help: try a larger target, or --sram 2k if "
                                                "the device has it [TH4007]\n"));
    l.ram[0].bytes = 2048;
    RUN(l, PLAN_AND_CHECK, TH_OK);
    CU_ASSERT_STRING_EQUAL(th_program_plan(l.program)->regions[1].name, "sram");
    lab_close(&l);
}

/* Neither region holds it alone, both together do. */
static void test_regions(void)
{
    struct lab l;
    lab_open(&l);
    l.ram[0] = (struct th_mem_region){.name = "slow", .bytes = 1500, .use = 1, .speed = 1};
    l.ram[1] = (struct th_mem_region){.name = "fast", .bytes = 1100, .use = 1, .speed = 0};
    l.ram[2] = (struct th_mem_region){.name = "flash", .bytes = 1 << 20, .use = 2};
    l.target.n_regions = 3;
    th_value x = lab_input(&l, l.g, "x", 8, 8, 4), y = lab_unary(l.g, "abs", x);
    th_graph_add_output(l.g, "y", y);
    RUN(l, PLAN_AND_CHECK, TH_OK);
    const struct th_plan_totals *t = th_program_plan(l.program);
    CU_ASSERT_EQUAL(t->n_regions, 3);
    CU_ASSERT_STRING_EQUAL(t->regions[1].name, "fast");
    CU_ASSERT_STRING_EQUAL(t->regions[2].name, "slow");
    CU_ASSERT_NOT_EQUAL(place(&l, x).region, place(&l, y).region);
    l.ram[0].bytes = 500;
    RUN(l, LAB_PLAN, TH_ERR_TARGET);
    lab_close(&l);
}

/* All nodes without a kernel are listed, with what the nearest row said. */
static void test_no_kernel(void)
{
    struct lab l;
    lab_open(&l);
    th_value x = lab_input(&l, l.g, "x", 1, 1, 4);
    th_graph_add_output(l.g, "y", lab_unary(l.g, "sin", lab_unary(l.g, "exp", x)));
    RUN(l, LAB_PLAN, TH_ERR_TARGET);
    CU_ASSERT_PTR_NOT_NULL(strstr(l.messages.s, "target 'lab' has no kernel for "
                                                "f32[1,1,1,4]>f32[1,1,1,4]"));
    CU_ASSERT_PTR_NOT_NULL(strstr(l.messages.s, "no kernel for operator 'exp' [TH4003]"));
    CU_ASSERT_PTR_NOT_NULL(strstr(l.messages.s, "no kernel for operator 'sin' [TH4003]"));
    lab_close(&l);
}

/* Entry points never run at the same time: they share transient memory, state is kept apart. */
static void test_entry_points(void)
{
    struct lab l;
    lab_open(&l);
    th_state s = lab_state(&l, "s", 1, 1, 3);
    th_value x = lab_input(&l, l.g, "x", 4, 4, 10);
    th_graph_add_output(l.g, "y", lab_unary(l.g, "abs", x));
    struct th_graph *g = th_program_add_function(l.program, "second");
    th_value y = lab_input(&l, g, "x", 1, 1, 3);
    lab_write(g, s, y);
    th_graph_add_output(g, "y", lab_unary(g, "abs", y));
    RUN(l, PLAN_AND_CHECK, TH_OK);
    CU_ASSERT_EQUAL(lab_transient(&l), 2 * 640);
    CU_ASSERT_EQUAL(th_program_plan(l.program)->regions[0].bytes, 12);
    CU_ASSERT_EQUAL(th_value_place(g, y).region, TH_REGION_TRANSIENT);
    CU_ASSERT(th_value_place(g, y).offset < 2 * 640);
    lab_close(&l);
}

/* Packing: equal constants of two calls are stored once, scratch and calls are noted. */
static void test_pack(void)
{
    struct lab l;
    lab_open(&l);
    th_value x = lab_input(&l, l.g, "x", 2, 2, 3);
    th_value a = lab_unary(l.g, "square", x), b = lab_unary(l.g, "square", a);
    th_value c = lab_unary(l.g, "softmax", b);
    th_graph_add_output(l.g, "y", c);
    RUN(l, "select-kernels", TH_OK);
    CU_ASSERT_PTR_NULL(th_node_note_const(l.g, th_value_def(l.g, a))->call);
    CU_ASSERT_EQUAL(th_program_data_count(l.program), 0);
    RUN(l, "select-kernels,pack", TH_OK);
    const struct th_call *first = th_node_note_const(l.g, th_value_def(l.g, a))->call;
    const struct th_call *second = th_node_note_const(l.g, th_value_def(l.g, b))->call;
    CU_ASSERT_PTR_NOT_NULL_FATAL(first);
    CU_ASSERT_PTR_NOT_NULL_FATAL(second);
    CU_ASSERT_EQUAL(first->args[0].kind, TH_ARG_INPUT);
    CU_ASSERT_EQUAL(first->args[2].kind, TH_ARG_DATA);
    CU_ASSERT_EQUAL(first->args[2].index, second->args[2].index);
    CU_ASSERT_EQUAL(th_program_data_count(l.program), 1);
    CU_ASSERT_EQUAL(th_program_data(l.program, 0)->bytes, 12);
    CU_ASSERT_EQUAL(th_node_note_const(l.g, th_value_def(l.g, c))->scratch_bytes, 132);
    lab_close(&l);
}

/* --force by operator; what it names must exist and must fit. */
static void test_force(void)
{
    struct lab l;
    lab_open(&l);
    th_value x = lab_input(&l, l.g, "x", 1, 1, 4);
    th_graph_add_output(l.g, "y", lab_unary(l.g, "neg", x));
    l.force = "neg=thk_neg_slow__lab";
    RUN(l, LAB_PLAN, TH_OK);
    CU_ASSERT_STRING_EQUAL(th_node_note_const(l.g, th_graph_first(l.g))->row->symbol,
                           "thk_neg_slow__lab");
    l.force = NULL;
    RUN(l, LAB_PLAN, TH_OK);
    CU_ASSERT_STRING_EQUAL(th_node_note_const(l.g, th_graph_first(l.g))->row->symbol,
                           "thk_neg__lab");
    l.force = "neg=thk_abs__lab";
    RUN(l, LAB_PLAN, TH_ERR_TARGET);
    CU_ASSERT_PTR_NOT_NULL(strstr(l.messages.s, "no kernel 'thk_abs__lab' for this operator"));
    l.force = "neg=thk_nag__lab";
    RUN(l, LAB_PLAN, TH_ERR_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(l.messages.s,
                                  "--force: target 'lab' has no kernel 'thk_nag__lab'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(l.messages.s, "did you mean 'thk_neg__lab'?"));
    l.force = "tanh=thk_neg__lab";
    RUN(l, LAB_PLAN, TH_ERR_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(l.messages.s, "--force: no node, name or operator 'tanh'"));
    lab_close(&l);
}

int main(void)
{
    CU_TestInfo tests[] = {{"in place", test_in_place},
                           {"residual", test_residual},
                           {"view", test_view},
                           {"windows", test_windows},
                           {"scratch", test_scratch},
                           {"state in place", test_state_in_place},
                           {"state kept", test_state_kept},
                           {"state updated", test_state_update},
                           {"loop", test_loop},
                           {"loop operand kept", test_loop_operand_kept},
                           {"if", test_if},
                           {"schedule", test_schedule},
                           {"too large", test_too_large},
                           {"regions", test_regions},
                           {"no kernel", test_no_kernel},
                           {"forced kernels", test_force},
                           {"entry points", test_entry_points},
                           {"pack", test_pack},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"planning passes", NULL, NULL, NULL, NULL, tests},
                             CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
