/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

#include <string.h>

/* Results have the types of the first body's; the verifier compares both bodies. */
static enum th_status infer(struct th_inst *c)
{
    if (c->n_bodies != 2 || c->bodies[0] == NULL ||
        th_graph_output_count(c->bodies[0]) != c->n_out)
        return th_inst_error(c, "needs two bodies with %u results each", c->n_out);
    for (uint32_t i = 0; i < c->n_out; i++)
        c->out[i] = *th_value_type(c->bodies[0], th_graph_output(c->bodies[0], i));
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    if (th_type_elems(c->in[0]) != 1)
        return th_inst_error(c, "the condition has %lld elements",
                             (long long)th_type_elems(c->in[0]));
    return TH_OK;
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    struct th_tensor *out[TH_MAX_OUTPUTS];
    const uint32_t body = th_tensor_int(e->in[0], 0) != 0 ? 0 : 1;
    TH_TRY(e->run_body(e->user, body, e->in + 1, out));
    for (uint32_t i = 0; i < c->n_out; i++)
        memcpy(e->out[i]->data, out[i]->data, (size_t)th_type_size(&c->out[i]));
    return TH_OK;
}

static const struct th_port inputs[] = {{"c", TH_EW_BOOL, 0, "condition, one element"},
                                        {"v", 0, TH_PORT_VARIADIC, "what the bodies use"},
                                        {NULL, 0, 0, NULL}};
static const struct th_port outputs[] = {{"y", 0, TH_PORT_VARIADIC, "results of the body"},
                                         {NULL, 0, 0, NULL}};

extern const struct th_op th_op_if;
const struct th_op th_op_if = {
    .struct_size = sizeof(struct th_op),
    .name = "if",
    .summary = "one of two bodies",
    .doc = "Bodies: then(v...) and else(v...), with results of the same types.",
    .inputs = inputs,
    .outputs = outputs,
    .traits = TH_TRAIT_REGION,
    .region = TH_REGION_IF,
    .contracts = th_mv_contracts,
    .infer = infer,
    .verify = verify,
    .eval = eval,
};
