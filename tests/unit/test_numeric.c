/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic of the contracts: ties, saturation, and equality with the copy in emitted code. */
/* A product and a sum may become one instruction here: -ffp-contract=fast; gcc does it at O2. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2")
#endif
#include <thimble/ir.h>
#include <thimble/numeric.h>

#include "runtime/kernels/thk_quantize.h"

#include <CUnit/Basic.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint64_t seed = 1;
static uint32_t draw(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 32);
}

static void high_multiply(void)
{
    CU_ASSERT_EQUAL(th_srdhm(INT32_MIN, INT32_MIN), INT32_MAX);
    CU_ASSERT_EQUAL(th_srdhm(1, 1 << 30), 1);          /* 0.5 goes up */
    CU_ASSERT_EQUAL(th_srdhm(-1, 1 << 30), 0);         /* -0.5 goes up too */
    CU_ASSERT_EQUAL(th_srdhm(3, 1 << 30), 2);
    CU_ASSERT_EQUAL(th_srdhm(-3, 1 << 30), -1);
    CU_ASSERT_EQUAL(th_srdhm16(INT16_MIN, INT16_MIN), INT16_MAX);
    CU_ASSERT_EQUAL(th_srdhm16(1, 1 << 14), 1);
    CU_ASSERT_EQUAL(th_srdhm16(-1, 1 << 14), 0);
}

static void divide(void)
{
    CU_ASSERT_EQUAL(th_rdivp2(3, 1), 2);
    CU_ASSERT_EQUAL(th_rdivp2(-3, 1), -2);             /* ties away from zero */
    CU_ASSERT_EQUAL(th_rdivp2(-5, 2), -1);
    CU_ASSERT_EQUAL(th_rdivp2(-6, 2), -2);
    CU_ASSERT_EQUAL(th_rdivp2(INT32_MIN, 31), -1);
    CU_ASSERT_EQUAL(th_rdivp2(INT32_MAX, 31), 1);
    CU_ASSERT_EQUAL(th_rdivp2(7, 0), 7);
    CU_ASSERT_EQUAL(th_sat_shl(1 << 30, 1), INT32_MAX);
    CU_ASSERT_EQUAL(th_sat_shl(-(1 << 30), 2), INT32_MIN);
    CU_ASSERT_EQUAL(th_sat_shl(-3, 4), -48);
}

static void multiplier(void)
{
    struct th_multiplier q = th_quantize_multiplier(1.0, false);
    CU_ASSERT_TRUE(q.m == 1 << 30 && q.s == 1);
    q = th_quantize_multiplier(0.75, false);
    CU_ASSERT_TRUE(q.m == 1610612736 && q.s == 0);
    q = th_quantize_multiplier(1 - 1e-12, false);      /* the fraction rounds up to one */
    CU_ASSERT_TRUE(q.m == 1 << 30 && q.s == 1);
    q = th_quantize_multiplier(ldexp(1, -33), false);
    CU_ASSERT_TRUE(q.m == 0 && q.s == 0);
    q = th_quantize_multiplier(0, false);
    CU_ASSERT_TRUE(q.m == 0 && q.s == 0);
    q = th_quantize_multiplier(ldexp(1, 40), true);
    CU_ASSERT_TRUE(q.m == INT32_MAX && q.s == 30);
    q = th_quantize_multiplier(NAN, false);
    CU_ASSERT_TRUE(q.m == 0 && q.s == 0);
}

