/* SPDX-License-Identifier: Apache-2.0 */
/* The program of one step: nodes on their new rows, what they still read in state variables. */
#include "passes/frames/frames.h"

#include <string.h>

static enum th_status add(struct frames *f, const char *op, const th_value *in, uint32_t n_in,
                          const struct th_attr *attrs, uint32_t n_attrs, const struct th_type *out,
                          th_node like, th_node before, th_value *v)
{
    const struct th_node_desc d = {
        .op = op, .in = in, .n_in = n_in, .attrs = attrs, .n_attrs = n_attrs, .out = out,
        .n_out = out != NULL, .loc = like ? *th_node_loc(f->g, like) : TH_LOC_NONE,
        .before = before};
    return th_graph_add_node_nofold(f->g, &d, NULL, v);
}

static struct th_type with_rows(const struct fr_value *v, int64_t rows)
{
    struct th_type t = v->type;
    t.dims[v->axis] = rows;
    return t;
}

/* Rows that are read again live in a variable that slides: the oldest leave, the new ones come. */
static enum th_status keep(struct frames *f, th_value old, th_node like, th_node before)
{
    struct fr_value *v = &f->values[old];
    if (!v->streamed || v->keep >= v->hi - v->fresh)
        return TH_OK;
    const struct th_type t = with_rows(v, v->hi - v->keep);
    const char *name = th_value_name(f->g, old);
    const th_state s = th_program_add_state(
        th_graph_program(f->g), *name ? name : th_arena_printf(f->arena, "rows of %u", old), &t,
        TH_STATE_MODEL, NULL);
    const struct th_attr state = {.name = "state", .kind = TH_ATTR_STATE, .v.i = s};
    const struct th_attr axis = th_attr_of_int("axis", v->axis);
    th_value kept;
    if (!s)
        return TH_ERR_INTERNAL;
    TH_TRY(add(f, "state_read", NULL, 0, &state, 1, &t, like, before, &kept));
    const th_value in[2] = {kept, v->made};
    TH_TRY(add(f, "slide", in, 2, &axis, 1, &t, like, before, &v->window));
    return add(f, "state_write", &v->window, 1, &state, 1, NULL, like, before, NULL);
}

/* Rows [lo, hi) of a value; time is 0 to 1 where there is none. */
static enum th_status rows(struct frames *f, th_value old, int64_t lo, int64_t hi, th_node before,
                           th_value *out)
{
    const struct fr_value *v = &f->values[old];
    int64_t first = v->made_lo, begin[TH_MAX_RANK] = {0};
    *out = v->made ? v->made : old;
    if (v->axis < 0)
        return TH_OK;
    if (v->window && lo < first) {
        *out = v->window;
        first = v->keep;
    }
    if (lo == first && hi == v->hi)
        return TH_OK;
    const struct th_type t = with_rows(v, hi - lo);
    begin[v->axis] = lo - first;
    const struct th_attr attrs[2] = {th_attr_of_ints("begin", begin, (uint32_t)t.rank),
                                     th_attr_of_ints("size", t.dims, (uint32_t)t.rank)};
    const th_value from = *out;
    return add(f, "slice", &from, 1, attrs, 2, &t, th_value_def(f->g, old), before, out);
}

/* Its operands where they now are; the same node. */
static enum th_status rewire(struct frames *f, th_node n)
{
    for (uint32_t i = 0; i < th_node_input_count(f->g, n); i++) {
        const th_value old = th_node_input(f->g, n, i);
        th_value v = 0;
        if (!old || f->values[old].axis < 0)
            continue;
        TH_TRY(rows(f, old, 0, f->values[old].type.dims[f->values[old].axis], n, &v));
        th_node_set_input(f->g, n, i, v);
    }
    return TH_OK;
}

/* All elements of the operand at their places. */
static bool copies(const struct th_inst *c)
{
    struct th_moves m;
    if (!c->op->moves || c->n_in != 1 || !th_type_equal(c->in[0], &c->out[0]) ||
        c->op->moves(c, &m) != TH_OK || m.n != 1 || m.fill || m.list[0].in_base ||
        m.list[0].out_base)
        return false;
    return !memcmp(m.list[0].in_stride, m.list[0].out_stride,
                   (size_t)m.list[0].rank * sizeof(int64_t));
}

