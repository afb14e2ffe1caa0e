/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

#include <inttypes.h>

static enum th_status infer(struct th_inst *c)
{
    int64_t dims[TH_MAX_RANK], count = 1;
    const uint32_t rank = th_inst_ints_len(c, "shape");
    if (rank > TH_MAX_RANK)
        return th_inst_error(c, "%u axes wanted, at most %d are possible", rank, TH_MAX_RANK);
    for (uint32_t i = 0; i < rank; i++) {
        dims[i] = th_inst_ints(c, "shape", i);
        if (!th_mul_i64(count, dims[i], &count))
            return th_inst_error(c, "the wanted shape is too large");
    }
    if (count != th_type_elems(c->in[0]))
        return th_inst_error(c, "%" PRId64 " elements cannot take a shape of %" PRId64,
                             th_type_elems(c->in[0]), count);
    const struct th_quant *q = c->in[0]->quant;
    th_mv_like(c, (int32_t)rank, dims);
    /* Scales of an axis survive when as many elements lie before and behind each of its slices. */
    if (q != NULL && q->n > 1) {
        int32_t axis = 0;
        int64_t before = 1, have = 1;
        for (int32_t i = 0; i < q->axis; i++)
            before *= c->in[0]->dims[i];
        while (axis < (int32_t)rank && !(have == before && dims[axis] == q->n))
            have *= dims[axis++];
        if (axis == (int32_t)rank)
            return th_inst_error(c, "the scales of axis %d have no place in the new shape",
                                 q->axis);
        c->out[0].quant = th_quant_new(c->arena, q->n, q->scales, q->zero_points, axis);
    }
    return TH_OK;
}

/* Of a part of an axis that both shapes have. */
static uint32_t part(const struct th_inst *c, const struct th_box *out, int32_t axis,
                     struct th_attr *list)
{
    (void)axis;
    int64_t *shape = th_mv_part_list(c, &list[0], "shape");
    for (int32_t i = 0; shape != NULL && i < c->out[0].rank; i++)
        shape[i] = out->hi[i] - out->lo[i];
    return shape != NULL;
}

static const struct th_attr_spec attrs[] = {{.name = "shape", .kind = TH_ATTR_INTS,
                                             .required = true, .min = 0, .max = 1e12,
                                             .doc = "the new extents"},
                                            TH_MV_END};

extern const struct th_op th_op_reshape;
const struct th_op th_op_reshape = {
    .struct_size = sizeof(struct th_op),
    .name = "reshape",
    .summary = "the operand's elements in another shape",
    .doc = "Row-major order stays; no element moves.",
    .inputs = th_mv_in,
    .outputs = th_mv_out,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE | TH_TRAIT_VIEW,
    .contracts = th_mv_contracts,
    .infer = infer,
    .eval = th_mv_eval,
    .quant = th_same_quant,
    .alias = th_mv_alias_exact,
    .moves = th_mv_all,
    .part = part,
};
