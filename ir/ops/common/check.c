/* SPDX-License-Identifier: Apache-2.0 */
/* Checks that the infer and verify slots of many records share. */
#include "ir/ops/common/nn.h"

#include <math.h>
#include <string.h>

enum th_status th_set_shape(struct th_inst *c, uint32_t i, int32_t rank, const int64_t *dims)
{
    struct th_type *t = &c->out[i];
    int64_t bytes;
    if (t->dtype == TH_DT_NONE && c->n_in > 0 && c->in[0]) {
        t->dtype = c->in[0]->dtype;
        t->quant = c->in[0]->quant;
    }
    t->rank = rank;
    for (int32_t k = 0; k < rank; k++)
        t->dims[k] = dims[k];
    for (int32_t k = rank; k < TH_MAX_RANK; k++)
        t->dims[k] = 0;
    if (!th_type_bytes(t, &bytes))
        return th_inst_error(c, "the output is too large");
    return TH_OK;
}

enum th_status th_copy_type(struct th_inst *c, uint32_t i, const struct th_type *from)
{
    c->out[i].dtype = from->dtype;
    c->out[i].quant = from->quant;
    return th_set_shape(c, i, from->rank, from->dims);
}

enum th_status th_need_rank(const struct th_inst *c, uint32_t in, int32_t rank)
{
    if (c->in[in]->rank == rank)
        return TH_OK;
    return th_inst_error(c, "operand '%s' has rank %d, expected %d", c->op->inputs[in].name,
                         (int)c->in[in]->rank, (int)rank);
}

bool th_is_quantized(const struct th_type *t)
{
    return t->dtype == TH_DT_S8 || t->dtype == TH_DT_U8 || t->dtype == TH_DT_S16 ||
           t->dtype == TH_DT_S4;
}

enum th_status th_need_quant(const struct th_inst *c, const struct th_type *t, const char *what)
{
    if (!th_is_quantized(t))
        return TH_OK;
    if (!t->quant)
        return th_inst_error(c, "%s is %s without scale and zero point", what,
                             th_dtype_name(t->dtype));
    if (t->quant->n != 1)
        return th_inst_error(c, "%s has %u scales, only weights may have more than one", what,
                             (unsigned)t->quant->n);
    const int64_t zero = th_quant_zero(t->quant, 0);
    if (zero < th_dtype_min(t->dtype) || zero > th_dtype_max(t->dtype))
        return th_inst_error(c, "%s has zero point %lld, outside of %s", what, (long long)zero,
                             th_dtype_name(t->dtype));
    return TH_OK;
}

bool th_is_hybrid(const struct th_inst *c)
{
    return c->in[0]->dtype == TH_DT_F32 && th_dtype_is_int(c->in[1]->dtype);
}

bool th_is_wide(const struct th_inst *c, uint32_t bias_port)
{
    if (c->in[0]->dtype != TH_DT_S16)
        return false;
    const struct th_type *b = th_operand_type(c, bias_port);
    return !b || b->dtype != TH_DT_S32;
}

enum th_status th_check_bias(const struct th_inst *c, uint32_t port, int64_t n)
{
    const struct th_type *b = th_operand_type(c, port);
    if (!b)
        return TH_OK;
    const int64_t have = th_type_elems(b);
    if (have != n)
        return th_inst_error(c, "bias has %lld entries, output has %lld channels",
                             (long long)have, (long long)n);
    const enum th_dtype x = c->in[0]->dtype;
    const bool fits = x == TH_DT_F32   ? b->dtype == TH_DT_F32
                      : x == TH_DT_S16 ? b->dtype == TH_DT_S32 || b->dtype == TH_DT_S64
                                       : b->dtype == TH_DT_S32;
    if (!fits)
        return th_inst_error(c, "bias of type %s does not go with an input of type %s",
                             th_dtype_name(b->dtype), th_dtype_name(x));
    return TH_OK;
}

enum th_status th_need_weight_quant(const struct th_inst *c, int32_t axis)
{
    const struct th_type *w = c->in[1];
    if (!w->quant)
        return th_inst_error(c, "weights are %s without scale", th_dtype_name(w->dtype));
    for (uint32_t i = 0; i < w->quant->n; i++) {
        const int64_t zero = th_quant_zero(w->quant, i);
        if (zero < th_dtype_min(w->dtype) || zero > th_dtype_max(w->dtype))
            return th_inst_error(c, "weights have zero point %lld, outside of %s",
                                 (long long)zero, th_dtype_name(w->dtype));
    }
    if (w->quant->n == 1)
        return TH_OK;
    if (w->quant->axis != axis || (int64_t)w->quant->n != w->dims[axis])
        return th_inst_error(c, "weights have %u scales along axis %d, expected %lld along axis %d",
                             (unsigned)w->quant->n, (int)w->quant->axis,
                             (long long)w->dims[axis], (int)axis);
    if (c->in[0]->dtype == TH_DT_U8 && th_inst_rounding(c) != TH_ROUND_ONNX)
        return th_inst_error(c, "per-channel weights do not go with a u8 input");
    return TH_OK;
}

