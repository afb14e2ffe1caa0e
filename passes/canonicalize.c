/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One form of each thing: operations that change nothing disappear, constants stand on the right,
 * chains of data movement become one. Every rewrite here gives the same bits; each states why where
 * it is not plain.
 */
#include <math.h>
#include <string.h>

#include <thimble/numeric.h>

#include "passes/util.h"

/* ---- operations that change nothing ---------------------------------------------------------- */

/* Shape unchanged and no arithmetic: the types being equal is the whole condition. */
static enum th_status same_type(struct th_graph *g, const struct th_match *m, bool *done,
                                void *user)
{
    (void)user;
    return th_forward(g, th_node_output(g, m->node[0], 0), m->value[0], done);
}

static bool ints_are(const struct th_graph *g, th_node n, const char *attr, int64_t want)
{
    const struct th_attrs *as = th_node_attrs(g, n);
    for (uint32_t i = 0; i < th_attr_len(as, attr); i++)
        if (th_attr_ints(as, attr, i, want) != want)
            return false;
    return true;
}

static enum th_status no_padding(struct th_graph *g, const struct th_match *m, bool *done,
                                 void *user)
{
    if (!ints_are(g, m->node[0], "before", 0) || !ints_are(g, m->node[0], "after", 0))
        return TH_OK;
    return same_type(g, m, done, user);
}

/* Equal shapes with stride 1 leave room for begin 0 only. */
static enum th_status whole_slice(struct th_graph *g, const struct th_match *m, bool *done,
                                  void *user)
{
    return ints_are(g, m->node[0], "stride", 1) ? same_type(g, m, done, user) : TH_OK;
}

static enum th_status no_reverse(struct th_graph *g, const struct th_match *m, bool *done,
                                 void *user)
{
    const struct th_type *t = th_value_type(g, m->value[0]);
    const struct th_attrs *as = th_node_attrs(g, m->node[0]);
    for (uint32_t i = 0; i < th_attr_len(as, "axes"); i++) {
        int64_t axis = th_attr_ints(as, "axes", i, 0);
        axis += axis < 0 ? t->rank : 0;
        if (axis < 0 || axis >= t->rank || t->dims[axis] != 1)
            return TH_OK;
    }
    return same_type(g, m, done, user);
}

static enum th_status single_concat(struct th_graph *g, const struct th_match *m, bool *done,
                                    void *user)
{
    return th_node_input_count(g, m->node[0]) == 1 ? same_type(g, m, done, user) : TH_OK;
}

/* Equal parameters: the multiplier is exactly one half shifted left by one, so the integer path is
 * the identity in every contract. A float is no case of this op. */
static enum th_status no_requantize(struct th_graph *g, const struct th_match *m, bool *done,
                                    void *user)
{
    const struct th_type *t = th_value_type(g, m->value[0]);
    return t->quant && t->quant->n == 1 ? same_type(g, m, done, user) : TH_OK;
}

/* Bounds that exclude no value of the type. A rescaling clamp has unequal types and stays. */
static enum th_status wide_clamp(struct th_graph *g, const struct th_match *m, bool *done,
                                 void *user)
{
    const struct th_type *t = th_value_type(g, m->value[0]);
    if (!th_act_is_none(g, m->node[0])) {
        int32_t lo, hi;
        if (!t->quant || t->quant->n != 1 || th_dtype_bits(t->dtype) > 16)
            return TH_OK;
        const struct th_attrs *as = th_node_attrs(g, m->node[0]);
        th_activation_bounds(t, th_attr_float(as, "act_min", -INFINITY),
                             th_attr_float(as, "act_max", INFINITY), &lo, &hi);
        if (lo > th_dtype_min(t->dtype) || hi < th_dtype_max(t->dtype))
            return TH_OK;
    }
    return same_type(g, m, done, user);
}

/* A window of one element: no rounding happens when the divisor is one. */
static enum th_status unit_pool(struct th_graph *g, const struct th_match *m, bool *done,
                                void *user)
{
    if (!ints_are(g, m->node[0], "filter", 1) || !ints_are(g, m->node[0], "stride", 1) ||
        !ints_are(g, m->node[0], "pad", 0) || !th_act_is_none(g, m->node[0]))
        return TH_OK;
    return same_type(g, m, done, user);
}

