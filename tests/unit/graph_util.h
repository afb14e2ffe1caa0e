/* SPDX-License-Identifier: Apache-2.0 */
/* Building small programs, running passes over them, and comparing what they compute. */
#ifndef TESTS_UNIT_GRAPH_UTIL_H
#define TESTS_UNIT_GRAPH_UTIL_H

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#ifdef TEST_WITHOUT_CUNIT       /* a harness that only builds programs */
#define TEST_DEMAND(ok) ((ok) ? (void)0 : abort())
#define CU_ASSERT_EQUAL(a, b) TEST_DEMAND((a) == (b))
#define CU_ASSERT_EQUAL_FATAL(a, b) TEST_DEMAND((a) == (b))
#define CU_ASSERT_TRUE_FATAL(a) TEST_DEMAND(a)
#define CU_ASSERT_PTR_NOT_NULL_FATAL(a) TEST_DEMAND(a)
#else
#include <CUnit/Basic.h>
#endif

#include <thimble/thimble.h>

#define TEST_MAX_IO 4

/* Messages of a context, kept. */
struct test_log {
    struct th_str text;
};
static inline void test_sink(void *user, const struct th_message *msg)
{
    th_message_format(msg, &((struct test_log *)user)->text);
}

static inline struct th_type test_type(struct th_graph *g, enum th_dtype dt, float scale,
                                       int64_t zero, int rank, ...)
{
    int64_t dims[TH_MAX_RANK] = {0};
    va_list ap;
    va_start(ap, rank);
    for (int i = 0; i < rank; i++)
        dims[i] = va_arg(ap, int);
    va_end(ap);
    struct th_type t = th_type_make(dt, rank, dims);
    if (scale > 0)
        t.quant = th_quant_new(th_program_arena(th_graph_program(g)), 1, &scale, &zero, -1);
    return t;
}

/* A node with one output; attrs end with an entry without a name. */
static inline th_value test_node(struct th_graph *g, const char *op, const struct th_type *out,
                                 const struct th_attr *attrs, int n_in, ...)
{
    th_value in[8] = {0}, v[TH_MAX_OUTPUTS] = {0};
    va_list ap;
    va_start(ap, n_in);
    for (int i = 0; i < n_in; i++)
        in[i] = va_arg(ap, th_value);
    va_end(ap);
    uint32_t n_attrs = 0;
    while (attrs && attrs[n_attrs].name)
        n_attrs++;
    struct th_node_desc d = {.op = op, .in = in, .n_in = (uint32_t)n_in, .attrs = attrs,
                             .n_attrs = n_attrs, .out = out, .n_out = out ? 1 : 0,
                             .loc = TH_LOC_NONE};
    CU_ASSERT_EQUAL_FATAL(th_graph_add_node_nofold(g, &d, NULL, v), TH_OK);
    return v[0];
}

static inline struct th_attr test_ints(const char *name, uint32_t n, const int64_t *v)
{
    return (struct th_attr){.name = name, .kind = TH_ATTR_INTS, .n = n, .v.ints = v};
}
static inline struct th_attr test_float(const char *name, double v)
{
    return (struct th_attr){.name = name, .kind = TH_ATTR_FLOAT, .v.f = v};
}
static inline struct th_attr test_int(const char *name, int64_t v)
{
    return (struct th_attr){.name = name, .kind = TH_ATTR_INT, .v.i = v};
}

static inline uint32_t test_random(uint32_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 17;
    return *s ^= *s << 5;
}

static inline void test_fill(struct th_tensor *t, uint32_t *seed)
{
    int64_t n = th_type_elems(&t->type);
    for (int64_t i = 0; i < n; i++) {
        uint32_t r = test_random(seed);
        if (th_dtype_is_float(t->type.dtype))
            th_tensor_set_real(t, i, ((double)r / 4294967296.0 - 0.5) * 8);
        else if (t->type.dtype == TH_DT_BOOL)
            th_tensor_set_int(t, i, r & 1);
        else if (th_dtype_bits(t->type.dtype) <= 16)
            th_tensor_set_int(t, i, th_dtype_min(t->type.dtype) + (int64_t)(r & 0xffff) %
                                        (th_dtype_max(t->type.dtype) -
                                         th_dtype_min(t->type.dtype) + 1));
        else
            th_tensor_set_int(t, i, (int64_t)(r % 2001) - 1000);
    }
}

