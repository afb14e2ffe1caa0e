/* SPDX-License-Identifier: Apache-2.0 */
/* The search for fused groups: known figures of published networks, and what fronts promise. */
#include "tests/unit/fuse_nets.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

static const struct th_fuse_options counted_free = {.free_ends = true, .planes = true,
                                                    .slices = true};

static int64_t least(const struct th_fuse_front *f, int64_t permille)
{
    int64_t best = INT64_MAX;
    for (uint32_t i = 0; i < f->n_points; i++)
        if (f->points[i].macs * 1000 <= f->base_macs * permille && f->points[i].peak < best)
            best = f->points[i].peak;
    return best;
}

/* What every front keeps: groups cover the nodes, sums are right, no point beats another. */
static void check_front(const struct th_fuse_net *net, const struct th_fuse_front *f)
{
    for (uint32_t i = 0; i < f->n_points; i++) {
        const struct th_fuse_point *p = &f->points[i];
        int64_t peak = 0, macs = 0;
        uint32_t at = 0;
        for (uint32_t k = 0; k < p->n_groups; k++) {
            const struct th_fuse_bytes *b = &p->groups[k].bytes;
            CU_ASSERT_EQUAL(p->groups[k].first, at);
            at = p->groups[k].last;
            peak = b->total > peak ? b->total : peak;
            macs += p->groups[k].macs;
            CU_ASSERT_EQUAL(b->total, b->through + b->lines + b->held + b->acc + b->vectors +
                                          b->inout + b->scratch);
        }
        CU_ASSERT_EQUAL(at, net->n_nodes);
        CU_ASSERT_EQUAL(peak, p->peak);
        CU_ASSERT_EQUAL(macs, p->macs);
        CU_ASSERT(p->peak >= f->any.bytes);
        CU_ASSERT(p->macs > f->base_macs || p->peak >= f->once.bytes);
        for (uint32_t k = 0; k < f->n_points; k++) {
            const struct th_fuse_point *o = &f->points[k];
            CU_ASSERT(k == i || o->peak > p->peak || o->macs > p->macs || o->grain > p->grain ||
                      (o->grain == p->grain && (o->run ? o->run : 99) < (p->run ? p->run : 99)));
        }
    }
}

static void search(struct fuse_builder *b, const struct th_fuse_options *o,
                   struct th_fuse_front *f)
{
    CU_ASSERT_EQUAL_FATAL(th_fuse_search(&b->net, o, b->arena, f), TH_OK);
    check_front(&b->net, f);
}

/* Counted as msf-CNN counts, each value made once: runs of a pixel, and whole rows. */
static void test_published(void)
{
    static const struct {
        const char *name;
        int64_t pixel, rows;
    } want[] = {{"mbv2_035", 16425, 20376}, {"mcunet_vww", 12496, 15040},
                {"mcunet_320k", 52736, 59136}};
    for (size_t i = 0; i < TH_ARRAY_LEN(want); i++) {
        struct th_arena *a = th_arena_new(0);
        struct fuse_builder b;
        struct th_fuse_front f;
        struct th_fuse_options o = counted_free;
        fuse_network(&b, a, want[i].name, false, false);
        o.no_recompute = true;
        search(&b, &o, &f);
        CU_ASSERT_EQUAL(least(&f, 1000), want[i].pixel);
        o.rows_only = true;
        search(&b, &o, &f);
        CU_ASSERT_EQUAL(least(&f, 1000), want[i].rows);
        th_arena_free(a);
    }
}

/* Within a tenth more multiplications, and without a limit. Strips of 4, 2 and 1 rows, the first of
 * the 4 rows one row shorter, so that the ring behind it holds 6 rows, not 7. */
static void test_published_more(void)
{
    static const struct {
        const char *name;
        int64_t tenth, least;
        bool slices;
    } want[] = {{"mbv2_035", 7473, 5782, false}, {"mcunet_vww", 9280, 8960, true}};
    for (size_t i = 0; i < TH_ARRAY_LEN(want); i++) {
        struct th_arena *a = th_arena_new(0);
        struct fuse_builder b;
        struct th_fuse_front f;
        struct th_fuse_options o = counted_free;
        o.slices = want[i].slices;
        fuse_network(&b, a, want[i].name, false, false);
        search(&b, &o, &f);
        CU_ASSERT_EQUAL(least(&f, 1100), want[i].tenth);
        CU_ASSERT_EQUAL(least(&f, 3000), want[i].least);
        th_arena_free(a);
    }
}

