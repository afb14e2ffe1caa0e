/* SPDX-License-Identifier: Apache-2.0 */
/* Random small networks: every group the search offers runs in what it says it needs, and where
 * the figure is meant to be exact one column, row or byte less does not do. */
#include "tests/unit/fuse_nets.h"
#include "tests/unit/fuse_run.h"
#include "tests/unit/fuse_tile.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

struct random {
    uint64_t s;
};

static int32_t below(struct random *r, int32_t n)
{
    r->s = r->s * 6364136223846793005u + 1442695040888963407u;
    return (int32_t)((r->s >> 33) % (uint64_t)n);
}

/* Windows of any kernel, stride, dilation and pads, different for each axis. */
static struct fuse_axis axis(struct random *r, int32_t extent, int32_t *out)
{
    static const int32_t kernels[] = {1, 1, 2, 3, 3, 3, 5};
    struct fuse_axis a = {kernels[below(r, 7)], 1 + below(r, 4) / 3, 1 + below(r, 5) / 4, 0};
    int32_t span = (a.k - 1) * a.dilation + 1;
    a.pad = below(r, 3) ? (span - 1) / 2 : below(r, span);
    int32_t behind = below(r, 3) ? a.pad : below(r, span);
    if (extent + a.pad + behind < span)
        a = (struct fuse_axis){1, 1, 1, 0}, behind = 0, span = 1;
    *out = (extent + a.pad + behind - span) / a.stride + 1;
    return a;
}

static struct th_fuse_span *moved_spans(struct fuse_builder *b, int32_t n, int32_t extent,
                                        int kind)
{
    struct th_fuse_span *s = TH_NEW_ARRAY(b->arena, struct th_fuse_span, (size_t)n);
    for (int32_t i = 0; i < n; i++) {
        int32_t lo = 0, hi = 0;
        if (kind == 0) {           /* nearest, twice as many */
            lo = i / 2;
            hi = lo + 1;
        } else if (kind == 1) {    /* linear between neighbours */
            lo = i / 2;
            hi = lo + 2;
        } else if (kind == 2) {    /* an explicit pad */
            lo = i - 1;
            hi = i;
        } else {                   /* a part */
            lo = i + 1;
            hi = i + 2;
        }
        s[i] = (struct th_fuse_span){lo < 0 ? 0 : lo, hi > extent ? extent : hi};
    }
    th_fuse_fill_spans(s, n, extent);
    return s;
}

/* Resize, pad, crop: not what a kernel, a stride and a pad describe. */
static uint32_t movement(struct fuse_builder *b, struct random *r, uint32_t x)
{
    const struct th_fuse_tensor t = b->tensors[x];
    int kind = below(r, 4);
    if (kind < 2 && t.h > 8)
        kind = 2;
    if (kind == 3 && (t.h < 4 || t.w < 4))
        kind = 2;
    int32_t h = kind < 2 ? 2 * t.h : kind == 2 ? t.h + 2 : t.h - 1;
    int32_t w = kind < 2 ? 2 * t.w : kind == 2 ? t.w + 2 : t.w - 1;
    uint32_t out = fuse_tensor(b, h, w, t.pixel_bytes);
    struct th_fuse_node *j = fuse_window(b, x, out, (struct fuse_axis){1, 1, 1, 0},
                                         (struct fuse_axis){1, 1, 1, 0});
    struct th_fuse_operand *o = (struct th_fuse_operand *)j->operands;
    o->rows = moved_spans(b, h, t.h, kind);
    o->cols = below(r, 4) || kind ? moved_spans(b, w, t.w, kind)
                                  : moved_spans(b, w, t.w, 0);
    return out;
}

