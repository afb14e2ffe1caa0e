/* SPDX-License-Identifier: Apache-2.0 */
/* Small networks of layers along time, for tests of --feed frames. */
#ifndef TESTS_UNIT_FRAME_NETS_H
#define TESTS_UNIT_FRAME_NETS_H

#include "tests/unit/tile_nets.h"

struct series {
    struct net n;
    int h, w, c;
};
typedef void build_fn(struct series *s);

/* ---- layers along time --------------------------------------------------------------------- */
struct along {
    int kernel, stride, dilation, before, after;
};

static inline struct th_type map(struct series *s, int64_t h, int64_t w, int64_t c)
{
    return net_type(&s->n, (int)h, (int)w, (int)c);
}

static inline th_value windowed(struct series *s, const char *op, th_value x, int channels,
                                struct along k)
{
    const struct th_type *t = th_value_type(s->n.g, x);
    const int64_t stride[2] = {k.stride, 1}, dilation[2] = {k.dilation, 1};
    const int64_t pad[4] = {k.before, 0, k.after, 0};
    const int reach = (k.kernel - 1) * k.dilation + 1;
    const bool depthwise = op[0] == 'd';
    struct th_type wt = test_type(s->n.g, TH_DT_S8, 0.01f, 0, 4, depthwise ? 1 : channels, k.kernel,
                                  1, depthwise ? channels : (int)t->dims[3]);
    struct th_type bt = test_type(s->n.g, TH_DT_S32, 0.0005f, 0, 1, channels);
    struct th_attr a[] = {test_ints("stride", 2, stride), test_ints("dilation", 2, dilation),
                          test_ints("pad", 4, pad), {.name = NULL}};
    struct th_type out = map(s, (t->dims[1] + k.before + k.after - reach) / k.stride + 1,
                             t->dims[2], channels);
    const th_value weights = test_const(s->n.g, &wt, s->n.seed++);
    const th_value bias = test_const(s->n.g, &bt, s->n.seed++);
    return test_node(s->n.g, op, &out, a, 3, x, weights, bias);
}

static inline th_value conv(struct series *s, th_value x, int channels, struct along k)
{
    return windowed(s, "conv2d", x, channels, k);
}

static inline th_value depthwise(struct series *s, th_value x, struct along k)
{
    return windowed(s, "depthwise_conv2d", x, (int)th_value_type(s->n.g, x)->dims[3], k);
}

static inline struct along causal(int kernel, int stride, int dilation)
{
    return (struct along){kernel, stride, dilation, (kernel - 1) * dilation, 0};
}

static inline struct along valid(int kernel, int stride)
{
    return (struct along){kernel, stride, 1, 0, 0};
}

static inline th_value slice(struct series *s, th_value x, int64_t from, int64_t n, int64_t step)
{
    const struct th_type *t = th_value_type(s->n.g, x);
    const int64_t begin[4] = {0, from, 0, 0}, size[4] = {1, n, t->dims[2], t->dims[3]};
    const int64_t stride[4] = {1, step, 1, 1};
    struct th_attr a[] = {test_ints("begin", 4, begin), test_ints("size", 4, size),
                          test_ints("stride", 4, stride), {.name = NULL}};
    return test_node(s->n.g, "slice", NULL, a, 1, x);
}

static inline th_value newest(struct series *s, th_value x)
{
    return slice(s, x, th_value_type(s->n.g, x)->dims[1] - 1, 1, 1);
}

static inline th_value pool(struct series *s, const char *op, th_value x, struct along k)
{
    const struct th_type *t = th_value_type(s->n.g, x);
    const int64_t filter[2] = {k.kernel, 1}, stride[2] = {k.stride, 1};
    const int64_t pad[4] = {k.before, 0, k.after, 0};
    struct th_attr a[] = {test_ints("filter", 2, filter), test_ints("stride", 2, stride),
                          test_ints("pad", 4, pad), {.name = NULL}};
    struct th_type out = map(s, (t->dims[1] + k.before + k.after - k.kernel) / k.stride + 1,
                             t->dims[2], t->dims[3]);
    return test_node(s->n.g, op, &out, a, 1, x);
}

static inline th_value mean(struct series *s, th_value x, bool keep)
{
    const struct th_type *t = th_value_type(s->n.g, x);
    const int64_t axes[2] = {1, 2};
    struct th_attr a[] = {test_ints("axes", 2, axes),
                          {.name = "keep_dims", .kind = TH_ATTR_BOOL, .v.i = keep}, {.name = NULL}};
    struct th_type out = map(s, 1, 1, t->dims[3]);
    if (!keep) {
        out.rank = 2;
        out.dims[1] = t->dims[3];
    }
    return test_node(s->n.g, "mean", &out, a, 1, x);
}

static inline th_value reshape(struct series *s, th_value x, uint32_t rank, const int64_t *dims)
{
    struct th_attr a[] = {test_ints("shape", rank, dims), {.name = NULL}};
    return test_node(s->n.g, "reshape", NULL, a, 1, x);
}

static inline th_value dense(struct series *s, th_value x, int n)
{
    const struct th_type *t = th_value_type(s->n.g, x);
    const int64_t in = t->dims[t->rank - 1];
    struct th_type wt = test_type(s->n.g, TH_DT_S8, 0.01f, 0, 2, n, (int)in);
    struct th_type bt = test_type(s->n.g, TH_DT_S32, 0.0005f, 0, 1, n);
    struct th_type out = test_type(s->n.g, TH_DT_S8, 0.05f, 3, 2, 1, n);
    const th_value weights = test_const(s->n.g, &wt, s->n.seed++);
    const th_value bias = test_const(s->n.g, &bt, s->n.seed++);
    return test_node(s->n.g, "fully_connected", &out, NULL, 3, x, weights, bias);
}

