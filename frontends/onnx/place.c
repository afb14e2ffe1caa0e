/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that move elements to places worked out from shapes: cuts around the middle, columns
 * back to images, grids of places. An operand that gives only the result's shape may be known when
 * the network runs alone, where the file declares that shape. */
#include <inttypes.h>
#include <string.h>

#include "import.h"

/* ---- around the middle ----------------------------------------------------------------------- */

/* Of an odd difference one more is cut, or added, behind. */
static enum th_status import_center_crop_pad(struct onx_node *n)
{
    int64_t axes[TH_MAX_RANK], want[TH_MAX_RANK], before[TH_MAX_RANK] = {0};
    int64_t after[TH_MAX_RANK] = {0};
    struct th_attr_list a = {.n = 0};
    struct th_type declared;
    bool pads = false;
    size_t n_axes, count;
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    const struct th_type t = *onx_type(n, x);
    if (!onx_axes(n, SIZE_MAX, "axes", t.rank, axes, &n_axes))
        return TH_ERR_INPUT;
    for (int32_t i = 0; i < t.rank && !onx_has(n, "axes"); i++)
        axes[n_axes++] = i;
    if (onx_in_is_const(n, 1)) {
        if (!onx_in_ints(n, 1, "shape", want, TH_MAX_RANK, &count))
            return TH_ERR_INPUT;
        if (count != n_axes)
            return onx_reject(n, NULL, "%zu sizes for %zu axes", count, n_axes);
    } else {
        if (!onx_declared(n, 0, &declared) || declared.rank != t.rank)
            return onx_reject(n, "a constant shape, or a result of declared shape",
                              "a shape that is known only when the network runs");
        for (size_t i = 0; i < n_axes; i++)
            want[i] = declared.dims[axes[i]];
    }
    for (size_t i = 0; i < n_axes; i++) {
        const int64_t dim = t.dims[axes[i]], least = want[i] < dim ? want[i] : dim;
        if (want[i] < 0)
            return onx_reject(n, NULL, "a size of %" PRId64, want[i]);
        if (dim > least)
            TH_TRY(onx_slice(n, x, axes[i], (dim - least) / 2, least, &x));
        before[axes[i]] = (want[i] - least) / 2;
        after[axes[i]] = want[i] - least - before[axes[i]];
        pads = pads || want[i] > least;
    }
    if (!pads)
        return onx_bind(n, 0, x);
    th_attr_list_ints(&a, "before", before, (size_t)t.rank);
    th_attr_list_ints(&a, "after", after, (size_t)t.rank);
    th_attr_list_float(&a, "value", 0);
    TH_TRY(onx_add(n, "pad", &x, 1, &a, &x));
    return onx_bind(n, 0, x);
}

/* ---- columns to images ----------------------------------------------------------------------- */

struct columns {
    int32_t space;
    int64_t image[TH_MAX_RANK], block[TH_MAX_RANK], windows[TH_MAX_RANK];
    int64_t stride[TH_MAX_RANK], dilation[TH_MAX_RANK], before[TH_MAX_RANK], after[TH_MAX_RANK];
    int64_t channels, pixels, taps, columns;     /* taps: of all blocks; columns: of all windows */
};

static bool column_list(struct onx_node *n, const char *name, size_t count, int64_t least,
                        int64_t *out)
{
    size_t given;
    const int64_t *v = onx_attr_ints(n, name, &given);

    if (given != 0 && given != count) {
        onx_reject(n, NULL, "'%s' has %zu entries, needed are %zu", name, given, count);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = given != 0 ? v[i] : least;
        if (out[i] < least || out[i] > 1 << 20) {
            onx_reject(n, NULL, "'%s' has the entry %" PRId64, name, out[i]);
            return false;
        }
    }
    return true;
}

/* The image's shape, constant or declared, and the attributes. */
static enum th_status read_columns(struct onx_node *n, const struct th_type *x, struct columns *c)
{
    int64_t pads[2 * TH_MAX_RANK];
    struct th_type declared;
    size_t count = 0;

