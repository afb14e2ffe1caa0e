/* SPDX-License-Identifier: Apache-2.0 */
/* Elements by indices of their own, searches, triangles. */
#include <inttypes.h>
#include <string.h>

#include "import.h"

/* ---- gathering and scattering ---------------------------------------------------------------- */

static enum th_status import_gather_elements(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value in[2];
    int64_t axis;

    TH_TRY(onx_need(n, in, 2));
    if (!onx_axis(n, onx_attr_i(n, "axis", 0), onx_type(n, in[0])->rank, &axis))
        return TH_ERR_INPUT;
    TH_TRY(onx_check_indices(n, in[1], onx_type(n, in[0]), axis, 1));
    th_attr_list_int(&a, "axis", axis);
    return onx_finish(n, "gather_elements", in, 2, &a);
}

static enum th_status scatter_mode(struct onx_node *n, struct th_attr_list *a)
{
    static const char *const modes[] = {"none", "add", "mul", "min", "max"};
    const char *mode = onx_attr_s(n, "reduction", "none");

    for (int64_t i = 0; i < 5; i++)
        if (strcmp(mode, modes[i]) == 0) {
            th_attr_list_enum(a, "mode", i);
            return TH_OK;
        }
    return onx_reject(n, NULL, "reduction '%s'", mode);
}

static enum th_status import_scatter_elements(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value in[3];
    int64_t axis;

    TH_TRY(onx_need(n, in, 3));
    if (!onx_axis(n, onx_attr_i(n, "axis", 0), onx_type(n, in[0])->rank, &axis))
        return TH_ERR_INPUT;
    TH_TRY(onx_check_indices(n, in[1], onx_type(n, in[0]), axis, 1));
    th_attr_list_int(&a, "axis", axis);
    TH_TRY(scatter_mode(n, &a));
    return onx_finish(n, "scatter_elements", in, 3, &a);
}

static enum th_status import_scatter_nd(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value in[3];

    TH_TRY(onx_need(n, in, 3));
    const struct th_type *x = onx_type(n, in[0]), *i = onx_type(n, in[1]);
    const int64_t depth = i->rank > 0 ? i->dims[i->rank - 1] : 0;
    if (depth > 0 && depth <= x->rank)      /* else its record tells */
        TH_TRY(onx_check_indices(n, in[1], x, 0, depth));
    TH_TRY(scatter_mode(n, &a));
    return onx_finish(n, "scatter_update", in, 3, &a);
}

/* ---- searches -------------------------------------------------------------------------------- */

/* Swaps an axis with the last one. */
static enum th_status swap_last(struct onx_node *n, th_value v, int64_t axis, th_value *out)
{
    int32_t rank = onx_type(n, v)->rank;
    int64_t perm[TH_MAX_RANK];

    for (int32_t i = 0; i < rank; i++)
        perm[i] = i;
    perm[axis] = rank - 1;
    perm[rank - 1] = axis;
    return onx_transpose(n, v, perm, out);
}

/* How many: an attribute, a constant, or what the file declares for the result. */
static enum th_status top_count(struct onx_node *n, int64_t axis, int64_t *k)
{
    const struct th_tensor *c = onx_const(n, onx_in(n, 1));
    struct th_type declared;

    *k = onx_attr_i(n, "k", -1);
    if (c != NULL && th_type_elems(&c->type) == 1)
        *k = th_tensor_int(c, 0);
    else if (onx_has_in(n, 1) && onx_declared(n, 0, &declared) && axis < declared.rank)
        *k = declared.dims[axis];
    if (*k < 0)
        return onx_reject(n, "a constant", "how many elements are wanted");
    return TH_OK;
}

static enum th_status import_top_k(struct onx_node *n)
{
    const struct th_type *t;
    struct th_type types[2];
    struct th_attr attrs[2] = {{.name = "k", .kind = TH_ATTR_INT},
                               {.name = "largest", .kind = TH_ATTR_BOOL}};
    th_value x, out[2];
    int64_t axis;

