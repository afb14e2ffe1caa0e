/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folding: a pure node whose operands are all constant is computed now, by its own eval. The
 * builder already folded the small ones; here sizes are weighed: a constant costs flash, so a
 * result much larger than what it is made of stays computed on the target. Tensors without
 * elements end here, too: no kernel sees one.
 */
#include "passes/util.h"

/* Whole runs are bounded too: a model may hold many nodes that are each just allowed. */
#define RUN_FACTOR 8

struct counts {
    uint32_t folded, too_large, too_dear;
    double work;                 /* operations of what was folded */
};

static bool is_empty(const struct th_type *t)
{
    return th_type_elems(t) == 0;
}

/* What has no elements is known, whoever makes it. */
static bool all_const(const struct th_graph *g, th_node n)
{
    uint32_t n_in = th_node_input_count(g, n);
    for (uint32_t i = 0; i < n_in; i++) {
        th_value v = th_node_input(g, n, i);
        if (v && !th_value_is_const(g, v) && !is_empty(th_value_type(g, v)))
            return false;
    }
    return n_in > 0;
}

static bool gives_nothing(const struct th_graph *g, th_node n)
{
    uint32_t n_out = th_node_output_count(g, n);
    for (uint32_t i = 0; i < n_out; i++)
        if (!is_empty(th_value_type(g, th_node_output(g, n, i))))
            return false;
    return n_out > 0;
}

static bool foldable(const struct th_graph *g, th_node n)
{
    uint32_t traits = th_node_op(g, n)->traits;
    if (!(traits & TH_TRAIT_PURE) || traits & TH_TRAIT_REGION)
        return false;
    return gives_nothing(g, n) || (all_const(g, n) && th_can_eval(g, n));
}

/* Bytes of all outputs and of all operands. */
static void sizes(const struct th_inst *c, int64_t *in, int64_t *out)
{
    *in = *out = 0;
    for (uint32_t i = 0; i < c->n_in; i++)
        *in += c->in[i] ? th_type_size(c->in[i]) : 0;
    for (uint32_t i = 0; i < c->n_out; i++)
        *out += th_type_size(&c->out[i]);
}

static bool worth(struct th_pass_ctx *pc, const struct th_inst *c, struct counts *k)
{
    struct th_cost cost;
    int64_t in, out;
    th_inst_cost(c, &cost);
    sizes(c, &in, &out);
    if (out > th_pass_option_int(pc, "small") && out / 8 > in) {
        k->too_large++;
        return false;
    }
    double most = (double)th_pass_option_int(pc, "max_work");
    double work = (double)cost.macs + (double)cost.ops + (double)out;
    if (!(work >= 0 && work <= most && k->work + work <= RUN_FACTOR * most) ||
        out > th_pass_option_int(pc, "max_bytes")) {
        k->too_dear++;
        return false;
    }
    k->work += work;
    return true;
}

static enum th_status compute(struct th_arena *a, const struct th_inst *c, struct th_tensor **out)
{
    const struct th_tensor **in = TH_NEW_ARRAY(a, const struct th_tensor *, c->n_in);
    struct th_eval e = {.arena = a, .in = in, .out = out};
    if (!in)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < c->n_in; i++) {
        in[i] = c->in_const ? c->in_const[i] : NULL;
        if (c->in[i] && !in[i] && !(in[i] = th_tensor_new(a, c->in[i])))
            return TH_ERR_INTERNAL;
    }
    return c->op->eval(c, &e);
}

static enum th_status fold_node(struct th_pass_ctx *pc, struct th_graph *g, th_node n,
                                struct counts *k)
{
    struct th_arena *a = th_arena_new(0);
    struct th_inst *c = a ? th_node_inst(g, n, a) : NULL;
    enum th_status st = TH_ERR_INTERNAL;
    if (!c)
        goto done;
    st = TH_OK;
    if (!worth(pc, c, k))
        goto done;
    struct th_tensor *out[TH_MAX_OUTPUTS];
    for (uint32_t i = 0; i < c->n_out; i++) {
        out[i] = th_tensor_new(a, &c->out[i]);
        if (!out[i])
            st = TH_ERR_INTERNAL;
    }
    if (st == TH_OK && !gives_nothing(g, n))
        st = compute(a, c, out);
    for (uint32_t i = 0; i < c->n_out && st == TH_OK; i++) {
        th_value old = th_node_output(g, n, i);
        th_value v = th_graph_const_copy(g, th_value_name(g, old), &out[i]->type, out[i]->data);
        if (v)
            th_value_replace(g, old, v);
        else
            st = TH_ERR_INTERNAL;
    }
    if (st == TH_OK) {
        th_graph_remove(g, n);
        k->folded++;
    }
done:
    th_arena_free(a);
    return st;
}

static enum th_status run(struct th_pass_ctx *pc, struct th_graph *g)
{
    struct counts k = {0, 0, 0, 0};
    th_node next;
    for (th_node n = th_graph_first(g); n; n = next) {
        next = th_graph_next(g, n);
        if (foldable(g, n))
            TH_TRY(fold_node(pc, g, n, &k));
    }
    if (k.folded) {
        th_pass_changed(pc);
        th_pass_remark(pc, "graph '%s': %u nodes computed", th_graph_name(g), k.folded);
    }
    if (k.too_large || k.too_dear)
        th_pass_remark(pc, "graph '%s': %u constant nodes left, %u of them because their result "
                       "is much larger than their operands", th_graph_name(g),
                       k.too_large + k.too_dear, k.too_large);
    return TH_OK;
}

static const struct th_option_spec options[] = {
    {"small", TH_OPTION_INT, "4096", 0, 1e12,
     "results up to this many bytes are folded whatever their operands weigh"},
    {"max_bytes", TH_OPTION_INT, "67108864", 0, 1e12, "largest result folded"},
    {"max_work", TH_OPTION_INT, "100000000", 0, 1e15, "most operations spent on a node"},
    {NULL, TH_OPTION_INT, NULL, 0, 0, NULL},
};

const struct th_pass th_pass_fold = {
    .struct_size = sizeof(struct th_pass),
    .name = "fold",
    .summary = "compute nodes whose operands are all constant or empty",
    .requires_props = TH_PROP_TYPED,
    .options = options,
    .run_graph = run,
};
