/* SPDX-License-Identifier: Apache-2.0 */
#include "passes/layout/layout.h"

#include <string.h>

static int64_t perm_of(const struct th_graph *g, th_node transpose, int32_t i)
{
    return th_attr_ints(th_node_attrs(g, transpose), "perm", (uint32_t)i, i);
}

/* The permutation of all users of a value, which must be transposes. */
static bool all_transposes(const struct th_graph *g, th_value v, th_node *first)
{
    const uint32_t users = th_value_user_count(g, v);
    *first = users ? th_value_user(g, v, 0) : 0;
    if (!users || th_value_is_output(g, v))
        return false;
    for (uint32_t k = 0; k < users; k++) {
        const th_node n = th_value_user(g, v, k);
        if (!th_node_is(g, n, "transpose"))
            return false;
        for (int32_t i = 0; i < th_value_type(g, v)->rank; i++)
            if (perm_of(g, n, i) != perm_of(g, *first, i))
                return false;
    }
    return true;
}

/* ---- raising through what stands above ------------------------------------------------------- */
/* transpose(op(x)) becomes op'(transpose(x)); attributes of one entry an axis move along. */
static enum th_status raise(struct th_graph *g, const struct th_match *m, bool *done,
                            const char *const names[3])
{
    th_node t = m->node[0], n = m->node[1];
    const struct th_type *y = th_value_type(g, th_node_output(g, t, 0));
    th_value in[2] = {0, th_node_input_count(g, n) > 1 ? th_node_input(g, n, 1) : 0}, out;
    int64_t perm[TH_MAX_RANK], old[2][TH_MAX_RANK], entries[TH_MAX_RANK];
    th_node first;
    if (y->quant && y->quant->n > 1)
        return TH_OK;
    /* who needs it as it is keeps it: no node is doubled */
    if (*names && !all_transposes(g, th_node_output(g, n, 0), &first))
        return TH_OK;
    for (int32_t i = 0; i < y->rank; i++)
        perm[i] = perm_of(g, t, i);
    for (uint32_t k = 0; names[k]; k++) {
        for (int32_t i = 0; i < y->rank; i++)
            old[k][i] = th_attr_ints(th_node_attrs(g, n), names[k], (uint32_t)i, 0);
        for (int32_t i = 0; i < y->rank; i++)
            entries[i] = old[k][perm[i]];
        TH_TRY(th_node_set_attr_ints(g, n, names[k], (uint32_t)y->rank, entries));
    }
    struct th_attr attr = th_attr_of_ints("perm", perm, (uint32_t)y->rank);
    TH_TRY(th_insert_node(g, n, "transpose", &m->value[0], 1, &attr, 1, NULL, &in[0]));
    TH_TRY(th_insert_like(g, n, n, in, th_node_input_count(g, n), y, &out));
    for (uint32_t k = 0; names[k]; k++)       /* other transposes of it are not yet raised */
        TH_TRY(th_node_set_attr_ints(g, n, names[k], (uint32_t)y->rank, old[k]));
    th_supersede(g, t, out);
    *done = true;
    return TH_OK;
}

static enum th_status raise_pad(struct th_graph *g, const struct th_match *m, bool *done,
                                void *user)
{
    static const char *const names[3] = {"before", "after", NULL};
    (void)user;
    return raise(g, m, done, names);
}

static enum th_status raise_plain(struct th_graph *g, const struct th_match *m, bool *done,
                                  void *user)
{
    static const char *const none[3] = {NULL};
    (void)user;
    /* weights stay integers between a dequantize and their operator until qdq has seen them */
    if (th_node_input_count(g, m->node[1]) != 1 || th_value_is_const(g, m->value[0]))
        return TH_OK;
    return raise(g, m, done, none);
}

/* ---- inputs and outputs ---------------------------------------------------------------------- */
static enum th_status turn_input(struct th_graph *g, uint32_t i, struct th_arena *a, bool *done)
{
    const th_value v = th_graph_input(g, i);
    th_node first;
    if (!all_transposes(g, v, &first))
        return TH_OK;
    *done = true;
    return th_input_past_users(g, i, th_value_type(g, th_node_output(g, first, 0)), a);
}

/* The one operand of an elementwise node (or pad) that is as large as its result, when the others
 * are constants that can be turned along; else 0. */
