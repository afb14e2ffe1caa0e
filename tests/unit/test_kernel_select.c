/* SPDX-License-Identifier: Apache-2.0 */
/* Rows are asked along the chain of bases; patterns, contracts, features, views and cost decide. */
#include "plugins/kernels.h"

#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>
#include <thimble/thimble.h>

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    (void)q;
    (void)c;
    return TH_OK;
}

static const char *refuse_wide(const struct th_query *q)
{
    return th_type_elems(&q->inst->out[0]) > 100 ? "more than 100 elements" : NULL;
}

static void cheap(const struct th_query *q, struct th_kernel_cost *k)
{
    (void)q;
    *k = (struct th_kernel_cost){1, 1000, 0};
}

static void dear(const struct th_query *q, struct th_kernel_cost *k)
{
    (void)q;
    *k = (struct th_kernel_cost){500, 10, 0};
}

#define SOURCE .source = "lab.c", .bind = bind
static const struct th_kernel base_rows[] = {
    {.op = "add", .types = "f32,f32>f32", .symbol = "add_base", SOURCE, .cost = dear},
    {.op = "neg", .types = "f32|s32>*", .symbol = "neg_base", SOURCE, .cost = dear},
    {.op = "neg", .types = "s8>s8", .contract = "onnx", .symbol = "neg_s8", SOURCE},
};
static const struct th_kernel fast_rows[] = {
    {.op = "add", .types = "f32...>f32", .symbol = "add_fast", SOURCE, .cost = cheap,
     .refuse = refuse_wide, .views = TH_VIEW_WHOLE_ROWS | TH_VIEW_PITCHED_IN},
    {.op = "neg", .types = "f32>f32", .feature = "dsp,fpu", .symbol = "neg_fast", SOURCE,
     .cost = cheap},
};
static const struct th_kernel plugin_rows[] = {
    {.op = "neg", .types = "f32>f32", .symbol = "neg_plugin", SOURCE, .cost = dear},
};
static const unsigned char text[] = "x";
static const struct th_source sources[] = {{"base.c", text, 1}}, more[] = {{"plugin.c", text, 1}};
static const struct th_backend base = {
    .struct_size = sizeof base, .name = "base", .summary = "b", .kernels = base_rows,
    .n_kernels = TH_ARRAY_LEN(base_rows), .kernel_size = sizeof base_rows[0],
    .sources = sources, .n_sources = 1};
static const struct th_backend fast = {
    .struct_size = sizeof fast, .name = "fast", .base = "base", .summary = "f",
    .kernels = fast_rows, .n_kernels = TH_ARRAY_LEN(fast_rows),
    .kernel_size = sizeof fast_rows[0]};

static enum th_status init(struct th_reg *r)
{
    TH_TRY(th_reg_backend(r, &base));
    TH_TRY(th_reg_backend(r, &fast));
    return th_reg_kernels(r, "base", plugin_rows, 1, more, 1);
}
static const struct th_plugin plugin = {TH_PLUGIN_HEADER, .name = "rows", .version = "1",
                                        .license = "Apache-2.0", .summary = "t", .init = init};

static struct th_ctx *ctx;
static struct th_arena *arena;

static int setup(void)
{
    ctx = th_ctx_new();
    arena = th_arena_new(0);
    return !ctx || !arena || th_plugin_register(ctx, &plugin, "test") != TH_OK;
}

static int teardown(void)
{
    th_arena_free(arena);
    th_ctx_free(ctx);
    return 0;
}

static struct th_inst *make(const char *op, enum th_dtype dt, int64_t n, uint32_t n_in)
{
    struct th_inst *c = TH_NEW(arena, struct th_inst);
    struct th_type *t = TH_NEW(arena, struct th_type);
    const struct th_type **in = TH_NEW_ARRAY(arena, const struct th_type *, 4);
    static const struct th_attrs none;
    *t = th_type_make(dt, 4, (int64_t[]){1, 1, n, 4});
    for (uint32_t i = 0; i < n_in; i++)
        in[i] = t;
    *c = (struct th_inst){.ctx = ctx, .arena = arena, .op = th_op_find(ctx, op),
                          .contract = "tflite", .attrs = &none, .n_in = n_in, .n_out = 1,
                          .in = in, .out = t};
    return c;
}

static const char *chosen(struct th_query *q, const char *force, char *why, size_t len)
{
    struct th_selection s;
    struct th_str text_why;
    th_str_init(&text_why);
    bool ok = th_kernel_select(ctx, th_backend_find(ctx, "fast"), q, force, &s, &text_why);
    if (why) {
        strncpy(why, text_why.s, len - 1);
        why[len - 1] = '\0';
    }
    th_str_release(&text_why);
    return ok ? s.row->symbol : "";
}