/* Counted honestly, with residuals, mean and classifier: image in memory, and pushed. */
static void test_honest(void)
{
    static const struct {
        const char *name;
        int64_t whole, pushed;
    } want[] = {{"mbv2_035", 62937, 17721}, {"mcunet_320k", 95808, 52752}};
    for (size_t i = 0; i < TH_ARRAY_LEN(want); i++) {
        struct th_arena *a = th_arena_new(0);
        struct fuse_builder b;
        struct th_fuse_front f;
        struct th_fuse_options o = {.no_recompute = true, .planes = true, .slices = true};
        fuse_network(&b, a, want[i].name, true, true);
        search(&b, &o, &f);
        CU_ASSERT_EQUAL(least(&f, 1000), want[i].whole);
        CU_ASSERT_EQUAL(f.any.reason, TH_FUSE_BY_INPUT);
        o.feed = true;
        search(&b, &o, &f);
        CU_ASSERT_EQUAL(least(&f, 1000), want[i].pushed);
        th_arena_free(a);
    }
}

/* 3x3 stride 2 and 3x3 against a 1x1 stride 2 shortcut: 4 rows and 5 pixels of what both read,
 * 2 rows and 3 pixels inside the branch. */
static void test_shortcut(void)
{
    struct th_arena *a = th_arena_new(0);
    struct fuse_builder b;
    struct fuse_axis three = {3, 2, 1, 0}, one = {1, 2, 1, 0};
    fuse_open_net(&b, a, 16);
    uint32_t x = fuse_conv(&b, fuse_input(&b, 32, 32, 3), 16, 3, 1, 1, false);
    uint32_t y = fuse_tensor(&b, 16, 16, 32), z = fuse_tensor(&b, 16, 16, 32);
    fuse_window(&b, x, y, three, three);
    uint32_t w = fuse_conv(&b, y, 32, 3, 1, 1, false);
    fuse_window(&b, x, z, one, one);
    uint32_t s = fuse_add(&b, w, z);
    fuse_output(&b, fuse_mean(&b, s, 128));
    const char *why;
    struct th_fuse_group g = {.how = TH_FUSE_STREAM, .first = 0, .last = b.net.n_nodes, .run = 1};
    struct th_fuse_options o = {.feed = true};
    CU_ASSERT_FATAL(th_fuse_measure(&b.net, &o, a, &g, &why));
    bool seen = false;
    for (uint32_t i = 0; i < g.n_buffers; i++) {
        const struct th_fuse_buffer *f = &g.buffers[i];
        if (f->tensor == x) {
            seen = true;
            CU_ASSERT_EQUAL(f->rows, 4);
            CU_ASSERT_EQUAL(f->cols, 5);
            CU_ASSERT_EQUAL(f->bytes, (4 * 32 + 5) * 16);
        } else if (f->tensor == y) {
            CU_ASSERT(f->rows == 2 && f->cols == 3);
        }
    }
    CU_ASSERT(seen);
    /* The shortcut cannot be left out of a stream that ends at the branch. */
    g = (struct th_fuse_group){.how = TH_FUSE_STREAM, .first = 0, .last = 3, .run = 1};
    CU_ASSERT(th_fuse_measure(&b.net, &o, a, &g, &why));
    CU_ASSERT(g.bytes.inout >= 32 * 32 * 16);
    th_arena_free(a);
}

/* Squeeze-excite: the gated map and the residual are a bound, and said to be. */
static void test_gate(void)
{
    struct th_arena *a = th_arena_new(0);
    struct fuse_builder b;
    struct th_fuse_front f;
    fuse_open_net(&b, a, 32);
    uint32_t x = fuse_conv(&b, fuse_input(&b, 40, 40, 3), 8, 3, 2, 1, false);
    uint32_t e = fuse_conv(&b, x, 48, 1, 1, 0, false), d = fuse_conv(&b, e, 0, 5, 1, 2, true);
    uint32_t v = fuse_dense(&b, fuse_mean(&b, d, 4 * 48), 48);
    uint32_t m = fuse_gate(&b, d, v), p = fuse_conv(&b, m, 8, 1, 1, 0, false);
    fuse_output(&b, fuse_mean(&b, fuse_add(&b, x, p), 32));
    search(&b, &(struct th_fuse_options){.feed = true}, &f);
    CU_ASSERT_EQUAL(f.once.bytes, 20 * 20 * (48 + 8));
    CU_ASSERT_EQUAL(f.once.reason, TH_FUSE_BY_GATE);
    CU_ASSERT(least(&f, 1000) >= f.once.bytes);
    th_arena_free(a);
}