/* The two roundings disagree now and then, or they would not be two contracts. */
static void against_emitted(void)
{
    int apart = 0;
    for (int i = 0; i < 200000; i++) {
        const struct th_multiplier q = {(int32_t)(draw() >> 2 | 1u << 30), (int)(draw() % 14) - 11};
        const int32_t x = (int32_t)draw() >> (draw() % 31);
        const int64_t wide = (int64_t)((uint64_t)draw() << 15 | draw() >> 17) - ((int64_t)1 << 46);
        const int32_t twice = th_mbqm(x, q, false), once = th_mbqm(x, q, true);
        CU_ASSERT_EQUAL_FATAL(twice, thk_mbqm(x, q.m, q.s));
        CU_ASSERT_EQUAL_FATAL(once, thk_mbqm_single(x, q.m, q.s));
        CU_ASSERT_EQUAL_FATAL(th_mbqm64(wide, q), thk_mbqm64(wide, q.m, q.s));
        CU_ASSERT_EQUAL_FATAL(th_srdhm(x, q.m), thk_srdhm(x, q.m));
        const int e = (int)(draw() % 32);
        CU_ASSERT_EQUAL_FATAL(th_rdivp2(x, e), thk_rdivp2(x, e));
        apart += q.s <= 0 && twice != once;
    }
    CU_ASSERT_TRUE(apart > 0);
}

static void functions(void)
{
    double exp_error = 0, inverse_error = 0, ratio_error = 0;
    for (int i = 0; i < 4096; i++) {
        const int32_t a = -(int32_t)(draw() >> 1), x = (int32_t)(draw() >> 1);
        const double v = x / 2147483648.0;
        exp_error = fmax(exp_error, fabs(th_exp_on_negative(a, 5) / 2147483648.0 -
                                         exp(a / 67108864.0)));
        inverse_error = fmax(inverse_error, fabs(th_one_over_one_plus(x) / 2147483648.0 -
                                                 1 / (1 + v)));
        ratio_error = fmax(ratio_error, fabs(th_one_minus_over_one_plus(x) / 2147483648.0 -
                                             (1 - v) / (1 + v)));
    }
    CU_ASSERT_TRUE(exp_error < 5e-7);
    CU_ASSERT_TRUE(inverse_error < 1e-8);
    CU_ASSERT_TRUE(ratio_error < 1e-8);
    CU_ASSERT_EQUAL(th_exp_on_negative(0, 5), INT32_MAX);
}

static void rounding(void)
{
    CU_ASSERT_EQUAL(th_round_away(2.5, -10, 10), 3);
    CU_ASSERT_EQUAL(th_round_away(-2.5, -10, 10), -3);
    CU_ASSERT_EQUAL(th_round_even(2.5, -10, 10), 2);
    CU_ASSERT_EQUAL(th_round_even(3.5, -10, 10), 4);
    CU_ASSERT_EQUAL(th_round_even(-2.5, -10, 10), -2);
    CU_ASSERT_EQUAL(th_round_even(1e300, -10, 10), 10);
    CU_ASSERT_EQUAL(th_round_away(-INFINITY, -10, 10), -10);
    CU_ASSERT_EQUAL(th_round_away(NAN, -10, 10), -10);
}

static void bounds(void)
{
    const float scale = 0.0235f;
    const int64_t zero = -128;
    const struct th_quant q = {1, -1, &scale, &zero};
    struct th_type t = th_type_make(TH_DT_S8, 1, (const int64_t[]){1});
    int32_t lo, hi;
    t.quant = &q;
    th_activation_bounds(&t, -INFINITY, INFINITY, &lo, &hi);
    CU_ASSERT_TRUE(lo == -128 && hi == 127);
    th_activation_bounds(&t, 0, 6, &lo, &hi);
    CU_ASSERT_TRUE(lo == -128 && hi == 127);           /* 255 steps are 5.99 */
    th_activation_bounds(&t, -1, 1, &lo, &hi);
    CU_ASSERT_TRUE(lo == -128 && hi == -128 + 43);     /* 42.55 */
}

static void stored_as_integers(void)
{
    float reals[] = {2.75f, -2.75f, 2.4e28f, -INFINITY, NAN};
    struct th_tensor t = {.type = th_type_make(TH_DT_F32, 1, (const int64_t[]){5}), .data = reals};
    const int64_t want[] = {2, -2, INT64_MAX, INT64_MIN, 0};
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(th_tensor_int(&t, i), want[i]);
}

