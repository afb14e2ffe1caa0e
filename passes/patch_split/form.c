/* SPDX-License-Identifier: Apache-2.0 */
/* A group of nodes becomes one tile loop. */
#include "passes/patch_split/slices.h"

/* Where a node of the group's range goes. */
enum fate { INSIDE, BEFORE, AFTER };

struct forming {
    struct th_pass_ctx *pc;
    struct th_arena *arena;
    struct th_graph *g;
    const struct th_split_group *group;
    bool given, quiet;           /* what is wrong is an error; nothing is said */
    th_node *nodes;              /* of the function, as it was */
    uint32_t n_nodes;
    uint32_t *index;             /* by node id: place in the function */
    struct th_tile_node *about;  /* of each node in the range */
    enum fate *fate;
    /* the body */
    struct th_graph *body;
    th_value *inside;            /* by value of the function: the body's, or 0 */
    th_value *params, *results;  /* values of the function */
    uint32_t n_params, n_results;
};

static void refuse(struct forming *f, uint32_t i, const char *why)
{
    struct th_loc loc = *th_node_loc(f->g, f->nodes[i]);
    struct th_str s;
    if (f->quiet)
        return;
    if (!loc.op)
        loc.op = th_node_op_name(f->g, f->nodes[i]);
    th_str_init(&s);
    th_split_print(f->group, &s);
    if (f->given)
        th_error(th_pass_ctx(f->pc), &loc, 4010, "node %u of group '%s' %s", i, s.s, why);
    else
        th_pass_remark(f->pc, "node %u of group '%s' %s", i, s.s, why);
    th_str_release(&s);
}

/* ---- can it be formed? ----------------------------------------------------------------------- */
static bool in_range(const struct forming *f, th_node n)
{
    return n && f->index[n] >= f->group->first && f->index[n] <= f->group->last;
}

static enum fate *fate_of(const struct forming *f, th_node n)
{
    return &f->fate[f->index[n] - f->group->first];
}

static bool is_view(const struct forming *f, uint32_t i)
{
    return th_node_op(f->g, f->nodes[i])->traits & TH_TRAIT_VIEW;
}

/* A view moves out in front when its operand comes from there, else behind if all its uses do. */
static void move_views_out(struct forming *f)
{
    for (uint32_t i = f->group->first; i <= f->group->last; i++) {
        const th_node from = th_value_def(f->g, th_node_input(f->g, f->nodes[i], 0));
        if (is_view(f, i) && (!in_range(f, from) || *fate_of(f, from) == BEFORE))
            *fate_of(f, f->nodes[i]) = BEFORE;
    }
    for (uint32_t i = f->group->last + 1; i-- > f->group->first;) {
        const th_value v = th_node_output(f->g, f->nodes[i], 0);
        bool after = is_view(f, i) && *fate_of(f, f->nodes[i]) == INSIDE;
        for (uint32_t u = 0; after && u < th_value_user_count(f->g, v); u++) {
            const th_node n = th_value_user(f->g, v, u);
            after = !in_range(f, n) || *fate_of(f, n) == AFTER;
        }
        if (after)
            *fate_of(f, f->nodes[i]) = AFTER;
    }
}

static uint32_t stage_of(const struct th_split_group *g, uint32_t i)
{
    uint32_t s = 0;
    while (s + 1 < g->n_stages && i > g->stages[s].last)
        s++;
    return s;
}

static bool used_outside(const struct forming *f, th_value v)
{
    if (th_value_is_output(f->g, v))
        return true;
    for (uint32_t u = 0; u < th_value_user_count(f->g, v); u++) {
        const th_node n = th_value_user(f->g, v, u);
        if (!in_range(f, n) || *fate_of(f, n) != INSIDE)
            return true;
    }
    return false;
}

/* What one operand, made by node m of the same group, forbids. */
static const char *operand_refused(const struct forming *f, uint32_t i, uint32_t m, bool whole)
{
    const struct th_split_group *g = f->group;
    if (f->fate[m - g->first] == AFTER)
        return "reads a view that cannot move out of the group";
    if (f->about[m - g->first].form == TH_TILE_REDUCE)
        return "reads a result that is complete only when the group is";
    if (whole)
        return "wants all of a result that the group makes piece by piece";
    if (g->mode == TH_TILE_STRIPS && stage_of(g, m) != stage_of(g, i) &&
        m != g->stages[stage_of(g, m)].last)
        return "reads a result inside another stage; only the last one of a stage is kept in rows";
    return NULL;
}

