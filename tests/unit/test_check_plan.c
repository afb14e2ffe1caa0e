/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check-plan accepts what the planner makes of random programs, and refuses every one of many
 * seeded corruptions. A corruption is only made where it is certainly wrong.
 */
#include "tests/unit/plan_support.h"

#include <CUnit/Basic.h>
#include <string.h>

#define MAX_POOL 40

static th_value grow(struct lab *l, th_value *pool, uint32_t n)
{
    th_value x = pool[lab_random(l, n)], y = pool[n - 1];
    const struct th_type *t = th_value_type(l->g, x);
    switch (lab_random(l, 9)) {
    case 0: return lab_unary(l->g, "neg", y);
    case 1: return lab_unary(l->g, "abs", y);
    case 2: return lab_unary(l->g, "softmax", x);
    case 3: return lab_conv(l->g, y, 1 + lab_random(l, 9), 3, 1);
    case 4: return lab_conv(l->g, x, 1 + lab_random(l, 12), 1, 1);
    case 5: return lab_conv(l->g, y, 1 + lab_random(l, 9), 3, 1 + lab_random(l, 2));
    case 6:
        return lab_slice(l->g, y, (int64_t[]){0, 0, 0, 0},
                         (int64_t[]){1, t == th_value_type(l->g, y) ? t->dims[1] : 1, 1, 1});
    case 7:
        if (th_type_same_shape(t, th_value_type(l->g, y)))
            return lab_add(l->g, x, y);
        return lab_unary(l->g, "neg", x);
    default:
        if (t->dims[1] == th_value_type(l->g, y)->dims[1] &&
            t->dims[2] == th_value_type(l->g, y)->dims[2])
            return lab_concat(l->g, x, y, 3);
        return lab_unary(l->g, "neg", y);
    }
}

static void random_program(struct lab *l, uint64_t seed)
{
    th_value pool[MAX_POOL];
    uint32_t n = 0, want;
    lab_open(l);
    l->rng ^= (seed + 1) * 0x9e3779b97f4a7c15u;
    want = 4 + lab_random(l, MAX_POOL - 4);
    pool[n++] = lab_input(l, l->g, "x", 2 + lab_random(l, 6), 2 + lab_random(l, 6),
                          1 + lab_random(l, 6));
    th_state s = lab_random(l, 2) ? lab_state(l, "s", 3, 3, 2) : 0;
    if (s)
        pool[n++] = lab_read(l->g, s);
    while (n < want) {
        pool[n] = grow(l, pool, n);
        n++;
    }
    bool write = s && lab_random(l, 3);
    for (uint32_t i = n; write && i-- > 0;)
        if (th_type_same_shape(th_value_type(l->g, pool[i]), th_state_type(l->program, s)) &&
            !th_value_is_input(l->g, pool[i])) {
            lab_write(l->g, s, pool[i]);
            break;
        }
    th_graph_add_output(l->g, "y", pool[n - 1]);
    if (lab_random(l, 3) == 0)
        th_graph_add_output(l->g, "z", pool[lab_random(l, n)]);
}

static void test_accepts(void)
{
    uint32_t refused = 0, gaps = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct lab l;
        random_program(&l, seed);
        if (lab_run(&l, LAB_PLAN) != TH_OK || lab_check(&l) != TH_OK) {
            refused++;
            fprintf(stderr, "seed %d: %s\n", (int)seed, l.messages.s);
        } else {
            const struct th_plan_region *r = &th_program_plan(l.program)->regions[1];
            gaps += r->bytes != r->lower_bound;
        }
        lab_close(&l);
    }
    CU_ASSERT_EQUAL(refused, 0);
    CU_ASSERT(gaps < 300 / 4);
}

/* ---- corruptions --------------------------------------------------------------------------- */
static bool stored(const struct lab *l, th_value v)
{
    return v && !th_value_is_const(l->g, v) && th_value_place(l->g, v).region >= 0 &&
           th_type_size(th_value_type(l->g, v)) > 0;
}

static th_node random_node(struct lab *l)
{
    uint32_t k = lab_random(l, th_graph_node_count(l->g));
    th_node n = th_graph_first(l->g);
    while (k-- > 0)
        n = th_graph_next(l->g, n);
    return n;
}

