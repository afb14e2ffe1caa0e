/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that move, choose or index elements, state and regions, against results by hand. */
#include "ops_util.h"

static const int32_t upto[48] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
                                 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47};

static const struct th_tensor *one(const char *op, struct th_type x, const struct th_attr *attrs,
                                   uint32_t n)
{
    const struct operand in = {x, upto};
    return eval_op(op, NULL, NULL, attrs, n, 1, &in);
}

static struct th_attr int_attr(const char *name, int64_t v)
{
    return (struct th_attr){.name = name, .kind = TH_ATTR_INT, .v.i = v};
}

static void shapes(void)
{
    const struct th_attr perm = INTS("perm", 1, 0);
    const struct th_tensor *t = one("transpose", PLAIN(TH_DT_S32, 2, 3), &perm, 1);
    SHAPE(t, 3, 2);
    SAME(t, 0, 3, 1, 4, 2, 5);
    const struct th_attr shape = INTS("shape", 3, 2);
    t = one("reshape", PLAIN(TH_DT_S32, 2, 3), &shape, 1);
    SHAPE(t, 3, 2);
    SAME(t, 0, 1, 2, 3, 4, 5);
    const struct th_attr wrong = INTS("shape", 4, 2);
    CU_ASSERT_PTR_NULL(one("reshape", PLAIN(TH_DT_S32, 2, 3), &wrong, 1));
    const struct th_attr twice = INTS("perm", 1, 1);
    CU_ASSERT_PTR_NULL(one("transpose", PLAIN(TH_DT_S32, 2, 3), &twice, 1));
    const struct th_attr wide = INTS("shape", 2, 2, 3);
    SAME(one("broadcast_to", PLAIN(TH_DT_S32, 2, 1), &wide, 1), 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1,
         1);
    const struct th_attr repeats = INTS("repeats", 2, 2);
    SAME(one("tile", PLAIN(TH_DT_S32, 1, 2), &repeats, 1), 0, 1, 0, 1, 0, 1, 0, 1);
    const struct th_attr axes = INTS("axes", -1);
    SAME(one("reverse", PLAIN(TH_DT_S32, 2, 3), &axes, 1), 2, 1, 0, 5, 4, 3);
}

static void slices(void)
{
    const struct th_attr a[3] = {INTS("begin", 1, 3), INTS("size", 2, 2), INTS("stride", 1, -2)};
    SAME(one("slice", PLAIN(TH_DT_S32, 3, 4), a, 3), 7, 5, 11, 9);
    const struct th_attr beyond[2] = {INTS("begin", 1, 3), INTS("size", 2, 2)};
    CU_ASSERT_PTR_NULL(one("slice", PLAIN(TH_DT_S32, 3, 4), beyond, 2));
    const int32_t b[2] = {90, 91};
    const struct operand in[2] = {{PLAIN(TH_DT_S32, 2, 2), upto}, {PLAIN(TH_DT_S32, 2, 1), b}};
    const struct th_attr last = int_attr("axis", -1);
    SAME(eval_op("concat", NULL, NULL, &last, 1, 2, in), 0, 1, 90, 2, 3, 91);
    const int8_t c[2] = {1, 2};
    const struct operand scales[2] = {{SCALED(TH_DT_S8, 0.5f, 0, 2), c},
                                      {SCALED(TH_DT_S8, 0.25f, 0, 2), c}};
    CU_ASSERT_PTR_NULL(eval_op("concat", NULL, NULL, &last, 1, 2, scales));
}

static void borders(void)
{
    const struct th_attr p[2] = {INTS("before", 1, 0), INTS("after", 0, 2)};
    SAME(one("pad", PLAIN(TH_DT_S32, 1, 2), p, 2), 0, 0, 0, 0, 0, 1, 0, 0);
    const int8_t q[2] = {5, 6};
    const struct operand in = {SCALED(TH_DT_S8, 0.5f, -3, 2), q};
    const struct th_attr one_each[2] = {INTS("before", 1), INTS("after", 1)};
    SAME(eval_op("pad", NULL, NULL, one_each, 2, 1, &in), -3, 5, 6, -3);
    const struct th_attr m[2] = {INTS("before", 2), INTS("after", 1)};
    SAME(one("mirror_pad", PLAIN(TH_DT_S32, 3), m, 2), 2, 1, 0, 1, 2, 1);
    const struct th_attr s[3] = {m[0], m[1], {.name = "mode", .kind = TH_ATTR_ENUM, .v.i = 1}};
    SAME(one("mirror_pad", PLAIN(TH_DT_S32, 3), s, 3), 1, 0, 0, 1, 2, 2);
    const struct th_attr far[2] = {INTS("before", 3), INTS("after", 0)};
    CU_ASSERT_PTR_NULL(one("mirror_pad", PLAIN(TH_DT_S32, 3), far, 2));
}