#define TURN_ELEMENTS 4096
static th_value map_of(const struct th_graph *g, th_node n, uint32_t *port)
{
    const unsigned traits = th_node_op(g, n)->traits;
    const bool pads = th_node_is(g, n, "pad") || th_node_is(g, n, "mirror_pad");
    th_value map = 0;
    if (pads || !(traits & TH_TRAIT_ELEMENTWISE) || !(traits & TH_TRAIT_PURE) ||
        th_node_output_count(g, n) != 1)
        return pads ? th_node_input(g, n, 0) : 0;
    const struct th_type *y = th_value_type(g, th_node_output(g, n, 0));
    for (uint32_t i = 0; i < th_node_input_count(g, n); i++) {
        const th_value v = th_node_input(g, n, i);
        const struct th_type *t = v ? th_value_type(g, v) : NULL;
        if (!t || (th_value_is_const(g, v) && th_type_elems(t) == 1))
            continue;
        if (t->quant && t->quant->n > 1)
            return 0;
        if (th_value_is_const(g, v) && t->rank == y->rank && th_type_elems(t) <= TURN_ELEMENTS)
            continue;
        if (map || th_value_is_const(g, v) || !th_type_same_shape(t, y))
            return 0;
        map = v;
        *port = i;
    }
    return map;
}

/* Whether nothing but such operators stands between an input and v. */
static bool begins_with_input(const struct th_graph *g, th_value v)
{
    uint32_t port;
    while (v && !th_value_is_input(g, v))
        v = th_value_def(g, v) ? map_of(g, th_value_def(g, v), &port) : 0;
    return v != 0;
}

/* The same for whatever is elementwise; constants beside the map are turned. Only where transposes
 * may reach an input so, and no node is doubled: elsewhere they sink. */
static enum th_status raise_elementwise(struct th_graph *g, const struct th_match *m, bool *done,
                                        void *user)
{
    const th_node n = th_value_def(g, m->value[0]);
    const uint32_t n_in = n ? th_node_input_count(g, n) : 0;
    uint32_t map = 0;
    th_node t;
    if (!n_in || !all_transposes(g, m->value[0], &t) || !map_of(g, n, &map) ||
        !begins_with_input(g, th_node_input(g, n, map)))
        return TH_OK;
    const struct th_type *y = th_value_type(g, th_node_output(g, t, 0));
    const struct th_attr *perm = th_attr_find(th_node_attrs(g, t), "perm");
    th_value *in = TH_NEW_ARRAY(th_pass_arena(user), th_value, n_in), out;
    if (!in)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < n_in; i++) {
        in[i] = th_node_input(g, n, i);
        if (in[i] && (i == map || th_type_elems(th_value_type(g, in[i])) > 1))
            TH_TRY(th_insert_node(g, n, "transpose", &in[i], 1, perm, 1, NULL, &in[i]));
    }
    TH_TRY(th_insert_like(g, n, n, in, n_in, y, &out));
    for (uint32_t k = 0; k < th_value_user_count(g, m->value[0]); k++)
        th_supersede(g, th_value_user(g, m->value[0], k), out);
    *done = true;
    return TH_OK;
}

/* 0: as in the model, 1: channels last, -1: neither word. */
static int wanted(struct th_pass_ctx *pc, const char *name)
{
    const char *s = th_pass_option(pc, name);
    s = s ? s : th_pass_global(pc, name);
    if (!s || strcmp(s, "model") == 0)
        return 0;
    if (strcmp(s, "channels-last") == 0)
        return 1;
    th_error(th_pass_ctx(pc), NULL, 3101,
             "pass 'layout': %s is 'model' or 'channels-last', not '%s'", name, s);
    return -1;
}

enum th_status th_layout_edges(struct th_pass_ctx *pc, struct th_graph *g)
{
    static const struct th_rewrite pads[] = {
        {"raise-pad", "transpose(*pad|mirror_pad(x))", raise_pad}};
    static const struct th_rewrite plain[] = {
        {"raise-quantize", "transpose(*quantize|dequantize|requantize|cast(x))", raise_plain},
        {"raise-elementwise", "transpose(x)", raise_elementwise}};
    const int in = wanted(pc, "input-layout"), out = wanted(pc, "output-layout");
    uint32_t turned = 0;
    if (in < 0 || out < 0)
        return TH_ERR_USAGE;
    TH_TRY(th_run_rewrites(pc, g, pads, TH_ARRAY_LEN(pads)));
    if (th_graph_is_body(g))
        return TH_OK;
    if (in)
        TH_TRY(th_run_rewrites(pc, g, plain, TH_ARRAY_LEN(plain)));
    for (uint32_t i = 0; in && i < th_graph_input_count(g); i++) {
        bool done = false;
        TH_TRY(turn_input(g, i, th_pass_arena(pc), &done));
        turned += done;
    }
    for (uint32_t i = 0; out && i < th_graph_output_count(g); i++)
        turned += th_output_past_maker(g, i, "transpose");
    if (turned) {
        th_graph_sweep(g);
        th_pass_changed(pc);
        th_pass_remark(pc, "graph '%s': %u inputs and outputs are now channels-last",
                       th_graph_name(g), turned);
    }
    return TH_OK;
}
