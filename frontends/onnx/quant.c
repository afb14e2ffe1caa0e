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

static enum th_status import_quantize(struct onx_node *n)
{
    const struct th_quant *q;
    enum th_dtype dt = TH_DT_U8;
    int64_t axis;
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    if (!quant_axis(n, x, &axis))
        return TH_ERR_INPUT;
    q = parameters(n, 1, 2, axis);
    if (q == NULL)
        return TH_ERR_INPUT;
    if (onx_has_in(n, 2))
        dt = onx_type(n, onx_in(n, 2))->dtype;
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

/* (x - zero) * scale in reals, for integers whose meaning is another one elsewhere. */
static enum th_status in_reals(struct onx_node *n, th_value x, const struct th_quant *q,
                               int64_t axis, th_value *out)
{
    struct th_type type = {.dtype = TH_DT_F32, .rank = 0};
    const struct th_type *xt = onx_type(n, x);
    struct th_tensor *s, *z;
    th_value scale, zero;

    if (q->n > 1) {
        type.rank = xt->rank;
        for (int32_t i = 0; i < type.rank; i++)
            type.dims[i] = i == axis ? (int64_t)q->n : 1;
    }
    s = th_tensor_new(n->scope->im->arena, &type);
    z = th_tensor_new(n->scope->im->arena, &type);
    if (s == NULL || z == NULL)
        return TH_ERR_INTERNAL;
    for (uint32_t i = 0; i < q->n; i++) {
        th_tensor_set_real(s, i, (double)th_quant_scale(q, i));
        th_tensor_set_real(z, i, (double)th_quant_zero(q, i));
    }
    scale = th_graph_const_copy(n->scope->graph, "", &type, s->data);
    zero = th_graph_const_copy(n->scope->graph, "", &type, z->data);
    TH_TRY(onx_cast(n, x, TH_DT_F32, &x));
    TH_TRY(onx_binary(n, "sub", x, zero, &x));
    return onx_binary(n, "mul", x, scale, out);
}

static enum th_status import_dequantize(struct onx_node *n)
{
    const struct th_quant *q;
    int64_t axis;
    th_value x, y;

    TH_TRY(onx_need(n, &x, 1));
    if (!quant_axis(n, x, &axis))
        return TH_ERR_INPUT;
    q = parameters(n, 1, 2, axis);
    if (q == NULL)
        return TH_ERR_INPUT;
    TH_TRY(with_quant(n, x, q, &y));
    if (y == 0)
        TH_TRY(in_reals(n, x, q, axis, &y));
    else
        TH_TRY(onx_add_typed(n, "dequantize", &y, 1, NULL, TH_DT_F32, NULL, &y));
    return onx_bind(n, 0, y);
}

const struct onx_row onx_rows_quant[] = {
    {"QuantizeLinear", import_quantize, NULL},
    {"DequantizeLinear", import_dequantize, NULL},
    {NULL, NULL, NULL},
};
