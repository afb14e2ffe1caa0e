/* SPDX-License-Identifier: Apache-2.0 */
/* The XML form: exact round trip of everything a program holds, and refusal of everything wrong. */
#define _GNU_SOURCE
#include "tests/unit/sample_program.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include <libxml/parser.h>
#include <libxml/relaxng.h>

#include "ir/notes.h"

static char folder[] = "/tmp/thimble-xml-XXXXXX";
static char file_a[64], file_b[64], side_a[64], side_b[64];

static char *slurp(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *s = NULL;
    *len = 0;
    if (f) {
        fseek(f, 0, SEEK_END);
        long n = ftell(f);
        rewind(f);
        s = calloc(1, (size_t)n + 1);
        *len = s ? fread(s, 1, (size_t)n, f) : 0;
        fclose(f);
    }
    return s;
}

static void spill(const char *path, const char *data, size_t len)
{
    FILE *f = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fwrite(data, 1, len, f);
    fclose(f);
}

static bool same_file(const char *a, const char *b)
{
    size_t na, nb;
    char *x = slurp(a, &na), *y = slurp(b, &nb);
    bool same = x && y && na == nb && memcmp(x, y, na) == 0;
    free(x);
    free(y);
    return same;
}

/* What the writer writes is what the schema says. */
static bool fits_schema(const char *path)
{
    char schema[1024];
    const char *top = getenv("srcdir");
    snprintf(schema, sizeof schema, "%s/ir/program.rng", top ? top : ".");
    xmlRelaxNGParserCtxt *parser = xmlRelaxNGNewParserCtxt(schema);
    xmlRelaxNG *rng = parser ? xmlRelaxNGParse(parser) : NULL;
    xmlRelaxNGValidCtxt *valid = rng ? xmlRelaxNGNewValidCtxt(rng) : NULL;
    xmlDoc *doc = xmlReadFile(path, NULL, XML_PARSE_NONET);
    bool ok = valid && doc && xmlRelaxNGValidateDoc(valid, doc) == 0;
    xmlFreeDoc(doc);
    if (valid)
        xmlRelaxNGFreeValidCtxt(valid);
    xmlRelaxNGFree(rng);
    if (parser)
        xmlRelaxNGFreeParserCtxt(parser);
    return ok;
}

static void test_round_trip(void)
{
    struct th_ctx *ctx = th_ctx_new();
    struct th_program *p = sample_program(ctx), *q = NULL;
    struct th_str a, b;
    struct th_arena *arena = th_arena_new(0);
    struct th_tensor *x[TEST_MAX_IO], *y[TEST_MAX_IO];
    th_str_init(&a);
    th_str_init(&b);
    CU_ASSERT_EQUAL_FATAL(th_program_verify(p), TH_OK);
    CU_ASSERT_EQUAL_FATAL(th_program_write_xml(p, file_a), TH_OK);
    CU_ASSERT_EQUAL_FATAL(th_program_read_xml(ctx, file_a, &q), TH_OK);
    CU_ASSERT_EQUAL_FATAL(th_program_write_xml(q, file_b), TH_OK);
    CU_ASSERT_TRUE(same_file(file_a, file_b));
    CU_ASSERT_TRUE(same_file(side_a, side_b));
    CU_ASSERT_TRUE(fits_schema(file_a));
    th_program_print(p, &a);
    th_program_print(q, &b);
    CU_ASSERT_STRING_EQUAL(a.s, b.s);
    CU_ASSERT_STRING_EQUAL(th_program_source(q), "a \"model\" <1>.tflite");
    struct th_graph *g = th_program_function(q, 0);
    CU_ASSERT_STRING_EQUAL(th_graph_input_name(g, 0), "in\x01\xff \\ \"<&>");
    const struct th_loc *loc = th_node_loc(g, th_graph_first(g));
    CU_ASSERT_STRING_EQUAL(loc->name, "dw\n\xc3\xa4\xc3");
    CU_ASSERT_EQUAL(loc->offset, 4711);
    CU_ASSERT_STRING_EQUAL(th_node_contract(g, th_graph_first(g)), "tflite-single-rounding");
    test_eval(p, 5, arena, x);
    test_eval(q, 5, arena, y);
    CU_ASSERT_EQUAL(memcmp(x[0]->data, y[0]->data, (size_t)th_type_size(&x[0]->type)), 0);
    th_program_free(p);
    th_program_free(q);
    th_str_release(&a);
    th_str_release(&b);
    th_arena_free(arena);
    th_ctx_free(ctx);
}