static const char *node_refused(struct forming *f, uint32_t i)
{
    struct th_tile_node *about = &f->about[i - f->group->first];
    const char *why;
    if (is_view(f, i))
        return "is a view between two nodes of the group: it would need the whole value";
    if (!th_tile_describe(f->g, f->nodes[i], f->arena, about, &why))
        return th_arena_printf(f->arena, "cannot run in pieces: %s", why);
    if (about->form == TH_TILE_REDUCE && i != f->group->last)
        return "accumulates: it must be the last of its group";
    for (uint32_t p = 0; p < about->n_in; p++) {
        const th_value v = about->in[p].value;
        const th_node from = v ? th_value_def(f->g, v) : 0;
        if (!in_range(f, from) || *fate_of(f, from) == BEFORE)
            continue;
        why = operand_refused(f, i, f->index[from], about->in[p].whole);
        if (why)
            return why;
    }
    if (f->group->mode == TH_TILE_STRIPS && i != f->group->last && used_outside(f, about->out))
        return "is wanted outside of the group; strips have one result, the last node's";
    return NULL;
}

static bool check_stages(struct forming *f)
{
    const struct th_split_group *g = f->group;
    const char *why = NULL;
    for (uint32_t s = 0; s < g->n_stages && !why; s++) {
        const uint32_t last = g->stages[s].last;
        if (g->stages[s].rows < 1)
            why = th_arena_printf(f->arena, "ends a stage without rows");
        else if (g->stages[s].less >= g->stages[s].rows)
            why = th_arena_printf(f->arena, "ends a stage whose first strip, %lld of %lld rows "
                                  "less, has none", (long long)g->stages[s].less,
                                  (long long)g->stages[s].rows);
        if (last < (s ? g->stages[s - 1].last + 1 : g->first) || last > g->last)
            why = th_arena_printf(f->arena, "must begin or go on with a stage, but stage %u ends "
                                  "with node %u", s, last);
        else if (f->fate[last - g->first] != INSIDE)
            why = th_arena_printf(f->arena, "must not end stage %u: it is a view", s);
        if (why)
            refuse(f, s ? g->stages[s - 1].last + 1 : g->first, why);
    }
    if (!why && g->mode == TH_TILE_STRIPS && g->stages[g->n_stages - 1].last != g->last)
        refuse(f, g->last, why = "belongs to no stage");
    return !why;
}

/* One operator in place of three, and no loop: nothing is asked of their pieces. */
static bool check_slices(struct forming *f)
{
    const struct th_split_group *g = f->group;
    const char *why = "does not end a group of three nodes";
    th_node found[3];
    if (g->last - g->first == 2 &&
        th_split_slices_inst(f->g, f->nodes[g->last], f->arena, found, &why)) {
        why = NULL;
        for (uint32_t i = 0; i < 3; i++)
            if (found[i] != f->nodes[g->first + i])
                why = "does not follow the nodes that it reads";
    }
    if (why)
        refuse(f, g->last, why);
    return !why;
}

static bool check_group(struct forming *f)
{
    const struct th_split_group *g = f->group;
    bool ok = true;
    if (g->first > g->last || g->last >= f->n_nodes) {
        struct th_str s;
        th_str_init(&s);
        th_split_print(g, &s);
        th_error(th_pass_ctx(f->pc), NULL, 4010, "group '%s': function '%s' has nodes 0 to %lld",
                 s.s, th_graph_name(f->g), (long long)f->n_nodes - 1);
        th_str_release(&s);
        return false;
    }
    if (g->slices)
        return check_slices(f);
    const size_t n = g->last - g->first + 1;
    f->about = TH_NEW_ARRAY(f->arena, struct th_tile_node, n);
    f->fate = TH_NEW_ARRAY(f->arena, enum fate, n);
    if (!f->about || !f->fate)
        return false;
    move_views_out(f);
    for (uint32_t i = g->first; i <= g->last; i++) {
        const char *why = f->fate[i - g->first] == INSIDE ? node_refused(f, i) : NULL;
        if (why)
            refuse(f, i, why);
        ok &= !why;
    }
    if (f->fate[n - 1] != INSIDE) {
        refuse(f, g->last, "is a view: a group ends with a node that computes");
        ok = false;
    }
    return check_stages(f) && ok;
}

