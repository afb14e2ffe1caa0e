/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --io-buffers caller: which inputs and outputs kernels cannot take where the caller keeps them.
 * An input read beyond its end is copied into the arena; an output that is not a computed value of
 * its own, or that such a kernel reads, is copied out of it.
 */
#include "passes/caller_io.h"

#include <string.h>

#include "ir/notes.h"

bool th_caller_io(const struct th_pass_ctx *pc)
{
    const char *where = th_pass_global(pc, "io-buffers");
    return where && !strcmp(where, "caller");
}

/* Some kernel that uses v reads beyond it. Bodies of tile loops read operands where they lie. */
static bool read_beyond(const struct th_graph *g, th_value v);

static bool reads_beyond(const struct th_graph *g, th_node n, th_value v)
{
    const struct th_kernel *row = th_node_note_const(g, n)->row;
    if (th_node_op(g, n)->region != TH_REGION_TILE_LOOP)
        return row && row->over_read > 0;
    const struct th_graph *body = th_node_body(g, n, 0);
    for (uint32_t i = 0; i < th_graph_input_count(body); i++)
        if (th_node_input(g, n, i) == v && read_beyond(body, th_graph_input(body, i)))
            return true;
    return false;
}

static bool read_beyond(const struct th_graph *g, th_value v)
{
    for (uint32_t u = 0; u < th_value_user_count(g, v); u++)
        if (reads_beyond(g, th_value_user(g, v, u), v))
            return true;
    return false;
}

static enum th_status copy_of(struct th_graph *f, th_value v, th_node before, const char *name,
                              const struct th_caller_select *select, th_value *copy)
{
    th_node n = 0;
    struct th_node_desc d = {.op = "copy", .in = &v, .n_in = 1, .out_names = &name, .n_out = 1,
                             .loc = TH_LOC_NONE, .before = before};
    TH_TRY(th_graph_add_node_nofold(f, &d, &n, copy));
    return select->fn(select->user, f, n);
}

static enum th_status copy_input(struct th_graph *f, th_value v,
                                 const struct th_caller_select *select)
{
    th_value copy = 0;
    if (!read_beyond(f, v))
        return TH_OK;
    TH_TRY(copy_of(f, v, th_graph_first(f), "", select, &copy));
    for (th_node n = th_graph_first(f); n; n = th_graph_next(f, n))
        if (n != th_value_def(f, copy) && reads_beyond(f, n, v))
            for (uint32_t i = 0; i < th_node_input_count(f, n); i++)
                if (th_node_input(f, n, i) == v)
                    th_node_set_input(f, n, i, copy);
    return TH_OK;
}

static enum th_status copy_output(struct th_graph *f, uint32_t i,
                                  const struct th_caller_select *select)
{
    const th_value v = th_graph_output(f, i);
    bool again = false;
    th_value copy = 0;
    for (uint32_t k = 0; k < i; k++)
        again |= th_graph_output(f, k) == v;
    if (th_value_def(f, v) && !again && !read_beyond(f, v))
        return TH_OK;
    TH_TRY(copy_of(f, v, 0, th_graph_output_name(f, i), select, &copy));
    th_graph_set_output(f, i, copy);
    return TH_OK;
}

enum th_status th_caller_io_copies(struct th_graph *f, const struct th_caller_select *select)
{
    for (uint32_t i = 0; i < th_graph_input_count(f); i++)
        TH_TRY(copy_input(f, th_graph_input(f, i), select));
    for (uint32_t i = 0; i < th_graph_output_count(f); i++)
        TH_TRY(copy_output(f, i, select));
    return TH_OK;
}
