/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random programs with loops, conditions and state, nested, planned and then run in byte arrays
 * at the planned places, several calls in a row: outputs equal the evaluator's, check-plan agrees.
 * Every other one has kernels that read beyond their operands.
 */
#include "tests/unit/plan_support.h"

#include "ir/planned.h"

#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#define MAX_POOL 24
#define CALLS 3

static const int64_t shape[4] = {1, 2, 2, 4};

static th_value param(struct lab *l, struct th_graph *g)
{
    return lab_input(l, g, "p", shape[1], shape[2], shape[3]);
}

static th_value zeros(struct th_graph *g, float v)
{
    float data[16];
    struct th_type t = th_type_make(TH_DT_F32, 4, shape);
    for (int i = 0; i < 16; i++)
        data[i] = v;
    return th_graph_const_copy(g, "", &t, data);
}

/* First element below a limit: a condition. */
static th_value below(struct th_graph *g, th_value x, float limit)
{
    th_value first = lab_slice(g, x, (int64_t[]){0, 0, 0, 0}, (int64_t[]){1, 1, 1, 1});
    struct th_type one = th_type_make(TH_DT_F32, 4, (int64_t[]){1, 1, 1, 1});
    th_value in[2] = {first, th_graph_const_copy(g, "", &one, &limit)}, out = 0;
    struct th_node_desc d = {.op = "less", .in = in, .n_in = 2, .loc = TH_LOC_NONE};
    CU_ASSERT_EQUAL_FATAL(th_graph_add_node_nofold(g, &d, NULL, &out), TH_OK);
    return out;
}

static void fill(struct lab *l, struct th_graph *g, th_value *pool, uint32_t n, uint32_t want,
                 int depth);

static void add_region(struct th_graph *g, const char *op, const th_value *in, uint32_t n_in,
                       struct th_graph *const *bodies, uint32_t n_bodies,
                       const struct th_attr *attr, uint32_t n_out, th_value *out)
{
    struct th_node_desc d = {.op = op, .in = in, .n_in = n_in, .bodies = bodies,
                             .n_bodies = n_bodies, .attrs = attr, .n_attrs = attr != NULL,
                             .n_out = n_out, .loc = TH_LOC_NONE};
    CU_ASSERT_EQUAL_FATAL(th_graph_add_node_nofold(g, &d, NULL, out), TH_OK);
}

/* A body over n parameters that gives n_out of what it computes. */
static struct th_graph *make_body(struct lab *l, uint32_t n, uint32_t n_out, int depth,
                                  bool counter)
{
    struct th_graph *b = th_program_add_body(l->program, "body");
    th_value pool[MAX_POOL];
    uint32_t k = 0, want = n + lab_random(l, 6);
    while (k < n)
        pool[k++] = param(l, b);
    th_value next = counter ? lab_add(b, pool[0], zeros(b, 1)) : 0;
    fill(l, b, pool, n, want, depth - 1);
    for (uint32_t i = 0; i < n_out; i++)
        th_graph_add_output(b, "", counter && i == 0 ? next : pool[lab_random(l, want)]);
    return b;
}

static void add_loop(struct lab *l, struct th_graph *g, th_value *pool, uint32_t n, int depth,
                     th_value *out)
{
    th_value in[4];
    uint32_t carried = 1 + lab_random(l, 3);
    bool counted = lab_random(l, 2);
    struct th_graph *bodies[2];
    for (uint32_t i = 0; i < carried; i++)
        in[i] = pool[lab_random(l, n)];
    if (counted) {
        struct th_attr count = {.name = "count", .kind = TH_ATTR_INT, .v.i = lab_random(l, 4)};
        bodies[0] = make_body(l, carried, carried, depth, false);
        add_region(g, "loop", in, carried, bodies, 1, &count, carried, out);
        return;
    }
    in[0] = zeros(g, 0);
    bodies[0] = th_program_add_body(l->program, "while");
    th_value first = param(l, bodies[0]);
    for (uint32_t i = 1; i < carried; i++)
        param(l, bodies[0]);
    th_graph_add_output(bodies[0], "", below(bodies[0], first, (float)lab_random(l, 4)));
    bodies[1] = make_body(l, carried, carried, depth, true);
    add_region(g, "loop", in, carried, bodies, 2, NULL, carried, out);
}

static void add_if(struct lab *l, struct th_graph *g, th_value *pool, uint32_t n, int depth,
                   th_value *out)
{
    th_value in[4];
    uint32_t operands = 1 + lab_random(l, 3), results = 1 + lab_random(l, 2);
    in[0] = below(g, pool[lab_random(l, n)], 0.1f);
    for (uint32_t i = 1; i <= operands; i++)
        in[i] = lab_random(l, 6) ? pool[lab_random(l, n)] : zeros(g, 3);
    struct th_graph *bodies[2];
    for (int b = 0; b < 2; b++)
        bodies[b] = make_body(l, operands, results, depth, false);
    add_region(g, "if", in, operands + 1, bodies, 2, NULL, results, out);
}

