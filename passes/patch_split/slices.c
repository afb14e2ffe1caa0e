/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three nodes with nothing between them become one: the same three operators in the same order, so
 * the same results; only a kernel that sees them together need not keep the maps in between.
 */
#include "passes/patch_split/slices.h"

#include "ir/graph.h"

#include <thimble/match.h>

#include <math.h>
#include <string.h>

#define OPERATOR "inverted_bottleneck"
#define PATTERN "conv2d(depthwise_conv2d(conv2d(x, #we, ?be), #wd, ?bd), #wp, ?bp)"

struct triple {
    struct th_graph *g;
    th_node nodes[3];        /* in the order in which they run */
    th_value in[7];
    struct th_attr attrs[7];
    struct th_type out;
    const char *name;
};

static bool plain_byte_map(const struct th_graph *g, th_value v)
{
    const struct th_type *t = th_value_type(g, v);
    return t->dtype == TH_DT_S8 && t->rank == 4 && t->quant && t->quant->n == 1;
}

static bool each_is(const struct th_attrs *as, const char *name, int64_t fallback)
{
    const uint32_t n = th_attr_len(as, name);
    for (uint32_t i = 0; i < n; i++)
        if (th_attr_ints(as, name, i, fallback) != fallback)
            return false;
    return true;
}

/* 1x1, without steps, padding or groups. */
static bool pixel_by_pixel(const struct th_graph *g, th_node n)
{
    const struct th_attrs *as = th_node_attrs(g, n);
    const struct th_type *x = th_value_type(g, th_node_input(g, n, 0));
    const struct th_type *w = th_value_type(g, th_node_input(g, n, 1));
    return w->dims[1] == 1 && w->dims[2] == 1 && w->dims[3] == x->dims[3] &&
           each_is(as, "stride", 1) && each_is(as, "pad", 0);
}

static const char *refused(const struct triple *t)
{
    for (uint32_t i = 0; i < 3; i++) {
        const th_value bias = t->in[2 + 2 * i];
        if (strcmp(th_node_contract(t->g, t->nodes[i]), th_node_contract(t->g, t->nodes[0])))
            return "its operators round by different contracts";
        if (!plain_byte_map(t->g, th_node_input(t->g, t->nodes[i], 0)) ||
            !plain_byte_map(t->g, th_node_output(t->g, t->nodes[i], 0)) ||
            th_value_type(t->g, t->in[1 + 2 * i])->dtype != TH_DT_S8 ||
            (bias && th_value_type(t->g, bias)->dtype != TH_DT_S32))
            return "its maps and weights are not all of 8 bits";
        if (i != 1 && !pixel_by_pixel(t->g, t->nodes[i]))
            return "its outer convolutions are not 1x1";
    }
    return th_attr_int(th_node_attrs(t->g, t->nodes[1]), "multiplier", 1) == 1
               ? NULL : "its depthwise convolution multiplies channels";
}

static bool find(struct th_graph *g, th_node last, struct th_arena *arena, struct triple *t,
                 const char **why)
{
    static const char *const names[] = {"x", "we", "be", "wd", "bd", "wp", "bp"};
    const struct th_pattern *p = th_pattern_new(th_program_ctx(th_graph_program(g)), arena,
                                                PATTERN);
    struct th_match m;
    *why = "is not 1x1 convolution, depthwise convolution, 1x1 convolution";
    if (!p || !th_pattern_match(p, g, last, &m))
        return false;
    *t = (struct triple){.g = g, .nodes = {m.node[2], m.node[1], m.node[0]}};
    for (uint32_t i = 0; i < TH_ARRAY_LEN(names); i++)
        t->in[i] = th_match_value(&m, names[i]);
    t->out = *th_value_type(g, th_node_output(g, last, 0));
    t->name = th_value_name(g, th_node_output(g, last, 0));
    *why = refused(t);
    return !*why;
}