    *c = (struct columns){.pixels = 1};
    if (onx_in_is_const(n, 1)) {
        if (!onx_in_ints(n, 1, "image_shape", c->image, TH_MAX_RANK - 2, &count))
            return TH_ERR_INPUT;
    } else if (onx_declared(n, 0, &declared) && declared.rank > 2) {
        count = (size_t)declared.rank - 2;
        memcpy(c->image, declared.dims + 2, count * sizeof c->image[0]);
    } else {
        return onx_reject(n, "a constant shape, or a result of declared shape",
                          "an image's shape that is known only when the network runs");
    }
    if (x->rank != 3 || count < 1)
        return onx_reject(n, "columns [batch, rows, columns]", "an operand of %d axes",
                          (int)x->rank);
    c->space = (int32_t)count;
    if (!column_list(n, "strides", count, 1, c->stride) ||
        !column_list(n, "dilations", count, 1, c->dilation) ||
        !column_list(n, "pads", 2 * count, 0, pads))
        return TH_ERR_INPUT;
    for (size_t i = 0; i < count; i++) {
        c->before[i] = pads[i];
        c->after[i] = pads[count + i];
        if (c->image[i] < 1 || c->image[i] > 1 << 20 || c->pixels > INT32_MAX / c->image[i])
            return onx_reject(n, NULL, "an image of %" PRId64, c->image[i]);
        c->pixels *= c->image[i];
    }
    return TH_OK;
}

/* Whether blocks of this shape are what the operand's rows and columns hold. */
static bool block_fits(struct columns *c, const struct th_type *x)
{
    int64_t taps = 1, columns = 1;

    for (int32_t i = 0; i < c->space; i++) {
        if (c->block[i] < 1 || c->block[i] > x->dims[1] || taps > x->dims[1] / c->block[i])
            return false;
        taps *= c->block[i];
        const int64_t room = c->image[i] + c->before[i] + c->after[i] -
                             c->dilation[i] * (c->block[i] - 1) - 1;
        c->windows[i] = room < 0 ? 0 : room / c->stride[i] + 1;
        if (c->windows[i] < 1 || columns > x->dims[2] / c->windows[i])
            return false;
        columns *= c->windows[i];
    }
    c->taps = taps;
    c->columns = columns;
    c->channels = x->dims[1] / taps;
    return columns == x->dims[2] && x->dims[1] % taps == 0;
}

/* The pixel that tap and window meet; -1 in the padding. */
static int64_t pixel_of(const struct columns *c, int64_t tap, int64_t window)
{
    int64_t at = 0, step = 1;

    for (int32_t i = c->space - 1; i >= 0; i--) {
        const int64_t k = tap % c->block[i], w = window % c->windows[i];
        const int64_t p = w * c->stride[i] + k * c->dilation[i] - c->before[i];
        if (p < 0 || p >= c->image[i])
            return -1;
        at += p * step;
        step *= c->image[i];
        tap /= c->block[i];
        window /= c->windows[i];
    }
    return at;
}

/* Every column is added where it was taken from. */
static enum th_status to_image(struct onx_node *n, th_value x, const struct columns *c,
                               th_value *out)
{
    const struct th_type t = *onx_type(n, x);
    const int64_t maps = t.dims[0] * c->channels, count = c->taps * c->columns;
    const struct th_type places = th_type_make(TH_DT_S32, 2, (int64_t[]){count, 1});
    int64_t dims[TH_MAX_RANK] = {t.dims[0], c->channels};
    struct th_attr_list a = {.n = 0};
    struct th_tensor *at = NULL;
    th_value in[2];

    if (onx_charge(n->scope->im, &n->loc, (uint64_t)th_type_size(&places)))
        at = th_tensor_new(n->scope->im->arena, &places);
    if (at == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t k = 0; k < count; k++)
        th_tensor_set_int(at, k, pixel_of(c, k / c->columns, k % c->columns));
    in[0] = th_graph_const_copy(n->scope->graph, "", &places, at->data);
    if (in[0] == 0)
        return TH_ERR_INTERNAL;
    TH_TRY(onx_reshape(n, x, 2, (int64_t[]){maps, count}, &in[1]));
    TH_TRY(onx_transpose(n, in[1], (int64_t[]){1, 0}, &in[1]));
    th_attr_list_ints(&a, "shape", (int64_t[]){c->pixels, maps}, 2);
    TH_TRY(onx_add_typed(n, "scatter_nd", in, 2, &a, t.dtype, NULL, out));
    TH_TRY(onx_transpose(n, *out, (int64_t[]){1, 0}, out));
    memcpy(dims + 2, c->image, (size_t)c->space * sizeof dims[0]);
    return onx_reshape(n, *out, c->space + 2, dims, out);
}

