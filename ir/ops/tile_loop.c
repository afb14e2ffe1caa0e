/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

static enum th_status infer(struct th_inst *c)
{
    const int64_t tiles = th_inst_int(c, "tiles");
    if (c->n_bodies != 1 || c->bodies[0] == NULL ||
        th_graph_output_count(c->bodies[0]) != c->n_out)
        return th_inst_error(c, "needs a body with %u results", c->n_out);
    for (uint32_t i = 0; i < c->n_out; i++) {
        struct th_type *y = &c->out[i];
        int32_t axis;
        *y = *th_value_type(c->bodies[0], th_graph_output(c->bodies[0], i));
        if (!th_mv_axis(th_inst_int(c, "axis"), y->rank, &axis))
            return th_mv_bad_axis(c, th_inst_int(c, "axis"), y->rank);
        if (!th_mul_i64(y->dims[axis], tiles, &y->dims[axis]))
            return th_inst_error(c, "result %u is too large", i);
    }
    return TH_OK;
}

/* Puts tile t of a result where it belongs. */
static void place(struct th_tensor *out, const struct th_tensor *tile, int32_t axis, int64_t t)
{
    int64_t outer = 1, inner = 1;
    for (int32_t i = 0; i < out->type.rank; i++) {
        outer *= i < axis ? out->type.dims[i] : 1;
        inner *= i > axis ? out->type.dims[i] : 1;
    }
    const int64_t part = tile->type.dims[axis] * inner, whole = out->type.dims[axis] * inner;
    for (int64_t o = 0; o < outer; o++)
        for (int64_t k = 0; k < part; k++)
            th_mv_copy(out, o * whole + t * part + k, tile, o * part + k);
}

static enum th_status eval(const struct th_inst *c, struct th_eval *e)
{
    const int64_t tiles = th_inst_int(c, "tiles");
    const struct th_type scalar = th_type_make(TH_DT_S32, 0, NULL);
    struct th_tensor *index = th_tensor_new(e->arena, &scalar);
    const struct th_tensor **in = TH_NEW_ARRAY(e->arena, const struct th_tensor *, c->n_in + 1);
    struct th_tensor *out[TH_MAX_OUTPUTS];
    if (index == NULL || in == NULL)
        return TH_ERR_INTERNAL;
    in[0] = index;
    for (uint32_t i = 0; i < c->n_in; i++)
        in[i + 1] = e->in[i];
    for (int64_t t = 0; t < tiles; t++) {
        th_tensor_set_int(index, 0, t);
        TH_TRY(e->run_body(e->user, 0, in, out));
        for (uint32_t i = 0; i < c->n_out; i++) {
            int32_t axis = 0;
            th_mv_axis(th_inst_int(c, "axis"), c->out[i].rank, &axis);
            place(e->out[i], out[i], axis, t);
        }
    }
    return TH_OK;
}

static const struct th_port inputs[] = {{"v", 0, TH_PORT_VARIADIC, "what the body uses"},
                                        {NULL, 0, 0, NULL}};
static const struct th_port outputs[] = {{"y", 0, TH_PORT_VARIADIC, "tiles side by side"},
                                         {NULL, 0, 0, NULL}};
static const struct th_attr_spec attrs[] = {
    {.name = "tiles", .kind = TH_ATTR_INT, .required = true, .min = 1, .max = 1e9,
     .doc = "how many"},
    {.name = "axis", .kind = TH_ATTR_INT, .required = true, .min = -TH_MAX_RANK,
     .max = TH_MAX_RANK - 1, .doc = "axis of the results that they lie along"},
    TH_MV_END};

extern const struct th_op th_op_tile_loop;
const struct th_op th_op_tile_loop = {
    .struct_size = sizeof(struct th_op),
    .name = "tile_loop",
    .summary = "a body run for each tile of its results",
    .doc = "Body: body(index s32 scalar, v...) -> one tile of each result; tiles stand side by "
           "side on the axis.",
    .inputs = inputs,
    .outputs = outputs,
    .attrs = attrs,
    .traits = TH_TRAIT_REGION,
    .region = TH_REGION_TILE_LOOP,
    .contracts = th_mv_contracts,
    .infer = infer,
    .eval = eval,
};
