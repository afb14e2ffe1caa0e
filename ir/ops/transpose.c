/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    int64_t dims[TH_MAX_RANK];
    uint32_t seen = 0;
    if (th_inst_ints_len(c, "perm") != (uint32_t)x->rank)
        return th_inst_error(c, "%u axes permuted, the operand has %d",
                             th_inst_ints_len(c, "perm"), x->rank);
    for (int32_t i = 0; i < x->rank; i++) {
        const int64_t p = th_inst_ints(c, "perm", (uint32_t)i);
        if (p < 0 || p >= x->rank || seen & 1u << p)
            return th_inst_error(c, "'perm' is no permutation of %d axes", x->rank);
        seen |= 1u << p;
        dims[i] = x->dims[p];
    }
    th_mv_like(c, x->rank, dims);
    const struct th_quant *q = x->quant;
    if (q != NULL && q->n > 1)
        for (int32_t i = 0; i < x->rank; i++)
            if (th_inst_ints(c, "perm", (uint32_t)i) == q->axis)
                c->out[0].quant = th_quant_new(c->arena, q->n, q->scales, q->zero_points, i);
    return TH_OK;
}

static enum th_status moves(const struct th_inst *c, struct th_moves *m)
{
    struct th_move *list = th_mv_new(c, m, 1);
    int64_t in[TH_MAX_RANK];
    if (list == NULL)
        return TH_ERR_INTERNAL;
    th_mv_axes(list, &c->out[0]);
    th_mv_strides(c->in[0], in);
    for (int32_t i = 0; i < c->out[0].rank; i++)
        list->in_stride[i] = in[th_inst_ints(c, "perm", (uint32_t)i)];
    return TH_OK;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                   struct th_window *w)
{
    (void)i;
    *w = (struct th_window){.box = {{0}, {0}}};
    for (int32_t a = 0; a < c->out[0].rank; a++) {
        const int64_t p = th_inst_ints(c, "perm", (uint32_t)a);
        w->box.lo[p] = out->lo[a];
        w->box.hi[p] = out->hi[a];
    }
    return true;
}

static const struct th_attr_spec attrs[] = {{.name = "perm", .kind = TH_ATTR_INTS,
                                             .required = true, .min = 0, .max = TH_MAX_RANK - 1,
                                             .doc = "operand axis of each result axis"},
                                            TH_MV_END};

TH_MV_OP(transpose, "axes in another order", "Axis i of y is axis perm[i] of x.", 0);
