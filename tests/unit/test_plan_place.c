/* SPDX-License-Identifier: Apache-2.0 */
/* Offsets: every plan is valid, never below the bound, and least where brute force can tell. */
#include "plan/plan.h"

#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#define MAX_N 300

struct random {
    uint64_t s;
};

static uint32_t below(struct random *r, uint32_t n)
{
    r->s = r->s * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(r->s >> 33) % n;
}

struct problem {
    struct th_plan_problem p;
    struct th_plan_buffer b[MAX_N];
    struct th_plan_overlap o[MAX_N];
    int64_t region[4];
};

static void make(struct problem *q, struct random *r, uint32_t n, int32_t steps, int64_t bytes,
                 bool aligned)
{
    memset(q, 0, sizeof *q);
    q->p = (struct th_plan_problem){q->b, n, q->o, 0, q->region, 1};
    for (uint32_t i = 0; i < n; i++) {
        int32_t first = (int32_t)below(r, (uint32_t)steps);
        int32_t length = (int32_t)below(r, 4);
        q->b[i] = (struct th_plan_buffer){
            .bytes = below(r, (uint32_t)bytes), .align = aligned ? 1 << below(r, 5) : 1,
            .first = first, .last = first + length < steps ? first + length : steps - 1,
            .fixed = TH_PLAN_FREE};
    }
    for (uint32_t k = 0; k < n / 2 && n > 1; k++) {
        uint32_t a = below(r, n), c = below(r, n);
        if (a != c)
            q->o[q->p.n_overlaps++] = (struct th_plan_overlap){a, c, below(r, (uint32_t)bytes)};
    }
}

static int64_t allowed_gap(const struct th_plan_problem *p, uint32_t under, uint32_t over)
{
    int64_t g = p->buffers[under].bytes;
    for (uint32_t k = 0; k < p->n_overlaps; k++)
        if (p->overlaps[k].below == under && p->overlaps[k].above == over &&
            p->overlaps[k].distance < g)
            g = p->overlaps[k].distance;
    return g;
}

static bool apart(const struct th_plan_problem *p, uint32_t i, uint32_t j, const int64_t *off,
                  const int32_t *region)
{
    const struct th_plan_buffer *a = &p->buffers[i], *b = &p->buffers[j];
    if (!a->bytes || !b->bytes || a->last < b->first || b->last < a->first)
        return true;
    if (region && region[i] != region[j])
        return true;
    return off[j] >= off[i] + allowed_gap(p, i, j) || off[i] >= off[j] + allowed_gap(p, j, i);
}

static bool valid(const struct th_plan_problem *p, const struct th_plan_result *r)
{
    for (uint32_t i = 0; i < p->n_buffers; i++) {
        const struct th_plan_buffer *b = &p->buffers[i];
        if (r->offset[i] < 0 || (b->bytes && b->fixed < 0 && r->offset[i] % b->align))
            return false;
        if (b->fixed >= 0 && (r->offset[i] != b->fixed || r->region[i] != b->region))
            return false;
        if (b->regions && !(b->regions >> r->region[i] & 1))
            return false;
        if (b->bytes && r->offset[i] + b->bytes + b->slack > r->size[r->region[i]])
            return false;
        for (uint32_t j = 0; j < i; j++)
            if (!apart(p, i, j, r->offset, r->region))
                return false;
    }
    return true;
}

/* All offsets up to a limit for all buffers: slow, obvious. */
static void brute(const struct th_plan_problem *p, uint32_t i, int64_t *off, int64_t size,
                  int64_t *best)
{
    if (size >= *best)
        return;
    if (i == p->n_buffers) {
        *best = size;
        return;
    }
    const struct th_plan_buffer *b = &p->buffers[i];
    if (!b->bytes) {
        off[i] = 0;
        brute(p, i + 1, off, size, best);
        return;
    }
    for (int64_t o = 0; o + b->bytes < *best; o += b->align) {
        bool ok = true;
        off[i] = o;
        for (uint32_t j = 0; j < i && ok; j++)
            ok = apart(p, i, j, off, NULL);
        if (ok)
            brute(p, i + 1, off, o + b->bytes > size ? o + b->bytes : size, best);
    }
}

