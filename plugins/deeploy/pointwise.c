/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Element by element:
 *
 *   RequantShift(x, mul, add)   floor((x mul + add + div / 2) / div), within n_levels levels
 *   TrueIntegerDiv(x)           x times the whole part of Delta eta / (y eta + eps)
 *   iGELU(x)                    a polynomial with the coefficients b and one
 *   iHardswish(x)               x times one_over_six times x + three, held in 0 .. six
 */
#include "plugins/deeploy/deeploy.h"

/* Exporters of different age call the levels by either name. */
static enum th_status levels_of(const struct th_import *im, int64_t *levels)
{
    const char *name = deeploy_has(im, "n_levels") ? "n_levels" : "n_levels_out";

    return deeploy_number(im, name, 2, INT64_C(1) << 32, levels);
}

enum th_status deeploy_requant_shift(struct th_import *im)
{
    int64_t div, levels, is_signed, least;
    th_value x, mul, offset;

    TH_TRY(deeploy_operands(im, 3));
    TH_TRY(deeploy_number(im, "div", 1, INT64_C(1) << 40, &div));
    TH_TRY(levels_of(im, &levels));
    TH_TRY(deeploy_number(im, "signed", 0, 1, &is_signed));
    least = is_signed ? -(levels / 2) : 0;
    TH_TRY(deeploy_cast(im, im->in[0], TH_DT_S64, &x));
    TH_TRY(deeploy_factor(im, 1, true, &mul));
    TH_TRY(deeploy_factor(im, 2, true, &offset));
    TH_TRY(deeploy_whole(im, "mul", x, mul, &x));
    TH_TRY(deeploy_whole(im, "add", x, offset, &x));
    TH_TRY(deeploy_with(im, "add", x, div / 2, &x));
    TH_TRY(deeploy_with(im, "floor_div", x, div, &x));
    TH_TRY(deeploy_clip(im, x, least, least + levels - 1, &x));
    return deeploy_result(im, x, least, least + levels - 1);
}

/* Deeploy folds the quotient, cut to a whole number, into the factor of the RequantShift behind. */
enum th_status deeploy_true_integer_div(struct th_import *im)
{
    const int64_t most = INT64_C(1) << 30;
    int64_t delta, eta, eps, y;
    th_value x;

    TH_TRY(deeploy_operands(im, 1));
    TH_TRY(deeploy_number(im, "Delta", 1, most, &delta));
    TH_TRY(deeploy_number(im, "eta", 1, most, &eta));
    TH_TRY(deeploy_number(im, "eps", 0, most, &eps));
    TH_TRY(deeploy_number(im, "y", 1, most, &y));
    TH_TRY(deeploy_cast(im, im->in[0], TH_DT_S64, &x));
    TH_TRY(deeploy_with(im, "mul", x, delta * eta / (y * eta + eps), &x));
    return deeploy_open_result(im, x);
}

enum th_status deeploy_gelu(struct th_import *im)
{
    int64_t b, one;
    th_value x, sign, d;
    bool real;

    TH_TRY(deeploy_operands(im, 1));
    real = th_value_type(im->graph, im->in[0])->dtype == TH_DT_F32;
    TH_TRY(deeploy_number(im, "b", -(1 << 20), 0, &b));
    TH_TRY(deeploy_number(im, "one", -(1 << 30), 1 << 30, &one));
    TH_TRY(deeploy_cast(im, im->in[0], TH_DT_S64, &x));
    /* Narrower than x where it comes from floats. */
    TH_TRY(deeploy_unary(im, "sign", real ? im->in[0] : x, real ? TH_DT_F32 : TH_DT_S64, &sign));
    TH_TRY(deeploy_cast(im, sign, TH_DT_S64, &sign));
    TH_TRY(deeploy_unary(im, "abs", x, TH_DT_S64, &d));
    TH_TRY(deeploy_with(im, "minimum", d, -b, &d));
    TH_TRY(deeploy_with(im, "add", d, b, &d));
    TH_TRY(deeploy_whole(im, "mul", d, d, &d));
    TH_TRY(deeploy_with(im, "mul", d, -1, &d));
    TH_TRY(deeploy_with(im, "add", d, one, &d));
    TH_TRY(deeploy_whole(im, "mul", d, sign, &d));
    TH_TRY(deeploy_with(im, "add", d, one, &d));
    TH_TRY(deeploy_with(im, "floor_div", d, 2, &d));
    TH_TRY(deeploy_whole(im, "mul", x, d, &x));
    return deeploy_open_result(im, x);
}

enum th_status deeploy_hardswish(struct th_import *im)
{
    int64_t three, six, sixth;
    th_value x, gate;

    TH_TRY(deeploy_operands(im, 1));
    TH_TRY(deeploy_number(im, "three", 0, 1 << 20, &three));
    TH_TRY(deeploy_number(im, "six", 0, 1 << 20, &six));
    TH_TRY(deeploy_number(im, "one_over_six", 0, 1 << 20, &sixth));
    TH_TRY(deeploy_cast(im, im->in[0], TH_DT_S64, &x));
    TH_TRY(deeploy_with(im, "add", x, three, &gate));
    TH_TRY(deeploy_clip(im, gate, 0, six, &gate));
    TH_TRY(deeploy_with(im, "mul", gate, sixth, &gate));
    TH_TRY(deeploy_whole(im, "mul", x, gate, &x));
    return deeploy_open_result(im, x);
}
