/* SPDX-License-Identifier: Apache-2.0 */
/* Plans whose inputs and outputs lie in the caller's memory. */
#include "tests/unit/plan_support.h"

#include <CUnit/Basic.h>
#include <string.h>

#define PLAN_AND_CHECK LAB_PLAN ",check-plan"

static void open_caller(struct lab *l)
{
    lab_open(l);
    l->caller_io = true;
}

static void plan(struct lab *l)
{
    const enum th_status s = lab_run(l, PLAN_AND_CHECK);
    if (s != TH_OK)
        fprintf(stderr, "%s", l->messages.s);
    CU_ASSERT_EQUAL_FATAL(s, TH_OK);
}

static bool lies(const struct th_graph *g, th_value v, int32_t region)
{
    const struct th_place at = th_value_place(g, v);
    return at.region == region && at.offset == 0;
}

static uint32_t copies(const struct th_graph *g)
{
    uint32_t n = 0;
    for (th_node k = th_graph_first(g); k; k = th_graph_next(g, k))
        n += th_node_is(g, k, "copy");
    return n;
}

/* Nothing is computed in place of an input or output; the arena holds what is in between. */
static void test_apart(void)
{
    struct lab l;
    open_caller(&l);
    th_value x = lab_input(&l, l.g, "x", 4, 4, 10), a = lab_unary(l.g, "neg", x);
    th_value b = lab_unary(l.g, "neg", a), y = lab_unary(l.g, "neg", b);
    th_graph_add_output(l.g, "y", y);
    plan(&l);
    const struct th_plan_totals *t = th_program_plan(l.program);
    CU_ASSERT_EQUAL(t->n_regions, 4);
    CU_ASSERT_EQUAL(t->n_caller, 2);
    CU_ASSERT_EQUAL(th_plan_arena_regions(t), 2);
    CU_ASSERT(lies(l.g, x, 2) && lies(l.g, y, 3));
    CU_ASSERT(lies(l.g, a, TH_REGION_TRANSIENT) && lies(l.g, b, TH_REGION_TRANSIENT));
    CU_ASSERT_EQUAL(t->regions[1].bytes, 640);
    CU_ASSERT_EQUAL(t->regions[2].bytes, 640);
    CU_ASSERT_EQUAL(t->regions[2].role, TH_ROLE_INPUT);
    CU_ASSERT_EQUAL(t->regions[3].role, TH_ROLE_OUTPUT);
    CU_ASSERT_STRING_EQUAL(t->regions[3].name, "output 0");
    CU_ASSERT_EQUAL(copies(l.g), 0);
    struct th_plan_arena arena;
    th_plan_arena(t, &arena);
    CU_ASSERT_EQUAL(arena.state + arena.transient, 640);
    lab_close(&l);
}

/* A model of one node needs no arena at all. */
static void test_no_arena(void)
{
    struct lab l;
    open_caller(&l);
    th_value x = lab_input(&l, l.g, "x", 1, 1, 4);
    th_graph_add_output(l.g, "y", lab_unary(l.g, "neg", x));
    plan(&l);
    CU_ASSERT_EQUAL(lab_transient(&l), 0);
    lab_close(&l);
}

/* Outputs that nobody computes, or that are the same value, are copied. */
static void test_copied_outputs(void)
{
    struct lab l;
    open_caller(&l);
    th_value x = lab_input(&l, l.g, "x", 1, 1, 4), y = lab_unary(l.g, "neg", x);
    th_value k = lab_const(l.g, 4, (int64_t[]){1, 1, 1, 4});
    th_graph_add_output(l.g, "input", x);
    th_graph_add_output(l.g, "constant", k);
    th_graph_add_output(l.g, "once", y);
    th_graph_add_output(l.g, "twice", y);
    plan(&l);
    CU_ASSERT_EQUAL(copies(l.g), 3);
    for (uint32_t i = 0; i < 4; i++)
        CU_ASSERT(lies(l.g, th_graph_output(l.g, i), (int32_t)(3 + i)));
    CU_ASSERT_EQUAL(th_graph_output(l.g, 2), y);
    CU_ASSERT_STRING_EQUAL(th_graph_output_name(l.g, 3), "twice");
    plan(&l);
    CU_ASSERT_EQUAL(copies(l.g), 3);
    lab_close(&l);
}

