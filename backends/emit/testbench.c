/* SPDX-License-Identifier: Apache-2.0 */
/* <name>_testbench.c: a main that feeds raw files through the model. The only file with stdio. */
#include "backends/emit/emit.h"

static void read_inputs(struct th_emit *e, struct th_str *s, const struct th_graph *f)
{
    for (uint32_t i = 0; i < th_graph_input_count(f); i++)
        th_str_addf(s,
                    "        if (!get(argv[at + %u], %s_input(&ctx, %u), %s_INPUT_%u_BYTES))\n"
                    "            return 1;\n",
                    i, e->name, i, e->upper, i);
}

static void write_outputs(struct th_emit *e, struct th_str *s, const struct th_graph *f)
{
    for (uint32_t i = 0; i < th_graph_output_count(f); i++)
        th_str_addf(s,
                    "        if (fwrite(%s_output(&ctx, %u), 1, %s_OUTPUT_%u_BYTES, stdout) != "
                    "%s_OUTPUT_%u_BYTES)\n            return 1;\n",
                    e->name, i, e->upper, i, e->upper, i);
}

enum th_status th_emit_testbench(struct th_emit *e)
{
    const struct th_graph *f = th_program_function(e->program, 0);
    const uint32_t n_in = th_graph_input_count(f);
    const char *n = e->name, *u = e->upper;
    char *file = th_arena_printf(e->arena, "%s_testbench.c", n);
    if (!e->request->testbench)
        return TH_OK;
    if (!file)
        return TH_ERR_INTERNAL;
    struct th_str *s = th_emit_text(e, file);
    th_emit_banner(e, s, "Runs the model on the host: raw files of the inputs as arguments, again\n"
                   " * for further cases; raw outputs go to standard output. State is kept.");
    th_str_addf(s, "#include \"%s.h\"\n\n#include <stdio.h>\n\n", n);
    if (n_in)
        th_str_add(s, "static int get(const char *path, void *to, size_t bytes)\n{\n"
                   "    FILE *f = fopen(path, \"rb\");\n"
                   "    size_t got = f ? fread(to, 1, bytes, f) : 0;\n\n"
                   "    if (f)\n        fclose(f);\n"
                   "    if (got != bytes)\n"
                   "        fprintf(stderr, \"%s: too short, or not there\\n\", path);\n"
                   "    return got == bytes;\n}\n\n");
    th_str_addf(s,
                "int main(int argc, char **argv)\n{\n"
                "    static unsigned char arena[%s_ARENA_BYTES + %s_ARENA_ALIGN];\n"
                "    static struct %s ctx;\n"
                "    const size_t skip = (%s_ARENA_ALIGN - (uintptr_t)arena %% %s_ARENA_ALIGN) %% "
                "%s_ARENA_ALIGN;\n    int at = 1;\n\n"
                "    (void)argv;\n"
                "    if (%s_init(&ctx, arena + skip, %s_ARENA_BYTES) != %s_OK)\n"
                "        return 1;\n",
                u, u, n, u, u, u, n, u, u);
    th_str_addf(s,
                "    if (argc %s) {\n"
                "        fprintf(stderr, \"%s takes %u file%s a case\\n\");\n        return 2;\n"
                "    }\n    do {\n",
                n_in ? th_arena_printf(e->arena, "< 2 || (argc - 1) %% %s_INPUT_COUNT", u)
                     : "!= 1", n, n_in, n_in == 1 ? "" : "s");
    read_inputs(e, s, f);
    th_str_addf(s, "        if (%s_invoke(&ctx) != %s_OK)\n            return 1;\n", n, u);
    write_outputs(e, s, f);
    th_str_addf(s, "        at += %s_INPUT_COUNT;\n    } while (at < argc);\n    return 0;\n}\n", u);
    return s->failed ? TH_ERR_INTERNAL : TH_OK;
}