static enum th_status no_bind(const struct th_query *q, struct th_call *c)
{
    (void)q;
    (void)c;
    return TH_OK;
}
static const struct th_kernel row = {.op = "conv2d", .symbol = "thk_conv2d_s8__test",
                                     .bind = no_bind};
static const struct th_backend backend = {.struct_size = sizeof(struct th_backend), .name = "c99",
                                          .summary = "a test's", .kernels = &row, .n_kernels = 1,
                                          .kernel_size = sizeof(struct th_kernel)};
/* An operator with an attribute of every kind. */
static enum th_status copy_type(struct th_inst *c)
{
    c->out[0] = *c->in[0];
    return TH_OK;
}
static enum th_status copy_data(const struct th_inst *c, struct th_eval *e)
{
    memcpy(e->out[0]->data, e->in[0]->data, (size_t)th_type_size(c->in[0]));
    return TH_OK;
}
static const char *const choices[] = {"first", "second", NULL};
static const struct th_attr_spec every[] = {
    {.name = "int", .kind = TH_ATTR_INT, .min = 1}, {.name = "bool", .kind = TH_ATTR_BOOL},
    {.name = "float", .kind = TH_ATTR_FLOAT, .min = 1},
    {.name = "string", .kind = TH_ATTR_STRING}, {.name = "ints", .kind = TH_ATTR_INTS, .min = 1},
    {.name = "floats", .kind = TH_ATTR_FLOATS, .min = 1},
    {.name = "dtype", .kind = TH_ATTR_DTYPE},
    {.name = "enum", .kind = TH_ATTR_ENUM, .names = choices}, {.name = NULL}};
static const struct th_port one_in[] = {{"x", 0, 0, "any"}, {NULL, 0, 0, NULL}};
static const struct th_port one_out[] = {{"y", 0, 0, "the same"}, {NULL, 0, 0, NULL}};
static const char *const contracts[] = {"tflite", NULL};
static const struct th_op every_attr = {
    .struct_size = sizeof(struct th_op), .name = "every_attr", .summary = "a test's",
    .doc = "None.", .inputs = one_in, .outputs = one_out, .attrs = every, .traits = TH_TRAIT_PURE,
    .contracts = contracts, .infer = copy_type, .eval = copy_data};

static enum th_status init(struct th_reg *reg)
{
    TH_TRY(th_reg_op(reg, &every_attr));
    return th_reg_backend(reg, &backend);
}
static const struct th_plugin plugin = {TH_PLUGIN_HEADER, .name = "test", .version = "1",
                                        .license = "Apache-2.0", .summary = "a test's backend",
                                        .init = init};

