/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/elementwise.h"
#include "ir/ops/common/nn.h"

static enum th_status infer(struct th_inst *c)
{
    struct th_type *y = &c->out[0];
    if (c->in[1]->rank != 1 || c->in[1]->dims[0] != 256)
        return th_inst_error(c, "the table needs 256 entries");
    if (y->dtype == TH_DT_NONE) {
        y->dtype = c->in[1]->dtype;
        y->quant = c->in[1]->quant;
    }
    y->rank = c->in[0]->rank;
    for (int32_t i = 0; i < y->rank; i++)
        y->dims[i] = c->in[0]->dims[i];
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    if (c->out[0].dtype != c->in[1]->dtype)
        return th_inst_error(c, "a table of %s gives no %s", th_dtype_name(c->in[1]->dtype),
                             th_dtype_name(c->out[0].dtype));
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t n = th_type_elems(&c->out[0]), lo = th_dtype_min(c->in[0]->dtype);
    for (int64_t i = 0; i < n; i++)
        th_tensor_set_int(e->out[0], i, th_tensor_int(e->in[1], th_tensor_int(e->in[0], i) - lo));
    return TH_OK;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                   struct th_window *w)
{
    return i == 0 && th_ew_window(c, out, i, w);
}

static const struct th_port inputs[] = {
    {"x", TH_DT_INT8S, 0, "operand"},
    {"t", TH_DT_INT8S, TH_PORT_CONST, "256 results, for the smallest stored value first"},
    {NULL, 0, 0, NULL}};
static const struct th_port outputs[] = {
    {"y", TH_DT_INT8S, TH_PORT_DECLARED, "result, of the operand's shape"}, {NULL, 0, 0, NULL}};

extern const struct th_op th_op_table;
const struct th_op th_op_table = {
    .struct_size = sizeof(struct th_op),
    .name = "table",
    .summary = "8-bit values looked up",
    .doc = "y = t[x - smallest value of x's type]. Chains of 8-bit unary operators become one.",
    .inputs = inputs,
    .outputs = outputs,
    .traits = TH_TRAIT_PURE | TH_TRAIT_ELEMENTWISE | TH_TRAIT_UNARY_TABLE,
    .contracts = th_ew_contracts,
    .infer = infer,
    .verify = verify,
    .eval = eval,
    .window = window,
    .alias = th_alias_first,
};
