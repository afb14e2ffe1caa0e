/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes, operands, attributes and results, as all importers of the module need them. */
#include <math.h>

#include "plugins/deeploy/deeploy.h"

/* ---- nodes ----------------------------------------------------------------------------------- */

enum th_status deeploy_add(const struct th_import *im, const char *op, const th_value *in,
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

enum th_status deeploy_cast(const struct th_import *im, th_value x, enum th_dtype dt, th_value *out)
{
    return deeploy_add(im, "cast", &x, 1, NULL, 0, dt, out);
}

enum th_status deeploy_unary(const struct th_import *im, const char *op, th_value x,
                             enum th_dtype dt, th_value *out)
{
    return deeploy_add(im, op, &x, 1, NULL, 0, dt, out);
}

enum th_status deeploy_whole(const struct th_import *im, const char *op, th_value a, th_value b,
                             th_value *out)
{
    th_value in[2] = {a, b};

    return deeploy_add(im, op, in, 2, NULL, 0, TH_DT_S64, out);
}

enum th_status deeploy_with(const struct th_import *im, const char *op, th_value a, int64_t b,
                            th_value *out)
{
    th_value c = th_graph_const_ints(im->graph, TH_DT_S64, 0, NULL, &b);

    return c != 0 ? deeploy_whole(im, op, a, c, out) : TH_ERR_INTERNAL;
}

enum th_status deeploy_clip(const struct th_import *im, th_value x, int64_t least, int64_t most,
                            th_value *out)
{
    TH_TRY(deeploy_with(im, "maximum", x, least, &x));
    return deeploy_with(im, "minimum", x, most, out);
}

enum th_status deeploy_reduce(const struct th_import *im, const char *op, th_value x, th_value *out)
{
    int64_t axis = th_value_type(im->graph, x)->rank - 1;
    struct th_attr a[] = {{.name = "axes", .kind = TH_ATTR_INTS, .n = 1, .v.ints = &axis},
                          {.name = "keep_dims", .kind = TH_ATTR_BOOL, .v.i = 1}};

    return deeploy_add(im, op, &x, 1, a, 2, TH_DT_NONE, out);
}

/* ---- operands and attributes ----------------------------------------------------------------- */

enum th_status deeploy_operands(const struct th_import *im, uint32_t count)
{
    if (im->n_in != count || im->n_out != 1)
        return th_import_error(im, "%u operands and %u results, expected are "
                               "%u and 1", im->n_in, im->n_out, count);
    for (uint32_t i = 0; i < count; i++) {
        enum th_dtype dt = im->in[i] != 0 ? th_value_type(im->graph, im->in[i])->dtype : TH_DT_NONE;

        if (dt == TH_DT_NONE)
            return th_import_error(im, "operand %u is absent", i);
        if (dt != TH_DT_F32 && !th_dtype_is_int(dt))
            return th_import_error(im, "operand %u has elements of %s, expected are f32 or "
                                   "integers", i, th_dtype_name(dt));
    }
    if (th_value_type(im->graph, im->in[0])->rank < 1)
        return th_import_error(im, "operand 0 is a scalar");
    return TH_OK;
}

enum th_status deeploy_first(const struct th_import *im, th_value *x, int64_t *row)
{
    const struct th_type *t = th_value_type(im->graph, im->in[0]);

    *row = t->dims[t->rank - 1];
    if (*row < 1)
        return th_import_error(im, "rows have no elements");
    return deeploy_cast(im, im->in[0], TH_DT_S64, x);
}

/* The axes that t has beside those of x; false if the result would be larger than x. */
static bool beside(const struct th_type *x, const struct th_type *t, int64_t *dims)
{
    const int32_t missing = x->rank - t->rank;
    bool fits = missing >= 0;

    for (int32_t k = 0; fits && k < x->rank; k++) {
        dims[k] = k < missing ? 1 : t->dims[k - missing];
        fits = dims[k] == 1 || dims[k] == x->dims[k];
    }
    return fits;
}

enum th_status deeploy_factor(const struct th_import *im, uint32_t i, bool channels, th_value *out)
{
    const struct th_type *x = th_value_type(im->graph, im->in[0]);
    const struct th_type *t = th_value_type(im->graph, im->in[i]);
    int64_t dims[TH_MAX_RANK], most = 0;
    struct th_attr shape = {.name = "shape", .kind = TH_ATTR_INTS, .n = (uint32_t)x->rank,
                            .v.ints = dims};

    for (int32_t k = 0; k < t->rank; k++)
        most = t->dims[k] > most ? t->dims[k] : most;
    if (!beside(x, t, dims)) {
        if (!channels || x->rank < 2 || most != x->dims[1] || th_type_elems(t) != most)
            return th_import_error(im, "operand %u has %d dimensions and %lld elements, which do "
                                   "not stand beside those of operand 0", i, (int)t->rank,
                                   (long long)th_type_elems(t));
        for (int32_t k = 0; k < x->rank; k++)
            dims[k] = k == 1 ? most : 1;
    }
    TH_TRY(deeploy_cast(im, im->in[i], TH_DT_S64, out));
    return deeploy_add(im, "reshape", out, 1, &shape, 1, TH_DT_NONE, out);
}

/* NaN where there is none. */
static double given(const struct th_import *im, const char *name)
{
    const struct th_tensor *t;
    int64_t i;
    double x;
    th_value v;

    if (im->option_int(im, name, &i))
        return (double)i;
    if (im->option_float(im, name, &x))
        return x;
    v = im->option_tensor(im, name);
    t = v != 0 ? th_value_const(im->graph, v) : NULL;
    if (t == NULL || th_type_elems(&t->type) != 1)
        return (double)NAN;
    return th_dtype_is_float(t->type.dtype) ? th_tensor_real(t, 0) : (double)th_tensor_int(t, 0);
}

bool deeploy_has(const struct th_import *im, const char *name)
{
    int64_t i;
    double x;

    return im->option_int(im, name, &i) || im->option_float(im, name, &x) ||
           im->option_tensor(im, name) != 0;
}

enum th_status deeploy_number(const struct th_import *im, const char *name, int64_t least,
                              int64_t most, int64_t *out)
{
    double x = given(im, name);

    if (!(x >= (double)least && x <= (double)most) || floor(x) != x)
        return th_import_error(im, "attribute '%s' is no whole number from %lld to "
                               "%lld", name, (long long)least, (long long)most);
    *out = (int64_t)x;
    return TH_OK;
}

enum th_status deeploy_last_axis(const struct th_import *im)
{
    const int32_t rank = th_value_type(im->graph, im->in[0])->rank;
    int64_t axis;

    if (im->option_int(im, "axis", &axis) && axis != -1 && axis != rank - 1)
        return th_import_error(im, "axis %lld of %d; only the last is supported", (long long)axis,
                               (int)rank);
    return TH_OK;
}

/* ---- the result ------------------------------------------------------------------------------ */

enum th_status deeploy_result(struct th_import *im, th_value x, int64_t least, int64_t most)
{
    enum th_dtype dt = im->out_types[0].dtype;

    if (dt == TH_DT_NONE)
        dt = th_value_type(im->graph, im->in[0])->dtype;
    if (dt != TH_DT_F32 &&
        (!th_dtype_is_int(dt) || least < th_dtype_min(dt) || most > th_dtype_max(dt)))
        return th_import_error(im, "its results, from %lld to %lld, are to be %s, which does not "
                               "hold them; declare f32 or a wider integer", (long long)least,
                               (long long)most, th_dtype_name(dt));
    return deeploy_cast(im, x, dt, &im->out[0]);
}

enum th_status deeploy_open_result(struct th_import *im, th_value x)
{
    return deeploy_result(im, x, INT32_MIN, INT32_MAX);
}