/* The next list of sizes up to `most`; false after the last one. */
static bool next_block(struct columns *c, int64_t most)
{
    for (int32_t i = c->space - 1; i >= 0; i--) {
        do
            c->block[i]++;
        while (c->block[i] <= most && most % c->block[i] != 0);
        if (c->block[i] <= most)
            return true;
        c->block[i] = 1;
    }
    return false;
}

/* A block that is known only when the network runs: every one that gives the declared result from
 * these columns, and the right one of them. */
static enum th_status late_block(struct onx_node *n, th_value x, struct columns *c)
{
    enum { TRIED = 1 << 16, USED = 16 };
    const struct th_type t = *onx_type(n, x);
    struct th_type declared;
    int tried = 0, used = 0;
    th_value y = 0, pick[3], list;

    if (!onx_declared(n, 0, &declared) || declared.rank != c->space + 2 || declared.dims[1] < 1 ||
        t.dims[1] % declared.dims[1] != 0 || t.dims[1] / declared.dims[1] > TRIED ||
        th_type_elems(onx_type(n, onx_in(n, 2))) != c->space)
        return onx_reject(n, "a constant block, or a result of declared shape",
                          "a block's shape that is known only when the network runs");
    for (int32_t i = 0; i < c->space; i++)
        c->block[i] = 1;
    do {
        if (!block_fits(c, &t) || c->channels != declared.dims[1])
            continue;
        if (++used > USED)
            return onx_reject(n, "a constant block", "more than %d blocks fit", USED);
        TH_TRY(to_image(n, x, c, &pick[1]));
        if (y != 0) {
            TH_TRY(onx_ints(n, onx_type(n, onx_in(n, 2))->dtype, 1, (int64_t[]){c->space},
                            c->block, &list));
            TH_TRY(onx_binary(n, "equal", onx_in(n, 2), list, &pick[0]));
            TH_TRY(onx_add_typed(n, "reduce_all", &pick[0], 1, NULL, TH_DT_BOOL, NULL, &pick[0]));
            pick[2] = y;
            TH_TRY(onx_add_typed(n, "select", pick, 3, NULL, t.dtype, NULL, &pick[1]));
        }
        y = pick[1];
    } while (++tried < TRIED && next_block(c, t.dims[1] / declared.dims[1]));
    if (tried >= TRIED)
        return onx_reject(n, "a constant block", "more blocks than can be tried");
    return y != 0 ? onx_bind(n, 0, y)
                  : onx_reject(n, NULL, "no block gives the declared result from %" PRId64
                               " rows and %" PRId64 " columns", t.dims[1], t.dims[2]);
}

static enum th_status import_col2im(struct onx_node *n)
{
    struct columns c;
    size_t count;
    th_value in[3], y;

    TH_TRY(onx_need(n, in, 3));
    const struct th_type t = *onx_type(n, in[0]);
    TH_TRY(read_columns(n, &t, &c));
    if (t.dtype != TH_DT_F32 && !th_dtype_is_int(t.dtype))
        return onx_reject(n, "32-bit reals or integers", "elements of %s", th_dtype_name(t.dtype));
    if (!onx_in_is_const(n, 2))
        return late_block(n, in[0], &c);
    if (!onx_in_ints(n, 2, "block_shape", c.block, TH_MAX_RANK, &count))
        return TH_ERR_INPUT;
    if ((int32_t)count != c.space || !block_fits(&c, &t))
        return onx_reject(n, NULL, "%" PRId64 " rows and %" PRId64 " columns do not fit the image "
                          "and the block", t.dims[1], t.dims[2]);
    TH_TRY(to_image(n, in[0], &c, &y));
    return onx_bind(n, 0, y);
}

