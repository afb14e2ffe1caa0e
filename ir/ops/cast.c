/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

#include <math.h>

static enum th_status infer(struct th_inst *c)
{
    struct th_type *y = &c->out[0];
    y->rank = c->in[0]->rank;
    for (int32_t i = 0; i < y->rank; i++)
        y->dims[i] = c->in[0]->dims[i];
    return TH_OK;
}

/* The nearest number towards zero that has eight bits of fraction. */
static double cut(double v)
{
    int e;
    const double m = frexp(v, &e);
    const int bits = e < -125 ? 8 - (-125 - e) : 8;
    return isfinite(v) ? ldexp(trunc(ldexp(m, bits)), e - bits) : v;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const enum th_dtype from = c->in[0]->dtype, to = c->out[0].dtype;
    const int64_t n = th_type_elems(&c->out[0]);
    for (int64_t i = 0; i < n; i++) {
        if (th_dtype_is_float(from)) {
            double v = th_tensor_real(e->in[0], i);
            if (to == TH_DT_BF16 && th_inst_int(c, "truncate"))
                v = cut((double)(float)v);
            if (th_dtype_is_float(to))
                th_tensor_set_real(e->out[0], i, v);
            else if (to == TH_DT_BOOL)
                th_tensor_set_int(e->out[0], i, v != 0);
            else
                th_tensor_set_int(e->out[0], i,
                                  isnan(v) ? 0 : th_round_away(trunc(v), th_dtype_min(to),
                                                               th_dtype_max(to)));
            continue;
        }
        const int64_t v = th_tensor_int(e->in[0], i);
        if (th_dtype_is_float(to))
            th_tensor_set_real(e->out[0], i,
                               from == TH_DT_U64 ? (double)(uint64_t)v : (double)v);
        else if (to == TH_DT_U64)
            ((uint64_t *)e->out[0]->data)[i] = (uint64_t)v;
        else
            th_tensor_set_int(e->out[0], i, to == TH_DT_BOOL ? v != 0 : th_ew_wrap(to, v));
    }
    return TH_OK;
}

#define CASTABLE                                                                               \
    (TH_EW_REAL | TH_DT_BIT(TH_DT_F16) | TH_DT_BIT(TH_DT_BF16) | TH_EW_BOOL | TH_EW_ANY_INT)
static const struct th_port inputs[] = {{"x", CASTABLE, 0, "operand"}, {NULL, 0, 0, NULL}};
static const struct th_port outputs[] = {
    {"y", CASTABLE, TH_PORT_DECLARED, "result, of the operand's shape"}, {NULL, 0, 0, NULL}};

static const struct th_attr_spec attrs[] = {
    {.name = "truncate", .kind = TH_ATTR_BOOL, .max = 1,
     .doc = "floats to bf16: the lower half of the f32 is dropped, else rounded to even"},
    TH_MV_END};

extern const struct th_op th_op_cast;
const struct th_op th_op_cast = {
    .struct_size = sizeof(struct th_op),
    .name = "cast",
    .summary = "stored numbers in another type",
    .doc = "Scales play no part. Floats are truncated towards zero and held in the result's "
           "range (u64: below 2^63; not a number: 0); integers wrap; anything but 0 is true.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE | TH_TRAIT_ELEMENTWISE,
    .contracts = th_mv_contracts,
    .infer = infer,
    .eval = eval,
    .window = th_ew_window,
    .alias = th_ew_alias,
};
