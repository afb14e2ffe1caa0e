/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random networks in tile loops: planned, accepted by check-plan, run byte by byte in the planned
 * memory, equal to the evaluator. Then each plan is damaged: check-plan refuses it, or running the
 * bytes shows that no harm was done.
 */
#include "tests/unit/plan_support.h"

#include <CUnit/Basic.h>
#include <string.h>

#include "ir/planned.h"
#include "ir/tile.h"

#define MAX_POOL 24

static th_value grow(struct lab *l, const th_value *pool, uint32_t n)
{
    const th_value y = pool[n - 1], x = pool[lab_random(l, n)];
    const struct th_type *t = th_value_type(l->g, y);
    const int64_t channels = 1 + lab_random(l, 5);
    switch (lab_random(l, 9)) {
    case 0: return lab_conv(l->g, y, channels, 3, 1);
    case 1: return t->dims[1] > 3 && t->dims[2] > 3 ? lab_conv(l->g, y, channels, 3, 2)
                                                     : lab_conv(l->g, y, channels, 3, 1);
    case 2: return lab_conv(l->g, y, channels, 5, 1);
    case 3: return lab_conv(l->g, y, t->dims[3], 1, 1);
    case 4: return lab_unary(l->g, "neg", y);
    case 5: return lab_unary(l->g, "abs", y);
    case 6: return lab_conv(l->g, y, th_value_type(l->g, x)->dims[3], 1, 1);
    case 7:
        if (t->dims[1] == th_value_type(l->g, x)->dims[1] &&
            t->dims[2] == th_value_type(l->g, x)->dims[2] && x != y)
            return lab_concat(l->g, x, y, 3);
        return lab_conv(l->g, y, channels, 3, 1);
    default:
        if (th_type_same_shape(t, th_value_type(l->g, x)))
            return lab_add(l->g, x, y);
        return lab_conv(l->g, y, channels, 1, 1);
    }
}

/* Rows of a strip, half of the time with a shorter first one. */
static uint32_t random_rows(struct lab *l, uint32_t most, char *text)
{
    const uint32_t rows = 1 + lab_random(l, most), less = lab_random(l, rows);
    return (uint32_t)(less && lab_random(l, 2) ? sprintf(text, ":%u-%u", rows, less)
                                               : sprintf(text, ":%u", rows));
}

/* Text that forms one or two groups of the n nodes. */
static void random_groups(struct lab *l, uint32_t n, char *text)
{
    uint32_t first = l->feed ? 0 : lab_random(l, n > 3 ? 3 : n), at = 0;
    at += (uint32_t)sprintf(text, "patch-split{groups=");
    for (uint32_t k = 0; first < n && k < 2; k++) {
        const uint32_t last = first + 1 + lab_random(l, 7);
        const uint32_t end = last < n ? last : n - 1;
        if (k)
            text[at++] = '+';
        if (lab_random(l, 2)) {
            at += (uint32_t)sprintf(text + at, "%u-%u:stream:%u", first, end, lab_random(l, 4));
        } else {
            at += (uint32_t)sprintf(text + at, "%u-%u:strips:%u", first, end, 1 + lab_random(l, 3));
            if (end > first && lab_random(l, 2)) {
                at += random_rows(l, 3, text + at);
                at += (uint32_t)sprintf(text + at, "x0@%u", first + lab_random(l, end - first));
            }
            at += random_rows(l, 4, text + at);
            at += (uint32_t)sprintf(text + at, "x%u@%u",
                                    lab_random(l, 2) ? 0 : 1 + lab_random(l, 4), end);
        }
        first = end + 1;
        if (lab_random(l, 2))
            break;
    }
    sprintf(text + at, "}");
}

static struct th_tensor *random_tensor(struct lab *l, const struct th_type *t, struct th_arena *a)
{
    struct th_tensor *x = th_tensor_new(a, t);
    for (int64_t i = 0; i < th_type_elems(t); i++)
        th_tensor_set_real(x, i, (double)(int)lab_random(l, 4000) / 1000 - 2);
    return x;
}

struct subject {
    struct lab l;
    struct th_arena *a;
    const struct th_tensor *in;
    struct th_tensor *want[4];
    char groups[200];
};

