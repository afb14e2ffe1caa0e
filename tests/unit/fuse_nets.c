/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/fuse_nets.h"

#include <stdlib.h>
#include <string.h>

void fuse_open_net(struct fuse_builder *b, struct th_arena *arena, uint32_t room)
{
    b->arena = arena;
    b->room = room;
    b->tensors = TH_NEW_ARRAY(arena, struct th_fuse_tensor, room);
    b->nodes = TH_NEW_ARRAY(arena, struct th_fuse_node, room);
    b->net = (struct th_fuse_net){b->tensors, 0, b->nodes, 0};
    if (!b->tensors || !b->nodes)
        abort();
}

uint32_t fuse_tensor(struct fuse_builder *b, int32_t h, int32_t w, int64_t c)
{
    if (b->net.n_tensors == b->room)
        abort();
    b->tensors[b->net.n_tensors] = (struct th_fuse_tensor){h, w, c, false, false};
    return b->net.n_tensors++;
}

uint32_t fuse_input(struct fuse_builder *b, int32_t h, int32_t w, int64_t c)
{
    uint32_t t = fuse_tensor(b, h, w, c);
    b->tensors[t].is_input = true;
    return t;
}

void fuse_output(struct fuse_builder *b, uint32_t t)
{
    b->tensors[t].is_output = true;
}

static struct th_fuse_node *node(struct fuse_builder *b, enum th_fuse_kind kind, uint32_t out,
                                 uint32_t n, const uint32_t *in)
{
    struct th_fuse_operand *x = TH_NEW_ARRAY(b->arena, struct th_fuse_operand, n);
    struct th_fuse_node *j = &b->nodes[b->net.n_nodes++];
    if (!x || b->net.n_nodes > b->room)
        abort();
    for (uint32_t i = 0; i < n; i++)
        x[i].tensor = in[i];
    *j = (struct th_fuse_node){.kind = kind, .operands = x, .n_operands = n, .out = out};
    return j;
}

static struct th_fuse_span *spans(struct fuse_builder *b, int32_t n, int32_t extent,
                                  struct fuse_axis a)
{
    struct th_fuse_span *s = TH_NEW_ARRAY(b->arena, struct th_fuse_span, (size_t)n);
    if (!s)
        abort();
    for (int32_t i = 0; i < n; i++) {
        int32_t lo = i * a.stride - a.pad, hi = lo + (a.k - 1) * a.dilation + 1;
        s[i] = (struct th_fuse_span){lo < 0 ? 0 : lo, hi > extent ? extent : hi};
    }
    th_fuse_fill_spans(s, n, extent);
    return s;
}

struct th_fuse_node *fuse_window(struct fuse_builder *b, uint32_t x, uint32_t out,
                                 struct fuse_axis rows, struct fuse_axis cols)
{
    struct th_fuse_node *j = node(b, TH_FUSE_WINDOW, out, 1, &x);
    struct th_fuse_operand *o = (struct th_fuse_operand *)j->operands;
    o->rows = spans(b, b->tensors[out].h, b->tensors[x].h, rows);
    o->cols = spans(b, b->tensors[out].w, b->tensors[x].w, cols);
    j->direct = true;
    return j;
}

uint32_t fuse_conv(struct fuse_builder *b, uint32_t x, int64_t c, int32_t k, int32_t stride,
                   int32_t pad, bool dwise)
{
    const struct th_fuse_tensor *t = &b->tensors[x];
    int32_t h = (t->h + 2 * pad - k) / stride + 1, w = (t->w + 2 * pad - k) / stride + 1;
    int64_t ci = t->pixel_bytes, co = dwise ? ci : c;
    struct fuse_axis a = {k, stride, 1, pad};
    uint32_t out = fuse_tensor(b, h, w, co);
    struct th_fuse_node *j = fuse_window(b, x, out, a, a);
    j->macs = (int64_t)h * w * co * k * k * (dwise ? 1 : ci);
    j->planes = dwise;
    t = &b->tensors[x];
    j->plane_scratch = k == 1 ? 1 : (int64_t)(t->h + 2 * pad) * (t->w + 2 * pad);
    return out;
}

uint32_t fuse_add(struct fuse_builder *b, uint32_t x, uint32_t y)
{
    const struct th_fuse_tensor t = b->tensors[x];
    uint32_t out = fuse_tensor(b, t.h, t.w, t.pixel_bytes);
    node(b, TH_FUSE_POINT, out, 2, (uint32_t[]){x, y});
    return out;
}

uint32_t fuse_gate(struct fuse_builder *b, uint32_t x, uint32_t vector)
{
    const struct th_fuse_tensor t = b->tensors[x];
    uint32_t out = fuse_tensor(b, t.h, t.w, t.pixel_bytes);
    struct th_fuse_node *j = node(b, TH_FUSE_POINT, out, 2, (uint32_t[]){x, vector});
    ((struct th_fuse_operand *)j->operands)[1].whole = true;
    return out;
}

uint32_t fuse_mean(struct fuse_builder *b, uint32_t x, int64_t acc)
{
    uint32_t out = fuse_tensor(b, 1, 1, b->tensors[x].pixel_bytes);
    struct th_fuse_node *j = node(b, TH_FUSE_REDUCE, out, 1, &x);
    j->acc_bytes = acc;
    j->acc_alone = 8;
    return out;
}

uint32_t fuse_dense(struct fuse_builder *b, uint32_t x, int64_t c)
{
    uint32_t out = fuse_tensor(b, 1, 1, c);
    struct fuse_axis rows = {b->tensors[x].h, 1, 1, 0}, cols = {b->tensors[x].w, 1, 1, 0};
    struct th_fuse_node *j = fuse_window(b, x, out, rows, cols);
    j->macs = c * b->tensors[x].h * b->tensors[x].w * b->tensors[x].pixel_bytes;
    return out;
}

