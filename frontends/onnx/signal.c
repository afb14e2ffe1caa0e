/* SPDX-License-Identifier: Apache-2.0 */
/* Windows, Fourier transforms as matrix products, counts of n-grams. */
#include <inttypes.h>
#include <string.h>

#include "import.h"

static const double turn = 6.283185307179586;

static th_value reals(struct onx_node *n, const struct th_type *t, const struct th_tensor *data)
{
    return data != NULL && onx_charge(n->scope->im, &n->loc, (uint64_t)th_type_size(t))
               ? th_graph_const_copy(n->scope->graph, "", t, data->data)
               : 0;
}

/* ---- windows --------------------------------------------------------------------------------- */

/* a0 - a1 cos(2 pi i / N) + a2 cos(4 pi i / N) */
static enum th_status import_window(struct onx_node *n)
{
    static const struct {
        const char *name;
        double a[3];
    } windows[] = {{"HannWindow", {0.5, 0.5, 0}},
                   {"HammingWindow", {25.0 / 46, 21.0 / 46, 0}},
                   {"BlackmanWindow", {0.42, 0.5, 0.08}}};
    const struct th_tensor *c = onx_const(n, onx_in(n, 0));
    const int64_t to = onx_attr_i(n, "output_datatype", 1);
    const bool periodic = onx_attr_i(n, "periodic", 1) != 0;
    struct th_type t = {.dtype = TH_DT_NONE};
    struct th_tensor *w;
    int64_t size = -1;
    size_t k = 0;

    if (c != NULL && th_type_elems(&c->type) == 1)
        size = th_tensor_int(c, 0);
    else if (onx_declared(n, 0, &t) && t.rank == 1)
        size = t.dims[0];
    if (size < 0 || size > 1 << 24)
        return onx_reject(n, "a constant, or a result of declared shape", "the size of a window");
    while (k + 1 < TH_ARRAY_LEN(windows) && strcmp(windows[k].name, n->row->name) != 0)
        k++;
    t = th_type_make(to > 0 && to < 64 ? onx_dtype((int32_t)to) : TH_DT_NONE, 1, &size);
    if (!th_dtype_is_float(t.dtype))
        return onx_reject(n, "a window of reals", "output_datatype %" PRId64, to);
    w = th_tensor_new(n->scope->im->arena, &t);
    if (w == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < size; i++) {
        const double span = (double)(periodic ? size : size - 1);
        const double at = span > 0 ? turn * (double)i / span : 0;
        th_tensor_set_real(w, i, windows[k].a[0] - windows[k].a[1] * cos(at) +
                                     windows[k].a[2] * cos(2 * at));
    }
    const th_value v = reals(n, &t, w);
    return v != 0 ? onx_bind(n, 0, v) : TH_ERR_INTERNAL;
}

/* ---- mel filters ----------------------------------------------------------------------------- */

static enum th_status with(struct onx_node *n, const char *op, th_value v, double k, th_value *out)
{
    th_value c;

    TH_TRY(onx_scalar(n, onx_type(n, v)->dtype, k, &c));
    return onx_binary(n, op, v, c, out);
}

static enum th_status mel_of(struct onx_node *n, th_value hertz, th_value *out)
{
    TH_TRY(with(n, "div", hertz, 700, out));
    TH_TRY(with(n, "add", *out, 1, out));
    TH_TRY(onx_unary(n, "log", *out, out));
    return with(n, "mul", *out, 2595 / log(10), out);
}

/* Bins at equal steps of mel, as whole numbers: [filters + 2] doubles. */
static enum th_status mel_bins(struct onx_node *n, const th_value in[5], int64_t filters,
                               th_value *out)
{
    th_value low, high, length;

    TH_TRY(mel_of(n, in[3], &low));
    TH_TRY(mel_of(n, in[4], &high));
    TH_TRY(onx_binary(n, "sub", high, low, &high));
    TH_TRY(with(n, "div", high, (double)(filters + 2), &high));
    TH_TRY(onx_iota(n, TH_DT_F64, filters + 2, out));
    TH_TRY(onx_binary(n, "mul", *out, high, out));
    TH_TRY(onx_binary(n, "add", *out, low, out));
    TH_TRY(with(n, "mul", *out, log(10) / 2595, out));
    TH_TRY(onx_unary(n, "exp", *out, out));
    TH_TRY(with(n, "sub", *out, 1, out));
    TH_TRY(with(n, "mul", *out, 700, out));
    TH_TRY(with(n, "add", in[1], 1, &length));
    TH_TRY(onx_binary(n, "mul", *out, length, out));
    TH_TRY(onx_binary(n, "div", *out, in[2], out));
    return onx_unary(n, "floor", *out, out);
}

