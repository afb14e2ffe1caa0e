/* SPDX-License-Identifier: Apache-2.0 */
/* Every rewriting pass: what it changes, and that the results stay what they were. */
#include "tests/unit/graph_util.h"

#include <math.h>

#define S8(g, scale, zero, ...) test_type(g, TH_DT_S8, scale, zero, __VA_ARGS__)
#define END {.name = NULL}

static struct th_ctx *ctx;
static struct th_program *p;
static struct th_graph *g;

static th_value begin(const struct th_type *in)
{
    ctx = th_ctx_new();
    p = th_program_new(ctx);
    g = th_program_add_function(p, "run");
    if (!in)
        return 0;
    return th_graph_add_input(g, "x", in);
}

static th_value begin_s8(float scale, int64_t zero, int h, int w, int c)
{
    ctx = th_ctx_new();
    p = th_program_new(ctx);
    g = th_program_add_function(p, "run");
    struct th_type t = S8(g, scale, zero, 4, 1, h, w, c);
    return th_graph_add_input(g, "x", &t);
}

static void finish(const char *passes, double tolerance, th_value y)
{
    CU_ASSERT_EQUAL_FATAL(th_graph_add_output(g, "y", y), TH_OK);
    test_same_after(p, passes, tolerance);
}

static void done(void)
{
    th_program_free(p);
    th_ctx_free(ctx);
}

/* ---- canonicalize ---------------------------------------------------------------------------- */

static void test_movement_chains(void)
{
    th_value x = begin_s8(0.5f, 3, 4, 6, 2);
    int64_t s1[] = {1, 24, 2}, s2[] = {1, 8, 3, 2}, perm[] = {0, 2, 1, 3}, back[] = {0, 2, 1, 3};
    int64_t whole[] = {0, 0, 0, 0}, size[] = {1, 8, 3, 2};
    struct th_attr a1[] = {test_ints("shape", 3, s1), END}, a2[] = {test_ints("shape", 4, s2), END};
    struct th_attr p1[] = {test_ints("perm", 4, perm), END};
    struct th_attr p2[] = {test_ints("perm", 4, back), END};
    struct th_attr sl[] = {test_ints("begin", 4, whole), test_ints("size", 4, size), END};
    th_value v = test_node(g, "reshape", NULL, a1, 1, x);
    v = test_node(g, "reshape", NULL, a2, 1, v);
    v = test_node(g, "transpose", NULL, p1, 1, v);
    v = test_node(g, "transpose", NULL, p2, 1, v);
    v = test_node(g, "slice", NULL, sl, 1, v);
    v = test_node(g, "copy", NULL, NULL, 1, v);
    finish("canonicalize,dce", 0, v);
    CU_ASSERT_EQUAL(test_count(p, "reshape"), 1);
    CU_ASSERT_EQUAL(th_graph_node_count(g), 1);
    done();
}

static void test_slices_compose(void)
{
    th_value x = begin_s8(0.5f, 3, 9, 7, 5);
    int64_t b1[] = {0, 1, 6, 0}, z1[] = {1, 4, 7, 5}, t1[] = {1, 2, -1, 1};
    int64_t b2[] = {0, 1, 5, 4}, z2[] = {1, 2, 3, 3}, t2[] = {1, 2, -2, -2};
    struct th_attr a1[] = {test_ints("begin", 4, b1), test_ints("size", 4, z1),
                           test_ints("stride", 4, t1), END};
    struct th_attr a2[] = {test_ints("begin", 4, b2), test_ints("size", 4, z2),
                           test_ints("stride", 4, t2), END};
    th_value v = test_node(g, "slice", NULL, a1, 1, x);
    v = test_node(g, "slice", NULL, a2, 1, v);
    finish("canonicalize", 0, v);
    CU_ASSERT_EQUAL(test_count(p, "slice"), 1);
    done();
}

static void test_unit_transpose(void)
{
    th_value x = begin_s8(0.5f, 3, 1, 6, 4);
    int64_t perm[] = {0, 2, 1, 3};
    struct th_attr a[] = {test_ints("perm", 4, perm), END};
    th_value v = test_node(g, "transpose", NULL, a, 1, x);
    finish("canonicalize", 0, v);
    CU_ASSERT_EQUAL(test_count(p, "transpose"), 0);
    CU_ASSERT_EQUAL(test_count(p, "reshape"), 1);
    done();
}

static void test_concat_flattens(void)
{
    th_value x = begin_s8(0.5f, 3, 2, 2, 4);
    struct th_attr a[] = {test_int("axis", 3), END};
    struct th_type t1 = S8(g, 0.5f, 3, 4, 1, 2, 2, 8), t2 = S8(g, 0.5f, 3, 4, 1, 2, 2, 12);
    th_value y = test_node(g, "copy", NULL, NULL, 1, x);
    th_value v = test_node(g, "concat", &t1, a, 2, x, y);
    v = test_node(g, "concat", &t2, a, 2, x, v);
    finish("canonicalize,dce", 0, v);
    CU_ASSERT_EQUAL(test_count(p, "concat"), 1);
    done();
}

static void test_constants_right(void)
{
    th_value x = begin_s8(0.05f, 3, 2, 2, 4);
    struct th_type t = S8(g, 0.03f, -5, 4, 1, 2, 2, 4), y = S8(g, 0.09f, 1, 4, 1, 2, 2, 4);
    th_value c = test_const(g, &t, 5);
    th_value v = test_node(g, "add", &y, NULL, 2, c, x);
    finish("canonicalize", 0, v);
    th_node n = th_graph_first(g);
    CU_ASSERT_EQUAL(th_node_input(g, n, 0), x);
    CU_ASSERT_EQUAL(th_node_input(g, n, 1), c);
    done();
}

