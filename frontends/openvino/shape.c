/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes, types and data movement as a whole. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "import.h"

/* ---- reshaping ------------------------------------------------------------------------------- */

/* -1 takes what is left; 0 copies the operand's dimension if special_zero says so. */
static enum th_status import_reshape(struct ov_node *n)
{
    bool special = ov_attr_bool(n, "special_zero", false);
    int64_t dims[TH_MAX_RANK], known = 1, all;
    size_t count;
    int open = -1;
    th_value in[2], y;

    TH_TRY(ov_operands(n, in, 2));
    if (!ov_in_ints(n, 1, "shape", dims, TH_MAX_RANK, &count))
        return TH_ERR_INPUT;
    const struct th_type *x = ov_type(n, in[0]);
    for (size_t i = 0; i < count; i++) {
        if (dims[i] == 0 && special) {
            if (i >= (size_t)x->rank)
                return ov_reject(n, "dimension %zu copies one that the operand has not", i);
            dims[i] = x->dims[i];
        }
        if (dims[i] == -1 && open < 0)
            open = (int)i;
        else if (dims[i] < 0 || !th_mul_i64(known, dims[i], &known))
            return ov_reject(n, "dimension %zu of the new shape is %" PRId64, i, dims[i]);
    }
    all = th_type_elems(x);
    if (open >= 0)
        dims[open] = known > 0 ? all / known : 0;
    TH_TRY(ov_reshape(n, in[0], (int32_t)count, dims, &y));
    return ov_bind(n, 0, y);
}

/* Without axes, or with an empty list of them, every dimension of 1 goes; an axis that is none
 * stays as it is. */
static enum th_status import_squeeze(struct ov_node *n)
{
    int64_t axes[TH_MAX_RANK], dims[TH_MAX_RANK];
    bool gone[TH_MAX_RANK] = {false};
    int32_t rank = 0;
    size_t count = 0;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    const struct th_type *t = ov_type(n, x);
    if (ov_in(n, 1) != 0 && !ov_in_axes(n, 1, t->rank, axes, &count))
        return TH_ERR_INPUT;
    for (size_t i = 0; i < count; i++)
        gone[axes[i]] = true;
    for (int32_t i = 0; i < t->rank; i++) {
        if (t->dims[i] != 1 || (count != 0 && !gone[i]))
            dims[rank++] = t->dims[i];
    }
    TH_TRY(ov_reshape(n, x, rank, dims, &y));
    return ov_bind(n, 0, y);
}

static enum th_status import_unsqueeze(struct ov_node *n)
{
    int64_t axes[TH_MAX_RANK], dims[TH_MAX_RANK], given[TH_MAX_RANK];
    size_t count, n_given;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    const struct th_type *t = ov_type(n, x);
    if (!ov_in_ints(n, 1, "axes", given, TH_MAX_RANK, &n_given))
        return TH_ERR_INPUT;
    int32_t rank = t->rank + (int32_t)n_given;
    if (rank > TH_MAX_RANK || !ov_in_axes(n, 1, rank, axes, &count) || count != n_given)
        return ov_reject(n, "%zu axes cannot be added to %d dimensions", n_given, (int)t->rank);
    for (int32_t i = 0, from = 0, next = 0; i < rank; i++) {
        bool fresh = (size_t)next < count && axes[next] == i;
        dims[i] = fresh ? 1 : t->dims[from++];
        next += fresh;
    }
    TH_TRY(ov_reshape(n, x, rank, dims, &y));
    return ov_bind(n, 0, y);
}

static enum th_status import_transpose(struct ov_node *n)
{
    int64_t perm[TH_MAX_RANK];
    bool seen[TH_MAX_RANK] = {false};
    size_t count = 0;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    int32_t rank = ov_type(n, x)->rank;
    if (ov_in(n, 1) != 0 && !ov_in_ints(n, 1, "order", perm, TH_MAX_RANK, &count))
        return TH_ERR_INPUT;
    for (int32_t i = 0; count == 0 && i < rank; i++)
        perm[i] = rank - 1 - i;
    if (count != 0 && count != (size_t)rank)
        return ov_reject(n, "an order of %zu axes for %d dimensions", count, (int)rank);
    for (int32_t i = 0; i < rank; i++) {
        if (perm[i] < 0 || perm[i] >= rank || seen[perm[i]])
            return ov_reject(n, "the order is no permutation");
        seen[perm[i]] = true;
    }
    TH_TRY(ov_transpose(n, x, perm, &y));
    return ov_bind(n, 0, y);
}

