/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes: what changes them, cuts, joins and fills. */
#include <inttypes.h>
#include <string.h>

#include "import.h"

/* ---- reshaping ------------------------------------------------------------------------------- */

static enum th_status reshape_result(struct onx_node *n, th_value x, int32_t rank,
                                     const int64_t *dims)
{
    th_value y;

    TH_TRY(onx_reshape(n, x, rank, dims, &y));
    return onx_bind(n, 0, y);
}

/* A shape that is computed when the model runs must be the one that the file declares. */
static enum th_status reshape_as_declared(struct onx_node *n, th_value x, const char *what)
{
    struct th_type want;

    if (onx_declared(n, 0, &want))
        return reshape_result(n, x, want.rank, want.dims);
    return onx_reject(n, NULL, "%s is not constant, and the shape of the result is not declared",
                      what);
}

static enum th_status import_reshape(struct onx_node *n)
{
    bool zeros = onx_attr_i(n, "allowzero", 0) != 0;
    int64_t dims[TH_MAX_RANK], known = 1, elems;
    const struct th_type *t;
    int32_t open = -1;
    size_t count;
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    if (!onx_in_is_const(n, 1))
        return reshape_as_declared(n, x, "the shape");
    if (!onx_in_ints(n, 1, "shape", dims, TH_MAX_RANK, &count))
        return TH_ERR_INPUT;
    t = onx_type(n, x);
    elems = th_type_elems(t);
    for (size_t i = 0; i < count; i++) {
        if (dims[i] == 0 && !zeros) {
            if ((int32_t)i >= t->rank)
                return onx_reject(n, NULL, "dimension %zu is copied from an operand of %d axes", i,
                                  (int)t->rank);
            dims[i] = t->dims[i];
        }
        if (dims[i] == -1 && open < 0) {
            open = (int32_t)i;
            continue;
        }
        if (dims[i] < 0 || !th_mul_i64(known, dims[i], &known))
            return onx_reject(n, NULL, "dimension %zu is %" PRId64, i, dims[i]);
    }
    if (open >= 0) {
        if (known == 0 || elems % known != 0)
            return onx_reject(n, NULL, "%" PRId64 " elements do not divide by %" PRId64, elems,
                              known);
        dims[open] = elems / known;
    } else if (known != elems) {
        return onx_reject(n, NULL, "%" PRId64 " elements become %" PRId64, elems, known);
    }
    return reshape_result(n, x, (int32_t)count, dims);
}

static enum th_status import_flatten(struct onx_node *n)
{
    int64_t axis = onx_attr_i(n, "axis", 1), dims[2] = {1, 1};
    const struct th_type *t;
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    t = onx_type(n, x);
    if (axis < -(int64_t)t->rank || axis > t->rank)
        return onx_reject(n, NULL, "axis %" PRId64 " of %d", axis, (int)t->rank);
    axis += axis < 0 ? t->rank : 0;
    for (int32_t i = 0; i < t->rank; i++)
        dims[i < axis ? 0 : 1] *= t->dims[i];
    return reshape_result(n, x, 2, dims);
}

static enum th_status import_squeeze(struct onx_node *n)
{
    int64_t axes[TH_MAX_RANK], dims[TH_MAX_RANK];
    bool gone[TH_MAX_RANK] = {false};
    const struct th_type *t;
    int32_t rank = 0;
    size_t count;
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    t = onx_type(n, x);
    if (onx_has_in(n, 1) && !onx_in_is_const(n, 1))
        return reshape_as_declared(n, x, "the list of axes");
    if (!onx_axes(n, 1, "axes", t->rank, axes, &count))
        return TH_ERR_INPUT;
    for (int32_t i = 0; i < t->rank; i++)
        gone[i] = count == 0 && t->dims[i] == 1;
    for (size_t i = 0; i < count; i++) {
        gone[axes[i]] = true;
        if (t->dims[axes[i]] != 1)
            return onx_reject(n, NULL, "axis %" PRId64 " has %" PRId64 " elements", axes[i],
                              t->dims[axes[i]]);
    }
    for (int32_t i = 0; i < t->rank; i++)
        if (!gone[i])
            dims[rank++] = t->dims[i];
    return reshape_result(n, x, rank, dims);
}

