/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that change only the shape, and those that put tensors together or take them apart. */
#include <inttypes.h>
#include <string.h>

#include "import.h"

static enum th_status need(struct tfl_node *n, th_value *x, size_t operand)
{
    *x = tfl_in(n, operand);
    if (*x == 0)
        return tfl_reject(n, NULL, "operand %zu is absent", operand);
    return TH_OK;
}

static enum th_status finish_reshape(struct tfl_node *n, th_value x, size_t rank,
                                     const int64_t *dims)
{
    th_value out;

    if (n->op->noutputs != 1)
        return tfl_reject(n, NULL, "%zu results instead of 1", n->op->noutputs);
    TH_TRY(tfl_reshape(n, x, rank, dims, &out));
    return tfl_bind(n, 0, out);
}

/* ---- RESHAPE */

/* The new shape: an operand if there is one, else the options, else what the file declares for
 * the result. */
static enum th_status wanted_shape(struct tfl_node *n, int64_t *dims, size_t *rank)
{
    const struct tfl_tensor *out = &n->scope->sg->tensors[n->op->outputs[0]];
    const int32_t *given;
    th_value shape = tfl_in(n, 1);

    if (shape != 0 && th_value_const(n->scope->graph, shape) != NULL)
        return tfl_in_ints(n, 1, "shape", dims, TH_MAX_RANK, rank) ? TH_OK : TH_ERR_INPUT;
    given = tfl_option_ints(n->op, "new_shape", rank);
    if (given == NULL && shape != 0) {
        given = out->dims;
        *rank = out->rank;
        for (size_t i = 0; i < out->rank; i++) {
            if (out->signature != NULL && out->signature[i] < 0)
                return tfl_reject(n, "a constant shape", "its shape depends on data");
        }
        if (out->rank == 0)
            return tfl_reject(n, "a constant shape", "its shape depends on data");
    }
    if (*rank > TH_MAX_RANK)
        return tfl_reject(n, NULL, "the new shape has %zu dimensions, at most %d are possible",
                          *rank, TH_MAX_RANK);
    for (size_t i = 0; i < *rank; i++)
        dims[i] = given[i];
    /* Old converters wrote the shape of a scalar as one dimension of size 0. */
    if (*rank == 1 && dims[0] == 0 && given != out->dims)
        *rank = 0;
    return TH_OK;
}

static enum th_status import_reshape(struct tfl_node *n)
{
    int64_t dims[TH_MAX_RANK], total, known = 1;
    size_t rank = 0, open = TH_MAX_RANK;
    th_value x;

    TH_TRY(need(n, &x, 0));
    if (n->op->noutputs != 1)
        return tfl_reject(n, NULL, "%zu results instead of 1", n->op->noutputs);
    TH_TRY(wanted_shape(n, dims, &rank));
    total = th_type_elems(tfl_type_of(n, x));
    for (size_t i = 0; i < rank; i++) {
        if (dims[i] == -1 && open == TH_MAX_RANK)
            open = i;
        else if (dims[i] < 0 || !th_mul_i64(known, dims[i], &known))
            return tfl_reject(n, NULL, "the new shape is not possible");
    }
    if (open != TH_MAX_RANK)
        dims[open] = known != 0 ? total / known : 0;
    if (open != TH_MAX_RANK ? known * dims[open] != total : known != total)
        return tfl_reject(n, NULL, "%" PRId64 " elements do not fit the new shape of %" PRId64
                          "%s", total, known, open != TH_MAX_RANK ? " x ?" : "");
    return finish_reshape(n, x, rank, dims);
}

static enum th_status import_squeeze(struct tfl_node *n)
{
    size_t count, rank, kept = 0;
    const int32_t *list = tfl_option_ints(n->op, "squeeze_dims", &count);
    bool drop[TH_MAX_RANK] = {false};
    int64_t dims[TH_MAX_RANK];
    struct th_type type;
    th_value x;

    TH_TRY(need(n, &x, 0));
    type = *tfl_type_of(n, x);
    rank = (size_t)type.rank;
    for (size_t i = 0; i < count; i++) {
        size_t axis;
        if (!tfl_axis(n, list[i], rank, &axis))
            return TH_ERR_INPUT;
        if (type.dims[axis] != 1)
            return tfl_reject(n, NULL, "dimension %zu has size %" PRId64 ", not 1", axis,
                              type.dims[axis]);
        drop[axis] = true;
    }
    for (size_t i = 0; i < rank; i++) {
        if (count == 0 ? type.dims[i] != 1 : !drop[i])
            dims[kept++] = type.dims[i];
    }
    return finish_reshape(n, x, kept, dims);
}