static void test_least(void)
{
    static struct problem q;
    struct random r = {1};
    struct th_arena *a = th_arena_new(0);
    uint32_t worse = 0, wrong = 0, unproved = 0, bound = 0;
    for (uint32_t k = 0; k < 3000; k++) {
        make(&q, &r, 2 + below(&r, 4), 6, 12, k % 2);
        int64_t off[MAX_N], best = INT64_MAX;
        struct th_plan_result res;
        th_arena_clear(a);
        CU_ASSERT_EQUAL_FATAL(th_plan_place(&q.p, NULL, a, &res), TH_OK);
        best = 200;
        brute(&q.p, 0, off, 0, &best);
        worse += res.total != best;
        wrong += !valid(&q.p, &res);
        unproved += !res.optimal;
        bound += res.bound > best;
    }
    CU_ASSERT_EQUAL(worse, 0);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(unproved, 0);
    CU_ASSERT_EQUAL(bound, 0);
    th_arena_free(a);
}

/* More buffers than all orders are tried of, and too little effort for these: what is told to be
 * least is least, and it mostly is told. */
static void test_proved(void)
{
    static struct problem q;
    struct random r = {5};
    struct th_arena *a = th_arena_new(0);
    uint32_t wrong = 0, proved = 0, more = 0;
    for (uint32_t k = 0; k < 800; k++) {
        const bool large = k % 4 == 0;
        make(&q, &r, large ? 10 : 4 + below(&r, 2), 6, large ? 3 : 9, k % 2);
        const struct th_plan_effort e = {large ? 4000 : 90, k};
        int64_t off[MAX_N], best;
        struct th_plan_result res;
        th_arena_clear(a);
        CU_ASSERT_EQUAL_FATAL(th_plan_place(&q.p, &e, a, &res), TH_OK);
        wrong += !valid(&q.p, &res);
        best = res.total;          /* is there a smaller one? */
        brute(&q.p, 0, off, 0, &best);
        wrong += res.optimal && best < res.total;
        wrong += res.bound > best;
        proved += res.optimal;
        struct th_plan_profile plain;
        CU_ASSERT_EQUAL_FATAL(th_plan_bound(&q.p, a, NULL, 0, &plain), TH_OK);
        more += res.optimal && res.total > plain.bound;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(proved > 780);
    CU_ASSERT(more > 150);
    th_arena_free(a);
}

/* Two results in a row that may grow into their operands, in either direction: each saves bytes,
 * both together less than the bytes alive tell. */
static void test_leaning(void)
{
    static const int32_t list[][3] = {
        {3136, 0, 5}, {1728, 11, 12}, {40, 12, 13}, {40, 13, 14}, {4704, 6, 11}, {4704, 1, 10},
        {432, 2, 3}, {96, 7, 8}, {4, 1, 5}, {8, 6, 10}, {96, 11, 11}, {4, 2, 2}, {48, 3, 3},
        {96, 7, 7}};
    static const struct th_plan_overlap o[] = {
        {5, 0, 1816}, {0, 5, 784}, {4, 5, 768}, {5, 4, 1344}, {1, 4, 768}};
    struct th_plan_buffer b[TH_ARRAY_LEN(list)];
    int64_t cap = 0;
    struct th_plan_problem p = {b, TH_ARRAY_LEN(list), o, TH_ARRAY_LEN(o), &cap, 1};
    struct th_plan_profile plain;
    struct th_plan_result r;
    struct th_arena *a = th_arena_new(0);
    for (uint32_t i = 0; i < p.n_buffers; i++)
        b[i] = (struct th_plan_buffer){.bytes = list[i][0], .align = 4, .first = list[i][1],
                                       .last = list[i][2], .fixed = TH_PLAN_FREE};
    CU_ASSERT_EQUAL_FATAL(th_plan_bound(&p, a, NULL, 0, &plain), TH_OK);
    CU_ASSERT_EQUAL(plain.bound, 5672);
    CU_ASSERT_EQUAL_FATAL(th_plan_place(&p, NULL, a, &r), TH_OK);
    CU_ASSERT_EQUAL(r.total, 6240);
    CU_ASSERT_EQUAL(r.bound, r.total);
    CU_ASSERT(r.optimal);
    CU_ASSERT(valid(&p, &r));
    th_arena_free(a);
}

static void test_large(void)
{
    static struct problem q;
    struct random r = {7};
    struct th_arena *a = th_arena_new(0);
    for (uint32_t k = 0; k < 12; k++) {
        make(&q, &r, MAX_N - 20, 120, 5000, true);
        struct th_plan_result x, y;
        struct th_plan_effort e = {300000, k};
        th_arena_clear(a);
        CU_ASSERT_EQUAL_FATAL(th_plan_place(&q.p, &e, a, &x), TH_OK);
        CU_ASSERT_EQUAL_FATAL(th_plan_place(&q.p, &e, a, &y), TH_OK);
        CU_ASSERT(valid(&q.p, &x));
        CU_ASSERT(x.total >= x.bound);
        CU_ASSERT(x.fits);
        CU_ASSERT_EQUAL(memcmp(x.offset, y.offset, q.p.n_buffers * sizeof *x.offset), 0);
    }
    th_arena_free(a);
}

/* A chain with outputs growing into dying inputs: the bound must be met exactly. */
static void test_overlap_chain(void)
{
    struct th_plan_buffer b[3] = {
        {.bytes = 100, .align = 1, .first = 0, .last = 0, .fixed = TH_PLAN_FREE},
        {.bytes = 120, .align = 1, .first = 0, .last = 1, .fixed = TH_PLAN_FREE},
        {.bytes = 60, .align = 1, .first = 1, .last = 2, .fixed = TH_PLAN_FREE}};
    struct th_plan_overlap o[2] = {{1, 0, 30}, {2, 1, 0}};
    int64_t cap = 0;
    struct th_plan_problem p = {b, 3, o, 2, &cap, 1};
    struct th_plan_result r;
    struct th_arena *a = th_arena_new(0);
    CU_ASSERT_EQUAL_FATAL(th_plan_place(&p, NULL, a, &r), TH_OK);
    CU_ASSERT_EQUAL(r.total, 130);
    CU_ASSERT_EQUAL(r.bound, 130);
    CU_ASSERT(r.optimal);
    CU_ASSERT(valid(&p, &r));
    th_arena_free(a);
}

static void test_regions(void)
{
    struct th_plan_buffer b[4] = {
        {.bytes = 60, .align = 4, .first = 0, .last = 3, .fixed = TH_PLAN_FREE},
        {.bytes = 50, .align = 4, .first = 0, .last = 3, .fixed = TH_PLAN_FREE},
        {.bytes = 40, .align = 4, .first = 0, .last = 3, .fixed = TH_PLAN_FREE, .regions = 2},
        {.bytes = 10, .align = 4, .first = 0, .last = 3, .fixed = 8, .region = 1}};
    int64_t caps[2] = {64, 120};
    struct th_plan_problem p = {b, 4, NULL, 0, caps, 2};
    struct th_plan_result r;
    struct th_arena *a = th_arena_new(0);
    CU_ASSERT_EQUAL_FATAL(th_plan_place(&p, NULL, a, &r), TH_OK);
    CU_ASSERT(r.fits);
    CU_ASSERT(valid(&p, &r));
    CU_ASSERT_EQUAL(r.region[2], 1);
    caps[0] = 48;     /* now nothing can help: 160 bytes do not fit into 48 + 100 */
    caps[1] = 100;
    CU_ASSERT_EQUAL_FATAL(th_plan_place(&p, NULL, a, &r), TH_OK);
    CU_ASSERT(!r.fits);
    CU_ASSERT(valid(&p, &r));
    b[0].slack = -1;
    CU_ASSERT_EQUAL(th_plan_place(&p, NULL, a, &r), TH_ERR_INTERNAL);
    th_arena_free(a);
}

/* Distance against a replay of every byte. */
static void test_distance(void)
{
    struct random r = {3};
    for (uint32_t k = 0; k < 2000; k++) {
        int64_t written[12], oldest[12], w = 0, o = 0;
        uint32_t n = 1 + below(&r, 12);
        for (uint32_t i = 0; i < n; i++) {
            written[i] = w += below(&r, 9);
            oldest[i] = o += below(&r, 7);
        }
        int64_t d = th_plan_distance(n, written, oldest), need = 0;
        for (;; need++) {
            bool safe = true;
            for (uint32_t i = 0; i < n; i++)
                for (uint32_t j = i + 1; j < n; j++)
                    safe &= written[i] <= need + oldest[j];
            if (safe)
                break;
        }
        CU_ASSERT_EQUAL(d, need);
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"least against brute force", test_least},
                           {"proved", test_proved},
                           {"leaning on each other", test_leaning},
                           {"large problems", test_large},
                           {"overlapping chain", test_overlap_chain},
                           {"regions", test_regions},
                           {"distance", test_distance},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"plan: offsets", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