static bool open_subject(struct subject *s, uint64_t seed, bool feed)
{
    th_value pool[MAX_POOL];
    uint32_t n = 0;
    lab_open(&s->l);
    s->l.feed = feed;
    s->l.rng ^= (seed + 1) * 0x9e3779b97f4a7c15u;
    s->a = th_arena_new(0);
    const uint32_t want = 4 + lab_random(&s->l, MAX_POOL - 4);
    pool[n++] = lab_input(&s->l, s->l.g, "x", 3 + lab_random(&s->l, 9), 2 + lab_random(&s->l, 9),
                          1 + lab_random(&s->l, 4));
    for (; n < want; n++)
        pool[n] = grow(&s->l, pool, n);
    th_graph_add_output(s->l.g, "y", pool[n - 1]);
    if (lab_random(&s->l, 4) == 0)
        th_graph_add_output(s->l.g, "z", pool[1 + lab_random(&s->l, n - 1)]);
    s->in = random_tensor(&s->l, th_value_type(s->l.g, pool[0]), s->a);
    struct th_eval_session *e = th_eval_session_new(s->l.program);
    CU_ASSERT_EQUAL_FATAL(th_eval_run(e, s->l.g, &s->in, s->a, s->want), TH_OK);
    th_eval_session_free(e);
    CU_ASSERT_EQUAL_FATAL(lab_run(&s->l, "dce"), TH_OK);
    random_groups(&s->l, th_graph_node_count(s->l.g), s->groups);
    return true;
}

/* With random groups: false when they cannot be formed, or take no rows, which is no failure. */
static bool open_grouped(struct subject *s, uint64_t seed, bool feed)
{
    return open_subject(s, seed, feed) && lab_run(&s->l, s->groups) == TH_OK &&
           (!feed || lab_run(&s->l, "feed") == TH_OK);
}

static void close_subject(struct subject *s)
{
    th_arena_free(s->a);
    lab_close(&s->l);
}

/* The planned memory gives what the evaluator gave. */
static bool runs(struct subject *s)
{
    struct th_planned *p = th_planned_new(s->l.program);
    struct th_tensor *got[4];
    bool ok = p && th_planned_run(p, s->l.g, &s->in, s->a, got) == TH_OK;
    for (uint32_t i = 0; ok && i < th_graph_output_count(s->l.g); i++)
        ok = !memcmp(got[i]->data, s->want[i]->data, (size_t)th_type_size(&got[i]->type));
    th_planned_free(p);
    return ok;
}

static bool in_strips(const struct lab *l)
{
    th_node loop = 0;
    return th_tile_fed_input(l->g, &loop) &&
           th_attr_int(th_node_attrs(l->g, loop), "mode", 0) == TH_TILE_STRIPS;
}

/* From the last row to the first wherever that is possible; in half of the cases only if memory
 * wants it. */
static const char *plan_up(uint64_t seed)
{
    return seed % 2 ? "select-kernels,pack,in-place,schedule,memory-plan"
                    : "select-kernels,pack,in-place{walk=up},schedule,memory-plan";
}

static bool walks_up(const struct lab *l)
{
    for (th_node i = th_graph_first(l->g); i; i = th_graph_next(l->g, i))
        if (th_node_is(l->g, i, "tile_loop") && th_attr_int(th_node_attrs(l->g, i), "walk", 0))
            return true;
    return false;
}

static void test_accepts_up(void)
{
    uint32_t up = 0, chosen = 0, bad = 0;
    for (uint64_t seed = 0; seed < 600; seed++) {
        struct subject s;
        if (open_grouped(&s, seed * 3 + 2, false)) {
            if (lab_run(&s.l, plan_up(seed)) != TH_OK || lab_check(&s.l) != TH_OK || !runs(&s)) {
                bad++;
                fprintf(stderr, "seed %d: %s\n%s", (int)seed, s.groups, s.l.messages.s);
            }
            *(seed % 2 ? &chosen : &up) += walks_up(&s.l);
        }
        close_subject(&s);
    }
    CU_ASSERT(up > 100);
    CU_ASSERT(chosen > 0);
    CU_ASSERT_EQUAL(bad, 0);
    printf("%u networks, and %u for memory's sake ", up, chosen);
}

