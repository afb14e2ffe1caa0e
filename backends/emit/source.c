/* SPDX-License-Identifier: Apache-2.0 */
/* <name>.c: kernels included, one static function a step, and the API. */
#include "backends/emit/emit.h"

#include <string.h>

static void init_functions(struct th_emit *e, struct th_str *s)
{
    const char *n = e->name, *u = e->upper;
    const uint32_t regions = th_emit_region_count(e);
    th_str_addf(s,
                "int %s_init_regions(struct %s *ctx, void *const mem[], const size_t bytes[], "
                "size_t n)\n"
                "{\n    static const size_t need[%s_REGION_COUNT] = {", n, n, u);
    for (uint32_t i = 0; i < regions; i++)
        th_str_addf(s, "%s%s_REGION_%u_BYTES", i ? ", " : "", u, i);
    th_str_addf(s,
                "};\n    size_t i;\n\n    if (!ctx || !mem || !bytes)\n"
                "        return %s_ERR_NULL;\n"
                "    if (n < %s_REGION_COUNT)\n        return %s_ERR_SIZE;\n"
                "    for (i = 0; i < %s_REGION_COUNT; i++) {\n"
                "        if (bytes[i] < need[i])\n            return %s_ERR_SIZE;\n"
                "        if (need[i] && !mem[i])\n            return %s_ERR_NULL;\n"
                "        if (need[i] && (uintptr_t)mem[i] %% %s_ARENA_ALIGN)\n"
                "            return %s_ERR_ALIGN;\n"
                "        ctx->region[i] = (unsigned char *)mem[i];\n    }\n",
                u, u, u, u, u, u, u, u);
    if (th_emit_caller_io(e))
        th_str_addf(s, "    for (; i < %s_REGION_COUNT + %u; i++)\n"
                       "        ctx->region[i] = NULL;\n", u, e->plan->n_caller);
    th_str_addf(s, "    return %s_reset(ctx);\n}\n\n", n);
    struct th_plan_arena a;
    th_plan_arena(e->plan, &a);
    th_str_addf(s,
                "int %s_init(struct %s *ctx, void *arena, size_t arena_bytes)\n{\n"
                "    void *mem[%s_REGION_COUNT];\n    size_t bytes[%s_REGION_COUNT];\n\n",
                n, n, u, u);
    /* a model may need none: comparing with 0 would draw warnings */
    if (a.state + a.transient > 0)
        th_str_addf(s,
                    "    if (arena_bytes < %s_ARENA_BYTES)\n        return %s_ERR_SIZE;\n"
                    "    if (!arena)\n        return %s_ERR_NULL;\n", u, u, u);
    else
        th_str_add(s, "    (void)arena_bytes;\n");
    for (uint32_t i = 0; i < regions && a.state + a.transient == 0; i++)
        th_str_addf(s, "    mem[%u] = arena;\n    bytes[%u] = 0;\n", i, i);
    for (uint32_t i = 0; i < regions && a.state + a.transient > 0; i++)
        th_str_addf(s, "    mem[%u] = (unsigned char *)arena + %lld;\n"
                       "    bytes[%u] = %s_REGION_%u_BYTES;\n",
                    i, (long long)th_plan_region_start(e->plan, i), i, u, i);
    th_str_addf(s, "    return %s_init_regions(ctx, mem, bytes, %s_REGION_COUNT);\n}\n\n", n, u);
}

/* Fills one variable with its initial value. */
static void reset_state(struct th_emit *e, struct th_str *s, th_state v)
{
    const struct th_type *t = th_state_type(e->program, v);
    const struct th_blob *b = th_state_initial(e->program, v);
    const int64_t at = th_state_offset(e->program, v), bytes = th_type_size(t);
    const int64_t zero = th_quant_zero(t->quant, 0);
    th_str_add(s, "    /* ");
    th_emit_comment(s, th_state_name(e->program, v));
    th_str_add(s, " */\n");
    if (b) {
        const int32_t d = th_program_add_data(e->program, "initial state", t->dtype,
                                              th_blob_data(b), (size_t)th_type_elems(t), 0, false);
        th_str_addf(s, "    memcpy(ctx->region[0] + %lld, %s_data%d, %lld);\n", (long long)at,
                    e->name, d, (long long)bytes);
    } else if (zero == 0 || th_dtype_bits(t->dtype) == 8) {
        th_str_addf(s, "    memset(ctx->region[0] + %lld, %lld, %lld);\n", (long long)at,
                    (long long)(zero & 255), (long long)bytes);
    } else {
        th_str_addf(s, "    for (i = 0; i < %lld; i++)\n"
                       "        ((%s *)(void *)(ctx->region[0] + %lld))[i] = %lld;\n",
                    (long long)th_type_elems(t), th_dtype_ctype(t->dtype), (long long)at,
                    (long long)zero);
    }
}