/* dims with a 1 inserted at axis. */
static void insert_one(const struct th_type *type, size_t axis, int64_t *dims)
{
    for (size_t i = 0, k = 0; i <= (size_t)type->rank; i++)
        dims[i] = i == axis ? 1 : type->dims[k++];
}

static enum th_status import_expand_dims(struct tfl_node *n)
{
    int64_t dims[TH_MAX_RANK + 1], given;
    struct th_type type;
    size_t axis;
    th_value x;

    TH_TRY(need(n, &x, 0));
    type = *tfl_type_of(n, x);
    if (type.rank >= TH_MAX_RANK)
        return tfl_reject(n, NULL, "more than %d dimensions", TH_MAX_RANK);
    if (!tfl_in_int(n, 1, "axis", &given) || !tfl_axis(n, given, (size_t)type.rank + 1, &axis))
        return TH_ERR_INPUT;
    insert_one(&type, axis, dims);
    return finish_reshape(n, x, (size_t)type.rank + 1, dims);
}

static enum th_status import_transpose(struct tfl_node *n)
{
    int64_t perm[TH_MAX_RANK];
    struct th_attr_list a = {.n = 0};
    size_t count, rank;
    th_value x;

    TH_TRY(need(n, &x, 0));
    rank = (size_t)tfl_type_of(n, x)->rank;
    if (!tfl_in_ints(n, 1, "permutation", perm, TH_MAX_RANK, &count))
        return TH_ERR_INPUT;
    if (count != rank)
        return tfl_reject(n, NULL, "the permutation has %zu entries for %zu dimensions", count,
                          rank);
    for (size_t i = 0; i < count; i++) {
        size_t axis;
        if (!tfl_axis(n, perm[i], rank, &axis))
            return TH_ERR_INPUT;
        perm[i] = (int64_t)axis;
    }
    th_attr_list_ints(&a, "perm", perm, count);
    return tfl_finish(n, "transpose", &x, 1, &a);
}

/* ---- putting together */

/* Operands that are quantized otherwise than the result are brought to its parameters. */
static enum th_status same_quant(struct tfl_node *n, th_value *v)
{
    struct th_type want = tfl_out_type(n, 0);
    const struct th_type *have = tfl_type_of(n, *v);

    if (want.quant == NULL || have->quant == NULL || want.dtype != have->dtype ||
        th_quant_equal(want.quant, have->quant))
        return TH_OK;
    return tfl_add_typed(n, "requantize", v, 1, NULL, &want, v);
}

static enum th_status concat(struct tfl_node *n, const th_value *in, size_t axis)
{
    struct th_attr_list a = {.n = 0}, act = {.n = 0};
    th_value joined;

    th_attr_list_int(&a, "axis", (int64_t)axis);
    if (!tfl_activation(n, &act))
        return TH_ERR_INPUT;
    if (act.n == 0)
        return tfl_finish(n, "concat", in, n->op->ninputs, &a);
    TH_TRY(tfl_add(n, "concat", in, n->op->ninputs, &a, &joined));
    return tfl_finish(n, "clamp", &joined, 1, &act);
}

static enum th_status operands(struct tfl_node *n, th_value **in)
{
    *in = TH_NEW_ARRAY(n->scope->im->arena, th_value, n->op->ninputs);
    if (*in == NULL)
        return TH_ERR_INTERNAL;
    if (n->op->ninputs == 0 || n->op->noutputs != 1)
        return tfl_reject(n, NULL, "%zu operands and %zu results", n->op->ninputs,
                          n->op->noutputs);
    for (size_t i = 0; i < n->op->ninputs; i++) {
        TH_TRY(need(n, &(*in)[i], i));
        TH_TRY(same_quant(n, &(*in)[i]));
    }
    return TH_OK;
}

static enum th_status import_concatenation(struct tfl_node *n)
{
    th_value *in;
    size_t axis;

    TH_TRY(operands(n, &in));
    if (!tfl_axis(n, tfl_option_int(n->op, "axis", 0), (size_t)tfl_type_of(n, in[0])->rank, &axis))
        return TH_ERR_INPUT;
    return concat(n, in, axis);
}

