/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

static enum th_status infer(struct th_inst *c)
{
    int32_t axis;
    if (!th_mv_axis(th_inst_int(c, "axis"), c->in[0]->rank, &axis))
        return th_mv_bad_axis(c, th_inst_int(c, "axis"), c->in[0]->rank);
    return th_ew_infer(c);
}

/* 8-bit: summed at twice the operand's scale with 20 extra bits, rescaled for every result. */
struct rescale {
    struct th_multiplier in, out;
    int32_t zi, zo;
    int64_t lo, hi;
    bool single;
};

static struct rescale rescale_of(const struct th_inst *c)
{
    const struct th_type *x = c->in[0], *y = &c->out[0];
    struct rescale r = {.single = th_inst_single_rounding(c)};
    const double sx = th_quant_scale(x->quant, 0), sy = th_quant_scale(y->quant, 0);
    r.in = th_quantize_multiplier(sx / (2 * sx), r.single);
    r.out = th_quantize_multiplier(2 * sx / ((double)(1 << 20) * sy), r.single);
    r.zi = (int32_t)th_quant_zero(x->quant, 0);
    r.zo = (int32_t)th_quant_zero(y->quant, 0);
    r.lo = th_dtype_min(y->dtype);
    r.hi = th_dtype_max(y->dtype);
    return r;
}

/* The reference begins with the image of the stored value zero. */
static void line_quant(const struct rescale *r, const struct th_eval *e, int64_t first,
                       int64_t step, int64_t n, bool exclusive)
{
    int32_t sum = th_mbqm(-r->zi * (1 << 20), r->in, r->single);
    for (int64_t k = 0; k < n; k++) {
        const int64_t at = first + k * step;
        const int32_t v = (int32_t)th_tensor_int(e->in[0], at) - r->zi;
        const int32_t next = (int32_t)((uint32_t)sum +
                                       (uint32_t)th_mbqm(v * (1 << 20), r->in, r->single));
        const int32_t shown = exclusive ? sum : next;
        sum = next;
        th_tensor_set_int(e->out[0], at,
                          th_clamp_i64((int64_t)th_mbqm(shown, r->out, r->single) + r->zo,
                                       r->lo, r->hi));
    }
}

static void line_plain(const struct th_eval *e, int64_t first, int64_t step, int64_t n,
                       bool exclusive)
{
    const enum th_dtype dt = e->out[0]->type.dtype;
    float real = 0;
    double real64 = 0;
    uint64_t whole = 0;
    for (int64_t k = 0; k < n; k++) {
        const int64_t at = first + k * step;
        if (dt == TH_DT_F32) {
            const float next = real + ((const float *)e->in[0]->data)[at];
            ((float *)e->out[0]->data)[at] = exclusive ? real : next;
            real = next;
        } else if (dt == TH_DT_F64) {
            const double next = real64 + ((const double *)e->in[0]->data)[at];
            ((double *)e->out[0]->data)[at] = exclusive ? real64 : next;
            real64 = next;
        } else {
            const uint64_t next = whole + (uint64_t)th_tensor_int(e->in[0], at);
            const uint64_t sum = exclusive ? whole : next;
            if (dt == TH_DT_U64)
                ((uint64_t *)e->out[0]->data)[at] = sum;
            else
                th_tensor_set_int(e->out[0], at, th_ew_wrap(dt, (int64_t)sum));
            whole = next;
        }
    }
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_type *x = c->in[0];
    const bool exclusive = th_inst_int(c, "exclusive") != 0;
    const bool reverse = th_inst_int(c, "reverse") != 0;
    int32_t axis = 0;
    int64_t outer = 1, inner = 1;
    th_mv_axis(th_inst_int(c, "axis"), x->rank, &axis);
    for (int32_t i = 0; i < x->rank; i++) {
        outer *= i < axis ? x->dims[i] : 1;
        inner *= i > axis ? x->dims[i] : 1;
    }
    const int64_t n = x->dims[axis];
    const bool quant = th_type_quantized(x);
    const struct rescale r = quant ? rescale_of(c) : (struct rescale){.zi = 0};
    for (int64_t o = 0; o < outer; o++)
        for (int64_t i = 0; i < inner; i++) {
            const int64_t base = o * n * inner + i;
            const int64_t first = reverse ? base + (n - 1) * inner : base;
            const int64_t step = reverse ? -inner : inner;
            if (quant)
                line_quant(&r, e, first, step, n, exclusive);
            else
                line_plain(e, first, step, n, exclusive);
        }
    return TH_OK;
}

#define SUMMABLE (TH_EW_NUMBER & ~(TH_DT_BIT(TH_DT_U8) | TH_DT_BIT(TH_DT_S16)))
static const struct th_port inputs[] = {
    {"x", SUMMABLE, 0, "operand"}, {NULL, 0, 0, NULL}};
static const struct th_port outputs[] = {
    {"y", SUMMABLE, TH_PORT_DECLARED, "running sums"},
    {NULL, 0, 0, NULL}};
static const struct th_attr_spec attrs[] = {
    {.name = "axis", .kind = TH_ATTR_INT, .required = true, .min = -TH_MAX_RANK,
     .max = TH_MAX_RANK - 1, .doc = "axis that is summed along"},
    {.name = "exclusive", .kind = TH_ATTR_BOOL, .min = 1, .doc = "an element's own value is left "
                                                                 "out"},
    {.name = "reverse", .kind = TH_ATTR_BOOL, .min = 1, .doc = "from the end"},
    TH_MV_END};

extern const struct th_op th_op_cumsum;
const struct th_op th_op_cumsum = {
    .struct_size = sizeof(struct th_op),
    .name = "cumsum",
    .summary = "running sums along an axis",
    .doc = "Integers without scales wrap. 8-bit: as the reference, the sum begins with the image "
           "of the stored value zero.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_ew_contracts,
    .infer = infer,
    .verify = th_ew_verify,
    .eval = eval,
};
