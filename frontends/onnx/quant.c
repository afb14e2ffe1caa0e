/* SPDX-License-Identifier: Apache-2.0 */
/* Quantized values. */
#include <inttypes.h>
#include <string.h>

#include "import.h"

/* Scale and zero point operands as parameters along an axis; NULL (reported) unless constant and
 * sane. */
static const struct th_quant *parameters(struct onx_node *n, size_t scale, size_t zero,
                                         int64_t axis)
{
    const struct th_tensor *s = onx_const(n, onx_in(n, scale)), *z = NULL;
    struct th_arena *arena = n->scope->im->arena;
    int64_t count, *zeros;
    float *scales;

    if (onx_has_in(n, zero))
        z = onx_const(n, onx_in(n, zero));
    if (s == NULL || s->type.dtype != TH_DT_F32 || s->type.rank > 1 ||
        (onx_has_in(n, zero) && z == NULL) ||
        (z != NULL && th_type_elems(&z->type) != th_type_elems(&s->type))) {
        onx_reject(n, "a constant scale and zero point for the tensor or an axis",
                   "scale and zero point");
        return NULL;
    }
    count = th_type_elems(&s->type);
    scales = TH_NEW_ARRAY(arena, float, (size_t)count);
    zeros = TH_NEW_ARRAY(arena, int64_t, (size_t)count);
    if (scales == NULL || zeros == NULL || count < 1)
        return NULL;
    for (int64_t i = 0; i < count; i++) {
        scales[i] = (float)th_tensor_real(s, i);
        zeros[i] = z != NULL ? th_tensor_int(z, i) : 0;
        if (!(scales[i] > 0) || !isfinite(scales[i])) {
            onx_reject(n, NULL, "scale %" PRId64 " is %g", i, (double)scales[i]);
            return NULL;
        }
    }
    return th_quant_new(th_program_arena(n->scope->im->program), (uint32_t)count, scales, zeros,
                        count == 1 ? -1 : (int32_t)axis);
}

static bool quant_axis(struct onx_node *n, th_value x, int64_t *axis)
{
    int32_t rank = onx_type(n, x)->rank;

    *axis = 0;
    if (rank < 2)
        return true;
    return onx_axis(n, onx_attr_i(n, "axis", 1), rank, axis);
}

/* ---- scale and zero point computed when the model runs --------------------------------------- */

/* One number or one for each index of the axis, as a value that broadcasts over x. */
static enum th_status along(struct onx_node *n, th_value v, const struct th_type *x, int64_t axis,
                            th_value *out)
{
    int64_t dims[TH_MAX_RANK];

    if (th_type_elems(onx_type(n, v)) == 1)
        return onx_reshape(n, v, 0, NULL, out);
    for (int32_t i = 0; i < x->rank; i++)
        dims[i] = i == axis ? x->dims[i] : 1;
    if (x->rank < 1 || th_type_elems(onx_type(n, v)) != x->dims[axis])
        return onx_reject(n, NULL, "%" PRId64 " scales do not fit the operand",
                          th_type_elems(onx_type(n, v)));
    return onx_reshape(n, v, x->rank, dims, out);
}

static bool fixed_parameters(struct onx_node *n, size_t scale, size_t zero)
{
    return onx_in_is_const(n, scale) && (!onx_has_in(n, zero) || onx_in_is_const(n, zero));
}

/* round(x / scale) + zero, within the type */
static enum th_status quantize_moving(struct onx_node *n, th_value x, th_value scale, th_value zero,
                                      enum th_dtype dt, int64_t axis, th_value *out)
{
    struct th_type t = *onx_type(n, x);

    TH_TRY(along(n, scale, &t, axis, &scale));
    TH_TRY(onx_binary(n, "div", x, scale, &x));
    TH_TRY(onx_unary(n, "round", x, &x));
    if (zero != 0) {
        TH_TRY(along(n, zero, &t, axis, &zero));
        TH_TRY(onx_cast(n, zero, TH_DT_F32, &zero));
        TH_TRY(onx_binary(n, "add", x, zero, &x));
    }
    TH_TRY(onx_clamp(n, x, (double)th_dtype_min(dt), (double)th_dtype_max(dt), &x));
    return onx_cast(n, x, dt, out);
}

