/* SPDX-License-Identifier: Apache-2.0 */
/* Verification end to end on the host, with a hand-written folder: equal, different, evaluated. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/Basic.h>
#include <json-c/json.h>
#include <thimble/thimble.h>

#include "driver/npy.h"
#include "driver/process.h"
#include "driver/verify.h"

struct fixture {
    struct th_ctx *ctx;
    struct th_str heard;
    struct th_program *program;
    const char *work;
    char folder[4096], in[3][300], want[3][300];
    const char *in_list[3], *want_list[3];
    struct th_verify_request r;
};

static void hear(void *user, const struct th_message *msg)
{
    th_message_format(msg, user);
}

static void save(struct fixture *f, const char *path, int first)
{
    const int64_t dims[] = { 2, 3 };
    struct th_type type = th_type_make(TH_DT_S8, 2, dims);
    struct th_tensor *t = th_tensor_new(th_ctx_arena(f->ctx), &type);
    int64_t i;

    for (i = 0; i < 6; i++)
        th_tensor_set_int(t, i, first + i);
    CU_ASSERT_EQUAL(th_npy_write(f->ctx, path, t), TH_OK);
}

static void open_fixture(struct fixture *f)
{
    const int64_t dims[] = { 1, 2, 3 };
    const struct th_type type = th_type_make(TH_DT_S8, 3, dims);
    const char *source = getenv("srcdir");
    struct th_node_desc desc = { .op = "copy", .n_in = 1 };
    struct th_graph *g;
    th_value in, out = 0;
    int i;

    memset(f, 0, sizeof *f);
    f->ctx = th_ctx_new();
    th_str_init(&f->heard);
    th_ctx_set_sink(f->ctx, hear, &f->heard);
    f->program = th_program_new(f->ctx);
    g = th_program_add_function(f->program, "run");
    in = th_graph_add_input(g, "x", &type);
    desc.in = &in;
    CU_ASSERT_EQUAL_FATAL(th_graph_add_node(g, &desc, NULL, &out), TH_OK);
    CU_ASSERT_EQUAL(th_graph_add_output(g, "y", out), TH_OK);
    CU_ASSERT_EQUAL_FATAL(th_work_folder(f->ctx, &f->work), TH_OK);
    for (i = 0; i < 3; i++) {
        snprintf(f->in[i], sizeof f->in[i], "%s/in%d.npy", f->work, i);
        snprintf(f->want[i], sizeof f->want[i], "%s/want%d.npy", f->work, i);
        save(f, f->in[i], 10 * i);
        save(f, f->want[i], 10 * i);
        f->in_list[i] = f->in[i];
        f->want_list[i] = f->want[i];
    }
    snprintf(f->folder, sizeof f->folder, "%s/tests/bench/model", source ? source : ".");
    f->r = (struct th_verify_request){ .program = f->program, .folder = f->folder, .name = "model",
                                       .target = th_target_find(f->ctx, "c99") };
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->r.target);
}

static void close_fixture(struct fixture *f)
{
    th_work_folder_remove(f->work);
    th_program_free(f->program);
    th_str_release(&f->heard);
    th_ctx_free(f->ctx);
}

static void test_median(void)
{
    uint64_t odd[] = { 900, 3, 5 }, even[] = { 5, 1, 900, 3 }, one[] = { 7 };

    CU_ASSERT_EQUAL(th_verify_median(odd, 3), 5);
    CU_ASSERT_EQUAL(th_verify_median(even, 4), 3);      /* one that was measured */
    CU_ASSERT_EQUAL(th_verify_median(one, 1), 7);
    CU_ASSERT_EQUAL(th_verify_median(one, 0), 0);
}

