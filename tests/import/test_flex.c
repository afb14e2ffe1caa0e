/* SPDX-License-Identifier: Apache-2.0 */
/* Options of custom operators: maps written by the flatbuffers library, whole and damaged. */
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "frontends/tflite/reader.h"

/* {"big": 4000000000, "half": 0.5, "neg": -3, "shift": 12, "text": "hello", "third": 0.25,
 *  "yes": true}, values of 4 bytes */
static const uint8_t mixed[] = {
    0x73, 0x68, 0x69, 0x66, 0x74, 0x00, 0x6e, 0x65, 0x67, 0x00, 0x62, 0x69, 0x67, 0x00, 0x68,
    0x61, 0x6c, 0x66, 0x00, 0x74, 0x68, 0x69, 0x72, 0x64, 0x00, 0x79, 0x65, 0x73, 0x00, 0x74,
    0x65, 0x78, 0x74, 0x00, 0x05, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x00, 0x07, 0x20, 0x1d, 0x26,
    0x2d, 0x11, 0x1c, 0x17, 0x00, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
    0x07, 0x00, 0x00, 0x00, 0x00, 0x28, 0x6b, 0xee, 0x00, 0x00, 0x00, 0x3f, 0xfd, 0xff, 0xff,
    0xff, 0x0c, 0x00, 0x00, 0x00, 0x2d, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x3e, 0x01, 0x00,
    0x00, 0x00, 0x0a, 0x0e, 0x06, 0x06, 0x14, 0x0e, 0x6a, 0x23, 0x26, 0x01,
};
/* {"a": 5, "n": -128}, one byte each */
static const uint8_t small[] = {
    0x61, 0x00, 0x6e, 0x00, 0x02, 0x05, 0x04, 0x02, 0x01, 0x02, 0x05, 0x80, 0x04, 0x04, 0x04,
    0x24, 0x01,
};
/* {"d": 1e300, "i": -70000, "u": 255} stored elsewhere, "w": -9000000000 */
static const uint8_t indirect[] = {
    0x69, 0x00, 0x00, 0x00, 0x90, 0xee, 0xfe, 0xff, 0x64, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x9c, 0x75, 0x00, 0x88, 0x3c, 0xe4, 0x37, 0x7e, 0x75, 0x00, 0xff, 0x77, 0x00, 0x04,
    0x16, 0x1f, 0x08, 0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x30, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x44, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x36, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xe6,
    0x8e, 0xe7, 0xfd, 0xff, 0xff, 0xff, 0x23, 0x1a, 0x1c, 0x07, 0x24, 0x27, 0x01,
};
/* [1] */
static const uint8_t vector[] = {
    0x01, 0x01, 0x04, 0x02, 0x28, 0x01,
};

static void test_values(void)
{
    int64_t i = 0;
    double d = 0;

    CU_ASSERT(tfl_custom_int(mixed, sizeof mixed, "shift", &i) && i == 12);
    CU_ASSERT(tfl_custom_int(mixed, sizeof mixed, "neg", &i) && i == -3);
    CU_ASSERT(tfl_custom_int(mixed, sizeof mixed, "big", &i) && i == 4000000000);
    CU_ASSERT(tfl_custom_int(mixed, sizeof mixed, "yes", &i) && i == 1);
    CU_ASSERT(tfl_custom_int(mixed, sizeof mixed, "half", &i) && i == 0);
    CU_ASSERT(tfl_custom_float(mixed, sizeof mixed, "half", &d) && d == 0.5);
    CU_ASSERT(tfl_custom_float(mixed, sizeof mixed, "third", &d) && d == 0.25);
    CU_ASSERT(tfl_custom_float(mixed, sizeof mixed, "neg", &d) && d == -3.0);
    CU_ASSERT(tfl_custom_int(small, sizeof small, "a", &i) && i == 5);
    CU_ASSERT(tfl_custom_int(small, sizeof small, "n", &i) && i == -128);
    CU_ASSERT(tfl_custom_int(indirect, sizeof indirect, "i", &i) && i == -70000);
    CU_ASSERT(tfl_custom_int(indirect, sizeof indirect, "u", &i) && i == 255);
    CU_ASSERT(tfl_custom_int(indirect, sizeof indirect, "w", &i) && i == -9000000000);
    CU_ASSERT(tfl_custom_float(indirect, sizeof indirect, "d", &d) && d == 1e300);
}

static void test_absent(void)
{
    int64_t i = 77;

    CU_ASSERT_FALSE(tfl_custom_int(mixed, sizeof mixed, "shif", &i));
    CU_ASSERT_FALSE(tfl_custom_int(mixed, sizeof mixed, "shifts", &i));
    CU_ASSERT_FALSE(tfl_custom_int(mixed, sizeof mixed, "text", &i));
    CU_ASSERT_FALSE(tfl_custom_int(indirect, sizeof indirect, "d", &i));
    CU_ASSERT_FALSE(tfl_custom_int(vector, sizeof vector, "a", &i));
    CU_ASSERT_FALSE(tfl_custom_int(NULL, 0, "a", &i));
    CU_ASSERT_EQUAL(i, 77);
}

/* The copies have their exact size, so that sanitizers see a byte too many. */
static void look(const uint8_t *bytes, size_t size)
{
    static const char *const keys[] = {"a", "d", "i", "n", "neg", "shift", "text", "yes"};
    uint8_t *copy = malloc(size + (size == 0));
    int64_t i;
    double d;

    memcpy(copy, bytes, size);
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        tfl_custom_int(copy, size, keys[k], &i);
        tfl_custom_float(copy, size, keys[k], &d);
    }
    free(copy);
}

static void test_damaged(void)
{
    static const uint8_t *const maps[] = {mixed, small, indirect, vector};
    static const size_t sizes[] = {sizeof mixed, sizeof small, sizeof indirect, sizeof vector};
    uint8_t spoiled[128];

    for (size_t m = 0; m < 4; m++) {
        for (size_t n = 0; n < sizes[m]; n++) {
            look(maps[m] + n, sizes[m] - n);
            look(maps[m], n);
            memcpy(spoiled, maps[m], sizes[m]);
            for (unsigned v = 0; v < 256; v++) {
                spoiled[n] = (uint8_t)v;
                look(spoiled, sizes[m]);
            }
        }
    }
    CU_PASS("no access outside");
}

int main(void)
{
    CU_pSuite s;
    unsigned failed;

    if (CU_initialize_registry() != CUE_SUCCESS || !(s = CU_add_suite("flex", NULL, NULL)))
        return 1;
    CU_ADD_TEST(s, test_values);
    CU_ADD_TEST(s, test_absent);
    CU_ADD_TEST(s, test_damaged);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
