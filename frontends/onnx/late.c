/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operands that are known only when the network runs, where the file declares the shape of the
 * result: places are worked out in the graph, or every choice that gives the shape is computed and
 * the right one taken.
 */
#include <inttypes.h>
#include <string.h>

#include "import.h"

static enum th_status with(struct onx_node *n, const char *op, th_value v, int64_t k,
                           th_value *out)
{
    th_value c;

    TH_TRY(onx_scalar(n, onx_type(n, v)->dtype, (double)k, &c));
    return onx_binary(n, op, v, c, out);
}

static enum th_status choose(struct onx_node *n, th_value test, th_value yes, th_value no,
                             th_value *out)
{
    th_value in[3] = {test, yes, no};

    return onx_add_typed(n, "select", in, 3, NULL, onx_type(n, yes)->dtype, NULL, out);
}

enum th_status onx_iota(struct onx_node *n, enum th_dtype dt, int64_t count, th_value *out)
{
    int64_t *v = TH_NEW_ARRAY(n->scope->im->arena, int64_t, (size_t)count + 1);

    if (v == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < count; i++)
        v[i] = i;
    TH_TRY(onx_ints(n, TH_DT_S64, 1, &count, v, out));
    return onx_cast(n, *out, dt, out);
}

/* Entry i of a vector, as a scalar of 64 bits. */
static enum th_status entry(struct onx_node *n, th_value v, int64_t i, th_value *out)
{
    TH_TRY(onx_slice(n, v, 0, i, 1, &v));
    TH_TRY(onx_reshape(n, v, 0, NULL, &v));
    return onx_cast(n, v, TH_DT_S64, out);
}

static enum th_status declared(struct onx_node *n, int32_t rank, struct th_type *t)
{
    if (!onx_declared(n, 0, t) || t->rank != rank)
        return onx_reject(n, "constant operands, or a result of declared shape",
                          "operands that are known only when the network runs");
    return TH_OK;
}

/* ---- slices ---------------------------------------------------------------------------------- */

struct lists {
    th_value starts, axes, steps;    /* s64 vectors; 0: in order, all one */
    int64_t count;
};

/* What a list has for the axis: the entry whose axis it is, else `other`. */
static enum th_status for_axis(struct onx_node *n, const struct lists *l, th_value list,
                               int32_t rank, int32_t axis, int64_t other, th_value *out)
{
    th_value here, none, all;

    if (list == 0 || (l->axes == 0 && axis >= l->count))
        return onx_scalar(n, TH_DT_S64, (double)other, out);
    if (l->axes == 0)
        return entry(n, list, axis, out);
    TH_TRY(with(n, "floor_mod", l->axes, rank, &here));
    TH_TRY(with(n, "equal", here, axis, &here));
    TH_TRY(onx_cast(n, here, TH_DT_S64, &here));
    /* other + the sum of (entry - other) where the axis is named */
    TH_TRY(with(n, "sub", list, other, &none));
    TH_TRY(onx_binary(n, "mul", none, here, &none));
    TH_TRY(onx_reduce(n, "sum", none, (int64_t[]){0}, 1, false, &all));
    return with(n, "add", all, other, out);
}

static enum th_status slice_axis(struct onx_node *n, const struct lists *l,
                                 const struct th_type *t, int32_t axis, int64_t count,
                                 th_value *x)
{
    const int64_t dim = t->dims[axis];
    th_value start, step, back, low, at;

    TH_TRY(for_axis(n, l, l->starts, t->rank, axis, 0, &start));
    TH_TRY(for_axis(n, l, l->steps, t->rank, axis, 1, &step));
    TH_TRY(with(n, "less", start, 0, &low));
    TH_TRY(with(n, "add", start, dim, &at));
    TH_TRY(choose(n, low, at, start, &start));
    TH_TRY(with(n, "maximum", start, 0, &start));
    /* backwards from the last element at most, forwards from behind it at most */
    TH_TRY(with(n, "less", step, 0, &back));
    TH_TRY(with(n, "minimum", start, dim - 1, &low));
    TH_TRY(with(n, "minimum", start, dim, &at));
    TH_TRY(choose(n, back, low, at, &start));
    TH_TRY(onx_iota(n, TH_DT_S64, count, &at));
    TH_TRY(onx_binary(n, "mul", at, step, &at));
    TH_TRY(onx_binary(n, "add", at, start, &at));
    return onx_gather(n, *x, at, axis, x);
}

/* The number behind changes of shape and type. */
static th_value bare(const struct onx_node *n, th_value v)
{
    const struct th_graph *g = n->scope->graph;

    for (th_node d = th_value_def(g, v); d != 0; d = th_value_def(g, v)) {
        if (!th_node_is(g, d, "reshape") && !th_node_is(g, d, "cast"))
            break;
        v = th_node_input(g, d, 0);
    }
    return v;
}