static void test_equal(void)
{
    struct fixture f;
    struct th_verify_result result;
    struct json_object *json, *value = NULL;
    struct th_str text;

    open_fixture(&f);
    CU_ASSERT_EQUAL(th_verify_cases_read(f.ctx, f.program, 0, f.in_list, 3, f.want_list, 3,
                                         TH_CASES_FRESH, &f.r.cases, &f.r.n_cases), TH_OK);
    CU_ASSERT_EQUAL(f.r.n_cases, 3);
    CU_ASSERT_EQUAL(th_verify(f.ctx, &f.r, &result), TH_OK);
    CU_ASSERT_EQUAL(f.heard.len, 0);
    CU_ASSERT_EQUAL(result.n_outputs, 1);
    CU_ASSERT_EQUAL(result.outputs[0].n_compared, 3);
    CU_ASSERT_EQUAL(result.outputs[0].worst.unequal, 0);
    CU_ASSERT_EQUAL(result.run.arena, 12);
    CU_ASSERT(result.least_count <= result.median_count &&
              result.median_count <= result.most_count);

    th_str_init(&text);
    th_verify_print(&f.r, &result, &text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text.s, "3 cases, outputs equal"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text.s, "output 'y': equal in 3 cases"));
    th_str_clear(&text);
    th_verify_print_json(&f.r, &result, &text);
    json = json_tokener_parse(text.s);
    CU_ASSERT(json && json_object_object_get_ex(json, "equal", &value) &&
              json_object_get_boolean(value));
    json_object_put(json);
    th_str_release(&text);
    close_fixture(&f);
}

static void test_different(void)
{
    struct fixture f;
    struct th_verify_result result;
    struct th_str text;

    open_fixture(&f);
    save(&f, f.want[1], 12);
    CU_ASSERT_EQUAL(th_verify_cases_read(f.ctx, f.program, 0, f.in_list, 3, f.want_list, 3,
                                         TH_CASES_FRESH, &f.r.cases, &f.r.n_cases), TH_OK);
    CU_ASSERT_EQUAL(th_verify(f.ctx, &f.r, &result), TH_ERR_DIFFER);
    CU_ASSERT_EQUAL(result.n_different, 1);
    CU_ASSERT_EQUAL(result.outputs[0].n_different, 1);
    CU_ASSERT_EQUAL(result.outputs[0].worst.different, 6);
    CU_ASSERT_EQUAL(result.outputs[0].worst.largest, 2);
    th_str_init(&text);
    th_verify_print(&f.r, &result, &text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text.s, "DIFFERS in 1 of 3 cases"));
    th_str_release(&text);

    f.r.tolerance = (struct th_tolerance){ .absolute = 2, .given = true };
    CU_ASSERT_EQUAL(th_verify(f.ctx, &f.r, &result), TH_OK);
    CU_ASSERT_EQUAL(result.outputs[0].worst.unequal, 6);
    close_fixture(&f);
}

static void test_evaluated(void)
{
    struct fixture f;
    struct th_verify_result result;

    open_fixture(&f);
    CU_ASSERT_EQUAL(th_verify_cases_draw(f.ctx, f.program, 0, 1, 5, &f.r.cases), TH_OK);
    f.r.n_cases = 5;
    f.r.command = "gcc -fsanitize=undefined -fno-sanitize-recover=all";
    CU_ASSERT_EQUAL(th_verify(f.ctx, &f.r, &result), TH_OK);
    CU_ASSERT_EQUAL(result.outputs[0].n_compared, 5);
    CU_ASSERT(memcmp(f.r.cases[0].in[0]->data, f.r.cases[1].in[0]->data, 6) != 0);
    close_fixture(&f);
}