/* ---- the body -------------------------------------------------------------------------------- */
/* The body's value for an operand of the function's. */
static th_value enter_value(struct forming *f, th_value v)
{
    if (!v || f->inside[v])
        return v ? f->inside[v] : 0;
    const struct th_type *t = th_value_type(f->g, v);
    float lo, hi;
    if (th_value_is_const(f->g, v)) {
        f->inside[v] = th_graph_add_const(f->body, th_value_name(f->g, v), t,
                                          th_blob_ref(th_value_blob(f->g, v)));
    } else {
        f->inside[v] = th_graph_add_input(f->body, th_value_name(f->g, v), t);
        f->params[f->n_params++] = v;
        if (th_value_range(f->g, v, &lo, &hi))
            th_value_set_range(f->body, f->inside[v], lo, hi);
    }
    return f->inside[v];
}

static enum th_status copy_node(struct forming *f, th_node n)
{
    const uint32_t n_in = th_node_input_count(f->g, n);
    const struct th_attrs *attrs = th_node_attrs(f->g, n);
    const th_value old = th_node_output(f->g, n, 0);
    const struct th_type type = *th_value_type(f->g, old);
    const char *name = th_value_name(f->g, old);
    th_value *in = TH_NEW_ARRAY(f->arena, th_value, (size_t)n_in + 1), fresh;
    float lo, hi;
    if (!in)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n_in; i++)
        if ((in[i] = enter_value(f, th_node_input(f->g, n, i))) == 0 && th_node_input(f->g, n, i))
            return TH_ERR_INTERNAL;
    const struct th_node_desc d = {
        .op = th_node_op_name(f->g, n), .contract = th_node_contract(f->g, n), .in = in,
        .n_in = n_in, .attrs = attrs->list, .n_attrs = attrs->n, .out = &type,
        .out_names = &name, .n_out = 1, .loc = *th_node_loc(f->g, n)};
    TH_TRY(th_graph_add_node_nofold(f->body, &d, NULL, &fresh));
    if (th_value_range(f->g, old, &lo, &hi))
        th_value_set_range(f->body, fresh, lo, hi);
    f->inside[old] = fresh;
    return TH_OK;
}

static enum th_status make_body(struct forming *f)
{
    const size_t values = th_graph_value_limit(f->g);
    f->inside = TH_NEW_ARRAY(f->arena, th_value, values + 1);
    f->params = TH_NEW_ARRAY(f->arena, th_value, values + 1);
    f->results = TH_NEW_ARRAY(f->arena, th_value, values + 1);
    f->body = th_program_add_body(th_graph_program(f->g), "tiles");
    if (!f->inside || !f->params || !f->results || !f->body)
        return TH_ERR_INTERNAL;
    for (uint32_t i = f->group->first; i <= f->group->last; i++) {
        if (f->fate[i - f->group->first] != INSIDE)
            continue;
        TH_TRY(copy_node(f, f->nodes[i]));
        const th_value v = th_node_output(f->g, f->nodes[i], 0);
        if (!used_outside(f, v))
            continue;
        TH_TRY(th_graph_add_output(f->body, th_value_name(f->g, v), f->inside[v]));
        f->results[f->n_results++] = v;
    }
    return TH_OK;
}

/* ---- the loop -------------------------------------------------------------------------------- */
/* Attributes of each node: what is kept is found by th_tile_fit, until then everything is. */
struct columns {
    int64_t *run, *slots, *tail_rows, *tail_cols, *stage, *strip_rows, *strip_cols, *strip_less;
    bool shifted;        /* some strip_less is not 0 */
    uint32_t n, n_stages;
};

