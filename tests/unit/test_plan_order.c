/* SPDX-License-Identifier: Apache-2.0 */
/* Node order: the least peak of all orders on small graphs, valid and no worse on large ones. */
#include "plan/plan.h"

#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OPS 1200

struct random {
    uint64_t s;
};

static uint32_t below(struct random *r, uint32_t n)
{
    r->s = r->s * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(r->s >> 33) % n;
}

struct graph {
    struct th_plan_dag d;
    struct th_plan_op ops[MAX_OPS];
    struct th_plan_store stores[MAX_OPS + 1];
    uint32_t buffers[MAX_OPS][4], after[MAX_OPS][4];
};

/* Operation i makes store i + 1 from up to three earlier stores not further back than `reach`. */
static void make(struct graph *g, struct random *r, uint32_t n, uint32_t reach, bool saves)
{
    memset(g, 0, sizeof *g);
    g->d = (struct th_plan_dag){g->ops, n, g->stores, n + 1};
    g->stores[0] = (struct th_plan_store){1 + below(r, 50), true, false};
    for (uint32_t i = 0; i < n; i++) {
        struct th_plan_op *o = &g->ops[i];
        uint32_t want = 1 + below(r, 3);
        g->stores[i + 1].bytes = below(r, 100);
        g->stores[i + 1].live_out = i + 1 == n || !below(r, 12);
        o->buffers = g->buffers[i];
        o->after = g->after[i];
        g->buffers[i][o->n_buffers++] = i + 1;
        for (uint32_t k = 0; k < want; k++) {
            uint32_t from = i + 1 < reach ? 0 : i + 1 - reach;
            uint32_t s = from + below(r, i + 1 - from);
            bool known = false;
            for (uint32_t j = 0; j < o->n_buffers; j++)
                known |= g->buffers[i][j] == s;
            if (known)
                continue;
            g->buffers[i][o->n_buffers++] = s;
            if (s > 0)
                g->after[i][o->n_after++] = s - 1;
        }
        o->scratch = below(r, 4) ? 0 : below(r, 60);
        if (saves && o->n_buffers > 1) {
            o->dying = g->buffers[i][1];
            o->saves = g->stores[o->dying].bytes < g->stores[i + 1].bytes
                           ? g->stores[o->dying].bytes : g->stores[i + 1].bytes;
        }
    }
}

/* Peak of an order by definition: who is alive is counted afresh at every operation. */
static int64_t peak(const struct th_plan_dag *d, const uint32_t *order)
{
    int64_t most = 0;
    for (uint32_t s = 0; s < d->n_stores; s++)
        most += d->stores[s].live_in ? d->stores[s].bytes : 0;
    for (uint32_t t = 0; t < d->n_ops; t++) {
        const struct th_plan_op *o = &d->ops[order[t]];
        int64_t sum = o->scratch;
        bool dies = o->saves > 0;
        for (uint32_t s = 0; s < d->n_stores; s++) {
            bool before = d->stores[s].live_in, now = false, later = d->stores[s].live_out;
            for (uint32_t u = 0; u < d->n_ops; u++)
                for (uint32_t k = 0; k < d->ops[order[u]].n_buffers; k++)
                    if (d->ops[order[u]].buffers[k] == s)
                        *(u < t ? &before : u == t ? &now : &later) = true;
            if (now || (before && later))
                sum += d->stores[s].bytes;
            if (o->saves > 0 && o->dying == s && later)
                dies = false;
        }
        sum -= dies ? o->saves : 0;
        if (sum > most)
            most = sum;
    }
    return most;
}

static bool valid(const struct th_plan_dag *d, const uint32_t *order)
{
    static bool done[MAX_OPS];
    memset(done, 0, sizeof done);
    for (uint32_t t = 0; t < d->n_ops; t++) {
        if (order[t] >= d->n_ops || done[order[t]])
            return false;
        for (uint32_t k = 0; k < d->ops[order[t]].n_after; k++)
            if (!done[d->ops[order[t]].after[k]])
                return false;
        done[order[t]] = true;
    }
    return true;
}

static void brute(const struct th_plan_dag *d, uint32_t *order, uint32_t depth, uint32_t used,
                  int64_t *best)
{
    if (depth == d->n_ops) {
        int64_t p = peak(d, order);
        if (p < *best)
            *best = p;
        return;
    }
    for (uint32_t i = 0; i < d->n_ops; i++) {
        bool ready = !(used >> i & 1);
        for (uint32_t k = 0; k < d->ops[i].n_after && ready; k++)
            ready = used >> d->ops[i].after[k] & 1;
        if (!ready)
            continue;
        order[depth] = i;
        brute(d, order, depth + 1, used | 1u << i, best);
    }
}

static void test_least(void)
{
    static struct graph g;
    struct random r = {11};
    struct th_arena *a = th_arena_new(0);
    uint32_t worse = 0, wrong = 0, unproved = 0, improved = 0;
    for (uint32_t k = 0; k < 400; k++) {
        make(&g, &r, 2 + below(&r, 6), 2 + below(&r, 6), k % 2);
        struct th_plan_order o;
        uint32_t order[8];
        int64_t best = INT64_MAX;
        th_arena_clear(a);
        CU_ASSERT_EQUAL_FATAL(th_plan_order(&g.d, 0, a, &o), TH_OK);
        brute(&g.d, order, 0, 0, &best);
        worse += o.peak != best || peak(&g.d, o.order) != best;
        wrong += !valid(&g.d, o.order);
        unproved += !o.optimal;
        improved += o.peak < o.given;
    }
    CU_ASSERT_EQUAL(worse, 0);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(unproved, 0);
    CU_ASSERT(improved > 20);
    th_arena_free(a);
}

static void test_large(void)
{
    static struct graph g;
    struct random r = {5};
    struct th_arena *a = th_arena_new(0);
    const uint32_t reach[] = {1, 3, 8, 60, 1200};
    for (uint32_t k = 0; k < TH_ARRAY_LEN(reach); k++) {
        struct th_plan_order o, again;
        make(&g, &r, 1000, reach[k], true);
        th_arena_clear(a);
        CU_ASSERT_EQUAL_FATAL(th_plan_order(&g.d, 2000, a, &o), TH_OK);
        CU_ASSERT_EQUAL_FATAL(th_plan_order(&g.d, 2000, a, &again), TH_OK);
        CU_ASSERT(valid(&g.d, o.order));
        CU_ASSERT(o.peak <= o.given);
        CU_ASSERT(reach[k] > 1 || o.optimal);
        CU_ASSERT_EQUAL(memcmp(o.order, again.order, 1000 * sizeof *o.order), 0);
    }
    th_arena_free(a);
}

int main(void)
{
    CU_TestInfo tests[] = {{"least against brute force", test_least},
                           {"large graphs", test_large},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"plan: order", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
