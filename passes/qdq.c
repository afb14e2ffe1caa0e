/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quantize and dequantize: pairs that cancel, movement on the narrow side, and (io=quantized) the
 * program's edges. All of it keeps every bit: where real arithmetic lies between a dequantize and
 * a quantize, the reference computes in floats and so does the program; only 8-bit elementwise
 * cases can be replaced exactly, by tables (see fuse).
 */
#include "passes/qdq/qdq.h"

#include <string.h>

/* (q - z) * s / s rounds back to q - z: the two float roundings err by less than 2^-22 relative,
 * and |q - z| < 2^17. Very small or large scales would leave the range of floats. */
static bool survives_floats(const struct th_type *t)
{
    if (!t->quant || t->quant->n != 1 || !th_dtype_is_int(t->dtype) ||
        th_dtype_bits(t->dtype) > 16)
        return false;
    float s = th_quant_scale(t->quant, 0);
    return s > 1e-30f && s < 1e30f;
}

static enum th_status cancel(struct th_graph *g, const struct th_match *m, bool *done, void *user)
{
    th_value x = m->value[0], y = th_node_output(g, m->node[0], 0);
    (void)user;
    return survives_floats(th_value_type(g, x)) ? th_forward(g, y, x, done) : TH_OK;
}

/* The axis that carries scales exists after the move, too. */
static bool keeps_scales(const struct th_graph *g, th_node move, const struct th_type *x)
{
    const struct th_type *y = th_value_type(g, th_node_output(g, move, 0));
    int64_t before = 1, have = 1;
    if (!x->quant || x->quant->n == 1 || th_node_is(g, move, "transpose"))
        return x->quant != NULL;
    if (!th_node_is(g, move, "reshape"))
        return false;
    for (int32_t i = 0; i < x->quant->axis; i++)
        before *= x->dims[i];
    for (int32_t i = 0; i < y->rank; have *= y->dims[i++])
        if (have == before && y->dims[i] == (int64_t)x->quant->n)
            return true;
    return false;
}

/* A dequantize like `like`, kept as a node even if its operand is constant: what is quantized may
 * still become the weights of an integer operator. */
static enum th_status dequantized(struct th_graph *g, th_node at, th_node like, th_value x,
                                  const struct th_type *type, th_value *y)
{
    struct th_node_desc d = {.op = "dequantize", .contract = th_node_contract(g, like), .in = &x,
                             .n_in = 1, .out = type, .n_out = 1, .before = at,
                             .loc = *th_node_loc(g, at)};
    return th_graph_add_node_nofold(g, &d, NULL, y);
}

/* move(dequantize(x)) is dequantize(move(x)): each element is converted on its own. */
static enum th_status sink(struct th_graph *g, const struct th_match *m, bool *done, void *user)
{
    th_node move = m->node[0], deq = m->node[1];
    const struct th_type *x = th_value_type(g, m->value[0]);
    uint32_t n_in = th_node_input_count(g, move);
    th_value *in = TH_NEW_ARRAY(th_pass_arena(user), th_value, n_in), moved, y;
    if (!in)
        return TH_ERR_INTERNAL;
    if (!keeps_scales(g, move, x))
        return TH_OK;
    for (uint32_t i = 0; i < n_in; i++)
        in[i] = i ? th_node_input(g, move, i) : m->value[0];
    TH_TRY(th_insert_like(g, move, move, in, n_in, NULL, &moved));
    TH_TRY(dequantized(g, move, deq, moved, th_value_type(g, th_node_output(g, move, 0)), &y));
    th_supersede(g, move, y);
    *done = true;
    return TH_OK;
}

/* quantize(move(x)) is move(quantize(x)). Not for moves that drop elements: those would be
 * quantized in vain. */
static enum th_status hoist(struct th_graph *g, const struct th_match *m, bool *done, void *user)
{
    th_node quant = m->node[0], move = m->node[1];
    struct th_type type = *th_value_type(g, m->value[0]);
    const struct th_type *y = th_value_type(g, th_node_output(g, quant, 0));
    uint32_t n_in = th_node_input_count(g, move);
    th_value *in = TH_NEW_ARRAY(th_pass_arena(user), th_value, n_in), moved, q;
    if (!in)
        return TH_ERR_INTERNAL;
    if (!y->quant || y->quant->n != 1 || th_value_is_const(g, m->value[0]))
        return TH_OK;
    type.dtype = y->dtype;
    type.quant = y->quant;
    TH_TRY(th_insert_like(g, quant, quant, &m->value[0], 1, &type, &q));
    for (uint32_t i = 0; i < n_in; i++)
        in[i] = i ? th_node_input(g, move, i) : q;
    TH_TRY(th_insert_like(g, quant, move, in, n_in, NULL, &moved));
    th_supersede(g, quant, moved);
    *done = true;
    return TH_OK;
}