static inline th_value of_attr(struct series *s, const char *op, struct th_attr a, int n,
                               th_value x, th_value y)
{
    const struct th_attr list[] = {a, {.name = NULL}};
    return test_node(s->n.g, op, NULL, list, n, x, y);
}

static inline th_value start(struct series *s)
{
    return net_input(&s->n, s->h, s->w, s->c);
}

/* ---- networks ------------------------------------------------------------------------------ */
static inline th_value block(struct series *s, th_value x, int dilation)
{
    th_value v = conv(s, depthwise(s, x, causal(3, 1, dilation)), 5, valid(1, 1));
    return net_add(&s->n, v, x);
}

static inline void causal_stack(struct series *s)
{
    th_value v = conv(s, start(s), 5, causal(3, 1, 1));
    v = block(s, block(s, block(s, v, 1), 2), 4);
    const int64_t flat[2] = {1, 5};
    net_output(&s->n, dense(s, reshape(s, newest(s, v), 2, flat), 4));
}

static inline void causal_strides(struct series *s)
{
    th_value v = conv(s, start(s), 4, causal(3, 2, 1));
    v = conv(s, v, 6, causal(2, 1, 2));
    v = pool(s, "max_pool2d", v, valid(2, 2));
    net_output(&s->n, newest(s, v));
}

static inline void means(struct series *s)
{
    th_value v = conv(s, start(s), 4, valid(4, 1));
    v = depthwise(s, v, valid(3, 1));
    net_output(&s->n, dense(s, mean(s, v, false), 3));
}

static inline void same_padding(struct series *s)
{
    th_value v = conv(s, start(s), 4, (struct along){3, 1, 1, 1, 1});
    v = conv(s, v, 4, (struct along){3, 1, 1, 1, 1});
    net_output(&s->n, mean(s, v, true));
}

/* Two outputs: a sequence, and what is made of it and of the input cut to match. */
static inline void sequences(struct series *s)
{
    const th_value x = start(s), v = conv(s, x, s->c, valid(5, 1));
    net_output(&s->n, v);
    net_output(&s->n, net_add(&s->n, slice(s, x, 2, s->h - 4, 1), v));
}

static inline void joined(struct series *s)
{
    const th_value x = conv(s, start(s), 3, valid(1, 1));
    const th_value a = conv(s, x, 2, valid(3, 1)), b = pool(s, "avg_pool2d", x, valid(3, 1));
    th_value v = of_attr(s, "concat", test_int("axis", 3), 2, a, b);
    v = conv(s, v, 4, valid(3, 1));
    const int64_t flat[2] = {1, (s->h - 4) * s->w * 4};
    net_output(&s->n, dense(s, reshape(s, v, 2, flat), 3));
}

/* Padding of its own, channels in front for a while. */
static inline void moved(struct series *s)
{
    const int64_t before[4] = {0, 4, 0, 0}, after[4] = {0}, turn[4] = {0, 3, 1, 2};
    const int64_t back[4] = {0, 2, 3, 1};
    const struct th_attr p[] = {test_ints("before", 4, before), test_ints("after", 4, after),
                                {.name = NULL}};
    th_value v = test_node(s->n.g, "pad", NULL, p, 1, start(s));
    v = conv(s, v, 4, valid(5, 1));
    v = of_attr(s, "transpose", test_ints("perm", 4, turn), 1, v, 0);
    v = of_attr(s, "transpose", test_ints("perm", 4, back), 1, v, 0);
    net_output(&s->n, newest(s, conv(s, v, 3, causal(3, 1, 1))));
}

/* A constant row for each frame does not move with the frames. */
static inline void positions(struct series *s)
{
    th_value v = conv(s, start(s), 4, valid(3, 1));
    struct th_type t = *th_value_type(s->n.g, v);
    v = net_add(&s->n, v, test_const(s->n.g, &t, s->n.seed++));
    net_output(&s->n, newest(s, conv(s, v, 2, valid(2, 1))));
}

/* The newest rows are not the ones that are read. */
static inline void older(struct series *s)
{
    th_value v = conv(s, start(s), 4, causal(3, 1, 1));
    v = slice(s, v, 4, s->h - 7, 1);
    net_output(&s->n, newest(s, conv(s, v, 3, causal(2, 1, 1))));
}

static inline void backwards(struct series *s)
{
    th_value v = conv(s, start(s), 4, valid(3, 1));
    net_output(&s->n, slice(s, v, s->h - 3, s->h - 3, -1));
}

/* An output that depends on nothing. */
static inline void constant(struct series *s)
{
    struct th_type t = map(s, 2, 3, 4);
    net_output(&s->n, conv(s, start(s), 4, valid(3, 1)));
    net_output(&s->n, test_const(s->n.g, &t, s->n.seed++));
}

/* All of the input, as an operator that no pass takes away. */
static inline void copied(struct series *s)
{
    net_output(&s->n, slice(s, start(s), 0, s->h, 1));
}

static inline void series_open(struct series *s, build_fn *build, int h, int w, int c)
{
    *s = (struct series){.h = h, .w = w, .c = c};
    net_open(&s->n);
    build(s);
}

#endif