static void accepts(uint64_t seeds, bool feed)
{
    uint32_t formed = 0, bad = 0, strips = 0;
    for (uint64_t seed = 0; seed < seeds; seed++) {
        struct subject s;
        if (open_grouped(&s, seed, feed)) {
            formed++;
            strips += in_strips(&s.l);
            if (lab_run(&s.l, LAB_PLAN) != TH_OK || lab_check(&s.l) != TH_OK || !runs(&s)) {
                bad++;
                fprintf(stderr, "seed %d: %s\n%s", (int)seed, s.groups, s.l.messages.s);
            }
        }
        close_subject(&s);
    }
    CU_ASSERT(feed ? strips > 50 && formed > strips + 50 : formed > 300);
    CU_ASSERT_EQUAL(bad, 0);
    printf("%u networks ", formed);
}

static void test_accepts(void) { accepts(900, false); }
static void test_accepts_fed(void) { accepts(700, true); }

/* The search finds groups; what is planned of them runs, needs no more than without, and its point
 * is marked on the front, spelled so that it can be forced. */
static void test_searched(void)
{
    uint32_t smaller = 0, bad = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct subject s, plain;
        uint32_t n, chosen = 0;
        bool opened = open_subject(&s, seed * 11 + 5, false) &&
                      open_subject(&plain, seed * 11 + 5, false);
        s.l.objective = seed % 2 ? TH_OPT_RAM : TH_OPT_BALANCED;
        opened = opened && lab_run(&plain.l, LAB_PLAN) == TH_OK &&
                 lab_run(&s.l, "patch-split," LAB_PLAN) == TH_OK;
        const struct th_front_point *front = th_program_front(s.l.program, &n);
        for (uint32_t i = 0; i < n; i++) {
            chosen += front[i].chosen;
            opened &= !strncmp(front[i].spelling, "patch-split{", 12);
        }
        /* lines and places round up to words */
        if (!opened || lab_check(&s.l) != TH_OK || !runs(&s) || (n && chosen != 1) ||
            lab_transient(&s.l) > lab_transient(&plain.l) + 64) {
            bad++;
            fprintf(stderr, "seed %d: %s\n%s", (int)seed, s.l.messages.s, s.l.remarks.s);
        }
        smaller += lab_transient(&s.l) * 10 < lab_transient(&plain.l) * 9;
        close_subject(&s);
        close_subject(&plain);
    }
    CU_ASSERT_EQUAL(bad, 0);
    CU_ASSERT(smaller > 50);
    printf("%u of 200 smaller ", smaller);
}

/* Two fast regions that do not hold everything, one that does: hot values go to the fast ones. */
static void test_regions(void)
{
    uint32_t formed = 0, several = 0, bad = 0;
    for (uint64_t seed = 0; seed < 250; seed++) {
        struct subject s;
        if (open_grouped(&s, seed * 5 + 1, false)) {
            const uint32_t fast = 40 + 40 * lab_random(&s.l, 20);
            s.l.ram[0] = (struct th_mem_region){.name = "slow", .use = TH_REGION_USE_RAM,
                                                .speed = 3};
            s.l.ram[1] = (struct th_mem_region){.name = "tcm", .use = TH_REGION_USE_RAM,
                                                .bytes = fast};
            s.l.ram[2] = (struct th_mem_region){.name = "sram", .use = TH_REGION_USE_RAM,
                                                .bytes = 3 * fast, .speed = 1};
            s.l.target.n_regions = 3;
            s.l.objective = TH_OPT_TIME;
            formed++;
            if (lab_run(&s.l, LAB_PLAN) != TH_OK || lab_check(&s.l) != TH_OK || !runs(&s)) {
                bad++;
                fprintf(stderr, "seed %d: %s\n%s", (int)seed, s.groups, s.l.messages.s);
            }
            const struct th_plan_totals *t = th_program_plan(s.l.program);
            several += t->n_regions > 2;
            for (uint32_t r = 1; r < t->n_regions; r++)
                bad += (!strcmp(t->regions[r].name, "tcm") && t->regions[r].bytes > fast) ||
                       (!strcmp(t->regions[r].name, "sram") && t->regions[r].bytes > 3 * fast);
        }
        close_subject(&s);
    }
    CU_ASSERT(formed > 80);
    CU_ASSERT(several > 40);
    CU_ASSERT_EQUAL(bad, 0);
    printf("%u of %u in several regions ", several, formed);
}

