/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes small networks of operators with windows as program files, each with a random input, into
 * the folder that TILES_DIR names: what tiles.test compiles in pieces.
 */
#include "tests/unit/tile_nets.h"

#include <stdlib.h>

static struct net n;

static struct th_attr flag(const char *name, bool v)
{
    return (struct th_attr){.name = name, .kind = TH_ATTR_BOOL, .v.i = v};
}

static th_value of_like(const char *op, th_value x, int h, int w, int c, const struct th_attr *a)
{
    struct th_type t = net_type(&n, h, w, c);
    return test_node(n.g, op, &t, a, 1, x);
}

static th_value resize(const char *op, th_value x, int h, int w, bool half)
{
    const int64_t size[2] = {h, w};
    const struct th_attr a[] = {test_ints("size", 2, size), flag("half_pixel", half),
                                {.name = NULL}};
    return of_like(op, x, h, w, (int)th_value_type(n.g, x)->dims[3], a);
}

static th_value pool(const char *op, th_value x, int h, int w, int filter, int stride, int pad)
{
    const int64_t f[2] = {filter, filter}, s[2] = {stride, stride}, p[4] = {pad, pad, pad, pad};
    const struct th_attr a[] = {test_ints("filter", 2, f), test_ints("stride", 2, s),
                                test_ints("pad", 4, p), {.name = NULL}};
    return of_like(op, x, h, w, (int)th_value_type(n.g, x)->dims[3], a);
}

static th_value pad(th_value x, int above, int left, int below, int right)
{
    const struct th_type *t = th_value_type(n.g, x);
    const int64_t before[4] = {0, above, left, 0}, after[4] = {0, below, right, 0};
    const struct th_attr a[] = {test_ints("before", 4, before), test_ints("after", 4, after),
                                {.name = NULL}};
    return of_like("pad", x, (int)t->dims[1] + above + below, (int)t->dims[2] + left + right,
                   (int)t->dims[3], a);
}

static th_value transposed(th_value x, int channels, int stride)
{
    const struct th_type *t = th_value_type(n.g, x);
    const int h = (int)t->dims[1], w = (int)t->dims[2];
    const int64_t s[2] = {stride, stride}, p[4] = {0, 0, 0, 0};
    const int64_t size[2] = {(h - 1) * stride + 3, (w - 1) * stride + 3};
    struct th_type wt = test_type(n.g, TH_DT_S8, 0.01f, 0, 4, channels, 3, 3, (int)t->dims[3]);
    struct th_type bt = test_type(n.g, TH_DT_S32, 0.0005f, 0, 1, channels);
    struct th_type out = net_type(&n, (int)size[0], (int)size[1], channels);
    const struct th_attr a[] = {test_ints("stride", 2, s), test_ints("pad", 4, p),
                                test_ints("out_size", 2, size), {.name = NULL}};
    const th_value weights = test_const(n.g, &wt, n.seed++), bias = test_const(n.g, &bt, n.seed++);
    return test_node(n.g, "transpose_conv2d", &out, a, 3, x, weights, bias);
}

static th_value mean(th_value x)
{
    const int64_t axes[2] = {1, 2};
    const struct th_attr a[] = {test_ints("axes", 2, axes), flag("keep_dims", true),
                                {.name = NULL}};
    return of_like("mean", x, 1, 1, (int)th_value_type(n.g, x)->dims[3], a);
}

/* Over rows (1) or over columns (2). */
static th_value mean_over(th_value x, const char *op, int64_t axis)
{
    const struct th_type *t = th_value_type(n.g, x);
    const struct th_attr a[] = {test_ints("axes", 1, &axis), flag("keep_dims", true),
                                {.name = NULL}};
    return of_like(op, x, axis == 1 ? 1 : (int)t->dims[1], axis == 2 ? 1 : (int)t->dims[2],
                   (int)t->dims[3], a);
}

