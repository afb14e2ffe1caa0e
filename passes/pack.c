/* SPDX-License-Identifier: Apache-2.0 */
/* Binds the chosen kernels: arguments, packed constants (equal ones once), scratch. */
#include "ir/call.h"
#include "ir/notes.h"
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
        TH_TRY(pack_node(user, g, n));
        for (uint32_t i = 0; !th_node_note(g, n)->row && i < th_node_input_count(g, n); i++)
            TH_TRY(keep_constant(g, th_node_input(g, n, i)));
    }
    for (uint32_t i = 0; i < th_graph_output_count(g); i++)
        TH_TRY(keep_constant(g, th_graph_output(g, i)));
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
