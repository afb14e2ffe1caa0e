/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elementwise operators against values worked out by hand, or by formulas in real numbers that
 * share nothing with the records.
 */
#include <math.h>

#include "ops_util.h"

/* ---- quantized arithmetic against reals ------------------------------------------------- */
static int8_t every[2][65536];

static void fill_every(void)
{
    for (int i = 0; i < 65536; i++) {
        every[0][i] = (int8_t)(i & 255);
        every[1][i] = (int8_t)(i >> 8);
    }
}

static double clamp_real(double v, double lo, double hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* Largest distance from the exact real result, in steps, over all pairs of int8 values. */
static double worst_binary(const char *op, double (*f)(double, double), float sa, int za, float sb,
                           int zb, float so, int zo, bool (*skip)(double, double))
{
    const struct operand in[2] = {{SCALED(TH_DT_S8, sa, za, 65536), every[0]},
                                  {SCALED(TH_DT_S8, sb, zb, 65536), every[1]}};
    const struct th_type out = SCALED(TH_DT_S8, so, zo, 65536);
    const struct th_tensor *t = eval_op(op, NULL, &out, NULL, 0, 2, in);
    double worst = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    for (int i = 0; i < 65536; i++) {
        const double a = (double)sa * (every[0][i] - za), b = (double)sb * (every[1][i] - zb);
        if (skip && skip(a, b))
            continue;
        const double want = clamp_real(f(a, b) / so + zo, -128, 127);
        worst = fmax(worst, fabs((double)th_tensor_int(t, i) - want));
    }
    return worst;
}

static double plus(double a, double b) { return a + b; }
static double minus(double a, double b) { return a - b; }
static double times(double a, double b) { return a * b; }
static double over(double a, double b) { return a / b; }
static double difference2(double a, double b) { return (a - b) * (a - b); }
static bool by_zero(double a, double b) { (void)a; return b == 0; }

/* Rounding twice, to 2^-e steps and then to steps, may be off by 1/2 + 2^(-e-1). */
static void quantized_binary(void)
{
    fill_every();
    CU_ASSERT(worst_binary("add", plus, 0.05f, 3, 0.07f, -9, 0.1f, -5, NULL) < 0.51);
    CU_ASSERT(worst_binary("sub", minus, 0.05f, 3, 0.07f, -9, 0.1f, -5, NULL) < 0.51);
    CU_ASSERT(worst_binary("mul", times, 0.05f, 3, 0.07f, -9, 0.1f, -5, NULL) < 0.532);
    CU_ASSERT(worst_binary("div", over, 0.05f, 3, 0.07f, -9, 0.02f, -5, by_zero) < 0.51);
    CU_ASSERT(worst_binary("squared_difference", difference2, 0.05f, 3, 0.05f, 3, 0.4f, -128,
                           NULL) < 0.6);
}

/* 0.5 * (10 - 2) + 0.5 * (4 - 2) = 5, at scale 1 with zero point -1: 4. Saturation: 127 and 127
 * give 125, at scale 0.5 beyond the range. */
static void add_by_hand(void)
{
    const int8_t a[3] = {10, 127, 2}, b[3] = {4, 127, 2};
    const struct operand in[2] = {{SCALED(TH_DT_S8, 0.5f, 2, 3), a},
                                  {SCALED(TH_DT_S8, 0.5f, 2, 3), b}};
    struct th_type out = SCALED(TH_DT_S8, 1.0f, -1, 3);
    SAME(eval_op("add", NULL, &out, NULL, 0, 2, in), 4, 124, -1);
    out = SCALED(TH_DT_S8, 0.5f, 0, 3);
    SAME(eval_op("add", NULL, &out, NULL, 0, 2, in), 10, 127, 0);
    const struct th_attr relu6[2] = {{.name = "act_min", .kind = TH_ATTR_FLOAT, .v.f = 0},
                                     {.name = "act_max", .kind = TH_ATTR_FLOAT, .v.f = 6}};
    SAME(eval_op("add", NULL, &out, relu6, 2, 2, in), 10, 12, 0);
}

static void broadcasting(void)
{
    const int32_t a[6] = {1, 2, 3, 4, 5, 6}, b[3] = {10, 20, 30}, c[2] = {100, 200};
    const struct operand ab[2] = {{PLAIN(TH_DT_S32, 2, 3), a}, {PLAIN(TH_DT_S32, 3), b}};
    SAME(eval_op("add", NULL, NULL, NULL, 0, 2, ab), 11, 22, 33, 14, 25, 36);
    const struct operand ac[2] = {{PLAIN(TH_DT_S32, 2, 3), a}, {PLAIN(TH_DT_S32, 2, 1), c}};
    SAME(eval_op("sub", NULL, NULL, NULL, 0, 2, ac), -99, -98, -97, -196, -195, -194);
    const struct operand cb[2] = {{PLAIN(TH_DT_S32, 2, 1), c}, {PLAIN(TH_DT_S32, 1, 3), b}};
    const struct th_tensor *t = eval_op("mul", NULL, NULL, NULL, 0, 2, cb);
    SHAPE(t, 2, 3);
    SAME(t, 1000, 2000, 3000, 2000, 4000, 6000);
    const struct operand bad[2] = {{PLAIN(TH_DT_S32, 2, 3), a}, {PLAIN(TH_DT_S32, 2), c}};
    CU_ASSERT_PTR_NULL(eval_op("add", NULL, NULL, NULL, 0, 2, bad));
}

static void integers(void)
{
    const int32_t a[6] = {7, -7, 7, -7, INT32_MIN, 5}, b[6] = {2, 2, -2, -2, -1, 0};
    const struct operand in[2] = {{PLAIN(TH_DT_S32, 6), a}, {PLAIN(TH_DT_S32, 6), b}};
    SAME(eval_op("div", NULL, NULL, NULL, 0, 2, in), 3, -3, -3, 3, INT32_MIN, 0);
    SAME(eval_op("floor_div", NULL, NULL, NULL, 0, 2, in), 3, -4, -4, 3, INT32_MIN, 0);
    SAME(eval_op("floor_mod", NULL, NULL, NULL, 0, 2, in), 1, 1, -1, -1, 0, 0);
    SAME(eval_op("maximum", NULL, NULL, NULL, 0, 2, in), 7, 2, 7, -2, -1, 5);
    SAME(eval_op("less", NULL, NULL, NULL, 0, 2, in), 0, 1, 0, 1, 1, 0);
    SAME(eval_op("bitwise_xor", NULL, NULL, NULL, 0, 2, in), 5, -5, -7, 7, INT32_MAX, 5);
    const int32_t x[5] = {3, -3, 2, 0, 5}, e[5] = {4, 3, -1, 0, 20};
    const struct operand p[2] = {{PLAIN(TH_DT_S32, 5), x}, {PLAIN(TH_DT_S32, 5), e}};
    SAME(eval_op("pow", NULL, NULL, NULL, 0, 2, p), 81, -27, 0, 1,
         (int32_t)(95367431640625LL & 0xFFFFFFFF));
    const int32_t n[4] = {1, 31, 40, -1}, s[4] = {-8, -8, -8, -8};
    const struct operand r[2] = {{PLAIN(TH_DT_S32, 4), s}, {PLAIN(TH_DT_S32, 4), n}};
    SAME(eval_op("right_shift", NULL, NULL, NULL, 0, 2, r), -4, -1, -1, -8);
}

/* ---- unary functions against reals ------------------------------------------------------ */
static double worst_unary(const char *op, double (*f)(double), enum th_dtype dt, float si, int zi,
                          float so, int zo, const struct th_attr *attr)
{
    const int64_t lo = th_dtype_min(dt), n = th_dtype_max(dt) - lo + 1;
    struct th_tensor *x = th_tensor_new(th_program_arena(program),
                                        &(struct th_type){.dtype = dt, .rank = 1, .dims = {n}});
    for (int64_t i = 0; i < n; i++)
        th_tensor_set_int(x, i, lo + i);
    const struct operand in = {SCALED(dt, si, zi, n), x->data};
    const struct th_type out = SCALED(dt, so, zo, n);
    const struct th_tensor *t = eval_op(op, NULL, &out, attr, attr ? 1 : 0, 1, &in);
    double worst = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    for (int64_t i = 0; i < n; i++) {
        const double want = clamp_real(f((double)si * (double)(lo + i - zi)) / so + zo, (double)lo,
                                       (double)th_dtype_max(dt));
        if (!isnan(want))
            worst = fmax(worst, fabs((double)th_tensor_int(t, i) - want));
    }
    return worst;
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double swish(double x) { return x * clamp_real(x + 3, 0, 6) / 6; }
static double elu(double x) { return x < 0 ? exp(x) - 1 : x; }
static double leaky(double x) { return x < 0 ? 0.25 * x : x; }
static double inverse_root(double x) { return x > 0 ? 1 / sqrt(x) : NAN; }
static double relu(double x) { return x < 0 ? 0 : x; }
static double gelu(double x) { return 0.5 * x * (1 + erf(x / sqrt(2))); }

static void unary_8bit(void)
{
    const struct th_attr alpha = {.name = "alpha", .kind = TH_ATTR_FLOAT, .v.f = 0.25};
    const struct th_attr zero = {.name = "act_min", .kind = TH_ATTR_FLOAT, .v.f = 0};
    const float step = 1.0f / 256, half = 1.0f / 128;
    CU_ASSERT(worst_unary("logistic", sigmoid, TH_DT_S8, 0.05f, 3, step, -128, NULL) < 0.55);
    CU_ASSERT(worst_unary("logistic", sigmoid, TH_DT_U8, 0.05f, 130, step, 0, NULL) < 0.55);
    CU_ASSERT(worst_unary("tanh", tanh, TH_DT_S8, 0.03f, -7, half, 0, NULL) < 0.55);
    CU_ASSERT(worst_unary("hard_swish", swish, TH_DT_S8, 0.05f, 3, 0.03f, -90, NULL) < 1.2);
    CU_ASSERT(worst_unary("elu", elu, TH_DT_S8, 0.05f, 3, 0.05f, 0, NULL) < 0.51);
    CU_ASSERT(worst_unary("gelu", gelu, TH_DT_S8, 0.05f, 3, 0.05f, 0, NULL) < 0.51);
    CU_ASSERT(worst_unary("leaky_relu", leaky, TH_DT_S8, 0.05f, 3, 0.04f, -9, &alpha) < 0.751);
    CU_ASSERT(worst_unary("clamp", relu, TH_DT_S8, 0.05f, 3, 0.03f, -128, &zero) < 0.51);
    CU_ASSERT(worst_unary("abs", fabs, TH_DT_S8, 0.05f, 3, 0.03f, -128, NULL) < 0.51);
    CU_ASSERT(worst_unary("exp", exp, TH_DT_S8, 0.02f, 3, 0.1f, -128, NULL) < 0.51);
    CU_ASSERT(worst_unary("rsqrt", inverse_root, TH_DT_S8, 0.02f, -128, 0.03f, -128, NULL) < 1.0);
}

static void unary_16bit(void)
{
    const struct th_attr alpha = {.name = "alpha", .kind = TH_ATTR_FLOAT, .v.f = 0.25};
    const float unit = 1.0f / 32768;
    CU_ASSERT(worst_unary("logistic", sigmoid, TH_DT_S16, 0.0003f, 0, unit, 0, NULL) < 8);
    CU_ASSERT(worst_unary("tanh", tanh, TH_DT_S16, 0.0002f, 0, unit, 0, NULL) < 16);
    CU_ASSERT(worst_unary("leaky_relu", leaky, TH_DT_S16, 0.001f, 0, 0.0011f, 0, &alpha) < 0.626);
    CU_ASSERT(worst_unary("abs", fabs, TH_DT_S16, 0.001f, 0, 0.0011f, 0, NULL) < 0.51);
}

static void float_edges(void)
{
    const float x[7] = {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 2.4f, -2.6f};
    const struct operand in = {PLAIN(TH_DT_F32, 7), x};
    const struct th_tensor *t = eval_op("round", NULL, NULL, NULL, 0, 1, &in);
    const float rounded[7] = {0, 2, 2, 0, -2, 2, -3};
    for (int i = 0; i < 7; i++)
        CU_ASSERT_EQUAL(((const float *)t->data)[i], rounded[i]);
    const float s[3] = {-3, 0, 9};
    const struct operand si = {PLAIN(TH_DT_F32, 3), s};
    t = eval_op("sign", NULL, NULL, NULL, 0, 1, &si);
    CU_ASSERT(((float *)t->data)[0] == -1 && ((float *)t->data)[1] == 0 &&
              ((float *)t->data)[2] == 1);
    const float f[6] = {3.9f, -3.9f, 300, -300, NAN, 127.5f};
    const struct operand fi = {PLAIN(TH_DT_F32, 6), f};
    const struct th_type s8 = PLAIN(TH_DT_S8, 6);
    SAME(eval_op("cast", NULL, &s8, NULL, 0, 1, &fi), 3, -3, 127, -128, 0, 127);
}

/* 8-bit comparison by value: 2 * 0.5 = 1 equals 10 * 0.1. */
static void comparisons(void)
{
    const int8_t a[3] = {2, 3, -1}, b[3] = {10, 10, 0};
    const struct operand in[2] = {{SCALED(TH_DT_S8, 0.5f, 0, 3), a},
                                  {SCALED(TH_DT_S8, 0.1f, 0, 3), b}};
    SAME(eval_op("less", NULL, NULL, NULL, 0, 2, in), 0, 0, 1);
    SAME(eval_op("greater", NULL, NULL, NULL, 0, 2, in), 0, 1, 0);
    SAME(eval_op("greater_equal", NULL, NULL, NULL, 0, 2, in), 1, 1, 0);
}

/* Where the fixed point of 16 bits ends, and a contract that has 8 bits alone. */
static void refused_16bit(void)
{
    static const char *const curves[] = {"logistic", "tanh"};
    static const char *const sums[] = {"add", "sub", "mul"};
    const int16_t edge[3] = {-32768, 1, 32767};
    const struct th_type unit = SCALED(TH_DT_S16, 1.0f / 32768, 0, 3);

    for (size_t i = 0; i < TH_ARRAY_LEN(curves); i++) {
        struct operand x = {SCALED(TH_DT_S16, TH_SIGMOID16_SCALE, 0, 3), edge};
        const struct th_tensor *t = eval_op(curves[i], NULL, &unit, NULL, 0, 1, &x);
        CU_ASSERT_PTR_NOT_NULL_FATAL(t);
        CU_ASSERT_EQUAL(th_tensor_int(t, 2), 32767);
        x.type = SCALED(TH_DT_S16, 5.34f, 0, 3);
        CU_ASSERT_PTR_NULL(eval_op(curves[i], NULL, &unit, NULL, 0, 1, &x));
    }
    const struct operand in[2] = {{SCALED(TH_DT_S16, 0.5f, 0, 3), edge},
                                  {SCALED(TH_DT_S16, 0.5f, 0, 3), edge}};
    for (size_t i = 0; i < TH_ARRAY_LEN(sums); i++) {
        CU_ASSERT_PTR_NOT_NULL(eval_op(sums[i], NULL, NULL, NULL, 0, 2, in));
        CU_ASSERT_PTR_NULL(eval_op(sums[i], "onnx", NULL, NULL, 0, 2, in));
    }
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"quantized binary operators, all pairs", quantized_binary},
        {"quantized addition by hand", add_by_hand},
        {"broadcasting", broadcasting},
        {"integers", integers},
        {"8-bit unary operators, all values", unary_8bit},
        {"16-bit unary operators, all values", unary_16bit},
        {"16-bit operands that are refused", refused_16bit},
        {"edges of floats", float_edges},
        {"quantized comparisons", comparisons},
        CU_TEST_INFO_NULL,
    };
    return run_tests("elementwise operators", tests);
}
