/* SPDX-License-Identifier: Apache-2.0 */
/* The few ways to add nodes. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "import.h"

/* ---- nodes ----------------------------------------------------------------------------------- */

static enum th_status add(const struct ov_node *n, const char *op, const th_value *in,
                          uint32_t n_in, const struct th_attr_list *a, const struct th_type *type,
                          th_value *out)
{
    struct th_node_desc d = {.op = op, .contract = OV_CONTRACT, .in = in, .n_in = n_in,
                             .out = type, .n_out = 1, .loc = n->loc};
    struct ov_import *im = n->scope->im;
    th_value v = 0;             /* callers let a result take the place of its operand */

    if (im->nodes_left == 0)
        return ov_reject(n, "the file asks for more nodes than its size allows");
    im->nodes_left--;
    if (a != NULL) {
        d.attrs = a->at;
        d.n_attrs = a->n;
    }
    TH_TRY(th_graph_add_node(n->scope->graph, &d, NULL, &v));
    if (th_value_is_const(n->scope->graph, v) &&
        !ov_charge(im, &n->loc, (uint64_t)th_type_size(ov_type(n, v))))
        return TH_ERR_INPUT;
    *out = v;
    return TH_OK;
}

enum th_status ov_add_typed(const struct ov_node *n, const char *op, const th_value *in,
                            uint32_t n_in, const struct th_attr_list *a, const struct th_type *type,
                            th_value *out)
{
    struct th_type open = *type;

    open.rank = -1;
    return add(n, op, in, n_in, a, &open, out);
}

enum th_status ov_add(const struct ov_node *n, const char *op, const th_value *in, uint32_t n_in,
                      const struct th_attr_list *a, th_value *out)
{
    const struct th_op *record = th_op_find(n->scope->im->ctx, op);

    if (record != NULL && (record->outputs[0].flags & TH_PORT_DECLARED) && n_in > 0)
        return ov_add_typed(n, op, in, n_in, a, ov_type(n, in[0]), out);
    return add(n, op, in, n_in, a, NULL, out);
}

enum th_status ov_finish(struct ov_node *n, const char *op, const th_value *in, uint32_t n_in,
                         const struct th_attr_list *a)
{
    th_value out = 0;

    TH_TRY(ov_add(n, op, in, n_in, a, &out));
    return ov_bind(n, 0, out);
}

enum th_status ov_unary(const struct ov_node *n, const char *op, th_value x, th_value *out)
{
    return ov_add(n, op, &x, 1, NULL, out);
}

enum th_status ov_binary(const struct ov_node *n, const char *op, th_value a, th_value b,
                         th_value *out)
{
    const th_value in[2] = {a, b};

    return ov_add(n, op, in, 2, NULL, out);
}

enum th_status ov_with_number(const struct ov_node *n, const char *op, th_value a, double b,
                              th_value *out)
{
    struct th_type type = th_type_make(ov_type(n, a)->dtype, 0, NULL);
    double real = 0;            /* eight bytes, as wide as any element */
    struct th_tensor one = {type, &real};

    if (th_dtype_is_float(type.dtype))
        th_tensor_set_real(&one, 0, b);
    else
        th_tensor_set_int(&one, 0, (int64_t)b);
    th_value number = th_graph_const_copy(n->scope->graph, NULL, &type, &real);
    return number != 0 ? ov_binary(n, op, a, number, out) : TH_ERR_INTERNAL;
}

enum th_status ov_reshape(const struct ov_node *n, th_value v, int32_t rank, const int64_t *dims,
                          th_value *out)
{
    struct th_attr_list a = {.n = 0};
    const struct th_type *t = ov_type(n, v);
    bool same = t->rank == rank;

    for (int32_t i = 0; same && i < rank; i++)
        same = t->dims[i] == dims[i];
    if (same) {
        *out = v;
        return TH_OK;
    }
    th_attr_list_ints(&a, "shape", dims, (size_t)rank);
    return ov_add(n, "reshape", &v, 1, &a, out);
}