static enum th_status import_pack(struct tfl_node *n)
{
    th_value *in;
    size_t axis, rank;

    TH_TRY(operands(n, &in));
    rank = (size_t)tfl_type_of(n, in[0])->rank + 1;
    if (rank > TH_MAX_RANK)
        return tfl_reject(n, NULL, "more than %d dimensions", TH_MAX_RANK);
    if (!tfl_axis(n, tfl_option_int(n->op, "axis", 0), rank, &axis))
        return TH_ERR_INPUT;
    for (size_t i = 0; i < n->op->ninputs; i++) {
        int64_t dims[TH_MAX_RANK + 1];
        struct th_type type = *tfl_type_of(n, in[i]);
        if ((size_t)type.rank + 1 != rank)
            return tfl_reject(n, NULL, "operands of different shapes");
        insert_one(&type, axis, dims);
        TH_TRY(tfl_reshape(n, in[i], rank, dims, &in[i]));
    }
    if (n->op->ninputs == 1)
        return tfl_bind(n, 0, in[0]);
    return concat(n, in, axis);
}

/* ---- taking apart */

static enum th_status take(struct tfl_node *n, th_value x, size_t axis, int64_t from, int64_t size,
                           th_value *out)
{
    struct th_type type = *tfl_type_of(n, x);
    struct th_attr_list a = {.n = 0};
    int64_t begin[TH_MAX_RANK] = {0};

    begin[axis] = from;
    type.dims[axis] = size;
    th_attr_list_ints(&a, "begin", begin, (size_t)type.rank);
    th_attr_list_ints(&a, "size", type.dims, (size_t)type.rank);
    return tfl_add(n, "slice", &x, 1, &a, out);
}

static enum th_status split_sizes(struct tfl_node *n, th_value x, size_t axis,
                                  const int64_t *sizes)
{
    int64_t from = 0, whole = tfl_type_of(n, x)->dims[axis];

    for (size_t i = 0; i < n->op->noutputs; i++) {
        th_value part;
        if (sizes[i] < 0 || sizes[i] > whole - from)
            return tfl_reject(n, NULL, "the parts are larger than dimension %zu of size %" PRId64,
                              axis, whole);
        TH_TRY(take(n, x, axis, from, sizes[i], &part));
        TH_TRY(tfl_bind(n, i, part));
        from += sizes[i];
    }
    if (from != whole)
        return tfl_reject(n, NULL, "the parts add up to %" PRId64 ", dimension %zu has %" PRId64,
                          from, axis, whole);
    return TH_OK;
}

static enum th_status import_split(struct tfl_node *n)
{
    size_t axis, parts = n->op->noutputs;
    int64_t given, whole, *sizes;
    th_value x;

    TH_TRY(need(n, &x, 1));
    if (!tfl_in_int(n, 0, "axis", &given) ||
        !tfl_axis(n, given, (size_t)tfl_type_of(n, x)->rank, &axis))
        return TH_ERR_INPUT;
    whole = tfl_type_of(n, x)->dims[axis];
    if (parts == 0 || whole % (int64_t)parts != 0)
        return tfl_reject(n, "SPLIT_V", "dimension %zu of size %" PRId64
                          " cannot be split in %zu equal parts", axis, whole, parts);
    sizes = TH_NEW_ARRAY(n->scope->im->arena, int64_t, parts);
    if (sizes == NULL)
        return TH_ERR_INTERNAL;
    for (size_t i = 0; i < parts; i++)
        sizes[i] = whole / (int64_t)parts;
    return split_sizes(n, x, axis, sizes);
}

static enum th_status import_split_v(struct tfl_node *n)
{
    size_t axis, count, parts = n->op->noutputs, open = parts;
    int64_t given, whole, known = 0, *sizes;
    th_value x;

