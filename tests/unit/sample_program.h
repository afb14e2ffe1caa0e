/* SPDX-License-Identifier: Apache-2.0 */
/* A program with one of everything: two functions, state, regions, quantization, hostile names. */
#ifndef TESTS_UNIT_SAMPLE_PROGRAM_H
#define TESTS_UNIT_SAMPLE_PROGRAM_H

#include "tests/unit/graph_util.h"

#include <math.h>

/* Counts from 5 to 0, adding x each time; `if` inside. */
static inline void sample_loop(struct th_program *p, struct th_graph *g, th_value x)
{
    struct th_type s = test_type(g, TH_DT_S32, 0, 0, 0), b = test_type(g, TH_DT_BOOL, 0, 0, 0);
    struct th_type v = test_type(g, TH_DT_S32, 0, 0, 1, 4);
    struct th_graph *cond = th_program_add_body(p, "c<&\">");
    struct th_graph *body = th_program_add_body(p, "body");
    struct th_graph *yes = th_program_add_body(p, "then"), *no = th_program_add_body(p, "else");
    int32_t zero = 0, one = 1, five = 5;
    th_value i = th_graph_add_input(cond, "i", &s);
    th_graph_add_input(cond, "v", &v);
    th_value t = test_node(cond, "greater", &b, NULL, 2, i,
                           th_graph_const_copy(cond, "zero", &s, &zero));
    th_graph_add_output(cond, "go", t);
    th_value w = th_graph_add_input(yes, "w", &v), u = th_graph_add_input(no, "u", &v);
    th_graph_add_output(yes, "r", test_node(yes, "neg", NULL, NULL, 1, w));
    th_graph_add_output(no, "r", test_node(no, "copy", NULL, NULL, 1, u));
    i = th_graph_add_input(body, "i", &s);
    w = th_graph_add_input(body, "v", &v);
    th_value in[2] = {test_node(body, "equal", &b, NULL, 2, i,
                                th_graph_const_copy(body, "one", &s, &one)), w}, out[2];
    struct th_graph *branches[2] = {yes, no}, *both[2] = {cond, body};
    struct th_node_desc d = {.op = "if", .in = in, .n_in = 2, .bodies = branches, .n_bodies = 2,
                             .out = &v, .n_out = 1, .loc = TH_LOC_NONE};
    CU_ASSERT_EQUAL_FATAL(th_graph_add_node(body, &d, NULL, out), TH_OK);
    th_value next = test_node(body, "sub", &s, NULL, 2, i,
                              th_graph_const_copy(body, "one", &s, &one));
    th_graph_add_output(body, "i", next);
    th_graph_add_output(body, "v", test_node(body, "add", &v, NULL, 2, out[0], out[0]));
    th_value start[2] = {th_graph_const_copy(g, "five", &s, &five), x};
    struct th_type types[2] = {s, v};
    d = (struct th_node_desc){.op = "loop", .in = start, .n_in = 2, .bodies = both, .n_bodies = 2,
                              .out = types, .n_out = 2, .loc = TH_LOC_NONE};
    CU_ASSERT_EQUAL_FATAL(th_graph_add_node(g, &d, NULL, out), TH_OK);
    th_graph_add_output(g, "count", out[0]);
    th_graph_add_output(g, "sum", out[1]);
}

/* Movement, floats between integers, and what the rewriting passes look for. */
static inline void sample_rewrites(struct th_graph *g)
{
    struct th_type x = test_type(g, TH_DT_S8, 0.05f, 3, 4, 1, 4, 6, 8);
    struct th_type cat = test_type(g, TH_DT_S8, 0.05f, 3, 4, 1, 16, 4, 6);
    struct th_type q = test_type(g, TH_DT_U8, 0.02f, 100, 4, 1, 4, 6, 16);
    struct th_type scalar = test_type(g, TH_DT_F32, 0, 0, 0), mean = q;
    struct th_type w = test_type(g, TH_DT_S8, 0.01f, 0, 2, 5, 96);
    struct th_type y = test_type(g, TH_DT_S8, 0.2f, -7, 2, 1, 5);
    struct th_type s8 = test_type(g, TH_DT_S8, 0.02f, -28, 4, 1, 4, 6, 1);
    int64_t to[] = {0, 3, 1, 2}, from[] = {0, 2, 3, 1}, edge[] = {0, 0, 1, 0};
    int64_t at[] = {0, 0, 1, 0}, size[] = {1, 16, 4, 6}, axes[] = {3}, flat[] = {1, 24};
    int64_t wide[] = {1, 96}, reps[] = {1, 4};
    struct th_attr t1[] = {test_ints("perm", 4, to), {.name = NULL}};
    struct th_attr t2[] = {test_ints("perm", 4, from), {.name = NULL}};
    struct th_attr pad[] = {test_ints("before", 4, edge), test_ints("after", 4, edge),
                            {.name = NULL}};
    struct th_attr cut[] = {test_ints("begin", 4, at), test_ints("size", 4, size), {.name = NULL}};
    struct th_attr axis[] = {test_int("axis", 1), {.name = NULL}};
    struct th_attr red[] = {test_ints("axes", 1, axes),
                            {.name = "keep_dims", .kind = TH_ATTR_BOOL, .v.i = 1}, {.name = NULL}};
    struct th_attr sh[] = {test_ints("shape", 2, flat), {.name = NULL}};
    struct th_attr sw[] = {test_ints("shape", 2, wide), {.name = NULL}};
    struct th_attr tile[] = {test_ints("repeats", 2, reps), {.name = NULL}};
    float half = 0.5f;
    mean.dims[3] = 1;
    th_value v = th_graph_add_input(g, "x", &x);
    v = test_node(g, "transpose", NULL, t1, 1, v);
    v = test_node(g, "concat", &cat, axis, 2, v, v);
    v = test_node(g, "pad", NULL, pad, 1, v);
    v = test_node(g, "slice", NULL, cut, 1, v);
    v = test_node(g, "dequantize", NULL, NULL, 1, v);
    v = test_node(g, "transpose", NULL, t2, 1, v);
    v = test_node(g, "mul", NULL, NULL, 2, th_graph_const_copy(g, "half", &scalar, &half), v);
    v = test_node(g, "quantize", &q, NULL, 1, test_node(g, "sin", NULL, NULL, 1, v));
    v = test_node(g, "mean", &mean, red, 1, v);
    v = test_node(g, "logistic", &s8, NULL, 1, test_node(g, "requantize", &s8, NULL, 1, v));
    v = test_node(g, "reshape", NULL, sh, 1, v);
    v = test_node(g, "tile", NULL, tile, 1, v);
    v = test_node(g, "reshape", NULL, sw, 1, v);
    v = test_node(g, "fully_connected", &y, NULL, 2, v, test_const(g, &w, 3));
    CU_ASSERT_EQUAL(th_graph_add_output(g, "y", test_node(g, "dequantize", NULL, NULL, 1, v)),
                    TH_OK);
}

