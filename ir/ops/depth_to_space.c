/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    const int64_t b = th_inst_int(c, "block");
    if (x->rank != 4)
        return th_inst_error(c, "the operand has %d axes, it needs 4", x->rank);
    if (x->dims[3] % (b * b) != 0)
        return th_inst_error(c, "%lld channels cannot become blocks of %lld by %lld pixels",
                             (long long)x->dims[3], (long long)b, (long long)b);
    int64_t dims[4] = {x->dims[0], 0, 0, x->dims[3] / (b * b)};
    if (!th_mul_i64(x->dims[1], b, &dims[1]) || !th_mul_i64(x->dims[2], b, &dims[2]))
        return th_inst_error(c, "the result is too large");
    th_mv_like(c, 4, dims);
    return TH_OK;
}

/* Rows and columns fall into blocks: n, y, x, block row, block column, channel. */
static enum th_status moves(const struct th_inst *c, struct th_moves *m)
{
    const int64_t b = th_inst_int(c, "block");
    const struct th_type *wide = &c->out[0], *deep = c->in[0];
    struct th_move *v = th_mv_new(c, m, 1);
    int64_t s[TH_MAX_RANK], d[TH_MAX_RANK];
    if (v == NULL)
        return TH_ERR_INTERNAL;
    th_mv_strides(wide, s);
    th_mv_strides(deep, d);
    const int64_t dims[6] = {deep->dims[0], deep->dims[1], deep->dims[2], b, b, wide->dims[3]};
    const int64_t in_wide[6] = {s[0], s[1] * b, s[2] * b, s[1], s[2], 1};
    const int64_t in_deep[6] = {d[0], d[1], d[2], b * wide->dims[3], wide->dims[3], 1};
    v->rank = 6;
    for (int i = 0; i < 6; i++) {
        v->dims[i] = dims[i];
        v->in_stride[i] = in_deep[i];
        v->out_stride[i] = in_wide[i];
    }
    return TH_OK;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t k,
                   struct th_window *w)
{
    const int64_t b = th_inst_int(c, "block");
    (void)k;
    th_mv_whole(c->in[0], w);
    w->box.lo[0] = out->lo[0];
    w->box.hi[0] = out->hi[0];
    for (int i = 1; i < 3; i++) {
        w->box.lo[i] = out->lo[i] / b;
        w->box.hi[i] = (out->hi[i] + b - 1) / b;
    }
    return true;
}

static const struct th_attr_spec attrs[] = {{.name = "block", .kind = TH_ATTR_INT,
                                             .required = true, .min = 1, .max = 65536,
                                             .doc = "side of a block"},
                                            TH_MV_END};

TH_MV_OP(depth_to_space, "channels become blocks of pixels",
         "Channels (y block + x) C and following become pixel (y, x) of a block.", 0);