static void reset_function(struct th_emit *e, struct th_str *s)
{
    const uint32_t n = th_program_state_count(e->program);
    bool loops = false;
    for (th_state v = 1; v <= n; v++) {
        const struct th_type *t = th_state_type(e->program, v);
        loops = loops || (!th_state_initial(e->program, v) && th_dtype_bits(t->dtype) != 8 &&
                          th_quant_zero(t->quant, 0) != 0);
    }
    th_str_addf(s, "int %s_reset(struct %s *ctx)\n{\n%s    if (!ctx)\n"
                   "        return %s_ERR_NULL;\n",
                e->name, e->name, loops ? "    size_t i;\n\n" : "", e->upper);
    for (th_state v = 1; v <= n; v++)
        if (th_state_offset(e->program, v) >= 0)
            reset_state(e, s, v);
    th_emit_feed_reset(e, s);
    th_str_addf(s, "    return %s_OK;\n}\n\n", e->upper);
}

/* input and output: a switch over the index. */
static void pointer_function(struct th_emit *e, struct th_str *s, uint32_t entry, bool input)
{
    const struct th_graph *g = th_program_function(e->program, entry);
    const uint32_t n = input ? th_graph_input_count(g) : th_graph_output_count(g);
    th_str_addf(s, input ? "void *%s%s_input(struct %s *ctx, int i)\n{\n"
                         : "const void *%s%s_output(const struct %s *ctx, int i)\n{\n",
                e->name, th_emit_entry_suffix(e, entry), e->name);
    th_str_add(s, "    unsigned char *const *const r = ctx->region;\n\n    (void)r;\n"
                  "    switch (i) {\n");
    for (uint32_t k = 0; k < n; k++) {
        if (input && th_emit_feed(e, entry).input == (int32_t)k)
            continue;
        th_str_addf(s, "    case %u:\n        return ", k);
        th_emit_address(e, s, g, input ? th_graph_input(g, k) : th_graph_output(g, k));
        th_str_add(s, ";\n");
    }
    th_str_add(s, "    default:\n        return NULL;\n    }\n}\n\n");
}

/* set_input and set_output: a table of alignments, and where the pointers go. */
static void set_function(struct th_emit *e, struct th_str *s, uint32_t entry, bool input)
{
    const struct th_graph *g = th_program_function(e->program, entry);
    const uint32_t n = input ? th_graph_input_count(g) : th_graph_output_count(g);
    const uint32_t first = th_emit_caller_region(e, entry, input, 0);
    const char *what = input ? "input" : "output", *u = e->upper;
    th_str_addf(s, "int %s%s_set_%s(struct %s *ctx, int i, %svoid *%s)\n{\n", e->name,
                th_emit_entry_suffix(e, entry), what, e->name, input ? "const " : "", what);
    if (!n) {
        th_str_addf(s, "    (void)ctx;\n    (void)i;\n    (void)%s;\n    return %s_ERR_INDEX;\n"
                       "}\n\n", what, u);
        return;
    }
    th_str_add(s, "    static const uint32_t align[] = {");
    for (uint32_t k = 0; k < n; k++)
        th_str_addf(s, "%s%lld", k ? ", " : "", (long long)e->plan->regions[first + k].align);
    th_str_addf(s, "};\n\n    if (!ctx || !%s)\n        return %s_ERR_NULL;\n"
                   "    if (i < 0 || i >= %u)\n        return %s_ERR_INDEX;\n"
                   "    if ((uintptr_t)%s %% align[i])\n        return %s_ERR_ALIGN;\n"
                   "    ctx->region[%u + i] = (unsigned char *)%s%s;\n    return %s_OK;\n}\n\n",
                what, u, n, u, what, u, first, input ? "(uintptr_t)" : "", what, u);
}

