/* SPDX-License-Identifier: Apache-2.0 */
/* One operator on given data. */
#ifndef TESTS_UNIT_OPS_UTIL_H
#define TESTS_UNIT_OPS_UTIL_H

#include <stdio.h>

#include "graph_util.h"

static struct th_ctx *ctx;
static struct th_program *program;
static struct test_log messages;   /* shown when a test fails */

struct operand {
    struct th_type type;
    const void *data;
};

static inline struct th_type type_of(enum th_dtype dt, int rank, const int64_t *dims,
                                     float scale, int64_t zero)
{
    struct th_type t = th_type_make(dt, rank, dims);
    if (scale > 0)
        t.quant = th_quant_new(th_program_arena(program), 1, &scale, &zero, -1);
    return t;
}

#define DIMS(...) (sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[]){__VA_ARGS__}
#define PLAIN(dt, ...) type_of(dt, DIMS(__VA_ARGS__), 0, 0)
#define SCALED(dt, scale, zero, ...) type_of(dt, DIMS(__VA_ARGS__), scale, zero)

/* Evaluates op on constants; NULL when it is refused. out: wanted type or NULL. */
static inline struct th_tensor *eval_op(const char *op, const char *contract,
                                        const struct th_type *out, const struct th_attr *attrs,
                                        uint32_t n_attrs, uint32_t n, const struct operand *in)
{
    struct th_arena *a = th_program_arena(program);
    struct th_graph *g = th_program_add_function(program, "f");
    th_value v[8], y[TH_MAX_OUTPUTS];
    th_node node;
    for (uint32_t i = 0; i < n; i++)
        v[i] = th_graph_const_copy(g, NULL, &in[i].type, in[i].data);
    struct th_node_desc d = {.op = op, .contract = contract, .in = v, .n_in = n, .attrs = attrs,
                             .n_attrs = n_attrs, .out = out, .n_out = out ? 1 : 0,
                             .loc = TH_LOC_NONE};
    if (th_graph_add_node_nofold(g, &d, &node, y) != TH_OK)
        return NULL;
    struct th_inst *c = th_node_inst(g, node, a);
    struct th_tensor *result[TH_MAX_OUTPUTS];
    for (uint32_t i = 0; i < c->n_out; i++)
        result[i] = th_tensor_new(a, &c->out[i]);
    struct th_eval e = {.arena = a, .in = c->in_const, .out = result};
    return c->op->eval(c, &e) == TH_OK ? result[0] : NULL;
}

static inline struct th_attr ints_attr(const char *name, uint32_t n, const int64_t *v)
{
    return (struct th_attr){.name = name, .kind = TH_ATTR_INTS, .n = n, .v.ints = v};
}
#define INTS(name, ...) ints_attr(name, DIMS(__VA_ARGS__))

static inline void same_ints(const struct th_tensor *t, uint32_t n, const int64_t *want)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT_EQUAL_FATAL(th_type_elems(&t->type), n);
    for (uint32_t i = 0; i < n; i++)
        CU_ASSERT_EQUAL(th_tensor_int(t, i), want[i]);
}
#define SAME(t, ...) same_ints(t, DIMS(__VA_ARGS__))

static inline void shape_is(const struct th_tensor *t, uint32_t rank, const int64_t *dims)
{
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT_EQUAL_FATAL(t->type.rank, (int32_t)rank);
    for (uint32_t i = 0; i < rank; i++)
        CU_ASSERT_EQUAL(t->type.dims[i], dims[i]);
}
#define SHAPE(t, ...) shape_is(t, DIMS(__VA_ARGS__))

static inline int run_tests(const char *name, const CU_TestInfo *tests)
{
    unsigned failed = 1;
    ctx = th_ctx_new();
    program = ctx ? th_program_new(ctx) : NULL;
    th_str_init(&messages.text);
    if (!program || CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    th_ctx_set_sink(ctx, test_sink, &messages);
    CU_pSuite s = CU_add_suite(name, NULL, NULL);
    for (; s && tests->pName; tests++)
        if (!CU_add_test(s, tests->pName, tests->pTestFunc))
            return EXIT_FAILURE;
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    if (failed)
        fputs(messages.text.s, stderr);
    th_str_release(&messages.text);
    th_program_free(program);
    th_ctx_free(ctx);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
