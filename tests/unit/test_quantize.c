/* SPDX-License-Identifier: Apache-2.0 */
/* Calibrators on known distributions, rounding of weights, and the pass on a small graph. */
#include "tests/unit/graph_util.h"

#include <math.h>
#include <stdio.h>

#include "passes/quantize/histogram.c"
#include "passes/quantize/weights.c"

/* ---- calibrators ----------------------------------------------------------------------------- */

#define COUNT 100000

/* The standard normal distribution's inverse at evenly spaced probabilities, by bisection. */
static double inverse(int i, int n)
{
    const double p = (i + 0.5) / n;
    double lo = -8, hi = 8;
    for (int k = 0; k < 60; k++) {
        const double mid = (lo + hi) / 2;
        if (erfc(-mid / sqrt(2)) / 2 < p)
            lo = mid;
        else
            hi = mid;
    }
    return (lo + hi) / 2;
}

static double normals[COUNT];

static double normal(int i, int n)
{
    if (normals[0] == 0)
        for (int k = 0; k < COUNT; k++)
            normals[k] = inverse(k, COUNT);
    return n == COUNT ? normals[i] : 0;
}

/* `COUNT` values drawn evenly from the normal, rectified or not, and one far outside. */
static void fill(struct th_histogram *h, bool rectified, double outlier)
{
    th_histogram_init(h, rectified ? 0 : -5, outlier);
    for (int i = 0; i < COUNT; i++) {
        const double x = normal(i, COUNT);
        th_histogram_add(h, rectified && x < 0 ? 0 : x);
    }
    th_histogram_add(h, outlier);
}

static void test_minmax(void)
{
    static struct th_histogram h;
    float lo, hi;
    fill(&h, false, 40);
    th_histogram_range(&h, TH_CAL_MINMAX, 256, false, 99.99, &lo, &hi);
    CU_ASSERT_EQUAL(lo, -5.0f);
    CU_ASSERT_EQUAL(hi, 40.0f);
    th_histogram_range(&h, TH_CAL_MINMAX, 65535, true, 99.99, &lo, &hi);
    CU_ASSERT_EQUAL(lo, -40.0f);
    CU_ASSERT_EQUAL(hi, 40.0f);
    /* ranges hold zero, even where nothing near it was seen */
    th_histogram_init(&h, 3, 7);
    th_histogram_add(&h, 5);
    th_histogram_range(&h, TH_CAL_MINMAX, 256, false, 99.99, &lo, &hi);
    CU_ASSERT_EQUAL(lo, 0.0f);
    CU_ASSERT_EQUAL(hi, 7.0f);
}

static void test_percentile(void)
{
    static struct th_histogram h;
    float lo, hi;
    th_histogram_init(&h, 0, 100);
    for (int i = 0; i < 10000; i++)
        th_histogram_add(&h, i / 100.0);
    th_histogram_range(&h, TH_CAL_PERCENTILE, 256, false, 90, &lo, &hi);
    /* 5 of 100 at each end; 0 stays inside */
    CU_ASSERT_EQUAL(lo, 0.0f);
    CU_ASSERT_DOUBLE_EQUAL(hi, 95, 0.1);
    fill(&h, false, 40);
    th_histogram_range(&h, TH_CAL_PERCENTILE, 256, false, 99.9, &lo, &hi);
    CU_ASSERT_DOUBLE_EQUAL(lo, -3.29, 0.05);
    CU_ASSERT_DOUBLE_EQUAL(hi, 3.29, 0.05);
}

/* Error of a range over the values themselves. */
static double true_error(double lo, double hi, unsigned levels, double outlier)
{
    const double step = (hi - lo) / (levels - 1);
    double sum = 0;
    for (int i = 0; i <= COUNT; i++) {
        const double x = i < COUNT ? normal(i, COUNT) : outlier;
        const double held = x < lo ? lo : x > hi ? hi : x;
        const double q = lo + step * floor((held - lo) / step + 0.5);
        sum += (x - q) * (x - q);
    }
    return sum / (COUNT + 1);
}

