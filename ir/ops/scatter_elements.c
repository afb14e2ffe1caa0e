/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/scatter.h"

#include <string.h>

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0], *i = c->in[1], *u = c->in[2];
    int32_t axis;
    if (!th_mv_axis(th_inst_int(c, "axis"), x->rank, &axis))
        return th_mv_bad_axis(c, th_inst_int(c, "axis"), x->rank);
    if (i->rank != x->rank || !th_type_same_shape(i, u))
        return th_inst_error(c, "indices and updates do not fit an operand of %d axes", x->rank);
    for (int32_t a = 0; a < x->rank; a++)
        if (a != axis && i->dims[a] > x->dims[a])
            return th_inst_error(c, "axis %d: %lld updates for %lld elements", a,
                                 (long long)i->dims[a], (long long)x->dims[a]);
    th_mv_like(c, x->rank, x->dims);
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_type *x = c->in[0], *i = c->in[1];
    int64_t sx[TH_MAX_RANK], si[TH_MAX_RANK];
    int32_t axis = 0;
    th_mv_axis(th_inst_int(c, "axis"), x->rank, &axis);
    th_mv_strides(x, sx);
    th_mv_strides(i, si);
    memcpy(e->out[0]->data, e->in[0]->data, (size_t)th_type_size(x));
    for (int64_t k = 0; k < th_type_elems(i); k++) {
        const int64_t at = th_scatter_index(th_tensor_int(e->in[1], k), x->dims[axis]);
        int64_t to = at * sx[axis], rest = k;
        if (at < 0)
            continue;
        for (int32_t a = 0; a < i->rank; a++) {
            to += a == axis ? 0 : rest / si[a] * sx[a];
            rest %= si[a];
        }
        th_scatter_put(e->out[0], to, e->in[2], k, th_inst_int(c, "mode"));
    }
    return TH_OK;
}

static const struct th_attr_spec attrs[] = {
    {.name = "axis", .kind = TH_ATTR_INT, .min = -TH_MAX_RANK, .max = TH_MAX_RANK - 1,
     .doc = "axis that is indexed"},
    TH_SCATTER_MODE_ROW,
    TH_MV_END};

extern const struct th_op th_op_scatter_elements;
const struct th_op th_op_scatter_elements = {
    .struct_size = sizeof(struct th_op),
    .name = "scatter_elements",
    .summary = "the operand with elements changed at an index each",
    .doc = "Update p meets the element at p, with the index at p on the axis; updates come in "
           "row-major order. Indices outside of the axis are left out; integers wrap.",
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