static void blocks(void)
{
    const struct th_attr two = int_attr("block", 2);
    const struct th_tensor *t = one("space_to_depth", PLAIN(TH_DT_S32, 1, 2, 4, 1), &two, 1);
    SHAPE(t, 1, 1, 2, 4);
    SAME(t, 0, 1, 4, 5, 2, 3, 6, 7);
    t = one("depth_to_space", PLAIN(TH_DT_S32, 1, 1, 2, 4), &two, 1);
    SHAPE(t, 1, 2, 4, 1);
    SAME(t, 0, 1, 4, 5, 2, 3, 6, 7);
    const struct th_attr s[3] = {INTS("block", 2), INTS("before", 1), INTS("after", 0)};
    t = one("space_to_batch", PLAIN(TH_DT_S32, 1, 3), s, 3);
    SHAPE(t, 2, 2);
    SAME(t, 0, 1, 0, 2);
    t = one("batch_to_space", PLAIN(TH_DT_S32, 2, 2), s, 3);
    SHAPE(t, 1, 3);
    SAME(t, 2, 1, 3);
}

static void indexing(void)
{
    const int32_t i[3] = {2, 0, 7};
    const struct operand in[2] = {{PLAIN(TH_DT_S32, 3, 2), upto}, {PLAIN(TH_DT_S32, 3), i}};
    SAME(eval_op("gather", NULL, NULL, NULL, 0, 2, in), 4, 5, 0, 1, 4, 5);
    const int32_t nd[4] = {2, 1, 0, 1};
    const struct operand gnd[2] = {{PLAIN(TH_DT_S32, 3, 2), upto}, {PLAIN(TH_DT_S32, 2, 2), nd}};
    SAME(eval_op("gather_nd", NULL, NULL, NULL, 0, 2, gnd), 5, 1);
    const int32_t at[3] = {1, 3, 1}, u[3] = {10, 20, 5};
    const struct operand sc[2] = {{PLAIN(TH_DT_S32, 3, 1), at}, {PLAIN(TH_DT_S32, 3), u}};
    const struct th_attr shape = INTS("shape", 4);
    SAME(eval_op("scatter_nd", NULL, NULL, &shape, 1, 2, sc), 0, 15, 0, 20);
    const int32_t start[2] = {1, 9}, v[2] = {70, 71};
    const struct operand du[3] = {{PLAIN(TH_DT_S32, 2, 3), upto}, {PLAIN(TH_DT_S32, 1, 2), v},
                                  {PLAIN(TH_DT_S32, 2), start}};
    SAME(eval_op("dynamic_update_slice", NULL, NULL, NULL, 0, 3, du), 0, 1, 2, 3, 70, 71);
    const int32_t on = 1, off = -1;
    const struct th_type scalar = type_of(TH_DT_S32, 0, NULL, 0, 0);
    const struct operand oh[3] = {{PLAIN(TH_DT_S32, 3), i}, {scalar, &on}, {scalar, &off}};
    const struct th_attr depth = int_attr("depth", 3);
    SAME(eval_op("one_hot", NULL, NULL, &depth, 1, 3, oh), -1, -1, 1, 1, -1, -1, -1, -1, -1);
}

static void searching(void)
{
    const int32_t x[6] = {3, 9, 9, -1, -1, 4};
    const struct operand in = {PLAIN(TH_DT_S32, 2, 3), x};
    const struct th_attr axis = int_attr("axis", 1), first = int_attr("axis", 0);
    SAME(eval_op("arg_max", NULL, NULL, &axis, 1, 1, &in), 1, 2);
    SAME(eval_op("arg_min", NULL, NULL, &axis, 1, 1, &in), 0, 0);
    SAME(eval_op("arg_min", NULL, NULL, &first, 1, 1, &in), 1, 1, 1);
    const struct th_attr k = int_attr("k", 2);
    SAME(eval_op("top_k", NULL, NULL, &k, 1, 1, &in), 9, 9, 4, -1);
    SAME(eval_op("cumsum", NULL, NULL, &axis, 1, 1, &in), 3, 12, 21, -1, -2, 2);
    const struct th_attr e[2] = {axis, {.name = "exclusive", .kind = TH_ATTR_BOOL, .v.i = 1}};
    SAME(eval_op("cumsum", NULL, NULL, e, 2, 1, &in), 0, 3, 12, 0, -1, -2);
    const struct th_attr r[2] = {axis, {.name = "reverse", .kind = TH_ATTR_BOOL, .v.i = 1}};
    SAME(eval_op("cumsum", NULL, NULL, r, 2, 1, &in), 21, 18, 9, 2, 3, 4);
    const uint8_t c[3] = {1, 0, 1};
    const int32_t a[3] = {1, 2, 3}, b[1] = {9};
    const struct operand s[3] = {{PLAIN(TH_DT_BOOL, 3), c}, {PLAIN(TH_DT_S32, 3), a},
                                 {PLAIN(TH_DT_S32, 1), b}};
    SAME(eval_op("select", NULL, NULL, NULL, 0, 3, s), 1, 9, 3);
}

