/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three emitted models in one image, used as their headers say: the int8 example (vib), the float
 * one (vibf) and a running total (total). The argument is a folder of raw inputs and outputs.
 */
#include <math.h>

#include "total.h"
#include "vib.h"
#include "vibf.h"

#include "../emitted.h"

#define CASES 10

static int8_t in[CASES][VIB_INPUT_0_ELEMENTS], want[CASES][VIB_OUTPUT_0_ELEMENTS];
static float float_in[VIBF_INPUT_0_ELEMENTS], float_want[VIBF_OUTPUT_0_ELEMENTS];

static void load(const char *folder, const char *name, void *to, size_t bytes)
{
    char path[1024];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "rb");
    if (!f || fread(to, 1, bytes, f) != bytes || fgetc(f) != EOF) {
        printf("%s: not %lu bytes\n", path, (unsigned long)bytes);
        failures++;
    }
    if (f)
        fclose(f);
}

static void load_cases(const char *folder)
{
    char name[32];
    int i;

    for (i = 0; i < CASES; i++) {
        snprintf(name, sizeof name, "case%d_in.raw", i);
        load(folder, name, in[i], sizeof in[i]);
        snprintf(name, sizeof name, "case%d_out.raw", i);
        load(folder, name, want[i], sizeof want[i]);
    }
    load(folder, "case_float_in.raw", float_in, sizeof float_in);
    load(folder, "case_float_out.raw", float_want, sizeof float_want);
}

static int right(const struct vib *ctx, int i)
{
    return memcmp(vib_output(ctx, 0), want[i], sizeof want[i]) == 0;
}

static int float_right(const float *got)
{
    int i;

    for (i = 0; i < VIBF_OUTPUT_0_ELEMENTS; i++)
        if (!(fabsf(got[i] - float_want[i]) <= 1e-5f + 1e-4f * fabsf(float_want[i])))
            return 0;
    return 1;
}

static unsigned char block_a[VIB_ARENA_BYTES + 2 * ALIGN], block_b[VIB_ARENA_BYTES + 2 * ALIGN];
static unsigned char block_f[VIBF_ARENA_BYTES + 2 * ALIGN];

static void test_init_refuses(void)
{
    unsigned char *const a = aligned(block_a);
    struct vib ctx;
    void *mem[VIB_REGION_COUNT];
    size_t bytes[VIB_REGION_COUNT] = { VIB_REGION_0_BYTES, VIB_REGION_1_BYTES };

    CHECK(VIB_REGION_COUNT == 2 && VIB_REGION_0_BYTES == VIB_STATE_BYTES);
    CHECK(VIB_STATE_BYTES + VIB_TRANSIENT_BYTES == VIB_ARENA_BYTES);
    CHECK(vib_init(&ctx, a, VIB_ARENA_BYTES - 1) == VIB_ERR_SIZE);
    CHECK(vib_init(&ctx, a, 0) == VIB_ERR_SIZE);
    CHECK(vib_init(&ctx, a + 1, VIB_ARENA_BYTES) == VIB_ERR_ALIGN);
    CHECK(vib_init(&ctx, a + VIB_ARENA_ALIGN / 2, VIB_ARENA_BYTES) == VIB_ERR_ALIGN);
    CHECK(vib_init(&ctx, NULL, VIB_ARENA_BYTES) == VIB_ERR_NULL);
    CHECK(vib_init(NULL, a, VIB_ARENA_BYTES) == VIB_ERR_NULL);
    CHECK(vib_init(&ctx, a, VIB_ARENA_BYTES) == VIB_OK);
    CHECK(vib_init(&ctx, a + VIB_ARENA_ALIGN, VIB_ARENA_BYTES) == VIB_OK);
    mem[0] = NULL;
    mem[1] = a;
    CHECK(vib_init_regions(&ctx, mem, bytes, VIB_REGION_COUNT) == VIB_OK);
    CHECK(vib_init_regions(&ctx, mem, bytes, VIB_REGION_COUNT - 1) == VIB_ERR_SIZE);
    CHECK(vib_init_regions(&ctx, NULL, bytes, VIB_REGION_COUNT) == VIB_ERR_NULL);
    CHECK(vib_init_regions(&ctx, mem, NULL, VIB_REGION_COUNT) == VIB_ERR_NULL);
    CHECK(vib_init_regions(NULL, mem, bytes, VIB_REGION_COUNT) == VIB_ERR_NULL);
    bytes[1]--;
    CHECK(vib_init_regions(&ctx, mem, bytes, VIB_REGION_COUNT) == VIB_ERR_SIZE);
    bytes[1]++;
    mem[1] = NULL;
    CHECK(vib_init_regions(&ctx, mem, bytes, VIB_REGION_COUNT) == VIB_ERR_NULL);
    mem[1] = a + 1;
    CHECK(vib_init_regions(&ctx, mem, bytes, VIB_REGION_COUNT) == VIB_ERR_ALIGN);
    CHECK(vib_invoke(NULL) == VIB_ERR_NULL);
    CHECK(vib_reset(NULL) == VIB_ERR_NULL);
}

