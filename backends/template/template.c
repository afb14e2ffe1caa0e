/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Backend template: the smallest backend that does something, and the file to copy for a new one.
 *
 * It is compiled with the rest so that it stays true. It adds one kernel, a maximum over rows of
 * bytes, and takes everything else from c99. What to change in a copy:
 *   1. the names: the file, backend.name, plugin.name and the word in TH_PLUGIN_ENTRY;
 *   2. the rows: one for each kernel, with an honest `refuse`, and a cost in cycles that compares
 *      with the portable rows' (about 9 a multiply-accumulate);
 *   3. the sources: a file each, the function's name being the row's symbol. Larger ones are
 *      better embedded by backends/embed.awk, as the other backends do it.
 */
#include <string.h>

#include <thimble/thimble.h>

static const char source_text[] =
    "/* SPDX-License-Identifier: 0BSD */\n"
    "#include <stdint.h>\n"
    "\n"
    "static void thk_reduce_max_s8__template(int32_t rows, int32_t depth, const int8_t *x,\n"
    "                                        int8_t *y)\n"
    "{\n"
    "    for (int32_t r = 0; r < rows; r++, x += depth) {\n"
    "        int8_t best = x[0];\n"
    "        for (int32_t i = 1; i < depth; i++)\n"
    "            best = x[i] > best ? x[i] : best;\n"
    "        y[r] = best;\n"
    "    }\n"
    "}\n";

/* Why this kernel cannot do it, or NULL. Everything bind() relies on is asked here. */
static const char *refuse(const struct th_query *q)
{
    const struct th_type *x = q->inst->in[0];
    if (!q->whole)
        return "only whole outputs";
    if (th_inst_ints_len(q->inst, "axes") != 1 ||
        th_inst_ints(q->inst, "axes", 0) != x->rank - 1 || x->dims[x->rank - 1] < 1)
        return "only the last axis";
    if (th_type_elems(x) > INT32_MAX)
        return "a size does not fit 32 bits";
    return NULL;
}

/* The call, argument by argument, in the order of the kernel's C parameters. */
static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    const struct th_type *x = q->inst->in[0];
    const int64_t depth = x->dims[x->rank - 1];
    th_call_int(c, th_type_elems(x) / depth);
    th_call_int(c, depth);
    th_call_input(c, 0, "const int8_t");
    th_call_output(c, 0, "int8_t");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    k->cycles = 6.0 * (double)th_type_elems(q->inst->in[0]);
    k->code_bytes = 60;
    k->stack_bytes = 24;
}

static const struct th_kernel rows[] = {
    {.op = "reduce_max",
     .types = "s8>s8",
     .symbol = "thk_reduce_max_s8__template",
     .source = "template/thk_reduce_max_s8__template.c",
     .order = TH_ORDER_ELEMENT,
     .refuse = refuse,
     .bind = bind,
     .cost = cost},
};

static const struct th_source sources[] = {
    {"template/thk_reduce_max_s8__template.c", (const unsigned char *)source_text,
     sizeof source_text - 1},
};

static const struct th_backend backend = {
    .struct_size = sizeof backend,
    .name = "template",
    .base = "c99",
    .summary = "an example of a backend; copy it",
    .kernels = rows,
    .n_kernels = TH_ARRAY_LEN(rows),
    .kernel_size = sizeof rows[0],
    .sources = sources,
    .n_sources = TH_ARRAY_LEN(sources),
};

static enum th_status init(struct th_reg *reg)
{
    return th_reg_backend(reg, &backend);
}

static const struct th_plugin plugin = {
    TH_PLUGIN_HEADER,
    .name = "template",
    .version = "1.0",
    .license = "Apache-2.0",
    .summary = "an example of a backend",
    .init = init,
};
TH_PLUGIN_ENTRY(template)
{
    return &plugin;
}