/* The same with expansion and depthwise made twice: once for the gate, once to be gated. Compared
 * with the plain form by merging the fronts. */
static void test_gate_twice(void)
{
    struct th_arena *a = th_arena_new(0);
    struct th_fuse_front f[2], all;
    for (int twice = 0; twice < 2; twice++) {
        struct fuse_builder b;
        fuse_open_net(&b, a, 32);
        uint32_t x = fuse_conv(&b, fuse_input(&b, 40, 40, 3), 8, 3, 2, 1, false);
        uint32_t d = fuse_conv(&b, fuse_conv(&b, x, 48, 1, 1, 0, false), 0, 5, 1, 2, true);
        uint32_t v = fuse_dense(&b, fuse_mean(&b, d, 4 * 48), 48);
        if (twice)
            d = fuse_conv(&b, fuse_conv(&b, x, 48, 1, 1, 0, false), 0, 5, 1, 2, true);
        uint32_t p = fuse_conv(&b, fuse_gate(&b, d, v), 8, 1, 1, 0, false);
        fuse_output(&b, fuse_mean(&b, fuse_add(&b, x, p), 32));
        struct th_fuse_options o = {.feed = true, .base_macs = twice ? f[0].base_macs : 0};
        search(&b, &o, &f[twice]);
    }
    CU_ASSERT_EQUAL_FATAL(th_fuse_merge((const struct th_fuse_front *[]){&f[0], &f[1]}, 2, a, &all),
                          TH_OK);
    CU_ASSERT(least(&f[1], 3000) < least(&f[0], 3000));
    CU_ASSERT_EQUAL(least(&all, 1000), least(&f[0], 1000));
    CU_ASSERT_EQUAL(least(&all, 3000), least(&f[1], 3000));
    CU_ASSERT_EQUAL(all.points[0].variant, 0);
    CU_ASSERT_EQUAL(all.points[all.n_points - 1].variant, 1);
    th_arena_free(a);
}

static void test_refusals(void)
{
    struct th_arena *a = th_arena_new(0);
    struct fuse_builder b;
    struct th_fuse_front f;
    struct th_fuse_options o = {.feed = false};
    const char *why;
    fuse_open_net(&b, a, 16);
    uint32_t x = fuse_input(&b, 8, 8, 3), y = fuse_conv(&b, x, 4, 3, 1, 1, false);
    uint32_t z = fuse_mean(&b, y, 16), w = fuse_dense(&b, z, 3);
    fuse_output(&b, w);
    struct th_fuse_group g = {.how = TH_FUSE_STREAM, .first = 0, .last = 3, .run = 1};
    CU_ASSERT_FALSE(th_fuse_measure(&b.net, &o, a, &g, &why));
    CU_ASSERT_PTR_NOT_NULL(why);
    g.run = 3;
    g.last = 2;
    CU_ASSERT_FALSE(th_fuse_measure(&b.net, &o, a, &g, &why));
    g = (struct th_fuse_group){.how = TH_FUSE_PLANES, .first = 0, .last = 1};
    CU_ASSERT_FALSE(th_fuse_measure(&b.net, &o, a, &g, &why));
    b.nodes[0].kind = TH_FUSE_OPAQUE;
    search(&b, &o, &f);
    CU_ASSERT_EQUAL(f.points[0].n_groups, 3);
    b.tensors[x].is_input = false;
    CU_ASSERT_EQUAL(th_fuse_search(&b.net, &o, a, &f), TH_ERR_INTERNAL);
    th_arena_free(a);
}

/*
 * A 3x3 convolution over 8x8x4: as its kernel writes alone, the result may not touch the operand;
 * in pieces of a row, it lies two rows behind; in pieces of a pixel, a row and two pixels.
 */
