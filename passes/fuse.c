/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fusing: what a neighbour can do on the way costs no buffer of its own. Integer rewrites keep
 * every bit; the comment of each says why.
 */
#include "passes/fuse/fuse.h"

#include <math.h>

/* ---- padding --------------------------------------------------------------------------------- */

/* A convolution skips taps outside, which is the same as reading the real value zero there; so the
 * pad must hold exactly that. Pools divide by or compare with what is inside: not for them. */
static enum th_status fuse_pad(struct th_graph *g, const struct th_match *m, bool *done,
                               void *user)
{
    th_node conv = m->node[0], pad = m->node[1];
    const struct th_type *x = th_value_type(g, m->value[0]);
    const struct th_type *padded = th_value_type(g, th_node_output(g, pad, 0));
    const struct th_attrs *pa = th_node_attrs(g, pad), *ca = th_node_attrs(g, conv);
    static const char *const sides[] = {"before", "after"};
    int64_t sum[4];
    (void)user;
    if (x->rank != 4 || x->dtype != padded->dtype || !th_quant_equal(x->quant, padded->quant) ||
        (x->quant && x->quant->n != 1) ||
        th_pad_value(g, pad) != (double)th_quant_zero(x->quant, 0))
        return TH_OK;
    for (uint32_t s = 0; s < 2; s++) {
        if (th_attr_ints(pa, sides[s], 0, 0) != 0 || th_attr_ints(pa, sides[s], 3, 0) != 0)
            return TH_OK;
        for (uint32_t i = 0; i < 2; i++) {      /* top left bottom right */
            int64_t p = th_attr_ints(pa, sides[s], i + 1, 0);
            if (p < 0 || !th_add_i64(th_attr_ints(ca, "pad", 2 * s + i, 0), p, &sum[2 * s + i]))
                return TH_OK;
        }
    }
    th_node_set_input(g, conv, 0, m->value[0]);
    TH_TRY(th_node_set_attr_ints(g, conv, "pad", 4, sum));
    *done = true;
    return TH_OK;
}

/* ---- activations ----------------------------------------------------------------------------- */

/* Both clamp the same stored type. Bounds become integers by a monotone rule, so the bounds of the
 * intersection are the intersection of the bounds. */
static enum th_status fuse_clamp(struct th_graph *g, const struct th_match *m, bool *done,
                                 void *user)
{
    th_node clamp = m->node[0], def = th_value_def(g, m->value[0]);
    th_value x = m->value[0], y = th_node_output(g, clamp, 0);
    const struct th_type *t = th_value_type(g, x);
    (void)user;
    if (!def || th_value_use_count(g, x) != 1 || th_node_output_count(g, def) != 1 ||
        !th_op_has_attr(th_node_op(g, def), "act_min") ||
        !th_op_has_attr(th_node_op(g, def), "act_max") ||
        !th_type_equal(t, th_value_type(g, y)))
        return TH_OK;
    bool quantized = t->quant && t->quant->n == 1 && th_dtype_bits(t->dtype) <= 16;
    if (!quantized && !(th_dtype_is_float(t->dtype) && !t->quant))
        return TH_OK;
    const struct th_attrs *a = th_node_attrs(g, def), *b = th_node_attrs(g, clamp);
    double lo = fmax(th_attr_float(a, "act_min", -INFINITY),
                     th_attr_float(b, "act_min", -INFINITY));
    double hi = fmin(th_attr_float(a, "act_max", INFINITY), th_attr_float(b, "act_max", INFINITY));
    if (!(lo <= hi))
        return TH_OK;
    TH_TRY(th_node_set_attr_float(g, def, "act_min", lo));
    TH_TRY(th_node_set_attr_float(g, def, "act_max", hi));
    if (*th_value_name(g, y))
        th_value_set_name(g, x, th_value_name(g, y));
    th_value_replace(g, y, x);
    *done = true;
    return TH_OK;
}

/* ---- scales ---------------------------------------------------------------------------------- */

/* Same step, and zero points apart by as much as the ranges are: every value survives, and the
 * multiplier of exactly one adds no rounding. */
static bool only_shifts(const struct th_type *a, const struct th_type *b)
{
    if (!a->quant || !b->quant || a->quant->n != 1 || b->quant->n != 1 ||
        th_dtype_bits(a->dtype) != th_dtype_bits(b->dtype) || th_dtype_bits(a->dtype) > 16)
        return false;
    return th_quant_scale(a->quant, 0) == th_quant_scale(b->quant, 0) &&
           th_quant_zero(a->quant, 0) - th_dtype_min(a->dtype) ==
               th_quant_zero(b->quant, 0) - th_dtype_min(b->dtype);
}

/* requantize(requantize(x)) where either only shifts. */
static enum th_status requantize_chain(struct th_graph *g, const struct th_match *m, bool *done,
                                       void *user)
{
    const struct th_type *x = th_value_type(g, m->value[0]);
    const struct th_type *mid = th_value_type(g, th_node_output(g, m->node[1], 0));
    const struct th_type *y = th_value_type(g, th_node_output(g, m->node[0], 0));
    (void)user;
    if (!only_shifts(x, mid) && !only_shifts(mid, y))
        return TH_OK;
    th_node_set_input(g, m->node[0], 0, m->value[0]);
    *done = true;
    return TH_OK;
}