static void test_mse(void)
{
    static struct th_histogram h;
    float lo, hi;
    fill(&h, false, 40);
    th_histogram_range(&h, TH_CAL_MSE, 16, false, 99.99, &lo, &hi);
    CU_ASSERT_TRUE(hi < 10 && hi > 2);
    CU_ASSERT_TRUE(lo > -5 && lo < -1.5);
    const double chosen = true_error((double)lo, (double)hi, 16, 40);
    CU_ASSERT_TRUE(chosen < true_error(-5, 40, 16, 40) / 5);
    /* no other range of a coarse grid is much better */
    for (double a = -5; a <= -1; a += 0.5)
        for (double b = 1; b <= 40; b *= 1.4)
            CU_ASSERT_TRUE(chosen < 1.1 * true_error(a, b, 16, 40));
}

static void test_entropy(void)
{
    static struct th_histogram h;
    float lo, hi;
    fill(&h, true, 20);
    th_histogram_range(&h, TH_CAL_ENTROPY, 256, false, 99.99, &lo, &hi);
    CU_ASSERT_EQUAL(lo, 0.0f);
    CU_ASSERT_TRUE(hi > 2.5 && hi < 8);
    /* too few values to show a distribution: all of them */
    th_histogram_init(&h, 0, 1);
    for (int i = 0; i < 1000; i++)
        th_histogram_add(&h, i / 1000.0);
    th_histogram_range(&h, TH_CAL_ENTROPY, 256, false, 99.99, &lo, &hi);
    CU_ASSERT_EQUAL(hi, 1.0f);
}

static void test_histogram_merge(void)
{
    static struct th_histogram a, b;
    th_histogram_init(&a, -1, 1);
    th_histogram_init(&b, -1, 1);
    th_histogram_add(&a, -1);
    th_histogram_add(&b, 1);
    th_histogram_add(&b, NAN);
    th_histogram_add(&b, 99);
    th_histogram_merge(&a, &b);
    CU_ASSERT_EQUAL(a.total, 3);
    CU_ASSERT_EQUAL(a.counts[0], 1);
    CU_ASSERT_EQUAL(a.counts[TH_HIST_BINS - 1], 2);
    CU_ASSERT_EQUAL(th_calibrator_by_name("entropy"), TH_CAL_ENTROPY);
    CU_ASSERT_EQUAL(th_calibrator_by_name("median"), TH_CAL_COUNT);
}

/* ---- weights --------------------------------------------------------------------------------- */

static struct th_tensor *floats(struct th_arena *a, int32_t rank, const int64_t *dims,
                                const float *v)
{
    const struct th_type t = th_type_make(TH_DT_F32, rank, dims);
    struct th_tensor *x = th_tensor_new(a, &t);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    for (int64_t i = 0; i < th_type_elems(&t); i++)
        th_tensor_set_real(x, i, (double)v[i]);
    return x;
}

static void test_weights(void)
{
    static const float w[6] = {1, -2, 0.5f, 0, 0, 0}, b[2] = {1, 1000};
    struct th_arena *a = th_arena_new(0);
    struct th_qweights q;
    const struct th_tensor *t = floats(a, 2, (const int64_t[]){2, 3}, w);
    const struct th_tensor *bias = floats(a, 1, (const int64_t[]){2}, b);
    CU_ASSERT_TRUE_FATAL(th_q_weights(t, 0, TH_DT_S8, bias, 0.01, a, &q));
    CU_ASSERT_EQUAL(q.q->type.quant->n, 2);
    CU_ASSERT_EQUAL(q.q->type.quant->axis, 0);
    CU_ASSERT_EQUAL(th_quant_scale(q.q->type.quant, 0), 2.0f / 127);
    CU_ASSERT_EQUAL(th_tensor_int(q.q, 0), 64);
    CU_ASSERT_EQUAL(th_tensor_int(q.q, 1), -127);
    CU_ASSERT_EQUAL(th_tensor_int(q.q, 2), 32);
    /* no weights, but a bias that must fit 32 bits */
    const double step = 0.01 * (double)th_quant_scale(q.q->type.quant, 1);
    CU_ASSERT_TRUE(step > 0 && 1000 / step < 2147483647.0);
    const struct th_tensor *qb = th_q_bias(bias, NULL, 2, 0.01, q.q->type.quant, TH_DT_S32, a);
    CU_ASSERT_DOUBLE_EQUAL((double)th_tensor_int(qb, 1) * step, 1000, 0.01);
    CU_ASSERT_EQUAL(th_tensor_int(qb, 0), lround(1 / (0.01 * 2 / 127)));
    /* 4 bits: symmetric, within -7..7, no worse than rounding to the largest weight */
    float many[64];
    for (int i = 0; i < 64; i++)
        many[i] = i == 0 ? 8.0f : (float)((i * 37) % 17 - 8) / 8;
    const struct th_tensor *m = floats(a, 2, (const int64_t[]){1, 64}, many);
    CU_ASSERT_TRUE_FATAL(th_q_weights(m, 0, TH_DT_S4, NULL, 1, a, &q));
    double chosen = 0, plain = 0;
    for (int i = 0; i < 64; i++) {
        const double x = (double)many[i], s = 8.0 / 7;
        CU_ASSERT_TRUE(th_tensor_int(q.q, i) >= -7 && th_tensor_int(q.q, i) <= 7);
        chosen += pow(x - th_tensor_real(q.real, i), 2);
        plain += pow(x - s * round(x / s), 2);
    }
    CU_ASSERT_TRUE(chosen <= plain);
    th_arena_free(a);
}