enum th_status th_check_forms(const struct th_inst *c, int32_t axis)
{
    const enum th_dtype x = c->in[0]->dtype, w = c->in[1]->dtype, y = c->out[0].dtype;
    bool known = false;
    if (x == TH_DT_F32)
        known = y == TH_DT_F32 &&
                (w == TH_DT_F32 || w == TH_DT_F16 || w == TH_DT_S8 || w == TH_DT_S4);
    else if (x == TH_DT_S8)
        known = (w == TH_DT_S8 || w == TH_DT_S4) && (y == TH_DT_S8 || y == TH_DT_S16);
    else if (x == TH_DT_S16)
        known = (w == TH_DT_S8 || w == TH_DT_S4) && y == TH_DT_S16;
    else if (x == TH_DT_U8)
        known = (w == TH_DT_U8 || (w == TH_DT_S8 && th_inst_rounding(c) == TH_ROUND_ONNX)) &&
                (y == TH_DT_U8 || y == TH_DT_S16);
    if (!known)
        return th_inst_error(c, "input %s, weights %s and output %s do not go together",
                             th_dtype_name(x), th_dtype_name(w), th_dtype_name(y));
    if (th_dtype_is_int(w))
        TH_TRY(th_need_weight_quant(c, axis));
    if (x == TH_DT_F32)
        return TH_OK;
    TH_TRY(th_check_contract(c, true));
    TH_TRY(th_need_quant(c, c->in[0], "input"));
    return th_need_quant(c, &c->out[0], "output");
}

enum th_status th_check_contract(const struct th_inst *c, bool onnx_allowed)
{
    if (c->contract && strcmp(c->contract, "float") == 0)
        return th_inst_error(c, "contract 'float' has no rule for %s operands",
                             th_dtype_name(c->in[0]->dtype));
    if (!onnx_allowed && th_inst_rounding(c) == TH_ROUND_ONNX)
        return th_inst_error(c, "contract 'onnx' has no rule for %s operands",
                             th_dtype_name(c->in[0]->dtype));
    return TH_OK;
}

enum th_status th_same_infer(struct th_inst *c)
{
    return th_set_shape(c, 0, c->in[0]->rank, c->in[0]->dims);
}

bool th_same_window(const struct th_inst *c, const struct th_box *out, uint32_t i,
                    struct th_window *w)
{
    const struct th_type *x = th_operand_type(c, i);
    if (!x || x->rank > c->out[0].rank)
        return false;
    const int shift = c->out[0].rank - x->rank;
    memset(w, 0, sizeof(*w));
    for (int a = 0; a < x->rank; a++) {
        if (x->dims[a] == c->out[0].dims[a + shift])
            th_window_same(w, a, out->lo[a + shift], out->hi[a + shift]);
        else
            th_window_full(w, a, x->dims[a]);
    }
    return true;
}

bool th_same_quant(const struct th_inst *c, struct th_quant_rule *rule)
{
    (void)c;
    *rule = (struct th_quant_rule){.weight_port = -1, .weight_axis = -1, .bias_port = -1,
                                   .same_quant = true};
    return true;
}

bool th_plain_quant(const struct th_inst *c, struct th_quant_rule *rule)
{
    (void)c;
    *rule = (struct th_quant_rule){.weight_port = -1, .weight_axis = -1, .bias_port = -1};
    return true;
}

bool th_same_channels(const struct th_inst *c, uint32_t in, int64_t channel, int64_t *out_channel)
{
    (void)c;
    *out_channel = channel;
    return in == 0;
}

void th_cost_bytes(const struct th_inst *c, struct th_cost *cost)
{
    for (uint32_t i = 0; i < c->n_in; i++)
        if (c->in[i])
            cost->bytes_read += th_type_size(c->in[i]);
    for (uint32_t i = 0; i < c->n_out; i++)
        cost->bytes_written += th_type_size(&c->out[i]);
}

uint32_t th_alias_first(const struct th_inst *c, struct th_alias *list, uint32_t max)
{
    (void)c;
    if (max < 1)
        return 0;
    list[0] = (struct th_alias){0, 0, false};
    return 1;
}