/* A node of its own for the rows that are computed. */
static enum th_status compute(struct frames *f, th_node n, int64_t from, int64_t to)
{
    const struct fr_node *r = &f->nodes[n];
    const th_value old = th_node_output(f->g, n, 0);
    struct fr_value *out = &f->values[old];
    const struct th_inst *c = th_frames_part(f, n, from, to);
    th_value *in = TH_NEW_ARRAY(f->arena, th_value, (size_t)r->inst->n_in + 1);
    if (!c || !in)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < c->n_in; i++) {
        const th_value v = th_node_input(f->g, n, i);
        int64_t lo, hi;
        in[i] = v;
        if (!v || !r->in[i].timed)
            continue;
        const struct fr_value *x = &f->values[v];
        th_frames_rows(r, i, from, to, &lo, &hi);
        TH_TRY(rows(f, v, th_clamp_i64(lo, 0, x->type.dims[x->axis]),
                    th_clamp_i64(hi, 0, x->type.dims[x->axis]), n, &in[i]));
    }
    if (copies(c)) {
        out->made = in[0];
        return TH_OK;
    }
    const char *name = th_value_name(f->g, old);
    const struct th_node_desc d = {
        .op = c->op->name, .contract = th_node_contract(f->g, n), .in = in, .n_in = c->n_in,
        .attrs = c->attrs->list, .n_attrs = c->attrs->n, .out = c->out, .n_out = 1,
        .out_names = *name ? &name : NULL, .loc = *th_node_loc(f->g, n), .before = n};
    return th_graph_add_node_nofold(f->g, &d, NULL, &out->made);
}

/* Every row is computed, of every row of the operands. */
static bool whole(const struct frames *f, th_node n, int64_t from, int64_t to)
{
    const struct fr_node *r = &f->nodes[n];
    const struct fr_value *out = &f->values[th_node_output(f->g, n, 0)];
    if (from > 0 || to < out->type.dims[out->axis])
        return false;
    for (uint32_t i = 0; i < r->inst->n_in && !r->entire; i++) {
        const struct fr_value *x = &f->values[th_node_input(f->g, n, i)];
        int64_t lo, hi;
        if (!r->in[i].timed)
            continue;
        th_frames_rows(r, i, from, to, &lo, &hi);
        if (lo > 0 || hi < x->type.dims[x->axis])
            return false;
    }
    return true;
}

static enum th_status rewrite_node(struct frames *f, th_node n, th_node next)
{
    const struct fr_node *r = &f->nodes[n];
    const th_value old = th_node_output(f->g, n, 0);
    struct fr_value *out = &f->values[old];
    int64_t from, to;
    if (!r->timed)
        return TH_OK;
    if (!r->uniform)
        return rewire(f, n);
    if (out->lo == out->hi)
        return TH_OK;
    th_frames_computed(r, out, &from, &to);
    out->made_lo = from;
    if (whole(f, n, from, to)) {
        TH_TRY(rewire(f, n));
        out->made = old;
    } else {
        TH_TRY(compute(f, n, from, to));
    }
    return keep(f, old, n, next);
}

/* An output that was made elsewhere, or that is an input by now, keeps its name. */
static enum th_status outputs(struct frames *f)
{
    for (uint32_t i = 0; i < th_graph_output_count(f->g); i++) {
        const th_value old = th_graph_output(f->g, i);
        const struct fr_value *v = &f->values[old];
        th_value now;
        if (v->axis < 0)
            continue;
        TH_TRY(rows(f, old, 0, v->type.dims[v->axis], 0, &now));
        if (now != old)
            th_graph_set_output(f->g, i, now);
    }
    return TH_OK;
}

enum th_status th_frames_rewrite(struct frames *f)
{
    struct fr_value *x = &f->values[f->input];
    const struct th_type t = with_rows(x, f->hop);
    const th_node first = th_graph_first(f->g);
    th_value_set_type(f->g, f->input, &t);
    x->made = f->input;
    x->made_lo = f->window - f->hop;
    TH_TRY(keep(f, f->input, 0, first));
    for (th_node n = first, next; n; n = next) {
        next = th_graph_next(f->g, n);
        TH_TRY(rewrite_node(f, n, next));
    }
    TH_TRY(outputs(f));
    th_graph_sweep(f->g);
    return TH_OK;
}
