/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which values become one class. Views, and values that only cross the border of a body, show the
 * same bytes: they always may. Results that replace a parameter or a state variable may when the
 * old contents are not wanted from the moment the result is computed.
 */
#include "passes/storage.h"

/* The caller's memory holds one input or output each, is no variable, and ends with its last byte:
 * a value that a kernel reads beyond its end must lie elsewhere, and be copied. */
static bool caller_apart(const struct th_layout_class *x, const struct th_layout_class *y)
{
    return (x->caller || y->caller) && ((x->caller && y->caller) || x->state || y->state ||
                                        x->slack > 0 || y->slack > 0);
}

bool th_layout_join(struct th_layout *l, uint32_t a, uint32_t b)
{
    a = th_layout_class(l, a);
    b = th_layout_class(l, b);
    struct th_layout_class *x = &l->classes[a], *y = &l->classes[b];
    if (a == b)
        return true;
    if (x->first < 0 || y->first < 0 || x->bytes != y->bytes || (x->state && y->state) ||
        caller_apart(x, y))
        return false;
    if (y->first < x->first)
        x->first = y->first;
    if (y->last > x->last)
        x->last = y->last;
    if (y->align > x->align)
        x->align = y->align;
    if (y->slack > x->slack)
        x->slack = y->slack;
    if (y->need > x->need)
        x->need = y->need;
    x->state |= y->state;
    x->caller |= y->caller;
    x->given |= y->given;
    x->outside |= y->outside;
    l->values[b].klass = a;
    return true;
}

static struct th_layout_class *class_of(const struct th_layout *l, uint32_t value)
{
    return &l->classes[th_layout_class(l, value)];
}

static bool below(const struct th_layout *l, const struct th_layout_graph *g,
                  const struct th_layout_graph *top)
{
    for (; g != top; g = &l->graphs[g->parent])
        if (g->parent < 0)
            return false;
    return true;
}

/* Last step inside `top` in which a value of the class is used; -1: never. */
static int32_t last_use_inside(const struct th_layout *l, const struct th_layout_graph *top,
                               uint32_t klass)
{
    int32_t last = -1;
    for (uint32_t i = 0; i < l->state_base; i++) {
        const struct th_layout_value *v = &l->values[i];
        if (v->first < 0 || th_layout_class(l, i) != klass || !below(l, v->in, top))
            continue;
        /* a parameter's own lifetime is the loop's: only its uses count */
        if (v->in == top && th_value_is_input(top->graph, v->value)) {
            for (uint32_t u = 0; u < th_value_user_count(top->graph, v->value); u++) {
                th_node n = th_value_user(top->graph, v->value, u);
                if (top->spans[n].enter > last)
                    last = top->spans[n].enter;
            }
            if (th_value_is_output(top->graph, v->value))
                last = top->last;
        } else if (v->last > last) {
            last = v->last;
        }
    }
    return last;
}

/* Every operand of node n whose class is `in` may lie exactly where class `out` is written. */
static bool replaces_at(const struct th_layout *l, const struct th_layout_graph *r, th_node n,
                        uint32_t in, uint32_t out)
{
    for (uint32_t i = 0; i < th_node_input_count(r->graph, n); i++) {
        th_value v = th_node_input(r->graph, n, i);
        bool found = false;
        if (!v || th_layout_class(l, r->base + v) != in)
            continue;
        for (uint32_t k = 0; k < th_graph_share_count(r->graph) && !found; k++) {
            const struct th_share *s = th_graph_share(r->graph, k);
            found = s->in == v && !s->state && s->distance == 0 &&
                    th_value_def(r->graph, s->out) == n &&
                    th_layout_class(l, r->base + s->out) == out;
        }
        if (!found)
            return false;
    }
    return true;
}

/* New contents, computed as class `fresh` in graph r, may be made in the storage of class `old`:
 * the old contents are last used at `last_use`. */
static bool may_replace(const struct th_layout *l, const struct th_layout_graph *r,
                        uint32_t fresh, uint32_t old, int32_t last_use)
{
    const struct th_layout_class *f = &l->classes[fresh];
    if (f->outside || f->state || f->first < r->first || last_use > f->first)
        return false;
    if (last_use < f->first)
        return true;
    for (th_node n = th_graph_first(r->graph); n; n = th_graph_next(r->graph, n))
        if (r->spans[n].enter == f->first && r->spans[n].exit == f->first)
            return replaces_at(l, r, n, old, fresh);
    return false;
}

/* Joins what border crossings allow, but nothing that lies in a state variable: there the value
 * was admitted for its own lifetime only. What is joined here is written: no input of the
 * caller's. */
static void join_transient(struct th_layout *l, uint32_t a, uint32_t b)
{
    if (!class_of(l, a)->state && !class_of(l, b)->state && !class_of(l, a)->given &&
        !class_of(l, b)->given)
        (void)th_layout_join(l, a, b);
}