static enum th_status import_unsqueeze(struct onx_node *n)
{
    int64_t axes[TH_MAX_RANK], dims[TH_MAX_RANK];
    bool fresh[TH_MAX_RANK] = {false};
    const struct th_type *t;
    int32_t rank, k = 0;
    size_t count = 0;
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    t = onx_type(n, x);
    if (onx_has_in(n, 1) && !onx_in_is_const(n, 1))
        return reshape_as_declared(n, x, "the list of axes");
    if (onx_has_in(n, 1) && !onx_in_ints(n, 1, "axes", axes, TH_MAX_RANK, &count))
        return TH_ERR_INPUT;
    if (!onx_has_in(n, 1))
        onx_attr_ints(n, "axes", &count);
    if (count > (size_t)(TH_MAX_RANK - t->rank))
        return onx_reject(n, NULL, "%zu axes more than %d, at most %d are possible", count,
                          (int)t->rank, TH_MAX_RANK);
    rank = t->rank + (int32_t)count;
    if (!onx_axes(n, 1, "axes", rank, axes, &count))
        return TH_ERR_INPUT;
    for (size_t i = 0; i < count; i++)
        fresh[axes[i]] = true;
    for (int32_t i = 0; i < rank; i++)
        dims[i] = fresh[i] ? 1 : t->dims[k++];
    return reshape_result(n, x, rank, dims);
}

static enum th_status import_transpose(struct onx_node *n)
{
    size_t count;
    const int64_t *given = onx_attr_ints(n, "perm", &count);
    int64_t perm[TH_MAX_RANK];
    bool seen[TH_MAX_RANK] = {false};
    int32_t rank;
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    rank = onx_type(n, x)->rank;
    if (count != 0 && count != (size_t)rank)
        return onx_reject(n, NULL, "perm has %zu entries for %d axes", count, (int)rank);
    for (int32_t i = 0; i < rank; i++) {
        perm[i] = count != 0 ? given[i] : rank - 1 - i;
        if (!onx_axis(n, perm[i], rank, &perm[i]))
            return TH_ERR_INPUT;
        if (seen[perm[i]])
            return onx_reject(n, NULL, "perm has %" PRId64 " twice", perm[i]);
        seen[perm[i]] = true;
    }
    TH_TRY(onx_transpose(n, x, perm, &y));
    return onx_bind(n, 0, y);
}

/* ---- broadcasting, repeating ----------------------------------------------------------------- */

static enum th_status import_expand(struct onx_node *n)
{
    int64_t want[TH_MAX_RANK], dims[TH_MAX_RANK];
    struct th_type declared;
    const struct th_type *t;
    int32_t rank;
    size_t count;
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    t = onx_type(n, x);
    if (onx_in_is_const(n, 1)) {
        if (!onx_in_ints(n, 1, "shape", want, TH_MAX_RANK, &count))
            return TH_ERR_INPUT;
    } else if (onx_declared(n, 0, &declared)) {
        count = (size_t)declared.rank;
        memcpy(want, declared.dims, sizeof want);
    } else {
        return onx_reject(n, NULL, "the shape is not constant, and that of the result is not "
                          "declared");
    }
    rank = t->rank > (int32_t)count ? t->rank : (int32_t)count;
    for (int32_t i = 0; i < rank; i++) {
        int32_t a = i - (rank - t->rank), b = i - (rank - (int32_t)count);
        int64_t have = a >= 0 ? t->dims[a] : 1, ask = b >= 0 ? want[b] : 1;
        if (have != ask && have != 1 && ask != 1)
            return onx_reject(n, NULL, "axis %d: %" PRId64 " elements become %" PRId64, (int)i,
                              have, ask);
        dims[i] = have != 1 ? have : ask;
        if (dims[i] < 0)
            return onx_reject(n, NULL, "dimension %d is %" PRId64, (int)i, dims[i]);
    }
    if (rank == t->rank && memcmp(dims, t->dims, (size_t)rank * sizeof *dims) == 0)
        return onx_bind(n, 0, x);
    TH_TRY(onx_broadcast(n, x, rank, dims, &y));
    return onx_bind(n, 0, y);
}