/* Where a window gives one pixel its stride says nothing. */
static enum th_status lone_window(struct th_graph *g, const struct th_match *m, bool *done,
                                  void *user)
{
    static const int64_t one[2] = {1, 1};
    const struct th_type *x = th_value_type(g, m->value[0]);
    const struct th_attrs *as = th_node_attrs(g, m->node[0]);
    (void)user;
    if (x->rank != 4 || ints_are(g, m->node[0], "stride", 1) ||
        !ints_are(g, m->node[0], "pad", 0) || th_attr_ints(as, "filter", 0, 0) != x->dims[1] ||
        th_attr_ints(as, "filter", 1, 0) != x->dims[2])
        return TH_OK;
    TH_TRY(th_node_set_attr_ints(g, m->node[0], "stride", 2, one));
    *done = true;
    return TH_OK;
}

/* Of two axes a dense layer keeps both, whether it is told to or not. */
static enum th_status plain_dense(struct th_graph *g, const struct th_match *m, bool *done,
                                  void *user)
{
    (void)user;
    if (th_value_type(g, m->value[0])->rank != 2 ||
        !th_attr_int(th_node_attrs(g, m->node[0]), "keep_dims", 0))
        return TH_OK;
    const struct th_attr plain = {.name = "keep_dims", .kind = TH_ATTR_BOOL};
    TH_TRY(th_node_set_attr(g, m->node[0], &plain));
    *done = true;
    return TH_OK;
}

/* Contract "onnx": a mean multiplies the sum by a float and rounds that, a pool divides exactly.
 * Whether they agree on every sum of n elements is tried. */
static bool mean_is_exact(const struct th_type *x, int64_t n)
{
    const int64_t zero = th_quant_zero(x->quant, 0);
    const float scale = th_quant_scale(x->quant, 0), factor = scale / (scale * (float)n);
    const int64_t lo = n * (th_dtype_min(x->dtype) - zero);
    const int64_t hi = n * (th_dtype_max(x->dtype) - zero);
    if (n < 1 || n > 1 << 12)
        return false;
    for (int64_t sum = lo; sum <= hi; sum++)
        if (th_round_even((float)sum * factor, INT32_MIN, INT32_MAX) != th_mean_even(sum, n, 0))
            return false;
    return true;
}

/* The mean of a map is a pool with one window. */
static enum th_status mean_to_pool(struct th_graph *g, const struct th_match *m, bool *done,
                                   void *user)
{
    static const int64_t one[2] = {1, 1}, none[4] = {0};
    const th_node n = m->node[0];
    const struct th_attrs *as = th_node_attrs(g, n);
    const struct th_type *x = th_value_type(g, m->value[0]);
    const struct th_type *y = th_value_type(g, th_node_output(g, n, 0));
    bool axis[4] = {false};
    th_value pool;
    (void)user;
    if (x->rank != 4 || y->rank != 4 || th_dtype_bits(x->dtype) != 8 || !x->quant ||
        x->quant->n != 1 || x->dtype != y->dtype || !th_quant_equal(x->quant, y->quant) ||
        strcmp(th_node_contract(g, n), "onnx") != 0 || th_attr_len(as, "axes") != 2)
        return TH_OK;
    for (uint32_t i = 0; i < 2; i++)
        axis[(th_attr_ints(as, "axes", i, 0) + 4) % 4] = true;
    if (!axis[1] || !axis[2] || x->dims[1] > 1 << 12 || x->dims[2] > 1 << 12 ||
        !mean_is_exact(x, x->dims[1] * x->dims[2]))
        return TH_OK;
    const struct th_attr attrs[] = {th_attr_of_ints("filter", &x->dims[1], 2),
                                    th_attr_of_ints("stride", one, 2),
                                    th_attr_of_ints("pad", none, 4)};
    const struct th_type type = *y;
    TH_TRY(th_insert_node(g, n, "avg_pool2d", m->value, 1, attrs, TH_ARRAY_LEN(attrs), &type,
                          &pool));
    th_supersede(g, n, pool);
    *done = true;
    return TH_OK;
}

