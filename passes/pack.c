/* SPDX-License-Identifier: Apache-2.0 */
/* Binds the chosen kernels: arguments, packed constants (equal ones once), scratch. */
#include "ir/call.h"
#include "ir/notes.h"
#include "passes/tile_query.h"
#include "passes/util.h"

struct packing {
    struct th_pass_ctx *pc;
    uint32_t calls;
};

static enum th_status pack_node(struct packing *k, struct th_graph *g, th_node n)
{
    struct th_kernel_note *note = th_node_note(g, n);
    struct th_arena *scratch;
    if (!note->row)
        return TH_OK;
    if (!(scratch = th_arena_new(0)))
        return TH_ERR_INTERNAL;
    struct th_inst *c = th_node_inst(g, n, scratch);
    enum th_status s = TH_ERR_INTERNAL;
    if (c) {
        struct th_query q = {.inst = c, .target = th_pass_target(k->pc),
                             .objective = th_pass_objective(k->pc), .whole = true};
        for (int32_t a = 0; c->n_out && a < c->out[0].rank; a++)
            q.box.hi[a] = c->out[0].dims[a];
        s = th_call_bind(th_graph_program(g), note->row, &q, &note->call);
    }
    if (s == TH_OK) {
        note->scratch_bytes = (int64_t)note->call->scratch_bytes;
        note->scratch_align = (int64_t)note->call->scratch_align;
        k->calls++;
    }
    th_arena_free(scratch);
    return s;
}

/* ---- tile loops ------------------------------------------------------------------------------ */
static void take_scratch(struct th_kernel_note *note, const struct th_call *call)
{
    if ((int64_t)call->scratch_bytes > note->scratch_bytes)
        note->scratch_bytes = (int64_t)call->scratch_bytes;
    if ((int64_t)call->scratch_align > note->scratch_align)
        note->scratch_align = (int64_t)call->scratch_align;
}

static enum th_status pack_piece(struct packing *k, const struct th_tile *t, uint32_t i,
                                 const struct th_tile_pieces *p, struct th_arena *scratch)
{
    struct th_program *program = th_graph_program(t->body);
    struct th_kernel_note *note = th_node_note(t->body, t->nodes[i].node);
    /* a box has its width from the emitted code */
    const uint32_t n = t->nodes[i].form == TH_TILE_POINT ? p->n : 1;
    struct th_query q = {.target = th_pass_target(k->pc), .objective = th_pass_objective(k->pc)};
    struct th_piece_call *list = TH_NEW_ARRAY(th_program_arena(program), struct th_piece_call,
                                              (size_t)n + 1);
    const char *why;
    if (!list || !note->row)
        return TH_ERR_INTERNAL;
    for (uint32_t w = 0; w < n; w++) {
        const bool box = t->nodes[i].form == TH_TILE_WINDOW;
        list[w].columns = box ? p->most_columns : p->columns[w];
        TH_TRY(th_tile_query(t, i, p, list[w].columns, scratch, &q, &why));
        TH_TRY(th_call_bind(program, note->row, &q, &list[w].call));
        take_scratch(note, list[w].call);
        k->calls++;
    }
    note->call = list[0].call;
    note->pixels = p->single;
    if (t->nodes[i].form == TH_TILE_POINT) {
        note->pieces = list;
        note->n_pieces = n;
    }
    return TH_OK;
}

/* The loop's own scratch: how far each node (stream) or stage (strips) is, and accumulators. */
static void loop_scratch(const struct th_tile *t, struct th_kernel_note *note)
{
    const uint32_t n = t->mode == TH_TILE_STREAM ? t->n_nodes : t->n_stages;
    note->scratch_bytes = th_tile_cursor_bytes(t) * n;
    note->scratch_align = 4;
    for (uint32_t i = 0; i < t->n_nodes; i++) {
        if (t->nodes[i].store != TH_TILE_ACCUMULATOR)
            continue;
        note->scratch_align = 8;
        note->scratch_bytes = ((note->scratch_bytes + 7) & -8) + t->nodes[i].bytes;
    }
}