static void test_orders(void)
{
    static const int64_t never[] = {-1}, nearly[] = {50};
    struct th_arena *a = th_arena_new(0);
    struct fuse_builder b;
    struct th_fuse_front f;
    struct th_fuse_options o = {.rows_only = true, .no_recompute = true};
    fuse_open_net(&b, a, 8);
    const uint32_t x = fuse_input(&b, 8, 8, 4);
    fuse_output(&b, fuse_conv(&b, x, 4, 3, 1, 1, false));
    search(&b, &o, &f);
    CU_ASSERT_EQUAL(least(&f, 1000), 256 + 40);
    b.nodes[0].alone = never;
    b.nodes[0].pieces = never;
    search(&b, &o, &f);
    CU_ASSERT_EQUAL(f.points[0].peak, 512);
    CU_ASSERT_EQUAL(f.points[0].groups[0].how, TH_FUSE_SINGLE);
    CU_ASSERT_EQUAL(least(&f, 1000), 256 + 64);
    o.rows_only = false;
    search(&b, &o, &f);
    CU_ASSERT_EQUAL(least(&f, 1000), 256 + 40);
    b.nodes[0].alone = nearly;
    search(&b, &o, &f);
    CU_ASSERT_EQUAL(f.points[0].peak, 256 + 50);
    CU_ASSERT_EQUAL(least(&f, 1000), 256 + 40);
    b.nodes[0].pieces = nearly;
    search(&b, &o, &f);
    CU_ASSERT_EQUAL(least(&f, 1000), 256 + 50);
    th_arena_free(a);
}

static bool has(const struct th_fuse_point *p, enum th_fuse_how how)
{
    for (uint32_t i = 0; i < p->n_groups; i++)
        if (p->groups[i].how == how)
            return true;
    return false;
}

/* Slices are for what nothing else reaches: a wide map at the end needs more in any form than lines
 * of the bottleneck's rows, without it slices need the least. */
static void test_slices(void)
{
    for (int wide = 0; wide < 2; wide++) {
        struct th_arena *a = th_arena_new(0);
        struct fuse_builder b;
        struct th_fuse_front f;
        struct th_fuse_options o = {.slices = true};
        const int64_t sums = 4 * 128 + 64, least_bytes = wide ? 128 + 76 * 64 : 128 + sums;
        fuse_open_net(&b, a, 8);
        uint32_t x = fuse_conv(&b, fuse_input(&b, 8, 8, 2), 2, 1, 1, 0, false);
        struct th_fuse_node *first = &b.nodes[b.net.n_nodes];
        x = fuse_conv(&b, fuse_conv(&b, x, 64, 1, 1, 0, false), 0, 7, 1, 3, true);
        x = fuse_conv(&b, x, 2, 1, 1, 0, false);
        first->slice_bytes = sums;
        fuse_output(&b, fuse_conv(&b, x, wide ? 76 : 2, 1, 1, 0, false));
        b.nodes[b.net.n_nodes - 1].kind = TH_FUSE_OPAQUE;
        search(&b, &o, &f);
        CU_ASSERT_EQUAL(least(&f, 1000), least_bytes);
        CU_ASSERT(f.points[0].peak > least_bytes);
        for (uint32_t i = 0; i < f.n_points; i++)
            CU_ASSERT_EQUAL(has(&f.points[i], TH_FUSE_SLICES),
                            !wide && f.points[i].peak == least_bytes);
        th_arena_free(a);
    }
}

static void test_spans(void)
{
    struct th_fuse_span s[] = {{0, 0}, {5, 5}, {2, 4}, {1, 3}, {7, 3}, {6, 9}, {0, 0}};
    static const struct th_fuse_span want[] = {{2, 3}, {2, 3}, {2, 4}, {1, 3}, {3, 4}, {6, 9},
                                               {8, 9}};
    th_fuse_fill_spans(s, 7, 9);
    CU_ASSERT_EQUAL(memcmp(s, want, sizeof want), 0);
}

/* Long chains end in reasonable time: groups are bounded. */
static void test_long(void)
{
    struct th_arena *a = th_arena_new(0);
    struct fuse_builder b;
    struct th_fuse_front f;
    fuse_chain(&b, a, 250, 32, 16);
    CU_ASSERT_EQUAL(b.net.n_nodes, 1001);
    search(&b, &(struct th_fuse_options){.no_recompute = true}, &f);
    CU_ASSERT_EQUAL(least(&f, 1000), 20752);
    th_arena_free(a);
}

int main(void)
{
    CU_TestInfo tests[] = {{"published", test_published},
                           {"published, with recomputation", test_published_more},
                           {"honest", test_honest},
                           {"shortcut", test_shortcut},   {"gate", test_gate},
                           {"gate twice", test_gate_twice}, {"refusals", test_refusals},
                           {"orders", test_orders},       {"slices", test_slices},
                           {"spans", test_spans},         {"long", test_long},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"plan: fused groups", NULL, NULL, NULL, NULL, tests},
                             CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