/* ---- files ----------------------------------------------------------------------------------- */
static void write_input(const char *path, const struct th_type *t)
{
    char head[128] = "\x93NUMPY\x01";
    const int len = 118;
    const char *descr = t->dtype == TH_DT_F32 ? "<f4" : t->dtype == TH_DT_S16 ? "<i2"
                        : t->dtype == TH_DT_U8 ? "|u1" : "|i1";
    struct th_arena *a = th_arena_new(0);
    struct th_tensor *x = th_tensor_new(a, t);
    uint32_t seed = 77;
    FILE *f = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    test_fill(x, &seed);
    head[7] = 0;
    head[8] = (char)len;
    head[9] = 0;
    const int used = snprintf(head + 10, 118, "{'descr': '%s', 'fortran_order': False, 'shape': "
                              "(1, %lld, %lld, %lld), }", descr, (long long)t->dims[1],
                              (long long)t->dims[2], (long long)t->dims[3]);
    memset(head + 10 + used, ' ', (size_t)(len - used));
    head[10 + len - 1] = '\n';
    fwrite(head, 1, 10 + (size_t)len, f);
    fwrite(x->data, 1, (size_t)th_type_size(t), f);
    CU_ASSERT_EQUAL(fclose(f), 0);
    th_arena_free(a);
}

static void write_net(const char *name)
{
    const char *folder = getenv("TILES_DIR");
    char path[400];
    CU_ASSERT_PTR_NOT_NULL_FATAL(folder);
    snprintf(path, sizeof path, "%s/%s.xml", folder, name);
    CU_ASSERT_EQUAL(th_program_write_xml(n.p, path), TH_OK);
    snprintf(path, sizeof path, "%s/%s.npy", folder, name);
    write_input(path, th_value_type(n.g, th_graph_input(n.g, 0)));
    CU_ASSERT_STRING_EQUAL(n.log.text.s, "");
    net_close(&n);
}

/* ---- networks -------------------------------------------------------------------------------- */
static void test_up(void)
{
    net_open(&n);
    th_value v = net_conv(&n, net_input(&n, 9, 11, 3), 8, net_same(3, 1));
    v = resize("resize_nearest", v, 18, 22, false);
    v = net_depthwise(&n, v, net_same(3, 1));
    v = pad(v, 1, 2, 0, 1);
    v = pool("max_pool2d", v, 17, 23, 3, 1, 0);
    net_output(&n, net_conv(&n, v, 5, net_same(3, 2)));
    write_net("up");
}

static void test_decoder(void)
{
    net_open(&n);
    th_value v = net_conv(&n, net_input(&n, 12, 10, 4), 6, net_same(3, 2));
    v = resize("resize_bilinear", v, 17, 13, true);
    v = transposed(v, 4, 2);
    v = net_conv(&n, v, 3, net_same(1, 1));
    net_output(&n, resize("resize_bilinear", v, 20, 40, false));
    write_net("decoder");
}

static void test_blocks(void)
{
    const struct th_attr block[] = {test_int("block", 2), {.name = NULL}};
    const int64_t begin[4] = {0, 1, 2, 3}, size[4] = {1, 5, 4, 9}, step[4] = {1, 2, 3, 1};
    const struct th_attr part[] = {test_ints("begin", 4, begin), test_ints("size", 4, size),
                                   test_ints("stride", 4, step), {.name = NULL}};
    net_open(&n);
    th_value v = net_conv(&n, net_input(&n, 12, 16, 4), 8, net_same(3, 1));
    v = of_like("depth_to_space", v, 24, 32, 2, block);
    v = net_conv(&n, v, 4, net_same(3, 1));
    v = of_like("space_to_depth", v, 12, 16, 16, block);
    v = of_like("slice", v, 5, 4, 9, part);
    net_output(&n, mean(net_point(&n, v, 6)));
    write_net("blocks");
}

