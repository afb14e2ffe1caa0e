/* SPDX-License-Identifier: Apache-2.0 */
/* Operators whose result is known at once from shapes, or is one value repeated. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "import.h"

/* Results this long belong into a file, not into an operator. */
enum { MAX_RANGE = 1 << 20 };

static enum th_status need(struct tfl_node *n, th_value *x, size_t operand)
{
    *x = tfl_in(n, operand);
    if (*x == 0)
        return tfl_reject(n, NULL, "operand %zu is absent", operand);
    if (n->op->noutputs != 1)
        return tfl_reject(n, NULL, "%zu results instead of 1", n->op->noutputs);
    return TH_OK;
}

/* A constant of the result's integer type. */
static enum th_status bind_ints(struct tfl_node *n, size_t rank, const int64_t *values,
                                size_t count)
{
    int64_t dim = (int64_t)count;
    struct th_type type = tfl_out_type(n, 0);
    th_value v;

    if (!th_dtype_is_int(type.dtype))
        return tfl_reject(n, NULL, "its result must be of an integer type");
    v = th_graph_const_ints(n->scope->graph, type.dtype, (int32_t)rank, &dim, values);
    return v != 0 ? tfl_bind(n, 0, v) : TH_ERR_INTERNAL;
}

static enum th_status import_shape(struct tfl_node *n)
{
    struct th_type type;
    th_value x;

    TH_TRY(need(n, &x, 0));
    type = *tfl_type_of(n, x);
    return bind_ints(n, 1, type.dims, (size_t)type.rank);
}

static enum th_status import_rank(struct tfl_node *n)
{
    int64_t rank;
    th_value x;

    TH_TRY(need(n, &x, 0));
    rank = tfl_type_of(n, x)->rank;
    return bind_ints(n, 0, &rank, 1);
}

static enum th_status import_range(struct tfl_node *n)
{
    int64_t start, limit, delta, count, *values;
    th_value x;

    TH_TRY(need(n, &x, 0));
    if (th_dtype_is_float(tfl_type_of(n, x)->dtype))
        return tfl_reject(n, "an integer RANGE and a CAST", "a range of reals");
    if (!tfl_in_int(n, 0, "start", &start) || !tfl_in_int(n, 1, "limit", &limit) ||
        !tfl_in_int(n, 2, "delta", &delta))
        return TH_ERR_INPUT;
    if (delta == 0)
        return tfl_reject(n, NULL, "steps of zero");
    /* In unsigned arithmetic the distance of any two numbers is exact. */
    count = 0;
    if (delta > 0 ? start < limit : start > limit) {
        uint64_t span = delta > 0 ? (uint64_t)limit - (uint64_t)start
                                  : (uint64_t)start - (uint64_t)limit;
        uint64_t step = delta > 0 ? (uint64_t)delta : 0 - (uint64_t)delta;
        uint64_t steps = (span - 1) / step + 1;
        if (steps > MAX_RANGE)
            return tfl_reject(n, NULL, "a range of %" PRIu64 " numbers", steps);
        count = (int64_t)steps;
    }
    if (!tfl_charge(n->scope->im, &n->loc, (uint64_t)count * sizeof *values))
        return TH_ERR_INTERNAL;
    values = TH_NEW_ARRAY(n->scope->im->arena, int64_t, (size_t)count);
    if (values == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < count; i++)
        values[i] = (int64_t)((uint64_t)start + (uint64_t)i * (uint64_t)delta);
    return bind_ints(n, 1, values, (size_t)count);
}

static enum th_status broadcast(struct tfl_node *n, th_value x, const int64_t *shape, size_t rank)
{
    struct th_attr_list a = {.n = 0};

    th_attr_list_ints(&a, "shape", shape, rank);
    return tfl_finish(n, "broadcast_to", &x, 1, &a);
}

static enum th_status import_broadcast_to(struct tfl_node *n)
{
    int64_t shape[TH_MAX_RANK];
    size_t rank;
    th_value x;

    TH_TRY(need(n, &x, 0));
    if (!tfl_in_ints(n, 1, "shape", shape, TH_MAX_RANK, &rank))
        return TH_ERR_INPUT;
    return broadcast(n, x, shape, rank);
}

