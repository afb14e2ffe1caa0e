/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three models in one image that work on their caller's memory, used as their headers say: the
 * int8 example (vib), the float one (vibf) and a running total (total). cases.h holds their inputs
 * as constants, which cannot be written, and the outputs.
 */
#include <math.h>

#include "cases.h"
#include "total.h"
#include "vib.h"
#include "vibf.h"

#include "../emitted.h"

/* Words before and behind show what is written outside. */
struct answer {
    uint32_t before;
    union {
        int8_t s8[VIB_OUTPUT_0_ELEMENTS];
        uint64_t aligned;
    } out;
    uint32_t after;
};

static void clear(struct answer *a)
{
    memset(a, 77, sizeof *a);
}

static int right(const struct answer *a, int i)
{
    return memcmp(a->out.s8, case_out(i), sizeof a->out.s8) == 0 && a->before == 0x4d4d4d4du &&
           a->after == 0x4d4d4d4du;
}

static int float_right(const float *got)
{
    int i;

    for (i = 0; i < VIBF_OUTPUT_0_ELEMENTS; i++)
        if (!(fabsf(got[i] - float_out[i]) <= 1e-5f + 1e-4f * fabsf(float_out[i])))
            return 0;
    return 1;
}

static unsigned char block_a[VIB_ARENA_BYTES + 2 * ALIGN], block_b[VIB_ARENA_BYTES + 2 * ALIGN];
static unsigned char block_f[VIBF_ARENA_BYTES + 2 * ALIGN];

static void test_refuses(void)
{
    struct vib ctx;
    struct answer y;
    const int8_t *const x = case_in(0);

    CHECK(VIB_INPUT_0_ALIGN >= 1 && VIB_INPUT_0_ALIGN <= ALIGN);
    CHECK(vib_init(&ctx, aligned(block_a), VIB_ARENA_BYTES) == VIB_OK);
    CHECK(vib_invoke(NULL) == VIB_ERR_NULL);
    CHECK(vib_invoke(&ctx) == VIB_ERR_NULL);
    CHECK(vib_set_input(&ctx, 0, x) == VIB_OK);
    CHECK(vib_invoke(&ctx) == VIB_ERR_NULL);
    CHECK(vib_set_input(&ctx, 1, x) == VIB_ERR_INDEX);
    CHECK(vib_set_input(&ctx, -1, x) == VIB_ERR_INDEX);
    CHECK(vib_set_input(&ctx, 0, NULL) == VIB_ERR_NULL);
    CHECK(vib_set_input(NULL, 0, x) == VIB_ERR_NULL);
    CHECK(vib_set_output(&ctx, 1, y.out.s8) == VIB_ERR_INDEX);
    CHECK(vib_set_output(&ctx, 0, NULL) == VIB_ERR_NULL);
    CHECK(vib_set_output(NULL, 0, y.out.s8) == VIB_ERR_NULL);
    if (VIB_INPUT_0_ALIGN > 1) {
        CHECK(vib_set_input(&ctx, 0, x + 1) == VIB_ERR_ALIGN);
        CHECK(vib_run(x + 1, y.out.s8) == VIB_ERR_ALIGN);
    }
    if (VIB_OUTPUT_0_ALIGN > 1)
        CHECK(vib_set_output(&ctx, 0, y.out.s8 + 1) == VIB_ERR_ALIGN);
    CHECK(vib_run(NULL, y.out.s8) == VIB_ERR_NULL);
    CHECK(vib_run(x, NULL) == VIB_ERR_NULL);
    /* what was refused has changed nothing, and init forgets */
    clear(&y);
    CHECK(vib_set_output(&ctx, 0, y.out.s8) == VIB_OK);
    CHECK(vib_invoke(&ctx) == VIB_OK && right(&y, 0));
    CHECK(vib_init(&ctx, aligned(block_a), VIB_ARENA_BYTES) == VIB_OK);
    CHECK(vib_invoke(&ctx) == VIB_ERR_NULL);
}

/* Two contexts, another model between them; inputs are set again or kept. */
static void test_interleaved(void)
{
    struct vib a, b;
    struct vibf f;
    struct answer y, z;
    float g[VIBF_OUTPUT_0_ELEMENTS];
    int i;

    CHECK(vib_init(&a, aligned(block_a), VIB_ARENA_BYTES) == VIB_OK);
    CHECK(vib_init(&b, aligned(block_b), VIB_ARENA_BYTES) == VIB_OK);
    CHECK(vibf_init(&f, aligned(block_f), VIBF_ARENA_BYTES) == VIBF_OK);
    CHECK(vib_set_output(&a, 0, y.out.s8) == VIB_OK);
    CHECK(vib_set_output(&b, 0, z.out.s8) == VIB_OK);
    CHECK(vibf_set_input(&f, 0, float_in) == VIBF_OK);
    CHECK(vibf_set_output(&f, 0, g) == VIBF_OK);
    for (i = 0; i < CASES; i++) {
        clear(&y);
        clear(&z);
        memset(g, 0, sizeof g);
        CHECK(vib_set_input(&a, 0, case_in(i)) == VIB_OK);
        CHECK(vib_set_input(&b, 0, case_in(CASES - 1 - i)) == VIB_OK);
        CHECK(vib_invoke(&b) == VIB_OK);
        CHECK(vibf_invoke(&f) == VIBF_OK);
        CHECK(vib_invoke(&a) == VIB_OK);
        CHECK(right(&y, i));
        CHECK(right(&z, CASES - 1 - i));
        CHECK(float_right(g));
    }
}

static void test_one_liner(void)
{
    struct answer y;
    float g[VIBF_OUTPUT_0_ELEMENTS];
    int i;

    for (i = 0; i < CASES; i++) {
        clear(&y);
        CHECK(vib_run(case_in(i), y.out.s8) == VIB_OK);
        CHECK(right(&y, i));
    }
    CHECK(vibf_run(float_in, g) == VIBF_OK);
    CHECK(float_right(g));
}

static void test_state(void)
{
    static unsigned char mem_a[TOTAL_ARENA_BYTES + 2 * ALIGN], mem_b[TOTAL_ARENA_BYTES + 2 * ALIGN];
    static const float one = 1, ten = 10;
    struct total a, b;
    float sum_a = -1, sum_b = -1;

    CHECK(total_init(&a, aligned(mem_a), TOTAL_ARENA_BYTES) == TOTAL_OK);
    CHECK(total_init(&b, aligned(mem_b), TOTAL_ARENA_BYTES) == TOTAL_OK);
    CHECK(total_set_input(&a, 0, &one) == TOTAL_OK && total_set_input(&b, 0, &ten) == TOTAL_OK);
    CHECK(total_set_output(&a, 0, &sum_a) == TOTAL_OK);
    CHECK(total_set_output(&b, 0, &sum_b) == TOTAL_OK);
    CHECK(total_invoke(&a) == TOTAL_OK && sum_a == 3);
    CHECK(total_invoke(&b) == TOTAL_OK && sum_b == 12);
    /* the answer is the caller's: what is written there is not the state */
    sum_a = 100;
    CHECK(total_invoke(&a) == TOTAL_OK && sum_a == 4);
    CHECK(total_reset(&a) == TOTAL_OK);
    CHECK(total_invoke(&a) == TOTAL_OK && sum_a == 3);
    CHECK(total_invoke(&b) == TOTAL_OK && sum_b == 22);
}

int main(void)
{
    test_refuses();
    test_interleaved();
    test_one_liner();
    test_state();
    return failures != 0;
}
