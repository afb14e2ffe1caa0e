/* SPDX-License-Identifier: Apache-2.0 */
/* The pass manager: its text, options, order, and what it refuses. Also patterns and rewrites. */
#include "tests/unit/graph_util.h"

#include <thimble/plugin.h>

struct env {
    struct th_ctx *ctx;
    struct th_program *p;
    struct th_graph *g;
    struct test_log log;
};

static struct env start(void)
{
    struct env e = {.ctx = th_ctx_new()};
    th_str_init(&e.log.text);
    e.p = th_program_new(e.ctx);
    e.g = th_program_add_function(e.p, "run");
    struct th_type t = test_type(e.g, TH_DT_S8, 0.5f, 1, 2, 2, 3);
    th_value x = th_graph_add_input(e.g, "x", &t);
    th_value y = test_node(e.g, "logistic", NULL, NULL, 1, x);
    CU_ASSERT_EQUAL_FATAL(th_graph_add_output(e.g, "y", y), TH_OK);
    return e;
}

static void stop(struct env *e)
{
    th_program_free(e->p);
    th_ctx_free(e->ctx);
    th_str_release(&e->log.text);
}

/* Runs a pass list and compares the list that ran; NULL: it must be refused with `message`. */
static void expect(const char *passes, enum th_status want, const char *list, const char *message)
{
    struct env e = start();
    struct th_str canonical;
    th_str_init(&canonical);
    th_ctx_set_sink(e.ctx, test_sink, &e.log);
    struct th_pipeline_run r = {.pipeline = "inference", .passes = passes, .verify = true,
                                .canonical = &canonical};
    CU_ASSERT_EQUAL(th_pipeline_run(e.p, &r), want);
    if (list)
        CU_ASSERT_STRING_EQUAL(canonical.s, list);
    if (message) {
        CU_ASSERT_PTR_NOT_NULL(strstr(e.log.text.s, message));
        if (!strstr(e.log.text.s, message))
            fprintf(stderr, "got: %s", e.log.text.s);
    }
    th_str_release(&canonical);
    stop(&e);
}

static void test_text(void)
{
    expect("canonicalize,dce", TH_OK, "canonicalize,dce", NULL);
    expect("canonicalize, fold{small=10,max_work=5}", TH_OK,
           "canonicalize,fold{small=10,max_work=5}", NULL);
    expect("canonicalize,fuse{tables=no},-canonicalize", TH_ERR_USAGE, NULL,
           "needs property CANON");
    expect("canonicalize,dce,+fold{small=1}@before:dce", TH_OK, "canonicalize,fold{small=1},dce",
           NULL);
    expect("canonicalize,dce,+fold@after:canonicalize,-dce", TH_OK, "canonicalize,fold", NULL);
    expect("canonicalize,dce,+fold@replace:dce", TH_OK, "canonicalize,fold", NULL);
    expect("canonicalize,dce,canonicalize,+fold@after:canonicalize", TH_OK,
           "canonicalize,dce,canonicalize,fold", NULL);
}

static void test_refused(void)
{
    expect("canonicalise", TH_ERR_USAGE, NULL, "did you mean 'canonicalize'?");
    expect("canonicalize,fuse{table=1}", TH_ERR_USAGE, NULL, "did you mean 'tables'?");
    expect("fold{small=-1}", TH_ERR_USAGE, NULL, "option 'small' is -1, allowed are 0 to");
    expect("fold{small=ten}", TH_ERR_USAGE, NULL, "must be a whole number, not 'ten'");
    expect("fold{small=1,small=2}", TH_ERR_USAGE, NULL, "given twice");
    expect("fold{small=1", TH_ERR_USAGE, NULL, "lack the closing '}'");
    expect("dce{x=1}", TH_ERR_USAGE, NULL, "takes no options");
    expect("+fold", TH_ERR_USAGE, NULL, "needs a place");
    expect("dce,+fold@after:fuse", TH_ERR_USAGE, NULL, "pass 'fuse' is not in the pass list given");
    expect("-no-such-pass", TH_ERR_USAGE, NULL, "no pass is named 'no-such-pass'");
    expect("-dce,-dce", TH_ERR_USAGE, NULL, "pass 'dce' is not in pipeline 'inference'");
    expect("dce fold", TH_ERR_USAGE, NULL, "',' was expected");
    expect("dce,,fold", TH_ERR_USAGE, NULL, "a pass name was expected");
    expect("fuse", TH_ERR_USAGE, NULL, "it is provided by 'canonicalize'");
    /* all problems at once */
    expect("nonsense,fold{smal=1}", TH_ERR_USAGE, NULL, "no pass is named 'nonsense'");
    expect("nonsense,fold{smal=1}", TH_ERR_USAGE, NULL, "no option 'smal'");
}

