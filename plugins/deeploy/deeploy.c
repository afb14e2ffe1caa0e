/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators that Deeploy's integer networks add to ONNX. The tensors are floats that hold whole
 * numbers; what the operators compute with them goes through 64-bit integers, as products leave the
 * range in which floats count exactly.
 *
 *   RequantShift(x, mul, add)   floor((x mul + add + div / 2) / div), within n_levels_out levels
 *   iLayerNorm(x, w, b)         the row less its mean, over its whole deviation, times w plus b
 *   iGELU(x)                    a polynomial with the coefficients b and one
 *   ITAMax(x)                   powers of two in place of exponentials
 *   IntegerMean(x)              the sum divided by the count, to the nearest
 */
#include <string.h>

#include <thimble/import.h>
#include <thimble/op.h>
#include <thimble/plugin.h>

/* ---- nodes ----------------------------------------------------------------------------------- */

static enum th_status add(const struct th_import *im, const char *op, const th_value *in,
                          uint32_t n_in, const struct th_attr *attrs, uint32_t n_attrs,
                          enum th_dtype dt, th_value *out)
{
    struct th_type open = {.dtype = dt, .rank = -1};
    struct th_node_desc d = {.op = op, .contract = "onnx", .in = in, .n_in = n_in,
                             .attrs = attrs, .n_attrs = n_attrs, .n_out = 1, .loc = im->loc,
                             .out = dt != TH_DT_NONE ? &open : NULL};
    th_value v = 0;

    TH_TRY(th_graph_add_node(im->graph, &d, NULL, &v));
    *out = v;
    return TH_OK;
}

static enum th_status cast(const struct th_import *im, th_value x, enum th_dtype dt, th_value *out)
{
    return add(im, "cast", &x, 1, NULL, 0, dt, out);
}

/* a op b in 64-bit integers; out may be an operand. */
static enum th_status whole(const struct th_import *im, const char *op, th_value a, th_value b,
                            th_value *out)
{
    th_value in[2] = {a, b};

    return add(im, op, in, 2, NULL, 0, TH_DT_S64, out);
}

static enum th_status with(const struct th_import *im, const char *op, th_value a, int64_t b,
                           th_value *out)
{
    th_value c = th_graph_const_ints(im->graph, TH_DT_S64, 0, NULL, &b);

    return c != 0 ? whole(im, op, a, c, out) : TH_ERR_INTERNAL;
}

static enum th_status unary(const struct th_import *im, const char *op, th_value x,
                            enum th_dtype dt, th_value *out)
{
    return add(im, op, &x, 1, NULL, 0, dt, out);
}

/* Over the last axis, which stays with one element. */
static enum th_status reduce(const struct th_import *im, const char *op, th_value x, th_value *out)
{
    int64_t axis = th_value_type(im->graph, x)->rank - 1;
    struct th_attr a[] = {{.name = "axes", .kind = TH_ATTR_INTS, .n = 1, .v.ints = &axis},
                          {.name = "keep_dims", .kind = TH_ATTR_BOOL, .v.i = 1}};

    return add(im, op, &x, 1, a, 2, TH_DT_NONE, out);
}

/* ---- operands and attributes ----------------------------------------------------------------- */

static enum th_status operands(const struct th_import *im, uint32_t count)
{
    if (im->n_in != count || im->n_out != 1)
        return th_import_error(im, "%u operands and %u results, expected are "
                               "%u and 1", im->n_in, im->n_out, count);
    for (uint32_t i = 0; i < count; i++)
        if (im->in[i] == 0 || th_value_type(im->graph, im->in[i])->dtype != TH_DT_F32)
            return th_import_error(im, "operand %u is no float tensor", i);
    if (th_value_type(im->graph, im->in[0])->rank < 1)
        return th_import_error(im, "operand 0 is a scalar");
    return TH_OK;
}

/* An attribute that is a tensor of one whole number. */
static enum th_status number(const struct th_import *im, const char *name, int64_t least,
                             int64_t most, int64_t *out)
{
    th_value v = im->option_tensor != NULL ? im->option_tensor(im, name) : 0;
    const struct th_tensor *t = v != 0 ? th_value_const(im->graph, v) : NULL;
    double x = t != NULL && th_type_elems(&t->type) == 1
                   ? th_dtype_is_float(t->type.dtype) ? th_tensor_real(t, 0)
                                                      : (double)th_tensor_int(t, 0)
                   : -1;

    if (!(x >= (double)least && x <= (double)most))
        return th_import_error(im, "attribute '%s' is no number from %lld to "
                               "%lld", name, (long long)least, (long long)most);
    *out = (int64_t)x;
    return TH_OK;
}

/* Operand i as 64-bit integers with the axes of x: missing ones in front have one element. */
static enum th_status factor(const struct th_import *im, uint32_t i, th_value *out)
{
    const struct th_type *x = th_value_type(im->graph, im->in[0]);
    const struct th_type *t = th_value_type(im->graph, im->in[i]);
    int64_t dims[TH_MAX_RANK];
    struct th_attr shape = {.name = "shape", .kind = TH_ATTR_INTS, .n = (uint32_t)x->rank,
                            .v.ints = dims};

