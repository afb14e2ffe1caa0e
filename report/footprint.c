/* SPDX-License-Identifier: Apache-2.0 */
#include "report/footprint.h"

#include <string.h>

#include "ir/call.h"
#include "ir/tile.h"

/* What stands around kernels, as rows of figures name it. */
enum around {
    ENTRY,          /* an entry point with the interface of the model */
    PORT,           /* an input or output of one */
    CALL, ARGUMENT, /* of a kernel */
    MOVE,           /* an operand of a node without a kernel */
    TEXT,           /* 100 characters of a generated kernel */
    STREAM, STRIP,  /* a node of a tile loop; stack: for each that can be active at once */
    AROUND_COUNT
};
static const char *const around_names[AROUND_COUNT] = {
    "around_entry", "around_port", "around_call", "around_argument", "around_move", "around_text",
    "around_stream", "around_strip"};

struct counter {
    struct th_footprint *f;
    const struct th_program *program;
    const struct th_backend *backend;
    const struct th_target *target;
    struct th_arena *arena;
    const char **symbols;            /* counted already */
    uint32_t n, cap;
    int64_t code[AROUND_COUNT], stack[AROUND_COUNT];
    int64_t kernel_stack, loop_stack;
    bool failed;
};

static bool counted(struct counter *c, const char *symbol)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (!strcmp(c->symbols[i], symbol))
            return true;
    if (c->n == c->cap) {
        const uint32_t cap = c->cap ? 2 * c->cap : 32;
        const char **list = TH_NEW_ARRAY(c->arena, const char *, cap);
        if (!list) {
            c->failed = true;
            return true;
        }
        if (c->n)
            memcpy(list, c->symbols, c->n * sizeof *list);
        c->symbols = list;
        c->cap = cap;
    }
    c->symbols[c->n++] = symbol;
    return false;
}

/* Numbers of an initialiser: four bytes each at most. */
static int64_t numbers(const char *text)
{
    int64_t n = text && *text;
    for (; text && *text; text++)
        n += *text == ',';
    return n;
}

static void add_stack(struct counter *c, int64_t bytes)
{
    if (bytes > c->kernel_stack)
        c->kernel_stack = bytes;
}

static void count_call(struct counter *c, const struct th_kernel_note *note,
                       const struct th_call *call)
{
    struct th_footprint *f = c->f;
    f->code += c->code[CALL];
    for (uint32_t i = 0; i < call->n_args; i++)
        f->code += call->args[i].kind == TH_ARG_STRUCT ? 4 * numbers(call->args[i].text)
                                                       : c->code[ARGUMENT];
    add_stack(c, note->cost.stack_bytes + c->stack[ARGUMENT] * call->n_args);
    if (counted(c, call->symbol))
        return;
    f->kernels++;
    if (call->generated && c->code[TEXT])
        f->code += ((int64_t)strlen(call->generated) * c->code[TEXT] + 99) / 100;
    else
        f->code += note->cost.code_bytes;
    f->unmeasured += note->cost.code_bytes == 0;
}

/* A kernel's second function, for one pixel. */
static void count_pixel(struct counter *c, const char *kernel)
{
    const char *isa = strstr(kernel, "__");
    const char *symbol = isa ? th_arena_printf(c->arena, "%.*s_pixel%s", (int)(isa - kernel),
                                               kernel, isa) : NULL;
    int64_t code, stack;
    if (!symbol || counted(c, symbol) || !c->backend ||
        !th_kernel_measured(th_program_ctx(c->program), c->backend, symbol, c->target, &code,
                            &stack))
        return;
    c->f->code += code;
    add_stack(c, stack);
}

static enum th_status count_tile(struct counter *c, struct th_graph *g, th_node n)
{
    struct th_tile t;
    struct th_arena *a = th_arena_new(0);
    const enum th_status s = a ? th_tile_read(g, n, a, &t) : TH_ERR_INTERNAL;
    if (s == TH_OK) {
        const enum around kind = t.mode == TH_TILE_STREAM ? STREAM : STRIP;
        c->f->code += t.n_nodes * c->code[kind];
        /* in a chain each function is called once: compilers put it into its caller */
        int64_t pulls = 0, below;
        for (uint32_t i = 0; i < t.n_nodes; i++)
            for (uint32_t k = 0; k < t.nodes[i].n_in; k++)
                pulls += t.nodes[i].in[k].maker >= 0;
        below = t.n_nodes * c->stack[kind] / (kind == STREAM && pulls < t.n_nodes ? 4 : 1);
        if (below > c->loop_stack)
            c->loop_stack = below;
    }
    th_arena_free(a);
    return s;
}

static enum th_status count_graph(struct counter *c, struct th_graph *g)
{
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n)) {
        const struct th_kernel_note *note = th_node_note_const(g, n);
        const bool tile = th_node_op(g, n)->region == TH_REGION_TILE_LOOP;
        if (note && note->row && note->call) {
            count_call(c, note, note->call);
            for (uint32_t i = 0; i < note->n_pieces; i++)
                if (note->pieces[i].call != note->call)
                    count_call(c, note, note->pieces[i].call);
            if (note->row->views & TH_VIEW_PIXEL && th_graph_is_body(g))
                count_pixel(c, note->call->symbol);
        } else if (tile) {
            TH_TRY(count_tile(c, g, n));
        } else {
            c->f->code += c->code[MOVE] *
                          (th_node_input_count(g, n) + th_node_output_count(g, n));
        }
        for (uint32_t b = 0; b < th_node_body_count(g, n); b++)
            TH_TRY(count_graph(c, th_node_body(g, n, b)));
    }
    return TH_OK;
}

enum th_status th_footprint_collect(const struct th_program *p, const struct th_target *t,
                                    struct th_arena *arena, struct th_footprint *out)
{
    struct counter c = {.f = out, .program = p, .target = t, .arena = arena,
                        .backend = t ? th_backend_find(th_program_ctx(p), t->backend) : NULL};
    *out = (struct th_footprint){0};
    for (int i = 0; i < AROUND_COUNT && c.backend; i++)
        (void)th_kernel_measured(th_program_ctx(p), c.backend, around_names[i], t, &c.code[i],
                                 &c.stack[i]);
    for (uint32_t i = 0; i < th_program_function_count(p); i++) {
        struct th_graph *f = th_program_function(p, i);
        TH_TRY(count_graph(&c, f));
        out->code += c.code[ENTRY] +
                     c.code[PORT] * (th_graph_input_count(f) + th_graph_output_count(f));
    }
    out->stack = c.kernel_stack + c.loop_stack + c.stack[ENTRY];
    if (!out->kernels)
        *out = (struct th_footprint){0};
    return c.failed ? TH_ERR_INTERNAL : TH_OK;
}