static uint32_t position(const struct lab *l, th_node n)
{
    uint32_t p = 0;
    for (th_node k = th_graph_first(l->g); k && k != n; k = th_graph_next(l->g, k))
        p++;
    return p;
}

static bool is_call(const struct lab *l, th_node n)
{
    return n && th_node_note_const(l->g, n)->row;
}

static th_value moved(struct lab *l, th_value v, int64_t by)
{
    struct th_place at = th_value_place(l->g, v);
    at.offset += by;
    th_value_set_place(l->g, v, at);
    return v;
}

/* An output or scratch off by one byte: alignment. */
static bool off_by_one(struct lab *l)
{
    th_node n = random_node(l);
    if (!is_call(l, n))
        return false;
    if (th_node_note_const(l->g, n)->scratch_bytes > 0) {
        th_node_note(l->g, n)->scratch.offset += 1;
        return true;
    }
    moved(l, th_node_output(l->g, n, 0), lab_random(l, 2) ? 1 : -1);
    return true;
}

/* The output begins one element above its input: no kernel here may do that. */
static bool above_input(struct lab *l)
{
    th_node n = random_node(l);
    th_value in, out;
    if (!is_call(l, n) || !stored(l, in = th_node_input(l->g, n, 0)) ||
        !stored(l, out = th_node_output(l->g, n, 0)) ||
        th_type_size(th_value_type(l->g, in)) <= 4)
        return false;
    struct th_place at = th_value_place(l->g, in);
    at.offset += 4;
    th_value_set_place(l->g, out, at);
    return true;
}

/* The planner's overlap, where it is as tight as the distance allows, made 4 bytes tighter. */
static bool distance_short(struct lab *l)
{
    for (uint32_t k = 0; k < th_graph_share_count(l->g); k++) {
        const struct th_share *s = th_graph_share(l->g, k);
        if (s->exact || s->state || !stored(l, s->in) || !stored(l, s->out))
            continue;
        struct th_place a = th_value_place(l->g, s->out), b = th_value_place(l->g, s->in);
        int64_t d = b.offset - a.offset;
        if (a.region != b.region || d != s->distance || lab_random(l, 3) ||
            d >= th_type_size(th_value_type(l->g, s->out)) ||
            th_type_size(th_value_type(l->g, s->in)) <= 4)
            continue;
        moved(l, s->out, 4);
        return true;
    }
    return false;
}

/* A value's bytes are given away before its last use. */
static bool lifetime_cut(struct lab *l)
{
    th_node made = random_node(l);
    th_value u;
    if (!is_call(l, made) || !stored(l, u = th_node_output(l->g, made, 0)))
        return false;
    uint32_t last = 0;
    for (uint32_t k = 0; k < th_value_user_count(l->g, u); k++) {
        uint32_t p = position(l, th_value_user(l->g, u, k));
        last = p > last ? p : last;
    }
    if (th_value_is_output(l->g, u))
        last = th_graph_node_count(l->g);
    for (th_node n = th_graph_next(l->g, made); n && position(l, n) < last;
         n = th_graph_next(l->g, n)) {
        if (!is_call(l, n) || !stored(l, th_node_output(l->g, n, 0)))
            continue;
        th_value_set_place(l->g, th_node_output(l->g, n, 0), th_value_place(l->g, u));
        return true;
    }
    return false;
}

static bool scratch_on_input(struct lab *l)
{
    th_node n = random_node(l);
    th_value in;
    if (!is_call(l, n) || th_node_note_const(l->g, n)->scratch_bytes <= 0 ||
        !stored(l, in = th_node_input(l->g, n, 0)))
        return false;
    th_node_note(l->g, n)->scratch = th_value_place(l->g, in);
    return true;
}

/* A region one byte smaller than what lies in it. */
static bool region_short(struct lab *l)
{
    static struct th_plan_region copy[4];
    struct th_plan_totals t = *th_program_plan(l->program);
    memcpy(copy, t.regions, t.n_regions * sizeof *copy);
    if (copy[1].bytes < 1)
        return false;
    copy[1].bytes--;
    t.regions = copy;
    th_program_set_plan(l->program, &t);
    return true;
}