#if defined(__GNUC__) && defined(__x86_64__)
#define MULTIPLY_ADD __attribute__((target("fma")))
#define HAS_MULTIPLY_ADD __builtin_cpu_supports("fma")
#else
#define MULTIPLY_ADD
#define HAS_MULTIPLY_ADD 1
#endif

static __attribute__((noinline)) int32_t evaluated(int32_t acc, int32_t bits)
{
    float factor;
    memcpy(&factor, &bits, sizeof factor);
    const float product = (float)acc * factor;
    return (int32_t)th_round_even(product, INT32_MIN, INT32_MAX);
}

/* Products of the size that sums of layers have, as a loop over them sees them. */
static MULTIPLY_ADD long wrong_products(long n)
{
    long wrong = 0;
    uint64_t r = 88172645463325252u;
    for (long i = 0; i < n; i++) {
        r ^= r << 13;
        r ^= r >> 7;
        r ^= r << 17;
        const int32_t acc = (int32_t)(r >> 20) >> (8 + (int)(r & 7));
        const float factor = (float)((r >> 32 & 0x7fffff) + 0x800000) / (float)(1 << 23) /
                             (float)(1 << (r >> 58) % 16) / 256;
        int32_t bits;
        memcpy(&bits, &factor, sizeof bits);
        wrong += thk_scale_even(acc, bits) != evaluated(acc, bits);
    }
    return wrong;
}

static void rounded_products(void)
{
    static const struct {
        int32_t acc;
        float factor;
        int32_t want;
    } cases[] = {{-3601707, 0x1.b9215ap-8f, -24244},     /* rounded to a half, which counts */
                 {7778775, 0x1.eed63ap-8f, 58734},
                 {3, 0.5f, 2},
                 {-5, 0.5f, -2},
                 {8388609, 1.0f, 8388609},
                 {-8388609, 1.0f, -8388609},
                 {16777215, 1.0f, 16777215},
                 {INT32_MAX, 2.0f, INT32_MAX},
                 {INT32_MIN, 2.0f, INT32_MIN}};
    for (size_t i = 0; i < TH_ARRAY_LEN(cases); i++) {
        int32_t bits;
        memcpy(&bits, &cases[i].factor, sizeof bits);
        CU_ASSERT_EQUAL(thk_scale_even(cases[i].acc, bits), cases[i].want);
    }
    if (HAS_MULTIPLY_ADD)
        CU_ASSERT_EQUAL(wrong_products(2000000), 0);
}

static void halves(void)
{
    bool same = true;
    for (uint32_t h = 0; h < 0x10000; h++) {
        const uint32_t exponent = h >> 10 & 31, fraction = h & 1023;
        const uint32_t bits = th_half_widen((uint16_t)h);
        const double size = exponent ? ldexp(1024 + fraction, (int)exponent - 25)
                                     : ldexp(fraction, -24);
        float f;
        memcpy(&f, &bits, sizeof f);
        if (exponent == 31)
            same = same && (fraction ? isnan(f) && (bits & 0x7fffff) == fraction << 13 : isinf(f));
        else
            same = same && fabs((double)f) == size;
        same = same && !signbit(f) == !(h & 0x8000);
    }
    CU_ASSERT_TRUE(same);
}

int main(void)
{
    unsigned failed = 1;
    if (CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    CU_pSuite s = CU_add_suite("fixed-point arithmetic", NULL, NULL);
    if (s && CU_add_test(s, "high multiply", high_multiply) && CU_add_test(s, "divide", divide) &&
        CU_add_test(s, "multiplier", multiplier) &&
        CU_add_test(s, "equals emitted code", against_emitted) &&
        CU_add_test(s, "functions", functions) && CU_add_test(s, "rounding", rounding) &&
        CU_add_test(s, "activation bounds", bounds) &&
        CU_add_test(s, "rounded products", rounded_products) &&
        CU_add_test(s, "stored as integers", stored_as_integers) &&
        CU_add_test(s, "halves", halves)) {
        CU_basic_run_tests();
        failed = CU_get_number_of_failures();
    }
    CU_cleanup_registry();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
