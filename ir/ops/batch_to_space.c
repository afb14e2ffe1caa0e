/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/space_batch.h"

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    int64_t dims[TH_MAX_RANK], total;
    TH_TRY(th_sb_check(c, &total));
    for (int32_t i = 0; i < x->rank; i++)
        dims[i] = x->dims[i];
    if (x->dims[0] % total != 0)
        return th_inst_error(c, "%lld batches do not make blocks of %lld",
                             (long long)x->dims[0], (long long)total);
    dims[0] = x->dims[0] / total;
    for (uint32_t i = 0; i < th_inst_ints_len(c, "block"); i++) {
        int64_t d;
        if (!th_mul_i64(x->dims[i + 1], th_inst_ints(c, "block", i), &d))
            return th_inst_error(c, "the result is too large");
        dims[i + 1] = d - th_inst_ints(c, "before", i) - th_inst_ints(c, "after", i);
        if (dims[i + 1] < 0)
            return th_inst_error(c, "axis %u has %lld elements, all of them cut off", i + 1,
                                 (long long)d);
    }
    th_mv_like(c, x->rank, dims);
    return TH_OK;
}

static enum th_status moves(const struct th_inst *c, struct th_moves *m)
{
    return th_sb_moves(c, m, c->in[0], &c->out[0], true);
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t k,
                   struct th_window *w)
{
    const int32_t axes = (int32_t)th_inst_ints_len(c, "block");
    (void)k;
    th_mv_whole(c->in[0], w);
    for (int32_t i = 1; i < c->in[0]->rank; i++) {
        w->box.lo[i] = out->lo[i];
        w->box.hi[i] = out->hi[i];
        if (i > axes)
            continue;
        const int64_t b = th_inst_ints(c, "block", (uint32_t)i - 1);
        const int64_t before = th_inst_ints(c, "before", (uint32_t)i - 1);
        w->box.lo[i] = (out->lo[i] + before) / b;
        w->box.hi[i] = (out->hi[i] + before + b - 1) / b;
    }
    return true;
}

static const struct th_attr_spec attrs[] = {
    {.name = "block", .kind = TH_ATTR_INTS, .required = true, .min = 1, .max = 65536,
     .doc = "phases of each spatial axis"},
    {.name = "before", .kind = TH_ATTR_INTS, .required = true, .min = 0, .max = 1e12,
     .doc = "elements cut off before each spatial axis"},
    {.name = "after", .kind = TH_ATTR_INTS, .required = true, .min = 0, .max = 1e12,
     .doc = "elements cut off after each spatial axis"},
    TH_MV_END};

TH_MV_OP(batch_to_space, "batches become phases of spatial axes",
         "Element p of batch phase goes to element p block + phase of an axis, whose ends are cut.",
         0);