static void tables(void)
{
    int8_t t[256], x[4] = {-128, -1, 0, 127};
    for (int i = 0; i < 256; i++)
        t[i] = (int8_t)(127 - i);
    const struct operand in[2] = {{SCALED(TH_DT_S8, 1.0f, 0, 4), x},
                                  {SCALED(TH_DT_S8, 1.0f, 0, 256), t}};
    const struct th_type out = SCALED(TH_DT_S8, 1.0f, 0, 4);
    SAME(eval_op("table", NULL, &out, NULL, 0, 2, in), 127, 0, -1, -128);
}

/* ---- state and regions ------------------------------------------------------------------ */
static th_value add_node(struct th_graph *g, const char *op, const struct th_type *out,
                         struct th_attr attr, uint32_t n, const th_value *in,
                         struct th_graph *const *bodies, uint32_t n_bodies)
{
    th_value v[TH_MAX_OUTPUTS] = {0};
    struct th_node_desc d = {.op = op, .in = in, .n_in = n, .attrs = &attr,
                             .n_attrs = attr.name ? 1 : 0, .out = out, .n_out = out ? 1 : 0,
                             .bodies = bodies, .n_bodies = n_bodies, .loc = TH_LOC_NONE};
    CU_ASSERT_EQUAL_FATAL(th_graph_add_node_nofold(g, &d, NULL, v), TH_OK);
    return v[0];
}
static const struct th_attr no_attr = {.name = NULL};

static int64_t run_scalar(struct th_eval_session *s, struct th_graph *f, struct th_type t,
                          int32_t x)
{
    struct th_arena *a = th_program_arena(th_graph_program(f));
    struct th_tensor *in = th_tensor_new(a, &t), *out = NULL;
    th_tensor_set_int(in, 0, x);
    CU_ASSERT_EQUAL_FATAL(th_eval_run(s, f, (const struct th_tensor *const *)&in, a, &out), TH_OK);
    return th_tensor_int(out, 0);
}

/* A counter: total := total + x, returned. */
static void state(void)
{
    struct th_program *p = th_program_new(ctx);
    const struct th_type t = PLAIN(TH_DT_S32, 1);
    struct th_graph *f = th_program_add_function(p, "count");
    const th_state total = th_program_add_state(p, "total", &t, TH_STATE_MODEL, NULL);
    const struct th_attr which = {.name = "state", .kind = TH_ATTR_STATE, .v.i = total};
    th_value v[2] = {th_graph_add_input(f, "x", &t),
                     add_node(f, "state_read", &t, which, 0, NULL, NULL, 0)};
    const th_value sum = add_node(f, "add", NULL, no_attr, 2, v, NULL, 0);
    struct th_node_desc write = {.op = "state_write", .in = &sum, .n_in = 1, .attrs = &which,
                                 .n_attrs = 1, .loc = TH_LOC_NONE};
    CU_ASSERT_EQUAL(th_graph_add_node(f, &write, NULL, NULL), TH_OK);
    th_graph_add_output(f, "y", sum);
    CU_ASSERT_EQUAL(th_program_verify(p), TH_OK);
    struct th_eval_session *s = th_eval_session_new(p);
    CU_ASSERT_EQUAL(run_scalar(s, f, t, 5), 5);
    CU_ASSERT_EQUAL(run_scalar(s, f, t, 7), 12);
    th_eval_session_reset(s);
    CU_ASSERT_EQUAL(run_scalar(s, f, t, 1), 1);
    th_eval_session_free(s);
    th_program_free(p);
}

/* Bodies over one s32[1]: x < limit, x * 2, x - 1. */
static struct th_graph *body(struct th_program *p, const char *op, int32_t constant)
{
    const struct th_type t = PLAIN(TH_DT_S32, 1);
    struct th_graph *b = th_program_add_body(p, op);
    th_value v[2] = {th_graph_add_input(b, "x", &t),
                     th_graph_const_copy(b, NULL, &t, &constant)};
    th_graph_add_output(b, "y", add_node(b, op, NULL, no_attr, 2, v, NULL, 0));
    return b;
}