static void make(struct fuse_builder *b, struct th_arena *a, struct random *r, int32_t n,
                 bool plain)
{
    fuse_open_net(b, a, 64);
    uint32_t vector = fuse_input(b, 1, 1, 1 + below(r, 3));
    uint32_t x = fuse_input(b, 3 + below(r, 10), 3 + below(r, 10), 1 + below(r, 3));
    uint32_t list[32] = {x};
    int32_t m = 1;
    for (int32_t i = 0; i < n; i++) {
        uint32_t from = plain || below(r, 4) ? x : list[below(r, m)], other = from;
        int32_t what = plain ? 0 : below(r, 10);
        for (int32_t k = 0; k < m; k++)
            if (list[k] != from && b->tensors[list[k]].h == b->tensors[from].h &&
                b->tensors[list[k]].w == b->tensors[from].w && below(r, 2))
                other = list[k];
        if (what < 3 && other != from) {
            x = fuse_add(b, from, other);
        } else if (what == 3) {
            x = movement(b, r, from);
        } else if (what == 4) {
            x = fuse_gate(b, from, vector);
        } else {
            int32_t h, w;
            struct fuse_axis rows = axis(r, b->tensors[from].h, &h);
            struct fuse_axis cols = axis(r, b->tensors[from].w, &w);
            x = fuse_tensor(b, h, w, 1 + below(r, 4));
            fuse_window(b, from, x, rows, cols)->direct = below(r, 2);
        }
        b->nodes[b->net.n_nodes - 1].macs = (int64_t)b->tensors[x].h * b->tensors[x].w *
                                            (1 + below(r, 5));
        list[m++] = x;
    }
    for (int32_t k = 0; k < m; k++) {
        bool used = false;
        for (uint32_t j = 0; j < b->net.n_nodes; j++)
            for (uint32_t o = 0; o < b->net.nodes[j].n_operands; o++)
                used |= b->net.nodes[j].operands[o].tensor == list[k];
        if (!used && list[k] == x && below(r, 3) == 0)
            fuse_output(b, fuse_mean(b, x, 4 * b->tensors[x].pixel_bytes));
        else if (!used)
            fuse_output(b, list[k]);
    }
}

static int64_t macs_done(const struct th_fuse_net *net, const struct fuse_run *run)
{
    int64_t sum = 0;
    for (uint32_t j = 0; j < net->n_nodes; j++) {
        const struct th_fuse_tensor *t = &net->tensors[net->nodes[j].out];
        int64_t all = (int64_t)t->h * t->w;
        if (net->nodes[j].macs)
            sum += net->nodes[j].macs / all * run->pixels[j];
    }
    return sum;
}

static bool reaches_end(const struct th_fuse_span *s, int32_t n, int32_t extent)
{
    int32_t end = 0;
    for (int32_t i = 0; s && i < n; i++) {
        if (s[i].lo > end)
            return false;
        end = s[i].hi > end ? s[i].hi : end;
    }
    return !s || end == extent;
}

/* Is every pixel of every inner tensor wanted, so that none is left out? */
static bool all_wanted(const struct th_fuse_net *net, const struct th_fuse_group *g)
{
    for (uint32_t j = g->first; j < g->last; j++)
        for (uint32_t k = 0; k < net->nodes[j].n_operands; k++) {
            const struct th_fuse_operand *x = &net->nodes[j].operands[k];
            const struct th_fuse_tensor *t = &net->tensors[x->tensor];
            const struct th_fuse_tensor *o = &net->tensors[net->nodes[j].out];
            if (net->nodes[j].kind != TH_FUSE_REDUCE && !x->whole &&
                (!reaches_end(x->rows, o->h, t->h) || !reaches_end(x->cols, o->w, t->w)))
                return false;
        }
    return true;
}

static bool runs(const struct fuse_builder *b, const struct th_fuse_options *o,
                 const struct th_fuse_group *g, struct fuse_run *run)
{
    struct th_arena *a = th_arena_new(0);
    fuse_execute(&b->net, o, g, a, run);
    bool ok = !run->what;
    int64_t done = ok ? macs_done(&b->net, run) : 0;
    if (ok && (done > g->macs || (done < g->macs && all_wanted(&b->net, g)))) {
        run->what = "MACs differ";
        ok = false;
    }
    run->pixels = NULL;
    th_arena_free(a);
    return ok;
}

struct tally {
    unsigned groups, strips, tight, tight_of;
    unsigned loops, same;       /* compared with the tile loop's own replay */
};

