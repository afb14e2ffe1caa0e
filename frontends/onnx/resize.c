/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resize in every mode: axis after axis, places and weights of the taps are worked out in the
 * graph. Constant scales fold to constant tables; scales that are operands stay so. The common
 * forms over two axes become the operators that have kernels of their own.
 */
#include <inttypes.h>
#include <string.h>

#include "import.h"

enum mode { NEAREST, LINEAR, CUBIC };

struct resize {
    enum mode mode;
    const char *places;          /* coordinate_transformation_mode */
    const char *rounding;        /* nearest_mode */
    double cubic, outside;       /* cubic_coeff_a, extrapolation_value */
    bool exclude, antialias;
    const char *policy;          /* keep_aspect_ratio_policy */
    int32_t rank;
    int32_t entry[TH_MAX_RANK];  /* of an axis in the lists, or -1 */
    int32_t entries;             /* of scales or sizes: one for each axis that is named */
    int64_t in[TH_MAX_RANK], out[TH_MAX_RANK];
    bool known[TH_MAX_RANK];     /* the scale is a constant */
    double scale[TH_MAX_RANK];
    th_value scales, roi;        /* operands, or 0 */
    th_value ratio;              /* one scale of all named axes, known late, or 0 */
};

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* v op k, in doubles. */
static enum th_status with(struct onx_node *n, const char *op, th_value v, double k, th_value *out)
{
    th_value c;

    TH_TRY(onx_scalar(n, onx_type(n, v)->dtype, k, &c));
    return onx_binary(n, op, v, c, out);
}

/* ---- what is wanted -------------------------------------------------------------------------- */

static enum th_status read_modes(struct onx_node *n, struct resize *r)
{
    static const char *const modes[] = {"nearest", "linear", "cubic"};
    const char *mode = onx_attr_s(n, "mode", "nearest");

    r->mode = NEAREST;
    while (r->mode <= CUBIC && !is(mode, modes[r->mode]))
        r->mode++;
    if (r->mode > CUBIC)
        return onx_reject(n, "nearest, linear or cubic", "mode '%s'", mode);
    r->places = onx_attr_s(n, "coordinate_transformation_mode",
                           n->opset < 11 ? "asymmetric" : "half_pixel");
    r->rounding = onx_attr_s(n, "nearest_mode", n->opset < 11 ? "floor" : "round_prefer_floor");
    r->cubic = onx_attr_f(n, "cubic_coeff_a", -0.75);
    r->outside = onx_attr_f(n, "extrapolation_value", 0);
    r->exclude = onx_attr_i(n, "exclude_outside", 0) != 0;
    r->antialias = r->mode != NEAREST && onx_attr_i(n, "antialias", 0) != 0;
    r->policy = onx_attr_s(n, "keep_aspect_ratio_policy", "stretch");
    if (!is(r->policy, "stretch") && !is(r->policy, "not_larger") && !is(r->policy, "not_smaller"))
        return onx_reject(n, "stretch, not_larger or not_smaller", "keep_aspect_ratio_policy '%s'",
                          r->policy);
    return TH_OK;
}

/* Which axes the lists are about; the others stay as they are. */
static enum th_status read_axes(struct onx_node *n, struct resize *r)
{
    int64_t axes[TH_MAX_RANK];
    size_t count;

    if (!onx_axes(n, SIZE_MAX, "axes", r->rank, axes, &count))
        return TH_ERR_INPUT;
    r->entries = count != 0 ? (int32_t)count : r->rank;
    for (int32_t i = 0; i < r->rank; i++)
        r->entry[i] = count != 0 ? -1 : i;
    for (size_t k = 0; k < count; k++)
        r->entry[axes[k]] = (int32_t)k;
    return TH_OK;
}

/* One scale for all named axes, so that no extent is larger, or none smaller, than its size. */
static void keep_ratio(struct resize *r)
{
    const bool most = is(r->policy, "not_smaller");
    double scale = most ? 0 : HUGE_VAL;

    for (int32_t i = 0; i < r->rank; i++)
        if (r->entry[i] >= 0 && (r->scale[i] > scale) == most)
            scale = r->scale[i];
    for (int32_t i = 0; i < r->rank; i++) {
        if (r->entry[i] < 0)
            continue;
        r->scale[i] = scale;
        r->out[i] = (int64_t)fmin(floor(scale * (double)r->in[i] + 0.5), 1e9);
    }
}