/* ---- the two operators ----------------------------------------------------------------------- */

static enum th_status import_quantize(struct onx_node *n)
{
    const struct th_quant *q;
    enum th_dtype dt = TH_DT_U8;
    int64_t axis;
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    if (!quant_axis(n, x, &axis))
        return TH_ERR_INPUT;
    if (onx_has_in(n, 2))
        dt = onx_type(n, onx_in(n, 2))->dtype;
    if (onx_has_in(n, 1) && !fixed_parameters(n, 1, 2)) {
        TH_TRY(quantize_moving(n, x, onx_in(n, 1), onx_in(n, 2), dt, axis, &y));
        return onx_bind(n, 0, y);
    }
    q = parameters(n, 1, 2, axis);
    if (q == NULL)
        return TH_ERR_INPUT;
    TH_TRY(onx_add_typed(n, "quantize", &x, 1, NULL, dt, q, &y));
    return onx_bind(n, 0, y);
}

/* The integers with their meaning: a constant of that type, or the value itself where nobody has
 * said yet what it means. */
static enum th_status with_quant(struct onx_node *n, th_value x, const struct th_quant *q,
                                 th_value *out)
{
    struct th_graph *g = n->scope->graph;
    struct th_type type = *onx_type(n, x);

    *out = x;
    if (th_quant_equal(type.quant, q))
        return TH_OK;
    type.quant = q;
    if (onx_const(n, x) != NULL) {
        *out = th_graph_add_const(g, th_value_name(g, x), &type, th_blob_ref(th_value_blob(g, x)));
        return *out != 0 ? TH_OK : TH_ERR_INTERNAL;
    }
    if (onx_type(n, x)->quant == NULL && th_value_user_count(g, x) == 0) {
        th_value_set_type(g, x, &type);
        return TH_OK;
    }
    *out = 0;
    return TH_OK;
}

/* (x - zero) * scale in reals. */
static enum th_status reals(struct onx_node *n, th_value x, th_value scale, th_value zero,
                            int64_t axis, th_value *out)
{
    struct th_type t = *onx_type(n, x);

    TH_TRY(onx_cast(n, x, TH_DT_F32, &x));
    if (zero != 0) {
        TH_TRY(along(n, zero, &t, axis, &zero));
        TH_TRY(onx_cast(n, zero, TH_DT_F32, &zero));
        TH_TRY(onx_binary(n, "sub", x, zero, &x));
    }
    TH_TRY(along(n, scale, &t, axis, &scale));
    return onx_binary(n, "mul", x, scale, out);
}

/* A constant is not turned into floats at once: it may become the weights of an integer
 * operator. */
static enum th_status add_dequantize(struct onx_node *n, th_value x, th_value *out)
{
    struct th_type open = {.dtype = TH_DT_F32, .rank = -1};
    struct th_node_desc d = {.op = "dequantize", .contract = "onnx", .in = &x, .n_in = 1,
                             .out = &open, .n_out = 1, .loc = n->loc};
    th_value y = 0;

    TH_TRY(th_graph_add_node_nofold(n->scope->graph, &d, NULL, &y));
    *out = y;
    return TH_OK;
}

/* Operand i with scale and zero point in the two operands named, as reals. */
static enum th_status dequantized(struct onx_node *n, size_t i, size_t scale, size_t zero,
                                  int64_t axis, th_value *out)
{
    const struct th_quant *q;
    th_value x = onx_in(n, i), y;

    if (x == 0 || !onx_has_in(n, scale))
        return onx_reject(n, NULL, "operand %zu is absent", x == 0 ? i : scale);
    if (!fixed_parameters(n, scale, zero))
        return reals(n, x, onx_in(n, scale), onx_in(n, zero), axis, out);
    q = parameters(n, scale, zero, axis);
    if (q == NULL)
        return TH_ERR_INPUT;
    TH_TRY(with_quant(n, x, q, &y));
    if (y == 0)
        return reals(n, x, onx_in(n, scale), onx_in(n, zero), axis, out);
    return add_dequantize(n, y, out);
}