enum th_status ov_transpose(const struct ov_node *n, th_value v, const int64_t *perm,
                            th_value *out)
{
    struct th_attr_list a = {.n = 0};
    int32_t rank = ov_type(n, v)->rank;
    bool same = true;

    for (int32_t i = 0; i < rank; i++)
        same &= perm[i] == i;
    if (same) {
        *out = v;
        return TH_OK;
    }
    th_attr_list_ints(&a, "perm", perm, (size_t)rank);
    return ov_add(n, "transpose", &v, 1, &a, out);
}

enum th_status ov_move_axis(const struct ov_node *n, th_value v, int32_t from, int32_t to,
                            th_value *out)
{
    int64_t perm[TH_MAX_RANK];
    int32_t rank = ov_type(n, v)->rank, at = 0;

    for (int32_t i = 0; i < rank; i++) {
        if (i == to)
            perm[i] = from;
        else {
            at += at == from;
            perm[i] = at++;
        }
    }
    return ov_transpose(n, v, perm, out);
}

enum th_status ov_cast(const struct ov_node *n, th_value v, enum th_dtype dt, th_value *out)
{
    struct th_type type = th_type_make(dt, 0, NULL);

    if (ov_type(n, v)->dtype == dt) {
        *out = v;
        return TH_OK;
    }
    return ov_add_typed(n, "cast", &v, 1, NULL, &type, out);
}

enum th_status ov_slice_axis(const struct ov_node *n, th_value v, int32_t axis, int64_t begin,
                             int64_t size, th_value *out)
{
    struct th_attr_list a = {.n = 0};
    struct th_type t = *ov_type(n, v);
    int64_t at[TH_MAX_RANK] = {0};

    at[axis] = begin;
    t.dims[axis] = size;
    th_attr_list_ints(&a, "begin", at, (size_t)t.rank);
    th_attr_list_ints(&a, "size", t.dims, (size_t)t.rank);
    return ov_add(n, "slice", &v, 1, &a, out);
}

enum th_status ov_reduce(const struct ov_node *n, const char *op, th_value v, const int64_t *axes,
                         size_t count, bool keep, th_value *out)
{
    struct th_attr_list a = {.n = 0};

    if (count == 0) {
        *out = v;
        return TH_OK;
    }
    th_attr_list_ints(&a, "axes", axes, count);
    th_attr_list_bool(&a, "keep_dims", keep);
    return ov_add(n, op, &v, 1, &a, out);
}

enum th_status ov_clamp(const struct ov_node *n, th_value v, double lo, double hi, th_value *out)
{
    struct th_attr_list a = {.n = 0};

    th_attr_list_float(&a, "act_min", lo);
    th_attr_list_float(&a, "act_max", hi);
    return ov_add(n, "clamp", &v, 1, &a, out);
}

enum th_status ov_dequantize(const struct ov_node *n, th_value x, th_value *out)
{
    const struct th_type open = {.dtype = TH_DT_F32, .rank = -1};
    const struct th_node_desc d = {.op = "dequantize", .contract = OV_CONTRACT, .in = &x, .n_in = 1,
                                   .out = &open, .n_out = 1, .loc = n->loc};

    return th_graph_add_node_nofold(n->scope->graph, &d, NULL, out);
}

th_value ov_stored(const struct ov_node *n, th_value v)
{
    th_node d = v != 0 ? th_value_def(n->scope->graph, v) : 0;
    th_value x = d != 0 && th_node_is(n->scope->graph, d, "dequantize")
                     ? th_node_input(n->scope->graph, d, 0) : 0;

    return x != 0 && th_value_is_const(n->scope->graph, x) ? x : 0;
}

th_value ov_const_f32(const struct ov_node *n, int32_t rank, const int64_t *dims, const float *data)
{
    struct th_type type = th_type_make(TH_DT_F32, rank, dims);

    return th_graph_const_copy(n->scope->graph, NULL, &type, data);
}

bool ov_axis(const struct ov_node *n, int64_t axis, int32_t rank, int32_t *out)
{
    if (axis < -rank || axis >= rank) {
        ov_reject(n, "axis %" PRId64 " of a tensor that has %d dimensions", axis, (int)rank);
        return false;
    }
    *out = (int32_t)(axis < 0 ? axis + rank : axis);
    return true;
}
