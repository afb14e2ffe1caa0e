/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unique and NonZero, where the file declares how many elements there are. Everything comes from
 * comparing each element with each other one, so lists are kept short. Random draws are refused.
 */
#include <inttypes.h>
#include <string.h>

#include "import.h"

enum { MOST = 1024 };

static enum th_status any(struct onx_node *n, const char *op, th_value v, int64_t axis,
                          th_value *out)
{
    struct th_attr_list a = {.n = 0};

    th_attr_list_ints(&a, "axes", &axis, 1);
    return onx_add_typed(n, op, &v, 1, &a, TH_DT_BOOL, NULL, out);
}

/* How many hold along an axis, as s32. */
static enum th_status count(struct onx_node *n, th_value v, int64_t axis, th_value *out)
{
    TH_TRY(onx_cast(n, v, TH_DT_S32, &v));
    return onx_reduce(n, "sum", v, &axis, 1, false, out);
}

/* 0, 1, ... as a column or a row. */
static enum th_status ramp(struct onx_node *n, int64_t size, bool column, th_value *out)
{
    TH_TRY(onx_iota(n, TH_DT_S32, size, out));
    return onx_reshape(n, *out, 2, (int64_t[]){column ? size : 1, column ? 1 : size}, out);
}

static enum th_status as_line(struct onx_node *n, th_value v, bool column, th_value *out)
{
    const int64_t size = th_type_elems(onx_type(n, v));

    return onx_reshape(n, v, 2, (int64_t[]){column ? size : 1, column ? 1 : size}, out);
}

/* equal[i, j], below[i, j]: element i of x [A, M] against element j, word by word. */
static enum th_status compare(struct onx_node *n, th_value x, th_value *equal, th_value *below)
{
    const struct th_type t = *onx_type(n, x);
    struct th_attr_list a = {.n = 0};
    th_value left, right, same, less, differ, zero;

    TH_TRY(onx_reshape(n, x, 3, (int64_t[]){t.dims[0], 1, t.dims[1]}, &left));
    TH_TRY(onx_reshape(n, x, 3, (int64_t[]){1, t.dims[0], t.dims[1]}, &right));
    TH_TRY(onx_binary(n, "equal", left, right, &same));
    TH_TRY(onx_binary(n, "less", left, right, &less));
    TH_TRY(any(n, "reduce_all", same, 2, equal));
    if (t.dims[1] > 1) {        /* the first word that differs decides */
        TH_TRY(onx_unary(n, "logical_not", same, &differ));
        TH_TRY(onx_cast(n, differ, TH_DT_S32, &differ));
        th_attr_list_int(&a, "axis", 2);
        th_attr_list_bool(&a, "exclusive", true);
        TH_TRY(onx_add(n, "cumsum", &differ, 1, &a, &differ));
        TH_TRY(onx_scalar(n, TH_DT_S32, 0, &zero));
        TH_TRY(onx_binary(n, "equal", differ, zero, &differ));
        TH_TRY(onx_binary(n, "logical_and", less, differ, &less));
    }
    return any(n, "reduce_any", less, 2, below);
}

/* first[j]: no element before j equals it; place[i]: where i's value stands in the result. */
static enum th_status places(struct onx_node *n, th_value x, bool sorted, th_value *first,
                             th_value *place)
{
    const int64_t size = onx_type(n, x)->dims[0];
    th_value equal, below, row, column, earlier, line;

    TH_TRY(compare(n, x, &equal, &below));
    TH_TRY(ramp(n, size, true, &column));
    TH_TRY(ramp(n, size, false, &row));
    /* [i, j]: i is a later copy of j */
    TH_TRY(onx_binary(n, "greater", column, row, &earlier));
    TH_TRY(onx_binary(n, "logical_and", equal, earlier, &earlier));
    TH_TRY(any(n, "reduce_any", earlier, 1, first));
    TH_TRY(onx_unary(n, "logical_not", *first, first));
    TH_TRY(as_line(n, *first, false, &line));
    if (sorted) {
        /* firsts below i: below[j, i], so the matrix is turned */
        TH_TRY(onx_transpose(n, below, (int64_t[]){1, 0}, &below));
    } else {
        th_value leader;
        /* firsts before the first of i's value; that one is the only first that equals i */
        TH_TRY(onx_binary(n, "logical_and", equal, line, &leader));
        TH_TRY(onx_cast(n, leader, TH_DT_S32, &leader));
        TH_TRY(onx_binary(n, "mul", leader, row, &leader));
        TH_TRY(onx_reduce(n, "sum", leader, (int64_t[]){1}, 1, true, &leader));
        TH_TRY(onx_binary(n, "less", row, leader, &below));
    }
    TH_TRY(onx_binary(n, "logical_and", below, line, &below));
    return count(n, below, 1, place);
}