/* An end that is the start plus a constant: the slice is that long, as long as it lies inside. */
static bool constant_length(const struct onx_node *n, th_value start, th_value end, int64_t *out)
{
    const struct th_graph *g = n->scope->graph;
    const th_value from = bare(n, start), to = bare(n, end);
    const th_node d = th_value_def(g, to);

    if (d == 0 || !th_node_is(g, d, "add") || th_type_elems(th_value_type(g, to)) != 1)
        return false;
    for (uint32_t i = 0; i < 2; i++) {
        const struct th_tensor *c = th_value_const(g, th_node_input(g, d, 1 - i));
        if (bare(n, th_node_input(g, d, i)) == from && c != NULL && th_tensor_int(c, 0) > 0) {
            *out = th_tensor_int(c, 0);
            return true;
        }
    }
    return false;
}

/* One axis whose end follows its start. */
static bool following(struct onx_node *n, const struct th_type *t, struct th_type *want)
{
    const th_value start = onx_in(n, 1), end = onx_in(n, 2), axes = onx_in(n, 3);
    const struct th_tensor *a = onx_const(n, axes);
    int64_t length, axis = 0;

    if (start == 0 || end == 0 || onx_has_in(n, 4) || (axes != 0 && a == NULL) ||
        th_type_elems(onx_type(n, start)) != 1 || !constant_length(n, start, end, &length))
        return false;
    if (a != NULL)
        axis = th_tensor_int(a, 0) + (th_tensor_int(a, 0) < 0 ? t->rank : 0);
    if (axis < 0 || axis >= t->rank || length > t->dims[axis])
        return false;
    *want = *t;
    want->dims[axis] = length;
    return true;
}

enum th_status onx_late_slice(struct onx_node *n)
{
    struct th_type want;
    struct lists l = {0};
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    const struct th_type t = *onx_type(n, x);
    if (!following(n, &t, &want))
        TH_TRY(declared(n, t.rank, &want));
    if (th_type_elems(&want) == 0) {
        want.dtype = t.dtype;
        TH_TRY(onx_filled(n, &want, 0, &x));
        return onx_bind(n, 0, x);
    }
    const th_value given[3] = {onx_in(n, 1), onx_in(n, 3), onx_in(n, 4)};
    th_value *const to[3] = {&l.starts, &l.axes, &l.steps};
    for (int i = 0; i < 3; i++)
        if (given[i] != 0) {
            if (onx_type(n, given[i])->rank != 1)
                return onx_reject(n, "vectors", "a list of %d dimensions",
                                  (int)onx_type(n, given[i])->rank);
            TH_TRY(onx_cast(n, given[i], TH_DT_S64, to[i]));
        }
    if (l.starts == 0)
        return onx_reject(n, NULL, "operand 1 is absent");
    l.count = onx_type(n, l.starts)->dims[0];
    for (int32_t axis = 0; axis < t.rank; axis++)
        if (l.axes != 0 || axis < l.count)
            TH_TRY(slice_axis(n, &l, &t, axis, want.dims[axis], &x));
    return onx_bind(n, 0, x);
}

/* ---- padding --------------------------------------------------------------------------------- */

/* Indices i - before along an axis, as the mode wants them; inside: where they lie on it. */
static enum th_status pad_axis(struct onx_node *n, const char *mode, th_value before, int64_t dim,
                               int64_t count, th_value *index, th_value *inside)
{
    const int64_t turn = dim > 1 ? 2 * (dim - 1) : 1;
    th_value at, other;

    TH_TRY(onx_iota(n, TH_DT_S64, count, &at));
    TH_TRY(onx_binary(n, "sub", at, before, &at));
    TH_TRY(with(n, "greater_equal", at, 0, inside));
    TH_TRY(with(n, "less", at, dim, &other));
    TH_TRY(onx_binary(n, "logical_and", *inside, other, inside));
    if (strcmp(mode, "wrap") == 0)
        return with(n, "floor_mod", at, dim, index);
    if (strcmp(mode, "reflect") == 0) {
        TH_TRY(with(n, "floor_mod", at, turn, &at));
        TH_TRY(onx_unary(n, "neg", at, &other));
        TH_TRY(with(n, "add", other, turn, &other));
        return onx_binary(n, "minimum", at, other, index);
    }
    TH_TRY(with(n, "maximum", at, 0, &at));
    return with(n, "minimum", at, dim - 1, index);
}

enum th_status onx_late_pad(struct onx_node *n)
{
    const char *mode = onx_attr_s(n, "mode", "constant");
    th_value in[2], value, index, inside;
    struct lists l = {0};
    struct th_type want;

