/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/space_batch.h"

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    int64_t dims[TH_MAX_RANK], total;
    TH_TRY(th_sb_check(c, &total));
    for (int32_t i = 0; i < x->rank; i++)
        dims[i] = x->dims[i];
    for (uint32_t i = 0; i < th_inst_ints_len(c, "block"); i++) {
        const int64_t b = th_inst_ints(c, "block", i);
        int64_t d;
        if (!th_add_i64(x->dims[i + 1], th_inst_ints(c, "before", i), &d) ||
            !th_add_i64(d, th_inst_ints(c, "after", i), &d))
            return th_inst_error(c, "the result is too large");
        if (d % b != 0)
            return th_inst_error(c, "axis %u has %lld elements with its border, not a multiple "
                                 "of %lld", i + 1, (long long)d, (long long)b);
        dims[i + 1] = d / b;
    }
    if (!th_mul_i64(x->dims[0], total, &dims[0]))
        return th_inst_error(c, "the result is too large");
    th_mv_like(c, x->rank, dims);
    return TH_OK;
}

static enum th_status moves(const struct th_inst *c, struct th_moves *m)
{
    TH_TRY(th_sb_moves(c, m, &c->out[0], c->in[0], false));
    for (uint32_t i = 0; i < th_inst_ints_len(c, "block"); i++)
        m->fill = m->fill || th_inst_ints(c, "before", i) != 0 || th_inst_ints(c, "after", i) != 0;
    m->fill_value = (double)th_quant_zero(c->in[0]->quant, 0);
    return TH_OK;
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
        th_mv_clip(w, i, out->lo[i] * b - before, out->hi[i] * b - before, c->in[0]->dims[i]);
    }
    return true;
}

static const struct th_attr_spec attrs[] = {
    {.name = "block", .kind = TH_ATTR_INTS, .required = true, .min = 1, .max = 65536,
     .doc = "phases of each spatial axis"},
    {.name = "before", .kind = TH_ATTR_INTS, .required = true, .min = 0, .max = 1e12,
     .doc = "border put before each spatial axis"},
    {.name = "after", .kind = TH_ATTR_INTS, .required = true, .min = 0, .max = 1e12,
     .doc = "border put after each spatial axis"},
    TH_MV_END};

TH_MV_OP(space_to_batch, "phases of spatial axes become batches",
         "With a border of zeros, element p block + phase of an axis goes to element p of batch "
         "phase.",
         0);