static void test_spread_operands(void)
{
    const struct th_type t = test_type(g, TH_DT_F32, 0, 0, 2, 3, 4);
    const struct th_type row = test_type(g, TH_DT_F32, 0, 0, 1, 4);
    const int64_t shape[] = {3, 4};
    const struct th_attr a[] = {test_ints("shape", 2, shape), END};
    const struct th_type f = {.dtype = TH_DT_F32, .rank = -1};
    th_value x = begin(&t);
    th_value w = test_node(g, "broadcast_to", NULL, a, 1, test_const(g, &row, 5));
    th_value y = test_node(g, "mul", &f, NULL, 2, x, w);
    /* without either the result would have no rows: one stays */
    th_value z = test_node(g, "sub", &f, NULL, 2, w,
                           test_node(g, "broadcast_to", NULL, a, 1, test_const(g, &row, 6)));
    finish("canonicalize,dce", 0, test_node(g, "add", &f, NULL, 2, y, z));
    CU_ASSERT_EQUAL(test_count(p, "broadcast_to"), 1);
    done();
}

/* Powers 2 and 3 of floats are products. */
static void test_powers(void)
{
    const struct th_type t = test_type(g, TH_DT_F32, 0, 0, 2, 3, 4);
    const struct th_type s = test_type(g, TH_DT_F32, 0, 0, 0);
    const struct th_type f = {.dtype = TH_DT_F32, .rank = -1};
    const float n[] = {2, 3, 2.5f};
    th_value x = begin(&t), y = x;
    for (int i = 0; i < 3; i++)
        y = test_node(g, "add", &f, NULL, 2, y,
                      test_node(g, "pow", &f, NULL, 2, test_node(g, "abs", &f, NULL, 1, x),
                                th_graph_const_copy(g, NULL, &s, &n[i])));
    finish("canonicalize,fuse,dce", 1e-5, y);
    CU_ASSERT_EQUAL(test_count(p, "pow"), 1);
    CU_ASSERT_EQUAL(test_count(p, "square"), 2);
    done();
}

static void test_neutral_elements(void)
{
    ctx = NULL;
    th_value x = begin(NULL);
    struct th_type t = test_type(g, TH_DT_F32, 0, 0, 2, 3, 4), s = test_type(g, TH_DT_F32, 0, 0, 0);
    float one = 1, zero = 0;
    x = th_graph_add_input(g, "x", &t);
    th_value v = test_node(g, "exp", NULL, NULL, 1, x);
    v = test_node(g, "mul", &t, NULL, 2, v, th_graph_const_copy(g, "one", &s, &one));
    v = test_node(g, "sub", &t, NULL, 2, v, th_graph_const_copy(g, "zero", &s, &zero));
    v = test_node(g, "add", &t, NULL, 2, v, th_graph_const_copy(g, "one", &s, &one));
    finish("canonicalize", 0, v);
    CU_ASSERT_EQUAL(test_count(p, "mul"), 0);
    CU_ASSERT_EQUAL(test_count(p, "sub"), 0);
    CU_ASSERT_EQUAL(test_count(p, "add"), 1);
    done();
}

/* A quantized product by one rescales and rounds: it must stay. */
static void test_quantized_one_stays(void)
{
    th_value x = begin_s8(0.05f, 3, 2, 2, 4);
    struct th_type s = S8(g, 1.0f, 0, 0), y = S8(g, 0.09f, 1, 4, 1, 2, 2, 4);
    int8_t one = 1;
    th_value v = test_node(g, "mul", &y, NULL, 2, x, th_graph_const_copy(g, "one", &s, &one));
    finish("canonicalize", 0, v);
    CU_ASSERT_EQUAL(test_count(p, "mul"), 1);
    done();
}

/* An output must not become another name of an input. */
static void test_copy_to_output_stays(void)
{
    th_value x = begin_s8(0.05f, 3, 2, 2, 4);
    finish("canonicalize,dce", 0, test_node(g, "copy", NULL, NULL, 1, x));
    CU_ASSERT_EQUAL(test_count(p, "copy"), 1);
    done();
}

/* ---- fold ------------------------------------------------------------------------------------ */

static void test_fold(void)
{
    th_value x = begin_s8(0.05f, 3, 8, 8, 128);
    struct th_type t = S8(g, 0.03f, -5, 4, 1, 8, 8, 128), y = S8(g, 0.09f, 1, 4, 1, 8, 8, 128);
    th_value c = test_node(g, "add", &t, NULL, 2, test_const(g, &t, 5), test_const(g, &t, 6));
    finish("fold,dce", 0, test_node(g, "add", &y, NULL, 2, x, c));
    CU_ASSERT_EQUAL(test_count(p, "add"), 1);
    done();
}

/* Growing a constant costs flash. */
static void test_fold_keeps_small_constants_small(void)
{
    th_value x = begin_s8(0.05f, 3, 8, 8, 128);
    struct th_type t = S8(g, 0.03f, -5, 4, 1, 1, 1, 128), y = S8(g, 0.09f, 1, 4, 1, 8, 8, 128);
    int64_t shape[] = {1, 8, 8, 128};
    struct th_attr a[] = {test_ints("shape", 4, shape), END};
    th_value c = test_node(g, "broadcast_to", NULL, a, 1, test_const(g, &t, 5));
    finish("fold", 0, test_node(g, "add", &y, NULL, 2, x, c));
    CU_ASSERT_EQUAL(test_count(p, "broadcast_to"), 1);
    done();
}