/* A view of an input may be read there; a view that is an output is moved. */
static void test_views(void)
{
    struct lab l;
    open_caller(&l);
    th_value x = lab_input(&l, l.g, "x", 2, 2, 4);
    th_value v = lab_reshape(l.g, x, 4, (int64_t[]){1, 1, 4, 4}), a = lab_unary(l.g, "neg", v);
    th_value y = lab_reshape(l.g, a, 4, (int64_t[]){1, 4, 4, 1});
    th_value z = lab_reshape(l.g, v, 4, (int64_t[]){1, 4, 1, 4});
    th_graph_add_output(l.g, "y", y);
    th_graph_add_output(l.g, "z", z);
    plan(&l);
    CU_ASSERT(lies(l.g, v, 2) && lies(l.g, a, 3) && lies(l.g, y, 3) && lies(l.g, z, 4));
    CU_ASSERT_EQUAL(lab_transient(&l), 0);
    lab_close(&l);
}

/* Kernels that read beyond an operand get a copy with room behind it. */
static void test_read_beyond(void)
{
    struct lab l;
    open_caller(&l);
    l.force = "neg=thk_neg_beyond__lab";
    th_value x = lab_input(&l, l.g, "x", 1, 1, 4), a = lab_unary(l.g, "neg", x);
    th_value b = lab_unary(l.g, "abs", x), v = lab_reshape(l.g, x, 4, (int64_t[]){1, 4, 1, 1});
    th_value c = lab_unary(l.g, "neg", v);
    th_graph_add_output(l.g, "a", a);
    th_graph_add_output(l.g, "b", b);
    th_graph_add_output(l.g, "again", lab_unary(l.g, "neg", a));
    th_graph_add_output(l.g, "c", c);
    plan(&l);
    CU_ASSERT_EQUAL(copies(l.g), 2);
    const th_value copy = th_node_input(l.g, th_value_def(l.g, a), 0);
    CU_ASSERT(th_node_is(l.g, th_value_def(l.g, copy), "copy"));
    CU_ASSERT_EQUAL(th_value_place(l.g, copy).region, TH_REGION_TRANSIENT);
    CU_ASSERT_EQUAL(th_node_input(l.g, th_value_def(l.g, b), 0), x);
    CU_ASSERT_EQUAL(th_value_place(l.g, a).region, TH_REGION_TRANSIENT);
    CU_ASSERT_EQUAL(th_value_place(l.g, v).region, TH_REGION_TRANSIENT);
    lab_close(&l);
}

/* Kernels that work in their operand's place do not where that is the caller's. */
static void test_planes(void)
{
    for (int own = 0; own < 2; own++) {
        struct lab l;
        open_caller(&l);
        l.caller_io = !own;
        l.force = "max_pool2d=thk_max_pool2d_planes__lab";
        const int64_t two[2] = {3, 3}, one[2] = {1, 1}, pad[4] = {1, 1, 1, 1};
        const struct th_attr a[] = {
            {.name = "filter", .kind = TH_ATTR_INTS, .n = 2, .v.ints = two},
            {.name = "stride", .kind = TH_ATTR_INTS, .n = 2, .v.ints = one},
            {.name = "pad", .kind = TH_ATTR_INTS, .n = 4, .v.ints = pad}};
        th_value x = lab_input(&l, l.g, "x", 4, 4, 2);
        th_value p = lab_node(l.g, "max_pool2d", 1, &x, 3, a);
        th_graph_add_output(l.g, "y", lab_unary(l.g, "abs", p));
        plan(&l);
        const struct th_place at = th_value_place(l.g, x), to = th_value_place(l.g, p);
        CU_ASSERT_EQUAL(at.region == to.region && at.offset == to.offset, own);
        lab_close(&l);
    }
}

/* A variable keeps what an input gave it, and does not become the output's memory. */
static void test_state(void)
{
    struct lab l;
    open_caller(&l);
    th_state s = lab_state(&l, "s", 1, 1, 4);
    th_value x = lab_input(&l, l.g, "x", 1, 1, 4), old = lab_read(l.g, s);
    th_value y = lab_add(l.g, old, x);
    lab_write(l.g, s, y);
    th_graph_add_output(l.g, "old", old);
    th_graph_add_output(l.g, "y", y);
    plan(&l);
    CU_ASSERT(lies(l.g, x, 2) && lies(l.g, old, 3) && lies(l.g, y, 4));
    lab_close(&l);
}

/* Each entry point has regions of its own: pointers given to one stay. */
static void test_entry_points(void)
{
    struct lab l;
    open_caller(&l);
    th_value x = lab_input(&l, l.g, "x", 1, 1, 4);
    th_graph_add_output(l.g, "y", lab_unary(l.g, "neg", x));
    struct th_graph *g = th_program_add_function(l.program, "second");
    th_value u = lab_input(&l, g, "u", 1, 1, 3), w = lab_unary(g, "neg", u);
    th_graph_add_output(g, "w", w);
    plan(&l);
    CU_ASSERT_EQUAL(th_program_plan(l.program)->n_caller, 4);
    CU_ASSERT(lies(l.g, x, 2) && lies(g, u, 4) && lies(g, w, 5));
    CU_ASSERT_STRING_EQUAL(th_program_plan(l.program)->regions[5].name, "output 0 of entry 1");
    lab_close(&l);
}