/* Branches that meet, and a result that is wanted outside. */
static void test_branches(void)
{
    net_open(&n);
    th_value x = net_conv(&n, net_input(&n, 14, 13, 3), 8, net_same(3, 1));
    th_value a = net_depthwise(&n, x, net_same(5, 1)), b = net_conv(&n, x, 8, net_same(3, 1));
    th_value v = net_add(&n, net_add(&n, a, b), x);
    net_output(&n, v);
    v = pool("avg_pool2d", v, 7, 6, 2, 2, 0);
    CU_ASSERT_EQUAL_FATAL(th_graph_add_output(n.g, "z", net_conv(&n, v, 4, net_same(3, 1))), TH_OK);
    write_net("branches");
}

/* Over columns, then over rows (nodes 0 to 4); over rows, which leaves columns (5 to 7). */
static void test_means(void)
{
    net_open(&n);
    th_value in = net_input(&n, 12, 9, 3), v = net_conv(&n, in, 11, net_same(3, 1));
    v = mean_over(net_depthwise(&n, v, net_same(5, 2)), "mean", 2);
    net_output(&n, mean_over(net_point(&n, v, 7), "mean", 1));
    v = mean_over(net_conv(&n, in, 9, net_same(3, 1)), "sum", 1);
    CU_ASSERT_EQUAL_FATAL(th_graph_add_output(n.g, "z", net_point(&n, v, 3)), TH_OK);
    write_net("means");
}

/* A window, then all of the map in one pixel: every type that accumulates. */
static void reduced(const char *name, enum th_dtype dt, const char *op)
{
    const int64_t f[2] = {3, 3}, one[2] = {1, 1}, pad[4] = {1, 1, 1, 1}, none[4] = {0, 0, 0, 0};
    const int64_t all[2] = {11, 9}, axes[2] = {1, 2};
    const struct th_attr window[] = {test_ints("filter", 2, f), test_ints("stride", 2, one),
                                     test_ints("pad", 4, pad), {.name = NULL}};
    const struct th_attr whole[] = {test_ints("filter", 2, all), test_ints("stride", 2, one),
                                    test_ints("pad", 4, none), {.name = NULL}};
    const struct th_attr over[] = {test_ints("axes", 2, axes), flag("keep_dims", true),
                                   {.name = NULL}};
    const bool pools = strstr(op, "_pool2d") != NULL;
    const int64_t zero = dt == TH_DT_U8 ? 120 : 0;
    net_open(&n);
    struct th_type t = test_type(n.g, dt, dt == TH_DT_F32 ? 0.0f : 0.05f, zero, 4, 1, 11, 9, 5);
    const th_value x = th_graph_add_input(n.g, "x", &t);
    const th_value v = test_node(n.g, "max_pool2d", &t, window, 1, x);
    t.dims[1] = t.dims[2] = 1;
    net_output(&n, test_node(n.g, op, &t, pools ? whole : over, 1, v));
    write_net(name);
}

static void test_reductions(void)
{
    reduced("average-u8", TH_DT_U8, "avg_pool2d");
    reduced("average-f32", TH_DT_F32, "avg_pool2d");
    reduced("most-s16", TH_DT_S16, "max_pool2d");
    reduced("most-f32", TH_DT_F32, "max_pool2d");
    reduced("mean-s16", TH_DT_S16, "mean");
    reduced("mean-u8", TH_DT_U8, "mean");
    reduced("sum-f32", TH_DT_F32, "sum");
}

/* Nodes 2 and 11 make maps that gate themselves. */
static void test_gates(void)
{
    net_open(&n);
    th_value x = net_conv(&n, net_input(&n, 16, 18, 3), 4, net_same(3, 1));
    th_value v = net_depthwise(&n, net_point(&n, x, 24), net_same(5, 1));
    x = net_add(&n, net_point(&n, net_gate(&n, v, 5, true), 4), x);
    v = net_depthwise(&n, net_point(&n, x, 17), net_same(3, 2));
    net_output(&n, net_point(&n, net_gate(&n, v, 3, false), 6));
    write_net("gates");
}