/* Between a context's input and its output, the other context and another model run. */
static void test_interleaved(void)
{
    struct vib a, b;
    struct vibf f;
    int i;

    CHECK(vib_init(&a, aligned(block_a), VIB_ARENA_BYTES) == VIB_OK);
    CHECK(vib_init(&b, aligned(block_b), VIB_ARENA_BYTES) == VIB_OK);
    CHECK(vibf_init(&f, aligned(block_f), VIBF_ARENA_BYTES) == VIBF_OK);
    CHECK(vib_input(&a, 1) == NULL && vib_input(&a, -1) == NULL);
    CHECK(vib_output(&a, 1) == NULL && vib_output(&a, -1) == NULL);
    for (i = 0; i < CASES; i++) {
        memcpy(vib_input(&a, 0), in[i], sizeof in[i]);
        memcpy(vib_input(&b, 0), in[CASES - 1 - i], sizeof in[i]);
        memcpy(vibf_input(&f, 0), float_in, sizeof float_in);
        CHECK(vib_invoke(&b) == VIB_OK);
        CHECK(vibf_invoke(&f) == VIBF_OK);
        CHECK(vib_invoke(&a) == VIB_OK);
        CHECK(right(&a, i));
        CHECK(right(&b, CASES - 1 - i));
        CHECK(float_right((const float *)vibf_output(&f, 0)));
    }
}

/* Two models that never run at the same time share their transient memory. */
static void test_shared(void)
{
    static unsigned char block[(VIB_REGION_1_BYTES > VIBF_REGION_1_BYTES ? VIB_REGION_1_BYTES
                                                                         : VIBF_REGION_1_BYTES) +
                               2 * ALIGN];
    void *mem[2] = { NULL, NULL };
    const size_t bytes[2] = { VIB_REGION_0_BYTES, VIB_REGION_1_BYTES };
    const size_t float_bytes[2] = { VIBF_REGION_0_BYTES, VIBF_REGION_1_BYTES };
    struct vib a;
    struct vibf f;
    int i;

    mem[1] = aligned(block);
    CHECK(vib_init_regions(&a, mem, bytes, 2) == VIB_OK);
    CHECK(vibf_init_regions(&f, mem, float_bytes, 2) == VIBF_OK);
    for (i = 0; i < CASES; i++) {
        memcpy(vibf_input(&f, 0), float_in, sizeof float_in);
        CHECK(vibf_invoke(&f) == VIBF_OK);
        CHECK(float_right((const float *)vibf_output(&f, 0)));
        memcpy(vib_input(&a, 0), in[i], sizeof in[i]);
        CHECK(vib_invoke(&a) == VIB_OK);
        CHECK(right(&a, i));
    }
}

static void test_one_liner(void)
{
    int8_t out[VIB_OUTPUT_0_ELEMENTS];
    float float_out[VIBF_OUTPUT_0_ELEMENTS];
    int i;

    for (i = 0; i < CASES; i++) {
        memset(out, 77, sizeof out);
        CHECK(vib_run(in[i], out) == VIB_OK);
        CHECK(memcmp(out, want[i], sizeof out) == 0);
    }
    CHECK(vibf_run(float_in, float_out) == VIBF_OK);
    CHECK(float_right(float_out));
}

static float add(struct total *t, float x)
{
    float sum = -1;

    memcpy(total_input(t, 0), &x, sizeof x);
    CHECK(total_invoke(t) == TOTAL_OK);
    memcpy(&sum, total_output(t, 0), sizeof sum);
    return sum;
}

static void test_state(void)
{
    static unsigned char mem_a[TOTAL_ARENA_BYTES + 2 * ALIGN], mem_b[TOTAL_ARENA_BYTES + 2 * ALIGN];
    struct total a, b;
    float x = 1, sum = -1;

    CHECK(TOTAL_STATE_BYTES > 0);
    memset(mem_a, 0xAA, sizeof mem_a);
    memset(mem_b, 0x55, sizeof mem_b);
    CHECK(total_init(&a, aligned(mem_a), TOTAL_ARENA_BYTES) == TOTAL_OK);
    CHECK(total_init(&b, aligned(mem_b), TOTAL_ARENA_BYTES) == TOTAL_OK);
    CHECK(add(&a, 1) == 3);
    CHECK(add(&b, 10) == 12);
    CHECK(add(&a, 1) == 4);
    CHECK(add(&b, 10) == 22);
    CHECK(total_reset(&a) == TOTAL_OK);
    CHECK(add(&a, 5) == 7);
    CHECK(add(&b, 10) == 32);
    CHECK(total_run(&x, &sum) == TOTAL_OK && sum == 3);
    CHECK(total_run(&x, &sum) == TOTAL_OK && sum == 4);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    load_cases(argv[1]);
    test_init_refuses();
    test_interleaved();
    test_shared();
    test_one_liner();
    test_state();
    return failures != 0;
}