/* On the caller's own pointers. */
static void run_direct(struct th_emit *e, struct th_str *s, uint32_t entry)
{
    const struct th_graph *g = th_program_function(e->program, entry);
    const char *n = e->name, *fn = th_emit_entry_suffix(e, entry);
    const uint32_t n_in = th_graph_input_count(g), n_out = th_graph_output_count(g);
    th_emit_run_prototype(e, s, entry);
    th_str_addf(s, "\n{\n    struct %s *ctx = %s_own();\n    int status = %s_OK;\n\n"
                   "    if (!ctx)\n        return %s_ERR_ALIGN;\n", n, n, e->upper, e->upper);
    for (uint32_t k = 0; k < n_in + n_out; k++) {
        const char *what = k < n_in ? "input" : "output";
        const uint32_t i = k < n_in ? k : k - n_in;
        th_str_addf(s, "    %s%s%s_set_%s(ctx, %u, %s%u);\n", k ? "if (!status)\n        status = "
                    : "status = ", n, fn, what, i, what, i);
    }
    th_str_addf(s, "    return status ? status : %s%s_invoke(ctx);\n}\n\n", n, fn);
}

static void run_function(struct th_emit *e, struct th_str *s, uint32_t entry)
{
    const struct th_graph *g = th_program_function(e->program, entry);
    const char *n = e->name, *fn = th_emit_entry_suffix(e, entry);
    th_emit_run_prototype(e, s, entry);
    th_str_addf(s, "\n{\n    struct %s *ctx = %s_own();\n    int status;\n\n    if (!ctx)\n"
                   "        return %s_ERR_ALIGN;\n", n, n, e->upper);
    const int32_t fed = th_emit_feed(e, entry).input;
    for (uint32_t k = 0; k < th_graph_input_count(g); k++)
        if ((int32_t)k != fed)
            th_str_addf(s, "    memcpy(%s%s_input(ctx, %u), input%u, %lld);\n", n, fn, k, k,
                        (long long)th_type_size(th_value_type(g, th_graph_input(g, k))));
    if (fed >= 0 && th_emit_feed(e, entry).frames)
        th_str_addf(s, "    status = %s_push_frames(ctx, input%d, %s_HOP_FRAMES);\n", n, fed,
                    e->upper);
    else if (fed >= 0)
        th_str_addf(s, "    ctx->rows = 0;\n"
                       "    status = %s_push_rows(ctx, input%d, %s_FRAME_ROWS);\n",
                    n, fed, e->upper);
    else
        th_str_addf(s, "    status = %s%s_invoke(ctx);\n", n, fn);
    for (uint32_t k = 0; k < th_graph_output_count(g); k++)
        th_str_addf(s, "    memcpy(output%u, %s%s_output(ctx, %u), %lld);\n", k, n, fn, k,
                    (long long)th_type_size(th_value_type(g, th_graph_output(g, k))));
    th_str_add(s, "    return status;\n}\n\n");
}

/* One block for each memory, in its section. */
static void own_blocks(struct th_emit *e, struct th_str *s)
{
    const char *n = e->name, *u = e->upper;
    const uint32_t regions = th_emit_region_count(e);
    for (uint32_t i = 0; i < regions; i++)
        if (e->plan->regions[i].bytes)
            th_str_addf(s, "    static %s_REGION_ATTR(%s) union {\n"
                           "        unsigned char bytes[%s_REGION_%u_BYTES + %s_ARENA_ALIGN];\n"
                           "        void *align;\n    } block%u;\n", u, th_emit_section(e, i), u, i,
                           u, i);
    th_str_addf(s, "    static struct %s ctx;\n    static int ready;\n\n    if (!ready) {\n"
                   "        void *mem[%s_REGION_COUNT];\n"
                   "        size_t bytes[%s_REGION_COUNT], i;\n\n", n, u, u);
    for (uint32_t i = 0; i < regions; i++) {
        th_str_addf(s, "        bytes[%u] = %s_REGION_%u_BYTES;\n        mem[%u] = ", i, u, i, i);
        if (e->plan->regions[i].bytes)
            th_str_addf(s, "block%u.bytes;\n", i);
        else
            th_str_add(s, "NULL;\n");
    }
    th_str_addf(s, "        for (i = 0; i < %s_REGION_COUNT; i++)\n            if (bytes[i])\n"
                   "                mem[i] = (unsigned char *)mem[i] +\n"
                   "                         (%s_ARENA_ALIGN - (uintptr_t)mem[i] %% "
                   "%s_ARENA_ALIGN) %% %s_ARENA_ALIGN;\n"
                   "        if (%s_init_regions(&ctx, mem, bytes, %s_REGION_COUNT) != %s_OK)\n"
                   "            return NULL;\n        ready = 1;\n    }\n    return &ctx;\n}\n\n",
                u, u, u, u, n, u, u);
}

