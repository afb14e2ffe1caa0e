/* SPDX-License-Identifier: Apache-2.0 */
/* patch-split with groups given: what is formed computes the same, what cannot be is said. */
#include "passes/patch_split/choose.h"
#include "tests/unit/tile_nets.h"

static struct net n;

static void same_after(th_value y, const char *groups)
{
    char text[400];
    net_output(&n, y);
    snprintf(text, sizeof text, "patch-split{groups=%s}", groups);
    test_same_after(n.p, text, 0);
    CU_ASSERT_STRING_EQUAL(n.log.text.s, "");
}

static void refused(th_value y, const char *groups, const char *why)
{
    net_output(&n, y);
    CU_ASSERT_NOT_EQUAL(net_split(&n, groups), TH_OK);
    if (!strstr(n.log.text.s, why))
        printf("\n%s", n.log.text.s);
    CU_ASSERT_PTR_NOT_NULL(strstr(n.log.text.s, why));
}

/* stem, bottleneck with a skip, strided block: nodes 0 to 8 */
static th_value network(void)
{
    th_value v = net_conv(&n, net_input(&n, 13, 11, 3), 4, net_same(3, 1)), x = v;
    v = net_depthwise(&n, net_point(&n, v, 9), net_same(5, 1));
    v = net_add(&n, net_point(&n, v, 4), x);
    v = net_depthwise(&n, net_point(&n, v, 7), net_same(3, 2));
    return net_point(&n, net_point(&n, v, 5), 6);
}

static void test_same(void)
{
    static const char *const groups[] = {
        "0-8:stream:1", "0-8:stream:0", "0-8:stream:3", "0-4:stream:1+5-8:strips:2x0@8",
        "0-8:strips:3x0@4:2x0@8", "0-8:strips:2:3x0@4:1x3@8", "1-4:stream:1", "0-4:strips:5x4@4",
        "0-8:strips:3-1x0@4:2-1x0@8", "0-8:strips:2:4-3x0@4:3-2x3@8",
        "2-3:stream:2+5-6:stream:1"};
    for (size_t i = 0; i < TH_ARRAY_LEN(groups); i++) {
        net_open(&n);
        same_after(network(), groups[i]);
        CU_ASSERT_EQUAL(test_count(n.p, "tile_loop"), strchr(groups[i], '+') ? 2 : 1);
        net_close(&n);
    }
}

/* Only the kernel is another one then. */
static void test_planes(void)
{
    net_open(&n);
    same_after(network(), "2:planes+5-6:stream:1");
    CU_ASSERT_EQUAL(test_count(n.p, "tile_loop"), 1);
    net_close(&n);
}

/* Two results of each channel. */
static th_value doubled(th_value x)
{
    const struct th_type *t = th_value_type(n.g, x);
    const int channels = 2 * (int)t->dims[3];
    struct th_attr a[] = {{.name = "multiplier", .kind = TH_ATTR_INT, .v.i = 2}, {.name = NULL}};
    struct th_type wt = test_type(n.g, TH_DT_S8, 0.01f, 0, 4, 1, 1, 1, channels);
    struct th_type bt = test_type(n.g, TH_DT_S32, 0.0005f, 0, 1, channels);
    struct th_type out = net_type(&n, (int)t->dims[1], (int)t->dims[2], channels);
    const th_value weights = test_const(n.g, &wt, n.seed++), bias = test_const(n.g, &bt, n.seed++);
    return test_node(n.g, "depthwise_conv2d", &out, a, 3, x, weights, bias);
}