/* Notes of a planned program. */
static void test_plan_notes(void)
{
    struct th_ctx *ctx = th_ctx_new();
    struct th_program *p = sample_program(ctx), *q = NULL;
    struct th_graph *g = th_program_function(p, 0);
    th_node n = th_graph_first(g);
    CU_ASSERT_EQUAL_FATAL(th_plugin_register(ctx, &plugin, "test"), TH_OK);
    struct th_plan_region regions[] = {{"state", 100, 16, 100, TH_ROLE_ARENA, "sram"},
                                       {"sram", 4096, 16, 4000, TH_ROLE_ARENA, NULL},
                                       {"input 0", 7, 4, 0, TH_ROLE_INPUT, NULL},
                                       {"output 0", 9, 4, 0, TH_ROLE_OUTPUT, NULL}};
    struct th_plan_totals plan = {.regions = regions, .n_regions = 4, .n_caller = 2,
                                  .peak_graph = g, .peak_node = n, .peak_live = 175};
    th_program_set_plan(p, &plan);
    th_state_set_offset(p, 2, 112);
    struct th_kernel_note *k = th_node_note(g, n);
    k->row = &row;
    k->owner = &backend;
    k->cost = (struct th_kernel_cost){1234.5, 800, 96};
    k->scratch_bytes = 64;
    k->scratch_align = 8;
    k->scratch = (struct th_place){1, 320};
    th_value x = th_node_input(g, n, 0), y = th_node_output(g, n, 0);
    th_value_set_place(g, y, (struct th_place){1, 48});
    th_graph_add_share(g, &(struct th_share){.out = y, .in = x, .distance = 24});
    th_graph_add_share(g, &(struct th_share){.out = y, .state = 2});
    CU_ASSERT_EQUAL_FATAL(th_program_write_xml(p, file_a), TH_OK);
    CU_ASSERT_EQUAL_FATAL(th_program_read_xml(ctx, file_a, &q), TH_OK);
    CU_ASSERT_EQUAL_FATAL(th_program_write_xml(q, file_b), TH_OK);
    CU_ASSERT_TRUE(same_file(file_a, file_b));
    CU_ASSERT_TRUE(fits_schema(file_a));
    struct th_graph *h = th_program_function(q, 0);
    n = th_graph_first(h);
    CU_ASSERT_PTR_EQUAL(th_node_note(h, n)->row, &row);
    CU_ASSERT_EQUAL(th_node_note(h, n)->scratch.offset, 320);
    CU_ASSERT_EQUAL(th_value_place(h, th_node_output(h, n, 0)).offset, 48);
    CU_ASSERT_EQUAL(th_graph_share_count(h), 2);
    CU_ASSERT_EQUAL(th_graph_share(h, 1)->state, 2);
    CU_ASSERT_EQUAL(th_program_plan(q)->peak_node, n);
    CU_ASSERT_EQUAL(th_program_plan(q)->n_caller, 2);
    CU_ASSERT_EQUAL(th_program_plan(q)->regions[1].role, TH_ROLE_ARENA);
    CU_ASSERT_STRING_EQUAL(th_program_plan(q)->regions[0].memory, "sram");
    CU_ASSERT_EQUAL(th_program_plan(q)->regions[3].role, TH_ROLE_OUTPUT);
    CU_ASSERT_EQUAL(th_state_offset(q, 2), 112);
    th_program_free(p);
    th_program_free(q);
    th_ctx_free(ctx);
}

static void test_attributes(void)
{
    static const double floats[] = {0.1, -0.0, 1e308, 5e-324, INFINITY};
    static const int64_t ints[] = {INT64_MIN, 0, INT64_MAX};
    const struct th_attr attrs[] = {
        {.name = "int", .kind = TH_ATTR_INT, .v.i = INT64_MIN},
        {.name = "bool", .kind = TH_ATTR_BOOL, .v.i = 1},
        {.name = "float", .kind = TH_ATTR_FLOAT, .v.f = -1.0 / 3},
        {.name = "string", .kind = TH_ATTR_STRING, .v.s = " \n<a b=\"c\">&amp;\\x41 \xe2\x82\xac "},
        {.name = "ints", .kind = TH_ATTR_INTS, .n = 3, .v.ints = ints},
        {.name = "floats", .kind = TH_ATTR_FLOATS, .n = 5, .v.floats = floats},
        {.name = "dtype", .kind = TH_ATTR_DTYPE, .v.i = TH_DT_B1},
        {.name = "enum", .kind = TH_ATTR_ENUM, .v.i = 1}};
    struct th_ctx *ctx = th_ctx_new();
    CU_ASSERT_EQUAL_FATAL(th_plugin_register(ctx, &plugin, "test"), TH_OK);
    struct th_program *p = th_program_new(ctx), *q = NULL;
    struct th_graph *g = th_program_add_function(p, "run");
    struct th_type t = test_type(g, TH_DT_F64, 0, 0, 2, 0, 3);
    th_value v = th_graph_add_input(g, "", &t);
    struct th_node_desc d = {.op = "every_attr", .in = &v, .n_in = 1, .attrs = attrs,
                             .n_attrs = TH_ARRAY_LEN(attrs), .loc = TH_LOC_NONE};
    CU_ASSERT_EQUAL_FATAL(th_graph_add_node(g, &d, NULL, &v), TH_OK);
    CU_ASSERT_EQUAL(th_graph_add_output(g, "", v), TH_OK);
    CU_ASSERT_EQUAL_FATAL(th_program_write_xml(p, file_a), TH_OK);
    CU_ASSERT_EQUAL_FATAL(th_program_read_xml(ctx, file_a, &q), TH_OK);
    CU_ASSERT_TRUE(fits_schema(file_a));
    g = th_program_function(q, 0);
    const struct th_attrs *as = th_node_attrs(g, th_graph_first(g));
    CU_ASSERT_EQUAL_FATAL(as->n, TH_ARRAY_LEN(attrs));
    for (uint32_t i = 0; i < as->n; i++) {
        const struct th_attr *a = &as->list[i], *b = &attrs[i];
        CU_ASSERT_STRING_EQUAL(a->name, b->name);
        CU_ASSERT_EQUAL_FATAL(a->kind, b->kind);
        CU_ASSERT_EQUAL(a->n, b->n);
        bool list = a->kind == TH_ATTR_INTS || a->kind == TH_ATTR_FLOATS;
        bool same = a->kind == TH_ATTR_STRING ? strcmp(a->v.s, b->v.s) == 0
                    : list ? memcmp(a->v.ints, b->v.ints, a->n * sizeof a->v.ints[0]) == 0
                           : a->v.i == b->v.i;
        CU_ASSERT_TRUE(same);
    }
    th_program_free(p);
    th_program_free(q);
    th_ctx_free(ctx);
}