    TH_TRY(onx_need(n, &x, 1));
    t = onx_type(n, x);
    if (t->rank < 1 || !onx_axis(n, onx_attr_i(n, "axis", -1), t->rank, &axis))
        return onx_reject(n, NULL, "an operand of %d dimensions", (int)t->rank);
    TH_TRY(top_count(n, axis, &attrs[0].v.i));
    attrs[1].v.i = onx_attr_i(n, "largest", 1);
    TH_TRY(swap_last(n, x, axis, &x));
    for (int i = 0; i < 2; i++)
        types[i] = (struct th_type){.dtype = TH_DT_NONE, .rank = -1};
    struct th_node_desc d = {.op = "top_k", .contract = "onnx", .in = &x, .n_in = 1,
                             .attrs = attrs, .n_attrs = 2, .out = types, .n_out = 2,
                             .loc = n->loc};
    TH_TRY(th_graph_add_node(n->scope->graph, &d, NULL, out));
    TH_TRY(onx_narrow_keep(n, d.op, &x, 1, out[0]));
    TH_TRY(onx_cast(n, out[1], TH_DT_S64, &out[1]));
    for (size_t i = 0; i < 2; i++) {
        TH_TRY(swap_last(n, out[i], axis, &out[i]));
        TH_TRY(onx_bind(n, i, out[i]));
    }
    return TH_OK;
}

/* 1 at the first of the largest along an axis, 0 elsewhere. Up to version 12 all axes from `axis`
 * on are one. */
static enum th_status import_hardmax(struct onx_node *n)
{
    struct th_attr_list find = {.n = 0}, make = {.n = 0};
    struct th_type t;
    th_value x, in[3];
    int64_t axis, rows = 1, last = 1;

    TH_TRY(onx_need(n, &x, 1));
    t = *onx_type(n, x);
    if (!onx_axis(n, onx_attr_i(n, "axis", n->opset < 13 ? 1 : -1), t.rank, &axis))
        return TH_ERR_INPUT;
    if (n->opset < 13) {
        for (int32_t i = 0; i < t.rank; i++)
            *(i < axis ? &rows : &last) *= t.dims[i];
        TH_TRY(onx_reshape(n, x, 2, (int64_t[]){rows, last}, &x));
        axis = 1;
    }
    th_attr_list_int(&find, "axis", axis);
    th_attr_list_int(&make, "axis", axis);
    th_attr_list_int(&make, "depth", onx_type(n, x)->dims[axis]);
    TH_TRY(onx_add_typed(n, "arg_max", &x, 1, &find, TH_DT_S32, NULL, &in[0]));
    TH_TRY(onx_scalar(n, t.dtype, 1, &in[1]));
    TH_TRY(onx_scalar(n, t.dtype, 0, &in[2]));
    TH_TRY(onx_add(n, "one_hot", in, 3, &make, &x));
    TH_TRY(onx_reshape(n, x, t.rank, t.dims, &x));
    return onx_bind(n, 0, x);
}

/* ---- one hot --------------------------------------------------------------------------------- */

static enum th_status one_hot_depth(struct onx_node *n, int64_t axis, int64_t *depth)
{
    const struct th_tensor *c = onx_const(n, onx_in(n, 1));
    struct th_type declared;

    if (c != NULL && th_type_elems(&c->type) == 1)
        *depth = th_dtype_is_float(c->type.dtype) ? (int64_t)th_tensor_real(c, 0)
                                                  : th_tensor_int(c, 0);
    else if (onx_declared(n, 0, &declared) && axis < declared.rank)
        *depth = declared.dims[axis];
    else
        return onx_reject(n, "a constant", "depth");
    return *depth >= 0 ? TH_OK : onx_reject(n, NULL, "depth %" PRId64, *depth);
}

