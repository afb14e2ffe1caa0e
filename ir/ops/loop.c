/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

#include <string.h>

static enum th_status infer(struct th_inst *c)
{
    for (uint32_t i = 0; i < c->n_out && i < c->n_in; i++)
        c->out[i] = *c->in[i];
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    if (c->n_out != c->n_in)
        return th_inst_error(c, "carries %u values in and %u out", c->n_in, c->n_out);
    return TH_OK;
}

/* Bodies: the condition (left out of counted loops), then what is repeated. */
static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t count = th_inst_int(c, "count");
    struct th_tensor *next[TH_MAX_OUTPUTS];
    const struct th_tensor *now[TH_MAX_OUTPUTS];
    for (uint32_t i = 0; i < c->n_in; i++)
        now[i] = e->in[i];
    for (int64_t k = 0; count < 0 || k < count; k++) {
        if (count < 0) {
            struct th_tensor *more = NULL;
            TH_TRY(e->run_body(e->user, 0, now, &more));
            if (th_tensor_int(more, 0) == 0)
                break;
        }
        TH_TRY(e->run_body(e->user, c->n_bodies - 1, now, next));
        for (uint32_t i = 0; i < c->n_in; i++)
            now[i] = next[i];
    }
    for (uint32_t i = 0; i < c->n_out; i++)
        memcpy(e->out[i]->data, now[i]->data, (size_t)th_type_size(&c->out[i]));
    return TH_OK;
}

static const struct th_port inputs[] = {{"v", 0, TH_PORT_VARIADIC, "carried values"},
                                        {NULL, 0, 0, NULL}};
static const struct th_port outputs[] = {{"y", 0, TH_PORT_VARIADIC, "their last values"},
                                         {NULL, 0, 0, NULL}};
static const struct th_attr_spec attrs[] = {{.name = "count", .kind = TH_ATTR_INT, .min = -1,
                                             .max = 1e15, .def_i = -1,
                                             .doc = "how often; -1: while the first body says 1"},
                                            TH_MV_END};

extern const struct th_op th_op_loop;
const struct th_op th_op_loop = {
    .struct_size = sizeof(struct th_op),
    .name = "loop",
    .summary = "a body repeated over carried values",
    .doc = "Bodies: condition(v...) -> one bool, and body(v...) -> v... A counted loop has the "
           "second only.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_REGION,
    .region = TH_REGION_LOOP,
    .contracts = th_mv_contracts,
    .infer = infer,
    .verify = verify,
    .eval = eval,
};
