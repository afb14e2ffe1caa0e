/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interpolate. Each output along an axis takes some inputs with some weights, known at import: one
 * input each is a gather (or a resize operator that does the same), more are weighted sums.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "window.h"

enum coordinates { HALF_PIXEL, PYTORCH_HALF_PIXEL, ASYMMETRIC, TF_HALF_PIXEL, ALIGN_CORNERS };
enum nearest { PREFER_FLOOR, PREFER_CEIL, FLOOR, CEIL, SIMPLE };

struct resize {
    bool nearest, cubic, antialias, pillow;
    enum coordinates coordinates;
    enum nearest rounding;
    double cube;
};
/* One axis: its extents and the scale that the layer gives (outputs an input). */
struct axis {
    int64_t in, out;
    double scale;
};

static double place(const struct resize *r, const struct axis *x, int64_t i)
{
    /* an axis that keeps its extent stays as it is, whatever the coordinates */
    if (x->in == x->out)
        return (double)i;
    switch (r->coordinates) {
    case HALF_PIXEL: return ((double)i + 0.5) / x->scale - 0.5;
    case PYTORCH_HALF_PIXEL: return x->out > 1 ? ((double)i + 0.5) / x->scale - 0.5 : 0;
    case ASYMMETRIC: return (double)i / x->scale;
    case TF_HALF_PIXEL: return ((double)i + 0.5) / x->scale;
    case ALIGN_CORNERS:
        return x->out > 1 ? (double)i * (double)(x->in - 1) / (double)(x->out - 1) : 0;
    }
    return 0;
}

static int64_t held(const struct axis *x, double at)
{
    return at < 0 ? 0 : at > (double)(x->in - 1) ? x->in - 1 : (int64_t)at;
}

static int64_t nearest(const struct resize *r, const struct axis *x, int64_t i)
{
    /* scales are single precision: a half is meant where it is nearly one */
    double at = (double)(float)place(r, x, i);

    switch (r->rounding) {
    case PREFER_FLOOR: return held(x, at == floor(at) + 0.5 ? floor(at) : round(at));
    case PREFER_CEIL: return held(x, floor(at + 0.5));
    case FLOOR: return held(x, floor(at));
    case CEIL: return held(x, ceil(at));
    case SIMPLE: return held(x, x->scale < 1 ? ceil(at) : floor(at));
    }
    return 0;
}

/* ---- nearest --------------------------------------------------------------------------------- */

/* What the operator resize_nearest takes, as its record says. */
static int64_t operator_takes(const struct axis *x, int64_t i, bool align, bool half)
{
    float scale = align && x->out > 1 ? (float)(x->in - 1) / (float)(x->out - 1)
                                      : (float)x->in / (float)x->out;
    float at = ((float)i + (half ? 0.5f : 0.0f)) * scale;

    return held(x, (double)(align ? roundf(at) : floorf(at)));
}

static bool operator_fits(const struct resize *r, const struct axis *x, bool align, bool half)
{
    for (int64_t i = 0; i < x->out; i++) {
        if (nearest(r, x, i) != operator_takes(x, i, align, half))
            return false;
    }
    return true;
}

static enum th_status take_nearest(const struct ov_node *n, const struct resize *r, th_value v,
                                   int32_t at, const struct axis *x, th_value *y)
{
    struct th_attr_list a = {.n = 0};
    int64_t *list = TH_NEW_ARRAY(n->scope->im->arena, int64_t, (size_t)x->out);

    if (list == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < x->out; i++)
        list[i] = nearest(r, x, i);
    const th_value in[2] = {v, th_graph_const_ints(n->scope->graph, TH_DT_S32, 1, &x->out, list)};
    th_attr_list_int(&a, "axis", at);
    return in[1] != 0 ? ov_add(n, "gather", in, 2, &a, y) : TH_ERR_INTERNAL;
}

/* ---- weights --------------------------------------------------------------------------------- */