static void test_stop_and_print_names(void)
{
    struct env e = start();
    th_ctx_set_sink(e.ctx, test_sink, &e.log);
    struct th_pipeline_run r = {.pipeline = "inference", .passes = "canonicalize,fuse,dce",
                                .stop_after = "canonicalize"};
    CU_ASSERT_EQUAL(th_pipeline_run(e.p, &r), TH_OK);
    CU_ASSERT_EQUAL(test_count(e.p, "logistic"), 1);      /* fuse did not run */
    r.stop_after = "canonicalise";
    CU_ASSERT_EQUAL(th_pipeline_run(e.p, &r), TH_ERR_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.log.text.s, "--stop-after: no pass 'canonicalise'"));
    r.stop_after = NULL;
    r.pipeline = "interference";
    CU_ASSERT_EQUAL(th_pipeline_run(e.p, &r), TH_ERR_USAGE);
    stop(&e);
}

/* "..." goes on with the named pipeline. */
static void test_rest(void)
{
    struct env e = start();
    struct th_str canonical;
    th_str_init(&canonical);
    struct th_pipeline_run r = {.pipeline = "inference", .passes = "canonicalize,fold{small=9},...",
                                .stop_after = "dce", .canonical = &canonical};
    CU_ASSERT_EQUAL(th_pipeline_run(e.p, &r), TH_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(canonical.s, "canonicalize,fold{small=9},layout,qdq,"));
    CU_ASSERT_PTR_NULL(strstr(canonical.s, "fold,layout"));
    th_str_release(&canonical);
    stop(&e);
}

/* Every row of the built-in pipeline names a pass, and its order satisfies all properties. */
static void test_inference_is_consistent(void)
{
    struct env e = start();
    struct th_pipeline_run r = {.pipeline = "inference", .stop_after = "dce", .verify = true};
    CU_ASSERT_EQUAL(th_pipeline_run(e.p, &r), TH_OK);
    CU_ASSERT_EQUAL(test_count(e.p, "table"), 1);
    stop(&e);
}

/* ---- a plugin's pass ------------------------------------------------------------------------- */

static enum th_status run_marked(struct th_pass_ctx *pc, struct th_graph *g)
{
    th_pass_remark(pc, "saw '%s', level %d, %s", th_graph_name(g),
                   (int)th_pass_option_int(pc, "level"),
                   th_pass_global(pc, "io") ? th_pass_global(pc, "io") : "-");
    return TH_OK;
}
static const struct th_option_spec marked_options[] = {
    {"level", TH_OPTION_INT, "7", 0, 9, "how much"}, {NULL, TH_OPTION_INT, NULL, 0, 0, NULL}};
static const struct th_pass marked = {.struct_size = sizeof(struct th_pass), .name = "marked",
                                      .summary = "leaves a remark", .options = marked_options,
                                      .requires_props = TH_PROP_CANON, .run_graph = run_marked};
static enum th_status run_broken(struct th_pass_ctx *pc, struct th_graph *g)
{
    (void)pc;
    (void)g;
    return TH_ERR_INTERNAL;
}
static const struct th_pass broken = {.struct_size = sizeof(struct th_pass), .name = "broken",
                                      .summary = "fails", .run_graph = run_broken};
static enum th_status init(struct th_reg *reg)
{
    static const struct th_anchor where = {TH_ANCHOR_AFTER, "fold", NULL};
    TH_TRY(th_reg_pass(reg, &broken, NULL));
    return th_reg_pass(reg, &marked, &where);
}
static const struct th_plugin plugin = {TH_PLUGIN_HEADER, .name = "test", .version = "1",
                                        .license = "Apache-2.0", .summary = "a test's pass",
                                        .init = init};
