/* SPDX-License-Identifier: Apache-2.0 */
#include "ir/ops/common/movement.h"

#include <math.h>

static enum th_status infer(struct th_inst *c)
{
    const struct th_type *x = c->in[0];
    const uint32_t rank = (uint32_t)x->rank;
    int64_t dims[TH_MAX_RANK];
    if (th_inst_ints_len(c, "before") != rank || th_inst_ints_len(c, "after") != rank)
        return th_inst_error(c, "'before' and 'after' need %u entries each", rank);
    for (uint32_t i = 0; i < rank; i++)
        if (!th_add_i64(x->dims[i], th_inst_ints(c, "before", i), &dims[i]) ||
            !th_add_i64(dims[i], th_inst_ints(c, "after", i), &dims[i]))
            return th_inst_error(c, "the result is too large");
    th_mv_like(c, x->rank, dims);
    if (x->quant != NULL && x->quant->n > 1 && dims[x->quant->axis] != x->quant->n)
        return th_inst_error(c, "pads axis %d, which has a scale for each index",
                             x->quant->axis);
    return TH_OK;
}

static enum th_status moves(const struct th_inst *c, struct th_moves *m)
{
    struct th_move *list = th_mv_new(c, m, 1);
    int64_t out[TH_MAX_RANK];
    if (list == NULL)
        return TH_ERR_INTERNAL;
    th_mv_axes(list, c->in[0]);
    th_mv_strides(&c->out[0], out);
    for (int32_t i = 0; i < c->in[0]->rank; i++) {
        list->out_base += th_inst_ints(c, "before", (uint32_t)i) * out[i];
        list->out_stride[i] = out[i];
    }
    const double value = th_inst_float(c, "value");
    m->fill = th_type_elems(&c->out[0]) != th_type_elems(c->in[0]);
    m->fill_value = isnan(value) ? (double)th_quant_zero(c->in[0]->quant, 0) : value;
    return TH_OK;
}

static bool window(const struct th_inst *c, const struct th_box *out, uint32_t k,
                   struct th_window *w)
{
    (void)k;
    *w = (struct th_window){.box = {{0}, {0}}};
    for (int32_t i = 0; i < c->in[0]->rank; i++) {
        const int64_t before = th_inst_ints(c, "before", (uint32_t)i);
        th_mv_clip(w, i, out->lo[i] - before, out->hi[i] - before, c->in[0]->dims[i]);
    }
    return true;
}

static uint32_t part(const struct th_inst *c, const struct th_box *out, int32_t axis,
                     struct th_attr *list)
{
    int64_t *before = th_mv_part_list(c, &list[0], "before");
    int64_t *after = th_mv_part_list(c, &list[1], "after");
    struct th_window w;
    if (before == NULL || after == NULL || !window(c, out, 0, &w))
        return 0;
    for (int32_t i = 0; i < c->out[0].rank; i++) {
        before[i] = i != axis ? th_inst_ints(c, "before", (uint32_t)i) : w.clip_lo[i];
        after[i] = i != axis ? th_inst_ints(c, "after", (uint32_t)i) : w.clip_hi[i];
    }
    return 2;
}

static const struct th_attr_spec attrs[] = {
    {.name = "before", .kind = TH_ATTR_INTS, .required = true, .min = 0, .max = 1e12,
     .doc = "elements put before each axis"},
    {.name = "after", .kind = TH_ATTR_INTS, .required = true, .min = 0, .max = 1e12,
     .doc = "elements put after each axis"},
    {.name = "value", .kind = TH_ATTR_FLOAT, .min = 1, .def_f = NAN,
     .doc = "what they hold, as stored; not a number: the zero point"},
    TH_MV_END};

static bool quant(const struct th_inst *c, struct th_quant_rule *q)
{
    (void)c;
    *q = (struct th_quant_rule){.weight_port = -1, .weight_axis = -1, .bias_port = -1,
                                .same_quant = true, .stored_attr = "value"};
    return true;
}

TH_MV_OP_PART(pad, "the operand with a border", "The border holds one value, by default the real "
              "value zero.", 0, quant, part);
