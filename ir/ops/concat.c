/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    int32_t axis;
    if (!th_mv_axis(th_inst_int(c, "axis"), x->rank, &axis))
        return th_mv_bad_axis(c, th_inst_int(c, "axis"), x->rank);
    th_mv_like(c, x->rank, x->dims);
    for (uint32_t k = 1; k < c->n_in; k++) {
        const struct th_type *t = c->in[k];
        bool fits = t->rank == x->rank && t->dtype == x->dtype;
        for (int32_t i = 0; fits && i < x->rank; i++)
            fits = i == axis || t->dims[i] == x->dims[i];
        if (!fits)
            return th_inst_error(c, "operand %u does not fit operand 0 on all axes but %d", k,
                                 axis);
        if (!th_add_i64(c->out[0].dims[axis], t->dims[axis], &c->out[0].dims[axis]))
            return th_inst_error(c, "the result is too large");
    }
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    for (uint32_t k = 1; k < c->n_in; k++)
        if (!th_quant_equal(c->in[k]->quant, c->in[0]->quant))
            return th_inst_error(c, "operand %u has scale %g and zero point %lld, operand 0 has "
                                 "%g and %lld; it needs a requantize before", k,
                                 (double)th_quant_scale(c->in[k]->quant, 0),
                                 (long long)th_quant_zero(c->in[k]->quant, 0),
                                 (double)th_quant_scale(c->in[0]->quant, 0),
                                 (long long)th_quant_zero(c->in[0]->quant, 0));
    return TH_OK;
}

static enum th_status moves(const struct th_inst *c, struct th_moves *m)
{
    struct th_move *list = th_mv_new(c, m, c->n_in);
    const int32_t axis = th_mv_axis_of(c);
    int64_t at = 0, out[TH_MAX_RANK];
    if (list == NULL)
        return TH_ERR_INTERNAL;
    th_mv_strides(&c->out[0], out);
    for (uint32_t k = 0; k < c->n_in; k++) {
        th_mv_axes(&list[k], c->in[k]);
        list[k].in = k;
        list[k].out_base = at * out[axis];
        for (int32_t i = 0; i < c->in[k]->rank; i++)
            list[k].out_stride[i] = out[i];
        at += c->in[k]->dims[axis];
    }
    return TH_OK;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t k,
                   struct th_window *w)
{
    const int32_t axis = th_mv_axis_of(c);
    int64_t at = 0;
    for (uint32_t j = 0; j < k; j++)
        at += c->in[j]->dims[axis];
    th_mv_shifted(out, axis, -at, c->in[k]->dims[axis], w);
    return true;
}

static const struct th_port inputs[] = {{"x", 0, TH_PORT_VARIADIC, "parts, in order"},
                                        {NULL, 0, 0, NULL}};
static const struct th_attr_spec attrs[] = {{.name = "axis", .kind = TH_ATTR_INT,
                                             .required = true, .min = -TH_MAX_RANK,
                                             .max = TH_MAX_RANK - 1, .doc = "where they join"},
                                            TH_MV_END};

extern const struct th_op th_op_concat;
const struct th_op th_op_concat = {
    .struct_size = sizeof(struct th_op),
    .name = "concat",
    .summary = "operands joined along an axis",
    .doc = "Quantized operands share one scale and zero point; no arithmetic happens.",
    .inputs = inputs,
    .outputs = th_mv_out,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_mv_contracts,
    .infer = infer,
    .verify = verify,
    .eval = th_mv_eval,
    .quant = th_same_quant,
    .window = window,
    .moves = moves,
};