static enum th_status choose(struct onx_node *n, th_value test, th_value yes, th_value no,
                             th_value *out)
{
    th_value in[3] = {test, yes, no};

    return onx_add_typed(n, "select", in, 3, NULL, onx_type(n, yes)->dtype, NULL, out);
}

/* Where a <= b, and c <= d or (open) c < d. */
static enum th_status between(struct onx_node *n, th_value a, th_value b, bool open, th_value c,
                              th_value d, th_value *out)
{
    th_value low, high;

    TH_TRY(onx_binary(n, "less_equal", a, b, &low));
    TH_TRY(onx_binary(n, open ? "less" : "less_equal", c, d, &high));
    return onx_binary(n, "logical_and", low, high, out);
}

/* Triangles over the bins of a spectrum: [bins, filters]. */
static enum th_status import_mel_weights(struct onx_node *n)
{
    const int64_t to = onx_attr_i(n, "output_datatype", 1);
    th_value in[5], bins, row[3], at, up, down, span, flat, one, zero;
    struct th_type want;

    TH_TRY(onx_need(n, in, 5));
    if (!onx_declared(n, 0, &want) || want.rank != 2 || to < 1 || to > 63)
        return onx_reject(n, "a result of declared shape", "the size of the matrix");
    for (int i = 0; i < 5; i++) {
        TH_TRY(onx_reshape(n, in[i], 0, NULL, &in[i]));
        TH_TRY(onx_cast(n, in[i], TH_DT_F64, &in[i]));
    }
    const int64_t size = want.dims[0], filters = want.dims[1];
    TH_TRY(mel_bins(n, in, filters, &bins));
    TH_TRY(onx_reshape(n, bins, 2, (int64_t[]){1, filters + 2}, &bins));
    for (int64_t i = 0; i < 3; i++)
        TH_TRY(onx_slice(n, bins, 1, i, filters, &row[i]));
    TH_TRY(onx_iota(n, TH_DT_F64, size, &at));
    TH_TRY(onx_reshape(n, at, 2, (int64_t[]){size, 1}, &at));
    TH_TRY(onx_scalar(n, TH_DT_F64, 1, &one));
    TH_TRY(onx_scalar(n, TH_DT_F64, 0, &zero));
    /* rising from row 0 to row 1; a step where they are one */
    TH_TRY(onx_binary(n, "sub", row[1], row[0], &span));
    TH_TRY(with(n, "equal", span, 0, &flat));
    TH_TRY(onx_binary(n, "maximum", span, one, &span));
    TH_TRY(onx_binary(n, "sub", at, row[0], &up));
    TH_TRY(onx_binary(n, "div", up, span, &up));
    TH_TRY(choose(n, flat, one, up, &up));
    TH_TRY(between(n, row[0], at, false, at, row[1], &flat));
    TH_TRY(choose(n, flat, up, zero, &up));
    /* falling from row 1 to row 2 */
    TH_TRY(onx_binary(n, "sub", row[2], row[1], &span));
    TH_TRY(onx_binary(n, "maximum", span, one, &span));
    TH_TRY(onx_binary(n, "sub", row[2], at, &down));
    TH_TRY(onx_binary(n, "div", down, span, &down));
    TH_TRY(between(n, row[1], at, true, at, row[2], &flat));
    TH_TRY(choose(n, flat, down, up, &up));
    TH_TRY(onx_cast(n, up, onx_dtype((int32_t)to), &up));
    return onx_bind(n, 0, up);
}

/* ---- Fourier transforms ---------------------------------------------------------------------- */

struct transform {
    int64_t length, bins;
    int64_t parts;            /* of an element: 1 real, 2 complex */
    bool inverse;
    bool real;                /* the inverse of `bins` of a real signal of that length */
};

