/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

#include <string.h>

struct layout {
    int32_t axis, batch;
    int64_t outer, slices, picks, inner;   /* batch, axes before, indices, axes after */
};

static enum th_status layout_of(const struct th_inst *c, struct layout *l)
{
    const struct th_type *x = c->in[0], *i = c->in[1];
    int64_t batch = th_inst_int(c, "batch_dims");
    if (!th_mv_axis(th_inst_int(c, "axis"), x->rank, &l->axis))
        return th_mv_bad_axis(c, th_inst_int(c, "axis"), x->rank);
    if (batch < 0)
        batch += i->rank;
    if (batch < 0 || batch > l->axis || batch > i->rank)
        return th_inst_error(c, "%lld batch axes do not fit axis %d", (long long)batch, l->axis);
    l->batch = (int32_t)batch;
    l->outer = l->slices = l->picks = l->inner = 1;
    for (int32_t a = 0; a < x->rank; a++) {
        if (a < l->batch && x->dims[a] != i->dims[a])
            return th_inst_error(c, "batch axis %d has %lld and %lld elements", a,
                                 (long long)x->dims[a], (long long)i->dims[a]);
        if (a < l->batch)
            l->outer *= x->dims[a];
        else if (a < l->axis)
            l->slices *= x->dims[a];
        else if (a > l->axis)
            l->inner *= x->dims[a];
    }
    for (int32_t a = l->batch; a < i->rank; a++)
        l->picks *= i->dims[a];
    return TH_OK;
}

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0], *i = c->in[1];
    struct layout l;
    TH_TRY(layout_of(c, &l));
    if (x->rank + i->rank - 1 - l.batch > TH_MAX_RANK)
        return th_inst_error(c, "the result has more than %d axes", TH_MAX_RANK);
    int64_t dims[TH_MAX_RANK];
    int32_t rank = 0;
    for (int32_t a = 0; a < l.axis; a++)
        dims[rank++] = x->dims[a];
    for (int32_t a = l.batch; a < i->rank; a++)
        dims[rank++] = i->dims[a];
    for (int32_t a = l.axis + 1; a < x->rank; a++)
        dims[rank++] = x->dims[a];
    if (x->dims[l.axis] == 0 && th_type_elems(i) > 0)
        return th_inst_error(c, "nothing to take from an axis without elements");
    if (th_inst_int(c, "zero_outside") && x->quant != NULL && x->quant->axis >= 0)
        return th_inst_error(c, "zeros of an operand whose axis %d has a scale for each index",
                             (int)x->quant->axis);
    th_mv_like(c, rank, dims);
    return TH_OK;
}

/* What the format writes as zero. */
static void set_zero(const struct th_inst *c, struct th_tensor *y, int64_t o)
{
    if (th_dtype_is_float(y->type.dtype))
        th_tensor_set_real(y, o, 0);
    else
        th_tensor_set_int(y, o, th_quant_zero(c->in[0]->quant, 0));
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    struct layout l;
    TH_TRY(layout_of(c, &l));
    const bool zeros = th_inst_int(c, "zero_outside") != 0;
    const int64_t n = c->in[0]->dims[l.axis];
    int64_t o = 0;
    for (int64_t b = 0; b < l.outer; b++)
        for (int64_t s = 0; s < l.slices; s++)
            for (int64_t k = 0; k < l.picks; k++) {
                int64_t at = th_tensor_int(e->in[1], b * l.picks + k);
                at += zeros && at < 0 ? n : 0;
                if (zeros && (at < 0 || at >= n)) {
                    for (int64_t j = 0; j < l.inner; j++)
                        set_zero(c, e->out[0], o++);
                    continue;
                }
                at = th_clamp_i64(at, 0, n - 1);
                for (int64_t j = 0; j < l.inner; j++)
                    th_mv_copy(e->out[0], o++, e->in[0],
                               ((b * l.slices + s) * n + at) * l.inner + j);
            }
    return TH_OK;
}

static const struct th_port inputs[] = {
    {"x", 0, 0, "operand"},
    {"i", TH_DT_INDEX | TH_DT_BIT(TH_DT_S16), 0, "indices"},
    {NULL, 0, 0, NULL}};
static const struct th_attr_spec attrs[] = {
    {.name = "axis", .kind = TH_ATTR_INT, .min = -TH_MAX_RANK, .max = TH_MAX_RANK - 1,
     .doc = "axis that is indexed"},
    {.name = "batch_dims", .kind = TH_ATTR_INT, .min = -TH_MAX_RANK, .max = TH_MAX_RANK,
     .doc = "leading axes that x and i share"},
    {.name = "zero_outside", .kind = TH_ATTR_BOOL,
     .doc = "negative indices count from the end, and those outside give zeros"},
    TH_MV_END};

extern const struct th_op th_op_gather;
const struct th_op th_op_gather = {
    .struct_size = sizeof(struct th_op),
    .name = "gather",
    .summary = "slices of the operand chosen by index",
    .doc = "Indices outside of the axis are held at its ends, unless `zero_outside` is set.",
    .inputs = inputs,
    .outputs = th_mv_out,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_mv_contracts,
    .infer = infer,
    .eval = eval,
    .quant = th_same_quant,
};