static double cubic_weight(double d, double a)
{
    d = fabs(d);
    if (d <= 1)
        return ((a + 2) * d - (a + 3)) * d * d + 1;
    return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

static double linear_weight(double d)
{
    d = fabs(d);
    return d < 1 ? 1 - d : 0;
}

/* Taps of output i. Those outside fall on the edge; with antialias they count nothing. */
static void fill_taps(const struct resize *r, const struct axis *x, int64_t i, int64_t taps,
                      int64_t *index, float *weight)
{
    double at = place(r, x, i), sum = 0;
    double stretch = r->antialias && x->scale < 1 ? x->scale : 1;

    if (!r->cubic && !r->antialias)
        at = at < 0 ? 0 : at > (double)(x->in - 1) ? (double)(x->in - 1) : at;
    double first = floor(at) - (double)(taps / 2 - 1);
    for (int64_t t = 0; t < taps; t++) {
        double k = first + (double)t, d = (at - k) * stretch;
        double w = r->cubic ? cubic_weight(d, r->cube) : linear_weight(d);
        if (r->antialias && (k < 0 || k > (double)(x->in - 1)))
            w = 0;
        index[t] = held(x, k);
        weight[t] = (float)w;
        sum += w;
    }
    for (int64_t t = 0; sum != 0 && t < taps; t++)
        weight[t] = (float)((double)weight[t] / sum);
}

static enum th_status take_weighted(const struct ov_node *n, const struct resize *r, th_value v,
                                    int32_t at, const struct axis *x, th_value *y)
{
    double stretch = r->antialias && x->scale < 1 ? x->scale : 1;
    double reach = ceil((r->cubic ? 2 : 1) / stretch);
    struct th_attr_list a = {.n = 0};
    int64_t count;

    /* the taps on both sides; there is nothing beyond the ends */
    const int64_t taps = 2 * (reach < (double)x->in ? (int64_t)reach : x->in);
    const int64_t dims[2] = {x->out, taps};
    if (!th_mul_i64(x->out, taps, &count) ||
        !ov_charge(n->scope->im, &n->loc, (uint64_t)count * 12))
        return TH_ERR_INPUT;
    float *weight = TH_NEW_ARRAY(n->scope->im->arena, float, (size_t)count);
    int64_t *index = TH_NEW_ARRAY(n->scope->im->arena, int64_t, (size_t)count);
    if (weight == NULL || index == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < x->out; i++)
        fill_taps(r, x, i, taps, index + i * taps, weight + i * taps);
    const th_value in[3] = {v, th_graph_const_ints(n->scope->graph, TH_DT_S32, 2, dims, index),
                            ov_const_f32(n, 2, dims, weight)};
    if (in[1] == 0 || in[2] == 0)
        return TH_ERR_INTERNAL;
    th_attr_list_int(&a, "axis", at);
    return ov_add(n, "resample", in, 3, &a, y);
}

/* ---- the layer ------------------------------------------------------------------------------- */

/* The first version says corners aligned or not; the rest is as its successor does it for files of
 * the first. */
static bool first_modes(const struct ov_node *n, int32_t rank, int mode, int *coordinates,
                        int *rounding)
{
    int64_t axes[TH_MAX_RANK];
    const char *text = ov_attr_text(n, "axes");
    size_t count = 0;

    if (text == NULL || !ov_scan_ints(text, axes, TH_ARRAY_LEN(axes), &count)) {
        ov_reject(n, "the axes cannot be understood");
        return false;
    }
    if (ov_attr_bool(n, "antialias", false)) {
        ov_reject(n, "anti-aliasing in the first version; nearest supported form: version 4");
        return false;
    }
    bool image = rank == 4 && count == 2 && axes[0] + axes[1] == 5 && axes[0] * axes[1] == 6;
    *coordinates = ov_attr_bool(n, "align_corners", true) ? ALIGN_CORNERS
                   : mode == 1 && !image                  ? HALF_PIXEL
                                                          : ASYMMETRIC;
    *rounding = SIMPLE;
    return true;
}

static bool read_modes(const struct ov_node *n, int32_t rank, struct resize *r)
{
    static const char *const modes[] = {"nearest", "linear", "linear_onnx", "cubic",
                                        "bilinear_pillow", "bicubic_pillow", NULL};
    static const char *const places[] = {"half_pixel", "pytorch_half_pixel", "asymmetric",
                                         "tf_half_pixel_for_nn", "align_corners", NULL};
    static const char *const roundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                            "ceil", "simple", NULL};
    bool first = strcmp(n->layer->version, "opset1") == 0;
    int mode, coordinates, rounding;

    if (!ov_attr_choice(n, "mode", modes, -1, &mode) ||
        !ov_attr_choice(n, "coordinate_transformation_mode", places, HALF_PIXEL, &coordinates) ||
        !ov_attr_choice(n, "nearest_mode", roundings, PREFER_FLOOR, &rounding) ||
        !ov_attr_float(n, "cube_coeff", -0.75, &r->cube))
        return false;
    if (first && !first_modes(n, rank, mode, &coordinates, &rounding))
        return false;
    r->nearest = mode == 0;
    r->cubic = mode == 3 || mode == 5;
    r->pillow = mode > 3;
    r->antialias = mode > 3 || (mode == 1 && ov_attr_bool(n, "antialias", false));
    r->coordinates = mode > 3 ? HALF_PIXEL : (enum coordinates)coordinates;
    r->rounding = (enum nearest)rounding;
    return true;
}

