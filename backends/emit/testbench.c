/* SPDX-License-Identifier: Apache-2.0 */
/* <name>_testbench.c: a main that feeds raw files through the model. The only file with stdio. */
#include "backends/emit/emit.h"

/* The memory of inputs and outputs, when it is the caller's. */
static void own_io(struct th_emit *e, struct th_str *s, const struct th_graph *f)
{
    const struct th_plan_region *r =
        e->plan->regions + th_emit_caller_region(e, 0, true, 0);
    const uint32_t n_in = th_graph_input_count(f), n_out = th_graph_output_count(f);
    for (uint32_t i = 0; i < n_in + n_out && th_emit_caller_io(e); i++)
        th_str_addf(s, "static uint64_t %s%u[%lld];\n", i < n_in ? "input" : "output",
                    i < n_in ? i : i - n_in, (long long)((r[i].bytes + 7) / 8 + r[i].align / 8));
}

/* Pushes a frame: one row, then two, then many at a time; or the frames of a step. */
static void push_function(struct th_emit *e, struct th_str *s)
{
    const char *n = e->name, *u = e->upper;
    if (th_emit_feed(e, 0).input < 0)
        return;
    if (th_emit_feed(e, 0).frames) {
        th_str_addf(s, "static %s frame[%s_HOP_FRAMES * %s_FRAME_BYTES / sizeof(%s)];\n\n"
                       "/* The frames of a step. */\nstatic int push(struct %s *ctx)\n{\n"
                       "    const int status = %s_push_frames(ctx, frame, %s_HOP_FRAMES);\n\n"
                       "    return status == %s_MORE ? %s_OK : status;\n}\n\n",
                    th_emit_feed(e, 0).ctype, u, u, th_emit_feed(e, 0).ctype, n, n, u, u, u);
        return;
    }
    th_str_addf(s, "static %s frame[%s_FRAME_ROWS * %s_ROW_BYTES / sizeof(%s)];\n\n",
                th_emit_feed(e, 0).ctype, u, u, th_emit_feed(e, 0).ctype);
    th_str_addf(s, "/* One row, then two, then many at a time. */\n"
                   "static int push(struct %s *ctx)\n{\n    size_t done = 0, n = 1;\n"
                   "    int status = %s_MORE;\n\n"
                   "    for (; status == %s_MORE; done += n, n = n < 3 ? n + 1 : 5) {\n"
                   "        if (n > %s_FRAME_ROWS - done)\n            n = %s_FRAME_ROWS - done;\n"
                   "        status = %s_push_rows(ctx, frame + done * %s_ROW_BYTES / sizeof "
                   "frame[0], n);\n"
                   "    }\n    return status;\n}\n\n", n, u, u, u, u, n, u);
}

static const char *io_name(struct th_emit *e, bool input, uint32_t i)
{
    if (input && th_emit_feed(e, 0).input == (int32_t)i)
        return "frame";
    const char *what = input ? "input" : "output";
    const char *name = th_emit_caller_io(e)
                           ? th_arena_printf(e->arena, "aligned(%s%u, %s_%s_%u_ALIGN)", what, i,
                                             e->upper, input ? "INPUT" : "OUTPUT", i)
                           : th_arena_printf(e->arena, "%s_%s(&ctx, %u)", e->name, what, i);
    e->failed = e->failed || !name;
    return name ? name : "";
}

static void set_io(struct th_emit *e, struct th_str *s, const struct th_graph *f)
{
    const uint32_t n_in = th_graph_input_count(f), n_out = th_graph_output_count(f);
    for (uint32_t i = 0; i < n_in + n_out && th_emit_caller_io(e); i++) {
        const bool input = i < n_in;
        const uint32_t k = input ? i : i - n_in;
        th_str_addf(s, "    if (%s_set_%s(&ctx, %u, %s) != %s_OK)\n        return 1;\n", e->name,
                    input ? "input" : "output", k, io_name(e, input, k), e->upper);
    }
}

static void read_inputs(struct th_emit *e, struct th_str *s, const struct th_graph *f)
{
    for (uint32_t i = 0; i < th_graph_input_count(f); i++)
        th_str_addf(s,
                    "        if (!get(argv[at + %u], %s, %s_INPUT_%u_BYTES))\n"
                    "            return 1;\n",
                    i, io_name(e, true, i), e->upper, i);
}

static void write_outputs(struct th_emit *e, struct th_str *s, const struct th_graph *f)
{
    for (uint32_t i = 0; i < th_graph_output_count(f); i++)
        th_str_addf(s,
                    "        if (fwrite(%s, 1, %s_OUTPUT_%u_BYTES, stdout) != "
                    "%s_OUTPUT_%u_BYTES)\n            return 1;\n",
                    io_name(e, false, i), e->upper, i, e->upper, i);
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
    own_io(e, s, f);
    push_function(e, s);
    if (th_emit_caller_io(e))
        th_str_add(s, "\n/* The first multiple of align in memory that is large enough. */\n"
                   "static void *aligned(uint64_t *memory, size_t align)\n{\n"
                   "    unsigned char *p = (unsigned char *)memory;\n\n"
                   "    return p + (align - (uintptr_t)p % align) % align;\n}\n\n");
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
    set_io(e, s, f);
    th_str_addf(s,
                "    if (argc %s) {\n"
                "        fprintf(stderr, \"%s takes %u file%s a case\\n\");\n        return 2;\n"
                "    }\n    do {\n",
                n_in ? th_arena_printf(e->arena, "< 2 || (argc - 1) %% %s_INPUT_COUNT", u)
                     : "!= 1", n, n_in, n_in == 1 ? "" : "s");
    read_inputs(e, s, f);
    if (th_emit_feed(e, 0).input >= 0)
        th_str_addf(s, "        if (push(&ctx) != %s_OK)\n            return 1;\n", u);
    else
        th_str_addf(s, "        if (%s_invoke(&ctx) != %s_OK)\n            return 1;\n", n, u);
    write_outputs(e, s, f);
    th_str_addf(s, "        at += %s_INPUT_COUNT;\n    } while (at < argc);\n    return 0;\n}\n",
                u);
    return s->failed ? TH_ERR_INTERNAL : TH_OK;
}
