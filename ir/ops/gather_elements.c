/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

#include <string.h>

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0], *i = c->in[1];
    int32_t axis;
    if (!th_mv_axis(th_inst_int(c, "axis"), x->rank, &axis))
        return th_mv_bad_axis(c, th_inst_int(c, "axis"), x->rank);
    if (i->rank != x->rank)
        return th_inst_error(c, "indices have %d axes, the operand has %d", i->rank, x->rank);
    for (int32_t a = 0; a < x->rank; a++)
        if (a != axis && i->dims[a] > x->dims[a])
            return th_inst_error(c, "axis %d: %lld indices for %lld elements", a,
                                 (long long)i->dims[a], (long long)x->dims[a]);
    if (x->dims[axis] == 0 && th_type_elems(i) > 0)
        return th_inst_error(c, "nothing to take from an axis without elements");
    th_mv_like(c, i->rank, i->dims);
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
    const int64_t n = x->dims[axis];
    for (int64_t k = 0; k < th_type_elems(i); k++) {
        const int64_t index = th_tensor_int(e->in[1], k);
        int64_t from = th_clamp_i64(index < 0 ? index + n : index, 0, n - 1) * sx[axis];
        int64_t rest = k;
        for (int32_t a = 0; a < i->rank; a++) {
            from += a == axis ? 0 : rest / si[a] * sx[a];
            rest %= si[a];
        }
        th_mv_copy(e->out[0], k, e->in[0], from);
    }
    return TH_OK;
}

/* The same places of the operand on all axes but the one that is indexed. */
static bool window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                   struct th_window *w)
{
    int32_t axis = 0;
    th_mv_axis(th_inst_int(c, "axis"), c->in[0]->rank, &axis);
    memset(w, 0, sizeof(*w));
    for (int32_t a = 0; a < c->in[i]->rank; a++) {
        const bool whole = i == 0 && a == axis;
        w->box.lo[a] = whole ? 0 : out->lo[a];
        w->box.hi[a] = whole ? c->in[0]->dims[a] : out->hi[a];
    }
    return true;
}

static const struct th_port inputs[] = {
    {"x", 0, 0, "operand"},
    {"i", TH_DT_INDEX, 0, "indices, of the result's shape"},
    {NULL, 0, 0, NULL}};
static const struct th_attr_spec attrs[] = {
    {.name = "axis", .kind = TH_ATTR_INT, .min = -TH_MAX_RANK, .max = TH_MAX_RANK - 1,
     .doc = "axis that is indexed"},
    TH_MV_END};

extern const struct th_op th_op_gather_elements;
const struct th_op th_op_gather_elements = {
    .struct_size = sizeof(struct th_op),
    .name = "gather_elements",
    .summary = "elements chosen by an index each",
    .doc = "Element p of the result is the operand's at p, with the index at p on the axis. "
           "Negative indices count from the end; those outside are held at the axis' ends.",
    .inputs = inputs,
    .outputs = th_mv_out,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_mv_contracts,
    .infer = infer,
    .eval = eval,
    .quant = th_same_quant,
    .window = window,
};