/* ---- regions ------------------------------------------------------------------------------- */
static void merge_loop(struct th_layout *l, struct th_layout_graph *r, th_node n)
{
    uint32_t bodies = th_node_body_count(r->graph, n);
    struct th_layout_graph *body = th_layout_body(l, th_node_body(r->graph, n, bodies - 1));
    struct th_layout_graph *cond =
        bodies > 1 ? th_layout_body(l, th_node_body(r->graph, n, 0)) : NULL;
    for (uint32_t i = 0; i < th_graph_input_count(body->graph); i++) {
        uint32_t param = body->base + th_graph_input(body->graph, i);
        th_value in = th_node_input(r->graph, n, i);
        if (cond)
            join_transient(l, param, cond->base + th_graph_input(cond->graph, i));
        uint32_t fresh = body->base + th_graph_output(body->graph, i);
        uint32_t old = th_layout_class(l, param);
        if (th_layout_class(l, fresh) != old && l->values[fresh].first >= 0 &&
            may_replace(l, body, th_layout_class(l, fresh), old, last_use_inside(l, body, old)))
            join_transient(l, param, fresh);
        if (i < th_node_output_count(r->graph, n))
            join_transient(l, param, r->base + th_node_output(r->graph, n, i));
        /* an operand that dies here is the parameter's first contents */
        const struct th_layout_class *c = in ? class_of(l, r->base + in) : NULL;
        if (c && c->first >= 0 && !c->state && c->last <= r->spans[n].enter)
            join_transient(l, param, r->base + in);
    }
}

static void merge_operands(struct th_layout *l, struct th_layout_graph *r, th_node n,
                           uint32_t first_operand)
{
    for (uint32_t b = 0; b < th_node_body_count(r->graph, n); b++) {
        struct th_layout_graph *body = th_layout_body(l, th_node_body(r->graph, n, b));
        for (uint32_t i = 0; i < th_graph_input_count(body->graph); i++) {
            th_value in = th_node_input(r->graph, n, i + first_operand);
            if (in)
                (void)th_layout_join(l, r->base + in,
                                     body->base + th_graph_input(body->graph, i));
        }
    }
}

/* Results of both branches are made where the node's output lies. */
static void merge_results(struct th_layout *l, struct th_layout_graph *r, th_node n)
{
    for (uint32_t b = 0; b < th_node_body_count(r->graph, n); b++) {
        struct th_layout_graph *body = th_layout_body(l, th_node_body(r->graph, n, b));
        for (uint32_t i = 0; i < th_graph_output_count(body->graph); i++) {
            uint32_t result = th_layout_class(l, body->base + th_graph_output(body->graph, i));
            const struct th_layout_class *c = &l->classes[result];
            if (c->first >= body->first && c->last <= body->last && !c->outside && !c->state)
                join_transient(l, r->base + th_node_output(r->graph, n, i), result);
        }
    }
}

/* Results of a tile loop are made, piece by piece, where they lie. */
static void merge_tile_results(struct th_layout *l, struct th_layout_graph *r, th_node n)
{
    struct th_layout_graph *body = th_layout_body(l, th_node_body(r->graph, n, 0));
    for (uint32_t i = 0; i < th_graph_output_count(body->graph); i++)
        (void)th_layout_join(l, r->base + th_node_output(r->graph, n, i),
                             body->base + th_graph_output(body->graph, i));
}

static void merge_regions(struct th_layout *l, struct th_layout_graph *r, bool results)
{
    for (th_node n = th_graph_first(r->graph); n; n = th_graph_next(r->graph, n)) {
        switch (th_node_op(r->graph, n)->region) {
        case TH_REGION_LOOP:
            if (results)
                merge_loop(l, r, n);
            break;
        case TH_REGION_IF:
            if (results)
                merge_results(l, r, n);
            else
                merge_operands(l, r, n, 1);
            break;
        case TH_REGION_TILE_LOOP:
            if (!results) {
                merge_operands(l, r, n, 0);
                merge_tile_results(l, r, n);
            }
            break;
        default:
            break;
        }
    }
}

/* ---- views and state ----------------------------------------------------------------------- */
static void merge_views(struct th_layout *l, struct th_layout_graph *r)
{
    for (uint32_t k = 0; k < th_graph_share_count(r->graph); k++) {
        const struct th_share *s = th_graph_share(r->graph, k);
        if (s->exact)
            (void)th_layout_join(l, r->base + s->out, r->base + s->in);
    }
}

/* A result that must lie exactly where its operand lies, if that dies there. */
static void merge_same(struct th_layout *l, struct th_layout_graph *r)
{
    for (uint32_t k = 0; k < th_graph_share_count(r->graph); k++) {
        const struct th_share *s = th_graph_share(r->graph, k);
        const th_node made = s->same ? th_value_def(r->graph, s->out) : 0;
        if (!made || l->values[r->base + s->in].first < 0)
            continue;
        const struct th_layout_class *in = class_of(l, r->base + s->in);
        const struct th_layout_class *out = class_of(l, r->base + s->out);
        const int32_t step = r->spans[made].enter;
        if (in != out && !in->state && !out->state && !in->given && in->last == step &&
            out->first == step)
            (void)th_layout_join(l, r->base + s->in, r->base + s->out);
    }
}

