/* SPDX-License-Identifier: 0BSD */
/*
 * A backend: the emitted folder is an Arduino library, and byte tables are looked up by a kernel of
 * its own that handles four elements a turn. Everything else comes from its base.
 */
#include <string.h>

#include <thimble/thimble.h>

static const char source_text[] =
    "/* SPDX-License-Identifier: 0BSD */\n"
    "#include <stdint.h>\n"
    "\n"
    "/* y[i] = t[x[i] + 128]; four elements a turn, then the rest. */\n"
    "static void thk_table_s8__arduino(int32_t n, const int8_t *x, const int8_t *t, int8_t *y)\n"
    "{\n"
    "    const int8_t *const zero = t + 128;\n"
    "    for (; n >= 4; n -= 4, x += 4, y += 4) {\n"
    "        const int8_t a = zero[x[0]], b = zero[x[1]], c = zero[x[2]], d = zero[x[3]];\n"
    "        y[0] = a;\n"
    "        y[1] = b;\n"
    "        y[2] = c;\n"
    "        y[3] = d;\n"
    "    }\n"
    "    for (; n > 0; n--)\n"
    "        *y++ = zero[*x++];\n"
    "}\n";

static const char *refuse(const struct th_query *q)
{
    if (!q->whole)
        return "only whole outputs";
    return th_type_elems(q->inst->in[0]) > INT32_MAX ? "a size does not fit 32 bits" : NULL;
}

static enum th_status bind(const struct th_query *q, struct th_call *c)
{
    th_call_int(c, th_type_elems(q->inst->in[0]));
    th_call_input(c, 0, "const int8_t");
    th_call_input(c, 1, "const int8_t");
    th_call_output(c, 0, "int8_t");
    return TH_OK;
}

static void cost(const struct th_query *q, struct th_kernel_cost *k)
{
    k->cycles = 2.0 * (double)th_type_elems(q->inst->in[0]);
    k->code_bytes = 60;
    k->stack_bytes = 16;
}

static const struct th_kernel rows[] = {
    {.op = "table",
     .types = "s8,s8>s8",
     .symbol = "thk_table_s8__arduino",
     .source = "arduino/thk_table_s8__arduino.c",
     .order = TH_ORDER_ELEMENT,   /* four are read before they are written */
     .refuse = refuse,
     .bind = bind,
     .cost = cost},
};

static const struct th_source sources[] = {
    {"arduino/thk_table_s8__arduino.c", (const unsigned char *)source_text,
     sizeof source_text - 1},
};

/* Runs after the common emission. */
static enum th_status emit(struct th_emit *e)
{
    const struct th_emit_request *r = th_emit_request(e);
    struct th_str s;
    th_str_init(&s);
    th_str_addf(&s,
                "name=%s\nversion=1.0.0\nsentence=A neural network compiled by thimble.\n"
                "paragraph=Call %s_run(); sizes are macros of %s.h.\ncategory=Data Processing\n"
                "url=\narchitectures=*\nincludes=%s.h\n",
                r->name, r->name, r->name, r->name);
    const enum th_status status = th_emit_file(e, "library.properties", s.s, s.len);
    th_str_release(&s);
    return status;
}

static const struct th_backend backend = {
    .struct_size = sizeof backend,
    .name = "arduino",
    .base = "c99",
    .summary = "a folder that is an Arduino library",
    .kernels = rows,
    .n_kernels = TH_ARRAY_LEN(rows),
    .kernel_size = sizeof *rows,
    .sources = sources,
    .n_sources = TH_ARRAY_LEN(sources),
    .emit = emit,
};

static enum th_status init(struct th_reg *reg)
{
    return th_reg_backend(reg, &backend);
}

static const struct th_plugin plugin = {
    TH_PLUGIN_HEADER,
    .name = "arduino",
    .version = "1.0",
    .license = "0BSD",
    .summary = "a backend that emits Arduino libraries",
    .init = init,
};
TH_PLUGIN_ENTRY(arduino)
{
    return &plugin;
}