static bool writes_state(const struct lab *l)
{
    for (th_node n = th_graph_first(l->g); n; n = th_graph_next(l->g, n))
        if (th_node_is(l->g, n, "state_write"))
            return true;
    return false;
}

/* A computed value lies in a variable that keeps its contents for the next call. */
static bool state_hit(struct lab *l)
{
    th_node n = random_node(l);
    if (!th_program_state_count(l->program) || writes_state(l) || !is_call(l, n) ||
        !stored(l, th_node_output(l->g, n, 0)))
        return false;
    th_value_set_place(l->g, th_node_output(l->g, n, 0), (struct th_place){TH_REGION_STATE, 0});
    return true;
}

static bool state_moved(struct lab *l)
{
    if (!th_program_state_count(l->program))
        return false;
    th_state_set_offset(l->program, 1, lab_random(l, 2) ? 1 : 4);
    return true;
}

static void test_refuses(void)
{
    static bool (*const corrupt[])(struct lab *) = {
        off_by_one, above_input, distance_short, lifetime_cut,
        scratch_on_input, region_short, state_hit, state_moved};
    uint32_t made[TH_ARRAY_LEN(corrupt)] = {0}, missed = 0, silent = 0;
    for (uint64_t seed = 0; seed < 800; seed++) {
        struct lab l;
        uint32_t kind = (uint32_t)(seed % TH_ARRAY_LEN(corrupt));
        random_program(&l, seed);
        if (lab_run(&l, LAB_PLAN) == TH_OK && lab_check(&l) == TH_OK && corrupt[kind](&l)) {
            made[kind]++;
            th_str_clear(&l.messages);
            if (lab_check(&l) == TH_OK) {
                missed++;
                fprintf(stderr, "seed %d: corruption %u was not seen\n", (int)seed, kind);
            } else {
                silent += !strstr(l.messages.s, "[TH4008]");
            }
        }
        lab_close(&l);
    }
    uint32_t sum = 0;
    for (uint32_t i = 0; i < TH_ARRAY_LEN(corrupt); i++) {
        if (made[i] < 5)
            fprintf(stderr, "corruption %u was only made %u times\n", i, made[i]);
        CU_ASSERT(made[i] >= 5);
        sum += made[i];
    }
    CU_ASSERT(sum >= 200);
    CU_ASSERT_EQUAL(missed, 0);
    CU_ASSERT_EQUAL(silent, 0);
    printf("%u corruptions ", sum);
}

/* A result takes the place of scratch from its first byte on, if the kernel promises it. */
static void test_over_scratch(void)
{
    static const int64_t by[] = {0, -8, 4, 64};
    for (int own = 0; own < 2; own++) {
        for (size_t i = 0; i < TH_ARRAY_LEN(by); i++) {
            struct lab l;
            lab_open(&l);
            if (!own)
                l.force = "softmax=thk_softmax_sums__lab";
            th_value x = lab_input(&l, l.g, "x", 2, 2, 4), y = lab_unary(l.g, "softmax", x);
            th_graph_add_output(l.g, "y", lab_unary(l.g, "abs", y));
            CU_ASSERT_EQUAL(lab_run(&l, LAB_PLAN), TH_OK);
            CU_ASSERT_EQUAL(lab_check(&l), TH_OK);
            const struct th_place scratch = th_node_note_const(l.g, th_value_def(l.g, y))->scratch;
            CU_ASSERT_EQUAL(lab_transient(&l), own ? 64 + 132 + 64 : 64 + 132);
            CU_ASSERT_EQUAL(th_value_place(l.g, y).offset == scratch.offset, !own);
            if (!own && by[i]) {
                moved(&l, y, by[i]);
                th_str_clear(&l.messages);
                CU_ASSERT_NOT_EQUAL(lab_check(&l), TH_OK);
                /* before the scratch only the operand is in its way */
                CU_ASSERT_EQUAL(strstr(l.messages.s, "scratch at") != NULL, by[i] > 0);
            }
            lab_close(&l);
        }
    }
}

int main(void)
{
    CU_TestInfo tests[] = {{"accepts random plans", test_accepts},
                           {"refuses corrupted plans", test_refuses},
                           {"results over scratch", test_over_scratch},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"check-plan", NULL, NULL, NULL, NULL, tests}, CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
