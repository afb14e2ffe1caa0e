/* SPDX-License-Identifier: Apache-2.0 */
/* .npy files and the comparison of outputs. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>
#include <thimble/thimble.h>

#include "driver/compare.h"
#include "driver/npy.h"
#include "driver/process.h"

static void drop(void *user, const struct th_message *msg)
{
    (void)msg;
    ++*(unsigned *)user;
}

/* A version 1 file of that header and n more bytes; the length of it all. */
static size_t make_file(unsigned char *out, const char *header, size_t n)
{
    size_t length = strlen(header);

    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (unsigned char)length;
    out[9] = 0;
    memcpy(out + 10, header, length);
    memset(out + 10 + length, 7, n);
    return 10 + length + n;
}

static void test_parse(void)
{
    static const struct { const char *header; size_t n; enum th_dtype dtype; int rank; } good[] = {
        { "{'descr': '|i1', 'fortran_order': False, 'shape': (1, 2, 3), }\n", 6, TH_DT_S8, 3 },
        { "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", 8, TH_DT_F32, 1 },
        { "{'descr': '<i8', 'fortran_order': False, 'shape': (), }\n", 8, TH_DT_S64, 0 },
        { "{'shape': (0, 5), 'fortran_order': False, 'descr': '|b1'}", 0, TH_DT_BOOL, 2 },
    };
    static const struct { const char *header; size_t n; } bad[] = {
        { "{'descr': '|i1', 'fortran_order': False, 'shape': (1, 2, 3), }", 5 },
        { "{'descr': '|i1', 'fortran_order': False, 'shape': (1, 2, 3), }", 7 },
        { "{'descr': '>i4', 'fortran_order': False, 'shape': (1,), }", 4 },
        { "{'descr': '<i4', 'fortran_order': True, 'shape': (1,), }", 4 },
        { "{'descr': '<i4', 'fortran_order': False, 'shape': (-1,), }", 4 },
        { "{'descr': '<i4', 'fortran_order': False, 'shape': (1", 4 },
        { "{'descr': '<i4', 'fortran_order': False, 'shape': ", 4 },
        { "{'descr': '<i4', 'fortran_order': False, }", 4 },
        { "{'descr': '<i4', 'shape': (1,), }", 4 },
        { "{'fortran_order': False, 'shape': (1,), }", 4 },
        { "{'descr': '<i4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", 4 },
        { "{'descr': '<i4', 'fortran_order': False, 'shape': (4611686018427387904,4), }", 0 },
        { "{'descr': '<i4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 0 },
    };
    struct th_ctx *ctx = th_ctx_new();
    unsigned messages = 0;
    unsigned char file[300];
    struct th_tensor *t;
    size_t i, n;

    th_ctx_set_sink(ctx, drop, &messages);
    for (i = 0; i < TH_ARRAY_LEN(good); i++) {
        n = make_file(file, good[i].header, good[i].n);
        CU_ASSERT_EQUAL_FATAL(th_npy_parse(ctx, "x", file, n, th_ctx_arena(ctx), &t), TH_OK);
        CU_ASSERT_EQUAL(t->type.dtype, good[i].dtype);
        CU_ASSERT_EQUAL(t->type.rank, good[i].rank);
        CU_ASSERT_EQUAL((size_t)th_type_size(&t->type), good[i].n);
        CU_ASSERT(good[i].n == 0 || memcmp(t->data, file + n - good[i].n, good[i].n) == 0);
    }
    CU_ASSERT_EQUAL(messages, 0);
    for (i = 0; i < TH_ARRAY_LEN(bad); i++) {
        n = make_file(file, bad[i].header, bad[i].n);
        CU_ASSERT_EQUAL(th_npy_parse(ctx, "x", file, n, th_ctx_arena(ctx), &t), TH_ERR_INPUT);
        CU_ASSERT_EQUAL(messages, i + 1);
    }
    n = make_file(file, good[0].header, good[0].n);
    for (i = 0; i < n; i++)
        CU_ASSERT_NOT_EQUAL(th_npy_parse(ctx, "x", file, i, th_ctx_arena(ctx), &t), TH_OK);
    th_ctx_free(ctx);
}

static void test_round_trip(void)
{
    static const enum th_dtype dtypes[] = { TH_DT_F32, TH_DT_F64, TH_DT_S8, TH_DT_S16, TH_DT_S32,
                                            TH_DT_S64, TH_DT_U8, TH_DT_BOOL };
    struct th_ctx *ctx = th_ctx_new();
    const char *folder;
    char path[300];
    size_t i;

    CU_ASSERT_EQUAL_FATAL(th_work_folder(ctx, &folder), TH_OK);
    snprintf(path, sizeof path, "%s/x.npy", folder);
    for (i = 0; i < TH_ARRAY_LEN(dtypes) * 3; i++) {
        const int64_t dims[] = { 3, 1, 7 };
        struct th_type type = th_type_make(dtypes[i / 3], (int32_t)(i % 3) + 1, dims);
        struct th_tensor *t = th_tensor_new(th_ctx_arena(ctx), &type), *back = NULL;
        int64_t k;

        for (k = 0; k < th_type_elems(&type); k++)
            th_tensor_set_int(t, k, type.dtype == TH_DT_BOOL ? k & 1 : k * 5);
        CU_ASSERT_EQUAL(th_npy_write(ctx, path, t), TH_OK);
        CU_ASSERT_EQUAL_FATAL(th_npy_read(ctx, path, th_ctx_arena(ctx), &back), TH_OK);
        CU_ASSERT(th_type_equal(&back->type, &type));
        CU_ASSERT(memcmp(back->data, t->data, (size_t)th_type_size(&type)) == 0);
    }
    th_work_folder_remove(folder);
    th_ctx_free(ctx);
}

static void test_tolerance(void)
{
    static const char *const bad[] = { "", "x", "-1", "1,", "1,x", "1,-2", "1 ", "nan", "inf",
                                      "1,2,3" };
    struct th_tolerance t;
    size_t i;

    CU_ASSERT(th_tolerance_parse("0", &t) && t.absolute == 0 && t.relative == 0);
    CU_ASSERT(th_tolerance_parse("1e-5,1e-4", &t) && t.absolute == 1e-5 && t.relative == 1e-4);
    for (i = 0; i < TH_ARRAY_LEN(bad); i++)
        CU_ASSERT(!th_tolerance_parse(bad[i], &t));
}

static struct th_comparison compare_floats(float got, float want, const char *tolerance)
{
    struct th_type type = th_type_make(TH_DT_F32, 0, NULL);
    struct th_tensor a = { type, &got }, b = { type, &want };
    struct th_tolerance t;
    struct th_comparison c;

    CU_ASSERT(th_tolerance_parse(tolerance, &t));
    CU_ASSERT(th_compare(&a, &b, &t, &c));
    return c;
}

static void test_compare(void)
{
    const int64_t dims[] = { 4 }, square[] = { 2, 2 };
    int8_t got[] = { 1, 2, -128, 5 }, want[] = { 1, 4, 127, 5 };
    const struct th_type line = th_type_make(TH_DT_S8, 1, dims);
    const struct th_type plane = th_type_make(TH_DT_S8, 2, square);
    struct th_type shorter = line, real = line;
    struct th_tensor a = { line, got }, b = { plane, want };
    struct th_tolerance t = { .absolute = 2, .relative = 0 };
    struct th_comparison c;

    CU_ASSERT(th_compare(&a, &b, &t, &c));
    CU_ASSERT_EQUAL(c.elements, 4);
    CU_ASSERT_EQUAL(c.unequal, 2);
    CU_ASSERT_EQUAL(c.different, 1);
    CU_ASSERT_EQUAL(c.first, 2);
    CU_ASSERT_EQUAL(c.largest, 255);
    shorter.dims[0] = 3;
    b.type = shorter;
    CU_ASSERT(!th_compare(&a, &b, &t, &c));
    real.dtype = TH_DT_F32;
    b.type = real;
    CU_ASSERT(!th_compare(&a, &b, &t, &c));

    CU_ASSERT_EQUAL(compare_floats(1.0f, 1.0f, "0").unequal, 0);
    CU_ASSERT_EQUAL(compare_floats(1.0f, 1.00001f, "0").different, 1);
    CU_ASSERT_EQUAL(compare_floats(1.0f, 1.00001f, "0,1e-4").different, 0);
    CU_ASSERT_EQUAL(compare_floats(0.0f, -0.0f, "0").unequal, 0);
    CU_ASSERT_EQUAL(compare_floats(NAN, NAN, "0").unequal, 0);
    CU_ASSERT_EQUAL(compare_floats(NAN, 1.0f, "9,9").different, 1);
    CU_ASSERT_EQUAL(compare_floats(1.0f, NAN, "9,9").different, 1);
    CU_ASSERT_EQUAL(compare_floats(1.0f, INFINITY, "9,9").different, 1);
    CU_ASSERT_EQUAL(compare_floats(INFINITY, INFINITY, "0").unequal, 0);
    CU_ASSERT_EQUAL(compare_floats(-INFINITY, INFINITY, "9,9").different, 1);
}

int main(void)
{
    CU_pSuite s;
    unsigned failed;

    if (CU_initialize_registry() != CUE_SUCCESS || !(s = CU_add_suite("npy", NULL, NULL)))
        return 1;
    CU_ADD_TEST(s, test_parse);
    CU_ADD_TEST(s, test_round_trip);
    CU_ADD_TEST(s, test_tolerance);
    CU_ADD_TEST(s, test_compare);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