static bool touches(const struct th_graph *g, th_node n, th_state s, bool *write)
{
    uint32_t traits = th_node_op(g, n)->traits;
    if (!(traits & (TH_TRAIT_STATE_READ | TH_TRAIT_STATE_WRITE)) ||
        (th_state)th_attr_int(th_node_attrs(g, n), "state", 0) != s)
        return false;
    *write = traits & TH_TRAIT_STATE_WRITE;
    return true;
}

/* Where a variable is used: the graph if only one does, how often it is written. */
struct accesses {
    struct th_layout_graph *only;
    uint32_t graphs, writes;
};

static struct accesses find_accesses(struct th_layout *l, th_state s)
{
    struct accesses a = {NULL, 0, 0};
    for (uint32_t k = 0; k < l->n_graphs; k++) {
        struct th_layout_graph *r = &l->graphs[k];
        bool write = false, here = false;
        for (th_node n = th_graph_first(r->graph); n; n = th_graph_next(r->graph, n)) {
            if (!touches(r->graph, n, s, &write))
                continue;
            here = true;
            a.writes += write;
        }
        if (here) {
            a.graphs++;
            a.only = r;
        }
    }
    return a;
}

static void read_in_place(struct th_layout *l, struct th_layout_graph *r, th_node n, th_state s)
{
    uint32_t v = r->base + th_node_output(r->graph, n, 0);
    if (l->values[v].first >= 0)
        (void)th_layout_join(l, l->state_base + s - 1, v);
}

/* One write in one graph: the value may be computed in the variable when everything read before
 * is used up by then. Reads share the variable's storage as long as it does not change. */
static void merge_single_write(struct th_layout *l, struct th_layout_graph *r, th_state s)
{
    bool write = false;
    int32_t stored = -1, change = -1, wanted = -1, earlier = -1;
    th_value value = 0;
    for (th_node n = th_graph_first(r->graph); n; n = th_graph_next(r->graph, n))
        if (touches(r->graph, n, s, &write) && write) {
            stored = r->spans[n].enter;
            value = th_node_input(r->graph, n, 0);
        }
    bool proposed = false;
    for (uint32_t k = 0; k < th_graph_share_count(r->graph); k++)
        proposed |= th_graph_share(r->graph, k)->state == s &&
                    th_graph_share(r->graph, k)->out == value;
    uint32_t fresh = th_layout_class(l, r->base + value);
    change = l->classes[fresh].first;
    uint32_t old = l->state_base + s - 1;
    for (th_node n = th_graph_first(r->graph); n; n = th_graph_next(r->graph, n)) {
        if (!touches(r->graph, n, s, &write) || write || r->spans[n].enter > stored)
            continue;
        uint32_t v = r->base + th_node_output(r->graph, n, 0);
        uint32_t c = th_layout_class(l, v);
        if (r->spans[n].enter > earlier)
            earlier = r->spans[n].enter;
        if (l->classes[c].outside || l->classes[c].state || c == fresh)
            continue;
        if (l->classes[c].last <= stored) {
            if (l->classes[c].last > wanted)
                wanted = l->classes[c].last;
            read_in_place(l, r, n, s);
        }
    }
    bool replace = proposed && fresh != th_layout_class(l, old) && change > earlier &&
                   may_replace(l, r, fresh, th_layout_class(l, old), wanted);
    if (replace)
        (void)th_layout_join(l, old, fresh);
    for (th_node n = th_graph_first(r->graph); n; n = th_graph_next(r->graph, n))
        if (touches(r->graph, n, s, &write) && !write && r->spans[n].enter > stored)
            read_in_place(l, r, n, s);
}

static void merge_state(struct th_layout *l, th_state s)
{
    struct accesses a = find_accesses(l, s);
    bool write;
    if (a.graphs == 1 && a.writes == 1) {
        merge_single_write(l, a.only, s);
        return;
    }
    if (a.writes)
        return;
    for (uint32_t k = 0; k < l->n_graphs; k++)
        for (th_node n = th_graph_first(l->graphs[k].graph); n;
             n = th_graph_next(l->graphs[k].graph, n))
            if (touches(l->graphs[k].graph, n, s, &write))
                read_in_place(l, &l->graphs[k], n, s);
}

enum th_status th_layout_merge(struct th_layout *l)
{
    for (uint32_t k = 0; k < l->n_graphs; k++)
        merge_views(l, &l->graphs[k]);
    for (uint32_t k = 0; k < l->n_graphs; k++)
        merge_regions(l, &l->graphs[k], false);
    for (th_state s = 1; s <= th_program_state_count(l->program); s++)
        merge_state(l, s);
    for (uint32_t k = 0; k < l->n_graphs; k++)
        merge_same(l, &l->graphs[k]);
    for (uint32_t k = l->n_graphs; k-- > 0;)
        merge_regions(l, &l->graphs[k], true);
    return TH_OK;
}