/* ---- hostile files --------------------------------------------------------------------------- */

/* Replaces the first `from` by `to` in the sample's file, reads, and expects the message. */
static void refuse(const char *from, const char *to, const char *message)
{
    struct th_ctx *ctx = th_ctx_new();
    struct th_program *p = sample_program(ctx), *q = NULL;
    struct test_log log;
    size_t n;
    th_str_init(&log.text);
    CU_ASSERT_EQUAL_FATAL(th_program_write_xml(p, file_a), TH_OK);
    char *s = slurp(file_a, &n), *at = strstr(s, from);
    if (!at)
        fprintf(stderr, "the sample has no '%s'\n", from);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    struct th_str b;
    th_str_init(&b);
    th_str_addn(&b, s, (size_t)(at - s));
    th_str_add(&b, to);
    th_str_add(&b, at + strlen(from));
    spill(file_a, b.s, b.len);
    th_ctx_set_sink(ctx, test_sink, &log);
    CU_ASSERT_EQUAL(th_program_read_xml(ctx, file_a, &q), TH_ERR_INPUT);
    CU_ASSERT_PTR_NULL(q);
    CU_ASSERT_PTR_NOT_NULL(strstr(log.text.s, message));
    if (!strstr(log.text.s, message))
        fprintf(stderr, "'%s' gives: %s", to, log.text.s);
    th_str_release(&b);
    th_str_release(&log.text);
    free(s);
    th_program_free(p);
    th_ctx_free(ctx);
}