/* The results of k values: which element shows each, and how often it stands. */
static enum th_status chosen(struct onx_node *n, th_value first, th_value place, int64_t k,
                             th_value *index, th_value *often)
{
    const int64_t size = th_type_elems(onx_type(n, first));
    th_value here, column, row, line;

    TH_TRY(ramp(n, k, true, &column));
    TH_TRY(ramp(n, size, false, &row));
    TH_TRY(as_line(n, place, false, &line));
    TH_TRY(onx_binary(n, "equal", column, line, &here));
    TH_TRY(count(n, here, 1, often));
    TH_TRY(as_line(n, first, false, &line));
    TH_TRY(onx_binary(n, "logical_and", here, line, &here));
    TH_TRY(onx_cast(n, here, TH_DT_S32, &here));
    TH_TRY(onx_binary(n, "mul", here, row, &here));
    return onx_reduce(n, "sum", here, (int64_t[]){1}, 1, false, index);
}

/* The values' number, from any result that has it. */
static bool known_count(struct onx_node *n, int64_t axis, int64_t *k)
{
    for (size_t i = 0; i < 4; i++) {
        struct th_type t;
        const int64_t at = i == 0 ? axis : 0;
        if (i == 2 || !onx_declared(n, i, &t) || at >= t.rank)
            continue;
        *k = t.dims[at];
        return true;
    }
    return false;
}

static enum th_status import_unique(struct onx_node *n)
{
    const bool sorted = onx_attr_i(n, "sorted", 1) != 0;
    int64_t perm[TH_MAX_RANK], axis = 0, k = 0;
    th_value x, flat, first, place, index, often;

    TH_TRY(onx_need(n, &x, 1));
    struct th_type t = *onx_type(n, x);
    if (!onx_has(n, "axis")) {
        TH_TRY(onx_reshape(n, x, 1, (int64_t[]){th_type_elems(&t)}, &x));
        t = *onx_type(n, x);
    } else if (!onx_axis(n, onx_attr_i(n, "axis", 0), t.rank, &axis)) {
        return TH_ERR_INPUT;
    }
    const int64_t size = t.dims[axis];
    if (!known_count(n, axis, &k))
        return onx_reject(n, "a result of declared shape", "a number of values that depends on "
                          "data");
    if (size < 1 || size > MOST || k < 1 || k > size)
        return onx_reject(n, NULL, "%" PRId64 " values of %" PRId64 " elements", k, size);
    for (int32_t i = 0; i < t.rank; i++)
        perm[i] = i == 0 ? axis : i <= axis ? i - 1 : i;
    TH_TRY(onx_transpose(n, x, perm, &flat));
    TH_TRY(onx_reshape(n, flat, 2, (int64_t[]){size, th_type_elems(&t) / size}, &flat));
    TH_TRY(places(n, flat, sorted, &first, &place));
    TH_TRY(chosen(n, first, place, k, &index, &often));
    TH_TRY(onx_gather(n, x, index, axis, &x));
    TH_TRY(onx_bind(n, 0, x));
    const th_value counts[3] = {index, place, often};
    for (size_t i = 0; i < 3; i++) {
        TH_TRY(onx_cast(n, counts[i], TH_DT_S64, &x));
        TH_TRY(onx_bind(n, i + 1, x));
    }
    return TH_OK;
}