static enum th_status import_dequantize(struct onx_node *n)
{
    int64_t axis;
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    if (!quant_axis(n, x, &axis))
        return TH_ERR_INPUT;
    TH_TRY(dequantized(n, 0, 1, 2, axis, &y));
    return onx_bind(n, 0, y);
}

/* ---- operators over quantized values: the pass qdq makes integers of the parts --------------- */

/* y, quantized as the two operands say, is the result. */
static enum th_status finish(struct onx_node *n, th_value y, size_t scale, size_t zero)
{
    enum th_dtype dt = onx_has_in(n, zero) ? onx_type(n, onx_in(n, zero))->dtype : TH_DT_U8;
    const struct th_quant *q;

    if (!onx_has_in(n, scale))
        return onx_reject(n, NULL, "operand %zu is absent", scale);
    if (!fixed_parameters(n, scale, zero)) {
        TH_TRY(quantize_moving(n, y, onx_in(n, scale), onx_in(n, zero), dt, 0, &y));
        return onx_bind(n, 0, y);
    }
    q = parameters(n, scale, zero, 0);
    if (q == NULL)
        return TH_ERR_INPUT;
    TH_TRY(onx_add_typed(n, "quantize", &y, 1, NULL, dt, q, &y));
    return onx_bind(n, 0, y);
}

/* A bias of 32 bits counts in products of the two scales. */
static enum th_status bias(struct onx_node *n, size_t i, size_t x_scale, size_t w_scale,
                           th_value *out)
{
    struct th_arena *arena = n->scope->im->arena;
    th_value b = onx_in(n, i), y;
    const struct th_quant *q, *x, *w;
    float *scales;

    *out = 0;
    if (b == 0)
        return TH_OK;
    if (!fixed_parameters(n, x_scale, SIZE_MAX) || !fixed_parameters(n, w_scale, SIZE_MAX)) {
        TH_TRY(onx_cast(n, b, TH_DT_F32, &y));
        TH_TRY(onx_binary(n, "mul", y, onx_in(n, x_scale), &y));
        return onx_binary(n, "mul", y, onx_in(n, w_scale), out);
    }
    x = parameters(n, x_scale, SIZE_MAX, 0);
    w = parameters(n, w_scale, SIZE_MAX, 0);
    if (x == NULL || w == NULL)
        return TH_ERR_INPUT;
    scales = TH_NEW_ARRAY(arena, float, w->n);
    if (scales == NULL)
        return TH_ERR_INTERNAL;
    for (uint32_t k = 0; k < w->n; k++)
        scales[k] = th_quant_scale(x, 0) * th_quant_scale(w, k);
    q = th_quant_new(th_program_arena(n->scope->im->program), w->n, scales, NULL,
                     w->n == 1 ? -1 : 0);
    if (q == NULL)
        return TH_ERR_INTERNAL;
    TH_TRY(with_quant(n, b, q, &y));
    if (y == 0)
        return onx_reject(n, "a constant bias", "the bias");
    return add_dequantize(n, y, out);
}

static enum th_status import_qlinear_conv(struct onx_node *n)
{
    th_value x, w, b, y;

    TH_TRY(dequantized(n, 0, 1, 2, 0, &x));
    TH_TRY(dequantized(n, 3, 4, 5, 0, &w));
    TH_TRY(bias(n, 8, 1, 4, &b));
    TH_TRY(onx_conv(n, x, w, b, &y));
    return finish(n, y, 6, 7);
}

static enum th_status import_qlinear_matmul(struct onx_node *n)
{
    int64_t columns;
    th_value a, b, y;

    TH_TRY(onx_need(n, (th_value[4]){0}, 4));
    columns = onx_type(n, onx_in(n, 3))->rank - 1;
    TH_TRY(dequantized(n, 0, 1, 2, 0, &a));
    TH_TRY(dequantized(n, 3, 4, 5, columns, &b));
    TH_TRY(onx_matmul(n, a, b, &y));
    return finish(n, y, 6, 7);
}