static enum th_status import_fill(struct tfl_node *n)
{
    int64_t shape[TH_MAX_RANK];
    size_t rank;
    th_value x;

    TH_TRY(need(n, &x, 1));
    if (!tfl_in_ints(n, 0, "dimensions", shape, TH_MAX_RANK, &rank))
        return TH_ERR_INPUT;
    if (tfl_type_of(n, x)->rank != 0)
        return tfl_reject(n, NULL, "the value has %d dimensions instead of none",
                          (int)tfl_type_of(n, x)->rank);
    return broadcast(n, x, shape, rank);
}

static enum th_status import_zeros_like(struct tfl_node *n)
{
    static const unsigned char zeros[16] = {0};
    struct th_type type, scalar;
    th_value x, zero;

    TH_TRY(need(n, &x, 0));
    type = scalar = *tfl_type_of(n, x);
    scalar.rank = 0;
    scalar.quant = NULL;
    zero = tfl_const(n, &scalar, zeros);
    return zero != 0 ? broadcast(n, zero, type.dims, (size_t)type.rank) : TH_ERR_INTERNAL;
}

/* The shape that two shapes broadcast to. */
static enum th_status import_broadcast_args(struct tfl_node *n)
{
    int64_t a[TH_MAX_RANK], b[TH_MAX_RANK], out[TH_MAX_RANK];
    size_t na, nb, rank;

    if (n->op->noutputs != 1)
        return tfl_reject(n, NULL, "%zu results instead of 1", n->op->noutputs);
    if (!tfl_in_ints(n, 0, "shape", a, TH_MAX_RANK, &na) ||
        !tfl_in_ints(n, 1, "shape", b, TH_MAX_RANK, &nb))
        return TH_ERR_INPUT;
    rank = na > nb ? na : nb;
    for (size_t i = 0; i < rank; i++) {
        int64_t x = i + na >= rank ? a[i + na - rank] : 1;
        int64_t y = i + nb >= rank ? b[i + nb - rank] : 1;
        if (x != y && x != 1 && y != 1)
            return tfl_reject(n, NULL, "dimension %zu is %" PRId64 " and %" PRId64, i, x, y);
        out[i] = x == 1 ? y : x;
    }
    return bind_ints(n, 1, out, rank);
}

static enum th_status import_tile(struct tfl_node *n)
{
    int64_t repeats[TH_MAX_RANK];
    struct th_attr_list a = {.n = 0};
    size_t count;
    th_value x;

    TH_TRY(need(n, &x, 0));
    if (!tfl_in_ints(n, 1, "multiples", repeats, TH_MAX_RANK, &count))
        return TH_ERR_INPUT;
    if (count != (size_t)tfl_type_of(n, x)->rank)
        return tfl_reject(n, NULL, "%zu multiples for %d dimensions", count,
                          (int)tfl_type_of(n, x)->rank);
    th_attr_list_ints(&a, "repeats", repeats, count);
    return tfl_finish(n, "tile", &x, 1, &a);
}

static enum th_status import_one_hot(struct tfl_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value in[3];
    int64_t depth, axis = tfl_option_int(n->op, "axis", 0);
    size_t at;

    TH_TRY(need(n, &in[0], 0));
    TH_TRY(need(n, &in[1], 2));
    TH_TRY(need(n, &in[2], 3));
    if (!tfl_in_int(n, 1, "depth", &depth) ||
        !tfl_axis(n, axis, (size_t)tfl_type_of(n, in[0])->rank + 1, &at))
        return TH_ERR_INPUT;
    th_attr_list_int(&a, "depth", depth);
    th_attr_list_int(&a, "axis", (int64_t)at);
    return tfl_finish(n, "one_hot", in, 3, &a);
}

const struct tfl_row tfl_rows_fill[] = {
    {"SHAPE", import_shape, NULL},
    {"RANK", import_rank, NULL},
    {"RANGE", import_range, NULL},
    {"BROADCAST_TO", import_broadcast_to, NULL},
    {"BROADCAST_ARGS", import_broadcast_args, NULL},
    {"FILL", import_fill, NULL},
    {"ZEROS_LIKE", import_zeros_like, NULL},
    {"TILE", import_tile, NULL},
    {"ONE_HOT", import_one_hot, NULL},
    {NULL, NULL, NULL},
};