/* ---- layout ---------------------------------------------------------------------------------- */

/* transpose, reshape, and back to the order of axes before (NULL: none behind): `left` transposes
 * stay. */
static void sink(const int64_t *x, const int64_t *perm, const int64_t *shape, uint32_t rank,
                 const int64_t *back, uint32_t left)
{
    const struct th_type t = th_type_make(TH_DT_F32, 4, x), f = {.dtype = TH_DT_F32, .rank = -1};
    const struct th_attr a[] = {test_ints("perm", 4, perm), END};
    const struct th_attr b[] = {test_ints("shape", rank, shape), END};
    const struct th_attr c[] = {test_ints("perm", rank, back ? back : shape), END};
    const th_value in = begin(&t);
    th_value v = test_node(g, "transpose", &f, a, 1, in);
    v = test_node(g, "reshape", &f, b, 1, v);
    v = back ? test_node(g, "transpose", &f, c, 1, v) : test_node(g, "exp", &f, NULL, 1, v);
    finish("canonicalize,layout,canonicalize,dce", 0, v);
    CU_ASSERT_EQUAL(test_count(p, "transpose"), left);
    done();
}

static void test_transposes_pass_reshapes(void)
{
    static const int64_t image[] = {1, 4, 5, 6}, first[] = {0, 3, 1, 2};
    /* channels split, places joined, both */
    sink(image, first, (const int64_t[]){1, 2, 3, 4, 5}, 5, (const int64_t[]){0, 3, 4, 1, 2}, 0);
    sink(image, first, (const int64_t[]){1, 6, 20}, 3, (const int64_t[]){0, 2, 1}, 0);
    sink(image, first, (const int64_t[]){1, 3, 2, 1, 20}, 5, (const int64_t[]){0, 4, 1, 2, 3}, 0);
    sink(image, first, (const int64_t[]){6, 20}, 2, (const int64_t[]){1, 0}, 0);
    /* axes of one group that stand in another order: one that moves them, none for the rest */
    sink((const int64_t[]){5, 6, 2, 4}, (const int64_t[]){3, 2, 0, 1},
         (const int64_t[]){8, 5, 6}, 3, (const int64_t[]){1, 2, 0}, 1);
    /* which does not pay where nothing behind meets the rest */
    sink((const int64_t[]){2, 30, 40, 50}, (const int64_t[]){0, 3, 2, 1},
         (const int64_t[]){2, 50, 1200}, 3, NULL, 1);
    /* axes that are no neighbours stay as they are */
    sink((const int64_t[]){2, 3, 4, 5}, (const int64_t[]){0, 2, 1, 3},
         (const int64_t[]){2, 4, 15}, 3, (const int64_t[]){0, 2, 1}, 2);
    /* a group of several axes on both sides, and no extent of 1 in the way */
    sink((const int64_t[]){7, 4, 6, 5}, (const int64_t[]){3, 1, 2, 0},
         (const int64_t[]){5, 3, 8, 7}, 4, (const int64_t[]){3, 1, 2, 0}, 0);
}

static void test_transposes_cancel(void)
{
    th_value x = begin_s8(0.05f, 3, 4, 6, 8);
    int64_t to[] = {0, 3, 1, 2}, from[] = {0, 2, 3, 1}, before[] = {0, 0, 1, 2};
    int64_t after[] = {0, 1, 0, 1};
    struct th_attr a[] = {test_ints("perm", 4, to), END}, b[] = {test_ints("perm", 4, from), END};
    struct th_attr pd[] = {test_ints("before", 4, before), test_ints("after", 4, after), END};
    struct th_attr cat[] = {test_int("axis", 1), END};
    struct th_type y = S8(g, 0.09f, 1, 4, 1, 8, 4, 6), z = S8(g, 0.09f, 1, 4, 1, 16, 4, 6);
    th_value u = test_node(g, "transpose", NULL, a, 1, x);
    th_value w = test_node(g, "transpose", NULL, a, 1, test_node(g, "copy", NULL, NULL, 1, x));
    th_value v = test_node(g, "add", &y, NULL, 2, u, w);
    th_value k = test_node(g, "tanh", &y, NULL, 1, test_node(g, "transpose", NULL, a, 1, x));
    v = test_node(g, "concat", &z, cat, 2, v, k);
    v = test_node(g, "pad", NULL, pd, 1, v);
    v = test_node(g, "transpose", NULL, b, 1, v);
    finish("canonicalize,layout,dce", 0, v);
    CU_ASSERT_EQUAL(test_count(p, "transpose"), 0);
    done();
}

/* A constant that varies along an axis is turned as well. */
static void test_transpose_past_constant(void)
{
    th_value x = begin_s8(0.05f, 3, 4, 6, 8);
    int64_t to[] = {0, 3, 1, 2}, from[] = {0, 2, 3, 1};
    struct th_attr a[] = {test_ints("perm", 4, to), END}, b[] = {test_ints("perm", 4, from), END};
    struct th_type c = S8(g, 0.03f, 1, 4, 1, 8, 4, 1), y = S8(g, 0.09f, 1, 4, 1, 8, 4, 6);
    th_value v = test_node(g, "transpose", NULL, a, 1, x);
    v = test_node(g, "add", &y, NULL, 2, v, test_const(g, &c, 5));
    v = test_node(g, "transpose", NULL, b, 1, v);
    finish("canonicalize,layout,dce", 0, v);
    CU_ASSERT_EQUAL(test_count(p, "transpose"), 0);
    CU_ASSERT_EQUAL(th_graph_node_count(g), 1);
    done();
}

