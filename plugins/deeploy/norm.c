/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Over the last axis; n_levels bounds what the kernels of Deeploy bound, quotients are cut towards
 * zero, and the deviation is the whole part of the root of the mean square plus one:
 *
 *   iLayerNorm(x, w, b)   floor(((x - mean) w / deviation + b) / D)
 *   iRMSNorm(x, w)        floor(x w / deviation / D), within n_levels levels
 *   iNoNorm(x, w, b)      floor((x w + b) mul / D), within n_levels levels
 *   RMSNorm(x, w)         of floats: x w / sqrt(mean(x x) + eps)
 */
#include "plugins/deeploy/deeploy.h"

/* The root of a float is exact enough up to 2^24, mean squares of 12-bit numbers. */
static enum th_status deviation(const struct th_import *im, th_value x, int64_t row, th_value *out)
{
    TH_TRY(deeploy_whole(im, "mul", x, x, out));
    TH_TRY(deeploy_reduce(im, "sum", *out, out));
    TH_TRY(deeploy_with(im, "div", *out, row, out));
    TH_TRY(deeploy_with(im, "add", *out, 1, out));
    TH_TRY(deeploy_cast(im, *out, TH_DT_F32, out));
    TH_TRY(deeploy_unary(im, "sqrt", *out, TH_DT_F32, out));
    return deeploy_cast(im, *out, TH_DT_S64, out);
}

/* x divided by D, within n_levels signed levels. */
static enum th_status levelled(struct th_import *im, th_value x, int64_t div)
{
    int64_t levels;

    TH_TRY(deeploy_number(im, "n_levels", 2, INT64_C(1) << 32, &levels));
    TH_TRY(deeploy_with(im, "floor_div", x, div, &x));
    TH_TRY(deeploy_clip(im, x, -(levels / 2), levels - levels / 2 - 1, &x));
    return deeploy_result(im, x, -(levels / 2), levels - levels / 2 - 1);
}

enum th_status deeploy_layer_norm(struct th_import *im)
{
    int64_t div, row;
    th_value x, mean, root, w, b;

    TH_TRY(deeploy_operands(im, 3));
    TH_TRY(deeploy_number(im, "D", 1, INT64_C(1) << 40, &div));
    TH_TRY(deeploy_last_axis(im));
    TH_TRY(deeploy_first(im, &x, &row));
    TH_TRY(deeploy_factor(im, 1, false, &w));
    TH_TRY(deeploy_factor(im, 2, false, &b));
    TH_TRY(deeploy_reduce(im, "sum", x, &mean));
    TH_TRY(deeploy_with(im, "div", mean, row, &mean));
    TH_TRY(deeploy_whole(im, "sub", x, mean, &x));
    TH_TRY(deviation(im, x, row, &root));
    TH_TRY(deeploy_whole(im, "mul", x, w, &x));
    TH_TRY(deeploy_whole(im, "div", x, root, &x));
    TH_TRY(deeploy_whole(im, "add", x, b, &x));
    TH_TRY(deeploy_with(im, "floor_div", x, div, &x));
    return deeploy_open_result(im, x);
}

enum th_status deeploy_rms_norm(struct th_import *im)
{
    int64_t div, row;
    th_value x, root, w;

    TH_TRY(deeploy_operands(im, 2));
    TH_TRY(deeploy_number(im, "D", 1, INT64_C(1) << 40, &div));
    TH_TRY(deeploy_last_axis(im));
    TH_TRY(deeploy_first(im, &x, &row));
    TH_TRY(deeploy_factor(im, 1, false, &w));
    TH_TRY(deviation(im, x, row, &root));
    TH_TRY(deeploy_whole(im, "mul", x, w, &x));
    TH_TRY(deeploy_whole(im, "div", x, root, &x));
    return levelled(im, x, div);
}

enum th_status deeploy_no_norm(struct th_import *im)
{
    int64_t div, mul;
    th_value x, w, b;

    TH_TRY(deeploy_operands(im, 3));
    TH_TRY(deeploy_number(im, "D", 1, INT64_C(1) << 40, &div));
    TH_TRY(deeploy_number(im, "mul", INT32_MIN, INT32_MAX, &mul));
    TH_TRY(deeploy_cast(im, im->in[0], TH_DT_S64, &x));
    TH_TRY(deeploy_factor(im, 1, false, &w));
    TH_TRY(deeploy_factor(im, 2, false, &b));
    TH_TRY(deeploy_whole(im, "mul", x, w, &x));
    TH_TRY(deeploy_whole(im, "add", x, b, &x));
    TH_TRY(deeploy_with(im, "mul", x, mul, &x));
    return levelled(im, x, div);
}

enum th_status deeploy_float_rms_norm(struct th_import *im)
{
    const struct th_type *x;
    th_value in[2];
    double eps = -1;
    struct th_attr a[2] = {{.name = "epsilon", .kind = TH_ATTR_FLOAT},
                           {.name = "rms", .kind = TH_ATTR_BOOL, .v.i = 1}};

    TH_TRY(deeploy_operands(im, 2));
    TH_TRY(deeploy_last_axis(im));
    for (uint32_t i = 0; i < 2; i++) {
        in[i] = im->in[i];
        if (th_value_type(im->graph, in[i])->dtype != TH_DT_F32)
            return th_import_error(im, "operand %u is no float tensor", i);
    }
    x = th_value_type(im->graph, in[0]);
    if (th_type_elems(th_value_type(im->graph, in[1])) != x->dims[x->rank - 1])
        return th_import_error(im, "%lld weights for rows of %lld elements",
                               (long long)th_type_elems(th_value_type(im->graph, in[1])),
                               (long long)x->dims[x->rank - 1]);
    if (!im->option_float(im, "eps", &eps) || !(eps >= 0 && eps <= 1))
        return th_import_error(im, "attribute 'eps' is no number from 0 to 1");
    a[0].v.f = eps;
    return deeploy_add(im, "layer_norm", in, 2, a, 2, TH_DT_NONE, &im->out[0]);
}