/* A constant with random content. */
static inline th_value test_const(struct th_graph *g, const struct th_type *t, uint32_t seed)
{
    struct th_arena *a = th_arena_new(0);
    struct th_tensor *x = th_tensor_new(a, t);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    test_fill(x, &seed);
    th_value v = th_graph_const_copy(g, "c", t, x->data);
    th_arena_free(a);
    return v;
}

/* Outputs of function 0 for inputs of a seed, in the arena. */
static inline void test_eval(struct th_program *p, uint32_t seed, struct th_arena *a,
                             struct th_tensor **out)
{
    struct th_graph *g = th_program_function(p, 0);
    const struct th_tensor *in[TEST_MAX_IO] = {NULL};
    for (uint32_t i = 0; i < th_graph_input_count(g); i++) {
        struct th_tensor *t = th_tensor_new(a, th_value_type(g, th_graph_input(g, i)));
        test_fill(t, &seed);
        in[i] = t;
    }
    struct th_eval_session *s = th_eval_session_new(p);
    CU_ASSERT_EQUAL_FATAL(th_eval_run(s, g, in, a, out), TH_OK);
    th_eval_session_free(s);
}

/* Runs passes and compares the outputs before and after on several random inputs: integers bit
 * for bit, floats within `tolerance` relative to the largest magnitude. */
static inline void test_same_after(struct th_program *p, const char *passes, double tolerance)
{
    enum { RUNS = 5 };
    struct th_arena *a = th_arena_new(0);
    struct th_tensor *before[RUNS][TEST_MAX_IO], *after[TEST_MAX_IO];
    struct th_graph *g = th_program_function(p, 0);
    for (uint32_t r = 0; r < RUNS; r++)
        test_eval(p, r + 17, a, before[r]);
    struct th_pipeline_run run = {.pipeline = "inference", .passes = passes, .verify = true,
                                  .print_after = getenv("TEST_PRINT_AFTER")};
    CU_ASSERT_EQUAL_FATAL(th_pipeline_run(p, &run), TH_OK);
    for (uint32_t r = 0; r < RUNS; r++) {
        test_eval(p, r + 17, a, after);
        for (uint32_t o = 0; o < th_graph_output_count(g); o++) {
            const struct th_tensor *x = before[r][o], *y = after[o];
            CU_ASSERT_TRUE_FATAL(th_type_equal(&x->type, &y->type));
            int64_t bad = 0, n = th_type_elems(&x->type);
            if (!th_dtype_is_float(x->type.dtype)) {
                bad = memcmp(x->data, y->data, (size_t)th_type_size(&x->type));
            } else {
                double top = 1;
                for (int64_t i = 0; i < n; i++)
                    if (th_tensor_real(x, i) > top || -th_tensor_real(x, i) > top)
                        top = th_tensor_real(x, i) < 0 ? -th_tensor_real(x, i)
                                                       : th_tensor_real(x, i);
                for (int64_t i = 0; i < n; i++) {
                    double d = th_tensor_real(x, i) - th_tensor_real(y, i);
                    bad += !((d < 0 ? -d : d) <= tolerance * top);
                }
            }
            CU_ASSERT_EQUAL(bad, 0);
        }
    }
    th_arena_free(a);
}

/* How many nodes of an op function 0 has. */
static inline uint32_t test_count(const struct th_program *p, const char *op)
{
    const struct th_graph *g = th_program_function(p, 0);
    uint32_t k = 0;
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n))
        k += th_node_is(g, n, op);
    return k;
}

#ifndef TEST_WITHOUT_CUNIT
/* Runs the tests of a module and gives the program's exit status. */
static inline int test_main(const char *suite, const CU_TestInfo *tests)
{
    CU_initialize_registry();
    CU_pSuite s = CU_add_suite(suite, NULL, NULL);
    for (; tests->pName; tests++)
        CU_add_test(s, tests->pName, tests->pTestFunc);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    int failed = CU_get_number_of_failures() != 0 || CU_get_number_of_tests_run() == 0;
    CU_cleanup_registry();
    return failed;
}
#endif

#endif
