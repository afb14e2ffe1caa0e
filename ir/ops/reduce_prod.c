/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/reduce.h"

#include <math.h>

#define TYPES (TH_DT_ACTS | TH_REDUCE_PLAIN)

static const struct th_port inputs[] = {
    {"x", TYPES, 0, "operand"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TYPES, TH_PORT_DECLARED, "products"},
    {NULL, 0, 0, NULL},
};

static enum th_status verify(const struct th_inst *c)
{
    return th_reduce_verify_scaled(c, false);
}

static float times_real(float acc, float v)
{
    return acc * v;
}

static double times_real64(double acc, double v)
{
    return acc * v;
}

static int64_t times_int(int64_t acc, int64_t v)
{
    return (int64_t)((uint64_t)acc * (uint64_t)v);
}

static enum th_status eval_quantized(const struct th_inst *c, struct th_eval *e)
{
    struct th_reduce_walk w;
    TH_TRY(th_reduce_walk_init(c, e->arena, &w));
    const struct th_type *x = c->in[0], *y = &c->out[0];
    const double root = pow((double)th_quant_scale(y->quant, 0), 1.0 / (double)w.n);
    const struct th_multiplier q = th_quantize_multiplier(
        (double)th_quant_scale(x->quant, 0) / root, th_inst_single_rounding(c));
    const int64_t zx = th_quant_zero(x->quant, 0), zy = th_quant_zero(y->quant, 0);
    for (int64_t o = 0; o < w.outputs; o++) {
        int64_t acc = 0;
        for (int64_t i = 0; i < w.n; i++) {
            const int64_t v = th_tensor_int(e->in[0], w.bases[o] + w.offsets[i]) - zx;
            acc = i == 0 ? v : th_mbqm64(acc * v, q);
        }
        const int64_t v = th_mbqm64(acc, q) + zy;
        th_tensor_set_int(e->out[0], o,
                          th_clamp_i64(v, th_dtype_min(y->dtype), th_dtype_max(y->dtype)));
    }
    return TH_OK;
}

static const struct th_fold fold = {1, times_real, 1, times_real64, 1, times_int};

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    if (th_is_quantized(c->in[0]))
        return eval_quantized(c, e);
    return th_reduce_fold(c, e, &fold);
}

const struct th_op th_op_reduce_prod = {
    .struct_size = sizeof(struct th_op),
    .name = "reduce_prod",
    .summary = "product over axes",
    .doc = "Float: multiplied in row-major order in float32. Quantized, n elements: the "
           "accumulator starts as the first x - zero_x; every further factor and, at the end, one "
           "more rescaling apply the 16-bit form of the multiplier s_x / s_y^(1/n). Plain "
           "integers wrap.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = th_reduce_attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = th_reduce_infer,
    .verify = verify,
    .eval = eval,
    .window = th_reduce_window,
    .reduce = NULL,
    .cost = th_reduce_cost,
};