static void test_patterns(void)
{
    const struct th_inst *two = make("add", TH_DT_S8, 1, 2), *one = make("neg", TH_DT_S8, 1, 1);
    CU_ASSERT(th_kernel_types_match("s8,s8>s8", two));
    CU_ASSERT(th_kernel_types_match("s8,s8,s32?>s8", two));
    CU_ASSERT(th_kernel_types_match("s16|s8,*>u8|s8", two));
    CU_ASSERT(th_kernel_types_match("s8...>s8", two));
    CU_ASSERT(th_kernel_types_match("s8,...>s8", two));
    CU_ASSERT(th_kernel_types_match("s8", one));
    CU_ASSERT(th_kernel_types_match(NULL, two));
    CU_ASSERT(!th_kernel_types_match("s8>s8", two));
    CU_ASSERT(!th_kernel_types_match("s8,s8,s32>s8", two));
    CU_ASSERT(!th_kernel_types_match("s8,s8>s16", two));
    CU_ASSERT(!th_kernel_types_match("s,s8>s8", two));
    CU_ASSERT(!th_kernel_types_match("s16...>s8", two));
    struct th_inst *gap = make("add", TH_DT_S8, 1, 3);
    ((const struct th_type **)(uintptr_t)gap->in)[1] = NULL;
    CU_ASSERT(th_kernel_types_match("s8,s32?,s8>s8", gap));
    CU_ASSERT(!th_kernel_types_match("s8,s8,s8>s8", gap));
}

static void test_choice(void)
{
    struct th_query q = {.inst = make("add", TH_DT_F32, 1, 2), .whole = true};
    CU_ASSERT_STRING_EQUAL(chosen(&q, NULL, NULL, 0), "add_fast");
    CU_ASSERT_STRING_EQUAL(chosen(&q, "add_base", NULL, 0), "add_base");
    q.objective = TH_OPT_SIZE;
    CU_ASSERT_STRING_EQUAL(chosen(&q, NULL, NULL, 0), "add_base");
    q.objective = TH_OPT_TIME;
    q.inst = make("add", TH_DT_F32, 26, 2);
    CU_ASSERT_STRING_EQUAL(chosen(&q, NULL, NULL, 0), "add_base");
    /* a tile, and a pitched input */
    q.inst = make("add", TH_DT_F32, 2, 2);
    q.whole = false;
    CU_ASSERT_STRING_EQUAL(chosen(&q, NULL, NULL, 0), "add_fast");
    struct th_view views[2] = {{.pixel_pitch = 4, .row_pitch = 8},
                               {.pixel_pitch = 6, .row_pitch = 12}};
    q.in_views = views;
    CU_ASSERT_STRING_EQUAL(chosen(&q, NULL, NULL, 0), "add_fast");
    views[1].tail = true;
    CU_ASSERT_STRING_EQUAL(chosen(&q, NULL, NULL, 0), "");
    views[1].tail = false;
    views[1].ring_rows = 3;
    CU_ASSERT_STRING_EQUAL(chosen(&q, NULL, NULL, 0), "");
    q.in_views = NULL;
    q.out_views = &views[1];
    CU_ASSERT_STRING_EQUAL(chosen(&q, NULL, NULL, 0), "");
}

static void test_features(void)
{
    static const char *const some[] = {"dsp", NULL}, *const all[] = {"fpu", "dsp", NULL};
    struct th_target t = {.name = "t", .features = some};
    struct th_query q = {.inst = make("neg", TH_DT_F32, 1, 1), .whole = true, .target = &t};
    /* equal cost: the plugin's row was added last, so it comes first */
    CU_ASSERT_STRING_EQUAL(chosen(&q, NULL, NULL, 0), "neg_plugin");
    t.features = all;
    CU_ASSERT_STRING_EQUAL(chosen(&q, NULL, NULL, 0), "neg_fast");
}

static void test_reasons(void)
{
    char why[300];
    struct th_query q = {.inst = make("neg", TH_DT_S8, 1, 1), .whole = true};
    CU_ASSERT_STRING_EQUAL(chosen(&q, NULL, why, sizeof why), "");
    CU_ASSERT_STRING_EQUAL(why, "neg_s8: it follows another numeric contract");
    q.inst = make("neg", TH_DT_F32, 1, 1);
    (void)chosen(&q, "neg_fast", why, sizeof why);
    CU_ASSERT_STRING_EQUAL(why, "neg_fast: the target lacks a feature it needs");
    q.inst = make("add", TH_DT_F32, 26, 2);
    (void)chosen(&q, "add_fast", why, sizeof why);
    CU_ASSERT_STRING_EQUAL(why, "add_fast: more than 100 elements");
    q.inst = make("add", TH_DT_S16, 1, 2);
    (void)chosen(&q, NULL, why, sizeof why);
    CU_ASSERT_STRING_EQUAL(why, "kernels take f32...>f32; f32,f32>f32");
    q.inst = make("exp", TH_DT_F32, 1, 1);
    (void)chosen(&q, NULL, why, sizeof why);
    CU_ASSERT_STRING_EQUAL(why, "no kernel for operator 'exp'");
}

static void test_sources(void)
{
    const struct th_backend *b = th_backend_find(ctx, "fast");
    CU_ASSERT_PTR_NOT_NULL(th_source_find(ctx, b, "base.c"));
    CU_ASSERT_PTR_NOT_NULL(th_source_find(ctx, b, "plugin.c"));
    CU_ASSERT_PTR_NULL(th_source_find(ctx, b, "other.c"));
}

int main(void)
{
    CU_TestInfo tests[] = {{"type patterns", test_patterns}, {"choice", test_choice},
                           {"features", test_features},      {"reasons", test_reasons},
                           {"sources", test_sources},        CU_TEST_INFO_NULL};
    CU_SuiteInfo suites[] = {{"kernel selection", setup, teardown, NULL, NULL, tests},
                             CU_SUITE_INFO_NULL};
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS)
        return 1;
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
