/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --feed rows: the input of the first entry point is never stored. The tile loop that reads it
 * gets a first node, which keeps the rows that its readers still want; the application pushes them.
 * In strips it is a stage of its own, whose strips are single rows.
 */
#include <string.h>

#include "ir/tile.h"
#include "passes/caller_io.h"
#include "passes/util.h"

/* Whether this is a tile loop that reads the value once; *index is its operand. */
static bool takes_rows(const struct th_graph *g, th_node loop, th_value v, uint32_t *index)
{
    uint32_t uses = 0;
    if (th_node_op(g, loop)->region != TH_REGION_TILE_LOOP)
        return false;
    for (uint32_t i = 0; i < th_node_input_count(g, loop); i++)
        if (th_node_input(g, loop, i) == v) {
            *index = i;
            uses++;
        }
    return uses == 1;
}

static th_value find_input(const struct th_graph *g, th_node *loop, uint32_t *index)
{
    for (uint32_t i = 0; i < th_graph_input_count(g); i++) {
        const th_value v = th_graph_input(g, i);
        int64_t h, w, pixel;
        if (th_value_is_output(g, v) || th_value_user_count(g, v) != 1 ||
            !th_tile_shape(th_value_type(g, v), &h, &w, &pixel) || h < 2)
            continue;
        *loop = th_value_user(g, v, 0);
        if (takes_rows(g, *loop, v, index))
            return v;
    }
    return 0;
}

/* Why the rows of an input cannot be pushed, at the node that reads it. */
static void say_why(struct th_pass_ctx *pc, const struct th_graph *g, th_value v)
{
    const char *name = th_value_name(g, v), *why = "";
    const th_node n = th_value_user_count(g, v) ? th_value_user(g, v, 0) : 0;
    struct th_tile_node about;
    int64_t h, w, pixel;
    if (!n)
        return;                      /* a shape that is known anyway, often */
    if (th_value_is_output(g, v))
        th_note(th_pass_ctx(pc), NULL, "input '%s' is an output, too", name);
    else if (!th_tile_shape(th_value_type(g, v), &h, &w, &pixel) || h < 2)
        th_note(th_pass_ctx(pc), NULL, "input '%s' has one row, or is no map: to push a row would "
                "be to push all of it (time series: --feed frames)", name);
    else if (th_value_user_count(g, v) > 1)
        th_note(th_pass_ctx(pc), th_node_loc(g, n), "input '%s' is read here, and by %u other "
                "operators that do not run in pieces with it", name,
                th_value_user_count(g, v) - 1);
    else if (th_node_op(g, n)->region == TH_REGION_TILE_LOOP)
        th_note(th_pass_ctx(pc), th_node_loc(g, n), "a tile loop reads input '%s' twice", name);
    else if (th_node_is(g, n, "transpose"))
        th_note(th_pass_ctx(pc), th_node_loc(g, n), "input '%s' is transposed before it is read",
                name);
    else if (!th_tile_describe(g, n, th_pass_arena(pc), &about, &why))
        th_note(th_pass_ctx(pc), th_node_loc(g, n), "input '%s' is read by what cannot run in "
                "pieces: %s", name, why);
    else
        th_note(th_pass_ctx(pc), th_node_loc(g, n), "input '%s' is read here, and no group of "
                "operators that begins so runs in pieces of its rows", name);
}

/* The body reads a copy, which is its first node. */
static enum th_status insert_copy(struct th_graph *body, uint32_t index, th_node *copy)
{
    const th_value param = th_graph_input(body, index);
    const char *name = th_value_name(body, param);
    th_value rows;
    const struct th_node_desc d = {.op = "copy", .in = &param, .n_in = 1, .out_names = &name,
                                   .n_out = 1, .loc = TH_LOC_NONE,
                                   .before = th_graph_first(body)};
    TH_TRY(th_graph_add_node_nofold(body, &d, copy, &rows));
    for (th_node n = th_graph_first(body); n; n = th_graph_next(body, n))
        for (uint32_t i = 0; n != *copy && i < th_node_input_count(body, n); i++)
            if (th_node_input(body, n, i) == param)
                th_node_set_input(body, n, i, rows);
    return TH_OK;
}

/* The attribute's list with one entry more in front; it is n long then. */
static enum th_status prepend(struct th_pass_ctx *pc, struct th_graph *g, th_node loop,
                              const char *name, uint32_t n, int64_t first)
{
    int64_t *list = TH_NEW_ARRAY(th_pass_arena(pc), int64_t, (size_t)n + 1);
    if (!list)
        return TH_ERR_INTERNAL;
    list[0] = first;
    for (uint32_t i = 1; i < n; i++)
        list[i] = th_attr_ints(th_node_attrs(g, loop), name, i - 1, 0);
    return th_node_set_attr_ints(g, loop, name, n, list);
}

