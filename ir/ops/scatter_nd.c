/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *i = c->in[0], *u = c->in[1];
    struct th_type *y = &c->out[0];
    const int32_t rank = (int32_t)th_inst_ints_len(c, "shape");
    if (i->rank < 1 || rank > TH_MAX_RANK || i->dims[i->rank - 1] > rank)
        return th_inst_error(c, "index vectors do not fit a result of %d axes", rank);
    const int32_t depth = (int32_t)i->dims[i->rank - 1];
    if (u->rank != i->rank - 1 + rank - depth)
        return th_inst_error(c, "updates have %d axes, expected %d", u->rank,
                             i->rank - 1 + rank - depth);
    y->dtype = u->dtype;
    y->quant = u->quant;
    y->rank = rank;
    for (int32_t a = 0; a < rank; a++)
        y->dims[a] = th_inst_ints(c, "shape", (uint32_t)a);
    for (int32_t a = 0; a < u->rank; a++) {
        const int64_t want = a < i->rank - 1 ? i->dims[a] : y->dims[a - (i->rank - 1) + depth];
        if (u->dims[a] != want)
            return th_inst_error(c, "axis %d of the updates has %lld elements, expected %lld", a,
                                 (long long)u->dims[a], (long long)want);
    }
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_type *i = c->in[0], *y = &c->out[0];
    const int64_t depth = i->dims[i->rank - 1];
    int64_t stride[TH_MAX_RANK], picks = 1, inner = 1;
    th_mv_strides(y, stride);
    for (int32_t a = 0; a < i->rank - 1; a++)
        picks *= i->dims[a];
    for (int32_t a = (int32_t)depth; a < y->rank; a++)
        inner *= y->dims[a];
    for (int64_t k = 0; k < picks; k++) {
        int64_t to = 0;
        bool inside = true;
        for (int64_t d = 0; d < depth; d++) {
            const int64_t at = th_tensor_int(e->in[0], k * depth + d);
            inside = inside && at >= 0 && at < y->dims[d];
            to += inside ? stride[d] * at : 0;
        }
        for (int64_t j = 0; inside && j < inner; j++) {
            if (y->dtype == TH_DT_F32) {
                float *f = e->out[0]->data;
                f[to + j] += ((const float *)e->in[1]->data)[k * inner + j];
            } else {
                const uint64_t sum = (uint64_t)th_tensor_int(e->out[0], to + j) +
                                     (uint64_t)th_tensor_int(e->in[1], k * inner + j);
                th_tensor_set_int(e->out[0], to + j, th_ew_wrap(y->dtype, (int64_t)sum));
            }
        }
    }
    return TH_OK;
}

static const struct th_port inputs[] = {
    {"i", TH_DT_INDEX, 0, "index vectors"},
    {"u", TH_EW_FLOAT | TH_EW_INT | TH_DT_INT8S | TH_EW_BOOL, 0, "updates"},
    {NULL, 0, 0, NULL}};
static const struct th_port outputs[] = {
    {"y", TH_EW_FLOAT | TH_EW_INT | TH_DT_INT8S | TH_EW_BOOL, 0, "result"}, {NULL, 0, 0, NULL}};
static const struct th_attr_spec attrs[] = {{.name = "shape", .kind = TH_ATTR_INTS,
                                             .required = true, .min = 0, .max = 1e12,
                                             .doc = "the result's extents"},
                                            TH_MV_END};

extern const struct th_op th_op_scatter_nd;
const struct th_op th_op_scatter_nd = {
    .struct_size = sizeof(struct th_op),
    .name = "scatter_nd",
    .summary = "updates added into zeros at index vectors",
    .doc = "Equal indices add up (integers wrap); indices outside of the result are left out.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_PURE,
    .contracts = th_mv_contracts,
    .infer = infer,
    .eval = eval,
};
