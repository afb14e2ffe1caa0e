/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing elements by index, and lists of numbers. */
#include <inttypes.h>
#include <string.h>

#include "import.h"

enum th_status onx_from_front(struct onx_node *n, th_value i, int64_t dim, th_value *out)
{
    const struct th_tensor *c = onx_const(n, i);
    enum th_dtype dt = onx_type(n, i)->dtype;
    bool negative = c == NULL;
    th_value in[3], zero, all;

    for (int64_t k = 0; c != NULL && k < th_type_elems(&c->type); k++)
        negative = negative || th_tensor_int(c, k) < 0;
    *out = i;
    if (!negative)
        return TH_OK;
    TH_TRY(onx_scalar(n, dt, 0, &zero));
    TH_TRY(onx_scalar(n, dt, (double)dim, &all));
    TH_TRY(onx_binary(n, "less", i, zero, &in[0]));
    TH_TRY(onx_binary(n, "add", i, all, &in[1]));
    in[2] = i;
    return onx_add_typed(n, "select", in, 3, NULL, dt, NULL, out);
}

enum th_status onx_check_indices(struct onx_node *n, th_value i, const struct th_type *x,
                                 int64_t axis, int64_t count)
{
    const struct th_tensor *c = onx_const(n, i);

    if (c == NULL || !th_dtype_is_int(c->type.dtype))
        return TH_OK;
    for (int64_t k = 0; k < th_type_elems(&c->type); k++) {
        const int64_t at = th_tensor_int(c, k), own = axis + k % count, all = x->dims[own];
        if (at < -all || at >= all)
            return onx_reject(n, NULL, "index %" PRId64 " of axis %" PRId64 ", which has %" PRId64
                              " elements; possible are %" PRId64 " to %" PRId64, at, own, all,
                              -all, all - 1);
    }
    return TH_OK;
}

static enum th_status import_gather(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value in[2];
    int64_t axis;

    TH_TRY(onx_need(n, in, 2));
    if (!onx_axis(n, onx_attr_i(n, "axis", 0), onx_type(n, in[0])->rank, &axis))
        return TH_ERR_INPUT;
    TH_TRY(onx_check_indices(n, in[1], onx_type(n, in[0]), axis, 1));
    TH_TRY(onx_from_front(n, in[1], onx_type(n, in[0])->dims[axis], &in[1]));
    th_attr_list_int(&a, "axis", axis);
    return onx_finish(n, "gather", in, 2, &a);
}

/* The places of the leading axes go in front of each index vector. */
static enum th_status with_batch(struct onx_node *n, th_value index, int64_t batch, th_value *out)
{
    const struct th_type t = *onx_type(n, index);
    th_value list[TH_MAX_RANK + 1];
    int64_t dims[TH_MAX_RANK], count = 1;

    memcpy(dims, t.dims, sizeof dims);
    dims[t.rank - 1] = 1;
    for (int32_t i = 0; i + 1 < t.rank; i++)
        count *= dims[i];
    for (int64_t a = 0; a < batch; a++) {
        int64_t *v = TH_NEW_ARRAY(n->scope->im->arena, int64_t, (size_t)count + 1), inner = 1;
        if (v == NULL)
            return TH_ERR_INTERNAL;
        for (int32_t i = (int32_t)a + 1; i + 1 < t.rank; i++)
            inner *= dims[i];
        for (int64_t i = 0; i < count; i++)
            v[i] = i / inner % dims[a];
        TH_TRY(onx_ints(n, t.dtype, t.rank, dims, v, &list[a]));
    }
    list[batch] = index;
    return onx_concat(n, list, (size_t)batch + 1, t.rank - 1, out);
}

static enum th_status import_gather_nd(struct onx_node *n)
{
    const int64_t batch = onx_attr_i(n, "batch_dims", 0);
    int64_t dims[TH_MAX_RANK], one;
    th_value in[2], list;

    TH_TRY(onx_need(n, in, 2));
    const struct th_type x = *onx_type(n, in[0]), i = *onx_type(n, in[1]);
    if (i.rank < 1 || batch < 0 || batch >= i.rank || batch > x.rank ||
        batch + i.dims[i.rank - 1] > x.rank)
        return onx_reject(n, NULL, "batch_dims %" PRId64, batch);
    /* negative indices count from the end of their axis */
    for (int64_t k = 0; k < i.dims[i.rank - 1]; k++)
        dims[k] = x.dims[batch + k];
    one = i.dims[i.rank - 1];
    if (one > 0) {
        TH_TRY(onx_check_indices(n, in[1], &x, batch, one));
        TH_TRY(onx_ints(n, i.dtype, 1, &one, dims, &list));
        TH_TRY(onx_binary(n, "floor_mod", in[1], list, &in[1]));
    }
    if (batch > 0)
        TH_TRY(with_batch(n, in[1], batch, &in[1]));
    return onx_finish(n, "gather_nd", in, 2, NULL);
}

static enum th_status sums(struct onx_node *n, th_value x, int64_t axis, th_value *out)
{
    struct th_attr_list a = {.n = 0};

