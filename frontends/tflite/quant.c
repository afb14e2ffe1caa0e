/* SPDX-License-Identifier: Apache-2.0 */
/* Between number formats. */
#include <inttypes.h>
#include <string.h>

#include <thimble/numeric.h>

#include "import.h"

static enum th_status import_quantize(struct tfl_node *n)
{
    th_value x = tfl_in(n, 0);
    struct th_type to;

    if (x == 0 || n->op->noutputs != 1)
        return tfl_reject(n, NULL, "needs one operand and one result");
    to = tfl_out_type(n, 0);
    if (to.dtype == TH_DT_NONE)
        return TH_ERR_INPUT;
    if (to.quant == NULL)
        return tfl_reject(n, NULL, "its result has no quantization parameters");
    return tfl_finish(n, th_dtype_is_float(tfl_type_of(n, x)->dtype) ? "quantize" : "requantize",
                      &x, 1, NULL);
}

/* Weights stored as halves become single precision here: targets have no half arithmetic. */
static enum th_status widen_constant(struct tfl_node *n, const struct th_tensor *half)
{
    struct th_type type = half->type;
    int64_t count = th_type_elems(&type);
    uint32_t *wide;
    th_value v;

    if ((uint64_t)count > SIZE_MAX / sizeof *wide)
        return TH_ERR_INTERNAL;
    if (!tfl_charge(n->scope->im, &n->loc, (uint64_t)count * sizeof *wide))
        return TH_ERR_INTERNAL;
    wide = th_arena_alloc(n->scope->im->arena, (size_t)count * sizeof *wide);
    if (wide == NULL)
        return TH_ERR_INTERNAL;
    for (int64_t i = 0; i < count; i++)
        wide[i] = th_half_widen(((const uint16_t *)half->data)[i]);
    type.dtype = TH_DT_F32;
    type.quant = NULL;
    v = tfl_const(n, &type, wide);
    return v != 0 ? tfl_bind(n, 0, v) : TH_ERR_INTERNAL;
}

static enum th_status import_dequantize(struct tfl_node *n)
{
    th_value x = tfl_in(n, 0);
    const struct th_type *type;
    const struct th_tensor *data;

    if (x == 0 || n->op->noutputs != 1)
        return tfl_reject(n, NULL, "needs one operand and one result");
    type = tfl_type_of(n, x);
    data = th_value_const(n->scope->graph, x);
    if (type->dtype == TH_DT_F16)
        return data != NULL ? widen_constant(n, data) : tfl_finish(n, "cast", &x, 1, NULL);
    if (type->quant == NULL)
        return tfl_reject(n, NULL, "its operand has no quantization parameters");
    return tfl_finish(n, "dequantize", &x, 1, NULL);
}

static enum th_status import_cast(struct tfl_node *n)
{
    th_value x = tfl_in(n, 0);

    if (x == 0 || n->op->noutputs != 1)
        return tfl_reject(n, NULL, "needs one operand and one result");
    return tfl_finish(n, "cast", &x, 1, NULL);
}

const struct tfl_row tfl_rows_quant[] = {
    {"QUANTIZE", import_quantize, NULL},
    {"DEQUANTIZE", import_dequantize, NULL},
    {"CAST", import_cast, NULL},
    {NULL, NULL, NULL},
};