/* ---- damage ---------------------------------------------------------------------------------- */
static th_node random_loop(struct lab *l)
{
    th_node found = 0;
    uint32_t n = 0;
    for (th_node i = th_graph_first(l->g); i; i = th_graph_next(l->g, i))
        if (th_node_is(l->g, i, "tile_loop") && lab_random(l, ++n) == 0)
            found = i;
    return found;
}

static bool less_kept(struct lab *l, const char *attr)
{
    const th_node loop = random_loop(l);
    const struct th_attrs *as = th_node_attrs(l->g, loop);
    int64_t v[MAX_POOL];
    const uint32_t n = th_attr_len(as, attr), start = lab_random(l, n);
    for (uint32_t i = 0; i < n; i++)
        v[i] = th_attr_ints(as, attr, i, 0);
    for (uint32_t k = 0; k < n; k++)
        if (v[(start + k) % n] > 0) {
            v[(start + k) % n]--;
            return th_node_set_attr_ints(l->g, loop, attr, n, v) == TH_OK;
        }
    return false;
}

static bool fewer_slots(struct lab *l) { return less_kept(l, "slots"); }
static bool fewer_rows(struct lab *l) { return less_kept(l, "tail_rows"); }
static bool fewer_columns(struct lab *l) { return less_kept(l, "tail_cols"); }

/* A value inside the loop that is no parameter and no result. */
static th_value random_inner(struct lab *l, const struct th_graph *body)
{
    th_value found = 0;
    uint32_t n = 0;
    for (th_node i = th_graph_first(body); i; i = th_graph_next(body, i)) {
        const th_value v = th_node_output(body, i, 0);
        if (!th_value_is_output(body, v) && lab_random(l, ++n) == 0)
            found = v;
    }
    return found;
}

static bool move_inner(struct lab *l, int64_t by)
{
    struct th_graph *body = th_node_body(l->g, random_loop(l), 0);
    const th_value v = random_inner(l, body);
    if (!v)
        return false;
    struct th_place at = th_value_place(body, v);
    at.offset += by;
    th_value_set_place(body, v, at);
    return true;
}

static bool off_by_one(struct lab *l) { return move_inner(l, lab_random(l, 2) ? 1 : -1); }
static bool off_by_word(struct lab *l) { return move_inner(l, lab_random(l, 2) ? 4 : -4); }

/* Two results of different nodes at one place. */
static bool lifetime_cut(struct lab *l)
{
    struct th_graph *body = th_node_body(l->g, random_loop(l), 0);
    const th_value a = random_inner(l, body), b = random_inner(l, body);
    if (!a || !b || a == b || th_value_place(body, a).offset == th_value_place(body, b).offset)
        return false;
    th_value_set_place(body, a, th_value_place(body, b));
    return true;
}

/* Something inside lies over an operand or a result of the loop. */
static bool over_outside(struct lab *l)
{
    const th_node loop = random_loop(l);
    struct th_graph *body = th_node_body(l->g, loop, 0);
    const th_value a = random_inner(l, body);
    const th_value b = lab_random(l, 2) ? th_graph_output(body, 0) : th_graph_input(body, 0);
    if (!a)
        return false;
    th_value_set_place(body, a, th_value_place(body, b));
    return true;
}

/* A result that grows into a dying operand as closely as allowed, 4 bytes closer. */
static bool distance_short(struct lab *l)
{
    const th_node loop = random_loop(l);
    struct th_graph *body = th_node_body(l->g, loop, 0);
    for (uint32_t k = 0; k < th_graph_share_count(l->g); k++) {
        const struct th_share *s = th_graph_share(l->g, k);
        if (s->exact || s->state || th_value_def(l->g, s->out) != loop)
            continue;
        struct th_place out = th_value_place(l->g, s->out), in = th_value_place(l->g, s->in);
        if (out.region != in.region || in.offset - out.offset != s->distance)
            continue;
        out.offset += 4;
        th_value_set_place(l->g, s->out, out);
        for (uint32_t i = 0; i < th_node_output_count(l->g, loop); i++)
            if (th_node_output(l->g, loop, i) == s->out)
                th_value_set_place(body, th_graph_output(body, i), out);
        return true;
    }
    return false;
}