static void test_transpose_through_slice_and_mean(void)
{
    th_value x = begin_s8(0.05f, 3, 4, 6, 8);
    int64_t to[] = {0, 3, 1, 2}, from[] = {0, 2, 3, 1}, begin_at[] = {0, 6, 1, 5};
    int64_t size[] = {1, 3, 3, 2}, stride[] = {1, -2, 1, -3}, axes[] = {2, -1};
    struct th_attr a[] = {test_ints("perm", 4, to), END}, b[] = {test_ints("perm", 4, from), END};
    struct th_attr sl[] = {test_ints("begin", 4, begin_at), test_ints("size", 4, size),
                           test_ints("stride", 4, stride), END};
    struct th_attr mean[] = {test_ints("axes", 2, axes),
                             {.name = "keep_dims", .kind = TH_ATTR_BOOL, .v.i = 1}, END};
    struct th_type y = S8(g, 0.02f, 1, 4, 1, 3, 1, 1);
    th_value v = test_node(g, "transpose", NULL, a, 1, x);
    v = test_node(g, "slice", NULL, sl, 1, v);
    v = test_node(g, "mean", &y, mean, 1, v);
    v = test_node(g, "transpose", NULL, b, 1, v);
    finish("canonicalize,layout,canonicalize,dce", 0, v);
    CU_ASSERT_EQUAL(test_count(p, "transpose"), 0);
    done();
}

/* A pad in front of a change of layout ends up behind it, where a window can take it in. */
static void test_pad_behind_transpose(void)
{
    th_value x = begin_s8(0.05f, 3, 3, 4, 6);
    int64_t from[] = {0, 2, 3, 1}, before[] = {0, 0, 1, 2}, after[] = {0, 1, 0, 3};
    struct th_attr b[] = {test_ints("perm", 4, from), END};
    struct th_attr pd[] = {test_ints("before", 4, before), test_ints("after", 4, after), END};
    th_value v = test_node(g, "pad", NULL, pd, 1, x);
    v = test_node(g, "transpose", NULL, b, 1, v);
    finish("canonicalize,layout,dce", 0, v);
    CU_ASSERT_TRUE(th_node_is(g, th_graph_first(g), "transpose"));
    CU_ASSERT_TRUE(th_node_is(g, th_graph_last(g), "pad"));
    done();
}

/* Inputs and outputs whose channels come first are given and taken with channels last. */
static void test_channels_last_edges(void)
{
    th_value x = begin_s8(0.05f, 3, 8, 4, 6);
    int64_t to[] = {0, 3, 1, 2}, from[] = {0, 2, 3, 1};
    struct th_attr a[] = {test_ints("perm", 4, to), END}, b[] = {test_ints("perm", 4, from), END};
    struct th_type y = S8(g, 0.09f, 1, 4, 1, 8, 4, 6), z = S8(g, 0.09f, 1, 4, 1, 2, 3, 8);
    int64_t two[] = {2, 2};
    struct th_attr pool[] = {test_ints("filter", 2, two), test_ints("stride", 2, two), END};
    th_value v = test_node(g, "transpose", NULL, b, 1, test_node(g, "requantize", &y, NULL, 1, x));
    v = test_node(g, "max_pool2d", &z, pool, 1, v);
    v = test_node(g, "transpose", NULL, a, 1, v);
    CU_ASSERT_EQUAL_FATAL(th_graph_add_output(g, "y", v), TH_OK);
    struct th_pipeline_run run = {
        .pipeline = "inference", .verify = true,
        .passes = "canonicalize,layout{input-layout=channels-last,output-layout=channels-last},"
                  "dce"};
    CU_ASSERT_EQUAL_FATAL(th_pipeline_run(p, &run), TH_OK);
    CU_ASSERT_EQUAL(test_count(p, "transpose"), 0);
    CU_ASSERT_EQUAL(th_value_type(g, th_graph_input(g, 0))->dims[3], 8);
    CU_ASSERT_EQUAL(th_value_type(g, th_graph_output(g, 0))->dims[3], 8);
    CU_ASSERT_EQUAL(th_value_type(g, th_graph_output(g, 0))->dims[1], 2);
    done();
}

/* So does what a scale and an offset for each channel stand in front of; a gate is no constant, and
 * where the map comes from elsewhere the transpose stays at its place. */
