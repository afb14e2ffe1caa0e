/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frames: at every step after the warm-up the outputs are those of the model on its whole window;
 * what ends the streamed part is named.
 */
#include "tests/unit/frame_nets.h"

#include "ir/notes.h"

/* ---- the comparison ------------------------------------------------------------------------ */
static const char *global(void *user, const char *name)
{
    const char *options = user;
    if (!strcmp(name, "hop"))
        return strncmp(options, "hop=", 4) ? "1" : options + 4;
    return !strcmp(name, "feed") ? "frames" : NULL;
}

/* options: "hop=N", those of the pass, or "". */
static enum th_status stream(struct series *s, const char *options)
{
    char text[80], own[80];
    const bool hop = !strncmp(options, "hop=", 4);
    snprintf(own, sizeof own, "%s", options);
    snprintf(text, sizeof text, hop || !*options ? "frames" : "frames{%s}", own);
    struct th_pipeline_run run = {.pipeline = "inference", .passes = text, .verify = true,
                                  .global = global, .user = own};
    return th_pipeline_run(s->n.p, &run);
}

/* A long random series: the streamed program on its frames, the other one on every window. */
static void compare(struct series *whole, struct series *steps)
{
    const struct th_frames *f = th_program_frames(steps->n.p);
    const int64_t row = (int64_t)whole->w * whole->c, hop = f->hop;
    const int64_t total = 3 * f->window / hop * hop;
    struct th_arena *a = th_arena_new(0);
    struct th_eval_session *x = th_eval_session_new(whole->n.p);
    struct th_eval_session *y = th_eval_session_new(steps->n.p);
    struct th_type t = map(whole, total, whole->w, whole->c);
    struct th_tensor *series = th_tensor_new(a, &t);
    uint32_t seed = 99, compared = 0;
    test_fill(series, &seed);
    for (int64_t end = hop; end <= total; end += hop) {
        struct th_type wt = map(whole, f->window, whole->w, whole->c);
        struct th_type ft = map(whole, hop, whole->w, whole->c);
        struct th_tensor *window = th_tensor_new(a, &wt), *frames = th_tensor_new(a, &ft);
        struct th_tensor *want[TEST_MAX_IO], *got[TEST_MAX_IO];
        const struct th_tensor *in = frames;
        const int64_t have = end < f->window ? end : f->window;
        memcpy(frames->data, (char *)series->data + (end - hop) * row, (size_t)(hop * row));
        memcpy((char *)window->data + (f->window - have) * row,
               (char *)series->data + (end - have) * row, (size_t)(have * row));
        CU_ASSERT_EQUAL_FATAL(th_eval_run(y, steps->n.g, &in, a, got), TH_OK);
        if (end < f->warm_up)
            continue;
        in = window;
        CU_ASSERT_EQUAL_FATAL(th_eval_run(x, whole->n.g, &in, a, want), TH_OK);
        for (uint32_t o = 0; o < th_graph_output_count(whole->n.g); o++, compared++) {
            CU_ASSERT_TRUE_FATAL(th_type_equal(&want[o]->type, &got[o]->type));
            CU_ASSERT_EQUAL(memcmp(want[o]->data, got[o]->data,
                                   (size_t)th_type_size(&want[o]->type)), 0);
        }
    }
    CU_ASSERT_TRUE(compared > 0);
    th_eval_session_free(x);
    th_eval_session_free(y);
    th_arena_free(a);
}

/* op, why: where streaming ends, and part of the reason. */
struct expected {
    build_fn *build;
    int h, w, c;
    const char *options;
    int64_t warm_up;
    uint32_t streamed, timed;
    const char *op, *why;
};