/* requantize(quantize(x)): the same grid under another name. */
static enum th_status quantize_shift(struct th_graph *g, const struct th_match *m, bool *done,
                                     void *user)
{
    const struct th_type *y = th_value_type(g, th_node_output(g, m->node[0], 0));
    th_value v;
    (void)user;
    if (!only_shifts(th_value_type(g, th_node_output(g, m->node[1], 0)), y))
        return TH_OK;
    TH_TRY(th_insert_like(g, m->node[0], m->node[1], m->value, 1, y, &v));
    th_supersede(g, m->node[0], v);
    *done = true;
    return TH_OK;
}

/* dequantize(requantize(x)): (q - z) * s with the same q - z and s. */
static enum th_status dequantize_shift(struct th_graph *g, const struct th_match *m, bool *done,
                                       void *user)
{
    (void)user;
    if (!only_shifts(th_value_type(g, m->value[0]),
                     th_value_type(g, th_node_output(g, m->node[1], 0))))
        return TH_OK;
    th_node_set_input(g, m->node[0], 0, m->value[0]);
    *done = true;
    return TH_OK;
}

/* ---- shapes ---------------------------------------------------------------------------------- */

/* A dense layer flattens its input itself. */
static enum th_status dense_of_reshape(struct th_graph *g, const struct th_match *m, bool *done,
                                       void *user)
{
    const struct th_type *x = th_value_type(g, m->value[0]);
    const struct th_type *r = th_value_type(g, th_node_output(g, m->node[1], 0));
    (void)user;
    if (th_attr_int(th_node_attrs(g, m->node[0]), "keep_dims", 0) || x->dtype != r->dtype ||
        x->rank < 1 || !th_quant_equal(x->quant, r->quant))
        return TH_OK;
    th_node_set_input(g, m->node[0], 0, m->value[0]);
    *done = true;
    return TH_OK;
}

/* x^2 and x^3 are products, of one or two roundings; the library's power costs hundreds of cycles.
 * Layer normalisations and GELUs are exported with it. */
static enum th_status fuse_power(struct th_graph *g, const struct th_match *m, bool *done,
                                 void *user)
{
    const th_node n = m->node[0];
    const struct th_type *x = th_value_type(g, m->value[0]);
    const struct th_type y = *th_value_type(g, th_node_output(g, n, 0));
    const bool cube = th_const_is_all(g, m->value[1], 3);
    th_value v;
    (void)user;
    if (x->dtype != TH_DT_F32 || y.dtype != TH_DT_F32 || x->quant || y.quant ||
        !th_type_same_shape(x, &y) || (!cube && !th_const_is_all(g, m->value[1], 2)))
        return TH_OK;
    TH_TRY(th_insert_node(g, n, "square", m->value, 1, NULL, 0, &y, &v));
    if (cube)
        TH_TRY(th_insert_node(g, n, "mul", (th_value[]){v, m->value[0]}, 2, NULL, 0, &y, &v));
    th_supersede(g, n, v);
    *done = true;
    return TH_OK;
}

static const struct th_rewrite rows[] = {
    {"power", "pow(x, #c)", fuse_power},
    {"pad-into-conv", "conv2d|depthwise_conv2d(pad(x), ?)", fuse_pad},
    {"dilated-conv",
     "batch_to_space(conv2d|depthwise_conv2d(space_to_batch(x), ?))", th_fuse_dilated},
    {"activation", "clamp(x)", fuse_clamp},
    {"affine", "mul|add|sub|div(x, #c)", th_fuse_affine},
    {"requantize-chain", "requantize(*requantize(x))", requantize_chain},
    {"quantize-shift", "requantize(quantize(x))", quantize_shift},
    {"dequantize-shift", "dequantize(*requantize(x))", dequantize_shift},
    {"dense-of-reshape", "fully_connected(*reshape(x), ?)", dense_of_reshape},
};

static enum th_status run(struct th_pass_ctx *pc, struct th_graph *g)
{
    TH_TRY(th_run_rewrites(pc, g, rows, TH_ARRAY_LEN(rows)));
    uint32_t tables = 0;
    if (th_pass_option_bool(pc, "tables"))
        TH_TRY(th_fuse_tables(pc, g, &tables));
    if (tables) {
        th_pass_changed(pc);
        th_pass_remark(pc, "graph '%s': %u tables of 256 entries", th_graph_name(g), tables);
    }
    return TH_OK;
}

static const struct th_option_spec options[] = {
    {"tables", TH_OPTION_BOOL, "true", 1, 0, "make look-up tables of 8-bit unary computations"},
    {NULL, TH_OPTION_INT, NULL, 0, 0, NULL},
};

const struct th_pass th_pass_fuse = {
    .struct_size = sizeof(struct th_pass),
    .name = "fuse",
    .summary = "merge padding, activations, scales and 8-bit chains into their neighbours",
    .requires_props = TH_PROP_TYPED | TH_PROP_CANON,
    .provides_props = TH_PROP_FUSED,
    .options = options,
    .run_graph = run,
};