static enum th_status import_tile(struct onx_node *n)
{
    int64_t repeats[TH_MAX_RANK];
    struct th_attr_list a = {.n = 0};
    struct th_type want;
    const struct th_type *t;
    size_t count;
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    t = onx_type(n, x);
    if (onx_in_is_const(n, 1)) {
        if (!onx_in_ints(n, 1, "repeats", repeats, TH_MAX_RANK, &count))
            return TH_ERR_INPUT;
        if (count != (size_t)t->rank)
            return onx_reject(n, NULL, "%zu repeats for %d axes", count, (int)t->rank);
    } else if (onx_declared(n, 0, &want) && want.rank == t->rank) {
        for (int32_t i = 0; i < t->rank; i++) {
            repeats[i] = t->dims[i] != 0 ? want.dims[i] / t->dims[i] : 1;
            if (t->dims[i] * repeats[i] != want.dims[i])
                return onx_reject(n, NULL, "axis %d of the result is no multiple", (int)i);
        }
    } else {
        return onx_reject(n, NULL, "repeats are not constant, and the result's shape is not "
                          "declared");
    }
    th_attr_list_ints(&a, "repeats", repeats, (size_t)t->rank);
    return onx_finish(n, "tile", &x, 1, &a);
}

/* ---- joining, cutting ------------------------------------------------------------------------ */

static enum th_status import_concat(struct onx_node *n)
{
    size_t count = onx_n_in(n), used = 0;
    th_value *in = TH_NEW_ARRAY(n->scope->im->arena, th_value, count), y;
    int64_t axis;

    if (in == NULL)
        return TH_ERR_INTERNAL;
    TH_TRY(onx_need(n, in, count));
    if (count == 0 ||
        !onx_axis(n, onx_attr_i(n, "axis", 1), onx_type(n, in[0])->rank, &axis))
        return count == 0 ? onx_reject(n, NULL, "it has no operand") : TH_ERR_INPUT;
    for (size_t i = 0; i < count; i++)          /* empty ones add nothing */
        if (onx_type(n, in[i])->rank <= axis || onx_type(n, in[i])->dims[axis] != 0)
            in[used++] = in[i];
    TH_TRY(onx_concat(n, in, used != 0 ? used : 1, axis, &y));
    return onx_bind(n, 0, y);
}

static enum th_status import_split(struct onx_node *n)
{
    size_t count = 0, parts = onx_n_out(n);
    int64_t sizes[256], axis, at = 0, extent, each;
    const int64_t *given = onx_attr_ints(n, "split", &count);
    struct th_type want;
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    if (!onx_axis(n, onx_attr_i(n, "axis", 0), onx_type(n, x)->rank, &axis))
        return TH_ERR_INPUT;
    if (parts > TH_ARRAY_LEN(sizes) || count > TH_ARRAY_LEN(sizes))
        return onx_reject(n, NULL, "%zu parts, at most %zu are possible", parts,
                          TH_ARRAY_LEN(sizes));
    extent = onx_type(n, x)->dims[axis];
    if (count != 0)
        memcpy(sizes, given, count * sizeof *sizes);
    if (onx_has_in(n, 1) && onx_in_is_const(n, 1)) {
        if (!onx_in_ints(n, 1, "split", sizes, TH_ARRAY_LEN(sizes), &count))
            return TH_ERR_INPUT;
    } else if (onx_has_in(n, 1)) {
        for (count = 0; count < parts; count++) {
            if (!onx_declared(n, count, &want) || want.rank <= axis)
                return onx_reject(n, NULL, "the parts are not constant, and their shapes are not "
                                  "declared");
            sizes[count] = want.dims[axis];
        }
    }
    if (count == 0) {           /* equal parts, the last one may be smaller */
        each = (extent + (int64_t)parts - 1) / (int64_t)parts;
        for (; count < parts; count++) {
            int64_t left = extent - (int64_t)count * each;
            sizes[count] = left < 0 ? 0 : left < each ? left : each;
        }
    }
    if (count != parts)
        return onx_reject(n, NULL, "%zu sizes for %zu results", count, parts);
    for (size_t i = 0; i < parts; i++) {
        if (sizes[i] < 0 || sizes[i] > extent - at)
            return onx_reject(n, NULL, "part %zu has %" PRId64 " of %" PRId64 " elements", i,
                              sizes[i], extent);
        TH_TRY(onx_slice(n, x, axis, at, sizes[i], &y));
        TH_TRY(onx_bind(n, i, y));
        at += sizes[i];
    }
    return TH_OK;
}

struct cut {
    int64_t begin[TH_MAX_RANK], size[TH_MAX_RANK], step[TH_MAX_RANK];
};

