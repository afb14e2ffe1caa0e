/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#include "ir/ops/common/movement.h"

#include <string.h>

static int32_t axis_of(const struct th_inst *c)
{
    int32_t axis = -1;
    return th_mv_axis(th_inst_int(c, "axis"), c->in[0]->rank, &axis) ? axis : -1;
}

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0], *i = c->in[1], *w = c->in[2];
    const int32_t axis = axis_of(c);
    if (axis < 0)
        return th_mv_bad_axis(c, th_inst_int(c, "axis"), x->rank);
    if (i->rank != 2 || !th_type_same_shape(i, w))
        return th_inst_error(c, "indices and weights must be of one shape [places, taps]");
    if (x->dims[axis] < 1)
        return th_inst_error(c, "nothing to take from an axis without elements");
    int64_t dims[TH_MAX_RANK];
    memcpy(dims, x->dims, sizeof dims);
    dims[axis] = i->dims[0];
    return th_set_shape(c, 0, x->rank, dims);
}

static int64_t held(const struct th_inst *c, int64_t index)
{
    return th_clamp_i64(index, 0, c->in[0]->dims[axis_of(c)] - 1);
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_type *x = c->in[0];
    const int32_t axis = axis_of(c);
    const int64_t places = c->in[1]->dims[0], taps = c->in[1]->dims[1];
    const float *in = th_floats(e->in[0]), *weight = th_floats(e->in[2]);
    float *out = e->out[0]->data;
    int64_t outer = 1, inner = 1;
    for (int32_t a = 0; a < x->rank; a++) {
        outer *= a < axis ? x->dims[a] : 1;
        inner *= a > axis ? x->dims[a] : 1;
    }
    for (int64_t o = 0; o < outer; o++)
        for (int64_t p = 0; p < places; p++)
            for (int64_t j = 0; j < inner; j++) {
                float sum = 0;
                for (int64_t t = 0; t < taps; t++) {
                    const int64_t at = held(c, th_tensor_int(e->in[1], p * taps + t));
                    sum += weight[p * taps + t] * in[(o * x->dims[axis] + at) * inner + j];
                }
                *out++ = sum;
            }
    return TH_OK;
}

/* From the first index to the last that the places of the box need. */
static bool window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                   struct th_window *w)
{
    const int32_t axis = axis_of(c);
    const struct th_tensor *index = c->in_const ? c->in_const[1] : NULL;
    if (i != 0 || index == NULL)
        return false;
    memset(w, 0, sizeof(*w));
    for (int32_t a = 0; a < c->in[0]->rank; a++)
        th_window_same(w, a, out->lo[a], out->hi[a]);
    const int64_t taps = index->type.dims[1];
    int64_t lo = INT64_MAX, hi = 0;
    for (int64_t k = out->lo[axis] * taps; k < out->hi[axis] * taps; k++) {
        const int64_t at = held(c, th_tensor_int(index, k));
        lo = at < lo ? at : lo;
        hi = at + 1 > hi ? at + 1 : hi;
    }
    w->box.lo[axis] = lo < hi ? lo : 0;
    w->box.hi[axis] = hi;
    return true;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    k->macs = th_type_elems(&c->out[0]) * c->in[1]->dims[1];
    k->ops = 0;
    th_cost_bytes(c, k);
}

static const struct th_port inputs[] = {
    {"x", TH_DT_FLOATS, 0, "operand"},
    {"index", TH_DT_BIT(TH_DT_S32), 0, "places on the axis [places, taps]"},
    {"weight", TH_DT_FLOATS, 0, "and how much each counts [places, taps]"},
    {NULL, 0, 0, NULL}};
static const struct th_port outputs[] = {{"y", TH_DT_FLOATS, 0, "weighted sums"},
                                         {NULL, 0, 0, NULL}};
static const struct th_attr_spec attrs[] = {
    {.name = "axis", .kind = TH_ATTR_INT, .min = -TH_MAX_RANK, .max = TH_MAX_RANK - 1,
     .doc = "axis that is taken anew"},
    TH_MV_END};

extern const struct th_op th_op_resample;
const struct th_op th_op_resample = {
    .struct_size = sizeof(struct th_op),
    .name = "resample",
    .summary = "weighted sums of a few places along an axis",
    .doc = "Place p of the result's axis is the sum over taps t of weight[p, t] times the "
           "operand at index[p, t], in tap order in float32; indices are held inside of the "
           "axis. Interpolation in every mode, one axis after the other, is made of this.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .eval = eval,
    .window = window,
    .cost = cost,
};
