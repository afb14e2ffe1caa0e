/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/scatter.h"

#include <string.h>

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0], *i = c->in[1], *u = c->in[2];
    if (i->rank < 1 || i->dims[i->rank - 1] > x->rank)
        return th_inst_error(c, "index vectors do not fit an operand of %d axes", x->rank);
    const int32_t depth = (int32_t)i->dims[i->rank - 1], lead = i->rank - 1;
    if (u->rank != lead + x->rank - depth)
        return th_inst_error(c, "updates have %d axes, expected %d", u->rank,
                             lead + x->rank - depth);
    for (int32_t a = 0; a < u->rank; a++) {
        const int64_t want = a < lead ? i->dims[a] : x->dims[a - lead + depth];
        if (u->dims[a] != want)
            return th_inst_error(c, "axis %d of the updates has %lld elements, expected %lld", a,
                                 (long long)u->dims[a], (long long)want);
    }
    th_mv_like(c, x->rank, x->dims);
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
    memcpy(e->out[0]->data, e->in[0]->data, (size_t)th_type_size(x));
    for (int64_t k = 0; k < picks; k++) {
        int64_t to = 0;
        bool inside = true;
        for (int64_t d = 0; d < depth; d++) {
            const int64_t at = th_scatter_index(th_tensor_int(e->in[1], k * depth + d),
                                                x->dims[d]);
            inside = inside && at >= 0;
            to += inside ? stride[d] * at : 0;
        }
        for (int64_t j = 0; inside && j < inner; j++)
            th_scatter_put(e->out[0], to + j, e->in[2], k * inner + j, th_inst_int(c, "mode"));
    }
    return TH_OK;
}

static const struct th_attr_spec attrs[] = {TH_SCATTER_MODE_ROW, TH_MV_END};

extern const struct th_op th_op_scatter_update;
const struct th_op th_op_scatter_update = {
    .struct_size = sizeof(struct th_op),
    .name = "scatter_update",
    .summary = "the operand with slices changed at index vectors",
    .doc = "The last axis of the indices names a slice of the operand, which the update of the "
           "same place meets, in row-major order. Vectors that point outside are left out; "
           "integers wrap.",
    .inputs = th_scatter_in,
    .outputs = th_mv_out,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_mv_contracts,
    .infer = infer,
    .verify = th_scatter_verify,
    .eval = eval,
    .alias = th_scatter_alias,
};
