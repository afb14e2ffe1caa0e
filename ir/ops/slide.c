/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0], *u = c->in[1];
    int32_t axis;
    if (!th_mv_axis(th_inst_int(c, "axis"), x->rank, &axis))
        return th_mv_bad_axis(c, th_inst_int(c, "axis"), x->rank);
    bool fits = u->rank == x->rank && u->dtype == x->dtype;
    for (int32_t i = 0; fits && i < x->rank; i++)
        fits = i == axis ? u->dims[i] <= x->dims[i] : u->dims[i] == x->dims[i];
    if (!fits)
        return th_inst_error(c, "what is new does not fit the operand on all axes but %d, or is "
                             "longer there", axis);
    th_mv_like(c, x->rank, x->dims);
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    if (!th_quant_equal(c->in[0]->quant, c->in[1]->quant))
        return th_inst_error(c, "what is new has another scale or zero point than the operand");
    return TH_OK;
}

static enum th_status moves(const struct th_inst *c, struct th_moves *m)
{
    struct th_move *list = th_mv_new(c, m, 2);
    const int32_t axis = th_mv_axis_of(c);
    const int64_t fresh = c->in[1]->dims[axis];
    int64_t stride[TH_MAX_RANK];
    if (list == NULL)
        return TH_ERR_INTERNAL;
    th_mv_strides(&c->out[0], stride);
    for (uint32_t k = 0; k < 2; k++) {
        th_mv_axes(&list[k], c->in[k]);
        list[k].in = k;
        for (int32_t i = 0; i < c->out[0].rank; i++)
            list[k].in_stride[i] = k == 0 ? stride[i] : list[k].in_stride[i];
        for (int32_t i = 0; i < c->out[0].rank; i++)
            list[k].out_stride[i] = stride[i];
    }
    list[0].dims[axis] -= fresh;
    list[0].in_base = fresh * stride[axis];
    list[1].out_base = list[0].dims[axis] * stride[axis];
    return TH_OK;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t k,
                   struct th_window *w)
{
    const int32_t axis = th_mv_axis_of(c);
    const int64_t fresh = c->in[1]->dims[axis];
    const int64_t by = k == 0 ? fresh : fresh - c->in[0]->dims[axis];
    th_mv_shifted(out, axis, by, c->in[k]->dims[axis], w);
    return true;
}

static const struct th_port inputs[] = {{"x", 0, 0, "operand"},
                                        {"u", 0, 0, "what is new"},
                                        {NULL, 0, 0, NULL}};
static const struct th_attr_spec attrs[] = {{.name = "axis", .kind = TH_ATTR_INT,
                                             .required = true, .min = -TH_MAX_RANK,
                                             .max = TH_MAX_RANK - 1, .doc = "where it slides"},
                                            TH_MV_END};

extern const struct th_op th_op_slide;
const struct th_op th_op_slide = {
    .struct_size = sizeof(struct th_op),
    .name = "slide",
    .summary = "the operand moved on along an axis, what is new behind it",
    .doc = "The operand without its first n indices, followed by the n of u: a window that moves "
           "over a series. Only data moves.",
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
    .alias = th_alias_first,    /* element i comes from one at or behind i */
    .moves = moves,
};