/* One buffer smaller, or the distance shorter: does it fail? */
static void count_tight(const struct fuse_builder *b, const struct th_fuse_options *o,
                        struct th_fuse_group *g, struct tally *n)
{
    struct fuse_run run;
    for (uint32_t i = 0; i < g->n_buffers; i++) {
        struct th_fuse_buffer *f = &g->buffers[i], was = *f;
        const struct th_fuse_tensor *t = &b->net.tensors[f->tensor];
        int32_t u = g->run && g->run < t->w ? g->run : t->w;
        if (f->store == TH_FUSE_HELD || (f->store != TH_FUSE_RING && f->cols && f->cols <= u) ||
            (!f->cols && f->rows < 2))
            continue;
        if (f->cols)
            f->cols--;
        else
            f->rows--;
        n->tight += !runs(b, o, g, &run);
        n->tight_of++;
        *f = was;
    }
    if (g->overlap && g->distance > 0) {
        g->distance--;
        n->tight += !runs(b, o, g, &run);
        n->tight_of++;
        g->distance++;
    }
}

/* What the tile loop keeps is what was planned, or (several readers, rarely) a little less. */
static void compare_loop(const struct fuse_builder *b, const struct th_fuse_group *g,
                         struct tally *n)
{
    struct th_arena *a = th_arena_new(0);
    int64_t bytes = fuse_tile_bytes(&b->net, g, a), planned = g->bytes.lines + g->bytes.held;
    CU_ASSERT(bytes >= 0 && bytes <= planned);
    n->loops++;
    n->same += bytes == planned;
    th_arena_free(a);
}

static void try_group(struct fuse_builder *b, const struct th_fuse_options *o,
                      struct th_fuse_group *g, bool tight, struct tally *n)
{
    struct fuse_run run;
    const char *why;
    if (!th_fuse_measure(&b->net, o, b->arena, g, &why))
        return;
    n->groups++;
    n->strips += g->how == TH_FUSE_STRIPS;
    bool ok = runs(b, o, g, &run);
    CU_ASSERT(ok);
    if (!ok)
        fprintf(stderr, "group %d [%u,%u) run %d: tensor %u: %s\n", (int)g->how, g->first,
                g->last, g->run, run.tensor, run.what);
    if (ok && tight)
        count_tight(b, o, g, n);
    if (ok && !o->feed && g->how != TH_FUSE_SINGLE && g->how < TH_FUSE_PLANES)
        compare_loop(b, g, n);
}

/* All streams of a net, and some chains of stages. */
static void try_all(struct fuse_builder *b, struct random *r, const struct th_fuse_options *o,
                    bool tight, struct tally *n)
{
    static const int32_t lengths[] = {0, 4, 2, 1};
    uint32_t nodes = b->net.n_nodes;
    for (uint32_t p = 0; p < nodes; p++) {
        struct th_fuse_group one = {.how = TH_FUSE_SINGLE, .first = p, .last = p + 1};
        try_group(b, o, &one, tight, n);
        for (uint32_t q = p + 2; q <= nodes; q++)
            for (int k = 0; k < 4; k++) {
                struct th_fuse_group g = {.how = TH_FUSE_STREAM, .first = p, .last = q,
                                          .run = lengths[k]};
                try_group(b, o, &g, tight, n);
            }
    }
    for (int i = 0; i < 40; i++) {
        uint32_t p = (uint32_t)below(r, (int32_t)nodes), q = p;
        struct th_fuse_stage stages[8];
        struct th_fuse_group g = {.how = TH_FUSE_STRIPS, .first = p, .run = lengths[below(r, 4)],
                                  .stages = stages};
        while (q < nodes && g.n_stages < 3) {
            uint32_t next = q + 1 + (uint32_t)below(r, (int32_t)(nodes - q));
            struct th_fuse_stage *s = &stages[g.n_stages++];
            *s = (struct th_fuse_stage){.first = q, .last = next, .rows = 1 + below(r, 4),
                                        .cols = below(r, 3) ? 0 : 1 + below(r, 5)};
            s->less = below(r, s->rows);
            q = g.last = next;
            if (!below(r, 3))
                break;
        }
        try_group(b, o, &g, false, n);
    }
}

static void test_random(void)
{
    struct random r = {7};
    struct tally n = {0, 0, 0, 0, 0, 0};
    for (int i = 0; i < 400; i++) {
        struct th_arena *a = th_arena_new(0);
        struct fuse_builder b;
        struct th_fuse_options o = {.feed = below(&r, 3) == 0};
        make(&b, a, &r, 2 + below(&r, 6), false);
        try_all(&b, &r, &o, false, &n);
        th_arena_free(a);
        if (CU_get_number_of_failures() > 20)
            break;
    }
    CU_ASSERT(n.groups > 10000);
    CU_ASSERT(n.strips > 500);
    CU_ASSERT(n.loops > 5000);
    CU_ASSERT(n.same * 100 >= n.loops * 99);
}