static void own_memory(struct th_emit *e, struct th_str *s)
{
    const char *n = e->name, *u = e->upper;
    if (th_plan_spread(e->plan)) {
        th_str_addf(s, "/* The memory of run: a linker that drops unused sections drops it when "
                       "run is not called. */\nstatic struct %s *%s_own(void)\n{\n", n, n);
        own_blocks(e, s);
        return;
    }
    th_str_addf(s,
                "/* The memory of run: a linker that drops unused sections drops it when run is "
                "not called. */\n"
                "static struct %s *%s_own(void)\n{\n"
                "    static %s_ARENA_ATTR union {\n"
                "        unsigned char bytes[%s_ARENA_BYTES + %s_ARENA_ALIGN];\n"
                "        void *align;\n    } arena;\n"
                "    static struct %s ctx;\n    static int ready;\n\n"
                "    if (!ready) {\n"
                "        const size_t skip = (%s_ARENA_ALIGN - (uintptr_t)arena.bytes %% "
                "%s_ARENA_ALIGN) %% %s_ARENA_ALIGN;\n"
                "        if (%s_init(&ctx, arena.bytes + skip, %s_ARENA_BYTES) != %s_OK)\n"
                "            return NULL;\n        ready = 1;\n    }\n    return &ctx;\n}\n\n",
                n, n, u, u, u, n, u, u, u, n, u, u);
}

static void entry_functions(struct th_emit *e, struct th_str *s, uint32_t i)
{
    const struct th_graph *g = th_program_function(e->program, i);
    const bool caller = th_emit_caller_io(e);
    const uint32_t n = th_graph_input_count(g) + th_graph_output_count(g);
    if (th_emit_feed(e, i).input >= 0) {
        th_emit_feed_function(e, s);
        pointer_function(e, s, i, true);
        pointer_function(e, s, i, false);
        run_function(e, s, i);
        return;
    }
    th_str_addf(s, "int %s%s_invoke(struct %s *ctx)\n{\n", e->name, th_emit_entry_suffix(e, i),
                e->name);
    if (caller && n)
        th_str_add(s, "    int i;\n\n");
    th_str_addf(s, "    if (!ctx)\n        return %s_ERR_NULL;\n", e->upper);
    if (caller && n)
        th_str_addf(s, "    for (i = 0; i < %u; i++)\n        if (!ctx->region[%u + i])\n"
                       "            return %s_ERR_NULL;\n", n,
                    th_emit_caller_region(e, i, true, 0), e->upper);
    th_str_add(s, "    ");
    th_emit_graph_name(e, s, g);
    th_str_addf(s, "(ctx->region);\n    return %s_OK;\n}\n\n", e->upper);
    if (caller) {
        set_function(e, s, i, true);
        set_function(e, s, i, false);
        run_direct(e, s, i);
        return;
    }
    pointer_function(e, s, i, true);
    pointer_function(e, s, i, false);
    run_function(e, s, i);
}

enum th_status th_emit_source(struct th_emit *e)
{
    char *file = th_arena_printf(e->arena, "%s.c", e->name);
    if (!file)
        return TH_ERR_INTERNAL;
    struct th_str *s = th_emit_text(e, file);
    /* Steps and functions first: they decide which data exist. */
    struct th_str body;
    th_str_init(&body);
    const enum th_status status = th_emit_steps(e, &body);
    if (status == TH_OK) {
        reset_function(e, &body);
        init_functions(e, &body);
        own_memory(e, &body);
        for (uint32_t i = 0; i < th_program_function_count(e->program); i++)
            entry_functions(e, &body, i);
        th_emit_banner(e, s, "The model's steps and API.");
        th_str_addf(s, "#include \"%s.h\"\n\n#include <math.h>\n#include <string.h>\n\n", e->name);
        th_emit_kernel_includes(e, s);
        th_str_addf(s, "#ifndef %s_STEP_HOOK\n#define %s_STEP_HOOK(i)\n#endif\n\n", e->upper,
                    e->upper);
        th_emit_data_decls(e, s);
        th_str_addc(s, '\n');
        th_str_addn(s, body.s, body.len);
    }
    const bool failed = s->failed || body.failed;
    th_str_release(&body);
    return failed ? TH_ERR_INTERNAL : status;
}