static void test_orders(void)
{
    const int64_t dims[] = { 4, 6 };
    struct th_type type = th_type_make(TH_DT_S8, 2, dims);
    struct fixture f;
    struct th_verify_result result;
    struct th_tensor *t;
    uint32_t i;

    open_fixture(&f);
    CU_ASSERT_EQUAL(th_verify_cases_read(f.ctx, f.program, 0, f.in_list, 3, NULL, 0, TH_CASES_CARRY,
                                         &f.r.cases, &f.r.n_cases), TH_OK);
    CU_ASSERT(!f.r.cases[0].reset && !f.r.cases[2].reset);

    t = th_tensor_new(th_ctx_arena(f.ctx), &type);
    for (i = 0; i < 24; i++)
        th_tensor_set_int(t, i, i);
    th_npy_write(f.ctx, f.in[0], t);
    th_npy_write(f.ctx, f.in[1], t);
    th_npy_write(f.ctx, f.want[0], t);
    th_tensor_set_int(t, 13, 99);
    th_npy_write(f.ctx, f.want[1], t);
    CU_ASSERT_EQUAL(th_verify_cases_read(f.ctx, f.program, 0, f.in_list, 2, f.want_list, 2,
                                         TH_CASES_SEQUENCE, &f.r.cases, &f.r.n_cases), TH_OK);
    CU_ASSERT_EQUAL_FATAL(f.r.n_cases, 8);
    for (i = 0; i < 8; i++)
        CU_ASSERT_EQUAL(f.r.cases[i].reset, i % 4 == 0);
    CU_ASSERT_EQUAL(th_verify(f.ctx, &f.r, &result), TH_ERR_DIFFER);
    CU_ASSERT_EQUAL(result.outputs[0].n_different, 1);
    CU_ASSERT_EQUAL(result.outputs[0].worst.first, 1);

    type.dims[0] = 3;
    th_npy_write(f.ctx, f.want[1], th_tensor_new(th_ctx_arena(f.ctx), &type));
    CU_ASSERT_EQUAL(th_verify_cases_read(f.ctx, f.program, 0, f.in_list, 2, f.want_list, 2,
                                         TH_CASES_SEQUENCE, &f.r.cases, &f.r.n_cases),
                    TH_ERR_INPUT);
    close_fixture(&f);
}

/* Reals in the files, quantized integers at the model's edges. */
static void test_quantized_edges(void)
{
    static const float reals[] = { 0.0f, 0.26f, -0.25f, 100.0f, -100.0f, 0.12f };
    static const int steps[] = { 3, 4, 2, 127, -128, 3 };
    const int64_t dims[] = { 1, 2, 3 };
    struct fixture f;
    struct th_verify_result result;
    struct th_tensor *t;
    struct th_type type = th_type_make(TH_DT_S8, 3, dims);
    struct th_node_desc desc = { .op = "copy", .n_in = 1 };
    const float scale = 0.25f;
    const int64_t zero = 3;
    struct th_graph *g;
    th_value in, out = 0;
    int i;

    open_fixture(&f);
    type.quant = th_quant_new(th_ctx_arena(f.ctx), 1, &scale, &zero, -1);
    f.r.program = th_program_new(f.ctx);
    g = th_program_add_function(f.r.program, "run");
    in = th_graph_add_input(g, "x", &type);
    desc.in = &in;
    CU_ASSERT_EQUAL_FATAL(th_graph_add_node(g, &desc, NULL, &out), TH_OK);
    th_graph_add_output(g, "y", out);

    type = th_type_make(TH_DT_F32, 3, dims);
    t = th_tensor_new(th_ctx_arena(f.ctx), &type);
    for (i = 0; i < 6; i++)
        th_tensor_set_real(t, i, (double)reals[i]);
    th_npy_write(f.ctx, f.in[0], t);
    for (i = 0; i < 6; i++)
        th_tensor_set_real(t, i, (steps[i] - 3) * 0.25);
    th_npy_write(f.ctx, f.want[0], t);
    CU_ASSERT_EQUAL(th_verify_cases_read(f.ctx, f.r.program, 0, f.in_list, 1, f.want_list, 1,
                                         TH_CASES_FRESH, &f.r.cases, &f.r.n_cases), TH_OK);
    for (i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(th_tensor_int(f.r.cases[0].in[0], i), steps[i]);
    CU_ASSERT_EQUAL(th_verify(f.ctx, &f.r, &result), TH_OK);
    CU_ASSERT_EQUAL(result.outputs[0].worst.unequal, 0);
    th_program_free(f.r.program);
    close_fixture(&f);
}

static void test_wrong_files(void)
{
    struct fixture f;
    const char *missing[] = { "/nowhere/x.npy" };
    const int64_t dims[] = { 5 };
    struct th_type type = th_type_make(TH_DT_S8, 1, dims);

    open_fixture(&f);
    CU_ASSERT_EQUAL(th_verify_cases_read(f.ctx, f.program, 0, f.in_list, 3, f.want_list, 2,
                                         TH_CASES_FRESH, &f.r.cases, &f.r.n_cases), TH_ERR_USAGE);
    CU_ASSERT_EQUAL(th_verify_cases_read(f.ctx, f.program, 0, NULL, 0, NULL, 0, TH_CASES_FRESH,
                                         &f.r.cases, &f.r.n_cases), TH_ERR_USAGE);
    CU_ASSERT_EQUAL(th_verify_cases_read(f.ctx, f.program, 0, missing, 1, NULL, 0,
                                         TH_CASES_FRESH, &f.r.cases, &f.r.n_cases), TH_ERR_IO);
    th_npy_write(f.ctx, f.in[0], th_tensor_new(th_ctx_arena(f.ctx), &type));
    th_str_clear(&f.heard);
    CU_ASSERT_EQUAL(th_verify_cases_read(f.ctx, f.program, 0, f.in_list, 1, NULL, 0,
                                         TH_CASES_FRESH, &f.r.cases, &f.r.n_cases), TH_ERR_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.heard.s, "s8[5]"));
    type = th_type_make(TH_DT_U8, 1, (const int64_t[]){ 6 });
    th_npy_write(f.ctx, f.in[0], th_tensor_new(th_ctx_arena(f.ctx), &type));
    CU_ASSERT_EQUAL(th_verify_cases_read(f.ctx, f.program, 0, f.in_list, 1, NULL, 0,
                                         TH_CASES_FRESH, &f.r.cases, &f.r.n_cases), TH_ERR_INPUT);
    close_fixture(&f);
}