    TH_TRY(onx_need(n, in, 2));
    const struct th_type t = *onx_type(n, in[0]);
    TH_TRY(declared(n, t.rank, &want));
    const int64_t pads = th_type_elems(onx_type(n, in[1]));
    l.count = onx_has_in(n, 3) ? th_type_elems(onx_type(n, onx_in(n, 3))) : t.rank;
    if (onx_type(n, in[1])->rank != 1 || pads != 2 * l.count || th_type_elems(&t) == 0)
        return onx_reject(n, NULL, "%" PRId64 " pads for %" PRId64 " axes", pads, l.count);
    if (onx_has_in(n, 3))
        TH_TRY(onx_cast(n, onx_in(n, 3), TH_DT_S64, &l.axes));
    TH_TRY(onx_slice(n, in[1], 0, 0, l.count, &l.starts));
    TH_TRY(onx_cast(n, l.starts, TH_DT_S64, &l.starts));
    if (onx_has_in(n, 2))
        TH_TRY(onx_reshape(n, onx_in(n, 2), 0, NULL, &value));
    else
        TH_TRY(onx_scalar(n, t.dtype, 0, &value));
    for (int32_t axis = 0; axis < t.rank; axis++) {
        int64_t dims[TH_MAX_RANK];
        th_value before;
        for (int32_t i = 0; i < t.rank; i++)
            dims[i] = i == axis ? want.dims[i] : 1;
        TH_TRY(for_axis(n, &l, l.starts, t.rank, axis, 0, &before));
        TH_TRY(pad_axis(n, mode, before, t.dims[axis], want.dims[axis], &index, &inside));
        TH_TRY(onx_gather(n, in[0], index, axis, &in[0]));
        if (strcmp(mode, "constant") != 0)
            continue;
        TH_TRY(onx_reshape(n, inside, t.rank, dims, &inside));
        TH_TRY(choose(n, inside, in[0], value, &in[0]));
    }
    return onx_bind(n, 0, in[0]);
}

/* ---- axes ------------------------------------------------------------------------------------ */

enum th_status onx_late_named(struct onx_node *n, th_value axes, int32_t rank, int32_t axis,
                              th_value *out)
{
    const int64_t count = th_type_elems(onx_type(n, axes));

    TH_TRY(onx_reshape(n, axes, 1, &count, &axes));
    TH_TRY(with(n, "floor_mod", axes, rank, out));
    TH_TRY(with(n, "equal", *out, axis, out));
    return onx_add_typed(n, "reduce_any", out, 1, NULL, TH_DT_BOOL, NULL, out);
}

/* The shape that a reduction over the axes of a mask has. */
static bool gives(const struct th_type *x, uint32_t mask, bool keep, const struct th_type *want)
{
    int32_t rank = 0;

    for (int32_t i = 0; i < x->rank; i++) {
        const bool reduced = mask >> i & 1;
        if (reduced && !keep)
            continue;
        if (rank >= want->rank || want->dims[rank] != (reduced ? 1 : x->dims[i]))
            return false;
        rank++;
    }
    return rank == want->rank;
}

enum th_status onx_late_reduce(struct onx_node *n, const char *op, th_value x, bool keep,
                               th_value *out)
{
    const th_value axes = onx_in(n, 1);
    const struct th_type t = *onx_type(n, x);
    const int64_t count = th_type_elems(onx_type(n, axes));
    struct th_type want;

    *out = 0;
    if (!onx_declared(n, 0, &want) || count > t.rank)
        return onx_reject(n, "constant axes, or a result of declared shape",
                          "axes that are known only when the network runs");
    for (uint32_t mask = 0; mask < (uint32_t)1 << t.rank; mask++) {
        int64_t list[TH_MAX_RANK];
        size_t used = 0;
        th_value y, test = 0, one;
        for (int32_t i = 0; i < t.rank; i++)
            if (mask >> i & 1)
                list[used++] = i;
        if (used != (size_t)count || !gives(&t, mask, keep, &want))
            continue;
        TH_TRY(onx_reduce(n, op, x, list, used, keep, &y));
        for (size_t i = 0; i < used && *out != 0; i++) {
            TH_TRY(onx_late_named(n, axes, t.rank, (int32_t)list[i], &one));
            if (test != 0)
                TH_TRY(onx_binary(n, "logical_and", test, one, &one));
            test = one;
        }
        if (*out != 0)
            TH_TRY(choose(n, test, y, *out, &y));
        *out = y;
    }
    return *out != 0 ? TH_OK : onx_reject(n, NULL, "no axes give the declared result");
}