/* One axis from start to end by step, as numpy cuts. */
static bool cut_axis(struct cut *c, int64_t axis, int64_t dim, int64_t start, int64_t end,
                     int64_t step)
{
    int64_t least = step < 0 ? -1 : 0, most = step < 0 ? dim - 1 : dim;

    if (step == 0 || step == INT64_MIN)
        return false;
    start = start < 0 ? start < -dim ? least : start + dim : start;
    end = end < 0 ? end < -dim ? least : end + dim : end;
    start = start < least ? least : start > most ? most : start;
    end = end < least ? least : end > most ? most : end;
    c->begin[axis] = start;
    c->step[axis] = step;
    c->size[axis] = step > 0 ? end > start ? (end - start - 1) / step + 1 : 0
                             : start > end ? (start - end - 1) / -step + 1 : 0;
    if (c->size[axis] == 0)
        c->begin[axis] = 0;
    if (c->size[axis] <= 1)
        c->step[axis] = 1;
    return true;
}

static bool slice_lists(struct onx_node *n, int64_t *starts, int64_t *ends, int64_t *axes,
                        int64_t *steps, size_t *count)
{
    size_t n_ends, n_axes = 0, n_steps = 0;
    const int64_t *a, *b, *c;

    for (size_t i = 0; i < TH_MAX_RANK; i++) {
        axes[i] = (int64_t)i;
        steps[i] = 1;
    }
    if (n->opset < 10 && !onx_has_in(n, 1)) {
        a = onx_attr_ints(n, "starts", count);
        b = onx_attr_ints(n, "ends", &n_ends);
        c = onx_attr_ints(n, "axes", &n_axes);
        if (*count > TH_MAX_RANK || n_ends != *count || (n_axes != 0 && n_axes != *count)) {
            onx_reject(n, NULL, "%zu starts, %zu ends, %zu axes", *count, n_ends, n_axes);
            return false;
        }
        for (size_t i = 0; i < *count; i++) {
            starts[i] = a[i];
            ends[i] = b[i];
            axes[i] = n_axes != 0 ? c[i] : axes[i];
        }
        return true;
    }
    if (!onx_in_ints(n, 1, "starts", starts, TH_MAX_RANK, count) ||
        !onx_in_ints(n, 2, "ends", ends, TH_MAX_RANK, &n_ends))
        return false;
    if (onx_has_in(n, 3) && !onx_in_ints(n, 3, "axes", axes, TH_MAX_RANK, &n_axes))
        return false;
    if (onx_has_in(n, 4) && !onx_in_ints(n, 4, "steps", steps, TH_MAX_RANK, &n_steps))
        return false;
    if (n_ends == *count && (!onx_has_in(n, 3) || n_axes == *count) &&
        (!onx_has_in(n, 4) || n_steps == *count))
        return true;
    onx_reject(n, NULL, "%zu starts, %zu ends, %zu axes, %zu steps", *count, n_ends, n_axes,
               n_steps);
    return false;
}

static enum th_status import_slice(struct onx_node *n)
{
    int64_t starts[TH_MAX_RANK], ends[TH_MAX_RANK], axes[TH_MAX_RANK], steps[TH_MAX_RANK], axis;
    struct th_attr_list a = {.n = 0};
    const struct th_type *t;
    struct cut c;
    size_t count;
    bool whole = true;
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    for (size_t i = 1; i < 5; i++)
        if (onx_has_in(n, i) && !onx_in_is_const(n, i))
            return onx_late_slice(n);
    t = onx_type(n, x);
    if (!slice_lists(n, starts, ends, axes, steps, &count))
        return TH_ERR_INPUT;
    for (int32_t i = 0; i < t->rank; i++) {
        c.begin[i] = 0;
        c.size[i] = t->dims[i];
        c.step[i] = 1;
    }
    for (size_t i = 0; i < count; i++) {
        if (!onx_axis(n, axes[i], t->rank, &axis))
            return TH_ERR_INPUT;
        if (!cut_axis(&c, axis, t->dims[axis], starts[i], ends[i], steps[i]))
            return onx_reject(n, NULL, "step %" PRId64, steps[i]);
    }
    for (int32_t i = 0; i < t->rank; i++)
        whole = whole && c.size[i] == t->dims[i] && c.step[i] == 1;
    if (whole)
        return onx_bind(n, 0, x);
    th_attr_list_ints(&a, "begin", c.begin, (size_t)t->rank);
    th_attr_list_ints(&a, "size", c.size, (size_t)t->rank);
    th_attr_list_ints(&a, "stride", c.step, (size_t)t->rank);
    return onx_finish(n, "slice", &x, 1, &a);
}

