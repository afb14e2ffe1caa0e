/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    const int64_t b = th_inst_int(c, "block");
    if (x->rank != 4)
        return th_inst_error(c, "the operand has %d axes, it needs 4", x->rank);
    if (x->dims[1] % b != 0 || x->dims[2] % b != 0)
        return th_inst_error(c, "a block of %lld does not divide %lld rows and %lld columns",
                             (long long)b, (long long)x->dims[1], (long long)x->dims[2]);
    const int64_t dims[4] = {x->dims[0], x->dims[1] / b, x->dims[2] / b, x->dims[3] * b * b};
    th_mv_like(c, 4, dims);
    return TH_OK;
}

static enum th_status moves(const struct th_inst *c, struct th_moves *m)
{
    return th_mv_blocks(c, m, true);
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
        w->box.lo[i] = out->lo[i] * b;
        w->box.hi[i] = out->hi[i] * b;
    }
    return true;
}

static const struct th_attr_spec attrs[] = {{.name = "block", .kind = TH_ATTR_INT,
                                             .required = true, .min = 1, .max = 65536,
                                             .doc = "side of a block"},
                                            TH_MV_END};

TH_MV_OP(space_to_depth, "blocks of pixels become channels",
         "Pixel (y, x) of a block becomes channels (y block + x) C and following.", 0);