/* Sizes and scales of the axes; all axes of x have an entry. */
static enum th_status read_sizes(const struct ov_node *n, const struct th_type *x,
                                 struct axis *axes)
{
    bool first = strcmp(n->layer->version, "opset1") == 0;
    bool latest = strcmp(n->layer->version, "opset11") == 0;
    static const char *const kinds[] = {"sizes", "scales", NULL};
    int kind;

    if (!ov_attr_choice(n, "shape_calculation_mode", kinds, first ? 0 : -1, &kind))
        return TH_ERR_INPUT;
    bool by_scale = !first && kind == 1;
    uint32_t operand = first || latest || !by_scale ? 1 : 2, axes_in = latest ? 2 : 3;
    const char *named = first ? ov_attr_text(n, "axes") : NULL;
    int64_t which[TH_MAX_RANK], sizes[TH_MAX_RANK] = {0};
    bool taken[TH_MAX_RANK] = {false};
    size_t count, n_axes;

    for (int32_t i = 0; i < x->rank; i++) {
        which[i] = i;
        axes[i] = (struct axis){x->dims[i], x->dims[i], 1};
    }
    n_axes = (size_t)x->rank;
    if (named != NULL ? !ov_scan_ints(named, which, TH_MAX_RANK, &n_axes)
                      : n->layer->n_inputs > axes_in &&
                            !ov_in_ints(n, axes_in, "axes", which, TH_MAX_RANK, &n_axes))
        return ov_reject(n, "the axes cannot be understood");
    th_value v = ov_in(n, operand);
    const struct th_tensor *c = v != 0 ? th_value_const(n->scope->graph, v) : NULL;
    count = c != NULL ? (size_t)th_type_elems(&c->type) : 0;
    if (c == NULL || count != n_axes || count > TH_MAX_RANK)
        return ov_reject(n, "operand %u must be a constant with one entry for each of %zu axes",
                         operand, n_axes);
    for (size_t i = 0; i < count; i++) {
        int32_t at;
        double by = by_scale ? th_tensor_real(c, (int64_t)i) : 0;
        if (!ov_axis(n, which[i], x->rank, &at))
            return TH_ERR_INPUT;
        if (taken[at])
            return ov_reject(n, "axis %d stands twice", (int)at);
        taken[at] = true;
        int64_t in = x->dims[at];
        if (by_scale && (!th_dtype_is_float(c->type.dtype) || !(by > 0 && by < 65536)))
            return ov_reject(n, "a scale of %g", by);
        /* a scale that was rounded down still makes the whole number it is meant to make */
        double scaled = floor((double)(in <= 1 << 20 ? in : 0) * (by + 1e-6));
        sizes[i] = by_scale ? (int64_t)scaled : th_tensor_int(c, (int64_t)i);
        if (in < 1 || sizes[i] < 1 || sizes[i] > 1 << 20 || in > 1 << 20)
            return ov_reject(n, "an extent of %" PRId64 " cannot become %" PRId64, in, sizes[i]);
        axes[at] = (struct axis){in, sizes[i], by_scale ? by : (double)sizes[i] / (double)in};
    }
    return TH_OK;
}

/* The pillow modes take the scale from the extents. The linear mode narrows its weights on an axis
 * that grows beside one that shrinks, down to none at all. */
static enum th_status check_antialias(const struct ov_node *n, const struct th_type *t,
                                      struct axis *axes, const struct resize *r)
{
    bool grows = false, shrinks = false;