/* The inverse of onesided bins: columns are the real signal; each bin but the first and, at an
 * even length, the last stands for its conjugate, too. */
static void real_inverse(const struct transform *f, struct th_tensor *m)
{
    for (int64_t k = 0; k < f->bins; k++) {
        const bool alone = k == 0 || 2 * k == f->length;
        const double weight = (alone ? 1.0 : 2.0) / (double)f->length;
        for (int64_t i = 0; i < f->length; i++) {
            const double angle = turn * (double)(i * k % f->length) / (double)f->length;
            const int64_t at = k * f->parts * f->length + i;
            th_tensor_set_real(m, at, cos(angle) * weight);
            if (f->parts == 2)
                th_tensor_set_real(m, at + f->length, alone ? 0 : -sin(angle) * weight);
        }
    }
}

/* Rows: parts of the elements of a signal; columns: real and imaginary parts of the bins. */
static enum th_status matrix(struct onx_node *n, const struct transform *f, th_value *out)
{
    const int64_t dims[2] = {(f->real ? f->bins : f->length) * f->parts,
                             f->real ? f->length : f->bins * 2};
    const struct th_type t = th_type_make(TH_DT_F32, 2, dims);
    struct th_tensor *m;

    if (f->length > 4096 || f->bins > 4096)
        return onx_reject(n, "at most 4096", "a transform of %" PRId64, f->length);
    m = th_tensor_new(n->scope->im->arena, &t);
    if (m == NULL)
        return TH_ERR_INTERNAL;
    if (f->real)
        real_inverse(f, m);
    for (int64_t i = 0; i < f->length && !f->real; i++)
        for (int64_t k = 0; k < f->bins; k++) {
            const double angle = turn * (double)(i * k % f->length) / (double)f->length;
            const double scale = f->inverse ? 1 / (double)f->length : 1;
            const double re = cos(angle) * scale, im = sin(angle) * (f->inverse ? scale : -1);
            const int64_t at = i * f->parts * dims[1] + 2 * k;
            th_tensor_set_real(m, at, re);
            th_tensor_set_real(m, at + 1, im);
            if (f->parts == 2) {
                th_tensor_set_real(m, at + dims[1], -im);
                th_tensor_set_real(m, at + dims[1] + 1, re);
            }
        }
    *out = reals(n, &t, m);
    return *out != 0 ? TH_OK : TH_ERR_INTERNAL;
}

/* x [..., length, parts] to [..., bins, 2]; the real inverse from bins to [..., length, 1]. */
static enum th_status transform(struct onx_node *n, th_value x, const struct transform *f,
                                th_value *out)
{
    const struct th_type t = *onx_type(n, x);
    int64_t dims[TH_MAX_RANK], rows = 1;
    th_value m = 0;

    for (int32_t i = 0; i + 2 < t.rank; i++)
        rows *= t.dims[i];
    TH_TRY(matrix(n, f, &m));
    TH_TRY(onx_reshape(n, x, 2, (int64_t[]){rows, onx_type(n, m)->dims[0]}, &x));
    TH_TRY(onx_binary(n, "batch_matmul", x, m, &x));
    memcpy(dims, t.dims, sizeof dims);
    dims[t.rank - 2] = f->real ? f->length : f->bins;
    dims[t.rank - 1] = f->real ? 1 : 2;
    return onx_reshape(n, x, t.rank, dims, out);
}

/* Exactly `length` elements on an axis: cut, or with zeros behind. */
static enum th_status fit(struct onx_node *n, th_value x, int32_t axis, int64_t length,
                          th_value *out)
{
    const struct th_type t = *onx_type(n, x);
    int64_t before[TH_MAX_RANK] = {0}, after[TH_MAX_RANK] = {0};
    struct th_attr_list a = {.n = 0};

    *out = x;
    if (t.dims[axis] > length)
        return onx_slice(n, x, axis, 0, length, out);
    if (t.dims[axis] == length)
        return TH_OK;
    after[axis] = length - t.dims[axis];
    th_attr_list_ints(&a, "before", before, (size_t)t.rank);
    th_attr_list_ints(&a, "after", after, (size_t)t.rank);
    return onx_add(n, "pad", &x, 1, &a, out);
}