static void regions(void)
{
    struct th_program *p = th_program_new(ctx);
    const struct th_type t = PLAIN(TH_DT_S32, 1);
    struct th_graph *loop = th_program_add_function(p, "loop");
    struct th_graph *parts[2] = {body(p, "less", 100), body(p, "mul", 2)};
    th_value x = th_graph_add_input(loop, "x", &t);
    th_graph_add_output(loop, "y", add_node(loop, "loop", NULL, no_attr, 1, &x, parts, 2));
    struct th_graph *counted = th_program_add_function(p, "counted");
    x = th_graph_add_input(counted, "x", &t);
    th_graph_add_output(counted, "y", add_node(counted, "loop", NULL, int_attr("count", 3), 1, &x,
                                               &parts[1], 1));
    struct th_graph *choice = th_program_add_function(p, "choice");
    struct th_graph *arms[2] = {body(p, "mul", 10), body(p, "sub", 1)};
    x = th_graph_add_input(choice, "x", &t);
    const int32_t seven = 7;
    th_value v[2] = {x, th_graph_const_copy(choice, NULL, &t, &seven)};
    v[0] = add_node(choice, "less", NULL, no_attr, 2, v, NULL, 0);
    v[1] = x;
    th_graph_add_output(choice, "y", add_node(choice, "if", &t, no_attr, 2, v, arms, 2));
    CU_ASSERT_EQUAL(th_program_verify(p), TH_OK);
    struct th_eval_session *s = th_eval_session_new(p);
    CU_ASSERT_EQUAL(run_scalar(s, loop, t, 3), 192);
    CU_ASSERT_EQUAL(run_scalar(s, loop, t, 100), 100);
    CU_ASSERT_EQUAL(run_scalar(s, counted, t, 5), 40);
    CU_ASSERT_EQUAL(run_scalar(s, choice, t, 6), 60);
    CU_ASSERT_EQUAL(run_scalar(s, choice, t, 7), 6);
    th_eval_session_free(s);
    th_program_free(p);
}

/* A tile loop computes what its body computes, whatever the pieces. */
static void tiles(void)
{
    struct th_program *p = th_program_new(ctx);
    const struct th_type t = PLAIN(TH_DT_S32, 1, 2);
    struct th_graph *b = th_program_add_body(p, "tile"), *f = th_program_add_function(p, "f");
    th_value v[2];
    v[0] = v[1] = th_graph_add_input(b, "x", &t);
    th_graph_add_output(b, "y", add_node(b, "add", NULL, no_attr, 2, v, NULL, 0));
    const int64_t one = 1, none = 0;
    const struct th_attr attrs[] = {
        ints_attr("run", 1, &one),        ints_attr("slots", 1, &none),
        ints_attr("tail_rows", 1, &none), ints_attr("tail_cols", 1, &none),
        ints_attr("stage", 1, &none),     ints_attr("strip_rows", 1, &none),
        ints_attr("strip_cols", 1, &none)};
    th_value x = th_graph_add_input(f, "x", &t), y;
    struct th_node_desc d = {.op = "tile_loop", .in = &x, .n_in = 1, .attrs = attrs,
                             .n_attrs = TH_ARRAY_LEN(attrs), .bodies = &b, .n_bodies = 1,
                             .loc = TH_LOC_NONE};
    CU_ASSERT_EQUAL_FATAL(th_graph_add_node(f, &d, NULL, &y), TH_OK);
    th_graph_add_output(f, "y", y);
    struct th_eval_session *s = th_eval_session_new(p);
    struct th_arena *a = th_program_arena(p);
    struct th_tensor *in = th_tensor_new(a, &t), *out = NULL;
    th_tensor_set_int(in, 0, 10);
    th_tensor_set_int(in, 1, 20);
    CU_ASSERT_EQUAL_FATAL(th_eval_run(s, f, (const struct th_tensor *const *)&in, a, &out), TH_OK);
    SHAPE(out, 1, 2);
    SAME(out, 20, 40);
    th_eval_session_free(s);
    th_program_free(p);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"shapes", shapes},       {"slices", slices},       {"borders", borders},
        {"blocks", blocks},       {"indexing", indexing},   {"searching", searching},
        {"tables", tables},       {"state", state},         {"regions", regions},
        {"tiles", tiles},         CU_TEST_INFO_NULL,
    };
    return run_tests("movement, state and region operators", tests);
}