/* Shapes are always known, so this is a constant. */
static enum th_status import_shape_of(struct ov_node *n)
{
    const char *type = ov_attr_text(n, "output_type");
    enum th_dtype dt = type != NULL ? ov_dtype(type) : TH_DT_S64;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    if (dt != TH_DT_S64 && dt != TH_DT_S32)
        return ov_reject(n, "a shape of type '%.20s' is not supported", type);
    int64_t rank = ov_type(n, x)->rank;
    y = th_graph_const_ints(n->scope->graph, dt, 1, &rank, ov_type(n, x)->dims);
    return y != 0 ? ov_bind(n, 0, y) : TH_ERR_INTERNAL;
}

/* ---- types ----------------------------------------------------------------------------------- */

/* Numbers become truths by being unlike zero. */
static enum th_status convert(struct ov_node *n, th_value x, enum th_dtype dt)
{
    th_value y;

    if (dt == TH_DT_BOOL && ov_type(n, x)->dtype != TH_DT_BOOL)
        TH_TRY(ov_with_number(n, "not_equal", x, 0, &y));
    else
        TH_TRY(ov_cast(n, x, dt, &y));
    return ov_bind(n, 0, y);
}

static enum th_status import_convert(struct ov_node *n)
{
    const char *type = ov_attr_text(n, "destination_type");
    enum th_dtype dt = type != NULL ? ov_dtype(type) : TH_DT_NONE;
    th_value x;

    TH_TRY(ov_operands(n, &x, 1));
    if (dt == TH_DT_NONE)
        return ov_reject(n, "conversion to '%.20s' is not supported", type != NULL ? type : "");
    return convert(n, x, dt);
}

static enum th_status import_convert_like(struct ov_node *n)
{
    th_value in[2];

    TH_TRY(ov_operands(n, in, 2));
    return convert(n, in[0], ov_type(n, in[1])->dtype);
}

/* ---- copies ---------------------------------------------------------------------------------- */

static enum th_status import_concat(struct ov_node *n)
{
    struct th_attr_list a = {.n = 0};
    uint32_t count = n->layer->n_inputs;
    th_value *in = TH_NEW_ARRAY(n->scope->im->arena, th_value, count);
    int64_t given;
    int32_t axis;

    if (in == NULL)
        return TH_ERR_INTERNAL;
    TH_TRY(ov_operands(n, in, count));
    if (count == 0 || !ov_attr_int(n, "axis", 0, &given) ||
        !ov_axis(n, given, ov_type(n, in[0])->rank, &axis))
        return TH_ERR_INPUT;
    th_attr_list_int(&a, "axis", axis);
    return ov_finish(n, "concat", in, count, &a);
}

/* The smaller rank is filled with ones in front. */
static enum th_status import_tile(struct ov_node *n)
{
    int64_t repeats[TH_MAX_RANK], all[TH_MAX_RANK], dims[TH_MAX_RANK];
    struct th_attr_list a = {.n = 0};
    size_t count;
    th_value x;

    TH_TRY(ov_operands(n, &x, 1));
    if (!ov_in_ints(n, 1, "repeats", repeats, TH_MAX_RANK, &count))
        return TH_ERR_INPUT;
    const struct th_type *t = ov_type(n, x);
    int32_t rank = t->rank > (int32_t)count ? t->rank : (int32_t)count;
    for (int32_t i = 0; i < rank; i++) {
        int32_t from = i - (rank - t->rank), r = i - (rank - (int32_t)count);
        dims[i] = from >= 0 ? t->dims[from] : 1;
        all[i] = r >= 0 ? repeats[r] : 1;
    }
    TH_TRY(ov_reshape(n, x, rank, dims, &x));
    th_attr_list_ints(&a, "repeats", all, (size_t)rank);
    return ov_finish(n, "tile", &x, 1, &a);
}

static enum th_status import_broadcast(struct ov_node *n)
{
    static const char *const modes[] = {"numpy", "explicit", "bidirectional", NULL};
    int64_t shape[TH_MAX_RANK], axes[TH_MAX_RANK], dims[TH_MAX_RANK];
    struct th_attr_list a = {.n = 0};
    size_t count, n_axes = 0;
    th_value x;
    int mode;

    TH_TRY(ov_operands(n, &x, 1));
    if (!ov_attr_choice(n, "mode", modes, 0, &mode) ||
        !ov_in_ints(n, 1, "target shape", shape, TH_MAX_RANK, &count))
        return TH_ERR_INPUT;
    const struct th_type *t = ov_type(n, x);
    if (mode == 1) {
        if (!ov_in_ints(n, 2, "axes", axes, TH_MAX_RANK, &n_axes) || n_axes != (size_t)t->rank)
            return ov_reject(n, "%zu axes for %d dimensions", n_axes, (int)t->rank);
        for (size_t i = 0; i < count; i++)
            dims[i] = 1;
        for (size_t i = 0; i < n_axes; i++) {
            if (axes[i] < 0 || (size_t)axes[i] >= count || (i != 0 && axes[i] <= axes[i - 1]))
                return ov_reject(n, "axes of the target must ascend");
            dims[axes[i]] = t->dims[i];
        }
        TH_TRY(ov_reshape(n, x, (int32_t)count, dims, &x));
    } else if (mode == 2) {
        int32_t rank = t->rank > (int32_t)count ? t->rank : (int32_t)count;
        for (int32_t i = 0; i < rank; i++) {
            int32_t from = i - (rank - t->rank), to = i - (rank - (int32_t)count);
            int64_t have = from >= 0 ? t->dims[from] : 1, want = to >= 0 ? shape[to] : 1;
            dims[i] = want == 1 ? have : want;
        }
        memcpy(shape, dims, sizeof shape);
        count = (size_t)rank;
    }
    th_attr_list_ints(&a, "shape", shape, count);
    return ov_finish(n, "broadcast_to", &x, 1, &a);
}

