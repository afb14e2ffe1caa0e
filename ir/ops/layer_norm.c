/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/nn.h"

#include <math.h>
#include <string.h>

static const struct th_port inputs[] = {
    {"x", TH_DT_FLOATS, 0, "operand"},
    {"scale", TH_DT_FLOATS, TH_PORT_OPTIONAL, "factor of each element of a group"},
    {"bias", TH_DT_FLOATS, TH_PORT_OPTIONAL, "added to each element of a group"},
    {NULL, 0, 0, NULL},
};
static const struct th_port outputs[] = {
    {"y", TH_DT_FLOATS, 0, "result, of the operand's shape"},
    {NULL, 0, 0, NULL},
};
static const struct th_attr_spec attrs[] = {
    {.name = "axis", .kind = TH_ATTR_INT, .min = -TH_MAX_RANK, .max = TH_MAX_RANK - 1,
     .def_i = -1, .doc = "a group is this axis and all that follow"},
    {.name = "epsilon", .kind = TH_ATTR_FLOAT, .min = 0, .max = 1e9, .def_f = 1e-5,
     .doc = "added to the variance"},
    {.name = "rms", .kind = TH_ATTR_BOOL, .max = 1,
     .doc = "the mean is taken as zero (root mean square)"},
    {.name = NULL},
};

static int32_t first_axis(const struct th_inst *c)
{
    const int64_t a = th_inst_int(c, "axis");
    return (int32_t)(a < 0 ? a + c->in[0]->rank : a);
}

static int64_t group(const struct th_inst *c)
{
    int64_t n = 1;
    for (int32_t a = first_axis(c); a < c->in[0]->rank; a++)
        n *= c->in[0]->dims[a];
    return n;
}

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    const int32_t axis = first_axis(c);
    if (axis < 0 || axis >= x->rank)
        return th_inst_error(c, "axis %lld, but the operand has %d axes",
                             (long long)th_inst_int(c, "axis"), x->rank);
    return th_set_shape(c, 0, x->rank, x->dims);
}

static enum th_status verify(const struct th_inst *c)
{
    for (uint32_t i = 1; i < 3; i++) {
        const struct th_type *t = th_operand_type(c, i);
        if (t != NULL && th_type_elems(t) != group(c))
            return th_inst_error(c, "%s has %lld elements, a group has %lld",
                                 i == 1 ? "scale" : "bias", (long long)th_type_elems(t),
                                 (long long)group(c));
    }
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t n = group(c), groups = n ? th_type_elems(c->in[0]) / n : 0;
    const float *x = th_floats(e->in[0]);
    const float *scale = th_floats(th_operand(c, e, 1)), *bias = th_floats(th_operand(c, e, 2));
    const float epsilon = (float)th_inst_float(c, "epsilon");
    float *y = e->out[0]->data;
    for (int64_t g = 0; g < groups; g++, x += n, y += n) {
        float sum = 0, squares = 0;
        for (int64_t i = 0; i < n && !th_inst_int(c, "rms"); i++)
            sum += x[i];
        const float mean = sum / (float)n;
        for (int64_t i = 0; i < n; i++)
            squares += (x[i] - mean) * (x[i] - mean);
        const float inverse = 1.0f / sqrtf(squares / (float)n + epsilon);
        for (int64_t i = 0; i < n; i++) {
            const float v = (x[i] - mean) * inverse * (scale ? scale[i] : 1.0f);
            y[i] = v + (bias ? bias[i] : 0.0f);
        }
    }
    return TH_OK;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                   struct th_window *w)
{
    const int32_t axis = first_axis(c);
    if (i != 0)
        return false;
    memset(w, 0, sizeof(*w));
    for (int32_t a = 0; a < c->in[0]->rank; a++) {
        if (a < axis)
            th_window_same(w, a, out->lo[a], out->hi[a]);
        else
            th_window_full(w, a, c->in[0]->dims[a]);
    }
    return true;
}

static void cost(const struct th_inst *c, struct th_cost *k)
{
    k->macs = th_type_elems(c->in[0]);
    k->ops = th_type_elems(c->in[0]) * 4;
    th_cost_bytes(c, k);
}

extern const struct th_op th_op_layer_norm;
const struct th_op th_op_layer_norm = {
    .struct_size = sizeof(struct th_op),
    .name = "layer_norm",
    .summary = "groups of elements brought to mean 0 and variance 1",
    .doc = "y = (x - mean) / sqrt(variance + epsilon) * scale + bias, mean and variance being "
           "those of the group, summed in float32. With rms the mean counts as zero.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_contracts_all,
    .infer = infer,
    .verify = verify,
    .eval = eval,
    .window = window,
    .alias = th_alias_first,
    .cost = cost,
};