static void test_channels_last_behind_constants(void)
{
    static const float scale[3] = {2, 3, 5}, offset[3] = {-1, 0, 4}, half = 0.5f;
    for (int gated = 0; gated < 2; gated++) {
        begin(NULL);
        struct th_type map = test_type(g, TH_DT_F32, 0, 0, 4, 1, 3, 4, 6);
        struct th_type few = test_type(g, TH_DT_F32, 0, 0, 4, 1, 3, 1, 1);
        struct th_type one = test_type(g, TH_DT_F32, 0, 0, 1, 1);
        int64_t from[] = {0, 2, 3, 1};
        struct th_attr b[] = {test_ints("perm", 4, from), END};
        th_value x = th_graph_add_input(g, "x", &map);
        th_value by = gated ? th_graph_add_input(g, "gate", &few)
                            : th_graph_const_copy(g, "scale", &few, scale);
        th_value v = test_node(g, "mul", NULL, NULL, 2, by, x);
        v = test_node(g, "sub", NULL, NULL, 2, v, th_graph_const_copy(g, "half", &one, &half));
        v = test_node(g, "add", NULL, NULL, 2, v, th_graph_const_copy(g, "off", &few, offset));
        th_value y = test_node(g, "transpose", NULL, b, 1, v);
        CU_ASSERT_EQUAL(th_graph_add_output(g, "y", y), TH_OK);
        y = test_node(g, "transpose", NULL, b, 1, v);
        CU_ASSERT_EQUAL(th_graph_add_output(g, "z", test_node(g, "neg", NULL, NULL, 1, y)), TH_OK);
        struct th_pipeline_run run = {
            .pipeline = "inference", .verify = true,
            .passes = "canonicalize,layout{input-layout=channels-last},layout,dce"};
        CU_ASSERT_EQUAL_FATAL(th_pipeline_run(p, &run), TH_OK);
        CU_ASSERT_EQUAL(th_value_type(g, th_graph_input(g, 0))->dims[3], gated ? 6 : 3);
        CU_ASSERT_EQUAL(test_count(p, "transpose") > 0, gated);
        CU_ASSERT_EQUAL(test_count(p, "mul"), 1);
        struct th_arena *a = th_arena_new(0);
        struct th_tensor *in[2] = {NULL}, *out[2];
        for (uint32_t i = 0; i < th_graph_input_count(g); i++) {
            in[i] = th_tensor_new(a, th_value_type(g, th_graph_input(g, i)));
            for (int64_t k = 0; k < th_type_elems(&in[i]->type); k++)
                th_tensor_set_real(in[i], k, i ? scale[k] : 1);
        }
        struct th_eval_session *s = th_eval_session_new(p);
        CU_ASSERT_EQUAL_FATAL(th_eval_run(s, g, (const struct th_tensor *const *)in, a, out),
                              TH_OK);
        for (int64_t k = 0; k < 4 * 6 * 3; k++) {
            CU_ASSERT_EQUAL(th_tensor_real(out[0], k), scale[k % 3] - half + offset[k % 3]);
            CU_ASSERT_EQUAL(th_tensor_real(out[1], k), -th_tensor_real(out[0], k));
        }
        th_eval_session_free(s);
        th_arena_free(a);
        done();
    }
}

/* What stands between an input and the reshape that makes it a map runs on the map; not where the
 * flat values are wanted as well, nor where an operand varies along them. */
static void test_map_of_flat_input(void)
{
    static const float several[4 * 6 * 2] = {1, 2, 3};
    const float half = 0.5f;
    for (int form = 0; form < 3; form++) {
        begin(NULL);
        struct th_type flat = test_type(g, TH_DT_F32, 0, 0, 2, 1, 48), q = S8(g, 0.5f, 3, 2, 1, 48);
        struct th_type one = test_type(g, TH_DT_F32, 0, 0, 1, 1);
        struct th_type out = S8(g, 0.5f, 3, 4, 1, 2, 3, 2);
        int64_t map[] = {1, 4, 6, 2}, two[] = {2, 2};
        struct th_attr a[] = {test_ints("shape", 4, map), END};
        struct th_attr pool[] = {test_ints("filter", 2, two), test_ints("stride", 2, two), END};
        th_value x = th_graph_add_input(g, "x", &flat);
        th_value by = form == 2 ? th_graph_const_copy(g, "c", &flat, several)
                                : th_graph_const_copy(g, "c", &one, &half);
        th_value f = test_node(g, "mul", NULL, NULL, 2, by, x);
        th_value v = test_node(g, "quantize", &q, NULL, 1, f);
        v = test_node(g, "max_pool2d", &out, pool, 1, test_node(g, "reshape", NULL, a, 1, v));
        if (form == 1)
            CU_ASSERT_EQUAL(th_graph_add_output(g, "f", f), TH_OK);
        finish("canonicalize,input-shape,dce", 0, v);
        CU_ASSERT_EQUAL(th_node_is(g, th_graph_first(g), "reshape"), form == 0);
        CU_ASSERT_EQUAL(test_count(p, "reshape"), 1);
        CU_ASSERT_EQUAL(test_count(p, "mul"), 1);
        done();
    }
}

/* ---- qdq ------------------------------------------------------------------------------------- */

static void test_movement_in_integers(void)
{
    th_value x = begin_s8(0.05f, 3, 4, 6, 8);
    int64_t to[] = {0, 3, 1, 2};
    struct th_attr a[] = {test_ints("perm", 4, to), END}, cat[] = {test_int("axis", 3), END};
    struct th_type y = S8(g, 0.05f, 3, 4, 1, 16, 4, 6);
    struct th_type f = test_type(g, TH_DT_F32, 0, 0, 4, 1, 4, 6, 16);
    th_value u = test_node(g, "dequantize", NULL, NULL, 1, x);
    th_value w = test_node(g, "dequantize", NULL, NULL, 1, test_node(g, "copy", NULL, NULL, 1, x));
    th_value v = test_node(g, "concat", &f, cat, 2, u, w);
    v = test_node(g, "transpose", NULL, a, 1, v);
    v = test_node(g, "quantize", &y, NULL, 1, v);
    finish("canonicalize,qdq,dce", 0, v);
    CU_ASSERT_EQUAL(test_count(p, "quantize"), 0);
    CU_ASSERT_EQUAL(test_count(p, "dequantize"), 0);
    done();
}

/* Another scale is no identity. */
static void test_unequal_pair_stays(void)
{
    th_value x = begin_s8(0.05f, 3, 4, 6, 8);
    struct th_type y = S8(g, 0.07f, 3, 4, 1, 4, 6, 8);
    th_value v = test_node(g, "dequantize", NULL, NULL, 1, x);
    finish("canonicalize,qdq,dce", 0, test_node(g, "quantize", &y, NULL, 1, v));
    CU_ASSERT_EQUAL(test_count(p, "quantize"), 1);
    done();
}