/* The same of sizes that are known when the network runs. */
static enum th_status common_scale(struct onx_node *n, struct resize *r, th_value sizes)
{
    const int64_t count = r->entries;
    int64_t dims[TH_MAX_RANK] = {0};
    th_value in;

    if (onx_type(n, sizes)->rank != 1 || th_type_elems(onx_type(n, sizes)) != count)
        return onx_reject(n, NULL, "%" PRId64 " sizes for %d axes",
                          th_type_elems(onx_type(n, sizes)), (int)r->entries);
    for (int32_t i = 0; i < r->rank; i++)
        if (r->entry[i] >= 0)
            dims[r->entry[i]] = r->in[i];
    TH_TRY(onx_ints(n, TH_DT_S64, 1, &count, dims, &in));
    TH_TRY(onx_cast(n, in, TH_DT_F64, &in));
    TH_TRY(onx_cast(n, sizes, TH_DT_F64, &sizes));
    TH_TRY(onx_binary(n, "div", sizes, in, &sizes));
    return onx_reduce(n, is(r->policy, "not_larger") ? "reduce_min" : "reduce_max", sizes,
                      (int64_t[]){0}, 1, false, &r->ratio);
}

static enum th_status check_extent(struct onx_node *n, const struct resize *r, int32_t i)
{
    if (r->out[i] == r->in[i] || (r->out[i] >= 1 && r->out[i] <= 1 << 24 && r->in[i] >= 1))
        return TH_OK;
    return onx_reject(n, NULL, "%" PRId64 " elements of axis %d become %" PRId64, r->in[i], (int)i,
                      r->out[i]);
}

/* The product in float32, as the standard's own inference of shapes takes it: 5/3 of 3 are 5. */
static int64_t scaled_size(double scale, int64_t size)
{
    const float product = (float)scale * (float)size;

    return (int64_t)floorf(product);
}

/* Extents of the result from constant sizes or scales, else those that the file declares. */
static enum th_status extents(struct onx_node *n, struct resize *r, size_t scales, size_t sizes)
{
    const struct th_tensor *s = onx_const(n, onx_in(n, scales));
    const struct th_tensor *z = sizes ? onx_const(n, onx_in(n, sizes)) : NULL;
    size_t count = 0;
    const float *list = onx_attr_floats(n, "scales", &count);
    bool by_size = sizes != 0 && onx_has_in(n, sizes);
    bool by_scale = onx_has_in(n, scales) && th_type_elems(onx_type(n, onx_in(n, scales))) > 0;
    struct th_type declared;
    bool given = onx_declared(n, 0, &declared) && declared.rank == r->rank;
    bool late_ratio = by_size && z == NULL && !is(r->policy, "stretch");

    for (int32_t i = 0; i < r->rank; i++) {
        const int32_t k = r->entry[i];
        if (k < 0 || (r->in[i] < 1 && !by_size)) {      /* nothing stays nothing */
            r->scale[i] = 1;
            r->known[i] = true;
        } else if (by_size && z != NULL && th_type_elems(&z->type) == r->entries) {
            r->out[i] = th_tensor_int(z, k);
        } else if (by_scale && s != NULL && th_type_elems(&s->type) == r->entries) {
            r->scale[i] = th_tensor_real(s, k);
            r->known[i] = true;
        } else if (count == (size_t)r->rank) {
            r->scale[i] = (double)list[i];
            r->known[i] = true;
        } else if (given && (by_size || by_scale)) {
            r->out[i] = declared.dims[i];
        } else {
            return onx_reject(n, "constant scales or sizes", "scales and sizes");
        }
        if (r->known[i] && (!(r->scale[i] > 0) || r->scale[i] * (double)r->in[i] > 1e9))
            return onx_reject(n, NULL, "scale %g of axis %d", r->scale[i], (int)i);
        if (r->known[i])
            r->out[i] = scaled_size(r->scale[i], r->in[i]);
        TH_TRY(check_extent(n, r, i));
        if (late_ratio)
            continue;
        if (by_size || (!r->known[i] && r->out[i] == r->in[i] && i < 2)) {
            r->known[i] = true;
            r->scale[i] = r->out[i] == r->in[i] ? 1 : (double)r->out[i] / (double)r->in[i];
        }
    }
    if (late_ratio)
        return common_scale(n, r, onx_in(n, sizes));
    if (by_size && !is(r->policy, "stretch"))
        keep_ratio(r);
    for (int32_t i = 0; i < r->rank; i++)
        TH_TRY(check_extent(n, r, i));
    r->scales = by_size ? 0 : onx_in(n, scales);
    return TH_OK;
}