/* ---- constants and shapes as values ---------------------------------------------------------- */

static enum th_status import_constant(struct onx_node *n)
{
    const Onnx__AttributeProto *a = onx_attr(n, "value");
    struct th_graph *g = n->scope->graph;
    struct th_type type = th_type_make(TH_DT_F32, 0, NULL);
    th_value v = 0;
    size_t count;

    if (a != NULL && a->t != NULL) {
        v = onx_constant(n->scope->im, g, &n->loc, n->proto->output[0], a->t);
    } else if ((a = onx_attr(n, "sparse_value")) != NULL && a->sparse_tensor != NULL) {
        v = onx_sparse_constant(n->scope->im, g, &n->loc, n->proto->output[0], a->sparse_tensor);
    } else if (onx_has(n, "value_float")) {
        float f = (float)onx_attr_f(n, "value_float", 0);
        v = th_graph_const_copy(g, "", &type, &f);
    } else if (onx_has(n, "value_floats")) {
        const float *list = onx_attr_floats(n, "value_floats", &count);
        type = th_type_make(TH_DT_F32, 1, (int64_t[]){(int64_t)count});
        v = th_graph_const_copy(g, "", &type, count != 0 ? (const void *)list : "");
    } else if (onx_has(n, "value_int")) {
        v = th_graph_const_ints(g, TH_DT_S64, 0, NULL,
                                (int64_t[]){onx_attr_i(n, "value_int", 0)});
    } else if (onx_has(n, "value_ints")) {
        const int64_t *list = onx_attr_ints(n, "value_ints", &count);
        type = th_type_make(TH_DT_S64, 1, (int64_t[]){(int64_t)count});
        v = th_graph_const_copy(g, "", &type, count != 0 ? (const void *)list : "");
    } else {
        return onx_reject(n, "a tensor of numbers", "the constant is no tensor of numbers");
    }
    return v != 0 ? onx_bind(n, 0, v) : TH_ERR_INPUT;
}

static enum th_status import_constant_of_shape(struct onx_node *n)
{
    const Onnx__AttributeProto *a = onx_attr(n, "value");
    struct th_type type = {.dtype = TH_DT_F32};
    size_t count;
    int64_t bytes;
    double value = 0;
    th_value v;

    if (a != NULL && a->t != NULL) {
        const struct th_tensor *t;
        v = onx_constant(n->scope->im, n->scope->graph, &n->loc, "", a->t);
        t = onx_const(n, v);
        if (t == NULL || th_type_elems(&t->type) != 1)
            return v == 0 ? TH_ERR_INPUT : onx_reject(n, NULL, "its value is not one number");
        type.dtype = t->type.dtype;
        value = th_dtype_is_float(t->type.dtype) ? th_tensor_real(t, 0)
                                                 : (double)th_tensor_int(t, 0);
    }
    if (!onx_in_is_const(n, 0)) {
        struct th_type want;
        if (!onx_declared(n, 0, &want))
            return onx_reject(n, NULL, "the shape is not constant, and that of the result is not "
                              "declared");
        type.rank = want.rank;
        memcpy(type.dims, want.dims, sizeof type.dims);
    } else {
        if (!onx_in_ints(n, 0, "shape", type.dims, TH_MAX_RANK, &count))
            return TH_ERR_INPUT;
        type.rank = (int32_t)count;
    }
    for (int32_t i = 0; i < type.rank; i++)
        if (type.dims[i] < 0)
            return onx_reject(n, NULL, "dimension %d is %" PRId64, (int)i, type.dims[i]);
    if (!th_type_bytes(&type, &bytes))
        return onx_reject(n, NULL, "the result is too large");
    TH_TRY(onx_filled(n, &type, value, &v));
    if (a != NULL && a->t != NULL &&
        !onx_narrow_add(n->scope->im, n->scope->graph, v, a->t->data_type))
        return TH_ERR_INTERNAL;
    return onx_bind(n, 0, v);
}