    if (t->rank > x->rank)
        return th_import_error(im, "operand %u has %d dimensions, operand 0 "
                               "%d", i, (int)t->rank, (int)x->rank);
    for (int32_t k = 0; k < x->rank; k++)
        dims[k] = k < x->rank - t->rank ? 1 : t->dims[k - (x->rank - t->rank)];
    TH_TRY(cast(im, im->in[i], TH_DT_S64, out));
    return add(im, "reshape", out, 1, &shape, 1, TH_DT_NONE, out);
}

/* ---- the operators --------------------------------------------------------------------------- */

static enum th_status requant_shift(struct th_import *im)
{
    int64_t div, levels, is_signed, least;
    th_value x, mul, offset;

    TH_TRY(operands(im, 3));
    TH_TRY(number(im, "div", 1, INT64_C(1) << 40, &div));
    TH_TRY(number(im, "n_levels_out", 2, INT64_C(1) << 32, &levels));
    TH_TRY(number(im, "signed", 0, 1, &is_signed));
    least = is_signed ? -(levels / 2) : 0;
    TH_TRY(cast(im, im->in[0], TH_DT_S64, &x));
    TH_TRY(factor(im, 1, &mul));
    TH_TRY(factor(im, 2, &offset));
    TH_TRY(whole(im, "mul", x, mul, &x));
    TH_TRY(whole(im, "add", x, offset, &x));
    TH_TRY(with(im, "add", x, div / 2, &x));
    TH_TRY(with(im, "floor_div", x, div, &x));
    TH_TRY(with(im, "maximum", x, least, &x));
    TH_TRY(with(im, "minimum", x, least + levels - 1, &x));
    return cast(im, x, TH_DT_F32, &im->out[0]);
}

/* The deviation is the whole part of a root; quotients are cut towards zero. */
static enum th_status layer_norm(struct th_import *im)
{
    int64_t div, row;
    th_value x, mean, root, w, b;

    TH_TRY(operands(im, 3));
    TH_TRY(number(im, "D", 1, INT64_C(1) << 40, &div));
    row = th_value_type(im->graph, im->in[0])
              ->dims[th_value_type(im->graph, im->in[0])->rank - 1];
    if (row < 1)
        return th_import_error(im, "rows have no elements");
    TH_TRY(cast(im, im->in[0], TH_DT_S64, &x));
    TH_TRY(factor(im, 1, &w));
    TH_TRY(factor(im, 2, &b));
    TH_TRY(reduce(im, "sum", x, &mean));
    TH_TRY(with(im, "div", mean, row, &mean));
    TH_TRY(whole(im, "sub", x, mean, &x));
    TH_TRY(whole(im, "mul", x, x, &root));
    TH_TRY(reduce(im, "sum", root, &root));
    TH_TRY(with(im, "div", root, row, &root));
    TH_TRY(with(im, "add", root, 1, &root));
    TH_TRY(cast(im, root, TH_DT_F32, &root));
    TH_TRY(unary(im, "sqrt", root, TH_DT_F32, &root));
    TH_TRY(cast(im, root, TH_DT_S64, &root));
    TH_TRY(whole(im, "mul", x, w, &x));
    TH_TRY(whole(im, "div", x, root, &x));
    TH_TRY(whole(im, "add", x, b, &x));
    TH_TRY(with(im, "floor_div", x, div, &x));
    return cast(im, x, TH_DT_F32, &im->out[0]);
}

static enum th_status gelu(struct th_import *im)
{
    int64_t b = 0, one = 0;
    th_value x, sign, d;

    TH_TRY(operands(im, 1));
    if (!im->option_int(im, "b", &b) || !im->option_int(im, "one", &one) || b > 0 ||
        b < -(1 << 20) || one < -(1 << 30) || one > 1 << 30)
        return th_import_error(im, "its attributes 'b' and 'one' are absent or out of range");
    TH_TRY(cast(im, im->in[0], TH_DT_S64, &x));
    TH_TRY(unary(im, "sign", im->in[0], TH_DT_F32, &sign));
    TH_TRY(cast(im, sign, TH_DT_S64, &sign));
    TH_TRY(unary(im, "abs", x, TH_DT_S64, &d));
    TH_TRY(with(im, "minimum", d, -b, &d));
    TH_TRY(with(im, "add", d, b, &d));
    TH_TRY(whole(im, "mul", d, d, &d));
    TH_TRY(with(im, "mul", d, -1, &d));
    TH_TRY(with(im, "add", d, one, &d));
    TH_TRY(whole(im, "mul", d, sign, &d));
    TH_TRY(with(im, "add", d, one, &d));
    TH_TRY(with(im, "floor_div", d, 2, &d));
    TH_TRY(whole(im, "mul", x, d, &x));
    return cast(im, x, TH_DT_F32, &im->out[0]);
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
    return in[0] != 0 ? add(im, "gather", in, 2, &axis, 1, TH_DT_NONE, out) : TH_ERR_INTERNAL;
}

