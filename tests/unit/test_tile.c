/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tile loops read and run on paper: the order of pieces, and storage that is exactly what theory
 * demands: ((k-1) d) W + (k-1) d + 1 pixels in front of a window at any stride.
 */
#include "tests/unit/tile_nets.h"

#include "ir/tile.h"

static struct net n;
static struct th_arena *arena;
static struct th_tile t;

static void open_net(void)
{
    net_open(&n);
    arena = th_arena_new(0);
}

static void split(th_value y, const char *groups)
{
    net_output(&n, y);
    CU_ASSERT_EQUAL_FATAL(net_split(&n, groups), TH_OK);
    CU_ASSERT_EQUAL_FATAL(th_tile_read(n.g, net_loop(&n, 0), arena, &t), TH_OK);
}

static void close_net(void)
{
    CU_ASSERT_STRING_EQUAL(n.log.text.s, "");
    th_arena_free(arena);
    net_close(&n);
}

/* Pixels kept of node i's result. */
static int64_t pixels(uint32_t i)
{
    return t.nodes[i].bytes / t.nodes[i].pixel_bytes;
}

/* ---- capacities ------------------------------------------------------------------------------ */
static void window_capacity(struct net_window k, int64_t h, int64_t w, const char *how,
                            int64_t expect)
{
    open_net();
    th_value x = net_input(&n, (int)h, (int)w, 3);
    th_value v = net_point(&n, x, 5);
    split(net_conv(&n, v, 2, k), how);
    CU_ASSERT_EQUAL(pixels(0), expect);
    CU_ASSERT_EQUAL(t.nodes[0].pixel_bytes, 5);
    CU_ASSERT_EQUAL(t.nodes[1].store, TH_TILE_WHOLE);
    close_net();
}

static void test_windows(void)
{
    const struct net_window dilated = {3, 1, 2, {2, 2, 2, 2}}, behind = {3, 2, 1, {0, 0, 1, 1}};
    const struct net_window valid = {5, 2, 1, {0, 0, 0, 0}};
    window_capacity(net_same(3, 1), 12, 17, "0-1:stream:1", 2 * 17 + 3);
    window_capacity(net_same(3, 2), 12, 17, "0-1:stream:1", 2 * 17 + 3);
    window_capacity(behind, 12, 18, "0-1:stream:1", 2 * 18 + 3);
    window_capacity(net_same(7, 2), 13, 20, "0-1:stream:1", 6 * 20 + 7);
    window_capacity(dilated, 12, 17, "0-1:stream:1", 4 * 17 + 5);
    window_capacity(valid, 15, 15, "0-1:stream:1", 4 * 15 + 5);
    window_capacity(net_same(1, 1), 12, 17, "0-1:stream:1", 1);
}

/* With tw columns a step: (k-1) d W + (tw-1) s + (k-1) d + 1, when runs begin where wants do. */
static void test_runs(void)
{
    const struct net_window valid = {3, 1, 1, {0, 0, 0, 0}}, strided = {3, 2, 1, {0, 0, 0, 0}};
    window_capacity(valid, 12, 18, "0-1:stream:2", 2 * 18 + 4);
    window_capacity(strided, 13, 17, "0-1:stream:1", 2 * 17 + 3);
    window_capacity(net_same(3, 1), 12, 17, "0-1:stream:0", 3 * 17);
    window_capacity(net_same(3, 2), 12, 17, "0-1:stream:0", 3 * 17);
    window_capacity(net_same(5, 2), 12, 17, "0-1:stream:0", 5 * 17);
    window_capacity(net_same(1, 1), 12, 17, "0-1:stream:0", 17);
}

/* Identity skip around [1x1, kxk depthwise, 1x1]: p W + p + 1 pixels, p = (k-1)/2. */
static void residual(int kernel)
{
    const int w = 16, p = kernel / 2;
    open_net();
    th_value x = net_point(&n, net_input(&n, 14, w, 3), 4);
    th_value v = net_depthwise(&n, net_point(&n, x, 12), net_same(kernel, 1));
    v = net_point(&n, net_add(&n, net_point(&n, v, 4), x), 2);
    split(v, "0-5:stream:1");
    CU_ASSERT_EQUAL(pixels(0), p * w + p + 1);
    CU_ASSERT_EQUAL(pixels(1), 2 * p * w + 2 * p + 1);
    CU_ASSERT_EQUAL(pixels(2), 1);
    CU_ASSERT_EQUAL(pixels(4), 1);
    close_net();
}