enum th_status onx_late_along(struct onx_node *n, th_value x,
                              enum th_status (*along)(struct onx_node *n, th_value x, int64_t axis,
                                                      th_value *out))
{
    const int32_t rank = onx_type(n, x)->rank;
    th_value y = 0, one, test;

    for (int32_t axis = 0; axis < rank; axis++) {
        TH_TRY(along(n, x, axis, &one));
        if (y != 0) {
            TH_TRY(onx_late_named(n, onx_in(n, 1), rank, axis, &test));
            TH_TRY(choose(n, test, one, y, &one));
        }
        y = one;
    }
    return y != 0 ? onx_bind(n, 0, y) : onx_reject(n, NULL, "an operand without axes");
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* Whether an operand is one number: it takes no part in the shape of a result. */
static bool single(struct onx_scope *s, const char *name)
{
    const struct onx_slot *slot = onx_names_get(&s->names, name);

    if (slot == NULL || slot->bad)
        return false;
    if (slot->value != 0)
        return th_type_elems(th_value_type(s->graph, slot->value)) == 1;
    return slot->tensor != NULL && slot->tensor->n_dims == 0;
}

static bool keeps_shape(const char *op)
{
    static const char *const ops[] = {"Abs", "Add", "Cast", "Cos", "Div", "Exp",
                                      "Identity", "Mul", "Neg", "Sin", "Sqrt", "Sub"};

    for (size_t i = 0; i < TH_ARRAY_LEN(ops); i++)
        if (strcmp(op, ops[i]) == 0)
            return true;
    return false;
}

/* The declared shape of a vector that is only computed with element by element later on. */
static bool declared_behind(struct onx_node *n, struct th_type *want)
{
    enum { REACH = 64 };
    const char *same[REACH] = {n->proto->output[0]};
    size_t count = 1;

    for (size_t i = 0; i < n->scope->n_nodes && count < REACH; i++) {
        const Onnx__NodeProto *p = n->scope->nodes[i];
        struct onx_node user = {.scope = n->scope, .proto = p, .loc = n->loc, .opset = n->opset};
        bool uses = false, plain = p->n_output == 1 && keeps_shape(onx_str(p->op_type));
        for (size_t k = 0; k < p->n_input && plain; k++) {
            bool found = false;
            for (size_t j = 0; j < count; j++)
                found = found || strcmp(same[j], onx_str(p->input[k])) == 0;
            uses = uses || found;
            plain = found || single(n->scope, onx_str(p->input[k]));
        }
        if (!plain || !uses)
            continue;
        if (onx_declared(&user, 0, want))
            return want->rank == 1;
        same[count++] = onx_str(p->output[0]);
    }
    return false;
}

enum th_status onx_late_range(struct onx_node *n)
{
    struct th_type want;
    th_value in[3], y;

    TH_TRY(onx_need(n, in, 3));
    if ((onx_declared(n, 0, &want) && want.rank == 1) || !declared_behind(n, &want))
        TH_TRY(declared(n, 1, &want));
    for (int i = 0; i < 3; i++)
        TH_TRY(onx_reshape(n, in[i], 0, NULL, &in[i]));
    TH_TRY(onx_iota(n, onx_type(n, in[0])->dtype, want.dims[0], &y));
    TH_TRY(onx_binary(n, "mul", y, in[2], &y));
    TH_TRY(onx_binary(n, "add", y, in[0], &y));
    return onx_bind(n, 0, y);
}

/* The k-th element that is chosen lies behind as many as have at most k chosen up to them. */
static enum th_status import_compress(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    struct th_type want;
    int64_t axis = 0, size;
    th_value in[2], k;

    TH_TRY(onx_need(n, in, 2));
    struct th_type t = *onx_type(n, in[0]);
    if (!onx_has(n, "axis")) {
        size = th_type_elems(&t);
        TH_TRY(onx_reshape(n, in[0], 1, &size, &in[0]));
        t = *onx_type(n, in[0]);
    } else if (!onx_axis(n, onx_attr_i(n, "axis", 0), t.rank, &axis)) {
        return TH_ERR_INPUT;
    }
    TH_TRY(declared(n, t.rank, &want));
    TH_TRY(onx_cast(n, in[1], TH_DT_S32, &in[1]));
    th_attr_list_int(&a, "axis", 0);
    TH_TRY(onx_add(n, "cumsum", &in[1], 1, &a, &in[1]));
    TH_TRY(onx_reshape(n, in[1], 2, (int64_t[]){1, th_type_elems(onx_type(n, in[1]))}, &in[1]));
    TH_TRY(onx_iota(n, TH_DT_S32, want.dims[axis], &k));
    TH_TRY(onx_reshape(n, k, 2, (int64_t[]){want.dims[axis], 1}, &k));
    TH_TRY(onx_binary(n, "less_equal", in[1], k, &k));
    TH_TRY(onx_cast(n, k, TH_DT_S32, &k));
    TH_TRY(onx_reduce(n, "sum", k, (int64_t[]){1}, 1, false, &k));
    TH_TRY(onx_gather(n, in[0], k, axis, &k));
    return onx_bind(n, 0, k);
}

const struct onx_row onx_rows_late[] = {
    {"Compress", import_compress, NULL},
    {NULL, NULL, NULL},
};