static enum th_status import_shape(struct onx_node *n)
{
    int64_t start = onx_attr_i(n, "start", 0), end, count;
    const struct th_type *t;
    th_value x, v;

    TH_TRY(onx_need(n, &x, 1));
    t = onx_type(n, x);
    end = onx_attr_i(n, "end", t->rank);
    start = start < -(int64_t)t->rank ? 0 : start < 0 ? start + t->rank : start;
    end = end < -(int64_t)t->rank ? 0 : end < 0 ? end + t->rank : end;
    start = start > t->rank ? t->rank : start;
    end = end > t->rank ? t->rank : end;
    count = end > start ? end - start : 0;
    TH_TRY(onx_ints(n, TH_DT_S64, 1, &count, t->dims + start, &v));
    return onx_bind(n, 0, v);
}

static enum th_status import_size(struct onx_node *n)
{
    int64_t elems;
    th_value x, v;

    TH_TRY(onx_need(n, &x, 1));
    elems = th_type_elems(onx_type(n, x));
    TH_TRY(onx_ints(n, TH_DT_S64, 0, NULL, &elems, &v));
    return onx_bind(n, 0, v);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

/* [N, C, H, W] with the block split off channels or space, then axes moved and joined. */
static enum th_status blocks(struct onx_node *n, const int64_t *split, const int64_t *perm,
                             const int64_t *join)
{
    th_value x = onx_in(n, 0);

    TH_TRY(onx_reshape(n, x, 6, split, &x));
    TH_TRY(onx_transpose(n, x, perm, &x));
    return reshape_result(n, x, 4, join);
}

static enum th_status import_depth_to_space(struct onx_node *n)
{
    int64_t b = onx_attr_i(n, "blocksize", 0);
    bool crd = strcmp(onx_attr_s(n, "mode", "DCR"), "CRD") == 0;
    const struct th_type *t;
    struct th_attr_list a = {.n = 0};
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    t = onx_type(n, x);
    if (t->rank != 4 || b < 1 || b > 1 << 10 || t->dims[1] % (b * b) != 0)
        return onx_reject(n, NULL, "blocks of %" PRId64 " from an operand of %d axes", b,
                          (int)t->rank);
    const int64_t *d = t->dims, c = t->dims[1] / (b * b);
    if (!crd) {
        th_attr_list_int(&a, "block", b);
        TH_TRY(onx_to_last(n, x, &x));
        TH_TRY(onx_add(n, "depth_to_space", &x, 1, &a, &y));
        TH_TRY(onx_to_first(n, y, &y));
        return onx_bind(n, 0, y);
    }
    return blocks(n, (int64_t[]){d[0], c, b, b, d[2], d[3]}, (int64_t[]){0, 1, 4, 2, 5, 3},
                  (int64_t[]){d[0], c, d[2] * b, d[3] * b});
}

static enum th_status import_space_to_depth(struct onx_node *n)
{
    int64_t b = onx_attr_i(n, "blocksize", 0);
    struct th_attr_list a = {.n = 0};
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    if (onx_type(n, x)->rank != 4 || b < 1 || b > 1 << 10)
        return onx_reject(n, NULL, "blocks of %" PRId64, b);
    th_attr_list_int(&a, "block", b);
    TH_TRY(onx_to_last(n, x, &x));
    TH_TRY(onx_add(n, "space_to_depth", &x, 1, &a, &y));
    TH_TRY(onx_to_first(n, y, &y));
    return onx_bind(n, 0, y);
}

const struct onx_row onx_rows_shape[] = {
    {"Reshape", import_reshape, NULL},
    {"Flatten", import_flatten, NULL},
    {"Squeeze", import_squeeze, NULL},
    {"Unsqueeze", import_unsqueeze, NULL},
    {"Transpose", import_transpose, NULL},
    {"Expand", import_expand, NULL},
    {"Tile", import_tile, NULL},
    {"Concat", import_concat, NULL},
    {"Split", import_split, NULL},
    {"Slice", import_slice, NULL},
    {"Constant", import_constant, NULL},
    {"ConstantOfShape", import_constant_of_shape, NULL},
    {"Shape", import_shape, NULL},
    {"Size", import_size, NULL},
    {"DepthToSpace", import_depth_to_space, NULL},
    {"SpaceToDepth", import_space_to_depth, NULL},
    {NULL, NULL, NULL},
};
