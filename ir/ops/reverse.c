/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

static enum th_status reversed(const struct th_inst *c, uint32_t *set)
{
    *set = 0;
    for (uint32_t i = 0; i < th_inst_ints_len(c, "axes"); i++) {
        int32_t axis;
        if (!th_mv_axis(th_inst_ints(c, "axes", i), c->in[0]->rank, &axis))
            return th_mv_bad_axis(c, th_inst_ints(c, "axes", i), c->in[0]->rank);
        *set |= 1u << axis;
    }
    return TH_OK;
}

static enum th_status infer(struct th_inst *c)
{
    uint32_t set;
    th_mv_like(c, c->in[0]->rank, c->in[0]->dims);
    return reversed(c, &set);
}

static enum th_status moves(const struct th_inst *c, struct th_moves *m)
{
    const struct th_type *x = c->in[0];
    struct th_move *v = th_mv_new(c, m, 1);
    uint32_t set;
    if (v == NULL)
        return TH_ERR_INTERNAL;
    TH_TRY(reversed(c, &set));
    th_mv_axes(v, x);
    for (int32_t i = 0; i < x->rank; i++)
        if (set & 1u << i && x->dims[i] > 0) {
            v->in_base += (x->dims[i] - 1) * v->in_stride[i];
            v->in_stride[i] = -v->in_stride[i];
        }
    return TH_OK;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t k,
                   struct th_window *w)
{
    uint32_t set;
    (void)k;
    if (reversed(c, &set) != TH_OK)
        return false;
    *w = (struct th_window){.box = *out};
    for (int32_t i = 0; i < c->in[0]->rank; i++)
        if (set & 1u << i) {
            w->box.lo[i] = c->in[0]->dims[i] - out->hi[i];
            w->box.hi[i] = c->in[0]->dims[i] - out->lo[i];
        }
    return true;
}

static const struct th_attr_spec attrs[] = {{.name = "axes", .kind = TH_ATTR_INTS,
                                             .required = true, .min = -TH_MAX_RANK,
                                             .max = TH_MAX_RANK - 1, .doc = "axes turned round"},
                                            TH_MV_END};

TH_MV_OP(reverse, "the operand with axes turned round", "Element i of such an axis is element "
         "n - 1 - i of x.", 0);
