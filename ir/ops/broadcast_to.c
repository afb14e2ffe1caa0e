/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    const int32_t rank = (int32_t)th_inst_ints_len(c, "shape");
    int64_t dims[TH_MAX_RANK];
    if (rank > TH_MAX_RANK || rank < x->rank)
        return th_inst_error(c, "%d axes cannot become %d", x->rank, rank);
    for (int32_t i = 0; i < rank; i++) {
        const int32_t a = i - (rank - x->rank);
        dims[i] = th_inst_ints(c, "shape", (uint32_t)i);
        if (a >= 0 && x->dims[a] != 1 && x->dims[a] != dims[i])
            return th_inst_error(c, "axis %d has %lld elements, which cannot become %lld", a,
                                 (long long)x->dims[a], (long long)dims[i]);
    }
    th_mv_like(c, rank, dims);
    return TH_OK;
}

static enum th_status moves(const struct th_inst *c, struct th_moves *m)
{
    const struct th_type *x = c->in[0], *y = &c->out[0];
    struct th_move *v = th_mv_new(c, m, 1);
    int64_t in[TH_MAX_RANK];
    if (v == NULL)
        return TH_ERR_INTERNAL;
    th_mv_axes(v, y);
    th_mv_strides(x, in);
    for (int32_t i = 0; i < y->rank; i++) {
        const int32_t a = i - (y->rank - x->rank);
        v->in_stride[i] = a < 0 || x->dims[a] == 1 ? 0 : in[a];
    }
    return TH_OK;
}

static const struct th_attr_spec attrs[] = {{.name = "shape", .kind = TH_ATTR_INTS,
                                             .required = true, .min = 0, .max = 1e12,
                                             .doc = "the result's extents"},
                                            TH_MV_END};

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t k,
                   struct th_window *w)
{
    return th_ew_window(c, out, k, w);
}

TH_MV_OP(broadcast_to, "the operand stretched to a shape",
         "Axes of extent 1 and missing leading ones are repeated.", 0);
