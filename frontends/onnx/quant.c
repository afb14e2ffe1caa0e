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

/* Whether v has one number for each block of x along the axis, as block_size says. */
static enum th_status is_blocked(struct onx_node *n, th_value v, const struct th_type *x,
                                 int64_t axis, int64_t *block)
{
    const struct th_type *t = onx_type(n, v);
    const int64_t size = onx_attr_i(n, "block_size", 0);

    const bool one = th_type_elems(t) == 1;

    *block = 0;
    if (t->rank < 2 ? one || size == 0 : one && size == 0)
        return TH_OK;
    bool fits = size > 0 && t->rank == x->rank;
    for (int32_t i = 0; i < x->rank && fits; i++)
        fits = t->dims[i] == (i != axis ? x->dims[i] : x->dims[i] / size + (x->dims[i] % size > 0));
    if (!fits)
        return onx_reject(n, NULL, "scales or zero points do not stand for blocks of %" PRId64
                          " elements along axis %" PRId64, size, axis);
    *block = size;
    return TH_OK;
}

/* One number for each block, repeated. */
static enum th_status of_blocks(struct onx_node *n, th_value v, const struct th_type *x,
                                int64_t axis, int64_t block, th_value *out)
{
    int64_t *at = TH_NEW_ARRAY(n->scope->im->arena, int64_t, (size_t)x->dims[axis]);
    th_value index;

    if (at == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < x->dims[axis]; i++)
        at[i] = i / block;
    TH_TRY(onx_ints(n, TH_DT_S32, 1, &x->dims[axis], at, &index));
    return onx_gather(n, v, index, axis, out);
}

/* One number, one for each index of the axis, or for each block along it, as a value that
 * broadcasts over x. */