/* One operator in place of three; what is added behind stays outside. */
static void test_slices(void)
{
    net_open(&n);
    same_after(network(), "1-3:slices+5-7:slices");
    CU_ASSERT_EQUAL(test_count(n.p, "inverted_bottleneck"), 2);
    CU_ASSERT_EQUAL(th_graph_node_count(n.g), 5);
    net_close(&n);
    net_open(&n);
    same_after(network(), "1-3:slices+4-8:stream:1");
    CU_ASSERT_EQUAL(test_count(n.p, "inverted_bottleneck"), 1);
    net_close(&n);
    net_open(&n);                 /* the depthwise result is wanted by others too */
    th_value v = net_depthwise(&n, net_point(&n, net_input(&n, 9, 9, 3), 6), net_same(3, 1));
    refused(net_add(&n, net_point(&n, v, 6), v), "0-2:slices", "is not 1x1 convolution, depthwise");
    net_close(&n);
    net_open(&n);
    v = net_depthwise(&n, net_point(&n, net_input(&n, 9, 9, 3), 6), net_same(3, 1));
    refused(net_conv(&n, v, 4, net_same(3, 1)), "0-2:slices", "are not 1x1");
    net_close(&n);
    net_open(&n);                 /* a channel that becomes two */
    v = net_point(&n, net_input(&n, 9, 9, 3), 6);
    refused(net_point(&n, doubled(v), 4), "0-2:slices", "multiplies channels");
    net_close(&n);
}

/* What is wanted behind the group becomes a result of the loop. */
static void test_results(void)
{
    net_open(&n);
    th_value a = net_conv(&n, net_input(&n, 9, 9, 3), 4, net_same(3, 1));
    th_value b = net_conv(&n, a, 4, net_same(3, 1));
    th_value c = net_add(&n, net_point(&n, b, 4), a);
    net_output(&n, b);
    same_after(c, "0-1:stream:1");
    CU_ASSERT_EQUAL(th_node_output_count(n.g, net_loop(&n, 0)), 2);
    net_close(&n);
}

/* Views at the rim of a range move out of it, others are refused. */
static void test_views(void)
{
    int64_t flat[] = {1, 81, 4}, back[] = {1, 9, 9, 4};
    struct th_attr f[] = {test_ints("shape", 3, flat), {.name = NULL}};
    struct th_attr b[] = {test_ints("shape", 4, back), {.name = NULL}};
    net_open(&n);
    th_value x = net_input(&n, 9, 9, 4);
    th_value v = test_node(n.g, "reshape", NULL, f, 1, x);
    v = test_node(n.g, "reshape", NULL, b, 1, v);
    v = net_conv(&n, v, 4, net_same(3, 1));
    same_after(net_point(&n, v, 2), "0-3:stream:1");
    CU_ASSERT_EQUAL(th_graph_node_count(n.g), 3);
    net_close(&n);
    net_open(&n);
    v = net_conv(&n, net_input(&n, 9, 9, 4), 4, net_same(3, 1));
    v = test_node(n.g, "reshape", NULL, f, 1, v);
    v = test_node(n.g, "reshape", NULL, b, 1, v);
    refused(net_point(&n, v, 2), "0-3:stream:1", "is a view between two nodes");
    net_close(&n);
}

static void test_refused(void)
{
    static const char *const cases[][2] = {
        {"0-9:stream:1", "function 'run' has nodes 0 to 8"},
        {"3-2:stream:1", "function 'run' has nodes 0 to 8"},
        {"0-4:strips:3x0@3:3x0@4", "reads a result inside another stage"},
        {"0-4:strips:0x0@4", "ends a stage without rows"},
        {"0-4:strips:3-3x0@4", "whose first strip, 3 of 3 rows less, has none"},
        {"0-4:strips:3-x0@4", "is no group"},
        {"0-4:strips:3x0@3", "belongs to no stage"},
        {"0-4:strips:3x0@6", "stage 0 ends with node 6"},
        {"0-3:strips:3x0@3", "is wanted outside of the group"},
        {"0-3:stream:1+3-5:stream:1", "belongs to a group before it"},
        {"0-3:rows", "is no group"},
        {"0-3:stream:", "is no group"},
        {"2-3:planes", "is no group"},
        {"2:slices", "does not end a group of three"},
        {"1-4:slices", "does not end a group of three"},
        {"2-4:slices", "is not 1x1 convolution, depthwise"},
        {"7-9:slices", "function 'run' has nodes 0 to 8"},
        {"0-3:stream:1,2", "no option '2'"},
        {"7/0-3:stream:1", "no function 7"},
    };
    for (size_t i = 0; i < TH_ARRAY_LEN(cases); i++) {
        net_open(&n);
        refused(network(), cases[i][0], cases[i][1]);
        net_close(&n);
    }
}