/* What DFT's attributes and operands ask for along one axis of x; false if told. */
static bool dft_lengths(struct onx_node *n, const struct th_type *t, int64_t axis,
                        struct transform *f)
{
    const bool onesided = onx_attr_i(n, "onesided", 0) != 0;
    int64_t given[1];
    size_t count;

    *f = (struct transform){.parts = t->dims[t->rank - 1], .length = t->dims[axis],
                            .inverse = onx_attr_i(n, "inverse", 0) != 0};
    f->real = f->inverse && onesided;
    if (f->real)
        f->length = 2 * (f->length - 1);
    if (onx_has_in(n, 1)) {
        if (!onx_in_ints(n, 1, "dft_length", given, 1, &count))
            return false;
        f->length = count == 1 ? given[0] : 0;
    }
    if (f->length < 1 || f->length > 4096) {
        onx_reject(n, "1 to 4096", "a transform of %" PRId64, f->length);
        return false;
    }
    f->bins = onesided ? f->length / 2 + 1 : f->length;
    return true;
}

static enum th_status dft_along(struct onx_node *n, th_value x, int64_t axis,
                                const struct transform *f, th_value *out)
{
    const int32_t rank = onx_type(n, x)->rank;
    int64_t perm[TH_MAX_RANK];

    TH_TRY(fit(n, x, (int32_t)axis, f->real ? f->bins : f->length, &x));
    for (int32_t i = 0; i < rank; i++)
        perm[i] = i;
    perm[axis] = rank - 2, perm[rank - 2] = axis;
    TH_TRY(onx_transpose(n, x, perm, &x));
    TH_TRY(transform(n, x, f, &x));
    return onx_transpose(n, x, perm, out);
}

/* An axis that is known only when the network runs: along each one that gives the declared
 * result, and the right one of them. */
static enum th_status late_dft(struct onx_node *n, th_value x)
{
    const struct th_type t = *onx_type(n, x);
    struct th_type want;
    th_value y = 0, pick[3];

    if (!onx_declared(n, 0, &want) || want.rank != t.rank)
        return onx_reject(n, "a constant axis, or a result of declared shape",
                          "an axis that is known only when the network runs");
    for (int32_t axis = 0; axis + 1 < t.rank; axis++) {
        struct th_type r = t;
        struct transform f;
        if (t.dims[axis] < 2 && onx_attr_i(n, "onesided", 0) != 0 &&
            onx_attr_i(n, "inverse", 0) != 0 && !onx_has_in(n, 1))
            continue;
        if (!dft_lengths(n, &t, axis, &f))
            return TH_ERR_INPUT;
        r.dims[axis] = f.real ? f.length : f.bins;
        r.dims[t.rank - 1] = f.real ? 1 : 2;
        if (memcmp(r.dims, want.dims, (size_t)t.rank * sizeof r.dims[0]) != 0)
            continue;
        TH_TRY(dft_along(n, x, axis, &f, &pick[1]));
        if (y != 0) {
            TH_TRY(onx_late_named(n, onx_in(n, 2), t.rank, axis, &pick[0]));
            pick[2] = y;
            TH_TRY(onx_add_typed(n, "select", pick, 3, NULL, TH_DT_F32, NULL, &pick[1]));
        }
        y = pick[1];
    }
    return y != 0 ? onx_bind(n, 0, y) : onx_reject(n, NULL, "no axis gives the declared result");
}

static enum th_status import_dft(struct onx_node *n)
{
    double asked = n->opset < 20 ? (double)onx_attr_i(n, "axis", 1) : -2;
    struct transform f;
    int64_t axis = 0;
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    const struct th_type t = *onx_type(n, x);
    const bool late = n->opset >= 20 && onx_has_in(n, 2) && !onx_in_is_const(n, 2);
    if (n->opset >= 20 && !late && !onx_in_real(n, 2, "axis", &asked))
        return TH_ERR_INPUT;
    if (t.rank < 2 || (t.dims[t.rank - 1] != 1 && t.dims[t.rank - 1] != 2) ||
        t.dtype != TH_DT_F32)
        return onx_reject(n, "real or complex signals of 32 bits", "an operand of %d axes",
                          (int)t.rank);
    if (late)
        return late_dft(n, x);
    if (!onx_axis(n, (int64_t)asked, t.rank, &axis))
        return TH_ERR_INPUT;
    if (axis == t.rank - 1)
        return onx_reject(n, "an axis of the signal", "axis %" PRId64 ", that of the parts", axis);
    if (!dft_lengths(n, &t, axis, &f))
        return TH_ERR_INPUT;
    TH_TRY(dft_along(n, x, axis, &f, &x));
    return onx_bind(n, 0, x);
}

