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

static enum th_status import_gather(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value in[2];
    int64_t axis;

    TH_TRY(onx_need(n, in, 2));
    if (!onx_axis(n, onx_attr_i(n, "axis", 0), onx_type(n, in[0])->rank, &axis))
        return TH_ERR_INPUT;
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
        TH_TRY(onx_ints(n, i.dtype, 1, &one, dims, &list));
        TH_TRY(onx_binary(n, "floor_mod", in[1], list, &in[1]));
    }
    if (batch > 0)
        TH_TRY(with_batch(n, in[1], batch, &in[1]));
    return onx_finish(n, "gather_nd", in, 2, NULL);
}

static enum th_status import_cumsum(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    double given = 0;
    int64_t axis;
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    if (onx_has_in(n, 1) && !onx_in_is_const(n, 1))
        return onx_late_cumsum(n, x);
    if (!onx_in_real(n, 1, "axis", &given) ||
        !onx_axis(n, (int64_t)given, onx_type(n, x)->rank, &axis))
        return TH_ERR_INPUT;
    th_attr_list_int(&a, "axis", axis);
    th_attr_list_bool(&a, "exclusive", onx_attr_i(n, "exclusive", 0) != 0);
    th_attr_list_bool(&a, "reverse", onx_attr_i(n, "reverse", 0) != 0);
    return onx_finish(n, "cumsum", &x, 1, &a);
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

const struct onx_row onx_rows_index[] = {
    {"Gather", import_gather, NULL},
    {"GatherND", import_gather_nd, NULL},
    {"CumSum", import_cumsum, NULL},
    {"Range", import_range, NULL},
    {NULL, NULL, NULL},
};