/* ---- the pass -------------------------------------------------------------------------------- */

#define SIDE 4

/* conv2d with a rectifier, max_pool2d, fully_connected, softmax. */
static struct th_program *sample_net(struct th_ctx *ctx)
{
    struct th_program *p = th_program_new(ctx);
    struct th_graph *g = th_program_add_function(p, "run");
    float w[2 * 9], fc[3 * 8], b[2] = {0.5f, -0.25f};
    for (int i = 0; i < 18; i++)
        w[i] = (float)((i * 7) % 11 - 5) / 16;
    for (int i = 0; i < 24; i++)
        fc[i] = (float)((i * 5) % 13 - 6) / 8;
    const struct th_type tx = test_type(g, TH_DT_F32, 0, 0, 4, 1, SIDE, SIDE, 1);
    const struct th_type tw = test_type(g, TH_DT_F32, 0, 0, 4, 2, 3, 3, 1);
    const struct th_type tb = test_type(g, TH_DT_F32, 0, 0, 1, 2);
    const struct th_type tf = test_type(g, TH_DT_F32, 0, 0, 2, 3, 8);
    const struct th_type y = {.dtype = TH_DT_F32, .rank = -1};
    const int64_t pad[4] = {1, 1, 1, 1}, two[2] = {2, 2};
    const struct th_attr conv[] = {test_ints("pad", 4, pad), test_float("act_min", 0), {0}};
    const struct th_attr pool[] = {test_ints("filter", 2, two), test_ints("stride", 2, two), {0}};
    const th_value x = th_graph_add_input(g, "x", &tx);
    const th_value c = test_node(g, "conv2d", &y, conv, 3, x,
                                 th_graph_const_copy(g, "w", &tw, w),
                                 th_graph_const_copy(g, "b", &tb, b));
    const th_value m = test_node(g, "max_pool2d", &y, pool, 1, c);
    const th_value f = test_node(g, "fully_connected", &y, NULL, 2, m,
                                 th_graph_const_copy(g, "fc", &tf, fc));
    const th_value s = test_node(g, "softmax", &y, NULL, 1, f);
    CU_ASSERT_EQUAL_FATAL(th_graph_add_output(g, "y", s), TH_OK);
    return p;
}

static enum th_status get_sample(const struct th_samples *s, int64_t i, struct th_arena *a,
                                 const struct th_tensor **in)
{
    float v[SIDE * SIDE];
    (void)s;
    for (int k = 0; k < SIDE * SIDE; k++)
        v[k] = (float)((k * 13 + i * 29) % 32) / 16 - 1;
    /* no assertions: threads call this */
    const struct th_type t = th_type_make(TH_DT_F32, 4, (const int64_t[]){1, SIDE, SIDE, 1});
    struct th_tensor *x = th_tensor_new(a, &t);
    if (x)
        memcpy(x->data, v, sizeof v);
    in[0] = x;
    return x ? TH_OK : TH_ERR_INTERNAL;
}

static enum th_status open_samples(void *user, const struct th_graph *f, const char *where,
                                   struct th_samples *out)
{
    (void)user;
    (void)f;
    *out = (struct th_samples){strcmp(where, "none") ? 40 : 0, get_sample, NULL};
    return TH_OK;
}

static enum th_status quantize_net(struct th_program *p, const char *passes)
{
    const struct th_pipeline_run r = {.pipeline = "inference", .passes = passes, .verify = true,
                                      .samples = open_samples};
    return th_pipeline_run(p, &r);
}