static void test_io_quantized(void)
{
    begin(NULL);
    struct th_type f = test_type(g, TH_DT_F32, 0, 0, 2, 2, 8), q = S8(g, 0.05f, 3, 2, 2, 8);
    struct th_type y = S8(g, 0.1f, -3, 2, 2, 8);
    th_value x = th_graph_add_input(g, "x", &f);
    th_value v = test_node(g, "quantize", &q, NULL, 1, x);
    v = test_node(g, "add", &y, NULL, 2, v, v);
    v = test_node(g, "dequantize", NULL, NULL, 1, v);
    CU_ASSERT_EQUAL(th_graph_add_output(g, "y", v), TH_OK);
    struct th_pipeline_run run = {.pipeline = "inference", .verify = true,
                                  .passes = "canonicalize,qdq{io=quantized}"};
    CU_ASSERT_EQUAL(th_pipeline_run(p, &run), TH_OK);
    CU_ASSERT_TRUE(th_type_equal(th_value_type(g, th_graph_input(g, 0)), &q));
    CU_ASSERT_TRUE(th_type_equal(th_value_type(g, th_graph_output(g, 0)), &y));
    CU_ASSERT_STRING_EQUAL(th_graph_input_name(g, 0), "x");
    CU_ASSERT_EQUAL(th_graph_node_count(g), 1);
    done();
}

/* ---- fuse ------------------------------------------------------------------------------------ */

static th_value conv(th_value x, int in_c, int out_c, int oh, int ow, const struct th_attr *attrs)
{
    struct th_type w = S8(g, 0.01f, 0, 4, out_c, 3, 3, in_c);
    struct th_type b = test_type(g, TH_DT_S32, 0.0005f, 0, 1, out_c);
    struct th_type y = S8(g, 0.2f, -7, 4, 1, oh, ow, out_c);
    return test_node(g, "conv2d", &y, attrs, 3, x, test_const(g, &w, 3), test_const(g, &b, 4));
}

static void test_pad_and_activation(void)
{
    th_value x = begin_s8(0.05f, 3, 6, 6, 2);
    int64_t before[] = {0, 1, 2, 0}, after[] = {0, 0, 1, 0};
    struct th_attr pd[] = {test_ints("before", 4, before), test_ints("after", 4, after), END};
    struct th_attr relu6[] = {test_float("act_min", 0), test_float("act_max", 6), END};
    th_value v = conv(test_node(g, "pad", NULL, pd, 1, x), 2, 4, 5, 7, NULL);
    struct th_type y = *th_value_type(g, v);
    finish("canonicalize,fuse,dce", 0, test_node(g, "clamp", &y, relu6, 1, v));
    CU_ASSERT_EQUAL(th_graph_node_count(g), 1);
    CU_ASSERT_EQUAL(test_count(p, "conv2d"), 1);
    done();
}

/* A pad with another value than the real zero, and one before a pool, stay. */
static void test_pads_that_stay(void)
{
    th_value x = begin_s8(0.05f, 3, 6, 6, 2);
    int64_t one[] = {0, 1, 1, 0}, filter[] = {2, 2}, stride[] = {1, 1};
    struct th_attr pd[] = {test_ints("before", 4, one), test_ints("after", 4, one),
                           test_float("value", 9), END};
    struct th_attr zero[] = {test_ints("before", 4, one), test_ints("after", 4, one), END};
    struct th_attr pool[] = {test_ints("filter", 2, filter), test_ints("stride", 2, stride), END};
    th_value v = conv(test_node(g, "pad", NULL, pd, 1, x), 2, 4, 6, 6, NULL);
    v = test_node(g, "pad", NULL, zero, 1, v);
    finish("canonicalize,fuse,dce", 0, test_node(g, "avg_pool2d", NULL, pool, 1, v));
    CU_ASSERT_EQUAL(test_count(p, "pad"), 2);
    done();
}

/* Borders and cuts that a plain convolution can say, and (uneven) such that it cannot. */
static void dilated(bool depthwise, const int64_t *before, const int64_t *after,
                    const int64_t *cut, const int64_t *cut_after, bool fused)
{
    th_value x = begin_s8(0.05f, 3, 9, 10, 4);
    int64_t block[] = {3, 2};
    int h = (9 + (int)(before[0] + after[0])) / 3 - 2;
    int w = (10 + (int)(before[1] + after[1])) / 2 - 2;
    struct th_attr to[] = {test_ints("block", 2, block), test_ints("before", 2, before),
                           test_ints("after", 2, after), END};
    struct th_attr from[] = {test_ints("block", 2, block), test_ints("before", 2, cut),
                             test_ints("after", 2, cut_after), END};
    struct th_type k = depthwise ? S8(g, 0.01f, 0, 4, 1, 3, 3, 4) : S8(g, 0.01f, 0, 4, 5, 3, 3, 4);
    struct th_type y = S8(g, 0.2f, -7, 4, 6, h, w, depthwise ? 4 : 5);
    struct th_attr one[] = {test_int("multiplier", 1), END};
    th_value v = test_node(g, "space_to_batch", NULL, to, 1, x);
    v = test_node(g, depthwise ? "depthwise_conv2d" : "conv2d", &y, depthwise ? one : NULL, 2, v,
                  test_const(g, &k, 3));
    finish("canonicalize,fuse,dce", 0, test_node(g, "batch_to_space", NULL, from, 1, v));
    CU_ASSERT_EQUAL(th_graph_node_count(g), fused ? 1 : 3);
    done();
}

