/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models whose rows are pushed, in one image: two contexts of the int8 example (vib), one of the
 * float one (vibf), a running total (total); every push is followed by one of another model. What
 * the headers call free between two pushes is overwritten. cases.h holds inputs and outputs.
 */
#include <math.h>

#include "cases.h"
#include "total.h"
#include "vib.h"
#include "vibf.h"

#include "../emitted.h"

static unsigned char block_a[VIB_ARENA_BYTES + 2 * ALIGN], block_b[VIB_ARENA_BYTES + 2 * ALIGN];
static unsigned char block_f[VIBF_ARENA_BYTES + 2 * ALIGN];

#if VIB_FREE_COUNT < 1
#error "vib: nothing is free between two pushes"
#endif
static const size_t vib_free[VIB_FREE_COUNT][3] = VIB_FREE;

static void scribble(struct vib *ctx, int value)
{
    scribble_parts(ctx->region, vib_free, VIB_FREE_COUNT, value);
}

/* Rows of one frame that were pushed, and what the last push said. */
struct frame {
    size_t done;
    int status;
};

static void push(struct vib *ctx, struct frame *at, int i, size_t n)
{
    const size_t left = VIB_FRAME_ROWS - at->done;

    if (left == 0)
        return;
    CHECK(at->status == VIB_MORE);
    n = n < left ? n : left;
    at->status = vib_push_rows(ctx, case_in(i) + at->done * VIB_ROW_BYTES, n);
    at->done += n;
    CHECK(at->status == (at->done == VIB_FRAME_ROWS ? VIB_OK : VIB_MORE));
    if (at->status == VIB_MORE)
        scribble(ctx, (int)(at->done * 37 + 11));
}

static void float_push(struct vibf *ctx, struct frame *at, size_t n)
{
    const size_t left = VIBF_FRAME_ROWS - at->done;

    if (left == 0)
        return;
    CHECK(at->status == VIBF_MORE);
    n = n < left ? n : left;
    at->status = vibf_push_rows(ctx, float_in + at->done * (VIBF_ROW_BYTES / sizeof(float)), n);
    at->done += n;
    CHECK(at->status == (at->done == VIBF_FRAME_ROWS ? VIBF_OK : VIBF_MORE));
}

static int right(const struct vib *ctx, int i)
{
    return memcmp(vib_output(ctx, 0), case_out(i), VIB_OUTPUT_0_BYTES) == 0;
}

static int float_right(const float *got)
{
    int i;

    for (i = 0; i < VIBF_OUTPUT_0_ELEMENTS; i++)
        if (!(fabsf(got[i] - float_out[i]) <= 1e-5f + 1e-4f * fabsf(float_out[i])))
            return 0;
    return 1;
}

static void test_interleaved(void)
{
    static unsigned char sum[TOTAL_ARENA_BYTES + 2 * ALIGN];
    const float one = 1;
    struct total t;
    struct vib a, b;
    struct vibf f;
    int i, calls = 0;

    CHECK(vib_init(&a, aligned(block_a), VIB_ARENA_BYTES) == VIB_OK);
    CHECK(vib_init(&b, aligned(block_b), VIB_ARENA_BYTES) == VIB_OK);
    CHECK(vibf_init(&f, aligned(block_f), VIBF_ARENA_BYTES) == VIBF_OK);
    CHECK(total_init(&t, aligned(sum), TOTAL_ARENA_BYTES) == TOTAL_OK);
    for (i = 0; i < CASES; i++) {
        struct frame at_a = { 0, VIB_MORE }, at_b = { 0, VIB_MORE }, at_f = { 0, VIBF_MORE };
        float total = 0;

        while (at_a.done < VIB_FRAME_ROWS || at_b.done < VIB_FRAME_ROWS ||
               at_f.done < VIBF_FRAME_ROWS) {
            push(&a, &at_a, i, (size_t)(1 + i));
            float_push(&f, &at_f, (size_t)(7 + 40 * i));
            push(&b, &at_b, CASES - 1 - i, (size_t)(3 + 29 * i));
            memcpy(total_input(&t, 0), &one, sizeof one);
            CHECK(total_invoke(&t) == TOTAL_OK);
            calls++;
        }
        memcpy(&total, total_output(&t, 0), sizeof total);
        CHECK(total == 2 + calls);
        CHECK(right(&a, i));
        CHECK(right(&b, CASES - 1 - i));
        CHECK(float_right((const float *)vibf_output(&f, 0)));
    }
}

/* A frame given up in one context is none of the other's business. */
static void test_reset(void)
{
    struct frame at_a = { 0, VIB_MORE }, at_b = { 0, VIB_MORE };
    struct vib a, b;

    CHECK(vib_init(&a, aligned(block_a), VIB_ARENA_BYTES) == VIB_OK);
    CHECK(vib_init(&b, aligned(block_b), VIB_ARENA_BYTES) == VIB_OK);
    push(&a, &at_a, 0, VIB_FRAME_ROWS / 2);
    push(&b, &at_b, 1, VIB_FRAME_ROWS / 3);
    CHECK(vib_push_rows(&a, case_in(0), VIB_FRAME_ROWS) == VIB_ERR_ROWS);
    CHECK(vib_reset(&a) == VIB_OK);
    at_a.done = 0;
    push(&a, &at_a, 2, VIB_FRAME_ROWS);
    push(&b, &at_b, 1, VIB_FRAME_ROWS);
    CHECK(right(&a, 2) && right(&b, 1));
}

static void test_one_liner(void)
{
    int8_t out[VIB_OUTPUT_0_ELEMENTS];
    float float_got[VIBF_OUTPUT_0_ELEMENTS];
    int i;

    for (i = 0; i < CASES; i++) {
        memset(out, 77, sizeof out);
        CHECK(vib_run(case_in(i), out) == VIB_OK);
        CHECK(memcmp(out, case_out(i), sizeof out) == 0);
    }
    CHECK(vibf_run(float_in, float_got) == VIBF_OK);
    CHECK(float_right(float_got));
}

int main(void)
{
    test_interleaved();
    test_reset();
    test_one_liner();
    return failures != 0;
}