/* Accumulating ends a group; what is wanted whole cannot be made inside it. */
static void test_accumulating(void)
{
    int64_t axes[] = {1, 2};
    struct th_attr a[] = {test_ints("axes", 2, axes), {.name = "keep_dims", .kind = TH_ATTR_BOOL,
                                                       .v.i = 1}, {.name = NULL}};
    net_open(&n);
    th_value v = net_conv(&n, net_input(&n, 9, 9, 4), 4, net_same(3, 1));
    struct th_type t = net_type(&n, 1, 1, 4);
    same_after(test_node(n.g, "mean", &t, a, 1, v), "0-1:stream:1");
    net_close(&n);
    net_open(&n);
    v = net_conv(&n, net_input(&n, 9, 9, 4), 4, net_same(3, 1));
    t = net_type(&n, 1, 1, 4);
    th_value gate = test_node(n.g, "mean", &t, a, 1, v);
    refused(test_node(n.g, "mul", th_value_type(n.g, v), NULL, 2, v, gate), "0-2:stream:1",
            "accumulates: it must be the last");
    net_close(&n);
}

/* ---- twice --------------------------------------------------------------------------------- */
/* conv, depthwise, mean, 1x1, product, 1x1: nodes 0 to 5 */
static th_value gated(void)
{
    int64_t axes[] = {1, 2};
    struct th_attr a[] = {test_ints("axes", 2, axes), {.name = "keep_dims", .kind = TH_ATTR_BOOL,
                                                       .v.i = 1}, {.name = NULL}};
    th_value v = net_conv(&n, net_input(&n, 9, 9, 3), 4, net_same(3, 1));
    v = net_depthwise(&n, v, net_same(3, 1));
    struct th_type t = net_type(&n, 1, 1, 4);
    th_value gate = net_point(&n, test_node(n.g, "mean", &t, a, 1, v), 4);
    v = test_node(n.g, "mul", th_value_type(n.g, v), NULL, 2, v, gate);
    return net_point(&n, v, 6);
}

static void test_twice_forced(void)
{
    net_open(&n);
    net_output(&n, gated());
    test_same_after(n.p, "patch-split{twice=1,groups=0-2:stream:1+4-7:strips:3x0@7}", 0);
    CU_ASSERT_STRING_EQUAL(n.log.text.s, "");
    CU_ASSERT_EQUAL(th_graph_node_count(n.g), 3);
    net_close(&n);
    static const char *const wrong[] = {"patch-split{twice=0}", "patch-split{twice=1+1}",
                                        "patch-split{twice=x}", "patch-split{twice=1+}"};
    for (size_t i = 0; i < TH_ARRAY_LEN(wrong); i++) {
        struct th_pipeline_run run = {.pipeline = "inference", .passes = wrong[i]};
        net_open(&n);
        net_output(&n, gated());
        const bool refused = th_pipeline_run(n.p, &run) != TH_OK;
        CU_ASSERT(refused);
        net_close(&n);
    }
}

/* Nodes 0 stem, 1 expansion, 2 depthwise, 3 mean, 4 5 gate, 6 product, 7 projection, 8 sum. */
static th_value excited(bool two)
{
    th_value x = net_conv(&n, net_input(&n, 13, 11, 3), 4, net_same(3, 1));
    th_value v = net_depthwise(&n, net_point(&n, x, 9), net_same(5, 1));
    return net_add(&n, net_point(&n, net_gate(&n, v, 3, two), 4), x);
}

