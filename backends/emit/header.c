/* SPDX-License-Identifier: Apache-2.0 */
/* <name>.h: the API, and every size, shape and quantization parameter as a macro. */
#include "backends/emit/emit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *upper(struct th_emit *e, const char *s)
{
    char *u = th_arena_strdup(e->arena, s);
    for (char *p = u; p && *p; p++)
        *p = (char)toupper((unsigned char)*p);
    if (!u)
        e->failed = true;
    return u ? u : "";
}

/* align: of the caller's memory, 0: not there. */
static void tensor_macros(struct th_str *s, const char *prefix, uint32_t i,
                          const struct th_graph *g, th_value v, const char *label, int64_t align)
{
    const struct th_type *t = th_value_type(g, v);
    th_str_add(s, "/* ");
    th_emit_comment(s, label);
    th_str_add(s, ": ");
    th_type_print(s, t);
    th_str_add(s, " */\n");
    th_str_addf(s, "#define %s_%u_BYTES %lld\n", prefix, i, (long long)th_type_size(t));
    if (align)
        th_str_addf(s, "#define %s_%u_ALIGN %lld\n", prefix, i, (long long)align);
    th_str_addf(s, "#define %s_%u_ELEMENTS %lld\n", prefix, i, (long long)th_type_elems(t));
    th_str_addf(s, "#define %s_%u_TYPE %s\n", prefix, i, th_dtype_ctype(t->dtype));
    th_str_addf(s, "#define %s_%u_RANK %d\n", prefix, i, t->rank);
    th_str_addf(s, "#define %s_%u_SHAPE {", prefix, i);
    for (int32_t k = 0; k < t->rank; k++)
        th_str_addf(s, "%s%lld", k ? ", " : "", (long long)t->dims[k]);
    th_str_add(s, t->rank ? "}\n" : "1}\n");
    if (t->quant) {
        char scale[32];
        snprintf(scale, sizeof scale, "%.9g", (double)th_quant_scale(t->quant, 0));
        /* "1f" is no literal of C */
        th_str_addf(s, "#define %s_%u_SCALE %s%sf\n", prefix, i, scale,
                    strpbrk(scale, ".e") ? "" : ".0");
        th_str_addf(s, "#define %s_%u_ZERO_POINT %lld\n", prefix, i,
                    (long long)th_quant_zero(t->quant, 0));
    }
}

static int64_t caller_align(const struct th_emit *e, uint32_t entry, bool input, uint32_t i)
{
    const uint32_t r = th_emit_caller_region(e, entry, input, i);
    return th_emit_caller_io(e) && r < e->plan->n_regions ? e->plan->regions[r].align : 0;
}

static void entry_macros(struct th_emit *e, struct th_str *s, uint32_t i)
{
    const struct th_graph *g = th_program_function(e->program, i);
    const char *fn = upper(e, th_emit_entry_suffix(e, i));
    const char *in = th_arena_printf(e->arena, "%s%s_INPUT", e->upper, fn);
    const char *out = th_arena_printf(e->arena, "%s%s_OUTPUT", e->upper, fn);
    if (!in || !out) {
        e->failed = true;
        return;
    }
    th_str_addf(s, "\n#define %s_COUNT %u\n", in, th_graph_input_count(g));
    for (uint32_t k = 0; k < th_graph_input_count(g); k++)
        tensor_macros(s, in, k, g, th_graph_input(g, k), th_graph_input_name(g, k),
                      caller_align(e, i, true, k));
    th_str_addf(s, "#define %s_COUNT %u\n", out, th_graph_output_count(g));
    for (uint32_t k = 0; k < th_graph_output_count(g); k++)
        tensor_macros(s, out, k, g, th_graph_output(g, k), th_graph_output_name(g, k),
                      caller_align(e, i, false, k));
}

/* "SRAM_D2" of 'sram-d2' */
static const char *memory_macro(struct th_emit *e, uint32_t region)
{
    const struct th_plan_region *r = &e->plan->regions[region];
    const char *u = upper(e, r->memory ? r->memory : r->name);
    for (char *p = (char *)(uintptr_t)u; *p; p++)
        *p = isalnum((unsigned char)*p) ? *p : '_';
    return u;
}

const char *th_emit_section(struct th_emit *e, uint32_t region)
{
    const struct th_plan_region *r = &e->plan->regions[region];
    const char *s = r->bytes ? th_arena_printf(e->arena, "%s_SECTION_%s", e->upper,
                                               memory_macro(e, region)) : "";
    e->failed = e->failed || !s;
    return s ? s : "";
}

