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

static enum th_status moves(const struct th_inst *c, struct th_moves *m)
{
    return th_mv_blocks(c, m, false);
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