static void test_residual(void)
{
    residual(3);
    residual(5);
    residual(7);
}

/* Two convolutions, the first of stride 2, against a 1x1 shortcut of stride 2: 4 rows + 5 pixels
 * of the source, not the 2 rows + 3 pixels of the first convolution alone. */
static void test_strided_shortcut(void)
{
    const struct net_window shortcut = {1, 2, 1, {0, 0, 0, 0}};
    const struct net_window first = {3, 2, 1, {0, 0, 1, 1}};
    open_net();
    th_value x = net_point(&n, net_input(&n, 32, 32, 3), 4);
    th_value v = net_conv(&n, net_conv(&n, x, 8, first), 8, net_same(3, 1));
    v = net_add(&n, v, net_conv(&n, x, 8, shortcut));
    split(v, "0-4:stream:1");
    CU_ASSERT_EQUAL(pixels(0), 4 * 32 + 5);
    CU_ASSERT_EQUAL(pixels(1), 2 * 16 + 3);
    close_net();
}

/* ---- strips ---------------------------------------------------------------------------------- */
static void test_strips(void)
{
    open_net();
    th_value x = net_point(&n, net_input(&n, 20, 24, 3), 4);
    th_value v = net_depthwise(&n, net_point(&n, x, 12), net_same(3, 1));
    v = net_add(&n, net_point(&n, v, 4), x);
    split(v, "0-4:strips:4x0@4");
    /* one stage: rows by the interval rule, columns as many as the window spans; the skip keeps
     * its column lag */
    CU_ASSERT_EQUAL(t.nodes[1].tail_rows, 6);
    CU_ASSERT_EQUAL(t.nodes[1].tail_cols, 3);
    CU_ASSERT_EQUAL(pixels(2), 4);
    CU_ASSERT_EQUAL(t.nodes[0].tail_rows, 6);
    CU_ASSERT_EQUAL(t.nodes[0].tail_cols, 2);
    close_net();
}

/* Ring between stages: max over B's strips of ceil(hi/a) a - lo. */
static void ring(int above, int below, int kernel, int stride)
{
    char groups[60];
    const int h = 26, p = kernel / 2;
    int64_t expect = 0;
    snprintf(groups, sizeof groups, "0-1:strips:%dx0@0:%dx0@1", above, below);
    open_net();
    th_value x = net_conv(&n, net_input(&n, h, 10, 2), 3, net_same(3, 1));
    split(net_conv(&n, x, 2, net_same(kernel, stride)), groups);
    const int64_t rows = t.nodes[1].h;
    for (int64_t y = 0; y < rows; y += below) {
        int64_t lo = y * stride - p, hi = ((y + below < rows ? y + below : rows) - 1) * stride +
                                          kernel - p;
        lo = lo < 0 ? 0 : lo;
        hi = hi > h ? h : hi;
        hi = (hi + above - 1) / above * above;
        hi = hi > h ? h : hi;
        expect = hi - lo > expect ? hi - lo : expect;
    }
    CU_ASSERT_EQUAL(t.nodes[0].slots, expect);
    CU_ASSERT_EQUAL(t.nodes[0].store, TH_TILE_RING);
    close_net();
}

static void test_rings(void)
{
    for (int a = 1; a <= 5; a++)
        for (int b = 1; b <= 4; b++) {
            ring(a, b, 3, 1);
            ring(a, b, 5, 2);
        }
}

/* ---- replay ---------------------------------------------------------------------------------- */
struct seen {
    int64_t made[8], computed[8];      /* newest row of each node; pixels in all */
    uint32_t order[2000], n;
    bool wrong;
};

static enum th_status see(void *user, const struct th_tile_run *r)
{
    struct seen *s = user;
    s->computed[r->node] += (r->y1 - r->y0) * (r->x1 - r->x0);
    s->made[r->node] = r->y1 - 1;
    s->wrong |= r->y0 >= r->y1 || r->x0 >= r->x1 || r->y1 > t.nodes[r->node].h ||
                r->x1 > t.nodes[r->node].w;
    if (s->n < TH_ARRAY_LEN(s->order))
        s->order[s->n++] = r->node;
    return TH_OK;
}