/* 1,000 nodes. */
static void test_thousand(void)
{
    net_open(&n);
    th_value v = net_conv(&n, net_input(&n, 24, 24, 3), 8, net_same(3, 1));
    for (int i = 0; i < 249; i++) {
        const th_value inner = net_depthwise(&n, net_point(&n, v, 24), net_same(3, 1));
        v = net_add(&n, net_point(&n, inner, 8), v);
    }
    net_output(&n, mean(net_point(&n, net_conv(&n, v, 8, net_same(3, 2)), 12)));
    write_net("thousand");
}

/* Nodes 1 to 3 and 5 to 7 widen, convolve each channel and narrow; 4 adds what came in. */
static void test_bottlenecks(void)
{
    net_open(&n);
    th_value x = net_conv(&n, net_input(&n, 19, 18, 3), 5, net_same(3, 2));
    th_value v = net_depthwise(&n, net_point(&n, x, 17), net_same(5, 1));
    x = net_add(&n, net_point(&n, v, 5), x);
    v = net_depthwise(&n, net_point(&n, x, 24), net_same(7, 2));
    net_output(&n, net_point(&n, v, 9));
    write_net("bottlenecks");
}

/* Channels first, with a scale and an offset for each channel in front: no rows as it is. */
static void test_first(void)
{
    static const float scale[3] = {0.25f, 0.5f, 0.125f}, offset[3] = {0.5f, -0.25f, 1};
    const int64_t perm[4] = {0, 2, 3, 1};
    const struct th_attr last[] = {test_ints("perm", 4, perm), {.name = NULL}};
    net_open(&n);
    const struct th_type x = test_type(n.g, TH_DT_F32, 0, 0, 4, 1, 3, 9, 11);
    const struct th_type few = test_type(n.g, TH_DT_F32, 0, 0, 4, 1, 3, 1, 1);
    th_value v = th_graph_add_input(n.g, "x", &x);
    v = test_node(n.g, "mul", NULL, NULL, 2, v, th_graph_const_copy(n.g, "scale", &few, scale));
    v = test_node(n.g, "add", NULL, NULL, 2, v, th_graph_const_copy(n.g, "off", &few, offset));
    v = of_like("quantize", test_node(n.g, "transpose", NULL, last, 1, v), 9, 11, 3, NULL);
    v = net_conv(&n, v, 8, net_same(3, 1));
    net_output(&n, net_conv(&n, v, 4, net_same(3, 2)));
    write_net("first");
}

/* All pixels in a row of real numbers, made a map behind the quantize. */
static void test_flat(void)
{
    const int64_t shape[4] = {1, 9, 11, 3};
    const struct th_attr map[] = {test_ints("shape", 4, shape), {.name = NULL}};
    net_open(&n);
    const struct th_type x = test_type(n.g, TH_DT_F32, 0, 0, 4, 1, 1, 1, 9 * 11 * 3);
    th_value v = of_like("quantize", th_graph_add_input(n.g, "x", &x), 1, 1, 9 * 11 * 3, NULL);
    v = net_conv(&n, of_like("reshape", v, 9, 11, 3, map), 8, net_same(3, 1));
    net_output(&n, net_conv(&n, v, 4, net_same(3, 2)));
    write_net("flat");
}

int main(void)
{
    static const CU_TestInfo tests[] = {{"up", test_up}, {"decoder", test_decoder},
                                        {"bottlenecks", test_bottlenecks},
                                        {"blocks", test_blocks}, {"branches", test_branches},
                                        {"reductions", test_reductions},
                                        {"means", test_means}, {"gates", test_gates},
                                        {"thousand", test_thousand}, {"first", test_first},
                                        {"flat", test_flat},
                                        CU_TEST_INFO_NULL};
    return test_main("networks for tile loops", tests);
}