static void test_broken_folder(void)
{
    struct fixture f;
    struct th_verify_result result;

    open_fixture(&f);
    CU_ASSERT_EQUAL(th_verify_cases_draw(f.ctx, f.program, 0, 1, 1, &f.r.cases), TH_OK);
    f.r.n_cases = 1;
    f.r.folder = f.work;
    CU_ASSERT_EQUAL(th_verify(f.ctx, &f.r, &result), TH_ERR_IO);
    f.r.folder = "/nowhere";
    CU_ASSERT_EQUAL(th_verify(f.ctx, &f.r, &result), TH_ERR_IO);
    f.r.folder = f.folder;
    f.r.name = "other";
    CU_ASSERT_EQUAL(th_verify(f.ctx, &f.r, &result), TH_ERR_INTERNAL);
    f.r.name = "model";
    f.r.command = "no-such-compiler-anywhere";
    CU_ASSERT_EQUAL(th_verify(f.ctx, &f.r, &result), TH_ERR_TOOL);
    f.r.command = NULL;
    f.r.compiler = "icc";
    CU_ASSERT_EQUAL(th_verify(f.ctx, &f.r, &result), TH_ERR_USAGE);
    close_fixture(&f);
}

int main(void)
{
    CU_pSuite s;
    unsigned failed;

    if (CU_initialize_registry() != CUE_SUCCESS || !(s = CU_add_suite("verify", NULL, NULL)))
        return 1;
    CU_ADD_TEST(s, test_median);
    CU_ADD_TEST(s, test_equal);
    CU_ADD_TEST(s, test_different);
    CU_ADD_TEST(s, test_evaluated);
    CU_ADD_TEST(s, test_orders);
    CU_ADD_TEST(s, test_quantized_edges);
    CU_ADD_TEST(s, test_wrong_files);
    CU_ADD_TEST(s, test_broken_folder);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
