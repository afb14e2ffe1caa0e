/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

/* The axis of the result that runs over the depth; -1 means the last one. */
static bool axis_of(const struct th_inst *c, int32_t *axis)
{
    return th_mv_axis(th_inst_int(c, "axis"), c->in[0]->rank + 1, axis);
}

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *i = c->in[0];
    struct th_type *y = &c->out[0];
    int32_t axis;
    if (i->rank + 1 > TH_MAX_RANK || !axis_of(c, &axis))
        return th_mv_bad_axis(c, th_inst_int(c, "axis"), i->rank + 1);
    if (th_type_elems(c->in[1]) != 1 || th_type_elems(c->in[2]) != 1 ||
        c->in[1]->dtype != c->in[2]->dtype)
        return th_inst_error(c, "'on' and 'off' must be single values of one type");
    y->dtype = c->in[1]->dtype;
    y->quant = c->in[1]->quant;
    y->rank = i->rank + 1;
    for (int32_t a = 0; a < y->rank; a++)
        y->dims[a] = a < axis ? i->dims[a] : a == axis ? th_inst_int(c, "depth") : i->dims[a - 1];
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t depth = th_inst_int(c, "depth");
    int32_t axis = 0;
    int64_t outer = 1, inner = 1;
    axis_of(c, &axis);
    for (int32_t a = 0; a < c->in[0]->rank; a++) {
        outer *= a < axis ? c->in[0]->dims[a] : 1;
        inner *= a >= axis ? c->in[0]->dims[a] : 1;
    }
    for (int64_t o = 0; o < outer; o++)
        for (int64_t d = 0; d < depth; d++)
            for (int64_t j = 0; j < inner; j++)
                th_mv_copy(e->out[0], (o * depth + d) * inner + j,
                           e->in[th_tensor_int(e->in[0], o * inner + j) == d ? 1 : 2], 0);
    return TH_OK;
}

static const struct th_port inputs[] = {{"i", TH_DT_INDEX | TH_DT_INT8S, 0, "indices"},
                                        {"on", 0, 0, "value at the index"},
                                        {"off", 0, 0, "value elsewhere"},
                                        {NULL, 0, 0, NULL}};
static const struct th_attr_spec attrs[] = {
    {.name = "depth", .kind = TH_ATTR_INT, .required = true, .min = 0, .max = 1e9,
     .doc = "extent of the new axis"},
    {.name = "axis", .kind = TH_ATTR_INT, .min = -TH_MAX_RANK, .max = TH_MAX_RANK - 1,
     .def_i = -1, .doc = "where the new axis stands"},
    TH_MV_END};

extern const struct th_op th_op_one_hot;
const struct th_op th_op_one_hot = {
    .struct_size = sizeof(struct th_op),
    .name = "one_hot",
    .summary = "indices as vectors with one entry set",
    .doc = "An index outside of 0 .. depth - 1 sets none.",
    .inputs = inputs,
    .outputs = th_mv_out,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_mv_contracts,
    .infer = infer,
    .eval = eval,
};