    th_attr_list_int(&a, "axis", axis);
    th_attr_list_bool(&a, "exclusive", onx_attr_i(n, "exclusive", 0) != 0);
    th_attr_list_bool(&a, "reverse", onx_attr_i(n, "reverse", 0) != 0);
    return onx_add(n, "cumsum", &x, 1, &a, out);
}

/* x moved along the axis by k elements; those that come in are 1. */
static enum th_status shifted(struct onx_node *n, th_value x, int64_t axis, int64_t k,
                              th_value *out)
{
    const bool reverse = onx_attr_i(n, "reverse", 0) != 0;
    const struct th_type t = *onx_type(n, x);
    int64_t before[TH_MAX_RANK] = {0}, after[TH_MAX_RANK] = {0};
    struct th_attr_list a = {.n = 0};

    TH_TRY(onx_slice(n, x, axis, reverse ? k : 0, t.dims[axis] - k, &x));
    (reverse ? after : before)[axis] = k;
    th_attr_list_ints(&a, "before", before, (size_t)t.rank);
    th_attr_list_ints(&a, "after", after, (size_t)t.rank);
    th_attr_list_float(&a, "value", 1);
    return onx_add(n, "pad", &x, 1, &a, out);
}

/* Each step multiplies products of twice as many elements. */
static enum th_status products(struct onx_node *n, th_value x, int64_t axis, th_value *out)
{
    const int64_t dim = onx_type(n, x)->dims[axis];
    th_value y;

    if (onx_attr_i(n, "exclusive", 0) != 0 && dim > 0)
        TH_TRY(shifted(n, x, axis, 1, &x));
    for (int64_t k = 1; k < dim; k *= 2) {
        TH_TRY(shifted(n, x, axis, k, &y));
        TH_TRY(onx_binary(n, "mul", x, y, &x));
    }
    *out = x;
    return TH_OK;
}

static enum th_status import_running(struct onx_node *n)
{
    enum th_status (*along)(struct onx_node *, th_value, int64_t, th_value *) =
        strcmp(n->row->ir, "cumsum") == 0 ? sums : products;
    double given = 0;
    int64_t axis;
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    if (onx_has_in(n, 1) && !onx_in_is_const(n, 1))
        return onx_late_along(n, x, along);
    if (!onx_in_real(n, 1, "axis", &given) ||
        !onx_axis(n, (int64_t)given, onx_type(n, x)->rank, &axis))
        return TH_ERR_INPUT;
    TH_TRY(along(n, x, axis, &y));
    return onx_bind(n, 0, y);
}

/* First, last and step are numbers; their count must be known. */
static enum th_status import_range(struct onx_node *n)
{
    double v[3] = {0};
    th_value in[3], out;
    struct th_type type;
    struct th_tensor *t;
    int64_t count;

    TH_TRY(onx_need(n, in, 3));
    for (size_t i = 0; i < 3; i++)
        if (!onx_in_is_const(n, i))
            return onx_late_range(n);
    for (size_t i = 0; i < 3; i++)
        if (!onx_in_real(n, i, "start, limit, delta", &v[i]))
            return TH_ERR_INPUT;
    if (onx_attr_i(n, "stash_type", 1) != 1 && onx_type(n, in[0])->dtype != TH_DT_F32)
        return onx_reject(n, "stash_type 1", "stash_type %" PRId64,
                          onx_attr_i(n, "stash_type", 1));
    if (v[2] == 0 || !(fabs((v[1] - v[0]) / v[2]) < 1e9))
        return onx_reject(n, NULL, "from %g to %g by %g", v[0], v[1], v[2]);
    count = (int64_t)ceil((v[1] - v[0]) / v[2]);
    count = count < 0 ? 0 : count;
    type = th_type_make(onx_type(n, in[0])->dtype, 1, &count);
    TH_TRY(onx_filled(n, &type, 0, &out));
    t = th_tensor_new(n->scope->im->arena, &type);
    if (t == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < count; i++)
        th_tensor_set_real(t, i, v[0] + (double)i * v[2]);
    out = th_graph_const_copy(n->scope->graph, "", &type, t->data);
    return out != 0 ? onx_bind(n, 0, out) : TH_ERR_INTERNAL;
}

/* ---- caches ---------------------------------------------------------------------------------- */

/* The place of every slice of the update on the axis, in index vectors. */
static enum th_status update_places(struct onx_node *n, const struct th_type *u, int64_t axis,
                                    th_value from, int64_t circle, th_value *out)
{
    int64_t dims[TH_MAX_RANK], flat[TH_MAX_RANK];
    th_value k;

    for (int64_t i = 0; i < axis + 2; i++) {
        dims[i] = i <= axis ? u->dims[i] : 1;
        flat[i] = i == 0 ? u->dims[0] : 1;
    }
    TH_TRY(onx_reshape(n, from, (int32_t)axis + 2, flat, &from));
    flat[0] = 1;
    flat[axis] = u->dims[axis];
    TH_TRY(onx_iota(n, TH_DT_S32, u->dims[axis], &k));
    TH_TRY(onx_reshape(n, k, (int32_t)axis + 2, flat, &k));
    TH_TRY(onx_binary(n, "add", from, k, &k));
    if (circle > 0) {
        TH_TRY(onx_scalar(n, TH_DT_S32, (double)circle, &from));
        TH_TRY(onx_binary(n, "floor_mod", k, from, &k));
    }
    TH_TRY(onx_broadcast(n, k, (int32_t)axis + 2, dims, &k));
    return with_batch(n, k, axis, out);
}