/* What the three say about themselves, as attributes of one. */
static bool gather(struct triple *t, struct th_arena *arena, struct th_attrs *as)
{
    static const char *const window[] = {"stride", "dilation", "pad"};
    double *reals = TH_NEW_ARRAY(arena, double, 8);
    int64_t *zeros = TH_NEW_ARRAY(arena, int64_t, 2);
    if (!reals || !zeros)
        return false;
    for (uint32_t i = 0; i < 3; i++) {
        const struct th_attrs *own = th_node_attrs(t->g, t->nodes[i]);
        reals[2 + i] = th_attr_float(own, "act_min", -INFINITY);
        reals[5 + i] = th_attr_float(own, "act_max", INFINITY);
    }
    for (uint32_t i = 0; i < 2; i++) {
        const struct th_quant *q =
            th_value_type(t->g, th_node_output(t->g, t->nodes[i], 0))->quant;
        reals[i] = (double)th_quant_scale(q, 0);
        zeros[i] = th_quant_zero(q, 0);
    }
    const struct th_attr list[] = {
        {.name = "inner_scale", .kind = TH_ATTR_FLOATS, .n = 2, .v.floats = reals},
        {.name = "inner_zero", .kind = TH_ATTR_INTS, .n = 2, .v.ints = zeros},
        {.name = "act_min", .kind = TH_ATTR_FLOATS, .n = 3, .v.floats = reals + 2},
        {.name = "act_max", .kind = TH_ATTR_FLOATS, .n = 3, .v.floats = reals + 5},
    };
    memcpy(t->attrs, list, sizeof list);
    *as = (struct th_attrs){t->attrs, TH_ARRAY_LEN(list)};
    for (uint32_t i = 0; i < TH_ARRAY_LEN(window); i++) {
        const struct th_attr *a = th_attr_find(th_node_attrs(t->g, t->nodes[1]), window[i]);
        if (a)
            t->attrs[as->n++] = *a;
    }
    return true;
}

struct th_inst *th_split_slices_inst(struct th_graph *g, th_node last, struct th_arena *arena,
                                     th_node *nodes, const char **why)
{
    const struct th_op *op = th_op_find(th_program_ctx(th_graph_program(g)), OPERATOR);
    struct triple *t = TH_NEW(arena, struct triple);
    struct th_attrs *as = TH_NEW(arena, struct th_attrs);
    *why = "memory is exhausted";
    if (!op || !t || !as || !find(g, last, arena, t, why) || !gather(t, arena, as))
        return NULL;
    memcpy(nodes, t->nodes, sizeof t->nodes);
    return th_make_inst(g, op, th_node_contract(g, last), as, t->in, TH_ARRAY_LEN(t->in), &t->out,
                        1, NULL, 0, th_node_loc(g, last), arena);
}

enum th_status th_split_slices_form(struct th_graph *g, th_node last, struct th_arena *arena)
{
    struct triple t;
    struct th_attrs as;
    const char *why;
    const th_value old = th_node_output(g, last, 0);
    th_value fresh;
    float lo, hi;
    if (!find(g, last, arena, &t, &why) || !gather(&t, arena, &as))
        return TH_ERR_INTERNAL;
    struct th_loc loc = *th_node_loc(g, last);
    loc.op = NULL;
    const struct th_node_desc d = {
        .op = OPERATOR, .contract = th_node_contract(g, last), .in = t.in,
        .n_in = TH_ARRAY_LEN(t.in), .attrs = as.list, .n_attrs = as.n, .out = &t.out,
        .out_names = &t.name, .n_out = 1, .loc = loc, .before = last};
    TH_TRY(th_graph_add_node_nofold(g, &d, NULL, &fresh));
    if (th_value_range(g, old, &lo, &hi))
        th_value_set_range(g, fresh, lo, hi);
    th_value_replace(g, old, fresh);
    for (uint32_t i = 3; i-- > 0;)
        th_graph_remove(g, t.nodes[i]);
    return TH_OK;
}
