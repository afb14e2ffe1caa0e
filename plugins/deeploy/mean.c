/* SPDX-License-Identifier: Apache-2.0 */
/* IntegerMean(x): the sum divided by the count, to the nearest. */
#include "plugins/deeploy/deeploy.h"

/* x + half for x >= 0, x - half below. */
static enum th_status away_from_zero(const struct th_import *im, th_value x, int64_t half,
                                     th_value *out)
{
    th_value in[3], zero = th_graph_const_ints(im->graph, TH_DT_S64, 0, NULL, (int64_t[]){0});
    th_value less[2] = {x, zero};

    if (zero == 0)
        return TH_ERR_INTERNAL;
    TH_TRY(deeploy_add(im, "less", less, 2, NULL, 0, TH_DT_NONE, &in[0]));
    TH_TRY(deeploy_with(im, "add", x, -half, &in[1]));
    TH_TRY(deeploy_with(im, "add", x, half, &in[2]));
    return deeploy_add(im, "select", in, 3, NULL, 0, TH_DT_S64, out);
}

/* Halves are rounded up where the division is a shift, away from zero elsewhere. */
enum th_status deeploy_integer_mean(struct th_import *im)
{
    const struct th_type *t;
    const int64_t *given;
    int64_t keep = 1, count = 1, axes[TH_MAX_RANK];
    struct th_attr a[2];
    size_t n = 0;
    th_value x;

    TH_TRY(deeploy_operands(im, 1));
    t = th_value_type(im->graph, im->in[0]);
    given = im->option_ints(im, "axes", &n);
    im->option_int(im, "keepdims", &keep);
    if (n == 0 || n > TH_MAX_RANK)
        return th_import_error(im, "%zu axes", n);
    for (size_t i = 0; i < n; i++) {
        axes[i] = given[i] < 0 ? given[i] + t->rank : given[i];
        if (axes[i] < 0 || axes[i] >= t->rank)
            return th_import_error(im, "axis %lld of %d", (long long)given[i], (int)t->rank);
        for (size_t k = 0; k < i; k++)
            if (axes[k] == axes[i])
                return th_import_error(im, "axis %lld is named twice", (long long)axes[i]);
        count *= t->dims[axes[i]];
    }
    if (count < 1)
        return th_import_error(im, "the mean of nothing");
    a[0] = (struct th_attr){.name = "axes", .kind = TH_ATTR_INTS, .n = (uint32_t)n, .v.ints = axes};
    a[1] = (struct th_attr){.name = "keep_dims", .kind = TH_ATTR_BOOL, .v.i = keep != 0};
    TH_TRY(deeploy_cast(im, im->in[0], TH_DT_S64, &x));
    TH_TRY(deeploy_add(im, "sum", &x, 1, a, 2, TH_DT_NONE, &x));
    if ((count & (count - 1)) == 0) {
        TH_TRY(deeploy_with(im, "add", x, count / 2, &x));
        TH_TRY(deeploy_with(im, "floor_div", x, count, &x));
    } else {
        TH_TRY(away_from_zero(im, x, count / 2, &x));
        TH_TRY(deeploy_with(im, "div", x, count, &x));
    }
    return deeploy_open_result(im, x);
}