/* One or two windows, the first with this stride. */
static uint32_t branch(struct fuse_builder *b, struct random *r, uint32_t x, int32_t stride)
{
    const int32_t k = 2 * below(r, 3) + 1, second = 2 * below(r, 3) + 1;
    x = fuse_conv(b, x, 2, k, stride, k / 2, false);
    return below(r, 2) ? x : fuse_conv(b, x, 2, second, 1, second / 2, false);
}

/* Shortcuts, with and without stride: who is pulled first wants other rows than who is last. Whole
 * rows are what the tile loop keeps, to the byte. */
static void test_branches(void)
{
    struct random r = {31};
    struct tally n = {0, 0, 0, 0, 0, 0};
    for (int i = 0; i < 300; i++) {
        struct th_arena *a = th_arena_new(0);
        struct fuse_builder b;
        fuse_open_net(&b, a, 32);
        uint32_t x = fuse_conv(&b, fuse_input(&b, 9 + below(&r, 12), 5 + below(&r, 4), 1), 2, 3, 1,
                               1, false);
        for (int32_t blocks = 1 + below(&r, 2); blocks > 0; blocks--) {
            const int32_t stride = 1 + below(&r, 2);
            const uint32_t y = branch(&b, &r, x, stride), z = branch(&b, &r, x, stride);
            x = below(&r, 2) ? fuse_add(&b, y, z) : fuse_add(&b, z, y);
        }
        fuse_output(&b, fuse_conv(&b, x, 1, 3, 1, 1, false));
        struct th_fuse_group g = {.how = TH_FUSE_STREAM, .last = b.net.n_nodes};
        const struct th_fuse_options o = {.feed = false};
        try_group(&b, &o, &g, false, &n);
        th_arena_free(a);
    }
    CU_ASSERT(n.loops > 250);
    CU_ASSERT_EQUAL(n.same, n.loops);
}

/* Plain chains: what streams are given is exact. */
static void test_exact(void)
{
    struct random r = {11};
    struct tally n = {0, 0, 0, 0, 0, 0};
    for (int i = 0; i < 60; i++) {
        struct th_arena *a = th_arena_new(0);
        struct fuse_builder b;
        struct th_fuse_options o = {.feed = below(&r, 2) == 0};
        make(&b, a, &r, 2 + below(&r, 3), true);
        try_all(&b, &r, &o, true, &n);
        th_arena_free(a);
    }
    CU_ASSERT(n.tight_of > 500);
    CU_ASSERT(n.tight * 100 >= n.tight_of * 98);
}

/* What fronts offer runs. */
static void test_fronts(void)
{
    struct random r = {23};
    struct tally n = {0, 0, 0, 0, 0, 0};
    for (int i = 0; i < 360; i++) {
        struct th_arena *a = th_arena_new(0);
        struct fuse_builder b;
        struct th_fuse_front f;
        struct th_fuse_options o = {.feed = below(&r, 2) == 0};
        /* one after the other: compilers evaluate arguments in orders of their own */
        const int32_t nodes = 4 + below(&r, 10);
        const bool plain = below(&r, 3) == 0;
        make(&b, a, &r, nodes, plain);
        CU_ASSERT_EQUAL_FATAL(th_fuse_search(&b.net, &o, a, &f), TH_OK);
        for (uint32_t p = 0; p < f.n_points; p++)
            for (uint32_t k = 0; k < f.points[p].n_groups; k++)
                try_group(&b, &o, &f.points[p].groups[k], false, &n);
        th_arena_free(a);
    }
    CU_ASSERT(n.strips > 50);
}

int main(void)
{
    CU_TestInfo tests[] = {{"random networks run in what is planned", test_random},
                           {"no less would do", test_exact},
                           {"shortcuts", test_branches},
                           {"fronts run", test_fronts},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"plan: fused groups run", NULL, NULL, NULL, NULL, tests},
                             CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