    for (int32_t i = 0; i < t->rank; i++) {
        if (r->pillow)
            axes[i].scale = (double)axes[i].out / (double)axes[i].in;
        grows |= axes[i].scale > 1;
        shrinks |= axes[i].scale < 1;
    }
    if (r->antialias && !r->pillow && grows && shrinks)
        return ov_reject(n, "anti-aliasing where one axis grows and another shrinks; nearest "
                         "supported form: a layer for each");
    return TH_OK;
}

static bool unpadded(const struct ov_node *n)
{
    for (int side = 0; side < 2; side++) {
        const char *text = ov_attr_text(n, side == 0 ? "pads_begin" : "pads_end");
        int64_t pads[2 * TH_MAX_RANK];
        size_t count = 0;
        if (text != NULL && !ov_scan_ints(text, pads, TH_ARRAY_LEN(pads), &count))
            return false;
        for (size_t i = 0; i < count; i++) {
            if (pads[i] != 0)
                return false;
        }
    }
    return true;
}

/* Images of height and width that one of the operators resizes just so. */
static enum th_status by_operator(const struct ov_node *n, const struct resize *r, th_value x,
                                  const struct axis *axes, th_value *y, bool *done)
{
    const int64_t size[2] = {axes[2].out, axes[3].out};
    bool align = r->coordinates == ALIGN_CORNERS, half = r->coordinates == HALF_PIXEL;
    bool exact = true;
    struct th_attr_list a = {.n = 0};

    if (r->nearest) {
        int k;
        for (k = 0; k < 3; k++) {
            align = k == 1;
            half = k == 2;
            if (operator_fits(r, &axes[2], align, half) && operator_fits(r, &axes[3], align, half))
                break;
        }
        exact = k < 3;
    } else {
        for (int i = 2; i < 4; i++)
            exact &= fabs(axes[i].scale * (double)axes[i].in - (double)axes[i].out) <=
                     1e-6 * (double)axes[i].out;
        exact &= !r->cubic && !r->antialias &&
                 (align || half || r->coordinates == ASYMMETRIC ||
                  (r->coordinates == PYTORCH_HALF_PIXEL && axes[2].out > 1 && axes[3].out > 1));
        half |= r->coordinates == PYTORCH_HALF_PIXEL;
    }
    *done = exact;
    if (!exact)
        return TH_OK;
    TH_TRY(ov_to_maps(n, x, &x));
    th_attr_list_ints(&a, "size", size, 2);
    th_attr_list_bool(&a, "align_corners", align);
    th_attr_list_bool(&a, "half_pixel", half);
    TH_TRY(ov_add(n, r->nearest ? "resize_nearest" : "resize_bilinear", &x, 1, &a, y));
    return ov_from_maps(n, *y, 2, y);
}

static enum th_status import_interpolate(struct ov_node *n)
{
    struct axis axes[TH_MAX_RANK];
    struct resize r;
    bool done = false;
    th_value x, y;

    TH_TRY(ov_operands(n, &x, 1));
    const struct th_type t = *ov_type(n, x);
    if (!read_modes(n, t.rank, &r))
        return TH_ERR_INPUT;
    if (!unpadded(n))
        return ov_reject(n, "padding; nearest supported form: a layer of its own");
    TH_TRY(read_sizes(n, &t, axes));
    TH_TRY(check_antialias(n, &t, axes, &r));
    if (t.dtype != TH_DT_F32 && !r.nearest)
        return ov_reject(n, "interpolation of %s; nearest supported form: f32",
                         th_dtype_name(t.dtype));
    if (t.rank == 4 && axes[0].in == axes[0].out && axes[1].in == axes[1].out)
        TH_TRY(by_operator(n, &r, x, axes, &y, &done));
    if (done)
        return ov_bind(n, 0, y);
    y = x;
    for (int32_t i = 0; i < t.rank; i++) {
        if (axes[i].in == axes[i].out)
            continue;
        TH_TRY((r.nearest ? take_nearest : take_weighted)(n, &r, y, i, &axes[i], &y));
    }
    return ov_bind(n, 0, y);
}

const struct ov_row ov_rows_resize[] = {
    {"Interpolate", import_interpolate, NULL},
    {NULL, NULL, NULL},
};