/* Where a constant is not zero, such as a mask that picks rows. */
static enum th_status known_non_zero(struct onx_node *n, const struct th_tensor *c)
{
    const struct th_type *t = &c->type;
    const int64_t size = th_type_elems(t);
    int64_t dims[2] = {t->rank, 0}, k = 0, *places;
    th_value v;

    for (int64_t i = 0; i < size; i++)
        dims[1] += th_tensor_real(c, i) != 0.0;
    if (!onx_charge(n->scope->im, &n->loc, (uint64_t)(dims[0] * dims[1]) * sizeof *places))
        return TH_ERR_INTERNAL;
    places = TH_NEW_ARRAY(n->scope->im->arena, int64_t, (size_t)(dims[0] * dims[1]) + 1);
    if (places == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < size; i++) {
        int64_t rest = i;
        if (th_tensor_real(c, i) == 0.0)
            continue;
        for (int32_t axis = t->rank - 1; axis >= 0; rest /= t->dims[axis], axis--)
            places[axis * dims[1] + k] = rest % t->dims[axis];
        k++;
    }
    TH_TRY(onx_ints(n, TH_DT_S64, 2, dims, places, &v));
    return onx_bind(n, 0, v);
}

/* The k-th element that is not zero lies behind as many as have at most k such up to them. */
static enum th_status import_non_zero(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value x, zero, k, rows[TH_MAX_RANK], c;
    struct th_type want;
    int64_t step = 1;

    TH_TRY(onx_need(n, &x, 1));
    const struct th_type t = *onx_type(n, x);
    const int64_t size = th_type_elems(&t);
    if (onx_const(n, x) != NULL && t.rank >= 1)
        return known_non_zero(n, onx_const(n, x));
    if (!onx_declared(n, 0, &want) || want.rank != 2 || t.rank < 1 || size < 1)
        return onx_reject(n, "a result of declared shape", "a number of elements that depends on "
                          "data");
    if (size * want.dims[1] > MOST * MOST)
        return onx_reject(n, NULL, "%" PRId64 " of %" PRId64 " elements", want.dims[1], size);
    TH_TRY(onx_scalar(n, t.dtype, 0, &zero));
    TH_TRY(onx_binary(n, "not_equal", x, zero, &x));
    TH_TRY(onx_cast(n, x, TH_DT_S32, &x));
    TH_TRY(onx_reshape(n, x, 1, &size, &x));
    th_attr_list_int(&a, "axis", 0);
    TH_TRY(onx_add(n, "cumsum", &x, 1, &a, &x));
    TH_TRY(as_line(n, x, false, &x));
    TH_TRY(ramp(n, want.dims[1], true, &k));
    TH_TRY(onx_binary(n, "less_equal", x, k, &x));
    TH_TRY(count(n, x, 1, &x));
    for (int32_t i = t.rank - 1; i >= 0; i--) {
        TH_TRY(onx_scalar(n, TH_DT_S32, (double)step, &c));
        TH_TRY(onx_binary(n, "div", x, c, &rows[i]));
        TH_TRY(onx_scalar(n, TH_DT_S32, (double)t.dims[i], &c));
        TH_TRY(onx_binary(n, "floor_mod", rows[i], c, &rows[i]));
        TH_TRY(as_line(n, rows[i], false, &rows[i]));
        step *= t.dims[i];
    }
    TH_TRY(onx_concat(n, rows, (size_t)t.rank, 0, &x));
    TH_TRY(onx_cast(n, x, TH_DT_S64, &x));
    return onx_bind(n, 0, x);
}

static enum th_status import_random(struct onx_node *n)
{
    return onx_reject(n, NULL, "it draws random numbers");
}

const struct onx_row onx_rows_sets[] = {
    {"Bernoulli", import_random, NULL},
    {"Multinomial", import_random, NULL},
    {"RandomNormal", import_random, NULL},
    {"RandomNormalLike", import_random, NULL},
    {"RandomUniform", import_random, NULL},
    {"RandomUniformLike", import_random, NULL},
    {"NonZero", import_non_zero, NULL},
    {"Unique", import_unique, NULL},
    {NULL, NULL, NULL},
};
