/* SPDX-License-Identifier: Apache-2.0 */
/* Small networks of windowed operators, for tests of tile loops. */
#ifndef TESTS_UNIT_TILE_NETS_H
#define TESTS_UNIT_TILE_NETS_H

#include "tests/unit/graph_util.h"

#include <stdio.h>

struct net {
    struct th_ctx *ctx;
    struct th_program *p;
    struct th_graph *g;
    struct test_log log;
    uint32_t seed;
};

static inline void net_open(struct net *n)
{
    *n = (struct net){.ctx = th_ctx_new(), .seed = 7};
    n->p = th_program_new(n->ctx);
    n->g = th_program_add_function(n->p, "run");
    th_str_init(&n->log.text);
    th_ctx_set_sink(n->ctx, test_sink, &n->log);
}

static inline void net_close(struct net *n)
{
    th_program_free(n->p);
    th_ctx_free(n->ctx);
    th_str_release(&n->log.text);
}

static inline struct th_type net_type(struct net *n, int h, int w, int c)
{
    return test_type(n->g, TH_DT_S8, 0.05f, 3, 4, 1, h, w, c);
}

static inline th_value net_input(struct net *n, int h, int w, int c)
{
    struct th_type t = net_type(n, h, w, c);
    return th_graph_add_input(n->g, "x", &t);
}

struct net_window {
    int kernel, stride, dilation;
    int pad[4];
};

static inline th_value net_windowed(struct net *n, const char *op, th_value x, int channels,
                                    struct net_window k, th_value weights, th_value bias)
{
    const struct th_type *t = th_value_type(n->g, x);
    int64_t stride[2] = {k.stride, k.stride}, dilation[2] = {k.dilation, k.dilation}, pad[4];
    const int reach = (k.kernel - 1) * k.dilation + 1;
    for (int i = 0; i < 4; i++)
        pad[i] = k.pad[i];
    struct th_attr a[] = {test_ints("stride", 2, stride), test_ints("dilation", 2, dilation),
                          test_ints("pad", 4, pad), {.name = NULL}};
    struct th_type out = net_type(n, (int)(t->dims[1] + pad[0] + pad[2] - reach) / k.stride + 1,
                                  (int)(t->dims[2] + pad[1] + pad[3] - reach) / k.stride + 1,
                                  channels);
    return test_node(n->g, op, &out, a, 3, x, weights, bias);
}

/* pad: above, left, below, right */
static inline th_value net_conv(struct net *n, th_value x, int channels, struct net_window k)
{
    const struct th_type *t = th_value_type(n->g, x);
    struct th_type wt = test_type(n->g, TH_DT_S8, 0.01f, 0, 4, channels, k.kernel, k.kernel,
                                  (int)t->dims[3]);
    struct th_type bt = test_type(n->g, TH_DT_S32, 0.0005f, 0, 1, channels);
    th_value weights = test_const(n->g, &wt, n->seed++), bias = test_const(n->g, &bt, n->seed++);
    return net_windowed(n, "conv2d", x, channels, k, weights, bias);
}

static inline th_value net_depthwise(struct net *n, th_value x, struct net_window k)
{
    const int channels = (int)th_value_type(n->g, x)->dims[3];
    struct th_type wt = test_type(n->g, TH_DT_S8, 0.01f, 0, 4, 1, k.kernel, k.kernel, channels);
    struct th_type bt = test_type(n->g, TH_DT_S32, 0.0005f, 0, 1, channels);
    th_value weights = test_const(n->g, &wt, n->seed++), bias = test_const(n->g, &bt, n->seed++);
    return net_windowed(n, "depthwise_conv2d", x, channels, k, weights, bias);
}

static inline struct net_window net_same(int kernel, int stride)
{
    const int p = kernel / 2;
    return (struct net_window){kernel, stride, 1, {p, p, p, p}};
}

static inline th_value net_point(struct net *n, th_value x, int channels)
{
    return net_conv(n, x, channels, net_same(1, 1));
}

static inline th_value net_add(struct net *n, th_value a, th_value b)
{
    return test_node(n->g, "add", th_value_type(n->g, a), NULL, 2, a, b);
}

/* A map times a value for each channel made of its mean, or means over columns, then rows: nodes
 * `mean` (one or two), two 1x1 convolutions, `mul`. */
static inline th_value net_gate(struct net *n, th_value x, int inner, bool two)
{
    const struct th_type *t = th_value_type(n->g, x);
    const int h = (int)t->dims[1], c = (int)t->dims[3];
    const int64_t both[2] = {1, 2};
    const struct th_attr keep = {.name = "keep_dims", .kind = TH_ATTR_BOOL, .v.i = 1};
    const struct th_attr end = {.name = NULL};
    struct th_attr all[] = {test_ints("axes", 2, both), keep, end};
    struct th_attr columns[] = {test_ints("axes", 1, both + 1), keep, end};
    struct th_attr rows[] = {test_ints("axes", 1, both), keep, end};
    struct th_type one = net_type(n, 1, 1, c), column = net_type(n, h, 1, c), full = *t;
    th_value v = two ? test_node(n->g, "mean", &one, rows, 1,
                                 test_node(n->g, "mean", &column, columns, 1, x))
                     : test_node(n->g, "mean", &one, all, 1, x);
    v = net_point(n, net_point(n, v, inner), c);
    return test_node(n->g, "mul", &full, NULL, 2, x, v);
}

static inline void net_output(struct net *n, th_value v)
{
    CU_ASSERT_EQUAL_FATAL(th_graph_add_output(n->g, "y", v), TH_OK);
}

static inline enum th_status net_split(struct net *n, const char *groups)
{
    char text[400];
    snprintf(text, sizeof text, "patch-split{groups=%s}", groups);
    struct th_pipeline_run run = {.pipeline = "inference", .passes = text, .verify = true};
    return th_pipeline_run(n->p, &run);
}

static inline th_node net_loop(const struct net *n, uint32_t k)
{
    for (th_node i = th_graph_first(n->g); i; i = th_graph_next(n->g, i))
        if (th_node_is(n->g, i, "tile_loop") && k-- == 0)
            return i;
    return 0;
}

#endif
