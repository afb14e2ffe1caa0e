/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0], *i = c->in[1];
    if (i->rank < 1)
        return th_inst_error(c, "indices need at least one axis");
    const int64_t depth = i->dims[i->rank - 1];
    if (depth > x->rank)
        return th_inst_error(c, "indices of %lld numbers into %d axes", (long long)depth,
                             x->rank);
    if (i->rank - 1 + x->rank - depth > TH_MAX_RANK)
        return th_inst_error(c, "the result has more than %d axes", TH_MAX_RANK);
    int64_t dims[TH_MAX_RANK];
    int32_t rank = 0;
    for (int32_t a = 0; a < i->rank - 1; a++)
        dims[rank++] = i->dims[a];
    for (int32_t a = 0; a < depth; a++)
        if (x->dims[a] == 0)
            return th_inst_error(c, "nothing to take from axis %d without elements", a);
    for (int32_t a = (int32_t)depth; a < x->rank; a++)
        dims[rank++] = x->dims[a];
    th_mv_like(c, rank, dims);
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_type *x = c->in[0], *i = c->in[1];
    const int64_t depth = i->dims[i->rank - 1];
    int64_t stride[TH_MAX_RANK], picks = 1, inner = 1;
    th_mv_strides(x, stride);
    for (int32_t a = 0; a < i->rank - 1; a++)
        picks *= i->dims[a];
    for (int32_t a = (int32_t)depth; a < x->rank; a++)
        inner *= x->dims[a];
    for (int64_t k = 0; k < picks; k++) {
        int64_t from = 0;
        for (int64_t d = 0; d < depth; d++)
            from += stride[d] * th_clamp_i64(th_tensor_int(e->in[1], k * depth + d), 0,
                                             x->dims[d] - 1);
        for (int64_t j = 0; j < inner; j++)
            th_mv_copy(e->out[0], k * inner + j, e->in[0], from + j);
    }
    return TH_OK;
}

static const struct th_port inputs[] = {
    {"x", 0, 0, "operand"}, {"i", TH_DT_INDEX | TH_DT_BIT(TH_DT_S16), 0, "index vectors"},
    {NULL, 0, 0, NULL}};

extern const struct th_op th_op_gather_nd;
const struct th_op th_op_gather_nd = {
    .struct_size = sizeof(struct th_op),
    .name = "gather_nd",
    .summary = "slices of the operand chosen by index vectors",
    .doc = "The last axis of i indexes the leading axes of x; indices outside are held at the "
           "ends.",
    .inputs = inputs,
    .outputs = th_mv_out,
    .traits = TH_TRAIT_PURE,
    .contracts = th_mv_contracts,
    .infer = infer,
    .eval = eval,
    .quant = th_same_quant,
};
