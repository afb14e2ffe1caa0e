/* SPDX-License-Identifier: Apache-2.0 */
/* Every registered operator's record is complete and consistent. */
#include <thimble/thimble.h>

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct th_ctx *ctx;
static int wrong;

static void expect(bool holds, const struct th_op *op, const char *what)
{
    if (holds)
        return;
    wrong++;
    fprintf(stderr, "operator '%s': %s\n", op->name ? op->name : "?", what);
}

static bool filled(const char *s)
{
    return s && s[0] != '\0';
}

static bool is_name(const char *s)
{
    if (!filled(s))
        return false;
    for (; *s; s++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", *s))
            return false;
    return true;
}

static void check_ports(const struct th_op *op, const struct th_port *ports, bool is_output)
{
    bool variadic = false;
    expect(ports != NULL, op, "has no port table");
    for (const struct th_port *p = ports; p && p->name; p++) {
        expect(is_name(p->name), op, "has a port without a proper name");
        expect(filled(p->doc), op, "has a port without a doc line");
        expect(!variadic, op, "has a port after a variadic one");
        expect(!is_output || !(p->flags & TH_PORT_CONST), op, "has a constant output");
        expect(is_output || !(p->flags & TH_PORT_DECLARED), op, "has a declared input");
        expect(p->dtypes >> TH_DT_COUNT == 0, op, "has a port with an unknown dtype");
        variadic = p->flags & TH_PORT_VARIADIC;
        for (const struct th_port *q = ports; q != p; q++)
            expect(strcmp(p->name, q->name) != 0, op, "has two ports of one name");
    }
}

static void check_attrs(const struct th_op *op)
{
    for (const struct th_attr_spec *a = op->attrs; a && a->name; a++) {
        expect(is_name(a->name), op, "has an attribute without a proper name");
        expect(filled(a->doc), op, "has an attribute without a doc line");
        expect(a->min_len <= a->max_len, op, "has an attribute with impossible lengths");
        expect((a->kind == TH_ATTR_ENUM) == (a->names != NULL), op,
               "has an enumeration without names or names without an enumeration");
        for (const struct th_attr_spec *b = op->attrs; b != a; b++)
            expect(strcmp(a->name, b->name) != 0, op, "has two attributes of one name");
    }
}

static void check_contracts(const struct th_op *op)
{
    static const char *const known[] = {"tflite", "tflite-single-rounding", "onnx", "float"};
    expect(op->contracts && op->contracts[0], op, "has no contract list");
    for (uint32_t i = 0; op->contracts && op->contracts[i]; i++) {
        bool found = false;
        for (size_t k = 0; k < TH_ARRAY_LEN(known); k++)
            found |= strcmp(op->contracts[i], known[k]) == 0;
        expect(found, op, "names an unknown contract");
    }
}

static void check_traits(const struct th_op *op)
{
    const uint32_t state = TH_TRAIT_STATE_READ | TH_TRAIT_STATE_WRITE;
    expect(!(op->traits & TH_TRAIT_PURE) || !(op->traits & state), op, "is pure and has state");
    expect(!(op->traits & TH_TRAIT_UNARY_TABLE) || op->traits & TH_TRAIT_ELEMENTWISE, op,
           "is a table and not elementwise");
    expect(!(op->traits & TH_TRAIT_ELEMENTWISE) || op->window, op,
           "is elementwise and has no window");
    expect(!!(op->traits & TH_TRAIT_REGION) == (op->region != TH_REGION_NONE), op,
           "has a region trait that does not fit its kind");
}

static void complete(void)
{
    for (uint32_t i = 0; i < th_op_count(ctx); i++) {
        const struct th_op *op = th_op_at(ctx, i);
        expect(op->struct_size == sizeof(struct th_op), op, "has a wrong struct_size");
        expect(is_name(op->name), op, "has no proper name");
        expect(filled(op->summary), op, "has no summary");
        expect(op->summary && !strchr(op->summary, '\n'), op, "has a summary of several lines");
        expect(filled(op->doc), op, "has no doc string");
        expect(op->infer != NULL, op, "has no infer slot");
        expect(op->eval != NULL, op, "has no eval slot");
        check_ports(op, op->inputs, false);
        check_ports(op, op->outputs, true);
        check_attrs(op);
        check_contracts(op);
        check_traits(op);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void found_by_name(void)
{
    for (uint32_t i = 0; i < th_op_count(ctx); i++) {
        const struct th_op *op = th_op_at(ctx, i);
        CU_ASSERT_PTR_EQUAL(th_op_find(ctx, op->name), op);
        if (i > 0)
            CU_ASSERT_TRUE(strcmp(th_op_at(ctx, i - 1)->name, op->name) < 0);
    }
    CU_ASSERT_PTR_NULL(th_op_find(ctx, "no_such_operator"));
    CU_ASSERT_PTR_NULL(th_op_at(ctx, th_op_count(ctx)));
}

/* The operators that importers and passes count on. */
static void present(void)
{
    static const char *const names[] = {
        "add", "avg_pool2d", "batch_matmul", "concat", "conv2d", "depthwise_conv2d", "dequantize",
        "fully_connected", "if", "l2_norm", "l2_pool2d", "log_softmax", "loop", "lstm",
        "max_pool2d", "mean", "mul", "pad", "prelu", "quantize", "reduce_all", "reduce_any",
        "reduce_max", "reduce_min", "reduce_prod", "requantize", "reshape", "resize_bilinear",
        "resize_nearest", "softmax", "state_read", "state_write", "sum", "svdf", "tile_loop",
        "transpose", "transpose_conv2d"};
    for (size_t i = 0; i < TH_ARRAY_LEN(names); i++) {
        CU_ASSERT_PTR_NOT_NULL(th_op_find(ctx, names[i]));
        if (!th_op_find(ctx, names[i]))
            fprintf(stderr, "operator '%s' is missing\n", names[i]);
    }
}

int main(void)
{
    unsigned failed = 1;
    ctx = th_ctx_new();
    if (!ctx || CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    CU_pSuite s = CU_add_suite("operator records", NULL, NULL);
    if (s && CU_add_test(s, "complete", complete) && CU_add_test(s, "by name", found_by_name) &&
        CU_add_test(s, "present", present)) {
        CU_basic_run_tests();
        failed = CU_get_number_of_failures();
    }
    CU_cleanup_registry();
    th_ctx_free(ctx);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
