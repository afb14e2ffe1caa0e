/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#include <math.h>
#include <string.h>

#define TYPES (TH_DT_FLOATS | TH_DT_BIT(TH_DT_S32))

static const struct th_port inputs[] = {
    {"x", TYPES, 0, "volume [n, depth, height, width, channels]"},
    {"w", TYPES, 0, "weights [out channels, depth, height, width, channels of a group]"},
    {"b", TYPES, TH_PORT_OPTIONAL, "bias of each output channel"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TYPES, 0, "volume [n, depth, height, width, out channels]"},
    {NULL, 0, 0, NULL},
};
static const struct th_attr_spec attrs[] = {
    {.name = "stride", .kind = TH_ATTR_INTS, .min_len = 3, .max_len = 3, .min = 1,
     .max = 1 << 20, .def_i = 1, .doc = "steps between windows: depth, rows, columns"},
    {.name = "dilation", .kind = TH_ATTR_INTS, .min_len = 3, .max_len = 3, .min = 1,
     .max = 1 << 20, .def_i = 1, .doc = "steps between taps: depth, rows, columns"},
    {.name = "pad", .kind = TH_ATTR_INTS, .min_len = 6, .max_len = 6, .min = 0, .max = 1 << 20,
     .doc = "padding: front, top, left, back, bottom, right"},
    TH_ATTR_ROW_ACT,
    TH_ATTR_END,
};

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0], *w = c->in[1];
    int64_t dims[5];
    TH_TRY(th_need_rank(c, 0, 5));
    TH_TRY(th_need_rank(c, 1, 5));
    if (w->dims[4] < 1 || x->dims[4] < 1 || x->dims[4] % w->dims[4] != 0 ||
        w->dims[0] % (x->dims[4] / w->dims[4]) != 0)
        return th_inst_error(c, "%lld input channels and %lld by %lld weights make no groups",
                             (long long)x->dims[4], (long long)w->dims[0],
                             (long long)w->dims[4]);
    dims[0] = x->dims[0];
    dims[4] = w->dims[0];
    for (uint32_t a = 0; a < 3; a++) {
        const int64_t reach = (w->dims[a + 1] - 1) * th_inst_ints(c, "dilation", a) + 1;
        const int64_t size = x->dims[a + 1] + th_inst_ints(c, "pad", a) +
                             th_inst_ints(c, "pad", a + 3);
        if (w->dims[a + 1] < 1 || reach > size)
            return th_inst_error(c, "a window of %lld does not fit %lld elements of axis %u",
                                 (long long)reach, (long long)size, a + 1);
        dims[a + 1] = (size - reach) / th_inst_ints(c, "stride", a) + 1;
    }
    return th_set_shape(c, 0, 5, dims);
}

static enum th_status verify(const struct th_inst *c)
{
    const enum th_dtype dt = c->in[0]->dtype;
    const struct th_type *b = th_operand_type(c, 2);
    if (c->in[1]->dtype != dt || c->out[0].dtype != dt || (b && b->dtype != dt))
        return th_inst_error(c, "operands and result are of different types");
    if (b && th_type_elems(b) != c->in[1]->dims[0])
        return th_inst_error(c, "bias has %lld elements for %lld channels",
                             (long long)th_type_elems(b), (long long)c->in[1]->dims[0]);
    if (dt == TH_DT_S32 &&
        (isfinite(th_inst_float(c, "act_min")) || isfinite(th_inst_float(c, "act_max"))))
        return th_inst_error(c, "bounds have no rule for s32");
    return TH_OK;
}

/* Offset of the window's tap t in the operand, or -1 where it reaches beyond. */
static int64_t tap_at(const struct th_inst *c, const int64_t place[3], const int64_t tap[3])
{
    int64_t at = 0;
    for (uint32_t a = 0; a < 3; a++) {
        const int64_t i = place[a] * th_inst_ints(c, "stride", a) - th_inst_ints(c, "pad", a) +
                          tap[a] * th_inst_ints(c, "dilation", a);
        if (i < 0 || i >= c->in[0]->dims[a + 1])
            return -1;
        at = at * c->in[0]->dims[a + 1] + i;
    }
    return at;
}