/* Each memory has a section for what lies there: blocks of run, and those of programs. */
static void section_macros(struct th_emit *e, struct th_str *s)
{
    const char *u = e->upper;
    if (!th_plan_spread(e->plan))
        return;
    th_str_addf(s, "/* Several memories are used; %s_REGION_i_MEMORY says which block belongs "
                   "where. The blocks\n"
                   " * of run lie in these sections: linker scripts that do not know them put them "
                   "with\n"
                   " * all other zeros. */\n", u);
    for (uint32_t i = 0; i < th_emit_region_count(e); i++) {
        const struct th_plan_region *r = &e->plan->regions[i];
        const char *macro;
        if (!r->bytes)
            continue;
        macro = th_emit_section(e, i);
        th_str_addf(s, "#define %s_REGION_%u_MEMORY \"", u, i);
        th_str_add_escaped(s, r->memory ? r->memory : r->name);
        th_str_addf(s, "\"\n#ifndef %s\n#define %s \".bss.", macro, macro);
        th_str_add_escaped(s, r->memory ? r->memory : r->name);
        th_str_add(s, "\"\n#endif\n");
    }
    th_str_addf(s, "#ifndef %s_REGION_ATTR\n#if defined(__GNUC__) && defined(__ELF__)\n"
                   "#define %s_REGION_ATTR(section_name) __attribute__((section(section_name)))\n"
                   "#else\n#define %s_REGION_ATTR(section_name)\n#endif\n#endif\n", u, u, u);
}

static void memory_macros(struct th_emit *e, struct th_str *s)
{
    const char *u = e->upper;
    struct th_plan_arena a;
    th_plan_arena(e->plan, &a);
    th_str_add(s, "\n/* Memory: exact, in bytes. Only the transient part may be shared with "
                  "another model\n"
                  " * that never runs at the same time. */\n");
    th_str_addf(s, "#define %s_ARENA_ALIGN %lld\n", u, (long long)a.align);
    th_str_addf(s, "#define %s_STATE_BYTES %lld\n", u, (long long)a.state);
    th_str_addf(s, "#define %s_TRANSIENT_BYTES %lld\n", u, (long long)a.transient);
    th_str_addf(s, "#define %s_ARENA_BYTES (%s_STATE_BYTES + %s_TRANSIENT_BYTES)\n", u, u, u);
    th_str_addf(s, "#define %s_REGION_COUNT %u\n", u, th_emit_region_count(e));
    for (uint32_t i = 0; i < th_emit_region_count(e); i++) {
        const bool there = i < e->plan->n_regions;
        th_str_addf(s, "#define %s_REGION_%u_BYTES %lld", u, i,
                    (long long)(there ? e->plan->regions[i].bytes : 0));
        if (there && e->plan->regions[i].name) {
            th_str_add(s, " /* ");
            th_emit_comment(s, e->plan->regions[i].name);
            th_str_add(s, " */");
        }
        th_str_addc(s, '\n');
    }
    th_str_addf(s,
                "\n/* Placement: define before including, or on the command line. */\n"
                "#ifndef %s_ARENA_ATTR\n#define %s_ARENA_ATTR\n#endif\n"
                "#ifndef %s_DATA_ATTR\n#define %s_DATA_ATTR\n#endif\n",
                u, u, u, u);
    section_macros(e, s);
}

static void weights_macros(struct th_emit *e, struct th_str *s)
{
    const char *n = e->name, *u = e->upper;
    size_t bytes, align;
    if (!e->request->weights_bin)
        return;
    th_emit_weights_size(e, &bytes, &align);
    th_str_addf(s,
                "\n/* The weights are the file %s_weights.bin, to be placed at a multiple of "
                "%s_WEIGHTS_ALIGN.\n * Define %s_WEIGHTS as their address, or link them as an "
                "object named %s_weights\n * (.incbin, objcopy). */\n"
                "#define %s_WEIGHTS_BYTES %zu\n#define %s_WEIGHTS_ALIGN %zu\n"
                "#ifndef %s_WEIGHTS\nextern const unsigned char %s_weights[];\n"
                "#define %s_WEIGHTS %s_weights\n#endif\n",
                n, u, u, n, u, bytes, u, align, u, n, u, n);
}

static void run_prototype(struct th_emit *e, struct th_str *s, uint32_t i)
{
    const struct th_graph *g = th_program_function(e->program, i);
    const uint32_t n_in = th_graph_input_count(g), n_out = th_graph_output_count(g);
    th_str_addf(s, "int %s%s_run(", e->name, th_emit_entry_suffix(e, i));
    for (uint32_t k = 0; k < n_in; k++)
        th_str_addf(s, "%sconst %s *input%u", k ? ", " : "",
                    th_dtype_ctype(th_value_type(g, th_graph_input(g, k))->dtype), k);
    for (uint32_t k = 0; k < n_out; k++)
        th_str_addf(s, "%s%s *output%u", n_in || k ? ", " : "",
                    th_dtype_ctype(th_value_type(g, th_graph_output(g, k))->dtype), k);
    th_str_add(s, n_in + n_out ? ")" : "void)");
}