/* ---- places ---------------------------------------------------------------------------------- */

static enum th_status scale_of(struct onx_node *n, const struct resize *r, int32_t axis,
                               th_value *out)
{
    th_value v;

    if (r->known[axis])
        return onx_scalar(n, TH_DT_F64, r->scale[axis], out);
    *out = r->ratio;
    if (r->ratio != 0)
        return TH_OK;
    TH_TRY(onx_slice(n, r->scales, 0, r->entry[axis], 1, &v));
    TH_TRY(onx_reshape(n, v, 0, NULL, &v));
    return onx_cast(n, v, TH_DT_F64, out);
}

static enum th_status roi_end(struct onx_node *n, const struct resize *r, int64_t i, th_value *out)
{
    th_value v;

    if (r->roi == 0 || th_type_elems(onx_type(n, r->roi)) != 2 * r->entries)
        return onx_reject(n, NULL, "a region (roi) of another length than twice the axes");
    TH_TRY(onx_slice(n, r->roi, 0, i, 1, &v));
    TH_TRY(onx_reshape(n, v, 0, NULL, &v));
    return onx_cast(n, v, TH_DT_F64, out);
}

/* start (I - 1) + step (end - start) (I - 1) / (width - 1) */
static enum th_status crop_places(struct onx_node *n, const struct resize *r, int32_t axis,
                                  th_value steps, th_value width, th_value *out)
{
    const double last = (double)(r->in[axis] - 1);
    th_value from, to, y;

    TH_TRY(roi_end(n, r, r->entry[axis], &from));
    TH_TRY(roi_end(n, r, r->entry[axis] + r->entries, &to));
    TH_TRY(onx_binary(n, "sub", to, from, &to));
    TH_TRY(with(n, "mul", to, r->out[axis] == 1 ? last / 2 : last, &to));
    if (r->out[axis] > 1) {
        TH_TRY(with(n, "sub", width, 1, &width));
        TH_TRY(onx_binary(n, "div", to, width, &to));
        TH_TRY(onx_binary(n, "mul", steps, to, &y));
    } else {
        TH_TRY(onx_binary(n, "add", steps, to, &y));   /* the only step is 0 */
    }
    TH_TRY(with(n, "mul", from, last, &from));
    return onx_binary(n, "add", y, from, out);
}

/* Where each place of the result lies among the operand's: f64[out]. */
static enum th_status places(struct onx_node *n, const struct resize *r, int32_t axis,
                             th_value *out)
{
    int64_t *v = TH_NEW_ARRAY(n->scope->im->arena, int64_t, (size_t)r->out[axis]);
    const char *p = r->places;
    th_value steps, scale, width, shift;

    if (v == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < r->out[axis]; i++)
        v[i] = i;
    TH_TRY(onx_ints(n, TH_DT_S64, 1, &r->out[axis], v, &steps));
    TH_TRY(onx_cast(n, steps, TH_DT_F64, &steps));
    TH_TRY(scale_of(n, r, axis, &scale));
    TH_TRY(with(n, "mul", scale, (double)r->in[axis], &width));
    if (is(p, "asymmetric"))
        return onx_binary(n, "div", steps, scale, out);
    if (is(p, "tf_crop_and_resize"))
        return crop_places(n, r, axis, steps, width, out);
    if (is(p, "align_corners")) {
        if (r->out[axis] == 1)
            return with(n, "mul", steps, 0, out);
        TH_TRY(with(n, "sub", width, 1, &width));
        TH_TRY(with(n, "mul", steps, (double)(r->in[axis] - 1), &steps));
        return onx_binary(n, "div", steps, width, out);
    }
    if (is(p, "pytorch_half_pixel") && r->out[axis] == 1)
        return with(n, "mul", steps, 0, out);
    TH_TRY(with(n, "add", steps, 0.5, &steps));
    TH_TRY(onx_binary(n, "div", steps, scale, &steps));
    if (is(p, "tf_half_pixel_for_nn")) {
        *out = steps;
        return TH_OK;
    }
    TH_TRY(with(n, "sub", steps, 0.5, out));
    if (is(p, "half_pixel") || is(p, "pytorch_half_pixel"))
        return TH_OK;
    if (!is(p, "half_pixel_symmetric"))
        return onx_reject(n, NULL, "coordinate_transformation_mode '%s'", p);
    /* the middle stays in the middle: + I/2 (1 - out / width) */
    TH_TRY(onx_scalar(n, TH_DT_F64, (double)r->out[axis], &shift));
    TH_TRY(onx_binary(n, "div", shift, width, &shift));
    TH_TRY(onx_unary(n, "neg", shift, &shift));
    TH_TRY(with(n, "add", shift, 1, &shift));
    TH_TRY(with(n, "mul", shift, (double)r->in[axis] / 2, &shift));
    return onx_binary(n, "add", *out, shift, out);
}

