/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/util.h"

#include <math.h>
#include <string.h>

#include "ir/ctx.h"
#include "passes/pass_ctx.h"

bool th_infers(struct th_inst *c)
{
    struct th_ctx *ctx = c->ctx;
    const struct th_ctx kept = {.sink = ctx->sink, .sink_user = ctx->sink_user,
                                .errors = ctx->errors};
    ctx->sink = NULL;
    const bool ok = c->op->infer(c) == TH_OK;
    ctx->sink = kept.sink;
    ctx->sink_user = kept.sink_user;
    ctx->errors = kept.errors;
    return ok;
}

bool th_can_forward(const struct th_graph *g, th_value from, th_value to)
{
    if (!th_value_is_output(g, from))
        return true;
    return th_value_def(g, to) && !th_value_is_output(g, to);
}

enum th_status th_forward(struct th_graph *g, th_value from, th_value to, bool *done)
{
    if (!th_type_equal(th_value_type(g, from), th_value_type(g, to)) ||
        !th_can_forward(g, from, to))
        return TH_OK;
    th_value_replace(g, from, to);
    *done = true;
    return TH_OK;
}

static enum th_status insert(struct th_graph *g, th_node at, struct th_node_desc *d,
                             const struct th_type *out, th_value *v)
{
    d->out = out;
    d->n_out = 1;
    d->before = at;
    d->loc = *th_node_loc(g, at);
    return th_graph_add_node(g, d, NULL, v);
}

enum th_status th_insert_node(struct th_graph *g, th_node at, const char *op, const th_value *in,
                              uint32_t n_in, const struct th_attr *attrs, uint32_t n_attrs,
                              const struct th_type *out, th_value *v)
{
    struct th_node_desc d = {.op = op, .contract = th_node_contract(g, at), .in = in,
                             .n_in = n_in, .attrs = attrs, .n_attrs = n_attrs};
    return insert(g, at, &d, out, v);
}

enum th_status th_insert_like(struct th_graph *g, th_node at, th_node like, const th_value *in,
                              uint32_t n_in, const struct th_type *out, th_value *v)
{
    const struct th_attrs *as = th_node_attrs(g, like);
    struct th_node_desc d = {.op = th_node_op_name(g, like),
                             .contract = th_node_contract(g, like), .in = in, .n_in = n_in,
                             .attrs = as->list, .n_attrs = as->n};
    return insert(g, at, &d, out, v);
}

enum th_status th_input_past_users(struct th_graph *g, uint32_t i, const struct th_type *type,
                                   struct th_arena *a)
{
    const struct th_type own = *type;       /* it may belong to a node that goes */
    const th_value v = th_graph_input(g, i);
    const uint32_t users = th_value_user_count(g, v);
    th_node *nodes = TH_NEW_ARRAY(a, th_node, users);
    if (!nodes)
        return TH_ERR_INTERNAL;
    for (uint32_t k = 0; k < users; k++)
        nodes[k] = th_value_user(g, v, k);
    for (uint32_t k = 0; k < users; k++)
        th_node_set_input(g, nodes[k], 0, 0);
    const th_value fresh = th_graph_replace_input(g, i, &own);
    if (!fresh)
        return TH_ERR_INTERNAL;
    for (uint32_t k = 0; k < users; k++) {
        th_value_replace(g, th_node_output(g, nodes[k], 0), fresh);
        th_graph_remove(g, nodes[k]);
    }
    return TH_OK;
}

bool th_output_past_maker(struct th_graph *g, uint32_t i, const char *op)
{
    const th_node n = th_value_def(g, th_graph_output(g, i));
    if (!n || !th_node_is(g, n, op))
        return false;
    const th_value x = th_node_input(g, n, 0);
    if (!th_value_def(g, x) || th_value_is_output(g, x))
        return false;
    th_graph_set_output(g, i, x);
    return true;
}

void th_supersede(struct th_graph *g, th_node n, th_value v)
{
    th_value old = th_node_output(g, n, 0);
    const char *name = th_value_name(g, old);
    if (*name && !*th_value_name(g, v))
        th_value_set_name(g, v, name);
    th_value_replace(g, old, v);
}