static enum th_status crop(struct ov_node *n, th_value x, const int64_t *before,
                           const int64_t *after, th_value *y)
{
    const struct th_type t = *ov_type(n, x);

    *y = x;
    for (int32_t i = 0; i < t.rank; i++) {
        int64_t begin = before[i] < 0 ? -before[i] : 0, end = after[i] < 0 ? -after[i] : 0;
        if (begin == 0 && end == 0)
            continue;
        if (begin > t.dims[i] || end > t.dims[i] - begin)
            return ov_reject(n, "%" PRId64 " elements are cut off an extent of %" PRId64,
                             begin + end, t.dims[i]);
        TH_TRY(ov_slice_axis(n, *y, i, begin, t.dims[i] - begin - end, y));
    }
    return TH_OK;
}

/* Repeats the first and last element of each axis. */
static enum th_status pad_edges(struct ov_node *n, th_value x, const int64_t *before,
                                const int64_t *after, th_value *y)
{
    *y = x;
    for (int32_t i = 0; i < ov_type(n, x)->rank; i++) {
        const struct th_type t = *ov_type(n, *y);
        struct th_attr_list a = {.n = 0};
        th_value parts[3] = {0, *y, 0};
        for (int side = 0; side < 2; side++) {
            int64_t count = side == 0 ? before[i] : after[i];
            struct th_attr_list b = {.n = 0};
            struct th_type wide = t;
            th_value edge;
            if (count <= 0)
                continue;
            wide.dims[i] = count;
            TH_TRY(ov_slice_axis(n, *y, i, side == 0 ? 0 : t.dims[i] - 1, 1, &edge));
            th_attr_list_ints(&b, "shape", wide.dims, (size_t)t.rank);
            TH_TRY(ov_add(n, "broadcast_to", &edge, 1, &b, &parts[2 * side]));
        }
        if (parts[0] == 0 && parts[2] == 0)
            continue;
        th_attr_list_int(&a, "axis", i);
        TH_TRY(ov_add(n, "concat", parts + (parts[0] == 0),
                      3u - (parts[0] == 0) - (parts[2] == 0), &a, y));
    }
    return TH_OK;
}

static enum th_status import_pad(struct ov_node *n)
{
    enum { CONSTANT, EDGE, REFLECT, SYMMETRIC };
    static const char *const modes[] = {"constant", "edge", "reflect", "symmetric", NULL};
    int64_t before[TH_MAX_RANK], after[TH_MAX_RANK], more[2][TH_MAX_RANK];
    struct th_attr_list a = {.n = 0};
    size_t count[2];
    double value = 0;
    th_value x, y;
    int mode;

    TH_TRY(ov_operands(n, &x, 1));
    size_t rank = (size_t)ov_type(n, x)->rank;
    if (!ov_attr_choice(n, "pad_mode", modes, -1, &mode) ||
        !ov_in_ints(n, 1, "begin", before, rank, &count[0]) ||
        !ov_in_ints(n, 2, "end", after, rank, &count[1]))
        return TH_ERR_INPUT;
    if (count[0] != rank || count[1] != rank)
        return ov_reject(n, "padding of %zu and %zu axes for %zu dimensions", count[0], count[1],
                         rank);
    if (n->layer->n_inputs > 3 && !ov_in_float(n, 3, "value", &value))
        return TH_ERR_INPUT;
    for (size_t i = 0; i < rank; i++) {
        if (before[i] < INT32_MIN || before[i] > INT32_MAX || after[i] < INT32_MIN ||
            after[i] > INT32_MAX)
            return ov_reject(n, "padding of %" PRId64 " and %" PRId64 " elements", before[i],
                             after[i]);
        more[0][i] = before[i] < 0 ? 0 : before[i];
        more[1][i] = after[i] < 0 ? 0 : after[i];
    }
    th_attr_list_ints(&a, "before", more[0], rank);
    th_attr_list_ints(&a, "after", more[1], rank);
    if (mode == REFLECT || mode == SYMMETRIC) {
        /* what is cut off may be mirrored before */
        th_attr_list_enum(&a, "mode", mode == SYMMETRIC);
        TH_TRY(ov_add(n, "mirror_pad", &x, 1, &a, &y));
        TH_TRY(crop(n, y, before, after, &y));
        return ov_bind(n, 0, y);
    }
    TH_TRY(crop(n, x, before, after, &y));
    if (mode == EDGE) {
        TH_TRY(pad_edges(n, y, before, after, &y));
        return ov_bind(n, 0, y);
    }
    th_attr_list_float(&a, "value", value);
    return ov_finish(n, "pad", &y, 1, &a);
}

