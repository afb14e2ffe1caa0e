/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/invroot.h"
#include "ir/ops/common/rows.h"

#include <math.h>

static const struct th_port inputs[] = {
    {"x", TH_DT_FLOATS | TH_DT_INT8S, 0, "rows lie along the last axis"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_FLOATS | TH_DT_INT8S, TH_PORT_DECLARED, "rows of length one"},
    {NULL, 0, 0, NULL},
};

static enum th_status verify(const struct th_inst *c)
{
    return th_rows_verify_fixed(c, 1.0f / 128, c->in[0]->dtype == TH_DT_S8 ? 0 : 128);
}

static void row_float(const float *x, float *y, int64_t depth)
{
    float sum = 0;
    for (int64_t i = 0; i < depth; i++) {
        const float square = x[i] * x[i];
        sum += square;
    }
    const float length = sqrtf(sum), least = 1e-6f;
    const float divisor = length < least ? least : length;
    for (int64_t i = 0; i < depth; i++)
        y[i] = x[i] / divisor;
}

static void row_8bit(const struct th_tensor *x, struct th_tensor *y, int64_t at, int64_t depth,
                     bool single)
{
    const int64_t zero = th_quant_zero(x->type.quant, 0);
    uint32_t sum = 0;
    for (int64_t i = 0; i < depth; i++) {
        const int32_t v = (int32_t)(th_tensor_int(x, at + i) - zero);
        sum += (uint32_t)(v * v);
    }
    struct th_multiplier q = th_inverse_root((int32_t)sum);
    const bool is_signed = x->type.dtype == TH_DT_S8;
    if (is_signed)
        q.s += 7;
    for (int64_t i = 0; i < depth; i++) {
        const int32_t v = (int32_t)(th_tensor_int(x, at + i) - zero);
        const int32_t scaled = th_mbqm(is_signed ? v : 128 * v, q, single);
        const int64_t out = (int64_t)scaled + (is_signed ? 0 : 128);
        th_store_clamped(y, at + i, out, is_signed ? -128 : 0, is_signed ? 127 : 255);
    }
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    int64_t rows, depth;
    th_rows_size(c, &rows, &depth);
    for (int64_t r = 0; r < rows; r++) {
        if (c->in[0]->dtype == TH_DT_F32)
            row_float(th_floats(e->in[0]) + r * depth, (float *)e->out[0]->data + r * depth, depth);
        else
            row_8bit(e->in[0], e->out[0], r * depth, depth, th_inst_single_rounding(c));
    }
    return TH_OK;
}

static bool quant(const struct th_inst *c, struct th_quant_rule *q)
{
    (void)c;
    *q = (struct th_quant_rule){.weight_port = -1, .weight_axis = -1, .bias_port = -1,
                                   .dtypes = TH_DT_BIT(TH_DT_S8),
                                   .out8 = {1.0f / 128, 0}};
    return true;
}

const struct th_op th_op_l2_norm = {
    .struct_size = sizeof(struct th_op),
    .name = "l2_norm",
    .summary = "each row divided by its euclidean length",
    .doc = "Float: x / max(sqrt(sum of squares), 1e-6). 8-bit: the inverse root of the integer sum "
           "of squares by five Newton steps in Q3.28; output scale 1/128, zero point 0 (s8) or 128 "
           "(u8).",
    .inputs = inputs,
    .outputs = outputs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = th_rows_infer,
    .verify = verify,
    .eval = eval,
    .quant = quant,
    .window = th_rows_window,
    .alias = th_alias_first,
};