/* x*1, x/1, x+0, x-0 without quantization; quantized forms rescale and round. */
static enum th_status neutral(struct th_graph *g, const struct th_match *m, bool *done, void *user)
{
    const struct th_type *t = th_value_type(g, m->value[0]);
    bool product = th_node_is(g, m->node[0], "mul") || th_node_is(g, m->node[0], "div");
    if (t->quant || th_value_type(g, m->value[1])->quant || !th_act_is_none(g, m->node[0]) ||
        !th_const_is_all(g, m->value[1], product ? 1 : 0))
        return TH_OK;
    return same_type(g, m, done, user);
}

/* ---- chains of movement ---------------------------------------------------------------------- */

static enum th_status reshape_chain(struct th_graph *g, const struct th_match *m, bool *done,
                                    void *user)
{
    (void)user;
    th_node_set_input(g, m->node[0], 0, m->value[0]);
    *done = true;
    return TH_OK;
}

static enum th_status transpose_chain(struct th_graph *g, const struct th_match *m, bool *done,
                                      void *user)
{
    const struct th_attrs *outer = th_node_attrs(g, m->node[0]);
    const struct th_attrs *inner = th_node_attrs(g, m->node[1]);
    int64_t perm[TH_MAX_RANK];
    int32_t rank = th_value_type(g, m->value[0])->rank;
    (void)user;
    for (int32_t i = 0; i < rank; i++)
        perm[i] = th_attr_ints(inner, "perm",
                               (uint32_t)th_attr_ints(outer, "perm", (uint32_t)i, i), i);
    th_node_set_input(g, m->node[0], 0, m->value[0]);
    TH_TRY(th_node_set_attr_ints(g, m->node[0], "perm", (uint32_t)rank, perm));
    *done = true;
    return TH_OK;
}

/* Axes longer than one keep their order: only the shape changes. */
static enum th_status transpose_to_reshape(struct th_graph *g, const struct th_match *m,
                                           bool *done, void *user)
{
    th_node n = m->node[0];
    const struct th_type *x = th_value_type(g, m->value[0]);
    const struct th_type *y = th_value_type(g, th_node_output(g, n, 0));
    int64_t last = -1;
    for (int32_t i = 0; i < x->rank; i++) {
        int64_t axis = th_attr_ints(th_node_attrs(g, n), "perm", (uint32_t)i, i);
        if (axis < 0 || axis >= x->rank || x->dims[axis] == 1)
            continue;
        if (axis < last)
            return TH_OK;
        last = axis;
    }
    if (th_type_equal(x, y))
        return same_type(g, m, done, user);
    if (x->quant && x->quant->n > 1)
        return TH_OK;                  /* an axis of scales would have to move along */
    struct th_attr shape = th_attr_of_ints("shape", y->dims, (uint32_t)y->rank);
    th_value v;
    TH_TRY(th_insert_node(g, n, "reshape", &m->value[0], 1, &shape, 1, NULL, &v));
    th_supersede(g, n, v);
    *done = true;
    return TH_OK;
}

static enum th_status slice_chain(struct th_graph *g, const struct th_match *m, bool *done,
                                  void *user)
{
    const struct th_attrs *outer = th_node_attrs(g, m->node[0]);
    const struct th_attrs *inner = th_node_attrs(g, m->node[1]);
    int32_t rank = th_value_type(g, m->value[0])->rank;
    int64_t begin[TH_MAX_RANK], stride[TH_MAX_RANK];
    (void)user;
    for (int32_t i = 0; i < rank; i++) {
        uint32_t k = (uint32_t)i;
        int64_t step = th_attr_ints(inner, "stride", k, 1), offset;
        if (!th_mul_i64(th_attr_ints(outer, "begin", k, 0), step, &offset) ||
            !th_add_i64(th_attr_ints(inner, "begin", k, 0), offset, &begin[i]) ||
            !th_mul_i64(step, th_attr_ints(outer, "stride", k, 1), &stride[i]))
            return TH_OK;
        /* one element: the stride says nothing, and a large product might overstep a limit */
        if (th_value_type(g, th_node_output(g, m->node[0], 0))->dims[i] == 1)
            stride[i] = 1;
    }
    th_node_set_input(g, m->node[0], 0, m->value[0]);
    TH_TRY(th_node_set_attr_ints(g, m->node[0], "begin", (uint32_t)rank, begin));
    TH_TRY(th_node_set_attr_ints(g, m->node[0], "stride", (uint32_t)rank, stride));
    *done = true;
    return TH_OK;
}