/* ---- grids ----------------------------------------------------------------------------------- */

/* Places of the elements of a map, [elements, axes + 1]: from -1 to 1 on every axis, the last one
 * first, and a one behind. */
static enum th_status base_grid(struct onx_node *n, const int64_t *dims, int32_t space,
                                bool corners, th_value *out)
{
    int64_t count = 1;

    for (int32_t i = 0; i < space; i++)
        count *= dims[i];
    const struct th_type t = th_type_make(TH_DT_F32, 2, (int64_t[]){count, space + 1});
    struct th_tensor *m = NULL;
    if (onx_charge(n->scope->im, &n->loc, (uint64_t)th_type_size(&t)))
        m = th_tensor_new(n->scope->im->arena, &t);
    if (m == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t k = 0; k < count; k++) {
        int64_t rest = k;
        for (int32_t i = 0; i < space; i++) {
            const int64_t d = dims[space - 1 - i], p = rest % d;
            th_tensor_set_real(m, k * (space + 1) + i,
                               corners ? 2.0 * (double)p / (double)(d - 1) - 1
                                       : (2.0 * (double)p + 1) / (double)d - 1);
            rest /= d;
        }
        th_tensor_set_real(m, k * (space + 1) + space, 1);
    }
    *out = th_graph_const_copy(n->scope->graph, "", &t, m->data);
    return *out != 0 ? TH_OK : TH_ERR_INTERNAL;
}

/* The matrices of theta times the places of a map of the given size. */
static enum th_status import_affine_grid(struct onx_node *n)
{
    const bool corners = onx_attr_i(n, "align_corners", 0) != 0;
    int64_t size[TH_MAX_RANK], elements = 1;
    struct th_type declared;
    size_t count = 0;
    th_value in[2], y;

    TH_TRY(onx_need(n, in, 2));
    const struct th_type t = *onx_type(n, in[0]);
    if (onx_in_is_const(n, 1)) {
        if (!onx_in_ints(n, 1, "size", size, TH_MAX_RANK, &count))
            return TH_ERR_INPUT;
    } else if (onx_declared(n, 0, &declared) && declared.rank >= 4) {
        count = (size_t)declared.rank;       /* [N, space, 2 or 3], as many as [N, C, space] */
        memcpy(size + 2, declared.dims + 1, (count - 2) * sizeof size[0]);
        size[0] = declared.dims[0];
    } else {
        return onx_reject(n, "a constant size, or a result of declared shape",
                          "a size that is known only when the network runs");
    }
    const int32_t space = (int32_t)count - 2;
    if (t.rank != 3 || t.dtype != TH_DT_F32 || space < 2 || space > 3 || t.dims[1] != space ||
        t.dims[2] != space + 1 || t.dims[0] != size[0])
        return onx_reject(n, "theta [N, 2, 3] or [N, 3, 4] in 32 bits and a size with that N",
                          "theta of %d axes and %zu sizes", (int)t.rank, count);
    for (int32_t i = 2; i < space + 2; i++) {
        if (size[i] < (corners ? 2 : 1) || elements > INT32_MAX / size[i])
            return onx_reject(n, NULL, "an axis of %" PRId64 "%s", size[i],
                              corners ? " between corners" : "");
        elements *= size[i];
    }
    TH_TRY(base_grid(n, size + 2, space, corners, &y));
    TH_TRY(onx_reshape(n, y, 3, (int64_t[]){1, elements, space + 1}, &y));
    TH_TRY(onx_transpose(n, in[0], (int64_t[]){0, 2, 1}, &in[0]));
    TH_TRY(onx_binary(n, "batch_matmul", y, in[0], &y));
    size[1] = size[0];
    size[space + 2] = space;
    TH_TRY(onx_reshape(n, y, space + 2, size + 1, &y));
    return onx_bind(n, 0, y);
}

const struct onx_row onx_rows_place[] = {
    {"AffineGrid", import_affine_grid, NULL},
    {"CenterCropPad", import_center_crop_pad, NULL},
    {"Col2Im", import_col2im, NULL},
    {NULL, NULL, NULL},
};
