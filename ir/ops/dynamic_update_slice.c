/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

#include <string.h>

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0], *u = c->in[1], *s = c->in[2];
    if (u->dtype != x->dtype || u->rank != x->rank || s->rank != 1 || s->dims[0] != x->rank)
        return th_inst_error(c, "update and start do not fit an operand of %d axes", x->rank);
    for (int32_t i = 0; i < x->rank; i++)
        if (u->dims[i] > x->dims[i])
            return th_inst_error(c, "axis %d: an update of %lld elements for %lld", i,
                                 (long long)u->dims[i], (long long)x->dims[i]);
    th_mv_like(c, x->rank, x->dims);
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const struct th_type *x = c->in[0], *u = c->in[1];
    int64_t sx[TH_MAX_RANK], su[TH_MAX_RANK], base = 0;
    th_mv_strides(x, sx);
    th_mv_strides(u, su);
    for (int32_t i = 0; i < x->rank; i++)
        base += sx[i] * th_clamp_i64(th_tensor_int(e->in[2], i), 0, x->dims[i] - u->dims[i]);
    memcpy(e->out[0]->data, e->in[0]->data, (size_t)th_type_size(x));
    for (int64_t k = 0; k < th_type_elems(u); k++) {
        int64_t to = base, rest = k;
        for (int32_t i = 0; i < u->rank; i++) {
            to += rest / su[i] * sx[i];
            rest %= su[i];
        }
        th_mv_copy(e->out[0], to, e->in[1], k);
    }
    return TH_OK;
}

static const struct th_port inputs[] = {{"x", 0, 0, "operand"},
                                        {"u", 0, 0, "update"},
                                        {"start", TH_DT_INDEX, 0, "its first index on each axis"},
                                        {NULL, 0, 0, NULL}};

extern const struct th_op th_op_dynamic_update_slice;
const struct th_op th_op_dynamic_update_slice = {
    .struct_size = sizeof(struct th_op),
    .name = "dynamic_update_slice",
    .summary = "the operand with a part replaced",
    .doc = "The start is moved so that the update lies inside.",
    .inputs = inputs,
    .outputs = th_mv_out,
    .traits = TH_TRAIT_PURE,
    .contracts = th_mv_contracts,
    .infer = infer,
    .eval = eval,
    .quant = th_same_quant,
    .alias = th_alias_first,
};