static void test_stream_order(void)
{
    struct seen s = {0};
    open_net();
    th_value x = net_point(&n, net_input(&n, 4, 3, 1), 2);
    th_value v = net_conv(&n, x, 2, net_same(3, 1));
    split(net_add(&n, v, x), "0-2:stream:1");
    CU_ASSERT_EQUAL(th_tile_replay(&t, arena, see, &s), TH_OK);
    /* the first output wants 2 rows by 2 columns: a row and two pixels */
    const uint32_t begin[] = {0, 0, 0, 0, 0, 1, 2, 0, 1, 2, 1, 2, 0};
    for (uint32_t i = 0; i < TH_ARRAY_LEN(begin); i++)
        CU_ASSERT_EQUAL(s.order[i], begin[i]);
    for (uint32_t i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(s.computed[i], 12);
    CU_ASSERT_FALSE(s.wrong);
    close_net();
}

static void test_strip_order(void)
{
    struct seen s = {0};
    open_net();
    th_value x = net_conv(&n, net_input(&n, 9, 7, 1), 2, net_same(3, 1));
    split(net_conv(&n, net_conv(&n, x, 2, net_same(3, 1)), 1, net_same(3, 1)),
          "0-2:strips:4x0@2");
    CU_ASSERT_EQUAL(th_tile_replay(&t, arena, see, &s), TH_OK);
    CU_ASSERT_EQUAL(s.computed[2], 9 * 7);
    CU_ASSERT_EQUAL(s.computed[1], (5 + 6 + 2) * 7);      /* strips 0-4, 4-8, 8-9 */
    CU_ASSERT_EQUAL(s.computed[0], (6 + 7 + 3) * 7);
    CU_ASSERT_EQUAL(th_tile_strip_count(&t, 0), 3);
    CU_ASSERT_FALSE(s.wrong);
    close_net();
    s = (struct seen){0};
    open_net();
    x = net_conv(&n, net_input(&n, 9, 7, 1), 2, net_same(3, 1));
    split(net_conv(&n, x, 1, net_same(3, 1)), "0-1:strips:4x3@1");
    CU_ASSERT_EQUAL(th_tile_replay(&t, arena, see, &s), TH_OK);
    CU_ASSERT_EQUAL(s.computed[1], 9 * 7);
    CU_ASSERT_EQUAL(s.computed[0], (5 + 6 + 2) * (4 + 5 + 2));
    CU_ASSERT_EQUAL(t.nodes[0].tail_rows, 6);
    CU_ASSERT_EQUAL(t.nodes[0].tail_cols, 5);
    close_net();
}

/* Strips of four rows for a reader that waits for 3, 5, 7, ... rows: ends at 4, 8, ... leave seven
 * rows in the ring, ends at 3, 7, ... six. */
static void test_shifted_strips(void)
{
    static const char *const groups[] = {"0-2:strips:4x0@0:2x0@2", "0-2:strips:4-1x0@0:2x0@2",
                                         "0-2:strips:4-3x0@0:2x0@2", "0-2:strips:4-2x0@0:2x0@2"};
    static const int64_t slots[] = {7, 6, 6, 7}, strips[] = {3, 4, 4, 4};
    for (uint32_t i = 0; i < TH_ARRAY_LEN(groups); i++) {
        struct seen s = {0};
        int64_t lo, hi;
        open_net();
        th_value x = net_point(&n, net_input(&n, 12, 7, 1), 2);
        split(net_conv(&n, net_point(&n, x, 2), 1, net_same(3, 1)), groups[i]);
        CU_ASSERT_EQUAL(th_tile_replay(&t, arena, see, &s), TH_OK);
        CU_ASSERT_EQUAL(t.nodes[0].slots, slots[i]);
        CU_ASSERT_EQUAL(th_tile_strip_count(&t, 0), strips[i]);
        CU_ASSERT_EQUAL(s.computed[0], 12 * 7);
        CU_ASSERT_EQUAL(s.computed[2], 12 * 7);
        CU_ASSERT_FALSE(s.wrong);
        th_tile_strip_rows(&t, 0, 0, &lo, &hi);
        CU_ASSERT_EQUAL(lo, 0);
        CU_ASSERT_EQUAL(hi, 4 - t.stages[0].less);
        th_tile_strip_rows(&t, 0, strips[i] - 1, &lo, &hi);
        CU_ASSERT_EQUAL(hi, 12);
        close_net();
    }
}

/* ---- overlap of a result with the dying operand ---------------------------------------------- */
static void test_distance(void)
{
    const struct th_tile_order piece = {false, 0}, element = {true, 0}, behind = {true, 1};
    const struct th_tile_order late = {true, -1};
    open_net();
    th_value x = net_input(&n, 8, 8, 2);
    split(net_point(&n, net_conv(&n, x, 8, net_same(3, 1)), 2), "0-1:stream:1");
    /* pixel (y, x) is written when rows from y - 1 on are wanted: row y - 1 from column x on has
     * been read last by pixel (y, x + 1) */
    const th_value out = t.nodes[1].out, in = t.nodes[0].in[0].value;
    CU_ASSERT_EQUAL(th_tile_distance(&t, out, in, piece, arena), (8 + 1) * 2);
    CU_ASSERT_EQUAL(th_tile_distance(&t, in, out, piece, arena), -1);
    close_net();
    open_net();
    x = net_input(&n, 8, 8, 2);
    split(net_point(&n, net_conv(&n, x, 8, net_same(3, 1)), 4), "0-1:stream:1");
    /* the result is twice as large: it grows over the operand towards the end */
    CU_ASSERT_EQUAL(th_tile_distance(&t, t.nodes[1].out, t.nodes[0].in[0].value, piece, arena),
                    64 * 4 - 4 - (6 * 8 + 6) * 2);
    close_net();
    /* the last node reads the operand itself: whole runs apart, or as the kernel writes */
    open_net();
    x = net_input(&n, 8, 8, 2);
    split(net_add(&n, net_point(&n, x, 2), x), "0-1:stream:0");
    const th_value sum = t.nodes[1].out, x_in = t.nodes[0].in[0].value;
    CU_ASSERT_EQUAL(th_tile_distance(&t, sum, x_in, piece, arena), 8 * 2);
    CU_ASSERT_EQUAL(th_tile_distance(&t, sum, x_in, element, arena), 0);
    CU_ASSERT_EQUAL(th_tile_distance(&t, sum, x_in, behind, arena), 0);
    CU_ASSERT_EQUAL(th_tile_distance(&t, sum, x_in, late, arena), 2);
    close_net();
    /* as the same window outside of a loop: a row and a pixel, and the pixel in work */
    open_net();
    x = net_input(&n, 8, 8, 2);
    split(net_conv(&n, net_conv(&n, x, 8, net_same(3, 1)), 2, net_same(3, 1)), "0-1:stream:0");
    CU_ASSERT_EQUAL(th_tile_distance(&t, t.nodes[1].out, t.nodes[0].in[0].value, late, arena), 0);
    close_net();
}

/* ---- what cannot be read --------------------------------------------------------------------- */
static void test_refused(void)
{
    open_net();
    th_value x = net_input(&n, 8, 8, 2);
    split(net_conv(&n, net_point(&n, x, 4), 2, net_same(3, 1)), "0-1:stream:1");
    const int64_t too_many[] = {9, 0};
    CU_ASSERT_EQUAL(th_node_set_attr_ints(n.g, t.loop, "slots", 2, too_many), TH_OK);
    CU_ASSERT_EQUAL(th_tile_read(n.g, t.loop, arena, &t), TH_ERR_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(n.log.text.s, "more is kept than the result has [TH4010]"));
    th_str_clear(&n.log.text);
    close_net();
}

int main(void)
{
    static const CU_TestInfo tests[] = {{"windows", test_windows},
                                        {"runs", test_runs},
                                        {"residual", test_residual},
                                        {"strided shortcut", test_strided_shortcut},
                                        {"strips", test_strips},
                                        {"rings", test_rings},
                                        {"order of a stream", test_stream_order},
                                        {"order of strips", test_strip_order},
                                        {"shorter first strips", test_shifted_strips},
                                        {"distance", test_distance},
                                        {"refused", test_refused},
                                        CU_TEST_INFO_NULL};
    return test_main("tile", tests);
}