static const char *global(void *user, const char *name)
{
    return strcmp(name, "io") == 0 ? user : NULL;
}

static void test_plugin_pass(void)
{
    struct env e = start();
    struct th_str remarks, canonical;
    char io[] = "model";
    th_str_init(&remarks);
    th_str_init(&canonical);
    CU_ASSERT_EQUAL_FATAL(th_plugin_register(e.ctx, &plugin, "test"), TH_OK);
    struct th_pipeline_run r = {.pipeline = "inference", .remarks = &remarks, .user = io,
                                .stop_after = "marked", .canonical = &canonical, .global = global};
    CU_ASSERT_EQUAL(th_pipeline_run(e.p, &r), TH_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(canonical.s, "fold,marked,fuse"));
    CU_ASSERT_PTR_NOT_NULL(strstr(remarks.s, "marked: saw 'run', level 7, model\n"));
    r.passes = "canonicalize,marked{level=3}";
    CU_ASSERT_EQUAL(th_pipeline_run(e.p, &r), TH_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(remarks.s, "level 3"));
    th_ctx_set_sink(e.ctx, test_sink, &e.log);
    r.passes = "broken";
    r.stop_after = NULL;
    CU_ASSERT_EQUAL(th_pipeline_run(e.p, &r), TH_ERR_INTERNAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.log.text.s, "pass 'broken' failed without saying why"));
    th_str_release(&remarks);
    th_str_release(&canonical);
    stop(&e);
}

static enum th_status double_neg(struct th_graph *g, const struct th_match *m, bool *done,
                                 void *user)
{
    struct th_pass_ctx *pc = user;      /* a row's user is the pass that applies it */
    th_pass_remark(pc, "two signs cancel");
    th_value_replace(g, th_node_output(g, m->node[0], 0), m->value[0]);
    *done = true;
    return TH_OK;
}
static const struct th_rewrite rewrites[] = {{"double-neg", "neg(neg(x))", double_neg}};
static enum th_status init_rewrites(struct th_reg *reg)
{
    return th_reg_rewrites(reg, "canonicalize", rewrites, 1);
}
static const struct th_plugin rewriter = {TH_PLUGIN_HEADER, .name = "rewriter", .version = "1",
                                          .license = "Apache-2.0", .summary = "a test's rewrite",
                                          .init = init_rewrites};

static void test_plugin_rewrite(void)
{
    struct env e = start();
    struct th_str remarks;
    th_str_init(&remarks);
    struct th_type f = test_type(e.g, TH_DT_F32, 0, 0, 1, 3);
    th_value v = th_graph_add_input(e.g, "f", &f);
    v = test_node(e.g, "exp", NULL, NULL, 1, v);
    v = test_node(e.g, "neg", NULL, NULL, 1, test_node(e.g, "neg", NULL, NULL, 1, v));
    CU_ASSERT_EQUAL(th_graph_add_output(e.g, "v", v), TH_OK);
    CU_ASSERT_EQUAL_FATAL(th_plugin_register(e.ctx, &rewriter, "test"), TH_OK);
    struct th_pipeline_run r = {.pipeline = "inference", .passes = "dce", .remarks = &remarks};
    CU_ASSERT_EQUAL(th_pipeline_run(e.p, &r), TH_OK);
    CU_ASSERT_EQUAL(test_count(e.p, "neg"), 2);        /* only where it is registered for */
    r.passes = "canonicalize";
    CU_ASSERT_EQUAL(th_pipeline_run(e.p, &r), TH_OK);
    CU_ASSERT_EQUAL(test_count(e.p, "neg"), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(remarks.s, "canonicalize: two signs cancel"));
    th_str_release(&remarks);
    stop(&e);
}

/* ---- patterns -------------------------------------------------------------------------------- */

