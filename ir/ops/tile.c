/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    int64_t dims[TH_MAX_RANK];
    if (th_inst_ints_len(c, "repeats") != (uint32_t)x->rank)
        return th_inst_error(c, "'repeats' needs %d entries", x->rank);
    for (int32_t i = 0; i < x->rank; i++)
        if (!th_mul_i64(x->dims[i], th_inst_ints(c, "repeats", (uint32_t)i), &dims[i]))
            return th_inst_error(c, "the result is too large");
    th_mv_like(c, x->rank, dims);
    return TH_OK;
}

static enum th_status moves(const struct th_inst *c, struct th_moves *m)
{
    const struct th_type *x = c->in[0];
    struct th_move *v = th_mv_new(c, m, 1);
    int64_t in[TH_MAX_RANK], out[TH_MAX_RANK];
    if (v == NULL)
        return TH_ERR_INTERNAL;
    th_mv_strides(x, in);
    th_mv_strides(&c->out[0], out);
    v->rank = 2 * x->rank;
    for (int32_t i = 0; i < x->rank; i++) {
        v->dims[2 * i] = th_inst_ints(c, "repeats", (uint32_t)i);
        v->out_stride[2 * i] = out[i] * x->dims[i];
        v->dims[2 * i + 1] = x->dims[i];
        v->in_stride[2 * i + 1] = in[i];
        v->out_stride[2 * i + 1] = out[i];
    }
    return TH_OK;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t k,
                   struct th_window *w)
{
    (void)k;
    th_mv_whole(c->in[0], w);
    for (int32_t i = 0; i < c->in[0]->rank; i++) {
        const int64_t d = c->in[0]->dims[i];
        if (d == 0 || out->hi[i] <= out->lo[i] || out->lo[i] / d != (out->hi[i] - 1) / d)
            continue;
        w->box.lo[i] = out->lo[i] % d;
        w->box.hi[i] = (out->hi[i] - 1) % d + 1;
    }
    return true;
}

static const struct th_attr_spec attrs[] = {{.name = "repeats", .kind = TH_ATTR_INTS,
                                             .required = true, .min = 0, .max = 1e12,
                                             .doc = "copies along each axis"},
                                            TH_MV_END};

TH_MV_OP(tile, "the operand repeated", "repeats[i] copies stand side by side on axis i.", 0);