static void check(const struct expected *e)
{
    struct series whole, steps;
    series_open(&whole, e->build, e->h, e->w, e->c);
    series_open(&steps, e->build, e->h, e->w, e->c);
    CU_ASSERT_EQUAL_FATAL(stream(&steps, e->options), TH_OK);
    const struct th_frames *f = th_program_frames(steps.n.p);
    compare(&whole, &steps);
    CU_ASSERT_EQUAL(f->warm_up, e->warm_up);
    CU_ASSERT_EQUAL(f->streamed, e->streamed);
    CU_ASSERT_EQUAL(f->timed, e->timed);
    CU_ASSERT_EQUAL(f->n_ends, e->op ? 1 : 0);
    if (e->op && f->n_ends) {
        CU_ASSERT_STRING_EQUAL(f->ends[0].op, e->op);
        CU_ASSERT_PTR_NOT_NULL(strstr(f->ends[0].why, e->why));
        if (!strstr(f->ends[0].why, e->why))
            printf("\n%s", f->ends[0].why);
    }
    CU_ASSERT_TRUE(f->streamed ? f->macs_step < f->macs_window : f->macs_step <= f->macs_window);
    net_close(&whole.n);
    net_close(&steps.n);
}

static void test_causal(void)
{
    check(&(struct expected){causal_stack, 40, 1, 3, "", 17, 13, 13, NULL, NULL});
    check(&(struct expected){causal_stack, 17, 1, 3, "", 17, 13, 13, NULL, NULL});
    check(&(struct expected){causal_stack, 40, 1, 3, "hop=4", 20, 13, 13, NULL, NULL});
    check(&(struct expected){moved, 12, 2, 3, "", 7, 6, 6, NULL, NULL});
    check(&(struct expected){older, 20, 2, 3, "", 7, 4, 4, NULL, NULL});
}

/* Shorter than what the newest row depends on: its padding is seen. */
static void test_short(void)
{
    check(&(struct expected){causal_stack, 16, 1, 3, "", 16, 0, 13, "conv2d",
                             "pads time by 1 rows in front and 0 behind"});
}

static void test_strides(void)
{
    check(&(struct expected){causal_strides, 32, 1, 3, "", 10, 0, 4, "conv2d",
                             "a row of it takes 2 frames, a step has 1"});
    check(&(struct expected){causal_strides, 32, 1, 3, "hop=2", 10, 2, 4, "max_pool2d",
                             "a row of it takes 4 frames, a step has 2"});
    check(&(struct expected){causal_strides, 32, 1, 3, "hop=4", 12, 4, 4, NULL, NULL});
    check(&(struct expected){causal_strides, 32, 1, 3, "hop=8", 16, 4, 4, NULL, NULL});
}

static void test_ends(void)
{
    check(&(struct expected){means, 20, 1, 3, "", 20, 2, 3, "mean", "depends on all of time"});
    check(&(struct expected){means, 20, 1, 3, "hop=5", 20, 2, 3, "mean", "depends on all of time"});
    check(&(struct expected){same_padding, 15, 2, 3, "", 15, 0, 3, "conv2d",
                             "pads time by 1 rows in front and 1 behind"});
    check(&(struct expected){joined, 14, 2, 3, "", 14, 5, 6, "reshape", "into one"});
    check(&(struct expected){positions, 14, 2, 3, "", 14, 1, 2, "add", "rows of its own"});
    check(&(struct expected){backwards, 9, 2, 3, "", 9, 1, 2, "slice", "not all alike"});
}

static void test_sequences(void)
{
    check(&(struct expected){sequences, 14, 2, 3, "", 14, 3, 3, NULL, NULL});
    check(&(struct expected){sequences, 15, 2, 3, "hop=5", 15, 3, 3, NULL, NULL});
}

/* ---- random networks ----------------------------------------------------------------------- */
static uint32_t drawn;

static int below(int n)
{
    return (int)(test_random(&drawn) % (uint32_t)n);
}