static void test_twice(void)
{
    static const char *const cases[] = {
        "0-8:stream:1,twice=2", /* not to be formed: the mean is read inside */
        "1-3:stream:1+6-10:stream:1,twice=2", "1-3:stream:0+6-10:strips:3x0@10,twice=2",
        "0-3:stream:2+6-9:strips:2:2x3@7:3x4@9,twice=2"};
    for (size_t i = 0; i < TH_ARRAY_LEN(cases); i++) {
        net_open(&n);
        if (i == 0)
            refused(excited(false), cases[i], "accumulates: it must be the last");
        else
            same_after(excited(false), cases[i]);
        CU_ASSERT_EQUAL(test_count(n.p, "tile_loop"), i ? 2 : 0);
        net_close(&n);
    }
    net_open(&n);
    same_after(excited(true), "1-4:stream:1+7-11:stream:1,twice=2");
    CU_ASSERT_EQUAL(test_count(n.p, "tile_loop"), 2);
    net_close(&n);
    net_open(&n);
    net_output(&n, excited(true));
    struct th_pipeline_run run = {.pipeline = "inference", .passes = "patch-split{twice=2}",
                                  .verify = true};
    CU_ASSERT_EQUAL(th_pipeline_run(n.p, &run), TH_OK);
    CU_ASSERT_EQUAL(test_count(n.p, "depthwise_conv2d"), 2);
    CU_ASSERT_EQUAL(test_count(n.p, "conv2d"), 1 + 2 + 2 + 1);
    net_close(&n);
}

/* Two blocks: the second one's place is that in the function as it was. Maps that nothing gates;
 * one made of two. */
static void test_twice_several(void)
{
    net_open(&n);
    th_value v = net_depthwise(&n, net_point(&n, net_input(&n, 9, 9, 2), 8), net_same(3, 1));
    v = net_point(&n, net_gate(&n, v, 2, false), 3);
    v = net_gate(&n, net_depthwise(&n, net_point(&n, v, 7), net_same(3, 1)), 2, true);
    same_after(net_point(&n, v, 4), "0-2:stream:1+5-8:stream:0+9-12:stream:1+15-18:stream:3,"
                                    "twice=8+1");
    CU_ASSERT_EQUAL(test_count(n.p, "tile_loop"), 4);
    net_close(&n);
    static const char *const wrong[][2] = {
        {"twice=0", "node 0 of function 'run' cannot run twice"},
        {"twice=7", "node 7 of function 'run' cannot run twice"},
        {"twice=99", "node 99 of function 'run' cannot run twice"},
        {"twice=2+2", "node 2 of function 'run' cannot run twice"},
        {"twice=1/2", "no function 1"},
        {"twice=2.3", "is no list of nodes"},
        {"twice=.", "is no list of nodes"}};
    for (size_t i = 0; i < TH_ARRAY_LEN(wrong); i++) {
        char text[80];
        net_open(&n);
        net_output(&n, excited(false));
        snprintf(text, sizeof text, "patch-split{%s}", wrong[i][0]);
        struct th_pipeline_run run = {.pipeline = "inference", .passes = text, .verify = true};
        CU_ASSERT_NOT_EQUAL(th_pipeline_run(n.p, &run), TH_OK);
        if (!strstr(n.log.text.s, wrong[i][1]))
            printf("\n%s", n.log.text.s);
        CU_ASSERT_PTR_NOT_NULL(strstr(n.log.text.s, wrong[i][1]));
        net_close(&n);
    }
    net_open(&n);
    v = net_point(&n, net_conv(&n, net_input(&n, 9, 9, 2), 16, net_same(3, 1)), 8);
    v = net_gate(&n, net_add(&n, v, net_point(&n, v, 8)), 2, false);
    refused(v, "0-1:stream:1,twice=3", "cannot run twice");
    net_close(&n);
}

/* ---- what is chosen -------------------------------------------------------------------------- */
#define FORMS 5

/* Three nodes on maps of 24 columns, all in one group: single nodes, rows, runs of 4, 2, 1. */
struct choices {
    struct th_fuse_tensor tensors[4];
    struct th_fuse_node nodes[3];
    struct th_split_price price[3];
    struct th_split_net net;
    struct th_fuse_group groups[FORMS];
    struct th_fuse_point points[FORMS];
    struct th_fuse_front front;
};