/* Node lines of the program without constants' sums: operator and result. */
static void outline(const struct th_program *p, struct th_str *out)
{
    const struct th_graph *g = th_program_function(p, 0);
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n)) {
        const th_value v = th_node_output(g, n, 0);
        const struct th_type *t = th_value_type(g, v);
        th_str_addf(out, "%s ", th_node_op_name(g, n));
        for (uint32_t i = 1; i < th_node_input_count(g, n); i++)
            th_str_addf(out, "%s ", th_dtype_name(th_value_type(g, th_node_input(g, n, i))->dtype));
        th_type_print(out, t);
        if (t->quant)
            th_str_addf(out, " %lld", (long long)th_quant_zero(t->quant, 0));
        th_str_add(out, "\n");
    }
}

static void expect_outline(const char *passes, const char *want)
{
    struct th_ctx *ctx = th_ctx_new();
    struct th_program *p = sample_net(ctx);
    struct th_str s;
    th_str_init(&s);
    CU_ASSERT_EQUAL(quantize_net(p, passes), TH_OK);
    outline(p, &s);
    if (strcmp(s.s, want))
        printf("\n%s: got\n%swanted\n%s", passes, s.s, want);
    CU_ASSERT_STRING_EQUAL(s.s, want);
    th_str_release(&s);
    th_program_free(p);
    th_ctx_free(ctx);
}

static void test_pass_int8(void)
{
    expect_outline("canonicalize,quantize{calib=x,calibrator=minmax}",
                   "quantize s8[1,4,4,1] 4\n"
                   "conv2d s8 s32 s8[1,4,4,2] -128\n"
                   "max_pool2d s8[1,2,2,2] -128\n"
                   "fully_connected s8 s32 s8[1,3] -40\n"
                   "softmax s8[1,3] -128\n"
                   "dequantize f32[1,3]\n");
}

static void test_pass_kinds(void)
{
    expect_outline("canonicalize,quantize{calib=x,kind=int16}",
                   "quantize s16[1,4,4,1] 0\n"
                   "conv2d s8 s64 s16[1,4,4,2] 0\n"
                   "max_pool2d s16[1,2,2,2] 0\n"
                   "fully_connected s8 s64 s16[1,3] 0\n"
                   "softmax s16[1,3] 0\n"
                   "dequantize f32[1,3]\n");
    expect_outline("canonicalize,quantize{calib=x,kind=int4,calibrator=minmax,"
                   "precision=softmax=float;conv2d=int16}",
                   "quantize s16[1,4,4,1] 0\n"
                   "conv2d s8 s64 s16[1,4,4,2] 0\n"
                   "requantize s8[1,4,4,2] -128\n"
                   "max_pool2d s8[1,2,2,2] -128\n"
                   "fully_connected s4 s32 s8[1,3] -40\n"
                   "dequantize f32[1,3]\n"
                   "softmax f32[1,3]\n");
    expect_outline("canonicalize,quantize{kind=float16}",
                   "conv2d f16 f32 f32[1,4,4,2]\n"
                   "max_pool2d f32[1,2,2,2]\n"
                   "fully_connected f16 f32[1,3]\n"
                   "softmax f32[1,3]\n");
    /* without samples nothing happens */
    expect_outline("canonicalize,quantize",
                   "conv2d f32 f32 f32[1,4,4,2]\n"
                   "max_pool2d f32[1,2,2,2]\n"
                   "fully_connected f32 f32[1,3]\n"
                   "softmax f32[1,3]\n");
}

static void refuse(const char *passes)
{
    struct th_ctx *ctx = th_ctx_new();
    struct test_log log;
    th_str_init(&log.text);
    th_ctx_set_sink(ctx, test_sink, &log);
    struct th_program *p = sample_net(ctx);
    CU_ASSERT_NOT_EQUAL(quantize_net(p, passes), TH_OK);
    CU_ASSERT_TRUE(log.text.len > 0);
    th_program_free(p);
    th_str_release(&log.text);
    th_ctx_free(ctx);
}

static void test_pass_refuses(void)
{
    refuse("canonicalize,quantize{calib=x,kind=int5}");
    refuse("canonicalize,quantize{calib=x,calibrator=median}");
    refuse("canonicalize,quantize{calib=x,precision=conv9=int8}");
    refuse("canonicalize,quantize{calib=x,precision=conv2d=int5}");
    refuse("canonicalize,quantize{calib=none}");
}

/* The integer program follows the float one, the more bits the closer; results do not depend on
 * the number of threads. */