/* ---- published networks -------------------------------------------------------------------- */
struct block {
    int32_t in, out, expand, stride, pad, k;
};

static uint32_t bottleneck(struct fuse_builder *b, uint32_t x, struct block l, bool residual)
{
    struct th_fuse_node *first = &b->nodes[b->net.n_nodes];
    uint32_t y = fuse_conv(b, x, (int64_t)l.in * l.expand, 1, 1, 0, false);
    y = fuse_conv(b, y, 0, l.k, l.stride, l.pad, true);
    y = fuse_conv(b, y, l.out, 1, 1, 0, false);
    first->slice_bytes = 4 * (int64_t)b->tensors[y].h * b->tensors[y].w * l.out +
                         (int64_t)b->tensors[x].h * b->tensors[x].w;
    if (residual && l.stride == 1 && l.in == l.out && l.expand > 1)
        y = fuse_add(b, x, y);
    return y;
}

static uint32_t mobilenet_v2(struct fuse_builder *b, bool residual)
{
    static const int32_t list[][4] = {
        {16, 24, 6, 2}, {24, 24, 6, 1}, {24, 32, 6, 2}, {32, 32, 6, 1}, {32, 32, 6, 1},
        {32, 64, 6, 2}, {64, 64, 6, 1}, {64, 64, 6, 1}, {64, 64, 6, 1}, {64, 96, 6, 1},
        {96, 96, 6, 1}, {96, 96, 6, 1}, {96, 160, 6, 2}, {160, 160, 6, 1}, {160, 160, 6, 1},
        {160, 320, 6, 1}};
    uint32_t x = fuse_conv(b, fuse_input(b, 144, 144, 3), 32 * 35 / 100, 3, 2, 1, false);
    x = bottleneck(b, x, (struct block){32 * 35 / 100, 16 * 35 / 100, 1, 1, 1, 3}, residual);
    for (size_t i = 0; i < TH_ARRAY_LEN(list); i++)
        x = bottleneck(b, x, (struct block){list[i][0] * 35 / 100, list[i][1] * 35 / 100,
                                            list[i][2], list[i][3], 1, 3}, residual);
    return fuse_conv(b, x, 1280 * 35 / 100, 1, 1, 0, false);
}

static const struct block vww[] = {
    {8, 16, 6, 2, 1, 3}, {16, 16, 3, 1, 1, 3}, {16, 16, 3, 1, 1, 3}, {16, 24, 3, 2, 3, 7},
    {24, 24, 6, 1, 1, 3}, {24, 24, 5, 1, 2, 5}, {24, 40, 6, 2, 3, 7}, {40, 40, 6, 1, 3, 7},
    {40, 48, 6, 1, 1, 3}, {48, 48, 4, 1, 1, 3}, {48, 96, 5, 2, 2, 5}, {96, 96, 5, 1, 1, 3},
    {96, 96, 4, 1, 1, 3}, {96, 160, 3, 1, 3, 7}};
static const struct block in320k[] = {
    {8, 16, 3, 2, 3, 7}, {16, 16, 5, 1, 1, 3}, {16, 16, 5, 1, 3, 7}, {16, 16, 4, 1, 2, 5},
    {16, 24, 5, 2, 2, 5}, {24, 24, 5, 1, 2, 5}, {24, 24, 5, 1, 2, 5}, {24, 40, 5, 2, 1, 3},
    {40, 40, 6, 1, 3, 7}, {40, 40, 4, 1, 2, 5}, {40, 48, 5, 1, 2, 5}, {48, 48, 5, 1, 3, 7},
    {48, 48, 5, 1, 1, 3}, {48, 96, 6, 2, 1, 3}, {96, 96, 5, 1, 3, 7}, {96, 96, 4, 1, 1, 3},
    {96, 160, 5, 1, 3, 7}};

void fuse_network(struct fuse_builder *b, struct th_arena *arena, const char *name, bool residual,
                  bool tail)
{
    uint32_t x;
    fuse_open_net(b, arena, 128);
    if (!strcmp(name, "mbv2_035")) {
        x = mobilenet_v2(b, residual);
    } else {
        bool small = !strcmp(name, "mcunet_vww");
        int32_t size = small ? 80 : 176;
        size_t n = small ? TH_ARRAY_LEN(vww) : TH_ARRAY_LEN(in320k);
        x = fuse_conv(b, fuse_input(b, size, size, 3), 16, 3, 2, 1, false);
        x = fuse_conv(b, x, 16, 3, 1, 1, true);
        x = fuse_conv(b, x, 8, 1, 1, 0, false);
        for (size_t i = 0; i < n; i++)
            x = bottleneck(b, x, small ? vww[i] : in320k[i], residual);
    }
    if (tail) {
        x = fuse_mean(b, x, 4 * b->tensors[x].pixel_bytes);
        x = fuse_dense(b, x, 1000);
    }
    fuse_output(b, x);
}

void fuse_chain(struct fuse_builder *b, struct th_arena *arena, int32_t blocks, int32_t size,
                int64_t c)
{
    fuse_open_net(b, arena, (uint32_t)blocks * 4 + 3);
    uint32_t x = fuse_conv(b, fuse_input(b, size, size, 3), c, 3, 1, 1, false);
    for (int32_t i = 0; i < blocks; i++) {
        uint32_t y = fuse_conv(b, x, 4 * c, 1, 1, 0, false);
        y = fuse_conv(b, y, 0, 3, 1, 1, true);
        y = fuse_conv(b, y, c, 1, 1, 0, false);
        x = fuse_add(b, x, y);
    }
    fuse_output(b, x);
}
