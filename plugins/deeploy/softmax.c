/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Over the last axis, of the distance d of each element from the largest:
 *
 *   iSoftmax(x)   e = (coeffA (r + coeffB)^2 + coeffC) / 2^z, where d = z log2 - r; the part of e
 *                 in the sum, in n_levels - 1 steps
 *   ITAMax(x)     powers of two in place of exponentials
 */
#include "plugins/deeploy/deeploy.h"

static enum th_status distance(const struct th_import *im, th_value x, th_value *out)
{
    th_value most;

    TH_TRY(deeploy_reduce(im, "reduce_max", x, &most));
    return deeploy_whole(im, "sub", most, x, out);
}

/* That a row of the largest e, in `levels` steps, stays below 2^62. */
static bool row_fits(int64_t a, int64_t b, int64_t c, int64_t log2, int64_t row, int64_t levels)
{
    int64_t e = b > log2 ? b : log2;

    return th_mul_i64(e, e, &e) && th_mul_i64(e, a, &e) && th_add_i64(e, c, &e) &&
           th_mul_i64(e, row > levels ? row : levels, &e) && e < INT64_C(1) << 62;
}

enum th_status deeploy_softmax(struct th_import *im)
{
    const int64_t most = INT64_C(1) << 40;
    int64_t a, b, c, log2, levels, row;
    th_value d, z, e, sum;

    TH_TRY(deeploy_operands(im, 1));
    TH_TRY(deeploy_number(im, "coeffA", 1, most, &a));
    TH_TRY(deeploy_number(im, "coeffB", 0, most, &b));
    TH_TRY(deeploy_number(im, "coeffC", 1, most, &c));
    TH_TRY(deeploy_number(im, "log2", 1, most, &log2));
    TH_TRY(deeploy_number(im, "n_levels", 2, 65536, &levels));
    TH_TRY(deeploy_last_axis(im));
    TH_TRY(deeploy_first(im, &d, &row));
    if (!row_fits(a, b, c, log2, row, levels))
        return th_import_error(im, "with its coefficients, the sum of a row of %lld elements can "
                               "leave 64 bits", (long long)row);
    TH_TRY(distance(im, d, &d));
    /* Steps beyond the 31st leave nothing. */
    TH_TRY(deeploy_with(im, "minimum", d, 32 * log2 - 1, &d));
    TH_TRY(deeploy_with(im, "div", d, log2, &z));
    TH_TRY(deeploy_with(im, "mul", z, log2, &e));
    TH_TRY(deeploy_whole(im, "sub", e, d, &e));
    TH_TRY(deeploy_with(im, "add", e, b, &e));
    TH_TRY(deeploy_whole(im, "mul", e, e, &e));
    TH_TRY(deeploy_with(im, "mul", e, a, &e));
    TH_TRY(deeploy_with(im, "add", e, c, &e));
    TH_TRY(deeploy_whole(im, "right_shift", e, z, &e));
    TH_TRY(deeploy_reduce(im, "sum", e, &sum));
    TH_TRY(deeploy_with(im, "mul", e, levels - 1, &e));
    TH_TRY(deeploy_whole(im, "div", e, sum, &e));
    return deeploy_result(im, e, 0, levels - 1);
}

/* Element i of a list of powers of two. */
static enum th_status power(const struct th_import *im, th_value i, bool falling, th_value *out)
{
    int64_t list[9], count = 9;
    struct th_attr axis = {.name = "axis", .kind = TH_ATTR_INT, .v.i = 0};
    th_value in[2];

    for (int k = 0; k < 9; k++)
        list[k] = (int64_t)1 << (falling ? 8 - k : k);
    in[0] = th_graph_const_ints(im->graph, TH_DT_S64, 1, &count, list);
    in[1] = i;
    return in[0] != 0 ? deeploy_add(im, "gather", in, 2, &axis, 1, TH_DT_NONE, out)
                      : TH_ERR_INTERNAL;
}

/* Distances in steps of 32 halve 256. */
enum th_status deeploy_ita_max(struct th_import *im)
{
    int64_t levels, row;
    th_value x, most, shift, y;

    TH_TRY(deeploy_operands(im, 1));
    TH_TRY(deeploy_number(im, "n_levels", 2, 256, &levels));
    TH_TRY(deeploy_first(im, &x, &row));
    TH_TRY(distance(im, x, &shift));
    TH_TRY(deeploy_with(im, "add", shift, 16, &shift));
    TH_TRY(deeploy_with(im, "floor_div", shift, 32, &shift));
    TH_TRY(deeploy_with(im, "minimum", shift, 8, &shift));
    TH_TRY(power(im, shift, true, &y));
    TH_TRY(deeploy_reduce(im, "sum", y, &y));
    most = th_graph_const_ints(im->graph, TH_DT_S64, 0, NULL, (int64_t[]){(levels - 1) * 256});
    if (most == 0)
        return TH_ERR_INTERNAL;
    TH_TRY(deeploy_whole(im, "floor_div", most, y, &y));
    TH_TRY(power(im, shift, false, &shift));
    TH_TRY(deeploy_whole(im, "floor_div", y, shift, &y));
    return deeploy_result(im, y, 0, levels - 1);
}