static bool by_index(const struct ov_node *n, int32_t rank, int64_t *axes, size_t *count)
{
    return ov_in_axes(n, 1, rank, axes, count);
}

/* The axes of a mask: one truth for each. */
static bool masked_axes(const struct ov_node *n, int32_t rank, int64_t *axes, size_t *count)
{
    th_value v = ov_in(n, 1);
    const struct th_tensor *c = v != 0 ? th_value_const(n->scope->graph, v) : NULL;

    *count = 0;
    if (c == NULL || c->type.dtype != TH_DT_BOOL || th_type_elems(&c->type) != rank) {
        ov_reject(n, "operand 1 (mask) must be constant, with a boolean for each of %d axes",
                  (int)rank);
        return false;
    }
    for (int32_t i = 0; i < rank; i++) {
        if (th_tensor_int(c, i) != 0)
            axes[(*count)++] = i;
    }
    return true;
}

static enum th_status import_reverse(struct ov_node *n)
{
    static const char *const modes[] = {"index", "mask", NULL};
    struct th_attr_list a = {.n = 0};
    int64_t axes[TH_MAX_RANK];
    int by_mask;
    size_t count;
    th_value x;

    TH_TRY(ov_operands(n, &x, 1));
    if (!ov_attr_choice(n, "mode", modes, -1, &by_mask))
        return TH_ERR_INPUT;
    if (!(by_mask ? masked_axes : by_index)(n, ov_type(n, x)->rank, axes, &count))
        return TH_ERR_INPUT;
    if (count == 0)
        return ov_bind(n, 0, x);
    th_attr_list_ints(&a, "axes", axes, count);
    return ov_finish(n, "reverse", &x, 1, &a);
}

static enum th_status import_range(struct ov_node *n)
{
    const char *type = ov_attr_text(n, "output_type");
    double start, stop, step;
    th_value in[3], y;

    TH_TRY(ov_operands(n, in, 3));
    if (!ov_in_float(n, 0, "start", &start) || !ov_in_float(n, 1, "stop", &stop) ||
        !ov_in_float(n, 2, "step", &step))
        return TH_ERR_INPUT;
    struct th_type t = {.dtype = type != NULL ? ov_dtype(type) : ov_type(n, in[0])->dtype,
                        .rank = 1};
    double count = ceil((stop - start) / step);
    if (!(fabs(count) < 1e9) || t.dtype == TH_DT_NONE || t.dtype == TH_DT_BOOL)
        return ov_reject(n, "numbers from %g to %g in steps of %g cannot be listed", start, stop,
                         step);
    if (!th_dtype_is_float(t.dtype) &&
        (start != floor(start) || stop != floor(stop) || step != floor(step)))
        return ov_reject(n, "numbers from %g to %g in steps of %g as %s; nearest supported form: "
                         "whole numbers", start, stop, step, th_dtype_name(t.dtype));
    t.dims[0] = count > 0 ? (int64_t)count : 0;
    if (!ov_charge(n->scope->im, &n->loc, (uint64_t)th_type_size(&t)))
        return TH_ERR_INPUT;
    struct th_tensor *list = th_tensor_new(n->scope->im->arena, &t);
    if (list == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < t.dims[0]; i++)
        th_tensor_set_real(list, i, start + step * (double)i);
    y = th_graph_const_copy(n->scope->graph, NULL, &t, list->data);
    return y != 0 ? ov_bind(n, 0, y) : TH_ERR_INTERNAL;
}

const struct ov_row ov_rows_shape[] = {
    {"Reshape", import_reshape, NULL},
    {"Squeeze", import_squeeze, NULL},
    {"Unsqueeze", import_unsqueeze, NULL},
    {"Transpose", import_transpose, NULL},
    {"ShapeOf", import_shape_of, NULL},
    {"Convert", import_convert, NULL},
    {"ConvertLike", import_convert_like, NULL},
    {"Concat", import_concat, NULL},
    {"Tile", import_tile, NULL},
    {"Broadcast", import_broadcast, NULL},
    {"Pad", import_pad, NULL},
    {"Reverse", import_reverse, NULL},
    {"Range", import_range, NULL},
    {NULL, NULL, NULL},
};