/* Frames of one length, [B, frames, length, parts], times the window. */
static enum th_status frames(struct onx_node *n, th_value x, th_value step, th_value window,
                             int64_t count, int64_t length, th_value *out)
{
    th_value at, in;

    TH_TRY(onx_iota(n, TH_DT_S64, count, &at));
    TH_TRY(onx_binary(n, "mul", at, step, &at));
    TH_TRY(onx_reshape(n, at, 2, (int64_t[]){count, 1}, &at));
    TH_TRY(onx_iota(n, TH_DT_S64, length, &in));
    TH_TRY(onx_binary(n, "add", at, in, &at));
    TH_TRY(onx_gather(n, x, at, 1, out));
    if (window == 0)
        return TH_OK;
    TH_TRY(onx_reshape(n, window, 2, (int64_t[]){length, 1}, &window));
    return onx_binary(n, "mul", *out, window, out);
}

/* The frame's length: the window's, a constant, or up to two that give the declared bins. */
static enum th_status frame_lengths(struct onx_node *n, const struct th_type *want, bool onesided,
                                    int64_t lengths[2], size_t *count)
{
    const th_value window = onx_in(n, 2), given = onx_in(n, 3);
    const struct th_tensor *c = onx_const(n, given);

    *count = 1;
    if (window != 0) {
        lengths[0] = th_type_elems(onx_type(n, window));
    } else if (c != NULL && th_type_elems(&c->type) == 1) {
        lengths[0] = th_tensor_int(c, 0);
    } else if (given != 0) {
        lengths[0] = onesided ? 2 * (want->dims[2] - 1) : want->dims[2];
        lengths[1] = lengths[0] + 1;
        *count = onesided ? 2 : 1;
    } else {
        return onx_reject(n, NULL, "neither a window nor a frame length");
    }
    return lengths[0] > 0 ? TH_OK : onx_reject(n, NULL, "a frame of %" PRId64, lengths[0]);
}

static enum th_status stft_result(struct onx_node *n, const struct th_type *x, struct th_type *want)
{
    int64_t step[1], length;
    const th_value window = onx_in(n, 2), given = onx_in(n, 3);
    const struct th_tensor *c = onx_const(n, given);
    size_t count;

    if (onx_declared(n, 0, want) && want->rank == 4)
        return TH_OK;
    if (!onx_in_ints(n, 1, "frame_step", step, 1, &count) || count != 1 || step[0] < 1 ||
        (window == 0 && c == NULL))
        return onx_reject(n, "a constant step and length", "frames");
    length = window != 0 ? th_type_elems(onx_type(n, window)) : th_tensor_int(c, 0);
    if (length < 1 || length > x->dims[1])
        return onx_reject(n, NULL, "a frame of %" PRId64, length);
    *want = (struct th_type){.dtype = x->dtype, .rank = 4,
                             .dims = {x->dims[0], (x->dims[1] - length) / step[0] + 1, 0, 2}};
    return TH_OK;
}

static enum th_status import_stft(struct onx_node *n)
{
    const bool onesided = onx_attr_i(n, "onesided", 1) != 0;
    th_value in[2], step, y = 0, one, pick[3];
    int64_t lengths[2];
    struct th_type want;
    size_t count;