/* One start for the whole batch; a part that does not go around the end. */
static enum th_status update_part(struct onx_node *n, const th_value given[2], th_value from,
                                  int32_t rank, int64_t axis)
{
    int64_t zeros[TH_MAX_RANK] = {0}, one = 1, front = axis, behind = rank - axis - 1;
    th_value in[3] = {given[0], given[1]}, list[3];
    size_t count = 0;

    if (from == 0)
        TH_TRY(onx_ints(n, TH_DT_S32, 1, &one, zeros, &from));
    TH_TRY(onx_ints(n, TH_DT_S32, 1, &front, zeros, &list[count++]));
    TH_TRY(onx_reshape(n, from, 1, &one, &list[count++]));
    if (behind > 0)
        TH_TRY(onx_ints(n, TH_DT_S32, 1, &behind, zeros, &list[count++]));
    TH_TRY(onx_concat(n, list, count, 0, &in[2]));
    return onx_finish(n, "dynamic_update_slice", in, 3, NULL);
}

static enum th_status check_update(struct onx_node *n, const struct th_type *x,
                                   const struct th_type *u, int64_t axis)
{
    bool fits = u->rank == x->rank && u->dtype == x->dtype;

    if (axis == 0 || axis + 2 > TH_MAX_RANK)
        return onx_reject(n, NULL, "a cache along axis %" PRId64, axis);
    for (int32_t i = 0; fits && i < x->rank; i++)
        fits = i == axis ? u->dims[i] <= x->dims[i] : u->dims[i] == x->dims[i];
    if (!fits)
        return onx_reject(n, NULL, "an update that does not fit the cache along axes other than "
                          "%" PRId64, axis);
    return TH_OK;
}

static enum th_status import_tensor_scatter(struct onx_node *n)
{
    const char *mode = onx_attr_s(n, "mode", "linear");
    const bool circular = strcmp(mode, "circular") == 0;
    th_value in[3], from = onx_in(n, 2);
    const struct th_tensor *known;
    int64_t axis;

    TH_TRY(onx_need(n, in, 2));
    const struct th_type x = *onx_type(n, in[0]), u = *onx_type(n, in[1]);
    if (!circular && strcmp(mode, "linear") != 0)
        return onx_reject(n, "'linear' or 'circular'", "mode '%s'", mode);
    if (!onx_axis(n, onx_attr_i(n, "axis", -2), x.rank, &axis))
        return TH_ERR_INPUT;
    TH_TRY(check_update(n, &x, &u, axis));
    if (th_type_elems(&u) == 0)
        return onx_bind(n, 0, in[0]);
    if (from != 0) {
        const struct th_type t = *onx_type(n, from);
        if (t.rank != 1 || t.dims[0] != x.dims[0] || !th_dtype_is_int(t.dtype))
            return onx_reject(n, "an integer for each", "%" PRId64 " places for a batch of "
                              "%" PRId64, th_type_elems(&t), x.dims[0]);
        known = onx_const(n, from);
        for (int64_t i = 0; known != NULL && !circular && i < x.dims[0]; i++)
            if (th_tensor_int(known, i) < 0 ||
                th_tensor_int(known, i) > x.dims[axis] - u.dims[axis])
                return onx_reject(n, NULL, "%" PRId64 " elements from place %" PRId64 " on, the "
                                  "cache has %" PRId64, u.dims[axis], th_tensor_int(known, i),
                                  x.dims[axis]);
        if (circular) {
            th_value all;
            TH_TRY(onx_scalar(n, t.dtype, (double)x.dims[axis], &all));
            TH_TRY(onx_binary(n, "floor_mod", from, all, &from));
        }
        TH_TRY(onx_cast(n, from, TH_DT_S32, &from));
    }
    if (from == 0 || (x.dims[0] == 1 && !circular))
        return update_part(n, in, from, x.rank, axis);
    in[2] = in[1];
    TH_TRY(update_places(n, &u, axis, from, circular ? x.dims[axis] : 0, &in[1]));
    return onx_finish(n, "scatter_update", in, 3, NULL);
}

const struct onx_row onx_rows_index[] = {
    {"Gather", import_gather, NULL},
    {"GatherND", import_gather_nd, NULL},
    {"CumSum", import_running, "cumsum"},
    {"CumProd", import_running, "mul"},
    {"Range", import_range, NULL},
    {"TensorScatter", import_tensor_scatter, NULL},
    {NULL, NULL, NULL},
};