/* com.microsoft: A, A scale, A zero, B, B scale, B zero, C scale, C zero. */
static enum th_status import_qlinear_binary(struct onx_node *n)
{
    th_value a, b, y;

    TH_TRY(dequantized(n, 0, 1, 2, 0, &a));
    TH_TRY(dequantized(n, 3, 4, 5, 0, &b));
    TH_TRY(onx_binary(n, n->row->ir, a, b, &y));
    return finish(n, y, 6, 7);
}

/* com.microsoft: X, X scale, X zero, Y scale, Y zero. */
static enum th_status import_qlinear_unary(struct onx_node *n)
{
    struct th_attr_list a = {.n = 0};
    th_value x, y;

    TH_TRY(dequantized(n, 0, 1, 2, 0, &x));
    if (strcmp(n->row->ir, "avg_pool2d") == 0) {
        TH_TRY(onx_average_pool(n, x, &y));
    } else if (strcmp(n->row->ir, "mean") == 0) {
        TH_TRY(onx_global_pool(n, "mean", x, &y));
    } else if (strcmp(n->row->ir, "softmax") == 0) {
        TH_TRY(onx_softmax(n, "softmax", x, onx_attr_i(n, "opset", 13), &y));
    } else {
        if (strcmp(n->row->ir, "leaky_relu") == 0)
            th_attr_list_float(&a, "alpha", onx_attr_f(n, "alpha", (double)0.01f));
        TH_TRY(onx_add(n, n->row->ir, &x, 1, &a, &y));
    }
    return finish(n, y, 3, 4);
}

/* com.microsoft: Y scale, Y zero, then three operands for each part. */
static enum th_status import_qlinear_concat(struct onx_node *n)
{
    size_t count = (onx_n_in(n) - 2) / 3;
    th_value *in = TH_NEW_ARRAY(n->scope->im->arena, th_value, count + 1), y;
    int64_t axis;

    if (in == NULL)
        return TH_ERR_INTERNAL;
    if (onx_n_in(n) < 5 || onx_n_in(n) != 3 * count + 2)
        return onx_reject(n, NULL, "%zu operands", onx_n_in(n));
    for (size_t i = 0; i < count; i++)
        TH_TRY(dequantized(n, 2 + 3 * i, 3 + 3 * i, 4 + 3 * i, 0, &in[i]));
    if (!onx_axis(n, onx_attr_i(n, "axis", 0), onx_type(n, in[0])->rank, &axis))
        return TH_ERR_INPUT;
    TH_TRY(onx_concat(n, in, count, axis, &y));
    return finish(n, y, 0, 1);
}

/* ---- integers without scales ----------------------------------------------------------------- */

/* Operand i less its zero point, as dt. axis: of several zero points. */
static enum th_status centred(struct onx_node *n, size_t i, size_t zero, enum th_dtype dt,
                              int64_t axis, th_value *out)
{
    th_value x = onx_in(n, i), z = onx_in(n, zero);
    struct th_type t;

    if (x == 0)
        return onx_reject(n, NULL, "operand %zu is absent", i);
    t = *onx_type(n, x);
    TH_TRY(onx_cast(n, x, dt, out));
    if (z == 0)
        return TH_OK;
    TH_TRY(along(n, z, &t, axis, &z));
    TH_TRY(onx_cast(n, z, dt, &z));
    return onx_binary(n, "sub", *out, z, out);
}

static enum th_status import_matmul_integer(struct onx_node *n)
{
    th_value a, b, y;

    TH_TRY(onx_need(n, (th_value[2]){0}, 2));
    TH_TRY(centred(n, 0, 2, TH_DT_S32, onx_type(n, onx_in(n, 0))->rank - 2, &a));
    TH_TRY(centred(n, 1, 3, TH_DT_S32, onx_type(n, onx_in(n, 1))->rank - 1, &b));
    TH_TRY(onx_matmul(n, a, b, &y));
    return onx_bind(n, 0, y);
}

static enum th_status import_conv_integer(struct onx_node *n)
{
    const struct th_type *t;
    enum th_dtype dt;
    th_value in[2], x, w, y;