    TH_TRY(onx_need(n, in, 2));
    struct th_type t = *onx_type(n, in[0]);
    if (t.rank == 2) {
        TH_TRY(onx_reshape(n, in[0], 3, (int64_t[]){t.dims[0], t.dims[1], 1}, &in[0]));
        t = *onx_type(n, in[0]);
    }
    if (t.rank != 3 || t.dtype != TH_DT_F32 || (t.dims[2] != 1 && t.dims[2] != 2))
        return onx_reject(n, "signals [batch, length, 1 or 2]", "an operand of %d axes",
                          (int)t.rank);
    TH_TRY(stft_result(n, &t, &want));
    TH_TRY(frame_lengths(n, &want, onesided, lengths, &count));
    TH_TRY(onx_reshape(n, in[1], 0, NULL, &step));
    TH_TRY(onx_cast(n, step, TH_DT_S64, &step));
    for (size_t i = 0; i < count; i++) {
        struct transform f = {.length = lengths[i], .parts = t.dims[2],
                              .bins = onesided ? lengths[i] / 2 + 1 : lengths[i]};
        TH_TRY(frames(n, in[0], step, onx_in(n, 2), want.dims[1], lengths[i], &one));
        TH_TRY(transform(n, one, &f, &one));
        if (i > 0) {
            TH_TRY(onx_reshape(n, onx_in(n, 3), 0, NULL, &pick[0]));
            TH_TRY(onx_scalar(n, onx_type(n, pick[0])->dtype, (double)lengths[i], &pick[1]));
            TH_TRY(onx_binary(n, "equal", pick[0], pick[1], &pick[0]));
            pick[1] = one, pick[2] = y;
            TH_TRY(onx_add_typed(n, "select", pick, 3, NULL, TH_DT_F32, NULL, &one));
        }
        y = one;
    }
    return onx_bind(n, 0, y);
}

/* ---- n-grams --------------------------------------------------------------------------------- */

struct grams {
    const int64_t *pool, *index, *starts;    /* words, places, first word of each order */
    size_t n_pool, n_index, n_starts;
    const float *weights;
    size_t n_weights;
    int64_t places;
};

/* How often the grams of `order` words stand in x [B, C], words `gap` apart: [B, grams]. */
static enum th_status count_grams(struct onx_node *n, th_value x, const int64_t *words,
                                  int64_t grams, int64_t order, int64_t gap, th_value *out)
{
    const struct th_type t = *onx_type(n, x);
    const int64_t windows = t.dims[1] - (order - 1) * gap;
    struct th_attr_list r = {.n = 0};
    int64_t *at;
    th_value places, pool;

    *out = 0;
    if (windows < 1 || grams < 1)
        return TH_OK;
    at = TH_NEW_ARRAY(n->scope->im->arena, int64_t, (size_t)(windows * order));
    if (at == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < windows * order; i++)
        at[i] = i / order + i % order * gap;
    TH_TRY(onx_ints(n, TH_DT_S64, 2, (int64_t[]){windows, order}, at, &places));
    TH_TRY(onx_gather(n, x, places, 1, &x));
    TH_TRY(onx_reshape(n, x, 4, (int64_t[]){t.dims[0], windows, 1, order}, &x));
    TH_TRY(onx_ints(n, t.dtype, 2, (int64_t[]){grams, order}, words, &pool));
    TH_TRY(onx_binary(n, "equal", x, pool, &x));
    th_attr_list_ints(&r, "axes", (int64_t[]){3}, 1);
    TH_TRY(onx_add_typed(n, "reduce_all", &x, 1, &r, TH_DT_BOOL, NULL, &x));
    TH_TRY(onx_cast(n, x, TH_DT_F32, &x));
    return onx_reduce(n, "sum", x, (int64_t[]){1}, 1, false, out);
}

/* [grams, places]: where each gram is counted, and with which weight. */
static enum th_status gram_places(struct onx_node *n, const struct grams *g, bool weighted,
                                  size_t first, int64_t grams, th_value *out)
{
    const int64_t dims[2] = {grams, g->places};
    const struct th_type t = th_type_make(TH_DT_F32, 2, dims);
    struct th_tensor *m = th_tensor_new(n->scope->im->arena, &t);

    if (m == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < grams; i++) {
        const size_t k = first + (size_t)i;
        th_tensor_set_real(m, i * g->places + g->index[k],
                           weighted && k < g->n_weights ? (double)g->weights[k] : 1);
    }
    *out = reals(n, &t, m);
    return *out != 0 ? TH_OK : TH_ERR_INTERNAL;
}