/* pad(pad(x)) with one value. */
static enum th_status pad_chain(struct th_graph *g, const struct th_match *m, bool *done,
                                void *user)
{
    static const char *const sides[] = {"before", "after"};
    th_node outer = m->node[0], inner = m->node[1];
    int32_t rank = th_value_type(g, m->value[0])->rank;
    int64_t sum[2][TH_MAX_RANK];
    (void)user;
    if (th_pad_value(g, outer) != th_pad_value(g, inner))
        return TH_OK;
    for (int s = 0; s < 2; s++)
        for (int32_t i = 0; i < rank; i++)
            if (!th_add_i64(th_attr_ints(th_node_attrs(g, outer), sides[s], (uint32_t)i, 0),
                            th_attr_ints(th_node_attrs(g, inner), sides[s], (uint32_t)i, 0),
                            &sum[s][i]))
                return TH_OK;
    th_node_set_input(g, outer, 0, m->value[0]);
    for (int s = 0; s < 2; s++)
        TH_TRY(th_node_set_attr_ints(g, outer, sides[s], (uint32_t)rank, sum[s]));
    *done = true;
    return TH_OK;
}

/* concat(a, concat(b, c), d) on one axis is concat(a, b, c, d). */
static enum th_status concat_chain(struct th_graph *g, const struct th_match *m, bool *done,
                                   void *user)
{
    th_node n = m->node[0];
    th_value y = th_node_output(g, n, 0);
    uint32_t n_in = th_node_input_count(g, n);
    int64_t axis = th_attr_int(th_node_attrs(g, n), "axis", 0);
    for (uint32_t i = 0; i < n_in; i++) {
        th_value v = th_node_input(g, n, i);
        th_node d = th_value_def(g, v);
        if (!d || !th_node_is(g, d, "concat") || th_value_use_count(g, v) != 1 ||
            th_attr_int(th_node_attrs(g, d), "axis", 0) != axis || !th_act_is_none(g, d) ||
            th_value_type(g, v)->dtype != th_value_type(g, y)->dtype ||
            !th_quant_equal(th_value_type(g, v)->quant, th_value_type(g, y)->quant))
            continue;
        uint32_t inner = th_node_input_count(g, d), k = 0;
        th_value *in = TH_NEW_ARRAY(th_pass_arena(user), th_value, n_in + inner);
        if (!in)
            return TH_ERR_INTERNAL;
        for (uint32_t j = 0; j < n_in; j++) {
            if (j != i)
                in[k++] = th_node_input(g, n, j);
            for (uint32_t s = 0; j == i && s < inner; s++)
                in[k++] = th_node_input(g, d, s);
        }
        th_value joined;
        TH_TRY(th_insert_like(g, n, n, in, k, th_value_type(g, y), &joined));
        th_supersede(g, n, joined);
        *done = true;
        return TH_OK;
    }
    return TH_OK;
}

static const struct th_rewrite rows[] = {
    {"same-type", "copy|reshape|cast|tile|broadcast_to(x)", same_type},
    {"unit-transpose", "transpose(x)", transpose_to_reshape},
    {"no-padding", "pad|mirror_pad(x)", no_padding},
    {"whole-slice", "slice(x)", whole_slice},
    {"no-reverse", "reverse(x)", no_reverse},
    {"single-concat", "concat(x)", single_concat},
    {"no-requantize", "requantize(x)", no_requantize},
    {"wide-clamp", "clamp(x)", wide_clamp},
    {"unit-pool", "avg_pool2d|max_pool2d(x)", unit_pool},
    {"lone-window", "avg_pool2d|max_pool2d(x)", lone_window},
    {"plain-dense", "fully_connected(x, ?)", plain_dense},
    {"mean-to-pool", "mean(x)", mean_to_pool},
    {"neutral", "mul|div|add|sub(x, #c)", neutral},
    {"reshape-chain", "reshape(*reshape(x))", reshape_chain},
    {"transpose-chain", "transpose(*transpose(x))", transpose_chain},
    {"slice-chain", "slice(*slice(x))", slice_chain},
    {"pad-chain", "pad(pad(x))", pad_chain},
    {"concat-chain", "concat(x)", concat_chain},
};