static bool make_columns(struct forming *f, struct columns *c)
{
    const struct th_split_group *g = f->group;
    const size_t n = g->last - g->first + 1, stages = g->n_stages ? g->n_stages : 1;
    int64_t *all = TH_NEW_ARRAY(f->arena, int64_t, 5 * n + 3 * stages);
    if (!all)
        return false;
    *c = (struct columns){all, all + n, all + 2 * n, all + 3 * n, all + 4 * n, all + 5 * n,
                          all + 5 * n + stages, all + 5 * n + 2 * stages, false, 0,
                          (uint32_t)stages};
    for (uint32_t i = g->first; i <= g->last; i++) {
        const struct th_tile_node *a = &f->about[i - g->first];
        if (f->fate[i - g->first] != INSIDE)
            continue;
        c->stage[c->n] = stage_of(g, i);
        const bool tiles = g->mode == TH_TILE_STRIPS && g->stages[c->stage[c->n]].cols;
        c->run[c->n] = tiles ? 1 : g->run < 1 || g->run > a->w ? a->w : g->run;
        c->tail_rows[c->n] = a->form == TH_TILE_REDUCE ? 0 : a->h;
        c->tail_cols[c->n++] = a->form == TH_TILE_REDUCE ? 0 : a->w;
    }
    for (uint32_t s = 0; s < g->n_stages; s++) {
        c->strip_rows[s] = g->stages[s].rows;
        c->strip_cols[s] = g->stages[s].cols;
        c->strip_less[s] = g->stages[s].less;
        c->shifted |= g->stages[s].less > 0;
    }
    return true;
}

static enum th_status add_loop(struct forming *f, const struct columns *c, th_node next,
                               th_node *loop, th_value *out)
{
    const struct th_attr attrs[] = {
        {.name = "mode", .kind = TH_ATTR_ENUM, .v.i = f->group->mode},
        {.name = "run", .kind = TH_ATTR_INTS, .n = c->n, .v.ints = c->run},
        {.name = "slots", .kind = TH_ATTR_INTS, .n = c->n, .v.ints = c->slots},
        {.name = "tail_rows", .kind = TH_ATTR_INTS, .n = c->n, .v.ints = c->tail_rows},
        {.name = "tail_cols", .kind = TH_ATTR_INTS, .n = c->n, .v.ints = c->tail_cols},
        {.name = "stage", .kind = TH_ATTR_INTS, .n = c->n, .v.ints = c->stage},
        {.name = "strip_rows", .kind = TH_ATTR_INTS, .n = c->n_stages, .v.ints = c->strip_rows},
        {.name = "strip_cols", .kind = TH_ATTR_INTS, .n = c->n_stages, .v.ints = c->strip_cols},
        {.name = "strip_less", .kind = TH_ATTR_INTS, .n = c->n_stages, .v.ints = c->strip_less}};
    const char **names = TH_NEW_ARRAY(f->arena, const char *, (size_t)f->n_results + 1);
    struct th_loc loc = *th_node_loc(f->g, f->nodes[f->group->last]);
    if (!names)
        return TH_ERR_INTERNAL;
    loc.op = NULL;
    for (uint32_t i = 0; i < f->n_results; i++)
        names[i] = th_value_name(f->g, f->results[i]);
    const struct th_node_desc d = {
        .op = "tile_loop", .in = f->params, .n_in = f->n_params, .attrs = attrs,
        .n_attrs = TH_ARRAY_LEN(attrs) - !c->shifted, .bodies = &f->body, .n_bodies = 1,
        .out_names = names, .n_out = f->n_results, .loc = loc, .before = next};
    return th_graph_add_node_nofold(f->g, &d, loop, out);
}

static enum th_status fit(struct forming *f, const struct columns *c, th_node loop)
{
    struct th_tile t;
    TH_TRY(th_tile_read(f->g, loop, f->arena, &t));
    TH_TRY(th_tile_fit(&t, f->arena));
    for (uint32_t i = 0; i < c->n; i++) {
        c->slots[i] = t.nodes[i].slots;
        c->tail_rows[i] = t.nodes[i].tail_rows;
        c->tail_cols[i] = t.nodes[i].tail_cols;
    }
    TH_TRY(th_node_set_attr_ints(f->g, loop, "slots", c->n, c->slots));
    TH_TRY(th_node_set_attr_ints(f->g, loop, "tail_rows", c->n, c->tail_rows));
    return th_node_set_attr_ints(f->g, loop, "tail_cols", c->n, c->tail_cols);
}