/* All stages come one later; the first one takes a row at a time. */
static enum th_status add_stage(struct th_pass_ctx *pc, struct th_graph *g, th_node loop)
{
    const uint32_t n = th_graph_node_count(th_node_body(g, loop, 0));
    const uint32_t stages = th_attr_len(th_node_attrs(g, loop), "strip_rows");
    int64_t *list = TH_NEW_ARRAY(th_pass_arena(pc), int64_t, (size_t)n + 1);
    if (!list)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 1; i < n; i++)
        list[i] = th_attr_ints(th_node_attrs(g, loop), "stage", i - 1, 0) + 1;
    TH_TRY(th_node_set_attr_ints(g, loop, "stage", n, list));
    TH_TRY(prepend(pc, g, loop, "strip_rows", stages + 1, 1));
    if (th_attr_len(th_node_attrs(g, loop), "strip_less"))
        TH_TRY(prepend(pc, g, loop, "strip_less", stages + 1, 0));
    return prepend(pc, g, loop, "strip_cols", stages + 1, 0);
}

static enum th_status fit(struct th_pass_ctx *pc, struct th_graph *g, th_node loop)
{
    struct th_tile t;
    TH_TRY(th_tile_read(g, loop, th_pass_arena(pc), &t));
    TH_TRY(th_tile_fit(&t, th_pass_arena(pc)));
    int64_t *list = TH_NEW_ARRAY(th_pass_arena(pc), int64_t, 3 * (size_t)t.n_nodes + 1);
    if (!list)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < t.n_nodes; i++) {
        list[i] = t.nodes[i].slots;
        list[t.n_nodes + i] = t.nodes[i].tail_rows;
        list[2 * t.n_nodes + i] = t.nodes[i].tail_cols;
    }
    TH_TRY(th_node_set_attr_ints(g, loop, "slots", t.n_nodes, list));
    TH_TRY(th_node_set_attr_ints(g, loop, "tail_rows", t.n_nodes, list + t.n_nodes));
    return th_node_set_attr_ints(g, loop, "tail_cols", t.n_nodes, list + 2 * t.n_nodes);
}

static enum th_status feed(struct th_pass_ctx *pc, struct th_graph *g, th_node loop,
                           uint32_t index)
{
    struct th_graph *body = th_node_body(g, loop, 0);
    int64_t h, w, pixel;
    th_node copy;
    th_tile_shape(th_value_type(body, th_graph_input(body, index)), &h, &w, &pixel);
    TH_TRY(insert_copy(body, index, &copy));
    const uint32_t n = th_graph_node_count(body);
    TH_TRY(prepend(pc, g, loop, "run", n, w));
    TH_TRY(prepend(pc, g, loop, "slots", n, h));
    TH_TRY(prepend(pc, g, loop, "tail_rows", n, 0));
    TH_TRY(prepend(pc, g, loop, "tail_cols", n, 0));
    if (th_attr_int(th_node_attrs(g, loop), "mode", 0) == TH_TILE_STRIPS)
        TH_TRY(add_stage(pc, g, loop));
    else
        TH_TRY(prepend(pc, g, loop, "stage", n, 0));
    TH_TRY(th_node_set_attr_int(g, loop, "feed", index));
    th_pass_changed(pc);
    return fit(pc, g, loop);
}

static enum th_status run(struct th_pass_ctx *pc, struct th_program *p)
{
    const char *what = th_pass_global(pc, "feed");
    th_node loop = 0;
    uint32_t index = 0;
    if (!what || strcmp(what, "rows") || !th_program_function_count(p))
        return TH_OK;
    struct th_graph *g = th_program_function(p, 0);
    if (th_caller_io(pc)) {
        th_error(th_pass_ctx(pc), NULL, 9001, "--feed rows and --io-buffers caller exclude each "
                 "other: rows that are pushed lie in no buffer");
        return TH_ERR_USAGE;
    }
    const th_value v = find_input(g, &loop, &index);
    if (!v) {
        th_error(th_pass_ctx(pc), NULL, 4010, "--feed rows: no input of '%s' is read row by row by "
                 "one tile loop and by nothing else", th_graph_name(g));
        for (uint32_t i = 0; i < th_graph_input_count(g); i++)
            say_why(pc, g, th_graph_input(g, i));
        th_help(th_pass_ctx(pc), 4010, "the operators that read the input must stand in one group "
                "(patch-split{groups=0-LAST:stream:COLUMNS}), and the input must be a map of rows; "
                "one with channels first needs --input-layout channels-last");
        return TH_ERR_TARGET;
    }
    TH_TRY(feed(pc, g, loop, index));
    th_pass_remark(pc, "input '%s' comes by rows", th_value_name(g, v));
    return TH_OK;
}

const struct th_pass th_pass_feed = {
    .struct_size = sizeof(struct th_pass),
    .name = "feed",
    .summary = "--feed rows: keep only the rows of the input that are still wanted",
    .requires_props = TH_PROP_TYPED,
    .run = run,
};