static enum th_status along(struct onx_node *n, th_value v, const struct th_type *x, int64_t axis,
                            th_value *out)
{
    int64_t dims[TH_MAX_RANK], block;

    TH_TRY(is_blocked(n, v, x, axis, &block));
    if (block != 0)
        return of_blocks(n, v, x, axis, block, out);
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

/* What `quantize` and `dequantize` know: floats, and one scale or one for each index of an axis. */
static bool plain_parameters(struct onx_node *n, size_t scale, size_t zero)
{
    const struct th_type *s = onx_has_in(n, scale) ? onx_type(n, onx_in(n, scale)) : NULL;

    return s != NULL && fixed_parameters(n, scale, zero) && s->dtype == TH_DT_F32 &&
           s->rank < 2 && (th_type_elems(s) == 1 || onx_attr_i(n, "block_size", 0) == 0);
}

/* round(x / scale) + zero, within lo .. hi. */
static enum th_status quantize_moving(struct onx_node *n, th_value x, th_value scale, th_value zero,
                                      enum th_dtype dt, unsigned bits, int64_t axis, th_value *out)
{
    const int64_t precision = onx_attr_i(n, "precision", 0);
    const struct th_type t = *onx_type(n, x);
    const double lo = bits == 0 ? (double)th_dtype_min(dt)
                                : dt == TH_DT_S8 ? -(double)(1u << (bits - 1)) : 0;
    const double hi = bits == 0 ? (double)th_dtype_max(dt) : lo + (double)((1u << bits) - 1);
    enum th_dtype in = onx_type(n, scale)->dtype;

    if (precision > 0 && precision < 64)
        in = onx_dtype((int32_t)precision);
    if (!th_dtype_is_float(in))
        return onx_reject(n, "a scale of floats", "a division of integers");
    TH_TRY(onx_cast(n, x, in, &x));
    TH_TRY(onx_cast(n, scale, in, &scale));
    TH_TRY(along(n, scale, &t, axis, &scale));
    TH_TRY(onx_binary(n, "div", x, scale, &x));
    TH_TRY(onx_unary(n, "round", x, &x));
    if (in != TH_DT_F64)
        TH_TRY(onx_cast(n, x, TH_DT_F32, &x));
    if (zero != 0) {
        TH_TRY(along(n, zero, &t, axis, &zero));
        TH_TRY(onx_cast(n, zero, onx_type(n, x)->dtype, &zero));
        TH_TRY(onx_binary(n, "add", x, zero, &x));
    }
    TH_TRY(onx_clamp(n, x, lo, hi, &x));
    return onx_cast(n, x, dt, out);
}

/* ---- the two operators ----------------------------------------------------------------------- */

/* The type of the result: output_dtype or the zero point's; *narrow: uint4, int4, .., or 0. */
static enum th_status quantized_type(struct onx_node *n, enum th_dtype *dt, int32_t *narrow)
{
    const int64_t wanted = onx_attr_i(n, "output_dtype", 0);
    const int32_t type = wanted > 0 && wanted < 64 ? (int32_t)wanted : 0;

    *dt = wanted != 0 ? onx_dtype(type) : TH_DT_U8;
    *narrow = onx_type_bits(type) != 0 ? type : 0;
    if (onx_has_in(n, 2)) {
        const th_value zero = onx_in(n, 2);
        if (zero == 0)
            return onx_reject(n, NULL, "operand 2 is absent");
        if (wanted != 0 && (onx_type(n, zero)->dtype != *dt || onx_narrow_type(n, zero) != *narrow))
            return onx_reject(n, NULL, "output_dtype is another type than the zero point's");
        *dt = onx_type(n, zero)->dtype;
        *narrow = onx_narrow_type(n, zero);
    }
    if (!th_dtype_is_int(*dt) || th_dtype_bits(*dt) > 16)
        return onx_reject(n, "integers of up to 16 bits", "output_dtype %s", onx_type_name(type));
    return TH_OK;
}

static enum th_status import_quantize(struct onx_node *n)
{
    const struct th_quant *q;
    enum th_dtype dt;
    int32_t narrow;
    int64_t axis;
    th_value in[2], y;

    TH_TRY(onx_need(n, in, 2));
    if (!quant_axis(n, in[0], &axis))
        return TH_ERR_INPUT;
    TH_TRY(quantized_type(n, &dt, &narrow));
    if (!plain_parameters(n, 1, 2) || narrow != 0 || dt == TH_DT_U16 ||
        onx_type(n, in[0])->dtype != TH_DT_F32) {
        TH_TRY(quantize_moving(n, in[0], in[1], onx_in(n, 2), dt, onx_type_bits(narrow), axis,
                               &y));
        if (!onx_narrow_add(n->scope->im, n->scope->graph, y, narrow))
            return TH_ERR_INTERNAL;
        return onx_bind(n, 0, y);
    }
    q = parameters(n, 1, 2, axis);
    if (q == NULL)
        return TH_ERR_INPUT;
    TH_TRY(onx_add_typed(n, "quantize", in, 1, NULL, dt, q, &y));
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

/* The same of constants in blocks, at once: the pieces would take many times the file's size. */
static enum th_status blocks_of_reals(struct onx_node *n, th_value x, th_value scale, th_value zero,
                                      int64_t axis, int64_t block, th_value *out)
{
    const struct th_tensor *from = onx_const(n, x), *s = onx_const(n, scale);
    const struct th_tensor *z = zero != 0 ? onx_const(n, zero) : NULL;
    struct th_type t = *onx_type(n, x);
    int64_t inner = 1, at = 0;
    struct th_tensor *to;

    t.dtype = TH_DT_F32;
    t.quant = NULL;
    for (int32_t i = (int32_t)axis + 1; i < t.rank; i++)
        inner *= t.dims[i];
    const int64_t dim = t.dims[axis], blocks = s->type.dims[axis];
    if (!onx_charge(n->scope->im, &n->loc, (uint64_t)th_type_size(&t)))
        return TH_ERR_INTERNAL;
    to = th_tensor_new(n->scope->im->arena, &t);
    if (to == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < th_type_elems(&t); i++) {
        at = (i / (inner * dim) * blocks + i / inner % dim / block) * inner + i % inner;
        const float centred = (float)(th_tensor_int(from, i) - (z != NULL ? th_tensor_int(z, at)
                                                                          : 0));
        th_tensor_set_real(to, i, (double)(centred * (float)th_tensor_real(s, at)));
    }
    *out = th_graph_const_copy(n->scope->graph, "", &t, to->data);
    return *out != 0 ? TH_OK : TH_ERR_INTERNAL;
}

/* (x - zero) * scale in reals. */
static enum th_status reals(struct onx_node *n, th_value x, th_value scale, th_value zero,
                            int64_t axis, th_value *out)
{
    const struct th_type t = *onx_type(n, x);
    int64_t block, zero_block;

    TH_TRY(is_blocked(n, scale, &t, axis, &block));
    TH_TRY(is_blocked(n, zero != 0 ? zero : scale, &t, axis, &zero_block));
    if (block != 0 && zero_block == block && onx_const(n, x) != NULL &&
        onx_const(n, scale) != NULL && (zero == 0 || onx_const(n, zero) != NULL))
        return blocks_of_reals(n, x, scale, zero, axis, block, out);
    TH_TRY(onx_cast(n, x, TH_DT_F32, &x));
    if (zero != 0) {
        TH_TRY(along(n, zero, &t, axis, &zero));
        TH_TRY(onx_cast(n, zero, TH_DT_F32, &zero));
        TH_TRY(onx_binary(n, "sub", x, zero, &x));
    }
    TH_TRY(onx_cast(n, scale, TH_DT_F32, &scale));
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

/* Constants of uint4 count from the middle of their range, as exporters write weights without a
 * zero point of their own: those have kernels as signed integers. */
static enum th_status from_middle(struct onx_node *n, th_value *x, const struct th_quant **q)
{
    const int32_t type = onx_narrow_type(n, *x);
    const struct th_tensor *from = onx_const(n, *x);
    struct th_type t = *onx_type(n, *x);

    if (from == NULL || t.dtype != TH_DT_U8 || onx_type_bits(type) == 0)
        return TH_OK;
    const int64_t half = 1 << (onx_type_bits(type) - 1), elems = th_type_elems(&t);
    struct th_arena *arena = n->scope->im->arena;
    int8_t *to = NULL;
    int64_t *zeros = TH_NEW_ARRAY(arena, int64_t, (*q)->n);
    if (onx_charge(n->scope->im, &n->loc, (uint64_t)elems))
        to = TH_NEW_ARRAY(arena, int8_t, (size_t)elems);
    if (to == NULL || zeros == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < elems; i++)
        to[i] = (int8_t)(th_tensor_int(from, i) - half);
    for (uint32_t i = 0; i < (*q)->n; i++)
        zeros[i] = th_quant_zero(*q, i) - half;
    *q = th_quant_new(th_program_arena(n->scope->im->program), (*q)->n, (*q)->scales, zeros,
                      (*q)->axis);
    t.dtype = TH_DT_S8;
    t.quant = *q;
    *x = *q != NULL ? th_graph_const_copy(n->scope->graph, th_value_name(n->scope->graph, *x), &t,
                                          to)
                    : 0;
    return *x != 0 ? TH_OK : TH_ERR_INTERNAL;
}

/* Operand i with scale and zero point in the two operands named, as reals. */
static enum th_status dequantized(struct onx_node *n, size_t i, size_t scale, size_t zero,
                                  int64_t axis, th_value *out)
{
    const struct th_quant *q;
    th_value x = onx_in(n, i), y;

    if (x == 0 || !onx_has_in(n, scale))
        return onx_reject(n, NULL, "operand %zu is absent", x == 0 ? i : scale);
    if (!plain_parameters(n, scale, zero) || onx_type(n, x)->dtype == TH_DT_U16)
        return reals(n, x, onx_in(n, scale), onx_in(n, zero), axis, out);
    q = parameters(n, scale, zero, axis);
    if (q == NULL)
        return TH_ERR_INPUT;
    TH_TRY(from_middle(n, &x, &q));
    TH_TRY(with_quant(n, x, q, &y));
    if (y == 0)
        return reals(n, x, onx_in(n, scale), onx_in(n, zero), axis, out);
    return add_dequantize(n, y, out);
}

static enum th_status import_dequantize(struct onx_node *n)
{
    const int64_t wanted = onx_attr_i(n, "output_dtype", 0);
    enum th_dtype dt;
    int64_t axis;
    th_value in[2], y;

    TH_TRY(onx_need(n, in, 2));
    if (!th_dtype_is_int(onx_type(n, in[0])->dtype))
        return onx_reject(n, "integers", "values of %s", th_dtype_name(onx_type(n, in[0])->dtype));
    if (!quant_axis(n, in[0], &axis))
        return TH_ERR_INPUT;
    dt = wanted == 0 ? onx_type(n, in[1])->dtype
                     : onx_dtype(wanted > 0 && wanted < 64 ? (int32_t)wanted : 0);
    if (!th_dtype_is_float(dt))
        return onx_reject(n, "floats", "a result that is not of floats");
    TH_TRY(dequantized(n, 0, 1, 2, axis, &y));
    TH_TRY(onx_cast(n, y, dt, &y));
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
    if (onx_narrow_type(n, onx_in(n, zero)) != 0)
        return onx_reject(n, "int8 or uint8", "a result of %s",
                          onx_type_name(onx_narrow_type(n, onx_in(n, zero))));
    if (!fixed_parameters(n, scale, zero)) {
        TH_TRY(quantize_moving(n, y, onx_in(n, scale), onx_in(n, zero), dt, 0, 0, &y));
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