/* concat of dequantized values that share their parameters. */
static enum th_status sink_concat(struct th_graph *g, const struct th_match *m, bool *done,
                                  void *user)
{
    th_node concat = m->node[0];
    uint32_t n_in = th_node_input_count(g, concat);
    th_value *in = TH_NEW_ARRAY(th_pass_arena(user), th_value, n_in), joined, y;
    const struct th_type *first = NULL;
    if (!in)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n_in; i++) {
        th_value v = th_node_input(g, concat, i);
        th_node d = th_value_def(g, v);
        if (!d || !th_node_is(g, d, "dequantize") || th_value_use_count(g, v) != 1)
            return TH_OK;
        in[i] = th_node_input(g, d, 0);
        const struct th_type *t = th_value_type(g, in[i]);
        first = first ? first : t;
        if (!t->quant || t->quant->n != 1 || t->dtype != first->dtype ||
            !th_quant_equal(t->quant, first->quant))
            return TH_OK;
    }
    struct th_type type = *th_value_type(g, th_node_output(g, concat, 0));
    type.dtype = first->dtype;
    type.quant = first->quant;
    th_node deq = th_value_def(g, th_node_input(g, concat, 0));
    TH_TRY(th_insert_like(g, concat, concat, in, n_in, &type, &joined));
    TH_TRY(th_insert_like(g, concat, deq, &joined, 1,
                          th_value_type(g, th_node_output(g, concat, 0)), &y));
    th_supersede(g, concat, y);
    *done = true;
    return TH_OK;
}

static const struct th_rewrite rows[] = {
    {"cancel", "quantize(*dequantize(x))", cancel},
    {"integer-form", "quantize(x)", th_qdq_integer_form},
    {"requantize", "quantize(*dequantize(x))", th_qdq_requantize},
    {"sink-dequantize",
     "reshape|transpose|slice|gather|reverse|space_to_depth|depth_to_space|max_pool2d"
     "(dequantize(x))",
     sink},
    {"hoist-quantize",
     "quantize(reshape|transpose|reverse|space_to_depth|depth_to_space|tile|broadcast_to(x))",
     hoist},
    {"sink-concat", "concat(dequantize(x))", sink_concat},
};

/* ---- edges ----------------------------------------------------------------------------------- */

/* The type that all users of a float input quantize it to, or NULL. */
static const struct th_type *quantized_input(const struct th_graph *g, th_value v)
{
    const struct th_type *type = NULL;
    uint32_t users = th_value_user_count(g, v);
    if (th_value_type(g, v)->dtype != TH_DT_F32 || users != th_value_use_count(g, v))
        return NULL;
    for (uint32_t i = 0; i < users; i++) {
        th_node n = th_value_user(g, v, i);
        if (!th_node_is(g, n, "quantize"))
            return NULL;
        const struct th_type *t = th_value_type(g, th_node_output(g, n, 0));
        if (type && !th_type_equal(type, t))
            return NULL;
        type = t;
    }
    return type;
}

static enum th_status open_input(struct th_graph *g, uint32_t i, struct th_arena *a, bool *done)
{
    th_value v = th_graph_input(g, i);
    const struct th_type *found = quantized_input(g, v);
    if (!found)
        return TH_OK;
    *done = true;
    return th_input_past_users(g, i, found, a);
}

static enum th_status open_edges(struct th_pass_ctx *pc, struct th_graph *g)
{
    uint32_t in = 0, out = 0;
    for (uint32_t i = 0; i < th_graph_input_count(g); i++) {
        bool done = false;
        TH_TRY(open_input(g, i, th_pass_arena(pc), &done));
        in += done;
    }
    for (uint32_t i = 0; i < th_graph_output_count(g); i++)
        out += th_output_past_maker(g, i, "dequantize");
    if (in || out) {
        th_graph_sweep(g);
        th_pass_changed(pc);
        th_pass_remark(pc, "graph '%s': %u inputs and %u outputs are now integers",
                       th_graph_name(g), in, out);
    }
    return TH_OK;
}

static enum th_status run(struct th_pass_ctx *pc, struct th_graph *g)
{
    TH_TRY(th_run_rewrites(pc, g, rows, TH_ARRAY_LEN(rows)));
    const char *io = th_pass_option(pc, "io");
    io = io ? io : th_pass_global(pc, "io");
    if (!io || strcmp(io, "model") == 0)
        return TH_OK;
    if (strcmp(io, "quantized") != 0) {
        th_error(th_pass_ctx(pc), NULL, 3101, "pass 'qdq': io is 'model' or 'quantized', not '%s'",
                 io);
        return TH_ERR_USAGE;
    }
    return th_graph_is_body(g) ? TH_OK : open_edges(pc, g);
}

static const struct th_option_spec options[] = {
    {"io", TH_OPTION_STRING, NULL, 1, 0,
     "model: edges as they are; quantized: integer tensors themselves (default: --io)"},
    {NULL, TH_OPTION_INT, NULL, 0, 0, NULL},
};

const struct th_pass th_pass_qdq = {
    .struct_size = sizeof(struct th_pass),
    .name = "qdq",
    .summary = "cancel and move quantize and dequantize; make the edges integers with --io",
    .requires_props = TH_PROP_TYPED | TH_PROP_CANON,
    .provides_props = TH_PROP_QUANTIZED,
    .invalidates_props = TH_PROP_FUSED,
    .options = options,
    .run_graph = run,
};