/* ---- taps ------------------------------------------------------------------------------------ */

/* a |d|^3 - 5 a |d|^2 + 8 a |d| - 4 a for far taps, (a+2) |d|^3 - (a+3) |d|^2 + 1 for near ones. */
static enum th_status cubic(struct onx_node *n, th_value d, bool near, double a, th_value *out)
{
    const double k[2][4] = {{a, -5 * a, 8 * a, -4 * a}, {a + 2, -(a + 3), 0, 1}};

    TH_TRY(with(n, "mul", d, k[near][0], out));
    for (int i = 1; i < 4; i++) {
        TH_TRY(with(n, "add", *out, k[near][i], out));
        if (i < 3)
            TH_TRY(onx_binary(n, "mul", *out, d, out));
    }
    return TH_OK;
}

/* Weight of the tap that lies `at` beyond the floor of the place; part: of the place above it. */
static enum th_status weight(struct onx_node *n, const struct resize *r, th_value part, int64_t at,
                             th_value *out)
{
    th_value d;

    TH_TRY(with(n, "sub", part, (double)at, &d));
    if (at > 0)
        TH_TRY(onx_unary(n, "neg", d, &d));
    if (r->mode == CUBIC)
        return cubic(n, d, at == 0 || at == 1, r->cubic, out);
    TH_TRY(onx_unary(n, "neg", d, &d));
    return with(n, "add", d, 1, out);
}

/* 1 where 0 <= v <= last, as doubles. */
static enum th_status inside(struct onx_node *n, th_value v, double last, th_value *out)
{
    th_value a, b;

    TH_TRY(with(n, "greater_equal", v, 0, &a));
    TH_TRY(with(n, "less_equal", v, last, &b));
    return onx_binary(n, "logical_and", a, b, out);
}

/* Tables [out, taps] for the resample operator. */
static enum th_status taps(struct onx_node *n, const struct resize *r, int32_t axis, th_value at,
                           th_value *index, th_value *weights)
{
    const int64_t count = r->mode == CUBIC ? 4 : 2, dims[2] = {r->out[axis], 1};
    const double last = (double)(r->in[axis] - 1);
    th_value low, part, list[2][4], ok, sum;

    TH_TRY(onx_unary(n, "floor", at, &low));
    TH_TRY(onx_binary(n, "sub", at, low, &part));
    for (int64_t t = 0; t < count; t++) {
        const int64_t step = t - (r->mode == CUBIC);
        TH_TRY(with(n, "add", low, (double)step, &list[0][t]));
        TH_TRY(weight(n, r, part, step, &list[1][t]));
        if (r->exclude) {
            TH_TRY(inside(n, list[0][t], last, &ok));
            TH_TRY(onx_cast(n, ok, TH_DT_F64, &ok));
            TH_TRY(onx_binary(n, "mul", list[1][t], ok, &list[1][t]));
        }
        for (int k = 0; k < 2; k++)
            TH_TRY(onx_reshape(n, list[k][t], 2, dims, &list[k][t]));
    }
    TH_TRY(onx_concat(n, list[0], (size_t)count, 1, index));
    TH_TRY(onx_concat(n, list[1], (size_t)count, 1, weights));
    if (r->exclude) {
        TH_TRY(onx_reduce(n, "sum", *weights, (int64_t[]){1}, 1, true, &sum));
        TH_TRY(onx_binary(n, "div", *weights, sum, weights));
    }
    TH_TRY(onx_clamp(n, *index, 0, last, index));
    TH_TRY(onx_cast(n, *index, TH_DT_S32, index));
    return onx_cast(n, *weights, TH_DT_F32, weights);
}

/* The filter at each |d|: [out, taps]. */
static enum th_status filter(struct onx_node *n, const struct resize *r, th_value d, th_value *out)
{
    th_value in[3], far;