/* Adds values to the pool, all of one shape. */
static void fill(struct lab *l, struct th_graph *g, th_value *pool, uint32_t n, uint32_t want,
                 int depth)
{
    while (n < want) {
        th_value x = pool[lab_random(l, n)], out[4] = {0};
        switch (lab_random(l, 9)) {
        case 0:
        case 1: pool[n++] = lab_unary(g, "neg", x); break;
        case 2: pool[n++] = lab_unary(g, "softmax", x); break;
        case 3:
            x = lab_add(g, x, pool[n - 1]);
            pool[n++] = x;
            break;
        case 4:
            x = lab_reshape(g, x, 2, (int64_t[]){4, 4});
            pool[n++] = lab_reshape(g, lab_random(l, 2) ? lab_unary(g, "neg", x) : x, 4, shape);
            break;
        case 5:
            if (th_program_state_count(l->program)) {
                th_state s = 1 + lab_random(l, th_program_state_count(l->program));
                if (lab_random(l, 2))
                    lab_write(g, s, x);
                else
                    pool[n++] = lab_read(g, s);
            }
            break;
        case 6:
            if (depth > 0)
                add_loop(l, g, pool, n, depth, out);
            break;
        case 7:
            if (depth > 0)
                add_if(l, g, pool, n, depth, out);
            break;
        default: pool[n++] = lab_unary(g, "abs", x); break;
        }
        for (uint32_t i = 0; i < 4 && n < want; i++)
            if (out[i])
                pool[n++] = out[i];
    }
}

static void make_program(struct lab *l, uint64_t seed)
{
    th_value pool[MAX_POOL];
    uint32_t want;
    lab_open(l);
    l->rng ^= (seed + 1) * 0x9e3779b97f4a7c15u;
    want = 4 + lab_random(l, MAX_POOL - 4);
    for (uint32_t i = lab_random(l, 3); i > 0; i--)
        (void)lab_state(l, "s", shape[1], shape[2], shape[3]);
    pool[0] = param(l, l->g);
    pool[1] = param(l, l->g);
    fill(l, l->g, pool, 2, want, 2);
    for (uint32_t i = 1 + lab_random(l, 3); i > 0; i--)
        th_graph_add_output(l->g, "y", pool[lab_random(l, want)]);
}

static struct th_tensor *random_input(struct lab *l, struct th_arena *a)
{
    struct th_type t = th_type_make(TH_DT_F32, 4, shape);
    struct th_tensor *x = th_tensor_new(a, &t);
    for (int64_t i = 0; i < 16; i++)
        th_tensor_set_real(x, i, (double)lab_random(l, 200) / 100 - 1);
    return x;
}

static bool equal(const struct th_tensor *x, const struct th_tensor *y)
{
    for (int64_t i = 0; i < th_type_elems(&x->type); i++)
        if (th_tensor_real(x, i) != th_tensor_real(y, i))
            return false;
    return true;
}

static enum th_status find_neg(struct th_graph *g, void *user)
{
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n))
        *(bool *)user |= th_node_is(g, n, "neg");
    return TH_OK;
}

/* 0: all equal. Otherwise what went wrong. */
static const char *one_program(uint64_t seed, bool caller_io)
{
    struct lab l;
    struct th_planned *p = NULL;
    struct th_tensor *in[CALLS][2], *want[CALLS][4], *got[4];
    struct th_arena *a = th_arena_new(0);
    const char *wrong = NULL;
    make_program(&l, seed);
    l.caller_io = caller_io;
    bool neg = false;
    (void)th_program_walk(l.program, find_neg, &neg);
    if (neg && seed % 2)
        l.force = "neg=thk_neg_beyond__lab";
    struct th_eval_session *s = th_eval_session_new(l.program);
    for (int c = 0; c < CALLS; c++) {
        in[c][0] = random_input(&l, a);
        in[c][1] = random_input(&l, a);
        if (th_eval_run(s, l.g, (const struct th_tensor *const *)in[c], a, want[c]) != TH_OK)
            wrong = "the evaluator failed";
    }
    th_eval_session_free(s);
    if (!wrong && lab_run(&l, LAB_PLAN) != TH_OK)
        wrong = "it was not planned";
    if (!wrong && lab_check(&l) != TH_OK)
        wrong = "check-plan refused the plan";
    if (!wrong && !(p = th_planned_new(l.program)))
        wrong = "out of memory";
    for (int c = 0; c < CALLS && !wrong; c++) {
        if (th_planned_run(p, l.g, (const struct th_tensor *const *)in[c], a, got) != TH_OK)
            wrong = l.messages.s;
        for (uint32_t i = 0; i < th_graph_output_count(l.g) && !wrong; i++)
            if (!equal(got[i], want[c][i]))
                wrong = "outputs differ";
    }
    if (wrong)
        fprintf(stderr, "seed %d: %s\n%s", (int)seed, wrong, l.messages.s);
    th_planned_free(p);
    th_arena_free(a);
    lab_close(&l);
    return wrong;
}

static void test_run(void)
{
    uint32_t failed = 0;
    for (uint64_t seed = 0; seed < 3000; seed++)
        failed += one_program(seed, false) != NULL;
    CU_ASSERT_EQUAL(failed, 0);
}

/* The same with inputs and outputs in the caller's memory. */
static void test_run_caller(void)
{
    uint32_t failed = 0;
    for (uint64_t seed = 0; seed < 2000; seed++)
        failed += one_program(seed, true) != NULL;
    CU_ASSERT_EQUAL(failed, 0);
}

int main(void)
{
    CU_TestInfo tests[] = {{"random programs run as planned", test_run},
                           {"in the caller's memory", test_run_caller},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"planned programs", NULL, NULL, NULL, NULL, tests},
                             CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