static enum th_status pack_tile(struct packing *k, struct th_graph *g, th_node n)
{
    struct th_arena *scratch = th_arena_new(0);
    struct th_tile t;
    struct th_tile_pieces *pieces;
    enum th_status s = scratch ? th_tile_read(g, n, scratch, &t) : TH_ERR_INTERNAL;
    if (s == TH_OK)
        s = th_tile_survey(&t, scratch, &pieces);
    for (uint32_t i = t.feed >= 0; s == TH_OK && i < t.n_nodes; i++)
        s = pack_piece(k, &t, i, &pieces[i], scratch);
    if (s == TH_OK)
        loop_scratch(&t, th_node_note(g, n));
    th_arena_free(scratch);
    return s;
}

static enum th_status keep_constant(struct th_graph *g, th_value v)
{
    const struct th_tensor *k = v ? th_value_const(g, v) : NULL;
    if (!k)
        return TH_OK;
    return th_program_add_data(th_graph_program(g), "constant", k->type.dtype, k->data,
                               (size_t)th_type_elems(&k->type), 0, false) < 0
               ? TH_ERR_INTERNAL : TH_OK;
}

/* Constants that are copied, not computed with: what nodes without a kernel take, and outputs. */
static enum th_status pack_graph(struct th_graph *g, void *user)
{
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n)) {
        if (th_node_op(g, n)->region == TH_REGION_TILE_LOOP)
            TH_TRY(pack_tile(user, g, n));
        else if (!th_node_note(g, n)->call)     /* bodies of tile loops are packed already */
            TH_TRY(pack_node(user, g, n));
        for (uint32_t i = 0; !th_node_note(g, n)->row && i < th_node_input_count(g, n); i++)
            TH_TRY(keep_constant(g, th_node_input(g, n, i)));
    }
    for (uint32_t i = 0; i < th_graph_output_count(g); i++)
        TH_TRY(keep_constant(g, th_graph_output(g, i)));
    return TH_OK;
}

static enum th_status clear_calls(struct th_graph *g, void *user)
{
    (void)user;
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n)) {
        struct th_kernel_note *note = th_node_note(g, n);
        note->call = NULL;
        note->pieces = NULL;
        note->n_pieces = 0;
        note->scratch_bytes = note->scratch_align = 0;
    }
    return TH_OK;
}

static enum th_status pack_states(struct th_program *p)
{
    for (th_state s = 1; s <= th_program_state_count(p); s++) {
        const struct th_blob *b = th_state_initial(p, s);
        const struct th_type *t = th_state_type(p, s);
        if (b && th_program_add_data(p, "initial state", t->dtype, th_blob_data(b),
                                     (size_t)th_type_elems(t), 0, false) < 0)
            return TH_ERR_INTERNAL;
    }
    return TH_OK;
}

static enum th_status run(struct th_pass_ctx *pc, struct th_program *p)
{
    struct packing k = {pc, 0};
    int64_t bytes = 0;
    th_program_clear_data(p);
    TH_TRY(th_program_walk(p, clear_calls, NULL));
    TH_TRY(th_program_walk(p, pack_graph, &k));
    TH_TRY(pack_states(p));
    for (uint32_t i = 0; i < th_program_data_count(p); i++)
        bytes += (int64_t)th_program_data(p, i)->bytes;
    th_pass_remark(pc, "%u calls, %u constants of %lld bytes", k.calls, th_program_data_count(p),
                   (long long)bytes);
    return TH_OK;
}

const struct th_pass th_pass_pack = {
    .struct_size = sizeof(struct th_pass),
    .name = "pack",
    .summary = "bind kernels: arguments, packed constants, scratch",
    .requires_props = TH_PROP_SELECTED,
    .provides_props = TH_PROP_PACKED,
    .invalidates_props = TH_PROP_ALIASED | TH_PROP_PLANNED,
    .run = run,
};
