/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    const uint32_t rank = (uint32_t)x->rank, strides = th_inst_ints_len(c, "stride");
    int64_t dims[TH_MAX_RANK];
    if (th_inst_ints_len(c, "begin") != rank || th_inst_ints_len(c, "size") != rank ||
        (strides != 0 && strides != rank))
        return th_inst_error(c, "'begin', 'size' and 'stride' need %u entries each", rank);
    for (uint32_t i = 0; i < rank; i++) {
        const int64_t begin = th_inst_ints(c, "begin", i), n = th_inst_ints(c, "size", i);
        const int64_t step = th_inst_ints(c, "stride", i);
        int64_t last;
        dims[i] = n;
        if (step == 0)
            return th_inst_error(c, "axis %u has stride 0", i);
        if (n == 0)
            continue;
        if (!th_mul_i64(n - 1, step, &last) || !th_add_i64(last, begin, &last) ||
            begin < 0 || begin >= x->dims[i] || last < 0 || last >= x->dims[i])
            return th_inst_error(c, "axis %u: %lld elements from %lld by %lld leave the "
                                 "operand's %lld", i, (long long)n, (long long)begin,
                                 (long long)step, (long long)x->dims[i]);
    }
    th_mv_like(c, x->rank, dims);
    if (x->quant != NULL && x->quant->n > 1 && dims[x->quant->axis] != x->quant->n)
        return th_inst_error(c, "cuts axis %d, which has a scale for each index", x->quant->axis);
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
    for (int32_t i = 0; i < c->out[0].rank; i++) {
        list->in_base += th_inst_ints(c, "begin", (uint32_t)i) * in[i];
        list->in_stride[i] = in[i] * th_inst_ints(c, "stride", (uint32_t)i);
    }
    return TH_OK;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t k,
                   struct th_window *w)
{
    (void)k;
    *w = (struct th_window){.box = {{0}, {0}}};
    for (int32_t i = 0; i < c->out[0].rank; i++) {
        if (out->hi[i] <= out->lo[i])
            continue;
        const int64_t step = th_inst_ints(c, "stride", (uint32_t)i);
        const int64_t begin = th_inst_ints(c, "begin", (uint32_t)i);
        const int64_t a = begin + out->lo[i] * step, b = begin + (out->hi[i] - 1) * step;
        w->box.lo[i] = a < b ? a : b;
        w->box.hi[i] = (a < b ? b : a) + 1;
    }
    return true;
}

static uint32_t part(const struct th_inst *c, const struct th_box *out, int32_t axis,
                     struct th_attr *list)
{
    int64_t *begin = th_mv_part_list(c, &list[0], "begin");
    int64_t *size = th_mv_part_list(c, &list[1], "size");
    if (begin == NULL || size == NULL)
        return 0;
    for (int32_t i = 0; i < c->out[0].rank; i++) {
        const int64_t step = th_inst_ints(c, "stride", (uint32_t)i);
        size[i] = out->hi[i] - out->lo[i];
        if (i != axis)
            begin[i] = th_inst_ints(c, "begin", (uint32_t)i);
        else if (step < 0)
            begin[i] = (size[i] - 1) * -step;
    }
    return 2;
}

static const struct th_attr_spec attrs[] = {
    {.name = "begin", .kind = TH_ATTR_INTS, .required = true, .min = 0, .max = 1e12,
     .doc = "index of the first element on each axis"},
    {.name = "size", .kind = TH_ATTR_INTS, .required = true, .min = 0, .max = 1e12,
     .doc = "elements taken on each axis"},
    {.name = "stride", .kind = TH_ATTR_INTS, .min = -1e12, .max = 1e12, .def_i = 1,
     .doc = "step on each axis, negative ones run backwards"},
    TH_MV_END};

TH_MV_OP_PART(slice, "a part of the operand", "Element i of an axis of y is element begin + i "
              "stride of x.", 0, th_same_quant, part);