bool th_const_is_all(const struct th_graph *g, th_value v, double x)
{
    const struct th_tensor *t = v ? th_value_const(g, v) : NULL;
    if (!t)
        return false;
    int64_t n = th_type_elems(&t->type);
    for (int64_t i = 0; i < n; i++)
        if (th_tensor_real(t, i) != x)
            return false;
    return n > 0;
}

bool th_act_is_none(const struct th_graph *g, th_node n)
{
    const struct th_attrs *as = th_node_attrs(g, n);
    double lo = th_attr_float(as, "act_min", -INFINITY);
    double hi = th_attr_float(as, "act_max", INFINITY);
    return isinf(lo) && lo < 0 && isinf(hi) && hi > 0;
}

double th_pad_value(const struct th_graph *g, th_node pad)
{
    const struct th_type *t = th_value_type(g, th_node_output(g, pad, 0));
    return th_attr_float(th_node_attrs(g, pad), "value", (double)th_quant_zero(t->quant, 0));
}

bool th_op_has_attr(const struct th_op *op, const char *name)
{
    for (const struct th_attr_spec *s = op->attrs; s && s->name; s++)
        if (strcmp(s->name, name) == 0)
            return true;
    return false;
}

const struct th_type *th_operand_type(const struct th_graph *g, th_node n, uint32_t i)
{
    th_value v = i < th_node_input_count(g, n) ? th_node_input(g, n, i) : 0;
    return v ? th_value_type(g, v) : NULL;
}

bool th_can_eval(const struct th_graph *g, th_node n)
{
    for (const char *const *c = th_node_op(g, n)->contracts; c && *c; c++)
        if (strcmp(*c, th_node_contract(g, n)) == 0)
            return true;
    return false;
}

/* ---- rewrites -------------------------------------------------------------------------------- */

/* The pass's own rows and then those of plugins, whose rows may be larger or smaller than ours. */
static uint32_t collect(struct th_pass_ctx *pc, const struct th_rewrite *rows, size_t n,
                        struct th_rewrite **out)
{
    struct th_ctx *ctx = th_pass_ctx(pc);
    const char *pass = pc->step->pass->name;
    size_t total = n;
    for (uint32_t i = 0; i < ctx->reg.rewrite_rows.n; i++) {
        const struct th_rewrite_rows *r = ctx->reg.rewrite_rows.at[i];
        if (strcmp(r->pass, pass) == 0)
            total += r->n;
    }
    struct th_rewrite *all = TH_NEW_ARRAY(th_pass_arena(pc), struct th_rewrite, total + 1);
    *out = all;
    if (!all)
        return 0;
    memcpy(all, rows, n * sizeof *rows);
    for (uint32_t i = 0; i < ctx->reg.rewrite_rows.n; i++) {
        const struct th_rewrite_rows *r = ctx->reg.rewrite_rows.at[i];
        if (strcmp(r->pass, pass) != 0)
            continue;
        size_t size = r->row_size < sizeof *all ? r->row_size : sizeof *all;
        for (size_t k = 0; k < r->n; k++)
            memcpy(&all[n++], (const char *)r->rows + k * r->row_size, size);
    }
    return (uint32_t)total;
}

enum th_status th_run_rewrites(struct th_pass_ctx *pc, struct th_graph *g,
                               const struct th_rewrite *rows, size_t n)
{
    struct th_rewrite *all;
    uint32_t before = th_graph_node_count(g);
    uint32_t total = collect(pc, rows, n, &all);
    bool changed = false;
    if (!all)
        return TH_ERR_INTERNAL;
    TH_TRY(th_rewrite_run(g, all, total, pc, &changed));
    if (!changed)
        return TH_OK;
    th_pass_changed(pc);
    th_pass_remark(pc, "graph '%s': %u nodes, %u before", th_graph_name(g),
                   th_graph_node_count(g), before);
    return TH_OK;
}