static enum th_status import_one_hot(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value in[3], given[3], pick[3], all, zero;
    int64_t axis, depth = 0, one = 1;

    TH_TRY(onx_need(n, given, 3));
    if (!onx_axis(n, onx_attr_i(n, "axis", -1), onx_type(n, given[0])->rank + 1, &axis))
        return TH_ERR_INPUT;
    if (th_type_elems(onx_type(n, given[2])) != 2)
        return onx_reject(n, "[off, on]", "values of another length than 2");
    TH_TRY(one_hot_depth(n, axis, &depth));
    TH_TRY(onx_cast(n, given[0], TH_DT_S64, &in[0]));
    TH_TRY(onx_scalar(n, TH_DT_S64, (double)depth, &all));
    TH_TRY(onx_scalar(n, TH_DT_S64, 0, &zero));
    TH_TRY(onx_binary(n, "less", in[0], zero, &pick[0]));
    TH_TRY(onx_binary(n, "add", in[0], all, &pick[1]));
    pick[2] = in[0];
    TH_TRY(onx_add_typed(n, "select", pick, 3, NULL, TH_DT_S64, NULL, &in[0]));
    TH_TRY(onx_reshape(n, given[2], 1, (int64_t[]){2}, &given[2]));
    for (int64_t i = 0; i < 2; i++) {
        TH_TRY(onx_slice(n, given[2], 0, i, 1, &in[2 - i]));
        TH_TRY(onx_reshape(n, in[2 - i], 1, &one, &in[2 - i]));
    }
    th_attr_list_int(&a, "depth", depth);
    th_attr_list_int(&a, "axis", axis);
    return onx_finish(n, "one_hot", in, 3, &a);
}

/* ---- triangles and diagonals ----------------------------------------------------------------- */

/* column - row of a matrix. */
static enum th_status diagonals(struct onx_node *n, int64_t rows, int64_t columns, th_value *out)
{
    int64_t dims[2] = {rows, columns}, *v;

    v = TH_NEW_ARRAY(n->scope->im->arena, int64_t, (size_t)(rows * columns) + 1);
    if (v == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < rows * columns; i++)
        v[i] = i % columns - i / columns;
    return onx_ints(n, TH_DT_S64, 2, dims, v, out);
}

static enum th_status import_trilu(struct onx_node *n)
{
    bool upper = onx_attr_i(n, "upper", 1) != 0;
    const struct th_type *t;
    th_value in[3], k, d;

    TH_TRY(onx_need(n, &in[1], 1));
    t = onx_type(n, in[1]);
    if (t->rank < 2)
        return onx_reject(n, NULL, "an operand of %d dimensions", (int)t->rank);
    if (th_type_elems(t) == 0)
        return onx_bind(n, 0, in[1]);
    TH_TRY(diagonals(n, t->dims[t->rank - 2], t->dims[t->rank - 1], &d));
    if (onx_has_in(n, 1))
        TH_TRY(onx_reshape(n, onx_in(n, 1), 0, NULL, &k));
    else
        TH_TRY(onx_scalar(n, TH_DT_S64, 0, &k));
    TH_TRY(onx_binary(n, upper ? "greater_equal" : "less_equal", d, k, &in[0]));
    TH_TRY(onx_scalar(n, onx_type(n, in[1])->dtype, 0, &in[2]));
    TH_TRY(onx_add_typed(n, "select", in, 3, NULL, onx_type(n, in[1])->dtype, NULL, &d));
    return onx_bind(n, 0, d);
}