static enum th_status form_group(struct forming *f)
{
    const struct th_split_group *g = f->group;
    const th_node next = th_graph_next(f->g, f->nodes[g->last]);
    struct columns c;
    th_node loop;
    TH_TRY(make_body(f));
    if (f->n_results > TH_MAX_OUTPUTS) {
        refuse(f, g->last, "ends a group with too many results");
        return TH_ERR_TARGET;
    }
    th_value out[TH_MAX_OUTPUTS];
    if (!make_columns(f, &c))
        return TH_ERR_INTERNAL;
    TH_TRY(add_loop(f, &c, next, &loop, out));
    for (uint32_t i = 0; i < f->n_results; i++)
        th_value_replace(f->g, f->results[i], out[i]);
    for (uint32_t i = g->first; i <= g->last; i++)
        if (f->fate[i - g->first] == AFTER)
            th_graph_move(f->g, f->nodes[i], next);
    for (uint32_t i = g->last + 1; i-- > g->first;)
        if (f->fate[i - g->first] == INSIDE)
            th_graph_remove(f->g, f->nodes[i]);
    return fit(f, &c, loop);
}

/* `more` nodes will be added. */
static bool number_nodes(struct forming *f, uint32_t more)
{
    const uint32_t limit = th_graph_node_limit(f->g) + more;
    uint32_t at = 0;
    f->n_nodes = th_graph_node_count(f->g);
    f->nodes = TH_NEW_ARRAY(f->arena, th_node, (size_t)f->n_nodes + 1);
    f->index = TH_NEW_ARRAY(f->arena, uint32_t, (size_t)limit + 1);
    if (!f->nodes || !f->index)
        return false;
    for (uint32_t i = 0; i <= limit; i++)
        f->index[i] = UINT32_MAX;
    for (th_node i = th_graph_first(f->g); i; i = th_graph_next(f->g, i), at++) {
        f->nodes[at] = i;
        f->index[i] = at;
    }
    return true;
}

bool th_split_possible(struct th_pass_ctx *pc, struct th_graph *g, const struct th_split_group *group)
{
    struct forming f = {.pc = pc, .arena = th_pass_arena(pc), .g = g, .group = group,
                        .quiet = true};
    return number_nodes(&f, 0) && check_group(&f);
}

enum th_status th_split_form(struct th_pass_ctx *pc, struct th_graph *g,
                             const struct th_split_list *l, uint32_t function, bool given)
{
    struct th_arena *arena = th_pass_arena(pc);
    struct forming *all = TH_NEW_ARRAY(arena, struct forming, (size_t)l->n + 1);
    struct forming f = {.pc = pc, .arena = arena, .g = g, .given = given};
    bool ok = true;
    if (!all || !number_nodes(&f, l->n))      /* each group adds a node */
        return TH_ERR_INTERNAL;
    const struct th_split_group *before = NULL;
    for (uint32_t i = 0; i < l->n; i++) {
        if (l->groups[i].function != function)
            continue;
        all[i] = f;
        all[i].group = &l->groups[i];
        if (!check_group(&all[i])) {
            ok &= !given;
            all[i].group = NULL;
            continue;
        }
        if (before && l->groups[i].first <= before->last) {
            refuse(&all[i], l->groups[i].first, "belongs to a group before it, or that one comes "
                   "later in the program");
            ok = false;
        }
        before = &l->groups[i];
    }
    /* from the end, so that places in the function stay what they were */
    for (uint32_t i = l->n; ok && i-- > 0;)
        if (all[i].group && all[i].group->planes)
            th_node_note(g, f.nodes[all[i].group->first])->order = TH_ORDER_PLANES;
        else if (all[i].group && all[i].group->slices)
            TH_TRY(th_split_slices_form(g, f.nodes[all[i].group->last], arena));
        else if (all[i].group)
            TH_TRY(form_group(&all[i]));
    return ok ? TH_OK : TH_ERR_TARGET;
}