static void test_dilated(void)
{
    const int64_t none[] = {0, 0}, same[] = {3, 2}, more[] = {3, 4}, cut[] = {2, 1}, big[] = {4, 2};
    dilated(false, none, none, none, none, true);
    dilated(true, same, same, none, none, true);
    dilated(false, same, more, cut, none, true);
    dilated(true, same, more, cut, cut, true);
    dilated(false, same, more, big, none, false);      /* cuts into the image itself */
}

static void test_pads_join(void)
{
    th_value x = begin_s8(0.05f, 3, 2, 2, 3);
    int64_t a[] = {0, 1, 2, 0}, b[] = {1, 0, 3, 0};
    struct th_attr p1[] = {test_ints("before", 4, a), test_ints("after", 4, b), END};
    struct th_attr p2[] = {test_ints("before", 4, b), test_ints("after", 4, b),
                           test_float("value", 3), END};
    struct th_attr p3[] = {test_ints("before", 4, a), test_ints("after", 4, b),
                           test_float("value", 4), END};
    th_value v = test_node(g, "pad", NULL, p1, 1, x);
    v = test_node(g, "pad", NULL, p2, 1, v);
    finish("canonicalize", 0, test_node(g, "pad", NULL, p3, 1, v));
    CU_ASSERT_EQUAL(test_count(p, "pad"), 2);
    done();
}

/* A clamp that also rescales is no activation. */
static void test_rescaling_clamp_is_a_table(void)
{
    th_value x = begin_s8(0.05f, 3, 6, 6, 2);
    struct th_attr relu[] = {test_float("act_min", 0), END};
    th_value v = conv(x, 2, 4, 4, 4, NULL);
    struct th_type y = S8(g, 0.1f, -128, 4, 1, 4, 4, 4);
    finish("canonicalize,fuse,dce", 0, test_node(g, "clamp", &y, relu, 1, v));
    CU_ASSERT_EQUAL(test_count(p, "clamp"), 0);
    CU_ASSERT_EQUAL(test_count(p, "table"), 1);
    done();
}

static void test_chain_becomes_one_table(void)
{
    th_value x = begin_s8(0.05f, 3, 6, 6, 2);
    struct th_type a = S8(g, 0.00390625f, -128, 4, 1, 6, 6, 2), b = S8(g, 0.02f, 5, 4, 1, 6, 6, 2);
    struct th_type u = test_type(g, TH_DT_U8, 0.02f, 133, 4, 1, 6, 6, 2);
    th_value v = test_node(g, "logistic", &a, NULL, 1, x);
    v = test_node(g, "mul", &b, NULL, 2, v, x);      /* x * logistic(x): one source */
    v = test_node(g, "requantize", &u, NULL, 1, v);
    finish("canonicalize,fuse,dce", 0, v);
    CU_ASSERT_EQUAL(test_count(p, "table"), 1);
    CU_ASSERT_EQUAL(th_graph_node_count(g), 1);
    done();
}

/* Floats between 8-bit ends: computed once for each of 256 inputs, so even they keep their bits. */
static void test_float_island_becomes_a_table(void)
{
    th_value x = begin_s8(0.05f, 3, 6, 6, 2);
    struct th_type y = S8(g, 0.01f, 5, 4, 1, 6, 6, 2), s = test_type(g, TH_DT_F32, 0, 0, 0);
    float half = 0.37f;
    th_value v = test_node(g, "dequantize", NULL, NULL, 1, x);
    v = test_node(g, "sin", NULL, NULL, 1, v);
    v = test_node(g, "mul", NULL, NULL, 2, v, th_graph_const_copy(g, "h", &s, &half));
    finish("canonicalize,fuse,dce", 0, test_node(g, "quantize", &y, NULL, 1, v));
    CU_ASSERT_EQUAL(th_graph_node_count(g), 1);
    CU_ASSERT_EQUAL(test_count(p, "table"), 1);
    done();
}

/* Two sources, or a use outside, end the cone. */
static void test_table_limits(void)
{
    th_value x = begin_s8(0.05f, 3, 6, 6, 2);
    struct th_type a = S8(g, 0.00390625f, -128, 4, 1, 6, 6, 2), b = S8(g, 0.02f, 5, 4, 1, 6, 6, 2);
    struct th_type in = S8(g, 0.05f, 3, 4, 1, 6, 6, 2);
    th_value z = th_graph_add_input(g, "z", &in);
    th_value v = test_node(g, "logistic", &a, NULL, 1, x);
    th_value w = test_node(g, "mul", &b, NULL, 2, v, z);
    th_value t = test_node(g, "tanh", &a, NULL, 1, v);
    CU_ASSERT_EQUAL(th_graph_add_output(g, "w", w), TH_OK);
    finish("canonicalize,fuse,dce", 0, t);
    CU_ASSERT_EQUAL(test_count(p, "mul"), 1);
    CU_ASSERT_EQUAL(test_count(p, "table"), 2);
    done();
}

static void test_affine(void)
{
    begin(NULL);
    struct th_type x = test_type(g, TH_DT_F32, 0, 0, 4, 1, 5, 5, 3);
    struct th_type w = test_type(g, TH_DT_F32, 0, 0, 4, 4, 3, 3, 3);
    struct th_type c = test_type(g, TH_DT_F32, 0, 0, 1, 4), s = test_type(g, TH_DT_F32, 0, 0, 0);
    struct th_attr relu[] = {test_float("act_min", 0), END};
    float two = 2.5f;
    th_value v = th_graph_add_input(g, "x", &x);
    v = test_node(g, "conv2d", NULL, NULL, 2, v, test_const(g, &w, 3));
    v = test_node(g, "mul", NULL, NULL, 2, v, test_const(g, &c, 4));
    v = test_node(g, "sub", NULL, NULL, 2, v, test_const(g, &c, 5));
    v = test_node(g, "div", NULL, NULL, 2, v, th_graph_const_copy(g, "two", &s, &two));
    v = test_node(g, "add", NULL, relu, 2, v, test_const(g, &c, 6));
    finish("canonicalize,fuse,dce", 1e-6, v);
    CU_ASSERT_EQUAL(th_graph_node_count(g), 1);
    done();
}

