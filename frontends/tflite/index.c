/* SPDX-License-Identifier: Apache-2.0 */
/* Slices, gathers, paddings: operators that choose which elements go where. */
#include <inttypes.h>
#include <string.h>

#include "import.h"

static enum th_status need(struct tfl_node *n, th_value *in, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        in[i] = tfl_in(n, i);
        if (in[i] == 0)
            return tfl_reject(n, NULL, "operand %zu is absent", i);
    }
    if (n->op->noutputs == 0)
        return tfl_reject(n, NULL, "no result");
    return TH_OK;
}

/* ---- slices */

static enum th_status import_slice(struct tfl_node *n)
{
    int64_t begin[TH_MAX_RANK], size[TH_MAX_RANK];
    struct th_attr_list a = {.n = 0};
    size_t n_begin, n_size;
    struct th_type type;
    th_value x;

    TH_TRY(need(n, &x, 1));
    type = *tfl_type_of(n, x);
    if (!tfl_in_ints(n, 1, "begin", begin, TH_MAX_RANK, &n_begin) ||
        !tfl_in_ints(n, 2, "size", size, TH_MAX_RANK, &n_size))
        return TH_ERR_INPUT;
    if (n_begin != (size_t)type.rank || n_size != n_begin)
        return tfl_reject(n, NULL, "%zu begins and %zu sizes for %d dimensions", n_begin, n_size,
                          (int)type.rank);
    for (size_t i = 0; i < n_begin; i++) {
        if (size[i] == -1)
            size[i] = type.dims[i] - begin[i];
        if (begin[i] < 0 || size[i] < 0 || begin[i] > type.dims[i] ||
            size[i] > type.dims[i] - begin[i])
            return tfl_reject(n, NULL, "elements %" PRId64 " to %" PRId64
                              " of dimension %zu, which has %" PRId64, begin[i],
                              begin[i] + size[i], i, type.dims[i]);
    }
    th_attr_list_ints(&a, "begin", begin, n_begin);
    th_attr_list_ints(&a, "size", size, n_size);
    return tfl_finish(n, "slice", &x, 1, &a);
}

/* A strided slice spelled out for each dimension of its operand. */
struct strided {
    int64_t begin[TH_MAX_RANK], size[TH_MAX_RANK], stride[TH_MAX_RANK];
    int64_t shape[TH_MAX_RANK];         /* of the result */
    size_t rank;
};

struct strided_spec {
    int64_t begin[TH_MAX_RANK], end[TH_MAX_RANK], stride[TH_MAX_RANK];
    size_t count;
    int64_t begin_mask, end_mask, ellipsis, new_axis, shrink;
    bool offset;
};