/* Distances from the row's largest value, in steps of 32, halve 256. */
static enum th_status ita_max(struct th_import *im)
{
    int64_t levels;
    th_value x, most, shift, y;

    TH_TRY(operands(im, 1));
    TH_TRY(number(im, "n_levels", 2, 256, &levels));
    TH_TRY(cast(im, im->in[0], TH_DT_S64, &x));
    TH_TRY(reduce(im, "reduce_max", x, &most));
    TH_TRY(whole(im, "sub", most, x, &shift));
    TH_TRY(with(im, "add", shift, 16, &shift));
    TH_TRY(with(im, "floor_div", shift, 32, &shift));
    TH_TRY(with(im, "minimum", shift, 8, &shift));
    TH_TRY(power(im, shift, true, &y));
    TH_TRY(reduce(im, "sum", y, &y));
    most = th_graph_const_ints(im->graph, TH_DT_S64, 0, NULL, (int64_t[]){(levels - 1) * 256});
    if (most == 0)
        return TH_ERR_INTERNAL;
    TH_TRY(whole(im, "floor_div", most, y, &y));
    TH_TRY(power(im, shift, false, &shift));
    TH_TRY(whole(im, "floor_div", y, shift, &y));
    return cast(im, y, TH_DT_F32, &im->out[0]);
}

/* x + half for x >= 0, x - half below. */
static enum th_status away_from_zero(const struct th_import *im, th_value x, int64_t half,
                                     th_value *out)
{
    th_value in[3], zero = th_graph_const_ints(im->graph, TH_DT_S64, 0, NULL, (int64_t[]){0});
    th_value less[2] = {x, zero};

    if (zero == 0)
        return TH_ERR_INTERNAL;
    TH_TRY(add(im, "less", less, 2, NULL, 0, TH_DT_NONE, &in[0]));
    TH_TRY(with(im, "add", x, -half, &in[1]));
    TH_TRY(with(im, "add", x, half, &in[2]));
    return add(im, "select", in, 3, NULL, 0, TH_DT_S64, out);
}

/* Halves are rounded up where the division is a shift, away from zero elsewhere. */
static enum th_status integer_mean(struct th_import *im)
{
    const struct th_type *t;
    const int64_t *given;
    int64_t keep = 1, count = 1, axes[TH_MAX_RANK];
    struct th_attr a[2];
    size_t n = 0;
    th_value x;

    TH_TRY(operands(im, 1));
    t = th_value_type(im->graph, im->in[0]);
    given = im->option_ints(im, "axes", &n);
    im->option_int(im, "keepdims", &keep);
    if (n == 0 || n > TH_MAX_RANK)
        return th_import_error(im, "%zu axes", n);
    for (size_t i = 0; i < n; i++) {
        axes[i] = given[i] < 0 ? given[i] + t->rank : given[i];
        if (axes[i] < 0 || axes[i] >= t->rank)
            return th_import_error(im, "axis %lld of %d", (long long)given[i], (int)t->rank);
        count *= t->dims[axes[i]];
    }
    if (count < 1)
        return th_import_error(im, "the mean of nothing");
    a[0] = (struct th_attr){.name = "axes", .kind = TH_ATTR_INTS, .n = (uint32_t)n, .v.ints = axes};
    a[1] = (struct th_attr){.name = "keep_dims", .kind = TH_ATTR_BOOL, .v.i = keep != 0};
    TH_TRY(cast(im, im->in[0], TH_DT_S64, &x));
    TH_TRY(add(im, "sum", &x, 1, a, 2, TH_DT_NONE, &x));
    if ((count & (count - 1)) == 0) {
        TH_TRY(with(im, "add", x, count / 2, &x));
        TH_TRY(with(im, "floor_div", x, count, &x));
    } else {
        TH_TRY(away_from_zero(im, x, count / 2, &x));
        TH_TRY(with(im, "div", x, count, &x));
    }
    return cast(im, x, TH_DT_F32, &im->out[0]);
}

static const struct th_importer importers[] = {
    {"onnx", "RequantShift", requant_shift}, {"onnx", "PACTOps:RequantShift", requant_shift},
    {"onnx", "iLayerNorm", layer_norm},      {"onnx", "PACTOps:iLayerNorm", layer_norm},
    {"onnx", "iGELU", gelu},                 {"onnx", "PACTOps:iGELU", gelu},
    {"onnx", "ITAMax", ita_max},             {"onnx", "PACTOps:ITAMax", ita_max},
    {"onnx", "IntegerMean", integer_mean},   {"onnx", "PACTOps:IntegerMean", integer_mean},
};

static enum th_status init(struct th_reg *reg)
{
    return th_reg_importers(reg, importers, TH_ARRAY_LEN(importers));
}

static const struct th_plugin plugin = {
    TH_PLUGIN_HEADER,
    .name = "deeploy",
    .version = "0.1.0",
    .license = "Apache-2.0",
    .summary = "integer operators of Deeploy's networks",
    .init = init,
};

TH_PLUGIN_ENTRY(deeploy)
{
    return &plugin;
}