/* A program with one of everything. */
static inline struct th_program *sample_program(struct th_ctx *ctx)
{
    struct th_program *p = th_program_new(ctx);
    struct th_graph *g = th_program_add_function(p, "run");
    struct th_graph *second = th_program_add_function(p, "second");
    th_program_set_source(p, "a \"model\" <1>.tflite", "tflite", "00ff");
    struct th_type x = test_type(g, TH_DT_S8, 0.1f, -3, 4, 1, 5, 5, 3);
    struct th_type y = test_type(g, TH_DT_S8, 0.3f, 7, 4, 1, 5, 5, 4);
    struct th_type w = test_type(g, TH_DT_S8, 0, 0, 4, 4, 3, 3, 3);
    struct th_type b = test_type(g, TH_DT_S32, 0, 0, 1, 4);
    float ws[4] = {0.1f, 0.2f, 1e-30f, 3.0e7f}, bs[4] = {0.01f, 0.02f, 1e-31f, 3.0e6f};
    int64_t zeros[4] = {0, 0, 0, 0}, pad[4] = {1, 1, 1, 1};
    w.quant = th_quant_new(th_program_arena(p), 4, ws, zeros, 0);
    b.quant = th_quant_new(th_program_arena(p), 4, bs, NULL, 0);
    th_value in = th_graph_add_input(g, "in\x01\xff \\ \"<&>", &x);
    int32_t bias[4] = {1, -2, 300000, INT32_MIN};
    th_value operands[3] = {in, test_const(g, &w, 9), th_graph_const_copy(g, "b", &b, bias)}, v;
    struct th_attr attrs[] = {test_ints("pad", 4, pad), test_float("act_min", 0),
                              test_float("act_max", INFINITY)};
    struct th_loc loc = {"m.tflite", 17, "dw\n\xc3\xa4\xc3", "CONV_2D", 4711, 3, 4};
    const char *name[1] = {"conv out"};
    struct th_node_desc d = {.op = "conv2d", .contract = "tflite-single-rounding", .in = operands,
                             .n_in = 3, .attrs = attrs, .n_attrs = 3, .out = &y, .n_out = 1,
                             .out_names = name, .loc = loc};
    CU_ASSERT_EQUAL_FATAL(th_graph_add_node(g, &d, NULL, &v), TH_OK);
    th_value_set_range(g, v, -1.5f, 2.25f);
    int8_t initial[100];
    memset(initial, 3, sizeof initial);
    struct th_type st = test_type(g, TH_DT_S8, 0.3f, 7, 4, 1, 5, 5, 4);
    th_state s = th_program_add_state(p, "st", &st, TH_STATE_FRAME, th_blob_copy(initial, 100));
    th_program_add_state(p, "unused", &st, TH_STATE_TRAINED, NULL);
    struct th_attr sa[] = {{.name = "state", .kind = TH_ATTR_STATE, .v.i = s}, {.name = NULL}};
    th_value old = test_node(g, "state_read", &st, sa, 0);
    v = test_node(g, "add", &y, NULL, 2, v, old);
    struct th_node_desc wr = {.op = "state_write", .in = &v, .n_in = 1, .attrs = sa, .n_attrs = 1,
                              .loc = TH_LOC_NONE};
    CU_ASSERT_EQUAL_FATAL(th_graph_add_node(g, &wr, NULL, NULL), TH_OK);
    int64_t edge[4] = {0, 1, 1, 0};
    struct th_attr ma[] = {test_ints("before", 4, edge), test_ints("after", 4, edge),
                           {.name = "mode", .kind = TH_ATTR_ENUM, .v.i = 1}, {.name = NULL}};
    v = test_node(g, "mirror_pad", NULL, ma, 1, v);
    CU_ASSERT_EQUAL(th_graph_add_output(g, "out", v), TH_OK);
    struct th_type i32 = test_type(second, TH_DT_S32, 0, 0, 1, 4);
    sample_loop(p, second, th_graph_add_input(second, "x", &i32));
    sample_rewrites(th_program_add_function(p, "third"));
    return p;
}

#endif