static void point(const struct th_inst *c, struct th_eval *e, int64_t out, const int64_t place[3],
                  int64_t batch, int64_t channel)
{
    const struct th_type *x = c->in[0], *w = c->in[1];
    const int64_t depth = w->dims[4], fan = w->dims[0] / (x->dims[4] / depth);
    const int64_t volume = x->dims[1] * x->dims[2] * x->dims[3];
    const struct th_tensor *b = th_operand(c, e, 2);
    int64_t wt = channel * w->dims[1] * w->dims[2] * w->dims[3] * depth, tap[3];
    float real = 0;
    uint32_t whole = 0;
    for (tap[0] = 0; tap[0] < w->dims[1]; tap[0]++)
        for (tap[1] = 0; tap[1] < w->dims[2]; tap[1]++)
            for (tap[2] = 0; tap[2] < w->dims[3]; tap[2]++, wt += depth) {
                const int64_t at = tap_at(c, place, tap);
                const int64_t from = (batch * volume + at) * x->dims[4] + channel / fan * depth;
                for (int64_t i = 0; at >= 0 && i < depth; i++) {
                    if (x->dtype == TH_DT_F32)
                        real += th_floats(e->in[0])[from + i] * th_floats(e->in[1])[wt + i];
                    else
                        whole += (uint32_t)th_tensor_int(e->in[0], from + i) *
                                 (uint32_t)th_tensor_int(e->in[1], wt + i);
                }
            }
    if (x->dtype == TH_DT_F32)
        ((float *)e->out[0]->data)[out] = th_clampf(real + (b ? th_floats(b)[channel] : 0.0f),
                                                    (float)th_inst_float(c, "act_min"),
                                                    (float)th_inst_float(c, "act_max"));
    else
        th_tensor_set_int(e->out[0], out,
                          (int32_t)(whole + (b ? (uint32_t)th_tensor_int(b, channel) : 0)));
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_type *y = &c->out[0];
    int64_t out = 0, place[3];
    for (int64_t n = 0; n < y->dims[0]; n++)
        for (place[0] = 0; place[0] < y->dims[1]; place[0]++)
            for (place[1] = 0; place[1] < y->dims[2]; place[1]++)
                for (place[2] = 0; place[2] < y->dims[3]; place[2]++)
                    for (int64_t k = 0; k < y->dims[4]; k++)
                        point(c, e, out++, place, n, k);
    return TH_OK;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                   struct th_window *w)
{
    const struct th_type *x = c->in[0], *k = c->in[1];
    memset(w, 0, sizeof(*w));
    if (i == 2) {
        th_window_bias(c, 2, out->lo[4], out->hi[4], w);
        return true;
    }
    if (i == 1) {
        th_window_same(w, 0, out->lo[4], out->hi[4]);
        for (int32_t a = 1; a < 5; a++)
            th_window_full(w, a, k->dims[a]);
        return true;
    }
    th_window_same(w, 0, out->lo[0], out->hi[0]);
    for (int32_t a = 1; a < 4; a++)
        th_window_axis(w, a, out->lo[a], out->hi[a], th_inst_ints(c, "stride", (uint32_t)a - 1),
                       th_inst_ints(c, "dilation", (uint32_t)a - 1), k->dims[a],
                       th_inst_ints(c, "pad", (uint32_t)a - 1), x->dims[a]);
    th_window_full(w, 4, x->dims[4]);
    return true;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    const struct th_type *w = c->in[1];
    k->macs = th_type_elems(&c->out[0]) * w->dims[1] * w->dims[2] * w->dims[3] * w->dims[4];
    k->ops = th_type_elems(&c->out[0]);
    th_cost_bytes(c, k);
}

extern const struct th_op th_op_conv3d;
const struct th_op th_op_conv3d = {
    .struct_size = sizeof(struct th_op),
    .name = "conv3d",
    .summary = "convolution of a volume",
    .doc = "Groups follow from the channels of the weights. Float: products in tap order, bias "
           "last, held between the bounds. s32: exact sums without scales, wrapping, which is "
           "what integer convolutions of dynamic zero points are made of.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .verify = verify,
    .eval = eval,
    .window = window,
    .cost = cost,
};