static void prepare(struct choices *c, bool pixel)
{
    static const int32_t runs[FORMS] = {0, 0, 4, 2, 1};
    *c = (struct choices){.front = {.points = c->points, .n_points = FORMS, .base_macs = 3000}};
    for (uint32_t i = 0; i < 4; i++)
        c->tensors[i] = (struct th_fuse_tensor){.h = 24, .w = 24, .pixel_bytes = 8};
    for (uint32_t i = 0; i < 3; i++) {
        c->nodes[i] = (struct th_fuse_node){.out = i + 1, .macs = 1000};
        c->price[i] = (struct th_split_price){.cycles = 1e6, .pixel = pixel};
    }
    c->net.net = (struct th_fuse_net){c->tensors, 4, c->nodes, 3};
    c->net.price = c->price;
    for (uint32_t i = 0; i < FORMS; i++) {
        c->groups[i] = (struct th_fuse_group){.how = i ? TH_FUSE_STREAM : TH_FUSE_SINGLE, .last = 3,
                                              .run = runs[i], .macs = 3000};
        c->points[i] = (struct th_fuse_point){.peak = 5000, .macs = 3000,
                                              .groups = &c->groups[i], .n_groups = 1};
    }
}

static uint32_t chosen(const struct choices *c, enum th_objective objective, int64_t room)
{
    const struct th_split_wish wish = {objective, room, room};
    bool fits = false;
    const uint32_t p = th_split_choose(&c->net, &c->front, &wish, &fits);
    CU_ASSERT(fits);
    return p;
}

/* Estimates rise as the measured instructions do; of forms that need as much memory the cheapest
 * is taken, wherever it stands; a dearer one only for less memory, and with -O balanced only where
 * it costs little. */
static void test_cheapest(void)
{
    struct choices c;
    for (int pixel = 0; pixel < 2; pixel++) {
        prepare(&c, pixel);
        for (uint32_t i = 1; i < FORMS; i++)
            CU_ASSERT(th_split_estimate(&c.net, &c.points[i - 1]) <
                      th_split_estimate(&c.net, &c.points[i]));
        CU_ASSERT_EQUAL(th_split_estimate(&c.net, &c.points[0]), 1000);
        CU_ASSERT(th_split_estimate(&c.net, &c.points[1]) <= 1050);
        CU_ASSERT(th_split_estimate(&c.net, &c.points[4]) > 1050);
        CU_ASSERT(!pixel || th_split_estimate(&c.net, &c.points[4]) <= 1150);
    }
    for (uint32_t cheap = 0; cheap < FORMS; cheap++) {
        /* the others have the dearest form, wherever the cheap one stands */
        prepare(&c, true);
        for (uint32_t i = 0; i < FORMS; i++)
            c.points[i].groups = &c.groups[i == cheap ? 1 : 4];
        CU_ASSERT_EQUAL(chosen(&c, TH_OPT_BALANCED, 0), cheap);
        CU_ASSERT_EQUAL(chosen(&c, TH_OPT_BALANCED, 6000), cheap);
        CU_ASSERT_EQUAL(chosen(&c, TH_OPT_RAM, 0), cheap);
    }
    prepare(&c, true);
    for (uint32_t i = 0; i < FORMS; i++)
        c.points[i].peak = 5000 - 1000 * (int64_t)i;
    CU_ASSERT_EQUAL(chosen(&c, TH_OPT_BALANCED, 0), 1);    /* the next ones cost more than 5 % */
    CU_ASSERT_EQUAL(chosen(&c, TH_OPT_BALANCED, 4000), 1);
    CU_ASSERT_EQUAL(chosen(&c, TH_OPT_BALANCED, 3999), 2); /* the cheapest that fits */
    CU_ASSERT_EQUAL(chosen(&c, TH_OPT_BALANCED, 2500), 3);
    CU_ASSERT_EQUAL(chosen(&c, TH_OPT_TIME, 4500), 1);
    CU_ASSERT_EQUAL(chosen(&c, TH_OPT_RAM, 0), 4);
}

int main(void)
{
    static const CU_TestInfo tests[] = {{"same results", test_same},
                                        {"planes", test_planes},
                                        {"slices", test_slices},
                                        {"several results", test_results},
                                        {"views", test_views},
                                        {"refused", test_refused},
                                        {"accumulating", test_accumulating},
                                        {"twice, forced", test_twice_forced},
                                        {"twice", test_twice},
                                        {"twice, several", test_twice_several},
                                        {"the cheapest that fits", test_cheapest},
                                        CU_TEST_INFO_NULL};
    return test_main("patch-split", tests);
}