/* Elements may be wider than words; the target's own alignment is not asked of the caller. */
static void test_alignment(void)
{
    struct lab l;
    open_caller(&l);
    l.target.align = 32;
    th_value x = lab_input(&l, l.g, "x", 1, 1, 4);
    th_graph_add_output(l.g, "y", lab_unary(l.g, "neg", lab_unary(l.g, "neg", x)));
    plan(&l);
    CU_ASSERT_EQUAL(th_program_plan(l.program)->regions[1].align, 32);
    CU_ASSERT_EQUAL(th_program_plan(l.program)->regions[2].align, 4);
    lab_close(&l);
}

/* ---- what check-plan refuses --------------------------------------------------------------- */
struct small {
    struct lab l;
    th_value x, a, b, y;
};

static void open_small(struct small *s)
{
    open_caller(&s->l);
    s->x = lab_input(&s->l, s->l.g, "x", 1, 1, 4);
    s->a = lab_unary(s->l.g, "neg", s->x);
    s->b = lab_unary(s->l.g, "softmax", s->a);
    s->y = lab_unary(s->l.g, "abs", s->b);
    th_graph_add_output(s->l.g, "y", s->y);
    plan(&s->l);
    CU_ASSERT_EQUAL(lab_check(&s->l), TH_OK);
    th_str_clear(&s->l.messages);
}

static void refused(struct small *s, const char *why)
{
    CU_ASSERT_EQUAL(lab_check(&s->l), TH_ERR_INTERNAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(s->l.messages.s, why));
    if (!strstr(s->l.messages.s, why))
        fprintf(stderr, "wanted '%s', got %s", why, s->l.messages.s);
    lab_close(&s->l);
}

static void test_refused_places(void)
{
    struct small s;
    open_small(&s);
    th_value_set_place(s.l.g, s.a, th_value_place(s.l.g, s.x));
    refused(&s, "is written over the caller's 'input 0'");

    open_small(&s);
    th_value_set_place(s.l.g, s.y, (struct th_place){TH_REGION_TRANSIENT, 0});
    refused(&s, "does not lie in the caller's memory");

    open_small(&s);
    th_node_note(s.l.g, th_value_def(s.l.g, s.b))->scratch = (struct th_place){3, 0};
    refused(&s, "scratch");

    open_small(&s);
    s.l.caller_io = false;
    CU_ASSERT_EQUAL(lab_check(&s.l), TH_OK);
    CU_ASSERT_EQUAL(lab_run(&s.l, PLAN_AND_CHECK), TH_OK);
    s.l.caller_io = true;
    refused(&s, "does not lie in the caller's memory");
}

/* The kernel at x reads beyond it, and x has no byte more than its own. */
static void test_refused_read(void)
{
    struct small s;
    open_small(&s);
    th_node n = th_value_def(s.l.g, s.a);
    struct th_kernel row = *th_node_note_const(s.l.g, n)->row;
    row.over_read = 1;
    th_node_note(s.l.g, n)->row = &row;
    refused(&s, "lies at [0, 17) of region 2, which has 16 bytes");
}

static void test_refused_regions(void)
{
    struct small s;
    struct th_plan_region copy[4];
    open_small(&s);
    struct th_plan_totals t = *th_program_plan(s.l.program);
    memcpy(copy, t.regions, sizeof copy);
    t.regions = copy;
    copy[2].role = TH_ROLE_OUTPUT;
    th_program_set_plan(s.l.program, &t);
    refused(&s, "region 'input 0' is not made for 'x'");

    open_small(&s);
    t = *th_program_plan(s.l.program);
    memcpy(copy, t.regions, sizeof copy);
    t.regions = copy;
    t.n_caller = 1;
    th_program_set_plan(s.l.program, &t);
    refused(&s, "region 2 'input 0' of the plan is out of place");
}

int main(void)
{
    CU_TestInfo tests[] = {{"apart", test_apart},
                           {"no arena", test_no_arena},
                           {"copied outputs", test_copied_outputs},
                           {"views", test_views},
                           {"reading beyond", test_read_beyond},
                           {"planes", test_planes},
                           {"state", test_state},
                           {"entry points", test_entry_points},
                           {"alignment", test_alignment},
                           {"refused places", test_refused_places},
                           {"refused reads", test_refused_read},
                           {"refused regions", test_refused_regions},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"the caller's memory", NULL, NULL, NULL, NULL, tests},
                             CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