static int64_t clamp(int64_t v, int64_t lo, int64_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* Dimension `axis` of size `dim`, entry k of the specification. */
static enum th_status strided_entry(struct tfl_node *n, const struct strided_spec *s, size_t k,
                                    size_t axis, int64_t dim, struct strided *out)
{
    int64_t stride = s->stride[k], begin = s->begin[k], end = s->end[k];
    int64_t lowest = stride > 0 ? 0 : -1, highest = stride > 0 ? dim : dim - 1, span;
    bool shrink = s->shrink >> k & 1;

    if (stride == 0 || stride < -INT32_MAX || stride > INT32_MAX)
        return tfl_reject(n, NULL, "stride %" PRId64 " of dimension %zu", stride, axis);
    if (s->offset)
        end += begin;
    if (begin < 0)
        begin += dim;
    if (end < 0 && !(s->offset && shrink))
        end += dim;
    if (shrink) {
        if (begin < 0 || begin >= dim)
            return tfl_reject(n, NULL, "element %" PRId64 " of dimension %zu, which has %" PRId64,
                              s->begin[k], axis, dim);
        out->begin[axis] = begin;
        out->size[axis] = out->stride[axis] = 1;
        return TH_OK;
    }
    begin = s->begin_mask >> k & 1 ? (stride > 0 ? 0 : dim - 1) : clamp(begin, lowest, highest);
    end = s->end_mask >> k & 1 ? (stride > 0 ? dim : -1) : clamp(end, lowest, highest);
    span = stride > 0 ? end - begin : begin - end;
    out->begin[axis] = begin;
    out->stride[axis] = stride;
    stride = stride > 0 ? stride : -stride;
    out->size[axis] = span > 0 ? (span + stride - 1) / stride : 0;
    if (out->size[axis] == 0) {
        out->begin[axis] = 0;
        out->stride[axis] = 1;
    }
    out->shape[out->rank++] = out->size[axis];
    return TH_OK;
}

static enum th_status strided_whole(struct tfl_node *n, const struct th_type *type, size_t axis,
                                    struct strided *out)
{
    if (axis >= (size_t)type->rank || out->rank >= TH_MAX_RANK)
        return tfl_reject(n, NULL, "it names more dimensions than there are");
    out->begin[axis] = 0;
    out->size[axis] = type->dims[axis];
    out->stride[axis] = 1;
    out->shape[out->rank++] = type->dims[axis];
    return TH_OK;
}

static enum th_status strided_expand(struct tfl_node *n, const struct th_type *type,
                                     const struct strided_spec *s, struct strided *out)
{
    size_t axis = 0, rank = (size_t)type->rank, used = 0;

    for (size_t k = 0; k < s->count; k++)
        used += !(s->ellipsis >> k & 1) && !(s->new_axis >> k & 1);
    for (size_t k = 0; k < s->count; k++) {
        if (s->ellipsis >> k & 1) {
            if (s->ellipsis >> k != 1 || used > rank)
                return tfl_reject(n, NULL, "more than one ellipsis, or too many dimensions");
            for (size_t fill = rank - used; fill > 0; fill--)
                TH_TRY(strided_whole(n, type, axis++, out));
        } else if (out->rank >= TH_MAX_RANK || (axis >= rank && !(s->new_axis >> k & 1))) {
            return tfl_reject(n, NULL, "it names more dimensions than there are");
        } else if (s->new_axis >> k & 1) {
            out->shape[out->rank++] = 1;
        } else {
            TH_TRY(strided_entry(n, s, k, axis, type->dims[axis], out));
            axis++;
        }
    }
    while (axis < rank)
        TH_TRY(strided_whole(n, type, axis++, out));
    return TH_OK;
}

static enum th_status import_strided_slice(struct tfl_node *n)
{
    struct strided_spec s = {.count = 0};
    struct strided out = {.rank = 0};
    struct th_attr_list a = {.n = 0};
    size_t n_end, n_stride, rank;
    th_value x;

    TH_TRY(need(n, &x, 1));
    rank = (size_t)tfl_type_of(n, x)->rank;
    if (!tfl_in_ints(n, 1, "begin", s.begin, TH_MAX_RANK, &s.count) ||
        !tfl_in_ints(n, 2, "end", s.end, TH_MAX_RANK, &n_end) ||
        !tfl_in_ints(n, 3, "strides", s.stride, TH_MAX_RANK, &n_stride))
        return TH_ERR_INPUT;
    if (n_end != s.count || n_stride != s.count)
        return tfl_reject(n, NULL, "%zu begins, %zu ends, %zu strides", s.count, n_end, n_stride);
    for (size_t i = 0; i < s.count; i++) {
        s.begin[i] = clamp(s.begin[i], INT32_MIN, INT32_MAX);
        s.end[i] = clamp(s.end[i], INT32_MIN, INT32_MAX);
    }
    s.begin_mask = tfl_option_int(n->op, "begin_mask", 0);
    s.end_mask = tfl_option_int(n->op, "end_mask", 0);
    s.ellipsis = tfl_option_int(n->op, "ellipsis_mask", 0) & ((INT64_C(1) << s.count) - 1);
    s.new_axis = tfl_option_int(n->op, "new_axis_mask", 0) & ~s.ellipsis;
    s.shrink = tfl_option_int(n->op, "shrink_axis_mask", 0) & ~s.new_axis;
    s.offset = tfl_option_int(n->op, "offset", 0) != 0;
    TH_TRY(strided_expand(n, tfl_type_of(n, x), &s, &out));
    th_attr_list_ints(&a, "begin", out.begin, rank);
    th_attr_list_ints(&a, "size", out.size, rank);
    th_attr_list_ints(&a, "stride", out.stride, rank);
    TH_TRY(tfl_add(n, "slice", &x, 1, &a, &x));
    if (out.rank != rank || memcmp(out.shape, out.size, rank * sizeof *out.size) != 0)
        TH_TRY(tfl_reshape(n, x, out.rank, out.shape, &x));
    return tfl_bind(n, 0, x);
}

static enum th_status import_dynamic_update_slice(struct tfl_node *n)
{
    th_value in[3];

    TH_TRY(need(n, in, 3));
    return tfl_finish(n, "dynamic_update_slice", in, 3, NULL);
}

static enum th_status import_reverse(struct tfl_node *n)
{
    int64_t axes[TH_MAX_RANK];
    struct th_attr_list a = {.n = 0};
    size_t count, axis;
    th_value x;

    TH_TRY(need(n, &x, 1));
    if (!tfl_in_ints(n, 1, "axes", axes, TH_MAX_RANK, &count))
        return TH_ERR_INPUT;
    for (size_t i = 0; i < count; i++) {
        if (!tfl_axis(n, axes[i], (size_t)tfl_type_of(n, x)->rank, &axis))
            return TH_ERR_INPUT;
        axes[i] = (int64_t)axis;
    }
    th_attr_list_ints(&a, "axes", axes, count);
    return tfl_finish(n, "reverse", &x, 1, &a);
}

/* ---- gathers */

static enum th_status import_gather(struct tfl_node *n)
{
    int64_t batch = tfl_option_int(n->op, "batch_dims", 0);
    struct th_attr_list a = {.n = 0};
    th_value in[2];
    size_t axis;

    TH_TRY(need(n, in, 2));
    if (!tfl_axis(n, tfl_option_int(n->op, "axis", 0), (size_t)tfl_type_of(n, in[0])->rank, &axis))
        return TH_ERR_INPUT;
    if (batch < 0)
        batch += tfl_type_of(n, in[1])->rank;
    if (batch < 0 || batch > (int64_t)axis || batch > tfl_type_of(n, in[1])->rank)
        return tfl_reject(n, NULL, "%" PRId64 " batch dimensions with axis %zu", batch, axis);
    th_attr_list_int(&a, "axis", (int64_t)axis);
    th_attr_list_int(&a, "batch_dims", batch);
    return tfl_finish(n, "gather", in, 2, &a);
}

static enum th_status import_gather_nd(struct tfl_node *n)
{
    th_value in[2];

    TH_TRY(need(n, in, 2));
    return tfl_finish(n, "gather_nd", in, 2, NULL);
}

static enum th_status import_scatter_nd(struct tfl_node *n)
{
    int64_t shape[TH_MAX_RANK];
    struct th_attr_list a = {.n = 0};
    th_value in[2];
    size_t rank;

    TH_TRY(need(n, in, 2));
    if (!tfl_in_ints(n, 2, "shape", shape, TH_MAX_RANK, &rank))
        return TH_ERR_INPUT;
    th_attr_list_ints(&a, "shape", shape, rank);
    return tfl_finish(n, "scatter_nd", in, 2, &a);
}

/* Rows of a table; those of an integer table may come out as reals. */
static enum th_status import_embedding_lookup(struct tfl_node *n)
{
    struct th_attr_list a = {.n = 0};
    struct th_type to;
    th_value in[2], rows;

    TH_TRY(need(n, in, 2));
    to = tfl_out_type(n, 0);
    if (to.dtype == TH_DT_NONE)
        return TH_ERR_INPUT;
    th_attr_list_int(&a, "axis", 0);
    if (to.dtype == tfl_type_of(n, in[1])->dtype)
        return tfl_finish(n, "gather", (th_value[]){in[1], in[0]}, 2, &a);
    if (to.dtype != TH_DT_F32 || tfl_type_of(n, in[1])->quant == NULL ||
        tfl_type_of(n, in[1])->quant->n != 1)
        return tfl_reject(n, "a table of the result's type, or quantized by one scale",
                          "the table cannot be read as the result's type");
    TH_TRY(tfl_add(n, "gather", (th_value[]){in[1], in[0]}, 2, &a, &rows));
    return tfl_finish(n, "dequantize", &rows, 1, NULL);
}

static enum th_status import_arg_extreme(struct tfl_node *n)
{
    struct th_attr_list a = {.n = 0};
    int64_t given;
    size_t axis;
    th_value x;

    TH_TRY(need(n, &x, 1));
    if (!tfl_in_int(n, 1, "axis", &given) ||
        !tfl_axis(n, given, (size_t)tfl_type_of(n, x)->rank, &axis))
        return TH_ERR_INPUT;
    if (tfl_out_type(n, 0).dtype != TH_DT_S32)
        return tfl_reject(n, "output_type INT32",
                          "indices other than 32-bit integers are not supported");
    th_attr_list_int(&a, "axis", (int64_t)axis);
    return tfl_finish(n, n->row->ir, &x, 1, &a);
}

static enum th_status import_top_k(struct tfl_node *n)
{
    struct th_attr_list a = {.n = 0};
    struct th_type types[2];
    struct th_node_desc d = {.op = "top_k", .n_in = 1, .n_out = 2, .out = types, .loc = n->loc};
    th_value x, out[2];
    int64_t k;

    TH_TRY(need(n, &x, 1));
    if (n->op->noutputs != 2)
        return tfl_reject(n, NULL, "%zu results instead of 2", n->op->noutputs);
    if (!tfl_in_int(n, 1, "k", &k))
        return TH_ERR_INPUT;
    th_attr_list_int(&a, "k", k);
    types[0] = tfl_out_type(n, 0);
    types[1] = tfl_out_type(n, 1);
    if (types[0].dtype == TH_DT_NONE || types[1].dtype == TH_DT_NONE)
        return TH_ERR_INPUT;
    d.in = &x;
    d.attrs = a.at;
    d.n_attrs = a.n;
    TH_TRY(th_graph_add_node(n->scope->graph, &d, NULL, out));
    TH_TRY(tfl_bind(n, 0, out[0]));
    return tfl_bind(n, 1, out[1]);
}

/* ---- paddings */

static enum th_status pad_edges(struct tfl_node *n, th_value x, int64_t *before, int64_t *after,
                                struct th_attr_list *a)
{
    int64_t edges[2 * TH_MAX_RANK];
    size_t count, rank = (size_t)tfl_type_of(n, x)->rank;

    if (!tfl_in_ints(n, 1, "paddings", edges, TH_ARRAY_LEN(edges), &count))
        return TH_ERR_INPUT;
    if (count != 2 * rank)
        return tfl_reject(n, NULL, "%zu paddings for %zu dimensions", count, rank);
    for (size_t i = 0; i < rank; i++) {
        before[i] = edges[2 * i];
        after[i] = edges[2 * i + 1];
    }
    th_attr_list_ints(a, "before", before, rank);
    th_attr_list_ints(a, "after", after, rank);
    return TH_OK;
}

static enum th_status import_pad(struct tfl_node *n)
{
    int64_t before[TH_MAX_RANK], after[TH_MAX_RANK];
    struct th_attr_list a = {.n = 0};
    const struct th_tensor *fill;
    th_value x, value;

    TH_TRY(need(n, &x, 1));
    TH_TRY(pad_edges(n, x, before, after, &a));
    value = tfl_in(n, 2);
    if (value == 0)
        return tfl_finish(n, "pad", &x, 1, &a);
    fill = th_value_const(n->scope->graph, value);
    if (fill == NULL || th_type_elems(&fill->type) != 1)
        return tfl_reject(n, "a constant", "the padding value must be one constant");
    if (fill->type.dtype != tfl_type_of(n, x)->dtype)
        return tfl_reject(n, NULL, "the padding value has another type than the operand");
    th_attr_list_float(&a, "value", th_tensor_real(fill, 0));
    return tfl_finish(n, "pad", &x, 1, &a);
}

static enum th_status import_mirror_pad(struct tfl_node *n)
{
    int64_t before[TH_MAX_RANK], after[TH_MAX_RANK], mode = tfl_option_int(n->op, "mode", 0);
    struct th_attr_list a = {.n = 0};
    th_value x;

    TH_TRY(need(n, &x, 1));
    if (mode != 0 && mode != 1)
        return tfl_reject(n, "REFLECT, SYMMETRIC", "mode %" PRId64 " is unknown", mode);
    TH_TRY(pad_edges(n, x, before, after, &a));
    th_attr_list_enum(&a, "mode", mode);
    return tfl_finish(n, "mirror_pad", &x, 1, &a);
}

const struct tfl_row tfl_rows_index[] = {
    {"SLICE", import_slice, NULL},
    {"STRIDED_SLICE", import_strided_slice, NULL},
    {"DYNAMIC_UPDATE_SLICE", import_dynamic_update_slice, NULL},
    {"REVERSE_V2", import_reverse, NULL},
    {"GATHER", import_gather, NULL},
    {"GATHER_ND", import_gather_nd, NULL},
    {"SCATTER_ND", import_scatter_nd, NULL},
    {"EMBEDDING_LOOKUP", import_embedding_lookup, NULL},
    {"ARG_MAX", import_arg_extreme, "arg_max"},
    {"ARG_MIN", import_arg_extreme, "arg_min"},
    {"TOPK_V2", import_top_k, NULL},
    {"PAD", import_pad, NULL},
    {"PADV2", import_pad, NULL},
    {"MIRROR_PAD", import_mirror_pad, NULL},
    {NULL, NULL, NULL},
};
