/* SPDX-License-Identifier: 0BSD */
/*
 * An operator, whole: the snake activation y = x + sin(alpha * x)^2 / alpha, which audio networks
 * use. Its record (what it is, and the evaluator's arithmetic), an importer for TFLite's custom
 * operator "Snake", and a kernel for the portable backend, which every backend then has.
 */
#include <math.h>

#include <thimble/thimble.h>

/* ---- the record ------------------------------------------------------------------------------ */
static enum th_status infer(struct th_inst *c)
{
    c->out[0] = *c->in[0];
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const float alpha = (float)th_inst_float(c, "alpha");
    const float *x = e->in[0]->data;
    float *y = e->out[0]->data;
    for (int64_t i = 0; i < th_type_elems(c->in[0]); i++) {
        const float s = sinf(alpha * x[i]);
        y[i] = x[i] + s * s / alpha;
    }
    return TH_OK;
}

/* An element of the output needs the same element of the input: it may be split anywhere. */
static bool window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                   struct th_window *w)
{
    (void)c;
    (void)i;
    *w = (struct th_window){.box = *out};
    return true;
}

static uint32_t alias(const struct th_inst *c, struct th_alias *list, uint32_t max)
{
    (void)c;
    if (max)
        list[0] = (struct th_alias){.out = 0, .in = 0};
    return max ? 1 : 0;
}

static const struct th_port inputs[] = {{"x", TH_DT_FLOATS, 0, "any shape"}, {0}};
static const struct th_port outputs[] = {{"y", TH_DT_FLOATS, 0, "the same shape"}, {0}};
static const struct th_attr_spec attrs[] = {
    {.name = "alpha", .kind = TH_ATTR_FLOAT, .min = 1e-6, .max = 1e6, .def_f = 1.0,
     .doc = "frequency"},
    {0},
};
static const char *const contracts[] = {"tflite", "tflite-single-rounding", "float", NULL};

static const struct th_op op = {
    .struct_size = sizeof op,
    .name = "snake",
    .summary = "periodic activation",
    .doc = "y = x + sin(alpha x)^2 / alpha, in 32-bit float arithmetic.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE | TH_TRAIT_ELEMENTWISE,
    .contracts = contracts,
    .infer = infer,
    .eval = eval,
    .window = window,
    .alias = alias,
};

/* ---- the importer ---------------------------------------------------------------------------- */
static enum th_status import(struct th_import *im)
{
    double alpha = 1.0;
    if (im->n_in != 1 || im->n_out != 1)
        return th_import_error(im, "Snake has one input and one output");
    if (im->option_float)
        im->option_float(im, "alpha", &alpha);
    const struct th_attr a = {.name = "alpha", .kind = TH_ATTR_FLOAT, .v.f = alpha};
    const struct th_node_desc d = {.op = "snake", .in = im->in, .n_in = 1, .attrs = &a,
                                   .n_attrs = 1, .out_names = im->out_names, .loc = im->loc};
    return th_graph_add_node(im->graph, &d, NULL, im->out);
}

static const struct th_importer importers[] = {{"tflite", "Snake", import}};

/* ---- the kernel ------------------------------------------------------------------------------ */
static const char kernel_text[] =
    "/* SPDX-License-Identifier: 0BSD */\n"
    "#include <math.h>\n"
    "#include <stdint.h>\n"
    "\n"
    "static void thk_snake_f32__c99(int32_t n, float alpha, const float *x, float *y)\n"
    "{\n"
    "    for (int32_t i = 0; i < n; i++) {\n"
    "        const float s = sinf(alpha * x[i]);\n"
    "        y[i] = x[i] + s * s / alpha;\n"
    "    }\n"
    "}\n";

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    th_call_int(c, th_type_elems(q->inst->in[0]));
    th_call_float(c, (float)th_inst_float(q->inst, "alpha"));
    th_call_input(c, 0, "const float");
    th_call_output(c, 0, "float");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    k->cycles = 60.0 * (double)th_type_elems(q->inst->in[0]);
    k->code_bytes = 80;
    k->stack_bytes = 48;
}

static const struct th_kernel rows[] = {
    {.op = "snake",
     .types = "f32>f32",
     .symbol = "thk_snake_f32__c99",
     .source = "snake/thk_snake_f32__c99.c",
     .order = TH_ORDER_ELEMENT,
     .bind = bind,
     .cost = cost},
};
static const struct th_source sources[] = {
    {"snake/thk_snake_f32__c99.c", (const unsigned char *)kernel_text, sizeof kernel_text - 1},
};

static enum th_status init(struct th_reg *reg)
{
    TH_TRY(th_reg_op(reg, &op));
    TH_TRY(th_reg_importers(reg, importers, TH_ARRAY_LEN(importers)));
    return th_reg_kernels(reg, "c99", rows, TH_ARRAY_LEN(rows), sources, TH_ARRAY_LEN(sources));
}

static const struct th_plugin plugin = {
    TH_PLUGIN_HEADER,
    .name = "snake",
    .version = "1.0",
    .license = "0BSD",
    .summary = "the snake activation: record, importer, kernel",
    .init = init,
};
TH_PLUGIN_ENTRY(snake)
{
    return &plugin;
}