static void test_hostile(void)
{
    refuse("<thimble-program", "<!DOCTYPE a [<!ENTITY x \"y\">]><thimble-program",
           "document types and entities are not accepted");
    refuse("UTF-8\"?>", "UTF-8\"?><!DOCTYPE a SYSTEM \"http://example.com/\">",
           "document types and entities are not accepted");
    refuse("</function>", "</functio>", "not well-formed XML");
    refuse("<loc", "<loc a='' b='' c='' d='' e='' f='' g='' h='' i='' j='' k='' l='' m='' n='' "
           "o='' p='' q='' r='' s='' t='' u='' v='' w='' x='' y='' z='' A='' B='' C='' D='' E='' "
           "F='' G=''", "more than 32 attributes");
    refuse("<loc", "<!-- it's \" < = --><loc colour=\"=\"", "has no attribute 'colour'");
    refuse("version=\"1\" s", "version=\"2\" s", "not a 'thimble-program' of version 1");
    refuse("source=", "colour=\"red\" source=", "has no attribute 'colour'");
    refuse("<state id=\"1\"", "<state id=\"3\"", "'id' of 'state' is 3, allowed 1 to 1");
    refuse("kind=\"frame\"", "kind=\"fr\"", "'kind' of 'state' may not be 'fr'");
    refuse("bytes=\"100\"", "bytes=\"90\"", "90 bytes at 0 of");
    refuse("offset=\"0\" bytes=\"100\"", "offset=\"999999\" bytes=\"100\"", "allowed 0 to");
    refuse("offset=\"0\" bytes=\"100\"", "offset=\"4\" bytes=\"100\"", "at a multiple of 16");
    refuse("offset=\"0\" bytes=\"100\"", "offset=\"-16\" bytes=\"100\"", "is -16, allowed 0 to");
    refuse("dims=\"1 5 5 4\"", "dims=\"1 5 5 -4\"", "dimension 3 is -4");
    refuse("dims=\"1 5 5 4\"", "dims=\"1 5 5000000000000000000 4\"", "the tensor is too large");
    refuse("dims=\"1 5 5 4\"", "dims=\"1 5 50000000000000000000 4\"",
           "is no list of whole numbers");
    refuse("dims=\"1 5 5 4\"", "dims=\"1 1 1 1 1 1 1 1 1\"", "has 9 entries, at most 8");
    refuse("dtype=\"s8\"", "dtype=\"s9\"", "there is no element type 's9'");
    refuse("axis=\"0\" scales=", "axis=\"7\" scales=", "zero points on axis 7");
    refuse("scales=\"0x", "scales=\"-0x", "scales are finite and positive");
    refuse("scales=\"0x", "scales=\"nan 0x", "2 scales and 1 zero points");
    refuse("op=\"conv2d\"", "op=\"conv9d\"", "no operator is named 'conv9d'");
    refuse("<in value=\"1\"/>", "<in value=\"99\"/>", "value 99 does not exist");
    refuse("<in value=\"1\"/>", "<in value=\"-1\"/>", "is -1, allowed 0 to");
    refuse("<input id=\"1\"", "<input id=\"2\"", "value number 2, expected 1");
    refuse("type=\"ints\"", "type=\"int\"", "is no whole number");
    refuse("value=\"symmetric\"", "value=\"asymmetric\"", "may not be 'asymmetric'");
    refuse("type=\"state\" value=\"1\"", "type=\"state\" value=\"3\"", "is 3, allowed 1 to 2");
    refuse("name=\"pad\"", "name=\"pat\"", "unknown attribute 'pat'");
    refuse("<node op=\"loop\" contract=\"tflite\">",
           "<node op=\"loop\" contract=\"tflite\"><in value=\"0\"/>", "operand 'v' is missing");
    refuse("<node op=\"add\" contract=\"tflite\">", "<node op=\"top_k\" contract=\"tflite\">",
           "1 outputs wanted, the operator has 2");
    refuse("<node op=\"add\" contract=\"tflite\">",
           "<node op=\"concat\" contract=\"tflite\"><out id=\"6\" name=\"\"><type dtype=\"s8\" "
           "dims=\"1\"/></out></node><node op=\"add\" contract=\"tflite\">",
           "operand 'x' is missing");
    refuse("lo=\"-0x1.8p+0\"", "lo=\"0x1p+9\"", "is empty");
    refuse("\\x01", "\\x0", "wrong escape");
    refuse("\\x01", "\\x00", "wrong escape");
    refuse("name=\"second\"", "name=\"run\"", "two functions have the same name");
    refuse("<output name=\"out\" value=\"", "<output name=\"out\" value=\"9", "does not exist");
    refuse("check=\"", "check=\"0", "it belongs to another file");
    refuse("<weights", "<plan/><weight", "element 'weights' is missing");
    refuse("<loc", "words<loc", "text or an entity stands where only elements may");
    refuse("<loc", "<kernel symbol=\"thk_x\" backend=\"c98\" cycles=\"1\" code=\"0\" stack=\"0\" "
           "scratch=\"0\" align=\"1\" region=\"-1\" offset=\"0\"/><loc", "is a plugin missing?");
    refuse("<body name=\"body\"", "<body label=\"body\"", "lacks attribute 'name'");
}