    if (r->mode == LINEAR) {
        TH_TRY(onx_unary(n, "neg", d, &d));
        TH_TRY(with(n, "add", d, 1, &d));
        return with(n, "maximum", d, 0, out);
    }
    TH_TRY(cubic(n, d, true, r->cubic, &in[1]));
    TH_TRY(cubic(n, d, false, r->cubic, &in[2]));
    TH_TRY(with(n, "less", d, 2, &far));
    TH_TRY(onx_cast(n, far, TH_DT_F64, &far));
    TH_TRY(onx_binary(n, "mul", in[2], far, &in[2]));
    TH_TRY(with(n, "less_equal", d, 1, &in[0]));
    return onx_add_typed(n, "select", in, 3, NULL, TH_DT_F64, NULL, out);
}

/* Tables as those of taps() of a filter that is as much wider as the result is smaller. */
static enum th_status wide_taps(struct onx_node *n, const struct resize *r, int32_t axis,
                                th_value at, th_value *index, th_value *weights)
{
    /* a scale that is known late gives at least the result's extent */
    const double least = r->known[axis] ? r->scale[axis]
                                        : (double)r->out[axis] / (double)r->in[axis];
    const double reach = ceil((r->mode == CUBIC ? 2 : 1) / (least < 1 ? least : 1));
    const int64_t count = 2 * (int64_t)reach, column[2] = {r->out[axis], 1}, row[2] = {1, count};
    const double last = (double)(r->in[axis] - 1);
    th_value step, low, ok, sum;

    TH_TRY(scale_of(n, r, axis, &step));
    TH_TRY(with(n, "minimum", step, 1, &step));
    TH_TRY(onx_reshape(n, at, 2, column, &at));
    TH_TRY(onx_iota(n, TH_DT_F64, count, index));
    TH_TRY(with(n, "sub", *index, reach - 1, index));
    TH_TRY(onx_reshape(n, *index, 2, row, index));
    TH_TRY(onx_unary(n, "floor", at, &low));
    TH_TRY(onx_binary(n, "add", low, *index, index));
    TH_TRY(onx_binary(n, "sub", *index, at, weights));
    TH_TRY(onx_binary(n, "mul", *weights, step, weights));
    TH_TRY(onx_unary(n, "abs", *weights, weights));
    TH_TRY(filter(n, r, *weights, weights));
    if (r->exclude) {
        TH_TRY(inside(n, *index, last, &ok));
        TH_TRY(onx_cast(n, ok, TH_DT_F64, &ok));
        TH_TRY(onx_binary(n, "mul", *weights, ok, weights));
    }
    TH_TRY(onx_reduce(n, "sum", *weights, (int64_t[]){1}, 1, true, &sum));
    TH_TRY(onx_binary(n, "div", *weights, sum, weights));
    TH_TRY(onx_clamp(n, *index, 0, last, index));
    TH_TRY(onx_cast(n, *index, TH_DT_S32, index));
    return onx_cast(n, *weights, TH_DT_F32, weights);
}

static enum th_status nearest(struct onx_node *n, const struct resize *r, int32_t axis,
                              th_value at, th_value *index)
{
    const bool up = is(r->rounding, "ceil") || is(r->rounding, "round_prefer_floor");

    if (is(r->rounding, "round_prefer_floor"))
        TH_TRY(with(n, "sub", at, 0.5, &at));
    else if (is(r->rounding, "round_prefer_ceil"))
        TH_TRY(with(n, "add", at, 0.5, &at));
    else if (!is(r->rounding, "floor") && !up)
        return onx_reject(n, NULL, "nearest_mode '%s'", r->rounding);
    TH_TRY(onx_unary(n, up ? "ceil" : "floor", at, &at));
    TH_TRY(onx_clamp(n, at, 0, (double)(r->in[axis] - 1), &at));
    return onx_cast(n, at, TH_DT_S32, index);
}

/* Places beyond the operand get the value that was given for them. */
static enum th_status fill_outside(struct onx_node *n, const struct resize *r, int32_t axis,
                                   th_value at, th_value *x)
{
    int64_t dims[TH_MAX_RANK];
    th_value in[3];

    for (int32_t i = 0; i < r->rank; i++)
        dims[i] = i == axis ? r->out[axis] : 1;
    TH_TRY(inside(n, at, (double)(r->in[axis] - 1), &in[0]));
    TH_TRY(onx_reshape(n, in[0], r->rank, dims, &in[0]));
    in[1] = *x;
    TH_TRY(onx_scalar(n, onx_type(n, *x)->dtype, r->outside, &in[2]));
    return onx_add_typed(n, "select", in, 3, NULL, onx_type(n, *x)->dtype, NULL, x);
}