    TH_TRY(onx_need(n, in, 2));
    t = onx_type(n, in[1]);
    if (t->rank < 3 || t->dims[0] < 1)
        return onx_reject(n, NULL, "weights of %d axes", (int)t->rank);
    /* sums of at most 2^24 are exact in floats, too */
    dt = th_type_elems(t) / t->dims[0] > (1 << 24) / (255 * 255) ? TH_DT_S32 : TH_DT_F32;
    TH_TRY(centred(n, 0, 2, dt, 0, &x));
    TH_TRY(centred(n, 1, 3, dt, 0, &w));
    TH_TRY(onx_conv(n, x, w, 0, &y));
    TH_TRY(onx_cast(n, y, TH_DT_S32, &y));
    return onx_bind(n, 0, y);
}

/* The range of the values and 0 in 255 steps. */
static enum th_status import_dynamic_quantize(struct onx_node *n)
{
    int64_t axes[TH_MAX_RANK];
    th_value x, least, most, zero, steps, scale, point, y;
    int32_t rank;

    TH_TRY(onx_need(n, &x, 1));
    rank = onx_type(n, x)->rank;
    for (int32_t i = 0; i < rank; i++)
        axes[i] = i;
    TH_TRY(onx_scalar(n, TH_DT_F32, 0, &zero));
    TH_TRY(onx_scalar(n, TH_DT_F32, 255, &steps));
    TH_TRY(onx_reduce(n, "reduce_min", x, axes, (size_t)rank, false, &least));
    TH_TRY(onx_reduce(n, "reduce_max", x, axes, (size_t)rank, false, &most));
    TH_TRY(onx_binary(n, "minimum", least, zero, &least));
    TH_TRY(onx_binary(n, "maximum", most, zero, &most));
    TH_TRY(onx_binary(n, "sub", most, least, &scale));
    TH_TRY(onx_binary(n, "div", scale, steps, &scale));
    TH_TRY(onx_binary(n, "div", least, scale, &point));
    TH_TRY(onx_unary(n, "neg", point, &point));
    TH_TRY(onx_unary(n, "round", point, &point));
    TH_TRY(onx_clamp(n, point, 0, 255, &point));
    TH_TRY(onx_binary(n, "div", x, scale, &y));
    TH_TRY(onx_unary(n, "round", y, &y));
    TH_TRY(onx_binary(n, "add", y, point, &y));
    TH_TRY(onx_clamp(n, y, 0, 255, &y));
    TH_TRY(onx_cast(n, y, TH_DT_U8, &y));
    TH_TRY(onx_bind(n, 0, y));
    TH_TRY(onx_bind(n, 1, scale));
    TH_TRY(onx_cast(n, point, TH_DT_U8, &point));
    return onx_bind(n, 2, point);
}

const struct onx_row onx_rows_quant[] = {
    {"QuantizeLinear", import_quantize, NULL},
    {"DequantizeLinear", import_dequantize, NULL},
    {"com.microsoft:QuantizeLinear", import_quantize, NULL},
    {"com.microsoft:DequantizeLinear", import_dequantize, NULL},
    {"DynamicQuantizeLinear", import_dynamic_quantize, NULL},
    {"QLinearConv", import_qlinear_conv, NULL},
    {"QLinearMatMul", import_qlinear_matmul, NULL},
    {"com.microsoft:QLinearAdd", import_qlinear_binary, "add"},
    {"com.microsoft:QLinearMul", import_qlinear_binary, "mul"},
    {"com.microsoft:QLinearAveragePool", import_qlinear_unary, "avg_pool2d"},
    {"com.microsoft:QLinearGlobalAveragePool", import_qlinear_unary, "mean"},
    {"com.microsoft:QLinearSoftmax", import_qlinear_unary, "softmax"},
    {"com.microsoft:QLinearSigmoid", import_qlinear_unary, "logistic"},
    {"com.microsoft:QLinearLeakyRelu", import_qlinear_unary, "leaky_relu"},
    {"com.microsoft:QLinearConcat", import_qlinear_concat, NULL},
    {"MatMulInteger", import_matmul_integer, NULL},
    {"ConvInteger", import_conv_integer, NULL},
    {NULL, NULL, NULL},
};