/* The same in a loop that walks up. */
static bool above_short(struct lab *l)
{
    const th_node loop = random_loop(l);
    struct th_graph *body = th_node_body(l->g, loop, 0);
    for (uint32_t k = 0; k < th_graph_share_count(l->g); k++) {
        const struct th_share *s = th_graph_share(l->g, k);
        struct th_place out = th_value_place(l->g, s->out), in = th_value_place(l->g, s->in);
        if (!s->above || th_value_def(l->g, s->out) != loop || out.region != in.region ||
            out.offset - in.offset < s->above || out.offset - in.offset >= s->above + 4 ||
            !th_attr_int(th_node_attrs(l->g, loop), "walk", 0))
            continue;
        out.offset -= 4;
        th_value_set_place(l->g, s->out, out);
        for (uint32_t i = 0; i < th_node_output_count(l->g, loop); i++)
            if (th_node_output(l->g, loop, i) == s->out)
                th_value_set_place(body, th_graph_output(body, i), out);
        return true;
    }
    return false;
}

static bool other_direction(struct lab *l)
{
    const th_node loop = random_loop(l);
    const bool up = th_attr_int(th_node_attrs(l->g, loop), "walk", 0) == 1;
    return th_tile_set_walk(l->g, loop, !up) == TH_OK;
}

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

/* The body's result is said to be made elsewhere than the loop's lies. */
static bool result_apart(struct lab *l)
{
    const th_node loop = random_loop(l);
    struct th_place at = th_value_place(l->g, th_node_output(l->g, loop, 0));
    at.offset += 4;
    th_value_set_place(l->g, th_node_output(l->g, loop, 0), at);
    return true;
}

static void test_refuses(void)
{
    static const struct {
        const char *name;
        bool (*damage)(struct lab *);
        bool may_be_harmless;
    } kinds[] = {
        {"slots", fewer_slots, true},         {"rows", fewer_rows, true},
        {"columns", fewer_columns, true},     {"byte", off_by_one, false},
        {"word", off_by_word, true},          {"lifetime", lifetime_cut, true},
        {"outside", over_outside, true},      {"distance", distance_short, true},
        {"region", region_short, true},       {"result", result_apart, false},
        {"above", above_short, true},         {"direction", other_direction, true}};
    enum { KINDS = TH_ARRAY_LEN(kinds) };
    uint32_t made[KINDS] = {0}, caught[KINDS] = {0}, sum = 0, missed = 0;
    for (uint64_t seed = 0; seed < 3600; seed++) {
        const uint32_t k = (uint32_t)(seed % KINDS);
        const char *plan = k >= KINDS - 2 ? plan_up(0) : LAB_PLAN;
        struct subject s;
        if (open_grouped(&s, seed * 7 + 3, seed >= 2400) && lab_run(&s.l, plan) == TH_OK &&
            lab_check(&s.l) == TH_OK && kinds[k].damage(&s.l)) {
            made[k]++;
            sum++;
            if (lab_check(&s.l) != TH_OK) {
                caught[k]++;
            } else if (!kinds[k].may_be_harmless || !runs(&s)) {
                missed++;
                fprintf(stderr, "seed %d: damage '%s' of %s was not seen\n%s", (int)seed,
                        kinds[k].name, s.groups, s.l.messages.s);
            }
        }
        close_subject(&s);
    }
    for (uint32_t k = 0; k < KINDS; k++) {
        if (made[k] < 15 || caught[k] * 4 < made[k])
            fprintf(stderr, "damage '%s': made %u times, caught %u times\n", kinds[k].name,
                    made[k], caught[k]);
        CU_ASSERT(made[k] >= 15);
    }
    CU_ASSERT(sum >= 400);
    CU_ASSERT_EQUAL(missed, 0);
    for (uint32_t k = 0; k < KINDS; k++)
        printf("%s %u/%u ", kinds[k].name, caught[k], made[k]);
}

int main(void)
{
    CU_TestInfo tests[] = {{"accepts and runs random tile loops", test_accepts},
                           {"the same with pushed rows", test_accepts_fed},
                           {"the same, walked up", test_accepts_up},
                           {"searched", test_searched},
                           {"several regions", test_regions},
                           {"refuses damaged ones", test_refuses},
                           CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"check-plan of tile loops", NULL, NULL, NULL, NULL, tests},
                             CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_run_tests();
    const unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