/* Any op that says it is commutative gets its constant as the second operand. */
static uint32_t constants_right(struct th_graph *g)
{
    uint32_t swapped = 0;
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n)) {
        if (!(th_node_op(g, n)->traits & TH_TRAIT_COMMUTATIVE) || th_node_input_count(g, n) < 2)
            continue;
        th_value a = th_node_input(g, n, 0), b = th_node_input(g, n, 1);
        if (a && b && th_value_is_const(g, a) && !th_value_is_const(g, b)) {
            th_node_set_input(g, n, 0, b);
            th_node_set_input(g, n, 1, a);
            swapped++;
        }
    }
    return swapped;
}

/* Whether n gives the same shape when operand k comes as `small`. */
static bool spreads_itself(const struct th_graph *g, th_node n, uint32_t k, th_value small,
                           struct th_arena *a)
{
    const uint32_t n_in = th_node_input_count(g, n);
    const struct th_type *y = th_value_type(g, th_node_output(g, n, 0));
    const struct th_type **in = TH_NEW_ARRAY(a, const struct th_type *, n_in);
    struct th_inst *c = th_node_inst(g, n, a);
    if (!in || !c)
        return false;
    for (uint32_t i = 0; i < n_in; i++)
        in[i] = i == k ? th_value_type(g, small) : th_operand_type(g, n, i);
    c->in = in;
    return th_infers(c) && th_type_same_shape(&c->out[0], y) && c->out[0].dtype == y->dtype;
}

/* An elementwise operator repeats its operands along axes of extent 1 by itself: no map of copies
 * is needed for it (a gate that is expanded to what it weighs). */
static bool spread_operands(struct th_pass_ctx *pc, struct th_graph *g)
{
    const uint32_t wanted = TH_TRAIT_ELEMENTWISE | TH_TRAIT_PURE;
    bool changed = false;
    for (th_node n = th_graph_first(g); n; n = th_graph_next(g, n)) {
        const uint32_t traits = th_node_op(g, n)->traits, n_in = th_node_input_count(g, n);
        if ((traits & wanted) != wanted || traits & TH_TRAIT_REGION || n_in < 2 ||
            th_node_output_count(g, n) != 1)
            continue;
        for (uint32_t i = 0; i < n_in; i++) {
            const th_value v = th_node_input(g, n, i);
            const th_node d = v ? th_value_def(g, v) : 0;
            if (!d || !th_node_is(g, d, "broadcast_to"))
                continue;
            const th_value small = th_node_input(g, d, 0);
            const struct th_quant *q = th_value_type(g, small)->quant;
            if ((q && q->n > 1) || !spreads_itself(g, n, i, small, th_pass_arena(pc)))
                continue;
            th_node_set_input(g, n, i, small);
            changed = true;
        }
    }
    if (changed)
        th_graph_sweep(g);
    return changed;
}

static enum th_status run(struct th_pass_ctx *pc, struct th_graph *g)
{
    const bool moved = constants_right(g);
    if (spread_operands(pc, g) || moved)
        th_pass_changed(pc);
    return th_run_rewrites(pc, g, rows, TH_ARRAY_LEN(rows));
}

const struct th_pass th_pass_canonicalize = {
    .struct_size = sizeof(struct th_pass),
    .name = "canonicalize",
    .summary = "remove operations that change nothing, put constants right, join chains",
    .requires_props = TH_PROP_TYPED,
    .provides_props = TH_PROP_CANON,
    .run_graph = run,
};