static void entry_api(struct th_emit *e, struct th_str *s, uint32_t i)
{
    const char *n = e->name, *fn = th_emit_entry_suffix(e, i);
    if (th_program_function_count(e->program) > 1) {
        th_str_add(s, "/* entry point '");
        th_emit_comment(s, th_graph_name(th_program_function(e->program, i)));
        th_str_add(s, "' */\n");
    }
    if (th_emit_feed(e, i).input >= 0)
        th_emit_feed_api(e, s);
    else
        th_str_addf(s, "int %s%s_invoke(struct %s *ctx);\n", n, fn, n);
    if (th_emit_caller_io(e)) {
        th_str_addf(s, "int %s%s_set_input(struct %s *ctx, int i, const void *input);\n", n, fn,
                    n);
        th_str_addf(s, "int %s%s_set_output(struct %s *ctx, int i, void *output);\n", n, fn, n);
        th_str_add(s, "/* One call on static memory of its own, straight on these inputs and "
                      "outputs. */\n");
        run_prototype(e, s, i);
        th_str_add(s, ";\n\n");
        return;
    }
    th_str_addf(s, "void *%s%s_input(struct %s *ctx, int i);\n", n, fn, n);
    th_str_addf(s, "const void *%s%s_output(const struct %s *ctx, int i);\n", n, fn, n);
    th_str_add(s, "/* One call on static memory of its own; copies in and out. */\n");
    run_prototype(e, s, i);
    th_str_add(s, ";\n\n");
}

static void api(struct th_emit *e, struct th_str *s)
{
    const char *n = e->name, *u = e->upper;
    const bool caller = th_emit_caller_io(e), feed = th_emit_feed(e, 0).input >= 0;
    th_str_addf(s,
                "\nenum {\n    %s_OK = 0,\n"
                "    %s_ERR_SIZE = 1,  /* a memory block is too small */\n"
                "    %s_ERR_ALIGN = 2, /* a memory block is not aligned to %s_ARENA_ALIGN%s */\n"
                "    %s_ERR_NULL = 3%s  /* a pointer is missing */\n",
                u, u, u, u,
                caller ? ", or an\n                           input or output to its _ALIGN" : "",
                u, caller || feed ? "," : " ");
    if (feed)
        th_emit_feed_codes(e, s);
    if (caller)
        th_str_addf(s, "    %s_ERR_INDEX = 4  /* there is no such input or output */\n", u);
    th_str_add(s, "};\n\n");
    th_str_addf(s, "/* All the model keeps between calls lies in the memory given to init. */\n"
                   "struct %s {\n    unsigned char *region[%s_REGION_COUNT", n, u);
    if (caller)
        th_str_addf(s, " + %u", e->plan->n_caller);
    th_str_add(s, !feed ? "];\n};\n\n"
                  : th_emit_feed(e, 0).frames
                      ? "];\n    size_t missing;   /* frames until outputs are ready */\n};\n\n"
                      : "];\n    size_t rows;      /* of the frame that were pushed */\n};\n\n");
    th_str_addf(s,
                "/* All memory in one block of %s_ARENA_BYTES: state first, then transient. */\n"
                "int %s_init(struct %s *ctx, void *arena, size_t arena_bytes);\n"
                "/* One block for each %s_REGION_i_BYTES; region 0 is state. Empty ones may be "
                "NULL. */\n"
                "int %s_init_regions(struct %s *ctx, void *const mem[], const size_t bytes[], "
                "size_t n);\n"
                "/* State back to its initial value%s. */\n"
                "int %s_reset(struct %s *ctx);\n",
                u, n, n, u, n, n, th_emit_feed(e, 0).frames ? ": the warm-up begins anew" : "", n,
                n);
    th_str_add(s, caller
        ? "/* Inputs and outputs lie in memory of the calling program: whole, aligned to their "
          "_ALIGN,\n"
          " * not overlapping, set after init and before invoke, and kept until set again. Inputs "
          "are\n"
          " * only read. */\n"
        : feed ? "/* Outputs, and inputs that are not pushed, are valid after init. */\n"
        : "/* Inputs and outputs are valid after init; invoke may overwrite inputs. */\n");
    for (uint32_t i = 0; i < th_program_function_count(e->program); i++)
        entry_api(e, s, i);
}

enum th_status th_emit_header(struct th_emit *e)
{
    char *file = th_arena_printf(e->arena, "%s.h", e->name);
    if (!file)
        return TH_ERR_INTERNAL;
    struct th_str *s = th_emit_text(e, file);
    th_emit_banner(e, s, "The model's API.");
    th_str_addf(s, "#ifndef %s_H\n#define %s_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n"
                   "#ifdef __cplusplus\nextern \"C\" {\n#endif\n", e->upper, e->upper);
    memory_macros(e, s);
    th_emit_feed_macros(e, s);
    weights_macros(e, s);
    for (uint32_t i = 0; i < th_program_function_count(e->program); i++)
        entry_macros(e, s, i);
    api(e, s);
    th_str_add(s, "#ifdef __cplusplus\n}\n#endif\n\n#endif\n");
    return s->failed ? TH_ERR_INTERNAL : TH_OK;
}

void th_emit_run_prototype(struct th_emit *e, struct th_str *s, uint32_t i)
{
    run_prototype(e, s, i);
}