static void test_requantize_shift(void)
{
    th_value x = begin_s8(0.05f, 3, 6, 6, 2);
    struct th_type u = test_type(g, TH_DT_U8, 0.05f, 131, 4, 1, 6, 6, 2);
    th_value v = test_node(g, "requantize", &u, NULL, 1, x);
    v = test_node(g, "dequantize", NULL, NULL, 1, v);
    finish("canonicalize,fuse,dce", 0, v);
    CU_ASSERT_EQUAL(test_count(p, "requantize"), 0);
    done();
}

static void test_dense_of_reshape(void)
{
    th_value x = begin_s8(0.05f, 3, 2, 2, 3);
    int64_t shape[] = {1, 12};
    struct th_attr a[] = {test_ints("shape", 2, shape), END};
    struct th_type w = S8(g, 0.01f, 0, 2, 5, 12), y = S8(g, 0.2f, -7, 2, 1, 5);
    th_value v = test_node(g, "reshape", NULL, a, 1, x);
    v = test_node(g, "fully_connected", &y, NULL, 2, v, test_const(g, &w, 3));
    finish("canonicalize,fuse,dce", 0, v);
    CU_ASSERT_EQUAL(th_graph_node_count(g), 1);
    done();
}

/* ---- dce ------------------------------------------------------------------------------------- */

/* A node without outputs passes through every pass. */
static void test_write_only(void)
{
    th_value x = begin_s8(0.05f, 3, 2, 2, 3);
    struct th_attr st[] = {{.name = "state", .kind = TH_ATTR_STATE, .v.i = 0}, END};
    st[0].v.i = th_program_add_state(p, "s", th_value_type(g, x), TH_STATE_MODEL, NULL);
    struct th_node_desc d = {.op = "state_write", .in = &x, .n_in = 1, .attrs = st, .n_attrs = 1,
                             .loc = TH_LOC_NONE};
    CU_ASSERT_EQUAL(th_graph_add_node(g, &d, NULL, NULL), TH_OK);
    finish("canonicalize,fold,layout,qdq,fuse,dce", 0, test_node(g, "copy", NULL, NULL, 1, x));
    CU_ASSERT_EQUAL(th_graph_node_count(g), 2);
    done();
}

static void test_dce(void)
{
    th_value x = begin_s8(0.05f, 3, 2, 2, 3);
    struct th_type y = S8(g, 0.2f, -7, 4, 1, 2, 2, 3);
    th_value v = test_node(g, "copy", NULL, NULL, 1, x);
    test_node(g, "add", &y, NULL, 2, test_node(g, "copy", NULL, NULL, 1, v), x);
    struct th_attr st[] = {{.name = "state", .kind = TH_ATTR_STATE, .v.i = 0}, END};
    st[0].v.i = th_program_add_state(p, "s", th_value_type(g, x), TH_STATE_MODEL, NULL);
    struct th_node_desc d = {.op = "state_write", .in = &x, .n_in = 1, .attrs = st, .n_attrs = 1,
                             .loc = TH_LOC_NONE};
    CU_ASSERT_EQUAL(th_graph_add_node(g, &d, NULL, NULL), TH_OK);
    finish("dce", 0, v);
    CU_ASSERT_EQUAL(th_graph_node_count(g), 2);    /* the output's copy and the write */
    done();
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"chains of movement become one", test_movement_chains},
        {"slices compose", test_slices_compose},
        {"transpose of unit axes", test_unit_transpose},
        {"concat of concat", test_concat_flattens},
        {"constants on the right", test_constants_right},
        {"neutral elements", test_neutral_elements},
        {"spread operands", test_spread_operands}, {"powers", test_powers},
        {"a quantized one stays", test_quantized_one_stays},
        {"copy to an output stays", test_copy_to_output_stays},
        {"fold", test_fold},
        {"fold keeps small constants small", test_fold_keeps_small_constants_small},
        {"transposes pass reshapes", test_transposes_pass_reshapes},
        {"transposes cancel", test_transposes_cancel},
        {"transpose past a constant", test_transpose_past_constant},
        {"transpose through slice and mean", test_transpose_through_slice_and_mean},
        {"a pad goes behind a transpose", test_pad_behind_transpose},
        {"channels-last inputs and outputs", test_channels_last_edges},
        {"flat inputs of maps", test_map_of_flat_input},
        {"channels-last inputs behind constants", test_channels_last_behind_constants},
        {"movement in integers", test_movement_in_integers},
        {"unequal pair stays", test_unequal_pair_stays},
        {"io=quantized", test_io_quantized},
        {"pad and activation", test_pad_and_activation},
        {"pads that stay", test_pads_that_stay},
        {"dilated convolution", test_dilated},
        {"pads join", test_pads_join},
        {"rescaling clamp", test_rescaling_clamp_is_a_table},
        {"chain into one table", test_chain_becomes_one_table},
        {"float island into a table", test_float_island_becomes_a_table},
        {"limits of tables", test_table_limits},
        {"scale and offset of a float layer", test_affine},
        {"requantize that only shifts", test_requantize_shift},
        {"dense of reshape", test_dense_of_reshape},
        {"nodes without outputs", test_write_only},
        {"dead code", test_dce},
        {NULL, NULL},
    };
    return test_main("passes", tests);
}