static void random_net(struct series *s)
{
    th_value v = start(s);
    for (int i = 0, n = 2 + below(4); i < n; i++) {
        const int h = (int)th_value_type(s->n.g, v)->dims[1];
        struct along k = {1 + below(3), 1 + (below(4) == 0), 1 + below(2), 0, 0};
        const int reach = (k.kernel - 1) * k.dilation;
        if (below(3) || reach >= h - 1)
            k.before = reach;
        else if (!below(3))
            k.before = k.after = reach / 2;
        const int what = below(5);
        if (what == 0)
            v = depthwise(s, v, k);
        else if (what == 1 && h > 4)
            v = slice(s, v, below(2), h - 1 - below(2), 1);
        else if (what == 2 && k.stride == 1 && k.before == reach)
            v = net_add(&s->n, v, depthwise(s, v, k));
        else if (what == 3 && k.kernel <= h)
            v = pool(s, below(2) ? "max_pool2d" : "avg_pool2d", v,
                     (struct along){k.kernel, k.stride, 1, below(k.kernel), 0});
        else
            v = conv(s, v, 2 + below(3), k);
        if (!below(6) && th_graph_output_count(s->n.g) < TEST_MAX_IO - 2)
            net_output(&s->n, v);
    }
    net_output(&s->n, below(3) ? newest(s, v) : v);
    if (!below(3))
        net_output(&s->n, mean(s, v, true));
}

static void test_random_nets(void)
{
    uint32_t streamed = 0;
    for (uint32_t i = 0; i < 120; i++) {
        const int h = 8 + (int)(i % 17), hop = 1 + (int)(i % 3 == 0) * (1 + (int)(i % 4));
        struct series whole, steps;
        char options[20];
        snprintf(options, sizeof options, "hop=%d", hop);
        drawn = 1000 + 7 * i;
        series_open(&whole, random_net, h, 1 + (int)(i % 2), 2);
        drawn = 1000 + 7 * i;
        series_open(&steps, random_net, h, 1 + (int)(i % 2), 2);
        CU_ASSERT_EQUAL_FATAL(stream(&steps, options), TH_OK);
        compare(&whole, &steps);
        streamed += th_program_frames(steps.n.p)->streamed;
        net_close(&whole.n);
        net_close(&steps.n);
    }
    CU_ASSERT_TRUE(streamed > 120);
}

/* ---- refusals ------------------------------------------------------------------------------ */
static void two_inputs(struct series *s)
{
    const th_value a = start(s), b = start(s);
    net_output(&s->n, net_add(&s->n, a, b));
}

static void stateful(struct series *s)
{
    struct th_type t = map(s, 1, 1, 2);
    const struct th_attr a[] = {{.name = "state", .kind = TH_ATTR_STATE, .v.i = 1},
                                {.name = NULL}};
    th_program_add_state(s->n.p, "memory", &t, TH_STATE_MODEL, NULL);
    const th_value v = test_node(s->n.g, "state_read", &t, a, 0);
    net_output(&s->n, net_add(&s->n, start(s), v));
}

static void plain(struct series *s)
{
    net_output(&s->n, conv(s, start(s), 2, valid(1, 1)));
}

static void test_refused(void)
{
    const struct {
        build_fn *build;
        int h;
        const char *options, *why;
    } cases[] = {
        {two_inputs, 6, "", "'run' has 2 inputs, not one series of frames"},
        {stateful, 6, "", "the model keeps state of its own ('memory')"},
        {plain, 1, "", "input 'x' is s8[1,1,1,2], which has no axis of frames"},
        {plain, 6, "axis=2", "which has no axis of frames there"},
        {plain, 6, "axis=3", "not one behind the other"},
        {plain, 6, "hop=7", "a step of 7 frames is longer than the window of 6"},
    };
    for (size_t i = 0; i < TH_ARRAY_LEN(cases); i++) {
        struct series s;
        series_open(&s, cases[i].build, cases[i].h, 1, 2);
        CU_ASSERT_EQUAL(stream(&s, cases[i].options), TH_ERR_TARGET);
        if (!strstr(s.n.log.text.s, cases[i].why))
            printf("\n%s", s.n.log.text.s);
        CU_ASSERT_PTR_NOT_NULL(strstr(s.n.log.text.s, cases[i].why));
        net_close(&s.n);
    }
}

int main(void)
{
    const CU_TestInfo tests[] = {
        {"causal stacks", test_causal}, {"a window too short", test_short},
        {"strides along time", test_strides}, {"what ends it", test_ends},
        {"outputs with time", test_sequences}, {"random networks", test_random_nets},
        {"refused", test_refused}, CU_TEST_INFO_NULL};
    return test_main("frames", tests);
}
