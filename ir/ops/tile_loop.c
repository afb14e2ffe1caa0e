/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

#include <string.h>

/* Results have the types of the body's. */
static enum th_status infer(struct th_inst *c)
{
    if (c->n_bodies != 1 || c->bodies[0] == NULL ||
        th_graph_output_count(c->bodies[0]) != c->n_out)
        return th_inst_error(c, "needs a body with %u results", c->n_out);
    for (uint32_t i = 0; i < c->n_out; i++)
        c->out[i] = *th_value_type(c->bodies[0], th_graph_output(c->bodies[0], i));
    return TH_OK;
}

static enum th_status verify(const struct th_inst *c)
{
    static const char *const per_node[] = {"run", "slots", "tail_rows", "tail_cols", "stage"};
    const uint32_t nodes = th_graph_node_count(c->bodies[0]);
    enum th_status s = TH_OK;
    for (size_t k = 0; k < TH_ARRAY_LEN(per_node); k++)
        if (th_inst_ints_len(c, per_node[k]) != nodes)
            s = th_inst_error(c, "'%s' has %u entries, the body %u nodes", per_node[k],
                              th_inst_ints_len(c, per_node[k]), nodes);
    const uint32_t stages = th_inst_ints_len(c, "strip_rows");
    if (stages != th_inst_ints_len(c, "strip_cols"))
        s = th_inst_error(c, "'strip_rows' has %u entries, 'strip_cols' %u", stages,
                          th_inst_ints_len(c, "strip_cols"));
    const uint32_t less = th_inst_ints_len(c, "strip_less");
    if (less && less != stages)
        s = th_inst_error(c, "'strip_rows' has %u entries, 'strip_less' %u", stages, less);
    if (s != TH_OK)
        return s;
    if (th_inst_int(c, "feed") >= (int64_t)c->n_in)
        return th_inst_error(c, "feeds operand %lld of %u", (long long)th_inst_int(c, "feed"),
                             c->n_in);
    for (uint32_t i = 0; i < nodes; i++) {
        const int64_t stage = th_inst_ints(c, "stage", i);
        const int64_t before = i ? th_inst_ints(c, "stage", i - 1) : 0;
        if (stage >= stages || stage < before || stage > before + 1)
            s = th_inst_error(c, "node %u of the body is in stage %lld of %u after stage %lld", i,
                              (long long)stage, stages, (long long)before);
    }
    return s;
}

/* Pieces change nothing but the order: the whole tensors are the oracle. */
static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    struct th_tensor *out[TH_MAX_OUTPUTS];
    TH_TRY(e->run_body(e->user, 0, e->in, out));
    for (uint32_t i = 0; i < c->n_out; i++)
        memcpy(e->out[i]->data, out[i]->data, (size_t)th_type_size(&c->out[i]));
    return TH_OK;
}

static const struct th_port inputs[] = {{"v", 0, TH_PORT_VARIADIC, "what the body uses"},
                                        {NULL, 0, 0, NULL}};
static const struct th_port outputs[] = {{"y", 0, TH_PORT_VARIADIC, "results of the body"},
                                         {NULL, 0, 0, NULL}};
static const char *const modes[] = {"stream", "strips", NULL};
static const char *const walks[] = {"down", "up", NULL};
static const struct th_attr_spec attrs[] = {
    {.name = "mode", .kind = TH_ATTR_ENUM, .names = modes, .doc = "how the pieces follow"},
    {.name = "run", .kind = TH_ATTR_INTS, .required = true, .min = 1, .max = 1e9,
     .doc = "for each node of the body: columns computed at a time"},
    {.name = "slots", .kind = TH_ATTR_INTS, .required = true, .min = 0, .max = 1e9,
     .doc = "for each node: whole rows kept of its result"},
    {.name = "tail_rows", .kind = TH_ATTR_INTS, .required = true, .min = 0, .max = 1e9,
     .doc = "for each node: rows of the part that is kept by columns"},
    {.name = "tail_cols", .kind = TH_ATTR_INTS, .required = true, .min = 0, .max = 1e9,
     .doc = "for each node: columns of that part"},
    {.name = "stage", .kind = TH_ATTR_INTS, .required = true, .min = 0, .max = 1e9,
     .doc = "for each node: the stage it belongs to"},
    {.name = "strip_rows", .kind = TH_ATTR_INTS, .required = true, .min = 0, .max = 1e9,
     .doc = "for each stage: rows of its last result in a strip; 0 in a stream"},
    {.name = "strip_cols", .kind = TH_ATTR_INTS, .required = true, .min = 0, .max = 1e9,
     .doc = "for each stage: columns of a tile; 0: columns slide"},
    {.name = "strip_less", .kind = TH_ATTR_INTS, .min = 0, .max = 1e9,
     .doc = "for each stage: rows that its first strip has less than the others; none: 0"},
    {.name = "feed", .kind = TH_ATTR_INT, .min = -1, .max = 1e6, .def_i = -1,
     .doc = "operand that is not stored: the application pushes its rows, and the first node keeps "
            "those that are wanted; -1: none"},
    {.name = "walk", .kind = TH_ATTR_ENUM, .names = walks,
     .doc = "from the first row of the results to the last, or from the last to the first"},
    TH_MV_END};

extern const struct th_op th_op_tile_loop;
const struct th_op th_op_tile_loop = {
    .struct_size = sizeof(struct th_op),
    .name = "tile_loop",
    .summary = "operators that run together, piece by piece",
    .doc = "Body: body(v...) -> y..., whole tensors. The attributes say in which pieces it runs "
           "and how much of each result is kept; `stream` computes every pixel once, `strips` "
           "computes rows at the borders of strips again.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_REGION,
    .region = TH_REGION_TILE_LOOP,
    .contracts = th_mv_contracts,
    .infer = infer,
    .verify = verify,
    .eval = eval,
};