    TH_TRY(need(n, &x, 0));
    sizes = TH_NEW_ARRAY(n->scope->im->arena, int64_t, parts);
    if (sizes == NULL)
        return TH_ERR_INTERNAL;
    if (!tfl_in_ints(n, 1, "sizes", sizes, parts, &count) || !tfl_in_int(n, 2, "axis", &given) ||
        !tfl_axis(n, given, (size_t)tfl_type_of(n, x)->rank, &axis))
        return TH_ERR_INPUT;
    if (count != parts)
        return tfl_reject(n, NULL, "%zu sizes for %zu results", count, parts);
    whole = tfl_type_of(n, x)->dims[axis];
    for (size_t i = 0; i < parts; i++) {
        if (sizes[i] == -1 && open == parts)
            open = i;
        else if (sizes[i] < 0 || !th_add_i64(known, sizes[i], &known))
            return tfl_reject(n, NULL, "size %zu is %" PRId64, i, sizes[i]);
    }
    if (open != parts)
        sizes[open] = whole - known;
    return split_sizes(n, x, axis, sizes);
}

static enum th_status import_unpack(struct tfl_node *n)
{
    int64_t dims[TH_MAX_RANK];
    struct th_type type;
    size_t axis, rank;
    th_value x;

    TH_TRY(need(n, &x, 0));
    type = *tfl_type_of(n, x);
    rank = (size_t)type.rank;
    if (!tfl_axis(n, tfl_option_int(n->op, "axis", 0), rank, &axis))
        return TH_ERR_INPUT;
    if ((uint64_t)type.dims[axis] != n->op->noutputs)
        return tfl_reject(n, NULL, "dimension %zu has size %" PRId64 ", there are %zu results",
                          axis, type.dims[axis], n->op->noutputs);
    for (size_t i = 0, k = 0; i < rank; i++) {
        if (i != axis)
            dims[k++] = type.dims[i];
    }
    for (size_t i = 0; i < n->op->noutputs; i++) {
        th_value part;
        TH_TRY(take(n, x, axis, (int64_t)i, 1, &part));
        TH_TRY(tfl_reshape(n, part, rank - 1, dims, &part));
        TH_TRY(tfl_bind(n, i, part));
    }
    return TH_OK;
}

/* ---- blocks */

static enum th_status import_space_depth(struct tfl_node *n)
{
    struct th_attr_list a = {.n = 0};
    int64_t block = tfl_option_int(n->op, "block_size", 0);
    th_value x;

    TH_TRY(need(n, &x, 0));
    if (block < 1)
        return tfl_reject(n, NULL, "block size %" PRId64, block);
    th_attr_list_int(&a, "block", block);
    return tfl_finish(n, n->row->ir, &x, 1, &a);
}

static enum th_status import_space_batch(struct tfl_node *n)
{
    struct th_attr_list a = {.n = 0};
    int64_t block[TH_MAX_RANK], edges[2 * TH_MAX_RANK], before[TH_MAX_RANK], after[TH_MAX_RANK];
    size_t count, n_edges;
    th_value x;

    TH_TRY(need(n, &x, 0));
    if (!tfl_in_ints(n, 1, "block", block, TH_MAX_RANK, &count) ||
        !tfl_in_ints(n, 2, "paddings", edges, TH_ARRAY_LEN(edges), &n_edges))
        return TH_ERR_INPUT;
    if (n_edges != 2 * count)
        return tfl_reject(n, NULL, "%zu paddings for %zu block sizes", n_edges, count);
    for (size_t i = 0; i < count; i++) {
        before[i] = edges[2 * i];
        after[i] = edges[2 * i + 1];
    }
    th_attr_list_ints(&a, "block", block, count);
    th_attr_list_ints(&a, "before", before, count);
    th_attr_list_ints(&a, "after", after, count);
    return tfl_finish(n, n->row->ir, &x, 1, &a);
}

const struct tfl_row tfl_rows_shape[] = {
    {"RESHAPE", import_reshape, NULL},
    {"SQUEEZE", import_squeeze, NULL},
    {"EXPAND_DIMS", import_expand_dims, NULL},
    {"TRANSPOSE", import_transpose, NULL},
    {"CONCATENATION", import_concatenation, NULL},
    {"PACK", import_pack, NULL},
    {"SPLIT", import_split, NULL},
    {"SPLIT_V", import_split_v, NULL},
    {"UNPACK", import_unpack, NULL},
    {"SPACE_TO_DEPTH", import_space_depth, "space_to_depth"},
    {"DEPTH_TO_SPACE", import_space_depth, "depth_to_space"},
    {"SPACE_TO_BATCH_ND", import_space_batch, "space_to_batch"},
    {"BATCH_TO_SPACE_ND", import_space_batch, "batch_to_space"},
    {NULL, NULL, NULL},
};