static enum th_status import_eye_like(struct onx_node *n)
{
    int64_t k = onx_attr_i(n, "k", 0), to = onx_attr_i(n, "dtype", 0);
    struct th_type t;
    struct th_tensor *eye;
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    t = *onx_type(n, x);
    t.quant = NULL;
    if (to > 0 && to < 64)
        t.dtype = onx_dtype((int32_t)to);
    if (t.rank != 2 || t.dtype == TH_DT_NONE)
        return onx_reject(n, "a matrix of numbers", "an operand of %d dimensions", (int)t.rank);
    TH_TRY(onx_filled(n, &t, 0, &y));
    eye = th_tensor_new(n->scope->im->arena, &t);
    if (eye == NULL)
        return TH_ERR_INTERNAL;
    /* the diagonal begins in column k, or in row -k, and meets the matrix at all */
    const bool meets = k > -t.dims[0] && k < t.dims[1];
    for (int64_t i = k < 0 ? -k : 0; meets && i < t.dims[0] && i + k < t.dims[1]; i++)
        th_tensor_set_real(eye, i * t.dims[1] + i + k, 1);
    y = th_graph_const_copy(n->scope->graph, "", &t, eye->data);
    if (y == 0 || !onx_narrow_add(n->scope->im, n->scope->graph, y,
                                  to > 0 && to < 64 ? (int32_t)to : onx_narrow_type(n, x)))
        return TH_ERR_INTERNAL;
    return onx_bind(n, 0, y);
}

/* ---- reversal of the first elements of each sequence ----------------------------------------- */

static enum th_status import_reverse_sequence(struct onx_node *n)
{
    int64_t time = onx_attr_i(n, "time_axis", 0), batch = onx_attr_i(n, "batch_axis", 1);
    struct th_attr_list a = {.n = 0};
    th_value in[2], pick[3], steps, last;
    struct th_type t;
    int64_t *v;

    TH_TRY(onx_need(n, in, 2));
    t = *onx_type(n, in[0]);
    if (t.rank < 2 || time + batch != 1 || time * batch != 0)
        return onx_reject(n, "time and batch on axes 0 and 1", "time_axis %" PRId64
                          ", batch_axis %" PRId64, time, batch);
    v = TH_NEW_ARRAY(n->scope->im->arena, int64_t, (size_t)t.dims[time] + 1);
    if (v == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < t.dims[time]; i++)
        v[i] = i;
    /* index of step s in a sequence of length n: n - 1 - s where s < n, else s */
    TH_TRY(onx_ints(n, TH_DT_S64, 2, (int64_t[]){1, t.dims[time]}, v, &steps));
    TH_TRY(onx_cast(n, in[1], TH_DT_S64, &in[1]));
    TH_TRY(onx_reshape(n, in[1], 2, (int64_t[]){t.dims[batch], 1}, &in[1]));
    TH_TRY(onx_binary(n, "less", steps, in[1], &pick[0]));
    TH_TRY(onx_scalar(n, TH_DT_S64, 1, &last));
    TH_TRY(onx_binary(n, "sub", in[1], last, &last));
    TH_TRY(onx_binary(n, "sub", last, steps, &pick[1]));
    pick[2] = steps;
    TH_TRY(onx_add_typed(n, "select", pick, 3, NULL, TH_DT_S64, NULL, &in[1]));
    int64_t perm[TH_MAX_RANK] = {1, 0};
    for (int32_t i = 2; i < t.rank; i++)
        perm[i] = i;
    if (batch == 1)
        TH_TRY(onx_transpose(n, in[0], perm, &in[0]));
    th_attr_list_int(&a, "axis", 1);
    th_attr_list_int(&a, "batch_dims", 1);
    TH_TRY(onx_add(n, "gather", in, 2, &a, &in[0]));
    if (batch == 1)
        TH_TRY(onx_transpose(n, in[0], perm, &in[0]));
    return onx_bind(n, 0, in[0]);
}

const struct onx_row onx_rows_choose[] = {
    {"EyeLike", import_eye_like, NULL},
    {"GatherElements", import_gather_elements, NULL},
    {"Hardmax", import_hardmax, NULL},
    {"OneHot", import_one_hot, NULL},
    {"ReverseSequence", import_reverse_sequence, NULL},
    {"Scatter", import_scatter_elements, NULL},
    {"ScatterElements", import_scatter_elements, NULL},
    {"ScatterND", import_scatter_nd, NULL},
    {"TopK", import_top_k, NULL},
    {"Trilu", import_trilu, NULL},
    {NULL, NULL, NULL},
};