static enum th_status along(struct onx_node *n, const struct resize *r, int32_t axis, th_value *x)
{
    const bool crop = is(r->places, "tf_crop_and_resize");
    struct th_attr_list a = {.n = 0};
    th_value at, in[3] = {*x, 0, 0};

    if (r->entry[axis] < 0 || (!crop && r->known[axis] && r->scale[axis] == 1))
        return TH_OK;
    TH_TRY(places(n, r, axis, &at));
    th_attr_list_int(&a, "axis", axis);
    if (r->mode == NEAREST) {
        TH_TRY(nearest(n, r, axis, at, &in[1]));
        TH_TRY(onx_add(n, "gather", in, 2, &a, x));
    } else {
        TH_TRY((r->antialias ? wide_taps : taps)(n, r, axis, at, &in[1], &in[2]));
        TH_TRY(onx_add(n, "resample", in, 3, &a, x));
    }
    return crop ? fill_outside(n, r, axis, at, x) : TH_OK;
}

/* ---- forms with kernels of their own --------------------------------------------------------- */

/* Two axes of a map, scales that are quotients of extents, places that the operators know. */
static bool has_operator(const struct resize *r, bool *align, bool *half)
{
    *align = is(r->places, "align_corners");
    *half = is(r->places, "half_pixel") || is(r->places, "pytorch_half_pixel");
    if (r->rank != 4 || r->exclude || r->mode == CUBIC)
        return false;
    for (int32_t i = 0; i < 4; i++)
        if (!r->known[i] || (r->antialias && r->scale[i] < 1) ||
            r->scale[i] * (double)r->in[i] != (double)r->out[i] ||
            (i < 2 && r->in[i] != r->out[i]) || (i >= 2 && r->out[i] < 2))
            return false;
    if (r->mode == LINEAR)
        return *align || *half || is(r->places, "asymmetric");
    if (is(r->places, "asymmetric"))
        return is(r->rounding, "floor");
    /* centres of whole enlargements never lie between two elements */
    return *half && strncmp(r->rounding, "round_", 6) == 0 &&
           r->out[2] % r->in[2] == 0 && r->out[3] % r->in[3] == 0;
}

static enum th_status as_operator(struct onx_node *n, const struct resize *r, bool align,
                                  bool half, th_value x)
{
    struct th_attr_list a = {.n = 0};

    th_attr_list_ints(&a, "size", r->out + 2, 2);
    th_attr_list_bool(&a, "align_corners", align);
    th_attr_list_bool(&a, "half_pixel", half);
    TH_TRY(onx_to_last(n, x, &x));
    TH_TRY(onx_add(n, r->mode == LINEAR ? "resize_bilinear" : "resize_nearest", &x, 1, &a, &x));
    TH_TRY(onx_to_first(n, x, &x));
    return onx_bind(n, 0, x);
}

static enum th_status resized(struct onx_node *n, struct resize *r, size_t scales, size_t sizes)
{
    bool align, half;
    th_value x;

    TH_TRY(onx_need(n, &x, 1));
    r->rank = onx_type(n, x)->rank;
    memcpy(r->in, onx_type(n, x)->dims, sizeof r->in);
    TH_TRY(read_modes(n, r));
    TH_TRY(read_axes(n, r));
    TH_TRY(extents(n, r, scales, sizes));
    if (onx_type(n, x)->dtype == TH_DT_F32 && has_operator(r, &align, &half))
        return as_operator(n, r, align, half, x);
    for (int32_t axis = 0; axis < r->rank; axis++)
        TH_TRY(along(n, r, axis, &x));
    return onx_bind(n, 0, x);
}

static enum th_status import_resize(struct onx_node *n)
{
    struct resize r = {.roi = n->opset < 11 ? 0 : onx_in(n, 1)};

    return n->opset < 11 ? resized(n, &r, 1, 0) : resized(n, &r, 2, 3);
}

static enum th_status import_upsample(struct onx_node *n)
{
    struct resize r = {.roi = 0};

    n->opset = n->opset < 10 ? n->opset : 10;
    return resized(n, &r, 1, 0);
}

const struct onx_row onx_rows_resize[] = {
    {"Resize", import_resize, NULL},
    {"Upsample", import_upsample, NULL},
    {NULL, NULL, NULL},
};