/* Lines are named, and one pass over the file finds everything. */
static void test_all_problems(void)
{
    struct th_ctx *ctx = th_ctx_new();
    struct test_log log;
    struct th_program *q = NULL;
    const char text[] = "<?xml version=\"1.0\"?>\n<thimble-program version=\"1\" source=\"\" "
                        "format=\"\" sha256=\"\">\n<function name=\"run\">\n"
                        "<input id=\"1\" name=\"x\"><type dtype=\"s9\" dims=\"1\"/></input>\n"
                        "<node op=\"none\" contract=\"tflite\"><in value=\"1\"/></node>\n"
                        "<output name=\"y\" value=\"7\"/>\n</function>\n"
                        "<weights bytes=\"0\" check=\"cbf29ce484222325\"/></thimble-program>\n";
    th_str_init(&log.text);
    spill(file_a, text, sizeof text - 1);
    spill(side_a, "", 0);
    th_ctx_set_sink(ctx, test_sink, &log);
    CU_ASSERT_EQUAL(th_program_read_xml(ctx, file_a, &q), TH_ERR_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(log.text.s, "a.xml:4: error: there is no element type 's9'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(log.text.s, "a.xml:5: error: no operator is named 'none'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(log.text.s, "a.xml:6: error: value 7 does not exist"));
    CU_ASSERT_EQUAL(th_error_count(ctx), 3);
    th_str_release(&log.text);
    th_ctx_free(ctx);
}

/* A file that is wrong everywhere does not flood. */
static void test_many_problems(void)
{
    struct th_ctx *ctx = th_ctx_new();
    struct test_log log;
    struct th_program *q = NULL;
    struct th_str text;
    th_str_init(&log.text);
    th_str_init(&text);
    th_str_add(&text, "<?xml version=\"1.0\"?><thimble-program version=\"1\" source=\"\" "
                      "format=\"\" sha256=\"\"><weights bytes=\"0\" check=\"cbf29ce484222325\"/>"
                      "<function name=\"run\">\n");
    for (int i = 0; i < 1000; i++)
        th_str_add(&text, "<node op=\"add\" contract=\"tflite\"><in value=\"0\"/></node>\n");
    th_str_add(&text, "</function></thimble-program>");
    spill(file_a, text.s, text.len);
    spill(side_a, "", 0);
    th_ctx_set_sink(ctx, test_sink, &log);
    CU_ASSERT_EQUAL(th_program_read_xml(ctx, file_a, &q), TH_ERR_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(log.text.s, "a.xml:2: error: this 'add' cannot be built"));
    CU_ASSERT_TRUE(th_error_count(ctx) >= 100 && th_error_count(ctx) < 400);
    th_str_release(&text);
    th_str_release(&log.text);
    th_ctx_free(ctx);
}

/* Truncated anywhere, or a byte changed anywhere: an error or a valid program, never worse. */
static void test_mutations(void)
{
    struct th_ctx *ctx = th_ctx_new();
    struct th_program *p = sample_program(ctx), *q;
    struct test_log log;
    size_t n;
    uint32_t seed = 4, refused = 0;
    th_str_init(&log.text);
    CU_ASSERT_EQUAL_FATAL(th_program_write_xml(p, file_a), TH_OK);
    char *s = slurp(file_a, &n), *copy = malloc(n);
    th_ctx_set_sink(ctx, test_sink, &log);
    for (int i = 0; i < 1500; i++) {
        size_t len = n;
        memcpy(copy, s, n);
        if (i % 5 == 0)
            len = test_random(&seed) % n;
        for (int k = 0; k < 1 + i % 3; k++)
            copy[test_random(&seed) % n] = "0123456789\"<>/ xsf-.\xff"[test_random(&seed) % 21];
        spill(file_a, copy, len);
        q = NULL;
        if (th_program_read_xml(ctx, file_a, &q) == TH_OK)
            th_program_free(q);
        else
            refused++;
        th_str_clear(&log.text);
    }
    CU_ASSERT_TRUE(refused > 500);
    free(s);
    free(copy);
    th_str_release(&log.text);
    th_program_free(p);
    th_ctx_free(ctx);
}

int main(void)
{
    static const CU_TestInfo tests[] = {
        {"round trip", test_round_trip},
        {"plan notes", test_plan_notes},
        {"attributes of every kind", test_attributes},
        {"hostile files", test_hostile},
        {"all problems with lines", test_all_problems},
        {"many problems", test_many_problems},
        {"mutations", test_mutations},
        {NULL, NULL},
    };
    if (!mkdtemp(folder))
        return 99;
    snprintf(file_a, sizeof file_a, "%s/a.xml", folder);
    snprintf(file_b, sizeof file_b, "%s/b.xml", folder);
    snprintf(side_a, sizeof side_a, "%s/a.xml.weights", folder);
    snprintf(side_b, sizeof side_b, "%s/b.xml.weights", folder);
    int status = test_main("xml", tests);
    unlink(file_a);
    unlink(file_b);
    unlink(side_a);
    unlink(side_b);
    rmdir(folder);
    return status;
}