static enum th_status read_grams(struct onx_node *n, struct grams *g)
{
    *g = (struct grams){.places = 0};
    g->pool = onx_attr_ints(n, "pool_int64s", &g->n_pool);
    g->index = onx_attr_ints(n, "ngram_indexes", &g->n_index);
    g->starts = onx_attr_ints(n, "ngram_counts", &g->n_starts);
    g->weights = onx_attr_floats(n, "weights", &g->n_weights);
    if (g->n_pool == 0 || g->n_starts == 0 || g->n_index == 0)
        return onx_reject(n, "a pool of integers", "a pool of strings, or an empty one");
    for (size_t i = 0; i < g->n_index; i++) {
        if (g->index[i] < 0 || g->index[i] > 1 << 20)
            return onx_reject(n, NULL, "ngram_indexes has %" PRId64, g->index[i]);
        g->places = g->index[i] >= g->places ? g->index[i] + 1 : g->places;
    }
    return TH_OK;
}

/* All orders and gaps; each order's grams go to their places. */
static enum th_status import_tfidf(struct onx_node *n)
{
    const char *mode = onx_attr_s(n, "mode", "TF");
    const int64_t least = onx_attr_i(n, "min_gram_length", 1);
    const int64_t most = onx_attr_i(n, "max_gram_length", 1);
    const int64_t skip = onx_attr_i(n, "max_skip_count", 0);
    const bool weighted = strcmp(mode, "TF") != 0;
    struct grams g;
    size_t first = 0;
    th_value x, y = 0, one = 0, sum, m = 0;

    TH_TRY(onx_need(n, &x, 1));
    TH_TRY(read_grams(n, &g));
    const struct th_type t = *onx_type(n, x);
    if (t.rank < 1 || t.rank > 2 || !th_dtype_is_int(t.dtype) || skip < 0 || skip > 64 ||
        most > 64)
        return onx_reject(n, "lists of integers", "an operand of %d axes", (int)t.rank);
    if (t.rank == 1)
        TH_TRY(onx_reshape(n, x, 2, (int64_t[]){1, t.dims[0]}, &x));
    for (int64_t order = 1; order <= (int64_t)g.n_starts; order++) {
        const int64_t from = g.starts[order - 1];
        const int64_t to = order < (int64_t)g.n_starts ? g.starts[order] : (int64_t)g.n_pool;
        const int64_t grams = to > from ? (to - from) / order : 0;
        if (from < 0 || to > (int64_t)g.n_pool || first + (size_t)grams > g.n_index)
            return onx_reject(n, NULL, "ngram_counts does not fit the pool");
        sum = 0;
        for (int64_t gap = 1; gap <= (order == 1 ? 1 : skip + 1); gap++) {
            if (order < least || order > most)
                continue;
            TH_TRY(count_grams(n, x, g.pool + from, grams, order, gap, &one));
            if (one != 0 && sum != 0)
                TH_TRY(onx_binary(n, "add", sum, one, &one));
            sum = one != 0 ? one : sum;
        }
        if (sum != 0) {
            if (strcmp(mode, "IDF") == 0)
                TH_TRY(onx_clamp(n, sum, 0, 1, &sum));
            TH_TRY(gram_places(n, &g, weighted, first, grams, &m));
            TH_TRY(onx_binary(n, "batch_matmul", sum, m, &one));
            if (y != 0)
                TH_TRY(onx_binary(n, "add", y, one, &one));
            y = one;
        }
        first += (size_t)grams;
    }
    if (y == 0)
        return onx_reject(n, NULL, "no n-gram of its lengths");
    if (t.rank == 1)
        TH_TRY(onx_reshape(n, y, 1, &g.places, &y));
    return onx_bind(n, 0, y);
}

const struct onx_row onx_rows_signal[] = {
    {"BlackmanWindow", import_window, NULL},
    {"HammingWindow", import_window, NULL},
    {"HannWindow", import_window, NULL},
    {"MelWeightMatrix", import_mel_weights, NULL},
    {"DFT", import_dft, NULL},
    {"STFT", import_stft, NULL},
    {"TfIdfVectorizer", import_tfidf, NULL},
    {NULL, NULL, NULL},
};