static double noise(const char *passes)
{
    struct th_ctx *ctx = th_ctx_new();
    struct th_program *real = sample_net(ctx), *p = sample_net(ctx);
    struct th_arena *a = th_arena_new(0);
    double error = 0;
    CU_ASSERT_EQUAL_FATAL(quantize_net(p, passes), TH_OK);
    struct th_eval_session *s = th_eval_session_new(p), *t = th_eval_session_new(real);
    for (int64_t i = 0; i < 40; i++) {
        const struct th_tensor *in[1];
        struct th_tensor *y[1], *z[1];
        get_sample(NULL, i, a, in);
        CU_ASSERT_EQUAL_FATAL(th_eval_run(s, th_program_function(p, 0), in, a, y), TH_OK);
        CU_ASSERT_EQUAL_FATAL(th_eval_run(t, th_program_function(real, 0), in, a, z), TH_OK);
        for (int64_t k = 0; k < 3; k++)
            error += pow(th_tensor_real(y[0], k) - th_tensor_real(z[0], k), 2);
    }
    th_eval_session_free(s);
    th_eval_session_free(t);
    th_arena_free(a);
    th_program_free(p);
    th_program_free(real);
    th_ctx_free(ctx);
    return sqrt(error / 120);
}

static void test_pass_noise(void)
{
    const double e4 = noise("canonicalize,quantize{calib=x,kind=int4}");
    const double e8 = noise("canonicalize,quantize{calib=x}");
    const double e16 = noise("canonicalize,quantize{calib=x,kind=int16}");
    const double half = noise("canonicalize,quantize{kind=float16}");
    CU_ASSERT_TRUE(e4 < 0.1);
    CU_ASSERT_TRUE(e8 < 0.01 && e8 < e4);
    CU_ASSERT_TRUE(e16 < 0.005 && e16 < e8);
    CU_ASSERT_TRUE(half < 0.001);
    CU_ASSERT_EQUAL(e8, noise("canonicalize,quantize{calib=x,threads=1}"));
    CU_ASSERT_EQUAL(e8, noise("canonicalize,quantize{calib=x,threads=7}"));
    /* equal in reals, and hardly different in integers */
    CU_ASSERT_TRUE(noise("canonicalize,quantize{calib=x,equalize=yes}") < 0.01);
}

/* concat(100 x, x): steps wide enough for the result would leave nothing of what is multiplied. */
static void test_pass_steps(void)
{
    struct th_ctx *ctx = th_ctx_new();
    struct th_program *p = th_program_new(ctx);
    struct th_graph *g = th_program_add_function(p, "run");
    const struct th_type tx = test_type(g, TH_DT_F32, 0, 0, 4, 1, SIDE, SIDE, 1);
    const struct th_type one = test_type(g, TH_DT_F32, 0, 0, 0);
    const struct th_type y = {.dtype = TH_DT_F32, .rank = -1};
    const float hundred = 100;
    const struct th_attr axis[] = {test_int("axis", 3), {0}};
    const th_value x = th_graph_add_input(g, "x", &tx);
    const th_value m = test_node(g, "mul", &y, NULL, 2, x,
                                 th_graph_const_copy(g, "c", &one, &hundred));
    const th_value c = test_node(g, "concat", &y, axis, 2, m, x);
    struct th_str s;
    CU_ASSERT_EQUAL_FATAL(th_graph_add_output(g, "y", c), TH_OK);
    th_str_init(&s);
    CU_ASSERT_EQUAL(quantize_net(p, "canonicalize,quantize{calib=x,calibrator=minmax}"), TH_OK);
    outline(p, &s);
    CU_ASSERT_STRING_EQUAL(s.s, "quantize s8[1,4,4,1] 4\n"
                                "mul s8 s8[1,4,4,1] 4\n"
                                "requantize s8[1,4,4,1] 4\n"
                                "concat s8 s8[1,4,4,2] 4\n"
                                "dequantize f32[1,4,4,2]\n");
    th_str_release(&s);
    th_program_free(p);
    th_ctx_free(ctx);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"minmax", test_minmax}, {"percentile", test_percentile}, {"mse", test_mse},
        {"entropy", test_entropy}, {"merge", test_histogram_merge}, {"weights", test_weights},
        {"int8", test_pass_int8}, {"kinds", test_pass_kinds}, {"refuses", test_pass_refuses},
        {"noise", test_pass_noise}, {"steps", test_pass_steps}, CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"quantize", NULL, NULL, NULL, NULL, (CU_TestInfo *)tests},
                             CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    const unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