static void test_patterns(void)
{
    struct env e = start();
    struct th_arena *a = th_arena_new(0);
    th_value x = th_graph_input(e.g, 0);
    struct th_type t = *th_value_type(e.g, x);
    th_value c = test_const(e.g, &t, 1);
    th_value u = test_node(e.g, "tanh", &t, NULL, 1, x);
    th_value v = test_node(e.g, "add", &t, NULL, 2, u, c);
    th_value w = test_node(e.g, "mul", &t, NULL, 2, v, v);
    th_node add = th_value_def(e.g, v), mul = th_value_def(e.g, w);
    struct th_match m;
    static const struct {
        const char *text;
        bool at_add, at_mul;
    } cases[] = {
        {"add(tanh(x), #c)", true, false}, {"add(x, y)", true, false}, {"add(x, x)", false, false},
        {"add(#c, x)", false, false}, {"mul(a, a)", false, true},
        {"mul(add(x), ?)", false, false},
        {"mul(*add(x), ?)", false, true},  {"mul|add(?, ?b, ?c)", true, true},
        {"add(logistic(x))", false, false}, {"mul(*add(tanh(z), ?), q)", false, true},
    };
    for (size_t i = 0; i < TH_ARRAY_LEN(cases); i++) {
        struct th_pattern *p = th_pattern_new(e.ctx, a, cases[i].text);
        CU_ASSERT_PTR_NOT_NULL_FATAL(p);
        CU_ASSERT_EQUAL(th_pattern_match(p, e.g, add, &m), cases[i].at_add);
        CU_ASSERT_EQUAL(th_pattern_match(p, e.g, mul, &m), cases[i].at_mul);
    }
    struct th_pattern *p = th_pattern_new(e.ctx, a, "mul(*add(tanh(z), #k), q)");
    CU_ASSERT_TRUE(th_pattern_match(p, e.g, mul, &m));
    CU_ASSERT_EQUAL(th_match_value(&m, "z"), x);
    CU_ASSERT_EQUAL(th_match_value(&m, "k"), c);
    CU_ASSERT_EQUAL(th_match_value(&m, "q"), v);
    CU_ASSERT_EQUAL(th_match_value(&m, "nothing"), 0);
    CU_ASSERT_EQUAL(m.n_node, 3);
    CU_ASSERT_EQUAL(m.node[1], add);
    th_ctx_set_sink(e.ctx, test_sink, &e.log);
    static const char *const wrong[] = {"", "x", "add(", "add(x", "add(x,,y)", "add(x) y", "ad(x)",
                                        "add|(x)", "?add(x)", "*x", "add(*x)", "add(x y)"};
    for (size_t i = 0; i < TH_ARRAY_LEN(wrong); i++)
        CU_ASSERT_PTR_NULL(th_pattern_new(e.ctx, a, wrong[i]));
    CU_ASSERT_PTR_NOT_NULL(strstr(e.log.text.s, "did you mean 'add'?"));
    th_arena_free(a);
    stop(&e);
}

static enum th_status swap(struct th_graph *g, const struct th_match *m, bool *done, void *user)
{
    (void)user;
    th_node_set_input(g, m->node[0], 0, m->value[1]);
    th_node_set_input(g, m->node[0], 1, m->value[0]);
    *done = true;
    return TH_OK;
}

/* A rewrite that undoes itself is caught and named. */
static void test_endless_rewrite(void)
{
    struct env e = start();
    th_value x = th_graph_input(e.g, 0);
    struct th_type t = *th_value_type(e.g, x);
    test_node(e.g, "add", &t, NULL, 2, x, th_graph_output(e.g, 0));
    static const struct th_rewrite rows[] = {{"swap", "add(a, b)", swap}};
    th_ctx_set_sink(e.ctx, test_sink, &e.log);
    th_node n = th_graph_last(e.g);
    CU_ASSERT_EQUAL(th_graph_add_output(e.g, "z", th_node_output(e.g, n, 0)), TH_OK);
    CU_ASSERT_EQUAL(th_rewrite_run(e.g, rows, 1, NULL, NULL), TH_ERR_INTERNAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.log.text.s, "rewrite 'swap' does not come to an end"));
    stop(&e);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"pass lists", test_text},
        {"the rest of a pipeline", test_rest},
        {"refused pass lists", test_refused},
        {"stop-after", test_stop_and_print_names},
        {"inference pipeline", test_inference_is_consistent},
        {"a plugin's pass", test_plugin_pass},
        {"a plugin's rewrite", test_plugin_rewrite},
        {"patterns", test_patterns},
        {"endless rewrite", test_endless_rewrite},
        {NULL, NULL},
    };
    return test_main("pipeline", tests);
}
